/* The elaborated plan: what prove/, script/ and report/ see. Kinds, modules, loops and expressions are gone; what is
 * left are facts guarded by steps. Plain arrays, 32-bit ids (indices), immutable once model_build returns.
 * Meanings: docs/definitions.md; the JSON of `cutc model` is written from these arrays field by field. */
#ifndef CUTC_MODEL_H
#define CUTC_MODEL_H

#include "syntax/syntax.h"

#include <string.h>

/* A guard: all of some steps done, none of others. Interned: equal guards have equal ids. Guard 0 is "always". */
struct guard {
  uint32_t n;             /* literals */
  const uint32_t *steps;  /* sorted; step << 1, | 1 when the step must NOT be done */
};
#define GUARD_ALWAYS 0u

struct zone { uint32_t name, inside; /* NONE */ struct span at; };

/* A value per case; the guards of one attribute are disjoint and cover every reachable state. */
struct cases {
  uint32_t n;
  struct guarded *at;     /* may be a literal of the tree: not to be written to */
};

struct attribute {
  uint32_t name;          /* name id */
  uint32_t owner;         /* resource */
  struct cases cases;
  struct span at;         /* the value as written, arrows and all (the default's place when not written) */
  uint32_t hop_count : 31;
  bool written : 1;       /* in the plan, not a kind's default */
  const struct span *hops;/* one span per value of the chain, hop_count + 1 of them; NULL without an arrow */
  const uint32_t *steps;  /* the step of each hop, in order */
};

/* 32 bytes, of which a large plan has most: what few resources have stands apart (resource_rare), and what the tree knows is read there. */
struct resource {
  uint32_t name;          /* identifier */
  uint32_t kind;          /* name id of the kind */
  uint32_t zone;          /* its `zone` attribute, or NONE */
  uint32_t node;          /* N_RESOURCE, N_PLAIN */
  uint32_t attributes;    /* in model.attributes: see attributes_of */
  uint32_t attribute_count : 29;
  bool unread : 1;        /* some of its attributes have no cases yet: see attributes_of */
  bool provider : 1;      /* its kind serves its own endpoint or carries changes for others */
  bool slept : 1;         /* its facts are from its sleep (model/asleep.c) */
  uint32_t rare;          /* index into model.rare */
  uint32_t kind_id;       /* private to model/: index into its kinds, NONE when unknown (already a finding) */
};
struct resource_rare {    /* [0] is that of all that have nothing of it */
  uint32_t world_name;    /* its `name`, 0: the identifier */
  uint32_t via, owner;    /* resources, NONE */
  /* Private to model/. */
  uint32_t iteration;
  const struct binding *bindings;
  uint32_t client;        /* index into model.clients + 1, 0 for none: set by clients_build */
  uint32_t exists;        /* its attribute `exists` (index into model.attributes), NONE when it always is */
};

struct client {           /* a resource whose kind `asks` */
  uint32_t resource, zone;
  uint32_t first, count;  /* model.client_dns: (zone, guard) */
  struct value probe;     /* V_NONE, or ssh "host" */
};
struct client_dns { uint32_t zone, guard; };

/* ── Facts ─────────────────────────────────────────────────────────────────── */

enum fact_type { FACT_SERVES, FACT_FORWARDS, FACT_NAMES, FACT_OWNS, FACT_HOSTS, FACT_NEEDS };
enum host_type {
  HOST_NONE,      /* forwards: whatever arrives at the resource */
  HOST_ADDRESS,   /* from */
  HOST_RANGE,     /* from..to (a CIDR too) */
  HOST_NAME,      /* name */
  HOST_PATTERN,   /* name is what follows "*." */
  HOST_UNKNOWN    /* a value nobody knows */
};
struct host {
  uint8_t type;
  uint32_t name;          /* lower case, no final dot */
  struct address from, to;
};
enum target_type {
  TARGET_NONE,
  TARGET_HOST,     /* host, port (NONE: the same port) in zone */
  TARGET_RESOURCE, /* resource */
  TARGET_ROUTE     /* the same address in zone */
};
struct target {
  uint8_t type;
  struct host host;
  uint32_t port;
  uint32_t zone;
  uint32_t resource;
};
enum vhost_type { VHOST_KEEP, VHOST_NONE, VHOST_NAME };
/* An endpoint somebody asks for, or a need. One of the forms is used. */
enum need_type {
  NEED_RESOURCE, /* on */
  NEED_COUNT,    /* at least `least` of of[0..of_count) resources; `any of` is at least 1 */
  NEED_ENDPOINT, /* host, port, proto, vhost, looked up in zone with dns */
  NEED_NEVER     /* a condition over attributes that is false under this guard */
};
struct need {
  uint8_t type, proto;
  uint32_t on;
  uint32_t guard;
  struct span at;         /* a fact that is a NEED_RESOURCE ends here */
  uint32_t secret;        /* the secret whose source this is, or NONE */
  uint32_t least, of_count;
  const uint32_t *of;
  struct host host;
  uint32_t port;          /* NONE for a bare host */
  uint32_t vhost;         /* name id, 0 for none */
  uint32_t zone, dns;     /* NONE: the resource's own zone, else that of the endpoints it serves */
};

