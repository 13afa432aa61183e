/* Old answers: which questions of a group's promises are remembered by those who asked, what is published in a state, and
 * whether a promise holds with old answers too ('Caches' of the definitions).
 * Needs a state. Guarantees: an answer is known by what it leads to, whatever TTL it was published with; each look-up may meet
 * any answer that is possible. Needs of resources are judged by the present answers alone. */
#include "prove/index.h"

#include <stdlib.h>
#include <string.h>

struct remembered { /* a question that some client may still have the answer of */
  uint32_t node;
  int64_t floor;         /* milliseconds: what its resolver keeps an answer for at least */
  uint32_t content;      /* the last of its answers, plus one */
  uint32_t lag_first, lag_count; /* in caches.lags: of all who may answer it, each once */
};
struct content {         /* an answer: nothing at all, or for each fact of it where it leads to */
  uint32_t question;
  uint32_t before;       /* another of its answers, plus one */
  bool one;              /* one of them is enough */
  uint32_t n;
  const uint32_t *words; /* per fact: a count, then so many nodes, any of which will do */
};
struct caches {
  struct model *m;
  struct state *s;
  struct arena *arena;
  ARRAY(struct remembered) questions;
  ARRAY(struct content) contents;
  ARRAY(int64_t) lags;
  const uint32_t *promises; uint32_t promise_count;
  int64_t *floors;       /* per promise */
  uint8_t *asks;         /* [promises × questions], once all questions are there */
  ARRAY(uint32_t) touched; /* nodes that lead to a question, ascending: few of all there are */
  ARRAY(uint32_t) stack;
  ARRAY(uint32_t) words;   /* of the answer at hand */
};

/* ── Questions ───────────────────────────────────────────────────────────────────────────────────────────────────── */

static int64_t duration_of(const struct model *m, uint32_t resource, uint32_t name)
{
  const struct attribute *a = name == 0 || resource == NONE ? NULL : attribute_find(m, resource, name);

  return a != NULL && a->cases.n && a->cases.at[0].value.type == V_DURATION ? a->cases.at[0].value.number : 0;
}

static bool speaks_of(const struct caches *c, uint32_t guard, const uint32_t *local)
{
  const struct guard *g = &c->m->guards.at[guard];

  for (uint32_t i = 0; i < g->n; i++) {
    uint32_t step = g->steps[i] >> 1;

    if (step >= c->m->steps.n)
      step = c->m->parts.at[step - c->m->steps.n].step;
    if (local[step] != NONE)
      return true;
  }
  return false;
}

enum { LAG_BITS = 10 };

/* There are caches for each group of steps, which ask of the same few resources several times. */
static int64_t lag_of(struct state *s, uint32_t resource)
{
  struct lag *l = &s->lags[resource * 2654435761u >> (32 - LAG_BITS)];

  if (l->resource != resource + 1)
    *l = (struct lag){resource + 1, duration_of(s->m, resource, s->lag)};
  return l->time;
}

static int64_t floor_of(struct state *s, uint32_t client)
{
  if (!s->floors[client])
    s->floors[client] = duration_of(s->m, s->m->clients.at[client].resource, s->ttl_floor) + 1;
  return s->floors[client] - 1;
}

static int64_t longer(int64_t a, int64_t b) { return a > b ? a : b; }

/* How long those who ask keep an answer that a fact gives. */
static int64_t ttl_of(const struct fact *f, int64_t floor)
{
  if (f->type != FACT_NAMES && f->type != FACT_OWNS)
    return 0;
  return longer(f->ttl == NONE ? 0 : (int64_t)f->ttl * 1000, floor);
}

/* The n-th fact of an entry: one that answers, ends the search or hides a wider name. */
static const struct fact *fact_of(const struct state *s, const struct entry *e, uint32_t n)
{
  return state_fact(s, e->type == ENTRY_GROUP ? s->answers.at[e->first + n].fact : s->blockers.at[e->first + n]);
}

