/* For which resources a rule is asked: the variables' kinds, joined through hashes on the equalities of `where`.
 * Guarantees: no instance for which `where` holds is left out; they come in ascending order of resources.
 * A pair loop over 10000 services for `a.address == b.address` is 10^8 evaluations: hence the hashes. */
#include "model/rules.h"

#include <stdlib.h>
#include <string.h>

/* An equality between what two variables say: `left` speaks of variable a alone, `right` of b alone. */
struct link {
  uint32_t left, right; /* nodes */
  uint32_t a, b;        /* variables, a != b */
};
/* A condition over one variable that must be true, or `turned`, not true, for the rule to fail. */
struct filter { uint32_t node, variable; bool turned; };
struct links {
  ARRAY(struct link) list;
  ARRAY(struct filter) filters;
};

/* ── Which variables an expression speaks of ───────────────────────────────── */

static void mark_variables(const struct elaboration *e, const struct rule *r, uint32_t node, uint32_t *mask, unsigned depth) {
  const struct node *n = NODE(e, node);
  if (depth > 128) {
    *mask = ~0u;
    return;
  }
  for (uint32_t i = 0; n->type == N_REF && i < r->variable_count; i++)
    if (n->text == r->variables[i].name) *mask |= 1u << i;
  for (uint32_t i = n->child; i != 0; i = NODE(e, i)->next) mark_variables(e, r, i, mask, depth + 1);
}

/* The one variable of an expression, NONE for none or several. */
static uint32_t only_variable(const struct elaboration *e, const struct rule *r, uint32_t node) {
  uint32_t mask = 0;
  if (node == 0) return NONE;
  mark_variables(e, r, node, &mask, 0);
  for (uint32_t i = 0; i < r->variable_count; i++)
    if (mask == 1u << i) return i;
  return NONE;
}

/* What must hold for the condition to be true (or, `turned`, not true): equalities, and conditions over one variable. */
static void find_links(struct elaboration *e, const struct rule *r, uint32_t node, bool turned, struct links *out, unsigned depth) {
  const struct node *n = node == 0 ? NULL : NODE(e, node);
  if (n == NULL || depth > 128) return;
  if (n->type == N_NOT) {
    find_links(e, r, n->child, !turned, out, depth + 1);
    return;
  }
  uint32_t left = n->child, right = left == 0 ? 0 : NODE(e, left)->next;
  if (n->type == N_BINARY && n->op == (turned ? OP_OR : OP_AND)) {
    find_links(e, r, left, turned, out, depth + 1);
    find_links(e, r, right, turned, out, depth + 1);
    return;
  }
  uint32_t only = only_variable(e, r, node);
  if (only != NONE) array_push(&e->c->arena, &out->filters, (struct filter){node, only, turned});
  if (n->type != N_BINARY) return;
  bool equates = turned ? n->op == OP_NE || n->op == OP_IS_NOT || n->op == OP_NOT_IN : n->op == OP_EQ || n->op == OP_IS || n->op == OP_IN;
  uint32_t a = only_variable(e, r, left), b = only_variable(e, r, right);
  if (equates && a != NONE && b != NONE && a != b) array_push(&e->c->arena, &out->list, (struct link){left, right, a, b});
}

/* ── Keys ──────────────────────────────────────────────────────────────────── */

struct keys {
  ARRAY(uint32_t) at; /* name ids of texts */
  bool wild;          /* equal to what a text can't say: unknown, ranges */
  struct text text;   /* used again and again */
};

static void key_of(struct elaboration *e, struct keys *k, const struct value *v, unsigned depth) {
  if (v->type == V_LIST) {
    for (uint32_t i = 0; i < v->count && depth < 8; i++) key_of(e, k, &v->items[i], depth + 1);
    return;
  }
  if (v->type == V_UNKNOWN || v->type == V_RANGE || v->type == V_CIDR || v->type == V_MAP || v->type == V_KIND) {
    k->wild = true;
    return;
  }
  struct text *t = &k->text;
  t->arena = &e->c->arena;
  t->n = 0;
  if (v->type == V_NONE) text_putc(t, '\1');
  else if (v->type == V_RESOURCE) text_print(t, "\2%u", v->id);
  else if (v->type == V_BOOL) text_print(t, "\3%d", v->number != 0);
  else if (!value_interpolate(e, t, v, true)) {
    k->wild = true;
    return;
  }
  for (size_t i = 0; i < t->n; i++)
    if (t->at[i] >= 'A' && t->at[i] <= 'Z') t->at[i] = (char)(t->at[i] + 32);
  array_push(&e->c->arena, &k->at, name_of(&e->c->names, text_done(t), t->n));
}

static bool may_stand(const struct value *v, unsigned depth) {
  for (uint32_t i = 0; v->type == V_LIST && i < v->count && depth < 8; i++)
    if (may_stand(&v->items[i], depth + 1)) return true;
  return v->type == V_RESOURCE;
}

