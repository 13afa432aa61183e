/* Steps that need what earlier steps have taken away, and secrets whose source goes down before they are used.
 * Needs an order. Guarantees every need of every step is asked in the state it runs in, with the step's disruption on. */
#include "prove/prove.h"

#include <string.h>

/* Since when a need does not hold, looking back from state k, where it does not: the last step that broke it; `itself` when it
 * holds in state k without the disruption; NONE when it never held. `before`: its chain while it held. */
static uint32_t broken_by(struct model *m, const struct proof *p, struct state *s, const struct need *n, uint32_t k,
                          uint32_t itself, struct trace *before)
{
  for (uint32_t j = k + 1; j-- > 0;) {
    goto_state(m, p, s, j);
    if (!state_guard(s, n->guard) || state_need(s, NONE, n, before) != UP)
      continue;
    return j == k ? itself : p->order.at[j];
  }
  *before = (struct trace){0};
  return NONE;
}

static void add_step(struct model *m, struct breach *b, uint32_t step)
{
  uint32_t *steps = arena_array(&m->c->arena, uint32_t, b->step_count + 1);

  for (uint32_t i = 0; i < b->step_count; i++) {
    if (b->steps[i] == step)
      return;
    steps[i] = b->steps[i];
  }
  steps[b->step_count++] = step;
  b->steps = steps;
}

/* It never holds, and the same endpoint has been called dangling: that finding gets the step among its `steps`. */
static bool said(struct model *m, const struct proof *p, struct state *s, const struct need *n, uint32_t step)
{
  goto_state(m, p, s, p->order.n);
  if (state_need(s, NONE, n, NULL) == UP)
    return false;
  for (uint32_t i = 0; i < p->breaches.n; i++) {
    struct breach *b = &p->breaches.at[i];

    if (b->code == CODE_202 && b->severity == SEV_ERROR && b->asked && n->type == NEED_ENDPOINT &&
        b->asked->type == NEED_ENDPOINT && b->asked->port == n->port && b->asked->proto == n->proto &&
        b->asked->host.type == n->host.type &&
        b->asked->host.name == n->host.name && memcmp(&b->asked->host.from, &n->host.from, sizeof n->host.from) == 0) {
      add_step(m, b, step);
      return true;
    }
  }
  return false;
}

/* E211: step needs `asked` (need: index into its needs) and does not reach it in the state before it with its disruption on;
 *   other_step: the last step that broke it (`step`: its own disruption; NONE: it never held); before: the chain while it
 *   held; after: where it stops now; secret: the one whose source it is (fetch = at-use), NONE; first_state: the state before. */
static void check_need(struct model *m, struct proof *p, struct state *s, uint32_t k, uint32_t need)
{
  uint32_t id = p->order.at[k];
  const struct need *n = &m->steps.at[id].needs[need];
  struct trace after;

  goto_during(m, p, s, k, false);
  if (state_need(s, NONE, n, &after) == UP)
    return;
  struct breach b = breach_new(CODE_211);

  b.step = id;
  b.need = need;
  b.asked = n;
  b.secret = n->secret;
  b.after = after;
  b.first_state = b.last_state = k;
  b.other_step = broken_by(m, p, s, n, k, id, &b.before);
  b.during = b.other_step == id;
  if (b.other_step != NONE || !said(m, p, s, n, id))
    breach_add(m, p, b);
}

/* The need of a secret's source that does not hold now, with its chain; NULL when all do. */
static const struct need *out_of_reach(struct state *s, const struct secret *secret, struct trace *trace)
{
  for (uint32_t i = 0; i < secret->needs_count; i++)
    if (state_need(s, NONE, &secret->needs[i], trace) != UP)
      return &secret->needs[i];
  return NULL;
}

/* E212: secret, step (the first that uses it when its source is not reached), asked (what the source takes), other_step (the
 *   last step that broke it), before, after, first_state; backward: it is only the step's undo that uses it then.
 * E211 with a secret that is not at-use: other_step NONE, first_state 0: not even the prefetch reaches its source; step: the
 *   first that uses it. */
static void tell_secret(struct model *m, struct proof *p, struct state *s, enum code code, uint32_t secret, uint32_t k,
                        uint32_t state, const struct need *n, const struct trace *after)
{
  struct breach b = breach_new(code);

  b.secret = secret;
  b.step = p->order.at[k];
  b.asked = n;
  b.after = *after;
  b.first_state = b.last_state = state;
  b.backward = code == CODE_212 && state > k;
  if (code == CODE_212)
    b.other_step = broken_by(m, p, s, n, state, b.step, &b.before);
  breach_add(m, p, b);
}

/* Where each kept secret is first used without its source: one walk for all. */
static void check_secrets(struct model *m, struct proof *p, struct state *s)
{
  bool *told = arena_array(&m->c->arena, bool, m->secrets.n);
  struct trace t;

  for (uint32_t k = 0; k < p->order.n; k++) {
    const struct step *step = &m->steps.at[p->order.at[k]];

    for (unsigned side = 0; side < 2; side++) {
      if (!step->secret_count || (side && step->irreversible))
        continue;
      for (uint32_t i = 0; i < step->secret_count; i++) {
        uint32_t id = step->secrets[i];
        const struct secret *secret = &m->secrets.at[id];

        if (told[id] || secret->at_use || !secret->needs_count)
          continue;
        goto_state(m, p, s, 0);
        const struct need *n = out_of_reach(s, secret, &t);

        if (n) {
          tell_secret(m, p, s, CODE_211, id, k, 0, n, &t);
          told[id] = true;
          continue;
        }
        goto_during(m, p, s, k, side != 0);
        n = out_of_reach(s, secret, &t);
        if (n)
          tell_secret(m, p, s, CODE_212, id, k, k + side, n, &t);
        told[id] = n != NULL;
      }
    }
  }
}

void check_circular(struct model *m, struct proof *p, struct state *s)
{
  for (uint32_t k = 0; k < p->order.n; k++)
    for (uint32_t i = 0; i < m->steps.at[p->order.at[k]].needs_count; i++)
      check_need(m, p, s, k, i);
  check_secrets(m, p, s);
}
