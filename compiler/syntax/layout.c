/* What the lines say: where declarations start, and which brackets were forgotten.
 * Needs the pristine text and the stack of what is open. Guarantees that a file in which every bracket is closed is never
 * reproached for its layout. */
#include "syntax/parse.h"
#include "cut.tab.h"

#include <string.h>

static bool name_start(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
static bool name_byte(char c) { return name_start(c) || (c >= '0' && c <= '9') || c == '-'; }
static const char *blanks(const char *s) { return s + strspn(s, " \t"); }

/* The word at s, as far as it goes; *n is its length. */
static const char *word(const char *s, size_t *n) {
  *n = 0;
  if (name_start(*s))
    while (name_byte(s[*n])) ++*n;
  return s + *n;
}

static bool is(const char *s, size_t n, const char *what) { return strlen(what) == n && memcmp(s, what, n) == 0; }

/* A name or a string, then what comes behind it. */
static const char *label(const char *s, bool strings) {
  size_t n;
  const char *end = word(s, &n);
  if (n > 0) return blanks(end);
  if (!strings || *s != '"') return NULL;
  for (s++; *s != '"'; s++)
    if (*s == '\0' || *s == '\n') return NULL;
  return blanks(s + 1);
}

/* By its words, up to the end of the line; `for` only with its brace, since rules have a `for` too. */
bool declaration_at(const struct parser *p, uint32_t at) {
  const char *s = p->text + at, *rest;
  size_t n;
  const char *second = blanks(word(s, &n));
  if (n == 0) return false;
  if (is(s, n, "use")) return *second == '"' || name_start(*second);
  if (is(s, n, "promise")) return *second != '=' && *second != ':' && *second != '\n' && *second != '\0';
  if (is(s, n, "for")) {
    size_t line = strcspn(second, "\n");
    while (line > 0 && strchr(" \t\r", second[line - 1])) line--;
    return line > 0 && (second[line - 1] == '{' || memchr(second, '{', line) != NULL);
  }
  rest = label(second, true);
  if (rest == NULL) return false;
  if (is(s, n, "let")) return *rest == '=';
  if (is(s, n, "zone"))
    return *second != '"' &&
           (*rest == '\n' || *rest == '\r' || *rest == '#' || *rest == '\0' || strncmp(rest, "inside", 6) == 0);
  if (is(s, n, "create") || is(s, n, "delete")) return (rest = label(rest, true)) != NULL && *rest == '{';
  return *rest == '{' && !is(s, n, "when") && !is(s, n, "in") && !is(s, n, "http");
}

/* Looks back a line's usual length, no further: lines may be as long as the file. */
uint32_t indentation(const struct parser *p, uint32_t at) {
  enum { FAR = 4096 };
  uint32_t start = at, n = 0;
  while (start > 0 && at - start < FAR && p->text[start - 1] != '\n') start--;
  while (start + n < at && (p->text[start + n] == ' ' || p->text[start + n] == '\t')) n++;
  return n;
}

void unclosed(struct parser *p, uint32_t from) {
  for (uint32_t i = from; i < p->open.n; i++) {
    const struct open *o = &p->open.at[i];
    char c = p->text[o->at];
    struct finding *f;
    if (o->type == OPEN_SHELL) continue;
    if (o->type == OPEN_STRING) f = complain(p, CODE_003, range_of(o->at, o->end), "this string is not closed");
    else if (o->type == OPEN_IN_STRING || o->type == OPEN_IN_SHELL)
      f = complain(p, CODE_003, range_of(o->at, o->end), "this `${` is not closed on its line");
    else f = complain(p, CODE_003, range_of(o->at, o->end), "this `%c` is never closed", c);
    if (f) finding_caret(p->c, f, "opened here");
    if (f && o->type == OPEN_IN_STRING) remark(p, f, "close it with `}`; for a literal ${ write $${");
    if (f && o->suspect != 0 && o->type == '{') {
      finding_label(p->c, f, span_of(p, range_of(o->suspect, o->suspect + 1)),
                    "by its indentation, this `}` closes another bracket");
    }
  }
}

/* An interpolation ends on the line it begins on; its string or line with it. */
static bool close_interpolation(struct parser *p) {
  uint32_t i = 0;
  while (i < p->open.n && p->open.at[i].type != OPEN_STRING && p->open.at[i].type != OPEN_SHELL) i++;
  uint32_t inner = i + 1 < p->open.n ? i + 1 : i;
  const struct open *o = &p->open.at[inner];
  struct finding *f = complain(p, CODE_003, range_of(o->at, o->end), "this `${` is not closed on its line");
  if (f) finding_caret(p->c, f, "opened here");
  remark(p, f, "close it with `}`; for a literal ${ write $${");
  p->close_to = i;
  return false;
}

/* Does an item start here that can't stand in a list or between parentheses? */
static bool item_at(const char *s) {
  size_t n;
  const char *rest = blanks(word(s, &n));
  if (n == 0) return false;
  return (*rest == '=' && rest[1] != '=') || *rest == ':' || is(s, n, "else") ||
         (*rest == '{' && (is(s, n, "do") || is(s, n, "undo") || is(s, n, "verify")));
}

bool fact_at(const char *s) {
  static const char *const words[] = {"serves", "forwards", "names",   "owns",  "hosts",  "asks",    "needs", "stands",
                                      "change", "carry",    "observe", "fetch", "verify", "require", "when",  "about"};
  size_t n;
  if (item_at(s)) return true;
  const char *rest = word(s, &n);
  for (size_t i = 0; i < sizeof words / sizeof *words; i++)
    if (is(s, n, words[i])) return *rest == ' ' || *rest == '\t';
  return false;
}

bool line_end(struct parser *p, struct range at, bool first_column) {
  p->line_start = at.end;
  while (p->text[p->line_start - 1] != '\n') p->line_start--;
  p->first_at = at.end;
  if (p->interpolations > 0) return close_interpolation(p);
  if (p->open.n == 0 || p->open.at[p->open.n - 1].declarations) return true;
  uint8_t top = p->open.at[p->open.n - 1].type;
  if ((top == '[' || top == '(') && item_at(p->text + at.end)) {
    uint32_t from = p->open.n - 1;
    while (from > 0 && (p->open.at[from - 1].type == '[' || p->open.at[from - 1].type == '(')) from--;
    if (!p->skipping) unclosed(p, from);
    p->close_to = from;
    return false;
  }
  if (!first_column || !declaration_at(p, at.end)) return true;
  uint32_t i = 0;
  while (i < p->open.n && p->open.at[i].declarations) i++;
  if (i == p->open.n) return true;
  if (!p->skipping) unclosed(p, i);
  p->close_to = i;
  return false;
}

int end_of_file(struct parser *p, struct range *at) {
  *at = range_of(p->length, p->length);
  if (p->open.n == 0) return T_END;
  if (p->interpolations > 0) return close_interpolation(p) ? T_END : -1;
  unclosed(p, 0);
  p->close_to = 0;
  return -1;
}

/* ── Bytes ─────────────────────────────────────────────────────────────────── */

/* Length of the UTF-8 sequence at s (RFC 3629), 0 when it is none. */
static uint32_t utf8(const unsigned char *s, uint32_t left) {
  uint32_t n = s[0] < 0x80 ? 1 : s[0] < 0xc2 ? 0 : s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : s[0] < 0xf5 ? 4 : 0;
  if (n > left) return 0;
  for (uint32_t i = 1; i < n; i++)
    if ((s[i] & 0xc0) != 0x80) return 0;
  if (n == 3 && ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f))) return 0;
  if (n == 4 && ((s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] > 0x8f))) return 0;
  return n;
}

