/* Who asks for what, whether it is reached at either end of the order, and whose fault it is where it is not.
 * Needs an order and a state. Guarantees O(questions) walks of the graph, groups in the order of their first question. */
#include "prove/asked.h"

#include "prove/index.h"

#include <stdlib.h>
#include <string.h>

/* ── Everything that asks ──────────────────────────────────────────────────── */

struct gathering { ARRAY(struct asked) all; };

static struct asked empty(enum asked_type type)
{
  return (struct asked){.type = (uint8_t)type, .promise = NONE, .client = NONE, .fact = NONE, .ask = NONE, .resource = NONE};
}

static void gather_promises(struct model *m, struct gathering *g)
{
  for (uint32_t i = 0; i < m->promises.n; i++) {
    const struct promise *p = &m->promises.at[i];
    struct asked a = empty(ASKED_PROMISE);

    if (p->type == PROMISE_CONDITION)
      continue;
    a.promise = i;
    a.client = p->type == PROMISE_ENDPOINT ? p->client : NONE;
    a.need = &p->endpoint;
    a.silent = p->type == PROMISE_COUNT;
    a.late = p->hold == HOLD_FINALLY;
    array_push(&m->c->arena, &g->all, a);
  }
}

static void gather_urls(struct model *m, struct state *s, struct gathering *g)
{
  for (uint32_t k = 0; k < s->answering.n; k++) {
    uint32_t i = s->answering.at[k];
    struct need url, *need;

    if (state_fact(s, i)->type != FACT_HOSTS || !need_of_hosts(m, state_fact(s, i), &url))
      continue;
    need = arena_new(&m->c->arena, struct need);
    *need = url;
    for (uint32_t c = 0; c < m->clients.n; c++) {
      struct asked a = empty(ASKED_HOSTED);

      a.client = c;
      a.fact = i;
      a.resource = state_fact(s, i)->by;
      a.need = need;
      array_push(&m->c->arena, &g->all, a);
    }
  }
}

static void gather_needs(struct model *m, struct state *s, struct gathering *g)
{
  for (uint32_t k = 0; k < s->asking.n; k++) {
    struct asked a = empty(ASKED_NEED);
    uint32_t i = s->asking.at[k];

    if (state_fact(s, i)->need.type != NEED_ENDPOINT)
      continue;
    a.fact = i;
    a.resource = state_fact(s, i)->by;
    a.need = &state_fact(s, i)->need;
    array_push(&m->c->arena, &g->all, a);
  }
  for (uint32_t i = 0; i < m->asks.n; i++) {
    struct asked a = empty(ASKED_ASK);

    a.ask = i;
    a.resource = m->asks.at[i].resource;
    a.need = &m->asks.at[i].endpoint;
    a.late = m->asks.at[i].step != NONE;
    array_push(&m->c->arena, &g->all, a);
  }
}

enum verdict asked_verdict(struct state *s, const struct asked *a, struct trace *trace)
{
  struct need n = *a->need;

  n.guard = GUARD_ALWAYS;
  switch ((enum asked_type)a->type) {
  case ASKED_PROMISE:
    return state_promise(s, a->promise, trace);
  case ASKED_HOSTED:
    return state_reach(s, a->client, &n, trace);
  case ASKED_NEED: {
    enum verdict v = state_need(s, a->resource, &n, trace);

    return state_fact(s, a->fact)->unknown && v == UP ? UNKNOWN : v;
  }
  case ASKED_ASK:
    break;
  }
  return state_need(s, NONE, &n, trace);
}

uint32_t guard_of_asked(const struct state *s, const struct asked *a)
{
  return a->fact != NONE ? state_fact(s, a->fact)->guard : a->ask != NONE ? a->need->guard : GUARD_ALWAYS;
}

const struct asked_list *asked_all(struct model *m, const struct proof *p, struct state *s)
{
  struct gathering g = {{0}};

  if (s->asked)
    return s->asked;
  gather_promises(m, &g);
  gather_urls(m, s, &g);
  gather_needs(m, s, &g);
  struct asked_list *list = arena_new(&m->c->arena, struct asked_list);

  *list = (struct asked_list){g.all.at, g.all.n};
  for (unsigned end = 0; end < 2; end++) {
    goto_state(m, p, s, end ? p->order.n : 0);
    for (uint32_t i = 0; i < list->n; i++) {
      struct asked *a = &list->at[i];
      bool now = guard_now(s, guard_of_asked(s, a));

      *(end ? &a->at_end : &a->at_start) = now;
      *(end ? &a->end : &a->start) = (uint8_t)asked_verdict(s, a, NULL);
    }
  }
  s->asked = list;
  return list;
}

enum { DEPTH = 1024 /* needs behind needs */ };

