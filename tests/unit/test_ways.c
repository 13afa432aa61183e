/* Steps that go one way: each has the terms, needs, findings and commands that it has when it is looked at as if there were no other
 * of its kind. Of all example plans, of the golden ones, and of plans in which one step of many differs from the others. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "model/commands.h"
#include "plan_text.h"

#include <glob.h>
#include <stdio.h>
#include <string.h>

struct told { const char *text; uint32_t filled; };

/* All that is said of a model: findings, the model, and every block of every step. */
static struct told told(struct compilation *c, struct model *m) {
  struct told t = {"", 0};
  struct text out = {.arena = &c->arena};
  if (m == NULL) return t;
  bool *done = arena_array(&c->arena, bool, (size_t)m->steps.n + m->parts.n + 1);
  for (uint32_t i = 0; i < m->steps.n; i++) {
    t.filled += step_filled(m, i);
    state_before(m, i, done);
    text_print(&out, "do\n%s", plan_block(c, m, step_block(m, i, BLOCK_DO, done)));
    done[i] = true;
    state_complete(m, done);
    text_print(&out, "undo\n%s", plan_block(c, m, step_block(m, i, BLOCK_UNDO, done)));
    text_print(&out, "verify\n%s", plan_block(c, m, step_block(m, i, BLOCK_VERIFY, done)));
    state_leave(m, i, done);
    text_print(&out, "%u commands, manual %d, without an inverse %d, title %s\n", m->steps.at[i].commands, m->steps.at[i].manual, m->steps.at[i].no_inverse,
               name_text(&c->names, m->steps.at[i].title));
  }
  model_json(&out, m, NULL);
  findings_sort(c);
  for (uint32_t i = 0; i < c->findings.n; i++) {
    const struct finding *f = c->findings.at[i];
    text_print(&out, "%s %u:%u %s\n", code_text(f->code), f->at.source, f->at.start, f->message);
    for (uint32_t k = 0; k < f->labels.n; k++) text_print(&out, "  %u %s\n", f->labels.at[k].at.start, f->labels.at[k].text);
    for (uint32_t k = 0; k < f->remarks.n; k++) text_print(&out, "  %s\n", f->remarks.at[k].text);
  }
  t.text = text_done(&out);
  return t;
}

/* The first lines that differ. */
static void difference(const char *a, const char *b) {
  size_t line = 0;
  for (size_t i = 0; a[i] != '\0' && a[i] == b[i]; i++)
    if (a[i] == '\n') line = i + 1;
  print_error("together: %.*s\nalone:    %.*s\n", (int)strcspn(a + line, "\n"), a + line, (int)strcspn(b + line, "\n"), b + line);
}

static struct model *model_of(struct compilation *c, const char *path, const char *text) {
  if (text == NULL) return model_build(c, path);
  const char *all = arena_print(&c->arena, "plan p { operator = me }\nuse std/net\nclient me { zone = lan }\n%s", text);
  return model_build_source(c, source_add(c, "plan.cut", all, strlen(all), false));
}

/* Of a plan in a file, or in `text`: is it the same either way? How many steps have what others have, in *filled. */
static void same(const char *path, const char *text, uint32_t *filled) {
  struct compilation *c = compilation_new(), *alone = compilation_new();
  alone->each_alone = true;
  struct told together = told(c, model_of(c, path, text));
  struct told apart = told(alone, model_of(alone, path, text));
  if (strcmp(together.text, apart.text) != 0) {
    print_error("%s\n", path != NULL ? path : text);
    difference(together.text, apart.text);
    fail();
  }
  assert_int_equal(apart.filled, 0);
  *filled = together.filled;
  assert_true(path != NULL || strstr(together.text, "expected a ") == NULL); /* what these plans say is read */
  compilation_free(c);
  compilation_free(alone);
}

static void every_plan_at_hand(void **state) {
  (void)state;
  static const char *const patterns[] = {"examples/*/*.cut", "examples/*.cut", "tests/golden/*.cut"};
  uint32_t plans = 0, filled, all = 0;
  for (size_t i = 0; i < sizeof patterns / sizeof *patterns; i++) {
    glob_t found = {0};
    if (glob(patterns[i], 0, NULL, &found) == 0)
      for (size_t k = 0; k < found.gl_pathc; k++, plans++, all += filled) same(found.gl_pathv[k], NULL, &filled);
    globfree(&found);
  }
  assert_true(plans > 100);
  print_message("%u plans, %u steps as others\n", plans, all);
}

