/* A runbook as data -> the statements of the plan's own values: its constants, the lists of preflight, steps and promises.
 * Needs runbook_build's result. Guarantees: as expect.c, which does the commands. */
#include "script/expect.h"

#include <string.h>

/* ── The plan's tables ─────────────────────────────────────────────────────── */

static void constant(struct expecting *e, const char *name, const char *value) {
  expect_function(e, "", "the plan's own values");
  expect_assign(e, name, value);
}

static const char *decimal(struct expecting *e, int64_t n) {
  char digits[24], *at = digits + sizeof digits;
  if (n < 0) return arena_print(e->arena, "%lld", (long long)n);
  do *--at = (char)('0' + n % 10);
  while ((n /= 10) > 0);
  return arena_copy(e->arena, at, (size_t)(digits + sizeof digits - at));
}

void expect_constants(struct expecting *e) {
  const struct runbook *b = e->b;
  struct text kept = {.arena = e->arena}, at_use = {.arena = e->arena};
  for (uint32_t i = 0; i < b->secrets.n; i++) {
    const struct secret *s = &b->m->secrets.at[b->secrets.at[i]];
    struct text *t = s->at_use ? &at_use : &kept;
    if (t->n > 0) text_putc(t, ' ');
    if (!s->at_use) text_print(t, "%u:", i + 1);
    text_puts(t, expect_name(e, s->name));
  }
  constant(e, "cut_plan", expect_name(e, b->m->plan));
  constant(e, "cut_digest", arena_copy(e->arena, b->digest, 16));
  constant(e, "cut_steps", decimal(e, b->p->order.n));
  constant(e, "cut_promises", decimal(e, b->m->promises.n));
  constant(e, "cut_secrets", text_done(&kept));
  constant(e, "cut_at_use", text_done(&at_use));
}

static void close_list(struct expecting *e) {
  if (e->count > 0) return;
  expect_word(e, ":");
  expect_end(e);
}

/* How the state database of a lock is reached. */
static void lock(struct expecting *e, uint32_t i) {
  const struct runbook *b = e->b;
  const struct pieces *p = b->locks.at[i].connection;
  if (p == NULL) return;
  expect_function(e, arena_print(e->arena, "lock_%u", i + 1), arena_print(e->arena, "state lock of `%s`", expect_name(e, b->m->resources.at[b->locks.at[i].stack].name)));
  for (uint32_t n = 0; n < p->n; n++) {
    if (p->at[n].type != PIECE_SECRET) continue;
    const struct secret *s = &b->m->secrets.at[p->at[n].secret];
    for (uint32_t k = 0; k < b->secrets.n && s->at_use; k++) {
      if (b->secrets.at[k] != p->at[n].secret) continue;
      expect_word(e, "cut_fetch");
      expect_word(e, arena_print(e->arena, "%u:%s", k + 1, expect_name(e, s->name)));
      expect_or_return(e);
    }
  }
  expect_word(e, "cut_compose");
  expect_compose(e, p);
  expect_end(e);
}

