/* What the proof found about steps and their order -> findings: clashes, circular needs, broken promises, ways back.
 * Needs the members named beside each check in prove/. Guarantees a place in the plan and what follows from it. */
#include "report/word.h"

static const char *limit_text(struct wording *w, const struct breach *b) {
  return words_time(&w->c->arena, b->limit);
}

/* "`a`, then `b`" of step ids. */
static const char *step_list(struct wording *w, const uint32_t *steps, uint32_t n, const char *between) {
  struct text out = {.arena = &w->c->arena};
  for (uint32_t i = 0; i < n && i < 12; i++) text_print(&out, "%s`%s`", i ? between : "", step_id(w->m, steps[i]));
  if (n > 12) text_print(&out, "%sand %u more", between, n - 12);
  return text_done(&out);
}

static const char *host_of(struct wording *w, uint32_t fact) {
  return words_host(w->m, &fact_at(w->m, fact)->host);
}

/* What a fact wants in order to land: "it points at 10.0.20.203:443, where nothing answers". */
static const char *landing(struct wording *w, const struct fact *fact) {
  struct arena *arena = &w->c->arena;
  if (fact->type != FACT_NEEDS)
    return arena_print(arena, "%s points at %s, where nothing answers", words_resource(w->m, fact->by), words_target(w->m, &fact->to));
  if (fact->need.type == NEED_NEVER) return arena_print(arena, "what %s needs of its own attributes is not so", words_resource(w->m, fact->by));
  return arena_print(arena, "%s needs %s, which is not there", words_resource(w->m, fact->by), words_need(w->m, &fact->need));
}

/* One member of a clash, as a sentence. */
static void remark_term(struct wording *w, struct finding *f, const struct term *t) {
  const struct model *m = w->m;
  const char *step = t->step < m->steps.n ? step_id(m, t->step) : "";
  switch ((enum term_type)t->type) {
  case TERM_PROMISE: finding_label(w->c, f, m->promises.at[t->id].at, "has to hold"); return;
  case TERM_RULE:
    finding_label(w->c, f, m->forbidden.at[t->id].at, "the rule `%s` forbids it: %s", name_text(&w->c->names, m->forbidden.at[t->id].rule), m->forbidden.at[t->id].message);
    return;
  case TERM_CONFLICT:
    finding_remark(w->c, f, REMARK_NOTE, "%s and %s may not answer at %s at the same time", words_resource(m, fact_at(m, t->fact)->by),
                   words_resource(m, fact_at(m, t->other)->by), host_of(w, t->fact));
    return;
  case TERM_WINDOW: finding_remark(w->c, f, REMARK_NOTE, "all within the window of %s", words_time(&w->c->arena, m->window)); return;
  case TERM_AFTER: finding_remark(w->c, f, REMARK_NOTE, "`%s` comes after `%s`", step, step_id(m, t->id)); return;
  case TERM_NEED:
    finding_remark(w->c, f, REMARK_NOTE, "`%s` needs %s while it runs", step, words_need(m, &m->steps.at[t->step].needs[t->id]));
    return;
  case TERM_UNDO_NEED:
    finding_remark(w->c, f, REMARK_NOTE, "the undo of `%s` needs %s", step, words_need(m, &m->steps.at[t->step].undo_needs[t->id]));
    return;
  case TERM_LANDS: {
    const struct fact *fact = fact_at(m, t->id);
    finding_remark(w->c, f, REMARK_NOTE, "right after `%s`: %s (`early = true` would let it land later)", step, landing(w, fact));
    return;
  }
  case TERM_BACK: finding_remark(w->c, f, REMARK_NOTE, "what `%s` takes down has to come back by itself", step); return;
  case TERM_UNDO_BACK: finding_remark(w->c, f, REMARK_NOTE, "what the undo of `%s` takes down has to come back by itself", step); return;
  }
}

