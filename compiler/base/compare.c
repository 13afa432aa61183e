/* Values compared: equality of meaning, order, and addresses within each other; and the nearest of some words.
 * Needs values as value.c and model/ make them. Guarantees that nesting is bounded as the tree's is. */
#include "base/base.h"

#include <string.h>

static int sign(int64_t a, int64_t b) { return a < b ? -1 : a > b; }

static bool equal_items(const struct value *a, const struct value *b) {
  if (a->count != b->count) return false;
  for (uint32_t i = 0; i < a->count; i++)
    if (!value_equal(&a->items[i], &b->items[i])) return false;
  return true;
}

/* Maps are equal whatever the order of their keys; a key is there once. */
static bool equal_maps(const struct value *a, const struct value *b) {
  if (a->count != b->count) return false;
  for (uint32_t i = 0; i < a->count; i++) {
    uint32_t k = i < b->count && b->keys[i] == a->keys[i] ? i : 0;
    while (k < b->count && b->keys[k] != a->keys[i]) k++;
    if (k == b->count || !value_equal(&a->items[i], &b->items[k])) return false;
  }
  return true;
}

static bool equal_hosts(const struct value *a, const struct value *b) {
  if (a->literal_host != b->literal_host) return false;
  return a->literal_host ? memcmp(&a->from, &b->from, sizeof a->from) == 0 : a->host == b->host;
}

bool value_equal(const struct value *a, const struct value *b) {
  if (a->type != b->type) return false;
  switch ((enum value_type)a->type) {
  case V_NONE: return true;
  case V_UNKNOWN: return false; /* nobody knows */
  case V_BOOL:
  case V_NUMBER:
  case V_DURATION: return a->number == b->number;
  case V_VERSION: /* names of versions are as written: 1.0 and 1.0 */
  case V_STRING:
  case V_WORD: return a->name == b->name;
  case V_ADDRESS:
  case V_RANGE: return memcmp(&a->from, &b->from, sizeof a->from) == 0 && memcmp(&a->to, &b->to, sizeof a->to) == 0;
  case V_CIDR: return a->prefix == b->prefix && memcmp(&a->from, &b->from, sizeof a->from) == 0;
  case V_PORT: return a->proto == b->proto && a->lo == b->lo && a->hi == b->hi;
  case V_ENDPOINT: return a->proto == b->proto && a->lo == b->lo && a->hi == b->hi && equal_hosts(a, b);
  case V_URL: return a->name == b->name;
  case V_LIST: return equal_items(a, b);
  case V_MAP: return equal_maps(a, b);
  case V_CALL: return a->name == b->name && equal_items(a, b);
  case V_RESOURCE:
  case V_ZONE:
  case V_KIND:
  case V_SECRET:
  case V_STEP:
  case V_TOOL: return a->id == b->id;
  }
  return false;
}

/* By parts, as numbers of any length; a part that is missing is smaller than 0. */
static int compare_versions(const char *a, const char *b) {
  while (*a != '\0' || *b != '\0') {
    if (*a == '\0' || *b == '\0') return *a == '\0' ? -1 : 1;
    while (*a == '0' && a[1] >= '0' && a[1] <= '9') a++;
    while (*b == '0' && b[1] >= '0' && b[1] <= '9') b++;
    size_t n = strspn(a, "0123456789"), m = strspn(b, "0123456789");
    if (n != m) return n < m ? -1 : 1;
    int order = memcmp(a, b, n);
    if (order != 0) return order < 0 ? -1 : 1;
    a += n;
    b += m;
    if (*a != '\0' && (*a < '0' || *a > '9')) a++;
    if (*b != '\0' && (*b < '0' || *b > '9')) b++;
  }
  return 0;
}

