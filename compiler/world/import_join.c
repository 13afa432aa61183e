/* What one document says, joined with what another does: virtual hosts to their entrances, the WAN address, short names of Services,
 * and the promises that ask through every way there is.
 * Needs merged things. Guarantees that whatever is taken for true without an answer that says so is marked as assumed. */
#include "world/import.h"

#include <stdlib.h>
#include <string.h>

/* ── Virtual hosts ─────────────────────────────────────────────────────────── */

struct entrances { const struct thing **at; uint32_t n; };

/* The Services that have an address of their own. */
static struct entrances entrances(const struct import *im) {
  struct entrances e = {.at = arena_array(im->arena, const struct thing *, im->things.n + 1u)};
  for (uint32_t i = 0; i < im->things.n; i++)
    if (im->things.at[i]->kind == IMPORT_LB && !im->things.at[i]->dropped) e.at[e.n++] = im->things.at[i];
  return e;
}

static const struct thing *entrance(const struct entrances *e, const struct thing *app) {
  const char *url = thing_get(app, "url"), *port = url && strstr(url, "https://") ? "443/tcp" : "80/tcp";
  const struct thing *by_class = NULL, *only = NULL;
  uint32_t named = 0, all = 0;
  for (uint32_t i = 0; i < e->n; i++) {
    const struct thing *t = e->at[i];
    const char *selector = thing_get(t, "selector");
    if (!thing_serves(t, port)) continue;
    if (app->address && t->address && !strcmp(app->address, t->address)) return t;
    if (app->entrance && (strstr(t->name, app->entrance) || (selector && strstr(selector, app->entrance)))) {
      by_class = t;
      named++;
    }
    only = t;
    all++;
  }
  return named == 1 ? by_class : all == 1 && !app->address ? only : NULL;
}

static void apps(struct import *im) {
  struct entrances all = entrances(im);
  for (uint32_t i = 0, n = im->things.n; i < n; i++) {
    struct thing *t = im->things.at[i];
    if (t->kind != IMPORT_APP || t->dropped) continue;
    const struct thing *at = entrance(&all, t);
    if (at) {
      thing_refer(im, t, "ingress", at->key, "%s", NULL);
      continue;
    }
    t->dropped = true;
    im->path = NULL;
    import_left(im, IMPORT_APP, "virtual host whose entrance is not known", "not expressed: %s, since no Service that was imported is its entrance (%s)", t->fallback,
                t->origins.n ? t->origins.at[0] : "?");
  }
}

/* ── Addresses ─────────────────────────────────────────────────────────────── */

static bool refers(const struct thing *t, const char *key) {
  for (uint32_t i = 0; i < t->attributes.n; i++)
    if (t->attributes.at[i].ref && !strcmp(t->attributes.at[i].ref, key)) return true;
  return false;
}

/* The address that the internet knows us by: the only public one that other answers speak of. */
static void wan(struct import *im) {
  struct plan_list public = {0};
  struct thing *first = NULL;
  for (uint32_t i = 0; i < im->things.n && !first; i++)
    if (im->things.at[i]->kind == IMPORT_NAT && refers(im->things.at[i], "wan")) first = im->things.at[i];
  if (!first) return;
  for (uint32_t i = 0; i < im->wans.n && public.items.n < 3; i++) plan_list_add(im, &public, im->wans.at[i]);
  if (public.items.n == 1) {
    struct thing *t = thing_new(im, IMPORT_ADDRESS, "wan", "wan_address", NULL);
    t->assumed = true;
    array_push(im->arena, &t->origins, "the firewall's WAN address, which its configuration does not say; this is the only public one of the other answers");
    thing_set(im, t, "value", public.items.at[0]);
    thing_set(im, t, "zone", "internet");
    import_note(im, "the WAN address, the only public one that was imported", true, 1);
    return;
  }
  const char *name = plan_host(im, arena_print(im->arena, "wan.%s.internal", first->address ? first->address : "firewall"));
  for (uint32_t i = 0; i < im->things.n; i++) {
    struct thing *t = im->things.at[i];
    if (t->kind != IMPORT_NAT || !refers(t, "wan")) continue;
    thing_set(im, t, "wan", plan_string(im, name ? name : "wan.firewall.internal"));
    thing_remark(im, t, NULL, "a name that stands for the WAN address, which no answer says");
  }
  import_note(im, "a name in place of the WAN address, which no answer says", true, 1);
}

