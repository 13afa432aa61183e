/* Evaluation: an expression -> its value under each guard.
 * Needs resources and step names. Guarantees: disjoint guards, at most CASES_MAX of them, one finding per mistake. */
#include "model/elaborate.h"
#include "model/eval.h"

#include <string.h>

struct cases cases_one(struct elaboration *e, struct value v) {
  struct cases c = {1, NULL};
  c.at = arena_alloc(&e->c->arena, 1, sizeof *c.at);
  c.at[0].value = v;
  c.at[0].guard = GUARD_ALWAYS;
  return c;
}

void cases_add(struct elaboration *e, struct cases_builder *b, const struct value *v, uint32_t guard) {
  if (guard == NONE || b->overflow) return;
  if (b->cases.n >= CASES_MAX) {
    too_many(e, b->at, CASES_MAX);
    b->overflow = true;
    b->cases.n = 1;
    b->cases.at[0].value = value_poison(b->at);
    b->cases.at[0].guard = GUARD_ALWAYS;
    return;
  }
  if (!b->cap) { /* most have just one */
    b->cases.at = arena_alloc(&e->c->arena, 1, sizeof *b->cases.at);
    b->cap = 1;
  }
  if (b->cases.n == b->cap) b->cases.at = arena_grow(&e->c->arena, b->cases.at, b->cases.n, &b->cap, b->cases.n + 1, sizeof *b->cases.at);
  b->cases.at[b->cases.n].value = *v;
  b->cases.at[b->cases.n++].guard = guard;
}

void too_many(struct elaboration *e, struct span at, uint32_t most) {
  struct finding *f = finding_add(e->c, CODE_113, at, "the values that meet here change independently of each other, in more than %u combinations", most);
  finding_remark(e->c, f, REMARK_HELP, "make them change together: put their steps into one with `covers`, or split the list, or the condition");
}

/* ── Combinations ──────────────────────────────────────────────────────────── */

static bool varies(const struct cases *c) { return c->n != 1 || c->at[0].guard != GUARD_ALWAYS; }

struct combos combos_of(struct elaboration *e, const struct cases *lists, uint32_t k, struct span at) {
  return combos_in(&e->c->arena, e, lists, k, at);
}

struct combos combos_in(struct arena *a, struct elaboration *e, const struct cases *lists, uint32_t k, struct span at) {
  static const struct combo always = {GUARD_ALWAYS, NULL};
  struct combos all = {.n = 1, .at = &always};
  uint32_t changing = 0;
  for (uint32_t i = 0; i < k; i++) changing += varies(&lists[i]);
  if (!changing) return all;
  all.slot = arena_array(a, uint32_t, k);
  uint32_t slot = 0;
  for (uint32_t i = 0; i < k; i++) {
    if (!varies(&lists[i])) {
      all.slot[i] = NONE;
      continue;
    }
    uint32_t most = all.n * lists[i].n < CASES_MAX ? all.n * lists[i].n : CASES_MAX, n = 0;
    struct combo *next = arena_array(a, struct combo, most);
    for (uint32_t c = 0; c < all.n; c++)
      for (uint32_t b = 0; b < lists[i].n; b++) {
        uint32_t guard = guard_and(e->m, all.at[c].guard, lists[i].at[b].guard);
        if (guard == NONE) continue;
        if (n == CASES_MAX) {
          too_many(e, at, CASES_MAX);
          return (struct combos){0};
        }
        uint16_t *pick = arena_array(a, uint16_t, changing);
        if (slot) memcpy(pick, all.at[c].pick, slot * sizeof *pick);
        pick[slot] = (uint16_t)b;
        next[n++] = (struct combo){guard, pick};
      }
    all.slot[i] = slot++;
    all.n = n;
    all.at = next;
  }
  return all;
}

const struct value *combo_value(const struct combos *c, uint32_t combo, const struct cases *lists, uint32_t i) {
  uint32_t slot = c->slot ? c->slot[i] : NONE;
  return &lists[i].at[slot == NONE ? 0 : c->at[combo].pick[slot]].value;
}

/* ── Reading attributes ────────────────────────────────────────────────────── */

