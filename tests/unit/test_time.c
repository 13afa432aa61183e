/* The section "Time" of docs/definitions.md, sentence by sentence; the name of a test says its sentence again.
 *
 *   A step takes what it says, else what its kind says              a_step_takes_what_it_says, else_what_its_kind_says
 *   … or, when it does nothing but wait, for how long             nothing_but_waits
 *   … has no known length: a warning that names it                  neither_is_no_known_length, by_hand_is_no_known_length
 *   … counts as longer than any known length                        no_known_length_is_longer_than_any
 *   down from the start of the step … to the end of the step        down_from_start_to_end
 *   … in the baseline, from the start of the first step             down_in_the_baseline
 *   The window runs from the start … ; ahead of time                the_window, ahead_of_time
 *   always: up in every state and during-state                      always_in_every_state, always_in_during_states
 *   … when a step mends it, from the first state that has it up     always_once_mended
 *   down at most: never longer at a stretch, and up in the last     at_most_at_a_stretch, at_most_and_up_in_the_end
 *   finally: up in the last state; finally has no downtime          finally_in_the_last_state
 *   The way back has a timeline of its own                          always_on_the_way_back, at_most_on_the_way_back
 *   … for each point of failure; the waits before undos count       from_whichever_state, from_the_middle_of_many,
 *                                                                   waits_of_others_count
 *   possible until t after the end of state j                       possible_for_its_ttl
 *   … over every TTL it was published with                          over_every_ttl
 *   No such name is an answer too                                   no_such_name
 *   … per question: a new exact name over a wildcard                a_name_over_a_wildcard
 *   ttl_floor; lag                                                  the_floor_of_a_resolver, the_lag_is_added
 *   … what it takes the place of; nothing, before what it creates   the_lag_of_a_name_over_a_wildcard, the_lag_of_what_moves,
 *                                                                   the_lag_of_a_new_forward, the_lag_of_a_new_name
 *   … a name that hides a wildcard is among those that answer       the_lag_of_a_name_in_between
 *   … whether it is up or not                                       the_lag_of_what_is_not_up_yet
 *   … of one that is gone                                           the_lag_of_what_is_deleted
 *   … before the step that takes away what an old answer leads to   waits_while_something_else_is_old
 *   Only waits surely pass; estimates don't                         only_waits_surely_pass
 *   maybe breaks always, counts for down at most, by the clock      maybe_breaks_always, maybe_counts_by_the_clock
 *   After the last state caches run out                             caches_run_out_in_the_end
 *   A wait is a step without facts                                  a_wait_has_no_facts
 *   … of exactly the time that is missing                           exactly_the_missing_time, no_wait_without_need
 *   … however many old answers are about                            none_of_many_is_left_out
 *   on the way back likewise, between two undos                     waits_between_undos, no_wait_for_what_is_not_mended,
 *                                                                   no_wait_beside_a_longer_one
 *   … only for what was published before the way back began         no_wait_for_what_was_not_published,
 *                                                                   no_wait_that_shortens_nothing, no_wait_across_no_return,
 *                                                                   what_others_wait_for_counts_where_they_wait,
 *                                                                   as_short_as_the_way_forward_allows
 *   Orders are compared with their waits                            compared_with_their_waits
 */
#include "cutc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define HEAD "plan t { operator = ops }\nuse std/net\nclient ops { zone = lan }\n"
#define SETS " do { $ set ${value} ${ttl}\n } undo { $ set ${value} ${ttl}\n } }\n"
#define TOGGLE " do { $ set ${new}\n } undo { $ set ${new}\n } }\n"
#define SECOND (int64_t)1000

#define NAME(value, ttl) "dns_record n { host = \"x.example.net\"  value = " value "  ttl = " ttl "  takes = 10s" SETS
#define HOST(id, at, length) "host " id " { address = " at "  ports = [80/tcp]  takes = " length TOGGLE
#define ASKS(hold) "promise ops reaches x.example.net:80 " hold "\n"

static struct compiled proven(const char *text) {
  char path[] = "/tmp/cutc-time-XXXXXX";
  int fd = mkstemp(path);

  assert_true(fd >= 0);
  assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
  close(fd);
  struct compiled d = compile(path);
  unlink(path);
  for (uint32_t i = 0; !d.proof && i < d.c->findings.n; i++) print_message("%s\n", d.c->findings.at[i]->message);
  assert_non_null(d.proof);
  return d;
}

static const char *id_of(const struct compiled *d, uint32_t k) {
  return name_text(&d->c->names, d->model->steps.at[d->proof->order.at[k]].name);
}

static uint32_t place_of(const struct compiled *d, const char *id) {
  for (uint32_t k = 0; k < d->proof->order.n; k++)
    if (strcmp(id_of(d, k), id) == 0) return k;
  fail_msg("no step %s", id);
  return 0;
}

static void order_is(const struct compiled *d, const char *wanted) {
  struct text order = {.arena = &d->c->arena};

  for (uint32_t k = 0; k < d->proof->order.n; k++) text_print(&order, "%s%s", k ? " " : "", id_of(d, k));
  assert_string_equal(text_done(&order), wanted);
}

/* Warnings and errors, as "E221 E223?": the mark for a warning. */
static void says(const struct compiled *d, const char *wanted) {
  struct text said = {.arena = &d->c->arena};

  for (uint32_t i = 0; i < d->c->findings.n; i++) {
    const struct finding *f = d->c->findings.at[i];

    if (f->severity != SEV_NOTE) text_print(&said, "%s%s%s", said.n ? " " : "", code_text(f->code), f->severity == SEV_WARNING ? "?" : "");
  }
  assert_string_equal(text_done(&said), wanted);
}

/* u(p), d(own), m(aybe) in each state. */
static void states_are(const struct compiled *d, uint32_t promise, const char *wanted) {
  struct text states = {.arena = &d->c->arena};

  for (uint32_t k = 0; k <= d->proof->order.n; k++) text_putc(&states, "ud?m"[timeline_at(&d->proof->timeline[promise], k)]);
  assert_string_equal(text_done(&states), wanted);
}

