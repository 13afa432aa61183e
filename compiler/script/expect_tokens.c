/* Tokens -> the statements that a script must consist of: kept, or compared at once with what is read.
 * Needs what the commands and tables mean, from expect.c and expect_tables.c. Guarantees: a token that is equal where it stands is
 * not copied to be compared. */
#include "script/expect.h"

#include <string.h>

static void literal(struct text *t, const char *text) {
  for (const char *s = text;; s++) {
    if ((unsigned char)*s >= 7 && *s != SEP) continue;
    text_add(t, text, (size_t)(s - text));
    if (*s == '\0') return;
    text_putc(t, MARK_LITERAL);
    text = s;
  }
}

/* Are words compared as they come? No longer where one of the statement at hand has to be made to be compared. */
static bool comparing(const struct expecting *e) { return e->against != NULL && e->line.n == 0 && !e->differs; }

void expect_word(struct expecting *e, const char *text) {
  if (comparing(e) && reading_word(e->against, !e->begun, text, strlen(text))) {
    e->begun = true;
    return;
  }
  text_putc(&e->line, TOKEN_IS_WORD);
  literal(&e->line, text);
  text_putc(&e->line, SEP);
}

void expect_number(struct expecting *e, int64_t n) { text_print(&e->line, "%c%lld%c", TOKEN_IS_WORD, (long long)n, SEP); }

void expect_operator(struct expecting *e, const char *text) {
  if (comparing(e) && e->begun && reading_operator(e->against, text, strlen(text))) return;
  text_putc(&e->line, TOKEN_IS_OPERATOR);
  text_puts(&e->line, text);
  text_putc(&e->line, SEP);
}

/* The line against the next statement that is read, or what is left of it. */
static void compare(struct expecting *e) {
  bool same = !e->differs;
  if (same && e->line.n == 0) {
    same = reading_ends(e->against);
  } else if (same) {
    if (e->begun) reading_rest(e->against, &e->read);
    else same = reading_next(e->against, &e->read);
    same = same && e->read.n == e->line.n && memcmp(e->read.at, e->line.at, e->line.n) == 0;
  }
  e->differs = !same;
  e->line.n = 0;
  e->begun = false;
}

void expect_end(struct expecting *e) {
  if (e->line.n == 0 && !e->begun) return;
  e->count++;
  if (e->against != NULL) {
    compare(e);
    return;
  }
  array_push(e->arena, &e->out.statements, text_done(&e->line));
  e->line = (struct text){.arena = e->arena};
  e->out.functions.at[e->out.functions.n - 1].count = e->count;
}

void expect_or_return(struct expecting *e) {
  expect_operator(e, "||");
  expect_word(e, "return");
  expect_end(e);
}

void expect_opens(struct expecting *e, const char *name) {
  size_t n = 0;
  if (e->open && !e->differs && !reading_closes(e->against)) e->differs = !reading_next(e->against, &e->read) || !statement_closes(&e->read);
  e->open = *name != '\0';
  if (!e->open || e->differs || reading_opens(e->against, name)) return;
  const char *opened = reading_next(e->against, &e->read) ? statement_opens(&e->read, &n) : NULL;
  e->differs = opened == NULL || n != strlen(name) || memcmp(opened, name, n) != 0;
}

void expect_function(struct expecting *e, const char *name, const char *what) {
  e->count = 0;
  if (e->against != NULL) expect_opens(e, name);
  else array_push(e->arena, &e->out.functions, (struct expected){name, what, e->out.statements.n, 0});
}

void expect_assign(struct expecting *e, const char *name, const char *value) {
  if (comparing(e) && !e->begun && reading_assign(e->against, name, value)) {
    e->begun = true;
    expect_end(e);
    return;
  }
  text_putc(&e->line, TOKEN_IS_WORD);
  text_puts(&e->line, name);
  text_putc(&e->line, '=');
  literal(&e->line, value);
  text_putc(&e->line, SEP);
  expect_end(e);
}

void expect_inside(struct text *t, const struct pieces *p) {
  for (uint32_t i = 0; i < p->n; i++) {
    enum piece_type type = (enum piece_type)p->at[i].type;
    if (type == PIECE_RUN || type == PIECE_WORK) text_print(t, "%cq%s%c", MARK_VARIABLE, type == PIECE_RUN ? "cut_run" : "cut_work", MARK_END);
    else literal(t, p->at[i].text);
  }
}

void expect_pieces(struct expecting *e, const struct pieces *p) {
  text_putc(&e->line, TOKEN_IS_WORD);
  expect_inside(&e->line, p);
  text_putc(&e->line, SEP);
}

/* `text …` and `secret NAME` in turn. */
void expect_compose(struct expecting *e, const struct pieces *p) {
  bool open = false;
  for (uint32_t i = 0; i < p->n; i++) {
    bool secret = p->at[i].type == PIECE_SECRET;
    struct pieces one = {p->at + i, 1};
    if (open && secret) text_putc(&e->line, SEP);
    if (secret) {
      expect_word(e, "secret");
      expect_word(e, expect_name(e, e->b->m->secrets.at[p->at[i].secret].name));
      open = false;
      continue;
    }
    if (!open) {
      expect_word(e, "text");
      text_putc(&e->line, TOKEN_IS_WORD);
    }
    open = true;
    expect_inside(&e->line, &one);
  }
  if (open) text_putc(&e->line, SEP);
  if (p->n == 0) {
    expect_word(e, "text");
    expect_word(e, "");
  }
}
