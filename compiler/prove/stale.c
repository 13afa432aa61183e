/* What the plan leaves behind: everything that asks and is reached at the start but not at the end, by whom it is to blame on.
 * Needs an order. Guarantees one breach for each blamed fact (or question that leads nowhere by itself), promised or not. */
#include "prove/asked.h"
#include "prove/index.h"

#include <stdlib.h>

static bool is_stale(const struct asked *a)
{
  return a->at_end && a->start == UP && a->end != UP;
}

static bool heard(const struct asked_list *list, const struct blamed *b)
{
  for (uint32_t i = 0; i < b->n; i++)
    if (!list->at[b->asked[i]].silent)
      return true;
  return false;
}

/* Nothing but checks of steps that name the dead place themselves, and cannot pass when they run: E301 says so. */
static bool told_as_check(struct model *m, const struct proof *p, struct state *s, const struct asked_list *list, const struct blamed *b)
{
  if (b->root.fact != NONE)
    return false;
  for (uint32_t i = 0; i < b->n; i++) {
    const struct asked *a = &list->at[b->asked[i]];

    if (a->type != ASKED_ASK || m->asks.at[a->ask].step == NONE || m->asks.at[a->ask].type == ASK_PROVIDER)
      return false;
    goto_state(m, p, s, p->proving->position[m->asks.at[a->ask].step] + 1);
    if (state_need(s, NONE, a->need, NULL) == UP)
      return false;
  }
  return true;
}

static int compare(const void *a, const void *b)
{
  uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

  return x < y ? -1 : x > y;
}

struct ids { uint32_t *at, n, cap; };

static void sort_once(struct ids *list)
{
  uint32_t n = 0;

  if (list->n)
    qsort(list->at, list->n, sizeof *list->at, compare);
  for (uint32_t i = 0; i < list->n; i++)
    if (!n || list->at[n - 1] != list->at[i])
      list->at[n++] = list->at[i];
  list->n = n;
}

/* The group with this fact at its root, NONE. */
static uint32_t group_of(const struct state *s, const struct blamed *groups, uint32_t n, uint32_t fact)
{
  for (uint32_t i = 0; fact < s->fact_count && i < n; i++)
    if (groups[i].root.fact != NONE && groups[i].key == root_key(s, fact))
      return i;
  return NONE;
}

/* The root of a resource's being down, as a fact. */
static uint32_t root_of_resource(struct state *s, uint32_t resource)
{
  struct link down = {.type = STOP_DOWN, .fact = NONE, .resource = resource, .zone = NONE, .port = NONE};

  return root_of(s, &(struct trace){&down, 1, DOWN}).fact;
}

/* The root of a secret's source not being reached now; NONE when it is. */
static uint32_t root_of_secret(struct state *s, const struct secret *secret)
{
  for (uint32_t i = 0; i < secret->needs_count; i++) {
    struct trace t;

    if (state_need(s, NONE, &secret->needs[i], &t) == UP)
      continue;
    struct root r = root_of(s, &t);

    return r.fact;
  }
  return NONE;
}

struct behind { struct ids resources, secrets; };

/* In the last state: who is down, and which secrets cannot be fetched, because of which fact. */
static struct behind *look_behind(struct model *m, const struct proof *p, struct state *s, const struct blamed *groups, uint32_t n)
{
  struct arena *arena = &m->c->arena;
  struct behind *behind = arena_array(arena, struct behind, n);
  bool *was_up = arena_array(arena, bool, m->resources.n);

  goto_state(m, p, s, 0);
  for (uint32_t r = 0; r < m->resources.n; r++)
    was_up[r] = state_up(s, r);
  goto_state(m, p, s, p->order.n);
  for (uint32_t r = 0; r < m->resources.n; r++) {
    if (!was_up[r] || state_up(s, r))
      continue;
    uint32_t g = group_of(s, groups, n, root_of_resource(s, r));

    if (g != NONE)
      array_push(arena, &behind[g].resources, r);
  }
  for (uint32_t i = 0; i < m->secrets.n; i++) {
    uint32_t g = group_of(s, groups, n, root_of_secret(s, &m->secrets.at[i]));

    if (g != NONE)
      array_push(arena, &behind[g].secrets, i);
  }
  return behind;
}

/* E201: fact: the last fact of the chain that still leads to the old place (its span is the one place); a `needs` fact when
 *   nothing leads on from what it asks for (or, NEED_NEVER, a condition that no longer holds); a `hosts` fact when the name
 *   of that URL leads nowhere; NONE: `asked` itself, of `promise` or of m->asks[ask]. resource: its owner.
 * asked, promise, client: the question whose chains `before` (in the last state that had it up) and `after` (in the last
 *   state) are shown. step: the step that breaks it; first_state: the state after that; last_state: the last.
 * promises: broken at the end because of it. resources: down or, as URLs, not reached because of it. secrets: whose source is
 *   not reached at the end because of it. mends: filled by check_mends. */
static void tell(struct model *m, struct proof *p, struct state *s, const struct asked_list *list, const struct blamed *g,
                 uint32_t since, struct behind *behind)
{
  struct breach b = breach_new(CODE_201);

  blamed_fill(m, s, list, g, &b);
  b.first_state = since;
  b.last_state = p->order.n;
  for (uint32_t i = 0; i < g->n; i++) {
    const struct asked *a = &list->at[g->asked[i]];

    if (a->type != ASKED_PROMISE && a->resource != NONE && a->resource != b.resource)
      array_push(&m->c->arena, &behind->resources, a->resource);
  }
  sort_once(&behind->resources);
  b.resources = behind->resources.at;
  b.resource_count = behind->resources.n;
  b.secrets = behind->secrets.at;
  b.secret_count = behind->secrets.n;
  goto_state(m, p, s, p->order.n);
  blamed_verdict(s, list, g, &b.after);
  if (since > 0) {
    b.step = p->order.at[since - 1];
    goto_state(m, p, s, since - 1);
    blamed_verdict(s, list, g, &b.before);
  }
  breach_add(m, p, b);
}

void check_stale(struct model *m, struct proof *p, struct state *s)
{
  const struct asked_list *list = asked_all(m, p, s);
  struct trace *was = arena_array(&m->c->arena, struct trace, list->n);
  uint32_t n, kept = 0;

  goto_state(m, p, s, 0);
  for (uint32_t i = 0; i < list->n; i++)
    if (is_stale(&list->at[i]))
      asked_verdict(s, &list->at[i], &was[i]);
  goto_state(m, p, s, p->order.n);
  struct blamed *groups = blame(m, s, list, is_stale, was, &n);

  for (uint32_t i = 0; i < n; i++)
    if (!groups[i].root.unknown && heard(list, &groups[i]) && !told_as_check(m, p, s, list, &groups[i]))
      groups[kept++] = groups[i];
  if (!kept)
    return;
  uint32_t *since = arena_array(&m->c->arena, uint32_t, kept);
  struct behind *behind = look_behind(m, p, s, groups, kept);

  blamed_since(m, p, s, list, groups, kept, since);
  for (uint32_t i = 0; i < kept; i++)
    tell(m, p, s, list, &groups[i], since[i], &behind[i]);
}
