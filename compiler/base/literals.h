/* More text of literals -> values; see base.h for the rest. */
#ifndef CUTC_LITERALS_H
#define CUTC_LITERALS_H

#include "base/base.h"

bool value_number(const char *text, size_t n, struct value *out, const char **why); /* at most INT64_MAX */
bool value_version(struct names *names, const char *text, size_t n, struct value *out, const char **why); /* 0.16.2 */

#endif
