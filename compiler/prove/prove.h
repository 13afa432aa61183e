/* What the files of prove/ know of each other: one half (state, reach, up and the checks on what asks) answers questions
 * about one state; the other half (order, admit, timeline, clash, rollback) walks through states. Private to prove/.
 * The pipeline is prove() in prove.c: state, components, order, timeline, then one table of checks. */
#ifndef CUTC_PROVE_H
#define CUTC_PROVE_H

#include "prove/proof.h"
#include "prove/state.h"

/* ── Asked of a state (state*.c, reach*.c, index*.c, conflict*.c) ────────────────────────────────────────────────── */

/* Steps, sorted by id, each once; in the model's arena. Never names parts: a part stands for its step. */
struct step_list { const uint32_t *at; uint32_t n; };

/* The steps an answer can depend on, in whichever state: every step that a guard of a fact which some chain of the
 * question may meet speaks of, of the needs behind it too, and every step that disrupts a resource on the way. May be too
 * large, never too small. Independent of the present state. */
struct step_list state_depends_promise(struct state *s, uint32_t promise);
struct step_list state_depends_need(struct state *s, uint32_t by, const struct need *need); /* by: NONE for a step's need */
struct step_list state_depends_up(struct state *s, uint32_t resource);
struct step_list state_depends_fact(struct state *s, uint32_t fact); /* its guard and its landing (`needs`: it holding) */

/* Two facts of different resources that answer one question equally specifically (not both members of one `any of`), and
 * the guard under which both are in force. All of the model's, whatever the present state; sorted by fact, other. */
struct conflict {
  uint32_t fact, other, guard;
  uint32_t next; /* the next of the same two resources about the same question, NONE */
  bool again;    /* it follows one */
};
const struct conflict *state_conflicts(struct state *s, uint32_t *n);
/* Is it so in the state `done`, by the conflict i or one that follows it? */
bool conflict_holds(const struct model *m, const struct conflict *conflicts, uint32_t i, const bool *done);

/* ── Old answers (caches.c) ──────────────────────────────────────────────────────────────────────────────────────── */

/* The answer to one question in a state, and for how long it is kept: NONE when there is none that anybody keeps. `ttl` is how long those
 * who ask keep it, `keeps` that and the lag of those who gave it; `lag` is the longest of those who decide. */
struct published { uint32_t answer; int64_t keeps, ttl, lag; };
/* For how long it is kept when those with that lag answer in its place. */
static inline int64_t published_keeps(const struct published *p, int64_t lag) { return p->ttl + lag > p->keeps ? p->ttl + lag : p->keeps; }
/* Answers that were published, and for how long they are still possible: in time that surely passes (waits alone), and by
 * the clock if each step takes what it says. The second is what an outage lasts at most. Ascending by answer. */
struct old { uint32_t answer; int64_t sure, estimated; };
struct olds { struct arena *arena; struct old *at; uint32_t n, cap; };
void olds_copy(struct olds *to, const struct olds *from); /* *to has an arena, and the room that it had before */
void olds_add(struct olds *o, uint32_t answer, int64_t keeps); /* possible for that long at least */
void olds_wait(struct olds *o, int64_t time);
/* A step of a known length goes by; what it changes was published to its end. */
void olds_step(struct olds *o, const struct published *before, const struct published *after, uint32_t questions, int64_t takes);
/* Those that are possible for longer than that, by both measures: valid as long as *of stays. */
struct recall { const struct olds *of; int64_t sure, estimated; };
static inline bool recall_has(const struct recall *r, const struct old *o) { return o->sure > r->sure && o->estimated > r->estimated; }
/* A set of answers that is kept, to be compared with. */
struct answers { uint32_t *at; uint32_t n, cap; };

/* The questions of some promises that a group of steps (local[step] is not NONE) answers differently; NULL when nobody
 * remembers any. In `arena`. */
struct caches *caches_new(struct model *m, struct state *s, struct arena *arena, const uint32_t *promises, uint32_t n,
                          const uint32_t *local);
uint32_t caches_questions(const struct caches *c);
/* What is published in the present state, per question. */
void caches_published(struct caches *c, struct published *out);
/* The lags of those who may answer a question in some state, each once; how many there are of all questions. */
const int64_t *caches_lags(const struct caches *c, uint32_t question, uint32_t *n);
uint32_t caches_lag_count(const struct caches *c);
/* Does the i-th of the promises hold in the present state with any of these answers in place of the present one? True when
 * none of them is about it. `caches_about`: may any of them make a difference to it? */
bool caches_hold(struct caches *c, uint32_t i, const struct recall *old);
bool caches_about(const struct caches *c, uint32_t i, const struct recall *old);
bool caches_asks(const struct caches *c, uint32_t i, uint32_t answer); /* is it one to a question of the i-th? */
/* The answers among these that the i-th asks for (NONE: all of them): as those kept, and to be kept. */
bool caches_same(const struct caches *c, uint32_t i, const struct recall *old, const struct answers *kept);
void caches_keep(const struct caches *c, uint32_t i, const struct recall *old, struct arena *a, struct answers *kept);

