/* What may be shown of bytes, and how wide it is. */
#include "report/paint.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

/* Bytes that stand for themselves are taken many at a time: any other is seen wherever it is among them. */
static void test_each_byte_in_each_place(void **state) {
  (void)state;
  static const char around[] = "abc ~ {}|XYZ 0123456789 -";
  struct arena arena = {0};
  for (int byte = 1; byte < 128; byte++) {
    if (byte == '\t') continue; /* its width hangs on the column */
    for (size_t at = 0; at < sizeof around; at++) {
      char text[sizeof around + 1], one = (char)byte;
      memcpy(text, around, at);
      text[at] = one;
      memcpy(text + at + 1, around + at, sizeof around - at);
      struct text whole = {.arena = &arena}, parts = {.arena = &arena};
      unsigned width = paint_text(&whole, text, strlen(text), 0), sum = paint_text(&parts, text, at, 0);
      sum += paint_text(&parts, &one, 1, 0);
      sum += paint_text(&parts, text + at + 1, strlen(text + at + 1), 0);
      assert_string_equal(text_done(&whole), text_done(&parts));
      assert_int_equal(width, sum);
      assert_int_equal(paint_width(text, strlen(text), 0), width);
      assert_int_equal(strcmp(text_done(&whole), text) == 0, byte >= ' ' && byte != 127);
    }
  }
  arena_free(&arena);
}

static void test_what_cannot_be_shown(void **state) {
  (void)state;
  static const struct { const char *text, *shown; unsigned width; } all[] = {
      {"", "", 0},
      {"plain words only", "plain words only", 16},
      {"a line\nand\x1b[1m more", "a line\xe2\x90\x8a" "and\xe2\x90\x9b[1m more", 19},
      {"eight by\x7f", "eight by\xe2\x90\xa1", 9},
      {"eight by\xff" "eight by", "eight by\xef\xbf\xbd" "eight by", 17},
      {"wide: \xe4\xb8\xad", "wide: \xe4\xb8\xad", 8},
      {"e\xcc\x81 is one", "e\xcc\x81 is one", 8},
      {"turned \xe2\x80\xae", "turned \xef\xbf\xbd", 8},
      {"abc\td", "abc d", 5},
      {"cut \xe4\xb8", "cut \xef\xbf\xbd\xef\xbf\xbd", 6},
  };
  struct arena arena = {0};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
    struct text out = {.arena = &arena};
    unsigned width = paint_text(&out, all[i].text, strlen(all[i].text), 0);
    assert_string_equal(text_done(&out), all[i].shown);
    assert_int_equal(width, all[i].width);
  }
  arena_free(&arena);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_each_byte_in_each_place), cmocka_unit_test(test_what_cannot_be_shown)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
