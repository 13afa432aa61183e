/* Resources whose attributes are made for who asks: each as if it had never slept, with every value that fits, does not fit, or means
 * something else. What the same plan says with the name in quotes, which the grammar reads at once, is what it has to say. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "model/model.h"
#include "prove/proof.h"

#include <stdio.h>
#include <stdlib.h>
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

enum wakes { FACTS_FIRST, RESOURCES_FIRST, AHEAD /* the facts sorted by a second thread, where they are many */ };

/* A model and all that is said of it, as JSON and findings; where its needs stand in the text; what the proof finds. */
static const char *told(struct compilation *c, const char *text, struct model **m, enum wakes first) {
  struct text out = {.arena = &c->arena};
  *m = model_of(c, text);
  findings_sort(c);
  for (uint32_t i = 0; i < c->findings.n; i++)
    text_print(&out, "%s %u %s\n", code_text(c->findings.at[i]->code), c->findings.at[i]->at.start, c->findings.at[i]->message);
  struct facts_sorting *sorting = NULL;
  if (first == AHEAD && !model_broken(*m)) facts_sort_ahead(*m, &sorting);
  const struct proof *p = model_broken(*m) ? NULL : prove_sorted(*m, sorting);
  for (uint32_t i = 0; p && i < p->breaches.n; i++)
    text_print(&out, "%s %u %u %u\n", code_text(p->breaches.at[i].code), p->breaches.at[i].fact, p->breaches.at[i].other_fact, p->breaches.at[i].resource);
  if (first == RESOURCES_FIRST) attributes_of_all(*m);
  for (uint32_t i = 0; i < (*m)->facts.n; i++) { /* the last first: each wakes those before it */
    const struct fact *f = fact_at(*m, (*m)->facts.n - 1 - i);
    if (f->type == FACT_NEEDS) text_print(&out, "%u needs %u: %u-%u in %u-%u\n", f->by, f->need.on, f->need.at.start, f->need.at.end, f->span.start, f->span.end);
    else text_print(&out, "%u %u %u-%u %u\n", f->by, f->zone, f->span.start, f->span.end, fact_attribute(*m, f) - attributes_of(*m, f->by).at);
  }
  model_json(&out, *m, NULL);
  return text_done(&out);
}

static void assert_same(const char *a, const char *b) {
  size_t i = 0;
  while (a[i] && a[i] == b[i]) i++;
  if (a[i] != b[i]) fail_msg("%.200s\n--- is not\n%.200s", a + (i > 100 ? i - 100 : 0), b + (i > 100 ? i - 100 : 0));
}

/* Is it there, and without nodes? */
static bool only_text(const struct model *m, const char *name) {
  uint32_t r = resource_find(m, name_str(&m->c->names, name));
  return r != NONE && m->tree->nodes.at[m->resources.at[r].node].type == N_PLAIN;
}

