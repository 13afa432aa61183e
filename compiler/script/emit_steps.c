/* The steps of a runbook -> text, and whether it reads back.
 * Needs runbook_build's result. Guarantees: the bytes that step_print and sequence_print write.
 *
 * Thousands of steps are written in one form, which is read back twice with stand-ins for its values. Another value changes no more
 * than its own bytes in there as long as these stand for themselves, wherever they are; those of a word by itself can be any, and are
 * read back. What has no form is read back as a whole. */
#include "script/emit_steps.h"

#include <string.h>

enum { FORM_FROM = 4 }; /* steps of a shape, for a form to be worth its making */
enum { ROOM = 4096 };    /* for words of a step */

/* What differs from step to step in what it says of itself. The number is in its sequences too, whose other values come behind it. */
enum { SAID_NUMBER, SAID_NAME, SAID_PLACE, SAID_TITLE, SAID_TAKES, SAID_FINAL, SAID_HAND, SAID_NEWER, SAID_COUNT };

static struct slice all_of(const char *text) { return (struct slice){text, strlen(text)}; }

/* Bytes that stand for themselves wherever they are in a command, and make no assignment of a word, nor a reserved word. */
static bool plain(struct slice s) {
  return s.n > 0 && quote_needless(s.at) == s.n && memchr(s.at, '=', s.n) == NULL && !quote_reserved(s.at, s.n);
}

/* Nothing of it can go on in what stands behind it: its last line is whole. */
static bool ends_with_a_line(struct slice s) { return s.n > 1 && s.at[s.n - 1] == '\n' && s.at[s.n - 2] != '\\'; }

static struct slice behind(struct text *out, size_t from) { return (struct slice){text_done(out) + from, out->n - from}; }

/* ── What a step says of itself ────────────────────────────────────────────── */

static bool print_said(struct step_writer *w, struct text *out, const struct step_said *said) {
  size_t from = out->n;
  step_print(out, said);
  struct slice text = behind(out, from);
  return ends_with_a_line(text) && step_met(w->b, said, text, &w->checking);
}

static struct step_said said_by_stand_ins(struct step_writer *w, bool second) {
  struct arena *a = &w->kept;
  return (struct step_said){.number = stand_in_number(SAID_NUMBER, second),
                            .of = w->b->p->order.n,
                            .newer = stand_in_number(SAID_NEWER, second),
                            .takes = (int64_t)1000 * stand_in_number(SAID_TAKES, second),
                            .name = stand_in(a, SAID_NAME, second),
                            .place = stand_in(a, SAID_PLACE, second),
                            .title = stand_in(a, SAID_TITLE, second),
                            .final = stand_in(a, SAID_FINAL, second),
                            .hand = stand_in(a, SAID_HAND, second)};
}

static void form_of_said(struct step_writer *w) {
  struct text first = {.arena = &w->kept}, second = {.arena = &w->kept};
  struct step_said one = said_by_stand_ins(w, false), other = said_by_stand_ins(w, true);
  if (print_said(w, &first, &one) && print_said(w, &second, &other)) form_find(&w->head, &w->kept, behind(&first, 0), behind(&second, 0));
}

/* What is written to w->words stays where it is until the next step. */
static struct slice behind_words(struct step_writer *w, size_t from) { return (struct slice){w->words.at + from, w->words.n - from}; }

static struct text *words(struct step_writer *w, size_t most) {
  if (w->words.cap - w->words.n <= most) {
    size_t cap = most > ROOM ? most + 1 : ROOM;
    w->words = (struct text){.arena = &w->scratch, .at = arena_alloc(&w->scratch, cap, 1), .cap = cap};
  }
  return &w->words;
}

/* As the shell reads it back as one word; NULL where it does not. */
static struct slice word(struct step_writer *w, const char *value) {
  struct slice s = all_of(value);
  if (s.n == 0) return all_of("''");
  if (quote_needless(value) == s.n && !quote_reserved(value, s.n)) return s;
  struct text *t = words(w, 2 * s.n + 2);
  size_t from = t->n;
  quote_word(t, value);
  struct slice quoted = behind_words(w, from);
  struct reading r = {.arena = &w->scratch, .text = quoted.at, .n = quoted.n};
  return reading_word(&r, false, s.at, s.n) && r.at == r.n ? quoted : (struct slice){NULL, 0};
}

static struct slice number(struct step_writer *w, uint64_t n) {
  struct text *t = words(w, 24);
  size_t from = t->n;
  text_number(t, n);
  return behind_words(w, from);
}

/* Before a step, and after it. */
static void fresh(struct step_writer *w) {
  arena_reset(&w->scratch);
  w->words = w->first_words;
}

