/* URLs -> documents: a system's API is asked for all that an import wants, or one URL for what it has.
 * Needs the network, and credentials in the environment. Guarantees what http.h does, and that a credential stands in no URL. */
#include "world/http.h"
#include "world/import.h"

#include <stdlib.h>
#include <string.h>

struct question {
  const char *url;
  const char *account, *zone_id; /* what it is asked for, as its answer does not say; NULL */
  bool may_be_missing;           /* what is not installed is a 404 */
  struct http_answer answer;
};
struct asking {
  struct import *im;
  enum import_source source;
  const char *base, *token;
  ARRAY(struct question *) questions;
  int *status;
};

static void done(void *data, uint32_t request, const struct http_answer *answer) {
  struct asking *a = data;
  a->questions.at[request]->answer = *answer;
}

static struct question *ask(struct asking *a, const char *url) {
  struct question *q = arena_new(a->im->arena, struct question);
  q->url = url;
  array_push(a->im->arena, &a->questions, q);
  return q;
}

/* The credential of a system, by the name that the written plan gives to it too. */
static const char *variable(enum import_source source) {
  switch (source) {
  case SOURCE_KUBERNETES: return "KUBE_TOKEN";
  case SOURCE_CLOUDFLARE: return "CLOUDFLARE_API_TOKEN";
  case SOURCE_TECHNITIUM: return "TECHNITIUM_TOKEN";
  case SOURCE_PFSENSE: return "PFSENSE_API_KEY";
  case SOURCE_NONE:
  case SOURCE_ZONE:
  case SOURCE_TERRAFORM:
  case SOURCE_COUNT: break;
  }
  return NULL;
}

/* Without user, query and fragment. */
static const char *shown_url(struct import *im, const char *url) {
  const char *origin = http_origin(im->arena, url), *path = strstr(url, "://");
  path = path ? path + 3 + strcspn(path + 3, "/?#") : "";
  return shown(im, arena_print(im->arena, "%s%.*s", origin, (int)strcspn(path, "?#"), path));
}

/* Asks all that waits. False after import_fail: one of them has no answer. */
static bool answered(struct asking *a) {
  struct import *im = a->im;
  struct http *h = http_open(im->arena, NULL);
  const struct http_header key = {"X-API-Key", a->token};
  for (uint32_t i = 0; i < a->questions.n; i++) {
    struct http_request *r = arena_new(im->arena, struct http_request);
    *r = (struct http_request){.url = a->questions.at[i]->url, .pages = a->source != SOURCE_ZONE && a->source != SOURCE_NONE, .any_body = a->source == SOURCE_ZONE || a->source == SOURCE_NONE};
    if (a->token && a->source == SOURCE_PFSENSE) {
      struct http_header *header = arena_new(im->arena, struct http_header);
      *header = key;
      r->headers = header;
      r->header_count = 1;
    } else r->bearer = a->token;
    http_add(h, r, done, a);
  }
  http_run(h, NULL, NULL);
  http_close(h);
  for (uint32_t i = 0; i < a->questions.n; i++) {
    const struct question *q = a->questions.at[i];
    if (q->answer.outcome == HTTP_ANSWERED || (q->may_be_missing && q->answer.status == 404)) continue;
    im->path = shown_url(im, q->url);
    *a->status = 3;
    return import_fail(im, 0, 0, "%s", q->answer.reason ? q->answer.reason : "no answer");
  }
  return true;
}

/* Asks, and reads all answers as documents. */
static bool read_all(struct asking *a) {
  struct import *im = a->im;
  bool ok = answered(a);
  *a->status = ok ? 3 : *a->status; /* what is wrong with an answer is the world's */
  for (uint32_t i = 0; i < a->questions.n && ok; i++) {
    const struct question *q = a->questions.at[i];
    if (q->answer.outcome != HTTP_ANSWERED) continue;
    im->path = shown_url(im, q->url);
    im->account = q->account;
    im->zone_id = q->zone_id;
    ok = import_document(im, a->source, im->path, q->answer.body, q->answer.length);
  }
  im->account = im->zone_id = NULL;
  a->questions.n = 0;
  return ok;
}

