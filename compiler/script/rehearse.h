/* The rehearsal: the real runbook against a simulated world, once per failure point.
 *
 * The parent (rehearse.c) lays out a folder with stand-ins (sandbox.c part), lists the failure points and forks one worker
 * per run. A worker (rehearse_run.c) starts the shell and answers its stand-ins over a socket, one call after the other:
 * it is the world, so there is nothing to lock. Every command on the runbook's PATH that could reach outside is a stand-in
 * (standin.c, a program of its own), which asks the worker what to print, how to end, or what real program of the basic ones
 * to become. */
#ifndef CUTC_REHEARSE_H
#define CUTC_REHEARSE_H

#include "script/emit.h"
#include "script/standin.h"

#include <sys/types.h>

struct rehearse_options {
  const char *shell; /* a command line: "sh", "busybox sh", "zsh --emulate sh" */
  const char *only;  /* failure points, with commas between them; NULL for all */
  const char *book;  /* a runbook to rehearse instead of the emitted one (for tests of the rehearsal), NULL */
  uint32_t jobs;     /* 0: as many as there are processors */
  uint32_t sample;   /* at most so many failure points, evenly chosen; 0 for all */
  bool keep, json, colour, verbose;
};
/* Rehearses a proven plan without errors and prints the matrix into `out`. 0: every run ended well; 1: one did not; 2: the
 * plan cannot be rehearsed here (said on stderr). */
int rehearse(struct text *out, struct runbook *b, const struct rehearse_options *o);

/* ── What can go wrong ─────────────────────────────────────────────────────── */

enum fault {
  FAULT_NONE,
  FAULT_FAIL,    /* the command fails without doing its work */
  FAULT_LATE,    /* it does its work and reports failure */
  FAULT_LOST,    /* it does its work and dies before it can say so */
  FAULT_HANG,    /* it never ends, until it is told to */
  FAULT_DEAF,    /* nor then */
  FAULT_KILLED,  /* kill -9 */
  FAULT_LIE,     /* it reports success and has done nothing */
  FAULT_INT, FAULT_TERM, FAULT_HUP, /* the runbook gets a signal while the step runs */
  FAULT_ORPHAN,  /* kill -9 of the runbook while the command runs, which then finishes its work */
  FAULT_BEFORE, FAULT_AFTER,        /* kill -9 of the runbook before, after a journal record is written */
  FAULT_FULL,    /* no room for the record */
  FAULT_PROBE,   /* a promise is not as the model says after the step */
  FAULT_CLOSED,  /* standard output is closed after its first line */
  FAULTS
};

struct point {
  const char *id;
  uint8_t fault;
  bool back;       /* in a rollback after a whole apply */
  bool wait;       /* while it waits for old answers in caches to run out */
  bool resume;     /* after a kill: resume, not rollback */
  uint32_t step;   /* index in the order, NONE */
  uint32_t unit;   /* index in units, NONE */
  uint32_t record; /* of the journal, from 0, NONE */
};

enum outcome {
  OUTCOME_BASELINE,
  OUTCOME_TARGET,
  OUTCOME_FORWARD, /* stopped behind a step with no way back, and at the target by `resume` */
  OUTCOME_UNSEEN,
  OUTCOME_BAD,
  OUTCOMES
};
struct result {
  uint8_t outcome, processes;
  int16_t statuses[8]; /* of the runbook's processes, in turn */
  uint32_t ms;
  char why[400];       /* when bad */
};

/* ── The plan as the stand-ins see it ──────────────────────────────────────── */

/* What a unit of the runbook is to the world. */
struct role {
  uint32_t sequence;
  bool effective;   /* reaches outside: with the last of these done, its step is done (undone) */
  bool last;
  const char *names; /* RUN: the programs of the line, each between blanks, those in substitutions too */
  const char *tail;  /* RUN: its last simple command that is a program, without quotes and blanks; NULL when there is none */
  const char *tool;  /* the base name of that */
  bool alone;        /* RUN: no other command of the line has this name */
  bool asks_first;   /* RUN: what comes before it is a question: `A || B` */
  bool forgives;     /* RUN: the line ends well whatever happens in it: `A || true` */
  const char *pass, *fail; /* output that meets the unit's expectations, and that does not; NULL when it has none */
};

