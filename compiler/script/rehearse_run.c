/* One failure point -> what became of it: processes of the runbook, one after the other, as an operator would start them.
 * Needs a sandbox and a process of its own. Guarantees: every process that it started has ended, and its folders are gone
 * (unless they are to be kept) before it ends; TERM and INT too end it so. */
#define _XOPEN_SOURCE 700 /* terminals */
#include "script/rehearse_run.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* ── Calls ─────────────────────────────────────────────────────────────────── */

static void forget(struct run *r, struct call *c) {
  if (c->fd >= 0) close(c->fd);
  c->fd = -1;
  for (uint32_t i = 0; i < r->calls.n; i++)
    if (r->calls.at[i] == c) r->calls.at[i--] = r->calls.at[--r->calls.n];
}

void call_reply(struct run *r, struct call *c, enum standin_action action, int status, const char *bytes, size_t n) {
  struct standin_reply reply = {.action = action, .length = (uint32_t)n, .status = status};
  struct text all = {.arena = r->arena};
  text_add(&all, (const char *)&reply, sizeof reply);
  text_add(&all, bytes, n);
  for (size_t sent = 0; sent < all.n;) {
    ssize_t done = send(c->fd, all.at + sent, all.n - sent, MSG_NOSIGNAL);
    if (done <= 0) break;
    sent += (size_t)done;
  }
  if (action != STANDIN_DEAF) forget(r, c);
}

static bool get(int fd, void *bytes, size_t n) {
  for (char *at = bytes; n > 0;) {
    ssize_t done = read(fd, at, n);
    if (done <= 0) return false;
    at += done;
    n -= (size_t)done;
  }
  return true;
}

static void call_accept(struct run *r) {
  int fd = accept(r->listener, NULL, NULL);
  uint32_t length, head[2];
  if (fd < 0) return;
  fcntl(fd, F_SETFD, FD_CLOEXEC);
  if (!get(fd, &length, sizeof length) || length < sizeof head || length > STANDIN_LONGEST || !get(fd, head, sizeof head)) {
    close(fd);
    return;
  }
  length -= (uint32_t)sizeof head;
  char *words = arena_alloc(r->arena, length + 1u, 1);
  if (!get(fd, words, length) || head[1] == 0 || head[1] > length) {
    close(fd);
    return;
  }
  struct call *c = arena_new(r->arena, struct call);
  *c = (struct call){.fd = fd, .pid = (pid_t)head[0], .argc = (int)head[1], .argv = arena_array(r->arena, char *, head[1] + 1), .unit = NONE, .process = r->process};
  for (uint32_t i = 0; i < head[1]; i++, words += strlen(words) + 1) c->argv[i] = words;
  array_push(r->arena, &r->calls, c);
  call_answer(r, c);
}

/* ── Processes ─────────────────────────────────────────────────────────────── */

enum mode { MODE_APPLY, MODE_ROLLBACK, MODE_RESUME };
static const char *const mode_words[] = {"apply", "rollback", "resume"};

static char **environment(struct run *r) {
  const struct model *m = r->s->b->m;
  ARRAY(char *) all = {0};
  array_push(r->arena, &all, arena_print(r->arena, "PATH=%s", r->s->bin));
  array_push(r->arena, &all, arena_print(r->arena, "HOME=%s/home", r->dir));
  array_push(r->arena, &all, arena_print(r->arena, "TMPDIR=%s/home", r->dir));
  array_push(r->arena, &all, arena_print(r->arena, "XDG_STATE_HOME=%s/state", r->dir));
  array_push(r->arena, &all, arena_print(r->arena, "XDG_CONFIG_HOME=%s/home", r->dir));
  array_push(r->arena, &all, arena_print(r->arena, "XDG_RUNTIME_DIR=%s", r->memory));
  array_push(r->arena, &all, arena_print(r->arena, "%s=%s/socket", STANDIN_VARIABLE, r->dir));
  array_push(r->arena, &all, arena_print(r->arena, "ENV=%s/" SANDBOX_RC, r->s->base));
  array_push(r->arena, &all, arena_print(r->arena, "NO_COLOR=1"));
  array_push(r->arena, &all, arena_print(r->arena, "LC_ALL=C.UTF-8"));
  for (uint32_t i = 0; i < r->s->b->secrets.n; i++) {
    const struct secret *x = &m->secrets.at[r->s->b->secrets.at[i]];
    if (x->source == SECRET_ENV) array_push(r->arena, &all, arena_print(r->arena, "%s=%s", name_text(&m->c->names, x->argument), r->s->planted[r->s->b->secrets.at[i]]));
  }
  array_push(r->arena, &all, NULL);
  return all.at;
}

