/* The parser: shapes of the tree, every mistake of a file in one run, and bytes of all sorts. */
#include "syntax/syntax.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct parsed {
  struct compilation *c;
  struct tree tree;
  uint32_t root;
};

static struct parsed parse_bytes(const char *text, size_t n) {
  struct parsed p = {.c = compilation_new()};
  p.tree.c = p.c;
  uint32_t source = source_add(p.c, "t.cut", text, n, false);
  p.root = syntax_parse(&p.tree, source);
  findings_sort(p.c);
  return p;
}
static struct parsed parse(const char *text) { return parse_bytes(text, strlen(text)); }

static const char *dump(struct parsed *p) {
  struct text t = {.arena = &p->c->arena};
  tree_print(&t, &p->tree, p->root);
  return text_done(&t);
}

/* Findings as "line:column code message\n" lines, by place. */
static const char *found(struct parsed *p) {
  struct text t = {.arena = &p->c->arena};
  for (uint32_t start = 0, last = 0; start <= p->c->sources.at[0].length; start = last) {
    last = UINT32_MAX;
    for (uint32_t i = 0; i < p->c->findings.n; i++) {
      const struct finding *f = p->c->findings.at[i];
      if (f->at.start > start && f->at.start < last) last = f->at.start;
      if (f->at.start != start) continue;
      struct place at = source_place(p->c, 0, start);
      text_print(&t, "%u:%u %s %s\n", at.line, at.column, code_text(f->code), f->message);
    }
    if (last == UINT32_MAX) break;
  }
  return text_done(&t);
}

static void expect_tree(const char *text, const char *tree) {
  struct parsed p = parse(text);
  assert_string_equal(found(&p), "");
  assert_string_equal(dump(&p), tree);
  compilation_free(p.c);
}

static void expect_found(const char *text, const char *findings) {
  struct parsed p = parse(text);
  assert_string_equal(found(&p), findings);
  compilation_free(p.c);
}

/* ── Shapes ────────────────────────────────────────────────────────────────── */

static void test_declarations(void **state) {
  (void)state;
  expect_tree("use std/net use \"a.cut\" let a = 1 -> 2 -> 1", "file\n"
              "  use std/net\n    literal \"std/net\"\n  use/1 a.cut\n    literal \"a.cut\"\n"
              "  let a\n    transition\n      literal 1\n      literal 2\n      literal 1\n");
  expect_tree("create vm web { } delete vm \"a-${i}\" { x = y }", "file\n"
              "  resource/1 vm\n    literal \"web\"\n"
              "  resource/2 vm\n    string\n      literal \"a-\"\n      ref i\n    attribute x\n      ref y\n");
  expect_tree("zone a zone b inside a allow E231 because \"x\"", "file\n  zone a\n  zone b\n    ref a\n  allow E231\n    literal \"x\"\n");
  expect_tree("for x in [1] {\n  for y in x {\n    vm z { }\n  }\n}\n", "file\n"
              "  for x\n    list\n      literal 1\n    for y\n      ref x\n      resource vm\n        literal \"z\"\n");
  expect_tree("secret s { from = env \"X\" }", "file\n  secret-declaration s\n    attribute from\n      call/1 env\n        literal \"X\"\n");
  expect_tree("tool tg { pipe = never grace = 60s }", "file\n  tool tg\n    attribute pipe\n      ref never\n"
              "    attribute grace\n      literal 60s\n");
}

static void test_hops_apart(void **state) {
  (void)state;
  expect_tree("web.address -> 10.0.0.4 -> 10.0.0.5", "file\n  hops\n    ref web\n      member address\n    literal 10.0.0.4\n    literal 10.0.0.5\n");
  expect_tree("zone a zone b inside a inside.x -> 1", "file\n  zone a\n  zone b\n    ref a\n  hops\n    ref inside\n      member x\n    literal 1\n");
}

