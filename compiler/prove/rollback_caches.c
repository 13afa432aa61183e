/* The way back with old answers about: which undos have to wait, and for how long.
 * Needs a timeline. Guarantees: the waits do for every failure point, since from the last state down more answers are possible
 * than from any before it; one that was never published is not waited for. */
#include "prove/prove.h"

#include <string.h>

struct going_back {
  struct model *m;
  struct proof *p;
  struct state *s;
  struct caches *c;
  const uint32_t *promises; uint32_t n; /* not those of `finally` */
  struct arena own;                     /* of the component at hand */
  struct published *above, *below; /* of the state that is left, and the one that is reached */
  struct olds olds;                /* of the way back: what is waited for */
  struct olds all;                 /* and of the way forward: what lengthens an outage too */
  struct olds *tops;               /* per component: what is old in each state that a way back begins in, the last first */
  uint32_t top_count;
  uint32_t ended[RECALL_WORDS * 64]; /* per answer: the step (index in the order) whose undo ended it */
  uint32_t first, top;             /* the states that the way back leads to, and begins in */
  int64_t *stretch, *longest;      /* per promise */
  uint32_t *from;                  /* per promise: the top of the longest */
  bool generous;                   /* waits for a shorter outage too */
};

static bool hard_at(const struct going_back *b, uint32_t i, uint32_t k) {
  enum verdict v = timeline_at(&b->p->timeline[b->promises[i]], k);
  return v != UP && v != MAYBE;
}

static int64_t tail_of(struct going_back *b, uint32_t i, const struct olds *o) {
  int64_t least = 0;
  for (uint32_t tries = 0; tries <= o->n; tries++) {
    struct recall old = olds_beyond(o, 0, least);
    int64_t next = INT64_MAX;
    if (caches_hold(b->c, i, &old)) return least;
    for (uint32_t k = 0; k < o->n; k++)
      if (o->at[k].estimated > least && o->at[k].estimated < next) next = o->at[k].estimated;
    if (next == INT64_MAX) return least;
    least = next;
  }
  return least;
}

static bool dark_at(struct going_back *b, uint32_t i, const struct olds *o) {
  struct recall old = olds_beyond(o, 0, -1);
  return !caches_hold(b->c, i, &old);
}

/* Down by the present answers at an end of a step, or while it runs: down then on the way forward too. What it disrupts alone: that
 * a part of it does so is no state of the way back. */
static bool hard_across(struct going_back *b, uint32_t i, uint32_t k) {
  uint32_t promise = b->promises[i];
  if (hard_at(b, i, k - 1) || hard_at(b, i, k)) return true;
  if (!timeline_during_now(&b->p->timeline[promise], k - 1)) return false;
  for (unsigned after = 0; after < 2; after++) {
    goto_during(b->m, b->p, b->s, k - 1, after);
    if (state_promise(b->s, promise, NULL) != UP) return true;
  }
  return false;
}

/* Below the undo of a step, or while it runs: at its upper end, at its lower one. */
static void at_place(struct going_back *b, uint32_t k, uint32_t place) {
  if (place == 0) goto_state(b->m, b->p, b->s, k - 1);
  else goto_during(b->m, b->p, b->s, k - 1, place == 1);
}

/* Does every promise `always` that holds in the state below, as far as steps go, do so with these answers too, and while the
 * undo runs? Notes those that do not, when asked to. */
static bool keeps_always(struct going_back *b, uint32_t k, const struct olds *before, const struct olds *after, bool noted) {
  const struct step *step = &b->m->steps.at[b->p->order.at[k - 1]];
  bool kept = true;
  for (uint32_t place = 0; place < (step->disrupts_count > 0 ? 3u : 1u); place++) {
    at_place(b, k, place);
    for (uint32_t i = 0; i < b->n; i++) {
      struct timeline *t = &b->p->timeline[b->promises[i]];
      if (b->m->promises.at[b->promises[i]].hold != HOLD_ALWAYS) continue;
      if (!dark_at(b, i, place == 1 ? before : after)) continue;
      if (hard_across(b, i, k)) {
        at_place(b, k, place);
        continue;
      }
      if (!noted) return false;
      kept = false;
      t->back_broken = k;
    }
  }
  return kept;
}