/* `%s` in the text is where the subject's name stands; true when it sleeps. */
static bool same_asleep(const char *before, const char *body, const char *after) {
  struct compilation *c = compilation_new(), *d = compilation_new(), *again = compilation_new();
  struct model *quick, *slow;
  char *asleep = arena_print(&c->arena, "%s%svm b   {\n%s}\n%s", KIND, before, body, after);
  char *awake = arena_print(&d->arena, "%s%svm \"b\" {\n%s}\n%s", KIND, before, body, after);
  struct compilation *e = compilation_new();
  struct model *first = model_of(e, asleep);
  uint32_t b = resource_find(first, name_str(&e->names, "b"));
  bool sleeps = b != NONE && first->resources.at[b].attributes == NONE;
  compilation_free(e);
  const char *wanted = told(d, awake, &slow, FACTS_FIRST);
  assert_same(told(c, asleep, &quick, FACTS_FIRST), wanted);
  assert_same(told(again, asleep, &quick, RESOURCES_FIRST), wanted);
  b = resource_find(slow, name_str(&d->names, "b"));
  assert_true(b == NONE || slow->resources.at[b].attributes != NONE);
  compilation_free(c);
  compilation_free(d);
  compilation_free(again);
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
  assert_false(same_asleep("", body_with(room, sizeof room, "address", "moving"), "let moving = 10.0.0.5 -> 10.0.0.6\n"));
  assert_false(same_asleep("", body_with(room, sizeof room, "needs", "[behind]"), "let moving = first -> second\nlet behind = moving\n"));
  assert_false(same_asleep("", body_with(room, sizeof room, "size", "inner"), "for x in [1] { let inner = 5 -> 6 }\n"));
  body = body_with(room, sizeof room, "", "");
  assert_true(same_asleep("", body, "let moving = 10.0.0.5 -> 10.0.0.6\n"));
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

/* One that changes is awake, and its text is still all that is kept of it: every value on both ends of an arrow, and others beside them. */
static void test_changes(void **state) {
  (void)state;
  static const char *const names[] = {"address", "port", "zone", "tag", "size", "needs", "peer", "hosts", "text", "takes", "name", "owner", "exists", "via", "after"};
  static const char *const values[] = {
      "10.0.0.7 -> 10.0.0.8", "10.0.0.7->10.0.0.8 -> 10.0.0.9", "10.0.0.8 -> 10.0.0.8", "10.0.0.7 -> constant", "moving", "moving -> 10.0.0.3", "[moving]", "[constant]",
      "10.0.0.7 -> first", "7/tcp -> 1-9/udp", "\"7/tcp\" -> 8/tcp", "lan -> wan", "lan -> lan", "Red -> Blue", "Red -> Green", "7 -> 1.2.3", "7 -> 8 -> 7", "1h -> 90s",
      "true -> false", "\"a\" -> \"b -> c\"", "\"10.0.0.7\" -> 10.0.0.8", "[] -> [first]", "[first, second] -> [second]", "first -> [first]", "[first] -> nobody",
      "[10.0.0.1, first] -> [\"a.example.net:1\", \"]\"]", "first -> second", "second -> b", "doubt", "[doubt]", "doubt -> 10.0.0.7", "10.0.0.1:80 -> 10.0.0.1:81",
      "\"${first.address}\" -> \"x\"", "none -> 7", "7 -> none", "7 -> unknown", "7\n  -> 8", "7 -> 8 # -> 9", "first.address -> 7"};
  static const char lets[] = "let moving = 10.0.0.5 -> 10.0.0.6\nlet doubt = unknown\n";
  char room[512], more[640], before[800];
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    for (size_t k = 0; k < sizeof values / sizeof *values; k++) {
      const char *body = body_with(room, sizeof room, names[i], values[k]);
      snprintf(more, sizeof more, i >= 6 ? "%s  %s = %s\n" : "%s", body, names[i], values[k]);
      snprintf(before, sizeof before, "%svm c {\n zone = lan\n}\nvm a {\n%s}\n", lets, more); /* the first of its shape tells what may be */
      (void)same_asleep(before, more, i % 2 ? "" : "vm d { address = b.address\n  port = b.port\n zone = lan\n needs = b }\n");
      (void)same_asleep(before + sizeof lets - 1, more, "b.size -> 8\n");
    }
  struct compilation *c = compilation_new();
  const char *body = body_with(room, sizeof room, "address", "10.0.0.7 -> 10.0.0.8");
  struct model *m = model_of(c, arena_print(&c->arena, "%svm a {\n%s}\nvm b {\n%s}\nvm d {\n%s}\nvm e {\n%s exists = true\n}\nd.size -> 8\n", KIND, body, body, body, body));
  assert_true(only_text(m, "b"));
  assert_int_equal(attributes_of(m, resource_find(m, name_str(&c->names, "b"))).end - attributes_of(m, resource_find(m, name_str(&c->names, "b"))).at, 10);
  assert_false(only_text(m, "d")); /* its arrow is said apart */
  assert_false(only_text(m, "e"));
  compilation_free(c);
}

/* Many, so that two threads read them: in between some that change, some that have to wake, and two at one address. */
static const char *fleet(struct compilation *c, uint32_t n, const char *quote) {
  struct text t = {.arena = &c->arena};
  text_puts(&t, KIND);
  for (uint32_t i = 0; i < n; i++) {
    uint32_t other = (uint32_t)((uint64_t)i * 2654435761u % n);
    text_print(&t, "vm %sv%u%s {\n  address = 10.%u.%u.%u%s\n  port = %u/tcp\n  zone = %s\n  tag = %s\n  size = %u\n  needs = [first, ", quote, i, quote, i % 997 ? 1 + (i >> 16) : 9,
               i % 997 ? i >> 8 & 255 : 9, i % 997 ? i & 255 : 9, i % 100 ? "" : arena_print(&c->arena, " -> 10.77.%u.%u", i >> 8 & 255, i & 255), 1 + i % 5, i % 3 ? "lan" : "wan",
               i % 413 == 7 ? "none" : "Blue", i);
    if (i % 301 == 5) text_puts(&t, "10.0.0.1:1]\n}\n");
    else text_print(&t, "v%u, second]\n}\n", other);
  }
  return text_done(&t);
}

static void test_many(void **state) {
  (void)state;
  for (uint32_t n = 50; n <= 2500; n += 2450) {
    struct compilation *c = compilation_new(), *d = compilation_new();
    struct model *quick, *slow;
    const char *asleep = fleet(c, n, ""), *awake = fleet(d, n, "\"");
    struct text spaced = {.arena = &c->arena}; /* as long as the other, so that places compare */
    for (const char *s = asleep; *s; s++) {
      bool name = !strncmp(s, "\nvm v", 5);
      if (name) text_puts(&spaced, "\nvm v"), s += 5;
      for (; name && *s != ' '; s++) text_putc(&spaced, *s);
      if (name) text_puts(&spaced, "   ");
      else text_putc(&spaced, *s);
    }
    struct compilation *e = compilation_new();
    struct model *m = model_of(e, text_done(&spaced));
    uint32_t sleeping = 0;
    for (uint32_t i = 0; i < m->facts.n; i++) sleeping += fact_asleep(m, i);
    assert_true(sleeping > 4 * n);
    compilation_free(e);
    assert_same(told(c, text_done(&spaced), &quick, AHEAD), told(d, awake, &slow, FACTS_FIRST));
    compilation_free(c);
    compilation_free(d);
  }
}

/* Each needs those behind it in the plan, and one of the last another before it, or none. */
static void test_circles(void **state) {
  (void)state;
  enum { ALL = 2600 };
  for (unsigned circle = 0; circle < 2; circle++) {
    struct compilation *c = compilation_new(), *d = compilation_new();
    struct text t = {.arena = &c->arena};
    struct model *ahead, *after;
    text_puts(&t, KIND);
    for (uint32_t i = 0; i < ALL; i++) {
      text_print(&t, "vm c%u {\n  address = 10.2.%u.%u\n  port = 1/tcp\n  zone = lan\n  tag = Red\n  size = 1\n  needs = [", i, i >> 8, i & 255);
      if (i + 3 < ALL) text_print(&t, "c%u, c%u, c%u", i + 1, i + 2, i + 3);
      else if (circle && i + 1 == ALL) text_print(&t, "c%u", ALL - 6);
      text_puts(&t, "]\n}\n");
    }
    const char *of_both = told(c, text_done(&t), &ahead, AHEAD);
    assert_same(of_both, told(d, text_done(&t), &after, FACTS_FIRST));
    assert_int_equal(strstr(of_both, "E204") != NULL, circle);
    compilation_free(c);
    compilation_free(d);
  }
}

static int by_hash(const void *x, const void *y) {
  const uint64_t *a = x, *b = y;
  return *a < *b ? -1 : *a > *b;
}

/* Two addresses that look the same to the table are told apart, and each answers for itself. */
static void test_hashes(void **state) {
  (void)state;
  enum { ALL = 1 << 17 };
  uint64_t *hashes = calloc(ALL, sizeof *hashes);
  for (uint32_t i = 0; i < ALL; i++) {
    uint32_t x = i * 2654435761u;
    x = (x ^ x >> 15) * 2246822519u;
    struct address a = {{[10] = 0xff, 0xff, (uint8_t)(1 + (x >> 24) % 223), (uint8_t)(x >> 16), (uint8_t)(x >> 8), (uint8_t)x}};
    x = (uint32_t)a.bytes[12] << 24 | (x & 0xffffff);
    hashes[i] = (uint64_t)endpoint_hash(0, &a) << 32 | x;
  }
  qsort(hashes, ALL, sizeof *hashes, by_hash);
  uint32_t pairs = 0;
  for (uint32_t i = 1; i < ALL; i++) {
    if (hashes[i] >> 32 != hashes[i - 1] >> 32 || hashes[i] == hashes[i - 1]) continue;
    struct compilation *c = compilation_new();
    char quads[2][32];
    for (uint32_t k = 0; k < 2; k++) {
      uint32_t x = (uint32_t)hashes[i - k];
      snprintf(quads[k], sizeof quads[k], "%u.%u.%u.%u", x >> 24, x >> 16 & 255, x >> 8 & 255, x & 255);
    }
    char *text = arena_print(&c->arena, KIND "vm a {\n  address = %s\n  port = 1/tcp\n  zone = internet\n  tag = Red\n  size = 1\n  needs = []\n}\n"
                                             "vm b {\n  address = %s\n  port = 1/tcp\n  zone = internet\n  tag = Red\n  size = 1\n  needs = []\n}\n"
                                             "promise op reaches %s:1 always\npromise op reaches %s:1 always\n", quads[0], quads[1], quads[0], quads[1]);
    struct model *m = model_of(c, text);
    uint32_t zone = NONE;
    for (uint32_t z = 0; z < m->zones.n; z++)
      if (!strcmp(name_text(&c->names, m->zones.at[z].name), "internet")) zone = z;
    assert_int_equal(zone, 0);
    const struct proof *p = prove(m);
    for (uint32_t k = 0; k < p->breaches.n; k++) assert_true(p->breaches.at[k].code != CODE_241 && p->breaches.at[k].code != CODE_203);
    for (uint32_t k = 0; k < 2; k++) {
      struct trace t = proof_trace(m, p, 0, &m->promises.at[k].endpoint, 0);
      assert_int_equal(t.verdict, UP);
      assert_string_equal(name_text(&c->names, m->resources.at[t.at[t.n - 1].resource].name), k ? "b" : "a");
    }
    compilation_free(c);
    pairs++;
  }
  assert_true(pairs > 0);
  free(hashes);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_sleeps), cmocka_unit_test(test_wakes), cmocka_unit_test(test_values), cmocka_unit_test(test_changes), cmocka_unit_test(test_many), cmocka_unit_test(test_circles), cmocka_unit_test(test_hashes)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
