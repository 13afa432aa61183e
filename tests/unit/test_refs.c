/* The search for mentions: where an address or a name begins and ends, ignore rules, comments, lines that a patch takes away. */
#include "world/refs_parts.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

/* ── Matching ──────────────────────────────────────────────────────────────── */

static struct refs_target target(const char *what) {
  struct refs_target t = {0};
  struct value v;
  const char *why;

  t.is_name = !value_address(what, strlen(what), &v, &why);
  if (t.is_name)
    t.name = what;
  else
    t.address = v.from;
  return t;
}

static struct matches scan_for(struct arena *a, const struct refs_target *targets, uint32_t n, const char *text, struct scan **scan, struct matcher **m) {
  struct matches found;
  const char *why = NULL;

  *m = matcher_new(a, targets, n, &why);
  assert_non_null(*m);
  *scan = scan_new(*m);
  assert_non_null(*scan);
  scan_text(*scan, text, strlen(text), &found);
  return found;
}

/* Where in the text the target is found; -1 when it is not. */
static int found_at(const char *what, const char *text, uint32_t *port, uint32_t *length) {
  struct arena a = {0};
  struct refs_target t = target(what);
  struct scan *scan;
  struct matcher *m;
  struct matches found = scan_for(&a, &t, 1, text, &scan, &m);
  int at = found.n == 1 ? (int)found.at[0].start : found.n ? -2 : -1;

  if (found.n && port)
    *port = found.at[0].port;
  if (found.n && length)
    *length = found.at[0].length;
  scan_free(scan);
  matcher_free(m);
  arena_free(&a);
  return at;
}

static void ends_of_addresses(void **state) {
  static const struct { const char *text; int at; uint32_t port; } cases[] = {
      {"10.0.20.20", 0, NONE},
      {"10.0.20.200", -1, NONE},
      {"110.0.20.20", -1, NONE},
      {"1.10.0.20.20", -1, NONE},
      {"10.0.20.20.5", -1, NONE},
      {"10.0.20.20.", 0, NONE},
      {"is 10.0.20.20, or", 3, NONE},
      {"10.0.20.20:443", 0, 443},
      {"10.0.20.20:443/tcp", 0, 443},
      {"10.0.20.20:99999", 0, NONE},
      {"10.0.20.20: up", 0, NONE},
      {"10.0.20.20/32", 0, NONE},
      {"10.0.20.20/24", 0, NONE},
      {"10.0.20.20-10.0.20.40", 0, NONE},
      {"host-10.0.20.20", 5, NONE},
      {"10.0.20.20.nip.io", 0, NONE},
      {"https://10.0.20.20/x", 8, 443},
      {"http://user:pw@10.0.20.20", 15, 80},
      {"https://10.0.20.20:8443/x", 8, 8443},
      {"see://10.0.20.20", 6, NONE},
      {"allow 10\\.0\\.20\\.20;", 6, NONE},
      {"10\\.0\\.20\\.20\\.5", -1, NONE},
      {"10\\.0\\.20\\.200", -1, NONE},
      {"1\\.10\\.0\\.20\\.20", -1, NONE},
      {"20.20.0.10.in-addr.arpa", 0, NONE},
      {"120.20.0.10.in-addr.arpa", -1, NONE},
      {"\"\\n10.0.20.20\"", 3, NONE},
      {"", -1, NONE},
  };

  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    uint32_t port = NONE;

    if (found_at("10.0.20.20", cases[i].text, &port, NULL) != cases[i].at || port != cases[i].port)
      fail_msg("`%s`: at %d with port %d", cases[i].text, found_at("10.0.20.20", cases[i].text, NULL, NULL), (int)port);
  }
}

static void ends_of_names(void **state) {
  static const struct { const char *text; int at; } cases[] = {
      {"example.net", 0},          {"EXAMPLE.net.", 0},      {"www.example.net", -1},   {"example.net.au", -1},  {"my-example.net", -1},
      {"example.network", -1},     {"example.net-old", -1},  {"*.example.net", -1},     {"@example.net", 1},     {"https://example.net/", 8},
      {"//example.net:443", 2},    {"example\\.net", 0},     {"www\\.example\\.net", -1}, {"\"\\nexample.net\"", 3}, {"_example.net", -1},
      {"example.net. And so", 0},  {"\xc3\xa9xample.net", -1}, {"(example.net)", 1},      {"exampleXnet", -1},     {"example.net.conf", -1},
  };

  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
    if (found_at("example.net", cases[i].text, NULL, NULL) != cases[i].at)
      fail_msg("`%s`: at %d", cases[i].text, found_at("example.net", cases[i].text, NULL, NULL));
}

