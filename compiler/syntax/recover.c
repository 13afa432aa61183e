/* Scanner -> parser: keeps the stack of what is open, gives the parser balanced brackets whatever the text has, and after
 * a syntax error finds the place where the next item starts.
 * Needs a scanner on the parser's text. Guarantees that each token is handed out once, and that recovery moves on. */
#include "syntax/parse.h"
#include "cut.tab.h"

#include <string.h>

int cut_scan(struct part *value, struct range *at, void *scanner);

static void mode(struct parser *p) { mode_set(p->scanner, p->open.n ? p->open.at[p->open.n - 1].type : 0); }

static void push(struct parser *p, uint8_t type, struct range at) {
  struct open o = {.type = type, .at = at.start, .end = at.end, .indent = p->first_at - p->line_start};
  o.declarations = type == '{' && p->for_seen;
  if (type == '{') p->for_seen = false;
  if (type == OPEN_IN_STRING || type == OPEN_IN_SHELL) p->interpolations++;
  array_push(&p->c->arena, &p->open, o);
  mode(p);
}

/* Takes the top off and returns the token that closes it. */
static int pop(struct parser *p, struct token *t) {
  const struct open o = p->open.at[--p->open.n];
  t->opener = o.at;
  mode(p);
  switch (o.type) {
  case '(': return T_RPAREN;
  case '[': return T_RBRACKET;
  case '{': return T_RBRACE;
  case OPEN_STRING: p->piece_open = false; return T_STRING_END;
  case OPEN_SHELL: return T_LINE_END;
  default:
    p->interpolations--;
    p->shell_from = t->at.end;
    return T_INTERPOLATION_END;
  }
}

static bool opens(const struct parser *p, struct token *t, uint8_t *type) {
  uint8_t top = p->open.n ? p->open.at[p->open.n - 1].type : 0;
  switch (t->type) {
  case T_LPAREN: *type = '('; return true;
  case T_LBRACKET: *type = '['; return true;
  case T_LBRACE: *type = '{'; return true;
  case T_STRING_START: *type = OPEN_STRING; return true;
  case T_RUN: *type = OPEN_SHELL; return true;
  case T_INTERPOLATION: *type = top == OPEN_SHELL ? OPEN_IN_SHELL : OPEN_IN_STRING; return true;
  default: return false;
  }
}

/* ── Closing brackets ──────────────────────────────────────────────────────── */

static bool closed_by(uint8_t open, int token) {
  if (token == T_RPAREN) return open == '(';
  if (token == T_RBRACKET) return open == '[';
  return open == '{' || open == OPEN_IN_STRING || open == OPEN_IN_SHELL;
}

/* A `}` that stands first on its line, further left than the line of its `{`: perhaps it was meant for an outer one. */
static void suspect(struct parser *p, uint32_t at, uint32_t closed) {
  uint32_t indent = at - p->line_start;
  if (at != p->first_at || p->open.at[closed].type != '{' || indent >= p->open.at[closed].indent) return;
  for (uint32_t i = closed; i-- > 0;) {
    struct open *o = &p->open.at[i];
    if (o->type != '{' || o->indent != indent) continue;
    if (o->suspect == 0) o->suspect = at;
    return;
  }
}

/* What a closing bracket closes. False: the token is dropped, or waits until what is open within has been closed. */
static bool closes(struct parser *p, struct token *t, const struct part *value) {
  uint32_t top = p->open.n, found = NONE;
  for (uint32_t i = top; i-- > 0 && top - i < 2 * DEPTH_LIMIT;) {
    uint8_t type = p->open.at[i].type;
    if (closed_by(type, t->type)) found = i;
    if (found != NONE || type == OPEN_IN_STRING || type == OPEN_IN_SHELL) break;
  }
  if (found != NONE && found + 1 == top) {
    suspect(p, t->at.start, found);
    t->type = pop(p, t);
    return true;
  }
  if (found != NONE) {
    if (!p->skipping) unclosed(p, found + 1);
    p->close_to = found + 1;
    p->held = *t;
    p->held_part = *value;
    return false;
  }
  char c = p->text[t->at.start];
  uint8_t inner = top ? p->open.at[top - 1].type : 0;
  if (t->type != T_RBRACE && (inner == '(' || inner == '[')) {
    if (!p->skipping) {
      struct finding *f = complain(p, CODE_003, t->at, "this `%c` stands where a `%c` is closed", c, inner);
      if (f) finding_label(p->c, f, span_of(p, range_of(p->open.at[top - 1].at, p->open.at[top - 1].end)), "opened here");
    }
    t->type = pop(p, t);
    return true;
  }
  if (!p->skipping) complain(p, CODE_001, t->at, "this `%c` closes nothing", c);
  return false;
}

/* ── Tokens ────────────────────────────────────────────────────────────────── */

/* What wants an operand, at the end of a line, and the next line begins something else: the operand is missing here. */
static void missing_value(struct parser *p, const struct token *t) {
  const char *s = p->text + t->at.end;
  s += strspn(s, " \t\r");
  if (*s == '#') s += strcspn(s, "\n");
  if (*s != '\n' || p->skipping || p->interpolations > 0) return;
  s += strspn(s, " \t\r\n");
  const char *line = s;
  while (line > p->text && line[-1] != '\n') line--;
  if (*s != '}' && ((uint32_t)(s - line) > p->first_at - p->line_start || !fact_at(s))) return;
  struct range at = t->at;
  struct finding *f = complain(p, CODE_001, at, "expected a value after `%.*s`, found the end of the line",
                               (int)(at.end - at.start), p->text + at.start);
  if (f) finding_caret(p->c, f, "nothing follows");
  p->held = (struct token){.type = T_LITERAL, .at = range_of(at.end, at.end), .opener = NONE};
  scan_bad(p, p->held.at, &p->held_part);
}

