/* The order: the plans of the examples as models, a case for each sentence of 'Order', 'Time' and 'Clash' in the definitions
 * that a naive search gets wrong, and random models against all permutations. */
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

struct proven {
  struct compilation *c;
  struct model *m;
  struct proof *p;
};

static struct model *load(struct compilation *c, const char *json) {
  char *text = arena_copy(&c->arena, json, strlen(json));
  const char *why = "";
  for (char *p = text; *p; p++)
    if (*p == '\'') *p = '"';
  struct model *m = model_load(c, text, &why);
  if (m == NULL) fail_msg("%s in %s", why, json);
  return m;
}

static struct proven proven(const char *json) {
  struct proven v = {.c = compilation_new()};
  v.m = load(v.c, json);
  v.p = prove(v.m);
  assert_int_equal(v.p->order.n, v.m->steps.n);
  return v;
}

static void done_with(struct proven *v) { compilation_free(v->c); }

static const char *id(const struct model *m, uint32_t step) { return name_text(&m->c->names, m->steps.at[step].name); }

static const char *list(const struct model *m, const uint32_t *steps, uint32_t n) {
  struct text t = {.arena = &m->c->arena};
  for (uint32_t i = 0; i < n; i++) text_print(&t, "%s%s", i ? " " : "", id(m, steps[i]));
  return text_done(&t);
}

static void order_is(const struct proven *v, const char *expected) {
  assert_string_equal(list(v->m, v->p->order.at, v->p->order.n), expected);
}

static uint32_t promise(const struct proven *v, const char *name) {
  for (uint32_t i = 0; i < v->m->promises.n; i++)
    if (strcmp(name_text(&v->c->names, v->m->promises.at[i].id), name) == 0) return i;
  fail_msg("no promise %s", name);
  return NONE;
}

static int64_t outage(const struct proven *v, const char *name) { return v->p->timeline[promise(v, name)].outage / 1000; }

static uint32_t count(const struct proven *v, enum code code) {
  uint32_t n = 0;
  for (uint32_t i = 0; i < v->p->breaches.n; i++) n += v->p->breaches.at[i].code == code;
  return n;
}

static const struct breach *only(const struct proven *v, enum code code) {
  const struct breach *found = NULL;
  for (uint32_t i = 0; i < v->p->breaches.n; i++)
    if (v->p->breaches.at[i].code == code) {
      if (found != NULL) fail_msg("two of %s", code_text(code));
      found = &v->p->breaches.at[i];
    }
  if (found == NULL) fail_msg("no %s", code_text(code));
  return found;
}

static void no_errors(const struct proven *v) {
  for (uint32_t i = 0; i < v->p->breaches.n; i++)
    if (v->p->breaches.at[i].severity == SEV_ERROR)
      fail_msg("%s: %s", code_text(v->p->breaches.at[i].code), list(v->m, v->p->order.at, v->p->order.n));
  assert_true(v->p->order_holds);
}

/* ── The examples ────────────────────────────────────────────────────────────────────────────────────────────────── */

#define ZONES "'zones': [{'name': 'internet', 'inside': null}, {'name': 'lan', 'inside': 'internet'}, {'name': 'cluster', 'inside': 'lan'}]"
#define THING(name) "{'name': '" name "', 'kind': 'thing', 'attributes': {}}"
#define SERVES(by, zone, host, port, proto, after, before)                                                                      \
  "{'fact': 'serves', 'by': '" by "', 'zone': '" zone "', 'host': '" host "', 'port': " port ", 'port_end': null, 'proto': '" proto   \
  "', 'after': [" after "], 'before': [" before "]}"
#define HANDS(by, zone, host, proto, to_zone, to, after, before)                                                                \
  "{'fact': 'forwards', 'by': '" by "', 'zone': " zone ", 'host': " host ", 'port': 443, 'port_end': null, 'proto': '" proto         \
  "', 'to_zone': '" to_zone "', 'to_host': '" to "', 'to_port': 443, 'to': null, 'vhost': 'keep', 'any_of': null, 'after': [" after \
  "], 'before': [" before "]}"
#define NAMES(by, zone, name, value, to, after, before)                                                                         \
  "{'fact': 'names', 'by': '" by "', 'zone': '" zone "', 'name': '" name "', 'value': " value ", 'to': " to                          \
  ", 'ttl': 60, 'after': [" after "], 'before': [" before "]}"
#define HOSTS(by, host, at) "{'fact': 'hosts', 'by': '" by "', 'host': '" host "', 'port': 443, 'at': '" at "', 'after': [], 'before': []}"
#define STEP(id, takes, after, rest)                                                                                            \
  "{'id': '" id "', 'takes': " takes ", 'after': [" after "], 'disrupts': [], 'irreversible': null, 'early': false, 'commands': 1, "  \
  "'parts': [], 'atomic': null, 'needs': [], 'undo_needs': []" rest "}"
#define REACHES(id, client, host, port, proto, vhost, hold)                                                                     \
  "{'id': '" id "', 'client': '" client "', 'host': '" host "', 'vhost': " vhost ", 'port': " port ", 'proto': '" proto "', " hold "}"
#define STATE_DB "[{'zone': 'lan', 'dns': 'internet', 'host': '10.0.20.200', 'port': 5432, 'proto': 'tcp'}]"

/* The plan of the cutover; `origin` is where the tunnel goes afterwards, `gone` what ends the old address, `came` what begins
 * the new one, `hold` how firmly vault is promised. */