static char **arguments(struct run *r, enum mode mode) {
  ARRAY(char *) all = {0};
  static const char *const options[] = {"--yes", "--patience", "2", "--on-failure", "rollback"};
  for (char **word = r->s->shell; *word != NULL; word++) array_push(r->arena, &all, *word);
  array_push(r->arena, &all, arena_print(r->arena, "%s", r->s->book));
  array_push(r->arena, &all, arena_print(r->arena, "%s", mode_words[mode]));
  for (size_t i = 0; i < sizeof options / sizeof *options; i++) array_push(r->arena, &all, arena_print(r->arena, "%s", options[i]));
  array_push(r->arena, &all, NULL);
  return all.at;
}

static _Noreturn void child(struct run *r, char **argv, char **envp, const char *terminal, int out, const char *err) {
  struct sigaction plain = {.sa_handler = SIG_DFL};
  sigset_t none;
  setsid();
  if (terminal != NULL) close(open(terminal, O_RDWR)); /* the first terminal of a session is its own */
  int in = open("/dev/null", O_RDONLY), error = open(err, O_WRONLY | O_CREAT | O_APPEND, 0600);
  if (dup2(in, STDIN_FILENO) < 0 || dup2(out, STDOUT_FILENO) < 0 || dup2(error, STDERR_FILENO) < 0) _exit(126);
  for (int fd = 3; fd < 64; fd++) close(fd);
  for (int sig = 1; sig < 32; sig++) sigaction(sig, &plain, NULL);
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
  if (chdir(arena_print(r->arena, "%s/" TREE_DEPTH, r->dir)) != 0) _exit(126);
  execve(argv[0], argv, envp);
  _exit(126);
}

static bool start(struct run *r, enum mode mode, unsigned count, int *pipe_end) {
  const char *out = arena_print(r->arena, "%s/out-%u", r->dir, count), *terminal = NULL;
  char **argv = arguments(r, mode), **envp = environment(r);
  int ends[2] = {-1, -1};
  *pipe_end = -1;
  r->master = -1;
  r->typed_count = 0;
  if (r->s->terminal) {
    r->master = posix_openpt(O_RDWR | O_NOCTTY);
    if (r->master < 0 || grantpt(r->master) != 0 || unlockpt(r->master) != 0 || (terminal = ptsname(r->master)) == NULL) return false;
    fcntl(r->master, F_SETFD, FD_CLOEXEC);
  }
  bool closed = r->p->fault == FAULT_CLOSED && r->armed;
  if (closed && pipe(ends) != 0) return false;
  int to = closed ? ends[1] : open(out, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  r->book = fork();
  if (r->book == 0) child(r, argv, envp, terminal, to, out);
  close(to);
  if (closed) *pipe_end = ends[0];
  r->ended = false;
  return r->book > 0;
}

/* Every process of a run descends from this one, and what its parent leaves behind becomes a child of this one: a run is over
 * when there is no child left. */
static bool reap(struct run *r) {
  int status;
  pid_t pid;
  while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
    if (pid != r->book) continue;
    r->ended = true;
    r->status = status;
  }
  return pid == 0;
}

/* Kills every process that descends from this one. */
static void kill_below(struct run *r) {
  struct relation { pid_t pid, parent; bool mine; };
  ARRAY(struct relation) all = {0};
  DIR *folder = opendir("/proc");
  for (struct dirent *e; folder != NULL && (e = readdir(folder)) != NULL;) {
    long pid = strtol(e->d_name, NULL, 10);
    if (pid > 1) array_push(r->arena, &all, (struct relation){(pid_t)pid, process_parent((pid_t)pid), false});
  }
  if (folder != NULL) closedir(folder);
  for (bool more = true; more;) {
    more = false;
    for (uint32_t i = 0; i < all.n; i++) {
      struct relation *x = &all.at[i];
      bool mine = x->parent == getpid();
      for (uint32_t k = 0; k < all.n && !mine && !x->mine; k++) mine = all.at[k].mine && all.at[k].pid == x->parent;
      more = more || (mine && !x->mine);
      x->mine = x->mine || mine;
    }
  }
  for (uint32_t i = 0; i < all.n; i++)
    if (all.at[i].mine) kill(all.at[i].pid, SIGKILL);
}

