/* What is said about mistakes of syntax: what was expected, what was found, and how to mend it.
 * Needs the two tokens handed out last. Guarantees one finding per place, in words that need no grammar. */
#include "syntax/parse.h"
#include "cut.tab.h"

#include <string.h>

/* ── The words of the grammar ──────────────────────────────────────────────── */

static const struct word {
  const char *text;
  int token;
} words[] = {
#define WORD(text, token) {text, token},
#include "syntax/words.def"
#undef WORD
};
enum { WORDS = sizeof words / sizeof *words };

void keywords_load(struct parser *p) {
  uint32_t ids[WORDS], n = 0;
  for (uint32_t i = 0; i < WORDS; i++) {
    ids[i] = name_str(&p->c->names, words[i].text);
    if (ids[i] >= n) n = ids[i] + 1;
  }
  p->keywords = arena_array(&p->c->arena, uint8_t, n);
  p->keyword_count = n;
  for (uint32_t i = 0; i < WORDS; i++) p->keywords[ids[i]] = (uint8_t)(i + 1);
}

int keyword_token(const struct parser *p, uint32_t name) {
  return name < p->keyword_count && p->keywords[name] ? words[p->keywords[name] - 1].token : 0;
}

/* ── Names ─────────────────────────────────────────────────────────────────── */

static bool said_before(struct parser *p, uint32_t at) {
  bool again = p->reported_at == at;
  p->reported_at = at;
  return again;
}

void refuse_name(struct parser *p, uint32_t name, struct range at) {
  const char *text = name_text(&p->c->names, name);
  struct finding *f = complain(p, CODE_009, at, "`%s` is a word of the language and can't be a name here", text);
  if (f) finding_caret(p->c, f, "choose another name");
  if (f) finding_remark(p->c, f, REMARK_HELP, "choose another name: `%s_1`, say", text);
}

static const char *truth(const char *text) {
  return strcmp(text, "yes") == 0 ? "true" : strcmp(text, "no") == 0 ? "false" : NULL;
}

void check_name(struct parser *p, uint32_t name, struct range at) {
  if (truth(name_text(&p->c->names, name)) != NULL) refuse_name(p, name, at);
}

void plain_word(struct parser *p, uint32_t ref) {
  struct node *n = &p->tree->nodes.at[ref];
  const char *text = name_text(&p->c->names, n->text), *meant = truth(text);
  if (meant == NULL || n->child != 0 || n->type != N_REF) return;
  struct range at = {n->start, n->end};
  struct finding *f = complain(p, CODE_001, at, "`%s` is no value: yes and no are written `true` and `false`", text);
  if (f) finding_remark(p->c, f, REMARK_HELP, "did you mean `%s`?", meant);
  struct value v = {.type = V_BOOL, .number = *meant == 't', .at = span_of(p, at)};
  n->type = N_LITERAL;
  n->text = tree_value(p->tree, v);
}

void colon_for_equals(struct parser *p, struct range at) {
  struct finding *f = complain(p, CODE_001, at, "an attribute is set with `=`, found `:`");
  remark(p, f, "write `=`; `:` gives the type of a field in a `kind`");
}

uint32_t nameless(struct parser *p, uint32_t kind, struct range at) {
  const char *text = name_text(&p->c->names, kind);
  complain(p, CODE_001, at, "expected a name after `%s`, found `{`", text);
  return string_node(p, name_str(&p->c->names, ""), range_of(at.end, at.end));
}

uint32_t function_name(struct parser *p, uint32_t ref) {
  const struct node *n = &p->tree->nodes.at[ref];
  if (n->child != 0)
    complain(p, CODE_001, range_of(n->start, n->end), "`%.*s` can't be called: the name of a function has no dot",
             (int)(n->end - n->start > 60 ? 60 : n->end - n->start), p->text + n->start);
  return n->text;
}

uint32_t severity_of(struct parser *p, uint32_t name, struct range at) {
  static const char *const names[] = {[SEV_NOTE] = "note", [SEV_WARNING] = "warning", [SEV_ERROR] = "error"};
  const char *text = name_text(&p->c->names, name);
  for (uint32_t i = 0; i < 3; i++)
    if (strcmp(text, names[i]) == 0) return i;
  complain(p, CODE_001, at, "expected `error` or `warning` after `else`, found `%s`", text);
  return SEV_ERROR;
}

