/* One state of a plan, or what differs between two -> a graph for Graphviz.
 * Needs the proof's order. Guarantees that every text is escaped for DOT, and nodes and edges in the order of the model.
 * Nodes are resources, and the addresses and names by which they are found; edges are facts. */
#include "report/paint.h"
#include "report/report.h"
#include "report/words.h"

#include <stdlib.h>
#include <string.h>

enum { LABELS = 8 /* of parallel edges */ };

struct edge {
  char from_type, to_type; /* 'r', 'h' */
  uint32_t from, to;
  bool before, after;
  const char *label, *style;
  uint32_t place; /* among all, as they came */
};

struct graph {
  struct text *out;
  struct model *m;
  const bool *before, *after;       /* which steps are done in the two states (the same flags for one state) */
  const bool *up_before, *up_after; /* which resources are up */
  bool *drawn;                      /* resources that stand in the graph */
  struct names hosts;               /* texts of the address and name nodes; id 0 is none */
  ARRAY(const char *) patterns;     /* the hosts that are patterns, without "*" */
  ARRAY(struct edge) edges;
};

static const char *name(const struct graph *g, uint32_t id) {
  return name_text(&g->m->c->names, id);
}

/* A text inside double quotes. */
static void quoted(struct graph *g, const char *s) {
  struct text clean = {.arena = &g->m->c->arena};

  paint_puts(&clean, s);
  for (const char *p = text_done(&clean); *p; p++) {
    if (*p == '"' || *p == '\\')
      text_putc(g->out, '\\');
    text_putc(g->out, *p);
  }
}

/* ── States ────────────────────────────────────────────────────────────────── */

static bool find_state(struct model *m, const struct proof *p, const char *word, uint32_t *state, const char **why) {
  char *end;

  if (strcmp(word, "baseline") == 0 || strcmp(word, "target") == 0) {
    *state = *word == 'b' ? 0 : p->order.n;
    return true;
  }
  unsigned long number = strtoul(word, &end, 10);

  if (*word >= '0' && *word <= '9' && !*end && number <= p->order.n) {
    *state = (uint32_t)number;
    return true;
  }
  const char **words = arena_array(&m->c->arena, const char *, p->order.n + 2);

  for (uint32_t i = 0; i < p->order.n; i++) {
    words[i] = name_text(&m->c->names, m->steps.at[p->order.at[i]].name);
    if (strcmp(words[i], word) == 0) {
      *state = i + 1;
      return true;
    }
  }
  words[p->order.n] = "baseline";
  words[p->order.n + 1] = "target";
  uint32_t best = nearest(word, words, p->order.n + 2);

  *why = arena_print(&m->c->arena, "there is no state `%s`: it is baseline, target, a number of steps from 0 to %u, or a step's id%s%s%s", word,
                     p->order.n, best == NONE ? "" : "; did you mean `", best == NONE ? "" : words[best], best == NONE ? "" : "`?");
  return false;
}

/* ── Nodes ─────────────────────────────────────────────────────────────────── */

static const char *colour_of(bool before, bool after) {
  return before && after ? "gray30" : before ? "red3" : "green4";
}

static void resource_node(struct graph *g, uint32_t r) {
  const struct resource *x = &g->m->resources.at[r];
  bool up = g->up_after[r], same = g->up_before[r] == up;

  if (g->drawn[r])
    return;
  g->drawn[r] = true;
  text_print(g->out, "  r%u [shape=box, style=\"rounded,filled\", fillcolor=\"%s\", label=\"", r,
             up && same ? "white" : up ? "palegreen" : same ? "mistyrose" : "lightcoral");
  quoted(g, name(g, x->name));
  text_puts(g->out, "\\n");
  quoted(g, name(g, x->kind));
  text_print(g->out, "%s\"];\n", up ? "" : "\\n(down)");
}

/* The node of an address or a name, declared when it is new. Id 0 is no host. */
static uint32_t host_node(struct graph *g, const struct host *host) {
  if (host->type == HOST_NONE)
    return 0;
  const char *text = words_host(g->m, host);
  uint32_t count = g->hosts.texts.n, id = name_str(&g->hosts, text);

  if (g->hosts.texts.n == count || (count == 0 && !id))
    return id;
  text_print(g->out, "  h%u [shape=plaintext, fontname=\"monospace\", label=\"", id);
  quoted(g, text);
  text_puts(g->out, "\"];\n");
  if (host->type == HOST_PATTERN)
    array_push(g->out->arena, &g->patterns, text + 1);
  return id;
}

/* ── Edges ─────────────────────────────────────────────────────────────────── */

static void put_edge(struct graph *g, const struct edge *e) {
  array_push(g->out->arena, &g->edges, *e);
  g->edges.at[g->edges.n - 1].place = g->edges.n;
}

#define COMPARE(x, y) if ((x) != (y)) return (x) < (y) ? -1 : 1

