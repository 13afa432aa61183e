/* Conditions: an expression -> where it is true, false and unknown, as lists of cubes.
 * Guarantees: the three lists are disjoint; what is poisoned is in none of them; `and` and `or` look at their right side
 * only where the left one leaves it open. */
#include "model/elaborate.h"
#include "model/eval.h"

#include <stdlib.h>
#include <string.h>

/* ── Cubes ─────────────────────────────────────────────────────────────────── */

static struct cube cube_of(uint32_t guard) { return (struct cube){.guard = guard, .during = NONE}; }

static void push(struct elaboration *e, struct cubes *to, struct cube c) {
  if (c.guard == NONE) return;
  if (!to->cap) to->at = arena_new(&e->c->arena, struct cube), to->cap = 1; /* most have just one */
  array_push(&e->c->arena, to, c);
}

struct cubes cubes_always(struct elaboration *e) {
  struct cubes c = {0};
  push(e, &c, cube_of(GUARD_ALWAYS));
  return c;
}

void cubes_append(struct elaboration *e, struct cubes *to, const struct cubes *from) {
  if (!from->n) return;
  if (!to->n) *to = (struct cubes){from->at, from->n, from->n}; /* grows by copy, should it */
  else
    for (uint32_t i = 0; i < from->n; i++) array_push(&e->c->arena, to, from->at[i]);
}

/* The union of two sorted lists. */
static const uint32_t *merge(struct elaboration *e, const uint32_t *a, uint32_t n, const uint32_t *b, uint32_t m, uint32_t *count) {
  if (!m) return *count = n, a;
  if (!n) return *count = m, b;
  uint32_t *out = arena_array(&e->c->arena, uint32_t, (size_t)n + m), k = 0, i = 0, j = 0;
  while (i < n || j < m) {
    uint32_t next = j == m || (i < n && a[i] <= b[j]) ? a[i++] : b[j++];
    if (!k || out[k - 1] != next) out[k++] = next;
  }
  return *count = k, out;
}

static bool shared(const uint32_t *a, uint32_t n, const uint32_t *b, uint32_t m) {
  for (uint32_t i = 0, j = 0; i < n && j < m;) {
    if (a[i] == b[j]) return true;
    if (a[i] < b[j]) i++;
    else j++;
  }
  return false;
}

/* Hairpins of both; false when one is asked for and excluded. */
static bool hairpins(struct elaboration *e, const struct cube *a, const struct cube *b, struct cube *out) {
  if (!b->hairpin_count) return out->hairpins = a->hairpins, out->hairpin_count = a->hairpin_count, true;
  if (!a->hairpin_count) return out->hairpins = b->hairpins, out->hairpin_count = b->hairpin_count, true;
  struct hairpin *list = arena_array(&e->c->arena, struct hairpin, (size_t)a->hairpin_count + b->hairpin_count);
  uint32_t n = a->hairpin_count;
  memcpy(list, a->hairpins, n * sizeof *list);
  for (uint32_t i = 0; i < b->hairpin_count; i++) {
    bool there = false;
    for (uint32_t k = 0; k < n; k++)
      if (list[k].client == b->hairpins[i].client && list[k].resource == b->hairpins[i].resource) {
        if (list[k].is != b->hairpins[i].is) return false;
        there = true;
      }
    if (!there) list[n++] = b->hairpins[i];
  }
  out->hairpins = list;
  out->hairpin_count = n;
  return true;
}

