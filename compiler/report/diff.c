/* Two compiled plans -> what differs between them: steps, their order, outages, findings.
 * Needs both compilations, whole. Guarantees O(n log n) in steps and findings, and that a step or a finding is not called
 * new because another one was put in before it. */
#include "report/diff.h"
#include "report/machine.h"
#include "report/words.h"

#include <stdlib.h>
#include <string.h>

struct differing {
  struct difference *d;
  struct arena *a;
  struct listings *old, *new;
};

/* ── Called the same ───────────────────────────────────────────────────────── */

static const char *step_name(const struct side *s, uint32_t k) { return name_text(&s->c->names, s->m->steps.at[s->p->order.at[k]].name); }

const char *diff_step(const struct side *s, uint32_t k) {
  uint32_t next = k;

  while (next + 1 < s->p->order.n && s->m->steps.at[s->p->order.at[next]].wait)
    next++;
  return next == k ? step_name(s, k) : arena_print(&s->c->arena, "wait before `%s`", step_name(s, next));
}

const char *diff_verdict(const struct side *s) { return !s->p ? "not understood" : s->c->errors ? "refused" : "proven"; }

/* Things of both sides by what they are called: sorted, then joined. */
struct named { const char *name; uint32_t id, serial; };

static int by_name(const void *a, const void *b) {
  const struct named *x = a, *y = b;
  int order = strcmp(x->name, y->name);

  return order ? order : x->serial < y->serial ? -1 : x->serial > y->serial;
}

/* For each of the new ones the old one of the same name (the first with the first), NONE; `back` likewise. */
static void join(struct arena *a, const struct named *old, uint32_t olds, const struct named *new, uint32_t news, uint32_t *match,
                 uint32_t *back) {
  struct named *x = arena_array(a, struct named, olds + 1), *y = arena_array(a, struct named, news + 1);
  uint32_t i = 0, k = 0;

  if (olds)
    memcpy(x, old, olds * sizeof *x);
  if (news)
    memcpy(y, new, news * sizeof *y);
  qsort(x, olds, sizeof *x, by_name);
  qsort(y, news, sizeof *y, by_name);
  for (uint32_t n = 0; n < olds; n++)
    back[n] = NONE;
  for (uint32_t n = 0; n < news; n++)
    match[n] = NONE;
  while (i < olds && k < news) {
    int order = strcmp(x[i].name, y[k].name);

    if (order == 0) {
      match[y[k].id] = x[i].id;
      back[x[i].id] = y[k].id;
    }
    i += order <= 0;
    k += order >= 0;
  }
}

/* ── Steps ─────────────────────────────────────────────────────────────────── */

/* Without the lines that both begin and end with. */
static struct edit edit_of(struct command_lines x, struct command_lines y) {
  uint32_t from = 0, end = 0;

  while (from < x.lines.n && from < y.lines.n && strcmp(x.lines.at[from], y.lines.at[from]) == 0)
    from++;
  while (end < x.lines.n - from && end < y.lines.n - from && strcmp(x.lines.at[x.lines.n - 1 - end], y.lines.at[y.lines.n - 1 - end]) == 0)
    end++;
  return (struct edit){x.lines.n ? x.lines.at + from : NULL, x.lines.n - from - end, y.lines.n ? y.lines.at + from : NULL, y.lines.n - from - end};
}

/* Names of steps, resources or needs, as one text to compare. */
static const char *list(const struct side *s, const uint32_t *at, uint32_t n, bool steps) {
  struct text t = {.arena = &s->c->arena};

  for (uint32_t i = 0; i < n; i++)
    text_print(&t, "%s ", name_text(&s->c->names, steps ? s->m->steps.at[at[i]].name : s->m->resources.at[at[i]].name));
  return text_done(&t);
}

