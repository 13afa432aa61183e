/* Source -> syntax tree: sets up scanner and parser and runs them once.
 * Needs a source with two NUL bytes behind it. Guarantees an N_FILE node with all that could be parsed, and a finding for
 * every mistake. */
#include "syntax/plain.h"

#include <string.h>

int cut_parse(struct parser *p);

static void tree_start(struct tree *tree) {
  struct node nil = {.type = N_NIL};
  if (tree->nodes.n == 0) array_push(&tree->c->arena, &tree->nodes, nil);
  if (tree->values.n == 0) (void)tree_value(tree, (struct value){.type = V_NONE});
}

/* Room for what a text of this length usually needs, so that big files do not copy their nodes again and again. */
static void tree_room(struct tree *tree, uint32_t length) {
  names_room(&tree->c->names, length / 128);
  uint32_t nodes = tree->nodes.n + length / 5 + 16, values = tree->values.n + length / 24 + 16;
  if (tree->nodes.cap < nodes)
    tree->nodes.at =
        arena_grow(&tree->c->arena, tree->nodes.at, tree->nodes.n, &tree->nodes.cap, nodes, sizeof *tree->nodes.at);
  if (tree->values.cap < values)
    tree->values.at =
        arena_grow(&tree->c->arena, tree->values.at, tree->values.n, &tree->values.cap, values, sizeof *tree->values.at);
}

static void parse(struct parser *p) {
  uint32_t start = p->length >= 3 && memcmp(p->text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0; /* a byte order mark */
  p->line_start = p->first_at = start;
  p->scanned = p->fed = start;
  p->scanner = scanner_new(p);
  if (p->scanner == NULL) {
    complain(p, CODE_005, range_of(0, 0), "not enough memory to read this file");
  } else {
    cut_parse(p);
    docs_before(p, p->length);
    docs_unused(p);
    scanner_free(p->scanner);
  }
}

uint32_t syntax_parse(struct tree *tree, uint32_t source) {
  struct compilation *c = tree->c;
  const struct source *s = &c->sources.at[source];
  struct parser p = {
      .c = c,
      .tree = tree,
      .source = source,
      .text = s->text,
      .length = s->length,
      .close_to = NONE,
      .first_token = NONE,
      .resumed_at = NONE,
      .reported_at = NONE,
      .quote_at = NONE,
      .stray = NONE,
      .deep_at = NONE,
      .buffer = {.arena = &c->arena},
      .last = {.opener = NONE},
  };
  tree_start(tree);
  if (source > UINT16_MAX) {
    complain(&p, CODE_005, range_of(0, 0), "more than 65536 files in one plan");
  } else if (check_bytes(&p)) {
    tree_room(tree, s->length);
    keywords_load(&p);
    p.ahead = ahead_start(&p);
    parse(&p);
    ahead_stop(p.ahead);
  }
  if (p.root == 0) p.root = node_new(&p, N_FILE, 0, 0, 0, range_of(0, p.length));
  return p.root;
}
