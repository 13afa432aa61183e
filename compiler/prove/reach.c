/* Who reaches whom in the present state: walks the graph of questions past what is not in force.
 * Needs state.unmet and state.up. Guarantees 'Reaching' of the definitions; a node's verdict is kept until something it
 * depends on changes, unless it was cut short by a loop through a question further up or by the limit on hops: such a
 * verdict holds for that path alone. */
#include "prove/index.h"

#include <string.h>

bool guard_now(const struct state *s, uint32_t guard)
{
  if (guard < s->guard_count)
    return s->unmet[guard] == 0;
  return guard_holds(s->m, guard, s->done);
}

bool fact_in_force(const struct state *s, uint32_t fact)
{
  return guard_now(s, state_fact(s, fact)->guard);
}

/* ── What decides ──────────────────────────────────────────────────────────── */

bool entry_in_force(const struct state *s, const struct entry *e)
{
  for (uint32_t i = 0; i < e->count; i++)
    if (e->type == ENTRY_GROUP ? guard_now(s, s->answers.at[e->first + i].guard) : fact_in_force(s, s->blockers.at[e->first + i]))
      return true;
  return false;
}

static bool bound(const struct state *s, uint32_t node)
{
  const struct question *q = &s->nodes.at[node];

  return q->count && entry_in_force(s, &s->entries.at[q->first]);
}

struct choice node_choose(const struct state *s, uint32_t node)
{
  const struct question *q = &s->nodes.at[node];
  struct choice c = {.zone = NONE, .pass = NONE};
  uint32_t zone = NONE;
  bool blocked = false;

  switch ((enum question_type)q->key.type) {
  case QUESTION_REACH:
    c.stop = q->key.host_type == HOST_NAME ? STOP_NO_NAME : q->key.host_type == HOST_ADDRESS ? STOP_NOBODY : STOP_UNKNOWN;
    c.zone = q->key.host_type == HOST_NAME ? q->key.dns : q->key.zone;
    break;
  case QUESTION_ARRIVE:
    if (!s->up[q->key.resource]) {
      c.stop = STOP_DOWN;
      return c;
    }
    if (q->bound == NONE || !bound(s, q->bound)) {
      c.pass = q->pass;
      return c;
    }
    c.stop = STOP_NOT_HOSTED;
    break;
  case QUESTION_BOUND:
  case QUESTION_PASS:
    c.stop = LINK_ARRIVE;
    break;
  }
  for (uint32_t i = q->first; i < q->first + q->count; i++) {
    const struct entry *e = &s->entries.at[i];

    switch ((enum entry_type)e->type) {
    case ENTRY_ZONE:
      zone = e->zone;
      blocked = false;
      break;
    case ENTRY_BLOCK:
      blocked = blocked || entry_in_force(s, e);
      break;
    case ENTRY_OWNS:
      if (entry_in_force(s, e))
        return c;
      break;
    case ENTRY_GROUP:
      if (blocked || !entry_in_force(s, e))
        break;
      c.group = e;
      c.zone = zone;
      return c;
    }
  }
  return c;
}

bool entry_one_is_enough(const struct state *s, const struct entry *e)
{
  uint32_t first = NONE;
  bool several = false;

  if (e->bare)
    return true;
  for (uint32_t i = 0; i < e->count; i++) {
    const struct answer *a = &s->answers.at[e->first + i];
    uint32_t by = a->by;

    if (!guard_now(s, a->guard) || by == first)
      continue;
    if (first == NONE) {
      first = by;
      continue;
    }
    several = true;
    if (!index_team(s, first, by))
      return false;
  }
  return several;
}

/* ── Verdicts ──────────────────────────────────────────────────────────────── */

struct walk {
  uint32_t budget;
  uint32_t low;    /* least depth of a question on the path that was met again; 0: cut short; NONE: neither */
  uint32_t height; /* of the node walked last */
};

static enum verdict all_of(enum verdict a, enum verdict b)
{
  return a == DOWN || b == DOWN ? DOWN : a == UNKNOWN || b == UNKNOWN ? UNKNOWN : UP;
}

