/* A call of a stand-in -> what it prints and how it ends, by the plan and the simulated world; and the fault of the run.
 * Needs a run under way. Guarantees: a real program is named only for the runtime's own work on files and text; a command of
 * the plan is always answered from here. */
#include "script/rehearse_run.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* ── Which command is it? ──────────────────────────────────────────────────── */

static const char *linked(struct run *r, pid_t pid, int fd) {
  char path[64], target[4096];
  snprintf(path, sizeof path, "/proc/%ld/fd/%d", (long)pid, fd);
  ssize_t n = readlink(path, target, sizeof target);
  return n > 0 && (size_t)n < sizeof target ? arena_copy(r->arena, target, (size_t)n) : "";
}

pid_t process_parent(pid_t pid) {
  char path[64], text[512];
  snprintf(path, sizeof path, "/proc/%ld/stat", (long)pid);
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return 0;
  ssize_t n = read(fd, text, sizeof text - 1);
  close(fd);
  text[n > 0 ? n : 0] = '\0';
  const char *after = strrchr(text, ')');
  return after != NULL && strlen(after) > 4 ? (pid_t)strtol(after + 4, NULL, 10) : 0;
}

static const char *file_text(struct run *r, const char *path) {
  struct text t = {.arena = r->arena};
  char bytes[4096];
  int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  for (ssize_t n; fd >= 0 && t.n < STANDIN_LONGEST && (n = read(fd, bytes, sizeof bytes)) > 0;) text_add(&t, bytes, (size_t)n);
  if (fd >= 0) close(fd);
  return text_done(&t);
}

/* The command whose log this is: ".../012-step_1_do_1.log", or the last one in the log of what fetches secrets. */
static const char *log_name(struct run *r, const char *log) {
  const char *name = strrchr(log, '/'), *end = strstr(log, ".log");
  if (name == NULL || end == NULL || end[4] != '\0' || strncmp(log, r->dir, strlen(r->dir)) != 0) {
    if (strncmp(log, r->memory, strlen(r->memory)) != 0 || name == NULL || strcmp(name, "/fetch.log") != 0) return NULL;
    const char *text = file_text(r, log), *last = NULL;
    for (const char *at = text; (at = strstr(at, "# ")) != NULL; at += 2)
      if (at == text || at[-1] == '\n') last = at + 2;
    return last != NULL ? arena_copy(r->arena, last, strcspn(last, " \n")) : NULL;
  }
  size_t digits = strspn(++name, "0123456789");
  return digits >= 3 && name[digits] == '-' ? arena_copy(r->arena, name + digits + 1, (size_t)(end - name) - digits - 1) : NULL;
}

static uint32_t unit_of(struct run *r, const struct call *c, const char **log) {
  pid_t pid = c->pid;
  for (unsigned i = 0; i < 12 && pid > 1 && pid != r->book; i++, pid = process_parent(pid)) {
    *log = linked(r, pid, 2);
    const char *name = log_name(r, *log);
    for (uint32_t k = 0; name != NULL && k < r->s->b->units.n; k++)
      if (strcmp(r->s->b->units.at[k].name, name) == 0) return k;
  }
  return NONE;
}

/* ── Replies ───────────────────────────────────────────────────────────────── */

static void finish(struct run *r, struct call *c, int status, const char *text) { call_reply(r, c, STANDIN_EXIT, status, text, strlen(text)); }

static const char *base_name(const char *path) {
  const char *slash = strrchr(path, '/');
  return slash != NULL ? slash + 1 : path;
}

static void become_real(struct run *r, struct call *c) {
  const char *real = sandbox_real(r->s, base_name(c->argv[0]));
  if (real == NULL) finish(r, c, 127, "");
  else call_reply(r, c, STANDIN_EXEC, 0, real, strlen(real) + 1);
}

static const char *argument(const struct call *c, const char *option) {
  for (int i = 1; i + 1 < c->argc; i++)
    if (strcmp(c->argv[i], option) == 0) return c->argv[i + 1];
  return NULL;
}

/* ── Clock and journal ─────────────────────────────────────────────────────── */

void journal_read(struct run *r) {
  const char *text = file_text(r, arena_print(r->arena, "%s/journal", r->state));
  uint32_t lines = 0;
  const char *last = text;
  for (const char *at = text; *at != '\0'; at++) {
    if (*at != '\n') continue;
    lines++;
    if (at[1] != '\0') last = at + 1;
  }
  r->records = lines;
  snprintf(r->last, sizeof r->last, "%.*s", (int)strcspn(last, "\n"), last);
}

