/* Says what fails in a state, and what a step from one state to the next would break.
 * Needs: terms and groups. Guarantees: each state of a group is looked at once; an answer that depends on few steps is
 * asked once per combination of those. Which terms bind is the caller's business: all that fail are named. */
#include "prove/admit.h"

#include <string.h>

int64_t known_length(const struct step *s) { return s->takes < 0 ? 0 : s->takes; }

bool step_in_doubt(const struct step *s) { return s->atomic == 0 && (s->commands > 1 || s->part_count > 1); }

/* ── States ──────────────────────────────────────────────────────────────────────────────────────────────────────── */

static void put(struct terrain *t, uint32_t step, bool value) {
  done_put(t->m, t->done, step, value);
  array_push(&t->v->scratch, &t->v->changed, step);
}

static void set_state(struct terrain *t, const uint32_t *disrupted, uint32_t n) {
  state_set_some(t->v->state, t->done, t->v->changed.at, t->v->changed.n, disrupted, n);
  t->v->changed.n = 0;
}

/* Turns t->done into the flags of a set; only what differs is touched. */
static void flags_to(struct terrain *t, const uint64_t *set) {
  for (uint32_t w = 0; w < t->words; w++) {
    uint64_t change = t->present[w] ^ set[w];
    for (uint32_t b = 0; change != 0; b++, change >>= 1)
      if (change & 1) put(t, t->group->steps[w * 64 + b], set[w] >> b & 1);
    if (t->present[w] != set[w]) t->set = false;
    t->present[w] = set[w];
  }
}

static void go(struct terrain *t, const uint64_t *set) {
  flags_to(t, set);
  if (t->set) return;
  set_state(t, NULL, 0);
  t->set = true;
  t->looked++;
}

static void go_during(struct terrain *t, const uint64_t *set, uint32_t step) {
  flags_to(t, set);
  const struct step *s = &t->m->steps.at[t->group->steps[step]];
  set_state(t, s->disrupts, s->disrupts_count);
  t->set = false;
  t->looked++;
}

void terrain_go(struct terrain *t, const uint64_t *set, uint32_t step) {
  if (step == NONE) go(t, set);
  else go_during(t, set, step);
}

uint64_t terrain_effort(const struct terrain *t) { return t->effort + state_spent(t->v->state) - t->spent_before; }

/* ── Questions ───────────────────────────────────────────────────────────────────────────────────────────────────── */

static uint32_t combination(const struct query *q, const uint64_t *set) {
  uint32_t index = 0;
  for (uint32_t i = 0; i < q->dep_count; i++) index |= (uint32_t)bit_get(set, q->deps[i]) << i;
  return index;
}

static bool depends_on(const struct query *q, uint32_t step) { return q->dep_set != NULL && bit_get(q->dep_set, step); }

/* In the state at hand: does the term fail? `during` is the step that runs, NONE for none. */
static bool term_fails(struct terrain *t, uint32_t local, uint32_t during) {
  const struct term *term = &t->v->terms[t->terms[local]];
  struct state *s = t->v->state;
  const struct step *step = term->step == NONE ? NULL : &t->m->steps.at[term->step];
  switch ((enum term_type)term->type) {
  case TERM_RULE: return state_forbidden(s, term->id, during);
  case TERM_CONFLICT: return conflict_holds(t->m, t->v->conflicts, term->id, t->done);
  case TERM_NEED: return state_need(s, NONE, &step->needs[term->id], NULL) != UP;
  case TERM_UNDO_NEED: return state_need(s, NONE, &step->undo_needs[term->id], NULL) != UP;
  case TERM_LANDS: return guard_holds(t->m, fact_at(t->m, term->id)->guard, t->done) && !state_lands(s, term->id);
  case TERM_PROMISE: case TERM_WINDOW: case TERM_AFTER: case TERM_BACK: case TERM_UNDO_BACK: break;
  }
  return false;
}

enum about { ABOUT_PROMISE, ABOUT_TERM, ABOUT_RESOURCE };

static bool ask(struct terrain *t, enum about what, uint32_t id, uint32_t during) {
  t->effort++;
  switch (what) {
  case ABOUT_PROMISE: return state_promise(t->v->state, id, NULL) != UP;
  case ABOUT_TERM: return term_fails(t, id, during);
  case ABOUT_RESOURCE: break;
  }
  return state_up(t->v->state, id);
}

