/* Old answers by their age: which are still possible, and sets of them.
 * Needs nothing but the answers' ids. Guarantees that none is left out, however many there are; ascending by answer. */
#include "prove/prove.h"

void olds_copy(struct olds *to, const struct olds *from) {
  if (from->n > to->cap) to->at = arena_grow(to->arena, to->at, 0, &to->cap, from->n, sizeof *to->at);
  to->n = from->n;
  if (from->n > 0) memcpy(to->at, from->at, from->n * sizeof *to->at);
}

void olds_add(struct olds *o, uint32_t answer, int64_t keeps) {
  uint32_t low = 0, high = o->n;
  while (low < high) {
    uint32_t middle = (low + high) / 2;
    if (o->at[middle].answer < answer) low = middle + 1;
    else high = middle;
  }
  if (low == o->n || o->at[low].answer != answer) {
    array_push(o->arena, o, (struct old){answer, 0, 0});
    memmove(&o->at[low + 1], &o->at[low], (o->n - 1 - low) * sizeof *o->at);
    o->at[low] = (struct old){answer, 0, 0};
  }
  if (o->at[low].sure < keeps) o->at[low].sure = keeps;
  if (o->at[low].estimated < keeps) o->at[low].estimated = keeps;
}

void olds_wait(struct olds *o, int64_t time) {
  uint32_t kept = 0;
  for (uint32_t i = 0; i < o->n; i++) {
    struct old x = o->at[i];
    x.sure -= time;
    x.estimated = x.estimated > time ? x.estimated - time : 0;
    if (x.sure > 0) o->at[kept++] = x;
  }
  o->n = kept;
}

void olds_step(struct olds *o, const struct published *before, const struct published *after, uint32_t questions, int64_t takes) {
  for (uint32_t i = 0; i < o->n; i++) o->at[i].estimated = o->at[i].estimated > takes ? o->at[i].estimated - takes : 0;
  for (uint32_t i = 0; i < questions; i++) {
    bool ends = before[i].answer != after[i].answer || before[i].keeps != after[i].keeps;
    int64_t keeps = published_keeps(&before[i], after[i].lag);
    if (ends && before[i].answer != NONE && keeps > 0) olds_add(o, before[i].answer, keeps);
  }
}
