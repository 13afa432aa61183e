/* Shell text -> functions and statements with all quoting undone.
 * Needs nothing: any bytes will do. Guarantees: shares no code with the printing side, so that a mistake in quoting there shows
 * as a difference here; bounded recursion. */
#include "script/reader.h"

#include <string.h>

static int byte_at(const struct reading *r, size_t ahead) { return r->at + ahead < r->n ? (unsigned char)r->text[r->at + ahead] : -1; }

/* STANDS: for itself, wherever it is in a word. ENDS: a word, where no quotes are open. */
enum { STANDS = 1, ENDS };
static const uint8_t classes[256] = {
    ['a'] = STANDS, ['b'] = STANDS, ['c'] = STANDS, ['d'] = STANDS, ['e'] = STANDS, ['f'] = STANDS, ['g'] = STANDS, ['h'] = STANDS, ['i'] = STANDS,
    ['j'] = STANDS, ['k'] = STANDS, ['l'] = STANDS, ['m'] = STANDS, ['n'] = STANDS, ['o'] = STANDS, ['p'] = STANDS, ['q'] = STANDS, ['r'] = STANDS,
    ['s'] = STANDS, ['t'] = STANDS, ['u'] = STANDS, ['v'] = STANDS, ['w'] = STANDS, ['x'] = STANDS, ['y'] = STANDS, ['z'] = STANDS, ['A'] = STANDS,
    ['B'] = STANDS, ['C'] = STANDS, ['D'] = STANDS, ['E'] = STANDS, ['F'] = STANDS, ['G'] = STANDS, ['H'] = STANDS, ['I'] = STANDS, ['J'] = STANDS,
    ['K'] = STANDS, ['L'] = STANDS, ['M'] = STANDS, ['N'] = STANDS, ['O'] = STANDS, ['P'] = STANDS, ['Q'] = STANDS, ['R'] = STANDS, ['S'] = STANDS,
    ['T'] = STANDS, ['U'] = STANDS, ['V'] = STANDS, ['W'] = STANDS, ['X'] = STANDS, ['Y'] = STANDS, ['Z'] = STANDS, ['0'] = STANDS, ['1'] = STANDS,
    ['2'] = STANDS, ['3'] = STANDS, ['4'] = STANDS, ['5'] = STANDS, ['6'] = STANDS, ['7'] = STANDS, ['8'] = STANDS, ['9'] = STANDS, ['_'] = STANDS,
    ['.'] = STANDS, ['/'] = STANDS, ['-'] = STANDS, [':'] = STANDS, ['='] = STANDS, [','] = STANDS, ['{'] = STANDS, ['}'] = STANDS, ['%'] = STANDS,
    ['+'] = STANDS, ['@'] = STANDS, [' '] = ENDS,   ['\t'] = ENDS,  ['\n'] = ENDS,  ['|'] = ENDS,   ['&'] = ENDS,   [';'] = ENDS,   ['<'] = ENDS,
    ['>'] = ENDS,   ['('] = ENDS,   [')'] = ENDS};

static int class_at(const struct reading *r, size_t at) { return at < r->n ? classes[(unsigned char)r->text[at]] : ENDS; }

static size_t plain_run(const struct reading *r) {
  size_t n = 0;
  while (class_at(r, r->at + n) == STANDS) n++;
  return n;
}

static void take_run(struct reading *r, struct text *out, size_t n) {
  text_add(out, r->text + r->at, n);
  r->at += n;
}

static bool looks_like_a_mark(unsigned char c) { return (c > 0 && c < 7) || c == SEP; }

static void add_literal(struct text *out, int c) {
  if (looks_like_a_mark((unsigned char)c)) text_putc(out, MARK_LITERAL);
  text_putc(out, (char)c);
}

/* Bytes from here on, up to one of the stops or a mark's, which mean nothing inside of quotes. */
static size_t quoted_run(const struct reading *r, const char stops[4]) {
  size_t at = r->at;
  for (; at < r->n; at++) {
    char c = r->text[at];
    if (c == stops[0] || c == stops[1] || c == stops[2] || c == stops[3] || looks_like_a_mark((unsigned char)c)) break;
  }
  return at - r->at;
}

static bool name_byte(int c, bool first) {
  return c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (!first && c >= '0' && c <= '9');
}

static void read_statements(struct reading *r, struct text *out, char until);

