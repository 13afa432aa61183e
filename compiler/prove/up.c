/* Who is up: the greatest set in which every need holds, kept from state to state, and the least one of a fresh start.
 * Needs the graph of questions with its edges backwards. Guarantees that only what the changed facts can reach is looked
 * at again: O(affected), each resource falls at most once.
 *
 * Restarting the affected resources at "up" is what makes this right: two that need each other would otherwise stay down
 * for ever once both fell (the greatest set has them up again as soon as what they stood on is back). */
#include "prove/index.h"

#include <string.h>

/* ── What hangs on what ────────────────────────────────────────────────────── */

static void invalidate(struct state *s, uint32_t node)
{
  struct question *q = &s->nodes.at[node];

  if (q->mark == s->mark)
    return;
  q->mark = s->mark;
  q->epoch = 0;
  array_push(s->arena, &s->node_queue, node);
}

static void affect(struct state *s, uint32_t resource)
{
  if (s->resource_mark[resource] == s->mark)
    return;
  s->resource_mark[resource] = s->mark;
  array_push(s->arena, &s->resource_queue, resource);
}

/* Nodes in the queue, and all that lead to them; resources that need one of them into the resource queue. */
static void drain_nodes(struct state *s)
{
  while (s->node_queue.n) {
    uint32_t node = s->node_queue.at[--s->node_queue.n];

    s->spent++;
    for (uint32_t i = s->nodes.at[node].callers; i != END; i = s->links.at[i].next)
      invalidate(s, s->links.at[i].to);
    for (uint32_t i = s->nodes.at[node].asking; i != END; i = s->links.at[i].next)
      affect(s, s->links.at[i].to);
  }
}

/* Who needs whom, backwards: of most plans nobody ever asks, since no step takes down what others need. */
static void turn_needs(struct state *s)
{
  s->up_needs = arena_array(s->arena, uint32_t, s->m->resources.n);
  for (uint32_t r = 0; r < s->m->resources.n; r++)
    for (uint32_t i = s->needing[r]; i != END; i = need_next(s, r, i)) {
      uint32_t on = state_on(s, i - 1);

      if (on != NONE) {
        link_add(s, &s->up_needs[on], r);
        continue;
      }
      const struct need *n = &state_fact(s, i - 1)->need;

      if (n->type == NEED_RESOURCE)
        link_add(s, &s->up_needs[n->on], r);
      for (uint32_t o = 0; n->type == NEED_COUNT && o < n->of_count; o++)
        link_add(s, &s->up_needs[n->of[o]], r);
    }
}

/* What asks whether a resource is up. */
static void up_changed(struct state *s, uint32_t resource)
{
  s->spent++;
  for (uint32_t i = s->up_nodes[resource]; i != END; i = s->links.at[i].next)
    invalidate(s, s->links.at[i].to);
  if (s->needed[resource] && !s->up_needs)
    turn_needs(s);
  for (uint32_t i = s->needed[resource] ? s->up_needs[resource] : END; i != END; i = s->links.at[i].next)
    affect(s, s->links.at[i].to);
  drain_nodes(s);
}

/* ── Needs ─────────────────────────────────────────────────────────────────── */

/* Of the first endpoint that it serves; NONE. Few ask. */
static uint32_t zone_served(struct state *s, uint32_t resource)
{
  if (!s->serves_zone) {
    s->serves_zone = arena_array(s->arena, uint32_t, s->m->resources.n);
    for (uint32_t i = 0; i < s->answering.n; i++) {
      const struct fact *f = state_fact(s, s->answering.at[i]);

      if (f->type == FACT_SERVES && !s->serves_zone[f->by])
        s->serves_zone[f->by] = f->zone + 1;
    }
  }
  return s->serves_zone[resource] - 1;
}

void need_place(struct state *s, uint32_t by, const struct need *n, uint32_t *zone, uint32_t *dns)
{
  const struct model *m = s->m;

  *zone = n->zone;
  *dns = n->dns;
  if (*zone == NONE && by != NONE)
    *zone = m->resources.at[by].zone != NONE ? m->resources.at[by].zone : zone_served(s, by);
  if (*zone == NONE && m->operator_client < m->clients.n) {
    const struct client *c = &m->clients.at[m->operator_client];

    *zone = c->zone;
    for (uint32_t i = 0; i < c->count && *dns == NONE; i++)
      if (guard_now(s, m->client_dns.at[c->first + i].guard))
        *dns = m->client_dns.at[c->first + i].zone;
  }
  if (*dns == NONE)
    *dns = *zone;
}

