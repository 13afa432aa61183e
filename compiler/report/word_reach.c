/* What the proof found about reaching -> findings: stale and dangling targets, conflicts, rules, checks.
 * Needs the members named beside each check in prove/. Guarantees a place in the plan and a way to mend it. */
#include "report/word.h"

#include <string.h>
#include <strings.h>

static const struct fact *fact_of(const struct wording *w, uint32_t fact) {
  return fact < w->m->facts.n ? fact_at(w->m, fact) : NULL;
}

static struct span span_of(const struct wording *w, const struct breach *b) {
  const struct fact *f = fact_of(w, b->fact);
  if (f) return f->span;
  if (b->asked && b->asked->at.source != NONE) return b->asked->at;
  if (b->promise < w->m->promises.n) return w->m->promises.at[b->promise].at;
  if (b->resource < w->m->resources.n) return resource_span(w->m, b->resource);
  return step_span(w->m, b->step);
}

/* A host or an endpoint as a plan writes it, in the form of the old value (NULL when that is not known): a URL stays a URL. */
static const char *in_form_of(struct wording *w, const struct value *old, const struct target *to) {
  struct arena *arena = &w->c->arena;
  if (old != NULL && old->type == V_URL) {
    const char *text = name_text(&w->c->names, old->name), *end = strstr(text, "://");
    struct target full = *to;
    if (full.port == NONE) full.port = old->lo;
    return arena_print(arena, "%.*s://%s", end ? (int)(end - text) : 0, text, words_target(w->m, &full));
  }
  const char *plain = words_target(w->m, to);
  return to->host.type == HOST_NAME && to->port == NONE ? arena_print(arena, "\"%s\"", plain) : plain;
}

static const struct value *value_of(const struct wording *w, uint32_t attribute) {
  if (attribute >= w->m->attributes.n) return NULL;
  const struct cases *c = &w->m->attributes.at[attribute].cases;
  return c->n > 0 ? &c->at[0].value : NULL;
}

const char *retargeted(struct wording *w, const struct fact *fact, const struct target *to) {
  uint32_t attribute = to->type == TARGET_HOST ? fact_attribute(w->m, fact) : NONE;
  return attribute == NONE ? words_target(w->m, to) : in_form_of(w, value_of(w, attribute), to);
}

static const char *written(struct wording *w, uint32_t attribute) {
  if (attribute >= w->m->attributes.n) return "…";
  struct span s = w->m->attributes.at[attribute].at;
  const struct cases *c = &w->m->attributes.at[attribute].cases;
  if (w->c->texts && c->n) { /* what is written there need not be what is there */
    struct text out = {.arena = &w->c->arena};
    value_print(&out, &w->c->names, &c->at[0].value);
    return text_done(&out);
  }
  if (s.source >= w->c->sources.n || s.end <= s.start || s.end - s.start > 80) return "…";
  return arena_copy(&w->c->arena, w->c->sources.at[s.source].text + s.start, s.end - s.start);
}

static bool names_host(struct wording *w, const struct value *v, const struct host *host) {
  bool endpoint = v->type == V_ENDPOINT || v->type == V_URL;
  if (host->type != HOST_NAME) return (v->type == V_ADDRESS || (endpoint && v->literal_host)) && memcmp(&v->from, &host->from, sizeof v->from) == 0;
  if (endpoint) return !v->literal_host && v->host == host->name;
  return v->type == V_STRING && strcasecmp(name_text(&w->c->names, v->name), name_text(&w->c->names, host->name)) == 0;
}