/* ── What one run of prove() shares ──────────────────────────────────────────────────────────────────────────────── */

struct proving {
  struct state *state;           /* of the model as it is; in no particular state between calls */
  struct arena scratch;          /* what nobody asks for once all checks are made: all below but done and position */
  const struct conflict *conflicts; uint32_t conflict_count;
  struct term *terms; uint32_t term_count;  /* promises, then rules, conflicts, window, steps' terms: each in source order */
  bool *aside;                   /* [term_count]: set aside to get an order */
  bool *hopeless;                /* [term_count]: promises and rules that the last state breaks, whatever the order */
  struct step_list *term_steps;    /* per term: the steps it depends on, its own included */
  struct step_list *promise_steps; /* per promise: state_depends_promise */
  uint32_t *local;               /* scratch of the search, per step: its number in the group, else NONE */
  bool *done; uint32_t done_count; /* flags of the state of the order last gone to */
  ARRAY(uint32_t) changed;       /* steps whose flags the search has changed since the state was last set to them */
  bool apart;                    /* nothing that is asked of a component depends on where the others are: see goto_alone */
  bool *alone; const struct component *alone_of; uint32_t alone_to; /* flags of goto_alone */
  bool *flags, *back;            /* scratch of the search, per resource */
  bool *seen; uint32_t *gathered; /* scratch, per step: of components.c */
  struct step_list *rule_steps;    /* per forbidden: the steps it depends on */
  const uint32_t *unsteady; uint32_t unsteady_count; /* resources that some step takes down or brings up, ascending */
  struct step_list *unsteady_steps; /* per such: those steps */
  uint32_t window_index;         /* of its term, NONE */
  int64_t elapsed, total;        /* known milliseconds of the steps ordered so far, and of all */
  int64_t window;                /* that binds, milliseconds: the plan's, or the least there can be */
  int64_t slack;                 /* what the groups so far leave of it for waits, once one has opened it; INT64_MAX before */
  uint32_t *position;            /* per step: its index in the order, once there is one */
  struct promise_list { const uint32_t *at; uint32_t n; } *component_promises; /* per component: see component_promises() */
  bool *forgotten;               /* per step: nobody keeps an answer that its group changes */
  uint64_t effort;               /* of the search for the order, and of all trials: see terrain_effort() */
  struct arena spare[3]; uint32_t spare_count; /* of searches that are over, for the next: arena_borrow */
  bool quiet;                    /* a trial: no mends, no ways out, nothing that proves again */
};

/* Memory for a search, which most groups need little of: what the one before has left, cleared. */
struct arena arena_borrow(struct proving *v);
void arena_return(struct proving *v, struct arena *a);

/* ── Breaches ────────────────────────────────────────────────────────────────────────────────────────────────────── */

/* A breach with its default severity and every id NONE, every count 0. */
struct breach breach_new(enum code code);
/* Appends it and returns its place, valid until the next. */
struct breach *breach_add(struct model *m, struct proof *p, struct breach b);

/* ── Going to a state of the order ───────────────────────────────────────────────────────────────────────────────── */

/* `done` has steps.n + parts.n flags everywhere in prove/ (state_set, guard_holds): a part's flag is its step's, but in a
 * leading-part state. */
bool *done_new(const struct model *m);
void done_put(const struct model *m, bool *done, uint32_t step, bool value); /* the step and its parts */
/* Goes to state k of the order (0 is the baseline). */
void goto_state(struct model *m, const struct proof *p, struct state *s, uint32_t k);
/* The same for who asks no more than what the steps of a component can change, in a state from its first on: those of others may be as
 * they are at the start, so that there are few to go by. */
void goto_alone(struct model *m, const struct proof *p, struct state *s, const struct component *c, uint32_t k);
/* Goes to a during-state of the step at order.at[k]: with `after` that of state k + 1, else that of state k. */
void goto_during(struct model *m, const struct proof *p, struct state *s, uint32_t k, bool after);
/* Goes to a leading-part state of the covering step at order.at[k]: so many of its parts made. False when it has no such. */
bool goto_part(struct model *m, const struct proof *p, struct state *s, uint32_t k, uint32_t parts);
/* The states of the order in which a guard holds: always an interval. False when there are none. O(literals). */
bool guard_states(const struct model *m, const struct proof *p, uint32_t guard, uint32_t *first, uint32_t *last);

/* ── Trials: the same plan with something else in it ─────────────────────────────────────────────────────────────── */

/* A copy that may be changed: facts, guards and steps are copies, `more` zeroed steps (ids from m->steps.n on, takes 0,
 * no terms) appended, guards' part ids moved on by `more`. Everything else is shared. */
