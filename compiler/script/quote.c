/* Text -> shell words. The only place that quotes.
 * Needs text without NUL bytes. Guarantees: a POSIX shell reads back exactly the bytes given, as one word, whatever they
 * are; shellcheck finds nothing to say about the form. */
#include "script/script.h"

#include <string.h>

/* Bytes that a shell takes as they stand, wherever they are. */
static const bool safe[256] = {['a'] = 1, ['b'] = 1, ['c'] = 1, ['d'] = 1, ['e'] = 1, ['f'] = 1, ['g'] = 1, ['h'] = 1, ['i'] = 1, ['j'] = 1, ['k'] = 1,
                               ['l'] = 1, ['m'] = 1, ['n'] = 1, ['o'] = 1, ['p'] = 1, ['q'] = 1, ['r'] = 1, ['s'] = 1, ['t'] = 1, ['u'] = 1, ['v'] = 1,
                               ['w'] = 1, ['x'] = 1, ['y'] = 1, ['z'] = 1, ['A'] = 1, ['B'] = 1, ['C'] = 1, ['D'] = 1, ['E'] = 1, ['F'] = 1, ['G'] = 1,
                               ['H'] = 1, ['I'] = 1, ['J'] = 1, ['K'] = 1, ['L'] = 1, ['M'] = 1, ['N'] = 1, ['O'] = 1, ['P'] = 1, ['Q'] = 1, ['R'] = 1,
                               ['S'] = 1, ['T'] = 1, ['U'] = 1, ['V'] = 1, ['W'] = 1, ['X'] = 1, ['Y'] = 1, ['Z'] = 1, ['0'] = 1, ['1'] = 1, ['2'] = 1,
                               ['3'] = 1, ['4'] = 1, ['5'] = 1, ['6'] = 1, ['7'] = 1, ['8'] = 1, ['9'] = 1, ['_'] = 1, ['@'] = 1, ['%'] = 1, ['+'] = 1,
                               ['='] = 1, [':'] = 1, [','] = 1, ['.'] = 1, ['/'] = 1, ['-'] = 1};

size_t quote_needless(const char *text) {
  const char *s = text;
  while (safe[(unsigned char)*s]) s++;
  return (size_t)(s - text);
}

bool quote_reserved(const char *text, size_t n) {
  static const char *const words[] = {"if",   "then",  "else",     "elif", "fi",     "do", "done",  "case",      "esac",
                                      "for",  "while", "until",    "in",   "select", "function", "time", "coproc"};
  if (n < 2 || n > 8 || *text < 'c' || *text > 'w') return false;
  for (size_t i = 0; i < sizeof words / sizeof *words; i++)
    if (strlen(words[i]) == n && memcmp(words[i], text, n) == 0) return true;
  return false;
}

void quote_in_double(struct text *out, const char *text) {
  static const bool stops[256] = {['\0'] = 1, ['"'] = 1, ['\\'] = 1, ['$'] = 1, ['`'] = 1};
  for (const char *s = text;; s++) {
    if (!stops[(unsigned char)*s]) continue;
    text_add(out, text, (size_t)(s - text));
    if (*s == '\0') return;
    text_putc(out, '\\');
    text = s;
  }
}

/* Single quotes are the plainest, but for a text that holds one, or that in single quotes would look like an expansion
 * somebody forgot (shellcheck SC2016) or, with a backslash at its end, like an attempt to escape the quote (SC1003). */
void quote_word(struct text *out, const char *text) {
  size_t n = quote_needless(text);
  bool needless = n > 0 && text[n] == '\0' && !quote_reserved(text, n);
  if (needless) {
    text_add(out, text, n);
    return;
  }
  static const uint8_t marked[256] = {['\''] = 1, ['$'] = 1, ['`'] = 1};
  uint8_t marks = 0;
  for (; text[n] != '\0'; n++) marks |= marked[(unsigned char)text[n]];
  bool single = marks == 0 && (n == 0 || text[n - 1] != '\\');
  text_putc(out, single ? '\'' : '"');
  if (single) text_add(out, text, n);
  else quote_in_double(out, text);
  text_putc(out, single ? '\'' : '"');
}