bool cubes_and_one(struct elaboration *e, const struct cube *a, const struct cube *b, struct cube *out) {
  struct cube c = cube_of(guard_and(e->m, a->guard, b->guard));
  if (c.guard == NONE) return false;
  if (a->during != NONE && b->during != NONE && a->during != b->during) return false;
  c.during = a->during != NONE ? a->during : b->during;
  c.not_during = merge(e, a->not_during, a->not_during_count, b->not_during, b->not_during_count, &c.not_during_count);
  if (c.during != NONE) {
    if (shared(&c.during, 1, c.not_during, c.not_during_count)) return false;
    c.not_during_count = 0;
  }
  c.up = merge(e, a->up, a->up_count, b->up, b->up_count, &c.up_count);
  c.down = merge(e, a->down, a->down_count, b->down, b->down_count, &c.down_count);
  if (shared(c.up, c.up_count, c.down, c.down_count)) return false;
  if (!hairpins(e, a, b, &c)) return false;
  *out = c;
  return true;
}

bool cubes_fit(struct elaboration *e, const struct cubes *c, struct span at) {
  if (c->n <= CUBES_MAX) return true;
  too_many(e, at, CUBES_MAX);
  return false;
}

struct cubes cubes_and(struct elaboration *e, const struct cubes *a, const struct cubes *b) {
  struct cubes out = {0};
  for (uint32_t i = 0; i < a->n; i++)
    for (uint32_t k = 0; k < b->n && out.n <= CUBES_MAX; k++) {
      struct cube c;
      if (cubes_and_one(e, &a->at[i], &b->at[k], &c)) push(e, &out, c);
    }
  return out;
}

/* ── Leaves ────────────────────────────────────────────────────────────────── */

static void add(struct elaboration *e, struct condition *c, int truth, uint32_t guard) {
  if (truth == 1) push(e, &c->yes, cube_of(guard));
  else if (truth == 0) push(e, &c->no, cube_of(guard));
  else if (truth == -1) push(e, &c->unknown, cube_of(guard));
  else c->poisoned = true;
}

static bool has_resource(const struct cases *c, bool resource) {
  for (uint32_t i = 0; i < c->n; i++) {
    const struct value *v = &c->at[i].value;
    const struct value *items = v->type == V_LIST ? v->items : v;
    uint32_t n = v->type == V_LIST ? v->count : 1;
    for (uint32_t k = 0; k < n; k++)
      if (items[k].type != V_NONE && items[k].type != V_UNKNOWN && (items[k].type == V_RESOURCE) == resource) return true;
  }
  return false;
}

static const struct type *hint_right(struct elaboration *e, const struct scope *s, enum op op, uint32_t left, uint32_t right) {
  bool is = op == OP_IS || op == OP_IS_NOT;
  if (is && NODE(e, right)->type == N_REF && !NODE(e, right)->child && kind_find(e, NODE(e, right)->text) != NONE) return type_plain(T_KIND);
  const struct type *t = type_of(e, s, left);
  return op == OP_IN || op == OP_NOT_IN ? type_listed(e, t) : t;
}

static struct condition compare(struct elaboration *e, const struct scope *s, uint32_t node) {
  struct condition c = {0};
  enum op op = (enum op)NODE(e, node)->op;
  uint32_t left = node_child(e, node, 0), right = node_child(e, node, 1);
  if (!left || !right) return c.poisoned = true, c;
  bool is = op == OP_IS || op == OP_IS_NOT;
  struct cases parts[2] = {eval_node(e, s, left, type_of(e, s, right)), eval_node(e, s, right, hint_right(e, s, op, left, right))};
  if (!is && has_resource(&parts[0], true) && has_resource(&parts[1], false)) parts[0] = cases_stand(e, s, &parts[0]);
  if (!is && has_resource(&parts[1], true) && has_resource(&parts[0], false)) parts[1] = cases_stand(e, s, &parts[1]);
  struct combos combos = combos_of(e, parts, 2, node_span(e->tree, node));
  for (uint32_t i = 0; i < combos.n; i++)
    add(e, &c, values_compared(e, s, op, combo_value(&combos, i, parts, 0), combo_value(&combos, i, parts, 1), node), combos.at[i].guard);
  if (!combos.n) c.poisoned = true;
  return c;
}

