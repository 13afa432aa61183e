/* A runbook as data -> the functions and statements that its script must consist of.
 * Needs runbook_build's result. Guarantees: made from the meaning of the commands, not from printed text; quoting does not come
 * into it. */
#include "script/expect.h"

#include <string.h>

/* ── `$` lines: the plan's text with each value in the plainest quotes, read as shell ── */

static void value_in_shell(struct text *t, const char *text, bool in_quotes) {
  for (const char *s = text; *s != '\0'; s++) {
    if (in_quotes && strchr("$`\"\\", *s) != NULL) text_putc(t, '\\');
    if (!in_quotes && *s == '\'') text_puts(t, "'\\'");
    text_putc(t, *s);
  }
}

static void shell_line(struct expecting *e, const struct pieces *p) {
  if (expect_plain_line(e, p)) {
    expect_end(e);
    return;
  }
  struct text t = {.arena = e->arena};
  for (uint32_t i = 0; i < p->n; i++) {
    const struct piece *x = &p->at[i];
    const char *quote = x->in_quotes ? "" : x->type == PIECE_VALUE ? "'" : "\"";
    switch ((enum piece_type)x->type) {
    case PIECE_SHELL: text_puts(&t, x->text); break;
    case PIECE_VALUE:
      text_puts(&t, quote);
      value_in_shell(&t, x->text, x->in_quotes);
      text_puts(&t, quote);
      break;
    case PIECE_RUN: text_print(&t, "%s${cut_run}%s", quote, quote); break;
    case PIECE_WORK: text_print(&t, "%s${cut_work}%s", quote, quote); break;
    case PIECE_SECRET: text_puts(&t, "(secret)"); break;
    }
  }
  const char *read = statement_read(e->arena, text_done(&t), t.n);
  static const char between[] = {SEP, 'o', ';', SEP, '\0'};
  for (const char *stop; (stop = strstr(read, between)) != NULL; read = stop + 4) {
    text_add(&e->line, read, (size_t)(stop - read) + 1);
    expect_end(e);
  }
  text_puts(&e->line, read);
  expect_end(e);
}

/* ── Commands ──────────────────────────────────────────────────────────────── */

static void option(struct expecting *e, const char *name, const struct pieces *p) {
  if (p->n == 0) return;
  expect_word(e, name);
  expect_pieces(e, p);
}

static void work_file(struct expecting *e, const char *name, const struct pieces *p) {
  if (p->n == 0) return;
  bool own = p->at[0].type == PIECE_WORK || (p->at[0].type == PIECE_VALUE && p->at[0].text[0] == '/');
  expect_word(e, name);
  text_putc(&e->line, TOKEN_IS_WORD);
  if (!own) text_print(&e->line, "%cqcut_work%c/", MARK_VARIABLE, MARK_END);
  expect_inside(&e->line, p);
  text_putc(&e->line, SEP);
}

static bool secret_in(const struct pieces *p) {
  bool found = false;
  for (uint32_t i = 0; i < p->n; i++) found = found || p->at[i].type == PIECE_SECRET;
  return found;
}

static void environment(struct expecting *e, const struct command *c) {
  for (uint32_t i = 0; i < c->env_count; i++) {
    const char *name = expect_name(e, c->env[i].name);
    bool secret = secret_in(&c->env[i].value);
    if (!secret) expect_known(e, "export");
    text_print(&e->line, "%c%s=", TOKEN_IS_WORD, name);
    if (!secret) {
      expect_inside(&e->line, &c->env[i].value);
      text_putc(&e->line, SEP);
      expect_end(e);
      continue;
    }
    text_print(&e->line, "%cu", MARK_COMMAND);
    expect_known(e, "cut_compose");
    expect_compose(e, &c->env[i].value);
    text_print(&e->line, "%c%c", MARK_END, SEP);
    expect_or_return(e);
    expect_known(e, "export");
    expect_word(e, name);
    expect_end(e);
  }
}

