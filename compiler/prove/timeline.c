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
  uint32_t *event; /* [k]: the first step from the k-th of the order on that is a wait or disrupts something */
  uint32_t list_count;
};

/* Which promises a step can change: chains from first[step]. */
static void index_promises(struct drawing *d) {
  struct arena *a = &d->v->scratch;
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

static void down_during(struct drawing *d, uint32_t promise, uint32_t k) {
  timeline_put_during_now(&d->m->c->arena, &d->p->timeline[promise], k);
}

/* A promise is down while a step runs when it is so at either end with the disruption on, or with part of it made. */
static void draw_during(struct drawing *d, uint32_t k) {
  uint32_t step = d->p->order.at[k];
  const struct step *s = &d->m->steps.at[step];
  if (s->disrupts_count > 0)
    for (unsigned after = 0; after < 2; after++) {
      goto_during(d->m, d->p, d->v->state, k, after);
      for (uint32_t i = d->first[step]; i != NONE; i = d->next[i])
        if (state_promise(d->v->state, d->promise[i], NULL) != UP) down_during(d, d->promise[i], k);
    }
  if (s->atomic != 0) return;
  for (uint32_t parts = 1; goto_part(d->m, d->p, d->v->state, k, parts); parts++)
    for (uint32_t i = d->first[step]; i != NONE; i = d->next[i])
      if (state_promise(d->v->state, d->promise[i], NULL) != UP) down_during(d, d->promise[i], k);
}

static void draw_states(struct drawing *d) {
  struct proof *p = d->p;
  struct arena *a = &d->m->c->arena;
  goto_state(d->m, p, d->v->state, 0);
  for (uint32_t i = 0; i < d->m->promises.n; i++) timeline_put(a, &p->timeline[i], 0, state_promise(d->v->state, i, NULL));
  for (uint32_t c = 0; c < p->components.n; c++)
    for (uint32_t k = p->components.at[c].first, end = k + p->components.at[c].count; k < end; k++) {
      uint32_t i = d->first[p->order.at[k]];
      if (i == NONE) continue; /* nobody asks: the next that is asked of takes it along */
      goto_alone(d->m, p, d->v->state, &p->components.at[c], k + 1);
      for (; i != NONE; i = d->next[i])
        timeline_put(a, &p->timeline[d->promise[i]], k + 1, state_promise(d->v->state, d->promise[i], NULL));
    }
}

/* ── Old answers ─────────────────────────────────────────────────────────────────────────────────────────────────── */

/* One component's part of the order, from its first step to its last. */
struct memory {
  struct drawing *d;
  struct caches *c;
  const uint32_t *promises; uint32_t n; /* that its steps can change */
  struct published *before, *after;
  struct olds olds;
};

/* By the clock: how long an old answer that fails is still possible in the state at hand. */
static int64_t tail_of(struct memory *r, uint32_t i) {
  int64_t least = 0;
  for (;;) {
    struct recall old = {&r->olds, 0, least};
    int64_t next = INT64_MAX;
    if (caches_hold(r->c, i, &old)) return least;
    for (uint32_t k = 0; k < r->olds.n; k++)
      if (r->olds.at[k].estimated > least && r->olds.at[k].estimated < next) next = r->olds.at[k].estimated;
    if (next == INT64_MAX) return least;
    least = next;
  }
}

/* In state k, and as long as nothing makes a difference: up to `end`. */
static void remember_states(struct memory *r, uint32_t k, uint32_t end) {
  struct recall old = {&r->olds, 0, -1};
  for (uint32_t i = 0; i < r->n; i++) {
    struct timeline *t = &r->d->p->timeline[r->promises[i]];
    if (timeline_at(t, k) != UP || caches_hold(r->c, i, &old)) continue;
    timeline_put_maybe(&r->d->m->c->arena, t, k, end, tail_of(r, i));
  }
}

static void remember_during(struct memory *r, uint32_t k, bool after) {
  struct drawing *d = r->d;
  if (d->m->steps.at[d->p->order.at[k]].disrupts_count == 0) return;
  struct recall old = {&r->olds, 0, -1};
  goto_during(d->m, d->p, d->v->state, k, after);
  for (uint32_t i = 0; i < r->n; i++)
    if (!caches_hold(r->c, i, &old)) timeline_put_during(&d->m->c->arena, &d->p->timeline[r->promises[i]], k);
}

/* Behind the component, and by the clock run out: what is old then makes the same difference in every state, until a step is
 * waited for or disrupts. */
static bool run_out(const struct memory *r) {
  for (uint32_t i = 0; i < r->olds.n; i++)
    if (r->olds.at[i].estimated > 0) return false;
  return true;
}

static void remember_component(struct memory *r, const struct component *c, struct arena *a) {
  struct drawing *d = r->d;
  uint32_t last = d->p->order.n, *local = d->v->local;
  for (uint32_t k = c->first; k < c->first + c->count; k++) local[d->p->order.at[k]] = k;
  r->c = caches_new(d->m, d->v->state, a, r->promises, r->n, local);
  for (uint32_t k = c->first; k < c->first + c->count; k++) local[d->p->order.at[k]] = NONE;
  if (r->c == NULL) return;
  r->olds = (struct olds){.arena = a};
  r->before = arena_array(a, struct published, caches_questions(r->c));
  r->after = arena_array(a, struct published, caches_questions(r->c));
  goto_alone(d->m, d->p, d->v->state, c, c->first);
  caches_published(r->c, r->before);
  for (uint32_t k = c->first, next; k < last; k = next) { /* to the end: what later components do passes time too */
    const struct step *step = &d->m->steps.at[d->p->order.at[k]];
    next = k + 1;
    remember_during(r, k, false);
    goto_alone(d->m, d->p, d->v->state, c, k + 1);
    caches_published(r->c, r->after);
    if (step->wait) olds_wait(&r->olds, step->takes);
    else olds_step(&r->olds, r->before, r->after, caches_questions(r->c), step->takes < 0 ? 0 : step->takes);
    memcpy(r->before, r->after, caches_questions(r->c) * sizeof *r->before);
    remember_during(r, k, true);
    if (k + 1 >= c->first + c->count) {
      if (r->olds.n == 0) return;
      if (run_out(r)) next = d->event[k + 1];
    }
    goto_alone(d->m, d->p, d->v->state, c, k + 1);
    remember_states(r, k + 1, next + 1);
  }
}

struct concerned { uint32_t component, promise; };

/* The promises that each component's steps can change, ascending; for all of them at once, since there may be as many
 * components as steps. */
const struct promise_list *component_promises(struct model *m, const struct proof *p, struct proving *v) {
  if (v->component_promises != NULL) return v->component_promises;
  struct arena *a = &v->scratch;
  uint32_t n = p->components.n, *of = arena_array(a, uint32_t, m->steps.n + 1);
  struct promise_list *lists = arena_array(a, struct promise_list, n + 1);
  ARRAY(struct concerned) pairs = {0};
  for (uint32_t i = 0; i < n; i++)
    for (uint32_t k = 0; k < p->components.at[i].count; k++) of[p->order.at[p->components.at[i].first + k]] = i;
  for (uint32_t i = 0; i < m->promises.n; i++)
    for (uint32_t k = 0, last = NONE; k < v->promise_steps[i].n; k++) {
      uint32_t component = of[v->promise_steps[i].at[k]];
      if (component == last) continue; /* all of them are in one */
      array_push(a, &pairs, (struct concerned){component, i});
      last = component;
      lists[component].n++;
    }
  uint32_t *at = arena_array(a, uint32_t, pairs.n + 1), **end = arena_array(a, uint32_t *, n + 1);
  for (uint32_t i = 0; i < n; i++) lists[i].at = end[i] = at, at += lists[i].n;
  for (uint32_t i = 0; i < pairs.n; i++) *end[pairs.at[i].component]++ = pairs.at[i].promise;
  return v->component_promises = lists;
}

/* Its last step is none that the order has added. */
bool component_forgotten(const struct proof *p, const struct proving *v, uint32_t component) {
  const struct component *c = &p->components.at[component];
  return v->forgotten[p->order.at[c->first + c->count - 1]];
}

/* Marks the states in which a promise fails for those who still have an old answer. */
static void draw_caches(struct drawing *d) {
  const struct promise_list *lists = component_promises(d->m, d->p, d->v);
  struct memory r = {.d = d};
  uint32_t n = d->p->order.n;
  d->event = arena_array(&d->v->scratch, uint32_t, n + 1);
  d->event[n] = n;
  for (uint32_t k = n; k-- > 0;) {
    const struct step *step = &d->m->steps.at[d->p->order.at[k]];
    d->event[k] = step->wait || step->disrupts_count > 0 ? k : d->event[k + 1];
  }
  struct arena own = {0};
  for (uint32_t i = 0; i < d->p->components.n; i++) {
    if (lists[i].n == 0 || component_forgotten(d->p, d->v, i)) continue;
    r.promises = lists[i].at;
    r.n = lists[i].n;
    remember_component(&r, &d->p->components.at[i], &own);
    arena_reset(&own);
  }
  arena_free(&own);
}

/* For how long the k-th step of the order has a promise down; -1 when nobody knows. */
static int64_t dark_for(const struct drawing *d, const struct timeline *t, uint32_t k) {
  int64_t takes = d->m->steps.at[d->p->order.at[k]].takes, known = takes < 0 ? 0 : takes;
  if (timeline_at(t, k) != MAYBE || timeline_during(t, k)) return takes;
  int64_t tail = timeline_tail(t, k), left = tail > known ? tail - known : 0;
  enum verdict to = timeline_at(t, k + 1);
  return to == UP || (to == MAYBE && timeline_tail(t, k + 1) <= left) ? (known < tail ? known : tail) : takes;
}

/* Steps that old answers make no longer, since by the clock they have run out, at either end: to the last of them. */
static uint32_t pass_over(const struct timeline *t, uint32_t k, uint32_t n) {
  while (k + 1 < n && timeline_at(t, k) == MAYBE && timeline_tail(t, k) == 0 && !timeline_during(t, k)) {
    uint32_t change = timeline_change(t, k), during = timeline_next_during(t, k);
    uint32_t end = change < during ? change : during;
    if (end > n) end = n;
    if (end <= k + 1) return k;
    k = end - 1;
  }
  return k;
}

/* The longest stretch, unknown lengths above all known ones, and the states of the first. */
static void measure(struct drawing *d, uint32_t promise) {
  struct timeline *t = &d->p->timeline[promise];
  bool counts = d->m->promises.at[promise].hold != HOLD_FINALLY;
  int64_t length = 0;
  bool open = false;
  uint32_t n = d->p->order.n;
  t->first_down = t->last_down = timeline_not_up(t, 0);
  if (t->first_down != NONE) {
    uint32_t up = timeline_up(t, t->first_down);
    t->last_down = up == NONE ? n : up - 1;
  }
  for (uint32_t k = timeline_dark(t, 0); k < n && counts; k = timeline_dark(t, k + 1)) {
    if (timeline_at(t, k) == UP) length = 0, open = false;
    k = pass_over(t, k, n);
    int64_t takes = dark_for(d, t, k);
    if (takes < 0) open = true;
    else length += takes;
    if (k + 1 == n && timeline_at(t, n) == MAYBE) length += timeline_tail(t, n);
    if (length > t->known) t->known = length;
    if (open == t->outage_open ? length > t->outage : open) t->outage = length, t->outage_open = open;
  }
}

void timeline_draw(struct model *m, struct proof *p, struct proving *v) {
  struct drawing d = {.m = m, .p = p, .v = v};
  p->timeline = arena_array(&m->c->arena, struct timeline, m->promises.n + 1);
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
