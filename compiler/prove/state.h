/* One state of the plan: which facts are in force, who is up, who reaches what. Private to prove/. */
#ifndef CUTC_STATE_H
#define CUTC_STATE_H

#include "prove/proof.h"

struct state; /* indices over a model's facts plus the present set of steps */

/* Builds the indices; `extra` (may be NULL) replaces the model's facts, for trying mends. O(facts). */
struct state *state_new(struct model *m, const struct fact *extra, uint32_t extra_count);
/* Goes to the state in which exactly the steps with done[i] are done and the resources in `disrupted` (of `n`) are down;
 * evaluates who is up (greatest fixpoint). Parts: done has steps.n + parts.n entries. */
void state_set(struct state *s, const bool *done, const uint32_t *disrupted, uint32_t n);
bool state_up(const struct state *s, uint32_t resource);
/* Everything reach() is asked for goes through here; `zone`/`dns` NONE take the client's. Trace may be NULL. */
enum verdict state_reach(struct state *s, uint32_t client, const struct need *endpoint, struct trace *trace);
enum verdict state_need(struct state *s, uint32_t by, const struct need *need, struct trace *trace); /* by: NONE for a step */
enum verdict state_promise(struct state *s, uint32_t promise, struct trace *trace);
bool state_forbidden(struct state *s, uint32_t forbidden, uint32_t during);
bool state_lands(struct state *s, uint32_t fact);
bool state_hairpins(struct state *s, uint32_t client, const struct need *endpoint, uint32_t *reached);
/* Resources that would be up had everything outside `kept` to start anew: the least set of "coming back". */
void state_comes_back(struct state *s, const bool *kept, bool *up);

#endif
