/* kubeconfig files -> access to a cluster, over libyaml.
 * Guarantees: a file that is no kubeconfig is as good as none, an anchor that repeats itself is not followed (nodes are looked up by
 * number, never copied), and no program is run for credentials. */
#include "world/kubeconfig.h"

#include <nettle/base64.h>
#include <string.h>
#include <yaml.h>

enum { DEPTH_MOST = 64 };

struct reading {
  struct arena *arena;
  const struct outside *w;
  const char *folder;    /* of the file, with its final slash */
  yaml_document_t *doc;
};

/* ── YAML ──────────────────────────────────────────────────────────────────── */

static const char *scalar(const yaml_node_t *n) { return n != NULL && n->type == YAML_SCALAR_NODE ? (const char *)n->data.scalar.value : NULL; }

static yaml_node_t *member(const struct reading *r, const yaml_node_t *map, const char *name) {
  if (map == NULL || map->type != YAML_MAPPING_NODE) return NULL;
  for (const yaml_node_pair_t *p = map->data.mapping.pairs.start; p < map->data.mapping.pairs.top; p++) {
    const char *key = scalar(yaml_document_get_node(r->doc, p->key));

    if (key != NULL && strcmp(key, name) == 0) return yaml_document_get_node(r->doc, p->value);
  }
  return NULL;
}

static const char *text(const struct reading *r, const yaml_node_t *map, const char *name) {
  const char *s = scalar(member(r, map, name));

  return s == NULL || *s == '\0' ? NULL : arena_copy(r->arena, s, strlen(s));
}

/* The `inner` map of the entry of a list with this name. */
static yaml_node_t *entry(const struct reading *r, const yaml_node_t *root, const char *list, const char *name, const char *inner) {
  yaml_node_t *all = member(r, root, list);

  if (all == NULL || all->type != YAML_SEQUENCE_NODE || name == NULL) return NULL;
  for (const yaml_node_item_t *i = all->data.sequence.items.start; i < all->data.sequence.items.top; i++) {
    yaml_node_t *one = yaml_document_get_node(r->doc, *i);
    const char *called = scalar(member(r, one, "name"));

    if (called != NULL && strcmp(called, name) == 0) return member(r, one, inner);
  }
  return NULL;
}

/* ── Credentials ───────────────────────────────────────────────────────────── */

static const char *decoded(struct arena *arena, const char *s) {
  struct base64_decode_ctx ctx;
  size_t length = strlen(s), n = 0;
  char *out = arena_alloc(arena, BASE64_DECODE_LENGTH(length) + 1, 1);

  base64_decode_init(&ctx);
  if (!base64_decode_update(&ctx, &n, (uint8_t *)out, length, s) || !base64_decode_final(&ctx)) return NULL;
  out[n] = '\0';
  return out;
}

/* The text of a file that the kubeconfig names; NULL with a reason. */
static const char *beside(const struct reading *r, const char *name, const char *path, const char **wrong) {
  const char *why = NULL, *bytes = r->w->file(r->w->data, *path == '/' ? path : arena_print(r->arena, "%s%s", r->folder, path), &why);

  if (bytes == NULL) *wrong = arena_print(r->arena, "the kubeconfig's `%s`, %s, cannot be read: %s", name, http_shown(r->arena, path, strlen(path), 120), why);
  return bytes;
}

/* `NAME-data`, in base64, or the file `NAME`. NULL without both, or with what is wrong. */
static const char *pem(const struct reading *r, const yaml_node_t *map, const char *name, const char **wrong) {
  const char *data = text(r, map, arena_print(r->arena, "%s-data", name)), *path = text(r, map, name);

  if (data == NULL) return path == NULL ? NULL : beside(r, name, path, wrong);
  const char *bytes = decoded(r->arena, data);

  if (bytes == NULL) *wrong = arena_print(r->arena, "the kubeconfig's `%s-data` is no base64", name);
  return bytes;
}

static void user(const struct reading *r, const yaml_node_t *u, struct kube_access *a) {
  const char *file = text(r, u, "tokenFile"), *name = text(r, u, "username"), *password = text(r, u, "password");

  a->token = text(r, u, "token");
  if (file != NULL) file = beside(r, "tokenFile", file, &a->refused);
  if (file != NULL) a->token = arena_copy(r->arena, file, strcspn(file, "\r\n"));
  a->cert_pem = pem(r, u, "client-certificate", &a->refused);
  a->key_pem = pem(r, u, "client-key", &a->refused);
  if (name != NULL && password != NULL) a->basic = arena_print(r->arena, "%s:%s", name, password);
  if (a->token != NULL || a->basic != NULL) a->refused = NULL; /* that is enough */
  if (a->token != NULL || a->cert_pem != NULL || a->basic != NULL || a->refused != NULL) return;
  const yaml_node_t *exec = member(r, u, "exec");

  if (exec != NULL) a->refused = arena_print(r->arena, "the kubeconfig gets its credentials from a program (`%s`), and no program is run for them", text(r, exec, "command") != NULL ? text(r, exec, "command") : "exec");
  else if (member(r, u, "auth-provider") != NULL) a->refused = "the kubeconfig gets its credentials from a program (`auth-provider`), and no program is run for them";
}

