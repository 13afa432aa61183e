/* argv -> options, with did-you-mean; the plan of a folder; writing output.
 * Needs a table of subcommands. Guarantees that every misuse is answered by one sentence that says what was wrong. */
#include "options.h"
#include "base/embedded.h"
#include "report/paint.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#define WORDS 32

/* ── Reading argv ──────────────────────────────────────────────────────────── */

enum option { FORMAT, COLOUR, QUIET, VERBOSE, OUTPUT, DENY, STATE, FROM, TO, SHELL, JOBS, SAMPLE, ONLY, KEEP, RUNBOOK, LIVE, AS, TIMEOUT, ZONE, FACTS, ROOT, HELP };

static const struct option_row {
  const char *name, *value, *about;
  char letter;
  enum option option;
  unsigned commands; /* 0: everybody's */
} rows[] = {
    {"format", "text|json|sarif|github", "how findings are printed", 0, FORMAT, OPTION_FORMAT},
    {"format", "dot|svg", "how the graph is printed", 0, FORMAT, OPTION_GRAPH},
    {"format", "json", "how the model is printed", 0, FORMAT, OPTION_JSON},
    {"state", "STATE", "only this state: baseline, target, a number of steps, or a step's id", 0, STATE, OPTION_GRAPH},
    {"from", "STATE", "the first of two states to compare (baseline)", 0, FROM, OPTION_GRAPH},
    {"to", "STATE", "the second of two states to compare (target)", 0, TO, OPTION_GRAPH},
    {"format", "text|json", "how the matrix is printed", 0, FORMAT, OPTION_REHEARSE},
    {"format", "text|json", "how the difference is printed", 0, FORMAT, OPTION_DIFF},
    {"shell", "COMMAND", "the shell that runs the runbook (sh)", 0, SHELL, OPTION_REHEARSE},
    {"jobs", "N", "runs at a time (one per processor)", 'j', JOBS, OPTION_REHEARSE},
    {"sample", "N", "at most so many failure points, evenly chosen", 0, SAMPLE, OPTION_REHEARSE},
    {"only", "ID[,ID...]", "only these failure points", 0, ONLY, OPTION_REHEARSE},
    {"keep", NULL, "leave the sandbox, with what the runs have printed and written", 0, KEEP, OPTION_REHEARSE},
    {"runbook", "FILE", "rehearse this runbook instead of the one the plan gives", 0, RUNBOOK, OPTION_REHEARSE},
    {"live", NULL, "look at the world first: is it what the plan starts from", 0, LIVE, OPTION_LIVE},
    {"as", "baseline|target", "with --live: compare the world with the plan's start or its end", 0, AS, OPTION_LIVE},
    {"timeout", "SECONDS", "with --live: how long one answer may take (15)", 0, TIMEOUT, OPTION_LIVE},
    {"zone", "NAME", "the zone that DNS records are for: lan, internet (by their addresses)", 0, ZONE, OPTION_IMPORT},
    {"facts", NULL, "no plan, clients and promises: a file for a plan to use", 0, FACTS, OPTION_IMPORT},
    {"root", "DIR", "the folder to search, or the one that the plan's search folders are in", 0, ROOT, OPTION_ROOT},
    {"output", "FILE", "write to a file, all of it or nothing", 'o', OUTPUT, OPTION_OUTPUT},
    {"deny", "warnings", "warnings are errors, for the exit status", 0, DENY, OPTION_DENY},
    {"quiet", NULL, "errors and warnings only", 'q', QUIET, OPTION_QUIET},
    {"verbose", NULL, "the search for the order and its numbers too", 'v', VERBOSE, OPTION_VERBOSE},
    {"color", "auto|always|never", "colours (NO_COLOR is respected)", 0, COLOUR, 0},
    {"help", NULL, "this text", 'h', HELP, 0},
};
#define ROWS (sizeof rows / sizeof *rows)

