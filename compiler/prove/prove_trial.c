/* The same plan with something else in it: copies of a model, and whether they prove better.
 * Needs a model and its proof. Guarantees the model is left as it is. */
#include "prove/ways_out.h"

#include <string.h>

enum { TRIALS_EFFORT = 32 << 20 };

static void *copy(struct arena *a, const void *from, uint32_t n, uint32_t more, size_t size) {
  char *out = arena_alloc(a, (size_t)n + more + 1, size);
  if (n > 0) memcpy(out, from, n * size);
  return out;
}

struct model *model_fork(struct model *m, uint32_t more) {
  struct arena *a = &m->c->arena;
  attributes_of_all(m); /* whoever asks the copy for them would not get them */
  struct model *f = copy(a, m, 1, 0, sizeof *m);
  f->elaboration = NULL; /* guards are interned anew */
  f->facts.at = copy(a, m->facts.at, m->facts.n, 0, sizeof *m->facts.at);
  for (uint32_t i = 0; i < f->facts.n; i++) f->facts.at[i] = slot_of_fact(fact_copy(a, fact_at(m, i)));
  f->promises.at = copy(a, m->promises.at, m->promises.n, 0, sizeof *m->promises.at);
  f->steps.at = copy(a, m->steps.at, m->steps.n, more, sizeof *m->steps.at);
  f->guards.at = copy(a, m->guards.at, m->guards.n, 0, sizeof *m->guards.at);
  f->facts.cap = f->facts.n;
  f->promises.cap = f->promises.n;
  f->guards.cap = f->guards.n;
  uint32_t own = m->steps.n - m->wait_count; /* waits are found anew */
  f->steps.cap = f->steps.n = own + more;
  f->wait_count = 0;
  for (uint32_t i = own; i < f->steps.n; i++) {
    f->steps.at[i] = (struct step){0};
    f->steps.at[i].resource = NONE;
    f->steps.at[i].first_position = i;
    f->steps.at[i].at = m->plan_at;
  }
  if (more == m->wait_count) return f;
  for (uint32_t i = 0; i < f->guards.n; i++) {
    struct guard *g = &f->guards.at[i];
    if (g->n == 0 || g->steps[g->n - 1] >> 1 < m->steps.n) continue;
    uint32_t *steps = copy(a, g->steps, g->n, 0, sizeof *steps);
    for (uint32_t k = 0; k < g->n; k++)
      if (steps[k] >> 1 >= m->steps.n) steps[k] = steps[k] + (more << 1) - (m->wait_count << 1);
    g->steps = steps;
  }
  return f;
}

static bool same(const struct breach *a, const struct breach *b) {
  if (a->code == b->code && a->promise != NONE && (a->code == CODE_221 || a->code == CODE_252)) return a->promise == b->promise;
  return a->code == b->code && a->promise == b->promise && a->step == b->step && a->fact == b->fact &&
         a->other_fact == b->other_fact && a->resource == b->resource && a->client == b->client &&
         a->forbidden == b->forbidden && a->ask == b->ask && a->need == b->need;
}

struct proof *trial_prove(const struct proof *p, struct model *fork) {
  struct proof *q = prove_quietly(fork);
  p->proving->effort += q->proving->effort;
  return q;
}

bool trials_affordable(const struct proof *p) { return p->proving->effort < TRIALS_EFFORT; }

bool trial_mends(const struct proof *p, const struct proof *q, uint32_t mended, uint32_t *because) {
  bool holds = true;
  *because = NONE;
  for (uint32_t i = 0; i < q->breaches.n; i++) {
    const struct breach *b = &q->breaches.at[i];
    if (b->severity != SEV_ERROR) continue;
    bool known = false;
    for (uint32_t k = 0; k < p->breaches.n && !known; k++) known = k != mended && same(b, &p->breaches.at[k]);
    if (known) continue;
    holds = false;
    uint32_t promise = b->promise != NONE ? b->promise : b->promise_count > 0 ? b->promises[0] : NONE;
    if (promise < *because) *because = promise;
  }
  return holds;
}

bool trial_holds(const struct proof *p, struct model *fork, uint32_t mended, uint32_t *because) {
  return trial_mends(p, trial_prove(p, fork), mended, because);
}

void fork_after(struct model *fork, uint32_t step, uint32_t other) {
  struct step *s = &fork->steps.at[step];
  uint32_t *after = copy(&fork->c->arena, s->after, s->after_count, 1, sizeof *after);
  after[s->after_count++] = other;
  s->after = after;
}
