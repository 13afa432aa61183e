/* A query -> all mentions, sorted, with what accounts for them.
 * Needs readable folders; what is not is in the notes. Guarantees the same result for the same tree whatever the threads do,
 * and each mention once, though roots may lie in each other. */
#define _GNU_SOURCE 1
#include "world/refs_walk.h"

#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define MOST 100000u /* mentions kept in all */
#define THREADS 16u

static size_t folder_length(const char *path) {
  const char *slash = strrchr(path, '/');

  return slash ? (size_t)(slash - path) : 0;
}

/* By folder, then name: what is in a folder stands together, before what is below it. */
static int by_path(const char *a, const char *b) {
  size_t n = folder_length(a), m = folder_length(b);
  int d = memcmp(a, b, n < m ? n : m);

  if (d || n != m)
    return d ? d : n < m ? -1 : 1;
  return strcmp(a, b);
}

static int by_place(const void *x, const void *y) {
  const struct refs_hit *a = x, *b = y;
  int d = by_path(a->path, b->path);

  if (d)
    return d;
  if (a->line != b->line)
    return a->line < b->line ? -1 : 1;
  if (a->column != b->column)
    return a->column < b->column ? -1 : 1;
  return a->target < b->target ? -1 : a->target > b->target;
}

static int note_by_path(const void *x, const void *y) {
  const struct refs_note *a = x, *b = y;
  int d = by_path(a->path, b->path);

  return d ? d : strcmp(a->why, b->why);
}

static uint32_t processors(uint32_t wanted) {
  long n = wanted ? (long)wanted : sysconf(_SC_NPROCESSORS_ONLN);

  return n < 1 ? 1 : n > (long)THREADS ? THREADS : (uint32_t)n;
}

/* Folders are open while something in them waits; deep trees have many. */
static void allow_descriptors(void) {
  struct rlimit limit;

  if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
    limit.rlim_cur = limit.rlim_max < 65536 ? limit.rlim_max : 65536;
    setrlimit(RLIMIT_NOFILE, &limit);
  }
}

static const char *copied(struct arena *a, const char *s) { return arena_copy(a, s, strlen(s)); }

/* Into the caller's arena, sorted, each once. */
static void merge(struct arena *a, struct worker *workers, uint32_t n, struct refs_found *found) {
  for (uint32_t i = 0; i < n; i++) {
    struct worker *w = &workers[i];
    const char *last = NULL, *path = NULL;

    found->files += w->files;
    found->bytes += w->bytes;
    found->binary += w->binary;
    found->ignored += w->ignored;
    found->more += w->more;
    for (uint32_t k = 0; k < w->hits.n; k++) {
      struct refs_hit h = w->hits.at[k];

      if (h.path != last)
        path = copied(a, last = h.path);
      h.path = path;
      h.text = arena_copy(a, h.text, h.text_length);
      array_push(a, &found->hits, h);
    }
    for (uint32_t k = 0; k < w->notes.n; k++)
      array_push(a, &found->notes, (struct refs_note){copied(a, w->notes.at[k].path), copied(a, w->notes.at[k].why)});
  }
  uint32_t hits = 0, notes = 0;

  if (found->hits.n)
    qsort(found->hits.at, found->hits.n, sizeof *found->hits.at, by_place);
  for (uint32_t i = 0; i < found->hits.n; i++)
    if (!i || by_place(&found->hits.at[i], &found->hits.at[hits - 1]) != 0)
      found->hits.at[hits++] = found->hits.at[i];
  if (hits > MOST) {
    found->more += hits - MOST;
    hits = MOST;
  }
  found->hits.n = hits;
  if (found->notes.n)
    qsort(found->notes.at, found->notes.n, sizeof *found->notes.at, note_by_path);
  for (uint32_t i = 0; i < found->notes.n; i++)
    if (!i || note_by_path(&found->notes.at[i], &found->notes.at[notes - 1]) != 0)
      found->notes.at[notes++] = found->notes.at[i];
  found->notes.n = notes;
}

static const char *root_path(struct arena *a, const char *base, const char *root) {
  size_t n = strlen(root);

  while (n > 1 && root[n - 1] == '/')
    n--;
  return path_join(a, path_join(a, base, ""), arena_copy(a, root, n));
}

struct refs_found *refs_find(struct arena *a, const struct refs_query *q) {
  struct refs_found *found = arena_new(a, struct refs_found);
  uint32_t threads = processors(q->threads), ready = 0;
  struct worker *workers = arena_array(a, struct worker, threads);

  if (!q->target_count) {
    for (uint32_t i = 0; i < q->root_count; i++)
      if (access(root_path(a, q->base, q->roots[i]), F_OK) != 0)
        array_push(a, &found->missing, i);
    return found;
  }
  struct matcher *matcher = matcher_new(a, q->targets, q->target_count, &found->problem);

  if (!matcher)
    return found;
  allow_descriptors();
  while (ready < threads && (workers[ready].scan = scan_new(matcher)) != NULL)
    ready++;
  if (!ready)
    found->problem = "there is not enough memory";
  for (uint32_t i = 0; ready && i < q->root_count; i++)
    if (!walk_root(workers, ready, root_path(a, q->base, q->roots[i])))
      array_push(a, &found->missing, i);
  merge(a, workers, ready, found);
  for (uint32_t i = 0; i < ready; i++) {
    scan_free(workers[i].scan);
    free(workers[i].buffer);
    free(workers[i].other);
    arena_free(&workers[i].arena);
  }
  matcher_free(matcher);
  account_hits(a, q, found);
  return found;
}