/* `n` resources of a kind that change, and what stands behind them. */
static uint32_t many(const char *kind, const char *body, unsigned n, const char *rest) {
  struct compilation *c = compilation_new();
  struct text plan = {.arena = &c->arena};
  text_puts(&plan, kind);
  for (unsigned i = 0; i < n; i++) {
    text_print(&plan, "\nbox b%u { ", i);
    for (const char *p = body; *p; p++) {
      if (*p == '#') text_print(&plan, "%u", i);
      else text_putc(&plan, *p);
    }
    text_puts(&plan, " }");
  }
  text_puts(&plan, "\n");
  text_puts(&plan, rest);
  uint32_t filled;
  same(NULL, text_done(&plan), &filled);
  compilation_free(c);
  return filled;
}

#define FIELDS "size : number = 1  host : string = \"h\"  at : address = 10.0.0.1  list : [number] = [1, 2]  note : string?  follows : number = size  goal : host | resource = at  "
#define BOX "kind box { " FIELDS "change { takes = 5s do { $ set ${name} ${host} ${new(size)} ${list} \"${list} $(x ${follows})\" ${work}/${id}\nmanual \"${size} after ${old(size)} at ${at}, ${goal}\" } undo { $ set ${old(size)} ${new(size)} ${size} ${follows} } " \
            "verify { $ test ${size} = ${follows}\nexpect output contains \"x ${new(size)} ${host}\" within 3s } } }\n"

static void others_of_a_kind(void **state) {
  (void)state;
  assert_int_equal(many(BOX, "size = # -> 1#", 7, ""), 6); /* the first tells how */
  assert_int_equal(many(BOX, "size = 1# -> # host = \"a#\" at = 10.0.0.# goal = 10.1.0.#", 7, ""), 6);
  assert_int_equal(many(BOX, "size = 1# -> # host = \"a#\" -> \"b\" at = 10.0.0.# -> 10.0.1.#", 7, ""), 6);
  assert_int_equal(many(BOX, "size = # -> 1# name = \"b #\"", 7, "box c { size = 3 -> 4 }"), 7);
  assert_int_equal(many(BOX, "size = # -> 1#", 5, "for x in [1, 2, 3] { box \"f${x}\" { size = x -> 7  host = \"${x}\" } }"), 7);
}

/* One of many that has what the others have not is looked at by itself. */
static void one_that_differs(void **state) {
  (void)state;
  static const char *const own[] = {
      "list = [1]", "list = [1, 2, 3]", "list = []", "host = \"h\" -> \"k\"", "size = 1 -> 2 -> 3", "do { $ own ${size} }", "undo { $ own ${size} }", "verify { $ own }",
      "goal = b1", "goal = std", "at = std", "follows = 3", "needs = b1", "takes = 1m", "disrupts = true", "irreversible = \"gone\"", "atomic = \"one write\"", "early = true",
      "after = b1", "note = \"x\" -> none", "follows = b1.size", "host = \"${b2.size}\"", "owner = b1", "via = b1", "name = \"\\$x\"", "list = [1 -> 4, 2]", "at = unknown",
      "size = \"wrong\" -> 2", "host = nobody.size", "wrong = 1", "list = [3, 4]"};
  for (size_t i = 0; i < sizeof own / sizeof *own; i++) {
    char rest[256];
    bool size = strncmp(own[i], "size", 4) != 0;
    snprintf(rest, sizeof rest, "box c { %s %s }\nkind pool { value : address stands for value }\npool std { value = 10.0.0.9 -> 10.0.0.8 do { $ x } undo { $ y } }", size ? "size = 3 -> 4" : "", own[i]);
    assert_true(many(BOX, "size = # -> 1#", 4, rest) >= 3);
  }
  assert_int_equal(many(BOX, "size = # -> 1#", 4, "create box c { size = 3 }\ncreate box d { size = 3 }\ncreate box e { size = 4 }\ndelete box f { size = 5 }\n"), 5);
  assert_int_equal(many(BOX, "size = # -> 1#", 4, "step both { covers = [b1, b2] }"), 1);
}