static void test_promises(void **state) {
  (void)state;
  expect_tree("promise a reaches b.example.net:443/udp always", "file\n"
              "  promise\n    ref a\n    literal b.example.net:443/udp\n    hold\n");
  expect_tree("promise a.x == B down at most 10m", "file\n"
              "  promise/1\n    binary/2\n      ref a\n        member x\n      ref B\n    hold/1\n      literal 10m\n");
  expect_tree("promise at least 2 of [a, b] up finally", "file\n"
              "  promise/2\n    at-least\n      literal 2\n      list\n        ref a\n        ref b\n    hold/2\n");
  /* words of the grammar that are names all the same */
  expect_tree("promise up up always promise status reaches dns finally", "file\n  promise/2\n    ref up\n    hold\n"
              "  promise\n    ref status\n    ref dns\n    hold/2\n");
}

static void test_expressions(void **state) {
  (void)state;
  expect_tree("let a = x or y and not z == 1", "file\n  let a\n    binary\n      ref x\n      binary/1\n        ref y\n"
              "        not\n          binary/2\n            ref z\n            literal 1\n");
  expect_tree("let a = not in_list(x, y.z) is not none", "file\n  let a\n    not\n      binary/11\n        call in_list\n"
              "          ref x\n          ref y\n            member z\n        literal none\n");
  expect_tree("let a = x not in [1.2.3.4-1.2.3.9, ::1/128]", "file\n  let a\n    binary/9\n      ref x\n      list\n"
              "        literal 1.2.3.4-1.2.3.9\n        literal ::1/128\n");
  expect_tree("let a = shared->dedicated", "file\n  let a\n    transition\n      ref shared\n      ref dedicated\n");
  expect_tree("let a = 1h->60s", "file\n  let a\n    transition\n      literal 1h\n      literal 60s\n");
  expect_tree("let a = {k = v, \"x/y\" = secret s.t}", "file\n  let a\n    map\n      entry k\n        ref v\n"
              "      entry x/y\n        secret s\n          member t\n");
}

static void test_literals(void **state) {
  (void)state;
  expect_tree("let a = [0.16.2, 8.0, 1.2.3.4, 443/tcp, 1-9/udp, [::1]:80, 1h30m, 250ms, 10.0.0.0/8, true, unknown, 7]", "file\n"
              "  let a\n    list\n      literal 0.16.2\n      literal 8.0\n      literal 1.2.3.4\n      literal 443/tcp\n"
              "      literal 1-9/udp\n      literal [::1]:80\n      literal 1h30m\n      literal 250ms\n      literal 10.0.0.0/8\n"
              "      literal true\n      literal unknown\n      literal 7\n");
  expect_tree("let a = [https://a.example.net/x?y=1, https://[2001:db8::1]:8443]", "file\n  let a\n    list\n"
              "      literal https://a.example.net/x?y=1\n      literal https://[2001:db8::1]:8443\n");
  expect_tree("let a = \"\\\"\\\\\\n$${x} $y ${z}\"", "file\n  let a\n    string\n      literal \"\\\"\\\\\\n$${x} $y \"\n      ref z\n");
  expect_tree("let a = '\\${x}\"'", "file\n  let a\n    literal \"\\\\$${x}\\\"\"\n");
}

static void test_kinds(void **state) {
  (void)state;
  expect_tree("kind k { a : A | B? = A  needs : [string] }", "file\n  kind k\n    field a\n      type/3\n        type/4\n"
              "          type A\n          type B\n      ref A\n    field needs\n      type/1\n        type string\n");
  expect_tree("kind k { forwards a any in b to any of c in d as \"x\" }", "file\n  kind k\n    forwards\n      ref a\n      ref any\n"
              "      ref b\n      any-of\n        ref c\n      ref d\n      entry as\n        literal \"x\"\n");
  expect_tree("kind k { change via p { manual \"x\" wait 1s undo { } tcp x } }", "file\n  kind k\n    change p\n      do/1\n"
              "        manual\n          literal \"x\"\n        wait\n          literal 1s\n      undo\n"
              "      do/1\n        tcp\n          ref x\n");
  expect_tree("kind k { asks in zone as dns stands for a when a is none { needs b } }", "file\n  kind k\n    asks\n      ref zone\n"
              "      ref dns\n    stands\n      ref a\n    when\n      binary/10\n        ref a\n        literal none\n"
              "      needs\n        ref b\n");
}