static void fill_disk(struct run *r) {
  const char *journal = arena_print(r->arena, "%s/journal", r->state);
  rename(journal, arena_print(r->arena, "%s.kept", journal));
  r->full = symlink("/dev/full", journal) == 0;
}

void journal_restore(struct run *r) {
  const char *journal = arena_print(r->arena, "%s/journal", r->state);
  if (!r->full) return;
  r->full = false;
  unlink(journal);
  rename(arena_print(r->arena, "%s.kept", journal), journal);
}

void run_kill(struct run *r) {
  r->murdered = true;
  kill(r->book, SIGKILL);
}

static void ask_date(struct run *r, struct call *c) {
  const char *format = NULL;
  bool utc = false;
  for (int i = 1; i < c->argc; i++) {
    if (c->argv[i][0] == '+') format = c->argv[i] + 1;
    else if (strcmp(c->argv[i], "-u") == 0) utc = true;
    else format = NULL;
  }
  if (format == NULL) {
    become_real(r, c);
    return;
  }
  const struct point *p = r->p;
  if (utc && r->armed && p->record != NONE && (p->fault == FAULT_BEFORE || p->fault == FAULT_FULL) && p->record < r->s->stamps.n && r->stamps + 1 == r->s->stamps.at[p->record]) {
    r->armed = false;
    r->fired = true;
    if (p->fault == FAULT_FULL) fill_disk(r);
    else run_kill(r);
  }
  for (uint32_t k = 0; utc && r->s->imaging && k < r->s->stamps.n; k++)
    if (r->stamps + 1 == r->s->stamps.at[k]) image_keep(r, image_of_record(r, k, false));
  r->stamps += utc;
  char text[256] = "";
  time_t time = virtual_time(r);
  struct tm parts;
  if (strcmp(format, "%s") == 0) snprintf(text, sizeof text - 1, "%lld", (long long)time);
  else if (gmtime_r(&time, &parts) != NULL && strftime(text, sizeof text - 1, format, &parts) == 0) text[0] = '\0';
  strcat(text, "\n");
  finish(r, c, 0, text);
}

uint32_t journal_step(const char *record, uint32_t steps) {
  char event[16], operand[32];
  if (sscanf(record, "%*s %15s %31s", event, operand) != 2) return NONE;
  const char *number = strncmp(operand, "back-", 5) == 0 ? operand + 5 : operand;
  bool of_step = strcmp(event, "intent") == 0 || strcmp(event, "done") == 0 || strcmp(event, "undo") == 0 || strcmp(event, "undone") == 0 || strcmp(event, "until") == 0;
  unsigned long n = of_step ? strtoul(number, NULL, 10) : 0;
  return n > 0 && n <= steps ? (uint32_t)n - 1 : NONE;
}

static void ask_sync(struct run *r, struct call *c) {
  uint32_t before = r->records;
  journal_read(r);
  world_journal(&r->world, r->last);
  bool fresh = r->records > before;
  if (fresh && r->s->imaging) image_keep(r, image_of_record(r, r->records - 1, true));
  if (fresh && r->p->fault == FAULT_NONE && !r->s->imaging) {
    array_push(r->arena, &r->s->stamps, r->stamps);
    array_push(r->arena, &r->s->stamped, journal_step(r->last, r->s->b->p->order.n));
  }
  if (fresh && r->armed && r->p->fault == FAULT_AFTER && r->p->record + 1 == r->records) {
    r->armed = false;
    r->fired = true;
    run_kill(r);
  }
  finish(r, c, 0, "");
}

/* Is it a wait for caches that the runbook sleeps in? */
static bool in_wait(struct run *r, uint32_t *step, bool *back) {
  char event[16], operand[32];
  *step = journal_step(r->last, r->s->b->p->order.n);
  if (*step == NONE || sscanf(r->last, "%*s %15s %31s", event, operand) != 2 || strcmp(event, "until") != 0) return false;
  *back = strncmp(operand, "back-", 5) == 0;
  return true;
}

static void send_signal(struct run *r, enum fault fault) {
  if (fault == FAULT_INT) kill(-r->book, SIGINT);
  if (fault == FAULT_HUP) kill(-r->book, SIGHUP);
  if (fault == FAULT_TERM) kill(r->book, SIGTERM);
}

