/* The real world: HTTP, the environment, files, the terminal.
 * Guarantees that a file is a file (no pipe that never ends) and small, and that what is typed is not shown. */
#include "world/outside.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

enum { FILE_MOST = 1 << 20, TYPED_MOST = 4096 };

struct real {
  struct arena *arena;
  struct outside_options options;
  struct http *http;
  uint32_t asked, shown;
};

/* ── HTTP ──────────────────────────────────────────────────────────────────── */

struct batch { struct http_answer *answers; uint32_t first; };

static void on_answer(void *data, uint32_t request, const struct http_answer *answer) {
  struct batch *b = data;

  b->answers[request - b->first] = *answer;
}

static void on_tick(void *data, uint32_t answered) {
  struct real *r = data;

  if (answered == r->shown && answered > 0) return;
  r->shown = answered;
  fprintf(stderr, "\r\033[Kasking the world: %u of %u answered", answered, r->asked);
  fflush(stderr);
}

static void ask_http(void *data, const struct http_request *asked, uint32_t n, struct http_answer *answers) {
  struct real *r = data;
  struct batch b = {.answers = answers};

  if (n == 0) return;
  if (r->http == NULL) r->http = http_open(r->arena, &r->options.http);
  b.first = r->asked;
  for (uint32_t i = 0; i < n; i++) http_add(r->http, &asked[i], on_answer, &b);
  r->asked += n;
  http_run(r->http, r->options.progress ? on_tick : NULL, r);
  if (r->options.progress) fputs("\r\033[K", stderr);
}

static void ask_dns(void *data, const struct dns_question *asked, uint32_t n, struct dns_answer *answers) {
  struct real *r = data;
  int64_t total = r->options.http.total > 0 ? r->options.http.total : 15000;

  if (r->options.progress) fprintf(stderr, "\r\033[Kasking name servers: %u questions", n);
  dns_ask(r->arena, asked, n, answers, total / 2 < 2000 ? total / 2 : 2000);
  if (r->options.progress) fputs("\r\033[K", stderr);
}

static void ask_sql(void *data, const struct sql_question *asked, struct sql_answer *answer) {
  struct real *r = data;

  if (r->options.progress) fputs("\r\033[Kasking the database", stderr);
  *answer = sql_ask(r->arena, asked, r->options.http.total > 0 ? r->options.http.total : 15000);
  if (r->options.progress) fputs("\r\033[K", stderr);
}

static void run(void *data, const struct run_request *asked, struct run_answer *answer) {
  struct real *r = data;

  if (r->options.progress) fprintf(stderr, "\r\033[Krunning %s %s in %s", asked->words[0], asked->words[1], asked->dir);
  *answer = run_program(r->arena, asked);
  if (r->options.progress) fputs("\r\033[K", stderr);
}

/* ── The environment, files, the terminal ──────────────────────────────────── */

static const char *variable(void *data, const char *name) {
  (void)data;
  return getenv(name);
}

static const char *read_file(void *data, const char *path, const char **why) {
  struct real *r = data;
  struct stat s;
  int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

  *why = fd < 0 ? strerror(errno) : fstat(fd, &s) != 0 ? strerror(errno) : !S_ISREG(s.st_mode) ? "it is no file" : s.st_size > FILE_MOST ? "it is larger than 1 MiB" : NULL;
  if (*why != NULL) {
    if (fd >= 0) close(fd);
    return NULL;
  }
  char *text = arena_alloc(r->arena, (size_t)s.st_size + 1, 1);
  size_t n = 0;
  ssize_t k = 0;

  while (n < (size_t)s.st_size && (k = read(fd, text + n, (size_t)s.st_size - n)) > 0) n += (size_t)k;
  if (k < 0) *why = strerror(errno);
  close(fd);
  return k < 0 ? NULL : text;
}

static const char *prompt(void *data, const char *text) {
  struct real *r = data;
  int tty = open("/dev/tty", O_RDWR | O_CLOEXEC);
  struct termios was, quiet;

  if (tty < 0) return NULL;
  if (tcgetattr(tty, &was) != 0) {
    close(tty);
    return NULL;
  }
  quiet = was;
  quiet.c_lflag &= ~(tcflag_t)(ECHO | ECHOE | ECHOK | ECHONL);
  tcsetattr(tty, TCSAFLUSH, &quiet);
  dprintf(tty, "%s: ", text);
  char *typed = arena_alloc(r->arena, TYPED_MOST, 1);
  ssize_t n = read(tty, typed, TYPED_MOST - 1);

  tcsetattr(tty, TCSAFLUSH, &was);
  dprintf(tty, "\n");
  close(tty);
  while (n > 0 && (typed[n - 1] == '\n' || typed[n - 1] == '\r')) typed[--n] = '\0';
  return n > 0 ? typed : NULL;
}

struct outside *outside_open(struct arena *arena, const struct outside_options *options) {
  struct outside *w = arena_new(arena, struct outside);
  struct real *r = arena_new(arena, struct real);

  *r = (struct real){.arena = arena, .options = *options};
  *w = (struct outside){.data = r, .http = ask_http, .dns = ask_dns, .sql = ask_sql, .run = run, .variable = variable, .file = read_file, .prompt = prompt};
  return w;
}

void outside_close(struct outside *w) {
  struct real *r = w->data;

  if (r->http != NULL) http_close(r->http);
  r->http = NULL;
}
