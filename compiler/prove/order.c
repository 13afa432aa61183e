/* Finds the best order of one group: states layer by layer, from the front, each with the prefixes worth keeping.
 *
 * Needs a terrain. Guarantees: the same order on every run; exact unless it says otherwise. Two prefixes with the same steps
 * have the same future but for how long the promises that are down have been so; one that is no worse in any of these and
 * comes first in the order of the definitions ('Best') makes the other superfluous. A prefix ordered first stays first whatever
 * follows, since sequences of one length are compared from the front. (Dynamic programming over subsets: Held and Karp, 1962.)
 * Kept out by that alone would be an order with a cheaper start but a longer stretch so far: two prefixes of one set, of
 * which only the dearer one still fits its `at_most`. */
#include "prove/admit.h"

#include <stdlib.h>
#include <string.h>

/* Prefixes kept and states looked at before the search stops being exact: enough for any group of EXACT_STEPS, less for a
 * larger one, which is searched whole only when its constraints leave little of it. Then so many prefixes per layer. */
enum { EXACT_STEPS = 16, KEPT_LIMIT = 1 << 18, LOOKED_LIMIT = 5 << 19, LOOKED_LARGE = 1 << 19, BEAM = 256, BEAM_WORK = 1 << 17 };

struct prefix {
  struct prefix *next;   /* of the same spot */
  struct prefix *parent;
  struct spot *spot;
  uint32_t step;
  uint32_t unknown;      /* steps of no known length in which a promise is down, over all promises */
  int64_t cost;          /* milliseconds of known downtime, over all promises */
  uint32_t last_rank;    /* among the prefixes of its layer, by when irreversible steps come; equal ones are equal */
  uint32_t rank;         /* by source positions; no two are equal */
  bool dropped;
  int64_t *down_for;     /* per tracked promise: how long it has been down, 0 when that cannot matter */
};

struct search {
  struct terrain *t;
  struct arena arena;
  uint64_t *asked;                 /* local terms that bind */
  uint32_t *tracked, tracked_count; /* local promises whose stretches have to be measured */
  uint64_t generation;
  uint64_t *fails, *during;        /* of the step looked at */
  int64_t *down_for;
  struct spot **spots, **next_spots; /* of the layer */
  uint32_t spot_count, next_count, next_cap;
  uint64_t looked_at, kept, looked_before, looked_limit;
  uint32_t beam;                   /* 0: exact */
};

static const struct step *step_of(const struct search *s, uint32_t local) {
  return &s->t->m->steps.at[s->t->group->steps[local]];
}

static int64_t remaining(const struct search *s, const struct spot *at) {
  int64_t sum = 0;
  for (uint32_t i = 0; i < s->t->n; i++)
    if (!bit_get(at->set, i)) sum += known_length(step_of(s, i));
  return sum;
}

/* Only promises `at_most` that could be down for too long have to be measured. */
static void choose_tracked(struct search *s) {
  struct terrain *t = s->t;
  s->tracked = arena_array(&s->arena, uint32_t, t->promise_count + 1);
  int64_t most = t->elapsed;
  for (uint32_t i = 0; i < t->n; i++) most += known_length(step_of(s, i));
  for (uint32_t i = 0; i < t->promise_count; i++) {
    const struct promise *p = &t->m->promises.at[t->promises[i]];
    if (p->hold == HOLD_AT_MOST && p->limit < most && bit_get(s->asked, t->promise_term[i]))
      s->tracked[s->tracked_count++] = i;
  }
  s->down_for = arena_array(&s->arena, int64_t, s->tracked_count + 1);
}

/* ── One step further ────────────────────────────────────────────────────────────────────────────────────────────── */

static bool binds(const struct search *s) {
  for (uint32_t w = 0; w < s->t->term_words; w++)
    if (s->fails[w] & s->asked[w]) return true;
  return false;
}

/* Was the promise down at some moment of the step just looked at? */
static bool dark(const struct search *s, const struct spot *from, const struct spot *to, uint32_t promise) {
  return bit_get(from->down, promise) || bit_get(to->down, promise) || bit_get(s->during, promise);
}

