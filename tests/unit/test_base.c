/* Memory, names, sources and the queue of findings. */
#include "base/beside.h"
#include "base/embedded.h"
#include "base/findings.h"

#include <errno.h>
#include <limits.h>
#include <setjmp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static void memory_is_zeroed_and_aligned(void **state) {
  struct arena a = {0};

  (void)state;
  for (size_t i = 0; i < 5000; i++) {
    unsigned char *p = arena_alloc(&a, i % 97, 3);

    assert_int_equal((uintptr_t)p % 8, 0);
    for (size_t k = 0; k < i % 97 * 3; k++)
      assert_int_equal(p[k], 0);
    memset(p, 0xff, i % 97 * 3);
  }
  assert_non_null(arena_alloc(&a, 0, 8));
  assert_non_null(arena_alloc(&a, 40u << 20, 1));
  arena_free(&a);
  assert_null(a.blocks);
}

static void arrays_grow_and_keep_what_they_hold(void **state) {
  struct arena a = {0};
  ARRAY(uint64_t) x = {0};
  ARRAY(unsigned char) y = {0};

  (void)state;
  for (uint32_t i = 0; i < 100000; i++) {
    array_push(&a, &x, (uint64_t)i * i);
    if (i % 3 == 0)
      array_push(&a, &y, (unsigned char)i);
  }
  assert_int_equal(x.n, 100000);
  for (uint32_t i = 0; i < x.n; i++)
    assert_int_equal(x.at[i], (uint64_t)i * i);
  for (uint32_t i = 0; i < y.n; i++)
    assert_int_equal(y.at[i], (unsigned char)(i * 3));
  /* What was grown into is zeroed, in place or not. */
  for (uint32_t i = x.n; i < x.cap; i++)
    assert_int_equal(x.at[i], 0);
  arena_free(&a);
}

/* What an arena has taken over stays as it is, and both go on. */
static void an_arena_takes_over_another(void **state) {
  (void)state;
  for (unsigned empty = 0; empty < 4; empty++) {
    struct arena a = {0}, b = {0};
    uint32_t *first = empty & 1 ? NULL : arena_array(&a, uint32_t, 3), *large = NULL, cap = 0;
    if (first != NULL) first[2] = 7;
    uint32_t *other = empty & 2 ? NULL : arena_array(&b, uint32_t, 5);
    if (other != NULL) {
      other[4] = 9;
      large = arena_grow(&b, NULL, 0, &cap, 1 << 18, sizeof *large);
      large[cap - 1] = 11;
    }
    size_t total = a.total + b.total;
    arena_adopt(&a, &b);
    assert_int_equal(a.total, total);
    assert_int_equal(b.total, 0);
    uint32_t last = cap - 1, *next = arena_array(&a, uint32_t, 1 << 12);
    for (uint32_t i = 0; i < 1 << 12; i++) assert_int_equal(next[i], 0), next[i] = i + 1;
    if (large != NULL) large = arena_grow(&a, large, cap, &cap, cap + 1, sizeof *large);
    if (first != NULL) assert_int_equal(first[2], 7);
    if (other != NULL) assert_int_equal(other[4], 9);
    if (large != NULL) assert_int_equal(large[last], 11);
    assert_null(b.blocks);
    uint32_t *own = arena_array(&b, uint32_t, 1);
    *own = 1;
    arena_free(&b);
    arena_free(&a);
  }
}