/* Who looks at the clock in between and sleeps again oversleeps more and more: an hour is over after a few looks. */
static void ask_sleep(struct run *r, struct call *c) {
  int64_t seconds = 0;
  for (int i = 1; i < c->argc; i++) seconds += duration_of(c->argv[i]);
  c->state = CALL_SLEEPS;
  if (++r->dozes > 3) seconds <<= r->dozes < 12 ? r->dozes - 3 : 9;
  c->until = r->clock + seconds;
  uint32_t step;
  bool back;
  if (!in_wait(r, &step, &back)) return;
  if (r->p->fault == FAULT_NONE) r->s->waits[(back ? r->s->b->p->order.n : 0) + step] = true;
  if (!r->armed || !r->p->wait || r->p->step != step || r->p->back != back) return;
  r->armed = false;
  r->fired = true;
  send_signal(r, (enum fault)r->p->fault);
}

/* ── Probes, observed values, secrets: what the runtime asks for itself ────── */

static uint32_t promise_of(const struct run *r, const char *url, const char *host) {
  const struct runbook *b = r->s->b;
  for (uint32_t i = 0; i < b->probes.n; i++) {
    const struct probe *x = &b->probes.at[i];
    if (x->blind != NULL || (x->host == NULL) != (host == NULL) || (host != NULL && strcmp(x->host, host) != 0)) continue;
    const char *mine = x->target != NULL ? x->target : arena_print(r->arena, "telnet://%s:%u", x->address, x->port);
    if (strcmp(mine, url) == 0) return i;
  }
  return NONE;
}

/* The probe after a step that is to disagree. */
static bool contrary(struct run *r) {
  char event[16];
  unsigned n;
  if (r->p->fault != FAULT_PROBE || sscanf(r->last, "%*s %15s %u", event, &n) != 2) return false;
  if (strcmp(event, "done") != 0 || n != r->p->step + 1) return false;
  if (r->armed) r->fired = true, r->firing_process = r->process;
  r->armed = false;
  return r->fired && r->firing_process == r->process;
}

static void answer_probe(struct run *r, struct call *c, const char *config, const char *host) {
  const char *start = strstr(config, "url = \"");
  const char *url = start != NULL ? arena_copy(r->arena, start + 7, strcspn(start + 7, "\"")) : "";
  bool tcp = strncmp(url, "telnet:", 7) == 0;
  uint32_t promise = promise_of(r, url, host);
  bool up = promise != NONE && world_promise(&r->world, promise) == UP;
  if (promise != NONE && contrary(r)) up = !up;
  if (tcp) finish(r, c, up ? 28 : 7, up ? "000 1\n" : "000 0\n");
  else finish(r, c, up ? 0 : 7, up ? "200 1\n" : "000 0\n");
}

static void own_curl(struct run *r, struct call *c) {
  const char *config = argument(c, "-K");
  if (config != NULL) answer_probe(r, c, file_text(r, config), NULL);
  else finish(r, c, 7, "0"); /* an address that nobody may answer on yet */
}

static void own_ssh(struct run *r, struct call *c) {
  char in[64];
  snprintf(in, sizeof in, "/proc/%ld/fd/0", (long)c->pid);
  answer_probe(r, c, file_text(r, in), c->argc > 2 ? c->argv[c->argc - 2] : "");
}

/* The unit that gave the answer at hand: bodies say it. */
static uint32_t body_unit(struct run *r, const struct call *c) {
  char in[64];
  snprintf(in, sizeof in, "/proc/%ld/fd/0", (long)c->pid);
  const char *mark = strstr(file_text(r, in), "\"rehearsal\": \"");
  if (mark == NULL) return NONE;
  const char *name = mark + strlen("\"rehearsal\": \"");
  for (uint32_t k = 0; k < r->s->b->units.n; k++)
    if (strncmp(r->s->b->units.at[k].name, name, strcspn(name, "\"")) == 0 && r->s->b->units.at[k].name[strcspn(name, "\"")] == '\0') return k;
  return NONE;
}

static uint32_t seen_resource(const struct run *r, uint32_t unit) { return r->s->b->sequences.at[r->s->roles[unit].sequence].resource; }

