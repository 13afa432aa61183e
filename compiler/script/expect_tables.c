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
  if (!runbook_long(b)) return;
  constant(e, "cut_part", decimal(e, PART_SIZE));
  constant(e, "cut_observations", decimal(e, b->observations));
}

static void nothing(struct expecting *e) {
  expect_known(e, ":");
  expect_end(e);
}

/* A list of many lines is one function for each LIST_SIZE of them, and one more that calls these in turn. */
struct long_list { const char *name, *what; uint32_t lines, said; };

static struct long_list begin(struct expecting *e, const char *name, const char *what, uint32_t lines) {
  if (lines <= LIST_SIZE) expect_function(e, name, what);
  return (struct long_list){name, what, lines, 0};
}

static const char *piece(struct expecting *e, const struct long_list *l, uint32_t k) { return arena_print(e->arena, "%s_%u", l->name, k + 1); }

static void begin_line(struct expecting *e, struct long_list *l) {
  if (l->lines > LIST_SIZE && l->said % LIST_SIZE == 0) expect_function(e, piece(e, l, l->said / LIST_SIZE), l->what);
  l->said++;
}

static void finish(struct expecting *e, const struct long_list *l) {
  if (l->lines == 0) nothing(e);
  if (l->lines <= LIST_SIZE) return;
  expect_function(e, l->name, l->what);
  for (uint32_t k = 0; k < (l->lines + LIST_SIZE - 1) / LIST_SIZE; k++) {
    expect_word(e, piece(e, l, k));
    expect_end(e);
  }
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
      expect_known(e, "cut_fetch");
      expect_word(e, arena_print(e->arena, "%u:%s", k + 1, expect_name(e, s->name)));
      expect_or_return(e);
    }
  }
  expect_known(e, "cut_compose");
  expect_compose(e, p);
  expect_end(e);
}

/* The commands of a sequence whose output has to stay: how many there are, or, with a list, their lines. */
static uint32_t kept_outputs(struct expecting *e, const struct sequence *q, struct long_list *l) {
  const struct unit *units = q->type == SEQ_VERIFY && q->unchanged ? sequence_units(e->b, q, e->arena) : NULL;
  uint32_t kept = 0;
  for (uint32_t n = 0; units != NULL && n < q->count; n++) {
    bool unchanged = false;
    for (uint32_t k = 0; k < units[n].command->expect_count; k++) unchanged = unchanged || units[n].command->expects[k].type == EXPECT_UNCHANGED;
    kept += unchanged;
    if (!unchanged || l == NULL) continue;
    begin_line(e, l);
    expect_known(e, "cut_baseline");
    expect_word(e, units[n].name);
    expect_end(e);
  }
  return kept;
}

void expect_lists(struct expecting *e) {
  const struct runbook *b = e->b;
  uint32_t n = 0;
  struct long_list l = begin(e, "plan_tools", "the tools that are looked for", b->tools.n);
  for (uint32_t i = 0; i < b->tools.n; i++) {
    begin_line(e, &l);
    expect_known(e, "cut_tool");
    expect_word(e, b->tools.at[i].name);
    expect_word(e, b->tools.at[i].dir != NULL ? b->tools.at[i].dir : ".");
    expect_end(e);
  }
  finish(e, &l);
  while (n < b->sequences.n && b->sequences.at[n].type == SEQ_OBSERVE) n++;
  l = begin(e, "plan_observe", "the values that preflight looks at", n);
  for (uint32_t i = 0; i < n; i++) {
    const struct sequence *s = &b->sequences.at[i];
    begin_line(e, &l);
    expect_word(e, s->made_by == NONE ? "cut_observe" : "cut_absent");
    expect_number(e, i + 1);
    expect_word(e, expect_name(e, b->m->resources.at[s->resource].name));
    if (s->made_by != NONE) expect_number(e, s->made_by + 1);
    expect_end(e);
  }
  finish(e, &l);
  l = begin(e, "plan_unused", "the addresses that have to be free", b->unused.n);
  for (uint32_t i = 0; i < b->unused.n; i++) {
    const char *address = address_text(e->arena, &b->unused.at[i].address);
    begin_line(e, &l);
    expect_known(e, "cut_unused");
    expect_word(e, strchr(address, ':') != NULL ? arena_print(e->arena, "[%s]", address) : address);
    expect_number(e, b->unused.at[i].port);
    expect_word(e, expect_name(e, b->m->resources.at[b->unused.at[i].resource].name));
    expect_end(e);
  }
  finish(e, &l);
  l = begin(e, "plan_locks", "the state locks that are looked at", b->locks.n);
  for (uint32_t i = 0; i < b->locks.n; i++) {
    const struct state_lock *x = &b->locks.at[i];
    begin_line(e, &l);
    expect_word(e, x->connection != NULL ? "cut_state_lock" : "cut_blind_lock");
    if (x->connection != NULL) expect_number(e, i + 1);
    expect_word(e, expect_name(e, b->m->resources.at[x->stack].name));
    expect_word(e, x->connection != NULL ? x->schema : LOCK_BLIND);
    if (x->connection != NULL) {
      expect_word(e, x->workspace);
      expect_word(e, x->steps);
    }
    expect_end(e);
  }
  finish(e, &l);
  for (uint32_t i = 0; i < b->locks.n; i++) lock(e, i);
  n = 0;
  for (uint32_t i = 0; i < b->sequences.n && b->unchanged; i++) n += kept_outputs(e, &b->sequences.at[i], NULL);
  l = begin(e, "plan_baseline", "the outputs that have to stay", n);
  for (uint32_t i = 0; i < b->sequences.n && b->unchanged; i++) kept_outputs(e, &b->sequences.at[i], &l);
  finish(e, &l);
}

void expect_step(struct expecting *e, const struct step_said *s) {
  const char *what = e->against != NULL ? "" : arena_print(e->arena, "step %u `%s`", s->number, s->name);
  struct text name = {.arena = e->arena};
  text_puts(&name, "step_");
  text_number(&name, s->number);
  expect_function(e, text_done(&name), what);
  expect_assign(e, "cut_id", s->name);
  expect_assign(e, "cut_title", s->title);
  expect_assign(e, "cut_takes", s->takes < 0 ? "" : decimal(e, (s->takes + 999) / 1000));
  expect_assign(e, "cut_final", s->final);
  expect_assign(e, "cut_hand", s->hand);
  expect_assign(e, "cut_newer", s->newer == 0 ? "" : decimal(e, s->newer));
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
    nothing(e);
    return;
  }
  expect_word(e, x->target != NULL ? "cut_probe_url" : "cut_probe_tcp");
  expect_word(e, x->target != NULL ? x->target : x->address);
  if (x->target == NULL) expect_number(e, x->port);
  if (x->host != NULL) expect_word(e, x->host);
  expect_end(e);
}