static uint32_t guard_of_fact(const struct state *s, const struct entry *e, uint32_t n)
{
  return e->type == ENTRY_GROUP ? s->answers.at[e->first + n].guard : fact_of(s, e, n)->guard;
}

/* Does the group change what a node answers, and does anybody remember it? *late: for longer than those who ask keep it. */
static bool remembers(const struct caches *c, uint32_t node, int64_t floor, const uint32_t *local, bool *late)
{
  const struct state *s = c->s;
  const struct question *q = &s->nodes.at[node];
  bool changes = false, kept = false;

  if (q->key.type == QUESTION_ARRIVE || q->key.type == QUESTION_BOUND)
    return false;
  for (uint32_t i = q->first; i < q->first + q->count && !changes; i++) {
    const struct entry *e = &s->entries.at[i];

    for (uint32_t k = 0; e->type != ENTRY_ZONE && k < e->count && !changes; k++)
      changes = speaks_of(c, guard_of_fact(s, e, k), local);
  }
  *late = false;
  for (uint32_t i = q->first; changes && i < q->first + q->count && !*late; i++) {
    const struct entry *e = &s->entries.at[i];

    for (uint32_t k = 0; e->type != ENTRY_ZONE && k < e->count && !*late; k++) {
      const struct fact *f = fact_of(s, e, k);

      *late = lag_of(c->s, f->by) > 0;
      kept = kept || (e->type != ENTRY_BLOCK && ttl_of(f, floor) > 0);
    }
  }
  return kept || *late;
}

static void push_node(struct caches *c, uint32_t node, uint32_t mark)
{
  if (node == NONE || c->s->nodes.at[node].mark == mark)
    return;
  c->s->nodes.at[node].mark = mark;
  array_push(c->arena, &c->stack, node);
}

static void push_promise(struct caches *c, const struct promise *p, uint32_t mark)
{
  const struct need *n = &p->endpoint;
  const struct client *client = &c->m->clients.at[p->client];
  uint32_t zone = n->zone == NONE ? client->zone : n->zone;
  struct key key;

  for (uint32_t i = 0; i < client->count && n->dns == NONE; i++) {
    key = key_reach(zone, c->m->client_dns.at[client->first + i].zone, &n->host, n->port, n->proto, n->vhost);
    push_node(c, node_of(c->s, &key), mark);
  }
  if (client->count && n->dns == NONE)
    return;
  key = key_reach(zone, n->dns == NONE ? zone : n->dns, &n->host, n->port, n->proto, n->vhost);
  push_node(c, node_of(c->s, &key), mark);
}

static bool asks_endpoint(const struct caches *c, uint32_t promise)
{
  const struct promise *p = &c->m->promises.at[promise];

  return p->type == PROMISE_ENDPOINT && p->endpoint.type == NEED_ENDPOINT && p->client < c->m->clients.n;
}

static void note_lags(struct caches *c, struct remembered *r)
{
  const struct question *q = &c->s->nodes.at[r->node];

  r->lag_first = c->lags.n;
  for (uint32_t i = q->first; i < q->first + q->count; i++)
    for (uint32_t k = 0; c->s->entries.at[i].type != ENTRY_ZONE && k < c->s->entries.at[i].count; k++) {
      int64_t lag = lag_of(c->s, fact_of(c->s, &c->s->entries.at[i], k)->by);
      bool known = lag == 0;

      for (uint32_t l = r->lag_first; l < c->lags.n && !known; l++)
        known = c->lags.at[l] == lag;
      if (!known)
        array_push(c->arena, &c->lags, lag);
    }
  r->lag_count = c->lags.n - r->lag_first;
}

