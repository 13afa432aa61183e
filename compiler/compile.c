/* The pipeline: a path -> findings, model and proof.
 * Needs nothing but the path. Guarantees that every pass that can still say something has spoken, that waivers are
 * matched after all of them, and that the findings are sorted. */
#include "cutc.h"

#include <string.h>

/* A waiver speaks of the block it stands in; at the top level, or in the plan's own block, of everything. */
static bool covers(const struct model *m, const struct waiver *w, const struct finding *f) {
  const struct compilation *c = m->c;

  if (f->rule != w->what && strcmp(code_text(f->code), name_text(&c->names, w->what)) != 0)
    return false;
  if (w->resource == NONE && w->block.source == NONE)
    return true;
  if (w->resource != NONE && f->resource && m->resources.at[w->resource].name == f->resource)
    return true;
  return f->at.source == w->block.source && f->at.start >= w->block.start && f->at.end <= w->block.end;
}

/* Errors of families 0 and 1 mean that the plan could not be read as meant: there is nothing to waive yet. */
static bool waivable(const struct finding *f) {
  return f->code != CODE_116 && (f->severity != SEV_ERROR || f->code >= CODE_201);
}

static void waive(struct model *m, bool proven) {
  struct compilation *c = m->c;

  for (uint32_t i = 0; i < m->waivers.n; i++) {
    struct waiver *w = &m->waivers.at[i];
    bool refused = false;

    for (uint32_t j = 0; j < c->findings.n; j++) {
      struct finding *f = c->findings.at[j];

      if (f->waived || !covers(m, w, f))
        continue;
      refused |= !waivable(f);
      if (waivable(f)) {
        f->waived = w->reason;
        w->used = true;
      }
    }
    if (w->used || (!proven && !refused))
      continue;
    const char *what = name_text(&c->names, w->what);
    struct finding *f = refused ? finding_add(c, CODE_116, w->at, "`%s` cannot be waived: the plan has to be understood first", what)
                                : finding_add(c, CODE_116, w->at, "`allow %s` waives nothing: no such finding is made here", what);

    finding_remark(c, f, REMARK_HELP, refused ? "mend the error instead" : "remove it, or move it into the block it speaks of");
  }
}

struct compiled compile(const char *path) {
  struct compiled done = {.c = compilation_new()};

  done.model = model_build(done.c, path);
  if (done.model) {
    bool broken = model_broken(done.model);
    struct proof *proof = prove(done.model);

    word_proof(done.model, proof);
    script_check_commands(done.model, proof);
    if (!broken)
      done.proof = proof; /* of a broken model only the findings that stand all the same are kept */
  }
  if (done.model)
    waive(done.model, done.proof != NULL);
  findings_sort(done.c);
  return done;
}
