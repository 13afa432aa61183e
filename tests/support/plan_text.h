/* Plans as text in tests: to a model, and from its findings and commands back to text. */
#ifndef CUTC_PLAN_TEXT_H
#define CUTC_PLAN_TEXT_H

#include "model/model.h"

/* Elaborates a plan given as text; "plan test { operator = me }" and a zone `lan` with the client `me` stand before it, so that it
 * begins on line 1 of "plan.cut" behind them (in the same line). Never NULL. */
struct model *plan_model(struct compilation *c, const char *text);
/* Findings of warnings and errors, one a line: "E271 message". */
const char *plan_findings(struct compilation *c);
/* How many findings have this code. */
uint32_t plan_count(struct compilation *c, enum code code);
/* The source text of a span. */
const char *plan_span(struct compilation *c, struct span at);
/* Commands, one a line: "run in DIR: text", "http GET URL", … Values stand in [ ], inside double quotes in [" "], secrets in < >. */
const char *plan_block(struct compilation *c, const struct model *m, struct block b);
/* A guard as text: "traefik !apex". */
const char *plan_guard(struct compilation *c, const struct model *m, uint32_t guard);
/* The id of a step, failing the test when there is none. */
uint32_t plan_step(const struct model *m, const char *id);
/* A block in the state in which just these steps (a list ended by NULL) are done. */
struct block plan_step_block(struct model *m, const char *step, enum block_type type, const char *const *done);

#endif
