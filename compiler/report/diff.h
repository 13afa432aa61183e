/* What a change to a plan changes, as data: made in diff.c, printed in diff_text.c and diff_json.c. Private to report/. */
#ifndef CUTC_DIFF_H
#define CUTC_DIFF_H

#include "report/report.h"
#include "script/script.h"

/* Lines of one side that the other does not have, in place; the lines around them that both have are left out. */
struct edit { const char *const *old; uint32_t old_count; const char *const *new; uint32_t new_count; };
enum { EDIT_DO, EDIT_UNDO, EDIT_VERIFY, EDITS };

/* A step of either plan. Places in the two orders; NONE: the other plan alone has it. A wait is the same as another when it
 * stands before the same step. */
struct step_change {
  const char *id;               /* for a wait "wait before `traefik`" */
  uint32_t old, new;
  bool moved;                   /* among the steps that both have */
  bool title, takes, needs, after, disrupts, final; /* which of these differ; what is shown of them is in the models */
  struct edit edits[EDITS];
};

/* A promise of either plan: indices, NONE. Outage and end are only told of a side that could be proven. */
struct promise_change { const char *text; uint32_t old, new; bool differs; };

struct difference {
  const struct side *old, *new;
  ARRAY(struct step_change) steps;       /* those of the new plan in its order, then those that are gone in theirs */
  ARRAY(struct promise_change) promises; /* likewise, in source order */
  ARRAY(const struct finding *) gone, come, waived; /* waived: found in both, set aside in the new one only */
  uint32_t errors, warnings;             /* among those that have come */
  bool orders;                           /* both have an order, so that steps and promises could be compared */
};

struct difference *diff_make(const struct side *old, const struct side *new);
void diff_text(struct text *out, const struct difference *d, bool quiet, bool colour, unsigned width);
void diff_json(struct text *out, const struct difference *d);

/* "proven", "refused", "not understood": errors of the families that concern reading. */
const char *diff_verdict(const struct side *s);
/* "wait before `traefik`" or the step's id. */
const char *diff_step(const struct side *s, uint32_t k);

#endif
