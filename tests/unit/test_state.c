/* One state of a plan: a case for each sentence of 'Match', 'Reaching', 'up' and 'Coming back' in the definitions that a
 * naive reading gets wrong, and random walks from state to state against a full evaluation. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "model_load.h"
#include "prove/prove.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct world {
  struct compilation *c;
  struct model *m;
  struct state *s;
  bool *done;
};

/* A model from JSON with ' for ". Zones a, b inside a, c inside b; other keys as said. */
static struct world world_of(const char *resources, const char *facts, const char *rest)
{
  struct world w = {.c = compilation_new()};
  struct text t = {.arena = &w.c->arena};
  const char *why = "";

  text_puts(&t, "{'format': 'cutc-model/1', 'plan': 'p', 'zones': [{'name': 'a', 'inside': null}, {'name': 'b', 'inside': 'a'},"
                " {'name': 'c', 'inside': 'b'}, {'name': 'far', 'inside': null}], 'resources': [");
  for (const char *r = resources; *r;) {
    size_t n = strcspn(r, " ");

    text_print(&t, "%s{'name': '%.*s', 'kind': 'thing', 'attributes': {}}", r == resources ? "" : ", ", (int)n, r);
    r += n + (r[n] == ' ');
  }
  text_print(&t, "], 'facts': [%s]%s%s}", facts, *rest ? ", " : "", rest);
  char *json = arena_copy(&w.c->arena, text_done(&t), t.n);

  for (char *p = json; *p; p++)
    if (*p == '\'')
      *p = '"';
  w.m = model_load(w.c, json, &why);
  if (!w.m)
    fail_msg("%s in %s", why, json);
  w.s = state_new(w.m, NULL, 0);
  w.done = arena_array(&w.c->arena, bool, w.m->steps.n + w.m->parts.n + 1);
  state_set(w.s, w.done, NULL, 0);
  return w;
}

static uint32_t find(struct world *w, const char *name)
{
  for (uint32_t i = 0; i < w->m->resources.n; i++)
    if (strcmp(name_text(&w->c->names, w->m->resources.at[i].name), name) == 0)
      return i;
  fail_msg("no resource %s", name);
  return NONE;
}

static uint32_t zone(struct world *w, const char *name)
{
  for (uint32_t i = 0; i < w->m->zones.n; i++)
    if (strcmp(name_text(&w->c->names, w->m->zones.at[i].name), name) == 0)
      return i;
  fail_msg("no zone %s", name);
  return NONE;
}

/* "ZONE/DNS HOST:PORT/PROTO VHOST", the last may be missing. */
static struct need question(struct world *w, const char *text)
{
  char z[32], d[32], host[64], proto[8], vhost[64] = "";
  unsigned port;
  const char *why;
  struct value v;

  assert_true(sscanf(text, "%31[^/]/%31s %63[^:]:%u/%7s %63s", z, d, host, &port, proto, vhost) >= 5);
  struct need n = {.type = NEED_ENDPOINT, .on = NONE, .zone = zone(w, z), .dns = zone(w, d), .port = port, .secret = NONE};

  n.proto = strcmp(proto, "udp") == 0 ? PROTO_UDP : PROTO_TCP;
  if (value_address(host, strlen(host), &v, &why)) {
    n.host.type = HOST_ADDRESS;
    n.host.from = n.host.to = v.from;
  } else {
    n.host.type = HOST_NAME;
    n.host.name = name_str(&w->c->names, host);
  }
  n.vhost = *vhost ? name_str(&w->c->names, vhost) : 0;
  return n;
}

static enum verdict ask(struct world *w, const char *text, struct trace *trace)
{
  struct need n = question(w, text);

  return state_need(w->s, NONE, &n, trace);
}

static bool reached(struct world *w, const char *text)
{
  return ask(w, text, NULL) == UP;
}

static enum link_type stops(struct world *w, const char *text)
{
  struct trace t;

  ask(w, text, &t);
  assert_true(t.n > 0);
  return t.at[t.n - 1].type;
}

/* Who answers in the end. */
static const char *answers(struct world *w, const char *text)
{
  struct trace t;

  ask(w, text, &t);
  assert_true(t.n > 0);
  if (t.at[t.n - 1].type != LINK_ARRIVE)
    return "nobody";
  return name_text(&w->c->names, w->m->resources.at[t.at[t.n - 1].resource].name);
}

static bool up(struct world *w, const char *name)
{
  return state_up(w->s, find(w, name));
}

static void step(struct world *w, const char *name, bool done)
{
  for (uint32_t i = 0; i < w->m->steps.n; i++)
    if (strcmp(name_text(&w->c->names, w->m->steps.at[i].name), name) == 0)
      w->done[i] = done;
  state_set(w->s, w->done, NULL, 0);
  assert_true(state_check(w->s));
}

static void end(struct world *w)
{
  compilation_free(w->c);
}

#define SERVES(by, zone, host, port) "{'fact': 'serves', 'by': '" by "', 'zone': '" zone "', 'host': '" host "', 'port': " port "}"
#define SERVES_IN(by, zone, host, port, more) "{'fact': 'serves', 'by': '" by "', 'zone': '" zone "', 'host': '" host "', 'port': " port ", " more "}"
#define NAMES(by, zone, name, value) "{'fact': 'names', 'by': '" by "', 'zone': '" zone "', 'name': '" name "', 'value': '" value "'}"
#define NAMES_IN(by, zone, name, value, more) "{'fact': 'names', 'by': '" by "', 'zone': '" zone "', 'name': '" name "', 'value': '" value "', " more "}"
#define NAMES_TO(by, zone, name, to) "{'fact': 'names', 'by': '" by "', 'zone': '" zone "', 'name': '" name "', 'to': '" to "'}"
#define OWNS(by, zone, name) "{'fact': 'owns', 'by': '" by "', 'zone': '" zone "', 'name': '" name "'}"
#define FORWARDS(by, zone, host, port, more) "{'fact': 'forwards', 'by': '" by "', 'zone': '" zone "', 'host': '" host "', 'port': " port ", " more "}"
#define HANDS_ON(by, more) "{'fact': 'forwards', 'by': '" by "', " more "}"
#define HOSTS(by, host, port, at) "{'fact': 'hosts', 'by': '" by "', 'host': '" host "', 'port': " port ", 'at': '" at "'}"
#define NEEDS(by, on) "{'fact': 'needs', 'by': '" by "', 'on': '" on "'}"
#define NEEDS_IN(by, on, more) "{'fact': 'needs', 'by': '" by "', 'on': '" on "', " more "}"
#define STEPS1 "'steps': [{'id': 's'}]"
#define STEPS2 "'steps': [{'id': 's'}, {'id': 't'}]"
#define AFTER_S "'after': ['s']"
#define BEFORE_S "'before': ['s']"

/* ── Match ─────────────────────────────────────────────────────────────────── */