/* Facts are the most that there is of anything: each takes as much memory as its type needs (fact_size), so that the members behind
 * are not there, and none is copied as a whole unless its type is known to be whole. */
struct fact {
  uint8_t type, proto;    /* enum fact_type, enum proto */
  uint8_t vhost_type;     /* forwards */
  bool unknown;           /* some operand is `unknown` under this guard */
  uint32_t by;            /* resource */
  uint32_t zone;          /* serves, forwards, names, owns; NONE for hosts and needs */
  uint32_t guard;
  uint32_t attribute;     /* the attribute whose value leads on (the target, the value) or was answered for; NONE. Read it with
                             fact_attribute: it may be one that has not been made yet */
  struct span span;       /* the attribute's value as written, else the fact in its kind */
  uint32_t any_count;
  union {
    struct {
      struct host host;   /* serves, forwards, names, owns (domain), hosts (HOST_NONE binds nothing) */
      uint32_t port, port_end; /* serves, forwards, hosts; port_end NONE for one port, 0..65535 is `any`; hosts without a URL: any */
      struct target to;   /* forwards, names (value: TARGET_HOST without port, or TARGET_RESOURCE). Serves: ends with its type */
    };
    struct need need;     /* needs */
  };
  const struct target *any_of; /* forwards to `any of`: any_count alternatives, and then `to` is TARGET_NONE */
  uint32_t vhost;
  uint32_t ttl;           /* names: seconds, NONE when the fact says none; owns: negative_ttl (3600 by default) */
  uint32_t at;            /* hosts: the resource at which */
};

/* A fact by its id. Most facts of a large plan are that a resource needs another in every state, or answers at an address in every state:
 * of these nothing is kept but who needs whom, or who answers and a hash of where, and the rest is read from the plan's text when
 * somebody asks (fact_at). */
struct fact_slot {
  uint64_t bits; /* a struct fact *; a need: 1 | on << 1 | by << 32; serves: 2 | endpoint_hash << 2 | by << 32 */
};
static inline struct fact_slot slot_of_fact(struct fact *f) { return (struct fact_slot){(uintptr_t)f}; }
static inline struct fact_slot slot_of_need(uint32_t by, uint32_t on) { return (struct fact_slot){1 | (uint64_t)on << 1 | (uint64_t)by << 32}; }
static inline struct fact_slot slot_of_serves(uint32_t by, uint32_t hash) { return (struct fact_slot){2 | (uint64_t)hash << 2 | (uint64_t)by << 32}; }
/* Nothing else is kept: then whose it is. */
static inline bool slot_asleep(struct fact_slot s) { return s.bits & 3; }
static inline uint32_t slot_by(struct fact_slot s) { return (uint32_t)(s.bits >> 32); }
/* Of a need of which nothing else is kept, the resource that is needed; else NONE. */
static inline uint32_t slot_on(struct fact_slot s) { return s.bits & 1 ? (uint32_t)s.bits >> 1 : NONE; }
/* Of serves the same: the hash of the zone and the address; else NONE, which is none. */
static inline uint32_t slot_hash(struct fact_slot s) { return (s.bits & 3) == 2 ? (uint32_t)s.bits >> 2 : NONE; }
/* 30 bits. Addresses that follow each other have hashes that do, four at a time, and find each other in the same cache line. */
static inline uint32_t endpoint_hash(uint32_t zone, const struct address *a) {
  struct address four = *a;
  uint64_t words[2];
  four.bytes[15] &= 0xfc;
  memcpy(words, four.bytes, sizeof words);
  uint64_t h = (words[0] ^ zone) * 0xd6e8feb86659fd93u;
  h = ((h ^ h >> 32) ^ words[1]) * 0xd6e8feb86659fd93u;
  h = (h ^ h >> 32) * 0xd6e8feb86659fd93u;
  return (uint32_t)(h >> 36) << 2 | (a->bytes[15] & 3);
}