static void test_rules(void **state) {
  (void)state;
  expect_tree("rule r { for a in k, b in k where a != b, up(a) require a.x is l else error \"${a}\" see \"u\" }", "file\n  rule r\n"
              "    rule-for a\n      ref k\n    rule-for b\n      ref k\n    where\n      binary/3\n        ref a\n        ref b\n"
              "      call up\n        ref a\n    require\n      binary/10\n        ref a\n          member x\n        ref l\n"
              "      else/2\n        string\n          ref a\n    see\n      literal \"u\"\n");
}

static void test_lines(void **state) {
  (void)state;
  expect_tree("step s { do { $ a \"${x}\" '${y}' ${z} } }", "file\n  step\n    literal \"s\"\n    do\n      run\n        shell \"a \\\"\"\n"
              "        string/1\n          ref x\n        shell \"\\\" '$${y}' \"\n        string\n          ref z\n");
  expect_tree("step s { do { $ a {} jsonpath={.b[0].c} $${HOME} # ${no}\n $ b \\\n c } }", "file\n  step\n    literal \"s\"\n    do\n"
              "      run\n        shell \"a {} jsonpath={.b[0].c} \"\n        shell \"$${HOME}\"\n"
              "      run\n        shell \"b \\\\\\n c\"\n");
  expect_tree("step s { do { $ { a; b; } | c { stdin x  env K = v within 5m } } }", "file\n  step\n    literal \"s\"\n    do\n      run\n"
              "        shell \"{ a; b; } | c\"\n        options\n          option stdin\n            ref x\n"
              "          option env\n            literal \"K\"\n            ref v\n          option within\n            literal 5m\n");
  expect_tree("step s { do { http PUT x { bearer secret t body = file \"f\" expect status 200, 302 insecure } } }", "file\n  step\n"
              "    literal \"s\"\n    do\n      http PUT\n        ref x\n        options\n          option bearer\n            secret t\n"
              "          option body\n            call/1 file\n              literal \"f\"\n          option status\n"
              "            literal 200\n            literal 302\n          option insecure\n");
  expect_tree("step s { verify { expect output unchanged within 60s expect output contains x dns \"a\" at b expect c } }", "file\n"
              "  step\n    literal \"s\"\n    verify\n      expect/4\n        literal 60s\n      expect/1\n        ref x\n"
              "      dns\n        literal \"a\"\n        ref b\n        ref c\n");
}

static void test_docs(void **state) {
  (void)state;
  expect_tree("## The file.\n\n## A kind,\n##   on two lines.\nkind k {\n  ## a field\n  a : string\n}\n", "file ## \"The file.\"\n"
              "  kind k ## \"A kind,\\n  on two lines.\"\n    field a ## \"a field\"\n      type string\n");
  expect_found("kind k {\n  ## nothing\n}\n## end\n", "2:3 E008 this `##` text documents nothing\n"
               "4:1 E008 this `##` text documents nothing\n");
}

static void test_spans(void **state) {
  (void)state;
  struct parsed p = parse("# é\nvm a {\n  x = 1 ->  2\n}\n");
  uint32_t file = p.root, vm = p.tree.nodes.at[file].child;
  tree_wake(&p.tree, vm);
  uint32_t label = p.tree.nodes.at[vm].child;
  uint32_t attribute = p.tree.nodes.at[label].next, value = p.tree.nodes.at[attribute].child;
  struct span s = node_span(&p.tree, value);
  assert_int_equal(s.source, 0);
  assert_memory_equal(p.c->sources.at[0].text + s.start, "1 ->  2", 7);
  assert_int_equal(s.end - s.start, 7);
  s = node_span(&p.tree, p.tree.nodes.at[p.tree.nodes.at[value].child].next);
  assert_memory_equal(p.c->sources.at[0].text + s.start, "2", 1);
  s = node_span(&p.tree, vm);
  assert_int_equal(s.end - s.start, strlen("vm a {\n  x = 1 ->  2\n}"));
  assert_int_equal(node_span(&p.tree, 0).source, NONE);
  compilation_free(p.c);
}

