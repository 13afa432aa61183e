/* What follows from the virtual hosts of a plan: a provider does not serve an endpoint of its own where its name is hosted
 * elsewhere, and an endpoint by a hosted name asks for that virtual host. */
#include "model/elaborate.h"
#include "model/facts.h"

static void collect(struct elaboration *e) {
  for (uint32_t i = 0; i < e->m->facts.n; i++) {
    const struct fact *f = &e->m->facts.at[i];
    if (f->type != FACT_HOSTS) continue;
    if (f->host.type == HOST_NAME) index_put(&e->c->arena, &e->hosted, f->host.name, i);
    else if (f->host.type == HOST_PATTERN) index_put(&e->c->arena, &e->hosted_below, f->host.name, i);
  }
}

void need_hosted(struct elaboration *e, struct need *need) {
  if (need->type == NEED_ENDPOINT && !need->vhost && need->port != NONE && need->host.type == HOST_NAME && host_is_hosted(e, need->host.name))
    need->vhost = need->host.name;
}

void facts_finish(struct elaboration *e) {
  struct model *m = e->m;
  collect(e);
  uint32_t kept = 0;
  for (uint32_t i = 0; i < m->facts.n; i++) {
    struct fact f = m->facts.at[i];
    if (f.type == FACT_SERVES && m->resources.at[f.by].provider && f.host.type == HOST_NAME && host_is_hosted(e, f.host.name)) continue;
    if (f.type == FACT_NEEDS) need_hosted(e, &f.need);
    m->facts.at[kept++] = f;
  }
  m->facts.n = kept;
}
