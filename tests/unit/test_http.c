/* What answers say of themselves, pages, and what of an answer may be shown. The transfers themselves: tests/live/. */
#include "world/http_inside.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

static const char *complains(struct arena *a, unsigned status, const char *body) { return http_complaint(a, status, body, strlen(body)); }

static void complaints(void **state) {
  struct arena a = {0};
  (void)state;

  assert_null(complains(&a, 200, "{\"success\": true, \"errors\": [], \"result\": {}}"));
  assert_string_equal(complains(&a, 403, "{\"success\": false, \"errors\": [{\"code\": 10000, \"message\": \"Authentication error\"}], \"result\": null}"),
                      "Authentication error (code 10000)");
  assert_string_equal(complains(&a, 400,
                                "{\"success\": false, \"errors\": [{\"code\": 6003, \"message\": \"Invalid request headers\", \"error_chain\": [{\"code\": 6111, "
                                "\"message\": \"Invalid format for Authorization header\"}]}]}"),
                      "Invalid request headers (code 6003), Invalid format for Authorization header (code 6111)");
  /* Technitium answers everything with 200. */
  assert_null(complains(&a, 200, "{\"response\": {\"records\": []}, \"status\": \"ok\"}"));
  assert_string_equal(complains(&a, 200, "{\"status\": \"error\", \"errorMessage\": \"No such zone was found: example.net\"}"), "No such zone was found: example.net");
  assert_string_equal(complains(&a, 200, "{\"status\": \"invalid-token\"}"), "invalid-token");
  assert_string_equal(complains(&a, 401, "{\"kind\": \"Status\", \"status\": \"Failure\", \"message\": \"Unauthorized\", \"code\": 401}"), "Unauthorized");
  assert_null(complains(&a, 200, "{\"kind\": \"Service\", \"status\": {\"loadBalancer\": {}}}"));
  assert_string_equal(complains(&a, 404, "{\"code\": 404, \"status\": \"not found\", \"response_id\": \"MODEL_OBJECT_NOT_FOUND\", \"message\": \"No object\", \"data\": []}"),
                      "No object");
  assert_string_equal(complains(&a, 403, "{\"errors\": [\"1 error occurred: permission denied\"]}"), "1 error occurred: permission denied");
  assert_null(complains(&a, 404, "{\"errors\": []}"));
  assert_null(complains(&a, 200, "{\"errors\": [\"a field of that name\"]}"));
  assert_null(complains(&a, 502, "<html>Bad Gateway</html>"));
  assert_null(complains(&a, 200, ""));
  arena_free(&a);
}

static void shown(void **state) {
  struct arena a = {0};
  (void)state;

  assert_string_equal(http_shown(&a, "a\x1b[31mb\n\nc", 10, 100), "a [31mb c");
  assert_string_equal(http_shown(&a, "gr\xc3\xbc\xc3\x9f", 6, 100), "gr\xc3\xbc\xc3\x9f");
  assert_string_equal(http_shown(&a, "x\xe2\x80\xaey\xff", 6, 100), "x y ");
  assert_string_equal(http_shown(&a, "abcdef", 6, 3), "abc…");
  arena_free(&a);
}

static void origins(void **state) {
  struct arena a = {0};
  (void)state;

  assert_string_equal(http_origin(&a, "https://API.example.net/v1?token=x"), "https://api.example.net:443");
  assert_string_equal(http_origin(&a, "http://10.0.20.201:5380/api"), "http://10.0.20.201:5380");
  assert_string_equal(http_origin(&a, "https://user:pass@example.net@evil.example.org"), "https://evil.example.org:443");
  assert_string_equal(http_origin(&a, "https://[2001:db8::1]/x"), "https://[2001:db8::1]:443");
  assert_string_equal(http_origin(&a, "https://[2001:db8::1]:6443"), "https://[2001:db8::1]:6443");
  assert_string_equal(http_origin(&a, "nonsense"), "");
  arena_free(&a);
}

/* Where the next page is, and what there is in all. */
static const char *take(struct pages *p, struct arena *a, const char *body, const char *first, const char *link) {
  const char *wrong, *next = pages_take(p, a, http_json(body, strlen(body)), first, link, &wrong);

  assert_null(wrong);
  return next;
}

static void pages(void **state) {
  struct arena a = {0};
  struct pages p = {0};
  const char *list = "https://api.example.net/api/v1/services?limit=500";
  (void)state;

  assert_string_equal(take(&p, &a, "{\"metadata\": {\"continue\": \"a/b=\"}, \"items\": [1, 2]}", list, NULL),
                      "https://api.example.net/api/v1/services?limit=500&continue=a%2Fb%3D");
  assert_null(take(&p, &a, "{\"metadata\": {\"continue\": \"\"}, \"items\": [3]}", list, NULL));
  assert_int_equal(json_array_size(json_object_get(p.all, "items")), 3);
  json_decref(p.all);

  p = (struct pages){0};
  list = "https://api.example.net/records?page=1&per_page=2";
  assert_string_equal(take(&p, &a, "{\"result\": [1, 2], \"result_info\": {\"page\": 1, \"per_page\": 2, \"total_pages\": 2}}", list, NULL),
                      "https://api.example.net/records?per_page=2&page=2");
  assert_null(take(&p, &a, "{\"result\": [3], \"result_info\": {\"page\": 2, \"per_page\": 2, \"total_count\": 3}}", list, NULL));
  json_decref(p.all);

  p = (struct pages){0};
  assert_string_equal(take(&p, &a, "[1]", "https://api.example.net/x", " </x?p=0>; rel=\"prev\", </x?p=2>; rel=\"next\""), "https://api.example.net:443/x?p=2");
  json_decref(p.all);
  /* One object is no list, whatever it calls itself. */
  p = (struct pages){0};
  assert_null(take(&p, &a, "{\"metadata\": {\"continue\": \"x\"}}", list, NULL));
  json_decref(p.all);
  arena_free(&a);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(complaints), cmocka_unit_test(shown), cmocka_unit_test(origins), cmocka_unit_test(pages)};

  return cmocka_run_group_tests(tests, NULL, NULL);
}
