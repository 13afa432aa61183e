/* Rules, and what kinds `require` -> forbidden entries: every way in which one fails, with its guard, its message and the value
 * that breaks it. Needs attributes, steps (with what they disrupt) and clients.
 * Guarantees: entries in the order of rules, then of kinds; a pair that fails in the same states both ways round is said once. */
#include "model/rules.h"

#include <string.h>

static const char *name_at(const struct elaboration *e, uint32_t id) { return name_text(&e->c->names, id); }

/* ── Reading a rule ────────────────────────────────────────────────────────── */

static void take_apart(struct elaboration *e, struct rule *r, uint32_t condition, unsigned depth) {
  const struct node *n = NODE(e, condition);
  if (n->type == N_BINARY && n->op == OP_AND && depth < 128) {
    uint32_t left = n->child;
    take_apart(e, r, left, depth + 1);
    take_apart(e, r, NODE(e, left)->next, depth + 1);
  } else array_push(&e->c->arena, &r->where, condition);
}

static bool read_variable(struct elaboration *e, struct rule *r, uint32_t node) {
  uint32_t ref = NODE(e, node)->child, kind = ref == 0 ? NONE : kind_find(e, NODE(e, ref)->text);
  for (uint32_t i = 0; i < r->variable_count; i++)
    if (r->variables[i].name == NODE(e, node)->text) {
      finding_add(e->c, CODE_106, node_span(e->tree, node), "`%s` is declared twice in this rule", node_name(e, node));
      return false;
    }
  if (r->variable_count == RULE_VARIABLES_MAX) {
    finding_add(e->c, CODE_113, node_span(e->tree, node), "a rule speaks of at most %u resources at once", RULE_VARIABLES_MAX);
    return false;
  }
  struct rule_variable *v = &r->variables[r->variable_count];
  v->name = NODE(e, node)->text;
  v->kind = kind;
  if (ref != 0 && kind == NONE && strcmp(node_name(e, ref), "resource") == 0) {
    uint32_t *all = arena_array(&e->c->arena, uint32_t, (size_t)e->m->resources.n + 1);
    for (uint32_t i = 0; i < e->m->resources.n; i++) all[i] = i;
    v->from = all;
    v->count = e->m->resources.n;
  } else if (kind == NONE) {
    struct scope s = scope_plan(NULL);
    if (ref != 0) (void)name_unknown(e, &s, ref, type_plain(T_KIND));
    return false;
  } else {
    v->from = e->kinds.at[kind].resources.at;
    v->count = e->kinds.at[kind].resources.n;
  }
  r->variable_count++;
  return true;
}

static const char *constant_text(struct elaboration *e, const struct binding *bindings, uint32_t node) {
  if (node == 0) return NULL;
  struct scope s = scope_plan(bindings);
  struct value v = eval_constant(e, &s, node, type_plain(T_STRING), "this text");
  return v.type == V_STRING ? name_at(e, v.name) : NULL;
}

static bool read_rule(struct elaboration *e, const struct declared *d, struct rule *r) {
  bool good = true;
  *r = (struct rule){.name = d->name, .bindings = d->bindings, .at = d->at};
  for (uint32_t i = NODE(e, d->node)->child; i != 0; i = NODE(e, i)->next) {
    uint32_t child = NODE(e, i)->child;
    switch (NODE(e, i)->type) {
    case N_RULE_FOR: good = read_variable(e, r, i) && good; break;
    case N_WHERE:
      for (uint32_t k = child; k != 0; k = NODE(e, k)->next) take_apart(e, r, k, 0);
      break;
    case N_REQUIRE:
      array_push(&e->c->arena, &r->requirements, (struct requirement){child, child == 0 ? 0 : NODE(e, child)->next});
      break;
    case N_ABOUT: r->about = constant_text(e, d->bindings, child); break;
    case N_SEE: r->see = constant_text(e, d->bindings, child); break;
    default: break;
    }
  }
  if (r->requirements.n == 0 && good) {
    struct finding *f = finding_add(e->c, CODE_114, d->at, "rule `%s` requires nothing", name_at(e, d->name));
    finding_remark(e->c, f, REMARK_HELP, "add `require CONDITION else error \"…\"`");
  }
  return good;
}