static char *cutover(const char *origin, const char *gone, const char *came, const char *direct) {
  static char json[16384];
  snprintf(json, sizeof json,
    "{'format': 'cutc-model/1', 'plan': 'p', 'window': 1800, " ZONES ", 'clients': ["
    "{'name': 'devvm', 'zone': 'lan', 'dns': [{'zone': 'internet', 'after': [], 'before': []}]},"
    "{'name': 'family', 'zone': 'lan', 'dns': [{'zone': 'lan', 'after': [], 'before': []}]},"
    "{'name': 'public', 'zone': 'internet', 'dns': [{'zone': 'internet', 'after': [], 'before': []}]}],"
    "'resources': [" THING("devvm") "," THING("family") "," THING("public") "," THING("vault") "," THING("technitium") ","
    THING("postgresql-lb") "," THING("traefik") "," THING("immich") "," THING("home") "," THING("vault_ui") "," THING("apex") ","
    THING("lan_names") "," THING("immich_wan") "," THING("proxied") "," THING("cloudflared") "," THING("proxied_apps") ","
    THING("traefik_lb") "," THING("https") "],"
    "'facts': [" SERVES("postgresql-lb", "lan", "10.0.20.200", "5432", "tcp", "", "") ","
    SERVES("traefik", "lan", "10.0.20.200", "443", "tcp", "", "%s") "," SERVES("traefik", "lan", "10.0.20.200", "443", "udp", "", "%s") ","
    SERVES("traefik", "lan", "10.0.20.203", "443", "tcp", "%s", "") "," SERVES("traefik", "lan", "10.0.20.203", "443", "udp", "%s", "") ","
    SERVES("traefik", "cluster", "traefik.traefik.svc.cluster.local", "443", "tcp", "", "") ","
    HOSTS("immich", "immich.example.net", "traefik") "," HOSTS("home", "home.example.net", "traefik") ","
    HOSTS("vault_ui", "vault.example.net", "traefik") ",{'fact': 'needs', 'by': 'vault_ui', 'on': 'vault', 'after': [], 'before': []},"
    NAMES("apex", "lan", "example.net", "'10.0.20.200'", "null", "", "'apex.ttl.1', 'apex'") ","
    NAMES("apex", "lan", "example.net", "'10.0.20.200'", "null", "'apex.ttl.1'", "'apex'") ","
    NAMES("apex", "lan", "example.net", "'10.0.20.203'", "null", "'apex.ttl.1', 'apex'", "'apex.ttl.2'") ","
    NAMES("apex", "lan", "example.net", "'10.0.20.203'", "null", "'apex', 'apex.ttl.2'", "") ","
    NAMES("lan_names", "lan", "*.example.net", "'example.net'", "null", "", "") ","
    NAMES("immich_wan", "internet", "immich.example.net", "'203.0.113.7'", "null", "", "") ","
    NAMES("proxied", "internet", "*.example.net", "null", "'cloudflared'", "", "") ","
    "{'fact': 'owns', 'by': 'technitium', 'zone': 'lan', 'name': 'example.net', 'negative_ttl': 3600, 'after': [], 'before': []},"
    HOSTS("proxied_apps", "*.example.net", "cloudflared") ","
    HANDS("proxied_apps", "null", "null", "any", "cluster", "10.0.20.200", "", "'proxied_apps'") ","
    HANDS("proxied_apps", "null", "null", "any", "cluster", "%s", "'proxied_apps'", "") ","
    HANDS("https", "'internet'", "'203.0.113.7'", "tcp", "lan", "10.0.20.200", "", "'https'") ","
    HANDS("https", "'internet'", "'203.0.113.7'", "udp", "lan", "10.0.20.200", "", "'https'") ","
    HANDS("https", "'internet'", "'203.0.113.7'", "tcp", "lan", "10.0.20.203", "'https'", "") ","
    HANDS("https", "'internet'", "'203.0.113.7'", "udp", "lan", "10.0.20.203", "'https'", "") "],"
    "'forbidden': [], 'steps': ["
    "{'id': 'traefik', 'takes': 90, 'after': [], 'disrupts': [], 'irreversible': null, 'early': false, 'commands': 1, 'parts': [], "
    "'atomic': null, 'needs': " STATE_DB ", 'undo_needs': " STATE_DB "},"
    STEP("apex.ttl.1", "10", "", "") "," STEP("apex", "10", "'apex.ttl.1'", "") "," STEP("apex.ttl.2", "10", "'apex'", "") ","
    STEP("proxied_apps", "10", "", "") "," STEP("traefik_lb", "null", "", "") "," STEP("https", "120", "'traefik_lb'", "") "],"
    "'promises': [" REACHES("p1", "devvm", "10.0.20.200", "5432", "tcp", "null", "'hold': 'always'") ","
    REACHES("home", "public", "home.example.net", "443", "tcp", "'home.example.net'", "'hold': 'always'") ","
    REACHES("vault", "public", "vault.example.net", "443", "tcp", "'vault.example.net'", "'hold': 'always'") ","
    REACHES("p2", "public", "immich.example.net", "443", "tcp", "'immich.example.net'", "%s") ","
    REACHES("family", "family", "immich.example.net", "443", "tcp", "'immich.example.net'", "%s") ","
    REACHES("quic", "public", "immich.example.net", "443", "udp", "null", "'hold': 'finally'") ","
    "{'id': 'policy', 'true': [{'after': ['traefik'], 'before': []}], 'hold': 'finally'}]}",
    gone, gone, came, came, origin, direct, direct);
  return json;
}

#define MOVED "'traefik'"
#define TEN_MINUTES "'hold': 'at_most', 'limit': 600"

static void cutover_is_ordered(void **state) {
  (void)state;
  struct proven v = proven(cutover("traefik.traefik.svc.cluster.local", MOVED, MOVED, TEN_MINUTES));
  order_is(&v, "apex.ttl.1 proxied_apps traefik_lb traefik apex https apex.ttl.2");
  no_errors(&v);
  assert_int_equal(outage(&v, "p2"), 220);
  assert_int_equal(outage(&v, "family"), 160); /* 60 of them for those who asked just before */
  assert_int_equal(outage(&v, "vault"), 0);
  assert_int_equal(outage(&v, "quic"), 0);
  assert_int_equal(v.p->components.n, 1);
  assert_true(v.p->components.at[0].exact);
  done_with(&v);
}

static const struct breach *clash_of(const struct proven *v, const char *name) {
  for (uint32_t i = 0; i < v->p->breaches.n; i++)
    if (v->p->breaches.at[i].code == CODE_252 && v->p->breaches.at[i].promise == promise(v, name)) return &v->p->breaches.at[i];
  fail_msg("no clash of %s", name);
  return NULL;
}

static const struct mend *mend_of(const struct breach *b, enum mend_type type) {
  for (uint32_t i = 0; i < b->mend_count; i++)
    if (b->mends[i].type == type) return &b->mends[i];
  return NULL;
}

static void tunnel_to_the_new_address_clashes(void **state) {
  (void)state;
  struct proven v = proven(cutover("10.0.20.203", MOVED, MOVED, TEN_MINUTES));
  assert_false(v.p->order_holds);
  assert_int_equal(count(&v, CODE_252), 2);
  const struct breach *b = clash_of(&v, "vault");
  assert_string_equal(list(v.m, b->steps, b->step_count), "traefik proxied_apps");
  assert_int_equal(b->promise_count, 1);
  assert_int_equal(b->term_count, 1);
  assert_false(b->not_minimal);
  assert_int_equal(b->first_state + 1, b->last_state + 1);
  assert_non_null(b->after.at);
  done_with(&v);
}

/* With no other promise in the way, each way out of the clash is found by trying. */
static void ways_out_are_tried(void **state) {
  (void)state;
  char *json = cutover("10.0.20.203", MOVED, MOVED, TEN_MINUTES);
  char *always = strstr(strstr(json, "'vhost': 'home.example.net'"), "'always'");
  memmove(always + 1, always, strlen(always) + 1);
  memcpy(always, "'finally'", 9);
  struct proven v = proven(json);
  const struct breach *b = only(&v, CODE_252);
  assert_int_equal(b->promise, promise(&v, "vault"));
  assert_non_null(mend_of(b, MEND_BESIDE));
  const struct mend *name = mend_of(b, MEND_TARGET);
  assert_non_null(name);
  assert_true(name->by_name);
  assert_string_equal(name_text(&v.c->names, name->to.host.name), "traefik.traefik.svc.cluster.local");
  const struct mend *limit = mend_of(b, MEND_LIMIT);
  assert_non_null(limit);
  assert_int_equal(limit->time, 100000); /* traefik 90 s, proxied_apps 10 s */
  done_with(&v);
}

static void additive_has_no_downtime(void **state) {
  (void)state;
  struct proven v = proven(cutover("10.0.20.203", "", "", "'hold': 'always'"));
  no_errors(&v);
  assert_int_equal(outage(&v, "p2"), 0);
  assert_int_equal(outage(&v, "family"), 0);
  done_with(&v);
}

#define SPOT(z, n) "{'fact': 'needs', 'by': '" z "', 'on': '" n "', 'after': [], 'before': []}"
#define MEMBER(id) "{'id': '" id "', 'takes': 600, 'after': ['vault'], 'disrupts': ['" id "'], 'irreversible': null, 'early': false, " \
  "'commands': 1, 'parts': [], 'atomic': null, 'needs': [], 'undo_needs': []}"
#define FORBID(rule, after, before, during) "{'rule': '" rule "', 'severity': 'error', 'after': [" after "], 'before': [" before \
  "], 'during': " during ", 'up': [], 'down': []}"

