/* Filters and answers -> values, by libjq in a process of its own. The only file that uses jq.
 * Guarantees an end: each run has its time, the process its processor time and memory; whatever it does, it is taken away and the
 * next run gets a new one. */
#include "world/filter.h"

#include <errno.h>
#include <fcntl.h>
#include <jq.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { MEMORY = 1 << 30, PROCESSOR = 60 /* s */, COMPILING = 20000 /* ms */, GIVEN_MOST = 1 << 20, VALUES_MOST = 10000, LOST_MOST = 8 };
enum op { OP_RUN, OP_CHECK };

struct question { uint32_t op, filter; uint64_t json, path, field; };
struct reply { uint32_t outcome; uint64_t length; };

struct filters {
  struct arena *arena;
  const char *const *texts;
  uint32_t n, lost;
  int64_t milliseconds;
  pid_t child;      /* 0: none runs */
  int to, from;
  bool warm;        /* it has said that compiling is over */
};

/* ── The child ─────────────────────────────────────────────────────────────── */

struct worker {
  const char *const *texts;
  uint32_t n;
  jq_state *all;         /* every filter in one program, NULL when one of them spoils it */
  jq_state **each;       /* then one by one, at first use */
  char (*wrong)[160];
  char said[160];
};

static void on_error(void *data, jv message) {
  struct worker *w = data;
  jv text = jv_get_kind(message) == JV_KIND_STRING ? jv_copy(message) : jv_dump_string(jv_copy(message), 0);
  const char *s = jv_string_value(text);

  /* The first complaint says what is wrong; what follows it are the program's lines and counts. */
  if (w->said[0] == '\0') {
    if (strncmp(s, "jq: error: ", 11) == 0) s += 11;
    snprintf(w->said, sizeof w->said, "%.*s", (int)strcspn(s, "\n"), s);
    for (char *end = strstr(w->said, ", line "); end != NULL; end = NULL) *end = '\0';
    for (char *end = strstr(w->said, " (Unix shell quoting issues?)"); end != NULL; end = NULL) *end = '\0';
    for (char *end = strstr(w->said, " at <top-level>"); end != NULL; end = NULL) *end = '\0';
  }
  jv_free(text);
  jv_free(message);
}

static jq_state *state_new(struct worker *w) {
  jq_state *jq = jq_init();

  if (jq != NULL) jq_set_error_cb(jq, on_error, w);
  return jq;
}

/* `if` by halves, so that choosing one of n filters takes log n. */
static void choose(char **out, uint32_t from, uint32_t to) {
  if (to - from == 1) {
    *out += sprintf(*out, "cut_%u($cut_path; $cut_field)", from);
    return;
  }
  uint32_t middle = from + (to - from) / 2;

  *out += sprintf(*out, "if $cut_filter < %u then ", middle);
  choose(out, from, middle);
  *out += sprintf(*out, " else ");
  choose(out, middle, to);
  *out += sprintf(*out, " end");
}

static void compile_all(struct worker *w) {
  size_t size = 256;

  for (uint32_t i = 0; i < w->n; i++) size += strlen(w->texts[i]) + 256;
  char *program = malloc(size), *out = program;

  w->each = calloc((size_t)w->n + 1, sizeof(jq_state *));
  w->wrong = calloc((size_t)w->n + 1, sizeof *w->wrong);
  if (program == NULL || w->each == NULL || w->wrong == NULL) _exit(1);
  for (uint32_t i = 0; i < w->n; i++) out += sprintf(out, "def cut_%u($path; $field): (%s\n);\n", i, w->texts[i]);
  out += sprintf(out, ".[0] as $cut_filter | .[2] as $cut_path | .[3] as $cut_field | .[1] | ");
  if (w->n > 0) choose(&out, 0, w->n);
  else out += sprintf(out, ".");
  w->all = state_new(w);
  if (w->all != NULL && !jq_compile(w->all, program)) jq_teardown(&w->all);
  w->said[0] = '\0';
  free(program);
}

/* The filter as a program of its own; NULL when it is none. */
static jq_state *alone(struct worker *w, uint32_t filter) {
  if (w->each[filter] != NULL || w->wrong[filter][0] != '\0') return w->each[filter];
  size_t size = strlen(w->texts[filter]) + 128;
  char *program = malloc(size);
  jq_state *jq = state_new(w);

  if (program == NULL || jq == NULL) _exit(1);
  snprintf(program, size, ".[2] as $path | .[3] as $field | .[1] | (%s\n)", w->texts[filter]);
  w->said[0] = '\0';
  if (!jq_compile(jq, program)) {
    jq_teardown(&jq);
    /* What is wrong with it by itself: of the brackets around it nobody knows. */
    if ((jq = state_new(w)) == NULL) _exit(1);
    w->said[0] = '\0';
    snprintf(program, size, ". as $path | . as $field | %s\n", w->texts[filter]);
    jq_compile(jq, program);
    jq_teardown(&jq);
    snprintf(w->wrong[filter], sizeof *w->wrong, "%s", w->said[0] != '\0' ? w->said : "it is no filter");
  }
  free(program);
  w->each[filter] = jq;
  return jq;
}