/* Parallel ones beside each other, and equal labels among these. */
static int by_ends(const void *x, const void *y) {
  const struct edge *a = x, *b = y;
  COMPARE(a->from_type, b->from_type);
  COMPARE(a->from, b->from);
  COMPARE(a->to_type, b->to_type);
  COMPARE(a->to, b->to);
  COMPARE(a->before, b->before);
  COMPARE(a->after, b->after);
  int order = strcmp(a->style, b->style);
  if (!order)
    COMPARE(a->place, b->place);
  return order;
}

static bool parallel(const struct edge *a, const struct edge *b) {
  return a->from_type == b->from_type && a->from == b->from && a->to_type == b->to_type && a->to == b->to && a->before == b->before &&
         a->after == b->after && strcmp(a->style, b->style) == 0;
}

static int by_place(const void *x, const void *y) {
  const struct edge *a = x, *b = y;
  return a->place < b->place ? -1 : a->place > b->place;
}

/* One line with a label for each fact between the same two nodes, where it would be several on top of each other. */
static void merge_edges(struct graph *g) {
  uint32_t kept = 0;

  if (g->edges.n)
    qsort(g->edges.at, g->edges.n, sizeof *g->edges.at, by_ends);
  for (uint32_t i = 0, next; i < g->edges.n; i = next) {
    struct edge one = g->edges.at[i];
    struct text label = {.arena = g->out->arena};
    uint32_t told = 0, more = 0;

    for (next = i; next < g->edges.n && parallel(&one, &g->edges.at[next]); next++) {
      bool known = !*g->edges.at[next].label;
      for (uint32_t k = i; k < next && k < i + LABELS && !known; k++)
        known = strcmp(g->edges.at[k].label, g->edges.at[next].label) == 0;
      if (!known && told < LABELS)
        text_print(&label, "%s%s", told++ ? "\n" : "", g->edges.at[next].label);
      else if (!known)
        more++;
    }
    if (more)
      text_print(&label, "\nand %u more", more);
    one.label = text_done(&label);
    g->edges.at[kept++] = one;
  }
  g->edges.n = kept;
  if (kept)
    qsort(g->edges.at, kept, sizeof *g->edges.at, by_place);
}

static void print_edges(struct graph *g) {
  merge_edges(g);
  for (uint32_t i = 0; i < g->edges.n; i++) {
    const struct edge *e = &g->edges.at[i];

    text_print(g->out, "  %c%u -> %c%u [color=\"%s\", fontcolor=\"%s\", style=\"%s%s\", label=\"", e->from_type, e->from, e->to_type, e->to,
               colour_of(e->before, e->after), colour_of(e->before, e->after), e->style, e->before == e->after ? "" : e->before ? ",dashed" : ",bold");
    for (const char *line = e->label, *end; *line; line = end + (*end == '\n')) {
      end = line + strcspn(line, "\n");
      if (line != e->label)
        text_puts(g->out, "\\n");
      quoted(g, arena_copy(g->out->arena, line, (size_t)(end - line)));
    }
    text_puts(g->out, "\"];\n");
  }
}

static const char *ports(const struct graph *g, uint32_t port, uint32_t end, enum proto proto) {
  struct arena *a = &g->m->c->arena;

  if (port == NONE)
    return "";
  if (port == 0 && end == 65535)
    return "any port";
  return end == NONE ? arena_print(a, "%u/%s", port, proto_text(proto)) : arena_print(a, "%u-%u/%s", port, end, proto_text(proto));
}

static const char *in_zone(const struct graph *g, const char *what, uint32_t zone) {
  if (zone >= g->m->zones.n)
    return what;
  return arena_print(&g->m->c->arena, "%s%sin %s", what, *what ? " " : "", name(g, g->m->zones.at[zone].name));
}

static void target_edge(struct graph *g, const struct fact *f, const struct target *t, struct edge e) {
  if (t->type == TARGET_RESOURCE) {
    resource_node(g, t->resource);
    e.to_type = 'r';
    e.to = t->resource;
  } else if (t->type == TARGET_HOST && t->host.type != HOST_NONE) {
    e.to = host_node(g, &t->host);
    e.to_type = 'h';
    e.label = in_zone(g, f->type == FACT_FORWARDS ? ports(g, t->port, NONE, (enum proto)f->proto) : e.label, t->zone);
  } else {
    return;
  }
  put_edge(g, &e);
}

static void need_edges(struct graph *g, uint32_t by, const struct need *n, struct edge e) {
  e.from_type = e.to_type = 'r';
  e.from = by;
  e.style = "dotted";
  switch ((enum need_type)n->type) {
  case NEED_RESOURCE:
    resource_node(g, n->on);
    e.to = n->on;
    e.label = "needs";
    put_edge(g, &e);
    break;
  case NEED_COUNT:
    e.label = arena_print(&g->m->c->arena, "needs %u of %u", n->least, n->of_count);
    for (uint32_t i = 0; i < n->of_count; i++) {
      resource_node(g, n->of[i]);
      e.to = n->of[i];
      put_edge(g, &e);
    }
    break;
  case NEED_ENDPOINT:
    e.to_type = 'h';
    e.to = host_node(g, &n->host);
    e.label = arena_print(&g->m->c->arena, "needs %s", ports(g, n->port, NONE, (enum proto)n->proto));
    if (e.to)
      put_edge(g, &e);
    break;
  case NEED_NEVER: break;
  }
}

