/* Attributes: written values and defaults -> cases, at first use.
 * Needs step names. Guarantees: guards of one attribute are disjoint; E109 where one hangs on itself, once. */
#include "model/elaborate.h"
#include "model/eval.h"
#include "model/steps.h"

#include <string.h>

enum { EXPECTED = 32 /* attributes whose text is fetched meanwhile */ };

uint32_t attribute_index(const struct elaboration *e, uint32_t resource, uint32_t name) {
  if (asleep_without(e, resource, name)) return NONE;
  struct attribute_range own = attributes_unread(e->m, resource);
  for (uint32_t i = own.at; i < own.end; i++)
    if (e->m->attributes.at[i].name == name) return i;
  return NONE;
}

uint32_t attribute_named(struct elaboration *e, uint32_t resource, const char *name) {
  uint32_t id = name_find(&e->c->names, name, strlen(name));
  return id == NONE ? NONE : attribute_index(e, resource, id);
}

const struct type *attribute_wants(struct elaboration *e, uint32_t attribute) {
  const struct attribute *a = &e->m->attributes.at[attribute];
  const struct resource *r = &e->m->resources.at[a->owner];
  uint32_t nth = attribute - r->attributes;
  if (r->kind_id != NONE && nth < e->kinds.at[r->kind_id].field_count) return e->kinds.at[r->kind_id].fields[nth].type;
  return universal_type(e, a->name);
}

static const char *what(struct elaboration *e, uint32_t attribute) {
  const struct attribute *a = &e->m->attributes.at[attribute];
  const char *name = name_text(&e->c->names, a->name);
  if (!a->written) return arena_print(&e->c->arena, "the default of `%s`", name);
  return arena_print(&e->c->arena, "`%s` of `%s`", name, name_text(&e->c->names, e->m->resources.at[a->owner].name));
}

/* Is a kind's default the same for each of its resources? Literals, lists of them, and names that are no attributes. */
static bool constant_default(const struct elaboration *e, uint32_t node, uint32_t kind) {
  const struct node *n = NODE(e, node);
  const struct word_table *w = e->words;
  if (n->type == N_LITERAL) return true;
  if (n->type == N_LIST || n->type == N_MAP) {
    for (uint32_t i = n->child; i; i = NODE(e, i)->next)
      if (NODE(e, i)->type != N_LITERAL) return false;
    return true;
  }
  if (n->type != N_REF || n->child || e->naming || kind == NONE || kind_field(&e->kinds.at[kind], n->text) != NONE) return false;
  return zone_find(e, n->text) != NONE || (n->text != w->via && n->text != w->old && n->text != w->new && n->text != w->name && n->text != w->id &&
                                           index_get(&e->let_index, n->text) == NONE && index_get(&e->resource_index, n->text) == NONE);
}

/* Evaluated once for all resources of the kind. */
static struct cases shared(struct elaboration *e, uint32_t key, uint32_t node, const struct type *type, uint32_t attribute) {
  uint32_t known = index_get(&e->preset_index, key);
  if (known != NONE) return e->presets.at[known];
  struct scope s = scope_plan(NULL);
  struct cases c = node ? eval_node(e, &s, node, type) : cases_one(e, (struct value){.type = V_NONE, .at = e->m->attributes.at[attribute].at});
  if (node) c = cases_coerce(e, &c, type, what(e, attribute));
  index_put(&e->c->arena, &e->preset_index, key, e->presets.n);
  array_push(&e->c->arena, &e->presets, c);
  return c;
}

/* `exists` of a created or deleted resource. */
static struct cases existence(struct elaboration *e, uint32_t attribute, uint32_t index) {
  const struct attribute *a = &e->m->attributes.at[attribute];
  bool create = NODE(e, e->m->resources.at[a->owner].node)->op == 1;
  return cases_one(e, (struct value){.type = V_BOOL, .number = (index == 0) != create, .at = a->at});
}

