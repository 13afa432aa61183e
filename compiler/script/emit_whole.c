/* The runbook -> one script: what stands where, its sums, and whether it reads back.
 * Needs runbook_build's result. Guarantees: nothing is left in the output of a runbook that does not read back as the plan. */
#include "script/reader.h"

#include "base/beside.h"
#include "base/embedded.h"

/* What a reader can check by eye or by sum, without the plan. */
static void print_manifest(struct text *out, const struct runbook *b, size_t plan_from) {
  text_print(out, "\n# == Manifest ==\n# runtime: sha256 %s\n", runtime_digest());
  text_print(out, "# plan part: sha256 %s\n", digest_sha256(out->arena, out->at + plan_from, out->n - plan_from));
  for (uint32_t i = 0; i < b->sequences.n; i++) {
    const struct sequence *s = &b->sequences.at[i];
    if (s->type != SEQ_DO) continue;
    text_print(out, "# step %u %s: do %u, undo %u, verify %u\n", s->step + 1, name_text(&b->m->c->names, b->m->steps.at[b->p->order.at[s->step]].name), s->count,
               b->sequences.at[i + 1].count, b->sequences.at[i + 2].count);
  }
}

const char *runtime_text(size_t *length) {
  const struct embedded *all = embedded_find("runtime");
  *length = all->length;
  return all->text;
}

const char *runtime_digest(void) { return embedded_find("runtime.sha256")->text; }

static void print_fetches(struct text *out, const struct runbook *b) {
  for (uint32_t i = 0; i < b->sequences.n; i++)
    if (b->sequences.at[i].type == SEQ_FETCH) sequence_print(out, b, &b->sequences.at[i]);
}

/* The line that a part begins with. No text of the plan can have the like, since it names the digest of the plan. */
static void print_mark(struct text *out, const struct runbook *b, const char *name, uint32_t first, uint32_t n) {
  if (first == 0) {
    text_print(out, "\n" PART_MARK "%s of %.16s ==\n", name, b->digest);
    return;
  }
  uint32_t last = first + PART_SIZE - 1 < n ? first + PART_SIZE - 1 : n;
  text_print(out, "\n" PART_MARK "%s_%u of %.16s: %s %u to %u of %u ==\n", name, first, b->digest, name, first, last, n);
}

/* What observations and steps do. */
static void print_sequences(struct text *out, const struct runbook *b, struct stretch at) {
  struct arena own = {0};
  bool parts = runbook_long(b);
  for (uint32_t i = at.first; i < at.end; i++) {
    const struct sequence *s = &b->sequences.at[i];
    struct text part = {.arena = &own};
    bool observe = s->type == SEQ_OBSERVE;
    uint32_t k = observe ? i : s->step;
    if (s->type == SEQ_FETCH) continue;
    if (parts && (observe || s->type == SEQ_DO) && k % PART_SIZE == 0)
      print_mark(&part, b, observe ? "observations" : "steps", k + 1, observe ? b->observations : b->p->order.n);
    if (s->type == SEQ_DO) step_print(&part, b, k);
    sequence_print(&part, b, s);
    text_take(out, &part);
  }
  arena_free(&own);
}

/* All that stands above the sequences; returns where the plan's own part begins. Of a long runbook what commands need of the plan comes
 * first, then what only the run itself needs, then its call, and all the rest below. */
static size_t print_top(struct text *out, const struct runbook *b) {
  size_t length;
  const char *runtime = runtime_text(&length);
  text_puts(out, "#!/bin/sh\n");
  runbook_header(out, b);
  text_putc(out, '\n');
  text_add(out, runtime, length);
  size_t plan = out->n;
  text_puts(out, "\n# == Plan ==\n\n");
  constants_print(out, b);
  if (!runbook_long(b)) {
    lists_print(out, b);
    print_fetches(out, b);
    return plan;
  }
  print_fetches(out, b);
  print_mark(out, b, "tables", 0, 0);
  lists_print(out, b);
  promises_print(out, b);
  text_puts(out, "\n# The shell reads no further: the parts below are taken from this file when they are needed.\n"
                 "{\n  cut_main \"$@\"\n  cut_rc=$?\n  [ \"${cut_part}\" = 0 ] || exit \"${cut_rc}\"\n}\n");
  return plan;
}

