/* What the statements of steps come to: values, quoting, undos, secrets, owners. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "model/elaborate.h"
#include "plan_text.h"

#include <string.h>

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

static const char *const nothing[] = {NULL};

static void clean(void) { assert_string_equal(plan_findings(c), ""); }

#define BOX "kind box { size : number = 1  host : string = \"h\"  list : [number] = [1, 2]  note : string?  change { do { $ set ${host} ${size} } } }\n"

static void do_is_after_and_undo_before_the_step(void **state) {
  (void)state;
  struct model *m = plan_model(c, BOX "box a { size = 1 -> 2 }");
  const char *const done[] = {"a", NULL};
  clean();
  assert_string_equal(plan_block(c, m, plan_step_block(m, "a", BLOCK_DO, nothing)), "run line=set [h] [2]\n");
  assert_string_equal(plan_block(c, m, plan_step_block(m, "a", BLOCK_UNDO, done)), "run line=set [h] [1]\n");
  assert_false(m->steps.at[plan_step(m, "a")].no_inverse);
  assert_int_equal(m->steps.at[plan_step(m, "a")].commands, 1);
}

static void a_chain_has_its_own_ends_in_each_hop(void **state) {
  (void)state;
  struct model *m = plan_model(c, BOX "box a { size = 1 -> 2 -> 3 }");
  const char *const first[] = {"a.size.1", NULL}, *const both[] = {"a.size.1", "a.size.2", NULL};
  clean();
  assert_string_equal(plan_block(c, m, plan_step_block(m, "a.size.1", BLOCK_DO, nothing)), "run line=set [h] [2]\n");
  assert_string_equal(plan_block(c, m, plan_step_block(m, "a.size.2", BLOCK_DO, first)), "run line=set [h] [3]\n");
  assert_string_equal(plan_block(c, m, plan_step_block(m, "a.size.2", BLOCK_UNDO, both)), "run line=set [h] [2]\n");
}

static void quotes_lists_and_names_of_runs(void **state) {
  (void)state;
  struct model *m = plan_model(c, BOX "box a { size = 1 -> 2 do {\n"
                                      "$ x ${list} \"a ${host} $(y ${host} \"${host}\") ${list}\" '${host}' ${run} ${work}/f ${old} \"\\\"${new}\\\"\"\n"
                                      "} }");
  clean();
  assert_string_equal(plan_block(c, m, plan_step_block(m, "a", BLOCK_DO, nothing)),
                      "run line=x [1] [2] \"a [\"h\"] $(y [h] \"[\"h\"]\") [\"1\"][\",\"][\"2\"]\" '${host}' {run} {work}/f [1] \"\\\"[\"2\"]\\\"\"\n");
}

static void options_folders_and_conditions(void **state) {
  (void)state;
  struct model *m = plan_model(c, BOX "secret token { from = env \"T\" }\n"
                                      "box a { size = 1 -> 2 do {\nin \"one\" { in \"two\" {\n$ x { stdin \"pw ${secret token}\" env A = secret token within 5m }\n} }\n"
                                      "when note is none { http PUT \"https://h.example.net/${host}\" { body \"v=${new}\" expect status 200, 204 save \"f\" } }\n"
                                      "when note is not none { $ never ${note} }\n wait 2s\n manual \"set ${host} to ${new}\"\n } }");
  clean();
  assert_string_equal(plan_block(c, m, plan_step_block(m, "a", BLOCK_DO, nothing)),
                      "run in=[one][/][two] line=x stdin=[pw ]<token> A=<token> within=300000\n"
                      "http PUT url=[https://h.example.net/][h] body=[v=][2] save=[f] status=200 status=204\n"
                      "wait 2000\nmanual line=[set ][h][ to ][2]\n");
  assert_int_equal(m->steps.at[plan_step(m, "a")].commands, 3);
  assert_true(m->steps.at[plan_step(m, "a")].manual);
}

static void a_swap_that_is_none_has_no_way_back(void **state) {
  (void)state;
  struct model *m = plan_model(c, BOX "box a { size = 1 -> 2 do { $ restart ${host} } } box b { size = 1 -> 2 do { $ x } undo { $ y } } "
                                      "box d { size = 1 -> 2 do { $ x } undo none because \"it does no harm\" } "
                                      "step s { do { $ z } }  step t { irreversible = \"gone\" do { $ z } }");
  assert_true(m->steps.at[plan_step(m, "a")].no_inverse);
  assert_false(m->steps.at[plan_step(m, "b")].no_inverse);
  assert_false(m->steps.at[plan_step(m, "d")].no_inverse);
  assert_true(m->steps.at[plan_step(m, "s")].no_inverse);
  assert_false(m->steps.at[plan_step(m, "t")].no_inverse);
}

static void covering_steps_join_and_undo_in_reverse(void **state) {
  (void)state;
  struct model *m = plan_model(c, BOX "box a { size = 1 -> 2 } box b { size = 3 -> 4 host = \"i\" } step both { covers = [a, b] atomic = \"one call\" }");
  const char *const done[] = {"both", NULL};
  clean();
  assert_string_equal(plan_block(c, m, plan_step_block(m, "both", BLOCK_DO, nothing)), "run line=set [h] [2]\nrun line=set [i] [4]\n");
  assert_string_equal(plan_block(c, m, plan_step_block(m, "both", BLOCK_UNDO, done)), "run line=set [i] [3]\nrun line=set [h] [1]\n");
  assert_int_equal(m->steps.at[plan_step(m, "both")].commands, 2);
}

static void verifies_expect_and_ask(void **state) {
  (void)state;
  struct model *m = plan_model(c, BOX "box a { size = 1 -> 2 verify {\n$ get ${host}\nexpect output size within 60s\n"
                                      "tcp 10.0.20.200:5432\n dns \"x.example.net\" at 10.0.20.201 expect 10.0.20.203 within 5s\n"
                                      "http GET https://x.example.net { expect status 200, 302 } } }");
  const char *const done[] = {"a", NULL};
  clean();
  assert_string_equal(plan_block(c, m, plan_step_block(m, "a", BLOCK_VERIFY, done)),
                      "run line=get [h] equal=[2]\ntcp url=[10.0.20.200:5432]\ndns name=[x.example.net] server=[10.0.20.201] expected=[10.0.20.203] within=5000\n"
                      "http GET url=[https://x.example.net] status=200 status=302\n");
  assert_int_equal(m->asks.n, 3);
  for (uint32_t i = 0; i < 3; i++) assert_int_equal(m->asks.at[i].type, ASK_VERIFY);
  assert_int_equal(m->asks.at[1].endpoint.port, 53);
  assert_int_equal(m->asks.at[1].endpoint.proto, PROTO_UDP);
}

/* ── Secrets ───────────────────────────────────────────────────────────────── */

