/* What else is asked of a state: whether a fact lands, and whether a client's chain leaves its zone and comes back in.
 * Needs the graph of questions. Guarantees 'lands' and 'Hairpin' of the definitions. */
#include "prove/index.h"

#include <string.h>

/* ── Landing ───────────────────────────────────────────────────────────────── */

static bool answered(const struct state *s, uint32_t fact)
{
  return fact_in_force(s, fact) && s->up[state_fact(s, fact)->by];
}

/* Somebody who is up answers for an address, on whichever port. */
static bool answered_for(struct state *s, uint32_t zone, const struct address *address)
{
  for (uint32_t n = 0; zone < s->m->zones.n && n <= s->m->zones.n; n++, zone = s->m->zones.at[zone].inside) {
    for (uint32_t i = place_first(s, zone, address); i != END; i = s->listed.at[i].next)
      if (answered(s, s->listed.at[i].to))
        return true;
    index_stab(s, zone, address);
    for (uint32_t i = 0; i < s->stabbed.n; i++)
      if (answered(s, s->stabbed.at[i]))
        return true;
  }
  return false;
}

/* A name leads to an address, a resource or an endpoint in the end. */
static bool resolves(struct state *s, uint32_t zone, const struct host *host, unsigned depth)
{
  struct key key = key_reach(zone, zone, host, NONE, PROTO_ANY, 0);
  const struct entry *e = node_choose(s, node_of(s, &key)).group;

  for (uint32_t i = 0; e && i < e->count; i++) {
    uint32_t fact = s->answers.at[e->first + i].fact;
    const struct fact *f = state_fact(s, fact);

    if (!answered(s, fact) || f->unknown)
      continue;
    if (f->type != FACT_NAMES || f->to.type != TARGET_HOST || f->to.host.type != HOST_NAME)
      return true;
    if (depth < HOPS_MAX)
      return resolves(s, zone, &f->to.host, depth + 1);
  }
  return false;
}

static enum verdict gives(struct state *s, uint32_t zone, const struct host *name, const struct address *wanted,
                          uint32_t *fact, unsigned depth)
{
  struct key key = key_reach(zone, zone, name, NONE, PROTO_ANY, 0);
  const struct entry *group = node_choose(s, node_of(s, &key)).group;
  enum verdict v = DOWN;

  if (!group || depth > HOPS_MAX)
    return UNKNOWN;
  const struct entry e = *group;

  for (uint32_t i = 0; i < e.count && v == DOWN; i++) {
    uint32_t id = s->answers.at[e.first + i].fact;
    const struct fact *f = state_fact(s, id);

    if (!fact_in_force(s, id))
      continue;
    if (f->type != FACT_NAMES || f->to.type != TARGET_HOST || f->unknown)
      return UNKNOWN;
    if (*fact == NONE || f->to.host.type == HOST_ADDRESS)
      *fact = id;
    if (f->to.host.type == HOST_NAME)
      v = gives(s, zone, &f->to.host, wanted, fact, depth + 1);
    else if (f->to.host.type != HOST_ADDRESS)
      v = UNKNOWN;
    else if (address_compare(&f->to.host.from, wanted) == 0)
      v = UP;
  }
  return v;
}

enum verdict state_gives(struct state *s, uint32_t zone, const struct host *name, const struct address *wanted, uint32_t *fact)
{
  *fact = NONE;
  return gives(s, zone, name, wanted, fact, 0);
}

/* The port to try a forward's target on: its first, unless it hands on any. */
static uint32_t port_of(const struct fact *f)
{
  return f->host.type == HOST_NONE || port_rank(f, NONE) == 2 ? NONE : f->port;
}

/* A forward of any protocol: one that answers all the way, not a piece of the way each. */
static bool target_answers(struct state *s, const struct fact *f, const struct target *t)
{
  uint32_t port = t->port == NONE ? port_of(f) : t->port;
  uint32_t zone = t->zone == NONE ? f->zone : t->zone;
  uint8_t first = f->proto == PROTO_ANY ? PROTO_TCP : f->proto, last = f->proto == PROTO_ANY ? PROTO_SCTP : f->proto;

  if (t->type == TARGET_ROUTE)
    return true;
  for (uint8_t proto = first; proto <= last; proto++) {
    struct key key;

    if (t->type == TARGET_RESOURCE)
      key = key_arrive(t->resource, port, proto, 0);
    else if (t->type == TARGET_HOST)
      key = key_reach(zone, zone, &t->host, port, proto, 0);
    else
      return false;
    if (node_verdict(s, node_of(s, &key)) == UP)
      return true;
  }
  return false;
}

bool state_lands(struct state *s, uint32_t fact)
{
  const struct fact *f = state_fact(s, fact);

  if (f->unknown)
    return false;
  switch ((enum fact_type)f->type) {
  case FACT_FORWARDS:
    for (uint32_t i = 0; i < f->any_count; i++)
      if (target_answers(s, f, &f->any_of[i]))
        return true;
    return !f->any_count && target_answers(s, f, &f->to);
  case FACT_NAMES:
    if (f->to.type == TARGET_RESOURCE)
      return s->up[f->to.resource];
    if (f->to.host.type == HOST_ADDRESS)
      return answered_for(s, f->zone, &f->to.host.from);
    return f->to.host.type == HOST_NAME && resolves(s, f->zone, &f->to.host, 0);
  case FACT_NEEDS: {
    struct need n = fact_need(f);

    n.guard = GUARD_ALWAYS;
    return state_need(s, f->by, &n, NULL) == UP;
  }
  case FACT_SERVES:
  case FACT_OWNS:
  case FACT_HOSTS:
    break;
  }
  return true;
}

