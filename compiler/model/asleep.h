/* Between the files about resources that sleep. */
#ifndef CUTC_ASLEEP_H
#define CUTC_ASLEEP_H

#include "model/elaborate.h"

enum { SLOTS = PLAIN_VALUES, SERVES = 8 };
enum may { MAY_BE, MAY, MAY_NOT };

/* What a name in the text of a shape means to its kind. */
struct slot {
  const struct type *type;
  uint32_t wants;      /* 1 << enum value_type of the literals that it takes as they are written */
  uint32_t attribute;  /* counted from the first of the resource */
};
struct serving {       /* `serves HOST PORT in ZONE` */
  uint32_t host, port, zone; /* slots; NONE: fixed_port, fixed_zone */
  struct value fixed_port;
  uint32_t fixed_zone;
};
struct dozing {        /* beside a shape of the tree */
  enum may may;
  bool text;           /* awake as well it is no more than its text */
  uint32_t slot_count, serving_count, attribute_count;
  uint32_t zone, needs; /* slots, NONE */
  struct slot slots[SLOTS];
  struct serving servings[SERVES];
};
struct asleep {
  struct dozing *shapes;
  struct index changed;      /* names of resources that a change said apart speaks of */
  uint32_t hops;             /* how many of those */
  struct index constants;    /* names of all constants, */
  bool moving;               /* and some constant changes: then what says one of them changes with it, maybe */
  uint32_t attributes;       /* those that sleep now */
  uint32_t widest;           /* as many as any that sleeps has */
  bool stands;               /* once all are declared: does any stand for something else? */
  struct reading *reading;   /* what was read of the facts, until they are taken over (asleep_facts.c) */
};

/* Where a shape says an attribute, NONE. */
uint32_t slot_of(const struct dozing *d, const struct plain_shape *shape, uint32_t name);
const struct dozing *dozing_of(const struct elaboration *e, uint32_t resource);
uint32_t attribute_asleep(const struct elaboration *e, uint32_t resource, uint32_t nth); /* how facts call its nth attribute */

#endif
