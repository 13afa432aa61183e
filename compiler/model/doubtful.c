/* Which resources an error of family 0 or 1 speaks of: what is proven about the others still stands.
 * Needs a model and its findings. Guarantees that a resource is doubtful when an error lies in its declaration, or in that of
 * its kind, or when it refers to one that is. */
#include "model/model.h"

#include <stdlib.h>

struct place_of { uint32_t source, start; };

static int by_place(const void *a, const void *b) {
  const struct place_of *x = a, *y = b;
  if (x->source != y->source) return x->source < y->source ? -1 : 1;
  return x->start < y->start ? -1 : x->start > y->start;
}

/* Is one of the sorted places within the node? */
static bool within(const struct model *m, const struct place_of *at, uint32_t n, uint32_t node) {
  const struct node *d = &m->tree->nodes.at[node];
  uint32_t low = 0, high = n;
  while (low < high) {
    uint32_t middle = (low + high) / 2;
    const struct place_of *p = &at[middle];
    if (p->source < d->source || (p->source == d->source && p->start < d->start)) low = middle + 1;
    else high = middle;
  }
  return low < n && at[low].source == d->source && at[low].start < d->end;
}

static bool refers(const bool *doubtful, const struct value *v) {
  if (v->type == V_RESOURCE) return doubtful[v->id];
  for (uint32_t i = 0; (v->type == V_LIST || v->type == V_MAP) && i < v->count; i++)
    if (refers(doubtful, &v->items[i])) return true;
  return false;
}

/* One flag for each resource. O(resources · log findings + attributes). */
bool *model_doubtful(const struct model *m) {
  struct arena *a = &m->c->arena;
  bool *doubtful = arena_array(a, bool, m->resources.n + 1);
  struct place_of *at = arena_array(a, struct place_of, m->c->findings.n + 1);
  uint32_t n = 0;
  for (uint32_t i = 0; i < m->c->findings.n; i++) {
    const struct finding *f = m->c->findings.at[i];
    if (f->severity == SEV_ERROR && f->code < CODE_201 && f->at.source != NONE) at[n++] = (struct place_of){f->at.source, f->at.start};
  }
  qsort(at, n, sizeof *at, by_place);
  for (uint32_t r = 0; r < m->resources.n; r++)
    doubtful[r] = within(m, at, n, m->resources.at[r].node);
  attributes_of_all(m);
  for (uint32_t i = 0; i < m->attributes.n; i++) {
    const struct attribute *x = &m->attributes.at[i];
    for (uint32_t c = 0; c < x->cases.n && x->owner < m->resources.n; c++)
      if (refers(doubtful, &x->cases.at[c].value)) doubtful[x->owner] = true;
  }
  return doubtful;
}
