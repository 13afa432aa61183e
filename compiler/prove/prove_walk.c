/* Going to the states of an order, and the small change of breaches.
 * Needs nothing but a model and, for states, an order. */
#include "prove/prove.h"

#include <string.h>

struct arena arena_borrow(struct proving *v) { return v->spare_count > 0 ? v->spare[--v->spare_count] : (struct arena){0}; }

void arena_return(struct proving *v, struct arena *a) {
  if (v->spare_count == sizeof v->spare / sizeof *v->spare) {
    arena_free(a);
    return;
  }
  arena_reset(a);
  v->spare[v->spare_count++] = *a;
}

bool *done_new(const struct model *m) {
  return arena_array(&m->c->arena, bool, m->steps.n + m->parts.n + 1);
}

void done_put(const struct model *m, bool *done, uint32_t step, bool value) {
  done[step] = value;
  if (m->steps.at[step].part_count == 0) return;
  for (uint32_t i = 0; i < m->parts.n; i++)
    if (m->parts.at[i].step == step) done[m->steps.n + i] = value;
}

enum { FAR = 64 }; /* to the ends of an order, all flags at once from so many on */

const bool *proof_flags(struct model *m, const struct proof *p, uint32_t k) {
  struct proving *v = p->proving;
  if (v->done == NULL) v->done = done_new(m);
  if ((k == 0 && v->done_count > k + FAR) || (k == p->order.n && k > v->done_count + FAR)) {
    memset(v->done, k > 0, m->steps.n + m->parts.n);
    v->done_count = k;
  }
  while (v->done_count < k) done_put(m, v->done, p->order.at[v->done_count++], true);
  while (v->done_count > k) done_put(m, v->done, p->order.at[--v->done_count], false);
  return v->done;
}

void goto_state(struct model *m, const struct proof *p, struct state *s, uint32_t k) {
  state_walk(s, p, k, proof_flags(m, p, k), NULL, 0);
}

/* The flags of the component that was gone to last, and of those that have to be others. */
static void put_alone(const struct model *m, struct proving *v, uint32_t step, bool value) {
  done_put(m, v->alone, step, value);
  array_push(&v->scratch, &v->changed, step);
}

void goto_alone(struct model *m, const struct proof *p, struct state *s, const struct component *c, uint32_t k) {
  struct proving *v = p->proving;
  if (!v->apart || m->wait_count > 0) {
    goto_state(m, p, s, k);
    return;
  }
  if (v->alone == NULL) v->alone = arena_array(&v->scratch, bool, m->steps.n + m->parts.n + 1);
  uint32_t to = k < c->first + c->count ? k : c->first + c->count;
  v->changed.n = 0;
  if (v->alone_of != c) {
    while (v->alone_of != NULL && v->alone_to > v->alone_of->first) put_alone(m, v, p->order.at[--v->alone_to], false);
    v->alone_of = c;
    v->alone_to = c->first;
  }
  while (v->alone_to < to) put_alone(m, v, p->order.at[v->alone_to++], true);
  while (v->alone_to > to) put_alone(m, v, p->order.at[--v->alone_to], false);
  state_set_some(s, v->alone, v->changed.at, v->changed.n, NULL, 0);
  v->changed.n = 0;
}

void goto_during(struct model *m, const struct proof *p, struct state *s, uint32_t k, bool after) {
  const struct step *step = &m->steps.at[p->order.at[k]];
  uint32_t state = after ? k + 1 : k;
  state_walk(s, p, state, proof_flags(m, p, state), step->disrupts, step->disrupts_count);
}

bool goto_part(struct model *m, const struct proof *p, struct state *s, uint32_t k, uint32_t parts) {
  uint32_t id = p->order.at[k], seen = 0;
  if (parts == 0 || parts >= m->steps.at[id].part_count) return false;
  const bool *flags = proof_flags(m, p, k);
  bool *done = p->proving->done;
  for (uint32_t i = 0; i < m->parts.n && seen < parts; i++)
    if (m->parts.at[i].step == id) done[m->steps.n + i] = true, seen++;
  state_set(s, flags, NULL, 0);
  done_put(m, done, id, false);
  return true;
}

bool guard_states(const struct model *m, const struct proof *p, uint32_t guard, uint32_t *first, uint32_t *last) {
  const struct guard *g = &m->guards.at[guard];
  *first = 0;
  *last = p->order.n;
  for (uint32_t i = 0; i < g->n; i++) {
    uint32_t step = g->steps[i] >> 1;
    if (step >= m->steps.n) step = m->parts.at[step - m->steps.n].step;
    uint32_t at = p->proving->position[step];
    if (g->steps[i] & 1) *last = at < *last ? at : *last;
    else *first = at + 1 > *first ? at + 1 : *first;
  }
  return *first <= *last;
}

struct breach breach_new(enum code code) {
  struct breach b = {.code = code, .severity = code_severity(code)};
  b.promise = b.step = b.other_step = b.fact = b.other_fact = b.resource = b.client = b.forbidden = NONE;
  b.secret = b.ask = b.need = b.first_state = b.last_state = NONE;
  return b;
}

struct breach *breach_add(struct model *m, struct proof *p, struct breach b) {
  array_push(&m->c->arena, &p->breaches, b);
  return &p->breaches.at[p->breaches.n - 1];
}

bool *proof_done(struct model *m, const struct proof *p, uint32_t state) {
  bool *done = done_new(m);
  for (uint32_t i = 0; i < state && i < p->order.n; i++) done_put(m, done, p->order.at[i], true);
  return done;
}

uint32_t proof_answer(const struct proof *p, uint32_t zone, const struct address *address, uint32_t *at) {
  return state_answer(p->proving->state, zone, address, at);
}

const uint32_t *proof_guarded(const struct proof *p, uint32_t *n) { return state_guarded(p->proving->state, n); }

bool *proof_up(struct model *m, const struct proof *p, uint32_t state) {
  bool *up = arena_array(&m->c->arena, bool, m->resources.n + 1);
  goto_state(m, p, p->proving->state, state);
  for (uint32_t i = 0; i < m->resources.n; i++) up[i] = state_up(p->proving->state, i);
  return up;
}

struct trace proof_trace(struct model *m, const struct proof *p, uint32_t client, const struct need *endpoint, uint32_t state) {
  struct trace trace = {0};
  goto_state(m, p, p->proving->state, state);
  trace.verdict = state_reach(p->proving->state, client, endpoint, &trace);
  return trace;
}
