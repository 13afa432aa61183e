/* The terms of steps: how long they take, what they disrupt and need, what they come after, and whether they can be
 * taken back.
 * Needs facts, clients and secrets. What only commands tell is looked at last (commands_steps.c). */
#include "model/commands.h"
#include "model/elaborate.h"
#include "model/eval.h"
#include "model/steps.h"
#include "model/ways.h"

#include <stdlib.h>
#include <string.h>

/* ── Where a term is said ──────────────────────────────────────────────────── */

/* A term of a resource: written, else of the text that changes it, else its kind's. V_NONE when nobody says it. */
static struct value resource_term(struct elaboration *e, uint32_t resource, uint32_t name, bool *written) {
  uint32_t attribute = attribute_index(e, resource, name), via;
  if (written) *written = false;
  if (attribute != NONE && e->m->attributes.at[attribute].written) {
    if (written) *written = true;
    return attribute_cases(e, attribute)->at[0].value;
  }
  uint32_t change = change_for(e, resource, &via);
  for (uint32_t i = change ? NODE(e, change)->child : 0; i; i = NODE(e, i)->next) {
    if (NODE(e, i)->type != N_ATTR || NODE(e, i)->text != name || !NODE(e, i)->child) continue;
    struct scope s = scope_resource(e, resource, false);
    s.via = via;
    return eval_constant(e, &s, NODE(e, i)->child, universal_type(e, name), node_name(e, i));
  }
  if (attribute != NONE) return attribute_cases(e, attribute)->at[0].value;
  return (struct value){.type = V_NONE};
}

/* A term that a `step` says itself. */
static struct value step_term(struct elaboration *e, uint32_t step, uint32_t name) {
  const struct step *s = &e->m->steps.at[step];
  if (NODE(e, s->node)->type != N_STEP) return (struct value){.type = V_NONE};
  const struct declared *d = &e->steps.at[index_get(&e->step_index, s->name)];
  for (uint32_t i = NODE(e, d->node)->child; i; i = NODE(e, i)->next) {
    if (NODE(e, i)->type != N_ATTR || NODE(e, i)->text != name || !NODE(e, i)->child) continue;
    struct scope scope = scope_plan(d->bindings);
    return eval_constant(e, &scope, NODE(e, i)->child, universal_type(e, name), node_name(e, i));
  }
  return (struct value){.type = V_NONE};
}

/* The resources whose hops a step makes. */
static uint32_t resources_of(const struct step *s, const uint32_t **at) {
  *at = s->part_count ? s->parts : &s->resource;
  if (s->part_count) return s->part_count;
  return s->resource == NONE ? 0 : 1;
}

/* ── Single terms ──────────────────────────────────────────────────────────── */

static void takes(struct elaboration *e, uint32_t step) {
  struct step *s = &e->m->steps.at[step];
  const uint32_t *resources;
  uint32_t n = resources_of(s, &resources);
  struct value own = step_term(e, step, e->words->takes);
  e->table->takes_written[step] = own.type == V_DURATION;
  if (own.type == V_DURATION) s->takes = own.number;
  if (own.type != V_NONE || !n) return;
  int64_t sum = 0;
  bool all_written = true, all_known = true;
  for (uint32_t i = 0; i < n; i++) {
    bool written;
    struct value v = resource_term(e, resources[i], e->words->takes, &written);
    all_written = all_written && written;
    if (v.type != V_DURATION || __builtin_add_overflow(sum, v.number, &sum)) all_known = false;
  }
  e->table->takes_written[step] = all_written;
  s->takes = all_known ? sum : -1;
}

static int by_id(const void *a, const void *b) {
  uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
  return x < y ? -1 : x > y;
}

struct ids { uint32_t *at; uint32_t n, cap; };

static void unique(struct ids *ids) {
  uint32_t kept = 0;
  if (ids->n) qsort(ids->at, ids->n, sizeof *ids->at, by_id);
  for (uint32_t i = 0; i < ids->n; i++)
    if (!kept || ids->at[kept - 1] != ids->at[i]) ids->at[kept++] = ids->at[i];
  ids->n = kept;
}

