/* Text that is the same for many but for some values. Private to script/.
 *
 * It is found from two texts that were made in one way, of two sets of stand-ins: where they differ, there is a value. */
#ifndef CUTC_FORM_H
#define CUTC_FORM_H

#include "base/base.h"

struct hole { uint32_t at, value; }; /* before which byte, which value */
struct form {
  const char *text; /* NULL: there is none */
  uint32_t n, count;
  const struct hole *holes;
};

enum { STAND_INS = 1000 }; /* values that can be told apart */
/* What stands for a value in the first text, or in the second. */
uint32_t stand_in_number(uint32_t value, bool second);
const char *stand_in(struct arena *a, uint32_t value, bool second);
/* The form of two such texts; false when they are not of one. */
bool form_find(struct form *f, struct arena *a, struct slice first, struct slice second);
void form_fill(struct text *out, const struct form *f, const struct slice *values);

#endif
