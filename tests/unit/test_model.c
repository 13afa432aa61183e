/* Elaboration: from plans to facts under guards, steps and promises; and each finding of names and types with a plan that
 * trips it and one that does not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "plan_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BOX                                                                                                            \
  "kind box { size : number = 1  word : Red | Blue = Red  note : string?  list : [number] = []  map : {string} = {}  " \
  "friend : box?  place : zone?  at : address?  change { do { manual \"set ${name}\" $ set ${new(size)} ${new(list)} } undo { manual \"back\" } } } "

static struct compilation *c;

static int set_up(void **state) {
  (void)state;
  c = compilation_new();
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  compilation_free(c);
  return 0;
}

static const char *name_at(uint32_t id) { return name_text(&c->names, id); }

/* ── Models as text ────────────────────────────────────────────────────────── */

static void host_text(struct text *t, const struct host *h, uint32_t port) {
  switch ((enum host_type)h->type) {
  case HOST_NONE: text_puts(t, "*"); break;
  case HOST_UNKNOWN: text_puts(t, "?"); break;
  case HOST_ADDRESS: text_puts(t, address_text(&c->arena, &h->from)); break;
  case HOST_RANGE: text_print(t, "%s-%s", address_text(&c->arena, &h->from), address_text(&c->arena, &h->to)); break;
  case HOST_NAME: text_puts(t, name_at(h->name)); break;
  case HOST_PATTERN: text_print(t, "*.%s", name_at(h->name)); break;
  }
  if (port != NONE) text_print(t, ":%u", port);
}

static void target_text(struct text *t, const struct model *m, const struct target *to) {
  if (to->type == TARGET_HOST) host_text(t, &to->host, to->port);
  if (to->type == TARGET_RESOURCE) text_print(t, "<%s>", name_at(m->resources.at[to->resource].name));
  if (to->type == TARGET_ROUTE) text_puts(t, "route");
  if (to->zone != NONE) text_print(t, " in %s", name_at(m->zones.at[to->zone].name));
}

static void need_text(struct text *t, const struct model *m, const struct need *n) {
  if (n->type == NEED_RESOURCE) text_puts(t, name_at(m->resources.at[n->on].name));
  if (n->type == NEED_NEVER) text_puts(t, "never");
  if (n->type == NEED_ENDPOINT) host_text(t, &n->host, n->port);
  if (n->type == NEED_ENDPOINT && n->vhost) text_print(t, " vhost %s", name_at(n->vhost));
  if (n->type != NEED_COUNT) return;
  text_print(t, "%u of", n->least);
  for (uint32_t i = 0; i < n->of_count; i++) text_print(t, " %s", name_at(m->resources.at[n->of[i]].name));
}

/* Facts of one type, one a line. */
static const char *facts(const struct model *m, enum fact_type type) {
  struct text t = {.arena = &c->arena};
  for (uint32_t i = 0; i < m->facts.n; i++) {
    const struct fact *f = fact_at(m, i);
    if (f->type != type) continue;
    text_print(&t, "%s ", name_at(m->resources.at[f->by].name));
    if (type == FACT_NEEDS) need_text(&t, m, &f->need);
    else host_text(&t, &f->host, f->host.type == HOST_NONE || type == FACT_NAMES || type == FACT_OWNS || f->port_end == 65535 ? NONE : f->port);
    if (type != FACT_NEEDS && f->port_end != NONE && f->port_end != 65535) text_print(&t, "-%u", f->port_end);
    if (type == FACT_SERVES || (type == FACT_FORWARDS && f->host.type != HOST_NONE)) text_print(&t, "/%s", proto_text((enum proto)f->proto));
    if (f->zone != NONE) text_print(&t, " in %s", name_at(m->zones.at[f->zone].name));
    if (type != FACT_NEEDS && f->to.type != TARGET_NONE) text_puts(&t, " -> "), target_text(&t, m, &f->to);
    for (uint32_t k = 0; k < f->any_count; k++) text_puts(&t, k ? " | " : " -> any "), target_text(&t, m, &f->any_of[k]);
    if (f->vhost_type == VHOST_NAME && type == FACT_FORWARDS) text_print(&t, " as %s", name_at(f->vhost));
    if (f->vhost_type == VHOST_NONE && type == FACT_FORWARDS) text_puts(&t, " as none");
    if ((type == FACT_NAMES || type == FACT_OWNS) && f->ttl != NONE) text_print(&t, " for %u", f->ttl);
    if (type == FACT_HOSTS && f->at != NONE) text_print(&t, " at %s", name_at(m->resources.at[f->at].name));
    text_print(&t, "%s [%s]\n", f->unknown ? " unknown" : "", plan_guard(c, m, f->guard));
  }
  return text_done(&t);
}

