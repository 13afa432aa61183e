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

static bool is_exists(struct wording *w, const struct attribute *a) {
  return strcmp(name_text(&w->c->names, a->name), "exists") == 0;
}

static const char *value_words(struct wording *w, const struct value *v) {
  if (v->type == V_RESOURCE) return words_resource(w->m, v->id);
  struct text out = {.arena = &w->c->arena};
  value_print(&out, &w->c->names, v);
  return text_done(&out);
}

/* What a hop does, as "moves `traefik` from 10.0.20.200 to 10.0.20.203" or "brings `traefik_lb` into being". */
static const char *hop_text(struct wording *w, const struct attribute *a, uint32_t index) {
  struct compilation *c = w->c;
  const char *who = words_resource(w->m, a->owner);
  if (index + 1 >= a->cases.n || (a->hop_count && a->cases.n != a->hop_count + 1u))
    return arena_print(&c->arena, "changes `%s` of %s", name_text(&c->names, a->name), who);
  const struct value *old = &a->cases.at[index].value, *new = &a->cases.at[index + 1].value;
  if (is_exists(w, a)) return arena_print(&c->arena, new->type == V_BOOL && new->number ? "brings %s into being" : "takes %s away", who);
  bool place = old->type == V_ADDRESS || old->type == V_ENDPOINT || old->type == V_URL;
  if (place) return arena_print(&c->arena, "moves %s from %s to %s", who, value_words(w, old), value_words(w, new));
  return arena_print(&c->arena, "changes `%s` of %s from %s to %s", name_text(&c->names, a->name), who, value_words(w, old), value_words(w, new));
}

/* The hop that says most: one that moves an address, else the first. */
static const struct hop *telling_hop(struct wording *w, const struct step *s) {
  for (uint32_t i = 0; i < s->hop_count; i++) {
    const struct attribute *a = &w->m->attributes.at[s->hops[i].attribute];
    if (a->cases.n && a->cases.at[0].value.type == V_ADDRESS) return &s->hops[i];
  }
  return &s->hops[0];
}

void label_step(struct wording *w, struct finding *f, uint32_t step) {
  if (step >= w->m->steps.n) return;
  const struct step *s = &w->m->steps.at[step];
  const char *who = words_step(w->m, w->p, step);
  struct span at = s->at;
  if (s->part_count) {
    who = arena_print(&w->c->arena, "%s takes %s together", who, words_resources(w->m, s->parts, s->part_count));
  } else if (s->hop_count) {
    const struct hop *hop = telling_hop(w, s);
    const struct attribute *a = &w->m->attributes.at[hop->attribute];
    if (a->at.source != NONE && !is_exists(w, a)) at = a->at;
    who = arena_print(&w->c->arena, "%s %s", who, hop_text(w, a, hop->index));
  }
  for (uint32_t i = 0; i < f->labels.n; i++)
    if (f->labels.at[i].at.start == at.start && f->labels.at[i].at.source == at.source && strcmp(f->labels.at[i].text, who) == 0) return;
  finding_label(w->c, f, at, "%s", who);
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

static bool trace_sound(const bool *doubtful, const struct trace *t) {
  for (uint32_t i = 0; i < t->n; i++)
    if (t->at[i].resource != NONE && doubtful[t->at[i].resource]) return false;
  return true;
}

/* In a plan with errors in its text: does the breach speak only of resources that are as they were meant? What rests on
 * something being absent (nobody answers, no order) may be such an error's own doing, and is left for the next run. */
static bool stands(const struct wording *w, const bool *doubtful, const struct breach *b) {
  const struct model *m = w->m;
  switch ((int)b->code) {
  case CODE_201: case CODE_232: case CODE_233: case CODE_241: case CODE_261: break;
  default: return false;
  }
  const uint32_t facts[] = {b->fact, b->other_fact}, steps[] = {b->step, b->other_step};
  for (size_t i = 0; i < 2; i++) {
    if (facts[i] < m->facts.n && doubtful[fact_at(m, facts[i])->by]) return false;
    if (steps[i] < m->steps.n && m->steps.at[steps[i]].resource != NONE && doubtful[m->steps.at[steps[i]].resource]) return false;
  }
  if (b->forbidden < m->forbidden.n)
    for (uint32_t i = 0; i < m->forbidden.at[b->forbidden].resource_count; i++)
      if (doubtful[m->forbidden.at[b->forbidden].resources[i]]) return false;
  if (b->resource < m->resources.n && doubtful[b->resource]) return false;
  return trace_sound(doubtful, &b->before) && trace_sound(doubtful, &b->after);
}

void word_proof(struct model *m, const struct proof *p) {
  struct wording w = {m->c, m, p};
  const bool *doubtful = model_broken(m) ? model_doubtful(m) : NULL;
  bool *stale = arena_array(&m->c->arena, bool, m->facts.n + 1); /* said: that it does not land would say it again */
  for (uint32_t i = 0; i < p->breaches.n; i++)
    if (p->breaches.at[i].code == CODE_201 && p->breaches.at[i].fact < m->facts.n) stale[p->breaches.at[i].fact] = true;
  for (uint32_t i = 0; i < p->breaches.n; i++) {
    const struct breach *b = &p->breaches.at[i];
    if (doubtful && !stands(&w, doubtful, b)) continue;
    if (b->code == CODE_214 && b->fact < m->facts.n && stale[b->fact]) continue;
    uint32_t before = m->c->findings.n;
    word_one(&w, b);
    for (uint32_t j = before; j < m->c->findings.n; j++) {
      struct finding *f = m->c->findings.at[j];
      f->severity = b->severity;
      if (!f->resource && b->resource < m->resources.n) f->resource = m->resources.at[b->resource].name;
    }
  }
}
