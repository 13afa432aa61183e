/* A runbook as data -> the comment on top of it, which a reviewer reads.
 * Guarantees: comment lines only, whatever the plan's texts hold. */
#include "script/emit.h"

#include <stdlib.h>
#include <string.h>

/* ── Words that the header and the rest share ──────────────────────────────── */

enum { STATES_SHOWN = 100 };

const char *state_word(enum verdict v) {
  switch (v) {
  case UP: return "up";
  case DOWN: return "down";
  case MAYBE: return "maybe";
  case UNKNOWN: break;
  }
  return "unknown";
}

static void print_seconds(struct text *out, int64_t milliseconds) {
  static const struct { uint32_t length; const char *unit; } units[] = {{3600000, "h"}, {60000, "m"}, {1000, "s"}, {1, "ms"}};
  if (milliseconds <= 0) {
    text_puts(out, milliseconds < 0 ? "no known length" : "0s");
    return;
  }
  for (size_t i = 0; i < sizeof units / sizeof *units && milliseconds > 0; i++) {
    if (milliseconds < units[i].length) continue;
    text_number(out, (uint64_t)milliseconds / units[i].length);
    text_puts(out, units[i].unit);
    milliseconds %= units[i].length;
  }
}

const char *seconds_text(struct arena *arena, int64_t milliseconds) {
  struct text t = {.arena = arena};
  print_seconds(&t, milliseconds);
  return text_done(&t);
}

/* The length of the folder that a path lies in, with its final slash. */
static size_t folder(const char *path) {
  const char *slash = strrchr(path, '/');
  return slash == NULL ? 0 : (size_t)(slash - path) + 1;
}

void place_print_at(struct text *out, struct model *m, struct span at, uint32_t line) {
  if (at.source >= m->c->sources.n) return;
  const struct source *s = &m->c->sources.at[at.source];
  const char *path = s->path;
  if (m->plan_at.source < m->c->sources.n && !s->library) {
    const char *plan = m->c->sources.at[m->plan_at.source].path;
    size_t n = folder(plan);
    if (strncmp(path, plan, n) == 0) path += n;
  }
  text_puts(out, path);
  if (at.start == 0 && at.end == 0) return;
  text_putc(out, ':');
  text_number(out, line);
}

static uint32_t line_of(const struct model *m, struct span at) { return at.source < m->c->sources.n ? source_line_at(m->c, at.source, at.start) : 0; }

void place_print(struct text *out, struct model *m, struct span at) { place_print_at(out, m, at, line_of(m, at)); }

const char *step_path(const struct runbook *b, uint32_t k) {
  uint32_t source = b->m->steps.at[b->p->order.at[k]].at.source;
  return source < b->m->c->sources.n ? b->m->c->sources.at[source].path : "";
}

uint32_t step_line(const struct runbook *b, uint32_t k) { return line_of(b->m, b->m->steps.at[b->p->order.at[k]].at); }

const char *place_text(struct arena *arena, struct model *m, struct span at) {
  struct text t = {.arena = arena};
  place_print(&t, m, at);
  return text_done(&t);
}

static int by_text(const void *a, const void *b) { return strcmp(*(const char *const *)a, *(const char *const *)b); }

const char *value_plain(struct arena *arena, const struct model *m, const struct value *v) {
  struct text t = {.arena = arena};
  switch ((enum value_type)v->type) {
  case V_NONE: return "none";
  case V_UNKNOWN: return "?";
  case V_BOOL: return v->number != 0 ? "true" : "false";
  case V_STRING:
  case V_WORD:
  case V_VERSION:
  case V_URL: return name_text(&m->c->names, v->name);
  case V_RESOURCE: return v->id < m->resources.n ? name_text(&m->c->names, resource_world_name(m, v->id)) : "?";
  case V_ZONE: return v->id < m->zones.n ? name_text(&m->c->names, m->zones.at[v->id].name) : "?";
  case V_LIST: {
    const char **items = arena_array(arena, const char *, v->count + 1);
    for (uint32_t i = 0; i < v->count; i++) items[i] = value_plain(arena, m, &v->items[i]);
    qsort(items, v->count, sizeof *items, by_text);
    for (uint32_t i = 0; i < v->count; i++) text_print(&t, "%s%s", i > 0 ? ", " : "", items[i]);
    return text_done(&t);
  }
  case V_DURATION: return arena_print(arena, "%llds", (long long)whole_seconds(v->number));
  case V_NUMBER:
  case V_ADDRESS:
  case V_RANGE:
  case V_CIDR:
  case V_PORT:
  case V_ENDPOINT:
  case V_MAP:
  case V_CALL:
  case V_KIND:
  case V_SECRET:
  case V_STEP:
  case V_TOOL: value_print(&t, &m->c->names, v); return text_done(&t);
  }
  return "?";
}