static void most_specific_address(void **state)
{
  (void)state;
  struct world w = world_of("one small large any range",
                            SERVES("any", "a", "10.0.0.1", "'any'") ", " SERVES("one", "a", "10.0.0.1", "80") ", "
                            SERVES_IN("range", "a", "10.0.0.1", "70", "'port_end': 90") ", "
                            SERVES("large", "a", "10.0.0.0/8", "80") ", " SERVES("small", "a", "10.0.0.0-10.0.0.9", "'any'"), "");

  assert_string_equal(answers(&w, "a/a 10.0.0.1:80/tcp"), "one");   /* a port before a range before any */
  assert_string_equal(answers(&w, "a/a 10.0.0.1:81/tcp"), "range");
  assert_string_equal(answers(&w, "a/a 10.0.0.1:99/tcp"), "any");
  assert_string_equal(answers(&w, "a/a 10.0.0.2:80/tcp"), "small"); /* the host decides before the port */
  assert_string_equal(answers(&w, "a/a 10.0.0.10:80/tcp"), "large");
  assert_int_equal(stops(&w, "a/a 10.0.0.10:81/tcp"), STOP_NOBODY);
  assert_int_equal(stops(&w, "a/a 10.0.0.1:80/udp"), STOP_NOBODY);
  end(&w);
}

static void many_ranges(void **state)
{
  (void)state;
  struct world w = world_of("r8 r16 r24 r28 other after", SERVES("r16", "a", "10.1.0.0/16", "80") ", " SERVES("r8", "a", "10.0.0.0/8", "80") ", "
                            SERVES("r28", "a", "10.1.2.16/28", "80") ", " SERVES("r24", "a", "10.1.2.0/24", "80") ", "
                            SERVES("other", "a", "9.0.0.0-9.255.255.255", "80") ", " SERVES("after", "a", "10.1.2.64-10.1.2.65", "80"), "");

  assert_string_equal(answers(&w, "a/a 10.1.2.17:80/tcp"), "r28");
  assert_string_equal(answers(&w, "a/a 10.1.2.65:80/tcp"), "after");
  assert_string_equal(answers(&w, "a/a 10.1.2.66:80/tcp"), "r24");
  assert_string_equal(answers(&w, "a/a 10.1.3.1:80/tcp"), "r16");
  assert_string_equal(answers(&w, "a/a 10.255.255.255:80/tcp"), "r8");
  assert_string_equal(answers(&w, "a/a 9.0.0.0:80/tcp"), "other");
  assert_int_equal(stops(&w, "a/a 11.0.0.0:80/tcp"), STOP_NOBODY);
  end(&w);
}

static void patterns(void **state)
{
  (void)state;
  struct world w = world_of("x wide narrow exact", SERVES("x", "a", "10.0.0.1", "80") ", " NAMES("wide", "a", "*.example.net", "10.0.0.1") ", "
                            NAMES("narrow", "a", "*.b.example.net", "10.0.0.2") ", " NAMES("exact", "a", "d.c.example.net", "10.0.0.2"), "");

  assert_true(reached(&w, "a/a a.example.net:80/tcp"));
  assert_true(reached(&w, "a/a z.y.example.net:80/tcp"));
  assert_int_equal(stops(&w, "a/a example.net:80/tcp"), STOP_NO_NAME);
  assert_int_equal(stops(&w, "a/a a.b.example.net:80/tcp"), STOP_NOBODY); /* the longer pattern */
  assert_true(reached(&w, "a/a b.example.net:80/tcp"));
  assert_int_equal(stops(&w, "a/a a.d.c.example.net:80/tcp"), STOP_NO_NAME); /* d.c.example.net exists in between */
  assert_true(reached(&w, "a/a a.c.example.net:80/tcp"));
  end(&w);
}

static void wildcard_blocked_in_its_zone_only(void **state)
{
  (void)state;
  struct world w = world_of("x wide exact", SERVES("x", "a", "10.0.0.1", "80") ", " NAMES("wide", "a", "*.example.net", "10.0.0.1") ", "
                            NAMES_IN("exact", "b", "b.example.net", "10.0.0.9", BEFORE_S), STEPS1);

  assert_true(reached(&w, "a/a a.b.example.net:80/tcp"));
  assert_true(reached(&w, "a/b a.b.example.net:80/tcp")); /* the name exists in another zone than the wildcard */
  assert_int_equal(stops(&w, "a/b b.example.net:80/tcp"), STOP_NOBODY);
  step(&w, "s", true);
  assert_true(reached(&w, "a/b b.example.net:80/tcp"));
  end(&w);
}

static void wildcard_comes_back_when_the_name_goes(void **state)
{
  (void)state;
  struct world w = world_of("x wide exact", SERVES("x", "a", "10.0.0.1", "80") ", " NAMES("wide", "a", "*.example.net", "10.0.0.1") ", "
                            NAMES_IN("exact", "a", "b.example.net", "10.0.0.9", BEFORE_S), STEPS1);

  assert_int_equal(stops(&w, "a/a a.b.example.net:80/tcp"), STOP_NO_NAME);
  step(&w, "s", true);
  assert_true(reached(&w, "a/a a.b.example.net:80/tcp"));
  step(&w, "s", false);
  assert_false(reached(&w, "a/a a.b.example.net:80/tcp"));
  end(&w);
}

/* The wildcard is always there, so no zone further out counts; but where a name blocks it, they do. */
static void blocked_wildcard_lets_outer_zones_answer(void **state)
{
  (void)state;
  struct world w = world_of("x wide exact outer", SERVES("x", "a", "10.0.0.1", "80") ", " NAMES("wide", "b", "*.example.net", "10.0.0.9") ", "
                            NAMES_IN("exact", "b", "b.example.net", "10.0.0.9", BEFORE_S) ", " NAMES("outer", "a", "a.b.example.net", "10.0.0.1"), STEPS1);

  assert_true(reached(&w, "b/b a.b.example.net:80/tcp"));
  step(&w, "s", true);
  assert_int_equal(stops(&w, "b/b a.b.example.net:80/tcp"), STOP_NOBODY);
  end(&w);
}

static void endpoints_compete_with_names(void **state)
{
  (void)state;
  struct world w = world_of("x e n p", SERVES("x", "a", "10.0.0.1", "80") ", " SERVES("e", "a", "svc.local", "80") ", "
                            NAMES("n", "a", "svc.local", "10.0.0.1") ", " SERVES("p", "a", "*.local", "80") ", "
                            NAMES("n", "a", "b.local", "10.0.0.1") ", " SERVES("e", "a", "other.local", "81") ", "
                            NAMES("n", "a", "*.org", "10.0.0.1") ", " SERVES("e", "a", "z.org", "81"), "");

  assert_string_equal(answers(&w, "a/a svc.local:80/tcp"), "e");  /* an endpoint wins at the same length */
  assert_string_equal(answers(&w, "a/a b.local:80/tcp"), "x");    /* a longer name wins over an endpoint's pattern */
  assert_string_equal(answers(&w, "a/a c.local:80/tcp"), "p");
  assert_string_equal(answers(&w, "a/a y.org:80/tcp"), "x");
  end(&w);
}

