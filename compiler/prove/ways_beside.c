/* A second one beside the first, as a way out: the old and the new place both answer for a while.
 * Needs a plan in which a step moves a resource. Guarantees that it is offered only where the rest of the plan, as it is written, means
 * the same with two of them, but for what the offer says. */
#include "prove/ways_out.h"

#include <string.h>

bool guard_speaks_of(const struct model *m, uint32_t guard, uint32_t step) {
  for (uint32_t i = 0; i < m->guards.at[guard].n; i++)
    if (m->guards.at[guard].steps[i] >> 1 == step) return true;
  return false;
}

bool guard_comes_with(const struct model *m, uint32_t guard, uint32_t step) {
  for (uint32_t i = 0; i < m->guards.at[guard].n; i++)
    if (m->guards.at[guard].steps[i] == step << 1) return true;
  return false;
}

/* One that a step moves, and what in the plan has to name the second one, too. */
struct moved {
  struct ways *w;
  uint32_t step, resource;
  uint32_t fact; /* what it serves in the new place first */
  bool old;      /* it serves something in an old place */
  bool hosted, waited_for, promised;
};

/* ── May there be two of them? ───────────────────────────────────────────────────────────────────────────────────── */

/* Its own step, and no other, moves it. */
static bool moves_alone(const struct moved *x) {
  const struct model *m = x->w->m;
  const struct step *own = &m->steps.at[x->step];
  if (x->resource == NONE || own->name != m->resources.at[x->resource].name) return false;
  for (uint32_t i = 0; i < m->steps.n; i++)
    if (i != x->step && m->steps.at[i].resource == x->resource) return false;
  for (uint32_t i = 0; i < m->parts.n; i++)
    if (m->parts.at[i].resource == x->resource) return false;
  return true;
}

/* A rule that asks about the step would be asked of another resource. */
static bool ruled(const struct moved *x) {
  const struct model *m = x->w->m;
  for (uint32_t i = 0; i < m->forbidden.n; i++)
    if (m->forbidden.at[i].severity == SEV_ERROR && (m->forbidden.at[i].during == x->step || guard_speaks_of(m, m->forbidden.at[i].guard, x->step)))
      return true;
  return false;
}

/* Does somebody else answer there at some time? Two from the start would be told as one that the plan mends. */
static bool taken(const struct ways *w, uint32_t fact) {
  const struct proving *v = w->p->proving;
  for (uint32_t i = 0; i < v->conflict_count; i++)
    if (v->conflicts[i].fact == fact || v->conflicts[i].other == fact) return true;
  return false;
}

static bool same_place(const struct fact *a, const struct fact *b) {
  return a->host.type == b->host.type && a->host.name == b->host.name && memcmp(&a->host.from, &b->host.from, sizeof a->host.from) == 0;
}

/* Both would answer in the one place. */
static bool meets(const struct moved *x, const struct fact *fact) {
  const struct model *m = x->w->m;
  for (uint32_t i = 0; i < m->facts.n; i++) {
    const struct fact *other = fact_at(m, i);
    if (other->type == FACT_SERVES && other->by == x->resource && guard_comes_with(m, other->guard, x->step) && same_place(fact, other)) return true;
  }
  return false;
}

/* What it serves moves, or is a name of its own; nothing of others follows the step, whose values would stay with the first one. */
static bool can_be_two(struct moved *x) {
  const struct model *m = x->w->m;
  for (uint32_t i = 0; i < m->facts.n; i++) {
    const struct fact *f = fact_at(m, i);
    bool speaks = guard_speaks_of(m, f->guard, x->step), comes = guard_comes_with(m, f->guard, x->step);
    if (f->type == FACT_HOSTS && f->at == x->resource) x->hosted = true;
    if (speaks && (f->by != x->resource || f->type != FACT_SERVES)) return false;
    if (f->by != x->resource || f->type != FACT_SERVES) continue;
    if (!speaks && f->host.type != HOST_NAME) return false;
    if (speaks && (taken(x->w, i) || (!comes && meets(x, f)))) return false;
    if (comes && x->fact == NONE) x->fact = i;
    x->old = x->old || (speaks && !comes);
  }
  for (uint32_t i = 0; i < m->steps.n; i++)
    for (uint32_t k = 0; k < m->steps.at[i].after_count; k++) x->waited_for = x->waited_for || m->steps.at[i].after[k] == x->step;
  for (uint32_t i = 0; i < m->promises.n; i++)
    for (uint32_t k = 0; k < m->promises.at[i].guard_count; k++)
      x->promised = x->promised || guard_speaks_of(m, m->promises.at[i].guards[k], x->step);
  return x->fact != NONE && x->old;
}

/* ── May the first one go? ───────────────────────────────────────────────────────────────────────────────────────── */

static bool value_names(const struct value *v, uint32_t resource) {
  if (v->type == V_RESOURCE) return v->id == resource;
  for (uint32_t i = 0; (v->type == V_LIST || v->type == V_MAP || v->type == V_CALL) && i < v->count; i++)
    if (value_names(&v->items[i], resource)) return true;
  return false;
}