static struct kube_access *access_of(const struct reading *r, const yaml_node_t *root, const yaml_node_t *context, const char *origin) {
  const yaml_node_t *cluster = entry(r, root, "clusters", scalar(member(r, context, "cluster")), "cluster");
  const char *server = text(r, cluster, "server");

  if (server == NULL || (origin != NULL && strcmp(http_origin(r->arena, server), origin) != 0)) return NULL;
  struct kube_access *a = arena_new(r->arena, struct kube_access);

  a->server = server;
  a->ca_pem = pem(r, cluster, "certificate-authority", &a->untrusted);
  user(r, entry(r, root, "users", scalar(member(r, context, "user")), "user"), a);
  return a;
}

static struct kube_access *in_document(const struct reading *r, const char *origin) {
  const yaml_node_t *root = yaml_document_get_root_node(r->doc), *contexts = member(r, root, "contexts");
  const char *current = scalar(member(r, root, "current-context"));
  struct kube_access *a = current == NULL ? NULL : access_of(r, root, entry(r, root, "contexts", current, "context"), origin);

  if (a != NULL || origin == NULL || contexts == NULL || contexts->type != YAML_SEQUENCE_NODE) return a;
  for (const yaml_node_item_t *i = contexts->data.sequence.items.start; i < contexts->data.sequence.items.top && a == NULL; i++)
    a = access_of(r, root, member(r, yaml_document_get_node(r->doc, *i), "context"), origin);
  return a;
}

/* Nested deeper than any kubeconfig is, libyaml takes a time that grows with the square of it. */
static bool flat(const char *bytes) {
  yaml_parser_t parser;
  yaml_event_t event;
  int depth = 0;
  bool done = false;

  if (!yaml_parser_initialize(&parser)) return false;
  yaml_parser_set_input_string(&parser, (const unsigned char *)bytes, strlen(bytes));
  while (!done && depth <= DEPTH_MOST && yaml_parser_parse(&parser, &event)) {
    depth += event.type == YAML_SEQUENCE_START_EVENT || event.type == YAML_MAPPING_START_EVENT;
    depth -= event.type == YAML_SEQUENCE_END_EVENT || event.type == YAML_MAPPING_END_EVENT;
    done = event.type == YAML_DOCUMENT_END_EVENT || event.type == YAML_STREAM_END_EVENT;
    yaml_event_delete(&event);
  }
  yaml_parser_delete(&parser);
  return done && depth <= DEPTH_MOST;
}

static const struct kube_access *in_file(struct arena *arena, const struct outside *w, const char *path, const char *origin) {
  const char *why, *bytes = w->file(w->data, path, &why), *slash = strrchr(path, '/');
  struct kube_access *a = NULL;
  yaml_parser_t parser;
  yaml_document_t document;

  if (bytes == NULL || !flat(bytes) || !yaml_parser_initialize(&parser)) return NULL;
  yaml_parser_set_input_string(&parser, (const unsigned char *)bytes, strlen(bytes));
  if (yaml_parser_load(&parser, &document)) {
    struct reading r = {.arena = arena, .w = w, .doc = &document, .folder = slash == NULL ? "" : arena_copy(arena, path, (size_t)(slash - path) + 1)};

    a = in_document(&r, origin);
    yaml_document_delete(&document);
  }
  yaml_parser_delete(&parser);
  return a;
}

const struct kube_access *kubeconfig_access(struct arena *arena, const struct outside *w, const char *origin) {
  const char *paths = w->variable(w->data, "KUBECONFIG"), *home = w->variable(w->data, "HOME");
  const struct kube_access *a = NULL;

  if (paths == NULL || *paths == '\0') return home == NULL ? NULL : in_file(arena, w, arena_print(arena, "%s/.kube/config", home), origin);
  while (*paths != '\0' && a == NULL) {
    size_t n = strcspn(paths, ":");

    if (n > 0) a = in_file(arena, w, arena_copy(arena, paths, n), origin);
    paths += n + (paths[n] == ':');
  }
  return a;
}
