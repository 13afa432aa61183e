/* A runbook as data -> shell.
 * Needs runbook_build's result. Guarantees: the same bytes for the same plan; clean under `shellcheck -s sh -o all` and
 * `shfmt -i 2`, as far as the plan's own shell text is; no secret's value anywhere, only its name. */
#include "script/emit.h"

#include "base/embedded.h"

#include <string.h>

/* ── Small parts ───────────────────────────────────────────────────────────── */

int64_t whole_seconds(int64_t milliseconds) { return milliseconds <= 0 ? 0 : (milliseconds + 999) / 1000; }

static const char *name_at(const struct runbook *b, uint32_t id) { return name_text(&b->m->c->names, id); }

/* Operands of cut_compose: text and secrets in turn. */
static void compose(struct text *out, const struct runbook *b, const struct pieces *p) {
  for (uint32_t i = 0; i < p->n;) {
    if (p->at[i].type == PIECE_SECRET) {
      text_print(out, " secret %s", name_at(b, b->m->secrets.at[p->at[i].secret].name));
      i++;
      continue;
    }
    struct pieces run = {p->at + i, 0};
    while (i < p->n && p->at[i].type != PIECE_SECRET) run.n++, i++;
    text_puts(out, " text ");
    pieces_word(out, out->arena, &run);
  }
  if (p->n == 0) text_puts(out, " text ''");
}

static bool has_secret(const struct pieces *p) {
  for (uint32_t i = 0; i < p->n; i++)
    if (p->at[i].type == PIECE_SECRET) return true;
  return false;
}

static void option(struct text *out, const char *name, const struct pieces *p) {
  if (p->n == 0) return;
  text_print(out, " %s ", name);
  pieces_word(out, out->arena, p);
}

/* The name of a file below ${work}, or an absolute one as it is. */
static void work_file(struct text *out, const char *name, const struct pieces *p) {
  if (p->n == 0) return;
  bool own = p->at[0].type == PIECE_WORK || (p->at[0].type == PIECE_VALUE && p->at[0].text[0] == '/');
  struct piece *all = arena_array(out->arena, struct piece, p->n + 2);
  struct pieces file = {all, 0};
  if (!own) {
    all[file.n++] = (struct piece){.type = PIECE_WORK, .text = ""};
    all[file.n++] = (struct piece){.type = PIECE_VALUE, .text = "/"};
  }
  for (uint32_t i = 0; i < p->n; i++) all[file.n++] = p->at[i];
  option(out, name, &file);
}

/* ── One command ───────────────────────────────────────────────────────────── */

static void print_dir(struct text *out, const struct command *c) {
  if (c->dir.n == 0 || strcmp(pieces_text(out->arena, &c->dir, "", ""), ".") == 0) return;
  text_puts(out, "  cd ");
  pieces_word(out, out->arena, &c->dir);
  text_puts(out, " || return\n");
}

static void print_env(struct text *out, const struct runbook *b, const struct command *c) {
  for (uint32_t i = 0; i < c->env_count; i++) {
    const char *name = name_at(b, c->env[i].name);
    const struct pieces *value = &c->env[i].value;
    if (has_secret(value)) {
      text_print(out, "  %s=$(cut_compose", name);
      compose(out, b, value);
      text_print(out, ") || return\n  export %s\n", name);
    } else {
      text_print(out, "  export %s=", name);
      pieces_word(out, out->arena, value);
      text_putc(out, '\n');
    }
  }
}

static void print_run(struct text *out, const struct runbook *b, const struct command *c) {
  if (c->has_input) {
    text_puts(out, "  cut_stdin");
    compose(out, b, &c->input);
    text_puts(out, " || return\n");
  }
  line_print(out, &c->line);
}

static void print_header_file(struct text *out, const struct runbook *b, const char *verb, const char *before, const struct pieces *name,
                              const struct pieces *value) {
  text_print(out, "  %s text ", verb);
  if (name != NULL) {
    struct piece *all = arena_array(out->arena, struct piece, name->n + 1);
    memcpy(all, name->at, name->n * sizeof *all);
    all[name->n] = (struct piece){.type = PIECE_VALUE, .text = ": "};
    struct pieces head = {all, name->n + 1};
    pieces_word(out, out->arena, &head);
  } else {
    quote_word(out, before);
  }
  compose(out, b, value);
  text_puts(out, " || return\n");
}

