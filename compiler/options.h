/* The command line as data: which subcommand, which options, and where output goes. */
#ifndef CUTC_OPTIONS_H
#define CUTC_OPTIONS_H

#include "report/report.h"

struct options {
  enum format format;
  enum when { WHEN_AUTO, WHEN_ALWAYS, WHEN_NEVER } colour;
  bool quiet, verbose, deny_warnings, svg;
  const char *output;      /* -o, or NULL */
  const char *from, *to;   /* graph: states, or NULL */
  const char *root;        /* refs, or NULL */
  const char *shell, *only, *runbook; /* rehearse, or NULL */
  uint32_t jobs, sample;
  bool keep;
  bool live, as_target;    /* check --live --as target */
  uint32_t timeout;        /* seconds, 0: unsaid */
  const char *zone;        /* import: of the records, or NULL */
  bool facts;
  const char **arguments;  /* in argv's own memory */
  uint32_t count;
  char plan[256];          /* the plan that was found, when none was named */
};

/* Which options a subcommand takes; --color and --help are everybody's. */
enum {
  OPTION_FORMAT = 1, OPTION_QUIET = 2, OPTION_VERBOSE = 4, OPTION_OUTPUT = 8, OPTION_DENY = 16, OPTION_GRAPH = 32,
  OPTION_JSON = 64, OPTION_REHEARSE = 128, OPTION_LIVE = 256, OPTION_IMPORT = 512,
  OPTION_DIFF = 4096, OPTION_ROOT = 8192
};

struct command_line {
  const char *name, *arguments, *about;
  int (*run)(struct options *);
  uint32_t least, most; /* arguments */
  unsigned options;
};

/* Reads argv by a table that ends with a nameless row. NULL when there is nothing to run: help or the version was printed
 * (*status 0), or something was wrong and has been said (*status 2). */
const struct command_line *options_read(struct options *o, const struct command_line *commands, int argc, char **argv,
                                        int *status);
/* The plan of this folder: plan.cut, else the only *.cut file with a plan in it. NULL after a message. */
const char *options_find_plan(struct options *o);
/* The same without a message, and without a choice between several. */
const char *options_look_for_plan(struct options *o);
/* Whether to colour what goes to a descriptor: --color, NO_COLOR, TERM, and whether it is a terminal. */
bool options_colour(const struct options *o, int fd);
/* Columns: what COLUMNS says, else those of the terminal, at least 40; 100 without one. */
unsigned options_width(void);
/* Writes all of it, in ASCII to a terminal whose locale is not UTF-8; false after a message on stderr. */
bool options_write(int fd, const char *text, size_t n);
/* To -o FILE by way of a temporary file beside it, executable when asked; else to standard output. */
bool options_output(const struct options *o, const char *text, size_t n, bool executable);
/* The same of a text that comes in parts: begun, each part, and the end, after which all of it is there or none of a file is. */
struct output {
  const char *name; /* NULL: standard output */
  char *part;       /* the temporary file, NULL */
  int fd, why;      /* why: errno of what went wrong, 0 */
  bool executable;
};
void options_output_begin(struct output *out, const struct options *o, bool executable);
bool options_output_part(void *out, struct slice part); /* false: it went wrong, and nothing more is of any use */
bool options_output_end(struct output *out);

#endif
