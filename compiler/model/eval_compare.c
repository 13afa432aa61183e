/* Comparisons: == != < <= > >= in is overlaps, over two values in one state. */
#include "model/elaborate.h"
#include "model/eval.h"

#include <string.h>

/* A string beside a value of another type is read as that type. */
static struct value like(struct elaboration *e, const struct value *v, const struct value *other) {
  static const uint8_t tags[] = {[V_DURATION] = T_DURATION, [V_ADDRESS] = T_ADDRESS, [V_RANGE] = T_RANGE, [V_CIDR] = T_CIDR,
                                 [V_PORT] = T_PORT,         [V_ENDPOINT] = T_ENDPOINT, [V_URL] = T_URL};
  struct value out = *v;
  if (v->type == V_WORD && other->type == V_STRING) out.type = V_STRING;
  else if (v->type == V_STRING && other->type >= V_DURATION && other->type <= V_URL && tags[other->type])
    (void)value_fits(e, v, type_plain((enum type_tag)tags[other->type]), &out);
  return out;
}

static bool equal(struct elaboration *e, const struct value *a, const struct value *b) {
  struct value x = like(e, a, b), y = like(e, b, a);
  if (x.type == V_LIST && y.type != V_LIST && x.count == 1) return equal(e, &x.items[0], &y);
  if (y.type == V_LIST && x.type != V_LIST && y.count == 1) return equal(e, &x, &y.items[0]);
  return value_equal(&x, &y);
}

static bool spatial(const struct value *v) { return v->type == V_ADDRESS || v->type == V_RANGE || v->type == V_CIDR; }

static int member(struct elaboration *e, const struct value *a, const struct value *of) {
  if (of->type == V_UNKNOWN || a->type == V_UNKNOWN) return -1;
  if (of->type == V_LIST) {
    bool maybe = false;
    for (uint32_t i = 0; i < of->count; i++) {
      const struct value *item = &of->items[i];
      struct value x = like(e, a, item);
      if (item->type == V_UNKNOWN) maybe = true;
      else if (spatial(&x) && spatial(item) ? value_within(&x, item) : equal(e, &x, item)) return 1;
    }
    return maybe ? -1 : 0;
  }
  if (of->type == V_MAP) {
    for (uint32_t i = 0; i < of->count; i++)
      if (a->type == V_STRING && of->keys[i] == a->name) return 1;
    return 0;
  }
  struct value x = like(e, a, of);
  if (spatial(of) && spatial(&x)) return value_within(&x, of);
  if (of->type == V_NONE) return 0;
  return equal(e, a, of);
}

static int contained(struct elaboration *e, const struct value *a, const struct value *b) {
  if (a->type != V_LIST) return member(e, a, b);
  int all = 1;
  for (uint32_t i = 0; i < a->count; i++) {
    int one = member(e, &a->items[i], b);
    if (one == 0) return 0;
    if (one < 0) all = one;
  }
  return all;
}

static int identical(struct elaboration *e, const struct value *a, const struct value *b) {
  if (b->type == V_NONE && a->type != V_UNKNOWN) return a->type == V_NONE;
  if (b->type == V_UNKNOWN) return a->type == V_UNKNOWN;
  if (a->type == V_UNKNOWN) return -1;
  if (b->type == V_KIND) return a->type == V_RESOURCE && e->m->resources.at[a->id].kind_id == b->id;
  return equal(e, a, b);
}

static int ordered(struct elaboration *e, enum op op, const struct value *a, const struct value *b, uint32_t node) {
  struct value x = like(e, a, b), y = like(e, b, a);
  int order = value_compare(&e->c->names, &x, &y);
  if (order == 2) {
    struct finding *f = finding_add(e->c, CODE_105, node_span(e->tree, node), "%s and %s can't be put in order",
                                    value_type_text((enum value_type)a->type), value_type_text((enum value_type)b->type));
    finding_remark(e->c, f, REMARK_HELP, "`<` and `>` compare two numbers, durations, versions, addresses or strings");
    return -2;
  }
  if (op == OP_LT) return order < 0;
  if (op == OP_LE) return order <= 0;
  return op == OP_GT ? order > 0 : order >= 0;
}

int values_compared(struct elaboration *e, const struct scope *s, enum op op, const struct value *a, const struct value *b, uint32_t node) {
  (void)s;
  if (value_poisoned(a) || value_poisoned(b)) return -2;
  int r;
  switch (op) {
  case OP_IS: return identical(e, a, b);
  case OP_IS_NOT: r = identical(e, a, b); return r < 0 ? r : !r;
  case OP_IN: return contained(e, a, b);
  case OP_NOT_IN: r = contained(e, a, b); return r < 0 ? r : !r;
  case OP_EQ:
  case OP_NE:
    if (a->type == V_UNKNOWN || b->type == V_UNKNOWN) return -1;
    return equal(e, a, b) == (op == OP_EQ);
  case OP_LT: case OP_LE: case OP_GT: case OP_GE:
    if (a->type == V_UNKNOWN || b->type == V_UNKNOWN) return -1;
    return ordered(e, op, a, b, node);
  case OP_OR: case OP_AND: break;
  }
  return -2;
}

/* overlaps(a, b): do two ranges, addresses or lists of them share an address? */
int values_overlap(const struct value *a, const struct value *b) {
  if (a->type == V_UNKNOWN || b->type == V_UNKNOWN) return value_poisoned(a) || value_poisoned(b) ? -2 : -1;
  const struct value *xs = a->type == V_LIST ? a->items : a, *ys = b->type == V_LIST ? b->items : b;
  uint32_t n = a->type == V_LIST ? a->count : 1, m = b->type == V_LIST ? b->count : 1;
  int result = 0;
  for (uint32_t i = 0; i < n; i++)
    for (uint32_t k = 0; k < m; k++) {
      if (xs[i].type == V_UNKNOWN || ys[k].type == V_UNKNOWN) result = -1;
      else if (spatial(&xs[i]) && spatial(&ys[k]) && value_overlaps(&xs[i], &ys[k])) return 1;
      else if (xs[i].type == V_PORT && ys[k].type == V_PORT && xs[i].lo <= ys[k].hi && ys[k].lo <= xs[i].hi &&
               (xs[i].proto == ys[k].proto || xs[i].proto == PROTO_ANY || ys[k].proto == PROTO_ANY))
        return 1;
    }
  return result;
}