static bool need_names(const struct need *n, uint32_t resource) {
  for (uint32_t i = 0; n->type == NEED_COUNT && i < n->of_count; i++)
    if (n->of[i] == resource) return true;
  return n->type == NEED_RESOURCE && n->on == resource;
}

static bool step_names(const struct step *s, uint32_t resource) {
  for (uint32_t i = 0; i < s->needs_count; i++)
    if (need_names(&s->needs[i], resource)) return true;
  for (uint32_t i = 0; i < s->undo_needs_count; i++)
    if (need_names(&s->undo_needs[i], resource)) return true;
  for (uint32_t i = 0; i < s->disrupts_count; i++)
    if (s->disrupts[i] == resource) return true;
  return false;
}

/* Is something of the owner's hosted there? Then it names both, and the second one is left. */
static bool hosts_there(const struct moved *x, uint32_t owner) {
  const struct model *m = x->w->m;
  for (uint32_t i = 0; i < m->facts.n; i++) {
    const struct fact *f = fact_at(m, i);
    if (f->type == FACT_HOSTS && f->at == x->resource && f->by == owner) return true;
  }
  return false;
}

/* Does anything else in the plan name it, that would name what is gone then? */
static bool named(const struct moved *x) {
  const struct model *m = x->w->m;
  uint32_t r = x->resource;
  for (uint32_t i = 0; i < m->attributes.n; i++)
    for (uint32_t k = 0; k < m->attributes.at[i].cases.n; k++)
      if (value_names(&m->attributes.at[i].cases.at[k].value, r) && !(x->hosted && hosts_there(x, m->attributes.at[i].owner))) return true;
  for (uint32_t i = 0; i < m->facts.n; i++) {
    const struct fact *f = fact_at(m, i);
    bool leads = f->type == FACT_FORWARDS || f->type == FACT_NAMES;
    if (leads ? f->to.type == TARGET_RESOURCE && f->to.resource == r : f->type == FACT_NEEDS && need_names(&f->need, r)) return true;
  }
  for (uint32_t i = 0; i < m->resources.n; i++)
    if (resource_via(m, i) == r || resource_owner(m, i) == r) return true;
  for (uint32_t i = 0; i < m->steps.n; i++)
    if (step_names(&m->steps.at[i], r)) return true;
  for (uint32_t i = 0; i < m->promises.n; i++)
    if (need_names(&m->promises.at[i].endpoint, r)) return true;
  for (uint32_t i = 0; i < m->clients.n; i++)
    if (m->clients.at[i].resource == r) return true;
  for (uint32_t i = 0; i < m->secrets.n; i++)
    if (m->secrets.at[i].store == r) return true;
  return false;
}

/* ── Trying it ───────────────────────────────────────────────────────────────────────────────────────────────────── */

static uint32_t guard_without(struct model *m, uint32_t guard, uint32_t step, uint32_t literal) {
  const struct guard *g = &m->guards.at[guard];
  uint32_t *literals = arena_array(&m->c->arena, uint32_t, g->n + 2), n = 0;
  for (uint32_t i = 0; i < g->n; i++)
    if (g->steps[i] >> 1 != step) literals[n++] = g->steps[i];
  if (literal != NONE) literals[n++] = literal;
  return guard_of(m, literals, n);
}

/* The step brings the second one; the first one stays, or goes with all that it serves by a step of its own that is as the other. */
static struct model *with_both(const struct moved *x, bool gone) {
  struct model *fork = model_fork(x->w->m, gone);
  uint32_t leave = NONE;
  if (gone) {
    uint32_t id = fork->steps.n - 1;
    fork->steps.at[id] = fork->steps.at[x->step];
    fork->steps.at[id].first_position = id;
    leave = id << 1 | 1;
  }
  for (uint32_t i = 0; i < fork->facts.n; i++) {
    struct fact *f = fact_at(fork, i);
    if (f->type != FACT_SERVES || f->by != x->resource || guard_comes_with(x->w->m, f->guard, x->step)) continue;
    uint32_t guard = guard_without(fork, f->guard, x->step, leave);
    if (guard != NONE) f->guard = guard;
  }
  return fork;
}

void way_beside(struct ways *w, uint32_t step) {
  struct moved x = {.w = w, .step = step, .resource = w->m->steps.at[step].resource, .fact = NONE};
  if (!moves_alone(&x) || ruled(&x) || !can_be_two(&x)) return;
  bool gone = !named(&x) && way_mended(w, with_both(&x, true)) != NULL;
  if (!gone && way_mended(w, with_both(&x, false)) == NULL) return;
  struct mend *mend = way_add(w, MEND_BESIDE);
  mend->fact = x.fact;
  mend->step = step;
  mend->gone = gone;
  mend->hosted = x.hosted;
  mend->waited_for = x.waited_for;
  mend->promised = x.promised;
}