static bool answer(struct terrain *t, enum about what, struct query *q, const uint64_t *set) {
  uint8_t *memo = q->memo == NULL ? NULL : &q->memo[combination(q, set)];
  if (memo != NULL && *memo != 0) return *memo == 2;
  go(t, set);
  bool yes = ask(t, what, q->id, NONE);
  if (memo != NULL) *memo = yes ? 2 : 1;
  return yes;
}

/* ── Spots ───────────────────────────────────────────────────────────────────────────────────────────────────────── */

static uint64_t hash(const uint64_t *set, uint32_t words) {
  uint64_t h = 0x9e3779b97f4a7c15u;
  for (uint32_t i = 0; i < words; i++) {
    h = (h ^ set[i]) * 0xff51afd7ed558ccdu;
    h ^= h >> 32;
  }
  return h;
}

static void grow(struct terrain *t) {
  uint32_t count = t->slot_count * 2;
  struct spot **slots = arena_array(&t->arena, struct spot *, count);
  for (uint32_t i = 0; i < t->slot_count; i++)
    for (struct spot *s = t->slots[i], *next; s != NULL; s = next) {
      next = s->next;
      uint32_t slot = (uint32_t)(hash(s->set, t->words) & (count - 1));
      s->next = slots[slot];
      slots[slot] = s;
    }
  t->slots = slots;
  t->slot_count = count;
}

static void look(struct terrain *t, struct spot *s) {
  for (uint32_t i = 0; i < t->promise_count; i++)
    if (answer(t, ABOUT_PROMISE, &t->promise_questions[i], s->set)) bit_put(s->down, i);
  for (uint32_t i = 0; i < t->term_count; i++)
    if (t->term_questions[i].id != NONE && answer(t, ABOUT_TERM, &t->term_questions[i], s->set)) bit_put(s->fails, i);
  for (uint32_t i = 0; i < t->resource_count; i++)
    if (answer(t, ABOUT_RESOURCE, &t->resource_questions[i], s->set)) bit_put(s->up, i);
}

struct spot *spot_at(struct terrain *t, const uint64_t *set) {
  uint32_t slot = (uint32_t)(hash(set, t->words) & (t->slot_count - 1));
  for (struct spot *s = t->slots[slot]; s != NULL; s = s->next)
    if (memcmp(s->set, set, t->words * sizeof *set) == 0) return s;
  if (t->spot_count >= t->slot_count) {
    grow(t);
    slot = (uint32_t)(hash(set, t->words) & (t->slot_count - 1));
  }
  struct spot *s = arena_new(&t->arena, struct spot);
  uint64_t *words = arena_array(&t->arena, uint64_t, t->words + t->term_words + t->promise_words + t->resource_words);
  s->set = words;
  s->fails = words + t->words;
  s->down = s->fails + t->term_words;
  s->up = s->down + t->promise_words;
  memcpy(s->set, set, t->words * sizeof *set);
  s->next = t->slots[slot];
  t->slots[slot] = s;
  t->spot_count++;
  look(t, s);
  return s;
}

struct spot *spot_after(struct terrain *t, const struct spot *from, uint32_t step) {
  uint64_t *set = t->set_scratch;
  memcpy(set, from->set, t->words * sizeof *set);
  bit_put(set, step);
  return spot_at(t, set);
}

/* ── While a step runs ───────────────────────────────────────────────────────────────────────────────────────────── */

/* Is it asked of this half at all? Rules and conflicts always; a step's own needs at their end. What lands does so in the
 * state after the step, with the disruption over. */
static bool asked_in(const struct terrain *t, uint32_t local, uint32_t step, bool after) {
  if (bit_get(t->lands, local)) return false;
  const uint64_t *own = (after ? t->after : t->before) + (size_t)step * t->term_words;
  return bit_get(own, local) || bit_get(t->states, local);
}

static void look_half(struct terrain *t, const struct spot *at, struct half *h) {
  uint32_t step = h->step, id = t->group->steps[step];
  uint64_t *fails = h->words, *down = fails + t->term_words, *up = down + t->promise_words;
  go_during(t, at->set, step);
  for (uint32_t i = 0; i < t->promise_count; i++)
    if (depends_on(&t->promise_questions[i], step) ? ask(t, ABOUT_PROMISE, t->promise_questions[i].id, id)
                                                   : bit_get(at->down, i))
      bit_put(down, i);
  for (uint32_t i = 0; i < t->term_count; i++)
    if (asked_in(t, i, step, h->after) &&
        (depends_on(&t->term_questions[i], step) ? term_fails(t, i, id) : bit_get(at->fails, i)))
      bit_put(fails, i);
  for (uint32_t i = 0; i < t->resource_count; i++)
    if (state_up(t->v->state, t->resources[i])) bit_put(up, i);
}