static void ends_of_v6(void **state) {
  static const struct { const char *text; int at; uint32_t length, port; } cases[] = {
      {"2001:db8::1f", 0, 12, NONE},
      {"at 2001:DB8:0:0:0:0:0:1F.", 3, 21, NONE},
      {"[2001:db8::1f]:443", 1, 12, 443},
      {"https://[2001:db8::1f]/", 9, 12, 443},
      {"2001:0db8:0000:0000:0000:0000:0000:001f", 0, 39, NONE},
      {"2001:db8::1f/64", 0, 12, NONE},
      {"2001:db8::1f: up", 0, 12, NONE},
      {"2001:db8::1f0", -1, 0, NONE},
      {"2001:db8::1:1f", -1, 0, NONE},
      {"x2001:db8::1f", -1, 0, NONE},
      {"2001", -1, 0, NONE},
      {"2001:db8::", -1, 0, NONE},
      {"f.1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa", 0, 72, NONE},
  };

  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    uint32_t port = NONE, length = 0;

    if (found_at("2001:db8::1f", cases[i].text, &port, &length) != cases[i].at || port != cases[i].port || length != cases[i].length)
      fail_msg("`%s`: at %d, %u bytes", cases[i].text, found_at("2001:db8::1f", cases[i].text, NULL, NULL), length);
  }
}

static void only_some_ports(void **state) {
  static const struct refs_ports ports[] = {{80, 80}, {8000, 8999}};
  struct refs_target t = target("10.0.20.20");
  struct arena a = {0};
  struct scan *scan;
  struct matcher *m;

  (void)state;
  t.partly = true;
  t.ports = ports;
  t.port_count = 2;
  struct matches found = scan_for(&a, &t, 1, "10.0.20.20:80 10.0.20.20:443 http://10.0.20.20 https://10.0.20.20 10.0.20.20:8500 10.0.20.20", &scan, &m);

  assert_int_equal(found.n, 4);
  assert_int_equal(found.at[0].port, 80);
  assert_int_equal(found.at[1].port, 80);
  assert_int_equal(found.at[2].port, 8500);
  assert_int_equal(found.at[3].port, NONE);
  scan_free(scan);
  matcher_free(m);
  arena_free(&a);
}

static void several_targets(void **state) {
  struct refs_target t[] = {target("10.0.0.1"), target("a.example.net"), target("example.net"), target("10.0.0.11")};
  struct arena a = {0};
  struct scan *scan;
  struct matcher *m;
  struct matches found = scan_for(&a, t, 4, "10.0.0.11 a.example.net example.net 10.0.0.1", &scan, &m);

  (void)state;
  assert_int_equal(found.n, 4);
  assert_int_equal(found.at[0].target, 3);
  assert_int_equal(found.at[1].target, 1);
  assert_int_equal(found.at[2].target, 2);
  assert_int_equal(found.at[3].target, 0);
  scan_free(scan);
  matcher_free(m);
  arena_free(&a);
}

/* ── Ignore rules ──────────────────────────────────────────────────────────── */

static void globs(void **state) {
  static const struct { const char *pattern, *path; bool is; } cases[] = {
      {"a", "a", true},           {"a", "ab", false},          {"*", "a/b", false},        {"*/b", "a/b", true},        {"**", "a/b", true},
      {"**/b", "b", true},        {"**/b", "a/c/b", true},     {"a/**", "a", false},       {"a/**", "a/b/c", true},     {"a/**/b", "a/b", true},
      {"a/**/b", "a/x/y/b", true},{"a/**/b", "a/x/bc", false}, {"a/**/**/b", "a/b", true}, {"[ab]/c", "b/c", true},     {"[!ab]/c", "b/c", false},
      {"[a", "[a", false},        {"a?c", "abc", true},        {"a?c", "a/c", false},      {"\\*", "*", true},          {"\\*", "a", false},
      {"**/a/*/b", "x/a/y/a/z/b", true}, {"a**b", "axb", true}, {"a**b", "a/b", false},    {"[[:digit:]]*", "1a", true},{"a\\", "a\\", false},
  };

  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
    if (ignore_glob(cases[i].pattern, strlen(cases[i].pattern), cases[i].path) != cases[i].is)
      fail_msg("`%s` and `%s`", cases[i].pattern, cases[i].path);
}

