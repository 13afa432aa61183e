/* Resources of plain values that have to be awake: their text -> attributes, whose nodes are made for the moment in which somebody reads
 * them. In a large plan most that change are such, and a tree would be most of what is kept of them.
 * Needs shapes that asleep.c has looked at. Guarantees that all is as if the tree held them. */
#include "model/asleep.h"

#include <string.h>

/* ── What they say ─────────────────────────────────────────────────────────── */

static bool in_text(const struct elaboration *e, uint32_t attribute) { return node_is_text(e->lazies.at[attribute].node); }

struct opened attribute_open(struct elaboration *e, uint32_t attribute) {
  struct tree *t = e->tree;
  struct opened o = {e->lazies.at[attribute].node, t->nodes.n, t->values.n, in_text(e, attribute)};
  if (o.made) o.node = plain_nodes(t, e->m->attributes.at[attribute].at);
  return o;
}

void attribute_close(struct elaboration *e, const struct opened *o) {
  if (!o->made) return;
  e->tree->nodes.n = o->nodes;
  e->tree->values.n = o->values;
}

bool attribute_as_text(struct elaboration *e, uint32_t attribute, uint32_t index, struct guarded *out) {
  uint32_t node = e->lazies.at[attribute].node;
  struct span at = e->m->attributes.at[attribute].at;
  struct plain_value said;
  struct value fit;
  if (!node_is_text(node) || node_text_single(node, V_WORD) || node_text_single(node, V_LIST)) return false;
  if (!plain_link(e->tree, at, index, &said) || said.type == V_ENDPOINT) return false;
  *out = (struct guarded){.guard = GUARD_ALWAYS};
  return plain_literal(e->tree, at.source, &said, &out->value) && value_fits(e, &out->value, attribute_wants(e, attribute), &fit) &&
         !memcmp(&fit, &out->value, sizeof fit);
}

/* ── What need not be read yet ─────────────────────────────────────────────── */

static uint32_t word_of(const struct elaboration *e, uint32_t source, const struct plain_value *v) {
  uint32_t name = name_find(&e->c->names, e->c->sources.at[source].text + v->start, v->end - v->start);
  const struct word_table *w = e->words;
  return name == w->old || name == w->new || name == w->via || name == w->any ? NONE : name;
}

static uint32_t zone_said(const struct elaboration *e, struct span at) {
  struct plain_value v = {.start = at.start, .end = at.end};
  uint32_t name = word_of(e, at.source, &v);
  return name == NONE ? NONE : zone_find(e, name);
}

static bool still_text(const struct elaboration *e, uint32_t attribute) {
  const struct lazy_attribute *lazy = &e->lazies.at[attribute];
  return lazy->state == LAZY_NOT && node_is_text(lazy->node) && node_text_links(lazy->node) == 1 && !e->seen && !e->naming &&
         !e->m->attributes.at[attribute].hop_count;
}

bool attribute_quiet(struct elaboration *e, uint32_t attribute) {
  const struct attribute *a = &e->m->attributes.at[attribute];
  const struct lazy_attribute *lazy = &e->lazies.at[attribute];
  if (!still_text(e, attribute)) return false;
  if (!node_text_single(lazy->node, V_WORD) && !node_text_single(lazy->node, V_LIST)) {
    const struct dozing *d = dozing_of(e, a->owner);
    uint32_t nth = attribute - e->m->resources.at[a->owner].attributes, first = lazy->node >> 8 & 0xff, slot = 0;
    while (slot < d->slot_count && d->slots[slot].attribute != nth) slot++;
    return first != V_ENDPOINT && slot < d->slot_count && d->slots[slot].wants >> first & 1;
  }
  if (node_text_single(lazy->node, V_LIST)) return a->name == e->words->needs; /* its facts say what is wrong with it */
  return attribute_wants(e, attribute)->tag == T_ZONE && !resource_rare(e, a->owner)->bindings && zone_said(e, a->at) != NONE;
}

bool attribute_glance(struct elaboration *e, uint32_t attribute, struct guarded *out) {
  const struct attribute *a = &e->m->attributes.at[attribute];
  const struct lazy_attribute *lazy = &e->lazies.at[attribute];
  if (!still_text(e, attribute)) return false;
  if (!node_text_single(lazy->node, V_WORD)) return attribute_as_text(e, attribute, 0, out);
  *out = (struct guarded){.value = {.type = V_ZONE, .at = a->at}, .guard = GUARD_ALWAYS};
  return attribute_wants(e, attribute)->tag == T_ZONE && !resource_rare(e, a->owner)->bindings && (out->value.id = zone_said(e, a->at)) != NONE;
}

/* ── How many values ───────────────────────────────────────────────────────── */