#define TOKEN "secret token { from = env \"T\" }\n"

static void a_secret_in_an_argument(void **state) {
  (void)state;
  (void)plan_model(c, BOX TOKEN "box a { size = 1 -> 2 do { $ x --token ${secret token} ${new} } }");
  assert_int_equal(plan_count(c, CODE_271), 1);
}

static void a_secret_in_a_url(void **state) {
  (void)state;
  (void)plan_model(c, BOX TOKEN "box a { size = 1 -> 2 do { http POST \"https://x.example.net/?token=${secret token}&v=${new}\" } }");
  assert_int_equal(plan_count(c, CODE_271), 1);
  assert_int_equal(plan_count(c, CODE_105), 0);
}

static void a_secret_in_a_message(void **state) {
  (void)state;
  (void)plan_model(c, BOX TOKEN "box a { size = 1 -> 2 do { manual \"type ${secret token} and ${new}\" } }");
  assert_int_equal(plan_count(c, CODE_272), 1);
}

static void secrets_where_they_may_be(void **state) {
  (void)state;
  struct model *m = plan_model(c, BOX TOKEN "box a { size = 1 -> 2 do {\n$ x ${new} { env T = secret token stdin secret token }\n"
                                            "http PUT https://x.example.net { bearer secret token basic \"u:${secret token}\" header \"K\" secret token body \"t=${secret token}\" } } }");
  clean();
  const struct step *s = &m->steps.at[plan_step(m, "a")];
  assert_int_equal(s->secret_count, 1);
  assert_string_equal(plan_block(c, m, plan_step_block(m, "a", BLOCK_DO, nothing)),
                      "run line=x [2] stdin=<token> T=<token>\n"
                      "http PUT url=[https://x.example.net] bearer=<token> basic=[u:]<token> body=[t=]<token> header=[K] is=<token>\n");
}

#define STORE                                                                                                                          \
  "kind store { url : url  zone : zone = lan  serves url in zone  fetch { http GET \"${url}/v1/${path}\"  value = jq '.data[$field]' } }\n"   \
  "store vault { url = https://10.0.20.9:8200 }\n"