static const char *values(const struct model *m, const char *resource, const char *attribute) {
  struct text t = {.arena = &c->arena};
  uint32_t r = resource_find(m, name_str(&c->names, resource));
  assert_int_not_equal(r, NONE);
  const struct attribute *a = attribute_find(m, r, name_str(&c->names, attribute));
  assert_non_null(a);
  for (uint32_t i = 0; i < a->cases.n; i++) {
    if (i) text_puts(&t, "; ");
    const struct value *v = &a->cases.at[i].value;
    if (v->type == V_RESOURCE) text_puts(&t, name_at(m->resources.at[v->id].name));
    else value_print(&t, &c->names, v);
    text_print(&t, " [%s]", plan_guard(c, m, a->cases.at[i].guard));
  }
  return text_done(&t);
}

/* Ids with what each comes after: "a; b(a); c(a b)". */
static const char *steps(const struct model *m) {
  struct text t = {.arena = &c->arena};
  for (uint32_t i = 0; i < m->steps.n; i++) {
    const struct step *s = &m->steps.at[i];
    text_print(&t, "%s%s", i ? "; " : "", name_at(s->name));
    for (uint32_t k = 0; k < s->after_count; k++) text_print(&t, "%s%s%s", k ? " " : "(", name_at(m->steps.at[s->after[k]].name), k + 1 == s->after_count ? ")" : "");
    assert_int_equal(s->first_position, i);
  }
  return text_done(&t);
}

static const char *needs_of(const struct model *m, const char *step) {
  struct text t = {.arena = &c->arena};
  const struct step *s = &m->steps.at[plan_step(m, step)];
  for (uint32_t i = 0; i < s->needs_count; i++) {
    if (i) text_puts(&t, "; ");
    need_text(&t, m, &s->needs[i]);
    if (s->needs[i].guard) text_print(&t, " [%s]", plan_guard(c, m, s->needs[i].guard));
  }
  return text_done(&t);
}

static struct model *clean(const char *plan) {
  struct model *m = plan_model(c, plan);
  assert_string_equal(plan_findings(c), "");
  assert_false(model_broken(m));
  return m;
}

static void trips(enum code code, const char *bad, const char *good) {
  struct model *m = plan_model(c, bad);
  const char *found = plan_findings(c);
  if (!plan_count(c, code) || c->findings.n != 1) print_message("%s", found);
  assert_int_equal(plan_count(c, code), 1);
  assert_int_equal(c->findings.n, 1);
  assert_int_equal(model_broken(m), code_severity(code) == SEV_ERROR && code_text(code)[1] <= '1');
  compilation_free(c);
  c = compilation_new();
  (void)clean(good);
}

/* ── Values ────────────────────────────────────────────────────────────────── */

static void a_chain_has_a_step_per_hop(void **state) {
  (void)state;
  struct model *m = clean(BOX "box a { size = 1 -> 2 -> 3 } box b { size = 1 -> 2  note = \"x\" -> none }");
  assert_string_equal(values(m, "a", "size"), "1 [!a.size.1]; 2 [a.size.1 !a.size.2]; 3 [a.size.2]");
  assert_string_equal(values(m, "b", "note"), "\"x\" [!b]; none [b]");
  assert_string_equal(steps(m), "a.size.1; a.size.2(a.size.1); b");
}

static void a_chain_that_returns_goes_around(void **state) {
  (void)state;
  struct model *m = clean("dns_record r { host = \"r.example.net\"  value = 10.0.0.1 -> 10.0.0.2  ttl = 1h -> 60s -> 1h }");
  assert_string_equal(steps(m), "r(r.ttl.1); r.ttl.1; r.ttl.2(r r.ttl.1)");
  assert_string_equal(facts(m, FACT_NAMES), "r r.example.net in lan -> 10.0.0.1 for 3600 [!r !r.ttl.1]\n"
                                            "r r.example.net in lan -> 10.0.0.1 for 60 [!r r.ttl.1 !r.ttl.2]\n"
                                            "r r.example.net in lan -> 10.0.0.2 for 60 [r r.ttl.1 !r.ttl.2]\n"
                                            "r r.example.net in lan -> 10.0.0.2 for 3600 [r r.ttl.2]\n");
}

static void references_follow(void **state) {
  (void)state;
  struct model *m = clean(BOX "box a { size = 1 -> 2 } box b { size = a.size } box d { note = \"n${b.size}\" list = [0, b.size] }");
  assert_string_equal(values(m, "b", "size"), "1 [!a]; 2 [a]");
  assert_string_equal(values(m, "d", "note"), "\"n1\" [!a]; \"n2\" [a]");
  assert_string_equal(values(m, "d", "list"), "[0, 1] [!a]; [0, 2] [a]");
  assert_string_equal(steps(m), "a");
}

