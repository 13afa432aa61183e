/* Between the files of rules: a rule's text, and for which resources it is asked. */
#ifndef CUTC_RULES_H
#define CUTC_RULES_H

#include "model/elaborate.h"

#define RULE_VARIABLES_MAX 8u

struct rule_variable {
  uint32_t name;
  uint32_t kind;                 /* NONE: a resource of any kind */
  const uint32_t *from; uint32_t count; /* the resources it may stand for, ascending */
};
struct requirement { uint32_t condition, otherwise; /* N_ELSE, 0 */ };
struct rule {
  uint32_t name;
  const struct binding *bindings; /* of the loops around it */
  struct rule_variable variables[RULE_VARIABLES_MAX];
  uint32_t variable_count;
  ARRAY(uint32_t) where;         /* conditions, `and`s taken apart */
  ARRAY(struct requirement) requirements;
  const char *about, *see;
  struct span at;
};
struct instances {
  uint32_t width;                /* variables */
  ARRAY(uint32_t) at;            /* resources, `width` a piece, in ascending order */
  uint32_t n;
};

/* The instances for which `where` can hold and, for a requirement that is an equality turned round, can fail: joined through
 * hashes on equalities; all pairs only of what nothing equates. O(instances + values). */
struct instances rule_instances(struct elaboration *e, const struct rule *r);
/* The bindings of one instance. */
const struct binding *rule_bind(struct elaboration *e, const struct rule *r, const uint32_t *instance);

#endif
