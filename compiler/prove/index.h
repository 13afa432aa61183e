/* What the files behind state.h share: a graph of questions, made once per distinct question and walked in every state.
 * Private to state*.c, index*.c, reach*.c and up*.c.
 *
 * Matching a question against the facts is independent of the state but for which of them are in force. So each
 * question becomes a node whose candidates are matched and ranked once; a state only skips what is not in force. The
 * same graph, followed forwards, tells what an answer can depend on, and backwards, what a step can change. */
#ifndef CUTC_INDEX_H
#define CUTC_INDEX_H

#include "prove/prove.h"

enum { HOPS_MAX = 32, BUDGET = 20000 /* hops of one question, over all its answers */ };

enum question_type {
  QUESTION_REACH,  /* reach(zone, dns, host, port, proto, vhost) */
  QUESTION_ARRIVE, /* arrive(resource, port, proto, vhost) */
  QUESTION_BOUND,  /* some `hosts` in force at the resource binds the port */
  QUESTION_PASS    /* the resource hands on whatever it gets, or answers itself */
};
struct key {
  uint8_t type, proto;
  uint8_t host_type;     /* enum host_type: a name, or one address */
  uint32_t name;
  struct address address;
  uint32_t zone, dns, resource, port, vhost;
};
struct host host_of_key(const struct key *k);

/* What a node tries, in order; the first with a fact in force decides. */
enum entry_type {
  ENTRY_GROUP, /* facts that match equally specifically: all of them answer */
  ENTRY_BLOCK, /* a name exists here: no wider pattern of this zone matches */
  ENTRY_OWNS,  /* the search for the name ends here */
  ENTRY_ZONE   /* what follows is looked up in `zone` */
};
struct entry {
  uint8_t type;
  bool bare;             /* the question named no port: one answer is enough */
  uint32_t zone;
  uint32_t first, count; /* ENTRY_GROUP: answers; ENTRY_BLOCK, ENTRY_OWNS: blockers */
};
/* One fact of a group and where it leads. */
struct answer {
  uint32_t fact, by, guard; /* facts lie far apart: what is asked of one most is kept here */
  bool name, unknown;
  uint32_t first, count; /* in state.leads; several: any of them */
};

struct question {
  struct key key;
  uint32_t first, count; /* in state.entries */
  uint32_t bound, pass;  /* ARRIVE: its QUESTION_BOUND (NONE without a vhost) and QUESTION_PASS */
  uint32_t callers;      /* head of a list of nodes that lead here */
  uint32_t asking;       /* head of a list of resources that need it */
  uint8_t verdict, height; /* height: hops below, the node's own included */
  bool on_path;
  uint32_t epoch;        /* the verdict holds when this is the state's; 0: it does not */
  uint32_t depth;        /* on the path, from 1 */
  uint32_t mark;
};
enum { END }; /* of a list in state.links or state.listed, whose first elements are of none */
struct link_to { uint32_t to, next; };

struct bucket {
  uint8_t table;
  uint32_t a, b;
  uint32_t first, last;  /* in state.listed */
};

struct crowd { uint32_t first, last; }; /* in state.listed */

struct state {
  struct model *m;
  struct arena *arena;
  struct fact_slot *facts; /* state_fact */
  uint32_t fact_count, guard_count, bits; /* bits: steps and parts */
  uint64_t spent; /* nodes walked and forgotten: what a search costs, by count */

  /* The present state. */
  bool *done;             /* [bits] */
  uint32_t *unmet;        /* [guards] literals that do not hold; 0: the guard holds */
  uint8_t *held;          /* [guards] what was last told to the facts */
  uint8_t *up, *down_now; /* [resources]; down_now: disrupted */
  ARRAY(uint32_t) disrupted;
  bool fresh;             /* nothing evaluated yet */
  const bool *flags;      /* the array that `done` was last made the same as */
  const struct proof *walked; uint32_t walked_to; /* the state of an order that it is in; NULL: none */
  uint64_t serial;        /* counts changes of state */
  uint32_t epoch;         /* from 1: counts those after which no verdict holds */
  uint32_t *unmet_first, *unmet_last; /* [guards] `unmet` with nothing done, and with all; made at first use */

