/* Facts: what kinds say of their resources -> facts guarded by steps, one per element of every list and combination of
 * values.
 * Needs attributes. Guarantees: facts of created and deleted resources hold only while these exist; where a value is
 * `none` there is no fact, where it is unknown the fact says so, where it is an error there is none either. */
#include "model/elaborate.h"
#include "model/eval.h"
#include "model/facts.h"

#include <string.h>

enum { EXPECTED = 32 /* attributes whose text is fetched meanwhile */ };

/* ── Operands ──────────────────────────────────────────────────────────────── */

/* The attribute that an operand is, or begins with; NONE. */
static uint32_t attribute_behind(const struct fact_maker *f, uint32_t node) {
  if (!node || NODE(f->e, node)->type != N_REF) return NONE;
  return attribute_index(f->e, f->resource, NODE(f->e, node)->text);
}

/* Most operands are a field of the kind, which means its attribute wherever no zone or kind is wanted: then those are the cases. */
static bool field_cases(struct fact_maker *f, uint32_t node, const struct type *want, struct cases *out) {
  struct elaboration *e = f->e;
  const struct node *n = NODE(e, node);
  uint32_t kind = e->m->resources.at[f->resource].kind_id, field;
  if (!node || n->type != N_REF || n->child || f->scope.guard != GUARD_ALWAYS || e->depth >= DEPTH_MAX) return false;
  if (kind == NONE || (field = kind_field(&e->kinds.at[kind], n->text)) == NONE) return false;
  if (want && want->tag == T_ZONE && !type_wants(e->kinds.at[kind].fields[field].type, T_ZONE)) return false;
  uint32_t attribute = attributes_unread(e->m, f->resource).at + field;
  struct guarded *said = arena_new(f->passing, struct guarded);
  *out = attribute_glance(e, attribute, said) ? (struct cases){1, said} : *attribute_cases(e, attribute);
  return true;
}

static struct cases operand(struct fact_maker *f, uint32_t node, const struct type *want) {
  struct cases c;
  return field_cases(f, node, want, &c) ? c : eval_node(f->e, &f->scope, node, want);
}

static struct cases standing(struct fact_maker *f, uint32_t node) {
  struct cases c = operand(f, node, NULL);
  return cases_stand(f->e, &f->scope, &c);
}

static void place(struct fact_maker *f, struct fact *fact, uint32_t operand) {
  fact->attribute = attribute_behind(f, operand);
  if (fact->attribute != NONE) (void)attribute_cases(f->e, fact->attribute); /* messages show it */
  fact->span = node_span(f->e->tree, f->item);
  if (fact->attribute != NONE && f->e->m->attributes.at[fact->attribute].written) fact->span = f->e->m->attributes.at[fact->attribute].at;
}

size_t fact_size(const struct fact *f) {
  if (f->type == FACT_NEEDS && f->need.type == NEED_RESOURCE) return offsetof(struct fact, need.secret);
  if (f->type == FACT_SERVES) return offsetof(struct fact, to.host);
  return sizeof *f;
}

struct fact *fact_copy(struct arena *a, const struct fact *f) {
  size_t n = fact_size(f);
  return memcpy(arena_alloc(a, 1, n), f, n);
}

struct need fact_need(const struct fact *f) {
  if (f->need.type != NEED_RESOURCE) return f->need;
  struct need n = need_empty();
  n.type = NEED_RESOURCE;
  n.on = f->need.on;
  n.guard = f->need.guard;
  n.at = f->need.at;
  return n;
}

static struct fact fact_new(const struct fact_maker *f, enum fact_type type, uint32_t guard) {
  struct fact fact = {.type = (uint8_t)type, .proto = PROTO_ANY, .by = f->resource, .zone = NONE, .ttl = NONE, .at = NONE, .guard = guard, .attribute = NONE};
  if (type == FACT_NEEDS) {
    fact.need = need_empty();
    return fact;
  }
  fact.port_end = 65535;
  fact.to = (struct target){.type = TARGET_NONE, .port = NONE, .zone = NONE, .resource = NONE};
  return fact;
}

