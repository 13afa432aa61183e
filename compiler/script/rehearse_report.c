/* Results of all runs -> the matrix, as text or JSON.
 * Needs one result per point. Decides nothing. */
#include "script/rehearse.h"

#include <string.h>

static const struct column {
  const char *title;
  unsigned faults; /* bits of enum fault */
} columns[] = {
    {"fails", 1u << FAULT_FAIL},
    {"late", 1u << FAULT_LATE | 1u << FAULT_LOST},
    {"hangs", 1u << FAULT_HANG | 1u << FAULT_DEAF},
    {"killed", 1u << FAULT_KILLED},
    {"lies", 1u << FAULT_LIE},
    {"signal", 1u << FAULT_INT | 1u << FAULT_TERM | 1u << FAULT_HUP},
    {"kill -9", 1u << FAULT_ORPHAN | 1u << FAULT_BEFORE | 1u << FAULT_AFTER},
    {"disk full", 1u << FAULT_FULL},
    {"probe", 1u << FAULT_PROBE},
    {"other", 1u << FAULT_NONE | 1u << FAULT_CLOSED},
};
#define COLUMNS (sizeof columns / sizeof *columns)
static const char *const outcome_words[OUTCOMES] = {"baseline", "target", "forward", "unseen", "bad"};

/* ── Text ──────────────────────────────────────────────────────────────────── */

static const char *cell(const struct sandbox *s, const struct points *p, const struct result *results, uint32_t step, const struct column *column) {
  uint32_t counts[OUTCOMES] = {0};
  struct text t = {.arena = s->arena};
  for (uint32_t i = 0; i < p->all.n; i++)
    if (p->all.at[i].step == step && (column->faults >> p->all.at[i].fault & 1) != 0) counts[results[i].outcome]++;
  static const char marks[OUTCOMES] = {'b', 't', 'f', '?', '!'};
  for (size_t o = 0; o < OUTCOMES; o++)
    if (counts[o] > 0) text_print(&t, "%s%u%c", t.n > 0 ? " " : "", counts[o], marks[o]);
  return t.n > 0 ? text_done(&t) : "-";
}

static const char *row_title(const struct sandbox *s, uint32_t row) {
  const struct runbook *b = s->b;
  if (row == b->p->order.n) return "the whole run";
  const char *name = name_text(&b->m->c->names, b->m->steps.at[b->p->order.at[row]].name);
  bool final = b->m->steps.at[b->p->order.at[row]].irreversible != 0;
  return arena_print(s->arena, "%2u %s%s", row + 1, name, final ? " (no way back)" : "");
}

static void matrix(struct text *out, const struct sandbox *s, const struct points *p, const struct result *results) {
  uint32_t rows = s->b->p->order.n + 1;
  size_t widths[COLUMNS + 1] = {0};
  const char **cells = arena_array(s->arena, const char *, rows * (COLUMNS + 1));
  for (uint32_t r = 0; r < rows; r++) {
    for (size_t c = 0; c <= COLUMNS; c++) {
      const char *text = c == 0 ? row_title(s, r) : cell(s, p, results, r + 1 == rows ? NONE : r, &columns[c - 1]);
      cells[r * (COLUMNS + 1) + c] = text;
      if (strlen(text) > widths[c]) widths[c] = strlen(text);
    }
  }
  for (size_t c = 1; c <= COLUMNS; c++)
    if (strlen(columns[c - 1].title) > widths[c]) widths[c] = strlen(columns[c - 1].title);
  text_print(out, "%-*s", (int)widths[0], "step");
  for (size_t c = 1; c <= COLUMNS; c++) text_print(out, "  %*s", (int)widths[c], columns[c - 1].title);
  text_putc(out, '\n');
  for (uint32_t r = 0; r < rows; r++) {
    text_print(out, "%-*s", (int)widths[0], cells[r * (COLUMNS + 1)]);
    for (size_t c = 1; c <= COLUMNS; c++) text_print(out, "  %*s", (int)widths[c], cells[r * (COLUMNS + 1) + c]);
    text_putc(out, '\n');
  }
}

static const char *statuses(const struct sandbox *s, const struct result *x) {
  struct text t = {.arena = s->arena};
  for (unsigned i = 0; i < x->processes; i++) text_print(&t, "%s%d", i > 0 ? ", " : "", x->statuses[i]);
  return text_done(&t);
}

static const char *what(const struct sandbox *s, const struct point *p) {
  static const char *const words[FAULTS] = {
      [FAULT_NONE] = "no failure",
      [FAULT_FAIL] = "fails",
      [FAULT_LATE] = "does its work and reports failure",
      [FAULT_LOST] = "does its work and dies before it says so",
      [FAULT_HANG] = "hangs",
      [FAULT_DEAF] = "hangs and ignores signals",
      [FAULT_KILLED] = "is killed",
      [FAULT_LIE] = "reports success and has done nothing",
      [FAULT_INT] = "INT while it runs",
      [FAULT_TERM] = "TERM while it runs",
      [FAULT_HUP] = "HUP while it runs",
      [FAULT_ORPHAN] = "the runbook is killed while it runs",
      [FAULT_BEFORE] = "the runbook is killed before this record of the journal",
      [FAULT_AFTER] = "the runbook is killed after this record of the journal",
      [FAULT_FULL] = "no room for this record of the journal",
      [FAULT_PROBE] = "a promise is not as predicted after it",
      [FAULT_CLOSED] = "standard output is closed after its first line",
  };
  if (p->unit != NONE) return arena_print(s->arena, "%s (%s): %s", s->b->units.at[p->unit].name, place_text(s->arena, s->b->m, s->b->units.at[p->unit].command->at), words[p->fault]);
  if (p->wait) return arena_print(s->arena, "step %u: %s in its wait%s", p->step + 1, p->fault == FAULT_INT ? "INT" : p->fault == FAULT_TERM ? "TERM" : "HUP", p->back ? " on the way back" : "");
  if (p->step != NONE) return arena_print(s->arena, "step %u: %s", p->step + 1, words[p->fault]);
  return words[p->fault];
}

