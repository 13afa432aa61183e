/* Groups of steps that all act on each other: what the search may cost is bounded by count, whatever a look at a state costs. */
#include "cutc.h"
#include "prove/prove.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* So many hosts behind names, each of which takes all others down while it moves. */
static const char *tangle(struct arena *a, int n, const char *hold) {
  struct text t = {.arena = a};
  text_puts(&t, "plan t { operator = ops }\nuse std/net\nclient ops { zone = lan }\n");
  for (int i = 0; i < n; i++) {
    text_print(&t, "host h%d { address = 10.0.%d.1 -> 10.0.%d.2  ports = [443/tcp]  takes = %ds  disrupts = [", i, i, i, 10 + i % 7);
    for (int k = 0; k < n; k++)
      if (k != i) text_print(&t, "%sh%d", k == (i == 0) ? "" : ", ", k);
    text_puts(&t, "]  do { $ move ${new}\n } }\n");
    text_print(&t, "dns_record w%d { host = \"w%d.example.net\"  value = h%d.address  ttl = 60s }\n", i, i, i);
    text_print(&t, "promise ops reaches https://w%d.example.net %s\n", i, hold);
  }
  return text_done(&t);
}

static struct compiled proven(const char *text) {
  char path[] = "/tmp/cutc-effort-XXXXXX";
  int fd = mkstemp(path);
  assert_true(fd >= 0);
  assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
  close(fd);
  struct compiled d = compile(path);
  unlink(path);
  assert_non_null(d.proof);
  return d;
}

/* Of each n: an order, said to be found roughly, and what it cost. */
static void a_tangle_is_ordered_soon(void **state) {
  (void)state;
  static const int sizes[] = {18, 40, 60};
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    struct arena a = {0};
    struct compiled d = proven(tangle(&a, sizes[i], "down at most 4h"));
    uint32_t told = 0;
    for (uint32_t k = 0; k < d.c->findings.n; k++) told += d.c->findings.at[k]->code == CODE_253;
    assert_int_equal(d.c->errors, 0);
    assert_int_equal(told, 1);
    assert_int_equal(d.proof->order.n, sizes[i]);
    assert_false(d.proof->components.at[0].exact);
    assert_true(state_spent(d.proof->proving->state) < 64u << 20); /* 60 steps took eight times that, and a quarter of a minute */
    compilation_free(d.c);
    arena_free(&a);
  }
}

/* And where no order is good enough: every promise has its finding, none of them claims more than was searched. */
static void a_tangle_is_refused_soon(void **state) {
  (void)state;
  static const struct { const char *hold; enum code code; } cases[] = {{"always", CODE_252}, {"down at most 60s", CODE_221}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct arena a = {0};
    struct compiled d = proven(tangle(&a, 40, cases[i].hold));
    uint32_t told = 0, roughly = 0;
    for (uint32_t k = 0; k < d.c->findings.n; k++) {
      told += d.c->findings.at[k]->code == cases[i].code;
      roughly += d.c->findings.at[k]->code == CODE_253;
      assert_null(strstr(d.c->findings.at[k]->message, "at the end of each"));
      assert_null(strstr(d.c->findings.at[k]->message, "keeps every promise"));
    }
    assert_int_equal(told, 40);
    assert_int_equal(roughly, 1);
    assert_true(d.proof->proving->effort < 80u << 20);
    compilation_free(d.c);
    arena_free(&a);
  }
}

/* So many forwards, one after the other, each to a host that moves: a clash each, and many orders of what is left. */
static const char *clashes(struct arena *a, int n) {
  struct text t = {.arena = a};
  text_puts(&t, "plan t { operator = ops }\nuse std/net\nclient ops { zone = lan }\n"
                "kind forward { wan : address  target : endpoint  forwards wan [443/tcp] in lan to target in lan\n"
                "  change { do { $ set-forward ${target}\n } } }\n");
  for (int i = 0; i < n; i++) {
    text_print(&t, "host h%d { address = 10.1.%d.1 -> 10.1.%d.2  ports = [443/tcp]  takes = 5s  do { $ move ${new}\n } }\n", i, i, i);
    text_print(&t, "forward f%d { wan = 10.9.%d.1  target = 10.1.%d.1:443 -> 10.1.%d.2:443  takes = 5s", i, i, i, i);
    if (i > 0) text_print(&t, "  after = [f%d]", i - 1);
    text_print(&t, " }\npromise ops reaches 10.9.%d.1:443 always\n", i);
  }
  return text_done(&t);
}

/* What a trial looks at counts, though it knows the answers: fifteen clashes took three quarters of a minute. */
static void ways_out_are_tried_for_a_while(void **state) {
  (void)state;
  struct arena a = {0};
  struct compiled d = proven(clashes(&a, 15));
  uint32_t told = 0, untried = 0;
  for (uint32_t i = 0; i < d.proof->breaches.n; i++) {
    told += d.proof->breaches.at[i].code == CODE_252;
    untried += d.proof->breaches.at[i].untried;
  }
  assert_int_equal(told, 15);
  assert_true(untried > 0);
  assert_true(d.proof->proving->effort < 80u << 20);
  compilation_free(d.c);
  arena_free(&a);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(a_tangle_is_ordered_soon), cmocka_unit_test(a_tangle_is_refused_soon),
                                     cmocka_unit_test(ways_out_are_tried_for_a_while)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