/* What follows from all facts together is remembered as they are made, so that nobody has to look through all of them. */
void fact_keep(struct elaboration *e, const struct fact *fact) {
  uint32_t id = e->m->facts.n;
  array_push(&e->c->arena, &e->m->facts, slot_of_fact(fact_copy(&e->c->arena, fact)));
  if (fact->type == FACT_HOSTS && fact->host.type == HOST_NAME) index_put(&e->c->arena, &e->hosted, fact->host.name, id);
  else if (fact->type == FACT_HOSTS && fact->host.type == HOST_PATTERN) index_put(&e->c->arena, &e->hosted_below, fact->host.name, id);
  else if (fact->type == FACT_NEEDS && fact->need.type == NEED_ENDPOINT && fact->need.zone == NONE) e->unplaced = true;
}

static bool always_there(const struct fact_maker *f) {
  return f->exists.n == 1 && f->exists.at[0].guard == GUARD_ALWAYS && f->exists.at[0].value.type == V_BOOL && f->exists.at[0].value.number;
}

/* Once per guard under which the resource exists. */
static void fact_push(struct fact_maker *f, struct fact fact) {
  struct elaboration *e = f->e;
  if (always_there(f)) {
    if (fact.type == FACT_NEEDS) fact.need.guard = fact.guard;
    if (fact.guard != NONE) fact_keep(e, &fact);
    return;
  }
  for (uint32_t i = 0; i < f->exists.n; i++) {
    struct fact one = fact;
    if (f->exists.at[i].value.type != V_BOOL || !f->exists.at[i].value.number) continue;
    one.guard = guard_and(e->m, fact.guard, f->exists.at[i].guard);
    if (one.type == FACT_NEEDS) one.need.guard = one.guard;
    if (one.guard != NONE) fact_keep(e, &one);
  }
}

/* The elements of a list, or the one value. */
static uint32_t elements(const struct value *v, const struct value **at) {
  *at = v->type == V_LIST ? v->items : v;
  if (v->type == V_NONE || value_poisoned(v)) return 0;
  return v->type == V_LIST ? v->count : 1;
}

static void wrong(struct fact_maker *f, const struct value *v, const char *fact, const char *wants) {
  struct finding *finding = finding_add(f->e->c, CODE_105, v->at, "`%s` wants %s, and %s", fact, wants, value_described(f->e, v));
  finding->resource = f->e->m->resources.at[f->resource].name;
  finding_label(f->e->c, finding, node_span(f->e->tree, f->item), "wanted here");
}

static bool host_in(struct fact_maker *f, const struct value *v, struct fact *fact, const char *name) {
  if (!host_of_value(f->e, v, &fact->host)) return wrong(f, v, name, "an address, a range or a name"), false;
  if (fact->host.type == HOST_UNKNOWN) fact->unknown = true;
  return true;
}

static bool port_in(struct fact_maker *f, const struct value *v, struct fact *fact, const char *name) {
  struct value port = *v;
  if (v->type == V_UNKNOWN) return fact->unknown = true;
  if (v->type == V_STRING) (void)value_fits(f->e, v, type_plain(T_PORT), &port);
  if (port.type != V_PORT && port.type != V_ENDPOINT && port.type != V_URL) return wrong(f, v, name, "a port such as `443/tcp`"), false;
  fact->proto = port.proto;
  fact->port = port.lo;
  fact->port_end = port.lo == port.hi ? NONE : port.hi;
  return true;
}

static uint32_t zone_in(struct fact_maker *f, const struct value *v, const char *name) {
  if (v->type == V_ZONE) return v->id;
  if (!value_poisoned(v) && v->type != V_NONE) wrong(f, v, name, "a zone");
  return NONE;
}

static struct cases zone_cases(struct fact_maker *f, uint32_t node) { return operand(f, node, type_plain(T_ZONE)); }

/* ── serves ────────────────────────────────────────────────────────────────── */

static bool carries_port(const struct value *v) { return v->type == V_ENDPOINT || v->type == V_URL; }

