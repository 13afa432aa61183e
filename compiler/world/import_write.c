/* Things -> the text of a plan, in one layout: sections by kind, things by name, what was left out as comments in its place.
 * Needs linked and named things. Guarantees the same bytes for the same things. */
#include "world/import.h"

#include <stdlib.h>
#include <string.h>

enum { WIDTH = 120, LEFT_SHOWN = 5 };

static int by_kind(const void *x, const void *y) {
  const struct thing *a = *(struct thing *const *)x, *b = *(struct thing *const *)y;
  if (a->kind != b->kind) return a->kind < b->kind ? -1 : 1;
  return strcmp(a->id, b->id);
}

static int left_by_kind(const void *x, const void *y) {
  const struct import_left *a = x, *b = y;
  if (a->kind != b->kind) return a->kind < b->kind ? -1 : 1;
  return a->serial < b->serial ? -1 : a->serial > b->serial;
}

/* The value of an attribute; a reference's format has one %s. */
static const char *value(struct import *im, const struct import_attribute *a) {
  const char *hole = a->to ? strstr(a->format, "%s") : NULL;
  if (!hole) return a->text;
  return arena_print(im->arena, "%.*s%s%s", (int)(hole - a->format), a->format, a->to->id, hole + 2);
}

static void comments(struct text *out, const struct thing *t) {
  if (t->origins.n || t->assumed) {
    text_puts(out, t->assumed ? "# assumed" : "# ");
    for (uint32_t i = 0; i < t->origins.n; i++) text_print(out, "%s%s", i ? "; " : t->assumed ? ": " : "", t->origins.at[i]);
    text_putc(out, '\n');
  }
  for (uint32_t i = 0; i < t->remarks.n; i++) text_print(out, "#   %s\n", t->remarks.at[i]);
}

static void one(struct text *out, struct import *im, const struct thing *t) {
  const struct import_kind_row *row = import_kind_row(t->kind);
  struct text line = {.arena = im->arena};
  bool named = row->named && t->name && strcmp(t->name, t->id);
  const char *name = named ? plan_string(im, t->name) : NULL;
  size_t widest = named ? 4 : 0;
  comments(out, t);
  text_print(&line, "%s %s {", row->name, t->id);
  if (named) text_print(&line, " name = %s ", name);
  for (uint32_t i = 0; i < t->attributes.n; i++) {
    text_print(&line, " %s = %s ", t->attributes.at[i].name, value(im, &t->attributes.at[i]));
    size_t n = strlen(t->attributes.at[i].name);
    widest = n > widest ? n : widest;
  }
  if (line.n < WIDTH) {
    while (line.n && line.at[line.n - 1] == ' ') line.at[--line.n] = '\0';
    text_print(out, "%s }\n", text_done(&line));
    return;
  }
  text_print(out, "%s %s {\n", row->name, t->id);
  if (named) text_print(out, "  %-*s = %s\n", (int)widest, "name", name);
  for (uint32_t i = 0; i < t->attributes.n; i++)
    text_print(out, "  %-*s = %s\n", (int)widest, t->attributes.at[i].name, value(im, &t->attributes.at[i]));
  text_puts(out, "}\n");
}

/* What stands at one place and was left out; many of one kind are cut short, the notes have the number. */
static void left(struct text *out, const struct import_left *at, uint32_t n) {
  for (uint32_t i = 0, end; i < n; i = end) {
    for (end = i; end < n && !strcmp(at[end].what, at[i].what); end++)
      if (end - i < LEFT_SHOWN) text_print(out, "# %s\n", at[end].text);
    if (end - i > LEFT_SHOWN) text_print(out, "#   and %u more of the kind: %s\n", end - i - LEFT_SHOWN, at[i].what);
  }
}

static void heading(struct text *out, struct import *im, const char *title) {
  const char *line = arena_print(im->arena, "# ── %s ", title);
  text_print(out, "\n%s", line);
  for (size_t n = strlen(line); n < 83; n++) text_puts(out, "─"); /* the two dashes of the heading are four bytes more than they show */
  text_putc(out, '\n');
}

static void modules(struct text *out, struct thing *const *things, uint32_t n) {
  static const char *const all[] = {"std/kubernetes", "std/technitium", "std/pfsense", "std/cloudflare"};
  text_puts(out, "use std/net\n");
  for (size_t m = 0; m < sizeof all / sizeof *all; m++)
    for (uint32_t i = 0; i < n; i++) {
      const char *module = import_kind_row(things[i]->kind)->module;
      if (!module || strcmp(module, all[m])) continue;
      text_print(out, "use %s\n", all[m]);
      break;
    }
}

static void promises(struct text *out, struct import *im, bool all) {
  bool any = false;
  for (uint32_t i = 0; i < im->promises.n; i++) {
    const struct import_promise *p = &im->promises.at[i];
    if (p->down || (!all && !p->strong)) continue;
    if (!any) heading(out, im, "What must stay true");
    any = true;
    text_print(out, "promise %-8s reaches %s always\n", p->client, p->endpoint);
  }
}

void import_write(struct text *out, struct import *im, bool facts, bool all_promises) {
  struct thing **things = arena_array(im->arena, struct thing *, im->things.n + 1u);
  uint32_t n = 0, next = 0, l = 0;
  const char *title = "";
  for (uint32_t i = 0; i < im->things.n; i++)
    if (!im->things.at[i]->dropped) things[n++] = im->things.at[i];
  if (n) qsort(things, n, sizeof *things, by_kind);
  if (im->left.n) qsort(im->left.at, im->left.n, sizeof *im->left.at, left_by_kind);
  text_puts(out, "# Written by `cutc import`. Say what changes in lines of their own, such as `NAME.address -> 192.0.2.7`, at the end of this\n"
                 "# file or in a plan that uses it: then it can be imported anew.\n");
  if (!facts) text_puts(out, "plan imported { operator = operator }\n\n");
  modules(out, things, n);
  if (!facts) {
    heading(out, im, "Who looks, and from where");
    text_puts(out, "client operator { zone = lan }\nclient public   { zone = internet }\n");
  }
  for (int k = 0; k < IMPORT_KINDS; k++) {
    uint32_t from = next, left_from = l;
    while (next < n && (int)things[next]->kind == k) next++;
    while (l < im->left.n && (int)im->left.at[l].kind == k) l++;
    if ((next > from || l > left_from) && strcmp(title, import_kind_row((enum import_kind)k)->title)) heading(out, im, title = import_kind_row((enum import_kind)k)->title);
    for (uint32_t i = from; i < next; i++) one(out, im, things[i]);
    if (l > left_from) left(out, im->left.at + left_from, l - left_from);
  }
  if (!facts) promises(out, im, all_promises);
}