/* Stretches after the step, into s->down_for; false when one is too long. */
static bool measure(struct search *s, const struct prefix *p, uint32_t step, const struct spot *to, int64_t left) {
  for (uint32_t i = 0; i < s->tracked_count; i++) {
    uint32_t promise = s->tracked[i];
    int64_t limit = s->t->m->promises.at[s->t->promises[promise]].limit;
    s->down_for[i] = 0;
    if (!dark(s, p->spot, to, promise)) continue;
    int64_t length = (bit_get(p->spot->down, promise) ? p->down_for[i] : 0) + known_length(step_of(s, step));
    if (length > limit) return false;
    if (bit_get(to->down, promise) && length + left > limit) s->down_for[i] = length;
  }
  return true;
}

static uint32_t dark_count(const struct search *s, const struct spot *from, const struct spot *to) {
  uint32_t count = 0;
  for (uint32_t w = 0; w < s->t->promise_words; w++)
    count += (uint32_t)__builtin_popcountll((from->down[w] | to->down[w] | s->during[w]) & s->t->counted[w]);
  return count;
}

static bool irreversible(const struct search *s, uint32_t step) { return step_of(s, step)->irreversible != 0; }

/* The order of the definitions: downtime, then irreversible steps late, then source positions. */
static int compare(const struct search *s, const struct prefix *a, const struct prefix *b) {
  if (a->unknown != b->unknown) return a->unknown < b->unknown ? -1 : 1;
  if (a->cost != b->cost) return a->cost < b->cost ? -1 : 1;
  if (a->parent->last_rank != b->parent->last_rank) return a->parent->last_rank < b->parent->last_rank ? -1 : 1;
  bool late = irreversible(s, a->step), other = irreversible(s, b->step);
  if (late != other) return late ? 1 : -1;
  if (a->parent->rank != b->parent->rank) return a->parent->rank < b->parent->rank ? -1 : 1;
  return a->step < b->step ? -1 : a->step > b->step;
}

static bool no_longer(const struct search *s, const int64_t *a, const int64_t *b) {
  for (uint32_t i = 0; i < s->tracked_count; i++)
    if (a[i] > b[i]) return false;
  return true;
}

/* Adds a prefix to its spot unless another makes it superfluous; drops those that it makes superfluous. */
static void keep(struct search *s, const struct prefix *candidate, struct spot *to) {
  if (to->generation != s->generation) {
    to->generation = s->generation;
    to->prefixes = NULL;
    if (s->next_count == s->next_cap)
      s->next_spots = arena_grow(&s->arena, s->next_spots, s->next_count, &s->next_cap, s->next_count + 1,
                                 sizeof(struct spot *));
    s->next_spots[s->next_count++] = to;
  }
  for (struct prefix *p = to->prefixes; p != NULL; p = p->next)
    if (compare(s, p, candidate) < 0 && no_longer(s, p->down_for, s->down_for)) return;
  struct prefix **at = &to->prefixes, *reuse = NULL;
  while (*at != NULL) {
    struct prefix *p = *at;
    if (compare(s, candidate, p) < 0 && no_longer(s, s->down_for, p->down_for)) {
      *at = p->next;
      reuse = p;
    } else at = &p->next;
  }
  struct prefix *p = reuse;
  if (p == NULL) {
    p = arena_new(&s->arena, struct prefix);
    p->down_for = arena_array(&s->arena, int64_t, s->tracked_count);
    s->kept++;
  }
  int64_t *down_for = p->down_for;
  *p = *candidate;
  p->down_for = down_for;
  p->spot = to;
  p->next = NULL;
  if (s->tracked_count > 0) memcpy(down_for, s->down_for, s->tracked_count * sizeof *down_for);
  *at = p;
}

/* `after` and the window refuse most steps without a look at the state that follows. */
static bool refused_early(struct search *s, struct spot *from, uint32_t step) {
  memset(s->fails, 0, s->t->term_words * sizeof *s->fails);
  fails_before(s->t, from, step, s->fails);
  return binds(s);
}

