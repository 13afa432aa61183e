/* What the proof says of everything that asks: stale and dangling targets, circular needs, mends, what a result rests on.
 * One small world: an ingress that moves, a tunnel and a firewall that lead there, a store behind it. */
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

struct world { struct compilation *c; struct model *m; struct proof *p; };

/* Facts, then steps, then further members, with ' for ". */
static struct world world_of(const char *facts, const char *steps, const char *rest)
{
  struct world w = {.c = compilation_new()};
  struct text t = {.arena = &w.c->arena};
  const char *why = "";

  text_print(&t,
             "{'format': 'cutc-model/1', 'plan': 'p', 'operator': 'devvm',"
             " 'zones': [{'name': 'internet', 'inside': null}, {'name': 'lan', 'inside': 'internet'}, {'name': 'cluster', 'inside': 'lan'}],"
             " 'clients': [{'name': 'devvm', 'zone': 'lan', 'dns': [{'zone': 'internet'}]}, {'name': 'public', 'zone': 'internet', 'dns': [{'zone': 'internet'}]}],"
             " 'resources': [{'name': 'devvm'}, {'name': 'public'}, {'name': 'ingress'}, {'name': 'tunnel'}, {'name': 'route', 'attributes': {'origin': ['x']}},"
             " {'name': 'home'}, {'name': 'vault'}, {'name': 'vault_ui'}, {'name': 'record', 'attributes': {'value': ['y']}}, {'name': 'dns', 'provider': true}, {'name': 'pointer'}],"
             " 'facts': [%s], 'steps': [%s]%s%s}", facts, steps, *rest ? ", " : "", rest);
  char *json = arena_copy(&w.c->arena, text_done(&t), t.n);

  for (char *p = json; *p; p++)
    if (*p == '\'')
      *p = '"';
  w.m = model_load(w.c, json, &why);
  if (!w.m)
    fail_msg("%s in %s", why, json);
  if (w.m->secrets.n && w.m->steps.n) { /* the last step uses the one secret there is */
    struct step *last = &w.m->steps.at[w.m->steps.n - 1];

    last->secrets = arena_array(&w.c->arena, uint32_t, 1);
    last->secret_count = 1;
  }
  w.p = prove(w.m);
  return w;
}

static void end(struct world *w) { compilation_free(w->c); }

static uint32_t resource(const struct world *w, const char *name)
{
  for (uint32_t i = 0; i < w->m->resources.n; i++)
    if (strcmp(name_text(&w->c->names, w->m->resources.at[i].name), name) == 0)
      return i;
  fail_msg("no resource %s", name);
  return NONE;
}

static uint32_t count(const struct world *w, enum code code)
{
  uint32_t n = 0;

  for (uint32_t i = 0; i < w->p->breaches.n; i++)
    n += w->p->breaches.at[i].code == code;
  return n;
}

static const struct breach *only(const struct world *w, enum code code)
{
  if (count(w, code) != 1)
    fail_msg("%u times %s", count(w, code), code_text(code));
  for (uint32_t i = 0; i < w->p->breaches.n; i++)
    if (w->p->breaches.at[i].code == code)
      return &w->p->breaches.at[i];
  return NULL;
}

static bool has(const uint32_t *list, uint32_t n, uint32_t id)
{
  for (uint32_t i = 0; i < n; i++)
    if (list[i] == id)
      return true;
  return false;
}

#define MOVES "{'fact': 'serves', 'by': 'ingress', 'zone': 'lan', 'host': '10.0.20.200', 'port': 443, 'before': ['ingress']}, " \
              "{'fact': 'serves', 'by': 'ingress', 'zone': 'lan', 'host': '10.0.20.203', 'port': 443, 'after': ['ingress']}, " \
              "{'fact': 'serves', 'by': 'ingress', 'zone': 'cluster', 'host': 'ingress.svc', 'port': 443}"
