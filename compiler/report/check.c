/* A proof -> what `check` prints below the findings: the order, the timeline, and what the result rests on.
 * Needs the proof; asks it nothing but what it says. Guarantees lines that fit the width where words allow. */
#include "report/page.h"

#include "base/beside.h"

#include <string.h>

static void heading(const struct page *g, const char *s) {
  text_putc(g->out, '\n');
  page_styled(g, STYLE_BOLD, s);
  text_putc(g->out, '\n');
}

/* ── The search, for -v ────────────────────────────────────────────────────── */

enum { COUNTED_STEPS = 16 };

/* The orders of a component that `after`, chains and creations allow: sets of steps, each reached from those with one step less. */
static uint64_t orders_counted(const struct page *g, const uint32_t *steps, uint32_t n) {
  uint32_t behind[COUNTED_STEPS] = {0};
  uint64_t *orders = arena_array(&g->m->c->arena, uint64_t, (size_t)1 << n);

  for (uint32_t i = 0; i < n; i++)
    for (uint32_t k = 0; k < g->m->steps.at[steps[i]].after_count; k++)
      for (uint32_t j = 0; j < n; j++)
        if (j != i && steps[j] == g->m->steps.at[steps[i]].after[k])
          behind[i] |= UINT32_C(1) << j;
  orders[0] = 1;
  for (uint32_t set = 0; set < UINT32_C(1) << n; set++)
    for (uint32_t i = 0; i < n && orders[set]; i++)
      if (!(set >> i & 1) && (behind[i] & ~set) == 0)
        orders[set | UINT32_C(1) << i] += orders[set];
  return orders[(UINT32_C(1) << n) - 1];
}

/* How many orders a component has. */
static void orders(const struct page *g, const struct component *c) {
  uint32_t steps[COUNTED_STEPS], n = 0, all = 0;

  for (uint32_t k = c->first; k < c->first + c->count; k++)
    if (!g->m->steps.at[g->p->order.at[k]].wait && all++ < COUNTED_STEPS)
      steps[n++] = g->p->order.at[k];
  if (all > COUNTED_STEPS) {
    text_print(g->out, "orders of %u steps", all);
    return;
  }
  uint64_t counted = orders_counted(g, steps, n);
  text_print(g->out, "%llu order%s", (unsigned long long)counted, counted == 1 ? "" : "s");
}

static void search(const struct page *g) {
  heading(g, "search");
  for (uint32_t i = 0; i < g->p->components.n; i++) {
    const struct component *c = &g->p->components.at[i];

    text_puts(g->out, c->count == 1 ? "  step " : "  steps ");
    text_print(g->out, c->count == 1 ? "%u" : "%u-%u", c->first + 1, c->first + c->count);
    text_puts(g->out, ": ");
    orders(g, c);
    text_print(g->out, ", %llu state%s looked at, %llu kept, %s\n", (unsigned long long)c->looked_at, c->looked_at == 1 ? "" : "s", (unsigned long long)c->kept,
               c->exact ? "proven best" : "not proven best");
  }
}

/* ── The timeline ──────────────────────────────────────────────────────────── */

static const char *outage(const struct page *g, uint32_t promise) {
  const struct timeline *t = &g->p->timeline[promise];
  const struct promise *p = &g->m->promises.at[promise];
  struct arena *a = &g->m->c->arena;
  bool none = t->outage == 0 && !t->outage_open, up = timeline_at(t, g->p->order.n) == UP || timeline_at(t, g->p->order.n) == MAYBE;
  const char *text = none && !up && !g->p->order.n ? (timeline_at(t, 0) == DOWN ? "down" : "not known")
                     : none ? "no outage"
                     : t->outage_open && !t->outage ? "down, nobody knows how long" : arena_print(a, "down %s%s", words_time(a, t->outage), t->outage_open ? " or more" : "");

  if (!none && !up && g->p->order.n)
    text = arena_print(a, "%s, and at the end", text);
  if (p->hold == HOLD_FINALLY)
    return p->type == PROMISE_CONDITION ? (up ? "true at the end" : "false at the end") : up ? "up at the end" : "down at the end";
  if (p->hold == HOLD_AT_MOST)
    return arena_print(a, "%s, %s allowed", text, words_time(a, p->limit));
  return text;
}