static void down_for(const struct compiled *d, uint32_t promise, int64_t wanted) {
  assert_int_equal(d->proof->timeline[promise].outage, wanted);
}

static void takes(const struct compiled *d, const char *id, int64_t wanted) {
  assert_int_equal(d->model->steps.at[d->proof->order.at[place_of(d, id)]].takes, wanted);
}

static void done(struct compiled *d) { compilation_free(d->c); }

/* ── Lengths ─────────────────────────────────────────────────────────────────────────────────────────────────────── */

#define KINDS "kind slow { at : address  serves at [80/tcp] in lan  takes = 40s  change {" TOGGLE "}\n"                       \
  "kind quick { at : address  serves at [80/tcp] in lan  change {" TOGGLE "}\n"

static void a_step_takes_what_it_says(void **state) {
  (void)state;
  struct compiled d = proven(HEAD KINDS "slow a { at = 10.0.0.1 -> 10.0.0.2  takes = 5s }\n");
  takes(&d, "a", 5 * SECOND);
  done(&d);
}

static void else_what_its_kind_says(void **state) {
  (void)state;
  struct compiled d = proven(HEAD KINDS "slow a { at = 10.0.0.1 -> 10.0.0.2 }\n");
  takes(&d, "a", 40 * SECOND);
  done(&d);
}

static void neither_is_no_known_length(void **state) {
  (void)state;
  struct compiled d = proven(HEAD KINDS "quick a { at = 10.0.0.1 -> 10.0.0.2 }\npromise ops reaches 10.0.0.2:80 down at most 1h\n");
  takes(&d, "a", -1);
  says(&d, "E223?");
  assert_true(d.proof->timeline[0].outage_open);
  done(&d);
}

static void by_hand_is_no_known_length(void **state) {
  (void)state;
  struct compiled d = proven(HEAD KINDS "quick a { at = 10.0.0.1 -> 10.0.0.2  do { manual \"move it\" } undo { manual \"move it back\" } }\n"
                             "promise ops reaches 10.0.0.2:80 down at most 1h\n");
  takes(&d, "a", -1);
  says(&d, "E223?");
  done(&d);
}

/* A stretch of no known length is the longest, and yet hides none of which enough is known. */
static void too_long_beside_no_known_length(void **state) {
  (void)state;
  struct compiled d = proven(HEAD "host first { address = 10.0.0.1 -> 10.0.0.2  ports = [80/tcp]  takes = 10s  do { $ x\n } undo { $ y\n } }\n"
                             NAME("10.0.0.1 -> 10.0.0.2", "1h") "step k { do { $ x\n } undo { $ y\n } disrupts = [first] }\n"
                             "step both { covers = [first, n]  takes = 10s  atomic = \"x\"  after = [k] }\n" ASKS("down at most 1m"));
  says(&d, "E221 E223? E222?");
  assert_true(d.proof->timeline[0].outage_open);
  done(&d);
}

static void nothing_but_waits(void **state) {
  (void)state;
  struct compiled d = proven(HEAD "kind settle { on : bool  change { do { wait 8s\n wait 1m\n } undo { wait 8s\n } } }\nstep a { do { wait 8s\n } undo { wait 1s\n } }\n"
                             "step b { do { wait 8s\n $ look\n } undo { $ look\n } }\nstep c { takes = 20s  do { wait 8s\n } undo { wait 8s\n } }\n"
                             "settle d { on = false -> true }\nsettle e { on = false -> true }\nsettle f { on = false -> true }\n");
  takes(&d, "a", 8 * SECOND);
  takes(&d, "b", -1);
  takes(&d, "c", 20 * SECOND);
  takes(&d, "d", 68 * SECOND);
  takes(&d, "e", 68 * SECOND);
  takes(&d, "f", 68 * SECOND);
  done(&d);
}

/* The name may move once one of two gates is open, while the service is down: the one that takes an hour, not the other. */
static void no_known_length_is_longer_than_any(void **state) {
  (void)state;
  struct compiled d = proven(HEAD "kind gate { open : bool  needs open  change {" TOGGLE "}\nkind thing { }\n"
                             "thing either { needs = [at least 1 of [s, t]] }\ngate s { open = false -> true  after = [h] }\n"
                             "gate t { open = false -> true  after = [h]  takes = 1h }\n" HOST("h", "10.0.0.1 -> 10.0.0.2", "30s")
                             "dns_record n { host = \"x.example.net\"  value = 10.0.0.1 -> 10.0.0.2  ttl = 0s  takes = 10s\n"
                             "  do { needs either\n $ set ${value}\n } undo { $ set ${value}\n } }\n" ASKS("down at most 5h"));
  order_is(&d, "h t n s");
  assert_false(d.proof->timeline[0].outage_open);
  down_for(&d, 0, (30 + 3600 + 10) * SECOND);
  done(&d);
}

/* ── When a promise is down ──────────────────────────────────────────────────────────────────────────────────────── */

static void down_from_start_to_end(void **state) {
  (void)state;
  struct compiled d = proven(HEAD HOST("h", "10.0.0.1 -> 10.0.0.2", "30s") NAME("10.0.0.1 -> 10.0.0.2", "0s") "step rest { after = [n]  takes = 7s  do { $ x\n } undo { $ y\n } }\n"
                             ASKS("down at most 1h"));
  order_is(&d, "h n rest");
  states_are(&d, 0, "uduu");
  down_for(&d, 0, 40 * SECOND); /* from the start of h to the end of n */
  done(&d);
}

static void down_in_the_baseline(void **state) {
  (void)state;
  struct compiled d = proven(HEAD HOST("h", "10.0.0.1 -> 10.0.0.2", "30s") "step first { takes = 7s  do { $ x\n } undo { $ y\n } }\n"
                             "promise ops reaches 10.0.0.2:80 down at most 1h\n");
  order_is(&d, "h first");
  down_for(&d, 0, 30 * SECOND);
  done(&d);
  d = proven(HEAD "step first { takes = 7s  do { $ x\n } undo { $ y\n } }\nhost h { address = 10.0.0.1 -> 10.0.0.2  ports = [80/tcp]  takes = 30s  after = [first]" TOGGLE
             "promise ops reaches 10.0.0.2:80 down at most 1h\n");
  order_is(&d, "first h");
  down_for(&d, 0, 37 * SECOND); /* from the start of the first step on */
  done(&d);
}

