/* What a group's states are with old answers about: what each publishes, and which promises would not hold.
 * Needs a terrain with caches. Guarantees: each state is looked at once per set of old answers. */
#include "prove/admit.h"

#include <string.h>

struct asked_old {
  struct asked_old *next;
  struct answers old;
  uint32_t step;
  bool after;
  uint64_t dark[];
};

const struct published *spot_published(struct terrain *t, struct spot *at) {
  if (at->published != NULL) return at->published;
  terrain_go(t, at->set, NONE);
  at->published = arena_array(&t->arena, struct published, caches_questions(t->caches));
  caches_published(t->caches, at->published);
  return at->published;
}

const uint64_t *spot_dark(struct terrain *t, struct spot *at, uint32_t step, bool after, const struct recall *old) {
  const struct half *h = step == NONE ? NULL : half_at(t, at, step, after);
  const uint64_t *down = h == NULL ? at->down : half_down(t, h);
  bool about = false;
  for (uint32_t i = 0; i < t->promise_count && !about; i++) about = !bit_get(down, i) && caches_about(t->caches, i, old);
  if (!about) return down;
  if (h == NULL) step = NONE;
  for (struct asked_old *a = at->asked_old; a != NULL; a = a->next)
    if (a->step == step && a->after == after && caches_same(t->caches, NONE, old, &a->old)) return a->dark;
  struct asked_old *a = arena_alloc(&t->arena, 1, sizeof *a + t->promise_words * sizeof *a->dark);
  a->step = step;
  a->after = after;
  caches_keep(t->caches, NONE, old, &t->arena, &a->old);
  a->next = at->asked_old;
  at->asked_old = a;
  terrain_go(t, at->set, step);
  for (uint32_t i = 0; i < t->promise_count; i++)
    if (bit_get(down, i) || !caches_hold(t->caches, i, old)) bit_put(a->dark, i);
  return a->dark;
}

int64_t spot_tail(struct terrain *t, struct spot *at, uint32_t promise, const struct olds *all) {
  struct olds *o = &t->mine;
  int64_t least = 0;
  o->n = 0;
  for (uint32_t i = 0; i < all->n; i++) { /* what others ask makes no difference, and a look of each of its own */
    if (caches_asks(t->caches, promise, all->at[i].answer)) array_push(o->arena, o, all->at[i]);
  }
  for (uint32_t tries = 0; tries <= o->n; tries++) {
    struct recall r = {o, 0, least};
    if (!caches_about(t->caches, promise, &r) || !bit_get(spot_dark(t, at, NONE, false, &r), promise)) return least;
    int64_t next = INT64_MAX;
    for (uint32_t i = 0; i < o->n; i++)
      if (o->at[i].estimated > least && o->at[i].estimated < next) next = o->at[i].estimated;
    if (next == INT64_MAX) return least;
    least = next;
  }
  return least;
}

/* Answers of the upper state that an undo ends. */
static struct recall ended_by_undo(struct terrain *t, struct spot *from, struct spot *to) {
  const struct published *below = spot_published(t, from), *above = spot_published(t, to);
  t->ended.n = 0;
  for (uint32_t q = 0; q < caches_questions(t->caches); q++)
    if (above[q].answer != NONE && above[q].keeps > 0 && above[q].answer != below[q].answer) olds_add(&t->ended, above[q].answer, above[q].keeps);
  return (struct recall){&t->ended, 0, -1};
}

void fails_undo(struct terrain *t, struct spot *from, uint32_t step, struct spot *to, const uint64_t *during, uint64_t *fails) {
  if (t->m->steps.at[t->group->steps[step]].irreversible != 0) return;
  struct recall old = ended_by_undo(t, from, to);
  const uint64_t *dark = spot_dark(t, from, NONE, false, &old), *half = spot_dark(t, from, step, false, &old);
  for (uint32_t i = 0; i < t->promise_count; i++)
    if (t->always[i] && !bit_get(from->down, i) && !bit_get(to->down, i) && !bit_get(during, i) && (bit_get(dark, i) || bit_get(half, i)))
      bit_put(fails, t->promise_term[i]);
}
