/* What a filter gave, beside what the plan says -> as declared, different, or unknown.
 * Guarantees the runbook's own comparison first (the same text), then that of values (60s is 1m, a list in any order). */
#include "world/live_inside.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

enum { SHOWN = 200 };

/* ── Values as text, as the runbook's preflight makes them ─────────────────── */

static const char *one_text(struct arena *arena, const json_t *v) {
  if (json_is_string(v)) return arena_copy(arena, json_string_value(v), json_string_length(v));
  if (json_is_null(v)) return "none";
  char *s = json_dumps(v, JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(17));
  const char *text = s == NULL ? "" : arena_copy(arena, s, strlen(s));

  free(s);
  return text;
}

static int by_text(const void *a, const void *b) { return strcmp(*(const char *const *)a, *(const char *const *)b); }

static const char *plain(struct arena *arena, const json_t *v) {
  if (!json_is_array(v)) return one_text(arena, v);
  size_t n = json_array_size(v);
  const char **items = arena_array(arena, const char *, n + 1);
  struct text out = {.arena = arena};

  for (size_t i = 0; i < n; i++) items[i] = json_is_null(json_array_get(v, i)) ? "null" : one_text(arena, json_array_get(v, i));
  qsort(items, n, sizeof *items, by_text);
  for (size_t i = 0; i < n; i++) text_print(&out, "%s%s", i > 0 ? ", " : "", items[i]);
  return text_done(&out);
}

/* ── Values for a proof ────────────────────────────────────────────────────── */

static struct seen seen_of(struct arena *arena, const json_t *v, unsigned depth) {
  struct seen s = {.type = SEEN_UNKNOWN};

  if (json_is_null(v)) s.type = SEEN_NONE;
  if (json_is_boolean(v)) s.type = SEEN_BOOL, s.number = json_is_true(v);
  if (json_is_integer(v)) s.type = SEEN_NUMBER, s.number = json_integer_value(v);
  if (json_is_real(v) && json_real_value(v) >= -9e15 && json_real_value(v) <= 9e15 && (double)(int64_t)json_real_value(v) >= json_real_value(v) &&
      (double)(int64_t)json_real_value(v) <= json_real_value(v))
    s.type = SEEN_NUMBER, s.number = (int64_t)json_real_value(v);
  if (json_is_string(v)) s.type = SEEN_TEXT, s.text = arena_copy(arena, json_string_value(v), json_string_length(v));
  if (json_is_array(v) && depth == 0) {
    struct seen *items = arena_array(arena, struct seen, json_array_size(v) + 1);

    for (size_t i = 0; i < json_array_size(v); i++) items[i] = seen_of(arena, json_array_get(v, i), 1);
    s.type = SEEN_LIST;
    s.items = items;
    s.count = (uint32_t)json_array_size(v);
  }
  return s;
}

/* ── Verdicts ──────────────────────────────────────────────────────────────── */

static void named(struct look *look) {
  look->value.resource = look->name;
  look->value.attribute = look->part;
}

static void unknown(struct look *look, const char *reason) {
  look->verdict = LOOK_UNKNOWN;
  look->reason = reason;
  look->failed = true;
}

static bool same(const struct asking *a, const struct look *look, const struct value *declared) {
  struct value v;

  if (strcmp(look->seen, look->declared) == 0) return true;
  return seen_value(a->m, look->resource, look->attribute, &look->value, &v) &&
         (value_equal(&v, declared) || strcmp(value_plain(&a->m->c->arena, a->m, &v), value_plain(&a->m->c->arena, a->m, declared)) == 0);
}

/* A value of a later state: somebody was here before. */
bool live_later(const struct asking *a, const struct look *look) {
  const struct attribute *x = attribute_find(a->m, look->resource, look->attribute);

  for (uint32_t i = 0; x != NULL && i < x->cases.n; i++)
    if (same(a, look, &x->cases.at[i].value) || strcmp(look->seen, value_plain(&a->m->c->arena, a->m, &x->cases.at[i].value)) == 0) return true;
  return false;
}

