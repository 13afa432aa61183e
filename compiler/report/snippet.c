/* The places of a finding -> excerpts of the source with carets and labels.
 * Needs spans that may be empty, beyond the end, over several lines or the same twice. Guarantees that a mark stands
 * under what it marks, whatever the width of the characters before it, and that no line grows past what a terminal shows. */
#include "report/snippet.h"

#include <stdlib.h>
#include <string.h>

#define LONGEST 120u /* columns of source shown of a line */
#define BEFORE 30u   /* of these, before the first mark of a line that was cut */

/* A part of one line that is marked. */
struct mark {
  uint32_t source, line, start, end; /* bytes of the line: [start, end) */
  const char *label;                 /* NULL: a line in the midst of a span */
  bool first;                        /* of the finding's own place */
  uint32_t serial;
};
struct marks {
  ARRAY(struct mark) list;
};

/* ── Spans to marks ────────────────────────────────────────────────────────── */

static const char *line_text(struct compilation *c, uint32_t source, uint32_t line, uint32_t *length) {
  const struct source *s = &c->sources.at[source];
  uint32_t start = source_line(c, source, line);
  const char *stop = memchr(s->text + start, '\n', s->length - start);
  uint32_t end = stop ? (uint32_t)(stop - s->text) : s->length;

  if (end > start && s->text[end - 1] == '\r')
    end--;
  *length = end - start;
  return s->text + start;
}

/* Line and column within the text that there is, which may be an excerpt. */
static struct place inside(struct compilation *c, uint32_t source, uint32_t offset) {
  struct place p = source_place(c, source, offset);
  const struct source *s = &c->sources.at[source];

  p.line -= s->line;
  p.column -= p.line == 1 ? s->column : 0;
  return p;
}

static void add(struct compilation *c, struct marks *m, struct span at, const char *label, bool first) {
  struct arena *a = &c->arena;

  if (at.source >= c->sources.n)
    return;
  struct place from = inside(c, at.source, at.start);
  struct place to = inside(c, at.source, at.end > at.start ? at.end - 1 : at.start);

  for (uint32_t line = from.line; line <= to.line; line++) {
    uint32_t length, start, end;
    const char *text = line_text(c, at.source, line, &length);

    /* Of a long span the first two lines and the last are shown. */
    if (line > from.line + 1 && line < to.line)
      continue;
    start = line == from.line ? from.column - 1 : (uint32_t)strspn(text, " \t");
    end = line == to.line ? to.column : length;
    if (at.end <= at.start)
      end = start;
    if (start > length)
      start = length;
    if (end > length)
      end = length;
    if (line != from.line && end <= start && line != to.line)
      continue;
    struct mark mark = {at.source, line, start, end, line == to.line ? label : NULL, first, m->list.n};

    array_push(a, &m->list, mark);
  }
}

static int compare(uint32_t a, uint32_t b) {
  return (a > b) - (a < b);
}

static int by_place(const void *x, const void *y) {
  const struct mark *a = x, *b = y;
  int d = compare(a->source, b->source);

  d = d ? d : compare(a->line, b->line);
  d = d ? d : compare(a->start, b->start);
  d = d ? d : compare(b->first, a->first);
  d = d ? d : compare(a->end, b->end);
  return d ? d : compare(a->serial, b->serial);
}

/* ── One line ──────────────────────────────────────────────────────────────── */

static void gutter(struct text *out, unsigned width, uint32_t line, bool colour) {
  paint_style(out, STYLE_GUTTER, colour);
  if (line)
    text_print(out, "%*u |", (int)width, line);
  else
    text_print(out, "%*s |", (int)width, "");
  paint_style(out, STYLE_PLAIN, colour);
}

