/* Who asks for what besides promises and needs: providers their own endpoints, verifies what they look at.
 * The last pass: needs everything else of the model. Guarantees: model.asks in the order of resources, then of steps, each
 * endpoint under its guards and seen from where the operator stands. */
#include "model/commands.h"
#include "model/ways.h"

/* ── Asks ──────────────────────────────────────────────────────────────────── */

static void add(struct elaboration *e, enum ask_type type, uint32_t resource, uint32_t step, struct need_list *needs) {
  needs_from_operator(e, needs, 0);
  for (uint32_t i = 0; i < needs->n; i++) {
    if (needs->at[i].type != NEED_ENDPOINT) continue;
    struct ask a = {.type = (uint8_t)type, .resource = resource, .step = step, .endpoint = needs->at[i]};
    array_push(&e->c->arena, &e->m->asks, a);
  }
}

/* A provider's own endpoints: the URLs and endpoints among its attributes. */
static void ask_provider(struct elaboration *e, uint32_t resource) {
  struct need_list needs = {0};
  if (!e->m->resources.at[resource].provider) return;
  struct attribute_range own = attributes_of(e->m, resource);
  for (uint32_t i = own.at; i < own.end; i++) {
    const struct cases *cases = attribute_cases(e, i);
    for (uint32_t k = 0; k < cases->n; k++) {
      const struct value *v = &cases->at[k].value;
      struct need n;
      if ((v->type != V_URL && v->type != V_ENDPOINT) || !need_of_value(e, v, &n)) continue;
      n.guard = cases->at[k].guard;
      n.at = e->m->attributes.at[i].at;
      array_push(&e->c->arena, &needs, n);
    }
  }
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
  const struct way *way = way_of(e, step);
  for (uint32_t i = 0; i < t->part_count + (t->resource != NONE ? 1u : 0u); i++) {
    uint32_t r = i < t->part_count ? t->parts[i] : t->resource;
    if (seen[r] != 0) continue;
    seen[r] = 1;
    if (way == NULL || !way->askless) ask_verify(e, r, step);
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
