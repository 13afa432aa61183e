/* A difference of two plans as JSON, "cutc-diff/1": shapes in docs/cli.md.
 * Needs diff_make. Guarantees the same bytes for the same two plans. Library: jansson; its objects are freed before returning. */
#include "report/diff.h"
#include "report/machine.h"
#include "report/paint.h"
#include "report/words.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static json_t *string(const struct difference *d, const char *s) {
  json_t *j = json_string(s);
  struct text clean = {.arena = &d->new->c->arena};

  if (j)
    return j;
  paint_puts(&clean, s); /* bytes of a plan that are no UTF-8 */
  return json_string(text_done(&clean));
}

/* Seconds, rounded up; null: nobody knows. */
static json_t *seconds(int64_t milliseconds) { return milliseconds < 0 ? json_null() : json_integer((milliseconds + 999) / 1000); }

static json_t *side(const struct difference *d, const struct side *s) {
  json_t *o = json_object();

  json_object_set_new(o, "plan", string(d, s->m && s->m->plan ? name_text(&s->c->names, s->m->plan) : ""));
  json_object_set_new(o, "path", string(d, s->path));
  json_object_set_new(o, "verdict", json_string(diff_verdict(s)));
  json_object_set_new(o, "errors", json_integer(s->c->errors));
  json_object_set_new(o, "warnings", json_integer(s->c->warnings));
  json_object_set_new(o, "takes", s->p ? seconds(s->p->total) : json_null());
  json_object_set_new(o, "window", s->m ? seconds(s->m->window) : json_null());
  return o;
}

static json_t *pair(json_t *was, json_t *is) {
  json_t *o = json_object();

  json_object_set_new(o, "old", was);
  json_object_set_new(o, "new", is);
  return o;
}

static const struct step *step_at(const struct side *s, uint32_t k) { return &s->m->steps.at[s->p->order.at[k]]; }

static json_t *names(const struct difference *d, const struct side *s, const uint32_t *at, uint32_t n, bool steps) {
  json_t *list = json_array();

  for (uint32_t i = 0; i < n; i++)
    json_array_append_new(list, string(d, name_text(&s->c->names, steps ? s->m->steps.at[at[i]].name : s->m->resources.at[at[i]].name)));
  return list;
}

static json_t *needs(const struct difference *d, const struct side *s, const struct step *step) {
  json_t *list = json_array();

  for (uint32_t i = 0; i < step->needs_count; i++)
    json_array_append_new(list, string(d, words_need(s->m, &step->needs[i])));
  return list;
}

static json_t *lines(const struct difference *d, const char *const *at, uint32_t n) {
  json_t *list = json_array();

  for (uint32_t i = 0; i < n; i++)
    json_array_append_new(list, string(d, at[i]));
  return list;
}

/* Only what differs; empty when nothing does. */
static json_t *changes(const struct difference *d, const struct step_change *c) {
  static const char *const words[] = {[EDIT_DO] = "do", [EDIT_UNDO] = "undo", [EDIT_VERIFY] = "verify"};
  const struct side *o = d->old, *n = d->new;
  const struct step *a = step_at(o, c->old), *b = step_at(n, c->new);
  json_t *all = json_object();

  if (c->title)
    json_object_set_new(all, "title", pair(string(d, name_text(&o->c->names, a->title)), string(d, name_text(&n->c->names, b->title))));
  if (c->takes)
    json_object_set_new(all, "takes", pair(seconds(a->takes), seconds(b->takes)));
  if (c->after)
    json_object_set_new(all, "after", pair(names(d, o, a->after, a->after_count, true), names(d, n, b->after, b->after_count, true)));
  if (c->needs)
    json_object_set_new(all, "needs", pair(needs(d, o, a), needs(d, n, b)));
  if (c->disrupts)
    json_object_set_new(all, "disrupts",
                        pair(names(d, o, a->disrupts, a->disrupts_count, false), names(d, n, b->disrupts, b->disrupts_count, false)));
  if (c->final)
    json_object_set_new(all, "irreversible", pair(json_boolean(a->irreversible != 0), json_boolean(b->irreversible != 0)));
  for (unsigned i = 0; i < EDITS; i++) {
    const struct edit *e = &c->edits[i];

    if (e->old_count || e->new_count)
      json_object_set_new(all, words[i], pair(lines(d, e->old, e->old_count), lines(d, e->new, e->new_count)));
  }
  return all;
}