/* ── Names in a rule ───────────────────────────────────────────────────────── */

static bool has_member(struct elaboration *e, uint32_t kind, uint32_t name) {
  static const char *const always[] = {"exists", "id", "done", "name"};
  for (size_t i = 0; i < sizeof always / sizeof *always; i++)
    if (strcmp(name_at(e, name), always[i]) == 0) return true;
  return kind_field(&e->kinds.at[kind], name) != NONE || universal_type(e, name) != NULL;
}

static void no_member(struct elaboration *e, uint32_t kind, uint32_t member) {
  const struct kind *k = &e->kinds.at[kind];
  const char **known = arena_array(&e->c->arena, const char *, k->field_count + 1u);
  uint32_t n = suggest_among(e, k->field_count);
  for (uint32_t i = 0; i < n; i++) known[i] = name_at(e, k->fields[i].name);
  struct finding *f = finding_add(e->c, CODE_102, node_span(e->tree, member), "kind `%s` has no attribute `%s`", name_at(e, k->name), node_name(e, member));
  suggest(e, f, node_name(e, member), known, n);
}

static bool names_something(const struct elaboration *e, const struct rule *r, uint32_t name) {
  for (const struct binding *b = r->bindings; b != NULL; b = b->outer)
    if (b->name == name) return true;
  return index_get(&e->resource_index, name) != NONE || index_get(&e->let_index, name) != NONE || index_get(&e->step_index, name) != NONE ||
         zone_find(e, name) != NONE || kind_find(e, name) != NONE;
}

/* Says once, not once per resource, what no resource could have; in messages also names that are none, since they are not read
 * until the rule fails. False when something is wrong. */
static bool check_names(struct elaboration *e, const struct rule *r, uint32_t node, bool message, unsigned depth) {
  const struct node *n = NODE(e, node);
  bool good = true, variable = false;
  if (node == 0 || depth > 128) return true;
  for (uint32_t i = 0; n->type == N_REF && i < r->variable_count; i++) {
    if (n->text != r->variables[i].name) continue;
    variable = true;
    if (n->child == 0 || r->variables[i].kind == NONE || has_member(e, r->variables[i].kind, NODE(e, n->child)->text)) continue;
    no_member(e, r->variables[i].kind, n->child);
    good = false;
  }
  if (message && n->type == N_REF && !variable && !names_something(e, r, n->text)) {
    struct scope s = scope_plan(r->bindings);
    (void)name_unknown(e, &s, node, NULL);
    good = false;
  }
  for (uint32_t i = n->child; i != 0; i = NODE(e, i)->next) good = check_names(e, r, i, message, depth + 1) && good;
  return good;
}

static bool check_rule(struct elaboration *e, const struct rule *r) {
  bool good = true;
  for (uint32_t i = 0; i < r->where.n; i++) good = check_names(e, r, r->where.at[i], false, 0) && good;
  for (uint32_t i = 0; i < r->requirements.n; i++) {
    good = check_names(e, r, r->requirements.at[i].condition, false, 0) && good;
    good = check_names(e, r, r->requirements.at[i].otherwise, true, 0) && good;
  }
  return good;
}

/* ── Messages ──────────────────────────────────────────────────────────────── */

struct said { uint32_t guard; const char *text; };
struct saying { ARRAY(struct said) list; };
#define SAID_MAX 8u

static const char *with_value(struct elaboration *e, const char *before, const struct value *v) {
  struct text t = {.arena = &e->c->arena};
  text_puts(&t, before);
  if (v->type == V_NONE) text_puts(&t, "none");
  else if (v->type == V_UNKNOWN) text_puts(&t, "a value that nobody knows");
  else if (v->type == V_SECRET) text_puts(&t, "a secret");
  else if (v->type == V_ZONE) text_puts(&t, name_at(e, e->m->zones.at[v->id].name));
  else if (!value_interpolate(e, &t, v, true)) text_puts(&t, "…");
  return text_done(&t);
}