static struct condition truth(struct elaboration *e, const struct scope *s, uint32_t node) {
  struct condition c = {0};
  struct cases cases = eval_node(e, s, node, type_plain(T_BOOL));
  for (uint32_t i = 0; i < cases.n; i++) {
    const struct value *v = &cases.at[i].value;
    int is = v->type == V_BOOL ? v->number != 0 : value_poisoned(v) ? -2 : v->type == V_UNKNOWN ? -1 : -3;
    if (is == -3) finding_add(e->c, CODE_105, node_span(e->tree, node), "a condition is true or false, and %s", value_described(e, v));
    add(e, &c, is, cases.at[i].guard);
  }
  return c;
}

/* ── What depends on more than attributes ──────────────────────────────────── */

static bool resource_argument(struct elaboration *e, const struct scope *s, uint32_t node, struct cases *out) {
  *out = eval_cases(e, s, node, type_list_plain(T_RESOURCE));
  return !cases_poisoned(out);
}

static int by_id(const void *a, const void *b) {
  uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
  return x < y ? -1 : x > y;
}

/* up(r), up([a, b]): all of them are. */
static struct condition is_up(struct elaboration *e, const struct scope *s, uint32_t node) {
  struct condition c = {0};
  struct cases list;
  if (!resource_argument(e, s, NODE(e, node)->child, &list)) return c.poisoned = true, c;
  for (uint32_t i = 0; i < list.n; i++) {
    const struct value *v = &list.at[i].value;
    if (v->type != V_LIST) {
      push(e, &c.unknown, cube_of(list.at[i].guard));
      continue;
    }
    uint32_t *ids = arena_array(&e->c->arena, uint32_t, v->count + 1u), n = 0;
    for (uint32_t k = 0; k < v->count; k++) ids[n++] = v->items[k].id;
    qsort(ids, n, sizeof *ids, by_id);
    struct cube yes = cube_of(list.at[i].guard);
    yes.up = merge(e, ids, n, NULL, 0, &yes.up_count);
    push(e, &c.yes, yes);
    for (uint32_t k = 0; k < n; k++) {
      struct cube no = cube_of(list.at[i].guard);
      no.up = ids, no.up_count = k;
      no.down = &ids[k], no.down_count = 1;
      push(e, &c.no, no);
    }
  }
  return c;
}

static struct condition is_disrupted(struct elaboration *e, const struct scope *s, uint32_t node) {
  struct condition c = {0};
  struct cases list;
  if (!resource_argument(e, s, NODE(e, node)->child, &list)) return c.poisoned = true, c;
  for (uint32_t i = 0; i < list.n; i++)
    for (uint32_t k = 0; k < list.at[i].value.count && list.at[i].value.type == V_LIST; k++) {
      uint32_t n;
      const uint32_t *steps = steps_disrupting(e, list.at[i].value.items[k].id, &n);
      struct cube no = cube_of(list.at[i].guard);
      no.not_during = steps, no.not_during_count = n;
      push(e, &c.no, no);
      for (uint32_t j = 0; j < n; j++) {
        struct cube yes = cube_of(list.at[i].guard);
        yes.during = steps[j];
        push(e, &c.yes, yes);
      }
    }
  return c;
}

static struct condition is_hairpin(struct elaboration *e, const struct scope *s, uint32_t node) {
  struct condition c = {0};
  struct cases parts[2];
  if (!resource_argument(e, s, node_child(e, node, 0), &parts[0]) || !resource_argument(e, s, node_child(e, node, 1), &parts[1]))
    return c.poisoned = true, c;
  struct combos combos = combos_of(e, parts, 2, node_span(e->tree, node));
  for (uint32_t i = 0; i < combos.n; i++) {
    const struct value *a = combo_value(&combos, i, parts, 0), *b = combo_value(&combos, i, parts, 1);
    uint32_t client = a->type == V_LIST && a->count == 1 ? resource_rare(e, a->items[0].id)->client : 0;
    if (!client || b->type != V_LIST || b->count != 1) {
      finding_add(e->c, CODE_105, node_span(e->tree, node), "`hairpins` wants a client and a resource");
      return c.poisoned = true, c;
    }
    for (int is = 0; is < 2; is++) {
      struct hairpin *h = arena_new(&e->c->arena, struct hairpin);
      *h = (struct hairpin){client - 1, b->items[0].id, is};
      struct cube cube = cube_of(combos.at[i].guard);
      cube.hairpins = h, cube.hairpin_count = 1;
      push(e, is ? &c.yes : &c.no, cube);
    }
  }
  return c;
}

