/* One state of the plan: goes from set of steps to set of steps by what differs, and answers from there.
 * Needs the model's facts (or others in their place). Guarantees the same answers whatever states were visited before. */
#include "prove/index.h"
#include "prove/prove.h"

#include <string.h>

/* ── Going to a state ──────────────────────────────────────────────────────── */

static void flip(struct state *s, uint32_t bit)
{
  for (uint32_t sign = 0; sign < 2; sign++)
    for (uint32_t i = s->of_bit[2 * bit + sign]; i != END; i = s->listed.at[i].next) {
      uint32_t g = s->listed.at[i].to;

      /* A literal holds when `done` differs from its sign. */
      if (s->done[bit] != (bool)sign)
        s->unmet[g]--;
      else
        s->unmet[g]++;
      array_push(s->arena, &s->touched, g);
    }
}

/* Facts that came or went, as their places in s->guarded, into s->changed. */
static void facts_changed(struct state *s)
{
  s->changed.n = 0;
  for (uint32_t i = 0; i < s->touched.n; i++) {
    uint32_t g = s->touched.at[i];

    if (s->held[g] == (s->unmet[g] == 0))
      continue;
    s->held[g] = s->unmet[g] == 0;
    for (uint32_t k = s->of_guard[g]; k != END; k = s->listed.at[k].next)
      array_push(s->arena, &s->changed, s->listed.at[k].to);
  }
}

/* Resources whose disruption began or ended, into s->fallen. */
static void disruptions_changed(struct state *s, const uint32_t *disrupted, uint32_t n)
{
  s->fallen.n = 0;
  for (uint32_t i = 0; i < s->disrupted.n; i++)
    s->down_now[s->disrupted.at[i]] |= 2; /* was */
  for (uint32_t i = 0; i < n; i++) {
    if (s->down_now[disrupted[i]] == 0)
      array_push(s->arena, &s->fallen, disrupted[i]);
    s->down_now[disrupted[i]] |= 4; /* is */
  }
  for (uint32_t i = 0; i < s->disrupted.n; i++) {
    uint32_t r = s->disrupted.at[i];

    if (!(s->down_now[r] & 4)) {
      if (s->down_now[r])
        array_push(s->arena, &s->fallen, r);
      s->down_now[r] = 0;
    }
  }
  s->disrupted.n = 0;
  for (uint32_t i = 0; i < n; i++) {
    s->down_now[disrupted[i]] = 1;
    array_push(s->arena, &s->disrupted, disrupted[i]);
  }
}

static void take(struct state *s, const bool *done, uint32_t bit)
{
  if (s->done[bit] == done[bit])
    return;
  s->done[bit] = done[bit];
  flip(s, bit);
}

static void take_step(struct state *s, const bool *done, uint32_t step)
{
  take(s, done, step);
  for (uint32_t i = 0; s->m->steps.at[step].part_count && i < s->m->parts.n; i++)
    if (s->m->parts.at[i].step == step)
      take(s, done, s->m->steps.n + i);
}

/* With the flags taken over: what that changes. */
static void settle(struct state *s, const uint32_t *disrupted, uint32_t n)
{
  facts_changed(s);
  disruptions_changed(s, disrupted, n);
  if (!s->fresh && !s->touched.n && !s->fallen.n)
    return;
  s->serial++;
  if (s->fresh) {
    s->fresh = false;
    up_begin(s);
  } else if (s->changed.n || s->fallen.n)
    up_update(s, s->changed.at, s->changed.n, s->fallen.at, s->fallen.n);
}

void state_set(struct state *s, const bool *done, const uint32_t *disrupted, uint32_t n)
{
  enum { BLOCK = 256 };

  s->flags = done;
  s->walked = NULL;
  s->touched.n = 0;
  for (uint32_t i = 0, end; i < s->bits; i = end) {
    end = s->bits - i < BLOCK ? s->bits : i + BLOCK;
    if (memcmp(s->done + i, done + i, (end - i) * sizeof *done) == 0)
      continue;
    for (uint32_t k = i; k < end; k++)
      take(s, done, k);
  }
  settle(s, disrupted, n);
}

void state_set_some(struct state *s, const bool *done, const uint32_t *changed, uint32_t changed_count,
                    const uint32_t *disrupted, uint32_t n)
{
  if (s->flags != done || s->walked) {
    state_set(s, done, disrupted, n);
    return;
  }
  s->touched.n = 0;
  for (uint32_t i = 0; i < changed_count; i++)
    take_step(s, done, changed[i]);
  settle(s, disrupted, n);
}

