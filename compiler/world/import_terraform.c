/* `terraform show -json` of a state, or of a plan (its state before) -> the objects that it manages, read as what manages them does.
 * Needs the JSON. Guarantees that values which Terraform marks as sensitive are not looked at. */
#include "world/import.h"

#include <string.h>

enum { MODULES_DEEP = 32 };

/* A copy without what is sensitive: a mark is `true`, or an object or list of marks. */
static json_t *without_sensitive(const json_t *value, const json_t *marks, bool *hidden) {
  const char *key;
  json_t *one, *kept;
  size_t i;
  if (json_is_true(marks)) {
    *hidden = true;
    return json_null();
  }
  if (json_is_object(value)) {
    kept = json_object();
    json_object_foreach((json_t *)(uintptr_t)value, key, one) json_object_set_new(kept, key, without_sensitive(one, json_object_get(marks, key), hidden));
    return kept;
  }
  if (json_is_array(value)) {
    kept = json_array();
    json_array_foreach(value, i, one) json_array_append_new(kept, without_sensitive(one, json_array_get(marks, i), hidden));
    return kept;
  }
  return json_incref((json_t *)(uintptr_t)value);
}

/* The only element of a block, or the object itself. */
static const json_t *block(const json_t *values, const char *name) {
  const json_t *b = json_object_get(values, name);
  return json_is_array(b) ? json_array_get(b, 0) : b;
}

static void copy(json_t *into, const char *as, const json_t *from, const char *name) {
  json_t *value = json_object_get(from, name);
  if (value && !json_is_null(value)) json_object_set(into, as, value);
}

static json_t *metadata(const json_t *values) {
  json_t *m = json_object();
  const json_t *b = block(values, "metadata");
  copy(m, "name", b, "name");
  copy(m, "namespace", b, "namespace");
  copy(m, "annotations", b, "annotations");
  return m;
}

static json_t *given(const json_t *values) {
  const json_t *b = block(block(values, "status"), "load_balancer");
  return json_pack("{s:{s:O?}}", "loadBalancer", "ingress", json_object_get(b, "ingress"));
}

static void service(struct import *im, const json_t *values, const char *address) {
  const json_t *spec = block(values, "spec");
  json_t *ports = json_array(), *port, *out = json_object();
  size_t i;
  json_array_foreach(json_object_get(spec, "port"), i, port) {
    json_t *p = json_object();
    copy(p, "port", port, "port");
    copy(p, "protocol", port, "protocol");
    copy(p, "nodePort", port, "node_port");
    json_array_append_new(ports, p);
  }
  copy(out, "type", spec, "type");
  copy(out, "externalTrafficPolicy", spec, "external_traffic_policy");
  copy(out, "loadBalancerIP", spec, "load_balancer_ip");
  copy(out, "externalName", spec, "external_name");
  copy(out, "externalIPs", spec, "external_ips");
  copy(out, "selector", spec, "selector");
  json_object_set_new(out, "ports", ports);
  json_t *object = json_pack("{s:o, s:o, s:o}", "metadata", metadata(values), "spec", out, "status", given(values));
  if (import_keep(im, object)) kubernetes_object(im, "Service", object, address);
}

static json_t *ingress_rule(const json_t *rule) {
  json_t *paths = json_array(), *path;
  size_t i;
  json_array_foreach(json_object_get(block(rule, "http"), "path"), i, path) {
    const json_t *s = block(block(path, "backend"), "service");
    json_t *p = json_pack("{s:{s:{s:O?}}}", "backend", "service", "name", json_object_get(s, "name"));
    copy(p, "path", path, "path");
    json_array_append_new(paths, p);
  }
  json_t *out = json_pack("{s:{s:o}}", "http", "paths", paths);
  copy(out, "host", rule, "host");
  return out;
}

static void ingress(struct import *im, const json_t *values, const char *address) {
  const json_t *spec = block(values, "spec");
  json_t *rules = json_array(), *rule, *out = json_object();
  size_t i;
  json_array_foreach(json_object_get(spec, "rule"), i, rule) json_array_append_new(rules, ingress_rule(rule));
  copy(out, "tls", spec, "tls");
  copy(out, "ingressClassName", spec, "ingress_class_name");
  json_object_set_new(out, "rules", rules);
  json_t *object = json_pack("{s:o, s:o, s:o}", "metadata", metadata(values), "spec", out, "status", given(values));
  if (import_keep(im, object)) kubernetes_object(im, "Ingress", object, address);
}

static void manifest(struct import *im, const json_t *values, const char *address) {
  const json_t *object = json_object_get(values, "object");
  if (!json_is_object(object)) object = json_object_get(values, "manifest");
  kubernetes_object(im, member_text(object, "kind"), object, address);
}