/* A forward to an alias that no answer has: its name is kept in its place. */
static void aliases(struct import *im) {
  for (uint32_t i = 0; i < im->things.n; i++) {
    struct thing *t = im->things.at[i];
    if (t->kind == IMPORT_NAT && !t->dropped && t->group && !thing_find(im, t->group))
      thing_remark(im, t, "alias that was not imported", "leads to %s, of which no answer says what it stands for", t->group);
  }
}

/* The API server, when saved answers need one and do not say it: the name that the cluster itself has for it. */
static void api_server(struct import *im) {
  bool wanted = false;
  for (uint32_t i = 0; i < im->things.n; i++) wanted |= !im->things.at[i]->dropped && refers(im->things.at[i], "provider kubernetes");
  if (!wanted || thing_find(im, "provider kubernetes")) return;
  struct thing *t = thing_new(im, IMPORT_KUBERNETES, "provider kubernetes", "cluster", NULL);
  t->assumed = true;
  array_push(im->arena, &t->origins, "saved answers do not say where the API server is: write its URL here, or import your kubeconfig too");
  thing_set(im, t, "api", "https://kubernetes.default.svc.cluster.local");
  import_note(im, "the API server, under the name that the cluster has for it", true, 1);
}

/* The host of an origin: "https://10.0.20.200:443" -> "10.0.20.200". */
static const char *host_of(struct import *im, const char *url) {
  const char *from = url ? strstr(url, "://") : NULL;
  if (!from) return NULL;
  from += 3;
  return arena_copy(im->arena, from, strcspn(from, ":/\""));
}

/* A pod knows a Service as name.namespace and name.namespace.svc too. */
static void short_names(struct import *im) {
  for (uint32_t i = 0, n = im->things.n; i < n; i++) {
    struct thing *t = im->things.at[i];
    const char *host = t->kind == IMPORT_ROUTE ? host_of(im, thing_get(t, "origin")) : NULL;
    const char *dot = host ? strchr(host, '.') : NULL;
    if (!dot) continue;
    size_t length = strcspn(dot + 1, ".");
    const char *rest = dot + 1 + length;
    if (*rest && strcmp(rest, ".svc")) continue;
    const char *key = arena_print(im->arena, "service %.*s/%.*s", (int)length, dot + 1, (int)(dot - host), host);
    if (!thing_find(im, key)) continue;
    struct thing *r = thing_new(im, IMPORT_RECORD, arena_print(im->arena, "record cluster %s", host), NULL, NULL);
    r->fallback = arena_print(im->arena, "%s_cluster", host);
    array_push(im->arena, &r->origins, "cluster DNS: the short name of a Service that a tunnel route leads to");
    thing_set(im, r, "zone", "cluster");
    thing_set(im, r, "host", plan_string(im, host));
    thing_set(im, r, "value", plan_string(im, arena_print(im->arena, "%.*s.%.*s.svc.cluster.local", (int)(dot - host), host, (int)length, dot + 1)));
    thing_set(im, r, "ttl", "5s");
  }
}

void import_join(struct import *im) {
  im->path = NULL;
  apps(im);
  wan(im);
  aliases(im);
  api_server(im);
  short_names(im);
  things_merge(im);
}

/* ── Promises ──────────────────────────────────────────────────────────────── */

static void promise(struct import *im, const char *client, const char *endpoint, bool strong, const struct thing *of) {
  array_push(im->arena, &im->promises, (struct import_promise){.client = client, .endpoint = endpoint, .strong = strong, .of = of});
}

static const char *unquoted(struct import *im, const char *text) {
  size_t n = text ? strlen(text) : 0;
  return n > 1 && *text == '"' ? arena_copy(im->arena, text + 1, n - 2) : text;
}