static void serves_one(struct fact_maker *f, const struct value *host, const struct value *port, uint32_t zone, uint32_t guard, uint32_t operand) {
  struct fact fact = fact_new(f, FACT_SERVES, guard);
  fact.zone = zone;
  place(f, &fact, operand);
  struct value parsed = *host;
  if (!port && host->type == V_STRING && !value_fits(f->e, host, type_plain(T_URL), &parsed)) (void)value_fits(f->e, host, type_plain(T_ENDPOINT), &parsed);
  if (!port && !carries_port(&parsed) && parsed.type != V_UNKNOWN) {
    wrong(f, host, "serves", "an endpoint or a URL where it names no port");
    return;
  }
  if (!host_in(f, &parsed, &fact, "serves")) return;
  if (!port_in(f, port ? port : &parsed, &fact, "serves")) return;
  fact_push(f, fact);
}

static void serves(struct fact_maker *f, uint32_t guard) {
  uint32_t host = node_child(f->e, f->item, 0), second = node_child(f->e, f->item, 1), third = node_child(f->e, f->item, 2);
  if (!host || !second) return;
  struct cases parts[3] = {standing(f, host), zone_cases(f, third ? third : second)};
  if (third) parts[2] = operand(f, second, type_plain(T_PORT));
  struct combos combos = combos_in(f->passing, f->e, parts, third ? 3 : 2, node_span(f->e->tree, f->item));
  for (uint32_t c = 0; c < combos.n; c++) {
    const struct value *hosts, *ports = NULL;
    uint32_t zone = zone_in(f, combo_value(&combos, c, parts, 1), "serves"), all = guard_and(f->e->m, guard, combos.at[c].guard);
    if (zone == NONE || all == NONE) continue;
    uint32_t n = elements(combo_value(&combos, c, parts, 0), &hosts), m = third ? elements(combo_value(&combos, c, parts, 2), &ports) : 1;
    for (uint32_t i = 0; i < n; i++)
      for (uint32_t k = 0; k < m; k++)
        if (!value_poisoned(&hosts[i]) && !(ports && value_poisoned(&ports[k]))) serves_one(f, &hosts[i], ports ? &ports[k] : NULL, zone, all, host);
  }
}

/* ── forwards ──────────────────────────────────────────────────────────────── */

static bool target_of(struct fact_maker *f, const struct value *v, uint32_t zone, struct target *to, bool *unknown) {
  *to = (struct target){.type = TARGET_HOST, .port = NONE, .zone = zone, .resource = NONE};
  if (v->type == V_RESOURCE) return to->type = TARGET_RESOURCE, to->resource = v->id, true;
  if (v->type == V_ZONE) return to->type = TARGET_ROUTE, to->zone = v->id, true;
  struct value parsed = *v;
  if (v->type == V_STRING && !value_fits(f->e, v, type_plain(T_URL), &parsed)) (void)value_fits(f->e, v, type_plain(T_ENDPOINT), &parsed);
  if (!host_of_value(f->e, &parsed, &to->host) || to->host.type == HOST_PATTERN || to->host.type == HOST_RANGE)
    return wrong(f, v, "forwards", "an endpoint, an address, a name, a resource or a zone"), false;
  if (to->host.type == HOST_UNKNOWN) *unknown = true;
  if (carries_port(&parsed)) to->port = parsed.lo;
  return true;
}

struct forward { /* the operands of a `forwards`, 0 where it has none */
  uint32_t host, ports, zone, target, to_zone, as;
  bool any_of;
};

static struct forward forward_operands(const struct fact_maker *f) {
  struct forward o = {0};
  uint32_t at = NODE(f->e, f->item)->child;
  if (NODE(f->e, f->item)->op == FORWARDS_IN) {
    o.host = at;
    o.ports = NODE(f->e, o.host)->next;
    o.zone = NODE(f->e, o.ports)->next;
    at = NODE(f->e, o.zone)->next;
  }
  o.target = at;
  for (at = NODE(f->e, at)->next; at; at = NODE(f->e, at)->next) {
    if (NODE(f->e, at)->type == N_ENTRY) o.as = at;
    else o.to_zone = at;
  }
  o.any_of = o.target && NODE(f->e, o.target)->type == N_ANY_OF;
  return o;
}

enum { F_TARGET, F_TO_ZONE, F_AS, F_HOST, F_PORTS, F_ZONE };

