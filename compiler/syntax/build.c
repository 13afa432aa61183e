/* The constructors that the grammar's actions call: symbols with their spans -> nodes of the tree.
 * Needs a tree whose entries 0 exist. Guarantees the shapes of syntax.h, and that no expression is deeper than
 * DEPTH_LIMIT, so that later passes may recurse over the tree. */
#include "syntax/parse.h"

static struct node *at(const struct parser *p, uint32_t node) { return &p->tree->nodes.at[node]; }

uint32_t node_new(struct parser *p, enum node_type type, uint32_t op, uint32_t text, uint32_t child, struct range r) {
  struct node node = {
      .type = (uint8_t)type,
      .op = (uint8_t)op,
      .source = (uint16_t)p->source,
      .start = r.start,
      .end = r.end,
      .text = text,
      .child = child,
  };
  array_push(&p->c->arena, &p->tree->nodes, node);
  return p->tree->nodes.n - 1;
}

uint32_t literal_new(struct parser *p, struct value value, struct range r) {
  value.at = span_of(p, r);
  return node_new(p, N_LITERAL, 0, tree_value(p->tree, value), 0, r);
}

uint32_t string_node(struct parser *p, uint32_t name, struct range r) {
  struct value value = {.type = V_STRING, .name = name};
  return literal_new(p, value, r);
}

uint32_t string_name(const struct parser *p, uint32_t literal) {
  const struct node *n = at(p, literal);
  return n->type == N_LITERAL ? p->tree->values.at[n->text].value.name : 0;
}

uint32_t chain_of(struct parser *p, int n, ...) {
  uint32_t first = 0, last = 0;
  va_list nodes;
  va_start(nodes, n);
  for (int i = 0; i < n; i++) {
    uint32_t node = va_arg(nodes, uint32_t);
    if (node == 0) continue;
    if (last == 0) first = node;
    else at(p, last)->next = node;
    last = node;
    if (i + 1 < n)
      while (at(p, last)->next != 0) last = at(p, last)->next;
  }
  va_end(nodes);
  return first;
}

struct part part_chain(struct part node) {
  node.last = node.node;
  return node;
}

struct part part_add(struct parser *p, struct part chain, struct part more) {
  if (more.node == 0) return chain;
  uint32_t last = more.last ? more.last : more.node;
  if (chain.node == 0) chain.node = more.node;
  else at(p, chain.last)->next = more.node;
  chain.last = last;
  if (more.depth > chain.depth) chain.depth = more.depth;
  return chain;
}

struct part part_new(struct parser *p, enum node_type type, uint32_t op, uint32_t text, struct part a, struct part b,
                     struct range r) {
  uint32_t depth = (a.depth > b.depth ? a.depth : b.depth) + 1;
  struct part out = {0, 0, 1};
  if (depth > DEPTH_LIMIT && type != N_TYPE) {
    if (p->deep_at != r.start)
      complain(p, CODE_005, r, "this expression is nested more than %d levels deep: give a part of it a name with `let`",
               DEPTH_LIMIT);
    p->deep_at = r.start;
    scan_bad(p, r, &out);
    return out;
  }
  out.node = node_new(p, type, op, text, chain_of(p, 2, a.node, b.node), r);
  out.last = out.node;
  out.depth = depth;
  return out;
}

/* `A | B?` and `A | none` are an optional A or B. */
struct part type_union(struct parser *p, struct part type, struct part more, struct range r) {
  uint32_t none = name_str(&p->c->names, "none"), optional = 0, first = type.node;
  if (at(p, first)->op == TYPE_OPTIONAL) optional = first, first = at(p, first)->child;
  if (at(p, more.node)->op == TYPE_OPTIONAL) optional = more.node, more.node = at(p, more.node)->child;
  else if (at(p, more.node)->op == TYPE_NAME && at(p, more.node)->text == none) optional = more.node, more.node = 0;
  if (more.node == 0) {
    /* nothing to add */
  } else if (at(p, first)->op == TYPE_ONE_OF && type.last != type.node) {
    at(p, type.last)->next = more.node;
    type.last = more.node;
    at(p, first)->end = r.end;
  } else {
    first = node_new(p, N_TYPE, TYPE_ONE_OF, 0, chain_of(p, 2, first, more.node), r);
    type.last = more.node;
  }
  if (optional != 0) {
    *at(p, optional) = (struct node){.type = N_TYPE, .op = TYPE_OPTIONAL, .source = (uint16_t)p->source, .child = first};
    widen(p, optional, r);
  }
  type.node = optional ? optional : first;
  if (type.last == 0) type.last = type.node;
  return type;
}

struct part secret_part(struct parser *p, struct part ref, struct range r) {
  at(p, ref.node)->type = N_SECRET;
  widen(p, ref.node, r);
  return part_chain(ref);
}

struct part member_add(struct parser *p, struct part ref, uint32_t member, struct range r) {
  if (at(p, ref.node)->child == 0) at(p, ref.node)->child = member;
  else at(p, ref.last)->next = member;
  ref.last = member;
  widen(p, ref.node, r);
  return ref;
}

struct part string_of(struct parser *p, struct part pieces, struct range r) {
  struct part out = {0, 0, pieces.depth + 1};
  if (pieces.node == 0) {
    out.node = string_node(p, 0, r);
  } else if (at(p, pieces.node)->next == 0 && at(p, pieces.node)->type == N_LITERAL &&
             p->tree->values.at[at(p, pieces.node)->text].value.type == V_STRING) {
    out.node = string_node(p, string_name(p, pieces.node), r);
  } else {
    return part_new(p, N_STRING, 0, 0, pieces, (struct part){0, 0, 0}, r);
  }
  return part_chain(out);
}

uint32_t gather(struct parser *p, uint32_t items) {
  for (uint32_t i = items; i != 0; i = at(p, i)->next) {
    if (at(p, i)->type != N_DO || at(p, i)->op == 0) continue;
    uint32_t last = at(p, i)->child;
    for (uint32_t n = at(p, i)->next; n != 0 && at(p, n)->type == N_DO && at(p, n)->op == 1; n = at(p, n)->next) {
      at(p, last)->next = at(p, n)->child;
      last = at(p, last)->next;
      at(p, i)->next = at(p, n)->next;
      at(p, i)->end = at(p, n)->end;
    }
  }
  return items;
}

void prefix_resource(struct parser *p, uint32_t node, uint8_t op, uint32_t start) {
  at(p, node)->op = op;
  at(p, node)->start = start;
}

void widen(struct parser *p, uint32_t node, struct range r) {
  at(p, node)->start = r.start;
  at(p, node)->end = r.end;
}

struct range run_range(const struct parser *p, struct range run, uint32_t shell) {
  for (uint32_t i = shell; i != 0; i = at(p, i)->next) run.end = at(p, i)->end;
  return run;
}

/* The `##` texts are in order of their places, and so are the tokens they stand before. */
struct part document(struct parser *p, struct part node) {
  if (node.node == 0 || p->docs.n == 0 || at(p, node.node)->type == N_PLAIN) return node;
  uint32_t start = at(p, node.node)->start, low = 0, high = p->docs.n;
  while (low < high) {
    uint32_t middle = low + (high - low) / 2;
    if (p->docs.at[middle].before < start) low = middle + 1;
    else high = middle;
  }
  while (low + 1 < p->docs.n && p->docs.at[low + 1].before == start) low++; /* the last block counts */
  if (low == p->docs.n || p->docs.at[low].before != start) return node;
  at(p, node.node)->doc = p->docs.at[low].value;
  p->docs.at[low].used = true;
  return node;
}
