/* One step further where somebody may have an old answer: the waits worth a look before it, and what each costs.
 * Needs a search, whose terrain has caches, and a step that may be made but for old answers. Guarantees: no wait that could make a
 * difference is left out, but for longer ones than one that loses nothing. */
#include "prove/order_search.h"

#include <string.h>

/* One step with a wait before it: what it costs, and whether it may be made. */
struct attempt {
  struct search *s;
  const struct prefix *p;
  uint32_t step;
  struct spot *to;
  int64_t wait;
  const uint64_t *stood, *from, *half_from, *end, *half_end; /* dark before the wait, after it, while it runs, after the step */
};

static int64_t shorter(int64_t a, int64_t b) { return a < b ? a : b; }

static void attempt_look(struct attempt *a, struct search *s, const struct prefix *p, uint32_t step, struct spot *to, int64_t wait) {
  struct terrain *t = s->t;
  a->s = s;
  a->p = p;
  a->step = step;
  a->to = to;
  a->wait = wait;
  struct spot *from = a->p->spot;
  struct olds now = {.at = p->olds, .n = p->old_count};
  olds_copy(&s->before, &now);
  olds_copy(&s->waited, &now);
  olds_wait(&s->waited, wait);
  olds_copy(&s->after, &s->waited);
  olds_step(&s->after, spot_published(t, from), spot_published(t, to), caches_questions(t->caches), known_length(step_of(s, step)));
  struct recall stood = {&s->before, 0, -1}, waited = {&s->waited, 0, -1}, after = {&s->after, 0, -1};
  a->stood = spot_dark(t, from, NONE, false, &stood);
  a->from = spot_dark(t, from, NONE, false, &waited);
  a->half_from = spot_dark(t, from, a->step, false, &waited);
  a->end = spot_dark(t, a->to, NONE, false, &after);
  a->half_end = spot_dark(t, a->to, a->step, true, &after);
}

static bool dark_within(const struct attempt *a, uint32_t i) {
  return bit_get(a->s->during, i) || bit_get(a->half_from, i) || bit_get(a->half_end, i);
}

static bool keeps_always(const struct attempt *a) {
  const struct terrain *t = a->s->t;
  for (uint32_t i = 0; i < t->promise_count; i++)
    if (t->always[i] && bit_get(a->s->asked, t->promise_term[i]) && !bit_get(a->from, i) && (bit_get(a->end, i) || dark_within(a, i)))
      return false;
  return true;
}

/* For how long the promise is down before the step, and during it. */
static void attempt_measure(const struct attempt *a, uint32_t i, int64_t *waiting, int64_t *running, bool *unknown) {
  struct terrain *t = a->s->t;
  struct spot *from = a->p->spot;
  int64_t takes = step_of(a->s, a->step)->takes, length = takes < 0 ? 0 : takes;
  *waiting = *running = 0;
  *unknown = false;
  if (bit_get(a->stood, i)) *waiting = bit_get(from->down, i) ? a->wait : shorter(a->wait, spot_tail(t, from, i, &a->s->before));
  bool hard = bit_get(from->down, i) || bit_get(a->to->down, i) || bit_get(a->s->during, i);
  if (!bit_get(a->from, i)) hard = hard || bit_get(a->end, i) || dark_within(a, i);
  int64_t left = hard || !bit_get(a->from, i) ? 0 : spot_tail(t, from, i, &a->s->waited);
  if (!hard && bit_get(a->from, i) && bit_get(a->end, i)) /* by the clock it goes on, not just as long as it would have */
    hard = spot_tail(t, a->to, i, &a->s->after) > (left > length ? left - length : 0);
  if (hard) *running = length, *unknown = takes < 0;
  else *running = shorter(length, left);
}

/* Into s->down_for and the candidate; false when a stretch or the window is too long. */
static bool attempt_count(struct attempt *a, struct prefix *candidate) {
  struct search *s = a->s;
  struct terrain *t = s->t;
  uint32_t tracked = 0;
  uint64_t counted_dark = t->outer_down || step_of(s, a->step)->disrupts_count > 0;
  bool last = true;
  for (uint32_t i = 0; i < t->n; i++) last = last && bit_get(a->to->set, i);
  for (uint32_t i = 0; i < t->promise_count; i++) {
    if (!bit_get(t->counted, i)) continue;
    int64_t waiting, running, tail = 0;
    bool unknown;
    attempt_measure(a, i, &waiting, &running, &unknown);
    if (last && bit_get(a->end, i) && !bit_get(a->to->down, i)) tail = spot_tail(t, a->to, i, &a->s->after);
    candidate->cost += waiting + running + tail;
    candidate->unknown += unknown;
    counted_dark |= bit_get(a->end, i);
    if (tracked == s->tracked_count || s->tracked[tracked] != i) continue;
    int64_t limit = t->m->promises.at[t->promises[i]].limit, sofar = bit_get(a->stood, i) ? a->p->down_for[tracked] + waiting : 0;
    if (sofar > limit) return false;
    if (!bit_get(a->from, i)) sofar = 0;
    bool dark_now = bit_get(a->from, i) || bit_get(a->end, i) || dark_within(a, i);
    if (dark_now && sofar + running + tail > limit) return false;
    s->down_for[tracked++] = bit_get(a->end, i) ? sofar + running : 0;
  }
  if (t->window_term == NONE || !bit_get(s->asked, t->window_term)) return true;
  if (a->p->slack != INT64_MAX) candidate->slack = a->p->slack - a->wait;
  else if (counted_dark != 0) candidate->slack = t->v->window - length_left(t, a->p->spot);
  return candidate->slack >= 0;
}

