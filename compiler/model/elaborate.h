/* The inside of model/: from the syntax tree to struct model. Private to this folder.
 *
 * Order of the passes (build.c): modules -> kinds -> declarations -> steps' names -> attributes (lazily) -> secrets
 * -> facts -> steps' terms -> promises, clients -> rules -> asks. Everything is evaluated by eval_cases: an expression
 * gives one value per guard. An error gives a *poisoned* value, which no pass complains about again. */
#ifndef CUTC_ELABORATE_H
#define CUTC_ELABORATE_H

#include "model/model.h"

struct elaboration;

#define CASES_MAX 256u /* combinations of one expression; more is E113 */
#define DEPTH_MAX 256u /* nesting of evaluation; more is E005 */
#define COPIES_MAX 200000u /* declarations that loops may make */

/* ── Tables ────────────────────────────────────────────────────────────────── */

/* From an id (usually of a name) to another. O(1). */
struct index {
  uint32_t *keys, *values; /* key + 1; 0 is empty */
  uint32_t n, cap;
  uint32_t *dense, dense_cap; /* of a table that holds most keys: value + 1 by key, and neither of the above */
};
void index_dense(struct arena *a, struct index *t, uint32_t keys); /* of an empty table */
uint32_t index_get(const struct index *t, uint32_t key); /* NONE */
/* Adds unless the key is there; returns the value that stands there then. */
uint32_t index_put(struct arena *a, struct index *t, uint32_t key, uint32_t value);

/* It is asked for soon: so many at once are fetched from memory side by side. */
static inline void index_expect(const struct index *t, uint32_t key) {
  if (key < t->dense_cap) __builtin_prefetch(&t->dense[key]);
}

void index_set(struct index *t, uint32_t key, uint32_t value); /* of a key that is there */

/* ── Types ─────────────────────────────────────────────────────────────────── */

enum type_tag {
  T_ANY, T_STRING, T_NUMBER, T_BOOL, T_DURATION, T_VERSION, T_ADDRESS, T_RANGE, T_CIDR, T_PORT, T_ENDPOINT, T_URL,
  T_HOST,     /* an address, a name, or what stands for an address */
  T_ZONE,
  T_RESOURCE, /* kind: of that kind, NONE: any */
  T_SECRET, T_KIND, T_STEP,
  T_WORD,     /* name: this enum value */
  T_LIST, T_MAP, T_OPTIONAL, /* of[0] */
  T_ONE_OF    /* of[0..n) */
};
struct type {
  uint8_t tag;
  uint32_t name;               /* T_WORD */
  uint32_t kind;               /* T_RESOURCE: index into elaboration.kinds, NONE: any kind */
  const struct type *const *of;
  uint32_t n;
};
#define WORDS(X)                                                                                                     \
  X(name) X(needs) X(after) X(via) X(observe_via) X(takes) X(disrupts) X(irreversible) X(owner) X(code) X(patch)       \
  X(early) X(atomic) X(lag) X(unreliable) X(accounts) X(zone) X(id) X(exists) X(done) X(old) X(new) X(any) X(run)      \
  X(work) X(covers) X(as) X(up) X(disrupted) X(changed) X(hairpins) X(overlaps) X(host) X(port) X(join) X(length)      \
  X(basename) X(seconds) X(ssh) X(file) X(env) X(jq) X(prompt) X(at_least) X(any_of) X(negative_ttl) X(probe)          \
  X(operator) X(window) X(search) X(locks) X(pipe) X(never) X(stop) X(grace) X(GET) X(HEAD)
/* Name ids of the words that the compiler knows. */
struct word_table {
#define WORD(w) uint32_t w;
  WORDS(WORD)
#undef WORD
};
/* The ones without parts, by tag: type_plain(T_URL). NULL where a type is wanted means T_ANY: no coercion. */
const struct type *type_plain(enum type_tag tag);
const struct type *type_list_plain(enum type_tag tag); /* [T] */
/* Does a value of this type fit here (through `T?`, `A | B`, `[T]`)? */
bool type_wants(const struct type *t, enum type_tag tag);
bool type_has_word(const struct type *t, uint32_t name);
/* In words, "an address", "`Cluster` or `Local`", "a list of ports". In the arena. */
const char *type_text(struct elaboration *e, const struct type *t);