/* One text per case that the message's values make of a guard; past SAID_MAX the first case speaks for all. */
static struct saying say(struct elaboration *e, const struct scope *scope, uint32_t string, uint32_t guard) {
  struct saying now = {0};
  array_push(&e->c->arena, &now.list, (struct said){guard, ""});
  bool single = NODE(e, string)->type != N_STRING;
  for (uint32_t i = single ? string : NODE(e, string)->child; i != 0; i = single ? 0 : NODE(e, i)->next) {
    struct saying next = {0};
    for (uint32_t k = 0; k < now.list.n; k++) {
      struct scope s = *scope;
      s.guard = now.list.at[k].guard;
      s.for_people = true;
      struct cases c = eval_cases(e, &s, i, NULL);
      for (uint32_t j = 0; j < c.n; j++) {
        uint32_t g = guard_and(e->m, now.list.at[k].guard, c.at[j].guard);
        if (g != NONE) array_push(&e->c->arena, &next.list, (struct said){g, with_value(e, now.list.at[k].text, &c.at[j].value)});
      }
    }
    if (next.list.n == 0) return now;
    if (next.list.n > SAID_MAX) {
      next.list.at[0].guard = guard;
      next.list.n = 1;
    }
    now = next;
  }
  return now;
}

/* ── The value that breaks it ──────────────────────────────────────────────── */

struct blame {
  struct elaboration *e;
  const struct rule *rule;
  const uint32_t *instance;
  uint32_t self, guard;
  struct span at;
  int weight; /* of what was found so far */
};

static void blame_attribute(struct blame *b, uint32_t attribute) {
  const struct cases *cases = attribute_cases(b->e, attribute);
  const struct attribute *a = &b->e->m->attributes.at[attribute];
  uint32_t index = NONE;
  for (uint32_t i = 0; i < cases->n && index == NONE; i++)
    if (guard_and(b->e->m, cases->at[i].guard, b->guard) != NONE) index = i;
  if (index == NONE) return;
  int weight = a->hop_count > 0 ? (index > 0 ? 4 : 3) : cases->n > 1 ? 2 : a->written ? 1 : 0;
  if (weight <= b->weight) return;
  struct span at = a->hops != NULL && cases->n == a->hop_count + 1u ? a->hops[index] : a->at;
  if (at.source == NONE || (at.start == 0 && at.end == 0)) return;
  b->weight = weight;
  b->at = at;
}

/* `v.attribute` of a rule, a bare attribute of a kind. */
static void blame_walk(struct blame *b, uint32_t node, unsigned depth) {
  struct elaboration *e = b->e;
  const struct node *n = NODE(e, node);
  if (depth > 128) return;
  if (n->type == N_REF) {
    uint32_t resource = b->self, name = n->text;
    for (uint32_t i = 0; b->rule != NULL && i < b->rule->variable_count; i++)
      if (b->rule->variables[i].name == n->text && n->child != 0) resource = b->instance[i], name = NODE(e, n->child)->text;
    uint32_t attribute = resource == NONE ? NONE : attribute_index(e, resource, name);
    if (attribute != NONE) blame_attribute(b, attribute);
  }
  for (uint32_t i = n->child; i != 0; i = NODE(e, i)->next) blame_walk(b, i, depth + 1);
}

/* ── One instance ──────────────────────────────────────────────────────────── */

struct asking {
  struct elaboration *e;
  const struct rule *rule; /* NULL for a kind's `require` */
  uint32_t name;
  const char *about, *see;
  struct scope scope;
  uint32_t self;
  const uint32_t *instance; uint32_t width;
  struct requirement require;
  struct cubes given;      /* where it applies */
};

static bool sorted_part(const uint32_t *part, uint32_t n, const uint32_t *whole, uint32_t m) {
  uint32_t k = 0;
  for (uint32_t i = 0; i < n; i++) {
    while (k < m && whole[k] < part[i]) k++;
    if (k == m || whole[k] != part[i]) return false;
  }
  return true;
}