static void own_jq(struct run *r, struct call *c) {
  const struct model *m = r->s->b->m;
  const char *path = NULL, *field = NULL, *filter = c->argc > 1 ? c->argv[c->argc - 1] : "";
  for (int i = 1; i + 2 < c->argc; i++) {
    if (strcmp(c->argv[i], "--arg") != 0) continue;
    if (strcmp(c->argv[i + 1], "path") == 0) path = c->argv[i + 2];
    if (strcmp(c->argv[i + 1], "field") == 0) field = c->argv[i + 2];
  }
  for (uint32_t i = 0; path != NULL && field != NULL && i < m->secrets.n; i++) {
    const struct secret *x = &m->secrets.at[i];
    if (strcmp(name_text(&m->c->names, x->path), path) != 0 || strcmp(name_text(&m->c->names, x->field), field) != 0) continue;
    finish(r, c, 0, r->s->planted[i]);
    return;
  }
  uint32_t unit = body_unit(r, c);
  if (unit == NONE) {
    become_real(r, c);
    return;
  }
  const struct command *command = r->s->b->units.at[unit].command;
  for (uint32_t i = 0; i < command->observe_count; i++) {
    const struct observation *o = &command->observes[i];
    if (o->filter == NULL || seen_resource(r, unit) == NONE || strncmp(filter + (filter[0] == '('), o->filter, strlen(o->filter)) != 0) continue;
    finish(r, c, 0, arena_print(r->arena, "%s\n", world_value(&r->world, seen_resource(r, unit), o->attribute)));
    return;
  }
  finish(r, c, 5, "");
}

/* ── Commands of the plan ──────────────────────────────────────────────────── */

static const char *substitute(struct run *r, const char *text, const char *mark, const char *value) {
  struct text t = {.arena = r->arena};
  for (const char *found; (found = strstr(text, mark)) != NULL; text = found + strlen(mark)) {
    text_add(&t, text, (size_t)(found - text));
    text_puts(&t, value);
  }
  text_puts(&t, text);
  return text_done(&t);
}

/* What an expectation compares with, with the names of this run. */
static const char *worded(struct run *r, uint32_t unit, const char *text) {
  const struct sequence *q = &r->s->b->sequences.at[r->s->roles[unit].sequence];
  const char *id = file_text(r, arena_print(r->arena, "%s/journal", r->state));
  const char *run = strstr(id, " run ");
  run = run != NULL ? arena_copy(r->arena, run + 5, strcspn(run + 5, " \n")) : "";
  text = substitute(r, text, "@run@", run);
  return substitute(r, text, "@work@", arena_print(r->arena, "%s/work/%u", r->state, q->step == NONE ? 0 : q->step + 1));
}

/* The output of a command in the world as it is, and in *ok whether all is as the command wants it. */
static const char *output_of(struct run *r, uint32_t unit, bool *ok) {
  const struct role *role = &r->s->roles[unit];
  const struct command *c = r->s->b->units.at[unit].command;
  const struct sequence *q = &r->s->b->sequences.at[role->sequence];
  bool looks = q->type == SEQ_VERIFY || q->type == SEQ_WAS;
  *ok = true;
  if (c->observe_count > 0 && c->observes[0].filter == NULL && q->type == SEQ_FETCH) return r->s->planted[q->secret];
  if (c->observe_count > 0 && c->observes[0].filter == NULL && q->resource != NONE) return world_value(&r->world, q->resource, c->observes[0].attribute);
  if (c->observe_count > 0 && (q->resource != NONE || q->type == SEQ_FETCH)) return arena_print(r->arena, "{\"rehearsal\": \"%s\"}\n", r->s->b->units.at[unit].name);
  if (looks) *ok = world_looks(&r->world, unit);
  const char *text = *ok ? role->pass : role->fail;
  if (text != NULL) {
    *ok = true;
    return worded(r, unit, text);
  }
  return c->type == CMD_HTTP ? "{}\n" : looks ? "" : "done by a stand-in\n";
}

static void write_reply(struct run *r, const struct call *c, const char *text) {
  const char *path = argument(c, "-o");
  (void)r;
  int fd = path != NULL ? open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600) : -1;
  for (size_t n = strlen(text); fd >= 0 && n > 0;) {
    ssize_t put = write(fd, text, n);
    if (put <= 0) break;
    text += put;
    n -= (size_t)put;
  }
  if (fd >= 0) close(fd);
}

static bool in_block(const struct run *r, uint32_t unit) {
  uint8_t type = r->s->b->sequences.at[r->s->roles[unit].sequence].type;
  return type == SEQ_DO || type == SEQ_UNDO;
}

/* A look that does not find what it looks for takes its time: what is looked for again and again is so for a few times only. */
static void look_takes_time(struct run *r, uint32_t unit, enum fault fault) {
  const struct command *c = r->s->b->units.at[unit].command;
  if (r->s->b->sequences.at[r->s->roles[unit].sequence].type != SEQ_VERIFY || (fault == FAULT_NONE && world_looks(&r->world, unit))) return;
  int64_t takes = (int64_t)c->within / 4;
  r->clock += takes > 15 ? takes : 15;
}