/* ── Kinds ─────────────────────────────────────────────────────────────────── */

struct field {
  uint32_t name, node;      /* N_FIELD */
  uint32_t preset;          /* node of the default, 0 */
  const struct type *type;  /* never NULL; T_ANY when it is malformed */
};
struct kind {
  uint32_t name, node;      /* name id, N_KIND */
  struct type *type;        /* a resource of this kind */
  const struct field *fields; uint32_t field_count; /* a resource's first attributes are these, in this order */
  uint32_t stands;          /* field it stands for, NONE */
  uint32_t asks;            /* N_ASKS, 0 */
  uint32_t verify, fetch;   /* N_VERIFY, N_FETCH, 0 */
  bool has_carry;
  bool provider;            /* carries, fetches, or some kind is changed or observed via it */
  ARRAY(uint32_t) changes;  /* N_CHANGE, in order */
  ARRAY(uint32_t) carries;  /* N_CARRY */
  ARRAY(uint32_t) observes; /* N_OBSERVE */
  ARRAY(uint32_t) presets;  /* N_ATTR: defaults of universal attributes */
  ARRAY(uint32_t) resources;/* of this kind, in id order */
}; /* `require`s and facts are read from the children of `node`: they may stand in a `when` */
/* O(fields). NONE when the kind has no such field. */
uint32_t kind_field(const struct kind *k, uint32_t name);
/* Universal attributes (name, needs, after, via, takes, …): their type, NULL when it is none. */
const struct type *universal_type(struct elaboration *e, uint32_t name);

/* ── Declarations ──────────────────────────────────────────────────────────── */

/* A variable of a `for`, of a rule, or a name that a block defines (path, field). The innermost first. */
struct binding {
  uint32_t name;
  struct value value;           /* V_RESOURCE for a rule's variable */
  const struct type *type;      /* NULL: not known */
  const struct binding *outer;
};
/* A declaration with the loops around it unrolled. */
struct declared {
  uint32_t name;                /* name id: identifier, after interpolation; 0 for promises and waivers */
  uint32_t node;
  uint32_t iteration;           /* counts the unrolled copies of this node */
  const struct binding *bindings;
  struct span at;               /* where its name stands */
};
struct declared_list { struct declared *at; uint32_t n, cap; };

struct of_kind { uint32_t kind; struct cases cases; }; /* the value of `KIND.attribute` in all states */

