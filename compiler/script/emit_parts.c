/* The runbook -> known to read back, then written part by part.
 * Needs runbook_build's result. Guarantees: nothing is written of a runbook that does not read back as the plan; the same bytes with a
 * second thread and without.
 *
 * A long one is gone through twice, by two threads each time: what has to be read back as a whole is kept, and what has a form is
 * written again when its turn comes, so that never more of it is in memory than a few parts. */
#include "script/emit_steps.h"

#include "base/beside.h"

/* In the order of the script. The plan's own part, which is summed, begins within the top. */
enum portion_type { PORTION_OPEN, PORTION_HEADS, PORTION_TOP, PORTION_OBSERVED, PORTION_STEPS, PORTION_SUMS, PORTION_COUNTS, PORTION_END };
enum { AT_ONCE = 256, PARTS_AHEAD = 4, ROOM = 160 << 10 };
struct portion {
  uint8_t type;
  uint32_t first, end; /* observations, or steps by their place in the order */
  struct slice kept;   /* NULL: it is written when its turn comes */
};

struct written {
  struct runbook *b;
  struct slice whole;  /* of a short one */
  ARRAY(struct portion) portions;
  uint32_t *lines;     /* of the steps' places */
  size_t plan;         /* where in the top the plan's own part begins */
  struct worker {
    struct written *s;
    struct arena kept, room;
    struct text text;  /* where it writes: the same memory again and again */
    struct step_writer steps;
    bool broken;
  } workers[2];
  /* What both have in common, and nobody but who has the lock looks at. */
  pthread_mutex_t lock;
  pthread_cond_t handed_on;
  uint32_t next, handed;
  bool handing, stopped;
  struct ahead { struct arena own; struct text text; bool ready; } ahead[PARTS_AHEAD];
  struct digest *sum;
  bool (*take)(void *data, struct slice part);
  void *data;
};

/* ── What stands where ─────────────────────────────────────────────────────── */

static void add_portions(struct written *s, enum portion_type type, uint32_t n) {
  for (uint32_t i = 0; i < n; i += AT_ONCE)
    array_push(&s->workers[0].kept, &s->portions, ((struct portion){.type = (uint8_t)type, .first = i, .end = n - i > AT_ONCE ? i + AT_ONCE : n}));
}

static void lay_out(struct written *s) {
  uint32_t observed = s->b->observations, steps = s->b->p->order.n;
  for (enum portion_type type = PORTION_OPEN; type <= PORTION_END; type++)
    add_portions(s, type, type == PORTION_OBSERVED ? observed : type == PORTION_HEADS || type == PORTION_STEPS || type == PORTION_COUNTS ? steps : 1);
}

static void part_mark(struct text *out, const struct runbook *b, const char *name, uint32_t k, uint32_t n) {
  if (k % PART_SIZE == 0) mark_print(out, b, name, k + 1, n);
}

static bool print_steps(struct worker *w, struct text *out, const struct portion *p) {
  const struct runbook *b = w->s->b;
  bool met = true;
  for (uint32_t k = p->first; k < p->end; k++) {
    part_mark(out, b, "steps", k, b->p->order.n);
    met = step_write(&w->steps, out, k, w->s->lines[k]) && met;
  }
  return met;
}

static bool print_observed(struct worker *w, struct text *out, const struct portion *p) {
  const struct runbook *b = w->s->b;
  bool met = true;
  for (uint32_t i = p->first; i < p->end; i++) {
    part_mark(out, b, "observations", i, b->observations);
    met = sequence_write(&w->steps, out, &b->sequences.at[i]) && met;
  }
  return met;
}

/* `sum`: of the plan's own part. */
static void print_sums(struct text *out, const struct runbook *b, const char *sum) {
  if (sum == NULL) mark_print(out, b, "manifest", 0, 0), runtime_sum_print(out);
  else plan_sum_print(out, sum);
}

/* False: what has been written does not read back. */
static bool print_portion(struct worker *w, struct text *out, const struct portion *p) {
  const struct runbook *b = w->s->b;
  switch ((enum portion_type)p->type) {
  case PORTION_OPEN:
    text_puts(out, "#!/bin/sh\n");
    header_open(out, b);
    break;
  case PORTION_HEADS:
    for (uint32_t k = p->first; k < p->end; k++) header_step(out, b, k, w->s->lines[k]);
    break;
  case PORTION_STEPS: return print_steps(w, out, p);
  case PORTION_COUNTS: counts_print(out, b, p->first, p->end); break;
  case PORTION_END: mark_print(out, b, "end", 0, 0); break;
  case PORTION_TOP:
  case PORTION_OBSERVED:
  case PORTION_SUMS: break;
  }
  return true;
}

