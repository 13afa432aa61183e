/* The facts of resources that sleep: their text -> slots of facts, and the facts of slots when somebody asks.
 * Needs all declarations. Guarantees the slots in the order of the resources and of what their kinds say, however many threads read;
 * a resource that does not say all of it in a way that is certain at a glance is awake when its turn comes. */
#include "base/beside.h"
#include "model/asleep.h"

#include <stdatomic.h>
#include <string.h>

enum { AT_ONCE = 32, ITEMS = 16, RESOURCES_TO_SHARE = 2000, STRETCH = 512 /* resources */, STRETCHES_MOST = 512 };
#define UNREADABLE 0x7fffffffu /* as what is needed: the resource has to wake */

/* ── Values ────────────────────────────────────────────────────────────────── */

/* A word whose name is fetched from memory while others are read. */
struct unread { const char *text; uint32_t length, hash, slot, name; };
/* What one thread has read. */
struct glances {
  const struct elaboration *e;
  struct arena arena;
  ARRAY(struct fact_slot) slots; /* in order; one that is UNREADABLE behind those of a resource that has to wake, or among them */
  struct unread unread[AT_ONCE];
  uint32_t unread_count;
  const char *zone_text;         /* the word that named a zone last, and that zone */
  uint32_t zone_length, zone;
};
/* Resources that one thread reads; the facts of each stretch lie together. */
struct stretch {
  atomic_bool taken;
  bool beside;                   /* by the second thread */
  uint32_t at, n;                /* of its slots */
};
/* The second thread takes the stretches from the front, as soon as all resources are declared; the first from the back, when it can't go on
 * without them: where it needs their facts, or is about to change what is read here. They meet where neither waits long for the other. */
struct reading {
  struct glances beside, own;
  struct beside thread;
  bool running;
  uint32_t stretch_size, stretch_count, resources;
  uint32_t stretch, next;         /* taken over: the stretch at hand, and of its slots the next */
  struct stretch stretches[STRETCHES_MOST];
};
struct glance {
  struct glances *all;
  const struct elaboration *e;
  const struct dozing *d;
  uint32_t resource;
  const char *text;
  uint32_t source;
  uint32_t item_count;                              /* of what it needs, where that is a list: how many there are */
  struct plain_value values[SLOTS], items[ITEMS];   /* and the first of them */
};

static void glance_at(struct glance *g, struct glances *all, uint32_t resource) {
  const struct elaboration *e = all->e;
  uint32_t node = e->m->resources.at[resource].node;
  g->all = all;
  g->e = e;
  g->d = dozing_of(e, resource);
  g->resource = resource;
  g->source = NODE(e, node)->source;
  g->text = e->c->sources.at[g->source].text;
  g->item_count = plain_read_list(e->tree, node, g->values, g->d->needs, g->items, ITEMS);
}

static struct span span_at(const struct glance *g, const struct plain_value *v) { return (struct span){g->source, v->start, v->end}; }
static uint32_t word_at(const struct glance *g, const struct plain_value *v) {
  return name_find(&g->e->c->names, g->text + v->start, v->end - v->start);
}

static bool ambiguous(const struct elaboration *e, uint32_t name) {
  return name == NONE || name == e->words->old || name == e->words->new || name == e->words->any;
}

/* The zone that a word names, NONE: for most it is that of the one before. */
static uint32_t zone_at(const struct glance *g, const struct plain_value *v) {
  struct glances *a = g->all;
  uint32_t n = v->end - v->start;
  if (a->zone_text == g->text + v->start) return a->zone;
  if (a->zone_length != n || memcmp(a->zone_text, g->text + v->start, n) != 0) {
    uint32_t name = word_at(g, v);
    a->zone = ambiguous(g->e, name) ? NONE : zone_find(g->e, name);
    a->zone_length = n;
  }
  a->zone_text = g->text + v->start;
  return a->zone;
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
  uint32_t kind = g->e->m->resources.at[resource].kind_id;
  return kind != NONE && (t->kind == NONE || t->kind == kind);
}

