/* Everything that asks: promises, hosted URLs from each client, needs, providers and checks; where it is reached, and what
 * is to blame where it is not. Private to the checks on asks (asked.c, stale.c, dangling.c, circular.c, rests.c, probes.c). */
#ifndef CUTC_ASKED_H
#define CUTC_ASKED_H

#include "prove/prove.h"

enum asked_type { ASKED_PROMISE, ASKED_HOSTED, ASKED_NEED, ASKED_ASK };
struct asked {
  uint8_t type;
  bool late;              /* nobody asks at the start: a promise of what is there finally, the check of a step (E301) */
  bool silent;            /* a promise that counts resources: explained by others, never a finding of its own here */
  uint32_t promise, client, fact, ask; /* fact: `hosts` of HOSTED, `needs` of NEED; else NONE */
  uint32_t resource;      /* who asks, or whose URL it is; NONE */
  const struct need *need;
  bool at_start, at_end;  /* asked in the first, in the last state at all */
  uint8_t start, end;     /* enum verdict there */
};
struct asked_list { struct asked *at; uint32_t n; };

/* Evaluated in the first and the last state of the order; kept in the proof. Promises first, then URLs by fact and client,
 * then needs, then asks. Leaves the state anywhere. */
const struct asked_list *asked_all(struct model *m, const struct proof *p, struct state *s);
enum verdict asked_verdict(struct state *s, const struct asked *a, struct trace *trace);

/* The guard under which it is asked. */
uint32_t guard_of_asked(const struct state *s, const struct asked *a);

/* What is to blame for something not being reached in the present state: the chain is followed through whoever is down,
 * need by need, to where it ends. */
struct root {
  uint32_t fact;          /* the last fact that leads on, else the need that asks there, else NONE: the question itself */
  uint32_t need;          /* the `needs` fact whose chain ends there; NONE: the question's own does */
  bool unknown;           /* it ends in a value that nobody knows */
  struct trace trace;     /* the chain that ends there */
};
struct root root_of(struct state *s, const struct trace *trace);
/* The same for all facts that come from one value of one attribute (its ports, its guards). */
uint64_t root_key(const struct state *s, uint32_t fact);
/* The last fact of a chain that leads on (and that was on another chain already, unless `was` is NULL); NONE. */
uint32_t leading_fact(const struct state *s, const struct trace *trace, const struct trace *was);

/* Questions with one root, in the order of their first. */
struct blamed {
  struct root root;
  uint64_t key;           /* root_key of its fact; of the endpoint asked for when it has none */
  const uint32_t *asked; uint32_t n; /* into asked_list */
  uint32_t direct;        /* the first of them whose own chain ends there, NONE */
};
/* Groups those of the list that `wanted` holds for, with their roots in the present state. `was` (may be NULL): their chains
 * while they held; then only a fact that was on the chain already *still* leads anywhere and can be blamed. */
struct blamed *blame(struct model *m, struct state *s, const struct asked_list *list, bool (*wanted)(const struct asked *),
                     const struct trace *was, uint32_t *n);
/* The chain of a group in the present state: its direct question's, else that of the need at its root. */
enum verdict blamed_verdict(struct state *s, const struct asked_list *list, const struct blamed *b, struct trace *trace);
/* Walks the order once: since when each group's chain is, at the end, what it is in the last state; into `since`. */
void blamed_since(struct model *m, const struct proof *p, struct state *s, const struct asked_list *list,
                  const struct blamed *groups, uint32_t n, uint32_t *since);
/* The same for the first state in which it is reached, NONE when there is none. */
void blamed_until(struct model *m, const struct proof *p, struct state *s, const struct asked_list *list,
                  const struct blamed *groups, uint32_t n, uint32_t *until);
/* Sets what every breach says of a group: fact, asked, promise, client, resource, ask, promises. */
void blamed_fill(struct model *m, struct state *s, const struct asked_list *list, const struct blamed *b, struct breach *out);

#endif
