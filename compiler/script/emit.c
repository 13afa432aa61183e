/* The commands of a runbook as data -> shell.
 * Needs runbook_build's result. Guarantees: the same bytes for the same plan; clean under `shellcheck -s sh -o all` and
 * `shfmt -i 2`, as far as the plan's own shell text is; no secret's value anywhere, only its name. */
#include "script/emit.h"

#include <string.h>

/* ── Small parts ───────────────────────────────────────────────────────────── */

int64_t whole_seconds(int64_t milliseconds) { return milliseconds <= 0 ? 0 : (milliseconds + 999) / 1000; }

static const char *name_at(const struct runbook *b, uint32_t id) { return name_text(&b->m->c->names, id); }

/* Operands of cut_compose: text and secrets in turn. */
void compose_print(struct text *out, const struct runbook *b, const struct pieces *p) {
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
      compose_print(out, b, value);
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
    compose_print(out, b, &c->input);
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
  compose_print(out, b, value);
  text_puts(out, " || return\n");
}

static void print_http(struct text *out, const struct runbook *b, const struct command *c) {
  if (c->bearer.n > 0) print_header_file(out, b, "cut_header", "Authorization: Bearer ", NULL, &c->bearer);
  for (uint32_t i = 0; i < c->header_count; i++) print_header_file(out, b, "cut_header", NULL, &c->headers[i].name, &c->headers[i].value);
  if (c->basic.n > 0) {
    text_puts(out, "  cut_basic");
    compose_print(out, b, &c->basic);
    text_puts(out, " || return\n");
  }
  if (c->body.n > 0 && !c->body_is_file) {
    text_puts(out, "  cut_body");
    compose_print(out, b, &c->body);
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
  text_putc(out, '\n');
  text_puts(out, u->name);
  text_puts(out, "() { # ");
  if (u->place != NULL) text_puts(out, u->place);
  else place_print(out, b->m, c->at);
  text_putc(out, '\n');
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
      quote_word(out, value_plain(out->arena, b->m, &o->declared));
    }
    text_putc(out, '\n');
  }
}

static void print_fetch(struct text *out, const struct runbook *b, const struct command *c, const struct secret *s) {
  for (uint32_t i = 0; i < c->observe_count; i++) {
    const char *filter = c->observes[i].filter;
    text_print(out, "  %s %s", filter != NULL ? "cut_secret_jq" : "cut_secret_text", name_at(b, s->name));
    const char *const words[] = {name_at(b, s->path), name_at(b, s->field), filter};
    for (size_t k = 0; filter != NULL && k < sizeof words / sizeof *words; k++) {
      text_putc(out, ' ');
      quote_word(out, words[k]);
    }
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
    text_puts(out, "  cut_manual ");
    text_puts(out, u->name);
    text_putc(out, ' ');
    pieces_word(out, out->arena, &c->line);
    text_puts(out, " || return\n");
    return;
  }
  if (c->type == CMD_WAIT) {
    text_print(out, "  %s %lld || return\n", sequence_waits(b, s) ? "cut_until" : "cut_wait", (long long)whole_seconds(c->wait));
    return;
  }
  text_puts(out, "  cut_run ");
  text_puts(out, u->name);
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

/* What an undo waits for first: the longest wait, then what is enough when its step had not begun. After a longer one no shorter one is
 * left to wait for, since its deadline is the same. */
static void print_since(struct text *out, const struct runbook *b, const struct sequence *s) {
  const struct back_wait *w = s->type == SEQ_UNDO && b->p->back != NULL ? &b->p->back[s->step] : NULL;
  for (; w != NULL && w->length > 0; w = w->before)
    text_print(out, "  cut_since %u %lld || return\n", w->since + 1, (long long)whole_seconds(w->length));
}

void sequence_print(struct text *out, const struct runbook *b, const struct sequence *s, const char *name, const struct unit *units) {
  const char *note = sequence_note(b, s);
  bool watches = (s->type == SEQ_WAS || s->type == SEQ_VERIFY) && s->resource != NONE && s->count > 0;
  text_putc(out, '\n');
  text_puts(out, name);
  text_puts(out, "() {\n");
  if (watches) {
    text_puts(out, s->made_by != NONE ? "  cut_watch_gone " : "  cut_watch ");
    quote_word(out, name_at(b, b->m->resources.at[s->resource].name));
    text_putc(out, '\n');
  }
  print_since(out, b, s);
  for (uint32_t i = 0; i < s->count; i++) print_item(out, b, s, &units[i]);
  if (watches) text_puts(out, "  cut_watched\n");
  if (note != NULL) {
    text_puts(out, "  cut_say ");
    quote_word(out, arena_print(out->arena, "      nothing to undo: %s", note));
    text_putc(out, '\n');
  }
  if (s->type == SEQ_FETCH && s->count == 0) print_source(out, b, &b->m->secrets.at[s->secret]);
  else if (s->count == 0 && note == NULL) text_puts(out, "  :\n");
  text_puts(out, "}\n");
  for (uint32_t i = 0; i < s->count; i++) unit_print(out, b, &units[i]);
}