/* Whether a promise is down while the k-th step runs. */
static bool broken(const struct timeline *t, uint32_t k) {
  return timeline_dark(t, k) == k;
}

static void chart(const struct page *g, const struct timeline *t, unsigned link) {
  for (uint32_t k = 0; k <= g->p->order.n; k++) {
    enum verdict now = timeline_at(t, k);
    bool up = now == UP;

    paint_style(g->out, up ? STYLE_GOOD : STYLE_ERROR, g->colour);
    text_puts(g->out, up ? "●" : now == DOWN ? "○" : now == MAYBE ? "◐" : "?");
    paint_style(g->out, STYLE_PLAIN, g->colour);
    if (k == g->p->order.n)
      break;
    paint_style(g->out, broken(t, k) ? STYLE_ERROR : STYLE_GOOD, g->colour);
    paint_repeat(g->out, broken(t, k) ? "·" : "─", link);
    paint_style(g->out, STYLE_PLAIN, g->colour);
  }
}

/* Milliseconds that have gone by in each state, -1 once nobody knows. */
static const int64_t *clock_of(const struct page *g) {
  uint32_t n = g->p->order.n;
  int64_t *clock = arena_array(&g->m->c->arena, int64_t, n + 1u);

  for (uint32_t k = 0; k < n; k++) {
    int64_t takes = g->m->steps.at[g->p->order.at[k]].takes;

    clock[k + 1] = clock[k] < 0 || takes < 0 ? -1 : clock[k] + takes;
  }
  return clock;
}

/* In words, for plans with more states than a line has columns. */
static void runs(const struct page *g, const struct timeline *t, const int64_t *clock) {
  uint32_t n = g->p->order.n;
  struct arena *a = &g->m->c->arena;

  for (uint32_t k = 0, end; k <= n; k = end) {
    enum verdict now = timeline_at(t, k);

    for (end = timeline_change(t, k); end <= n && timeline_at(t, end) == now;)
      end = timeline_change(t, end);
    if (end > n)
      end = n + 1;
    /* Down is from the start of the step on after which it is, and up from the end of one. */
    int64_t begins = k == 0 ? -1 : clock[now == UP ? k : k - 1];
    int64_t ends = end > n ? -1 : clock[now != UP && timeline_at(t, end) == UP ? end : end - 1];
    const char *from = begins < 0 ? "" : arena_print(a, " from %s", words_time(a, begins));
    const char *to = ends <= 0 ? "" : arena_print(a, " to %s", words_time(a, ends));

    text_puts(g->out, "      ");
    paint_wrap(g->out, arena_print(a, "%s %s%s%s%s", now == UP ? "up" : now == DOWN ? "down" : now == MAYBE ? "maybe down (caches)" : "unknown",
                                   words_states(g->m, g->p, k, end - 1), *from || *to ? "," : "", from, to), 8, g->width);
    text_putc(g->out, '\n');
  }
}

static bool has_maybe(const struct page *g) {
  for (uint32_t i = 0; i < g->m->promises.n; i++)
    if (g->p->timeline[i].maybes.n)
      return true;
  return false;
}

/* "1h 4m" as one word. */
static const char *clock_word(struct arena *a, int64_t time) {
  char *word = arena_print(a, "%s", words_time(a, time)), *to = word;

  for (const char *from = word; *from; from++)
    if (*from != ' ')
      *to++ = *from;
  *to = '\0';
  return word;
}

