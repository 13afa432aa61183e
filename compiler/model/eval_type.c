/* What is known of an expression's type without evaluating it: what bare words on the other side of `==` may mean. */
#include "model/elaborate.h"
#include "model/eval.h"

static const struct type *attribute_type(struct elaboration *e, uint32_t kind, uint32_t name) {
  uint32_t field = kind == NONE ? NONE : kind_field(&e->kinds.at[kind], name);
  if (field != NONE) return e->kinds.at[kind].fields[field].type;
  if (name == e->words->id) return type_plain(T_STRING);
  if (name == e->words->done) return type_plain(T_BOOL);
  return universal_type(e, name);
}

static const struct type *listed(struct elaboration *e, const struct type *of) {
  if (!of) return NULL;
  while (of->tag == T_LIST) of = of->of[0];
  struct type *t = arena_new(&e->c->arena, struct type);
  const struct type **parts = arena_new(&e->c->arena, const struct type *);
  parts[0] = of;
  *t = (struct type){.tag = T_LIST, .kind = NONE, .of = parts, .n = 1};
  return t;
}

const struct type *type_listed(struct elaboration *e, const struct type *of) { return listed(e, of); }

static const struct type *member_type(struct elaboration *e, const struct type *of, uint32_t name) {
  while (of && of->tag == T_OPTIONAL) of = of->of[0];
  if (!of) return NULL;
  if (of->tag == T_RESOURCE) return of->kind == NONE ? universal_type(e, name) : attribute_type(e, of->kind, name);
  if (of->tag == T_MAP) return of->of[0];
  if (of->tag == T_LIST) return listed(e, member_type(e, of->of[0], name));
  if (of->tag == T_STEP) return name == e->words->done ? type_plain(T_BOOL) : NULL;
  return NULL;
}

static const struct type *resource_type(struct elaboration *e, uint32_t resource) {
  uint32_t kind = e->m->resources.at[resource].kind_id;
  return kind == NONE ? type_plain(T_RESOURCE) : e->kinds.at[kind].type;
}

static const struct type *head_type(struct elaboration *e, const struct scope *s, uint32_t node) {
  uint32_t name = NODE(e, node)->text, id;
  for (const struct binding *b = s->bindings; b; b = b->outer)
    if (b->name == name) {
      if (b->type) return b->type;
      return b->value.type == V_RESOURCE ? resource_type(e, b->value.id) : NULL;
    }
  if (name == e->words->via && s->via != NONE) return resource_type(e, s->via);
  if (name == e->words->via && s->self != NONE && resource_via(e->m, s->self) != NONE) return resource_type(e, resource_via(e->m, s->self));
  if (s->self != NONE) {
    const struct type *t = attribute_type(e, e->m->resources.at[s->self].kind_id, name);
    if (t) return t;
  }
  if ((id = index_get(&e->resource_index, name)) != NONE) return resource_type(e, id);
  if ((id = index_get(&e->let_index, name)) != NONE && e->let_states.at[id] != LAZY_RUNNING) {
    uint8_t before = e->let_states.at[id];
    e->let_states.at[id] = LAZY_RUNNING;
    struct scope there = scope_plan(e->lets.at[id].bindings);
    const struct type *t = type_of(e, &there, NODE(e, e->lets.at[id].node)->child);
    e->let_states.at[id] = before;
    return t;
  }
  if (index_get(&e->step_index, name) != NONE) return type_plain(T_STEP);
  return NULL;
}

static const struct type *ref_type(struct elaboration *e, const struct scope *s, uint32_t node) {
  uint32_t member = NODE(e, node)->child;
  const struct type *t = head_type(e, s, node);
  uint32_t kind = kind_find(e, NODE(e, node)->text);
  if (member && kind != NONE && (!t || (t->tag == T_RESOURCE && !member_type(e, t, NODE(e, member)->text)))) {
    t = listed(e, attribute_type(e, kind, NODE(e, member)->text));
    member = NODE(e, member)->next;
  }
  for (; member && t; member = NODE(e, member)->next) t = member_type(e, t, NODE(e, member)->text);
  return t;
}

const struct type *type_of(struct elaboration *e, const struct scope *s, uint32_t node) {
  static const uint8_t tags[] = {[V_BOOL] = T_BOOL, [V_NUMBER] = T_NUMBER, [V_DURATION] = T_DURATION, [V_VERSION] = T_VERSION,
                                 [V_STRING] = T_STRING, [V_ADDRESS] = T_ADDRESS, [V_RANGE] = T_RANGE, [V_CIDR] = T_CIDR,
                                 [V_PORT] = T_PORT, [V_ENDPOINT] = T_ENDPOINT, [V_URL] = T_URL};
  if (!node || e->depth >= DEPTH_MAX) return NULL;
  e->depth++;
  const struct type *t = NULL;
  switch ((int)NODE(e, node)->type) {
  case N_LITERAL: {
    uint8_t v = NODE(e, node)->op == 1 ? V_NONE : e->tree->values.at[NODE(e, node)->text].value.type;
    if (v >= V_BOOL && v <= V_URL && tags[v]) t = type_plain((enum type_tag)tags[v]);
    break;
  }
  case N_STRING: t = type_plain(T_STRING); break;
  case N_REF: t = ref_type(e, s, node); break;
  case N_SECRET: t = type_plain(T_SECRET); break;
  case N_TRANSITION: t = type_of(e, s, NODE(e, node)->child); break;
  case N_CALL:
    if (NODE(e, node)->text == e->words->old || NODE(e, node)->text == e->words->new) t = type_of(e, s, NODE(e, node)->child);
    break;
  default: break;
  }
  e->depth--;
  return t;
}
