/* Resources of plain values that nobody asks about: their text -> facts, without nodes, attributes and values, which are made when
 * somebody asks for them (attributes_of).
 * Needs kinds. Guarantees that a resource which has woken is as if it had never slept, and that what is read from the text of one that
 * sleeps is what its attributes would give: where that is not certain at a glance, a value of another type, a name that is not
 * known, it wakes. The first of each shape never sleeps: it says what is wrong with the defaults of its kind. */
#include "model/elaborate.h"

#include <string.h>

enum { SLOTS = 24, SERVES = 8, AT_ONCE = 16 };
enum may { MAY_BE, MAY, MAY_NOT };

/* What a name in the text of a shape means to its kind. */
struct slot {
  const struct type *type;
  uint32_t attribute;  /* counted from the first of the resource */
};
struct serving {       /* `serves HOST PORT in ZONE` */
  uint32_t host, port, zone; /* slots; NONE: fixed_port, fixed_zone */
  struct value fixed_port;
  uint32_t fixed_zone;
};
struct dozing {        /* beside a shape of the tree */
  enum may may;
  uint32_t slot_count, serving_count, attribute_count;
  uint32_t zone, needs; /* slots, NONE */
  struct slot slots[SLOTS];
  struct serving servings[SERVES];
};
struct asleep {
  struct dozing *shapes;
  struct index changed;      /* names of resources that a change said apart speaks of */
  uint32_t hops;             /* how many of those */
  uint32_t attributes, named; /* those that sleep now; those that ever did, plus one */
  bool settled, stands;      /* once all are declared: does any stand for something else? */
  const char *zone_text;     /* the word that named a zone last, and that zone */
  uint32_t zone_length, zone;
};

/* ── Which may sleep ───────────────────────────────────────────────────────── */

void asleep_begin(struct elaboration *e) {
  struct asleep *a = e->asleep = arena_new(&e->c->arena, struct asleep);
  a->named = 1;
  a->shapes = arena_array(&e->c->arena, struct dozing, e->tree->shapes.n + 1u);
  for (uint32_t f = 0; f < e->files.n; f++)
    for (uint32_t i = NODE(e, e->files.at[f])->child; i; i = NODE(e, i)->next) {
      if (NODE(e, i)->type != N_HOPS) continue;
      a->hops++;
      if (NODE(e, i)->child) index_put(&e->c->arena, &a->changed, NODE(e, NODE(e, i)->child)->text, 1);
    }
}