struct real { const char *name, *path; };
struct sandbox {
  struct runbook *b;
  const struct rehearse_options *o;
  struct arena *arena;
  const char *base, *memory;    /* folders for this rehearsal, on disk and in memory */
  const char *bin, *book, *folder; /* stand-ins, the runbook, the plan's folder (real) */
  char **shell;                 /* its argv, without the runbook's */
  struct role *roles;           /* per unit */
  bool *changes, *returns;      /* per index in the order: its do changes the world; its undo changes it back, or nothing can */
  const char **planted;         /* per secret of the model: its value in the rehearsal */
  bool terminal;                /* somebody has to be at the terminal */
  ARRAY(const char *) dirs;     /* folders that commands run in, below the plan's */
  ARRAY(const char *) tools;    /* programs given by a path, below the plan's folder */
  ARRAY(const char *) names;    /* programs by name, which stand-ins take the place of */
  ARRAY(struct real) reals;     /* basic programs */
  ARRAY(const char *) files;    /* the plan's own, which each run gets a copy of */
  /* from the clean run: */
  bool *seen;                   /* per unit: a stand-in was called in it */
  bool *waits;                  /* per index in the order, and once more for the way back: it waits for caches */
  ARRAY(uint32_t) stamps;       /* per record: how often the date was asked for before it was written */
  ARRAY(uint32_t) stamped;      /* per record: the step that it speaks of, an index in the order, NONE */
  uint32_t applied;             /* records of the apply; those behind are of the rollback */
  bool imaging;                 /* this run is without failures, and is copied for others to begin with */
};
/* The plan's folder lies so deep in a run's tree that `../..` stays inside. */
#define SANDBOX_RC "rc" /* in `base`: what the shell reads first, when there is need for it */
#define TREE_DEPTH "tree/a/b/c/d/e/f/g/h/plan"

/* Fills roles, planted secrets and what is to be laid out. False, with a sentence in *why, when something in the plan would
 * run or write outside of the sandbox. */
bool roles_build(struct sandbox *s, const char **why);
/* Text that an extended regular expression matches, NULL when none is found. */
const char *regex_sample(struct arena *arena, const char *pattern);

/* Makes the folders, the stand-ins and links to the basic programs, and writes the runbook. */
bool sandbox_make(struct sandbox *s, const char *script, size_t length, const char **why);
void sandbox_remove(const struct sandbox *s);
/* The tree of one run: a copy of the plan's folder as far as it is small, with the plan's own programs replaced. */
bool sandbox_tree(const struct sandbox *s, const char *run);
/* The real program of this name, NULL when a stand-in may not become it (or there is none). */
const char *sandbox_real(const struct sandbox *s, const char *name);
void tree_remove(const char *path);
/* Calls `visit` for every file below a folder (folders after what is in them); stops when it returns false. */
bool tree_walk(const char *path, unsigned depth, bool (*visit)(void *data, const char *path, bool folder), void *data);

/* Runs one failure point in this process, which is a worker of its own, in the folder `place` of `base`, where nobody else is;
 * writes the result to `base/ID.result`. Ends the process. */
_Noreturn void run_point(struct sandbox *s, const struct point *p, const char *place);

/* ── The world ─────────────────────────────────────────────────────────────── */

enum phase { PHASE_BEFORE, PHASE_PARTIAL, PHASE_AFTER };
struct world {
  const struct sandbox *s;
  uint8_t *phases; /* per index in the order */
  bool *done;      /* per step and part of the model */
  struct state *state; /* for states that are not of the order; made when needed */
};
void world_make(struct world *w, const struct sandbox *s);
void world_work(struct world *w, uint32_t unit);      /* a unit of a do or undo has done its work */
/* A line of the journal: steps whose commands change nothing go by it. */
void world_journal(struct world *w, const char *line);
bool world_is(const struct world *w, enum phase end); /* every step that counts is BEFORE, AFTER */
uint32_t world_prefix(const struct world *w);         /* k when exactly the first k steps are done, else NONE */
enum verdict world_promise(struct world *w, uint32_t promise);
/* The value of an attribute of a resource as it is observed now. */
const char *world_value(const struct world *w, uint32_t resource, uint32_t attribute);
/* Does what a unit looks at look as it should? For units of verify and was without observations. */
bool world_looks(const struct world *w, uint32_t unit);
const char *world_text(const struct world *w, struct arena *arena); /* "1 2 3(half) of 7 steps done" */

/* ── Points and reports ────────────────────────────────────────────────────── */

struct points { ARRAY(struct point) all; };
void points_build(struct points *p, const struct sandbox *s);
void rehearse_report(struct text *out, const struct sandbox *s, const struct points *p, const struct result *results, double seconds);

#endif