/* Goes to one of the ends of an order at once, where that is far: true when it did. Who is up has to be the same whatever steps are done. */
static bool leap(struct state *s, const struct proof *p, uint32_t k)
{
  enum { FAR = 64 };
  uint32_t from = s->walked == p ? s->walked_to : p->order.n - k;

  if ((k != 0 && k != p->order.n) || (k > from ? k - from : from - k) < FAR || s->fresh || !s->unsteady || s->unsteadies.n || s->disrupted.n)
    return false;
  if (!s->unmet_first) {
    s->unmet_first = arena_array(s->arena, uint32_t, s->guard_count);
    s->unmet_last = arena_array(s->arena, uint32_t, s->guard_count);
    for (uint32_t g = 0; g < s->guard_count; g++)
      for (uint32_t i = 0; i < s->m->guards.at[g].n; i++)
        if (s->m->guards.at[g].steps[i] >> 1 < s->bits)
          ++*(s->m->guards.at[g].steps[i] & 1 ? &s->unmet_last[g] : &s->unmet_first[g]);
  }
  memset(s->done, k > 0, s->bits);
  memcpy(s->unmet, k ? s->unmet_last : s->unmet_first, s->guard_count * sizeof *s->unmet);
  for (uint32_t g = 0; g < s->guard_count; g++)
    s->held[g] = s->unmet[g] == 0;
  s->epoch++;
  s->serial++;
  return true;
}

void state_walk(struct state *s, const struct proof *p, uint32_t k, const bool *done, const uint32_t *disrupted, uint32_t n)
{
  if (n == 0 && leap(s, p, k)) {
    s->flags = done;
  } else if (s->flags != done || s->walked != p) {
    state_set(s, done, disrupted, n);
  } else {
    uint32_t first = k < s->walked_to ? k : s->walked_to, last = k < s->walked_to ? s->walked_to : k;

    s->touched.n = 0;
    for (uint32_t i = first; i < last; i++)
      take_step(s, done, p->order.at[i]);
    settle(s, disrupted, n);
  }
  s->walked = p;
  s->walked_to = k;
}

const uint32_t *state_guarded(const struct state *s, uint32_t *n)
{
  *n = s->guarded.n;
  return s->guarded.at;
}

const uint32_t *state_asking(const struct state *s, uint32_t *n)
{
  *n = s->asking.n;
  return s->asking.at;
}

uint32_t state_answer(struct state *s, uint32_t zone, const struct address *address, uint32_t *at)
{
  *at = *at == END ? place_first(s, zone, address) : s->listed.at[*at].next;
  return *at == END ? NONE : s->listed.at[*at].to;
}

bool state_needy(const struct state *s, uint32_t resource)
{
  return s->needing[resource] != END;
}

bool state_needed(const struct state *s, uint32_t resource)
{
  return s->needed[resource];
}

uint64_t state_spent(const struct state *s)
{
  return s->spent;
}

bool state_up(const struct state *s, uint32_t resource)
{
  return s->up[resource];
}

bool state_in_force(const struct state *s, uint32_t fact)
{
  return fact_in_force(s, fact);
}

bool state_guard(const struct state *s, uint32_t guard)
{
  return guard_now(s, guard);
}

/* ── Questions ─────────────────────────────────────────────────────────────── */

static enum verdict ask(struct state *s, uint32_t zone, uint32_t dns, const struct need *n, struct trace *trace)
{
  struct key key = key_reach(zone, dns, &n->host, n->port, n->proto, n->vhost);
  uint32_t node = node_of(s, &key);

  if (trace)
    node_trace(s, node, trace);
  return node_verdict(s, node);
}

/* Asked with each dns that the client uses; the first that fails speaks. */
static enum verdict ask_client(struct state *s, const struct client *c, const struct need *n, struct trace *trace)
{
  enum verdict v = UP;
  bool asked = false;

  if (n->dns != NONE)
    return ask(s, n->zone == NONE ? c->zone : n->zone, n->dns, n, trace);
  for (uint32_t i = 0; i < c->count; i++) {
    const struct client_dns *d = &s->m->client_dns.at[c->first + i];

    if (!guard_now(s, d->guard))
      continue;
    enum verdict x = ask(s, n->zone == NONE ? c->zone : n->zone, d->zone, n, !asked || (v == UP) ? trace : NULL);

    asked = true;
    v = x == DOWN || v == DOWN ? DOWN : x == UNKNOWN || v == UNKNOWN ? UNKNOWN : UP;
  }
  return asked ? v : ask(s, n->zone == NONE ? c->zone : n->zone, n->zone == NONE ? c->zone : n->zone, n, trace);
}