/* All that stands below the sequences. */
static void print_bottom(struct text *out, const struct runbook *b, size_t plan) {
  if (!runbook_long(b)) {
    promises_print(out, b);
    print_manifest(out, b, plan);
    text_puts(out, "\ncut_main \"$@\"\n");
    return;
  }
  print_mark(out, b, "manifest", 0, 0);
  print_manifest(out, b, plan);
  print_mark(out, b, "end", 0, 0);
}

void runbook_print(struct text *out, const struct runbook *b) {
  size_t plan = print_top(out, b);
  print_sequences(out, b, (struct stretch){0, b->sequences.n});
  print_bottom(out, b, plan);
}

/* ── A long one, by two threads ────────────────────────────────────────────── */

/* Sequences that are written, and read back, into a text of their own. They share the runbook, which nobody changes meanwhile. */
struct half {
  const struct runbook *b;
  struct stretch at;
  struct text text;
};

static bool write_half(void *data) {
  struct half *h = data;
  print_sequences(&h->text, h->b, h->at);
  return expectations_met(h->b, text_done(&h->text), h->text.n, h->at);
}

/* The sequence in the middle, with which an observation or a step begins. */
static uint32_t middle(const struct runbook *b) {
  uint32_t i = b->sequences.n / 2;
  while (i < b->sequences.n && b->sequences.at[i].type != SEQ_OBSERVE && b->sequences.at[i].type != SEQ_DO) i++;
  return i;
}

/* True when all of it reads back. */
static bool write_in_two(struct text *out, const struct runbook *b) {
  struct arena own = {0};
  size_t from = out->n;
  struct half late = {.b = b, .at = {middle(b), b->sequences.n}, .text = {.arena = &own}};
  struct beside beside;
  for (uint32_t i = 0; i < b->m->c->sources.n; i++) (void)source_place(b->m->c, i, 0); /* counts the lines, which both ask for */
  beside_start(&beside, write_half, &late);
  struct stretch early = {0, late.at.first};
  size_t plan = print_top(out, b);
  print_sequences(out, b, early);
  bool met = runbook_met(b, text_done(out) + from, out->n - from, early);
  met &= beside_join(&beside);
  text_add(out, text_done(&late.text), late.text.n);
  arena_free(&own);
  size_t bottom = out->n;
  print_bottom(out, b, plan);
  return met && expectations_met(b, text_done(out) + bottom, out->n - bottom, (struct stretch){late.at.end, late.at.end});
}

/* Room for about as much as there will be, so that it need not move; memory that is not used is never touched. */
static void make_room(struct text *out, const struct runbook *b) {
  if (out->at != NULL) return;
  out->cap = ((size_t)160 << 10) + (size_t)1024 * b->p->order.n + (size_t)512 * (b->m->promises.n + b->sequences.n - (size_t)4 * b->p->order.n);
  out->at = arena_alloc(out->arena, out->cap, 1);
}

void script_emit(struct text *out, struct runbook *b) {
  struct model *m = b->m;
  b->digest = digest_plan(m, NONE);
  size_t from = out->n;
  make_room(out, b);
  bool met = false;
  if (runbook_long(b)) met = write_in_two(out, b);
  else runbook_print(out, b);
  if (met || runbook_read(m->c, b, text_done(out) + from, out->n - from, NONE) == 0) return;
  finding_add(m->c, CODE_311, m->plan_at, "the runbook just written does not read back as the plan: nothing is printed (a defect of cutc)");
  out->n = from;
}
