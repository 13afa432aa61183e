/* Who asks for what besides promises and needs: providers their own endpoints, verifies what they look at.
 * The last pass: needs everything else of the model. Guarantees: model.asks in the order of resources, then of steps, each
 * endpoint under its guards and seen from where the operator stands. */
#include "model/commands.h"

/* ── The operator's place ──────────────────────────────────────────────────── */

void needs_from_operator(struct elaboration *e, struct need_list *needs) {
  struct model *m = e->m;
  uint32_t n = needs->n;
  if (m->operator_client == NONE || m->operator_client >= m->clients.n) return;
  const struct client *c = &m->clients.at[m->operator_client];
  for (uint32_t i = 0; i < n; i++) {
    if (needs->at[i].type != NEED_ENDPOINT || needs->at[i].zone != NONE) continue;
    needs->at[i].zone = c->zone;
    needs->at[i].dns = c->zone;
    uint32_t guard = needs->at[i].guard;
    bool first = true;
    for (uint32_t k = 0; k < c->count; k++) {
      const struct client_dns *d = &m->client_dns.at[c->first + k];
      struct need one = needs->at[i];
      one.dns = d->zone;
      one.guard = guard_and(m, guard, d->guard);
      if (one.guard == NONE) continue;
      if (first) needs->at[i] = one;
      else array_push(&e->c->arena, needs, one);
      first = false;
    }
  }
}

/* ── Asks ──────────────────────────────────────────────────────────────────── */

static void add(struct elaboration *e, enum ask_type type, uint32_t resource, uint32_t step, struct need_list *needs) {
  needs_from_operator(e, needs);
  for (uint32_t i = 0; i < needs->n; i++) {
    if (needs->at[i].type != NEED_ENDPOINT) continue;
    struct ask a = {.type = (uint8_t)type, .resource = resource, .step = step, .endpoint = needs->at[i]};
    array_push(&e->c->arena, &e->m->asks, a);
  }
}

static void ask_provider(struct elaboration *e, uint32_t resource) {
  struct need_list needs = {0};
  if (!e->m->resources.at[resource].provider) return;
  needs_of_provider(e, resource, GUARD_ALWAYS, e->m->resources.at[resource].at, &needs);
  add(e, ASK_PROVIDER, resource, NONE, &needs);
}

static void ask_verify(struct elaboration *e, uint32_t resource, uint32_t step) {
  struct need_list needs = {0};
  struct scope s;
  uint32_t block = block_for(e, resource, N_VERIFY, NULL, &s);
  if (block == 0) return;
  needs_of_statements(e, &s, block, GUARD_ALWAYS, &needs);
  add(e, ASK_VERIFY, resource, step, &needs);
}

static void ask_step(struct elaboration *e, uint32_t step, uint32_t *seen) {
  const struct step *t = &e->m->steps.at[step];
  for (uint32_t i = 0; i < t->part_count + (t->resource != NONE ? 1u : 0u); i++) {
    uint32_t r = i < t->part_count ? t->parts[i] : t->resource;
    if (seen[r] != 0) continue;
    seen[r] = 1;
    ask_verify(e, r, step);
  }
  if (NODE(e, t->node)->type != N_STEP) return;
  for (uint32_t i = NODE(e, t->node)->child; i != 0; i = NODE(e, i)->next) {
    if (NODE(e, i)->type != N_VERIFY) continue;
    uint32_t declared = index_get(&e->step_index, t->name);
    struct scope s = scope_plan(declared == NONE ? NULL : e->steps.at[declared].bindings);
    struct need_list needs = {0};
    needs_of_statements(e, &s, i, GUARD_ALWAYS, &needs);
    add(e, ASK_VERIFY, NONE, step, &needs);
  }
}

void asks_build(struct elaboration *e) {
  steps_look(e);
  owners_check(e);
  uint32_t *seen = arena_array(&e->c->arena, uint32_t, (size_t)e->m->resources.n + 1);
  for (uint32_t i = 0; i < e->m->resources.n; i++) ask_provider(e, i);
  for (uint32_t i = 0; i < e->m->steps.n; i++) ask_step(e, i, seen);
}