static bool vhost_of(struct fact_maker *f, const struct value *v, struct fact *fact) {
  struct host host;
  fact->vhost_type = VHOST_NONE;
  if (v->type == V_NONE) return true;
  if (!host_of_value(f->e, v, &host) || host.type != HOST_NAME) return wrong(f, v, "as", "a host name or `none`"), false;
  fact->vhost_type = VHOST_NAME;
  fact->vhost = host.name;
  return true;
}

/* The fact once for each target (or once for all of them after `any of`). */
static void forward_targets(struct fact_maker *f, struct fact *fact, const struct value *targets, bool any_of, uint32_t to_zone) {
  const struct value *items;
  uint32_t n = elements(targets, &items);
  struct target *all = arena_array(any_of ? &f->e->c->arena : f->passing, struct target, n + 1u);
  uint32_t count = 0;
  for (uint32_t i = 0; i < n; i++) {
    if (value_poisoned(&items[i])) return;
    if (!target_of(f, &items[i], to_zone, &all[count++], &fact->unknown)) return;
  }
  if (any_of && count) {
    fact->any_of = all;
    fact->any_count = count;
    fact_push(f, *fact);
    return;
  }
  for (uint32_t i = 0; i < count; i++) {
    struct fact one = *fact;
    one.to = all[i];
    fact_push(f, one);
  }
}

static void forward_one(struct fact_maker *f, const struct forward *o, const struct combos *combos, uint32_t c, const struct cases *parts, uint32_t guard) {
  struct fact fact = fact_new(f, FACT_FORWARDS, guard);
  place(f, &fact, o->any_of ? NODE(f->e, o->target)->child : o->target);
  uint32_t to_zone = o->to_zone ? zone_in(f, combo_value(combos, c, parts, F_TO_ZONE), "forwards") : NONE;
  if (o->to_zone && to_zone == NONE) return;
  fact.vhost_type = VHOST_KEEP;
  if (o->as && !vhost_of(f, combo_value(combos, c, parts, F_AS), &fact)) return;
  struct value target = *combo_value(combos, c, parts, F_TARGET);
  if (o->any_of && target.type == V_CALL) target = target.items[1];
  if (!o->host) {
    if (to_zone == NONE) to_zone = f->e->m->resources.at[f->resource].zone;
    if (to_zone == NONE && target.type != V_RESOURCE && target.type != V_ZONE && target.type != V_NONE && target.type != V_UNKNOWN) {
      struct finding *finding = finding_add(f->e->c, CODE_114, node_span(f->e->tree, f->item), "`forwards to` does not say in which zone its target is looked up");
      finding_remark(f->e->c, finding, REMARK_HELP, "write `forwards to … in ZONE`");
      return;
    }
    forward_targets(f, &fact, &target, o->any_of, to_zone);
    return;
  }
  fact.zone = zone_in(f, combo_value(combos, c, parts, F_ZONE), "forwards");
  if (fact.zone == NONE) return;
  const struct value *hosts, *ports;
  uint32_t n = elements(combo_value(combos, c, parts, F_HOST), &hosts), m = elements(combo_value(combos, c, parts, F_PORTS), &ports);
  for (uint32_t i = 0; i < n; i++)
    for (uint32_t k = 0; k < m; k++) {
      struct fact one = fact;
      if (value_poisoned(&hosts[i]) || value_poisoned(&ports[k])) continue;
      if (host_in(f, &hosts[i], &one, "forwards") && port_in(f, &ports[k], &one, "forwards"))
        forward_targets(f, &one, &target, o->any_of, to_zone == NONE ? fact.zone : to_zone);
    }
}

