/* The `$` lines of a plan -> findings of the shell parser, at their places in the plan.
 * Needs a model; a proof for the states in which commands run (without one they are looked at all the same, and what does not
 * evaluate stays unsaid, since that has been said). Guarantees: each text at each place is parsed once. */
#include "script/emit.h"
#include "script/shell.h"

#include "base/beside.h"

#include <string.h>

struct piece_place {
  uint32_t start, end; /* in the rendered text */
  bool verbatim;
  struct span at;
};
struct places {
  const struct piece_place *at;
  uint32_t n;
};

/* One end of a finding: the byte itself in verbatim text, else an end of the interpolation it lies in. */
static uint32_t to_source(const struct places *p, uint32_t byte, bool end, uint32_t *source) {
  uint32_t low = 0, high = p->n;
  while (low + 1 < high) {
    uint32_t middle = low + (high - low) / 2;
    if (p->at[middle].start <= byte - (end && byte > 0 ? 1 : 0)) low = middle;
    else high = middle;
  }
  const struct piece_place *x = &p->at[low];
  uint32_t length = x->at.end - x->at.start, offset = byte > x->start ? byte - x->start : 0;
  *source = x->at.source;
  if (!x->verbatim) return end ? x->at.end : x->at.start;
  return x->at.start + (offset < length ? offset : length);
}

static struct span place(void *data, uint32_t start, uint32_t end) {
  const struct places *p = data;
  if (p->n == 0) return NOWHERE;
  uint32_t source, other;
  uint32_t from = to_source(p, start, false, &source), to = to_source(p, end > start ? end : start, end > start, &other);
  return (struct span){source, from, other == source && to > from ? to : from};
}

/* A value that may be a program's name stays, since tools are told by it; any other is some word, as one that a shell would read otherwise
 * is: it is quoted. */
static bool tells(const char *text) {
  size_t n = 0;
  while (n < 64 && ((text[n] >= 'a' && text[n] <= 'z') || (text[n] >= '-' && text[n] <= '9') || (text[n] >= 'A' && text[n] <= 'Z') || text[n] == '_')) n++;
  return n > 0 && n < 64 && text[n] == '\0' && !quote_reserved(text, n);
}

/* The name of the first secret in a text, NULL. */
static const char *secret_in(const struct model *m, const struct pieces *text) {
  for (uint32_t i = 0; i < text->n; i++)
    if (text->at[i].type == PIECE_SECRET) return name_text(&m->c->names, m->secrets.at[text->at[i].secret].name);
  return NULL;
}

/* Blanks on both sides, or an end of the line. */
static bool alone(const struct pieces *line, uint32_t i) {
  const struct piece *before = i > 0 ? &line->at[i - 1] : NULL, *after = i + 1 < line->n ? &line->at[i + 1] : NULL;
  size_t n = before != NULL && before->type == PIECE_SHELL ? strlen(before->text) : 0;
  bool left = before == NULL || (n > 0 && before->text[n - 1] == ' ');
  return left && (after == NULL || (after->type == PIECE_SHELL && after->text[0] == ' '));
}

/* The line with each of its values as a word. With `shape`, one that makes no difference to what is found is some word. */
static void render(const struct model *m, const struct pieces *line, bool shape, struct text *text, struct piece_place *at) {
  for (uint32_t i = 0; i < line->n; i++) {
    const struct piece *p = &line->at[i];
    uint32_t start = (uint32_t)text->n;
    bool told = p->type == PIECE_VALUE && tells(p->text);
    if (p->type == PIECE_SHELL) text_puts(text, p->text);
    else if (told && shape && alone(line, i) && !shell_told(m, p->text)) text_puts(text, "\2");
    else text_puts(text, told ? p->text : p->in_quotes ? "x" : "'x'");
    if (at != NULL) at[i] = (struct piece_place){start, (uint32_t)text->n, p->type == PIECE_SHELL, p->at};
  }
}

/* Thousands of steps of one kind differ in a name and an address: a shape in which nothing was found is not parsed again. */
static void check_line(struct model *m, const struct command *c, struct arena *scratch) {
  struct arena *arena = &m->c->arena;
  struct text text = {.arena = arena}, key = {.arena = scratch};
  text_print(&key, "\1%u:%u:%s:", c->at.source, c->at.start, secret_in(m, &c->input) != NULL ? "secret" : "");
  render(m, &c->line, true, &key, NULL);
  if (name_find(&m->c->names, text_done(&key), key.n) != NONE) return;
  struct piece_place *at = arena_array(arena, struct piece_place, c->line.n + 1);
  render(m, &c->line, false, &text, at);
  struct places places = {at, c->line.n};
  uint32_t before = m->c->findings.n, piece, byte;
  const char *whole = arena_print(arena, "\1%u:%u:%s", c->at.source, c->at.start, text_done(&text));
  if (name_find(&m->c->names, whole, strlen(whole)) != NONE) return;
  name_str(&m->c->names, whole);
  shell_check_sh(m->c, text_done(&text), text.n, m, secret_in(m, &c->input), place, &places);
  if (!line_separator(arena, &c->line, &piece, &byte)) {
    if (m->c->findings.n == before) name_of(&m->c->names, text_done(&key), key.n);
    return;
  }
  uint32_t start = at[piece].start + byte;
  struct finding *f = finding_add(m->c, CODE_288, place(&places, start, start + 1), "what stands before this `;` may fail unseen: only the last command's exit status counts");
  finding_remark(m->c, f, REMARK_HELP, "write a `$` line for each command, or join them with `&&`");
}