#define WINDOW(length) "plan t { operator = ops  window = " length " }\nuse std/net\nclient ops { zone = lan }\n"
#define THREE "step a { takes = 10m  do { $ x\n } undo { $ y\n } }\nhost idle { address = 10.0.0.8  ports = [80/tcp] }\n"        \
  "step b { after = [a]  takes = 2m  disrupts = [idle]  do { $ x\n } undo { $ y\n } }\n"                                         \
  "step c { after = [b]  takes = 3m  do { $ x\n } undo { $ y\n } }\n"

static void the_window(void **state) {
  (void)state;
  struct compiled d = proven(WINDOW("299s") THREE);
  says(&d, "E224"); /* from the start of b to the end of c: five minutes */
  done(&d);
  d = proven(WINDOW("5m") THREE);
  says(&d, "");
  done(&d);
}

static void ahead_of_time(void **state) {
  (void)state;
  struct compiled d = proven(WINDOW("5m") THREE "promise idle up down at most 5m\n");
  says(&d, "");
  assert_int_equal(d.proof->total, 15 * 60 * SECOND);
  done(&d);
}

/* ── Promises ────────────────────────────────────────────────────────────────────────────────────────────────────── */

static void always_in_every_state(void **state) {
  (void)state;
  struct compiled d = proven(HEAD HOST("h", "10.0.0.1 -> 10.0.0.2 -> 10.0.0.1", "30s") "promise ops reaches 10.0.0.1:80 always\n");
  states_are(&d, 0, "udu");
  says(&d, "E252");
  done(&d);
}

static void always_in_during_states(void **state) {
  (void)state;
  const char *with = HEAD "host h { address = 10.0.0.1  ports = [80/tcp] }\nstep s { takes = 1s  disrupts = [h]  do { $ x\n } undo { $ y\n } }\npromise ops reaches 10.0.0.1:80 always\n";
  struct compiled d = proven(with);
  states_are(&d, 0, "uu");
  assert_true(timeline_during(&d.proof->timeline[0], 0));
  says(&d, "E252");
  done(&d);
}

static void always_once_mended(void **state) {
  (void)state;
  struct compiled d = proven(HEAD HOST("h", "10.0.0.1 -> 10.0.0.2", "30s") "promise ops reaches 10.0.0.2:80 always\n");
  states_are(&d, 0, "du");
  says(&d, "");
  done(&d);
}

#define TWICE(limit) HEAD "host h { address = 10.0.0.1  ports = [80/tcp] }\nstep a { takes = 30s  disrupts = [h]  do { $ x\n } undo { $ y\n } }\n" \
  "step b { after = [a]  takes = 1m  do { $ x\n } undo { $ y\n } }\nstep c { after = [b]  takes = 40s  disrupts = [h]  do { $ x\n } undo { $ y\n } }\n" \
  "promise ops reaches 10.0.0.1:80 down at most " limit "\n"

static void at_most_at_a_stretch(void **state) {
  (void)state;
  struct compiled d = proven(TWICE("40s")); /* twice, but never for longer at once */
  down_for(&d, 0, 40 * SECOND);
  says(&d, "");
  done(&d);
  d = proven(TWICE("39s"));
  says(&d, "E252 E222?");
  done(&d);
}

static void at_most_and_up_in_the_end(void **state) {
  (void)state;
  struct compiled d = proven(HEAD HOST("h", "10.0.0.1 -> 10.0.0.2", "30s") "promise ops reaches 10.0.0.1:80 down at most 1h\n");
  says(&d, "E201");
  done(&d);
}

static void finally_in_the_last_state(void **state) {
  (void)state;
  struct compiled d = proven(HEAD HOST("h", "10.0.0.1 -> 10.0.0.2 -> 10.0.0.1", "30s") "promise ops reaches 10.0.0.1:80 finally\n");
  states_are(&d, 0, "udu");
  says(&d, "");
  down_for(&d, 0, 0);
  done(&d);
}

/* ── The way back ────────────────────────────────────────────────────────────────────────────────────────────────── */

#define BOTH(ttl, hold) HEAD HOST("h", "10.0.0.1 -> 10.0.0.2", "30s") NAME("10.0.0.1 -> 10.0.0.2", ttl) \
  "step both { covers = [h, n]  atomic = \"one transaction\" }\n" ASKS(hold)

static void always_on_the_way_back(void **state) {
  (void)state;
  struct compiled d = proven(BOTH("0s -> 1h", "always"));
  states_are(&d, 0, "uu");
  says(&d, "E222");
  done(&d);
  d = proven(BOTH("0s", "always"));
  says(&d, "");
  done(&d);
}

static void at_most_on_the_way_back(void **state) {
  (void)state;
  struct compiled d = proven(BOTH("0s -> 1h", "down at most 59m"));
  says(&d, "E222?");
  assert_int_equal(d.proof->timeline[0].back, (3600 + 40) * SECOND);
  done(&d);
  d = proven(BOTH("0s -> 1h", "down at most 2h"));
  says(&d, "");
  done(&d);
}

/* While `second` waits for its record's answers to run out, `third` is gone: down for as long as both take. */
static void waits_of_others_count(void **state) {
  (void)state;
  struct compiled d = proven(HEAD "host first { address = 10.0.0.1  ports = [80/tcp] }\n"
                             "create host second { address = 10.0.0.2  ports = [80/tcp]  takes = 10s  do { $ x\n } undo { $ y\n } }\n"
                             NAME("10.0.0.1 -> 10.0.0.2", "5m") "create host third { address = 10.0.0.3  ports = [81/tcp]  takes = 10s  do { $ x\n } undo { $ y\n } }\n"
                             ASKS("always") "promise ops reaches 10.0.0.3:81 down at most 2m\n");
  order_is(&d, "second n third");
  says(&d, "E222?");
  assert_int_equal(d.proof->timeline[1].back, (300 + 30) * SECOND);
  done(&d);
}

