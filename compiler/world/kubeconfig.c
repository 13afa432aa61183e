/* kubeconfig files -> access to a cluster, over libyaml.
 * Guarantees: a file that is no kubeconfig is as good as none, an anchor that repeats itself is not followed (nodes are looked up by
 * number, never copied), and no program is run for credentials. */
#include "world/kubeconfig.h"

#include <nettle/base64.h>
#include <string.h>
#include <yaml.h>

enum { DEPTH_MOST = 64, FILES_MOST = 32 };

struct reading {
  struct arena *arena;
  const struct outside *w;
  const char *folder;    /* of the file, with its final slash */
  yaml_document_t *doc;
};
/* All files of $KUBECONFIG are one: of what two of them name alike, the first counts, as kubectl has it. */
struct readings { struct reading at[FILES_MOST]; yaml_document_t documents[FILES_MOST]; uint32_t n; };

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

static yaml_node_t *root_of(const struct reading *r) { return yaml_document_get_root_node(r->doc); }

/* The `inner` map of the entry of a list with this name, and the file that has it. */
static yaml_node_t *entry(const struct readings *all, const char *list, const char *name, const char *inner, const struct reading **of) {
  for (uint32_t k = 0; k < all->n && name != NULL; k++) {
    const struct reading *r = *of = &all->at[k];
    yaml_node_t *entries = member(r, root_of(r), list);

    if (entries == NULL || entries->type != YAML_SEQUENCE_NODE) continue;
    for (const yaml_node_item_t *i = entries->data.sequence.items.start; i < entries->data.sequence.items.top; i++) {
      yaml_node_t *one = yaml_document_get_node(r->doc, *i);
      const char *called = scalar(member(r, one, "name"));

      if (called != NULL && strcmp(called, name) == 0) return member(r, one, inner);
    }
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

static struct kube_access *access_of(const struct readings *all, const struct reading *r, const yaml_node_t *context, const char *origin) {
  const struct reading *c = r, *u = r;
  const yaml_node_t *cluster = entry(all, "clusters", scalar(member(r, context, "cluster")), "cluster", &c);
  const char *server = text(c, cluster, "server");

  if (server == NULL || (origin != NULL && strcmp(http_origin(r->arena, server), origin) != 0)) return NULL;
  struct kube_access *a = arena_new(r->arena, struct kube_access);
  const yaml_node_t *who = entry(all, "users", scalar(member(r, context, "user")), "user", &u);

  a->server = server;
  a->ca_pem = pem(c, cluster, "certificate-authority", &a->untrusted);
  user(u, who, a);
  return a;
}

static struct kube_access *access_in(const struct readings *all, const char *origin) {
  const struct reading *of = NULL;
  struct kube_access *a = NULL;
  const char *current = NULL;

  for (uint32_t k = 0; k < all->n && (current == NULL || *current == '\0'); k++) current = scalar(member(&all->at[k], root_of(&all->at[k]), "current-context"));
  const yaml_node_t *context = entry(all, "contexts", current, "context", &of);

  if (context != NULL) a = access_of(all, of, context, origin);
  for (uint32_t k = 0; k < all->n && a == NULL && origin != NULL; k++) {
    const struct reading *r = &all->at[k];
    const yaml_node_t *contexts = member(r, root_of(r), "contexts");

    if (contexts == NULL || contexts->type != YAML_SEQUENCE_NODE) continue;
    for (const yaml_node_item_t *i = contexts->data.sequence.items.start; i < contexts->data.sequence.items.top && a == NULL; i++)
      a = access_of(all, r, member(r, yaml_document_get_node(r->doc, *i), "context"), origin);
  }
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

static void file_add(struct readings *all, struct arena *arena, const struct outside *w, const char *path) {
  const char *why, *bytes = all->n < FILES_MOST ? w->file(w->data, path, &why) : NULL, *slash = strrchr(path, '/');
  yaml_parser_t parser;

  if (bytes == NULL || !flat(bytes) || !yaml_parser_initialize(&parser)) return;
  yaml_parser_set_input_string(&parser, (const unsigned char *)bytes, strlen(bytes));
  if (yaml_parser_load(&parser, &all->documents[all->n])) {
    all->at[all->n] = (struct reading){.arena = arena, .w = w, .doc = &all->documents[all->n], .folder = slash == NULL ? "" : arena_copy(arena, path, (size_t)(slash - path) + 1)};
    all->n++;
  }
  yaml_parser_delete(&parser);
}

const struct kube_access *kubeconfig_access(struct arena *arena, const struct outside *w, const char *origin) {
  const char *paths = w->variable(w->data, "KUBECONFIG"), *home = w->variable(w->data, "HOME");
  struct readings *all = arena_new(arena, struct readings);

  if (paths == NULL || *paths == '\0') {
    if (home != NULL) file_add(all, arena, w, arena_print(arena, "%s/.kube/config", home));
    paths = "";
  }
  while (*paths != '\0') {
    size_t n = strcspn(paths, ":");

    if (n > 0) file_add(all, arena, w, arena_copy(arena, paths, n));
    paths += n + (paths[n] == ':');
  }
  const struct kube_access *a = access_in(all, origin);

  for (uint32_t i = 0; i < all->n; i++) yaml_document_delete(&all->documents[i]);
  return a;
}
