/* Findings as text: marks under what they mark. */
#include "report/report.h"
#include "report/paint.h"

#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

struct sheet {
  struct compilation *c;
  uint32_t source;
};

static struct sheet sheet(const char *path, const char *text) {
  struct compilation *c = compilation_new();

  return (struct sheet){c, source_add(c, path, text, strlen(text), false)};
}

/* The span of the n-th `word` in a source. */
static struct span word(struct sheet s, const char *what) {
  const char *text = s.c->sources.at[s.source].text, *at = strstr(text, what);

  assert_non_null(at);
  return (struct span){s.source, (uint32_t)(at - text), (uint32_t)(at - text + (long)strlen(what))};
}

static void expect(struct sheet s, const char *want) {
  struct text out = {.arena = &s.c->arena};

  findings_sort(s.c);
  report_findings(&out, s.c, FORMAT_TEXT, false, false);
  assert_string_equal(text_done(&out), want);
  compilation_free(s.c);
}

static void no_findings_no_text(void **state) {
  (void)state;
  expect(sheet("x", ""), "");
}

static void several_places_of_one_source(void **state) {
  struct sheet s = sheet("attempt-1.cut", "one\n  address   = shared -> dedicated\n\n\n  origin = https://10.0.20.200:443\n");
  struct finding *f = finding_add(s.c, CODE_201, word(s, "https://10.0.20.200:443"), "`x` still points at it");

  (void)state;
  finding_caret(s.c, f, "nothing answers");
  finding_label(s.c, f, word(s, "shared -> dedicated"), "step 1 moves it");
  finding_remark(s.c, f, REMARK_DOWN, "all of it");
  finding_remark(s.c, f, REMARK_HELP, "move it too");
  expect(s, "error[E201]: `x` still points at it\n"
            " --> attempt-1.cut:5:12\n"
            "  |\n"
            "2 |   address   = shared -> dedicated\n"
            "  |               ------------------- step 1 moves it\n"
            "  …\n"
            "5 |   origin = https://10.0.20.200:443\n"
            "  |            ^^^^^^^^^^^^^^^^^^^^^^^ nothing answers\n"
            "  |\n"
            "  = down: all of it\n"
            "  = help: move it too\n"
            "\n"
            "1 error\n");
}

static void several_places_of_one_line(void **state) {
  struct sheet s = sheet("x.cut", "left middle right\n");
  struct finding *f = finding_add(s.c, CODE_106, word(s, "middle"), "twice");

  (void)state;
  finding_caret(s.c, f, "M");
  finding_label(s.c, f, word(s, "left"), "L");
  finding_label(s.c, f, word(s, "right"), "R");
  expect(s, "error[E106]: twice\n"
            " --> x.cut:1:6\n"
            "  |\n"
            "1 | left middle right\n"
            "  | ---- ^^^^^^ ----- R\n"
            "  | |    M\n"
            "  | L\n"
            "\n"
            "1 error\n");
}

static void other_sources_have_arrows_of_their_own(void **state) {
  struct sheet s = sheet("plan.cut", "a\n");
  struct sheet other = {s.c, source_add(s.c, "facts.cut", "\n\n  b\n", 6, false)};
  struct finding *f = finding_add(s.c, CODE_106, word(s, "a"), "twice");

  (void)state;
  finding_label(s.c, f, word(other, "b"), "here");
  expect(s, "error[E106]: twice\n"
            " --> plan.cut:1:1\n"
            "  |\n"
            "1 | a\n"
            "  | ^\n"
            "  |\n"
            " --> facts.cut:3:3\n"
            "  |\n"
            "3 |   b\n"
            "  |   - here\n"
            "\n"
            "1 error\n");
}

static void columns_are_those_of_the_terminal(void **state) {
  struct sheet s = sheet("x.cut", "\twährung 日本 e\xcc\x81 here\n");
  struct finding *f = finding_add(s.c, CODE_103, word(s, "here"), "unknown");

  (void)state;
  finding_label(s.c, f, word(s, "日本"), "wide");
  expect(s, "error[E103]: unknown\n"
            " --> x.cut:1:22\n"
            "  |\n"
            "1 |     währung 日本 e\xcc\x81 here\n"
            "  |             ----   ^^^^\n"
            "  |             wide\n"
            "\n"
            "1 error\n");
}

static void nothing_steers_the_terminal(void **state) {
  struct sheet s = sheet("x.cut", "a \x1b[31m \xff \xe2\x80\xae b\r\n");

  (void)state;
  finding_add(s.c, CODE_001, word(s, "b"), "with \x1b[2J in it");
  expect(s, "error[E001]: with ␛[2J in it\n"
            " --> x.cut:1:15\n"
            "  |\n"
            "1 | a ␛[31m � � b\n"
            "  |             ^\n"
            "\n"
            "1 error\n");
}

static void places_at_the_end_and_empty_ones(void **state) {
  struct sheet s = sheet("x.cut", "plan x {");

  (void)state;
  finding_add(s.c, CODE_003, (struct span){s.source, 8, 8}, "unclosed");
  expect(s, "error[E003]: unclosed\n"
            " --> x.cut:1:9\n"
            "  |\n"
            "1 | plan x {\n"
            "  |         ^\n"
            "\n"
            "1 error\n");
  s = sheet("x.cut", "");
  finding_add(s.c, CODE_007, (struct span){s.source, 0, 0}, "empty");
  finding_add(s.c, CODE_008, NOWHERE, "nowhere");
  expect(s, "error[E007]: empty\n"
            " --> x.cut:1:1\n"
            "  |\n"
            "1 |\n"
            "  | ^\n"
            "\n"
            "warning[E008]: nowhere\n"
            "\n"
            "1 error, 1 warning\n");
}

