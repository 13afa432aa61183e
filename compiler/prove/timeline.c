/* Turns an order into what each promise is in each state, and how long it is down.
 * Needs an order. Guarantees O(states + what steps can change): a promise is asked again only after a step that it can
 * depend on. */
#include "prove/prove.h"

#include <string.h>

struct drawing {
  struct model *m;
  struct proof *p;
  struct proving *v;
  uint32_t *first, *next, *promise; /* lists of promises per step */
  uint32_t list_count;
};

/* Which promises a step can change: chains from first[step]. */
static void index_promises(struct drawing *d) {
  struct arena *a = &d->m->c->arena;
  uint32_t total = 0;
  for (uint32_t i = 0; i < d->m->promises.n; i++) total += d->v->promise_steps[i].n;
  d->first = arena_array(a, uint32_t, d->m->steps.n + 1);
  d->next = arena_array(a, uint32_t, total + 1);
  d->promise = arena_array(a, uint32_t, total + 1);
  for (uint32_t i = 0; i < d->m->steps.n; i++) d->first[i] = NONE;
  for (uint32_t i = d->m->promises.n; i-- > 0;)
    for (uint32_t k = 0; k < d->v->promise_steps[i].n; k++) {
      uint32_t step = d->v->promise_steps[i].at[k];
      d->promise[d->list_count] = i;
      d->next[d->list_count] = d->first[step];
      d->first[step] = d->list_count++;
    }
}

/* A promise is down while a step runs when it is so at either end with the disruption on, or with part of it made. */
static void draw_during(struct drawing *d, uint32_t k) {
  uint32_t step = d->p->order.at[k];
  const struct step *s = &d->m->steps.at[step];
  if (s->disrupts_count > 0)
    for (unsigned after = 0; after < 2; after++) {
      goto_during(d->m, d->p, d->v->state, k, after);
      for (uint32_t i = d->first[step]; i != NONE; i = d->next[i])
        if (state_promise(d->v->state, d->promise[i], NULL) != UP) d->p->timeline[d->promise[i]].during[k] = true;
    }
  if (s->atomic != 0) return;
  for (uint32_t parts = 1; goto_part(d->m, d->p, d->v->state, k, parts); parts++)
    for (uint32_t i = d->first[step]; i != NONE; i = d->next[i])
      if (state_promise(d->v->state, d->promise[i], NULL) != UP) d->p->timeline[d->promise[i]].during[k] = true;
}

static void draw_states(struct drawing *d) {
  struct proof *p = d->p;
  uint32_t n = p->order.n;
  goto_state(d->m, p, d->v->state, 0);
  for (uint32_t i = 0; i < d->m->promises.n; i++) p->timeline[i].states[0] = (uint8_t)state_promise(d->v->state, i, NULL);
  for (uint32_t k = 0; k < n; k++) {
    goto_state(d->m, p, d->v->state, k + 1);
    for (uint32_t i = d->first[p->order.at[k]]; i != NONE; i = d->next[i])
      p->timeline[d->promise[i]].states[k + 1] = (uint8_t)(1 + state_promise(d->v->state, d->promise[i], NULL));
  }
  for (uint32_t i = 0; i < d->m->promises.n; i++) {
    uint8_t *states = p->timeline[i].states; /* 0 so far: as before, else one more than the verdict */
    for (uint32_t k = 1; k <= n; k++) states[k] = states[k] == 0 ? states[k - 1] : (uint8_t)(states[k] - 1);
  }
}

/* ── Old answers ─────────────────────────────────────────────────────────────────────────────────────────────────── */

/* One component's part of the order, from its first step to its last. */
struct memory {
  struct drawing *d;
  struct caches *c;
  uint32_t *promises, n; /* that its steps can change */
  struct published *before, *after;
  struct olds olds;
};

/* By the clock: how long an old answer that fails is still possible in the state at hand. */
static int64_t tail_of(struct memory *r, uint32_t i) {
  int64_t least = 0;
  for (;;) {
    struct recall old = olds_beyond(&r->olds, 0, least);
    int64_t next = INT64_MAX;
    if (caches_hold(r->c, i, &old)) return least;
    for (uint32_t k = 0; k < r->olds.n; k++)
      if (r->olds.at[k].estimated > least && r->olds.at[k].estimated < next) next = r->olds.at[k].estimated;
    if (next == INT64_MAX) return least;
    least = next;
  }
}

static void remember_state(struct memory *r, uint32_t k) {
  struct recall old = olds_beyond(&r->olds, 0, -1);
  for (uint32_t i = 0; i < r->n; i++) {
    struct timeline *t = &r->d->p->timeline[r->promises[i]];
    if (t->states[k] != UP || caches_hold(r->c, i, &old)) continue;
    if (t->tails == NULL) t->tails = arena_array(&r->d->m->c->arena, int64_t, r->d->p->order.n + 1);
    t->states[k] = MAYBE;
    t->tails[k] = tail_of(r, i);
  }
}

static void remember_during(struct memory *r, uint32_t k, bool after) {
  struct drawing *d = r->d;
  if (d->m->steps.at[d->p->order.at[k]].disrupts_count == 0) return;
  struct recall old = olds_beyond(&r->olds, 0, -1);
  goto_during(d->m, d->p, d->v->state, k, after);
  for (uint32_t i = 0; i < r->n; i++)
    if (!caches_hold(r->c, i, &old)) d->p->timeline[r->promises[i]].during[k] = true;
}