/* `$name`, `${…}`, `$(…)`; a `$` with nothing of the kind behind it is a `$`. */
static void read_dollar(struct reading *r, struct text *out, bool quoted) {
  int c = byte_at(r, 1);
  if (c == '(' && r->depth < 64) {
    r->at += 2;
    r->depth++;
    text_putc(out, MARK_COMMAND);
    text_putc(out, quoted ? 'q' : 'u');
    read_statements(r, out, ')');
    text_putc(out, MARK_END);
    r->depth--;
    return;
  }
  if (c != '{' && !name_byte(c, true) && !(c > 0 && strchr("@*#?$!-0123456789", c) != NULL)) {
    r->at++;
    add_literal(out, '$');
    return;
  }
  r->at += c == '{' ? 2 : 1;
  text_putc(out, MARK_VARIABLE);
  text_putc(out, quoted ? 'q' : 'u');
  if (c == '{') {
    while (byte_at(r, 0) >= 0 && byte_at(r, 0) != '}') text_putc(out, r->text[r->at++]);
    if (byte_at(r, 0) < 0) r->broken = true;
    else r->at++;
  } else if (name_byte(c, true)) {
    while (name_byte(byte_at(r, 0), false)) text_putc(out, r->text[r->at++]);
  } else {
    text_putc(out, r->text[r->at++]);
  }
  text_putc(out, MARK_END);
}

static void read_backquoted(struct reading *r, struct text *out) {
  text_putc(out, MARK_RAW);
  r->at++;
  while (byte_at(r, 0) >= 0 && byte_at(r, 0) != '`') add_literal(out, (unsigned char)r->text[r->at++]);
  if (byte_at(r, 0) < 0) r->broken = true;
  else r->at++;
  text_putc(out, MARK_END);
}

static void read_double(struct reading *r, struct text *out) {
  r->at++;
  for (;;) {
    size_t n = quoted_run(r, "\"\\$`");
    if (n > 0) take_run(r, out, n);
    int c = byte_at(r, 0);
    if (c < 0) {
      r->broken = true;
      return;
    }
    if (c == '"') {
      r->at++;
      return;
    }
    if (c == '\\' && byte_at(r, 1) > 0 && strchr("$`\"\\\n", byte_at(r, 1)) != NULL) {
      if (byte_at(r, 1) != '\n') add_literal(out, byte_at(r, 1));
      r->at += 2;
    } else if (c == '$') {
      read_dollar(r, out, true);
    } else if (c == '`') {
      read_backquoted(r, out);
    } else {
      add_literal(out, c);
      r->at++;
    }
  }
}

static void read_word(struct reading *r, struct text *out) {
  size_t from = r->at;
  for (;;) {
    size_t run = plain_run(r);
    if (run > 0) take_run(r, out, run);
    int c = byte_at(r, 0);
    if (c < 0 || strchr(" \t\n|&;<>()", c) != NULL) return; /* strchr finds NUL too */
    if (c == '\'') {
      r->at++;
      while (byte_at(r, 0) >= 0 && byte_at(r, 0) != '\'') {
        size_t inside = quoted_run(r, "''''");
        if (inside > 0) take_run(r, out, inside);
        else add_literal(out, (unsigned char)r->text[r->at++]);
      }
      if (byte_at(r, 0) < 0) r->broken = true;
      else r->at++;
    } else if (c == '"') {
      read_double(r, out);
    } else if (c == '\\' && byte_at(r, 1) >= 0) {
      if (byte_at(r, 1) != '\n') add_literal(out, byte_at(r, 1));
      r->at += 2;
    } else if (c == '$') {
      read_dollar(r, out, false);
    } else if (c == '`') {
      read_backquoted(r, out);
    } else {
      if (c == '*' || c == '?' || (c == '~' && r->at == from)) text_putc(out, MARK_ACTIVE);
      add_literal(out, c);
      r->at++;
    }
  }
}

static void skip_blanks(struct reading *r) {
  for (;;) {
    int c = byte_at(r, 0);
    if (c == ' ' || c == '\t') r->at++;
    else if (c == '\\' && byte_at(r, 1) == '\n') r->at += 2;
    else return;
  }
}

/* Bytes of the operator or redirection at hand, 0 for a word. */
static size_t operator_length(const struct reading *r) {
  size_t n = 0;
  while (byte_at(r, n) >= '0' && byte_at(r, n) <= '9') n++;
  int c = byte_at(r, n), d = byte_at(r, n + 1);
  if (c == '<' || c == '>') {
    if (c == '<' && d == '<' && byte_at(r, n + 2) == '-') return n + 3;
    return n + (d == '&' || d == '|' || d == c ? 2 : 1);
  }
  if (class_at(r, r->at) != ENDS) return 0;
  c = byte_at(r, 0);
  d = byte_at(r, 1);
  if (c <= 0 || strchr("|&;()", c) == NULL) return 0;
  return c == d && c != '(' && c != ')' ? 2 : 1;
}