/* Does a hold wherever b does? */
static bool implied(const struct model *m, const struct cube *b, const struct cube *a) {
  const struct guard *x = &m->guards.at[a->guard], *y = &m->guards.at[b->guard];
  if (a->during != NONE && a->during != b->during) return false;
  if (!sorted_part(a->not_during, a->not_during_count, b->not_during, b->not_during_count)) return false;
  if (a->hairpin_count != b->hairpin_count) return false;
  for (uint32_t i = 0; i < a->hairpin_count; i++)
    if (a->hairpins[i].client != b->hairpins[i].client || a->hairpins[i].resource != b->hairpins[i].resource || a->hairpins[i].is != b->hairpins[i].is)
      return false;
  return sorted_part(x->steps, x->n, y->steps, y->n) && sorted_part(a->up, a->up_count, b->up, b->up_count) &&
         sorted_part(a->down, a->down_count, b->down, b->down_count);
}

static void drop_implied(struct elaboration *e, struct cubes *c) {
  if (c->n < 2 || c->n > 64) return;
  bool drop[64] = {false};
  uint32_t kept = 0;
  for (uint32_t i = 0; i < c->n; i++)
    for (uint32_t k = 0; k < c->n && !drop[i]; k++)
      if (k != i && !drop[k] && implied(e->m, &c->at[i], &c->at[k])) drop[i] = true;
  for (uint32_t i = 0; i < c->n; i++)
    if (!drop[i]) c->at[kept++] = c->at[i];
  c->n = kept;
}

static void forbid(struct asking *q, const struct cube *c) {
  struct elaboration *e = q->e;
  uint32_t string = q->require.otherwise == 0 ? 0 : NODE(e, q->require.otherwise)->child;
  struct saying said = {0};
  if (string != 0) said = say(e, &q->scope, string, c->guard);
  else array_push(&e->c->arena, &said.list, (struct said){c->guard, q->about != NULL ? q->about : "what is required does not hold"});
  uint32_t *resources = arena_array(&e->c->arena, uint32_t, q->width + 1u);
  if (q->width > 0) memcpy(resources, q->instance, q->width * sizeof *resources);
  for (uint32_t i = 0; i < said.list.n; i++) {
    struct blame b = {.e = e, .rule = q->rule, .instance = q->instance, .self = q->self, .guard = said.list.at[i].guard, .weight = -1};
    b.at = q->width > 0 ? resource_span(e->m, q->instance[0]) : node_span(e->tree, q->require.condition);
    blame_walk(&b, q->require.condition, 0);
    if (q->rule != NULL && b.weight <= 0)
      for (uint32_t k = 0; k < q->rule->where.n; k++) blame_walk(&b, q->rule->where.at[k], 0);
    struct forbidden f = {.rule = q->name, .guard = said.list.at[i].guard, .during = c->during, .up = c->up, .down = c->down,
                          .up_count = c->up_count, .down_count = c->down_count, .not_during = c->not_during,
                          .not_during_count = c->up_count + c->down_count > 0 ? c->not_during_count : 0, .hairpins = c->hairpins, .hairpin_count = c->hairpin_count,
                          .message = said.list.at[i].text, .see = q->see, .at = b.at, .rule_at = node_span(e->tree, q->require.condition),
                          .resources = resources, .resource_count = q->width};
    f.severity = q->require.otherwise == 0 ? SEV_ERROR : (enum severity)NODE(e, q->require.otherwise)->op;
    array_push(&e->c->arena, &e->m->forbidden, f);
  }
}

/* Given, and the condition true (or, `turned`, not true: a `require` over what nobody knows fails). */
static struct cubes narrowed(struct asking *q, const struct cubes *given, uint32_t condition, bool turned) {
  struct cubes out = {0};
  for (uint32_t i = 0; i < given->n && out.n <= CUBES_MAX; i++) {
    struct scope s = q->scope;
    struct cubes one = {&given->at[i], 1, 1};
    s.guard = given->at[i].guard;
    struct condition c = eval_condition(q->e, &s, condition);
    if (turned) cubes_append(q->e, &c.no, &c.unknown);
    struct cubes both = cubes_and(q->e, &one, turned ? &c.no : &c.yes);
    cubes_append(q->e, &out, &both);
  }
  return cubes_fit(q->e, &out, node_span(q->e->tree, condition)) ? out : (struct cubes){0};
}

