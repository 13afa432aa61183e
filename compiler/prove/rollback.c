/* The way back, step by step: undos that could not run, steps without one, points of no return; what does not land.
 * Needs an order. Guarantees that only terms set aside are looked at again: the others hold in the order by its making. */
#include "prove/prove.h"

static struct trace trace_need(struct state *s, const struct need *need) {
  struct trace t = {0};
  t.verdict = state_need(s, NONE, need, &t);
  return t;
}

/* The last step of the order, up to a state in which a need fails, that made it fail; NONE when it never held. */
static uint32_t breaker(struct model *m, struct proof *p, struct state *s, const struct need *need, uint32_t state) {
  for (uint32_t k = state + 1; k-- > 0;) {
    goto_state(m, p, s, k);
    if (state_need(s, NONE, need, NULL) == UP) return k < state ? p->order.at[k] : NONE;
  }
  return NONE;
}

/* E231: step, need (index into its undo_needs), asked, secret, other_step (since which it fails; `step` itself when only its
 * own disruption is to blame, NONE: it never held), first_state, after, backward; during: in doubt, it fails in the state
 * before the step. */
static void undo_need(struct model *m, struct proof *p, struct state *s, const struct term *t, bool after) {
  const struct need *need = &m->steps.at[t->step].undo_needs[t->id];
  uint32_t k = p->proving->position[t->step], state = after ? k + 1 : k;
  goto_during(m, p, s, k, after);
  struct trace trace = trace_need(s, need);
  if (trace.verdict == UP) return;
  struct breach b = breach_new(CODE_231);
  b.step = t->step;
  b.need = t->id;
  b.asked = need;
  b.secret = need->secret;
  b.first_state = b.last_state = state;
  b.backward = true;
  b.during = !after;
  b.after = trace;
  goto_state(m, p, s, state);
  b.other_step = state_need(s, NONE, need, NULL) == UP ? t->step : breaker(m, p, s, need, state);
  breach_add(m, p, b);
}

static bool in_doubt(const struct step *s) { return s->atomic == 0 && (s->commands > 1 || s->part_count > 1); }

/* E235: step, promise (the first), promises (`always`, down with a leading part of what the step covers made), first_state,
 * last_state, during, after. */
static void half_done(struct model *m, struct proof *p, struct state *s, uint32_t k) {
  const struct step *step = &m->steps.at[p->order.at[k]];
  uint32_t *promises = NULL, count = 0;
  struct breach b = breach_new(CODE_235);
  for (uint32_t parts = 1; goto_part(m, p, s, k, parts); parts++)
    for (uint32_t i = 0; i < m->promises.n; i++) {
      if (m->promises.at[i].hold != HOLD_ALWAYS || timeline_at(&p->timeline[i], k) != UP) continue;
      struct trace trace = {0};
      if ((trace.verdict = state_promise(s, i, &trace)) == UP) continue;
      if (promises == NULL) promises = arena_array(&m->c->arena, uint32_t, m->promises.n);
      bool known = false;
      for (uint32_t j = 0; j < count; j++) known = known || promises[j] == i;
      if (known) continue;
      if (count == 0) b.after = trace, b.promise = i;
      promises[count++] = i;
    }
  if (count == 0 || step->atomic != 0) return;
  b.step = p->order.at[k];
  b.promises = promises;
  b.promise_count = count;
  b.first_state = k;
  b.last_state = k + 1;
  b.during = true;
  breach_add(m, p, b);
}

void check_undo(struct model *m, struct proof *p, struct state *s) {
  const struct proving *v = p->proving;
  for (uint32_t i = 0; i < v->term_count; i++) {
    const struct term *t = &v->terms[i];
    if (t->type != TERM_UNDO_NEED || !v->aside[i]) continue;
    uint32_t before = p->breaches.n;
    undo_need(m, p, s, t, true);
    if (p->breaches.n == before && in_doubt(&m->steps.at[t->step])) undo_need(m, p, s, t, false);
  }
  for (uint32_t k = 0; k < p->order.n; k++)
    if (m->steps.at[p->order.at[k]].part_count > 1) half_done(m, p, s, k);
}

/* E214: step, fact, first_state, after (the chain to its target, where it has one). */
void check_landing(struct model *m, struct proof *p, struct state *s) {
  const struct proving *v = p->proving;
  for (uint32_t i = 0; i < v->term_count; i++) {
    const struct term *t = &v->terms[i];
    if (t->type != TERM_LANDS || !v->aside[i]) continue;
    uint32_t k = v->position[t->step], first, last;
    const struct fact *f = fact_at(m, t->id);
    if (!guard_states(m, p, f->guard, &first, &last) || first != k + 1) continue;
    goto_state(m, p, s, k + 1);
    if (state_lands(s, t->id)) continue;
    struct breach b = breach_new(CODE_214);
    b.step = t->step;
    b.fact = t->id;
    b.resource = f->by;
    b.first_state = b.last_state = k + 1;
    if (f->type == FACT_NEEDS) b.after.verdict = state_need(s, f->by, &f->need, &b.after);
    else if (f->type == FACT_FORWARDS && f->to.type == TARGET_HOST) {
      struct need *need = arena_new(&m->c->arena, struct need);
      *need = (struct need){.type = NEED_ENDPOINT, .proto = f->proto == PROTO_ANY ? PROTO_TCP : f->proto, .on = NONE, .host = f->to.host, .zone = f->to.zone,
                            .dns = f->to.zone, .port = f->to.port == NONE ? f->port : f->to.port, .secret = NONE, .at = f->span};
      b.after = trace_need(s, need);
      b.asked = need;
    }
    breach_add(m, p, b);
  }
}

/* E232: step without any hop (or with hops that its kind says no way back for), no undo and no reason. E233: step whose swap
 * undoes nothing. E234: irreversible step; steps (that follow it, in order), first_state (after it). */
void check_inverse(struct model *m, struct proof *p, struct state *s) {
  (void)s;
  for (uint32_t i = 0; i < m->steps.n; i++) {
    const struct step *step = &m->steps.at[i];
    if (!step->no_inverse || step->irreversible != 0 || step->undo_none != 0) continue;
    struct breach b = breach_new(step->hop_count > 0 ? CODE_233 : CODE_232);
    b.step = i;
    b.resource = step->resource;
    breach_add(m, p, b);
  }
  for (uint32_t k = 0; k < p->order.n; k++) {
    if (m->steps.at[p->order.at[k]].irreversible == 0) continue;
    struct breach b = breach_new(CODE_234);
    b.step = p->order.at[k];
    b.first_state = k + 1;
    b.last_state = p->order.n;
    b.steps = p->order.at + k + 1;
    b.step_count = p->order.n - k - 1;
    breach_add(m, p, b);
  }
}
