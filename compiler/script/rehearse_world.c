/* What the stand-ins have done -> what there is to see.
 * Needs roles_build's result. Guarantees: answers come from the model alone: values from its guards, promises from the proof
 * or, in states that are not of the order, from a state of its own. */
#include "script/rehearse.h"

#include "prove/state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void world_make(struct world *w, const struct sandbox *s) {
  const struct model *m = s->b->m;
  *w = (struct world){.s = s, .phases = arena_array(s->arena, uint8_t, s->b->p->order.n + 1), .done = arena_array(s->arena, bool, m->steps.n + m->parts.n + 1)};
}

static void put(struct world *w, uint32_t k, enum phase phase) {
  const struct model *m = w->s->b->m;
  uint32_t step = w->s->b->p->order.at[k];
  bool done = phase == PHASE_AFTER;
  if (w->phases[k] == phase) return;
  w->phases[k] = (uint8_t)phase;
  w->done[step] = done;
  for (uint32_t i = 0; i < m->parts.n && m->steps.at[step].part_count > 0; i++)
    if (m->parts.at[i].step == step) w->done[m->steps.n + i] = done;
}

void world_work(struct world *w, uint32_t unit) {
  const struct role *r = &w->s->roles[unit];
  const struct sequence *q = &w->s->b->sequences.at[r->sequence];
  if (!r->effective) return;
  if (!r->last) {
    enum phase whole = q->type == SEQ_DO ? PHASE_AFTER : PHASE_BEFORE; /* doing again what is done changes nothing */
    if (w->phases[q->step] != whole) put(w, q->step, PHASE_PARTIAL);
  } else {
    put(w, q->step, q->type == SEQ_DO ? PHASE_AFTER : PHASE_BEFORE);
  }
}

void world_journal(struct world *w, const char *line) {
  char event[16];
  unsigned n;
  if (sscanf(line, "%*s %15s %u", event, &n) != 2 || n == 0 || n > w->s->b->p->order.n) return;
  if (strcmp(event, "done") == 0 && !w->s->changes[n - 1]) put(w, n - 1, PHASE_AFTER);
  if (strcmp(event, "undone") == 0 && !(w->s->changes[n - 1] && w->s->returns[n - 1])) put(w, n - 1, PHASE_BEFORE);
}

bool world_is(const struct world *w, enum phase end) {
  for (uint32_t k = 0; k < w->s->b->p->order.n; k++) {
    if (!w->s->changes[k] || (end == PHASE_BEFORE && !w->s->returns[k])) continue;
    if (w->phases[k] != end) return false;
  }
  return true;
}

uint32_t world_prefix(const struct world *w) {
  uint32_t n = w->s->b->p->order.n, k = 0;
  while (k < n && w->phases[k] == PHASE_AFTER) k++;
  for (uint32_t i = k; i < n; i++)
    if (w->phases[i] != PHASE_BEFORE) return NONE;
  return k;
}

enum verdict world_promise(struct world *w, uint32_t promise) {
  uint32_t k = world_prefix(w);
  if (k != NONE) return timeline_at(&w->s->b->p->timeline[promise], k);
  if (w->state == NULL) w->state = state_new(w->s->b->m, NULL, 0);
  state_set(w->state, w->done, NULL, 0);
  return state_promise(w->state, promise, NULL);
}

/* Is a step under way that changes this resource? */
static bool changing(const struct world *w, uint32_t resource) {
  const struct model *m = w->s->b->m;
  for (uint32_t k = 0; k < w->s->b->p->order.n; k++) {
    if (w->phases[k] != PHASE_PARTIAL) continue;
    const struct step *step = &m->steps.at[w->s->b->p->order.at[k]];
    for (uint32_t i = 0; i < step->hop_count; i++)
      if (m->attributes.at[step->hops[i].attribute].owner == resource) return true;
  }
  return false;
}

const char *world_value(const struct world *w, uint32_t resource, uint32_t attribute) {
  const struct model *m = w->s->b->m;
  const struct value *v = attribute_value(m, resource, attribute, w->done);
  if (v == NULL) return "none";
  return changing(w, resource) ? "(on its way)" : value_plain(&m->c->arena, m, v);
}

bool world_looks(const struct world *w, uint32_t unit) {
  const struct sequence *q = &w->s->b->sequences.at[w->s->roles[unit].sequence];
  if (q->step == NONE) return true;
  return w->phases[q->step] == (q->type == SEQ_WAS ? PHASE_BEFORE : PHASE_AFTER);
}

const char *world_text(const struct world *w, struct arena *arena) {
  static const char *const words[] = {"before", "half-way", "done"};
  struct text t = {.arena = arena};
  for (uint32_t k = 0; k < w->s->b->p->order.n; k++)
    text_print(&t, "%s%u %s", k > 0 ? ", " : "", k + 1, words[w->phases[k]]);
  return text_done(&t);
}
