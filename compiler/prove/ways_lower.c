/* A TTL that is lowered ahead of the change, as a way out.
 * Needs a plan. Guarantees that it was tried. */
#include "prove/ways_out.h"

enum { LOWERED = 60 /* seconds */ };

/* One TTL all the time, a long one, for a record that some step changes. */
static bool can_be_lowered(const struct model *m, uint32_t by) {
  uint32_t ttl = NONE;
  bool changes = false;
  for (uint32_t i = 0; i < m->facts.n; i++) {
    const struct fact *f = fact_at(m, i);
    if (f->type != FACT_NAMES || f->by != by) continue;
    if (f->ttl == NONE || f->ttl <= LOWERED || (ttl != NONE && f->ttl != ttl)) return false;
    ttl = f->ttl;
    changes = changes || f->guard != GUARD_ALWAYS;
  }
  return changes;
}

static struct model *lowered(struct model *m, uint32_t by) {
  struct model *fork = model_fork(m, 2);
  uint32_t low = fork->steps.n - 2, high = low + 1, n = fork->facts.n;
  uint32_t before = guard_of(fork, &(uint32_t){low << 1 | 1}, 1), after = guard_of(fork, &(uint32_t){high << 1}, 1);
  uint32_t within = guard_of(fork, (uint32_t[]){low << 1, high << 1 | 1}, 2);
  fork_step(fork, low, by);
  fork_step(fork, high, by);
  fork_after(fork, high, low);
  for (uint32_t i = 0; i < low; i++)
    if (fork->steps.at[i].resource == by) fork_after(fork, i, low), fork_after(fork, high, i);
  for (uint32_t i = 0; i < n; i++) {
    struct fact *f = fact_at(fork, i);
    if (f->type != FACT_NAMES || f->by != by) continue;
    uint32_t guard = f->guard;
    struct fact *later = fact_copy(&fork->c->arena, f), *lower = fact_copy(&fork->c->arena, f);
    f->guard = guard_and(fork, guard, before);
    later->guard = guard_and(fork, guard, after);
    array_push(&fork->c->arena, &fork->facts, slot_of_fact(later));
    lower->guard = guard_and(fork, guard, within);
    lower->ttl = LOWERED;
    array_push(&fork->c->arena, &fork->facts, slot_of_fact(lower));
  }
  return fork;
}

void way_lower(struct ways *w) {
  uint32_t last = NONE;
  for (uint32_t i = 0; i < w->m->facts.n; i++) {
    const struct fact *f = fact_at(w->m, i);
    if (f->type != FACT_NAMES || f->by == last || !can_be_lowered(w->m, f->by)) continue;
    last = f->by;
    if (way_mended(w, lowered(w->m, last)) == NULL) continue;
    struct mend *mend = way_add(w, MEND_TTL);
    mend->fact = i;
    mend->time = LOWERED * 1000;
    mend->first = mend->last = (int64_t)fact_at(w->m, i)->ttl * 1000;
    return;
  }
}
