/* The plan that would be written, proven: where a way ends because nobody has said what stands there, that is assumed, in the open,
 * and promises that do not hold as things are now are left out.
 * Needs joined things and their promises. Guarantees an end: each round adds something new, and there are few rounds. */
#include "cutc.h"
#include "world/import.h"

#include <string.h>

enum { ROUNDS = 8 };

struct proving_of { struct compilation *c; struct model *m; struct proof *p; };

static struct proving_of proven(struct import *im, bool all) {
  struct proving_of v = {.c = compilation_new()};
  struct text out = {.arena = im->arena};
  things_link(im);
  things_name(im);
  import_write(&out, im, false, all);
  v.m = model_build_source(v.c, source_add(v.c, "imported", text_done(&out), out.n, false));
  v.p = prove(v.m);
  return v;
}

static struct thing *named(const struct import *im, const struct proving_of *v, uint32_t resource) {
  if (resource == NONE) return NULL;
  const char *id = name_text(&v->c->names, v->m->resources.at[resource].name);
  for (uint32_t i = 0; i < im->things.n; i++)
    if (!im->things.at[i]->dropped && im->things.at[i]->id && !strcmp(im->things.at[i]->id, id)) return im->things.at[i];
  return NULL;
}

static struct thing *assume(struct import *im, enum import_kind kind, const char *key, const char *why, const char *note) {
  if (thing_find(im, key)) return NULL;
  for (uint32_t i = im->things.n; i > 0 && im->things.at[i - 1]->assumed; i--)
    if (!strcmp(im->things.at[i - 1]->key, key)) return NULL;
  struct thing *t = thing_new(im, kind, key, NULL, NULL);
  t->assumed = true;
  t->origins.n = 0;
  array_push(im->arena, &t->origins, why);
  import_note(im, note, true, 1);
  return t;
}

/* Somebody answers at an address or name that something leads to. */
static bool answerer(struct import *im, const struct proving_of *v, const struct link *stop) {
  bool name = stop->host.type == HOST_NAME;
  const char *host = arena_print(im->arena, "%s", name ? name_text(&v->c->names, stop->host.name) : address_text(im->arena, &stop->host.from));
  const char *port = stop->port == NONE ? NULL : plan_port(im, stop->port, stop->port, proto_text(stop->proto));
  const char *zone = name ? name_text(&v->c->names, v->m->zones.at[stop->zone].name) : address_private(host) ? "lan" : "internet";
  const char *key = arena_print(im->arena, "host %s", host);
  struct thing *t = (struct thing *)(uintptr_t)thing_find(im, key);
  if (!port || (name && !plan_host(im, host))) return false;
  if (!t) {
    t = assume(im, IMPORT_HOST, key, "something leads here, and nothing that was imported answers", "a machine where something leads and nothing imported answers");
    if (!t) return false;
    t->fallback = arena_print(im->arena, "host_%s", host);
    thing_set(im, t, "address", name ? plan_string(im, host) : host);
    thing_set(im, t, "ports", arena_print(im->arena, "[%s]", port));
    thing_set(im, t, "zone", arena_print(im->arena, "%s", zone));
    return true;
  }
  const char *ports = thing_get(t, "ports");
  if (!t->assumed || !ports || thing_serves(t, port)) return false;
  thing_set(im, t, "ports", arena_print(im->arena, "%.*s, %s]", (int)strlen(ports) - 1, ports, port));
  return true;
}

