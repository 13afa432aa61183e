/* Filters over answers: what they give, and that bad ones cost no more than themselves. */
#include "world/filter.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

static struct filter_result run(struct filters *f, uint32_t i, const char *json) { return filters_run(f, i, json, strlen(json), "p", "f"); }

static void gives(void **state) {
  struct arena a = {0};
  const char *texts[] = {".a.b", "[.[] | .x] | first", ".[$field] # and a comment", "empty", "error(\"hemlig \\(.)\")", ".a | keys", "1, 2"};
  struct filters *f = filters_open(&a, texts, 7, 5000);
  (void)state;

  assert_string_equal(run(f, 0, "{\"a\": {\"b\": [1, \"x\"]}}").values, "[[1,\"x\"]]");
  assert_string_equal(run(f, 1, "[{\"x\": null}]").values, "[null]");
  assert_string_equal(run(f, 2, "{\"f\": true}").values, "[true]");
  assert_string_equal(run(f, 3, "{}").values, "[]");
  assert_int_equal(run(f, 4, "{}").outcome, FILTER_FAILED);
  assert_null(strstr(run(f, 4, "{\"t\": 1}").why, "hemlig"));
  assert_int_equal(run(f, 0, "[1]").outcome, FILTER_FAILED);
  assert_string_equal(run(f, 6, "{}").values, "[1,2]");
  assert_int_equal(run(f, 0, "{").outcome, FILTER_FAILED);
  char deep[4001];

  memset(deep, '[', 4000);
  deep[4000] = '\0';
  assert_int_equal(run(f, 0, deep).outcome, FILTER_FAILED);
  const char **wrong = filters_wrong(f);

  for (uint32_t i = 0; i < 7; i++) assert_null(wrong[i]);
  filters_close(f);
  arena_free(&a);
}

/* One text that is no filter spoils none of the others. */
static void spoilt(void **state) {
  struct arena a = {0};
  const char *texts[] = {".a", ".[", "1) | (2", "nosuch(1)"};
  struct filters *f = filters_open(&a, texts, 4, 5000);
  (void)state;
  const char **wrong = filters_wrong(f);

  assert_null(wrong[0]);
  assert_non_null(strstr(wrong[1], "syntax error"));
  assert_non_null(strstr(wrong[3], "nosuch/1 is not defined"));
  assert_string_equal(run(f, 0, "{\"a\": 1}").values, "[1]");
  assert_int_equal(run(f, 1, "{}").outcome, FILTER_FAILED);
  filters_close(f);
  arena_free(&a);
}

static void endless(void **state) {
  struct arena a = {0};
  const char *texts[] = {"def f: f; f", ".a", "[range(infinite)]"};
  struct filters *f = filters_open(&a, texts, 3, 300);
  (void)state;

  assert_int_equal(run(f, 0, "{}").outcome, FILTER_TOO_MUCH);
  assert_string_equal(run(f, 1, "{\"a\": 1}").values, "[1]");
  assert_int_equal(run(f, 2, "{}").outcome, FILTER_TOO_MUCH);
  assert_string_equal(run(f, 1, "{\"a\": 2}").values, "[2]");
  filters_close(f);
  arena_free(&a);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(gives), cmocka_unit_test(spoilt), cmocka_unit_test(endless)};

  return cmocka_run_group_tests(tests, NULL, NULL);
}
