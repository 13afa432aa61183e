/* DOT -> SVG, by running Graphviz.
 * Needs `dot` in PATH. Guarantees that no shell is involved, that input and output go through unnamed files, so that
 * neither side can wait for the other, and that an absent or failing dot is a sentence and no silence. */
#include "report/report.h"

#include <errno.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

/* Copies what is in a file from its start. */
static bool collect(struct text *out, FILE *file) {
  char buffer[4096];
  size_t n;

  rewind(file);
  while ((n = fread(buffer, 1, sizeof buffer, file)) > 0)
    text_add(out, buffer, n);
  return !ferror(file);
}

static int run(FILE *in, FILE *result, FILE *errors, int *status) {
  char *const argv[] = {(char[]){"dot"}, (char[]){"-Tsvg"}, NULL};
  posix_spawn_file_actions_t actions;
  pid_t pid;
  int problem = posix_spawn_file_actions_init(&actions);

  if (problem)
    return problem;
  posix_spawn_file_actions_adddup2(&actions, fileno(in), STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, fileno(result), STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, fileno(errors), STDERR_FILENO);
  problem = posix_spawnp(&pid, "dot", &actions, NULL, argv, environ);
  posix_spawn_file_actions_destroy(&actions);
  if (problem)
    return problem;
  while (waitpid(pid, status, 0) < 0)
    if (errno != EINTR)
      return errno;
  return 0;
}

bool report_graph_svg(struct text *out, const char *dot, const char **why) {
  FILE *in = tmpfile(), *result = tmpfile(), *errors = tmpfile();
  int status = 0, problem = in && result && errors ? 0 : errno;
  bool ok = false;

  if (!problem && (fputs(dot, in) < 0 || fflush(in) != 0))
    problem = errno;
  if (!problem) {
    rewind(in);
    problem = run(in, result, errors, &status);
  }
  if (problem == ENOENT || (!problem && WIFEXITED(status) && WEXITSTATUS(status) == 127)) {
    *why = "SVG is drawn by Graphviz, and there is no `dot` here: install the package graphviz, or leave out --format svg";
  } else if (problem) {
    *why = arena_print(out->arena, "cannot run Graphviz' `dot`: %s", strerror(problem));
  } else if (status != 0) {
    struct text said = {.arena = out->arena};

    collect(&said, errors);
    *why = arena_print(out->arena, "Graphviz' `dot` failed: %s", text_done(&said));
  } else {
    ok = collect(out, result);
    if (!ok)
      *why = "the output of Graphviz' `dot` cannot be read";
  }
  if (in)
    fclose(in);
  if (result)
    fclose(result);
  if (errors)
    fclose(errors);
  return ok;
}