enum lazy { LAZY_NOT, LAZY_RUNNING, LAZY_DONE };
/* Beside each struct attribute; its type is that of the field, or of what every resource may say (attribute_wants). */
struct lazy_attribute {
  uint8_t state;                /* enum lazy */
  bool preset;                  /* node is the kind's default: evaluated in the kind's scope */
  uint32_t node;                /* the value's expression, 0: `none` (an optional field left out), NONE: an error stood there,
                                   from NODE_TEXT on: attribute_open */
};
struct elaboration {
  struct model *m;
  struct compilation *c;
  struct tree *tree;
  struct cases always;          /* true, for resources that always exist */
  uint32_t depth;
  ARRAY(uint32_t) files;        /* N_FILE, in order of use; files.at[0] is the plan */
  ARRAY(uint32_t) headings;     /* what they declare outside of loops, but for resources, in this order: those are many */
  uint32_t written;             /* resources outside of loops, */
  uint32_t written_out;         /* and those of them that are no N_PLAIN */
  ARRAY(struct kind) kinds;
  ARRAY(struct lazy_attribute) lazies;        /* beside model.attributes */
  struct declared_list lets, steps, secrets, rules, tools; /* secrets, tools: indices as in the model */
  struct declared_list promises;              /* N_PROMISE and N_ALLOW of the plan, in order */
  struct declared_list plans;                 /* N_PLAN */
  ARRAY(uint8_t) let_states;    /* enum lazy; used ones are not LAZY_NOT at the end */
  ARRAY(uint32_t) running;      /* attributes under evaluation, for E109 */
  uint32_t suggested;           /* names looked at for did-you-mean */
  ARRAY(uint32_t) afters;       /* resources that say `after` */
  const struct seen_list *seen; /* seen.c; NULL */
  struct asleep *asleep;        /* asleep.c */
  bool related;                 /* all attributes have their values, and resources their relations */
  bool unasked;                 /* a constant that nobody uses is looked at: its words may be those of any kind */
  bool naming;                  /* steps have no names yet: a changing attribute is its first value, nothing is kept */
  struct index kind_index, zone_index, resource_index, let_index, secret_index, tool_index, rule_index, step_index /* N_STEP names */;
  struct index hosted, hosted_below;          /* names of `hosts` facts; of their patterns what follows `*.` */
  bool unplaced;                /* some fact needs an endpoint without saying where it is looked up */
  struct index said_twice;      /* nodes whose name was said to be taken */
  struct index step_names;      /* name id of a step's id -> model.steps; a resource's own step is not in it: step_named */
  struct index marks_of;        /* attribute -> what guards call its hops, in `marks`; where no step has parts, they are its steps */
  ARRAY(uint32_t) marks;
  struct index preset_index;    /* node of a kind's literal default -> presets */
  ARRAY(struct cases) presets;
  const bool *ends[2];          /* nothing done, all done; of ends_count flags */
  size_t ends_count;
  struct index of_kind_index;   /* the node of `KIND.attribute` -> of_kinds */
  ARRAY(struct of_kind) of_kinds;
  uint64_t asked;               /* how often it was asked whether a guard holds in one state */
  struct kept_blocks *kept;     /* commands_kept.c */
  struct way_table *ways;       /* ways.c */
  struct guard_table *guards;   /* guards.c */
  struct step_table *table;     /* steps.c */
  struct word_table *words;     /* names.c: ids of the names that the compiler knows */
};

/* What few resources have: to be read. */
static inline const struct resource_rare *resource_rare(const struct elaboration *e, uint32_t resource) {
  return &e->m->rare.at[e->m->resources.at[resource].rare];
}

/* ── Scopes ────────────────────────────────────────────────────────────────── */

enum leads { LEADS_NOWHERE, LEADS_FORWARD, LEADS_BACK };
/* Where an expression stands. Start from scope_plan() or scope_resource() and set what differs. */
struct scope {
  uint32_t self;                /* bare names are attributes of this resource first; NONE in the plan */
  uint32_t via;                 /* resource that `via` stands for; NONE: the resource's own */
  const struct binding *bindings; /* before the attributes */
  const bool *done;             /* NULL: all states at once, one case per guard. Else just this state's value
                                   (steps.n + parts.n flags; use state_complete to fill the parts) */
  uint32_t step;                /* of a do, undo or verify; NONE. What `leads` speaks of */
  uint8_t leads;                /* FORWARD: bare names are as after `step`, old(x) as before it and new(x) as after it.
                                   BACK: bare names as before it, old(x) as after it, new(x) as before it.
                                   NOWHERE: bare names as they are; old(x) the baseline, new(x) the end of the plan */
  uint32_t hop;                 /* attribute that a bare `old` or `new` speaks of; NONE: E110 */
  uint32_t value_index;         /* which value an N_TRANSITION gives; NONE: an arrow is an error here */
  uint32_t guard;               /* only the cases that go with this guard matter (inside a `when`) */
  bool for_people;              /* interpolated resources give their identifier instead of their name in the world */
};
struct scope scope_plan(const struct binding *bindings);
/* self = the resource, bindings = those of its declaration only when `written` (text in the plan); kinds see none. */
struct scope scope_resource(const struct elaboration *e, uint32_t resource, bool written);
/* For text in a do or undo of `resource` as part of `step`: sets step, leads, and hop (the resource's only changing
 * attribute in that step, NONE if there are several with different values). */
