/* The command line: a table of subcommands, and the exit status.
 * Needs argv. Guarantees that nothing is printed by halves: output is known to be whole before the first byte of it is written, and an error while
 * writing it (a full disk, a closed pipe) is exit status 2. */
#include "base/embedded.h"
#include "check_live.h"
#include "commands.h"
#include "cutc.h"
#include "options.h"
#include "script/rehearse.h"
#include "world/import.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum { SEARCH_MOST = 50 }; /* forgotten references that a check tells one by one; `cutc refs` tells all */

/* ── What every subcommand does ────────────────────────────────────────────── */

static int status_of(const struct compilation *c, const struct options *o) {
  for (uint32_t i = 0; i < c->findings.n; i++) {
    const struct finding *f = c->findings.at[i];

    if (f->severity == SEV_ERROR && !f->waived && f->code < CODE_101)
      return EXIT_USAGE;
  }
  return c->errors || (o->deny_warnings && c->warnings) ? EXIT_FINDINGS : EXIT_CLEAN;
}

/* Prints the findings to stdout or stderr; returns false when they could not be written. */
static bool print_findings(const struct compiled *d, const struct options *o, int fd) {
  struct text out = {.arena = &d->c->arena};

  report_findings(&out, d->c, o->format, o->quiet, options_colour(o, fd));
  return options_write(fd, text_done(&out), out.n);
}

/* The plan that was named, or the one in this folder. NULL after a message. */
static const char *plan_of(struct options *o, uint32_t argument) {
  return argument < o->count ? o->arguments[argument] : options_find_plan(o);
}

/* What is done before the process ends: the system takes all memory back at once, which is faster than block by block. A build that
 * looks for what nobody frees frees it. */
static void leave(struct compilation *c, struct written *script) {
#ifdef CUTC_SANITIZED
  script_free(script);
  compilation_free(c);
#else
  (void)c, (void)script;
#endif
}

/* ── Subcommands ───────────────────────────────────────────────────────────── */

/* `l` is what the world said, NULL when it was not asked. */
static int print_check(const struct options *o, struct compiled *d, const struct live *l) {
  struct text out = {.arena = &d->c->arena};
  bool colour = options_colour(o, STDOUT_FILENO);
  int status = status_of(d->c, o);

  if (status == EXIT_CLEAN && l && l->failed)
    status = EXIT_UNASKED;
  if (o->format == FORMAT_JSON)
    report_check_json(&out, d->c, d->model, d->proof, l);
  else
    report_findings(&out, d->c, o->format, o->quiet, colour);
  if (out.n && d->proof && o->format == FORMAT_TEXT && !o->quiet)
    text_putc(&out, '\n');
  if (l && o->format == FORMAT_TEXT && !o->quiet)
    report_live(&out, l, colour, o->verbose);
  if (d->proof && o->format == FORMAT_TEXT && !o->quiet)
    report_check(&out, d->model, d->proof, colour, options_width(), o->verbose);
  return options_write(STDOUT_FILENO, text_done(&out), out.n) ? status : EXIT_USAGE;
}

static int print_live(const struct options *o, struct compiled *written, const char *path) {
  struct arena arena = {0};
  struct outside_options with = {.http = {.total = (int64_t)o->timeout * 1000, .patience = (int64_t)o->timeout * 4000},
                               .progress = !o->quiet && isatty(STDERR_FILENO) && options_colour(o, STDERR_FILENO)};
  struct outside *w = outside_open(&arena, &with);
  struct live_options live = {.target = o->as_target};
  struct rlimit none = {0, 0};
  struct live *l;

  setrlimit(RLIMIT_CORE, &none); /* secrets are in memory now */
  struct compiled d = check_live(written, path, w, &live, &l);

  compile_search(&d, path, &(struct compile_search){.most = SEARCH_MOST});
  int status = print_check(o, &d, l);

  compilation_free(d.c);
  outside_close(w);
  arena_free(&arena);
  return status;
}