static void disrupted(struct elaboration *e, const struct value *v, uint32_t self, struct ids *out) {
  if (v->type == V_BOOL && v->number && self != NONE) array_push(&e->c->arena, out, self);
  else if (v->type == V_BOOL && v->number)
    finding_add(e->c, CODE_105, v->at, "a step that is no resource's disrupts what it names: `disrupts = [a, b]`");
  for (uint32_t i = 0; v->type == V_LIST && i < v->count; i++)
    if (v->items[i].type == V_RESOURCE) array_push(&e->c->arena, out, v->items[i].id);
}

static void disrupts(struct elaboration *e, uint32_t step) {
  struct step *s = &e->m->steps.at[step];
  const uint32_t *resources;
  uint32_t n = resources_of(s, &resources);
  struct ids ids = {0};
  struct value own = step_term(e, step, e->words->disrupts);
  disrupted(e, &own, s->resource, &ids);
  for (uint32_t i = 0; i < n; i++) {
    struct value v = resource_term(e, resources[i], e->words->disrupts, NULL);
    disrupted(e, &v, resources[i], &ids);
  }
  unique(&ids);
  s->disrupts = ids.at;
  s->disrupts_count = ids.n;
}

/* The text of a reason: the step's own, else the first of its resources that gives one. */
static uint32_t reason(struct elaboration *e, uint32_t step, uint32_t name) {
  const struct step *s = &e->m->steps.at[step];
  const uint32_t *resources;
  uint32_t n = resources_of(s, &resources);
  struct value v = step_term(e, step, name);
  for (uint32_t i = 0; v.type == V_NONE && i < n; i++) v = resource_term(e, resources[i], name, NULL);
  return v.type == V_STRING ? v.name : 0;
}

static void early(struct elaboration *e, uint32_t step) {
  struct step *s = &e->m->steps.at[step];
  const uint32_t *resources;
  uint32_t n = resources_of(s, &resources);
  struct value own = step_term(e, step, e->words->early);
  s->early = n > 0;
  for (uint32_t i = 0; i < n && own.type != V_BOOL; i++) {
    struct value v = resource_term(e, resources[i], e->words->early, NULL);
    s->early = s->early && v.type == V_BOOL && v.number;
  }
  if (own.type == V_BOOL) s->early = own.number != 0;
}

/* `undo none because "…"` */
static uint32_t undo_none_in(struct elaboration *e, const struct scope *s, uint32_t undo) {
  if (!undo || NODE(e, undo)->op != 1 || !NODE(e, undo)->child) return 0;
  struct value v = eval_constant(e, s, NODE(e, undo)->child, type_plain(T_STRING), "a reason");
  return v.type == V_STRING ? v.name : 0;
}

static uint32_t own_child(const struct elaboration *e, uint32_t node, enum node_type type) {
  for (uint32_t i = NODE(e, node)->child; i; i = NODE(e, i)->next)
    if (NODE(e, i)->type == type) return i;
  return 0;
}

static void undo_none(struct elaboration *e, uint32_t step) {
  struct step *s = &e->m->steps.at[step];
  const uint32_t *resources;
  uint32_t n = resources_of(s, &resources);
  struct scope scope = scope_plan(NULL);
  if (NODE(e, s->node)->type == N_STEP) s->undo_none = undo_none_in(e, &scope, own_child(e, s->node, N_UNDO));
  for (uint32_t i = 0; i < n && !s->undo_none; i++) {
    uint32_t undo = block_for(e, resources[i], N_UNDO, NULL, &scope);
    s->undo_none = undo_none_in(e, &scope, undo);
  }
}

/* ── Needs ─────────────────────────────────────────────────────────────────── */

static void change_needs(struct elaboration *e, uint32_t resource, const struct scope *s, struct need_list *out) {
  uint32_t via, change = change_for(e, resource, &via);
  needs_of_statements(e, s, change, GUARD_ALWAYS, out); /* `needs`, also within `when`; its blocks are no statements */
  for (uint32_t i = change ? NODE(e, change)->child : 0; i; i = NODE(e, i)->next)
    if (NODE(e, i)->child && NODE(e, i)->type == N_ATTR && NODE(e, i)->text == e->words->needs)
      needs_of_operand(e, s, NODE(e, i)->child, GUARD_ALWAYS, out);
}