#define TUNNEL(origin) "{'fact': 'names', 'by': 'record', 'zone': 'internet', 'name': '*.example.net', 'to': 'tunnel'}, " \
              "{'fact': 'hosts', 'by': 'route', 'host': '*.example.net', 'port': 'any', 'at': 'tunnel'}, " \
              "{'fact': 'forwards', 'by': 'route', 'to_zone': 'cluster', 'to_host': '" origin "', 'to_port': 443, 'attribute': 'origin'}, " \
              "{'fact': 'hosts', 'by': 'home', 'host': 'home.example.net', 'port': 443, 'at': 'ingress'}, " \
              "{'fact': 'hosts', 'by': 'vault_ui', 'host': 'vault.example.net', 'port': 443, 'at': 'ingress'}, " \
              "{'fact': 'needs', 'by': 'vault_ui', 'on': 'vault'}"
#define INGRESS "{'id': 'ingress', 'takes': 90, 'commands': 1}"
#define PROMISE(host) "{'id': 'p', 'client': 'public', 'host': '" host "', 'vhost': '" host "', 'port': 443, 'proto': 'tcp', 'hold': 'always'}"
#define SECRET(use) "'secrets': [{'name': 'token', " use "'store': 'vault', 'needs': [{'zone': 'lan', 'dns': 'internet', 'host': 'vault.example.net'," \
                    " 'vhost': 'vault.example.net', 'port': 443, 'proto': 'tcp'}]}]"

static void stale_tunnel(void **state)
{
  (void)state;
  struct world w = world_of(MOVES ", " TUNNEL("10.0.20.200"), INGRESS, "'promises': [" PROMISE("home.example.net") "], " SECRET(""));
  const struct breach *b = only(&w, CODE_201);

  assert_int_equal(fact_at(w.m, b->fact)->by, resource(&w, "route")); /* the last that still leads to the old place */
  assert_int_equal(fact_at(w.m, b->fact)->type, FACT_FORWARDS);
  assert_int_equal(b->step, 0);
  assert_int_equal(b->first_state, 1);
  assert_int_equal(b->last_state, 1);
  assert_int_equal(b->promise_count, 1);
  assert_true(has(b->resources, b->resource_count, resource(&w, "vault_ui"))); /* promised or not */
  assert_int_equal(b->secret_count, 1);
  assert_int_equal(b->before.verdict, UP);
  assert_int_equal(b->after.at[b->after.n - 1].type, STOP_NOBODY);
  assert_int_equal(count(&w, CODE_221), 0); /* said once */
  assert_int_equal(count(&w, CODE_202), 0);
  end(&w);
}

static void mends_are_tried(void **state)
{
  (void)state;
  struct world w = world_of(MOVES ", " TUNNEL("10.0.20.200"), INGRESS, "'promises': [" PROMISE("home.example.net") "]");
  const struct breach *b = only(&w, CODE_201);

  assert_int_equal(b->mend_count, 2);
  assert_true(b->mends[0].by_name && b->mends[0].works == 1);
  assert_int_equal(b->mends[0].to.host.type, HOST_NAME);
  assert_true(!b->mends[1].by_name && b->mends[1].works == 0); /* no order keeps the promise with the new address */
  assert_int_equal(b->mends[1].because, 0);
  end(&w);
}

static void nothing_is_stale_when_it_goes_by_name(void **state)
{
  (void)state;
  struct world w = world_of(MOVES ", " TUNNEL("ingress.svc"), INGRESS, "'promises': [" PROMISE("home.example.net") "]");

  assert_int_equal(count(&w, CODE_201), 0);
  assert_int_equal(count(&w, CODE_202), 0);
  assert_true(w.p->rests.n > 0);
  assert_int_equal(w.p->rests.at[0].attribute, fact_at(w.m, 5)->attribute);
  assert_int_equal(w.p->rests.at[0].weight, 1); /* one promise, in the one state after the move */
  end(&w);
}

