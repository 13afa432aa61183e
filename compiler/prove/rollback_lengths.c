/* How long each promise is down on the way back from each state of a component, old answers and waits included.
 * Needs a timeline and the waits between undos. Guarantees: exact for components of at most STATES_MAX steps, and for larger ones as long as
 * that takes no more than UNDOS_MAX looks at a promise; of those beyond the ways back from the end and from before each step of no return
 * are looked at, where most has grown old. */
#include "prove/rollback.h"

#include <string.h>

enum { STATES_MAX = 64, UNDOS_MAX = 2000000, LATER_MAX = 64 };

static int64_t longer(int64_t a, int64_t b) { return a > b ? a : b; }
static int64_t shorter(int64_t a, int64_t b) { return a < b ? a : b; }

bool back_hard(const struct going_back *b, uint32_t i, uint32_t k) {
  enum verdict v = timeline_at(&b->p->timeline[b->promises[i]], k);
  return v != UP && v != MAYBE;
}

void back_go(struct going_back *b, uint32_t k) { b->here = k; }

void back_go_during(struct going_back *b, uint32_t k, bool after) {
  b->here = NONE;
  goto_during(b->m, b->p, b->s, k, after);
}

/* The ways back from one state after the other come by the same answers, and differ in how old these are. */
static bool holds(struct going_back *b, uint32_t i, const struct recall *old) {
  if (!caches_about(b->c, i, old)) return true;
  struct looked *l = b->here != NONE && b->whole ? &b->looked[(size_t)(b->here - b->first) * b->n + i] : NULL;
  if (l != NULL && l->known && caches_same(b->c, i, old, &l->old)) return l->holds;
  if (b->here != NONE) goto_alone(b->m, b->p, b->s, b->component, b->here);
  bool now = caches_hold(b->c, i, old);
  if (l != NULL) {
    caches_keep(b->c, i, old, &b->own, &l->old);
    l->known = true;
    l->holds = now;
  }
  return now;
}

bool back_dark(struct going_back *b, uint32_t i, const struct olds *o) {
  struct recall old = {o, 0, -1};
  return !holds(b, i, &old);
}

int64_t back_tail(struct going_back *b, uint32_t i, const struct olds *o) {
  int64_t least = 0;
  for (uint32_t tries = 0; tries <= o->n; tries++) {
    struct recall old = {o, 0, least};
    int64_t next = INT64_MAX;
    if (holds(b, i, &old)) return least;
    for (uint32_t k = 0; k < o->n; k++)
      if (o->at[k].estimated > least && o->at[k].estimated < next) next = o->at[k].estimated;
    if (next == INT64_MAX) return least;
    least = next;
  }
  return least;
}

static const struct step *step_below(const struct going_back *b, uint32_t k) { return &b->m->steps.at[b->p->order.at[k - 1]]; }

int64_t back_wait_from(const struct proof *p, uint32_t k, uint32_t top) {
  for (const struct back_wait *w = &p->back[k - 1]; w != NULL; w = w->before)
    if (w->length > 0 && w->since < top) return w->length;
  return 0;
}

void back_later(const struct proof *p, uint32_t k, int64_t *later) {
  for (const struct back_wait *w = &p->back[k - 1]; w != NULL && w->length > 0; w = w->before)
    later[w->since + 1] += w->length - (w->before != NULL ? w->before->length : 0);
}

const struct published *back_published(struct going_back *b, uint32_t k) {
  uint32_t slot = b->whole ? k - b->first : k & 1;
  bool there = b->published[slot] != NULL && (b->whole || b->kept[slot] == k);
  if (there) return b->published[slot];
  if (b->published[slot] == NULL) b->published[slot] = arena_array(&b->own, struct published, caches_questions(b->c));
  if (!b->whole) b->kept[slot] = k;
  goto_alone(b->m, b->p, b->s, b->component, k);
  caches_published(b->c, b->published[slot]);
  return b->published[slot];
}

void back_age(struct going_back *b, struct olds *o, uint32_t k, int64_t wait) {
  const struct published *above = back_published(b, k), *below = back_published(b, k - 1);
  olds_wait(o, wait);
  olds_step(o, above, below, caches_questions(b->c), longer(step_below(b, k)->takes, 0));
}

const struct top *back_top(const struct going_back *b, uint32_t state) {
  uint32_t i = b->top_count - 1;
  while (i > 0 && b->tops[i - 1].state >= state) i--;
  return &b->tops[i];
}

static void put_top(struct going_back *b, uint32_t state, const struct olds *olds) {
  struct top *top = &b->tops[b->top_count++];
  *top = (struct top){state, {.arena = &b->own}};
  olds_copy(&top->olds, olds);
}