static void http(struct expecting *e, const struct command *c) {
  if (c->bearer.n > 0) {
    expect_known(e, "cut_header");
    expect_known(e, "text");
    expect_word(e, "Authorization: Bearer ");
    expect_compose(e, &c->bearer);
    expect_or_return(e);
  }
  for (uint32_t i = 0; i < c->header_count; i++) {
    expect_known(e, "cut_header");
    expect_known(e, "text");
    text_putc(&e->line, TOKEN_IS_WORD);
    expect_inside(&e->line, &c->headers[i].name);
    text_print(&e->line, ": %c", SEP);
    expect_compose(e, &c->headers[i].value);
    expect_or_return(e);
  }
  if (c->basic.n > 0) {
    expect_known(e, "cut_basic");
    expect_compose(e, &c->basic);
    expect_or_return(e);
  }
  if (c->body.n > 0 && !c->body_is_file) {
    expect_known(e, "cut_body");
    expect_compose(e, &c->body);
    expect_or_return(e);
  }
  expect_known(e, "cut_http");
  expect_word(e, expect_name(e, c->method));
  expect_pieces(e, &c->url);
  if (c->status_count > 0) {
    struct text all = {.arena = e->arena};
    for (uint32_t i = 0; i < c->status_count; i++) text_print(&all, "%s%u", i > 0 ? " " : "", c->status[i]);
    expect_known(e, "status");
    expect_word(e, text_done(&all));
  }
  if (c->body_is_file) work_file(e, "body", &c->body);
  work_file(e, "save", &c->save);
  option(e, "resolve", &c->resolve);
  option(e, "cacert", &c->cacert);
  if (c->within > 0) {
    expect_known(e, "max");
    expect_number(e, (c->within + 999) / 1000);
  }
  expect_end(e);
}

static const char *host_of(struct expecting *e, const struct host *h, bool brackets) {
  if (h->type == HOST_NAME) return expect_name(e, h->name);
  const char *text = address_text(e->arena, &h->from);
  return brackets && strchr(text, ':') != NULL ? arena_print(e->arena, "[%s]", text) : text;
}

static void dns(struct expecting *e, const struct command *c) {
  const char *want = pieces_text(e->arena, &c->dns_expected, "", "");
  bool digits = true;
  for (const char *s = want; *s != '\0'; s++) digits = digits && ((*s >= '0' && *s <= '9') || *s == '.');
  expect_known(e, "cut_dns");
  expect_pieces(e, &c->dns_name);
  expect_word(e, host_of(e, &c->endpoint.host, false));
  expect_number(e, c->endpoint.port == NONE ? 53 : c->endpoint.port);
  expect_word(e, strchr(want, ':') != NULL ? "AAAA" : digits || strcmp(want, "none") == 0 ? "A" : "CNAME");
  expect_pieces(e, &c->dns_expected);
  expect_end(e);
}

static void unit(struct expecting *e, const struct unit *u, const char *what) {
  const struct command *c = u->command;
  if (c->type == CMD_MANUAL || c->type == CMD_WAIT) return;
  expect_function(e, u->name, what);
  if (c->dir.n > 0 && strcmp(pieces_text(e->arena, &c->dir, "", ""), ".") != 0) {
    expect_known(e, "cd");
    expect_pieces(e, &c->dir);
    expect_or_return(e);
  }
  environment(e, c);
  switch ((enum command_type)c->type) {
  case CMD_RUN:
    if (c->has_input) {
      expect_known(e, "cut_stdin");
      expect_compose(e, &c->input);
      expect_or_return(e);
    }
    shell_line(e, &c->line);
    break;
  case CMD_HTTP: http(e, c); break;
  case CMD_TCP:
    expect_known(e, "cut_tcp");
    expect_word(e, host_of(e, &c->endpoint.host, true));
    expect_number(e, c->endpoint.port);
    expect_end(e);
    break;
  case CMD_DNS: dns(e, c); break;
  case CMD_MANUAL:
  case CMD_WAIT: break;
  }
}

/* ── Sequences ─────────────────────────────────────────────────────────────── */

/* The tool that says how it is stopped: the first of the line's programs that the plan knows. */
struct known { struct expecting *e; const struct tool *tool; };
static void take_known(void *data, const char *name) {
  struct known *k = data;
  const char *slash = strrchr(name, '/');
  for (uint32_t i = 0; i < k->e->b->m->tools.n && k->tool == NULL; i++)
    if (strcmp(expect_name(k->e, k->e->b->m->tools.at[i].name), slash != NULL ? slash + 1 : name) == 0) k->tool = &k->e->b->m->tools.at[i];
}