static void end_all(struct run *r) {
  for (unsigned i = 0; i < 500 && reap(r); i++) {
    kill_below(r);
    nanosleep(&(struct timespec){0, 2000000}, NULL);
  }
  while (r->calls.n > 0) forget(r, r->calls.at[0]);
}

static bool told_to_stop(void) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGHUP);
  return sigtimedwait(&set, NULL, &(struct timespec){0, 0}) > 0;
}

/* Forgets the calls of processes that have died. */
static bool look_at_calls(struct run *r, const fd_set *ready) {
  uint32_t before = r->calls.n;
  for (uint32_t i = r->calls.n; i-- > 0;) {
    struct call *c = r->calls.at[i];
    char byte;
    if (FD_ISSET(c->fd, ready) && recv(c->fd, &byte, 1, MSG_DONTWAIT) == 0) forget(r, c);
  }
  return r->calls.n != before;
}

/* False when nobody has the terminal open just now. */
static bool read_terminal(struct run *r) {
  char bytes[1024];
  ssize_t n = read(r->master, bytes, sizeof bytes);
  if (n <= 0) return false;
  if (r->typed_count + (size_t)n >= sizeof r->typed) r->typed_count = 0;
  memcpy(r->typed + r->typed_count, bytes, (size_t)n);
  r->typed_count += (size_t)n;
  terminal_answer(r);
  return true;
}

static void read_pipe(struct run *r, int *pipe_end) {
  char bytes[512];
  ssize_t got = read(*pipe_end, bytes, sizeof bytes);
  if (got > 0 && memchr(bytes, '\n', (size_t)got) == NULL) return;
  close(*pipe_end);
  *pipe_end = -1;
  r->armed = false;
  r->fired = true;
}

/* Waits for something to happen, for some milliseconds, and answers it. True when something did. */
static bool serve(struct run *r, int *pipe_end) {
  fd_set ready;
  int most = r->listener;
  FD_ZERO(&ready);
  FD_SET(r->listener, &ready);
  if (r->master >= 0) FD_SET(r->master, &ready);
  if (*pipe_end >= 0) FD_SET(*pipe_end, &ready);
  if (r->master > most) most = r->master;
  if (*pipe_end > most) most = *pipe_end;
  for (uint32_t i = 0; i < r->calls.n; i++) {
    FD_SET(r->calls.at[i]->fd, &ready);
    if (r->calls.at[i]->fd > most) most = r->calls.at[i]->fd;
  }
  if (pselect(most + 1, &ready, NULL, NULL, &(struct timespec){0, 2000000}, NULL) <= 0) return false;
  bool happened = look_at_calls(r, &ready);
  if (*pipe_end >= 0 && FD_ISSET(*pipe_end, &ready)) {
    read_pipe(r, pipe_end);
    happened = true;
  }
  if (FD_ISSET(r->listener, &ready)) {
    call_accept(r);
    happened = true;
  }
  if (r->master >= 0 && FD_ISSET(r->master, &ready) && read_terminal(r)) happened = true;
  if (!happened) nanosleep(&(struct timespec){0, 2000000}, NULL);
  return happened;
}

static void clean(struct run *r);
static void complain(struct run *r, const char *format, const char *what);

/* A child of this process that still runs, 0. */
static pid_t run_child(void) {
  char path[64], text[32] = "";
  snprintf(path, sizeof path, "/proc/self/task/%ld/children", (long)getpid());
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  ssize_t n = fd >= 0 ? read(fd, text, sizeof text - 1) : 0;
  if (fd >= 0) close(fd);
  return n > 0 ? (pid_t)strtol(text, NULL, 10) : 0;
}