const struct half *half_at(struct terrain *t, struct spot *at, uint32_t step, bool after) {
  if (!t->has_during[step]) return NULL;
  for (struct half *h = at->halves; h != NULL; h = h->next)
    if (h->step == step && h->after == after) return h;
  struct half *h = arena_alloc(&t->arena, 1, sizeof *h + (t->term_words + t->promise_words + t->resource_words) * sizeof *h->words);
  h->step = step;
  h->after = after;
  h->next = at->halves;
  at->halves = h;
  look_half(t, at, h);
  return h;
}

/* Does what stayed up all through bring back the rest of what is up at that end? `kept`: all that is up at both ends of
 * the step and while it runs. */
static bool comes_back(struct terrain *t, const struct spot *end, const uint64_t *kept) {
  bool doubt = false;
  for (uint32_t i = 0; i < t->resource_count; i++)
    if (bit_get(end->up, i) && !bit_get(kept, i) && t->needy[i]) doubt = true;
  if (!doubt) return true;
  bool *flags = t->flags, *back = t->back;
  go(t, end->set);
  for (uint32_t i = 0; i < t->m->resources.n; i++) flags[i] = state_up(t->v->state, i);
  for (uint32_t i = 0; i < t->resource_count; i++) flags[t->resources[i]] = bit_get(kept, i);
  state_comes_back(t->v->state, flags, back);
  for (uint32_t i = 0; i < t->resource_count; i++)
    if (bit_get(end->up, i) && !back[t->resources[i]]) return false;
  return true;
}

const struct pair *pair_at(struct terrain *t, struct spot *from, uint32_t step, struct spot *to) {
  static const struct pair nothing = {.step = NONE};
  for (struct pair *p = from->pairs; p != NULL; p = p->next)
    if (p->step == step) return p;
  const struct half *a = half_at(t, from, step, false), *b = half_at(t, to, step, true);
  uint64_t *kept = t->kept_scratch;
  uint64_t gone = 0;
  for (uint32_t i = 0; i < t->resource_words; i++) {
    kept[i] = (a != NULL ? half_up(t, a)[i] : from->up[i]) & (b != NULL ? half_up(t, b)[i] : to->up[i]);
    gone |= (from->up[i] | to->up[i]) & ~kept[i];
  }
  if (gone == 0) return &nothing;
  struct pair *p = arena_new(&t->arena, struct pair);
  p->step = step;
  p->next = from->pairs;
  from->pairs = p;
  p->back = !comes_back(t, to, kept);
  p->undo_back = !comes_back(t, from, kept);
  return p;
}

void parts_down(struct terrain *t, const struct spot *from, uint32_t step, uint64_t *down) {
  const struct step *s = &t->m->steps.at[t->group->steps[step]];
  if (s->part_count < 2 || s->atomic != 0) return;
  flags_to(t, from->set);
  t->set = false;
  uint32_t left = s->part_count - 1;
  for (uint32_t i = 0; i < t->m->parts.n && left > 0; i++) {
    if (t->m->parts.at[i].step != t->group->steps[step]) continue;
    t->done[t->m->steps.n + i] = true;
    left--;
    state_set(t->v->state, t->done, NULL, 0);
    t->looked++;
    for (uint32_t k = 0; k < t->promise_count; k++)
      if (state_promise(t->v->state, t->promises[k], NULL) != UP) bit_put(down, k);
  }
  put(t, t->group->steps[step], false);
}

/* ── Steps ───────────────────────────────────────────────────────────────────────────────────────────────────────── */

void fails_waits(const struct terrain *t, const struct spot *at, uint32_t step, uint64_t *fails) {
  for (uint32_t i = 0; i < t->after_counts[step]; i++) {
    const struct after_term *a = &t->after_terms[step][i];
    if (!bit_get(at->set, a->step)) bit_put(fails, a->term);
  }
}

