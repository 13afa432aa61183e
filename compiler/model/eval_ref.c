/* References: a name and the members after it -> values. A bare word is looked up by the type its place wants: what a
 * block binds, the attributes of the kind, enum value, zone, kind, else resource, constant or step. */
#include "model/elaborate.h"
#include "model/eval.h"

#include <string.h>

/* ── Members ───────────────────────────────────────────────────────────────── */

static struct cases poison_at(struct elaboration *e, uint32_t node) { return cases_one(e, value_poison(node_span(e->tree, node))); }

static struct value truth(bool yes, struct span at) { return (struct value){.type = V_BOOL, .number = yes, .at = at}; }

/* Guards under which all hops of a resource or a declared step are done. */
static struct cases done_cases(struct elaboration *e, const struct scope *s, const uint32_t *steps, uint32_t n, struct span at) {
  struct cases_builder b = {.at = at};
  uint32_t so_far = GUARD_ALWAYS;
  struct value no = truth(false, at), yes = truth(true, at);
  for (uint32_t i = 0; i < n; i++) {
    cases_add(e, &b, &no, guard_and(e->m, so_far, guard_before(e, steps[i])));
    so_far = guard_and(e->m, so_far, guard_after(e, steps[i]));
  }
  cases_add(e, &b, &yes, so_far);
  return cases_in(e, s, &b.cases);
}

static struct cases unknown_attribute(struct elaboration *e, uint32_t resource, uint32_t node) {
  const struct resource *r = &e->m->resources.at[resource];
  const char *word = node_name(e, node);
  struct finding *f = finding_add(e->c, CODE_102, node_span(e->tree, node), "%s `%s` has no attribute `%s`",
                                  name_text(&e->c->names, r->kind), name_text(&e->c->names, r->name), word);
  f->resource = r->name;
  ARRAY(const char *) known = {0};
  struct attribute_range own = attributes_unread(e->m, resource);
  for (uint32_t i = own.at, end = own.at + suggest_among(e, own.end - own.at); i < end; i++)
    array_push(&e->c->arena, &known, name_text(&e->c->names, e->m->attributes.at[i].name));
  suggest(e, f, word, known.at, known.n);
  return poison_at(e, node);
}

/* Attributes that every resource has, written or not. */
static bool implicit(struct elaboration *e, const struct scope *s, uint32_t resource, uint32_t name, struct span at, struct cases *out) {
  const struct resource *r = &e->m->resources.at[resource];
  const struct word_table *w = e->words;
  if (name == w->exists) *out = cases_one(e, truth(true, at));
  else if (name == w->name) *out = cases_one(e, (struct value){.type = V_STRING, .name = resource_world_name(e->m, resource), .at = at});
  else if (name == w->id) *out = cases_one(e, (struct value){.type = V_STRING, .name = r->name, .at = at});
  else if (name == w->done) {
    uint32_t n = 0;
    const uint32_t *steps = steps_of_resource(e, resource, &n);
    *out = done_cases(e, s, steps, n, at);
  } else if (universal_type(e, name)) *out = cases_one(e, (struct value){.type = V_NONE, .at = at});
  else return false;
  return true;
}

static struct cases member_of_resource(struct elaboration *e, const struct scope *s, const struct value *v, uint32_t node) {
  uint32_t name = NODE(e, node)->text, attribute = attribute_index(e, v->id, name);
  struct cases c;
  if (attribute != NONE) return read_attribute(e, s, attribute);
  if (implicit(e, s, v->id, name, v->at, &c)) return c;
  if (e->m->resources.at[v->id].kind_id == NONE) return poison_at(e, node);
  return unknown_attribute(e, v->id, node);
}