static const char *raft_with(const char *members, const char *steps, const char *all) {
  static char json[16384];
  snprintf(json, sizeof json,
    "{'format': 'cutc-model/1', 'plan': 'p', 'window': 7200, " ZONES ", 'clients': ["
    "{'name': 'apps', 'zone': 'cluster', 'dns': [{'zone': 'cluster', 'after': [], 'before': []}]}],"
    "'resources': [" THING("apps") "," THING("vault") "," THING("vault-0") "," THING("vault-1") "," THING("vault-2") ","
    THING("raft") "," THING("active") "," THING("before") "],"
    "'facts': [{'fact': 'needs', 'by': 'raft', 'at_least': 2, 'of': ['vault-0', 'vault-1', 'vault-2'], 'after': [], 'before': []},"
    "{'fact': 'forwards', 'by': 'active', 'zone': 'cluster', 'host': 'vault-active.vault.svc.cluster.local', 'port': 8200, 'port_end': null,"
    " 'proto': 'tcp', 'to_zone': null, 'to_host': null, 'to_port': null, 'to': 'raft', 'vhost': 'keep', 'any_of': null, 'after': [], 'before': []}],"
    "'forbidden': [" FORBID("leader", "", "'raft'", "'vault-2'") "," FORBID("leader", "'raft'", "", "'vault-0'") ","
    FORBID("snapshot", "'vault-0'", "'before'", "null") "," FORBID("snapshot", "'vault-1'", "'before'", "null") ","
    FORBID("snapshot", "'vault-2'", "'before'", "null") "],"
    "'steps': [" STEP("vault", "30", "", "") ",%s," "%s"
    "{'id': 'drop-old-volumes', 'takes': null, 'after': [%s], 'disrupts': [], 'irreversible': 'gone', "
    "'early': false, 'commands': 1, 'parts': [], 'atomic': null, 'needs': [], 'undo_needs': []}],"
    "'promises': [" REACHES("apps", "apps", "vault-active.vault.svc.cluster.local", "8200", "tcp", "null", "'hold': 'always'") ","
    "{'id': 'two', 'at_least': 2, 'of': ['vault-0', 'vault-1', 'vault-2'], 'hold': 'always'}]}",
    members, steps, all);
  return json;
}

static const char *raft(const char *members, const char *steps) { return raft_with(members, steps, "'vault-0', 'vault-1', 'vault-2'"); }

#define THREE MEMBER("vault-0") "," MEMBER("vault-1") "," MEMBER("vault-2")

static void raft_snapshot_and_leader_first(void **state) {
  (void)state;
  struct proven v = proven(raft(THREE, STEP("raft", "30", "", "") "," STEP("before", "null", "", "") ","));
  no_errors(&v);
  order_is(&v, "vault before vault-0 vault-1 raft vault-2 drop-old-volumes");
  const struct breach *b = only(&v, CODE_234);
  assert_string_equal(id(v.m, b->step), "drop-old-volumes");
  assert_int_equal(b->step_count, 0);
  done_with(&v);
}

/* Without the hand-over, the rule fails while the leader's step runs, in any order. */
static void raft_without_hand_over_is_refused(void **state) {
  (void)state;
  char json[16384];
  snprintf(json, sizeof json, "%s", raft(THREE, STEP("before", "null", "", "") ","));
  char *rule = strstr(json, "{'rule': 'leader', 'severity': 'error', 'after': ['raft']"), *other = strstr(json, "{'rule': 'snapshot'");
  memmove(rule, other, strlen(other) + 1);
  char *guard = strstr(json, "'before': ['raft']");
  memcpy(guard, "'before': [      ]", 18);
  struct proven v = proven(json);
  assert_false(v.p->order_holds);
  const struct breach *b = only(&v, CODE_261);
  assert_true(b->during);
  assert_string_equal(id(v.m, b->step), "vault-2");
  assert_int_equal(count(&v, CODE_252), 0);
  done_with(&v);
}

static void raft_two_at_once_is_refused(void **state) {
  (void)state;
  char json[16384];
  snprintf(json, sizeof json, "%s", raft_with(
    "{'id': 'both', 'takes': 600, 'after': ['vault'], 'disrupts': ['vault-0', 'vault-1'], 'irreversible': null, 'early': false, "
    "'commands': 2, 'parts': ['vault-0', 'vault-1'], 'atomic': null, 'needs': [], 'undo_needs': []}," MEMBER("vault-2"),
    STEP("raft", "30", "", "") "," STEP("before", "null", "", "") ",", "'both', 'vault-2'"));
  memcpy(strstr(json, "'during': 'vault-0'"), "'during': 'both'   ", 19);
  struct proven v = proven(json);
  const struct breach *b = clash_of(&v, "two");
  assert_string_equal(list(v.m, b->steps, b->step_count), "both");
  assert_true(b->during);
  assert_int_equal(count(&v, CODE_252), 2);
  assert_int_equal(count(&v, CODE_235), 0);
  done_with(&v);
}

/* ── Sentences ───────────────────────────────────────────────────────────────────────────────────────────────────── */

/* A plan of bare steps and conditions: "id takes after,after!" per step (! irreversible, - unknown length), and the rest. */
static struct proven bare(const char *steps, const char *resources, const char *rest) {
  struct proven v = {.c = compilation_new()};
  struct text t = {.arena = &v.c->arena};
  text_puts(&t, "{'format': 'cutc-model/1', 'plan': 'p', " ZONES ", 'clients': [], 'resources': [");
  for (const char *r = resources; *r;) {
    size_t n = strcspn(r, " ");
    text_print(&t, "%s{'name': '%.*s', 'kind': 'thing', 'attributes': {}}", r == resources ? "" : ", ", (int)n, r);
    r += n + (r[n] == ' ');
  }
  text_puts(&t, "], 'steps': [");
  for (const char *s = steps, *first = s; *s;) {
    char name[32], takes[16], after[64] = "", disrupts[64] = "";
    size_t n = strcspn(s, ";");
    char one[160];
    snprintf(one, sizeof one, "%.*s", (int)n, s);
    sscanf(one, " %31s %15s %63[^ ] %63s", name, takes, after, disrupts);
    bool irreversible = takes[strlen(takes) - 1] == '!';
    if (irreversible) takes[strlen(takes) - 1] = 0;
    text_print(&t, "%s{'id': '%s', 'takes': %s, 'irreversible': %s, 'commands': 1, 'after': [", s == first ? "" : ", ", name,
               takes[0] == '-' ? "null" : takes, irreversible ? "'gone'" : "null");
    bool any = false;
    for (char *save = NULL, *a = strtok_r(after, ",", &save); a; a = strtok_r(NULL, ",", &save))
      if (*a != '-') text_print(&t, "%s'%s'", any ? ", " : "", a), any = true;
    text_puts(&t, "], 'disrupts': [");
    if (*disrupts) text_print(&t, "'%s'", disrupts);
    text_puts(&t, "], 'needs': [], 'undo_needs': []}");
    s += n + (s[n] == ';');
  }
  text_print(&t, "]%s%s}", *rest ? ", " : "", rest);
  v.m = load(v.c, text_done(&t));
  v.p = prove(v.m);
  assert_int_equal(v.p->order.n, v.m->steps.n);
  return v;
}

#define HOLDS(id, after, before, hold) "{'id': '" id "', 'true': [{'after': [" after "], 'before': [" before "]}], 'hold': " hold "}"