static void limits(struct expecting *e, const struct command *c) {
  int64_t within = c->type == CMD_TCP || c->type == CMD_DNS ? c->within : 0;
  if (c->type == CMD_RUN) {
    struct known k = {e, NULL};
    if (e->b->m->tools.n > 0) line_tools(e->arena, &c->line, take_known, &k);
    if (c->within > 0) {
      expect_known(e, "timeout");
      expect_number(e, (c->within + 999) / 1000);
    }
    if (k.tool != NULL && k.tool->stop != 0) {
      expect_known(e, "stop");
      expect_word(e, expect_name(e, k.tool->stop));
    }
    if (k.tool != NULL && k.tool->grace >= 0) {
      expect_known(e, "grace");
      expect_number(e, (k.tool->grace + 999) / 1000);
    }
    if (k.tool != NULL && k.tool->locks) {
      expect_known(e, "holds");
      expect_word(e, expect_name(e, k.tool->name));
    }
  }
  for (uint32_t i = 0; i < c->expect_count; i++)
    if (c->expects[i].within > within) within = c->expects[i].within;
  if (within <= 0) return;
  expect_known(e, "within");
  expect_number(e, (within + 999) / 1000);
}

static void expects(struct expecting *e, const struct command *c) {
  for (uint32_t i = 0; i < c->expect_count; i++) {
    switch ((enum expect)c->expects[i].type) {
    case EXPECT_EQUAL: expect_known(e, "equal"); break;
    case EXPECT_CONTAINS: expect_known(e, "contains"); break;
    case EXPECT_WITHOUT: expect_known(e, "without"); break;
    case EXPECT_MATCHES: expect_known(e, "matches"); break;
    case EXPECT_UNCHANGED:
      expect_known(e, "unchanged");
      expect_word(e, "-");
      continue;
    case EXPECT_STATUS: continue;
    }
    expect_pieces(e, &c->expects[i].operand);
  }
}

static void after_command(struct expecting *e, const struct sequence *s, const struct command *c) {
  for (uint32_t i = 0; i < c->observe_count; i++) {
    const struct observation *o = &c->observes[i];
    if (s->type == SEQ_FETCH) {
      const struct secret *secret = &e->b->m->secrets.at[s->secret];
      expect_word(e, o->filter != NULL ? "cut_secret_jq" : "cut_secret_text");
      expect_word(e, expect_name(e, secret->name));
      if (o->filter != NULL) {
        expect_word(e, expect_name(e, secret->path));
        expect_word(e, expect_name(e, secret->field));
        expect_word(e, o->filter);
      }
      expect_or_return(e);
    } else if (s->resource != NONE) {
      expect_word(e, s->made_by == NONE ? "cut_seen" : "cut_found");
      expect_word(e, expect_name(e, o->attribute));
      expect_word(e, o->filter != NULL ? "jq" : "text");
      expect_word(e, o->filter != NULL ? o->filter : "");
      if (s->made_by == NONE) expect_word(e, value_plain(e->arena, e->b->m, &o->declared));
      expect_end(e);
    }
  }
}

static void item(struct expecting *e, const struct sequence *s, const struct unit *u) {
  const struct command *c = u->command;
  for (uint32_t i = 0; i < u->at_use_count; i++) {
    for (uint32_t k = 0; k < e->b->secrets.n; k++) {
      if (e->b->secrets.at[k] != u->at_use[i]) continue;
      expect_known(e, "cut_fetch");
      expect_word(e, arena_print(e->arena, "%u:%s", k + 1, expect_name(e, e->b->m->secrets.at[u->at_use[i]].name)));
      expect_or_return(e);
    }
  }
  if (c->type == CMD_WAIT) {
    expect_word(e, sequence_waits(e->b, s) ? "cut_until" : "cut_wait");
    expect_number(e, (c->wait + 999) / 1000);
    expect_or_return(e);
    return;
  }
  expect_known(e, c->type == CMD_MANUAL ? "cut_manual" : "cut_run");
  expect_known(e, u->name);
  if (c->type == CMD_MANUAL) {
    expect_pieces(e, &c->line);
  } else {
    limits(e, c);
    expects(e, c);
  }
  if (c->type != CMD_MANUAL && s->made_by != NONE) {
    expect_operator(e, "||");
    expect_known(e, "cut_is_gone");
  }
  expect_or_return(e);
  if (c->type != CMD_MANUAL) after_command(e, s, c);
}