static void print_http(struct text *out, const struct runbook *b, const struct command *c) {
  if (c->bearer.n > 0) print_header_file(out, b, "cut_header", "Authorization: Bearer ", NULL, &c->bearer);
  for (uint32_t i = 0; i < c->header_count; i++) print_header_file(out, b, "cut_header", NULL, &c->headers[i].name, &c->headers[i].value);
  if (c->basic.n > 0) {
    text_puts(out, "  cut_basic");
    compose(out, b, &c->basic);
    text_puts(out, " || return\n");
  }
  if (c->body.n > 0 && !c->body_is_file) {
    text_puts(out, "  cut_body");
    compose(out, b, &c->body);
    text_puts(out, " || return\n");
  }
  text_print(out, "  cut_http %s ", name_at(b, c->method));
  pieces_word(out, out->arena, &c->url);
  if (c->status_count > 0) {
    text_print(out, " status %s", c->status_count > 1 ? "'" : "");
    for (uint32_t i = 0; i < c->status_count; i++) text_print(out, "%s%u", i > 0 ? " " : "", c->status[i]);
    if (c->status_count > 1) text_putc(out, '\'');
  }
  if (c->body_is_file) work_file(out, "body", &c->body);
  work_file(out, "save", &c->save);
  option(out, "resolve", &c->resolve);
  option(out, "cacert", &c->cacert);
  if (c->within > 0) text_print(out, " max %lld", (long long)whole_seconds(c->within));
  text_putc(out, '\n');
}

static void print_tcp(struct text *out, const struct runbook *b, const struct command *c) {
  const char *host = c->endpoint.host.type == HOST_NAME ? name_at(b, c->endpoint.host.name) : address_text(out->arena, &c->endpoint.host.from);
  text_puts(out, "  cut_tcp ");
  quote_word(out, strchr(host, ':') != NULL ? arena_print(out->arena, "[%s]", host) : host);
  text_print(out, " %u\n", c->endpoint.port);
}

/* The type of record that answers with a text. */
static const char *record_type(const char *expected) {
  if (strchr(expected, ':') != NULL) return "AAAA";
  return expected[strspn(expected, "0123456789.")] == '\0' || strcmp(expected, "none") == 0 ? "A" : "CNAME";
}

static void print_dns(struct text *out, const struct runbook *b, const struct command *c) {
  const char *server = c->endpoint.host.type == HOST_NAME ? name_at(b, c->endpoint.host.name) : address_text(out->arena, &c->endpoint.host.from);
  text_puts(out, "  cut_dns ");
  pieces_word(out, out->arena, &c->dns_name);
  text_putc(out, ' ');
  quote_word(out, server);
  text_print(out, " %u %s ", c->endpoint.port == NONE ? 53 : c->endpoint.port,
             record_type(pieces_text(out->arena, &c->dns_expected, "", "")));
  pieces_word(out, out->arena, &c->dns_expected);
  text_putc(out, '\n');
}

void unit_print(struct text *out, const struct runbook *b, const struct unit *u) {
  const struct command *c = u->command;
  if (c->type == CMD_MANUAL || c->type == CMD_WAIT) return;
  text_print(out, "\n%s() { # %s\n", u->name, u->place != NULL ? u->place : place_text(out->arena, b->m, c->at));
  print_dir(out, c);
  print_env(out, b, c);
  switch ((enum command_type)c->type) {
  case CMD_RUN: print_run(out, b, c); break;
  case CMD_HTTP: print_http(out, b, c); break;
  case CMD_TCP: print_tcp(out, b, c); break;
  case CMD_DNS: print_dns(out, b, c); break;
  case CMD_MANUAL:
  case CMD_WAIT: break;
  }
  text_puts(out, "}\n");
}

/* ── Commands one after the other ──────────────────────────────────────────── */

/* A tool of the plan that the line starts and that says how it wants to be stopped. */
struct stop_search { const struct model *m; const struct tool *tool; };
static void stop_found(void *data, const char *name) {
  struct stop_search *s = data;
  const char *slash = strrchr(name, '/');
  uint32_t id = name_find(&s->m->c->names, slash != NULL ? slash + 1 : name, strlen(slash != NULL ? slash + 1 : name));
  for (uint32_t i = 0; i < s->m->tools.n && s->tool == NULL && id != NONE; i++)
    if (s->m->tools.at[i].name == id) s->tool = &s->m->tools.at[i];
}