/* A list in which what leads to the fact's host leads elsewhere from its step on, as a plan writes it. */
static const char *list_moved(struct wording *w, const struct value *list, const struct fact *fact, const struct target *to) {
  const struct host *host = fact->type == FACT_NEEDS ? &fact->need.host : &fact->to.host;
  struct text out = {.arena = &w->c->arena};
  text_puts(&out, "[");
  for (uint32_t i = 0; i < list->count; i++) {
    const struct value *v = &list->items[i];
    if (i > 0) text_puts(&out, ", ");
    if (v->type == V_RESOURCE && v->id < w->m->resources.n) text_puts(&out, name_text(&w->c->names, w->m->resources.at[v->id].name));
    else value_print(&out, &w->c->names, v);
    if (!names_host(w, v, host)) continue;
    struct target own = *to;
    own.port = v->type == V_ENDPOINT || v->type == V_URL ? v->lo : NONE;
    text_print(&out, " -> %s", in_form_of(w, v, &own));
  }
  text_puts(&out, "]");
  return text_done(&out);
}

static void remark_target(struct wording *w, struct finding *f, const struct breach *b, const struct mend *mend) {
  const struct fact *fact = fact_of(w, mend->fact < w->m->facts.n ? mend->fact : b->fact);
  if (!fact) return;
  const char *to = retargeted(w, fact, &mend->to), *name = attribute_name(w->m, fact_attribute(w->m, fact));
  const struct value *old = value_of(w, fact_attribute(w->m, fact));
  if (!mend->works) {
    if (mend->because < w->m->promises.n)
      finding_remark(w->c, f, REMARK_NOTE, "-> %s would not do: no order then keeps %s", to, words_promise(w->m, mend->because));
    else
      finding_remark(w->c, f, REMARK_NOTE, "-> %s would not do: the plan has other errors then", to);
    return;
  }
  struct text out = {.arena = &w->c->arena};
  const char *how = mend->by_name ? "make it address-independent" : "move it too";
  if (mend->step < w->m->steps.n) /* the plan moves it already, and elsewhere */
    text_print(&out, "%s: let `%s` of %s go to %s instead", how, name, words_resource(w->m, fact->by), to);
  else if (old != NULL && old->type == V_LIST && old->count > 0)
    text_print(&out, "%s: %s = %s", how, name, list_moved(w, old, fact, &mend->to));
  else
    text_print(&out, "%s: %s = %s -> %s", how, name, written(w, fact_attribute(w->m, fact)), to);
  if (mend->owner < w->m->resources.n)
    text_print(&out, ", with code = \"…\" for its owner %s", words_resource(w->m, mend->owner));
  finding_remark(w->c, f, REMARK_HELP, "%s", text_done(&out));
}

/* As a plan writes it, to the millisecond: an offer has to be exact. */
static const char *literal(struct wording *w, int64_t time) {
  static const struct { int64_t length; const char *unit; } units[] = {{86400000, "d"}, {3600000, "h"}, {60000, "m"}, {1000, "s"}, {1, "ms"}};
  struct text out = {.arena = &w->c->arena};
  for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
    if (time / units[i].length > 0) text_print(&out, "%lld%s", (long long)(time / units[i].length), units[i].unit);
    time %= units[i].length;
  }
  return out.n > 0 ? text_done(&out) : "0s";
}

/* What a step covers of a resource, hop by hop: "`r.value -> 10.0.0.2`". */
static const char *hops_of(struct wording *w, uint32_t step, uint32_t resource) {
  struct text out = {.arena = &w->c->arena};
  const struct step *s = &w->m->steps.at[step];
  for (uint32_t i = 0; i < s->hop_count; i++) {
    const struct attribute *a = &w->m->attributes.at[s->hops[i].attribute];
    if (a->owner != resource) continue;
    struct span to = a->hops[s->hops[i].index + 1];
    bool known = to.source < w->c->sources.n && to.end > to.start;
    text_print(&out, "%s`%s.%s -> %s`", out.n > 0 ? ", " : "", name_text(&w->c->names, w->m->resources.at[resource].name), name_text(&w->c->names, a->name),
               known ? arena_copy(&w->c->arena, w->c->sources.at[to.source].text + to.start, to.end - to.start) : "…");
  }
  return text_done(&out);
}

