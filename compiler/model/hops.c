/* Changes said apart from what they change: `box.address -> 10.0.0.4` -> the arrow in the attribute's own value.
 * Needs the declarations. Guarantees that an attribute changed here is as if the arrow stood in its resource; one that changes
 * in both places, or twice here, is one finding. */
#include "model/elaborate.h"

/* The resource and attribute that a declaration names; false after a finding. */
static bool named(struct elaboration *e, uint32_t ref, uint32_t *resource, uint32_t *attribute) {
  uint32_t member = NODE(e, ref)->child;
  const char *name = node_name(e, ref);
  struct finding *f;
  *resource = index_get(&e->resource_index, NODE(e, ref)->text);
  if (*resource == NONE) {
    struct scope s = scope_plan(NULL);
    (void)name_unknown(e, &s, ref, type_plain(T_RESOURCE));
    return false;
  }
  if (!member || NODE(e, member)->next) {
    f = finding_add(e->c, CODE_001, node_span(e->tree, ref), "a change names one attribute of one resource");
    finding_remark(e->c, f, REMARK_HELP, "write it as `%s.ATTRIBUTE -> VALUE`", name);
    return false;
  }
  *attribute = attribute_index(e, *resource, NODE(e, member)->text);
  if (*attribute != NONE) return e->lazies.at[*attribute].node != NONE;
  f = finding_add(e->c, CODE_102, node_span(e->tree, member), "%s `%s` has no attribute `%s` to change",
                  name_text(&e->c->names, e->m->resources.at[*resource].kind), name, node_name(e, member));
  f->resource = NODE(e, ref)->text;
  ARRAY(const char *) known = {0};
  struct attribute_range own = attributes_unread(e->m, *resource);
  for (uint32_t i = own.at, end = own.at + suggest_among(e, own.end - own.at); i < end; i++)
    array_push(&e->c->arena, &known, name_text(&e->c->names, e->m->attributes.at[i].name));
  suggest(e, f, node_name(e, member), known.at, known.n);
  return false;
}

/* A default that hangs on other attributes means them where the kind says it, not here. */
static bool movable(const struct elaboration *e, uint32_t attribute) {
  const struct lazy_attribute *lazy = &e->lazies.at[attribute];
  uint32_t kind = e->m->resources.at[e->m->attributes.at[attribute].owner].kind_id;
  const struct node *n = NODE(e, lazy->node);
  if (!lazy->preset || !lazy->node || n->type == N_LITERAL || kind == NONE) return true;
  if (n->type == N_REF) return !n->child && kind_field(&e->kinds.at[kind], n->text) == NONE;
  for (uint32_t i = n->child; i; i = NODE(e, i)->next)
    if (NODE(e, i)->type != N_LITERAL) return false;
  return n->type == N_LIST || n->type == N_MAP;
}

static uint32_t node_copy(struct elaboration *e, struct node n) {
  array_push(&e->c->arena, &e->tree->nodes, n);
  return e->tree->nodes.n - 1;
}

/* What the attribute is now, as the first of a chain: its value as written, its default, or nothing. */
static uint32_t first_value(struct elaboration *e, uint32_t attribute, struct span at) {
  uint32_t node = e->lazies.at[attribute].node;
  if (node) return node_copy(e, *NODE(e, node));
  uint32_t none = tree_value(e->tree, (struct value){.type = V_NONE, .at = at});
  return node_copy(e, (struct node){.type = N_LITERAL, .source = (uint16_t)at.source, .start = at.start, .end = at.end, .text = none});
}

static void apply(struct elaboration *e, uint32_t node) {
  uint32_t ref = NODE(e, node)->child, resource, attribute;
  if (!ref || !NODE(e, ref)->next || !named(e, ref, &resource, &attribute)) return;
  struct lazy_attribute *lazy = &e->lazies.at[attribute];
  struct attribute *a = &e->m->attributes.at[attribute];
  const char *name = name_text(&e->c->names, a->name), *owner = name_text(&e->c->names, e->m->resources.at[resource].name);
  struct span at = node_span(e->tree, node);
  if (lazy->node && NODE(e, lazy->node)->type == N_TRANSITION) {
    struct finding *f = finding_add(e->c, CODE_106, at, "`%s` of `%s` changes in two places", name, owner);
    finding_label(e->c, f, a->at, "first here");
    finding_remark(e->c, f, REMARK_HELP, "write the whole chain in one of them: a -> b -> c");
    f->resource = e->m->resources.at[resource].name;
    return;
  }
  if (!movable(e, attribute)) {
    struct finding *f = finding_add(e->c, CODE_111, at, "`%s` of `%s` follows other attributes by default, and has no value of its own to change", name, owner);
    finding_label(e->c, f, a->at, "the default");
    finding_remark(e->c, f, REMARK_HELP, "write `%s` with its arrow in `%s`", name, owner);
    f->resource = e->m->resources.at[resource].name;
    return;
  }
  uint32_t first = first_value(e, attribute, at);
  e->tree->nodes.at[first].next = NODE(e, ref)->next;
  struct node arrow = *NODE(e, node);
  arrow.type = N_TRANSITION;
  arrow.text = arrow.doc = arrow.next = 0;
  arrow.child = first;
  uint32_t chain = node_copy(e, arrow);
  lazy = &e->lazies.at[attribute];
  lazy->node = chain;
  lazy->preset = false;
  a->written = true;
  a->at = at;
}

void hops_apply(struct elaboration *e) {
  for (uint32_t h = 0; h < e->headings.n; h++)
    if (NODE(e, e->headings.at[h])->type == N_HOPS) apply(e, e->headings.at[h]);
}
