/* A proven plan -> its runbook, run once per failure point, and the matrix of how the runs ended.
 * Needs a plan without errors. Guarantees: at most `jobs` runs at a time, each a process that cleans up after itself; when
 * told to stop, it stops its own runs and removes its folders. */
#define _XOPEN_SOURCE 700 /* realpath */
#include "script/rehearse.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct rehearsing {
  struct sandbox s;
  struct points points;
  struct result *results;
  pid_t *workers; /* per point, 0 when none runs */
  pid_t *places;  /* per folder that runs take turns in, 0 when it is free */
  uint32_t jobs, running, next, over, bad;
  bool bar;
};

static double seconds_now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* ── The script ────────────────────────────────────────────────────────────── */

static bool take_script(struct rehearsing *r, struct text *script) {
  const char *book = r->s.o->book;
  if (book == NULL) {
    script_emit(script, r->s.b);
    if (script->n == 0) fputs("cutc: no runbook could be emitted\n", stderr);
    return script->n > 0;
  }
  char bytes[8192];
  int fd = open(book, O_RDONLY | O_CLOEXEC);
  ssize_t n = 0;
  while (fd >= 0 && (n = read(fd, bytes, sizeof bytes)) > 0) text_add(script, bytes, (size_t)n);
  if (fd < 0 || n < 0) fprintf(stderr, "cutc: cannot read the runbook `%s`: %s\n", book, strerror(errno));
  if (fd >= 0) close(fd);
  return fd >= 0 && n == 0 && script->n > 0;
}

/* The plan's folder, absolute. */
static const char *folder_of(struct rehearsing *r, const struct model *m) {
  const char *path = m->c->sources.at[m->plan_at.source].path, *slash = strrchr(path, '/');
  char real[4096];
  const char *folder = slash == NULL ? "." : slash == path ? "/" : arena_copy(r->s.arena, path, (size_t)(slash - path));
  return realpath(folder, real) != NULL ? arena_print(r->s.arena, "%s", real) : folder;
}

/* ── Runs ──────────────────────────────────────────────────────────────────── */

static bool read_result(struct rehearsing *r, const struct point *p, struct result *x, bool clean) {
  struct sandbox *s = &r->s;
  const char *path = arena_print(s->arena, "%s/%s.result", s->base, p->id);
  FILE *in = fopen(path, "rbe");
  if (in == NULL) return false;
  bool ok = fread(x, sizeof *x, 1, in) == 1;
  if (ok && clean) {
    uint32_t stamp, step;
    ok = fread(s->seen, 1, s->b->units.n, in) == s->b->units.n && fread(s->waits, 1, 2u * s->b->p->order.n, in) == 2u * s->b->p->order.n && fread(&s->applied, sizeof s->applied, 1, in) == 1;
    while (ok && fread(&stamp, sizeof stamp, 1, in) == 1 && fread(&step, sizeof step, 1, in) == 1) {
      array_push(s->arena, &s->stamps, stamp);
      array_push(s->arena, &s->stamped, step);
    }
  }
  fclose(in);
  unlink(path);
  return ok;
}

static const char *place_name(const struct rehearsing *r, uint32_t place) { return arena_print(r->s.arena, "run%u", place + 1); }

static void launch(struct rehearsing *r, uint32_t i) {
  fflush(NULL);
  uint32_t place = 0;
  while (r->places[place] != 0) place++;
  pid_t pid = fork();
  if (pid == 0) run_point(&r->s, &r->points.all.at[i], r->s.o->keep ? r->points.all.at[i].id : place_name(r, place));
  if (pid < 0) {
    r->results[i].outcome = OUTCOME_BAD;
    snprintf(r->results[i].why, sizeof r->results[i].why, "no process could be started: %s", strerror(errno));
    r->over++;
    return;
  }
  r->workers[i] = pid;
  r->places[place] = pid;
  r->running++;
}

static void progress(struct rehearsing *r, bool last) {
  if (!r->bar) return;
  char line[41];
  uint32_t n = r->points.all.n, full = n > 0 ? (uint32_t)((uint64_t)r->over * 40 / n) : 0;
  memset(line, '.', 40);
  memset(line, '#', full);
  line[40] = '\0';
  fprintf(stderr, last ? "\r\033[K" : "\r[%s] %u of %u runs, %u bad", line, r->over, n, r->bad);
  fflush(stderr);
}