/* The TTL of a record as a chain that lowers it ahead. */
static void remark_ttl(struct wording *w, struct finding *f, const struct mend *mend) {
  const struct fact *fact = fact_of(w, mend->fact);
  if (!fact) return;
  const char *record = words_resource(w->m, fact->by);
  struct text out = {.arena = &w->c->arena};
  text_print(&out, "lower its TTL %s: `ttl = %s -> %s -> %s` in %s", mend->further ? "further" : "ahead", literal(w, mend->first), literal(w, mend->time),
             literal(w, mend->last), record);
  if (mend->step < w->m->steps.n)
    text_print(&out, ", and %s in place of %s in what `%s` covers", hops_of(w, mend->step, fact->by), record, step_id(w->m, mend->step));
  finding_remark(w->c, f, REMARK_HELP, "%s%s", text_done(&out), mend->further ? "" : "; the wait for old answers is then added");
}

/* A second one, and what in the plan is about the first and has to be about the second then. */
static void remark_beside(struct wording *w, struct finding *f, const struct mend *mend) {
  const struct fact *fact = fact_of(w, mend->fact);
  if (!fact) return;
  const char *first = words_resource(w->m, fact->by), *place = words_host(w->m, &fact->host);
  struct text out = {.arena = &w->c->arena};
  if (mend->gone) text_print(&out, "put a second one beside the first: `create` another like %s at %s, which stays, and `delete` %s", first, place, first);
  else
    text_print(&out, "put a second one beside the first: leave %s as it is, without arrows, and `create` another like it at %s; the first one may go in a later plan", first, place);
  if (mend->hosted) text_print(&out, "; what %s hosts is then hosted at both", first);
  if (mend->waited_for) text_print(&out, "; what comes `after` %s then comes after the second one", first);
  if (mend->promised) text_print(&out, "; what is promised of %s is then promised of the second one", first);
  finding_remark(w->c, f, REMARK_HELP, "%s", text_done(&out));
}

void remark_mends(struct wording *w, struct finding *f, const struct breach *b) {
  if (b->untried) finding_remark(w->c, f, REMARK_HELP, "no way out is offered: the time for trying any was used up, or this plan is too large for it");
  for (uint32_t i = 0; i < b->mend_count; i++) {
    const struct mend *mend = &b->mends[i];
    switch ((enum mend_type)mend->type) {
    case MEND_TARGET: remark_target(w, f, b, mend); break;
    case MEND_LIMIT:
      finding_remark(w->c, f, REMARK_HELP, mend->least ? "allow an outage: `down at most %s` is the least for %s that an order keeps"
                                                       : "allow an outage: `down at most %s` works for %s; a shorter one may, too",
                     literal(w, mend->time), words_promise(w->m, mend->promise));
      break;
    case MEND_WINDOW:
      finding_remark(w->c, f, REMARK_HELP, mend->least ? "allow more time: `window = %s` in the plan is the least that an order keeps"
                                                       : "allow more time: `window = %s` in the plan works; a shorter one may, too",
                     literal(w, mend->time));
      break;
    case MEND_TTL: remark_ttl(w, f, mend); break;
    case MEND_BESIDE: remark_beside(w, f, mend); break;
    }
  }
}

/* Labels the needs of the resources behind it that ask for the very same place: each is to be mended too. */
static void label_askers(struct wording *w, struct finding *f, const struct breach *b) {
  if (!b->asked || b->asked->type != NEED_ENDPOINT || !b->resource_count) return;
  for (uint32_t i = 0; i < w->m->facts.n; i++) {
    if (fact_asleep(w->m, i)) continue;
    const struct fact *fact = fact_at(w->m, i);
    const struct need *n = &fact->need;
    if (fact->type != FACT_NEEDS || i == b->fact || n->type != NEED_ENDPOINT || n->port != b->asked->port || n->host.type != b->asked->host.type ||
        n->host.name != b->asked->host.name || memcmp(&n->host.from, &b->asked->host.from, sizeof n->host.from) != 0)
      continue;
    for (uint32_t r = 0; r < b->resource_count; r++)
      if (b->resources[r] == fact->by) finding_label(w->c, f, fact->span, "%s points there too", words_resource(w->m, fact->by));
  }
}

