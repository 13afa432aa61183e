/* Finds a minimal set of promises, constraints and steps that alone allow no order.
 *
 * Needs a terrain whose group has no order. Guarantees: with any one member left out there is an order, unless `minimal` is
 * false. A step left out changes its facts at the same moment as whichever step that is kept suits best, or at whichever
 * end: so a kept step is a moment in which left-out ones change before, with and after it, and only the states between
 * moments have to keep rules and promises; what the kept step itself asks is asked at any point of its moment that suits.
 * The last is what makes leaving out never harder: were a step's needs asked in the state between moments alone, a step
 * left out could take away the state in which they held. */
#include "prove/admit.h"

#include <stdlib.h>
#include <string.h>

/* Places looked at for one question, and for all questions about one clash. */
enum { PLACE_LIMIT = 3 << 17, WORK_LIMIT = 1 << 21, SPOT_LIMIT = 1 << 18, LOOKED_LIMIT = 5 << 18 };

/* Where in a moment the search stands: settled between moments; before the kept step; after it, its own end not looked at
 * yet; after that. A node is such a place (of which step, for the third) with a set. */
enum stand { SETTLED, BEFORE, WITH, AFTER_IT, PLACES };

struct standing {
  struct standing *next; /* on the stack, or free */
  struct spot *spot;
  uint8_t place;
  uint32_t step;
  int64_t value[];       /* per tracked promise two: how long down (`always`: whether ever up), whether down in this moment */
};
struct visited {         /* with promises tracked: the values with which one stood somewhere */
  struct visited *next;
  struct spot *spot;
  uint32_t key;          /* place, or PLACES + step */
  struct value_of { struct value_of *next; int64_t value[]; } *values;
};
struct hunt {
  struct terrain *t;
  struct arena arena;    /* of one question; freed after it */
  uint64_t *asked, *kept;
  uint64_t *relevant;    /* steps that what is asked depends on; the others need not be made */
  uint32_t *tracked, tracked_count;
  struct visited **slots;
  uint32_t slot_count, places;
  uint64_t work;         /* places of all questions */
  uint32_t spot_limit;
  uint64_t looked_limit; /* of the terrain: no more states than these */
  struct standing *stack, *unused;
  uint64_t *fails, *during;
  int64_t *value;
  bool gave_up;          /* some question was too large */
  bool promises_asked;
  bool whole;            /* no step that matters is left out */
  bool lone;             /* one term alone allows no order */
};

static const struct step *step_of(const struct hunt *h, uint32_t local) {
  return &h->t->m->steps.at[h->t->group->steps[local]];
}

/* ── Labels ──────────────────────────────────────────────────────────────────────────────────────────────────────── */

static struct visited *visited_at(struct hunt *h, struct spot *spot, uint32_t key) {
  uint64_t mixed = ((uint64_t)(uintptr_t)spot >> 4) * 0x9e3779b97f4a7c15u + key * 0xff51afd7ed558ccdu;
  struct visited **slot = &h->slots[(mixed >> 32) & (h->slot_count - 1)];
  for (struct visited *v = *slot; v != NULL; v = v->next)
    if (v->spot == spot && v->key == key) return v;
  struct visited *v = arena_new(&h->arena, struct visited);
  *v = (struct visited){.next = *slot, .spot = spot, .key = key};
  return *slot = v;
}

/* Nothing tracked: a bit per place of a set says that one stood there. */
static bool first_time(struct hunt *h, struct spot *spot, uint32_t key) {
  if (spot->hunt != h->t->generation || spot->seen == NULL) {
    spot->hunt = h->t->generation;
    spot->seen = arena_array(&h->arena, uint64_t, words_for(h->t->n + PLACES));
  }
  if (bit_get(spot->seen, key)) return false;
  bit_put(spot->seen, key);
  return true;
}

/* Else: not with values no worse. */
static bool no_worse(struct hunt *h, struct spot *spot, uint32_t key) {
  uint32_t n = h->tracked_count * 2;
  struct visited *v = visited_at(h, spot, key);
  for (const struct value_of *l = v->values; l != NULL; l = l->next) {
    uint32_t i = 0;
    while (i < n && l->value[i] <= h->value[i]) i++;
    if (i == n) return false;
  }
  struct value_of *l = arena_alloc(&h->arena, 1, sizeof *l + n * sizeof *l->value);
  memcpy(l->value, h->value, n * sizeof *l->value);
  l->next = v->values;
  v->values = l;
  return true;
}