void back_forward(struct going_back *b) {
  uint32_t count = b->end - b->first, tops = 1;
  struct olds now = {.arena = &b->own};
  b->whole = count <= STATES_MAX || (uint64_t)count * count * b->n <= UNDOS_MAX;
  b->published = arena_array(&b->own, struct published *, b->whole ? count + 1 : 2);
  for (uint32_t k = b->first + 1; k < b->end; k++) tops += b->whole || step_below(b, k + 1)->irreversible != 0;
  if (b->whole) b->looked = arena_array(&b->own, struct looked, (size_t)(count + 1) * b->n);
  b->tops = arena_array(&b->own, struct top, tops);
  b->top_count = 0;
  for (uint32_t k = b->first + 1; k <= b->end; k++) {
    const struct step *step = step_below(b, k);
    const struct published *below = back_published(b, k - 1), *above = back_published(b, k);
    if (step->wait) olds_wait(&now, step->takes);
    else olds_step(&now, below, above, caches_questions(b->c), longer(step->takes, 0));
    if (b->whole || k == b->end || step_below(b, k + 1)->irreversible != 0) put_top(b, k, &now);
  }
}

/* ── One way back ────────────────────────────────────────────────────────────────────────────────────────────────── */

static bool counts(const struct going_back *b, uint32_t i) {
  return b->m->promises.at[b->promises[i]].hold == HOLD_AT_MOST || b->p->timeline[b->promises[i]].back_broken > 0;
}

static void look_above(struct going_back *b, uint32_t k, int64_t wait, const struct olds *before) {
  back_go(b, k);
  for (uint32_t i = 0; i < b->n; i++) {
    struct crossing *x = &b->crossings[i];
    if (!counts(b, i)) continue;
    bool above = back_hard(b, i, k);
    *x = (struct crossing){.hard = above || back_hard(b, i, k - 1) || timeline_during_now(&b->p->timeline[b->promises[i]], k - 1)};
    x->stood = above || back_dark(b, i, &b->all);
    x->rose = wait == 0 ? x->stood : above || back_dark(b, i, before);
    x->waited = above ? wait : x->stood && wait > 0 ? shorter(back_tail(b, i, &b->all), wait) : 0;
    x->clock = x->rose && !x->hard ? back_tail(b, i, before) : 0;
  }
}

/* The world is at either end while an undo runs, with what it disrupts down: an old answer that fails at one of them does so for as long as it
 * is possible, and to the end of the undo where it still is then. */
static void look_within(struct going_back *b, uint32_t k, const struct olds *before, const struct olds *after) {
  const struct step *step = step_below(b, k);
  int64_t takes = longer(step->takes, 0);
  if (takes == 0 || (before->n == 0 && (after->n == 0 || step->disrupts_count == 0))) return;
  for (unsigned upper = 0; upper < (step->disrupts_count > 0 ? 2u : 1u); upper++) {
    if (step->disrupts_count > 0) back_go_during(b, k - 1, upper);
    else back_go(b, k - 1);
    for (uint32_t i = 0; i < b->n; i++) {
      struct crossing *x = &b->crossings[i];
      if (!counts(b, i) || x->hard) continue;
      x->within = longer(x->within, back_tail(b, i, before));
      if (!upper && step->disrupts_count > 0 && back_tail(b, i, after) > 0) x->within = takes;
    }
  }
}

static void lasts(struct going_back *b, uint32_t i, int64_t stretch) { b->longest[i] = longer(b->longest[i], stretch); }

/* The undo of step k - 1, after a wait. */
static void undo(struct going_back *b, uint32_t k, int64_t wait) {
  int64_t takes = longer(step_below(b, k)->takes, 0);
  struct olds *before = &b->before, *after = &b->after;
  olds_copy(before, &b->all);
  olds_copy(after, &b->all);
  olds_wait(before, wait);
  back_age(b, after, k, wait);
  look_above(b, k, wait, before);
  look_within(b, k, before, after);
  back_go(b, k - 1);
  for (uint32_t i = 0; i < b->n; i++) {
    const struct crossing *x = &b->crossings[i];
    if (!counts(b, i)) continue;
    bool below = back_hard(b, i, k - 1), ends = below || back_dark(b, i, after);
    int64_t tail = ends && !below ? back_tail(b, i, after) : 0;
    lasts(b, i, b->stretch[i] = x->stood ? b->stretch[i] + x->waited : 0);
    if (!x->rose) b->stretch[i] = 0;
    b->stretch[i] += x->hard || tail > longer(x->clock - takes, 0) ? takes : shorter(takes, longer(x->clock, x->within));
    lasts(b, i, b->stretch[i]);
    if (!ends) b->stretch[i] = 0;
    b->rest[i] = tail;
  }
  olds_copy(&b->all, after);
}

/* From a state down to the first of the component, or to the last step of no return before it: sets longest, and stretch to what goes
 * on below. What was down when it began goes on as b->stretch says. */