/* What is written as it is wanted is not copied. */
static bool as_written(struct elaboration *e, uint32_t node, const struct type *type, struct cases *out) {
  struct value fit;
  struct span at = node_span(e->tree, node);
  if (NODE(e, node)->type != N_LITERAL) return false;
  const struct value *v = &e->tree->values.at[NODE(e, node)->text].value;
  if (v->type == V_ENDPOINT || v->type == V_UNKNOWN || memcmp(&v->at, &at, sizeof at)) return false;
  if (!value_fits(e, v, type, &fit) || memcmp(&fit, v, sizeof fit)) return false;
  *out = (struct cases){1, &e->tree->values.at[NODE(e, node)->text]};
  return true;
}

static struct cases value_of_node(struct elaboration *e, uint32_t attribute, uint32_t index, const struct opened *o) {
  struct lazy_attribute lazy = e->lazies.at[attribute];
  struct attribute a = e->m->attributes.at[attribute];
  const struct type *type = attribute_wants(e, attribute);
  struct cases written;
  lazy.node = o->node;
  if (lazy.node == NONE) return cases_one(e, value_poison(a.at));
  if (!lazy.preset && lazy.node && !o->made && NODE(e, lazy.node)->type == N_TRANSITION && as_written(e, node_child(e, lazy.node, index), type, &written)) return written;
  if (!lazy.node && a.name == e->words->exists && a.hop_count) return existence(e, attribute, index);
  uint32_t kind = e->m->resources.at[a.owner].kind_id, place_in_kind = attribute - attributes_unread(e->m, a.owner).at;
  if (!lazy.node && kind != NONE && place_in_kind < e->kinds.at[kind].field_count)
    return shared(e, e->kinds.at[kind].fields[place_in_kind].node, 0, type, attribute);
  if (!lazy.node) return cases_one(e, (struct value){.type = V_NONE, .at = a.at});
  if (lazy.preset && constant_default(e, lazy.node, kind)) return shared(e, lazy.node, lazy.node, type, attribute);
  struct scope s = lazy.preset ? scope_resource(e, a.owner, false) : scope_plan(resource_rare(e, a.owner)->bindings);
  if (!lazy.preset) s.value_index = index;
  struct cases c = eval_node(e, &s, lazy.node, type);
  if (type->tag == T_ANY) return c;
  bool own = NODE(e, lazy.node)->type == N_LITERAL || NODE(e, lazy.node)->type == N_LIST; /* nobody else has these cases */
  const char *place = NULL;
  for (uint32_t i = 0; i < c.n; i++) {
    struct value v = c.at[i].value, fit = v;
    if (a.hop_count && v.type == V_NONE) continue; /* an arrow from or to nothing */
    if (!value_fits(e, &v, type, &fit)) fit = value_coerce(e, &v, type, place ? place : (place = what(e, attribute)));
    if (!memcmp(&fit, &v, sizeof v)) continue;
    if (!own) c.at = memcpy(arena_alloc(&e->c->arena, c.n, sizeof *c.at), c.at, c.n * sizeof *c.at);
    own = true;
    c.at[i].value = fit;
  }
  return c;
}

struct cases attribute_value_at(struct elaboration *e, uint32_t attribute, uint32_t index) {
  struct guarded said;
  if (attribute_as_text(e, attribute, index, &said)) return cases_one(e, said.value);
  struct opened o = attribute_open(e, attribute);
  struct cases c = value_of_node(e, attribute, index, &o);
  attribute_close(e, &o);
  return c;
}

/* ── Arrows ────────────────────────────────────────────────────────────────── */

static uint32_t chain_guard(struct elaboration *e, uint32_t attribute, uint32_t index) {
  const uint32_t *marks = e->marks_of.n ? e->marks.at + index_get(&e->marks_of, attribute) : e->m->attributes.at[attribute].steps;
  uint32_t after = index > 0 ? guard_after(e, marks[index - 1]) : GUARD_ALWAYS;
  uint32_t before = index < e->m->attributes.at[attribute].hop_count ? guard_before(e, marks[index]) : GUARD_ALWAYS;
  return guard_and(e->m, after, before);
}

