/* `covers` and hop references: lists of names -> hops. "eso.version -> 0.17.0" is the hop that arrives there; a bare
 * resource is all of its hops. */
#include "model/elaborate.h"
#include "model/eval.h"
#include "model/steps.h"

static const char *resource_name(const struct elaboration *e, uint32_t r) { return name_text(&e->c->names, e->m->resources.at[r].name); }

/* The attribute that `eso.version` means. */
static uint32_t attribute_named_by(struct elaboration *e, uint32_t ref, const struct binding *bindings) {
  uint32_t member = ref ? NODE(e, ref)->child : 0;
  if (!ref || NODE(e, ref)->type != N_REF || !member || NODE(e, member)->next) {
    finding_add(e->c, CODE_112, ref ? node_span(e->tree, ref) : NOWHERE, "a hop is named `RESOURCE.ATTRIBUTE -> VALUE`");
    return NONE;
  }
  struct scope s = scope_plan(bindings);
  struct value v = value_poison(node_span(e->tree, ref));
  for (const struct binding *b = bindings; b; b = b->outer)
    if (b->name == NODE(e, ref)->text) {
      v = b->value;
      break;
    }
  uint32_t id = v.type == V_RESOURCE ? v.id : index_get(&e->resource_index, NODE(e, ref)->text);
  if (id == NONE) return (void)name_unknown(e, &s, ref, type_plain(T_RESOURCE)), NONE;
  uint32_t attribute = attribute_index(e, id, NODE(e, member)->text);
  if (attribute == NONE) {
    struct finding *f = finding_add(e->c, CODE_102, node_span(e->tree, member), "`%s` has no attribute `%s`", resource_name(e, id), node_name(e, member));
    ARRAY(const char *) known = {0};
    struct attribute_range own = attributes_unread(e->m, id);
    for (uint32_t i = own.at, end = own.at + suggest_among(e, own.end - own.at); i < end; i++)
      array_push(&e->c->arena, &known, name_text(&e->c->names, e->m->attributes.at[i].name));
    suggest(e, f, node_name(e, member), known.at, known.n);
  }
  return attribute;
}

static bool hop_named(struct elaboration *e, uint32_t node, const struct binding *bindings, struct hop_list *out) {
  uint32_t attribute = attribute_named_by(e, NODE(e, node)->child, bindings), arrival = node_child(e, node, 1);
  struct span at = node_span(e->tree, node);
  if (attribute == NONE || !arrival) return false;
  if (NODE(e, arrival)->next) {
    finding_add(e->c, CODE_112, at, "a hop is named by the one value where it arrives");
    return false;
  }
  const struct attribute *a = &e->m->attributes.at[attribute];
  struct scope s = scope_plan(bindings);
  struct value wanted = eval_constant(e, &s, arrival, attribute_wants(e, attribute), "the value where a hop arrives");
  if (value_poisoned(&wanted)) return false;
  uint32_t found = NONE;
  for (uint32_t h = 0; h < a->hop_count; h++) {
    struct cases c = attribute_value_at(e, attribute, h + 1);
    bool same = c.n == 1 && value_equal(&c.at[0].value, &wanted);
    if (same && found != NONE) {
      struct finding *f = finding_add(e->c, CODE_110, at, "`%s` of `%s` arrives there twice", name_text(&e->c->names, a->name), resource_name(e, a->owner));
      finding_label(e->c, f, a->at, "its values");
      return false;
    }
    if (same) found = h;
  }
  if (found == NONE) {
    struct text shown = {.arena = &e->c->arena};
    value_interpolate(e, &shown, &wanted, true);
    struct finding *f = finding_add(e->c, CODE_112, at, "no hop of `%s.%s` arrives at %s", resource_name(e, a->owner), name_text(&e->c->names, a->name), text_done(&shown));
    finding_label(e->c, f, a->at, a->hop_count ? "its values" : "it does not change");
    return false;
  }
  array_push(&e->c->arena, out, (struct hop){attribute, found});
  return true;
}