/* All that a promise can come by; which of it is remembered is noted. */
static void find_questions(struct caches *c, uint32_t i, const uint32_t *local)
{
  struct state *s = c->s;
  uint32_t mark = ++s->mark;

  push_promise(c, &c->m->promises.at[c->promises[i]], mark);
  while (c->stack.n) {
    uint32_t node = c->stack.at[--c->stack.n];
    const struct question q = s->nodes.at[node];
    uint32_t known = 0;
    bool late;

    push_node(c, q.pass, mark);
    for (uint32_t e = q.first; e < q.first + q.count; e++)
      if (s->entries.at[e].type == ENTRY_GROUP)
        for (uint32_t a = s->entries.at[e].first; a < s->entries.at[e].first + s->entries.at[e].count; a++)
          for (uint32_t l = 0; l < s->answers.at[a].count; l++)
            push_node(c, s->leads.at[s->answers.at[a].first + l], mark);
    if (q.bound != NONE)
      push_node(c, q.bound, mark);
    if (!remembers(c, node, c->floors[i], local, &late))
      continue;
    while (known < c->questions.n && (c->questions.at[known].node != node || c->questions.at[known].floor != c->floors[i]))
      known++;
    if (known < c->questions.n)
      continue;
    array_push(c->arena, &c->questions, (struct remembered){.node = node, .floor = c->floors[i]});
    if (late)
      note_lags(c, &c->questions.at[known]);
  }
}

static int by_id(const void *x, const void *y)
{
  uint32_t a = *(const uint32_t *)x, b = *(const uint32_t *)y;

  return a < b ? -1 : a > b;
}

/* Every node that leads to a question. */
static void find_touched(struct caches *c)
{
  uint32_t mark = ++c->s->mark;

  for (uint32_t i = 0; i < c->questions.n; i++) {
    push_node(c, c->questions.at[i].node, mark);
    while (c->stack.n) {
      uint32_t node = c->stack.at[--c->stack.n];

      array_push(c->arena, &c->touched, node);
      for (uint32_t l = c->s->nodes.at[node].callers; l != END; l = c->s->links.at[l].next)
        push_node(c, c->s->links.at[l].to, mark);
    }
  }
  if (c->touched.n > 1)
    qsort(c->touched.at, c->touched.n, sizeof *c->touched.at, by_id);
}

static bool touched(const struct caches *c, uint32_t node)
{
  return c->touched.n && bsearch(&node, c->touched.at, c->touched.n, sizeof node, by_id) != NULL;
}

struct caches *caches_new(struct model *m, struct state *s, struct arena *arena, const uint32_t *promises, uint32_t n,
                          const uint32_t *local)
{
  struct caches *c = arena_new(arena, struct caches);

  if (!s->lags) {
    s->lags = arena_array(s->arena, struct lag, (size_t)1 << LAG_BITS);
    s->lag = name_str(&m->c->names, "lag");
    s->ttl_floor = name_str(&m->c->names, "ttl_floor");
    s->floors = arena_array(s->arena, int64_t, m->clients.n + 1);
  }
  *c = (struct caches){.m = m, .s = s, .arena = arena, .promises = promises, .promise_count = n};
  c->floors = arena_array(arena, int64_t, n + 1);
  for (uint32_t i = 0; i < n; i++) {
    if (!asks_endpoint(c, promises[i]))
      continue;
    c->floors[i] = floor_of(s, m->promises.at[promises[i]].client);
    find_questions(c, i, local);
  }
  if (c->questions.n == 0)
    return NULL;
  find_touched(c);
  c->asks = arena_array(arena, uint8_t, (size_t)n * c->questions.n);
  for (uint32_t i = 0; i < n; i++) {
    if (!asks_endpoint(c, promises[i]))
      continue;
    uint32_t mark = ++s->mark;
    push_promise(c, &m->promises.at[promises[i]], mark);
    while (c->stack.n) { /* as above, by now without anything new */
      uint32_t node = c->stack.at[--c->stack.n];
      const struct question q = s->nodes.at[node];

      for (uint32_t k = 0; k < c->questions.n; k++)
        if (c->questions.at[k].node == node && c->questions.at[k].floor == c->floors[i])
          c->asks[(size_t)i * c->questions.n + k] = 1;
      push_node(c, q.pass, mark);
      push_node(c, q.bound, mark);
      for (uint32_t e = q.first; e < q.first + q.count; e++)
        if (s->entries.at[e].type == ENTRY_GROUP)
          for (uint32_t a = s->entries.at[e].first; a < s->entries.at[e].first + s->entries.at[e].count; a++)
            for (uint32_t l = 0; l < s->answers.at[a].count; l++)
              push_node(c, s->leads.at[s->answers.at[a].first + l], mark);
    }
  }
  return c;
}