static void source(struct expecting *e, const struct secret *s) {
  static const char *const verbs[] = {[SECRET_ENV] = "cut_secret_env", [SECRET_FILE] = "cut_secret_file", [SECRET_PROMPT] = "cut_secret_prompt"};
  if (s->source == SECRET_STORE) {
    expect_known(e, "cut_complain");
    expect_word(e, "its source does not say how to fetch it");
  } else {
    const char *argument = expect_name(e, s->argument);
    expect_word(e, verbs[s->source]);
    expect_word(e, expect_name(e, s->name));
    expect_word(e, s->source == SECRET_PROMPT && *argument == '\0' ? expect_name(e, s->name) : argument);
  }
  expect_end(e);
}

/* What a finding calls it; nobody asks where statements are only compared. */
static const char *called(struct expecting *e, const struct sequence *s) {
  static const char *const parts[] = {"do", "undo", "verify", "look back", "observation", "fetch"};
  const struct model *m = e->b->m;
  if (e->against != NULL) return "";
  if (s->type == SEQ_FETCH) return arena_print(e->arena, "secret `%s`", expect_name(e, m->secrets.at[s->secret].name));
  if (s->type == SEQ_OBSERVE) return arena_print(e->arena, "observation of `%s`", expect_name(e, m->resources.at[s->resource].name));
  return arena_print(e->arena, "step %u `%s`, %s", s->step + 1, expect_name(e, m->steps.at[e->b->p->order.at[s->step]].name), parts[s->type]);
}

static void sequence(struct expecting *e, const struct sequence *s, const char *name, const struct unit *units) {
  const struct model *m = e->b->m;
  const char *what = called(e, s), *note = sequence_note(e->b, s);
  expect_function(e, name, what);
  bool watches = (s->type == SEQ_WAS || s->type == SEQ_VERIFY) && s->resource != NONE && s->count > 0;
  if (watches) {
    expect_word(e, s->made_by == NONE ? "cut_watch" : "cut_watch_gone");
    expect_word(e, expect_name(e, m->resources.at[s->resource].name));
    expect_end(e);
  }
  const struct back_wait *w = s->type == SEQ_UNDO && e->b->p->back != NULL ? &e->b->p->back[s->step] : NULL;
  for (; w != NULL && w->length > 0; w = w->before) {
    expect_known(e, "cut_since");
    expect_number(e, w->since + 1);
    expect_number(e, (w->length + 999) / 1000);
    expect_or_return(e);
  }
  for (uint32_t i = 0; i < s->count; i++) item(e, s, &units[i]);
  if (watches) {
    expect_known(e, "cut_watched");
    expect_end(e);
  }
  if (note != NULL) {
    expect_known(e, "cut_say");
    expect_word(e, arena_print(e->arena, "      nothing to undo: %s", note));
    expect_end(e);
  }
  if (s->type == SEQ_FETCH && s->count == 0) {
    source(e, &m->secrets.at[s->secret]);
  } else if (s->count == 0 && note == NULL) {
    expect_known(e, ":");
    expect_end(e);
  }
  for (uint32_t i = 0; i < s->count; i++) unit(e, &units[i], e->against != NULL ? "" : arena_print(e->arena, "%s, command %u", what, i + 1));
}

/* ── All of it ─────────────────────────────────────────────────────────────── */

/* What only a few functions take is given back before the next. */
static void fresh(struct expecting *e) {
  if (e->against != NULL) arena_reset(e->arena);
}

static void each_fetch(struct expecting *e) {
  for (uint32_t i = 0; i < e->b->sequences.n; i++) {
    if (e->b->sequences.at[i].type != SEQ_FETCH) continue;
    const struct sequence *s = &e->b->sequences.at[i];
    sequence(e, s, sequence_name(e->b, s, e->arena), sequence_units(e->b, s, e->arena));
    fresh(e);
  }
}

/* Observations, and steps with what they are called. */
static void each_sequence(struct expecting *e, struct stretch at, const struct unit *const *units) {
  for (uint32_t i = at.first; i < at.end; i++) {
    const struct sequence *s = &e->b->sequences.at[i];
    if (s->type == SEQ_FETCH) continue;
    if (s->type == SEQ_DO) {
      struct step_said said = step_said(e->b, s->step);
      expect_step(e, &said);
    }
    sequence(e, s, sequence_name(e->b, s, e->arena), units != NULL ? units[i - at.first] : sequence_units(e->b, s, e->arena));
    if (i % 64 == 63) fresh(e);
  }
}

