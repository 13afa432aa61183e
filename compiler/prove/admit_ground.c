/* Prepares the search of one group: its promises, terms and resources under small numbers, and who is asked when.
 * Needs: groups with their terms. Guarantees: everything is in ascending order of the model's ids. */
#include "prove/admit.h"

#include <string.h>

/* Questions are remembered per combination of at most so many steps: 4 KiB each. */
enum { MEMO_STEPS = 12 };

static struct query question(struct terrain *t, uint32_t id, struct step_list deps) {
  struct query q = {.id = id, .deps = arena_array(&t->arena, uint32_t, deps.n + 1)};
  q.dep_set = arena_array(&t->arena, uint64_t, t->words);
  for (uint32_t i = 0; i < deps.n; i++) {
    uint32_t step = t->v->local[deps.at[i]];
    if (step == NONE) continue;
    q.deps[q.dep_count++] = step;
    bit_put(q.dep_set, step);
  }
  if (q.dep_count <= MEMO_STEPS) q.memo = arena_array(&t->arena, uint8_t, (size_t)1 << q.dep_count);
  return q;
}

/* Conflicts that are there before the first step or after the last, whatever the order, are not asked about: there may be many. */
static void number_terms(struct terrain *t) {
  uint32_t n = t->group->terms.n;
  t->terms = arena_array(&t->arena, uint32_t, n + 2);
  for (uint32_t i = 0; i < n; i++) {
    uint32_t term = t->group->terms.at[i];
    if (t->v->terms[term].type != TERM_CONFLICT || !t->v->aside[term]) t->terms[t->term_count++] = term;
  }
  t->window_term = NONE;
  if (t->v->window_index != NONE) {
    uint32_t at = t->term_count++;
    for (; at > 0 && t->terms[at - 1] > t->v->window_index; at--) t->terms[at] = t->terms[at - 1];
    t->terms[at] = t->v->window_index;
    t->window_term = at;
  }
  t->term_words = words_for(t->term_count);
}

static void number_promises(struct terrain *t) {
  t->promises = arena_array(&t->arena, uint32_t, t->term_count + 1);
  t->promise_term = arena_array(&t->arena, uint32_t, t->term_count + 1);
  t->promise_questions = arena_array(&t->arena, struct query, t->term_count + 1);
  t->counted = arena_array(&t->arena, uint64_t, words_for(t->term_count));
  t->always = arena_array(&t->arena, bool, t->term_count + 1);
  for (uint32_t i = 0; i < t->term_count; i++) {
    const struct term *term = &t->v->terms[t->terms[i]];
    if (term->type != TERM_PROMISE) continue;
    uint32_t k = t->promise_count++;
    t->promises[k] = term->id;
    t->promise_term[k] = i;
    t->promise_questions[k] = question(t, term->id, t->v->term_steps[t->terms[i]]);
    if (t->m->promises.at[term->id].hold != HOLD_FINALLY) bit_put(t->counted, k);
    t->always[k] = t->m->promises.at[term->id].hold == HOLD_ALWAYS;
  }
  t->promise_words = words_for(t->promise_count);
}

static void number_resources(struct terrain *t) {
  t->resource_count = t->group->resources.n;
  t->resources = t->group->resources.at;
  t->resource_words = words_for(t->resource_count);
  t->resource_questions = arena_array(&t->arena, struct query, t->resource_count + 1);
  t->needy = arena_array(&t->arena, bool, t->resource_count + 1);
  for (uint32_t i = 0; i < t->resource_count; i++) {
    t->resource_questions[i] = question(t, t->resources[i], state_depends_up(t->v->state, t->resources[i]));
    t->needy[i] = state_needy(t->v->state, t->resources[i]);
  }
}

static void note_after(struct terrain *t, uint32_t local, uint32_t step, uint32_t other) {
  if (t->after_terms[step] == NULL)
    t->after_terms[step] = arena_array(&t->arena, struct after_term, t->m->steps.at[t->group->steps[step]].after_count);
  t->after_terms[step][t->after_counts[step]++] = (struct after_term){other, local};
}

/* Which terms are asked in every state, and which before or after which step. */
static void assign_terms(struct terrain *t) {
  for (uint32_t i = 0; i < t->term_count; i++) {
    const struct term *term = &t->v->terms[t->terms[i]];
    uint32_t step = term->step == NONE ? NONE : t->v->local[term->step];
    uint64_t *before = step == NONE ? NULL : t->before + (size_t)step * t->term_words;
    uint64_t *after = step == NONE ? NULL : t->after + (size_t)step * t->term_words;
    t->term_questions[i].id = NONE;
    switch ((enum term_type)term->type) {
    case TERM_PROMISE: case TERM_WINDOW: continue;
    case TERM_AFTER: note_after(t, i, step, t->v->local[term->id]); continue;
    case TERM_BACK: t->back_terms[step] = i; continue;
    case TERM_UNDO_BACK: t->undo_back_terms[step] = i; continue;
    case TERM_RULE:
    case TERM_CONFLICT: bit_put(t->states, i); break;
    case TERM_NEED: bit_put(before, i); break;
    case TERM_UNDO_NEED:
      bit_put(after, i);
      if (step_in_doubt(&t->m->steps.at[term->step])) bit_put(before, i);
      break;
    case TERM_LANDS:
      bit_put(after, i);
      bit_put(t->lands, i);
      break;
    }
    t->term_questions[i] = question(t, i, t->v->term_steps[t->terms[i]]);
  }
}