/* In `later`, which has nothing to do with it, the old answer is 20 seconds from its end; then comes the undo of `later`, then that of `h`, and a
 * minute for who asked before that. */
static void from_whichever_state(void **state) {
  (void)state;
  struct compiled d = proven(HEAD HOST("h", "10.0.0.1 -> 10.0.0.2", "10s") "dns_record n { host = \"x.example.net\"  value = h.address  ttl = 1m }\n"
                             "step later { takes = 40s  do { $ x\n } undo { $ y\n } }\n" ASKS("down at most 85s"));
  order_is(&d, "h later");
  says(&d, "E222?");
  assert_int_equal(d.proof->timeline[0].back, 90 * SECOND);
  done(&d);
  d = proven(HEAD HOST("h", "10.0.0.1 -> 10.0.0.2", "10s") "dns_record n { host = \"x.example.net\"  value = h.address  ttl = 1m }\n"
             "step later { takes = 40s  do { $ x\n } undo { $ y\n } }\n" ASKS("down at most 90s"));
  says(&d, "");
  done(&d);
}

/* So too where it lies in the middle of a component of many steps, from the end of which no old answer is left. */
static void from_the_middle_of_many(void **state) {
  (void)state;
  struct arena a = {0};
  struct text t = {.arena = &a};

  text_puts(&t, HEAD HOST("h", "10.0.0.1 -> 10.0.0.2", "10s") "dns_record n { host = \"x.example.net\"  value = h.address  ttl = 1m }\n"
                "step s0 { takes = 40s  after = [h]  do { $ x\n } undo { $ y\n } }\n");
  for (int i = 1; i <= 100; i++) text_print(&t, "step s%d { takes = 1s  after = [s%d]  do { $ x\n } undo { $ y\n } }\n", i, i - 1);
  text_puts(&t, ASKS("down at most 85s"));
  struct compiled d = proven(text_done(&t));
  assert_int_equal(d.proof->components.n, 1);
  says(&d, "E222?");
  assert_int_equal(d.proof->timeline[0].back, 90 * SECOND);
  done(&d);
  arena_free(&a);
}

/* ── Caches ──────────────────────────────────────────────────────────────────────────────────────────────────────── */

#define LEAVES(ttl, more) HEAD more "delete host first { address = 10.0.0.1  ports = [80/tcp]  takes = 1m  do { $ x\n } undo { $ y\n } }\n" \
  "host second { address = 10.0.0.2  ports = [80/tcp] }\n" NAME("10.0.0.1 -> 10.0.0.2", ttl) ASKS("always")

static void possible_for_its_ttl(void **state) {
  (void)state;
  struct compiled d = proven(LEAVES("5m", ""));
  order_is(&d, "n wait.1 first");
  takes(&d, "wait.1", 300 * SECOND); /* since the end of the step that replaced it */
  says(&d, "");
  done(&d);
}

static void over_every_ttl(void **state) {
  (void)state;
  struct compiled d = proven(LEAVES("1h -> 1m", "")); /* one step: what it was published with counts */
  takes(&d, "wait.1", 3600 * SECOND);
  done(&d);
}

static void no_such_name(void **state) {
  (void)state;
  const char *plan = HEAD "kind authority { suffix : string  negative_ttl : duration  owns suffix in lan }\n"
    "authority zone-file { suffix = \"example.net\"  negative_ttl = 7m }\nhost h { address = 10.0.0.1  ports = [80/tcp] }\n"
    "create dns_record n { host = \"x.example.net\"  value = 10.0.0.1  ttl = 0s  takes = 10s  do { $ x\n } undo { $ y\n } }\n" ASKS("down at most 6m");
  struct compiled d = proven(plan);
  states_are(&d, 0, "dm");
  down_for(&d, 0, (7 * 60 + 10) * SECOND);
  says(&d, "E221");
  done(&d);
}

static void a_name_over_a_wildcard(void **state) {
  (void)state;
  struct compiled d = proven(HEAD "dns_record all { host = \"*.example.net\"  value = 10.0.0.1  ttl = 9m }\nhost second { address = 10.0.0.2  ports = [80/tcp] }\n"
                             "delete host first { address = 10.0.0.1  ports = [80/tcp]  takes = 1m  early = true  do { $ x\n } undo { $ y\n } }\n"
                             "create dns_record n { host = \"x.example.net\"  value = 10.0.0.2  ttl = 0s  takes = 10s  do { $ x\n } undo { $ y\n } }\n" ASKS("always"));
  order_is(&d, "n wait.1 first");
  takes(&d, "wait.1", 540 * SECOND);
  done(&d);
}

static void the_floor_of_a_resolver(void **state) {
  (void)state;
  struct compiled d = proven("plan t { operator = ops }\nuse std/net\nclient ops { zone = lan  ttl_floor = 20m }\n"
                             "delete host first { address = 10.0.0.1  ports = [80/tcp]  takes = 1m  do { $ x\n } undo { $ y\n } }\n"
                             "host second { address = 10.0.0.2  ports = [80/tcp] }\n" NAME("10.0.0.1 -> 10.0.0.2", "1m") ASKS("always"));
  takes(&d, "wait.1", 1200 * SECOND);
  done(&d);
}

static void the_lag_is_added(void **state) {
  (void)state;
  struct compiled d = proven(HEAD "delete host first { address = 10.0.0.1  ports = [80/tcp]  takes = 1m  do { $ x\n } undo { $ y\n } }\n"
                             "host second { address = 10.0.0.2  ports = [80/tcp] }\n" NAME("10.0.0.1 -> 10.0.0.2", "1m  lag = 4m") ASKS("always"));
  takes(&d, "wait.1", 300 * SECOND);
  done(&d);
}

#define FORWARD "kind forward { at : address  target : endpoint  forwards at [80/tcp] in lan to target in lan  change {" TOGGLE "}\n"
#define FIRST "host first { address = 10.0.0.1  ports = [80/tcp] }\n"
#define OWNER "kind authority { suffix : string  negative_ttl : duration  owns suffix in lan }\n" \
  "authority zone-file { suffix = \"example.net\"  negative_ttl = 2m }\n"