uint32_t caches_questions(const struct caches *c) { return c == NULL ? 0 : c->questions.n; }

const int64_t *caches_lags(const struct caches *c, uint32_t question, uint32_t *n)
{
  *n = c->questions.at[question].lag_count;
  return *n == 0 ? NULL : c->lags.at + c->questions.at[question].lag_first;
}

uint32_t caches_lag_count(const struct caches *c) { return c->lags.n; }

/* ── What is published ───────────────────────────────────────────────────────────────────────────────────────────── */

static uint32_t intern(struct caches *c, uint32_t question, bool one, const uint32_t *words, uint32_t n)
{
  uint32_t before = c->questions.at[question].content;

  for (uint32_t i = before; i != 0; i = c->contents.at[i - 1].before) {
    const struct content *t = &c->contents.at[i - 1];

    if (t->one == one && t->n == n && (n == 0 || memcmp(t->words, words, n * sizeof *words) == 0))
      return i - 1;
  }
  uint32_t *copy = arena_array(c->arena, uint32_t, n + 1);

  if (n)
    memcpy(copy, words, n * sizeof *words);
  array_push(c->arena, &c->contents, (struct content){question, before, one, n, copy});
  c->questions.at[question].content = c->contents.n;
  return c->contents.n - 1;
}

/* Nobody keeps that nothing was found, but as long as an owner says; followers go on finding nothing all the same. */
static struct published nothing_found(struct caches *c, uint32_t question)
{
  const struct state *s = c->s;
  const struct remembered r = c->questions.at[question];
  const struct question *q = &s->nodes.at[r.node];
  struct published p = {.answer = NONE};
  bool ends = false;

  for (uint32_t i = q->first; i < q->first + q->count && !ends; i++) {
    const struct entry *e = &s->entries.at[i];

    for (uint32_t k = 0; e->type == ENTRY_OWNS && k < e->count && !ends; k++) {
      ends = guard_now(s, guard_of_fact(s, e, k));
      if (ends) {
        p.ttl = ttl_of(fact_of(s, e, k), r.floor);
        p.keeps = p.ttl + lag_of(c->s, fact_of(s, e, k)->by);
      }
    }
  }
  if (p.keeps > 0 || r.lag_count > 0)
    p.answer = intern(c, question, false, NULL, 0);
  return p;
}

/* Answers that lead to one place each, in order and each once: the same whoever gives them. */
static uint32_t tidy(uint32_t *words, uint32_t n)
{
  uint32_t kept = 0;

  for (uint32_t i = 0; i < n; i += 2)
    if (words[i] != 1)
      return n;
  for (uint32_t i = 0; i < n; i += 2) {
    uint32_t at = 0, lead = words[i + 1];

    while (at < kept && words[at + 1] < lead)
      at += 2;
    if (at < kept && words[at + 1] == lead)
      continue;
    memmove(words + at + 2, words + at, (kept - at) * sizeof *words);
    words[at] = 1;
    words[at + 1] = lead;
    kept += 2;
  }
  return kept;
}

static struct published found(struct caches *c, uint32_t question, const struct entry e)
{
  const struct state *s = c->s;
  const struct remembered r = c->questions.at[question];
  struct published p = {.answer = NONE};
  uint32_t n;

