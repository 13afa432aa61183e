/* The tree, looked at: spans of nodes, and the tree as indented text.
 * Needs a tree made by syntax_parse. Guarantees the same text for the same tree. */
#include "syntax/syntax.h"

static const char *const type_names[] = {
    [N_NIL] = "nil", [N_LITERAL] = "literal", [N_STRING] = "string", [N_REF] = "ref", [N_MEMBER] = "member",
    [N_SECRET] = "secret", [N_CALL] = "call", [N_LIST] = "list", [N_MAP] = "map", [N_ENTRY] = "entry",
    [N_BINARY] = "binary", [N_NOT] = "not", [N_AT_LEAST] = "at-least", [N_ANY_OF] = "any-of",
    [N_TRANSITION] = "transition", [N_FILE] = "file", [N_PLAN] = "plan", [N_USE] = "use", [N_LET] = "let", [N_FOR] = "for",
    [N_RESOURCE] = "resource", [N_PLAIN] = "plain", [N_ZONE] = "zone", [N_SECRET_DECL] = "secret-declaration", [N_STEP] = "step",
    [N_PROMISE] = "promise", [N_HOLD] = "hold", [N_KIND] = "kind", [N_RULE] = "rule", [N_TOOL] = "tool",
    [N_ALLOW] = "allow", [N_HOPS] = "hops", [N_ATTR] = "attribute", [N_ABOUT] = "about", [N_DO] = "do", [N_UNDO] = "undo",
    [N_VERIFY] = "verify", [N_FIELD] = "field", [N_TYPE] = "type", [N_SERVES] = "serves", [N_FORWARDS] = "forwards",
    [N_NAMES] = "names", [N_OWNS] = "owns", [N_HOSTS] = "hosts", [N_ASKS] = "asks", [N_NEEDS] = "needs", [N_WHEN] = "when",
    [N_STANDS] = "stands", [N_CHANGE] = "change", [N_CARRY] = "carry", [N_OBSERVE] = "observe", [N_FETCH] = "fetch",
    [N_REQUIRE] = "require", [N_ELSE] = "else", [N_RULE_FOR] = "rule-for", [N_WHERE] = "where", [N_SEE] = "see",
    [N_RUN] = "run", [N_SHELL] = "shell", [N_OPTIONS] = "options", [N_OPTION] = "option", [N_EXPECT] = "expect",
    [N_IN] = "in", [N_HTTP] = "http", [N_MANUAL] = "manual", [N_WAIT] = "wait", [N_TCP] = "tcp", [N_DNS] = "dns",
    [N_SET] = "set",
};

uint32_t tree_value(struct tree *tree, struct value v) {
  array_push(&tree->c->arena, &tree->values, (struct guarded){v, 0});
  return tree->values.n - 1;
}

/* What `text` of a node is: an index into the values, or a name. */
static bool has_value(const struct node *n) { return n->type == N_LITERAL || n->type == N_SHELL; }

static void print_node(struct text *out, const struct tree *tree, uint32_t node, uint32_t depth) {
  const struct node *n = &tree->nodes.at[node];
  const struct names *names = &tree->c->names;
  for (uint32_t i = 0; i < depth; i++) text_puts(out, "  ");
  text_puts(out, type_names[n->type]);
  if (n->op) text_print(out, "/%u", (unsigned)n->op);
  if (has_value(n)) {
    text_putc(out, ' ');
    if (n->op && n->type == N_LITERAL) text_puts(out, "malformed");
    else value_print(out, names, &tree->values.at[n->text].value);
  } else if (n->text) {
    text_print(out, " %s", name_text(names, n->text));
  }
  if (n->doc) {
    text_puts(out, " ## ");
    value_print(out, names, &tree->values.at[n->doc].value);
  }
  text_putc(out, '\n');
}

void tree_print(struct text *out, struct tree *tree, uint32_t node) {
  /* The tree's depth is limited where it is built, so the path fits here. */
  ARRAY(uint32_t) path = {0};
  uint32_t at = node;
  while (at != 0) {
    tree_wake(tree, at);
    print_node(out, tree, at, path.n);
    const struct node *n = &tree->nodes.at[at];
    if (n->child) {
      array_push(&tree->c->arena, &path, at);
      at = n->child;
      continue;
    }
    while (at != node && tree->nodes.at[at].next == 0 && path.n > 0) at = path.at[--path.n];
    at = at == node ? 0 : tree->nodes.at[at].next;
  }
}