/* The cases that count in a scope: in its one state, on its side of its step, under its guard. */
struct cases cases_in(struct elaboration *e, const struct scope *s, const struct cases *all) {
  if (all->n == 1 && all->at[0].guard == GUARD_ALWAYS) return *all;
  bool stepping = s->step != NONE && s->leads != LEADS_NOWHERE;
  if (!stepping && !s->done && s->guard == GUARD_ALWAYS) return *all;
  struct cases_builder b = {.at = all->at[0].value.at};
  for (uint32_t i = 0; i < all->n; i++) {
    uint32_t guard = all->at[i].guard;
    if (stepping) guard = guard_given(e, guard, s->step, s->leads == LEADS_FORWARD);
    if (guard == NONE) continue;
    if (s->done) {
      if (guard_holds(e->m, guard, s->done)) return cases_one(e, all->at[i].value);
    } else if (guard_and(e->m, guard, s->guard) != NONE) cases_add(e, &b, &all->at[i].value, guard);
  }
  if (!b.cases.n) return cases_one(e, all->at[all->n - 1].value); /* a state that no order reaches */
  if (b.cases.n == 1) b.cases.at[0].guard = GUARD_ALWAYS;
  return b.cases;
}

struct cases read_attribute(struct elaboration *e, const struct scope *s, uint32_t attribute) {
  return cases_in(e, s, attribute_cases(e, attribute));
}

struct cases value_stand(struct elaboration *e, const struct scope *s, const struct value *v) {
  struct cases none = cases_one(e, *v);
  if (v->type != V_RESOURCE) return none;
  uint32_t kind = e->m->resources.at[v->id].kind_id;
  if (kind == NONE || e->kinds.at[kind].stands == NONE) return none;
  if (e->depth >= DEPTH_MAX) return too_deep(e, v->at);
  e->depth++;
  struct cases direct = read_attribute(e, s, attributes_unread(e->m, v->id).at + e->kinds.at[kind].stands);
  struct cases_builder b = {.at = v->at};
  for (uint32_t i = 0; i < direct.n; i++) {
    struct cases further = value_stand(e, s, &direct.at[i].value);
    for (uint32_t k = 0; k < further.n; k++) {
      further.at[k].value.at = v->at;
      cases_add(e, &b, &further.at[k].value, guard_and(e->m, direct.at[i].guard, further.at[k].guard));
    }
  }
  e->depth--;
  return b.cases;
}

static struct cases stand_list(struct elaboration *e, const struct scope *s, const struct value *v) {
  struct cases *parts = arena_array(&e->c->arena, struct cases, v->count + 1u);
  bool any = false;
  for (uint32_t i = 0; i < v->count; i++) {
    parts[i] = value_stand(e, s, &v->items[i]);
    any = any || parts[i].n != 1 || parts[i].at[0].value.type != v->items[i].type;
  }
  return any ? list_of(e, v, parts) : cases_one(e, *v);
}

/* One list per combination of its items' cases. */
struct cases list_of(struct elaboration *e, const struct value *like, const struct cases *parts) {
  struct combos combos = combos_of(e, parts, like->count, like->at);
  struct cases_builder b = {.at = like->at};
  for (uint32_t c = 0; c < combos.n; c++) {
    struct value v = *like, *items = arena_array(&e->c->arena, struct value, like->count + 1u);
    for (uint32_t i = 0; i < like->count; i++) items[i] = *combo_value(&combos, c, parts, i);
    v.items = items;
    cases_add(e, &b, &v, combos.at[c].guard);
  }
  return b.cases.n ? b.cases : cases_one(e, value_poison(like->at));
}

struct cases cases_stand(struct elaboration *e, const struct scope *s, const struct cases *from) {
  bool any = false;
  for (uint32_t i = 0; i < from->n; i++) any = any || from->at[i].value.type == V_RESOURCE || from->at[i].value.type == V_LIST;
  if (!any) return *from;
  struct cases_builder b = {.at = from->at[0].value.at};
  for (uint32_t i = 0; i < from->n; i++) {
    const struct value *v = &from->at[i].value;
    struct cases further = v->type == V_LIST ? stand_list(e, s, v) : value_stand(e, s, v);
    for (uint32_t k = 0; k < further.n; k++)
      cases_add(e, &b, &further.at[k].value, guard_and(e->m, from->at[i].guard, further.at[k].guard));
  }
  return b.cases;
}

