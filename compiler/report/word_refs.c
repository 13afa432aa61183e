/* A search -> findings: E292, E293, E294.
 * Needs the search of a plan. Guarantees the mentions in the order of folders and files, each with its line, and no flood: what is
 * past the most of a kind is counted in one finding. */
#include "report/refs.h"
#include "report/word.h"

#include <string.h>

const char *refs_target_text(struct arena *a, const struct refs_target *t, uint32_t port) {
  const char *text = t->is_name ? t->name : address_text(a, &t->address);
  bool v6 = !t->is_name && strchr(text, ':') != NULL;

  if (port == NONE)
    return text;
  return arena_print(a, v6 ? "[%s]:%u" : "%s:%u", text, port);
}

const char *refs_ports_text(struct arena *a, const struct port_range *ports, uint32_t n) {
  struct text out = {.arena = a};
  uint32_t shown = n > 8 ? 7 : n;

  for (uint32_t i = 0; i < shown; i++) {
    text_puts(&out, !i ? "" : i + 1 == n ? " and " : ", ");
    text_print(&out, ports[i].from == ports[i].to ? "%u" : "%u-%u", ports[i].from, ports[i].to);
  }
  if (shown < n)
    text_print(&out, " and %u more", n - shown);
  return text_done(&out);
}

const char *refs_place_text(uint8_t place) {
  static const char *const texts[] = {[REFS_CODE] = "code", [REFS_COMMENT] = "comment", [REFS_DOCUMENT] = "document"};

  return texts[place];
}

struct telling {
  struct wording w;
  const struct refs_search *s;
};

static struct span span_of(struct telling *x, const struct refs_hit *h) {
  uint32_t source = source_excerpt(x->w.c, h->path, h->line, h->text_column, h->text, h->text_length), start = h->column - h->text_column;

  return (struct span){source, start, start + h->length};
}

/* The path as `accounts` and `search` are read: from the base. */
static const char *from_base(const struct telling *x, const char *path) {
  const char *base = x->s->query.base;
  size_t n = strlen(base);

  while (n && base[n - 1] == '/')
    n--;
  while (strncmp(base, "./", 2) == 0) {
    base += 2;
    n -= n < 2 ? n : 2;
  }
  if (!n || strcmp(base, ".") == 0 || strncmp(path, base, n) != 0 || path[n] != '/')
    return path;
  return path + n + 1;
}

static void told(struct telling *x, const struct refs_hit *h) {
  struct compilation *c = x->w.c;
  const struct retired *r = &x->s->retired.at[h->target];
  const char *what = refs_target_text(&c->arena, &x->s->query.targets[h->target], h->port), *who = words_resource(x->w.m, r->resource);
  const char *where = h->place == REFS_CODE ? "" : h->place == REFS_COMMENT ? ", in a comment" : ", in a document";
  bool part = r->partly && h->port == NONE;
  struct finding *f;

  if (part)
    f = finding_add(c, h->place == REFS_CODE ? CODE_292 : CODE_293, span_of(x, h), "`%s` names %s, on which %s gives up %s%s", h->path, what, who,
                    refs_ports_text(&c->arena, r->ports, r->port_count), where);
  else
    f = finding_add(c, h->place == REFS_CODE ? CODE_292 : CODE_293, span_of(x, h), "`%s` still names %s after %s has given it up%s", h->path, what, who, where);
  f->resource = x->w.m->resources.at[r->resource].name;
  const char *from = r->step == NONE ? "at the end" : arena_print(&c->arena, "from %s on", words_step(x->w.m, x->w.p, r->step));

  if (part)
    finding_caret(c, f, "is one of %s meant? %s on answering", refs_ports_text(&c->arena, r->ports, r->port_count),
                  arena_print(&c->arena, r->kept_count == 1 && r->kept->from == r->kept->to ? "%s goes" : "%s go", refs_ports_text(&c->arena, r->kept, r->kept_count)));
  else
    finding_caret(c, f, "nothing answers here %s", from);
  finding_label(c, f, r->at, part ? "%s stops answering on some ports of it" : "%s gives it up", who);
  if (h->place == REFS_CODE)
    finding_remark(c, f, REMARK_HELP, "change it with the plan (`patch`, `code`), or say who sees to it: accounts = [\"%s:%u\"]", from_base(x, h->path), h->line);
}