static void extend(struct search *s, struct spot *from) {
  for (uint32_t step = 0; step < s->t->n; step++) {
    if (bit_get(from->set, step) || refused_early(s, from, step)) continue;
    s->looked_at++;
    struct spot *to = spot_after(s->t, from, step);
    move_look(s->t, from, step, to, s->fails, s->during);
    if (binds(s)) continue;
    int64_t left = s->tracked_count > 0 ? remaining(s, to) : 0, takes = step_of(s, step)->takes;
    uint32_t down = dark_count(s, from, to);
    for (struct prefix *p = from->prefixes; p != NULL; p = p->next) {
      if (!measure(s, p, step, to, left)) continue;
      struct prefix candidate = {.parent = p, .step = step, .unknown = p->unknown, .cost = p->cost};
      if (takes < 0) candidate.unknown += down;
      else candidate.cost += takes * down;
      keep(s, &candidate, to);
    }
  }
}

/* ── Layers ──────────────────────────────────────────────────────────────────────────────────────────────────────── */

static int by_last(const void *a, const void *b) {
  const struct prefix *x = *(struct prefix *const *)a, *y = *(struct prefix *const *)b;
  if (x->last_rank != y->last_rank) return x->last_rank < y->last_rank ? -1 : 1;
  return 0;
}

static int by_position(const void *a, const void *b) {
  const struct prefix *x = *(struct prefix *const *)a, *y = *(struct prefix *const *)b;
  if (x->parent->rank != y->parent->rank) return x->parent->rank < y->parent->rank ? -1 : 1;
  return x->step < y->step ? -1 : x->step > y->step;
}

static int by_value(const void *a, const void *b) {
  const struct prefix *x = *(struct prefix *const *)a, *y = *(struct prefix *const *)b;
  if (x->unknown != y->unknown) return x->unknown < y->unknown ? -1 : 1;
  if (x->cost != y->cost) return x->cost < y->cost ? -1 : 1;
  if (x->last_rank != y->last_rank) return x->last_rank < y->last_rank ? -1 : 1;
  return x->rank < y->rank ? -1 : x->rank > y->rank;
}

/* Keeps the best few prefixes of a layer. */
static void thin(struct search *s, struct prefix **all, uint32_t n) {
  if (s->beam == 0 || n <= s->beam) return;
  qsort(all, n, sizeof(struct prefix *), by_value);
  for (uint32_t i = s->beam; i < n; i++) all[i]->dropped = true;
  for (uint32_t i = 0; i < s->next_count; i++)
    for (struct prefix **at = &s->next_spots[i]->prefixes; *at != NULL;)
      if ((*at)->dropped) *at = (*at)->next;
      else at = &(*at)->next;
}

/* Ranks the prefixes of the layer just made: what compares their sequences in one look from now on. */
static void rank(struct search *s) {
  uint32_t n = 0, k = 0;
  for (uint32_t i = 0; i < s->next_count; i++)
    for (struct prefix *p = s->next_spots[i]->prefixes; p != NULL; p = p->next) n++;
  struct prefix **all = malloc((n + 1) * sizeof(struct prefix *));
  if (all == NULL) abort();
  for (uint32_t i = 0; i < s->next_count; i++)
    for (struct prefix *p = s->next_spots[i]->prefixes; p != NULL; p = p->next) {
      p->last_rank = p->parent->last_rank * 2 + irreversible(s, p->step);
      all[k++] = p;
    }
  qsort(all, n, sizeof(struct prefix *), by_last);
  for (uint32_t i = 0, now = 0, dense = 0; i < n; i++) {
    if (i > 0 && all[i]->last_rank != now) dense++;
    now = all[i]->last_rank;
    all[i]->last_rank = dense;
  }
  qsort(all, n, sizeof(struct prefix *), by_position);
  for (uint32_t i = 0; i < n; i++) all[i]->rank = i;
  thin(s, all, n);
  free(all);
}

static struct prefix *start(struct search *s) {
  struct terrain *t = s->t;
  uint64_t *none = arena_array(&s->arena, uint64_t, t->words);
  struct spot *spot = spot_at(t, none);
  struct prefix *p = arena_new(&s->arena, struct prefix);
  p->spot = spot;
  p->down_for = arena_array(&s->arena, int64_t, s->tracked_count);
  for (uint32_t i = 0; i < s->tracked_count; i++)
    if (bit_get(spot->down, s->tracked[i])) p->down_for[i] = t->elapsed;
  spot->prefixes = p;
  spot->generation = s->generation;
  return p;
}