/* ── Mistakes ──────────────────────────────────────────────────────────────── */

static void test_planted(void **state) {
  (void)state;
  expect_found("plan p {\n"
               "  operator = devvm\n"
               "  window = 90x\n"                           /* 1 */
               "}\n"
               "let a == 10.0.0.1\n"                        /* 2 */
               "client other { zone lan }\n"                /* 3 */
               "lb_service traefik {\n"
               "  address = 10.0.20.300\n"                  /* 4 */
               "  ports = [80/tcp 443/tcp]\n"               /* 5 */
               "  policy = Cluster -> -> Local\n"           /* 6 */
               "  name = \"unclosed\n"                      /* 7 */
               "  sharing = yes\n"                          /* 8 */
               "  via =\n"                                  /* 9 */
               "  takes = 443/tpc\n"                        /* 10 */
               "}\n"
               "for x on [1, 2] {\n"                        /* 11 */
               "  client \"c${x}\" { zone = lan }\n"
               "}\n"
               "client for { zone = lan }\n"                /* 12 */
               "promise devvm reaches https://a.example.net allways\n" /* 13 */
               "lb_service second {\n"
               "  ports = [80/tcp, 443/tcp\n"               /* 14 */
               "  address = 10.0.0.2\n"
               "}\n"
               "rule r {\n"
               "  for a in b\n"
               "  require a.b == = c and\n"                 /* 15 */
               "    d == e\n"
               "  else error \"x\"\n"
               "}\n"
               "lb_service third {\n"                       /* 16 */
               "  address = 10.0.0.3\n"
               "client devvm2 { zone = lan }\n",
               "3:12 E002 `90x`: `x` is no unit of time: those are `ms`, `s`, `m`, `h` and `d`\n"
               "5:7 E001 expected `=` after `a`, found `==`\n"
               "6:21 E001 expected `=` after `zone`, found `lan`\n"
               "8:13 E107 `10.0.20.300`: a part of an IPv4 address is at most 255\n"
               "9:19 E001 expected `]` after `80/tcp`, found `443/tcp`\n"
               "10:23 E001 expected a value after `->`, found `->`\n"
               "11:10 E003 this string is not closed on its line\n"
               "12:13 E001 `yes` is no value: yes and no are written `true` and `false`\n"
               "13:7 E001 expected a value after `=`, found the end of the line\n"
               "14:11 E002 `tpc` is no protocol: it is `tcp`, `udp` or `sctp`\n"
               "16:7 E001 expected `in` after `x`, found `on`\n"
               "19:8 E009 `for` is a word of the language and can't be a name here\n"
               "20:45 E001 expected `always`, `finally` or `down at most` after `https://a.example.net`, found `allways`\n"
               "22:11 E003 this `[` is never closed\n"
               "27:18 E001 expected a value after `==`, found `=`\n"
               "31:18 E003 this `{` is never closed\n");
}

static void test_brackets(void **state) {
  (void)state;
  expect_found("vm a {\n  x = [1, 2 }\n", "2:7 E003 this `[` is never closed\n");
  expect_found("vm a {\n  do { $ x\n}\nvm b { y = 1 }\n", "1:6 E003 this `{` is never closed\n");
  expect_found("vm a { x = 1 }\n}\nvm b { }\n", "2:1 E001 this `}` closes nothing\n");
  expect_found("vm a { x = f(1] }\n", "1:15 E003 this `]` stands where a `(` is closed\n");
  expect_found("vm a {\n  x = (1 == 2\n  y = 3\n}\n", "2:7 E003 this `(` is never closed\n");
  expect_found("vm a { x = \"${b\"\n y = 1 }\n", "1:13 E003 this `${` is not closed on its line\n");
  expect_found("vm a { x = \"lan }\nvm b { y = 'lan }\n", "1:12 E003 this string is not closed on its line\n"
               "2:12 E003 this string is not closed on its line\n");
  /* never a word about the layout of what is closed */
  expect_found("for x in [1] {\nvm \"a${x}\" {\nneeds = b\ndo {\n$ x\n}\n}\n}\nrule r {\nfor a in b\nrequire a else error \"x\"\n}\n", "");
}

