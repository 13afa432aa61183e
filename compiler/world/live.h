/* `cutc check --live`: what the plan says of the world, and what the world says. */
#ifndef CUTC_LIVE_H
#define CUTC_LIVE_H

#include "prove/proof.h"
#include "world/outside.h"

enum look_verdict {
  LOOK_DECLARED,  /* as the plan says */
  LOOK_DIFFERENT, /* another value, or not there at all */
  LOOK_LEARNT,    /* the plan says `unknown`, the world knows */
  LOOK_UNKNOWN    /* nobody could say: `reason` */
};
/* One attribute of one resource. */
struct look {
  enum look_verdict verdict;
  uint32_t resource, attribute;  /* name id of the attribute */
  const char *name, *part;       /* the same as texts: "proxied_apps", "origin" */
  const char *declared, *seen;   /* as text; `seen` NULL: not known, or not there */
  const char *reason;            /* LOOK_UNKNOWN */
  const char *where;             /* what was asked: "GET https://…", "10.0.20.201:53" */
  const char *server;            /* a name server that was asked: "technitium (10.0.20.201)"; NULL */
  const char *filter;            /* in jq's language, NULL */
  const char *command;           /* LOOK_UNKNOWN: what looks at it, where only the runbook runs that; NULL */
  struct seen value;             /* LOOK_DIFFERENT, LOOK_LEARNT: for a proof on it */
  bool absent;                   /* there is no such thing in the world */
  bool present;                  /* it is there, and the plan says that it is not (attribute `exists`) */
  bool arrived;                  /* what was seen is a value that the plan only leads to */
  bool code;                     /* what the code of its owner (`server`) would make of it */
  bool left_out;                 /* the proof cannot stand on it: no plan has such a value there */
  bool lock;                     /* the lock on the state of a stack (`part` "lock") */
  bool failed;                   /* LOOK_UNKNOWN: the world was asked and did not say */
  struct span at;                /* the value as written, else the resource */
};
/* A secret of the plan. */
struct secret_look {
  uint32_t secret;
  const char *name;
  bool there, failed;
  const char *reason;
  int64_t life, access; /* seconds that it lives on, and that what it is fetched with does; -1: not known, or no end */
};

struct live {
  struct arena *arena;
  ARRAY(struct look) looks;           /* in the order of resources */
  ARRAY(struct secret_look) secrets;  /* those that were looked for, in their order */
  uint32_t asked, failed;             /* questions; values and secrets that somebody should have said and nobody did */
  bool target;                        /* the world was compared with the plan's end */
};
struct live_options { bool target; };

/* Asks the world for all that the plan says how to look at, in the baseline or, with `target`, at the plan's end. */
struct live *live_ask(struct model *m, const struct proof *p, const struct outside *w, const struct live_options *o);
/* Was a look's value part of what the proof on the real baseline stood on? */
bool live_proved(const struct live *l, uint32_t look);
/* Leaves out what fits no attribute's type; false when there was nothing of the kind. */
bool live_leave_out(struct live *l, const struct model *m);
/* What differs, as what a proof on the real baseline needs; in the arena of the model. */
struct seen_list live_seen(const struct live *l);

#endif