uint32_t attribute_links(const struct elaboration *e, uint32_t attribute, struct span *spans) {
  uint32_t node = e->lazies.at[attribute].node, n = 0;
  if (in_text(e, attribute)) {
    if (spans) plain_links(e->tree, e->m->attributes.at[attribute].at, spans);
    return node_text_links(node);
  }
  if (!node || node == NONE || NODE(e, node)->type != N_TRANSITION) return 1;
  for (uint32_t i = NODE(e, node)->child; i; i = NODE(e, i)->next, n++)
    if (spans) spans[n] = node_span(e->tree, i);
  return n;
}

bool attribute_refers(const struct elaboration *e, uint32_t attribute) {
  uint32_t node = e->lazies.at[attribute].node;
  return node_is_text(node) ? node_text_single(node, V_WORD) : NODE(e, node)->type == N_REF;
}

bool attribute_literal(const struct elaboration *e, uint32_t attribute, uint32_t index) {
  uint32_t node = e->lazies.at[attribute].node;
  struct span at = e->m->attributes.at[attribute].at;
  struct plain_value v;
  if (node_is_text(node) && node_text_literals(node)) return index < node_text_links(node) && node_text_links(node) > 1;
  if (node_is_text(node)) return node_text_links(node) > 1 && plain_link(e->tree, at, index, &v) && v.type != V_WORD && v.type != V_LIST;
  if (!node || node == NONE || NODE(e, node)->type != N_TRANSITION) return false;
  uint32_t child = node_child(e, node, index);
  return child && NODE(e, child)->type == N_LITERAL;
}

/* ── Declaring them ────────────────────────────────────────────────────────── */

struct said {
  struct elaboration *e;
  uint32_t resource, source;
  const struct plain_shape *shape;
  struct plain_value values[PLAIN_VALUES];
};

static void declare(const struct said *s, uint32_t slot) {
  uint32_t last = slot;
  bool literals = true;
  while (last + 1 < s->shape->n && !s->shape->names[last + 1]) last++;
  for (uint32_t i = slot; i <= last; i++) literals = literals && s->values[i].type != V_WORD && s->values[i].type != V_LIST;
  attribute_add(s->e, s->resource, s->shape->names[slot], node_text(s->values[slot].type, last + 1 - slot, literals), false,
                (struct span){s->source, s->values[slot].start, s->values[last].end});
}

/* Names that its values will have once they are read: there from now on, since nobody may add one while others read them. */
static void names_ahead(const struct said *s, const struct plain_value *v) {
  struct plain_value item;
  struct value literal;
  if (v->type == V_STRING || v->type == V_VERSION || v->type == V_ENDPOINT) (void)plain_literal(s->e->tree, s->source, v, &literal);
  for (uint32_t at = v->start; v->type == V_LIST && plain_element(s->e->tree, s->source, &at, &item);)
    if (item.type != V_WORD) (void)plain_literal(s->e->tree, s->source, &item, &literal);
}

/* In the order of declare.c: the fields of the kind, what else is written, and what the kind says of that. */
void attributes_of_text(struct elaboration *e, uint32_t resource) {
  uint32_t node = e->m->resources.at[resource].node;
  const struct dozing *d = dozing_of(e, resource);
  const struct kind *k = &e->kinds.at[e->m->resources.at[resource].kind_id];
  struct said s = {.e = e, .resource = resource, .source = NODE(e, node)->source, .shape = &e->tree->shapes.at[plain_of(e->tree, node).shape]};
  plain_read(e->tree, node, s.values);
  for (uint32_t i = 0; i < d->slot_count; i++) names_ahead(&s, &s.values[i]);
  for (uint32_t i = 0, next = 0; i < k->field_count; i++) {
    const struct field *field = &k->fields[i];
    while (next < d->slot_count && !s.shape->names[next]) next++;
    uint32_t slot = next < d->slot_count && s.shape->names[next] == field->name ? next++ : slot_of(d, s.shape, field->name);
    if (slot != NONE) declare(&s, slot);
    else attribute_add(e, resource, field->name, field->preset, true, node_span(e->tree, field->preset ? field->preset : field->node));
  }
  for (uint32_t i = 0; i < d->slot_count; i++)
    if (s.shape->names[i] && d->slots[i].attribute >= k->field_count) declare(&s, i);
  for (uint32_t i = 0; i < k->presets.n; i++) {
    uint32_t name = NODE(e, k->presets.at[i])->text, value = NODE(e, k->presets.at[i])->child;
    if (name != e->words->after && value && slot_of(d, s.shape, name) == NONE)
      attribute_add(e, resource, name, value, true, node_span(e->tree, value));
  }
}