static void source_order_decides_when_nothing_else_does(void **state) {
  (void)state;
  struct proven v = bare("a 10;b 10;c 10", "", "'promises': [" HOLDS("p", "", "'a', 'b', 'c'", "'finally'") "]");
  order_is(&v, "a b c");
  assert_int_equal(only(&v, CODE_221)->first_state, 1);
  done_with(&v);
}

static void irreversible_steps_come_last(void **state) {
  (void)state;
  struct proven v = bare("a 10!;b 10;c 10 a", "", "'promises': [{'id': 'p', 'true': [{'after': [], 'before': []}, {'after': ['a', 'b'], 'before': []}], 'hold': 'always'}]");
  order_is(&v, "b a c"); /* c waits for it */
  const struct breach *b = only(&v, CODE_234);
  assert_string_equal(list(v.m, b->steps, b->step_count), "c");
  done_with(&v);
}

static void components_are_not_mixed(void **state) {
  (void)state;
  struct proven v = bare("a 10!;b 10;c 10;d 10 a;e 10 c", "", "");
  order_is(&v, "b c e a d");
  assert_int_equal(v.p->components.n, 3);
  done_with(&v);
}

/* A dearer start may be the only one that keeps a limit: y stays within 15 s only when x is up late. */
/* b and c act on nothing of a's; only the window says that c, which disturbs nothing, goes first. Groups one after the other in
 * source order would be refused, and an order that fits there is. */
static void lengths_cross_components(void **state) {
  (void)state;
  const char *promises = "'promises': [{'id': 'x', 'true': [{'after': [], 'before': ['a']}, {'after': ['b'], 'before': []}], 'hold': 'at_most', 'limit': 600}]";
  char rest[1024];
  snprintf(rest, sizeof rest, "'window': 20, %s", promises);
  struct proven v = bare("a 10;b 10 a;c 1800", "", rest);
  order_is(&v, "c a b");
  no_errors(&v);
  done_with(&v);
  v = bare("a 10;b 10 a;c 1800", "", promises);
  order_is(&v, "a b c");
  done_with(&v);
}

static void a_dearer_prefix_is_kept(void **state) {
  (void)state;
  struct proven v = bare("a 10;b 10;c 10 a,b", "", "'promises': ["
    "{'id': 'x', 'true': [{'after': [], 'before': ['a']}, {'after': ['c'], 'before': []}], 'hold': 'at_most', 'limit': 25},"
    "{'id': 'y', 'true': [{'after': [], 'before': ['b']}, {'after': ['c'], 'before': []}], 'hold': 'at_most', 'limit': 35},"
    "{'id': 'z', 'true': [{'after': [], 'before': ['b']}, {'after': ['c'], 'before': []}], 'hold': 'at_most', 'limit': 600}]");
  /* a b c: x 30 s, y and z 20 s. b a c: x 20 s, y and z 30 s: dearer by 10 s, and the only one within the limits. */
  order_is(&v, "b a c");
  no_errors(&v);
  done_with(&v);
}

static void unknown_lengths_count_most(void **state) {
  (void)state;
  struct proven v = bare("a -;b 900;c 1 b", "", "'promises': ["
    "{'id': 'x', 'true': [{'after': [], 'before': ['b']}, {'after': ['c'], 'before': []}], 'hold': 'at_most', 'limit': 9999},"
    "{'id': 'y', 'true': [{'after': [], 'before': ['b']}, {'after': ['c'], 'before': []}, {'after': ['a'], 'before': []}, {'after': [], 'before': ['a']}], 'hold': 'at_most', 'limit': 9999}]");
  order_is(&v, "a b c");
  assert_int_equal(count(&v, CODE_223), 0);
  assert_int_equal(outage(&v, "x"), 901);
  done_with(&v);
}

static void an_unknown_length_in_an_outage_is_named(void **state) {
  (void)state;
  struct proven v = bare("a 10;b - a;c 10 b", "", "'promises': ["
    "{'id': 'x', 'true': [{'after': [], 'before': ['a']}, {'after': ['c'], 'before': []}], 'hold': 'at_most', 'limit': 60}]");
  const struct breach *b = only(&v, CODE_223);
  assert_string_equal(id(v.m, b->step), "b");
  assert_true(v.p->timeline[0].outage_open);
  assert_int_equal(outage(&v, "x"), 20);
  done_with(&v);
}

/* What disturbs nothing goes ahead of the window; `finally` is no disturbance. */
static void ahead_of_the_window(void **state) {
  (void)state;
  const char *promises = "'promises': [{'id': 'x', 'true': [{'after': [], 'before': ['a']}, {'after': ['b'], 'before': []}], 'hold': 'at_most', 'limit': 600},"
    "{'id': 'f', 'true': [{'after': ['a', 'b', 'c'], 'before': []}], 'hold': 'finally'}]";
  char rest[1024];
  snprintf(rest, sizeof rest, "'window': 20, %s", promises);
  struct proven v = bare("a 10;b 10 a;c 1800", "", rest);
  order_is(&v, "c a b");
  no_errors(&v);
  done_with(&v);
  snprintf(rest, sizeof rest, "'window': 19, %s", promises);
  v = bare("a 10;b 10 a;c 1800", "", rest);
  const struct breach *b = only(&v, CODE_224);
  assert_int_equal(b->time, 20000);
  assert_string_equal(id(v.m, b->step), "a");
  assert_int_equal(b->mend_count, 1);
  assert_int_equal(b->mends[0].time, 20000);
  assert_int_equal(count(&v, CODE_252), 0);
  done_with(&v);
}

static void after_in_a_circle(void **state) {
  (void)state;
  struct proven v = bare("a 10 c;b 10 a;c 10 b;d 10 c", "", "");
  const struct breach *b = only(&v, CODE_251);
  assert_string_equal(list(v.m, b->steps, b->step_count), "a c b");
  assert_false(v.p->order_holds);
  order_is(&v, "c a b d"); /* the wait of the last in the source is set aside */
  done_with(&v);
}

static void two_rules_clash(void **state) {
  (void)state;
  struct proven v = bare("a 10;b 10;c 10", "", "'promises': [], 'forbidden': [" FORBID("a-first", "'b'", "'a'", "null") "," FORBID("b-first", "'a'", "'b'", "null") "]");
  const struct breach *b = only(&v, CODE_252);
  assert_int_equal(b->forbidden, 1);
  assert_int_equal(b->term_count, 2);
  assert_string_equal(list(v.m, b->steps, b->step_count), "a b");
  assert_int_equal(count(&v, CODE_261), 0); /* said once */
  order_is(&v, "a b c");
  done_with(&v);
}

static void a_mended_rule_is_a_note(void **state) {
  (void)state;
  struct proven v = bare("a 10;b 10", "", "'promises': [], 'forbidden': [" FORBID("odd", "", "'b'", "null") "]");
  no_errors(&v);
  const struct breach *b = only(&v, CODE_203);
  assert_string_equal(id(v.m, b->step), "b");
  done_with(&v);
}

static void a_rule_broken_at_the_end_is_no_clash(void **state) {
  (void)state;
  struct proven v = bare("a 10;b 10", "", "'promises': [], 'forbidden': [" FORBID("odd", "'b'", "", "null") "]");
  assert_int_equal(count(&v, CODE_252), 0);
  const struct breach *b = only(&v, CODE_261);
  assert_string_equal(id(v.m, b->step), "b");
  assert_int_equal(b->last_state, 2);
  done_with(&v);
}

