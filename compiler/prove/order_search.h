/* What the search for an order is at: shared by its files, and private to them. */
#ifndef CUTC_ORDER_SEARCH_H
#define CUTC_ORDER_SEARCH_H

#include "prove/admit.h"

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
  int64_t wait, waited;  /* milliseconds before its step, and before all of them */
  int64_t slack;         /* what is left of the window, once it is open; INT64_MAX before */
  struct old *olds;      /* answers that somebody may still have, in order of answer */
  uint32_t old_count;
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
  uint64_t looked_at, kept, looked_before, looked_limit, effort_before, effort_limit;
  uint32_t beam;                   /* 0: exact */
  bool ages;                       /* old answers count */
  bool waits;                      /* for a shorter outage too */
  struct olds before, waited, after; /* of the attempt at hand: before the wait, before the step, after it */
  int64_t *list; uint32_t list_cap; /* of waits */
};

static inline const struct step *step_of(const struct search *s, uint32_t local) {
  return &s->t->m->steps.at[s->t->group->steps[local]];
}

/* Keeps a copy of the candidate, which ends in `to` with search.down_for, unless one that is there is no worse in anything; drops those that
 * it makes superfluous. (order.c) */
void search_keep(struct search *s, const struct prefix *candidate, struct spot *to);

/* With old answers about. (order_aged.c)
 * What is up in a state may not be so surely then: promises `always` are left to the prefixes, and search.fails has none of them, but for
 * what breaks them on the way back, which is the same whichever way a state was come to. */
void search_forget_always(struct search *s, struct spot *from, uint32_t step, struct spot *to);
/* The prefix by the step, with each wait before it that may be worth it. O(waits × promises). */
void search_extend_aged(struct search *s, struct prefix *p, uint32_t step, struct spot *to);
/* Is the prefix by the step free: without a wait, a moment of downtime, or anything that binds? `next`, of no cost so far, is it then. */
bool search_free(struct search *s, const struct prefix *p, uint32_t step, struct spot *to, struct prefix *next);

#endif