static void print_limits(struct text *out, const struct runbook *b, const struct command *c) {
  int64_t within = c->type == CMD_TCP || c->type == CMD_DNS ? c->within : 0;
  if (c->type == CMD_RUN) {
    struct stop_search s = {b->m, NULL};
    if (b->m->tools.n > 0) line_tools(out->arena, &c->line, stop_found, &s);
    if (c->within > 0) text_print(out, " timeout %lld", (long long)whole_seconds(c->within));
    if (s.tool != NULL && s.tool->stop != 0) text_print(out, " stop %s", name_at(b, s.tool->stop));
    if (s.tool != NULL && s.tool->grace >= 0) text_print(out, " grace %lld", (long long)whole_seconds(s.tool->grace));
    if (s.tool != NULL && s.tool->locks) text_print(out, " holds %s", name_at(b, s.tool->name));
  }
  for (uint32_t i = 0; i < c->expect_count; i++)
    if (c->expects[i].within > within) within = c->expects[i].within;
  if (within > 0) text_print(out, " within %lld", (long long)whole_seconds(within));
}

static void print_expectations(struct text *out, const struct command *c) {
  static const char *const words[] = {[EXPECT_EQUAL] = "equal", [EXPECT_CONTAINS] = "contains", [EXPECT_WITHOUT] = "without", [EXPECT_MATCHES] = "matches"};
  for (uint32_t i = 0; i < c->expect_count; i++) {
    enum expect type = (enum expect)c->expects[i].type;
    if (type == EXPECT_STATUS) continue;
    if (type == EXPECT_UNCHANGED) {
      text_puts(out, " unchanged -");
      continue;
    }
    text_print(out, " %s ", words[type]);
    pieces_word(out, out->arena, &c->expects[i].operand);
  }
}

static void print_observations(struct text *out, const struct runbook *b, const struct sequence *s, const struct command *c) {
  for (uint32_t i = 0; i < c->observe_count; i++) {
    const struct observation *o = &c->observes[i];
    text_print(out, "  %s %s %s ", s->made_by != NONE ? "cut_found" : "cut_seen", name_at(b, o->attribute), o->filter != NULL ? "jq" : "text");
    quote_word(out, o->filter != NULL ? o->filter : "");
    if (s->made_by == NONE) {
      text_putc(out, ' ');
      quote_word(out, value_plain(b->m, &o->declared));
    }
    text_putc(out, '\n');
  }
}

static void print_fetch(struct text *out, const struct runbook *b, const struct command *c, const struct secret *s) {
  for (uint32_t i = 0; i < c->observe_count; i++) {
    text_print(out, "  cut_secret_jq %s ", name_at(b, s->name));
    quote_word(out, name_at(b, s->path));
    text_putc(out, ' ');
    quote_word(out, name_at(b, s->field));
    text_putc(out, ' ');
    quote_word(out, c->observes[i].filter != NULL ? c->observes[i].filter : ".");
    text_puts(out, " || return\n");
  }
}

static void print_item(struct text *out, const struct runbook *b, const struct sequence *s, const struct unit *u) {
  const struct command *c = u->command;
  for (uint32_t i = 0; i < u->at_use_count; i++)
    for (uint32_t k = 0; k < b->secrets.n; k++)
      if (b->secrets.at[k] == u->at_use[i])
        text_print(out, "  cut_fetch %u:%s || return\n", k + 1, name_at(b, b->m->secrets.at[u->at_use[i]].name));
  if (c->type == CMD_MANUAL) {
    text_print(out, "  cut_manual %s ", u->name);
    pieces_word(out, out->arena, &c->line);
    text_puts(out, " || return\n");
    return;
  }
  if (c->type == CMD_WAIT) {
    text_print(out, "  %s %lld || return\n", sequence_waits(b, s) ? "cut_until" : "cut_wait", (long long)whole_seconds(c->wait));
    return;
  }
  text_print(out, "  cut_run %s", u->name);
  print_limits(out, b, c);
  print_expectations(out, c);
  text_puts(out, s->made_by != NONE ? " || cut_is_gone || return\n" : " || return\n");
  if (s->type == SEQ_FETCH) print_fetch(out, b, c, &b->m->secrets.at[s->secret]);
  else if (s->resource != NONE) print_observations(out, b, s, c);
}

