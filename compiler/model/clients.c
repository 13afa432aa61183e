/* Who looks and who works: clients, the plan's own terms, tools, waivers.
 * Needs attributes. Guarantees: every resource whose kind `asks` is a client; a waiver names a code or rule that exists. */
#include "model/elaborate.h"
#include "model/eval.h"

#include <string.h>

/* ── Clients ───────────────────────────────────────────────────────────────── */

static void client(struct elaboration *e, uint32_t resource, uint32_t asks) {
  struct model *m = e->m;
  struct scope s = scope_resource(e, resource, false);
  uint32_t zone = node_child(e, asks, 0), dns = node_child(e, asks, 1);
  struct value v = eval_constant(e, &s, zone, type_plain(T_ZONE), "the zone that a client stands in");
  if (v.type != V_ZONE) return;
  struct client c = {.resource = resource, .zone = v.id, .first = m->client_dns.n, .probe = {.type = V_NONE}};
  struct cases cases = eval_cases(e, &s, dns ? dns : zone, type_plain(T_ZONE));
  for (uint32_t i = 0; i < cases.n; i++)
    if (cases.at[i].value.type == V_ZONE) array_push(&e->c->arena, &m->client_dns, (struct client_dns){cases.at[i].value.id, cases.at[i].guard});
  c.count = m->client_dns.n - c.first;
  const struct value *probe = attribute_constant(e, resource, "probe");
  if (probe) c.probe = *probe;
  resource_rare_own(m, resource)->client = m->clients.n + 1;
  array_push(&e->c->arena, &m->clients, c);
}

/* ── plan { … } ────────────────────────────────────────────────────────────── */

bool client_is_broken(const struct elaboration *e, uint32_t resource) {
  uint32_t kind = e->m->resources.at[resource].kind_id;
  return kind != NONE && e->kinds.at[kind].asks && !resource_rare(e, resource)->client;
}

static void operated(struct elaboration *e, const struct value *v) {
  if (v->type != V_RESOURCE) return;
  uint32_t client = resource_rare(e, v->id)->client;
  if (client) {
    e->m->operator_client = client - 1;
    return;
  }
  if (client_is_broken(e, v->id)) return;
  struct finding *f = finding_add(e->c, CODE_105, v->at, "`operator` wants a client, somebody who looks from a zone, and %s", value_described(e, v));
  finding_remark(e->c, f, REMARK_HELP, "declare one: `client NAME { zone = lan }`");
}

static void plan_item(struct elaboration *e, uint32_t item) {
  const struct word_table *w = e->words;
  struct scope s = scope_plan(NULL);
  uint32_t name = NODE(e, item)->text, value = NODE(e, item)->child;
  if (!value) return;
  if (name == w->operator) {
    struct value v = eval_constant(e, &s, value, type_plain(T_RESOURCE), "`operator`");
    operated(e, &v);
  } else if (name == w->window) {
    struct value v = eval_constant(e, &s, value, type_plain(T_DURATION), "`window`");
    if (v.type == V_DURATION) e->m->window = v.number;
  } else if (name == w->search) {
    struct value v = eval_constant(e, &s, value, type_list_plain(T_STRING), "`search`");
    for (uint32_t i = 0; v.type == V_LIST && i < v.count; i++)
      if (v.items[i].type == V_STRING) array_push(&e->c->arena, &e->m->search, (struct named_place){v.items[i].name, v.items[i].at});
  } else if (name == w->accounts) {
    struct value v = eval_constant(e, &s, value, type_list_plain(T_STRING), "`accounts`");
    for (uint32_t i = 0; v.type == V_LIST && i < v.count; i++)
      if (v.items[i].type == V_STRING) array_push(&e->c->arena, &e->m->accounts, (struct named_place){v.items[i].name, v.items[i].at});
  } else {
    static const char *const known[] = {"operator", "window", "search", "accounts"};
    struct span at = node_span(e->tree, item);
    at.end = at.start + name_length(&e->c->names, name);
    struct finding *f = finding_add(e->c, CODE_102, at, "a plan has no attribute `%s`", node_name(e, item));
    suggest(e, f, node_name(e, item), known, 4);
  }
}

