/* A plan -> what to look for in the files it names, and what it sees to. */
#ifndef CUTC_REFS_PLAN_H
#define CUTC_REFS_PLAN_H

#include "model/retired.h"
#include "world/refs.h"

struct refs_search {
  struct retired_list retired;    /* beside query.targets, unless `asked` */
  bool asked;                     /* the targets were given */
  struct refs_query query;
  struct refs_found *found;
  const uint32_t *patches;        /* model.attributes, beside query.patches */
  const struct span *searched;    /* where each root is written, beside query.roots; NOWHERE for one that is not */
};
/* Searches the folders of a plan, which are relative to `root` (NULL: to the folder of the plan); without any, `root` itself. For
 * what the plan gives up, or for `targets` when there are some. The plan itself, its patches and what it accounts for are taken
 * into account. Nothing is read when there is nothing to look for. */
struct refs_search *refs_search_plan(struct model *m, const char *path, const char *root, const struct refs_target *targets, uint32_t count);

#endif