/* Down in the baseline and mended: held from then on. */
static void always_binds_once_mended(void **state) {
  (void)state;
  struct proven v = bare("a 10;b 10", "", "'promises': [{'id': 'x', 'true': [{'after': ['a'], 'before': ['b']}, {'after': ['a', 'b'], 'before': []}], 'hold': 'always'},"
    "{'id': 'y', 'true': [{'after': ['b'], 'before': ['a']}, {'after': ['a', 'b'], 'before': []}], 'hold': 'at_most', 'limit': 600}]");
  no_errors(&v);
  order_is(&v, "a b"); /* x down 10 s, y 20 s; the other way round x 20 s, y 10 s */
  assert_int_equal(outage(&v, "x"), 10);
  done_with(&v);
}

static void disruption_breaks_and_counts(void **state) {
  (void)state;
  const char *two = "'promises': [{'id': 'x', 'at_least': 1, 'of': ['r'], 'hold': 'at_most', 'limit': 15}, {'id': 'y', 'at_least': 1, 'of': ['s'], 'hold': 'always'}]";
  struct proven v = bare("a 10 - r;b 20 - s", "r s", two);
  assert_int_equal(outage(&v, "x"), 10);
  const struct breach *b = only(&v, CODE_252);
  assert_int_equal(b->promise, promise(&v, "y"));
  assert_string_equal(list(v.m, b->steps, b->step_count), "b");
  assert_true(b->during);
  done_with(&v);
}

/* r needs s and s needs r to start; a takes r down and with it s: neither can be first again. */
static void what_does_not_come_back(void **state) {
  (void)state;
  struct proven v = bare("a 10 - r", "r s", "'promises': [], 'facts': [" SPOT("r", "s") "," SPOT("s", "r") "]");
  assert_int_equal(count(&v, CODE_213), 2); /* forward, and its undo */
  assert_int_equal(count(&v, CODE_204), 1);
  for (uint32_t i = 0; i < v.p->breaches.n; i++)
    if (v.p->breaches.at[i].code == CODE_213) assert_int_equal(v.p->breaches.at[i].resource_count, 2);
  assert_false(v.p->order_holds);
  done_with(&v);
}

static void the_way_back_has_its_own_outage(void **state) {
  (void)state;
  /* Forward x is down for a, then b lifts it; on the way back from after b it is down for the undos of b and a: 110 s too.
   * After the irreversible c nothing is undone. */
  struct proven v = bare("a 10;b 100 a;c 5! b", "", "'promises': ["
    "{'id': 'x', 'true': [{'after': [], 'before': ['a']}, {'after': ['b'], 'before': []}], 'hold': 'at_most', 'limit': 109}]");
  assert_int_equal(count(&v, CODE_252), 1);
  const struct breach *b = only(&v, CODE_222);
  assert_int_equal(b->first_state, 2);
  assert_int_equal(b->last_state, 2);
  assert_int_equal(b->time, 110000);
  done_with(&v);
}

static void half_done_breaks_a_promise(void **state) {
  (void)state;
  const char *plan =
    "{'format': 'cutc-model/1', 'plan': 'p', " ZONES ", 'clients': [], 'resources': [" THING("r") "," THING("s") "],"
    "'steps': [{'id': 'g', 'takes': 10, 'after': [], 'disrupts': [], 'commands': 2, 'parts': ['r', 's'], 'needs': [], 'undo_needs': [] %s}],"
    "'promises': [{'id': 'x', 'true': [{'after': [], 'before': ['g/r', 'g/s']}, {'after': ['g/r', 'g/s'], 'before': []}], 'hold': 'always'}]}";
  char json[2048];
  snprintf(json, sizeof json, plan, "");
  struct proven v = proven(json);
  const struct breach *b = only(&v, CODE_235);
  assert_int_equal(b->promise, 0);
  assert_int_equal(count(&v, CODE_252), 0); /* said once */
  done_with(&v);
  snprintf(json, sizeof json, plan, ", 'atomic': 'one transaction'");
  v = proven(json);
  no_errors(&v);
  done_with(&v);
}

/* The undo of b needs what b itself takes away. */
static void an_undo_that_cannot_run(void **state) {
  (void)state;
  struct proven v = proven(
    "{'format': 'cutc-model/1', 'plan': 'p', " ZONES ", 'clients': [], 'resources': [" THING("r") "],"
    "'facts': [" SERVES("r", "lan", "10.0.20.200", "443", "tcp", "", "'b'") "],"
    "'steps': [" STEP("a", "10", "", "") ", {'id': 'b', 'takes': 10, 'after': [], 'disrupts': [], 'commands': 1, 'needs': [], "
    "'undo_needs': [{'zone': 'lan', 'dns': 'lan', 'host': '10.0.20.200', 'port': 443, 'proto': 'tcp'}]}], 'promises': []}");
  const struct breach *b = only(&v, CODE_231);
  assert_string_equal(id(v.m, b->step), "b");
  assert_string_equal(id(v.m, b->other_step), "b");
  assert_true(b->backward);
  done_with(&v);
}

/* ── Large groups ────────────────────────────────────────────────────────────────────────────────────────────────── */

/* Sixteen steps that all act on one promise with no order said: 65,536 sets, exactly. Of each pair the first takes a promise
 * down, the second lifts it: eight pairs, one after the other, 20 s each. */
static void sixteen_steps_exactly(void **state) {
  (void)state;
  struct compilation *c = compilation_new();
  struct text s = {.arena = &c->arena}, p = {.arena = &c->arena};
  text_puts(&p, "'promises': [");
  for (int i = 0; i < 16; i++) text_print(&s, "%ss%d 10", i ? ";" : "", i);
  for (int i = 0; i < 8; i++)
    text_print(&p, "{'id': 'p%d', 'true': [{'after': [], 'before': ['s%d']}, {'after': ['s%d'], 'before': []}], 'hold': 'at_most', 'limit': 25},", i, 15 - i, i);
  text_puts(&p, "{'id': 'all', 'true': [{'after': [], 'before': []}, {'after': ['s0', 's1', 's2', 's3', 's4', 's5', 's6', 's7', 's8'], 'before': ['s9']},"
                "{'after': ['s9', 's10', 's11', 's12', 's13', 's14', 's15'], 'before': []}], 'hold': 'finally'}]");
  struct proven v = bare(text_done(&s), "", text_done(&p));
  assert_int_equal(v.p->components.n, 1);
  assert_true(v.p->components.at[0].exact);
  no_errors(&v);
  int64_t sum = 0;
  for (uint32_t i = 0; i < 8; i++) sum += v.p->timeline[i].outage;
  assert_int_equal(sum, 0); /* the lifting step first: never down */
  done_with(&v);
  compilation_free(c);
}

/* The same where the second of each pair may only follow the first. */
static void sixteen_steps_with_outages(void **state) {
  (void)state;
  struct compilation *c = compilation_new();
  struct text s = {.arena = &c->arena}, p = {.arena = &c->arena};
  text_puts(&p, "'promises': [");
  for (int i = 0; i < 16; i++) text_print(&s, "%ss%d %d", i ? ";" : "", i, 10 + i);
  for (int i = 0; i < 8; i++)
    text_print(&p, "{'id': 'p%d', 'true': [{'after': [], 'before': ['s%d', 's%d']}, {'after': ['s%d', 's%d'], 'before': []}], 'hold': 'at_most', 'limit': 60},",
               i, i, 15 - i, i, 15 - i);
  text_puts(&p, "{'id': 'all', 'true': [{'after': [], 'before': []}, {'after': ['s0', 's1', 's2', 's3', 's4', 's5', 's6', 's7', 's8'], 'before': ['s9']},"
                "{'after': ['s9', 's10', 's11', 's12', 's13', 's14', 's15'], 'before': []}], 'hold': 'finally'}]");
  struct proven v = bare(text_done(&s), "", text_done(&p));
  assert_true(v.p->components.at[0].exact);
  no_errors(&v);
  order_is(&v, "s0 s15 s1 s14 s2 s13 s3 s12 s4 s11 s5 s10 s6 s9 s7 s8");
  done_with(&v);
  compilation_free(c);
}

