/* Private to grammar/ and syntax/: what scanner, parser and driver share.
 *
 * The scanner works in a buffer of its own, so that `text` can be looked at anywhere and at any time. */
#ifndef CUTC_PARSE_H
#define CUTC_PARSE_H

#include "syntax/syntax.h"

#define DEPTH_LIMIT 256         /* open brackets, strings and interpolations; levels of an expression */
#define INTERPOLATION_LIMIT 64  /* interpolations within each other */
#define FINDINGS_LIMIT 1000     /* findings per source; more is no plan */
#define PLAIN_USUAL 32u         /* names that a plain resource is expected to say again */
#define LAYOUTS_USUAL 8u        /* layouts that it may have, and a look at its text tells which */

struct range {
  uint32_t start, end;
};

/* What a symbol of the grammar carries: a node or the first of a chain of nodes with its last, a name, or an enum; and
 * how deep the expression is. */
struct part {
  uint32_t node; /* node, first of a chain, name id or enum */
  uint32_t last;
  uint32_t depth;
};

/* What is open at a place: a bracket, or one of these. */
enum open_type { OPEN_STRING = 1, OPEN_SHELL, OPEN_IN_STRING /* ${ within a string */, OPEN_IN_SHELL /* ${ in a `$` line */ };
struct open {
  uint8_t type;     /* ( [ { or enum open_type */
  bool declarations;/* the braces of a `for` around declarations */
  uint32_t at, end; /* the opening token */
  uint32_t indent;  /* blanks before the first token of its line */
  uint32_t suspect; /* a `}` within whose place suggests that it was meant for another bracket, 0 */
};

struct token {
  int type;
  struct range at;
  uint32_t opener; /* of a closing token: where its opening one stands, else NONE */
};

/* Where recovery may go on. */
enum level { LEVEL_DECLARATION, LEVEL_ITEM };

struct doc {
  uint32_t start;  /* the `##` */
  uint32_t end;
  uint32_t before; /* start of the token that follows, NONE until it is known */
  uint32_t value;  /* index into tree.values */
  bool used;
};

struct parser {
  struct compilation *c;
  struct tree *tree;
  uint32_t source;
  const char *text;
  uint32_t length;
  uint32_t root;          /* N_FILE */
  void *scanner;
  uint32_t scanned;       /* bytes of the text that the scanner has matched */
  uint32_t fed;           /* and that were put into its buffer */
  bool between;           /* the parser stands between two declarations and has not looked ahead */

  ARRAY(struct open) open;
  uint32_t line_start;    /* of the line at hand */
  uint32_t first_at;      /* where its first token may start */
  uint32_t interpolations; /* entries of `open` that are OPEN_IN_… */
  uint32_t close_to;      /* so many of `open` are to stay; the rest gets synthetic closing tokens. NONE: nothing to do */
  struct token held;      /* what comes after them; type 0: nothing */
  struct part held_part;
  bool for_seen;          /* the next `{` is that of a `for` around declarations */

  struct token last, before; /* the tokens handed out most recently */
  uint32_t first_token;   /* where it starts, NONE */

  bool skipping;          /* recovery: tokens are dropped up to the next place where an item may start */
  enum level skip_level;
  uint32_t skip_from;     /* start of the item that is given up */
  uint32_t resumed_at;    /* the token that recovery went on with */
  uint32_t reported_at;   /* the token of the last syntax error */
  struct range bad;       /* the literal last found bad; empty: none */
  uint32_t findings;
  bool gave_up;
  bool finished;          /* nothing more is read */
  uint32_t deep_at;       /* start of the expression last found too deep */
  bool bad_bytes;         /* the text is no UTF-8, and has its finding */
  bool string_said;       /* the open string has its finding */

  struct text buffer;     /* a piece of a string with its escapes resolved */
  bool piece_open;
  uint32_t piece_start;
  ARRAY(struct doc) docs;
  uint32_t docs_waiting;  /* first of docs without `before` */