static void a_store_is_asked_from_where_the_operator_stands(void **state) {
  (void)state;
  struct model *m = plan_model(c, BOX STORE "secret pw { from = vault path = \"a/b\" field = \"c\" }\nbox a { size = 1 -> 2 do { $ x ${new} { env P = secret pw } } }");
  clean();
  uint32_t pw = NONE;
  for (uint32_t i = 0; i < m->secrets.n; i++)
    if (strcmp(name_text(&c->names, m->secrets.at[i].name), "pw") == 0) pw = i;
  assert_int_not_equal(pw, NONE);
  assert_int_equal(m->secrets.at[pw].needs_count, 1);
  assert_int_equal(m->secrets.at[pw].needs[0].port, 8200);
  assert_string_equal(name_text(&c->names, m->zones.at[m->secrets.at[pw].needs[0].zone].name), "lan");
  bool *none = arena_array(&c->arena, bool, m->steps.n + 1);
  assert_string_equal(plan_block(c, m, secret_fetch(m, pw, none)), "http GET url=[https://10.0.20.9:8200][/v1/][a/b] value:=.data[$field]\n");
  for (uint32_t i = 0; i < m->steps.at[plan_step(m, "a")].needs_count; i++)
    assert_int_equal(m->steps.at[plan_step(m, "a")].needs[i].secret, NONE);
}

/* The paths that people know and the one that the API wants. */
static void a_path_is_mended_on_its_way(void **state) {
  (void)state;
  static const char *const paths[][2] = {{"secret/technitium", "secret/data/technitium"}, {"secret/data/technitium", "secret/data/technitium"},
                                         {"team/kv/a/b", "team/kv/data/a/b"}, {"database/static-creds/r", "database/static-creds/r"},
                                         {"secretly/x", "secretly/x"}, {"secret/", "secret/"}};
  for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
    struct compilation *own = compilation_new();
    struct model *m = plan_model(own, arena_print(&own->arena, "use std/vault\nvault store { url = https://vault.example.net  kv = [\"secret\", \"team/kv\"] }\n"
                                                  "secret pw { from = store path = \"%s\" field = \"c\" }\n", paths[i][0]));
    uint32_t pw = 0;
    while (pw + 1 < m->secrets.n && strcmp(name_text(&own->names, m->secrets.at[pw].name), "pw") != 0) pw++;
    struct block b = secret_fetch(m, pw, arena_array(&own->arena, bool, m->steps.n + 1));
    struct text url = {.arena = &own->arena};
    assert_int_equal(b.n, 1);
    for (uint32_t k = 0; k < b.at[0].url.n; k++) text_puts(&url, b.at[0].url.at[k].text);
    assert_string_equal(text_done(&url), arena_print(&own->arena, "https://vault.example.net/v1/%s", paths[i][1]));
    compilation_free(own);
  }
}

static void a_secret_at_use_is_a_need_of_the_step_and_its_undo(void **state) {
  (void)state;
  struct model *m = plan_model(c, BOX STORE "secret pw { from = vault path = \"a/b\" field = \"c\" fetch = at-use }\n"
                                            "box a { size = 1 -> 2 do { $ x ${new} { env P = secret pw } } }");
  clean();
  const struct step *s = &m->steps.at[plan_step(m, "a")];
  bool found = false, back = false;
  for (uint32_t i = 0; i < s->needs_count; i++) found = found || s->needs[i].secret != NONE;
  for (uint32_t i = 0; i < s->undo_needs_count; i++) back = back || s->undo_needs[i].secret != NONE;
  assert_true(found);
  assert_true(back);
}

static void a_secret_that_dies_before_the_end(void **state) {
  (void)state;
  (void)plan_model(c, BOX "secret pw { from = env \"P\" lifetime = 1m } secret ok { from = env \"P\" lifetime = 1h }\n"
                          "box a { size = 1 -> 2 takes = 5m do { $ x ${new} { env P = secret pw env Q = secret ok } } }");
  assert_int_equal(plan_count(c, CODE_273), 1);
}

static void mistakes_in_secrets(void **state) {
  (void)state;
  (void)plan_model(c, BOX STORE "box a {}  secret s1 { path = \"x\" }  secret s2 { from = a }  secret s3 { from = vault path = \"x\" }  secret s4 { from = env \"X\" feild = \"y\" }");
  assert_int_equal(plan_count(c, CODE_108), 2);
  assert_int_equal(plan_count(c, CODE_105), 1);
  assert_int_equal(plan_count(c, CODE_102), 1);
}

