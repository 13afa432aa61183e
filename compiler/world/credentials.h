/* The plan's secrets, as far as a look at the world needs them. Private to world/.
 *
 * Values live in memory until credentials_wipe and go nowhere but into requests. */
#ifndef CUTC_CREDENTIALS_H
#define CUTC_CREDENTIALS_H

#include "model/model.h"
#include "world/outside.h"

enum ready { READY, PENDING /* its source has to answer first */, MISSING /* for good: a reason */ };

struct credentials;
struct credentials *credentials_new(struct arena *arena, struct model *m, const struct outside *w);
/* Says that a secret is wanted. From the environment, a file or the terminal it is had at once; PENDING: a store has to be asked.
 * *why: a sentence for MISSING. */
enum ready credentials_want(struct credentials *c, uint32_t secret, const char **why);
/* What its store gave: a value, or NULL and why not. */
void credentials_put(struct credentials *c, uint32_t secret, const char *value, const char *why);
/* Text with its secrets in it. */
enum ready credentials_fill(struct credentials *c, const struct pieces *p, const char **text, const char **why);
/* A credential that is none of the plan's secrets (a kubeconfig's): no text that holds it is shown either. */
void credentials_know(struct credentials *c, const char *value);
/* Does a text hold one of them, as it is, in base64 or as a URL has it? Such a text is not shown. */
bool credentials_within(const struct credentials *c, const char *text);
void credentials_wipe(struct credentials *c);

#endif
