/* The walk through folders, by several threads. Private to world/refs*.c. */
#ifndef CUTC_REFS_WALK_H
#define CUTC_REFS_WALK_H

#include "world/refs_parts.h"

#include <stdatomic.h>
#include <sys/stat.h>

/* An open folder; closed when the last of what was found in it is done. */
struct folder {
  struct folder *parent;
  int fd;
  atomic_uint uses;
  unsigned depth;
  const char *path;                  /* as shown */
  const char *within;                /* from the top of the work tree, with a slash; "" at the top */
  const struct ignore_rules *rules;
};
/* What one thread has and has found. */
struct worker {
  struct walk *walk;
  struct arena arena;
  struct scan *scan;
  char *buffer, *other;              /* WINDOW + 1 bytes, grown to that when a file needs it */
  size_t cap, other_cap;
  ARRAY(struct refs_hit) hits;
  ARRAY(struct refs_note) notes;
  uint64_t files, bytes, binary, ignored, more;
};

/* Walks below a root (a folder or a file); false when there is nothing there. `workers` are ready, each with its scan. */
bool walk_root(struct worker *workers, uint32_t n, const char *path);
/* One file (refs_file.c): opened without following a link, read, searched. */
void search_file(struct worker *w, int folder, const char *name, const char *path);
void worker_note(struct worker *w, const char *path, const char *why);

#endif