static void judge(struct asking *a, struct look *look, const struct observation *o) {
  named(look);
  if (credentials_within(a->credentials, look->seen)) {
    look->seen = NULL;
    unknown(look, "what is there holds a secret, and is not shown");
    return;
  }
  if (o->declared.type == V_UNKNOWN) look->verdict = LOOK_LEARNT;
  else if (same(a, look, &o->declared)) look->verdict = LOOK_DECLARED;
  else look->verdict = LOOK_DIFFERENT;
  if (look->verdict == LOOK_DIFFERENT) look->arrived = live_later(a, look);
  look->seen = http_shown(a->arena, look->seen, strlen(look->seen), SHOWN);
}

void live_judge(struct asking *a, struct look *look, const struct observation *o, struct filter_result r) {
  if (r.outcome != FILTER_GAVE) {
    unknown(look, r.why);
    return;
  }
  json_error_t error;
  json_t *values = json_loadb(r.values, r.length, JSON_ALLOW_NUL, &error);

  if (values == NULL) values = json_loadb(r.values, r.length, JSON_ALLOW_NUL | JSON_DECODE_INT_AS_REAL, &error);
  if (json_array_size(values) != 1) {
    unknown(look, values == NULL ? "what the filter gives cannot be read" : arena_print(a->arena, "the filter gives %zu values instead of one", json_array_size(values)));
  } else {
    look->seen = plain(a->arena, json_array_get(values, 0));
    look->value = seen_of(a->arena, json_array_get(values, 0), 0);
    judge(a, look, o);
  }
  json_decref(values);
}

void live_judge_text(struct asking *a, struct look *look, const struct observation *o, const char *text, size_t n) {
  while (n > 0 && (text[n - 1] == '\n' || text[n - 1] == '\r')) n--;
  look->seen = arena_copy(a->arena, text, n);
  look->value = (struct seen){.type = SEEN_TEXT, .text = look->seen};
  judge(a, look, o);
}

void live_absent(struct look *look) {
  look->verdict = LOOK_DIFFERENT;
  look->absent = true;
  look->value = (struct seen){.type = SEEN_UNKNOWN};
  named(look);
}

void live_exists(struct look *look, bool there) {
  look->verdict = there ? LOOK_DIFFERENT : LOOK_DECLARED;
  look->present = there;
  look->seen = there ? "there" : "not there";
}

bool live_something(const struct filter_result *r) {
  json_error_t error;
  json_t *values = json_loadb(r->values, r->length, JSON_ALLOW_NUL | JSON_DECODE_INT_AS_REAL, &error);
  const json_t *v = json_array_get(values, 0);
  bool something = v != NULL && !json_is_null(v) && !(json_is_array(v) && json_array_size(v) == 0);

  json_decref(values);
  return something;
}

const char *live_secret_text(struct arena *arena, const struct filter_result *r) {
  json_error_t error;
  json_t *values = json_loadb(r->values, r->length, 0, &error);
  const json_t *v = json_array_get(values, 0);
  const char *text = json_is_string(v) || json_is_number(v) ? one_text(arena, v) : NULL;

  json_decref(values);
  return text;
}

int64_t live_seconds(const struct filter_result *r) {
  json_error_t error;
  json_t *values = r->outcome == FILTER_GAVE ? json_loadb(r->values, r->length, 0, &error) : NULL;
  const json_t *v = json_array_get(values, 0);
  int64_t seconds = json_is_number(v) && json_number_value(v) >= 0 && json_number_value(v) < 1e12 ? (int64_t)json_number_value(v) : -1;

  json_decref(values);
  return seconds;
}

bool live_counts(const struct look *look) {
  return !look->arrived && !look->present && !look->lock && !look->code && !look->left_out && (look->verdict == LOOK_DIFFERENT || look->verdict == LOOK_LEARNT);
}