/* ── Steps ─────────────────────────────────────────────────────────────────── */

struct hop { uint32_t attribute, index; }; /* index-th hop of that attribute, from 0 */

struct step {
  uint32_t name;          /* id text: "traefik", "apex.ttl.1" */
  uint32_t title;         /* text for people: "traefik: address 10.0.20.200 -> 10.0.20.203, policy …" */
  uint32_t resource;      /* whose hops; NONE for a `step` with `do` or one that covers several */
  uint32_t node;          /* N_RESOURCE or N_STEP */
  struct span at;
  int64_t takes;          /* milliseconds, -1: no known length */
  bool manual;            /* some command of its `do` is done by hand */
  bool early, wait;
  uint32_t irreversible;  /* why (name id), 0 */
  uint32_t undo_none;     /* reason of `undo none because`, 0 */
  uint32_t atomic;        /* why, 0 */
  const uint32_t *after;  uint32_t after_count;       /* steps */
  const uint32_t *disrupts; uint32_t disrupts_count;  /* resources */
  const struct need *needs; uint32_t needs_count;
  const struct need *undo_needs; uint32_t undo_needs_count;
  const struct hop *hops; uint32_t hop_count;
  const uint32_t *parts;  uint32_t part_count;        /* resources it covers, in order; none unless `covers` */
  uint32_t commands;      /* number of commands of its `do` that change something */
  const uint32_t *secrets; uint32_t secret_count;     /* that its do, undo and verify use, sorted */
  bool no_inverse;        /* commands, no undo, and `do` speaks of neither old nor new (E233 or E232) */
  uint32_t first_position;/* its index: file in order of use, byte, iteration, hop */
};
/* A guard may name a part of a covering step: ids from steps.n on are parts[id - steps.n]. */
struct part { uint32_t step, resource; };

/* ── Promises, rules, secrets, tools ───────────────────────────────────────── */

enum promise_type { PROMISE_ENDPOINT, PROMISE_CONDITION, PROMISE_COUNT };
struct promise {
  uint8_t type, hold;     /* enum hold */
  uint8_t limit_form;     /* enum duration_form: as it was written */
  int64_t limit;          /* milliseconds, at_most */
  uint32_t client;        /* index into model.clients */
  struct need endpoint;   /* PROMISE_ENDPOINT (zone and dns unused), PROMISE_COUNT */
  const uint32_t *guards; uint32_t guard_count;       /* PROMISE_CONDITION: true under any of these */
  uint32_t text;          /* "public reaches https://home.example.net" */
  uint32_t id;            /* "p1" */
  struct span at;
};

/* One way in which a rule (or a `require` of a kind) fails: holds in a state (or while step `during` runs) in which the
 * guard holds, all of `up` are up and all of `down` are not. */
struct forbidden {
  uint32_t rule;          /* name id */
  enum severity severity;
  uint32_t guard;
  uint32_t during;        /* step, NONE */
  const uint32_t *not_during; uint32_t not_during_count; /* steps: not while one of them runs */
  const uint32_t *up, *down; uint32_t up_count, down_count; /* resources */
  const struct hairpin { uint32_t client, resource; bool is; } *hairpins; uint32_t hairpin_count; /* at the end only */
  const char *message;    /* interpolated */
  const char *see;        /* NULL */
  struct span at;         /* the value that breaks it, else the resource */
  struct span rule_at;
  const uint32_t *resources; uint32_t resource_count; /* what its variables stand for */
};

enum secret_source { SECRET_STORE, SECRET_ENV, SECRET_FILE, SECRET_PROMPT };
struct secret {
  uint32_t name;
  uint8_t source;         /* enum secret_source */
  uint32_t store;         /* resource, NONE */
  uint32_t argument;      /* name id: variable, file or prompt */
  uint32_t path, field;   /* name ids */
  bool at_use;            /* fetch = at-use */
  int64_t lifetime;       /* milliseconds, -1 unknown or endless */
  const struct need *needs; uint32_t needs_count; /* its source's: endpoints from the operator's place */
  struct span at;
  uint32_t node;
};