static void way_back(struct going_back *b, uint32_t top, const struct olds *olds) {
  uint32_t k = top;
  olds_copy(&b->all, olds);
  memset(b->rest, 0, b->n * sizeof *b->rest);
  for (; k > b->first && step_below(b, k)->irreversible == 0; k--) {
    if (step_below(b, k)->wait) continue;
    if (b->budget > 0) b->budget--;
    undo(b, k, back_wait_from(b->p, k, top));
  }
  for (uint32_t i = 0; i < b->n; i++) {
    if (!counts(b, i)) continue;
    lasts(b, i, b->stretch[i] + b->rest[i]);
    if (!back_hard(b, i, k)) b->stretch[i] = 0;
    else if (k > b->first) b->longest[i] = INT64_MAX; /* for good */
  }
}

/* ── All of them ─────────────────────────────────────────────────────────────────────────────────────────────────── */

static void note(struct going_back *b, uint32_t top) {
  for (uint32_t i = 0; i < b->n; i++) {
    struct timeline *t = &b->p->timeline[b->promises[i]];
    if (!counts(b, i)) continue;
    if (b->m->promises.at[b->promises[i]].hold != HOLD_AT_MOST) {
      t->back = longer(t->back, b->longest[i]);
      continue;
    }
    array_push(&b->m->c->arena, &t->backs, (struct back_from){top, b->longest[i], b->stretch[i]});
    if (!b->whole && top < b->end) array_push(&b->m->c->arena, &t->backs, (struct back_from){top + 1, 0, 0});
  }
}

static void from_top(struct going_back *b, uint32_t top, const struct olds *olds, bool noted) {
  way_back(b, top, olds);
  for (uint32_t i = 0; i < b->n; i++) b->most[i] = longer(b->most[i], b->longest[i]);
  if (noted) note(b, top);
}

static bool grow_old(struct olds *o, int64_t time) {
  bool any = false;
  for (uint32_t i = 0; i < o->n; i++) {
    o->at[i].estimated = longer(o->at[i].estimated - time, 0);
    any = any || o->at[i].estimated > 0;
  }
  return any;
}

/* One of those, with so long to the end of the component, and the time waited in it. False when no promise begins with a longer outage than
 * before, and none is down for too long as it is: then older answers make nothing worse. */
static bool from_there(struct going_back *b, const struct olds *forward, int64_t back, int64_t waited, int64_t *begun) {
  struct olds *there = &b->there;
  bool worth = false;
  olds_copy(there, forward);
  olds_wait(there, waited);
  grow_old(there, back - waited);
  back_go(b, b->end);
  for (uint32_t i = 0; i < b->n; i++) {
    const struct promise *promise = &b->m->promises.at[b->promises[i]];
    b->stretch[i] = counts(b, i) && !back_hard(b, i, b->end) ? shorter(back_tail(b, i, forward), back) : 0;
    worth = worth || (promise->hold == HOLD_AT_MOST && (b->stretch[i] > begun[i] || b->most[i] > promise->limit));
    begun[i] = longer(begun[i], b->stretch[i]);
    b->longest[i] = b->stretch[i];
    if (b->stretch[i] > 0 && !back_dark(b, i, there)) b->stretch[i] = 0;
  }
  if (worth) from_top(b, b->end, there, false);
  return worth;
}

/* What old answers have down at the end of the component is so behind it too, until by the clock they have run out: a failure there
 * has the undos of other components come first, and takes longer. */
static void from_behind(struct going_back *b) {
  struct olds forward = {.arena = &b->own};
  int64_t back = 0, waited = 0, *begun = arena_array(&b->own, int64_t, b->n + 1);
  bool any = false;
  olds_copy(&forward, &b->tops[b->top_count - 1].olds);
  for (uint32_t i = 0; i < b->n; i++)
    any = any || (b->m->promises.at[b->promises[i]].hold == HOLD_AT_MOST && timeline_at(&b->p->timeline[b->promises[i]], b->end) == MAYBE);
  for (uint32_t f = b->end + 1, looks = 0; any && f <= b->p->order.n && looks < LATER_MAX; f++) {
    const struct step *step = step_below(b, f);
    int64_t takes = longer(step->takes, 0);
    if (step->irreversible != 0) return;
    if (takes == 0 && b->later[f] == 0) continue;
    any = grow_old(&forward, step->wait ? 0 : takes);
    if (step->wait) olds_wait(&forward, takes);
    else back += takes;
    back += b->later[f];
    waited += b->later[f];
    if (from_there(b, &forward, back, waited, begun)) note(b, f);
    looks++;
  }
}

void back_lengths_from(struct going_back *b, const struct top *top, bool noted) {
  memset(b->stretch, 0, b->n * sizeof *b->stretch);
  memset(b->longest, 0, b->n * sizeof *b->longest);
  from_top(b, top->state, &top->olds, noted);
}

void back_lengths(struct going_back *b, bool noted) {
  memset(b->most, 0, b->n * sizeof *b->most);
  for (uint32_t t = 0; t < b->top_count; t++) back_lengths_from(b, &b->tops[t], noted);
  if (noted && b->top_count > 0) from_behind(b);
  memcpy(b->longest, b->most, b->n * sizeof *b->longest);
}