bool hops_named(struct elaboration *e, uint32_t node, const struct binding *bindings, struct hop_list *out, uint32_t *step, uint32_t *resource) {
  *step = *resource = NONE;
  if (NODE(e, node)->type == N_TRANSITION) return hop_named(e, node, bindings, out);
  struct scope s = scope_plan(bindings);
  struct span at = node_span(e->tree, node);
  if (NODE(e, node)->type == N_REF && !NODE(e, node)->child && index_get(&e->resource_index, NODE(e, node)->text) == NONE &&
      index_get(&e->step_index, NODE(e, node)->text) == NONE && index_get(&e->let_index, NODE(e, node)->text) == NONE) {
    bool is_bound = false;
    for (const struct binding *b = bindings; b && !is_bound; b = b->outer) is_bound = b->name == NODE(e, node)->text;
    if (!is_bound) return (void)name_unknown(e, &s, node, type_plain(T_STEP)), false;
  }
  struct value v = eval_constant(e, &s, node, NULL, "what is named here");
  if (value_poisoned(&v)) return false;
  if (v.type == V_STEP) return *step = v.id, true;
  if (v.type != V_RESOURCE) {
    struct finding *f = finding_add(e->c, CODE_112, at, "named here are steps, resources and hops, and %s", value_described(e, &v));
    finding_remark(e->c, f, REMARK_HELP, "a hop is named `RESOURCE.ATTRIBUTE -> VALUE`");
    return false;
  }
  *resource = v.id;
  struct attribute_range own = attributes_unread(e->m, v.id);
  for (uint32_t i = own.at; i < own.end; i++)
    for (uint32_t h = 0; h < e->m->attributes.at[i].hop_count; h++) array_push(&e->c->arena, out, (struct hop){i, h});
  return true;
}

/* ── covers ────────────────────────────────────────────────────────────────── */

struct covering {
  struct elaboration *e;
  struct index chain_of; /* attribute -> index into chains */
};

static void take_hop(struct covering *c, uint32_t step, const struct hop *hop, struct span at) {
  struct elaboration *e = c->e;
  struct step_table *t = e->table;
  const struct attribute *a = &e->m->attributes.at[hop->attribute];
  uint32_t chain = index_get(&c->chain_of, hop->attribute);
  if (!t->owner[chain]) {
    t->owner[chain] = arena_array(&e->c->arena, uint32_t, a->hop_count);
    for (uint32_t h = 0; h < a->hop_count; h++) t->owner[chain][h] = NONE;
  }
  const char *resource = resource_name(e, a->owner), *name = name_text(&e->c->names, a->name);
  for (uint32_t h = 0; h < a->hop_count; h++) {
    if (h != hop->index && t->owner[chain][h] == step) {
      struct finding *f = finding_add(e->c, CODE_112, at, "step `%s` covers two hops of `%s.%s`, which come one after the other", name_text(&e->c->names, e->steps.at[step].name), resource, name);
      finding_label(e->c, f, a->at, "its values");
      finding_remark(e->c, f, REMARK_HELP, "name the one hop that is meant: `%s.%s -> VALUE`", resource, name);
      return;
    }
  }
  uint32_t *owner = &t->owner[chain][hop->index];
  if (*owner != NONE && *owner != step) {
    struct finding *f = finding_add(e->c, CODE_112, at, "`%s.%s` is covered by two steps", resource, name);
    finding_label(e->c, f, e->steps.at[*owner].at, "the other one");
    return;
  }
  if (*owner == step) return;
  *owner = step;
  struct covered *covered = &t->covers[step];
  array_push(&e->c->arena, &covered->hops, *hop);
  if (index_put(&e->c->arena, &covered->places, a->owner, covered->resources.n) != covered->resources.n) return;
  array_push(&e->c->arena, &covered->resources, a->owner);
}

static void cover_one(struct covering *c, uint32_t step, uint32_t element) {
  struct elaboration *e = c->e;
  struct hop_list hops = {0};
  uint32_t other, resource;
  struct span at = node_span(e->tree, element);
  if (!hops_named(e, element, e->steps.at[step].bindings, &hops, &other, &resource)) return;
  if (other != NONE) {
    finding_add(e->c, CODE_112, at, "`covers` names resources and hops, and `%s` is a step", name_text(&e->c->names, e->steps.at[other].name));
    return;
  }
  if (!hops.n) {
    struct finding *f = finding_add(e->c, CODE_112, at, "`%s` does not change in this plan, so no step can cover it", resource_name(e, resource));
    finding_label(e->c, f, resource_span(e->m, resource), "no arrow in here");
    return;
  }
  for (uint32_t i = 0; i < hops.n; i++) take_hop(c, step, &hops.at[i], at);
}

void covers_resolve(struct elaboration *e) {
  struct covering c = {.e = e};
  struct step_table *t = e->table;
  for (uint32_t i = 0; i < t->chain_count && e->steps.n; i++) index_put(&e->c->arena, &c.chain_of, t->chains[i].attribute, i);
  for (uint32_t d = 0; d < e->steps.n; d++) {
    uint32_t item = node_attr(e, e->steps.at[d].node, "covers"), list = item ? NODE(e, item)->child : 0;
    if (!list) continue;
    t->covers[d].node = list;
    if (NODE(e, list)->type != N_LIST) {
      cover_one(&c, d, list);
      continue;
    }
    for (uint32_t i = NODE(e, list)->child; i; i = NODE(e, i)->next) cover_one(&c, d, i);
  }
}