/* The attribute over many resources: one list; lists in it are flattened. */
static struct cases member_of_all(struct elaboration *e, const struct scope *s, const struct value *resources, uint32_t n, uint32_t node) {
  struct cases *parts = arena_array(&e->c->arena, struct cases, n + 1u);
  struct span at = node_span(e->tree, node);
  for (uint32_t i = 0; i < n; i++)
    parts[i] = resources[i].type == V_RESOURCE ? member_of_resource(e, s, &resources[i], node) : poison_at(e, node);
  struct combos combos = combos_of(e, parts, n, at);
  struct cases_builder b = {.at = at};
  for (uint32_t c = 0; c < combos.n; c++) {
    ARRAY(struct value) items = {0};
    bool poisoned = false;
    for (uint32_t i = 0; i < n; i++) {
      const struct value *v = combo_value(&combos, c, parts, i);
      poisoned = poisoned || value_poisoned(v);
      if (v->type == V_LIST)
        for (uint32_t k = 0; k < v->count; k++) array_push(&e->c->arena, &items, v->items[k]);
      else if (v->type != V_NONE) array_push(&e->c->arena, &items, *v);
    }
    struct value list = {.type = V_LIST, .items = items.at, .count = items.n, .at = at};
    if (poisoned) list = value_poison(at);
    cases_add(e, &b, &list, combos.at[c].guard);
  }
  return b.cases.n ? b.cases : poison_at(e, node);
}

static struct cases member_of_kind(struct elaboration *e, const struct scope *s, uint32_t kind, uint32_t node) {
  const struct kind *k = &e->kinds.at[kind];
  if (kind_field(k, NODE(e, node)->text) == NONE && !universal_type(e, NODE(e, node)->text)) {
    struct finding *f = finding_add(e->c, CODE_102, node_span(e->tree, node), "kind `%s` has no attribute `%s`", name_text(&e->c->names, k->name), node_name(e, node));
    ARRAY(const char *) known = {0};
    for (uint32_t i = 0, n = suggest_among(e, k->field_count); i < n; i++) array_push(&e->c->arena, &known, name_text(&e->c->names, k->fields[i].name));
    suggest(e, f, node_name(e, node), known.at, known.n);
    return poison_at(e, node);
  }
  uint32_t kept = e->naming || s->done ? NONE : index_get(&e->of_kind_index, node);
  if (kept != NONE && e->of_kinds.at[kept].kind == kind) return cases_in(e, s, &e->of_kinds.at[kept].cases);
  struct value *all = arena_array(&e->c->arena, struct value, k->resources.n + 1u);
  for (uint32_t i = 0; i < k->resources.n; i++) all[i] = value_resource(k->resources.at[i], node_span(e->tree, node));
  if (e->naming || s->done) return member_of_all(e, s, all, k->resources.n, node);
  struct scope everywhere = scope_plan(NULL); /* asked for again and again, by each resource that a rule looks at */
  struct cases c = member_of_all(e, &everywhere, all, k->resources.n, node);
  if (index_put(&e->c->arena, &e->of_kind_index, node, e->of_kinds.n) == e->of_kinds.n)
    array_push(&e->c->arena, &e->of_kinds, ((struct of_kind){kind, c}));
  return cases_in(e, s, &c);
}

static struct cases member_of_step(struct elaboration *e, const struct scope *s, const struct value *v, uint32_t node) {
  struct span at = node_span(e->tree, node);
  uint32_t step = step_named(e, e->steps.at[v->id].name);
  if (NODE(e, node)->text == e->words->done && step != NONE) return done_cases(e, s, &step, 1, at);
  if (NODE(e, node)->text != e->words->done)
    finding_add(e->c, CODE_102, at, "step `%s` has no attribute `%s`: of a step one can only ask whether it is `done`",
                name_text(&e->c->names, e->steps.at[v->id].name), node_name(e, node));
  return cases_one(e, value_poison(at));
}

static struct cases member_of(struct elaboration *e, const struct scope *s, const struct value *v, uint32_t node) {
  struct span at = node_span(e->tree, node);
  struct value out = *v;
  switch ((int)v->type) {
  case V_RESOURCE: return member_of_resource(e, s, v, node);
  case V_KIND: return member_of_kind(e, s, v->id, node);
  case V_STEP: return member_of_step(e, s, v, node);
  case V_LIST: return member_of_all(e, s, v->items, v->count, node);
  case V_UNKNOWN: out.at = at; return cases_one(e, out);
  case V_MAP:
    for (uint32_t i = 0; i < v->count; i++)
      if (v->keys[i] == NODE(e, node)->text) return cases_one(e, v->items[i]);
    return cases_one(e, (struct value){.type = V_NONE, .at = at});
  default: break;
  }
  struct finding *f = finding_add(e->c, v->type == V_NONE ? CODE_105 : CODE_102, at, "%s and has no attribute `%s`", value_described(e, v), node_name(e, node));
  if (v->type == V_NONE) finding_remark(e->c, f, REMARK_HELP, "give it a value, or ask first: `when … is not none { … }`");
  if (s->self != NONE) {
    const struct resource *r = &e->m->resources.at[s->self];
    f->resource = r->name;
    finding_label(e->c, f, resource_span(e->m, s->self), "for this resource");
  }
  return cases_one(e, value_poison(at));
}

