/* Quoting, layout of command lines and reading back: what is printed means the same to a real shell and to the reader. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "cutc.h"
#include "script/reader.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct compilation *c;

static int set_up(void **state) {
  (void)state;
  c = compilation_new();
  return 0;
}
static int tear_down(void **state) {
  (void)state;
  compilation_free(c);
  return 0;
}

/* The same numbers on every run. */
static uint32_t next_random(uint32_t *seed) {
  *seed = *seed * 1664525u + 1013904223u;
  return *seed >> 8;
}

static const char *random_text(uint32_t *seed, bool any_byte) {
  static const char odd[] = "'\"\\$`!*?[]{}()<>|&;#~ \t\n=%@^ab1-./:,\1\2\3\4\5\6\37";
  struct text t = {.arena = &c->arena};
  for (uint32_t n = next_random(seed) % 12; n > 0; n--) {
    uint32_t r = next_random(seed);
    text_putc(&t, any_byte && r % 7 == 0 ? (char)(r / 7 % 255 + 1) : odd[r % (sizeof odd - 1)]);
  }
  return text_done(&t);
}

/* What a shell makes of a script: its output with NUL bytes in it. */
static char *run_shell(const char *script, size_t *n) {
  char path[] = "/tmp/cutc-test-XXXXXX";
  int fd = mkstemp(path);
  assert_true(fd >= 0);
  FILE *f = fdopen(fd, "w");
  assert_non_null(f);
  assert_true(fputs(script, f) >= 0);
  assert_int_equal(fclose(f), 0);
  char *command = arena_print(&c->arena, "cut_work=/w/k cut_run=r1 sh %s", path), *out = arena_array(&c->arena, char, 1 << 20);
  FILE *p = popen(command, "r");
  assert_non_null(p);
  *n = fread(out, 1, (1 << 20) - 1, p);
  assert_int_equal(pclose(p), 0);
  unlink(path);
  return out;
}

static void test_quote_word(void **state) {
  (void)state;
  static const char *const cases[][2] = {{"plain", "plain"},         {"", "''"},           {"a b", "'a b'"},  {"it's", "\"it's\""},
                                         {"$HOME", "\"\\$HOME\""},   {"a\\b", "'a\\b'"},   {"a\\", "\"a\\\\\""}, {"`x`", "\"\\`x\\`\""},
                                         {"--set=a.b:1", "--set=a.b:1"}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct text t = {.arena = &c->arena};
    quote_word(&t, cases[i][0]);
    assert_string_equal(text_done(&t), cases[i][1]);
  }
}

static void test_quote_in_a_shell(void **state) {
  (void)state;
  uint32_t seed = 7;
  struct text script = {.arena = &c->arena};
  const char *texts[600];
  text_puts(&script, "printf '%s\\0'");
  for (size_t i = 0; i < 600; i++) {
    texts[i] = random_text(&seed, true);
    text_putc(&script, ' ');
    if (i % 3 == 2) {
      text_putc(&script, '"');
      quote_in_double(&script, texts[i]);
      text_putc(&script, '"');
    } else {
      quote_word(&script, texts[i]);
    }
  }
  size_t n;
  const char *got = run_shell(text_done(&script), &n), *at = got;
  for (size_t i = 0; i < 600; i++) {
    assert_true(at < got + n);
    assert_string_equal(at, texts[i]);
    at += strlen(at) + 1;
  }
  assert_ptr_equal(at, got + n);
}

/* The reader undoes what the quoting did, whatever the bytes. */
static void test_read_back(void **state) {
  (void)state;
  uint32_t seed = 11;
  for (int i = 0; i < 5000; i++) {
    const char *text = random_text(&seed, true);
    struct text quoted = {.arena = &c->arena}, want = {.arena = &c->arena};
    quote_word(&quoted, text);
    text_putc(&want, TOKEN_IS_WORD);
    for (const char *s = text; *s != '\0'; s++) {
      if ((unsigned char)*s < 7 || *s == SEP) text_putc(&want, MARK_LITERAL);
      text_putc(&want, *s);
    }
    text_putc(&want, SEP);
    assert_string_equal(statement_read(&c->arena, text_done(&quoted), quoted.n), text_done(&want));
  }
}

static struct piece piece(enum piece_type type, bool in_quotes, const char *text) {
  return (struct piece){.type = (uint8_t)type, .in_quotes = in_quotes, .text = text, .secret = NONE};
}

