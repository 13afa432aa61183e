/* Between the files about facts. */
#ifndef CUTC_FACTS_H
#define CUTC_FACTS_H

#include "model/elaborate.h"

struct fact_maker {
  struct elaboration *e;
  uint32_t resource;
  uint32_t item;        /* the fact in its kind */
  struct scope scope;
  struct cases exists;  /* of the resource */
  struct need_list *scratch; /* of its attribute `needs`; one for all resources */
  struct arena *passing;     /* what is gone with the resource */
  bool slept;                /* until its turn came, or somebody asked */
};
/* What needs all facts: which names are hosted, and what follows from that. */
void facts_finish(struct elaboration *e);

#endif