static void usage(const struct command_line *commands) {
  puts("cutc: a plan for a change in, the proven order and a runbook out\n\nusage: cutc COMMAND [OPTIONS] …\n");
  for (const struct command_line *c = commands; c->name; c++)
    printf("  %-8s %s%*s %s\n", c->name, c->arguments, 23 - (int)paint_width(c->arguments, strlen(c->arguments), 0), "", c->about);
  puts("\nPLAN: a file, - for standard input; when left out, plan.cut or the only *.cut file with a plan in this folder.\n"
       "Exit status: 0 nothing wrong, 1 findings of severity error, 2 usage, unreadable file or syntax error,\n"
       "3 the world could not be asked (check --live, refs).\n"
       "\ncutc COMMAND --help says more; cutc --version prints the version.");
}

static void usage_of(const struct command_line *command) {
  printf("usage: cutc %s [OPTIONS] %s\n\n%s\n\n", command->name, command->arguments, command->about);
  for (size_t i = 0; i < ROWS; i++) {
    const struct option_row *r = &rows[i];
    char text[64];

    if (r->commands && !(r->commands & command->options))
      continue;
    snprintf(text, sizeof text, "%c%c%s--%s%s%s", r->letter ? '-' : ' ', r->letter ? r->letter : ' ', r->letter ? ", " : "  ", r->name,
             r->value ? " " : "", r->value ? r->value : "");
    printf("  %-35s %s\n", text, r->about);
  }
}

/* "cutc: …", and the nearest of some words to a misspelt one. */
static void complain(const char *what, const char *word, const char *front, const char *const *candidates, uint32_t n) {
  uint32_t best = nearest(word, candidates, n);

  fprintf(stderr, "cutc: %s `%s%s`", what, front, word);
  if (best != NONE)
    fprintf(stderr, "; did you mean `%s%s`?", front, candidates[best]);
  fputc('\n', stderr);
}

static const struct option_row *find(const struct command_line *command, const char *name, size_t n, char letter) {
  for (size_t i = 0; i < ROWS; i++) {
    const struct option_row *r = &rows[i];

    if (r->commands && !(r->commands & command->options))
      continue;
    if (letter ? r->letter == letter : strlen(r->name) == n && strncmp(r->name, name, n) == 0)
      return r;
  }
  return NULL;
}

/* The place of a value among the words of "a|b|c", or -1. */
static int choice(const char *words, const char *value) {
  size_t n = strlen(value);

  for (int i = 0; *words; i++) {
    size_t length = strcspn(words, "|");

    if (n == length && strncmp(words, value, n) == 0)
      return i;
    words += length + (words[length] == '|');
  }
  return -1;
}

/* A number from 1 on. */
static bool number(const struct option_row *r, const char *value, uint32_t *out) {
  char *end;
  unsigned long n = strtoul(value, &end, 10);

  if (!isdigit((unsigned char)*value) || *end || n < 1 || n > 1000000) {
    fprintf(stderr, "cutc: `--%s` takes a number from 1 on, not `%s`\n", r->name, value);
    return false;
  }
  *out = (uint32_t)n;
  return true;
}

static bool set(struct options *o, const struct option_row *r, const char *value) {
  int picked = r->value && islower((unsigned char)*r->value) ? choice(r->value, value) : 0;

  if (picked < 0) {
    fprintf(stderr, "cutc: `--%s` takes %s, not `%s`\n", r->name, r->value, value);
    return false;
  }
  switch (r->option) {
  case FORMAT:
    if (r->commands == OPTION_FORMAT || r->commands == OPTION_REHEARSE || r->commands == OPTION_DIFF)
      o->format = (enum format)picked;
    o->svg = r->commands == OPTION_GRAPH && picked == 1;
    break;
  case COLOUR: o->colour = (enum when)picked; break;
  case QUIET: o->quiet = true; break;
  case VERBOSE: o->verbose = true; break;
  case OUTPUT: o->output = value; break;
  case DENY: o->deny_warnings = true; break;
  case STATE: o->from = value; o->to = NULL; break;
  case FROM: o->from = value; o->to = o->to ? o->to : "target"; break;
  case TO: o->to = value; o->from = o->from ? o->from : "baseline"; break;
  case SHELL: o->shell = value; break;
  case JOBS: return number(r, value, &o->jobs);
  case SAMPLE: return number(r, value, &o->sample);
  case ONLY: o->only = value; break;
  case KEEP: o->keep = true; break;
  case RUNBOOK: o->runbook = value; break;
  case LIVE: o->live = true; break;
  case AS: o->as_target = picked == 1; break;
  case TIMEOUT: return number(r, value, &o->timeout);
  case ZONE: o->zone = value; break;
  case FACTS: o->facts = true; break;
  case ROOT: o->root = value; break;
  case HELP: break;
  }
  return true;
}

