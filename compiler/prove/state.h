/* One state of the plan: which facts are in force, who is up, who reaches what. Private to prove/. */
#ifndef CUTC_STATE_H
#define CUTC_STATE_H

#include "prove/proof.h"

struct state; /* indices over a model's facts plus the present set of steps */

/* Builds the indices; `extra` (may be NULL) replaces the model's facts, for trying mends. O(facts). */
struct state *state_new(struct model *m, struct fact_slot *extra, uint32_t extra_count);
struct state *state_sorted(struct model *m, struct facts_sorting *sorting); /* of the model's facts, as facts_sort_ahead has left them; NULL: it did not */
/* Goes to the state in which exactly the steps with done[i] are done and the resources in `disrupted` (of `n`) are down;
 * evaluates who is up (greatest fixpoint). Parts: done has steps.n + parts.n entries. */
void state_set(struct state *s, const bool *done, const uint32_t *disrupted, uint32_t n);
/* The same, when `done` is the array it was last set to, and since then only these steps (and their parts) have changed in
 * it: O(changed steps) in place of O(steps). Another array is compared as a whole. */
void state_set_some(struct state *s, const bool *done, const uint32_t *changed, uint32_t changed_count,
                    const uint32_t *disrupted, uint32_t n);
/* The same along an order: `done` are the flags of its state k. */
void state_walk(struct state *s, const struct proof *p, uint32_t k, const bool *done, const uint32_t *disrupted, uint32_t n);
bool state_up(const struct state *s, uint32_t resource);
/* Everything reach() is asked for goes through here; `zone`/`dns` NONE take the client's. Trace may be NULL. */
enum verdict state_reach(struct state *s, uint32_t client, const struct need *endpoint, struct trace *trace);
enum verdict state_need(struct state *s, uint32_t by, const struct need *need, struct trace *trace); /* by: NONE for a step */
enum verdict state_promise(struct state *s, uint32_t promise, struct trace *trace);
bool state_forbidden(struct state *s, uint32_t forbidden, uint32_t during);
bool state_lands(struct state *s, uint32_t fact);
/* Whether a name, asked in a zone's DNS, gives an address: UP, DOWN (it gives others; *fact is the first that says so), UNKNOWN
 * (the plan does not say). */
enum verdict state_gives(struct state *s, uint32_t zone, const struct host *name, const struct address *wanted, uint32_t *fact);
bool state_hairpins(struct state *s, uint32_t client, const struct need *endpoint, uint32_t *reached);
/* Resources that would be up had everything outside `kept` to start anew: the least set of "coming back" (`kept` NULL: a
 * power-on; those of `kept` that are not up count for nothing). O(resources + what had to start anew). */
bool state_starts_anew(struct state *s); /* true: a power-on brings back all that is up; false: ask the next */
void state_comes_back(struct state *s, const bool *kept, bool *up);
/* Why something does not come back: resources that wait for each other in a circle, into cycle (room for all resources);
 * their number, 0 when everything comes back. A resource that waits for one outside of any circle gives the way there. */
uint32_t state_start_cycle(struct state *s, const bool *kept, uint32_t *cycle);

/* state_need holds (UP) when the need's guard does not hold in the present state; a step's need is looked up from the
 * operator's zone and dns. Facts are those of the model, or `extra`; links of traces index them. */
/* Facts that some step brings or takes; needs but for those of a resource in every state. Ascending. */
const uint32_t *state_guarded(const struct state *s, uint32_t *n);
const uint32_t *state_asking(const struct state *s, uint32_t *n);
/* Resources that what some step changes can reach, ascending: of all others state_depends_up is empty. */
const uint32_t *state_unsteady(struct state *s, uint32_t *n);
/* The facts of a zone about one address, one after the other: see proof_answer. */
uint32_t state_answer(struct state *s, uint32_t zone, const struct address *address, uint32_t *at);
bool state_needy(const struct state *s, uint32_t resource);  /* some fact says that it needs something */
bool state_needed(const struct state *s, uint32_t resource); /* … that something needs it, by name */
bool state_in_force(const struct state *s, uint32_t fact);
bool state_guard(const struct state *s, uint32_t guard);
/* The first need (a fact) of a resource that does not hold, with its chain; NONE when all do (it is up, or disrupted). */
uint32_t state_unmet(struct state *s, uint32_t resource, struct trace *trace);
/* How many answers were looked for and forgotten so far: what was asked of it costs as much. */
uint64_t state_spent(const struct state *s);
/* Compares who is up, and every verdict that is kept, with a full evaluation of the present state; false when they differ.
 * For tests. */
bool state_check(struct state *s);

#endif
