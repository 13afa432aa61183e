/* The filters of a plan -> findings for those that are none.
 * Guarantees: the library's own texts, which the tests compile, cost nothing; equal texts are compiled once. */
#include "world/observe.h"
#include "world/filter.h"

#include <string.h>

struct collected {
  struct model *m;
  ARRAY(const char *) texts;
  ARRAY(struct span) places;
};

static uint32_t count(const char *text, size_t n, char c) {
  uint32_t found = 0;

  for (size_t i = 0; i < n; i++) found += text[i] == c;
  return found;
}

/* A filter of the library is what its text says, unless a value in it has quotes or backslashes of its own. */
static bool trusted(const struct collected *x, const struct observation *o) {
  const struct source *s = &x->m->c->sources.at[o->at.source];

  if (!s->library) return false;
  const char *written = s->text + o->at.start;
  size_t n = o->at.end - o->at.start, length = strlen(o->filter);
  uint32_t quotes = count(written, n, '"'), escapes = count(written, n, '\\');

  if (memchr(written, '\'', n) != NULL && count(written, n, '\'') == 2) return true; /* a raw string: nothing is put into it */
  return quotes >= 2 && count(o->filter, length, '"') == escapes && count(o->filter, length, '\\') == 0;
}

static void collect(struct collected *x, struct block b) {
  for (uint32_t i = 0; i < b.n; i++)
    for (uint32_t k = 0; k < b.at[i].observe_count; k++) {
      const struct observation *o = &b.at[i].observes[k];
      bool known = o->filter == NULL || o->at.source >= x->m->c->sources.n || trusted(x, o);

      for (uint32_t t = 0; t < x->texts.n && !known; t++) known = strcmp(x->texts.at[t], o->filter) == 0;
      if (known) continue;
      array_push(&x->m->c->arena, &x->texts, o->filter);
      array_push(&x->m->c->arena, &x->places, o->at);
    }
}

/* An `observe` that asks and takes nothing from the answer: a value that looks as if somebody looked at it. On a `$` line everything to its
 * end belongs to the command. */
static void takes_nothing(struct model *m, uint32_t kind, struct block b) {
  for (uint32_t i = 0; i < b.n; i++)
    if (b.at[i].observe_count > 0) return;
  if (b.n == 0 || b.at[0].at.source >= m->c->sources.n) return;
  struct finding *finding = finding_add(m->c, CODE_114, b.at[0].at, "kind `%s` observes nothing: it takes no value from what it asks", name_text(&m->c->names, kind));

  finding_caret(m->c, finding, "no `attribute = …` follows this");
  finding_remark(m->c, finding, REMARK_HELP, b.at[0].type == CMD_RUN ? "write `attribute = jq '…'`, or `= output`, on a line of its own: what stands behind `$` is the command, to the end of its line"
                                                                     : "write `attribute = jq '…'`, or `= output`, behind it");
}

void filters_check(struct model *m) {
  struct arena *arena = &m->c->arena;
  struct collected x = {.m = m};
  const bool *nothing = arena_array(arena, bool, (size_t)m->steps.n + m->parts.n + 1);
  bool *kinds = arena_array(arena, bool, (size_t)m->c->names.texts.n + 1), *stores = arena_array(arena, bool, (size_t)m->resources.n + 1);

  for (uint32_t i = 0; i < m->resources.n; i++) { /* the first of each kind stands for all */
    uint32_t kind = m->resources.at[i].kind;

    if (kinds[kind]) continue;
    kinds[kind] = true;
    struct block b = resource_observe(m, i, nothing);

    takes_nothing(m, kind, b);
    collect(&x, b);
  }
  for (uint32_t i = 0; i < m->secrets.n; i++) {
    uint32_t store = m->secrets.at[i].store;

    if (m->secrets.at[i].source != SECRET_STORE || store >= m->resources.n || stores[store]) continue;
    stores[store] = true;
    collect(&x, secret_fetch(m, i, nothing));
  }
  if (x.texts.n == 0) return;
  struct filters *f = filters_open(arena, x.texts.at, x.texts.n, 5000);
  const char **wrong = filters_wrong(f);

  for (uint32_t i = 0; i < x.texts.n; i++) {
    if (wrong[i] == NULL) continue;
    struct finding *finding = finding_add(m->c, CODE_117, x.places.at[i], "this filter cannot be read: %s", wrong[i]);

    finding_caret(m->c, finding, "no filter in jq's language");
    finding_remark(m->c, finding, REMARK_NOTE, "the filter: %s", x.texts.at[i]);
    finding_remark(m->c, finding, REMARK_HELP, "try it on an answer with `jq '…' answer.json`; the runbook runs the same with jq");
  }
  filters_close(f);
}