static bool value_wanted(const struct glance *g, const struct slot *slot, const struct plain_value *v) {
  const struct type *t = slot->type;
  struct plain_value item;
  if (v->type == V_WORD) return word_wanted(g, t, v);
  if (v->type != V_LIST) return slot->wants >> v->type & 1;
  while (t->tag == T_OPTIONAL) t = t->of[0];
  if (t->tag != T_LIST) return false;
  for (uint32_t at = v->start; plain_element(g->e->tree, g->source, &at, &item);)
    if (item.type == V_WORD ? !word_wanted(g, t->of[0], &item) : !(slot->wants >> item.type & 1)) return false;
  return true;
}

/* ── Where they serve ──────────────────────────────────────────────────────── */

static bool address_at(const struct glance *g, const struct plain_value *v, struct address *out) {
  struct value address;
  const char *why;
  if (v->type != V_ADDRESS) return false;
  if (v->read) {
    *out = address_v4(v->number);
    return true;
  }
  if (!value_address(g->text + v->start, v->end - v->start, &address, &why)) return false;
  *out = address.from;
  return true;
}

static bool port_at(const struct glance *g, const struct serving *s, struct value *port) {
  const struct plain_value *v = &g->values[s->port == NONE ? 0 : s->port];
  const char *why;
  *port = s->fixed_port;
  if (s->port == NONE) return true;
  if (v->read && v->type == V_PORT) return *port = (struct value){.type = V_PORT, .proto = v->proto, .lo = v->number, .hi = v->number}, true;
  return v->type == V_PORT && value_port(g->text + v->start, v->end - v->start, port, &why);
}

static uint32_t serving_zone(const struct glance *g, const struct serving *s) { return s->zone == NONE ? s->fixed_zone : zone_at(g, &g->values[s->zone]); }

static bool served(const struct glance *g, const struct serving *s) {
  const struct plain_value *port = &g->values[s->port == NONE ? 0 : s->port];
  struct address address;
  struct value range;
  if (!address_at(g, &g->values[s->host], &address)) return false;
  if (s->port != NONE && !(port->read && port->type == V_PORT) && !port_at(g, s, &range)) return false;
  array_push(&g->all->arena, &g->all->slots, slot_of_serves(g->resource, endpoint_hash(serving_zone(g, s), &address)));
  return true;
}

/* ── What they need ────────────────────────────────────────────────────────── */

/* The words that wait, in two turns, so that what each of them touches is on its way while the others are looked at. */
static void look_up(struct glances *all) {
  const struct elaboration *e = all->e;
  for (uint32_t i = 0; i < all->unread_count; i++) {
    struct unread *u = &all->unread[i];
    u->name = name_find_hashed(&e->c->names, u->text, u->length, u->hash);
    index_expect(&e->resource_index, u->name);
  }
  for (uint32_t i = 0; i < all->unread_count; i++) {
    struct fact_slot *slot = &all->slots.at[all->unread[i].slot];
    uint32_t on = resource_named(e, all->unread[i].name);
    if (on == NONE || (e->asleep->stands && resource_stands(e, on))) on = UNREADABLE;
    *slot = slot_of_need(slot_by(*slot), on);
  }
  all->unread_count = 0;
}

static bool needed(struct glance *g, const struct plain_value *v) {
  struct glances *all = g->all;
  if (v->type != V_WORD) return false;
  if (all->unread_count == AT_ONCE) look_up(all);
  const char *text = g->text + v->start;
  uint32_t n = v->end - v->start, hash = name_hash(text, n);
  name_expect_hashed(&g->e->c->names, hash);
  all->unread[all->unread_count++] = (struct unread){text, n, hash, all->slots.n, NONE};
  array_push(&all->arena, &all->slots, slot_of_need(g->resource, UNREADABLE));
  return true;
}

static bool needs(struct glance *g) {
  if (g->d->needs == NONE) return true;
  const struct plain_value *v = &g->values[g->d->needs];
  struct plain_value item;
  if (v->type != V_LIST) return needed(g, v);
  for (uint32_t i = 0; i < g->item_count && g->item_count <= ITEMS; i++)
    if (!needed(g, &g->items[i])) return false;
  for (uint32_t at = v->start; g->item_count > ITEMS && plain_element(g->e->tree, g->source, &at, &item);)
    if (!needed(g, &item)) return false;
  return true;
}

/* ── All of them ───────────────────────────────────────────────────────────── */