static void print_source(struct text *out, const struct runbook *b, const struct secret *s) {
  const char *name = name_at(b, s->name);
  switch ((enum secret_source)s->source) {
  case SECRET_ENV: text_print(out, "  cut_secret_env %s ", name); break;
  case SECRET_FILE: text_print(out, "  cut_secret_file %s ", name); break;
  case SECRET_PROMPT: text_print(out, "  cut_secret_prompt %s ", name); break;
  case SECRET_STORE: text_print(out, "  cut_complain "); break;
  }
  const char *argument = name_at(b, s->argument);
  if (s->source == SECRET_STORE) argument = "its source does not say how to fetch it";
  quote_word(out, s->source == SECRET_PROMPT && *argument == '\0' ? name : argument);
  text_putc(out, '\n');
}

/* What an undo waits for first. */
static void print_since(struct text *out, const struct runbook *b, const struct sequence *s) {
  const struct back_wait *w = s->type == SEQ_UNDO && b->p->back != NULL ? &b->p->back[s->step] : NULL;
  if (w != NULL && w->length > 0) text_print(out, "  cut_since %u %lld || return\n", w->since + 1, (long long)whole_seconds(w->length));
}

void sequence_print(struct text *out, const struct runbook *b, const struct sequence *s) {
  bool watches = (s->type == SEQ_WAS || s->type == SEQ_VERIFY) && s->resource != NONE && s->count > 0;
  const struct unit *units = sequence_units(b, s, out->arena);
  text_print(out, "\n%s() {\n", s->name);
  if (watches) {
    text_puts(out, s->made_by != NONE ? "  cut_watch_gone " : "  cut_watch ");
    quote_word(out, name_at(b, b->m->resources.at[s->resource].name));
    text_putc(out, '\n');
  }
  print_since(out, b, s);
  for (uint32_t i = 0; i < s->count; i++) print_item(out, b, s, &units[i]);
  if (watches) text_puts(out, "  cut_watched\n");
  if (s->note != NULL) {
    text_puts(out, "  cut_say ");
    quote_word(out, arena_print(out->arena, "      nothing to undo: %s", s->note));
    text_putc(out, '\n');
  }
  if (s->type == SEQ_FETCH && s->count == 0) print_source(out, b, &b->m->secrets.at[s->secret]);
  else if (s->count == 0 && s->note == NULL) text_puts(out, "  :\n");
  text_puts(out, "}\n");
  for (uint32_t i = 0; i < s->count; i++) unit_print(out, b, &units[i]);
}

/* ── The plan's tables ─────────────────────────────────────────────────────── */

static void print_constants(struct text *out, const struct runbook *b) {
  text_puts(out, "cut_plan=");
  quote_word(out, name_at(b, b->m->plan));
  text_print(out, "\ncut_digest=%.16s\ncut_steps=%u\ncut_promises=%u\n", b->digest, b->p->order.n, b->m->promises.n);
  struct text kept = {.arena = out->arena}, at_use = {.arena = out->arena};
  for (uint32_t i = 0; i < b->secrets.n; i++) {
    const struct secret *s = &b->m->secrets.at[b->secrets.at[i]];
    if (s->at_use) text_print(&at_use, "%s%s", at_use.n > 0 ? " " : "", name_at(b, s->name));
    else text_print(&kept, "%s%u:%s", kept.n > 0 ? " " : "", i + 1, name_at(b, s->name));
  }
  text_print(out, "cut_secrets='%s'\ncut_at_use='%s'\n", text_done(&kept), text_done(&at_use));
  if (runbook_long(b)) text_print(out, "cut_part=%u\ncut_observations=%u\n", PART_SIZE, b->observations);
}

/* A function of n lines; beyond LIST_SIZE of them, one function for each so many, and one that calls these. */
struct list { struct text *out; const char *name; uint32_t n, i; };

static struct list list_open(struct text *out, const char *name, uint32_t n) {
  struct list l = {out, name, n, 0};
  if (n <= LIST_SIZE) text_print(out, "\n%s() {\n", name);
  return l;
}

/* Before each line. */
static void list_line(struct list *l) {
  if (l->n > LIST_SIZE && l->i % LIST_SIZE == 0) text_print(l->out, "%s\n%s_%u() {\n", l->i > 0 ? "}\n" : "", l->name, l->i / LIST_SIZE + 1);
  l->i++;
}

