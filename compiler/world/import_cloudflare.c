/* Cloudflare's answers: tunnels, their configurations, the records of a zone.
 * Needs the API's envelopes. Guarantees that an answer which calls itself an error is one; tokens never stand in these answers. */
#include "world/import.h"

#include <string.h>

/* The account, and where its token comes from. */
static void account(struct import *im, const char *id) {
  if (!id) return;
  struct thing *t = thing_new(im, IMPORT_CLOUDFLARE, "provider cloudflare", "cloudflare", "the account");
  thing_set(im, t, "account", plan_string(im, id));
  thing_refer(im, t, "token", "secret cloudflare", "secret %s", NULL);
  t = thing_new(im, IMPORT_SECRET, "secret cloudflare", "cloudflare_token", "");
  t->origins.at[0] = "saved answers have no token: where it comes from when the plan runs is yours to say";
  thing_set(im, t, "from", "env \"CLOUDFLARE_API_TOKEN\"");
}

/* ── Tunnels ───────────────────────────────────────────────────────────────── */

static struct thing *tunnel_of(struct import *im, const char *id, const char *name, const char *what) {
  struct thing *t = thing_new(im, IMPORT_TUNNEL, arena_print(im->arena, "tunnel %s", id), name, what);
  t->fallback = arena_print(im->arena, "tunnel_%.8s", id);
  t->qualifier = arena_print(im->arena, "%.8s", id);
  thing_set(im, t, "id", plan_string(im, id));
  return t;
}

void cloudflare_tunnel(struct import *im, const json_t *tunnel, const char *what) {
  const char *id = member_text(tunnel, "id"), *name = member_text(tunnel, "name"), *status = member_text(tunnel, "status");
  json_t *one;
  size_t i;
  if (!id) {
    import_left(im, IMPORT_TUNNEL, "tunnel without an id", "a tunnel without an id");
    return;
  }
  if (member_text(tunnel, "deleted_at")) {
    import_left(im, IMPORT_TUNNEL, "tunnel that was deleted", "tunnel %s was deleted", name ? name : id);
    return;
  }
  const char *owner = member_text(tunnel, "account_tag") ? member_text(tunnel, "account_tag") : im->account;
  account(im, owner);
  struct thing *t = tunnel_of(im, id, name, what ? what : arena_print(im->arena, "tunnel %s", name ? name : id));
  t->group = owner;
  if (status && !strcmp(status, "down")) thing_remark(im, t, NULL, "its status was: %s", status);
  if (member_text(tunnel, "config_src") && strcmp(member_text(tunnel, "config_src"), "cloudflare"))
    thing_remark(im, t, "tunnel that is configured on its host", "configured by a file on its host, not at Cloudflare");
  json_array_foreach(member(tunnel, "connections"), i, one) {
    const char *ip = plan_address(im, member_text(one, "origin_ip"));
    if (ip) array_push(im->arena, &im->wans, ip);
  }
}

static void options_of(struct import *im, struct thing *t, const json_t *rule) {
  const char *header = member_text(rule, "originRequest/httpHostHeader");
  if (member_text(rule, "path")) thing_remark(im, t, "path of a tunnel route", "only for the path %s", member_text(rule, "path"));
  if (header) thing_remark(im, t, "Host header of a tunnel route", "asks its origin for the host %s", header);
}

/* One rule. Order matters there, first match wins: of several for one host the first is kept. */
static void rule(struct import *im, const char *tunnel, const json_t *one, const char *what) {
  const char *host = member_text(one, "hostname"), *service = member_text(one, "service"), *name = plan_host(im, host);
  const char *origin = plan_url(im, service);
  if (!service) return;
  if (!host || !strcmp(host, "*")) {
    import_left(im, IMPORT_ROUTE, "rule for every other host", "every other host of tunnel %.8s: %s", tunnel, service);
    return;
  }
  if (!name || !origin) {
    import_left(im, IMPORT_ROUTE, "tunnel route", "%s of tunnel %.8s: %s", host, tunnel, service);
    return;
  }
  struct thing *t = thing_new(im, IMPORT_ROUTE, arena_print(im->arena, "route %s %s", tunnel, name), NULL, what ? what : arena_print(im->arena, "rule for %s", host));
  t->fallback = arena_print(im->arena, "%s_route", *name == '*' ? arena_print(im->arena, "any%s", name + 1) : name);
  t->qualifier = arena_print(im->arena, "%.8s", tunnel);
  thing_refer(im, t, "tunnel", arena_print(im->arena, "tunnel %s", tunnel), "%s", NULL);
  thing_set(im, t, "host", plan_string(im, name));
  thing_set(im, t, "origin", origin);
  thing_refer(im, t, "via", "provider cloudflare", "%s", NULL);
  options_of(im, t, one);
}