/* Everything an expression can be equal to for one resource, in any state. *k keeps its room from call to call. */
static void keys_for(struct elaboration *e, const struct rule *r, uint32_t variable, uint32_t resource, uint32_t node, struct keys *k) {
  const struct rule_variable *v = &r->variables[variable];
  struct binding b = {.name = v->name, .value = value_resource(resource, r->at), .type = v->kind == NONE ? NULL : e->kinds.at[v->kind].type,
                      .outer = r->bindings};
  struct scope s = scope_plan(&b);
  uint32_t findings = e->c->findings.n; /* what is wrong is said when the whole condition is read */
  struct cases as_is = eval_cases(e, &s, node, NULL);
  bool stands = false;
  k->at.n = 0;
  k->wild = false;
  for (uint32_t i = 0; i < as_is.n; i++) {
    key_of(e, k, &as_is.at[i].value, 0);
    stands = stands || may_stand(&as_is.at[i].value, 0);
  }
  if (stands) {
    struct cases standing = eval_standing(e, &s, node, NULL);
    for (uint32_t i = 0; i < standing.n; i++) key_of(e, k, &standing.at[i].value, 0);
  }
  e->c->findings.n = findings;
}

/* ── One variable, indexed by what a link says of it ───────────────────────── */

struct entry { uint32_t resource, next; };
struct key_index {
  struct index lists;   /* key -> index into heads */
  ARRAY(uint32_t) heads;
  ARRAY(struct entry) entries;
  ARRAY(uint32_t) wild; /* ascending */
  uint32_t other, other_node; /* the variable on the other side of the link, and that side */
};

static void key_put(struct elaboration *e, struct key_index *x, uint32_t key, uint32_t resource) {
  uint32_t list = index_put(&e->c->arena, &x->lists, key, x->heads.n);
  if (list == x->heads.n) array_push(&e->c->arena, &x->heads, NONE);
  uint32_t head = x->heads.at[list];
  if (head != NONE && x->entries.at[head].resource == resource) return;
  array_push(&e->c->arena, &x->entries, (struct entry){resource, head});
  x->heads.at[list] = x->entries.n - 1;
}

static struct key_index *index_variable(struct elaboration *e, const struct rule *r, uint32_t variable, const struct link *l) {
  struct key_index *x = arena_new(&e->c->arena, struct key_index);
  const struct rule_variable *v = &r->variables[variable];
  bool first = l->a == variable;
  x->other = first ? l->b : l->a;
  x->other_node = first ? l->right : l->left;
  struct keys k = {.wild = false};
  for (uint32_t i = 0; i < v->count; i++) {
    keys_for(e, r, variable, v->from[i], first ? l->left : l->right, &k);
    if (k.wild) array_push(&e->c->arena, &x->wild, v->from[i]);
    for (uint32_t j = 0; j < k.at.n; j++) key_put(e, x, k.at.at[j], v->from[i]);
  }
  return x;
}

/* The index that narrows a variable most, given that the variables before it are chosen; NULL when nothing does. */
static struct key_index *best_index(struct elaboration *e, const struct rule *r, uint32_t variable, const struct links *links) {
  struct key_index *best = NULL;
  for (uint32_t i = 0; i < links->list.n; i++) {
    const struct link *l = &links->list.at[i];
    if ((l->a != variable || l->b > variable) && (l->b != variable || l->a > variable)) continue;
    struct key_index *x = index_variable(e, r, variable, l);
    if (best == NULL || x->heads.n > best->heads.n) best = x;
  }
  return best;
}

/* ── Instances ─────────────────────────────────────────────────────────────── */

struct found {
  ARRAY(uint32_t) at;
  struct keys keys;
  uint32_t distinct; /* variables, as bits, that `where` says to be other resources than this one */
};

static int by_id(const void *a, const void *b) {
  uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
  return x < y ? -1 : x > y;
}

static bool wanted(const struct found *f, const uint32_t *chosen, uint32_t variable, uint32_t resource) {
  for (uint32_t i = 0; i < variable; i++)
    if ((f->distinct >> i & 1) != 0 && chosen[i] == resource) return false;
  return true;
}

static void offer(struct elaboration *e, struct found *f, const uint32_t *chosen, uint32_t variable, uint32_t resource) {
  if (wanted(f, chosen, variable, resource)) array_push(&e->c->arena, &f->at, resource);
}

static void candidates(struct elaboration *e, const struct rule *r, uint32_t variable, const struct key_index *x, const uint32_t *chosen,
                       struct found *out) {
  const struct rule_variable *v = &r->variables[variable];
  struct keys *k = &out->keys;
  out->at.n = 0;
  k->wild = true;
  if (x != NULL) keys_for(e, r, x->other, chosen[x->other], x->other_node, k);
  if (k->wild) {
    for (uint32_t i = 0; i < v->count; i++) offer(e, out, chosen, variable, v->from[i]);
    return;
  }
  for (uint32_t i = 0; i < x->wild.n; i++) offer(e, out, chosen, variable, x->wild.at[i]);
  for (uint32_t i = 0; i < k->at.n; i++) {
    uint32_t list = index_get(&x->lists, k->at.at[i]);
    for (uint32_t at = list == NONE ? NONE : x->heads.at[list]; at != NONE; at = x->entries.at[at].next)
      offer(e, out, chosen, variable, x->entries.at[at].resource);
  }
  if (out->at.n < 2) return;
  qsort(out->at.at, out->at.n, sizeof *out->at.at, by_id);
  uint32_t kept = 1;
  for (uint32_t i = 1; i < out->at.n; i++)
    if (out->at.at[i] != out->at.at[kept - 1]) out->at.at[kept++] = out->at.at[i];
  out->at.n = kept;
}