/* ── Unexpected tokens ─────────────────────────────────────────────────────── */

static void add(struct text *t, int n, int of, const char *what, bool quoted) {
  if (n > 0) text_puts(t, n + 1 == of ? " or " : ", ");
  text_print(t, quoted ? "`%s`" : "%s", what);
}

/* "an attribute, `}` or `=`". */
static void print_expected(struct text *t, const struct expected *e) {
  static const char *const holds[] = {"`reaches`", "`up`", "`always`", "`finally`", "`down at most`"};
  const char *groups[8], *others[12];
  int g = 0, o = 0, shown = 0;
  if (e->declaration) groups[g++] = "a declaration";
  else if (e->statement && e->item) groups[g++] = "a statement";
  else if (e->item) groups[g++] = "an attribute";
  else if (e->value) groups[g++] = "a value";
  else if (e->attribute || e->name) groups[g++] = "a name";
  for (int i = 0; e->hold && i < 5; i++)
    if (i >= 2 || e->subject) groups[g++] = holds[i];
  bool needs_close = false;
  for (int i = 0; i < e->n; i++) needs_close |= strcmp(e->others[i], "}") == 0;
  for (int i = 0; i < e->n; i++) {
    const char *name = e->others[i];
    if (needs_close && (e->item || e->statement) && strcmp(name, "}") != 0 && strcmp(name, "=") != 0 &&
        strcmp(name, ":") != 0)
      continue;
    if (o < 5) others[o++] = name;
  }
  for (int i = 0; i < g; i++) add(t, shown++, g + o, groups[i], false);
  for (int i = 0; i < o; i++)
    add(t, shown++, g + o, others[i], strncmp(others[i], "the ", 4) != 0 && strncmp(others[i], "a ", 2) != 0);
  if (shown == 0) text_puts(t, "something else");
}

static bool print_token(struct text *t, const struct parser *p, const struct token *token) {
  const char *s = p->text + token->at.start;
  uint32_t n = token->at.end - token->at.start, shown = 0;
  if (token->type == T_END) return text_puts(t, "the end of the file"), true;
  if (token->type == T_RUN) return text_puts(t, "a `$` line"), true;
  if (token->type == T_LINE_END) return text_puts(t, "the end of the command"), true;
  if (token->type == T_STRING_START || token->type == T_STRING_END) return text_puts(t, "a string"), true;
  if (n == 0) return false;
  while (shown < n && shown < 40 && s[shown] != '\n' && s[shown] != '`') shown++;
  while (shown > 0 && shown < n && ((unsigned char)s[shown] & 0xc0) == 0x80) shown--;
  text_print(t, "`%.*s%s`", (int)shown, s, shown < n ? "…" : "");
  return true;
}

static bool reserved(int token) {
  switch (token) {
  case T_FOR:
  case T_IN:
  case T_IS:
  case T_AND:
  case T_OR:
  case T_NOT:
  case T_ELSE:
  case T_WHEN:
  case T_NONE_WORD:
  case T_AS:
  case T_WITHIN:
  case T_SECRET:
  case T_CREATE:
  case T_DELETE:
  case T_LET:
  case T_STEP:
  case T_PROMISE:
  case T_KIND:
  case T_RULE:
  case T_ALLOW:
  case T_DO:
  case T_UNDO:
  case T_VERIFY:
  case T_NEEDS:
  case T_ABOUT:
  case T_TO:
  case T_CONTAINS:
  case T_WITHOUT:
  case T_MATCHES:
  case T_UNCHANGED: return true;
  default: return false;
  }
}

static bool word_literal(const struct parser *p, const struct token *t) {
  const char *s = p->text + t->at.start;
  uint32_t n = t->at.end - t->at.start;
  return t->type == T_LITERAL && ((n == 4 && memcmp(s, "true", 4) == 0) || (n == 5 && memcmp(s, "false", 5) == 0) ||
                                  (n == 7 && memcmp(s, "unknown", 7) == 0));
}

static bool wants(const struct expected *e, const char *what) {
  for (int i = 0; i < e->n; i++)
    if (strcmp(e->others[i], what) == 0) return true;
  return false;
}