static void check_block(struct model *m, struct block b) {
  struct arena scratch = {0};
  for (uint32_t i = 0; i < b.n; i++)
    if (b.at[i].type == CMD_RUN) check_line(m, &b.at[i], &scratch);
  arena_free(&scratch);
}

/* Without an order: each step after those before it in the source. */
static void check_unproven(struct model *m) {
  struct compilation *c = m->c;
  bool *done = arena_array(&c->arena, bool, (size_t)m->steps.n + m->parts.n + 1);
  for (uint32_t i = 0; i < m->steps.n; i++) {
    uint32_t said = c->findings.n;
    struct block before = step_block(m, i, BLOCK_DO, done);
    done[i] = true;
    for (uint32_t k = 0; k < m->parts.n; k++)
      if (m->parts.at[k].step == i) done[m->steps.n + k] = true;
    struct block undo = step_block(m, i, BLOCK_UNDO, done), verify = step_block(m, i, BLOCK_VERIFY, done);
    c->findings.n = said;
    check_block(m, before);
    check_block(m, undo);
    check_block(m, verify);
  }
}

/* ── Values that make no difference ────────────────────────────────────────── */

/* It names nothing that a shell is looked through for. */
static bool told_apart(const void *data, const char *text) { return tells(text) && !shell_told(data, text); }

/* Does each value of the `$` lines stand alone, whatever it is, and what the plan itself has written there make no difference? The same for
 * all blocks of a shape. */
static bool lines_part(const struct model *m, struct block b) {
  for (uint32_t i = 0; i < b.n; i++) {
    const struct pieces *line = &b.at[i].line;
    for (uint32_t k = 0; k < line->n && b.at[i].type == CMD_RUN; k++) {
      const struct piece *p = &line->at[k];
      if (p->type == PIECE_VALUE && (!alone(line, k) || (p->written && !told_apart(m, p->text)))) return false;
    }
  }
  return true;
}

/* Which of some sequences are kept blocks all of whose values are plain: what stands alone and names nothing that a shell is looked through
 * for. Nothing is found in one that is not in its shape. */
struct plain_search {
  const struct runbook *b;
  uint32_t first, end;
  bool *plain; /* by sequence */
};

static bool find_plain(void *data) {
  enum { UNSEEN, PARTS, RUNS_ON };
  struct plain_search *p = data;
  const struct runbook *b = p->b;
  struct arena own = {0}, texts = {0};
  uint8_t *shapes = arena_array(&own, uint8_t, shape_count(b->m) + 1u);
  for (uint32_t i = p->first; i < p->end; i++) {
    const struct sequence *s = &b->sequences.at[i];
    struct shape_use *x = s->count == 0 ? NULL : sequence_shape(b, s);
    if (x == NULL) continue;
    uint8_t *shape = &shapes[x - b->shapes];
    if (*shape == UNSEEN) *shape = lines_part(b->m, sequence_kept(b, s, &texts)) ? PARTS : RUNS_ON;
    p->plain[i] = *shape == PARTS && sequence_lines_say(b, s, &texts, told_apart, b->m);
    if (i % 64 == 0) arena_reset(&texts);
  }
  arena_free(&own);
  arena_free(&texts);
  return true;
}

/* By two threads, a half each: nobody adds a name meanwhile. */
static bool *plain_sequences(const struct runbook *b, struct arena *a) {
  enum { WORTH = 2000 };
  bool *plain = arena_array(a, bool, b->sequences.n + 1);
  bool two = beside_worth(b->sequences.n, WORTH);
  struct beside beside;
  struct plain_search late = {b, two ? b->sequences.n / 2 : b->sequences.n, b->sequences.n, plain}, early = {b, 0, late.first, plain};
  if (two) beside_start(&beside, find_plain, &late);
  find_plain(&early);
  if (two) beside_join(&beside);
  return plain;
}

/* Of kept blocks of one shape, all of whose values are plain, one is looked through. */
static void check_sequence(struct runbook *b, struct sequence *s, bool known, struct arena *scratch) {
  s->plain = known;
  if (s->count == 0) return;
  struct shape_use *x = sequence_shape(b, s);
  uint32_t found = b->m->c->findings.n;
  if (known && x->clean) return;
  const struct unit *units = sequence_units(b, s, scratch);
  for (uint32_t i = 0; i < s->count; i++)
    if (units[i].command->type == CMD_RUN) check_line(b->m, units[i].command, scratch);
  if (known) x->clean = b->m->c->findings.n == found;
}

struct runbook *script_check_commands(struct model *m, const struct proof *p) {
  if (p == NULL) {
    check_unproven(m);
    return NULL;
  }
  struct runbook *b = runbook_build(m, p);
  struct arena scratch = {0}, own = {0};
  const bool *plain = plain_sequences(b, &own);
  for (uint32_t i = 0; i < b->sequences.n; i++) {
    check_sequence(b, &b->sequences.at[i], plain[i], &scratch);
    arena_reset(&scratch);
  }
  arena_free(&scratch);
  arena_free(&own);
  return b;
}
