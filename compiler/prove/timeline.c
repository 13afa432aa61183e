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
    int64_t takes = d->m->steps.at[d->p->order.at[k]].takes;
    if (takes < 0) open = true;
    else length += takes;
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
    draw_during(&d, k);
    int64_t takes = m->steps.at[p->order.at[k]].takes;
    p->total += takes < 0 ? 0 : takes;
  }
  for (uint32_t i = 0; i < m->promises.n; i++) measure(&d, i);
}