static int64_t longer(int64_t a, int64_t b) { return a > b ? a : b; }

static void lasts(struct going_back *b, uint32_t i, int64_t stretch) {
  if (stretch <= b->longest[i]) return;
  b->longest[i] = stretch;
  b->from[i] = b->top;
}

/* Is the state before step k where the way back ends? */
static bool at_the_bottom(const struct going_back *b, uint32_t k) {
  while (--k > b->first && b->m->steps.at[b->p->order.at[k - 1]].wait) continue;
  return k <= b->first || b->m->steps.at[b->p->order.at[k - 1]].irreversible != 0;
}

static void measure(struct going_back *b, uint32_t k, int64_t wait) {
  int64_t takes = b->m->steps.at[b->p->order.at[k - 1]].takes;
  bool bottom = at_the_bottom(b, k);
  if (takes < 0) takes = 0;
  struct olds before = b->all, after;
  olds_wait(&before, wait);
  after = before;
  olds_step(&after, b->above, b->below, caches_questions(b->c), takes);
  for (uint32_t i = 0; i < b->n; i++) {
    bool above = hard_at(b, i, k), below = hard_at(b, i, k - 1);
    bool hard = above || below || timeline_during(&b->p->timeline[b->promises[i]], k - 1);
    goto_state(b->m, b->p, b->s, k);
    bool stood = above || dark_at(b, i, &b->all), from = above || dark_at(b, i, &before);
    int64_t tail = stood && !above ? tail_of(b, i, &b->all) : wait;
    int64_t left = from && !hard ? tail_of(b, i, &before) : 0;
    if (!stood) b->stretch[i] = 0;
    else lasts(b, i, b->stretch[i] += tail < wait ? tail : wait);
    if (!from) b->stretch[i] = 0;
    goto_state(b->m, b->p, b->s, k - 1);
    bool to = below || dark_at(b, i, &after);
    tail = to && !below ? tail_of(b, i, &after) : 0;
    if (hard || (to && tail > longer(left - takes, 0))) b->stretch[i] += takes;
    else if (from) b->stretch[i] += left < takes ? left : takes;
    lasts(b, i, b->stretch[i] + (bottom ? tail : 0));
    if (!to) b->stretch[i] = 0;
  }
  b->all = after;
}

static uint32_t since_when(const struct going_back *b, int64_t wait) {
  uint32_t least = NONE;
  for (uint32_t i = 0; i < b->olds.n; i++)
    if (b->olds.at[i].sure <= wait || wait > 0) least = b->ended[b->olds.at[i].answer] < least ? b->ended[b->olds.at[i].answer] : least;
  return least;
}

static void grow_old(struct olds *o, const struct step *s) {
  for (uint32_t i = 0; i < o->n && s->takes > 0 && !s->wait; i++) o->at[i].estimated = longer(o->at[i].estimated - s->takes, 0);
}

/* What a wait before the undo of step k - 1 costs the promises `at_most`: the time that they are down in it, and that old answers
 * fail in some state behind it. So that the wait comes before the first of them goes down, it is asked for LOOK_AHEAD states. */
