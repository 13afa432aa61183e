/* What is not reached at the start: not at the end either (dangling), or mended by the plan; and what nobody can tell.
 * Needs an order. Guarantees one breach for each blamed fact or question. */
#include "prove/asked.h"
#include "prove/index.h"

static bool is_dangling(const struct asked *a)
{
  return a->at_end && !a->silent && !(a->late && a->ask != NONE) && a->start != UP && a->end != UP;
}

static bool is_mended(const struct asked *a)
{
  return a->at_start && a->at_end && !a->silent && !a->late && a->start != UP && a->end == UP;
}

static bool is_unreached(const struct asked *a)
{
  return a->at_end && !a->silent && a->end != UP;
}

/* Each hosted URL that some client reaches at the end, or at the start where it is not asked for at the end. */
static bool *reached_by_some(struct model *m, const struct state *s, const struct asked_list *list)
{
  bool *reached = arena_array(&m->c->arena, bool, s->fact_count);

  for (uint32_t i = 0; i < list->n; i++)
    if (list->at[i].type == ASKED_HOSTED && (list->at[i].at_end ? list->at[i].end : list->at[i].start) == UP)
      reached[list->at[i].fact] = true;
  return reached;
}

/* Only clients that some other client's URL is not meant for: an app that is not published everywhere. */
static bool unpublished(const struct asked_list *list, const struct blamed *g, const bool *reached)
{
  for (uint32_t i = 0; i < g->n; i++) {
    const struct asked *a = &list->at[g->asked[i]];

    if (a->type != ASKED_HOSTED || !reached[a->fact])
      return false;
  }
  return true;
}

static bool same_stop(const struct trace *a, const struct trace *b)
{
  const struct link *x = a->n ? &a->at[a->n - 1] : NULL, *y = b->n ? &b->at[b->n - 1] : NULL;

  return x && y && x->type == y->type && x->port == y->port && x->resource == y->resource && x->host.type == y->host.type &&
         x->host.name == y->host.name && address_compare(&x->host.from, &y->host.from) == 0;
}

/* E202, not reached at either end: fact: the last that leads on, else the `needs` or `hosts` fact that asks, else NONE;
 *   asked, promise, client, ask, resource: the question shown; before: its chain in the baseline; after: its chain at the end
 *   where that stops elsewhere; promises: not kept because of it; steps: that need it and cannot run (check_circular); first_state 0, last_state the last. Severity note: URLs
 *   that this client does not reach and another does (an app that is not published everywhere).
 * E206, a value on the way that nobody knows: the same members, fact: the one with the unknown value; first_state: since when
 *   it is on the way, up to the last state. */
static void tell(struct model *m, struct proof *p, struct state *s, const struct asked_list *list, const struct blamed *g,
                 enum code code, uint32_t since)
{
  struct breach b = breach_new(code);

  blamed_fill(m, s, list, g, &b);
  b.first_state = since;
  b.last_state = p->order.n;
  goto_state(m, p, s, p->order.n);
  blamed_verdict(s, list, g, &b.after);
  goto_state(m, p, s, 0);
  blamed_verdict(s, list, g, &b.before);
  if (same_stop(&b.before, &b.after))
    b.after = (struct trace){NULL, 0, b.after.verdict};
  if (code == CODE_202 && unpublished(list, g, reached_by_some(m, s, list)))
    b.severity = SEV_NOTE;
  breach_add(m, p, b);
}

static void unknown_values(struct model *m, struct proof *p, struct state *s, const struct asked_list *list)
{
  uint32_t n, kept = 0;

  goto_state(m, p, s, p->order.n);
  struct blamed *groups = blame(m, s, list, is_unreached, NULL, &n);

  for (uint32_t i = 0; i < n; i++)
    if (groups[i].root.unknown)
      groups[kept++] = groups[i];
  if (!kept)
    return;
  uint32_t *since = arena_array(&m->c->arena, uint32_t, kept);

  blamed_since(m, p, s, list, groups, kept, since);
  for (uint32_t i = 0; i < kept; i++)
    tell(m, p, s, list, &groups[i], CODE_206, since[i]);
}

/* Not reached while it was asked, and no longer asked: a pointer that the plan turns elsewhere. */
static bool is_dropped(const struct asked *a)
{
  return a->at_start && !a->at_end && !a->silent && !a->late && a->start != UP;
}

/* Adds what is no longer asked from some step on. */
static void dropped(struct model *m, struct proof *p, struct state *s, const struct asked_list *list)
{
  const bool *reached = reached_by_some(m, s, list);
  uint32_t n, first, last;

  goto_state(m, p, s, 0);
  struct blamed *groups = blame(m, s, list, is_dropped, NULL, &n);

  for (uint32_t i = 0; i < n; i++) {
    const struct asked *a = &list->at[groups[i].asked[0]];
    struct breach b = breach_new(CODE_203);

    if (unpublished(list, &groups[i], reached) || !guard_states(m, p, guard_of_asked(s, a), &first, &last) || last == p->order.n)
      continue;
    blamed_fill(m, s, list, &groups[i], &b);
    b.mended = true;
    b.first_state = 0;
    b.last_state = last;
    b.step = p->order.at[last];
    blamed_verdict(s, list, &groups[i], &b.before);
    breach_add(m, p, b);
  }
}

/* E203 for what asks (mended): fact, asked, promise, client, ask, resource and promises as in E202, seen in the baseline;
 *   before: the chain there; after: the chain at the end, empty when it is no longer asked then; step: the first after which
 *   it is reached (or no longer asked); first_state 0, last_state: the state before that. other_fact and forbidden are NONE:
 *   conflicts and rules set these. */
static void mended(struct model *m, struct proof *p, struct state *s, const struct asked_list *list)
{
  uint32_t n;

  goto_state(m, p, s, 0);
  struct blamed *groups = blame(m, s, list, is_mended, NULL, &n);
  uint32_t *until = arena_array(&m->c->arena, uint32_t, n);

  for (uint32_t i = 0; i < n; i++)
    if (groups[i].direct == NONE)
      groups[i].direct = groups[i].asked[0]; /* what was at the root may be gone at the end */
  blamed_until(m, p, s, list, groups, n, until);
  for (uint32_t i = 0; i < n; i++) {
    struct breach b = breach_new(CODE_203);

    if (!until[i] || until[i] == NONE)
      continue;
    blamed_fill(m, s, list, &groups[i], &b);
    b.mended = true;
    b.first_state = 0;
    b.last_state = until[i] - 1;
    b.step = p->order.at[until[i] - 1];
    goto_state(m, p, s, p->order.n);
    blamed_verdict(s, list, &groups[i], &b.after);
    goto_state(m, p, s, 0);
    blamed_verdict(s, list, &groups[i], &b.before);
    breach_add(m, p, b);
  }
}

void check_dangling(struct model *m, struct proof *p, struct state *s)
{
  const struct asked_list *list = asked_all(m, p, s);
  uint32_t n;

  goto_state(m, p, s, p->order.n);
  struct blamed *groups = blame(m, s, list, is_dangling, NULL, &n);

  for (uint32_t i = 0; i < n; i++)
    if (!groups[i].root.unknown)
      tell(m, p, s, list, &groups[i], CODE_202, 0);
  unknown_values(m, p, s, list);
  mended(m, p, s, list);
  dropped(m, p, s, list);
}