void fails_before(struct terrain *t, struct spot *at, uint32_t step, uint64_t *fails) {
  const struct half *h = half_at(t, at, step, false);
  const uint64_t *own = t->before + (size_t)step * t->term_words;
  for (uint32_t w = 0; w < t->term_words; w++)
    fails[w] |= h != NULL ? half_fails(h)[w] : at->fails[w] & own[w];
  fails_waits(t, at, step, fails);
}

void fails_after(struct terrain *t, struct spot *at, uint32_t step, uint64_t *fails) {
  const struct half *h = half_at(t, at, step, true);
  const uint64_t *own = t->after + (size_t)step * t->term_words;
  for (uint32_t w = 0; w < t->term_words; w++)
    fails[w] |= h != NULL ? half_fails(h)[w] | (at->fails[w] & own[w] & t->lands[w]) : at->fails[w] & own[w];
}

/* What is left of the plan from this state on, in known milliseconds, later groups included. */
int64_t length_left(const struct terrain *t, const struct spot *from) {
  int64_t left = t->left;
  for (uint32_t i = 0; i < t->n; i++)
    if (bit_get(from->set, i)) left -= known_length(&t->m->steps.at[t->group->steps[i]]);
  return left;
}

static bool disturbs(const struct terrain *t, uint32_t step, const struct spot *to) {
  uint64_t down = t->outer_down || t->m->steps.at[t->group->steps[step]].disrupts_count > 0;
  for (uint32_t w = 0; w < t->promise_words; w++) down |= to->down[w] & t->counted[w];
  return down != 0;
}

/* The same for those who have an old answer; *olds is what is old before the step, and after it. */
static bool disturbs_olds(struct terrain *t, struct spot *from, uint32_t step, struct spot *to, int64_t wait, struct olds *olds) {
  olds_wait(olds, wait);
  olds_step(olds, spot_published(t, from), spot_published(t, to), caches_questions(t->caches), known_length(&t->m->steps.at[t->group->steps[step]]));
  struct recall old = {olds, 0, -1};
  const uint64_t *dark = spot_dark(t, to, NONE, false, &old);
  uint64_t down = 0;
  for (uint32_t w = 0; w < t->promise_words; w++) down |= dark[w] & t->counted[w];
  return down != 0;
}

int64_t window_of(struct terrain *t, const uint32_t *order, const int64_t *waits) {
  struct spot *at = t->start;
  struct olds olds = {.arena = &t->arena};
  for (uint32_t i = 0; i < t->n; i++) {
    struct spot *to = spot_after(t, at, order[i]);
    if (disturbs(t, order[i], to) || (t->caches != NULL && disturbs_olds(t, at, order[i], to, waits == NULL ? 0 : waits[i], &olds))) {
      int64_t length = length_left(t, at);
      for (uint32_t k = i + 1; waits != NULL && k < t->n; k++) length += waits[k];
      return length;
    }
    at = to;
  }
  return -1;
}

void fails_window(const struct terrain *t, const struct spot *from, uint32_t step, const struct spot *to, uint64_t *fails) {
  if (t->window_term == NONE) return;
  if (disturbs(t, step, to) && length_left(t, from) > t->v->window) bit_put(fails, t->window_term);
}

void move_look(struct terrain *t, struct spot *from, uint32_t step, struct spot *to, uint64_t *fails, uint64_t *during) {
  memset(fails, 0, t->term_words * sizeof *fails);
  memset(during, 0, t->promise_words * sizeof *during);
  fails_before(t, from, step, fails);
  fails_after(t, to, step, fails);
  for (uint32_t w = 0; w < t->term_words; w++) fails[w] |= to->fails[w] & t->states[w];
  fails_window(t, from, step, to, fails);
  const struct half *a = half_at(t, from, step, false), *b = half_at(t, to, step, true);
  for (uint32_t w = 0; a != NULL && w < t->promise_words; w++) during[w] |= half_down(t, a)[w] | half_down(t, b)[w];
  parts_down(t, from, step, during);
  const struct pair *p = pair_at(t, from, step, to);
  if (p->back) bit_put(fails, t->back_terms[step]);
  if (p->undo_back && t->undo_back_terms[step] != NONE) bit_put(fails, t->undo_back_terms[step]);
  for (uint32_t i = 0; i < t->promise_count; i++)
    if (t->always[i] && !bit_get(from->down, i) && (bit_get(to->down, i) || bit_get(during, i)))
      bit_put(fails, t->promise_term[i]);
}
