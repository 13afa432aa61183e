/* The syntax tree: what grammar/ builds, and all that model/ reads.
 *
 * Nodes are 28 bytes in one array; a node's children are a chain child -> next. Ids are indices, 0 is "no node".
 * Shapes are given per type: text is an interned name, value an index into tree.values. [x] optional, x* a chain. */
#ifndef CUTC_SYNTAX_H
#define CUTC_SYNTAX_H

#include "base/findings.h"

enum node_type {
  N_NIL,
  /* expressions */
  N_LITERAL,    /* value. op 1: the literal was malformed and has its finding; the value is V_UNKNOWN */
  N_STRING,     /* "…${x}…": children N_LITERAL (text) and expressions in turn; without `${` it is an N_LITERAL. In N_RUN:
                   one interpolation, its one child the expression; op 1 between double quotes, op 0 bare */
  N_REF,        /* text: first name; children N_MEMBER* */
  N_MEMBER,     /* text: name after the dot */
  N_SECRET,     /* secret NAME: text; children N_MEMBER* (`secret via.token`: the secret that attribute names) */
  N_CALL,       /* f(a, b), op 0, and f "x", op 1: text f; children arguments */
  N_LIST,       /* children: expressions or N_TRANSITION */
  N_MAP,        /* children: N_ENTRY* */
  N_ENTRY,      /* text: key; child: expression or N_TRANSITION */
  N_BINARY,     /* op: enum op; two children */
  N_NOT,        /* one child */
  N_AT_LEAST,   /* child N_LITERAL number, then the list */
  N_ANY_OF,     /* child: the list */
  N_TRANSITION, /* two or more expressions, in order */
  /* declarations */
  N_FILE,       /* declarations*. doc: a `##` block at the top that another `##` block follows */
  N_PLAN,       /* text: name; items* */
  N_USE,        /* op 0 module, 1 file; text; child N_LITERAL: the same text with its span */
  N_LET,        /* text; child: expression or N_TRANSITION */
  N_FOR,        /* text: variable; children: list expression, then declarations* */
  N_RESOURCE,   /* op: 0 plain, 1 create, 2 delete; text: kind; children: label (N_LITERAL or N_STRING), items* */
  N_PLAIN,      /* a resource of plain values whose text nobody has asked to see as nodes. text and doc are for plain_of to read;
                   tree_wake makes it an N_RESOURCE */
  N_ZONE,       /* text; [child N_REF: inside] */
  N_SECRET_DECL,/* text; items* */
  N_STEP,       /* children: label, items* */
  N_PROMISE,    /* op: enum promise_form; children by form, then N_HOLD */
  N_HOLD,       /* op: enum hold; [child: limit] */
  N_KIND,       /* text; kind items* */
  N_RULE,       /* text; rule items* */
  N_TOOL,       /* text; items* */
  N_ALLOW,      /* text: code or rule; child: reason */
  N_HOPS,       /* `box.address -> 10.0.0.4`, a change said apart from its resource: N_REF with one N_MEMBER, then the values* */
  /* items */
  N_ATTR,       /* text: name; child: expression or N_TRANSITION */
  N_ABOUT,      /* child: string */
  N_DO, N_UNDO, N_VERIFY, /* statements*. `undo none because "x"` is N_UNDO with op 1 and the reason as child */
  /* items of a kind */
  N_FIELD,      /* text: name; children: type, [default] */
  N_TYPE,       /* op: enum type_form; text; children */
  N_SERVES,     /* children: host, [ports], zone   (an endpoint or URL stands for host and ports) */
  N_FORWARDS,   /* op: enum forwards_form; children as written there */
  N_NAMES,      /* children: host, zone, value, [ttl] */
  N_OWNS,       /* children: domain, zone */
  N_HOSTS,      /* children: url, at */
  N_ASKS,       /* asks in ZONE as DNS: children zone, dns */
  N_NEEDS,      /* child: operand or condition */
  N_WHEN,       /* children: condition, then items* or statements* */
  N_STANDS,     /* stands for ATTR: child */
  N_CHANGE,     /* text: kind in `via` or 0; children N_DO, N_UNDO, N_VERIFY, N_NEEDS, N_ATTR, N_WHEN, N_ABOUT. Statements
                   that stand in it directly (`change { manual "…" }`) are an N_DO with op 1 */
  N_CARRY,      /* like N_CHANGE without via: what a provider does for any resource whose `via` it is */
  N_OBSERVE,    /* text: kind or 0; statements* */
  N_FETCH,      /* how a store hands out a secret: statements* */
  N_REQUIRE,    /* children: condition, N_ELSE: in kinds and rules */
  N_ELSE,       /* op: enum severity; child: string */
  /* items of a rule */
  N_RULE_FOR,   /* text: variable; child N_REF: kind. One node per variable */
  N_WHERE,      /* conditions* */
  N_SEE,        /* child: string */
  /* statements */
  N_RUN,        /* `$` line: children N_SHELL and N_STRING (see there) as they stand, then [N_OPTIONS] */
  N_SHELL,      /* value: V_STRING, raw shell text as written, with its span; `$${` is a `${` for the shell */
  N_OPTIONS,    /* N_OPTION* */
  N_OPTION,     /* text: bearer basic header body save stdin env within status resolve cacert insecure retries …;
                   children: arguments (`env K = v`: N_LITERAL string K, v; `env = {…}`: N_MAP; `header "N" v`; `expect status 200, 302` is
                   "status" with the numbers; `body = x` and `body x` are the same; `insecure` has none) */
  N_EXPECT,     /* op: enum expect; children: [operand], [within]; none of the first with EXPECT_UNCHANGED; EXPECT_STATUS:
                   the statuses* and no within */
  N_IN,         /* children: directory, statements* */
  N_HTTP,       /* text: method; children: url, [N_OPTIONS] */
  N_MANUAL,     /* child: string */
  N_WAIT,       /* child: duration */
  N_TCP,        /* children: endpoint, [within] */
  N_DNS,        /* children: name, server, expected, [within] */
  N_SET         /* text = expression: an observed attribute in `observe`, a part of the secret in `fetch` */
};

