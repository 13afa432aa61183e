/* A root -> every file below it that is searched.
 * Needs workers with their scans. Guarantees: links are not followed, .git is left out, rules are asked before anything is opened,
 * only regular files are read (a pipe, a socket or a device is never opened for reading), what cannot be opened is in the
 * notes, and no path is looked up from the start again: a folder that is moved while we look cannot lead out of the tree. */
#define _GNU_SOURCE 1
#include "world/refs_walk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DEEPEST 1000u
#define BATCH 128u /* files handed on at once */

/* Names of files in a folder, one after the other with a NUL behind each; or one folder's name. */
struct job {
  struct folder *folder;
  char *names;
  uint32_t count;
  bool is_folder;
};
struct walk {
  pthread_mutex_t lock;
  pthread_cond_t more;
  struct job *jobs;
  size_t n, cap;
  uint32_t busy;
  bool ended;
};

void worker_note(struct worker *w, const char *path, const char *why) {
  array_push(&w->arena, &w->notes, (struct refs_note){path, why});
}

/* ── Jobs ──────────────────────────────────────────────────────────────────── */

static void release(struct folder *f) {
  while (f && atomic_fetch_sub(&f->uses, 1) == 1) {
    struct folder *parent = f->parent;

    close(f->fd);
    f = parent;
  }
}

/* Under the lock. */
static void push(struct walk *walk, struct job job) {
  if (walk->n == walk->cap) {
    walk->cap = walk->cap ? 2 * walk->cap : 256;
    walk->jobs = realloc(walk->jobs, walk->cap * sizeof *walk->jobs);
    if (!walk->jobs)
      abort();
  }
  walk->jobs[walk->n++] = job;
}

static bool take(struct walk *walk, struct job *job) {
  pthread_mutex_lock(&walk->lock);
  while (!walk->n && !walk->ended)
    pthread_cond_wait(&walk->more, &walk->lock);
  bool got = walk->n > 0;

  if (got) {
    *job = walk->jobs[--walk->n];
    walk->busy++;
  }
  pthread_mutex_unlock(&walk->lock);
  return got;
}

static void done(struct walk *walk) {
  pthread_mutex_lock(&walk->lock);
  if (--walk->busy == 0 && !walk->n) {
    walk->ended = true;
    pthread_cond_broadcast(&walk->more);
  }
  pthread_mutex_unlock(&walk->lock);
}

/* ── A folder's entries ────────────────────────────────────────────────────── */

struct entries {
  ARRAY(struct entry { const char *name; bool folder; }) list;
  bool rules, git;
};

