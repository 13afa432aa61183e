/* Shell text: what is dangerous is found, and nothing else. */
#include "script/script.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct model *model_with_tools(struct compilation *c) {
  struct model *m = arena_new(&c->arena, struct model);
  static const char *const names[] = {"tg", "terragrunt", "terraform"};
  m->c = c;
  for (int i = 0; i < 3; i++) {
    struct tool t = {.name = name_str(&c->names, names[i]), .locks = true, .never_pipe = true, .grace = 60000};
    array_push(&c->arena, &m->tools, t);
  }
  return m;
}

static struct span place(void *data, uint32_t start, uint32_t end) { return (struct span){*(uint32_t *)data, start, end}; }

/* The findings of a text as "281 287", in order of their places. */
static const char *codes(struct compilation *c, const char *text) {
  struct text out = {.arena = &c->arena};
  uint32_t source = source_add(c, "line", text, strlen(text), false);
  uint32_t n = shell_check(c, text, strlen(text), model_with_tools(c), place, &source);
  findings_sort(c);
  assert_true(n >= c->findings.n);
  for (uint32_t code = 0; code < CODE_COUNT; code++)
    for (uint32_t i = 0; i < c->findings.n; i++)
      if (c->findings.at[i]->code == (enum code)code) text_print(&out, "%s%s", out.n ? " " : "", code_text((enum code)code) + 1);
  return text_done(&out);
}

static void expect(const char *text, const char *wanted) {
  struct compilation *c = compilation_new();
  const char *got = codes(c, text);
  if (strcmp(got, wanted) != 0) {
    for (uint32_t i = 0; i < c->findings.n; i++) print_message("%s: %s\n", text, c->findings.at[i]->message);
    fail_msg("`%s` gives %s, not %s", text, got, wanted);
  }
  compilation_free(c);
}

/* The sample on which the parser was tried: fifteen hits, no false one. */
static void test_sample(void **state) {
  static const char sample[] =
      "tg apply | head -1\n"
      "scripts/tg apply 2>&1 | tee log\n"
      "tg plan |& grep foo\n"
      "diff <(terraform show) <(tg state list)\n"
      "x=$(terragrunt plan | head -3)\n"
      "tg apply >log 2>&1\n"
      "tg apply > >(head -1)\n"
      "echo a | tg apply\n"
      "(cd stacks/x && tg apply) | tail -2\n"
      "if TF_LOG=x \"tg\" apply | grep -q ok; then :; fi\n"
      "sudo -u bob terraform apply | cat\n"
      "echo \"tg apply | head\"   # tg apply | head\n"
      "cat <<E\n"
      "tg apply | head\n"
      "$(tg apply | head)\n"
      "E\n"
      "{ tg plan; } | less\n"
      "tg apply && echo ok | head\n"
      "timeout 5 tg apply | head -n1\n"
      "z=`tg plan | head -1`\n"
      "tg apply \\\n"
      "  | head\n";
  (void)state;
  expect(sample, "281 281 281 281 281 281 281 281 281 281 281 281 281 281 281");
}

static void test_pipes(void **state) {
  (void)state;
  expect("! tg plan | grep x", "281");
  expect("f() { tg apply; }; f | head", "281");
  expect("g() { f; }; f() { tg apply; }; g | head", "281");
  expect("function f { sudo tg apply; }\nf | head", "281");
  expect("echo x | xargs tg apply", "");
  expect("ls | xargs -n 1 tg apply | head", "281");
  expect("A=1 B=2 nice -n 5 timeout -k 90 600 ./tg apply | cat", "281");
  expect("env -i PATH=/bin tg apply | cat", "281");
  expect("exec tg apply | cat", "281");
  expect("command tg apply | cat", "281");
  expect("find . -name x -exec tg apply {} + | cat", "281");
  expect("flock -n lock tg apply | cat", "281");
  expect("t\\g apply | cat", "281");
  expect("'t'g apply | cat", "281");
  expect("while read -r l; do tg apply; done | cat", "281");
  expect("case x in x) tg apply | cat ;; esac", "281");
  expect("tg apply | cat | cat", "281");
  expect("tg apply > >(head)", "281");
  expect("tg plan -out=p && echo ok | head", "");
  expect("grep tg log | head", "");
  expect("command -v tg | cat", "");
  expect("echo tg | cat", "");
  expect("tgx apply | cat", "");
  expect("cat tg | head", "");
  expect("kubectl get svc | grep traefik", "");
}

static void test_background(void **state) {
  (void)state;
  expect("tg apply &", "282");
  expect("nohup tg apply >log 2>&1 &", "282");
  expect("(tg apply) &", "282");
  expect("sleep 1 & tg apply", "");
  expect("tg apply && echo x &", "282");
  expect("tg apply >log 2>&1", "");
  expect("tg apply &>log", "");
  expect("x=$(tg output -raw ip)", "283");
  expect("echo \"$(tg output)\"", "283");
  expect("x=`tg output`", "283");
  expect("x=$(cat tg)", "");
  expect("f() { tg output; }; x=$(f)", "283");
}

