/* The way back with old answers about: which undos have to wait, and for how long.
 * Needs a timeline. Guarantees: the waits do for every failure point, since from the last state down more answers are possible
 * than from any before it; none could be shorter by itself on the way back from the last state, nor, in a component that is whole, from
 * an earlier one, as far as that takes no more than LOOKS_MAX looks at a promise. */
#include "prove/rollback.h"

#include <string.h>

static int64_t longer(int64_t a, int64_t b) { return a > b ? a : b; }

/* Down by the present answers at an end of a step, or while it runs: down then on the way forward too. What it disrupts alone: that
 * a part of it does so is no state of the way back. */
static bool hard_across(struct going_back *b, uint32_t i, uint32_t k) {
  uint32_t promise = b->promises[i];
  if (back_hard(b, i, k - 1) || back_hard(b, i, k)) return true;
  if (!timeline_during_now(&b->p->timeline[promise], k - 1)) return false;
  for (unsigned after = 0; after < 2; after++) {
    goto_during(b->m, b->p, b->s, k - 1, after);
    if (state_promise(b->s, promise, NULL) != UP) return true;
  }
  return false;
}

/* Below the undo of a step, or while it runs: at its upper end, at its lower one. */
static void at_place(struct going_back *b, uint32_t k, uint32_t place) {
  if (place == 0) back_go(b, k - 1);
  else back_go_during(b, k - 1, place == 1);
}

/* Those answers that are not among others; both in their order. */
static void olds_without(struct olds *out, const struct olds *all, const struct olds *others) {
  olds_copy(out, all);
  out->n = 0;
  for (uint32_t i = 0, k = 0; i < all->n; i++) {
    while (k < others->n && others->at[k].answer < all->at[i].answer) k++;
    if (k == others->n || others->at[k].answer != all->at[i].answer) out->at[out->n++] = all->at[i];
  }
}

/* Did the promise fail on the way forward too, for who had the answers of those days? Then the rest of `olds` counts, in b->rest_of; else all. */
static const struct olds *but_forward(struct going_back *b, uint32_t i, uint32_t state, const struct olds *olds) {
  if (state == b->first) return olds;
  const struct olds *forward = &back_top(b, state)->olds;
  back_go(b, state);
  if (!back_dark(b, i, forward)) return olds;
  olds_without(&b->rest_of, olds, forward);
  return &b->rest_of;
}

/* Does the undo of step k - 1 break a promise for who has these answers, in that place? Not where it did not hold on the way forward, or does
 * not any more above. */
static bool breaks(struct going_back *b, uint32_t i, uint32_t k, uint32_t place, const struct olds *before, const struct olds *after) {
  const struct olds *olds = place == 1 ? before : after;
  at_place(b, k, place);
  if (!back_dark(b, i, olds) || hard_across(b, i, k)) return false;
  if (!b->whole) return true;
  const struct olds *fresh = but_forward(b, i, k - 1, olds);
  at_place(b, k, place);
  if (fresh != olds && !back_dark(b, i, fresh)) return false;
  const struct olds *stood = but_forward(b, i, k, before);
  back_go(b, k);
  return !back_dark(b, i, stood);
}

/* Does every promise `always` that holds in the state below, as far as steps go, do so with these answers too, and while the
 * undo runs? Notes those that do not, when asked to. */
static bool keeps_always(struct going_back *b, uint32_t k, const struct olds *before, const struct olds *after, bool noted) {
  const struct step *step = &b->m->steps.at[b->p->order.at[k - 1]];
  bool kept = true;
  for (uint32_t place = 0; place < (step->disrupts_count > 0 ? 3u : 1u); place++) {
    for (uint32_t i = 0; i < b->n; i++) {
      if (b->m->promises.at[b->promises[i]].hold != HOLD_ALWAYS || !breaks(b, i, k, place, before, after)) continue;
      if (!noted) return false;
      kept = false;
      b->p->timeline[b->promises[i]].back_broken = k;
    }
  }
  return kept;
}

/* The first step that published any of the answers that are old: before it had begun there is nothing to wait for. One that is old from the
 * way forward may be so all along. */