/* A firewall with two ports of one value is one thing to mend. */
static void one_value_is_one_finding(void **state)
{
  (void)state;
  struct world w = world_of("{'fact': 'serves', 'by': 'ingress', 'zone': 'lan', 'host': '10.0.20.200', 'port': 443, 'before': ['ingress']}, "
                            "{'fact': 'serves', 'by': 'ingress', 'zone': 'lan', 'host': '10.0.20.200', 'port': 443, 'proto': 'udp', 'before': ['ingress']}, "
                            "{'fact': 'forwards', 'by': 'route', 'zone': 'internet', 'host': '192.0.2.7', 'port': 443, 'to_zone': 'lan', 'to_host': '10.0.20.200', 'attribute': 'origin'}, "
                            "{'fact': 'forwards', 'by': 'route', 'zone': 'internet', 'host': '192.0.2.7', 'port': 443, 'proto': 'udp', 'to_zone': 'lan', 'to_host': '10.0.20.200', 'attribute': 'origin'}",
                            INGRESS, "'promises': [{'id': 'p1', 'client': 'public', 'host': '192.0.2.7', 'port': 443, 'proto': 'tcp', 'hold': 'finally'},"
                            " {'id': 'p2', 'client': 'public', 'host': '192.0.2.7', 'port': 443, 'proto': 'udp', 'hold': 'finally'}]");

  assert_int_equal(only(&w, CODE_201)->promise_count, 2);
  end(&w);
}

/* Who is down because of who is down: the one blamed is at the end of it all. */
static void blame_goes_to_the_root(void **state)
{
  (void)state;
  struct world w = world_of(MOVES ", " TUNNEL("ingress.svc") ", "
                            "{'fact': 'needs', 'by': 'vault', 'zone': 'lan', 'dns': 'lan', 'host': 'db.example.org', 'port': 443, 'proto': 'tcp'}, "
                            "{'fact': 'names', 'by': 'record', 'zone': 'lan', 'name': 'db.example.org', 'value': '10.0.20.200'}",
                            INGRESS, "'promises': [" PROMISE("vault.example.net") "]");
  const struct breach *b = only(&w, CODE_201);

  assert_int_equal(b->fact, 10);
  assert_int_equal(b->promise_count, 1);
  assert_true(has(b->resources, b->resource_count, resource(&w, "vault")));
  assert_true(has(b->resources, b->resource_count, resource(&w, "vault_ui")));
  end(&w);
}

/* A route that only catches what the move left behind leads nowhere *still*: it did not before. */
static void only_what_led_there_before_is_blamed(void **state)
{
  (void)state;
  struct world w = world_of(MOVES ", {'fact': 'forwards', 'by': 'route', 'zone': 'lan', 'host': '10.0.0.0/8', 'port': 'any', 'proto': 'any', 'to_zone': 'internet'}, "
                            "{'fact': 'needs', 'by': 'pointer', 'zone': 'lan', 'host': '10.0.20.200', 'port': 443, 'proto': 'tcp'}", INGRESS, "");

  assert_int_equal(only(&w, CODE_201)->fact, 4);
  assert_int_equal(only(&w, CODE_201)->after.at[0].fact, 3);
  end(&w);
}

static void needs_and_asks_are_asked_too(void **state)
{
  (void)state;
  struct world w = world_of(MOVES ", {'fact': 'needs', 'by': 'pointer', 'zone': 'lan', 'host': '10.0.20.200', 'port': 443, 'proto': 'tcp'}", INGRESS, "");

  assert_int_equal(only(&w, CODE_201)->fact, 3);
  assert_int_equal(only(&w, CODE_201)->resource, resource(&w, "pointer"));
  end(&w);
  w = world_of(MOVES, INGRESS, "'asks': [{'type': 'provider', 'resource': 'dns', 'zone': 'lan', 'host': '10.0.20.200', 'port': 443, 'proto': 'tcp'}]");
  assert_int_equal(only(&w, CODE_201)->ask, 0);
  assert_int_equal(only(&w, CODE_201)->fact, NONE);
  end(&w);
  w = world_of(MOVES, INGRESS, "'asks': [{'type': 'provider', 'resource': 'dns', 'zone': 'lan', 'host': '10.0.20.9', 'port': 443, 'proto': 'tcp'}]");
  assert_int_equal(only(&w, CODE_202)->ask, 0);
  end(&w);
}

static void what_is_deleted_asks_no_more(void **state)
{
  (void)state;
  struct world w = world_of(MOVES ", {'fact': 'needs', 'by': 'pointer', 'zone': 'lan', 'host': '10.0.20.200', 'port': 443, 'proto': 'tcp', 'before': ['pointer']}",
                            INGRESS ", {'id': 'pointer', 'takes': 1, 'commands': 1}", "");

  assert_int_equal(count(&w, CODE_201), 0);
  end(&w);
}

