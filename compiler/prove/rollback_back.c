/* Starting anew: what a step, its undo or a power cut takes down and what stays of it down for good, with the cycle.
 * Needs an order. Guarantees that a cycle is always told from its smallest resource on. */
#include "prove/prove.h"

#include <string.h>

struct waiting {
  struct model *m;
  struct proof *p;
  struct state *s;
  bool *lost;          /* up in the state at hand, but would not come back */
  uint32_t *first, *next; /* per resource: its `needs` facts */
  uint32_t *seen, mark;
};

static struct waiting waiting_new(struct model *m, struct proof *p, struct state *s) {
  struct arena *a = &m->c->arena;
  struct waiting w = {.m = m, .p = p, .s = s, .lost = arena_array(a, bool, m->resources.n + 1)};
  w.seen = arena_array(a, uint32_t, m->resources.n + 1);
  return w;
}

/* Only a cycle is told by its needs, and most plans have none. */
static void list_needs(struct waiting *w) {
  const struct model *m = w->m;
  if (w->first != NULL) return;
  w->first = arena_array(&m->c->arena, uint32_t, m->resources.n + 1);
  w->next = arena_array(&m->c->arena, uint32_t, m->facts.n + 1);
  for (uint32_t i = 0; i < m->resources.n; i++) w->first[i] = NONE;
  for (uint32_t f = m->facts.n; f-- > 0;) {
    if (!need_asleep(m, f) && (fact_asleep(m, f) || fact_at(m, f)->type != FACT_NEEDS)) continue;
    uint32_t by = need_asleep(m, f) ? slot_by(m->facts.at[f]) : fact_at(m, f)->by;
    w->next[f] = w->first[by];
    w->first[by] = f;
  }
}

/* A resource that `need` waits for and that is lost too; the smallest, NONE. */
static uint32_t waits_for(struct waiting *w, uint32_t by, const struct need *need) {
  uint32_t best = NONE;
  struct trace t = {0};
  switch ((enum need_type)need->type) {
  case NEED_RESOURCE: return w->lost[need->on] ? need->on : NONE;
  case NEED_COUNT:
    for (uint32_t i = 0; i < need->of_count; i++)
      if (w->lost[need->of[i]] && need->of[i] < best) best = need->of[i];
    return best;
  case NEED_ENDPOINT:
    state_need(w->s, by, need, &t);
    for (uint32_t i = 0; i < t.n; i++)
      if (t.at[i].resource < w->m->resources.n && w->lost[t.at[i].resource]) return t.at[i].resource;
    return NONE;
  case NEED_NEVER: break;
  }
  return NONE;
}

static uint32_t next_lost(struct waiting *w, uint32_t resource, const bool *done) {
  for (uint32_t f = w->first[resource]; f != NONE; f = w->next[f]) {
    if (!guard_holds(w->m, fact_at(w->m, f)->guard, done)) continue;
    uint32_t next = waits_for(w, resource, &fact_at(w->m, f)->need);
    if (next != NONE) return next;
  }
  return NONE;
}

/* The cycle that the lost resources from `start` on end in, each waiting for the next; in *n its length. Without one (one that
 * no single need shows), the resource alone. Marks what it came by. */
static uint32_t *cycle_of(struct waiting *w, uint32_t start, uint32_t state, uint32_t *n) {
  const bool *done = proof_done(w->m, w->p, state);
  uint32_t *path = arena_array(&w->m->c->arena, uint32_t, w->m->resources.n + 1), length = 0, at = start;
  goto_state(w->m, w->p, w->s, state);
  list_needs(w);
  w->mark++;
  while (at != NONE && w->seen[at] == 0) {
    w->seen[at] = w->mark;
    path[length++] = at;
    at = next_lost(w, at, done);
  }
  *n = 0;
  if (at == NONE) { /* the last waits for none that is lost */
    path[0] = start;
    *n = length > 0;
    return path;
  }
  if (w->seen[at] != w->mark) return path; /* leads into a cycle told already */
  uint32_t first = 0;
  while (path[first] != at) first++;
  uint32_t least = first;
  for (uint32_t i = first; i < length; i++)
    if (path[i] < path[least]) least = i;
  uint32_t *cycle = arena_array(&w->m->c->arena, uint32_t, length - first);
  for (uint32_t i = 0; i < length - first; i++) cycle[(*n)++] = path[first + (least - first + i) % (length - first)];
  return cycle;
}