static const char *print(const struct piece *at, uint32_t n) {
  struct text t = {.arena = &c->arena};
  struct pieces line = {at, n};
  line_print(&t, &line);
  return text_done(&t);
}

static void test_lines(void **state) {
  (void)state;
  struct piece a[] = {piece(PIECE_SHELL, false, "kubectl   get svc "), piece(PIECE_VALUE, false, "it's"),
                      piece(PIECE_SHELL, false, " -o jsonpath={.a[0].ip} > "), piece(PIECE_WORK, false, ""), piece(PIECE_SHELL, false, "/x.json 2>&1")};
  assert_string_equal(print(a, 5), "  kubectl get svc \"it's\" -o 'jsonpath={.a[0].ip}' >\"${cut_work}/x.json\" 2>&1\n");
  struct piece b[] = {piece(PIECE_SHELL, false, "a&&b || c|d ;e  *.x ~/y '$z'")};
  assert_string_equal(print(b, 1), "  a && b || c | d\n  e *.x ~/y '$z'\n");
  struct piece d[] = {piece(PIECE_SHELL, false, "test \"$(ssh "), piece(PIECE_VALUE, false, "a b"), piece(PIECE_SHELL, false, " \"cat "),
                      piece(PIECE_VALUE, true, "$x\""), piece(PIECE_SHELL, false, "\")\" = y")};
  assert_string_equal(print(d, 5), "  test \"$(ssh 'a b' \"cat \\$x\\\"\")\" = y\n");
  struct piece e[] = {piece(PIECE_VALUE, false, "A=b"), piece(PIECE_SHELL, false, " --x=\"job-"), piece(PIECE_RUN, true, ""), piece(PIECE_SHELL, false, "\"")};
  assert_string_equal(print(e, 4), "  'A=b' \"--x=job-${cut_run}\"\n");
  /* A reserved word stays one where it stands so in the plan, and nowhere else. */
  struct piece f[] = {piece(PIECE_SHELL, false, "for x in a; do echo done for; done")};
  assert_string_equal(print(f, 1), "  for x in a\n  do echo done for\n  done\n");
  struct piece g[] = {piece(PIECE_VALUE, false, "for"), piece(PIECE_SHELL, false, " x "), piece(PIECE_VALUE, false, "in"), piece(PIECE_SHELL, false, " "), piece(PIECE_VALUE, false, "ins")};
  assert_string_equal(print(g, 5), "  'for' x 'in' ins\n");
  struct piece j[] = {piece(PIECE_SHELL, false, "x "), piece(PIECE_VALUE, false, "done")};
  assert_string_equal(print(j, 2), "  x 'done'\n");
  struct piece k[] = {piece(PIECE_VALUE, false, "if"), piece(PIECE_SHELL, false, " x")};
  assert_string_equal(print(k, 2), "  'if' x\n");
  struct piece h[] = {piece(PIECE_SHELL, false, "d"), piece(PIECE_VALUE, false, "one"), piece(PIECE_SHELL, false, " "), piece(PIECE_VALUE, false, "d"), piece(PIECE_VALUE, false, "o")};
  assert_string_equal(print(h, 5), "  'done' 'do'\n");
  struct piece i[] = {piece(PIECE_SHELL, false, "\\for x && \"if\" 'then' f\"i\" $(d"), piece(PIECE_VALUE, false, "one"), piece(PIECE_SHELL, false, ")")};
  assert_string_equal(print(i, 3), "  'for' x && 'if' 'then' 'fi' $(d'one')\n");
}

/* Random words in random quotes: a shell gives the words of the plan, and the reader the same statement for both spellings. */
static void test_lines_in_a_shell(void **state) {
  (void)state;
  uint32_t seed = 23;
  struct text script = {.arena = &c->arena}, want = {.arena = &c->arena};
  for (int line = 0; line < 400; line++) {
    struct piece at[24];
    uint32_t n = 0;
    at[n++] = piece(PIECE_SHELL, false, "printf '%s\\0'");
    for (uint32_t words = next_random(&seed) % 5 + 1; words > 0; words--) {
      at[n++] = piece(PIECE_SHELL, false, "  ");
      const char *text = random_text(&seed, false);
      switch (next_random(&seed) % 4) {
      case 0:
        at[n++] = piece(PIECE_VALUE, false, text);
        text_add(&want, text, strlen(text) + 1);
        break;
      case 1:
        at[n++] = piece(PIECE_SHELL, false, "\"a {");
        at[n++] = piece(PIECE_VALUE, true, text);
        at[n++] = piece(PIECE_SHELL, false, "\\$}\"");
        text_print(&want, "a {%s$}", text);
        text_putc(&want, '\0');
        break;
      case 2:
        at[n++] = piece(PIECE_SHELL, false, "--x=");
        at[n++] = piece(PIECE_VALUE, false, text);
        at[n++] = piece(PIECE_SHELL, false, "{b}'$c'");
        text_print(&want, "--x=%s{b}$c", text);
        text_putc(&want, '\0');
        break;
      default:
        at[n++] = piece(PIECE_WORK, false, "");
        at[n++] = piece(PIECE_SHELL, false, "/");
        at[n++] = piece(PIECE_VALUE, false, text);
        text_print(&want, "/w/k/%s", text);
        text_putc(&want, '\0');
        break;
      }
    }
    text_puts(&script, print(at, n));
  }
  size_t n;
  const char *got = run_shell(text_done(&script), &n);
  assert_int_equal(n, want.n);
  assert_memory_equal(got, want.at, n);
}