static struct cases members(struct elaboration *e, const struct scope *s, struct cases c, uint32_t member) {
  for (; member; member = NODE(e, member)->next) {
    struct cases_builder b = {.at = node_span(e->tree, member)};
    for (uint32_t i = 0; i < c.n; i++) {
      struct cases next = member_of(e, s, &c.at[i].value, member);
      if (c.n == 1 && c.at[0].guard == GUARD_ALWAYS) {
        b.cases = next;
        break;
      }
      for (uint32_t k = 0; k < next.n; k++) cases_add(e, &b, &next.at[k].value, guard_and(e->m, c.at[i].guard, next.at[k].guard));
    }
    if (!b.cases.n) return poison_at(e, member);
    c = b.cases;
  }
  return c;
}

/* ── The first name ────────────────────────────────────────────────────────── */

struct scope scope_old(struct elaboration *e, const struct scope *s, bool is_new) {
  struct scope there = *s;
  if (s->step != NONE && s->leads != LEADS_NOWHERE) {
    if (!is_new) there.leads = s->leads == LEADS_FORWARD ? LEADS_BACK : LEADS_FORWARD;
    return there;
  }
  there.done = state_at_end(e, is_new);
  return there;
}

static struct cases hop_end(struct elaboration *e, const struct scope *s, uint32_t node, bool is_new) {
  struct span at = node_span(e->tree, node);
  if (s->step == NONE || s->leads == LEADS_NOWHERE) {
    finding_add(e->c, CODE_110, at, "`%s` alone speaks of the hop being made, and only in `do` and `undo` is one made: write `%s(ATTRIBUTE)`", node_name(e, node), node_name(e, node));
    return cases_one(e, value_poison(at));
  }
  if (s->hop == NONE) {
    struct finding *f = finding_add(e->c, CODE_110, at, "`%s` could be that of several attributes: this step does not change exactly one", node_name(e, node));
    finding_remark(e->c, f, REMARK_HELP, "say which: `%s(ATTRIBUTE)`", node_name(e, node));
    return cases_one(e, value_poison(at));
  }
  struct scope there = scope_old(e, s, is_new);
  return read_attribute(e, &there, s->hop);
}

static bool pure(const struct type *want, enum type_tag tag) {
  return want && (want->tag == tag || (want->tag == T_OPTIONAL && want->of[0]->tag == tag) || (want->tag == T_LIST && want->of[0]->tag == tag));
}

/* An attribute of `self`, unless the place wants a zone or kind and the attribute is none. */
static bool own_attribute(struct elaboration *e, const struct scope *s, uint32_t node, const struct type *want, struct cases *out) {
  if (s->self == NONE) return false;
  uint32_t name = NODE(e, node)->text, attribute = attribute_index(e, s->self, name);
  if (attribute == NONE) {
    if (universal_type(e, name) || name == e->words->exists || name == e->words->id)
      return implicit(e, s, s->self, name, node_span(e->tree, node), out);
    return false;
  }
  const struct type *t = attribute_wants(e, attribute);
  if (!NODE(e, node)->child && ((pure(want, T_ZONE) && !type_wants(t, T_ZONE)) || (pure(want, T_KIND) && !type_wants(t, T_KIND))) && t->tag != T_ANY)
    return false;
  *out = read_attribute(e, s, attribute);
  return true;
}

static struct cases eval_let(struct elaboration *e, const struct scope *s, uint32_t let, uint32_t node, const struct type *want) {
  struct span at = node_span(e->tree, node);
  if (e->let_states.at[let] == LAZY_RUNNING) {
    struct finding *f = finding_add(e->c, CODE_109, e->lets.at[let].at, "the constant `%s` is defined through itself", name_text(&e->c->names, e->lets.at[let].name));
    finding_label(e->c, f, at, "needs it here");
    return cases_one(e, value_poison(at));
  }
  e->let_states.at[let] = LAZY_RUNNING;
  struct scope there = scope_plan(e->lets.at[let].bindings);
  there.value_index = s->value_index;
  there.done = s->done;
  there.step = s->step;
  there.leads = s->leads;
  there.guard = s->guard;
  struct cases c = eval_node(e, &there, NODE(e, e->lets.at[let].node)->child, want);
  e->let_states.at[let] = LAZY_DONE;
  return c;
}

