/* A client and an endpoint -> the chain between them in each state of the order.
 * Needs the proof. Guarantees that neighbouring states with the same chain are told once. */
#include "model/elaborate.h"
#include "report/paint.h"
#include "report/report.h"
#include "report/words.h"

#include <string.h>

struct view {
  struct text *out;
  struct model *m;
  const struct proof *p;
  bool colour;
};

static const char *name(const struct view *v, uint32_t id) {
  return name_text(&v->m->c->names, id);
}

/* ── What was asked ────────────────────────────────────────────────────────── */

static uint32_t find_client(struct model *m, const char *word, const char **why) {
  struct arena *a = &m->c->arena;
  const char **names = arena_array(a, const char *, m->clients.n + 1);

  for (uint32_t i = 0; i < m->clients.n; i++) {
    names[i] = name_text(&m->c->names, m->resources.at[m->clients.at[i].resource].name);
    if (strcmp(names[i], word) == 0)
      return i;
  }
  uint32_t best = nearest(word, names, m->clients.n);

  if (best != NONE)
    *why = arena_print(a, "the plan has no client `%s`; did you mean `%s`?", word, names[best]);
  else if (m->clients.n)
    *why = arena_print(a, "the plan has no client `%s`: it has `%s`%s", word, names[0], m->clients.n > 1 ? " and others" : "");
  else
    *why = arena_print(a, "the plan has no client `%s`: it has none at all", word);
  return NONE;
}

static bool find_endpoint(struct model *m, const char *word, struct need *out, const char **why) {
  size_t n = strlen(word);
  struct value v = {0};
  const char *problem = NULL;
  bool ok = strstr(word, "://") ? value_url(&m->c->names, word, n, &v, &problem) : value_endpoint(&m->c->names, word, n, &v, &problem);

  if (ok)
    ok = need_of_value(m->elaboration, &v, out);
  if (!ok)
    *why = arena_print(&m->c->arena, "`%s` is no endpoint or URL%s%s; write `10.0.20.200:443`, `name.example.net:443/udp` or `https://name.example.net`",
                       word, problem ? ": " : "", problem ? problem : "");
  return ok;
}

/* ── What is told ──────────────────────────────────────────────────────────── */

static const char *where(const struct view *v, uint32_t fact) {
  struct compilation *c = v->m->c;

  if (fact >= v->m->facts.n || fact_at(v->m, fact)->span.source >= c->sources.n)
    return "";
  struct span at = fact_at(v->m, fact)->span;

  return arena_print(&c->arena, "  %s:%u", c->sources.at[at.source].path, source_place(c, at.source, at.start).line);
}

static const char *endpoint(const struct view *v, const struct link *l) {
  struct need need = {.type = NEED_ENDPOINT, .proto = l->proto, .host = l->host, .port = l->port, .zone = NONE, .dns = NONE, .secret = NONE};

  return words_need(v->m, &need);
}

static const char *zone(const struct view *v, const struct link *l) {
  return l->zone < v->m->zones.n ? arena_print(&v->m->c->arena, " in `%s`", name(v, v->m->zones.at[l->zone].name)) : "";
}

/* One link in a sentence. */
static const char *sentence(const struct view *v, const struct link *l) {
  struct arena *a = &v->m->c->arena;
  const char *who = words_resource(v->m, l->resource);
  const struct fact *f = l->fact < v->m->facts.n ? fact_at(v->m, l->fact) : NULL;

  switch ((enum link_type)l->type) {
  case LINK_NAME:
    return arena_print(a, "%s%s: %s answers %s", words_host(v->m, &l->host), zone(v, l), who, f ? words_target(v->m, &f->to) : "it");
  case LINK_SERVES: return arena_print(a, "%s%s: %s", endpoint(v, l), zone(v, l), who);
  case LINK_FORWARDS:
    if (l->host.type == HOST_NONE)
      return arena_print(a, "%s hands on to %s", who, f && f->to.type != TARGET_NONE ? words_target(v->m, &f->to) : "one of several");
    return arena_print(a, "%s%s: %s hands on to %s", endpoint(v, l), zone(v, l), who,
                       f && f->to.type != TARGET_NONE ? words_target(v->m, &f->to) : "one of several");
  case LINK_HOSTS: return arena_print(a, "%s hosts %s", who, l->vhost ? name(v, l->vhost) : "it");
  case LINK_ARRIVE: return arena_print(a, "%s answers", who);
  case STOP_NO_NAME: case STOP_NOBODY: case STOP_NOT_HOSTED: case STOP_DOWN: case STOP_LOOP: case STOP_TOO_LONG: case STOP_UNKNOWN:
    return words_stop(v->m, &(struct trace){.at = (struct link *)l, .n = 1});
  }
  return "";
}

/* The same in words: a fact that is there twice because its TTL changes is no other way. */
static bool same(const struct view *v, const struct trace *a, const struct trace *b) {
  if (a->n != b->n || a->verdict != b->verdict)
    return false;
  for (uint32_t i = 0; i < a->n; i++)
    if (strcmp(sentence(v, &a->at[i]), sentence(v, &b->at[i])) != 0)
      return false;
  return true;
}

static void tell(const struct view *v, const struct trace *t, uint32_t first, uint32_t last) {
  static const char *const verdicts[] = {[UP] = "up", [DOWN] = "down", [UNKNOWN] = "unknown", [MAYBE] = "perhaps"};
  bool up = t->verdict == UP;

  text_putc(v->out, '\n');
  paint_style(v->out, up ? STYLE_GOOD : STYLE_ERROR, v->colour);
  text_puts(v->out, verdicts[t->verdict]);
  paint_style(v->out, STYLE_PLAIN, v->colour);
  text_putc(v->out, ' ');
  paint_puts(v->out, words_states(v->m, v->p, first, last));
  text_putc(v->out, '\n');
  for (uint32_t i = 0; i < t->n; i++) {
    bool stop = t->at[i].type >= STOP_NO_NAME;

    text_puts(v->out, i ? "  → " : "    ");
    paint_style(v->out, stop ? STYLE_ERROR : STYLE_PLAIN, v->colour);
    paint_puts(v->out, sentence(v, &t->at[i]));
    paint_style(v->out, STYLE_DIM, v->colour);
    paint_puts(v->out, where(v, t->at[i].fact));
    paint_style(v->out, STYLE_PLAIN, v->colour);
    text_putc(v->out, '\n');
  }
}

bool report_why(struct text *out, struct model *m, const struct proof *p, const char *client, const char *endpoint_word, bool colour,
                const char **why) {
  struct view v = {out, m, p, colour};
  uint32_t who = find_client(m, client, why);
  struct need asked = need_empty();

  if (who == NONE || !find_endpoint(m, endpoint_word, &asked, why))
    return false;
  paint_style(out, STYLE_BOLD, colour);
  paint_puts(out, arena_print(&m->c->arena, "`%s` → %s", client, words_need(m, &asked)));
  paint_style(out, STYLE_PLAIN, colour);
  text_putc(out, '\n');
  struct trace now = proof_trace(m, p, who, &asked, 0);

  for (uint32_t k = 0, first = 0; k <= p->order.n; k++) {
    struct trace next = k < p->order.n ? proof_trace(m, p, who, &asked, k + 1) : now;

    if (k < p->order.n && same(&v, &now, &next))
      continue;
    tell(&v, &now, first, k);
    first = k + 1;
    now = next;
  }
  return true;
}
