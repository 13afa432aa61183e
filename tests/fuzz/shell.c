/* libFuzzer target: any bytes as shell text. Built by tests/fuzz/run.sh. */
#include "script/script.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct span place(void *data, uint32_t start, uint32_t end) {
  (void)data;
  return (struct span){0, start, end};
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct compilation *c = compilation_new();
  struct model *m = arena_new(&c->arena, struct model);
  struct tool tg = {.name = name_str(&c->names, "tg"), .locks = true, .grace = 60000};
  m->c = c;
  array_push(&c->arena, &m->tools, tg);
  uint32_t source = source_add(c, "line", (const char *)data, size, false);
  shell_check(c, c->sources.at[source].text, size, m, place, NULL);
  compilation_free(c);
  return 0;
}
