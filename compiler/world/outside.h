/* What stands between the compiler and everything outside of its process: a table of functions, real or recorded.
 *
 * Whoever asks the world (`check --live`, `refs`, `import`) takes one of these; tests hand in their own. */
#ifndef CUTC_OUTSIDE_H
#define CUTC_OUTSIDE_H

#include "world/dns.h"
#include "world/http.h"
#include "world/run.h"
#include "world/sql.h"

struct outside {
  void *data;
  /* Asks all of them at once; one answer each. */
  void (*http)(void *data, const struct http_request *asked, uint32_t n, struct http_answer *answers);
  /* The same for name servers; NULL: none can be asked. */
  void (*dns)(void *data, const struct dns_question *asked, uint32_t n, struct dns_answer *answers);
  /* One question to a database; NULL: none can be asked. */
  void (*sql)(void *data, const struct sql_question *asked, struct sql_answer *answer);
  /* A program of the operator's, looking and not changing; NULL: none is run. */
  void (*run)(void *data, const struct run_request *asked, struct run_answer *answer);
  /* A variable of the environment, NULL when it is unset. */
  const char *(*variable)(void *data, const char *name);
  /* The text of a small file (at most 1 MiB), NUL-terminated; NULL with a reason in words. */
  const char *(*file)(void *data, const char *path, const char **why);
  /* A secret typed at the terminal, NULL when there is none. */
  const char *(*prompt)(void *data, const char *text);
};

struct outside_options {
  struct http_options http;
  bool progress; /* a line on standard error while answers are awaited */
};
/* The real one. Nothing is opened before something is asked. */
struct outside *outside_open(struct arena *arena, const struct outside_options *options);
void outside_close(struct outside *w);

#endif