enum op { OP_OR, OP_AND, OP_EQ, OP_NE, OP_LT, OP_LE, OP_GT, OP_GE, OP_IN, OP_NOT_IN, OP_IS, OP_IS_NOT };
enum promise_form {
  PROMISE_REACHES, /* children: client N_REF, endpoint or URL */
  PROMISE_TRUE,    /* child: condition */
  PROMISE_UP       /* child: N_REF, list, N_AT_LEAST or N_ANY_OF */
};
enum hold { HOLD_ALWAYS, HOLD_AT_MOST, HOLD_FINALLY };
enum type_form {
  TYPE_NAME,     /* text: string, address, … or a kind */
  TYPE_LIST,     /* [T]: child */
  TYPE_MAP,      /* {T}: child */
  TYPE_OPTIONAL, /* T?: child */
  TYPE_ONE_OF    /* A | B: children; a word that is no type is an enum value */
};
enum forwards_form {
  FORWARDS_IN,  /* HOST PORTS in ZONE to TARGET [in ZONE] [as NAME|none]: host, ports, zone, target, [zone], [N_ENTRY as] */
  FORWARDS_ALL  /* to TARGET [in ZONE] [as …]: target, [zone], [N_ENTRY as] */
};
/* What N_FORWARDS' target may be: an expression or N_ANY_OF. `as x` is an N_ENTRY with the text "as"; optional
 * zones are told apart from it by type. */
enum expect {
  EXPECT_EQUAL, EXPECT_CONTAINS, EXPECT_WITHOUT, EXPECT_MATCHES, EXPECT_UNCHANGED, /* of the output */
  EXPECT_STATUS /* inside http options it is N_OPTION "status"; as a statement of its own after http */
};

struct node {
  uint8_t type, op;
  uint16_t source;
  uint32_t start, end; /* bytes in the source */
  uint32_t text;       /* name id, or index into tree.values for N_LITERAL and N_SHELL */
  uint32_t child, next;
  uint32_t doc;        /* index into tree.values of the `##` text above a declaration or field, 0 for none */
};

/* What is known of an N_PLAIN. Most resources of a large plan are alike: they say the same attributes in the same order. */
struct plain {
  uint32_t name, label;       /* name id, and where it stands */
  uint32_t shape;
  uint32_t layout;            /* index into tree.layouts, plus one; 0: one that no other has */
};
struct plain_shape {
  uint32_t kind, n;           /* name ids */
  const uint32_t *names;      /* of the attributes, as they are written; 0: one more value of the same, behind an arrow */
  uint32_t nodes;             /* that are made of it, beside those of its values */
  bool changes;               /* there are arrows */
};
/* And with the same between them, arrows too: what stands before the name, before each value and behind the last is the text of the first
 * that was so. */
