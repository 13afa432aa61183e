/* What follows from the virtual hosts of a plan: a provider does not serve an endpoint of its own where its name is hosted
 * elsewhere, and an endpoint by a hosted name asks for that virtual host. */
#include "model/elaborate.h"
#include "model/facts.h"

void need_hosted(struct elaboration *e, struct need *need) {
  if (need->type == NEED_ENDPOINT && !need->vhost && need->port != NONE && need->host.type == HOST_NAME && host_is_hosted(e, need->host.name))
    need->vhost = need->host.name;
}

void facts_finish(struct elaboration *e) {
  struct model *m = e->m;
  if (!e->hosted.n && !e->hosted_below.n) return;
  uint32_t kept = 0;
  for (uint32_t i = 0; i < m->facts.n; i++) {
    struct fact *f = fact_asleep(m, i) ? NULL : fact_at(m, i);
    if (f && f->type == FACT_SERVES && m->resources.at[f->by].provider && f->host.type == HOST_NAME && host_is_hosted(e, f->host.name)) continue;
    if (f && f->type == FACT_NEEDS) need_hosted(e, &f->need);
    m->facts.at[kept++] = m->facts.at[i];
  }
  m->facts.n = kept;
}
