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

enum { LABEL_LIMIT = 1 << 18 };

/* Where in a moment the search stands: settled between moments; before the kept step; after it, its own end not looked at
 * yet; after that. A node is such a place (of which step, for the third) with a set. */
enum stand { SETTLED, BEFORE, WITH, AFTER_IT, PLACES };

struct label_of { /* how one gets there */
  struct label_of *next;
  int64_t *value;   /* per tracked promise two: how long down (`always`: whether ever up), whether down in this moment */
};
struct standing {
  struct standing *next; /* on the stack */
  struct spot *spot;
  uint8_t place;
  uint32_t step;
  const int64_t *value;
};
struct visited {
  struct visited *next;
  struct spot *spot;
  uint32_t key;      /* place, or PLACES + step */
  struct label_of *labels;
};
struct hunt {
  struct terrain *t;
  struct arena arena;    /* of one question; freed after it */
  uint64_t *asked, *kept;
  uint32_t *tracked, tracked_count;
  struct visited **slots;
  uint32_t slot_count, labels;
  struct standing *stack;
  uint64_t *fails, *during;
  int64_t *value;
  bool gave_up;          /* some question was too large */
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

/* Stands there too, with h->value, unless it did so with values no worse. */
static void push(struct hunt *h, struct spot *spot, enum stand place, uint32_t step) {
  uint32_t n = h->tracked_count * 2;
  struct visited *v = visited_at(h, spot, place == WITH ? (uint32_t)PLACES + step : (uint32_t)place);
  for (struct label_of *l = v->labels; l != NULL; l = l->next) {
    uint32_t i = 0;
    while (i < n && l->value[i] <= h->value[i]) i++;
    if (i == n) return;
  }
  struct label_of *l = arena_new(&h->arena, struct label_of);
  l->value = arena_array(&h->arena, int64_t, n);
  if (n > 0) memcpy(l->value, h->value, n * sizeof *l->value);
  l->next = v->labels;
  v->labels = l;
  h->labels++;
  struct standing *node = arena_new(&h->arena, struct standing);
  *node = (struct standing){h->stack, spot, (uint8_t)place, step, l->value};
  h->stack = node;
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

static void make_step(struct hunt *h, const struct standing *from, uint32_t step) {
  struct terrain *t = h->t;
  memset(h->fails, 0, t->term_words * sizeof *h->fails);
  memset(h->during, 0, t->promise_words * sizeof *h->during);
  fails_before(t, from->spot, step, h->fails);
  struct spot *to = spot_after(t, from->spot, step);
  const struct pair *p = pair_at(t, from->spot, step, to);
  if (p->back) bit_put(h->fails, t->back_terms[step]);
  if (p->undo_back && t->undo_back_terms[step] != NONE) bit_put(h->fails, t->undo_back_terms[step]);
  if (refused(h, step)) return;
  const struct half *half = half_at(t, from->spot, step, false);
  for (uint32_t w = 0; half != NULL && w < t->promise_words; w++) h->during[w] |= half->down[w];
  parts_down(t, from->spot, step, h->during);
  take(h, from);
  if (!darken(h, h->during)) return;
  for (uint32_t i = 0; i < h->tracked_count; i++)
    if (!t->always[h->tracked[i]]) h->value[2 * i] += known_length(step_of(h, step));
  push(h, to, WITH, step);
}

static void end_step(struct hunt *h, const struct standing *from) {
  struct terrain *t = h->t;
  memset(h->fails, 0, t->term_words * sizeof *h->fails);
  fails_after(t, from->spot, from->step, h->fails);
  if (refused(h, from->step) || !within(h, from->spot, from->step)) return;
  const struct half *half = half_at(t, from->spot, from->step, true);
  take(h, from);
  if (half != NULL && !darken(h, half->down)) return;
  push(h, from->spot, AFTER_IT, NONE);
}

static bool full(const struct hunt *h, const struct spot *at) {
  for (uint32_t i = 0; i < h->t->n; i++)
    if (!bit_get(at->set, i)) return false;
  return true;
}

/* One place further; true at the end. */
static bool expand(struct hunt *h, const struct standing *from) {
  if (from->place == SETTLED) {
    if (full(h, from->spot)) return true;
    take(h, from);
    push(h, from->spot, BEFORE, NONE);
    return false;
  }
  bool last = full(h, from->spot);
  if (from->place == AFTER_IT || (from->place == BEFORE && last)) {
    take(h, from);
    if (settles(h, from->spot)) push(h, from->spot, SETTLED, NONE);
  }
  if (from->place == WITH) end_step(h, from);
  for (uint32_t i = h->t->n; i-- > 0;) {
    if (bit_get(from->spot->set, i)) continue;
    if (!bit_get(h->kept, i)) {
      take(h, from);
      push(h, spot_after(h->t, from->spot, i), (enum stand)from->place, from->step);
    } else if (from->place == BEFORE) make_step(h, from, i);
  }
  return false;
}

static void choose_tracked(struct hunt *h) {
  const struct terrain *t = h->t;
  h->tracked = arena_array(&h->arena, uint32_t, t->promise_count + 1);
  h->tracked_count = 0;
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

/* Certain that the terms asked and steps kept allow no order? */
static bool impossible(struct hunt *h) {
  struct terrain *t = h->t;
  h->slot_count = 1 << 12;
  h->slots = arena_array(&h->arena, struct visited *, h->slot_count);
  h->stack = NULL;
  h->labels = 0;
  choose_tracked(h);
  uint64_t *set = arena_array(&h->arena, uint64_t, t->words);
  struct spot *start = spot_at(t, set);
  for (uint32_t i = 0; i < t->n; i++) bit_put(set, i);
  bool found = false;
  if (ends_well(h, spot_at(t, set))) {
    for (uint32_t i = 0; i < h->tracked_count; i++) {
      bool down = bit_get(start->down, h->tracked[i]), always = t->always[h->tracked[i]];
      h->value[2 * i] = always ? !down : down ? t->elapsed : 0;
      h->value[2 * i + 1] = down;
    }
    push(h, start, SETTLED, NONE);
    while (h->stack != NULL && !found && h->labels < LABEL_LIMIT) {
      struct standing *node = h->stack;
      h->stack = node->next;
      found = expand(h, node);
    }
    if (!found && h->labels >= LABEL_LIMIT) found = h->gave_up = true;
  }
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

static void shrink_all(struct hunt *h) {
  struct terrain *t = h->t;
  struct arena a = {0};
  uint32_t *members = arena_array(&a, uint32_t, t->term_count + t->n + 1);
  for (unsigned now = 0; now < 8; now++) {
    uint32_t n = 0;
    for (uint32_t i = 0; i < t->term_count; i++)
      if (bit_get(h->asked, i) && tier((enum term_type)t->v->terms[t->terms[i]].type) == now) members[n++] = i;
    shrink(h, h->asked, members, n);
  }
  uint32_t n = 0;
  for (uint32_t i = t->n; i-- > 0;) members[n++] = i;
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
  struct hunt h = {.t = t};
  struct arena a = {0};
  h.asked = arena_array(&a, uint64_t, t->term_words);
  h.kept = arena_array(&a, uint64_t, t->words);
  h.fails = arena_array(&a, uint64_t, t->term_words);
  h.during = arena_array(&a, uint64_t, t->promise_words);
  for (uint32_t i = 0; i < t->term_count; i++)
    if (!aside[t->terms[i]]) bit_put(h.asked, i);
  for (uint32_t i = 0; i < t->n; i++) bit_put(h.kept, i);
  if (impossible(&h)) shrink_all(&h);
  out.minimal = !h.gave_up;
  collect(&h, &out);
  arena_free(&a);
  return out;
}