static struct finding *clash_of_promise(struct wording *w, const struct breach *b) {
  bool promise = b->promise < w->m->promises.n;
  struct span at = promise ? w->m->promises.at[b->promise].at : b->forbidden < w->m->forbidden.n ? w->m->forbidden.at[b->forbidden].at : w->m->plan_at;
  const char *kept = promise ? words_promise(w->m, b->promise)
                     : b->forbidden < w->m->forbidden.n ? arena_print(&w->c->arena, "the rule `%s`", name_text(&w->c->names, w->m->forbidden.at[b->forbidden].rule))
                                                        : "the window";
  struct finding *f;
  if (b->step_count > 1)
    f = finding_add(w->c, b->code, at, "no order of %s keeps %s", step_list(w, b->steps, b->step_count, ", "), kept);
  else if (b->step_count)
    f = finding_add(w->c, b->code, at, "no order keeps %s: %s breaks it wherever it comes", kept, step_list(w, b->steps, 1, ""));
  else if (b->not_minimal)
    f = finding_add(w->c, b->code, at, "no order was found that keeps %s", kept);
  else
    f = finding_add(w->c, b->code, at, "no order keeps %s: it is broken at the end of each", kept);
  if (b->during && b->first_state != NONE && b->first_state < w->p->order.n)
    finding_caret(w->c, f, "broken while %s runs, in the order below, the best that is left", words_step(w->m, w->p, w->p->order.at[b->first_state]));
  else if (b->first_state != NONE) finding_caret(w->c, f, "broken %s in the order below, the best that is left", words_states(w->m, w->p, b->first_state, b->last_state));
  return f;
}

/* A clash without a promise or a rule: a step's own needs, or its landing, cannot be met. Its code is that of what clashes. */
static struct finding *clash_of_terms(struct wording *w, const struct breach *b) {
  const struct term *t = &b->terms[0]; /* the one that gave way */
  for (uint32_t i = 0; i < b->term_count && (t->type == TERM_AFTER || t->type == TERM_RULE || t->type == TERM_WINDOW); i++) t = &b->terms[i];
  const struct model *m = w->m;
  const char *step = t->step < m->steps.n ? step_id(m, t->step) : "";
  struct span at = step_span(m, t->step);
  switch ((enum term_type)t->type) {
  case TERM_NEED:
  case TERM_UNDO_NEED: {
    bool undo = t->type == TERM_UNDO_NEED;
    const struct need *need = undo ? &m->steps.at[t->step].undo_needs[t->id] : &m->steps.at[t->step].needs[t->id];
    struct finding *f = finding_add(w->c, undo ? CODE_231 : CODE_211, at, "%s`%s` needs %s, and no order of %s leaves that up when it runs", undo ? "the undo of " : "",
                                    step, words_need(m, need), step_list(w, b->steps, b->step_count, ", "));
    finding_caret(w->c, f, "needs %s", words_need(m, need));
    if (need->secret < m->secrets.n) {
      const struct secret *s = &m->secrets.at[need->secret];
      finding_label(w->c, f, s->at, "`%s` is asked for there at the moment of use", name_text(&w->c->names, s->name));
      finding_remark(w->c, f, REMARK_HELP, "leave `fetch = at-use` out of `%s`, so that it is kept from the prefetch, or reach its source another way",
                     name_text(&w->c->names, s->name));
    }
    return f;
  }
  case TERM_LANDS: {
    const struct fact *fact = fact_at(m, t->id);
    struct finding *f = finding_add(w->c, CODE_214, fact->span, "no order lets `%s` land: after it %s", step, landing(w, fact));
    finding_remark(w->c, f, REMARK_HELP, "declare what answers there, mend the target, or say `early = true` when it may land later");
    return f;
  }
  case TERM_BACK:
  case TERM_UNDO_BACK:
    return finding_add(w->c, CODE_213, at, "no order brings back what %s`%s` takes down", t->type == TERM_BACK ? "" : "the undo of ", step);
  case TERM_CONFLICT:
    return finding_add(w->c, CODE_241, fact_at(m, t->fact)->span, "no order keeps %s and %s from answering at %s at the same time",
                       words_resource(m, fact_at(m, t->fact)->by), words_resource(m, fact_at(m, t->other)->by), host_of(w, t->fact));
  case TERM_PROMISE: case TERM_RULE: case TERM_WINDOW: case TERM_AFTER: break;
  }
  return clash_of_promise(w, b);
}

/* What fails with each step of a clash before the others. */
static void remark_firsts(struct wording *w, struct finding *f, const struct breach *b) {
  enum { MOST = 8 };
  bool told = false;
  if (b->before.n) finding_remark(w->c, f, REMARK_NOTE, "before: %s", words_trace(w->m, &b->before));
  for (uint32_t i = 0; i < b->step_count && i < MOST; i++) {
    if (b->firsts[i].verdict == UP || b->firsts[i].n == 0) continue;
    finding_remark(w->c, f, REMARK_NOTE, "with `%s` first: %s", step_id(w->m, b->steps[i]), words_trace(w->m, &b->firsts[i]));
    told = true;
  }
  if (b->after.n && !told) finding_remark(w->c, f, REMARK_NOTE, "then: %s", words_trace(w->m, &b->after));
}

