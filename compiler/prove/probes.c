/* Checks that say nothing: what cannot pass where it runs, what cannot fail, and promises that nobody looks at.
 * Needs an order. Guarantees what facts alone can tell; what commands print is for script/. */
#include "prove/prove.h"

/* E301: ask (of m->asks), asked, step (after which the check runs), resource (whose check it is), after: where its chain
 *   stops; first_state = last_state: the state after the step. */
static void check_passes(struct model *m, struct proof *p, struct state *s)
{
  for (uint32_t i = 0; i < m->asks.n; i++) {
    const struct ask *a = &m->asks.at[i];
    struct breach b = breach_new(CODE_301);

    if (a->type == ASK_PROVIDER || a->step == NONE)
      continue;
    uint32_t k = p->proving->position[a->step] + 1;

    goto_state(m, p, s, k);
    if (state_need(s, NONE, &a->endpoint, &b.after) == UP)
      continue;
    b.ask = i;
    b.asked = &a->endpoint;
    b.step = a->step;
    b.resource = a->resource;
    b.first_state = b.last_state = k;
    breach_add(m, p, b);
  }
}

static bool always_true(const struct model *m, const struct promise *p)
{
  if (p->type == PROMISE_COUNT)
    return p->endpoint.type == NEED_COUNT && p->endpoint.least == 0;
  for (uint32_t i = 0; p->type == PROMISE_CONDITION && i < p->guard_count; i++)
    if (m->guards.at[p->guards[i]].n == 0)
      return true;
  return false;
}

/* E302: promise: a condition that is true whatever is done, or at least none of them.
 * E225: promise, client: nobody can look from where that client stands. */
static void check_promise(struct model *m, struct proof *p, uint32_t id)
{
  const struct promise *promise = &m->promises.at[id];
  struct breach b = breach_new(CODE_302);

  b.promise = id;
  if (always_true(m, promise)) {
    breach_add(m, p, b);
    return;
  }
  if (promise->type != PROMISE_ENDPOINT || promise->client >= m->clients.n || promise->client == m->operator_client ||
      m->clients.at[promise->client].probe.type != V_NONE)
    return;
  b = breach_new(CODE_225);
  b.promise = id;
  b.client = promise->client;
  breach_add(m, p, b);
}

/* E303: step whose verify says of itself that it is unreliable (step_block gives the reason), resource. */
static void check_reliable(struct model *m, struct proof *p)
{
  for (uint32_t k = 0; k < p->order.n; k++) {
    uint32_t step = p->order.at[k];
    struct breach b = breach_new(CODE_303);

    if (!m->steps.at[step].node) /* read from JSON: no text to look into */
      continue;
    if (!step_block(m, step, BLOCK_VERIFY, proof_done(m, p, k + 1)).unreliable)
      continue;
    b.step = step;
    b.resource = m->steps.at[step].resource;
    b.first_state = b.last_state = k + 1;
    breach_add(m, p, b);
  }
}

void check_probes(struct model *m, struct proof *p, struct state *s)
{
  check_passes(m, p, s);
  for (uint32_t i = 0; i < m->promises.n; i++)
    check_promise(m, p, i);
  if (!p->proving->quiet)
    check_reliable(m, p);
}