static void test_script_shape(void **state) {
  (void)state;
  static const char text[] = "a=1\n\nf() { # note\n  run 'x\n}\ny' || return\n  b; c\n}\n\n# comment\nmain \"$@\"\n";
  struct script s = {0};
  script_read(&c->arena, &s, text, sizeof text - 1, 0);
  assert_int_equal(s.broken, NONE);
  assert_int_equal(s.functions.n, 3);
  assert_string_equal(s.functions.at[1].name, "f");
  assert_int_equal(s.functions.at[1].count, 3);
  assert_string_equal(statement_show(&c->arena, s.statements.at[s.functions.at[1].first].text), "run 'x\n}\ny' || return");
}

/* A star and a quoted star, a variable in and out of quotes, a bracket that is never closed: told apart. */
static void test_differences(void **state) {
  (void)state;
  static const char *const pairs[][2] = {{"rm *", "rm '*'"}, {"a $x", "a \"$x\""}, {"a ${x}", "a ${x:-y}"}, {"a b", "a 'b '"}, {"a | b", "a '|' b"},
                                         {"a >b", "a '>b'"}, {"a $(b)", "a '$(b)'"}, {"a ~", "a '~'"}, {"a && b", "a || b"}, {"a 1>b", "a 2>b"}};
  for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
    const char *x = statement_read(&c->arena, pairs[i][0], strlen(pairs[i][0])), *y = statement_read(&c->arena, pairs[i][1], strlen(pairs[i][1]));
    assert_string_not_equal(x, y);
  }
  static const char *const same[][2] = {{"a   b", "a 'b'"}, {"a >b", "a > b"}, {"a \"x y\"", "a 'x y'"}, {"a \\\n b", "a b"}, {"a $x", "a ${x}"}};
  for (size_t i = 0; i < sizeof same / sizeof *same; i++)
    assert_string_equal(statement_read(&c->arena, same[i][0], strlen(same[i][0])), statement_read(&c->arena, same[i][1], strlen(same[i][1])));
}

static void test_any_bytes(void **state) {
  (void)state;
  uint32_t seed = 42;
  for (int i = 0; i < 4000; i++) {
    char bytes[64];
    uint32_t n = next_random(&seed) % sizeof bytes;
    for (uint32_t k = 0; k < n; k++) bytes[k] = next_random(&seed) % 3 ? "'\"\\$`(){};|&\n# \t<>a}"[next_random(&seed) % 20] : (char)next_random(&seed);
    struct script s = {0};
    script_read(&c->arena, &s, bytes, n, 0);
    for (uint32_t k = 0; k < s.statements.n; k++) {
      assert_true(s.statements.at[k].end <= n);
      statement_show(&c->arena, s.statements.at[k].text);
    }
  }
  char *deep = arena_array(&c->arena, char, 20001);
  for (int i = 0; i < 10000; i++) memcpy(deep + 2 * i, "$(", 2);
  statement_read(&c->arena, deep, 20000);
}

