/* Turns a model into the terms that an order has to keep, and its steps into groups that do not interact.
 * Needs: a state that can say what its answers depend on. Guarantees: terms and groups in source order; two steps are in
 * one group when some term, or some resource's need, can depend on both. */
#include "prove/admit.h"

#include <stdlib.h>
#include <string.h>

/* ── Gathering steps ─────────────────────────────────────────────────────────────────────────────────────────────── */

struct gather {
  struct model *m;
  struct arena *arena;
  bool *seen;                /* per step */
  uint32_t *list, n;         /* room for all of them */
};

static void gather_step(struct gather *g, uint32_t step) {
  if (step >= g->m->steps.n) {
    if (step - g->m->steps.n >= g->m->parts.n) return; /* NONE */
    step = g->m->parts.at[step - g->m->steps.n].step;
  }
  if (g->seen[step]) return;
  g->seen[step] = true;
  g->list[g->n++] = step;
}

static void gather_list(struct gather *g, struct step_list list) {
  for (uint32_t i = 0; i < list.n; i++) gather_step(g, list.at[i]);
}

static void gather_guard(struct gather *g, uint32_t guard) {
  const struct guard *at = &g->m->guards.at[guard];
  for (uint32_t i = 0; i < at->n; i++) gather_step(g, at->steps[i] >> 1);
}

static int compare_ids(const void *a, const void *b) {
  uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
  return x < y ? -1 : x > y;
}

/* Sorts the list, which stays as it is until the next step is gathered: the gatherer is empty again. */
static struct step_list gathered(struct gather *g) {
  struct step_list out = {g->list, g->n};
  for (uint32_t i = 0; i < out.n; i++) g->seen[out.at[i]] = false;
  if (out.n == 2 && g->list[0] > g->list[1]) {
    uint32_t last = g->list[0];
    g->list[0] = g->list[1];
    g->list[1] = last;
  }
  if (out.n > 2) qsort(g->list, out.n, sizeof *g->list, compare_ids);
  g->n = 0;
  return out;
}

/* The same, for good. */
static struct step_list gathered_kept(struct gather *g) {
  struct step_list out = gathered(g);
  if (out.n == 0) return (struct step_list){NULL, 0};
  uint32_t *copy = arena_array(g->arena, uint32_t, out.n);
  memcpy(copy, out.at, out.n * sizeof *copy);
  return (struct step_list){copy, out.n};
}

static void gather_rule(struct gather *g, struct state *s, const struct forbidden *f) {
  gather_guard(g, f->guard);
  gather_step(g, f->during);
  for (uint32_t i = 0; i < f->not_during_count; i++) gather_step(g, f->not_during[i]);
  for (uint32_t i = 0; i < f->up_count; i++) gather_list(g, state_depends_up(s, f->up[i]));
  for (uint32_t i = 0; i < f->down_count; i++) gather_list(g, state_depends_up(s, f->down[i]));
}

static struct gather gather_new(struct model *m, struct proving *v) {
  if (v->seen == NULL) {
    v->seen = arena_array(&v->scratch, bool, m->steps.n + 1);
    v->gathered = arena_array(&v->scratch, uint32_t, m->steps.n + 1);
  }
  return (struct gather){.m = m, .arena = &v->scratch, .seen = v->seen, .list = v->gathered};
}

/* The steps a term depends on, its own included. `ids`: each step, in turn. */
static struct step_list term_depends(struct model *m, struct proving *v, const struct term *t, const uint32_t *ids) {
  struct gather g = gather_new(m, v);
  const struct step *step = t->step == NONE ? NULL : &m->steps.at[t->step];
  struct step_list alone = {ids + (t->step == NONE ? 0 : t->step), t->step != NONE}, list = {NULL, 0};
  switch ((enum term_type)t->type) {
  case TERM_PROMISE: return v->promise_steps[t->id];
  case TERM_RULE: return v->rule_steps[t->id];
  case TERM_CONFLICT:
    for (uint32_t i = t->id; i != NONE; i = v->conflicts[i].next) gather_guard(&g, v->conflicts[i].guard);
    return gathered_kept(&g);
  case TERM_AFTER: list = (struct step_list){&t->id, 1}; break;
  case TERM_NEED: list = state_depends_need(v->state, NONE, &step->needs[t->id]); break;
  case TERM_UNDO_NEED: list = state_depends_need(v->state, NONE, &step->undo_needs[t->id]); break;
  case TERM_LANDS: list = state_depends_fact(v->state, t->id); break;
  case TERM_WINDOW: case TERM_BACK: case TERM_UNDO_BACK: break;
  }
  if (list.n == 0) return alone;
  gather_step(&g, t->step);
  gather_list(&g, list);
  return gathered_kept(&g);
}

