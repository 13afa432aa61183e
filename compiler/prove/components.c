/* Turns a model into the terms that an order has to keep, and its steps into groups that do not interact.
 * Needs: a state that can say what its answers depend on. Guarantees: terms and groups in source order; two steps are in
 * one group when some term, or some resource's need, can depend on both. */
#include "prove/admit.h"

#include <stdlib.h>
#include <string.h>

/* ── Gathering steps ─────────────────────────────────────────────────────────────────────────────────────────────── */

struct gather {
  struct model *m;
  bool *seen;                /* per step */
  ARRAY(uint32_t) list;
};

static void gather_step(struct gather *g, uint32_t step) {
  if (step >= g->m->steps.n) {
    if (step - g->m->steps.n >= g->m->parts.n) return; /* NONE */
    step = g->m->parts.at[step - g->m->steps.n].step;
  }
  if (g->seen[step]) return;
  g->seen[step] = true;
  array_push(&g->m->c->arena, &g->list, step);
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

/* The list, sorted; the gatherer is empty again. */
static struct step_list gathered(struct gather *g) {
  struct step_list out = {g->list.at, g->list.n};
  for (uint32_t i = 0; i < out.n; i++) g->seen[out.at[i]] = false;
  if (out.n > 1) qsort(g->list.at, out.n, sizeof *g->list.at, compare_ids);
  memset(&g->list, 0, sizeof g->list);
  return out;
}

static void gather_rule(struct gather *g, struct state *s, const struct forbidden *f) {
  gather_guard(g, f->guard);
  gather_step(g, f->during);
  for (uint32_t i = 0; i < f->not_during_count; i++) gather_step(g, f->not_during[i]);
  for (uint32_t i = 0; i < f->up_count; i++) gather_list(g, state_depends_up(s, f->up[i]));
  for (uint32_t i = 0; i < f->down_count; i++) gather_list(g, state_depends_up(s, f->down[i]));
}

static struct gather gather_new(struct model *m, struct proving *v) {
  if (v->seen == NULL) v->seen = arena_array(&m->c->arena, bool, m->steps.n + 1);
  return (struct gather){.m = m, .seen = v->seen};
}

/* The steps a term depends on, its own included. */
static struct step_list term_depends(struct model *m, struct proving *v, const struct term *t) {
  struct gather g = gather_new(m, v);
  const struct step *step = t->step == NONE ? NULL : &m->steps.at[t->step];
  gather_step(&g, t->step);
  switch ((enum term_type)t->type) {
  case TERM_PROMISE: gather_list(&g, v->promise_steps[t->id]); break;
  case TERM_RULE: return v->rule_steps[t->id];
  case TERM_CONFLICT:
    for (uint32_t i = t->id; i != NONE; i = v->conflicts[i].next) gather_guard(&g, v->conflicts[i].guard);
    break;
  case TERM_AFTER: gather_step(&g, t->id); break;
  case TERM_NEED: gather_list(&g, state_depends_need(v->state, NONE, &step->needs[t->id])); break;
  case TERM_UNDO_NEED: gather_list(&g, state_depends_need(v->state, NONE, &step->undo_needs[t->id])); break;
  case TERM_LANDS: gather_list(&g, state_depends_fact(v->state, t->id)); break;
  case TERM_WINDOW: case TERM_BACK: case TERM_UNDO_BACK: break;
  }
  return gathered(&g);
}

/* ── Terms ───────────────────────────────────────────────────────────────────────────────────────────────────────── */

struct draft { ARRAY(struct term) list; };

static void add(struct model *m, struct draft *d, enum term_type type, uint32_t step, uint32_t id) {
  array_push(&m->c->arena, &d->list, (struct term){(uint8_t)type, step, id, NONE, NONE});
}

static void add_landings(struct model *m, const struct proving *v, struct draft *d) {
  uint32_t guarded_count;
  const uint32_t *guarded = state_guarded(v->state, &guarded_count);
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
      if (!m->steps.at[step].early && step != last) add(m, d, TERM_LANDS, step, f);
      last = step;
    }
  }
}

static void add_steps(struct model *m, struct draft *d) {
  for (uint32_t i = 0; i < m->steps.n; i++) {
    const struct step *s = &m->steps.at[i];
    for (uint32_t k = 0; k < s->after_count; k++)
      if (s->after[k] != i) add(m, d, TERM_AFTER, i, s->after[k]);
    for (uint32_t k = 0; k < s->needs_count; k++) add(m, d, TERM_NEED, i, k);
    if (s->irreversible == 0) {
      for (uint32_t k = 0; k < s->undo_needs_count; k++) add(m, d, TERM_UNDO_NEED, i, k);
      add(m, d, TERM_UNDO_BACK, i, NONE);
    }
    add(m, d, TERM_BACK, i, NONE);
  }
}

