/* Source lines with places marked under them. */
#ifndef CUTC_SNIPPET_H
#define CUTC_SNIPPET_H

#include "base/findings.h"
#include "report/paint.h"

/* Prints where a finding is, and the lines of each of its places: those of the first source in order of lines, then each
 * other source with an arrow of its own. Returns the width of the gutter, for the remarks behind. */
unsigned snippet_print(struct text *out, struct compilation *c, const struct finding *f, enum style style, bool colour);

#endif
