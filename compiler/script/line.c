/* The pieces of a `$` line -> shell text as it stands in the runbook.
 * Needs the pieces of struct command.line. Guarantees: the same words, redirections and operators in the same order as in the
 * plan, in the layout of shfmt for what is usual (words, redirections, | && || ;); every value is one word. What is not
 * usual (substitutions, here-documents) keeps the plan's own spelling. */
#include "script/emit.h"

#include <string.h>

enum part_type { PART_BARE, PART_SINGLE, PART_DOUBLE, PART_VALUE, PART_VARIABLE };
struct segment {
  uint8_t type;
  const char *text; /* BARE, DOUBLE: as written; SINGLE: inside of the quotes; VALUE: the value; VARIABLE: its name */
};
struct segments {
  ARRAY(struct segment) all;
};

enum token_type { TOKEN_WORD, TOKEN_OPERATOR, TOKEN_REDIRECTION, TOKEN_END };
struct token {
  uint8_t type;
  struct segment *parts;
  uint32_t n;
  const char *text; /* operator or redirection */
};

struct lexer {
  struct arena *arena;
  const struct pieces *line;
  uint32_t piece;
  size_t offset;
};

/* The byte at hand: 0 at the end of a shell piece that is followed by another kind of piece, or of the line. */
static char peek(const struct lexer *l, size_t ahead) {
  if (l->piece >= l->line->n || l->line->at[l->piece].type != PIECE_SHELL) return '\0';
  const char *text = l->line->at[l->piece].text;
  for (size_t i = 0; i <= ahead; i++)
    if (text[l->offset + i] == '\0') return '\0';
  return text[l->offset + ahead];
}

static void settle(struct lexer *l) {
  while (l->piece < l->line->n && l->line->at[l->piece].type == PIECE_SHELL && l->line->at[l->piece].text[l->offset] == '\0') {
    l->piece++;
    l->offset = 0;
  }
}

static bool at_value(const struct lexer *l) { return l->piece < l->line->n && l->line->at[l->piece].type != PIECE_SHELL; }

static const char *variable_of(const struct piece *p) {
  return p->type == PIECE_RUN ? "cut_run" : p->type == PIECE_WORK ? "cut_work" : NULL;
}

static void push(struct lexer *l, struct segments *p, enum part_type type, const char *text) {
  array_push(l->arena, &p->all, (struct segment){(uint8_t)type, text});
}

static bool letter(char c) { return c >= 'a' && c <= 'z'; }

/* Could the value just taken make a reserved word with what stands beside it? */
static bool among_letters(const struct lexer *l, const struct text *raw) {
  return (raw->n > 0 && letter(raw->at[raw->n - 1])) || letter(peek(l, 0)) || at_value(l);
}

static void take_value(struct lexer *l, struct segments *p, struct text *raw, bool nested) {
  const struct piece *v = &l->line->at[l->piece++];
  const char *name = variable_of(v);
  l->offset = 0;
  if (!nested) {
    push(l, p, name != NULL ? PART_VARIABLE : PART_VALUE, name != NULL ? name : v->text);
  } else if (name != NULL) {
    text_print(raw, v->in_quotes ? "${%s}" : "\"${%s}\"", name);
  } else if (v->in_quotes) {
    quote_in_double(raw, v->text);
  } else if (among_letters(l, raw) && v->text[quote_needless(v->text)] == '\0') {
    text_print(raw, "'%s'", v->text);
  } else {
    quote_word(raw, v->text);
  }
}

