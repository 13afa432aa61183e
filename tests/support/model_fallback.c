/* Guards and look-ups for models loaded from JSON, used only while model/ itself does not define them (weak symbols).
 * Needs nothing of model/ but its types. */
#include "model/elaborate.h"

#include <stdlib.h>
#include <string.h>

#define WEAK __attribute__((weak))

WEAK uint32_t index_get(const struct index *t, uint32_t key) {
  for (uint32_t i = key * 2654435761u, n = 0; t->cap > 0 && n < t->cap; i++, n++) {
    if (t->keys[i & (t->cap - 1)] == 0) return NONE;
    if (t->keys[i & (t->cap - 1)] == key + 1) return t->values[i & (t->cap - 1)];
  }
  return NONE;
}

static void put(struct index *t, uint32_t key, uint32_t value) {
  uint32_t i = key * 2654435761u;
  while (t->keys[i & (t->cap - 1)] != 0) i++;
  t->keys[i & (t->cap - 1)] = key + 1;
  t->values[i & (t->cap - 1)] = value;
  t->n++;
}

WEAK uint32_t index_put(struct arena *a, struct index *t, uint32_t key, uint32_t value) {
  uint32_t old = index_get(t, key);
  if (old != NONE) return old;
  if (t->n * 2 >= t->cap) {
    struct index grown = {.cap = t->cap == 0 ? 64 : t->cap * 2};
    grown.keys = arena_array(a, uint32_t, grown.cap);
    grown.values = arena_array(a, uint32_t, grown.cap);
    for (uint32_t i = 0; i < t->cap; i++)
      if (t->keys[i] != 0) put(&grown, t->keys[i] - 1, t->values[i]);
    *t = grown;
  }
  put(t, key, value);
  return value;
}

static int by_value(const void *a, const void *b) {
  uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
  return x < y ? -1 : x > y;
}

WEAK uint32_t guard_of(struct model *m, const uint32_t *literals, uint32_t n) {
  struct arena *arena = &m->c->arena;
  uint32_t *sorted = arena_array(arena, uint32_t, n + 1), k = 0;
  if (m->guards.n == 0) array_push(arena, &m->guards, (struct guard){0, NULL});
  if (n > 0) memcpy(sorted, literals, n * sizeof *sorted);
  qsort(sorted, n, sizeof *sorted, by_value);
  for (uint32_t i = 0; i < n; i++) {
    if (k > 0 && sorted[k - 1] == sorted[i]) continue;
    if (k > 0 && (sorted[k - 1] ^ 1) == sorted[i]) return NONE;
    sorted[k++] = sorted[i];
  }
  for (uint32_t i = 0; i < m->guards.n; i++)
    if (m->guards.at[i].n == k && (k == 0 || memcmp(m->guards.at[i].steps, sorted, k * sizeof *sorted) == 0)) return i;
  array_push(arena, &m->guards, (struct guard){k, sorted});
  return m->guards.n - 1;
}

WEAK uint32_t guard_and(struct model *m, uint32_t a, uint32_t b) {
  const struct guard x = m->guards.at[a], y = m->guards.at[b];
  uint32_t *all = arena_array(&m->c->arena, uint32_t, x.n + y.n + 1);
  if (x.n > 0) memcpy(all, x.steps, x.n * sizeof *all);
  if (y.n > 0) memcpy(all + x.n, y.steps, y.n * sizeof *all);
  return guard_of(m, all, x.n + y.n);
}

WEAK bool guard_holds(const struct model *m, uint32_t guard, const bool *done) {
  const struct guard *g = &m->guards.at[guard];
  for (uint32_t i = 0; i < g->n; i++)
    if (done[g->steps[i] >> 1] == ((g->steps[i] & 1) != 0)) return false;
  return true;
}

WEAK void state_complete(const struct model *m, bool *done) {
  for (uint32_t i = 0; i < m->parts.n; i++) done[m->steps.n + i] = done[m->parts.at[i].step];
}

WEAK uint32_t resource_find(const struct model *m, uint32_t name) { return index_get(&m->elaboration->resource_index, name); }

WEAK uint32_t step_find(const struct model *m, const char *id) {
  uint32_t name = name_find(&m->c->names, id, strlen(id));
  return name == NONE ? NONE : index_get(&m->elaboration->step_names, name);
}