static void texts_are_printed_as_the_c_library_does(void **state) {
  struct arena a = {0};
  char want[400];

  (void)state;
#define SAME(...)                                                                                  \
  do {                                                                                             \
    struct text t = {.arena = &a};                                                                 \
    text_puts(&t, "before ");                                                                      \
    text_print(&t, __VA_ARGS__);                                                                   \
    snprintf(want, sizeof want, __VA_ARGS__);                                                      \
    assert_string_equal(text_done(&t) + 7, want);                                                  \
    assert_int_equal(t.n, strlen(want) + 7);                                                       \
    assert_string_equal(arena_print(&a, __VA_ARGS__), want);                                       \
  } while (0)
  SAME("plain");
  SAME("%s", "");
  SAME("%s and %s%s", "a", "b", "");
  SAME("100%% of %c%c", 'x', 'y');
  SAME("%u %u %d %d %d", 0u, UINT32_MAX, 0, INT32_MIN, INT32_MAX);
  SAME("%zu %llu %lld %lld", SIZE_MAX, ULLONG_MAX, LLONG_MIN, LLONG_MAX);
  SAME("%.*s|%.*s|%.*s", 2, "abc", 9, "abc", -1, "abc");
  SAME("%s %5d %s", "a width is", 42, "for the library");
  SAME("%-8s|%08x|%.3s|%lu", "left", 0xbeefu, "abcdef", 7ul);
  SAME("%s%s%s%s%s", "a text that is longer ", "than the room which a text begins with, ", "so that it has to grow, ", "and grow again, ", "in between");
#undef SAME
  arena_free(&a);
}

static void texts_are_percent_encoded(void **state) {
  struct arena a = {0};
  struct text t = {.arena = &a};

  (void)state;
  text_percent(&t, "", URL_UNRESERVED);
  assert_string_equal(text_done(&t), "");
  text_percent(&t, "aZ09-._~/ \xc3\xa4%", URL_UNRESERVED);
  assert_string_equal(text_done(&t), "aZ09-._~%2F%20%C3%A4%25");
  text_percent(&t, "/+", "/" URL_UNRESERVED);
  assert_string_equal(text_done(&t), "aZ09-._~%2F%20%C3%A4%25/%2B");
  arena_free(&a);
}

struct lone { struct names *names; uint32_t asked, known; };

static void stop_reading(void *data) {
  struct lone *l = data;
  l->asked++;
  l->known = name_find(l->names, "new", 3);
  l->names->alone = NULL;
}

static void a_name_is_added_once_nobody_else_reads(void **state) {
  struct compilation *c = compilation_new();
  struct lone l = {.names = &c->names};
  (void)state;
  uint32_t old = name_str(&c->names, "old");
  c->names.alone = stop_reading;
  c->names.alone_data = &l;
  assert_int_equal(name_str(&c->names, "old"), old);
  assert_int_equal(name_find(&c->names, "new", 3), NONE);
  assert_int_equal(l.asked, 0);
  assert_int_equal(name_str(&c->names, "new"), old + 1);
  assert_int_equal(l.asked, 1);
  assert_int_equal(l.known, NONE); /* it was not there yet */
  assert_int_equal(name_str(&c->names, "newer"), old + 2);
  assert_int_equal(l.asked, 1);
  compilation_free(c);
}

/* Texts of every length around those where they are kept in another way, and so many that there are several pieces of them. */
static void names_of_all_lengths(void **state) {
  enum { LONGEST = 300, MANY = 12000, HUGE = 3 << 20 };
  (void)state;
  struct compilation *c = compilation_new();
  char *text = arena_alloc(&c->arena, HUGE + 1, 1);
  uint32_t ids[MANY], huge;
  memset(text, 'x', HUGE);
  huge = name_of(&c->names, text, HUGE);
  for (uint32_t i = 0; i < MANY; i++) { /* the middle alone tells them apart */
    uint32_t n = i % LONGEST < 9 ? 9 + i % 9 : i % LONGEST;
    memset(text, 'x', n);
    memcpy(text + n / 2 - 2, &i, sizeof i);
    ids[i] = name_of(&c->names, text, n);
    assert_int_equal(name_length(&c->names, ids[i]), n);
  }
  assert_int_equal(name_of(&c->names, "behind", 6), ids[MANY - 1] + 1);
  for (uint32_t i = 0; i < MANY; i++) {
    uint32_t n = i % LONGEST < 9 ? 9 + i % 9 : i % LONGEST;
    memset(text, 'x', n);
    memcpy(text + n / 2 - 2, &i, sizeof i);
    assert_int_equal(name_find(&c->names, text, n), ids[i]);
    assert_memory_equal(name_text(&c->names, ids[i]), text, n);
    assert_int_equal(name_text(&c->names, ids[i])[n], 0);
    assert_int_equal(ids[i], huge + 1 + i);
  }
  memset(text, 'x', HUGE);
  assert_int_equal(name_find(&c->names, text, HUGE), huge);
  assert_int_equal(name_find(&c->names, text, HUGE - 1), NONE);
  assert_int_equal(name_length(&c->names, huge), HUGE);
  compilation_free(c);
}

