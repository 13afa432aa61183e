/* Plans -> what the compiler makes of them, many in one process, for the property tests.
 * Needs on standard input one path of a plan per line. Guarantees for each four JSON documents, each behind a line with its
 * length in bytes, flushed: the findings, the model with its proof, the components as [first, count] of the order, and the way
 * back: "waits", for each step of the order its [seconds, since]: how long its undo waits, once the step of that number in the order
 * has begun, the first that has; "broken", the numbers of the promises `at_most` that it is said to break, with the longest outage, null for one that stays. */
#include "cutc.h"

#include <stdio.h>
#include <string.h>

static void document(const struct text *t, const char *text) {
  printf("%zu\n", (size_t)t->n);
  fwrite(text, 1, t->n, stdout);
}

static void judge(const char *path) {
  struct compiled d = compile(path);
  struct text findings = {.arena = &d.c->arena}, model = findings, parts = findings, back = findings;

  report_findings(&findings, d.c, FORMAT_JSON, false, false);
  if (d.model && d.proof)
    model_json(&model, d.model, d.proof);
  text_putc(&parts, '[');
  for (uint32_t i = 0; d.proof && i < d.proof->components.n; i++)
    text_print(&parts, "%s[%u, %u]", i ? ", " : "", d.proof->components.at[i].first, d.proof->components.at[i].count);
  text_putc(&parts, ']');
  text_puts(&back, "{\"waits\": [");
  for (uint32_t i = 0; d.proof && d.proof->back && i < d.proof->order.n; i++) {
    text_puts(&back, i ? ", [" : "[");
    for (const struct back_wait *w = &d.proof->back[i]; w && w->length; w = w->before)
      text_print(&back, "%s[%.3f, %u]", w == &d.proof->back[i] ? "" : ", ", (double)w->length / 1000, w->since);
    text_putc(&back, ']');
  }
  text_puts(&back, "], \"broken\": [");
  for (uint32_t i = 0, n = 0; d.proof && i < d.proof->breaches.n; i++) {
    const struct breach *b = &d.proof->breaches.at[i];
    if (b->code != CODE_222 || b->severity == SEV_ERROR) continue;
    text_print(&back, "%s[%u, ", n++ ? ", " : "", b->promise);
    text_print(&back, b->time < 0 ? "null]" : "%.3f]", (double)b->time / 1000);
  }
  text_puts(&back, "]}");
  document(&findings, text_done(&findings));
  document(&model, text_done(&model));
  document(&parts, text_done(&parts));
  document(&back, text_done(&back));
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