static void combinations_that_no_order_reaches_are_left_out(void **state) {
  (void)state;
  struct model *m = clean(BOX "box a { size = 1 -> 2 -> 3 } box b { note = \"${a.size}${a.size}\" }");
  assert_string_equal(values(m, "b", "note"), "\"11\" [!a.size.1]; \"22\" [a.size.1 !a.size.2]; \"33\" [a.size.2]");
}

static void constants_carry_arrows(void **state) {
  (void)state;
  struct model *m = clean(BOX "let move = 1 -> 2  let same = 7  box a { size = move } box b { list = [same, move] } box d { size = same }");
  assert_string_equal(values(m, "a", "size"), "1 [!a]; 2 [a]");
  assert_string_equal(values(m, "b", "list"), "[7, 1] [!b]; [7, 2] [b]");
  assert_string_equal(steps(m), "a; b");
}

static void arrows_in_lists_and_maps(void **state) {
  (void)state;
  struct model *m = clean(BOX "box a { list = [1, none -> 2, 3 -> none] } box b { map = { K = \"x\" -> \"y\"  L = \"z\" } }");
  assert_string_equal(values(m, "a", "list"), "[1, 3] [!a]; [1, 2] [a]");
  const struct model *n = m;
  const struct attribute *map = attribute_find(n, resource_find(n, name_str(&c->names, "b")), name_str(&c->names, "map"));
  assert_int_equal(map->cases.n, 2);
  assert_int_equal(map->cases.at[1].value.count, 2);
}

static void an_alias_is_its_value_where_one_is_wanted(void **state) {
  (void)state;
  struct model *m = clean("use std/pfsense  alias a { value = 10.0.0.1 -> 10.0.0.2 do { manual \"${new}\" } }  address b { value = a }"
                          "host h { address = b  ports = [80/tcp] }  nat_rule n { wan = 203.0.113.7  ports = [443/tcp]  target = a }");
  assert_string_equal(facts(m, FACT_SERVES), "h 10.0.0.1:80/tcp in lan [!a]\nh 10.0.0.2:80/tcp in lan [a]\n");
  assert_string_equal(facts(m, FACT_FORWARDS), "n 203.0.113.7:443/tcp in internet -> 10.0.0.1 in lan [!a]\n"
                                               "n 203.0.113.7:443/tcp in internet -> 10.0.0.2 in lan [a]\n");
  assert_string_equal(values(m, "n", "target"), "a []");
}

static void strings_become_what_is_wanted(void **state) {
  (void)state;
  struct model *m = clean("let a = 10.0.0.1  host h { address = \"10.0.0.9\"  ports = \"22/tcp\" }  kind svc { api : endpoint  serves api in lan }"
                          "svc s { api = \"${a}:443\" }");
  assert_string_equal(facts(m, FACT_SERVES), "h 10.0.0.9:22/tcp in lan []\ns 10.0.0.1:443/tcp in lan []\n");
}

static void loops_unroll(void **state) {
  (void)state;
  struct model *m = clean(BOX "let all = [n1-x, n2-x] for i in [1, 2] { for w in [\"x\", \"y\"] { box \"n${i}-${w}\" { size = i } } }"
                              "for b in all { box \"of-${b}\" { friend = b  size = b.size } }");
  assert_string_equal(values(m, "n2-y", "size"), "2 []");
  assert_string_equal(values(m, "of-n2-x", "friend"), "n2-x []");
  assert_string_equal(values(m, "of-n2-x", "size"), "2 []");
}

static void names_live_by_type(void **state) {
  (void)state;
  struct model *m = clean(BOX "zone Red inside lan  box lan { word = Red  place = Red  friend = lan }  box box { friend = box }");
  assert_string_equal(values(m, "lan", "word"), "Red []");
  assert_string_equal(values(m, "lan", "friend"), "lan []");
  assert_string_equal(values(m, "box", "friend"), "box []");
}

/* ── Facts ─────────────────────────────────────────────────────────────────── */

static void what_is_created_is_there_after_its_step(void **state) {
  (void)state;
  struct model *m = clean("kind m { address : address  ports : [port]  serves address ports in lan  change { manual \"x\" } }"
                          "create m a { address = 10.0.0.1  ports = [1/tcp, 2-3/udp] }  delete m b { address = 10.0.0.2  ports = [1/tcp] }");
  assert_string_equal(facts(m, FACT_SERVES), "a 10.0.0.1:1/tcp in lan [a]\na 10.0.0.1:2-3/udp in lan [a]\nb 10.0.0.2:1/tcp in lan [!b]\n");
}

