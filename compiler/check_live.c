/* `cutc check --live`: a proven plan -> the same proof on what is really there, and what differs.
 * Needs a compiled plan with a proof. Guarantees that a finding which the plan as written does not have is marked as following from
 * what was seen, and from which value, where that value alone brings it. */
#include "check_live.h"

#include <string.h>

enum { ALONE_MOST = 8 /* values that are tried one by one */ };

static bool same(const struct finding *a, const struct finding *b) {
  return a->code == b->code && a->at.source == b->at.source && a->at.start == b->at.start && a->at.end == b->at.end && strcmp(a->message, b->message) == 0;
}

static bool has(const struct compilation *c, const struct finding *f) {
  for (uint32_t i = 0; i < c->findings.n; i++)
    if (same(c->findings.at[i], f)) return true;
  return false;
}

/* The look whose value alone brings a finding, NONE. */
static void blame(struct follow_list *follow, const struct compiled *before, const char *path, const struct live *l) {
  for (uint32_t i = 0; i < l->looks.n; i++) {
    if (!live_proved(l, i)) continue;
    struct seen_list one = {&l->looks.at[i].value, 1};
    struct compiled d = compile_seen(before, path, &one);

    for (uint32_t k = 0; k < follow->n; k++)
      if (follow->at[k].look == NONE && has(d.c, follow->at[k].finding)) follow->at[k].look = i;
    compilation_free(d.c);
  }
}

static struct follow_list follow(const struct compiled *before, const struct compiled *after, const char *path, const struct live *l, uint32_t differences) {
  struct follow_list list = {.broken = after->proof == NULL};
  struct compilation *c = after->c;

  list.at = arena_array(&c->arena, struct follows, (size_t)c->findings.n + 1);
  for (uint32_t i = 0; i < c->findings.n && !list.broken; i++)
    if (!has(before->c, c->findings.at[i])) list.at[list.n++] = (struct follows){c->findings.at[i], NONE};
  if (list.n > 0 && differences <= ALONE_MOST) blame(&list, before, path, l);
  return list;
}

/* Values that were looked at are no longer what a clean result rests on. */
static void looked_at(struct compiled *d, const struct live *l) {
  uint32_t kept = 0;

  for (uint32_t i = 0; d->proof != NULL && i < d->proof->rests.n; i++) {
    const struct attribute *a = &d->model->attributes.at[d->proof->rests.at[i].attribute];
    bool seen = false;

    for (uint32_t k = 0; k < l->looks.n && !seen; k++) {
      const struct look *x = &l->looks.at[k];

      seen = x->verdict != LOOK_UNKNOWN && x->resource == a->owner && strcmp(x->part, name_text(&d->c->names, a->name)) == 0;
    }
    if (!seen) d->proof->rests.at[kept++] = d->proof->rests.at[i];
  }
  if (d->proof != NULL) d->proof->rests.n = kept;
}

struct compiled check_live(struct compiled *written, const char *path, const struct outside *w, const struct live_options *o, struct live **live) {
  struct live *l = *live = live_ask(written->model, written->proof, w, o);
  struct seen_list seen = o->target ? (struct seen_list){0} : live_seen(l);
  struct compiled d = compile_seen(written, path, &seen);
  struct follow_list list = {0};

  if (seen.n > 0 && d.proof == NULL && live_leave_out(l, written->model)) { /* one such value is not to hide what the others bring */
    compilation_free(d.c);
    seen = live_seen(l);
    d = compile_seen(written, path, &seen);
  }
  if (seen.n > 0) list = follow(written, &d, path, l, seen.n);
  if (list.broken) { /* what is there fits no model: the plan as written is what can be shown */
    compilation_free(d.c);
    d = compile_seen(written, path, NULL);
  }
  word_live(d.c, d.model, l, &list, written->proof->total);
  looked_at(&d, l);
  compile_done(&d);
  return d;
}
