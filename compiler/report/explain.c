/* A code, a kind or a rule -> its page.
 * Needs the files inside the binary: the pages of docs/findings and the standard library, whose `##` comments are the documentation.
 * Guarantees an answer for every code in base/codes.def (a test reads them all). */
#include "base/embedded.h"
#include "report/paint.h"
#include "report/report.h"
#include "syntax/syntax.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define WIDTH 100u /* columns of running text */

/* ── A finding: its page, which is Markdown ────────────────────────────────── */

static void styled(struct text *out, enum style style, const char *s, size_t n, bool colour) {
  paint_style(out, style, colour);
  paint_text(out, s, n, 0);
  paint_style(out, STYLE_PLAIN, colour);
}

/* The length of a paragraph: the lines up to an empty one, a heading or a fence. */
static size_t paragraph(const char *text) {
  const char *p = text;

  do
    p += strcspn(p, "\n") + (p[strcspn(p, "\n")] == '\n');
  while (*p && *p != '\n' && *p != '#' && *p != '`');
  return (size_t)(p - text);
}

static void markdown(struct text *out, const char *text, bool colour) {
  bool fenced = false;

  for (const char *line = text, *next; *line; line = next) {
    size_t n = strcspn(line, "\n");

    next = line + n + (line[n] == '\n');
    if (strncmp(line, "```", 3) == 0) {
      fenced = !fenced;
      continue;
    }
    if (fenced) {
      text_puts(out, "    ");
      styled(out, n && line[strspn(line, " ")] == '#' ? STYLE_DIM : STYLE_PLAIN, line, n, colour);
    } else if (*line == '#') {
      size_t skip = strspn(line, "# ");

      styled(out, STYLE_BOLD, line + skip, n - skip, colour);
    } else if (n) {
      n = paragraph(line);
      next = line + n;
      paint_wrap(out, arena_copy(out->arena, line, n), 0, WIDTH);
    }
    text_putc(out, '\n');
  }
}

static const struct embedded *page_of(const char *code) {
  char path[32] = "findings/";
  size_t n = strlen(path);

  for (size_t i = 0; code[i] && n < sizeof path - 1; i++)
    path[n++] = (char)toupper((unsigned char)code[i]);
  path[n] = 0;
  return embedded_find(path);
}

/* ── A kind or a rule: its declaration in the library ──────────────────────── */

struct library {
  struct compilation *c;
  struct tree *tree;
  ARRAY(struct item { const char *name; const char *module; uint32_t node; }) items;
};

static const char *slice(const struct library *l, uint32_t node) {
  const struct node *n = &l->tree->nodes.at[node];

  return arena_copy(&l->c->arena, l->c->sources.at[n->source].text + n->start, n->end - n->start);
}

static const char *doc_of(const struct library *l, uint32_t node) {
  uint32_t doc = l->tree->nodes.at[node].doc;

  return doc ? name_text(&l->c->names, l->tree->values.at[doc].value.name) : "";
}

static void read_library(struct library *l) {
  size_t count;
  const struct embedded *files = embedded_all(&count);

  for (size_t i = 0; i < count; i++) {
    if (strncmp(files[i].name, "std/", 4) != 0)
      continue;
    uint32_t source = source_add(l->c, files[i].name, files[i].text, files[i].length, true);
    uint32_t file = syntax_parse(l->tree, source);

    for (uint32_t d = l->tree->nodes.at[file].child; d; d = l->tree->nodes.at[d].next) {
      const struct node *n = &l->tree->nodes.at[d];

      if (n->type == N_KIND || n->type == N_RULE)
        array_push(&l->c->arena, &l->items, (struct item){name_text(&l->c->names, n->text), files[i].name, d});
    }
  }
}

static void put_doc(struct text *out, const char *doc, unsigned indent) {
  for (const char *line = doc; *line;) {
    size_t n = strcspn(line, "\n");

    paint_repeat(out, " ", indent);
    paint_text(out, line, n, 0);
    text_putc(out, '\n');
    line += n + (line[n] == '\n');
  }
}

static void put_fields(struct text *out, const struct library *l, uint32_t kind, bool colour) {
  const struct node *nodes = l->tree->nodes.at;
  unsigned width = 0;

  for (uint32_t i = nodes[kind].child; i; i = nodes[i].next)
    if (nodes[i].type == N_FIELD && name_length(&l->c->names, nodes[i].text) > width)
      width = name_length(&l->c->names, nodes[i].text);
  for (uint32_t i = nodes[kind].child; i; i = nodes[i].next) {
    if (nodes[i].type != N_FIELD)
      continue;
    const char *text = name_text(&l->c->names, nodes[i].text), *doc = doc_of(l, i);
    uint32_t type = nodes[i].child, preset = type ? nodes[type].next : 0;

    text_puts(out, "  ");
    styled(out, STYLE_BOLD, text, strlen(text), colour);
    paint_repeat(out, " ", width - (unsigned)strlen(text));
    text_puts(out, " : ");
    paint_puts(out, type ? slice(l, type) : "");
    if (preset) {
      text_puts(out, " = ");
      paint_puts(out, slice(l, preset));
    }
    text_putc(out, '\n');
    put_doc(out, doc, width + 7);
  }
}

