/* Kubernetes objects, alone or in lists: Services, MetalLB's pools, Ingresses, Traefik's IngressRoutes, and the API server of a kubeconfig.
 * Needs JSON values, or YAML read as such. Guarantees that no Secret and no credential of a kubeconfig is looked at. */
#include "world/import.h"

#include <ctype.h>
#include <string.h>

static const char *namespace_of(const json_t *object) {
  const char *ns = member_text(object, "metadata/namespace");
  return ns ? ns : "default";
}

static const char *origin(struct import *im, const char *kind, const json_t *object, const char *what) {
  const char *name = member_text(object, "metadata/name");
  return what ? what : arena_print(im->arena, "%s %s/%s", kind, namespace_of(object), name ? name : "?");
}

/* ── Services ──────────────────────────────────────────────────────────────── */

static const char *lower(struct import *im, const char *text) {
  char *out = arena_copy(im->arena, text, strlen(text));
  for (char *p = out; *p; p++) *p = (char)tolower((unsigned char)*p);
  return out;
}

static const char *ports_of(struct import *im, const json_t *service) {
  struct plan_list list = {0};
  size_t i;
  json_t *port;
  json_array_foreach(member(service, "spec/ports"), i, port) {
    const char *proto = member_text(port, "protocol");
    int64_t n = member_number(port, "port");
    if (list.items.n < 200) plan_list_add(im, &list, plan_port(im, n, n, proto ? lower(im, proto) : "tcp"));
  }
  return plan_list(im, &list, true);
}

static const char *annotation(const json_t *object, const char *name) {
  static const char *const prefixes[] = {"metallb.io/", "metallb.universe.tf/"};
  const json_t *all = member(object, "metadata/annotations");
  char key[64];
  for (size_t i = 0; i < 2; i++) {
    strcpy(key, prefixes[i]);
    strcat(key, name);
    const char *text = json_string_value(json_object_get(all, key));
    if (text && *text) return text;
  }
  return NULL;
}

/* The first address of a comma list. */
static const char *first_address(struct import *im, const char *list) {
  if (!list) return NULL;
  size_t n = strcspn(list, ",");
  while (n && list[n - 1] == ' ') n--;
  return plan_address(im, arena_copy(im->arena, list, n));
}

static const char *selector_of(struct import *im, const json_t *service) {
  struct text out = {.arena = im->arena};
  json_t *all = member(service, "spec/selector"), *value;
  const char *key;
  const char **keys = arena_array(im->arena, const char *, json_object_size(all) + 1);
  size_t n = 0;
  json_object_foreach(all, key, value) {
    size_t at = n++;
    for (; at && n < 100 && strcmp(keys[at - 1], key) > 0; at--) keys[at] = keys[at - 1];
    keys[at] = key;
  }
  for (size_t i = 0; i < n; i++) {
    const char *text = json_string_value(json_object_get(all, keys[i]));
    text_print(&out, "%s%s=%s", i ? "," : "", keys[i], text ? text : "");
  }
  return n ? plan_string(im, text_done(&out)) : NULL;
}

/* The address it has, else the one it asks for; with what is to be said about it. */
static const char *assigned(struct import *im, struct thing *t, const json_t *service) {
  const json_t *given = member(service, "status/loadBalancer/ingress");
  const char *asked = first_address(im, annotation(service, "loadBalancerIPs"));
  const char *address = NULL;
  size_t i;
  json_t *one;
  if (!asked) asked = plan_address(im, member_text(service, "spec/loadBalancerIP"));
  json_array_foreach(given, i, one) {
    const char *ip = plan_address(im, member_text(one, "ip"));
    if (ip && address) thing_remark(im, t, "further address of a Service", "also at %s: one address is expressed", ip);
    else if (ip) address = ip;
    else thing_remark(im, t, "host name of a load balancer", "answers at %s as well, a name", member_text(one, "hostname") ? member_text(one, "hostname") : "?");
  }
  if (address && asked && strcmp(address, asked))
    thing_remark(im, t, "address that is not the one asked for", "asks for %s and has %s", asked, address);
  if (!address && asked) thing_remark(im, t, "address that is still pending", "%s is asked for and not assigned yet", asked);
  return address ? address : asked;
}