/* E251: `steps` wait for each other in a circle. E252: `promise` and the terms and steps clash. E253: not searched whole. */
void word_clash(struct wording *w, const struct breach *b) {
  struct finding *f;
  if (b->code == CODE_251) {
    f = finding_add(w->c, b->code, step_span(w->m, b->step_count ? b->steps[0] : b->step), "these steps wait for each other: %s",
                    step_list(w, b->steps, b->step_count, " after "));
    for (uint32_t i = 0; i < b->step_count && i < 8; i++)
      finding_label(w->c, f, step_span(w->m, b->steps[i]), "after `%s`", step_id(w->m, b->steps[(i + 1) % b->step_count]));
    finding_remark(w->c, f, REMARK_HELP, "take one `after` away, or split a step so that its halves can come at different times");
    return;
  }
  if (b->code == CODE_253) {
    f = finding_add(w->c, b->code, w->m->plan_at, "%u steps act on each other: %s", b->step_count,
                    w->p->order_holds ? "the order below keeps every promise, but a better one may exist"
                                      : "the order below is the best that was found, and a better one may exist");
    finding_remark(w->c, f, REMARK_NOTE, "an exact search looks at every set of them; say `after` where you know the order, and there are fewer");
    return;
  }
  if (b->promise >= w->m->promises.n && b->forbidden >= w->m->forbidden.n && b->term_count) f = clash_of_terms(w, b);
  else f = clash_of_promise(w, b);
  for (uint32_t i = 0; i < b->step_count && i < 8; i++) label_step(w, f, b->steps[i]);
  for (uint32_t i = 0; i < b->term_count; i++)
    if (b->terms[i].type != TERM_PROMISE || b->terms[i].id != b->promise) remark_term(w, f, &b->terms[i]);
  if (b->not_minimal && b->step_count) finding_remark(w->c, f, REMARK_NOTE, "this set is not minimal: the search was cut short");
  else if (b->not_minimal) finding_remark(w->c, f, REMARK_NOTE, "too many steps act on each other to search all orders, or to say which of them clash; one that does may exist");
  if (b->firsts != NULL) remark_firsts(w, f, b);
  else remark_chain(w, f, b);
  remark_mends(w, f, b);
}

static const char *secret_text(struct wording *w, uint32_t secret) {
  return secret < w->m->secrets.n ? name_text(&w->c->names, w->m->secrets.at[secret].name) : "?";
}

/* Who carries the step out, and where the endpoint it needs is written. */
static void label_asked(struct wording *w, struct finding *f, const struct breach *b) {
  const struct model *m = w->m;
  uint32_t resource = b->step < m->steps.n ? m->steps.at[b->step].resource : NONE;
  uint32_t via = resource < m->resources.n ? resource_via(m, resource) : NONE;
  if (via < m->resources.n) finding_label(w->c, f, resource_span(m, via), "carries it out, and needs that");
  const struct span *at = b->asked ? &b->asked->at : NULL;
  if (at && at->source < w->c->sources.n && !w->c->sources.at[at->source].library && (at->source != f->at.source || at->start != f->at.start))
    finding_label(w->c, f, *at, "asked for here");
}

/* E211: `step` needs `asked` and does not reach it where it runs, since `other_step`; E212: the same for a kept secret;
 * E231: for its undo. */