static bool give(int fd, const void *bytes, size_t n) {
  for (const char *at = bytes; n > 0;) {
    ssize_t k = write(fd, at, n);

    if (k < 0 && errno == EINTR) continue;
    if (k <= 0) return false;
    at += k, n -= (size_t)k;
  }
  return true;
}

static void reply(int fd, enum filter_outcome outcome, const char *text) {
  struct reply r = {.outcome = outcome, .length = strlen(text)};

  if (!give(fd, &r, sizeof r) || !give(fd, text, r.length)) _exit(0);
}

/* Text of an error that a filter raised: jq's own words hold pieces of the answer, which may be anything. */
static const char *raised(jv error) {
  static const char *const known[] = {"Cannot index", "Cannot iterate over", "cannot be parsed", "is not valid in", "cannot be added", "not a string", "No more inputs"};
  const char *s = jv_get_kind(error) == JV_KIND_STRING ? jv_string_value(error) : "";

  if (strncmp(s, known[0], strlen(known[0])) == 0) return "a part that the filter goes into is not of the kind it takes it for";
  if (strncmp(s, known[1], strlen(known[1])) == 0) return "what the filter goes through is no list";
  return "the filter raised an error";
}

static void run(struct worker *w, int fd, uint32_t filter, jv input, jv path, jv field) {
  jq_state *jq = w->all != NULL ? w->all : alone(w, filter);

  if (jq == NULL) {
    char text[256];

    snprintf(text, sizeof text, "this is no filter: %s", w->wrong[filter]);
    reply(fd, FILTER_FAILED, text);
    jv_free(input), jv_free(path), jv_free(field);
    return;
  }
  jq_start(jq, JV_ARRAY(jv_number(filter), input, path, field), 0);
  jv all = jv_array(), one;
  unsigned n = 0;

  while (jv_is_valid(one = jq_next(jq)) && n++ < VALUES_MOST) all = jv_array_append(all, one);
  if (n > VALUES_MOST) jv_free(one), one = jv_invalid();
  jv error = jv_invalid_get_msg(one);
  jv text = jv_dump_string(all, 0);

  if (jv_get_kind(error) != JV_KIND_NULL) reply(fd, FILTER_FAILED, raised(error));
  else if (n > VALUES_MOST || jv_string_length_bytes(jv_copy(text)) > GIVEN_MOST) reply(fd, FILTER_TOO_MUCH, "the filter gives too much");
  else reply(fd, FILTER_GAVE, jv_string_value(text));
  jv_free(error);
  jv_free(text);
}

static char *take(int fd, uint64_t n) {
  char *text = malloc(n + 1);

  if (text == NULL) _exit(1);
  for (uint64_t at = 0; at < n;) {
    ssize_t k = read(fd, text + at, n - at);

    if (k < 0 && errno == EINTR) continue;
    if (k <= 0) _exit(0);
    at += (uint64_t)k;
  }
  text[n] = '\0';
  return text;
}

static jv text_value(int fd, uint64_t length) {
  if (length == 0) return jv_null();
  char *text = take(fd, length - 1);
  jv value = jv_string(text);

  free(text);
  return value;
}

static void limit(int what, rlim_t most) {
  struct rlimit l = {most, most};

  setrlimit(what, &l);
}

_Noreturn static void work(struct filters *f, int in, int out) {
  struct worker w = {.texts = f->texts, .n = f->n};
  int nothing = open("/dev/null", O_RDWR);

  dup2(nothing, STDIN_FILENO), dup2(nothing, STDOUT_FILENO), dup2(nothing, STDERR_FILENO);
  signal(SIGPIPE, SIG_IGN);
  limit(RLIMIT_CORE, 0);
  limit(RLIMIT_CPU, PROCESSOR);
#if !defined __SANITIZE_ADDRESS__ && !defined CUTC_SANITIZED
  limit(RLIMIT_AS, MEMORY);
#endif
  compile_all(&w);
  reply(out, FILTER_GAVE, "");
  for (;;) {
    struct question q;
    char *head = take(in, sizeof q);

    memcpy(&q, head, sizeof q);
    free(head);
    char *json = take(in, q.json);
    jv path = text_value(in, q.path), field = text_value(in, q.field);

    if (q.op == OP_CHECK) {
      jv_free(path), jv_free(field);
      reply(out, FILTER_GAVE, w.all != NULL || alone(&w, q.filter) != NULL ? "" : w.wrong[q.filter]);
    } else {
      jv input = jv_parse_sized(json, (int)q.json);

      if (jv_is_valid(input)) run(&w, out, q.filter, input, path, field);
      else jv_free(input), jv_free(path), jv_free(field), reply(out, FILTER_FAILED, "the answer is no JSON, or nested too deeply");
    }
    free(json);
  }
}

/* ── The parent ────────────────────────────────────────────────────────────── */