static void collect(struct rehearsing *r, pid_t pid) {
  for (uint32_t i = 0; i < r->points.all.n; i++) {
    if (r->workers[i] != pid) continue;
    r->workers[i] = 0;
    for (uint32_t place = 0; place < r->jobs; place++)
      if (r->places[place] == pid) r->places[place] = 0;
    r->running--;
    r->over++;
    if (!read_result(r, &r->points.all.at[i], &r->results[i], false)) {
      r->results[i].outcome = OUTCOME_BAD;
      snprintf(r->results[i].why, sizeof r->results[i].why, "the run ended without a result");
    }
    r->bad += r->results[i].outcome == OUTCOME_BAD;
    progress(r, false);
    return;
  }
}

static void stop_runs(struct rehearsing *r) {
  for (uint32_t place = 0; place < r->jobs; place++)
    if (r->places[place] > 0) kill(r->places[place], SIGTERM);
  while (r->running > 0 && waitpid(-1, NULL, 0) > 0) r->running--;
}

/* Signals that end a rehearsal are waited for, as the end of its runs is. */
static sigset_t signals(void) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGCHLD);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGHUP);
  return set;
}

/* Runs that begin with a copy of one without failures. */
static uint32_t copies_wanted(const struct rehearsing *r) {
  uint32_t n = 0;
  for (uint32_t i = 0; i < r->points.all.n && !r->s.o->keep; i++) {
    const struct point *p = &r->points.all.at[i];
    n += p->back || p->fault == FAULT_BEFORE || p->fault == FAULT_AFTER;
  }
  return n;
}

/* One run without failures at each place, copied on its way. False when it was told to stop. */
static bool make_copies(struct rehearsing *r) {
  static const struct point p = {.id = "copied", .step = NONE, .unit = NONE, .record = NONE, .back = true, .fault = FAULT_NONE};
  sigset_t set = signals();
  fflush(NULL);
  for (uint32_t place = 0; place < r->jobs; place++) {
    pid_t pid = fork();
    r->s.imaging = pid == 0;
    if (pid == 0) run_point(&r->s, &p, place_name(r, place));
    r->places[place] = pid > 0 ? pid : 0;
    r->running += pid > 0;
  }
  while (r->running > 0) {
    int sig = sigtimedwait(&set, NULL, &(struct timespec){1, 0});
    if (sig > 0 && sig != SIGCHLD) {
      stop_runs(r);
      return false;
    }
    while (waitpid(-1, NULL, WNOHANG) > 0) r->running--;
  }
  memset(r->places, 0, r->jobs * sizeof *r->places);
  return true;
}

/* Runs all points; false when it was told to stop. */
static bool run_all(struct rehearsing *r) {
  sigset_t set = signals();
  if (copies_wanted(r) > 2 * r->jobs && !make_copies(r)) return false;
  progress(r, false);
  while (r->over < r->points.all.n) {
    while (r->running < r->jobs && r->next < r->points.all.n) launch(r, r->next++);
    int sig = sigtimedwait(&set, NULL, &(struct timespec){1, 0});
    if (sig > 0 && sig != SIGCHLD) {
      stop_runs(r);
      progress(r, true);
      return false;
    }
    for (pid_t pid; (pid = waitpid(-1, NULL, WNOHANG)) > 0;) collect(r, pid);
  }
  progress(r, true);
  return true;
}

/* ── Which points ──────────────────────────────────────────────────────────── */

/* The run without failures: apply, then rollback. It tells which commands are called, and when the journal is written. */
static bool run_clean(struct rehearsing *r) {
  struct point p = {.id = "first", .step = NONE, .unit = NONE, .record = NONE, .back = true, .fault = FAULT_NONE};
  struct rehearse_options keep = *r->s.o;
  const struct rehearse_options *options = r->s.o;
  struct result x = {0};
  keep.keep = true;
  r->s.o = &keep;
  fflush(NULL);
  pid_t pid = fork();
  if (pid == 0) run_point(&r->s, &p, p.id);
  r->s.o = options;
  if (pid < 0 || waitpid(pid, NULL, 0) != pid || !read_result(r, &p, &x, true)) {
    fputs("cutc: the run without failures did not end\n", stderr);
    return false;
  }
  const char *dir = arena_print(r->s.arena, "%s/first", r->s.base);
  if (x.processes > 0 && x.statuses[0] == 0 && r->s.applied > 0) { /* how the way back ends is a point of its own */
    if (!options->keep) tree_remove(dir);
    return true;
  }
  fprintf(stderr, "cutc: already the run without failures ends badly: %s\n", x.why[0] != '\0' ? x.why : arena_print(r->s.arena, "exit status %d", x.statuses[0]));
  for (unsigned i = 0; i < x.processes; i++) {
    char line[1024];
    FILE *out = fopen(arena_print(r->s.arena, "%s/out-%u", dir, i), "re");
    for (; out != NULL && fgets(line, sizeof line, out) != NULL;) fprintf(stderr, "  | %s", line);
    if (out != NULL) fclose(out);
  }
  return false;
}