static void compare_step(struct differing *x, struct step_change *c) {
  static const uint8_t types[] = {[EDIT_DO] = BLOCK_DO, [EDIT_UNDO] = BLOCK_UNDO, [EDIT_VERIFY] = BLOCK_VERIFY};
  const struct side *o = x->d->old, *n = x->d->new;
  const struct step *a = &o->m->steps.at[o->p->order.at[c->old]], *b = &n->m->steps.at[n->p->order.at[c->new]];

  c->takes = a->takes != b->takes;
  if (a->wait)
    return;
  c->title = strcmp(name_text(&o->c->names, a->title), name_text(&n->c->names, b->title)) != 0;
  c->after = strcmp(list(o, a->after, a->after_count, true), list(n, b->after, b->after_count, true)) != 0;
  c->disrupts = strcmp(list(o, a->disrupts, a->disrupts_count, false), list(n, b->disrupts, b->disrupts_count, false)) != 0;
  c->final = (a->irreversible != 0) != (b->irreversible != 0);
  c->needs = a->needs_count != b->needs_count;
  for (uint32_t i = 0; i < a->needs_count && !c->needs; i++)
    c->needs = strcmp(words_need(o->m, &a->needs[i]), words_need(n->m, &b->needs[i])) != 0;
  for (unsigned i = 0; i < EDITS; i++)
    c->edits[i] = edit_of(script_listing(x->old, c->old, (enum block_type)types[i]), script_listing(x->new, c->new, (enum block_type)types[i]));
}

/* Which steps that both have change places: all but those of a longest run that keeps its sequence (Fredman, 1975). */
static void find_moved(struct differing *x) {
  struct difference *d = x->d;
  uint32_t n = d->steps.n, length = 0;
  uint32_t *tails = arena_array(x->a, uint32_t, n + 1), *before = arena_array(x->a, uint32_t, n + 1);

  for (uint32_t i = 0; i < n; i++) {
    struct step_change *c = &d->steps.at[i];
    uint32_t low = 0, high = length;

    if (c->old == NONE || c->new == NONE)
      continue;
    while (low < high) {
      uint32_t middle = (low + high) / 2;

      if (d->steps.at[tails[middle]].old < c->old)
        low = middle + 1;
      else
        high = middle;
    }
    before[i] = low ? tails[low - 1] : NONE;
    tails[low] = i;
    length += low == length;
    c->moved = true;
  }
  for (uint32_t i = length ? tails[length - 1] : NONE; i != NONE; i = before[i])
    d->steps.at[i].moved = false;
}

static struct named *step_names(struct differing *x, const struct side *s) {
  struct named *names = arena_array(x->a, struct named, s->p->order.n + 1);

  for (uint32_t k = 0; k < s->p->order.n; k++)
    names[k] = (struct named){diff_step(s, k), k, k};
  return names;
}

static void compare_steps(struct differing *x) {
  const struct side *o = x->d->old, *n = x->d->new;
  struct named *olds = step_names(x, o), *news = step_names(x, n);
  uint32_t *match = arena_array(x->a, uint32_t, n->p->order.n + 1), *back = arena_array(x->a, uint32_t, o->p->order.n + 1);

  join(x->a, olds, o->p->order.n, news, n->p->order.n, match, back);
  x->old = script_listings(o->m, o->p);
  x->new = script_listings(n->m, n->p);
  for (uint32_t k = 0; k < n->p->order.n; k++) {
    struct step_change c = {.id = news[k].name, .old = match[k], .new = k};

    if (c.old != NONE)
      compare_step(x, &c);
    array_push(x->a, &x->d->steps, c);
  }
  for (uint32_t k = 0; k < o->p->order.n; k++)
    if (back[k] == NONE)
      array_push(x->a, &x->d->steps, (struct step_change){.id = olds[k].name, .old = k, .new = NONE});
  find_moved(x);
}

/* ── Promises ──────────────────────────────────────────────────────────────── */

static bool outage_differs(const struct side *o, uint32_t i, const struct side *n, uint32_t k) {
  const struct promise *p = &o->m->promises.at[i], *q = &n->m->promises.at[k];
  const struct timeline *t = &o->p->timeline[i], *u = &n->p->timeline[k];

  return p->hold != q->hold || (p->hold == HOLD_AT_MOST && p->limit != q->limit) || t->outage != u->outage || t->outage_open != u->outage_open ||
         t->back != u->back || timeline_at(t, o->p->order.n) != timeline_at(u, n->p->order.n);
}

