/* Tokens -> syntax tree. Builds and only builds: one constructor per action; names and types are model/'s business.
 *
 * Line ends mean nothing here but in `$` lines, which the scanner delimits. After an error, `error` stands for a whole
 * item, and recovered() (compiler/syntax/recover.c) says where the next one starts, by line and indentation. */
%code requires {
#include "syntax/parse.h"
}
%code {
#include "syntax/parse.h"

/* The item that is given up ends where the next one starts. */
#define RECOVER(level, at)                                                                         \
  do {                                                                                             \
    if (!recovered(p, (at), (level), yychar != T_CUT_EMPTY)) yyclearin;                            \
    yyerrok;                                                                                       \
  } while (0)
/* Where no token is waiting, a declaration may be read without the grammar's help. */
#define BETWEEN() (p->between = yychar == T_CUT_EMPTY)
#define YYMAXDEPTH 20000
#define YYLLOC_DEFAULT(current, rhs, n)                                                            \
  do {                                                                                             \
    (current).start = (n) ? YYRHSLOC(rhs, 1).start : YYRHSLOC(rhs, 0).end;                         \
    (current).end = (n) ? YYRHSLOC(rhs, n).end : YYRHSLOC(rhs, 0).end;                             \
  } while (0)

int cut_lex(struct part *value, struct range *at, struct parser *p);
static void yyerror(const struct range *at, struct parser *p, const char *message);

static const struct part nothing = {0, 0, 0};
#define NODE(type, op, text, child, at) part_chain((struct part){node_new(p, (type), (op), (text), (child), (at)), 0, 0})
#define CHAIN(n, ...) chain_of(p, (n), __VA_ARGS__)
}

%define api.pure full
%define api.prefix {cut_}
%define api.token.prefix {T_}
%define api.value.type {struct part}
%define api.location.type {struct range}
%define parse.error custom
%param {struct parser *p}
%locations
%expect 0

%token END 0 "the end of the file"
%token LITERAL "a value" NUMBER "a number" ID "a name" STRING "a string"
%token STRING_START "\"" STRING_TEXT "the text of a string" STRING_END "the end of the string"
%token INTERPOLATION "${" INTERPOLATION_END "the `}` of the interpolation"
%token RUN "a `$` line" SHELL "a command" LINE_END "the end of the line"
%token MODULE "a module"
%token PLAIN "a resource"
%token ARROW "->" EQ "==" NE "!=" LE "<=" GE ">="
%token AT_LEAST "at least" ANY_OF "any of"
%token FOR "for" IN "in" IS "is" AND "and" OR "or" NOT "not" ELSE "else" WHEN "when"
%token SECRET "secret" CREATE "create" DELETE "delete" LET "let" STEP "step" PROMISE "promise"
%token KIND "kind" RULE "rule" ALLOW "allow" DO "do" UNDO "undo" VERIFY "verify" NEEDS "needs" ABOUT "about"
%token PLAN "plan" USE "use" TOOL "tool" ZONE "zone" INSIDE "inside" BECAUSE "because" NONE_WORD "none"
%token AT "at" OF "of" TO "to" AS "as" UP "up" DOWN "down" MOST "most" ALWAYS "always" FINALLY "finally"
%token REACHES "reaches" WITHIN "within" EXPECT "expect" OUTPUT "output" STATUS "status"
%token CONTAINS "contains" WITHOUT "without" MATCHES "matches" UNCHANGED "unchanged"
%token SERVES "serves" FORWARDS "forwards" NAMES "names" OWNS "owns" HOSTS "hosts" ASKS "asks" STANDS "stands"
%token CHANGE "change" VIA "via" CARRY "carry" OBSERVE "observe" FETCH "fetch" REQUIRE "require"
%token WHERE "where" SEE "see" HTTP "http" TCP "tcp" DNS "dns" MANUAL "manual" WAIT "wait"
%token ENV "env" HEADER "header" INSECURE "insecure"
%token LBRACE "{" RBRACE "}" LBRACKET "[" RBRACKET "]" LPAREN "(" RPAREN ")"
%token EQUALS "=" COLON ":" COMMA "," DOT "." LESS "<" GREATER ">" BAR "|" OPTIONAL "?"