static bool readable(struct glance *g) {
  for (uint32_t i = 0; i < g->d->slot_count; i++)
    if (i != g->d->needs && !value_wanted(g, &g->d->slots[i], &g->values[i])) return false;
  for (uint32_t i = 0; i < g->d->serving_count; i++)
    if (!served(g, &g->d->servings[i])) return false;
  return needs(g);
}

static void read_stretch(struct reading *x, struct glances *all, struct stretch *p) {
  struct model *m = all->e->m;
  struct glance g;
  uint32_t first = (uint32_t)(p - x->stretches) * x->stretch_size, end = x->resources - first < x->stretch_size ? x->resources : first + x->stretch_size;
  p->at = all->slots.n;
  for (uint32_t r = first; r < end; r++) {
    bool awake = !resource_asleep(m, r);
    if (awake && NODE(all->e, m->resources.at[r].node)->type != N_PLAIN) continue;
    glance_at(&g, all, r);
    if (awake && !needs(&g)) array_push(&all->arena, &all->slots, slot_of_need(r, UNREADABLE));
    if (awake) continue;
    if (!readable(&g)) {
      array_push(&all->arena, &all->slots, slot_of_need(r, UNREADABLE));
      continue;
    }
    const struct plain_value *zone = &g.values[g.d->zone == NONE ? 0 : g.d->zone];
    if (g.d->zone != NONE && zone->type == V_WORD && g.d->slots[g.d->zone].type->tag == T_ZONE) m->resources.at[r].zone = zone_at(&g, zone);
  }
  look_up(all);
  p->n = all->slots.n - p->at;
}

static bool take(struct stretch *p) { return !atomic_exchange(&p->taken, true); }

static bool read_beside(void *data) {
  struct reading *x = data;
  for (uint32_t i = 0; i < x->stretch_count && take(&x->stretches[i]); i++) {
    x->stretches[i].beside = true;
    read_stretch(x, &x->beside, &x->stretches[i]);
  }
  return true;
}

static void glances_begin(struct glances *all, struct elaboration *e, uint32_t resources) {
  *all = (struct glances){.e = e};
  all->slots.at = arena_grow(&all->arena, NULL, 0, &all->slots.cap, 2 * resources + 1, sizeof *all->slots.at);
}

/* The first thread reads what is left, and from then on is alone. */
static void read_rest(void *data) {
  struct elaboration *e = data;
  struct reading *x = e->asleep->reading;
  for (uint32_t i = x->stretch_count; i-- > 0 && take(&x->stretches[i]);) read_stretch(x, &x->own, &x->stretches[i]);
  if (x->running) (void)beside_join(&x->thread);
  x->running = false;
  e->c->names.alone = NULL;
}

void asleep_read_ahead(struct elaboration *e) {
  struct asleep *a = e->asleep;
  struct reading *x = a->reading = arena_new(&e->c->arena, struct reading);
  uint32_t all = x->resources = e->m->resources.n;
  for (uint32_t i = 0; i < e->kinds.n; i++) a->stands |= e->kinds.at[i].stands != NONE && e->kinds.at[i].resources.n > 0;
  x->stretch_size = all / STRETCHES_MOST < STRETCH ? STRETCH : all / STRETCHES_MOST + 1;
  x->stretch_count = (all + x->stretch_size - 1) / x->stretch_size;
  glances_begin(&x->own, e, all);
  glances_begin(&x->beside, e, all);
  if (!a->attributes || !beside_worth(all, RESOURCES_TO_SHARE)) return;
  e->c->names.alone = read_rest;
  e->c->names.alone_data = e;
  x->running = true;
  beside_start(&x->thread, read_beside, x);
}

void asleep_alone(struct elaboration *e) {
  if (e->asleep->reading && e->asleep->reading->running) read_rest(e);
}

void asleep_read(struct elaboration *e) { read_rest(e); }

static void facts_add(struct model *m, const struct fact_slot *slots, uint32_t n) {
  uint32_t want = m->facts.n + n;
  if (want > m->facts.cap) m->facts.at = arena_grow(&m->c->arena, m->facts.at, m->facts.n, &m->facts.cap, want, sizeof *m->facts.at);
  if (n) memcpy(m->facts.at + m->facts.n, slots, n * sizeof *slots);
  m->facts.n = want;
}