static int check(struct options *o) {
  const char *path = plan_of(o, 0);

  if (!path)
    return EXIT_USAGE;
  if (!o->live && (o->as_target || o->timeout)) {
    fputs("cutc: `--as` and `--timeout` say how the world is looked at: they go with `--live`\n", stderr);
    return EXIT_USAGE;
  }
  struct compiled d = compile(path);
  bool live = o->live && d.proof;

  if (!live)
    compile_search(&d, path, &(struct compile_search){.most = SEARCH_MOST});
  int status = live ? print_live(o, &d, path) : print_check(o, &d, NULL);

  if (o->live && !d.proof && !o->quiet)
    fputs("cutc: the world was not asked: the plan has to be understood first\n", stderr);

  leave(d.c, NULL);
  return status;
}

static int emit(struct options *o) {
  const char *path = plan_of(o, 0);

  if (!path)
    return EXIT_USAGE;
  struct compiled d = compile_summed(path);

  compile_search(&d, path, &(struct compile_search){.most = SEARCH_MOST});
  struct written *script = NULL;
  int status = status_of(d.c, o);

  if (status == EXIT_CLEAN && d.proof) {
    script = script_check(d.runbook, d.digest); /* a difference is a finding */
    findings_sort(d.c);
    status = status_of(d.c, o);
    if (status == EXIT_CLEAN && script) {
      struct output out;

      options_output_begin(&out, o, true);
      if (!script_write(script, options_output_part, &out) && !out.why)
        out.why = EBADMSG; /* it does not read back after all */
      if (!options_output_end(&out))
        status = EXIT_USAGE;
    }
  }
  if (!print_findings(&d, o, STDERR_FILENO))
    status = EXIT_USAGE;
  leave(d.c, script);
  return status;
}

static int verify(struct options *o) {
  const char *path = plan_of(o, 1);

  if (!path)
    return EXIT_USAGE;
  struct compiled d = compile(path);
  int status = status_of(d.c, o);
  uint32_t script, differences = 0;

  if (!source_read(d.c, o->arguments[0], &script)) {
    fprintf(stderr, "cutc: cannot read the runbook `%s`: %s\n", o->arguments[0], strerror(errno));
    status = EXIT_USAGE;
  } else if (d.proof && !d.c->errors) {
    differences = script_verify(d.c, script, d.runbook);
    findings_sort(d.c);
    status = status_of(d.c, o);
  }
  if (!print_findings(&d, o, STDOUT_FILENO))
    status = EXIT_USAGE;
  if (status == EXIT_CLEAN && !differences && !o->quiet && o->format == FORMAT_TEXT) {
    uint32_t steps = d.proof ? d.proof->order.n : 0;
    char *line = arena_print(&d.c->arena, "%s does what %s says, no more and no less: %u step%s in the proven order\n",
                             o->arguments[0], path, steps, steps == 1 ? "" : "s");

    if (!options_write(STDOUT_FILENO, line, strlen(line)))
      status = EXIT_USAGE;
  }
  compilation_free(d.c);
  return status;
}

/* Compiles for a subcommand that prints something else than findings: these go to stderr, and only when the model is
 * broken is there nothing to print. */
static bool compile_for(const struct options *o, const char *path, struct compiled *d, int *status) {
  *d = compile(path);
  *status = status_of(d->c, o);
  if (d->proof)
    return true;
  print_findings(d, o, STDERR_FILENO);
  compilation_free(d->c);
  return false;
}

static int why(struct options *o) {
  uint32_t first = o->count == 3;
  const char *path = first ? o->arguments[0] : options_find_plan(o), *problem = NULL;
  struct compiled d;
  int status;

  if (!path)
    return EXIT_USAGE;
  if (!compile_for(o, path, &d, &status))
    return status;
  struct text out = {.arena = &d.c->arena};

  status = EXIT_CLEAN;
  if (!report_why(&out, d.model, d.proof, o->arguments[first], o->arguments[first + 1], options_colour(o, STDOUT_FILENO), &problem)) {
    fprintf(stderr, "cutc: %s\n", problem);
    status = EXIT_USAGE;
  } else if (!options_output(o, text_done(&out), out.n, false)) {
    status = EXIT_USAGE;
  }
  compilation_free(d.c);
  return status;
}