static void rest(struct telling *x, enum code code, uint64_t n) {
  struct compilation *c = x->w.c;
  struct span at = x->s->searched[0].source == NONE ? x->w.m->plan_at : x->s->searched[0];
  struct finding *f = finding_add(c, code, at, code == CODE_292 ? "%llu more %s what the plan gives up" : "%llu more %s what the plan gives up, in comments and documents",
                                  (unsigned long long)n, n == 1 ? "place names" : "places name");

  finding_remark(c, f, REMARK_HELP, "`cutc refs` lists them all");
}

/* ── What could not be looked at ───────────────────────────────────────────── */

static void not_seen(struct telling *x, uint32_t most) {
  struct compilation *c = x->w.c;
  const struct refs_found *found = x->s->found;
  struct span at = x->s->searched[0].source == NONE ? x->w.m->plan_at : x->s->searched[0];

  if (found->problem) {
    finding_add(c, CODE_294, at, "nothing was searched: %s", found->problem);
    return;
  }
  for (uint32_t i = 0; i < found->missing.n; i++) {
    uint32_t root = found->missing.at[i];
    struct span place = x->s->searched[root].source == NONE ? x->w.m->plan_at : x->s->searched[root];
    struct finding *f = finding_add(c, CODE_294, place, "`%s` is to be searched, and there is nothing of that name", x->s->query.roots[root]);
    const char *base = x->s->query.base;

    finding_caret(c, f, strcmp(base, ".") == 0 || !*base ? "looked for in this folder" : "looked for below %s", base);
    finding_remark(c, f, REMARK_HELP, "folders are named as seen from the plan; `cutc refs --root DIR` looks from elsewhere");
  }
  for (uint32_t i = 0; i < found->misplaced.n; i++) {
    uint32_t k = found->misplaced.at[i];
    struct finding *f = finding_add(c, CODE_294, x->w.m->attributes.at[x->s->patches[k]].at, "%s cannot be read, or does not fit what it changes",
                                    x->s->query.patches[k].by);

    finding_caret(c, f, "what it would change is not accounted for");
    f->resource = x->w.m->resources.at[x->w.m->attributes.at[x->s->patches[k]].owner].name;
  }
  for (uint32_t i = 0; i < found->notes.n && (!most || i < most); i++)
    finding_add(c, CODE_294, NOWHERE, "`%s` was not searched: %s", found->notes.at[i].path, found->notes.at[i].why)->severity = SEV_NOTE;
  if (most && found->notes.n > most)
    finding_add(c, CODE_294, NOWHERE, "%u more places were not searched: `cutc refs` lists them", found->notes.n - most)->severity = SEV_NOTE;
}

void word_refs(struct model *m, const struct proof *p, const struct refs_search *s, uint32_t most) {
  struct telling x = {{m->c, m, p}, s};
  uint32_t said[2] = {0};
  uint64_t left[2] = {s->found->more, 0};

  for (uint32_t i = 0; i < s->found->hits.n; i++) {
    const struct refs_hit *h = &s->found->hits.at[i];
    bool code = h->place == REFS_CODE;

    if (h->accounted)
      continue;
    if (most && said[!code] == most)
      left[!code]++;
    else {
      said[!code]++;
      told(&x, h);
    }
  }
  if (left[0])
    rest(&x, CODE_292, left[0]);
  if (left[1])
    rest(&x, CODE_293, left[1]);
  not_seen(&x, most);
}