static void fact_edges(struct graph *g, const struct fact *f) {
  struct edge e = {'h', 'r', 0, f->by, guard_holds(g->m, f->guard, g->before), guard_holds(g->m, f->guard, g->after), "", "solid", 0};

  if ((!e.before && !e.after) || f->type == FACT_OWNS)
    return;
  resource_node(g, f->by);
  switch ((enum fact_type)f->type) {
  case FACT_SERVES:
  case FACT_FORWARDS:
  case FACT_NAMES:
    e.from = host_node(g, &f->host);
    e.label = f->type == FACT_NAMES ? in_zone(g, "name", f->zone) : in_zone(g, ports(g, f->port, f->port_end, (enum proto)f->proto), f->zone);
    if (e.from)
      put_edge(g, &e);
    e.from_type = 'r';
    e.from = f->by;
    e.label = "";
    if (f->type == FACT_SERVES)
      break;
    target_edge(g, f, &f->to, e);
    for (uint32_t i = 0; i < f->any_count; i++)
      target_edge(g, f, &f->any_of[i], e);
    break;
  case FACT_HOSTS:
    e.from_type = 'r';
    e.from = f->at;
    resource_node(g, f->at);
    e.label = f->host.type == HOST_NONE ? "hosts" : words_host(g->m, &f->host);
    put_edge(g, &e);
    break;
  case FACT_NEEDS: need_edges(g, f->by, &f->need, e); break;
  case FACT_OWNS: break;
  }
}

static void promise_edges(struct graph *g, const struct promise *p) {
  if (p->type != PROMISE_ENDPOINT || p->client >= g->m->clients.n)
    return;
  struct edge e = {'r', 'h', g->m->clients.at[p->client].resource, 0, true, true, "", "solid", 0};

  resource_node(g, e.from);
  e.to = host_node(g, &p->endpoint.host);
  e.label = arena_print(&g->m->c->arena, "promised %s", ports(g, p->endpoint.port, NONE, (enum proto)p->endpoint.proto));
  if (e.to)
    put_edge(g, &e);
}

/* Names that no fact answers but by a pattern: a line to the longest that matches. */
static void pattern_edges(struct graph *g) {
  for (uint32_t i = 1; i < g->hosts.texts.n; i++) {
    const char *host = name_text(&g->hosts, i), *best = NULL;
    size_t n = strlen(host);

    for (uint32_t j = 0; j < g->patterns.n; j++) {
      const char *tail = g->patterns.at[j];
      size_t m = strlen(tail);

      if (*host != '*' && n > m && strcmp(host + n - m, tail) == 0 && (!best || m > strlen(best)))
        best = tail;
    }
    if (best)
      put_edge(g, &(struct edge){'h', 'h', i, name_str(&g->hosts, arena_print(g->out->arena, "*%s", best)), true, true, "", "dotted", 0});
  }
}

bool report_graph_dot(struct text *out, struct model *m, const struct proof *p, const char *from, const char *to, const char **why) {
  uint32_t first = 0, last = p->order.n;

  if ((from && !find_state(m, p, from, &first, why)) || (to && !find_state(m, p, to, &last, why)))
    return false;
  if (from && !to)
    last = first;
  struct graph g = {.out = out, .m = m, .hosts = {.arena = out->arena}};

  g.before = proof_done(m, p, first);
  g.up_before = proof_up(m, p, first);
  g.after = last == first ? g.before : proof_done(m, p, last);
  g.up_after = last == first ? g.up_before : proof_up(m, p, last);
  g.drawn = arena_array(out->arena, bool, m->resources.n + 1);
  name_of(&g.hosts, "", 0);
  text_puts(out, "digraph \"");
  quoted(&g, name(&g, m->plan));
  text_puts(out, "\" {\n  rankdir=LR;\n  node [fontname=\"sans-serif\", fontsize=11];\n  edge [fontname=\"sans-serif\", fontsize=9];\n"
                 "  labelloc=t;\n  label=\"");
  quoted(&g, name(&g, m->plan));
  text_print(out, "\\n%s", first == last ? words_states(m, p, first, first) : "from ");
  if (first != last)
    text_print(out, "%s (red) to %s (green)", from ? from : "the baseline", to ? to : "the target");
  text_puts(out, "\";\n");
  for (uint32_t i = 0; i < m->facts.n; i++)
    fact_edges(&g, fact_at(m, i));
  for (uint32_t i = 0; i < m->promises.n; i++)
    promise_edges(&g, &m->promises.at[i]);
  pattern_edges(&g);
  print_edges(&g);
  text_puts(out, "}\n");
  return true;
}
