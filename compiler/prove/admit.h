/* The ground a search walks on: one component's sets of steps, what fails in each, what a step from one to the next
 * breaks. Everything is looked at once and kept; what depends on few steps is looked at once per combination of those. */
#ifndef CUTC_ADMIT_H
#define CUTC_ADMIT_H

#include "prove/prove.h"

/* Sets as words of bits. */
static inline bool bit_get(const uint64_t *set, uint32_t i) { return set[i / 64] >> (i % 64) & 1; }
static inline void bit_put(uint64_t *set, uint32_t i) { set[i / 64] |= (uint64_t)1 << (i % 64); }
static inline uint32_t words_for(uint32_t n) { return n == 0 ? 1 : (n + 63) / 64; }

/* A question whose answer depends on which of some steps are done: asked once per combination when those are few. */
struct query {
  uint32_t id;            /* promise, local term or resource */
  uint32_t *deps;         /* local steps */
  uint32_t dep_count;
  uint64_t *dep_set;      /* the same as a set */
  uint8_t *memo;          /* per combination: 0 not asked, 1 no, 2 yes; NULL when there are too many */
};

/* What holds while a step runs that disrupts something, at one end of it. */
struct half {
  struct half *next;
  uint32_t step;
  bool after;
  uint64_t words[]; /* terms that fail, promises that are down, resources that are up: half_fails and so on */
};
/* What takes both ends of a step to know. */
struct pair {
  struct pair *next;
  uint32_t step;
  bool back, undo_back;   /* they fail */
};
struct prefix;
/* A set of steps done. */
struct spot {
  struct spot *next;
  uint64_t *set;          /* local steps */
  uint64_t *fails;        /* local terms that fail in this state, were they asked in it */
  uint64_t *down;         /* local promises that are not up */
  uint64_t *up;           /* local resources */
  struct half *halves;
  struct pair *pairs;
  /* with old answers about */
  struct published *published;
  struct asked_old *asked_old;
  /* the search's own */
  struct prefix *prefixes;
  uint64_t generation;
  uint32_t mark;
  /* the clash's own */
  uint64_t *seen, hunt;
};

struct after_term { uint32_t step, term; }; /* local */

struct terrain {
  struct model *m;
  struct proving *v;
  const struct group *group;
  struct arena arena;       /* its own, freed with it */
  uint32_t n, words;        /* steps */
  uint32_t *promises, promise_count, promise_words; /* ids, ascending */
  uint32_t *terms, term_count, term_words;          /* indices into v->terms, ascending */
  uint32_t *resources, resource_count, resource_words; /* whose being up some step of it can change */
  struct query *promise_questions, *term_questions, *resource_questions;
  bool *needy;              /* per local resource: it has needs */
  bool *has_during;         /* per local step */
  uint64_t *before, *after; /* per local step, term_words each: its terms asked before it, and after it */
  uint64_t *lands;          /* terms asked of facts that come into force */
  uint64_t *states;         /* terms asked in every state: rules and conflicts */
  struct after_term **after_terms; uint32_t *after_counts; /* per local step */
  uint32_t *back_terms, *undo_back_terms; /* per local step; NONE */
  uint32_t *promise_term;   /* per local promise: its local term */
  bool *always;             /* per local promise */
  uint64_t *counted;        /* promises whose downtime counts: all but `finally` */
  uint32_t window_term;     /* local, NONE */
  bool *done;               /* flags of the state at hand; borrowed */
  uint64_t *present;        /* the set in `done` */
  bool set;                 /* the state is at `present`, nothing disrupted */
  bool outer_down;          /* a promise of no step here is down meanwhile */
  int64_t elapsed, left;    /* known milliseconds of the components before; from its start to the end of the plan */
  bool *flags, *back;       /* scratch, per resource of the model: the same for all terrains */
  uint64_t *set_scratch, *kept_scratch;
  struct spot *start;       /* nothing of the group done */
  struct spot **slots;
  uint32_t slot_count, spot_count;
  uint64_t looked;          /* states evaluated */
  uint64_t effort;          /* questions asked in them, prefixes compared: see terrain_effort */
  uint64_t moves;           /* steps that its searches have looked at, most of them by answers that were known */
  uint64_t spent_before;    /* of the state, when it was made */
  bool too_large;           /* for an exact search, as one has found */
  uint64_t generation;      /* of searches */
  uint32_t mark;
  struct caches *caches;    /* NULL when nobody remembers what the group changes */
  bool forgetful;           /* search as if nobody did */
  struct olds mine, ended;  /* scratch */
};

static inline const uint64_t *half_fails(const struct half *h) { return h->words; }
static inline const uint64_t *half_down(const struct terrain *t, const struct half *h) { return h->words + t->term_words; }
static inline const uint64_t *half_up(const struct terrain *t, const struct half *h) {
  return h->words + t->term_words + t->promise_words;
}

