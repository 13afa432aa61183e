/* Running a program of the operator's, for what only it can say (terraform). */
#ifndef CUTC_RUN_H
#define CUTC_RUN_H

#include "base/base.h"

#include <signal.h>

struct run_request {
  const char *const *words;      /* the program and its arguments, ended by NULL */
  const char *const *env;        /* NAME=VALUE beside what there is, ended by NULL */
  const char *dir;               /* where it runs */
  int64_t within;                /* milliseconds */
};
struct run_answer {
  int status;                    /* its exit status; -1: it could not be run, or had to be ended */
  const char *out;               /* what it printed, at most 64 MiB; in the arena */
  size_t length;
  const char *last;              /* the last line that it said on standard error, cleaned; "" */
  const char *reason;            /* status -1: why */
};
/* Waits for it; ends it politely (INT), then for good, when its time is over. Its standard input is empty. */
struct run_answer run_program(struct arena *arena, const struct run_request *request);

/* Between these two a request to stop (INT, TERM, HUP) is kept: a program that runs is asked to stop too, what it has left behind can be
 * taken away, and only then it comes true. */
void run_guard(sigset_t *before);
void run_unguard(const sigset_t *before);

#endif