/* Does this look at what is not there, in the world as it is? Nobody knows of it then. */
static bool looks_in_vain(const struct run *r, uint32_t unit) {
  const struct model *m = r->s->b->m;
  uint32_t resource = seen_resource(r, unit), exists = name_find(&m->c->names, "exists", 6);
  if (resource == NONE || exists == NONE || r->s->b->units.at[unit].command->observe_count == 0) return false;
  const struct value *v = attribute_value(m, resource, exists, r->world.done);
  return v != NULL && v->type == V_BOOL && v->number == 0;
}

/* The command does its work and answers, but for what `fault` takes away from it. */
static void work(struct run *r, struct call *c, uint32_t unit, enum fault fault) {
  const struct command *command = r->s->b->units.at[unit].command;
  bool http = command->type == CMD_HTTP, ok;
  look_takes_time(r, unit, fault);
  if (fault == FAULT_KILLED) {
    call_reply(r, c, STANDIN_DIE, 0, "", 0);
    return;
  }
  if (fault != FAULT_FAIL && fault != FAULT_LIE && in_block(r, unit)) world_work(&r->world, unit);
  const char *text = output_of(r, unit, &ok);
  bool vain = looks_in_vain(r, unit);
  if (vain) text = http ? "{}\n" : "";
  if (fault == FAULT_LOST && !http) {
    call_reply(r, c, STANDIN_DIE, 0, "", 0);
    return;
  }
  if (!http) {
    finish(r, c, fault == FAULT_FAIL || fault == FAULT_LATE || !ok || vain ? 1 : 0, fault == FAULT_FAIL ? "" : text);
    return;
  }
  unsigned status = vain ? 404 : command->status_count > 0 ? command->status[0] : 200;
  if (fault == FAULT_FAIL || fault == FAULT_LATE || !ok) status = 599;
  write_reply(r, c, fault == FAULT_LOST ? "" : text);
  if (fault == FAULT_LOST) finish(r, c, 52, "000\n");
  else finish(r, c, 0, arena_print(r->arena, "%u\n", status));
}

static void hang(struct run *r, struct call *c) {
  if (strcmp(base_name(c->argv[0]), "curl") == 0) { /* curl has a limit of its own */
    const char *most = argument(c, "--max-time");
    r->clock += most != NULL ? strtol(most, NULL, 10) : 0;
    finish(r, c, 28, "000\n");
    return;
  }
  c->state = CALL_HANGS;
  if (r->p->fault == FAULT_DEAF) call_reply(r, c, STANDIN_DEAF, 0, "", 0);
}

static bool same_command(const struct run *r, const char *log) {
  return r->firing != NULL && r->firing_process == r->process && strcmp(r->firing, log) == 0;
}

/* Does the fault of this run come now? It comes once: to all calls of one command. */
enum fault call_fault(struct run *r, uint32_t unit, const char *log) {
  enum fault fault = (enum fault)r->p->fault;
  if (r->p->unit != unit || fault == FAULT_NONE) return FAULT_NONE;
  if (same_command(r, log)) return fault <= FAULT_LIE ? fault : FAULT_NONE;
  if (!r->armed) return FAULT_NONE;
  r->armed = false;
  r->fired = true;
  r->firing = log;
  r->firing_process = r->process;
  return fault;
}

static void signalled(struct run *r, struct call *c, enum fault fault) {
  send_signal(r, fault);
  if (fault == FAULT_ORPHAN) run_kill(r);
  c->state = CALL_WAITS;
}

static void faulty(struct run *r, struct call *c, uint32_t unit, const char *log) {
  enum fault fault = call_fault(r, unit, log);
  c->unit = unit;
  if (fault == FAULT_HANG || fault == FAULT_DEAF) hang(r, c);
  else if (fault == FAULT_INT || fault == FAULT_TERM || fault == FAULT_HUP || fault == FAULT_ORPHAN) signalled(r, c, fault);
  else work(r, c, unit, fault);
}