void scope_step(const struct elaboration *e, struct scope *s, uint32_t resource, uint32_t step, enum leads leads);

/* ── Evaluation ────────────────────────────────────────────────────────────── */

/* All values of an expression, coerced to `want` (NULL: as it is), with findings for what does not fit. Guards are
 * disjoint and cover the reachable states; at most CASES_MAX, else E113 and one poisoned value. n is at least 1.
 * With scope.done set there is just one case. Values are in the arena. */
struct cases eval_cases(struct elaboration *e, const struct scope *s, uint32_t node, const struct type *want);
/* The value in one state: like eval_cases with scope.done = done. Parts of done must be filled in. */
struct value eval_in_state(struct elaboration *e, const struct scope *s, uint32_t node, const struct type *want, const bool *done);
/* A value that must not change: E111 when it does (what: "a `takes`", "a promise's limit"). */
struct value eval_constant(struct elaboration *e, const struct scope *s, uint32_t node, const struct type *want, const char *what);

struct value value_poison(struct span at);        /* an error that was already reported */
bool value_poisoned(const struct value *v);       /* V_UNKNOWN that came from an error; `unknown` in a plan is not */
bool cases_poisoned(const struct cases *c);       /* any of them */
struct value value_resource(uint32_t resource, struct span at);
struct value value_text_of(struct elaboration *e, const char *text, struct span at); /* V_STRING */
/* As interpolated: strings bare, resources by their name in the world (identifier for people), lists joined by ", ".
 * false when it has no text: none, unknown, secret, map (the caller complains). */
bool value_interpolate(struct elaboration *e, struct text *out, const struct value *v, bool for_people);

/* Fits a value to a type; a finding at v->at when it does not (`what` names the place: "`address` of `traefik`", may be NULL),
 * and the result is poisoned. Strings become URLs, endpoints, addresses, …; one T becomes a [T] of one; a resource that
 * stands for an address remains a V_RESOURCE (see value_stand). */
struct value value_coerce(struct elaboration *e, const struct value *v, const struct type *want, const char *what);
bool value_fits(struct elaboration *e, const struct value *v, const struct type *want, struct value *out); /* without findings */
const char *value_described(struct elaboration *e, const struct value *v); /* "`443/tcp` is a port" */
/* A V_RESOURCE whose kind stands for a field becomes that field's cases (again and again); anything else is one case. */
struct cases value_stand(struct elaboration *e, const struct scope *s, const struct value *v);
/* eval_cases, and each value that stands for something replaced by what it stands for (lists' elements too). */
struct cases eval_standing(struct elaboration *e, const struct scope *s, uint32_t node, const struct type *want);

/* Every (x, y) with its combined guard, impossible combinations left out; false (and E113 at `at`, once) past CASES_MAX. */
struct cases_builder { struct cases cases; uint32_t cap; bool overflow; struct span at; };
void cases_add(struct elaboration *e, struct cases_builder *b, const struct value *v, uint32_t guard);
/* Equal values under guards that differ stay separate: the guards are minimal as written. */

/* One conjunction: holds where the guard holds, while `during` runs (NONE: at any moment), all of `up` are up, all of
 * `down` are not, and each hairpin is or is not. `not_during`: not while one of these steps runs
 * (a cube with `during` has it resolved already; one without `up` and `down` may ignore it, since it holds before or after as well). */
struct cube {
  uint32_t guard, during;
  const uint32_t *up, *down, *not_during;
  uint32_t up_count, down_count, not_during_count;
  const struct hairpin *hairpins; uint32_t hairpin_count;
};
struct cubes { struct cube *at; uint32_t n, cap; };
/* Where a condition is true, false, and unknown (it hangs on an `unknown`: a `require` fails there). DNF each, pairwise
 * disjoint in their guards; what is poisoned is in none. */