struct model *model_fork(struct model *m, uint32_t more);
/* Makes a new step of a fork one that changes a resource by its provider, with what that needs. */
void fork_step(struct model *fork, uint32_t id, uint32_t resource);
/* True when every error that a fork has, the model has too (so a plan with one error left is clean with it), and `p`'s
 * breach `mended` (index, NONE) is gone. Otherwise *because is the first promise that breaks only in the fork, NONE when it
 * is something else. Proves the fork quietly: as costly as a proof, so try few. */
struct proof *prove_quietly(struct model *m); /* without mends and ways out */
/* The same, counted as what was found out beside `p`; and whether `p` and all its trials have cost so little that one more may be
 * made: a plan whose order alone takes a second gets no offers, and is refused as soon. */
struct proof *trial_prove(const struct proof *p, struct model *fork);
bool trials_affordable(const struct proof *p);
bool trial_holds(const struct proof *p, struct model *fork, uint32_t mended, uint32_t *because);
bool trial_mends(const struct proof *p, const struct proof *q, uint32_t mended, uint32_t *because); /* the same of a proof made */

/* ── Checks: rows of the table in prove.c, run in its order once order and timeline are there ────────────────────── */

/* Each appends the breaches of its codes, in an order that depends on ids alone. */
typedef void check_function(struct model *m, struct proof *p, struct state *s);
check_function check_conflict;  /* E241, E203 for conflicts: one per pair, from proving.conflicts and the states of the order */
check_function check_dangling;  /* E202, E203, E206 */
check_function check_stale;     /* E201: sets promises (broken at the end because of it), so that E221 is not said twice */
check_function check_circular;  /* E211: a step's needs in the state before it, disruption on; E212: secrets whose source is
                                   down when a step or its undo uses them, defused by the prefetch. Not undo_needs: E231 */
check_function check_mends;     /* no code: mends of E201, by trials; not run when proving.quiet */
check_function check_rests;     /* no code: proof.rests */
check_function check_probes;    /* E225, E301, E302, E303 as far as facts tell */

check_function check_rules;     /* E261, E203 for rules */
check_function check_cold;      /* E204, E203 for cycles of the baseline */
check_function check_landing;   /* E214 */
check_function check_back;      /* E213, forward and backward */
check_function check_promises;  /* E221 */
check_function check_lengths;   /* E223 */
check_function check_back_waits; /* no code: proof.back */
check_function check_way_back;  /* E222 */
check_function check_window;    /* E224 */
check_function check_undo;      /* E231, E235 */
check_function check_inverse;   /* E232, E233, E234 */
check_function check_clash;     /* no code: completes E252 with states and chains */
check_function check_ways;      /* no code: mends of E252 and E224, by trials; not run when proving.quiet */

/* ── Order (components.c, admit.c, order.c, clash.c) ─────────────────────────────────────────────────────────────── */

/* Steps that interact, sorted by id (which is source order). */
struct group {
  uint32_t *steps, n;
  bool irreversible;
  ARRAY(uint32_t) terms;     /* that depend on its steps: indices, ascending */
  ARRAY(uint32_t) resources; /* that its steps can take down or bring up, ascending */
};
/* In the order they run one after the other. */
struct group *components_find(struct model *m, struct proving *v, uint32_t *n);

/* Makes v->terms, aside, hopeless, conflicts, promise_steps and what else is the same for every order. */
void terms_build(struct model *m, struct proving *v);
/* Sets p->order, order_holds, components, and appends E251, E252, E253. */
void order_find(struct model *m, struct proof *p, struct proving *v);
/* Turns the pauses of the order into steps of the model (the only change a proof makes to it) that do nothing but wait. */
void waits_insert(struct model *m, struct proof *p, struct proving *v);
/* The promises that the steps of each component can change, ascending; made at first use, once there is an order. */
const struct promise_list *component_promises(struct model *m, const struct proof *p, struct proving *v);
/* Nobody keeps an answer that the component changes. */
bool component_forgotten(const struct proof *p, const struct proving *v, uint32_t component);
/* Sets p->timeline, p->total. Takes the order as given. */
void timeline_draw(struct model *m, struct proof *p, struct proving *v);
/* Down in some state or step although its hold forbids it there; what an order without anything set aside never shows. */
bool promise_broken(const struct model *m, const struct proof *p, uint32_t promise);
/* The states, step, chains, time and limit of a breach whose promise is set: see check_promises. */
void breach_states(struct model *m, const struct proof *p, struct state *s, struct breach *b);
/* Of a clash of a promise and steps: its chain with each of them first, behind what the order has before the first. */
void breach_firsts(struct model *m, const struct proof *p, struct state *s, struct breach *b);
/* Known milliseconds from the step with which the plan begins to disturb (its index in *first, NONE) to its end. */
int64_t window_length(const struct model *m, const struct proof *p, uint32_t *first);

#endif