/* ── Roots ─────────────────────────────────────────────────────────────────── */

uint64_t root_key(const struct state *s, uint32_t fact)
{
  const struct fact *f = state_fact(s, fact);

  if (f->attribute == NONE)
    return fact;
  return (uint64_t)1 << 63 | (uint64_t)f->attribute << 31 | (f->span.start & 0x7fffffff);
}

static bool on_chain(const struct state *s, const struct trace *trace, uint32_t fact)
{
  for (uint32_t i = 0; i < trace->n; i++)
    if (trace->at[i].fact != NONE && root_key(s, trace->at[i].fact) == root_key(s, fact))
      return true;
  return false;
}

uint32_t leading_fact(const struct state *s, const struct trace *trace, const struct trace *was)
{
  for (uint32_t i = trace->n; i-- > 0;) {
    const struct link *l = &trace->at[i];

    if (l->fact != NONE && (state_fact(s, l->fact)->type == FACT_NAMES || state_fact(s, l->fact)->type == FACT_FORWARDS) &&
        (l->type == LINK_NAME || l->type == LINK_FORWARDS) && (!was || on_chain(s, was, l->fact)))
      return l->fact;
  }
  return NONE;
}

/* The need that keeps the resource at the end of a chain down; NONE when the chain does not end so, or it needs nothing. */
static uint32_t need_behind(struct state *s, const struct trace *trace, struct trace *next)
{
  const struct link *l = trace->n ? &trace->at[trace->n - 1] : NULL;

  return l && l->type == STOP_DOWN && l->resource != NONE ? state_unmet(s, l->resource, next) : NONE;
}

struct root root_of(struct state *s, const struct trace *trace)
{
  struct root r = {.fact = NONE, .need = NONE, .trace = *trace};

  uint32_t mark = ++s->mark;

  for (unsigned depth = 0; depth < DEPTH; depth++) {
    struct trace next;
    uint32_t need = need_behind(s, &r.trace, &next);

    if (need == NONE || s->resource_mark[state_fact(s, need)->by] == mark) /* a circle ends where it closes */
      break;
    s->resource_mark[state_fact(s, need)->by] = mark;
    r.need = need;
    r.trace = next;
    if (!next.n)
      break;
  }
  const struct link *last = r.trace.n ? &r.trace.at[r.trace.n - 1] : NULL;

  if (r.need != NONE && state_fact(s, r.need)->unknown) {
    r.unknown = true;
    r.fact = r.need;
  } else if (last && last->type == STOP_UNKNOWN) {
    r.unknown = true;
    r.fact = last->fact != NONE ? last->fact : leading_fact(s, &r.trace, NULL);
    if (r.fact == NONE)
      r.fact = r.need;
  } else {
    r.fact = leading_fact(s, &r.trace, NULL);
    if (r.fact == NONE)
      r.fact = r.need;
  }
  return r;
}

/* ── Groups ────────────────────────────────────────────────────────────────── */

struct keyed { uint64_t key; uint32_t asked, first; struct root root; };

static int by_key(const void *x, const void *y)
{
  const struct keyed *a = x, *b = y;

  if (a->key != b->key)
    return a->key < b->key ? -1 : 1;
  return a->asked < b->asked ? -1 : a->asked > b->asked;
}

static int by_first(const void *x, const void *y)
{
  const struct keyed *a = x, *b = y;

  if (a->first != b->first)
    return a->first < b->first ? -1 : 1;
  return a->asked < b->asked ? -1 : a->asked > b->asked;
}

/* A question that nothing leads on from is its endpoint, whoever asks. */
static uint64_t key_of(struct state *s, const struct asked *a, const struct root *r)
{
  if (r->fact != NONE)
    return root_key(s, r->fact);
  struct key k = key_reach(NONE, NONE, &a->need->host, a->need->port, 0, 0);

  return (uint64_t)1 << 32 | node_of(s, &k);
}

/* The question that a `needs` fact is, NONE: after promises and URLs they stand in the order of their facts. */
static uint32_t asked_of_need(const struct asked_list *list, uint32_t fact)
{
  uint32_t low = 0, high = list->n;

  while (low < high) {
    uint32_t middle = low + (high - low) / 2;
    const struct asked *a = &list->at[middle];

    if (a->type < ASKED_NEED || (a->type == ASKED_NEED && a->fact < fact))
      low = middle + 1;
    else
      high = middle;
  }
  return low < list->n && list->at[low].type == ASKED_NEED && list->at[low].fact == fact ? low : NONE;
}

static void narrow(const struct state *s, struct root *r, const struct trace *was, uint32_t asked)
{
  if (asked == NONE || !was[asked].n)
    return;
  r->fact = leading_fact(s, &r->trace, &was[asked]);
  if (r->fact == NONE)
    r->fact = r->need;
}