/* ── Expressions ───────────────────────────────────────────────────────────── */

struct cases too_deep(struct elaboration *e, struct span at) {
  struct finding *f = finding_add(e->c, CODE_005, at, "this is nested more than %u levels deep", DEPTH_MAX);
  finding_remark(e->c, f, REMARK_HELP, "give parts of it names with `let`");
  return cases_one(e, value_poison(at));
}

static const struct type *element_type(const struct type *want) {
  if (!want) return NULL;
  if (want->tag == T_LIST || want->tag == T_MAP) return want->of[0];
  if (want->tag == T_OPTIONAL) return element_type(want->of[0]);
  for (uint32_t i = 0; want->tag == T_ONE_OF && i < want->n; i++)
    if (element_type(want->of[i])) return element_type(want->of[i]);
  return NULL;
}

/* `[a, b, c]`, resources by their names in the plan: what most `needs` are. False when anything else is among them. */
static bool resources_listed(struct elaboration *e, const struct scope *s, uint32_t node, const struct type *of, struct value *out) {
  const struct word_table *w = e->words;
  uint32_t n = 0;
  if (s->self != NONE || s->bindings || (of && of->tag != T_ANY)) return false;
  for (uint32_t i = NODE(e, node)->child; i; i = NODE(e, i)->next, n++) {
    const struct node *item = NODE(e, i);
    if (item->type != N_REF || item->child || item->text == w->old || item->text == w->new || item->text == w->via || item->text == w->any ||
        index_get(&e->resource_index, item->text) == NONE)
      return false;
  }
  struct value *items = n ? arena_array(&e->c->arena, struct value, n) : NULL;
  *out = (struct value){.type = V_LIST, .at = node_span(e->tree, node), .items = items, .count = n};
  for (uint32_t i = NODE(e, node)->child; i; i = NODE(e, i)->next) *items++ = value_resource(index_get(&e->resource_index, NODE(e, i)->text), node_span(e->tree, i));
  return true;
}

/* Lists and maps: an item that an arrow makes `none` is not there. */
static struct cases eval_items(struct elaboration *e, const struct scope *s, uint32_t node, const struct type *want, bool map) {
  uint32_t n = 0, k = 0;
  struct value listed;
  if (!map && resources_listed(e, s, node, element_type(want), &listed)) return cases_one(e, listed);
  for (uint32_t i = NODE(e, node)->child; i; i = NODE(e, i)->next) n++;
  struct cases *parts = arena_array(&e->c->arena, struct cases, n + 1u);
  bool *arrow = arena_array(&e->c->arena, bool, n + 1u);
  uint32_t *keys = map ? arena_array(&e->c->arena, uint32_t, n + 1u) : NULL;
  const struct type *of = element_type(want);
  for (uint32_t i = NODE(e, node)->child; i; i = NODE(e, i)->next, k++) {
    uint32_t item = map ? NODE(e, i)->child : i;
    if (map) keys[k] = NODE(e, i)->text;
    arrow[k] = item && NODE(e, item)->type == N_TRANSITION;
    parts[k] = item ? eval_node(e, s, item, of) : cases_one(e, value_poison(node_span(e->tree, i)));
  }
  struct span at = node_span(e->tree, node);
  struct combos combos = combos_of(e, parts, n, at);
  struct cases_builder b = {.at = at};
  for (uint32_t c = 0; c < combos.n; c++) {
    struct value v = {.type = map ? V_MAP : V_LIST, .at = at};
    struct value *items = arena_array(&e->c->arena, struct value, n + 1u);
    uint32_t *names = map ? arena_array(&e->c->arena, uint32_t, n + 1u) : NULL;
    bool poisoned = false;
    for (uint32_t i = 0; i < n; i++) {
      const struct value *item = combo_value(&combos, c, parts, i);
      poisoned |= value_poisoned(item);
      if (arrow[i] && item->type == V_NONE) continue;
      if (map) names[v.count] = keys[i];
      items[v.count++] = *item;
    }
    if (poisoned) v = value_poison(at);
    else v.items = items, v.keys = names;
    cases_add(e, &b, &v, combos.at[c].guard);
  }
  return b.cases.n ? b.cases : cases_one(e, value_poison(at));
}