struct condition { struct cubes yes, no, unknown; bool poisoned; };
struct condition eval_condition(struct elaboration *e, const struct scope *s, uint32_t node);
/* a and b: every pair, contradictions left out. Of more than CUBES_MAX some are left out too: such a list is not one to go on with. */
enum { CUBES_MAX = 4096 };
struct cubes cubes_and(struct elaboration *e, const struct cubes *a, const struct cubes *b);
void cubes_append(struct elaboration *e, struct cubes *to, const struct cubes *from);
struct cubes cubes_always(struct elaboration *e); /* one cube without conditions */
/* No more than CUBES_MAX? E113 at `at` otherwise. */
bool cubes_fit(struct elaboration *e, const struct cubes *c, struct span at);
bool cubes_and_one(struct elaboration *e, const struct cube *a, const struct cube *b, struct cube *out);
/* The guards of a condition in a place where only attributes may count (`when`, `needs`, promises): E114 for up() and the like. */
struct condition eval_plain_condition(struct elaboration *e, const struct scope *s, uint32_t node);

/* What is known of an expression's type without evaluating it; NULL when nothing is. */
const struct type *type_of(struct elaboration *e, const struct scope *s, uint32_t node);

/* ── Names ─────────────────────────────────────────────────────────────────── */

/* A resource, step (declared with `step`) or chain named by text; used by `after`, `disrupts`, `covers`. */
uint32_t kind_find(const struct elaboration *e, uint32_t name);    /* index into kinds, NONE */
uint32_t zone_find(const struct elaboration *e, uint32_t name);    /* NONE */
uint32_t secret_find(const struct elaboration *e, uint32_t name);  /* index into secrets, NONE */
/* E103 (or what fits the wanted type: E101, E104) with did-you-mean; returns a poisoned value. */
struct value name_unknown(struct elaboration *e, const struct scope *s, uint32_t node, const struct type *want);
/* How many of n names may still be looked at for did-you-mean, and counts them: what a plan full of typos costs is bounded. */
uint32_t suggest_among(struct elaboration *e, uint32_t n);
/* Adds "did you mean `x`?" as help when something is near. */
void suggest(struct elaboration *e, struct finding *f, const char *word, const char *const *candidates, uint32_t n);
/* Text of a node's name. */
const char *node_name(const struct elaboration *e, uint32_t node);
#define NODE(e, id) (&(e)->tree->nodes.at[id])
/* The n-th child, 0 when there is none. */
uint32_t node_child(const struct elaboration *e, uint32_t node, uint32_t n);
/* Does an arrow stand in it, or is it one? */
bool node_arrows(struct elaboration *e, uint32_t node);
/* A child N_ATTR with that name (written as text), 0. */
uint32_t node_attr(const struct elaboration *e, uint32_t node, const char *name);
void words_know(struct elaboration *e);
uint32_t known_name(struct elaboration *e, const char *text); /* name_str */

/* ── Attributes ────────────────────────────────────────────────────────────── */

const struct type *attribute_wants(struct elaboration *e, uint32_t attribute);
/* The cases of an attribute, evaluated at first use (E109 when it hangs on itself). */
const struct cases *attribute_cases(struct elaboration *e, uint32_t attribute);
uint32_t attribute_index(const struct elaboration *e, uint32_t resource, uint32_t name); /* into model.attributes, NONE */
uint32_t attribute_named(struct elaboration *e, uint32_t resource, const char *name);    /* likewise */
/* An attribute that can't change, in the baseline: NULL when it has none or it is `none`. */
const struct value *attribute_constant(struct elaboration *e, uint32_t resource, const char *name);
/* Its zone, provider and owner, from its attributes. */
void attributes_relate(struct elaboration *e, uint32_t resource);
/* The guards under which a resource exists: one of GUARD_ALWAYS, or those of its `exists`. */
struct cases resource_exists(struct elaboration *e, uint32_t resource);