static void load_balancer(struct import *im, struct thing *t, const json_t *service, const char *ports) {
  const char *address = assigned(im, t, service), *policy = member_text(service, "spec/externalTrafficPolicy");
  const char *sharing = annotation(service, "allow-shared-ip");
  if (!address) {
    thing_remark(im, t, "load balancer without an address", "of type LoadBalancer, and has no address");
    thing_set(im, t, "ports", ports);
    return;
  }
  t->kind = IMPORT_LB;
  t->address = address;
  thing_set(im, t, "address", address);
  thing_set(im, t, "ports", ports);
  if (policy && (!strcmp(policy, "Local") || !strcmp(policy, "Cluster"))) thing_set(im, t, "policy", policy);
  if (sharing) thing_set(im, t, "sharing", plan_string(im, sharing));
  thing_set(im, t, "selector", selector_of(im, service));
  thing_refer(im, t, "via", "provider kubernetes", "%s", NULL);
}

static void service(struct import *im, const json_t *object, const char *name, const char *what) {
  const char *ns = namespace_of(object), *type = member_text(object, "spec/type"), *ports = ports_of(im, object);
  const char *outside = member_text(object, "spec/externalName");
  size_t i;
  json_t *one;
  if (type && !strcmp(type, "ExternalName")) {
    struct import_record r = {.host = plan_host(im, arena_print(im->arena, "%s.%s.svc.cluster.local", name, ns)), .type = "CNAME", .ttl = 5,
                              .value = plan_host(im, outside), .origin = origin(im, "Service", object, what)};
    record_add(im, r);
    records_done(im, "cluster");
    return;
  }
  if (!ports) {
    import_left(im, IMPORT_SERVICE, "Service without ports", "Service %s/%s has no ports", ns, name);
    return;
  }
  struct thing *t = thing_new(im, IMPORT_SERVICE, arena_print(im->arena, "service %s/%s", ns, name), name, origin(im, "Service", object, what));
  t->qualifier = t->group = ns;
  thing_set(im, t, "namespace", plan_string(im, ns));
  if (type && !strcmp(type, "LoadBalancer")) load_balancer(im, t, object, ports);
  else thing_set(im, t, "ports", ports);
  if (type && !strcmp(type, "NodePort"))
    json_array_foreach(member(object, "spec/ports"), i, one)
      if (member_number(one, "nodePort"))
        thing_remark(im, t, "port of the nodes", "every node answers for it at port %d", (int)member_number(one, "nodePort"));
  json_array_foreach(member(object, "spec/externalIPs"), i, one)
    thing_remark(im, t, "external address of a Service", "nodes answer for it at %s too", json_string_value(one) ? json_string_value(one) : "?");
}

/* ── Pools ─────────────────────────────────────────────────────────────────── */

static void pool(struct import *im, const json_t *object, const char *name, const char *what) {
  struct plan_list ranges = {0};
  const char *ns = namespace_of(object);
  size_t i;
  json_t *one;
  struct thing *t = thing_new(im, IMPORT_POOL, arena_print(im->arena, "pool %s/%s", ns, name), name, origin(im, "IPAddressPool", object, what));
  json_array_foreach(member(object, "spec/addresses"), i, one) {
    const char *range = plan_range(im, json_string_value(one));
    if (range && ranges.items.n < 200) plan_list_add(im, &ranges, range);
    else thing_remark(im, t, "range of a pool", "not a range: %s", json_string_value(one) ? json_string_value(one) : "?");
  }
  t->qualifier = ns;
  if (strcmp(ns, "metallb-system")) thing_set(im, t, "namespace", plan_string(im, ns));
  if (!ranges.items.n) {
    t->dropped = true;
    import_left(im, IMPORT_POOL, "pool without a range", "IPAddressPool %s/%s has no range", ns, name);
    return;
  }
  thing_set(im, t, "range", plan_list(im, &ranges, false));
  thing_refer(im, t, "via", "provider kubernetes", "%s", NULL);
}

/* ── Virtual hosts ─────────────────────────────────────────────────────────── */

struct hosted { const char *kind, *name, *ns, *what; bool tls; const char *address, *entrance; };

static struct thing *app(struct import *im, const struct hosted *h, const char *text) {
  const char *host = plan_host(im, text);
  if (!host || !strchr(host, '.')) {
    import_left(im, IMPORT_APP, "virtual host", "%s %s/%s: the host %s", h->kind, h->ns, h->name, text);
    return NULL;
  }
  const char *url = arena_print(im->arena, "%s://%s", h->tls ? "https" : "http", host);
  if (!plan_url(im, url)) {
    import_left(im, IMPORT_APP, "virtual host", "%s %s/%s: %s", h->kind, h->ns, h->name, url);
    return NULL;
  }
  struct thing *t = thing_new(im, IMPORT_APP, arena_print(im->arena, "app %s", url), NULL, h->what);
  t->fallback = host;
  t->address = h->address;
  t->entrance = h->entrance;
  thing_set(im, t, "url", plan_url(im, url));
  thing_refer(im, t, "ingress", "no entrance", "%s", NULL);
  return t;
}

