/* One run of a rehearsal: private to rehearse_run.c, which starts processes and waits, and rehearse_answer.c, which answers. */
#ifndef CUTC_REHEARSE_RUN_H
#define CUTC_REHEARSE_RUN_H

#include "script/rehearse.h"

enum call_state { CALL_NEW, CALL_SLEEPS, CALL_HANGS, CALL_WAITS };
struct call {
  int fd;
  pid_t pid;
  int argc;
  char **argv;
  uint8_t state;
  bool deaf;
  uint32_t unit;
  int64_t until; /* milliseconds of the real clock: SLEEPS, WAITS: answered then; HANGS: the next, less polite, push */
  unsigned pushes;
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
  bool murdered;                    /* this process was killed by the fault */
  bool hanging;
  int64_t heard;                    /* when the last call came */
  int64_t clock, started;           /* virtual seconds gone by sleeping; real milliseconds at the start */
  uint32_t stamps;                  /* times the date was asked for */
  uint32_t records;                 /* of the journal, seen at `sync` */
  char last[128];                   /* its last line */
  bool full;                        /* the journal is on a full disk */
  bool leaked;                      /* a secret was among a program's arguments */
  char typed[4096];                 /* what came out of the terminal since the last answer */
  size_t typed_count;
  uint32_t by_hand, by_hand_at;     /* manual commands answered since this many records */
  ARRAY(struct call *) calls;
  char why[400];
};

int64_t now_ms(void);
pid_t process_parent(pid_t pid); /* 0 when it is gone */
/* Answers a call, or leaves it waiting. */
void call_answer(struct run *r, struct call *c);
void call_reply(struct run *r, struct call *c, enum standin_action action, int status, const char *bytes, size_t n);
/* A call that waits has waited long enough. */
void call_wake(struct run *r, struct call *c);
/* What the terminal shows, and who sits there. */
void terminal_answer(struct run *r);
/* Puts the journal back from the full disk. */
void journal_restore(struct run *r);
void run_kill(struct run *r); /* kill -9 of the runbook, and only of that */

#endif