static void test_malformed(void **state) {
  (void)state;
  expect_found("let a = 10.0.20.200-220", "1:9 E002 `10.0.20.200-220`: a range is two whole addresses with `-` between\n");
  expect_found("let a = wan:443", "1:9 E002 `wan:443`: the host of an endpoint is an address or a name with a dot\n");
  expect_found("let a = 70000/tcp", "1:9 E107 `70000/tcp`: a port is a number from 1 to 65535\n");
  expect_found("let a = 10.0.0.0/33", "1:9 E107 `10.0.0.0/33`: the prefix of an IPv4 network is at most 32\n");
  expect_found("let a = 10.0.0.5/24", "1:9 E107 `10.0.0.5/24`: this address has bits set behind the prefix: a network is written "
               "with its first address\n");
  expect_found("let a = fe80:1:2", "1:9 E002 `fe80:1:2`: an IPv6 address has eight groups of hex digits, or `::` for those that are "
               "zero\n");
  expect_found("let a = aa:bb:cc:dd:ee:ff", "1:9 E002 `aa:bb:cc:dd:ee:ff`: a hardware address is written in quotes\n");
  expect_found("let a = foo://x", "1:9 E002 `foo://x`: nobody knows the port of this URL's scheme: write it behind the host\n");
  expect_found("let a = *.example.net", "1:9 E002 `*.example.net`: a pattern is written in quotes\n");
  expect_found("let a = café", "1:9 E002 `café`: a name is made of the letters A to Z, digits, `_`, and `-` between\n");
  expect_found("let a = 99999999999999999999", "1:9 E107 `99999999999999999999`: a number is at most 9223372036854775807\n");
  expect_found("let a = “x”", "1:9 E001 typographic quotes: a string stands in \" or in '\n");
  expect_found("let a = b && c", "1:11 E001 `&&` is written `and`\n");
  expect_found("let a = b → c", "1:11 E001 `→` is no arrow here: from the old value to the new one leads `->`\n");
}

static void test_names(void **state) {
  (void)state;
  expect_found("vm in { }", "1:4 E009 `in` is a word of the language and can't be a name here\n");
  expect_found("let true = 1", "1:5 E009 `true` is a word of the language and can't be a name here\n");
  expect_found("kind yes { }", "1:6 E009 `yes` is a word of the language and can't be a name here\n");
  expect_found("vm { a = 1 }", "1:1 E001 expected a name after `vm`, found `{`\n");
  expect_found("vm a { x: 1, y = std/net }", "1:9 E001 an attribute is set with `=`, found `:`\n"
               "1:12 E001 expected an attribute or `}` after `1`, found `,`\n"
               "1:18 E001 expected a value after `=`, found `std/net`\n");
  /* words of the grammar as attributes, members and, where it can be told apart, names */
  expect_found("vm up { by = 1 at = 2 on = 3 of = 4 to = 5 zone = 6 via = 7 needs = 8 secret = 9 step = any of = b.to }", "");
  expect_found("vm dns { x = status.up y = at.least } vm at { }", "");
}

/* ── Bytes ─────────────────────────────────────────────────────────────────── */

static void test_bytes(void **state) {
  (void)state;
  struct parsed p = parse_bytes("\xef\xbb\xbfvm a {\r\n\tx = 1\r\n}", 20);
  assert_string_equal(found(&p), "");
  assert_string_equal(dump(&p), "file\n  resource vm\n    literal \"a\"\n    attribute x\n      literal 1\n");
  compilation_free(p.c);
  p = parse_bytes("let a = 1\0\0let b = 2", 20);
  assert_string_equal(found(&p), "1:10 E002 a NUL byte has no place in a plan\n");
  compilation_free(p.c);
  p = parse_bytes("let a = \"\xff\xfe\" let b = 2", 22);
  assert_string_equal(found(&p), "1:10 E002 this is no UTF-8\n");
  compilation_free(p.c);
  p = parse_bytes("\xff\xfel\0e\0", 6);
  assert_string_equal(found(&p), "1:1 E002 this file is in UTF-16\n");
  compilation_free(p.c);
  expect_tree("", "file\n");
  expect_tree("# only a comment", "file\n");
  expect_tree("step s { do { $ a b\r\n\t$ c \\\r\n d\r\n} }\r\n", "file\n  step\n    literal \"s\"\n    do\n      run\n        shell \"a b\"\n"
              "      run\n        shell \"c \\\\\\n d\"\n");
}