static struct condition is_changed(struct elaboration *e, const struct scope *s, uint32_t node) {
  struct condition c = {0};
  uint32_t what = NODE(e, node)->child;
  struct scope start = scope_plan(NULL), there = *s;
  there.done = scope_old(e, &start, false).done;
  there.step = NONE;
  struct cases parts[2] = {eval_node(e, s, what, NULL), eval_node(e, &there, what, NULL)};
  struct combos combos = combos_of(e, parts, 2, node_span(e->tree, node));
  for (uint32_t i = 0; i < combos.n; i++) {
    const struct value *a = combo_value(&combos, i, parts, 0), *b = combo_value(&combos, i, parts, 1);
    add(e, &c, values_compared(e, s, OP_NE, a, b, node), combos.at[i].guard);
  }
  return c;
}

static struct condition overlap(struct elaboration *e, const struct scope *s, uint32_t node) {
  struct condition c = {0};
  struct cases parts[2] = {eval_standing(e, s, node_child(e, node, 0), NULL), eval_standing(e, s, node_child(e, node, 1), NULL)};
  struct combos combos = combos_of(e, parts, 2, node_span(e->tree, node));
  for (uint32_t i = 0; i < combos.n; i++)
    add(e, &c, values_overlap(combo_value(&combos, i, parts, 0), combo_value(&combos, i, parts, 1)), combos.at[i].guard);
  return c;
}

static const struct {
  const char *name;
  struct condition (*eval)(struct elaboration *, const struct scope *, uint32_t);
  uint32_t arguments;
} calls[] = {{"up", is_up, 1}, {"disrupted", is_disrupted, 1}, {"changed", is_changed, 1}, {"hairpins", is_hairpin, 2}, {"overlaps", overlap, 2}};

static bool call(struct elaboration *e, const struct scope *s, uint32_t node, struct condition *out) {
  for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++) {
    if (strcmp(calls[i].name, node_name(e, node))) continue;
    uint32_t n = 0;
    for (uint32_t k = NODE(e, node)->child; k; k = NODE(e, k)->next) n++;
    if (n == calls[i].arguments) *out = calls[i].eval(e, s, node);
    else {
      finding_add(e->c, CODE_105, node_span(e->tree, node), "`%s` takes %u %s, not %u", calls[i].name, calls[i].arguments,
                  calls[i].arguments == 1 ? "thing" : "things", n);
      *out = (struct condition){.poisoned = true};
    }
    return true;
  }
  return false;
}

/* ── and, or, not ──────────────────────────────────────────────────────────── */

/* The right side, where the left one (`open`) leaves it open: each cube's guard is the scope's guard there. */
static struct condition right_side(struct elaboration *e, const struct scope *s, uint32_t node, const struct cubes *open) {
  if (open->n == 1 && open->at[0].guard == GUARD_ALWAYS) return eval_condition(e, s, node);
  struct condition all = {0};
  for (uint32_t i = 0; i < open->n; i++) {
    bool seen = false;
    for (uint32_t k = 0; k < i && !seen; k++) seen = open->at[k].guard == open->at[i].guard;
    if (seen) continue;
    struct scope there = *s;
    there.guard = guard_and(e->m, s->guard, open->at[i].guard);
    if (there.guard == NONE) continue;
    struct condition c = eval_condition(e, &there, node);
    struct cubes only = {0};
    push(e, &only, cube_of(open->at[i].guard));
    struct cubes yes = cubes_and(e, &only, &c.yes), no = cubes_and(e, &only, &c.no), unknown = cubes_and(e, &only, &c.unknown);
    cubes_append(e, &all.yes, &yes);
    cubes_append(e, &all.no, &no);
    cubes_append(e, &all.unknown, &unknown);
    all.poisoned = all.poisoned || c.poisoned;
  }
  return all;
}

