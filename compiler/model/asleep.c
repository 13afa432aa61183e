/* Resources of plain values that nobody asks about: their text -> facts, without nodes, attributes and values, which are made when
 * somebody asks for them (attributes_of).
 * Needs kinds. Guarantees that a resource which has woken is as if it had never slept, and that what is read from the text of one that
 * sleeps is what its attributes would give: where that is not certain at a glance, a value of another type, a name that is not
 * known, it wakes. The first of each shape never sleeps: it says what is wrong with the defaults of its kind. */
#include "model/asleep.h"

#include <string.h>

/* ── Which may sleep, and which need no nodes ───────────────────────────────────────────────────────── */

static void constants(struct elaboration *e, uint32_t node) {
  struct asleep *a = e->asleep;
  if (NODE(e, node)->type == N_LET) {
    index_put(&e->c->arena, &a->constants, NODE(e, node)->text, 1);
    a->moving = a->moving || node_arrows(e, NODE(e, node)->child);
  } else if (NODE(e, node)->type == N_FOR)
    for (uint32_t i = NODE(e, node)->child; i; i = NODE(e, i)->next) constants(e, i);
}

void asleep_begin(struct elaboration *e) {
  struct asleep *a = e->asleep = arena_new(&e->c->arena, struct asleep);
  a->shapes = arena_array(&e->c->arena, struct dozing, e->tree->shapes.n + 1u);
  for (uint32_t h = 0; h < e->headings.n; h++) {
    uint32_t i = e->headings.at[h];
    constants(e, i);
    if (NODE(e, i)->type != N_HOPS) continue;
    a->hops++;
    if (NODE(e, i)->child) index_put(&e->c->arena, &a->changed, NODE(e, NODE(e, i)->child)->text, 1);
  }
}

uint32_t slot_of(const struct dozing *d, const struct plain_shape *shape, uint32_t name) {
  for (uint32_t i = 0; i < d->slot_count; i++)
    if (shape->names[i] == name) return i;
  return NONE;
}

static bool bare(const struct elaboration *e, uint32_t node) { return node && NODE(e, node)->type == N_REF && !NODE(e, node)->child; }

static bool serving_read(struct elaboration *e, struct dozing *d, const struct plain_shape *shape, const struct kind *k, uint32_t item) {
  uint32_t host = node_child(e, item, 0), port = node_child(e, item, 1), zone = node_child(e, item, 2);
  struct serving s = {.port = NONE, .zone = NONE};
  if (d->serving_count == SERVES || !zone || !bare(e, host) || !bare(e, zone)) return false;
  if ((s.host = slot_of(d, shape, NODE(e, host)->text)) == NONE || s.host == d->needs) return false;
  if (NODE(e, port)->type == N_LITERAL && !NODE(e, port)->op) {
    s.fixed_port = e->tree->values.at[NODE(e, port)->text].value;
    if (s.fixed_port.type != V_PORT) return false;
  } else if (!bare(e, port) || (s.port = slot_of(d, shape, NODE(e, port)->text)) == NONE || s.port == d->needs) return false;
  uint32_t name = NODE(e, zone)->text;
  s.zone = slot_of(d, shape, name);
  s.fixed_zone = zone_find(e, name);
  if (s.zone == NONE && (s.fixed_zone == NONE || kind_field(k, name) != NONE || universal_type(e, name))) return false;
  if (s.zone != NONE && (s.zone == d->needs || d->slots[s.zone].type->tag != T_ZONE)) return false;
  d->servings[d->serving_count++] = s;
  return true;
}

/* Facts that are read from the text at a glance; whatever else a kind says of its resources wakes them. */
static bool items_known(struct elaboration *e, struct dozing *d, const struct plain_shape *shape, const struct kind *k) {
  for (uint32_t i = NODE(e, k->node)->child; i; i = NODE(e, i)->next)
    switch ((int)NODE(e, i)->type) {
    case N_FORWARDS: case N_NAMES: case N_OWNS: case N_HOSTS: case N_NEEDS: case N_WHEN: case N_REQUIRE: case N_ASKS: return false;
    case N_SERVES:
      if (!serving_read(e, d, shape, k, i)) return false;
      break;
    default: break;
    }
  return true;
}

/* A default that is the same for each resource. */
static bool same_for_all(const struct elaboration *e, const struct field *field) {
  const struct node *n = NODE(e, field->preset);
  if (n->type == N_REF) return !n->child && type_has_word(field->type, n->text);
  if (n->type != N_LIST) return n->type == N_LITERAL;
  for (uint32_t i = n->child; i; i = NODE(e, i)->next)
    if (NODE(e, i)->type != N_LITERAL) return false;
  return true;
}