void word_circular(struct wording *w, const struct breach *b) {
  const char *step = words_step(w->m, w->p, b->step), *what = b->asked ? words_need(w->m, b->asked) : "what it needs";
  const char *since = words_step(w->m, w->p, b->other_step);
  const char *because = words_stop(w->m, &b->after);
  if (b->other_step < w->m->steps.n && b->other_step != b->step) because = arena_print(&w->c->arena, "%s, since %s", because, since);
  else if (b->other_step < w->m->steps.n)
    because = arena_print(&w->c->arena, b->code == CODE_211 ? "%s: this step takes it down itself" : "%s, since this very step", because);
  struct span at = step_span(w->m, b->step);
  struct finding *f;
  if (b->code == CODE_212) {
    at = b->secret < w->m->secrets.n ? w->m->secrets.at[b->secret].at : at;
    f = finding_add(w->c, b->code, at, "secret `%s` is used by %s%s when its source cannot be asked any more; it is kept from the prefetch",
                    secret_text(w, b->secret), b->backward ? "the undo of " : "", step);
    finding_caret(w->c, f, "%s", because);
    label_step(w, f, b->other_step);
    label_step(w, f, b->step);
    finding_remark(w->c, f, REMARK_NOTE, "with `fetch = at-use` this would be an error");
  } else if (b->code == CODE_231) {
    f = finding_add(w->c, b->code, at, "the undo of %s could not run: it needs %s, which is not reached %s", step, what, b->during ? "while it runs" : "then");
    finding_caret(w->c, f, "%s", because);
    if (b->secret < w->m->secrets.n)
      finding_remark(w->c, f, REMARK_ALSO, "secret `%s` is asked for there at the moment of use", secret_text(w, b->secret));
    finding_remark(w->c, f, REMARK_HELP, "make what it needs reachable some other way, or hand it over beforehand (a secret in its environment is kept from the prefetch)");
  } else {
    bool never = b->secret < w->m->secrets.n && b->other_step == NONE && !w->m->secrets.at[b->secret].at_use;
    if (never) at = w->m->secrets.at[b->secret].at;
    f = never ? finding_add(w->c, b->code, at, "secret `%s` cannot be fetched: its source asks %s, which is not reached before the first step either",
                            secret_text(w, b->secret), what)
              : finding_add(w->c, b->code, at, "%s needs %s, which is %s when it runs", step, what, b->other_step == NONE ? "not reached" : "down");
    finding_caret(w->c, f, "%s", because);
    label_step(w, f, b->other_step);
    if (never) {
      finding_remark(w->c, f, REMARK_HELP, "declare what answers there, or take the secret from somewhere that is reached");
    } else if (b->secret < w->m->secrets.n) {
      finding_remark(w->c, f, REMARK_ALSO, "secret `%s` is fetched at the moment of use, from there", secret_text(w, b->secret));
      finding_remark(w->c, f, REMARK_HELP, "leave `fetch = at-use` out, so that it is kept from the prefetch, or reach its source another way");
    } else if (b->other_step == NONE)
      finding_remark(w->c, f, REMARK_HELP, "declare what answers there, or put this step `after` the one that brings it");
    else
      finding_remark(w->c, f, REMARK_HELP, "%s", b->during ? "reach it another way, past what this step takes down" : "reach it another way, or put this step before the one that takes it down");
  }
  if (b->code != CODE_212) label_asked(w, f, b);
  remark_down(w, f, b);
  remark_chain(w, f, b);
}

/* E213: after `step` (or its undo) `resources` stay down; E214: `fact` does not land; E235: half-done. */
void word_kept(struct wording *w, const struct breach *b) {
  const char *step = words_step(w->m, w->p, b->step);
  struct span at = step_span(w->m, b->step);
  struct finding *f;
  if (b->code == CODE_213) {
    f = finding_add(w->c, b->code, at, "what %s%s takes down does not come back: %s", b->backward ? "the undo of " : "", step,
                    words_resources(w->m, b->resources, b->resource_count));
    for (uint32_t i = 0; i < b->resource_count && i < 8; i++)
      finding_label(w->c, f, resource_span(w->m, b->resources[i]), "waits for %s", words_resource(w->m, b->resources[(i + 1) % b->resource_count]));
    finding_remark(w->c, f, REMARK_HELP, "let it start without what it takes down with it, or keep a second one of that running meanwhile");
  } else if (b->code == CODE_214) {
    const struct fact *fact = b->fact < w->m->facts.n ? fact_at(w->m, b->fact) : NULL;
    f = finding_add(w->c, b->code, fact ? fact->span : at, "after %s %s", step, fact ? landing(w, fact) : "its target does not answer");
    finding_caret(w->c, f, "%s", b->after.n ? words_stop(w->m, &b->after) : "nothing answers there in that state");
    finding_remark(w->c, f, REMARK_HELP, "declare what answers there, mend the target, or say `early = true` when it may land later");
  } else {
    f = finding_add(w->c, b->code, at, "when %s dies half-way, %s is broken in between", step,
                    b->promise < w->m->promises.n ? words_promise(w->m, b->promise) : "a promise");
    finding_remark(w->c, f, REMARK_HELP, "split it into steps of one command, change their order, or say `atomic = \"why\"` when it cannot die in between");
  }
  remark_down(w, f, b);
  remark_chain(w, f, b);
}