static void conflicting_answers_must_all_be_reached(void **state)
{
  (void)state;
  struct world w = world_of("x y lb", SERVES("x", "a", "10.0.0.1", "80") ", " SERVES("y", "a", "10.0.0.1", "80") ", "
                            NEEDS_IN("y", "x", AFTER_S) ", {'fact': 'needs', 'by': 'y', 'never': true, 'after': ['s']}, "
                            SERVES("x", "b", "10.0.0.2", "80") ", " SERVES("y", "b", "10.0.0.2", "80"),
                            STEPS1);
  uint32_t n;
  const struct conflict *c = state_conflicts(w.s, &n);

  assert_int_equal(n, 2);
  assert_int_equal(c[0].fact, 0);
  assert_int_equal(c[0].other, 1);
  assert_true(reached(&w, "a/a 10.0.0.1:80/tcp"));
  step(&w, "s", true);
  assert_false(reached(&w, "a/a 10.0.0.1:80/tcp"));
  end(&w);
}

static void members_of_one_any_of(void **state)
{
  (void)state;
  struct world w = world_of("x y lb", SERVES("x", "a", "10.0.0.1", "80") ", " SERVES("y", "a", "10.0.0.1", "80") ", "
                            FORWARDS("lb", "far", "10.0.0.9", "80", "'to_zone': 'a', 'any_of': ['x', 'y']") ", "
                            "{'fact': 'needs', 'by': 'y', 'never': true, 'after': ['s']}, {'fact': 'needs', 'by': 'x', 'never': true, 'after': ['t']}",
                            STEPS2);
  uint32_t n;

  state_conflicts(w.s, &n);
  assert_int_equal(n, 0);
  step(&w, "s", true);
  assert_true(reached(&w, "a/a 10.0.0.1:80/tcp"));
  assert_true(reached(&w, "far/far 10.0.0.9:80/tcp"));
  step(&w, "t", true);
  assert_false(reached(&w, "a/a 10.0.0.1:80/tcp"));
  assert_false(reached(&w, "far/far 10.0.0.9:80/tcp"));
  end(&w);
}

static void conflicts_found(void **state)
{
  (void)state;
  struct world w = world_of("x y", SERVES("x", "a", "10.0.0.1", "80") ", " SERVES("y", "a", "10.0.0.1", "'any'") ", " /* no: other rank */
                            SERVES_IN("x", "a", "10.0.0.3", "80", BEFORE_S) ", " SERVES_IN("y", "a", "10.0.0.3", "80", AFTER_S) ", " /* no: never both */
                            SERVES_IN("x", "a", "10.0.0.4", "80", "'port_end': 90, 'after': ['s']") ", "
                            SERVES_IN("y", "a", "10.0.0.4", "90", "'port_end': 99, 'after': ['t']") ", " /* yes */
                            SERVES("x", "a", "10.0.0.5", "80") ", " SERVES("y", "b", "10.0.0.5", "80") ", " /* no: other zone */
                            SERVES_IN("x", "a", "10.0.0.6", "80", "'proto': 'udp'") ", " SERVES("y", "a", "10.0.0.6", "80") ", " /* no */
                            NAMES("x", "a", "*.org", "10.0.0.1") ", " NAMES("y", "a", "*.org", "10.0.0.2") ", " /* yes */
                            NAMES("x", "a", "two.org", "10.0.0.1") ", " NAMES("x", "a", "two.org", "10.0.0.2") ", " /* no: one resource */
                            HOSTS("x", "h.org", "443", "y") ", " HOSTS("y", "h.org", "443", "y") ", " /* yes */
                            HOSTS("x", "h.org", "443", "x") ", "                                      /* no: elsewhere */
                            SERVES("x", "a", "10.1.0.0/24", "80") ", " SERVES("y", "a", "10.1.0.0-10.1.0.255", "80"), /* yes */
                            STEPS2);
  uint32_t n;
  const struct conflict *c = state_conflicts(w.s, &n);

  assert_int_equal(n, 4);
  assert_int_equal(c[0].fact, 4);
  assert_int_equal(c[0].other, 5);
  assert_int_equal(w.m->guards.at[c[0].guard].n, 2);
  assert_int_equal(c[1].fact, 10);
  assert_int_equal(c[1].other, 11);
  assert_int_equal(c[2].fact, 14);
  assert_int_equal(c[2].other, 15);
  assert_int_equal(c[3].fact, 17);
  assert_int_equal(c[3].other, 18);
  end(&w);
}

/* x and z answer alike, before a step; so many facts of y, all of them after it, are between the two. */
static void a_conflict_behind_many_facts(void **state)
{
  (void)state;
  struct arena a = {0};
  struct text facts = {.arena = &a};

  text_puts(&facts, SERVES_IN("x", "a", "10.0.0.4", "80", "'port_end': 99, " BEFORE_S) ", ");
  for (int i = 0; i < 600; i++)
    text_puts(&facts, SERVES_IN("y", "a", "10.0.0.4", "80", "'port_end': 98, " AFTER_S) ", ");
  text_puts(&facts, SERVES_IN("z", "a", "10.0.0.4", "80", "'port_end': 97, " BEFORE_S));
  struct world w = world_of("x y z", text_done(&facts), STEPS1);
  uint32_t n;
  const struct conflict *c = state_conflicts(w.s, &n);

  assert_int_equal(n, 1);
  assert_int_equal(c[0].fact, 0);
  assert_int_equal(c[0].other, 601);
  end(&w);
  arena_free(&a);
}

/* ── Reaching ──────────────────────────────────────────────────────────────── */

static void zones_fall_through(void **state)
{
  (void)state;
  struct world w = world_of("outer inner", SERVES("outer", "a", "10.0.0.0/8", "80") ", " SERVES("inner", "b", "10.0.0.0/8", "80") ", "
                            "{'fact': 'needs', 'by': 'inner', 'never': true}", "");

  assert_string_equal(answers(&w, "a/a 10.0.0.1:80/tcp"), "outer");
  assert_int_equal(stops(&w, "c/c 10.0.0.1:80/tcp"), STOP_DOWN); /* the first zone with a match decides, up or not */
  assert_int_equal(stops(&w, "far/far 10.0.0.1:80/tcp"), STOP_NOBODY);
  end(&w);
}

static void owns_ends_the_search(void **state)
{
  (void)state;
  struct world w = world_of("x dns", SERVES("x", "a", "10.0.0.1", "80") ", " NAMES("x", "a", "*.example.net", "10.0.0.1") ", "
                            NAMES("x", "a", "o.org", "10.0.0.1") ", " "{'fact': 'owns', 'by': 'dns', 'zone': 'b', 'name': 'example.net', 'before': ['s']}, "
                            NAMES("dns", "b", "in.example.net", "10.0.0.1"), STEPS1);

  assert_true(reached(&w, "b/a q.example.net:80/tcp"));
  assert_int_equal(stops(&w, "b/c q.example.net:80/tcp"), STOP_NO_NAME);
  assert_true(reached(&w, "b/c in.example.net:80/tcp")); /* what it knows */
  assert_true(reached(&w, "b/c o.org:80/tcp"));          /* another domain */
  step(&w, "s", true);
  assert_true(reached(&w, "b/c q.example.net:80/tcp"));
  end(&w);
}