static void every_form_of_fact(void **state) {
  (void)state;
  struct model *m = clean("host a { address = 10.0.0.1  ports = [1/tcp] }  host b { address = 10.0.0.2 }  kind f { url : url  other : string?"
                          "  serves url in lan  serves 10.1.0.0/24 any in lan  forwards 10.0.0.5 443/tcp in internet to any of [a, b] in lan"
                          "  forwards 10.9.0.0/16 any in lan to cluster  forwards to 10.0.0.1:80 in lan as \"X.example.net.\"  names \"*.Example.NET\" in lan as a"
                          "  names [\"p.example.net\", \"q.example.net\"] in lan as [10.0.0.1, \"b.example.net\"] for 30s  owns \"example.net\" in lan  hosts url at a"
                          "  when other is not none { hosts other at b } }  f x { url = https://X.example.net }  f y { url = http://y.example.net:8080/z  other = none -> \"*.z.example.net\" do { manual \"x\" } }");
  const char *serves = facts(m, FACT_SERVES);
  assert_non_null(strstr(serves, "x x.example.net:443/tcp in lan []\n"));
  assert_non_null(strstr(serves, "x 10.1.0.0-10.1.0.255/"));
  const char *forwards = facts(m, FACT_FORWARDS);
  assert_non_null(strstr(forwards, "x 10.0.0.5:443/tcp in internet -> any <a> in lan | <b> in lan []\n"));
  assert_non_null(strstr(forwards, "-> route in cluster []\n"));
  assert_non_null(strstr(forwards, "x * -> 10.0.0.1:80 in lan as x.example.net []\n"));
  const char *names = facts(m, FACT_NAMES);
  assert_non_null(strstr(names, "x *.example.net in lan -> <a> []\n"));
  assert_non_null(strstr(names, "x q.example.net in lan -> b.example.net for 30 []\n"));
  assert_string_equal(facts(m, FACT_OWNS), "x example.net in lan for 3600 []\ny example.net in lan for 3600 []\n");
  assert_string_equal(facts(m, FACT_HOSTS), "x x.example.net:443 at a []\ny y.example.net:8080 at a []\ny *.z.example.net at b [y]\n");
}

static void https_binds_tcp_and_udp(void **state) {
  (void)state;
  struct model *m = clean("host a { address = 10.0.0.1 }  app x { url = https://x.example.net  ingress = a }  app y { url = http://y.example.net  ingress = [a] }");
  assert_int_equal(fact_at(m, 0)->proto, PROTO_ANY);
  assert_int_equal(fact_at(m, 1)->proto, PROTO_TCP);
}

/* Without a place of its own a need is looked up from where the operator stands, in each DNS that he asks in turn. */
static void needs_from_where_the_operator_stands(void **state) {
  (void)state;
  static const char text[] = "plan p { operator = desk }  use std/net  client desk { zone = lan  dns = internet -> lan  do { manual \"x\" } undo { manual \"y\" } }"
                             "  kind k { size : number }  k a { size = 1  needs = \"x.example.net:80\" }";
  struct model *m = model_build_source(c, source_add(c, "plan.cut", text, sizeof text - 1, false));
  assert_string_equal(plan_findings(c), "");
  assert_string_equal(facts(m, FACT_NEEDS), "a x.example.net:80 [!desk]\na x.example.net:80 [desk]\n");
}

static void every_form_of_need(void **state) {
  (void)state;
  struct model *m = clean(BOX "box a { size = 1 -> 2 } box b {} box d { needs = [a, at least 1 of [a, b], any of [a, b], 10.0.0.1:443, https://x.example.net, a.size == 2] }"
                              "kind k { other : box?  when other is not none and other.size > 1 { needs other } }  k e { other = a }  k f {}");
  assert_string_equal(facts(m, FACT_NEEDS), "d a []\nd 1 of a b []\nd 1 of a b []\nd 10.0.0.1:443 []\nd x.example.net:443 vhost x.example.net []\nd never [!a]\ne a [a]\n");
}

static void a_hosted_name_is_asked_for_as_a_virtual_host(void **state) {
  (void)state;
  struct model *m = clean("host a { address = 10.0.0.1 }  app x { url = https://x.example.net  ingress = a }"
                          "promise me reaches x.example.net:443/udp always  promise me reaches y.example.net:443 always");
  assert_string_equal(name_at(m->promises.at[0].endpoint.vhost), "x.example.net");
  assert_int_equal(m->promises.at[1].endpoint.vhost, 0);
}

static void a_provider_does_not_serve_a_name_hosted_elsewhere(void **state) {
  (void)state;
  struct model *m = clean("host a { address = 10.0.0.1 }  kind store { url : url  serves url in lan  fetch { needs url  $ get ${path}  value = jq '.' } }"
                          "store s { url = https://s.example.net }  store t { url = https://t.example.net }  app x { url = https://s.example.net  ingress = a }");
  assert_string_equal(facts(m, FACT_SERVES), "t t.example.net:443/tcp in lan []\n");
}