static int graph(struct options *o) {
  const char *path = plan_of(o, 0), *problem = NULL;
  struct compiled d;
  int status;

  if (!path)
    return EXIT_USAGE;
  if (!compile_for(o, path, &d, &status))
    return status;
  struct text dot = {.arena = &d.c->arena}, svg = {.arena = &d.c->arena};
  bool ok = report_graph_dot(&dot, d.model, d.proof, o->from, o->to, &problem);

  if (ok && o->svg)
    ok = report_graph_svg(&svg, text_done(&dot), &problem);
  if (!ok)
    fprintf(stderr, "cutc: %s\n", problem);
  struct text *out = o->svg ? &svg : &dot;

  status = ok && options_output(o, text_done(out), out->n, false) ? EXIT_CLEAN : EXIT_USAGE;
  compilation_free(d.c);
  return status;
}

static int model(struct options *o) {
  const char *path = plan_of(o, 0);
  struct compiled d;
  int status;

  if (!path)
    return EXIT_USAGE;
  if (!compile_for(o, path, &d, &status))
    return status;
  struct text out = {.arena = &d.c->arena};

  model_json(&out, d.model, d.proof);
  if (!options_output(o, text_done(&out), out.n, false))
    status = EXIT_USAGE;
  compilation_free(d.c);
  return status;
}

/* Standard input can be read once: for one of the two plans. */
static int diff(struct options *o) {
  if (strcmp(o->arguments[0], "-") == 0 && strcmp(o->arguments[1], "-") == 0) {
    fputs("cutc: only one of the two plans can come from standard input\n", stderr);
    return EXIT_USAGE;
  }
  struct compiled plans[2];
  struct side sides[2];
  bool read = true;

  for (unsigned i = 0; i < 2; i++) {
    plans[i] = compile(o->arguments[i]);
    sides[i] = (struct side){o->arguments[i], plans[i].c, plans[i].model, plans[i].proof};
    if (status_of(plans[i].c, o) == EXIT_USAGE) {
      read = false;
      print_findings(&plans[i], &(struct options){.colour = o->colour}, STDERR_FILENO);
    }
  }
  int status = EXIT_USAGE;

  if (read) {
    struct text out = {.arena = &plans[1].c->arena};
    bool worse = report_diff(&out, &sides[0], &sides[1], o->format, o->quiet, o->deny_warnings, !o->output && options_colour(o, STDOUT_FILENO),
                             options_width());

    status = !options_output(o, text_done(&out), out.n, false) ? EXIT_USAGE : worse ? EXIT_FINDINGS : EXIT_CLEAN;
  }
  for (unsigned i = 0; i < 2; i++)
    compilation_free(plans[i].c);
  return status;
}

static int rehearse_plan(struct options *o) {
  const char *path = plan_of(o, 0);

  if (!path)
    return EXIT_USAGE;
  struct compiled d = compile(path);
  int status = status_of(d.c, o);
  struct rehearse_options with = {.shell = o->shell ? o->shell : "sh", .only = o->only, .book = o->runbook, .jobs = o->jobs, .sample = o->sample,
                                  .keep = o->keep, .json = o->format == FORMAT_JSON};

  if (status == EXIT_CLEAN && d.proof) {
    struct text out = {.arena = &d.c->arena};

    status = rehearse(&out, d.runbook, &with);
    if (!options_output(o, text_done(&out), out.n, false))
      status = EXIT_USAGE;
  } else {
    struct options plain = *o;

    plain.format = FORMAT_TEXT;
    print_findings(&d, &plain, STDERR_FILENO);
  }
  compilation_free(d.c);
  return status;
}

static int explain(struct options *o) {
  struct compilation *c = compilation_new();
  struct text out = {.arena = &c->arena};
  const char *nearest = NULL;
  int status = EXIT_CLEAN;

  if (!report_explain(&out, c, o->arguments[0], options_colour(o, STDOUT_FILENO), &nearest)) {
    fprintf(stderr, "cutc: there is no finding or kind `%s`", o->arguments[0]);
    fprintf(stderr, nearest ? "; did you mean `%s`?\n" : "\n", nearest);
    status = EXIT_USAGE;
  } else if (!options_output(o, text_done(&out), out.n, false)) {
    status = EXIT_USAGE;
  }
  compilation_free(c);
  return status;
}