/* ── Parts ─────────────────────────────────────────────────────────────────── */

void text_take(struct text *out, struct text *part) {
  text_add(out, text_done(part), part->n);
  arena_reset(part->arena);
  *part = (struct text){.arena = part->arena};
}

/* ── Comment lines ─────────────────────────────────────────────────────────── */

/* Texts of the plan may hold anything: what would end the comment becomes a blank. */
static void comment(struct text *out, const char *text) {
  text_putc(out, '#');
  if (*text != '\0') text_putc(out, ' ');
  size_t from = out->n;
  for (const char *s = text; *s != '\0';) {
    size_t n = 0;
    while ((unsigned char)s[n] >= ' ' && s[n] != 127) n++;
    text_add(out, s, n);
    s += n;
    if (*s == '\0') break;
    text_putc(out, ' ');
    s++;
  }
  while (out->n > from && out->at[out->n - 1] == ' ') out->at[--out->n] = '\0';
  text_putc(out, '\n');
}

/* Is there a byte below a blank, or 127? */
static bool has_control(const char *at, size_t n) {
  const uint64_t ones = UINT64_MAX / 255;
  for (uint64_t all; n >= sizeof all; at += sizeof all, n -= sizeof all) {
    memcpy(&all, at, sizeof all);
    uint64_t last = all ^ ones * 127;
    if ((((all - ones * ' ') & ~all) | ((last - ones) & ~last)) & ones * 128) return true;
  }
  for (; n > 0; at++, n--)
    if ((unsigned char)*at < ' ' || *at == 127) return true;
  return false;
}

/* Its text lies behind `from`, where the line began. */
static void end_line(struct text *out, size_t from) {
  bool plain = !has_control(out->at + from, out->n - from);
  if (plain && out->n > from + 2 && out->at[out->n - 1] != ' ') {
    text_putc(out, '\n');
    return;
  }
  const char *text = arena_copy(out->arena, out->at + from + 2, out->n - from - 2);
  out->n = from;
  comment(out, text);
}

#define LINE(out, ...)                                \
  do {                                                \
    size_t line_from = (out)->n;                      \
    text_puts(out, "# ");                             \
    text_print(out, __VA_ARGS__);                     \
    end_line(out, line_from);                         \
  } while (false)

static const char *name_at(const struct runbook *b, uint32_t id) { return name_text(&b->m->c->names, id); }

static void title(struct text *out, const char *text) {
  comment(out, "");
  comment(out, text);
}

/* What a reviewer has to know of the way back of the k-th step: how long it may take to begin, how much it is, and whether somebody is wanted. */
static void way_back(struct text *out, const struct runbook *b, uint32_t k, const struct sequence *undo) {
  const struct step *s = &b->m->steps.at[b->p->order.at[k]];
  int64_t wait = b->p->back != NULL ? b->p->back[k].length : 0;
  size_t from = out->n;
  const char *note = sequence_note(b, undo);
  if (s->irreversible != 0 || undo->count == 0) {
    if (s->irreversible != 0) LINE(out, "      no way back: %s", name_at(b, s->irreversible));
    else if (note != NULL) LINE(out, "      undo: nothing, %s", note);
    else LINE(out, "      undo: nothing%s", s->wait ? ", it only waits" : "");
    return;
  }
  text_puts(out, "#       undo: back again, ");
  text_number(out, undo->count);
  text_puts(out, undo->count == 1 ? " command" : " commands");
  if (undo->by_hand) text_puts(out, ", by hand");
  if (wait > 0) {
    text_puts(out, ", after a wait of up to ");
    print_seconds(out, wait);
    text_puts(out, " for old answers in caches");
  }
  end_line(out, from);
}