static char *repeated(const char *head, const char *unit, size_t n, const char *tail) {
  size_t length = strlen(unit), at = strlen(head);
  char *text = malloc(at + n * length + strlen(tail) + 1);
  memcpy(text, head, at);
  for (size_t i = 0; i < n; i++, at += length) memcpy(text + at, unit, length);
  strcpy(text + at, tail);
  return text;
}

static void test_depth(void **state) {
  (void)state;
  static const struct { const char *head, *unit, *tail; } cases[] = {
      {"let a = ", "[", ""}, {"let a = ", "(", "1"}, {"let a = ", "not ", "b"}, {"let a = b", " and c", ""},
      {"let a = b", " or c", ""}, {"let a = ", "{a=", ""}, {"", "for x in [1] {", ""}, {"let a = ", "\"${", ""},
      {"kind k { a : ", "[", ""}, {"kind k {", "when a {", ""}, {"vm a { do { ", "in x {", ""}, {"let a = ", "f(", ""},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    char *text = repeated(cases[i].head, cases[i].unit, 100000, cases[i].tail);
    struct parsed p = parse(text);
    assert_non_null(strstr(found(&p), "E005"));
    assert_true(p.c->findings.n < 1100);
    (void)dump(&p);
    compilation_free(p.c);
    free(text);
  }
  /* what is long but not deep is fine */
  char *text = repeated("let a = [", "b, ", 100000, "c]");
  struct parsed p = parse(text);
  assert_int_equal(p.c->findings.n, 0);
  compilation_free(p.c);
  free(text);
}

/* Thousands of mistakes end in one last word, and cost linear time. */
static void test_many(void **state) {
  (void)state;
  char *text = repeated("vm a {\n", "  x y\n", 100000, "}\n");
  struct parsed p = parse(text);
  assert_true(p.c->findings.n > 900 && p.c->findings.n < 1100);
  compilation_free(p.c);
  free(text);
  text = repeated("vm a { ", "x y ", 100000, "}\n");
  p = parse(text);
  assert_true(p.c->findings.n > 0);
  compilation_free(p.c);
  free(text);
}

/* ── Read at once, and by the grammar ──────────────────────────────────────── */

static void same_nodes(const struct parsed *a, const struct parsed *b, uint32_t x, uint32_t y) {
  for (; x && y; x = a->tree.nodes.at[x].next, y = b->tree.nodes.at[y].next) {
    const struct node *m = &a->tree.nodes.at[x], *n = &b->tree.nodes.at[y];
    assert_int_equal(m->type, n->type);
    assert_int_equal(m->op, n->op);
    assert_int_equal(m->start, n->start);
    assert_int_equal(m->end, n->end);
    if (m->type == N_LITERAL) {
      const struct value *v = &a->tree.values.at[m->text].value, *w = &b->tree.values.at[n->text].value;
      assert_int_equal(v->at.start, w->at.start);
      assert_int_equal(v->at.end, w->at.end);
    } else assert_string_equal(name_text(&a->c->names, m->text), name_text(&b->c->names, n->text));
    same_nodes(a, b, m->child, n->child);
  }
  assert_int_equal(x, y);
}