/* ── Terms ───────────────────────────────────────────────────────────────────────────────────────────────────────── */

struct landing { uint32_t step, fact, next; };

/* The terms as they come to be, in their order; first only their number is found out. */
struct draft {
  struct term *at;           /* NULL: to be counted */
  uint32_t n;
  struct arena own;          /* of the rest */
  ARRAY(struct landing) landings;
  uint32_t *first;           /* per step: its first landing, NONE */
};

static void add(struct draft *d, enum term_type type, uint32_t step, uint32_t id) {
  if (d->at != NULL) d->at[d->n] = (struct term){(uint8_t)type, step, id, NONE, NONE};
  d->n++;
}

static void find_landings(struct model *m, const struct proving *v, struct draft *d) {
  uint32_t guarded_count;
  const uint32_t *guarded = state_guarded(v->state, &guarded_count);
  d->first = arena_array(&d->own, uint32_t, m->steps.n + 1);
  for (uint32_t i = 0; i < m->steps.n; i++) d->first[i] = NONE;
  for (uint32_t k = 0; k < guarded_count; k++) {
    uint32_t f = guarded[k];
    const struct fact *fact = fact_at(m, f);
    if (fact->type != FACT_FORWARDS && fact->type != FACT_NAMES && fact->type != FACT_NEEDS) continue;
    const struct guard *guard = &m->guards.at[fact->guard];
    uint32_t last = NONE;
    for (uint32_t i = 0; i < guard->n; i++) {
      if (guard->steps[i] & 1) continue;
      uint32_t step = guard->steps[i] >> 1;
      if (step >= m->steps.n) step = m->parts.at[step - m->steps.n].step;
      if (!m->steps.at[step].early && step != last) array_push(&d->own, &d->landings, (struct landing){step, f, NONE});
      last = step;
    }
  }
  for (uint32_t i = d->landings.n; i-- > 0;) {
    struct landing *l = &d->landings.at[i];
    l->next = d->first[l->step];
    d->first[l->step] = i;
  }
}

static int compare_terms(const void *a, const void *b) {
  const struct term *x = a, *y = b;
  return x->id < y->id ? -1 : x->id > y->id;
}

static void add_step(struct model *m, struct draft *d, uint32_t i) {
  const struct step *s = &m->steps.at[i];
  uint32_t from = d->n;
  bool sorted = true;
  for (uint32_t k = 0; k < s->after_count; k++) {
    if (s->after[k] != i) add(d, TERM_AFTER, i, s->after[k]);
    sorted = sorted && (k == 0 || s->after[k - 1] <= s->after[k]);
  }
  if (!sorted && d->at != NULL) qsort(d->at + from, d->n - from, sizeof *d->at, compare_terms);
  for (uint32_t k = 0; k < s->needs_count; k++) add(d, TERM_NEED, i, k);
  for (uint32_t k = 0; s->irreversible == 0 && k < s->undo_needs_count; k++) add(d, TERM_UNDO_NEED, i, k);
  for (uint32_t l = d->first[i]; l != NONE; l = d->landings.at[l].next) add(d, TERM_LANDS, i, d->landings.at[l].fact);
  add(d, TERM_BACK, i, NONE);
  if (s->irreversible == 0) add(d, TERM_UNDO_BACK, i, NONE);
}

/* Which resources steps can take down or bring up, and which steps. */
static void find_unsteady(struct proving *v) {
  v->unsteady = state_unsteady(v->state, &v->unsteady_count);
  if (v->unsteady_count == 0) return;
  v->unsteady_steps = arena_array(&v->scratch, struct step_list, v->unsteady_count);
  for (uint32_t i = 0; i < v->unsteady_count; i++) v->unsteady_steps[i] = state_depends_up(v->state, v->unsteady[i]);
}

static void add_all(struct model *m, const struct proving *v, struct draft *d) {
  for (uint32_t i = 0; i < m->promises.n; i++) add(d, TERM_PROMISE, NONE, i);
  for (uint32_t i = 0; i < m->forbidden.n; i++)
    if (m->forbidden.at[i].severity == SEV_ERROR && m->forbidden.at[i].hairpin_count == 0) add(d, TERM_RULE, NONE, i);
  for (uint32_t i = 0; i < v->conflict_count; i++)
    if (!v->conflicts[i].again) add(d, TERM_CONFLICT, NONE, i);
  if (m->window >= 0) add(d, TERM_WINDOW, NONE, NONE);
  for (uint32_t i = 0; i < m->steps.n; i++) add_step(m, d, i);
}

