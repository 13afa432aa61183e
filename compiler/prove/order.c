/* Finds the best order of one group: states layer by layer, from the front, each with the prefixes worth keeping.
 *
 * Needs a terrain. Guarantees: the same order on every run; exact unless it says otherwise. Two prefixes with the same steps
 * have the same future but for how long the promises that are down have been so; one that is no worse in any of these and
 * comes first in the order of the definitions ('Best') makes the other superfluous. A prefix ordered first stays first whatever
 * follows, since sequences of one length are compared from the front. (Dynamic programming over subsets: Held and Karp, 1962.)
 * Kept out by that alone would be an order with a cheaper start but a longer stretch so far: two prefixes of one set, of
 * which only the dearer one still fits its `at_most`. */
#include "prove/order_search.h"

#include <stdlib.h>
#include <string.h>

/* Prefixes kept and states looked at before the search stops being exact: enough for any group of EXACT_STEPS, less for a
 * larger one, which is searched whole only when its constraints leave little of it. Then so many prefixes per layer. The efforts
 * (terrain_effort, about 30 million in a second) bound the time of each of both, and of all searches of one group together:
 * where every step disrupts every other, each look costs what a thousand do elsewhere. */
enum {
  EXACT_STEPS = 16, KEPT_LIMIT = 1 << 18, LOOKED_LIMIT = 5 << 19, LOOKED_LARGE = 1 << 19, BEAM = 256,
  EFFORT_EXACT = 24 << 20, EFFORT_ROUGH = 12 << 20, EFFORT_GROUP = 40 << 20
};

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
    if (p->hold == HOLD_AT_MOST && (p->limit < most || s->ages) && bit_get(s->asked, t->promise_term[i]))
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
  if (a->waited != b->waited) return a->waited < b->waited ? -1 : 1;
  if (a->parent->last_rank != b->parent->last_rank) return a->parent->last_rank < b->parent->last_rank ? -1 : 1;
  bool late = irreversible(s, a->step), other = irreversible(s, b->step);
  if (late != other) return late ? 1 : -1;
  if (a->parent->rank != b->parent->rank) return a->parent->rank < b->parent->rank ? -1 : 1;
  if (a->step != b->step) return a->step < b->step ? -1 : 1;
  return a->wait < b->wait ? -1 : a->wait > b->wait;
}

/* Nothing old is possible for longer in `a`, and no less is left of the window. */
static bool no_older(const struct prefix *a, const struct prefix *b) {
  uint32_t k = 0;
  if (a->slack < b->slack) return false;
  for (uint32_t i = 0; i < a->old_count; i++) {
    while (k < b->old_count && b->olds[k].answer < a->olds[i].answer) k++;
    if (k == b->old_count || b->olds[k].answer != a->olds[i].answer || b->olds[k].sure < a->olds[i].sure ||
        b->olds[k].estimated < a->olds[i].estimated)
      return false;
  }
  return true;
}

static bool no_longer(const struct search *s, const int64_t *a, const int64_t *b) {
  for (uint32_t i = 0; i < s->tracked_count; i++)
    if (a[i] > b[i]) return false;
  return true;
}