static struct cubes while_exists(struct asking *q, const struct cubes *given, uint32_t resource) {
  struct elaboration *e = q->e;
  struct cases exists = resource_exists(e, resource);
  struct cubes there = {0};
  for (uint32_t i = 0; i < exists.n; i++)
    if (exists.at[i].value.type != V_BOOL || exists.at[i].value.number != 0)
      array_push(&e->c->arena, &there, (struct cube){.guard = exists.at[i].guard, .during = NONE});
  struct cubes out = cubes_and(e, given, &there);
  return cubes_fit(e, &out, node_span(e->tree, q->require.condition)) ? out : (struct cubes){0};
}

/* Does the text ask whether this resource exists? Then it speaks of when it does not, too. */
static bool asks_existence(const struct elaboration *e, uint32_t node, uint32_t variable, unsigned depth) {
  const struct node *n = NODE(e, node);
  if (node == 0 || depth > 128) return false;
  if (n->type == N_REF) {
    uint32_t member = n->child;
    if (variable == 0 && member == 0 && strcmp(node_name(e, node), "exists") == 0) return true;
    if (variable != 0 && n->text == variable && member != 0 && strcmp(node_name(e, member), "exists") == 0) return true;
  }
  for (uint32_t i = n->child; i != 0; i = NODE(e, i)->next)
    if (asks_existence(e, i, variable, depth + 1)) return true;
  return false;
}

/* ── Pairs ─────────────────────────────────────────────────────────────────── */

struct pair { uint32_t a, b; struct cubes fail; };
struct pairs { ARRAY(struct pair) list; }; /* ascending */

static const struct pair *find_pair(const struct pairs *p, uint32_t a, uint32_t b) {
  uint32_t low = 0, high = p->list.n;
  while (low < high) {
    uint32_t mid = low + (high - low) / 2;
    const struct pair *x = &p->list.at[mid];
    if (x->a == a && x->b == b) return x;
    if (x->a < a || (x->a == a && x->b < b)) low = mid + 1;
    else high = mid;
  }
  return NULL;
}

/* Is every state of `c` in one of `fail` from `from` on? What one of them leaves over is asked of the next. */
static bool covered(struct elaboration *e, struct cube c, const struct cubes *fail, uint32_t from, unsigned *budget) {
  if (c.guard == NONE) return true;
  for (uint32_t i = from; i < fail->n && *budget > 0; i++) {
    struct cube f = fail->at[i];
    const struct guard *g = &e->m->guards.at[f.guard];
    uint32_t n = g->n;
    f.guard = c.guard;
    (*budget)--;
    if (!implied(e->m, &c, &f)) continue; /* something besides the guard */
    for (uint32_t k = 0; k < n; k++) {
      uint32_t literal = e->m->guards.at[fail->at[i].guard].steps[k], opposite = literal ^ 1u;
      struct cube rest = c;
      rest.guard = guard_and(e->m, c.guard, guard_of(e->m, &opposite, 1));
      if (!covered(e, rest, fail, i + 1, budget)) return false;
      c.guard = guard_and(e->m, c.guard, guard_of(e->m, &literal, 1));
      if (c.guard == NONE) return true;
    }
    return true;
  }
  return false;
}

/* A pair that already failed the other way round: only what is new. */
static void drop_mirrored(struct elaboration *e, const struct pairs *pairs, const uint32_t *instance, struct cubes *fail) {
  const struct pair *other = find_pair(pairs, instance[1], instance[0]);
  uint32_t kept = 0;
  for (uint32_t i = 0; other != NULL && i < fail->n; i++) {
    unsigned budget = 256;
    if (!covered(e, fail->at[i], &other->fail, 0, &budget)) fail->at[kept++] = fail->at[i];
  }
  if (other != NULL) fail->n = kept;
}

/* ── Rules ─────────────────────────────────────────────────────────────────── */