/* Reads the option at argv[*i]. 1: it was one; 0: something was wrong and has been said; -1: help was asked for. */
static int option(struct options *o, const struct command_line *command, int argc, char **argv, int *i) {
  const char *word = argv[*i], *value = NULL;
  bool is_long = word[1] == '-';
  size_t n = is_long ? strcspn(word + 2, "=") : 1;
  const struct option_row *r = is_long ? find(command, word + 2, n, 0) : find(command, NULL, 0, word[1]);

  if (!r) {
    const char *candidates[ROWS];
    uint32_t count = 0;
    char name[64], what[64];

    for (size_t k = 0; k < ROWS; k++)
      if (!rows[k].commands || (rows[k].commands & command->options))
        candidates[count++] = rows[k].name;
    snprintf(name, sizeof name, "%.*s", (int)(n < 63 ? n : 63), word + (is_long ? 2 : 1));
    snprintf(what, sizeof what, "`%s` has no option", command->name);
    complain(what, name, is_long ? "--" : "-", candidates, is_long ? count : 0);
    return 0;
  }
  if (r->option == HELP) {
    usage_of(command);
    return -1;
  }
  if (is_long && word[2 + n] == '=')
    value = word + 3 + n;
  else if (!is_long && word[2])
    value = word + 2;
  if (!r->value && value) {
    fprintf(stderr, "cutc: `--%s` takes no value\n", r->name);
    return 0;
  }
  if (r->value && !value) {
    if (++*i >= argc) {
      fprintf(stderr, "cutc: `--%s` wants %s\n", r->name, r->value);
      return 0;
    }
    value = argv[*i];
  }
  return set(o, r, value) ? 1 : 0;
}

/* Help and the version go to a stream of their own; a full disk or a closed pipe must show there too. */
static int printed(void) {
  if (fflush(stdout) == 0 && !ferror(stdout))
    return 0;
  fprintf(stderr, "cutc: cannot write the output: %s\n", strerror(errno));
  return 2;
}

static const struct command_line *find_command(const struct command_line *commands, const char *word) {
  const char *candidates[WORDS];
  uint32_t n = 0;

  for (const struct command_line *c = commands; c->name; c++) {
    if (strcmp(c->name, word) == 0)
      return c;
    if (n < WORDS)
      candidates[n++] = c->name;
  }
  if (word[0] == '-' && word[1])
    complain("there is no option", word, "", (const char *const[]){"--help", "--version"}, 2);
  else
    complain("there is no command", word, "", candidates, n);
  return NULL;
}

const struct command_line *options_read(struct options *o, const struct command_line *commands, int argc, char **argv,
                                        int *status) {
  const char *word = argc > 1 ? argv[1] : NULL;
  bool help = word && (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 || strcmp(word, "help") == 0);

  *status = 2;
  if (help && argc > 2) {
    const struct command_line *c = find_command(commands, argv[2]);

    if (c) {
      usage_of(c);
      *status = printed();
    }
    return NULL;
  }
  if (help || (word && strcmp(word, "--version") == 0)) {
    if (help)
      usage(commands);
    else
      puts("cutc " CUTC_VERSION);
    *status = printed();
    return NULL;
  }
  if (!word) {
    fputs("cutc: which command? `cutc --help` lists them\n", stderr);
    return NULL;
  }
  const struct command_line *command = find_command(commands, word);

  if (!command)
    return NULL;
  bool words_only = false;

  o->arguments = (const char **)argv; /* what has been read makes room */
  for (int i = 2; i < argc; i++) {
    if (!words_only && strcmp(argv[i], "--") == 0) {
      words_only = true;
    } else if (!words_only && argv[i][0] == '-' && argv[i][1]) {
      int done = option(o, command, argc, argv, &i);

      if (done < 0)
        *status = printed();
      if (done <= 0)
        return NULL;
    } else if (o->count == command->most) {
      fprintf(stderr, "cutc: `%s` is one argument too many: cutc %s %s\n", argv[i], command->name, command->arguments);
      return NULL;
    } else {
      o->arguments[o->count++] = argv[i];
    }
  }
  if (o->count < command->least) {
    fprintf(stderr, "cutc: an argument is missing: cutc %s %s\n", command->name, command->arguments);
    return NULL;
  }
  *status = 0;
  return command;
}

