/* Between the files of the evaluator. */
#ifndef CUTC_EVAL_H
#define CUTC_EVAL_H

#include "model/elaborate.h"

/* An expression without coercion; `want` only decides what bare words mean. */
struct cases eval_node(struct elaboration *e, const struct scope *s, uint32_t node, const struct type *want);
struct cases eval_ref(struct elaboration *e, const struct scope *s, uint32_t node, const struct type *want); /* eval_ref.c */
struct cases eval_call(struct elaboration *e, const struct scope *s, uint32_t node);                         /* eval_call.c */

struct cases cases_one(struct elaboration *e, struct value v); /* under every guard */
struct cases cases_in(struct elaboration *e, const struct scope *s, const struct cases *all);
struct cases cases_stand(struct elaboration *e, const struct scope *s, const struct cases *from);
struct cases cases_coerce(struct elaboration *e, const struct cases *c, const struct type *want, const char *what);
struct cases read_attribute(struct elaboration *e, const struct scope *s, uint32_t attribute);
struct cases list_of(struct elaboration *e, const struct value *like, const struct cases *parts);
struct cases too_deep(struct elaboration *e, struct span at); /* E005 */
void too_many(struct elaboration *e, struct span at, uint32_t most); /* E113: more than so many combinations */
struct value no_text(struct elaboration *e, const struct value *v, uint32_t node); /* a finding */

/* Every combination of the cases of several values that some state reaches; n 0 after E113. */
struct combo { uint32_t guard; const uint16_t *pick; };
struct combos { uint32_t n; const struct combo *at; uint32_t *slot; };
struct combos combos_of(struct elaboration *e, const struct cases *lists, uint32_t k, struct span at);
struct combos combos_in(struct arena *a, struct elaboration *e, const struct cases *lists, uint32_t k, struct span at); /* in that arena */
const struct value *combo_value(const struct combos *c, uint32_t combo, const struct cases *lists, uint32_t i);

int values_overlap(const struct value *a, const struct value *b); /* likewise */
const struct type *type_listed(struct elaboration *e, const struct type *of); /* [T]; NULL of NULL */
/* Compares two values as an operator does: 1 true, 0 false, -1 unknown, -2 poisoned (has its finding). */
int values_compared(struct elaboration *e, const struct scope *s, enum op op, const struct value *a, const struct value *b, uint32_t node);
/* The scope in which the argument of old() or new() is read. */
struct scope scope_old(struct elaboration *e, const struct scope *s, bool is_new);

#endif