/* Under the numbers of the steps the time that has gone by after them, where there is room; "?" once nobody knows. */
static void clock_line(const struct page *g, unsigned indent, unsigned link) {
  struct text t = {.arena = &g->m->c->arena};
  uint32_t n = g->p->order.n;
  int64_t elapsed = 0;
  unsigned column = 0;
  bool known = true;

  for (uint32_t k = 0; k < n; k++) {
    int64_t takes = g->m->steps.at[g->p->order.at[k]].takes;
    unsigned at = (k + 1) * (link + 1);

    known = known && takes >= 0;
    elapsed += takes < 0 ? 0 : takes;
    const char *label = known ? clock_word(&g->m->c->arena, elapsed) : "?";
    bool last = k + 1 == n || !known;

    if (at < column || (!last && at + paint_width(label, strlen(label), 0) + 1 > n * (link + 1)))
      continue;
    paint_repeat(&t, " ", at - column);
    paint_puts(&t, label);
    text_putc(&t, ' ');
    column = at + paint_width(label, strlen(label), 0) + 1;
    if (!known)
      break;
  }
  if (!t.n)
    return;
  t.n--; /* the blank behind the last */
  text_print(g->out, "  %-*s", (int)indent - 2, "time");
  paint_style(g->out, STYLE_DIM, g->colour);
  text_print(g->out, "%.*s", (int)t.n, text_done(&t));
  paint_style(g->out, STYLE_PLAIN, g->colour);
  text_putc(g->out, '\n');
}

static void row(const struct page *g, uint32_t promise, unsigned texts, unsigned link) {
  const char *text = page_name(g, g->m->promises.at[promise].text);

  text_puts(g->out, "  ");
  if (texts) {
    page_cell(g->out, text, texts, false);
    text_puts(g->out, "  ");
  } else {
    paint_wrap(g->out, arena_print(&g->m->c->arena, "%s: %s", text, outage(g, promise)), 4, g->width);
    text_puts(g->out, "\n          ");
  }
  chart(g, &g->p->timeline[promise], link);
  if (texts)
    text_print(g->out, "  %s", outage(g, promise));
  text_putc(g->out, '\n');
}

/* One row per promise, or two where the line is too short for that; in words where it is too short for the chart. */
static void timeline(const struct page *g) {
  uint32_t n = g->p->order.n, count = g->m->promises.n;
  unsigned link = n < 100 ? 2 : 3, line = n * (link + 1) + 1, texts = 5, outages = 0;
  bool draws = n <= 200 && line + 11 <= g->width;

  if (!count)
    return;
  for (uint32_t i = 0; i < count; i++) {
    texts = page_widest(texts, page_name(g, g->m->promises.at[i].text));
    outages = page_widest(outages, outage(g, i));
  }
  if (texts + line + outages + 6 > g->width)
    texts = 0;
  heading(g, !draws ? "timeline" : has_maybe(g) ? "timeline (● up, ◐ maybe down: old answers in caches, ○ down)" : "timeline (● up, ○ down)");
  const int64_t *clock = draws ? NULL : clock_of(g);

  if (draws) {
    unsigned indent = texts ? texts + 4 : 10;

    text_print(g->out, "  %-*s", (int)indent - 2, "steps");
    for (uint32_t k = 0; k <= n; k++)
      text_print(g->out, "%-*u", k < n ? (int)link + 1 : 0, k);
    text_putc(g->out, '\n');
    clock_line(g, indent, link);
  }
  for (uint32_t i = 0; i < count; i++) {
    const struct timeline *t = &g->p->timeline[i];

    if (draws) {
      row(g, i, texts, link);
      continue;
    }
    text_puts(g->out, "  ");
    paint_puts(g->out, page_name(g, g->m->promises.at[i].text));
    text_print(g->out, "\n      %s\n", outage(g, i));
    runs(g, t, clock);
  }
}

/* ── What it rests on ──────────────────────────────────────────────────────── */

