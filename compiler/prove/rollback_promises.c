/* Promises on the way back: which are down for too long, and after a failure in which steps.
 * Needs a timeline and the waits between undos. Guarantees each is said once per run of failure points, with the worst of them. */
#include "prove/rollback.h"

/* How long a promise is down on the way back from a state: the stretch that begins there, and the longest of all.
 * Undos run down to the baseline, or to the state after the last irreversible step. */
struct way_back { int64_t here, longest; bool stays; };

/* One promise, from failure point to failure point. */
struct walk {
  struct model *m;
  struct proof *p;
  const struct timeline *t;
  uint32_t first;        /* the state that its component begins in */
  const int64_t *later;  /* [state]: what the waits before undos cost more on the way back from there than from the one before */
  struct way_back way;   /* by the present answers, and no waits within its component */
  struct way_back below; /* from `first` */
  uint32_t floor;        /* nothing before this state is undone */
  uint32_t next;         /* of t->backs, to come */
};

/* What is MAYBE on the way forward is up on the way back: there other answers are old. */
static bool down_at(const struct timeline *t, uint32_t k) { return timeline_at(t, k) != UP && timeline_at(t, k) != MAYBE; }
static bool down_across(const struct timeline *t, uint32_t k) { return down_at(t, k) || down_at(t, k + 1) || timeline_during_now(t, k); }

/* From the failure point after a step to the one after the next, k. What is down from the start is so while other components wait. */
static void further(struct walk *w, uint32_t k) {
  const struct step *step = &w->m->steps.at[w->p->order.at[k - 1]];
  struct way_back *way = &w->way;
  if (step->irreversible != 0) {
    w->floor = k;
    *way = (struct way_back){0, 0, down_at(w->t, k)};
  } else {
    bool lower = down_at(w->t, k - 1);
    int64_t time = step->takes > 0 && !step->wait ? step->takes : 0;
    if (lower && k <= w->first) time += w->later[k];
    way->here = down_across(w->t, k - 1) ? time + (lower ? way->here : 0) : 0;
    if (way->here > way->longest) way->longest = way->here;
  }
  if (k <= w->first) w->below = *way;
}

/* The same with old answers, where they are about. */
static struct way_back with_olds(struct walk *w, uint32_t k) {
  struct way_back way = w->way;
  while (w->next < w->t->backs.n && w->t->backs.at[w->next].state <= k) w->next++;
  if (w->next == 0 || w->t->backs.at[w->next - 1].state < w->floor) return way;
  const struct back_from *b = &w->t->backs.at[w->next - 1];
  int64_t below = b->below > 0 ? b->below + w->below.here : 0, longest = below > b->longest ? below : b->longest;
  way.stays = way.stays || b->longest == INT64_MAX || (b->below > 0 && w->below.stays);
  if (b->longest != INT64_MAX && longest > way.longest) way.longest = longest;
  return way;
}

/* Failure points one after the other from which a promise is down for too long. */
struct bad_run { uint32_t first, worst; struct way_back way; };

static void add_way_back(struct model *m, struct proof *p, uint32_t promise, const struct bad_run *r, uint32_t last) {
  struct breach b = breach_new(CODE_222);
  b.promise = promise;
  b.step = p->order.at[r->worst - 1];
  b.first_state = r->first;
  b.last_state = last;
  b.time = r->way.stays ? -1 : r->way.longest;
  b.limit = m->promises.at[promise].limit;
  b.backward = true;
  breach_add(m, p, b);
}

/* Only steps across which it is down, those without a way back (`final`, in order), and where old answers make a difference. */
static uint32_t next_point(const struct walk *w, uint32_t k, const uint32_t *final, uint32_t final_count) {
  uint32_t n = w->p->order.n, down = timeline_down(w->t, k - 1), next = down < n ? down + 1 : n;
  uint32_t low = 0;
  while (low < final_count) {
    uint32_t middle = low + (final_count - low) / 2;
    if (final[middle] < k) low = middle + 1;
    else final_count = middle;
  }
  if (final[low] >= k && final[low] < next) next = final[low];
  if (w->next < w->t->backs.n && w->t->backs.at[w->next].state < next) next = w->t->backs.at[w->next].state;
  return next;
}