/* `zone a inside b` is one declaration, not a zone and a change of something called `inside`. */
%precedence OUTERMOST
%precedence INSIDE

%%
/* ── Declarations ──────────────────────────────────────────────────────────── */

file: declarations { p->root = node_new(p, N_FILE, 0, 0, $1.node, range_of(0, p->length)); }
    ;
declarations: %empty { $$ = nothing; BETWEEN(); }
    | declarations declaration { $$ = part_add(p, $1, document(p, $2)); BETWEEN(); }
    ;
declaration:
      PLAN new_name body { $$ = NODE(N_PLAN, 0, $2.node, $3.node, @$); }
    | USE MODULE { $$ = NODE(N_USE, 0, $2.node, string_node(p, $2.node, @2), @$); }
    | USE ID { $$ = NODE(N_USE, 0, $2.node, string_node(p, $2.node, @2), @$); }
    | USE STRING { $$ = NODE(N_USE, 1, string_name(p, $2.node), $2.node, @$); }
    | LET new_name "=" transition { $$ = NODE(N_LET, 0, $2.node, $4.node, @$); }
    | FOR new_name IN primary "{" declarations "}" { $$ = NODE(N_FOR, 0, $2.node, CHAIN(2, $4.node, $6.node), @$); }
    | resource
    | PLAIN /* one that the scanner's driver has read at once (compiler/syntax/plain.c) */
    | CREATE resource { $$ = $2; prefix_resource(p, $2.node, 1, @$.start); }
    | DELETE resource { $$ = $2; prefix_resource(p, $2.node, 2, @$.start); }
    | ZONE new_name %prec OUTERMOST { $$ = NODE(N_ZONE, 0, $2.node, 0, @$); }
    | ZONE new_name INSIDE word { $$ = NODE(N_ZONE, 0, $2.node, node_new(p, N_REF, 0, $4.node, 0, @4), @$); }
    | SECRET new_name body { $$ = NODE(N_SECRET_DECL, 0, $2.node, $3.node, @$); }
    | STEP label body { $$ = NODE(N_STEP, 0, 0, CHAIN(2, $2.node, $3.node), @$); }
    | PROMISE promise { $$ = $2; widen(p, $2.node, @$); }
    | KIND new_name "{" kind_items "}" { $$ = NODE(N_KIND, 0, $2.node, $4.node, @$); }
    | RULE new_name "{" rule_items "}" { $$ = NODE(N_RULE, 0, $2.node, $4.node, @$); }
    | TOOL tool_name body { $$ = NODE(N_TOOL, 0, $2.node, $3.node, @$); }
    | allow
    | hops { $$ = NODE(N_HOPS, 0, 0, $1.node, @$); }
    | error { $$ = nothing; RECOVER(LEVEL_DECLARATION, @$); }
    ;
hops: ref ARROW expr { $$ = part_add(p, part_chain($1), $3); }
    | hops ARROW expr { $$ = part_add(p, $1, $3); }
    ;
resource:
      ID label body { $$ = NODE(N_RESOURCE, 0, $1.node, CHAIN(2, $2.node, $3.node), @$); }
    | ID body { $$ = NODE(N_RESOURCE, 0, $1.node, CHAIN(2, nameless(p, $1.node, @1), $2.node), @$); }
    ;
label:
      new_name { $$ = part_chain((struct part){string_node(p, $1.node, @$), 0, 1}); }
    | string
    ;
tool_name: new_name | STRING { $$.node = string_name(p, $1.node); };
new_name: ID { $$ = $1; check_name(p, $1.node, @1); }
    | soft
    | reserved_attribute { $$ = $1; refuse_name(p, $1.node, @1); }
    | reserved { $$ = $1; refuse_name(p, $1.node, @1); }
    ;