/* "…${x}…" */
static struct cases eval_string(struct elaboration *e, const struct scope *s, uint32_t node, const struct type *want) {
  bool standing = want && (type_wants(want, T_ENDPOINT) || type_wants(want, T_URL) || type_wants(want, T_ADDRESS) || type_wants(want, T_HOST));
  uint32_t n = 0, k = 0;
  for (uint32_t i = NODE(e, node)->child; i; i = NODE(e, i)->next) n++;
  struct cases *parts = arena_array(&e->c->arena, struct cases, n + 1u);
  for (uint32_t i = NODE(e, node)->child; i; i = NODE(e, i)->next, k++) {
    parts[k] = eval_node(e, s, i, NULL);
    if (standing) parts[k] = cases_stand(e, s, &parts[k]);
  }
  struct span at = node_span(e->tree, node);
  struct combos combos = combos_of(e, parts, n, at);
  struct cases_builder b = {.at = at};
  for (uint32_t c = 0; c < combos.n; c++) {
    struct text text = {.arena = &e->c->arena};
    struct value v = {.type = V_STRING, .at = at};
    for (uint32_t i = 0; i < n && v.type == V_STRING; i++) {
      const struct value *part = combo_value(&combos, c, parts, i);
      if (value_interpolate(e, &text, part, s->for_people)) continue;
      if (part->type == V_UNKNOWN) v = *part, v.at = at;
      else v = no_text(e, part, node_child(e, node, i));
    }
    if (v.type == V_STRING) v.name = name_of(&e->c->names, text_done(&text), text.n);
    cases_add(e, &b, &v, combos.at[c].guard);
  }
  return b.cases.n ? b.cases : cases_one(e, value_poison(at));
}

struct value no_text(struct elaboration *e, const struct value *v, uint32_t node) {
  struct span at = node_span(e->tree, node);
  struct finding *f;
  if (v->type == V_SECRET) {
    f = finding_add(e->c, CODE_272, at, "the secret `%s` would become part of a text that is shown and kept",
                    name_text(&e->c->names, e->secrets.at[v->id].name));
    finding_remark(e->c, f, REMARK_HELP, "a secret goes into an environment variable, a header, standard input or a request body, and nowhere else");
  } else if (v->type == V_NONE) {
    f = finding_add(e->c, CODE_105, at, "this is `none` here, and `none` has no text to put into a string");
    finding_remark(e->c, f, REMARK_HELP, "give it a value, or put what uses it into `when … is not none { … }`");
  } else finding_add(e->c, CODE_105, at, "%s, which has no text to put into a string", value_described(e, v));
  return value_poison(at);
}

/* `traefik.address:443` is the endpoint of a host of that name, and hardly ever what was meant. */
static bool looks_like_reference(struct elaboration *e, const struct value *v) {
  const char *host = name_text(&e->c->names, v->host), *dot = strchr(host, '.');
  if (!dot || strchr(dot + 1, '.')) return false;
  uint32_t first = name_find(&e->c->names, host, (size_t)(dot - host)), second = name_find(&e->c->names, dot + 1, strlen(dot + 1));
  uint32_t resource = first == NONE || second == NONE ? NONE : index_get(&e->resource_index, first);
  if (resource == NONE || attribute_index(e, resource, second) == NONE) return false;
  struct finding *f = finding_add(e->c, CODE_105, v->at, "`%s` is read as the name of a host here, and `%.*s` is a resource", host, (int)(dot - host), host);
  finding_remark(e->c, f, REMARK_HELP, "write \"${%s}:%u\" for the value of its attribute", host, v->lo);
  return true;
}

static struct cases eval_literal(struct elaboration *e, uint32_t node) {
  struct span at = node_span(e->tree, node);
  if (NODE(e, node)->op == 1) return cases_one(e, value_poison(at));
  struct value v = e->tree->values.at[NODE(e, node)->text].value;
  v.at = at;
  if (v.type == V_ENDPOINT && !v.literal_host && looks_like_reference(e, &v)) return cases_one(e, value_poison(at));
  return cases_one(e, v);
}

