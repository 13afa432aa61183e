/* The facts of a model -> a state: facts in lists, and what hangs on what.
 * Needs the model's facts (or others in their place); for the lists nothing else, so that they can be made while the steps are.
 * Guarantees the same state with a second thread and without. */
#include "base/beside.h"
#include "prove/index.h"
#include "prove/prove.h"

#include <string.h>

/* ── Lists ─────────────────────────────────────────────────────────────────── */

/* Memory comes zeroed, and END and 0 mean nothing: what stays empty of these is never touched. */
static uint32_t *heads(struct state *s, size_t n) { return arena_array(s->arena, uint32_t, n); }

static void prepend(struct state *s, uint32_t *head, uint32_t to)
{
  array_push(s->arena, &s->listed, (struct link_to){to, *head});
  *head = s->listed.n - 1;
}

static void guards_build(struct state *s)
{
  const struct model *m = s->m;
  uint32_t literals = 0;

  for (uint32_t g = 0; g < m->guards.n; g++)
    literals += m->guards.at[g].n;
  list_room(s, &s->listed, literals + s->guarded.n + s->named);
  s->guard_count = m->guards.n;
  s->unmet = arena_array(s->arena, uint32_t, m->guards.n);
  s->held = arena_array(s->arena, uint8_t, m->guards.n);
  s->of_guard = heads(s, m->guards.n);
  s->of_bit = heads(s, 2 * (size_t)s->bits);
  for (uint32_t g = 0; g < m->guards.n; g++) {
    for (uint32_t i = 0; i < m->guards.at[g].n; i++) {
      uint32_t literal = m->guards.at[g].steps[i];

      if (literal >> 1 >= s->bits)
        continue;
      prepend(s, &s->of_bit[literal], g);
      s->unmet[g] += !(literal & 1);
    }
    s->held[g] = s->unmet[g] == 0;
  }
  for (uint32_t i = s->guarded.n; i-- > 0;) {
    uint32_t guard = s->fact_nodes[i];

    s->fact_nodes[i] = END;
    prepend(s, &s->of_guard[guard], i);
  }
}

/* The first of some needs of a resource that stand one behind the other. */
static void list_need(struct state *s, uint32_t by, uint32_t fact, bool *scattered)
{
  if (s->needing[by] == END)
    s->needing[by] = fact + 1;
  else
    *scattered = true;
}

/* Needs of one resource with other facts between them, which few kinds have. */
static void chain_needs(struct state *s)
{
  s->need_after = arena_array(s->arena, uint32_t, s->fact_count + 1);
  memset(s->needing, 0, s->m->resources.n * sizeof *s->needing);
  for (uint32_t i = s->fact_count; i-- > 0;) {
    struct fact_slot slot = s->facts[i];

    if (slot_asleep(slot) ? slot_on(slot) == NONE : state_fact(s, i)->type != FACT_NEEDS)
      continue;
    uint32_t by = slot_asleep(slot) ? slot_by(slot) : state_fact(s, i)->by;

    s->need_after[i] = s->needing[by];
    s->needing[by] = i + 1;
  }
}

/* A fact that does not sleep; whose need it is, NONE. */
static uint32_t sort_fact(struct state *s, uint32_t i)
{
  const struct fact *f = state_fact(s, i);

  if (f->guard != GUARD_ALWAYS) {
    s->needing_guarded[s->guarded.n] = f->type == FACT_NEEDS ? f->by : NONE;
    s->fact_nodes[s->guarded.n] = f->guard; /* for guards_build */
    array_push(s->arena, &s->guarded, i);
  }
  if (f->type != FACT_NEEDS) {
    bool placed = f->host.type == HOST_ADDRESS && f->type != FACT_HOSTS && f->type != FACT_OWNS && f->zone < s->m->zones.n;

    array_push(s->arena, &s->answering, i);
    if (placed)
      place_put(s, i, endpoint_hash(f->zone, &f->host.from));
    else
      s->named++;
    if (!placed || f->any_count)
      array_push(s->arena, &s->indexed, i);
    return NONE;
  }
  if (f->need.type == NEED_RESOURCE) {
    s->needed[f->need.on] = true;
    s->needs_later |= f->need.on >= f->by;
  }
  if (f->need.type != NEED_RESOURCE || f->guard != GUARD_ALWAYS || f->need.guard != GUARD_ALWAYS || f->unknown)
    array_push(s->arena, &s->asking, i);
  return f->by;
}

