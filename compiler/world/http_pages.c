/* One page after the other -> one document, and where the next page is.
 * Knows Kubernetes' `metadata.continue`, Cloudflare's `result_info` and the `Link` header (RFC 8288). Guarantees an end: what
 * goes on after PAGES_MOST pages is wrong. */
#include "world/http_inside.h"

#include <ctype.h>
#include <string.h>

/* ── URLs ──────────────────────────────────────────────────────────────────── */

/* The URL with one parameter of its query set. */
static const char *with_parameter(struct arena *arena, const char *url, const char *name, const char *value) {
  struct text out = {.arena = arena};
  size_t end = strcspn(url, "#"), at = strcspn(url, "?#"), n = strlen(name);

  text_add(&out, url, at);
  char mark = '?';

  for (const char *s = url + at; s < url + end && (*s == '?' || *s == '&');) {
    size_t length = strcspn(s + 1, "&#");

    if (!(strncmp(s + 1, name, n) == 0 && (s[1 + n] == '=' || length == n))) {
      text_putc(&out, mark);
      text_add(&out, s + 1, length);
      mark = '&';
    }
    s += 1 + length;
  }
  text_print(&out, "%c%s=", mark, name);
  text_percent(&out, value, URL_UNRESERVED);
  return text_done(&out);
}

/* A reference beside the URL that it stands in (RFC 3986, but for `..`, which no list has). */
static const char *resolved(struct arena *arena, const char *reference, const char *base) {
  const char *origin = http_origin(arena, base), *path = strstr(base, "://");

  if (strstr(reference, "://") != NULL || path == NULL) return reference;
  if (strncmp(reference, "//", 2) == 0) return arena_print(arena, "%.*s:%s", (int)(path - base), base, reference);
  if (*reference == '/') return arena_print(arena, "%s%s", origin, reference);
  path += 3 + strcspn(path + 3, "/?#");
  size_t n = strcspn(path, "?#");

  while (*reference != '?' && n > 0 && path[n - 1] != '/') n--;
  return arena_print(arena, "%s%.*s%s%s", origin, (int)n, path, n == 0 ? "/" : "", reference);
}

/* The target of rel="next" in a Link header. */
static const char *next_link(struct arena *arena, const char *link, const char *base) {
  for (const char *s = link; s != NULL && (s = strchr(s, '<')) != NULL; s++) {
    const char *end = strchr(s, '>');

    if (end == NULL) return NULL;
    size_t parameters = strcspn(end, "<");
    const char *rel = strstr(end, "rel=");

    if (rel == NULL || rel > end + parameters) continue;
    rel += 4 + (rel[4] == '"');
    if (strncmp(rel, "next", 4) != 0 || isalnum((unsigned char)rel[4])) continue;
    return resolved(arena, arena_copy(arena, s + 1, (size_t)(end - s - 1)), base);
  }
  return NULL;
}

/* ── Documents ─────────────────────────────────────────────────────────────── */

/* The array of a page that holds its items: the page itself, or what the vendors call it. */
static json_t *items_of(json_t *page) {
  static const char *const names[] = {"items", "result", "data"};

  if (json_is_array(page)) return page;
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    json_t *items = json_object_get(page, names[i]);

    if (json_is_array(items)) return items;
  }
  return NULL;
}

static json_int_t number_in(const json_t *o, const char *name) { return json_integer_value(json_object_get(o, name)); }

static const char *next_of(struct arena *arena, const json_t *page, const char *first, const char *link) {
  const char *token = json_string_value(json_object_get(json_object_get(page, "metadata"), "continue"));
  const json_t *info = json_object_get(page, "result_info");
  const char *cursor = json_string_value(json_object_get(json_object_get(info, "cursors"), "after"));

  if (token != NULL && *token != '\0') return with_parameter(arena, first, "continue", token);
  if (cursor == NULL) cursor = json_string_value(json_object_get(info, "cursor"));
  if (cursor != NULL && *cursor != '\0') return with_parameter(arena, first, "cursor", cursor);
  json_int_t at = number_in(info, "page"), last = number_in(info, "total_pages"), size = number_in(info, "per_page");

  if (last == 0 && size > 0) last = (number_in(info, "total_count") + size - 1) / size;
  if (at > 0 && at < last) return with_parameter(arena, first, "page", arena_print(arena, "%lld", (long long)at + 1));
  return next_link(arena, link, first);
}

const char *pages_take(struct pages *p, struct arena *arena, json_t *page, const char *first, const char *link, const char **wrong) {
  const char *next = next_of(arena, page, first, link);
  json_t *items = items_of(page);

  *wrong = NULL;
  p->n++;
  if (p->all == NULL) {
    p->all = page;
  } else {
    json_t *sum = items_of(p->all);

    if (items == NULL || sum == NULL) *wrong = "one of its pages is no list";
    else json_array_extend(sum, items);
    json_decref(page);
  }
  if (next == NULL || *wrong != NULL) return NULL;
  if (items == NULL) return NULL; /* no list, whatever else it says */
  if (p->n >= PAGES_MOST) *wrong = arena_print(arena, "it goes on after %u pages", p->n);
  return *wrong != NULL ? NULL : next;
}