allow: ALLOW word BECAUSE string { $$ = NODE(N_ALLOW, 0, $2.node, $4.node, @$); };

promise:
      expr REACHES primary hold { $$ = NODE(N_PROMISE, PROMISE_REACHES, 0, CHAIN(3, $1.node, $3.node, $4.node), @$); }
    | expr hold { $$ = NODE(N_PROMISE, PROMISE_TRUE, 0, CHAIN(2, $1.node, $2.node), @$); }
    | expr UP hold { $$ = NODE(N_PROMISE, PROMISE_UP, 0, CHAIN(2, $1.node, $3.node), @$); }
    ;
hold: ALWAYS { $$ = NODE(N_HOLD, HOLD_ALWAYS, 0, 0, @$); }
    | FINALLY { $$ = NODE(N_HOLD, HOLD_FINALLY, 0, 0, @$); }
    | DOWN AT MOST primary { $$ = NODE(N_HOLD, HOLD_AT_MOST, 0, $4.node, @$); }
    ;

/* ── Items ─────────────────────────────────────────────────────────────────── */

body: "{" items "}" { $$ = $2; };
items: %empty { $$ = nothing; }
    | items item { $$ = part_add(p, $1, document(p, $2)); }
    ;
item: attribute
    | do_block
    | verify_block
    | about
    | allow
    | attribute_name ":" transition { $$ = NODE(N_ATTR, 0, $1.node, $3.node, @$); colon_for_equals(p, @2); }
    | error { $$ = nothing; RECOVER(LEVEL_ITEM, @$); }
    ;
attribute:
      attribute_name "=" transition { $$ = NODE(N_ATTR, 0, $1.node, $3.node, @$); }
    | attribute_name "=" error { $$ = nothing; RECOVER(LEVEL_ITEM, @$); }
    ;
do_block:
      DO block { $$ = NODE(N_DO, 0, 0, $2.node, @$); }
    | UNDO block { $$ = NODE(N_UNDO, 0, 0, $2.node, @$); }
    | UNDO NONE_WORD BECAUSE string { $$ = NODE(N_UNDO, 1, 0, $4.node, @$); }
    ;
verify_block: VERIFY block { $$ = NODE(N_VERIFY, 0, 0, $2.node, @$); };
about: ABOUT string { $$ = NODE(N_ABOUT, 0, 0, $2.node, @$); };

/* ── Items of a kind ───────────────────────────────────────────────────────── */

kind_items: %empty { $$ = nothing; }
    | kind_items kind_item { $$ = part_add(p, $1, document(p, $2)); }
    ;
kind_item:
      attribute_name ":" type { $$ = NODE(N_FIELD, 0, $1.node, $3.node, @$); }
    | attribute_name ":" type "=" expr { $$ = NODE(N_FIELD, 0, $1.node, CHAIN(2, $3.node, $5.node), @$); }
    | attribute_name ":" error { $$ = nothing; RECOVER(LEVEL_ITEM, @$); }
    | attribute
    | fact
    | NEEDS expr { $$ = NODE(N_NEEDS, 0, 0, $2.node, @$); }
    | WHEN expr "{" kind_items "}" { $$ = NODE(N_WHEN, 0, 0, CHAIN(2, $2.node, $4.node), @$); }
    | STANDS FOR ref { $$ = NODE(N_STANDS, 0, 0, $3.node, @$); }
    | requirement
    | CHANGE "{" change_items "}" { $$ = NODE(N_CHANGE, 0, 0, gather(p, $3.node), @$); }
    | CHANGE VIA word "{" change_items "}" { $$ = NODE(N_CHANGE, 0, $3.node, gather(p, $5.node), @$); }
    | CARRY "{" change_items "}" { $$ = NODE(N_CARRY, 0, 0, gather(p, $3.node), @$); }
    | OBSERVE block { $$ = NODE(N_OBSERVE, 0, 0, $2.node, @$); }
    | OBSERVE VIA word block { $$ = NODE(N_OBSERVE, 0, $3.node, $4.node, @$); }
    | FETCH block { $$ = NODE(N_FETCH, 0, 0, $2.node, @$); }
    | verify_block
    | about
    | allow
    | error { $$ = nothing; RECOVER(LEVEL_ITEM, @$); }
    ;
