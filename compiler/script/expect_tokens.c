/* Tokens -> the statements that a script must consist of: kept, or compared at once with what is read.
 * Needs what the commands and tables mean, from expect.c and expect_tables.c. Guarantees: a token that is equal where it stands is
 * not copied to be compared. */
#include "script/expect.h"

#include <string.h>

static void literal(struct text *t, const char *bytes, size_t n) {
  size_t from = 0;
  for (size_t i = 0; i < n; i++) {
    if ((unsigned char)bytes[i] >= 7 && bytes[i] != SEP) continue;
    text_add(t, bytes + from, i - from);
    text_putc(t, MARK_LITERAL);
    from = i;
  }
  text_add(t, bytes + from, n - from);
}

/* Are words compared as they come? No longer where one of the statement at hand has to be made to be compared. */
static bool comparing(const struct expecting *e) { return e->against != NULL && e->line.n == 0 && !e->differs; }

static bool word_met(struct expecting *e, const char *bytes, size_t n) {
  if (!comparing(e) || !reading_word(e->against, !e->begun, bytes, n)) return false;
  return e->begun = true;
}

static void expect_text(struct expecting *e, const char *bytes, size_t n) {
  if (word_met(e, bytes, n)) return;
  text_putc(&e->line, TOKEN_IS_WORD);
  literal(&e->line, bytes, n);
  text_putc(&e->line, SEP);
}

void expect_word(struct expecting *e, const char *text) { expect_text(e, text, strlen(text)); }

void expect_known(struct expecting *e, const char *text) {
  size_t n = strlen(text);
  if (comparing(e) && reading_known(e->against, !e->begun, text, n)) {
    e->begun = true;
    return;
  }
  text_putc(&e->line, TOKEN_IS_WORD);
  text_add(&e->line, text, n);
  text_putc(&e->line, SEP);
}

void expect_number(struct expecting *e, int64_t n) {
  char digits[24], *at = digits + sizeof digits - 1;
  uint64_t rest = n < 0 ? -(uint64_t)n : (uint64_t)n;
  *at = '\0';
  do *--at = (char)('0' + rest % 10);
  while ((rest /= 10) > 0);
  if (n < 0) *--at = '-';
  expect_word(e, at);
}

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
  expect_known(e, "return");
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
  literal(&e->line, value, strlen(value));
  text_putc(&e->line, SEP);
  expect_end(e);
}

void expect_inside(struct text *t, const struct pieces *p) {
  for (uint32_t i = 0; i < p->n; i++) {
    enum piece_type type = (enum piece_type)p->at[i].type;
    if (type == PIECE_RUN || type == PIECE_WORK) text_print(t, "%cq%s%c", MARK_VARIABLE, type == PIECE_RUN ? "cut_run" : "cut_work", MARK_END);
    else literal(t, p->at[i].text, strlen(p->at[i].text));
  }
}

/* Bytes that are a part of a word, wherever they are, and blanks. */
static bool plain_shell(const char *text) {
  static const bool plain[256] = {
      ['a'] = 1, ['b'] = 1, ['c'] = 1, ['d'] = 1, ['e'] = 1, ['f'] = 1, ['g'] = 1, ['h'] = 1, ['i'] = 1, ['j'] = 1, ['k'] = 1, ['l'] = 1, ['m'] = 1, ['n'] = 1,
      ['o'] = 1, ['p'] = 1, ['q'] = 1, ['r'] = 1, ['s'] = 1, ['t'] = 1, ['u'] = 1, ['v'] = 1, ['w'] = 1, ['x'] = 1, ['y'] = 1, ['z'] = 1, ['A'] = 1, ['B'] = 1,
      ['C'] = 1, ['D'] = 1, ['E'] = 1, ['F'] = 1, ['G'] = 1, ['H'] = 1, ['I'] = 1, ['J'] = 1, ['K'] = 1, ['L'] = 1, ['M'] = 1, ['N'] = 1, ['O'] = 1, ['P'] = 1,
      ['Q'] = 1, ['R'] = 1, ['S'] = 1, ['T'] = 1, ['U'] = 1, ['V'] = 1, ['W'] = 1, ['X'] = 1, ['Y'] = 1, ['Z'] = 1, ['0'] = 1, ['1'] = 1, ['2'] = 1, ['3'] = 1,
      ['4'] = 1, ['5'] = 1, ['6'] = 1, ['7'] = 1, ['8'] = 1, ['9'] = 1, ['_'] = 1, ['.'] = 1, ['/'] = 1, ['-'] = 1, [':'] = 1, [','] = 1, ['%'] = 1, ['+'] = 1,
      ['@'] = 1, [' '] = 1};
  while (plain[(unsigned char)*text]) text++;
  return *text == '\0';
}

/* A `$` line of words that stand for themselves, and blanks; its values may be anything. False, and nothing said, of any other. */
bool expect_plain_line(struct expecting *e, const struct pieces *p) {
  if (!comparing(e)) return false;
  size_t n = 0;
  for (uint32_t i = 0; i < p->n; i++) {
    const struct piece *x = &p->at[i];
    if (x->type == PIECE_VALUE ? x->in_quotes : x->type != PIECE_SHELL || !plain_shell(x->text)) return false;
    n += strlen(x->text);
  }
  char *word = arena_alloc(e->arena, n + 1, 1), *end = word;
  bool open = false; /* a word has begun */
  for (uint32_t i = 0; i < p->n; i++) {
    bool value = p->at[i].type == PIECE_VALUE;
    open = open || value;
    for (const char *s = p->at[i].text; *s != '\0'; s++) {
      if (value || *s != ' ') {
        *end++ = *s;
        open = true;
      } else if (open) {
        expect_text(e, word, (size_t)(end - word));
        open = false;
        end = word;
      }
    }
  }
  if (open) expect_text(e, word, (size_t)(end - word));
  return true;
}

/* Its text, where it is the same in every run and on every host; NULL. */
static const char *flat_text(struct expecting *e, const struct pieces *p) {
  for (uint32_t i = 0; i < p->n; i++)
    if (p->at[i].type == PIECE_RUN || p->at[i].type == PIECE_WORK) return NULL;
  if (p->n == 1) return p->at[0].text;
  struct text t = {.arena = e->arena};
  for (uint32_t i = 0; i < p->n; i++) text_puts(&t, p->at[i].text);
  return text_done(&t);
}

void expect_pieces(struct expecting *e, const struct pieces *p) {
  const char *flat = comparing(e) ? flat_text(e, p) : NULL;
  if (flat != NULL && word_met(e, flat, strlen(flat))) return;
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
      expect_known(e, "secret");
      expect_word(e, expect_name(e, e->b->m->secrets.at[p->at[i].secret].name));
      open = false;
      continue;
    }
    if (!open) {
      expect_known(e, "text");
      text_putc(&e->line, TOKEN_IS_WORD);
    }
    open = true;
    expect_inside(&e->line, &one);
  }
  if (open) text_putc(&e->line, SEP);
  if (p->n == 0) {
    expect_known(e, "text");
    expect_word(e, "");
  }
}