/* Those that sleep say the same in their sleep. */
static void same_asleep(const struct parsed *a, const struct parsed *b) {
  uint32_t x = a->tree.nodes.at[a->root].child, y = b->tree.nodes.at[b->root].child;
  assert_int_equal(a->tree.asleep_nodes, b->tree.asleep_nodes);
  assert_int_equal(a->tree.asleep_values, b->tree.asleep_values);
  for (; x && y; x = a->tree.nodes.at[x].next, y = b->tree.nodes.at[y].next) {
    const struct node *m = &a->tree.nodes.at[x], *n = &b->tree.nodes.at[y];
    struct plain_value values[2][32] = {0};
    assert_int_equal(m->type, n->type);
    if (m->type != N_PLAIN) continue;
    struct plain v = plain_of(&a->tree, x), w = plain_of(&b->tree, y);
    assert_int_equal(v.label, w.label);
    assert_string_equal(name_text(&a->c->names, v.name), name_text(&b->c->names, w.name));
    assert_string_equal(name_text(&a->c->names, node_kind(&a->tree, x)), name_text(&b->c->names, node_kind(&b->tree, y)));
    plain_read(&a->tree, x, values[0]);
    plain_read(&b->tree, y, values[1]);
    for (uint32_t i = 0; i < 32; i++) {
      assert_int_equal(values[0][i].type, values[1][i].type);
      assert_int_equal(values[0][i].start, values[1][i].start);
      assert_int_equal(values[0][i].end, values[1][i].end);
    }
  }
}

static void same_as(struct parsed *quick, const char *text, struct tree how) {
  struct parsed other = {.c = compilation_new(), .tree = how};
  other.tree.c = other.c;
  other.root = syntax_parse(&other.tree, source_add(other.c, "t.cut", text, strlen(text), false));
  findings_sort(other.c);
  if (how.ahead_first) same_asleep(quick, &other);
  assert_string_equal(found(quick), found(&other));
  assert_string_equal(dump(quick), dump(&other));
  same_nodes(quick, &other, quick->tree.nodes.at[quick->root].child, other.tree.nodes.at[other.root].child);
  compilation_free(other.c);
}

/* As it comes, by a thread that reads ahead, and by the grammar alone: the last wakes all that sleeps. */
static void same_both_ways(const char *text) {
  struct parsed quick = parse(text);
  same_as(&quick, text, (struct tree){.ahead_first = true});
  same_as(&quick, text, (struct tree){.by_grammar = true});
  compilation_free(quick.c);
}

static size_t draw(uint32_t *seed, size_t n) {
  *seed = *seed * 1664525u + 1013904223u;
  return (*seed >> 8) % n;
}