/* ── Does it read back? ────────────────────────────────────────────────────── */

static bool ends_with_a_line(const struct text *t) { return t->n > 1 && t->at[t->n - 1] == '\n' && t->at[t->n - 2] != '\\'; }

/* It is long, and stays where it was written. */
static bool check_top(struct worker *w, struct portion *p) {
  struct text out = {.arena = &w->kept, .cap = (size_t)512 << 10};
  out.at = arena_alloc(out.arena, out.cap, 1);
  w->s->plan = top_print(&out, w->s->b);
  p->kept = (struct slice){text_done(&out), out.n};
  return ends_with_a_line(&out) && runbook_met(w->s->b, text_done(&out), out.n, (struct stretch){.top = true});
}

/* Comments, whatever the sum is. */
static bool check_sums(struct worker *w) {
  const struct runbook *b = w->s->b;
  struct text *out = &w->text;
  out->n = 0;
  print_sums(out, b, NULL);
  print_sums(out, b, b->digest);
  mark_print(out, b, "end", 0, 0);
  return expectations_met(b, text_done(out), out->n, (struct stretch){.first = b->sequences.n, .end = b->sequences.n}, NULL);
}

static bool steps_formed(struct worker *w, const struct portion *p) {
  bool formed = true;
  for (uint32_t k = p->first; k < p->end; k++) {
    w->s->lines[k] = step_line(w->s->b, k);
    formed = formed && step_formed(&w->steps, k);
  }
  return formed;
}

static bool kept_if_met(struct worker *w, struct portion *p, bool (*print)(struct worker *w, struct text *out, const struct portion *p)) {
  w->text.n = 0;
  bool met = print(w, &w->text, p);
  p->kept = (struct slice){arena_copy(&w->kept, text_done(&w->text), w->text.n), w->text.n};
  return met;
}

static bool check_portion(struct worker *w, struct portion *p) {
  switch ((enum portion_type)p->type) {
  case PORTION_TOP: return check_top(w, p);
  case PORTION_SUMS: return check_sums(w);
  case PORTION_OBSERVED: return kept_if_met(w, p, print_observed);
  case PORTION_STEPS: return steps_formed(w, p) || kept_if_met(w, p, print_steps);
  case PORTION_OPEN:
  case PORTION_HEADS:
  case PORTION_COUNTS:
  case PORTION_END: break;
  }
  return true;
}

static bool check_some(void *data) {
  struct worker *w = data;
  struct written *s = w->s;
  for (;;) {
    pthread_mutex_lock(&s->lock);
    uint32_t i = s->next < s->portions.n ? s->next++ : s->portions.n;
    pthread_mutex_unlock(&s->lock);
    if (i == s->portions.n) return !w->broken;
    if (!check_portion(w, &s->portions.at[i])) w->broken = true;
  }
}

/* By both, if there is so much to do; this one first. */
static void together(struct written *s, bool (*work)(void *data)) {
  struct beside beside;
  bool two = beside_worth(s->portions.n, 2);
  if (two) beside_start(&beside, work, &s->workers[1]);
  work(&s->workers[0]);
  if (two) beside_join(&beside);
}

static bool long_reads_back(struct written *s) {
  lay_out(s);
  s->lines = arena_array(&s->workers[0].kept, uint32_t, s->b->p->order.n + 1u);
  for (unsigned i = 0; i < 2; i++) {
    struct worker *w = &s->workers[i];
    w->s = s;
    w->text = (struct text){.arena = &w->room};
    steps_begin(&w->steps, s->b);
  }
  together(s, check_some);
  return !s->workers[0].broken && !s->workers[1].broken;
}

/* In room for about as much as there will be, so that it need not move; memory that is not used is never touched. */
static bool whole_reads_back(struct written *s) {
  const struct runbook *b = s->b;
  struct text out = {.arena = &s->workers[0].kept, .cap = ((size_t)160 << 10) + (size_t)1024 * b->p->order.n};
  out.at = arena_alloc(out.arena, out.cap, 1);
  runbook_print(&out, b);
  s->whole = (struct slice){text_done(&out), out.n};
  return runbook_read(b->m->c, b, text_done(&out), out.n, NONE) == 0;
}

