/* What can be said of an `observe` without asking anybody. */
#ifndef CUTC_OBSERVE_H
#define CUTC_OBSERVE_H

#include "model/model.h"

/* E117: filters that are none in jq's language. Costs a process when the plan (not the library) has filters of its own. */
void filters_check(struct model *m);

#endif
