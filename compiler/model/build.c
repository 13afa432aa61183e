/* The whole of elaboration on one screen: a path -> the model.
 * Guarantees: all that is wrong with names, types and values is found in one run; the model holds what could be made sense of. */
#include "model/elaborate.h"
#include "model/steps.h"

#include <string.h>

static struct model *model_new(struct compilation *c) {
  struct model *m = arena_new(&c->arena, struct model);
  m->c = c;
  m->window = -1;
  m->operator_client = NONE;
  m->plan_at = NOWHERE;
  m->tree = arena_new(&c->arena, struct tree);
  m->tree->c = c;
  array_push(&c->arena, &m->tree->nodes, (struct node){0});
  (void)tree_value(m->tree, (struct value){0});
  array_push(&c->arena, &m->guards, (struct guard){0, NULL});
  array_push(&c->arena, &m->rare, ((struct resource_rare){.via = NONE, .owner = NONE, .exists = NONE}));
  struct elaboration *e = arena_new(&c->arena, struct elaboration);
  *e = (struct elaboration){.m = m, .c = c, .tree = m->tree};
  m->elaboration = e;
  words_know(e);
  return m;
}

static void elaborate(struct elaboration *e, const struct facts_done *done) {
  kinds_collect(e);
  if (!declare_all(e)) return;
  asleep_read_ahead(e);
  steps_name(e);
  attributes_all(e);
  clients_build(e);
  secrets_build(e);
  facts_build(e);
  if (done) done->call(e->m, done->data);
  steps_build(e);
  promises_build(e);
  rules_build(e);
  asks_build(e);
  steps_finish(e);
}

struct model *model_build(struct compilation *c, const char *path) { return model_build_seen(c, path, NULL, NULL); }

struct model *model_build_seen(struct compilation *c, const char *path, const struct seen_list *seen, const struct facts_done *done) {
  struct model *m = model_new(c);
  m->elaboration->seen = seen;
  if (!modules_load(m->elaboration, path)) return NULL;
  elaborate(m->elaboration, done);
  return m;
}

struct model *model_build_source(struct compilation *c, uint32_t source) {
  struct model *m = model_new(c);
  modules_load_source(m->elaboration, source);
  elaborate(m->elaboration, NULL);
  return m;
}

bool model_broken(const struct model *m) {
  for (uint32_t i = 0; i < m->c->findings.n; i++) {
    const struct finding *f = m->c->findings.at[i];
    if (f->severity == SEV_ERROR && code_text(f->code)[1] <= '1') return true;
  }
  return false;
}

uint32_t resource_find(const struct model *m, uint32_t name) {
  if (m->elaboration && m->elaboration->resource_index.n) return index_get(&m->elaboration->resource_index, name);
  for (uint32_t i = 0; i < m->resources.n; i++) /* a model that was read from JSON */
    if (m->resources.at[i].name == name) return i;
  return NONE;
}

uint32_t step_find(const struct model *m, const char *id) {
  uint32_t name = name_find(&m->c->names, id, strlen(id));
  if (name == NONE) return NONE;
  if (m->elaboration && m->elaboration->table) return step_named(m->elaboration, name);
  for (uint32_t i = 0; i < m->steps.n; i++)
    if (m->steps.at[i].name == name) return i;
  return NONE;
}