static void same_twice(struct elaboration *e, uint32_t attribute, uint32_t index, const struct cases *before, const struct cases *now) {
  const struct attribute *a = &e->m->attributes.at[attribute];
  if (before->n != 1 || now->n != 1 || before->at[0].value.type == V_UNKNOWN || !value_equal(&before->at[0].value, &now->at[0].value)) return;
  struct text shown = {.arena = &e->c->arena};
  value_interpolate(e, &shown, &now->at[0].value, true);
  struct finding *f = finding_add(e->c, CODE_111, a->hops[index], "`%s` of `%s` changes from %s to the same value", name_text(&e->c->names, a->name),
                                  name_text(&e->c->names, e->m->resources.at[a->owner].name), text_done(&shown));
  f->resource = e->m->resources.at[a->owner].name;
  finding_remark(e->c, f, REMARK_HELP, "leave the arrow out, or say where it goes");
}

static struct cases chain_cases(struct elaboration *e, uint32_t attribute) {
  uint32_t hops = e->m->attributes.at[attribute].hop_count;
  struct cases_builder b = {.cases.at = arena_alloc(&e->c->arena, hops + 1u, sizeof *b.cases.at), .cap = hops + 1, .at = e->m->attributes.at[attribute].at};
  struct cases before = {0};
  struct guarded said[2];
  for (uint32_t i = 0; i <= hops; i++) {
    bool literal = attribute_as_text(e, attribute, i, &said[i & 1]);
    struct cases now = literal ? (struct cases){1, &said[i & 1]} : attribute_value_at(e, attribute, i);
    if (i) same_twice(e, attribute, i, &before, &now);
    uint32_t guard = chain_guard(e, attribute, i);
    for (uint32_t k = 0; k < now.n; k++) cases_add(e, &b, &now.at[k].value, guard_and(e->m, guard, now.at[k].guard));
    before = now;
  }
  return b.cases;
}

/* ── At first use ──────────────────────────────────────────────────────────── */

static void hangs_on_itself(struct elaboration *e, uint32_t attribute) {
  uint32_t start = e->running.n;
  while (start && e->running.at[start - 1] != attribute) start--;
  const struct attribute *a = &e->m->attributes.at[attribute];
  struct finding *f = finding_add(e->c, CODE_109, a->at, "`%s` of `%s` hangs on itself", name_text(&e->c->names, a->name),
                                  name_text(&e->c->names, e->m->resources.at[a->owner].name));
  f->resource = e->m->resources.at[a->owner].name;
  for (uint32_t i = start; i < e->running.n && i < start + 8; i++) {
    const struct attribute *on = &e->m->attributes.at[e->running.at[i]];
    finding_label(e->c, f, on->at, "`%s.%s` is needed here", name_text(&e->c->names, e->m->resources.at[on->owner].name), name_text(&e->c->names, on->name));
  }
}

static bool has_unknown(const struct value *v) {
  if (v->type == V_UNKNOWN) return !value_poisoned(v);
  for (uint32_t i = 0; (v->type == V_LIST || v->type == V_MAP) && i < v->count; i++)
    if (v->items[i].type == V_UNKNOWN && !value_poisoned(&v->items[i])) return true;
  return false;
}

static void warn_unknown(struct elaboration *e, uint32_t attribute) {
  const struct attribute *a = &e->m->attributes.at[attribute];
  if (!a->written) return;
  for (uint32_t i = 0; i < a->cases.n; i++)
    if (has_unknown(&a->cases.at[i].value) && !attribute_refers(e, attribute)) {
      struct finding *f = finding_add(e->c, CODE_115, a->at, "nobody knows `%s` of `%s`: what depends on it cannot be proven",
                                      name_text(&e->c->names, a->name), name_text(&e->c->names, e->m->resources.at[a->owner].name));
      f->resource = e->m->resources.at[a->owner].name;
      return;
    }
}

static const struct cases *cases_kept(struct elaboration *e, struct cases c) {
  struct cases *kept = arena_new(&e->c->arena, struct cases);
  *kept = c;
  return kept;
}