requirement: REQUIRE expr otherwise { $$ = NODE(N_REQUIRE, 0, 0, CHAIN(2, $2.node, $3.node), @$); };
otherwise: ELSE ID string { $$ = NODE(N_ELSE, severity_of(p, $2.node, @2), 0, $3.node, @$); };

fact: SERVES simple IN simple { $$ = NODE(N_SERVES, 0, 0, CHAIN(2, $2.node, $4.node), @$); }
    | SERVES simple simple IN simple { $$ = NODE(N_SERVES, 0, 0, CHAIN(3, $2.node, $3.node, $5.node), @$); }
    | FORWARDS simple simple IN simple TO target inside_zone as_name
      { $$ = NODE(N_FORWARDS, FORWARDS_IN, 0, CHAIN(6, $2.node, $3.node, $5.node, $7.node, $8.node, $9.node), @$); }
    | FORWARDS TO target inside_zone as_name
      { $$ = NODE(N_FORWARDS, FORWARDS_ALL, 0, CHAIN(3, $3.node, $4.node, $5.node), @$); }
    | NAMES simple IN simple AS simple { $$ = NODE(N_NAMES, 0, 0, CHAIN(3, $2.node, $4.node, $6.node), @$); }
    | NAMES simple IN simple AS simple FOR simple
      { $$ = NODE(N_NAMES, 0, 0, CHAIN(4, $2.node, $4.node, $6.node, $8.node), @$); }
    | OWNS simple IN simple { $$ = NODE(N_OWNS, 0, 0, CHAIN(2, $2.node, $4.node), @$); }
    | HOSTS simple AT simple { $$ = NODE(N_HOSTS, 0, 0, CHAIN(2, $2.node, $4.node), @$); }
    | ASKS IN simple { $$ = NODE(N_ASKS, 0, 0, $3.node, @$); }
    | ASKS IN simple AS simple { $$ = NODE(N_ASKS, 0, 0, CHAIN(2, $3.node, $5.node), @$); }
    ;
target: simple | ANY_OF simple { $$ = NODE(N_ANY_OF, 0, 0, $2.node, @$); };
inside_zone: %empty { $$ = nothing; } | IN simple { $$ = $2; };
as_name: %empty { $$ = nothing; }
    | AS simple { $$ = NODE(N_ENTRY, 0, name_str(&p->c->names, "as"), $2.node, @$); }
    ;

type: type_or_none { $$ = $1; }
    | type "|" type_or_none { $$ = type_union(p, $1, $3, @$); }
    ;
type_or_none: type_plain
    | type_plain "?" { $$ = part_new(p, N_TYPE, TYPE_OPTIONAL, 0, $1, nothing, @$); }
    ;
type_plain:
      attribute_name { $$ = NODE(N_TYPE, TYPE_NAME, $1.node, 0, @$); $$.depth = 1; }
    | NONE_WORD { $$ = NODE(N_TYPE, TYPE_NAME, $1.node, 0, @$); $$.depth = 1; }
    | STRING { $$ = NODE(N_TYPE, TYPE_NAME, string_name(p, $1.node), 0, @$); $$.depth = 1; }
    | "[" type "]" { $$ = part_new(p, N_TYPE, TYPE_LIST, 0, $2, nothing, @$); }
    | "{" type "}" { $$ = part_new(p, N_TYPE, TYPE_MAP, 0, $2, nothing, @$); }
    | "(" type ")" { $$ = $2; }
    ;