static void forwards(struct fact_maker *f, uint32_t guard) {
  struct forward o = forward_operands(f);
  if (!o.target) return;
  struct cases nothing = cases_one(f->e, (struct value){.type = V_NONE});
  struct cases parts[6] = {nothing, nothing, nothing, nothing, nothing, nothing};
  parts[F_TARGET] = eval_node(f->e, &f->scope, o.target, NULL);
  if (o.any_of && parts[F_TARGET].at[0].value.type == V_CALL) parts[F_TARGET] = eval_node(f->e, &f->scope, NODE(f->e, o.target)->child, NULL);
  parts[F_TARGET] = cases_stand(f->e, &f->scope, &parts[F_TARGET]);
  if (o.to_zone) parts[F_TO_ZONE] = zone_cases(f, o.to_zone);
  if (o.as) parts[F_AS] = standing(f, NODE(f->e, o.as)->child);
  if (o.host) {
    parts[F_HOST] = standing(f, o.host);
    parts[F_PORTS] = operand(f, o.ports, type_plain(T_PORT));
    parts[F_ZONE] = zone_cases(f, o.zone);
  }
  struct combos combos = combos_in(f->passing, f->e, parts, 6, node_span(f->e->tree, f->item));
  for (uint32_t c = 0; c < combos.n; c++) {
    uint32_t all = guard_and(f->e->m, guard, combos.at[c].guard);
    if (all != NONE) forward_one(f, &o, &combos, c, parts, all);
  }
}

/* ── names, owns, hosts ────────────────────────────────────────────────────── */

static void names_one(struct fact_maker *f, struct fact fact, const struct value *value) {
  if (value->type == V_RESOURCE) fact.to.type = TARGET_RESOURCE, fact.to.resource = value->id;
  else {
    fact.to.type = TARGET_HOST;
    if (carries_port(value) || !host_of_value(f->e, value, &fact.to.host) || fact.to.host.type == HOST_RANGE || fact.to.host.type == HOST_PATTERN) {
      wrong(f, value, "names", "an address, a name or a resource");
      return;
    }
    if (fact.to.host.type == HOST_UNKNOWN) fact.unknown = true;
  }
  fact_push(f, fact);
}

static void names(struct fact_maker *f, uint32_t guard) {
  uint32_t host = node_child(f->e, f->item, 0), zone = node_child(f->e, f->item, 1), value = node_child(f->e, f->item, 2), ttl = node_child(f->e, f->item, 3);
  if (!value) return;
  struct cases parts[4] = {standing(f, host), zone_cases(f, zone), standing(f, value)};
  if (ttl) parts[3] = eval_cases(f->e, &f->scope, ttl, NULL);
  struct combos combos = combos_in(f->passing, f->e, parts, ttl ? 4 : 3, node_span(f->e->tree, f->item));
  for (uint32_t c = 0; c < combos.n; c++) {
    struct fact fact = fact_new(f, FACT_NAMES, guard_and(f->e->m, guard, combos.at[c].guard));
    place(f, &fact, value);
    fact.zone = zone_in(f, combo_value(&combos, c, parts, 1), "names");
    if (fact.guard == NONE || fact.zone == NONE) continue;
    const struct value *time = ttl ? combo_value(&combos, c, parts, 3) : NULL, *hosts, *values;
    if (time && time->type == V_DURATION) fact.ttl = time->number / 1000 >= NONE ? NONE - 1 : (uint32_t)(time->number / 1000);
    else if (time && time->type != V_NONE && time->type != V_UNKNOWN) wrong(f, time, "names … for", "a duration");
    uint32_t n = elements(combo_value(&combos, c, parts, 0), &hosts), m = elements(combo_value(&combos, c, parts, 2), &values);
    for (uint32_t i = 0; i < n; i++)
      for (uint32_t k = 0; k < m; k++) {
        struct fact one = fact;
        if (value_poisoned(&hosts[i]) || value_poisoned(&values[k]) || !host_in(f, &hosts[i], &one, "names")) continue;
        if (one.host.type == HOST_ADDRESS || one.host.type == HOST_RANGE) wrong(f, &hosts[i], "names", "a name");
        else names_one(f, one, &values[k]);
      }
  }
}

static uint32_t negative_ttl(struct fact_maker *f) {
  uint32_t attribute = attribute_index(f->e, f->resource, f->e->words->negative_ttl);
  const struct value *v = attribute == NONE ? NULL : &attribute_cases(f->e, attribute)->at[0].value;
  return v && v->type == V_DURATION && v->number / 1000 < NONE ? (uint32_t)(v->number / 1000) : 3600;
}