/* ── Choosing how a resource is changed and looked at ──────────────────────── */

/* "via KIND" for a resource: its own `via` where that is of the kind (index), else the only one of that kind, else what
 * `observe_via` says; NONE (and no finding) when there is none. kind NONE: its own via. */
uint32_t via_for(struct elaboration *e, uint32_t resource, uint32_t kind);
/* The N_CHANGE (of its kind) or N_CARRY (of its provider's) that changes a resource, 0 when there is none; the provider in *via. */
uint32_t change_for(struct elaboration *e, uint32_t resource, uint32_t *via);
/* Which text is the do, undo or verify (N_DO, N_UNDO, N_VERIFY) of a resource: its own, else that of change_for, else (verify)
 * its kind's; looks into `when`s, whose conditions are evaluated in state `done` (NULL: the baseline). 0 when there is none.
 * *s becomes the scope it is read in (without step and leads: scope_step). */
uint32_t block_for(struct elaboration *e, uint32_t resource, enum node_type type, const bool *done, struct scope *s);
/* The N_OBSERVE of a resource and its scope, 0. */
uint32_t observe_for(struct elaboration *e, uint32_t resource, struct scope *s);

/* ── Hosts, endpoints, needs ───────────────────────────────────────────────── */

struct need_list { struct need *at; uint32_t n, cap; };
struct need need_empty(void); /* every id NONE */
bool resource_stands(const struct elaboration *e, uint32_t resource); /* its kind `stands for` a field */
/* An address, CIDR, range, string (name or `*.` pattern), endpoint or URL as a host; HOST_UNKNOWN for unknown; false (no finding)
 * when it is none of these. */
bool host_of_value(struct elaboration *e, const struct value *v, struct host *out);
/* An endpoint or URL (or a bare host) as NEED_ENDPOINT, zone, dns, guard unset; false when it is none. */
bool need_of_value(struct elaboration *e, const struct value *v, struct need *out);
/* What `needs X` means: resources, endpoints, counts, lists of them, and conditions (NEED_NEVER where they are false), each under
 * its guards, and'ed with `guard`. */
void needs_of_operand(struct elaboration *e, const struct scope *s, uint32_t node, uint32_t guard, struct need_list *out);
/* Endpoints that the statements of a block ask for (http, tcp, dns, `needs`), each under its guards. */
void needs_of_statements(struct elaboration *e, const struct scope *s, uint32_t block, uint32_t guard, struct need_list *out);
/* The same of a value that is there already. */
void needs_of_value(struct elaboration *e, const struct scope *s, const struct value *v, uint32_t guard, struct need_list *out);
/* The provider is up. */
void needs_of_provider(struct elaboration *e, uint32_t provider, uint32_t guard, struct span at, struct need_list *out);
/* Endpoints from out->at[from] on that have no zone are looked up from the operator's place: zone and dns are set (one need per
 * dns it ever has). */
void needs_from_operator(struct elaboration *e, struct need_list *out, uint32_t from);
/* Does some `hosts` of the plan match this host name? Known once facts are built. */
bool host_is_hosted(const struct elaboration *e, uint32_t name);
void need_hosted(struct elaboration *e, struct need *need); /* sets the vhost of an endpoint whose name is hosted */
uint32_t name_lower(struct elaboration *e, uint32_t name); /* lower case, without a final dot */

/* ── Guards ────────────────────────────────────────────────────────────────── */

