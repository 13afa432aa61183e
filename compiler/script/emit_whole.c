/* The runbook -> one script: what stands where, its sums, and whether it reads back.
 * Needs runbook_build's result. Guarantees: nothing is left in the output of a runbook that does not read back as the plan; the same
 * bytes with a second thread and without. */
#include "script/reader.h"

#include "base/beside.h"
#include "base/embedded.h"

/* What a reader can check by eye or by sum, without the plan: the plan's own part is summed up to here. */
static void print_runtime_sum(struct text *out) { text_print(out, "\n# == Manifest ==\n# runtime: sha256 %s\n", runtime_digest()); }
static void print_plan_sum(struct text *out, const char *digest) { text_print(out, "# plan part: sha256 %s\n", digest); }

static void print_counts(struct text *out, const struct runbook *b) {
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
    if (b->sequences.at[i].type == SEQ_FETCH) sequence_print(out, b, &b->sequences.at[i], sequence_units(b, &b->sequences.at[i], out->arena));
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
static void print_sequences(struct text *out, const struct runbook *b, struct stretch at, const struct unit *const *units) {
  bool parts = runbook_long(b);
  for (uint32_t i = at.first; i < at.end; i++) {
    const struct sequence *s = &b->sequences.at[i];
    bool observe = s->type == SEQ_OBSERVE;
    uint32_t k = observe ? i : s->step;
    if (s->type == SEQ_FETCH) continue;
    if (parts && (observe || s->type == SEQ_DO) && k % PART_SIZE == 0)
      print_mark(out, b, observe ? "observations" : "steps", k + 1, observe ? b->observations : b->p->order.n);
    if (s->type == SEQ_DO) step_print(out, b, k);
    sequence_print(out, b, s, units[i - at.first]);
  }
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
  if (runbook_long(b)) print_mark(out, b, "manifest", 0, 0);
  else promises_print(out, b);
  print_runtime_sum(out);
  print_plan_sum(out, digest_sha256(out->arena, out->at + plan, out->n - plan));
  print_counts(out, b);
  if (runbook_long(b)) print_mark(out, b, "end", 0, 0);
  else text_puts(out, "\ncut_main \"$@\"\n");
}

void runbook_print(struct text *out, const struct runbook *b) {
  struct arena own = {0};
  struct stretch all = {.end = b->sequences.n};
  size_t plan = print_top(out, b);
  print_sequences(out, b, all, stretch_units(b, all, &own));
  print_bottom(out, b, plan);
  arena_free(&own);
}

/* In room for about as much as there will be, so that it need not move; memory that is not used is never touched. */
static bool in_one(struct written *s, const struct runbook *b) {
  struct text out = {.arena = &s->own[0], .cap = ((size_t)160 << 10) + (size_t)1024 * b->p->order.n};
  out.at = arena_alloc(out.arena, out.cap, 1);
  runbook_print(&out, b);
  array_push(&s->own[0], &s->parts, (struct slice){text_done(&out), out.n});
  return runbook_read(b->m->c, b, text_done(&out), out.n, NONE) == 0;
}

/* ── A long one, by two threads ────────────────────────────────────────────── */

/* A portion is written, read back while it is at hand, and kept. The first is all that stands above the sequences; the last one
 * are the lines of the manifest. What is between them is the plan's own part, which is summed in its order by who comes by. */
enum { SEQUENCES_AT_ONCE = 256 };
struct portion {
  struct slice text;
  bool written;
};
struct writing {
  const struct runbook *b;
  pthread_mutex_t lock; /* of all that follows, but for a portion that somebody is at */
  struct portion *portions;
  uint32_t count, next, summed;
  bool summing, broken;
  size_t plan;          /* where in the first one the plan's own part begins */
  struct digest *sum;
};
/* What a thread has to itself, from one portion to the next. */
struct writer {
  struct writing *w;
  struct arena *kept, scratch, room;
  char *at; /* where it writes: the same memory again and again */
  size_t cap;
};

static uint32_t portions_of(uint32_t sequences) { return (sequences + SEQUENCES_AT_ONCE - 1) / SEQUENCES_AT_ONCE; }

/* So that each begins with an observation or a step. */
static struct stretch stretch_of(const struct runbook *b, uint32_t i) {
  uint32_t first = portions_of(b->observations), all = b->observations + 4 * b->p->order.n, from = i * SEQUENCES_AT_ONCE, end = b->observations;
  if (i >= first) {
    from = b->observations + (i - first) * SEQUENCES_AT_ONCE;
    end = all;
  }
  return (struct stretch){.first = from, .end = end - from > SEQUENCES_AT_ONCE ? from + SEQUENCES_AT_ONCE : end};
}

/* Nothing of it can go on in what stands behind it: its last line is whole. */
static bool ends_with_a_line(const struct text *t) { return t->n > 1 && t->at[t->n - 1] == '\n' && t->at[t->n - 2] != '\\'; }

/* All that stands above the sequences is long, and stays where it was written. */
static bool write_top(struct writer *r) {
  struct writing *w = r->w;
  struct text out = {.arena = r->kept, .cap = (size_t)512 << 10};
  out.at = arena_alloc(r->kept, out.cap, 1);
  w->plan = print_top(&out, w->b);
  w->portions[0].text = (struct slice){text_done(&out), out.n};
  return ends_with_a_line(&out) && runbook_met(w->b, text_done(&out), out.n, (struct stretch){.top = true});
}

static bool write_portion(struct writer *r, uint32_t i) {
  struct writing *w = r->w;
  const struct runbook *b = w->b;
  struct text out = {.arena = &r->scratch, .at = r->at, .cap = r->cap};
  struct stretch at = {.first = b->sequences.n, .end = b->sequences.n};
  if (i == 0) return write_top(r);
  if (i + 1 < w->count) at = stretch_of(b, i - 1);
  const struct unit **units = stretch_units(b, at, &r->scratch);
  if (i + 1 < w->count) print_sequences(&out, b, at, units);
  else print_counts(&out, b);
  w->portions[i].text = (struct slice){arena_copy(r->kept, text_done(&out), out.n), out.n};
  bool met = ends_with_a_line(&out) && expectations_met(b, text_done(&out), out.n, at, units);
  if (out.at != r->at) r->at = arena_alloc(&r->room, r->cap = out.cap, 1); /* it was too small */
  arena_reset(&r->scratch);
  return met;
}

static void sum_portion(struct writing *w, uint32_t i) {
  size_t from = i == 0 ? w->plan : 0;
  digest_add(w->sum, w->portions[i].text.at + from, w->portions[i].text.n - from);
}

/* Portions, and sums of those that are written, as long as there are some. */
static bool write_some(void *data) {
  struct writer *r = data;
  struct writing *w = r->w;
  r->at = arena_alloc(&r->room, r->cap = (size_t)128 << 10, 1);
  pthread_mutex_lock(&w->lock);
  for (;;) {
    uint32_t i = w->summed;
    if (!w->summing && i + 1 < w->count && w->portions[i].written) {
      w->summing = true;
      pthread_mutex_unlock(&w->lock);
      sum_portion(w, i);
      pthread_mutex_lock(&w->lock);
      w->summing = false;
      w->summed++;
    } else if (w->next < w->count) {
      i = w->next++;
      pthread_mutex_unlock(&w->lock);
      bool met = write_portion(r, i);
      pthread_mutex_lock(&w->lock);
      w->portions[i].written = true;
      w->broken = w->broken || !met;
    } else {
      break;
    }
  }
  pthread_mutex_unlock(&w->lock);
  arena_free(&r->scratch);
  arena_free(&r->room);
  return true;
}

static void keep(struct written *s, struct text *part) { array_push(&s->own[0], &s->parts, (struct slice){text_done(part), part->n}); }

/* The parts, with the sums, which stand where all else is known. True when all of it reads back. */
static bool finish(struct written *s, struct writing *w) {
  struct arena *a = &s->own[0];
  struct text head = {.arena = a}, sum = {.arena = a}, end = {.arena = a};
  while (w->summed + 1 < w->count) sum_portion(w, w->summed++);
  print_mark(&head, w->b, "manifest", 0, 0);
  print_runtime_sum(&head);
  digest_add(w->sum, text_done(&head), head.n);
  print_plan_sum(&sum, digest_end(a, w->sum));
  print_mark(&end, w->b, "end", 0, 0);
  for (uint32_t i = 0; i + 1 < w->count; i++) array_push(a, &s->parts, w->portions[i].text);
  keep(s, &head);
  keep(s, &sum);
  array_push(a, &s->parts, w->portions[w->count - 1].text);
  keep(s, &end);
  struct text own = {.arena = a};
  text_add(&own, text_done(&head), head.n);
  text_add(&own, text_done(&sum), sum.n);
  text_add(&own, text_done(&end), end.n);
  return !w->broken && expectations_met(w->b, text_done(&own), own.n, (struct stretch){.first = w->b->sequences.n, .end = w->b->sequences.n}, NULL);
}

static bool in_two(struct written *s, const struct runbook *b) {
  uint32_t n = portions_of(b->observations) + portions_of(4 * b->p->order.n) + 2;
  struct writing w = {.b = b, .lock = PTHREAD_MUTEX_INITIALIZER, .portions = arena_array(&s->own[0], struct portion, n), .count = n, .sum = digest_begin(&s->own[0])};
  struct writer mine = {.w = &w, .kept = &s->own[0]}, other = {.w = &w, .kept = &s->own[1]};
  struct beside beside;
  bool two = beside_worth(n, 2);
  if (two) beside_start(&beside, write_some, &other);
  write_some(&mine);
  if (two) beside_join(&beside);
  pthread_mutex_destroy(&w.lock);
  return finish(s, &w);
}

/* ── All of it ─────────────────────────────────────────────────────────────── */

static void join(struct text *out, const struct written *s) {
  for (uint32_t i = 0; i < s->parts.n; i++) text_add(out, s->parts.at[i].at, s->parts.at[i].n);
}

/* Statement by statement. */
static bool reads_back(struct written *s, const struct runbook *b) {
  struct text all = {.arena = &s->own[0]};
  join(&all, s);
  return runbook_read(b->m->c, b, text_done(&all), all.n, NONE) == 0;
}

void script_write(struct written *s, struct runbook *b, const char *digest) {
  struct model *m = b->m;
  *s = (struct written){0};
  b->digest = digest != NULL ? digest : digest_plan(m, NONE);
  if (runbook_long(b) ? in_two(s, b) || reads_back(s, b) : in_one(s, b)) return;
  finding_add(m->c, CODE_311, m->plan_at, "the runbook just written does not read back as the plan: nothing is printed (a defect of cutc)");
  s->parts.n = 0;
}

void script_free(struct written *s) {
  for (size_t i = 0; i < sizeof s->own / sizeof *s->own; i++) arena_free(&s->own[i]);
  *s = (struct written){0};
}

void script_emit(struct text *out, struct runbook *b) {
  struct written s;
  script_write(&s, b, NULL);
  join(out, &s);
  script_free(&s);
}
