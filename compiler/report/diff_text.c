/* A difference of two plans as text: what was decided, then steps, promises and findings, each with + - or ~ in front.
 * Needs diff_make. Guarantees a last word also where nothing differs. */
#include "report/diff.h"
#include "report/machine.h"
#include "report/paint.h"
#include "report/words.h"

#include <string.h>

struct page {
  struct text *out;
  const struct difference *d;
  bool quiet, colour;
  unsigned width;
  bool any; /* something has been printed below the head */
};

enum { LINES_SHOWN = 12 };

static void styled(const struct page *g, enum style style, const char *s) {
  paint_style(g->out, style, g->colour);
  paint_puts(g->out, s);
  paint_style(g->out, STYLE_PLAIN, g->colour);
}

static void heading(struct page *g, const char *s) {
  text_putc(g->out, '\n');
  styled(g, STYLE_BOLD, s);
  text_putc(g->out, '\n');
  g->any = true;
}

/* "+ " in green, "- " in red, "~ " plain. */
static void sign(const struct page *g, char c) {
  char s[] = {c, ' ', 0};

  styled(g, c == '+' ? STYLE_GOOD : c == '-' ? STYLE_ERROR : STYLE_BOLD, s);
}

static void wrapped(const struct page *g, unsigned indent, const char *s) {
  paint_wrap(g->out, s, indent, g->width);
  text_putc(g->out, '\n');
}

/* ── The head ──────────────────────────────────────────────────────────────── */

static const char *verdict(const struct side *s) {
  struct arena *a = &s->c->arena;
  uint32_t n = s->c->errors;

  return n ? arena_print(a, "%s (%u error%s)", diff_verdict(s), n, n == 1 ? "" : "s") : diff_verdict(s);
}

static const char *whole(const struct side *s) {
  struct arena *a = &s->c->arena;
  uint32_t unknown = 0;

  for (uint32_t k = 0; k < s->p->order.n; k++)
    unknown += s->m->steps.at[s->p->order.at[k]].takes < 0;
  return unknown ? arena_print(a, "%s and %u step%s of unknown length", words_time(a, s->p->total), unknown, unknown == 1 ? "" : "s")
                 : words_time(a, s->p->total);
}

static const char *window(const struct side *s) { return s->m->window < 0 ? "none" : words_time(&s->c->arena, s->m->window); }

static void head(const struct page *g) {
  const struct side *o = g->d->old, *n = g->d->new;
  const char *was = verdict(o), *is = verdict(n);

  paint_puts(g->out, arena_print(&n->c->arena, "%s -> %s: ", o->path, n->path));
  if (strcmp(was, is) == 0)
    styled(g, STYLE_BOLD, arena_print(&n->c->arena, "%s, as before", is));
  else
    styled(g, STYLE_BOLD, arena_print(&n->c->arena, "%s, was %s", is, was));
  text_putc(g->out, '\n');
  if (!g->d->orders) {
    const char *which = !o->p && !n->p ? "neither plan has an order" : o->p ? "the new plan has no order" : "the old plan has no order";

    text_print(g->out, "  %s: only findings can be compared\n", which);
  } else if (strcmp(whole(o), whole(n)) != 0) {
    text_print(g->out, "  all of it: %s -> %s\n", whole(o), whole(n));
  }
  if (o->m && n->m && o->m->window != n->m->window)
    text_print(g->out, "  window: %s -> %s\n", window(o), window(n));
}

/* ── Steps ─────────────────────────────────────────────────────────────────── */

static const struct step *step_at(const struct side *s, uint32_t k) { return &s->m->steps.at[s->p->order.at[k]]; }

static const char *length(const struct side *s, const struct step *step) {
  return step->takes < 0 ? "no known length" : words_time(&s->c->arena, step->takes);
}

static const char *list(const struct side *s, const uint32_t *at, uint32_t n, bool steps) {
  struct text t = {.arena = &s->c->arena};

  if (!n)
    return "nothing";
  for (uint32_t i = 0; i < n; i++)
    text_print(&t, "%s`%s`", i ? ", " : "", name_text(&s->c->names, steps ? s->m->steps.at[at[i]].name : s->m->resources.at[at[i]].name));
  return text_done(&t);
}

static const char *needs(const struct side *s, const struct step *step) {
  struct text t = {.arena = &s->c->arena};

  if (!step->needs_count)
    return "nothing";
  for (uint32_t i = 0; i < step->needs_count; i++)
    text_print(&t, "%s%s", i ? ", " : "", words_need(s->m, &step->needs[i]));
  return text_done(&t);
}

/* What has an arrow of its own stands in its words. */
static void became(const struct page *g, const char *what, const char *was, const char *is) {
  bool arrows = strstr(was, " -> ") || strstr(is, " -> ");
  text_puts(g->out, "         ");
  wrapped(g, 9, arena_print(&g->d->new->c->arena, arrows ? "%s: %s, in place of %s" : "%s: %s -> %s", what, arrows ? is : was, arrows ? was : is));
}

