/* Completes clashes: where the order that is left breaks them, and what would let an order hold after all.
 * Needs the other breaches. Guarantees that each way out was tried: with it, the plan has no error that it had not. */
#include "prove/ways_out.h"

#include <string.h>

/* What all trials of a proof may cost, in facts: each costs those of the plan and some more. And the size above which none is made. */
enum { TRIALS_COST = 96000, TRIAL_COST = 400, TRIAL_FACTS = 4000 };

/* E252, of a promise: first_state, last_state, step, during, before, after, asked, client, time, limit as in E221. */
void check_clash(struct model *m, struct proof *p, struct state *s) {
  for (uint32_t i = 0; i < p->breaches.n; i++)
    if (p->breaches.at[i].code == CODE_252 && p->breaches.at[i].promise != NONE) {
      struct breach b = p->breaches.at[i];
      breach_states(m, p, s, &b);
      breach_firsts(m, p, s, &b);
      p->breaches.at[i] = b;
    }
}

struct mend *way_add(struct ways *w, enum mend_type type) {
  array_push(&w->m->c->arena, &w->list, (struct mend){.works = 1, .type = (uint8_t)type, .because = NONE, .owner = NONE,
                                                      .fact = NONE, .step = NONE, .promise = NONE});
  return &w->list.at[w->list.n - 1];
}

bool way_may_try(const struct ways *w) { return w->left > 0 && trials_affordable(w->p); }

struct proof *way_mended(struct ways *w, struct model *fork) {
  uint32_t because;
  if (!way_may_try(w)) return NULL;
  w->left--;
  struct proof *q = trial_prove(w->p, fork);
  if (trial_mends(w->p, q, w->breach, &because)) return q;
  for (uint32_t i = 0; i < q->components.n; i++) w->exact = w->exact && q->components.at[i].exact;
  return NULL;
}

/* ── Allowing it ─────────────────────────────────────────────────────────────────────────────────────────────────── */

/* What the best order of a plan that allows so much makes of it; -1 when none does with it. */
typedef int64_t allowing(struct ways *w, uint32_t promise, int64_t limit);

static int64_t outage_with(struct ways *w, uint32_t promise, int64_t limit) {
  struct model *fork = model_fork(w->m, 0);
  fork->promises.at[promise].hold = HOLD_AT_MOST;
  fork->promises.at[promise].limit = limit;
  const struct proof *q = way_mended(w, fork);
  return q != NULL ? q->timeline[promise].outage : -1;
}

/* (Without a window: -1.) */
static int64_t window_with(struct ways *w, uint32_t promise, int64_t window) {
  struct model *fork = model_fork(w->m, 0);
  uint32_t first;
  (void)promise;
  fork->window = window;
  const struct proof *q = way_mended(w, fork);
  return q != NULL ? window_length(fork, q, &first) : -1;
}

/* Between what does not do and what does. Just below what does is tried first, since that mostly is the least; then the middle. */
static void allow(struct ways *w, enum mend_type type, uint32_t promise, allowing *with, int64_t least, int64_t not) {
  bool below = true;
  w->exact = true;
  while (least > not + 1 && way_may_try(w)) {
    int64_t limit = below ? least - 1 : not + (least - not) / 2, length = with(w, promise, limit);
    below = length >= 0;
    if (below) least = length;
    else not = limit;
  }
  struct mend *mend = way_add(w, type);
  mend->promise = promise;
  mend->time = least;
  mend->least = w->exact && least <= not + 1;
}

static bool ends_down(const struct proof *p, uint32_t promise) {
  enum verdict end = timeline_at(&p->timeline[promise], p->order.n);
  return end != UP && end != MAYBE; /* caches run out */
}

static void allow_limit(struct ways *w, uint32_t promise) {
  const struct timeline *t = &w->p->timeline[promise];
  const struct promise *asked = &w->m->promises.at[promise];
  if (t->outage_open || ends_down(w->p, promise) || asked->hold == HOLD_FINALLY) return;
  int64_t enough = outage_with(w, promise, t->outage);
  if (enough >= 0) allow(w, MEND_LIMIT, promise, outage_with, enough, asked->hold == HOLD_AT_MOST ? asked->limit : -1);
}

static void allow_window(struct ways *w) {
  int64_t enough = window_with(w, NONE, -1);
  if (enough >= 0) allow(w, MEND_WINDOW, NONE, window_with, enough, w->m->window);
}

/* ── Leading by name ─────────────────────────────────────────────────────────────────────────────────────────────── */