static bool plain(const char *s) {
  uint64_t v;
  memcpy(&v, s, sizeof v);
  return (v & 0x8080808080808080u) == 0 && ((v - 0x0101010101010101u) & 0x8080808080808080u) == 0;
}

/* U+202A to U+202E and U+2066 to U+2069: what they stand before is shown in another order than it is read. */
static bool turns(const unsigned char *s, uint32_t n) {
  return n == 3 && s[0] == 0xe2 && ((s[1] == 0x80 && s[2] >= 0xaa && s[2] <= 0xae) || (s[1] == 0x81 && s[2] >= 0xa6 && s[2] <= 0xa9));
}

bool check_bytes(struct parser *p) {
  enum { SHOWN = 10 };
  const unsigned char *s = (const unsigned char *)p->text;
  uint32_t found = 0;
  if (p->c->sources.at[p->source].plain) return true;
  if (p->length >= 2 && ((s[0] == 0xff && s[1] == 0xfe) || (s[0] == 0xfe && s[1] == 0xff))) {
    struct finding *f = complain(p, CODE_002, range_of(0, 2), "this file is in UTF-16");
    remark(p, f, "save it as UTF-8");
    return false;
  }
  for (uint32_t i = 0; i < p->length;) {
    if (i + 8 <= p->length && plain(p->text + i)) {
      i += 8;
      continue;
    }
    uint32_t n = utf8(s + i, p->length - i), end = i + 1;
    if (n > 0 && s[i] != 0) {
      if (turns(s + i, n) && ++found <= SHOWN)
        remark(p, complain(p, CODE_002, range_of(i, i + n), "a character that turns the direction of the text: what is read here is not what is shown"),
               "take it out; letters of every script are in their order without it");
      i += n;
      continue;
    }
    while (end < p->length && (s[end] == 0) == (s[i] == 0) && (s[i] == 0 || utf8(s + end, p->length - end) == 0)) end++;
    p->bad_bytes = true;
    if (++found <= SHOWN) {
      if (s[i] == 0) complain(p, CODE_002, range_of(i, end), "a NUL byte has no place in a plan");
      else remark(p, complain(p, CODE_002, range_of(i, end), "this is no UTF-8"), "save the file as UTF-8");
    } else if (found == SHOWN + 1) {
      complain(p, CODE_002, range_of(i, end), "more such bytes follow: is this a text file?");
    }
    i = end;
  }
  return true;
}
