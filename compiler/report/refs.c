/* A search -> what `cutc refs` prints, for people and as JSON.
 * Needs the search done. Guarantees the same bytes for the same tree; names of files of any bytes are shown safely. */
#include "report/refs.h"
#include "report/paint.h"
#include "report/words.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

/* ── For people ────────────────────────────────────────────────────────────── */

struct page {
  struct text *out;
  const struct refs_report *r;
  struct arena *a;
};

static void styled(struct page *g, enum style style, const char *text) {
  paint_style(g->out, style, g->r->colour);
  paint_puts(g->out, text);
  paint_style(g->out, STYLE_PLAIN, g->r->colour);
}

static const char *state_of(const struct attribute *a, uint32_t index) {
  if (a->cases.n < 2)
    return "all along";
  return index == 0 ? "at the start" : index + 1 == a->cases.n ? "at the end" : "in between";
}

/* Who in the plan names it. */
static void in_plan(struct page *g, const struct refs_target *t) {
  struct model *m = g->r->m;
  struct compilation *c = g->r->c;
  struct mention_list list = model_mentions(m, t->is_name ? NULL : &t->address, t->is_name ? name_find(&c->names, t->name, strlen(t->name)) : 0);

  if (!list.n) {
    text_print(g->out, "the plan does not name %s\n", refs_target_text(g->a, t, NONE));
    return;
  }
  styled(g, STYLE_BOLD, "in the plan");
  text_putc(g->out, '\n');
  for (uint32_t i = 0; i < list.n; i++) {
    const struct mention *s = &list.at[i];
    struct place at = source_place(c, s->at.source, s->at.start);

    text_puts(g->out, "  ");
    paint_puts(g->out, c->sources.at[s->at.source].path);
    text_print(g->out, ":%u:%u  ", at.line, at.column);
    if (s->promise != NONE) {
      text_print(g->out, "promise %s\n", words_promise(m, s->promise));
      continue;
    }
    const struct attribute *a = &m->attributes.at[s->attribute];
    struct text value = {.arena = g->a};

    value_print(&value, &c->names, &a->cases.at[s->index].value);
    text_print(g->out, "%s.%s = ", name_text(&c->names, m->resources.at[a->owner].name), name_text(&c->names, a->name));
    paint_puts(g->out, text_done(&value));
    text_print(g->out, ", %s\n", state_of(a, s->index));
  }
}

/* What the plan gives up, one line each. */
static void given_up(struct page *g) {
  const struct refs_search *s = g->r->s;
  const struct model *m = g->r->m;

  if (!s->retired.n)
    text_puts(g->out, "the plan gives up no address and no name\n");
  for (uint32_t i = 0; i < s->retired.n; i++) {
    const struct retired *r = &s->retired.at[i];

    styled(g, STYLE_BOLD, refs_target_text(g->a, &s->query.targets[i], NONE));
    text_print(g->out, r->partly ? ": %s gives up %s" : ": %s gives it up", words_resource(m, r->resource), refs_ports_text(g->a, r->ports, r->port_count));
    if (r->step != NONE)
      text_print(g->out, " with %s", words_step(m, g->r->p, r->step));
    if (r->partly)
      text_print(g->out, "; %s on", arena_print(g->a, r->kept_count == 1 && r->kept->from == r->kept->to ? "%s goes" : "%s go",
                                               refs_ports_text(g->a, r->kept, r->kept_count)));
    text_putc(g->out, '\n');
  }
}

static size_t folder_length(const char *path) {
  const char *slash = strrchr(path, '/');

  return slash ? (size_t)(slash - path) : 0;
}

static void shown_line(struct page *g, const struct refs_hit *h, bool many) {
  const char *text = h->text;
  uint32_t n = h->text_length, from = h->column - h->text_column, blank = 0;

  while (blank < from && (text[blank] == ' ' || text[blank] == '\t'))
    blank++;
  if (h->text_column > 1)
    text_puts(g->out, "…");
  paint_text(g->out, text + blank, from - blank, 0);
  paint_style(g->out, STYLE_ERROR, g->r->colour);
  paint_text(g->out, text + from, h->length, 0);
  paint_style(g->out, STYLE_PLAIN, g->r->colour);
  paint_text(g->out, text + from + h->length, n - from - h->length, 0);
  if (many)
    text_print(g->out, "  [%s]", refs_target_text(g->a, &g->r->s->query.targets[h->target], NONE));
  text_putc(g->out, '\n');
}

enum heap { HEAP_CODE, HEAP_OTHER, HEAP_ACCOUNTED };

static enum heap heap_of(const struct refs_hit *h) {
  return h->accounted ? HEAP_ACCOUNTED : h->place == REFS_CODE ? HEAP_CODE : HEAP_OTHER;
}