/* A hundred members, ninety-nine of which have to be up: any order will do, and it is the best. */
static void a_hundred_members(void **state) {
  (void)state;
  struct compilation *c = compilation_new();
  struct text s = {.arena = &c->arena}, r = {.arena = &c->arena}, p = {.arena = &c->arena};
  text_puts(&p, "'promises': [{'id': 'x', 'at_least': 99, 'hold': 'always', 'of': [");
  for (int i = 0; i < 100; i++) {
    text_print(&s, "%sm%d 60 - m%d", i ? ";" : "", i, i);
    text_print(&r, "%sm%d", i ? " " : "", i);
    text_print(&p, "%s'm%d'", i ? ", " : "", i);
  }
  text_puts(&p, "]}]");
  struct proven v = bare(text_done(&s), text_done(&r), text_done(&p));
  assert_int_equal(v.p->components.n, 1);
  assert_true(v.p->components.at[0].exact);
  no_errors(&v);
  for (uint32_t i = 0; i < 100; i++) assert_int_equal(v.p->order.at[i], i);
  done_with(&v);
  compilation_free(c);
}

/* Thirty that cannot be done without an outage: no longer exact, and it says so. */
static void too_many_for_an_exact_search(void **state) {
  (void)state;
  struct compilation *c = compilation_new();
  struct text s = {.arena = &c->arena}, p = {.arena = &c->arena};
  text_puts(&p, "'promises': [");
  for (int i = 0; i < 30; i++) text_print(&s, "%ss%d %d", i ? ";" : "", i, 10 + i);
  for (int i = 0; i < 15; i++)
    text_print(&p, "%s{'id': 'p%d', 'true': [{'after': [], 'before': ['s%d', 's%d']}, {'after': ['s%d', 's%d'], 'before': []}], 'hold': 'at_most', 'limit': 600}",
               i ? ", " : "", i, i, (i + 1) % 30, i, (i + 1) % 30);
  text_puts(&p, ", {'id': 'all', 'true': [{'after': [], 'before': []}");
  for (int i = 0; i + 1 < 30; i++) text_print(&p, ", {'after': ['s%d'], 'before': ['s%d']}", i, i + 1);
  text_puts(&p, "], 'hold': 'finally'}]");
  struct proven v = bare(text_done(&s), "", text_done(&p));
  const struct breach *b = only(&v, CODE_253);
  assert_int_equal(b->step_count, 30);
  assert_int_equal(b->severity, SEV_WARNING);
  done_with(&v);
  compilation_free(c);
}

/* ── Random models against all permutations ──────────────────────────────────────────────────────────────────────── */

static uint64_t seed;
static uint32_t draw(uint32_t n) {
  seed = seed * 6364136223846793005u + 1442695040888963407u;
  return (uint32_t)(seed >> 33) % n;
}

static void random_guard(struct text *t, int steps) {
  struct text before = {.arena = t->arena};
  bool any_after = false, any_before = false;
  text_puts(t, "'after': [");
  for (int i = 0; i < steps; i++) {
    uint32_t what = draw(4);
    if (what == 0) text_print(t, "%s's%d'", any_after ? ", " : "", i), any_after = true;
    if (what == 1) text_print(&before, "%s's%d'", any_before ? ", " : "", i), any_before = true;
  }
  text_print(t, "], 'before': [%s]", text_done(&before));
}

/* Promises that flip with steps, disruptions, needs among resources, rules, a window, lengths known and not. */
static const char *random_model(struct compilation *c, int steps) {
  struct text t = {.arena = &c->arena};
  text_puts(&t, "{'format': 'cutc-model/1', 'plan': 'p', " ZONES ", 'clients': [{'name': 'r0', 'zone': 'lan', 'dns': [{'zone': 'lan', 'after': [], 'before': []}]}], 'resources': [");
  for (int i = 0; i < 4; i++) text_print(&t, "%s{'name': 'r%d', 'kind': 'thing', 'attributes': {}}", i ? ", " : "", i);
  text_puts(&t, "], 'facts': [" SERVES("r1", "lan", "10.0.20.200", "443", "tcp", "", "'s0'") "," SERVES("r1", "lan", "10.0.20.203", "443", "tcp", "'s0'", "") ","
            HANDS("r2", "'lan'", "'10.0.20.1'", "tcp", "lan", "10.0.20.200", "", "'s1'") "," HANDS("r2", "'lan'", "'10.0.20.1'", "tcp", "lan", "10.0.20.203", "'s1'", ""));
  if (draw(3) == 0) {
    text_puts(&t, ", {'fact': 'needs', 'by': 'r3', 'on': 'r1', ");
    random_guard(&t, steps);
    text_puts(&t, "}");
  }
  text_puts(&t, "], 'steps': [");
  for (int i = 0; i < steps; i++) {
    text_print(&t, "%s{'id': 's%d', 'takes': ", i ? ", " : "", i);
    if (draw(6) == 0) text_puts(&t, "null");
    else text_print(&t, "%u", draw(5) * 10);
    text_print(&t, ", 'irreversible': %s, 'early': %s, 'commands': %u, 'after': [", draw(5) == 0 ? "'gone'" : "null", draw(2) ? "true" : "false", draw(3));
    if (i > 1 && draw(4) == 0) text_print(&t, "'s%u'", draw((uint32_t)i));
    text_puts(&t, "], 'disrupts': [");
    if (draw(4) == 0) text_print(&t, "'r%u'", draw(4));
    text_puts(&t, "], 'needs': [");
    if (draw(4) == 0) text_print(&t, "{'on': 'r%u'}", draw(4));
    text_puts(&t, "], 'undo_needs': [");
    if (draw(6) == 0) text_puts(&t, "{'zone': 'lan', 'dns': 'lan', 'host': '10.0.20.1', 'port': 443, 'proto': 'tcp'}");
    text_puts(&t, "]}");
  }
  text_puts(&t, "], 'forbidden': [");
  for (int i = 0, n = (int)draw(3); i < n; i++) {
    text_print(&t, "%s{'rule': 'f', 'severity': 'error', ", i ? ", " : "");
    random_guard(&t, steps);
    text_puts(&t, ", 'during': null, 'up': [], 'down': []}");
  }
  text_puts(&t, "], 'promises': [");
  for (int i = 0, n = 1 + (int)draw(4); i < n; i++) {
    static const char *const holds[] = {"'always'", "'at_most', 'limit': 30", "'at_most', 'limit': 60", "'finally'"};
    if (i) text_puts(&t, ", ");
    if (draw(2)) {
      text_print(&t, "{'id': 'p%d', 'client': 'r0', 'host': '10.0.20.1', 'vhost': null, 'port': 443, 'proto': 'tcp'", i);
    } else {
      text_print(&t, "{'id': 'p%d', 'true': [{'after': [], 'before': ['s%u']}, {'after': ['s%u'], 'before': []}, {", i, draw((uint32_t)steps), draw((uint32_t)steps));
      random_guard(&t, steps);
      text_puts(&t, "}]");
    }
    text_print(&t, ", 'hold': %s}", holds[draw(4)]);
  }
  text_puts(&t, "]");
  if (draw(3) == 0) text_print(&t, ", 'window': %u", 40 + draw(4) * 40);
  text_puts(&t, "}");
  return text_done(&t);
}

