/* The queue of findings: passes add, report/ prints.
 * Needs a compilation. Guarantees one order whatever order the passes ran in, and each finding once. */
#include "base/findings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
  const char *text, *title;
  enum severity severity;
} codes[CODE_COUNT] = {
#define CODE(number, severity_, title_) [CODE_##number] = {"E" #number, title_, severity_},
#include "base/codes.def"
#undef CODE
};

struct compilation *compilation_new(void) {
  struct compilation *c = calloc(1, sizeof *c);

  if (!c) {
    fputs("cutc: out of memory\n", stderr);
    exit(2);
  }
  c->names.arena = &c->arena;
  name_of(&c->names, "", 0);
  return c;
}

void compilation_free(struct compilation *c) {
  if (!c)
    return;
  arena_free(&c->arena);
  free(c);
}

static const char *format_text(struct compilation *c, const char *format, va_list args) {
  va_list again;

  va_copy(again, args);
  int n = vsnprintf(NULL, 0, format, again);

  va_end(again);
  if (n < 0)
    n = 0;
  char *p = arena_alloc(&c->arena, (size_t)n + 1, 1);

  vsnprintf(p, (size_t)n + 1, format, args);
  return p;
}

struct finding *finding_add(struct compilation *c, enum code code, struct span at, const char *format, ...) {
  struct finding *f = arena_new(&c->arena, struct finding);
  va_list args;

  f->code = code;
  f->severity = codes[code].severity;
  f->at = at;
  f->label = "";
  f->serial = c->findings.n;
  va_start(args, format);
  f->message = format_text(c, format, args);
  va_end(args);
  array_push(&c->arena, &c->findings, f);
  if (f->severity == SEV_ERROR)
    c->errors++;
  else if (f->severity == SEV_WARNING)
    c->warnings++;
  return f;
}

void finding_label(struct compilation *c, struct finding *f, struct span at, const char *format, ...) {
  va_list args;

  va_start(args, format);
  const char *text = format_text(c, format, args);

  va_end(args);
  array_push(&c->arena, &f->labels, (struct label){at, text});
}

void finding_remark(struct compilation *c, struct finding *f, enum remark_type type, const char *format, ...) {
  va_list args;

  va_start(args, format);
  const char *text = format_text(c, format, args);

  va_end(args);
  array_push(&c->arena, &f->remarks, (struct remark){type, text});
}

void finding_caret(struct compilation *c, struct finding *f, const char *format, ...) {
  va_list args;

  va_start(args, format);
  f->label = format_text(c, format, args);
  va_end(args);
}

static int compare(uint32_t a, uint32_t b) {
  return (a > b) - (a < b);
}

/* Equal findings side by side, the first to arrive in front. */
static int by_content(const void *x, const void *y) {
  const struct finding *a = *(const struct finding *const *)x, *b = *(const struct finding *const *)y;
  int d = compare(a->code, b->code);

  d = d ? d : compare(a->at.source, b->at.source);
  d = d ? d : compare(a->at.start, b->at.start);
  d = d ? d : compare(a->at.end, b->at.end);
  d = d ? d : strcmp(a->message, b->message);
  return d ? d : compare(a->serial, b->serial);
}

static int by_place(const void *x, const void *y) {
  const struct finding *a = *(const struct finding *const *)x, *b = *(const struct finding *const *)y;
  int d = compare(b->severity, a->severity);

  /* What the world says comes first: the rest follows from it. */
  d = d ? d : compare(b->code >= CODE_401, a->code >= CODE_401);
  d = d ? d : compare(a->at.source, b->at.source);
  d = d ? d : compare(a->at.start, b->at.start);
  d = d ? d : compare(a->code, b->code);
  return d ? d : compare(a->serial, b->serial);
}

static bool same(const struct finding *a, const struct finding *b) {
  return a->code == b->code && a->at.source == b->at.source && a->at.start == b->at.start && a->at.end == b->at.end &&
         strcmp(a->message, b->message) == 0;
}

void findings_sort(struct compilation *c) {
  struct finding **at = c->findings.at;
  uint32_t n = c->findings.n, kept = 0;

  c->errors = c->warnings = 0;
  if (!n)
    return;
  qsort(at, n, sizeof *at, by_content);
  for (uint32_t i = 0; i < n; i++) {
    if (kept && same(at[kept - 1], at[i])) {
      if (at[i]->severity > at[kept - 1]->severity)
        at[kept - 1]->severity = at[i]->severity;
      continue;
    }
    at[kept++] = at[i];
  }
  c->findings.n = kept;
  qsort(at, kept, sizeof *at, by_place);
  for (uint32_t i = 0; i < kept; i++) {
    if (at[i]->waived)
      continue;
    c->errors += at[i]->severity == SEV_ERROR;
    c->warnings += at[i]->severity == SEV_WARNING;
  }
}

const char *code_text(enum code code) {
  return codes[code].text;
}

const char *code_title(enum code code) {
  return codes[code].title;
}

enum severity code_severity(enum code code) {
  return codes[code].severity;
}

enum code code_find(const char *text) {
  for (unsigned i = 0; i < CODE_COUNT; i++)
    if (strcmp(codes[i].text, text) == 0)
      return (enum code)i;
  return CODE_COUNT;
}
