/* Which steps an answer can depend on, in whichever state: the graph of questions followed forwards, guards aside.
 * Needs the graph of a state. Guarantees never too small a set: nodes hold every fact that could decide them. What no step
 * can reach is found once, backwards from what steps change, and not walked again for each question. */
#include "prove/index.h"
#include "prove/prove.h"

#include <stdlib.h>

static void bit(struct state *s, uint32_t id)
{
  if (id >= s->m->steps.n)
    id = s->m->parts.at[id - s->m->steps.n].step;
  if (s->step_mark[id] == s->mark)
    return;
  s->step_mark[id] = s->mark;
  array_push(s->arena, &s->touched, id);
}

static void guard(struct state *s, uint32_t id)
{
  for (uint32_t i = 0; i < s->m->guards.at[id].n; i++)
    bit(s, s->m->guards.at[id].steps[i] >> 1);
}

static void resource(struct state *s, uint32_t id)
{
  if (!s->unsteady[id] || s->resource_mark[id] == s->mark)
    return;
  s->resource_mark[id] = s->mark;
  array_push(s->arena, &s->resource_queue, id);
}

static void node(struct state *s, uint32_t id)
{
  if (id == NONE || (id < s->steady_nodes && s->steady_node[id]) || s->nodes.at[id].mark == s->mark)
    return;
  s->nodes.at[id].mark = s->mark;
  array_push(s->arena, &s->node_queue, id);
}

static void look_at_node(struct state *s, uint32_t id)
{
  const struct question q = s->nodes.at[id];

  node(s, q.bound);
  node(s, q.pass);
  if (q.key.type == QUESTION_ARRIVE)
    resource(s, q.key.resource);
  for (uint32_t i = q.first; i < q.first + q.count; i++) {
    const struct entry e = s->entries.at[i];

    for (uint32_t k = 0; k < e.count; k++) {
      if (e.type != ENTRY_GROUP) {
        guard(s, state_fact(s, s->blockers.at[e.first + k])->guard);
        continue;
      }
      const struct answer a = s->answers.at[e.first + k];

      guard(s, a.guard);
      resource(s, a.by);
      for (uint32_t l = 0; l < a.count; l++)
        node(s, s->leads.at[a.first + l]);
    }
  }
}

static void look_at_need(struct state *s, uint32_t by, const struct need *n);

static void look_at_resource(struct state *s, uint32_t id)
{
  for (uint32_t i = s->disrupting[id]; i != END; i = s->listed.at[i].next)
    bit(s, s->listed.at[i].to);
  for (uint32_t i = s->needing[id]; i != END; i = need_next(s, id, i)) {
    uint32_t fact = i - 1;

    uint32_t on = state_on(s, fact);

    if (on != NONE) {
      resource(s, on);
      continue;
    }
    guard(s, state_fact(s, fact)->guard);
    if (s->asks[fact])
      node(s, s->asks[fact] - 1);
    else
      look_at_need(s, id, &state_fact(s, fact)->need);
  }
}

static int compare(const void *a, const void *b)
{
  uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

  return x < y ? -1 : x > y;
}

/* Needs make the nodes of a state before the first question, so that all resources are known here; a node that is made
 * later counts as unsteady. */