static void test_killed(void **state) {
  (void)state;
  expect("timeout -s KILL 5 tg apply", "284");
  expect("timeout -sKILL 5 tg apply", "284");
  expect("timeout -s 9 5 tg apply", "284");
  expect("timeout --signal=SIGKILL 5 tg apply", "284");
  expect("timeout -k 5 60 tg apply", "284");
  expect("timeout --kill-after=1m 60 tg apply", "");
  expect("timeout -k 2m 60 tg apply", "");
  expect("timeout -s INT 600 tg apply", "");
  expect("timeout 600 tg apply", "");
  expect("timeout -s KILL 5 sleep 10", "");
  expect("kill -9 123", "284");
  expect("kill -s KILL 123", "284");
  expect("kill -KILL \"$pid\"", "284");
  expect("pkill -9 tg", "284");
  expect("pkill -9 nginx", "");
  expect("kill -INT 123", "");
  expect("kill 123", "");
}

static void test_hidden(void **state) {
  (void)state;
  expect("$TG apply", "286");
  expect("\"$TG\" apply | head", "286");
  expect("eval \"tg apply\"", "286");
  expect("alias x=tg", "286");
  expect("bash -c 'tg apply | head'", "286");
  expect("sh -ec 'tg apply | head'", "286");
  expect("bash -c 'tg apply' | head", "281");
  expect("bash -c 'tg apply'", "");
  expect("bash -c \"$x\"", "286");
  expect("bash -c 'echo a | head'", "");
  expect("sh script.sh", "");
  expect("ssh host 'tg apply | head'", "286");
  expect("ssh -p 22 host tg apply", "");
  expect("ssh host \"cat $x\"", "286");
  expect("bash -c \"bash -c 'tg apply | head'\"", "286");
}

static void test_unreadable(void **state) {
  (void)state;
  expect("tg apply )", "285");
  expect("if true; then", "285");
  expect("echo \"a", "285");
  expect("tg apply | head; (", "281 285");
  expect("", "");
  expect("# tg apply | head", "");
}

static void test_unquoted(void **state) {
  (void)state;
  expect("echo $x", "287");
  expect("echo ${x} $(date) a$x", "287 287 287");
  expect("echo `date`", "287");
  expect("echo \"$x\" \"$(date)\" $# $? $$ $! $((1 + 2)) '$x'", "");
  expect("x=$y", "");
  expect("x=$(date)", "");
  expect("[ $x = 1 ]", "287");
  expect("[[ $x = 1 ]]", "");
  expect("for i in $list; do echo \"$i\"; done", "");
  expect("case $x in a) ;; esac", "");
  expect("echo \"$(echo $x)\"", "287");
  expect("cat <<E\n$x\nE\n", "");
}

static void test_errors_and_output(void **state) {
  (void)state;
  expect("set +e", "288");
  expect("set +eu", "288");
  expect("set +o errexit", "288");
  expect("set -e", "");
  expect("tg apply || true", "288");
  expect("tg apply || :", "288");
  expect("tg apply || exit 1", "");
  expect("rm x || true", "");
  expect("tg apply >/dev/null", "289");
  expect("tg apply >/dev/null 2>&1", "289");
  expect("tg apply 2>/dev/null", "289");
  expect("tg apply &>/dev/null", "289");
  expect("tg apply </dev/null", "");
  expect("echo x >/dev/null", "");
  expect("(tg apply) >/dev/null || true", "288 289");
}

static void test_messages(void **state) {
  struct compilation *c = compilation_new();
  (void)state;
  codes(c, "cd x && scripts/tg apply 2>&1 | tee log");
  struct finding *f = c->findings.at[0];
  assert_string_equal(f->message, "`tg` writes into a pipe: when its reader ends early, it dies half-way and the state of what it has done is lost");
  assert_int_equal(f->at.start, 8);
  assert_int_equal(f->at.end, 8 + strlen("scripts/tg apply"));
  assert_string_equal(f->remarks.at[1].text, "write its output to a file, `>log 2>&1`, and read the file when it has ended");
  compilation_free(c);
}

/* Deep text ends in a finding, not in a full stack. */
static void test_depth(void **state) {
  static const char *const units[] = {"(", "$(", "{ ", "if ", "\"$(", "<("};
  (void)state;
  for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
    struct compilation *c = compilation_new();
    struct text t = {.arena = &c->arena};
    for (int k = 0; k < 2000; k++) text_puts(&t, units[i]);
    text_puts(&t, "tg apply | head");
    if (strstr(codes(c, text_done(&t)), "28") == NULL) fail_msg("nothing is said about many `%s`", units[i]);
    compilation_free(c);
  }
}

/* So many functions, each of which calls the one that is defined after it, or before it; the last of them locks. */
static const char *chain_of(struct arena *a, int n, bool calls_later) {
  struct text t = {.arena = a};
  for (int i = 0; i < n; i++) {
    int k = calls_later ? i : n - 1 - i;
    if (k == n - 1) text_print(&t, "f%d() { tg apply; }; ", k);
    else text_print(&t, "f%d() { f%d; }; ", k, k + 1);
  }
  text_puts(&t, "f0 | head");
  return text_done(&t);
}

static void test_functions_that_call_functions(void **state) {
  (void)state;
  struct arena a = {0};
  expect(chain_of(&a, 60, true), "281");
  expect(chain_of(&a, 60, false), "281");
  expect(chain_of(&a, 300, false), "281");
  expect(chain_of(&a, 300, true), "285"); /* too deep to follow: that is said */
  arena_free(&a);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_sample), cmocka_unit_test(test_functions_that_call_functions),     cmocka_unit_test(test_pipes),    cmocka_unit_test(test_background),
      cmocka_unit_test(test_killed),     cmocka_unit_test(test_hidden),   cmocka_unit_test(test_unreadable),
      cmocka_unit_test(test_unquoted),   cmocka_unit_test(test_errors_and_output), cmocka_unit_test(test_messages),
      cmocka_unit_test(test_depth),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