/* Stands there too, with h->value, unless it did so with values no worse. */
static void push(struct hunt *h, struct spot *spot, enum stand place, uint32_t step) {
  uint32_t key = place == WITH ? (uint32_t)PLACES + step : (uint32_t)place;
  if (h->tracked_count == 0 ? !first_time(h, spot, key) : !no_worse(h, spot, key)) return;
  struct standing *s = h->unused;
  if (s != NULL) h->unused = s->next;
  else s = arena_alloc(&h->arena, 1, sizeof *s + h->tracked_count * 2 * sizeof *s->value);
  s->next = h->stack;
  s->spot = spot;
  s->place = (uint8_t)place;
  s->step = step;
  if (h->tracked_count > 0) memcpy(s->value, h->value, h->tracked_count * 2 * sizeof *s->value);
  h->stack = s;
  h->places++;
}

static void take(struct hunt *h, const struct standing *from) {
  if (h->tracked_count > 0) memcpy(h->value, from->value, h->tracked_count * 2 * sizeof *h->value);
}

/* ── What is asked ───────────────────────────────────────────────────────────────────────────────────────────────── */

static bool asks(const struct hunt *h, uint32_t promise) { return bit_get(h->asked, h->t->promise_term[promise]); }

/* Terms that bind and fail; a step left out is waited for by none. */
static bool refused(struct hunt *h, uint32_t step) {
  for (uint32_t i = 0; i < h->t->after_counts[step]; i++) {
    const struct after_term *a = &h->t->after_terms[step][i];
    if (!bit_get(h->kept, a->step)) h->fails[a->term / 64] &= ~((uint64_t)1 << (a->term % 64));
  }
  for (uint32_t w = 0; w < h->t->term_words; w++)
    if (h->fails[w] & h->asked[w]) return true;
  return false;
}

/* The promises in `down` are so within the moment: false when one may not. */
static bool darken(struct hunt *h, const uint64_t *down) {
  const struct terrain *t = h->t;
  for (uint32_t i = 0; i < t->promise_count; i++)
    if (bit_get(down, i) && t->always[i] && asks(h, i) && !bit_get(h->t->start->down, i)) return false;
  for (uint32_t i = 0; i < h->tracked_count; i++) {
    if (!bit_get(down, h->tracked[i])) continue;
    if (t->always[h->tracked[i]] && h->value[2 * i] > 0) return false;
    h->value[2 * i + 1] = 1;
  }
  return true;
}

/* Between moments: rules, promises, stretches. */
static bool settles(struct hunt *h, const struct spot *at) {
  const struct terrain *t = h->t;
  for (uint32_t w = 0; w < t->term_words; w++)
    if (at->fails[w] & t->states[w] & h->asked[w]) return false;
  for (uint32_t i = 0; i < t->promise_count; i++)
    if (bit_get(at->down, i) && t->always[i] && asks(h, i) && !bit_get(t->start->down, i)) return false;
  for (uint32_t i = 0; i < h->tracked_count; i++) {
    const struct promise *p = &t->m->promises.at[t->promises[h->tracked[i]]];
    int64_t *value = &h->value[2 * i];
    bool down = bit_get(at->down, h->tracked[i]);
    if (p->hold == HOLD_ALWAYS) {
      if (down && value[0] > 0) return false;
      value[0] = !down;
    } else {
      if ((down || value[1]) && value[0] > p->limit) return false;
      if (!down) value[0] = 0;
    }
    value[1] = down;
  }
  return true;
}

/* The window: from the first step that disrupts, or after which a promise is down, only kept steps take their time. */
static bool within(const struct hunt *h, const struct spot *to, uint32_t step) {
  const struct terrain *t = h->t;
  if (t->window_term == NONE || !bit_get(h->asked, t->window_term)) return true;
  uint64_t down = t->outer_down || step_of(h, step)->disrupts_count > 0;
  for (uint32_t w = 0; w < t->promise_words; w++) down |= to->down[w] & t->counted[w];
  if (down == 0) return true;
  int64_t left = t->left + known_length(step_of(h, step));
  for (uint32_t i = 0; i < t->n; i++)
    if (bit_get(to->set, i) || !bit_get(h->kept, i)) left -= known_length(step_of(h, i));
  return left <= t->v->window;
}

/* ── Moves ───────────────────────────────────────────────────────────────────────────────────────────────────────── */

