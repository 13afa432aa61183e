/* libFuzzer target: any bytes as an answer to import; the first byte says whose. What comes out has to be read as a plan again.
 * Built by tests/fuzz/run.sh. */
#include "cutc.h"
#include "world/import.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What was written is a plan: no mistake in its text, its names and its types. */
static void read_again(const char *text, size_t n) {
  struct compilation *c = compilation_new();
  struct model *m = model_build_source(c, source_add(c, "imported.cut", text, n, false));
  if (model_broken(m)) {
    struct text out = {.arena = &c->arena};
    findings_sort(c);
    report_findings(&out, c, FORMAT_TEXT, true, false);
    fprintf(stderr, "%s\n%s\n", text_done(&out), text);
    abort();
  }
  compilation_free(c);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static char path[64]; /* the fuzzer's, not the compiler's */
  if (size == 0) return 0;
  if (path[0] == '\0') snprintf(path, sizeof path, "/tmp/cutc-fuzz-%ld.zone", (long)getpid());
  FILE *f = fopen(path, "wb");
  if (f == NULL) return 0;
  size_t written = fwrite(data + 1, 1, size - 1, f);
  if (fclose(f) == 0 && written == size - 1) {
    struct compilation *c = compilation_new();
    struct text out = {.arena = &c->arena}, notes = {.arena = &c->arena};
    struct import_argument argument = {(enum import_source)(data[0] % SOURCE_COUNT), path};
    struct import_options options = {.arguments = &argument, .count = 1};
    if (import_run(&out, &notes, c, &options) == 0) read_again(text_done(&out), out.n);
    compilation_free(c);
  }
  unlink(path);
  return 0;
}