/* What people write who come from elsewhere. */
static void hints(struct parser *p, struct finding *f, const struct expected *e) {
  const struct token *t = &p->last;
  if (t->type == T_ID && e->word_count > 0 && f != NULL) {
    uint32_t best =
        nearest(arena_copy(&p->c->arena, p->text + t->at.start, t->at.end - t->at.start), e->words, e->word_count);
    if (best != NONE) finding_remark(p->c, f, REMARK_HELP, "did you mean `%s`?", e->words[best]);
  }
  if (t->type == T_COMMA && (e->item || e->statement))
    remark(p, f, "leave the comma out: one item follows another without a separator");
  else if (t->type == T_MODULE) remark(p, f, "a path is written in quotes");
  else if (t->type == T_COLON && wants(e, "=")) remark(p, f, "an attribute is set with `=`");
  else if (t->type == T_EQUALS && e->operator_) remark(p, f, "to compare, write `==`");
  else if (t->type == T_EQUALS && wants(e, ":")) remark(p, f, "the type of a field stands behind `:`");
  else if (t->type == T_LITERAL && e->name && !e->value) remark(p, f, "a name begins with a letter");
  else if (t->type == T_RUN && !e->statement) remark(p, f, "commands stand in `do { }`, `undo { }` or `verify { }`");
  else if (t->type == T_EQ && wants(e, "=")) remark(p, f, "one `=` sets, two compare");
  else if (t->type == T_ARROW && wants(e, "}") && e->value) remark(p, f, "an arrow has no place in a comparison or a call");
}

/* What cannot be read was said already: that it cannot stand there either, or what is left of it, is no news. */
static bool follows_from_bad(const struct parser *p) {
  return p->bad.end > p->bad.start && (p->last.at.start == p->bad.start || p->last.at.start == p->bad.end);
}

/* Are we in a `kind`, where `:` gives types? By the line on which the outermost braces are opened. */
static bool within_kind(const struct parser *p) {
  for (uint32_t i = 0; i < p->open.n; i++) {
    const struct open *o = &p->open.at[i];
    if (o->type != '{' || o->declarations) continue;
    uint32_t line = o->at;
    while (line > 0 && o->at - line < 200 && p->text[line - 1] != '\n') line--;
    return strncmp(p->text + line + strspn(p->text + line, " \t"), "kind ", 5) == 0;
  }
  return false;
}

/* Words that begin a statement may be names of attributes too: without `=` behind, the statement was meant. */
static void mend_expected(const struct parser *p, struct expected *e) {
  int statement = p->before.type;
  if (e->n == 2 && strcmp(e->others[0], "=") == 0 && strcmp(e->others[1], ":") == 0 && !within_kind(p)) e->n = 1;
  if (e->n != 1 || e->name || e->value || strcmp(e->others[0], "=") != 0) return;
  if (statement != T_MANUAL && statement != T_WAIT && statement != T_TCP && statement != T_DNS && statement != T_NEEDS)
    return;
  e->value = true;
  e->n = 0;
}

void syntax_error(struct parser *p, struct expected *e) {
  const struct token *t = &p->last, *before = &p->before;
  struct range at = t->at;
  struct text message = {.arena = &p->c->arena};
  if (said_before(p, at.start) || p->gave_up || p->resumed_at == at.start || follows_from_bad(p)) return;
  if (before->at.end == 0 && before->at.start == 0) before = t;
  if (e->name && !e->value && !e->item && !e->statement && (reserved(t->type) || word_literal(p, t))) {
    struct text word = {.arena = &p->c->arena};
    text_add(&word, p->text + at.start, at.end - at.start);
    struct finding *f =
        complain(p, CODE_009, at, "`%s` is a word of the language and can't be a name here", text_done(&word));
    if (f) finding_caret(p->c, f, "choose another name");
    return;
  }
  mend_expected(p, e);
  text_puts(&message, "expected ");
  print_expected(&message, e);
  if (before != t && before->type != T_LINE_END) {
    size_t n = message.n;
    text_puts(&message, " after ");
    if (!print_token(&message, p, before)) message.n = n, message.at[n] = '\0';
  }
  text_puts(&message, ", found ");
  if (!print_token(&message, p, t)) text_puts(&message, "the end of the line");
  if (at.start == at.end) at = before->at; /* nothing to show there: the token before it */
  hints(p, complain(p, CODE_001, at, "%s", text_done(&message)), e);
}