  /* Facts in lists, ascending: most of them by far sleep, and a walk through all of them is one through most of the memory there is. */
  ARRAY(uint32_t) answering; /* all but needs, and those that sleep */
  ARRAY(uint32_t) indexed;   /* of these: all but those that have a place by their address and no more to be found by */
  uint32_t named;            /* of these: how many the table of index.c holds at most */
  ARRAY(uint32_t) asking;    /* needs of something else than a resource in every state */
  ARRAY(uint32_t) ranged;    /* of those that answer: endpoints whose host is a range */
  ARRAY(uint32_t) guarded;   /* of all: those that are not in force in every state */
  uint32_t *needing_guarded; /* [guarded] whose need it is, NONE: of no need */

  /* Facts by what they answer for. */
  struct lag { uint32_t resource; int64_t time; } *lags; /* those asked last: caches.c; resource: + 1 */
  uint32_t lag, ttl_floor; /* names of attributes */
  int64_t *floors;         /* [clients] what its resolver keeps an answer for at least, plus one; 0: not looked up yet */
  struct bucket_slot { uint32_t hash, bucket; } *slots; uint32_t bucket_slots; /* bucket: its number, from 1 */
  struct bucket *buckets; uint32_t bucket_count;
  struct address_slot { uint32_t hash, is; } *places; uint32_t place_lines; /* TABLE_ADDRESS: see places.c */
  ARRAY(struct crowd) crowds;        /* several facts about one address */
  bool asleep; ARRAY(uint32_t) unplaced; /* no fact may wake; what waits for that */
  ARRAY(uint32_t) meeting;           /* of all but needs: those that others may be in conflict with */
  ARRAY(struct link_to) listed;      /* facts, chained */
  struct ranges { uint32_t *facts; struct address *most; uint32_t n; } *ranges; /* per zone: sorted by first address */
  uint32_t *passing;      /* [resources] head in listed: forwards without a host; NULL: there are none */
  uint32_t *needing;      /* [resources] its first need, plus one: see need_next */
  uint32_t *need_after;   /* [facts] the next of the same resource, plus one; NULL: they all lie together */
  uint32_t *bound_at;     /* [resources] head in listed: hosts at it */
  uint32_t *serves_zone;  /* [resources] zone + 1 of the first endpoint it serves, 0; NULL until somebody asks (up.c) */
  uint32_t *of_guard;     /* [guards] head in listed: facts with that guard, as their places in guarded */
  uint32_t *of_bit;       /* [bits * 2] head in listed: guards with that literal */
  uint32_t *teams; uint32_t team_count; /* [resources] head in listed: `any of` facts that name it */

  /* The graph. */
  ARRAY(struct question) nodes;
  uint32_t *node_slots; uint32_t node_slot_count;
  ARRAY(struct entry) entries;
  ARRAY(struct answer) answers;
  ARRAY(uint32_t) leads;
  ARRAY(uint32_t) blockers;
  ARRAY(struct link_to) links;
  ARRAY(uint32_t) unexpanded;
  uint32_t *asks;         /* [facts] node + 1 of a need on an endpoint, 0 */
  uint32_t *fact_nodes;   /* [guarded] head in links: nodes that look at it */
  uint32_t *up_nodes;     /* [resources] head in links: nodes that ask whether it is up */
  bool *needed;           /* [resources] some need names it */
  bool needs_later;       /* a resource needs itself or one behind it in the plan: else no circle is among those needs */
  bool no_circle;         /* there is none all the same: found ahead */
  uint32_t *up_needs;     /* [resources] head in links: resources with a need that names it; NULL until somebody asks (up.c) */