static void plan(struct elaboration *e) {
  struct model *m = e->m;
  m->window = -1;
  m->operator_client = NONE;
  m->plan_at = NOWHERE;
  if (!e->plans.n) {
    struct finding *f = finding_add(e->c, CODE_007, node_span(e->tree, e->files.at[0]), "no `plan` is declared in this file or in what it uses");
    f->at.end = f->at.start;
    finding_remark(e->c, f, REMARK_HELP, "begin with `plan NAME { operator = CLIENT  window = 30m }`");
    return;
  }
  for (uint32_t i = 1; i < e->plans.n; i++) {
    struct finding *f = finding_add(e->c, CODE_007, e->plans.at[i].at, "a second plan, `%s`: there is one per run", name_text(&e->c->names, e->plans.at[i].name));
    finding_label(e->c, f, e->plans.at[0].at, "the first");
  }
  m->plan = e->plans.at[0].name;
  m->plan_at = e->plans.at[0].at;
  struct index seen = {0};
  for (uint32_t i = NODE(e, e->plans.at[0].node)->child; i; i = NODE(e, i)->next) {
    if (NODE(e, i)->type != N_ATTR) continue;
    uint32_t first = index_put(&e->c->arena, &seen, NODE(e, i)->text, i);
    if (first == i) plan_item(e, i);
    else {
      struct finding *f = finding_add(e->c, CODE_106, node_span(e->tree, i), "the plan says `%s` twice", node_name(e, i));
      finding_label(e->c, f, node_span(e->tree, first), "first here");
    }
  }
}

/* ── tool NAME { … } ───────────────────────────────────────────────────────── */

/* A bare word such as `never` or `INT`. */
static uint32_t word(struct elaboration *e, uint32_t item, const char *const *allowed, uint32_t n) {
  uint32_t value = NODE(e, item)->child;
  bool bare = value && NODE(e, value)->type == N_REF && !NODE(e, value)->child;
  for (uint32_t i = 0; bare && i < n; i++)
    if (!strcmp(node_name(e, value), allowed[i])) return NODE(e, value)->text;
  struct text list = {.arena = &e->c->arena};
  for (uint32_t i = 0; i < n; i++) text_print(&list, "%s`%s`", i == 0 ? "" : i + 1 == n ? " or " : ", ", allowed[i]);
  struct finding *f = finding_add(e->c, CODE_105, node_span(e->tree, value ? value : item), "`%s` of a tool wants %s", node_name(e, item), text_done(&list));
  if (bare) suggest(e, f, node_name(e, value), allowed, n);
  return 0;
}

static void tool_item(struct elaboration *e, struct tool *t, uint32_t item) {
  static const char *const signals[] = {"INT", "TERM", "HUP", "QUIT"}, *const pipes[] = {"never"};
  static const char *const known[] = {"locks", "pipe", "stop", "grace"};
  const struct word_table *w = e->words;
  struct scope s = scope_plan(NULL);
  uint32_t name = NODE(e, item)->text, value = NODE(e, item)->child;
  if (!value) return;
  if (name == w->locks) {
    struct value v = eval_constant(e, &s, value, type_plain(T_BOOL), "`locks`");
    t->locks = v.type == V_BOOL && v.number;
  } else if (name == w->pipe) t->never_pipe = word(e, item, pipes, 1) != 0;
  else if (name == w->stop) t->stop = word(e, item, signals, 4);
  else if (name == w->grace) {
    struct value v = eval_constant(e, &s, value, type_plain(T_DURATION), "`grace`");
    if (v.type == V_DURATION) t->grace = v.number;
  } else {
    struct finding *f = finding_add(e->c, CODE_102, node_span(e->tree, item), "a tool has no attribute `%s`", node_name(e, item));
    suggest(e, f, node_name(e, item), known, 4);
  }
}