static void test_digest(void **state) {
  (void)state;
  assert_string_equal(digest_sha256(&c->arena, "abc", 3), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  size_t length;
  const char *runtime = runtime_text(&length);
  assert_string_equal(runtime_digest(), digest_sha256(&c->arena, runtime, length));
}

/* The shell parser reads a whole runbook, and has nothing to say about the plan's part of it. (Of the runtime it says that it calls
 * functions by names that are made at run time, which is so.) */
static struct span anywhere(void *data, uint32_t start, uint32_t end) {
  (void)data;
  return (struct span){0, start, end};
}

static void test_runbook_in_the_parser(void **state) {
  (void)state;
  static const char *const plans[] = {"examples/traefik/cutover.cut", "examples/traefik/additive.cut", "examples/vault-raft/plan.cut",
                                      "examples/mysql-upgrade/plan.cut", "tests/shell/small.cut", "tests/golden/plain-steps.cut"};
  for (size_t i = 0; i < sizeof plans / sizeof *plans; i++) {
    struct compiled done = compile(plans[i]);
    assert_non_null(done.model);
    if (done.proof != NULL) {
      struct text out = {.arena = &done.c->arena};
      script_emit(&out, done.runbook);
      assert_true(out.n > 1000);
      uint32_t before = done.c->findings.n, said = 0;
      uint32_t plan = (uint32_t)(strstr(text_done(&out), RUNTIME_LAST) - out.at);
      shell_check(done.c, text_done(&out), out.n, done.model, anywhere, NULL);
      for (uint32_t k = before; k < done.c->findings.n; k++) {
        const struct finding *f = done.c->findings.at[k];
        if (f->code != CODE_285 && f->at.start < plan) continue;
        said++;
        print_message("%s: %s %s: %.*s\n", plans[i], code_text(f->code), f->message, 60, out.at + f->at.start);
      }
      assert_int_equal(said, 0);
    }
    compilation_free(done.c);
  }
}

/* Statement by statement, both sides kept whole: what expectations_met() does in one go. */
static bool same_script(const struct expectations *want, const char *text, size_t n) {
  struct script s = {0};
  script_read(&c->arena, &s, text, n, 0);
  if (s.broken != NONE || s.functions.n != want->functions.n || s.statements.n != want->statements.n) return false;
  for (uint32_t i = 0; i < s.functions.n; i++) {
    const struct function *f = &s.functions.at[i];
    const struct expected *e = &want->functions.at[i];
    if (strcmp(f->name, e->name) != 0 || f->first != e->first || f->count != e->count) return false;
  }
  for (uint32_t i = 0; i < s.statements.n; i++)
    if (strcmp(s.statements.at[i].text, want->statements.at[i]) != 0) return false;
  return true;
}

/* Another text of about the same bytes: one byte other, added or gone, a line twice, gone, or before the one before it. */
static size_t break_text(uint32_t *seed, const char *text, size_t n, char *out) {
  static const char odd[] = "'\"\\$`#;|&(){}<> \t\nabz019=_\1\37";
  uint32_t way = next_random(seed) % 6;
  size_t at = next_random(seed) % n, line = at, end = at;
  char byte = odd[next_random(seed) % (sizeof odd - 1)];
  while (line > 0 && text[line - 1] != '\n') line--;
  while (end < n && text[end] != '\n') end++;
  end += end < n;
  size_t from = way == 3 ? line : way < 3 ? at : end, to = way == 0 || way == 2 ? at + 1 : way == 5 ? line : from, m = 0;
  memcpy(out, text, from);
  m = from;
  if (way < 2) out[m++] = byte;                                                     /* 0: another, 1: one more */
  if (way == 4 || way == 5) memcpy(out + m, text + line, end - line), m += end - line; /* 4: twice */
  if (way == 3) to = end;
  if (way == 5) to = end;
  memcpy(out + m, text + to, n - to);
  return m + n - to;
}

/* A runbook that is not what it has to be is never printed. */
static void test_a_broken_runbook_is_not_met(void **state) {
  (void)state;
  static const char *const plans[] = {"examples/traefik/cutover.cut", "examples/vault-raft/plan.cut", "examples/mysql-upgrade/plan.cut"};
  uint32_t seed = 3, broken = 0, whole = 0;
  for (size_t i = 0; i < sizeof plans / sizeof *plans; i++) {
    struct compiled done = compile(plans[i]);
    struct text out = {.arena = &done.c->arena};
    script_emit(&out, done.runbook);
    const char *plan = strstr(text_done(&out), "\n" RUNTIME_LAST "\n") + strlen("\n" RUNTIME_LAST "\n");
    size_t n = strlen(plan);
    struct expectations want = expectations_build(done.runbook);
    struct stretch all = {0, done.runbook->sequences.n, true, true};
    char *other = arena_array(&done.c->arena, char, 2 * n + 2);
    assert_true(expectations_met(done.runbook, plan, n, all, NULL));
    assert_true(same_script(&want, plan, n));
    for (int k = 0; k < 400; k++) {
      size_t m = break_text(&seed, plan, n, other);
      bool same = same_script(&want, other, m);
      if (expectations_met(done.runbook, other, m, all, NULL) != same) {
        size_t at = 0;
        while (at < m && at < n && other[at] == plan[at]) at++;
        fail_msg("%s: %s where it differs at byte %zu: %.*s", plans[i], same ? "refused" : "met", at, 60, plan + at);
      }
      broken += !same;
      whole += same; /* blanks, comments, quotes that make no difference */
    }
    compilation_free(done.c);
  }
  assert_true(broken > 800);
  assert_true(whole > 20);
}

/* A plan of so many steps, with lists, values in quotes and things to look at, in a file that is gone again when it has been read. */
static struct compiled compile_long(unsigned steps) {
  char path[] = "/tmp/cutc-test-XXXXXX";
  FILE *f = fdopen(mkstemp(path), "w");
  fputs("plan long { operator = desk }\nuse std/net\nclient desk { }\nkind note {\n  text : string\n  tags : [string]\n  change {\n    takes = 1s\n"
        "    do { $ ./change ${name} ${new(text)} }\n    undo { $ ./change ${name} \"${new(text)}\" }\n"
        "    verify {\n      $ cat ${name} | wc -l { within 5s }\n      expect output contains \"${text}\" within 2m\n    }\n  }\n"
        "  observe {\n    $ cat ${name}\n    text = jq '.'\n    tags = jq '.tags'\n  }\n}\n", f);
  for (unsigned i = 1; i <= steps; i++) fprintf(f, "note n%u { text = \"was %u\" -> \"it's $%u\"  tags = [\"b\", \"a%u\"] }\n", i, i, i, i);
  fclose(f);
  struct compiled done = compile(path);
  remove(path);
  return done;
}

/* What each of two threads reads back is found broken whenever the whole is. */
static void test_each_half_of_a_long_runbook(void **state) {
  (void)state;
  struct compiled done = compile_long(230);
  const struct runbook *b = done.runbook;
  struct text out = {.arena = &done.c->arena}, once = {.arena = &done.c->arena};
  script_emit(&out, done.runbook);
  runbook_print(&once, b);
  assert_string_equal(text_done(&out), text_done(&once)); /* by two threads, and by one */
  const char *plan = strstr(text_done(&out), "\n" RUNTIME_LAST "\n") + strlen("\n" RUNTIME_LAST "\n"), *cut = strstr(plan, "\n# == Step 116 of 230");
  uint32_t middle = 0, seed = 5, broken = 0, n = b->sequences.n;
  while (b->sequences.at[middle].type != SEQ_DO || b->sequences.at[middle].step != 115) middle++;
  struct stretch halves[] = {{0, middle, true, false}, {middle, n, false, true}};
  size_t length = strlen(plan), ends[] = {0, (size_t)(cut - plan), length};
  struct expectations want = expectations_build(b);
  char *part = arena_array(&done.c->arena, char, 2 * length + 2), *all = arena_array(&done.c->arena, char, 3 * length + 2);
  for (int k = 0; k < 200; k++) {
    int h = k % 2;
    size_t m = k < 2 ? ends[h + 1] - ends[h] : break_text(&seed, plan + ends[h], ends[h + 1] - ends[h], part), before = ends[h], after = length - ends[h + 1];
    if (k < 2) memcpy(part, plan + ends[h], m);
    part[m] = '\0';
    memcpy(all, plan, before);
    memcpy(all + before, part, m);
    memcpy(all + before + m, plan + ends[h + 1], after);
    bool same = same_script(&want, all, before + m + after);
    assert_true(same || k >= 2);
    assert_int_equal(expectations_met(b, part, m, halves[h], NULL), same);
    broken += !same;
  }
  assert_true(broken > 100);
  compilation_free(done.c);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_quote_word, set_up, tear_down),       cmocka_unit_test_setup_teardown(test_quote_in_a_shell, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_read_back, set_up, tear_down),        cmocka_unit_test_setup_teardown(test_lines, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_lines_in_a_shell, set_up, tear_down), cmocka_unit_test_setup_teardown(test_script_shape, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_differences, set_up, tear_down),      cmocka_unit_test_setup_teardown(test_any_bytes, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_digest, set_up, tear_down),
      cmocka_unit_test(test_runbook_in_the_parser), cmocka_unit_test_setup_teardown(test_each_half_of_a_long_runbook, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_a_broken_runbook_is_not_met, set_up, tear_down)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