struct tool {
  uint32_t name;
  bool locks, never_pipe;
  uint32_t stop;          /* signal's name id: INT, TERM; 0 unsaid */
  int64_t grace;          /* milliseconds, -1 unsaid */
  struct span at;
};

/* ── Commands ──────────────────────────────────────────────────────────────── */

enum piece_type {
  PIECE_SHELL,   /* verbatim shell text of a `$` line */
  PIECE_VALUE,   /* text to be quoted by script/quote.c; in_quotes when it stands between double quotes */
  PIECE_SECRET,  /* secret: legal only where language.md says */
  PIECE_RUN,     /* ${run}: a name new in each run, kept by resume */
  PIECE_WORK     /* ${work}: the step's own directory below the state directory */
};
struct piece {
  uint8_t type;
  bool in_quotes;
  bool written;           /* VALUE: a part of a text that is the same whatever the values in it are */
  uint32_t node;          /* VALUE: the expression that it is the value of, or an item of; 0 */
  const char *text;
  uint32_t secret;
  struct span at;
};
struct pieces { const struct piece *at; uint32_t n; };

enum command_type { CMD_RUN, CMD_HTTP, CMD_MANUAL, CMD_WAIT, CMD_TCP, CMD_DNS };
struct expectation {
  uint8_t type;           /* enum expect */
  struct pieces operand;
  int64_t within;         /* milliseconds to try again in, 0: once */
  struct span at;
};
struct environment { uint32_t name; struct pieces value; };
struct header { struct pieces name, value; };
struct observation {      /* attribute = jq 'FILTER' over the command's output (jq NULL: the output as text) */
  uint32_t attribute;     /* name id */
  const char *filter;
  struct value declared;  /* the attribute's value in the state asked for; V_NONE type for `fetch` */
  struct span at;
};
struct command {
  uint8_t type;
  bool changes;           /* counts as a command of a `do`: RUN, MANUAL, and HTTP other than GET, HEAD */
  struct pieces dir;      /* `in DIR`; none when n is 0 */
  struct pieces line;     /* RUN: shell text; MANUAL: text */
  struct pieces input;    /* stdin */
  bool has_input;
  const struct environment *env; uint32_t env_count;
  int64_t within;         /* time-out of RUN, HTTP; time to try in of TCP, DNS; 0 none said */
  int64_t wait;           /* WAIT */
  uint32_t method;        /* HTTP, name id */
  struct pieces url, bearer, basic, body, save, resolve, cacert;
  bool body_is_file;      /* body = file "x": relative to ${work} */
  const struct header *headers; uint32_t header_count;
  uint32_t status[8], status_count; /* expected; none: 2xx */
  struct need endpoint;   /* HTTP, TCP, DNS (the server): NEED_ENDPOINT */
  struct pieces dns_name, dns_expected, dns_server;
  const struct expectation *expects; uint32_t expect_count;
  const struct observation *observes; uint32_t observe_count;
  struct span at;
};
struct block {            /* the statements of a do, undo, verify, observe or fetch, in one state of the plan */
  const struct command *at;
  uint32_t n;
  const char *unreliable; /* verify: why, or NULL */
};
enum block_type { BLOCK_DO, BLOCK_UNDO, BLOCK_VERIFY, BLOCK_OBSERVE };

/* Everything that asks for an endpoint besides promises and needs, for `stale` and `dangling`. */
enum ask_type { ASK_PROVIDER, ASK_VERIFY, ASK_STEP };
struct ask { uint8_t type; uint32_t resource, step; struct need endpoint; };

struct named_place { uint32_t name; /* name id */ struct span at; };

struct waiver { uint32_t what; /* name id: code or rule */ uint32_t resource; /* inside whose block, NONE: whole plan */
  const char *reason; struct span at; struct span block; bool used; };

struct model {
  struct compilation *c;
  struct tree *tree;
  struct elaboration *elaboration; /* private to model/ */
  uint32_t plan;          /* name id */
  struct span plan_at;
  int64_t window;         /* milliseconds, -1 */
  uint32_t operator_client; /* index into clients, NONE */
  ARRAY(struct named_place) search, accounts; /* of the plan: folders to search, and places that are seen to */
  ARRAY(struct guard) guards;
  ARRAY(struct zone) zones;
  ARRAY(struct resource) resources;
  ARRAY(struct resource_rare) rare;
  ARRAY(struct attribute) attributes;
  ARRAY(struct client) clients;
  ARRAY(struct client_dns) client_dns;
  ARRAY(struct fact_slot) facts; /* fact_at */
  ARRAY(struct step) steps;
  uint32_t wait_count;    /* of these, the last: waits that the proof has put in; they change nothing */
  ARRAY(struct part) parts;
  ARRAY(struct promise) promises;
  ARRAY(struct forbidden) forbidden;
  ARRAY(struct secret) secrets;
  ARRAY(struct tool) tools;
  ARRAY(struct ask) asks;
  ARRAY(struct waiver) waivers;
};