static void text_report(struct text *out, const struct sandbox *s, const struct points *p, const struct result *results, double seconds) {
  uint32_t counts[OUTCOMES] = {0};
  const char *plan = s->b->m->c->sources.at[s->b->m->plan_at.source].path;
  for (uint32_t i = 0; i < p->all.n; i++) counts[results[i].outcome]++;
  matrix(out, s, p, results);
  text_puts(out, "\nb: back at the baseline; t: at the target; f: no way back, and on to the target by `resume`; ?: a lie that nothing looks at; !: bad\n");
  for (uint32_t i = 0; i < p->all.n; i++) {
    if (results[i].outcome != OUTCOME_UNSEEN) continue;
    text_print(out, "unseen: %s: %s; give the step a `verify`\n", p->all.at[i].id, what(s, &p->all.at[i]));
  }
  for (uint32_t i = 0; i < p->all.n; i++) {
    if (results[i].outcome != OUTCOME_BAD) continue;
    text_print(out, "bad: %s: %s\n  %s\n  exit statuses: %s\n", p->all.at[i].id, what(s, &p->all.at[i]), results[i].why, statuses(s, &results[i]));
    text_print(out, "  again: cutc rehearse %s%s%s%s --only %s --keep\n", plan, strcmp(s->o->shell, "sh") != 0 ? " --shell '" : "",
               strcmp(s->o->shell, "sh") != 0 ? s->o->shell : "", strcmp(s->o->shell, "sh") != 0 ? "'" : "", p->all.at[i].id);
  }
  text_print(out, "%u runs under %s in %.1f s: %u back at the baseline, %u at the target, %u forward, %u unseen, %u bad\n", p->all.n, s->o->shell,
             seconds, counts[OUTCOME_BASELINE], counts[OUTCOME_TARGET], counts[OUTCOME_FORWARD], counts[OUTCOME_UNSEEN], counts[OUTCOME_BAD]);
}

/* ── JSON ──────────────────────────────────────────────────────────────────── */

static void json_string(struct text *out, const char *text) {
  text_putc(out, '"');
  for (const unsigned char *c = (const unsigned char *)text; *c != '\0'; c++) {
    if (*c == '"' || *c == '\\') text_print(out, "\\%c", *c);
    else if (*c < 0x20) text_print(out, "\\u%04x", *c);
    else text_putc(out, (char)*c);
  }
  text_putc(out, '"');
}

static void json_point(struct text *out, const struct sandbox *s, const struct point *p, const struct result *x) {
  text_puts(out, "    {\"id\": ");
  json_string(out, p->id);
  text_puts(out, ", \"step\": ");
  if (p->step == NONE) text_puts(out, "null");
  else json_string(out, name_text(&s->b->m->c->names, s->b->m->steps.at[s->b->p->order.at[p->step]].name));
  text_puts(out, ", \"what\": ");
  json_string(out, what(s, p));
  text_print(out, ", \"outcome\": \"%s\", \"statuses\": [%s], \"ms\": %u", outcome_words[x->outcome], statuses(s, x), x->ms);
  if (x->outcome == OUTCOME_BAD) {
    text_puts(out, ", \"why\": ");
    json_string(out, x->why);
  }
  text_putc(out, '}');
}

static void json_report(struct text *out, const struct sandbox *s, const struct points *p, const struct result *results, double seconds) {
  uint32_t counts[OUTCOMES] = {0};
  for (uint32_t i = 0; i < p->all.n; i++) counts[results[i].outcome]++;
  text_puts(out, "{\n  \"format\": \"cutc-rehearsal/1\",\n  \"plan\": ");
  json_string(out, name_text(&s->b->m->c->names, s->b->m->plan));
  text_puts(out, ",\n  \"shell\": ");
  json_string(out, s->o->shell);
  text_print(out, ",\n  \"runs\": %u, \"seconds\": %.1f", p->all.n, seconds);
  for (size_t o = 0; o < OUTCOMES; o++) text_print(out, ", \"%s\": %u", outcome_words[o], counts[o]);
  text_puts(out, ",\n  \"points\": [\n");
  for (uint32_t i = 0; i < p->all.n; i++) {
    json_point(out, s, &p->all.at[i], &results[i]);
    text_puts(out, i + 1 < p->all.n ? ",\n" : "\n");
  }
  text_puts(out, "  ]\n}\n");
}

void rehearse_report(struct text *out, const struct sandbox *s, const struct points *p, const struct result *results, double seconds) {
  if (s->o->json) json_report(out, s, p, results, seconds);
  else text_report(out, s, p, results, seconds);
}