static void go_back(struct walk *w, uint32_t promise, const uint32_t *final, uint32_t final_count) {
  struct model *m = w->m;
  struct timeline *t = &w->p->timeline[promise];
  struct bad_run run = {.first = NONE};
  uint32_t n = w->p->order.n;
  for (uint32_t k = 1, next; k <= n; k++) {
    next = next_point(w, k, final, final_count);
    if (next > k) w->way.here = 0; /* nothing in between */
    k = next;
    further(w, k);
    struct way_back way = with_olds(w, k);
    if (!way.stays && way.longest > t->back) t->back = way.longest;
    if (!way.stays && way.longest <= m->promises.at[promise].limit) {
      if (run.first != NONE) add_way_back(m, w->p, promise, &run, k - 1);
      run.first = NONE;
      continue;
    }
    bool worse = run.first == NONE || (!run.way.stays && (way.stays || way.longest > run.way.longest));
    if (run.first == NONE) run.first = k;
    if (worse) run.worst = k, run.way = way;
  }
  if (run.first != NONE) add_way_back(m, w->p, promise, &run, n);
}

/* `always`, where no wait lets old answers run out before an undo takes away what they lead to: as bad as forward. */
static void always_way_back(struct model *m, struct proof *p, uint32_t promise) {
  const struct timeline *t = &p->timeline[promise];
  if (t->back_broken == 0 || promise_broken(m, p, promise)) return;
  struct breach b = breach_new(CODE_222);
  b.severity = SEV_ERROR;
  b.promise = promise;
  b.step = p->order.at[t->back_broken - 1];
  b.first_state = b.last_state = t->back_broken;
  b.time = t->back;
  b.backward = true;
  breach_add(m, p, b);
}

/* Per promise the state that its component begins in; order.n for one that no step changes. */
static const uint32_t *first_states(struct model *m, const struct proof *p) {
  const struct promise_list *lists = component_promises(m, p, p->proving);
  uint32_t *first = arena_array(&p->proving->scratch, uint32_t, m->promises.n + 1);
  for (uint32_t i = 0; i < m->promises.n; i++) first[i] = p->order.n;
  for (uint32_t c = 0; c < p->components.n; c++)
    for (uint32_t i = 0; i < lists[c].n; i++) first[lists[c].at[i]] = p->components.at[c].first;
  return first;
}

/* E222: promise (not `finally`), step (the last done when it fails: its undo is the first), first_state..last_state (failure points
 * from which it is so), time (down at a stretch; -1: it stays down), limit, backward; an error for `always`, which allows no
 * outage on the way back either. One per run of failure points, with the worst of them. */
void check_way_back(struct model *m, struct proof *p, struct state *s) {
  (void)s;
  struct arena *a = &p->proving->scratch;
  uint32_t *final = arena_array(a, uint32_t, p->order.n + 1), final_count = 0;
  int64_t *later = arena_array(a, int64_t, p->order.n + 2);
  const uint32_t *first = NULL;
  for (uint32_t k = 1; k <= p->order.n; k++) {
    if (m->steps.at[p->order.at[k - 1]].irreversible != 0) final[final_count++] = k;
    back_later(p, k, later);
  }
  for (uint32_t i = 0; i < m->promises.n; i++) {
    const struct timeline *t = &p->timeline[i];
    if (m->promises.at[i].hold == HOLD_ALWAYS) always_way_back(m, p, i);
    if (down_at(t, p->order.n)) continue; /* for good, and said to be */
    if (m->promises.at[i].hold != HOLD_AT_MOST || (t->first_down == NONE && t->outage == 0 && t->backs.n == 0)) continue;
    if (first == NULL) first = first_states(m, p);
    struct walk w = {.m = m, .p = p, .t = t, .first = first[i], .later = later};
    go_back(&w, i, final, final_count);
  }
}
