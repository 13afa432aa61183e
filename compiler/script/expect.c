/* A runbook as data -> the functions and statements that its script must consist of.
 * Needs runbook_build's result. Guarantees: made from the meaning of the commands, not from printed text; quoting does not come
 * into it. */
#include "script/reader.h"

#include <string.h>

struct expecting {
  const struct runbook *b;
  struct arena *arena;
  struct expectations out;
  struct text line;
  uint32_t count;          /* statements of the function at hand */
  struct reading *against; /* compared with what is read there, and not kept; NULL: kept */
  struct text read;
  bool open, differs;
};

static const char *name_at(const struct expecting *e, uint32_t id) { return name_text(&e->b->m->c->names, id); }

/* ── Tokens ────────────────────────────────────────────────────────────────── */

static void literal(struct text *t, const char *text) {
  for (const char *s = text; *s != '\0'; s++) {
    if ((unsigned char)*s < 7 || *s == SEP) text_putc(t, MARK_LITERAL);
    text_putc(t, *s);
  }
}

static void word(struct expecting *e, const char *text) {
  text_putc(&e->line, TOKEN_IS_WORD);
  literal(&e->line, text);
  text_putc(&e->line, SEP);
}

static void number(struct expecting *e, int64_t n) { word(e, arena_print(e->arena, "%lld", (long long)n)); }

static void operator(struct expecting *e, const char *text) {
  text_putc(&e->line, TOKEN_IS_OPERATOR);
  text_puts(&e->line, text);
  text_putc(&e->line, SEP);
}

/* The line against the next statement that is read. */
static void compare(struct expecting *e) {
  bool same = !e->differs && reading_next(e->against, &e->read) && e->read.n == e->line.n && memcmp(e->read.at, e->line.at, e->line.n) == 0;
  e->differs = !same;
  e->line.n = 0;
}

static void end(struct expecting *e) {
  if (e->line.n == 0) return;
  e->count++;
  if (e->against != NULL) {
    compare(e);
    return;
  }
  array_push(e->arena, &e->out.statements, text_done(&e->line));
  e->line = (struct text){.arena = e->arena};
  e->out.functions.at[e->out.functions.n - 1].count = e->count;
}

static void or_return(struct expecting *e) {
  operator(e, "||");
  word(e, "return");
  end(e);
}

static void compare_function(struct expecting *e, const char *name) {
  size_t n = 0;
  if (e->open && !e->differs) e->differs = !reading_next(e->against, &e->read) || !statement_closes(&e->read);
  e->open = *name != '\0';
  if (!e->open || e->differs) return;
  const char *opened = reading_next(e->against, &e->read) ? statement_opens(&e->read, &n) : NULL;
  e->differs = opened == NULL || n != strlen(name) || memcmp(opened, name, n) != 0;
}

static void function(struct expecting *e, const char *name, const char *what) {
  e->count = 0;
  if (e->against != NULL) compare_function(e, name);
  else array_push(e->arena, &e->out.functions, (struct expected){name, what, e->out.statements.n, 0});
}

static void inside_pieces(struct text *t, const struct pieces *p) {
  for (uint32_t i = 0; i < p->n; i++) {
    enum piece_type type = (enum piece_type)p->at[i].type;
    if (type == PIECE_RUN || type == PIECE_WORK) text_print(t, "%cq%s%c", MARK_VARIABLE, type == PIECE_RUN ? "cut_run" : "cut_work", MARK_END);
    else literal(t, p->at[i].text);
  }
}

static void pieces(struct expecting *e, const struct pieces *p) {
  text_putc(&e->line, TOKEN_IS_WORD);
  inside_pieces(&e->line, p);
  text_putc(&e->line, SEP);
}

static void option(struct expecting *e, const char *name, const struct pieces *p) {
  if (p->n == 0) return;
  word(e, name);
  pieces(e, p);
}

static void work_file(struct expecting *e, const char *name, const struct pieces *p) {
  if (p->n == 0) return;
  bool own = p->at[0].type == PIECE_WORK || (p->at[0].type == PIECE_VALUE && p->at[0].text[0] == '/');
  word(e, name);
  text_putc(&e->line, TOKEN_IS_WORD);
  if (!own) text_print(&e->line, "%cqcut_work%c/", MARK_VARIABLE, MARK_END);
  inside_pieces(&e->line, p);
  text_putc(&e->line, SEP);
}