static uint32_t slot_of(const struct dozing *d, const struct plain_shape *shape, uint32_t name) {
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

static bool shape_may(struct elaboration *e, struct dozing *d, const struct plain_shape *shape, uint32_t kind) {
  const struct kind *k = &e->kinds.at[kind];
  if (shape->n > SLOTS || e->seen || k->asks || k->provider) return false;
  d->zone = d->needs = NONE;
  for (uint32_t i = 0; i < shape->n; i++) {
    uint32_t name = shape->names[i], field = kind_field(k, name);
    if (slot_of(d, shape, name) != NONE) return false; /* said twice */
    if (field == NONE && name != e->words->needs) return false;
    if (field == NONE) d->needs = i;
    else if (name == e->words->zone) d->zone = i;
    d->slots[i] = field == NONE ? (struct slot){type_plain(T_ANY), k->field_count} : (struct slot){k->fields[field].type, field};
    d->slot_count = i + 1;
  }
  return fields_known(e, d, shape, k) && items_known(e, d, shape, k);
}

bool asleep_may(struct elaboration *e, uint32_t node, uint32_t kind) {
  const struct plain *p = &e->tree->plains.at[NODE(e, node)->doc];
  struct dozing *d = &e->asleep->shapes[p->shape];
  if (kind == NONE || d->may == MAY_NOT || index_get(&e->asleep->changed, p->name) != NONE) return false;
  if (d->may == MAY) return true;
  d->may = shape_may(e, d, &e->tree->shapes.at[p->shape], kind) ? MAY : MAY_NOT;
  return false;
}

/* ── Asleep, and awake again ───────────────────────────────────────────────── */

static const struct dozing *dozing_of(const struct elaboration *e, uint32_t resource) {
  return &e->asleep->shapes[e->tree->plains.at[NODE(e, e->m->resources.at[resource].node)->doc].shape];
}

bool resource_asleep(const struct model *m, uint32_t resource) { return m->resources.at[resource].attributes == NONE; }

void asleep_add(struct elaboration *e, uint32_t resource) {
  struct asleep *a = e->asleep;
  uint32_t n = dozing_of(e, resource)->attribute_count;
  e->m->resources.at[resource].attributes = NONE;
  e->resources.at[resource].asleep = a->named;
  a->named += n;
  a->attributes += n;
}

bool asleep_without(const struct elaboration *e, uint32_t resource, uint32_t name) {
  if (!resource_asleep(e->m, resource)) return false;
  const struct kind *k = &e->kinds.at[e->resources.at[resource].kind];
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
  e->asleep->attributes -= dozing_of(e, resource)->attribute_count;
  tree_wake(e->tree, e->m->resources.at[resource].node);
  attributes_declare(e, resource);
  if (e->naming) return; /* the passes that follow see it like all others */
  attributes_relate(e, resource);
  struct attribute_range own = attributes_of(e->m, resource);
  for (uint32_t i = own.at; e->related && i < own.end; i++) attribute_cases(e, i);
}

struct attribute_range attributes_of(const struct model *m, uint32_t resource) {
  const struct resource *r = &m->resources.at[resource];
  if (r->attributes == NONE && m->elaboration) wake(m->elaboration, resource);
  return (struct attribute_range){r->attributes, r->attributes + r->attribute_count};
}

void attributes_of_all(const struct model *m) {
  for (uint32_t r = 0; r < m->resources.n; r++) (void)attributes_of(m, r);
}

uint32_t fact_attribute(const struct model *m, const struct fact *f) {
  if (f->attribute == NONE || !(f->attribute & ATTRIBUTE_ASLEEP)) return f->attribute;
  return attributes_of(m, f->by).at + (f->attribute & ~ATTRIBUTE_ASLEEP) - m->elaboration->resources.at[f->by].asleep;
}

/* ── Facts from the text ───────────────────────────────────────────────────── */

struct glance {
  struct elaboration *e;
  const struct dozing *d;
  uint32_t resource;
  const char *text;
  uint32_t source;
  const struct plain_value *values;
};

static struct span span_at(const struct glance *g, const struct plain_value *v) { return (struct span){g->source, v->start, v->end}; }
static uint32_t word_at(const struct glance *g, const struct plain_value *v) {
  return name_find(&g->e->c->names, g->text + v->start, v->end - v->start);
}

static bool ambiguous(const struct elaboration *e, uint32_t name) {
  return name == NONE || name == e->words->old || name == e->words->new || name == e->words->any;
}

/* The zone that a word names, NONE: for most it is that of the one before. */
static uint32_t zone_at(const struct glance *g, const struct plain_value *v) {
  struct asleep *a = g->e->asleep;
  uint32_t n = v->end - v->start;
  if (a->zone_length != n || memcmp(a->zone_text, g->text + v->start, n) != 0) {
    uint32_t name = word_at(g, v);
    a->zone = ambiguous(g->e, name) ? NONE : zone_find(g->e, name);
    a->zone_text = g->text + v->start;
    a->zone_length = n;
  }
  return a->zone;
}

/* A literal that is wanted as it is written. */
static bool literal_wanted(const struct type *t, uint8_t type) {
  static const uint8_t same[] = {[V_STRING] = T_STRING, [V_NUMBER] = T_NUMBER, [V_BOOL] = T_BOOL, [V_DURATION] = T_DURATION, [V_VERSION] = T_VERSION,
                                 [V_ADDRESS] = T_ADDRESS, [V_CIDR] = T_CIDR, [V_PORT] = T_PORT, [V_ENDPOINT] = T_ENDPOINT};
  if (t->tag == T_ANY) return true;
  if (t->tag == T_OPTIONAL || t->tag == T_LIST) return literal_wanted(t->of[0], type);
  for (uint32_t i = 0; t->tag == T_ONE_OF && i < t->n; i++)
    if (literal_wanted(t->of[i], type)) return true;
  return same[type] == t->tag || (t->tag == T_HOST && type == V_ADDRESS);
}

/* The resource that a word names, where it can mean nothing else; NONE. */
static uint32_t resource_named(const struct elaboration *e, uint32_t name) {
  const struct word_table *w = e->words;
  if (name == NONE || name == w->old || name == w->new || name == w->via || name == w->any) return NONE;
  return index_get(&e->resource_index, name);
}

static bool word_wanted(const struct glance *g, const struct type *t, const struct plain_value *v) {
  while (t->tag == T_OPTIONAL) t = t->of[0];
  if (t->tag == T_ZONE) return zone_at(g, v) != NONE;
  uint32_t name = word_at(g, v), resource;
  if (ambiguous(g->e, name)) return false;
  if (t->tag == T_ONE_OF) return type_has_word(t, name);
  if (t->tag != T_RESOURCE || (resource = resource_named(g->e, name)) == NONE) return false;
  uint32_t kind = g->e->resources.at[resource].kind;
  return kind != NONE && (t->kind == NONE || t->kind == kind);
}

static bool value_wanted(const struct glance *g, const struct type *t, const struct plain_value *v) {
  struct plain_value item;
  if (v->type == V_WORD) return word_wanted(g, t, v);
  if (v->type != V_LIST) return literal_wanted(t, v->type);
  while (t->tag == T_OPTIONAL) t = t->of[0];
  if (t->tag != T_LIST) return false;
  for (uint32_t at = v->start; plain_element(g->e->tree, g->source, &at, &item);)
    if (item.type == V_WORD ? !word_wanted(g, t->of[0], &item) : !literal_wanted(t->of[0], item.type)) return false;
  return true;
}

static uint32_t attribute_asleep(const struct elaboration *e, uint32_t resource, uint32_t nth) {
  return ATTRIBUTE_ASLEEP | (e->resources.at[resource].asleep + nth);
}

static struct fact fact_of(const struct glance *g, enum fact_type type, uint32_t slot) {
  return (struct fact){.type = (uint8_t)type, .proto = PROTO_ANY, .by = g->resource, .zone = NONE, .ttl = NONE, .at = NONE,
                       .attribute = attribute_asleep(g->e, g->resource, g->d->slots[slot].attribute), .span = span_at(g, &g->values[slot])};
}

static bool address_at(const struct glance *g, const struct plain_value *v, struct address *out) {
  struct value address;
  const char *why;
  if (v->type != V_ADDRESS) return false;
  if (v->read) {
    *out = (struct address){{[10] = 0xff, 0xff, (uint8_t)(v->number >> 24), (uint8_t)(v->number >> 16), (uint8_t)(v->number >> 8), (uint8_t)v->number}};
    return true;
  }
  if (!value_address(g->text + v->start, v->end - v->start, &address, &why)) return false;
  *out = address.from;
  return true;
}

static bool ports_at(const struct glance *g, const struct serving *s, const struct plain_value *v, struct fact *f) {
  struct value port = s->fixed_port;
  const char *why;
  if (s->port != NONE && v->read && v->type == V_PORT) port = (struct value){.type = V_PORT, .proto = v->proto, .lo = v->number, .hi = v->number};
  else if (s->port != NONE && (v->type != V_PORT || !value_port(g->text + v->start, v->end - v->start, &port, &why))) return false;
  f->proto = port.proto;
  f->port = port.lo;
  f->port_end = port.lo == port.hi ? NONE : port.hi;
  return true;
}

static bool served(struct glance *g, const struct serving *s) {
  const struct plain_value *host = &g->values[s->host], *ports = &g->values[s->port == NONE ? s->host : s->port];
  struct fact f = fact_of(g, FACT_SERVES, s->host);
  if (!address_at(g, host, &f.host.from) || !ports_at(g, s, ports, &f)) return false;
  f.zone = s->zone == NONE ? s->fixed_zone : zone_at(g, &g->values[s->zone]);
  f.host.type = HOST_ADDRESS;
  f.host.to = f.host.from;
  f.to = (struct target){.type = TARGET_NONE, .port = NONE, .zone = NONE, .resource = NONE};
  fact_keep(g->e, &f);
  return true;
}

static bool needed(struct glance *g, const struct plain_value *v) {
  uint32_t on = v->type == V_WORD ? resource_named(g->e, word_at(g, v)) : NONE;
  if (on == NONE || (g->e->asleep->stands && resource_stands(g->e, on))) return false;
  array_push(&g->e->c->arena, &g->e->m->facts, slot_of_need(g->resource, on));
  return true;
}

static bool needs(struct glance *g) {
  if (g->d->needs == NONE) return true;
  const struct plain_value *v = &g->values[g->d->needs];
  struct plain_value items[AT_ONCE];
  uint32_t n;
  if (v->type != V_LIST) return needed(g, v);
  for (uint32_t at = v->start;;) { /* some at once, so that their names are fetched side by side */
    for (n = 0; n < AT_ONCE && plain_element(g->e->tree, g->source, &at, &items[n]); n++)
      name_expect(&g->e->c->names, g->text + items[n].start, items[n].end - items[n].start);
    for (uint32_t i = 0; i < n; i++)
      if (!needed(g, &items[i])) return false;
    if (n < AT_ONCE) return true;
  }
}

static bool read_facts(struct glance *g) {
  for (uint32_t i = 0; i < g->d->slot_count; i++)
    if (i != g->d->needs && !value_wanted(g, g->d->slots[i].type, &g->values[i])) return false;
  for (uint32_t i = 0; i < g->d->serving_count; i++)
    if (!served(g, &g->d->servings[i])) return false;
  return needs(g);
}

static void settle(struct elaboration *e) {
  e->asleep->settled = true;
  for (uint32_t i = 0; i < e->kinds.n; i++) e->asleep->stands |= e->kinds.at[i].stands != NONE && e->kinds.at[i].resources.n > 0;
}

bool asleep_facts(struct elaboration *e, uint32_t resource) {
  struct model *m = e->m;
  const struct node *n = NODE(e, m->resources.at[resource].node);
  struct plain_value values[SLOTS];
  struct glance g = {e, dozing_of(e, resource), resource, e->c->sources.at[n->source].text, n->source, values};
  uint32_t before = m->facts.n;
  if (!e->asleep->settled) settle(e);
  plain_read(e->tree, m->resources.at[resource].node, values);
  if (!read_facts(&g)) {
    m->facts.n = before;
    (void)attributes_of(m, resource);
    return false;
  }
  const struct plain_value *zone = &values[g.d->zone == NONE ? 0 : g.d->zone];
  if (g.d->zone != NONE && zone->type == V_WORD && g.d->slots[g.d->zone].type->tag == T_ZONE) m->resources.at[resource].zone = zone_at(&g, zone);
  return true;
}

/* ── Needs that sleep ──────────────────────────────────────────────────────── */

/* The next of the needs of a resource, which lie together in the order of its list. */
static void need_wakes(const struct model *m, struct fact_slot *slot, struct fact *f, struct span at) {
  f->need.on = slot_on(*slot);
  f->need.at = at;
  *slot = slot_of_fact(fact_copy(&m->c->arena, f));
}

struct fact *fact_wake(const struct model *m, struct fact_slot *slots, uint32_t id) {
  struct elaboration *e = m->elaboration;
  uint32_t by = slot_by(slots[id]), first = id, n = 0;
  const struct node *node = NODE(e, m->resources.at[by].node);
  struct fact f = {.type = FACT_NEEDS, .proto = PROTO_ANY, .by = by, .zone = NONE, .need = need_empty()};
  while (first && slot_on(slots[first - 1]) != NONE && slot_by(slots[first - 1]) == by) first--;
  f.need.type = NEED_RESOURCE;
  if (resource_asleep(m, by)) {
    struct plain_value values[SLOTS], item;
    struct glance g = {e, dozing_of(e, by), by, e->c->sources.at[node->source].text, node->source, values};
    plain_read(e->tree, m->resources.at[by].node, values);
    const struct plain_value *v = &values[g.d->needs];
    f.attribute = attribute_asleep(e, by, g.d->slots[g.d->needs].attribute);
    f.span = span_at(&g, v);
    if (v->type != V_LIST) need_wakes(m, &slots[first], &f, f.span);
    for (uint32_t at = v->start; v->type == V_LIST && plain_element(e->tree, g.source, &at, &item);) need_wakes(m, &slots[first + n++], &f, span_at(&g, &item));
  } else {
    uint32_t attribute = attribute_index(e, by, e->words->needs);
    const struct value *v = &attribute_cases(e, attribute)->at[0].value;
    f.attribute = e->resources.at[by].asleep ? attribute_asleep(e, by, attribute - attributes_of(m, by).at) : attribute;
    f.span = m->attributes.at[attribute].at;
    for (; n < (v->type == V_LIST ? v->count : 1); n++) need_wakes(m, &slots[first + n], &f, v->type == V_LIST ? v->items[n].at : v->at);
  }
  return fact_in(m, slots, id);
}