/* Prepares the search of one group. `done` are the flags of the state in which it begins, v->elapsed the length of what is done;
 * the flags are the search's until terrain_free, which leaves them as they were. */
struct terrain *terrain_new(struct model *m, struct proving *v, const struct group *g, bool *done);
void terrain_free(struct terrain *t);
/* What the searches on it have cost so far, by count: the same on every machine, and about as the time they take. */
uint64_t terrain_effort(const struct terrain *t);
bool terrain_spent(const struct terrain *t); /* more than all searches of one group may: what is left is done roughly */
struct spot *spot_at(struct terrain *t, const uint64_t *set);
struct spot *spot_after(struct terrain *t, const struct spot *from, uint32_t step);
/* The half of a step that disrupts; NULL for one that does not: then it is the state itself. */
const struct half *half_at(struct terrain *t, struct spot *at, uint32_t step, bool after);
const struct pair *pair_at(struct terrain *t, struct spot *from, uint32_t step, struct spot *to);
/* Local promises that are down in some leading-part state of a covering step, added to `down`. */
void parts_down(struct terrain *t, const struct spot *from, uint32_t step, uint64_t *down);
/* The steps it has to come after that are not done, as terms, added to `fails` (term_words). */
void fails_waits(const struct terrain *t, const struct spot *at, uint32_t step, uint64_t *fails);
/* Terms that a step asked in a state breaks, at either end, added to `fails`; before it, the waits among them. */
void fails_before(struct terrain *t, struct spot *at, uint32_t step, uint64_t *fails);
void fails_after(struct terrain *t, struct spot *at, uint32_t step, uint64_t *fails);
/* The whole step from one state to the next: every term it breaks (promises `always` among them), and the promises that are
 * down in between, into `fails` and `during`, which are cleared first. */
void move_look(struct terrain *t, struct spot *from, uint32_t step, struct spot *to, uint64_t *fails, uint64_t *during);
/* Adds the window's term when a step may not disturb anything yet. */
void fails_window(const struct terrain *t, const struct spot *from, uint32_t step, const struct spot *to, uint64_t *fails);
/* Known milliseconds from where an order of the group begins to disturb to the end of the plan, with the waits before each
 * step (may be NULL); -1 when it does not. */
int64_t window_of(struct terrain *t, const uint32_t *order, const int64_t *waits);
int64_t length_left(const struct terrain *t, const struct spot *from); /* known, of the plan from this state on */
/* Goes to a state, or to the half of a step (NONE) that disrupts there. */
void terrain_go(struct terrain *t, const uint64_t *set, uint32_t step);

/* ── With old answers about (admit_caches.c) ─────────────────────────────────────────────────────────────────────── */

const struct published *spot_published(struct terrain *t, struct spot *at);
/* Local promises that are down in a state (or, with a step, in its half there), or would be with one of these answers. */
const uint64_t *spot_dark(struct terrain *t, struct spot *at, uint32_t step, bool after, const struct recall *old);
/* How long by the clock a promise may still meet an old answer that fails in this state. */
int64_t spot_tail(struct terrain *t, struct spot *at, uint32_t promise, const struct olds *o);
/* Adds to `fails` the promises `always` that the undo of a step breaks for those who have the answers of the state that it
 * leaves, which no wait before it lets run out. `during`: promises that are down while it runs (move_look). */
void fails_undo(struct terrain *t, struct spot *from, uint32_t step, struct spot *to, const uint64_t *during, uint64_t *fails);
int64_t known_length(const struct step *s); /* 0 when unknown */
bool step_in_doubt(const struct step *s);   /* can die in between */


/* ── The search ──────────────────────────────────────────────────────────────────────────────────────────────────── */

struct found {
  bool any, exact;          /* an order; it is the best, or its absence is certain */
  uint32_t *order;          /* local steps */
  int64_t *waits;           /* before each of them; NULL: none */
  uint64_t looked_at, kept;
};
/* The best order of a group under all its terms but those with aside[global index]. The order lies in proving.scratch. */
struct found order_search(struct terrain *t, const bool *aside);
/* The same, when there is one without any downtime in which every irreversible step comes last: then it is the best.
 * `asked` are the terms that bind. False when there is none, or when looking for it took too long. */
bool order_easy(struct terrain *t, const uint64_t *asked, struct found *out);

/* A clash: the terms and steps of a minimal set that allows no order. */
struct clash {
  uint32_t *terms, term_count; /* global indices, ascending */
  uint32_t *steps, step_count; /* global, ascending */
  bool minimal;
};
struct clash clash_find(struct terrain *t, const bool *aside);

#endif