/* `text …` and `secret NAME` in turn. */
static void compose(struct expecting *e, const struct pieces *p) {
  bool open = false;
  for (uint32_t i = 0; i < p->n; i++) {
    bool secret = p->at[i].type == PIECE_SECRET;
    struct pieces one = {p->at + i, 1};
    if (open && secret) text_putc(&e->line, SEP);
    if (secret) {
      word(e, "secret");
      word(e, name_at(e, e->b->m->secrets.at[p->at[i].secret].name));
      open = false;
      continue;
    }
    if (!open) {
      word(e, "text");
      text_putc(&e->line, TOKEN_IS_WORD);
    }
    open = true;
    inside_pieces(&e->line, &one);
  }
  if (open) text_putc(&e->line, SEP);
  if (p->n == 0) {
    word(e, "text");
    word(e, "");
  }
}

/* ── `$` lines: the plan's text with each value in the plainest quotes, read as shell ── */

static void value_in_shell(struct text *t, const char *text, bool in_quotes) {
  for (const char *s = text; *s != '\0'; s++) {
    if (in_quotes && strchr("$`\"\\", *s) != NULL) text_putc(t, '\\');
    if (!in_quotes && *s == '\'') text_puts(t, "'\\'");
    text_putc(t, *s);
  }
}

static void shell_line(struct expecting *e, const struct pieces *p) {
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
    end(e);
  }
  text_puts(&e->line, read);
  end(e);
}

/* ── Commands ──────────────────────────────────────────────────────────────── */

static bool secret_in(const struct pieces *p) {
  bool found = false;
  for (uint32_t i = 0; i < p->n; i++) found = found || p->at[i].type == PIECE_SECRET;
  return found;
}

static void environment(struct expecting *e, const struct command *c) {
  for (uint32_t i = 0; i < c->env_count; i++) {
    const char *name = name_at(e, c->env[i].name);
    bool secret = secret_in(&c->env[i].value);
    if (!secret) word(e, "export");
    text_print(&e->line, "%c%s=", TOKEN_IS_WORD, name);
    if (!secret) {
      inside_pieces(&e->line, &c->env[i].value);
      text_putc(&e->line, SEP);
      end(e);
      continue;
    }
    text_print(&e->line, "%cu", MARK_COMMAND);
    word(e, "cut_compose");
    compose(e, &c->env[i].value);
    text_print(&e->line, "%c%c", MARK_END, SEP);
    or_return(e);
    word(e, "export");
    word(e, name);
    end(e);
  }
}

static void http(struct expecting *e, const struct command *c) {
  if (c->bearer.n > 0) {
    word(e, "cut_header");
    word(e, "text");
    word(e, "Authorization: Bearer ");
    compose(e, &c->bearer);
    or_return(e);
  }
  for (uint32_t i = 0; i < c->header_count; i++) {
    word(e, "cut_header");
    word(e, "text");
    text_putc(&e->line, TOKEN_IS_WORD);
    inside_pieces(&e->line, &c->headers[i].name);
    text_print(&e->line, ": %c", SEP);
    compose(e, &c->headers[i].value);
    or_return(e);
  }
  if (c->basic.n > 0) {
    word(e, "cut_basic");
    compose(e, &c->basic);
    or_return(e);
  }
  if (c->body.n > 0 && !c->body_is_file) {
    word(e, "cut_body");
    compose(e, &c->body);
    or_return(e);
  }
  word(e, "cut_http");
  word(e, name_at(e, c->method));
  pieces(e, &c->url);
  if (c->status_count > 0) {
    struct text all = {.arena = e->arena};
    for (uint32_t i = 0; i < c->status_count; i++) text_print(&all, "%s%u", i > 0 ? " " : "", c->status[i]);
    word(e, "status");
    word(e, text_done(&all));
  }
  if (c->body_is_file) work_file(e, "body", &c->body);
  work_file(e, "save", &c->save);
  option(e, "resolve", &c->resolve);
  option(e, "cacert", &c->cacert);
  if (c->within > 0) {
    word(e, "max");
    number(e, (c->within + 999) / 1000);
  }
  end(e);
}

static const char *host_of(struct expecting *e, const struct host *h, bool brackets) {
  if (h->type == HOST_NAME) return name_at(e, h->name);
  const char *text = address_text(e->arena, &h->from);
  return brackets && strchr(text, ':') != NULL ? arena_print(e->arena, "[%s]", text) : text;
}