static void find_steady(struct state *s)
{
  struct arena own = {0};
  uint32_t *facts = arena_array(&own, uint32_t, s->guarded.n);
  ARRAY(uint32_t) resources = {0};

  for (uint32_t i = 0; i < s->guarded.n; i++)
    facts[i] = i;
  for (uint32_t i = 0; i < s->asking.n; i++) {
    const struct fact *f = state_fact(s, s->asking.at[i]);

    if (f->guard == GUARD_ALWAYS && f->need.guard != GUARD_ALWAYS)
      array_push(&own, &resources, f->by);
  }
  for (uint32_t i = 0; i < s->m->steps.n; i++)
    for (uint32_t k = 0; k < s->m->steps.at[i].disrupts_count; k++)
      array_push(&own, &resources, s->m->steps.at[i].disrupts[k]);
  up_spread(s, facts, s->guarded.n, resources.at, resources.n);
  arena_free(&own);
  s->unsteady = arena_array(s->arena, bool, s->m->resources.n + 1);
  s->steady_node = arena_array(s->arena, uint8_t, s->nodes.n + 1);
  s->steady_nodes = s->nodes.n;
  for (uint32_t i = 0; i < s->resource_queue.n; i++) {
    s->unsteady[s->resource_queue.at[i]] = true;
    array_push(s->arena, &s->unsteadies, s->resource_queue.at[i]);
  }
  if (s->unsteadies.n > 1)
    qsort(s->unsteadies.at, s->unsteadies.n, sizeof *s->unsteadies.at, compare);
  for (uint32_t n = 0; n < s->nodes.n; n++)
    s->steady_node[n] = s->nodes.at[n].mark != s->mark;
}

const uint32_t *state_unsteady(struct state *s, uint32_t *n)
{
  if (!s->unsteady)
    find_steady(s);
  *n = s->unsteadies.n;
  return s->unsteadies.at;
}

static void begin(struct state *s)
{
  if (!s->unsteady)
    find_steady(s);
  s->mark++;
  s->touched.n = s->node_queue.n = s->resource_queue.n = 0;
}

static struct step_list finish(struct state *s)
{
  for (uint32_t n = 0, r = 0; n < s->node_queue.n || r < s->resource_queue.n;) {
    if (n < s->node_queue.n)
      look_at_node(s, s->node_queue.at[n++]);
    else
      look_at_resource(s, s->resource_queue.at[r++]);
  }
  if (s->touched.n == 0) {
    s->node_queue.n = s->resource_queue.n = 0;
    return (struct step_list){NULL, 0};
  }
  struct step_list list = {arena_array(s->arena, uint32_t, s->touched.n), s->touched.n};

  for (uint32_t i = 0; i < s->touched.n; i++)
    ((uint32_t *)list.at)[i] = s->touched.at[i];
  if (list.n > 1)
    qsort((uint32_t *)list.at, list.n, sizeof *list.at, compare);
  s->node_queue.n = s->resource_queue.n = s->touched.n = 0;
  return list;
}

static void look_at_endpoint(struct state *s, uint32_t zone, uint32_t dns, const struct need *n)
{
  struct key key = key_reach(zone, dns, &n->host, n->port, n->proto, n->vhost);

  node(s, node_of(s, &key));
}

/* The client's place; `need` may say better. */
static void look_from_client(struct state *s, uint32_t client, const struct need *n)
{
  const struct client *c = &s->m->clients.at[client];
  uint32_t zone = n->zone == NONE ? c->zone : n->zone;

  if (n->dns != NONE || !c->count)
    look_at_endpoint(s, zone, n->dns == NONE ? zone : n->dns, n);
  for (uint32_t i = 0; n->dns == NONE && i < c->count; i++) {
    guard(s, s->m->client_dns.at[c->first + i].guard);
    look_at_endpoint(s, zone, s->m->client_dns.at[c->first + i].zone, n);
  }
}

static void look_at_need(struct state *s, uint32_t by, const struct need *n)
{
  uint32_t zone, dns;

  guard(s, n->guard);
  switch ((enum need_type)n->type) {
  case NEED_RESOURCE:
    resource(s, n->on);
    break;
  case NEED_COUNT:
    for (uint32_t i = 0; i < n->of_count; i++)
      resource(s, n->of[i]);
    break;
  case NEED_ENDPOINT:
    if (by == NONE && s->m->operator_client < s->m->clients.n) {
      look_from_client(s, s->m->operator_client, n);
    } else {
      need_place(s, by, n, &zone, &dns);
      look_at_endpoint(s, zone, dns, n);
    }
    break;
  case NEED_NEVER:
    break;
  }
}