/* A process of the run that lives on, in words. */
static const char *left_over(struct run *r) {
  char path[64], words[200] = "";
  const char *found = "a process";
  for (uint32_t i = 0; i < r->calls.n; i++) found = arena_print(r->arena, "`%s`", r->calls.at[i]->argv[0]);
  pid_t pid = run_child();
  snprintf(path, sizeof path, "/proc/%ld/cmdline", (long)pid);
  int fd = pid > 0 ? open(path, O_RDONLY | O_CLOEXEC) : -1;
  ssize_t n = fd >= 0 ? read(fd, words, sizeof words - 1) : 0;
  if (fd >= 0) close(fd);
  for (ssize_t i = 0; i + 1 < n; i++)
    if (words[i] == '\0') words[i] = ' ';
  return n > 0 ? arena_print(r->arena, "%s of `%s`", found, words) : found;
}

enum end { END_NOT, END_OVER, END_ORPHAN, END_LEFT, END_STUCK };
#define LONGEST_SILENCE 120000 /* milliseconds in which a shell computes and calls nothing */
#define LONGEST_WAIT 5000      /* in which everybody waits for something that nobody will do */
#define MOST_CALLS 60000

/* Nobody works: the next thing happens, or this was the end. */
static enum end rest(struct run *r, int64_t silent) {
  bool orphan = false, old = r->calls.n > 0; /* what a process that was killed has left is not this one's */
  for (uint32_t i = 0; i < r->calls.n; i++) {
    orphan = orphan || r->calls.at[i]->state == CALL_WAITS;
    old = old && r->calls.at[i]->process < r->process;
  }
  if (r->ended && !r->murdered) return old ? END_OVER : END_LEFT;
  if (r->ended && orphan) return END_ORPHAN;
  if (time_passes(r)) return END_NOT;
  if (r->ended) return END_LEFT;
  return silent > LONGEST_WAIT ? END_STUCK : END_NOT;
}

/* Runs one process of the runbook to its end. What it leaves at work when it was killed goes on beside the next one. */
static enum end process(struct run *r, enum mode mode, unsigned count) {
  int pipe_end;
  int64_t quiet = now_ms();
  enum end end = END_NOT;
  if (!start(r, mode, count, &pipe_end)) return END_STUCK;
  while (end == END_NOT) {
    if (!reap(r) && r->ended) {
      end = END_OVER;
    } else if (serve(r, &pipe_end)) {
      quiet = now_ms();
      r->stillness = 0;
    } else if (nobody_works(r)) {
      end = rest(r, now_ms() - quiet);
      if (r->calls.n > 0) r->stillness = 0;
    } else if (now_ms() - quiet > LONGEST_SILENCE) {
      end = END_STUCK;
    }
    if (r->answered > MOST_CALLS) end = END_STUCK;
    if (told_to_stop()) {
      end_all(r);
      clean(r);
      _exit(130);
    }
  }
  if (end == END_LEFT) complain(r, "it ended and left a process behind: %s", left_over(r));
  if (end == END_STUCK) complain(r, "`%s` did not end", mode_words[mode]);
  if (end != END_ORPHAN) end_all(r);
  if (pipe_end >= 0) close(pipe_end);
  if (r->master >= 0) close(r->master);
  r->master = -1;
  return end;
}

/* ── What is left behind ───────────────────────────────────────────────────── */

static bool is_empty(const char *path) {
  DIR *folder = opendir(path);
  unsigned n = 0;
  while (folder != NULL && readdir(folder) != NULL) n++;
  if (folder != NULL) closedir(folder);
  return n <= 2;
}

struct leak { struct run *r; const char *path; };

static bool search_secret(void *data, const char *path, bool folder) {
  struct leak *l = data;
  const struct sandbox *s = l->r->s;
  if (folder) return true;
  int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
  struct text t = {.arena = l->r->arena};
  char bytes[4096];
  for (ssize_t n; fd >= 0 && t.n < STANDIN_LONGEST && (n = read(fd, bytes, sizeof bytes)) > 0;) text_add(&t, bytes, (size_t)n);
  if (fd >= 0) close(fd);
  for (uint32_t i = 0; i < s->b->m->secrets.n && t.n > 0; i++)
    if (strstr(text_done(&t), s->planted[i]) != NULL) l->path = arena_print(l->r->arena, "%s", path);
  return l->path == NULL;
}