/* Who is behind it, when that is one Service. */
static void backend(struct import *im, struct thing *t, const char *ns, const char *name) {
  const char *key = arena_print(im->arena, "service %s/%s", ns, name);
  for (uint32_t i = 0; i < t->attributes.n; i++)
    if (!strcmp(t->attributes.at[i].name, "backend")) {
      if (t->attributes.at[i].ref && !strcmp(t->attributes.at[i].ref, key)) return;
      thing_remark(im, t, "one of several backends", "Service %s/%s is behind it too", ns, name);
      return;
    }
  thing_refer(im, t, "backend", key, "%s", NULL);
}

static void ingress_paths(struct import *im, struct thing *t, const struct hosted *h, const json_t *rule) {
  size_t i;
  json_t *path;
  json_array_foreach(member(rule, "http/paths"), i, path) {
    const char *name = member_text(path, "backend/service/name"), *at = member_text(path, "path");
    if (name) backend(im, t, h->ns, name);
    if (at && strcmp(at, "/")) thing_remark(im, t, "path of a virtual host", "part of it is only below %s", at);
  }
}

static void ingress(struct import *im, const json_t *object, const char *name, const char *what) {
  struct hosted h = {.kind = "Ingress", .name = name, .ns = namespace_of(object), .what = origin(im, "Ingress", object, what)};
  json_t *rule, *tls = member(object, "spec/tls");
  size_t i;
  const char *entry = json_string_value(json_object_get(member(object, "metadata/annotations"), "traefik.ingress.kubernetes.io/router.entrypoints"));
  const char *class = json_string_value(json_object_get(member(object, "metadata/annotations"), "kubernetes.io/ingress.class"));
  h.entrance = member_text(object, "spec/ingressClassName") ? member_text(object, "spec/ingressClassName") : class;
  h.tls = json_array_size(tls) || (entry && strstr(entry, "secure"));
  h.address = plan_address(im, member_text(json_array_get(member(object, "status/loadBalancer/ingress"), 0), "ip"));
  if (member(object, "spec/defaultBackend"))
    import_left(im, IMPORT_APP, "default backend", "Ingress %s/%s answers for every host that has no rule", h.ns, name);
  json_array_foreach(member(object, "spec/rules"), i, rule) {
    const char *host = member_text(rule, "host");
    struct thing *t = host ? app(im, &h, host) : NULL;
    if (t) ingress_paths(im, t, &h, rule);
    else if (!host) import_left(im, IMPORT_APP, "rule for every host", "a rule of Ingress %s/%s is for every host", h.ns, name);
  }
}

/* The literal hosts of a rule such as Host(`a`, `b`) && PathPrefix(`/x`). False when the rule says more about hosts than that. */
static bool hosts_of(struct import *im, const char *match, struct plan_list *hosts) {
  bool all = true;
  for (const char *p = match; (p = strstr(p, "Host")) != NULL;) {
    const char *open = strchr(p, '('), *close = open ? strchr(open, ')') : NULL;
    bool whole = p == match || !(isalnum((unsigned char)p[-1]) || p[-1] == '!');
    bool literal = open == p + 4 && close && whole;
    if (!literal) {
      all = false;
      p += 4;
      continue;
    }
    for (const char *q = open; q && q < close;) {
      const char *from = q + strcspn(q, "`\"'"), *to = *from ? strchr(from + 1, *from) : NULL;
      if (from >= close || !to || to > close) break;
      if (hosts->items.n < 200) plan_list_add(im, hosts, arena_copy(im->arena, from + 1, (size_t)(to - from - 1)));
      q = to + 1;
    }
    p = close;
  }
  return all;
}