static bool named(struct elaboration *e, const struct scope *s, uint32_t node, const struct type *want, struct cases *out) {
  uint32_t name = NODE(e, node)->text, id;
  struct span at = node_span(e->tree, node);
  struct value v = {.at = at};
  bool bare = !NODE(e, node)->child;
  if (bare && type_has_word(want, name)) v.type = V_WORD, v.name = name;
  else if (bare && type_wants(want, T_ZONE) && (id = zone_find(e, name)) != NONE) v.type = V_ZONE, v.id = id;
  else if (bare && pure(want, T_KIND) && (id = kind_find(e, name)) != NONE) v.type = V_KIND, v.id = id;
  else if (bare && name == e->words->any && (!want || type_wants(want, T_PORT)))
    v.type = V_PORT, v.proto = PROTO_ANY, v.lo = 0, v.hi = 65535;
  else if ((id = index_get(&e->resource_index, name)) != NONE) v = value_resource(id, at);
  else if ((id = index_get(&e->let_index, name)) != NONE) return *out = eval_let(e, s, id, node, want), true;
  else if ((id = index_get(&e->step_index, name)) != NONE) v.type = V_STEP, v.id = id;
  else if (bare && (id = zone_find(e, name)) != NONE) v.type = V_ZONE, v.id = id;
  else if ((id = kind_find(e, name)) != NONE) v.type = V_KIND, v.id = id;
  else return false;
  *out = cases_one(e, v);
  return true;
}

/* `vault` may be a resource and a kind: with a member that only the kind knows, it is the kind. */
static bool kind_instead(struct elaboration *e, uint32_t node, struct cases *c) {
  uint32_t member = NODE(e, node)->child, kind = kind_find(e, NODE(e, node)->text);
  if (!member || kind == NONE || c->n != 1 || c->at[0].value.type != V_RESOURCE) return false;
  if (attribute_index(e, c->at[0].value.id, NODE(e, member)->text) != NONE || universal_type(e, NODE(e, member)->text)) return false;
  return kind_field(&e->kinds.at[kind], NODE(e, member)->text) != NONE;
}

static struct cases eval_head(struct elaboration *e, const struct scope *s, uint32_t node, const struct type *want) {
  uint32_t name = NODE(e, node)->text;
  struct span at = node_span(e->tree, node);
  for (const struct binding *b = s->bindings; b; b = b->outer)
    if (b->name == name) {
      struct value v = b->value;
      v.at = at;
      return cases_one(e, v);
    }
  struct cases c;
  if (name == e->words->via && s->via != NONE) return cases_one(e, value_resource(s->via, at));
  if (own_attribute(e, s, node, want, &c)) return c;
  if ((name == e->words->old || name == e->words->new)) return hop_end(e, s, node, name == e->words->new);
  if (!named(e, s, node, want, &c)) return cases_one(e, name_unknown(e, s, node, want));
  if (kind_instead(e, node, &c)) return cases_one(e, (struct value){.type = V_KIND, .id = kind_find(e, name), .at = at});
  return c;
}

/* Values seen from here on stand where the reference stands, so that findings point at it. */
static struct cases placed(struct elaboration *e, const struct cases *c, struct span at) {
  if (c->n == 1 && !memcmp(&c->at[0].value.at, &at, sizeof at)) return *c;
  struct cases out = {c->n, arena_alloc(&e->c->arena, c->n, sizeof *c->at)};
  memcpy(out.at, c->at, c->n * sizeof *c->at);
  for (uint32_t i = 0; i < c->n; i++) out.at[i].value.at = at;
  return out;
}

struct cases eval_ref(struct elaboration *e, const struct scope *s, uint32_t node, const struct type *want) {
  struct cases c = eval_head(e, s, node, NODE(e, node)->child ? NULL : want);
  if (NODE(e, node)->child) c = members(e, s, c, NODE(e, node)->child);
  return s->value_index != NONE ? placed(e, &c, node_span(e->tree, node)) : c; /* in kinds and rules, the plan's own place says more */
}