static void complain(struct run *r, const char *format, const char *what) {
  if (r->why[0] == '\0') snprintf(r->why, sizeof r->why, format, what);
}

static void look_behind(struct run *r) {
  struct leak leak = {r, NULL};
  if (!is_empty(r->memory)) complain(r, "%s", "secrets are left in memory");
  if (access(arena_print(r->arena, "%s/lock", r->state), F_OK) == 0) complain(r, "%s", "the lock is left behind");
  if (r->leaked) complain(r, "%s", "a secret was among the arguments of a program");
  tree_walk(r->dir, 32, search_secret, &leak);
  if (leak.path != NULL && strstr(leak.path, "/tree/") == NULL) complain(r, "a secret stands in %s", leak.path);
}

static void clean(struct run *r) {
  if (r->s->o->keep) return;
  tree_remove(r->dir);
  tree_remove(r->memory);
}

/* ── The course of a run ───────────────────────────────────────────────────── */

/* Has the journal an intent of a step that cannot be undone? */
static bool no_return(struct run *r) {
  const struct runbook *b = r->s->b;
  for (uint32_t k = 0; k < b->p->order.n; k++)
    if (b->m->steps.at[b->p->order.at[k]].irreversible != 0 && r->world.phases[k] != PHASE_BEFORE) return true;
  unsigned n;
  char event[16];
  FILE *journal = fopen(arena_print(r->arena, "%s/journal", r->state), "re");
  bool found = false;
  for (char line[256]; journal != NULL && fgets(line, sizeof line, journal) != NULL;)
    if (sscanf(line, "%*s %15s %u", event, &n) == 2 && strcmp(event, "intent") == 0 && n > 0 && n <= b->p->order.n)
      found = found || b->m->steps.at[b->p->order.at[n - 1]].irreversible != 0;
  if (journal != NULL) fclose(journal);
  return found;
}

static bool began(struct run *r) {
  char line[256] = "";
  FILE *journal = fopen(arena_print(r->arena, "%s/journal", r->state), "re");
  bool found = journal != NULL && fgets(line, sizeof line, journal) != NULL && strstr(line, " run ") != NULL;
  if (journal != NULL) fclose(journal);
  return found;
}

/* What the command is part of that the fault is in; SEQ_DO when it is in none. */
static enum sequence_type unit_type(const struct run *r) {
  return r->p->unit != NONE ? (enum sequence_type)r->s->b->sequences.at[r->s->roles[r->p->unit].sequence].type : SEQ_DO;
}

/* Is `stopped half-way` or `rollback incomplete` an answer to this fault? */
static bool may_stop(struct run *r, enum mode mode) {
  const struct point *p = r->p;
  enum sequence_type type = unit_type(r);
  if (p->wait && p->back && p->fault != FAULT_HUP) return true; /* the one place where the way back may be stopped */
  return no_return(r) || p->fault == FAULT_FULL || type == SEQ_UNDO || type == SEQ_WAS || mode == MODE_RESUME;
}

static bool unseen(const struct run *r) {
  if (r->p->fault != FAULT_LIE || r->p->step == NONE) return false;
  for (uint32_t i = 0; i < r->s->b->sequences.n; i++) {
    const struct sequence *q = &r->s->b->sequences.at[i];
    if (q->type == SEQ_VERIFY && q->step == r->p->step) return q->count == 0;
  }
  return false;
}

/* A process that met its fault and yet says that all is well has passed something over. */
static const char *passed_over(const struct run *r) {
  const struct point *p = r->p;
  bool command = p->fault == FAULT_FAIL || p->fault == FAULT_KILLED || p->fault == FAULT_LATE || p->fault == FAULT_LOST || p->fault == FAULT_HANG || p->fault == FAULT_DEAF;
  if (!r->fired || r->fault_process != r->process) return NULL;
  if (p->fault == FAULT_PROBE) return "a promise was not as predicted, and the run went on";
  if (p->fault == FAULT_FULL) return "the journal could not be written, and the run went on";
  /* What only looks whether an undo has worked may be passed over: the runbook says so, and the probes look after it. */
  if (command && p->unit != NONE && !r->s->roles[p->unit].forgives && unit_type(r) != SEQ_WAS) return "a command failed, and the run went on";
  return NULL;
}