  c->words.n = 0;
  for (uint32_t i = e.first; i < e.first + e.count; i++) {
    const struct answer *a = &s->answers.at[i];
    const struct fact *f = state_fact(s, a->fact);

    if (!guard_now(s, a->guard) || !s->up[a->by])
      continue;
    if (f->unknown)
      return (struct published){.answer = NONE};
    array_push(c->arena, &c->words, a->count);
    for (uint32_t l = 0; l < a->count; l++)
      array_push(c->arena, &c->words, s->leads.at[a->first + l]);
    int64_t ttl = ttl_of(f, r.floor);
    p.ttl = longer(p.ttl, ttl);
    p.keeps = longer(p.keeps, ttl + lag_of(c->s, f->by));
  }
  n = e.count > 1 ? tidy(c->words.at, c->words.n) : c->words.n;
  if (n > 0 && (p.keeps > 0 || r.lag_count > 0))
    p.answer = intern(c, question, entry_one_is_enough(s, &e), c->words.at, n);
  return p;
}

static int64_t lag_of_entry(const struct caches *c, const struct entry *e)
{
  int64_t most = 0;

  for (uint32_t i = 0; i < e->count; i++)
    if (guard_now(c->s, guard_of_fact(c->s, e, i)))
      most = longer(most, lag_of(c->s, fact_of(c->s, e, i)->by));
  return most;
}

/* The longest lag of those who decide a question, up or not: by answering, by ending the search, by hiding a wider name. */
static int64_t lag_of_question(const struct caches *c, uint32_t node)
{
  const struct question *q = &c->s->nodes.at[node];
  int64_t most = 0, hides = 0;
  bool hidden = false;

  for (uint32_t i = q->first; i < q->first + q->count; i++) {
    const struct entry *e = &c->s->entries.at[i];

    if (e->type == ENTRY_ZONE)
      hidden = false, hides = 0;
    else if (!entry_in_force(c->s, e))
      continue;
    else if (e->type == ENTRY_BLOCK)
      hidden = true, hides = longer(hides, lag_of_entry(c, e));
    else if (e->type == ENTRY_GROUP && hidden)
      most = longer(most, hides);
    else
      return longer(most, lag_of_entry(c, e));
  }
  return most;
}

void caches_published(struct caches *c, struct published *out)
{
  for (uint32_t i = 0; i < c->questions.n; i++) {
    struct choice choice = node_choose(c->s, c->questions.at[i].node);

    out[i] = (struct published){.answer = NONE};
    if (choice.group)
      out[i] = found(c, i, *choice.group);
    else if (choice.stop == STOP_NO_NAME || choice.stop == STOP_NOBODY)
      out[i] = nothing_found(c, i);
    if (c->questions.at[i].lag_count > 0)
      out[i].lag = lag_of_question(c, c->questions.at[i].node);
  }
}

/* ── Whether a promise holds with old answers ────────────────────────────────────────────────────────────────────── */

struct recalling { struct caches *c; const struct recall *old; int64_t floor; uint32_t budget; };

static bool holds_at(struct recalling *r, uint32_t node, uint32_t hops);

static bool holds_content(struct recalling *r, const struct content t, uint32_t hops)
{
  bool any = false;

  for (uint32_t i = 0; i < t.n; i += 1 + t.words[i]) {
    bool good = false;

    for (uint32_t l = 0; l < t.words[i] && !good; l++)
      good = holds_at(r, t.words[i + 1 + l], hops);
    if (!good && !t.one)
      return false;
    any = any || good;
  }
  return any;
}

