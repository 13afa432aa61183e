/* Rules in the states of an order: which fail, where, and which step mends them.
 * Needs an order. Guarantees that a rule is asked anew only after a step that it depends on, and one that speaks of steps alone
 * not even then: it fails in an interval of states. */
#include "prove/prove.h"

struct failing {
  uint32_t first, last;  /* states, NONE */
  bool baseline, end;
  uint32_t mended;       /* first state without it */
  uint32_t during;       /* index in the order of the first step in which alone it fails, NONE */
};

/* It fails from one state to another. */
static void fails(struct failing *f, uint32_t first, uint32_t last, uint32_t last_state) {
  if (f->first == NONE) f->first = first;
  f->last = last;
  if (first == 0) {
    f->baseline = true;
    f->mended = last + 1;
  }
  if (last == last_state) f->end = true;
}

/* A rule that asks nothing but which steps are done. */
static bool plain(const struct forbidden *r) {
  return r->up_count == 0 && r->down_count == 0 && r->hairpin_count == 0 && r->during == NONE;
}

/* Rules by the steps that they depend on: chains from first[step]. */
struct by_step { uint32_t *first, *next, *rule, n; };

static struct by_step index_rules(struct model *m, const struct proving *v) {
  uint32_t total = 0;
  for (uint32_t i = 0; i < m->forbidden.n; i++) total += v->rule_steps[i].n;
  struct by_step x = {.first = arena_array(&m->c->arena, uint32_t, m->steps.n + 1)};
  x.next = arena_array(&m->c->arena, uint32_t, total + 1);
  x.rule = arena_array(&m->c->arena, uint32_t, total + 1);
  for (uint32_t i = 0; i < m->steps.n; i++) x.first[i] = NONE;
  for (uint32_t i = m->forbidden.n; i-- > 0;)
    for (uint32_t k = 0; k < v->rule_steps[i].n; k++) {
      uint32_t step = v->rule_steps[i].at[k];
      x.rule[x.n] = i;
      x.next[x.n] = x.first[step];
      x.first[step] = x.n++;
    }
  return x;
}

/* What the rules that a step has a part in say while it runs, at either end. */
static void look_during(struct model *m, struct proof *p, struct state *s, const struct by_step *x, struct failing *all) {
  for (uint32_t k = 0; k < p->order.n; k++) {
    uint32_t step = p->order.at[k];
    for (unsigned after = 0; after < 2; after++) {
      bool there = false;
      for (uint32_t e = x->first[step]; e != NONE; e = x->next[e]) {
        const struct forbidden *r = &m->forbidden.at[x->rule[e]];
        if (plain(r) || r->hairpin_count > 0 || all[x->rule[e]].during != NONE) continue;
        if (m->steps.at[step].disrupts_count == 0 && r->during != step) continue;
        if (!there) goto_during(m, p, s, k, after), there = true;
        if (state_forbidden(s, x->rule[e], step)) all[x->rule[e]].during = k;
      }
    }
  }
}

/* A rule that asks who is up, in one state; what it said holds until a step that it depends on. */
static void look_at(struct model *m, struct proof *p, struct state *s, uint32_t rule, uint32_t k, bool *there, bool *now) {
  const struct forbidden *r = &m->forbidden.at[rule];
  if (plain(r) || r->during != NONE || (r->hairpin_count > 0 && k < p->order.n)) return;
  if (!*there) goto_state(m, p, s, k), *there = true;
  now[rule] = state_forbidden(s, rule, NONE);
}

static void look_at_states(struct model *m, struct proof *p, struct state *s, const struct by_step *x, struct failing *all) {
  uint32_t first, last, n = p->order.n, *since = arena_array(&m->c->arena, uint32_t, m->forbidden.n + 1);
  bool *now = arena_array(&m->c->arena, bool, m->forbidden.n + 1), there = false;
  for (uint32_t i = 0; i < m->forbidden.n; i++) {
    all[i] = (struct failing){.first = NONE, .last = NONE, .during = NONE};
    if (plain(&m->forbidden.at[i]) && guard_states(m, p, m->forbidden.at[i].guard, &first, &last)) fails(&all[i], first, last, n);
    look_at(m, p, s, i, 0, &there, now);
  }
  for (uint32_t k = 1; k <= n; k++) {
    there = false;
    for (uint32_t e = x->first[p->order.at[k - 1]]; e != NONE; e = x->next[e]) {
      uint32_t i = x->rule[e];
      bool before = now[i];
      look_at(m, p, s, i, k, &there, now);
      if (before && !now[i]) fails(&all[i], since[i], k - 1, n);
      if (!before) since[i] = k;
    }
  }
  there = false;
  for (uint32_t i = 0; i < m->forbidden.n; i++) {
    if (m->forbidden.at[i].hairpin_count > 0) {
      look_at(m, p, s, i, n, &there, now);
      since[i] = guard_states(m, p, m->forbidden.at[i].guard, &first, &last) ? first : n; /* so since its guard holds */
    }
    if (now[i]) fails(&all[i], since[i], n, n);
  }
}

/* E261: forbidden, step (that brings it, or while which it fails), first_state, last_state, during; severity of the rule.
 * E203: forbidden, step (that mends it), first_state, last_state, mended. */
void check_rules(struct model *m, struct proof *p, struct state *s) {
  struct failing *all = arena_array(&m->c->arena, struct failing, m->forbidden.n + 1);
  struct by_step x = index_rules(m, p->proving);
  look_at_states(m, p, s, &x, all);
  look_during(m, p, s, &x, all);
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
