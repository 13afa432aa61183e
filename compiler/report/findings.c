/* The sorted findings of a compilation -> text for people.
 * Needs findings_sort to have run. Guarantees the same bytes for the same findings, and nothing without any. */
#include "report/report.h"
#include "report/machine.h"
#include "report/snippet.h"

#include <string.h>

static const char *const severities[] = {[SEV_NOTE] = "note", [SEV_WARNING] = "warning", [SEV_ERROR] = "error"};
static const enum style styles[] = {[SEV_NOTE] = STYLE_NOTE, [SEV_WARNING] = STYLE_WARNING, [SEV_ERROR] = STYLE_ERROR};
static const char *const remarks[] = {[REMARK_DOWN] = "down", [REMARK_ALSO] = "also", [REMARK_HELP] = "help", [REMARK_NOTE] = "note"};

const char *finding_id(const struct compilation *c, const struct finding *f) {
  return f->rule ? name_text(&c->names, f->rule) : code_text(f->code);
}

const char *severity_text(enum severity s) {
  return severities[s];
}

const char *remark_text(enum remark_type t) {
  return remarks[t];
}

static void put_remark(struct text *out, unsigned width, const char *what, const char *text, bool colour) {
  paint_repeat(out, " ", width + 1);
  paint_style(out, STYLE_GUTTER, colour);
  text_putc(out, '=');
  paint_style(out, STYLE_PLAIN, colour);
  text_putc(out, ' ');
  paint_style(out, STYLE_BOLD, colour);
  text_puts(out, what);
  paint_style(out, STYLE_PLAIN, colour);
  text_puts(out, ": ");
  /* A message may have lines of its own (the rows of a table): they stand under each other. */
  for (const char *line = text;; line = strchr(line, '\n') + 1) {
    size_t n = strcspn(line, "\n");

    if (line != text)
      paint_repeat(out, " ", width + 9);
    paint_text(out, line, n, 0);
    text_putc(out, '\n');
    if (!line[n])
      return;
  }
}

static void put_finding(struct text *out, struct compilation *c, const struct finding *f, bool colour) {
  enum style style = f->waived ? STYLE_DIM : styles[f->severity];
  unsigned width = 1;

  paint_style(out, style, colour);
  text_print(out, "%s%s[%s]", f->waived ? "waived " : "", severities[f->severity], finding_id(c, f));
  paint_style(out, STYLE_PLAIN, colour);
  paint_style(out, STYLE_BOLD, colour);
  text_puts(out, ": ");
  paint_puts(out, f->message);
  paint_style(out, STYLE_PLAIN, colour);
  text_putc(out, '\n');
  if (f->at.source < c->sources.n || f->labels.n) {
    width = snippet_print(out, c, f, style, colour);
    if (f->remarks.n || f->waived) {
      paint_style(out, STYLE_GUTTER, colour);
      text_print(out, "%*s |\n", (int)width, "");
      paint_style(out, STYLE_PLAIN, colour);
    }
  }
  for (uint32_t i = 0; i < f->remarks.n; i++)
    put_remark(out, width, remarks[f->remarks.at[i].type], f->remarks.at[i].text, colour);
  if (f->waived)
    put_remark(out, width, "allowed", f->waived, colour);
}

static void put_count(struct text *out, uint32_t n, const char *what, bool *first) {
  if (!n)
    return;
  text_print(out, "%s%u %s%s", *first ? "" : ", ", n, what, n == 1 || strcmp(what, "waived") == 0 ? "" : "s");
  *first = false;
}

static void put_text(struct text *out, struct compilation *c, bool quiet, bool colour) {
  uint32_t notes = 0, waived = 0, shown = 0;
  bool first = true;

  for (uint32_t i = 0; i < c->findings.n; i++) {
    const struct finding *f = c->findings.at[i];

    waived += f->waived != NULL;
    notes += !f->waived && f->severity == SEV_NOTE;
    if (quiet && (f->waived || f->severity == SEV_NOTE))
      continue;
    put_finding(out, c, f, colour);
    text_putc(out, '\n');
    shown++;
  }
  if (!shown)
    return;
  paint_style(out, c->errors ? STYLE_ERROR : c->warnings ? STYLE_WARNING : STYLE_BOLD, colour);
  put_count(out, c->errors, "error", &first);
  put_count(out, c->warnings, "warning", &first);
  put_count(out, quiet ? 0 : notes, "note", &first);
  put_count(out, quiet ? 0 : waived, "waived", &first);
  paint_style(out, STYLE_PLAIN, colour);
  text_putc(out, '\n');
}

void report_findings(struct text *out, struct compilation *c, enum format format, bool quiet, bool colour) {
  switch (format) {
  case FORMAT_TEXT: put_text(out, c, quiet, colour); break;
  case FORMAT_JSON: machine_json(out, c); break;
  case FORMAT_SARIF: machine_sarif(out, c); break;
  case FORMAT_GITHUB: machine_github(out, c); break;
  }
}
