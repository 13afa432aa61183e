/* A timeline as runs: what a promise is in a state, and where that changes.
 * Needs nothing. Guarantees each answer in the logarithm of the changes there are. */
#include "prove/proof.h"

#include <string.h>

/* How many of the states in a sorted list (of things that begin with one) come before `state`. */
static uint32_t before(const void *list, uint32_t n, size_t size, uint32_t state) {
  uint32_t low = 0;
  while (low < n) {
    uint32_t middle = low + (n - low) / 2, at;
    memcpy(&at, (const char *)list + middle * size, sizeof at);
    if (at < state) low = middle + 1;
    else n = middle;
  }
  return low;
}

#define BEFORE(list, state) before((list).at, (list).n, sizeof *(list).at, state)

/* The run that a state lies in. */
static uint32_t run_of(const struct timeline *t, uint32_t state) { return BEFORE(t->states, state + 1) - 1; }

/* The first run of MAYBE that does not end before a state, or at it. */
static const struct maybe *maybe_from(const struct timeline *t, uint32_t state) {
  uint32_t i = BEFORE(t->maybes, state + 1);
  if (i > 0 && t->maybes.at[i - 1].end > state) i--;
  return i < t->maybes.n ? &t->maybes.at[i] : NULL;
}

static const struct maybe *maybe_at(const struct timeline *t, uint32_t state) {
  const struct maybe *m = maybe_from(t, state);
  return m != NULL && m->state <= state ? m : NULL;
}

int64_t timeline_tail(const struct timeline *t, uint32_t state) { return maybe_at(t, state)->tail; }

enum verdict timeline_at(const struct timeline *t, uint32_t state) {
  return maybe_at(t, state) != NULL ? MAYBE : (enum verdict)t->states.at[run_of(t, state)].verdict;
}

static uint32_t later(uint32_t a, uint32_t b) { return a > b ? a : b; }
static uint32_t earlier(uint32_t a, uint32_t b) { return a < b ? a : b; }

/* The first state from there on in which it is not up by the present answers. */
static uint32_t not_up(const struct timeline *t, uint32_t state) {
  for (uint32_t r = run_of(t, state); r < t->states.n; r++)
    if (t->states.at[r].verdict != UP) return later(t->states.at[r].state, state);
  return NONE;
}

uint32_t timeline_not_up(const struct timeline *t, uint32_t state) {
  const struct maybe *m = maybe_from(t, state);
  return earlier(not_up(t, state), m == NULL ? NONE : later(m->state, state));
}

uint32_t timeline_up(const struct timeline *t, uint32_t state) {
  for (uint32_t r = run_of(t, state); r < t->states.n; r++) {
    uint32_t from = later(t->states.at[r].state, state), end = r + 1 < t->states.n ? t->states.at[r + 1].state : NONE;
    const struct maybe *m;
    if (t->states.at[r].verdict != UP) continue;
    while (from < end && (m = maybe_at(t, from)) != NULL) from = m->end;
    if (from < end) return from;
  }
  return NONE;
}

uint32_t timeline_change(const struct timeline *t, uint32_t state) {
  uint32_t r = run_of(t, state) + 1, next = r < t->states.n ? t->states.at[r].state : NONE;
  const struct maybe *m = maybe_from(t, state);
  return m == NULL ? next : earlier(next, m->state <= state ? m->end : m->state);
}

uint32_t timeline_next_during(const struct timeline *t, uint32_t k) {
  uint32_t i = BEFORE(t->during, k);
  return i < t->during.n ? t->during.at[i] : NONE;
}

static uint32_t next_during_now(const struct timeline *t, uint32_t k) {
  uint32_t i = BEFORE(t->during_now, k);
  return i < t->during_now.n ? t->during_now.at[i] : NONE;
}

bool timeline_during(const struct timeline *t, uint32_t k) { return timeline_next_during(t, k) == k; }

bool timeline_during_now(const struct timeline *t, uint32_t k) { return next_during_now(t, k) == k; }

/* The step before a state is dark for it too. */
static uint32_t across(uint32_t k, uint32_t state, uint32_t during) {
  if (state != NONE && state > k) state--;
  return earlier(state, during);
}

uint32_t timeline_dark(const struct timeline *t, uint32_t k) { return across(k, timeline_not_up(t, k), timeline_next_during(t, k)); }

uint32_t timeline_down(const struct timeline *t, uint32_t k) { return across(k, not_up(t, k), next_during_now(t, k)); }

/* ── Making one ──────────────────────────────────────────────────────────────────────────────────────────────────── */

void timeline_put(struct arena *a, struct timeline *t, uint32_t state, enum verdict v) {
  if (t->states.n > 0 && t->states.at[t->states.n - 1].verdict == v) return;
  array_push(a, &t->states, (struct since){state, (uint8_t)v});
}

void timeline_put_maybe(struct arena *a, struct timeline *t, uint32_t state, uint32_t end, int64_t tail) {
  struct maybe *last = t->maybes.n > 0 ? &t->maybes.at[t->maybes.n - 1] : NULL;
  if (last != NULL && last->end == state && last->tail == tail) last->end = end;
  else array_push(a, &t->maybes, (struct maybe){state, end, tail});
}

void timeline_put_during(struct arena *a, struct timeline *t, uint32_t k) {
  uint32_t i = BEFORE(t->during, k);
  if (i < t->during.n && t->during.at[i] == k) return;
  array_push(a, &t->during, k);
  memmove(&t->during.at[i + 1], &t->during.at[i], (t->during.n - 1 - i) * sizeof *t->during.at);
  t->during.at[i] = k;
}

void timeline_put_during_now(struct arena *a, struct timeline *t, uint32_t k) {
  timeline_put_during(a, t, k);
  if (t->during_now.n == 0 || t->during_now.at[t->during_now.n - 1] != k) array_push(a, &t->during_now, k);
}