/* The only walk through all facts. */
static void sort_facts(struct state *s)
{
  enum { AHEAD = 16 };
  uint32_t answering = 0, awake = 0, before = NONE;
  bool scattered = false;

  for (uint32_t i = 0; i < s->fact_count; i++) {
    answering += !(s->facts[i].bits & 1);
    awake += !slot_asleep(s->facts[i]);
  }
  places_new(s, answering);
  list_room(s, &s->answering, awake);
  list_room(s, &s->guarded, awake);
  s->needing_guarded = heads(s, awake);
  s->fact_nodes = heads(s, awake);
  array_push(s->arena, &s->listed, (struct link_to){NONE, END}); /* of no list, so that END is of none */
  array_push(s->arena, &s->links, (struct link_to){NONE, END});
  for (uint32_t i = 0; i < s->fact_count; i++) {
    struct fact_slot slot = s->facts[i];
    uint32_t by = NONE;

    if (i + AHEAD < s->fact_count && slot_hash(s->facts[i + AHEAD]) != NONE)
      place_expect(s, slot_hash(s->facts[i + AHEAD]));
    if (slot.bits & 1) { /* most of all */
      by = slot_by(slot);
      s->needed[slot_on(slot)] = true;
      s->needs_later |= slot_on(slot) >= by;
    } else if (!slot_asleep(slot)) {
      by = sort_fact(s, i);
    } else {
      place_put(s, i, slot_hash(slot));
    }
    if (by != NONE && by != before)
      list_need(s, by, i, &scattered);
    before = by;
  }
  if (scattered)
    chain_needs(s);
}

/* What else hangs on whom. */
static void needs_build(struct state *s)
{
  for (uint32_t k = 0; k < s->asking.n; k++) {
    uint32_t i = s->asking.at[k];
    const struct fact *f = state_fact(s, i);
    const struct need *n = &f->need;
    uint32_t zone, dns;

    for (uint32_t o = 0; n->type == NEED_COUNT && o < n->of_count; o++)
      s->needed[n->of[o]] = true;
    if (n->type != NEED_ENDPOINT)
      continue;
    need_place(s, f->by, n, &zone, &dns);
    struct key key = key_reach(zone, dns, &n->host, n->port, n->proto, n->vhost);

    uint32_t node = node_of(s, &key);

    s->asks[i] = node + 1;
    link_add(s, &s->nodes.at[node].asking, f->by);
  }
}

/* What takes the facts alone: the walk through them. */
static struct state *begin(struct model *m, struct arena *a, struct fact_slot *facts, uint32_t n, bool asleep)
{
  struct state *s = arena_new(a, struct state);

  s->m = m;
  s->arena = a;
  s->facts = facts;
  s->fact_count = n;
  s->asleep = asleep;
  s->needed = arena_array(a, bool, m->resources.n);
  s->needing = heads(s, m->resources.n);
  sort_facts(s);
  return s;
}

/* And what takes the steps and guards too. */
static struct state *finish(struct state *s)
{
  struct model *m = s->m;
  struct arena *a = s->arena;
  uint32_t resources = m->resources.n;

  s->bits = m->steps.n + m->parts.n;
  s->fresh = true;
  s->epoch = 1;
  s->done = arena_array(a, bool, s->bits);
  s->up = arena_array(a, uint8_t, resources);
  s->down_now = arena_array(a, uint8_t, resources);
  s->queued = arena_array(a, uint8_t, resources);
  s->resource_mark = arena_array(a, uint32_t, resources);
  s->step_mark = arena_array(a, uint32_t, s->bits);
  s->asks = heads(s, s->fact_count);
  s->up_nodes = heads(s, resources);
  s->disrupting = heads(s, resources);
  guards_build(s);
  index_build(s);
  needs_build(s);
  for (uint32_t i = m->steps.n; i-- > 0;)
    for (uint32_t k = 0; k < m->steps.at[i].disrupts_count; k++)
      prepend(s, &s->disrupting[m->steps.at[i].disrupts[k]], i);
  return s;
}

struct state *state_new(struct model *m, struct fact_slot *extra, uint32_t extra_count)
{
  return finish(begin(m, &m->c->arena, extra ? extra : m->facts.at, extra ? extra_count : m->facts.n, false));
}

/* ── Ahead ─────────────────────────────────────────────────────────────────── */

struct facts_sorting {
  struct beside beside;
  struct arena own; /* of the other thread, then a part of the compilation's */
  struct model *m;
  struct state *s;
};

static bool sort_apart(void *data)
{
  struct facts_sorting *f = data;

  f->s = begin(f->m, &f->own, f->m->facts.at, f->m->facts.n, true);
  up_ahead(f->s);
  return true;
}

void facts_sort_ahead(struct model *m, void *data)
{
  enum { WORTH = 10000 };
  struct facts_sorting **out = data;

  if (!beside_worth(m->facts.n, WORTH))
    return;
  *out = arena_new(&m->c->arena, struct facts_sorting);
  (*out)->m = m;
  beside_start(&(*out)->beside, sort_apart, *out);
}

struct state *state_sorted(struct model *m, struct facts_sorting *f)
{
  if (!f)
    return state_new(m, NULL, 0);
  (void)beside_join(&f->beside);
  arena_adopt(&m->c->arena, &f->own);
  f->s->arena = &m->c->arena;
  places_finish(f->s);
  return finish(f->s);
}