static void find_during(struct terrain *t) {
  for (uint32_t i = 0; i < t->n; i++) t->has_during[i] = t->m->steps.at[t->group->steps[i]].disrupts_count > 0;
  for (uint32_t i = 0; i < t->term_count; i++) {
    const struct term *term = &t->v->terms[t->terms[i]];
    if (term->type != TERM_RULE || t->m->forbidden.at[term->id].during == NONE) continue;
    t->has_during[t->v->local[t->m->forbidden.at[term->id].during]] = true;
  }
}

/* Promises that no step of the group can change, but which may be down meanwhile: they start the window. */
static bool others_down(struct terrain *t) {
  if (t->window_term == NONE || (t->caches == NULL && t->left <= t->v->window)) return false; /* waits may make it longer */
  state_set(t->v->state, t->done, NULL, 0);
  uint32_t k = 0;
  for (uint32_t i = 0; i < t->m->promises.n; i++) {
    if (k < t->promise_count && t->promises[k] == i) k++;
    else if (t->m->promises.at[i].hold != HOLD_FINALLY && state_promise(t->v->state, i, NULL) != UP) return true;
  }
  return false;
}

struct terrain *terrain_new(struct model *m, struct proving *v, const struct group *g, bool *done) {
  struct arena own = arena_borrow(v);
  struct terrain *t = arena_new(&own, struct terrain);
  t->arena = own; /* from here on only through t */
  t->m = m;
  t->v = v;
  t->group = g;
  t->spent_before = state_spent(v->state);
  t->n = g->n;
  t->words = words_for(t->n);
  for (uint32_t i = 0; i < t->n; i++) v->local[g->steps[i]] = i;
  struct arena *a = &t->arena;
  t->mine.arena = t->ended.arena = a;
  t->done = done;
  t->present = arena_array(a, uint64_t, t->words);
  number_terms(t);
  number_promises(t);
  number_resources(t);
  t->term_questions = arena_array(a, struct query, t->term_count + 1);
  t->before = arena_array(a, uint64_t, (size_t)t->n * t->term_words);
  t->after = arena_array(a, uint64_t, (size_t)t->n * t->term_words);
  t->states = arena_array(a, uint64_t, t->term_words);
  t->lands = arena_array(a, uint64_t, t->term_words);
  t->after_terms = arena_array(a, struct after_term *, t->n);
  t->after_counts = arena_array(a, uint32_t, t->n);
  t->back_terms = arena_array(a, uint32_t, t->n);
  t->undo_back_terms = arena_array(a, uint32_t, t->n);
  t->has_during = arena_array(a, bool, t->n);
  for (uint32_t i = 0; i < t->n; i++) t->back_terms[i] = t->undo_back_terms[i] = NONE;
  assign_terms(t);
  find_during(t);
  t->elapsed = v->elapsed;
  t->left = v->total - v->elapsed;
  if (v->flags == NULL) {
    v->flags = arena_array(&v->scratch, bool, m->resources.n + 1);
    v->back = arena_array(&v->scratch, bool, m->resources.n + 1);
  }
  t->flags = v->flags;
  t->back = v->back;
  t->set_scratch = arena_array(a, uint64_t, t->words);
  t->kept_scratch = arena_array(a, uint64_t, t->resource_words);
  t->slot_count = t->n < 7 ? 2u << t->n : 256; /* as many as there can be */
  t->slots = arena_array(a, struct spot *, t->slot_count);
  t->caches = caches_new(m, v->state, a, t->promises, t->promise_count, v->local);
  t->outer_down = others_down(t);
  t->start = spot_at(t, arena_array(a, uint64_t, t->words));
  return t;
}

void terrain_free(struct terrain *t) {
  for (uint32_t i = 0; i < t->n; i++) {
    t->v->local[t->group->steps[i]] = NONE;
    if (!bit_get(t->present, i)) continue;
    done_put(t->m, t->done, t->group->steps[i], false);
    array_push(&t->v->scratch, &t->v->changed, t->group->steps[i]);
  }
  struct proving *v = t->v;
  struct arena own = t->arena; /* t itself lies in it */
  arena_return(v, &own);
}