static void record(struct import *im, const json_t *values, const char *address) {
  json_t *out = import_keep(im, json_object());
  const char *host = member_text(values, "hostname");
  copy(out, "name", values, "name");
  if (host) json_object_set_new(out, "name", json_string(host));
  copy(out, "type", values, "type");
  copy(out, "content", values, json_is_string(json_object_get(values, "content")) ? "content" : "value");
  copy(out, "proxied", values, "proxied");
  copy(out, "ttl", values, "ttl");
  copy(out, "id", values, "id");
  copy(out, "zone_id", values, "zone_id");
  if (!host && member_text(values, "name") && !strchr(member_text(values, "name"), '.'))
    import_left(im, IMPORT_RECORD, "record whose zone is not known", "%s is called %s, without its zone", address, member_text(values, "name"));
  else cloudflare_record(im, out, address);
}

static void tunnel(struct import *im, const json_t *values, const char *address) {
  json_t *out = import_keep(im, json_object());
  copy(out, "id", values, "id");
  copy(out, "name", values, "name");
  copy(out, "account_tag", values, "account_id");
  copy(out, "config_src", values, "config_src");
  cloudflare_tunnel(im, out, address);
}

static void configuration(struct import *im, const json_t *values, const char *address) {
  const json_t *config = block(values, "config");
  json_t *rules = json_object_get(config, "ingress_rule"), *rule, *list = json_array(), *out;
  size_t i;
  if (!rules) rules = json_object_get(config, "ingress");
  json_array_foreach(rules, i, rule) {
    json_t *r = json_object();
    const json_t *options = block(rule, "origin_request");
    copy(r, "hostname", rule, "hostname");
    copy(r, "path", rule, "path");
    copy(r, "service", rule, "service");
    if (member_text(options, "http_host_header"))
      json_object_set_new(r, "originRequest", json_pack("{s:s}", "httpHostHeader", member_text(options, "http_host_header")));
    json_array_append_new(list, r);
  }
  out = import_keep(im, json_pack("{s:{s:o}}", "config", "ingress", list));
  copy(out, "tunnel_id", values, "tunnel_id");
  cloudflare_configuration(im, out, address);
}

static const struct reader { const char *type; void (*read)(struct import *, const json_t *, const char *); } readers[] = {
    {"kubernetes_service", service}, {"kubernetes_service_v1", service}, {"kubernetes_ingress", ingress}, {"kubernetes_ingress_v1", ingress},
    {"kubernetes_manifest", manifest}, {"cloudflare_record", record}, {"cloudflare_dns_record", record}, {"cloudflare_tunnel", tunnel},
    {"cloudflare_zero_trust_tunnel_cloudflared", tunnel}, {"cloudflare_tunnel_config", configuration}, {"cloudflare_zero_trust_tunnel_cloudflared_config", configuration},
};

static void resource(struct import *im, const json_t *one) {
  const char *type = member_text(one, "type"), *address = member_text(one, "address"), *mode = member_text(one, "mode");
  const struct reader *found = NULL;
  bool hidden = false;
  if (!type || !address || (mode && strcmp(mode, "managed"))) return;
  for (size_t i = 0; i < sizeof readers / sizeof *readers && !found; i++)
    if (!strcmp(readers[i].type, type)) found = &readers[i];
  if (!found) {
    import_left(im, IMPORT_SERVICE, arena_print(im->arena, "resource of type %.60s", shown(im, type)), "%s", address);
    return;
  }
  json_t *values = import_keep(im, without_sensitive(json_object_get(one, "values"), json_object_get(one, "sensitive_values"), &hidden));
  if (json_is_object(values)) found->read(im, values, shown(im, address));
  if (hidden) import_note(im, "value that Terraform marks as sensitive", false, 1);
}

static void module(struct import *im, const json_t *m, unsigned depth) {
  json_t *one;
  size_t i;
  if (depth > MODULES_DEEP) return;
  json_array_foreach(json_object_get(m, "resources"), i, one) resource(im, one);
  json_array_foreach(json_object_get(m, "child_modules"), i, one) module(im, one, depth + 1);
}

bool import_terraform(struct import *im, const json_t *document) {
  const json_t *values = member(document, "prior_state/values");
  if (!member_text(document, "format_version")) return import_fail(im, 0, 0, "this is no output of `terraform show -json`: it has no `format_version`");
  if (!values) values = member(document, "values");
  if (!json_is_object(values)) return import_fail(im, 0, 0, "this output of `terraform show -json` has no state in it");
  module(im, json_object_get(values, "root_module"), 0);
  records_done(im, "internet");
  return true;
}