/* The next token with its brackets accounted for. */
static void advance(struct parser *p, struct token *t, struct part *value) {
  for (;;) {
    uint8_t type;
    t->opener = NONE;
    if (p->close_to < p->open.n) {
      uint32_t here = p->last.at.end;
      t->at = range_of(here, here);
      t->type = pop(p, t);
      return;
    }
    p->close_to = NONE;
    if (p->finished) {
      *t = (struct token){.type = T_END, .at = range_of(p->length, p->length), .opener = NONE};
      return;
    }
    if (p->held.type) {
      *t = p->held;
      *value = p->held_part;
      p->held.type = 0;
    } else {
      t->type = cut_scan(value, &t->at, p->scanner);
      if (t->type == -1) continue;
    }
    if (opens(p, t, &type)) {
      push(p, type, t->at);
      if (t->type == T_RUN) shell_start(p, t->at.end);
    } else if (t->type == T_RPAREN || t->type == T_RBRACKET || t->type == T_RBRACE) {
      if (!closes(p, t, value)) continue;
    } else if (t->type == T_STRING_END || t->type == T_LINE_END) {
      t->type = pop(p, t);
    } else if (t->type == T_EQUALS || t->type == T_ARROW || t->type == T_IN || t->type == T_AS) {
      missing_value(p, t);
    } else if (t->type == T_FOR) {
      p->for_seen = p->open.n == 0 || p->open.at[p->open.n - 1].declarations;
    }
    return;
  }
}

static bool too_deep(const struct parser *p) { return p->open.n > DEPTH_LIMIT || p->interpolations > INTERPOLATION_LIMIT; }

/* What lies too deep is left out, with one finding; a malformed literal stands for it. */
static void leave_out(struct parser *p, struct token *t, struct part *value) {
  enum { HOPELESS = 1 << 16 };
  struct range at = t->at;
  if (!p->skipping)
    complain(p, CODE_005, at,
             p->interpolations > INTERPOLATION_LIMIT ? "more than 64 interpolations within each other"
                                                     : "more than 256 brackets within each other");
  while (too_deep(p) && t->type != T_END && p->open.n < HOPELESS) advance(p, t, value);
  if (p->open.n >= HOPELESS) {
    p->gave_up = p->finished = true;
    p->open.n = DEPTH_LIMIT;
    p->interpolations = 0;
    for (uint32_t i = 0; i < p->open.n; i++)
      p->interpolations += p->open.at[i].type >= OPEN_IN_STRING && p->open.at[i].type <= OPEN_IN_SHELL;
    p->close_to = 0;
  }
  t->type = scan_bad(p, at, value);
  t->at = at;
  t->opener = NONE;
}

/* ── Recovery ──────────────────────────────────────────────────────────────── */

static bool follows(const struct parser *p, struct range at) {
  const char *s = p->text + at.end + strspn(p->text + at.end, " \t");
  char c = p->text[at.start];
  bool name = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
  return name && ((*s == '=' && s[1] != '=') || *s == ':');
}

static bool never_first(int token) {
  switch (token) {
  case T_ELSE:
  case T_AND:
  case T_OR:
  case T_IN:
  case T_IS:
  case T_NOT:
  case T_COMMA:
  case T_ARROW:
  case T_EQUALS:
  case T_EQ:
  case T_NE:
  case T_LE:
  case T_GE:
  case T_LESS:
  case T_GREATER:
  case T_BAR:
  case T_DOT:
  case T_COLON: return true;
  default: return false;
  }
}

/* May an item start here, after one that began at skip_from was given up? */
static bool may_resume(const struct parser *p, const struct token *t) {
  if (t->type == T_END) return true;
  if (t->opener != NONE) return t->opener < p->skip_from;
  uint32_t n = p->open.n - (t->type == T_RUN);
  if (n > 0 && p->open.at[n - 1].at >= p->skip_from) return false;
  bool first = t->at.start == p->first_at;
  if (p->skip_level == LEVEL_DECLARATION) return first && declaration_at(p, t->at.start);
  if (t->type == T_RUN || follows(p, t->at)) return true;
  return first && !never_first(t->type) && t->at.start - p->line_start <= indentation(p, p->skip_from);
}

bool recovered(struct parser *p, struct range at, enum level level, bool have_token) {
  p->skip_from = at.start;
  p->skip_level = level;
  bool here = have_token && (p->last.type == T_END || p->last.opener != NONE || p->last.at.start > at.start);
  if (here && may_resume(p, &p->last)) {
    p->resumed_at = p->last.at.start;
    return true;
  }
  p->skipping = true;
  return false;
}

int cut_lex(struct part *value, struct range *at, struct parser *p) {
  struct token t;
  *value = (struct part){0, 0, 0};
  bool between = p->between && !p->skipping && p->open.n == 0 && !p->tree->by_grammar;
  p->between = false;
  if (between && plain_resources(p, &t, value)) {
    *at = t.at;
    return t.type;
  }
  do {
    advance(p, &t, value);
    if (too_deep(p)) leave_out(p, &t, value);
    if (p->docs_waiting < p->docs.n) docs_before(p, t.at.start);
  } while (p->skipping && !may_resume(p, &t));
  if (p->skipping) {
    p->resumed_at = t.at.start;
    p->for_seen = t.type == T_FOR && p->for_seen;
  }
  p->skipping = false;
  if (p->first_token == NONE) p->first_token = t.at.start;
  p->before = p->last;
  p->last = t;
  *at = t.at;
  return t.type;
}