static void dangling_and_mended(void **state)
{
  (void)state;
  struct world w = world_of("{'fact': 'needs', 'by': 'pointer', 'zone': 'lan', 'host': '10.0.20.1', 'port': 443, 'proto': 'tcp'}, "
                            "{'fact': 'needs', 'by': 'pointer', 'zone': 'lan', 'host': '10.0.20.203', 'port': 443, 'proto': 'tcp'}, " MOVES,
                            INGRESS, "");

  assert_int_equal(only(&w, CODE_202)->fact, 0);
  assert_int_equal(only(&w, CODE_202)->severity, SEV_ERROR);
  assert_int_equal(only(&w, CODE_203)->fact, 1);
  assert_int_equal(only(&w, CODE_203)->step, 0);
  assert_true(only(&w, CODE_203)->mended);
  end(&w);
}

/* A pointer to where nobody answers, turned elsewhere by the plan. */
static void mended_by_asking_elsewhere(void **state)
{
  (void)state;
  struct world w = world_of("{'fact': 'needs', 'by': 'pointer', 'zone': 'lan', 'host': '10.0.20.1', 'port': 443, 'proto': 'tcp', 'before': ['pointer']}, "
                            "{'fact': 'needs', 'by': 'pointer', 'zone': 'lan', 'host': '10.0.20.203', 'port': 443, 'proto': 'tcp', 'after': ['pointer']}, " MOVES,
                            INGRESS ", {'id': 'pointer', 'takes': 1, 'commands': 1}", "");

  assert_int_equal(count(&w, CODE_202), 0);
  assert_int_equal(only(&w, CODE_203)->fact, 0);
  assert_int_equal(only(&w, CODE_203)->step, 1);
  end(&w);
}

static void a_pointer_is_mended_too(void **state)
{
  (void)state;
  struct world w = world_of(MOVES ", {'fact': 'needs', 'by': 'pointer', 'zone': 'cluster', 'host': '10.0.20.200', 'port': 443, 'proto': 'tcp'}", INGRESS, "");
  const struct breach *b = only(&w, CODE_201);

  assert_int_equal(b->mend_count, 2);
  assert_true(b->mends[0].by_name && b->mends[0].works && b->mends[1].works);
  end(&w);
}

/* An app that is not published in the internet is no error; one that nobody reaches is. */
static void published_for_some(void **state)
{
  (void)state;
#define APP "{'fact': 'hosts', 'by': 'home', 'host': 'home.lan', 'port': 443, 'at': 'ingress'}, " \
            "{'fact': 'serves', 'by': 'ingress', 'zone': 'lan', 'host': '10.0.20.200', 'port': 443}"
  struct world w = world_of(APP ", {'fact': 'names', 'by': 'record', 'zone': 'internet', 'name': 'home.lan', 'value': '10.0.20.200'}", "", "");

  assert_int_equal(only(&w, CODE_202)->severity, SEV_NOTE);
  assert_int_equal(only(&w, CODE_202)->client, 1);
  end(&w);
  w = world_of(APP, "", "");
  assert_int_equal(only(&w, CODE_202)->severity, SEV_ERROR);
  end(&w);
}

static void unknown_on_the_way(void **state)
{
  (void)state;
  struct world w = world_of("{'fact': 'names', 'by': 'record', 'zone': 'internet', 'name': 'home.example.net', 'value': 'unknown'}", "",
                            "'promises': [" PROMISE("home.example.net") "]");

  assert_int_equal(only(&w, CODE_206)->fact, 0);
  assert_int_equal(count(&w, CODE_202), 0);
  end(&w);
}

static void secret_behind_what_moves(void **state)
{
  (void)state;
#define USES "{'id': 'ingress', 'takes': 90, 'commands': 1}, {'id': 'record', 'takes': 10, 'after': ['ingress'], 'commands': 1"
  struct world w = world_of(MOVES ", " TUNNEL("10.0.20.200"), USES "}", SECRET(""));
  const struct breach *b = only(&w, CODE_212);

  assert_int_equal(b->step, 1);
  assert_int_equal(b->other_step, 0);
  assert_int_equal(b->secret, 0);
  assert_int_equal(b->before.verdict, UP);
  assert_int_equal(count(&w, CODE_211), 0);
  end(&w);
  w = world_of(MOVES ", " TUNNEL("10.0.20.200"), USES ", 'needs': [{'zone': 'lan', 'dns': 'internet', 'host': 'vault.example.net',"
               " 'vhost': 'vault.example.net', 'port': 443, 'proto': 'tcp', 'secret': 'token'}]}", SECRET("'at_use': true, "));
  assert_int_equal(count(&w, CODE_212), 0);
  assert_int_equal(count(&w, CODE_211) + count(&w, CODE_252), 1); /* an error now */
  end(&w);
}

