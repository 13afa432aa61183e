/* Work that a second thread does meanwhile.
 * Needs what the header says of memory in common. Guarantees that the work is done once, with a thread or without.
 *
 * One thread stays and waits for the next work. A new one may begin on the processor that this one is on, and then waits until it is moved to
 * the other: up to four milliseconds, in most runs on two virtual processors. One that is woken goes where nobody is. */
#define _GNU_SOURCE /* sched_getaffinity */
#include "base/beside.h"

#include <sched.h>
#include <signal.h>

static struct {
  pthread_mutex_t lock;
  pthread_cond_t given, ended;
  struct beside *work; /* what it is at, NULL */
  bool there;
} standing = {.lock = PTHREAD_MUTEX_INITIALIZER, .given = PTHREAD_COND_INITIALIZER, .ended = PTHREAD_COND_INITIALIZER};

bool beside_worth(uint32_t amount, uint32_t least) {
#ifdef CUTC_SANITIZED
  return amount > 0 || least > 0;
#else
  cpu_set_t set;

  return amount >= least && (sched_getaffinity(0, sizeof set, &set) != 0 || CPU_COUNT(&set) > 1);
#endif
}

static void *stand(void *none) {
  pthread_mutex_lock(&standing.lock);
  for (;;) {
    while (!standing.work)
      pthread_cond_wait(&standing.given, &standing.lock);
    struct beside *b = standing.work;

    pthread_mutex_unlock(&standing.lock);
    b->done = b->work(b->data);
    pthread_mutex_lock(&standing.lock);
    b->ended = true;
    standing.work = NULL;
    pthread_cond_broadcast(&standing.ended);
  }
  return none;
}

static void *run(void *data) {
  struct beside *b = data;

  b->done = b->work(b->data);
  return NULL;
}

/* Signals are for the thread that waits for something. */
static bool start(pthread_t *thread, void *(*what)(void *), void *data) {
  sigset_t all, before;

  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  bool started = pthread_create(thread, NULL, what, data) == 0;

  pthread_sigmask(SIG_SETMASK, &before, NULL);
  return started;
}

/* A process that was forked has the thread that forked it alone. */
static void forget(void) {
  pthread_mutex_init(&standing.lock, NULL);
  pthread_cond_init(&standing.given, NULL);
  pthread_cond_init(&standing.ended, NULL);
  standing.work = NULL;
  standing.there = false;
}

static bool engage(void) {
  static bool told;
  pthread_t thread;

  told = told || pthread_atfork(NULL, NULL, forget) == 0;
  return told && start(&thread, stand, NULL) && pthread_detach(thread) == 0;
}

void beside_start(struct beside *b, bool (*work)(void *data), void *data) {
  *b = (struct beside){.work = work, .data = data};
  pthread_mutex_lock(&standing.lock);
  standing.there = standing.there || engage();
  if (standing.there && !standing.work) {
    b->by = BESIDE_STANDING;
    standing.work = b;
    pthread_cond_signal(&standing.given);
  }
  pthread_mutex_unlock(&standing.lock);
  if (b->by == BESIDE_NOBODY && start(&b->thread, run, b))
    b->by = BESIDE_OWN;
}

bool beside_join(struct beside *b) {
  switch (b->by) {
  case BESIDE_NOBODY: b->done = b->work(b->data); break;
  case BESIDE_OWN: pthread_join(b->thread, NULL); break;
  case BESIDE_STANDING:
    pthread_mutex_lock(&standing.lock);
    while (!b->ended)
      pthread_cond_wait(&standing.ended, &standing.lock);
    pthread_mutex_unlock(&standing.lock);
  }
  return b->done;
}
