/* A proof -> the order as `check` prints it: a row for each step, with what is special about it.
 * Needs the proof's order. Guarantees lines that fit the width where words allow, and nothing of the compilation touched but read. */
#include "report/page.h"

#include <string.h>

void page_styled(const struct page *g, enum style style, const char *s) {
  paint_style(g->out, style, g->colour);
  paint_puts(g->out, s);
  paint_style(g->out, STYLE_PLAIN, g->colour);
}

void page_cell(struct text *out, const char *s, unsigned width, bool right) {
  size_t n = strlen(s);
  unsigned w = paint_width(s, n, 0);

  if (w > width) {
    while (n && (paint_width(s, n, 0) + 1 > width || ((unsigned char)s[n] & 0xc0) == 0x80))
      n--;
    paint_text(out, s, n, 0);
    text_puts(out, "…");
    return;
  }
  if (right)
    paint_repeat(out, " ", width - w);
  paint_text(out, s, n, 0);
  if (!right)
    paint_repeat(out, " ", width - w);
}

const char *page_where(const struct page *g, struct span at) {
  struct compilation *c = g->m->c;

  if (at.source >= c->sources.n)
    return "";
  return arena_print(g->arena, "%s:%u", c->sources.at[at.source].path, source_line_at(c, at.source, at.start));
}

unsigned page_widest(unsigned a, const char *s) {
  unsigned w = paint_width(s, strlen(s), 0);

  return w > a ? w : a;
}

/* ── The order ─────────────────────────────────────────────────────────────── */

/* What a step is, without the resource in front whose name its id has too; nothing when it is just the id. */
static const char *title(const struct page *g, const struct step *s) {
  const char *id = page_name(g, s->name), *text = page_name(g, s->title), *who = s->resource < g->m->resources.n ? page_name(g, g->m->resources.at[s->resource].name) : id;
  size_t n = strlen(who);

  if (strcmp(id, text) == 0)
    return "";
  return strncmp(text, who, n) == 0 && text[n] == ':' ? text + n + 1 + strspn(text + n + 1, " ") : text;
}

/* Where a step stands: its line in the plan's own file. 0: it is elsewhere, or nowhere. */
static uint32_t line_of(const struct page *g, struct span at) {
  return at.source != g->m->plan_at.source || at.source >= g->m->c->sources.n ? 0 : source_line_at(g->m->c, at.source, at.start);
}

static unsigned digits_of(uint64_t n) {
  unsigned digits = 1;

  for (; n >= 10; n /= 10)
    digits++;
  return digits;
}

static const char *time_of(const struct page *g, const struct step *s) {
  return s->takes < 0 ? "?" : words_time(g->arena, s->takes);
}

/* The columns of the table of steps. */
struct columns {
  unsigned number, ids, times, what, unknown;
  uint32_t *lines; /* by index in the order */
};

static struct columns columns_of(const struct page *g) {
  const struct proof *p = g->p;
  struct columns c = {.number = digits_of(p->order.n), .ids = 4, .times = 5, .lines = arena_array(g->arena, uint32_t, p->order.n + 1)};
  unsigned wheres = 0;
  uint32_t last = 0;

  for (uint32_t i = 0; i < p->order.n; i++) {
    const struct step *s = &g->m->steps.at[p->order.at[i]];

    c.ids = page_widest(c.ids, page_name(g, s->name));
    c.lines[i] = line_of(g, s->at);
    if (!c.lines[i])
      wheres = page_widest(wheres, page_where(g, s->at));
    if (c.lines[i] > last)
      last = c.lines[i];
    if (!i || s->takes != g->m->steps.at[p->order.at[i - 1]].takes)
      c.times = page_widest(c.times, time_of(g, s));
    c.unknown += s->takes < 0;
  }
  if (last && digits_of(last) + 5 > wheres)
    wheres = digits_of(last) + 5;
  c.ids = c.ids > 30 ? 30 : c.ids;
  unsigned fixed = c.number + c.ids + c.times + wheres + 10;

  c.what = g->width > fixed + 20 ? g->width - fixed : 20;
  return c;
}