/* Is this call the command's work, or does it only look before it? */
static bool works(const struct run *r, const struct role *role, const struct call *c) {
  if (role->tail == NULL || strcmp(base_name(c->argv[0]), role->tool) != 0) return false;
  if (role->alone) return true;
  for (int i = 1; i < c->argc; i++) {
    struct text word = {.arena = r->arena};
    for (const char *at = c->argv[i]; *at != '\0'; at++)
      if (strchr(" \t\n'\"\\", *at) == NULL) text_putc(&word, *at);
    if (strstr(c->argv[i], r->dir) == NULL && strstr(role->tail, text_done(&word)) == NULL) return false;
  }
  return true;
}

static void line_call(struct run *r, struct call *c, uint32_t unit, const char *log) {
  const struct role *role = &r->s->roles[unit];
  const char *name = base_name(c->argv[0]);
  bool named = strstr(role->names, arena_print(r->arena, " %s ", name)) != NULL, own = false;
  for (int i = 1; i < c->argc; i++) own = own || strncmp(c->argv[i], r->memory, strlen(r->memory)) == 0;
  if (!named || own) {
    become_real(r, c);
    return;
  }
  r->s->seen[unit] = true;
  if (works(r, role, c)) {
    faulty(r, c, unit, log);
    return;
  }
  enum fault now = r->p->unit == unit && (r->armed || same_command(r, log)) ? (enum fault)r->p->fault : FAULT_NONE;
  const struct sequence *q = &r->s->b->sequences.at[role->sequence];
  bool done = in_block(r, unit) && r->world.phases[q->step] == (q->type == SEQ_DO ? PHASE_AFTER : PHASE_BEFORE);
  finish(r, c, now == FAULT_FAIL || (role->asks_first && !done) ? 1 : 0, "");
}

static void answer_dig(struct run *r, struct call *c, uint32_t unit, enum fault fault) {
  bool ok = world_looks(&r->world, unit);
  const char *want = pieces_text(r->arena, &r->s->b->units.at[unit].command->dns_expected, "", "");
  if (strcmp(want, "none") == 0) want = "";
  const char *wrong = strchr(want, ':') != NULL ? "2001:db8::dead" : "192.0.2.254";
  look_takes_time(r, unit, fault);
  finish(r, c, fault == FAULT_FAIL ? 9 : 0, fault == FAULT_FAIL ? "" : arena_print(r->arena, "%s\n", ok ? want : wrong));
}

static void unit_call(struct run *r, struct call *c, uint32_t unit, const char *log) {
  const struct command *command = r->s->b->units.at[unit].command;
  const char *name = base_name(c->argv[0]);
  if (command->type == CMD_RUN) {
    line_call(r, c, unit, log);
  } else if (command->type == CMD_DNS && strcmp(name, "dig") == 0) {
    r->s->seen[unit] = true;
    answer_dig(r, c, unit, call_fault(r, unit, log));
  } else if (strcmp(name, "curl") != 0) {
    become_real(r, c);
  } else if (command->type == CMD_TCP) {
    enum fault fault = call_fault(r, unit, log);
    bool ok = world_looks(&r->world, unit) && fault != FAULT_FAIL;
    r->s->seen[unit] = true;
    look_takes_time(r, unit, fault);
    finish(r, c, ok ? 28 : 7, ok ? "1" : "0");
  } else {
    r->s->seen[unit] = true;
    faulty(r, c, unit, log);
  }
}

/* ── One call ──────────────────────────────────────────────────────────────── */

static void look_for_secrets(struct run *r, const struct call *c) {
  for (int i = 0; i < c->argc; i++)
    for (uint32_t k = 0; k < r->s->b->m->secrets.n; k++)
      if (strstr(c->argv[i], r->s->planted[k]) != NULL) r->leaked = true;
}

void call_answer(struct run *r, struct call *c) {
  r->answered++;
  const char *name = base_name(c->argv[0]), *log = NULL;
  look_for_secrets(r, c);
  if (strcmp(name, "date") != 0 && strcmp(name, "sleep") != 0) r->dozes = 0;
  if (strcmp(name, "date") == 0) {
    ask_date(r, c);
  } else if (strcmp(name, "sync") == 0) {
    ask_sync(r, c);
  } else if (strcmp(name, "sleep") == 0) {
    ask_sleep(r, c);
  } else {
    uint32_t unit = unit_of(r, c, &log);
    if (unit != NONE) unit_call(r, c, unit, log);
    else if (strcmp(name, "curl") == 0) own_curl(r, c);
    else if (strcmp(name, "ssh") == 0) own_ssh(r, c);
    else if (strcmp(name, "jq") == 0) own_jq(r, c);
    else become_real(r, c);
  }
}

void call_work(struct run *r, struct call *c) { work(r, c, c->unit, FAULT_NONE); }
