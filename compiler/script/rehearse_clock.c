/* The clock of a run: time stands still while anybody is at work, and goes on to the next thing that is waited for when nobody is.
 * Needs /proc. Guarantees: how a run goes does not depend on how fast the machine is, and nothing is really slept through. */
#include "script/rehearse_run.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

int64_t now_ms(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* ── Is anybody at work? ───────────────────────────────────────────────────── */

static bool read_small(const char *path, char *text, size_t size) {
  FILE *in = fopen(path, "re");
  if (in == NULL) return false;
  size_t n = fread(text, 1, size - 1, in);
  text[n] = '\0';
  fclose(in);
  return true;
}

static void mix(uint64_t *mark, uint64_t value) { *mark = (*mark ^ value) * 1099511628211u; }

/* Adds a process and those below it to the mark; false when one of them is at work. */
static bool mark_below(pid_t pid, unsigned depth, uint64_t *mark) {
  char path[64], text[4096];
  snprintf(path, sizeof path, "/proc/%ld/task/%ld/children", (long)pid, (long)pid);
  if (depth == 0 || !read_small(path, text, sizeof text)) return true; /* it is gone: the next look finds out */
  char status[4096];
  for (char *at = text, *end; *at != '\0'; at = end) {
    pid_t child = (pid_t)strtol(at, &end, 10);
    if (end == at) break;
    snprintf(path, sizeof path, "/proc/%ld/status", (long)child);
    if (!read_small(path, status, sizeof status)) return false;
    const char *state = strstr(status, "State:\t"), *switches = strstr(status, "voluntary_ctxt_switches:");
    if (state == NULL || strchr("RDIW", state[7]) != NULL) return false;
    mix(mark, (uint64_t)child);
    for (const char *c = switches != NULL ? switches : ""; *c != '\0'; c++) mix(mark, (unsigned char)*c);
    if (!mark_below(child, depth - 1, mark)) return false;
  }
  return true;
}

bool nobody_works(struct run *r) {
  uint64_t mark = 14695981039346656037u;
  bool still = mark_below(getpid(), 24, &mark), same = still && mark == r->stillness;
  r->stillness = still ? mark : 0;
  return same;
}

/* ── Time ──────────────────────────────────────────────────────────────────── */

time_t virtual_time(const struct run *r) { return (time_t)(1700000000 + r->clock); }

int64_t duration_of(const char *text) {
  char *end;
  double n = strtod(text, &end);
  double unit = *end == 'm' ? 60 : *end == 'h' ? 3600 : *end == 'd' ? 86400 : 1;
  n *= unit;
  return n > 0 && n < 1e9 ? (int64_t)n + ((double)(int64_t)n < n) : n >= 1e9 ? 1000000000 : 0;
}

/* Nobody stops a command that hangs: somebody at the terminal does, less and less politely. */
static void push(struct run *r, struct call *c) {
  static const int signals[] = {SIGINT, SIGTERM, SIGKILL};
  int sig = signals[c->pushes < 2 ? c->pushes : 2];
  if (sig == SIGINT && !r->ended) kill(-r->book, sig);
  else kill(c->pid, sig);
  c->pushes++;
}

bool time_passes(struct run *r) {
  struct call *sleeper = NULL, *hanging = NULL;
  for (uint32_t i = 0; i < r->calls.n; i++) {
    struct call *c = r->calls.at[i];
    if (c->state == CALL_WAITS) {
      call_work(r, c);
      return true;
    }
    if (c->state == CALL_HANGS) hanging = c;
    if (c->state == CALL_SLEEPS && (sleeper == NULL || c->until < sleeper->until)) sleeper = c;
  }
  if (sleeper != NULL) {
    if (sleeper->until > r->clock) r->clock = sleeper->until;
    call_reply(r, sleeper, STANDIN_EXIT, 0, "", 0);
  } else if (hanging != NULL) {
    push(r, hanging);
  } else if (r->again != 0 && !r->ended) {
    /* It came between a question and the read of its answer, and the shell still reads: somebody presses the key again, and a
     * terminal that is gone fails every read. */
    kill(-r->book, r->again);
    r->again = 0;
    return true;
  }
  return sleeper != NULL || hanging != NULL;
}