static void add_and(struct elaboration *e, struct cubes *to, const struct cubes *a, const struct cubes *b) {
  struct cubes both = cubes_and(e, a, b);
  cubes_append(e, to, &both);
}

/* Open after `and`: true or unknown; after `or`: false or unknown. With yes and no swapped, one is the other. */
static struct condition both(struct elaboration *e, const struct scope *s, uint32_t node, bool is_and) {
  struct condition a = eval_condition(e, s, node_child(e, node, 0)), out = {0};
  struct cubes *a_open = is_and ? &a.yes : &a.no, *a_shut = is_and ? &a.no : &a.yes;
  struct cubes open = {0};
  cubes_append(e, &open, a_open);
  cubes_append(e, &open, &a.unknown);
  struct condition b = {0};
  if (open.n) b = right_side(e, s, node_child(e, node, 1), &open);
  struct cubes *b_open = is_and ? &b.yes : &b.no, *b_shut = is_and ? &b.no : &b.yes;
  struct cubes *out_open = is_and ? &out.yes : &out.no, *out_shut = is_and ? &out.no : &out.yes;
  add_and(e, out_open, a_open, b_open);
  cubes_append(e, out_shut, a_shut);
  add_and(e, out_shut, a_open, b_shut);
  add_and(e, out_shut, &a.unknown, b_shut);
  add_and(e, &out.unknown, a_open, &b.unknown);
  add_and(e, &out.unknown, &a.unknown, b_open);
  add_and(e, &out.unknown, &a.unknown, &b.unknown);
  out.poisoned = a.poisoned || b.poisoned;
  struct span at = node_span(e->tree, node);
  bool fits = cubes_fit(e, &out.yes, at) && cubes_fit(e, &out.no, at) && cubes_fit(e, &out.unknown, at);
  return fits ? out : (struct condition){.poisoned = true};
}

struct condition eval_condition(struct elaboration *e, const struct scope *s, uint32_t node) {
  struct condition c = {.poisoned = true};
  if (!node) return c;
  if (e->depth >= DEPTH_MAX) return too_deep(e, node_span(e->tree, node)), c;
  e->depth++;
  const struct node *at = NODE(e, node);
  if (at->type == N_BINARY && (at->op == OP_AND || at->op == OP_OR)) c = both(e, s, node, at->op == OP_AND);
  else if (at->type == N_BINARY) c = compare(e, s, node);
  else if (at->type == N_NOT) {
    struct condition inner = eval_condition(e, s, at->child);
    c = (struct condition){inner.no, inner.yes, inner.unknown, inner.poisoned};
  } else if (at->type != N_CALL || !call(e, s, node, &c)) c = truth(e, s, node);
  e->depth--;
  return c;
}

static bool plain(const struct cubes *list) {
  for (uint32_t i = 0; i < list->n; i++)
    if (list->at[i].during != NONE || list->at[i].up_count || list->at[i].down_count || list->at[i].hairpin_count) return false;
  return true;
}

struct condition eval_plain_condition(struct elaboration *e, const struct scope *s, uint32_t node) {
  struct condition c = eval_condition(e, s, node);
  if (plain(&c.yes) && plain(&c.no) && plain(&c.unknown)) return c;
  struct finding *f = finding_add(e->c, CODE_114, node_span(e->tree, node), "what holds here may depend on attributes and steps, not on what is up, disrupted or reached");
  finding_remark(e->c, f, REMARK_HELP, "say it in a `rule`, or write `needs` with the resource itself");
  return (struct condition){.poisoned = true};
}