/* Does it matter what is so while the step runs, at that end? */
static bool looks_during(const struct hunt *h, const uint64_t *own, uint32_t step) {
  const struct terrain *t = h->t;
  if (h->promises_asked) return true;
  for (uint32_t w = 0; w < t->term_words; w++)
    if (h->asked[w] & (own[(size_t)step * t->term_words + w] | t->states[w])) return true;
  return false;
}

static void fails_back(struct hunt *h, struct spot *from, uint32_t step, struct spot *to) {
  struct terrain *t = h->t;
  uint32_t back = t->back_terms[step], undo = t->undo_back_terms[step];
  bool asked = (back != NONE && bit_get(h->asked, back)) || (undo != NONE && bit_get(h->asked, undo));
  const struct pair *p = asked ? pair_at(t, from, step, to) : NULL;
  if (p != NULL && p->back) bit_put(h->fails, back);
  if (p != NULL && p->undo_back && undo != NONE) bit_put(h->fails, undo);
}

/* Begins a kept step, with h->value: where it leads; NULL when it may not. */
static struct spot *begin_step(struct hunt *h, struct spot *from, uint32_t step) {
  struct terrain *t = h->t;
  memset(h->fails, 0, t->term_words * sizeof *h->fails);
  memset(h->during, 0, t->promise_words * sizeof *h->during);
  bool during = looks_during(h, t->before, step);
  if (during) fails_before(t, from, step, h->fails);
  else fails_waits(t, from, step, h->fails);
  if (refused(h, step)) return NULL;
  struct spot *to = spot_after(t, from, step);
  fails_back(h, from, step, to);
  if (refused(h, step)) return NULL;
  const struct half *half = during ? half_at(t, from, step, false) : NULL;
  for (uint32_t w = 0; half != NULL && w < t->promise_words; w++) h->during[w] |= half_down(t, half)[w];
  if (h->promises_asked) parts_down(t, from, step, h->during);
  if (!darken(h, h->during)) return NULL;
  for (uint32_t i = 0; i < h->tracked_count; i++)
    if (!t->always[h->tracked[i]]) h->value[2 * i] += known_length(step_of(h, step));
  return to;
}

static bool finish_step(struct hunt *h, struct spot *at, uint32_t step) {
  struct terrain *t = h->t;
  memset(h->fails, 0, t->term_words * sizeof *h->fails);
  bool during = looks_during(h, t->after, step);
  if (during) fails_after(t, at, step, h->fails);
  if (refused(h, step) || !within(h, at, step)) return false;
  const struct half *half = during ? half_at(t, at, step, true) : NULL;
  return half == NULL || darken(h, half_down(t, half));
}

static bool full(const struct hunt *h, const struct spot *at) {
  for (uint32_t w = 0; w < h->t->words; w++)
    if (h->relevant[w] & ~at->set[w]) return false;
  return true;
}

/* With no step left out a moment is one step: no place within it needs to be remembered. */
static void expand_whole(struct hunt *h, const struct standing *from) {
  for (uint32_t i = h->t->n; i-- > 0;) {
    if (bit_get(from->spot->set, i) || !bit_get(h->relevant, i)) continue;
    take(h, from);
    struct spot *to = begin_step(h, from->spot, i);
    if (to != NULL && finish_step(h, to, i) && settles(h, to)) push(h, to, SETTLED, NONE);
  }
}

static void expand_within(struct hunt *h, const struct standing *from) {
  if (from->place == AFTER_IT || (from->place == BEFORE && full(h, from->spot))) {
    take(h, from);
    if (settles(h, from->spot)) push(h, from->spot, SETTLED, NONE);
  }
  take(h, from);
  if (from->place == WITH && finish_step(h, from->spot, from->step)) push(h, from->spot, AFTER_IT, NONE);
  for (uint32_t i = h->t->n; i-- > 0;) {
    if (bit_get(from->spot->set, i) || !bit_get(h->relevant, i)) continue;
    take(h, from);
    if (!bit_get(h->kept, i)) {
      push(h, spot_after(h->t, from->spot, i), (enum stand)from->place, from->step);
    } else if (from->place == BEFORE) {
      struct spot *to = begin_step(h, from->spot, i);
      if (to != NULL) push(h, to, WITH, i);
    }
  }
}

/* One place further; true at the end. */
static bool expand(struct hunt *h, const struct standing *from) {
  if (from->place == SETTLED && full(h, from->spot)) return true;
  if (h->whole) expand_whole(h, from);
  else if (from->place == SETTLED) {
    take(h, from);
    push(h, from->spot, BEFORE, NONE);
  } else expand_within(h, from);
  return false;
}