/* It says one literal, which is wanted as it is: then those are its cases. */
static bool literal(struct elaboration *e, uint32_t attribute) {
  struct attribute *a = &e->m->attributes.at[attribute];
  const struct lazy_attribute *lazy = &e->lazies.at[attribute];
  struct guarded said;
  if (!node_is_text(lazy->node)) return as_written(e, lazy->node, attribute_wants(e, attribute), &a->cases);
  if (node_text_links(lazy->node) > 1 || !attribute_as_text(e, attribute, 0, &said)) return false;
  a->cases = cases_one(e, said.value);
  return true;
}

const struct cases *attribute_cases(struct elaboration *e, uint32_t attribute) {
  struct lazy_attribute *lazy = &e->lazies.at[attribute];
  if (lazy->state == LAZY_DONE) return &e->m->attributes.at[attribute].cases;
  if (lazy->state == LAZY_RUNNING) {
    hangs_on_itself(e, attribute);
    return cases_kept(e, cases_one(e, value_poison(e->m->attributes.at[attribute].at)));
  }
  if (!lazy->preset && lazy->node && lazy->node != NONE && !e->naming && !e->seen && literal(e, attribute)) { /* most of a large plan: nothing to evaluate */
    lazy->state = LAZY_DONE;
    return &e->m->attributes.at[attribute].cases;
  }
  if (e->depth >= DEPTH_MAX) return cases_kept(e, too_deep(e, e->m->attributes.at[attribute].at));
  lazy->state = LAZY_RUNNING;
  array_push(&e->c->arena, &e->running, attribute);
  e->depth++;
  struct cases c = e->naming || !e->m->attributes.at[attribute].hop_count ? attribute_value_at(e, attribute, 0) : chain_cases(e, attribute);
  e->depth--;
  e->running.n--;
  e->lazies.at[attribute].state = e->naming ? LAZY_NOT : LAZY_DONE;
  if (e->naming) return cases_kept(e, c);
  if (e->seen) seen_apply(e, attribute, &c);
  e->m->attributes.at[attribute].cases = c;
  warn_unknown(e, attribute);
  return &e->m->attributes.at[attribute].cases;
}

const struct value *attribute_constant(struct elaboration *e, uint32_t resource, const char *name) {
  uint32_t attribute = attribute_named(e, resource, name);
  if (attribute == NONE) return NULL;
  const struct cases *c = attribute_cases(e, attribute);
  const struct value *v = &c->at[0].value;
  return v->type == V_NONE || v->type == V_UNKNOWN ? NULL : v;
}

struct cases resource_exists(struct elaboration *e, uint32_t resource) {
  uint32_t attribute = resource_rare(e, resource)->exists;
  if (attribute == NONE) {
    if (!e->always.n) e->always = cases_one(e, (struct value){.type = V_BOOL, .number = 1});
    return e->always;
  }
  return *attribute_cases(e, attribute);
}

/* ── All of them ───────────────────────────────────────────────────────────── */

/* What others ask of a resource again and again: its zone, its provider and who owns it. */
void attributes_relate(struct elaboration *e, uint32_t resource) {
  struct model *m = e->m;
  const struct word_table *w = e->words;
  struct attribute_range own = attributes_unread(m, resource);
  for (uint32_t a = own.at; a < own.end; a++) {
    uint32_t name = m->attributes.at[a].name;
    if (name != w->zone && name != w->via && name != w->owner) continue;
    struct guarded zone;
    const struct value *v = attribute_quiet(e, a) && attribute_glance(e, a, &zone) ? &zone.value : &attribute_cases(e, a)->at[0].value;
    struct resource *r = &m->resources.at[resource];
    if (name == w->zone && v->type == V_ZONE && r->zone == NONE) r->zone = v->id;
    if (name == w->via && v->type == V_RESOURCE && resource_via(m, resource) == NONE) resource_rare_own(m, resource)->via = v->id;
    if (name == w->owner && v->type == V_RESOURCE && resource_owner(m, resource) == NONE) resource_rare_own(m, resource)->owner = v->id;
  }
}