/* Where what has left answers now, when nothing was offered that was tried. */
static void remark_moved(struct wording *w, struct finding *f, const struct breach *b) {
  if (b->mend_count || !b->asked || b->asked->type != NEED_ENDPOINT || b->asked->host.type != HOST_ADDRESS || b->step >= w->m->steps.n) return;
  const struct step *s = &w->m->steps.at[b->step];
  for (uint32_t i = 0; i < s->hop_count; i++) {
    const struct attribute *a = &w->m->attributes.at[s->hops[i].attribute];
    uint32_t k = s->hops[i].index;
    if (k + 1 >= a->cases.n || a->cases.at[k].value.type != V_ADDRESS || a->cases.at[k + 1].value.type != V_ADDRESS) continue;
    if (memcmp(&a->cases.at[k].value.from, &b->asked->host.from, sizeof b->asked->host.from) != 0) continue;
    finding_remark(w->c, f, REMARK_HELP, "%s answers at %s from then on: let it follow, with an arrow of its own", words_resource(w->m, a->owner),
                   address_text(&w->c->arena, &a->cases.at[k + 1].value.from));
    return;
  }
}

/* Is the fact in force only once the step is done? Then it leads to a new place. */
static bool comes_with(const struct wording *w, const struct fact *fact, uint32_t step) {
  const struct guard *g = &w->m->guards.at[fact->guard];
  for (uint32_t i = 0; i < g->n; i++)
    if (g->steps[i] == step << 1) return true;
  return false;
}

/* Does the step take something away from where it was: to another place, or out of the world? */
static bool leaves(const struct wording *w, const struct step *s) {
  for (uint32_t i = 0; i < s->hop_count; i++) {
    const struct attribute *a = &w->m->attributes.at[s->hops[i].attribute];
    uint32_t type = a->cases.n ? a->cases.at[0].value.type : V_NONE;
    if (type == V_ADDRESS || type == V_ENDPOINT || type == V_URL || type == V_STRING || type == V_LIST) return true;
    if (strcmp(name_text(&w->c->names, a->name), "exists") == 0 && a->cases.n && a->cases.at[0].value.number) return true;
  }
  return false;
}

/* E201: `fact` still leads to the old place; `step` is the one that leaves it. */
void word_stale(struct wording *w, const struct breach *b) {
  const struct fact *fact = fact_of(w, b->fact);
  const char *who = fact ? words_resource(w->m, fact->by) : words_resource(w->m, b->resource);
  const char *kind = kind_name(w->m, fact ? fact->by : b->resource);
  const struct step *step = b->step < w->m->steps.n ? &w->m->steps.at[b->step] : NULL;
  const char *left = step && step->resource < w->m->resources.n ? words_resource(w->m, step->resource)
                     : step                                     ? words_step(w->m, w->p, b->step)
                                                                : "a step";
  const char *target = fact && (fact->type == FACT_FORWARDS || fact->type == FACT_NAMES)
                           ? words_target(w->m, &fact->to)
                           : b->asked ? words_need(w->m, b->asked) : "its old target";
  const char *asks = fact || b->resource < w->m->resources.n ? arena_print(&w->c->arena, "%s %s", kind, who)
                     : b->promise < w->m->promises.n         ? words_promise(w->m, b->promise)
                                                             : "a check";
  const char *points = fact || b->resource < w->m->resources.n ? "points at" : "asks for";
  bool arrived = fact && comes_with(w, fact, b->step);
  struct finding *f;
  if (arrived)
    f = finding_add(w->c, b->code, span_of(w, b), "%s %s %s from %s on, which is not reached", asks, points, target, words_step(w->m, w->p, b->step));
  else if (step && leaves(w, step))
    f = finding_add(w->c, b->code, span_of(w, b), "%s still %s %s after %s has left it", asks, points, target, left);
  else
    f = finding_add(w->c, b->code, span_of(w, b), "%s still %s %s, which %s cuts off", asks, points, target, words_step(w->m, w->p, b->step));
  finding_caret(w->c, f, "%s, %s", words_stop(w->m, &b->after), words_states(w->m, w->p, b->first_state, b->last_state));
  label_step(w, f, b->step);
  label_askers(w, f, b);
  remark_down(w, f, b);
  if (b->resource_count)
    finding_remark(w->c, f, REMARK_ALSO, "%s %s not reached any more", words_resources(w->m, b->resources, b->resource_count),
                   b->resource_count == 1 ? "is" : "are");
  for (uint32_t i = 0; i < b->secret_count; i++) {
    const struct secret *s = &w->m->secrets.at[b->secrets[i]];
    finding_remark(w->c, f, REMARK_ALSO, "secret `%s` comes from %s behind this (%s)", name_text(&w->c->names, s->name),
                   words_resource(w->m, s->store), s->at_use ? "asked for again at use, and not to be had then" : "kept from the prefetch");
  }
  remark_chain(w, f, b);
  if (arrived) {
    finding_remark(w->c, f, REMARK_HELP, "declare what answers there, or mend where it is to lead");
    return;
  }
  remark_mends(w, f, b);
  remark_moved(w, f, b);
}