/* Which bytes of a line are shown: all of them, or a window around its marks. */
static void window(const char *text, uint32_t length, const struct mark *marks, uint32_t n, uint32_t *from, uint32_t *to) {
  uint32_t last = 0;

  *from = 0;
  *to = length;
  if (length <= 4 * LONGEST && paint_width(text, length, 0) <= LONGEST)
    return;
  for (uint32_t i = 0; i < n; i++)
    if (marks[i].end > last)
      last = marks[i].end;
  if (marks[0].start > BEFORE && (last > 4 * LONGEST || paint_width(text, last, 0) >= LONGEST))
    *from = marks[0].start - BEFORE;
  /* Near the end of a line there is room for more of what comes before. */
  while (*from && length - *from < 4 * LONGEST && paint_width(text + *from, length - *from, 0) < LONGEST - 2)
    (*from)--;
  while (*from && ((unsigned char)text[*from] & 0xc0) == 0x80)
    (*from)--;
  unsigned columns = 0;

  for (*to = *from; *to < length && columns < LONGEST && *to - *from < 4 * LONGEST;) {
    uint32_t next = *to + 1;

    while (next < length && ((unsigned char)text[next] & 0xc0) == 0x80 && next - *to < 4)
      next++;
    columns += paint_width(text + *to, next - *to, columns);
    *to = next;
  }
}

/* Where the marks of one line stand, in columns. */
struct column {
  unsigned start, end;
  const struct mark *mark;
};

static void place(const char *text, uint32_t from, uint32_t to, const struct mark *marks, uint32_t n, struct column *columns) {
  unsigned shift = from ? 1 : 0;

  for (uint32_t i = 0; i < n; i++) {
    uint32_t start = marks[i].start < from ? from : marks[i].start > to ? to : marks[i].start;
    uint32_t end = marks[i].end < start ? start : marks[i].end > to ? to : marks[i].end;
    unsigned a = paint_width(text + from, start - from, shift) + shift;
    unsigned b = paint_width(text + from, end - from, shift) + shift;

    columns[i] = (struct column){a, b > a ? b : a + 1, &marks[i]};
  }
}

static void put_marks(struct text *out, const struct column *columns, uint32_t n, enum style style, bool colour) {
  unsigned width = 0;

  for (uint32_t i = 0; i < n; i++)
    if (columns[i].end > width)
      width = columns[i].end;
  /* The finding's own place is drawn over the others. */
  char *line = arena_alloc(out->arena, width + 1, 1);

  memset(line, ' ', width);
  for (int own = 0; own < 2; own++)
    for (uint32_t i = 0; i < n; i++)
      if (columns[i].mark->first == (own == 1))
        memset(line + columns[i].start, own ? '^' : '-', columns[i].end - columns[i].start);
  for (unsigned i = 0; i < width;) {
    unsigned run = (unsigned)strspn(line + i, (char[]){line[i], 0});

    if (line[i] != ' ')
      paint_style(out, line[i] == '^' ? style : STYLE_GUTTER, colour);
    text_add(out, line + i, run);
    if (line[i] != ' ')
      paint_style(out, STYLE_PLAIN, colour);
    i += run;
  }
}

static void put_label(struct text *out, const struct mark *mark, enum style style, bool colour) {
  paint_style(out, mark->first ? style : STYLE_GUTTER, colour);
  paint_puts(out, mark->label);
  paint_style(out, STYLE_PLAIN, colour);
}

static bool labelled(const struct mark *m) {
  return m->label && *m->label;
}

/* The labels of a line: the rightmost beside its mark when nothing is to the right of it, the others each on a line of its
 * own, from right to left, under bars that lead down from their marks. */
static void put_labels(struct text *out, const struct column *columns, uint32_t n, unsigned width, enum style style, bool colour) {
  uint32_t left = n;

  if (n && labelled(columns[n - 1].mark)) {
    bool last = true;

    for (uint32_t i = 0; i + 1 < n; i++)
      last &= columns[i].end <= columns[n - 1].end;
    if (last) {
      text_putc(out, ' ');
      put_label(out, columns[n - 1].mark, style, colour);
      left--;
    }
  }
  text_putc(out, '\n');
  for (uint32_t i = left; i-- > 0;) {
    if (!labelled(columns[i].mark))
      continue;
    unsigned column = 0;

    gutter(out, width, 0, colour);
    text_putc(out, ' ');
    for (uint32_t j = 0; j < i; j++) {
      if (!labelled(columns[j].mark) || columns[j].start < column || columns[j].start >= columns[i].start)
        continue;
      paint_repeat(out, " ", columns[j].start - column);
      paint_style(out, columns[j].mark->first ? style : STYLE_GUTTER, colour);
      text_putc(out, '|');
      paint_style(out, STYLE_PLAIN, colour);
      column = columns[j].start + 1;
    }
    paint_repeat(out, " ", columns[i].start > column ? columns[i].start - column : 0);
    put_label(out, columns[i].mark, style, colour);
    text_putc(out, '\n');
  }
}