/* `secret NAME`, or a reference to an attribute that holds one: `secret via.token`. */
static struct cases eval_secret(struct elaboration *e, const struct scope *s, uint32_t node) {
  struct span at = node_span(e->tree, node);
  uint32_t id = NODE(e, node)->child ? NONE : secret_find(e, NODE(e, node)->text);
  if (id != NONE) return cases_one(e, (struct value){.type = V_SECRET, .id = id, .at = at});
  if (NODE(e, node)->child || (s->self != NONE && attribute_index(e, s->self, NODE(e, node)->text) != NONE)) {
    struct cases c = eval_ref(e, s, node, NULL);
    const struct type *parts[] = {type_plain(T_SECRET)};
    struct type maybe = {.tag = T_OPTIONAL, .of = parts, .n = 1};
    return cases_coerce(e, &c, &maybe, NULL);
  }
  struct finding *f = finding_add(e->c, CODE_103, at, "there is no secret `%s`", node_name(e, node));
  ARRAY(const char *) known = {0};
  for (uint32_t i = 0, n = suggest_among(e, e->secrets.n); i < n; i++) array_push(&e->c->arena, &known, name_text(&e->c->names, e->secrets.at[i].name));
  suggest(e, f, node_name(e, node), known.at, known.n);
  return cases_one(e, value_poison(at));
}

static struct cases eval_transition(struct elaboration *e, const struct scope *s, uint32_t node, const struct type *want) {
  struct span at = node_span(e->tree, node);
  if (s->value_index == NONE) {
    struct finding *f = finding_add(e->c, CODE_111, at, "a value that changes can't stand here");
    finding_remark(e->c, f, REMARK_HELP, "arrows belong into the attributes of resources, as in `address = 10.0.20.200 -> 10.0.20.203`");
    return cases_one(e, value_poison(at));
  }
  uint32_t n = 0;
  for (uint32_t i = NODE(e, node)->child; i; i = NODE(e, i)->next) n++;
  uint32_t child = node_child(e, node, s->value_index < n ? s->value_index : n - 1);
  return child ? eval_node(e, s, child, want) : cases_one(e, value_poison(at));
}

/* `at least N of LIST`, `any of LIST`: a call with the number and the list. */
static struct cases eval_count(struct elaboration *e, const struct scope *s, uint32_t node, const struct type *want) {
  bool least = NODE(e, node)->type == N_AT_LEAST;
  struct span at = node_span(e->tree, node);
  uint32_t list = node_child(e, node, least ? 1 : 0);
  if (!list) return cases_one(e, value_poison(at));
  struct cases items = eval_node(e, s, list, want);
  struct cases number = least ? eval_literal(e, NODE(e, node)->child) : cases_one(e, (struct value){.type = V_NUMBER, .number = 1, .at = at});
  struct cases_builder b = {.at = at};
  for (uint32_t i = 0; i < items.n; i++) {
    struct value *args = arena_array(&e->c->arena, struct value, 2);
    args[0] = number.at[0].value;
    args[1] = items.at[i].value;
    struct value v = {.type = V_CALL, .name = least ? e->words->at_least : e->words->any_of, .items = args, .count = 2, .at = at};
    if (value_poisoned(&args[0]) || args[1].type == V_UNKNOWN) v = args[1], v.type = V_UNKNOWN;
    cases_add(e, &b, &v, items.at[i].guard);
  }
  return b.cases;
}

static struct cases eval_truth(struct elaboration *e, const struct scope *s, uint32_t node) {
  struct condition c = eval_plain_condition(e, s, node);
  struct span at = node_span(e->tree, node);
  struct cases_builder b = {.at = at};
  struct value v = {.type = V_BOOL, .number = 1, .at = at};
  for (uint32_t i = 0; i < c.yes.n; i++) cases_add(e, &b, &v, c.yes.at[i].guard);
  v.number = 0;
  for (uint32_t i = 0; i < c.no.n; i++) cases_add(e, &b, &v, c.no.at[i].guard);
  v = (struct value){.type = V_UNKNOWN, .at = at};
  for (uint32_t i = 0; i < c.unknown.n; i++) cases_add(e, &b, &v, c.unknown.at[i].guard);
  return b.cases.n ? b.cases : cases_one(e, value_poison(at));
}