/* Fills w->lost in a state of the order, given what stayed up. */
static bool lose(struct waiting *w, uint32_t state, const bool *kept) {
  bool *back = arena_array(&w->m->c->arena, bool, w->m->resources.n + 1), any = false;
  goto_state(w->m, w->p, w->s, state);
  state_comes_back(w->s, kept, back);
  for (uint32_t i = 0; i < w->m->resources.n; i++) {
    w->lost[i] = state_up(w->s, i) && !back[i];
    any = any || w->lost[i];
  }
  memset(w->seen, 0, w->m->resources.n * sizeof *w->seen);
  return any;
}

/* E213: step, backward (its undo), resources (the cycle, each waiting for the next), first_state (in which they stay down). */
void check_back(struct model *m, struct proof *p, struct state *s) {
  const struct proving *v = p->proving;
  struct waiting w = {0};
  for (uint32_t i = 0; i < v->term_count; i++) {
    const struct term *t = &v->terms[i];
    if ((t->type != TERM_BACK && t->type != TERM_UNDO_BACK) || !v->aside[i]) continue;
    if (w.m == NULL) w = waiting_new(m, p, s);
    uint32_t k = v->position[t->step], state = t->type == TERM_BACK ? k + 1 : k;
    bool *kept = arena_array(&m->c->arena, bool, m->resources.n + 1);
    goto_during(m, p, s, k, false);
    for (uint32_t r = 0; r < m->resources.n; r++) kept[r] = state_up(s, r);
    goto_during(m, p, s, k, true);
    for (uint32_t r = 0; r < m->resources.n; r++) kept[r] = kept[r] && state_up(s, r);
    if (!lose(&w, state, kept)) continue;
    for (uint32_t r = 0; r < m->resources.n; r++) {
      if (!w.lost[r] || w.seen[r] != 0) continue;
      struct breach b = breach_new(CODE_213);
      b.resources = cycle_of(&w, r, state, &b.resource_count);
      if (b.resource_count == 0) continue;
      b.step = t->step;
      b.backward = t->type == TERM_UNDO_BACK;
      b.resource = b.resources[0];
      b.first_state = b.last_state = state;
      breach_add(m, p, b);
    }
  }
}

/* The first state from which on a resource of the cycle would start anew by itself; order.n + 1: never. */
static uint32_t starts_from(struct waiting *w, uint32_t resource, const bool *kept) {
  for (uint32_t k = 1; k <= w->p->order.n; k++) {
    lose(w, k, kept);
    if (!w->lost[resource]) return k;
  }
  return w->p->order.n + 1;
}

/* E204: resources (a cycle of the baseline that no power-on could start, each needing the next). E203: the same when the end is
 * rid of it: resources, step (that mends it), mended. */
void check_cold(struct model *m, struct proof *p, struct state *s) {
  bool needs = false;
  for (uint32_t i = 0; i < m->resources.n && !needs; i++) needs = needs || state_needy(s, i);
  if (!needs) return;
  goto_state(m, p, s, 0);
  if (state_starts_anew(s)) return;
  struct waiting w = waiting_new(m, p, s);
  bool *kept = arena_array(&m->c->arena, bool, m->resources.n + 1);
  bool *end = arena_array(&m->c->arena, bool, m->resources.n + 1);
  uint32_t found = p->breaches.n;
  if (!lose(&w, 0, kept)) return;
  for (uint32_t r = 0; r < m->resources.n; r++) {
    if (!w.lost[r] || w.seen[r] != 0) continue;
    struct breach b = breach_new(CODE_204);
    b.resources = cycle_of(&w, r, 0, &b.resource_count);
    if (b.resource_count == 0) continue;
    b.resource = b.resources[0];
    b.first_state = 0;
    b.last_state = p->order.n;
    breach_add(m, p, b);
  }
  lose(&w, p->order.n, kept);
  memcpy(end, w.lost, m->resources.n * sizeof *end);
  for (uint32_t i = found; i < p->breaches.n; i++) {
    struct breach *b = &p->breaches.at[i];
    if (end[b->resource]) continue;
    uint32_t state = starts_from(&w, b->resource, kept);
    b->code = CODE_203;
    b->severity = code_severity(CODE_203);
    b->mended = true;
    b->last_state = state - 1;
    b->step = p->order.at[state - 1];
  }
}