  /* within a `$` line */
  uint32_t shell_from;    /* start of the raw text not yet handed out */
  uint32_t quote_at;      /* the open double quote, NONE */
  uint32_t stray;         /* a quote of this `$` line that is never closed, NONE */
  uint32_t groups;        /* `{ …; }` of the shell that are open */
  uint32_t parens;
  bool command_next;      /* a word here would be a command's name */

  uint32_t usual[PLAIN_USUAL]; /* plain.c: the names that stood in the same places of the resource before */
  uint32_t usual_shape;
  struct usual_layout { uint32_t layout, met; } layouts[LAYOUTS_USUAL]; /* those that are tried, the one met most often first */
  uint32_t layout_count;
  struct ahead *ahead;    /* ahead.c: what the second thread has read, NULL */
  uint8_t *keywords;      /* by name id: index into the table of keywords, 0 for none */
  uint32_t keyword_count;
};

/* ── scan.c: help for the scanner's actions ────────────────────────────────── */

struct range range_of(uint32_t start, uint32_t end);
struct span span_of(const struct parser *p, struct range at);
/* A finding of the text families; NULL when too many were made already. */
struct finding *complain(struct parser *p, enum code code, struct range at, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
void remark(struct parser *p, struct finding *f, const char *help); /* f may be NULL */
/* Literals: the token's type, with the node in `out`. What is malformed has its finding and a node with op 1. */
bool literal_read(struct names *names, enum value_type type, const char *s, size_t n, struct value *v, const char **why);
int scan_literal(struct parser *p, enum value_type type, struct range at, struct part *out);
int scan_malformed(struct parser *p, struct range at, struct part *out);
int scan_raw_string(struct parser *p, struct range at, struct part *out);
int scan_plain_string(struct parser *p, struct range at, struct part *out);
int scan_word(struct parser *p, struct range at, struct part *out);
int scan_bad(struct parser *p, struct range at, struct part *out); /* a literal that has its finding */
int scan_shell_text(struct parser *p, struct range *at, struct part *out); /* what lies before `at` */
int scan_piece(struct parser *p, struct range *at, struct part *out);      /* the text of a string before `at` */
void scan_doc(struct parser *p, struct range at);
void docs_before(struct parser *p, uint32_t token); /* the token that the waiting `##` texts stand before */
void docs_unused(struct parser *p);
void scan_illegal(struct parser *p, struct range at);
bool two_words(const struct parser *p, struct range at);
void piece(struct parser *p, struct range at, const char *bytes, size_t n);
void unknown_escape(struct parser *p, struct range at);
/* Bytes of a string that is not closed on its line: trailing brackets that close what was opened on that line are
 * taken to stand outside it. Returns how many of [start, end) belong to the string. */
uint32_t unclosed_string(struct parser *p, uint32_t quote, uint32_t start, uint32_t end);
uint32_t text_tail(struct parser *p, struct range at);
int unclosed_text(struct parser *p, struct range *at, struct part *out);

/* ── line.c: within `$` lines ──────────────────────────────────────────────── */

void shell_start(struct parser *p, uint32_t after);
void shell_word(struct parser *p, struct range at);
bool single_quotes(struct parser *p, struct range at); /* false: it is no quote, but an unclosed one */
void double_quote(struct parser *p, uint32_t at);
bool shell_brace(struct parser *p, struct range at);   /* `{` opens the line's options */
bool shell_closed(struct parser *p, struct range at);  /* `}` closes the block around the line */
bool shell_comment(struct parser *p, struct range at); /* `#` starts a comment */
void shell_operator(struct parser *p, struct range at);
int shell_end(struct parser *p, struct range *at, struct part *out);

/* ── layout.c: what the lines say about brackets and declarations ──────────── */

bool line_end(struct parser *p, struct range at, bool first_column); /* false: something has to be closed first */
int end_of_file(struct parser *p, struct range *at);
/* Does a declaration start at this byte of the text? */
bool declaration_at(const struct parser *p, uint32_t at);
bool fact_at(const char *text); /* does an item of a kind start here? */
uint32_t indentation(const struct parser *p, uint32_t at); /* of the line around a byte */
/* Says of the brackets from the i-th on that nothing closes them. */
void unclosed(struct parser *p, uint32_t i);
/* Says which bytes are NUL or no UTF-8; false when it is no text at all. */
bool check_bytes(struct parser *p);

/* ── recover.c, parse.c: between scanner and parser ────────────────────────────────────── */

int cut_lex(struct part *value, struct range *at, struct parser *p);
/* After an error: may the parser go on with the token at hand? If not, it is dropped, and so are those up to the next
 * place where an item may start. */
bool recovered(struct parser *p, struct range at, enum level level, bool have_token);

/* In cut.l. */
void *scanner_new(struct parser *p); /* NULL: out of memory */
void scanner_free(void *scanner);
void scanner_seek(void *scanner, uint32_t to); /* goes on there: no further back than it has come */
void mode_set(void *scanner, uint8_t open_type);

/* ── plain.c: resources that need no grammar ───────────────────────────────── */

/* Reads the resources that follow, up to the first that says more than plain values: the chain of their nodes is in *out, and one token
 * stands for all of them. False when something else follows: then nothing has happened. */
bool plain_resources(struct parser *p, struct token *t, struct part *out);

/* ── build.c: constructors for the grammar's actions ───────────────────────── */

uint32_t node_new(struct parser *p, enum node_type type, uint32_t op, uint32_t text, uint32_t child, struct range at);
uint32_t literal_new(struct parser *p, struct value value, struct range at);
uint32_t string_node(struct parser *p, uint32_t name, struct range at); /* N_LITERAL of type V_STRING */
/* Chains the nodes after each other (0 is left out) and returns the first. A node may be the first of a chain. */
uint32_t chain_of(struct parser *p, int n, ...);
/* A part of one expression over others: its depth is one more. Too deep is E005 and a malformed literal. */
struct part part_new(struct parser *p, enum node_type type, uint32_t op, uint32_t text, struct part a, struct part b,
                     struct range at);
struct part part_chain(struct part node);                                    /* a chain of one */
struct part part_add(struct parser *p, struct part chain, struct part more); /* appended; an empty one changes nothing */
struct part document(struct parser *p, struct part node);                    /* with the `##` text above it */
struct part type_union(struct parser *p, struct part type, struct part more, struct range at);
struct part secret_part(struct parser *p, struct part ref, struct range at);
struct part member_add(struct parser *p, struct part ref, uint32_t member, struct range at);
struct part string_of(struct parser *p, struct part pieces, struct range at);
uint32_t gather(struct parser *p, uint32_t items);             /* statements that stand in a `change` directly: one N_DO */
uint32_t string_name(const struct parser *p, uint32_t literal); /* the text of a string literal */
void prefix_resource(struct parser *p, uint32_t node, uint8_t op, uint32_t start);
void widen(struct parser *p, uint32_t node, struct range at);
struct range run_range(const struct parser *p, struct range run, uint32_t shell);

/* ── errors.c: what is said about mistakes ─────────────────────────────────── */

struct expected {
  bool value, name, attribute, item, statement, declaration, operator_, hold, subject /* of a promise */;
  const char *others[12]; /* what else could stand here */
  int n;
  const char *words[24]; /* words that could, when there are few */
  uint32_t word_count;
};
void syntax_error(struct parser *p, struct expected *e);
void check_name(struct parser *p, uint32_t name, struct range at);     /* a new name: `yes` and `no` are none */
void refuse_name(struct parser *p, uint32_t name, struct range at);    /* a reserved word as a new name */
void plain_word(struct parser *p, uint32_t ref);                       /* `yes` and `no` as values */
void colon_for_equals(struct parser *p, struct range at);
uint32_t nameless(struct parser *p, uint32_t kind, struct range at);   /* a resource without a name */
uint32_t function_name(struct parser *p, uint32_t ref);
uint32_t severity_of(struct parser *p, uint32_t name, struct range at); /* error, warning, note */
int keyword_token(const struct parser *p, uint32_t name);               /* 0 for none */
void keywords_load(struct parser *p);

#endif