/* A value as written, with resources by their names. */
static void put_value(const struct page *g, struct text *out, const struct value *v) {
  if (v->type == V_RESOURCE && v->id < g->m->resources.n) {
    text_puts(out, page_name(g, g->m->resources.at[v->id].name));
  } else if (v->type == V_ZONE && v->id < g->m->zones.n) {
    text_puts(out, page_name(g, g->m->zones.at[v->id].name));
  } else if (v->type == V_SECRET && v->id < g->m->secrets.n) {
    text_print(out, "secret %s", page_name(g, g->m->secrets.at[v->id].name));
  } else if (v->type == V_MAP && v->count) {
    for (uint32_t i = 0; i < v->count; i++) {
      text_print(out, "%s%s = ", i ? ", " : "{ ", page_name(g, v->keys[i]));
      put_value(g, out, &v->items[i]);
    }
    text_puts(out, " }");
  } else if (v->type == V_LIST) {
    text_putc(out, '[');
    for (uint32_t i = 0; i < v->count; i++) {
      text_puts(out, i ? ", " : "");
      put_value(g, out, &v->items[i]);
    }
    text_putc(out, ']');
  } else {
    value_print(out, &g->m->c->names, v);
  }
}

static const char *attribute_words(const struct page *g, uint32_t attribute, uint32_t fact) {
  struct arena *a = &g->m->c->arena;

  if (attribute < g->m->attributes.n) {
    const struct attribute *x = &g->m->attributes.at[attribute];
    struct text value = {.arena = a};

    if (x->cases.n)
      put_value(g, &value, &x->cases.at[0].value);
    return arena_print(a, "`%s.%s` = %s", page_name(g, g->m->resources.at[x->owner].name), page_name(g, x->name), text_done(&value));
  }
  if (fact < g->m->facts.n)
    return arena_print(a, "what `%s` does", page_name(g, g->m->resources.at[fact_at(g->m, fact)->by].name));
  return "a value";
}

static void bullet(const struct page *g, const char *s, struct span at) {
  const char *place = page_where(g, at);

  text_puts(g->out, "  - ");
  unsigned column = paint_wrap(g->out, s, 4, g->width);
  if (*place) {
    text_puts(g->out, column + 2 + page_widest(0, place) <= g->width ? "  " : "\n    ");
    page_styled(g, STYLE_DIM, place);
  }
  text_putc(g->out, '\n');
}

static void values(const struct page *g) {
  uint32_t pairs = g->m->promises.n * (g->p->order.n + 1), shown = g->p->rests.n;

  if (!g->verbose && shown > 12)
    shown = 10;
  for (uint32_t i = 0; i < shown; i++) {
    const struct rest *r = &g->p->rests.at[i];
    const char *text = attribute_words(g, r->attribute, r->fact);
    struct span at = r->fact < g->m->facts.n ? fact_at(g->m, r->fact)->span : NOWHERE;

    if (r->weight)
      text = arena_print(&g->m->c->arena, "%s, which nobody has looked at: were it otherwise, %u of %u promised states could be down", text,
                         r->weight, pairs);
    else
      text = arena_print(&g->m->c->arena, "%s, which nobody has looked at", text);
    bullet(g, text, at);
  }
  if (shown < g->p->rests.n)
    text_print(g->out, "  - %u more values that nobody has looked at (-v lists them)\n", g->p->rests.n - shown);
}

/* The TTLs that a changing name has from its kind. */
static void ttls(const struct page *g) {
  uint32_t ttl = name_find(&g->m->c->names, "ttl", 3), last = NONE, n;
  const uint32_t *guarded = proof_guarded(g->p, &n);

  for (uint32_t i = 0; i < n; i++) {
    const struct fact *f = fact_at(g->m, guarded[i]);

    if (f->type != FACT_NAMES || f->guard == GUARD_ALWAYS || f->by == last || f->ttl == NONE)
      continue;
    const struct attribute *a = ttl == NONE ? NULL : attribute_find(g->m, f->by, ttl);

    if (!a || a->written)
      continue;
    last = f->by;
    bullet(g, arena_print(&g->m->c->arena, "the TTL of `%s`, taken to be %s", page_name(g, g->m->resources.at[f->by].name),
                          words_time(&g->m->c->arena, (int64_t)f->ttl * 1000)), f->span);
  }
}