static void resource_needs(struct elaboration *e, uint32_t resource, uint32_t step, enum leads leads, bool own_text, struct need_list *out) {
  struct scope s;
  uint32_t via = resource_via(e->m, resource), block = block_for(e, resource, leads == LEADS_FORWARD ? N_DO : N_UNDO, NULL, &s);
  uint32_t attribute = attribute_index(e, resource, e->words->via);
  struct span at = attribute == NONE ? resource_span(e->m, resource) : e->m->attributes.at[attribute].at;
  if (block && leads == LEADS_BACK && NODE(e, block)->op == 1) return;
  if (!block && leads == LEADS_BACK) block = block_for(e, resource, N_DO, NULL, &s);
  scope_step(e, &s, resource, step, leads);
  if (via != NONE) needs_of_provider(e, via, GUARD_ALWAYS, at, out);
  change_needs(e, resource, &s, out);
  if (!own_text) needs_of_statements(e, &s, block, GUARD_ALWAYS, out);
}

static struct scope step_scope(struct elaboration *e, uint32_t step, enum leads leads) {
  const struct step *s = &e->m->steps.at[step];
  struct scope scope = scope_plan(e->steps.at[index_get(&e->step_index, s->name)].bindings);
  scope.step = step;
  scope.leads = (uint8_t)leads;
  return scope;
}

/* Equal needs once, in order of appearance. */
static bool same_need(const struct need *a, const struct need *b) {
  return a->type == b->type && a->proto == b->proto && a->on == b->on && a->guard == b->guard && a->port == b->port && a->vhost == b->vhost &&
         a->zone == b->zone && a->dns == b->dns && a->host.type == b->host.type && a->host.name == b->host.name && a->of == b->of &&
         !memcmp(&a->host.from, &b->host.from, sizeof a->host.from);
}

static struct need_list needs_of_step(struct elaboration *e, uint32_t step, enum leads leads) {
  struct step *s = &e->m->steps.at[step];
  struct need_list all = {0}, out = {0};
  const uint32_t *resources;
  uint32_t n = resources_of(s, &resources), own = 0;
  if (NODE(e, s->node)->type == N_STEP) {
    struct scope scope = step_scope(e, step, leads);
    uint32_t item = node_attr(e, s->node, "needs"), text = own_child(e, s->node, N_DO);
    own = leads == LEADS_BACK ? own_child(e, s->node, N_UNDO) : text;
    if (item && NODE(e, item)->child) needs_of_operand(e, &scope, NODE(e, item)->child, GUARD_ALWAYS, &all);
    for (uint32_t i = NODE(e, s->node)->child; i; i = NODE(e, i)->next)
      if (NODE(e, i)->type == N_NEEDS && NODE(e, i)->child) needs_of_operand(e, &scope, NODE(e, i)->child, GUARD_ALWAYS, &all);
    if (!own && leads == LEADS_BACK) own = text;
    if (own && NODE(e, own)->op != 1) needs_of_statements(e, &scope, own, GUARD_ALWAYS, &all);
  }
  for (uint32_t i = 0; i < n; i++) resource_needs(e, resources[i], step, leads, own != 0, &all);
  needs_from_operator(e, &all, 0);
  for (uint32_t i = 0; i < all.n; i++) {
    uint32_t k = 0;
    need_hosted(e, &all.at[i]);
    all.at[i].guard = guard_given(e, all.at[i].guard, step, leads == LEADS_BACK);
    if (all.at[i].guard == NONE) continue;
    while (k < out.n && !same_need(&out.at[k], &all.at[i])) k++;
    if (k == out.n) array_push(&e->c->arena, &out, all.at[i]);
  }
  return out;
}

static void step_needs(struct elaboration *e, uint32_t step, enum leads leads) {
  struct need_list needs = needs_of_step(e, step, leads);
  struct step *s = &e->m->steps.at[step];
  if (leads == LEADS_FORWARD) s->needs = needs.at, s->needs_count = needs.n;
  else s->undo_needs = needs.at, s->undo_needs_count = needs.n;
}

/* ── What is missing ───────────────────────────────────────────────────────── */