static uint32_t since_when(const struct going_back *b) {
  uint32_t least = NONE;
  for (uint32_t i = 0; i < b->olds.n; i++) {
    uint32_t answer = b->olds.at[i].answer, ended = answer < b->ended.n ? b->ended.at[answer] : b->first;
    if (ended < least) least = ended;
  }
  return least;
}

static void grow_old(struct olds *o, const struct step *s) {
  for (uint32_t i = 0; i < o->n && s->takes > 0 && !s->wait; i++) o->at[i].estimated = longer(o->at[i].estimated - s->takes, 0);
}

/* What a wait before the undo of step k - 1 costs the promises `at_most`: the time that they are down in it, and that old answers
 * fail in some state behind it. So that the wait comes before the first of them goes down, it is asked for LOOK_AHEAD states. */
static int64_t cost_of(struct going_back *b, uint32_t k, int64_t wait) {
  enum { LOOK_AHEAD = 64 };
  struct olds *before = &b->before, *after = &b->after;
  int64_t cost = 0, *tails = arena_array(&b->own, int64_t, b->n + 1);
  olds_copy(before, &b->all);
  olds_copy(after, &b->all);
  olds_wait(before, wait);
  back_age(b, after, k, wait);
  back_go(b, k);
  for (uint32_t i = 0; i < b->n; i++) {
    int64_t tail = back_hard(b, i, k) ? wait : back_tail(b, i, &b->all);
    if (b->m->promises.at[b->promises[i]].hold == HOLD_AT_MOST) cost += tail < wait ? tail : wait;
  }
  for (uint32_t j = k; j-- > b->first && k - j <= LOOK_AHEAD;) {
    if (j + 1 < k) grow_old(after, &b->m->steps.at[b->p->order.at[j]]);
    back_go(b, j);
    for (uint32_t i = 0; i < b->n; i++) {
      if (b->m->promises.at[b->promises[i]].hold != HOLD_AT_MOST || back_hard(b, i, j)) continue;
      if (j + 1 == k) tails[i] = back_tail(b, i, before); /* while the undo runs, the world is at either end of it */
      tails[i] = longer(tails[i], back_tail(b, i, after));
    }
    if (j > 0 && b->m->steps.at[b->p->order.at[j - 1]].irreversible != 0) break;
  }
  for (uint32_t i = 0; i < b->n; i++) cost += tails[i];
  return cost;
}

/* The next wait that can make a difference before the undo of step k - 1: until an answer is gone, or is possible no longer than a
 * present one; INT64_MAX when there is none. */
static int64_t next_wait(struct going_back *b, const struct olds *o, uint32_t k, int64_t tried) {
  const struct published *above = back_published(b, k);
  int64_t next = INT64_MAX;
  for (uint32_t i = 0; i < o->n; i++) {
    int64_t sure = o->at[i].sure, keeps = 0;
    for (uint32_t q = 0; q < caches_questions(b->c); q++)
      if (above[q].answer == o->at[i].answer) keeps = above[q].keeps;
    if (sure > tried && sure < next && keeps == 0) next = sure;
    if (sure - keeps > tried && sure - keeps < next) next = sure - keeps;
  }
  return next;
}

/* Does the wait keep what is promised `always` across the undo of step k - 1? b->passed: what is old then. */
static bool wait_keeps(struct going_back *b, uint32_t k, int64_t wait, bool noted) {
  olds_copy(&b->tried, &b->olds);
  olds_wait(&b->tried, wait);
  olds_copy(&b->passed, &b->olds);
  back_age(b, &b->passed, k, wait);
  return keeps_always(b, k, &b->tried, &b->passed, noted);
}

/* The shortest wait before the undo of step k - 1 that will do, b->passed what is old then: tried in turn, since few answers are about.
 * Where outages are to be short, the shortest of those that cost least. */
