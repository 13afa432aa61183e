/* Breaches of a proof -> findings.
 * Needs the members that each check in prove/ says it sets. Guarantees one finding for each breach, worded for somebody who
 * has never seen the tool: what is wrong, where, what follows from it, and how to mend it. */
#include "report/word.h"

#include <string.h>

const char *attribute_name(const struct model *m, uint32_t attribute) {
  return attribute < m->attributes.n ? name_text(&m->c->names, m->attributes.at[attribute].name) : "value";
}

const char *kind_name(const struct model *m, uint32_t resource) {
  return resource < m->resources.n ? name_text(&m->c->names, m->resources.at[resource].kind) : "resource";
}

struct span step_span(const struct model *m, uint32_t step) {
  return step < m->steps.n ? m->steps.at[step].at : m->plan_at;
}

const char *step_id(const struct model *m, uint32_t step) {
  return step < m->steps.n ? name_text(&m->c->names, m->steps.at[step].name) : "?";
}

/* "from 10.0.20.200 to 10.0.20.203", or "`traefik_lb` into being". */
static const char *hop_text(struct wording *w, const struct attribute *a, uint32_t index) {
  struct compilation *c = w->c;
  const char *name = name_text(&c->names, a->name);
  const char *who = words_resource(w->m, a->owner);
  if (strcmp(name, "exists") == 0) {
    for (uint32_t i = 0; i < a->cases.n; i++)
      if (i == index + 1 && a->cases.at[i].value.type == V_BOOL)
        return arena_print(&c->arena, a->cases.at[i].value.number ? "brings %s into being" : "takes %s away", who);
  }
  struct span s = a->hops && index + 1 <= a->hop_count ? a->hops[index + 1] : a->at;
  if (s.source == NONE || s.source >= c->sources.n || s.end <= s.start) return arena_print(&c->arena, "changes %s of %s", name, who);
  const struct source *src = &c->sources.at[s.source];
  return arena_print(&c->arena, "sets `%s` of %s to %.*s", name, who, (int)(s.end - s.start > 60 ? 60 : s.end - s.start), src->text + s.start);
}

void label_step(struct wording *w, struct finding *f, uint32_t step) {
  if (step >= w->m->steps.n) return;
  const struct step *s = &w->m->steps.at[step];
  const char *who = words_step(w->m, w->p, step);
  if (!s->hop_count) {
    finding_label(w->c, f, s->at, "%s", who);
    return;
  }
  const struct attribute *a = &w->m->attributes.at[s->hops[0].attribute];
  finding_label(w->c, f, a->at, "%s %s", who, hop_text(w, a, s->hops[0].index));
}

void remark_down(struct wording *w, struct finding *f, const struct breach *b) {
  if (!b->promise_count) return;
  struct text out = {.arena = &w->c->arena};
  for (uint32_t i = 0; i < b->promise_count; i++) {
    if (i) text_puts(&out, i + 1 == b->promise_count ? " and " : ", ");
    text_puts(&out, words_promise(w->m, b->promises[i]));
  }
  finding_remark(w->c, f, REMARK_DOWN, "%s, %s", text_done(&out), words_states(w->m, w->p, b->first_state, b->last_state));
}

void remark_chain(struct wording *w, struct finding *f, const struct breach *b) {
  if (b->before.n) finding_remark(w->c, f, REMARK_NOTE, "before: %s", words_trace(w->m, &b->before));
  if (b->after.n) finding_remark(w->c, f, REMARK_NOTE, "then: %s", words_trace(w->m, &b->after));
}

static void word_one(struct wording *w, const struct breach *b) {
  static const struct {
    enum code code;
    void (*say)(struct wording *w, const struct breach *b);
  } table[] = {
      {CODE_201, word_stale},    {CODE_202, word_dangling}, {CODE_203, word_mended},   {CODE_204, word_cold},
      {CODE_206, word_dangling}, {CODE_211, word_circular}, {CODE_212, word_circular}, {CODE_213, word_kept},
      {CODE_214, word_kept},     {CODE_221, word_promise},  {CODE_222, word_promise},  {CODE_223, word_promise},
      {CODE_224, word_promise},  {CODE_225, word_promise},  {CODE_231, word_circular}, {CODE_232, word_way_back},
      {CODE_233, word_way_back}, {CODE_234, word_way_back}, {CODE_235, word_kept},     {CODE_241, word_conflict},
      {CODE_251, word_clash},    {CODE_252, word_clash},    {CODE_253, word_clash},    {CODE_261, word_conflict},
      {CODE_301, word_probe},    {CODE_302, word_probe},    {CODE_303, word_probe},
  };
  for (size_t i = 0; i < sizeof table / sizeof *table; i++)
    if (table[i].code == b->code) {
      table[i].say(w, b);
      return;
    }
  finding_add(w->c, b->code, step_span(w->m, b->step), "%s", code_title(b->code));
}

void word_proof(struct model *m, const struct proof *p) {
  struct wording w = {m->c, m, p};
  for (uint32_t i = 0; i < p->breaches.n; i++) {
    const struct breach *b = &p->breaches.at[i];
    uint32_t before = m->c->findings.n;
    word_one(&w, b);
    for (uint32_t j = before; j < m->c->findings.n; j++) {
      struct finding *f = m->c->findings.at[j];
      f->severity = b->severity;
      if (!f->resource && b->resource < m->resources.n) f->resource = m->resources.at[b->resource].name;
    }
  }
}