/* The later values of each arrow below a node: what is evaluated once sees the first. */
static void later_values(struct elaboration *e, const struct scope *s, uint32_t node, uint32_t depth) {
  if (depth >= DEPTH_MAX) return;
  for (uint32_t i = NODE(e, node)->child; i; i = NODE(e, i)->next) {
    if (NODE(e, node)->type == N_TRANSITION && i != NODE(e, node)->child) (void)eval_cases(e, s, i, NULL);
    else later_values(e, s, i, depth + 1);
  }
}

/* Constants that nobody uses: their mistakes are mistakes all the same. A word may be meant for any kind's attribute. */
static void unasked(struct elaboration *e) {
  e->unasked = true;
  for (uint32_t i = 0; i < e->lets.n; i++) {
    uint32_t value = NODE(e, e->lets.at[i].node)->child;
    if (e->let_states.at[i] != LAZY_NOT || !value) continue;
    struct scope s = scope_plan(e->lets.at[i].bindings);
    s.value_index = 0;
    (void)eval_cases(e, &s, value, NULL);
    later_values(e, &s, value, 0);
  }
  e->unasked = false;
}

void attributes_all(struct elaboration *e) {
  struct model *m = e->m;
  const struct word_table *w = e->words;
  for (uint32_t r = 0; r < m->resources.n; r++) {
    if (resource_asleep(m, r)) continue; /* they say neither name, provider nor owner; their zones come with their facts */
    uint32_t name = attribute_index(e, r, w->name);
    const struct value *v = name == NONE ? NULL : &attribute_cases(e, name)->at[0].value;
    if (v && v->type == V_STRING) resource_rare_own(m, r)->world_name = v->name;
  }
  for (uint32_t r = 0; r < m->resources.n; r++) {
    if (resource_asleep(m, r)) continue;
    attributes_relate(e, r);
    uint32_t kind = e->m->resources.at[r].kind_id, via = resource_via(m, r);
    if (kind != NONE && e->kinds.at[kind].provider) m->resources.at[r].provider = true;
    if (via != NONE) m->resources.at[via].provider = true;
  }
  for (uint32_t a = 0; a < m->attributes.n; a++) {
    attribute_expect(e, a + EXPECTED);
    if (attribute_quiet(e, a)) m->resources.at[m->attributes.at[a].owner].unread = true;
    else attribute_cases(e, a);
  }
  e->related = true;
  unasked(e);
}

static const struct value *value_in(const struct model *m, const struct attribute *a, const bool *done) {
  for (uint32_t i = 0; i < a->cases.n; i++)
    if (guard_holds(m, a->cases.at[i].guard, done)) return &a->cases.at[i].value;
  return a->cases.n ? &a->cases.at[a->cases.n - 1].value : NULL;
}

const struct value *attribute_value(const struct model *m, uint32_t resource, uint32_t name, const bool *done) {
  const struct attribute *a = attribute_find(m, resource, name);
  return a ? value_in(m, a, done) : NULL;
}

const struct value *resource_existence(const struct model *m, uint32_t resource, const bool *done) {
  if (!m->elaboration || m->elaboration->kinds.n == 0) {
    uint32_t name = name_find(&m->c->names, "exists", 6);
    return name == NONE ? NULL : attribute_value(m, resource, name, done);
  }
  uint32_t at = resource_rare(m->elaboration, resource)->exists;
  return at == NONE ? NULL : value_in(m, &m->attributes.at[at], done);
}

struct attribute *attribute_find(const struct model *m, uint32_t resource, uint32_t name) {
  if (m->elaboration && asleep_without(m->elaboration, resource, name)) return NULL;
  struct attribute_range own = attributes_unread(m, resource);
  for (uint32_t i = own.at; i < own.end; i++) {
    if (m->attributes.at[i].name != name) continue;
    if (m->resources.at[resource].unread) (void)attribute_cases(m->elaboration, i);
    return &m->attributes.at[i];
  }
  return NULL;
}