static void names_in_dns_addresses_in_zone(void **state)
{
  (void)state;
  struct world w = world_of("x y n", SERVES("x", "a", "10.0.0.1", "80") ", " SERVES("y", "far", "10.0.0.1", "80") ", "
                            NAMES("n", "far", "h.org", "10.0.0.1") ", " NAMES("n", "far", "alias.org", "h.org") ", "
                            NAMES_TO("n", "far", "r.org", "y"), "");

  assert_string_equal(answers(&w, "a/far h.org:80/tcp"), "x");
  assert_string_equal(answers(&w, "far/far h.org:80/tcp"), "y");
  assert_int_equal(stops(&w, "a/a h.org:80/tcp"), STOP_NO_NAME);
  assert_string_equal(answers(&w, "a/far alias.org:80/tcp"), "x"); /* zone and dns as before */
  assert_string_equal(answers(&w, "a/far r.org:1/tcp"), "y");      /* arrives, wherever it is */
  end(&w);
}

static void records_with_several_addresses(void **state)
{
  (void)state;
  struct world w = world_of("x n", SERVES("x", "a", "10.0.0.1", "80") ", " SERVES_IN("x", "a", "10.0.0.2", "80", BEFORE_S) ", "
                            NAMES("n", "a", "h.org", "10.0.0.1") ", " NAMES("n", "a", "h.org", "10.0.0.2"), STEPS1);

  assert_true(reached(&w, "a/a h.org:80/tcp"));
  step(&w, "s", true);
  assert_int_equal(stops(&w, "a/a h.org:80/tcp"), STOP_NOBODY);
  end(&w);
}

static void names_of_what_is_down(void **state)
{
  (void)state;
  struct world w = world_of("x n", SERVES("x", "a", "10.0.0.1", "80") ", " NAMES("n", "b", "h.org", "10.0.0.1") ", "
                            NAMES("x", "a", "h.org", "10.0.0.1") ", {'fact': 'needs', 'by': 'n', 'never': true}", "");

  assert_int_equal(stops(&w, "b/b h.org:80/tcp"), STOP_DOWN); /* not: looked up further out */
  assert_true(reached(&w, "a/a h.org:80/tcp"));
  end(&w);
}

static void forwards(void **state)
{
  (void)state;
  struct world w = world_of("f x y site", SERVES("x", "b", "10.0.0.1", "80") ", " SERVES("y", "a", "10.0.0.1", "8080") ", "
                            FORWARDS("f", "a", "192.0.2.1", "80", "'to_zone': 'b', 'to_host': '10.0.0.1'") ", "
                            FORWARDS("f", "a", "192.0.2.2", "80", "'to_zone': 'a', 'to_host': '10.0.0.1', 'to_port': 8080") ", "
                            FORWARDS("f", "a", "192.0.2.3", "80", "'to': 'y'") ", "
                            FORWARDS("f", "far", "10.0.0.0/24", "'any'", "'to_zone': 'b'") ", "
                            FORWARDS("f", "a", "192.0.2.4", "80", "'to_zone': 'b', 'to_host': '10.0.0.1', 'vhost': 'site.org'") ", "
                            FORWARDS("f", "a", "192.0.2.5", "80", "'to_zone': 'b', 'to_host': '10.0.0.1', 'vhost': null") ", "
                            HOSTS("site", "site.org", "80", "x"), "");

  assert_string_equal(answers(&w, "a/a 192.0.2.1:80/tcp"), "x");
  assert_string_equal(answers(&w, "a/a 192.0.2.2:80/tcp"), "y");
  assert_string_equal(answers(&w, "a/a 192.0.2.3:80/tcp"), "y");
  assert_string_equal(answers(&w, "far/far 10.0.0.1:80/tcp"), "x");            /* a route */
  assert_int_equal(stops(&w, "far/far 10.0.0.2:80/tcp"), STOP_NOBODY);
  assert_int_equal(stops(&w, "a/a 192.0.2.1:80/tcp other.org"), STOP_NOT_HOSTED); /* keeps the name asked for */
  assert_string_equal(answers(&w, "a/a 192.0.2.4:80/tcp other.org"), "site");
  assert_string_equal(answers(&w, "a/a 192.0.2.5:80/tcp other.org"), "x");
  end(&w);
}

static void after_a_forward_names_are_looked_up_there(void **state)
{
  (void)state;
  struct world w = world_of("f x n", SERVES("x", "far", "10.0.0.1", "80") ", " NAMES("n", "far", "h.org", "10.0.0.1") ", "
                            NAMES("n", "a", "h.org", "10.0.0.9") ", "
                            FORWARDS("f", "a", "192.0.2.1", "80", "'to_zone': 'far', 'to_host': 'h.org'"), "");

  assert_true(reached(&w, "a/a 192.0.2.1:80/tcp"));
  end(&w);
}

static void virtual_hosts(void **state)
{
  (void)state;
  struct world w = world_of("in app wild all tun", SERVES("in", "a", "10.0.0.1", "'any'") ", " SERVES_IN("in", "a", "10.0.0.1", "'any'", "'proto': 'udp'") ", "
                            HOSTS("app", "app.org", "443", "in") ", " HOSTS("wild", "*.org", "443", "in") ", "
                            HOSTS("tun", "tun.org", "443", "in") ", " HANDS_ON("tun", "'to_zone': 'a', 'to_host': '10.0.0.7', 'to_port': 443") ", "
                            SERVES("all", "a", "10.0.0.7", "443"), "");

  assert_string_equal(answers(&w, "a/a 10.0.0.1:443/tcp app.org"), "app");
  assert_string_equal(answers(&w, "a/a 10.0.0.1:443/tcp x.y.org"), "wild");
  assert_int_equal(stops(&w, "a/a 10.0.0.1:443/tcp app.net"), STOP_NOT_HOSTED);
  assert_string_equal(answers(&w, "a/a 10.0.0.1:443/udp app.org"), "app"); /* 443 means tcp and udp */
  assert_string_equal(answers(&w, "a/a 10.0.0.1:80/tcp app.net"), "in");   /* another port is not bound */
  assert_string_equal(answers(&w, "a/a 10.0.0.1:443/tcp"), "in");          /* no name asked for */
  assert_string_equal(answers(&w, "a/a 10.0.0.1:443/tcp tun.org"), "all"); /* what hosts it hands it on */
  end(&w);
}

