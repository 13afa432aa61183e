/* JSON text -> values, with the place where it is none; members by path.
 * Needs bytes. Guarantees a sentence for what looks like something else: a page of HTML, half an answer, an empty file. */
#include "world/import.h"

#include <stdio.h>
#include <string.h>

bool import_fail(struct import *im, uint32_t line, uint32_t column, const char *format, ...) {
  if (im->error) return false;
  va_list args, again;
  va_start(args, format);
  va_copy(again, args);
  int n = vsnprintf(NULL, 0, format, again);
  va_end(again);
  char *text = arena_alloc(im->arena, n > 0 ? (size_t)n + 1 : 1, 1);
  if (n > 0) vsnprintf(text, (size_t)n + 1, format, args);
  va_end(args);
  if (line) im->error = arena_print(im->arena, "%s:%u:%u: %s", im->path, line, column, text);
  else im->error = arena_print(im->arena, "%s: %s", im->path, text);
  return false;
}

/* Line and column of a byte. */
static void place(const char *text, size_t at, uint32_t *line, uint32_t *column) {
  *line = *column = 1;
  for (size_t i = 0; i < at; i++) {
    (*column)++;
    if (text[i] == '\n') {
      (*line)++;
      *column = 1;
    }
  }
}

static size_t blanks(const char *text, size_t n, size_t at) {
  while (at < n && (text[at] == ' ' || text[at] == '\t' || text[at] == '\n' || text[at] == '\r' || text[at] == 0x1e)) at++;
  return at;
}

json_t *import_json(struct import *im, const char *text, size_t n, size_t *at) {
  json_error_t error;
  size_t start = blanks(text, n, *at);
  uint32_t line, column;
  if (start == n) {
    if (*at == 0) import_fail(im, 0, 0, "there is nothing in it: an answer as JSON was expected");
    *at = n;
    return NULL;
  }
  json_t *value = json_loadb(text + start, n - start, JSON_DISABLE_EOF_CHECK, &error);
  if (!value && json_error_code(&error) == json_error_numeric_overflow) /* numbers beyond 64 bits are numbers all the same */
    value = json_loadb(text + start, n - start, JSON_DISABLE_EOF_CHECK | JSON_DECODE_INT_AS_REAL, &error);
  if (value) {
    *at = blanks(text, n, start + (size_t)error.position);
    return value;
  }
  size_t where = start + (error.position > 0 && (size_t)error.position <= n - start ? (size_t)error.position : 0);
  place(text, where, &line, &column);
  if (text[start] == '<')
    import_fail(im, line, column, "this is markup and no JSON: a proxy or a login page has answered instead of the API");
  else if (json_error_code(&error) == json_error_premature_end_of_input)
    import_fail(im, line, column, "the JSON ends too early: only a part of the answer was saved");
  else if (json_error_code(&error) == json_error_stack_overflow)
    import_fail(im, line, column, "the JSON is nested too deeply");
  else
    import_fail(im, line, column, "this is no JSON: %s", shown(im, error.text));
  *at = n;
  return NULL;
}

json_t *import_keep(struct import *im, json_t *value) {
  if (value) array_push(im->arena, &im->kept, value);
  return value;
}

json_t *member(const json_t *object, const char *path) {
  const json_t *at = object;
  while (at && *path) {
    size_t n = strcspn(path, "/");
    at = json_is_object(at) ? json_object_getn(at, path, n) : NULL;
    path += n + (path[n] == '/');
  }
  return (json_t *)(uintptr_t)at;
}

const char *member_text(const json_t *object, const char *path) {
  const char *text = json_string_value(member(object, path));
  return text && *text ? text : NULL;
}

int64_t member_number(const json_t *object, const char *path) {
  const json_t *v = member(object, path);
  double d = json_number_value(v);
  return json_is_integer(v) ? json_integer_value(v) : d >= -9e15 && d <= 9e15 ? (int64_t)d : 0;
}