static void rules_in_turn(void **state) {
  static const char outer[] = "\xef\xbb\xbf*.log\r\n# no rule\n!keep.log\n/top\nbuild/\ntrail\\ \nspace  \n\\#hash\ndoc/*.txt\n", inner[] = "!*.log\nkeep.log\n";
  struct arena a = {0};
  const struct ignore_rules *top = ignore_read(&a, outer, sizeof outer - 1, NULL, 0), *sub = ignore_read(&a, inner, sizeof inner - 1, top, 4);

  (void)state;
  assert_true(ignore_matches(top, "a.log", false));
  assert_false(ignore_matches(top, "keep.log", false));
  assert_true(ignore_matches(top, "top", false));
  assert_false(ignore_matches(top, "sub/top", false));
  assert_true(ignore_matches(top, "x/build", true));
  assert_false(ignore_matches(top, "x/build", false));
  assert_true(ignore_matches(top, "trail ", false));
  assert_true(ignore_matches(top, "space", false));
  assert_true(ignore_matches(top, "#hash", false));
  assert_true(ignore_matches(top, "doc/a.txt", false));
  assert_false(ignore_matches(top, "x/doc/a.txt", false));
  assert_false(ignore_matches(sub, "sub/a.log", false));
  assert_true(ignore_matches(sub, "sub/keep.log", false));
  assert_ptr_equal(ignore_read(&a, "# nothing\n\n", 11, top, 0), top);
  arena_free(&a);
}

/* A pattern that makes a naive matcher try every way. */
static void hostile_globs(void **state) {
  char name[256];

  (void)state;
  memset(name, 'a', 255);
  name[255] = 0;
  assert_false(ignore_glob("*a*a*a*a*a*a*a*a*a*a*a*a*b", 26, name));
  struct text pattern = {.arena = &(struct arena){0}}, path = {.arena = pattern.arena};

  for (int i = 0; i < 200; i++) {
    text_puts(&pattern, i % 2 ? "a/" : "**/");
    text_puts(&path, "a/a/");
  }
  text_puts(&pattern, "b");
  text_puts(&path, "c");
  assert_false(ignore_glob(pattern.at, pattern.n, path.at));
  arena_free(pattern.arena);
}

/* ── Comments ──────────────────────────────────────────────────────────────── */