/* Reads the plan at a path ("-": standard input) with all it uses, and elaborates it. Findings are queued; the model
 * holds what could be made sense of, so that the proof still says what it can. NULL only when the file cannot be
 * read. O(text + facts). */
struct model *model_build(struct compilation *c, const char *path);
/* What the world was seen to have in place of a value that the plan says is there now. */
enum seen_type { SEEN_UNKNOWN, SEEN_NONE, SEEN_BOOL, SEEN_NUMBER, SEEN_TEXT, SEEN_LIST };
struct seen {
  const char *resource, *attribute; /* identifiers */
  uint8_t type;                     /* enum seen_type */
  int64_t number;                   /* SEEN_BOOL, SEEN_NUMBER */
  const char *text;                 /* SEEN_TEXT */
  const struct seen *items; uint32_t count; /* SEEN_LIST */
};
struct seen_list { const struct seen *at; uint32_t n; };
/* Called (unless NULL) once all facts are there: neither they nor the resources' number change from then on, and none wakes before the
 * model is whole. For who looks at them in another thread. Not called of a model without facts. */
struct facts_done { void (*call)(struct model *m, void *data); void *data; };
/* The same on what is really there: each baseline value that was seen to be another is that one. What does not fit its
 * attribute's type is a value that nobody knows. */
struct model *model_build_seen(struct compilation *c, const char *path, const struct seen_list *seen, const struct facts_done *done);
/* What was seen as a value of an attribute's type, in *out; false when it does not fit. */
bool seen_value(const struct model *m, uint32_t resource, uint32_t attribute_name, const struct seen *s, struct value *out);
struct model *model_build_source(struct compilation *c, uint32_t source); /* the same for a source that has been added; never NULL */
/* True when errors of family 0 or 1 stand, so that a proof would speak of something else than what was meant. */
bool model_broken(const struct model *m);
/* Which resources such errors speak of, themselves or by what they refer to: one flag for each, in the arena. */
bool *model_doubtful(const struct model *m);

/* Whom it is changed through, and who owns it: resources, NONE. */
static inline uint32_t resource_via(const struct model *m, uint32_t resource) { return m->rare.at[m->resources.at[resource].rare].via; }
static inline uint32_t resource_owner(const struct model *m, uint32_t resource) { return m->rare.at[m->resources.at[resource].rare].owner; }
/* Its name in the world. */
static inline uint32_t resource_world_name(const struct model *m, uint32_t resource) {
  uint32_t name = m->rare.at[m->resources.at[resource].rare].world_name;
  return name ? name : m->resources.at[resource].name;
}
struct span resource_span(const struct model *m, uint32_t resource); /* kind and name of its declaration */
/* What few resources have, of one's own: to be set. */
struct resource_rare *resource_rare_own(struct model *m, uint32_t resource);

/* The statements of a step (or of a resource's observe, verify) with every interpolation done. `done` tells which steps
 * are done in the state the block runs in: for BLOCK_DO the state before the step, for BLOCK_UNDO the state after it,
 * for the others the state asked about. A step that covers several resources gives the blocks of each in turn. */
struct block step_block(struct model *m, uint32_t step, enum block_type type, const bool *done);
struct block step_block_in(struct arena *a, struct model *m, uint32_t step, enum block_type type, const bool *done);
/* A do, undo or verify that no state of the plan has a say in is evaluated once, and kept: those of one shape are the same but for
 * the texts of their values. NONE: it depends on which other steps are done (or is no such block), and step_block() evaluates it. */
uint32_t step_shape(const struct model *m, uint32_t step, enum block_type type);
uint32_t shape_count(const struct model *m);
struct block step_kept(struct arena *a, const struct model *m, uint32_t step, enum block_type type); /* of a shape; verify: of the step done */
uint32_t shape_values(const struct model *m, uint32_t shape); /* how many there are */
void step_values(struct arena *a, const struct model *m, uint32_t step, enum block_type type, const char **texts); /* the texts of those of a kept one */
struct block shape_block(struct arena *a, const struct model *m, uint32_t shape, const char *const *texts);        /* with these instead */
/* The texts of values in the `$` lines of a kept block, without those that the plan writes there itself, one after the other as long as
 * `look` says true. Did it always? */