/* Nothing is left to say that has to be evaluated for each of them: all values are written or the same for all. */
static bool fields_known(struct elaboration *e, struct dozing *d, const struct plain_shape *shape, const struct kind *k) {
  for (uint32_t i = 0; i < k->field_count; i++) {
    const struct field *field = &k->fields[i];
    if (universal_type(e, field->name)) return false;
    if (slot_of(d, shape, field->name) != NONE) continue;
    if (field->name == e->words->zone && field->preset) return false;
    if (field->preset ? !same_for_all(e, field) : field->type->tag != T_OPTIONAL) return false;
  }
  for (uint32_t i = 0; i < k->presets.n; i++) {
    const struct node *n = NODE(e, k->presets.at[i]);
    if (!n->child || NODE(e, n->child)->type != N_LITERAL || n->text == e->words->name || n->text == e->words->exists || n->text == e->words->needs) return false;
  }
  d->attribute_count = k->field_count + k->presets.n + (d->needs != NONE);
  return true;
}

/* Literals that are wanted as they are written. */
static uint32_t literals_wanted(const struct type *t) {
  static const uint8_t same[] = {[V_STRING] = T_STRING, [V_NUMBER] = T_NUMBER, [V_BOOL] = T_BOOL, [V_DURATION] = T_DURATION, [V_VERSION] = T_VERSION,
                                 [V_ADDRESS] = T_ADDRESS, [V_CIDR] = T_CIDR, [V_PORT] = T_PORT, [V_ENDPOINT] = T_ENDPOINT};
  uint32_t all = 0;
  if (t->tag == T_OPTIONAL || t->tag == T_LIST) return literals_wanted(t->of[0]);
  for (uint32_t i = 0; t->tag == T_ONE_OF && i < t->n; i++) all |= literals_wanted(t->of[i]);
  for (uint32_t i = 0; i < sizeof same; i++)
    if (t->tag == T_ANY || (same[i] != T_ANY && same[i] == t->tag)) all |= 1u << i;
  return t->tag == T_HOST ? all | 1u << V_ADDRESS : all;
}

/* Its attributes have names of their own in facts, before they are made. */
static bool named_apart(struct elaboration *e, const struct dozing *d) {
  struct asleep *a = e->asleep;
  uint32_t widest = d->attribute_count > a->widest ? d->attribute_count : a->widest;
  if ((uint64_t)widest * ((uint64_t)e->written + COPIES_MAX) >= ATTRIBUTE_ASLEEP) return false;
  a->widest = widest;
  return true;
}

/* What each of its values is to its kind. False where something is to be said of that, or where others read its nodes. */
static bool slots_known(struct elaboration *e, struct dozing *d, const struct plain_shape *shape, const struct kind *k) {
  const struct word_table *w = e->words;
  uint32_t others = 0;
  d->zone = d->needs = NONE;
  for (uint32_t i = 0; i < shape->n; i++, d->slot_count = i) {
    uint32_t name = shape->names[i], field = kind_field(k, name);
    d->slots[i] = d->slots[i ? i - 1 : 0];
    if (!name) continue;
    const struct type *type = field == NONE ? universal_type(e, name) : k->fields[field].type;
    if (!type || name == w->after || name == w->owner || name == w->exists || slot_of(d, shape, name) != NONE) return false;
    if (name == w->needs) d->needs = i;
    else if (name == w->zone) d->zone = i;
    d->slots[i] = (struct slot){type, literals_wanted(type), field == NONE ? k->field_count + others++ : field};
  }
  for (uint32_t i = 0; i < k->field_count; i++)
    if (slot_of(d, shape, k->fields[i].name) == NONE && !k->fields[i].preset && k->fields[i].type->tag != T_OPTIONAL) return false;
  return true;
}

static bool shape_may(struct elaboration *e, struct dozing *d, const struct plain_shape *shape, const struct kind *k) {
  if (shape->changes || e->seen || k->asks || k->provider) return false;
  for (uint32_t i = 0; i < shape->n; i++)
    if (i != d->needs && d->slots[i].attribute >= k->field_count) return false;
  return fields_known(e, d, shape, k) && items_known(e, d, shape, k) && named_apart(e, d);
}

static bool names_constant(const struct elaboration *e, uint32_t source, const struct plain_value *v) {
  const struct names *names = &e->c->names;
  uint32_t name = v->type == V_WORD ? name_find(names, e->c->sources.at[source].text + v->start, v->end - v->start) : NONE;
  return name != NONE && index_get(&e->asleep->constants, name) != NONE;
}

static bool says_constant(const struct elaboration *e, uint32_t node) {
  struct plain_value said[PLAIN_VALUES], item;
  uint32_t source = NODE(e, node)->source;
  plain_read(e->tree, node, said);
  for (uint32_t i = 0; i < e->tree->shapes.at[plain_of(e->tree, node).shape].n; i++) {
    if (names_constant(e, source, &said[i])) return true;
    for (uint32_t at = said[i].start; said[i].type == V_LIST && plain_element(e->tree, source, &at, &item);)
      if (names_constant(e, source, &item)) return true;
  }
  return false;
}