/* `$( … )`, `${ … }` or a backquoted command, nested to any depth, as written. The opening is at hand. */
static void take_nested(struct lexer *l, struct text *raw) {
  uint32_t depth = 0;
  bool single = false, dbl = false, back = false;
  for (;;) {
    settle(l);
    if (at_value(l)) {
      take_value(l, NULL, raw, true);
      continue;
    }
    char c = peek(l, 0);
    if (c == '\0') return;
    text_putc(raw, c);
    l->offset++;
    if (single) {
      single = c != '\'';
    } else if (c == '\\' && peek(l, 0) != '\0') {
      text_putc(raw, peek(l, 0));
      l->offset++;
    } else if (c == '\'' && !dbl) {
      single = true;
    } else if (c == '"') {
      dbl = !dbl;
    } else if (c == '`') {
      back = !back;
      if (!back && depth == 0) return;
    } else if (c == '(' || c == '{') {
      depth++;
    } else if ((c == ')' || c == '}') && depth > 0 && --depth == 0 && !back) {
      return;
    }
  }
}

static bool opens(const struct lexer *l) {
  char c = peek(l, 0), d = peek(l, 1);
  return c == '`' || (c == '$' && (d == '(' || d == '{'));
}

static void take_single(struct lexer *l, struct segments *p) {
  struct text t = {.arena = l->arena};
  l->offset++;
  while (peek(l, 0) != '\0' && peek(l, 0) != '\'') {
    text_putc(&t, peek(l, 0));
    l->offset++;
  }
  if (peek(l, 0) == '\'') l->offset++;
  push(l, p, PART_SINGLE, text_done(&t));
}

static void take_double(struct lexer *l, struct segments *p) {
  struct text t = {.arena = l->arena};
  l->offset++;
  push(l, p, PART_DOUBLE, "");
  for (;;) {
    settle(l);
    if (at_value(l)) {
      if (t.n > 0) push(l, p, PART_DOUBLE, text_done(&t));
      t = (struct text){.arena = l->arena};
      take_value(l, p, NULL, false);
      continue;
    }
    char c = peek(l, 0);
    if (c == '\0' || c == '"') break;
    if (opens(l)) {
      take_nested(l, &t);
      continue;
    }
    text_putc(&t, c);
    l->offset++;
    if (c == '\\' && peek(l, 0) != '\0') {
      text_putc(&t, peek(l, 0));
      l->offset++;
    }
  }
  if (peek(l, 0) == '"') l->offset++;
  if (t.n > 0) push(l, p, PART_DOUBLE, text_done(&t));
}

static void take_bare(struct lexer *l, struct segments *p) {
  struct text t = {.arena = l->arena};
  while (peek(l, 0) != '\0' && strchr(" \t\n|&;<>()\"'", peek(l, 0)) == NULL) {
    if (opens(l)) {
      take_nested(l, &t);
      continue;
    }
    char c = peek(l, 0);
    l->offset++;
    if (c == '\\' && peek(l, 0) == '\n') {
      l->offset++;
      continue;
    }
    text_putc(&t, c);
    if (c == '\\' && peek(l, 0) != '\0') {
      text_putc(&t, peek(l, 0));
      l->offset++;
    }
  }
  if (t.n > 0) push(l, p, PART_BARE, text_done(&t));
}

static void skip_blanks(struct lexer *l) {
  for (;;) {
    settle(l);
    char c = peek(l, 0);
    if (c == ' ' || c == '\t' || c == '\n') l->offset++;
    else if (c == '\\' && peek(l, 1) == '\n') l->offset += 2;
    else return;
  }
}

/* The redirection at hand with its descriptor ("2>", "<", ">>", "2>&"), or NULL. */
static const char *redirection(struct lexer *l) {
  size_t n = 0;
  while (peek(l, n) >= '0' && peek(l, n) <= '9') n++;
  char c = peek(l, n);
  if (c != '<' && c != '>') return NULL;
  char d = peek(l, n + 1);
  size_t more = d == '&' || d == '|' || d == c ? 1 : 0;
  if (c == '<' && d == '<' && peek(l, n + 2) == '-') more = 2;
  const char *text = arena_copy(l->arena, l->line->at[l->piece].text + l->offset, n + 1 + more);
  l->offset += n + 1 + more;
  return text;
}