bool step_lines_say(struct arena *a, const struct model *m, uint32_t step, enum block_type type, bool (*look)(const void *data, const char *text), const void *data);
struct block resource_observe(struct model *m, uint32_t resource, const bool *done); /* n 0: the kind has none */
bool resource_observes(const struct model *m, uint32_t resource); /* does its kind say how it is looked at? O(1) */
bool model_observes(const struct model *m);                       /* that of any resource? O(kinds) */
/* How to fetch a secret: commands whose one observation's filter gives its value; n 0 for env, file and prompt. */
struct block secret_fetch(struct model *m, uint32_t secret, const bool *done);
/* The same with what else its source can say of it, for who looks and does not fetch: `lifetime = jq …`, the seconds that the secret
 * lives on, and `access = jq …`, those that what it is fetched with does; null where there is no end. */
struct block secret_fetch_whole(struct model *m, uint32_t secret, const bool *done);

/* Guards. */
uint32_t guard_of(struct model *m, const uint32_t *literals, uint32_t n); /* interned; NONE if it contradicts itself */
uint32_t guard_and(struct model *m, uint32_t a, uint32_t b);              /* NONE when both can't hold */
bool guard_holds(const struct model *m, uint32_t guard, const bool *done);
struct fact *fact_wake(const struct model *m, struct fact_slot *slots, uint32_t id);
/* One of the facts of a model, or of a copy of its slots. */
static inline struct fact *fact_in(const struct model *m, struct fact_slot *slots, uint32_t id) {
  return slot_asleep(slots[id]) ? fact_wake(m, slots, id) : (struct fact *)(uintptr_t)slots[id].bits;
}
static inline struct fact *fact_at(const struct model *m, uint32_t id) { return fact_in(m, m->facts.at, id); }
/* A need of a resource, or serves at an address, in every state, of which nothing else is kept: for who looks for other facts and goes
 * past these. */
static inline bool fact_asleep(const struct model *m, uint32_t id) { return slot_asleep(m->facts.at[id]); }
static inline bool need_asleep(const struct model *m, uint32_t id) { return slot_on(m->facts.at[id]) != NONE; }
/* It sleeps, and can't be one that serves at this address, in whatever zone. O(zones). */
bool fact_elsewhere(const struct model *m, uint32_t id, const struct address *a);
size_t fact_size(const struct fact *f); /* how much of it there is */
struct fact *fact_copy(struct arena *a, const struct fact *f);
struct need fact_need(const struct fact *f); /* of a fact that is one: its need by itself, with what a resource's has not */
/* The attribute of a fact, in model.attributes; NONE. */
uint32_t fact_attribute(const struct model *m, const struct fact *f);
#define ATTRIBUTE_ASLEEP 0x80000000u /* in fact.attribute: the rest counts from the first of the resource's attributes */
/* A resource's attributes, [at, end) of model.attributes. Of a resource of plain values that do not change they are made when somebody
 * asks (model/asleep.c): nothing but this may look at `attributes` and `attribute_count`. */
struct attribute_range { uint32_t at, end; };
struct attribute_range attributes_of(const struct model *m, uint32_t resource);
/* The same for who looks at no values: those of which nothing can be wrong may not have been read. */
struct attribute_range attributes_unread(const struct model *m, uint32_t resource);
void attributes_of_all(const struct model *m); /* makes those of all: for who goes through model.attributes */
/* The value of a resource's attribute with a given name in a state; NULL when it has none. */
const struct value *attribute_value(const struct model *m, uint32_t resource, uint32_t name, const bool *done);
/* The same of `exists`; NULL of a resource that always does. O(1). */
const struct value *resource_existence(const struct model *m, uint32_t resource, const bool *done);
struct attribute *attribute_find(const struct model *m, uint32_t resource, uint32_t name);
uint32_t resource_find(const struct model *m, uint32_t name); /* O(1) */
uint32_t step_find(const struct model *m, const char *id);

/* The model as JSON, "cutc-model/1"; `order`, `timeline` and `outages` come from the proof. */
struct proof;
void model_json(struct text *out, const struct model *m, const struct proof *p);

#endif