static enum verdict stop_at(struct state *s, struct trace *trace, uint32_t resource)
{
  if (trace) {
    trace->at = arena_new(s->arena, struct link);
    trace->at[0] = (struct link){.type = STOP_DOWN, .fact = NONE, .resource = resource, .zone = NONE, .port = NONE};
    trace->n = 1;
  }
  return DOWN;
}

enum verdict state_need(struct state *s, uint32_t by, const struct need *n, struct trace *trace)
{
  uint32_t count = 0, down = NONE, zone, dns;
  enum verdict v = UP;

  if (trace)
    *trace = (struct trace){NULL, 0, UP};
  if (!guard_now(s, n->guard))
    return UP;
  switch ((enum need_type)n->type) {
  case NEED_RESOURCE:
    v = s->up[n->on] ? UP : stop_at(s, trace, n->on);
    break;
  case NEED_COUNT:
    for (uint32_t i = 0; i < n->of_count; i++) {
      if (s->up[n->of[i]])
        count++;
      else if (down == NONE)
        down = n->of[i];
    }
    v = count >= n->least ? UP : stop_at(s, trace, down);
    break;
  case NEED_ENDPOINT:
    need_place(s, by, n, &zone, &dns);
    v = ask(s, zone, dns, n, trace);
    break;
  case NEED_NEVER:
    v = DOWN;
    break;
  }
  if (trace)
    trace->verdict = v;
  return v;
}

enum verdict state_reach(struct state *s, uint32_t client, const struct need *endpoint, struct trace *trace)
{
  if (endpoint->type != NEED_ENDPOINT || client >= s->m->clients.n)
    return state_need(s, NONE, endpoint, trace);
  enum verdict v = ask_client(s, &s->m->clients.at[client], endpoint, trace);

  if (trace)
    trace->verdict = v;
  return v;
}

enum verdict state_promise(struct state *s, uint32_t promise, struct trace *trace)
{
  const struct promise *p = &s->m->promises.at[promise];

  switch ((enum promise_type)p->type) {
  case PROMISE_ENDPOINT:
    return state_reach(s, p->client, &p->endpoint, trace);
  case PROMISE_COUNT:
    return state_need(s, NONE, &p->endpoint, trace);
  case PROMISE_CONDITION:
    break;
  }
  enum verdict v = DOWN;

  for (uint32_t i = 0; i < p->guard_count && v != UP; i++)
    v = guard_now(s, p->guards[i]) ? UP : DOWN;
  if (trace)
    *trace = (struct trace){NULL, 0, v};
  return v;
}

uint32_t state_unmet(struct state *s, uint32_t resource, struct trace *trace)
{
  for (uint32_t i = s->needing[resource]; i != END; i = need_next(s, resource, i)) {
    uint32_t fact = i - 1;

    if (!fact_in_force(s, fact))
      continue;
    enum verdict v = state_need(s, resource, &state_fact(s, fact)->need, trace);

    if (v != UP || state_fact(s, fact)->unknown)
      return fact;
  }
  if (trace)
    *trace = (struct trace){NULL, 0, UP};
  return NONE;
}

/* ── Rules ─────────────────────────────────────────────────────────────────── */

bool state_forbidden(struct state *s, uint32_t forbidden, uint32_t during)
{
  const struct forbidden *f = &s->m->forbidden.at[forbidden];

  if (!guard_now(s, f->guard) || (f->during != NONE && f->during != during))
    return false;
  for (uint32_t i = 0; i < f->not_during_count; i++)
    if (f->not_during[i] == during)
      return false;
  for (uint32_t i = 0; i < f->up_count; i++)
    if (!s->up[f->up[i]])
      return false;
  for (uint32_t i = 0; i < f->down_count; i++)
    if (s->up[f->down[i]])
      return false;
  for (uint32_t i = 0; i < f->hairpin_count; i++)
    if (hairpins_at(s, f->hairpins[i].client, f->hairpins[i].resource) != f->hairpins[i].is)
      return false;
  return true;
}

/* ── Against a full evaluation ─────────────────────────────────────────────── */

bool state_check(struct state *s)
{
  struct state *whole = state_new(s->m, s->facts, s->fact_count);
  bool same = true;

  state_set(whole, s->done, s->disrupted.at, s->disrupted.n);
  for (uint32_t r = 0; r < s->m->resources.n; r++)
    same = same && s->up[r] == whole->up[r];
  for (uint32_t i = 0; i < s->nodes.n; i++) {
    struct key key = s->nodes.at[i].key;

    if (s->nodes.at[i].epoch == s->epoch)
      same = same && s->nodes.at[i].verdict == node_verdict(whole, node_of(whole, &key));
  }
  return same;
}