/* Those of one stretch, from a resource on; the first that has none here, `until` at most. */
static uint32_t facts_of_stretch(struct elaboration *e, const struct stretch *p, uint32_t resource, uint32_t until) {
  struct reading *x = e->asleep->reading;
  const struct fact_slot *slots = (p->beside ? &x->beside : &x->own)->slots.at + p->at;
  uint32_t from = x->next;
  while (from < p->n && slot_by(slots[from]) < resource) from++; /* of those that have woken meanwhile */
  uint32_t end = from;
  for (; end < p->n && slot_by(slots[end]) < until; end++)
    if (slot_on(slots[end]) == UNREADABLE) until = slot_by(slots[end]);
  while (end > from && slot_by(slots[end - 1]) >= until) end--;
  facts_add(e->m, slots + from, end - from);
  x->next = end;
  return until;
}

uint32_t asleep_facts(struct elaboration *e, uint32_t resource) {
  struct reading *x = e->asleep->reading;
  uint32_t awake = resource;
  while (awake < x->resources && resource_asleep(e->m, awake)) awake++;
  for (uint32_t end; resource < awake; resource = end) {
    uint32_t nth = resource / x->stretch_size;
    end = awake < (nth + 1) * x->stretch_size ? awake : (nth + 1) * x->stretch_size;
    if (nth != x->stretch) x->next = 0;
    x->stretch = nth;
    uint32_t until = facts_of_stretch(e, &x->stretches[nth], resource, end);
    if (until == end) continue;
    (void)attributes_of(e->m, until);
    return until;
  }
  return awake;
}

bool asleep_needs(struct elaboration *e, uint32_t resource) {
  struct reading *x = e->asleep->reading;
  uint32_t nth = resource / x->stretch_size;
  const struct stretch *p = &x->stretches[nth];
  const struct fact_slot *slots = (p->beside ? &x->beside : &x->own)->slots.at + p->at;
  if (nth != x->stretch) x->next = 0;
  x->stretch = nth;
  while (x->next < p->n && slot_by(slots[x->next]) < resource) x->next++;
  uint32_t end = x->next;
  for (; end < p->n && slot_by(slots[end]) == resource; end++)
    if (slot_on(slots[end]) == UNREADABLE) return false;
  facts_add(e->m, slots + x->next, end - x->next);
  return true;
}

void asleep_taken(struct elaboration *e) {
  arena_free(&e->asleep->reading->own.arena);
  arena_free(&e->asleep->reading->beside.arena);
  e->asleep->reading = NULL;
}

/* ── Facts that sleep ──────────────────────────────────────────────────────── */

static struct fact fact_of(enum fact_type type, uint32_t by) {
  struct fact f = {.type = (uint8_t)type, .proto = PROTO_ANY, .by = by, .zone = NONE, .ttl = NONE, .at = NONE};
  if (type == FACT_NEEDS) {
    f.need = need_empty();
    f.need.type = NEED_RESOURCE;
  } else f.to = (struct target){.type = TARGET_NONE, .port = NONE, .zone = NONE, .resource = NONE};
  return f;
}

static void serves_wakes(const struct model *m, struct fact_slot *slot, struct fact *f, const struct address *host, const struct value *port) {
  f->host = (struct host){.type = HOST_ADDRESS, .from = *host, .to = *host};
  f->proto = port->proto;
  f->port = port->lo;
  f->port_end = port->lo == port->hi ? NONE : port->hi;
  *slot = slot_of_fact(fact_copy(&m->c->arena, f));
}

/* One of the needs of a resource, which lie together in the order of its list. */
static void need_wakes(const struct model *m, struct fact_slot *slot, struct fact *f, struct span at) {
  f->need.on = slot_on(*slot);
  f->need.at = at;
  *slot = slot_of_fact(fact_copy(&m->c->arena, f));
}

/* What a resource that sleeps says wakes with its text before it. */
static void all_serves_of_text(const struct model *m, struct fact_slot *slots, const struct glance *g) {
  for (uint32_t i = 0; i < g->d->serving_count; i++) {
    const struct serving *s = &g->d->servings[i];
    struct fact f = fact_of(FACT_SERVES, g->resource);
    struct address address = {0};
    struct value port;
    f.attribute = attribute_asleep(g->e, g->resource, g->d->slots[s->host].attribute);
    f.span = span_at(g, &g->values[s->host]);
    f.zone = serving_zone(g, s);
    (void)address_at(g, &g->values[s->host], &address);
    (void)port_at(g, s, &port);
    serves_wakes(m, &slots[i], &f, &address, &port);
  }
}