struct plain_layout {
  uint32_t shape;
  const char *text;           /* of that one */
  uint32_t head, brace;       /* bytes before its name; from behind that to the `{` */
  const struct plain_gap { uint32_t at, n; } *gaps; /* before each value, and behind the last: bytes of its text */
  uint32_t line, first;       /* so many bytes before its end its last line begins, and the first token of that; 0: all is one line */
};
struct tree {
  struct compilation *c;
  ARRAY(struct node) nodes;   /* [0] is N_NIL */
  ARRAY(struct guarded) values; /* [0] is none; each always holds, so that an attribute that says a literal need not copy it */
  ARRAY(struct plain) plains; /* those without a layout */
  ARRAY(struct plain_shape) shapes;
  ARRAY(struct plain_layout) layouts;
  uint32_t asleep_nodes, asleep_values; /* that waking all of them would make */
  uint32_t changing;          /* how many of them have arrows */
  struct parser *again;       /* plain.c: who makes nodes of a text that has been read before */
  bool by_grammar;            /* plain resources are read by the grammar as well: to compare */
  bool ahead_first;           /* the second thread has read all before the first begins, in small pieces: to compare */
};

/* Parses a source and returns its N_FILE node. Every syntax error becomes a finding; what could be parsed is in
 * the tree all the same. Depth is limited to 256 levels, then E005. Never fails. O(length). */
uint32_t syntax_parse(struct tree *tree, uint32_t source);
uint32_t tree_value(struct tree *tree, struct value v); /* adds it; its index */
static inline struct span node_span(const struct tree *tree, uint32_t node) {
  const struct node *n = &tree->nodes.at[node];
  return node == 0 ? NOWHERE : (struct span){n->source, n->start, n->end};
}
#define PLAIN_ALONE 0x80000000u /* in the text of an N_PLAIN: the rest is an index into tree.plains; else it is one into tree.layouts, and doc a name id */
static inline struct plain plain_of(const struct tree *tree, uint32_t node) {
  const struct node *n = &tree->nodes.at[node];
  if (n->text & PLAIN_ALONE) return tree->plains.at[n->text & ~PLAIN_ALONE];
  const struct plain_layout *x = &tree->layouts.at[n->text];
  return (struct plain){n->doc, n->start + x->head, x->shape, n->text + 1};
}
/* The name id of its kind, of an N_RESOURCE or N_PLAIN. */
static inline uint32_t node_kind(const struct tree *tree, uint32_t node) {
  const struct node *n = &tree->nodes.at[node];
  return n->type == N_PLAIN ? tree->shapes.at[plain_of(tree, node).shape].kind : n->text;
}
/* Makes an N_PLAIN the N_RESOURCE that the grammar would have made; any other node stays as it is. Where tree_room_to_wake was called
 * since the last node was added otherwise, no node and no value moves. */
void tree_wake(struct tree *tree, uint32_t node);
void tree_room_to_wake(struct tree *tree, uint32_t more_nodes, uint32_t more_values);
/* What one value of an N_PLAIN is, by its place in the text. */
struct plain_value {
  uint8_t type;               /* V_WORD: a reference; V_LIST; else that of the literal */
  uint8_t proto;              /* of a port whose number is read */
  bool read;                  /* an address of four numbers or a single port: that is `number` */
  uint32_t start, end, number;
};
/* The values of an N_PLAIN, as many as its shape has names. At most so many. */
enum { PLAIN_VALUES = 24 };
void plain_read(const struct tree *tree, uint32_t node, struct plain_value *out);
/* The same, with the elements of the value at `list`, as far as there is room for them; how many there are. It is no list: none. */
uint32_t plain_read_list(const struct tree *tree, uint32_t node, struct plain_value *out, uint32_t list, struct plain_value *items, uint32_t room);
/* The next element of a list that begins before *at; false at its end. */
bool plain_element(const struct tree *tree, uint32_t source, uint32_t *at, struct plain_value *out);
/* Of all that one attribute of an N_PLAIN says, the nth value: false when there are fewer. */
bool plain_link(const struct tree *tree, struct span at, uint32_t nth, struct plain_value *out);
/* Where its values stand, one behind the other: as many as there are. */
void plain_links(const struct tree *tree, struct span at, struct span *out);
/* That of a literal; false when it is a reference or a list. */
bool plain_literal(const struct tree *tree, uint32_t source, const struct plain_value *v, struct value *out);
/* The nodes of all that one attribute of an N_PLAIN says, as the grammar would have made them: they are the last that there are. */
uint32_t plain_nodes(struct tree *tree, struct span at);
/* The tree as indented text, one node a line, for tests and -d. */
void tree_print(struct text *out, struct tree *tree, uint32_t node);

#endif