/* ── Hairpins ──────────────────────────────────────────────────────────────── */

/* `outer` is around `inner`, or (unless strictly) the same. */
static bool around(const struct state *s, uint32_t outer, uint32_t inner, bool strictly)
{
  for (uint32_t n = 0; inner < s->m->zones.n && n <= s->m->zones.n; n++, inner = s->m->zones.at[inner].inside)
    if (inner == outer && !(strictly && n == 0))
      return true;
  return false;
}

static bool hairpin(const struct state *s, uint32_t client_zone, const struct fact *f, const struct target *t)
{
  return f->type == FACT_FORWARDS && f->zone != NONE && t->zone != NONE && around(s, f->zone, t->zone, true) &&
         around(s, t->zone, client_zone, false);
}

/* A walk over all the answers of a question. `turned`: a hairpin lies behind. */
struct hairpins {
  uint32_t zone;       /* the client's */
  uint8_t *reached;    /* [resources] arrived at after a hairpin, may be NULL */
  uint32_t last;       /* the first of them */
  bool found;
  uint32_t mark;       /* nodes seen before a turn have it, after one the next */
  unsigned depth;
};

static void seek(struct state *s, struct hairpins *h, uint32_t node, bool turned);

static void seek_answer(struct state *s, struct hairpins *h, const struct answer a, bool turned)
{
  const struct fact *f = state_fact(s, a.fact);

  if (!fact_in_force(s, a.fact) || !s->up[f->by] || f->unknown)
    return;
  for (uint32_t i = 0; i < a.count; i++) {
    const struct target *t = f->any_count ? &f->any_of[i < f->any_count ? i : 0] : &f->to;
    bool turn = hairpin(s, h->zone, f, t);

    h->found |= turn;
    seek(s, h, s->leads.at[a.first + i], turned || turn);
  }
}

static void seek(struct state *s, struct hairpins *h, uint32_t node, bool turned)
{
  struct question *q = &s->nodes.at[node];

  if (h->depth > 2 * HOPS_MAX || q->mark == h->mark + 1 || (!turned && q->mark == h->mark))
    return;
  q->mark = h->mark + turned;
  h->depth++;
  if (q->key.type == QUESTION_ARRIVE && s->up[q->key.resource] && turned) {
    if (h->reached)
      h->reached[q->key.resource] = true;
    if (h->last == NONE)
      h->last = q->key.resource;
  }
  struct choice c = node_choose(s, node);

  for (uint32_t i = 0; c.group && i < c.group->count; i++)
    seek_answer(s, h, s->answers.at[c.group->first + i], turned);
  if (!c.group && c.pass != NONE)
    seek(s, h, c.pass, turned);
  h->depth--;
}

/* From each zone that the client's dns may be. */
static void seek_from(struct state *s, struct hairpins *h, uint32_t client, const struct need *n)
{
  const struct client *c = &s->m->clients.at[client];
  uint32_t count = n->dns == NONE && c->count ? c->count : 1;

  h->zone = c->zone;
  for (uint32_t i = 0; i < count; i++) {
    const struct client_dns *d = n->dns == NONE && c->count ? &s->m->client_dns.at[c->first + i] : NULL;

    if (d && !guard_now(s, d->guard))
      continue;
    uint32_t zone = n->zone == NONE ? c->zone : n->zone;
    struct key key = key_reach(zone, d ? d->zone : n->dns == NONE ? zone : n->dns, &n->host, n->port, n->proto, n->vhost);

    s->mark += 2;
    h->mark = s->mark - 1;
    seek(s, h, node_of(s, &key), false);
  }
}

bool state_hairpins(struct state *s, uint32_t client, const struct need *endpoint, uint32_t *reached)
{
  struct hairpins h = {.last = NONE};

  if (client < s->m->clients.n && endpoint->type == NEED_ENDPOINT)
    seek_from(s, &h, client, endpoint);
  if (reached)
    *reached = h.last;
  return h.found;
}

bool hairpins_at(struct state *s, uint32_t client, uint32_t resource)
{
  uint32_t n = s->m->resources.n;

  if (client >= s->m->clients.n)
    return false;
  if (!s->hairpins)
    s->hairpins = arena_array(s->arena, uint8_t, (size_t)s->m->clients.n * (n + 1));
  uint8_t *row = s->hairpins + (size_t)client * (n + 1);

  if (s->hairpins_serial != s->serial) {
    memset(s->hairpins, 0, (size_t)s->m->clients.n * (n + 1));
    s->hairpins_serial = s->serial;
  }
  if (!row[n]) { /* not filled yet */
    row[n] = 1;
    for (uint32_t i = 0; i < s->fact_count; i++) {
      if (slot_asleep(s->facts[i]))
        continue;
      const struct fact *f = state_fact(s, i);
      struct need ask;

      if (f->type != FACT_HOSTS || !fact_in_force(s, i) || !need_of_hosts(s->m, f, &ask))
        continue;
      struct hairpins h = {.reached = row, .last = NONE};

      seek_from(s, &h, client, &ask);
    }
  }
  return row[resource];
}