static void choose_tracked(struct hunt *h) {
  const struct terrain *t = h->t;
  h->tracked = arena_array(&h->arena, uint32_t, t->promise_count + 1);
  h->tracked_count = 0;
  h->promises_asked = false;
  for (uint32_t i = 0; i < t->promise_count; i++) h->promises_asked = h->promises_asked || asks(h, i);
  for (uint32_t i = 0; i < t->promise_count; i++) {
    enum hold hold = (enum hold)t->m->promises.at[t->promises[i]].hold;
    if (asks(h, i) && (hold == HOLD_AT_MOST || (hold == HOLD_ALWAYS && bit_get(t->start->down, i))))
      h->tracked[h->tracked_count++] = i;
  }
  h->value = arena_array(&h->arena, int64_t, h->tracked_count * 2 + 1);
}

/* A promise that binds, `finally` ones too, holds at the end. */
static bool ends_well(const struct hunt *h, const struct spot *end) {
  for (uint32_t i = 0; i < h->t->promise_count; i++)
    if (bit_get(end->down, i) && asks(h, i)) return false;
  return true;
}

static void add_deps(struct hunt *h, const struct query *q) {
  for (uint32_t i = 0; i < q->dep_count; i++) bit_put(h->relevant, q->deps[i]);
}

/* The steps that the terms asked depend on: no other can make an order possible or impossible. */
static void find_relevant(struct hunt *h) {
  const struct terrain *t = h->t;
  h->relevant = arena_array(&h->arena, uint64_t, t->words);
  for (uint32_t i = 0; i < t->term_count; i++) {
    if (!bit_get(h->asked, i)) continue;
    const struct term *term = &t->v->terms[t->terms[i]];
    if (term->step != NONE) bit_put(h->relevant, t->v->local[term->step]);
    if (term->type == TERM_AFTER) bit_put(h->relevant, t->v->local[term->id]);
    if (t->term_questions[i].id != NONE) add_deps(h, &t->term_questions[i]);
    if (term->type == TERM_WINDOW)
      for (uint32_t k = 0; k < t->n; k++) bit_put(h->relevant, k);
    for (uint32_t k = 0; k < t->resource_count && (term->type == TERM_BACK || term->type == TERM_UNDO_BACK); k++)
      add_deps(h, &t->resource_questions[k]);
  }
  for (uint32_t i = 0; i < t->promise_count; i++)
    if (asks(h, i)) add_deps(h, &t->promise_questions[i]);
}

static bool reach_end(struct hunt *h) {
  while (h->stack != NULL) {
    struct standing *s = h->stack;
    h->stack = s->next;
    if (expand(h, s)) return true;
    if (h->places >= PLACE_LIMIT || h->work + h->places >= WORK_LIMIT || h->t->spot_count >= h->spot_limit ||
        h->t->looked >= h->looked_limit)
      return h->gave_up = true;
    s->next = h->unused;
    h->unused = s;
  }
  return false;
}

/* Certain that the terms asked and steps kept allow no order? */
static bool impossible(struct hunt *h) {
  struct terrain *t = h->t;
  h->slot_count = 1 << 12;
  h->slots = arena_array(&h->arena, struct visited *, h->slot_count);
  h->stack = h->unused = NULL;
  h->places = 0;
  t->generation++;
  find_relevant(h);
  h->whole = true;
  for (uint32_t w = 0; w < t->words; w++) h->whole = h->whole && (h->relevant[w] & ~h->kept[w]) == 0;
  choose_tracked(h);
  bool found = false;
  if (ends_well(h, spot_at(t, h->relevant))) {
    for (uint32_t i = 0; i < h->tracked_count; i++) {
      bool down = bit_get(t->start->down, h->tracked[i]), always = t->always[h->tracked[i]];
      h->value[2 * i] = always ? !down : down ? t->elapsed : 0;
      h->value[2 * i + 1] = down;
    }
    push(h, t->start, SETTLED, NONE);
    found = reach_end(h);
  }
  h->work += h->places;
  arena_free(&h->arena);
  memset(&h->arena, 0, sizeof h->arena);
  return !found;
}

/* ── Leaving out ─────────────────────────────────────────────────────────────────────────────────────────────────── */

static void flip(uint64_t *set, const uint32_t *members, uint32_t n) {
  for (uint32_t i = 0; i < n; i++) set[members[i] / 64] ^= (uint64_t)1 << (members[i] % 64);
}