void expect_lists(struct expecting *e) {
  const struct runbook *b = e->b;
  expect_function(e, "plan_tools", "the tools that are looked for");
  for (uint32_t i = 0; i < b->tools.n; i++) {
    expect_word(e, "cut_tool");
    expect_word(e, b->tools.at[i].name);
    expect_word(e, b->tools.at[i].dir != NULL ? b->tools.at[i].dir : ".");
    expect_end(e);
  }
  close_list(e);
  expect_function(e, "plan_observe", "the values that preflight looks at");
  for (uint32_t i = 0; i < b->sequences.n && b->sequences.at[i].type == SEQ_OBSERVE; i++) {
    const struct sequence *s = &b->sequences.at[i];
    expect_word(e, s->made_by == NONE ? "cut_observe" : "cut_absent");
    expect_number(e, i + 1);
    expect_word(e, expect_name(e, b->m->resources.at[s->resource].name));
    if (s->made_by != NONE) expect_number(e, s->made_by + 1);
    expect_end(e);
  }
  close_list(e);
  expect_function(e, "plan_unused", "the addresses that have to be free");
  for (uint32_t i = 0; i < b->unused.n; i++) {
    const char *address = b->unused.at[i].address;
    expect_word(e, "cut_unused");
    expect_word(e, strchr(address, ':') != NULL ? arena_print(e->arena, "[%s]", address) : address);
    expect_number(e, b->unused.at[i].port);
    expect_word(e, expect_name(e, b->m->resources.at[b->unused.at[i].resource].name));
    expect_end(e);
  }
  close_list(e);
  expect_function(e, "plan_locks", "the state locks that are looked at");
  for (uint32_t i = 0; i < b->locks.n; i++) {
    const struct state_lock *l = &b->locks.at[i];
    expect_word(e, l->connection != NULL ? "cut_state_lock" : "cut_blind_lock");
    if (l->connection != NULL) expect_number(e, i + 1);
    expect_word(e, expect_name(e, b->m->resources.at[l->stack].name));
    expect_word(e, l->connection != NULL ? l->schema : LOCK_BLIND);
    if (l->connection != NULL) {
      expect_word(e, l->workspace);
      expect_word(e, l->steps);
    }
    expect_end(e);
  }
  close_list(e);
  for (uint32_t i = 0; i < b->locks.n; i++) lock(e, i);
  expect_function(e, "plan_baseline", "the outputs that have to stay");
  for (uint32_t i = 0; i < b->sequences.n; i++) {
    const struct sequence *q = &b->sequences.at[i];
    const struct unit *units = q->type == SEQ_VERIFY && q->unchanged ? sequence_units(b, q, e->arena) : NULL;
    for (uint32_t n = 0; units != NULL && n < q->count; n++) {
      bool unchanged = false;
      for (uint32_t k = 0; k < units[n].command->expect_count; k++) unchanged = unchanged || units[n].command->expects[k].type == EXPECT_UNCHANGED;
      if (!unchanged) continue;
      expect_word(e, "cut_baseline");
      expect_word(e, units[n].name);
      expect_end(e);
    }
  }
  close_list(e);
}

void expect_step(struct expecting *e, uint32_t k) {
  const struct model *m = e->b->m;
  const struct step *s = &m->steps.at[e->b->p->order.at[k]];
  const char *what = e->against != NULL ? "" : arena_print(e->arena, "step %u `%s`", k + 1, expect_name(e, s->name));
  expect_function(e, arena_print(e->arena, "step_%u", k + 1), what);
  expect_assign(e, "cut_id", expect_name(e, s->name));
  expect_assign(e, "cut_title", expect_name(e, s->title));
  expect_assign(e, "cut_takes", s->takes < 0 ? "" : decimal(e, (s->takes + 999) / 1000));
  expect_assign(e, "cut_final", s->irreversible == 0 ? "" : expect_name(e, s->irreversible));
  expect_assign(e, "cut_hand", s->manual ? "1" : "");
  expect_assign(e, "cut_newer", e->b->newer[k] == NONE ? "" : decimal(e, e->b->newer[k] + 1));
}

void expect_promise(struct expecting *e, uint32_t i) {
  static const char *const words[] = {[UP] = "up", [DOWN] = "down", [UNKNOWN] = "unknown", [MAYBE] = "maybe"};
  const struct promise *p = &e->b->m->promises.at[i];
  const struct probe *x = &e->b->probes.at[i];
  const char *what = e->against != NULL ? "" : arena_print(e->arena, "promise %s `%s`", expect_name(e, p->id), expect_name(e, p->text));
  struct text states = {.arena = e->arena};
  const struct timeline *t = &e->b->p->timeline[i];
  for (uint32_t k = 0, last = NONE; k <= e->b->p->order.n; k = timeline_change(t, k)) {
    if (timeline_at(t, k) == last) continue;
    if (k > 0) text_putc(&states, ' ');
    text_puts(&states, decimal(e, k));
    text_putc(&states, ' ');
    text_puts(&states, words[last = timeline_at(t, k)]);
  }
  expect_function(e, arena_print(e->arena, "promise_%u", i + 1), what);
  expect_assign(e, "cut_text", expect_name(e, p->text));
  expect_assign(e, "cut_states", text_done(&states));
  expect_assign(e, "cut_blind", x->blind != NULL ? x->blind : "");
  expect_function(e, arena_print(e->arena, "probe_%u", i + 1), what);
  if (x->blind != NULL) {
    close_list(e);
    return;
  }
  expect_word(e, x->target != NULL ? "cut_probe_url" : "cut_probe_tcp");
  expect_word(e, x->target != NULL ? x->target : x->address);
  if (x->target == NULL) expect_number(e, x->port);
  if (x->host != NULL) expect_word(e, x->host);
  expect_end(e);
}