static void tools(struct elaboration *e) {
  for (uint32_t i = 0; i < e->tools.n; i++) {
    struct tool t = {.name = e->tools.at[i].name, .grace = -1, .at = e->tools.at[i].at};
    for (uint32_t k = NODE(e, e->tools.at[i].node)->child; k; k = NODE(e, k)->next)
      if (NODE(e, k)->type == N_ATTR) tool_item(e, &t, k);
    array_push(&e->c->arena, &e->m->tools, t);
  }
}

/* ── allow CODE because "…" ────────────────────────────────────────────────── */

static void unknown_waiver(struct elaboration *e, uint32_t node) {
  const char *what = node_name(e, node);
  struct finding *f = finding_add(e->c, CODE_103, node_span(e->tree, node), "there is no finding and no rule `%s` to allow", what);
  ARRAY(const char *) known = {0};
  for (uint32_t i = 0, n = suggest_among(e, e->rules.n); i < n; i++) array_push(&e->c->arena, &known, name_text(&e->c->names, e->rules.at[i].name));
  for (uint32_t i = 0; i < CODE_COUNT; i++) array_push(&e->c->arena, &known, code_text((enum code)i));
  suggest(e, f, what, known.at, known.n);
}

static void waiver(struct elaboration *e, uint32_t node, const struct binding *bindings, uint32_t resource, struct span block) {
  struct waiver w = {.what = NODE(e, node)->text, .resource = resource, .at = node_span(e->tree, node), .block = block};
  if (index_get(&e->rule_index, w.what) == NONE && code_find(node_name(e, node)) == CODE_COUNT) unknown_waiver(e, node);
  uint32_t reason = NODE(e, node)->child;
  struct scope s = scope_plan(bindings);
  struct value v = reason ? eval_constant(e, &s, reason, type_plain(T_STRING), "a reason") : value_poison(w.at);
  w.reason = v.type == V_STRING ? name_text(&e->c->names, v.name) : "";
  if (v.type == V_STRING && !w.reason[strspn(w.reason, " \t")])
    finding_add(e->c, CODE_107, node_span(e->tree, reason), "the reason is empty, and whoever reads the runbook wants to know it");
  array_push(&e->c->arena, &e->m->waivers, w);
}

static void waivers_in(struct elaboration *e, uint32_t node, const struct binding *bindings, uint32_t resource, bool whole_plan) {
  for (uint32_t i = NODE(e, node)->child; i; i = NODE(e, i)->next)
    if (NODE(e, i)->type == N_ALLOW) waiver(e, i, bindings, resource, whole_plan ? NOWHERE : node_span(e->tree, node));
}

static void waivers(struct elaboration *e) {
  for (uint32_t i = 0; i < e->promises.n; i++)
    if (NODE(e, e->promises.at[i].node)->type == N_ALLOW) waiver(e, e->promises.at[i].node, e->promises.at[i].bindings, NONE, NOWHERE);
  for (uint32_t i = 0; i < e->plans.n; i++) waivers_in(e, e->plans.at[i].node, NULL, NONE, true);
  for (uint32_t i = 0; i < e->steps.n; i++) waivers_in(e, e->steps.at[i].node, e->steps.at[i].bindings, NONE, false);
  for (uint32_t i = 0; i < e->m->resources.n; i++)
    if (!resource_asleep(e->m, i)) waivers_in(e, e->m->resources.at[i].node, resource_rare(e, i)->bindings, i, false);
}

void clients_build(struct elaboration *e) {
  for (uint32_t k = 0; k < e->kinds.n; k++) /* kinds that ask are few: no look at every resource */
    for (uint32_t i = 0; e->kinds.at[k].asks && i < e->kinds.at[k].resources.n; i++) client(e, e->kinds.at[k].resources.at[i], e->kinds.at[k].asks);
  plan(e);
  tools(e);
  waivers(e);
}