/* Which promises, rules and conflicts do not hold in a state: one flag per term. */
static void ask_terms(struct model *m, struct proving *v, const bool *done, bool *broken) {
  state_set(v->state, done, NULL, 0);
  for (uint32_t i = 0; i < v->term_count; i++) {
    const struct term *t = &v->terms[i];
    if (t->type == TERM_PROMISE) broken[i] = state_promise(v->state, t->id, NULL) != UP;
    else if (t->type == TERM_RULE) broken[i] = state_forbidden(v->state, t->id, NONE);
    else if (t->type == TERM_CONFLICT) broken[i] = conflict_holds(m, v->conflicts, t->id, done);
    else break;
  }
}

/* A step's need whose answer no step changes holds from the start or never; then no order is to blame. */
static bool always_fails(struct model *m, struct proving *v, const struct term *t) {
  const struct step *s = &m->steps.at[t->step];
  const struct need *need = t->type == TERM_NEED ? &s->needs[t->id] : &s->undo_needs[t->id];
  return state_depends_need(v->state, NONE, need).n == 0 && state_need(v->state, NONE, need, NULL) != UP;
}

static void judge_terms(struct model *m, struct proving *v) {
  bool *start = arena_array(&v->scratch, bool, v->term_count + 1);
  bool *end = arena_array(&v->scratch, bool, v->term_count + 1);
  bool *done = done_new(m);
  for (uint32_t i = 0; i < m->steps.n; i++) done_put(m, done, i, true);
  ask_terms(m, v, done, end);
  for (uint32_t i = 0; i < m->steps.n; i++) done_put(m, done, i, false);
  ask_terms(m, v, done, start);
  for (uint32_t i = 0; i < v->term_count; i++) {
    const struct term *t = &v->terms[i];
    v->hopeless[i] = end[i];
    v->aside[i] = end[i] || (start[i] && t->type != TERM_PROMISE);
    if ((t->type == TERM_NEED || t->type == TERM_UNDO_NEED) && always_fails(m, v, t)) v->aside[i] = true;
  }
}

/* All of them, sorted: what no step has first, then by step, and by type. */
static void terms_list(struct model *m, struct proving *v) {
  struct draft d = {0};
  find_landings(m, v, &d);
  add_all(m, v, &d);
  d.at = v->terms = arena_array(&v->scratch, struct term, d.n + 1);
  d.n = 0;
  add_all(m, v, &d);
  v->term_count = d.n;
  arena_free(&d.own);
  v->window_index = NONE;
  for (uint32_t i = 0; i < v->term_count && v->terms[i].type <= TERM_WINDOW; i++) {
    if (v->terms[i].type == TERM_WINDOW) v->window_index = i;
    if (v->terms[i].type != TERM_CONFLICT) continue;
    v->terms[i].fact = v->conflicts[v->terms[i].id].fact;
    v->terms[i].other = v->conflicts[v->terms[i].id].other;
  }
}

void terms_build(struct model *m, struct proving *v) {
  struct arena *a = &v->scratch;
  v->promise_steps = arena_array(a, struct step_list, m->promises.n + 1);
  for (uint32_t i = 0; i < m->promises.n; i++) v->promise_steps[i] = state_depends_promise(v->state, i);
  v->rule_steps = arena_array(a, struct step_list, m->forbidden.n + 1);
  for (uint32_t i = 0; i < m->forbidden.n; i++) {
    struct gather g = gather_new(m, v);
    gather_rule(&g, v->state, &m->forbidden.at[i]);
    v->rule_steps[i] = gathered_kept(&g);
  }
  v->conflicts = state_conflicts(v->state, &v->conflict_count);
  find_unsteady(v);
  terms_list(m, v);
  v->aside = arena_array(a, bool, v->term_count + 1);
  v->hopeless = arena_array(a, bool, v->term_count + 1);
  v->term_steps = arena_array(a, struct step_list, v->term_count + 1);
  uint32_t *ids = arena_array(a, uint32_t, m->steps.n + 1);
  for (uint32_t i = 0; i < m->steps.n; i++) ids[i] = i;
  for (uint32_t i = 0; i < v->term_count; i++) v->term_steps[i] = term_depends(m, v, &v->terms[i], ids);
  judge_terms(m, v);
  v->apart = v->unsteady_count == 0 && v->window_index == NONE;
  v->forgotten = arena_array(a, bool, m->steps.n + 1);
  v->local = arena_array(a, uint32_t, m->steps.n + 1);
  for (uint32_t i = 0; i < m->steps.n; i++) v->local[i] = NONE;
}