static bool holds_now(struct recalling *r, uint32_t node, uint32_t hops)
{
  struct state *s = r->c->s;
  struct choice c = node_choose(s, node);

  if (c.pass != NONE)
    return holds_at(r, c.pass, hops);
  if (!c.group)
    return c.stop == LINK_ARRIVE;
  const struct entry e = *c.group;
  bool one = entry_one_is_enough(s, &e), any = false;

  for (uint32_t i = e.first; i < e.first + e.count; i++) {
    const struct answer a = s->answers.at[i];
    bool good = false;

    if (!guard_now(s, a.guard))
      continue;
    for (uint32_t l = 0; l < a.count && !good && s->up[a.by] && !a.unknown; l++)
      good = holds_at(r, s->leads.at[a.first + l], hops);
    if (!good && !one)
      return false;
    any = any || good;
  }
  return any;
}

static bool holds_at(struct recalling *r, uint32_t node, uint32_t hops)
{
  struct caches *c = r->c;
  struct state *s = c->s;

  if (!touched(c, node))
    return node_verdict(s, node) == UP;
  if (s->nodes.at[node].on_path || hops >= HOPS_MAX || r->budget == 0)
    return false;
  r->budget--;
  s->nodes.at[node].on_path = true;
  bool holds = holds_now(r, node, hops + 1);
  for (uint32_t i = 0; i < r->old->of->n && holds; i++) {
    const struct old *o = &r->old->of->at[i];
    const struct remembered *q = &c->questions.at[c->contents.at[o->answer].question];

    if (q->node == node && q->floor == r->floor && recall_has(r->old, o))
      holds = holds_content(r, c->contents.at[o->answer], hops + 1);
  }
  s->nodes.at[node].on_path = false;
  return holds;
}

bool caches_asks(const struct caches *c, uint32_t i, uint32_t answer)
{
  return c->asks[(size_t)i * c->questions.n + c->contents.at[answer].question] != 0;
}

bool caches_about(const struct caches *c, uint32_t i, const struct recall *old)
{
  for (uint32_t k = 0; k < old->of->n; k++)
    if (recall_has(old, &old->of->at[k]) && caches_asks(c, i, old->of->at[k].answer))
      return true;
  return false;
}

bool caches_same(const struct caches *c, uint32_t i, const struct recall *old, const struct answers *kept)
{
  uint32_t n = 0;

  for (uint32_t k = 0; k < old->of->n; k++) {
    const struct old *o = &old->of->at[k];

    if (!recall_has(old, o) || (i != NONE && !caches_asks(c, i, o->answer)))
      continue;
    if (n == kept->n || kept->at[n++] != o->answer)
      return false;
  }
  return n == kept->n;
}

void caches_keep(const struct caches *c, uint32_t i, const struct recall *old, struct arena *a, struct answers *kept)
{
  kept->n = 0;
  for (uint32_t k = 0; k < old->of->n; k++) {
    const struct old *o = &old->of->at[k];

    if (recall_has(old, o) && (i == NONE || caches_asks(c, i, o->answer)))
      array_push(a, kept, o->answer);
  }
}

bool caches_hold(struct caches *c, uint32_t i, const struct recall *old)
{
  const struct promise *p = &c->m->promises.at[c->promises[i]];
  const struct need *n = &p->endpoint;
  struct recalling r = {c, old, c->floors[i], BUDGET};

  if (!asks_endpoint(c, c->promises[i]) || !caches_about(c, i, old))
    return true;
  const struct client *client = &c->m->clients.at[p->client];
  uint32_t zone = n->zone == NONE ? client->zone : n->zone;
  bool asked = false;
  struct key key;

  for (uint32_t k = 0; k < client->count && n->dns == NONE; k++) {
    const struct client_dns *d = &c->m->client_dns.at[client->first + k];

    if (!guard_now(c->s, d->guard))
      continue;
    asked = true;
    key = key_reach(zone, d->zone, &n->host, n->port, n->proto, n->vhost);
    if (!holds_at(&r, node_of(c->s, &key), 0))
      return false;
  }
  if (asked)
    return true;
  key = key_reach(zone, n->dns == NONE ? zone : n->dns, &n->host, n->port, n->proto, n->vhost);
  return holds_at(&r, node_of(c->s, &key), 0);
}
