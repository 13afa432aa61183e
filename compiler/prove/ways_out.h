/* Ways out of a finding: what those that find them share. */
#ifndef CUTC_WAYS_OUT_H
#define CUTC_WAYS_OUT_H

#include "prove/prove.h"

struct ways {
  struct model *m;
  struct proof *p;
  uint32_t breach, left;  /* index of the finding; trials left */
  bool exact;             /* whatever was refused was searched whole */
  ARRAY(struct mend) list;
};

/* One more, with works 1 and every id NONE. */
struct mend *way_add(struct ways *w, enum mend_type type);
/* Is there time for one more trial? */
bool way_may_try(const struct ways *w);
/* The proof of a fork in which the breach is mended, and nothing else broken for it; NULL when it does not do, or was not tried. */
struct proof *way_mended(struct ways *w, struct model *fork);

/* A literal of the guard is that the step is done, or is not; and that it is done. */
bool guard_speaks_of(const struct model *m, uint32_t guard, uint32_t step);
bool guard_comes_with(const struct model *m, uint32_t guard, uint32_t step);
/* One step of a fork more comes after another. */
void fork_after(struct model *fork, uint32_t step, uint32_t other);

/* MEND_BESIDE: fact (the new endpoint), step (that moves it there now), gone, hosted, waited_for, promised. */
void way_beside(struct ways *w, uint32_t step);
/* MEND_TTL: fact (whose answer it is), first, time, last, further, step (that covers a hop of its record, NONE). */
void way_lower(struct ways *w);

#endif