/* ── Groups ──────────────────────────────────────────────────────────────────────────────────────────────────────── */

static uint32_t root(uint32_t *parent, uint32_t i) {
  while (parent[i] != i) i = parent[i] = parent[parent[i]];
  return i;
}

/* The smaller id becomes the root, so that a group's root is its first step. */
static void join(uint32_t *parent, struct step_list list) {
  for (uint32_t i = 1; i < list.n; i++) {
    uint32_t a = root(parent, list.at[0]), b = root(parent, list.at[i]);
    if (a < b) parent[b] = a;
    else parent[a] = b;
  }
}

static void join_all(struct model *m, struct proving *v, uint32_t *parent) {
  for (uint32_t i = 0; i < v->term_count; i++) join(parent, v->term_steps[i]);
  uint32_t asking_count;
  const uint32_t *asking = state_asking(v->state, &asking_count);
  for (uint32_t i = 0; i < asking_count; i++) {
    struct gather g = gather_new(m, v);
    gather_guard(&g, fact_at(m, asking[i])->guard);
    gather_list(&g, state_depends_fact(v->state, asking[i]));
    join(parent, gathered(&g));
  }
  for (uint32_t i = 0; i < v->unsteady_count; i++)
    if (state_needed(v->state, v->unsteady[i])) join(parent, v->unsteady_steps[i]);
}

/* Those with irreversible steps come last; else the order is kept. */
static struct group *irreversible_last(struct arena *a, struct group *groups, uint32_t n) {
  uint32_t last = 0, at = 0;
  for (uint32_t i = 0; i < n; i++) last += groups[i].irreversible;
  if (last == 0) return groups;
  struct group *out = arena_array(a, struct group, n);
  for (unsigned late = 0; late < 2; late++)
    for (uint32_t i = 0; i < n; i++)
      if (groups[i].irreversible == late) out[at++] = groups[i];
  return out;
}

/* Which terms and resources each group's search has to look at. */
static void fill_groups(struct proving *v, struct group *groups, uint32_t n, const uint32_t *group_of) {
  uint32_t *room = arena_array(&v->scratch, uint32_t, v->term_count + 1);
  for (uint32_t i = 0; i < v->term_count; i++)
    if (v->term_steps[i].n > 0) groups[group_of[v->term_steps[i].at[0]]].terms.cap++;
  for (uint32_t i = 0; i < n; i++) {
    groups[i].terms.at = room;
    room += groups[i].terms.cap;
  }
  for (uint32_t i = 0; i < v->term_count; i++) {
    if (v->term_steps[i].n == 0) continue;
    struct group *g = &groups[group_of[v->term_steps[i].at[0]]];
    g->terms.at[g->terms.n++] = i;
  }
  for (uint32_t k = 0; k < v->unsteady_count; k++) {
    uint32_t r = v->unsteady[k];
    struct step_list deps = v->unsteady_steps[k];
    for (uint32_t i = 0; i < deps.n; i++) {
      struct group *g = &groups[group_of[deps.at[i]]];
      if (g->resources.n == 0 || g->resources.at[g->resources.n - 1] != r) array_push(&v->scratch, &g->resources, r);
    }
  }
}

struct group *components_find(struct model *m, struct proving *v, uint32_t *n) {
  struct arena *a = &v->scratch;
  uint32_t *parent = arena_array(a, uint32_t, m->steps.n + 1), *count = arena_array(a, uint32_t, m->steps.n + 1);
  for (uint32_t i = 0; i < m->steps.n; i++) parent[i] = i;
  join_all(m, v, parent);
  uint32_t groups = 0;
  for (uint32_t i = 0; i < m->steps.n; i++) {
    if (root(parent, i) == i) groups++;
    count[root(parent, i)]++;
  }
  struct group *out = arena_array(a, struct group, groups + 1);
  uint32_t *steps = arena_array(a, uint32_t, m->steps.n + 1);
  uint32_t *index = arena_array(a, uint32_t, m->steps.n + 1), next = 0;
  for (uint32_t i = 0; i < m->steps.n; i++) {
    uint32_t r = root(parent, i);
    if (r == i) {
      index[i] = next++;
      out[index[i]].steps = steps;
      steps += count[i];
    }
    struct group *g = &out[index[r]];
    g->steps[g->n++] = i;
    if (m->steps.at[i].irreversible != 0) g->irreversible = true;
  }
  out = irreversible_last(a, out, groups);
  for (uint32_t i = 0; i < groups; i++)
    for (uint32_t k = 0; k < out[i].n; k++) index[out[i].steps[k]] = i;
  fill_groups(v, out, groups, index);
  *n = groups;
  return out;
}