static int64_t wait_before(struct going_back *b, uint32_t k) {
  int64_t best = -1, least = INT64_MAX;
  for (int64_t wait = 0; wait != INT64_MAX && least > 0; wait = next_wait(b, &b->olds, k, wait)) {
    if (!wait_keeps(b, k, wait, false)) continue;
    int64_t cost = b->generous ? cost_of(b, k, wait) : 0;
    if (cost < least) best = wait, least = cost;
  }
  int64_t wait = best < 0 ? 0 : best; /* below 0: no wait will do */
  if (best < 0) {
    wait_keeps(b, k, wait, true);
  } else {
    olds_copy(&b->passed, &b->olds);
    back_age(b, &b->passed, k, wait);
  }
  return wait;
}

static void note_ended(struct going_back *b, uint32_t k) {
  const struct published *above = back_published(b, k), *below = back_published(b, k - 1);
  for (uint32_t q = 0; q < caches_questions(b->c); q++)
    if (above[q].answer != NONE && (above[q].answer != below[q].answer || above[q].keeps != below[q].keeps)) {
      while (b->ended.n <= above[q].answer) array_push(&b->own, &b->ended, b->first);
      b->ended.at[above[q].answer] = k - 1;
    }
}

/* Does a way back begin in this state, whatever was to fail? What is old there is so from the way forward. */
static bool begins(const struct going_back *b, uint32_t state, uint32_t top) {
  return state == top || b->m->steps.at[b->p->order.at[state]].irreversible != 0;
}

static void begin(struct going_back *b, uint32_t state) {
  if (b->whole) olds_copy(&b->olds, &back_top(b, state)->olds);
  else b->olds.n = 0;
}

static void undo_one(struct going_back *b, uint32_t k) {
  const struct step *step = &b->m->steps.at[b->p->order.at[k - 1]];
  if (begins(b, k, b->end)) {
    begin(b, k);
    olds_copy(&b->all, &back_top(b, k)->olds);
  }
  if (step->irreversible != 0) {
    b->olds.n = 0;
  } else if (!step->wait) {
    int64_t wait = wait_before(b, k);
    if (wait > 0) b->p->back[k - 1] = (struct back_wait){wait, since_when(b), NULL};
    if (b->limits) back_age(b, &b->all, k, wait);
    note_ended(b, k);
    olds_copy(&b->olds, &b->passed);
  }
}

static void undo_all(struct going_back *b) {
  b->olds.n = b->all.n = 0;
  for (uint32_t k = b->first; k < b->end; k++) b->p->back[k] = (struct back_wait){0, NONE, NULL};
  for (uint32_t k = b->end; k > b->first; k--) undo_one(b, k);
}

/* ── Shorter ones ────────────────────────────────────────────────────────────────────────────────────────────────── */

/* Do the waits keep all that is promised `always`, on the way back from a state and from before each step of no return below it? */
static bool always_kept(struct going_back *b, uint32_t top) {
  for (uint32_t k = top; k > b->first; k--) {
    const struct step *step = &b->m->steps.at[b->p->order.at[k - 1]];
    if (begins(b, k, top)) begin(b, k);
    if (step->irreversible != 0 || step->wait) continue;
    if (!wait_keeps(b, k, back_wait_from(b->p, k, top), false)) return false;
    olds_copy(&b->olds, &b->passed);
  }
  return true;
}

static bool no_longer_than(const struct going_back *b, const int64_t *was) {
  for (uint32_t i = 0; i < b->n; i++)
    if (b->longest[i] > was[i]) return false;
  return true;
}

/* Do the waits keep all that is promised `always`, and no outage longer than those of `was`? */
static bool waits_do(struct going_back *b, const int64_t *was) {
  if (!always_kept(b, b->end)) return false;
  back_lengths(b, false);
  return no_longer_than(b, was);
}

/* What is old before the undo of step k - 1, on the way back from the state that this way begins in. */
static void olds_at(struct going_back *b, uint32_t k, struct olds *o) {
  uint32_t top = b->end;
  for (uint32_t j = k; j < b->end && top == b->end; j++)
    if (b->m->steps.at[b->p->order.at[j]].irreversible != 0) top = j;
  olds_copy(o, &back_top(b, top)->olds);
  for (uint32_t j = top; j > k; j--)
    if (!b->m->steps.at[b->p->order.at[j - 1]].wait) back_age(b, o, j, b->p->back[j - 1].length);
}

