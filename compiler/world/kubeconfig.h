/* The kubeconfig of whoever runs the check: how kubectl would reach a cluster. Private to world/. */
#ifndef CUTC_KUBECONFIG_H
#define CUTC_KUBECONFIG_H

#include "world/outside.h"

struct kube_access {
  const char *server;                      /* the URL of the API, as written */
  const char *ca_pem, *cert_pem, *key_pem; /* NULL where there is none */
  const char *token, *basic;
  const char *refused;                     /* why its credentials cannot be used: a program gives them, or their file is not there; NULL */
  const char *untrusted;                   /* why nobody knows which authority to trust, though it says one; NULL */
};
/* Reads $KUBECONFIG (files parted by `:`), else ~/.kube/config. Access to the cluster whose API has this origin, by the current
 * context where that leads there, else by the first that does; with `origin` NULL, the current context's. NULL when there is none. */
const struct kube_access *kubeconfig_access(struct arena *arena, const struct outside *w, const char *origin);

#endif
