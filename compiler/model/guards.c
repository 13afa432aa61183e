/* Guards: which steps are done and which are not.
 * Literal lists -> interned ids. Needs the marks' implications from steps.c, if there are any.
 * Guarantees: equal guards have equal ids; a guard that no reachable set of steps satisfies has none. */
#include "model/elaborate.h"

#include <stdlib.h>
#include <string.h>

struct implied {
  const uint32_t *at; /* sorted marks */
  uint32_t n;
};
struct guard_table {
  uint32_t *slots; /* guard id + 1 */
  uint32_t cap, known;
  struct implied *implied; /* by mark: what is done whenever it is */
  uint32_t implied_count;
  struct { const uint32_t *steps; uint32_t n; } *disrupting; /* by resource */
};

static uint32_t hash(const uint32_t *at, uint32_t n) {
  uint32_t h = 2166136261u;
  for (uint32_t i = 0; i < n; i++) {
    h = (h ^ at[i]) * 16777619u;
    h ^= h >> 15;
  }
  return h;
}

static void insert(struct model *m, struct guard_table *t, uint32_t id) {
  const struct guard *g = &m->guards.at[id];
  uint32_t at = hash(g->steps, g->n) & (t->cap - 1);
  while (t->slots[at]) at = (at + 1) & (t->cap - 1);
  t->slots[at] = id + 1;
}

/* The table, knowing every guard of the model: some models are read from JSON and have no elaboration. */
static struct guard_table *table(struct model *m) {
  if (!m->elaboration) {
    m->elaboration = arena_new(&m->c->arena, struct elaboration);
    m->elaboration->m = m;
    m->elaboration->c = m->c;
    m->elaboration->tree = m->tree;
  }
  struct guard_table *t = m->elaboration->guards;
  if (!t) t = m->elaboration->guards = arena_new(&m->c->arena, struct guard_table);
  if (m->guards.n == 0) array_push(&m->c->arena, &m->guards, (struct guard){0, NULL});
  if (t->cap < (m->guards.n + 1) * 2) {
    uint32_t likely = 2 * m->steps.n + m->guards.n; /* before and after each step: those at least */
    if (likely > m->guards.cap) m->guards.at = arena_grow(&m->c->arena, m->guards.at, m->guards.n, &m->guards.cap, likely, sizeof *m->guards.at);
    t->cap = t->cap ? t->cap : 64;
    while (t->cap < (likely + 1) * 2) t->cap *= 2;
    t->slots = arena_table(&m->c->arena, t->cap, sizeof *t->slots);
    t->known = 0;
  }
  while (t->known < m->guards.n) insert(m, t, t->known++);
  return t;
}

static int compare(const void *a, const void *b) {
  uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
  return x < y ? -1 : x > y;
}

static bool implies(const struct guard_table *t, uint32_t mark, uint32_t other) {
  if (mark >= t->implied_count || !t->implied[mark].n) return false;
  const struct implied *i = &t->implied[mark];
  return bsearch(&other, i->at, i->n, sizeof *i->at, compare) != NULL;
}

/* Sorted and without doubles; is there a state in which it holds? */
static bool possible(const struct guard_table *t, const uint32_t *at, uint32_t n) {
  for (uint32_t i = 1; i < n; i++)
    if (at[i] == (at[i - 1] | 1u) && !(at[i - 1] & 1u)) return false;
  if (!t->implied_count) return true;
  for (uint32_t i = 0; i < n; i++) {
    if (!(at[i] & 1u)) continue;
    for (uint32_t k = 0; k < n; k++)
      if (!(at[k] & 1u) && implies(t, at[k] >> 1, at[i] >> 1)) return false;
  }
  return true;
}

static uint32_t intern(struct model *m, const uint32_t *at, uint32_t n) {
  if (n == 0) return (void)table(m), GUARD_ALWAYS;
  struct guard_table *t = table(m);
  if (!possible(t, at, n)) return NONE;
  uint32_t slot = hash(at, n) & (t->cap - 1);
  for (; t->slots[slot]; slot = (slot + 1) & (t->cap - 1)) {
    const struct guard *g = &m->guards.at[t->slots[slot] - 1];
    if (g->n == n && !memcmp(g->steps, at, n * sizeof *at)) return t->slots[slot] - 1;
  }
  uint32_t *copy = arena_array(&m->c->arena, uint32_t, n);
  memcpy(copy, at, n * sizeof *at);
  array_push(&m->c->arena, &m->guards, (struct guard){n, copy});
  t = table(m);
  return m->guards.n - 1;
}

static uint32_t unique(uint32_t *at, uint32_t n) {
  uint32_t kept = 0;
  for (uint32_t i = 0; i < n; i++)
    if (!kept || at[kept - 1] != at[i]) at[kept++] = at[i];
  return kept;
}

uint32_t guard_of(struct model *m, const uint32_t *literals, uint32_t n) {
  uint32_t few[32], *at = n <= 32 ? few : arena_array(&m->c->arena, uint32_t, n);
  if (n) memcpy(at, literals, n * sizeof *at);
  if (n > 1) qsort(at, n, sizeof *at, compare);
  return intern(m, at, unique(at, n));
}