static bool need_holds(struct state *s, uint32_t fact)
{
  const struct need *n = &state_fact(s, fact)->need;
  uint32_t count = 0;

  if (state_fact(s, fact)->unknown)
    return false;
  switch ((enum need_type)n->type) {
  case NEED_RESOURCE:
    return s->up[n->on];
  case NEED_COUNT:
    for (uint32_t i = 0; i < n->of_count; i++)
      count += s->up[n->of[i]];
    return count >= n->least;
  case NEED_ENDPOINT:
    return s->asks[fact] && node_verdict(s, s->asks[fact] - 1) == UP;
  case NEED_NEVER:
    break;
  }
  return false;
}

bool up_needs_hold(struct state *s, uint32_t resource)
{
  for (uint32_t i = s->needing[resource]; i != END; i = need_next(s, resource, i)) {
    uint32_t fact = i - 1, on = state_on(s, fact);

    if (on != NONE ? !s->up[on] : fact_in_force(s, fact) && !need_holds(s, fact))
      return false;
  }
  return true;
}

/* ── The greatest set ──────────────────────────────────────────────────────── */

static void enqueue(struct state *s, uint32_t resource)
{
  if (s->queued[resource])
    return;
  s->queued[resource] = true;
  array_push(s->arena, &s->work, resource);
}

void up_spread(struct state *s, const uint32_t *facts, uint32_t fact_count, const uint32_t *resources,
               uint32_t resource_count)
{
  s->mark++;
  s->node_queue.n = s->resource_queue.n = 0;
  for (uint32_t i = 0; i < resource_count; i++)
    affect(s, resources[i]);
  for (uint32_t i = 0; i < fact_count; i++) {
    if (s->needing_guarded[facts[i]] != NONE)
      affect(s, s->needing_guarded[facts[i]]);
    for (uint32_t k = s->fact_nodes[facts[i]]; k != END; k = s->links.at[k].next)
      invalidate(s, s->links.at[k].to);
  }
  drain_nodes(s);
  for (uint32_t i = 0; i < s->resource_queue.n; i++)
    up_changed(s, s->resource_queue.at[i]);
}

/* The resource has just fallen: who hangs on it is looked at again. */
static void fall(struct state *s, uint32_t resource)
{
  s->mark++;
  s->resource_queue.n = 0;
  up_changed(s, resource);
  for (uint32_t i = 0; i < s->resource_queue.n; i++)
    if (s->up[s->resource_queue.at[i]])
      enqueue(s, s->resource_queue.at[i]);
}

static void look_again(struct state *s, uint32_t resource)
{
  s->queued[resource] = false;
  if (!s->up[resource] || up_needs_hold(s, resource))
    return;
  s->up[resource] = false;
  fall(s, resource);
}

void up_begin(struct state *s)
{
  s->work.n = 0;
  if (s->m->resources.n)
    memset(s->up, true, s->m->resources.n);
  for (uint32_t i = 0; i < s->disrupted.n; i++)
    s->up[s->disrupted.at[i]] = false;
  /* A need of a resource in every state holds until that falls. */
  for (uint32_t i = 0; i < s->asking.n; i++)
    enqueue(s, state_fact(s, s->asking.at[i])->by);
  for (uint32_t i = 0; i < s->disrupted.n; i++)
    fall(s, s->disrupted.at[i]);
  for (uint32_t i = 0; i < s->work.n; i++)
    look_again(s, s->work.at[i]);
}

void up_update(struct state *s, const uint32_t *facts, uint32_t fact_count, const uint32_t *resources,
               uint32_t resource_count)
{
  up_spread(s, facts, fact_count, resources, resource_count);
  s->work.n = 0;
  for (uint32_t i = 0; i < s->resource_queue.n; i++) {
    uint32_t r = s->resource_queue.at[i];

    s->up[r] = !s->down_now[r];
    if (s->up[r] && s->needing[r] != END)
      enqueue(s, r);
  }
  for (uint32_t i = 0; i < s->work.n; i++)
    look_again(s, s->work.at[i]);
}

/* ── The least set ─────────────────────────────────────────────────────────── */

/* Takes the resources in s->fallen down, whatever they need. */
static void take_down(struct state *s, bool up)
{
  s->mark++;
  s->resource_queue.n = 0;
  for (uint32_t i = 0; i < s->fallen.n; i++) {
    s->up[s->fallen.at[i]] = up;
    up_changed(s, s->fallen.at[i]);
  }
}

static bool rise(struct state *s, const bool *kept)
{
  s->fallen.n = 0;
  for (uint32_t r = 0; r < s->m->resources.n; r++)
    if (s->up[r] && !(kept && kept[r]))
      array_push(s->arena, &s->fallen, r);
  if (!s->fallen.n)
    return false;
  take_down(s, false);
  s->work.n = 0;
  for (uint32_t i = 0; i < s->fallen.n; i++)
    enqueue(s, s->fallen.at[i]);
  for (uint32_t i = 0; i < s->work.n; i++) {
    uint32_t r = s->work.at[i];

    s->queued[r] = false;
    if (s->up[r] || s->down_now[r] || !up_needs_hold(s, r))
      continue;
    s->up[r] = true;
    s->mark++;
    s->resource_queue.n = 0;
    up_changed(s, r);
    for (uint32_t k = 0; k < s->resource_queue.n; k++)
      if (!s->up[s->resource_queue.at[k]])
        enqueue(s, s->resource_queue.at[k]);
  }
  return true;
}