/* What an exit status promises of the world. */
static void hold_to(struct run *r, enum mode mode, int status, bool begun) {
  const char *world = world_text(&r->world, r->arena);
  bool target = world_is(&r->world, PHASE_AFTER), baseline = world_is(&r->world, PHASE_BEFORE);
  const char *said = arena_print(r->arena, "`%s` ended with status %d, and the steps are: %s", mode_words[mode], status, world);
  const char *passed = status == 0 ? passed_over(r) : NULL;
  if (passed != NULL) complain(r, "%s", passed);
  if (status == 0 && mode == MODE_ROLLBACK && !baseline) complain(r, "%s", said);
  if (status == 0 && mode != MODE_ROLLBACK && !target && !(mode == MODE_RESUME && !begun && baseline) && !unseen(r)) complain(r, "%s", said);
  if ((status == 1 || status == 4) && !baseline) complain(r, "%s", said);
  if ((status == 1 || status == 4) && mode == MODE_ROLLBACK) complain(r, "`%s` ended with a status that it does not have", mode_words[mode]);
  if ((status == 3 || status == 6) && !may_stop(r, mode)) complain(r, "it was given up half-way with nothing in the way: %s", said);
  if (status != 0 && status != 1 && status != 3 && status != 4 && status != 6) complain(r, "%s", said);
}

/* What the copy has behind it that a run begins with. */
enum begin { BEGIN_NEW, BEGIN_APPLIED, BEGIN_KILLED };

static enum mode begin(struct run *r, struct result *x, enum begin from) {
  if (from != BEGIN_NEW && r->p->back) x->statuses[x->processes++] = 0;
  if (from == BEGIN_NEW) return MODE_APPLY;
  if (from == BEGIN_APPLIED) return MODE_ROLLBACK;
  r->fired = true;
  r->fault_process = x->processes;
  x->statuses[x->processes++] = 128 + SIGKILL;
  return r->p->resume ? MODE_RESUME : MODE_ROLLBACK;
}

static void course(struct run *r, struct result *x, enum begin from) {
  enum mode mode = begin(r, x, from);
  bool first = from == BEGIN_NEW, stopped_back = false;
  while (x->processes < 8) {
    bool begun = began(r), applied = r->p->back && first, fired = r->fired;
    r->armed = !applied && !r->fired && r->p->fault != FAULT_NONE;
    r->process = x->processes;
    process(r, mode, x->processes);
    if (r->fired && !fired) r->fault_process = r->process;
    journal_restore(r);
    int status = WIFEXITED(r->status) ? WEXITSTATUS(r->status) : 128 + WTERMSIG(r->status);
    x->statuses[x->processes++] = (int16_t)status;
    first = false;
    if (r->why[0] != '\0') return;
    if (r->murdered) {
      r->murdered = false;
      mode = r->p->resume ? MODE_RESUME : MODE_ROLLBACK;
      continue;
    }
    hold_to(r, mode, status, begun);
    if (applied) r->s->applied = r->records;
    if (applied && status == 0 && r->why[0] == '\0' && r->s->imaging) image_keep(r, IMAGE_APPLIED);
    if (r->why[0] != '\0' || (status != 3 && status != 6 && !applied)) return;
    if (applied && status != 0) return;
    /* The way back ended at a point of no return: the way on is left. */
    stopped_back = stopped_back || (mode == MODE_ROLLBACK && !applied);
    mode = stopped_back && mode == MODE_ROLLBACK && !applied && no_return(r) ? MODE_RESUME : MODE_ROLLBACK;
  }
  complain(r, "%s", "it did not come to an end in eight attempts");
}