/* ── Steps ─────────────────────────────────────────────────────────────────── */

static void steps_stand_in_source_order(void **state) {
  (void)state;
  struct model *m = clean(BOX "step z { do { $ x } undo none because \"y\" } for i in [1, 2] { box \"a${i}\" { size = 1 -> 2 } box \"b${i}\" { size = 1 -> 2  after = z } }");
  assert_string_equal(steps(m), "z; a1; a2; b1(z); b2(z)");
}

static void covers_joins_steps_into_parts(void **state) {
  (void)state;
  struct model *m = clean(BOX "box a { size = 1 -> 2  note = \"x\" -> \"y\"  takes = 10s  disrupts = true } box b { size = 5 -> 6  takes = 20s } box d { size = a.size }"
                              "step both { covers = [b, a.size -> 2] }");
  assert_string_equal(steps(m), "a; both");
  const struct step *s = &m->steps.at[plan_step(m, "both")];
  assert_int_equal(s->part_count, 2);
  assert_string_equal(name_at(m->resources.at[s->parts[0]].name), "b");
  assert_int_equal(s->takes, 30000);
  assert_int_equal(s->disrupts_count, 1);
  /* guards name the part, which is done with its step */
  const struct attribute *a = attribute_find(m, resource_find(m, name_str(&c->names, "d")), name_str(&c->names, "size"));
  const struct guard *g = &m->guards.at[a->cases.at[1].guard];
  assert_int_equal(g->n, 1);
  assert_int_equal(g->steps[0] >> 1, m->steps.n + 1);
  assert_int_equal(m->parts.at[1].resource, resource_find(m, name_str(&c->names, "a")));
}

static void one_hop_gets_its_own_terms(void **state) {
  (void)state;
  struct model *m = clean(BOX "box a { size = 1 -> 2 -> 3 } step cut { covers = [a.size -> 3]  irreversible = \"gone\" } box b { size = 1 -> 2  after = [a.size -> 2] }");
  assert_string_equal(steps(m), "a.size.1; cut(a.size.1); b(a.size.1)");
  assert_string_equal(values(m, "a", "size"), "1 [!a.size.1]; 2 [a.size.1 !cut]; 3 [cut]");
  const struct step *cut = &m->steps.at[plan_step(m, "cut")];
  assert_int_equal(cut->part_count, 0);
  assert_string_equal(name_at(cut->irreversible), "gone");
}

static void creation_comes_before_what_names_it(void **state) {
  (void)state;
  struct model *m = clean(BOX "create box n {} delete box o {} box a { friend = o -> n } create box p { friend = n }");
  assert_string_equal(steps(m), "n; o(a); a(n); p(n)");
}

static void terms_come_from_plan_change_and_kind(void **state) {
  (void)state;
  struct model *m = clean("kind prov { carry { takes = 7s  needs 10.0.0.1:5432  do { $ go ${new(size)} } } }  kind t { size : number  takes = 3s  disrupts = true  change { takes = 5s do { $ x ${new(size)} } } }"
                          "prov p {}  t a { size = 1 -> 2 }  t b { size = 1 -> 2  takes = 9s }  t d { size = 1 -> 2  via = p }");
  assert_int_equal(m->steps.at[plan_step(m, "a")].takes, 5000);
  assert_int_equal(m->steps.at[plan_step(m, "b")].takes, 9000);
  assert_int_equal(m->steps.at[plan_step(m, "d")].takes, 7000);
  assert_int_equal(m->steps.at[plan_step(m, "a")].disrupts_count, 1);
  assert_string_equal(needs_of(m, "a"), "");
  assert_string_equal(needs_of(m, "d"), "p; 10.0.0.1:5432");
  assert_int_equal(m->resources.at[resource_find(m, name_str(&c->names, "p"))].provider, true);
}

static void a_step_needs_what_its_commands_ask_in_the_state_they_lead_to(void **state) {
  (void)state;
  struct model *m = clean("kind t { api : url  do_it : bool = true  change { do { when do_it { http PUT \"${api}/x\" } tcp 10.0.0.3:1 } undo { manual \"x\" } } }"
                          "t a { api = https://10.0.0.1 -> https://10.0.0.2 }");
  assert_string_equal(needs_of(m, "a"), "10.0.0.2:443 vhost 10.0.0.2; 10.0.0.3:1");
}

static void by_hand_has_no_known_length(void **state) {
  (void)state;
  struct model *m = clean("kind t { size : number  takes = 3s  change { manual \"x\" } }  t a { size = 1 -> 2 }  t b { size = 1 -> 2  takes = 1m }");
  assert_int_equal(m->steps.at[plan_step(m, "a")].takes, -1);
  assert_int_equal(m->steps.at[plan_step(m, "b")].takes, 60000);
}