static void names_are_the_same_for_the_same_bytes(void **state) {
  struct compilation *c = compilation_new();
  uint32_t ids[3000];

  (void)state;
  assert_int_equal(name_of(&c->names, "", 0), 0);
  for (uint32_t i = 0; i < 3000; i++)
    ids[i] = name_str(&c->names, arena_print(&c->arena, "prefix-%u", i));
  for (uint32_t i = 0; i < 3000; i++) {
    char *text = arena_print(&c->arena, "prefix-%u", i);

    assert_int_equal(name_str(&c->names, text), ids[i]);
    assert_int_equal(name_find(&c->names, text, strlen(text)), ids[i]);
    assert_string_equal(name_text(&c->names, ids[i]), text);
    assert_int_equal(name_length(&c->names, ids[i]), strlen(text));
  }
  assert_int_equal(name_find(&c->names, "never", 5), NONE);
  /* A zero byte is a byte like any other, in the first eight and behind. */
  assert_int_not_equal(name_of(&c->names, "a\0", 2), name_of(&c->names, "a", 1));
  assert_int_not_equal(name_of(&c->names, "12345678\0", 9), name_of(&c->names, "12345678", 8));
  assert_int_not_equal(name_of(&c->names, "a\0b", 3), name_of(&c->names, "a\0c", 3));
  compilation_free(c);
}

static void places_are_lines_and_columns(void **state) {
  struct compilation *c = compilation_new();
  uint32_t s = source_add(c, "x.cut", "ab\n\ncd", 6, false);

  (void)state;
  static const struct { uint32_t at, line, column; } want[] = {{0, 1, 1}, {2, 1, 3}, {3, 2, 1}, {4, 3, 1}, {6, 3, 3}, {99, 3, 3}};

  for (size_t i = 0; i < sizeof want / sizeof *want; i++) {
    struct place p = source_place(c, s, want[i].at);

    assert_int_equal(p.line, want[i].line);
    assert_int_equal(p.column, want[i].column);
  }
  assert_int_equal(c->sources.at[s].text[6] | c->sources.at[s].text[7], 0);
  s = source_add(c, "empty", "", 0, false);
  assert_int_equal(source_place(c, s, 0).line, 1);
  /* Lines of all lengths, many of them and none within what is counted at once. */
  char *text = arena_alloc(&c->arena, 20001, 1);
  for (uint32_t i = 0, next = 0; i < 20000; i++) {
    text[i] = i == next ? '\n' : 'x';
    if (i == next) next += i < 3000 ? 1 + i % 3 : 1 + i % 700;
  }
  s = source_add(c, "lines", text, 20000, false);
  for (uint32_t i = 0, line = 1, start = 0; i <= 20000; i++) {
    struct place p = source_place(c, s, i);
    assert_int_equal(p.line, line);
    assert_int_equal(p.column, i - start + 1);
    assert_int_equal(source_line(c, s, line), start);
    if (text[i] == '\n') line++, start = i + 1;
  }
  compilation_free(c);
}