/* Is this id among those between commas? Each that is taken is marked. */
static bool wanted(const char *only, const char *id, bool *taken) {
  size_t n = strlen(id);
  uint32_t k = 0;
  for (const char *at = only;; at += strcspn(at, ",") + 1, k++) {
    if (strcspn(at, ",") == n && strncmp(at, id, n) == 0) return taken[k] = true;
    if (strchr(at, ',') == NULL) return false;
  }
}

/* Says of the first id that no point has which one may have been meant. */
static bool all_taken(struct rehearsing *r, const char *only, const bool *taken, const char *const *ids, uint32_t n) {
  uint32_t k = 0;
  for (const char *at = only;; at += strcspn(at, ",") + 1, k++) {
    if (!taken[k]) {
      const char *id = arena_copy(r->s.arena, at, strcspn(at, ","));
      uint32_t near = nearest(id, ids, n);
      fprintf(stderr, "cutc: there is no failure point `%s`", id);
      fprintf(stderr, near != NONE ? "; did you mean `%s`?\n" : "\n", near != NONE ? ids[near] : "");
      return false;
    }
    if (strchr(at, ',') == NULL) return true;
  }
}

/* Keeps the points that were asked for. */
static bool choose(struct rehearsing *r) {
  struct points *p = &r->points;
  const struct rehearse_options *o = r->s.o;
  uint32_t kept = 0, n = p->all.n;
  const char **ids = arena_array(r->s.arena, const char *, n + 1);
  bool *taken = arena_array(r->s.arena, bool, o->only != NULL ? strlen(o->only) + 1 : 1);
  for (uint32_t i = 0; i < n; i++) ids[i] = p->all.at[i].id;
  for (uint32_t i = 0; i < n; i++) {
    bool takes = o->only != NULL ? wanted(o->only, ids[i], taken) : o->sample == 0 || o->sample >= n || (uint64_t)i * o->sample / n != ((uint64_t)i + 1) * o->sample / n;
    if (takes) p->all.at[kept++] = p->all.at[i];
  }
  p->all.n = kept;
  return o->only == NULL || all_taken(r, o->only, taken, ids, n);
}

static uint32_t processors(void) {
  long n = sysconf(_SC_NPROCESSORS_ONLN);
  return n < 1 ? 1 : n > 256 ? 256 : (uint32_t)n;
}

static int perform(struct rehearsing *r, struct text *out) {
  const struct rehearse_options *o = r->s.o;
  double start = seconds_now();
  if (!run_clean(r)) return 1;
  points_build(&r->points, &r->s);
  if (!choose(r)) return 2;
  r->results = arena_array(r->s.arena, struct result, r->points.all.n);
  r->workers = arena_array(r->s.arena, pid_t, r->points.all.n);
  r->bar = isatty(STDERR_FILENO) != 0;
  r->jobs = o->jobs > 0 ? o->jobs : processors();
  r->places = arena_array(r->s.arena, pid_t, r->jobs);
  if (!run_all(r)) {
    fputs("cutc: stopped\n", stderr);
    return 2;
  }
  rehearse_report(out, &r->s, &r->points, r->results, seconds_now() - start);
  return r->bad > 0 ? 1 : 0;
}

int rehearse(struct text *out, struct runbook *b, const struct rehearse_options *o) {
  struct rehearsing r = {.s = {.o = o, .arena = out->arena, .b = b}};
  struct text script = {.arena = out->arena};
  const char *why = NULL;
  sigset_t set = signals(), old;
  r.s.folder = folder_of(&r, b->m);
  runbook_whole(b);
  if (!take_script(&r, &script)) return 2;
  if (!roles_build(&r.s, &why)) {
    fprintf(stderr, "cutc: this plan cannot be rehearsed: %s\n", why);
    return 2;
  }
  sigprocmask(SIG_BLOCK, &set, &old);
  int status = 2;
  if (!sandbox_make(&r.s, text_done(&script), script.n, &why)) fprintf(stderr, "cutc: there can be no rehearsal here: %s\n", why);
  else status = perform(&r, out);
  if (o->keep && r.s.base != NULL) fprintf(stderr, "kept: %s (secrets: %s)\n", r.s.base, r.s.memory);
  else sandbox_remove(&r.s);
  sigprocmask(SIG_SETMASK, &old, NULL);
  return status;
}