/* Where who asked before is led, and who asks now. */
static void remark_answers(struct wording *w, struct finding *f, const struct breach *b) {
  const char *old = words_trace(w->m, &b->before), *now = words_trace(w->m, &b->after);
  if (b->before.n && strcmp(old, now) != 0) finding_remark(w->c, f, REMARK_NOTE, "an old answer: %s", old);
  finding_remark(w->c, f, REMARK_NOTE, "a new one: %s", now);
}

/* Whose followers come later than what changes on a way, if anybody's do. */
static bool remark_lag(struct wording *w, struct finding *f, const struct trace *t) {
  uint32_t lag = name_str(&w->c->names, "lag");
  for (uint32_t i = 0; i < t->n; i++) {
    const struct fact *fact = t->at[i].fact < w->m->facts.n ? fact_at(w->m, t->at[i].fact) : NULL;
    const struct attribute *a = fact == NULL || fact->type == FACT_HOSTS || fact->guard == GUARD_ALWAYS ? NULL : attribute_find(w->m, fact->by, lag);
    if (a == NULL || a->cases.n == 0 || a->cases.at[0].value.number == 0) continue;
    finding_remark(w->c, f, REMARK_NOTE, "`lag = %s` in %s: for so long its followers go on with what was before it changed", words_time(&w->c->arena, a->cases.at[0].value.number),
                   words_resource(w->m, fact->by));
    return true;
  }
  return false;
}

/* Caches, and whether it is the window alone that leaves no room for waiting until they have run out. */
static void remark_caches(struct wording *w, struct finding *f, const struct breach *b) {
  const struct trace *dead = b->after.n && b->after.at[b->after.n - 1].type == STOP_NO_NAME ? &b->after : &b->before;
  bool window = false, no_name = dead->n && dead->at[dead->n - 1].type == STOP_NO_NAME;
  for (uint32_t i = 0; i < b->mend_count; i++) window = window || b->mends[i].type == MEND_WINDOW;
  if (no_name)
    finding_remark(w->c, f, REMARK_NOTE, "that there is no such name is an answer too: who asked while that was so keeps it for the `negative_ttl` of whoever owns the domain");
  else finding_remark(w->c, f, REMARK_NOTE, "an answer is kept in caches for its TTL: who asked before a record changed goes on to the old place that long");
  if (!remark_lag(w, f, &b->after)) remark_lag(w, f, &b->before);
  if (window)
    finding_remark(w->c, f, REMARK_NOTE, "waiting until such answers have run out would keep it, but the plan's window of %s has no room for that",
                   words_time(&w->c->arena, w->m->window));
}

static const char *unseen_text(struct wording *w, uint32_t promise) {
  switch (promise_unseen(w->m, promise)) {
  case UNSEEN_PROTOCOL: return arena_print(&w->c->arena, "%s cannot be probed", proto_text((enum proto)w->m->promises.at[promise].endpoint.proto));
  case UNSEEN_HOST: return "its host is not known";
  case UNSEEN_NO_OPERATOR: return "the plan does not say from where the runbook is run";
  case UNSEEN_DNS: return "its client asks other name servers than the operator, and has no probe";
  case UNSEEN_NOT: case UNSEEN_NO_ENDPOINT: case UNSEEN_ZONE: break;
  }
  return "no probe stands where its client is";
}

static void word_unseen(struct wording *w, struct finding *f, uint32_t promise) {
  enum unseen unseen = promise_unseen(w->m, promise);
  if (unseen == UNSEEN_PROTOCOL)
    finding_remark(w->c, f, REMARK_HELP, "look at it in the `verify` of a step, with a program that speaks it");
  else if (unseen == UNSEEN_NO_OPERATOR)
    finding_remark(w->c, f, REMARK_HELP, "name the client that runs it: `operator = …` in the plan");
  else if (unseen != UNSEEN_HOST)
    finding_remark(w->c, f, REMARK_HELP, "give the client a place to look from: `probe = ssh \"host\"`");
}