static int import_facts(struct options *o) {
  struct compilation *c = compilation_new();
  struct import_argument *arguments = arena_array(&c->arena, struct import_argument, o->count + 1u);
  struct import_options with = {.arguments = arguments, .zone = o->zone, .facts = o->facts};
  struct text out = {.arena = &c->arena}, said = {.arena = &c->arena};
  enum import_source source = SOURCE_NONE;
  int status = EXIT_USAGE;

  for (uint32_t i = 0; i < o->count; i++) {
    enum import_source named = import_source_named(o->arguments[i]);

    if (named != SOURCE_NONE)
      source = named;
    else
      arguments[with.count++] = (struct import_argument){source, o->arguments[i]};
  }
  if (with.count)
    status = import_run(&out, &said, c, &with);
  else
    text_puts(&said, "cutc: nothing to import: name a file or a URL\n");
  if (status == EXIT_CLEAN && !options_output(o, text_done(&out), out.n, false))
    status = EXIT_USAGE;
  if ((status != EXIT_CLEAN || !o->quiet) && !options_write(STDERR_FILENO, text_done(&said), said.n))
    status = EXIT_USAGE;
  compilation_free(c);
  return status;
}

static const struct command_line commands[] = {
    {"check", "[PLAN]", "find the order and prove it; print findings, the order and the timeline", check, 0, 1,
     OPTION_FORMAT | OPTION_QUIET | OPTION_VERBOSE | OPTION_DENY | OPTION_LIVE},
    {"emit", "[PLAN]", "print the runbook of a plan that proves; -o FILE writes it, executable", emit, 0, 1,
     OPTION_FORMAT | OPTION_QUIET | OPTION_OUTPUT | OPTION_DENY},
    {"verify", "RUNBOOK [PLAN]", "does this script do what the plan says, no more and no less", verify, 1, 2,
     OPTION_FORMAT | OPTION_QUIET | OPTION_DENY},
    {"rehearse", "[PLAN]", "run the runbook against a simulated world, once per failure point", rehearse_plan, 0, 1,
     OPTION_REHEARSE | OPTION_QUIET | OPTION_OUTPUT | OPTION_DENY},
    {"why", "[PLAN] CLIENT ENDPOINT", "the chain a client takes to an endpoint, in each state", why, 2, 3, OPTION_OUTPUT},
    {"refs", "[PLAN] [ADDRESS]", "who names what the plan gives up, or an address: in files, and in the plan", command_refs, 0, 2,
     OPTION_FORMAT | OPTION_QUIET | OPTION_VERBOSE | OPTION_DENY | OPTION_ROOT},
    {"graph", "[PLAN]", "who depends on whom, as DOT or SVG: a state, or what changes between two", graph, 0, 1,
     OPTION_GRAPH | OPTION_OUTPUT},
    {"model", "[PLAN]", "the elaborated plan as JSON, for other tools", model, 0, 1, OPTION_OUTPUT | OPTION_JSON},
    {"import", "[SOURCE] FILE|URL…", "what exists, as a plan's source: kubernetes, cloudflare, technitium, zone, pfsense, terraform", import_facts, 1, UINT32_MAX,
     OPTION_IMPORT | OPTION_OUTPUT | OPTION_QUIET},
    {"diff", "OLD NEW", "what a change to a plan changes: steps, order, outages, findings", diff, 2, 2,
     OPTION_DIFF | OPTION_QUIET | OPTION_OUTPUT | OPTION_DENY},
    {"explain", "CODE|KIND", "a finding or a kind of resource, with an example", explain, 1, 1, OPTION_OUTPUT},
    {0},
};

int main(int argc, char **argv) {
  struct options options = {0};
  int status = EXIT_CLEAN;

  /* A closed pipe is an error like any other: it is reported, with status 2. */
  signal(SIGPIPE, SIG_IGN);
  const struct command_line *command = options_read(&options, commands, argc, argv, &status);

  return command ? command->run(&options) : status;
}