  /* Scratch. */
  uint32_t mark;
  uint32_t *resource_mark, *step_mark;
  ARRAY(uint32_t) node_queue, resource_queue, work, stabbed, fallen, touched, changed;
  uint8_t *queued;        /* [resources] in work */
  uint32_t *disrupting;   /* [resources] head in listed: steps that disrupt it */
  bool *unsteady;         /* [resources] something that a step changes can reach it: made at first use (state_depends.c), and: */
  ARRAY(uint32_t) unsteadies; /* those, ascending */
  uint8_t *steady_node;   /* nothing that a step changes can reach it */
  uint32_t steady_nodes;  /* how many nodes there were then */
  bool conflicts_found;
  uint32_t conflict_missed; /* a fact that was not compared with all that it might be in conflict with; NONE */
  struct asked_list *asked; /* of the order that is being checked (asked.c) */
  ARRAY(struct conflict) conflicts;
  uint8_t *hairpins; uint64_t hairpins_serial; /* [clients × resources] of the state with that serial */
};

/* So many more will come: one that grows as they do leaves what it has grown out of behind. */
#define list_room(s, list, more)                                                                              \
  ((list)->cap - (list)->n < (more)                                                                           \
       ? (void)((list)->at = arena_grow((s)->arena, (list)->at, (list)->n, &(list)->cap, (list)->n + (more), \
                                        sizeof *(list)->at))                                                  \
       : (void)0)

/* Of a need of a resource in every state that resource, else NONE. */
static inline uint32_t state_on(const struct state *s, uint32_t fact) {
  uint32_t on = slot_on(s->facts[fact]);
  if (on != NONE) return on;
  const struct fact *f = fact_in(s->m, s->facts, fact);
  bool plain = f->need.type == NEED_RESOURCE && f->guard == GUARD_ALWAYS && f->need.guard == GUARD_ALWAYS && !f->unknown;
  return plain ? f->need.on : NONE;
}
static inline struct fact *state_fact(const struct state *s, uint32_t fact) { return fact_in(s->m, s->facts, fact); }

/* The needs of a resource, ascending: for (uint32_t i = s->needing[resource]; i != END; i = need_next(s, resource, i)) fact i - 1. */
static inline uint32_t need_next(const struct state *s, uint32_t resource, uint32_t at) {
  if (s->need_after)
    return s->need_after[at - 1];
  if (at == s->fact_count)
    return END;
  if (slot_asleep(s->facts[at]))
    return slot_by(s->facts[at]) == resource && slot_on(s->facts[at]) != NONE ? at + 1 : END;
  return state_fact(s, at)->type == FACT_NEEDS && state_fact(s, at)->by == resource ? at + 1 : END;
}

/* ── places.c ──────────────────────────────────────────────────────────────── */

/* Room for so many facts. */
void places_new(struct state *s, uint32_t facts);
/* One that is about an address in a zone, in the order of the facts; its hash is endpoint_hash of these. */
void place_put(struct state *s, uint32_t fact, uint32_t hash);
/* While no fact may wake: those whose hash another has wait for this, in the same order. */
void places_finish(struct state *s);
/* It is put soon. */
static inline void place_expect(const struct state *s, uint32_t hash) {
  __builtin_prefetch(&s->places[((uint64_t)(hash >> 2) * s->place_lines >> 28) * 4]);
}
/* First of the list of facts about an address, END. */
uint32_t place_first(struct state *s, uint32_t zone, const struct address *address);

/* ── index.c ───────────────────────────────────────────────────────────────── */