static struct named *promise_names(struct differing *x, const struct side *s) {
  struct named *names = arena_array(x->a, struct named, s->m->promises.n + 1);

  for (uint32_t i = 0; i < s->m->promises.n; i++)
    names[i] = (struct named){name_text(&s->c->names, s->m->promises.at[i].text), i, i};
  return names;
}

static void compare_promises(struct differing *x) {
  const struct side *o = x->d->old, *n = x->d->new;
  struct named *olds = promise_names(x, o), *news = promise_names(x, n);
  uint32_t *match = arena_array(x->a, uint32_t, n->m->promises.n + 1), *back = arena_array(x->a, uint32_t, o->m->promises.n + 1);

  join(x->a, olds, o->m->promises.n, news, n->m->promises.n, match, back);
  for (uint32_t k = 0; k < n->m->promises.n; k++) {
    bool differs = match[k] == NONE || outage_differs(o, match[k], n, k);

    array_push(x->a, &x->d->promises, (struct promise_change){news[k].name, match[k], k, differs});
  }
  for (uint32_t i = 0; i < o->m->promises.n; i++)
    if (back[i] == NONE)
      array_push(x->a, &x->d->promises, (struct promise_change){olds[i].name, i, NONE, true});
}

/* ── Findings ──────────────────────────────────────────────────────────────── */

/* What a finding says, without the numbers of steps: one step more in front of it makes no other finding of it. */
static const char *said(struct arena *a, const struct compilation *c, const struct finding *f) {
  static const char word[] = "step ";
  struct text t = {.arena = a};

  text_print(&t, "%u %s %s ", (unsigned)f->severity, finding_id(c, f), f->resource ? name_text(&c->names, f->resource) : "");
  for (const char *s = f->message; *s; s++) {
    text_putc(&t, *s);
    if (t.n >= sizeof word - 1 && strncmp(t.at + t.n - (sizeof word - 1), word, sizeof word - 1) == 0)
      s += strspn(s + 1, "0123456789");
  }
  return text_done(&t);
}

static struct named *finding_names(struct differing *x, const struct compilation *c) {
  struct named *names = arena_array(x->a, struct named, c->findings.n + 1);

  for (uint32_t i = 0; i < c->findings.n; i++)
    names[i] = (struct named){said(x->a, c, c->findings.at[i]), i, i};
  return names;
}

static void compare_findings(struct differing *x) {
  struct difference *d = x->d;
  const struct compilation *o = d->old->c, *n = d->new->c;
  uint32_t *match = arena_array(x->a, uint32_t, n->findings.n + 1), *back = arena_array(x->a, uint32_t, o->findings.n + 1);

  join(x->a, finding_names(x, o), o->findings.n, finding_names(x, n), n->findings.n, match, back);
  for (uint32_t i = 0; i < n->findings.n; i++) {
    const struct finding *f = n->findings.at[i], *was = match[i] == NONE ? NULL : o->findings.at[match[i]];

    if (f->waived && was && !was->waived)
      array_push(x->a, &d->waived, f);
    else if (!f->waived && (!was || was->waived))
      array_push(x->a, &d->come, f);
    else
      continue;
    d->errors += !f->waived && f->severity == SEV_ERROR;
    d->warnings += !f->waived && f->severity == SEV_WARNING;
  }
  for (uint32_t i = 0; i < o->findings.n; i++)
    if (back[i] == NONE && !o->findings.at[i]->waived)
      array_push(x->a, &d->gone, o->findings.at[i]);
}

struct difference *diff_make(const struct side *old, const struct side *new) {
  struct difference *d = arena_new(&new->c->arena, struct difference);
  struct differing x = {.d = d, .a = &new->c->arena};

  *d = (struct difference){.old = old, .new = new, .orders = old->p && new->p};
  if (d->orders) {
    compare_steps(&x);
    compare_promises(&x);
  }
  compare_findings(&x);
  return d;
}
