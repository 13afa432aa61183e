/* Text -> shell words. The only place that quotes.
 * Needs text without NUL bytes. Guarantees: a POSIX shell reads back exactly the bytes given, as one word, whatever they
 * are; shellcheck finds nothing to say about the form. */
#include "script/script.h"

#include <string.h>

static bool bare(const char *s) {
  static const char safe[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_@%+=:,./-";
  return *s != '\0' && s[strspn(s, safe)] == '\0';
}

void quote_in_double(struct text *out, const char *text) {
  for (const char *s = text; *s != '\0'; s++) {
    if (*s == '"' || *s == '\\' || *s == '$' || *s == '`') text_putc(out, '\\');
    text_putc(out, *s);
  }
}

/* Single quotes are the plainest, but for a text that holds one, or that in single quotes would look like an expansion
 * somebody forgot (shellcheck SC2016) or, with a backslash at its end, like an attempt to escape the quote (SC1003). */
void quote_word(struct text *out, const char *text) {
  if (bare(text)) {
    text_puts(out, text);
    return;
  }
  bool single = strpbrk(text, "'$`") == NULL && (*text == '\0' || text[strlen(text) - 1] != '\\');
  text_putc(out, single ? '\'' : '"');
  if (single) text_puts(out, text);
  else quote_in_double(out, text);
  text_putc(out, single ? '\'' : '"');
}
