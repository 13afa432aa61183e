/* What a clean result rests on: values that nobody has looked at, by what would be down were they other than the plan says.
 * Needs an order and its timeline. Guarantees each value once; exact up to TRIALS doubts (those that most promises pass first), an
 * estimate for 15 times as many more; what is in doubt behind those comes last. */
#include "prove/asked.h"
#include "prove/index.h"

#include <stdlib.h>
#include <string.h>

enum { TRIALS = 64, TRIAL_WORK = 4000000 /* facts × trials */ };

/* "What if this value led there?": `fact` has the value, `end` serves an endpoint that the plan retires. */
struct doubt { uint64_t key; uint32_t fact, end, uses; uint32_t weight; };
struct retired { uint32_t by, fact; };
struct resting {
  struct model *m;
  const struct proof *p;
  struct state *s;
  const struct asked_list *asked;
  ARRAY(struct doubt) doubts;
  ARRAY(struct retired) retired; /* ascending */
  struct fact_slot *facts;    /* the model's, one value changed at a time */
};

/* A value as written that the plan leaves alone. */
static bool unchanged(const struct model *m, const struct fact *f)
{
  if ((f->type != FACT_NAMES && f->type != FACT_FORWARDS) || f->attribute >= m->attributes.n || f->unknown ||
      f->to.type == TARGET_NONE)
    return false;
  const struct attribute *a = &m->attributes.at[f->attribute];

  return a->hop_count == 0 && a->cases.n <= 1 && a->written;
}

/* ── Which doubts there are ────────────────────────────────────────────────── */

static bool answered_at_end(struct state *s, const struct fact *e)
{
  for (uint32_t i = place_first(s, e->zone, &e->host.from); i != END; i = s->listed.at[i].next)
    if (fact_in_force(s, s->listed.at[i].to) && port_rank(state_fact(s, s->listed.at[i].to), e->port) <= 2 &&
        proto_matches(state_fact(s, s->listed.at[i].to), e->port, e->proto))
      return true;
  return false;
}

static int by_resource(const void *x, const void *y)
{
  const struct retired *a = x, *b = y;

  if (a->by != b->by)
    return a->by < b->by ? -1 : 1;
  return a->fact < b->fact ? -1 : a->fact > b->fact;
}

static void find_retired(struct resting *x)
{
  const uint32_t *guarded = x->s->guarded.at;
  bool *at_start = arena_array(&x->m->c->arena, bool, x->s->guarded.n);

  goto_state(x->m, x->p, x->s, 0);
  for (uint32_t k = 0; k < x->s->guarded.n; k++)
    at_start[k] = fact_in_force(x->s, guarded[k]);
  goto_state(x->m, x->p, x->s, x->p->order.n);
  for (uint32_t k = 0; k < x->s->guarded.n; k++) {
    uint32_t i = guarded[k];
    const struct fact *f = state_fact(x->s, i);

    if (f->type == FACT_SERVES && f->host.type == HOST_ADDRESS && at_start[k] && !fact_in_force(x->s, i) &&
        !answered_at_end(x->s, f))
      array_push(&x->m->c->arena, &x->retired, (struct retired){f->by, i});
  }
  if (x->retired.n > 1)
    qsort(x->retired.at, x->retired.n, sizeof *x->retired.at, by_resource);
}

static void doubt(struct resting *x, uint32_t fact, uint32_t end)
{
  uint64_t key = root_key(x->s, fact);

  for (uint32_t i = 0; i < x->doubts.n; i++)
    if (x->doubts.at[i].key == key && address_compare(&state_fact(x->s, x->doubts.at[i].end)->host.from, &state_fact(x->s, end)->host.from) == 0) {
      x->doubts.at[i].uses++;
      return;
    }
  if (x->doubts.n < 16 * TRIALS)
    array_push(&x->m->c->arena, &x->doubts, (struct doubt){key, fact, end, 1, 0});
}