/* ── The plan of this folder ───────────────────────────────────────────────── */

static bool has_plan(const char *path) {
  struct compilation *c = compilation_new();
  struct tree *tree = arena_new(&c->arena, struct tree);
  uint32_t source;
  bool found = false;

  tree->c = c;
  if (source_read(c, path, &source)) {
    uint32_t file = syntax_parse(tree, source);

    for (uint32_t i = tree->nodes.at[file].child; i; i = tree->nodes.at[i].next)
      found |= tree->nodes.at[i].type == N_PLAN;
  }
  compilation_free(c);
  return found;
}

/* The first by name of the plans in this folder, and how many there are. */
static const char *plans_here(struct options *o, unsigned *count) {
  char *found = o->plan;
  DIR *folder = opendir(".");
  struct dirent *e;
  unsigned plans = 0;

  while (folder && (e = readdir(folder)) != NULL) {
    size_t n = strlen(e->d_name);

    if (n < 5 || n >= sizeof o->plan || strcmp(e->d_name + n - 4, ".cut") != 0 || e->d_name[0] == '.' || !has_plan(e->d_name))
      continue;
    if (plans++ == 0 || strcmp(e->d_name, found) < 0)
      memcpy(found, e->d_name, n + 1);
  }
  if (folder)
    closedir(folder);
  *count = plans;
  return found;
}

const char *options_look_for_plan(struct options *o) {
  unsigned plans;

  if (access("plan.cut", F_OK) == 0)
    return "plan.cut";
  const char *found = plans_here(o, &plans);

  return plans == 1 ? found : NULL;
}

const char *options_find_plan(struct options *o) {
  unsigned plans;

  if (access("plan.cut", F_OK) == 0)
    return "plan.cut";
  const char *found = plans_here(o, &plans);

  if (plans == 1)
    return found;
  if (plans)
    fprintf(stderr, "cutc: %u files in this folder have a plan: name the one you mean (`%s`?)\n", plans, found);
  else
    fputs("cutc: no plan was named, and no *.cut file in this folder has one\n", stderr);
  return NULL;
}

/* ── Where output goes ─────────────────────────────────────────────────────── */

bool options_colour(const struct options *o, int fd) {
  const char *no = getenv("NO_COLOR"), *term = getenv("TERM");

  if (o->colour != WHEN_AUTO)
    return o->colour == WHEN_ALWAYS;
  return !(no && *no) && isatty(fd) && !(term && strcmp(term, "dumb") == 0);
}

unsigned options_width(void) {
  const char *columns = getenv("COLUMNS");
  long n = columns ? strtol(columns, NULL, 10) : 0;
  struct winsize size;

  if (n < 40 && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0)
    n = size.ws_col;
  return n >= 40 && n < 1000 ? (unsigned)n : 100;
}

/* Does the terminal behind a descriptor show UTF-8, as its locale says? What is no terminal gets the bytes as they are. */
static bool shows_utf8(int fd) {
  const char *names[] = {"LC_ALL", "LC_CTYPE", "LANG"}, *locale = "";

  for (size_t i = 0; i < sizeof names / sizeof *names && !*locale; i++)
    locale = getenv(names[i]) ? getenv(names[i]) : "";
  for (const char *at = locale; *at; at++)
    if ((at[0] == 'U' || at[0] == 'u') && (at[1] == 'T' || at[1] == 't') && (at[2] == 'F' || at[2] == 'f') && strchr(at, '8'))
      return true;
  return !isatty(fd);
}