static void each_promise(struct expecting *e) {
  for (uint32_t i = 0; i < e->b->m->promises.n; i++) {
    expect_promise(e, i);
    fresh(e);
  }
}

static void calls_main(struct expecting *e) {
  expect_function(e, "", "the call of the runtime");
  expect_known(e, "cut_main");
  text_print(&e->line, "%c%cq@%c%c", TOKEN_IS_WORD, MARK_VARIABLE, MARK_END, SEP);
  expect_end(e);
}

/* `{`, the call, `cut_rc=$?`, `[ "${cut_part}" = 0 ] || exit "${cut_rc}"`, `}`: whatever stands below it is not run. */
static void calls_main_and_exits(struct expecting *e) {
  static const char what[] = "where the shell stops to read";
  expect_function(e, "", what);
  expect_word(e, "{");
  expect_end(e);
  calls_main(e);
  expect_function(e, "", what);
  text_print(&e->line, "%ccut_rc=%cu?%c%c", TOKEN_IS_WORD, MARK_VARIABLE, MARK_END, SEP);
  expect_end(e);
  expect_function(e, "", what);
  expect_word(e, "[");
  text_print(&e->line, "%c%cqcut_part%c%c", TOKEN_IS_WORD, MARK_VARIABLE, MARK_END, SEP);
  expect_word(e, "=");
  expect_word(e, "0");
  expect_word(e, "]");
  expect_operator(e, "||");
  expect_known(e, "exit");
  text_print(&e->line, "%c%cqcut_rc%c%c", TOKEN_IS_WORD, MARK_VARIABLE, MARK_END, SEP);
  expect_end(e);
  expect_function(e, "", what);
  expect_word(e, "}");
  expect_end(e);
}

static void all_of(struct expecting *e, struct stretch at, const struct unit *const *units) {
  bool parts = runbook_long(e->b);
  if (at.top) {
    expect_constants(e);
    if (parts) each_fetch(e);
    expect_lists(e);
    if (!parts) each_fetch(e);
  }
  if (at.top && parts) {
    each_promise(e);
    calls_main_and_exits(e);
  }
  each_sequence(e, at, units);
  if (at.bottom && !parts) {
    each_promise(e);
    calls_main(e);
  }
  if (e->against != NULL) expect_opens(e, ""); /* closes the last one */
}

struct expectations expectations_build(const struct runbook *b) {
  struct expecting e = {.b = b, .arena = &b->m->c->arena, .line = {.arena = &b->m->c->arena}};
  all_of(&e, (struct stretch){0, b->sequences.n, true, true}, NULL);
  return e.out;
}

/* ── Compared at once ──────────────────────────────────────────────────────── */

static struct expecting begin(const struct runbook *b, struct reading *r, struct checking *c) {
  return (struct expecting){.b = b, .arena = &c->own, .line = {.arena = &c->lines}, .against = r, .read = {.arena = &c->lines}};
}

static bool ended(struct expecting *e) { return !e->differs && !reading_next(e->against, &e->read) && !e->against->broken; }

/* The same, and the last function is closed. */
static bool closed(struct expecting *e, struct checking *c) {
  expect_opens(e, "");
  bool met = ended(e);
  arena_reset(&c->own);
  arena_reset(&c->lines);
  return met;
}

bool expectations_met(const struct runbook *b, const char *text, size_t length, struct stretch at, const struct unit *const *units) {
  struct checking c = {0};
  struct reading r = {.arena = &c.lines, .text = text, .n = length};
  struct expecting e = begin(b, &r, &c);
  all_of(&e, at, units);
  bool met = ended(&e);
  checking_free(&c);
  return met;
}

bool step_met(const struct runbook *b, const struct step_said *s, struct slice text, struct checking *c) {
  struct reading r = {.arena = &c->lines, .text = text.at, .n = text.n};
  struct expecting e = begin(b, &r, c);
  expect_step(&e, s);
  return closed(&e, c);
}

bool sequence_met(const struct runbook *b, const struct sequence *s, const char *name, const struct unit *units, struct slice text, struct checking *c) {
  struct reading r = {.arena = &c->lines, .text = text.at, .n = text.n};
  struct expecting e = begin(b, &r, c);
  sequence(&e, s, name, units);
  return closed(&e, c);
}

void checking_free(struct checking *c) {
  arena_free(&c->own);
  arena_free(&c->lines);
}