/* The answer to the only question, as a value that is kept; NULL after import_fail. */
static json_t *value_of(struct asking *a, uint32_t i) {
  const struct question *q = a->questions.at[i];
  size_t at = 0;
  a->im->path = shown_url(a->im, q->url);
  return import_keep(a->im, import_json(a->im, q->answer.body, q->answer.length, &at));
}

static bool word(const char *text) {
  for (const char *p = text; *p; p++)
    if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.", *p)) return false;
  return *text && strlen(text) < 256;
}

/* ── Whole systems ─────────────────────────────────────────────────────────── */

static struct thing *provider(struct asking *a, enum import_kind kind, const char *key, const char *name) {
  a->im->path = NULL;
  return thing_new(a->im, kind, key, name, a->base);
}

/* The credential that it was asked with, as a secret of the plan. */
static void credential(struct asking *a, struct thing *t, const char *attribute) {
  struct import *im = a->im;
  const char *key = arena_print(im->arena, "secret %s", t->name);
  thing_refer(im, t, attribute, key, "secret %s", NULL);
  struct thing *s = thing_new(im, IMPORT_SECRET, key, arena_print(im->arena, "%s_%s", t->name, attribute), "the credential that this was asked with");
  thing_set(im, s, "from", arena_print(im->arena, "env \"%s\"", variable(a->source)));
}

static bool kubernetes(struct asking *a) {
  static const char *const lists[] = {"/api/v1/services", "/apis/networking.k8s.io/v1/ingresses", "/apis/traefik.io/v1alpha1/ingressroutes", "/apis/metallb.io/v1beta1/ipaddresspools"};
  struct import *im = a->im;
  for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) ask(a, arena_print(im->arena, "%s%s?limit=500", a->base, lists[i]))->may_be_missing = i > 1;
  if (!read_all(a)) return false;
  struct thing *t = provider(a, IMPORT_KUBERNETES, "provider kubernetes", "cluster");
  thing_set(im, t, "api", plan_url(im, a->base));
  if (a->token) credential(a, t, "token");
  return true;
}

static bool cloudflare(struct asking *a) {
  struct import *im = a->im;
  json_t *accounts, *zones, *one;
  size_t i;
  ask(a, arena_print(im->arena, "%s/accounts?per_page=50", a->base));
  ask(a, arena_print(im->arena, "%s/zones?per_page=50", a->base));
  if (!answered(a) || !(accounts = value_of(a, 0)) || !(zones = value_of(a, 1))) return false;
  a->questions.n = 0;
  json_array_foreach(member(accounts, "result"), i, one) {
    const char *id = member_text(one, "id");
    if (id && word(id)) ask(a, arena_print(im->arena, "%s/accounts/%s/cfd_tunnel?is_deleted=false&per_page=100", a->base, id))->account = id;
  }
  json_array_foreach(member(zones, "result"), i, one) {
    const char *id = member_text(one, "id");
    if (id && word(id)) ask(a, arena_print(im->arena, "%s/zones/%s/dns_records?per_page=100", a->base, id))->zone_id = id;
  }
  if (!read_all(a)) return false;
  for (uint32_t k = 0, n = im->things.n; k < n; k++) {
    const struct thing *t = im->things.at[k];
    const char *id = t->kind == IMPORT_TUNNEL ? t->key + strlen("tunnel ") : NULL, *account = t->group;
    if (id && account && word(id) && word(account))
      ask(a, arena_print(im->arena, "%s/accounts/%s/cfd_tunnel/%s/configurations", a->base, account, id))->account = account;
  }
  return read_all(a);
}