/* Who does answer at that address, on other ports: most often the port is what was forgotten. */
static void label_others(struct wording *w, struct finding *f, const struct trace *trace) {
  const struct link *l = trace->n ? &trace->at[trace->n - 1] : NULL;
  if (!l || l->type != STOP_NOBODY || l->host.type != HOST_ADDRESS) return;
  uint32_t said = NONE, count = 0;
  for (uint32_t i = 0; i < w->m->facts.n && count < 3; i++) {
    if (fact_elsewhere(w->m, i, &l->host.from)) continue;
    const struct fact *fact = fact_at(w->m, i);
    if ((fact->type != FACT_SERVES && fact->type != FACT_FORWARDS) || fact->host.type != HOST_ADDRESS || fact->by == said) continue;
    if (memcmp(&fact->host.from, &l->host.from, sizeof l->host.from) != 0) continue;
    said = fact->by;
    count++;
    finding_label(w->c, f, resource_span(w->m, fact->by), "%s answers at %s, but not on %u/%s", words_resource(w->m, fact->by),
                  words_host(w->m, &fact->host), l->port, proto_text(l->proto));
  }
}

/* The steps that ask there too, and so cannot run. */
static void remark_askers(struct wording *w, struct finding *f, const struct breach *b) {
  struct text list = {.arena = &w->c->arena};
  for (uint32_t i = 0; i < b->step_count && i < 8; i++) {
    text_print(&list, "%s%s", i ? i + 1 == b->step_count ? " and " : ", " : "", words_step(w->m, w->p, b->steps[i]));
  }
  if (b->step_count > 8) text_print(&list, " and %u more", b->step_count - 8);
  if (b->step_count)
    finding_remark(w->c, f, REMARK_ALSO, "%s %s there, and cannot run", text_done(&list), b->step_count == 1 ? "asks" : "ask");
}