change_items: %empty { $$ = nothing; }
    | change_items change_item { $$ = part_add(p, $1, $2); }
    ;
change_item: attribute
    | do_block
    | verify_block
    | about
    | NEEDS operand { $$ = NODE(N_NEEDS, 0, 0, $2.node, @$); }
    | WHEN expr "{" change_items "}" { $$ = NODE(N_WHEN, 0, 0, CHAIN(2, $2.node, gather(p, $4.node)), @$); }
    | command { $$ = NODE(N_DO, 1, 0, $1.node, @$); }
    | error { $$ = nothing; RECOVER(LEVEL_ITEM, @$); }
    ;

/* ── Rules ─────────────────────────────────────────────────────────────────── */

rule_items: %empty { $$ = nothing; }
    | rule_items rule_item { $$ = part_add(p, $1, $2); }
    ;
rule_item: about
    | FOR variables { $$ = $2; }
    | WHERE conditions { $$ = NODE(N_WHERE, 0, 0, $2.node, @$); }
    | requirement
    | SEE string { $$ = NODE(N_SEE, 0, 0, $2.node, @$); }
    | allow
    | error { $$ = nothing; RECOVER(LEVEL_ITEM, @$); }
    ;
variables: variable | variables "," variable { $$ = part_add(p, $1, $3); };
variable: new_name IN word { $$ = NODE(N_RULE_FOR, 0, $1.node, node_new(p, N_REF, 0, $3.node, 0, @3), @$); };
conditions: expr { $$ = part_chain($1); } | conditions "," expr { $$ = part_add(p, $1, $3); };

/* ── Statements ────────────────────────────────────────────────────────────── */

block: "{" statements "}" { $$ = $2; };
statements: %empty { $$ = nothing; }
    | statements statement { $$ = part_add(p, $1, $2); }
    ;
statement: command
    | IN primary block { $$ = NODE(N_IN, 0, 0, CHAIN(2, $2.node, $3.node), @$); }
    | NEEDS operand { $$ = NODE(N_NEEDS, 0, 0, $2.node, @$); }
    | WHEN expr "{" statements "}" { $$ = NODE(N_WHEN, 0, 0, CHAIN(2, $2.node, $4.node), @$); }
    | attribute_name "=" operand { $$ = NODE(N_SET, 0, $1.node, $3.node, @$); }
    | attribute_name "=" error { $$ = nothing; RECOVER(LEVEL_ITEM, @$); }
    | error { $$ = nothing; RECOVER(LEVEL_ITEM, @$); }
    ;
command:
      RUN shell LINE_END { $$ = NODE(N_RUN, 0, 0, $2.node, run_range(p, @1, $2.node)); }
    | RUN shell LINE_END "{" options "}"
      { $$ = NODE(N_RUN, 0, 0, CHAIN(2, $2.node, node_new(p, N_OPTIONS, 0, 0, $5.node, range_of(@4.start, @6.end))), @$); }
    | EXPECT OUTPUT operand within { $$ = NODE(N_EXPECT, EXPECT_EQUAL, 0, CHAIN(2, $3.node, $4.node), @$); }
    | EXPECT OUTPUT CONTAINS operand within { $$ = NODE(N_EXPECT, EXPECT_CONTAINS, 0, CHAIN(2, $4.node, $5.node), @$); }
    | EXPECT OUTPUT WITHOUT operand within { $$ = NODE(N_EXPECT, EXPECT_WITHOUT, 0, CHAIN(2, $4.node, $5.node), @$); }
    | EXPECT OUTPUT MATCHES operand within { $$ = NODE(N_EXPECT, EXPECT_MATCHES, 0, CHAIN(2, $4.node, $5.node), @$); }
    | EXPECT OUTPUT UNCHANGED within { $$ = NODE(N_EXPECT, EXPECT_UNCHANGED, 0, $4.node, @$); }
    | EXPECT STATUS numbers { $$ = NODE(N_EXPECT, EXPECT_STATUS, 0, $3.node, @$); }
    | HTTP ID primary { $$ = NODE(N_HTTP, 0, $2.node, $3.node, @$); }
    | HTTP ID primary "{" options "}"
      { $$ = NODE(N_HTTP, 0, $2.node, CHAIN(2, $3.node, node_new(p, N_OPTIONS, 0, 0, $5.node, range_of(@4.start, @6.end))), @$); }
    | MANUAL primary { $$ = NODE(N_MANUAL, 0, 0, $2.node, @$); }
    | WAIT primary { $$ = NODE(N_WAIT, 0, 0, $2.node, @$); }
    | TCP primary within { $$ = NODE(N_TCP, 0, 0, CHAIN(2, $2.node, $3.node), @$); }
    | DNS primary AT primary EXPECT primary within
      { $$ = NODE(N_DNS, 0, 0, CHAIN(4, $2.node, $4.node, $6.node, $7.node), @$); }
    ;
