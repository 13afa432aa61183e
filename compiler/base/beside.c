/* Work that a second thread does meanwhile.
 * Needs what the header says of memory in common. Guarantees that the work is done once, with a thread or without. */
#define _GNU_SOURCE /* sched_getaffinity */
#include "base/beside.h"

#include <sched.h>

bool beside_worth(uint32_t amount, uint32_t least) {
#ifdef CUTC_SANITIZED
  return amount > 0 || least > 0;
#else
  cpu_set_t set;

  return amount >= least && (sched_getaffinity(0, sizeof set, &set) != 0 || CPU_COUNT(&set) > 1);
#endif
}

static void *run(void *data) {
  struct beside *b = data;

  b->done = b->work(b->data);
  return NULL;
}

void beside_start(struct beside *b, bool (*work)(void *data), void *data) {
  *b = (struct beside){.work = work, .data = data};
  b->apart = pthread_create(&b->thread, NULL, run, b) == 0;
}

bool beside_join(struct beside *b) {
  if (b->apart)
    pthread_join(b->thread, NULL);
  else
    b->done = b->work(b->data);
  return b->done;
}