/* A name that nobody resolves: of a tunnel route it leads into the tunnel, of a virtual host to its entrance. */
static bool resolved(struct import *im, const struct proving_of *v, const struct breach *b, const struct link *stop) {
  const char *host = plan_host(im, stop->host.type == HOST_NAME ? name_text(&v->c->names, stop->host.name) : NULL);
  const struct thing *t = named(im, v, b->resource);
  if (b->promise != NONE && b->promise < im->promises.n && (!t || t->kind == IMPORT_TUNNEL)) {
    uint32_t k = 0;
    for (uint32_t i = 0; i < im->promises.n; i++)
      if (im->promises.at[i].strong && !im->promises.at[i].down && k++ == b->promise) t = im->promises.at[i].of;
  }
  if (!host || !t) return false;
  if (t->kind == IMPORT_ROUTE) {
    const char *own = thing_get(t, "host");
    struct thing *p = assume(im, IMPORT_PROXIED, arena_print(im->arena, "proxied %s", own), "no record that was imported has this name, and a tunnel route does",
                             "a record that leads a route's name into its tunnel");
    if (!p) return false;
    p->fallback = arena_print(im->arena, "%s_proxied", *own == '"' && own[1] == '*' ? arena_print(im->arena, "any%.*s", (int)strlen(own) - 3, own + 2) : host);
    thing_set(im, p, "host", own);
    for (uint32_t i = 0; i < t->attributes.n; i++)
      if (!strcmp(t->attributes.at[i].name, "tunnel") && t->attributes.at[i].ref) thing_refer(im, p, "tunnel", t->attributes.at[i].ref, "%s", NULL);
    return true;
  }
  const struct thing *at = NULL;
  for (uint32_t i = 0; t->kind == IMPORT_APP && i < t->attributes.n; i++)
    if (!strcmp(t->attributes.at[i].name, "ingress")) at = t->attributes.at[i].to;
  if (!at || !at->address) return false;
  struct thing *r = assume(im, IMPORT_RECORD, arena_print(im->arena, "record lan %s", host), "no record that was imported has this name, and a virtual host does",
                           "a record that leads a virtual host's name to its entrance");
  if (!r) return false;
  r->fallback = arena_print(im->arena, "%s_lan", host);
  thing_set(im, r, "zone", "lan");
  thing_set(im, r, "host", plan_string(im, host));
  thing_set(im, r, "value", at->address);
  return true;
}

/* An entrance that knows virtual hosts, and not the one that a way leads to it. */
static bool hosted(struct import *im, const struct proving_of *v, const struct link *stop) {
  const struct thing *at = named(im, v, stop->resource);
  const char *host = plan_host(im, stop->vhost == NONE ? NULL : name_text(&v->c->names, stop->vhost));
  if (!at || !host) return false;
  const char *url = arena_print(im->arena, "%s://%s", stop->port == 80 ? "http" : "https", host);
  struct thing *t = assume(im, IMPORT_APP, arena_print(im->arena, "app %s", url), "a way leads here, and no Ingress or IngressRoute that was imported has this host",
                           "a virtual host that something leads to and nothing imported has");
  if (!t) return false;
  t->fallback = host;
  thing_set(im, t, "url", url);
  thing_refer(im, t, "ingress", at->key, "%s", NULL);
  return true;
}

static bool answered(struct import *im, const struct proving_of *v) {
  bool any = false;
  for (uint32_t i = 0; i < v->p->breaches.n; i++) {
    const struct breach *b = &v->p->breaches.at[i];
    const struct link *stop = b->before.n ? &b->before.at[b->before.n - 1] : NULL;
    if (b->code != CODE_202 || b->severity != SEV_ERROR || !stop) continue;
    if (stop->type == STOP_NOBODY) any |= answerer(im, v, stop);
    else if (stop->type == STOP_NO_NAME) any |= b->before.n == 1 ? resolved(im, v, b, stop) : answerer(im, v, stop);
    else if (stop->type == STOP_NOT_HOSTED) any |= hosted(im, v, stop);
  }
  if (any) things_merge(im);
  return any;
}

void import_settle(struct import *im) {
  bool again = true;
  for (unsigned round = 0; round < ROUNDS && again; round++) {
    struct proving_of v = proven(im, false);
    again = answered(im, &v);
    compilation_free(v.c);
  }
  struct proving_of v = proven(im, true);
  if (v.m->promises.n == im->promises.n)
    for (uint32_t i = 0; i < im->promises.n; i++) im->promises.at[i].down = timeline_at(&v.p->timeline[i], 0) != UP;
  compilation_free(v.c);
}