static json_t *place(uint32_t k) { return k == NONE ? json_null() : json_integer((json_int_t)k + 1); }

static json_t *steps(const struct difference *d) {
  json_t *list = json_array();

  for (uint32_t i = 0; i < d->steps.n; i++) {
    const struct step_change *c = &d->steps.at[i];
    bool both = c->old != NONE && c->new != NONE;
    json_t *what = both ? changes(d, c) : json_object(), *o = json_object();

    if (both && !c->moved && json_object_size(what) == 0) {
      json_decref(what);
      json_decref(o);
      continue;
    }
    const struct side *s = c->new == NONE ? d->old : d->new;
    const struct step *step = step_at(s, c->new == NONE ? c->old : c->new);

    json_object_set_new(o, "id", string(d, c->id));
    json_object_set_new(o, "change", json_string(c->old == NONE ? "added" : c->new == NONE ? "removed" : "changed"));
    json_object_set_new(o, "title", string(d, name_text(&s->c->names, step->title)));
    json_object_set_new(o, "takes", seconds(step->takes));
    json_object_set_new(o, "place", pair(place(c->old), place(c->new)));
    json_object_set_new(o, "moved", json_boolean(both && c->moved));
    json_object_set_new(o, "changes", what);
    json_array_append_new(list, o);
  }
  return list;
}

static json_t *promise_side(const struct side *s, uint32_t i) {
  static const char *const holds[] = {[HOLD_ALWAYS] = "always", [HOLD_AT_MOST] = "at_most", [HOLD_FINALLY] = "finally"};
  static const char *const ends[] = {[UP] = "up", [DOWN] = "down", [UNKNOWN] = "unknown", [MAYBE] = "maybe"};

  if (i == NONE)
    return json_null();
  const struct promise *p = &s->m->promises.at[i];
  const struct timeline *t = &s->p->timeline[i];
  json_t *o = json_object();

  json_object_set_new(o, "hold", json_string(holds[p->hold]));
  json_object_set_new(o, "limit", p->hold == HOLD_AT_MOST ? seconds(p->limit) : json_null());
  json_object_set_new(o, "outage", seconds(t->outage));
  json_object_set_new(o, "or_more", json_boolean(t->outage_open));
  json_object_set_new(o, "back", seconds(t->back));
  json_object_set_new(o, "end", json_string(ends[timeline_at(t, s->p->order.n)]));
  return o;
}

static json_t *promises(const struct difference *d) {
  json_t *list = json_array();

  for (uint32_t i = 0; i < d->promises.n; i++) {
    const struct promise_change *c = &d->promises.at[i];

    if (!c->differs)
      continue;
    json_t *o = pair(promise_side(d->old, c->old), promise_side(d->new, c->new));

    json_object_set_new(o, "promise", string(d, c->text));
    json_array_append_new(list, o);
  }
  return list;
}

static json_t *findings(const struct side *s, const struct finding *const *at, uint32_t n) {
  json_t *list = json_array();

  for (uint32_t i = 0; i < n; i++)
    json_array_append_new(list, machine_finding(s->c, at[i]));
  return list;
}

void diff_json(struct text *out, const struct difference *d) {
  json_t *root = json_object(), *found = json_object();

  json_object_set_new(root, "format", json_string("cutc-diff/1"));
  json_object_set_new(root, "old", side(d, d->old));
  json_object_set_new(root, "new", side(d, d->new));
  json_object_set_new(root, "compared", json_boolean(d->orders));
  json_object_set_new(root, "steps", steps(d));
  json_object_set_new(root, "promises", promises(d));
  json_object_set_new(found, "new", findings(d->new, d->come.at, d->come.n));
  json_object_set_new(found, "waived", findings(d->new, d->waived.at, d->waived.n));
  json_object_set_new(found, "gone", findings(d->old, d->gone.at, d->gone.n));
  json_object_set_new(root, "findings", found);
  char *s = json_dumps(root, JSON_INDENT(2) | JSON_PRESERVE_ORDER);

  if (s) {
    text_puts(out, s);
    text_putc(out, '\n');
  }
  free(s);
  json_decref(root);
}