/* Marks are what guards speak of: steps, and from steps.n on the parts of covering steps. */
uint32_t guard_after(struct elaboration *e, uint32_t mark);
uint32_t guard_before(struct elaboration *e, uint32_t mark);
/* Marks that are done whenever `mark` is (chains, first and last hops): guards that contradict this are impossible. Keeps `marks`. */
void guards_imply(struct elaboration *e, uint32_t mark, uint32_t *marks, uint32_t n);
/* The guard, given that a step is (not) done: NONE when it contradicts, else without its literals. */
uint32_t guard_given(struct elaboration *e, uint32_t guard, uint32_t step, bool done);
/* Fills the flags of parts from those of their steps. */
void state_complete(const struct model *m, bool *done);
/* A fresh state: nothing done (all = false) or everything. */
bool *state_new_flags(struct elaboration *e, bool all);
/* The same, to be read only: one for all who ask. */
const bool *state_at_end(struct elaboration *e, bool all);
/* The steps that its hops belong to, in order of their ids; n 0 when it does not change. */
const uint32_t *steps_of_resource(struct elaboration *e, uint32_t resource, uint32_t *n);
uint32_t step_named(const struct elaboration *e, uint32_t name); /* by its id: into model.steps, NONE */
/* Steps that disrupt a resource: list in the arena. O(1) after the first call. */
const uint32_t *steps_disrupting(struct elaboration *e, uint32_t resource, uint32_t *n);

/* ── asleep.c: resources whose attributes nobody has asked for ─────────────── */

/* Of a plan whose resources are declared now: which of them may sleep at all, or be declared from their text. */
void asleep_begin(struct elaboration *e);
/* May the last resource that was declared, an N_PLAIN, sleep? Then it does, and is as if declared with all its attributes. */
bool asleep_add(struct elaboration *e, uint32_t resource, const struct plain *p, uint32_t kind);
/* It may not, but its attributes can be made of its text: attributes_of_text. */
bool asleep_text(const struct elaboration *e, const struct plain *p, uint32_t kind);
bool resource_asleep(const struct model *m, uint32_t resource);
bool asleep_without(const struct elaboration *e, uint32_t resource, uint32_t name); /* it sleeps, and has no such attribute */
/* Nothing that is awake moves when others wake, until more is declared. */
void asleep_room(struct elaboration *e);
/* Reads the facts of all that sleep, and their zones: a second thread begins with it while what follows the declarations is made, */
void asleep_read_ahead(struct elaboration *e);
/* and has come to an end here. Before that none may wake (attributes_of does not let them), and no name be added (name_of does not). */
void asleep_read(struct elaboration *e);
void asleep_alone(struct elaboration *e);
/* Adds those of one and of the next that sleep, in the order of the resources; the first that does not: it is awake already, or now,
 * since its facts can't be read from its text at once. Where others have woken since they were read, their facts are left out. */
uint32_t asleep_facts(struct elaboration *e, uint32_t resource);
/* Adds the needs of one that is awake but no more than its text, where each is a resource in every state; false: it adds none. In the same
 * order. */
bool asleep_needs(struct elaboration *e, uint32_t resource);
void asleep_taken(struct elaboration *e); /* that was the last */
void fact_keep(struct elaboration *e, const struct fact *fact); /* facts.c */
void attributes_declare(struct elaboration *e, uint32_t resource); /* declare.c: those of one that wakes */
void attribute_add(struct elaboration *e, uint32_t owner, uint32_t name, uint32_t value, bool preset, struct span at);

/* ── text.c: attributes without nodes ──────────────────────────────────────── */

/* In place of the node of what an attribute says: it is kept as text alone, which lies where the attribute stands (`at`). Of that so much is
 * known: the type of its first value (enum value_type; V_WORD: a reference), how many follow each other, and whether all are literals. */
