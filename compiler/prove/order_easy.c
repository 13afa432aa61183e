/* Finds the order without any downtime, when there is one: depth first in source order, irreversible steps when no other is
 * left. No downtime cannot be beaten, and the first such order met is the first in the order of the definitions.
 * Needs a terrain. Guarantees: a set of steps that led nowhere is not entered twice, since with nothing down for any time
 * (a step of no length may well leave a promise down) the future depends on the set alone. Large groups that any careful order serves are done in as many looks as they have steps. */
#include "prove/admit.h"

#include <string.h>

enum { EASY_LIMIT = 1 << 16 };

struct easy {
  struct terrain *t;
  const uint64_t *asked;
  uint64_t *fails, *during;
  uint32_t mark;
  uint64_t looked_at;
};

static bool binds(const struct easy *e) {
  for (uint32_t w = 0; w < e->t->term_words; w++)
    if (e->fails[w] & e->asked[w]) return true;
  return false;
}

static bool all_up(const struct easy *e, const uint64_t *down) {
  for (uint32_t w = 0; w < e->t->promise_words; w++)
    if (down[w] & e->t->counted[w]) return false;
  return true;
}

static bool irreversible(const struct easy *e, uint32_t step) {
  return e->t->m->steps.at[e->t->group->steps[step]].irreversible != 0;
}

/* Where a step leads when it may be made without downtime; else NULL. */
static struct spot *follow(struct easy *e, struct spot *from, uint32_t step) {
  memset(e->fails, 0, e->t->term_words * sizeof *e->fails);
  fails_before(e->t, from, step, e->fails);
  if (binds(e)) return NULL;
  e->looked_at++;
  struct spot *to = spot_after(e->t, from, step);
  bool free_of_cost = e->t->m->steps.at[e->t->group->steps[step]].takes == 0;
  if (to->mark == e->mark || (!free_of_cost && !(all_up(e, from->down) && all_up(e, to->down)))) return NULL;
  move_look(e->t, from, step, to, e->fails, e->during);
  return binds(e) || (!free_of_cost && !all_up(e, e->during)) ? NULL : to;
}

static bool descend(struct easy *e, uint32_t *order, struct spot **path) {
  uint32_t depth = 0, reversible = 0, next = 0;
  for (uint32_t i = 0; i < e->t->n; i++) reversible += !irreversible(e, i);
  while (depth < e->t->n) {
    struct spot *to = NULL;
    for (; next < e->t->n && to == NULL; next++)
      if (!bit_get(path[depth]->set, next) && irreversible(e, next) == (depth >= reversible))
        if ((to = follow(e, path[depth], next)) != NULL) order[depth] = next;
    if (e->looked_at > EASY_LIMIT) return false;
    if (to != NULL) {
      path[++depth] = to;
      next = 0;
    } else {
      path[depth]->mark = e->mark; /* leads nowhere */
      if (depth == 0) return false;
      next = order[--depth] + 1;
    }
  }
  return true;
}

bool order_easy(struct terrain *t, const uint64_t *asked, struct found *out) {
  struct arena a = arena_borrow(t->v);
  struct easy e = {.t = t, .asked = asked, .mark = ++t->mark};
  e.fails = arena_array(&a, uint64_t, t->term_words);
  e.during = arena_array(&a, uint64_t, t->promise_words);
  struct spot **path = arena_array(&a, struct spot *, t->n + 1);
  path[0] = spot_at(t, arena_array(&a, uint64_t, t->words));
  uint32_t *order = arena_array(&a, uint32_t, t->n + 1);
  bool found = all_up(&e, path[0]->down) && descend(&e, order, path);
  out->looked_at += e.looked_at;
  if (found) {
    out->any = true;
    out->order = arena_array(&t->v->scratch, uint32_t, t->n + 1);
    memcpy(out->order, order, t->n * sizeof *order);
  }
  arena_return(t->v, &a);
  return found;
}