/* A name that the one who answers at an address always has, where the fact looks it up. */
static uint32_t name_of_target(const struct model *m, const struct fact *f) {
  uint32_t who = NONE;
  for (uint32_t i = 0; i < m->facts.n && who == NONE; i++)
    if (fact_at(m, i)->type == FACT_SERVES && fact_at(m, i)->host.type == HOST_ADDRESS &&
        memcmp(&fact_at(m, i)->host.from, &f->to.host.from, sizeof f->to.host.from) == 0 &&
        (f->to.port == NONE || fact_at(m, i)->port == f->to.port))
      who = fact_at(m, i)->by;
  for (uint32_t i = 0; i < m->facts.n && who != NONE; i++) {
    const struct fact *s = fact_at(m, i);
    if (s->type != FACT_SERVES || s->by != who || s->host.type != HOST_NAME || s->guard != GUARD_ALWAYS) continue;
    if (f->to.port != NONE && s->port != f->to.port) continue;
    for (uint32_t zone = f->to.zone, hops = 0; zone != NONE && hops <= m->zones.n; zone = m->zones.at[zone].inside, hops++)
      if (s->zone == zone) return i;
  }
  return NONE;
}

static void lead_by_name(struct ways *w, uint32_t step) {
  for (uint32_t i = 0; i < w->m->facts.n; i++) {
    const struct fact *f = fact_at(w->m, i);
    if (f->type != FACT_FORWARDS || f->to.type != TARGET_HOST || f->to.host.type != HOST_ADDRESS) continue;
    if (!guard_comes_with(w->m, f->guard, step)) continue;
    uint32_t named = name_of_target(w->m, f);
    if (named == NONE) continue;
    struct model *fork = model_fork(w->m, 0);
    for (uint32_t k = i; k < fork->facts.n; k++) {
      struct fact *other = fact_at(fork, k);
      if (other->by == f->by && other->type == FACT_FORWARDS && guard_comes_with(w->m, other->guard, step) &&
          other->attribute == f->attribute)
        other->to.host = fact_at(w->m, named)->host;
    }
    if (way_mended(w, fork) != NULL) {
      struct mend *mend = way_add(w, MEND_TARGET);
      mend->fact = i;
      mend->step = step;
      mend->by_name = true;
      mend->to = f->to;
      mend->to.host = fact_at(w->m, named)->host;
      mend->owner = resource_owner(w->m, f->by);
    }
    return;
  }
}

/* E221 of a promise that only old answers break: MEND_TTL; MEND_LIMIT; MEND_WINDOW when a wait would do. */
static bool by_caches(const struct proof *p, const struct breach *b) {
  return b->code == CODE_221 && b->promise != NONE && p->timeline[b->promise].maybes.n > 0;
}

/* E252, E224: untried, mends, each with works 1; MEND_LIMIT promise, time, least; MEND_WINDOW time, least; MEND_BESIDE and
 * MEND_TTL as in ways_out.h; MEND_TARGET fact, step, to, by_name, owner. */
void check_ways(struct model *m, struct proof *p, struct state *s) {
  (void)s;
  uint32_t left = m->facts.n > TRIAL_FACTS ? 0 : TRIALS_COST / (m->facts.n + TRIAL_COST);
  for (uint32_t i = 0; i < p->breaches.n; i++) {
    const struct breach b = p->breaches.at[i];
    bool cached = by_caches(p, &b);
    if (b.code != CODE_252 && b.code != CODE_224 && !cached) continue;
    struct ways w = {.m = m, .p = p, .breach = i, .left = left};
    bool window = b.code == CODE_224 || (cached && m->window >= 0); /* which may have no room for the wait */
    for (uint32_t k = 0; k < b.term_count; k++) window = window || b.terms[k].type == TERM_WINDOW;
    for (uint32_t k = 0; way_may_try(&w) && b.code == CODE_252 && k < b.step_count && k < 4; k++) {
      way_beside(&w, b.steps[k]);
      lead_by_name(&w, b.steps[k]);
    }
    if (way_may_try(&w) && cached) way_lower(&w);
    if (way_may_try(&w) && (b.code == CODE_252 || cached) && b.promise != NONE) allow_limit(&w, b.promise);
    if (way_may_try(&w) && window) allow_window(&w);
    p->breaches.at[i].mends = w.list.at;
    p->breaches.at[i].mend_count = w.list.n;
    p->breaches.at[i].untried = w.list.n == 0 && !way_may_try(&w);
    left = w.left;
  }
}