/* The best prefix that holds all steps; NULL when there is none. *complete is false when the search was cut short. */
static struct prefix *run(struct search *s, bool *complete) {
  struct prefix *first = start(s);
  uint32_t cap = 0;
  s->next_spots = arena_grow(&s->arena, NULL, 0, &cap, 64, sizeof(struct spot *));
  s->next_cap = cap;
  s->spots = arena_array(&s->arena, struct spot *, 1);
  s->spots[0] = first->spot;
  s->spot_count = 1;
  *complete = true;
  for (uint32_t layer = 0; layer < s->t->n; layer++) {
    s->next_count = 0;
    for (uint32_t i = 0; i < s->spot_count; i++) {
      extend(s, s->spots[i]);
      if (s->beam == 0 && (s->kept > KEPT_LIMIT || s->t->looked - s->looked_before > s->looked_limit)) {
        *complete = false;
        return NULL;
      }
    }
    rank(s);
    s->spots = s->next_spots;
    s->spot_count = s->next_count;
    s->next_spots = arena_array(&s->arena, struct spot *, s->next_cap);
    if (s->spot_count == 0) return NULL;
  }
  struct prefix *best = s->spots[0]->prefixes;
  for (struct prefix *p = best; p != NULL; p = p->next)
    if (by_value(&p, &best) < 0) best = p;
  return best;
}

/* Promises that bind and that the end of the group leaves down: then no order of it will do. */
static bool ends_well(struct search *s) {
  struct terrain *t = s->t;
  uint64_t *all = arena_array(&s->arena, uint64_t, t->words);
  for (uint32_t i = 0; i < t->n; i++) bit_put(all, i);
  const struct spot *end = spot_at(t, all);
  for (uint32_t i = 0; i < t->promise_count; i++)
    if (bit_get(end->down, i) && bit_get(s->asked, t->promise_term[i])) return false;
  return true;
}

static void read_order(struct search *s, const struct prefix *p, struct found *out) {
  out->any = true;
  out->order = arena_array(&s->t->m->c->arena, uint32_t, s->t->n + 1);
  for (uint32_t i = s->t->n; i > 0; i--, p = p->parent) out->order[i - 1] = p->step;
}

static void prepare(struct search *s, struct terrain *t, const bool *aside) {
  s->t = t;
  s->asked = arena_array(&s->arena, uint64_t, t->term_words);
  for (uint32_t i = 0; i < t->term_count; i++)
    if (!aside[t->terms[i]]) bit_put(s->asked, i);
  s->fails = arena_array(&s->arena, uint64_t, t->term_words);
  s->during = arena_array(&s->arena, uint64_t, t->promise_words);
  s->looked_before = t->looked;
  s->looked_limit = t->n <= EXACT_STEPS ? LOOKED_LIMIT : (uint64_t)LOOKED_LARGE * EXACT_STEPS / t->n * EXACT_STEPS / t->n;
  choose_tracked(s);
}

struct found order_search(struct terrain *t, const bool *aside) {
  struct found out = {.exact = true};
  struct search s = {0};
  prepare(&s, t, aside);
  if (ends_well(&s) && !order_easy(t, s.asked, &out)) {
    bool complete = false;
    s.generation = ++t->generation;
    const struct prefix *best = t->too_large ? NULL : run(&s, &complete);
    if (t->too_large || !complete) {
      t->too_large = true; /* with less asked there is more to look at */
      out.exact = false;
      uint64_t width = (uint64_t)BEAM_WORK * EXACT_STEPS / t->n / t->n / t->n; /* a look costs about n too */
      s.beam = width > BEAM ? BEAM : width < 1 ? 1 : (uint32_t)width;
      s.generation = ++t->generation;
      best = run(&s, &complete);
    }
    if (best != NULL) read_order(&s, best, &out);
  }
  out.looked_at += s.looked_at;
  out.kept += s.kept;
  arena_free(&s.arena);
  return out;
}