static bool says_what(uint8_t type) {
  static const uint8_t types[] = {N_SERVES, N_FORWARDS, N_NAMES, N_OWNS, N_HOSTS, N_ASKS, N_NEEDS, N_STANDS, N_WHEN, N_REQUIRE};

  return memchr(types, type, sizeof types) != NULL;
}

/* The lines of a kind that are neither fields nor code: what it does with traffic and needs, as it says so itself. */
static void put_facts(struct text *out, const struct library *l, uint32_t kind, const char *head) {
  const struct node *nodes = l->tree->nodes.at;

  for (uint32_t i = nodes[kind].child; i; i = nodes[i].next) {
    if (!says_what(nodes[i].type))
      continue;
    if (head)
      text_puts(out, head);
    head = NULL;
    text_puts(out, "  ");
    for (const char *p = slice(l, i); *p; p += strcspn(p, "\n"), p += *p == '\n') {
      paint_text(out, p, strcspn(p, "\n"), 0);
      text_putc(out, '\n');
    }
  }
}

/* The first declaration of the kind in the plan that has them all: its line, and on to the line that closes it. */
static void put_example(struct text *out, const char *kind) {
  const struct embedded *plan = embedded_find("plans/kinds");
  size_t n = strlen(kind);

  for (const char *p = plan ? plan->text : ""; *p; p += strcspn(p, "\n"), p += *p == '\n') {
    const char *q = strncmp(p, "create ", 7) == 0 || strncmp(p, "delete ", 7) == 0 ? p + 7 : p;

    if (strncmp(q, kind, n) != 0 || q[n] != ' ')
      continue;
    text_puts(out, "\nFor example (`cutc explain kinds` prints a whole plan, to run):\n");
    for (bool open = true; open && *p; p += strcspn(p, "\n"), p += *p == '\n') {
      size_t length = strcspn(p, "\n");

      text_print(out, "  %.*s\n", (int)length, p);
      open = length > 0 && p[length - 1] != '}' && p[0] != '}';
    }
    return;
  }
}

static void put_item(struct text *out, const struct library *l, const struct item *item, bool colour) {
  const struct node *nodes = l->tree->nodes.at;
  bool kind = nodes[item->node].type == N_KIND;
  const char *title = arena_print(&l->c->arena, "%s %s", kind ? "kind" : "rule", item->name);

  styled(out, STYLE_BOLD, title, strlen(title), colour);
  text_print(out, "  (use %s)\n\n", item->module);
  put_doc(out, doc_of(l, item->node), 0);
  if (kind) {
    text_puts(out, "\nAttributes:\n");
    put_fields(out, l, item->node, colour);
    put_facts(out, l, item->node, "\nWhat it does:\n");
    put_example(out, item->name);
    return;
  }
  if (*doc_of(l, item->node))
    text_putc(out, '\n');
  put_doc(out, slice(l, item->node), 4);
}

/* ── Either ────────────────────────────────────────────────────────────────── */

bool report_explain(struct text *out, struct compilation *c, const char *what, bool colour, const char **found) {
  const struct embedded *page = page_of(what);

  *found = NULL;
  if (strcmp(what, "kinds") == 0) {
    text_puts(out, embedded_find("plans/kinds")->text);
    return true;
  }
  if (page) {
    markdown(out, page->text, colour);
    return true;
  }
  struct library l = {.c = c, .tree = arena_new(&c->arena, struct tree)};

  l.tree->c = c;
  read_library(&l);
  const char **names = arena_array(&c->arena, const char *, l.items.n + CODE_COUNT);
  uint32_t n = 0;
  bool any = false;

  for (uint32_t i = 0; i < l.items.n; i++) {
    names[n++] = l.items.at[i].name;
    if (strcmp(l.items.at[i].name, what) != 0)
      continue;
    if (any)
      text_putc(out, '\n');
    put_item(out, &l, &l.items.at[i], colour);
    any = true;
  }
  for (unsigned i = 0; i < CODE_COUNT; i++)
    names[n++] = code_text((enum code)i);
  uint32_t best = any ? NONE : nearest(what, names, n);

  *found = best == NONE ? NULL : names[best];
  return any;
}