static void hosts_without_a_url_bind_every_port(void **state)
{
  (void)state;
  struct world w = world_of("in app late", SERVES("in", "a", "10.0.0.1", "'any'") ", " HOSTS("app", "app.org", "'any'", "in") ", "
                            "{'fact': 'hosts', 'by': 'late', 'host': 'late.org', 'port': 80, 'at': 'in', 'after': ['s']}", STEPS1);

  assert_string_equal(answers(&w, "a/a 10.0.0.1:25/tcp app.org"), "app");
  assert_int_equal(stops(&w, "a/a 10.0.0.1:25/tcp b.org"), STOP_NOT_HOSTED);
  assert_int_equal(stops(&w, "a/a 10.0.0.1:80/tcp late.org"), STOP_NOT_HOSTED);
  step(&w, "s", true);
  assert_true(reached(&w, "a/a 10.0.0.1:80/tcp late.org"));
  end(&w);
}

static void ports_are_bound_only_while_hosted(void **state)
{
  (void)state;
  struct world w = world_of("in app", SERVES("in", "a", "10.0.0.1", "443") ", {'fact': 'hosts', 'by': 'app', 'host': 'app.org', 'port': 443, 'at': 'in', 'after': ['s']}", STEPS1);

  assert_string_equal(answers(&w, "a/a 10.0.0.1:443/tcp b.org"), "in"); /* nothing is hosted here yet */
  step(&w, "s", true);
  assert_int_equal(stops(&w, "a/a 10.0.0.1:443/tcp b.org"), STOP_NOT_HOSTED);
  end(&w);
}

static void loops(void **state)
{
  (void)state;
  struct world w = world_of("n f x", NAMES("n", "a", "a.org", "b.org") ", " NAMES("n", "a", "b.org", "a.org") ", "
                            FORWARDS("f", "a", "10.0.0.1", "80", "'any_of': [{'zone': 'a', 'host': '10.0.0.1', 'port': 80}, 'x']"), "");

  assert_int_equal(stops(&w, "a/a a.org:80/tcp"), STOP_LOOP);
  assert_true(reached(&w, "a/a 10.0.0.1:80/tcp")); /* one way loops, the other answers */
  assert_true(state_check(w.s));
  end(&w);
}

/* x from inside the loop is not what x is when asked first: what was cut short by the loop must not be kept. */
static void verdicts_inside_a_loop_are_not_kept(void **state)
{
  (void)state;
  struct world w = world_of("f g z", FORWARDS("f", "a", "10.0.0.1", "80", "'any_of': [{'zone': 'a', 'host': '10.0.0.2', 'port': 80}, 'z']") ", "
                            FORWARDS("g", "a", "10.0.0.2", "80", "'to_zone': 'a', 'to_host': '10.0.0.1'"), "");

  assert_true(reached(&w, "a/a 10.0.0.1:80/tcp")); /* first 10.0.0.2, which comes back here */
  assert_true(reached(&w, "a/a 10.0.0.2:80/tcp"));
  end(&w);
}

static void chain_of(char *facts, size_t size, unsigned links)
{
  size_t n = 0;

  facts[0] = '\0';
  for (unsigned i = 0; i < links; i++)
    n += (size_t)snprintf(facts + n, size - n, "{'fact': 'forwards', 'by': 'f', 'zone': 'a', 'host': '10.0.0.%u', 'port': 80, 'to_zone': 'a', 'to_host': '10.0.0.%u'}, ", i, i + 1);
  snprintf(facts + n, size - n, "{'fact': 'serves', 'by': 'f', 'zone': 'a', 'host': '10.0.0.%u', 'port': 80}", links);
}

static void thirty_two_hops(void **state)
{
  (void)state;
  static char facts[16384];

  chain_of(facts, sizeof facts, 30); /* 31 reaches and an arrival */
  struct world w = world_of("f", facts, "");

  assert_true(reached(&w, "a/a 10.0.0.0:80/tcp"));
  end(&w);
  chain_of(facts, sizeof facts, 31);
  w = world_of("f", facts, "");
  assert_true(reached(&w, "a/a 10.0.0.1:80/tcp"));  /* kept, but too far from 10.0.0.0 */
  assert_int_equal(stops(&w, "a/a 10.0.0.0:80/tcp"), STOP_TOO_LONG);
  assert_false(reached(&w, "a/a 10.0.0.0:80/tcp"));
  end(&w);
}

static void unknown(void **state)
{
  (void)state;
  struct world w = world_of("n x f", SERVES("x", "a", "10.0.0.1", "80") ", " NAMES("n", "a", "u.org", "unknown") ", " NAMES("n", "a", "k.org", "10.0.0.1") ", "
                            NAMES("n", "a", "two.org", "unknown") ", " NAMES("n", "a", "two.org", "10.0.0.9") ", "
                            FORWARDS("f", "a", "10.0.0.3", "80", "'any_of': [{'zone': 'a', 'host': 'u.org', 'port': 80}, 'x']") ", "
                            "{'fact': 'needs', 'by': 'f', 'zone': 'a', 'host': 'k.org', 'port': 80, 'proto': 'tcp'}, "
                            "{'fact': 'needs', 'by': 'x', 'zone': 'a', 'host': 'u.org', 'port': 80, 'proto': 'tcp', 'after': ['s']}", STEPS1);

  assert_int_equal(ask(&w, "a/a u.org:80/tcp", NULL), UNKNOWN);
  assert_int_equal(stops(&w, "a/a u.org:80/tcp"), STOP_UNKNOWN);
  assert_int_equal(ask(&w, "a/a two.org:80/tcp", NULL), DOWN); /* one answer is surely not reached */
  assert_int_equal(ask(&w, "a/a 10.0.0.3:80/tcp", NULL), UP);  /* one is enough, and surely reached */
  step(&w, "s", true);
  assert_false(up(&w, "x")); /* a need that nobody knows to hold */
  end(&w);
}

/* ── up ────────────────────────────────────────────────────────────────────── */

static void needs_of_every_form(void **state)
{
  (void)state;
  struct world w = world_of("base a1 a2 a3 quorum named served never", NEEDS("a1", "base") ", " NEEDS("a2", "base") ", "
                            "{'fact': 'needs', 'by': 'quorum', 'at_least': 2, 'of': ['a1', 'a2', 'a3']}, " NEEDS("named", "quorum") ", "
                            SERVES("served", "b", "10.0.0.2", "80") ", " SERVES("a1", "b", "10.0.0.1", "80") ", "
                            "{'fact': 'needs', 'by': 'served', 'zone': null, 'host': '10.0.0.1', 'port': 80, 'proto': 'tcp'}, "
                            "{'fact': 'needs', 'by': 'base', 'never': true, 'after': ['s']}, {'fact': 'needs', 'by': 'never', 'never': true}",
                            STEPS1);

  assert_true(up(&w, "quorum") && up(&w, "named") && up(&w, "served"));
  assert_false(up(&w, "never"));
  step(&w, "s", true);
  assert_false(up(&w, "quorum") || up(&w, "named") || up(&w, "served") || up(&w, "a1"));
  assert_true(up(&w, "a3"));
  step(&w, "s", false);
  assert_true(up(&w, "quorum") && up(&w, "named") && up(&w, "served"));
  end(&w);
}