static void remark(const struct page *g, unsigned indent, const char *s) {
  paint_repeat(g->out, " ", indent);
  paint_style(g->out, STYLE_DIM, g->colour);
  paint_wrap(g->out, s, indent, g->width);
  paint_style(g->out, STYLE_PLAIN, g->colour);
  text_putc(g->out, '\n');
}

static void step_remarks(const struct page *g, const struct step *s, unsigned indent) {
  struct arena *a = g->arena;

  if (s->manual)
    remark(g, indent, "by hand");
  if (s->disrupts_count)
    remark(g, indent, arena_print(a, "down meanwhile: %s", words_resources_in(a, g->m, s->disrupts, s->disrupts_count)));
  if (s->irreversible)
    remark(g, indent, arena_print(a, "no way back: %s", page_name(g, s->irreversible)));
  else if (s->undo_none)
    remark(g, indent, arena_print(a, "nothing to undo: %s", page_name(g, s->undo_none)));
  if (s->atomic)
    remark(g, indent, arena_print(a, "in one go: %s", page_name(g, s->atomic)));
}

/* How sure it is that there is no better order. */
static const char *verdict(const struct page *g) {
  uint64_t looked_at = 0;
  bool exact = true;

  for (uint32_t i = 0; i < g->p->components.n; i++) {
    looked_at += g->p->components.at[i].looked_at;
    exact &= g->p->components.at[i].exact;
  }
  return arena_print(g->arena, "%s; %llu state%s looked at",
                     !g->p->order_holds && !exact ? "no order was found that keeps everything: this one sets aside what the findings above name"
                     : !g->p->order_holds ? "no order keeps everything: this one sets aside what the findings above name"
                     : exact            ? "no order has a shorter outage"
                                        : "not proven best: too large to search exactly",
                     (unsigned long long)looked_at, looked_at == 1 ? "" : "s");
}

static void step_row(const struct page *g, const struct columns *c, uint32_t i) {
  const struct step *s = &g->m->steps.at[g->p->order.at[i]];
  const char *text = title(g, s);
  bool fits = paint_width(text, strlen(text), 0) <= c->what;
  unsigned indent = c->number + c->ids + 6;

  paint_repeat(g->out, " ", c->number + 2 - digits_of(i + 1));
  text_number(g->out, i + 1);
  text_puts(g->out, "  ");
  paint_style(g->out, STYLE_BOLD, g->colour);
  page_cell(g->out, page_name(g, s->name), c->ids, false);
  paint_style(g->out, STYLE_PLAIN, g->colour);
  text_puts(g->out, "  ");
  page_cell(g->out, fits ? text : "", c->what, false);
  text_puts(g->out, "  ");
  page_cell(g->out, time_of(g, s), c->times, true);
  text_puts(g->out, "  ");
  paint_style(g->out, STYLE_DIM, g->colour);
  if (c->lines[i]) {
    text_puts(g->out, "line ");
    text_number(g->out, c->lines[i]);
  } else {
    paint_puts(g->out, page_where(g, s->at));
  }
  paint_style(g->out, STYLE_PLAIN, g->colour);
  text_putc(g->out, '\n');
  if (!fits) {
    paint_repeat(g->out, " ", indent);
    paint_wrap(g->out, text, indent, g->width);
    text_putc(g->out, '\n');
  }
  step_remarks(g, s, indent);
}

void page_order(const struct page *g) {
  const struct proof *p = g->p;
  struct columns c = columns_of(g);
  const char *head = p->order_holds ? "order" : g->m->c->errors ? "order (refused)" : "order (waived)", *sure = verdict(g);

  page_styled(g, STYLE_BOLD, head);
  if (strlen(head) + strlen(sure) + 2 <= g->width) {
    text_print(g->out, ": %s\n", sure);
  } else {
    text_puts(g->out, ":\n  ");
    paint_wrap(g->out, sure, 2, g->width);
    text_putc(g->out, '\n');
  }
  for (uint32_t i = 0; i < p->order.n; i++)
    step_row(g, &c, i);
  text_print(g->out, "  all of it: %s", words_time(g->arena, p->total));
  if (c.unknown)
    text_print(g->out, " and what %u step%s without a known length take%s", c.unknown, c.unknown == 1 ? "" : "s", c.unknown == 1 ? "s" : "");
  text_putc(g->out, '\n');
}
