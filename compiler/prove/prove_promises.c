/* Promises along an order and on the way back: which do not hold, where, for how long; lengths nobody knows; the window.
 * Needs a timeline. Guarantees each broken promise is said once: a target that is stale, or that never answered, speaks for
 * the promises behind it. */
#include "prove/prove.h"

/* Said already by what causes it: as that of a stale or dangling target, an unknown value, or a clash. */
static bool said(const struct proof *p, uint32_t promise) {
  for (uint32_t i = 0; i < p->breaches.n; i++) {
    const struct breach *b = &p->breaches.at[i];
    if (b->code == CODE_252 && b->promise == promise) return true;
    if (b->severity != SEV_ERROR || (b->code != CODE_201 && b->code != CODE_202 && b->code != CODE_206)) continue;
    if (b->promise == promise) return true;
    for (uint32_t k = 0; k < b->promise_count; k++)
      if (b->promises[k] == promise) return true;
  }
  return false;
}

static struct trace trace_promise(struct model *m, const struct proof *p, struct state *s, uint32_t promise, uint32_t state) {
  struct trace t = {0};
  goto_state(m, p, s, state);
  t.verdict = state_promise(s, promise, &t);
  return t;
}

/* At the end: caches run out, so what is only MAYBE up there is up soon. */
static bool ends_up(const struct timeline *t, uint32_t last) { return t->states[last] == UP || t->states[last] == MAYBE; }

/* Down in some state or step although its hold forbids it there; what an order without anything set aside never shows. */
static bool broken(const struct model *m, const struct proof *p, uint32_t promise) {
  const struct timeline *t = &p->timeline[promise];
  const struct promise *asked = &m->promises.at[promise];
  bool was_up = false;
  if (!ends_up(t, p->order.n)) return true;
  if (asked->hold == HOLD_AT_MOST) return t->outage > asked->limit;
  for (uint32_t k = 0; k <= p->order.n && asked->hold == HOLD_ALWAYS; k++) {
    if (was_up && t->states[k] != UP) return true;
    was_up = was_up || t->states[k] == UP;
    if (was_up && k < p->order.n && t->during[k]) return true;
  }
  return false;
}

/* Where it fails for good, else where it first fails after it held, else the step in which it does: fills the states, the
 * step and the chains of a breach. */
void breach_states(struct model *m, const struct proof *p, struct state *s, struct breach *b) {
  const struct timeline *t = &p->timeline[b->promise];
  uint32_t n = p->order.n, first = NONE;
  bool start = t->states[0] == UP;
  if (!ends_up(t, n))
    for (first = n; first > 0 && t->states[first - 1] != UP;) first--;
  else
    for (uint32_t k = 0; k <= n && first == NONE; k++) {
      start = start || t->states[k] == UP;
      if (start && t->states[k] != UP) first = k;
    }
  b->limit = m->promises.at[b->promise].hold == HOLD_AT_MOST ? m->promises.at[b->promise].limit : 0;
  b->time = t->outage;
  b->asked = m->promises.at[b->promise].type == PROMISE_ENDPOINT ? &m->promises.at[b->promise].endpoint : NULL;
  b->client = m->promises.at[b->promise].type == PROMISE_ENDPOINT ? m->promises.at[b->promise].client : NONE;
  if (first == NONE) {
    for (uint32_t k = 0; k < n; k++)
      if (t->during[k]) {
        b->during = true;
        b->step = p->order.at[k];
        b->first_state = k;
        b->last_state = k + 1;
        goto_during(m, p, s, k, false);
        b->after.verdict = state_promise(s, b->promise, &b->after);
        if (b->after.verdict == UP) {
          goto_during(m, p, s, k, true);
          b->after.verdict = state_promise(s, b->promise, &b->after);
        }
        return;
      }
    if (t->states[0] == UP) return;
    first = 0; /* at_most, down from the start */
  }
  b->first_state = b->last_state = first;
  while (b->last_state < n && t->states[b->last_state + 1] != UP) b->last_state++;
  b->after = trace_promise(m, p, s, b->promise, first);
  if (first == 0) return;
  b->step = p->order.at[first - 1];
  b->before = trace_promise(m, p, s, b->promise, first - 1);
}

/* E221: promise, first_state, last_state, step (that breaks it), during (only while `step` runs), before, after, asked, client,
 * time, limit (0 without). */
void check_promises(struct model *m, struct proof *p, struct state *s) {
  for (uint32_t i = 0; i < m->promises.n; i++) {
    if (!broken(m, p, i) || said(p, i)) continue;
    struct breach b = breach_new(CODE_221);
    b.promise = i;
    breach_states(m, p, s, &b);
    breach_add(m, p, b);
  }
}

static bool dark(const struct timeline *t, uint32_t k) {
  return t->states[k] != UP || t->states[k + 1] != UP || t->during[k];
}

/* E223: promise (`at_most`), step (down across it, without known length), limit. */
void check_lengths(struct model *m, struct proof *p, struct state *s) {
  (void)s;
  for (uint32_t i = 0; i < m->promises.n; i++)
    for (uint32_t k = 0; p->timeline[i].outage_open && m->promises.at[i].hold == HOLD_AT_MOST && k < p->order.n; k++) {
      if (m->steps.at[p->order.at[k]].takes >= 0 || !dark(&p->timeline[i], k)) continue;
      struct breach b = breach_new(CODE_223);
      b.promise = i;
      b.step = p->order.at[k];
      b.limit = m->promises.at[i].limit;
      b.first_state = k;
      b.last_state = k + 1;
      breach_add(m, p, b);
    }
}