/* E202: not reached in the baseline either; E206: a value on the way is unknown. */
void word_dangling(struct wording *w, const struct breach *b) {
  const char *what = b->asked ? words_need(w->m, b->asked) : b->promise < w->m->promises.n ? words_promise(w->m, b->promise) : "what it asks for";
  const char *who = b->client < w->m->clients.n ? words_resource(w->m, w->m->clients.at[b->client].resource)
                    : b->resource < w->m->resources.n ? words_resource(w->m, b->resource) : "the plan";
  struct span at = b->asked && b->asked->at.source != NONE && b->asked->at.source < w->c->sources.n && !w->c->sources.at[b->asked->at.source].library
                       ? b->asked->at : b->promise < w->m->promises.n ? w->m->promises.at[b->promise].at : span_of(w, b);
  struct finding *f;
  if (b->code == CODE_206) {
    f = finding_add(w->c, b->code, span_of(w, b), "whether %s reaches %s cannot be told: a value on the way is unknown", who, what);
    finding_caret(w->c, f, "nobody has looked at this");
    finding_remark(w->c, f, REMARK_HELP, "find the value out and write it in place of `unknown`");
  } else {
    bool elsewhere = b->severity == SEV_NOTE; /* an app that is not published everywhere */
    f = finding_add(w->c, b->code, at, "%s does not reach %s, neither before the first step nor after the last%s", who, what,
                    elsewhere ? ", which others do" : "");
    finding_caret(w->c, f, "%s", words_stop(w->m, &b->before));
    label_others(w, f, &b->before);
    remark_askers(w, f, b);
    finding_remark(w->c, f, REMARK_HELP, elsewhere ? "nothing to mend when it is not meant to be reached from there" : "either the plan leaves something out that answers there: declare it; or the world is broken: mend it in this plan");
  }
  remark_chain(w, f, b);
}

/* E203: wrong in the baseline and right at the end; `step` mends it. */
void word_mended(struct wording *w, const struct breach *b) {
  const char *step = words_step(w->m, w->p, b->step);
  struct finding *f;
  if (b->forbidden < w->m->forbidden.n) {
    const struct forbidden *r = &w->m->forbidden.at[b->forbidden];
    f = finding_add(w->c, b->code, r->at, "%s mends this: %s", step, r->message);
    finding_caret(w->c, f, "true before %s, not after", step);
  } else if (b->other_fact < w->m->facts.n) {
    f = finding_add(w->c, b->code, span_of(w, b), "%s ends the conflict of %s and %s", step, words_resource(w->m, fact_at(w->m, b->fact)->by),
                    words_resource(w->m, fact_at(w->m, b->other_fact)->by));
  } else {
    const char *what = b->asked ? words_need(w->m, b->asked) : b->promise < w->m->promises.n ? words_promise(w->m, b->promise)
                       : b->resource_count ? words_resources(w->m, b->resources, b->resource_count) : "this";
    f = finding_add(w->c, b->code, span_of(w, b), "%s mends %s, which is not reached before the first step", step, what);
    if (b->before.n) finding_caret(w->c, f, "%s", words_stop(w->m, &b->before));
  }
  label_step(w, f, b->step);
}

/* Where a fact says that its resource answers: the span of a forward is its target's. */
static struct span answers_at(const struct wording *w, const struct fact *f) {
  return f->type == FACT_FORWARDS ? resource_span(w->m, f->by) : f->span;
}

static void conflict_of_facts(struct wording *w, const struct breach *b) {
  const struct fact *one = fact_of(w, b->fact), *two = fact_of(w, b->other_fact);
  struct finding *f;
  if (one->type == FACT_NAMES || one->type == FACT_HOSTS)
    f = finding_add(w->c, b->code, one->span, "%s and %s both say what %s is%s", words_resource(w->m, one->by), words_resource(w->m, two->by),
                    words_host(w->m, &one->host), one->type == FACT_HOSTS ? " at the same ingress" : "");
  else
    f = finding_add(w->c, b->code, answers_at(w, one), "%s and %s both answer at %s on the same port, %s", words_resource(w->m, one->by),
                    words_resource(w->m, two->by), words_host(w->m, &one->host),
                    words_states(w->m, w->p, b->first_state, b->last_state));
  finding_caret(w->c, f, "%s here", words_resource(w->m, one->by));
  finding_label(w->c, f, answers_at(w, two), "%s here too", words_resource(w->m, two->by));
  label_step(w, f, b->step);
  finding_remark(w->c, f, REMARK_HELP, "give one of them another address or port, or say `any of` where either may answer");
}