/* E221, E222: `promise` breaks in first_state..last_state; E223: `step` has no length; E224: the window; E225: nobody looks. */
void word_promise(struct wording *w, const struct breach *b) {
  const char *step = words_step(w->m, w->p, b->step);
  const char *what = words_promise(w->m, b->promise);
  struct span at = b->promise < w->m->promises.n ? w->m->promises.at[b->promise].at : step_span(w->m, b->step);
  struct finding *f;
  if (b->code == CODE_223 && b->promise == NONE) {
    f = finding_add(w->c, b->code, step_span(w->m, b->step), "nobody says how long %s takes: whether the plan disturbs for no longer than its window of %s cannot be told",
                    step, limit_text(w, b));
    if (b->step_count > 1) finding_remark(w->c, f, REMARK_ALSO, "%s", step_list(w, b->steps + 1, b->step_count - 1, ", "));
    finding_remark(w->c, f, REMARK_HELP, "say `takes = …` in %s", b->step_count > 1 ? "each of them" : step_id(w->m, b->step));
    return;
  }
  if (b->code == CODE_223) {
    f = finding_add(w->c, b->code, step_span(w->m, b->step), "nobody says how long %s takes, and %s is down meanwhile: whether that stays below %s cannot be told", step,
                    what, limit_text(w, b));
    finding_remark(w->c, f, REMARK_HELP, "say `takes = …` in %s", step_id(w->m, b->step));
    return;
  }
  if (b->code == CODE_224) {
    f = finding_add(w->c, b->code, w->m->plan_at, "the plan disturbs for %s, longer than its window of %s", words_time(&w->c->arena, b->time), limit_text(w, b));
    if (b->step < w->m->steps.n) label_step(w, f, b->step);
    remark_mends(w, f, b);
    return;
  }
  if (b->code == CODE_225) {
    word_unseen(w, finding_add(w->c, b->code, at, "nobody looks at %s: %s", what, unseen_text(w, b->promise)), b->promise);
    return;
  }
  const char *where = words_states(w->m, w->p, b->first_state, b->last_state);
  if (b->code == CODE_222)
    f = finding_add(w->c, b->code, at, "on the way back %s is broken: after a failure in %s it is down for %s", what, step,
                    b->time < 0 ? "good, since a point of no return lies before it" : words_time(&w->c->arena, b->time));
  else if (b->limit > 0 && b->time > b->limit)
    f = finding_add(w->c, b->code, at, "%s is broken: down for %s at a stretch, %s longer than it allows", what, words_time(&w->c->arena, b->time),
                    words_time(&w->c->arena, b->time - b->limit));
  else
    f = finding_add(w->c, b->code, at, "%s is broken %s", what, b->during ? arena_print(&w->c->arena, "while %s runs", step) : where);
  bool old = b->after.n > 0 && b->after.at[b->after.n - 1].type < STOP_NO_NAME; /* it answers, and yet it is broken */
  if (old) finding_caret(w->c, f, "%s, for who still has an old answer", where);
  else finding_caret(w->c, f, "%s", b->after.n ? words_stop(w->m, &b->after) : where);
  if (b->step < w->m->steps.n) label_step(w, f, b->step);
  if (old) remark_answers(w, f, b);
  else remark_chain(w, f, b);
  if (b->code == CODE_221 && b->promise < w->m->promises.n && w->p->timeline[b->promise].maybes.n)
    remark_caches(w, f, b);
  remark_mends(w, f, b);
}

/* E232, E233: `step` has no inverse; E234: what follows a point of no return. */
void word_way_back(struct wording *w, const struct breach *b) {
  const char *step = words_step(w->m, w->p, b->step);
  struct span at = step_span(w->m, b->step);
  struct finding *f;
  if (b->code == CODE_233) {
    f = finding_add(w->c, b->code, at, "%s has no way back: its `do` speaks of neither `old` nor `new`, so swapping them undoes nothing", step);
    finding_remark(w->c, f, REMARK_HELP, "write `undo { … }`, or `undo none because \"…\"` when nothing is to be undone, or `irreversible = \"…\"` when nothing can be");
  } else if (b->code == CODE_232) {
    f = finding_add(w->c, b->code, at, "%s has no way back: nothing says how it is undone", step);
    finding_remark(w->c, f, REMARK_HELP, "write `undo { … }`, or `irreversible = \"…\"` with the reason");
  } else {
    f = finding_add(w->c, b->code, at, "%s is a point of no return: %s", step,
                    b->step < w->m->steps.n ? name_text(&w->c->names, w->m->steps.at[b->step].irreversible) : "");
    if (b->step_count)
      finding_remark(w->c, f, REMARK_NOTE, "after it a rollback takes back only %s", step_list(w, b->steps, b->step_count, ", "));
    else
      finding_remark(w->c, f, REMARK_NOTE, "nothing follows it, and after it there is no rollback");
  }
}