void search_keep(struct search *s, const struct prefix *candidate, struct spot *to) {
  if (to->generation != s->generation) {
    to->generation = s->generation;
    to->prefixes = NULL;
    if (s->next_count == s->next_cap)
      s->next_spots = arena_grow(&s->arena, s->next_spots, s->next_count, &s->next_cap, s->next_count + 1,
                                 sizeof(struct spot *));
    s->next_spots[s->next_count++] = to;
  }
  for (struct prefix *p = to->prefixes; p != NULL; p = p->next, s->t->effort++)
    if (compare(s, p, candidate) < 0 && no_older(p, candidate) && no_longer(s, p->down_for, s->down_for)) return;
  struct prefix **at = &to->prefixes, *reuse = NULL;
  while (*at != NULL) {
    struct prefix *p = *at;
    s->t->effort++;
    if (compare(s, candidate, p) < 0 && no_older(candidate, p) && no_longer(s, s->down_for, p->down_for)) {
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
  if (p->old_count > 0) {
    p->olds = arena_array(&s->arena, struct old, p->old_count);
    memcpy(p->olds, candidate->olds, p->old_count * sizeof *p->olds);
  }
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

bool terrain_spent(const struct terrain *t) { return terrain_effort(t) > EFFORT_GROUP; }

/* Has the whole search taken more than it may? */
static bool exhausted(const struct search *s) {
  return s->beam == 0 && (s->kept > KEPT_LIMIT || s->t->looked - s->looked_before > s->looked_limit ||
                          terrain_effort(s->t) - s->effort_before > EFFORT_EXACT || terrain_spent(s->t));
}

static void extend(struct search *s, struct spot *from) {
  if (from->prefixes == NULL) return; /* the ways there were dropped */
  for (uint32_t step = 0; step < s->t->n && !exhausted(s); step++) {
    if (bit_get(from->set, step) || refused_early(s, from, step)) continue;
    s->looked_at++;
    struct spot *to = spot_after(s->t, from, step);
    move_look(s->t, from, step, to, s->fails, s->during);
    if (s->ages) search_forget_always(s, from, step, to);
    if (binds(s)) continue;
    int64_t left = s->tracked_count > 0 ? remaining(s, to) : 0, takes = step_of(s, step)->takes;
    uint32_t down = dark_count(s, from, to);
    for (struct prefix *p = from->prefixes; s->ages && p != NULL && !exhausted(s); p = p->next) search_extend_aged(s, p, step, to);
    for (struct prefix *p = from->prefixes; !s->ages && p != NULL && !exhausted(s); p = p->next) {
      if (!measure(s, p, step, to, left)) continue;
      struct prefix candidate = {.parent = p, .step = step, .unknown = p->unknown, .cost = p->cost};
      if (takes < 0) candidate.unknown += down;
      else candidate.cost += takes * down;
      search_keep(s, &candidate, to);
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
  if (x->step != y->step) return x->step < y->step ? -1 : 1;
  return x->wait < y->wait ? -1 : x->wait > y->wait;
}

static int by_value(const void *a, const void *b) {
  const struct prefix *x = *(struct prefix *const *)a, *y = *(struct prefix *const *)b;
  if (x->unknown != y->unknown) return x->unknown < y->unknown ? -1 : 1;
  if (x->cost != y->cost) return x->cost < y->cost ? -1 : 1;
  if (x->waited != y->waited) return x->waited < y->waited ? -1 : 1;
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

/* So many prefixes in the layer just made as what is left of the effort pays for, by what those of the last one have cost. */
static void widen(struct search *s, uint32_t layers_left, uint64_t cost, uint32_t prefixes) {
  if (s->beam == 0 || layers_left == 0) return;
  uint64_t effort = terrain_effort(s->t), left = s->effort_limit > effort ? s->effort_limit - effort : 0;
  uint64_t width = left / layers_left / (cost / prefixes + 1), most = 4 * (uint64_t)s->beam; /* the first are looked at already */
  if (width > most) width = most;
  s->beam = width > BEAM ? BEAM : width < 1 ? 1 : (uint32_t)width;
}

/* Ranks the prefixes of the layer just made: what compares their sequences in one look from now on. How many there are. */
static uint32_t rank(struct search *s) {
  uint32_t n = 0, k = 0;
  for (uint32_t i = 0; i < s->next_count; i++)
    for (struct prefix *p = s->next_spots[i]->prefixes; p != NULL; p = p->next) n++;
  if (n == 1) { /* as most are */
    struct prefix *p = s->next_spots[0]->prefixes;
    for (uint32_t i = 1; p == NULL; i++) p = s->next_spots[i]->prefixes;
    p->last_rank = p->rank = 0;
    return 1;
  }
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
  return s->beam > 0 && n > s->beam ? s->beam : n;
}

static struct prefix *start(struct search *s) {
  struct terrain *t = s->t;
  uint64_t *none = arena_array(&s->arena, uint64_t, t->words);
  struct spot *spot = spot_at(t, none);
  struct prefix *p = arena_new(&s->arena, struct prefix);
  p->spot = spot;
  p->slack = t->v->slack;
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
  enum { FEW = 8 };
  uint32_t cap = FEW;
  s->next_spots = arena_array(&s->arena, struct spot *, FEW);
  s->next_cap = FEW;
  s->spots = arena_array(&s->arena, struct spot *, FEW);
  s->spots[0] = first->spot;
  s->spot_count = 1;
  *complete = true;
  for (uint32_t layer = 0, prefixes = 1; layer < s->t->n; layer++) {
    uint64_t effort = terrain_effort(s->t);
    s->next_count = 0;
    for (uint32_t i = 0; i < s->spot_count; i++) {
      extend(s, s->spots[i]);
      if (exhausted(s)) {
        *complete = false;
        return NULL;
      }
    }
    widen(s, s->t->n - layer - 1, terrain_effort(s->t) - effort, prefixes);
    prefixes = rank(s);
    struct spot **done = s->spots;
    uint32_t done_cap = cap;
    s->spots = s->next_spots;
    s->spot_count = s->next_count;
    cap = s->next_cap;
    s->next_spots = done;
    s->next_cap = done_cap;
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
  out->order = arena_array(&s->t->v->scratch, uint32_t, s->t->n + 1);
  if (p->waited > 0) out->waits = arena_array(&s->t->v->scratch, int64_t, s->t->n + 1);
  for (uint32_t i = s->t->n; i > 0; i--, p = p->parent) {
    out->order[i - 1] = p->step;
    if (out->waits != NULL) out->waits[i - 1] = p->wait;
  }
}

/* An order without downtime that needs no wait either is the best. */
static bool easy_with_ages(struct search *s, const struct found *out) {
  struct prefix *p = start(s);
  for (uint32_t i = 0; i < s->t->n; i++) {
    struct spot *to = spot_after(s->t, p->spot, out->order[i]);
    move_look(s->t, p->spot, out->order[i], to, s->fails, s->during);
    fails_undo(s->t, p->spot, out->order[i], to, s->during, s->fails);
    if (binds(s)) return false;
    struct prefix *next = arena_new(&s->arena, struct prefix);
    *next = (struct prefix){.parent = p, .spot = to, .slack = p->slack, .down_for = arena_array(&s->arena, int64_t, s->tracked_count)};
    if (!search_free(s, p, out->order[i], to, next)) return false;
    p = next;
  }
  return true;
}

static void prepare(struct search *s, struct terrain *t, const bool *aside) {
  s->t = t;
  s->asked = arena_array(&s->arena, uint64_t, t->term_words);
  for (uint32_t i = 0; i < t->term_count; i++)
    if (!aside[t->terms[i]]) bit_put(s->asked, i);
  s->fails = arena_array(&s->arena, uint64_t, t->term_words);
  s->during = arena_array(&s->arena, uint64_t, t->promise_words);
  s->looked_before = t->looked;
  s->effort_before = terrain_effort(t);
  s->looked_limit = t->n <= EXACT_STEPS ? LOOKED_LIMIT : (uint64_t)LOOKED_LARGE * EXACT_STEPS / t->n * EXACT_STEPS / t->n;
  s->ages = t->caches != NULL && !t->forgetful;
  choose_tracked(s);
  s->before.arena = s->waited.arena = s->after.arena = &s->arena;
}

/* The best order, searched whole if that can be, else roughly. */
static const struct prefix *run_whole(struct search *s, struct found *out) {
  struct terrain *t = s->t;
  bool complete = false;
  s->beam = 0;
  s->generation = ++t->generation;
  const struct prefix *best = t->too_large ? NULL : run(s, &complete);
  if (!t->too_large && complete) return best;
  t->too_large = true; /* with less asked there is more to look at */
  out->exact = false;
  s->effort_limit = terrain_spent(t) ? 0 : terrain_effort(t) + EFFORT_ROUGH;
  s->beam = 1; /* and more as it shows what they cost */
  s->generation = ++t->generation;
  return run(s, &complete);
}

struct found order_search(struct terrain *t, const bool *aside) {
  struct found out = {.exact = true};
  struct search s = {.arena = arena_borrow(t->v)};
  prepare(&s, t, aside);
  bool easy = ends_well(&s) && order_easy(t, s.asked, &out);
  if (easy && s.ages && !easy_with_ages(&s, &out)) out.any = easy = false;
  if (!easy && ends_well(&s)) {
    const struct prefix *best = run_whole(&s, &out);
    if (best == NULL && s.ages) { /* no order keeps every promise as it is: with waits for a shorter outage */
      s.waits = true;
      best = run_whole(&s, &out);
    }
    if (best != NULL) read_order(&s, best, &out);
  }
  t->moves += s.looked_at;
  out.looked_at += s.looked_at;
  out.kept += s.kept;
  arena_return(t->v, &s.arena);
  return out;
}
