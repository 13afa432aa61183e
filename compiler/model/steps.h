/* Between the files about steps. */
#ifndef CUTC_STEPS_H
#define CUTC_STEPS_H

#include "model/elaborate.h"

struct edge { uint32_t step, after; };
struct chain { uint32_t attribute, owner, hops; }; /* what is asked of them again and again, side by side */
struct step_table {
  ARRAY(struct edge) edges;  /* what chains, creations and `after` force */
  struct chain *chains;      /* attributes with an arrow, in order */
  uint32_t chain_count, hop_count; /* hop_count: of all together */
  uint32_t *declared;        /* by index into elaboration.steps: the model's step, NONE for one that has none */
  struct covered *covers;    /* by index into elaboration.steps */
  struct text title;         /* the last; steps_build gives it room, and takes that away */
  bool *takes_written;       /* by step: the plan itself says how long it takes */
  uint32_t **owner;          /* by chain: the covering N_STEP of each hop, NONE; NULL when none is covered. NULL in a plan without N_STEPs */
};
/* What a `covers` names. */
struct covered {
  uint32_t node;             /* the list, 0 when it covers nothing */
  ARRAY(uint32_t) resources; /* each once, in order */
  struct index places;       /* resource -> its place there */
  ARRAY(struct hop) hops;
};

/* How many values the arrows in an expression give it: 1 without. E111 when its arrows differ in number. */
uint32_t chain_values(struct elaboration *e, uint32_t node, const struct binding *bindings, struct span at);
/* The N_TRANSITION behind an expression (also one in a constant, list or map), 0. */
uint32_t chain_node(struct elaboration *e, uint32_t node, const struct binding *bindings);
void covers_resolve(struct elaboration *e);
/* The hops that one element of `after` or `covers` names, appended; false when it names none (with a finding). A declared step is
 * returned in *step instead. */
struct hop_list { struct hop *at; uint32_t n, cap; };
bool hops_named(struct elaboration *e, uint32_t node, const struct binding *bindings, struct hop_list *out, uint32_t *step, uint32_t *resource);
/* The i-th value of an attribute as far as it is known before steps have names (and later, in all states). */
/* Is an attribute a longer chain that ends in the value it began with? */
bool chain_returns(struct elaboration *e, uint32_t attribute);
struct cases attribute_value_at(struct elaboration *e, uint32_t attribute, uint32_t index);
void edge_add(struct elaboration *e, uint32_t step, uint32_t after);
void steps_after(struct elaboration *e);  /* `after`, creations; fills step.after */
/* "traefik: address 10.0.20.200 -> 10.0.20.203" */
uint32_t step_title(struct elaboration *e, uint32_t step);

#endif