/* Depth first along the needs of resources, in every state: true when none of these comes back to itself. `of`: which; NULL: all. */
static bool without_circle(const struct state *s, const uint8_t *of)
{
  enum { ON_THE_WAY = 1, STARTS };
  struct arena own = {0};
  ARRAY(uint32_t) way = {0}; /* resources to look at, times two; and one more to say that all it needs starts */
  uint8_t *seen = arena_array(&own, uint8_t, s->m->resources.n + 1);
  bool starts = true;

  for (uint32_t r = 0; r < s->m->resources.n && starts; r++) {
    if ((!of || of[r]) && !seen[r])
      array_push(&own, &way, r << 1);
    while (way.n && starts) {
      uint32_t top = way.at[--way.n], at = top >> 1;

      if (top & 1)
        seen[at] = STARTS;
      if (seen[at])
        continue;
      seen[at] = ON_THE_WAY;
      array_push(&own, &way, top | 1);
      for (uint32_t i = s->needing[at]; i != END && starts; i = need_next(s, at, i)) {
        uint32_t on = state_on(s, i - 1);

        starts = seen[on] != ON_THE_WAY;
        if (seen[on])
          continue;
        __builtin_prefetch(&s->facts[s->needing[on] ? s->needing[on] - 1 : 0]); /* all of them at once */
        array_push(&own, &way, on << 1);
      }
    }
  }
  arena_free(&own);
  return starts;
}

void up_ahead(struct state *s) { s->no_circle = !s->asking.n && s->needs_later && without_circle(s, NULL); }

/* Whoever is up needs what is. Where there is another need, or a circle, this does not say. */
bool state_starts_anew(struct state *s)
{
  if (s->asking.n > 0 || !s->needs_later) /* each starts after those before it */
    return s->asking.n == 0;
  return s->no_circle || without_circle(s, s->up);
}

void state_comes_back(struct state *s, const bool *kept, bool *up)
{
  bool changed = rise(s, kept);

  for (uint32_t r = 0; r < s->m->resources.n; r++)
    up[r] = s->up[r];
  if (changed)
    take_down(s, true); /* as it was */
}

/* ── The cycle ─────────────────────────────────────────────────────────────── */

/* The first resource, not up now, that a need of `resource` waits for; NONE when it waits for none that is in `wanted`. */
static uint32_t waits_for(struct state *s, uint32_t resource, const uint8_t *wanted)
{
  for (uint32_t i = s->needing[resource]; i != END; i = need_next(s, resource, i)) {
    uint32_t fact = i - 1;
    const struct need *n = &state_fact(s, fact)->need;
    struct trace t;

    if (!fact_in_force(s, fact) || need_holds(s, fact))
      continue;
    if (n->type == NEED_RESOURCE && wanted[n->on])
      return n->on;
    for (uint32_t k = 0; n->type == NEED_COUNT && k < n->of_count; k++)
      if (!s->up[n->of[k]] && wanted[n->of[k]])
        return n->of[k];
    if (n->type != NEED_ENDPOINT || !s->asks[fact])
      continue;
    node_trace(s, s->asks[fact] - 1, &t);
    if (t.n && t.at[t.n - 1].type == STOP_DOWN && wanted[t.at[t.n - 1].resource])
      return t.at[t.n - 1].resource;
  }
  return NONE;
}

uint32_t state_start_cycle(struct state *s, const bool *kept, uint32_t *cycle)
{
  uint32_t n = 0, from = NONE;
  uint8_t *wanted = arena_array(s->arena, uint8_t, s->m->resources.n);
  uint32_t *place = arena_array(s->arena, uint32_t, s->m->resources.n);

  for (uint32_t r = 0; r < s->m->resources.n; r++)
    wanted[r] = s->up[r];
  if (!rise(s, kept))
    return 0;
  for (uint32_t i = 0; i < s->fallen.n && from == NONE; i++)
    if (!s->up[s->fallen.at[i]])
      from = s->fallen.at[i];
  while (from != NONE && !place[from]) {
    cycle[n++] = from;
    place[from] = n;
    from = waits_for(s, from, wanted);
  }
  if (from != NONE) { /* leave out the way into the cycle */
    uint32_t lead = place[from] - 1;

    memmove(cycle, cycle + lead, (n - lead) * sizeof *cycle);
    n -= lead;
  }
  take_down(s, true);
  return n;
}