/* A token whose bytes mean nothing but themselves. */
static void put_token(struct text *out, char type, const char *bytes, size_t n) {
  if (out->at == NULL || out->cap - out->n < n + 3) {
    text_putc(out, type);
    text_add(out, bytes, n);
    text_putc(out, SEP);
    return;
  }
  char *at = out->at + out->n;
  at[0] = type;
  memcpy(at + 1, bytes, n);
  at[n + 1] = SEP;
  at[n + 2] = '\0';
  out->n += n + 2;
}

/* What most words are: bytes that stand for themselves from end to end, and no descriptor of a redirection. False for any other. */
static bool read_plain_word(struct reading *r, struct text *out) {
  size_t n = r->text[r->at] >= '0' && r->text[r->at] <= '9' ? 0 : plain_run(r);
  if (n == 0 || class_at(r, r->at + n) != ENDS) return false;
  put_token(out, TOKEN_IS_WORD, r->text + r->at, n);
  r->at += n;
  return true;
}

/* The next token of a statement, appended with its separator; false at the end of the statement (newline, `;`, the end,
 * or `until`), which is not taken. */
static bool read_token(struct reading *r, struct text *out, char until) {
  skip_blanks(r);
  int c = byte_at(r, 0);
  if (c < 0 || c == '\n' || c == 0 || (c == ';' && byte_at(r, 1) != ';') || (until != '\0' && c == until)) return false;
  if (c == '#') {
    const char *end = memchr(r->text + r->at, '\n', r->n - r->at);
    r->at = end == NULL ? r->n : (size_t)(end - r->text);
    return false;
  }
  if (until == '\0' && read_plain_word(r, out)) return true;
  size_t n = operator_length(r);
  if (n > 0) {
    put_token(out, TOKEN_IS_OPERATOR, r->text + r->at, n);
    r->at += n;
    return true;
  }
  text_putc(out, TOKEN_IS_WORD);
  size_t from = r->at;
  read_word(r, out);
  if (r->at == from) r->at++; /* a byte that belongs nowhere */
  text_putc(out, SEP);
  return true;
}

/* Statements up to `until` (taken), a `;` operator between them. */
static void read_statements(struct reading *r, struct text *out, char until) {
  bool any = false;
  for (;;) {
    skip_blanks(r);
    int c = byte_at(r, 0);
    if (c < 0 || c == until) break;
    if (c == '\n' || c == ';' || c == 0) {
      r->at++;
      continue;
    }
    if (any) {
      text_putc(out, TOKEN_IS_OPERATOR);
      text_putc(out, ';');
      text_putc(out, SEP);
    }
    while (read_token(r, out, until)) any = true;
  }
  if (byte_at(r, 0) == until) r->at++;
  else if (until != '\0') r->broken = true;
}

const char *statement_read(struct arena *arena, const char *text, size_t length) {
  struct reading r = {.arena = arena, .text = text, .n = length};
  struct text out = {.arena = arena};
  read_statements(&r, &out, '\0');
  return text_done(&out);
}

/* `wNAME o( o) w{` */
const char *statement_opens(const struct text *statement, size_t *length) {
  static const char tail[] = {SEP, 'o', '(', SEP, 'o', ')', SEP, 'w', '{', SEP};
  if (statement->n <= sizeof tail || statement->at[0] != TOKEN_IS_WORD) return NULL;
  size_t before = statement->n - sizeof tail;
  if (memcmp(statement->at + before, tail, sizeof tail) != 0 || memchr(statement->at, SEP, before) != NULL) return NULL;
  *length = before - 1;
  return statement->at + 1;
}

bool statement_closes(const struct text *statement) {
  static const char closing[] = {TOKEN_IS_WORD, '}', SEP};
  return statement->n == sizeof closing && memcmp(statement->at, closing, sizeof closing) == 0;
}

void reading_rest(struct reading *r, struct text *out) {
  out->n = 0;
  while (read_token(r, out, '\0')) continue;
  if (r->at < r->n) r->at++;
}

bool reading_next(struct reading *r, struct text *out) {
  out->n = 0;
  while (r->at < r->n && out->n == 0) reading_rest(r, out);
  return out->n > 0;
}