/* One heap of mentions, folder by folder; how many there were. */
static uint32_t heap(struct page *g, enum heap which, const char *title) {
  const struct refs_found *found = g->r->s->found;
  const char *folder = NULL;
  uint32_t n = 0;

  for (uint32_t i = 0; i < found->hits.n; i++) {
    const struct refs_hit *h = &found->hits.at[i];
    size_t length = folder_length(h->path);

    if (heap_of(h) != which)
      continue;
    if (!n++ && title) {
      text_putc(g->out, '\n');
      styled(g, STYLE_BOLD, title);
      text_putc(g->out, '\n');
    }
    if (!title)
      continue;
    if (!folder || folder_length(folder) != length || memcmp(folder, h->path, length) != 0) {
      text_puts(g->out, "  ");
      styled(g, STYLE_GUTTER, length ? arena_print(g->a, "%.*s/", (int)length, h->path) : "./");
      text_putc(g->out, '\n');
    }
    folder = h->path;
    text_puts(g->out, "    ");
    paint_puts(g->out, h->path + length + (length ? 1 : 0));
    text_print(g->out, ":%u:%u  ", h->line, h->column);
    if (h->accounted)
      text_print(g->out, "(%s) ", h->accounted);
    shown_line(g, h, g->r->s->query.target_count > 1);
  }
  return n;
}

static const char *count(struct arena *a, uint64_t n, const char *one, const char *many) {
  return arena_print(a, "%llu %s", (unsigned long long)n, n == 1 ? one : many);
}

static void summary(struct page *g, const uint32_t *n) {
  const struct refs_found *f = g->r->s->found;

  text_print(g->out, "\n%s in code, %u in comments and documents", count(g->a, n[HEAP_CODE], "place", "places"), n[HEAP_OTHER]);
  if (n[HEAP_ACCOUNTED])
    text_print(g->out, ", %u accounted for%s", n[HEAP_ACCOUNTED], g->r->verbose ? "" : " (-v shows them)");
  if (f->more)
    text_print(g->out, ", %llu more not listed", (unsigned long long)f->more);
  text_print(g->out, "; %s searched", count(g->a, f->files, "file", "files"));
  if (g->r->verbose)
    text_print(g->out, " (%llu bytes), %llu binary, %s left out by ignore rules", (unsigned long long)f->bytes, (unsigned long long)f->binary,
               count(g->a, f->ignored, "file or folder", "files and folders"));
  text_putc(g->out, '\n');
}

void report_refs(struct text *out, const struct refs_report *r) {
  struct page g = {out, r, &r->c->arena};
  const struct refs_found *f = r->s->found;
  uint32_t n[3];

  if (r->m && r->s->asked)
    for (uint32_t i = 0; i < r->s->query.target_count; i++)
      in_plan(&g, &r->s->query.targets[i]);
  else if (r->m)
    given_up(&g);
  n[HEAP_CODE] = heap(&g, HEAP_CODE, "in code");
  n[HEAP_OTHER] = heap(&g, HEAP_OTHER, "in comments and documents");
  n[HEAP_ACCOUNTED] = heap(&g, HEAP_ACCOUNTED, r->verbose ? "accounted for" : NULL);
  if ((f->notes.n || f->missing.n || f->misplaced.n) && !r->quiet) {
    text_putc(out, '\n');
    styled(&g, STYLE_BOLD, "not looked at");
    text_putc(out, '\n');
    for (uint32_t i = 0; i < f->missing.n; i++) {
      text_puts(out, "  ");
      paint_puts(out, r->s->query.roots[f->missing.at[i]]);
      text_puts(out, ": there is nothing of that name\n");
    }
    for (uint32_t i = 0; i < f->misplaced.n; i++)
      text_print(out, "  %s cannot be read, or does not fit what it changes: that is not accounted for\n", r->s->query.patches[f->misplaced.at[i]].by);
    for (uint32_t i = 0; i < f->notes.n; i++) {
      text_puts(out, "  ");
      paint_puts(out, f->notes.at[i].path);
      text_print(out, ": %s\n", f->notes.at[i].why);
    }
  }
  if (!r->quiet && r->s->query.target_count)
    summary(&g, n);
}

/* ── As JSON ───────────────────────────────────────────────────────────────── */

/* Text of any bytes. */
static json_t *string(struct arena *a, const char *s, size_t n) {
  json_t *j = json_stringn(s, n);

  if (j)
    return j;
  struct text clean = {.arena = a};

  paint_text(&clean, s, n, 0);
  return json_string(text_done(&clean));
}