static const char *operator(struct lexer *l) {
  char c = peek(l, 0);
  if (c == '\0' || strchr("|&;()", c) == NULL) return NULL;
  size_t n = (c == '|' || c == '&' || c == ';') && peek(l, 1) == c ? 2 : 1;
  const char *text = arena_copy(l->arena, l->line->at[l->piece].text + l->offset, n);
  l->offset += n;
  return text;
}

static struct token word(struct lexer *l) {
  struct segments p = {0};
  for (;;) {
    settle(l);
    if (at_value(l)) {
      take_value(l, &p, NULL, false);
      continue;
    }
    char c = peek(l, 0);
    if (c == '\0' || strchr(" \t\n|&;<>()", c) != NULL) break;
    if (c == '\'') take_single(l, &p);
    else if (c == '"') take_double(l, &p);
    else take_bare(l, &p);
  }
  return (struct token){.type = TOKEN_WORD, .parts = p.all.at, .n = p.all.n, .text = ""};
}

static struct token next(struct lexer *l) {
  skip_blanks(l);
  if (l->piece >= l->line->n) return (struct token){.type = TOKEN_END, .text = ""};
  if (!at_value(l)) {
    const char *text = redirection(l);
    if (text != NULL) return (struct token){.type = TOKEN_REDIRECTION, .text = text};
    text = operator(l);
    if (text != NULL) return (struct token){.type = TOKEN_OPERATOR, .text = text};
  }
  return word(l);
}

/* ── Words ─────────────────────────────────────────────────────────────────── */

static bool has_expansion(const char *text) { return strchr(text, '$') != NULL || strchr(text, '`') != NULL; }

/* Is the bare text plain, whatever else it has? Patterns and a tilde mean something; a bracket or brace alone was meant as
 * it stands. */
static bool plain_bare(const char *text, bool first) {
  if (has_expansion(text) || strpbrk(text, "*?") != NULL) return false;
  return !(first && (text[0] == '~' || text[0] == '#'));
}

static void unescape(struct text *out, const char *text, bool dbl) {
  for (const char *s = text; *s != '\0'; s++) {
    if (*s == '\\' && s[1] != '\0' && (!dbl || strchr("$`\"\\\n", s[1]) != NULL)) s++;
    text_putc(out, *s);
  }
}

/* The literal text of a word; false when the shell has something to expand in it. */
static bool literal(const struct token *w, struct arena *arena, const char **text) {
  struct text t = {.arena = arena};
  for (uint32_t i = 0; i < w->n; i++) {
    const struct segment *p = &w->parts[i];
    if (p->type == PART_VARIABLE || (p->type == PART_DOUBLE && has_expansion(p->text)) ||
        (p->type == PART_BARE && !plain_bare(p->text, i == 0)))
      return false;
    if (p->type == PART_SINGLE || p->type == PART_VALUE) text_puts(&t, p->text);
    else unescape(&t, p->text, p->type == PART_DOUBLE);
  }
  *text = text_done(&t);
  return true;
}

static bool expands(const struct token *w) {
  for (uint32_t i = 0; i < w->n; i++) {
    const struct segment *p = &w->parts[i];
    if ((p->type == PART_DOUBLE && has_expansion(p->text)) || (p->type == PART_BARE && !plain_bare(p->text, i == 0))) return true;
  }
  return false;
}

/* Text with variables of the run in it, all in one pair of double quotes. */
static void print_doubled(struct text *out, const struct token *w) {
  text_putc(out, '"');
  for (uint32_t i = 0; i < w->n; i++) {
    const struct segment *p = &w->parts[i];
    struct text t = {.arena = out->arena};
    if (p->type == PART_VARIABLE) {
      text_print(out, "${%s}", p->text);
    } else if (p->type == PART_SINGLE || p->type == PART_VALUE) {
      quote_in_double(out, p->text);
    } else {
      unescape(&t, p->text, p->type == PART_DOUBLE);
      quote_in_double(out, text_done(&t));
    }
  }
  text_putc(out, '"');
}