/* The values of what a step says, but for numbers; false of one that is written without a form. */
static bool said_values(struct step_writer *w, const struct step_said *said) {
  struct slice *values = w->values;
  values[SAID_NAME] = all_of(said->name);
  values[SAID_PLACE] = all_of(said->place);
  if (w->head.text == NULL || memchr(said->place, '\n', values[SAID_PLACE].n) != NULL || !plain(values[SAID_NAME])) return false;
  values[SAID_TITLE] = word(w, said->title);
  values[SAID_FINAL] = word(w, said->final);
  values[SAID_HAND] = word(w, said->hand);
  return values[SAID_TITLE].at != NULL && values[SAID_FINAL].at != NULL && values[SAID_HAND].at != NULL;
}

static void said_numbers(struct step_writer *w, const struct step_said *said) {
  struct slice none = all_of("''");
  w->values[SAID_NUMBER] = number(w, said->number);
  w->values[SAID_TAKES] = said->takes < 0 ? none : number(w, (uint64_t)whole_seconds(said->takes));
  w->values[SAID_NEWER] = said->newer == 0 ? none : number(w, said->newer);
}

/* ── Sequences ─────────────────────────────────────────────────────────────── */

static bool print_one(struct step_writer *w, struct text *out, const struct sequence *s, const char *name, const struct unit *units) {
  size_t from = out->n;
  sequence_print(out, w->b, s, name, units);
  struct slice text = behind(out, from);
  return ends_with_a_line(text) && sequence_met(w->b, s, name, units, text, &w->checking);
}

/* Nothing but its number and its commands make a difference. */
static bool usual(const struct runbook *b, const struct sequence *s) {
  if (s->step == NONE || (s->count > 0 && s->resource != NONE) || sequence_note(b, s) != NULL) return false;
  return !(s->type == SEQ_UNDO && b->p->back != NULL && b->p->back[s->step].length > 0) && !b->m->steps.at[b->p->order.at[s->step]].wait;
}

static bool any_value(const struct pieces *p) {
  for (uint32_t i = 0; i < p->n; i++)
    if (p->at[i].type == PIECE_VALUE && !p->at[i].written) return true;
  return false;
}

/* Are commands written alike, whatever plain values they have? What stands for a folder, a file or an answer of a name server is looked
 * at for what it is. */
static bool written_alike(const struct runbook *b, const struct shape_use *x, struct block block) {
  for (uint32_t i = 0; i < block.n; i++) {
    const struct command *c = &block.at[i];
    if (any_value(&c->dir) || any_value(&c->save) || any_value(&c->dns_expected) || (c->body_is_file && any_value(&c->body))) return false;
  }
  return x->told || b->m->tools.n == 0;
}

/* One of the two texts of a form. False: it is none. */
static bool print_stand_ins(struct step_writer *w, struct text *out, const struct sequence *s, uint32_t shape, bool second) {
  const struct runbook *b = w->b;
  const char *name = sequence_numbered(&w->kept, (enum sequence_type)s->type, stand_in_number(SAID_NUMBER, second));
  const struct unit *units = NULL;
  if (s->count > 0) {
    uint32_t n = shape_values(b->m, shape);
    const char **texts = arena_array(&w->kept, const char *, n + 1u);
    for (uint32_t i = 0; i < n; i++) texts[i] = stand_in(&w->kept, SAID_COUNT + i, second);
    struct block block = shape_block(&w->kept, b->m, shape, texts);
    if (!written_alike(b, &b->shapes[shape], block)) return false;
    units = sequence_units_as(b, s, name, block, &w->kept);
  }
  return print_one(w, out, s, name, units);
}

static bool form_of(struct step_writer *w, struct form *f, const struct sequence *s, uint32_t shape) {
  struct text first = {.arena = &w->kept}, second = {.arena = &w->kept};
  return print_stand_ins(w, &first, s, shape, false) && print_stand_ins(w, &second, s, shape, true) &&
         form_find(f, &w->kept, behind(&first, 0), behind(&second, 0));
}

static uint32_t values_in_lines(struct step_writer *w, uint32_t shape) {
  const char **texts = arena_array(&w->scratch, const char *, shape_values(w->b->m, shape) + 1u);
  struct block block = shape_block(&w->scratch, w->b->m, shape, texts);
  uint32_t n = 0;
  for (uint32_t i = 0; i < block.n; i++)
    for (uint32_t k = 0; k < block.at[i].line.n; k++) n += block.at[i].type == CMD_RUN && block.at[i].line.at[k].type == PIECE_VALUE && !block.at[i].line.at[k].written;
  return n;
}