static bool changed_apart(const struct asleep *a, const struct plain *p) { return a->hops && index_get(&a->changed, p->name) != NONE; }

bool asleep_text(const struct elaboration *e, const struct plain *p, uint32_t kind) {
  return kind != NONE && e->asleep->shapes[p->shape].text && !changed_apart(e->asleep, p);
}

bool asleep_add(struct elaboration *e, uint32_t resource, const struct plain *p, uint32_t kind) {
  struct asleep *a = e->asleep;
  struct dozing *d = &a->shapes[p->shape];
  if (kind == NONE || d->may == MAY_NOT || changed_apart(a, p)) return false;
  if (d->may != MAY) {
    const struct plain_shape *shape = &e->tree->shapes.at[p->shape];
    d->text = slots_known(e, d, shape, &e->kinds.at[kind]);
    d->may = d->text && shape_may(e, d, shape, &e->kinds.at[kind]) ? MAY : MAY_NOT;
    return false;
  }
  if (a->moving && says_constant(e, e->m->resources.at[resource].node)) return false;
  e->m->resources.at[resource].attributes = NONE;
  e->m->resources.at[resource].slept = true;
  a->attributes += d->attribute_count;
  return true;
}

/* ── Asleep, and awake again ───────────────────────────────────────────────── */

const struct dozing *dozing_of(const struct elaboration *e, uint32_t resource) {
  return &e->asleep->shapes[plain_of(e->tree, e->m->resources.at[resource].node).shape];
}

bool resource_asleep(const struct model *m, uint32_t resource) { return m->resources.at[resource].attributes == NONE; }

bool asleep_without(const struct elaboration *e, uint32_t resource, uint32_t name) {
  if (!resource_asleep(e->m, resource)) return false;
  const struct kind *k = &e->kinds.at[e->m->resources.at[resource].kind_id];
  if (kind_field(k, name) != NONE || name == e->words->needs) return false;
  for (uint32_t i = 0; i < k->presets.n; i++)
    if (NODE(e, k->presets.at[i])->text == name) return false;
  return true;
}

void asleep_room(struct elaboration *e) {
  struct arena *a = &e->c->arena;
  uint32_t want = e->m->attributes.n + e->asleep->attributes;
  tree_room_to_wake(e->tree, 4 * e->asleep->hops, e->asleep->hops);
  if (e->m->attributes.cap < want) e->m->attributes.at = arena_grow(a, e->m->attributes.at, e->m->attributes.n, &e->m->attributes.cap, want, sizeof *e->m->attributes.at);
  if (e->lazies.cap < want) e->lazies.at = arena_grow(a, e->lazies.at, e->lazies.n, &e->lazies.cap, want, sizeof *e->lazies.at);
}

static void wake(struct elaboration *e, uint32_t resource) {
  asleep_alone(e);
  e->asleep->attributes -= dozing_of(e, resource)->attribute_count;
  attributes_declare(e, resource);
  if (e->naming) return; /* the passes that follow see it like all others */
  attributes_relate(e, resource);
  struct attribute_range own = attributes_unread(e->m, resource);
  for (uint32_t i = own.at; e->related && i < own.end; i++) attribute_cases(e, i);
}

struct attribute_range attributes_unread(const struct model *m, uint32_t resource) {
  const struct resource *r = &m->resources.at[resource];
  if (r->attributes == NONE && m->elaboration) wake(m->elaboration, resource);
  return (struct attribute_range){r->attributes, r->attributes + r->attribute_count};
}

struct attribute_range attributes_of(const struct model *m, uint32_t resource) {
  struct attribute_range own = attributes_unread(m, resource);
  if (!m->resources.at[resource].unread) return own;
  for (uint32_t i = own.at; i < own.end; i++) attribute_cases(m->elaboration, i);
  m->resources.at[resource].unread = false;
  return own;
}

void attributes_of_all(const struct model *m) {
  for (uint32_t r = 0; r < m->resources.n; r++) (void)attributes_of(m, r);
}

uint32_t attribute_asleep(const struct elaboration *e, uint32_t resource, uint32_t nth) {
  return ATTRIBUTE_ASLEEP | (resource * e->asleep->widest + nth);
}

uint32_t fact_attribute(const struct model *m, const struct fact *f) {
  if (f->attribute == NONE || !(f->attribute & ATTRIBUTE_ASLEEP)) return f->attribute;
  return attributes_unread(m, f->by).at + (f->attribute & ~ATTRIBUTE_ASLEEP) - f->by * m->elaboration->asleep->widest;
}
