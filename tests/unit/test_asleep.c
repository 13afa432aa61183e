/* Resources whose attributes are made for who asks: each as if it had never slept, with every value that fits, does not fit, or means
 * something else. What the same plan says with the name in quotes, which the grammar reads at once, is what it has to say. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "model/model.h"

#include <stdio.h>
#include <string.h>

#define KIND                                                                                                                        \
  "plan p { operator = op }\nuse std/net\nclient op { zone = lan }\nlet constant = 10.0.0.9\n"                                         \
  "kind vm {\n  address : address\n  port : port = 22/tcp\n  zone : zone\n  tag : Red | Blue | none = Red\n  size : number?\n"     \
  "  peer : vm?\n  hosts : [address] = []\n  text : string?\n  takes = 5s\n  serves address port in zone\n"                        \
  "  serves address 9/udp in lan\n  change { do { $ set ${name} } undo { $ unset ${name} } }\n}\n"                                  \
  "vm first { address = 10.0.0.1  \n  port = 1/tcp\n  zone = lan\n  tag = Red\n  size = 1\n  needs = []\n}\n"                       \
  "vm second { address = 10.0.0.2  \n  port = 2/tcp\n  zone = lan\n  tag = Blue\n  size = 2\n  needs = [first]\n}\n"

static struct model *model_of(struct compilation *c, const char *text) {
  return model_build_source(c, source_add(c, "plan.cut", text, strlen(text), false));
}

/* A model and all that is said of it, as JSON and findings; where its needs stand in the text. */
static const char *told(struct compilation *c, const char *text, struct model **m) {
  struct text out = {.arena = &c->arena};
  *m = model_of(c, text);
  findings_sort(c);
  for (uint32_t i = 0; i < c->findings.n; i++)
    text_print(&out, "%s %u %s\n", code_text(c->findings.at[i]->code), c->findings.at[i]->at.start, c->findings.at[i]->message);
  for (uint32_t i = 0; i < (*m)->facts.n; i++) { /* the last first: each wakes those before it */
    const struct fact *f = fact_at(*m, (*m)->facts.n - 1 - i);
    if (f->type == FACT_NEEDS) text_print(&out, "%u needs %u: %u-%u in %u-%u\n", f->by, f->need.on, f->need.at.start, f->need.at.end, f->span.start, f->span.end);
  }
  model_json(&out, *m, NULL);
  return text_done(&out);
}

/* `%s` in the text is where the subject's name stands; true when it sleeps. */
static bool same_asleep(const char *before, const char *body, const char *after) {
  struct compilation *c = compilation_new(), *d = compilation_new();
  struct model *quick, *slow;
  char *asleep = arena_print(&c->arena, "%s%svm b   {\n%s}\n%s", KIND, before, body, after);
  char *awake = arena_print(&d->arena, "%s%svm \"b\" {\n%s}\n%s", KIND, before, body, after);
  struct compilation *e = compilation_new();
  struct model *first = model_of(e, asleep);
  uint32_t b = resource_find(first, name_str(&e->names, "b"));
  bool sleeps = b != NONE && first->resources.at[b].attributes == NONE;
  compilation_free(e);
  assert_string_equal(told(c, asleep, &quick), told(d, awake, &slow));
  b = resource_find(slow, name_str(&d->names, "b"));
  assert_true(b == NONE || slow->resources.at[b].attributes != NONE);
  compilation_free(c);
  compilation_free(d);
  return sleeps;
}

static const char *body_with(char *room, size_t n, const char *name, const char *value) {
  static const char *const names[] = {"address", "port", "zone", "tag", "size", "needs"}, *const values[] = {"10.0.0.7", "7/tcp", "lan", "Blue", "7", "[first, second]"};
  size_t used = 0;
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    used += (size_t)snprintf(room + used, n - used, "  %s = %s\n", names[i], strcmp(name, names[i]) ? values[i] : value);
  return room;
}

static void test_sleeps(void **state) {
  (void)state;
  char room[512];
  assert_true(same_asleep("", body_with(room, sizeof room, "", ""), ""));
  assert_true(same_asleep("", body_with(room, sizeof room, "needs", "first"), ""));
  assert_true(same_asleep("", body_with(room, sizeof room, "needs", "[ first,second , first ] # twice"), ""));
  assert_true(same_asleep("", body_with(room, sizeof room, "port", "7-9/udp"), ""));
  assert_true(same_asleep("", body_with(room, sizeof room, "zone", "lan # } {"), ""));
}

/* Whoever asks for an attribute wakes its resource, and those that stay asleep are not disturbed. */
static void test_wakes(void **state) {
  (void)state;
  char room[512];
  const char *body = body_with(room, sizeof room, "", "");
  assert_false(same_asleep("", body, "b.address -> 10.0.0.8\n"));
  assert_false(same_asleep("", body, "let other = b.address\nvm c { address = b.address\n  port = b.port\n zone = lan\n needs = b }\n"));
  assert_false(same_asleep("", body, "for x in [b, second] { vm \"c-${x}\" { address = x.address port = x.port zone = x.zone } }\n"));
  assert_false(same_asleep("", body, "rule r {\n  for x in vm\n  require x.address != 10.0.0.7\n  else error \"no\"\n}\n"));
  assert_false(same_asleep("", body, "promise op reaches \"${b.address}:7\" always\nlet c = [b.size, b.peer]\n"));
  assert_false(same_asleep("vm b { address = 10.0.0.3\n zone = lan\n}\n", body, ""));
  assert_false(same_asleep("", "  address = 10.0.0.7\n", ""));
  assert_false(same_asleep("", "  address = 10.0.0.7\n  zone = lan\n  address = 10.0.0.8\n", ""));
  assert_false(same_asleep("", "  address = 10.0.0.7\n  zone = lan\n  adress = 10.0.0.8\n", ""));
  assert_false(same_asleep("", "  address = 10.0.0.7\n  zone = lan\n  early = true\n  takes = 1h\n", ""));
}

/* Every value in the place of every other. */
static void test_values(void **state) {
  (void)state;
  static const char *const names[] = {"address", "port", "zone", "tag", "size", "needs", "peer", "hosts", "text", "takes", "name", "exists", "nothing"};
  static const char *const values[] = {
      "10.0.0.7", "10.0.0.7 -> 10.0.0.8", "10.0.0.0/24", "10.0.0.1:80", "443/tcp", "1-9/udp", "7", "1.2.3", "90s", "\"text\"", "\"10.0.0.7\"", "\"7/tcp\"", "\"Red\"",
      "\"\"", "lan", "wan", "Red", "Green", "true", "false", "none", "unknown", "any", "old", "new", "via", "b", "first", "nobody", "constant", "p", "op", "vm",
      "[]", "[first]", "[first, nobody]", "[b]", "[old]", "[vm]", "[lan]", "[10.0.0.1, 10.0.0.2]", "[10.0.0.1, first]", "[\"a.example.net:1\"]", "[first, \"]\"]",
      "[7]", "first.address", "\"${first.address}\"", "10.0.0.300", "[first", "2 m"};
  char room[512];
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    for (size_t k = 0; k < sizeof values / sizeof *values; k++) {
      const char *body = body_with(room, sizeof room, names[i], values[k]);
      if (i >= 6) { /* one more than those that are there */
        char more[600];
        snprintf(more, sizeof more, "%s  %s = %s\n", body, names[i], values[k]);
        same_asleep("", more, "");
      } else same_asleep("", body, "");
    }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_sleeps), cmocka_unit_test(test_wakes), cmocka_unit_test(test_values)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