static void owns(struct fact_maker *f, uint32_t guard) {
  uint32_t domain = node_child(f->e, f->item, 0), zone = node_child(f->e, f->item, 1);
  if (!zone) return;
  struct cases parts[2] = {standing(f, domain), zone_cases(f, zone)};
  struct combos combos = combos_in(f->passing, f->e, parts, 2, node_span(f->e->tree, f->item));
  for (uint32_t c = 0; c < combos.n; c++) {
    struct fact fact = fact_new(f, FACT_OWNS, guard_and(f->e->m, guard, combos.at[c].guard));
    place(f, &fact, domain);
    fact.ttl = negative_ttl(f);
    fact.zone = zone_in(f, combo_value(&combos, c, parts, 1), "owns");
    const struct value *domains;
    uint32_t n = elements(combo_value(&combos, c, parts, 0), &domains);
    for (uint32_t i = 0; i < n && fact.guard != NONE && fact.zone != NONE; i++) {
      struct fact one = fact;
      if (value_poisoned(&domains[i]) || !host_in(f, &domains[i], &one, "owns")) continue;
      if (one.host.type == HOST_NAME || one.host.type == HOST_UNKNOWN) fact_push(f, one);
      else wrong(f, &domains[i], "owns", "a domain such as \"example.net\"");
    }
  }
}

static void hosts_one(struct fact_maker *f, struct fact fact, const struct value *url, const struct value *at) {
  struct value parsed = *url;
  if (at->type != V_RESOURCE && at->type != V_UNKNOWN) {
    wrong(f, at, "hosts … at", "a resource");
    return;
  }
  if (at->type == V_UNKNOWN) fact.unknown = true;
  fact.at = at->type == V_RESOURCE ? at->id : NONE;
  if (url->type == V_STRING && !value_fits(f->e, url, type_plain(T_URL), &parsed)) (void)value_fits(f->e, url, type_plain(T_ENDPOINT), &parsed);
  if (!host_in(f, &parsed, &fact, "hosts")) return;
  if (carries_port(&parsed)) {
    fact.port = parsed.lo;
    fact.port_end = parsed.lo == parsed.hi ? NONE : parsed.hi;
    fact.proto = parsed.lo == 443 ? PROTO_ANY : parsed.proto; /* HTTPS is asked over tcp and, as HTTP/3, over udp */
  }
  fact_push(f, fact);
}

static void hosts(struct fact_maker *f, uint32_t guard) {
  uint32_t url = node_child(f->e, f->item, 0), at = node_child(f->e, f->item, 1);
  if (!at) return;
  struct cases parts[2] = {standing(f, url), eval_node(f->e, &f->scope, at, type_plain(T_RESOURCE))};
  struct combos combos = combos_in(f->passing, f->e, parts, 2, node_span(f->e->tree, f->item));
  for (uint32_t c = 0; c < combos.n; c++) {
    struct fact fact = fact_new(f, FACT_HOSTS, guard_and(f->e->m, guard, combos.at[c].guard));
    place(f, &fact, url);
    if (fact.guard == NONE) continue;
    const struct value *urls, *places;
    uint32_t n = elements(combo_value(&combos, c, parts, 0), &urls), m = elements(combo_value(&combos, c, parts, 1), &places);
    for (uint32_t i = 0; i < n; i++)
      for (uint32_t k = 0; k < m; k++)
        if (!value_poisoned(&urls[i]) && !value_poisoned(&places[k])) hosts_one(f, fact, &urls[i], &places[k]);
  }
}

/* ── needs ─────────────────────────────────────────────────────────────────── */

static void needs_push(struct fact_maker *f, const struct need_list *list, uint32_t operand) {
  for (uint32_t i = 0; i < list->n; i++) {
    struct fact fact = fact_new(f, FACT_NEEDS, list->at[i].guard);
    place(f, &fact, operand);
    fact.need = list->at[i];
    fact.need.at = fact.span;
    fact.unknown = fact.need.type == NEED_ENDPOINT && fact.need.host.type == HOST_UNKNOWN;
    fact_push(f, fact);
  }
}

static void needs(struct fact_maker *f, uint32_t guard) {
  struct need_list list = {0};
  uint32_t operand = NODE(f->e, f->item)->child;
  if (!operand) return;
  needs_of_operand(f->e, &f->scope, operand, guard, &list);
  needs_push(f, &list, operand);
}