static void spans_over_lines(void **state) {
  struct sheet s = sheet("x.cut", "x = [\n  1,\n  2,\n  3\n]\n");
  struct finding *f = finding_add(s.c, CODE_105, (struct span){s.source, 4, 22}, "wrong");

  (void)state;
  finding_caret(s.c, f, "this");
  expect(s, "error[E105]: wrong\n"
            " --> x.cut:1:5\n"
            "  |\n"
            "1 | x = [\n"
            "  |     ^\n"
            "2 |   1,\n"
            "  |   ^^\n"
            "  …\n"
            "5 | ]\n"
            "  | ^ this\n"
            "\n"
            "1 error\n");
}

static void long_lines_are_cut(void **state) {
  struct compilation *c = compilation_new();
  struct text line = {.arena = &c->arena}, out = {.arena = &c->arena};

  (void)state;
  for (int i = 0; i < 100; i++)
    text_puts(&line, "0123456789");
  text_puts(&line, "here");
  for (int i = 0; i < 100; i++)
    text_puts(&line, "0123456789");
  uint32_t id = source_add(c, "x.cut", text_done(&line), line.n, false);

  finding_add(c, CODE_103, (struct span){id, 1000, 1004}, "unknown");
  report_findings(&out, c, FORMAT_TEXT, false, false);
  const char *shown = strstr(text_done(&out), "1 | "), *marks = strstr(text_done(&out), "^^^^");

  assert_non_null(strstr(shown, "…012345678901234567890123456789here0123456789"));
  assert_true(strcspn(shown, "\n") < 140);
  /* The mark stands below "here": gutter, ellipsis, thirty columns. */
  assert_int_equal(marks - (strchr(shown, '\n') + 1), 4 + 1 + 30);
  compilation_free(c);
}

static void waived_ones_count_nothing(void **state) {
  struct sheet s = sheet("x.cut", "word\n");
  struct finding *f = finding_add(s.c, CODE_231, word(s, "word"), "no undo");

  (void)state;
  f->waived = "it is read-only";
  expect(s, "waived error[E231]: no undo\n"
            " --> x.cut:1:1\n"
            "  |\n"
            "1 | word\n"
            "  | ^^^^\n"
            "  |\n"
            "  = allowed: it is read-only\n"
            "\n"
            "1 waived\n");
}

static void annotations_are_escaped(void **state) {
  struct sheet s = sheet("a,b:c.cut", "word\n");
  struct finding *f = finding_add(s.c, CODE_201, word(s, "word"), "100%% of it");
  struct text out = {.arena = &s.c->arena};

  (void)state;
  finding_remark(s.c, f, REMARK_HELP, "mend, please: now");
  report_findings(&out, s.c, FORMAT_GITHUB, false, false);
  assert_string_equal(text_done(&out), "::error file=a%2Cb%3Ac.cut,line=1,col=1,endLine=1,endColumn=5,title=E201::"
                                       "100%25 of it%0Ahelp: mend, please: now\n");
  compilation_free(s.c);
}

static void any_bytes_are_shown(void **state) {
  uint32_t seed = 1;

  (void)state;
  for (int round = 0; round < 300; round++) {
    struct compilation *c = compilation_new();
    char bytes[200];
    uint32_t n = 0;

    for (; n < sizeof bytes; n++) {
      seed = seed * 1664525u + 1013904223u;
      bytes[n] = seed >> 30 ? (char)(seed >> 16) : '\n';
    }
    bytes[--n] = 0;
    uint32_t id = source_add(c, bytes + 190, bytes, n, false);

    for (int k = 0; k < 8; k++) {
      seed = seed * 1664525u + 1013904223u;
      uint32_t a = seed >> 8 & 255, b = seed >> 16 & 255;
      struct finding *f = finding_add(c, CODE_001, (struct span){id, a, b}, "%.20s", bytes + a % 150);

      finding_caret(c, f, "one");
      finding_label(c, f, (struct span){id, b, a}, "two");
      finding_label(c, f, (struct span){id, a, a + 3}, "%.10s", bytes + b % 150);
    }
    findings_sort(c);
    for (enum format format = FORMAT_TEXT; format <= FORMAT_GITHUB; format++) {
      struct text out = {.arena = &c->arena};

      report_findings(&out, c, format, false, true);
      assert_true(out.n > 0);
    }
    compilation_free(c);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(no_findings_no_text),
      cmocka_unit_test(several_places_of_one_source),
      cmocka_unit_test(several_places_of_one_line),
      cmocka_unit_test(other_sources_have_arrows_of_their_own),
      cmocka_unit_test(columns_are_those_of_the_terminal),
      cmocka_unit_test(nothing_steers_the_terminal),
      cmocka_unit_test(places_at_the_end_and_empty_ones),
      cmocka_unit_test(spans_over_lines),
      cmocka_unit_test(long_lines_are_cut),
      cmocka_unit_test(waived_ones_count_nothing),
      cmocka_unit_test(annotations_are_escaped),
      cmocka_unit_test(any_bytes_are_shown),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