/* One byte for each character that is none of ASCII, so that columns stay where they are. */
static size_t to_ascii(char *out, const char *text, size_t n) {
  static const char *const shapes[] = {"●#", "◐~", "○x", "─-", "·.", "….", "→>", "│|", "–-", "═="};
  size_t length = 0;

  for (size_t i = 0; i < n;) {
    size_t end = i + 1;
    char c = text[i];

    if ((unsigned char)c >= 0x80) {
      while (end < n && ((unsigned char)text[end] & 0xc0) == 0x80)
        end++;
      c = '?';
      for (size_t k = 0; k < sizeof shapes / sizeof *shapes; k++)
        if (strlen(shapes[k]) == end - i + 1 && memcmp(shapes[k], text + i, end - i) == 0)
          c = shapes[k][end - i];
    }
    out[length++] = c;
    i = end;
  }
  return length;
}

static bool write_all(int fd, const char *text, size_t n) {
  while (n) {
    ssize_t done = write(fd, text, n);

    if (done < 0 && errno == EINTR)
      continue;
    if (done < 0)
      return false;
    text += done;
    n -= (size_t)done;
  }
  return true;
}

static bool write_shown(int fd, const char *text, size_t n) {
  if (shows_utf8(fd))
    return write_all(fd, text, n);
  char *plain = malloc(n + 1);
  bool done = plain ? write_all(fd, plain, to_ascii(plain, text, n)) : write_all(fd, text, n);
  int why = errno;

  free(plain);
  errno = why;
  return done;
}

bool options_write(int fd, const char *text, size_t n) {
  if (write_shown(fd, text, n))
    return true;
  fprintf(stderr, "cutc: cannot write the output: %s\n", strerror(errno));
  return false;
}

bool options_output(const struct options *o, const char *text, size_t n, bool executable) {
  struct output out;

  options_output_begin(&out, o, executable);
  options_output_part(&out, (struct slice){text, n});
  return options_output_end(&out);
}

/* A device or a pipe is written to; a file is replaced as a whole. */
void options_output_begin(struct output *out, const struct options *o, bool executable) {
  static const char suffix[] = ".XXXXXX";
  struct stat there;

  *out = (struct output){.fd = STDOUT_FILENO, .executable = executable};
  if (!o->output || strcmp(o->output, "-") == 0)
    return;
  out->name = o->output;
  if (stat(out->name, &there) == 0 && !S_ISREG(there.st_mode)) {
    out->fd = open(out->name, O_WRONLY | O_CLOEXEC);
  } else {
    size_t n = strlen(out->name);

    out->part = malloc(n + sizeof suffix);
    if (out->part) {
      memcpy(out->part, out->name, n);
      memcpy(out->part + n, suffix, sizeof suffix);
    }
    out->fd = out->part ? mkstemp(out->part) : -1;
  }
  out->why = out->fd < 0 ? errno : 0;
}

bool options_output_part(void *data, struct slice part) {
  struct output *out = data;

  if (!out->why && !(out->name ? write_all(out->fd, part.at, part.n) : write_shown(out->fd, part.at, part.n)))
    out->why = errno;
  return !out->why;
}

bool options_output_end(struct output *out) {
  bool open = out->name && out->fd >= 0;
  mode_t mask = umask(0);

  umask(mask);
  if (out->part && !out->why && (fchmod(out->fd, (out->executable ? 0777 : 0666) & ~mask) != 0 || fsync(out->fd) != 0))
    out->why = errno;
  if (open && close(out->fd) != 0 && !out->why)
    out->why = errno;
  if (out->part && !out->why && rename(out->part, out->name) != 0)
    out->why = errno;
  if (out->part && out->why && open)
    unlink(out->part);
  free(out->part);
  if (out->why && out->name)
    fprintf(stderr, "cutc: cannot write `%s`: %s\n", out->name, strerror(out->why));
  else if (out->why)
    fprintf(stderr, "cutc: cannot write the output: %s\n", strerror(out->why));
  return !out->why;
}