void search_forget_always(struct search *s, struct spot *from, uint32_t step, struct spot *to) {
  for (uint32_t i = 0; i < s->t->promise_count; i++)
    if (s->t->always[i]) s->fails[s->t->promise_term[i] / 64] &= ~((uint64_t)1 << (s->t->promise_term[i] % 64));
  fails_undo(s->t, from, step, to, s->during, s->fails);
}

static void add_wait(int64_t *list, uint32_t *n, int64_t wait) {
  uint32_t at = 0;
  while (at < *n && list[at] < wait) at++;
  if (wait <= 0 || (at < *n && list[at] == wait)) return;
  memmove(&list[at + 1], &list[at], (*n - at) * sizeof *list);
  list[at] = wait;
  ++*n;
}

/* The waits that make a difference: until an old answer has run out, or is possible no longer than a present one, whoever will answer
 * in its place. */
static uint32_t useful_waits(struct search *s, const struct prefix *p, int64_t *list) {
  uint32_t n = 0;
  const struct published *now = spot_published(s->t, p->spot);
  for (uint32_t i = 0; i < p->old_count; i++) {
    add_wait(list, &n, p->olds[i].sure);
    for (uint32_t k = 0; k < caches_questions(s->t->caches); k++) {
      if (now[k].answer != p->olds[i].answer) continue;
      uint32_t lag_count;
      const int64_t *lags = caches_lags(s->t->caches, k, &lag_count);
      add_wait(list, &n, p->olds[i].sure - now[k].keeps);
      for (uint32_t l = 0; l < lag_count; l++) add_wait(list, &n, p->olds[i].sure - published_keeps(&now[k], lags[l]));
    }
  }
  return n;
}

/* Keeps what comes of it; *waits_help is false when a longer wait is not worth a look. */
static void attempt(struct attempt *a, bool *waits_help) {
  struct prefix candidate = {.parent = (struct prefix *)a->p, .step = a->step, .unknown = a->p->unknown, .cost = a->p->cost,
                             .wait = a->wait, .waited = a->p->waited + a->wait, .slack = a->p->slack};
  a->s->t->effort += a->s->t->promise_count + 2 * a->s->after.n + caches_questions(a->s->t->caches);
  *waits_help = true;
  if (!keeps_always(a)) return;
  bool darkens = false; /* one that is down already, but for old answers alone, may come up meanwhile */
  for (uint32_t i = 0; i < a->s->t->promise_count; i++)
    darkens = darkens || (bit_get(a->s->t->counted, i) && !bit_get(a->p->spot->down, i) && (bit_get(a->end, i) || dark_within(a, i)));
  *waits_help = a->s->waits && darkens;
  bool counts = attempt_count(a, &candidate);
  if (a->p->slack == INT64_MAX && candidate.slack != INT64_MAX) *waits_help = a->s->waits; /* later ones are in the window */
  if (!counts) return;
  candidate.old_count = a->s->after.n;
  candidate.olds = a->s->after.at;
  search_keep(a->s, &candidate, a->to);
}

void search_extend_aged(struct search *s, struct prefix *p, uint32_t step, struct spot *to) {
  uint32_t room = (2 + caches_lag_count(s->t->caches)) * p->old_count + 2;
  if (s->list_cap < room) s->list = arena_grow(&s->arena, s->list, 0, &s->list_cap, room, sizeof *s->list);
  s->list[0] = 0;
  s->t->effort += p->old_count * caches_questions(s->t->caches) / 4;
  uint32_t n = useful_waits(s, p, s->list + 1) + 1;
  for (uint32_t i = 0; i < n; i++) {
    struct attempt a;
    bool waits_help;
    attempt_look(&a, s, p, step, to, s->list[i]);
    attempt(&a, &waits_help);
    if (!waits_help) return;
  }
}

bool search_free(struct search *s, const struct prefix *p, uint32_t step, struct spot *to, struct prefix *next) {
  struct attempt a;
  attempt_look(&a, s, p, step, to, 0);
  if (!keeps_always(&a) || !attempt_count(&a, next) || next->cost > 0 || next->unknown > 0) return false;
  next->old_count = s->after.n;
  next->olds = arena_array(&s->arena, struct old, s->after.n);
  if (s->after.n > 0) memcpy(next->olds, s->after.at, s->after.n * sizeof *next->olds);
  return true;
}
