/* Requests to a cluster -> with the access that kubectl would have.
 * Guarantees that a kubeconfig's credentials go to the origin that it names them for. */
#include "world/live_inside.h"

#include <string.h>

static const struct kube_access *known(struct asking *a, const char *origin) {
  for (uint32_t i = 0; i < a->accesses.n; i++)
    if (strcmp(a->accesses.at[i].origin, origin) == 0) return a->accesses.at[i].access;
  const struct kube_access *access = kubeconfig_access(a->arena, a->w, *origin == '\0' ? NULL : origin);

  array_push(a->arena, &a->accesses, (struct known_access){origin, access});
  return access;
}

static enum ready take(struct asking *a, const struct kube_access *k, struct http_request *r, const char **why) {
  credentials_know(a->credentials, k->token);
  if (k->basic != NULL && strchr(k->basic, ':') != NULL) credentials_know(a->credentials, strchr(k->basic, ':') + 1);
  if (r->cacert == NULL && k->untrusted != NULL) return *why = k->untrusted, MISSING; /* what it says to trust, and nothing else */
  if (r->cacert == NULL) r->ca_pem = k->ca_pem;
  if (r->bearer != NULL || r->basic != NULL || r->header_count > 0) return READY;
  r->bearer = k->token;
  r->basic = k->token == NULL ? k->basic : NULL;
  r->cert_pem = k->key_pem != NULL ? k->cert_pem : NULL;
  r->key_pem = k->cert_pem != NULL ? k->key_pem : NULL;
  if (k->refused != NULL) *why = k->refused;
  return k->refused == NULL ? READY : MISSING;
}

enum ready live_access(struct asking *a, struct http_request *r, const char **why) {
  const char *origin = r->url == NULL ? "" : http_origin(a->arena, r->url);

  if (strncmp(origin, "https://", 8) != 0) return READY;
  const struct kube_access *k = known(a, origin);

  return k == NULL ? READY : take(a, k, r, why);
}

bool live_kubectl(struct asking *a, const struct command *c, struct http_request *r, const char **why) {
  const char *line = pieces_text(a->arena, &c->line, "", "");
  size_t n;

  if (strncmp(line, "kubectl get --raw ", 18) != 0) return false;
  line += 18;
  line += *line == '"' || *line == '\'';
  n = strcspn(line, " \"'$`\\;&|<>");
  if (*line != '/' || (line[n] != '\0' && line[n + 1] != '\0')) return false;
  const struct kube_access *k = known(a, "");

  if (k == NULL) return false;
  size_t end = strlen(k->server);

  while (end > 0 && k->server[end - 1] == '/') end--;
  *r = (struct http_request){.url = arena_print(a->arena, "%.*s%.*s", (int)end, k->server, (int)n, line), .pages = true};
  (void)take(a, k, r, why);
  return true;
}
