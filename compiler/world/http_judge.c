/* What an answer says of itself -> a complaint, or nothing; texts of answers -> texts that may be shown.
 * Needs bytes that nobody has looked at yet. Guarantees short sentences without control characters, whatever the bytes are. */
#include "world/http.h"
#include "world/http_inside.h"

#include <ctype.h>
#include <nettle/base64.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { SHOWN = 200 };

/* ── Texts ─────────────────────────────────────────────────────────────────── */

/* Bytes of a UTF-8 sequence that starts here, 0 when it is none (or could hide what is printed: C1 controls). */
static size_t sequence(const unsigned char *s, size_t n) {
  size_t want = *s >= 0xF0 && *s <= 0xF4 ? 4 : *s >= 0xE0 && *s < 0xF0 ? 3 : *s >= 0xC2 && *s < 0xE0 ? 2 : 0;

  if (want == 0 || want > n || (*s == 0xC2 && s[1] < 0xA0)) return 0;
  for (size_t i = 1; i < want; i++)
    if ((s[i] & 0xC0) != 0x80) return 0;
  /* direction marks and line separators: U+200E, U+200F, U+2028..U+202E, U+2066..U+2069 */
  if (*s == 0xE2 && s[1] == 0x80 && (s[2] == 0x8E || s[2] == 0x8F || (s[2] >= 0xA8 && s[2] <= 0xAE))) return 0;
  if (*s == 0xE2 && s[1] == 0x81 && s[2] >= 0xA6 && s[2] <= 0xA9) return 0;
  return want;
}

const char *http_shown(struct arena *arena, const char *text, size_t n, size_t most) {
  struct text out = {.arena = arena};

  for (size_t i = 0; i < n;) {
    const unsigned char *s = (const unsigned char *)text + i;
    size_t k = *s < 0x80 ? 1 : sequence(s, n - i);

    if (out.n + (k > 1 ? k : 1) > most) {
      text_puts(&out, "…");
      break;
    }
    if (k > 1) text_add(&out, text + i, k);
    else if (k == 1 && *s >= ' ' && *s != 127) text_putc(&out, (char)*s);
    else if (out.n > 0 && out.at[out.n - 1] != ' ') text_putc(&out, ' ');
    i += k > 0 ? k : 1;
  }
  return text_done(&out);
}

const char *http_origin(struct arena *arena, const char *url) {
  const char *colon = strstr(url, "://");
  size_t scheme = colon != NULL ? (size_t)(colon - url) : 0;

  if (scheme == 0 || scheme > 8) return "";
  const char *host = colon + 3;
  size_t n = strcspn(host, "/?#");

  for (size_t i = 0; i < n; i++)
    if (host[i] == '@') host += i + 1, n -= i + 1, i = (size_t)-1;
  char *origin = arena_print(arena, "%.*s://%.*s", (int)scheme, url, (int)n, host);
  bool tls = scheme == 5, named = false;

  for (char *c = origin; *c != '\0'; c++) *c = (char)tolower((unsigned char)*c);
  const char *after = strrchr(origin, ']');

  named = strchr(after != NULL ? after : origin + scheme + 3, ':') != NULL;
  return named ? origin : arena_print(arena, "%s:%s", origin, tls ? "443" : "80");
}

const char *http_base64(struct arena *arena, const char *text, size_t n) {
  char *out = arena_alloc(arena, BASE64_ENCODE_RAW_LENGTH(n) + 1, 1);

  base64_encode_raw(out, n, (const uint8_t *)text);
  out[BASE64_ENCODE_RAW_LENGTH(n)] = '\0';
  return out;
}

/* ── Credentials ───────────────────────────────────────────────────────────── */

static const char *cover(struct arena *arena, const char *text, const char *secret) {
  size_t n = secret == NULL ? 0 : strlen(secret);

  if (n < 4) return text;
  for (const char *at; (at = strstr(text, secret)) != NULL;)
    text = arena_print(arena, "%.*s***%s", (int)(at - text), text, at + n);
  return text;
}

