/* Who sits at the terminal of a run: types what the runbook asks for, or what the failure at hand makes of it.
 * Needs what came out of the terminal. Guarantees: an answer is given once, and only to a question. */
#include "script/rehearse_run.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

static void type(struct run *r, const char *text) {
  ssize_t n = write(r->master, text, strlen(text));
  (void)n;
  r->typed_count = 0;
}

/* The manual command that is waited for: the next one of the step of the journal's last record. */
static uint32_t manual_at_hand(struct run *r) {
  journal_read(r);
  if (r->by_hand_at != r->records) r->by_hand = 0, r->by_hand_at = r->records;
  uint32_t step = journal_step(r->last, r->s->b->p->order.n);
  if (step == NONE) return NONE;
  bool back = strstr(r->last, " undo ") != NULL || strstr(r->last, " until back-") != NULL;
  enum sequence_type type = back ? SEQ_UNDO : SEQ_DO;
  uint32_t at = 0;
  for (uint32_t i = 0; i < r->s->b->sequences.n; i++) {
    const struct sequence *q = &r->s->b->sequences.at[i];
    if (q->type != type || q->step != step) continue;
    for (uint32_t k = q->first; k < q->first + q->count; k++)
      if (r->s->b->units.at[k].command->type == CMD_MANUAL && at++ == r->by_hand) return k;
  }
  return NONE;
}

static void by_hand(struct run *r) {
  uint32_t unit = manual_at_hand(r);
  if (unit == NONE) {
    type(r, "stop\n");
    return;
  }
  r->s->seen[unit] = true;
  r->by_hand++;
  enum fault fault = call_fault(r, unit, "by hand");
  r->firing = NULL;
  if (fault == FAULT_INT || fault == FAULT_HUP || fault == FAULT_TERM || fault == FAULT_ORPHAN) {
    kill(fault == FAULT_TERM ? r->book : -r->book, fault == FAULT_INT ? SIGINT : fault == FAULT_HUP ? SIGHUP : fault == FAULT_TERM ? SIGTERM : SIGKILL);
    r->murdered = fault == FAULT_ORPHAN;
    r->typed_count = 0;
    if (fault == FAULT_INT || fault == FAULT_HUP) r->again = fault == FAULT_INT ? SIGINT : SIGHUP;
    if (fault == FAULT_INT || fault == FAULT_HUP) return; /* TERM does not reach who waits for a line: it is typed all the same */
  }
  if (fault != FAULT_FAIL && fault != FAULT_LIE) world_work(&r->world, unit);
  if (fault != FAULT_ORPHAN) type(r, fault == FAULT_FAIL || fault == FAULT_LATE ? "stop\n" : "done\n");
}

static bool ends_with(const struct run *r, const char *text) {
  size_t n = strlen(text);
  return n > 0 && r->typed_count >= n && memcmp(r->typed + r->typed_count - n, text, n) == 0;
}

void terminal_answer(struct run *r) {
  const struct model *m = r->s->b->m;
  r->typed[r->typed_count < sizeof r->typed ? r->typed_count : sizeof r->typed - 1] = '\0';
  if (strstr(r->typed, "to stop here:") != NULL) {
    by_hand(r);
    return;
  }
  for (uint32_t i = 0; i < r->s->b->secrets.n; i++) {
    const struct secret *x = &m->secrets.at[r->s->b->secrets.at[i]];
    const char *text = name_text(&m->c->names, x->argument);
    if (x->source != SECRET_PROMPT) continue;
    if (*text == '\0') text = name_text(&m->c->names, x->name);
    if (ends_with(r, arena_print(r->arena, "%s: ", text))) {
      type(r, arena_print(r->arena, "%s\n", r->s->planted[r->s->b->secrets.at[i]]));
      return;
    }
  }
}
