/* What a plan gives up: addresses, some ports of an address, and names that something answers for at the start, or that a value
 * which changes has at the start, and that nobody has at the end. */
#ifndef CUTC_RETIRED_H
#define CUTC_RETIRED_H

#include "model/model.h"

struct port_range { uint32_t from, to; };
struct retired {
  bool is_name;
  struct address address;
  uint32_t name;          /* lower case, no final dot; name id */
  bool partly;            /* of an address: only `ports`, and `kept` go on answering */
  const struct port_range *ports; uint32_t port_count;
  const struct port_range *kept; uint32_t kept_count;
  uint32_t resource;      /* who has it at the start */
  uint32_t step;          /* after which that one has it no longer; NONE */
  struct span at;         /* where the plan says so */
};
struct retired_list { struct retired *at; uint32_t n, cap; };

/* In the order of the plan, each address and name once. Left out are those that say nothing in a text: names of one label,
 * loopback and unspecified addresses, patterns, ranges. O(n log n) over facts and values. */
struct retired_list model_retired(struct model *m);

/* A value of the plan that says an address or a name: of an attribute, in some states. */
struct mention { uint32_t attribute; uint32_t index; /* case */ uint32_t promise; /* NONE */ struct span at; };
struct mention_list { struct mention *at; uint32_t n, cap; };
/* Who in the plan names an address (or, with `name`, a host name), whatever the port, in source order. */
struct mention_list model_mentions(struct model *m, const struct address *address, uint32_t name);

#endif
