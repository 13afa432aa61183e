/* "cutc-model/1" JSON -> struct model (see the header). Needs jansson.
 * Guarantees: every id in the model is in range, or the load fails with a sentence. */
#include "model_load.h"

#include "model/elaborate.h"

#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct map { /* name id -> id + 1 */
  uint32_t *at, n, cap;
};
struct loader {
  struct compilation *c;
  struct model *m;
  struct map zones, resources, steps, parts, clients, secrets;
  const char *why;
};

/* ── Small parts ───────────────────────────────────────────────────────────── */

static void fail(struct loader *l, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void fail(struct loader *l, const char *format, ...) {
  char buffer[200];
  va_list args;
  if (l->why != NULL) return;
  va_start(args, format);
  vsnprintf(buffer, sizeof buffer, format, args);
  va_end(args);
  l->why = arena_print(&l->c->arena, "%s", buffer);
}

static void map_put(struct loader *l, struct map *map, uint32_t name, uint32_t id) {
  if (name >= map->n) {
    uint32_t *grown = arena_array(&l->c->arena, uint32_t, (size_t)name * 2 + 64);
    if (map->n > 0) memcpy(grown, map->at, map->n * sizeof *grown);
    map->at = grown;
    map->n = name * 2 + 64;
  }
  if (map->at[name] == 0) map->at[name] = id + 1;
}

static uint32_t map_get(const struct map *map, uint32_t name) {
  return name < map->n && map->at[name] != 0 ? map->at[name] - 1 : NONE;
}

static uint32_t intern(struct loader *l, const char *text) { return name_str(&l->c->names, text); }

static const char *text_at(json_t *o, const char *key) { return json_string_value(json_object_get(o, key)); }

static uint32_t name_at(struct loader *l, json_t *o, const char *key) {
  const char *s = text_at(o, key);
  return s == NULL ? 0 : intern(l, s);
}

static int64_t milliseconds(json_t *v) {
  return json_is_number(v) ? (int64_t)(json_number_value(v) * 1000 + 0.5) : -1;
}

/* The id of a text in a map; NONE (and a failure) when it is a text that the map has not. */
static uint32_t look(struct loader *l, const struct map *map, json_t *v, const char *what) {
  const char *s = json_string_value(v);
  if (s == NULL) return NONE;
  uint32_t id = map_get(map, intern(l, s));
  if (id == NONE) fail(l, "no %s `%s`", what, s);
  return id;
}

static uint32_t zone_at(struct loader *l, json_t *o, const char *key) { return look(l, &l->zones, json_object_get(o, key), "zone"); }
static uint32_t resource_at(struct loader *l, json_t *o, const char *key) {
  return look(l, &l->resources, json_object_get(o, key), "resource");
}

/* A step, or a part of a covering step. */
static uint32_t literal(struct loader *l, json_t *v) {
  const char *s = json_string_value(v);
  if (s == NULL) {
    fail(l, "a guard names steps");
    return 0;
  }
  uint32_t name = intern(l, s), id = map_get(&l->steps, name);
  if (id != NONE) return id;
  id = map_get(&l->parts, name);
  if (id != NONE) return l->m->steps.n + id;
  fail(l, "no step `%s`", s);
  return 0;
}

static uint32_t guard_at(struct loader *l, json_t *o) {
  json_t *after = json_object_get(o, "after"), *before = json_object_get(o, "before"), *v;
  size_t n = json_array_size(after) + json_array_size(before), i;
  uint32_t *literals = arena_array(&l->c->arena, uint32_t, n + 1), k = 0;
  json_array_foreach(after, i, v) literals[k++] = literal(l, v) << 1;
  json_array_foreach(before, i, v) literals[k++] = literal(l, v) << 1 | 1;
  uint32_t g = k == 0 ? GUARD_ALWAYS : guard_of(l->m, literals, k);
  if (g == NONE) fail(l, "a guard contradicts itself");
  return g == NONE ? GUARD_ALWAYS : g;
}

static const uint32_t *ids(struct loader *l, const struct map *map, json_t *list, const char *what, uint32_t *count) {
  uint32_t *at = arena_array(&l->c->arena, uint32_t, json_array_size(list) + 1);
  size_t i;
  json_t *v;
  *count = 0;
  json_array_foreach(list, i, v) {
    uint32_t id = look(l, map, v, what);
    if (id == NONE) fail(l, "a list of %ss holds something else", what);
    at[(*count)++] = id == NONE ? 0 : id;
  }
  return at;
}

static uint32_t lower(struct loader *l, const char *s) {
  size_t n = strlen(s);
  char *copy = arena_copy(&l->c->arena, s, n);
  if (n > 1 && copy[n - 1] == '.') copy[--n] = '\0';
  for (size_t i = 0; i < n; i++)
    if (copy[i] >= 'A' && copy[i] <= 'Z') copy[i] = (char)(copy[i] + 32);
  return name_of(&l->c->names, copy, n);
}

static struct host host_of(struct loader *l, json_t *v) {
  struct host h = {.type = HOST_NONE};
  const char *s = json_string_value(v), *why;
  struct value x = {0};
  if (s == NULL) return h;
  size_t n = strlen(s);
  if (strcmp(s, "unknown") == 0) h.type = HOST_UNKNOWN;
  else if (strncmp(s, "*.", 2) == 0) h.type = HOST_PATTERN, h.name = lower(l, s + 2);
  else if (value_address(s, n, &x, &why)) h.type = HOST_ADDRESS, h.from = h.to = x.from;
  else if (value_cidr(s, n, &x, &why) || value_range(s, n, &x, &why)) h.type = HOST_RANGE, h.from = x.from, h.to = x.to;
  else h.type = HOST_NAME, h.name = lower(l, s);
  return h;
}

static void ports_of(json_t *o, uint32_t *lo, uint32_t *hi) {
  json_t *p = json_object_get(o, "port"), *end = json_object_get(o, "port_end");
  *lo = json_is_integer(p) ? (uint32_t)json_integer_value(p) : NONE;
  *hi = json_is_integer(end) ? (uint32_t)json_integer_value(end) : NONE;
  if (json_is_string(p)) *lo = 0, *hi = 65535;
}

static uint8_t proto_of(json_t *o) {
  const char *s = text_at(o, "proto");
  return s == NULL || strcmp(s, "tcp") == 0 ? PROTO_TCP : strcmp(s, "udp") == 0 ? PROTO_UDP : strcmp(s, "sctp") == 0 ? PROTO_SCTP : PROTO_ANY;
}

static struct need need_of(struct loader *l, json_t *o) {
  struct need n = {.type = NEED_NEVER, .on = NONE, .zone = NONE, .dns = NONE, .secret = NONE, .port = NONE, .at = NOWHERE};
  uint32_t end;
  if (json_is_string(json_object_get(o, "on"))) {
    n.type = NEED_RESOURCE;
    n.on = resource_at(l, o, "on");
    if (n.on == NONE) n.on = 0;
  } else if (json_object_get(o, "of") != NULL) {
    n.type = NEED_COUNT;
    n.least = (uint32_t)json_integer_value(json_object_get(o, "at_least"));
    n.of = ids(l, &l->resources, json_object_get(o, "of"), "resource", &n.of_count);
  } else if (json_object_get(o, "host") != NULL) {
    n.type = NEED_ENDPOINT;
    n.host = host_of(l, json_object_get(o, "host"));
    ports_of(o, &n.port, &end);
    n.proto = proto_of(o);
    n.vhost = text_at(o, "vhost") == NULL ? 0 : lower(l, text_at(o, "vhost"));
    n.zone = zone_at(l, o, "zone");
    n.dns = zone_at(l, o, "dns");
  } else if (!json_is_true(json_object_get(o, "never"))) {
    fail(l, "a need has none of `on`, `of`, `host` and `never`");
  }
  if (text_at(o, "secret") != NULL) n.secret = look(l, &l->secrets, json_object_get(o, "secret"), "secret");
  n.guard = guard_at(l, o);
  return n;
}

static const struct need *needs_of(struct loader *l, json_t *list, uint32_t *count) {
  struct need *at = arena_array(&l->c->arena, struct need, json_array_size(list) + 1);
  size_t i;
  json_t *v;
  *count = 0;
  json_array_foreach(list, i, v) at[(*count)++] = need_of(l, v);
  return at;
}

/* ── Zones, resources, clients ─────────────────────────────────────────────── */

static void load_zones(struct loader *l, json_t *root) {
  size_t i;
  json_t *o;
  json_array_foreach(json_object_get(root, "zones"), i, o) {
    map_put(l, &l->zones, name_at(l, o, "name"), l->m->zones.n);
    array_push(&l->c->arena, &l->m->zones, (struct zone){.name = name_at(l, o, "name"), .inside = NONE, .at = NOWHERE});
  }
  json_array_foreach(json_object_get(root, "zones"), i, o) l->m->zones.at[i].inside = zone_at(l, o, "inside");
}

static struct value value_of(struct loader *l, json_t *v, unsigned depth) {
  struct value out = {.type = V_NONE, .at = NOWHERE};
  if (json_is_boolean(v)) out.type = V_BOOL, out.number = json_is_true(v);
  else if (json_is_integer(v)) out.type = V_NUMBER, out.number = json_integer_value(v);
  else if (json_is_real(v)) out.type = V_DURATION, out.number = milliseconds(v);
  else if (json_is_string(v)) out.type = V_STRING, out.name = intern(l, json_string_value(v));
  else if ((json_is_array(v) || json_is_object(v)) && depth < 64) {
    bool map = json_is_object(v);
    size_t n = map ? json_object_size(v) : json_array_size(v), i = 0;
    struct value *items = arena_array(&l->c->arena, struct value, n + 1);
    uint32_t *keys = arena_array(&l->c->arena, uint32_t, n + 1);
    const char *key;
    json_t *item;
    if (map) {
      json_object_foreach(v, key, item) {
        keys[i] = intern(l, key);
        items[i++] = value_of(l, item, depth + 1);
      }
    } else {
      json_array_foreach(v, i, item) items[i] = value_of(l, item, depth + 1);
    }
    out = (struct value){.type = map ? V_MAP : V_LIST, .items = items, .keys = map ? keys : NULL, .count = (uint32_t)n, .at = NOWHERE};
  }
  return out;
}

static void load_attributes(struct loader *l, struct resource *r, uint32_t id, json_t *attributes) {
  const char *key;
  json_t *list, *v;
  size_t i;
  r->attributes = l->m->attributes.n;
  json_object_foreach(attributes, key, list) {
    struct attribute a = {.name = intern(l, key), .owner = id, .at = NOWHERE, .written = true};
    a.cases.n = (uint32_t)json_array_size(list);
    a.cases.at = arena_alloc(&l->c->arena, json_array_size(list) + 1, sizeof *a.cases.at);
    json_array_foreach(list, i, v) a.cases.at[i].value = value_of(l, v, 0);
    array_push(&l->c->arena, &l->m->attributes, a);
    r->attribute_count++;
  }
}

static uint32_t add_resource(struct loader *l, uint32_t name, uint32_t kind) {
  uint32_t id = l->m->resources.n;
  struct resource r = {.name = name, .kind = kind, .zone = NONE, .kind_id = NONE};
  map_put(l, &l->resources, name, id);
  index_put(&l->c->arena, &l->m->elaboration->resource_index, name, id);
  array_push(&l->c->arena, &l->m->resources, r);
  return id;
}

/* Listed resources first, so that ids follow the JSON; then those of clients that it does not list. */
static void name_resources(struct loader *l, json_t *root) {
  size_t i;
  json_t *o;
  json_array_foreach(json_object_get(root, "resources"), i, o) add_resource(l, name_at(l, o, "name"), name_at(l, o, "kind"));
  json_array_foreach(json_object_get(root, "clients"), i, o) {
    uint32_t name = name_at(l, o, "name");
    if (map_get(&l->resources, name) == NONE) add_resource(l, name, intern(l, "client"));
    map_put(l, &l->clients, name, (uint32_t)i);
  }
}

static void load_resources(struct loader *l, json_t *root) {
  size_t i;
  json_t *o;
  json_array_foreach(json_object_get(root, "resources"), i, o) {
    struct resource *r = &l->m->resources.at[i];
    r->zone = zone_at(l, o, "zone");
    uint32_t via = resource_at(l, o, "via"), owner = resource_at(l, o, "owner");
    if (via != NONE || owner != NONE) {
      resource_rare_own(l->m, (uint32_t)i)->via = via;
      resource_rare_own(l->m, (uint32_t)i)->owner = owner;
    }
    r->provider = json_is_true(json_object_get(o, "provider"));
    load_attributes(l, r, (uint32_t)i, json_object_get(o, "attributes"));
  }
}

static void load_clients(struct loader *l, json_t *root) {
  size_t i, k;
  json_t *o, *d;
  json_array_foreach(json_object_get(root, "clients"), i, o) {
    json_t *dns = json_object_get(o, "dns");
    struct client c = {.resource = map_get(&l->resources, name_at(l, o, "name")), .zone = zone_at(l, o, "zone"), .first = l->m->client_dns.n};
    if (c.zone == NONE) fail(l, "a client has no zone");
    json_array_foreach(dns, k, d) {
      array_push(&l->c->arena, &l->m->client_dns, (struct client_dns){zone_at(l, d, "zone"), guard_at(l, d)});
      c.count++;
    }
    if (c.count == 0) {
      array_push(&l->c->arena, &l->m->client_dns, (struct client_dns){c.zone, GUARD_ALWAYS});
      c.count = 1;
    }
    array_push(&l->c->arena, &l->m->clients, c);
  }
  l->m->operator_client = look(l, &l->clients, json_object_get(root, "operator"), "client");
}

/* ── Facts ─────────────────────────────────────────────────────────────────── */

static struct target target_of(struct loader *l, json_t *v) {
  struct target t = {.type = TARGET_RESOURCE, .port = NONE, .zone = NONE, .resource = NONE};
  uint32_t end;
  if (json_is_string(v)) {
    t.resource = look(l, &l->resources, v, "resource");
    if (t.resource == NONE) t.resource = 0;
    return t;
  }
  t.type = TARGET_HOST;
  t.host = host_of(l, json_object_get(v, "host"));
  t.zone = zone_at(l, v, "zone");
  ports_of(v, &t.port, &end);
  return t;
}

static void load_forwards(struct loader *l, json_t *o, struct fact *f) {
  json_t *to = json_object_get(o, "to"), *vhost = json_object_get(o, "vhost"), *any = json_object_get(o, "any_of"), *v;
  size_t i;
  if (json_array_size(any) > 0) {
    struct target *at = arena_array(&l->c->arena, struct target, json_array_size(any));
    json_array_foreach(any, i, v) at[i] = target_of(l, v);
    f->any_of = at;
    f->any_count = (uint32_t)json_array_size(any);
  } else if (json_is_string(to)) {
    f->to = target_of(l, to);
  } else {
    json_t *port = json_object_get(o, "to_port");
    f->to.host = host_of(l, json_object_get(o, "to_host"));
    f->to.type = f->to.host.type == HOST_NONE ? TARGET_ROUTE : TARGET_HOST;
    f->to.zone = zone_at(l, o, "to_zone");
    f->to.port = json_is_integer(port) ? (uint32_t)json_integer_value(port) : NONE;
    if (f->to.zone == NONE) fail(l, "a `forwards` leads nowhere");
  }
  if (vhost == NULL || (json_is_string(vhost) && strcmp(json_string_value(vhost), "keep") == 0)) f->vhost_type = VHOST_KEEP;
  else if (!json_is_string(vhost)) f->vhost_type = VHOST_NONE;
  else f->vhost_type = VHOST_NAME, f->vhost = lower(l, json_string_value(vhost));
}

static uint32_t attribute_of(struct loader *l, const struct fact *f, json_t *o) {
  const struct resource *r = &l->m->resources.at[f->by];
  const char *s = text_at(o, "attribute");
  for (uint32_t i = 0; s != NULL && i < r->attribute_count; i++)
    if (l->m->attributes.at[r->attributes + i].name == intern(l, s)) return r->attributes + i;
  return NONE;
}

static void load_names(struct loader *l, json_t *o, struct fact *f) {
  json_t *to = json_object_get(o, "to"), *value = json_object_get(o, "value");
  f->host = host_of(l, json_object_get(o, "name"));
  if (json_is_string(to)) f->to = target_of(l, to);
  else f->to = (struct target){.type = TARGET_HOST, .host = host_of(l, value), .port = NONE, .zone = NONE, .resource = NONE};
}

static void load_fact(struct loader *l, json_t *o) {
  static const char *const types[] = {"serves", "forwards", "names", "owns", "hosts", "needs"};
  struct fact f = {.type = 255, .zone = NONE, .port = NONE, .port_end = NONE, .ttl = NONE, .at = NONE, .attribute = NONE, .span = NOWHERE};
  const char *type = text_at(o, "fact");
  json_t *ttl = json_object_get(o, json_object_get(o, "negative_ttl") != NULL ? "negative_ttl" : "ttl");
  for (uint8_t i = 0; type != NULL && i < 6; i++)
    if (strcmp(type, types[i]) == 0) f.type = i;
  f.to = (struct target){.type = TARGET_NONE, .port = NONE, .zone = NONE, .resource = NONE};
  f.by = resource_at(l, o, "by");
  if (f.type == 255 || f.by == NONE) {
    fail(l, "a fact has no type or no resource");
    return;
  }
  f.zone = zone_at(l, o, "zone");
  f.host = host_of(l, json_object_get(o, "host"));
  f.proto = proto_of(o);
  ports_of(o, &f.port, &f.port_end);
  if (json_is_integer(ttl)) f.ttl = (uint32_t)json_integer_value(ttl);
  switch ((enum fact_type)f.type) {
  case FACT_SERVES: break;
  case FACT_FORWARDS: load_forwards(l, o, &f); break;
  case FACT_NAMES: load_names(l, o, &f); break;
  case FACT_OWNS:
    f.host = host_of(l, json_object_get(o, "name"));
    if (f.ttl == NONE) f.ttl = 3600;
    break;
  case FACT_HOSTS:
    f.at = resource_at(l, o, "at");
    if (f.at == NONE) fail(l, "a `hosts` says not where");
    break;
  case FACT_NEEDS:
    f.zone = NONE;
    f.host = (struct host){.type = HOST_NONE};
    f.need = need_of(l, o);
    break;
  }
  f.guard = guard_at(l, o);
  if (f.type == FACT_NEEDS) f.need.guard = f.guard;
  f.unknown = json_is_true(json_object_get(o, "unknown"));
  f.attribute = attribute_of(l, &f, o);
  array_push(&l->c->arena, &l->m->facts, slot_of_fact(fact_copy(&l->c->arena, &f)));
}

/* ── Steps, rules, promises ────────────────────────────────────────────────── */

static void load_step_names(struct loader *l, json_t *root) {
  json_t *list = json_object_get(root, "steps"), *o;
  size_t i;
  json_array_foreach(list, i, o) {
    struct step s = {.name = name_at(l, o, "id"), .resource = NONE, .at = NOWHERE, .first_position = (uint32_t)i};
    map_put(l, &l->steps, s.name, (uint32_t)i);
    index_put(&l->c->arena, &l->m->elaboration->step_names, s.name, (uint32_t)i);
    s.title = s.name;
    array_push(&l->c->arena, &l->m->steps, s);
  }
  json_array_foreach(list, i, o) {
    struct step *s = &l->m->steps.at[i];
    s->parts = ids(l, &l->resources, json_object_get(o, "parts"), "resource", &s->part_count);
    for (uint32_t k = 0; k < s->part_count; k++) {
      const char *part = arena_print(&l->c->arena, "%s/%s", name_text(&l->c->names, s->name),
                                     name_text(&l->c->names, l->m->resources.at[s->parts[k]].name));
      map_put(l, &l->parts, intern(l, part), l->m->parts.n);
      map_put(l, &l->parts, l->m->resources.at[s->parts[k]].name, l->m->parts.n); /* short, where no step has that name */
      array_push(&l->c->arena, &l->m->parts, (struct part){(uint32_t)i, s->parts[k]});
    }
  }
}

/* The resource whose hops a step makes, told by its id: `R` or `R.attr.N`. */
static uint32_t resource_of_step(struct loader *l, const char *id) {
  uint32_t r = map_get(&l->resources, intern(l, id));
  for (size_t n = strlen(id); r == NONE && n > 0; n--)
    if (id[n - 1] == '.') r = map_get(&l->resources, name_of(&l->c->names, id, n - 1));
  return r;
}

static void load_step(struct loader *l, json_t *o, struct step *s) {
  s->takes = milliseconds(json_object_get(o, "takes"));
  s->wait = json_is_true(json_object_get(o, "wait"));
  s->manual = json_is_true(json_object_get(o, "manual"));
  s->early = json_is_true(json_object_get(o, "early"));
  s->no_inverse = json_is_true(json_object_get(o, "no_inverse"));
  s->irreversible = name_at(l, o, "irreversible");
  s->undo_none = name_at(l, o, "undo_none");
  s->atomic = name_at(l, o, "atomic");
  if (text_at(o, "title") != NULL) s->title = name_at(l, o, "title");
  s->resource = text_at(o, "resource") != NULL ? resource_at(l, o, "resource") : resource_of_step(l, name_text(&l->c->names, s->name));
  json_t *commands = json_object_get(o, "commands");
  s->commands = json_is_integer(commands) ? (uint32_t)json_integer_value(commands) : 1;
  s->after = ids(l, &l->steps, json_object_get(o, "after"), "step", &s->after_count);
  s->disrupts = ids(l, &l->resources, json_object_get(o, "disrupts"), "resource", &s->disrupts_count);
  s->needs = needs_of(l, json_object_get(o, "needs"), &s->needs_count);
  s->undo_needs = needs_of(l, json_object_get(o, "undo_needs"), &s->undo_needs_count);
}

static void load_forbidden(struct loader *l, json_t *o) {
  struct forbidden f = {.rule = name_at(l, o, "rule"), .severity = SEV_ERROR, .during = NONE, .at = NOWHERE, .rule_at = NOWHERE};
  const char *severity = text_at(o, "severity");
  json_t *list = json_object_get(o, "hairpins"), *h;
  struct hairpin *pins = arena_array(&l->c->arena, struct hairpin, json_array_size(list) + 1);
  size_t i;
  if (severity != NULL && severity[0] != 'e') f.severity = severity[0] == 'w' ? SEV_WARNING : SEV_NOTE;
  f.guard = guard_at(l, o);
  f.during = look(l, &l->steps, json_object_get(o, "during"), "step");
  f.not_during = ids(l, &l->steps, json_object_get(o, "not_during"), "step", &f.not_during_count);
  f.up = ids(l, &l->resources, json_object_get(o, "up"), "resource", &f.up_count);
  f.down = ids(l, &l->resources, json_object_get(o, "down"), "resource", &f.down_count);
  json_array_foreach(list, i, h) {
    pins[i].client = look(l, &l->clients, json_object_get(h, "client"), "client");
    pins[i].resource = resource_at(l, h, "resource");
    pins[i].is = json_is_true(json_object_get(h, "is"));
    if (pins[i].client == NONE || pins[i].resource == NONE) fail(l, "a hairpin has no client or no resource");
  }
  f.hairpins = pins;
  f.hairpin_count = (uint32_t)json_array_size(list);
  f.message = text_at(o, "message") != NULL ? arena_print(&l->c->arena, "%s", text_at(o, "message")) : name_text(&l->c->names, f.rule);
  array_push(&l->c->arena, &l->m->forbidden, f);
}

static void load_promise(struct loader *l, json_t *o) {
  struct promise p = {.hold = HOLD_ALWAYS, .client = NONE, .at = NOWHERE, .id = name_at(l, o, "id"), .limit = 0};
  const char *hold = text_at(o, "hold"), *id = name_text(&l->c->names, p.id);
  json_t *list = json_object_get(o, "true"), *v;
  size_t i;
  if (hold != NULL && strcmp(hold, "always") != 0) p.hold = strcmp(hold, "finally") == 0 ? HOLD_FINALLY : HOLD_AT_MOST;
  if (p.hold == HOLD_AT_MOST) p.limit = milliseconds(json_object_get(o, "limit"));
  if (list != NULL) {
    uint32_t *guards = arena_array(&l->c->arena, uint32_t, json_array_size(list) + 1);
    json_array_foreach(list, i, v) guards[i] = guard_at(l, v);
    p.type = PROMISE_CONDITION;
    p.guards = guards;
    p.guard_count = (uint32_t)json_array_size(list);
  } else {
    p.endpoint = need_of(l, o);
    p.type = p.endpoint.type == NEED_ENDPOINT ? PROMISE_ENDPOINT : PROMISE_COUNT;
    if (p.type == PROMISE_ENDPOINT) p.client = look(l, &l->clients, json_object_get(o, "client"), "client");
    if (p.type == PROMISE_ENDPOINT && p.client == NONE) fail(l, "promise `%s` has no client", id);
  }
  if (p.type == PROMISE_ENDPOINT)
    p.text = intern(l, arena_print(&l->c->arena, "%s reaches %s:%u", text_at(o, "client"), text_at(o, "host"), p.endpoint.port));
  else p.text = p.id;
  array_push(&l->c->arena, &l->m->promises, p);
}

static void load_secrets(struct loader *l, json_t *root) {
  size_t i;
  json_t *o;
  json_array_foreach(json_object_get(root, "secrets"), i, o) {
    struct secret s = {.name = name_at(l, o, "name"), .store = NONE, .at = NOWHERE};
    map_put(l, &l->secrets, s.name, (uint32_t)i);
    array_push(&l->c->arena, &l->m->secrets, s);
  }
  json_array_foreach(json_object_get(root, "secrets"), i, o) {
    struct secret *s = &l->m->secrets.at[i];
    s->store = resource_at(l, o, "store");
    s->source = s->store == NONE ? SECRET_ENV : SECRET_STORE;
    s->at_use = json_is_true(json_object_get(o, "at_use"));
    s->lifetime = milliseconds(json_object_get(o, "lifetime"));
    s->needs = needs_of(l, json_object_get(o, "needs"), &s->needs_count);
  }
}

static void load_ask(struct loader *l, json_t *o) {
  const char *type = text_at(o, "type");
  struct ask a = {.type = ASK_VERIFY, .endpoint = need_of(l, o)};
  if (type != NULL && type[0] != 'v') a.type = type[0] == 'p' ? ASK_PROVIDER : ASK_STEP;
  a.resource = resource_at(l, o, "resource");
  a.step = look(l, &l->steps, json_object_get(o, "step"), "step");
  array_push(&l->c->arena, &l->m->asks, a);
}

static void load_each(struct loader *l, json_t *root, const char *key, void (*one)(struct loader *, json_t *)) {
  size_t i;
  json_t *o;
  json_array_foreach(json_object_get(root, key), i, o) one(l, o);
}

/* ── The whole ─────────────────────────────────────────────────────────────── */

static void load(struct loader *l, json_t *root) {
  struct model *m = l->m;
  m->plan = name_at(l, root, "plan");
  m->plan_at = NOWHERE;
  m->window = milliseconds(json_object_get(root, "window"));
  m->operator_client = NONE;
  load_zones(l, root);
  name_resources(l, root);
  load_step_names(l, root); /* guards from here on */
  load_resources(l, root);
  load_secrets(l, root);
  load_clients(l, root);
  load_each(l, root, "facts", load_fact);
  size_t i;
  json_t *o;
  json_array_foreach(json_object_get(root, "steps"), i, o) load_step(l, o, &m->steps.at[i]);
  load_each(l, root, "forbidden", load_forbidden);
  load_each(l, root, "promises", load_promise);
  load_each(l, root, "asks", load_ask);
}

/* What resource_find, step_find and the guards look things up in. */
static void make_elaboration(struct loader *l) {
  struct elaboration *e = arena_new(&l->c->arena, struct elaboration);
  e->m = l->m;
  e->c = l->c;
  e->tree = l->m->tree;
  l->m->elaboration = e;
  (void)guard_of(l->m, NULL, 0); /* makes guard 0, "always" */
}

struct model *model_load(struct compilation *c, const char *json, const char **why) {
  struct loader l = {.c = c, .m = arena_new(&c->arena, struct model)};
  json_error_t error;
  json_t *root = json_loads(json, 0, &error);
  l.m->c = c;
  l.m->tree = arena_new(&c->arena, struct tree);
  array_push(&c->arena, &l.m->rare, ((struct resource_rare){.via = NONE, .owner = NONE, .exists = NONE}));
  l.m->tree->c = c;
  make_elaboration(&l);
  if (root == NULL) fail(&l, "line %d: %s", error.line, error.text);
  else if (text_at(root, "format") == NULL || strcmp(text_at(root, "format"), "cutc-model/1") != 0) fail(&l, "not a cutc-model/1");
  else load(&l, root);
  json_decref(root);
  if (why != NULL) *why = l.why;
  return l.why == NULL ? l.m : NULL;
}

struct model *model_load_file(struct compilation *c, const char *path, const char **why) {
  FILE *f = fopen(path, "rb");
  struct text text = {.arena = &c->arena};
  char buffer[65536];
  size_t n;
  if (f == NULL) {
    if (why != NULL) *why = "the file cannot be read";
    return NULL;
  }
  while ((n = fread(buffer, 1, sizeof buffer, f)) > 0) text_add(&text, buffer, n);
  fclose(f);
  return model_load(c, text_done(&text), why);
}

static uint8_t verdict_of(const char *s) {
  if (s == NULL || strcmp(s, "up") == 0) return UP;
  return strcmp(s, "down") == 0 ? DOWN : strcmp(s, "maybe") == 0 ? MAYBE : UNKNOWN;
}

static void load_timeline(struct model *m, struct proof *p, json_t *root, uint32_t i) {
  struct timeline *t = &p->timeline[i];
  const char *id = name_text(&m->c->names, m->promises.at[i].id);
  json_t *list = json_object_get(json_object_get(root, "timeline"), id), *outage = json_object_get(json_object_get(root, "outages"), id), *v;
  size_t k;
  if (json_array_size(list) == 0) timeline_put(&m->c->arena, t, 0, UP);
  t->first_down = t->last_down = NONE;
  json_array_foreach(list, k, v) {
    if (k > p->order.n) break;
    enum verdict now = verdict_of(json_string_value(v));
    if (now == MAYBE) timeline_put_maybe(&m->c->arena, t, (uint32_t)k, (uint32_t)k + 1, 0);
    timeline_put(&m->c->arena, t, (uint32_t)k, now == MAYBE ? UP : now);
    if (now == UP) continue;
    if (t->first_down == NONE) t->first_down = t->last_down = (uint32_t)k;
    else if (t->last_down + 1 == k) t->last_down = (uint32_t)k;
  }
  t->outage = outage == NULL ? 0 : milliseconds(outage);
  t->outage_open = json_is_null(outage);
  if (t->outage < 0) t->outage = 0;
}

struct proof *proof_load(struct model *m, const char *json) {
  json_t *root = json_loads(json, 0, NULL), *order = json_object_get(root, "order"), *v;
  struct proof *p = arena_new(&m->c->arena, struct proof);
  size_t i;
  json_array_foreach(order, i, v) {
    uint32_t id = json_is_string(v) ? step_find(m, json_string_value(v)) : NONE;
    if (id == NONE) continue;
    array_push(&m->c->arena, &p->order, id);
    if (m->steps.at[id].takes > 0) p->total += m->steps.at[id].takes;
  }
  p->order_holds = true;
  p->timeline = arena_array(&m->c->arena, struct timeline, m->promises.n + 1);
  for (uint32_t k = 0; k < m->promises.n; k++) load_timeline(m, p, root, k);
  array_push(&m->c->arena, &p->components, (struct component){.first = 0, .count = p->order.n, .exact = true});
  bool any = order != NULL;
  json_decref(root);
  return any ? p : NULL;
}