static void files_are_read_or_say_why_not(void **state) {
  struct compilation *c = compilation_new();
  uint32_t id = 0;

  (void)state;
  assert_false(source_read(c, "/nowhere/at/all.cut", &id));
  assert_int_equal(errno, ENOENT);
  assert_false(source_read(c, "/", &id));
  assert_int_equal(errno, EISDIR);
  assert_true(source_read(c, "/dev/null", &id));
  assert_int_equal(c->sources.at[id].length, 0);
  compilation_free(c);
}

/* Large files are read by two threads: each byte of them, the places in them and what stands in the way of reading them as plain text. */
static void large_files_are_read_in_halves(void **state) {
  (void)state;
  enum { LENGTH = (3 << 20) + 77 };
  static const struct { size_t at; char c; bool plain; } odd[] = {{0, 'a', true}, {5, '\xe2', false}, {LENGTH / 2, '\0', false}, {LENGTH - 1, '\x80', false}, {LENGTH - 1, '\n', true}};
  char *text = malloc(LENGTH), path[] = "/tmp/cutc-halves-XXXXXX";
  int fd = mkstemp(path);
  assert_true(text && fd >= 0);
  for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
    for (size_t k = 0; k < LENGTH; k++) text[k] = k % 3000 < 2000 ? (k * 7 % 61 ? 'x' : '\n') : '\n';
    text[odd[i].at] = odd[i].c;
    assert_int_equal(pwrite(fd, text, LENGTH, 0), LENGTH);
    struct compilation *c = compilation_new();
    uint32_t id, copy = source_add(c, "copy", text, LENGTH, false), line = 1, column = 1;
    assert_true(source_read(c, path, &id));
    const struct source *s = &c->sources.at[id];
    assert_int_equal(s->length, LENGTH);
    assert_memory_equal(s->text, text, LENGTH);
    assert_int_equal(s->text[LENGTH] | s->text[LENGTH + 1], 0);
    assert_int_equal(s->plain, odd[i].plain);
    assert_int_equal(c->sources.at[copy].plain, odd[i].plain);
    for (uint32_t k = 0; k < LENGTH; k++, column++) {
      if (k % 251 == 0 || k + 300 > LENGTH) {
        struct place p = source_place(c, id, k);
        assert_int_equal(p.line, line);
        assert_int_equal(p.column, column);
        assert_int_equal(source_line_at(c, copy, k), line);
      }
      if (text[k] == '\n') line++, column = 0;
    }
    compilation_free(c);
  }
  close(fd);
  unlink(path);
  free(text);
}

static void findings_are_sorted_and_merged(void **state) {
  struct compilation *c = compilation_new();
  uint32_t s = source_add(c, "x.cut", "0123456789", 10, false);

  (void)state;
  finding_add(c, CODE_115, (struct span){s, 1, 2}, "a warning");
  finding_add(c, CODE_001, (struct span){s, 5, 6}, "later");
  finding_add(c, CODE_002, (struct span){s, 3, 4}, "twice");
  finding_add(c, CODE_001, (struct span){s, 3, 4}, "same place, lower code");
  finding_add(c, CODE_002, (struct span){s, 3, 4}, "twice");
  finding_add(c, CODE_252, NOWHERE, "nowhere");
  struct finding *waived = finding_add(c, CODE_231, (struct span){s, 9, 9}, "waived");

  waived->waived = "because";
  findings_sort(c);
  static const char *const want[] = {"same place, lower code", "twice", "later", "waived", "nowhere", "a warning"};

  assert_int_equal(c->findings.n, 6);
  for (size_t i = 0; i < 6; i++)
    assert_string_equal(c->findings.at[i]->message, want[i]);
  assert_int_equal(c->errors, 4);
  assert_int_equal(c->warnings, 1);
  compilation_free(c);
}

static void codes_have_texts(void **state) {
  (void)state;
  assert_string_equal(code_text(CODE_201), "E201");
  assert_string_equal(code_title(CODE_201), "stale target");
  assert_int_equal(code_severity(CODE_203), SEV_NOTE);
  assert_int_equal(code_find("E201"), CODE_201);
  assert_int_equal(code_find("E999"), CODE_COUNT);
}