/* Resources, the same in each state: what most needs are. */
static bool plain_resources(const struct cases *c) {
  const struct value *v = &c->at[0].value;
  if (c->n != 1 || c->at[0].guard != GUARD_ALWAYS || v->type != V_LIST) return false;
  for (uint32_t i = 0; i < v->count; i++)
    if (v->items[i].type != V_RESOURCE) return false;
  return true;
}

/* A list of resources that are what they are called: a fact each, without a detour. False when there is anything else. */
static bool needs_resources(struct fact_maker *f, const struct value *list) {
  struct elaboration *e = f->e;
  if (!always_there(f)) return false;
  for (uint32_t i = 0; i < list->count; i++)
    if (resource_stands(e, list->items[i].id)) return false;
  for (uint32_t i = 0; i < list->count; i++) array_push(&e->c->arena, &e->m->facts, slot_of_need(f->resource, list->items[i].id));
  return true;
}

/* The same of a list that nobody has read yet. */
static bool needs_text(struct fact_maker *f, uint32_t attribute) {
  const struct lazy_attribute *lazy = &f->e->lazies.at[attribute];
  return !f->slept && lazy->state == LAZY_NOT && node_is_text(lazy->node) && node_text_single(lazy->node, V_LIST) &&
         !resource_rare(f->e, f->resource)->bindings && always_there(f) && asleep_needs(f->e, f->resource);
}

/* The attribute `needs` of a resource. */
static void needs_attribute(struct fact_maker *f) {
  struct elaboration *e = f->e;
  uint32_t attribute = attribute_index(e, f->resource, e->words->needs);
  if (attribute == NONE || needs_text(f, attribute)) return;
  const struct cases *c = attribute_cases(e, attribute);
  const struct lazy_attribute *lazy = &e->lazies.at[attribute];
  struct need_list *list = f->scratch;
  list->n = 0;
  if (!e->m->attributes.at[attribute].hop_count && lazy->node && lazy->node != NONE) {
    struct scope s = lazy->preset ? f->scope : scope_plan(resource_rare(e, f->resource)->bindings);
    if (plain_resources(c) && needs_resources(f, &c->at[0].value)) return;
    if (plain_resources(c)) needs_of_value(e, &s, &c->at[0].value, GUARD_ALWAYS, list);
    else {
      struct opened o = attribute_open(e, attribute);
      needs_of_operand(e, &s, o.node, GUARD_ALWAYS, list);
      attribute_close(e, &o);
    }
  } else
    for (uint32_t i = 0; i < c->n; i++) needs_of_value(e, &f->scope, &c->at[i].value, c->at[i].guard, list);
  for (uint32_t i = 0; i < list->n; i++) {
    struct fact fact = fact_new(f, FACT_NEEDS, list->at[i].guard);
    fact.attribute = attribute;
    fact.need = list->at[i];
    fact.span = e->m->attributes.at[attribute].at;
    fact.unknown = fact.need.type == NEED_ENDPOINT && fact.need.host.type == HOST_UNKNOWN;
    fact_push(f, fact);
  }
}

/* ── Items ─────────────────────────────────────────────────────────────────── */

static void items(struct fact_maker *f, uint32_t first, uint32_t guard);

static void when(struct fact_maker *f, uint32_t node, uint32_t guard) {
  struct elaboration *e = f->e;
  uint32_t condition = NODE(e, node)->child;
  if (!condition) return;
  struct condition c = eval_plain_condition(e, &f->scope, condition);
  for (uint32_t i = 0; i < c.yes.n; i++) {
    uint32_t before = f->scope.guard, both = guard_and(e->m, guard, c.yes.at[i].guard);
    f->scope.guard = guard_and(e->m, before, c.yes.at[i].guard);
    if (both != NONE && f->scope.guard != NONE) items(f, NODE(e, condition)->next, both);
    f->scope.guard = before;
  }
  if (!c.unknown.n) return;
  struct finding *finding = finding_add(e->c, CODE_115, resource_span(e->m, f->resource), "nobody knows whether what `%s` says under a condition holds for `%s`",
                                        name_text(&e->c->names, e->m->resources.at[f->resource].kind), name_text(&e->c->names, e->m->resources.at[f->resource].name));
  finding->resource = e->m->resources.at[f->resource].name;
  finding_label(e->c, finding, node_span(e->tree, condition), "this hangs on a value that is `unknown`");
}