/* The first of them that is of a resource, or of one behind it. */
static uint32_t first_retired(const struct resting *x, uint32_t resource)
{
  uint32_t low = 0, high = x->retired.n;

  while (low < high) {
    uint32_t middle = low + (high - low) / 2;

    if (x->retired.at[middle].by < resource)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

/* Each unchanged value on the promise's chain before somebody who answers at a retired endpoint too. */
static void doubts_of_promise(struct resting *x, uint32_t promise)
{
  struct trace t;

  if (state_promise(x->s, promise, &t) != UP)
    return;
  for (uint32_t k = 0; k < t.n; k++) {
    const struct link *last = &t.at[k];

    if (last->type != LINK_SERVES)
      continue;
    for (uint32_t r = first_retired(x, last->resource); r < x->retired.n && x->retired.at[r].by == last->resource; r++) {
      const struct fact *e = state_fact(x->s, x->retired.at[r].fact);

      if (port_rank(e, last->port) > 2 || !proto_matches(e, last->port, last->proto))
        continue;
      for (uint32_t i = 0; i < k; i++)
        if (t.at[i].fact != NONE && unchanged(x->m, state_fact(x->s, t.at[i].fact)))
          doubt(x, t.at[i].fact, x->retired.at[r].fact);
    }
  }
}

/* ── How much hangs on each ────────────────────────────────────────────────── */

static struct target led_to(const struct fact *f, const struct fact *end)
{
  struct target t = f->to;

  t.type = TARGET_HOST;
  t.host = end->host;
  if (f->type == FACT_FORWARDS && t.port != NONE && port_rank(end, t.port) > 2)
    t.port = end->port;
  return t;
}

/* (promise, state) pairs that are up now and would not be; 0 when something would not be reached in the baseline already. */
static uint32_t weigh(struct resting *x, const struct doubt *d)
{
  uint32_t n = x->s->fact_count, weight = 0;

  memcpy(x->facts, x->s->facts, n * sizeof *x->facts);
  for (uint32_t i = 0; i < n; i++)
    if (!slot_asleep(x->facts[i]) && state_fact(x->s, i)->type == state_fact(x->s, d->fact)->type && root_key(x->s, i) == d->key) {
      struct fact *led = fact_copy(x->s->arena, state_fact(x->s, i));

      led->to = led_to(led, state_fact(x->s, d->end));
      x->facts[i] = slot_of_fact(led);
    }
  struct state *s = state_new(x->m, x->facts, n);

  goto_state(x->m, x->p, s, 0);
  for (uint32_t i = 0; i < x->asked->n; i++)
    if (x->asked->at[i].at_start && x->asked->at[i].start == UP && asked_verdict(s, &x->asked->at[i], NULL) != UP)
      return 0;
  for (uint32_t k = 0; k <= x->p->order.n; k++) {
    goto_state(x->m, x->p, s, k);
    for (uint32_t i = 0; i < x->m->promises.n; i++)
      weight += timeline_at(&x->p->timeline[i], k) == UP && state_promise(s, i, NULL) != UP;
  }
  return weight;
}

/* Without trying: promises that pass it, in states in which the endpoint is gone. */
static uint32_t guess(const struct resting *x, const struct doubt *d)
{
  uint32_t first, last;

  if (!guard_states(x->m, x->p, state_fact(x->s, d->end)->guard, &first, &last))
    return 0;
  return d->uses * (x->p->order.n - last);
}

static int by_uses(const void *x, const void *y)
{
  const struct doubt *a = x, *b = y;

  if (a->uses != b->uses)
    return a->uses > b->uses ? -1 : 1;
  return a->fact < b->fact ? -1 : a->fact > b->fact ? 1 : a->end < b->end ? -1 : a->end > b->end;
}

/* ── The list ──────────────────────────────────────────────────────────────── */

struct placed { struct rest rest; uint64_t key; struct span at; };

static int by_key(const void *x, const void *y)
{
  const struct placed *a = x, *b = y;

  if (a->key != b->key)
    return a->key < b->key ? -1 : 1;
  return a->rest.fact < b->rest.fact ? -1 : a->rest.fact > b->rest.fact;
}

static int by_weight(const void *x, const void *y)
{
  const struct placed *a = x, *b = y;

  if (a->rest.weight != b->rest.weight)
    return a->rest.weight > b->rest.weight ? -1 : 1;
  if (a->at.source != b->at.source)
    return a->at.source < b->at.source ? -1 : 1;
  if (a->at.start != b->at.start)
    return a->at.start < b->at.start ? -1 : 1;
  return a->rest.fact < b->rest.fact ? -1 : a->rest.fact > b->rest.fact;
}

static int doubts_by_key(const void *x, const void *y)
{
  const struct doubt *a = x, *b = y;

  if (a->key != b->key)
    return a->key < b->key ? -1 : 1;
  return a->weight > b->weight ? -1 : a->weight < b->weight;
}

static uint32_t weight_of(const struct resting *x, uint64_t key)
{
  uint32_t low = 0, high = x->doubts.n;

  while (low < high) {
    uint32_t middle = low + (high - low) / 2;

    if (x->doubts.at[middle].key < key)
      low = middle + 1;
    else
      high = middle;
  }
  return low < x->doubts.n && x->doubts.at[low].key == key ? x->doubts.at[low].weight : 0;
}

static void list(struct resting *x, struct proof *p)
{
  struct arena *arena = &x->m->c->arena;
  ARRAY(struct placed) all = {0};
  uint32_t n = 0;

  if (x->doubts.n)
    qsort(x->doubts.at, x->doubts.n, sizeof *x->doubts.at, doubts_by_key);
  for (uint32_t k = 0; k < x->s->answering.n; k++) {
    uint32_t i = x->s->answering.at[k];
    const struct fact *f = state_fact(x->s, i);

    if (unchanged(x->m, f))
      array_push(arena, &all, (struct placed){{i, f->attribute, 0}, root_key(x->s, i), f->span});
  }
  if (!all.n)
    return;
  qsort(all.at, all.n, sizeof *all.at, by_key);
  for (uint32_t i = 0; i < all.n; i++)
    if (!n || all.at[n - 1].key != all.at[i].key) {
      all.at[n] = all.at[i];
      all.at[n].rest.weight = weight_of(x, all.at[n].key);
      n++;
    }
  qsort(all.at, n, sizeof *all.at, by_weight);
  for (uint32_t i = 0; i < n; i++)
    array_push(arena, &p->rests, all.at[i].rest);
}

/* Sets proof.rests: values of names and forwards that the plan does not change, those on which most hangs first, then in source
 * order; fact: the first that comes from the value. */
void check_rests(struct model *m, struct proof *p, struct state *s)
{
  struct resting x = {.m = m, .p = p, .s = s, .asked = asked_all(m, p, s)};
  uint32_t trials;

  find_retired(&x);
  goto_state(m, p, s, 0);
  for (uint32_t i = 0; i < m->promises.n && x.retired.n; i++)
    if (m->promises.at[i].type == PROMISE_ENDPOINT)
      doubts_of_promise(&x, i);
  if (x.doubts.n)
    qsort(x.doubts.at, x.doubts.n, sizeof *x.doubts.at, by_uses);
  trials = s->fact_count ? TRIAL_WORK / s->fact_count : 0;
  trials = trials > TRIALS ? TRIALS : trials;
  x.facts = arena_array(&m->c->arena, struct fact_slot, x.doubts.n && trials ? s->fact_count : 0);
  for (uint32_t i = 0; i < x.doubts.n; i++)
    x.doubts.at[i].weight = i < trials ? weigh(&x, &x.doubts.at[i]) : guess(&x, &x.doubts.at[i]);
  list(&x, p);
}