/* ── Owners ────────────────────────────────────────────────────────────────── */

#define OWNED                                                                                                                        \
  "kind stack { repo : string = \"r\"  carry { do { in via.repo { $ apply ${patch} } } undo { in via.repo { $ unapply ${patch} } } } }\n" \
  "kind api { change_by : string? }\n kind thing { v : number  change via api { do { $ put ${new(v)} } } }\n stack code {}\n api direct {}\n"

static void a_change_past_its_owner(void **state) {
  (void)state;
  (void)plan_model(c, OWNED "thing a { v = 1 -> 2 via = direct owner = code }");
  assert_string_equal(plan_findings(c), "E291 the next apply of `code` would put `v` of `a` back to 1\n");
}

static void a_change_with_the_code_of_its_owner(void **state) {
  (void)state;
  struct model *m = plan_model(c, OWNED "thing a { v = 1 -> 2 via = direct owner = code code = \"p.patch\" }");
  const char *const done[] = {"a", NULL};
  clean();
  assert_string_equal(plan_block(c, m, plan_step_block(m, "a", BLOCK_DO, nothing)),
                      "run line=put [2]\nrun in=[r] line=git apply --reverse --check [p.patch] || git apply [p.patch]\n");
  assert_string_equal(plan_block(c, m, plan_step_block(m, "a", BLOCK_UNDO, done)),
                      "run in=[r] line=git apply --check [p.patch] || git apply --reverse [p.patch]\nrun line=put [1]\n");
}

static void a_change_through_its_owner(void **state) {
  (void)state;
  struct model *m = plan_model(c, OWNED "thing a { v = 1 -> 2 via = code owner = code patch = \"p.patch\" }");
  const char *const done[] = {"a", NULL};
  clean();
  assert_string_equal(plan_block(c, m, plan_step_block(m, "a", BLOCK_DO, nothing)), "run in=[r] line=apply [p.patch]\n");
  assert_string_equal(plan_block(c, m, plan_step_block(m, "a", BLOCK_UNDO, done)), "run in=[r] line=unapply [p.patch]\n");
}

static void a_value_that_comes_back_is_nobodys_loss(void **state) {
  (void)state;
  (void)plan_model(c, OWNED "thing a { v = 1 -> 2 -> 1 via = direct owner = code }");
  clean();
}

/* ── Mistakes ──────────────────────────────────────────────────────────────── */

static void mistakes_in_statements(void **state) {
  (void)state;
  (void)plan_model(c, BOX "box a { size = 1 -> 2 do {\n$ x ${note} ${new}\n$ y { pipe \"x\" }\nhttp GET \"nonsense ${new}\"\n} verify {\ntcp 10.0.20.200:5432\nexpect output \"x\"\n} }");
  assert_int_equal(plan_count(c, CODE_105), 3); /* the URL before and after the step, and the note */
  assert_int_equal(plan_count(c, CODE_102), 1);
  assert_int_equal(plan_count(c, CODE_001), 1);
}

static void observations(void **state) {
  (void)state;
  struct model *m = plan_model(c, "kind api { url : url  zone : zone = lan  serves url in zone }\n"
                                  "kind thing { v : number  observe via api { http GET \"${via.url}/${name}\"  v = jq '.v' } }\n"
                                  "api direct { url = https://10.0.20.9 }\n thing a { v = 1 via = direct }");
  clean();
  bool *none = arena_array(&c->arena, bool, m->steps.n + 1);
  uint32_t a = resource_find(m, name_str(&c->names, "a"));
  struct block b = resource_observe(m, a, none);
  assert_string_equal(plan_block(c, m, b), "http GET url=[https://10.0.20.9][/][a] v:=.v\n");
  assert_int_equal(b.at[0].observes[0].declared.number, 1);
  assert_int_equal(m->asks.n, 1);
  assert_int_equal(m->asks.at[0].type, ASK_PROVIDER);
}

static void an_alias_is_its_value_where_an_address_is_wanted(void **state) {
  (void)state;
  struct model *m = plan_model(c, "kind alias { value : address  stands for value } alias old_lb { value = 10.0.20.200 } alias new_lb { value = 10.0.20.203 }\n"
                                  "kind rule_like { address : address  target : host  change { do { $ set ${new(address)} ${new(target)} } }\n"
                                  "observe { $ get ${address}\n address = output\n target = output } }\n"
                                  "rule_like a { address = old_lb -> new_lb  target = old_lb -> new_lb }");
  clean();
  assert_string_equal(plan_block(c, m, plan_step_block(m, "a", BLOCK_DO, nothing)), "run line=set [10.0.20.203] [new_lb]\n");
  bool *none = arena_array(&c->arena, bool, m->steps.n + 1);
  struct block b = resource_observe(m, resource_find(m, name_str(&c->names, "a")), none);
  assert_int_equal(b.at[0].observes[0].declared.type, V_ADDRESS);
  assert_int_equal(b.at[0].observes[1].declared.type, V_RESOURCE);
}

