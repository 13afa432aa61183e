/* The plan and its run without failures -> every point at which something can fail.
 * Needs the clean run's findings in the sandbox. Guarantees: the same points in the same order for the same plan and shell. */
#include "script/rehearse.h"

#include <string.h>

static const char *const fault_ids[FAULTS] = {"clean", "fail", "late", "lost", "hang", "deaf", "killed", "lie", "int", "term", "hup", "orphan", "before", "after", "full", "probe", "closed"};

static void add(struct points *p, const struct sandbox *s, struct point x, const char *place) {
  x.id = arena_print(s->arena, "%s%s%s%s", place, *place != '\0' ? "." : "", fault_ids[x.fault], x.resume ? ".resume" : "");
  array_push(s->arena, &p->all, x);
}

static bool has_probe(const struct sandbox *s) {
  for (uint32_t i = 0; i < s->b->probes.n; i++)
    if (s->b->probes.at[i].blind == NULL) return true;
  return false;
}

/* Failures of one command of a do. */
static void add_command(struct points *p, const struct sandbox *s, const struct sequence *q, uint32_t unit) {
  const struct role *role = &s->roles[unit];
  const struct command *c = s->b->units.at[unit].command;
  const char *place = arena_print(s->arena, "%u.do%u", q->step + 1, unit - q->first + 1);
  struct point x = {.step = q->step, .unit = unit, .record = NONE};
  bool hand = c->type == CMD_MANUAL;
  enum fault faults[] = {FAULT_FAIL, FAULT_KILLED, FAULT_HANG, FAULT_DEAF, FAULT_LATE, FAULT_LOST, FAULT_LIE};
  for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
    enum fault f = faults[i];
    if (hand && (f == FAULT_KILLED || f == FAULT_HANG || f == FAULT_DEAF || f == FAULT_LOST)) continue;
    if (!role->effective && i > 2) continue;
    if (f == FAULT_DEAF && (c->within == 0 || c->type != CMD_RUN)) continue;
    x.fault = (uint8_t)f;
    add(p, s, x, place);
  }
  if (!role->last) return;
  enum fault outside[] = {FAULT_INT, FAULT_TERM, FAULT_HUP, FAULT_ORPHAN};
  for (size_t i = 0; i < sizeof outside / sizeof *outside; i++) {
    x.fault = (uint8_t)outside[i];
    add(p, s, x, arena_print(s->arena, "%u", q->step + 1));
  }
  x.resume = true;
  add(p, s, x, arena_print(s->arena, "%u", q->step + 1));
}

/* Failures of one command of a verify, or, in a rollback after a whole apply, of an undo or of what looks whether it is undone. */
static void add_look(struct points *p, const struct sandbox *s, const struct sequence *q, uint32_t unit) {
  bool undo = q->type == SEQ_UNDO, back = undo || q->type == SEQ_WAS;
  enum command_type type = (enum command_type)s->b->units.at[unit].command->type;
  struct point x = {.step = q->step, .unit = unit, .record = NONE, .back = back};
  const char *place = arena_print(s->arena, "%u.%s%u", q->step + 1, undo ? "undo" : back ? "was" : "verify", unit - q->first + 1);
  const enum fault faults[] = {FAULT_FAIL, FAULT_KILLED, FAULT_HANG, FAULT_LATE};
  for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
    if (faults[i] != FAULT_FAIL && (type == CMD_MANUAL || type == CMD_TCP || type == CMD_DNS)) continue;
    if (faults[i] == FAULT_LATE && !undo) continue;
    x.fault = (uint8_t)faults[i];
    add(p, s, x, place);
  }
}

/* Signals while a step, or the way back from it, waits for caches. */
static void add_waits(struct points *p, const struct sandbox *s, uint32_t step) {
  const enum fault faults[] = {FAULT_INT, FAULT_TERM, FAULT_HUP};
  for (unsigned back = 0; back < 2; back++) {
    struct point x = {.step = step, .unit = NONE, .record = NONE, .back = back == 1, .wait = true};
    for (size_t i = 0; s->waits[back * s->b->p->order.n + step] && i < sizeof faults / sizeof *faults; i++) {
      x.fault = (uint8_t)faults[i];
      add(p, s, x, arena_print(s->arena, back == 1 ? "%u.undo.wait" : "%u.wait", step + 1));
    }
  }
}

static void add_steps(struct points *p, const struct sandbox *s) {
  for (uint32_t i = 0; i < s->b->sequences.n; i++) {
    const struct sequence *q = &s->b->sequences.at[i];
    for (uint32_t k = q->first; k < q->first + q->count; k++) {
      if (!s->seen[k]) continue;
      if (q->type == SEQ_DO) add_command(p, s, q, k);
      if (q->type == SEQ_VERIFY || q->type == SEQ_WAS || (q->type == SEQ_UNDO && s->roles[k].effective)) add_look(p, s, q, k);
    }
    if (q->type == SEQ_DO) add_waits(p, s, q->step);
    if (q->type == SEQ_DO && has_probe(s)) {
      struct point x = {.step = q->step, .unit = NONE, .record = NONE, .fault = FAULT_PROBE};
      add(p, s, x, arena_print(s->arena, "%u", q->step + 1));
    }
  }
}

static void add_records(struct points *p, const struct sandbox *s) {
  for (uint32_t i = 0; i < s->stamps.n; i++) {
    struct point x = {.step = s->stamped.at[i], .unit = NONE, .record = i, .back = i >= s->applied};
    const char *place = arena_print(s->arena, "%s%u", x.back ? "back" : "record", x.back ? i - s->applied : i);
    enum fault faults[] = {FAULT_BEFORE, FAULT_AFTER, FAULT_FULL};
    for (size_t f = 0; f < sizeof faults / sizeof *faults; f++) {
      x.fault = (uint8_t)faults[f];
      x.resume = false;
      add(p, s, x, place);
      x.resume = true;
      if (!x.back && faults[f] != FAULT_FULL) add(p, s, x, place);
    }
  }
}

void points_build(struct points *p, const struct sandbox *s) {
  struct point x = {.step = NONE, .unit = NONE, .record = NONE, .fault = FAULT_NONE};
  add(p, s, x, "");
  x.back = true;
  add(p, s, x, "back");
  x.back = false;
  x.fault = FAULT_CLOSED;
  add(p, s, x, "stdout");
  add_steps(p, s);
  add_records(p, s);
}