enum table { TABLE_NAME, TABLE_PATTERN, TABLE_OWNS, TABLE_HOSTS, TABLE_HOSTS_PATTERN };
/* Fills the tables from s->facts. */
void index_build(struct state *s);
/* First of the list of facts under a key (zone or `at`, name), END. */
uint32_t index_first(const struct state *s, enum table table, uint32_t a, uint32_t b);
/* Appends to a list in s->listed that keeps its last element too. */
void index_append(struct state *s, uint32_t *first, uint32_t *last, uint32_t to);
/* Facts of a zone whose range holds an address, smallest range first, into s->stabbed (overwritten). */
void index_stab(struct state *s, uint32_t zone, const struct address *address);
int address_compare(const struct address *a, const struct address *b);
/* 128-bit b - a. */
struct address address_distance(const struct address *a, const struct address *b);
/* How specific a fact's port is for a question's: 0 a port, 1 a range, 2 any; 3 no match (port NONE asks for any). */
unsigned port_rank(const struct fact *f, uint32_t port);
bool proto_matches(const struct fact *f, uint32_t port, uint8_t proto);
/* Both members of one `any of`. */
bool index_team(const struct state *s, uint32_t a, uint32_t b);
/* Name id of the n-th parent of a name ("b.c" for "a.b.c", 1); NONE when no name of the plan is spelt so. *more is false
 * when there are no labels left. */
uint32_t name_parent(const struct state *s, uint32_t name, uint32_t n, bool *more);

/* ── graph.c: questions as nodes ───────────────────────────────────────────── */

/* The node of a question, made (with all it can lead to) at first use. */
uint32_t node_of(struct state *s, const struct key *k);
struct key key_reach(uint32_t zone, uint32_t dns, const struct host *host, uint32_t port, uint8_t proto, uint32_t vhost);
struct key key_arrive(uint32_t resource, uint32_t port, uint8_t proto, uint32_t vhost);
void link_add(struct state *s, uint32_t *head, uint32_t to);
uint32_t *nodes_of_fact(struct state *s, uint32_t fact); /* in fact_nodes: of a guarded one */

/* The URL that a `hosts` fact binds, as a question of a client; false for a pattern or a host without a URL. */
bool need_of_hosts(const struct model *m, const struct fact *f, struct need *ask);

/* ── reach.c ───────────────────────────────────────────────────────────────── */

/* What decides a question in the present state. */
struct choice {
  uint8_t stop;              /* enum link_type: why nothing does; LINK_ARRIVE: the resource answers itself */
  const struct entry *group; /* facts of which those in force decide, or NULL */
  uint32_t zone;             /* where they were found; else where it was asked */
  uint32_t pass;             /* go on at this node, or NONE */
};
/* One of several answers is enough: when no port was asked for, or all that answer are members of one `any of`. */
bool entry_one_is_enough(const struct state *s, const struct entry *e);
bool entry_in_force(const struct state *s, const struct entry *e); /* some fact of it is */
struct choice node_choose(const struct state *s, uint32_t node);
enum verdict node_verdict(struct state *s, uint32_t node);
void node_trace(struct state *s, uint32_t node, struct trace *trace);
bool fact_in_force(const struct state *s, uint32_t fact);
bool guard_now(const struct state *s, uint32_t guard);

/* ── up.c ──────────────────────────────────────────────────────────────────── */

/* After s->unmet and s->down_now changed: who is up, given the facts (places in s->guarded) that came or went and the resources whose
 * disruption began or ended. */
void up_update(struct state *s, const uint32_t *facts, uint32_t fact_count, const uint32_t *resources, uint32_t resource_count);
/* What the needs say whoever is up, before the first state: for a thread that wakes no fact. */
void up_ahead(struct state *s);
/* The same of all there is, in the first state of all. */
void up_begin(struct state *s);
/* Everything that the changes can reach, into resource_queue: its resource_mark is s->mark then, and so is the mark of its
 * nodes, which forget their verdicts. */
void up_spread(struct state *s, const uint32_t *facts, uint32_t fact_count, const uint32_t *resources, uint32_t resource_count);
bool up_needs_hold(struct state *s, uint32_t resource);
/* Where a need of a resource (or, with NONE, of a step) is looked up. */
void need_place(struct state *s, uint32_t by, const struct need *n, uint32_t *zone, uint32_t *dns);


/* ── reach_lands.c ───────────────────────────────────────────────────────────────── */

/* Some hosted URL's chain from the client hairpins on its way to the resource. */
bool hairpins_at(struct state *s, uint32_t client, uint32_t resource);

#endif