static int64_t cost_of(struct going_back *b, uint32_t k, int64_t wait, int64_t takes) {
  enum { LOOK_AHEAD = 64 };
  struct olds after = b->all;
  int64_t cost = 0, *tails = arena_array(&b->own, int64_t, b->n + 1);
  olds_wait(&after, wait);
  olds_step(&after, b->above, b->below, caches_questions(b->c), takes);
  goto_state(b->m, b->p, b->s, k);
  for (uint32_t i = 0; i < b->n; i++) {
    int64_t tail = hard_at(b, i, k) ? wait : tail_of(b, i, &b->all);
    if (b->m->promises.at[b->promises[i]].hold == HOLD_AT_MOST) cost += tail < wait ? tail : wait;
  }
  for (uint32_t j = k; j-- > b->first && k - j <= LOOK_AHEAD;) {
    if (j + 1 < k) grow_old(&after, &b->m->steps.at[b->p->order.at[j]]);
    goto_state(b->m, b->p, b->s, j);
    for (uint32_t i = 0; i < b->n; i++)
      if (b->m->promises.at[b->promises[i]].hold == HOLD_AT_MOST && !hard_at(b, i, j)) tails[i] = longer(tails[i], tail_of(b, i, &after));
    if (j > 0 && b->m->steps.at[b->p->order.at[j - 1]].irreversible != 0) break;
  }
  for (uint32_t i = 0; i < b->n; i++) cost += tails[i];
  return cost;
}

/* The shortest wait before the undo of step k - 1 that will do: tried in turn, since few answers are about. Where outages are to be
 * short, the shortest of those that cost least. */
static int64_t wait_before(struct going_back *b, uint32_t k, struct olds *before, struct olds *after) {
  int64_t takes = b->m->steps.at[b->p->order.at[k - 1]].takes, wait = 0, best = -1, least = INT64_MAX;
  if (takes < 0) takes = 0;
  for (int64_t tried; wait != INT64_MAX && least > 0;) {
    *before = b->olds;
    olds_wait(before, wait);
    *after = *before;
    olds_step(after, b->above, b->below, caches_questions(b->c), takes);
    if (keeps_always(b, k, before, after, false)) {
      int64_t cost = b->generous ? cost_of(b, k, wait, takes) : 0;
      if (cost < least) best = wait, least = cost;
    }
    tried = wait;
    wait = INT64_MAX;
    for (uint32_t i = 0; i < b->olds.n; i++) {
      int64_t sure = b->olds.at[i].sure, keeps = 0;
      for (uint32_t q = 0; q < caches_questions(b->c); q++)
        if (b->above[q].answer == b->olds.at[i].answer) keeps = b->above[q].keeps;
      if (sure > tried && sure < wait && keeps == 0) wait = sure;
      if (sure - keeps > tried && sure - keeps < wait) wait = sure - keeps;
    }
  }
  wait = best < 0 ? 0 : best; /* below 0: no wait will do */
  *before = b->olds;
  olds_wait(before, wait);
  *after = *before;
  olds_step(after, b->above, b->below, caches_questions(b->c), takes);
  if (best < 0) keeps_always(b, k, before, after, true);
  return wait;
}

static void undo_one(struct going_back *b, uint32_t k) {
  const struct step *step = &b->m->steps.at[b->p->order.at[k - 1]];
  struct olds before, after;
  goto_state(b->m, b->p, b->s, k - 1);
  caches_published(b->c, b->below);
  if (step->irreversible != 0) {
    b->olds.n = 0;
    b->all = b->tops[--b->top_count];
    b->top = k - 1;
    memset(b->stretch, 0, b->n * sizeof *b->stretch);
  } else if (!step->wait) {
    int64_t wait = wait_before(b, k, &before, &after);
    if (wait > 0) b->p->back[k - 1] = (struct back_wait){wait, since_when(b, wait)};
    measure(b, k, wait);
    for (uint32_t q = 0; q < caches_questions(b->c); q++)
      if (b->above[q].answer != NONE && b->above[q].answer != b->below[q].answer) b->ended[b->above[q].answer] = k - 1;
      else if (b->above[q].answer != NONE && b->above[q].keeps != b->below[q].keeps) b->ended[b->above[q].answer] = k - 1;
    b->olds = after;
  }
  memcpy(b->above, b->below, caches_questions(b->c) * sizeof *b->above);
}

