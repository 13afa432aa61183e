/* One run of a rehearsal: private to rehearse_run.c, which starts processes and waits, and rehearse_answer.c, which answers. */
#ifndef CUTC_REHEARSE_RUN_H
#define CUTC_REHEARSE_RUN_H

#include "script/rehearse.h"

#include <time.h>
#include <unistd.h>

enum call_state { CALL_NEW, CALL_SLEEPS, CALL_HANGS, CALL_WAITS };
struct call {
  int fd;
  pid_t pid;
  int argc;
  char **argv;
  uint8_t state;
  uint32_t unit, process; /* the process, counted */
  int64_t until;   /* SLEEPS: answered at this time of the run's clock */
  unsigned pushes; /* HANGS */
};

struct run {
  struct sandbox *s;
  const struct point *p;
  struct arena *arena;
  struct world world;
  const char *dir, *memory, *state; /* of this run: its folder, the one in memory, the runbook's state directory */
  int listener, master;             /* socket, terminal (-1) */
  pid_t book;                       /* the process under way, and its group */
  bool ended;
  int status;                       /* of waitpid */
  bool armed;                       /* the fault is still to come */
  bool fired;
  const char *firing;               /* log of the command in which it came: all of its calls share it */
  uint32_t firing_process, process; /* and the process, counted */
  uint32_t fault_process;           /* in which the fault came */
  bool murdered;                    /* this process was killed by the fault */
  int64_t clock, started;           /* the run's own seconds; real milliseconds at the start */
  uint64_t stillness;               /* what the last look at the processes saw; 0 when one was at work */
  uint32_t answered;                /* calls */
  uint32_t dozes;                   /* calls of sleep since anything else than the time was asked for */
  uint32_t stamps;                  /* times the date was asked for */
  uint32_t records;                 /* of the journal, seen at `sync` */
  char last[128];                   /* its last line */
  bool full;                        /* the journal is on a full disk */
  bool leaked;                      /* a secret was among a program's arguments */
  char typed[4096];                 /* what came out of the terminal since the last answer */
  size_t typed_count;
  uint32_t by_hand, by_hand_at;     /* manual commands answered since this many records */
  int again;                        /* a signal from the terminal that may have to be sent once more, 0 */
  ARRAY(struct call *) calls;
  char why[400];
};

int64_t now_ms(void);
time_t virtual_time(const struct run *r);
int64_t duration_of(const char *text); /* an operand of `sleep` in whole seconds */
/* True when since the last look no process of the run has done anything: each waits for another one, or for an answer. */
bool nobody_works(struct run *r);
/* To be called when nobody works: lets the next thing happen that is waited for. False when there is none. */
bool time_passes(struct run *r);
pid_t process_parent(pid_t pid); /* 0 when it is gone */
/* Answers a call, or leaves it waiting. */
void call_answer(struct run *r, struct call *c);
void call_reply(struct run *r, struct call *c, enum standin_action action, int status, const char *bytes, size_t n);
/* A call that was left waiting does its work after all. */
void call_work(struct run *r, struct call *c);
/* Which failure comes at this command of the plan, if any does; `log` tells one run of it from the next. */
enum fault call_fault(struct run *r, uint32_t unit, const char *log);
/* The last line of the journal, and how many there are. */
void journal_read(struct run *r);
/* The index in the order of the step that a record speaks of, or NONE. */
uint32_t journal_step(const char *record, uint32_t steps);
/* What the terminal shows, and who sits there. */
void terminal_answer(struct run *r);
/* Puts the journal back from the full disk. */
void journal_restore(struct run *r);
/* Keeps a run without failures as it is now, for others at the same place; takes it, instead of the beginning of a run. */
void image_keep(struct run *r, const char *name);
bool image_take(struct run *r, const char *name);
const char *image_of_record(const struct run *r, uint32_t record, bool after);
#define IMAGE_APPLIED "applied"
void run_kill(struct run *r); /* kill -9 of the runbook, and only of that */

#endif