static void judge(struct run *r, struct result *x) {
  look_behind(r);
  if (r->p->fault != FAULT_NONE && !r->fired) complain(r, "%s", "the failure never came: the run took another way than the one without failures");
  bool target = world_is(&r->world, PHASE_AFTER), baseline = world_is(&r->world, PHASE_BEFORE);
  bool forward = false;
  for (unsigned i = 0; i + 1 < x->processes; i++) forward = forward || x->statuses[i] == 6;
  bool back = x->processes > 0 && x->statuses[x->processes - 1] != 0;
  x->outcome = target && !(baseline && back) ? (forward ? OUTCOME_FORWARD : OUTCOME_TARGET) : baseline ? OUTCOME_BASELINE : unseen(r) ? OUTCOME_UNSEEN : OUTCOME_BAD;
  if (x->outcome == OUTCOME_BAD) complain(r, "it ended with the steps: %s", world_text(&r->world, r->arena));
  if (r->why[0] != '\0') x->outcome = OUTCOME_BAD;
  memcpy(x->why, r->why, sizeof x->why);
}

static bool open_socket(struct run *r) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  const char *path = arena_print(r->arena, "%s/socket", r->dir);
  if (strlen(path) >= sizeof address.sun_path) return false;
  memcpy(address.sun_path, path, strlen(path) + 1);
  r->listener = socket(AF_UNIX, SOCK_STREAM, 0);
  if (r->listener < 0) return false;
  fcntl(r->listener, F_SETFD, FD_CLOEXEC);
  return bind(r->listener, (const struct sockaddr *)&address, sizeof address) == 0 && listen(r->listener, 64) == 0;
}

static void write_result(struct run *r, const struct result *x) {
  const struct sandbox *s = r->s;
  FILE *out = fopen(arena_print(r->arena, "%s/%s.result", s->base, r->p->id), "wbe");
  if (out == NULL) return;
  fwrite(x, sizeof *x, 1, out);
  if (r->p->fault == FAULT_NONE) {
    fwrite(s->seen, 1, s->b->units.n, out);
    fwrite(s->waits, 1, 2u * s->b->p->order.n, out);
    fwrite(&s->applied, sizeof s->applied, 1, out);
    for (uint32_t i = 0; i < s->stamps.n; i++) {
      fwrite(&s->stamps.at[i], sizeof s->stamps.at[i], 1, out);
      fwrite(&s->stamped.at[i], sizeof s->stamped.at[i], 1, out);
    }
  }
  fclose(out);
}

/* Lays out the folders of the run, as a copy when there is one. */
static bool lay_out(struct run *r, enum begin *from) {
  const struct sandbox *s = r->s;
  bool killed = r->p->fault == FAULT_BEFORE || r->p->fault == FAULT_AFTER;
  *from = BEGIN_NEW;
  if (killed && image_take(r, image_of_record(r, r->p->record, r->p->fault == FAULT_AFTER))) *from = BEGIN_KILLED;
  else if (r->p->back && !killed && image_take(r, IMAGE_APPLIED)) *from = BEGIN_APPLIED;
  if (*from != BEGIN_NEW) return open_socket(r);
  bool made = mkdir(r->memory, 0700) == 0 && mkdir(r->dir, 0700) == 0 && mkdir(arena_print(s->arena, "%s/home", r->dir), 0700) == 0 && mkdir(arena_print(s->arena, "%s/state", r->dir), 0700) == 0;
  return made && sandbox_tree(s, r->dir) && open_socket(r);
}

_Noreturn void run_point(struct sandbox *s, const struct point *p, const char *place) {
  struct run r = {.s = s, .p = p, .arena = s->arena, .master = -1, .listener = -1, .started = now_ms()};
  struct result x = {0};
  sigset_t set;
  enum begin from;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGHUP);
  sigprocmask(SIG_BLOCK, &set, NULL);
  signal(SIGPIPE, SIG_IGN);
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  world_make(&r.world, s);
  r.dir = arena_print(s->arena, "%s/%s", s->base, place);
  r.memory = arena_print(s->arena, "%s/%s", s->memory, place);
  r.state = arena_print(s->arena, "%s/state/cutc/%s", r.dir, name_text(&s->b->m->c->names, s->b->m->plan));
  if (!lay_out(&r, &from)) complain(&r, "the sandbox cannot be made: %s", strerror(errno));
  else course(&r, &x, from);
  judge(&r, &x);
  x.ms = (uint32_t)(now_ms() - r.started);
  write_result(&r, &x);
  clean(&r);
  _exit(0);
}