static void dns(struct expecting *e, const struct command *c) {
  const char *want = pieces_text(e->arena, &c->dns_expected, "", "");
  bool digits = true;
  for (const char *s = want; *s != '\0'; s++) digits = digits && ((*s >= '0' && *s <= '9') || *s == '.');
  word(e, "cut_dns");
  pieces(e, &c->dns_name);
  word(e, host_of(e, &c->endpoint.host, false));
  number(e, c->endpoint.port == NONE ? 53 : c->endpoint.port);
  word(e, strchr(want, ':') != NULL ? "AAAA" : digits || strcmp(want, "none") == 0 ? "A" : "CNAME");
  pieces(e, &c->dns_expected);
  end(e);
}

static void unit(struct expecting *e, const struct unit *u, const char *what) {
  const struct command *c = u->command;
  if (c->type == CMD_MANUAL || c->type == CMD_WAIT) return;
  function(e, u->name, what);
  if (c->dir.n > 0 && strcmp(pieces_text(e->arena, &c->dir, "", ""), ".") != 0) {
    word(e, "cd");
    pieces(e, &c->dir);
    or_return(e);
  }
  environment(e, c);
  switch ((enum command_type)c->type) {
  case CMD_RUN:
    if (c->has_input) {
      word(e, "cut_stdin");
      compose(e, &c->input);
      or_return(e);
    }
    shell_line(e, &c->line);
    break;
  case CMD_HTTP: http(e, c); break;
  case CMD_TCP:
    word(e, "cut_tcp");
    word(e, host_of(e, &c->endpoint.host, true));
    number(e, c->endpoint.port);
    end(e);
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
    if (strcmp(name_at(k->e, k->e->b->m->tools.at[i].name), slash != NULL ? slash + 1 : name) == 0) k->tool = &k->e->b->m->tools.at[i];
}

static void limits(struct expecting *e, const struct command *c) {
  int64_t within = c->type == CMD_TCP || c->type == CMD_DNS ? c->within : 0;
  if (c->type == CMD_RUN) {
    struct known k = {e, NULL};
    if (e->b->m->tools.n > 0) line_tools(e->arena, &c->line, take_known, &k);
    if (c->within > 0) {
      word(e, "timeout");
      number(e, (c->within + 999) / 1000);
    }
    if (k.tool != NULL && k.tool->stop != 0) {
      word(e, "stop");
      word(e, name_at(e, k.tool->stop));
    }
    if (k.tool != NULL && k.tool->grace >= 0) {
      word(e, "grace");
      number(e, (k.tool->grace + 999) / 1000);
    }
    if (k.tool != NULL && k.tool->locks) {
      word(e, "holds");
      word(e, name_at(e, k.tool->name));
    }
  }
  for (uint32_t i = 0; i < c->expect_count; i++)
    if (c->expects[i].within > within) within = c->expects[i].within;
  if (within <= 0) return;
  word(e, "within");
  number(e, (within + 999) / 1000);
}

static void expects(struct expecting *e, const struct command *c) {
  for (uint32_t i = 0; i < c->expect_count; i++) {
    switch ((enum expect)c->expects[i].type) {
    case EXPECT_EQUAL: word(e, "equal"); break;
    case EXPECT_CONTAINS: word(e, "contains"); break;
    case EXPECT_WITHOUT: word(e, "without"); break;
    case EXPECT_MATCHES: word(e, "matches"); break;
    case EXPECT_UNCHANGED:
      word(e, "unchanged");
      word(e, "-");
      continue;
    case EXPECT_STATUS: continue;
    }
    pieces(e, &c->expects[i].operand);
  }
}

static void after_command(struct expecting *e, const struct sequence *s, const struct command *c) {
  for (uint32_t i = 0; i < c->observe_count; i++) {
    const struct observation *o = &c->observes[i];
    if (s->type == SEQ_FETCH) {
      const struct secret *secret = &e->b->m->secrets.at[s->secret];
      word(e, "cut_secret_jq");
      word(e, name_at(e, secret->name));
      word(e, name_at(e, secret->path));
      word(e, name_at(e, secret->field));
      word(e, o->filter != NULL ? o->filter : ".");
      or_return(e);
    } else if (s->resource != NONE) {
      word(e, s->made_by == NONE ? "cut_seen" : "cut_found");
      word(e, name_at(e, o->attribute));
      word(e, o->filter != NULL ? "jq" : "text");
      word(e, o->filter != NULL ? o->filter : "");
      if (s->made_by == NONE) word(e, value_plain(e->b->m, &o->declared));
      end(e);
    }
  }
}

static void item(struct expecting *e, const struct sequence *s, const struct unit *u) {
  const struct command *c = u->command;
  for (uint32_t i = 0; i < u->at_use_count; i++) {
    for (uint32_t k = 0; k < e->b->secrets.n; k++) {
      if (e->b->secrets.at[k] != u->at_use[i]) continue;
      word(e, "cut_fetch");
      word(e, arena_print(e->arena, "%u:%s", k + 1, name_at(e, e->b->m->secrets.at[u->at_use[i]].name)));
      or_return(e);
    }
  }
  if (c->type == CMD_WAIT) {
    word(e, sequence_waits(e->b, s) ? "cut_until" : "cut_wait");
    number(e, (c->wait + 999) / 1000);
    or_return(e);
    return;
  }
  word(e, c->type == CMD_MANUAL ? "cut_manual" : "cut_run");
  word(e, u->name);
  if (c->type == CMD_MANUAL) {
    pieces(e, &c->line);
  } else {
    limits(e, c);
    expects(e, c);
  }
  or_return(e);
  if (c->type != CMD_MANUAL) after_command(e, s, c);
}

static void source(struct expecting *e, const struct secret *s) {
  static const char *const verbs[] = {[SECRET_ENV] = "cut_secret_env", [SECRET_FILE] = "cut_secret_file", [SECRET_PROMPT] = "cut_secret_prompt"};
  if (s->source == SECRET_STORE) {
    word(e, "cut_complain");
    word(e, "its source does not say how to fetch it");
  } else {
    const char *argument = name_at(e, s->argument);
    word(e, verbs[s->source]);
    word(e, name_at(e, s->name));
    word(e, s->source == SECRET_PROMPT && *argument == '\0' ? name_at(e, s->name) : argument);
  }
  end(e);
}

static void sequence(struct expecting *e, const struct sequence *s) {
  static const char *const parts[] = {"do", "undo", "verify", "look back", "observation", "fetch"};
  const struct model *m = e->b->m;
  const char *what;
  if (s->type == SEQ_FETCH) what = arena_print(e->arena, "secret `%s`", name_at(e, m->secrets.at[s->secret].name));
  else if (s->type == SEQ_OBSERVE) what = arena_print(e->arena, "observation of `%s`", name_at(e, m->resources.at[s->resource].name));
  else what = arena_print(e->arena, "step %u `%s`, %s", s->step + 1, name_at(e, m->steps.at[e->b->p->order.at[s->step]].name), parts[s->type]);
  function(e, s->name, what);
  bool watches = (s->type == SEQ_WAS || s->type == SEQ_VERIFY) && s->resource != NONE && s->count > 0;
  if (watches) {
    word(e, "cut_watch");
    word(e, name_at(e, m->resources.at[s->resource].name));
    end(e);
  }
  const struct back_wait *w = s->type == SEQ_UNDO && e->b->p->back != NULL ? &e->b->p->back[s->step] : NULL;
  if (w != NULL && w->length > 0) {
    word(e, "cut_since");
    number(e, w->since + 1);
    number(e, (w->length + 999) / 1000);
    or_return(e);
  }
  for (uint32_t i = 0; i < s->count; i++) item(e, s, &e->b->units.at[s->first + i]);
  if (watches) {
    word(e, "cut_watched");
    end(e);
  }
  if (s->note != NULL) {
    word(e, "cut_say");
    word(e, arena_print(e->arena, "      nothing to undo: %s", s->note));
    end(e);
  }
  if (s->type == SEQ_FETCH && s->count == 0) {
    source(e, &m->secrets.at[s->secret]);
  } else if (s->count == 0 && s->note == NULL) {
    word(e, ":");
    end(e);
  }
  for (uint32_t i = 0; i < s->count; i++) unit(e, &e->b->units.at[s->first + i], arena_print(e->arena, "%s, command %u", what, i + 1));
}

/* ── The plan's tables ─────────────────────────────────────────────────────── */

static void assign(struct expecting *e, const char *name, const char *value) {
  text_print(&e->line, "%c%s=", TOKEN_IS_WORD, name);
  literal(&e->line, value);
  text_putc(&e->line, SEP);
  end(e);
}

static void constant(struct expecting *e, const char *name, const char *value) {
  function(e, "", "the plan's own values");
  assign(e, name, value);
}

static const char *decimal(struct expecting *e, int64_t n) { return arena_print(e->arena, "%lld", (long long)n); }

static void constants(struct expecting *e) {
  const struct runbook *b = e->b;
  struct text kept = {.arena = e->arena}, at_use = {.arena = e->arena};
  for (uint32_t i = 0; i < b->secrets.n; i++) {
    const struct secret *s = &b->m->secrets.at[b->secrets.at[i]];
    struct text *t = s->at_use ? &at_use : &kept;
    if (t->n > 0) text_putc(t, ' ');
    if (!s->at_use) text_print(t, "%u:", i + 1);
    text_puts(t, name_at(e, s->name));
  }
  constant(e, "cut_plan", name_at(e, b->m->plan));
  constant(e, "cut_digest", arena_copy(e->arena, b->digest, 16));
  constant(e, "cut_steps", decimal(e, b->p->order.n));
  constant(e, "cut_promises", decimal(e, b->m->promises.n));
  constant(e, "cut_secrets", text_done(&kept));
  constant(e, "cut_at_use", text_done(&at_use));
}

static void close_list(struct expecting *e) {
  if (e->count > 0) return;
  word(e, ":");
  end(e);
}

/* How the state database of a lock is reached. */
static void lock(struct expecting *e, uint32_t i) {
  const struct runbook *b = e->b;
  const struct pieces *p = b->locks.at[i].connection;
  if (p == NULL) return;
  function(e, arena_print(e->arena, "lock_%u", i + 1), arena_print(e->arena, "state lock of `%s`", name_at(e, b->m->resources.at[b->locks.at[i].stack].name)));
  for (uint32_t n = 0; n < p->n; n++) {
    if (p->at[n].type != PIECE_SECRET) continue;
    const struct secret *s = &b->m->secrets.at[p->at[n].secret];
    for (uint32_t k = 0; k < b->secrets.n && s->at_use; k++) {
      if (b->secrets.at[k] != p->at[n].secret) continue;
      word(e, "cut_fetch");
      word(e, arena_print(e->arena, "%u:%s", k + 1, name_at(e, s->name)));
      or_return(e);
    }
  }
  word(e, "cut_compose");
  compose(e, p);
  end(e);
}

static void lists(struct expecting *e) {
  const struct runbook *b = e->b;
  function(e, "plan_tools", "the tools that are looked for");
  for (uint32_t i = 0; i < b->tools.n; i++) {
    word(e, "cut_tool");
    word(e, b->tools.at[i].name);
    word(e, b->tools.at[i].dir != NULL ? b->tools.at[i].dir : ".");
    end(e);
  }
  close_list(e);
  function(e, "plan_observe", "the values that preflight looks at");
  for (uint32_t i = 0; i < b->sequences.n && b->sequences.at[i].type == SEQ_OBSERVE; i++) {
    const struct sequence *s = &b->sequences.at[i];
    word(e, s->made_by == NONE ? "cut_observe" : "cut_absent");
    number(e, i + 1);
    word(e, name_at(e, b->m->resources.at[s->resource].name));
    if (s->made_by != NONE) number(e, s->made_by + 1);
    end(e);
  }
  close_list(e);
  function(e, "plan_unused", "the addresses that have to be free");
  for (uint32_t i = 0; i < b->unused.n; i++) {
    const char *address = b->unused.at[i].address;
    word(e, "cut_unused");
    word(e, strchr(address, ':') != NULL ? arena_print(e->arena, "[%s]", address) : address);
    number(e, b->unused.at[i].port);
    word(e, name_at(e, b->m->resources.at[b->unused.at[i].resource].name));
    end(e);
  }
  close_list(e);
  function(e, "plan_locks", "the state locks that are looked at");
  for (uint32_t i = 0; i < b->locks.n; i++) {
    const struct state_lock *l = &b->locks.at[i];
    word(e, l->connection != NULL ? "cut_state_lock" : "cut_blind_lock");
    if (l->connection != NULL) number(e, i + 1);
    word(e, name_at(e, b->m->resources.at[l->stack].name));
    word(e, l->connection != NULL ? l->schema : LOCK_BLIND);
    if (l->connection != NULL) {
      word(e, l->workspace);
      word(e, l->steps);
    }
    end(e);
  }
  close_list(e);
  for (uint32_t i = 0; i < b->locks.n; i++) lock(e, i);
  function(e, "plan_baseline", "the outputs that have to stay");
  for (uint32_t i = 0; i < b->units.n; i++) {
    const struct unit *u = &b->units.at[i];
    bool unchanged = false;
    for (uint32_t k = 0; k < u->command->expect_count; k++) unchanged = unchanged || u->command->expects[k].type == EXPECT_UNCHANGED;
    if (!unchanged || strstr(u->name, "_verify_") == NULL) continue;
    word(e, "cut_baseline");
    word(e, u->name);
    end(e);
  }
  close_list(e);
}

static void step(struct expecting *e, uint32_t k) {
  const struct model *m = e->b->m;
  const struct step *s = &m->steps.at[e->b->p->order.at[k]];
  function(e, arena_print(e->arena, "step_%u", k + 1), arena_print(e->arena, "step %u `%s`", k + 1, name_at(e, s->name)));
  assign(e, "cut_id", name_at(e, s->name));
  assign(e, "cut_title", name_at(e, s->title));
  assign(e, "cut_takes", s->takes < 0 ? "" : decimal(e, (s->takes + 999) / 1000));
  assign(e, "cut_final", s->irreversible == 0 ? "" : name_at(e, s->irreversible));
  assign(e, "cut_hand", s->manual ? "1" : "");
  assign(e, "cut_newer", e->b->newer[k] == NONE ? "" : decimal(e, e->b->newer[k] + 1));
}

static void promise(struct expecting *e, uint32_t i) {
  static const char *const words[] = {[UP] = "up", [DOWN] = "down", [UNKNOWN] = "unknown", [MAYBE] = "maybe"};
  const struct promise *p = &e->b->m->promises.at[i];
  const struct probe *x = &e->b->probes.at[i];
  const char *what = arena_print(e->arena, "promise %s `%s`", name_at(e, p->id), name_at(e, p->text));
  struct text states = {.arena = e->arena};
  const struct timeline *t = &e->b->p->timeline[i];
  for (uint32_t k = 0, last = NONE; k <= e->b->p->order.n; k = timeline_change(t, k)) {
    if (timeline_at(t, k) == last) continue;
    if (k > 0) text_putc(&states, ' ');
    text_puts(&states, decimal(e, k));
    text_putc(&states, ' ');
    text_puts(&states, words[last = timeline_at(t, k)]);
  }
  function(e, arena_print(e->arena, "promise_%u", i + 1), what);
  assign(e, "cut_text", name_at(e, p->text));
  assign(e, "cut_states", text_done(&states));
  assign(e, "cut_blind", x->blind != NULL ? x->blind : "");
  function(e, arena_print(e->arena, "probe_%u", i + 1), what);
  if (x->blind != NULL) {
    close_list(e);
    return;
  }
  word(e, x->target != NULL ? "cut_probe_url" : "cut_probe_tcp");
  word(e, x->target != NULL ? x->target : x->address);
  if (x->target == NULL) number(e, x->port);
  if (x->host != NULL) word(e, x->host);
  end(e);
}

/* What only one function takes is given back before the next. */
static void fresh(struct expecting *e) {
  if (e->against != NULL) arena_reset(e->arena);
}

static void all(struct expecting *e) {
  const struct runbook *b = e->b;
  constants(e);
  lists(e);
  for (uint32_t i = 0; i < b->sequences.n; i++)
    if (b->sequences.at[i].type == SEQ_FETCH) sequence(e, &b->sequences.at[i]);
  for (uint32_t i = 0; i < b->sequences.n; i++)
    if (b->sequences.at[i].type == SEQ_OBSERVE) sequence(e, &b->sequences.at[i]);
  for (uint32_t i = 0; i < b->sequences.n; i++) {
    const struct sequence *s = &b->sequences.at[i];
    if (s->type == SEQ_FETCH || s->type == SEQ_OBSERVE) continue;
    if (s->type == SEQ_DO) step(e, s->step);
    sequence(e, s);
    fresh(e);
  }
  for (uint32_t i = 0; i < b->m->promises.n; i++) {
    promise(e, i);
    fresh(e);
  }
  function(e, "", "the last line");
  word(e, "cut_main");
  text_print(&e->line, "%c%cq@%c%c", TOKEN_IS_WORD, MARK_VARIABLE, MARK_END, SEP);
  end(e);
}

struct expectations expectations_build(const struct runbook *b) {
  struct expecting e = {.b = b, .arena = &b->m->c->arena, .line = {.arena = &b->m->c->arena}};
  all(&e);
  return e.out;
}

bool expectations_met(const struct runbook *b, const char *text, size_t length) {
  struct arena own = {0}, lines = {0};
  struct reading r = {.arena = &lines, .text = text, .n = length};
  struct expecting e = {.b = b, .arena = &own, .line = {.arena = &lines}, .against = &r, .read = {.arena = &lines}};
  all(&e);
  bool met = !e.differs && !reading_next(&r, &e.read) && !r.broken;
  arena_free(&own);
  arena_free(&lines);
  return met;
}