#define NEW_NAME "create dns_record next { host = \"new.example.net\"  value = 10.0.0.1  ttl = 5m  lag = 10m  takes = 10s" SETS

static void the_lag_of_a_new_forward(void **state) {
  (void)state;
  struct compiled d = proven(HEAD FORWARD FIRST "create forward edge { at = 10.0.0.9  target = 10.0.0.1:80  lag = 3m  takes = 10s }\n"
                             NAME("10.0.0.1 -> 10.0.0.9", "0s") ASKS("always"));
  order_is(&d, "edge wait.1 n"); /* a follower may not forward anything yet */
  takes(&d, "wait.1", 180 * SECOND);
  done(&d);
}

static void the_lag_of_a_new_name(void **state) {
  (void)state;
  struct compiled d = proven(HEAD FIRST NEW_NAME NAME("10.0.0.1 -> \"new.example.net\"", "5m") ASKS("always"));
  order_is(&d, "next wait.1 n");
  takes(&d, "wait.1", 600 * SECOND);
  done(&d);
  d = proven(HEAD OWNER FIRST NEW_NAME NAME("10.0.0.1 -> \"new.example.net\"", "5m") ASKS("always"));
  takes(&d, "wait.1", 720 * SECOND); /* that there is none is kept for two minutes more */
  done(&d);
}

static void the_lag_of_what_moves(void **state) {
  (void)state;
  struct compiled d = proven(HEAD "host h { address = 10.0.0.1 -> 10.0.0.2  ports = [80/tcp]  lag = 4m  takes = 30s" TOGGLE
                             NAME("10.0.0.1 -> 10.0.0.2", "0s") ASKS("down at most 4m30s"));
  order_is(&d, "h n");
  states_are(&d, 0, "udm");
  down_for(&d, 0, 270 * SECOND);
  says(&d, "E222?"); /* on the way back the name goes first: ten seconds more */
  done(&d);
}

static void the_lag_of_a_name_over_a_wildcard(void **state) {
  (void)state;
  struct compiled d = proven(HEAD "dns_record all { host = \"*.example.net\"  value = 10.0.0.1  ttl = 9m }\nhost second { address = 10.0.0.2  ports = [80/tcp] }\n"
                             "delete host first { address = 10.0.0.1  ports = [80/tcp]  takes = 1m  early = true  do { $ x\n } undo { $ y\n } }\n"
                             "create dns_record n { host = \"x.example.net\"  value = 10.0.0.2  ttl = 0s  lag = 4m  takes = 10s  do { $ x\n } undo { $ y\n } }\n" ASKS("always"));
  order_is(&d, "n wait.1 first");
  takes(&d, "wait.1", 780 * SECOND);
  done(&d);
}

/* The wildcard that answered is hidden, and the zone around answers in its place. */
static void the_lag_of_a_name_in_between(void **state) {
  (void)state;
  struct compiled d = proven("plan t { operator = ops }\nuse std/net\nzone office inside lan\nclient ops { zone = office }\n"
                             "kind name { host : host  zone : zone  value : address  names host in zone as value for 0s  change {" TOGGLE "}\n"
                             "name wide { host = \"*.example.net\"  zone = office  value = 10.0.0.1 }\n"
                             "name around { host = \"x.b.example.net\"  zone = lan  value = 10.0.0.2 }\n"
                             "create name between { host = \"b.example.net\"  zone = office  value = 10.0.0.2  lag = 5m  takes = 10s }\n"
                             "host second { address = 10.0.0.2  ports = [80/tcp] }\n"
                             "delete host first { address = 10.0.0.1  ports = [80/tcp]  takes = 1m  do { $ x\n } undo { $ y\n } }\n"
                             "promise ops reaches x.b.example.net:80 always\n");
  order_is(&d, "between wait.1 first");
  takes(&d, "wait.1", 300 * SECOND);
  done(&d);
}

static void the_lag_of_what_is_not_up_yet(void **state) {
  (void)state;
  struct compiled d = proven(HEAD FORWARD FIRST "kind gate { open : bool  needs open  change {" TOGGLE "}\n"
                             "create forward edge { at = 10.0.0.9  target = 10.0.0.1:80  lag = 3m  takes = 10s  needs = [g]  early = true }\n"
                             "gate g { open = false -> true  after = [edge]  takes = 10s }\n"
                             NAME("10.0.0.1 -> 10.0.0.9", "0s") ASKS("always"));
  order_is(&d, "edge g wait.1 n");
  takes(&d, "wait.1", 180 * SECOND);
  done(&d);
}

static void the_lag_of_what_is_deleted(void **state) {
  (void)state;
  struct compiled d = proven(HEAD "dns_record all { host = \"*.example.net\"  value = 10.0.0.2  ttl = 9m }\nhost second { address = 10.0.0.2  ports = [80/tcp] }\n"
                             "delete host first { address = 10.0.0.1  ports = [80/tcp]  takes = 1m  do { $ x\n } undo { $ y\n } }\n"
                             "delete dns_record n { host = \"x.example.net\"  value = 10.0.0.1  ttl = 1m  lag = 4m  takes = 10s  do { $ x\n } undo { $ y\n } }\n" ASKS("always"));
  order_is(&d, "n wait.1 first");
  takes(&d, "wait.1", 300 * SECOND);
  done(&d);
}

/* The new place fails for followers when the old one is about to go: a wait lets the promise come up in between. */
static void waits_while_something_else_is_old(void **state) {
  (void)state;
  struct compiled d = proven(HEAD FORWARD "forward edge { at = 10.0.0.8 -> 10.0.0.9  target = 10.0.0.2:80  lag = 3m }\nhost second { address = 10.0.0.2  ports = [80/tcp] }\n"
                             "delete host first { address = 10.0.0.1  ports = [80/tcp]  takes = 1m  do { $ x\n } undo { $ y\n } }\n"
                             "dns_record n { host = \"x.example.net\"  value = 10.0.0.1 -> 10.0.0.9  ttl = 10m" SETS
                             "step both { covers = [edge, n]  takes = 10s  atomic = \"one call\" }\n" ASKS("down at most 5m"));
  order_is(&d, "both wait.1 first");
  takes(&d, "wait.1", 600 * SECOND);
  down_for(&d, 0, 190 * SECOND);
  done(&d);
}

