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
#include "world/refs_plan.h" /* what the files of a tree still name */

struct compiled {
  struct compilation *c;
  struct model *model; /* NULL when the file could not be read */
  struct proof *proof; /* NULL when the model is broken */
  struct runbook *runbook; /* likewise */
  const char *digest;      /* the sum of the plan's files, NULL when it was not asked for */
  struct refs_search *search; /* NULL when nothing was searched */
};
/* The whole front to back: read, parse, elaborate, prove, word, check commands, waive, sort. */
struct compiled compile(const char *path);
/* The same for who writes a runbook then: the sum of the plan's files is taken meanwhile. */
struct compiled compile_summed(const char *path);
/* The same text again, on what was seen to be there. */
struct compiled compile_seen(const struct compiled *before, const char *path, const struct seen_list *seen);
/* Matches waivers and sorts again, after more findings were added. */
void compile_done(struct compiled *d);
/* Searches the plan's `search` folders for what it gives up; a plan without them is as fast as ever. */
struct compile_search {
  bool always;      /* search its own folder when it names none */
  const char *root; /* what the folders are relative to, NULL: the plan's folder */
  uint32_t most;    /* findings of a kind, 0: all */
};
void compile_search(struct compiled *d, const char *path, const struct compile_search *with);

#endif