static enum verdict any_of(enum verdict a, enum verdict b)
{
  return a == UP || b == UP ? UP : a == UNKNOWN || b == UNKNOWN ? UNKNOWN : DOWN;
}

static enum verdict walk_node(struct state *s, struct walk *w, uint32_t node, uint32_t hops, uint32_t depth);

/* One fact that decides; its hops below in *height. */
static enum verdict walk_answer(struct state *s, struct walk *w, uint32_t answer, uint32_t hops, uint32_t depth,
                                uint32_t *height)
{
  const struct answer a = s->answers.at[answer];
  uint32_t name = a.name;
  enum verdict v = DOWN;

  if (!s->up[a.by])
    return DOWN;
  if (a.unknown)
    return UNKNOWN;
  if (hops + name > HOPS_MAX) {
    w->low = 0;
    return DOWN;
  }
  for (uint32_t i = 0; i < a.count && v != UP; i++) {
    v = any_of(v, walk_node(s, w, s->leads.at[a.first + i], hops + name, depth));
    if (w->height + name > *height)
      *height = w->height + name;
  }
  return v;
}

static enum verdict walk_group(struct state *s, struct walk *w, const struct entry e, uint32_t hops, uint32_t depth,
                               uint32_t *height)
{
  bool one = entry_one_is_enough(s, &e);
  enum verdict v = one ? DOWN : UP;

  for (uint32_t i = 0; i < e.count && v != (one ? UP : DOWN); i++) {
    if (!guard_now(s, s->answers.at[e.first + i].guard))
      continue;
    enum verdict x = walk_answer(s, w, e.first + i, hops, depth, height);

    v = one ? any_of(v, x) : all_of(v, x);
  }
  return v;
}

static enum verdict walk_choice(struct state *s, struct walk *w, uint32_t node, uint32_t hops, uint32_t depth,
                                uint32_t *height)
{
  struct choice c = node_choose(s, node);

  if (c.group)
    return walk_group(s, w, *c.group, hops, depth, height);
  if (c.pass != NONE) {
    enum verdict v = walk_node(s, w, c.pass, hops, depth);

    *height = w->height;
    return v;
  }
  return c.stop == LINK_ARRIVE ? UP : c.stop == STOP_UNKNOWN ? UNKNOWN : DOWN;
}

static bool is_hop(const struct question *q)
{
  return q->key.type == QUESTION_REACH || q->key.type == QUESTION_ARRIVE;
}

/* `hops` lie behind it, `depth` nodes. */
static enum verdict walk_node(struct state *s, struct walk *w, uint32_t node, uint32_t hops, uint32_t depth)
{
  struct question *q = &s->nodes.at[node];
  uint32_t hop = is_hop(q), height = 0, low = w->low;

  w->height = hop;
  if (q->on_path) {
    if (q->depth < w->low)
      w->low = q->depth;
    return DOWN;
  }
  if (q->epoch == s->epoch && hops + q->height <= HOPS_MAX) {
    w->height = q->height;
    return q->verdict;
  }
  if (hops + hop > HOPS_MAX || w->budget == 0) {
    w->low = 0;
    return DOWN;
  }
  w->budget--;
  s->spent++;
  w->low = NONE;
  q->depth = depth + 1;
  q->on_path = hop;
  enum verdict v = walk_choice(s, w, node, hops + hop, depth + 1, &height);

  q = &s->nodes.at[node];
  q->on_path = false;
  if (w->low >= q->depth) { /* nothing above had a say */
    w->low = NONE;
    q->epoch = s->epoch;
    q->verdict = (uint8_t)v;
    q->height = (uint8_t)(height + hop);
  }
  if (low < w->low)
    w->low = low;
  w->height = height + hop;
  return v;
}

enum verdict node_verdict(struct state *s, uint32_t node)
{
  if (s->nodes.at[node].epoch == s->epoch)
    return s->nodes.at[node].verdict;
  return walk_node(s, &(struct walk){.budget = BUDGET, .low = NONE}, node, 0, 0);
}

/* ── Traces ────────────────────────────────────────────────────────────────── */

struct tracing { ARRAY(struct link) links; };