/* The variables before this one that `where` says it is not: `a != b`. */
static uint32_t distinct_from(const struct elaboration *e, const struct rule *r, uint32_t variable) {
  uint32_t mask = 0;
  for (uint32_t i = 0; i < r->where.n; i++) {
    const struct node *n = NODE(e, r->where.at[i]);
    if (n->type != N_BINARY || (n->op != OP_NE && n->op != OP_IS_NOT)) continue;
    const struct node *left = NODE(e, n->child), *right = NODE(e, left->next);
    if (left->type != N_REF || right->type != N_REF || left->child != 0 || right->child != 0) continue;
    for (uint32_t v = 0; v < variable; v++)
      if ((left->text == r->variables[v].name && right->text == r->variables[variable].name) ||
          (right->text == r->variables[v].name && left->text == r->variables[variable].name))
        mask |= 1u << v;
  }
  return mask;
}

const struct binding *rule_bind(struct elaboration *e, const struct rule *r, const uint32_t *instance) {
  struct binding *b = arena_array(&e->c->arena, struct binding, r->variable_count + 1u);
  const struct binding *outer = r->bindings;
  for (uint32_t i = 0; i < r->variable_count; i++) {
    uint32_t kind = r->variables[i].kind;
    b[i] = (struct binding){.name = r->variables[i].name, .value = value_resource(instance[i], r->at),
                            .type = kind == NONE ? NULL : e->kinds.at[kind].type, .outer = outer};
    outer = &b[i];
  }
  return outer;
}

/* Resources for which a condition that speaks of this variable alone keeps the rule from failing are left out. */
static void narrow(struct elaboration *e, struct rule *r, const struct filter *f) {
  struct rule_variable *v = &r->variables[f->variable];
  uint32_t *kept = arena_array(&e->c->arena, uint32_t, (size_t)v->count + 1), n = 0, findings = e->c->findings.n;
  for (uint32_t i = 0; i < v->count; i++) {
    struct binding b = {.name = v->name, .value = value_resource(v->from[i], r->at),
                        .type = v->kind == NONE ? NULL : e->kinds.at[v->kind].type, .outer = r->bindings};
    struct scope s = scope_plan(&b);
    struct condition c = eval_condition(e, &s, f->node);
    if (c.poisoned || (f->turned ? c.no.n + c.unknown.n > 0 : c.yes.n > 0)) kept[n++] = v->from[i];
  }
  e->c->findings.n = findings; /* read alone, `a.x > 3` knows nothing of `a.x is not none` before it */
  v->from = kept;
  v->count = n;
}

#define INSTANCES_MAX (1u << 18)

static struct instances too_many(struct elaboration *e, const struct rule *r) {
  struct finding *f = finding_add(e->c, CODE_113, r->at, "rule `%s` would have to look at more than %u combinations of resources",
                                  name_text(&e->c->names, r->name), INSTANCES_MAX);
  finding_remark(e->c, f, REMARK_HELP, "say in `where` what its resources have in common: `a.address == b.address`");
  return (struct instances){.width = r->variable_count};
}

struct instances rule_instances(struct elaboration *e, const struct rule *original) {
  struct rule r = *original;
  struct links links = {0};
  struct instances all = {.width = r.variable_count, .n = 1}; /* one of width 0 */
  for (uint32_t i = 0; i < r.where.n; i++) find_links(e, &r, r.where.at[i], false, &links, 0);
  if (r.requirements.n == 1) find_links(e, &r, r.requirements.at[0].condition, true, &links, 0);
  for (uint32_t i = 0; i < links.filters.n; i++) narrow(e, &r, &links.filters.at[i]);
  for (uint32_t v = 0; v < r.variable_count; v++) {
    struct key_index *x = best_index(e, &r, v, &links);
    struct instances next = {.width = r.variable_count};
    struct found found = {.distinct = distinct_from(e, &r, v)};
    for (uint32_t i = 0; i < all.n; i++) {
      if (v > 0 && next.n > INSTANCES_MAX) return too_many(e, &r);
      const uint32_t *chosen = v == 0 ? NULL : &all.at.at[(size_t)i * v];
      candidates(e, &r, v, x, chosen, &found);
      for (uint32_t k = 0; k < found.at.n; k++) {
        for (uint32_t j = 0; j < v; j++) array_push(&e->c->arena, &next.at, chosen[j]);
        array_push(&e->c->arena, &next.at, found.at.at[k]);
        next.n++;
      }
    }
    all = next;
  }
  return all;
}