/* ── Promises ──────────────────────────────────────────────────────────────── */

static void promises_of_each_form(void **state) {
  (void)state;
  struct model *m = clean(BOX "box a { size = 1 -> 2 } box b {} promise me reaches https://a.example.net down at most 10m"
                              " promise at least 1 of [a, b] up always  promise a.size == 2 and b.size == 1 finally  promise [a, b] up always");
  assert_int_equal(m->promises.n, 4);
  assert_int_equal(m->promises.at[0].limit, 600000);
  assert_int_equal(m->promises.at[1].endpoint.least, 1);
  assert_int_equal(m->promises.at[2].guard_count, 1);
  assert_string_equal(plan_guard(c, m, m->promises.at[2].guards[0]), "a");
  assert_int_equal(m->promises.at[3].endpoint.least, 2);
}

static void clients_may_change_their_dns(void **state) {
  (void)state;
  struct model *m = clean("client x { zone = lan  dns = internet -> lan  do { manual \"${new}\" } }");
  assert_int_equal(m->clients.n, 2);
  assert_int_equal(m->clients.at[1].count, 2);
  assert_string_equal(plan_guard(c, m, m->client_dns.at[m->clients.at[1].first + 1].guard), "x");
}

/* ── Findings ──────────────────────────────────────────────────────────────── */

