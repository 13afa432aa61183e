/* How a resource is changed, verified and observed: by its own text, its kind's, or its provider's. */
#include "model/elaborate.h"

static uint32_t kind_named(const struct elaboration *e, uint32_t resource) {
  return resource == NONE ? NONE : e->m->resources.at[resource].kind_id;
}

static uint32_t own_via(struct elaboration *e, uint32_t resource) {
  if (e->related) return resource_via(e->m, resource);
  uint32_t attribute = attribute_index(e, resource, e->words->via);
  if (attribute == NONE) return NONE;
  const struct value *v = &attribute_cases(e, attribute)->at[0].value;
  return v->type == V_RESOURCE ? v->id : NONE;
}

uint32_t via_for(struct elaboration *e, uint32_t resource, uint32_t kind) {
  uint32_t own = own_via(e, resource);
  if (kind == NONE || (own != NONE && kind_named(e, own) == kind)) return own;
  if (e->kinds.at[kind].resources.n == 1) return e->kinds.at[kind].resources.at[0];
  uint32_t attribute = attribute_index(e, resource, e->words->observe_via);
  if (attribute == NONE) return NONE;
  const struct value *v = &attribute_cases(e, attribute)->at[0].value;
  return v->type == V_RESOURCE && kind_named(e, v->id) == kind ? v->id : NONE;
}

uint32_t change_for(struct elaboration *e, uint32_t resource, uint32_t *via) {
  uint32_t kind = e->m->resources.at[resource].kind_id, provider = own_via(e, resource), provider_kind = kind_named(e, provider);
  *via = provider;
  if (kind == NONE) return 0;
  const struct kind *k = &e->kinds.at[kind];
  uint32_t plain = 0;
  for (uint32_t i = 0; i < k->changes.n; i++) {
    uint32_t by = NODE(e, k->changes.at[i])->text;
    if (by && provider_kind != NONE && by == e->kinds.at[provider_kind].name) return k->changes.at[i];
    if (!by && !plain) plain = k->changes.at[i];
  }
  if (provider_kind != NONE && e->kinds.at[provider_kind].carries.n) return e->kinds.at[provider_kind].carries.at[0];
  return plain;
}

/* The first item of a type, also within `when`s that hold. */
static uint32_t item_of(struct elaboration *e, const struct scope *s, uint32_t first, enum node_type type, const bool *done) {
  if (e->depth >= DEPTH_MAX) return 0;
  uint32_t found = 0;
  e->depth++;
  for (uint32_t i = first; i && !found; i = NODE(e, i)->next) {
    if (NODE(e, i)->type == type) found = i;
    else if (NODE(e, i)->type == N_WHEN && NODE(e, i)->child) {
      struct value v = eval_in_state(e, s, NODE(e, i)->child, NULL, done ? done : state_at_end(e, false));
      if (v.type == V_BOOL && v.number) found = item_of(e, s, NODE(e, NODE(e, i)->child)->next, type, done);
    }
  }
  e->depth--;
  return found;
}

static uint32_t own_item(const struct elaboration *e, uint32_t resource, enum node_type type) {
  if (resource_asleep(e->m, resource)) return 0; /* it says nothing but values */
  for (uint32_t i = NODE(e, e->m->resources.at[resource].node)->child; i; i = NODE(e, i)->next)
    if (NODE(e, i)->type == type) return i;
  return 0;
}

uint32_t block_for(struct elaboration *e, uint32_t resource, enum node_type type, const bool *done, struct scope *s) {
  *s = scope_resource(e, resource, true);
  s->via = own_via(e, resource);
  uint32_t block = own_item(e, resource, type);
  if (block) return block;
  if (type == N_UNDO && own_item(e, resource, N_DO)) return 0; /* the inverse of that, not of the kind's */
  uint32_t via, change = change_for(e, resource, &via), kind = e->m->resources.at[resource].kind_id;
  *s = scope_resource(e, resource, false);
  s->via = via;
  if (change) block = item_of(e, s, NODE(e, change)->child, type, done);
  if (!block && type == N_VERIFY && kind != NONE) block = e->kinds.at[kind].verify;
  return block;
}

uint32_t observe_for(struct elaboration *e, uint32_t resource, struct scope *s) {
  uint32_t kind = e->m->resources.at[resource].kind_id, plain = 0, other = 0, other_via = NONE;
  *s = scope_resource(e, resource, false);
  if (kind == NONE || e->kinds.at[kind].observes.n == 0) return 0;
  const struct kind *k = &e->kinds.at[kind];
  uint32_t own = own_via(e, resource);
  s->via = own;
  for (uint32_t i = 0; i < k->observes.n; i++) {
    uint32_t node = k->observes.at[i], by = NODE(e, node)->text ? kind_find(e, NODE(e, node)->text) : NONE;
    if (!NODE(e, node)->text) plain = plain ? plain : node;
    else if (by != NONE && by == kind_named(e, own)) return node;
    else if (by != NONE && !other && (other_via = via_for(e, resource, by)) != NONE) other = node;
  }
  if (!other) return plain;
  s->via = other_via;
  return other;
}