struct written *script_check(struct runbook *b, const char *digest) {
  struct model *m = b->m;
  struct written *s = arena_new(&m->c->arena, struct written);
  *s = (struct written){.b = b, .lock = PTHREAD_MUTEX_INITIALIZER, .handed_on = PTHREAD_COND_INITIALIZER};
  b->digest = digest != NULL ? digest : digest_plan(m, NONE);
  if ((runbook_long(b) && long_reads_back(s)) || whole_reads_back(s)) return s;
  script_free(s);
  finding_add(m->c, CODE_311, m->plan_at, "the runbook just written does not read back as the plan: nothing is printed (a defect of cutc)");
  return NULL;
}

/* ── Written ───────────────────────────────────────────────────────────────── */

/* In its turn: nobody else is at the sum, nor at what takes it. */
static bool hand_on(struct written *s, uint32_t i) {
  const struct portion *p = &s->portions.at[i];
  struct text *text = &s->ahead[i % PARTS_AHEAD].text;
  struct slice part = p->kept.at != NULL ? p->kept : (struct slice){text_done(text), text->n};
  size_t from = p->type == PORTION_TOP ? s->plan : 0;
  if (p->type == PORTION_SUMS) {
    print_sums(text, s->b, NULL);
    digest_add(s->sum, text_done(text), text->n);
    print_sums(text, s->b, digest_end(text->arena, s->sum));
    part = (struct slice){text_done(text), text->n};
  } else if (p->type >= PORTION_TOP && p->type < PORTION_SUMS) {
    digest_add(s->sum, part.at + from, part.n - from);
  }
  return s->take(s->data, part);
}

/* With the lock, which is given back meanwhile. */
static void hand_on_some(struct written *s) {
  s->handing = true;
  while (s->handed < s->next && s->ahead[s->handed % PARTS_AHEAD].ready && !s->stopped) {
    pthread_mutex_unlock(&s->lock);
    bool taken = hand_on(s, s->handed);
    pthread_mutex_lock(&s->lock);
    s->stopped = s->stopped || !taken;
    s->ahead[s->handed++ % PARTS_AHEAD].ready = false;
    pthread_cond_signal(&s->handed_on);
  }
  s->handing = false;
}

static bool write_some(void *data) {
  struct worker *w = data;
  struct written *s = w->s;
  pthread_mutex_lock(&s->lock);
  while (!s->stopped) {
    if (!s->handing && s->handed < s->next && s->ahead[s->handed % PARTS_AHEAD].ready) {
      hand_on_some(s);
    } else if (s->next < s->portions.n && s->next < s->handed + PARTS_AHEAD) {
      struct portion *p = &s->portions.at[s->next];
      struct ahead *part = &s->ahead[s->next++ % PARTS_AHEAD];
      pthread_mutex_unlock(&s->lock);
      part->text.n = 0;
      bool met = p->kept.at != NULL || print_portion(w, &part->text, p);
      pthread_mutex_lock(&s->lock);
      if (!met) {
        s->stopped = true;
        pthread_cond_signal(&s->handed_on);
      }
      part->ready = true;
    } else if (s->next < s->portions.n) {
      pthread_cond_wait(&s->handed_on, &s->lock);
    } else {
      break; /* what is left is handed on by who is at it */
    }
  }
  pthread_mutex_unlock(&s->lock);
  return true;
}

bool script_write(struct written *s, bool (*take)(void *data, struct slice part), void *data) {
  if (s->whole.at != NULL) return take(data, s->whole);
  s->take = take;
  s->data = data;
  s->next = 0;
  s->sum = digest_begin(&s->workers[0].kept);
  for (unsigned i = 0; i < PARTS_AHEAD; i++) s->ahead[i].text = (struct text){.arena = &s->ahead[i].own, .at = arena_alloc(&s->ahead[i].own, ROOM, 1), .cap = ROOM};
  together(s, write_some);
  return !s->stopped;
}

void script_free(struct written *s) {
  if (s == NULL) return;
  for (unsigned i = 0; i < 2; i++) {
    steps_end(&s->workers[i].steps);
    arena_free(&s->workers[i].kept);
    arena_free(&s->workers[i].room);
  }
  for (unsigned i = 0; i < PARTS_AHEAD; i++) arena_free(&s->ahead[i].own);
  pthread_mutex_destroy(&s->lock);
  pthread_cond_destroy(&s->handed_on);
}

static bool add(void *out, struct slice part) {
  text_add(out, part.at, part.n);
  return true;
}

void script_emit(struct text *out, struct runbook *b) {
  struct written *s = script_check(b, NULL);
  if (s != NULL) script_write(s, add, out);
  script_free(s);
}