/* Of a line wider than the page what differs from its counterpart, with some of what stands around it. */
static const char *excerpt(const struct page *g, const char *s, const char *other) {
  enum { AROUND = 24, INDENT = 13 };
  size_t n = strlen(s), m = strlen(other), same = 0, end = 0;

  if (g->width <= INDENT || n <= g->width - INDENT)
    return s;
  while (same < n && same < m && s[same] == other[same])
    same++;
  while (end < n - same && end < m - same && s[n - 1 - end] == other[m - 1 - end])
    end++;
  size_t from = same > AROUND ? same - AROUND : 0, to = n - end + AROUND < n ? n - end + AROUND : n;
  while (from > 0 && from < same && s[from - 1] != ' ')
    from++;
  while (to < n && to > n - end && s[to] != ' ')
    to--;
  while (from > 0 && ((unsigned char)s[from] & 0xc0) == 0x80)
    from--;
  while (to < n && ((unsigned char)s[to] & 0xc0) == 0x80)
    to++;
  return arena_print(&g->d->new->c->arena, "%s%.*s%s", from ? "… " : "", (int)(to - from), s + from, to < n ? " …" : "");
}

/* `other`: the lines that stand in their place in the other plan; NULL when there are more of them, or fewer. */
static void lines(const struct page *g, char c, const char *const *at, uint32_t n, const char *const *other) {
  for (uint32_t i = 0; i < n && i < LINES_SHOWN; i++) {
    text_puts(g->out, "           ");
    sign(g, c);
    paint_puts(g->out, other ? excerpt(g, at[i], other[i]) : at[i]);
    text_putc(g->out, '\n');
  }
  if (n > LINES_SHOWN)
    text_print(g->out, "           %c %u more line%s\n", c, n - LINES_SHOWN, n - LINES_SHOWN == 1 ? "" : "s");
}

static void edits(const struct page *g, const struct step_change *c) {
  static const char *const words[] = {[EDIT_DO] = "do", [EDIT_UNDO] = "undo", [EDIT_VERIFY] = "verify"};

  for (unsigned i = 0; i < EDITS; i++) {
    const struct edit *e = &c->edits[i];

    if (!e->old_count && !e->new_count)
      continue;
    text_print(g->out, "         %s:\n", words[i]);
    bool paired = e->old_count == e->new_count;
    lines(g, '-', e->old, e->old_count, paired ? e->new : NULL);
    lines(g, '+', e->new, e->new_count, paired ? e->old : NULL);
  }
}

static bool changed(const struct step_change *c) {
  bool any = c->title || c->takes || c->needs || c->after || c->disrupts || c->final;

  for (unsigned i = 0; i < EDITS; i++)
    any = any || c->edits[i].old_count || c->edits[i].new_count;
  return any;
}

static void step_head(const struct page *g, char c, const char *id, const struct side *s, uint32_t k) {
  text_puts(g->out, "  ");
  sign(g, c);
  text_print(g->out, "%3u  ", k + 1);
  styled(g, STYLE_BOLD, id);
  if (c != '~') {
    const struct step *step = step_at(s, k);
    const char *title = name_text(&s->c->names, step->title), *of = strchr(title, ':');

    if (!step->wait && of && !strchr(id, ' '))
      paint_puts(g->out, of);
    text_print(g->out, ", %s", length(s, step));
  }
  text_putc(g->out, '\n');
}

static void step_body(const struct page *g, const struct step_change *c) {
  const struct side *o = g->d->old, *n = g->d->new;
  const struct step *a = step_at(o, c->old), *b = step_at(n, c->new);

  if (c->title)
    became(g, "is", name_text(&o->c->names, a->title), name_text(&n->c->names, b->title));
  if (c->takes)
    became(g, "takes", length(o, a), length(n, b));
  if (c->after)
    became(g, "comes after", list(o, a->after, a->after_count, true), list(n, b->after, b->after_count, true));
  if (c->needs)
    became(g, "needs", needs(o, a), needs(n, b));
  if (c->disrupts)
    became(g, "takes down meanwhile", list(o, a->disrupts, a->disrupts_count, false), list(n, b->disrupts, b->disrupts_count, false));
  if (c->final)
    became(g, "way back", a->irreversible ? "none" : "yes", b->irreversible ? "none" : "yes");
  edits(g, c);
}

static const char *behind(const struct side *s, uint32_t k) {
  return k ? arena_print(&s->c->arena, "after `%s`", name_text(&s->c->names, step_at(s, k - 1)->name)) : "first";
}

