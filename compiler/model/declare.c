/* Declarations: syntax trees -> tables of resources with their attributes, steps, constants, zones, secrets, rules and
 * promises, with every `for` unrolled. Values are not looked at yet.
 * Guarantees: one name, one thing; attributes of a resource lie together, those of its kind first. */
#include "model/elaborate.h"

#include <string.h>

enum { EXPECTED = 8 /* resources ahead */ };

struct declarer {
  struct elaboration *e;
  struct index iterations; /* node -> copies made so far */
  struct declared_list loops;
  uint32_t copies;
  uint32_t kind_name, kind; /* of the resource before: mostly that of the next */
  bool too_large, unrolling;
};

/* ── Names ─────────────────────────────────────────────────────────────────── */

static const char *describe(const struct elaboration *e, uint32_t node) {
  switch ((int)NODE(e, node)->type) {
  case N_RESOURCE:
  case N_PLAIN: return name_text(&e->c->names, node_kind(e->tree, node));
  case N_STEP: return "step";
  case N_LET: return "constant";
  case N_ZONE: return "zone";
  case N_SECRET_DECL: return "secret";
  case N_TOOL: return "tool";
  case N_RULE: return "rule";
  default: return "declaration";
  }
}

static void twice(struct elaboration *e, const struct declared *d, uint32_t first_node, struct span first) {
  if (index_get(&e->said_twice, d->node) != NONE) return; /* a loop says it in every round */
  index_put(&e->c->arena, &e->said_twice, d->node, 0);
  const char *is = describe(e, d->node), *was = describe(e, first_node), *name = name_text(&e->c->names, d->name);
  struct finding *f = strcmp(is, was) ? finding_add(e->c, CODE_106, d->at, "%s `%s` and %s `%s` have one name: each needs one of its own", was, name, is, name)
                                      : finding_add(e->c, CODE_106, d->at, "%s `%s` is declared twice", is, name);
  finding_label(e->c, f, first, "first here");
}

/* Words that mean something else wherever a kind or a command says them: a reference would never get here. */
static void claimed(struct elaboration *e, const struct declared *d, struct span at) {
  const struct word_table *w = e->words;
  if (d->name != w->old && d->name != w->new && d->name != w->via && d->name != w->any) return;
  struct finding *f = finding_add(e->c, CODE_009, at, "`%s` is a word of the language and can't be a name here", name_text(&e->c->names, d->name));
  finding_caret(e->c, f, "choose another name");
  finding_remark(e->c, f, REMARK_HELP, d->name == w->via ? "in a kind it is the provider that carries out a change"
                                                   : d->name == w->any ? "where ports are wanted it is all of them"
                                                                       : "in `do` and `undo` it is one end of the change being made");
}

/* Resources, steps and constants share their names: a bare word could mean each of them. */
static bool taken(struct elaboration *e, const struct declared *d) {
  uint32_t id;
  claimed(e, d, d->at);
  if ((id = index_get(&e->resource_index, d->name)) != NONE) twice(e, d, e->m->resources.at[id].node, resource_span(e->m, id));
  else if ((id = index_get(&e->step_index, d->name)) != NONE) twice(e, d, e->steps.at[id].node, e->steps.at[id].at);
  else if ((id = index_get(&e->let_index, d->name)) != NONE) twice(e, d, e->lets.at[id].node, e->lets.at[id].at);
  else return false;
  return true;
}

static void into(struct elaboration *e, struct declared_list *list, struct index *names, struct declared d) {
  uint32_t first = index_put(&e->c->arena, names, d.name, list->n);
  if (first == list->n) array_push(&e->c->arena, list, d);
  else twice(e, &d, list->at[first].node, list->at[first].at);
}