static void each_finding(void **state) {
  (void)state;
  static const struct { enum code code; const char *bad, *good; } cases[] = {
      {CODE_004, "use std/nett", "use std/host"},
      {CODE_007, "plan second {}", ""},
      {CODE_101, "boxx a {}", BOX "box a {}"},
      {CODE_101, "kind k { a : strnig }", "kind k { a : string? }"},
      {CODE_102, BOX "box a { sise = 2 }", BOX "box a { size = 2 }"},
      {CODE_102, BOX "box a {} box b { size = a.sise }", BOX "box a {} box b { size = a.size }"},
      {CODE_103, BOX "box a { friend = bb }", BOX "box a { friend = a }"},
      {CODE_103, BOX "box a { word = Redd }", BOX "box a { word = Blue }"},
      {CODE_104, BOX "box a { place = lann }", BOX "box a { place = lan }"},
      {CODE_105, BOX "box a { size = \"2\" }", BOX "box a { size = 2 }"},
      {CODE_105, BOX "box a { at = 10.0.20 }", BOX "box a { at = 10.0.20.1 }"},
      {CODE_105, BOX "box a { note = \"x${b.note}\" } box b {}", BOX "box a { note = \"x${b.note}\" } box b { note = \"y\" }"},
      {CODE_105, BOX "promise me reaches 10.0.0.1 always", "promise me reaches 10.0.0.1:1 always"},
      {CODE_105, "host a { address = 10.0.0.1 } promise me reaches a.address:443 always", "let h = 10.0.0.1 promise me reaches \"${h}:443\" always"},
      {CODE_103, BOX "box a { after = [bb] }", BOX "box a {}"},
      {CODE_106, BOX "box a {} box a {}", BOX "box a {} box b {}"},
      {CODE_106, BOX "box a { size = 1 size = 2 }", BOX "box a { size = 1 note = \"2\" }"},
      {CODE_106, BOX "box a {} let a = 1", BOX "box a {} let b = 1"},
      {CODE_106, "kind k {} kind k {}", "kind k {} kind l {}"},
      {CODE_107, BOX "box a {} promise at least 2 of [a] up always", BOX "box a {} promise at least 1 of [a] up always"},
      {CODE_107, BOX "box \"a b\" {}", BOX "box \"a-b\" {}"},
      {CODE_108, "kind k { a : string } k x {}", "kind k { a : string } k x { a = \"y\" }"},
      {CODE_108, "kind k { a : number } k x { a = 1 -> 2 }", "kind k { a : number } k x { a = 1 -> 2 do { $ x ${new} } }"},
      {CODE_108, "step s {}", "step s { do { $ x } undo none because \"y\" }"},
      {CODE_109, BOX "box a { size = b.size } box b { size = a.size }", BOX "box a { size = b.size } box b {}"},
      {CODE_109, "let a = b let b = a", "let a = b let b = 1"},
      {CODE_109, "zone a inside b zone b inside a", "zone a inside b zone b"},
      {CODE_110, BOX "box a { size = 1 -> 2 note = \"x\" -> \"y\" do { $ x ${old} } undo { $ y } }", BOX "box a { size = 1 -> 2 note = \"x\" -> \"y\" do { $ x ${old(size)} } }"},
      {CODE_110, BOX "box a { size = 1 -> 2 -> 1 -> 2 } box b { size = 1 -> 2  after = [a.size -> 2] }", BOX "box a { size = 1 -> 2 -> 1 } box b { size = 1 -> 2  after = [a.size -> 2] }"},
      {CODE_111, BOX "box a { size = 1 -> 1 }", BOX "box a { size = 1 -> 2 }"},
      {CODE_111, BOX "create box a { size = 1 -> 2 }", BOX "create box a { size = 1 }"},
      {CODE_111, BOX "box a { size = 1 -> 2  takes = 1s -> 2s }", BOX "box a { size = 1 -> 2  takes = 1s }"},
      {CODE_111, BOX "box a { list = [1 -> 2, 1 -> 2 -> 3] }", BOX "box a { list = [1 -> 2, 2 -> 3] }"},
      {CODE_111, BOX "create box n {} box a { friend = n -> a }", BOX "create box n {} box a { friend = a -> n }"},
      {CODE_111, BOX "let l = 1 -> 2 box a { size = l } promise a.size == l finally", BOX "let l = 2 box a { size = 1 -> 2 } promise a.size == l finally"},
      {CODE_112, BOX "box a { size = 1 -> 2 -> 3 } step s { covers = [a] }", BOX "box a { size = 1 -> 2 } step s { covers = [a] }"},
      {CODE_112, BOX "box a {} step s { covers = [a] }", BOX "box a { size = 1 -> 2 } step s { covers = [a] }"},
      {CODE_112, BOX "box a { size = 1 -> 2 after = [a] }", BOX "box b { size = 1 -> 2 } box a { size = 1 -> 2 after = [b] }"},
      {CODE_112, BOX "box b {} box a { size = 1 -> 2 after = [b.size -> 2] }", BOX "box b { size = 1 -> 2 } box a { size = 1 -> 2 after = [b.size -> 2] }"},
      {CODE_112, BOX "box a { size = 1 -> 2 } step s { covers = [a] } step t { covers = [a] }", BOX "box a { size = 1 -> 2 } step s { covers = [a] }"},
      {CODE_114, "kind k { takes : duration }", "kind k { takes = 1m }"},
      {CODE_114, "kind k { a : string? stands for b }", "kind k { a : string? stands for a }"},
      {CODE_114, "kind k { takes = 1m -> 2m }", "kind k { takes = 1m }"},
      {CODE_114, BOX "box a {} promise up(a) always", BOX "box a {} promise a up always"},
      {CODE_115, BOX "box a { note = unknown }", BOX "box a { note = none }"},
      {CODE_114, "kind k { accounts : string? }", "kind k { account : string? }"},
      {CODE_103, "allow E998 because \"x\"", "allow E201 because \"x\""},
      {CODE_272, "secret s { from = env \"S\" } " BOX "box a { note = \"x${secret s}\" }", "secret s { from = env \"S\" } kind k { a : secret } k x { a = secret s }"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    print_message("%s: %s\n", code_text(cases[i].code), cases[i].bad);
    trips(cases[i].code, cases[i].bad, cases[i].good);
    compilation_free(c);
    c = compilation_new();
  }
}

static void an_error_is_said_once(void **state) {
  (void)state;
  (void)plan_model(c, BOX "box a { size = nope } box b { size = a.size } box d { note = \"${b.size}\" friend = d } promise d.note == \"x\" finally "
                          "rule r { for x in box require x.size > 0 else error \"${x.size}\" }");
  assert_int_equal(plan_count(c, CODE_103), 1);
  assert_int_equal(c->findings.n, 1);
}

static void all_errors_are_said(void **state) {
  (void)state;
  (void)plan_model(c, BOX "boxx z {} box a { sise = 1 size = \"x\" place = lann friend = ff at = 10.0.1 } box a {} let l = m let m = l box q { word = Redd }"
                          "step s { covers = [q] } promise him reaches 10.0.0.1:1 always");
  assert_int_equal(plan_count(c, CODE_101), 1);
  assert_int_equal(plan_count(c, CODE_102), 1);
  assert_int_equal(plan_count(c, CODE_104), 1);
  assert_int_equal(plan_count(c, CODE_105), 2);
  assert_int_equal(plan_count(c, CODE_106), 1);
  assert_int_equal(plan_count(c, CODE_109), 1);
  assert_int_equal(plan_count(c, CODE_112), 1);
  assert_int_equal(plan_count(c, CODE_103), 3);
}

static void too_many_combinations(void **state) {
  (void)state;
  struct text t = {.arena = &c->arena};
  text_puts(&t, BOX);
  for (int i = 0; i < 9; i++) text_print(&t, "box x%d { size = 1 -> 2 } ", i);
  text_puts(&t, "box fits { note = \"");
  for (int i = 0; i < 8; i++) text_print(&t, "${x%d.size}", i);
  text_puts(&t, "\" }");
  struct model *m = clean(text_done(&t));
  const struct attribute *a = attribute_find(m, resource_find(m, name_str(&c->names, "fits")), name_str(&c->names, "note"));
  assert_int_equal(a->cases.n, 256);
  text_puts(&t, " box over { note = \"${fits.note}${x8.size}\" }");
  char *copy = malloc(t.n + 1);
  assert_non_null(copy);
  memcpy(copy, text_done(&t), t.n + 1);
  compilation_free(c);
  c = compilation_new();
  (void)plan_model(c, copy);
  free(copy);
  assert_int_equal(plan_count(c, CODE_113), 1);
  assert_int_equal(c->findings.n, 1);
}

static void chains_of_references_are_bounded(void **state) {
  (void)state;
  struct text t = {.arena = &c->arena};
  text_puts(&t, BOX "box b0 {} ");
  for (int i = 1; i < 2000; i++) text_print(&t, "box b%d { size = b%d.size } ", i, i + 1 < 2000 ? i + 1 : 0);
  char *copy = malloc(t.n + 1);
  assert_non_null(copy);
  memcpy(copy, text_done(&t), t.n + 1);
  compilation_free(c);
  c = compilation_new();
  (void)plan_model(c, copy);
  free(copy);
  assert_true(plan_count(c, CODE_005) >= 1);
}

/* Thousands of names, and as many typos: each is said, and how many names are looked at for "did you mean" has an end. */
static void typos_of_many_names_stay_quick(void **state) {
  (void)state;
  static const struct { const char *declared, *misspelt; } cases[] = {
      {"let lamp-%d = 1 ", "box b%d { size = lmp-%d } "},
      {"zone yard-%d inside lan ", "box b%d { place = yrd-%d } "},
      {"box crate-%d { } ", "box b%d { friend = crte-%d } "},
      {"step stride-%d { do { $ x } undo { $ y } } ", "step b%d { after = [strde-%d] do { $ x } undo { $ y } } "},
      {"secret whisper-%d { from = env \"X\" } ", "step b%d { do { $ x { env K = secret whsper-%d } } undo { $ y } } "},
      {"kind barrel_%d { } ", "kind b%d { of : barel_%d } "},
  };
  enum { MANY = 3000 };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct compilation *own = compilation_new();
    struct text t = {.arena = &c->arena};
    uint32_t told = 0;
    text_puts(&t, BOX);
    for (int k = 0; k < MANY; k++) text_print(&t, cases[i].declared, k);
    for (int k = 0; k < MANY; k++) text_print(&t, cases[i].misspelt, k, k);
    (void)plan_model(own, text_done(&t));
    assert_int_equal(own->findings.n, MANY);
    for (uint32_t k = 0; k < own->findings.n; k++)
      told += own->findings.at[k]->remarks.n > 0;
    assert_true(told > 100 && told < 1500);
    compilation_free(own);
  }
}