static void list_close(struct list *l) {
  if (l->n > LIST_SIZE) {
    text_print(l->out, "}\n\n%s() {\n", l->name);
    for (uint32_t k = 0; k * LIST_SIZE < l->n; k++) text_print(l->out, "  %s_%u\n", l->name, k + 1);
  }
  text_print(l->out, "%s}\n", l->n == 0 ? "  :\n" : "");
}

static void print_locks(struct text *out, const struct runbook *b) {
  struct list list = list_open(out, "plan_locks", b->locks.n);
  for (uint32_t i = 0; i < b->locks.n; i++) {
    const struct state_lock *l = &b->locks.at[i];
    list_line(&list);
    if (l->connection != NULL) text_print(out, "  cut_state_lock %u ", i + 1);
    else text_puts(out, "  cut_blind_lock ");
    quote_word(out, name_at(b, b->m->resources.at[l->stack].name));
    text_putc(out, ' ');
    quote_word(out, l->connection != NULL ? l->schema : LOCK_BLIND);
    if (l->connection != NULL) {
      text_putc(out, ' ');
      quote_word(out, l->workspace);
      text_putc(out, ' ');
      quote_word(out, l->steps);
    }
    text_putc(out, '\n');
  }
  list_close(&list);
  for (uint32_t i = 0; i < b->locks.n; i++) {
    const struct pieces *p = b->locks.at[i].connection;
    if (p == NULL) continue;
    text_print(out, "\nlock_%u() {\n", i + 1);
    for (uint32_t n = 0; n < p->n; n++)
      for (uint32_t k = 0; k < b->secrets.n && p->at[n].type == PIECE_SECRET; k++)
        if (b->secrets.at[k] == p->at[n].secret && b->m->secrets.at[p->at[n].secret].at_use)
          text_print(out, "  cut_fetch %u:%s || return\n", k + 1, name_at(b, b->m->secrets.at[p->at[n].secret].name));
    text_puts(out, "  cut_compose");
    compose(out, b, p);
    text_puts(out, "\n}\n");
  }
}

static bool stays(const struct unit *u) {
  for (uint32_t e = 0; e < u->command->expect_count; e++)
    if (u->command->expects[e].type == EXPECT_UNCHANGED) return true;
  return false;
}

/* Writes the commands whose output has to stay, or only counts them. */
static uint32_t print_baseline(struct list *l, const struct runbook *b, struct arena *arena) {
  uint32_t n = 0;
  for (uint32_t i = 0; i < b->sequences.n; i++) {
    const struct sequence *s = &b->sequences.at[i];
    if (s->type != SEQ_VERIFY || !s->unchanged) continue;
    const struct unit *units = sequence_units(b, s, arena);
    for (uint32_t k = 0; k < s->count; k++) {
      const struct unit *u = &units[k];
      if (!stays(u)) continue;
      n++;
      if (l == NULL) continue;
      list_line(l);
      text_print(l->out, "  cut_baseline %s\n", u->name);
    }
  }
  return n;
}

static void print_list(struct text *out, const struct runbook *b) {
  struct list list = list_open(out, "plan_tools", b->tools.n);
  for (uint32_t i = 0; i < b->tools.n; i++) {
    list_line(&list);
    text_puts(out, "  cut_tool ");
    quote_word(out, b->tools.at[i].name);
    text_putc(out, ' ');
    quote_word(out, b->tools.at[i].dir != NULL ? b->tools.at[i].dir : ".");
    text_putc(out, '\n');
  }
  list_close(&list);
  list = list_open(out, "plan_observe", b->observations);
  for (uint32_t i = 0; i < b->observations; i++) {
    const struct sequence *s = &b->sequences.at[i];
    list_line(&list);
    text_print(out, "  %s %u ", s->made_by != NONE ? "cut_absent" : "cut_observe", i + 1);
    quote_word(out, name_at(b, b->m->resources.at[s->resource].name));
    if (s->made_by != NONE) text_print(out, " %u", s->made_by + 1);
    text_putc(out, '\n');
  }
  list_close(&list);
  list = list_open(out, "plan_unused", b->unused.n);
  for (uint32_t i = 0; i < b->unused.n; i++) {
    const struct unused *x = &b->unused.at[i];
    list_line(&list);
    text_puts(out, "  cut_unused ");
    quote_word(out, strchr(x->address, ':') != NULL ? arena_print(out->arena, "[%s]", x->address) : x->address);
    text_print(out, " %u ", x->port);
    quote_word(out, name_at(b, b->m->resources.at[x->resource].name));
    text_putc(out, '\n');
  }
  list_close(&list);
  print_locks(out, b);
  list = list_open(out, "plan_baseline", print_baseline(NULL, b, out->arena));
  print_baseline(&list, b, out->arena);
  list_close(&list);
}