void cloudflare_configuration(struct import *im, const json_t *configuration, const char *what) {
  const char *tunnel = member_text(configuration, "tunnel_id"), *key;
  json_t *one, *config = member(configuration, "config");
  size_t i;
  if (!tunnel) {
    import_left(im, IMPORT_ROUTE, "configuration without a tunnel", "a configuration that does not say its tunnel");
    return;
  }
  (void)tunnel_of(im, tunnel, NULL, what ? what : "the tunnel's configuration");
  account(im, im->account);
  json_array_foreach(member(config, "ingress"), i, one) rule(im, tunnel, one, what);
  json_object_foreach(config, key, one) {
    bool off = json_is_object(one) && (!json_object_size(one) || json_is_false(json_object_get(one, "enabled")));
    if (strcmp(key, "ingress") && !off && !json_is_null(one))
      import_left(im, IMPORT_ROUTE, arena_print(im->arena, "setting of a tunnel's configuration"), "%s of tunnel %.8s", key, tunnel);
  }
}

/* ── Records ───────────────────────────────────────────────────────────────── */

/* A proxied CNAME to a tunnel's own name. */
static bool into_tunnel(struct import *im, const json_t *record, const char *host, const char *what) {
  static const char end[] = ".cfargotunnel.com";
  const char *content = member_text(record, "content"), *id = member_text(record, "id");
  const char *zone = member_text(record, "zone_id") ? member_text(record, "zone_id") : im->zone_id;
  size_t n = content ? strlen(content) : 0;
  if (n <= sizeof end - 1 || strcmp(content + n - (sizeof end - 1), end)) return false;
  const char *tunnel = arena_copy(im->arena, content, n - (sizeof end - 1));
  (void)tunnel_of(im, tunnel, NULL, what);
  struct thing *t = thing_new(im, IMPORT_PROXIED, arena_print(im->arena, "proxied %s", host), NULL, what);
  t->fallback = arena_print(im->arena, "%s_proxied", *host == '*' ? arena_print(im->arena, "any%s", host + 1) : host);
  thing_set(im, t, "host", plan_string(im, host));
  thing_refer(im, t, "tunnel", arena_print(im->arena, "tunnel %s", tunnel), "%s", NULL);
  if (zone && id) {
    thing_set(im, t, "zone_id", plan_string(im, zone));
    thing_set(im, t, "record", plan_string(im, id));
    thing_refer(im, t, "via", "provider cloudflare", "%s", NULL);
  } else if (id) thing_remark(im, t, NULL, "record %s", id);
  if (!json_is_true(member(record, "proxied"))) thing_remark(im, t, "record into a tunnel that is not proxied", "not proxied: it does not work so");
  return true;
}

void cloudflare_record(struct import *im, const json_t *record, const char *what) {
  const char *name = member_text(record, "name"), *type = member_text(record, "type"), *content = member_text(record, "content");
  const char *host = plan_host(im, name);
  if (!name || !type) {
    import_left(im, IMPORT_RECORD, "record without a name or a type", "a record without a name or a type");
    return;
  }
  const char *origin = what ? what : arena_print(im->arena, "%s %s", type, name);
  if (host && into_tunnel(im, record, host, origin)) return;
  bool address = !strcmp(type, "A") || !strcmp(type, "AAAA"), alias = !strcmp(type, "CNAME");
  struct import_record r = {.host = host ? host : shown(im, name), .type = type, .origin = origin, .proxied = json_is_true(member(record, "proxied"))};
  r.value = !host ? NULL : address ? plan_address(im, content) : alias ? plan_host(im, content) : NULL;
  r.ttl = member_number(record, "ttl");
  if (r.ttl == 1) r.ttl = -1;
  if (r.value && address && !r.proxied && !address_private(r.value)) array_push(im->arena, &im->wans, r.value);
  record_add(im, r);
}

/* ── Documents ─────────────────────────────────────────────────────────────── */

static void item(struct import *im, const json_t *one) {
  if (member(one, "config") && member(one, "tunnel_id")) cloudflare_configuration(im, one, NULL);
  else if (member(one, "type") && (member(one, "content") || member(one, "ttl"))) cloudflare_record(im, one, NULL);
  else if (member(one, "tun_type") || member(one, "connections") || member(one, "conns_active_at")) cloudflare_tunnel(im, one, NULL);
  else import_left(im, IMPORT_TUNNEL, "result of another kind", "a result that is neither a tunnel, a configuration nor a record");
}

bool import_cloudflare(struct import *im, const json_t *document) {
  json_t *result = member(document, "result"), *one, *wrong = json_array_get(member(document, "errors"), 0);
  int64_t page = member_number(document, "result_info/page"), pages = member_number(document, "result_info/total_pages");
  size_t i;
  if (!member(document, "success") && !result) return import_fail(im, 0, 0, "this is no answer of Cloudflare's API: it says neither `success` nor `result`");
  if (!json_is_true(member(document, "success")))
    return import_fail(im, 0, 0, "Cloudflare answered with an error: %s", member_text(wrong, "message") ? shown(im, member_text(wrong, "message")) : "no reason given");
  if (json_is_array(result)) json_array_foreach(result, i, one) item(im, one);
  else if (json_is_object(result)) item(im, result);
  else return import_fail(im, 0, 0, "this answer of Cloudflare's has no result");
  records_done(im, "internet");
  if (pages > page) import_note(im, arena_print(im->arena, "the rest of %s, which is page %d of %d", im->path, (int)page, (int)pages), false, 1);
  return true;
}
