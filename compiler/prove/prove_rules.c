/* Rules in the states of an order: which fail, where, and which step mends them.
 * Needs an order. Guarantees O(states × rules that ask who is up + rules): the others fail in an interval of states. */
#include "prove/prove.h"

struct failing {
  uint32_t first, last;  /* states, NONE */
  bool baseline, end;
  uint32_t mended;       /* first state without it */
  uint32_t during;       /* index in the order of the first step in which alone it fails, NONE */
};

static void fails_in(struct failing *f, uint32_t state, uint32_t last_state) {
  if (f->first == NONE) f->first = state;
  f->last = state;
  if (state == 0) f->baseline = true;
  if (state == last_state) f->end = true;
  if (f->baseline && f->mended == state) f->mended = state + 1;
}

/* A rule that asks nothing but which steps are done. */
static bool plain(const struct forbidden *r) {
  return r->up_count == 0 && r->down_count == 0 && r->hairpin_count == 0 && r->during == NONE;
}

/* What any rule says of a step while it runs, at either end. */
static void look_during(struct model *m, struct proof *p, struct state *s, struct failing *all) {
  for (uint32_t k = 0; k < p->order.n; k++) {
    uint32_t step = p->order.at[k];
    bool here = m->steps.at[step].disrupts_count > 0;
    for (uint32_t i = 0; !here && i < m->forbidden.n; i++) here = m->forbidden.at[i].during == step;
    if (!here) continue;
    for (unsigned after = 0; after < 2; after++) {
      goto_during(m, p, s, k, after);
      for (uint32_t i = 0; i < m->forbidden.n; i++) {
        const struct forbidden *r = &m->forbidden.at[i];
        if (plain(r) || r->hairpin_count > 0 || all[i].during != NONE) continue;
        if (state_forbidden(s, i, step)) all[i].during = k;
      }
    }
  }
}

static void look_at_states(struct model *m, struct proof *p, struct state *s, struct failing *all) {
  uint32_t first, last, n = p->order.n;
  for (uint32_t i = 0; i < m->forbidden.n; i++) {
    all[i] = (struct failing){.first = NONE, .last = NONE, .during = NONE};
    if (!plain(&m->forbidden.at[i]) || !guard_states(m, p, m->forbidden.at[i].guard, &first, &last)) continue;
    for (uint32_t k = first; k <= last; k++) fails_in(&all[i], k, n);
  }
  for (uint32_t k = 0; k <= n; k++) {
    bool there = false;
    for (uint32_t i = 0; i < m->forbidden.n; i++) {
      const struct forbidden *r = &m->forbidden.at[i];
      if (plain(r) || (r->hairpin_count > 0 && k < n) || r->during != NONE) continue;
      if (!guard_states(m, p, r->guard, &first, &last) || k < first || k > last) continue;
      if (!there) goto_state(m, p, s, k), there = true;
      if (!state_forbidden(s, i, NONE)) continue;
      fails_in(&all[i], k, n);
      if (r->hairpin_count > 0) all[i].first = first; /* asked at the end alone; it is so since its guard holds */
    }
  }
}

/* E261: forbidden, step (that brings it, or while which it fails), first_state, last_state, during; severity of the rule.
 * E203: forbidden, step (that mends it), first_state, last_state, mended. */
void check_rules(struct model *m, struct proof *p, struct state *s) {
  struct failing *all = arena_array(&m->c->arena, struct failing, m->forbidden.n + 1);
  look_at_states(m, p, s, all);
  look_during(m, p, s, all);
  for (uint32_t i = 0; i < m->forbidden.n; i++) {
    const struct failing *f = &all[i];
    if (f->first == NONE && f->during == NONE) continue;
    bool mended = f->baseline && !f->end;
    struct breach b = breach_new(mended ? CODE_203 : CODE_261);
    b.forbidden = i;
    b.mended = mended;
    if (!mended) b.severity = m->forbidden.at[i].severity;
    if (f->first != NONE) {
      b.first_state = f->first;
      b.last_state = mended ? f->mended - 1 : f->last;
      uint32_t at = mended ? f->mended : f->first;
      if (at > 0) b.step = p->order.at[at - 1];
    } else {
      b.during = true;
      b.step = p->order.at[f->during];
      b.first_state = f->during;
      b.last_state = f->during + 1;
    }
    if (m->forbidden.at[i].resource_count > 0) b.resource = m->forbidden.at[i].resources[0];
    breach_add(m, p, b);
  }
}