static void variable(struct text *out, const char *name, const char *value) {
  text_puts(out, "  ");
  text_puts(out, name);
  text_putc(out, '=');
  quote_word(out, value);
  text_putc(out, '\n');
}

static void print_step(struct text *out, const struct runbook *b, uint32_t k) {
  struct model *m = b->m;
  const struct step *s = &m->steps.at[b->p->order.at[k]];
  const char *none = "";
  text_print(out, "\n# == Step %u of %u: %s ==\n\nstep_%u() { # %s\n", k + 1, b->p->order.n, name_at(b, s->name), k + 1, place_text(out->arena, m, s->at));
  variable(out, "cut_id", name_at(b, s->name));
  variable(out, "cut_title", name_at(b, s->title));
  variable(out, "cut_takes", s->takes >= 0 ? arena_print(out->arena, "%lld", (long long)whole_seconds(s->takes)) : none);
  variable(out, "cut_final", s->irreversible != 0 ? name_at(b, s->irreversible) : none);
  variable(out, "cut_hand", s->manual ? "1" : none);
  variable(out, "cut_newer", b->newer[k] != NONE ? arena_print(out->arena, "%u", b->newer[k] + 1) : none);
  text_puts(out, "}\n");
}

static void print_promise(struct text *out, const struct runbook *b, uint32_t i) {
  struct model *m = b->m;
  const struct promise *p = &m->promises.at[i];
  const struct probe *x = &b->probes.at[i];
  struct text states = {.arena = out->arena};
  const struct timeline *t = &b->p->timeline[i];
  for (uint32_t k = 0; k <= b->p->order.n; k = timeline_change(t, k))
    if (k == 0 || timeline_at(t, k) != timeline_at(t, k - 1))
      text_print(&states, "%s%u %s", k > 0 ? " " : "", k, state_word(timeline_at(t, k)));
  text_print(out, "\npromise_%u() { # %s %s\n", i + 1, name_at(b, p->id), place_text(out->arena, m, p->at));
  variable(out, "cut_text", name_at(b, p->text));
  variable(out, "cut_states", text_done(&states));
  variable(out, "cut_blind", x->blind != NULL ? x->blind : "");
  text_print(out, "}\n\nprobe_%u() {\n", i + 1);
  if (x->blind != NULL) {
    text_puts(out, "  :\n}\n");
    return;
  }
  text_puts(out, x->target != NULL ? "  cut_probe_url " : "  cut_probe_tcp ");
  quote_word(out, x->target != NULL ? x->target : x->address);
  if (x->target == NULL) text_print(out, " %u", x->port);
  if (x->host != NULL) {
    text_putc(out, ' ');
    quote_word(out, x->host);
  }
  text_puts(out, "\n}\n");
}

/* What a reader can check by eye or by sum, without the plan. */
static void print_manifest(struct text *out, const struct runbook *b, size_t plan_from) {
  text_print(out, "\n# == Manifest ==\n# runtime: sha256 %s\n", runtime_digest());
  text_print(out, "# plan part: sha256 %s\n", digest_sha256(out->arena, out->at + plan_from, out->n - plan_from));
  for (uint32_t i = 0; i < b->sequences.n; i++) {
    const struct sequence *s = &b->sequences.at[i];
    if (s->type != SEQ_DO) continue;
    text_print(out, "# step %u %s: do %u, undo %u, verify %u\n", s->step + 1, name_at(b, b->m->steps.at[b->p->order.at[s->step]].name), s->count,
               b->sequences.at[i + 1].count, b->sequences.at[i + 2].count);
  }
}

const char *runtime_text(size_t *length) {
  const struct embedded *all = embedded_find("runtime");
  *length = all->length;
  return all->text;
}

const char *runtime_digest(void) { return embedded_find("runtime.sha256")->text; }

static void print_all(struct text *out, const struct runbook *b, enum sequence_type type) {
  for (uint32_t i = 0; i < b->sequences.n; i++)
    if (b->sequences.at[i].type == type) sequence_print(out, b, &b->sequences.at[i]);
}