static int64_t clock_ms(void) {
  struct timespec t;

  clock_gettime(CLOCK_MONOTONIC, &t);
  return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void end(struct filters *f) {
  if (f->child == 0) return;
  kill(f->child, SIGKILL);
  close(f->to);
  close(f->from);
  while (waitpid(f->child, NULL, 0) < 0 && errno == EINTR) continue;
  f->child = 0;
}

static bool begin(struct filters *f) {
  int to[2], from[2];

  if (f->child != 0) return true;
  if (f->lost >= LOST_MOST || pipe(to) != 0) return false;
  if (pipe(from) != 0) {
    close(to[0]), close(to[1]);
    return false;
  }
  f->child = fork();
  if (f->child == 0) {
    close(to[1]), close(from[0]);
    work(f, to[0], from[1]);
  }
  close(to[0]), close(from[1]);
  f->to = to[1], f->from = from[0];
  f->warm = false;
  if (f->child < 0) {
    close(f->to), close(f->from);
    f->child = 0;
    return false;
  }
  fcntl(f->to, F_SETFD, FD_CLOEXEC), fcntl(f->from, F_SETFD, FD_CLOEXEC);
  fcntl(f->to, F_SETFL, O_NONBLOCK), fcntl(f->from, F_SETFL, O_NONBLOCK);
  return true;
}

struct filters *filters_open(struct arena *arena, const char *const *texts, uint32_t n, int64_t milliseconds) {
  struct filters *f = arena_new(arena, struct filters);

  *f = (struct filters){.arena = arena, .texts = texts, .n = n, .milliseconds = milliseconds};
  if (n > 0) begin(f); /* compiles while others wait for answers */
  return f;
}

void filters_close(struct filters *f) { end(f); }

/* All of it, or false: broken off or out of time. */
static bool move(int fd, bool out, void *bytes, size_t n, int64_t until) {
  for (char *at = bytes; n > 0;) {
    ssize_t k = out ? write(fd, at, n) : read(fd, at, n);

    if (k > 0) {
      at += k, n -= (size_t)k;
      continue;
    }
    if (k == 0 || (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR)) return false;
    struct pollfd p = {.fd = fd, .events = out ? POLLOUT : POLLIN};
    int64_t left = until - clock_ms();

    if (left <= 0 || (poll(&p, 1, (int)left) == 0)) return false;
  }
  return true;
}

static struct filter_result lose(struct filters *f, bool late) {
  struct filter_result r = {.outcome = FILTER_TOO_MUCH};

  r.why = late ? arena_print(f->arena, "the filter has no result after %lld s", (long long)((f->milliseconds + 999) / 1000))
               : "the filter takes too much memory or processor time";
  f->lost++;
  end(f);
  return r;
}

static struct filter_result ask(struct filters *f, enum op op, uint32_t filter, const char *json, size_t length, const char *path, const char *field) {
  struct question q = {.op = op, .filter = filter, .json = length, .path = path != NULL ? strlen(path) + 1 : 0, .field = field != NULL ? strlen(field) + 1 : 0};
  struct reply answer;

  if (!begin(f))
    return (struct filter_result){.outcome = FILTER_TOO_MUCH, .why = f->lost >= LOST_MOST ? "too many filters before it did not end" : "no process for the filter can be started"};
  int64_t until = clock_ms() + COMPILING;

  if (!f->warm && !move(f->from, false, &answer, sizeof answer, until)) return lose(f, clock_ms() >= until);
  f->warm = true;
  until = clock_ms() + f->milliseconds;
  bool ok = move(f->to, true, &q, sizeof q, until) && move(f->to, true, (void *)(uintptr_t)json, length, until) &&
            (q.path <= 1 || move(f->to, true, (void *)(uintptr_t)path, q.path - 1, until)) &&
            (q.field <= 1 || move(f->to, true, (void *)(uintptr_t)field, q.field - 1, until)) && move(f->from, false, &answer, sizeof answer, until);

  if (!ok || answer.length > (uint64_t)GIVEN_MOST + 1024) return lose(f, clock_ms() >= until);
  char *text = arena_alloc(f->arena, answer.length + 1, 1);

  if (!move(f->from, false, text, answer.length, until)) return lose(f, clock_ms() >= until);
  if (answer.outcome == FILTER_GAVE) return (struct filter_result){.outcome = FILTER_GAVE, .values = text, .length = answer.length};
  return (struct filter_result){.outcome = (enum filter_outcome)answer.outcome, .why = text};
}

struct filter_result filters_run(struct filters *f, uint32_t filter, const char *json, size_t length, const char *path, const char *field) {
  if (length > INT32_MAX) return (struct filter_result){.outcome = FILTER_TOO_MUCH, .why = "the answer is too large for a filter"};
  return ask(f, OP_RUN, filter, json, length, path, field);
}

const char **filters_wrong(struct filters *f) {
  const char **wrong = arena_array(f->arena, const char *, (size_t)f->n + 1);

  for (uint32_t i = 0; i < f->n; i++) {
    struct filter_result r = ask(f, OP_CHECK, i, "", 0, NULL, NULL);

    if (r.outcome == FILTER_GAVE && r.length > 0) wrong[i] = r.values;
  }
  return wrong;
}