/* A wait chosen where outages are to be short may be of no use beside those chosen after it. */
static void shorten_waits(struct going_back *b) {
  enum { UNDOS_MAX = 20000 };
  int64_t *was = arena_array(&b->own, int64_t, b->n + 1);
  struct olds here = {.arena = &b->own};
  b->budget = UNDOS_MAX;
  back_lengths(b, false);
  memcpy(was, b->longest, b->n * sizeof *was);
  for (bool again = true; again;) {
    again = false;
    for (uint32_t k = b->end; k > b->first; k--) {
      int64_t wait = b->p->back[k - 1].length;
      if (wait == 0) continue;
      olds_at(b, k, &here);
      for (int64_t tried = 0; tried < wait && b->budget > 1; tried = next_wait(b, &here, k, tried)) {
        b->p->back[k - 1].length = tried;
        if (waits_do(b, was)) break;
        b->p->back[k - 1].length = wait;
      }
      if (b->p->back[k - 1].length == wait) continue;
      memcpy(was, b->longest, b->n * sizeof *was);
      again = true;
    }
  }
  b->budget = 0;
}

/* ── After an earlier failure ────────────────────────────────────────────────────────────────────────────────────── */

/* Do the waits do on the way back from a state, with no outage longer than those of `was`? */
static bool waits_do_from(struct going_back *b, uint32_t top, const int64_t *was) {
  if (!always_kept(b, top)) return false;
  if (!b->limits) return true;
  back_lengths_from(b, back_top(b, top), false);
  return no_longer_than(b, was);
}

/* Before the undo of step k - 1, on the way back from `top` and from any state before it: the shortest wait that will do there, `here`
 * what is old by then. */
static bool shorten_from(struct going_back *b, uint32_t top, uint32_t k, const struct olds *here, const int64_t *was) {
  struct back_wait *w = &b->p->back[k - 1], less = {0};
  while (w->before != NULL) w = w->before;
  const struct back_wait whole = *w;
  less.since = w->since;
  for (; less.length < whole.length; less.length = next_wait(b, here, k, less.length)) {
    *w = (struct back_wait){whole.length, top, less.length > 0 ? &less : NULL};
    if (!waits_do_from(b, top, was)) continue;
    if (w->before != NULL) *(w->before = arena_new(&b->m->c->arena, struct back_wait)) = less;
    return true;
  }
  *w = whole;
  return false;
}

/* One after the other, the first undo first: a shorter wait leaves more to those that follow, so that none of them can be shorter yet. */
static bool shorten_all_from(struct going_back *b, uint32_t top, uint64_t *looks) {
  struct olds here = {.arena = &b->own};
  int64_t *was = arena_array(&b->own, int64_t, b->n + 1);
  bool any = false;
  if (b->limits) {
    back_lengths_from(b, back_top(b, top), false);
    memcpy(was, b->longest, b->n * sizeof *was);
  }
  olds_copy(&here, &back_top(b, top)->olds);
  for (uint32_t k = top; k > b->first; k--) {
    const struct step *step = &b->m->steps.at[b->p->order.at[k - 1]];
    if (step->irreversible != 0) break;
    if (step->wait) continue;
    if (back_wait_from(b->p, k, top) > 0) {
      any = shorten_from(b, top, k, &here, was) || any;
      *looks += (uint64_t)(top - b->first) * b->n;
    }
    back_age(b, &here, k, back_wait_from(b->p, k, top));
  }
  return any;
}

/* From an earlier state fewer answers are old: those that some step publishes are no reason to wait when the way back begins before it.
 * Sound however early it stops looking, since what does after a failure does after any before it. */