static void only_waits_surely_pass(void **state) {
  (void)state;
  struct compiled d = proven(LEAVES("5m", "step long { after = [n]  takes = 10m  do { $ x\n } undo { $ y\n } }\n"));
  takes(&d, "wait.1", 300 * SECOND); /* though a step of ten minutes lies in between */
  assert_true(place_of(&d, "long") > place_of(&d, "n"));
  done(&d);
}

static void maybe_breaks_always(void **state) {
  (void)state;
  struct compiled d = proven(BOTH("1h", "always"));
  states_are(&d, 0, "um");
  says(&d, "E221");
  done(&d);
}

static void maybe_counts_by_the_clock(void **state) {
  (void)state;
  struct compiled d = proven(BOTH("1m", "down at most 10m"));
  states_are(&d, 0, "um");
  down_for(&d, 0, (40 + 60) * SECOND); /* the step, and a minute of old answers */
  says(&d, "");
  done(&d);
}

static void caches_run_out_in_the_end(void **state) {
  (void)state;
  struct compiled d = proven(BOTH("1h", "finally"));
  states_are(&d, 0, "um");
  says(&d, ""); /* up for good an hour later */
  done(&d);
}

/* ── Waits ───────────────────────────────────────────────────────────────────────────────────────────────────────── */

static void a_wait_has_no_facts(void **state) {
  (void)state;
  struct compiled d = proven(LEAVES("5m", ""));
  const struct step *wait = &d.model->steps.at[d.proof->order.at[place_of(&d, "wait.1")]];
  uint32_t id = d.proof->order.at[place_of(&d, "wait.1")];
  assert_true(wait->wait);
  for (uint32_t g = 0; g < d.model->guards.n; g++)
    for (uint32_t i = 0; i < d.model->guards.at[g].n; i++) assert_true(d.model->guards.at[g].steps[i] >> 1 != id);
  done(&d);
}

/* An answer that is given for a minute still when the hour's are waited for: 59 minutes. */
static void exactly_the_missing_time(void **state) {
  (void)state;
  struct compiled d = proven(HEAD HOST("h", "10.0.0.1 -> 10.0.0.2", "30s") "dns_record n { host = \"x.example.net\"  value = h.address  ttl = 1h -> 1m -> 1h  takes = 10s  do { $ x ${ttl}\n } undo { $ x ${ttl}\n } }\n"
                             ASKS("down at most 10m"));
  order_is(&d, "n.ttl.1 wait.1 h n.ttl.2");
  takes(&d, "wait.1", 59 * 60 * SECOND);
  says(&d, "");
  done(&d);
}

static void no_wait_without_need(void **state) {
  (void)state;
  struct compiled d = proven(HEAD "host first { address = 10.0.0.1  ports = [80/tcp] }\nhost second { address = 10.0.0.2  ports = [80/tcp] }\n" NAME("10.0.0.1 -> 10.0.0.2", "5m")
                             ASKS("always"));
  order_is(&d, "n"); /* the old place goes on answering */
  done(&d);
}

static void waits_between_undos(void **state) {
  (void)state;
  struct compiled d = proven(HEAD "host first { address = 10.0.0.1  ports = [80/tcp] }\ncreate host second { address = 10.0.0.2  ports = [80/tcp]  takes = 1m  do { $ x\n } undo { $ y\n } }\n"
                             NAME("10.0.0.1 -> 10.0.0.2", "5m") ASKS("always"));
  order_is(&d, "second n");
  assert_int_equal(d.proof->back[place_of(&d, "second")].length, 300 * SECOND); /* after the name is back, before the new place goes */
  assert_int_equal(d.proof->back[place_of(&d, "n")].length, 0);
  says(&d, "");
  done(&d);
}

/* The old answer runs out while the undo runs, which may have taken the new place away as soon as it began. */
static void waits_before_long_undos(void **state) {
  (void)state;
  struct compiled d = proven(HEAD "host first { address = 10.0.0.1  ports = [80/tcp] }\ncreate host second { address = 10.0.0.2  ports = [80/tcp]  takes = 10m  do { $ x\n } undo { $ y\n } }\n"
                             NAME("10.0.0.1 -> 10.0.0.2", "5m") ASKS("down at most 2m"));
  order_is(&d, "second n");
  assert_int_equal(d.proof->back[place_of(&d, "second")].length, 300 * SECOND);
  assert_int_equal(d.proof->back[place_of(&d, "n")].length, 0);
  says(&d, "");
  done(&d);
}

/* Who had the dead answer has it in every state: the promise is not mended yet where `k` disrupts the record, and nothing is waited for. */
static void no_wait_for_what_is_not_mended(void **state) {
  (void)state;
  struct compiled d = proven(HEAD "step k { after = [n.value -> 10.0.0.1]  disrupts = [n]  takes = 30s  do { $ x\n } undo { $ y\n } }\n"
                             "host first { address = 10.0.0.1  ports = [80/tcp] }\nhost second { address = 10.0.0.2  ports = [80/tcp] }\n"
                             NAME("10.0.0.8 -> 10.0.0.1 -> 10.0.0.2", "1m") ASKS("always"));
  order_is(&d, "n.value.1 k n.value.2");
  states_are(&d, 0, "dmmm");
  assert_int_equal(d.proof->back[place_of(&d, "k")].length, 0);
  says(&d, "");
  done(&d);
}

/* The hour before `w` goes back is long enough for who has been sent from x to y, too: no ten minutes before `w.ttl.2` besides. */
static void no_wait_beside_a_longer_one(void **state) {
  (void)state;
  struct compiled d = proven(HEAD "host first { address = 10.0.0.1  ports = [80/tcp] }\n"
                             "create host second { address = 10.0.0.2  ports = [80/tcp]  takes = 10s  do { $ x\n } undo { $ y\n } }\n"
                             "dns_record w { host = \"*.example.net\"  value = 10.0.0.1 -> 10.0.0.2  ttl = 1h -> 1m -> 1h  takes = 10s" SETS
                             NAME("10.0.0.1 -> \"y.example.net\"", "10m") ASKS("down at most 2m") "promise ops reaches y.example.net:80 down at most 2m\n");
  order_is(&d, "second w.ttl.1 w w.ttl.2 n");
  says(&d, "");
  assert_int_equal(d.proof->back[place_of(&d, "w")].length, 59 * 60 * SECOND);
  assert_int_equal(d.proof->back[place_of(&d, "w.ttl.2")].length, 0);
  done(&d);
}

