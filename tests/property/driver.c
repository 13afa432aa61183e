/* Plans -> what the compiler makes of them, many in one process, for the property tests.
 * Needs on standard input one path of a plan per line. Guarantees for each three JSON documents, each behind a line with its
 * length in bytes, flushed: the findings, the model with its proof, and the components as [first, count] of the order. */
#include "cutc.h"

#include <stdio.h>
#include <string.h>

static void document(const struct text *t, const char *text) {
  printf("%zu\n", (size_t)t->n);
  fwrite(text, 1, t->n, stdout);
}

static void judge(const char *path) {
  struct compiled d = compile(path);
  struct text findings = {.arena = &d.c->arena}, model = findings, parts = findings;

  report_findings(&findings, d.c, FORMAT_JSON, false, false);
  if (d.model && d.proof)
    model_json(&model, d.model, d.proof);
  text_putc(&parts, '[');
  for (uint32_t i = 0; d.proof && i < d.proof->components.n; i++)
    text_print(&parts, "%s[%u, %u]", i ? ", " : "", d.proof->components.at[i].first, d.proof->components.at[i].count);
  text_putc(&parts, ']');
  document(&findings, text_done(&findings));
  document(&model, text_done(&model));
  document(&parts, text_done(&parts));
  fflush(stdout);
  compilation_free(d.c);
}

int main(void) {
  char path[4096];

  while (fgets(path, sizeof path, stdin)) {
    path[strcspn(path, "\n")] = '\0';
    judge(path);
  }
  return 0;
}