within: %empty { $$ = nothing; } | WITHIN primary { $$ = $2; };
numbers: primary { $$ = part_chain($1); } | numbers "," primary { $$ = part_add(p, $1, $3); };
shell: shell_piece | shell shell_piece { $$ = part_add(p, $1, $2); };
shell_piece: SHELL { $$ = part_chain($1); }
    | INTERPOLATION expr INTERPOLATION_END { $$ = NODE(N_STRING, $1.node, 0, $2.node, @$); }
    ;
options: %empty { $$ = nothing; }
    | options option { $$ = part_add(p, $1, $2); }
    ;
option:
      ID equals primary { $$ = NODE(N_OPTION, 0, $1.node, $3.node, @$); }
    | WITHIN equals primary { $$ = NODE(N_OPTION, 0, $1.node, $3.node, @$); }
    | STATUS equals numbers { $$ = NODE(N_OPTION, 0, $1.node, $3.node, @$); }
    | EXPECT STATUS numbers { $$ = NODE(N_OPTION, 0, $2.node, $3.node, @$); }
    | ENV attribute_name "=" primary { $$ = NODE(N_OPTION, 0, $1.node, CHAIN(2, string_node(p, $2.node, @2), $4.node), @$); }
    | ENV "=" primary { $$ = NODE(N_OPTION, 0, $1.node, $3.node, @$); }
    | HEADER STRING equals primary { $$ = NODE(N_OPTION, 0, $1.node, CHAIN(2, $2.node, $4.node), @$); }
    | INSECURE { $$ = NODE(N_OPTION, 0, $1.node, 0, @$); }
    | error { $$ = nothing; RECOVER(LEVEL_ITEM, @$); }
    ;
equals: %empty | "=";

/* ── Expressions ───────────────────────────────────────────────────────────── */

transition: expr
    | arrows { $$ = part_new(p, N_TRANSITION, 0, 0, $1, nothing, @$); }
    ;
arrows: expr ARROW expr { $$ = part_add(p, part_chain($1), $3); }
    | arrows ARROW expr { $$ = part_add(p, $1, $3); }
    ;
expr: and_expr | expr OR and_expr { $$ = part_new(p, N_BINARY, OP_OR, 0, $1, $3, @$); };
and_expr: not_expr | and_expr AND not_expr { $$ = part_new(p, N_BINARY, OP_AND, 0, $1, $3, @$); };
not_expr: comparison | NOT not_expr { $$ = part_new(p, N_NOT, 0, 0, $2, nothing, @$); };
comparison: operand | operand relation operand { $$ = part_new(p, N_BINARY, $2.node, 0, $1, $3, @$); };
relation: EQ { $$.node = OP_EQ; } | NE { $$.node = OP_NE; } | "<" { $$.node = OP_LT; } | LE { $$.node = OP_LE; }
    | ">" { $$.node = OP_GT; } | GE { $$.node = OP_GE; } | IN { $$.node = OP_IN; } | NOT IN { $$.node = OP_NOT_IN; }
    | IS { $$.node = OP_IS; } | IS NOT { $$.node = OP_IS_NOT; }
    ;