/* Leaves out as many of these members as it can, whole halves first; what stays is needed. Terms or steps, as `set` says. */
static void shrink(struct hunt *h, uint64_t *set, const uint32_t *members, uint32_t n) {
  if (n == 0) return;
  flip(set, members, n);
  if (impossible(h)) return;
  flip(set, members, n);
  if (n == 1) return;
  shrink(h, set, members, n / 2);
  shrink(h, set, members + n / 2, n - n / 2);
}

/* In which order what is not needed goes: what a reader would rather not see in a clash goes first. */
static unsigned tier(enum term_type type) {
  switch (type) {
  case TERM_PROMISE: return 0;
  case TERM_RULE: case TERM_CONFLICT: return 1;
  case TERM_WINDOW: return 2;
  case TERM_BACK: case TERM_UNDO_BACK: return 3;
  case TERM_UNDO_NEED: return 4;
  case TERM_LANDS: return 5;
  case TERM_NEED: return 6;
  case TERM_AFTER: break;
  }
  return 7;
}

/* Most clashes are of one term: found at once, since a term that allows an order does so at the first try. Leaves it alone in
 * h->asked. */
static bool single(struct hunt *h) {
  struct terrain *t = h->t;
  struct arena a = {0};
  uint64_t *all = arena_array(&a, uint64_t, t->term_words);
  bool found = false;
  memcpy(all, h->asked, t->term_words * sizeof *all);
  for (uint32_t i = 0; i < t->term_count && !found; i++) {
    if (!bit_get(all, i)) continue;
    memset(h->asked, 0, t->term_words * sizeof *h->asked);
    bit_put(h->asked, i);
    found = impossible(h);
  }
  if (!found) memcpy(h->asked, all, t->term_words * sizeof *all);
  h->gave_up = false;
  arena_free(&a);
  return found;
}

/* Without what no asked term depends on nothing becomes possible. */
static void keep_relevant(struct hunt *h) {
  find_relevant(h);
  for (uint32_t w = 0; w < h->t->words; w++) h->kept[w] &= h->relevant[w];
  arena_free(&h->arena);
  memset(&h->arena, 0, sizeof h->arena);
}

static void shrink_all(struct hunt *h) {
  struct terrain *t = h->t;
  struct arena a = {0};
  uint32_t *members = arena_array(&a, uint32_t, t->term_count + t->n + 1);
  for (unsigned now = 0; now < 8 && !h->lone; now++) {
    uint32_t n = 0;
    for (uint32_t i = 0; i < t->term_count; i++)
      if (bit_get(h->asked, i) && tier((enum term_type)t->v->terms[t->terms[i]].type) == now) members[n++] = i;
    shrink(h, h->asked, members, n);
  }
  keep_relevant(h);
  uint32_t n = 0;
  for (uint32_t i = t->n; i-- > 0;)
    if (bit_get(h->kept, i)) members[n++] = i;
  shrink(h, h->kept, members, n);
  arena_free(&a);
}

static void collect(struct hunt *h, struct clash *out) {
  struct terrain *t = h->t;
  struct arena *a = &t->m->c->arena;
  out->terms = arena_array(a, uint32_t, t->term_count + 1);
  out->steps = arena_array(a, uint32_t, t->n + 1);
  for (uint32_t i = 0; i < t->term_count; i++)
    if (bit_get(h->asked, i)) out->terms[out->term_count++] = t->terms[i];
  for (uint32_t i = 0; i < t->n; i++)
    if (bit_get(h->kept, i)) out->steps[out->step_count++] = t->group->steps[i];
}

struct clash clash_find(struct terrain *t, const bool *aside) {
  struct clash out = {0};
  struct hunt h = {.t = t, .spot_limit = t->spot_count + SPOT_LIMIT};
  uint64_t large = t->n < 16 ? 16 : t->n;
  h.looked_limit = t->looked + (uint64_t)LOOKED_LIMIT * 16 / large * 16 / large;
  struct arena a = {0};
  h.asked = arena_array(&a, uint64_t, t->term_words);
  h.kept = arena_array(&a, uint64_t, t->words);
  h.fails = arena_array(&a, uint64_t, t->term_words);
  h.during = arena_array(&a, uint64_t, t->promise_words);
  for (uint32_t i = 0; i < t->term_count; i++)
    if (!aside[t->terms[i]]) bit_put(h.asked, i);
  for (uint32_t i = 0; i < t->n; i++) bit_put(h.kept, i);
  h.lone = single(&h);
  if (h.lone || impossible(&h)) shrink_all(&h);
  out.minimal = !h.gave_up;
  collect(&h, &out);
  arena_free(&a);
  return out;
}