/* Two that need each other: up together, down together when their ground goes, and up again when it is back. */
static void greatest_set(void **state)
{
  (void)state;
  struct world w = world_of("ground p q", NEEDS("p", "q") ", " NEEDS("q", "p") ", " NEEDS("p", "ground") ", "
                            "{'fact': 'needs', 'by': 'ground', 'never': true, 'after': ['s'], 'before': ['t']}", STEPS2);
  uint32_t ground = find(&w, "ground");

  assert_true(up(&w, "p") && up(&w, "q"));
  step(&w, "s", true);
  assert_false(up(&w, "p") || up(&w, "q"));
  step(&w, "t", true);
  assert_true(up(&w, "p") && up(&w, "q"));
  state_set(w.s, w.done, &ground, 1);
  assert_false(up(&w, "p") || up(&w, "q"));
  assert_true(state_check(w.s));
  state_set(w.s, w.done, NULL, 0);
  assert_true(up(&w, "p") && up(&w, "q"));
  end(&w);
}

/* A need on an endpoint asks reach, which asks who is up, which asks the need. */
static void needs_through_reach(void **state)
{
  (void)state;
  struct world w = world_of("store in site", SERVES("in", "a", "10.0.0.1", "443") ", " HOSTS("site", "s.org", "443", "in") ", " NEEDS("site", "store") ", "
                            "{'fact': 'needs', 'by': 'store', 'zone': 'a', 'host': '10.0.0.1', 'port': 443, 'proto': 'tcp', 'vhost': 's.org'}, "
                            "{'fact': 'needs', 'by': 'in', 'never': true, 'after': ['s'], 'before': ['t']}", STEPS2);

  assert_true(up(&w, "store") && up(&w, "site"));
  step(&w, "s", true);
  assert_false(up(&w, "store") || up(&w, "site"));
  step(&w, "t", true);
  assert_true(up(&w, "store") && up(&w, "site"));
  end(&w);
}

/* ── Coming back ───────────────────────────────────────────────────────────── */

static void coming_back(void **state)
{
  (void)state;
  struct world w = world_of("p q r alone", NEEDS("p", "q") ", " NEEDS("q", "p") ", " NEEDS("r", "q"), "");
  bool kept[4] = {false, true, false, false}, got[4];
  uint32_t cycle[4];

  state_comes_back(w.s, NULL, got);
  assert_false(got[0] || got[1] || got[2]);
  assert_true(got[3]);
  assert_int_equal(state_start_cycle(w.s, NULL, cycle), 2);
  assert_int_equal(cycle[0] + cycle[1], 1);
  state_comes_back(w.s, kept, got); /* q ran on: p and r start on it */
  assert_true(got[0] && got[1] && got[2] && got[3]);
  assert_int_equal(state_start_cycle(w.s, kept, cycle), 0);
  kept[1] = false;
  kept[2] = true; /* r ran on: that starts nothing */
  state_comes_back(w.s, kept, got);
  assert_false(got[0] || got[1]);
  assert_true(got[2]);
  assert_true(up(&w, "p") && state_check(w.s));
  end(&w);
}

static void coming_back_through_reach(void **state)
{
  (void)state;
  struct world w = world_of("store in site", SERVES("in", "a", "10.0.0.1", "443") ", " HOSTS("site", "s.org", "443", "in") ", " NEEDS("site", "store") ", "
                            "{'fact': 'needs', 'by': 'store', 'zone': 'a', 'host': '10.0.0.1', 'port': 443, 'proto': 'tcp', 'vhost': 's.org'}", "");
  bool got[3];
  uint32_t cycle[3];

  state_comes_back(w.s, NULL, got);
  assert_false(got[0]);
  assert_true(got[1]);
  assert_false(got[2]);
  assert_int_equal(state_start_cycle(w.s, NULL, cycle), 2);
  assert_true(up(&w, "store") && reached(&w, "a/a 10.0.0.1:443/tcp s.org"));
  end(&w);
}

/* ── Landing, hairpins, rules, promises ────────────────────────────────────── */

static void landing(void **state)
{
  (void)state;
  struct world w = world_of("x f n m", SERVES("x", "a", "10.0.0.1", "443") ", " HOSTS("x", "x.org", "443", "x") ", "
                            FORWARDS("f", "a", "192.0.2.1", "443", "'to_zone': 'a', 'to_host': '10.0.0.1'") ", "   /* 2: yes, vhost aside */
                            FORWARDS("f", "a", "192.0.2.2", "80", "'to_zone': 'a', 'to_host': '10.0.0.1'") ", "    /* 3: no, the port */
                            NAMES("n", "a", "a.org", "10.0.0.1") ", "                                             /* 4: answered for, on some port */
                            NAMES("n", "a", "b.org", "10.0.0.2") ", "                                             /* 5: no */
                            NAMES("n", "a", "c.org", "a.org") ", " NAMES("n", "a", "d.org", "none.org") ", "      /* 6: resolves, 7: no */
                            NAMES("n", "a", "e.org", "d.org") ", "                                                /* 8: ends nowhere */
                            NEEDS("m", "x") ", {'fact': 'needs', 'by': 'm', 'never': true}, "                     /* 9: yes, 10: no */
                            FORWARDS("f", "far", "10.0.0.0/8", "'any'", "'to_zone': 'a'") ", "                    /* 11: a route */
                            NAMES_TO("n", "a", "f.org", "m"), "");                                                /* 12: m is down */
  static const bool lands[] = {true, true, true, false, true, false, true, false, false, true, false, true, false};

  for (uint32_t i = 0; i < w.m->facts.n; i++)
    if (state_lands(w.s, i) != lands[i])
      fail_msg("fact %u %s", i, lands[i] ? "should land" : "should not land");
  end(&w);
}

static void hairpins(void **state)
{
  (void)state;
  struct world w = world_of("nat x inner outer app",
                            SERVES("x", "b", "10.0.0.1", "443") ", " FORWARDS("nat", "a", "192.0.2.1", "443", "'to_zone': 'b', 'to_host': '10.0.0.1'") ", "
                            HOSTS("app", "app.org", "443", "x") ", " NAMES("nat", "a", "app.org", "192.0.2.1") ", " NAMES("nat", "b", "app.org", "10.0.0.1"),
                            "'clients': [{'name': 'inner', 'zone': 'b', 'dns': [{'zone': 'a', 'before': ['s']}, {'zone': 'b', 'after': ['s']}]},"
                            " {'name': 'outer', 'zone': 'a', 'dns': [{'zone': 'a'}]}], " STEPS1
                            ", 'forbidden': [{'rule': 'r', 'severity': 'warning', 'during': null, 'up': [], 'down': [], 'hairpins': [{'client': 'inner', 'resource': 'x', 'is': true}]}]");
  struct need n = question(&w, "a/a app.org:443/tcp app.org");
  uint32_t to;

  n.zone = n.dns = NONE;
  assert_true(state_hairpins(w.s, 0, &n, &to));
  assert_int_equal(to, find(&w, "x"));
  assert_false(state_hairpins(w.s, 1, &n, &to)); /* comes in once, from outside */
  assert_true(state_forbidden(w.s, 0, NONE));
  step(&w, "s", true);
  assert_false(state_hairpins(w.s, 0, &n, &to));
  assert_false(state_forbidden(w.s, 0, NONE));
  end(&w);
}