operand: primary
    | AT_LEAST NUMBER OF primary { $$ = part_new(p, N_AT_LEAST, 0, 0, $2, $4, @$); }
    | ANY_OF primary { $$ = part_new(p, N_ANY_OF, 0, 0, $2, nothing, @$); }
    ;
primary: simple
    | ref "(" ")" { $$ = part_new(p, N_CALL, 0, function_name(p, $1.node), nothing, nothing, @$); }
    | ref "(" conditions ")" { $$ = part_new(p, N_CALL, 0, function_name(p, $1.node), $3, nothing, @$); }
    | ref string { $$ = part_new(p, N_CALL, 1, function_name(p, $1.node), $2, nothing, @$); }
    | SECRET ref { $$ = secret_part(p, $2, @$); }
    | "(" expr ")" { $$ = $2; }
    ;
simple: LITERAL
    | NUMBER
    | string
    | ref { $$ = part_chain($1); plain_word(p, $1.node); }
    | "[" "]" { $$ = part_new(p, N_LIST, 0, 0, nothing, nothing, @$); }
    | "[" list comma "]" { $$ = part_new(p, N_LIST, 0, 0, $2, nothing, @$); }
    | "{" entries "}" { $$ = part_new(p, N_MAP, 0, 0, $2, nothing, @$); }
    | NONE_WORD { struct value none = {.type = V_NONE}; $$ = part_chain((struct part){literal_new(p, none, @$), 0, 1}); }
    ;
list: transition { $$ = part_chain($1); } | list "," transition { $$ = part_add(p, $1, $3); };
comma: %empty | ",";
/* A key that is a string follows a comma or the brace: else it would be the argument of the reference before it. */
entries: %empty { $$ = nothing; } | some_entries comma;
some_entries: entry { $$ = part_add(p, nothing, $1); }
    | text_entry { $$ = part_add(p, nothing, $1); }
    | some_entries entry { $$ = part_add(p, $1, $2); }
    | some_entries "," entry { $$ = part_add(p, $1, $3); }
    | some_entries "," text_entry { $$ = part_add(p, $1, $3); }
    ;
entry: attribute_name "=" transition { $$ = part_new(p, N_ENTRY, 0, $1.node, $3, nothing, @$); }
    | attribute_name "=" error { $$ = nothing; RECOVER(LEVEL_ITEM, @$); }
    | error { $$ = nothing; RECOVER(LEVEL_ITEM, @$); }
    ;
text_entry: STRING "=" transition { $$ = part_new(p, N_ENTRY, 0, string_name(p, $1.node), $3, nothing, @$); };
ref: word { $$ = NODE(N_REF, 0, $1.node, 0, @$); $$.depth = 1; }
    | ref "." attribute_name { $$ = member_add(p, $1, node_new(p, N_MEMBER, 0, $3.node, 0, @3), @$); }
    ;
string: STRING
    | STRING_START string_pieces STRING_END { $$ = string_of(p, $2, @$); }
    ;
string_pieces: %empty { $$ = nothing; }
    | string_pieces STRING_TEXT { $$ = part_add(p, $1, part_chain($2)); }
    | string_pieces INTERPOLATION expr INTERPOLATION_END { $$ = part_add(p, $1, $3); }
    ;

/* ── Words ─────────────────────────────────────────────────────────────────── */

word: ID | soft;
attribute_name: ID | soft | reserved_attribute;
/* Words of the grammar that may be names of anything. */
soft: ZONE | PLAN | USE | TOOL | VIA | OF | UP | DOWN | MOST | ALWAYS | FINALLY | REACHES | OUTPUT | STATUS | EXPECT
    | SERVES | FORWARDS | NAMES | OWNS | HOSTS | ASKS | STANDS | CHANGE | CARRY | OBSERVE | FETCH | REQUIRE | WHERE | SEE
    | HTTP | TCP | DNS | MANUAL | WAIT | ENV | HEADER | INSECURE | INSIDE | BECAUSE | AT
    ;