static void entry(struct worker *w, struct folder *f, struct entries *all, const struct dirent *e) {
  unsigned type = e->d_type;
  struct stat st;

  if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
    return;
  if (type == DT_UNKNOWN && fstatat(f->fd, e->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0)
    type = S_ISDIR(st.st_mode) ? DT_DIR : S_ISREG(st.st_mode) ? DT_REG : DT_LNK;
  if (strcmp(e->d_name, ".git") == 0) {
    all->git = true;
    return;
  }
  if (type != DT_DIR && type != DT_REG)
    return;
  all->rules |= strcmp(e->d_name, ".gitignore") == 0;
  array_push(&w->arena, &all->list, (struct entry){arena_copy(&w->arena, e->d_name, strlen(e->d_name)), type == DT_DIR});
}

static bool list(struct worker *w, struct folder *f, struct entries *all) {
  int fd = openat(f->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
  const struct dirent *e;

  if (!dir) {
    worker_note(w, f->path, strerror(errno));
    if (fd >= 0)
      close(fd);
    return false;
  }
  while (errno = 0, (e = readdir(dir)) != NULL)
    entry(w, f, all, e);
  if (errno)
    worker_note(w, f->path, strerror(errno));
  closedir(dir);
  return true;
}

static void rules_of(struct worker *w, struct folder *f, const struct entries *all) {
  uint32_t base = (uint32_t)strlen(f->within);
  size_t n;

  if (all->git && f->depth)
    f->rules = ignore_top(&w->arena, f->fd, f->rules, base);
  const char *text = all->rules ? ignore_slurp(&w->arena, f->fd, ".gitignore", false, &n) : NULL;

  if (text)
    f->rules = ignore_read(&w->arena, text, n, f->rules, base);
}

/* Hands the files on in batches, and each folder by itself; the first batch is left to this thread. */
static void hand_on(struct worker *w, struct folder *f, const struct entries *all, struct job *mine) {
  struct walk *walk = w->walk;
  struct job *jobs = NULL;
  size_t n = 0, room = 0, bytes = 0, cap = 0;
  char *names = NULL;
  uint32_t count = 0;
  struct text path = {.arena = &w->arena};

  text_puts(&path, f->within);
  for (uint32_t i = 0; i <= all->list.n; i++) {
    bool end = i == all->list.n;
    const struct entry *e = end ? NULL : &all->list.at[i];

    if (e) {
      path.n = strlen(f->within);
      text_puts(&path, e->name);
      if (f->rules && ignore_matches(f->rules, text_done(&path), e->folder)) {
        w->ignored++;
        continue;
      }
    }
    size_t length = e ? strlen(e->name) + 1 : 0;

    if (n + 2 > room) {
      room = room ? 2 * room : 64;
      jobs = realloc(jobs, room * sizeof *jobs);
      if (!jobs)
        abort();
    }
    if (e && e->folder) {
      jobs[n++] = (struct job){f, strdup(e->name), 1, true};
      continue;
    }
    if (e) {
      if (bytes + length > cap) {
        cap = 2 * (bytes + length);
        names = realloc(names, cap);
        if (!names)
          abort();
      }
      memcpy(names + bytes, e->name, length);
      bytes += length;
      count++;
    }
    if (count && (end || count == BATCH)) {
      jobs[n++] = (struct job){f, names, count, false};
      names = NULL;
      bytes = cap = count = 0;
    }
  }
  free(names);
  if (!n) {
    free(jobs);
    return;
  }
  atomic_fetch_add(&f->uses, (unsigned)n);
  if (!jobs[n - 1].is_folder)
    *mine = jobs[--n];
  if (n) {
    pthread_mutex_lock(&walk->lock);
    while (n)
      push(walk, jobs[--n]);
    pthread_cond_broadcast(&walk->more);
    pthread_mutex_unlock(&walk->lock);
  }
  free(jobs);
}

static void open_folder(struct worker *w, struct folder *parent, const char *name, struct job *mine) {
  struct arena *a = &w->arena;
  struct folder *f = arena_new(a, struct folder);

  f->parent = parent;
  f->depth = parent->depth + 1;
  f->path = path_join(a, parent->path, name);
  f->within = arena_print(a, "%s%s/", parent->within, name);
  f->rules = parent->rules;
  if (f->depth > DEEPEST) {
    worker_note(w, f->path, "folders nested this deep are not looked into");
    return;
  }
  f->fd = openat(parent->fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (f->fd < 0) {
    if (errno != ENOENT && errno != ENOTDIR && errno != ELOOP) /* gone, or another thing by now */
      worker_note(w, f->path, strerror(errno));
    return;
  }
  atomic_fetch_add(&parent->uses, 1);
  atomic_init(&f->uses, 1);
  struct entries all = {0};

  if (list(w, f, &all)) {
    rules_of(w, f, &all);
    hand_on(w, f, &all, mine);
  }
  release(f);
}

static void *work(void *worker) {
  struct worker *w = worker;
  struct job job;

  while (take(w->walk, &job)) {
    if (job.is_folder) {
      struct job files = {0};

      open_folder(w, job.folder, job.names, &files);
      release(job.folder);
      free(job.names);
      job = files;
    }
    const char *name = job.names;

    for (uint32_t i = 0; i < job.count; i++, name += strlen(name) + 1)
      search_file(w, job.folder->fd, name, job.folder->path);
    if (job.folder)
      release(job.folder);
    free(job.names);
    done(w->walk);
  }
  return NULL;
}

/* ── A root ────────────────────────────────────────────────────────────────── */

static void run(struct worker *workers, uint32_t n, struct walk *walk) {
  pthread_t *threads = calloc(n, sizeof *threads);
  uint32_t started = 0;

  for (uint32_t i = 0; i < n; i++)
    workers[i].walk = walk;
  while (threads && started + 1 < n && pthread_create(&threads[started], NULL, work, &workers[started + 1]) == 0)
    started++;
  work(&workers[0]);
  for (uint32_t i = 0; i < started; i++)
    pthread_join(threads[i], NULL);
  free(threads);
}

bool walk_root(struct worker *workers, uint32_t n, const char *path) {
  struct worker *w = &workers[0];
  struct arena *a = &w->arena;
  struct folder *f = arena_new(a, struct folder);
  int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

  if (fd < 0 && errno == ENOTDIR) {
    search_file(w, AT_FDCWD, path, "");
    return true;
  }
  if (fd < 0 && (errno == ENOENT || errno == ELOOP))
    return false;
  if (fd < 0) {
    worker_note(w, path, strerror(errno));
    return true;
  }
  f->fd = fd;
  f->path = path;
  f->rules = ignore_above(a, path, &f->within);
  atomic_init(&f->uses, 1);
  struct entries all = {0};
  struct walk walk = {.lock = PTHREAD_MUTEX_INITIALIZER, .more = PTHREAD_COND_INITIALIZER};
  struct job mine = {0};

  for (uint32_t i = 0; i < n; i++)
    workers[i].walk = &walk;
  if (list(w, f, &all)) {
    rules_of(w, f, &all);
    hand_on(w, f, &all, &mine);
    if (mine.count)
      push(&walk, mine);
    if (walk.n)
      run(workers, n, &walk);
  }
  release(f);
  free(walk.jobs);
  return true;
}