/* `x` is down between its two hops, and `first` may go after the first of them: the wait before it is not put where it makes that longer. */
/* So many names move that over a hundred old answers are about at once, and that there are over four hundred in all: before each old
 * place goes, its own is waited for, with the longest TTL last. */
static void none_of_many_is_left_out(void **state) {
  (void)state;
  enum { MANY = 220 };
  struct arena a = {0};
  struct text t = {.arena = &a};

  text_puts(&t, HEAD);
  for (int i = 0; i < MANY; i++) {
    text_print(&t, "host a%d { address = 10.1.0.%d  ports = [80/tcp] -> []  takes = 10s  after = [n%d", i, i, MANY - 1);
    if (i) text_print(&t, ", a%d", i - 1);
    text_puts(&t, "] do { $ off\n } undo { $ on\n } }\n");
    text_print(&t, "host b%d { address = 10.2.0.%d  ports = [80/tcp] }\n", i, i);
    text_print(&t, "dns_record n%d { host = \"x%d.example.net\"  value = 10.1.0.%d -> 10.2.0.%d  ttl = %ds  takes = 1s", i, i, i, i, 3600 + 60 * i);
    if (i) text_print(&t, "  after = [n%d]", i - 1);
    text_print(&t, SETS "promise ops reaches x%d.example.net:80 always\n", i);
  }
  struct compiled d = proven(text_done(&t));
  uint32_t waits = 0;

  for (uint32_t k = 0; k < d.proof->order.n; k++) waits += d.model->steps.at[d.proof->order.at[k]].wait;
  assert_int_equal(waits, MANY);
  for (uint32_t i = 0; i < MANY; i++) assert_null(strchr("dm", "ud?m"[timeline_at(&d.proof->timeline[i], d.proof->order.n - 1)]));
  done(&d);
  arena_free(&a);
}

static void compared_with_their_waits(void **state) {
  (void)state;
  struct compiled d = proven(HEAD "host x { address = 10.0.0.7 -> 10.0.0.8 -> 10.0.0.7  ports = [81/tcp]  takes = 1m  do { $ x\n } undo { $ y\n } }\n"
                             "delete host first { address = 10.0.0.1  ports = [80/tcp]  takes = 1m  after = [x.address -> 10.0.0.8]  do { $ x\n } undo { $ y\n } }\n"
                             "host second { address = 10.0.0.2  ports = [80/tcp] }\n" NAME("10.0.0.1 -> 10.0.0.2", "5m")
                             "promise ops reaches 10.0.0.7:81 down at most 1h\n" ASKS("always"));
  order_is(&d, "x.address.1 x.address.2 n wait.1 first");
  down_for(&d, 0, 120 * SECOND);
  done(&d);
}

/* How long the undo of a step waits since which step was begun, as "300 n, 60 m": the first that was. */
static void waits_back(const struct compiled *d, const char *id, const char *wanted) {
  const struct back_wait *first = &d->proof->back[place_of(d, id)];
  struct text waits = {.arena = &d->c->arena};

  for (const struct back_wait *w = first; w && w->length; w = w->before)
    text_print(&waits, "%s%lld %s", w == first ? "" : ", ", (long long)(w->length / SECOND), id_of(d, w->since));
  assert_string_equal(text_done(&waits), wanted);
}

#define MOVES(ttl) HEAD "host first { address = 10.0.0.1  ports = [80/tcp] }\n" MADE("second", "10.0.0.2", "") NAME("10.0.0.1 -> 10.0.0.2", ttl)
#define MADE(id, at, more) "create host " id " { address = " at "  ports = [80/tcp]  takes = 10s" more "  do { $ x\n } undo { $ y\n } }\n"

/* Once the TTL is low and before the name has moved nobody can have the new address, and after that only for the short TTL. */
static void no_wait_for_what_was_not_published(void **state) {
  (void)state;
  struct compiled d = proven(MOVES("30s -> 3s -> 30s") ASKS("always"));
  order_is(&d, "second n.ttl.1 n n.ttl.2");
  waits_back(&d, "second", "30 n.ttl.2, 3 n");
  says(&d, "");
  done(&d);
}

/* Who asked before the name came has the wildcard's answer, and on the way back for the name's lag besides. */
static void old_from_the_way_forward(void **state) {
  (void)state;
  struct compiled d = proven(HEAD "host first { address = 10.0.0.1  ports = [80/tcp] }\n"
                             "create host second { address = 10.0.0.2  ports = [80/tcp]  takes = 10s  do { $ a\n } undo { $ b\n } }\n"
                             "dns_record w { host = \"*.example.net\"  value = 10.0.0.1 -> 10.0.0.2  ttl = 30s  takes = 10s" SETS
                             "create dns_record n { host = \"x.example.net\"  value = 10.0.0.2  ttl = 0s  lag = 3m  takes = 10s" SETS ASKS("always"));
  order_is(&d, "second w n");
  waits_back(&d, "second", "210 n, 30 w");
  done(&d);
}

/* So too where a wait is there for a shorter outage. */
static void no_wait_that_shortens_nothing(void **state) {
  (void)state;
  struct compiled d = proven(MOVES("1m -> 20s -> 1m") ASKS("down at most 2s"));
  order_is(&d, "second n.ttl.1 n n.ttl.2");
  waits_back(&d, "n", "40 n.ttl.2"); /* from then on the low TTL will do */
  waits_back(&d, "second", "20 n");
  says(&d, "");
  done(&d);
  d = proven(MOVES("1m -> 3s -> 1m") ASKS("down at most 2s"));
  waits_back(&d, "n", "57 n.ttl.2");
  waits_back(&d, "second", ""); /* the undo of n.ttl.1 takes longer than three seconds by the clock */
  says(&d, "");
  done(&d);
}