/* Names of attributes and members only. */
reserved_attribute: SECRET | CREATE | DELETE | LET | STEP | PROMISE | KIND | RULE | ALLOW | DO | UNDO | VERIFY | NEEDS | ABOUT
    | TO | CONTAINS | WITHOUT | MATCHES | UNCHANGED
    ;
/* Never a name. */
reserved: FOR | IN | IS | AND | OR | NOT | ELSE | WHEN | NONE_WORD | AS | WITHIN;

%%
/* Which tokens could have stood here, in groups: the rest is words (compiler/syntax/errors.c). */
static int yyreport_syntax_error(const yypcontext_t *context, struct parser *p) {
  yysymbol_kind_t kinds[YYNTOKENS];
  bool may[YYNTOKENS] = {false};
  int n = yypcontext_expected_tokens(context, kinds, YYNTOKENS);
  for (int i = 0; i < n; i++) may[kinds[i]] = true;
  struct expected e = {
      .value = may[YYSYMBOL_LITERAL] && may[YYSYMBOL_STRING],
      .name = may[YYSYMBOL_ID],
      .attribute = may[YYSYMBOL_ID] && may[YYSYMBOL_ABOUT],
      .item = may[YYSYMBOL_ID] && may[YYSYMBOL_ABOUT] && may[YYSYMBOL_RBRACE],
      .statement = may[YYSYMBOL_RUN],
      .declaration = may[YYSYMBOL_CREATE] && may[YYSYMBOL_LET] && may[YYSYMBOL_USE] && !may[YYSYMBOL_ABOUT],
      .operator_ = may[YYSYMBOL_EQ],
      .hold = may[YYSYMBOL_ALWAYS] && !may[YYSYMBOL_PLAN],
      .subject = may[YYSYMBOL_REACHES] && may[YYSYMBOL_UP],
  };
  for (int i = 0; i < n; i++) {
    yysymbol_kind_t k = kinds[i];
    bool punctuation = k >= YYSYMBOL_LBRACE || k == YYSYMBOL_ARROW;
    bool starts_value = k == YYSYMBOL_LBRACE || k == YYSYMBOL_LBRACKET || k == YYSYMBOL_LPAREN;
    bool grouped = e.value && (starts_value || !punctuation);
    if (e.item || e.statement || e.declaration || e.attribute || e.hold) grouped |= !punctuation;
    else if (e.name) grouped |= !punctuation && k != YYSYMBOL_STRING;
    if (k >= YYSYMBOL_FOR && !punctuation && !e.name && e.word_count < sizeof e.words / sizeof *e.words)
      e.words[e.word_count++] = yysymbol_name(k);
    if (k == YYSYMBOL_PLAIN) continue; /* nothing that anybody writes */
    if (k == YYSYMBOL_STRING_START && may[YYSYMBOL_STRING]) continue;
    if (k == YYSYMBOL_ID || grouped || e.n == (int)(sizeof e.others / sizeof *e.others)) continue;
    if (e.operator_ && (k == YYSYMBOL_EQ || k == YYSYMBOL_NE || k == YYSYMBOL_LE || k == YYSYMBOL_GE || k == YYSYMBOL_LESS ||
                        k == YYSYMBOL_GREATER || k == YYSYMBOL_IN || k == YYSYMBOL_IS || k == YYSYMBOL_NOT || k == YYSYMBOL_AND ||
                        k == YYSYMBOL_OR))
      continue;
    e.others[e.n++] = yysymbol_name(k);
  }
  syntax_error(p, &e);
  return 0;
}

/* Not a syntax error, those come above: the parser's stack is full. */
static void yyerror(const struct range *at, struct parser *p, const char *message) {
  (void)message;
  complain(p, CODE_005, *at, "this is nested too deeply to be read");
}