static void items(struct fact_maker *f, uint32_t first, uint32_t guard) {
  if (f->e->depth >= DEPTH_MAX) return;
  f->e->depth++;
  for (uint32_t i = first; i; i = NODE(f->e, i)->next) {
    uint32_t outer = f->item;
    f->item = i;
    switch ((int)NODE(f->e, i)->type) {
    case N_SERVES: serves(f, guard); break;
    case N_FORWARDS: forwards(f, guard); break;
    case N_NAMES: names(f, guard); break;
    case N_OWNS: owns(f, guard); break;
    case N_HOSTS: hosts(f, guard); break;
    case N_NEEDS: needs(f, guard); break;
    case N_WHEN: when(f, i, guard); break;
    default: break;
    }
    f->item = outer;
  }
  f->e->depth--;
}

/* Where a resource's endpoint needs are looked up, written into each: its own zone, else that of the endpoints it serves,
 * else where the operator stands, with a fact for each DNS that the operator asks in turn. */
static void place_needs(struct elaboration *e) {
  struct model *m = e->m;
  if (!e->unplaced) return;
  uint32_t *serves = arena_array(&e->c->arena, uint32_t, m->resources.n + 1), n = m->facts.n;
  for (uint32_t r = 0; r < m->resources.n; r++) serves[r] = NONE;
  for (uint32_t i = n; i-- > 0;)
    if (!fact_asleep(m, i) && fact_at(m, i)->type == FACT_SERVES) serves[fact_at(m, i)->by] = fact_at(m, i)->zone;
  for (uint32_t i = 0; i < n; i++) {
    struct fact *f = fact_asleep(m, i) ? NULL : fact_at(m, i);
    if (!f || f->type != FACT_NEEDS || f->need.type != NEED_ENDPOINT || f->need.zone != NONE) continue;
    uint32_t own = m->resources.at[f->by].zone;
    f->need.zone = own != NONE ? own : serves[f->by];
    if (f->need.zone != NONE || m->operator_client == NONE) continue;
    const struct client *c = &m->clients.at[m->operator_client];
    struct fact one = *f;
    uint32_t guard = f->guard;
    bool first = true;
    one.need.zone = c->zone;
    for (uint32_t d = 0; d < c->count; d++) {
      one.need.dns = m->client_dns.at[c->first + d].zone;
      one.guard = guard_and(m, guard, m->client_dns.at[c->first + d].guard);
      if (one.guard == NONE) continue;
      if (first) *f = one;
      else array_push(&e->c->arena, &m->facts, slot_of_fact(fact_copy(&e->c->arena, &one)));
      first = false;
    }
  }
}

void facts_build(struct elaboration *e) {
  struct need_list scratch = {0};
  struct arena passing = {0};
  asleep_read(e);
  for (uint32_t r = 0; r < e->m->resources.n; r++) {
    while (r < e->m->resources.n && resource_asleep(e->m, r)) r = asleep_facts(e, r);
    if (r == e->m->resources.n) break;
    uint32_t kind = e->m->resources.at[r].kind_id;
    struct fact_maker f = {.e = e, .resource = r, .scope = scope_resource(e, r, false), .exists = resource_exists(e, r), .scratch = &scratch,
                           .passing = &passing, .slept = e->m->resources.at[r].slept};
    attribute_expect(e, e->m->resources.at[r].attributes + EXPECTED);
    attribute_expect(e, e->m->resources.at[r].attributes + EXPECTED + 2);
    e->m->resources.at[r].slept = false;
    if (kind != NONE) items(&f, NODE(e, e->kinds.at[kind].node)->child, GUARD_ALWAYS);
    needs_attribute(&f);
    arena_reset(&passing);
  }
  arena_free(&passing);
  asleep_taken(e);
  facts_finish(e);
  place_needs(e);
}
