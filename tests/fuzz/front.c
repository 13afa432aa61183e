/* libFuzzer target: any bytes through the parser, and through the whole front end as a plan.
 * Built by tests/fuzz/run.sh with clang -fsanitize=fuzzer,address,undefined. */
#include "cutc.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void parse(const char *text, size_t n) {
  struct compilation *c = compilation_new();
  struct tree tree = {.c = c};
  struct text out = {.arena = &c->arena};
  uint32_t root = syntax_parse(&tree, source_add(c, "fuzz.cut", text, n, false));
  tree_print(&out, &tree, root);
  findings_sort(c);
  report_findings(&out, c, FORMAT_TEXT, false, false);
  for (uint32_t i = 1; i < tree.nodes.n; i++) { /* spans lie in the text */
    struct span s = node_span(&tree, i);
    if (s.start > s.end || s.end > n) abort();
  }
  compilation_free(c);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static char path[64]; /* the fuzzer's, not the compiler's */
  parse((const char *)data, size);
  if (path[0] == '\0') snprintf(path, sizeof path, "/tmp/cutc-fuzz-%ld.cut", (long)getpid());
  FILE *f = fopen(path, "wb");
  if (f == NULL) return 0;
  size_t written = fwrite(data, 1, size, f);
  if (fclose(f) == 0 && written == size) {
    struct compilation *c = compilation_new();
    struct text out = {.arena = &c->arena};
    struct model *m = model_build(c, path);
    if (m != NULL) model_json(&out, m, NULL);
    compilation_free(c);
  }
  unlink(path);
  return 0;
}