/* In each text the address stands once. */
static void comments(void **state) {
  static const struct { const char *name, *text; int place; } cases[] = {
      {"main.tf", "x = \"10.0.0.1\"\n", REFS_CODE},
      {"main.tf", "# 10.0.0.1\n", REFS_COMMENT},
      {"main.tf", "// 10.0.0.1\n", REFS_COMMENT},
      {"main.tf", "/* a\n 10.0.0.1 */\n", REFS_COMMENT},
      {"main.tf", "/* a */ x = \"10.0.0.1\"\n", REFS_CODE},
      {"main.tf", "url = \"https://10.0.0.1\"\n", REFS_CODE},
      {"main.tf", "a = \"#\"\nb = \"10.0.0.1\"\n", REFS_CODE},
      {"main.tf.j2", "# 10.0.0.1\n", REFS_COMMENT},
      {"a.yml", "url: http://x#10.0.0.1\n", REFS_CODE},
      {"a.yml", "url: x # 10.0.0.1\n", REFS_COMMENT},
      {"a.yml", "a: don't\nb: 10.0.0.1\n", REFS_CODE},
      {"run.sh", "ping 10.0.0.1 # here\n", REFS_CODE},
      {"run.sh", "echo ${x#10.0.0.1}\n", REFS_CODE},
      {"run.sh", "true;# 10.0.0.1\n", REFS_COMMENT},
      {"hosts", "10.0.0.1 a\n", REFS_CODE},
      {"hosts", "#10.0.0.1 a\n", REFS_COMMENT},
      {"hosts.old", "#10.0.0.1 a\n", REFS_COMMENT},
      {"a.c", "// 10.0.0.1\n", REFS_COMMENT},
      {"a.c", "s = \"// 10.0.0.1\";\n", REFS_CODE},
      {"a.c", "c = '\"'; // 10.0.0.1\n", REFS_COMMENT},
      {"a.go", "s := `\n// 10.0.0.1`\n", REFS_CODE},
      {"a.py", "\"\"\"\n# 10.0.0.1\n\"\"\"\n", REFS_CODE},
      {"a.py", "x = 1 # 10.0.0.1\n", REFS_COMMENT},
      {"a.sql", "-- 10.0.0.1\n", REFS_COMMENT},
      {"a.lua", "--[[\n10.0.0.1 ]]\n", REFS_COMMENT},
      {"a.xml", "<!-- 10.0.0.1 -->\n", REFS_COMMENT},
      {"a.xml", "<a>10.0.0.1</a>\n", REFS_CODE},
      {"a.ini", "; 10.0.0.1\n", REFS_COMMENT},
      {"a.ini", "x=a;10.0.0.1\n", REFS_CODE},
      {"db.zone", "www A 10.0.0.1 ; old\n", REFS_CODE},
      {"db.zone", "; 10.0.0.1\n", REFS_COMMENT},
      {"a.bat", "REM 10.0.0.1\n", REFS_COMMENT},
      {"a.rb", "x\n=begin\n10.0.0.1\n=end\n", REFS_COMMENT},
      {"a.json", "{\"#\": \"10.0.0.1\"}\n", REFS_CODE},
      {"README", "10.0.0.1\n", REFS_DOCUMENT},
      {"README.md", "    10.0.0.1\n", REFS_DOCUMENT},
      {"LICENSE", "10.0.0.1\n", REFS_DOCUMENT},
      {"CMakeLists.txt", "set(a 10.0.0.1)\n", REFS_CODE},
      {"notes.txt", "10.0.0.1\n", REFS_DOCUMENT},
      {"deploy", "#!/bin/sh\n# 10.0.0.1\n", REFS_COMMENT},
      {"deploy", "#!/bin/sh\nping 10.0.0.1\n", REFS_CODE},
      {"unheard.of", "  # 10.0.0.1\n", REFS_COMMENT},
      {"unheard.of", "x # 10.0.0.1\n", REFS_CODE},
      {"Dockerfile.web", "# 10.0.0.1\n", REFS_COMMENT},
  };

  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    const char *text = cases[i].text;
    struct match at = {.start = (uint32_t)(strstr(text, "10.0.0.1") - text), .length = 8};
    uint8_t place = 9;

    language_comments(language_of(cases[i].name, text, strlen(text)), text, strlen(text), &at, 1, &place);
    if (place != cases[i].place)
      fail_msg("%s: `%s` is %d", cases[i].name, text, place);
  }
}

/* ── Patches and places ────────────────────────────────────────────────────── */

static void put(const char *path, const char *text) {
  FILE *f = fopen(path, "w");

  assert_non_null(f);
  fputs(text, f);
  assert_int_equal(fclose(f), 0);
}

struct tree { char path[64]; char *home; };

static int tree_new(void **state) {
  struct tree *t = calloc(1, sizeof *t);

  strcpy(t->path, "/tmp/cutc-refs-XXXXXX");
  if (!mkdtemp(t->path))
    return -1;
  t->home = getcwd(NULL, 0);
  *state = t;
  return chdir(t->path);
}

static int tree_free(void **state) {
  struct tree *t = *state;
  char command[128];

  snprintf(command, sizeof command, "rm -rf %s", t->path);
  int status = chdir(t->home) || system(command);

  free(t->home);
  free(t);
  return status;
}

static struct refs_found *found_here(struct arena *a, struct refs_query *q) {
  static const char *const roots[] = {"."};
  struct refs_target *t = arena_new(a, struct refs_target);

  *t = target("10.0.0.1");
  q->base = ".";
  q->roots = roots;
  q->root_count = 1;
  q->targets = t;
  q->target_count = 1;
  return refs_find(a, q);
}