static void rules(void **state)
{
  (void)state;
  struct world w = world_of("x y", NEEDS("y", "x"), STEPS2
                            ", 'forbidden': [{'rule': 'r', 'severity': 'error', 'after': ['s'], 'before': ['t'], 'during': null, 'up': ['x'], 'down': ['y']},"
                            " {'rule': 'r', 'severity': 'error', 'during': 't', 'up': [], 'down': []}]");
  uint32_t y = find(&w, "y");

  state_set(w.s, w.done, &y, 1);
  assert_false(state_forbidden(w.s, 0, NONE));
  w.done[0] = true;
  state_set(w.s, w.done, &y, 1);
  assert_true(state_forbidden(w.s, 0, NONE) && state_forbidden(w.s, 0, 1));
  state_set(w.s, w.done, NULL, 0);
  assert_false(state_forbidden(w.s, 0, NONE));
  assert_false(state_forbidden(w.s, 1, NONE) || state_forbidden(w.s, 1, 0));
  assert_true(state_forbidden(w.s, 1, 1));
  end(&w);
}

static void promises(void **state)
{
  (void)state;
  struct world w = world_of("cl x y z", SERVES("x", "a", "10.0.0.1", "80") ", " NAMES("y", "a", "h.org", "10.0.0.1") ", "
                            "{'fact': 'needs', 'by': 'z', 'never': true, 'after': ['s']}",
                            "'clients': [{'name': 'cl', 'zone': 'b', 'dns': [{'zone': 'far', 'before': ['s']}, {'zone': 'b', 'after': ['s']}]}], " STEPS1
                            ", 'promises': [{'id': 'p1', 'client': 'cl', 'host': 'h.org', 'port': 80, 'proto': 'tcp', 'hold': 'always'},"
                            " {'id': 'p2', 'at_least': 2, 'of': ['x', 'y', 'z'], 'hold': 'always'}, {'id': 'p3', 'at_least': 3, 'of': ['x', 'y', 'z'], 'hold': 'always'},"
                            " {'id': 'p4', 'true': [{'after': ['s']}], 'hold': 'finally'}]");
  struct trace t;

  assert_int_equal(state_promise(w.s, 0, &t), DOWN); /* its dns knows no such name yet */
  assert_int_equal(t.at[0].type, STOP_NO_NAME);
  assert_int_equal(state_promise(w.s, 2, NULL), UP);
  assert_int_equal(state_promise(w.s, 3, NULL), DOWN);
  step(&w, "s", true);
  assert_int_equal(state_promise(w.s, 0, &t), UP);
  assert_int_equal(t.at[t.n - 1].type, LINK_ARRIVE);
  assert_int_equal(state_promise(w.s, 1, NULL), UP);
  assert_int_equal(state_promise(w.s, 2, NULL), DOWN);
  assert_int_equal(state_promise(w.s, 3, NULL), UP);
  end(&w);
}

static bool depends(struct step_list l, uint32_t id)
{
  for (uint32_t i = 0; i < l.n; i++)
    if (l.at[i] == id)
      return true;
  return false;
}

static void dependencies(void **state)
{
  (void)state;
  struct world w = world_of("cl x y n o", SERVES_IN("x", "a", "10.0.0.1", "80", BEFORE_S) ", " SERVES_IN("y", "a", "10.0.0.2", "80", "'after': ['u']") ", "
                            NAMES("n", "a", "h.org", "10.0.0.1") ", " NAMES_IN("n", "a", "*.org", "10.0.0.2", "'after': ['t']") ", " NEEDS("x", "o"),
                            "'clients': [{'name': 'cl', 'zone': 'b', 'dns': [{'zone': 'b'}]}],"
                            " 'steps': [{'id': 's'}, {'id': 't'}, {'id': 'u'}, {'id': 'v', 'disrupts': ['o']}],"
                            " 'promises': [{'id': 'p1', 'client': 'cl', 'host': 'h.org', 'port': 80, 'proto': 'tcp', 'hold': 'always'},"
                            " {'id': 'p2', 'client': 'cl', 'host': 'x.org', 'port': 80, 'proto': 'tcp', 'hold': 'always'}]");
  struct step_list first = state_depends_promise(w.s, 0), second = state_depends_promise(w.s, 1);

  assert_int_equal(first.n, 2); /* s, and what o's disruption does; the wildcard never counts beside the name */
  assert_true(depends(first, 0) && depends(first, 3));
  assert_int_equal(second.n, 2);
  assert_true(depends(second, 1) && depends(second, 2));
  assert_int_equal(state_depends_up(w.s, find(&w, "x")).n, 1);
  assert_true(depends(state_depends_fact(w.s, 2), 0)); /* landing: who answers for 10.0.0.1 */
  end(&w);
}

/* ── Random walks ──────────────────────────────────────────────────────────── */

static unsigned random_below(uint64_t *seed, unsigned n)
{
  *seed = *seed * 6364136223846793005u + 1442695040888963407u;
  return (unsigned)(*seed >> 33) % n;
}

static void random_fact(struct text *t, uint64_t *r)
{
  static const char *const hosts[] = {"10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.0-10.0.0.2", "10.0.0.0/29", "a.org", "b.a.org", "*.org", "*.a.org"};
  static const char *const zones[] = {"a", "b", "c", "far"};
  static const char *const ports[] = {"80", "443", "'any'"};
  unsigned by = random_below(r, 8), to = random_below(r, 8);
  const char *host = hosts[random_below(r, 9)], *target = hosts[random_below(r, 3) + (random_below(r, 4) == 0 ? 4 : 0)];

  if (strcmp(target, "10.0.0.0/29") == 0)
    target = "b.a.org";
  switch (random_below(r, 8)) {
  case 0:
  case 1:
    text_print(t, "{'fact': 'serves', 'by': 'r%u', 'zone': '%s', 'host': '%s', 'port': %s", by, zones[random_below(r, 4)], host, ports[random_below(r, 3)]);
    break;
  case 2:
    text_print(t, "{'fact': 'forwards', 'by': 'r%u', 'zone': '%s', 'host': '%s', 'port': %s, 'to_zone': '%s', 'to_host': '%s'", by,
               zones[random_below(r, 4)], host, ports[random_below(r, 3)], zones[random_below(r, 4)], target);
    break;
  case 3:
    text_print(t, "{'fact': 'forwards', 'by': 'r%u', 'zone': '%s', 'host': '%s', 'port': %s, 'any_of': ['r%u', 'r%u']", by,
               zones[random_below(r, 4)], host, ports[random_below(r, 3)], to, (to + 3) % 8);
    break;
  case 4:
    text_print(t, "{'fact': 'names', 'by': 'r%u', 'zone': '%s', 'name': '%s', 'value': '%s'", by, zones[random_below(r, 4)],
               hosts[5 + random_below(r, 4)], target);
    break;
  case 5:
    text_print(t, "{'fact': 'hosts', 'by': 'r%u', 'host': '%s', 'port': 443, 'at': 'r%u'", by, hosts[5 + random_below(r, 4)], to);
    break;
  case 6:
    text_print(t, "{'fact': 'needs', 'by': 'r%u', 'zone': '%s', 'host': '%s', 'port': %s, 'proto': 'tcp', 'vhost': 'b.a.org'", by,
               zones[random_below(r, 4)], target, ports[random_below(r, 2)]);
    break;
  default:
    text_print(t, "{'fact': 'needs', 'by': 'r%u', 'on': 'r%u'", by, to);
    break;
  }
  if (random_below(r, 2))
    text_print(t, ", '%s': ['s%u']", random_below(r, 2) ? "after" : "before", random_below(r, 5));
  text_puts(t, "}");
}