/* What is old on the way forward, in the states that a way back begins in. */
static void go_forward(struct going_back *b, const struct component *c) {
  uint32_t end = c->first + c->count, tops = 1;
  struct olds now = {0};
  for (uint32_t k = c->first; k < end; k++) tops += b->m->steps.at[b->p->order.at[k]].irreversible != 0;
  b->tops = arena_array(&b->own, struct olds, tops);
  b->top_count = 0;
  goto_state(b->m, b->p, b->s, c->first);
  caches_published(b->c, b->above);
  for (uint32_t k = c->first; k < end; k++) {
    const struct step *step = &b->m->steps.at[b->p->order.at[k]];
    if (step->irreversible != 0) b->tops[b->top_count++] = now;
    goto_state(b->m, b->p, b->s, k + 1);
    caches_published(b->c, b->below);
    if (step->wait) olds_wait(&now, step->takes);
    else olds_step(&now, b->above, b->below, caches_questions(b->c), step->takes < 0 ? 0 : step->takes);
    memcpy(b->above, b->below, caches_questions(b->c) * sizeof *b->above);
  }
  b->tops[b->top_count++] = now;
}

static void undo_all(struct going_back *b, const struct component *c) {
  uint32_t end = c->first + c->count;
  go_forward(b, c);
  b->olds.n = 0;
  b->all = b->tops[--b->top_count];
  b->first = c->first;
  b->top = end;
  memset(b->stretch, 0, b->n * sizeof *b->stretch);
  memset(b->longest, 0, b->n * sizeof *b->longest);
  for (uint32_t k = c->first; k < end; k++) b->p->back[k] = (struct back_wait){0, NONE};
  goto_state(b->m, b->p, b->s, end);
  caches_published(b->c, b->above);
  for (uint32_t k = end; k > c->first; k--) undo_one(b, k);
}

static void back_component(struct going_back *b, const struct component *c, struct promise_list concerned) {
  struct model *m = b->m;
  struct proof *p = b->p;
  struct arena *a = &b->own;
  uint32_t *local = p->proving->local, *promises = arena_array(a, uint32_t, concerned.n);
  b->promises = promises;
  b->n = 0;
  b->generous = false;
  for (uint32_t i = 0; i < concerned.n; i++)
    if (m->promises.at[concerned.at[i]].hold != HOLD_FINALLY) promises[b->n++] = concerned.at[i];
  for (uint32_t k = c->first; k < c->first + c->count; k++) local[p->order.at[k]] = k;
  b->c = caches_new(m, b->s, a, b->promises, b->n, local);
  for (uint32_t k = c->first; k < c->first + c->count; k++) local[p->order.at[k]] = NONE;
  if (b->c == NULL) return;
  b->above = arena_array(a, struct published, caches_questions(b->c));
  b->below = arena_array(a, struct published, caches_questions(b->c));
  b->stretch = arena_array(a, int64_t, b->n + 1);
  b->longest = arena_array(a, int64_t, b->n + 1);
  b->from = arena_array(a, uint32_t, b->n + 1);
  undo_all(b, c);
  for (uint32_t i = 0; i < b->n && !b->generous; i++) {
    const struct promise *promise = &m->promises.at[b->promises[i]];
    if (promise->hold == HOLD_AT_MOST && b->longest[i] > promise->limit) b->generous = true;
  }
  if (b->generous) undo_all(b, c);
  for (uint32_t i = 0; i < b->n; i++) {
    p->timeline[b->promises[i]].back = b->longest[i];
    p->timeline[b->promises[i]].back_from = b->from[i];
  }
}

void check_back_waits(struct model *m, struct proof *p, struct state *s) {
  struct arena *a = &m->c->arena;
  p->back = arena_array(a, struct back_wait, p->order.n + 1);
  for (uint32_t k = 0; k < p->order.n; k++) p->back[k].since = NONE;
  const struct promise_list *lists = component_promises(m, p, p->proving);
  struct going_back b = {.m = m, .p = p, .s = s};
  for (uint32_t i = 0; i < p->components.n; i++) {
    if (lists[i].n == 0) continue;
    back_component(&b, &p->components.at[i], lists[i]);
    arena_reset(&b.own);
  }
  arena_free(&b.own);
}
