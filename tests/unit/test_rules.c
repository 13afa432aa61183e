/* Rules and `require`s: what trips them, what does not, and what the entries say. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "plan_text.h"

#include <stdio.h>
#include <string.h>

#define BOX "kind box { size : number = 1  host : string?  friend : box?  do_it : string?  change { do { $ echo ${new(size)} } } } "

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

/* "rule [guard] severity message @ value", one a line. */
static const char *entries(struct model *m) {
  static const char *const severities[] = {"note", "warning", "error"};
  struct text t = {.arena = &c->arena};
  for (uint32_t i = 0; i < m->forbidden.n; i++) {
    const struct forbidden *f = &m->forbidden.at[i];
    text_print(&t, "%s [%s]%s%s %s %s @ %s\n", name_text(&c->names, f->rule), plan_guard(c, m, f->guard), f->during == NONE ? "" : " during ",
               f->during == NONE ? "" : name_text(&c->names, m->steps.at[f->during].name), severities[f->severity], f->message, plan_span(c, f->at));
  }
  return text_done(&t);
}

static void expect(const char *plan, const char *wanted) {
  struct model *m = plan_model(c, plan);
  assert_string_equal(plan_findings(c), "");
  assert_string_equal(entries(m), wanted);
}

static void a_rule_trips_on_a_value(void **state) {
  (void)state;
  expect(BOX "box a { size = 5 } box b { size = 3 } "
             "rule small { for x in box require x.size < 4 else error \"`${x}` is ${x.size}\" }",
         "small [] error `a` is 5 @ 5\n");
}

static void a_rule_that_holds_says_nothing(void **state) {
  (void)state;
  expect(BOX "box a { size = 2 -> 3 } rule small { for x in box require x.size < 4 else error \"x\" }", "");
}

static void a_changing_value_is_blamed_where_it_arrives(void **state) {
  (void)state;
  expect(BOX "box a { size = 2 -> 7 } rule small { for x in box require x.size < 4 else warning \"`${x}` is ${x.size}\" }",
         "small [a] warning `a` is 7 @ 7\n");
}

static void a_pair_is_said_once(void **state) {
  (void)state;
  expect(BOX "box a { host = \"h\" } box b { host = \"h\" } box d { host = \"i\" } "
             "rule alone { for x in box, y in box where x != y, x.host == y.host require x.size > 3 and y.size > 3 else error \"`${x}` and `${y}` share ${x.host}\" }",
         "alone [] error `a` and `b` share h @ \"h\"\n");
}

static void a_pair_that_fails_one_way_only_is_kept(void **state) {
  (void)state;
  expect(BOX "box a { size = 1 } box b { size = 2 } "
             "rule order { for x in box, y in box where x != y require x.size < y.size else error \"`${x}` before `${y}`\" }",
         "order [] error `b` before `a` @ 2\n");
}

static void pairs_that_change_are_said_once_per_way(void **state) {
  (void)state;
  expect(BOX "box a { size = 1 -> 2 } box b { size = 1 -> 3 } "
             "rule same { for x in box, y in box where x != y require x.size == 1 and y.size == 1 else error \"`${x}` `${y}`\" }",
         "same [a] error `a` `b` @ 2\nsame [!a b] error `a` `b` @ 3\n");
}

static void a_reference_joins_too(void **state) {
  (void)state;
  expect(BOX "box a { size = 5 } box b { friend = a } box d { friend = b } "
             "rule friends { for x in box, y in box where x.friend is y require y.size < 4 else error \"`${x}` likes `${y}`\" }",
         "friends [] error `b` likes `a` @ 5\n");
}

static void what_does_not_exist_yet_is_not_asked(void **state) {
  (void)state;
  expect(BOX "create box a { size = 5 do { $ true } undo none because \"kept\" } rule small { for x in box require x.size < 4 else error \"`${x}`\" }",
         "small [a] error `a` @ 5\n");
}

static void a_kind_requires(void **state) {
  (void)state;
  expect("kind port_range { low : number  high : number?  when high is not none { require low <= high else error \"`${name}` is empty\" } } "
         "port_range a { low = 3 high = 2 } port_range b { low = 3 } port_range d { low = 1 high = 2 }",
         "port_range [] error `a` is empty @ 3\n");
}

static void disruption_is_during_a_step(void **state) {
  (void)state;
  expect("kind member { volume : string  disrupts = true  change { do { $ echo ${new(volume)} } } } "
         "kind quorum { leader : member  change { do { $ echo ${new(leader)} } } } "
         "member v0 { volume = \"a\" -> \"b\" } quorum q { leader = v0 } "
         "rule lead { for q in quorum, m in member require not (disrupted(m) and q.leader == m) else error \"`${m}` leads\" }",
         "lead [] during v0 error `v0` leads @ v0\n");
}

static void unknown_fails_and_none_has_a_word(void **state) {
  (void)state;
  struct model *m = plan_model(c, BOX "box a { size = unknown } rule small { for x in box require x.size < 4 else error \"`${x}` is ${x.size} for ${x.host}\" }");
  assert_int_equal(plan_count(c, CODE_115), 1);
  assert_string_equal(entries(m), "small [] error `a` is a value that nobody knows for none @ unknown\n");
}