static void files_in_the_binary_are_found(void **state) {
  size_t count;
  const struct embedded *all = embedded_all(&count);

  (void)state;
  for (size_t i = 0; i < count; i++) {
    assert_ptr_equal(embedded_find(all[i].name), &all[i]);
    if (strcmp(all[i].name, "standin") != 0) /* a program */
      assert_int_equal(strlen(all[i].text), all[i].length);
  }
  assert_null(embedded_find("std/nothing"));
}

static bool sum_beside(void *data) {
  uint64_t *numbers = data;

  for (uint64_t i = 1; i <= 1000; i++)
    numbers[0] += i;
  return numbers[0] == numbers[1];
}

static void work_beside_is_done_once(void **state) {
  struct beside b;
  uint64_t right[] = {0, 500500}, wrong[] = {0, 1};

  (void)state;
  beside_start(&b, sum_beside, right);
  assert_true(beside_join(&b));
  assert_int_equal(right[0], 500500);
  beside_start(&b, sum_beside, wrong);
  assert_false(beside_join(&b));
  assert_int_equal(wrong[0], 500500);
#ifndef CUTC_SANITIZED
  assert_false(beside_worth(9, 10));
#endif
}

/* Each ends when the other has begun. */
struct meeting { pthread_barrier_t *both; };

static bool meet(void *data) {
  struct meeting *m = data;
  int met = pthread_barrier_wait(m->both);

  return met == 0 || met == PTHREAD_BARRIER_SERIAL_THREAD;
}

static void works_beside_each_other_run_at_once(void **state) {
  pthread_barrier_t both;
  struct meeting m = {&both};

  (void)state;
  for (int i = 0; i < 100; i++) {
    struct beside a, b;

    pthread_barrier_init(&both, NULL, 2);
    beside_start(&a, meet, &m);
    beside_start(&b, meet, &m);
    assert_true(beside_join(i % 2 ? &a : &b));
    assert_true(beside_join(i % 2 ? &b : &a));
    pthread_barrier_destroy(&both);
  }
}

/* The thread that stays is not there in a process that was forked: another is. */
static void a_forked_process_has_work_done_beside_it(void **state) {
  struct beside b;
  uint64_t numbers[] = {0, 500500};
  int status;

  (void)state;
  beside_start(&b, sum_beside, numbers);
  assert_true(beside_join(&b));
  pid_t child = fork();

  if (child == 0) {
    numbers[0] = 0;
    alarm(20);
    beside_start(&b, sum_beside, numbers);
    _exit(beside_join(&b) ? 0 : 1);
  }
  assert_int_equal(waitpid(child, &status, 0), child);
  assert_int_equal(status, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(memory_is_zeroed_and_aligned),     cmocka_unit_test(an_arena_takes_over_another), cmocka_unit_test(arrays_grow_and_keep_what_they_hold),
      cmocka_unit_test(texts_are_printed_as_the_c_library_does), cmocka_unit_test(texts_are_percent_encoded),
      cmocka_unit_test(names_of_all_lengths), cmocka_unit_test(names_are_the_same_for_the_same_bytes), cmocka_unit_test(a_name_is_added_once_nobody_else_reads), cmocka_unit_test(places_are_lines_and_columns),
      cmocka_unit_test(files_are_read_or_say_why_not),    cmocka_unit_test(findings_are_sorted_and_merged),
      cmocka_unit_test(codes_have_texts),           cmocka_unit_test(work_beside_is_done_once), cmocka_unit_test(works_beside_each_other_run_at_once),
      cmocka_unit_test(a_forked_process_has_work_done_beside_it),
      cmocka_unit_test(files_in_the_binary_are_found), cmocka_unit_test(large_files_are_read_in_halves),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
