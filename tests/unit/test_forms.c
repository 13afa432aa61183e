/* Steps that are written in one form: the same bytes as written one by one, whatever their values are, and read back by the whole. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "cutc.h"
#include "script/emit_steps.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct slice slice_of(const char *text) { return (struct slice){text, strlen(text)}; }

static void test_form(void **state) {
  (void)state;
  struct arena a = {0};
  struct form f;
  struct text out = {.arena = &a};
  assert_string_equal(stand_in(&a, 17, false), "A000000017");
  assert_int_equal(stand_in_number(3, true), 2000000003);
  assert_true(form_find(&f, &a, slice_of("x A000000002_y=1000000000 A000000009"), slice_of("x B000000002_y=2000000000 A000000009")));
  form_fill(&out, &f, (struct slice[]){{"7", 1}, {0}, {"two", 3}});
  assert_string_equal(text_done(&out), "x two_y=7 A000000009"); /* what both have is no stand-in */
  form_fill(&out, &f, (struct slice[]){{"", 0}, {0}, {"", 0}});
  assert_string_equal(text_done(&out), "x two_y=7 A000000009x _y= A000000009");
  static const char *const others[][2] = {{"x A000000002", "x B000000002 "}, {"x A000000002", "x B000000003"}, {"x A00000000", "x B00000000"},
                                          {"x", "y"},                        {"A000000002>x", "B000000002>x"}, {"A0000000022>x", "B0000000022>x"},
                                          {"A000000002<x", "B000000002<x"},  {"A999999999", "B999999999"},     {"A000000002", "2000000002"},
                                          {"xA000000002", "xB000000002"},    {"A000000002x", "B000000002x"},   {"A000000002A000000003", "B000000002B000000003"}};
  for (size_t i = 0; i < sizeof others / sizeof *others; i++) assert_false(form_find(&f, &a, slice_of(others[i][0]), slice_of(others[i][1])));
  arena_free(&a);
}

/* Bytes that need no quotes stand for themselves to who reads back, at any place of a word. */
static void test_what_needs_no_quotes(void **state) {
  (void)state;
  struct arena a = {0};
  for (int c = 1; c < 256; c++) {
    char text[] = {'x', (char)c, 'y', (char)c, '\0'};
    if (quote_needless(text) < 4) continue;
    struct reading r = {.arena = &a, .text = text, .n = 4};
    assert_true(reading_known(&r, true, text, 4));
    assert_int_equal(r.at, 4);
  }
  arena_free(&a);
}