/* A word the shell expands: each part in the plan's own quotes. */
static void print_parts(struct text *out, const struct token *w) {
  bool open = false;
  for (uint32_t i = 0; i < w->n; i++) {
    const struct segment *p = &w->parts[i];
    bool dbl = p->type == PART_DOUBLE || p->type == PART_VARIABLE;
    if (dbl != open && (dbl || p->type != PART_VALUE)) {
      text_putc(out, '"');
      open = dbl;
    }
    if (p->type == PART_VARIABLE) text_print(out, "${%s}", p->text);
    else if (p->type == PART_VALUE && open) quote_in_double(out, p->text);
    else if (p->type == PART_VALUE) quote_word(out, p->text);
    else if (p->type == PART_SINGLE) text_print(out, "'%s'", p->text);
    else text_puts(out, p->text);
  }
  if (open) text_putc(out, '"');
}

static void print_word(struct text *out, const struct token *w, bool command) {
  const char *text;
  if (literal(w, out->arena, &text)) {
    bool as_it_stands = w->n == 1 && w->parts[0].type == PART_BARE && strcmp(w->parts[0].text, text) == 0;
    bool only_single = w->n == 1 && w->parts[0].type == PART_SINGLE;
    bool looks_assigned = command && strchr(text, '=') != NULL && w->n > 0 && w->parts[0].type != PART_BARE;
    if (as_it_stands && quote_reserved(text, strlen(text))) text_puts(out, text);
    else if ((only_single && strchr(text, '$') != NULL) || (looks_assigned && strchr(text, '\'') == NULL)) text_print(out, "'%s'", text);
    else if (looks_assigned) print_doubled(out, w);
    else quote_word(out, text);
  } else if (expands(w)) {
    print_parts(out, w);
  } else {
    print_doubled(out, w);
  }
}

/* ── Lines ─────────────────────────────────────────────────────────────────── */

/* What most lines are: words that any shell takes as they stand, and blanks between them, but for what may be an assignment; and values
 * that stand for themselves too, and with what is beside them make no reserved word. False, and nothing written, for any other. */
static bool print_plainly(struct text *out, const struct pieces *line) {
  size_t from = out->n;
  size_t word = from; /* the one at hand */
  bool blank = true, filled = false, plain = true; /* a blank comes before the next word; it has a value in it */
  text_putc(out, ' ');
  for (uint32_t i = 0; i < line->n && plain; i++) {
    const struct piece *p = &line->at[i];
    const char *s = p->text;
    bool value = p->type == PIECE_VALUE;
    plain = value ? *s != '\0' : p->type == PIECE_SHELL;
    while (plain && *s != '\0') {
      size_t n = quote_needless(s);
      if (n > 0 && blank) {
        text_putc(out, ' ');
        word = out->n;
        filled = false;
      }
      filled = filled || value;
      text_add(out, s, n);
      plain = memchr(s, '=', n) == NULL && (s[n] == '\0' || (s[n] == ' ' && !value));
      s += n;
      blank = *s == ' ';
      if (blank) s++;
      if (blank && filled) plain = plain && !quote_reserved(out->at + word, out->n - word);
    }
  }
  if (!plain || (filled && quote_reserved(out->at + word, out->n - word))) {
    out->n = from;
    return false;
  }
  text_putc(out, '\n');
  return true;
}