static bool technitium(struct asking *a) {
  struct import *im = a->im;
  struct plan_list domains = {0};
  json_t *list, *one;
  size_t i;
  ask(a, arena_print(im->arena, "%s/api/zones/list", a->base));
  if (!answered(a) || !(list = value_of(a, 0))) return false;
  a->questions.n = 0;
  json_array_foreach(member(list, "response/zones"), i, one) {
    const char *name = plan_host(im, member_text(one, "name"));
    if (!name || !word(name) || json_is_true(member(one, "internal")) || json_is_true(member(one, "disabled"))) continue;
    ask(a, arena_print(im->arena, "%s/api/zones/records/get?domain=%s&zone=%s&listZone=true", a->base, name, name));
    if (strchr(name, '.')) plan_list_add(im, &domains, plan_string(im, name));
  }
  uint32_t before = im->things.n;
  if (!read_all(a)) return false;
  for (uint32_t k = before, n = im->things.n; k < n; k++)
    if (im->things.at[k]->kind == IMPORT_RECORD) thing_refer(im, im->things.at[k], "via", "provider technitium", "%s", NULL);
  struct thing *t = provider(a, IMPORT_TECHNITIUM, "provider technitium", "technitium");
  thing_set(im, t, "api", plan_url(im, a->base));
  credential(a, t, "token");
  thing_set(im, t, "domains", plan_list(im, &domains, true));
  return true;
}

static bool pfsense(struct asking *a) {
  static const char *const lists[] = {"/api/v2/firewall/aliases", "/api/v2/firewall/nat/port_forwards", "/api/v2/firewall/rules"};
  struct import *im = a->im;
  for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) ask(a, arena_print(im->arena, "%s%s", a->base, lists[i]));
  if (!read_all(a)) return false;
  struct thing *t = provider(a, IMPORT_PFSENSE, "provider pfsense", "firewall");
  const char *host = strstr(a->base, "://") + 3;
  size_t n = *host == '[' ? strcspn(host, "]") : strcspn(host, ":");
  const char *name = arena_copy(im->arena, host + (*host == '['), n - (*host == '['));
  thing_set(im, t, "host", plan_address(im, name) ? plan_address(im, name) : plan_string(im, name));
  thing_set(im, t, "rest", plan_url(im, a->base));
  credential(a, t, "key");
  return true;
}

/* ── One URL ───────────────────────────────────────────────────────────────── */

bool import_live(struct import *im, enum import_source source, const char *url, int *status) {
  struct asking a = {.im = im, .source = source, .status = status};
  const char *authority = strstr(url, "://") + 3, *path = authority + strcspn(authority, "/?#");
  const char *name = variable(source), *token = name ? getenv(name) : NULL;
  bool whole = !*path || !strcmp(path, "/") || (source == SOURCE_CLOUDFLARE && !strncmp(path, "/client/v4", 10) && (!path[10] || !strcmp(path + 10, "/")));
  *status = 2;
  im->path = shown_url(im, url);
  if (memchr(authority, '@', (size_t)(path - authority))) return import_fail(im, 0, 0, "credentials have no place in a URL: they come from the environment");
  a.token = token && *token ? token : NULL;
  a.base = arena_copy(im->arena, url, strlen(url) - (url[strlen(url) - 1] == '/'));
  if (whole && source == SOURCE_CLOUDFLARE && path + 1 >= url + strlen(url)) a.base = arena_print(im->arena, "%s/client/v4", a.base);
  if (whole && source == SOURCE_NONE) return import_fail(im, 0, 0, "whose API is this? Say it in front, as in `cutc import kubernetes URL`");
  if (whole && source == SOURCE_KUBERNETES) return kubernetes(&a);
  if (whole && source == SOURCE_CLOUDFLARE) return cloudflare(&a);
  if (whole && source == SOURCE_TECHNITIUM) return technitium(&a);
  if (whole && source == SOURCE_PFSENSE) return pfsense(&a);
  ask(&a, url);
  return read_all(&a);
}