/* Every value and every neighbour that a plain resource could be mistaken for: whole plans of parts drawn at random. */
static void test_plain(void **state) {
  (void)state;
  static const char *const values[] = {
      "10.0.0.1", "10.0.0.1 -> 10.0.0.2", "10.0.0.1->10.0.0.2", "1h -> 60s -> 1h", "443/tcp", "1-9/udp", "443/tpc", "10.0.0.0/24", "10.0.0.1/24",
      "10.0.0.1:443", "10.0.0.1:443/udp", "10.0.0.1:80-90", "10.0.0.1-10.0.0.9", "10.0.0.300", "010.0.0.1", "1.2", "1.2.3", "1.2.3.4.5", "7", "007",
      "99999999999999999999", "1h30m", "250ms", "90x", "3 m", "::1", "fe80::1", "a.example.net:443", "https://a.example.net/x,y", "\"text\"",
      "\"a ${b} c\"", "\"a\\n\"", "\"$5\"", "\"open", "'raw'", "\"\"", "lan", "a-b", "a-", "a.b", "a . b", "yes", "no", "true", "false", "unknown",
      "none", "none -> 1", "any", "any of [a]", "at least 1 of [a]", "file \"x\"", "f(x)", "[]", "[ a ]", "[a, b]", "[a,b,]", "[,]", "[a b]", "[1/tcp, \"x\"]",
      "[a, [b]]", "[a ->b]", "[a,\n b]", "[a, b] -> [a]", "{ k = 1 }", "a and b", "not a", "a == b", "a -> ", "-> a", "", "a, b", "zone", "up", "secret x", "a b",
      "a\n  -> b", "a\n  .b", "a\n  \"s\"", "a # comment", "a ## doc", "a#x", "1#x", "1;", "\xc3\xa4", "\x01", "a\r", "\t1\t", "1\f", "a}", "1 }"};
  static const char *const names[] = {"address", "zone", "needs", "in", "do", "about", "a-b", "true", "x", "at", "when", "yes", "use", "promise", "let", "1"};
  static const char *const heads[] = {"vm a {", "vm b{", "vm  c\t{", "vm \"d\" {", "vm zone {", "vm yes {", "vm {", "zone z {", "create vm e {", "any of {", "vm f\n{",
                                      "vm g { # comment", "vm h { ## doc", "## doc\nvm i {", "# comment\n\n  vm j {", "promise\nvm k {", "for l in [1] {\nvm l {",
                                      "vm.m n {", "vm n.example.net {", "step o {", "do p {", "vm in {", "\xef\xbb\xbfvm q {"};
  static const char *const tails[] = {"}\n", "}", "} ", "}}\n", "\n", "}\npromise a reaches b always\n", "}\nlet x = 1\n", "}\nlet x =\n", "}\nuse std/net\n", "}\nzone z\n",
                                      "} inside b\n", "}\na.b -> c\n", "}\npromise a reaches b down at most 10m\n", "}\n\n# last", "}\r\n"};
  static const char *const breaks[] = {"\n  ", "\n", " ", "\n\n # x\n  ", "\r\n  ", "\n  ## doc\n  ", ", "};
  uint32_t seed = 1;
#define DRAW(list) (list)[draw(&seed, sizeof(list) / sizeof *(list))]
  for (uint32_t round = 0; round < 6000; round++) {
    struct compilation *c = compilation_new();
    struct text t = {.arena = &c->arena};
    for (uint32_t n = 1 + round % 4; n-- > 0;) {
      text_puts(&t, round % 3 ? heads[0] : DRAW(heads));
      for (uint32_t k = round % 5; k-- > 0;) text_print(&t, "%s%s %s %s", round % 3 == 1 ? breaks[0] : DRAW(breaks), DRAW(names), round % 17 ? "=" : DRAW(names), DRAW(values));
      text_print(&t, "\n%s", round % 3 ? tails[0] : DRAW(tails));
    }
    same_both_ways(text_done(&t));
    compilation_free(c);
  }
  /* One after the other that differ in their names and values alone, nearly all. */
  static const char *const labels[] = {"a1", "b2", "c", "d-e", "f-", "g.h", "zone", "yes", "i  ", "j{", "\"k\""};
  static const char *const plain[] = {"1.2.3.4", "10.0.0.1", "443/tcp", "lan", "[]", "[a, b1]", "\"text\"", "1h", "true", "[\"]\"]"};
  for (uint32_t round = 0; round < 2000; round++) {
    struct compilation *c = compilation_new();
    struct text t = {.arena = &c->arena};
    const char *between = round % 8 ? breaks[0] : DRAW(breaks), *tail = round % 4 ? tails[0] : DRAW(tails);
    uint32_t first = (uint32_t)draw(&seed, sizeof names / sizeof *names);
    for (uint32_t n = 0; n < 6; n++) {
      text_print(&t, "vm %s {", draw(&seed, 4) ? labels[n % 4] : DRAW(labels));
      for (uint32_t k = 0; k < round % 4; k++)
        text_print(&t, "%s%s = %s", between, names[(first + k) % (sizeof names / sizeof *names)], draw(&seed, 8) ? DRAW(plain) : DRAW(values));
      text_print(&t, "%s%s", draw(&seed, 8) ? "\n" : " ", tail);
    }
    same_both_ways(text_done(&t));
    compilation_free(c);
  }
#undef DRAW
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_declarations), cmocka_unit_test(test_hops_apart), cmocka_unit_test(test_promises), cmocka_unit_test(test_expressions),
      cmocka_unit_test(test_literals),     cmocka_unit_test(test_kinds),    cmocka_unit_test(test_rules),
      cmocka_unit_test(test_lines),        cmocka_unit_test(test_docs),     cmocka_unit_test(test_spans),
      cmocka_unit_test(test_planted),      cmocka_unit_test(test_brackets), cmocka_unit_test(test_malformed),
      cmocka_unit_test(test_names),        cmocka_unit_test(test_bytes),    cmocka_unit_test(test_depth),
      cmocka_unit_test(test_many),         cmocka_unit_test(test_plain),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
