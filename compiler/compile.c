/* The pipeline: a path -> findings, model and proof.
 * Needs nothing but the path. Guarantees that every pass that can still say something has spoken, that waivers are
 * matched after all of them, and that the findings are sorted. */
#include "cutc.h"
#include "report/refs.h"
#include "world/observe.h"

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

/* What is found only where somebody asks for it, in files or in the world, is not missed. */
static bool elsewhere(enum code code) { return (code >= CODE_292 && code <= CODE_294) || (code >= CODE_401 && code < CODE_COUNT); }

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
    const char *what = name_text(&c->names, w->what);
    enum code code = code_find(what);

    if (w->used || (!proven && !refused) || elsewhere(code))
      continue;
    struct finding *f = refused ? finding_add(c, CODE_116, w->at, "`%s` cannot be waived: the plan has to be understood first", what)
                                : finding_add(c, CODE_116, w->at, "`allow %s` waives nothing: no such finding is made here", what);

    finding_remark(c, f, REMARK_HELP, refused ? "mend the error instead" : "remove it, or move it into the block it speaks of");
  }
}

void compile_done(struct compiled *d) {
  if (d->model)
    waive(d->model, d->proof != NULL);
  findings_sort(d->c);
}

static struct compiled compile_in(struct compilation *c, const char *path, const struct seen_list *seen, bool summed) {
  struct compiled done = {.c = c};

  struct facts_sorting *sorting = NULL;

  done.model = model_build_seen(done.c, path, seen, &(struct facts_done){facts_sort_ahead, &sorting});
  if (done.model) {
    struct digesting *sum = summed ? digest_start(done.model) : NULL;

    filters_check(done.model);
    bool broken = model_broken(done.model);
    struct proof *proof = prove_sorted(done.model, sorting);

    word_proof(done.model, proof);
    struct runbook *runbook = script_check_commands(done.model, proof);

    if (!broken) { /* of a broken model only the findings that stand all the same are kept */
      done.proof = proof;
      done.runbook = runbook;
    }
    done.digest = summed ? digest_done(done.model, sum) : NULL;
  }
  compile_done(&done);
  return done;
}

struct compiled compile(const char *path) { return compile_in(compilation_new(), path, NULL, false); }

struct compiled compile_summed(const char *path) { return compile_in(compilation_new(), path, NULL, true); }

struct compiled compile_seen(const struct compiled *before, const char *path, const struct seen_list *seen) {
  struct compilation *c = compilation_new();

  c->texts = before->c;
  return compile_in(c, path, seen, false);
}

void compile_search(struct compiled *d, const char *path, const struct compile_search *with) {
  if (!d->proof || (!with->always && !d->model->search.n))
    return;
  d->search = refs_search_plan(d->model, path, with->root, NULL, 0);
  word_refs(d->model, d->proof, d->search, with->most);
  compile_done(d);
}