static void unknown_terms(struct elaboration *e, uint32_t step) {
  static const char *const known[] = {"after", "covers", "takes", "needs", "disrupts", "irreversible", "early", "atomic", "via", "owner", "code", "patch"};
  const struct step *s = &e->m->steps.at[step];
  struct index seen = {0};
  for (uint32_t i = NODE(e, s->node)->type == N_STEP ? NODE(e, s->node)->child : 0; i; i = NODE(e, i)->next) {
    if (NODE(e, i)->type != N_ATTR) continue;
    uint32_t first = index_put(&e->c->arena, &seen, NODE(e, i)->text, i), k = 0;
    if (first != i) {
      struct finding *f = finding_add(e->c, CODE_106, node_span(e->tree, i), "step `%s` says `%s` twice", name_text(&e->c->names, s->name), node_name(e, i));
      finding_label(e->c, f, node_span(e->tree, first), "first here");
    }
    while (k < 8 && strcmp(known[k], node_name(e, i))) k++;
    if (k < 8) continue;
    struct finding *f = finding_add(e->c, CODE_102, node_span(e->tree, i), "step `%s` has no attribute `%s`", name_text(&e->c->names, s->name), node_name(e, i));
    suggest(e, f, node_name(e, i), known, 8);
  }
}

static void nothing_says_how(struct elaboration *e, uint32_t step) {
  struct step *s = &e->m->steps.at[step];
  struct scope scope;
  const uint32_t *resources;
  uint32_t n = resources_of(s, &resources);
  if (NODE(e, s->node)->type == N_STEP && own_child(e, s->node, N_DO)) return;
  if (NODE(e, s->node)->type == N_STEP && !n && !node_attr(e, s->node, "covers")) {
    struct finding *f = finding_add(e->c, CODE_108, s->at, "step `%s` says neither what it does nor what it covers", name_text(&e->c->names, s->name));
    finding_remark(e->c, f, REMARK_HELP, "give it `do { … }`, or `covers = [ … ]`");
  }
  for (uint32_t i = 0; i < n; i++) {
    const struct resource *r = &e->m->resources.at[resources[i]];
    if (e->m->resources.at[resources[i]].kind_id == NONE || block_for(e, resources[i], N_DO, NULL, &scope)) continue;
    struct finding *f = finding_add(e->c, CODE_108, resource_span(e->m, resources[i]), "nothing says how `%s` is changed", name_text(&e->c->names, r->name));
    f->resource = r->name;
    finding_label(e->c, f, s->hop_count ? e->m->attributes.at[s->hops[0].attribute].at : s->at, "this changes");
    if (resource_via(e->m, resources[i]) != NONE)
      finding_remark(e->c, f, REMARK_NOTE, "kind `%s` does not say how it is changed via a `%s`", name_text(&e->c->names, r->kind),
                     name_text(&e->c->names, e->m->resources.at[resource_via(e->m, resources[i])].kind));
    finding_remark(e->c, f, REMARK_HELP, "say who carries it out with `via = …`, or how with `do { … }`: `do { manual \"…\" }` for a step by hand");
  }
}

static void no_operator(struct elaboration *e) {
  const struct model *m = e->m;
  if (m->operator_client != NONE || m->plan_at.source == NONE || node_attr(e, e->plans.at[0].node, "operator")) return;
  for (uint32_t s = 0; s < m->steps.n; s++)
    for (uint32_t i = 0; i < m->steps.at[s].needs_count; i++) {
      if (m->steps.at[s].needs[i].type != NEED_ENDPOINT) continue;
      struct finding *f = finding_add(e->c, CODE_108, m->plan_at, "the plan does not say who runs it, so nobody knows what its steps can reach");
      finding_label(e->c, f, m->steps.at[s].needs[i].at, "needed by step `%s`", name_text(&e->c->names, m->steps.at[s].name));
      finding_remark(e->c, f, REMARK_HELP, "say `operator = CLIENT`, with `client CLIENT { zone = lan }`");
      return;
    }
}

/* ── Steps that go the way of others ───────────────────────────────────────── */

/* What a resource itself says of its terms, and where it says through whom it is changed. */
struct said { uint8_t terms; uint32_t takes, via; /* attributes, NONE */ };

