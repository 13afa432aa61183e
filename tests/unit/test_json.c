/* The model as JSON: what model_json writes is what the manual shows, and it can be read back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "model_load.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static const char *const sample =
    "{\"format\": \"cutc-model/1\", \"plan\": \"traefik-dedicated-ip\", \"window\": 1800,"
    " \"zones\": [{\"name\": \"internet\", \"inside\": null}, {\"name\": \"lan\", \"inside\": \"internet\"}],"
    " \"clients\": [{\"name\": \"devvm\", \"zone\": \"lan\", \"dns\": [{\"zone\": \"internet\", \"after\": [], \"before\": []}]}],"
    " \"resources\": [{\"name\": \"traefik\", \"kind\": \"lb_service\", \"at\": null, \"attributes\": {\"address\": [\"10.0.20.200\", "
    "\"10.0.20.203\"], \"ttl\": [3600, 0.25], \"on\": [true, null], \"ports\": [[\"443/tcp\"]], \"env\": [{\"A\": \"b\"}]}},"
    "  {\"name\": \"devvm\", \"kind\": \"client\", \"at\": null, \"attributes\": {}},"
    "  {\"name\": \"apex\", \"kind\": \"dns_record\", \"at\": null, \"attributes\": {}},"
    "  {\"name\": \"https\", \"kind\": \"nat_rule\", \"at\": null, \"attributes\": {}},"
    "  {\"name\": \"b\\u0001\\\"\\\\\\n\", \"kind\": \"\xc3\xa4\", \"at\": null, \"attributes\": {}}],"
    " \"facts\": ["
    "  {\"fact\": \"serves\", \"by\": \"traefik\", \"zone\": \"lan\", \"host\": \"10.0.20.203\", \"port\": 443, \"port_end\": null, \"proto\": "
    "\"tcp\", \"after\": [\"traefik\"], \"before\": []},"
    "  {\"fact\": \"serves\", \"by\": \"traefik\", \"zone\": \"lan\", \"host\": \"*.example.net\", \"port\": 1000, \"port_end\": 2000, "
    "\"proto\": \"udp\", \"after\": [], \"before\": [\"traefik\"]},"
    "  {\"fact\": \"forwards\", \"by\": \"https\", \"zone\": \"internet\", \"host\": \"203.0.113.7\", \"port\": 443, \"port_end\": null, "
    "\"proto\": \"udp\", \"to_zone\": \"lan\", \"to_host\": \"10.0.20.203\", \"to_port\": null, \"to\": null, \"vhost\": \"keep\", \"any_of\": "
    "null, \"after\": [\"https\"], \"before\": []},"
    "  {\"fact\": \"forwards\", \"by\": \"https\", \"zone\": \"internet\", \"host\": \"10.0.0.0/8\", \"port\": \"any\", \"port_end\": null, "
    "\"proto\": \"any\", \"to_zone\": \"lan\", \"to_host\": null, \"to_port\": null, \"to\": null, \"vhost\": null, \"any_of\": null, "
    "\"after\": [], \"before\": []},"
    "  {\"fact\": \"forwards\", \"by\": \"apex\", \"zone\": null, \"host\": null, \"port\": null, \"port_end\": null, \"proto\": null, "
    "\"to_zone\": null, \"to_host\": null, \"to_port\": null, \"to\": null, \"vhost\": \"x.example.net\", \"any_of\": [\"traefik\", {\"zone\": "
    "\"lan\", \"host\": \"::1\", \"port\": 80}], \"after\": [], \"before\": []},"
    "  {\"fact\": \"names\", \"by\": \"apex\", \"zone\": \"lan\", \"name\": \"example.net\", \"value\": \"10.0.20.203\", \"to\": null, \"ttl\": "
    "60, \"after\": [\"apex.ttl.1\", \"apex\"], \"before\": [\"apex.ttl.2\"]},"
    "  {\"fact\": \"names\", \"by\": \"apex\", \"zone\": \"lan\", \"name\": \"example.org\", \"value\": null, \"to\": \"https\", \"ttl\": null, "
    "\"after\": [], \"before\": []},"
    "  {\"fact\": \"owns\", \"by\": \"apex\", \"zone\": \"lan\", \"name\": \"example.net\", \"negative_ttl\": 3600, \"after\": [], \"before\": []},"
    "  {\"fact\": \"hosts\", \"by\": \"apex\", \"host\": \"immich.example.net\", \"port\": 443, \"at\": \"traefik\", \"after\": [], \"before\": []},"
    "  {\"fact\": \"hosts\", \"by\": \"apex\", \"host\": \"a.example.net\", \"port\": \"any\", \"at\": \"traefik\", \"after\": [], \"before\": []},"
    "  {\"fact\": \"needs\", \"by\": \"apex\", \"on\": \"traefik\", \"after\": [], \"before\": []},"
    "  {\"fact\": \"needs\", \"by\": \"apex\", \"at_least\": 2, \"of\": [\"traefik\", \"apex\"], \"after\": [], \"before\": []},"
    "  {\"fact\": \"needs\", \"by\": \"apex\", \"zone\": null, \"host\": \"10.0.20.200-10.0.20.220\", \"port\": 5432, \"proto\": \"tcp\", "
    "\"after\": [], \"before\": []},"
    "  {\"fact\": \"needs\", \"by\": \"apex\", \"zone\": \"lan\", \"dns\": \"internet\", \"host\": \"unknown\", \"port\": null, \"proto\": "
    "\"tcp\", \"vhost\": \"x.example.net\", \"unknown\": true, \"after\": [], \"before\": []},"
    "  {\"fact\": \"needs\", \"by\": \"apex\", \"never\": true, \"after\": [\"apex.ttl.2/part\"], \"before\": [\"https\"]}],"
    " \"forbidden\": [{\"rule\": \"snapshot-first\", \"severity\": \"error\", \"after\": [\"traefik\"], \"before\": [\"https\"], \"during\": "
    "\"https\", \"up\": [\"apex\"], \"down\": [\"traefik\"], \"hairpins\": [{\"client\": \"devvm\", \"resource\": \"traefik\", \"is\": true}]}],"
    " \"steps\": ["
    "  {\"id\": \"apex.ttl.1\", \"takes\": 1.5, \"after\": [], \"disrupts\": [\"apex\"], \"irreversible\": null, \"early\": false, \"commands\": "
    "1, \"parts\": [], \"atomic\": null, \"needs\": [], \"undo_needs\": []},"
    "  {\"id\": \"traefik\", \"takes\": 90, \"after\": [\"apex.ttl.1\"], \"disrupts\": [], \"irreversible\": \"because\", \"early\": true, "
    "\"commands\": 4, \"parts\": [], \"atomic\": \"one call\", \"needs\": [{\"zone\": \"lan\", \"dns\": \"internet\", \"host\": \"10.0.20.200\", "
    "\"port\": 5432, \"proto\": \"tcp\"}, {\"on\": \"apex\", \"after\": [\"https\"], \"before\": []}], \"undo_needs\": [{\"never\": true}]},"
    "  {\"id\": \"apex\", \"takes\": null, \"wait\": true, \"after\": [], \"disrupts\": [], \"irreversible\": null, \"early\": false, \"commands\": "
    "0, \"parts\": [], \"atomic\": null, \"needs\": [], \"undo_needs\": []},"
    "  {\"id\": \"https\", \"takes\": 120, \"after\": [], \"disrupts\": [], \"irreversible\": null, \"early\": false, \"commands\": 1, \"parts\": "
    "[], \"atomic\": null, \"needs\": [], \"undo_needs\": []},"
    "  {\"id\": \"apex.ttl.2\", \"takes\": 1, \"after\": [], \"disrupts\": [], \"irreversible\": null, \"early\": false, \"commands\": 1, "
    "\"parts\": [\"part\"], \"atomic\": null, \"needs\": [], \"undo_needs\": []}],"
    " \"promises\": [{\"id\": \"p1\", \"client\": \"devvm\", \"host\": \"home.example.net\", \"vhost\": \"home.example.net\", \"port\": 443, "
    "\"proto\": \"tcp\", \"hold\": \"always\"},"
    "  {\"id\": \"p2\", \"client\": \"devvm\", \"host\": \"10.0.20.200\", \"vhost\": null, \"port\": 5432, \"proto\": \"tcp\", \"hold\": "
    "\"at_most\", \"limit\": 600},"
    "  {\"id\": \"p3\", \"at_least\": 2, \"of\": [\"traefik\", \"apex\", \"https\"], \"hold\": \"always\"},"
    "  {\"id\": \"p4\", \"true\": [{\"after\": [\"traefik\"], \"before\": []}], \"hold\": \"finally\"}],"
    " \"order\": [\"apex.ttl.1\", \"traefik\", \"apex\", \"https\", \"apex.ttl.2\"],"
    " \"timeline\": {\"p1\": [\"up\", \"up\", \"up\", \"up\", \"up\", \"up\"], \"p2\": [\"up\", \"down\", \"down\", \"up\", \"unknown\", \"maybe\"],"
    "  \"p3\": [\"up\", \"up\", \"up\", \"up\", \"up\", \"up\"], \"p4\": [\"up\", \"up\", \"up\", \"up\", \"up\", \"up\"]},"
    " \"outages\": {\"p2\": 220, \"p3\": null}}";

/* A part that is no step needs a resource of its own. */
static json_t *with_part(void) {
  json_t *root = json_loads(sample, 0, NULL);
  assert_non_null(root);
  json_array_append_new(json_object_get(root, "resources"), json_pack("{s:s,s:s,s:n,s:{}}", "name", "part", "kind", "member", "at", "attributes"));
  return root;
}