struct step_list state_depends_promise(struct state *s, uint32_t promise)
{
  const struct promise *p = &s->m->promises.at[promise];

  begin(s);
  switch ((enum promise_type)p->type) {
  case PROMISE_ENDPOINT:
    if (p->client < s->m->clients.n && p->endpoint.type == NEED_ENDPOINT)
      look_from_client(s, p->client, &p->endpoint);
    else
      look_at_need(s, NONE, &p->endpoint);
    break;
  case PROMISE_COUNT:
    look_at_need(s, NONE, &p->endpoint);
    break;
  case PROMISE_CONDITION:
    for (uint32_t i = 0; i < p->guard_count; i++)
      guard(s, p->guards[i]);
    break;
  }
  return finish(s);
}

struct step_list state_depends_need(struct state *s, uint32_t by, const struct need *need)
{
  begin(s);
  look_at_need(s, by, need);
  return finish(s);
}

struct step_list state_depends_up(struct state *s, uint32_t id)
{
  if (s->unsteady && !s->unsteady[id])
    return (struct step_list){NULL, 0};
  begin(s);
  resource(s, id);
  return finish(s);
}

/* The facts that may answer for an address, and who stands behind them. */
static void look_at_address(struct state *s, uint32_t zone, const struct address *address)
{
  for (uint32_t n = 0; zone < s->m->zones.n && n <= s->m->zones.n; n++, zone = s->m->zones.at[zone].inside) {
    for (uint32_t i = place_first(s, zone, address); i != END; i = s->listed.at[i].next) {
      guard(s, state_fact(s, s->listed.at[i].to)->guard);
      resource(s, state_fact(s, s->listed.at[i].to)->by);
    }
    index_stab(s, zone, address);
    for (uint32_t i = 0; i < s->stabbed.n; i++) {
      guard(s, state_fact(s, s->stabbed.at[i])->guard);
      resource(s, state_fact(s, s->stabbed.at[i])->by);
    }
  }
}

static void look_at_target(struct state *s, const struct fact *f, const struct target *t)
{
  uint32_t zone = t->zone == NONE ? f->zone : t->zone, port = t->port == NONE ? f->port : t->port;
  struct need n = {.type = NEED_ENDPOINT, .host = t->host, .proto = f->proto};
  struct key key;

  if ((f->host.type == HOST_NONE || port_rank(f, NONE) == 2) && t->port == NONE)
    port = NONE;
  n.port = port;
  if (t->type == TARGET_RESOURCE) {
    key = key_arrive(t->resource, port, f->proto, 0);
    node(s, node_of(s, &key));
  } else if (t->type == TARGET_HOST) {
    look_at_endpoint(s, zone, zone, &n);
  }
}

struct step_list state_depends_fact(struct state *s, uint32_t fact)
{
  const struct fact *f = state_fact(s, fact);
  struct need name = {.type = NEED_ENDPOINT, .port = NONE, .proto = PROTO_ANY};

  begin(s);
  guard(s, f->guard);
  switch ((enum fact_type)f->type) {
  case FACT_FORWARDS:
    look_at_target(s, f, &f->to);
    for (uint32_t i = 0; i < f->any_count; i++)
      look_at_target(s, f, &f->any_of[i]);
    break;
  case FACT_NAMES:
    if (f->to.type == TARGET_RESOURCE)
      resource(s, f->to.resource);
    else if (f->to.host.type == HOST_ADDRESS)
      look_at_address(s, f->zone, &f->to.host.from);
    else if (f->to.host.type == HOST_NAME) {
      name.host = f->to.host;
      look_at_endpoint(s, f->zone, f->zone, &name);
    }
    break;
  case FACT_NEEDS:
    look_at_need(s, f->by, &f->need);
    break;
  case FACT_SERVES:
  case FACT_OWNS:
  case FACT_HOSTS:
    break;
  }
  return finish(s);
}
