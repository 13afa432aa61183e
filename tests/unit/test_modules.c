/* Files that use each other: found beside the one that says so, read once, in order, never in a circle. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "plan_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct compilation *c;
static char folder[] = "/tmp/cutc-test-XXXXXX";
static const char *const files[] = {"plan.cut", "facts.cut", "sub/more.cut", "sub/facts.cut"};

static const char *path(const char *name) { return arena_print(&c->arena, "%s/%s", folder, name); }

static int set_up(void **state) {
  (void)state;
  c = compilation_new();
  strcpy(folder + sizeof folder - 7, "XXXXXX");
  assert_non_null(mkdtemp(folder));
  return mkdir(path("sub"), 0700);
}

static int tear_down(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof files / sizeof *files; i++) unlink(path(files[i]));
  rmdir(path("sub"));
  rmdir(folder);
  compilation_free(c);
  return 0;
}

static void write_file(const char *name, const char *text) {
  FILE *f = fopen(path(name), "wb");
  assert_non_null(f);
  fputs(text, f);
  fclose(f);
}

static void files_are_beside_their_user_and_read_once(void **state) {
  (void)state;
  write_file("plan.cut", "plan p {}  use \"facts.cut\"  use \"./sub/more.cut\"  use \"sub/../facts.cut\"");
  write_file("facts.cut", "use std/net  let a = 1");
  write_file("sub/more.cut", "use std/net  use \"facts.cut\"  use \"../facts.cut\"");
  write_file("sub/facts.cut", "kind k { n : number = a }  k x {}");
  struct model *m = model_build(c, path("plan.cut"));
  assert_non_null(m);
  assert_string_equal(plan_findings(c), "");
  struct text order = {.arena = &c->arena};
  uint32_t net = 0;
  for (uint32_t i = 0; i < c->sources.n; i++) {
    if (!strcmp(c->sources.at[i].path, "std/net")) net++;
    if (!c->sources.at[i].library) text_print(&order, "%s ", c->sources.at[i].path + strlen(folder) + 1);
  }
  assert_string_equal(text_done(&order), "plan.cut facts.cut sub/more.cut sub/facts.cut ");
  assert_int_equal(net, 1);
  assert_int_not_equal(resource_find(m, name_str(&c->names, "x")), NONE);
}

static void a_circle_is_said_once(void **state) {
  (void)state;
  write_file("plan.cut", "plan p {}  use \"facts.cut\"");
  write_file("facts.cut", "use \"sub/more.cut\"");
  write_file("sub/more.cut", "use \"../plan.cut\"  use \"../facts.cut\"");
  assert_non_null(model_build(c, path("plan.cut")));
  assert_int_equal(plan_count(c, CODE_006), 2);
  assert_int_equal(c->findings.n, 2);
}

static void what_is_not_there_is_said_where_it_is_used(void **state) {
  (void)state;
  write_file("plan.cut", "plan p {}  use \"fact.cut\"  use std/nte");
  assert_non_null(model_build(c, path("plan.cut")));
  assert_int_equal(plan_count(c, CODE_004), 2);
  assert_string_equal(plan_span(c, c->findings.at[0]->at), "use \"fact.cut\"");
  assert_non_null(strstr(c->findings.at[1]->remarks.at[0].text, "std/net"));
}

static void a_plan_that_cannot_be_read_is_no_model(void **state) {
  (void)state;
  assert_null(model_build(c, path("plan.cut")));
  assert_int_equal(plan_count(c, CODE_004), 1);
}

static void a_file_without_a_plan_says_so(void **state) {
  (void)state;
  write_file("plan.cut", "use std/net");
  assert_non_null(model_build(c, path("plan.cut")));
  assert_int_equal(plan_count(c, CODE_007), 1);
}

int main(void) {
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
  const struct CMUnitTest tests[] = {
      TEST(files_are_beside_their_user_and_read_once),
      TEST(a_circle_is_said_once),
      TEST(what_is_not_there_is_said_where_it_is_used),
      TEST(a_plan_that_cannot_be_read_is_no_model),
      TEST(a_file_without_a_plan_says_so),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