static void route(struct import *im, const struct hosted *h, const json_t *one) {
  const char *match = member_text(one, "match");
  struct plan_list hosts = {0};
  json_t *behind;
  size_t k;
  if (!match) return;
  bool all = hosts_of(im, match, &hosts);
  if (!all || !hosts.items.n) import_left(im, IMPORT_APP, "rule of an IngressRoute", "IngressRoute %s/%s: %s", h->ns, h->name, match);
  for (uint32_t i = 0; i < hosts.items.n; i++) {
    struct thing *t = app(im, h, hosts.items.at[i]);
    if (!t) continue;
    if (strstr(match, "Path")) thing_remark(im, t, "path of a virtual host", "part of it is only for %s", match);
    json_array_foreach(member(one, "services"), k, behind) {
      const char *name = member_text(behind, "name"), *ns = member_text(behind, "namespace"), *kind = member_text(behind, "kind");
      if (name && (!kind || !strcmp(kind, "Service"))) backend(im, t, ns ? ns : h->ns, name);
      else if (name) thing_remark(im, t, "backend that is no Service", "%s %s is behind it", kind, name);
    }
  }
}

static void ingress_route(struct import *im, const json_t *object, const char *name, const char *what) {
  struct hosted h = {.kind = "IngressRoute", .name = name, .ns = namespace_of(object), .entrance = "traefik"};
  json_t *one;
  size_t i;
  h.what = origin(im, "IngressRoute", object, what);
  h.tls = member(object, "spec/tls") != NULL;
  json_array_foreach(member(object, "spec/entryPoints"), i, one)
    if (json_string_value(one) && strstr(json_string_value(one), "secure")) h.tls = true;
  json_array_foreach(member(object, "spec/routes"), i, one) route(im, &h, one);
}

/* ── Documents ─────────────────────────────────────────────────────────────── */

/* Of a kubeconfig, the server of the current context and nothing else. */
static bool kubeconfig(struct import *im, const json_t *config) {
  const char *current = member_text(config, "current-context"), *cluster = NULL, *server = NULL;
  json_t *one;
  size_t i;
  json_array_foreach(member(config, "contexts"), i, one)
    if (current && member_text(one, "name") && !strcmp(member_text(one, "name"), current)) cluster = member_text(one, "context/cluster");
  json_array_foreach(member(config, "clusters"), i, one)
    if (cluster && member_text(one, "name") && !strcmp(member_text(one, "name"), cluster)) server = member_text(one, "cluster/server");
  if (!plan_url(im, server)) return import_fail(im, 0, 0, "this kubeconfig has no current context with a server");
  struct thing *t = thing_new(im, IMPORT_KUBERNETES, "provider kubernetes", "cluster", arena_print(im->arena, "context %s", current));
  thing_set(im, t, "api", plan_url(im, server));
  return true;
}

void kubernetes_object(struct import *im, const char *kind, const json_t *object, const char *what) {
  const char *name = member_text(object, "metadata/name");
  if (!kind || !name) import_left(im, IMPORT_SERVICE, "object without a kind or a name", "an object without a kind or a name");
  else if (!strcmp(kind, "Service")) service(im, object, name, what);
  else if (!strcmp(kind, "IPAddressPool")) pool(im, object, name, what);
  else if (!strcmp(kind, "Ingress")) ingress(im, object, name, what);
  else if (!strcmp(kind, "IngressRoute")) ingress_route(im, object, name, what);
  else import_left(im, IMPORT_SERVICE, arena_print(im->arena, "object of kind %.60s", shown(im, kind)), "%s %s/%s", kind, namespace_of(object), name);
}

bool import_kubernetes(struct import *im, const json_t *document) {
  const char *kind = member_text(document, "kind");
  json_t *items = member(document, "items"), *one;
  size_t i, n = kind ? strlen(kind) : 0;
  if (!kind || !member_text(document, "apiVersion")) return import_fail(im, 0, 0, "this is no object of Kubernetes: it says neither `kind` nor `apiVersion`");
  if (!strcmp(kind, "Status"))
    return import_fail(im, 0, 0, "Kubernetes answered with an error: %s", member_text(document, "message") ? shown(im, member_text(document, "message")) : "no reason given");
  if (!strcmp(kind, "Config")) return kubeconfig(im, document);
  if (!json_is_array(items)) {
    kubernetes_object(im, kind, document, NULL);
    return true;
  }
  json_array_foreach(items, i, one) {
    const char *own = member_text(one, "kind");
    kubernetes_object(im, own ? own : n > 4 ? arena_copy(im->arena, kind, n - 4) : NULL, one, NULL);
  }
  if (member_text(document, "metadata/continue")) import_note(im, arena_print(im->arena, "the rest of %s, which is one page of a longer list", im->path), false, 1);
  return true;
}
