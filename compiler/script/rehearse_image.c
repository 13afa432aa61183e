/* What a run without failures has left -> where others begin: when its apply was over, those whose failures are on the way back;
 * just before and just after each record of its journal, those that are killed there.
 * Needs a run that waits for an answer, or is between two of its processes: nothing changes while it is copied. Guarantees: what
 * is put back is what was kept, byte by byte, mode by mode and at the same path; without it a run begins at the beginning. */
#include "script/rehearse_run.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* ── Trees ─────────────────────────────────────────────────────────────────── */

static bool copy_file(const char *from, const char *to, const struct stat *st) {
  char bytes[65536];
  int in = open(from, O_RDONLY | O_CLOEXEC), out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  ssize_t n = 0;
  bool ok = in >= 0 && out >= 0;
  while (ok && (n = read(in, bytes, sizeof bytes)) > 0) ok = write(out, bytes, (size_t)n) == n;
  ok = ok && n == 0 && fchmod(out, st->st_mode & 07777) == 0 && futimens(out, (const struct timespec[]){st->st_atim, st->st_mtim}) == 0;
  if (in >= 0) close(in);
  if (out >= 0 && close(out) != 0) ok = false;
  return ok;
}

static bool copy_link(const char *from, const char *to) {
  char target[4096];
  ssize_t n = readlink(from, target, sizeof target - 1);
  if (n <= 0) return false;
  target[n] = '\0';
  return symlink(target, to) == 0;
}

static bool copy_tree(const char *from, const char *to, unsigned depth) {
  struct stat st;
  if (depth == 0 || lstat(from, &st) != 0) return false;
  if (S_ISLNK(st.st_mode)) return copy_link(from, to);
  if (S_ISREG(st.st_mode)) return copy_file(from, to, &st);
  if (S_ISSOCK(st.st_mode)) return true; /* that of the world, which each run makes */
  DIR *folder = S_ISDIR(st.st_mode) && mkdir(to, 0700) == 0 ? opendir(from) : NULL;
  bool ok = folder != NULL;
  for (struct dirent *e; ok && (e = readdir(folder)) != NULL;) {
    char source[4096], target[4096];
    if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0) continue;
    ok = snprintf(source, sizeof source, "%s/%s", from, e->d_name) < (int)sizeof source && snprintf(target, sizeof target, "%s/%s", to, e->d_name) < (int)sizeof target;
    ok = ok && copy_tree(source, target, depth - 1);
  }
  if (folder != NULL) closedir(folder);
  return ok && chmod(to, st.st_mode & 07777) == 0;
}

/* ── Images ────────────────────────────────────────────────────────────────── */

/* What the world knows beside what lies in the folder. */
struct image {
  int64_t clock;
  uint32_t stamps, records, by_hand, by_hand_at;
  char last[sizeof((struct run *)NULL)->last];
};

static const char *beside(const struct run *r, const char *front, const char *name) { return arena_print(r->arena, "%s.%s", front, name); }

void image_keep(struct run *r, const char *name) {
  const struct model *m = r->s->b->m;
  struct image image = {.clock = r->clock, .stamps = r->stamps, .records = r->records, .by_hand = r->by_hand, .by_hand_at = r->by_hand_at};
  memcpy(image.last, r->last, sizeof image.last);
  const char *facts = beside(r, r->dir, arena_print(r->arena, "%s.facts", name));
  if (!copy_tree(r->dir, beside(r, r->dir, name), 64) || !copy_tree(r->memory, beside(r, r->memory, name), 64)) return;
  FILE *out = fopen(facts, "wbe");
  bool ok = out != NULL && fwrite(&image, sizeof image, 1, out) == 1;
  ok = ok && fwrite(r->world.phases, sizeof *r->world.phases, r->s->b->p->order.n, out) == r->s->b->p->order.n;
  ok = ok && fwrite(r->world.done, sizeof *r->world.done, m->steps.n + m->parts.n, out) == m->steps.n + m->parts.n;
  if (out != NULL && fclose(out) != 0) ok = false;
  if (!ok) unlink(facts);
}

bool image_take(struct run *r, const char *name) {
  const struct model *m = r->s->b->m;
  struct image image;
  FILE *in = fopen(beside(r, r->dir, arena_print(r->arena, "%s.facts", name)), "rbe");
  if (in == NULL) return false;
  bool ok = fread(&image, sizeof image, 1, in) == 1;
  ok = ok && fread(r->world.phases, sizeof *r->world.phases, r->s->b->p->order.n, in) == r->s->b->p->order.n;
  ok = ok && fread(r->world.done, sizeof *r->world.done, m->steps.n + m->parts.n, in) == m->steps.n + m->parts.n;
  fclose(in);
  if (!ok || !copy_tree(beside(r, r->dir, name), r->dir, 64) || !copy_tree(beside(r, r->memory, name), r->memory, 64)) {
    tree_remove(r->dir);
    tree_remove(r->memory);
    world_make(&r->world, r->s);
    return false;
  }
  r->clock = image.clock;
  r->stamps = image.stamps;
  r->records = image.records;
  r->by_hand = image.by_hand;
  r->by_hand_at = image.by_hand_at;
  memcpy(r->last, image.last, sizeof r->last);
  return true;
}

const char *image_of_record(const struct run *r, uint32_t record, bool after) { return arena_print(r->arena, "%u.%s", record, after ? "after" : "before"); }