/* The label of a resource or step; its interpolations see the loops' variables. 0 after a finding. */
static uint32_t label(struct declarer *d, uint32_t node, const struct binding *bindings, struct span *at) {
  struct elaboration *e = d->e;
  uint32_t child = NODE(e, node)->child;
  if (!child) return 0;
  *at = node_span(e->tree, child);
  struct scope s = scope_plan(bindings);
  s.for_people = true;
  const struct value *plain = NODE(e, child)->type == N_LITERAL ? &e->tree->values.at[NODE(e, child)->text].value : NULL;
  struct value v = plain && plain->type == V_STRING ? *plain : eval_constant(e, &s, child, type_plain(T_STRING), "a name");
  if (v.type != V_STRING) return 0;
  const char *text = name_text(&e->c->names, v.name);
  bool fine = *text && strlen(text) == name_length(&e->c->names, v.name);
  for (const char *p = text; *p && fine; p++)
    fine = (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') || (*p >= '0' && *p <= '9') || *p == '_' || *p == '-' ||
           (unsigned char)*p >= 0x80;
  if (fine) return v.name;
  struct finding *f = finding_add(e->c, CODE_107, *at, "`%.60s` cannot be a name: names have letters, digits, `_` and `-`", text);
  finding_remark(e->c, f, REMARK_HELP, "give it a plain name here and say `name = \"…\"` for its name in the world");
  return 0;
}

static void unknown_kind(struct elaboration *e, uint32_t node) {
  struct span at = node_span(e->tree, node);
  const char *word = name_text(&e->c->names, node_kind(e->tree, node));
  uint32_t label = NODE(e, node)->child;
  if (!NODE(e, node)->op) at.end = at.start + name_length(&e->c->names, node_kind(e->tree, node));
  else if (label) at.end = node_span(e->tree, label).end;
  struct finding *f = finding_add(e->c, CODE_101, at, "there is no kind `%s`", word);
  ARRAY(const char *) known = {0};
  for (uint32_t i = 0, n = suggest_among(e, e->kinds.n); i < n; i++) array_push(&e->c->arena, &known, name_text(&e->c->names, e->kinds.at[i].name));
  uint32_t best = known.n ? nearest(word, known.at, known.n) : NONE;
  if (best != NONE) finding_remark(e->c, f, REMARK_HELP, "did you mean `%s`?", known.at[best]);
  else finding_remark(e->c, f, REMARK_HELP, "declare it with `kind %s { … }`, or `use` the module that does", word);
}

/* ── A resource and its attributes ─────────────────────────────────────────── */

/* Of the resource whose attributes are being declared: they lie together. */
void attribute_add(struct elaboration *e, uint32_t owner, uint32_t name, uint32_t value, bool preset, struct span at) {
  e->m->resources.at[owner].attribute_count++;
  array_push(&e->c->arena, &e->m->attributes,
             (struct attribute){.name = name, .owner = owner, .at = at, .written = !preset && value});
  array_push(&e->c->arena, &e->lazies, (struct lazy_attribute){.preset = preset, .node = value});
}

static uint32_t find_written(struct elaboration *e, uint32_t node, uint32_t name) {
  for (uint32_t i = NODE(e, node)->child; i; i = NODE(e, i)->next)
    if (NODE(e, i)->type == N_ATTR && NODE(e, i)->text == name) return i;
  return 0;
}

/* A misspelt attribute has its own finding, which names this field. */
static bool misspelt(struct elaboration *e, const struct declared *d, const struct kind *k, const struct field *field) {
  const char *name = name_text(&e->c->names, field->name);
  for (uint32_t i = NODE(e, d->node)->child; i; i = NODE(e, i)->next)
    if (NODE(e, i)->type == N_ATTR && kind_field(k, NODE(e, i)->text) == NONE && !universal_type(e, NODE(e, i)->text) &&
        nearest(node_name(e, i), &name, 1) != NONE)
      return true;
  return false;
}

static void missing(struct elaboration *e, const struct declared *d, const struct kind *k, const struct field *field) {
  if (misspelt(e, d, k, field)) return;
  struct finding *f = finding_add(e->c, CODE_108, d->at, "%s `%s` does not say its `%s`: %s", node_name(e, d->node),
                                  name_text(&e->c->names, d->name), name_text(&e->c->names, field->name), type_text(e, field->type));
  f->resource = d->name;
  finding_label(e->c, f, node_span(e->tree, field->node), "declared here, without a default");
}

static void fields(struct elaboration *e, uint32_t id, const struct declared *d, const struct kind *k) {
  uint32_t next = NODE(e, NODE(e, d->node)->child)->next; /* behind those found so far, while all are in the order of the kind */
  for (uint32_t i = 0; i < k->field_count; i++) {
    const struct field *field = &k->fields[i];
    bool here = next && NODE(e, next)->type == N_ATTR && NODE(e, next)->text == field->name;
    uint32_t item = here ? next : find_written(e, d->node, field->name);
    if (here) next = NODE(e, next)->next;
    if (item && NODE(e, item)->child) attribute_add(e, id, field->name, NODE(e, item)->child, false, node_span(e->tree, NODE(e, item)->child));
    else if (item) attribute_add(e, id, field->name, NONE, false, node_span(e->tree, item)); /* a syntax error stood here */
    else if (field->preset) attribute_add(e, id, field->name, field->preset, true, node_span(e->tree, field->preset));
    else if (field->type->tag == T_OPTIONAL) attribute_add(e, id, field->name, 0, true, node_span(e->tree, field->node));
    else {
      missing(e, d, k, field);
      attribute_add(e, id, field->name, NONE, true, d->at);
    }
  }
}

static void unknown_attribute(struct elaboration *e, const struct declared *d, const struct kind *k, uint32_t item) {
  struct span at = node_span(e->tree, item);
  at.end = at.start + name_length(&e->c->names, NODE(e, item)->text);
  struct finding *f = finding_add(e->c, CODE_102, at, "%s `%s` has no attribute `%s`", node_name(e, d->node), name_text(&e->c->names, d->name), node_name(e, item));
  f->resource = d->name;
  ARRAY(const char *) known = {0};
  for (uint32_t i = 0, n = suggest_among(e, k->field_count); i < n; i++) array_push(&e->c->arena, &known, name_text(&e->c->names, k->fields[i].name));
  static const char *const universal[] = {"name", "needs", "after", "via", "takes", "disrupts", "irreversible", "owner", "code", "patch", "early", "atomic", "lag", "accounts"};
  for (size_t i = 0; i < sizeof universal / sizeof *universal; i++) array_push(&e->c->arena, &known, universal[i]);
  suggest(e, f, node_name(e, item), known.at, known.n);
}

static void given_twice(struct elaboration *e, const struct declared *d, uint32_t first, uint32_t item) {
  struct finding *f = finding_add(e->c, CODE_106, node_span(e->tree, item), "`%s` of `%s` is given twice", node_name(e, item), name_text(&e->c->names, d->name));
  finding_label(e->c, f, node_span(e->tree, first), "first here");
}

/* An item of the same name before this one, 0: a look back for the usual handful, a table for many. */
static uint32_t given_before(struct elaboration *e, uint32_t node, uint32_t item, uint32_t nth, struct index *seen) {
  if (nth >= 24) {
    uint32_t first = index_put(&e->c->arena, seen, NODE(e, item)->text, item);
    if (first != item) return first;
  }
  uint32_t k = 0;
  for (uint32_t i = NODE(e, node)->child; i && i != item && k < 24; i = NODE(e, i)->next) {
    if (NODE(e, i)->type != N_ATTR) continue;
    if (NODE(e, i)->text == NODE(e, item)->text) return i;
    k++;
  }
  return 0;
}

/* Attributes that every resource may have, those written first, then the kind's defaults; `after` is none of them. */
static void universals(struct elaboration *e, uint32_t id, const struct declared *d, const struct kind *k) {
  struct index seen = {0};
  uint32_t nth = 0;
  for (uint32_t i = NODE(e, d->node)->child; i; i = NODE(e, i)->next) {
    if (NODE(e, i)->type != N_ATTR) continue;
    uint32_t name = NODE(e, i)->text, value = NODE(e, i)->child, first = given_before(e, d->node, i, nth++, &seen);
    if (first) {
      given_twice(e, d, first, i);
      continue;
    }
    if (k && kind_field(k, name) != NONE) continue;
    const struct type *type = universal_type(e, name);
    if (name == e->words->after) array_push(&e->c->arena, &e->afters, id);
    if (!type && k) unknown_attribute(e, d, k, i);
    if (type && name != e->words->after) attribute_add(e, id, name, value ? value : NONE, false, node_span(e->tree, value ? value : i));
  }
  for (uint32_t i = 0; k && i < k->presets.n; i++) {
    uint32_t name = NODE(e, k->presets.at[i])->text, value = NODE(e, k->presets.at[i])->child;
    if (name != e->words->after && value && !find_written(e, d->node, name))
      attribute_add(e, id, name, value, true, node_span(e->tree, value));
  }
}

static void exists(struct elaboration *e, uint32_t id, const struct declared *d) {
  uint32_t name = e->words->exists;
  uint32_t at = NONE;
  for (uint32_t i = e->m->resources.at[id].attributes; i < e->m->attributes.n; i++)
    if (e->m->attributes.at[i].name == name) at = i;
  if (at != NONE) resource_rare_own(e->m, id)->exists = at;
  if (!NODE(e, d->node)->op) return;
  if (at != NONE) {
    finding_add(e->c, CODE_111, e->m->attributes.at[at].at, "`%s` is said to be %s already: `exists` cannot say it a second time",
                name_text(&e->c->names, d->name), NODE(e, d->node)->op == 1 ? "created" : "deleted");
    return;
  }
  resource_rare_own(e->m, id)->exists = e->m->attributes.n;
  attribute_add(e, id, name, 0, true, d->at);
}

struct resource_rare *resource_rare_own(struct model *m, uint32_t resource) {
  struct resource *r = &m->resources.at[resource];
  if (!r->rare) {
    array_push(&m->c->arena, &m->rare, m->rare.at[0]);
    r->rare = m->rare.n - 1;
  }
  return &m->rare.at[r->rare];
}

struct span resource_span(const struct model *m, uint32_t resource) {
  uint32_t node = m->resources.at[resource].node, label;
  if (!node) return NOWHERE; /* of a model that was read from JSON */
  struct span at = node_span(m->tree, node);
  if (m->tree->nodes.at[node].type == N_PLAIN) {
    struct plain p = plain_of(m->tree, node);
    at.end = p.label + name_length(&m->c->names, p.name);
  } else if ((label = m->tree->nodes.at[node].child) != 0) at.end = node_span(m->tree, label).end;
  return at;
}

static void attributes(struct elaboration *e, uint32_t id, const struct declared *d) {
  uint32_t kind = e->m->resources.at[id].kind_id;
  const struct kind *k = kind == NONE ? NULL : &e->kinds.at[kind];
  e->m->resources.at[id].attributes = e->m->attributes.n;
  bool text = NODE(e, d->node)->type == N_PLAIN;
  if (text) attributes_of_text(e, id);
  else if (k) fields(e, id, d, k);
  if (!text) universals(e, id, d, k);
  exists(e, id, d);
}

void attributes_declare(struct elaboration *e, uint32_t resource) {
  const struct resource *r = &e->m->resources.at[resource];
  struct span at = resource_span(e->m, resource);
  struct declared d = {.name = r->name, .node = r->node, .at = {at.source, at.end - name_length(&e->c->names, r->name), at.end}};
  attributes(e, resource, &d);
}

/* A name that nothing else could have, and that means nothing else: of most, this is all that has to be looked at. */
static bool fresh(const struct elaboration *e, uint32_t name) {
  const struct word_table *w = e->words;
  return index_get(&e->resource_index, name) == NONE && (!e->step_index.n || index_get(&e->step_index, name) == NONE) &&
         (!e->let_index.n || index_get(&e->let_index, name) == NONE) && name != w->old && name != w->new && name != w->via && name != w->any;
}

static void resource(struct declarer *all, uint32_t node, const struct binding *bindings, uint32_t iteration) {
  struct elaboration *e = all->e;
  struct declared d = {.node = node, .iteration = iteration, .bindings = bindings};
  struct plain plain = {0};
  bool is_plain = NODE(e, node)->type == N_PLAIN; /* its name is a word, and no other thing */
  if (is_plain) {
    plain = plain_of(e->tree, node);
    d.name = plain.name;
    d.at = (struct span){NODE(e, node)->source, plain.label, plain.label + name_length(&e->c->names, plain.name)};
  } else d.name = label(all, node, bindings, &d.at);
  uint32_t kind_name = is_plain ? e->tree->shapes.at[plain.shape].kind : NODE(e, node)->text;
  if (all->kind == NONE || kind_name != all->kind_name) all->kind = kind_find(e, all->kind_name = kind_name);
  uint32_t kind = all->kind;
  if (kind == NONE) unknown_kind(e, node);
  if (!d.name || (!fresh(e, d.name) && taken(e, &d))) return;
  struct model *m = e->m;
  uint32_t id = m->resources.n;
  array_push(&e->c->arena, &m->resources, (struct resource){.name = d.name, .kind = kind_name, .zone = NONE, .node = node, .kind_id = kind});
  if (bindings || iteration) {
    struct resource_rare *rare = resource_rare_own(m, id);
    rare->bindings = bindings;
    rare->iteration = iteration;
  }
  if (!is_plain || !asleep_add(e, id, &plain, kind)) {
    if (!is_plain || !asleep_text(e, &plain, kind)) tree_wake(e->tree, node);
    attributes(e, id, &d);
  }
  index_put(&e->c->arena, &e->resource_index, d.name, id);
  if (kind != NONE) array_push(&e->c->arena, &e->kinds.at[kind].resources, id);
}

/* ── Everything else ───────────────────────────────────────────────────────── */

static void zone(struct elaboration *e, uint32_t node) {
  struct model *m = e->m;
  uint32_t first = index_put(&e->c->arena, &e->zone_index, NODE(e, node)->text, m->zones.n);
  if (first == m->zones.n) {
    array_push(&e->c->arena, &m->zones, (struct zone){NODE(e, node)->text, NONE, node_span(e->tree, node)});
    return;
  }
  struct finding *f = finding_add(e->c, CODE_106, node_span(e->tree, node), "zone `%s` is declared twice", node_name(e, node));
  finding_label(e->c, f, m->zones.at[first].at, "first here");
}

/* `secret NAME`, without what stands in its braces. */
static struct span headline(const struct elaboration *e, uint32_t node) {
  struct span at = node_span(e->tree, node);
  if (at.source >= e->c->sources.n) return at;
  const char *text = e->c->sources.at[at.source].text;
  uint32_t n = name_length(&e->c->names, NODE(e, node)->text), i = at.start;
  while (i < at.end && text[i] >= 'a' && text[i] <= 'z') i++;
  while (i < at.end && (text[i] == ' ' || text[i] == '\t')) i++;
  if (at.end - i >= n && !memcmp(text + i, node_name(e, node), n)) at.end = i + n;
  return at;
}

static void unroll(struct declarer *all, const struct declared *loop);

static uint32_t copies_before(const struct declarer *all, uint32_t node) {
  uint32_t iteration = index_get(&all->iterations, node);
  return iteration == NONE ? 0 : iteration;
}

static void one(struct declarer *all, uint32_t node, const struct binding *bindings) {
  struct elaboration *e = all->e;
  struct declared d = {.name = NODE(e, node)->text, .node = node, .iteration = copies_before(all, node), .bindings = bindings, .at = node_span(e->tree, node)};
  switch ((int)NODE(e, node)->type) {
  case N_LET:
  case N_SECRET_DECL:
  case N_TOOL:
  case N_RULE: d.at = headline(e, node); break;
  default: break;
  }
  switch ((int)NODE(e, node)->type) {
  case N_LET:
    if (taken(e, &d)) break;
    into(e, &e->lets, &e->let_index, d);
    array_push(&e->c->arena, &e->let_states, LAZY_NOT);
    break;
  case N_STEP:
    d.name = label(all, node, bindings, &d.at);
    if (d.name && !taken(e, &d)) into(e, &e->steps, &e->step_index, d);
    break;
  case N_ZONE: zone(e, node); break;
  case N_SECRET_DECL: into(e, &e->secrets, &e->secret_index, d); break;
  case N_TOOL: into(e, &e->tools, &e->tool_index, d); break;
  case N_RULE: into(e, &e->rules, &e->rule_index, d); break;
  case N_PROMISE:
  case N_ALLOW: array_push(&e->c->arena, &e->promises, d); break;
  case N_PLAN: array_push(&e->c->arena, &e->plans, d); break;
  case N_HOPS:
    if (bindings) finding_add(e->c, CODE_111, d.at, "a change said apart from its resource stands outside of loops");
    break;
  case N_FOR:
    if (all->unrolling) unroll(all, &d);
    else array_push(&e->c->arena, &all->loops, d);
    break;
  default: break;
  }
}

static bool comes_early(const struct elaboration *e, uint32_t node) { return NODE(e, node)->type == N_LET || NODE(e, node)->type == N_ZONE; }

/* The text of one that is not to sleep is read when its turn has come: fetched meanwhile. */
static void expect(const struct elaboration *e, uint32_t node) {
  if (node >= e->tree->nodes.n || NODE(e, node)->type != N_PLAIN || !e->tree->shapes.at[plain_of(e->tree, node).shape].changes) return;
  struct span at = node_span(e->tree, node);
  for (; at.start < at.end; at.start += 64) text_expect(e, at);
}

/* Constants and zones first: names may be made from them. */
static void each(struct declarer *all, uint32_t first, const struct binding *bindings, bool early) {
  for (uint32_t i = first; i && !all->too_large; i = NODE(all->e, i)->next) {
    if (NODE(all->e, i)->type == N_PLAIN || NODE(all->e, i)->type == N_RESOURCE) {
      if (early) continue;
      expect(all->e, i + EXPECTED);
      resource(all, i, bindings, copies_before(all, i));
    } else if (comes_early(all->e, i) == early) one(all, i, bindings);
  }
}

/* Counts the copies of the declarations of a loop. */
static void count(struct declarer *all, uint32_t first) {
  struct elaboration *e = all->e;
  for (uint32_t i = first; i; i = NODE(e, i)->next) {
    uint32_t so_far = index_get(&all->iterations, i);
    if (so_far == NONE) index_put(&e->c->arena, &all->iterations, i, 0);
    else index_set(&all->iterations, i, so_far + 1);
  }
}

/* Counts a round of a loop with its declarations; false past the limit. */
static bool room(struct declarer *all, uint32_t loop) {
  struct elaboration *e = all->e;
  for (uint32_t i = NODE(e, loop)->child; i; i = NODE(e, i)->next) all->copies++;
  if (all->copies > COPIES_MAX && !all->too_large) {
    finding_add(e->c, CODE_005, node_span(e->tree, NODE(e, loop)->child), "loops make more than %u declarations", COPIES_MAX);
    all->too_large = true;
  }
  return !all->too_large;
}

static void unroll(struct declarer *all, const struct declared *loop) {
  struct elaboration *e = all->e;
  uint32_t list = NODE(e, loop->node)->child;
  if (!list) return;
  struct scope s = scope_plan(loop->bindings);
  asleep_room(e);
  struct value v = eval_constant(e, &s, list, type_list_plain(T_ANY), "the list of a `for`");
  if (v.type != V_LIST) {
    if (!value_poisoned(&v)) finding_add(e->c, CODE_115, node_span(e->tree, list), "nobody knows this list, so there is nothing to repeat");
    return;
  }
  for (uint32_t i = 0; i < v.count && !all->too_large; i++) {
    if (value_poisoned(&v.items[i])) continue;
    if (!room(all, loop->node)) return;
    struct binding *b = arena_new(&e->c->arena, struct binding);
    *b = (struct binding){.name = NODE(e, loop->node)->text, .value = v.items[i], .outer = loop->bindings};
    count(all, NODE(e, list)->next);
    each(all, NODE(e, list)->next, b, true);
    each(all, NODE(e, list)->next, b, false);
  }
}

static void zone_cycle(struct elaboration *e, uint32_t zone) {
  struct model *m = e->m;
  uint32_t steps = 0;
  for (uint32_t z = m->zones.at[zone].inside; z != NONE && steps <= m->zones.n; z = m->zones.at[z].inside, steps++)
    if (z == zone) {
      finding_add(e->c, CODE_109, m->zones.at[zone].at, "zone `%s` lies inside itself", name_text(&e->c->names, m->zones.at[zone].name));
      m->zones.at[zone].inside = NONE;
      return;
    }
}

static void zones_inside(struct elaboration *e) {
  for (uint32_t h = 0; h < e->headings.n; h++) {
    uint32_t i = e->headings.at[h];
    if (NODE(e, i)->type != N_ZONE || !NODE(e, i)->child) continue;
    uint32_t zone = zone_find(e, NODE(e, i)->text), inside = NODE(e, i)->child;
    uint32_t around = zone_find(e, NODE(e, inside)->text);
    struct scope s = scope_plan(NULL);
    if (around == NONE) (void)name_unknown(e, &s, inside, type_plain(T_ZONE));
    else if (e->m->zones.at[zone].inside == NONE) e->m->zones.at[zone].inside = around;
  }
  for (uint32_t z = 0; z < e->m->zones.n; z++) zone_cycle(e, z);
}

/* Room for what the plan is likely to hold, which costs nothing until it is used: no array is copied as it grows. */
static void room_for_all(struct elaboration *e) {
  struct arena *a = &e->c->arena;
  uint32_t declared = e->written, said = 16 + 6 * (e->written_out + e->tree->changing);
  if (declared < 256) return;
  index_dense(a, &e->resource_index, e->c->names.texts.n);
  e->m->resources.at = arena_grow(a, NULL, 0, &e->m->resources.cap, declared, sizeof *e->m->resources.at);
  e->m->attributes.at = arena_grow(a, NULL, 0, &e->m->attributes.cap, said, sizeof *e->m->attributes.at);
  e->lazies.at = arena_grow(a, NULL, 0, &e->lazies.cap, said, sizeof *e->lazies.at);
  e->m->facts.at = arena_grow(a, NULL, 0, &e->m->facts.cap, declared * 2, sizeof *e->m->facts.at);
}

bool declare_all(struct elaboration *e) {
  struct declarer all = {.e = e, .kind = NONE};
  room_for_all(e);
  asleep_begin(e);
  asleep_room(e);
  e->naming = true;
  for (uint32_t h = 0; h < e->headings.n && !all.too_large; h++)
    if (comes_early(e, e->headings.at[h])) one(&all, e->headings.at[h], NULL);
  for (uint32_t f = 0; f < e->files.n; f++) each(&all, NODE(e, e->files.at[f])->child, NULL, false);
  /* The list of a loop may name anything declared outside of loops, and in the loops before it. */
  all.unrolling = true;
  for (uint32_t i = 0; i < all.loops.n; i++) unroll(&all, &all.loops.at[i]);
  zones_inside(e);
  asleep_room(e);
  hops_apply(e);
  asleep_room(e);
  if (all.too_large) e->m->resources.n = e->m->attributes.n = 0;
  return !all.too_large;
}