int value_compare(const struct names *names, const struct value *a, const struct value *b) {
  if (a->type != b->type) return 2;
  switch ((enum value_type)a->type) {
  case V_NUMBER:
  case V_DURATION: return sign(a->number, b->number);
  case V_VERSION: return compare_versions(name_text(names, a->name), name_text(names, b->name));
  case V_STRING: {
    int order = strcmp(name_text(names, a->name), name_text(names, b->name));
    return order < 0 ? -1 : order > 0;
  }
  case V_ADDRESS: {
    int order = memcmp(&a->from, &b->from, sizeof a->from);
    return order < 0 ? -1 : order > 0;
  }
  case V_PORT:
    if (a->lo != b->lo) return sign(a->lo, b->lo);
    if (a->hi != b->hi) return sign(a->hi, b->hi);
    return sign(a->proto, b->proto);
  case V_NONE:
  case V_UNKNOWN:
  case V_BOOL:
  case V_WORD:
  case V_RANGE:
  case V_CIDR:
  case V_ENDPOINT:
  case V_URL:
  case V_LIST:
  case V_MAP:
  case V_CALL:
  case V_RESOURCE:
  case V_ZONE:
  case V_KIND:
  case V_SECRET:
  case V_STEP:
  case V_TOOL: return 2;
  }
  return 2;
}

static bool has_addresses(const struct value *v) {
  return v->type == V_ADDRESS || v->type == V_RANGE || v->type == V_CIDR;
}

bool value_within(const struct value *inner, const struct value *outer) {
  return has_addresses(inner) && has_addresses(outer) && memcmp(&outer->from, &inner->from, sizeof inner->from) <= 0 &&
         memcmp(&inner->to, &outer->to, sizeof inner->to) <= 0;
}

bool value_overlaps(const struct value *a, const struct value *b) {
  if (a->type == V_PORT && b->type == V_PORT)
    return a->lo <= b->hi && b->lo <= a->hi && (a->proto == b->proto || a->proto == PROTO_ANY || b->proto == PROTO_ANY);
  return has_addresses(a) && has_addresses(b) && memcmp(&a->from, &b->to, sizeof a->from) <= 0 &&
         memcmp(&b->from, &a->to, sizeof a->from) <= 0;
}

/* ── The nearest word ──────────────────────────────────────────────────────── */

enum { WORD_LIMIT = 63 };

static char lower(char c) { return (char)(c >= 'A' && c <= 'Z' ? c + 32 : c); }

/* Optimal string alignment distance, counted in halves: a change of case costs half an edit. Three rows. */
static unsigned distance(const char *a, size_t n, const char *b, size_t m) {
  unsigned rows[3][WORD_LIMIT + 1];
  for (size_t j = 0; j <= m; j++) rows[0][j] = (unsigned)(2 * j);
  for (size_t i = 1; i <= n; i++) {
    unsigned *row = rows[i % 3], *above = rows[(i + 2) % 3], *two = rows[(i + 1) % 3];
    row[0] = (unsigned)(2 * i);
    for (size_t j = 1; j <= m; j++) {
      unsigned change = a[i - 1] == b[j - 1] ? 0 : lower(a[i - 1]) == lower(b[j - 1]) ? 1 : 2;
      unsigned best = above[j - 1] + change;
      if (above[j] + 2 < best) best = above[j] + 2;
      if (row[j - 1] + 2 < best) best = row[j - 1] + 2;
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] && two[j - 2] + 2 < best) best = two[j - 2] + 2;
      row[j] = best;
    }
  }
  return rows[n % 3][m];
}

static bool same_letters(const char *a, const char *b) {
  while (*a != '\0' && lower(*a) == lower(*b)) a++, b++;
  return *a == *b;
}

uint32_t nearest(const char *word, const char *const *candidates, uint32_t n) {
  size_t length = strlen(word);
  uint32_t best = NONE;
  unsigned bound = (unsigned)(length < 3 ? 2 : 2 * length / 3), least = bound + 1;
  if (length == 0 || length > WORD_LIMIT) return NONE;
  for (uint32_t i = 0; i < n; i++) {
    size_t other = strlen(candidates[i]);
    if (other == 0 || other > WORD_LIMIT || 2 * (other > length ? other - length : length - other) > bound) continue;
    unsigned d = same_letters(word, candidates[i]) ? 1 : distance(word, length, candidates[i], other);
    if (d >= 2 * (length < other ? length : other)) continue; /* nothing in common */
    if (d < least) least = d, best = i;
  }
  return best;
}