static void probes_that_say_nothing(void **state)
{
  (void)state;
  struct world w = world_of(MOVES, INGRESS, "'promises': [{'id': 'p1', 'true': [{}], 'hold': 'finally'}, {'id': 'p2', 'client': 'public', 'host': '10.0.20.200', 'port': 443, 'proto': 'tcp', 'hold': 'finally'}],"
                            " 'asks': [{'type': 'verify', 'resource': 'ingress', 'step': 'ingress', 'zone': 'lan', 'host': '10.0.20.200', 'port': 443, 'proto': 'tcp'}]");

  assert_int_equal(only(&w, CODE_302)->promise, 0);
  assert_int_equal(only(&w, CODE_225)->promise, 1);
  assert_int_equal(only(&w, CODE_301)->ask, 0);
  assert_int_equal(only(&w, CODE_301)->after.at[0].type, STOP_NOBODY);
  end(&w);
}

static void conflicts_said_once(void **state)
{
  (void)state;
  struct world w = world_of(MOVES ", {'fact': 'serves', 'by': 'home', 'zone': 'lan', 'host': '10.0.20.203', 'port': 443}", INGRESS, "");

  assert_int_equal(count(&w, CODE_241) + count(&w, CODE_252), 1);
  end(&w);
  w = world_of(MOVES ", {'fact': 'serves', 'by': 'home', 'zone': 'lan', 'host': '10.0.20.200', 'port': 443}", INGRESS, "");
  assert_int_equal(count(&w, CODE_241), 0);
  assert_int_equal(only(&w, CODE_203)->step, 0);
  end(&w);
}

/* So many facts of one resource overlap, and another answers at the same address: is it said that some were not compared? */
static uint32_t refused_of(unsigned facts)
{
  struct arena a = {0};
  struct text t = {.arena = &a};

  for (unsigned i = 0; i < facts; i++)
    text_print(&t, "{'fact': 'serves', 'by': 'ingress', 'zone': 'lan', 'host': '10.0.0.1', 'port': 1, 'port_end': %u}, ", 9000 + i);
  text_puts(&t, "{'fact': 'serves', 'by': 'home', 'zone': 'lan', 'host': '10.0.0.1', 'port': 80}");
  struct world w = world_of(text_done(&t), "", "");
  uint32_t n = 0;

  for (uint32_t i = 0; i < w.c->findings.n; i++)
    n += w.c->findings.at[i]->code == CODE_113;
  end(&w);
  arena_free(&a);
  return n;
}

static void what_is_not_compared_is_said(void **state)
{
  (void)state;
  assert_int_equal(refused_of(2000), 0);
  assert_int_equal(refused_of(4500), 1);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(stale_tunnel),
      cmocka_unit_test(mends_are_tried),
      cmocka_unit_test(nothing_is_stale_when_it_goes_by_name),
      cmocka_unit_test(one_value_is_one_finding),
      cmocka_unit_test(blame_goes_to_the_root),
      cmocka_unit_test(what_is_not_compared_is_said),
      cmocka_unit_test(only_what_led_there_before_is_blamed),
      cmocka_unit_test(needs_and_asks_are_asked_too),
      cmocka_unit_test(what_is_deleted_asks_no_more),
      cmocka_unit_test(dangling_and_mended),
      cmocka_unit_test(mended_by_asking_elsewhere),
      cmocka_unit_test(a_pointer_is_mended_too),
      cmocka_unit_test(published_for_some),
      cmocka_unit_test(unknown_on_the_way),
      cmocka_unit_test(secret_behind_what_moves),
      cmocka_unit_test(probes_that_say_nothing),
      cmocka_unit_test(conflicts_said_once),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