static const char *rewritten(struct compilation *c, const char *json) {
  const char *why = NULL;
  struct model *m = model_load(c, json, &why);
  if (m == NULL) fail_msg("%s", why);
  struct text out = {.arena = &c->arena};
  model_json(&out, m, proof_load(m, json));
  return text_done(&out);
}

/* Compared key by key, so that a failure names one. */
static void assert_same(json_t *a, json_t *b) {
  const char *key;
  json_t *v;
  json_object_foreach(a, key, v) {
    char *x = json_dumps(v, JSON_ENCODE_ANY), *y = json_dumps(json_object_get(b, key), JSON_ENCODE_ANY);
    assert_string_equal(x, y);
    free(x);
    free(y);
  }
  assert_true(json_equal(a, b));
}

static void round_trip_keeps_every_field(void **state) {
  struct compilation *c = compilation_new();
  json_t *root = with_part();
  char *json = json_dumps(root, 0);
  (void)state;
  const char *first = rewritten(c, json);
  json_error_t error;
  json_t *again = json_loads(first, 0, &error);
  if (again == NULL) fail_msg("line %d: %s\n%s", error.line, error.text, first);
  assert_same(root, again);
  assert_string_equal(first, rewritten(c, first));
  json_decref(again);
  json_decref(root);
  free(json);
  compilation_free(c);
}