/* What a kind may say that is not the same for all, or is. */
static void texts_of_kinds(void **state) {
  (void)state;
  static const struct { const char *change; uint32_t filled; } cases[] = {
      {"change { do { $ set ${size} } }", 4},                                   /* the undo is the do the other way round */
      {"change { do { $ set ${name} ${new(size)} } }", 4},
      {"change { do { $ restart ${name} } }", 0},                               /* no way back */
      {"change { do { $ restart ${host} } undo none because \"no harm\" }", 4},
      {"change { do { $ set ${host} } undo { } irreversible = \"gone\" takes = 3s disrupts = true atomic = \"x\" early = true }", 4},
      {"change { do { when old(exists) and new(exists) { $ set ${new(size)} } when not old(exists) { $ make } } }", 4},
      {"change { do { when size == 3 { $ three ${size} } when size != 3 { $ set ${size} } } }", 0},
      {"change { when host == \"h\" { do { $ set ${size} } } }", 0},
      {"change { do { in \"/srv\" { $ set ${size} { stdin \"x\" env A = \"b\" within 3s } } } }", 4},
      {"change { do { in \"/srv/${host}\" { $ set ${size} } } }", 0},
      {"change { do { $ set ${size} { env A = host } } }", 0},
      {"change { do { http PUT \"https://h.example.net/${name}\" { body \"${size}\" } } }", 0},
      {"change { do { $ set ${size} } needs b0 }", 4},
      {"change { do { $ set ${size} } takes = 1s } takes = 4s", 4},
      {"change { do { $ set ${size} } } disrupts = true takes = 4s", 4},
      {"change { do { $ set ${note} ${size} } }", 0},                           /* `none` has no text */
      {"change { do { $ set ${none_such} } }", 0},
      {"change { do { $ set ${size} ; $ x } verify { http GET \"https://x.example.net/\" \n tcp 10.0.0.1:22 } }", 4},
      {"change { do { $ set ${old} ${new} ${run} ${work}/x } }", 4},
      {"change { do { $ set ${size}\nexpect output contains \"${host} ${new}\" within 3s } }", 4},
      {"change { do { $ set ${follows} ${old(follows)} ${host(goal)} } }", 0},
      {"change { do { $ set ${follows} ${old(follows)} ${goal} ${at} \"${list}\" '${list}' } undo { $ set ${id} } }", 4},
      {"change { do { $ set ${size} \n wait 3s \n expect output contains \"x\" } verify { unreliable = \"it only looks\" \n $ true } }", 0},
      {"change { do { $ set ${size} } verify { unreliable = \"it only looks\" \n $ true } }", 4},
      {"change { do { $ set ${at} ${goal} \"${basename(host)}\" } undo { $ y } }", 0},
      {"change { do { $ set ${secret s} ${size} } }", 0},
      {"change { manual \"set ${name} to ${new}\" }", 4},
      {"change { do { $ set ${via.note} ${size} } }", 0},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    char kind[1024];
    snprintf(kind, sizeof kind, "secret s { from = env \"S\" }\nkind box { " FIELDS "\n%s }\n", cases[i].change);
    uint32_t filled = many(kind, "size = # -> 1#", 5, "");
    if (filled != cases[i].filled) print_error("%s: %u\n", cases[i].change, filled);
    assert_int_equal(filled, cases[i].filled);
  }
}

/* Of a do that is its own undo, only the steps in which something changes that it speaks of can be taken back. */
static void some_speak(void **state) {
  (void)state;
  static const char kind[] = "kind box { size : number = 1 note : string = \"n\" change { do { $ set ${size} } } }\n";
  assert_int_equal(many(kind, "size = # -> 1#", 4, "box c { note = \"a\" -> \"b\" }\nbox d { note = \"a\" -> \"b\" }"), 3);
  assert_int_equal(many(kind, "note = \"a#\" -> \"b\"", 6, "box c { size = 1 -> 2 }\nbox d { size = 3 -> 4 }"), 0);
  assert_int_equal(many(kind, "note = \"a#\" -> \"b\"", 2, "box c { size = 1 -> 2 }\nbox d { size = 3 -> 4 }"), 1);
}