static json_t *hit_json(const struct refs_report *r, const struct refs_hit *h) {
  struct arena *a = &r->c->arena;
  json_t *o = json_object();

  json_object_set_new(o, "file", string(a, h->path, strlen(h->path)));
  json_object_set_new(o, "line", json_integer(h->line));
  json_object_set_new(o, "column", json_integer(h->column));
  json_object_set_new(o, "length", json_integer(h->length));
  json_object_set_new(o, "names", string(a, refs_target_text(a, &r->s->query.targets[h->target], NONE), strlen(refs_target_text(a, &r->s->query.targets[h->target], NONE))));
  json_object_set_new(o, "port", h->port == NONE ? json_null() : json_integer(h->port));
  json_object_set_new(o, "place", json_string(refs_place_text(h->place)));
  json_object_set_new(o, "accounted", h->accounted ? string(a, h->accounted, strlen(h->accounted)) : json_null());
  json_object_set_new(o, "text", string(a, h->text, h->text_length));
  return o;
}

static json_t *mentions_json(const struct refs_report *r, const struct refs_target *t) {
  struct compilation *c = r->c;
  struct mention_list list = model_mentions(r->m, t->is_name ? NULL : &t->address, t->is_name ? name_find(&c->names, t->name, strlen(t->name)) : 0);
  json_t *array = json_array();

  for (uint32_t i = 0; i < list.n; i++) {
    const struct mention *s = &list.at[i];
    struct place at = source_place(c, s->at.source, s->at.start);
    json_t *o = json_object();
    const struct attribute *attribute = s->promise == NONE ? &r->m->attributes.at[s->attribute] : NULL;

    json_object_set_new(o, "file", string(&c->arena, c->sources.at[s->at.source].path, strlen(c->sources.at[s->at.source].path)));
    json_object_set_new(o, "line", json_integer(at.line));
    json_object_set_new(o, "column", json_integer(at.column));
    json_object_set_new(o, "resource", attribute ? json_string(name_text(&c->names, r->m->resources.at[attribute->owner].name)) : json_null());
    json_object_set_new(o, "attribute", attribute ? json_string(name_text(&c->names, attribute->name)) : json_null());
    json_object_set_new(o, "promise", attribute ? json_null() : json_string(name_text(&c->names, r->m->promises.at[s->promise].id)));
    json_object_set_new(o, "start", json_boolean(!attribute || s->index == 0));
    json_object_set_new(o, "end", json_boolean(!attribute || s->index + 1 == attribute->cases.n));
    json_array_append_new(array, o);
  }
  return array;
}

void report_refs_json(struct text *out, const struct refs_report *r) {
  struct arena *a = &r->c->arena;
  const struct refs_found *f = r->s->found;
  json_t *root = json_object(), *targets = json_array(), *hits = json_array(), *notes = json_array();

  for (uint32_t i = 0; i < r->s->query.target_count; i++) {
    const struct refs_target *t = &r->s->query.targets[i];
    json_t *o = json_object();

    json_object_set_new(o, "names", json_string(refs_target_text(a, t, NONE)));
    json_object_set_new(o, "resource", r->s->asked ? json_null() : json_string(name_text(&r->c->names, r->m->resources.at[r->s->retired.at[i].resource].name)));
    json_t *ports = json_array();

    for (uint32_t k = 0; t->partly && k < t->port_count; k++)
      json_array_append_new(ports, json_pack("[ii]", (int)t->ports[k].from, (int)t->ports[k].to));
    json_object_set_new(o, "ports", t->partly ? ports : json_null());
    if (!t->partly)
      json_decref(ports);
    json_object_set_new(o, "plan", r->m ? mentions_json(r, t) : json_array());
    json_array_append_new(targets, o);
  }
  for (uint32_t i = 0; i < f->hits.n; i++)
    json_array_append_new(hits, hit_json(r, &f->hits.at[i]));
  for (uint32_t i = 0; i < f->missing.n; i++)
    json_array_append_new(notes, json_pack("{ssss}", "file", r->s->query.roots[f->missing.at[i]], "why", "there is nothing of that name"));
  for (uint32_t i = 0; i < f->misplaced.n; i++)
    json_array_append_new(notes, json_pack("{ssss}", "file", r->s->query.patches[f->misplaced.at[i]].file, "why", "cannot be read, or does not fit what it changes"));
  for (uint32_t i = 0; i < f->notes.n; i++) {
    json_t *o = json_object();

    json_object_set_new(o, "file", string(a, f->notes.at[i].path, strlen(f->notes.at[i].path)));
    json_object_set_new(o, "why", json_string(f->notes.at[i].why));
    json_array_append_new(notes, o);
  }
  json_object_set_new(root, "format", json_string("cutc-refs/1"));
  json_object_set_new(root, "targets", targets);
  json_object_set_new(root, "hits", hits);
  json_object_set_new(root, "not_searched", notes);
  json_object_set_new(root, "files", json_integer((json_int_t)f->files));
  json_object_set_new(root, "more", json_integer((json_int_t)f->more));
  char *s = json_dumps(root, JSON_INDENT(2) | JSON_PRESERVE_ORDER);

  if (s) {
    text_puts(out, s);
    text_putc(out, '\n');
  }
  free(s);
  json_decref(root);
}
