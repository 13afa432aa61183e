/* Work that a second thread does meanwhile.
 *
 * What both threads read nobody changes before beside_join: no arena, no table of names, no findings in common. Each has an
 * arena of its own, and what the second has made is taken over after beside_join, in an order that does not depend on which
 * was faster. */
#ifndef CUTC_BESIDE_H
#define CUTC_BESIDE_H

#include "base/base.h"

#include <pthread.h>

struct beside {
  pthread_t thread; /* its own */
  bool (*work)(void *data);
  void *data;
  enum { BESIDE_NOBODY, BESIDE_STANDING, BESIDE_OWN } by;
  bool ended, done;
};

/* Is there a second processor, and so much to do (`amount` of whatever the caller counts) that a thread is worth its start,
 * which takes as long as 50 to 100 microseconds of work? A build with sanitizers says so of any amount. */
bool beside_worth(uint32_t amount, uint32_t least);
/* Starts `work` in a thread, which runs at the same time as whatever else is started. Where none can be had, beside_join does it. `b` stays
 * where it is until then. */
void beside_start(struct beside *b, bool (*work)(void *data), void *data);
/* Waits; what `work` returned. */
bool beside_join(struct beside *b);

#endif
