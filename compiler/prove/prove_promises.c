/* Promises along an order: which do not hold, where, for how long; lengths nobody knows; the window.
 * Needs a timeline. Guarantees each broken promise is said once: a target that is stale, or that never answered, speaks for
 * the promises behind it. */
#include "prove/index.h"
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
static bool ends_up(const struct timeline *t, uint32_t last) {
  return timeline_at(t, last) == UP || timeline_at(t, last) == MAYBE;
}

/* Down in some state or step although its hold forbids it there; what an order without anything set aside never shows. */
bool promise_broken(const struct model *m, const struct proof *p, uint32_t promise) {
  const struct timeline *t = &p->timeline[promise];
  const struct promise *asked = &m->promises.at[promise];
  if (!ends_up(t, p->order.n)) return true;
  if (asked->hold == HOLD_AT_MOST) return t->known > asked->limit;
  uint32_t up = asked->hold == HOLD_ALWAYS ? timeline_up(t, 0) : NONE;
  return up != NONE && (timeline_not_up(t, up) != NONE || timeline_next_during(t, up) != NONE);
}

static bool same_way(const struct trace *a, const struct trace *b) {
  bool same = a->n == b->n;
  for (uint32_t i = 0; i < a->n && same; i++)
    same = a->at[i].fact == b->at[i].fact && a->at[i].resource == b->at[i].resource && address_compare(&a->at[i].host.from, &b->at[i].host.from) == 0;
  return same;
}

/* Where it fails for good, else where it first fails after it held, else the step in which it does: fills the states, the
 * step and the chains of a breach. */
