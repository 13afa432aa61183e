/* What the files about old answers on the way back share: one component at a time. Private to rollback_*.c. */
#ifndef CUTC_ROLLBACK_H
#define CUTC_ROLLBACK_H

#include "prove/prove.h"

/* Where a way back begins, and what is old there on the way forward. */
struct top { uint32_t state; struct olds olds; };
/* What an undo is for a promise: down by the present answers; with old ones at its upper end before the wait and after it; and for how long
 * it is down in the wait, and from the undo's start on by the clock: at its upper end, and while it runs. */
struct crossing { bool hard, stood, rose; int64_t waited, clock, within; };
/* The last that was asked of a promise in a state. */
struct looked { struct answers old; bool known, holds; };

struct going_back {
  struct model *m;
  struct proof *p;
  struct state *s;
  struct caches *c;
  struct arena own;                     /* of the component at hand */
  const uint32_t *promises; uint32_t n; /* not those of `finally` */
  const struct component *component;
  uint32_t first, end;                  /* the states that it lies between */
  bool whole;                           /* few enough steps to look at the way back from each of its states */
  bool limits;                          /* some promise of it allows an outage: lengths matter */
  bool generous;                        /* waits for a shorter outage too */
  struct published **published;         /* per state from `first` on, NULL before it is looked at; else of the last two */
  uint32_t kept[2];                     /* their states */
  struct looked *looked;                /* [states × promises] of a whole component */
  uint32_t here;                        /* the state at hand, gone to when somebody looks; NONE: one of a step that disrupts */
  struct top *tops; uint32_t top_count; /* ascending; of a component that is not whole, its end and what comes before no return */
  struct olds olds;                     /* of the way back: what is waited for */
  struct olds all;                      /* and of the way forward: what lengthens an outage too */
  struct olds before, after, there;     /* scratch of one way back */
  struct olds tried, passed;            /* scratch of a wait that is tried: before the undo, after it */
  struct olds rest_of;                  /* answers without those of the way forward */
  ARRAY(uint32_t) ended;                /* per answer: the step (index in the order) whose undo ended it */
  int64_t *stretch, *longest, *rest, *most; /* per promise */
  struct crossing *crossings;           /* per promise */
  int64_t *later;                       /* [state]: what waiting begins to cost a way back from there: see back_later */
  uint32_t budget;                      /* undos that may yet be measured to shorten waits */
};

bool back_hard(const struct going_back *b, uint32_t i, uint32_t k); /* down in state k by the present answers */
void back_go(struct going_back *b, uint32_t k);
void back_go_during(struct going_back *b, uint32_t k, bool after);
bool back_dark(struct going_back *b, uint32_t i, const struct olds *o); /* fails in the state at hand with one of these */
int64_t back_tail(struct going_back *b, uint32_t i, const struct olds *o); /* for how long by the clock one that fails is possible */
const struct published *back_published(struct going_back *b, uint32_t k);
/* The olds after the undo of step k - 1 that takes so long, with the wait before it. */
void back_age(struct going_back *b, struct olds *o, uint32_t k, int64_t wait);
int64_t back_wait_from(const struct proof *p, uint32_t k, uint32_t top); /* before the undo of step k - 1, on the way back from there */
void back_later(const struct proof *p, uint32_t k, int64_t *later); /* [state] += what that wait costs more from there than from before */
const struct top *back_top(const struct going_back *b, uint32_t state); /* the first at or above it */

/* Sets b->longest to how long each promise is down at a stretch on the way back from whichever state of the component, as far as
 * its own steps go; noted in the timelines, with how it goes on from the states behind the component, when asked to. */
void back_lengths(struct going_back *b, bool noted);
void back_lengths_from(struct going_back *b, const struct top *top, bool noted); /* the same from one state */
/* Sets what is old in each state that a way back begins in, and forgets what was published. */
void back_forward(struct going_back *b);

#endif