static void keys_stand_in_the_order_of_the_manual(void **state) {
  struct compilation *c = compilation_new();
  json_t *root = with_part();
  char *json = json_dumps(root, 0);
  (void)state;
  const char *text = rewritten(c, json);
  assert_non_null(strstr(text, "{\"fact\": \"forwards\", \"by\": \"https\", \"zone\": \"internet\", \"host\": \"203.0.113.7\", \"port\": 443, "
                               "\"port_end\": null, \"proto\": \"udp\", \"to_zone\": \"lan\", \"to_host\": \"10.0.20.203\", \"to_port\": null, "
                               "\"to\": null, \"vhost\": \"keep\", \"any_of\": null, \"after\": [\"https\"], \"before\": []}"));
  assert_non_null(strstr(text, "{\"id\": \"apex.ttl.1\", \"takes\": 1.5, \"after\": [], \"disrupts\": [\"apex\"], \"irreversible\": null, "
                               "\"early\": false, \"commands\": 1, \"parts\": [], \"atomic\": null, \"needs\": [], \"undo_needs\": []}"));
  json_decref(root);
  free(json);
  compilation_free(c);
}

static void any_bytes_give_valid_json(void **state) {
  static const char *const names[] = {"\xff\xfe", "a\xc3", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe2\x82\xac", "\x1b[31m", "\xc0\xaf", "\x7f"};
  (void)state;
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    struct compilation *c = compilation_new();
    struct model *m = model_load(c, "{\"format\": \"cutc-model/1\", \"resources\": [{\"name\": \"x\", \"kind\": \"y\"}]}", NULL);
    assert_non_null(m);
    m->resources.at[0].name = name_str(&c->names, names[i]);
    struct text out = {.arena = &c->arena};
    model_json(&out, m, NULL);
    json_t *again = json_loads(text_done(&out), 0, NULL);
    assert_non_null(again);
    json_decref(again);
    compilation_free(c);
  }
}

static void bad_models_are_refused(void **state) {
  static const char *const bad[] = {
      "", "{}", "{\"format\": \"cutc-model/2\"}",
      "{\"format\": \"cutc-model/1\", \"facts\": [{\"fact\": \"serves\", \"by\": \"nobody\"}]}",
      "{\"format\": \"cutc-model/1\", \"resources\": [{\"name\": \"a\", \"kind\": \"b\"}], \"facts\": [{\"fact\": \"needs\", \"by\": \"a\"}]}",
      "{\"format\": \"cutc-model/1\", \"steps\": [{\"id\": \"a\", \"after\": [\"b\"]}]}",
      "{\"format\": \"cutc-model/1\", \"promises\": [{\"id\": \"p1\", \"host\": \"x\", \"hold\": \"always\"}]}"};
  (void)state;
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    struct compilation *c = compilation_new();
    const char *why = NULL;
    assert_null(model_load(c, bad[i], &why));
    assert_non_null(why);
    compilation_free(c);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(round_trip_keeps_every_field),
      cmocka_unit_test(keys_stand_in_the_order_of_the_manual),
      cmocka_unit_test(any_bytes_give_valid_json),
      cmocka_unit_test(bad_models_are_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