/* The line that a part begins with. No text of the plan can have the like, since it names the digest of the plan. */
static void print_mark(struct text *out, const struct runbook *b, const char *name, uint32_t first, uint32_t n) {
  if (first == 0) {
    text_print(out, "\n" PART_MARK "%s of %.16s ==\n", name, b->digest);
    return;
  }
  uint32_t last = first + PART_SIZE - 1 < n ? first + PART_SIZE - 1 : n;
  text_print(out, "\n" PART_MARK "%s_%u of %.16s: %s %u to %u of %u ==\n", name, first, b->digest, name, first, last, n);
}

/* What the steps, and with `observe` the observations, do. */
static void print_sequences(struct text *out, const struct runbook *b, bool observe, bool parts) {
  struct arena own = {0};
  uint32_t step = NONE, n = observe ? b->observations : b->p->order.n;
  for (uint32_t i = observe ? 0 : b->observations; i < (observe ? n : b->sequences.n); i++) {
    const struct sequence *s = &b->sequences.at[i];
    struct text part = {.arena = &own};
    if (s->type == SEQ_FETCH) continue;
    bool begins = observe || s->step != step;
    uint32_t k = observe ? i : s->step;
    if (begins && parts && k % PART_SIZE == 0) print_mark(&part, b, observe ? "observations" : "steps", k + 1, n);
    if (begins && !observe) print_step(&part, b, k);
    step = s->step;
    sequence_print(&part, b, s);
    text_take(out, &part);
  }
  arena_free(&own);
}

static void print_promises(struct text *out, const struct runbook *b) {
  struct arena own = {0};
  text_puts(out, "\n# == Promises ==\n");
  for (uint32_t i = 0; i < b->m->promises.n; i++) {
    struct text part = {.arena = &own};
    print_promise(&part, b, i);
    text_take(out, &part);
  }
  arena_free(&own);
}

/* What commands need of the plan comes first, then what only the run itself needs, then its call, then all the rest. */
static void print_long(struct text *out, const struct runbook *b) {
  print_all(out, b, SEQ_FETCH);
  print_mark(out, b, "tables", 0, 0);
  print_list(out, b);
  print_promises(out, b);
  text_puts(out, "\n# The shell reads no further: the parts below are taken from this file when they are needed.\n"
                 "{\n  cut_main \"$@\"\n  cut_rc=$?\n  [ \"${cut_part}\" = 0 ] || exit \"${cut_rc}\"\n}\n");
  print_sequences(out, b, true, true);
  print_sequences(out, b, false, true);
  print_mark(out, b, "manifest", 0, 0);
}

void runbook_print(struct text *out, const struct runbook *b) {
  size_t length;
  const char *runtime = runtime_text(&length);
  text_puts(out, "#!/bin/sh\n");
  runbook_header(out, b);
  text_putc(out, '\n');
  text_add(out, runtime, length);
  size_t from = out->n;
  text_puts(out, "\n# == Plan ==\n\n");
  print_constants(out, b);
  if (runbook_long(b)) {
    print_long(out, b);
    print_manifest(out, b, from);
    print_mark(out, b, "end", 0, 0);
    return;
  }
  print_list(out, b);
  print_all(out, b, SEQ_FETCH);
  print_sequences(out, b, true, false);
  print_sequences(out, b, false, false);
  print_promises(out, b);
  print_manifest(out, b, from);
  text_puts(out, "\ncut_main \"$@\"\n");
}

/* Room for about as much as there will be, so that it need not move; memory that is not used is never touched. */
static void make_room(struct text *out, const struct runbook *b) {
  if (out->at != NULL) return;
  out->cap = ((size_t)160 << 10) + (size_t)1024 * b->p->order.n + (size_t)512 * (b->m->promises.n + b->sequences.n - (size_t)4 * b->p->order.n);
  out->at = arena_alloc(out->arena, out->cap, 1);
}

void script_emit(struct text *out, struct runbook *b) {
  struct model *m = b->m;
  b->digest = digest_plan(m, NONE);
  size_t from = out->n;
  make_room(out, b);
  runbook_print(out, b);
  if (runbook_read(m->c, b, text_done(out) + from, out->n - from, NONE) == 0) return;
  finding_add(m->c, CODE_311, m->plan_at, "the runbook just written does not read back as the plan: nothing is printed (a defect of cutc)");
  out->n = from;
}