/* Every port of a forward, from its outer side. */
static void nat(struct import *im, const struct thing *t) {
  const char *wan = unquoted(im, thing_get(t, "wan")), *ports = thing_get(t, "ports");
  const struct thing *address = thing_find(im, "wan");
  if (!wan && address) wan = thing_get(address, "value");
  for (const char *p = ports; wan && p && *p;) {
    p += strspn(p, "[], ");
    size_t n = strcspn(p, "], "), digits = strspn(p, "0123456789"), proto = strcspn(p, "/");
    if (!n) break;
    bool udp = n - proto == 4 && !strncmp(p + proto, "/udp", 4);
    promise(im, thing_get(t, "outside") ? "operator" : "public", arena_print(im->arena, strchr(wan, ':') ? "[%s]:%.*s%s" : "%s:%.*s%s", wan, (int)digits, p, udp ? "/udp" : ""), true, t);
    p += n;
  }
}

/* Is some virtual host one of a pattern's? */
static bool peopled(const struct import *im, const char *pattern) {
  size_t n = strlen(pattern + 1);
  for (uint32_t i = 0; i < im->things.n; i++) {
    const struct thing *t = im->things.at[i];
    size_t k = t->kind == IMPORT_APP && !t->dropped && t->fallback ? strlen(t->fallback) : 0;
    if (k > n && !strcmp(t->fallback + k - n, pattern + 1)) return true;
  }
  return false;
}

static void route(struct import *im, const struct thing *t) {
  const char *host = unquoted(im, thing_get(t, "host"));
  if (!host) return;
  if (*host != '*') promise(im, "public", arena_print(im->arena, "https://%s", host), true, t);
  else if (!peopled(im, host)) promise(im, "public", arena_print(im->arena, "https://any-name%s", host + 1), true, t);
}

/* A name of the LAN, at whatever port is served where it leads. */
static void record(struct import *im, const struct entrances *all, const struct thing *t) {
  static const char *const ports[] = {"443/tcp", "80/tcp"};
  const char *host = unquoted(im, thing_get(t, "host")), *value = thing_get(t, "value"), *zone = thing_get(t, "zone");
  if (!host || *host == '*' || !strchr(host, '.') || !zone || strcmp(zone, "lan")) return;
  for (size_t k = 0; k < 2; k++)
    for (uint32_t i = 0; i < all->n; i++) {
      const struct thing *lb = all->at[i];
      if (!value || strcmp(value, lb->address) || !thing_serves(lb, ports[k])) continue;
      promise(im, "operator", arena_print(im->arena, "%s:%.*s", host, (int)strcspn(ports[k], "/"), ports[k]), false, t);
      return;
    }
}

static int by_endpoint(const void *x, const void *y) {
  const struct import_promise *a = x, *b = y;
  int order = strcmp(a->client, b->client);
  if (!order) order = strcmp(a->endpoint, b->endpoint);
  return order ? order : (int)b->strong - (int)a->strong;
}

void import_promises(struct import *im) {
  struct entrances all_entrances = entrances(im);
  uint32_t n = 0;
  for (uint32_t i = 0; i < im->things.n; i++) {
    const struct thing *t = im->things.at[i];
    if (t->dropped) continue;
    if (t->kind == IMPORT_NAT) nat(im, t);
    if (t->kind == IMPORT_ROUTE) route(im, t);
    if (t->kind == IMPORT_RECORD) record(im, &all_entrances, t);
    if (t->kind != IMPORT_APP || *t->fallback == '*') continue;
    promise(im, "public", unquoted(im, thing_get(t, "url")), false, t);
    promise(im, "operator", unquoted(im, thing_get(t, "url")), false, t);
  }
  struct import_promise *all = im->promises.at;
  if (im->promises.n) qsort(all, im->promises.n, sizeof *all, by_endpoint);
  for (uint32_t i = 0; i < im->promises.n; i++)
    if (!n || strcmp(all[n - 1].endpoint, all[i].endpoint) || strcmp(all[n - 1].client, all[i].client)) all[n++] = all[i];
  im->promises.n = n;
}