#define NODE_TEXT 0xffff0000u
static inline uint32_t node_text(uint8_t first, uint32_t links, bool literals) { return NODE_TEXT | (uint32_t)first << 8 | (literals ? 0x80 : 0) | links; }
static inline bool node_is_text(uint32_t node) { return node >= NODE_TEXT && node != NONE; }
static inline uint32_t node_text_links(uint32_t node) { return node & 0x7f; }
static inline bool node_text_literals(uint32_t node) { return node & 0x80; }
static inline bool node_text_single(uint32_t node, enum value_type first) { return (node & 0xff7f) == ((uint32_t)first << 8 | 1); }
/* The node, made for the moment where there is only the text: it is gone when it is closed. What is opened meanwhile is closed before. */
struct opened { uint32_t node, nodes, values; bool made; };
struct opened attribute_open(struct elaboration *e, uint32_t attribute);
void attribute_close(struct elaboration *e, const struct opened *o);
/* Where it is kept as text, and its index-th value is a literal that is wanted as it is written: that. */
bool attribute_as_text(struct elaboration *e, uint32_t attribute, uint32_t index, struct guarded *out);
/* It does not change, is kept as text, and nothing can be wrong with it, a literal that is wanted or a zone; or it is a list of what is
 * needed, which is read with the facts. Nothing is made to find that out. */
bool attribute_quiet(struct elaboration *e, uint32_t attribute);
/* The one value that it says, where nobody has read it yet: for who does not keep it. False where that is for attribute_cases. */
bool attribute_glance(struct elaboration *e, uint32_t attribute, struct guarded *out);
/* How many values follow each other in what it says itself; 1 without arrows. Are they at `spans`? NULL: nobody asks. */
uint32_t attribute_links(const struct elaboration *e, uint32_t attribute, struct span *spans);
/* It is a reference, and no more. */
bool attribute_refers(const struct elaboration *e, uint32_t attribute);
/* Its index-th value of several is a literal. */
bool attribute_literal(const struct elaboration *e, uint32_t attribute, uint32_t index);
/* It is read soon: of a large plan the text has long left the caches, and is fetched meanwhile. */
static inline void text_expect(const struct elaboration *e, struct span at) {
  if (at.source < e->c->sources.n) __builtin_prefetch(e->c->sources.at[at.source].text + at.start);
}
static inline void attribute_expect(const struct elaboration *e, uint32_t attribute) {
  if (attribute < e->m->attributes.n) text_expect(e, e->m->attributes.at[attribute].at);
}
/* Declares those of a resource whose shape is known to be made of its text (asleep.c). */
void attributes_of_text(struct elaboration *e, uint32_t resource);

/* ── The passes ────────────────────────────────────────────────────────────── */

/* seen.c: puts what was seen in place of the baseline's value, in the cases of an attribute. */
void seen_apply(struct elaboration *e, uint32_t attribute, struct cases *c);

bool modules_load(struct elaboration *e, const char *path); /* modules.c; false when the plan can't be read */
void modules_load_source(struct elaboration *e, uint32_t source); /* a source that has been added; `use "file"` is relative to its path */
void kinds_collect(struct elaboration *e);                  /* kinds.c: before declarations */
void hops_apply(struct elaboration *e);                     /* hops.c */
bool declare_all(struct elaboration *e);                    /* declare.c; false when loops make too much: the model is empty then */
void steps_name(struct elaboration *e);                     /* steps.c: which steps there are; fixes their ids */
void attributes_all(struct elaboration *e);                 /* attributes.c */
void facts_build(struct elaboration *e);                    /* facts.c */
void steps_build(struct elaboration *e);                    /* steps_terms.c */
void clients_build(struct elaboration *e);                  /* clients.c: clients, the plan's terms, waivers, tools; before secrets */
void promises_build(struct elaboration *e);                 /* promises.c: after facts */
void secrets_build(struct elaboration *e);                  /* secrets.c: model.secrets, one per e->secrets, same index */
void rules_build(struct elaboration *e);                    /* rules.c: model.forbidden from rules and `require`s of kinds */
bool client_is_broken(const struct elaboration *e, uint32_t resource); /* clients.c: it asks, and from where could not be made out: that is said */
void asks_build(struct elaboration *e);                     /* asks.c: model.asks */

void steps_finish(struct elaboration *e);                   /* steps_terms.c: what follows from commands */

#endif