struct blamed *blame(struct model *m, struct state *s, const struct asked_list *list, bool (*wanted)(const struct asked *),
                     const struct trace *was, uint32_t *n)
{
  struct arena *arena = &m->c->arena;
  ARRAY(struct keyed) found = {0};

  *n = 0;
  for (uint32_t i = 0; i < list->n; i++) {
    struct keyed k = {.asked = i};
    struct trace t;

    if (!wanted(&list->at[i]))
      continue;
    asked_verdict(s, &list->at[i], &t);
    k.root = root_of(s, &t);
    if (was && !k.root.unknown)
      narrow(s, &k.root, was, k.root.need == NONE ? i : asked_of_need(list, k.root.need));
    k.key = key_of(s, &list->at[i], &k.root);
    array_push(arena, &found, k);
  }
  if (!found.n)
    return NULL;
  qsort(found.at, found.n, sizeof *found.at, by_key);
  for (uint32_t i = 0; i < found.n; i++)
    found.at[i].first = i && found.at[i].key == found.at[i - 1].key ? found.at[i - 1].first : found.at[i].asked;
  qsort(found.at, found.n, sizeof *found.at, by_first);
  struct blamed *groups = arena_array(arena, struct blamed, found.n);
  uint32_t *members = arena_array(arena, uint32_t, found.n);

  for (uint32_t i = 0; i < found.n; i++) {
    if (!i || found.at[i].key != found.at[i - 1].key)
      groups[(*n)++] = (struct blamed){found.at[i].root, found.at[i].key, members + i, 0, NONE};
    members[i] = found.at[i].asked;
    groups[*n - 1].n++;
    if (groups[*n - 1].direct == NONE && found.at[i].root.need == NONE) {
      groups[*n - 1].direct = found.at[i].asked;
      groups[*n - 1].root = found.at[i].root;
    }
  }
  return groups;
}

enum verdict blamed_verdict(struct state *s, const struct asked_list *list, const struct blamed *b, struct trace *trace)
{
  if (b->direct != NONE || b->root.need == NONE)
    return asked_verdict(s, &list->at[b->direct != NONE ? b->direct : b->asked[0]], trace);
  struct need n = fact_need(state_fact(s, b->root.need));

  n.guard = GUARD_ALWAYS;
  return state_need(s, state_fact(s, b->root.need)->by, &n, trace);
}

void blamed_since(struct model *m, const struct proof *p, struct state *s, const struct asked_list *list,
                  const struct blamed *groups, uint32_t n, uint32_t *since)
{
  uint8_t *was = arena_array(&m->c->arena, uint8_t, n);

  for (uint32_t k = 0; n && k <= p->order.n; k++) {
    goto_state(m, p, s, k);
    for (uint32_t i = 0; i < n; i++) {
      uint8_t now = blamed_verdict(s, list, &groups[i], NULL) == UP;

      if (!k || now != was[i])
        since[i] = k;
      was[i] = now;
    }
  }
}

void blamed_until(struct model *m, const struct proof *p, struct state *s, const struct asked_list *list,
                  const struct blamed *groups, uint32_t n, uint32_t *until)
{
  uint32_t left = n;

  for (uint32_t i = 0; i < n; i++)
    until[i] = NONE;
  for (uint32_t k = 0; left && k <= p->order.n; k++) {
    goto_state(m, p, s, k);
    for (uint32_t i = 0; i < n; i++)
      if (until[i] == NONE && blamed_verdict(s, list, &groups[i], NULL) == UP) {
        until[i] = k;
        left--;
      }
  }
}

void blamed_fill(struct model *m, struct state *s, const struct asked_list *list, const struct blamed *b, struct breach *out)
{
  const struct asked *a = &list->at[b->direct != NONE ? b->direct : b->asked[0]];
  ARRAY(uint32_t) promises = {0};

  out->fact = b->root.fact != NONE ? b->root.fact : a->fact;
  out->asked = a->need;
  if (b->direct == NONE && b->root.need != NONE) {
    struct need *n = arena_new(&m->c->arena, struct need);

    *n = fact_need(state_fact(s, b->root.need));
    out->asked = n;
  }
  out->promise = a->promise;
  out->client = a->client;
  out->ask = a->ask;
  out->resource = out->fact != NONE ? state_fact(s, out->fact)->by : a->resource;
  for (uint32_t i = 0; i < b->n; i++)
    if (list->at[b->asked[i]].promise != NONE)
      array_push(&m->c->arena, &promises, list->at[b->asked[i]].promise);
  out->promises = promises.at;
  out->promise_count = promises.n;
}