static int compare_terms(const void *a, const void *b) {
  const struct term *x = a, *y = b;
  bool xs = x->type > TERM_WINDOW, ys = y->type > TERM_WINDOW;
  if (xs != ys) return xs ? 1 : -1;
  if (xs && x->step != y->step) return x->step < y->step ? -1 : 1;
  if (x->type != y->type) return x->type < y->type ? -1 : 1;
  return x->id < y->id ? -1 : x->id > y->id;
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
  bool *start = arena_array(&m->c->arena, bool, v->term_count + 1);
  bool *end = arena_array(&m->c->arena, bool, v->term_count + 1);
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

void terms_build(struct model *m, struct proving *v) {
  struct draft d = {0};
  v->promise_steps = arena_array(&m->c->arena, struct step_list, m->promises.n + 1);
  for (uint32_t i = 0; i < m->promises.n; i++) {
    struct gather g = gather_new(m, v);
    gather_list(&g, state_depends_promise(v->state, i));
    v->promise_steps[i] = gathered(&g);
    add(m, &d, TERM_PROMISE, NONE, i);
  }
  for (uint32_t i = 0; i < m->forbidden.n; i++)
    if (m->forbidden.at[i].severity == SEV_ERROR && m->forbidden.at[i].hairpin_count == 0) add(m, &d, TERM_RULE, NONE, i);
  v->rule_steps = arena_array(&m->c->arena, struct step_list, m->forbidden.n + 1);
  for (uint32_t i = 0; i < m->forbidden.n; i++) {
    struct gather g = gather_new(m, v);
    gather_rule(&g, v->state, &m->forbidden.at[i]);
    v->rule_steps[i] = gathered(&g);
  }
  v->conflicts = state_conflicts(v->state, &v->conflict_count);
  for (uint32_t i = 0; i < v->conflict_count; i++)
    if (!v->conflicts[i].again) add(m, &d, TERM_CONFLICT, NONE, i);
  if (m->window >= 0) add(m, &d, TERM_WINDOW, NONE, NONE);
  add_steps(m, &d);
  add_landings(m, v, &d);
  if (d.list.n > 1) qsort(d.list.at, d.list.n, sizeof *d.list.at, compare_terms);
  v->terms = d.list.at;
  v->term_count = d.list.n;
  v->window_index = NONE;
  for (uint32_t i = 0; i < v->term_count && v->terms[i].type <= TERM_WINDOW; i++) {
    if (v->terms[i].type == TERM_WINDOW) v->window_index = i;
    if (v->terms[i].type != TERM_CONFLICT) continue;
    v->terms[i].fact = v->conflicts[v->terms[i].id].fact;
    v->terms[i].other = v->conflicts[v->terms[i].id].other;
  }
  v->aside = arena_array(&m->c->arena, bool, v->term_count + 1);
  v->hopeless = arena_array(&m->c->arena, bool, v->term_count + 1);
  v->term_steps = arena_array(&m->c->arena, struct step_list, v->term_count + 1);
  for (uint32_t i = 0; i < v->term_count; i++) v->term_steps[i] = term_depends(m, v, &v->terms[i]);
  judge_terms(m, v);
  v->needy = arena_array(&m->c->arena, bool, m->resources.n + 1);
  for (uint32_t i = 0; i < m->resources.n; i++) v->needy[i] = state_needy(v->state, i);
  v->local = arena_array(&m->c->arena, uint32_t, m->steps.n + 1);
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
  for (uint32_t r = 0; r < m->resources.n; r++)
    if (state_needed(v->state, r)) join(parent, state_depends_up(v->state, r));
}

static int compare_groups(const void *a, const void *b) {
  const struct group *x = a, *y = b;
  if (x->irreversible != y->irreversible) return x->irreversible ? 1 : -1;
  return x->steps[0] < y->steps[0] ? -1 : 1;
}

/* Which terms and resources each group's search has to look at. */
static void fill_groups(struct model *m, struct proving *v, struct group *groups, const uint32_t *group_of) {
  for (uint32_t i = 0; i < v->term_count; i++)
    if (v->term_steps[i].n > 0)
      array_push(&m->c->arena, &groups[group_of[v->term_steps[i].at[0]]].terms, i);
  for (uint32_t r = 0; r < m->resources.n; r++) {
    struct step_list deps = state_depends_up(v->state, r);
    for (uint32_t i = 0; i < deps.n; i++) {
      struct group *g = &groups[group_of[deps.at[i]]];
      if (g->resources.n == 0 || g->resources.at[g->resources.n - 1] != r) array_push(&m->c->arena, &g->resources, r);
    }
  }
}

struct group *components_find(struct model *m, struct proving *v, uint32_t *n) {
  struct arena *a = &m->c->arena;
  uint32_t *parent = arena_array(a, uint32_t, m->steps.n + 1), *count = arena_array(a, uint32_t, m->steps.n + 1);
  for (uint32_t i = 0; i < m->steps.n; i++) parent[i] = i;
  join_all(m, v, parent);
  uint32_t groups = 0;
  for (uint32_t i = 0; i < m->steps.n; i++) {
    if (root(parent, i) == i) groups++;
    count[root(parent, i)]++;
  }
  struct group *out = arena_array(a, struct group, groups + 1);
  uint32_t *index = arena_array(a, uint32_t, m->steps.n + 1), next = 0;
  for (uint32_t i = 0; i < m->steps.n; i++) {
    uint32_t r = root(parent, i);
    if (r == i) {
      index[i] = next++;
      out[index[i]].steps = arena_array(a, uint32_t, count[i]);
    }
    struct group *g = &out[index[r]];
    g->steps[g->n++] = i;
    if (m->steps.at[i].irreversible != 0) g->irreversible = true;
  }
  if (groups > 1) qsort(out, groups, sizeof *out, compare_groups);
  for (uint32_t i = 0; i < groups; i++)
    for (uint32_t k = 0; k < out[i].n; k++) index[out[i].steps[k]] = i;
  fill_groups(m, v, out, index);
  *n = groups;
  return out;
}