/* What was old already when the run failed lengthens an outage as well, and says what shorter wait may do. */
static void as_short_as_the_way_forward_allows(void **state) {
  (void)state;
  struct compiled d = proven(HEAD "host first { address = 10.0.0.1  ports = [80/tcp] }\n" MADE("one", "10.0.0.2", "") "create host two { address = 10.0.0.3  ports = [80/tcp]  takes = 1s  after = [one]  do { $ x\n } undo { $ y\n } }\n"
                             NAME("10.0.0.1 -> 10.0.0.3 -> 10.0.0.2", "1m -> 20s -> 1m") "dns_record m { host = \"y.example.net\"  value = 10.0.0.1 -> 10.0.0.2  ttl = 20s -> 2m  takes = 10s" SETS
                             ASKS("down at most 90s") "promise ops reaches y.example.net:80 down at most 2s\n");
  order_is(&d, "one two n.ttl.1 n.value.1 n.value.2 n.ttl.2 m");
  waits_back(&d, "n.value.2", "40 m, 20 n.ttl.2");
  says(&d, "");
  done(&d);
}

/* Who has `first` by the name `n` is waited for before `one` goes, and may be so before `two` goes, which waits for `m`: after a failure
 * before `m` nobody waits for that, and the minute that `n` needs is waited for all the same. */
static void what_others_wait_for_counts_where_they_wait(void **state) {
  (void)state;
  struct compiled d = proven(HEAD "host first { address = 10.0.0.1  ports = [80/tcp] }\n" MADE("one", "10.0.0.2", "") MADE("two", "10.0.0.3", "")
                             "dns_record n { host = \"x.example.net\"  value = 10.0.0.1 -> 10.0.0.2  ttl = 1m  takes = 10s  after = [two]" SETS
                             "dns_record m { host = \"y.example.net\"  value = 10.0.0.1 -> 10.0.0.3  ttl = 5m  takes = 10s  after = [n]" SETS
                             ASKS("always") "promise ops reaches y.example.net:80 always\n");
  order_is(&d, "one two n m");
  waits_back(&d, "two", "300 m, 60 n");
  waits_back(&d, "one", "");
  says(&d, "");
  done(&d);
}

/* What was published behind a step of no return is old only after a failure behind it, and what was before it never. */
static void no_wait_across_no_return(void **state) {
  (void)state;
  struct compiled d = proven(MOVES("1m") "step gone { irreversible = \"sold\"  after = [n]  takes = 1s  do { $ x\n } }\n" MADE("third", "10.0.0.3", "  after = [gone]")
                             "dns_record m { host = \"y.example.net\"  value = 10.0.0.1 -> 10.0.0.3  ttl = 5m  takes = 10s  after = [gone]" SETS
                             ASKS("always") "promise ops reaches y.example.net:80 always\n");
  order_is(&d, "second n gone third m");
  waits_back(&d, "second", "60 n");
  waits_back(&d, "third", "300 m");
  done(&d);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_step_takes_what_it_says), cmocka_unit_test(else_what_its_kind_says), cmocka_unit_test(neither_is_no_known_length),
    cmocka_unit_test(by_hand_is_no_known_length), cmocka_unit_test(too_long_beside_no_known_length), cmocka_unit_test(nothing_but_waits), cmocka_unit_test(no_known_length_is_longer_than_any), cmocka_unit_test(down_from_start_to_end),
    cmocka_unit_test(down_in_the_baseline), cmocka_unit_test(the_window), cmocka_unit_test(ahead_of_time), cmocka_unit_test(always_in_every_state),
    cmocka_unit_test(always_in_during_states), cmocka_unit_test(always_once_mended), cmocka_unit_test(at_most_at_a_stretch),
    cmocka_unit_test(at_most_and_up_in_the_end), cmocka_unit_test(finally_in_the_last_state), cmocka_unit_test(always_on_the_way_back),
    cmocka_unit_test(at_most_on_the_way_back), cmocka_unit_test(possible_for_its_ttl), cmocka_unit_test(over_every_ttl), cmocka_unit_test(no_such_name),
    cmocka_unit_test(a_name_over_a_wildcard), cmocka_unit_test(the_floor_of_a_resolver), cmocka_unit_test(the_lag_is_added),
    cmocka_unit_test(the_lag_of_a_new_forward), cmocka_unit_test(the_lag_of_a_new_name), cmocka_unit_test(the_lag_of_what_moves),
    cmocka_unit_test(the_lag_of_a_name_over_a_wildcard), cmocka_unit_test(the_lag_of_a_name_in_between),
    cmocka_unit_test(the_lag_of_what_is_not_up_yet), cmocka_unit_test(the_lag_of_what_is_deleted),
    cmocka_unit_test(waits_while_something_else_is_old),
    cmocka_unit_test(only_waits_surely_pass), cmocka_unit_test(maybe_breaks_always), cmocka_unit_test(maybe_counts_by_the_clock),
    cmocka_unit_test(caches_run_out_in_the_end), cmocka_unit_test(a_wait_has_no_facts), cmocka_unit_test(exactly_the_missing_time),
    cmocka_unit_test(no_wait_without_need), cmocka_unit_test(waits_between_undos), cmocka_unit_test(waits_before_long_undos), cmocka_unit_test(no_wait_for_what_is_not_mended),
    cmocka_unit_test(no_wait_beside_a_longer_one), cmocka_unit_test(waits_of_others_count), cmocka_unit_test(from_whichever_state), cmocka_unit_test(from_the_middle_of_many), cmocka_unit_test(none_of_many_is_left_out), cmocka_unit_test(compared_with_their_waits),
    cmocka_unit_test(no_wait_for_what_was_not_published), cmocka_unit_test(no_wait_that_shortens_nothing), cmocka_unit_test(old_from_the_way_forward), cmocka_unit_test(as_short_as_the_way_forward_allows),
    cmocka_unit_test(what_others_wait_for_counts_where_they_wait), cmocka_unit_test(no_wait_across_no_return),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