static bool shorten_after_failures(struct going_back *b) {
  enum { LOOKS_MAX = 2000000 };
  uint64_t looks = 0;
  bool waits = false, any = false;
  for (uint32_t k = b->first; k < b->end; k++) waits = waits || b->p->back[k].length > 0;
  for (uint32_t i = 0; i < b->n; i++) waits = waits && b->p->timeline[b->promises[i]].back_broken == 0;
  if (!b->whole || !waits) return false;
  for (uint32_t top = b->end - 1; top > b->first && looks < LOOKS_MAX; top--) {
    if (b->m->steps.at[b->p->order.at[top]].irreversible != 0) continue;
    any = shorten_all_from(b, top, &looks) || any;
  }
  return any;
}

/* ── Components ──────────────────────────────────────────────────────────────────────────────────────────────────── */

static bool breaks_limit(const struct going_back *b) {
  for (uint32_t i = 0; i < b->n; i++) {
    const struct promise *promise = &b->m->promises.at[b->promises[i]];
    if (promise->hold == HOLD_AT_MOST && b->longest[i] > promise->limit) return true;
  }
  return false;
}

static void back_component(struct going_back *b, const struct component *c, struct promise_list concerned) {
  struct model *m = b->m;
  struct proof *p = b->p;
  struct arena *a = &b->own;
  uint32_t *local = p->proving->local, *promises = arena_array(a, uint32_t, concerned.n);
  b->promises = promises;
  b->n = 0;
  b->component = c;
  b->first = c->first;
  b->end = c->first + c->count;
  b->generous = b->limits = false;
  for (uint32_t i = 0; i < concerned.n; i++) {
    uint8_t hold = (uint8_t)m->promises.at[concerned.at[i]].hold;
    if (hold != HOLD_FINALLY) promises[b->n++] = concerned.at[i];
    b->limits = b->limits || hold == HOLD_AT_MOST;
  }
  for (uint32_t k = b->first; k < b->end; k++) local[p->order.at[k]] = k;
  b->c = caches_new(m, b->s, a, b->promises, b->n, local);
  for (uint32_t k = b->first; k < b->end; k++) local[p->order.at[k]] = NONE;
  if (b->c == NULL) return;
  b->stretch = arena_array(a, int64_t, b->n + 1);
  b->longest = arena_array(a, int64_t, b->n + 1);
  b->rest = arena_array(a, int64_t, b->n + 1);
  b->most = arena_array(a, int64_t, b->n + 1);
  b->crossings = arena_array(a, struct crossing, b->n + 1);
  b->olds = b->all = b->before = b->after = b->there = b->tried = b->passed = b->rest_of = (struct olds){.arena = a};
  b->ended.at = NULL;
  b->ended.n = b->ended.cap = 0;
  back_forward(b);
  undo_all(b);
  for (uint32_t i = 0; i < b->n && !b->limits; i++) b->limits = p->timeline[b->promises[i]].back_broken > 0;
  back_lengths(b, true);
  b->generous = breaks_limit(b);
  if (b->generous) {
    undo_all(b);
    shorten_waits(b);
  }
  if (shorten_after_failures(b) || b->generous) {
    for (uint32_t i = 0; i < b->n; i++) p->timeline[b->promises[i]].backs.n = 0, p->timeline[b->promises[i]].back = 0;
    back_lengths(b, true);
  }
  for (uint32_t k = b->first; k < b->end; k++) back_later(p, k + 1, b->later);
}

void check_back_waits(struct model *m, struct proof *p, struct state *s) {
  struct arena *a = &m->c->arena;
  p->back = arena_array(a, struct back_wait, p->order.n + 1);
  for (uint32_t k = 0; k < p->order.n; k++) p->back[k].since = NONE;
  const struct promise_list *lists = component_promises(m, p, p->proving);
  struct going_back b = {.m = m, .p = p, .s = s, .later = arena_array(&p->proving->scratch, int64_t, p->order.n + 2)};
  for (uint32_t i = p->components.n; i-- > 0;) { /* what comes behind a component comes first on the way back */
    if (lists[i].n == 0 || component_forgotten(p, p->proving, i)) continue;
    back_component(&b, &p->components.at[i], lists[i]);
    arena_reset(&b.own);
  }
  arena_free(&b.own);
}