/* Commands of all sorts: how values stand in them, and whether such a step has a form. */
static const struct { const char *text; bool formed; } changes[] = {
    {"do { $ ./change ${name} ${new(text)} }\n    undo { $ ./change ${name} \"${new(text)}\" }", true},
    {"do { $ ./change ${name} X${new(text)}-y \"a ${new(text)} b\" 'c' }\n    undo { manual \"Put ${name} to ${new(text)}.\" }", true},
    {"do { $ x${new(text)} y }\n    undo { $ ./change ${name} }", false}, /* it might make a reserved word */
    {"do { $ ./change ${name} }\n    undo { $ ${name}${new(text)} y }", false},
    {"do { $ echo ${new(text)}one \"$(echo d${new(text)})\" }\n    undo { $ ./change ${name} }", false},
    {"do { $ ./change ${name}2>${new(text)} }\n    undo { $ ./change <${name} }", true},
    {"do { $ ./change \"$(cat ${new(text)}2>/dev/null)\" }\n    undo { $ ./change ${name} }", false}, /* a number there would be a descriptor */
    {"do { $ ./change \"$(cat ${new(text)} 2>/dev/null)\" }\n    undo { $ ./change ${name} }", true},
    {"do { $ cat x ${new(text)} > y-${name} 2>&1 }\n    undo { $ V=${new(text)} ./change\n $ ./other ${name} }", true},
    {"do {\n in \"${new(text)}\" {\n $ ./change ${name}\n }\n }\n    undo { $ true }", false},
    {"do { $ ${new(text)} ${name} }\n    undo { $ ./change {${name}} a*${new(text)} && true || false }", true},
    {"do { $ ./change ${run} ${work}/${name} \"${work}/${new(text)}\" { stdin \"in ${new(text)}\"  env V = \"${name} ${new(text)}\" } }", true},
    {"do { http POST \"http://db.example.net/${name}\" { header \"X-Name\" \"${new(text)}\"  body \"${new(text)}\" } }\n    undo { $ true }", true},
    {"do { http POST \"http://db.example.net/${name}\" { save \"${name}\" } }\n    undo { $ true }", false},
    {"do { http POST \"http://db.example.net/${name}?x=${new(text)}\" { body = file \"${new(text)}\"  expect status 200, 201 } }\n    undo { $ true }", false},
    {"do { $ ./change ${name} }\n    undo { $ ./change ${name} }\n    verify {\n $ cat ${name} | wc -l { within 5s }\n expect output contains \"${text}\" within 2m\n }", true},
    {"do { $ ./change ${name} }\n    undo none because \"it stays\"", false},
};
static const char *const plain_values[] = {"a", "10.0.0.1", "5", "0", "-", "--x", "a/b", "/abs", ".", "iffy", "x:y", "50%", "a,b", "us@h", "1.2.3"};
static const char *const odd_values[] = {"it's", "", "a b", "x=y", "~", "#", "*", "!", ";", "$x", "`x`", "a\\\\", "{x}", "10>", "for", "ä"};

enum { STEPS = 210 };

/* A plan of so many steps, in a file that is gone again when it has been read. */
static struct compiled compile_steps(const char *change, unsigned steps, bool odd) {
  char path[] = "/tmp/cutc-test-XXXXXX";
  FILE *f = fdopen(mkstemp(path), "w");
  fprintf(f, "plan forms { operator = desk }\nuse std/net\nclient desk { }\nkind note {\n  text : string\n  change {\n    takes = 1s\n    %s\n  }\n}\n", change);
  for (unsigned i = 0; i < steps; i++) {
    bool other = odd && i % 3 == 1;
    fprintf(f, "note n%u { text = \"%s\" -> \"%s\" }\n", i, "was", other ? odd_values[i % 16] : plain_values[i % 15]);
  }
  fclose(f);
  struct compiled done = compile(path);
  remove(path);
  return done;
}

static uint32_t formed(const struct runbook *b) {
  struct step_writer w;
  uint32_t n = 0;
  steps_begin(&w, b);
  for (uint32_t k = 0; k < b->p->order.n; k++) n += step_formed(&w, k);
  steps_end(&w);
  return n;
}

static void test_the_same_bytes(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
    for (int odd = 0; odd < 2; odd++) {
      struct compiled done = compile_steps(changes[i].text, STEPS, odd);
      if (done.runbook == NULL) fail_msg("%s: %s", changes[i].text, done.c->findings.at[0]->message);
      struct text out = {.arena = &done.c->arena}, once = {.arena = &done.c->arena};
      script_emit(&out, done.runbook);
      runbook_print(&once, done.runbook);
      bool met = runbook_read(done.c, done.runbook, text_done(&once), once.n, NONE) == 0;
      if (met != (out.n > 0)) fail_msg("%s: %s", changes[i].text, met ? "not written" : "written, though it does not read back");
      if (met) assert_string_equal(text_done(&out), text_done(&once));
      uint32_t n = formed(done.runbook);
      if (n != (!changes[i].formed ? 0 : odd ? STEPS / 3 * 2 : STEPS)) fail_msg("%s: %u steps have a form", changes[i].text, n);
      compilation_free(done.c);
    }
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_form), cmocka_unit_test(test_what_needs_no_quotes), cmocka_unit_test(test_the_same_bytes)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