int main(void) {
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
  const struct CMUnitTest tests[] = {
      TEST(a_chain_has_a_step_per_hop),
      TEST(a_chain_that_returns_goes_around),
      TEST(references_follow),
      TEST(combinations_that_no_order_reaches_are_left_out),
      TEST(constants_carry_arrows),
      TEST(arrows_in_lists_and_maps),
      TEST(an_alias_is_its_value_where_one_is_wanted),
      TEST(strings_become_what_is_wanted),
      TEST(loops_unroll),
      TEST(names_live_by_type),
      TEST(what_is_created_is_there_after_its_step),
      TEST(every_form_of_fact),
      TEST(https_binds_tcp_and_udp),
      TEST(needs_from_where_the_operator_stands),
      TEST(every_form_of_need),
      TEST(a_hosted_name_is_asked_for_as_a_virtual_host),
      TEST(a_provider_does_not_serve_a_name_hosted_elsewhere),
      TEST(steps_stand_in_source_order),
      TEST(covers_joins_steps_into_parts),
      TEST(one_hop_gets_its_own_terms),
      TEST(creation_comes_before_what_names_it),
      TEST(terms_come_from_plan_change_and_kind),
      TEST(a_step_needs_what_its_commands_ask_in_the_state_they_lead_to),
      TEST(by_hand_has_no_known_length),
      TEST(promises_of_each_form),
      TEST(clients_may_change_their_dns),
      TEST(each_finding),
      TEST(an_error_is_said_once),
      TEST(all_errors_are_said),
      TEST(too_many_combinations),
      TEST(chains_of_references_are_bounded),
      TEST(typos_of_many_names_stay_quick),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