const char *http_covered(struct arena *arena, const struct http_request *r, const char *text) {
  text = cover(arena, text, r->bearer);
  text = cover(arena, text, r->basic);
  if (r->basic != NULL) text = cover(arena, text, http_base64(arena, r->basic, strlen(r->basic)));
  if (r->basic != NULL && strchr(r->basic, ':') != NULL) text = cover(arena, text, strchr(r->basic, ':') + 1);
  for (uint32_t i = 0; i < r->header_count; i++)
    if (strncasecmp(r->headers[i].name, "content-", 8) != 0 && strncasecmp(r->headers[i].name, "accept", 6) != 0)
      text = cover(arena, text, r->headers[i].value);
  return text;
}

/* ── Complaints ────────────────────────────────────────────────────────────── */

json_t *http_json(const char *body, size_t length) {
  json_error_t error;
  json_t *j = json_loadb(body, length, JSON_DECODE_ANY | JSON_ALLOW_NUL, &error);

  /* Numbers beyond 64 bits are numbers all the same. */
  return j != NULL ? j : json_loadb(body, length, JSON_DECODE_ANY | JSON_ALLOW_NUL | JSON_DECODE_INT_AS_REAL, &error);
}

static const char *string_in(const json_t *o, const char *name) {
  const char *s = json_string_value(json_object_get(o, name));

  return s != NULL && *s != '\0' ? s : NULL;
}

/* The texts of an array of strings or of objects with a `message`. */
static const char *messages(struct arena *arena, const json_t *list) {
  struct text out = {.arena = arena};

  for (size_t i = 0; i < json_array_size(list) && i < 4; i++) {
    const json_t *one = json_array_get(list, i);
    const char *text = json_is_string(one) ? json_string_value(one) : string_in(one, "message");

    if (text == NULL || *text == '\0') continue;
    if (out.n > 0) text_puts(&out, "; ");
    text_puts(&out, text);
    if (json_is_integer(json_object_get(one, "code"))) text_print(&out, " (code %lld)", (long long)json_integer_value(json_object_get(one, "code")));
    const char *chain = messages(arena, json_object_get(one, "error_chain"));

    if (chain != NULL) text_print(&out, ", %s", chain);
  }
  return out.n > 0 ? out.at : NULL;
}

/* A text that answers share: `status` is text at Technitium and Kubernetes, `success` at Cloudflare, `code` a number at pfSense. */
static const char *complaint(struct arena *arena, unsigned status, const json_t *o) {
  const char *state = string_in(o, "status"), *kind = string_in(o, "kind"), *message = string_in(o, "message");

  if (json_is_false(json_object_get(o, "success"))) {
    const char *said = messages(arena, json_object_get(o, "errors"));

    return said != NULL ? said : "it says that it had no success";
  }
  if (kind != NULL && strcmp(kind, "Status") == 0 && state != NULL && strcmp(state, "Failure") == 0)
    return message != NULL ? message : string_in(o, "reason") != NULL ? string_in(o, "reason") : "it says Failure";
  if (state != NULL && strcmp(state, "error") == 0)
    return string_in(o, "errorMessage") != NULL ? string_in(o, "errorMessage") : message != NULL ? message : "it says error";
  if (state != NULL && (strcmp(state, "invalid-token") == 0 || strcmp(state, "2fa-required") == 0)) return state;
  const json_t *code = json_object_get(o, "code");

  if (json_is_integer(code) && json_integer_value(code) >= 400 && string_in(o, "response_id") != NULL)
    return message != NULL ? message : string_in(o, "response_id");
  if (status < 400) return NULL;
  const char *said = messages(arena, json_object_get(o, "errors"));

  return said != NULL ? said : message != NULL ? message : string_in(o, "error");
}

const char *http_complaint_in(struct arena *arena, unsigned status, const json_t *answer) {
  const char *said = json_is_object(answer) ? complaint(arena, status, answer) : NULL;

  return said == NULL ? NULL : http_shown(arena, said, strlen(said), SHOWN);
}

const char *http_complaint(struct arena *arena, unsigned status, const char *body, size_t length) {
  json_t *j = http_json(body, length);
  const char *said = http_complaint_in(arena, status, j);

  json_decref(j);
  return said;
}
