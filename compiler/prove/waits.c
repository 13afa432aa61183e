/* Puts the waits that an order needs into the model, as steps that do nothing and change nothing.
 * Needs an order. Guarantees that ids of steps stay what they were; only those of parts move on. */
#include "prove/prove.h"

#include <string.h>

/* A guard may name parts, whose ids come after those of the steps. */
static void move_parts(struct model *m, uint32_t first, uint32_t more) {
  for (uint32_t i = 0; i < m->guards.n; i++) {
    struct guard *g = &m->guards.at[i];
    if (g->n == 0 || g->steps[g->n - 1] >> 1 < first) continue;
    uint32_t *steps = arena_array(&m->c->arena, uint32_t, g->n);
    for (uint32_t k = 0; k < g->n; k++) steps[k] = g->steps[k] >> 1 < first ? g->steps[k] : g->steps[k] + (more << 1);
    g->steps = steps;
  }
}

static struct step wait_step(struct model *m, uint32_t number, const struct step *before, int64_t length) {
  struct arena *a = &m->c->arena;
  const char *id = arena_print(a, "wait.%u", number);
  struct step s = {.takes = length, .wait = true, .resource = NONE, .first_position = before->first_position, .at = before->at};
  s.name = name_str(&m->c->names, id);
  s.title = name_str(&m->c->names, arena_print(a, "%s: lets old answers in caches run out before `%s`", id,
                                               name_text(&m->c->names, before->name)));
  return s;
}

void waits_insert(struct model *m, struct proof *p, struct proving *v) {
  uint32_t count = p->pauses.n, first = m->steps.n, n = p->order.n;
  if (count == 0) return;
  struct arena *a = &m->c->arena;
  uint32_t *old = p->order.at, pause = 0;
  move_parts(m, first, count);
  memset(&p->order, 0, sizeof p->order);
  v->position = arena_array(a, uint32_t, first + count + 1);
  for (uint32_t k = 0; k < n; k++) {
    for (; pause < count && p->pauses.at[pause].before == k; pause++) {
      array_push(a, &m->steps, wait_step(m, pause + 1, &m->steps.at[old[k]], p->pauses.at[pause].length));
      array_push(a, &p->order, m->steps.n - 1);
    }
    array_push(a, &p->order, old[k]);
  }
  for (uint32_t i = 0; i < p->components.n; i++) {
    struct component *c = &p->components.at[i];
    uint32_t begin = c->first, end = c->first + c->count;
    for (uint32_t k = 0; k < count; k++) {
      if (p->pauses.at[k].before < begin) c->first++;
      else if (p->pauses.at[k].before < end) c->count++;
    }
  }
  m->wait_count = count;
  for (uint32_t k = 0; k < p->order.n; k++) v->position[p->order.at[k]] = k;
  v->state = state_new(m, NULL, 0);
  v->local = arena_array(a, uint32_t, first + count + 1);
  for (uint32_t i = 0; i < first + count; i++) v->local[i] = NONE;
  v->done = NULL;
  v->done_count = 0;
}
