/* What the world said, for people and tools. */
#ifndef CUTC_REPORT_LIVE_H
#define CUTC_REPORT_LIVE_H

#include "report/report.h"
#include "world/live.h"

/* Which findings follow from what is really there: one per finding of the proof on it. */
struct follows { const struct finding *finding; uint32_t look; /* index, NONE: from several together */ };
struct follow_list { struct follows *at; uint32_t n; bool broken; /* the checks could not be run on it */ };

/* Queues what the world says as findings of a compilation (of the same text), and marks those that follow from it. `total`: the
 * length of the plan in milliseconds, for what has to outlive it. */
void word_live(struct compilation *c, const struct model *m, const struct live *l, const struct follow_list *f, int64_t total);
/* The looks, below the findings: counts, what is different or unknown, and with `verbose` what is as declared. */
void report_live(struct text *out, const struct live *l, bool colour, bool verbose);
/* The findings as JSON, with a member `world`: each look. */
void report_live_json(struct text *out, struct compilation *c, const struct live *l);
/* What `check` says as JSON: the findings, with `l` (NULL: not asked) the looks, and with `p` (NULL: not understood) the order
 * and its timeline. O(steps + changes of promises + findings). */
void report_check_json(struct text *out, struct compilation *c, const struct model *m, const struct proof *p, const struct live *l);

#endif