static void put_line(struct text *out, struct compilation *c, const struct mark *marks, uint32_t n, unsigned width, enum style style, bool colour) {
  uint32_t length, from, to;
  const char *text = line_text(c, marks->source, marks->line, &length);
  struct column *columns = arena_array(out->arena, struct column, n);

  window(text, length, marks, n, &from, &to);
  gutter(out, width, marks->line + c->sources.at[marks->source].line, colour);
  if (to > from) {
    text_putc(out, ' ');
    if (from)
      text_puts(out, "…");
    paint_text(out, text + from, to - from, from ? 1 : 0);
    if (to < length)
      text_puts(out, "…");
  }
  text_putc(out, '\n');
  gutter(out, width, 0, colour);
  text_putc(out, ' ');
  place(text, from, to, marks, n, columns);
  put_marks(out, columns, n, style, colour);
  put_labels(out, columns, n, width, style, colour);
}

/* ── All of it ─────────────────────────────────────────────────────────────── */

static void arrow(struct text *out, struct compilation *c, unsigned width, struct span at, bool colour) {
  struct place p = source_place(c, at.source, at.start);

  paint_repeat(out, " ", width);
  paint_style(out, STYLE_GUTTER, colour);
  text_puts(out, "-->");
  paint_style(out, STYLE_PLAIN, colour);
  text_putc(out, ' ');
  paint_puts(out, c->sources.at[at.source].path);
  text_print(out, ":%u:%u\n", p.line, p.column);
}

/* The lines of one source. */
static void put_source(struct text *out, struct compilation *c, const struct mark *marks, uint32_t n, unsigned width, enum style style, bool colour) {
  uint32_t before = 0;

  gutter(out, width, 0, colour);
  text_putc(out, '\n');
  for (uint32_t i = 0, m; i < n; i += m) {
    for (m = 1; i + m < n && marks[i + m].line == marks[i].line;)
      m++;
    if (before && marks[i].line > before + 1) {
      paint_style(out, STYLE_GUTTER, colour);
      text_print(out, "%*s …\n", (int)width, "");
      paint_style(out, STYLE_PLAIN, colour);
    }
    put_line(out, c, marks + i, m, width, style, colour);
    before = marks[i].line;
  }
}

unsigned snippet_print(struct text *out, struct compilation *c, const struct finding *f, enum style style, bool colour) {
  struct marks marks = {0};
  unsigned width = 1;
  uint32_t last = 0;

  add(c, &marks, f->at, f->label ? f->label : "", true);
  for (uint32_t i = 0; i < f->labels.n; i++)
    add(c, &marks, f->labels.at[i].at, f->labels.at[i].text, false);
  struct mark *at = marks.list.at;
  uint32_t n = marks.list.n;

  if (!n)
    return width;
  qsort(at, n, sizeof *at, by_place);
  for (uint32_t i = 0; i < n; i++)
    if (at[i].line + c->sources.at[at[i].source].line > last)
      last = at[i].line + c->sources.at[at[i].source].line;
  for (; last >= 10; last /= 10)
    width++;
  uint32_t own = f->at.source < c->sources.n ? f->at.source : at[0].source;

  for (int turn = 0; turn < 2; turn++)
    for (uint32_t i = 0, m; i < n; i += m) {
      for (m = 1; i + m < n && at[i + m].source == at[i].source;)
        m++;
      if ((at[i].source == own) != (turn == 0))
        continue;
      struct span first = {at[i].source, source_line(c, at[i].source, at[i].line) + at[i].start, 0};

      if (turn) {
        gutter(out, width, 0, colour);
        text_putc(out, '\n');
      }
      arrow(out, c, width, turn == 0 && f->at.source == own ? f->at : first, colour);
      put_source(out, c, at + i, m, width, style, colour);
    }
  return width;
}