void line_print(struct text *out, const struct pieces *line) {
  if (print_plainly(out, line)) return;
  struct lexer l = {.arena = out->arena, .line = line};
  bool fresh = true, glued = false, command = true; /* at the start of a line; no blank before; a command's name is next */
  text_puts(out, "  ");
  for (;;) {
    struct token t = next(&l);
    if (t.type == TOKEN_END) break;
    bool separator = t.type == TOKEN_OPERATOR && t.text[0] == ';' && t.text[1] == '\0';
    bool closing = t.type == TOKEN_OPERATOR && t.text[0] == ')';
    if (separator) {
      text_puts(out, "\n  ");
      fresh = command = true;
      continue;
    }
    if (!fresh && !glued && !closing) text_putc(out, ' ');
    fresh = glued = false;
    if (t.type == TOKEN_WORD) {
      print_word(out, &t, command);
      const char *text;
      command = command && literal(&t, out->arena, &text) && t.parts[0].type == PART_BARE && strchr(text, '=') != NULL;
    } else {
      text_puts(out, t.text);
      glued = t.type == TOKEN_REDIRECTION || t.text[0] == '(';
      if (t.type == TOKEN_OPERATOR) command = true;
    }
  }
  text_putc(out, '\n');
}

void line_tools(struct arena *arena, const struct pieces *line, void (*found)(void *data, const char *name), void *data) {
  struct lexer l = {.arena = arena, .line = line};
  bool command = true, target = false;
  for (;;) {
    struct token t = next(&l);
    const char *text = "";
    if (t.type == TOKEN_END) return;
    if (t.type == TOKEN_OPERATOR) {
      command = t.text[0] != ')';
      target = false;
    } else if (t.type == TOKEN_REDIRECTION) {
      target = true;
    } else if (target) {
      target = false;
    } else if (command) {
      if (!literal(&t, arena, &text)) {
        command = false;
      } else if (strchr(text, '=') == NULL && strcmp(text, "!") != 0) {
        command = false;
        if (*text != '\0') found(data, text);
      }
    }
  }
}

bool line_separator(struct arena *arena, const struct pieces *line, uint32_t *piece, uint32_t *byte) {
  static const char *const compound[] = {"if", "for", "while", "until", "case", "{", "set"};
  struct lexer l = {.arena = arena, .line = line};
  bool command = true, parted = false, found = false;
  for (;;) {
    skip_blanks(&l);
    uint32_t at = l.piece;
    size_t offset = l.offset;
    struct token t = next(&l);
    const char *text = "";
    if (t.type == TOKEN_END) return found;
    if (t.type == TOKEN_OPERATOR) {
      if (strcmp(t.text, ";") == 0 && !parted && !found) {
        parted = true;
        *piece = at;
        *byte = (uint32_t)offset;
      }
      command = t.text[0] != ')';
      continue;
    }
    found = found || parted;
    if (t.type != TOKEN_WORD || !command) continue;
    command = false;
    if (!literal(&t, arena, &text)) continue;
    for (size_t i = 0; i < sizeof compound / sizeof *compound; i++)
      if (strcmp(text, compound[i]) == 0) return false;
    command = strchr(text, '=') != NULL;
  }
}

/* ── Other texts ───────────────────────────────────────────────────────────── */

void pieces_word(struct text *out, struct arena *arena, const struct pieces *p) {
  if (p->n == 1 && variable_of(&p->at[0]) == NULL) {
    quote_word(out, p->at[0].text);
    return;
  }
  struct token w = {.type = TOKEN_WORD, .parts = arena_array(arena, struct segment, p->n + 1), .n = p->n, .text = ""};
  for (uint32_t i = 0; i < p->n; i++) {
    const char *name = variable_of(&p->at[i]);
    w.parts[i] = name != NULL ? (struct segment){PART_VARIABLE, name} : (struct segment){PART_VALUE, p->at[i].text};
  }
  const char *text;
  if (literal(&w, arena, &text)) quote_word(out, text);
  else print_doubled(out, &w);
}

const char *pieces_text(struct arena *arena, const struct pieces *p, const char *run, const char *work) {
  struct text t = {.arena = arena};
  for (uint32_t i = 0; i < p->n; i++) {
    enum piece_type type = (enum piece_type)p->at[i].type;
    text_puts(&t, type == PIECE_RUN ? run : type == PIECE_WORK ? work : type == PIECE_SECRET ? "(secret)" : p->at[i].text);
  }
  return text_done(&t);
}