/* NULL: it has none. */
static struct shape_form *shape_form(struct step_writer *w, const struct sequence *s, uint32_t shape) {
  const struct runbook *b = w->b;
  struct shape_form *f = &w->shapes[shape];
  if (f->state == SHAPE_NEW) {
    f->type = s->type;
    f->values = shape_values(b->m, shape);
    f->in_lines = values_in_lines(w, shape) == f->values;
    bool worth = b->shapes[shape].used >= FORM_FROM && f->values < STAND_INS - SAID_COUNT;
    f->state = worth && form_of(w, &f->form, s, shape) ? SHAPE_FORMED : SHAPE_ODD;
  }
  return f->state == SHAPE_FORMED && f->type == s->type ? f : NULL;
}

/* Its form, with its values where they are asked for; NULL: it has none. */
static const struct form *sequence_form(struct step_writer *w, const struct sequence *s, bool values) {
  if (!usual(w->b, s)) return NULL;
  if (s->count == 0) {
    struct shape_form *f = &w->empty[s->type];
    if (f->state == SHAPE_NEW) f->state = form_of(w, &f->form, s, NONE) ? SHAPE_FORMED : SHAPE_ODD;
    return f->state == SHAPE_FORMED ? &f->form : NULL;
  }
  if (s->first != NONE) return NULL;
  uint32_t step = w->b->p->order.at[s->step];
  const struct shape_form *f = shape_form(w, s, sequence_kept_shape(w->b, s));
  if (f == NULL || (!values && s->plain && f->in_lines)) return f == NULL ? NULL : &f->form;
  step_values(&w->scratch, w->b->m, step, sequence_block(s), w->texts);
  for (uint32_t i = 0; i < f->values; i++)
    if (!plain(w->values[SAID_COUNT + i] = all_of(w->texts[i]))) return NULL;
  return &f->form;
}

static bool write_whole(struct step_writer *w, struct text *out, const struct sequence *s) {
  return print_one(w, out, s, sequence_name(w->b, s, &w->scratch), sequence_units(w->b, s, &w->scratch));
}

bool sequence_write(struct step_writer *w, struct text *out, const struct sequence *s) {
  bool met = write_whole(w, out, s);
  fresh(w);
  return met;
}

/* ── All of a step ─────────────────────────────────────────────────────────── */

void steps_begin(struct step_writer *w, const struct runbook *b) {
  *w = (struct step_writer){.b = b};
  w->texts = arena_array(&w->kept, const char *, STAND_INS);
  w->values = arena_array(&w->kept, struct slice, STAND_INS);
  w->words = w->first_words = (struct text){.arena = &w->scratch, .at = arena_alloc(&w->kept, ROOM, 1), .cap = ROOM};
  w->shapes = arena_array(&w->kept, struct shape_form, shape_count(b->m) + 1u);
  form_of_said(w);
}

void steps_end(struct step_writer *w) {
  arena_free(&w->kept);
  arena_free(&w->scratch);
  checking_free(&w->checking);
}

static const struct sequence *sequences_of(const struct runbook *b, uint32_t k) { return &b->sequences.at[b->observations + 4 * k]; }

bool step_formed(struct step_writer *w, uint32_t k) {
  const struct runbook *b = w->b;
  const struct sequence *all = sequences_of(b, k);
  struct step_said said = step_said(b, k);
  said.place = step_path(b, k);
  bool formed = said_values(w, &said);
  for (uint32_t i = 0; i < 4 && formed; i++) formed = sequence_form(w, &all[i], false) != NULL;
  fresh(w);
  return formed;
}

bool step_write(struct step_writer *w, struct text *out, uint32_t k, uint32_t line) {
  const struct runbook *b = w->b;
  const struct sequence *all = sequences_of(b, k);
  struct step_said said = step_said(b, k);
  const char *path = step_path(b, k);
  struct text *place = words(w, strlen(path) + 16);
  size_t from = place->n;
  bool met = true;
  place_print_at(place, b->m, b->m->steps.at[b->p->order.at[k]].at, line);
  text_putc(place, '\0');
  said.place = place->at + from;
  said_numbers(w, &said);
  if (said_values(w, &said)) form_fill(out, &w->head, w->values);
  else met = print_said(w, out, &said);
  for (uint32_t i = 0; i < 4; i++) {
    const struct form *f = sequence_form(w, &all[i], true);
    if (f != NULL) form_fill(out, f, w->values);
    else met = write_whole(w, out, &all[i]) && met;
  }
  fresh(w);
  return met;
}