uint32_t guard_and(struct model *m, uint32_t a, uint32_t b) {
  if (a == NONE || b == NONE) return NONE;
  if (a == b || b == GUARD_ALWAYS) return a;
  if (a == GUARD_ALWAYS) return b;
  struct guard x = m->guards.at[a], y = m->guards.at[b];
  uint32_t few[64], *at = x.n + y.n <= 64 ? few : arena_array(&m->c->arena, uint32_t, (size_t)x.n + y.n);
  uint32_t n = 0, i = 0, k = 0;
  while (i < x.n || k < y.n) {
    uint32_t next = k == y.n || (i < x.n && x.steps[i] <= y.steps[k]) ? x.steps[i++] : y.steps[k++];
    if (!n || at[n - 1] != next) at[n++] = next;
  }
  return intern(m, at, n);
}

bool guard_holds(const struct model *m, uint32_t guard, const bool *done) {
  if (guard == NONE) return false;
  if (guard == GUARD_ALWAYS) return true;
  if (m->elaboration) m->elaboration->asked++;
  const struct guard *g = &m->guards.at[guard];
  for (uint32_t i = 0; i < g->n; i++)
    if (done[g->steps[i] >> 1] == (bool)(g->steps[i] & 1u)) return false;
  return true;
}

uint32_t guard_after(struct elaboration *e, uint32_t mark) { return guard_of(e->m, (uint32_t[]){mark << 1}, 1); }
uint32_t guard_before(struct elaboration *e, uint32_t mark) { return guard_of(e->m, (uint32_t[]){mark << 1 | 1u}, 1); }

static uint32_t mark_step(const struct model *m, uint32_t mark) {
  return mark < m->steps.n ? mark : m->parts.at[mark - m->steps.n].step;
}

uint32_t guard_given(struct elaboration *e, uint32_t guard, uint32_t step, bool done) {
  if (guard == NONE || guard == GUARD_ALWAYS) return guard;
  struct guard g = e->m->guards.at[guard];
  uint32_t few[32], *at = g.n <= 32 ? few : arena_array(&e->c->arena, uint32_t, g.n), n = 0;
  for (uint32_t i = 0; i < g.n; i++) {
    if (mark_step(e->m, g.steps[i] >> 1) != step) at[n++] = g.steps[i];
    else if (done == (bool)(g.steps[i] & 1u)) return NONE;
  }
  return intern(e->m, at, n);
}

void state_complete(const struct model *m, bool *done) {
  for (uint32_t i = 0; i < m->parts.n; i++) done[m->steps.n + i] = done[m->parts.at[i].step];
}

bool *state_new_flags(struct elaboration *e, bool all) {
  size_t n = (size_t)e->m->steps.n + e->m->parts.n;
  bool *done = arena_array(&e->c->arena, bool, n + 1);
  if (all) memset(done, true, n * sizeof *done);
  return done;
}

const bool *state_at_end(struct elaboration *e, bool all) {
  size_t n = (size_t)e->m->steps.n + e->m->parts.n + 1;
  if (e->ends_count != n) {
    e->ends[0] = state_new_flags(e, false);
    e->ends[1] = state_new_flags(e, true);
    e->ends_count = n;
  }
  return e->ends[all];
}

void guards_imply(struct elaboration *e, uint32_t mark, uint32_t *marks, uint32_t n) {
  struct guard_table *t = table(e->m);
  uint32_t count = e->m->steps.n + e->m->parts.n;
  if (t->implied_count < count) {
    t->implied = arena_array(&e->c->arena, struct implied, count);
    t->implied_count = count;
  }
  if (n) qsort(marks, n, sizeof *marks, compare);
  t->implied[mark] = (struct implied){marks, unique(marks, n)};
}

const uint32_t *steps_disrupting(struct elaboration *e, uint32_t resource, uint32_t *n) {
  struct guard_table *t = table(e->m);
  struct model *m = e->m;
  if (!t->disrupting) {
    t->disrupting = arena_alloc(&e->c->arena, (size_t)m->resources.n + 1, sizeof *t->disrupting);
    for (uint32_t s = 0; s < m->steps.n; s++)
      for (uint32_t i = 0; i < m->steps.at[s].disrupts_count; i++) t->disrupting[m->steps.at[s].disrupts[i]].n++;
    for (uint32_t r = 0; r < m->resources.n; r++) {
      t->disrupting[r].steps = t->disrupting[r].n ? arena_array(&e->c->arena, uint32_t, t->disrupting[r].n) : NULL;
      t->disrupting[r].n = 0;
    }
    for (uint32_t s = 0; s < m->steps.n; s++)
      for (uint32_t i = 0; i < m->steps.at[s].disrupts_count; i++) {
        uint32_t r = m->steps.at[s].disrupts[i];
        ((uint32_t *)t->disrupting[r].steps)[t->disrupting[r].n++] = s;
      }
  }
  *n = t->disrupting[resource].n;
  return t->disrupting[resource].steps;
}
