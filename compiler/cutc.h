/* The map: every pass in the order of the pipeline (compile.c is the list of calls). */
#ifndef CUTC_H
#define CUTC_H

#include "base/base.h"     /* memory, names, spans, values */
#include "base/findings.h" /* what passes say */
#include "syntax/syntax.h" /* text -> tree */
#include "model/model.h"   /* tree -> facts guarded by steps */
#include "prove/proof.h"   /* facts -> order, timeline, breaches */
#include "script/script.h" /* order -> runbook, and its proof */
#include "report/report.h" /* findings and the rest, for people and tools */
#include "world/live.h"    /* what the world says of it */

struct compiled {
  struct compilation *c;
  struct model *model; /* NULL when the file could not be read */
  struct proof *proof; /* NULL when the model is broken */
  struct runbook *runbook; /* likewise */
};
/* The whole front to back: read, parse, elaborate, prove, word, check commands, waive, sort. */
struct compiled compile(const char *path);
/* The same text again, on what was seen to be there. */
struct compiled compile_seen(const struct compiled *before, const char *path, const struct seen_list *seen);
/* Matches waivers and sorts again, after more findings were added. */
void compile_done(struct compiled *d);

#endif