/* What a fleet is made of: each kind of the library that says how it is changed without a provider, and one with. */
static void kinds_of_the_library(void **state) {
  (void)state;
  static const char fleet[] = "use std/pfsense\npfsense wall { host = 10.0.0.1 }\npfsense rest { host = 10.0.0.2 rest = https://10.0.0.2 }\n"
                              "for x in [1, 2, 3, 4, 5] {\n  dns_record \"d${x}\" { zone = lan host = \"h${x}.example.net\" value = 10.0.0.5 -> 10.0.0.6 ttl = 60s }\n"
                              "  nat_rule \"n${x}\" { wan = 10.0.9.1 ports = [80/tcp] target = 10.0.0.5 -> 10.0.0.6 }\n"
                              "  nat_rule \"v${x}\" { wan = 10.0.9.2 ports = [80/tcp, 443/tcp] target = 10.0.0.5 -> 10.0.0.6 via = wall }\n"
                              "  nat_rule \"r${x}\" { wan = 10.0.9.3 ports = [80/tcp, 443/tcp] target = 10.0.0.5 -> 10.0.0.6 via = rest }\n"
                              "  create dns_record \"c${x}\" { host = \"c${x}.example.net\" value = 10.0.0.5 }\n"
                              "  delete host \"g${x}\" { address = 10.0.0.7 }\n  alias \"a${x}\" { value = 10.0.1.1 -> 10.0.1.2 via = wall }\n}\n";
  uint32_t filled;
  same(NULL, fleet, &filled);
  assert_int_equal(filled, 7 * 4);
}

/* A way is a provider's, too: what its attributes say is the same for all who go through it. */
static void ways_of_providers(void **state) {
  (void)state;
  static const char kinds[] = "secret s { from = env \"S\" }\nkind api { url : url? ssh : string? carry { do { $ carry ${name} ${via.ssh} ${patch} } undo { $ back } } }\n"
                              "kind box { " FIELDS "change { do { $ alone ${size} } } change via api { takes = 2s do {\n"
                              "when via.url is none { $ ssh ${via.ssh} set ${new(size)} }\nwhen via.url is not none { http GET via.url { expect status 200 }\n$ curl ${via.url}/${size} } }\n"
                              "verify { when via.url is not none { http GET \"${via.url}/x\" } } } }\nkind cup { size : number = 1 }\n"
                              "api one { ssh = \"one.example.net\" }\napi also { ssh = \"also.example.net\" }\napi two { url = https://two.example.net }\napi gone { ssh = \"a\" -> \"b\" do { $ x } undo { $ y } }\n";
  assert_int_equal(many(kinds, "size = # -> 1# via = one", 6, "box c { size = 1 -> 2 via = two }\nbox d { size = 1 -> 2 via = two }\nbox f { size = 1 -> 2 }"), 6);
  assert_int_equal(many(kinds, "size = # -> 1# via = two", 6, "box c { size = 1 -> 2 via = one }\nbox d { size = 1 -> 2 via = one }\nbox f { size = 1 -> 2 via = one }"), 7);
  assert_int_equal(many(kinds, "size = # -> 1# via = gone", 4, ""), 0);
  /* One text, and another provider: each says what its own does. */
  assert_int_equal(many(kinds, "size = # -> 1# via = one", 4, "box c { size = 1 -> 2 via = also }\nbox d { size = 1 -> 2 via = also }\nbox f { size = 3 -> 4 via = also }"), 5);
  assert_int_equal(many(kinds, "size = # -> 1# via = also", 2, "box c { size = 1 -> 2 via = one }\nbox d { size = 1 -> 2 via = one }\nbox f { size = 3 -> 4 via = one }"), 3);
  assert_int_equal(many(kinds, "size = # -> 1#", 4, "cup a { size = 1 -> 2 via = one }\ncup b { size = 1 -> 2 via = one }\ncup d { size = 1 -> 2 via = one }"), 3);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_plan_at_hand), cmocka_unit_test(others_of_a_kind), cmocka_unit_test(one_that_differs),
      cmocka_unit_test(texts_of_kinds),     cmocka_unit_test(some_speak),       cmocka_unit_test(kinds_of_the_library),
      cmocka_unit_test(ways_of_providers),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