static void remember_component(struct drawing *d, const struct component *c, uint32_t *local) {
  struct arena *a = &d->m->c->arena;
  struct memory *r = arena_new(a, struct memory);
  uint32_t last = d->p->order.n;
  r->d = d;
  r->promises = arena_array(a, uint32_t, d->m->promises.n + 1);
  for (uint32_t k = c->first; k < c->first + c->count; k++) local[d->p->order.at[k]] = k;
  for (uint32_t i = 0; i < d->m->promises.n; i++)
    for (uint32_t k = 0; k < d->v->promise_steps[i].n; k++)
      if (local[d->v->promise_steps[i].at[k]] != NONE) {
        r->promises[r->n++] = i;
        break;
      }
  r->c = caches_new(d->m, d->v->state, a, r->promises, r->n, local);
  for (uint32_t k = c->first; k < c->first + c->count; k++) local[d->p->order.at[k]] = NONE;
  if (r->c == NULL) return;
  r->before = arena_array(a, struct published, caches_questions(r->c));
  r->after = arena_array(a, struct published, caches_questions(r->c));
  goto_state(d->m, d->p, d->v->state, c->first);
  caches_published(r->c, r->before);
  for (uint32_t k = c->first; k < last; k++) { /* to the end: what later components do passes time too */
    const struct step *step = &d->m->steps.at[d->p->order.at[k]];
    remember_during(r, k, false);
    goto_state(d->m, d->p, d->v->state, k + 1);
    caches_published(r->c, r->after);
    if (step->wait) olds_wait(&r->olds, step->takes);
    else olds_step(&r->olds, r->before, r->after, caches_questions(r->c), step->takes < 0 ? 0 : step->takes);
    memcpy(r->before, r->after, caches_questions(r->c) * sizeof *r->before);
    remember_during(r, k, true);
    if (k + 1 >= c->first + c->count && r->olds.n == 0) return;
    goto_state(d->m, d->p, d->v->state, k + 1);
    remember_state(r, k + 1);
  }
}

/* Marks the states in which a promise fails for those who still have an old answer. */
static void draw_caches(struct drawing *d) {
  uint32_t *local = arena_array(&d->m->c->arena, uint32_t, d->m->steps.n + 1);
  for (uint32_t i = 0; i < d->m->steps.n; i++) local[i] = NONE;
  for (uint32_t i = 0; i < d->p->components.n; i++) remember_component(d, &d->p->components.at[i], local);
}

/* For how long the k-th step of the order has a promise down; -1 when nobody knows. */
static int64_t dark_for(const struct drawing *d, const struct timeline *t, uint32_t k) {
  int64_t takes = d->m->steps.at[d->p->order.at[k]].takes, known = takes < 0 ? 0 : takes;
  if (t->states[k] != MAYBE || t->during[k]) return takes;
  int64_t tail = t->tails[k], left = tail > known ? tail - known : 0;
  bool to = t->states[k + 1] == MAYBE;
  return t->states[k + 1] == UP || (to && t->tails[k + 1] <= left) ? (known < tail ? known : tail) : takes;
}

/* The longest stretch, unknown lengths above all known ones, and the states of the first. */
static void measure(struct drawing *d, uint32_t promise) {
  struct timeline *t = &d->p->timeline[promise];
  bool counts = d->m->promises.at[promise].hold != HOLD_FINALLY;
  int64_t length = 0;
  bool open = false;
  t->first_down = t->last_down = NONE;
  for (uint32_t k = 0; k <= d->p->order.n; k++) {
    if (t->states[k] == UP) continue;
    if (t->first_down == NONE || t->last_down + 1 == k) {
      if (t->first_down == NONE) t->first_down = k;
      t->last_down = k;
    }
  }
  for (uint32_t k = 0; k < d->p->order.n && counts; k++) {
    if (t->states[k] == UP) length = 0, open = false;
    if (t->states[k] == UP && t->states[k + 1] == UP && !t->during[k]) continue;
    int64_t takes = dark_for(d, t, k);
    if (takes < 0) open = true;
    else length += takes;
    if (k + 1 == d->p->order.n && t->states[k + 1] == MAYBE) length += t->tails[k + 1];
    if (open == t->outage_open ? length > t->outage : open) t->outage = length, t->outage_open = open;
  }
}

void timeline_draw(struct model *m, struct proof *p, struct proving *v) {
  struct drawing d = {.m = m, .p = p, .v = v};
  p->timeline = arena_array(&m->c->arena, struct timeline, m->promises.n + 1);
  for (uint32_t i = 0; i < m->promises.n; i++) {
    p->timeline[i].states = arena_array(&m->c->arena, uint8_t, p->order.n + 1);
    p->timeline[i].during = arena_array(&m->c->arena, bool, p->order.n + 1);
  }
  index_promises(&d);
  draw_states(&d);
  for (uint32_t k = 0; k < p->order.n; k++) {
    if (!m->steps.at[p->order.at[k]].wait) draw_during(&d, k);
    int64_t takes = m->steps.at[p->order.at[k]].takes;
    p->total += takes < 0 ? 0 : takes;
  }
  draw_caches(&d);
  for (uint32_t i = 0; i < m->promises.n; i++) measure(&d, i);
}