static struct link link_of(const struct state *s, uint32_t node, enum link_type type, uint32_t zone)
{
  const struct key *k = &s->nodes.at[node].key;

  return (struct link){.type = (uint8_t)type, .proto = k->proto, .fact = NONE, .resource = k->resource, .zone = zone,
                       .host = host_of_key(k), .port = k->port, .vhost = k->vhost};
}

static enum link_type link_for(const struct fact *f)
{
  switch ((enum fact_type)f->type) {
  case FACT_NAMES:
    return LINK_NAME;
  case FACT_SERVES:
    return LINK_SERVES;
  case FACT_FORWARDS:
    return LINK_FORWARDS;
  case FACT_HOSTS:
    return LINK_HOSTS;
  case FACT_OWNS:
  case FACT_NEEDS:
    break;
  }
  return STOP_UNKNOWN;
}

static enum verdict answer_verdict(struct state *s, uint32_t answer)
{
  const struct answer a = s->answers.at[answer];
  enum verdict v = DOWN;

  if (!s->up[a.by])
    return DOWN;
  if (a.unknown)
    return UNKNOWN;
  for (uint32_t i = 0; i < a.count && v != UP; i++)
    v = any_of(v, node_verdict(s, s->leads.at[a.first + i]));
  return v;
}

/* The answer that makes the group what it is. */
static uint32_t pick_answer(struct state *s, const struct entry e)
{
  bool one = entry_one_is_enough(s, &e);
  uint32_t best = NONE;
  enum verdict chosen = DOWN;

  for (uint32_t i = e.first; i < e.first + e.count; i++) {
    if (!guard_now(s, s->answers.at[i].guard))
      continue;
    enum verdict v = answer_verdict(s, i);

    if (best == NONE || (v != chosen && (one ? any_of(v, chosen) : all_of(v, chosen)) == v)) {
      best = i;
      chosen = v;
    }
  }
  return best;
}

static uint32_t pick_lead(struct state *s, const struct answer a)
{
  uint32_t best = NONE;

  for (uint32_t i = 0; i < a.count; i++) {
    enum verdict v = node_verdict(s, s->leads.at[a.first + i]);

    if (best == NONE || (v == UP && node_verdict(s, best) != UP))
      best = s->leads.at[a.first + i];
  }
  return best;
}

/* Adds the links of one node; the next node, or NONE at the end. */
static uint32_t trace_node(struct state *s, struct tracing *t, uint32_t node)
{
  struct choice c = node_choose(s, node);

  if (!c.group && c.pass != NONE)
    return c.pass;
  if (!c.group) {
    array_push(s->arena, &t->links, link_of(s, node, c.stop, c.zone));
    return NONE;
  }
  const struct answer a = s->answers.at[pick_answer(s, *c.group)];
  const struct fact *f = state_fact(s, a.fact);
  struct link l = link_of(s, node, link_for(f), c.zone);

  l.fact = a.fact;
  l.resource = f->by;
  array_push(s->arena, &t->links, l);
  l.type = !s->up[f->by] ? STOP_DOWN : f->unknown || !a.count ? STOP_UNKNOWN : l.type;
  if (l.type == STOP_DOWN || l.type == STOP_UNKNOWN) {
    array_push(s->arena, &t->links, l);
    return NONE;
  }
  return pick_lead(s, a);
}

void node_trace(struct state *s, uint32_t node, struct trace *trace)
{
  struct tracing t = {{0}};
  uint32_t mark = ++s->mark, hops = 0;

  trace->verdict = node_verdict(s, node);
  while (node != NONE) {
    struct question *q = &s->nodes.at[node];
    uint32_t names = t.links.n && t.links.at[t.links.n - 1].type == LINK_NAME;

    hops += is_hop(q) ? 1 + names : 0;
    if (is_hop(q) && (q->mark == mark || hops > HOPS_MAX)) {
      array_push(s->arena, &t.links, link_of(s, node, q->mark == mark ? STOP_LOOP : STOP_TOO_LONG, q->key.zone));
      break;
    }
    q->mark = mark;
    node = trace_node(s, &t, node);
  }
  trace->at = t.links.at;
  trace->n = t.links.n;
}