/* One order judged by the definitions, one state after the other, with nothing remembered. */
struct judge {
  struct model *m;
  struct state *s;
  bool *done, *more;
  bool excused[64];
  int64_t unknown, cost;
};

static void put(struct judge *j, const uint32_t *order, uint32_t n, const struct step *disrupting) {
  memset(j->done, 0, j->m->steps.n + j->m->parts.n);
  for (uint32_t i = 0; i < n; i++) j->done[order[i]] = true;
  state_set(j->s, j->done, disrupting ? disrupting->disrupts : NULL, disrupting ? disrupting->disrupts_count : 0);
}

static bool rules_hold(struct judge *j, uint32_t during) {
  for (uint32_t i = 0; i < j->m->forbidden.n; i++)
    if (!j->excused[i] && state_forbidden(j->s, i, during)) return false;
  return true;
}

static bool needs_hold(struct judge *j, const struct need *needs, uint32_t n) {
  for (uint32_t i = 0; i < n; i++)
    if (state_need(j->s, NONE, &needs[i], NULL) != UP) return false;
  return true;
}

static bool step_may(struct judge *j, const uint32_t *order, uint32_t k) {
  struct model *m = j->m;
  const struct step *s = &m->steps.at[order[k]];
  uint32_t n = m->resources.n;
  bool kept[8], back[8], old[64];
  put(j, order, k, NULL);
  for (uint32_t i = 0; i < s->after_count; i++)
    if (!j->done[s->after[i]]) return false;
  for (uint32_t i = 0; i < m->facts.n; i++) old[i] = guard_holds(m, fact_at(m, i)->guard, j->done);
  put(j, order, k, s);
  if (!rules_hold(j, order[k]) || !needs_hold(j, s->needs, s->needs_count)) return false;
  if (!s->irreversible && s->commands > 1 && !needs_hold(j, s->undo_needs, s->undo_needs_count)) return false;
  for (uint32_t i = 0; i < n; i++) kept[i] = state_up(j->s, i);
  put(j, order, k + 1, s);
  if (!rules_hold(j, order[k])) return false;
  if (!s->irreversible && !needs_hold(j, s->undo_needs, s->undo_needs_count)) return false;
  for (uint32_t i = 0; i < n; i++) kept[i] = kept[i] && state_up(j->s, i);
  for (unsigned undo = 0; undo < 2 - (s->irreversible != 0); undo++) {
    put(j, order, undo ? k : k + 1, NULL);
    bool from[8];
    for (uint32_t i = 0; i < n; i++) from[i] = kept[i] && state_up(j->s, i);
    state_comes_back(j->s, from, back);
    for (uint32_t i = 0; i < n; i++)
      if (state_up(j->s, i) && !back[i]) return false;
  }
  put(j, order, k + 1, NULL);
  if (!rules_hold(j, NONE)) return false;
  for (uint32_t i = 0; i < m->facts.n && !s->early; i++)
    if (!old[i] && guard_holds(m, fact_at(m, i)->guard, j->done) && fact_at(m, i)->type != FACT_SERVES && !state_lands(j->s, i)) return false;
  return true;
}

static bool promise_kept(struct judge *j, const uint32_t *order, uint32_t promise_id, bool *disturbs) {
  const struct promise *p = &j->m->promises.at[promise_id];
  uint32_t n = j->m->steps.n;
  bool was_up = false;
  int64_t stretch = 0;
  bool down[8], during[8];
  for (uint32_t k = 0; k <= n; k++) {
    put(j, order, k, NULL);
    down[k] = state_promise(j->s, promise_id, NULL) != UP;
    if (k == n) break;
    during[k] = false;
    for (uint32_t e = 0; e < 2 && j->m->steps.at[order[k]].disrupts_count > 0; e++) {
      put(j, order, k + e, &j->m->steps.at[order[k]]);
      if (state_promise(j->s, promise_id, NULL) != UP) during[k] = true;
    }
  }
  if (down[n]) return false;
  if (p->hold == HOLD_FINALLY) return true;
  for (uint32_t k = 0; k < n; k++) {
    was_up = was_up || !down[k];
    if (down[k + 1]) disturbs[k] = true;
    if (p->hold == HOLD_ALWAYS && was_up && (down[k + 1] || during[k])) return false;
    if (!down[k]) stretch = 0;
    if (!down[k] && !down[k + 1] && !during[k]) continue;
    int64_t takes = j->m->steps.at[order[k]].takes;
    if (takes < 0) j->unknown++;
    else j->cost += takes, stretch += takes;
    if (p->hold == HOLD_AT_MOST && stretch > p->limit) return false;
  }
  return true;
}

static bool admissible(struct judge *j, const uint32_t *order) {
  uint32_t n = j->m->steps.n;
  bool disturbs[8] = {false};
  j->unknown = j->cost = 0;
  for (uint32_t k = 0; k < n; k++) {
    if (!step_may(j, order, k)) return false;
    disturbs[k] = j->m->steps.at[order[k]].disrupts_count > 0;
  }
  for (uint32_t i = 0; i < j->m->promises.n; i++)
    if (!promise_kept(j, order, i, disturbs)) return false;
  int64_t length = 0;
  bool open = false;
  for (uint32_t k = 0; k < n; k++) {
    open = open || disturbs[k];
    if (open && j->m->steps.at[order[k]].takes > 0) length += j->m->steps.at[order[k]].takes;
  }
  return j->m->window < 0 || length <= j->m->window;
}

struct best { bool any; int64_t unknown, cost; uint32_t order[8]; };

/* Less than the best so far: downtime, then irreversible steps late, then positions. */
static bool better(const struct judge *j, const uint32_t *order, const struct best *b) {
  if (!b->any) return true;
  if (j->unknown != b->unknown) return j->unknown < b->unknown;
  if (j->cost != b->cost) return j->cost < b->cost;
  for (uint32_t i = 0; i < j->m->steps.n; i++) {
    bool x = j->m->steps.at[order[i]].irreversible != 0, y = j->m->steps.at[b->order[i]].irreversible != 0;
    if (x != y) return y;
  }
  for (uint32_t i = 0; i < j->m->steps.n; i++)
    if (order[i] != b->order[i]) return order[i] < b->order[i];
  return false;
}

/* Groups run one after the other: an order that mixes them is not one. */
static bool unmixed(const struct proof *p, const uint32_t *order) {
  for (uint32_t i = 0; i < p->components.n; i++)
    for (uint32_t k = 0; k < p->components.at[i].count; k++) {
      uint32_t at = p->components.at[i].first + k;
      bool found = false;
      for (uint32_t l = 0; l < p->components.at[i].count; l++) found = found || p->order.at[p->components.at[i].first + l] == order[at];
      if (!found) return false;
    }
  return true;
}

static void permute(struct judge *j, const struct proof *p, uint32_t *order, uint32_t k, struct best *b) {
  uint32_t n = j->m->steps.n;
  if (k == n) {
    if (!unmixed(p, order) || !admissible(j, order) || !better(j, order, b)) return;
    *b = (struct best){.any = true, .unknown = j->unknown, .cost = j->cost};
    memcpy(b->order, order, n * sizeof *order);
    return;
  }
  for (uint32_t i = k; i < n; i++) {
    uint32_t t = order[k];
    order[k] = order[i];
    order[i] = t;
    permute(j, p, order, k + 1, b);
    t = order[k];
    order[k] = order[i];
    order[i] = t;
  }
}

