/* "cutc-model/1" JSON -> struct model, so that prove/, script/ and report/ can be tested without a plan.
 *
 * Reads what model_json writes, and hand-written models in which most keys may be left out: guards default to
 * "always", `takes` to no known length, `proto` to tcp, lists to nothing. Beyond the format it also takes
 *   "operator": CLIENT
 *   "secrets":  [{"name": "token", "at_use": true, "store": RESOURCE, "lifetime": SECONDS, "needs": [...]}]
 *   "asks":     [{"type": "provider"|"verify"|"step", "resource": R, "step": S, "zone", "host", "port", …}]
 *   on a resource "zone", "via", "owner", "provider"; on a step "manual", "title", "resource";
 *   on a forbidden entry "message"; on a fact "attribute" (a name of its resource's). */
#ifndef CUTC_MODEL_LOAD_H
#define CUTC_MODEL_LOAD_H

#include "model/model.h"
#include "prove/proof.h"

/* The model in the compilation's arena, or NULL with a sentence in *why (in the arena too). */
struct model *model_load(struct compilation *c, const char *json, const char **why);
/* The same from a file. */
struct model *model_load_file(struct compilation *c, const char *path, const char **why);
/* Order, timeline and outages of the same JSON, for a model that model_load made of it; NULL when it has none. */
struct proof *proof_load(struct model *m, const char *json);

#endif