/* The steps that a person does. */
static void by_hand(const struct page *g) {
  for (uint32_t i = 0; i < g->p->order.n; i++) {
    const struct step *s = &g->m->steps.at[g->p->order.at[i]];

    if (s->manual)
      bullet(g, arena_print(g->arena, "step %u (`%s`), which is done by hand", i + 1, page_name(g, s->name)), s->at);
  }
}

static void rests(const struct page *g, struct text *hands) {
  struct text list = {.arena = &g->m->c->arena};
  struct page inner = *g;
  struct compilation *c = g->m->c;

  inner.out = &list;
  values(&inner);
  for (uint32_t i = 0; i < c->findings.n; i++) {
    const struct finding *f = c->findings.at[i];

    if (f->code == CODE_225 && !f->waived)
      bullet(&inner, f->message, f->at);
  }
  text_add(&list, text_done(hands), hands->n);
  ttls(&inner);
  for (uint32_t i = 0; i < c->findings.n; i++) {
    const struct finding *f = c->findings.at[i];

    if (f->waived)
      bullet(&inner, arena_print(&c->arena, "a waiver of %s: %s", f->rule ? page_name(g, f->rule) : code_text(f->code), f->waived), f->at);
  }
  if (!list.n)
    return;
  heading(g, "this result rests on");
  text_add(g->out, text_done(&list), list.n);
}

/* ── All of it ─────────────────────────────────────────────────────────────── */

static bool rows(void *data) {
  page_order(data);
  return true;
}

/* The order, the timeline and, in a text of its own, what is done by hand: by two threads, since a long order takes as long as the rest. */
static void steps_and_states(const struct page *g, struct text *hands) {
  enum { WORTH = 1000 };
  struct arena own = {0};
  struct text order = {.arena = &own}, states = {.arena = g->arena};
  struct page other = *g, timelines = *g, list = *g;
  struct beside beside;
  bool two = beside_worth(g->p->order.n, WORTH);

  other.out = &order;
  other.arena = &own;
  timelines.out = &states;
  list.out = hands;
  if (two)
    beside_start(&beside, rows, &other);
  else
    page_order(g);
  timeline(&timelines);
  if (!g->m->c->errors)
    by_hand(&list);
  if (two) {
    beside_join(&beside);
    text_add(g->out, text_done(&order), order.n);
  }
  if (g->verbose && g->p->components.n)
    search(g);
  text_add(g->out, text_done(&states), states.n);
  arena_free(&own);
}

void report_check(struct text *out, struct model *m, const struct proof *p, bool colour, unsigned width, bool verbose) {
  struct compilation *c = m->c;
  struct page g = {out, m, p, &c->arena, colour, verbose, width};
  struct text hands = {.arena = &c->arena};

  if (p->order.n) {
    steps_and_states(&g, &hands);
  } else {
    text_puts(out, "nothing changes: there are no steps\n");
    if (verbose && p->components.n)
      search(&g);
    timeline(&g);
  }
  if (!c->errors)
    rests(&g, &hands);
  text_putc(out, '\n');
  if (c->errors)
    page_styled(&g, STYLE_ERROR, arena_print(&c->arena, "refused: %u error%s", c->errors, c->errors == 1 ? "" : "s"));
  else if (!p->order_holds)
    page_styled(&g, STYLE_WARNING, arena_print(&c->arena, "`%s` is not proven: what stands against it was waived", page_name(&g, m->plan)));
  else
    page_styled(&g, STYLE_GOOD, arena_print(&c->arena, "`%s` is proven: %u step%s, %u promise%s, each state forward and back", page_name(&g, m->plan),
                                       p->order.n, p->order.n == 1 ? "" : "s", m->promises.n, m->promises.n == 1 ? "" : "s"));
  text_putc(out, '\n');
}
