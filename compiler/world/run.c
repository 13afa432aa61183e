/* A program -> what it prints.
 * Guarantees: its time is over some day, with all that it has started; what it prints is bounded. */
#include "world/run.h"
#include "world/http.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { OUT_MOST = 64 << 20, ERR_MOST = 8192, GRACE = 10000 /* ms between INT and KILL */, NOT_THERE = 127 };

struct pipe_text { int fd; char *at; size_t n, cap, most; bool tail; };

static int64_t clock_ms(void) {
  struct timespec t;

  clock_gettime(CLOCK_MONOTONIC, &t);
  return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

_Noreturn static void child(const struct run_request *r, int out, int err) {
  int nothing = open("/dev/null", O_RDWR);
  sigset_t none;

  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);

  setpgid(0, 0);
  dup2(nothing, STDIN_FILENO);
  dup2(out, STDOUT_FILENO);
  dup2(err, STDERR_FILENO);
  signal(SIGPIPE, SIG_DFL);
  for (uint32_t i = 0; r->env != NULL && r->env[i] != NULL; i++) {
    char *name = strdup(r->env[i]), *is = name == NULL ? NULL : strchr(name, '=');

    if (is == NULL) continue;
    *is = '\0';
    setenv(name, is + 1, 1);
  }
  if (r->dir != NULL && chdir(r->dir) != 0) _exit(NOT_THERE);
  execvp(r->words[0], (char *const *)(uintptr_t)r->words);
  _exit(NOT_THERE);
}

/* Takes what there is; false at the end. Of a `tail` only the last bytes are kept. */
static bool take(struct pipe_text *p) {
  if (p->n + 4096 > p->cap) {
    size_t cap = p->cap > 0 ? p->cap * 2 : 65536;
    char *grown = realloc(p->at, cap + 1);

    if (grown == NULL) return false;
    p->at = grown;
    p->cap = cap;
  }
  ssize_t k = read(p->fd, p->at + p->n, 4096);

  if (k < 0) return errno == EAGAIN || errno == EINTR;
  p->n += (size_t)k;
  if (p->tail && p->n > p->most) {
    memmove(p->at, p->at + p->n - p->most / 2, p->most / 2);
    p->n = p->most / 2;
  }
  return k > 0 && (p->tail || p->n < p->most);
}

static void requests(sigset_t *set) {
  sigemptyset(set);
  sigaddset(set, SIGINT);
  sigaddset(set, SIGTERM);
  sigaddset(set, SIGHUP);
}

void run_guard(sigset_t *before) {
  sigset_t set;

  requests(&set);
  sigprocmask(SIG_BLOCK, &set, before);
}

void run_unguard(const sigset_t *before) { sigprocmask(SIG_SETMASK, before, NULL); }

/* Has somebody asked us to stop, and it is kept? */
static bool stopped(void) {
  sigset_t set;

  return sigpending(&set) == 0 && (sigismember(&set, SIGINT) == 1 || sigismember(&set, SIGTERM) == 1 || sigismember(&set, SIGHUP) == 1);
}

/* Reads both until they end. True when the program had to be ended. */
static bool follow(pid_t pid, struct pipe_text *out, struct pipe_text *err, int64_t within) {
  int64_t until = clock_ms() + within;
  bool late = false, open_out = true, open_err = true;

  while (open_out || open_err) {
    struct pollfd p[2] = {{open_out ? out->fd : -1, POLLIN, 0}, {open_err ? err->fd : -1, POLLIN, 0}};
    int64_t left = until - clock_ms();

    if (left <= 0 && late) {
      kill(-pid, SIGKILL);
      break;
    }
    if (left <= 0 || (!late && stopped())) {
      late = true;
      kill(-pid, SIGINT);
      until = clock_ms() + GRACE;
      continue;
    }
    if (poll(p, 2, (int)(left < 200 ? left : 200)) < 0 && errno != EINTR) break;
    if (p[0].revents != 0 && !take(out)) open_out = false;
    if (p[1].revents != 0 && !take(err)) open_err = false;
  }
  if (out->n >= out->most) kill(-pid, SIGKILL);
  return late;
}

/* Waits for a program that has closed its output, which it may do and go on. True when it had to be ended. */
static bool ended(pid_t pid, int *status, int64_t within) {
  struct timespec pause = {0, 10000000};
  int64_t until = clock_ms() + within;
  bool late = false;

  for (pid_t done; (done = waitpid(pid, status, WNOHANG)) == 0 || (done < 0 && errno == EINTR);) {
    if (clock_ms() >= until || (!late && stopped())) {
      kill(-pid, late ? SIGKILL : SIGINT);
      if (late) kill(pid, SIGKILL); /* it may have left its group */
      until = clock_ms() + GRACE;
      late = true;
    }
    nanosleep(&pause, NULL);
  }
  return late;
}

static const char *last_line(struct arena *arena, const struct pipe_text *err) {
  size_t end = err->n, start;

  while (end > 0 && (err->at[end - 1] == '\n' || err->at[end - 1] == ' ')) end--;
  for (start = end; start > 0 && err->at[start - 1] != '\n'; start--) continue;
  return end > start ? http_shown(arena, err->at + start, end - start, 160) : "";
}

struct run_answer run_program(struct arena *arena, const struct run_request *request) {
  struct run_answer a = {.status = -1, .out = "", .last = ""};
  int out[2], err[2], status = 0;

  if (pipe(out) != 0) return a.reason = strerror(errno), a;
  if (pipe(err) != 0) {
    close(out[0]), close(out[1]);
    return a.reason = strerror(errno), a;
  }
  pid_t pid = fork();

  if (pid == 0) child(request, out[1], err[1]);
  close(out[1]), close(err[1]);
  struct pipe_text text = {.fd = out[0], .most = OUT_MOST}, said = {.fd = err[0], .most = ERR_MOST, .tail = true};
  bool late = pid > 0 && follow(pid, &text, &said, request->within);

  if (pid > 0) late |= ended(pid, &status, request->within);
  close(out[0]), close(err[0]);
  if (said.at != NULL) a.last = last_line(arena, &said);
  if (pid < 0) a.reason = "it could not be started";
  else if (late) a.reason = arena_print(arena, "it was not done after %lld s", (long long)(request->within / 1000));
  else if (text.n >= text.most) a.reason = "it prints too much";
  else if (!WIFEXITED(status)) a.reason = "a signal ended it";
  else if (WEXITSTATUS(status) == NOT_THERE && text.n == 0) a.reason = "it is not here";
  else a.status = WEXITSTATUS(status);
  if (a.status >= 0 && text.n > 0) a.out = arena_copy(arena, text.at, text.n), a.length = text.n;
  for (size_t i = 0; i < text.n; i++) ((volatile char *)text.at)[i] = 0; /* it may hold secrets */
  free(text.at);
  free(said.at);
  return a;
}