int64_t window_length(const struct model *m, const struct proof *p, uint32_t *first) {
  int64_t length = 0;
  *first = NONE;
  for (uint32_t k = 0; k < p->order.n; k++) {
    const struct step *step = &m->steps.at[p->order.at[k]];
    bool disturbs = step->disrupts_count > 0;
    for (uint32_t i = 0; *first == NONE && !disturbs && i < m->promises.n; i++)
      disturbs = m->promises.at[i].hold != HOLD_FINALLY && p->timeline[i].states[k + 1] != UP;
    if (*first == NONE && disturbs) *first = k;
    if (*first != NONE && step->takes > 0) length += step->takes;
  }
  return length;
}

/* E224: step (with which the window opens), time, limit, first_state; mends (MEND_WINDOW). */
void check_window(struct model *m, struct proof *p, struct state *s) {
  (void)s;
  uint32_t first;
  int64_t length = window_length(m, p, &first);
  if (m->window < 0 || length <= m->window) return;
  struct breach b = breach_new(CODE_224);
  b.step = p->order.at[first];
  b.first_state = first;
  b.last_state = p->order.n;
  b.time = length;
  b.limit = m->window;
  breach_add(m, p, b);
}

/* ── The way back ────────────────────────────────────────────────────────────────────────────────────────────────── */

/* How long a promise is down on the way back from each state: the stretch that begins there, and the longest of all.
 * Undos run down to the baseline, or to the state after the last irreversible step. */
struct way_back { int64_t here, longest; bool stays; };

/* What is MAYBE on the way forward is up on the way back: there other answers are old. */
static bool down_at(const struct timeline *t, uint32_t k) { return t->states[k] != UP && t->states[k] != MAYBE; }
static bool down_across(const struct timeline *t, uint32_t k) { return down_at(t, k) || down_at(t, k + 1) || t->during[k]; }

static void go_back(const struct model *m, const struct proof *p, const struct timeline *t, struct way_back *w) {
  w[0] = (struct way_back){0, 0, false};
  for (uint32_t k = 1; k <= p->order.n; k++) {
    const struct step *step = &m->steps.at[p->order.at[k - 1]];
    if (step->irreversible != 0) {
      w[k] = (struct way_back){0, 0, down_at(t, k)};
      continue;
    }
    bool lower = down_at(t, k - 1);
    w[k].here = down_across(t, k - 1) ? (step->takes > 0 && !step->wait ? step->takes : 0) + (lower ? w[k - 1].here : 0) : 0;
    w[k].longest = w[k].here > w[k - 1].longest ? w[k].here : w[k - 1].longest;
    w[k].stays = w[k - 1].stays;
  }
}

/* `always`, where no wait lets old answers run out before an undo takes away what they lead to. */
static void always_way_back(struct model *m, struct proof *p, uint32_t promise) {
  const struct timeline *t = &p->timeline[promise];
  if (t->back_broken == 0 || t->first_down != NONE) return;
  struct breach b = breach_new(CODE_222);
  b.promise = promise;
  b.step = p->order.at[t->back_broken - 1];
  b.first_state = b.last_state = t->back_broken;
  b.time = t->back;
  b.backward = true;
  breach_add(m, p, b);
}

/* E222: promise (not `finally`), step (the last done when it fails: its undo is the first), first_state..last_state (failure points
 * from which it is so), time (down at a stretch; -1: it stays down), limit, backward. One per run of failure points, with the
 * worst of them. */
void check_way_back(struct model *m, struct proof *p, struct state *s) {
  (void)s;
  struct way_back *w = arena_array(&m->c->arena, struct way_back, p->order.n + 1);
  for (uint32_t i = 0; i < m->promises.n; i++) {
    const struct promise *promise = &m->promises.at[i];
    const struct timeline *t = &p->timeline[i];
    if (promise->hold == HOLD_ALWAYS) always_way_back(m, p, i);
    if (promise->hold != HOLD_AT_MOST || (t->first_down == NONE && t->outage == 0 && t->back <= promise->limit)) continue;
    go_back(m, p, &p->timeline[i], w);
    if (t->back > w[p->order.n].longest) w[p->order.n].longest = t->back;
    for (uint32_t k = 1; k <= p->order.n; k++) {
      uint32_t worst = NONE, first = k;
      for (; k <= p->order.n && (w[k].stays || w[k].longest > promise->limit); k++)
        if (worst == NONE || (!w[worst].stays && (w[k].stays || w[k].longest > w[worst].longest))) worst = k;
      if (worst == NONE) continue;
      struct breach b = breach_new(CODE_222);
      b.promise = i;
      b.step = p->order.at[worst - 1];
      b.first_state = first;
      b.last_state = k - 1;
      b.time = w[worst].stays ? -1 : w[worst].longest;
      b.limit = promise->limit;
      b.backward = true;
      breach_add(m, p, b);
    }
  }
}