static void patches(void **state) {
  struct arena a = {0};
  const struct refs_patch p[] = {{".", "p.patch", "p"}, {".", "q.patch", "q"}, {".", "none.patch", "none"}};
  struct refs_query q = {.patches = p, .patch_count = 3};

  (void)state;
  put("f.tf", "new first line\na\nx = 10.0.0.1\nb\nx = 10.0.0.1\nc\n"); /* moved down by a line since the patch was made */
  put("p.patch", "--- a/f.tf\n+++ b/f.tf\n@@ -1,3 +1,3 @@\n a\n-x = 10.0.0.1\n+x = 10.0.0.2\n b\n");
  put("q.patch", "--- a/f.tf\n+++ b/f.tf\n@@ -1,2 +1,2 @@\n not there\n-x = 10.0.0.1\n+x\n");
  struct refs_found *found = found_here(&a, &q);
  uint32_t in_file = 0;

  for (uint32_t i = 0; i < found->hits.n; i++) {
    const struct refs_hit *h = &found->hits.at[i];

    if (strcmp(h->path, "f.tf") != 0) {
      assert_string_equal(h->accounted, h->path[0] == 'p' ? "p" : "q");
      continue;
    }
    in_file++;
    if (h->line == 3)
      assert_string_equal(h->accounted, "p");
    else
      assert_null(h->accounted);
  }
  assert_int_equal(in_file, 2);
  assert_int_equal(found->misplaced.n, 2);
  assert_int_equal(found->misplaced.at[0], 1);
  assert_int_equal(found->misplaced.at[1], 2);
  arena_free(&a);
}

static void places(void **state) {
  struct arena a = {0};
  const struct refs_account accounts[] = {{"a/f:1", 0, "no"}, {"./a/f", 2, "line"}, {"b/", 0, "folder"}, {"**/*.tf", 0, "pattern"}};
  struct refs_query q = {.accounts = accounts, .account_count = 4};

  (void)state;
  mkdir("a", 0777);
  mkdir("b", 0777);
  mkdir("b/c", 0777);
  put("a/f", "10.0.0.1\n10.0.0.1\n");
  put("b/c/g", "10.0.0.1\n");
  put("a/x.tf", "10.0.0.1\n");
  put("z", "10.0.0.1\n");
  struct refs_found *found = found_here(&a, &q);
  static const struct { const char *path, *by; } want[] = {{"z", NULL}, {"a/f", NULL}, {"a/f", "line"}, {"a/x.tf", "pattern"}, {"b/c/g", "folder"}};

  assert_int_equal(found->hits.n, 5);
  for (uint32_t i = 0; i < 5; i++) {
    assert_string_equal(found->hits.at[i].path, want[i].path);
    if (want[i].by)
      assert_string_equal(found->hits.at[i].accounted, want[i].by);
    else
      assert_null(found->hits.at[i].accounted);
  }
  arena_free(&a);
}

/* A file larger than a window: lines and columns go on, a mention across two windows is found once. */
static void windows(void **state) {
  const size_t line = 1000, lines = 20000, at = (16u << 20) - 4;
  struct arena a = {0};
  char *text = malloc(line * lines + 1);

  (void)state;
  memset(text, 'x', line * lines);
  for (size_t i = 1; i <= lines; i++)
    text[i * line - 1] = '\n';
  memcpy(text + at, "-10.0.0.1-", 10);
  memcpy(text + 19 * line * 1000 + 10, "-10.0.0.1-", 10);
  text[line * lines] = 0;
  put("big", text);
  for (size_t i = 0; i < line * lines; i++)
    if (text[i] == '\n')
      text[i] = ' ';
  put("long", text);
  free(text);
  struct refs_query q = {0};
  struct refs_found *found = found_here(&a, &q);

  assert_int_equal(found->hits.n, 4);
  assert_int_equal(found->hits.at[0].line, at / line + 1);
  assert_int_equal(found->hits.at[0].column, at % line + 2);
  assert_int_equal(found->hits.at[1].line, 19001);
  assert_int_equal(found->hits.at[1].column, 12);
  assert_int_equal(found->hits.at[2].line, 1);
  assert_int_equal(found->hits.at[2].column, at + 2);
  assert_int_equal(found->hits.at[3].column, 19 * line * 1000 + 12);
  arena_free(&a);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(ends_of_addresses), cmocka_unit_test(ends_of_names),  cmocka_unit_test(ends_of_v6),
      cmocka_unit_test(only_some_ports),   cmocka_unit_test(several_targets), cmocka_unit_test(globs),
      cmocka_unit_test(rules_in_turn),     cmocka_unit_test(hostile_globs),  cmocka_unit_test(comments),
      cmocka_unit_test_setup_teardown(patches, tree_new, tree_free),
      cmocka_unit_test_setup_teardown(places, tree_new, tree_free),
      cmocka_unit_test_setup_teardown(windows, tree_new, tree_free),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