static void a_condition_is_read_behind_those_before_it(void **state) {
  (void)state;
  expect("kind span { low : number  high : number? } span a { low = 3 } span b { low = 3 high = 2 } span d { low = 1 high = 2 } "
         "rule sane { for x in span where x.high is not none, x.high > 0 require x.high >= x.low else error \"`${x}`\" } "
         "rule saner { for x in span require x.high is none or x.high >= x.low else error \"`${x}`\" }",
         "sane [] error `b` @ 2\nsaner [] error `b` @ 2\n");
}

static void mistakes_in_rules(void **state) {
  (void)state;
  (void)plan_model(c, BOX "rule nothing { for x in box } rule what { for x in bax require x.size < 4 else error \"x\" } "
                          "rule twice { for x in box, x in box require x.size < 4 else error \"x\" } box a {} box b {} "
                          "rule member { for x in box require x.siez < 4 else error \"x\" } rule said { for x in box require x.size < 4 else error \"${y}\" }");
  assert_int_equal(plan_count(c, CODE_102), 1);
  assert_int_equal(plan_count(c, CODE_103), 1);
  assert_int_equal(plan_count(c, CODE_114), 1);
  assert_int_equal(plan_count(c, CODE_101), 1);
  assert_int_equal(plan_count(c, CODE_106), 1);
}

static void many_resources_join_by_hash(void **state) {
  struct text t = {.arena = &c->arena};
  (void)state;
  text_puts(&t, BOX);
  for (unsigned i = 0; i < 3000; i++) text_print(&t, "box b%u { host = \"h%u\" } ", i, i == 2999 ? 0 : i);
  text_puts(&t, "rule alone { for x in box, y in box where x != y, x.host == y.host require false else error \"`${x}` and `${y}`\" }");
  expect(text_done(&t), "alone [] error `b0` and `b2999` @ \"h0\"\n");
}

static void a_rule_over_all_pairs_of_many_says_so(void **state) {
  struct text t = {.arena = &c->arena};
  (void)state;
  text_puts(&t, BOX);
  for (unsigned i = 0; i < 700; i++) text_print(&t, "box b%u { size = %u } ", i, i);
  text_puts(&t, "rule sum { for x in box, y in box require x.size <= y.size or y.size <= x.size else error \"`${x}` and `${y}`\" }");
  (void)plan_model(c, text_done(&t));
  assert_int_equal(plan_count(c, CODE_113), 1);
}

/* Three conditions, each true by any of so many boxes that change on their own; the last of all boxes is what the rule is about. */
static const char *over_groups(unsigned each, const char *require) {
  struct text t = {.arena = &c->arena};
  text_puts(&t, BOX);
  for (unsigned i = 0; i < 3 * each; i++) text_print(&t, "box b%u { size = 1 -> 2 } ", i);
  text_puts(&t, "box last { size = 1 -> 2 } rule groups { for x in box ");
  for (unsigned i = 0; i < 3 * each; i++) text_print(&t, "%s b%u.size == 1 ", i % each == 0 ? "where" : "or", i);
  text_print(&t, "where x is last require %s else error \"${x}\" }", require);
  return text_done(&t);
}

static void no_combination_is_left_out_unsaid(void **state) {
  (void)state;
  assert_int_equal(plan_model(c, over_groups(16, "x.size == 1"))->forbidden.n, 16 * 16 * 16);
  assert_int_equal(plan_count(c, CODE_113), 0);
  plan_model(c, over_groups(17, "x.size == 1"));
  uint32_t said = plan_count(c, CODE_113);
  assert_true(said > 0);
  plan_model(c, over_groups(17, "x.exists and x.size == 1"));
  assert_true(plan_count(c, CODE_113) > said);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(a_rule_trips_on_a_value, set_up, tear_down),
      cmocka_unit_test_setup_teardown(a_rule_that_holds_says_nothing, set_up, tear_down),
      cmocka_unit_test_setup_teardown(a_changing_value_is_blamed_where_it_arrives, set_up, tear_down),
      cmocka_unit_test_setup_teardown(a_pair_is_said_once, set_up, tear_down),
      cmocka_unit_test_setup_teardown(a_pair_that_fails_one_way_only_is_kept, set_up, tear_down),
      cmocka_unit_test_setup_teardown(pairs_that_change_are_said_once_per_way, set_up, tear_down),
      cmocka_unit_test_setup_teardown(a_reference_joins_too, set_up, tear_down),
      cmocka_unit_test_setup_teardown(what_does_not_exist_yet_is_not_asked, set_up, tear_down),
      cmocka_unit_test_setup_teardown(a_kind_requires, set_up, tear_down),
      cmocka_unit_test_setup_teardown(disruption_is_during_a_step, set_up, tear_down),
      cmocka_unit_test_setup_teardown(unknown_fails_and_none_has_a_word, set_up, tear_down),
      cmocka_unit_test_setup_teardown(a_condition_is_read_behind_those_before_it, set_up, tear_down),
      cmocka_unit_test_setup_teardown(mistakes_in_rules, set_up, tear_down),
      cmocka_unit_test_setup_teardown(many_resources_join_by_hash, set_up, tear_down),
      cmocka_unit_test_setup_teardown(a_rule_over_all_pairs_of_many_says_so, set_up, tear_down),
      cmocka_unit_test_setup_teardown(no_combination_is_left_out_unsaid, set_up, tear_down),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