struct cases eval_node(struct elaboration *e, const struct scope *s, uint32_t node, const struct type *want) {
  if (!node) return cases_one(e, value_poison(NOWHERE));
  if (e->depth >= DEPTH_MAX) return too_deep(e, node_span(e->tree, node));
  e->depth++;
  struct cases c;
  switch ((int)NODE(e, node)->type) {
  case N_LITERAL: c = eval_literal(e, node); break;
  case N_STRING: c = eval_string(e, s, node, want); break;
  case N_REF: c = eval_ref(e, s, node, want); break;
  case N_SECRET: c = eval_secret(e, s, node); break;
  case N_CALL: c = eval_call(e, s, node); break;
  case N_LIST: c = eval_items(e, s, node, want, false); break;
  case N_MAP: c = eval_items(e, s, node, want, true); break;
  case N_BINARY:
  case N_NOT: c = eval_truth(e, s, node); break;
  case N_AT_LEAST:
  case N_ANY_OF: c = eval_count(e, s, node, want); break;
  case N_TRANSITION: c = eval_transition(e, s, node, want); break;
  default: c = cases_one(e, value_poison(node_span(e->tree, node)));
  }
  e->depth--;
  return c;
}

/* ── What other files call ─────────────────────────────────────────────────── */

struct cases cases_coerce(struct elaboration *e, const struct cases *c, const struct type *want, const char *what) {
  if (!want || want->tag == T_ANY) return *c;
  struct cases out = {c->n, arena_alloc(&e->c->arena, c->n, sizeof *c->at)};
  for (uint32_t i = 0; i < c->n; i++) {
    out.at[i].guard = c->at[i].guard;
    out.at[i].value = value_coerce(e, &c->at[i].value, want, what);
  }
  return out;
}

struct cases eval_cases(struct elaboration *e, const struct scope *s, uint32_t node, const struct type *want) {
  struct cases c = eval_node(e, s, node, want);
  return cases_coerce(e, &c, want, NULL);
}

struct cases eval_standing(struct elaboration *e, const struct scope *s, uint32_t node, const struct type *want) {
  struct cases c = eval_cases(e, s, node, want);
  return cases_stand(e, s, &c);
}

struct value eval_in_state(struct elaboration *e, const struct scope *s, uint32_t node, const struct type *want, const bool *done) {
  struct scope there = *s;
  there.done = done;
  struct cases c = eval_cases(e, &there, node, want);
  for (uint32_t i = 0; i < c.n; i++)
    if (guard_holds(e->m, c.at[i].guard, done)) return c.at[i].value;
  return c.at[0].value;
}

struct value eval_constant(struct elaboration *e, const struct scope *s, uint32_t node, const struct type *want, const char *what) {
  struct cases c = eval_cases(e, s, node, want);
  if (c.n == 1 || cases_poisoned(&c)) return c.at[0].value;
  struct finding *f = finding_add(e->c, CODE_111, node_span(e->tree, node), "%s must not change, and this does", what);
  finding_label(e->c, f, c.at[1].value.at, "its other value");
  return value_poison(node_span(e->tree, node));
}

struct scope scope_plan(const struct binding *bindings) {
  return (struct scope){.self = NONE, .via = NONE, .bindings = bindings, .step = NONE, .hop = NONE, .value_index = NONE};
}

struct scope scope_resource(const struct elaboration *e, uint32_t resource, bool written) {
  struct scope s = scope_plan(written ? resource_rare(e, resource)->bindings : NULL);
  s.self = resource;
  return s;
}

void scope_step(const struct elaboration *e, struct scope *s, uint32_t resource, uint32_t step, enum leads leads) {
  s->step = step;
  s->leads = (uint8_t)leads;
  s->hop = NONE;
  if (resource == NONE) return;
  uint32_t found = 0;
  struct attribute_range own = attributes_unread(e->m, resource);
  for (uint32_t i = own.at; i < own.end; i++) {
    const struct attribute *a = &e->m->attributes.at[i];
    for (uint32_t h = 0; h < a->hop_count; h++)
      if (a->steps[h] == step) {
        if (!found++) s->hop = i;
        break;
      }
  }
  if (found > 1) s->hop = NONE;
}