static struct said said_by(struct elaboration *e, uint32_t resource) {
  struct said s = {0, NONE, NONE};
  struct attribute_range own = attributes_unread(e->m, resource);
  for (uint32_t i = own.at; i < own.end; i++) {
    uint32_t name = e->m->attributes.at[i].name;
    uint8_t term = way_term(e, name);
    s.terms |= term;
    if (term == TERM_TAKES) s.takes = i;
    if (name == e->words->via) s.via = i;
  }
  return s;
}

static void takes_alike(struct elaboration *e, uint32_t step, const struct way *w, const struct said *said) {
  struct step *s = &e->m->steps.at[step];
  bool own = said->takes != NONE, written = own && e->m->attributes.at[said->takes].written;
  if (!written && w->says & TERM_TAKES_EACH) {
    takes(e, step);
    return;
  }
  e->table->takes_written[step] = written;
  s->takes = w->takes;
  if (!own || (!written && w->says & TERM_TAKES)) return;
  const struct value *v = &attribute_cases(e, said->takes)->at[0].value;
  s->takes = v->type == V_DURATION ? v->number : -1;
}

/* Its provider is all that it needs. */
static void provider_needed(struct elaboration *e, struct step *s, uint32_t via_attribute, bool there, bool back) {
  uint32_t via = resource_via(e->m, s->resource);
  if (via == NONE || (!there && !back)) return;
  struct need_list needs = {.at = arena_new(&e->c->arena, struct need), .cap = 1};
  needs_of_provider(e, via, GUARD_ALWAYS, via_attribute == NONE ? resource_span(e->m, s->resource) : e->m->attributes.at[via_attribute].at, &needs);
  if (there) s->needs = needs.at, s->needs_count = 1;
  if (back) s->undo_needs = needs.at, s->undo_needs_count = 1;
}

static void terms_alike(struct elaboration *e, uint32_t step, const struct way *w) {
  struct step *s = &e->m->steps.at[step];
  struct said said = said_by(e, s->resource);
  uint8_t terms = said.terms | w->says;
  takes_alike(e, step, w, &said);
  if (terms & TERM_DISRUPTS) disrupts(e, step);
  if (terms & TERM_EARLY) early(e, step);
  if (terms & TERM_IRREVERSIBLE) s->irreversible = reason(e, step, e->words->irreversible);
  if (terms & TERM_ATOMIC) s->atomic = reason(e, step, e->words->atomic);
  if (w->undo_none) undo_none(e, step);
  bool back = !s->irreversible && !s->undo_none;
  provider_needed(e, s, said.via, w->needless[0], back && w->needless[1]);
  if (!w->needless[0]) step_needs(e, step, LEADS_FORWARD);
  if (back && !w->needless[1]) step_needs(e, step, LEADS_BACK);
}

/* ── All of them ───────────────────────────────────────────────────────────── */

static void terms_alone(struct elaboration *e, uint32_t step) {
  struct step *s = &e->m->steps.at[step];
  unknown_terms(e, step);
  nothing_says_how(e, step);
  takes(e, step);
  disrupts(e, step);
  early(e, step);
  s->irreversible = reason(e, step, e->words->irreversible);
  s->atomic = reason(e, step, e->words->atomic);
  undo_none(e, step);
  step_needs(e, step, LEADS_FORWARD);
  if (!s->irreversible && !s->undo_none) step_needs(e, step, LEADS_BACK);
}

void steps_build(struct elaboration *e) {
  struct model *m = e->m;
  struct arena scratch = {0};
  e->table->title.arena = &scratch;
  e->table->takes_written = arena_array(&e->c->arena, bool, m->steps.n + 1u);
  ways_begin(e);
  for (uint32_t i = 0; i < m->steps.n; i++) {
    const struct way *w = way_enter(e, i);
    if (w) terms_alike(e, i, w);
    else terms_alone(e, i);
    m->steps.at[i].title = step_title(e, i);
  }
  arena_free(&scratch);
  e->table->title = (struct text){0};
  steps_after(e);
  no_operator(e);
}

void steps_finish(struct elaboration *e) {
  for (uint32_t i = 0; i < e->m->steps.n; i++)
    if (e->m->steps.at[i].manual && !e->table->takes_written[i]) e->m->steps.at[i].takes = -1;
}