/* E241: facts `fact` and `other_fact`; E261: `forbidden`. */
void word_conflict(struct wording *w, const struct breach *b) {
  if (b->code == CODE_241) {
    conflict_of_facts(w, b);
    return;
  }
  const struct forbidden *r = &w->m->forbidden.at[b->forbidden];
  struct finding *f = finding_add(w->c, b->code, r->at, "%s", r->message);
  f->rule = r->rule;
  if (r->hairpin_count)
    finding_caret(w->c, f, "at the end of the plan");
  else if (b->during)
    finding_caret(w->c, f, "while %s runs", words_step(w->m, w->p, b->step < w->m->steps.n ? b->step : r->during));
  else
    finding_caret(w->c, f, "%s", words_states(w->m, w->p, b->first_state, b->last_state));
  if (b->step < w->m->steps.n && !r->hairpin_count) label_step(w, f, b->step);
  if (r->rule_at.source != NONE && r->rule_at.source < w->c->sources.n && !w->c->sources.at[r->rule_at.source].library)
    finding_label(w->c, f, r->rule_at, "the rule");
  if (r->see) finding_remark(w->c, f, REMARK_NOTE, "see %s", r->see);
}

/* E301: a check of `step` that cannot pass where it runs; E302: one that cannot fail; E303: one that says itself unreliable. */
void word_probe(struct wording *w, const struct breach *b) {
  struct finding *f;
  const char *step = words_step(w->m, w->p, b->step), *what = b->asked ? words_need(w->m, b->asked) : "its check";
  if (b->code == CODE_301 && b->other_fact < w->m->facts.n && b->ask >= w->m->asks.n) {
    const struct fact *answer = fact_of(w, b->other_fact);
    f = finding_add(w->c, b->code, span_of(w, b), "the check of %s expects %s, and `%s` answers %s then", step, what,
                    name_text(&w->c->names, w->m->resources.at[answer->by].name), words_target(w->m, &answer->to));
    finding_caret(w->c, f, "cannot be the answer in the state it runs in");
    finding_label(w->c, f, answer->span, "this is answered");
    finding_remark(w->c, f, REMARK_HELP, "expect what the plan answers after this step, or put the check into the step that changes the answer");
  } else if (b->code == CODE_301) {
    f = finding_add(w->c, b->code, span_of(w, b), "the check of %s asks for %s, which cannot be reached when it runs", step, what);
    finding_caret(w->c, f, "%s", words_stop(w->m, &b->after));
    finding_remark(w->c, f, REMARK_HELP, "ask for what is there after this step, or put the check in a step `after` the one that makes it so");
  } else if (b->code == CODE_302) {
    if (b->promise < w->m->promises.n) {
      f = finding_add(w->c, b->code, span_of(w, b), "the promise %s cannot fail: nothing in this plan can change what it asks", words_promise(w->m, b->promise));
      finding_remark(w->c, f, REMARK_HELP, "leave it out, or say in the plan what it depends on");
    } else
      f = finding_add(w->c, b->code, span_of(w, b), "the check of %s cannot fail: it passes before the step as well", step);
  } else
    f = finding_add(w->c, b->code, span_of(w, b), "the check of %s is not reliable", step);
  remark_chain(w, f, b);
}

/* E204: `resources` need each other in a circle. */
void word_cold(struct wording *w, const struct breach *b) {
  struct finding *f = finding_add(w->c, b->code, span_of(w, b), "after a power cut %s could not start: each waits for the next in a circle",
                                  words_resources(w->m, b->resources, b->resource_count));
  for (uint32_t i = 0; i < b->resource_count && i < 8; i++) {
    uint32_t next = b->resources[(i + 1) % b->resource_count];
    finding_label(w->c, f, resource_span(w->m, b->resources[i]), "needs %s", words_resource(w->m, next));
  }
  finding_remark(w->c, f, REMARK_NOTE, "nothing is wrong while they run; it shows when all of them are down at once");
  finding_remark(w->c, f, REMARK_HELP, "let one of them start without the others, or waive it with the way they are started by hand");
}
