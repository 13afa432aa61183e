/* The proof: the order, what holds in each state, and what does not. No text for people is made here. */
#ifndef CUTC_PROOF_H
#define CUTC_PROOF_H

#include "model/model.h"

enum verdict { UP, DOWN, UNKNOWN, MAYBE /* up, but not for those who still have an old answer */ };

/* One link of a chain from a client to what answers, or the reason it stops. */
enum link_type {
  LINK_NAME,      /* fact: a name's answer */
  LINK_SERVES,    /* fact: arrives at fact.by */
  LINK_FORWARDS,  /* fact */
  LINK_HOSTS,     /* fact: the virtual host */
  LINK_ARRIVE,    /* resource answers */
  STOP_NO_NAME, STOP_NOBODY, STOP_NOT_HOSTED, STOP_DOWN /* resource */, STOP_LOOP, STOP_TOO_LONG, STOP_UNKNOWN
};
struct link {
  uint8_t type, proto;
  uint32_t fact;      /* NONE */
  uint32_t resource;  /* NONE */
  uint32_t zone;      /* where it was looked up */
  struct host host;   /* what was asked for */
  uint32_t port, vhost;
};
struct trace { struct link *at; uint32_t n; enum verdict verdict; };

/* One per promise. Kept as what changes, since a promise has something to do with few of the steps: its size and whatever is
 * read from it grow with these, and not with all of the order. */
struct timeline {
  ARRAY(struct since { uint32_t state; uint8_t verdict; }) states; /* from that state on; the first from state 0 on; never MAYBE */
  ARRAY(struct maybe { uint32_t state; uint32_t end; int64_t tail; }) maybes; /* from state up to end it is MAYBE, and an old answer can
                                                                        still make it so for `tail` by the clock */
  ARRAY(uint32_t) during; /* ascending: steps (indices in the order) in whose during-states it is down, forward */
  ARRAY(uint32_t) during_now; /* those of them in which it is so by the present answers */
  int64_t outage;       /* longest stretch, milliseconds */
  ARRAY(struct back_from { uint32_t state; int64_t longest; int64_t below; }) backs; /* where old answers are about: on the way back from
                           that state on, INT64_MAX for good; what is down below its component is so for `below` by then */
  int64_t back;         /* the longest on the way back, from whichever state; of `always` only where it is broken there */
  uint32_t back_broken;  /* `always`: the state whose undo old answers break, however long it waits; 0: none */
  bool outage_open;     /* it contains a step without known length */
  int64_t known;        /* of all stretches, the most that is known of one */
  uint32_t first_down, last_down; /* states of the first stretch, NONE */
};

/* One thing that an order has to keep. */
enum term_type {
  TERM_PROMISE,   /* id: promise */
  TERM_RULE,      /* id: forbidden of severity error */
  TERM_CONFLICT,  /* id: conflict (prove/); facts in fact, other */
  TERM_WINDOW,    /* all within `window` */
  TERM_AFTER,     /* step, id: the step it comes after */
  TERM_NEED,      /* step, id: index into its needs */
  TERM_UNDO_NEED, /* step, id: index into its undo_needs; asked in the state before it too when it can die in between */
  TERM_LANDS,     /* step, id: fact */
  TERM_BACK,      /* step: what is down while it runs comes back */
  TERM_UNDO_BACK  /* step: the same for its undo */
};
struct term {
  uint8_t type;
  uint32_t step, id;    /* NONE where the type has none */
  uint32_t fact, other; /* TERM_CONFLICT, else NONE */
};

/* What was found. Which members are set is said per code, beside the function in prove/ that makes it. */
struct breach {
  enum code code;
  enum severity severity;
  uint32_t promise, step, other_step, fact, other_fact, resource, client, forbidden, secret, ask, need;
  const struct need *asked;           /* what was to be reached */
  uint32_t first_state, last_state;   /* indices into the order: state k is after k steps; NONE */
  bool during, backward, mended;
  struct trace before, after;         /* the chain while it held, and where it does not */
  const uint32_t *promises; uint32_t promise_count;   /* broken because of it, or clashing */
  const uint32_t *steps; uint32_t step_count;         /* the clash, the cycle */
  const struct trace *firsts;                         /* per step of a clash: the promise's chain were it the first of them; verdict UP: it holds, or it cannot be; NULL */
  const uint32_t *resources; uint32_t resource_count; /* the cycle of needs; what is down because of it */
  const uint32_t *secrets; uint32_t secret_count;     /* that come from behind it */
  const struct mend *mends; uint32_t mend_count;
  int64_t time, limit;                /* milliseconds */
  bool not_minimal;
  bool untried;                       /* it has no mends for want of time to try any */
  const struct term *terms; uint32_t term_count; /* E252: all of the clash but its steps, promises first */
};
/* A change that was tried: with it, the plan proves without this breach. */
enum mend_type {
  MEND_TARGET, /* the fact leads to `to` instead */
  MEND_LIMIT,  /* the promise `promise` allows `time` */
  MEND_WINDOW, /* the plan's window is `time` */
  MEND_TTL,    /* the record behind `fact` is published with `time` beforehand, then with `last` */
  MEND_BESIDE  /* what `fact` serves from `step` on is served by a second one, beside the first */
};
struct mend {
  uint8_t works;        /* 1: checks clean; 0: tried and refused, `because` says which promise then breaks */
  struct target to;     /* the new target of the fact */
  bool by_name;         /* address-independent */
  uint32_t because;     /* promise, NONE */
  uint32_t owner;       /* resource whose code has to change too, NONE */
  uint8_t type;         /* enum mend_type */
  uint32_t fact, step, promise; /* NONE where the type has none */
  int64_t time;         /* milliseconds */
  bool least;           /* of a limit or a window: nothing shorter would do */
  /* Of MEND_BESIDE: the first one is deleted in the end, and does not stay; and the plan speaks of it as the one that hosts, that is
   * waited for, of which something is promised. */
  bool gone, hosted, waited_for, promised;
  int64_t first, last;  /* MEND_TTL: the TTL before it is lowered, and in the end, in milliseconds */
  bool further;         /* it is lowered already, and not by enough */
};