static void blocks_of_one_text_are_kept_as_one_shape(void **state) {
  (void)state;
  struct model *m = plan_model(c, "kind unit { size : number  host : host  options : {string} = {}\n"
                                  "change { do { http PUT \"https://10.0.20.9/${name}\" { body \"size ${size}\" header \"X-Host\" \"${host} ${size}\" }\n"
                                  "$ set ${name} ${size} { env SIZE = size } expect output contains \"${size}\" } } }\n"
                                  "unit a { size = 1 -> 2  host = \"h\" }\n unit b { size = 3 -> 4  host = \"i\" }");
  static const char *const want[] = {"http PUT url=[https://10.0.20.9/][a] body", "http PUT url=[https://10.0.20.9/][b] body"};
  const char *const names[] = {"a", "b"};
  clean();
  assert_int_equal(step_shape(m, 0, BLOCK_DO), step_shape(m, 1, BLOCK_DO));
  assert_int_not_equal(step_shape(m, 0, BLOCK_DO), NONE);
  assert_int_not_equal(step_shape(m, 0, BLOCK_DO), step_shape(m, 0, BLOCK_UNDO));
  assert_int_equal(step_shape(m, 0, BLOCK_OBSERVE), NONE);
  bool *none = arena_array(&c->arena, bool, m->steps.n + 1);
  for (uint32_t i = 0; i < 2; i++) {
    struct block fresh, kept = step_kept(&c->arena, m, plan_step(m, names[i]), BLOCK_DO);
    struct kept_blocks *all = m->elaboration->kept;
    m->elaboration->kept = NULL; /* evaluated anew */
    fresh = step_block(m, plan_step(m, names[i]), BLOCK_DO, none);
    m->elaboration->kept = all;
    assert_string_equal(plan_block(c, m, kept), plan_block(c, m, fresh));
    assert_non_null(strstr(plan_block(c, m, kept), want[i]));
  }
}

static void what_another_step_decides_is_not_kept(void **state) {
  (void)state;
  struct model *m = plan_model(c, BOX "kind pair { of : box  size : number  change { do { $ set ${of.size} ${size} } } }\n"
                                  "box a { size = 1 -> 2 }\n pair p { of = a  size = 5 -> 6 }");
  const char *const other[] = {"a", NULL};
  clean();
  assert_int_equal(step_shape(m, plan_step(m, "p"), BLOCK_DO), NONE);
  assert_string_equal(plan_block(c, m, plan_step_block(m, "p", BLOCK_DO, nothing)), "run line=set [1] [6]\n");
  assert_string_equal(plan_block(c, m, plan_step_block(m, "p", BLOCK_DO, other)), "run line=set [2] [6]\n");
  assert_int_not_equal(step_shape(m, plan_step(m, "a"), BLOCK_DO), NONE);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(do_is_after_and_undo_before_the_step), TEST(a_chain_has_its_own_ends_in_each_hop), TEST(quotes_lists_and_names_of_runs),
      TEST(options_folders_and_conditions), TEST(a_swap_that_is_none_has_no_way_back), TEST(covering_steps_join_and_undo_in_reverse),
      TEST(verifies_expect_and_ask), TEST(a_secret_in_an_argument), TEST(a_secret_in_a_url), TEST(a_secret_in_a_message),
      TEST(secrets_where_they_may_be), TEST(a_store_is_asked_from_where_the_operator_stands), TEST(a_path_is_mended_on_its_way),
      TEST(a_secret_at_use_is_a_need_of_the_step_and_its_undo), TEST(a_secret_that_dies_before_the_end), TEST(mistakes_in_secrets),
      TEST(a_change_past_its_owner), TEST(a_change_with_the_code_of_its_owner), TEST(a_change_through_its_owner),
      TEST(a_value_that_comes_back_is_nobodys_loss), TEST(mistakes_in_statements), TEST(observations), TEST(an_alias_is_its_value_where_an_address_is_wanted),
      TEST(blocks_of_one_text_are_kept_as_one_shape), TEST(what_another_step_decides_is_not_kept),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