void header_step(struct text *out, const struct runbook *b, uint32_t k, uint32_t line) {
  struct model *m = b->m;
  const struct step *s = &m->steps.at[b->p->order.at[k]];
  size_t from = out->n;
  text_puts(out, k + 1 < 10 ? "#    " : "#   ");
  text_number(out, k + 1);
  text_puts(out, "  ");
  text_puts(out, name_at(b, s->title));
  end_line(out, from);
  from = out->n;
  text_puts(out, s->takes < 0 || s->wait ? "#       " : "#       about ");
  print_seconds(out, s->takes);
  if (s->manual) text_puts(out, ", by hand");
  if (s->at.source != NONE) {
    text_puts(out, ", ");
    place_print_at(out, m, s->at, line);
  }
  end_line(out, from);
  if (s->wait) return;
  way_back(out, b, k, &b->sequences.at[b->observations + 4 * k + 1]);
  if (s->atomic != 0) LINE(out, "      cannot die in between: %s", name_at(b, s->atomic));
}

static const char *held(struct arena *arena, const struct promise *p) {
  switch ((enum hold)p->hold) {
  case HOLD_ALWAYS: return "always";
  case HOLD_AT_MOST: return arena_print(arena, "down at most %s", seconds_text(arena, p->limit));
  case HOLD_FINALLY: return "finally";
  }
  return "";
}

/* Where all states fit on a line or two, all of them; else those in which something changes. */
static const char *row_of(struct text *out, const struct runbook *b, const struct timeline *t, bool all) {
  struct text row = {.arena = out->arena};
  for (uint32_t k = 0, change, during; k <= b->p->order.n; k = all ? k + 1 : change < during ? change : during) {
    enum verdict now = timeline_at(t, k);
    bool between = timeline_during(t, k) && now == UP && timeline_at(t, k + 1) == UP;
    change = timeline_change(t, k);
    during = timeline_next_during(t, k + 1);
    if (!all && !between && k > 0 && now == timeline_at(t, k - 1)) continue;
    text_print(&row, "%s%u %s", k > 0 ? "  " : "", k, state_word(now));
    if (between) text_print(&row, " (down during step %u)", k + 1);
  }
  return text_done(&row);
}

static void one_promise(struct text *out, const struct runbook *b, uint32_t i, bool all) {
  const struct promise *p = &b->m->promises.at[i];
  const struct timeline *t = &b->p->timeline[i];
  LINE(out, "  %s %s (%s)", name_at(b, p->id), name_at(b, p->text), held(out->arena, p));
  LINE(out, "      %s", row_of(out, b, t, all));
  if (t->outage > 0 || t->outage_open)
    LINE(out, "      longest outage: %s%s", seconds_text(out->arena, t->outage), t->outage_open ? " and a step of no known length" : "");
  if (promise_unseen(b->m, i) == UNSEEN_NO_ENDPOINT) LINE(out, "      not probed: %s", b->probes.at[i].blind);
  else if (b->probes.at[i].blind != NULL) LINE(out, "      not observed: %s", b->probes.at[i].blind);
  else LINE(out, "      looked at from %s", b->probes.at[i].host != NULL ? b->probes.at[i].host : "where the runbook runs");
}

static void timeline(struct text *out, const struct runbook *b) {
  struct model *m = b->m;
  bool all = b->p->order.n <= STATES_SHOWN;
  title(out, all ? "Timeline: state 0 is before the first step, state k after step k"
                 : "Timeline: state 0 is before the first step, state k after step k; one that is left out is as the one before it");
  struct arena own = {0};
  for (uint32_t i = 0; i < m->promises.n; i++) {
    struct text part = {.arena = &own};
    one_promise(&part, b, i, all);
    text_take(out, &part);
  }
  arena_free(&own);
  if (m->promises.n == 0) comment(out, "  the plan promises nothing");
}

static void no_return(struct text *out, const struct runbook *b) {
  title(out, "Points of no return");
  uint32_t n = 0;
  for (uint32_t k = 0; k < b->p->order.n; k++) {
    const struct step *s = &b->m->steps.at[b->p->order.at[k]];
    if (s->irreversible == 0) continue;
    LINE(out, "  step %u %s: %s", k + 1, name_at(b, s->name), name_at(b, s->irreversible));
    n++;
  }
  if (n == 0) comment(out, "  none: every step can be undone");
}

static void waivers(struct text *out, const struct runbook *b) {
  struct model *m = b->m;
  if (m->waivers.n == 0) return;
  title(out, "Waived in the plan");
  for (uint32_t i = 0; i < m->waivers.n; i++) {
    const struct waiver *w = &m->waivers.at[i];
    LINE(out, "  %s%s%s because %s (%s)", name_at(b, w->what), w->resource != NONE ? " in " : "",
         w->resource != NONE ? name_at(b, m->resources.at[w->resource].name) : "", w->reason, place_text(out->arena, m, w->at));
  }
}