/* What a clean result rests on. */
struct rest { uint32_t fact, attribute; uint32_t weight; /* (promise, state) pairs */ };

struct component { uint32_t first, count; /* in order.at */ uint64_t looked_at, kept; bool exact; };

/* Before the undo of a step: how long to wait, once the step at index `since` of the order was begun; when it was not, less: as
 * `before` says, NULL: not at all. */
struct back_wait { int64_t length; uint32_t since; struct back_wait *before; };
struct pause { uint32_t before; int64_t length; }; /* index in an order without waits */

/* What a promise is in a state of the order; O(log of its changes), as all of these. */
enum verdict timeline_at(const struct timeline *t, uint32_t state);
int64_t timeline_tail(const struct timeline *t, uint32_t state); /* of a state in which it is MAYBE */
/* The first state from there on in which it is UP, or is not; NONE when there is none. */
uint32_t timeline_up(const struct timeline *t, uint32_t state);
uint32_t timeline_not_up(const struct timeline *t, uint32_t state);
/* The first state after that one in which it may be something else; NONE when it stays as it is. */
uint32_t timeline_change(const struct timeline *t, uint32_t state);
/* Is it down in a during-state of the k-th step? And the first step from the k-th on in which it is, or NONE. */
bool timeline_during(const struct timeline *t, uint32_t k);
uint32_t timeline_next_during(const struct timeline *t, uint32_t k);
bool timeline_during_now(const struct timeline *t, uint32_t k); /* the same, old answers left aside */
/* The first step from the k-th on at whose ends, or while which, it is not up (or is down, old answers left aside); NONE when
 * there is none. */
uint32_t timeline_dark(const struct timeline *t, uint32_t k);
uint32_t timeline_down(const struct timeline *t, uint32_t k);
/* For making one: states in ascending order, steps in any. MAYBE from a state up to another. */
void timeline_put(struct arena *a, struct timeline *t, uint32_t state, enum verdict v);
void timeline_put_maybe(struct arena *a, struct timeline *t, uint32_t state, uint32_t end, int64_t tail);
void timeline_put_during(struct arena *a, struct timeline *t, uint32_t k);
void timeline_put_during_now(struct arena *a, struct timeline *t, uint32_t k); /* in ascending order */

struct proof {
  ARRAY(uint32_t) order;            /* steps */
  ARRAY(struct pause) pauses;       /* private to prove/: what becomes the waits */
  bool order_holds;                 /* false: promises or rules were set aside to get one */
  ARRAY(struct component) components;
  struct timeline *timeline;        /* per promise */
  struct back_wait *back;           /* per step of the order, the longest; length 0: none */
  int64_t total;                    /* milliseconds of known steps */
  ARRAY(struct breach) breaches;
  ARRAY(struct rest) rests;
  struct proving *proving;          /* private to prove/ */
};

/* Whether the runbook can look at a promise from where its client stands, and why it cannot. */
enum unseen {
  UNSEEN_NOT,         /* it can */
  UNSEEN_NO_ENDPOINT, /* a condition, or resources: the steps' verifies look at these */
  UNSEEN_PROTOCOL,    /* neither TCP nor HTTP */
  UNSEEN_HOST,        /* not known, or a pattern */
  UNSEEN_NO_OPERATOR, /* from where the runbook is run is not known */
  UNSEEN_ZONE,        /* the client is elsewhere than the operator, without a probe */
  UNSEEN_DNS          /* it asks other name servers, without a probe */
};
enum unseen promise_unseen(const struct model *m, uint32_t promise);

/* Proves a model and finds its order. Never fails; O(facts + states looked at). */
struct proof *prove(struct model *m);
/* The same in two goes: a facts_done (model.h), whose data is where a pointer to what a second thread goes through meanwhile is put, NULL
 * before; and the rest. With one goes the other. */
struct facts_sorting;
void facts_sort_ahead(struct model *m, void *sorting);
struct proof *prove_sorted(struct model *m, struct facts_sorting *sorting);
/* The chain from a client to an endpoint in a state of the order (0 = baseline), for `cutc why` and messages. */
struct trace proof_trace(struct model *m, const struct proof *p, uint32_t client, const struct need *endpoint, uint32_t state);
/* Which steps are done in state k of the order; steps.n flags, in the model's arena. */
bool *proof_done(struct model *m, const struct proof *p, uint32_t state);
/* The same in the one array that the proof keeps for it: valid until something goes to another state of the order. O(states
 * between that one and this). */
const bool *proof_flags(struct model *m, const struct proof *p, uint32_t state);
/* The facts of a zone about one address, one after the other, NONE behind the last; *at, a place among them, is 0 before the first. */
uint32_t proof_answer(const struct proof *p, uint32_t zone, const struct address *address, uint32_t *at);
/* The facts of the model that some step brings or takes, ascending. */
const uint32_t *proof_guarded(const struct proof *p, uint32_t *n);
/* Which resources are up in state k; resources.n flags. */
bool *proof_up(struct model *m, const struct proof *p, uint32_t state);

#endif