/* ── What is known to come ─────────────────────────────────────────────────── */

bool reading_ends(struct reading *r) {
  skip_blanks(r);
  int c = byte_at(r, 0);
  if (c == '#') {
    const char *end = memchr(r->text + r->at, '\n', r->n - r->at);
    r->at = end == NULL ? r->n : (size_t)(end - r->text);
  } else if (c > 0 && c != '\n' && (c != ';' || byte_at(r, 1) == ';')) {
    return false;
  }
  if (r->at < r->n) r->at++;
  return true;
}

/* Nearly always there is nothing but a blank, or lines of blanks and comments. */
static void to_token(struct reading *r, bool first) {
  const char *at = r->text + r->at, *end = r->text + r->n;
  for (;;) {
    while (at < end && (*at == ' ' || (first && *at == '\n'))) at++;
    if (!first || at == end || *at != '#' || (at = memchr(at, '\n', (size_t)(end - at))) == NULL) break;
  }
  r->at = at == NULL ? r->n : (size_t)(at - r->text);
  if (classes[(unsigned char)byte_at(r, 0)] == STANDS) return;
  if (!first) skip_blanks(r);
  while (first && r->at < r->n && reading_ends(r)) continue;
}

/* Bytes of a script against what they have to come to. */
struct matching {
  const char *at, *end;   /* of the script */
  const char *want;
  size_t left;
};

static bool match_bytes(struct matching *m, size_t n) {
  if (n > m->left || memcmp(m->at, m->want, n) != 0) return false;
  m->at += n;
  m->want += n;
  m->left -= n;
  return true;
}

/* The first quote is at hand. */
static bool match_single(struct matching *m) {
  m->at++;
  const char *close = memchr(m->at, '\'', (size_t)(m->end - m->at));
  if (close == NULL || !match_bytes(m, (size_t)(close - m->at))) return false;
  m->at++;
  return true;
}

static bool match_double(struct matching *m) {
  static const bool stops[256] = {['"'] = 1, ['\\'] = 1, ['$'] = 1, ['`'] = 1};
  m->at++;
  for (;;) {
    size_t n = 0, rest = (size_t)(m->end - m->at);
    while (n < rest && !stops[(unsigned char)m->at[n]]) n++;
    if (n == rest || !match_bytes(m, n)) return false;
    if (*m->at == '"') {
      m->at++;
      return true;
    }
    if (*m->at != '\\' || n + 1 == rest || !stops[(unsigned char)m->at[1]]) return false;
    m->at++;
    if (!match_bytes(m, 1)) return false;
  }
}

/* A word, or what is left of one, that comes to those bytes without anything that the shell would expand, and its end. It is no
 * descriptor of a redirection. */
static bool match_word(struct matching *m) {
  const char *from = m->at;
  for (;;) {
    size_t n = 0, rest = (size_t)(m->end - m->at);
    while (n < rest && classes[(unsigned char)m->at[n]] == STANDS) n++;
    if (!match_bytes(m, n)) return false;
    char c = n < rest ? *m->at : '\n';
    if (classes[(unsigned char)c] == ENDS) return m->left == 0 && m->at > from && c != '<' && c != '>';
    if (c == '\'' ? !match_single(m) : c != '"' || !match_double(m)) return false;
  }
}

bool reading_word(struct reading *r, bool first, const char *bytes, size_t n) {
  to_token(r, first);
  struct matching m = {r->text + r->at, r->text + r->n, bytes, n};
  if (!match_word(&m)) return false;
  r->at = (size_t)(m.at - r->text);
  return true;
}

bool reading_known(struct reading *r, bool first, const char *bytes, size_t n) {
  to_token(r, first);
  if (r->n - r->at < n || memcmp(r->text + r->at, bytes, n) != 0 || class_at(r, r->at + n) != ENDS) return false;
  r->at += n;
  return true;
}

bool reading_assign(struct reading *r, const char *name, const char *value) {
  size_t n = strlen(name);
  to_token(r, true);
  if (r->n - r->at <= n || memcmp(r->text + r->at, name, n) != 0 || r->text[r->at + n] != '=') return false;
  struct matching m = {r->text + r->at + n + 1, r->text + r->n, value, strlen(value)};
  /* `NAME=` alone is a word too, and comes to the same as `NAME=''`. */
  if (!match_word(&m) && !(m.left == 0 && m.at == r->text + r->at + n + 1 && class_at(r, r->at + n + 1) == ENDS)) return false;
  r->at = (size_t)(m.at - r->text);
  return true;
}