static void random_world(uint64_t seed)
{
  struct compilation *scratch = compilation_new();
  struct text t = {.arena = &scratch->arena};

  for (unsigned i = 0; i < 30; i++) {
    if (i)
      text_puts(&t, ", ");
    random_fact(&t, &seed);
  }
  struct world w = world_of("r0 r1 r2 r3 r4 r5 r6 r7", text_done(&t), "'steps': [{'id': 's0'}, {'id': 's1'}, {'id': 's2'}, {'id': 's3'}, {'id': 's4'}]");
  bool kept[8], back[8], again[8];

  for (unsigned i = 0; i < 40; i++) {
    uint32_t disrupted[2] = {random_below(&seed, 8), random_below(&seed, 8)}, n = random_below(&seed, 4) ? 0 : 2;
    unsigned flip = random_below(&seed, 5);

    w.done[flip] = !w.done[flip];
    state_set(w.s, w.done, disrupted, n);
    ask(&w, "c/c b.a.org:443/tcp b.a.org", NULL);
    ask(&w, "c/a a.org:80/tcp", NULL);
    for (unsigned k = 0; k < 8; k++)
      kept[k] = random_below(&seed, 2);
    state_comes_back(w.s, kept, back);
    state_comes_back(w.s, kept, again);
    assert_memory_equal(back, again, sizeof back);
    for (uint32_t k = 0; k < 8; k++)
      assert_true(!back[k] || state_up(w.s, k));
    if (!state_check(w.s))
      fail_msg("state %u of seed %llu differs from a full evaluation", i, (unsigned long long)seed);
  }
  end(&w);
  compilation_free(scratch);
}

static void random_walks(void **state)
{
  (void)state;
  for (uint64_t seed = 1; seed <= 400; seed++)
    random_world(seed);
}

/* Whether all of it starts is the same when it is found at once, in rounds, depth first, or by starting it. Needs of one resource lie
 * together or apart, forwards, backwards, in a line that rounds take long for, with a circle or without. */
static void starting_anew(void **state)
{
  (void)state;
  unsigned starts = 0, circles = 0;

  for (uint64_t seed = 1; seed <= 300; seed++) {
    enum { MOST = 90 };
    uint64_t r = seed;
    struct text names = {0}, facts = {0};
    struct arena own = {0};
    unsigned n = 2 + random_below(&r, MOST - 2), needs = random_below(&r, 2 * n), form = random_below(&r, 4), place[MOST];
    bool back[MOST];

    names.arena = facts.arena = &own;
    for (unsigned i = 0; i < n; i++) {
      text_print(&names, "%sr%u", i ? " " : "", i);
      place[i] = i;
    }
    for (unsigned i = n; form > 1 && i > 1; i--) { /* in another order than that of the ids */
      unsigned k = random_below(&r, i), was = place[k];

      place[k] = place[i - 1];
      place[i - 1] = was;
    }
    for (unsigned i = 0; i < needs; i++) {
      unsigned a = form == 3 ? i % n : random_below(&r, n), b = form == 3 ? (i + 1) % n : random_below(&r, n), circle = random_below(&r, 4 * n) == 0;
      unsigned low = a < b ? a : b, high = a < b ? b : a;

      text_print(&facts, "%s{'fact': 'needs', 'by': 'r%u', 'on': 'r%u'}", i ? ", " : "", place[circle ? low : high], place[circle ? high : low]);
    }
    struct world w = world_of(text_done(&names), text_done(&facts), "");

    state_comes_back(w.s, NULL, back);
    bool all = true;

    for (unsigned i = 0; i < n; i++)
      all = all && back[i];
    assert_int_equal(state_starts_anew(w.s), all);
    starts += all;
    circles += !all;
    end(&w);
    arena_free(&own);
  }
  assert_true(starts > 20 && circles > 20);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(most_specific_address),
      cmocka_unit_test(many_ranges),
      cmocka_unit_test(patterns),
      cmocka_unit_test(wildcard_blocked_in_its_zone_only),
      cmocka_unit_test(wildcard_comes_back_when_the_name_goes),
      cmocka_unit_test(blocked_wildcard_lets_outer_zones_answer),
      cmocka_unit_test(endpoints_compete_with_names),
      cmocka_unit_test(conflicting_answers_must_all_be_reached),
      cmocka_unit_test(members_of_one_any_of),
      cmocka_unit_test(conflicts_found),
      cmocka_unit_test(a_conflict_behind_many_facts),
      cmocka_unit_test(zones_fall_through),
      cmocka_unit_test(owns_ends_the_search),
      cmocka_unit_test(names_in_dns_addresses_in_zone),
      cmocka_unit_test(records_with_several_addresses),
      cmocka_unit_test(names_of_what_is_down),
      cmocka_unit_test(forwards),
      cmocka_unit_test(after_a_forward_names_are_looked_up_there),
      cmocka_unit_test(virtual_hosts),
      cmocka_unit_test(hosts_without_a_url_bind_every_port),
      cmocka_unit_test(ports_are_bound_only_while_hosted),
      cmocka_unit_test(loops),
      cmocka_unit_test(verdicts_inside_a_loop_are_not_kept),
      cmocka_unit_test(thirty_two_hops),
      cmocka_unit_test(unknown),
      cmocka_unit_test(needs_of_every_form),
      cmocka_unit_test(greatest_set),
      cmocka_unit_test(needs_through_reach),
      cmocka_unit_test(coming_back),
      cmocka_unit_test(coming_back_through_reach),
      cmocka_unit_test(landing),
      cmocka_unit_test(hairpins),
      cmocka_unit_test(rules),
      cmocka_unit_test(promises),
      cmocka_unit_test(dependencies),
      cmocka_unit_test(random_walks),
      cmocka_unit_test(starting_anew),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
