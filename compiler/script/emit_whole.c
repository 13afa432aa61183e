/* The runbook -> one script: what stands where, and its sums.
 * Needs runbook_build's result. Guarantees: the same bytes for the same plan. */
#include "script/emit.h"

#include "base/embedded.h"

/* What a reader can check by eye or by sum, without the plan: the plan's own part is summed up to here. */
void runtime_sum_print(struct text *out) { text_print(out, "\n# == Manifest ==\n# runtime: sha256 %s\n", runtime_digest()); }
void plan_sum_print(struct text *out, const char *digest) { text_print(out, "# plan part: sha256 %s\n", digest); }

void counts_print(struct text *out, const struct runbook *b, uint32_t first, uint32_t end) {
  static const char *const words[] = {": do ", ", undo ", ", verify "};
  for (uint32_t k = first; k < end; k++) {
    const struct sequence *s = &b->sequences.at[b->observations + 4 * k];
    text_puts(out, "# step ");
    text_number(out, k + 1);
    text_putc(out, ' ');
    text_puts(out, name_text(&b->m->c->names, b->m->steps.at[b->p->order.at[k]].name));
    for (uint32_t i = 0; i < 3; i++) {
      text_puts(out, words[i]);
      text_number(out, s[i].count);
    }
    text_putc(out, '\n');
  }
}

const char *runtime_text(size_t *length) {
  const struct embedded *all = embedded_find("runtime");
  *length = all->length;
  return all->text;
}

const char *runtime_digest(void) { return embedded_find("runtime.sha256")->text; }

static void print_fetches(struct text *out, const struct runbook *b) {
  for (uint32_t i = 0; i < b->sequences.n; i++) {
    const struct sequence *s = &b->sequences.at[i];
    if (s->type == SEQ_FETCH) sequence_print(out, b, s, sequence_name(b, s, out->arena), sequence_units(b, s, out->arena));
  }
}

/* The line that a part begins with. No text of the plan can have the like, since it names the digest of the plan. */
void mark_print(struct text *out, const struct runbook *b, const char *name, uint32_t first, uint32_t n) {
  if (first == 0) {
    text_print(out, "\n" PART_MARK "%s of %.16s ==\n", name, b->digest);
    return;
  }
  uint32_t last = first + PART_SIZE - 1 < n ? first + PART_SIZE - 1 : n;
  text_print(out, "\n" PART_MARK "%s_%u of %.16s: %s %u to %u of %u ==\n", name, first, b->digest, name, first, last, n);
}

/* What observations and steps do. */
static void print_sequences(struct text *out, const struct runbook *b, struct stretch at, const struct unit *const *units) {
  bool parts = runbook_long(b);
  for (uint32_t i = at.first; i < at.end; i++) {
    const struct sequence *s = &b->sequences.at[i];
    bool observe = s->type == SEQ_OBSERVE;
    uint32_t k = observe ? i : s->step;
    if (s->type == SEQ_FETCH) continue;
    if (parts && (observe || s->type == SEQ_DO) && k % PART_SIZE == 0)
      mark_print(out, b, observe ? "observations" : "steps", k + 1, observe ? b->observations : b->p->order.n);
    if (s->type == SEQ_DO) {
      struct step_said said = step_said(b, k);
      said.place = place_text(out->arena, b->m, b->m->steps.at[b->p->order.at[k]].at);
      step_print(out, &said);
    }
    sequence_print(out, b, s, sequence_name(b, s, out->arena), units[i - at.first]);
  }
}

/* Of a long runbook what commands need of the plan comes first, then what only the run itself needs, then its call, and all the rest
 * below. */
size_t top_print(struct text *out, const struct runbook *b) {
  size_t length;
  const char *runtime = runtime_text(&length);
  header_close(out, b);
  text_putc(out, '\n');
  text_add(out, runtime, length);
  size_t plan = out->n;
  text_puts(out, "\n# == Plan ==\n\n");
  constants_print(out, b);
  if (!runbook_long(b)) {
    lists_print(out, b);
    print_fetches(out, b);
    return plan;
  }
  print_fetches(out, b);
  mark_print(out, b, "tables", 0, 0);
  lists_print(out, b);
  promises_print(out, b);
  text_puts(out, "\n# The shell reads no further: the parts below are taken from this file when they are needed.\n"
                 "{\n  cut_main \"$@\"\n  cut_rc=$?\n  [ \"${cut_part}\" = 0 ] || exit \"${cut_rc}\"\n}\n");
  return plan;
}

/* All that stands below the sequences. */
static void print_bottom(struct text *out, const struct runbook *b, size_t plan) {
  if (runbook_long(b)) mark_print(out, b, "manifest", 0, 0);
  else promises_print(out, b);
  runtime_sum_print(out);
  plan_sum_print(out, digest_sha256(out->arena, out->at + plan, out->n - plan));
  counts_print(out, b, 0, b->p->order.n);
  if (runbook_long(b)) mark_print(out, b, "end", 0, 0);
  else text_puts(out, "\ncut_main \"$@\"\n");
}

void runbook_print(struct text *out, const struct runbook *b) {
  struct arena own = {0};
  struct stretch all = {.end = b->sequences.n};
  text_puts(out, "#!/bin/sh\n");
  header_open(out, b);
  for (uint32_t k = 0; k < b->p->order.n; k++) header_step(out, b, k, step_line(b, k));
  size_t plan = top_print(out, b);
  print_sequences(out, b, all, stretch_units(b, all, &own));
  print_bottom(out, b, plan);
  arena_free(&own);
}