static void rests(struct text *out, const struct runbook *b) {
  struct model *m = b->m;
  if (b->p->rests.n == 0) return;
  const bool *start = proof_done(m, b->p, 0);
  title(out, "What the proof rests on: values of today that the plan does not change, the heaviest first");
  for (uint32_t i = 0; i < b->p->rests.n; i++) {
    const struct rest *r = &b->p->rests.at[i];
    if (r->attribute >= m->attributes.n) continue;
    const struct attribute *a = &m->attributes.at[r->attribute];
    const struct value *v = attribute_value(m, a->owner, a->name, start);
    LINE(out, "  %s.%s = %s (%u, %s)", name_at(b, m->resources.at[a->owner].name), name_at(b, a->name), v != NULL ? value_plain(out->arena, m, v) : "?",
         r->weight, place_text(out->arena, m, a->at));
  }
}

static void needs(struct text *out, const struct runbook *b) {
  struct model *m = b->m;
  title(out, "Secrets, fetched before the first step");
  for (uint32_t i = 0; i < b->secrets.n; i++) {
    const struct secret *s = &m->secrets.at[b->secrets.at[i]];
    const char *from = "", *argument = name_at(b, s->argument);
    switch ((enum secret_source)s->source) {
    case SECRET_STORE: from = arena_print(out->arena, "from %s, %s %s", s->store != NONE ? name_at(b, m->resources.at[s->store].name) : "?", name_at(b, s->path), name_at(b, s->field)); break;
    case SECRET_ENV: from = arena_print(out->arena, "from the environment, %s", argument); break;
    case SECRET_FILE: from = arena_print(out->arena, "from the file %s", argument); break;
    case SECRET_PROMPT: from = "asked for at the terminal"; break;
    }
    LINE(out, "  %s: %s%s", name_at(b, s->name), from, s->at_use ? " (fetched at its use)" : "");
  }
  if (b->secrets.n == 0) comment(out, "  none");
  if (b->locks.n > 0) title(out, "State locks, looked at by preflight and unlock");
  for (uint32_t i = 0; i < b->locks.n; i++) {
    const struct state_lock *l = &b->locks.at[i];
    const char *stack = name_at(b, m->resources.at[l->stack].name);
    if (l->connection == NULL) LINE(out, "  %s: not looked at, %s", stack, LOCK_BLIND);
    else LINE(out, "  %s: schema %s, workspace %s, with psql", stack, l->schema, l->workspace);
  }
  title(out, "Tools it needs");
  struct text all = {.arena = out->arena};
  for (uint32_t i = 0; i < b->tools.n; i++) {
    const struct tool_use *t = &b->tools.at[i];
    text_print(&all, "%s%s", i > 0 ? ", " : "", t->name);
    if (t->dir != NULL && t->name[0] != '/') text_print(&all, " (in %s)", t->dir);
  }
  LINE(out, "  %s", b->tools.n > 0 ? text_done(&all) : "none");
}

void header_open(struct text *out, const struct runbook *b) {
  struct model *m = b->m;
  LINE(out, "%s: a runbook", name_at(b, m->plan));
  comment(out, "");
  LINE(out, "Plan      %s", place_text(out->arena, m, m->plan_at));
  LINE(out, "Digest    sha256 %s", b->digest);
  comment(out, "Compiler  cutc " CUTC_VERSION);
  LINE(out, "Length    %s%s", seconds_text(out->arena, b->p->total), b->p->order_holds ? "" : " (promises were set aside to find an order)");
  comment(out, "");
  comment(out, "Change the plan and emit again instead of editing this; `cutc verify RUNBOOK PLAN` says what an edit changed.");
  comment(out, "Run it with sh from the folder of the plan: plan (prints this), preflight, apply, resume, confirm, rollback, status, verify, unlock.");
  title(out, "Steps, in the proven order");
}

void header_close(struct text *out, const struct runbook *b) {
  if (b->p->order.n == 0) comment(out, "  none");
  timeline(out, b);
  no_return(out, b);
  waivers(out, b);
  rests(out, b);
  needs(out, b);
}

void runbook_header(struct text *out, const struct runbook *b) {
  header_open(out, b);
  for (uint32_t k = 0; k < b->p->order.n; k++) header_step(out, b, k, step_line(b, k));
  header_close(out, b);
}