static void ask_instance(struct asking *q, struct pairs *pairs, bool alike) {
  struct elaboration *e = q->e;
  const struct rule *r = q->rule;
  struct cubes given = cubes_always(e);
  q->scope = scope_plan(rule_bind(e, r, q->instance));
  for (uint32_t i = 0; i < r->where.n && given.n > 0; i++) given = narrowed(q, &given, r->where.at[i], false);
  for (uint32_t v = 0; v < r->variable_count && given.n > 0; v++) {
    bool asks = asks_existence(e, q->require.condition, r->variables[v].name, 0);
    for (uint32_t i = 0; i < r->where.n && !asks; i++) asks = asks_existence(e, r->where.at[i], r->variables[v].name, 0);
    if (!asks) given = while_exists(q, &given, q->instance[v]);
  }
  struct cubes fail = narrowed(q, &given, q->require.condition, true);
  drop_implied(e, &fail);
  if (alike && q->instance[0] > q->instance[1]) drop_mirrored(e, pairs, q->instance, &fail);
  for (uint32_t i = 0; i < fail.n; i++) forbid(q, &fail.at[i]);
  if (alike && fail.n > 0 && q->instance[0] < q->instance[1])
    array_push(&e->c->arena, &pairs->list, (struct pair){q->instance[0], q->instance[1], fail});
}

static void ask_rule(struct elaboration *e, const struct rule *r) {
  struct instances all = rule_instances(e, r);
  bool alike = r->variable_count == 2 && r->variables[0].kind == r->variables[1].kind;
  for (uint32_t k = 0; k < r->requirements.n; k++) {
    struct pairs pairs = {0};
    for (uint32_t i = 0; i < all.n; i++) {
      struct asking q = {.e = e, .rule = r, .name = r->name, .about = r->about, .see = r->see, .self = NONE, .width = all.width,
                         .instance = all.width == 0 ? NULL : &all.at.at[(size_t)i * all.width], .require = r->requirements.at[k]};
      ask_instance(&q, &pairs, alike);
    }
  }
}

/* ── What kinds require ────────────────────────────────────────────────────── */

static void ask_items(struct asking *q, uint32_t first, const struct cubes *given, unsigned depth) {
  struct elaboration *e = q->e;
  for (uint32_t i = first; i != 0 && depth < 64; i = NODE(e, i)->next) {
    uint32_t child = NODE(e, i)->child;
    if (NODE(e, i)->type == N_WHEN && child != 0) {
      struct cubes inner = narrowed(q, given, child, false);
      if (inner.n > 0) ask_items(q, NODE(e, child)->next, &inner, depth + 1);
    } else if (NODE(e, i)->type == N_REQUIRE && child != 0) {
      q->require = (struct requirement){child, NODE(e, child)->next};
      struct cubes there = asks_existence(e, child, 0, 0) ? *given : while_exists(q, given, q->self);
      struct cubes fail = narrowed(q, &there, child, true);
      drop_implied(e, &fail);
      for (uint32_t k = 0; k < fail.n; k++) forbid(q, &fail.at[k]);
    }
  }
}

static bool requires(const struct elaboration *e, uint32_t first, unsigned depth) {
  for (uint32_t i = first; i != 0 && depth < 64; i = NODE(e, i)->next) {
    if (NODE(e, i)->type == N_REQUIRE) return true;
    if (NODE(e, i)->type == N_WHEN && requires(e, NODE(e, i)->child, depth + 1)) return true;
  }
  return false;
}

static void ask_kind(struct elaboration *e, const struct kind *k) {
  uint32_t items = NODE(e, k->node)->child;
  if (k->resources.n == 0 || !requires(e, items, 0)) return;
  for (uint32_t i = 0; i < k->resources.n; i++) {
    struct asking q = {.e = e, .name = k->name, .scope = scope_resource(e, k->resources.at[i], false), .self = k->resources.at[i],
                       .instance = &k->resources.at[i], .width = 1};
    struct cubes always = cubes_always(e);
    ask_items(&q, items, &always, 0);
  }
}

void rules_build(struct elaboration *e) {
  for (uint32_t i = 0; i < e->rules.n; i++) {
    struct rule r;
    if (read_rule(e, &e->rules.at[i], &r) && check_rule(e, &r)) ask_rule(e, &r);
  }
  for (uint32_t i = 0; i < e->kinds.n; i++) ask_kind(e, &e->kinds.at[i]);
}