bool reading_operator(struct reading *r, const char *bytes, size_t n) {
  skip_blanks(r);
  if (operator_length(r) != n || memcmp(r->text + r->at, bytes, n) != 0) return false;
  r->at += n;
  return true;
}

bool reading_opens(struct reading *r, const char *name) {
  size_t n = strlen(name), from;
  to_token(r, true);
  from = r->at;
  if (r->n - from < n + 4 || memcmp(r->text + from, name, n) != 0 || memcmp(r->text + from + n, "() {", 4) != 0) return false;
  r->at += n + 4;
  if (class_at(r, r->at) == ENDS && reading_ends(r)) return true;
  r->at = from;
  return false;
}

bool reading_closes(struct reading *r) {
  to_token(r, true);
  if (byte_at(r, 0) != '}' || byte_at(r, 1) != '\n') return false;
  r->at += 2;
  return true;
}

void script_read(struct arena *arena, struct script *s, const char *text, size_t length, uint32_t from) {
  struct reading r = {.arena = arena, .text = text, .n = length};
  bool inside = false;
  s->broken = NONE;
  while (r.at < r.n) {
    skip_blanks(&r);
    uint32_t start = from + (uint32_t)r.at;
    struct text out = {.arena = arena};
    while (read_token(&r, &out, '\0')) continue;
    uint32_t end = from + (uint32_t)r.at;
    if (r.at < r.n) r.at++;
    if (r.broken && s->broken == NONE) s->broken = start;
    if (out.n == 0) continue;
    size_t named;
    const char *statement = text_done(&out), *name = inside ? NULL : statement_opens(&out, &named);
    struct function *last = s->functions.n > 0 ? &s->functions.at[s->functions.n - 1] : NULL;
    if (name != NULL) {
      array_push(arena, &s->functions, (struct function){arena_copy(arena, name, named), start, end, s->statements.n, 0});
      inside = true;
    } else if (inside && statement_closes(&out)) {
      inside = false;
    } else {
      if (!inside) array_push(arena, &s->functions, (struct function){"", start, end, s->statements.n, 1});
      else last->count++;
      array_push(arena, &s->statements, (struct statement){statement, start, end});
    }
  }
  if (inside && s->broken == NONE) s->broken = from + (uint32_t)length;
}

/* ── For people ────────────────────────────────────────────────────────────── */

static const char *show_token(struct text *out, const char *p);

static const char *show_word(struct text *out, const char *p) {
  struct text plain = {.arena = out->arena};
  bool marked = false;
  const char *from = p;
  for (; *p != '\0' && *p != SEP && *p != MARK_END; p++) {
    if (*p == MARK_LITERAL) p++;
    else if (*p < 7) marked = true;
    if (marked) break;
    text_putc(&plain, *p);
  }
  if (!marked) {
    quote_word(out, text_done(&plain));
    return p;
  }
  for (p = from; *p != '\0' && *p != SEP && *p != MARK_END;) {
    if (*p == MARK_VARIABLE) {
      text_puts(out, "${");
      for (p += 2; *p != '\0' && *p != MARK_END; p++) text_putc(out, *p);
      text_putc(out, '}');
      p += *p != '\0';
    } else if (*p == MARK_COMMAND) {
      text_puts(out, "$(");
      for (p += 2; *p != '\0' && *p != MARK_END;) p = show_token(out, p);
      text_putc(out, ')');
      p += *p != '\0';
    } else if (*p == MARK_RAW) {
      text_putc(out, '`');
      for (p++; *p != '\0' && *p != MARK_END; p++) text_putc(out, *p);
      text_putc(out, '`');
      p += *p != '\0';
    } else if (*p == MARK_ACTIVE || *p == MARK_LITERAL) {
      p++;
    } else {
      text_putc(out, *p++);
    }
  }
  return p;
}

/* One token and its separator; a blank before the next. */
static const char *show_token(struct text *out, const char *p) {
  char type = *p++;
  if (type == TOKEN_IS_WORD) {
    p = show_word(out, p);
  } else {
    while (*p != '\0' && *p != SEP) text_putc(out, *p++);
  }
  if (*p == SEP) p++;
  if (*p != '\0' && *p != MARK_END) text_putc(out, ' ');
  return p;
}

const char *statement_show(struct arena *arena, const char *statement) {
  struct text out = {.arena = arena};
  while (*statement != '\0') statement = show_token(&out, statement);
  return text_done(&out);
}