void breach_states(struct model *m, const struct proof *p, struct state *s, struct breach *b) {
  const struct timeline *t = &p->timeline[b->promise];
  uint32_t n = p->order.n, first = NONE;
  if (!ends_up(t, n))
    for (first = n; first > 0 && timeline_at(t, first - 1) != UP;) first--;
  else if (timeline_up(t, 0) != NONE)
    first = timeline_not_up(t, timeline_up(t, 0));
  b->limit = m->promises.at[b->promise].hold == HOLD_AT_MOST ? m->promises.at[b->promise].limit : 0;
  b->time = t->known;
  b->asked = m->promises.at[b->promise].type == PROMISE_ENDPOINT ? &m->promises.at[b->promise].endpoint : NULL;
  b->client = m->promises.at[b->promise].type == PROMISE_ENDPOINT ? m->promises.at[b->promise].client : NONE;
  if (first == NONE) {
    uint32_t k = timeline_next_during(t, 0);
    if (k != NONE) {
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
    if (timeline_at(t, 0) == UP) return;
    first = 0; /* at_most, down from the start */
  }
  b->first_state = b->last_state = first;
  while (b->last_state < n && timeline_at(t, b->last_state + 1) != UP) b->last_state++;
  b->after = trace_promise(m, p, s, b->promise, first);
  if (first == 0) return;
  b->step = p->order.at[first - 1];
  b->before = trace_promise(m, p, s, b->promise, first - 1);
  if (timeline_at(t, first) == MAYBE && same_way(&b->before, &b->after)) b->before = trace_promise(m, p, s, b->promise, 0); /* what was answered then */
}

static bool may_come(const struct step *step, const bool *done) {
  bool all = true;
  for (uint32_t i = 0; i < step->after_count && all; i++) all = done[step->after[i]];
  return all;
}

void breach_firsts(struct model *m, const struct proof *p, struct state *s, struct breach *b) {
  uint32_t first = NONE;
  if (b->step_count < 2) return;
  struct trace *firsts = arena_array(&m->c->arena, struct trace, b->step_count);
  bool *done = arena_array(&m->c->arena, bool, (size_t)m->steps.n + m->parts.n + 1);
  for (uint32_t i = 0; i < b->step_count; i++) first = p->proving->position[b->steps[i]] < first ? p->proving->position[b->steps[i]] : first;
  for (uint32_t k = 0; k < first; k++) done_put(m, done, p->order.at[k], true);
  for (uint32_t i = 0; i < b->step_count; i++) {
    firsts[i].verdict = UP;
    if (!may_come(&m->steps.at[b->steps[i]], done)) continue;
    done_put(m, done, b->steps[i], true);
    state_set(s, done, NULL, 0);
    firsts[i].verdict = state_promise(s, b->promise, &firsts[i]);
    done_put(m, done, b->steps[i], false);
  }
  b->firsts = firsts;
}

/* E221: promise, first_state, last_state, step (that breaks it), during (only while `step` runs), before, after, asked, client,
 * time, limit (0 without). */
void check_promises(struct model *m, struct proof *p, struct state *s) {
  for (uint32_t i = 0; i < m->promises.n; i++) {
    if (!promise_broken(m, p, i) || said(p, i)) continue;
    struct breach b = breach_new(CODE_221);
    b.promise = i;
    breach_states(m, p, s, &b);
    breach_add(m, p, b);
  }
}

/* E223: promise (`at_most`), step (down across it, without known length), limit. */
void check_lengths(struct model *m, struct proof *p, struct state *s) {
  (void)s;
  for (uint32_t i = 0; i < m->promises.n; i++) {
    const struct timeline *t = &p->timeline[i];
    if (!t->outage_open || m->promises.at[i].hold != HOLD_AT_MOST) continue;
    for (uint32_t k = timeline_dark(t, 0); k < p->order.n; k = timeline_dark(t, k + 1)) {
      if (m->steps.at[p->order.at[k]].takes >= 0) continue;
      struct breach b = breach_new(CODE_223);
      b.promise = i;
      b.step = p->order.at[k];
      b.limit = m->promises.at[i].limit;
      b.first_state = k;
      b.last_state = k + 1;
      breach_add(m, p, b);
    }
  }
}

int64_t window_length(const struct model *m, const struct proof *p, uint32_t *first) {
  int64_t length = 0;
  *first = NONE;
  for (uint32_t i = 0; i < m->promises.n; i++) {
    uint32_t down = m->promises.at[i].hold == HOLD_FINALLY ? NONE : timeline_not_up(&p->timeline[i], 1);
    if (down != NONE && down - 1 < p->order.n && down - 1 < *first) *first = down - 1;
  }
  for (uint32_t k = 0; k < p->order.n; k++) {
    const struct step *step = &m->steps.at[p->order.at[k]];
    if (step->disrupts_count > 0 && k < *first) *first = k;
    if (k >= *first && step->takes > 0) length += step->takes;
  }
  return length;
}

/* E223 of the window: steps within it that have no known length, limit; promise NONE. */
static void check_window_lengths(struct model *m, struct proof *p, uint32_t first) {
  uint32_t n = p->order.n, count = 0, *steps = arena_array(&m->c->arena, uint32_t, n + 1u);
  for (uint32_t k = first; k < n; k++)
    if (m->steps.at[p->order.at[k]].takes < 0) steps[count++] = p->order.at[k];
  if (count == 0) return;
  struct breach b = breach_new(CODE_223);
  b.step = steps[0];
  b.steps = steps;
  b.step_count = count;
  b.limit = m->window;
  b.first_state = first;
  b.last_state = n;
  breach_add(m, p, b);
}

/* E224: step (with which the window opens), time, limit, first_state; mends (MEND_WINDOW). */
void check_window(struct model *m, struct proof *p, struct state *s) {
  (void)s;
  uint32_t first;
  int64_t length = window_length(m, p, &first);
  if (m->window < 0) return;
  if (length <= m->window) {
    check_window_lengths(m, p, first);
    return;
  }
  struct breach b = breach_new(CODE_224);
  b.step = p->order.at[first];
  b.first_state = first;
  b.last_state = p->order.n;
  b.time = length;
  b.limit = m->window;
  breach_add(m, p, b);
}