static void steps(struct page *g) {
  const struct difference *d = g->d;
  uint32_t come = 0, gone = 0, moved = 0, other = 0;

  for (uint32_t i = 0; i < d->steps.n; i++) {
    const struct step_change *c = &d->steps.at[i];
    bool both = c->old != NONE && c->new != NONE;

    come += c->old == NONE;
    gone += c->new == NONE;
    moved += both && c->moved;
    other += both && changed(c);
  }
  if (!(come || gone || moved || other))
    return;
  heading(g, arena_print(&d->new->c->arena, "steps: %u added, %u removed, %u changed, %u moved", come, gone, other, moved));
  for (uint32_t i = 0; i < d->steps.n; i++) {
    const struct step_change *c = &d->steps.at[i];

    if (c->old == NONE) {
      step_head(g, '+', c->id, d->new, c->new);
    } else if (c->new == NONE) {
      step_head(g, '-', c->id, d->old, c->old);
    } else if (c->moved || changed(c)) {
      step_head(g, '~', c->id, d->new, c->new);
      if (c->moved)
        became(g, "place in the order", behind(d->old, c->old), behind(d->new, c->new));
      step_body(g, c);
    }
  }
}

/* ── Promises ──────────────────────────────────────────────────────────────── */

static const char *outage(const struct side *s, uint32_t i) {
  const struct promise *p = &s->m->promises.at[i];
  const struct timeline *t = &s->p->timeline[i];
  struct arena *a = &s->c->arena;
  bool end = timeline_at(t, s->p->order.n) == UP || timeline_at(t, s->p->order.n) == MAYBE;
  const char *down = !t->outage && !t->outage_open ? "no outage"
                     : !t->outage                  ? "down, nobody knows how long"
                                                   : arena_print(a, "down %s%s", words_time(a, t->outage), t->outage_open ? " or more" : "");
  const char *held = p->hold == HOLD_ALWAYS    ? "always"
                     : p->hold == HOLD_FINALLY ? "finally"
                                               : arena_print(a, "%s allowed", words_time(a, p->limit));

  if (p->hold == HOLD_FINALLY)
    down = end ? "up at the end" : "down at the end";
  else if (!end)
    down = arena_print(a, "%s, and at the end", down);
  if (t->back)
    down = arena_print(a, "%s, %s on the way back", down, words_time(a, t->back));
  return arena_print(a, "%s (%s)", down, held);
}

static void promises(struct page *g) {
  const struct difference *d = g->d;
  bool any = false;

  for (uint32_t i = 0; i < d->promises.n; i++) {
    const struct promise_change *c = &d->promises.at[i];

    if (!c->differs)
      continue;
    if (!any)
      heading(g, "promises");
    any = true;
    text_puts(g->out, "  ");
    sign(g, c->old == NONE ? '+' : c->new == NONE ? '-' : '~');
    paint_puts(g->out, c->text);
    text_puts(g->out, "\n         ");
    if (c->old == NONE || c->new == NONE)
      wrapped(g, 9, c->old == NONE ? outage(d->new, c->new) : outage(d->old, c->old));
    else
      wrapped(g, 9, arena_print(&d->new->c->arena, "%s -> %s", outage(d->old, c->old), outage(d->new, c->new)));
  }
}

/* ── Findings ──────────────────────────────────────────────────────────────── */

static void finding(const struct page *g, char c, const struct side *s, const struct finding *f) {
  struct arena *a = &s->c->arena;
  const char *place = "";

  if (f->at.source < s->c->sources.n)
    place = arena_print(a, "  %s:%u", s->c->sources.at[f->at.source].path, source_place(s->c, f->at.source, f->at.start).line);
  text_puts(g->out, "  ");
  sign(g, c);
  wrapped(g, 4, arena_print(a, "%s[%s]: %s%s%s%s", severity_text(f->severity), finding_id(s->c, f), f->message, f->waived ? ", waived: " : "",
                            f->waived ? f->waived : "", place));
}

static void findings(struct page *g) {
  const struct difference *d = g->d;
  bool any = false;
  const struct { const struct finding *const *at; uint32_t n; char sign; const struct side *of; } lists[] = {
      {d->come.at, d->come.n, '+', d->new}, {d->waived.at, d->waived.n, '~', d->new}, {d->gone.at, d->gone.n, '-', d->old}};

  for (unsigned i = 0; i < sizeof lists / sizeof *lists; i++)
    for (uint32_t k = 0; k < lists[i].n; k++) {
      if (g->quiet && lists[i].at[k]->severity == SEV_NOTE)
        continue;
      if (!any)
        heading(g, "findings");
      any = true;
      finding(g, lists[i].sign, lists[i].of, lists[i].at[k]);
    }
}

void diff_text(struct text *out, const struct difference *d, bool quiet, bool colour, unsigned width) {
  struct page g = {out, d, quiet, colour, width, false};

  head(&g);
  if (d->orders) {
    steps(&g);
    promises(&g);
  }
  findings(&g);
  if (!g.any)
    text_puts(out, d->orders ? "\nno difference in steps, order, outages and findings\n" : "\nno difference in findings\n");
}

bool report_diff(struct text *out, const struct side *old, const struct side *new, enum format format, bool quiet, bool warnings,
                 bool colour, unsigned width) {
  const struct difference *d = diff_make(old, new);

  if (format == FORMAT_JSON)
    diff_json(out, d);
  else
    diff_text(out, d, quiet, colour, width);
  return d->errors || (warnings && d->warnings);
}