static bool hold(const struct proof *p) {
  for (uint32_t i = 0; i < p->breaches.n; i++)
    switch ((int)p->breaches.at[i].code) {
    case CODE_221: case CODE_224: case CODE_231: case CODE_213: case CODE_214: case CODE_251: case CODE_252: case CODE_261: case CODE_211:
    case CODE_201: case CODE_202:
      if (p->breaches.at[i].severity == SEV_ERROR) return false;
    }
  return true;
}

static void random_orders(void **state) {
  (void)state;
  uint32_t with = 0, without = 0;
  for (uint32_t round = 0; round < 600; round++) {
    seed = round;
    draw(2);
    struct compilation *c = compilation_new();
    int steps = 2 + (int)draw(5);
    const char *json = random_model(c, steps);
    struct model *m = load(c, json);
    struct proof *p = prove_quietly(m);
    struct judge j = {.m = m, .s = state_new(m, NULL, 0), .done = done_new(m)};
    uint32_t order[8];
    for (uint32_t i = 0; i < m->steps.n; i++) order[i] = i;
    struct best b = {0};
    bool start[64];
    put(&j, order, 0, NULL);
    for (uint32_t i = 0; i < m->forbidden.n; i++) start[i] = state_forbidden(j.s, i, NONE);
    put(&j, order, m->steps.n, NULL);
    for (uint32_t i = 0; i < m->forbidden.n; i++) j.excused[i] = start[i] && !state_forbidden(j.s, i, NONE);
    permute(&j, p, order, 0, &b);
    if (b.any != p->order_holds)
      fail_msg("seed %u: %s, but the search finds %s\n%s", round, b.any ? "an order is admissible" : "no order is", list(m, p->order.at, p->order.n), json);
    if (b.any && memcmp(b.order, p->order.at, m->steps.n * sizeof *b.order) != 0)
      fail_msg("seed %u: best is %s, found %s\n%s", round, list(m, b.order, m->steps.n), list(m, p->order.at, p->order.n), json);
    if (!b.any && hold(p)) fail_msg("seed %u: no order, and nothing says why: %s\n%s", round, list(m, p->order.at, p->order.n), json);
    with += b.any;
    without += !b.any;
    compilation_free(c);
  }
  assert_true(with > 50 && without > 50);
}

/* Can the steps in `kept` be ordered with a promise up between any two of them, and at both ends, the others changing their facts
 * whenever suits? Every sequence of all steps is tried; between two kept ones some state of it has to have the promise up. */
static bool kept_apart(struct judge *j, uint32_t promise_id, uint32_t kept, uint32_t *order, uint32_t k) {
  uint32_t n = j->m->steps.n;
  if (k < n) {
    bool found = false;
    for (uint32_t i = k; i < n && !found; i++) {
      uint32_t t = order[k];
      order[k] = order[i];
      order[i] = t;
      found = kept_apart(j, promise_id, kept, order, k + 1);
      t = order[k];
      order[k] = order[i];
      order[i] = t;
    }
    return found;
  }
  bool up = true; /* since the last kept step */
  for (uint32_t i = 0; i <= n; i++) {
    put(j, order, i, NULL);
    bool now = state_promise(j->s, promise_id, NULL) == UP;
    if ((i == 0 || i == n) && !now) return false;
    up = up || now;
    if (i < n && kept >> order[i] & 1) {
      if (!up) return false;
      up = false;
    }
  }
  return true;
}

/* Each clash of one promise with steps: with them there is no order, and with any of them left out there is. */
static void clashes_are_minimal(void **state) {
  (void)state;
  uint32_t seen = 0, large = 0;
  for (uint32_t round = 0; round < 1500; round++) {
    seed = 7000 + round;
    draw(2);
    struct compilation *c = compilation_new();
    struct model *m = load(c, random_model(c, 2 + (int)draw(4)));
    struct proof *p = prove_quietly(m);
    struct judge j = {.m = m, .s = state_new(m, NULL, 0), .done = done_new(m)};
    bool disrupts = false;
    for (uint32_t i = 0; i < m->steps.n; i++) disrupts = disrupts || m->steps.at[i].disrupts_count > 0;
    for (uint32_t i = 0; i < p->breaches.n && !disrupts; i++) {
      const struct breach *b = &p->breaches.at[i];
      if (b->code != CODE_252 || b->promise == NONE || b->term_count != 1) continue;
      if (m->promises.at[b->promise].hold != HOLD_ALWAYS || timeline_at(&p->timeline[b->promise], 0) != UP) continue;
      assert_false(b->not_minimal);
      uint32_t kept = 0, order[8];
      for (uint32_t k = 0; k < m->steps.n; k++) order[k] = k;
      for (uint32_t k = 0; k < b->step_count; k++) kept |= 1u << b->steps[k];
      if (kept_apart(&j, b->promise, kept, order, 0)) fail_msg("seed %u: no clash: %s", round + 7000, list(m, b->steps, b->step_count));
      for (uint32_t k = 0; k < b->step_count; k++)
        if (!kept_apart(&j, b->promise, kept & ~(1u << b->steps[k]), order, 0))
          fail_msg("seed %u: not minimal: %s", round + 7000, list(m, b->steps, b->step_count));
      seen++;
      large += b->step_count > 1;
    }
    compilation_free(c);
  }
  if (seen < 20 || large < 5) fail_msg("only %u clashes, %u of several steps", seen, large);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(cutover_is_ordered),
      cmocka_unit_test(tunnel_to_the_new_address_clashes),
      cmocka_unit_test(ways_out_are_tried),
      cmocka_unit_test(additive_has_no_downtime),
      cmocka_unit_test(raft_snapshot_and_leader_first),
      cmocka_unit_test(raft_without_hand_over_is_refused),
      cmocka_unit_test(raft_two_at_once_is_refused),
      cmocka_unit_test(source_order_decides_when_nothing_else_does),
      cmocka_unit_test(irreversible_steps_come_last),
      cmocka_unit_test(components_are_not_mixed),
      cmocka_unit_test(lengths_cross_components),
      cmocka_unit_test(a_dearer_prefix_is_kept),
      cmocka_unit_test(unknown_lengths_count_most),
      cmocka_unit_test(an_unknown_length_in_an_outage_is_named),
      cmocka_unit_test(ahead_of_the_window),
      cmocka_unit_test(after_in_a_circle),
      cmocka_unit_test(two_rules_clash),
      cmocka_unit_test(a_mended_rule_is_a_note),
      cmocka_unit_test(a_rule_broken_at_the_end_is_no_clash),
      cmocka_unit_test(always_binds_once_mended),
      cmocka_unit_test(disruption_breaks_and_counts),
      cmocka_unit_test(what_does_not_come_back),
      cmocka_unit_test(the_way_back_has_its_own_outage),
      cmocka_unit_test(half_done_breaks_a_promise),
      cmocka_unit_test(an_undo_that_cannot_run),
      cmocka_unit_test(sixteen_steps_exactly),
      cmocka_unit_test(sixteen_steps_with_outages),
      cmocka_unit_test(a_hundred_members),
      cmocka_unit_test(too_many_for_an_exact_search),
      cmocka_unit_test(random_orders),
      cmocka_unit_test(clashes_are_minimal),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