static void all_needs_of_text(const struct model *m, struct fact_slot *slots, const struct glance *g) {
  const struct plain_value *v = &g->values[g->d->needs];
  struct plain_value item;
  struct fact f = fact_of(FACT_NEEDS, g->resource);
  uint32_t n = 0;
  f.attribute = attribute_asleep(g->e, g->resource, g->d->slots[g->d->needs].attribute);
  f.span = span_at(g, v);
  if (v->type != V_LIST) need_wakes(m, slots, &f, f.span);
  for (uint32_t at = v->start; v->type == V_LIST && plain_element(g->e->tree, g->source, &at, &item);) need_wakes(m, &slots[n++], &f, span_at(g, &item));
}

/* The same of one that has woken since. */
static uint32_t attribute_called(const struct elaboration *e, uint32_t by, uint32_t attribute) {
  return e->m->resources.at[by].slept ? attribute_asleep(e, by, attribute - attributes_unread(e->m, by).at) : attribute;
}

static const struct value *operand(struct elaboration *e, uint32_t by, uint32_t node, uint32_t *attribute) {
  *attribute = NODE(e, node)->type == N_REF ? attribute_index(e, by, NODE(e, node)->text) : NONE;
  if (*attribute != NONE) return &attribute_cases(e, *attribute)->at[0].value;
  return NODE(e, node)->type == N_LITERAL ? &e->tree->values.at[NODE(e, node)->text].value : NULL;
}

static void all_serves_of_values(struct elaboration *e, struct fact_slot *slots, uint32_t by) {
  for (uint32_t i = NODE(e, e->kinds.at[e->m->resources.at[by].kind_id].node)->child, n = 0; i; i = NODE(e, i)->next) {
    struct fact f = fact_of(FACT_SERVES, by);
    uint32_t host, other;
    if (NODE(e, i)->type != N_SERVES) continue;
    const struct value *address = operand(e, by, node_child(e, i, 0), &host), *port = operand(e, by, node_child(e, i, 1), &other),
                       *zone = operand(e, by, node_child(e, i, 2), &other);
    f.attribute = attribute_called(e, by, host);
    f.span = e->m->attributes.at[host].at;
    f.zone = zone ? zone->id : zone_find(e, NODE(e, node_child(e, i, 2))->text);
    serves_wakes(e->m, &slots[n++], &f, &address->from, port);
  }
}

static void all_needs_of_values(struct elaboration *e, struct fact_slot *slots, uint32_t by) {
  uint32_t attribute = attribute_index(e, by, e->words->needs);
  const struct value *v = &attribute_cases(e, attribute)->at[0].value;
  struct fact f = fact_of(FACT_NEEDS, by);
  f.attribute = attribute_called(e, by, attribute);
  f.span = e->m->attributes.at[attribute].at;
  for (uint32_t n = 0; n < (v->type == V_LIST ? v->count : 1); n++) need_wakes(e->m, &slots[n], &f, v->type == V_LIST ? v->items[n].at : v->at);
}

struct fact *fact_wake(const struct model *m, struct fact_slot *slots, uint32_t id) {
  struct elaboration *e = m->elaboration;
  uint32_t by = slot_by(slots[id]), first = id;
  bool serves = slot_on(slots[id]) == NONE;
  while (first && slot_asleep(slots[first - 1]) && (slot_on(slots[first - 1]) == NONE) == serves && slot_by(slots[first - 1]) == by) first--;
  if (resource_asleep(m, by)) {
    struct glances all = {.e = e};
    struct glance g;
    glance_at(&g, &all, by);
    if (serves) all_serves_of_text(m, &slots[first], &g);
    else all_needs_of_text(m, &slots[first], &g);
  } else if (serves) all_serves_of_values(e, &slots[first], by);
  else all_needs_of_values(e, &slots[first], by);
  return fact_in(m, slots, id);
}

bool fact_elsewhere(const struct model *m, uint32_t id, const struct address *a) {
  uint32_t hash = slot_hash(m->facts.at[id]);
  for (uint32_t z = 0; hash != NONE && z < m->zones.n; z++)
    if (endpoint_hash(z, a) == hash) return false;
  return slot_asleep(m->facts.at[id]);
}
