/* Mentions -> those that somebody sees to: the plan's own files, runbooks, `accounts`, and lines that a patch takes away.
 * Needs all of them, sorted. Guarantees that a patch accounts for just the lines it removes, found as `git apply` finds them: at
 * the place it names, else at the nearest one that reads the same. */
#define _GNU_SOURCE 1
#include "world/refs_parts.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

const char *path_join(struct arena *a, const char *folder, const char *name) {
  while (name[0] == '.' && name[1] == '/') {
    name += 2;
    name += strspn(name, "/");
  }
  if (!*folder || strcmp(folder, ".") == 0 || *name == '/')
    return *name ? arena_copy(a, name, strlen(name)) : ".";
  if (!*name || strcmp(name, ".") == 0)
    return arena_copy(a, folder, strlen(folder));
  size_t n = strlen(folder);

  return arena_print(a, "%s%s%s", folder, folder[n - 1] == '/' ? "" : "/", name);
}

/* ── Patches ───────────────────────────────────────────────────────────────── */

struct line { const char *at; uint32_t n; };
struct lines { struct line *at; uint32_t n, cap; };

static struct lines split(struct arena *a, const char *text, size_t n) {
  struct lines l = {0};

  for (size_t i = 0; i < n;) {
    const char *end = memchr(text + i, '\n', n - i);
    size_t length = end ? (size_t)(end - text) - i : n - i;

    array_push(a, &l, (struct line){text + i, (uint32_t)length});
    i += length + 1;
  }
  return l;
}

struct accounting {
  struct arena *a;
  const struct refs_query *q;
  struct refs_found *found;
  uint32_t *by_inode; /* hits */
};

static int compare_inode(const struct refs_hit *h, uint64_t device, uint64_t inode) {
  if (h->inode != inode)
    return h->inode < inode ? -1 : 1;
  return h->device < device ? -1 : h->device > device;
}

static int sort_by_inode(const void *x, const void *y, void *hits) {
  const struct refs_hit *all = hits, *a = &all[*(const uint32_t *)x], *b = &all[*(const uint32_t *)y];
  int d = compare_inode(a, b->device, b->inode);

  return d ? d : (a > b) - (a < b);
}

/* The hits of a file: a run in by_inode. */
static uint32_t hits_of(const struct accounting *x, const char *path, uint32_t *first) {
  struct stat st;
  uint32_t low = 0, high = x->found->hits.n, n = 0;

  if (!high || stat(path, &st) != 0)
    return 0;
  while (low < high) {
    uint32_t middle = low + (high - low) / 2;

    if (compare_inode(&x->found->hits.at[x->by_inode[middle]], (uint64_t)st.st_dev, (uint64_t)st.st_ino) < 0)
      low = middle + 1;
    else
      high = middle;
  }
  while (low + n < x->found->hits.n && compare_inode(&x->found->hits.at[x->by_inode[low + n]], (uint64_t)st.st_dev, (uint64_t)st.st_ino) == 0)
    n++;
  *first = low;
  return n;
}

static void account_file(const struct accounting *x, const char *path, const char *by) {
  uint32_t first = 0, n = hits_of(x, path, &first);

  for (uint32_t i = 0; i < n; i++) {
    struct refs_hit *h = &x->found->hits.at[x->by_inode[first + i]];

    h->accounted = h->accounted ? h->accounted : by;
  }
}

/* "a/dir/file" from the rest of a `--- ` line: without the first component, quotes and what follows a tab. NULL for none. */
static const char *patched(struct arena *a, const struct line *l) {
  const char *s = l->at + 4, *end = l->at + l->n;
  char *out = arena_alloc(a, l->n + 1, 1), *o = out;
  bool quoted = s < end && *s == '"';

  for (s += quoted; s < end && *s != (quoted ? '"' : '\t') && *s != '\r'; s++) {
    if (quoted && *s == '\\' && s + 1 < end) {
      static const char names[] = "abtnvfr", values[] = "\a\b\t\n\v\f\r";
      const char *at = strchr(names, *++s);

      if (*s >= '0' && *s <= '3' && s + 2 < end) {
        *o++ = (char)((s[0] - '0') * 64 + (s[1] - '0') * 8 + (s[2] - '0'));
        s += 2;
      } else {
        *o++ = at && *at ? values[at - names] : *s;
      }
    } else {
      *o++ = *s;
    }
  }
  const char *slash = strchr(out, '/');

  return strcmp(out, "/dev/null") == 0 || !slash ? NULL : slash + 1;
}

static bool same(const struct line *file, const struct line *patch) {
  uint32_t n = file->n, m = patch->n - 1;

  if (n && file->at[n - 1] == '\r')
    n--;
  if (m && patch->at[m] == '\r')
    m--;
  return n == m && memcmp(file->at, patch->at + 1, n) == 0;
}

static bool preimage(const struct line *l) { return !l->n || l->at[0] == ' ' || l->at[0] == '-'; }

static bool fits(const struct lines *file, uint32_t at, const struct line *hunk, uint32_t n) {
  static const struct line blank = {" ", 1};

  for (uint32_t i = 0; i < n; i++) {
    if (!preimage(&hunk[i]))
      continue;
    if (at >= file->n || !same(&file->at[at++], hunk[i].n ? &hunk[i] : &blank))
      return false;
  }
  return true;
}

/* The line of the file (from 0) where a hunk fits, the nearest to where it says; NONE. */
static uint32_t fitting(const struct lines *file, uint32_t wanted, const struct line *hunk, uint32_t n) {
  for (uint32_t d = 0; d <= file->n; d++) {
    if (wanted + d <= file->n && fits(file, wanted + d, hunk, n))
      return wanted + d;
    if (d && wanted >= d && wanted - d <= file->n && fits(file, wanted - d, hunk, n))
      return wanted - d;
  }
  return NONE;
}

/* One hunk: `hunk` are the lines behind its @@ line. False when it fits nowhere. */
static bool account_hunk(const struct accounting *x, const struct lines *file, uint32_t wanted, const struct line *hunk, uint32_t n,
                         uint32_t first, uint32_t hits, const char *by) {
  uint32_t at = fitting(file, wanted, hunk, n);

  if (at == NONE)
    return false;
  for (uint32_t i = 0; i < n; i++) {
    if (!preimage(&hunk[i]))
      continue;
    at++;
    for (uint32_t k = 0; hunk[i].n && hunk[i].at[0] == '-' && k < hits; k++) {
      struct refs_hit *h = &x->found->hits.at[x->by_inode[first + k]];

      if (h->line == at && !h->accounted)
        h->accounted = by;
    }
  }
  return true;
}

/* The hunks for one file, from line i of the patch on; the line after them. */
static uint32_t account_patched(const struct accounting *x, const struct lines *patch, uint32_t i, const char *path, const char *by, bool *misplaced) {
  uint32_t first = 0, hits = path ? hits_of(x, path, &first) : 0;
  size_t n = 0;
  const char *text = hits ? ignore_slurp(x->a, AT_FDCWD, path, true, &n) : NULL;
  struct lines file = text ? split(x->a, text, n) : (struct lines){0};

  while (i < patch->n && patch->at[i].n > 4 && memcmp(patch->at[i].at, "@@ -", 4) == 0) {
    unsigned long start = strtoul(patch->at[i].at + 4, NULL, 10);
    uint32_t from = ++i;

    while (i < patch->n && (!patch->at[i].n || strchr(" -+\\", patch->at[i].at[0])) &&
           !(patch->at[i].n > 4 && memcmp(patch->at[i].at, "--- ", 4) == 0 && i + 1 < patch->n && patch->at[i + 1].n > 4 &&
             memcmp(patch->at[i + 1].at, "+++ ", 4) == 0))
      i++;
    if (!hits)
      continue;
    uint32_t to = i;

    while (to > from && !patch->at[to - 1].n)
      to--;
    if (!account_hunk(x, &file, start ? (uint32_t)start - 1 : 0, patch->at + from, to - from, first, hits, by))
      *misplaced = true;
  }
  return i;
}

static void account_patch(const struct accounting *x, uint32_t index) {
  const struct refs_patch *p = &x->q->patches[index];
  const char *path = path_join(x->a, p->folder, p->file);
  size_t n;
  const char *text = ignore_slurp(x->a, AT_FDCWD, path, true, &n);
  bool misplaced = text == NULL;
  struct lines patch = text ? split(x->a, text, n) : (struct lines){0};

  account_file(x, path, p->by);
  for (uint32_t i = 0; i < patch.n;) {
    if (!(i + 1 < patch.n && patch.at[i].n > 4 && memcmp(patch.at[i].at, "--- ", 4) == 0 && patch.at[i + 1].n > 4 &&
          memcmp(patch.at[i + 1].at, "+++ ", 4) == 0)) {
      i++;
      continue;
    }
    const char *file = patched(x->a, &patch.at[i]);

    i = account_patched(x, &patch, i + 2, file ? path_join(x->a, p->folder, file) : NULL, p->by, &misplaced);
  }
  if (misplaced)
    array_push(x->a, &x->found->misplaced, index);
}

/* ── Places ────────────────────────────────────────────────────────────────── */

/* The path itself, or a folder that it lies in. */
static bool below(const char *pattern, const char *path) {
  char at[4096];
  size_t n = strlen(path), length = strlen(pattern);

  if (n >= sizeof at)
    return false;
  memcpy(at, path, n + 1);
  for (;;) {
    if (ignore_glob(pattern, length, at))
      return true;
    char *slash = strrchr(at, '/');

    if (!slash)
      return false;
    *slash = 0;
  }
}

static void account_places(const struct accounting *x) {
  const char *base = path_join(x->a, x->q->base, "");
  size_t n = strcmp(base, ".") == 0 ? 0 : strlen(base);

  for (uint32_t i = 0; i < x->q->account_count; i++) {
    const struct refs_account *account = &x->q->accounts[i];
    const char *pattern = account->path;

    while (pattern[0] == '.' && pattern[1] == '/')
      pattern += 2;
    size_t length = strlen(pattern);

    while (length > 1 && pattern[length - 1] == '/')
      length--;
    pattern = arena_copy(x->a, pattern, length);
    for (uint32_t k = 0; k < x->found->hits.n; k++) {
      struct refs_hit *h = &x->found->hits.at[k];
      const char *path = h->path;

      if (h->accounted || (account->line && h->line != account->line))
        continue;
      if (n && strncmp(path, base, n) == 0)
        path += n + (path[n] == '/');
      if (strcmp(pattern, ".") == 0 || below(pattern, path))
        h->accounted = account->by;
    }
  }
}

/* A runbook that was emitted from some plan: it goes the way of its plan. */
static void account_runbooks(const struct accounting *x) {
  static const char mark[] = "\n# Compiler  cutc ";
  const char *last = NULL;
  bool is = false;

  for (uint32_t i = 0; i < x->found->hits.n; i++) {
    struct refs_hit *h = &x->found->hits.at[i];
    size_t length = strlen(h->path);

    if (h->accounted || length < 4 || strcmp(h->path + length - 3, ".sh") != 0)
      continue;
    if (!last || strcmp(last, h->path) != 0) {
      size_t n;
      const char *text = ignore_slurp(x->a, AT_FDCWD, h->path, false, &n);

      last = h->path;
      is = text && n > 11 && memcmp(text, "#!/bin/sh\n", 10) == 0 && memmem(text, n < 600 ? n : 600, mark, sizeof mark - 1);
    }
    if (is)
      h->accounted = "a runbook: emit it again";
  }
}

void account_hits(struct arena *a, const struct refs_query *q, struct refs_found *found) {
  uint32_t n = found->hits.n;
  struct accounting x = {a, q, found, arena_array(a, uint32_t, n ? n : 1)};

  for (uint32_t i = 0; i < n; i++)
    x.by_inode[i] = i;
  if (n > 1)
    qsort_r(x.by_inode, n, sizeof *x.by_inode, sort_by_inode, found->hits.at);
  for (uint32_t i = 0; i < q->own_count; i++)
    account_file(&x, q->own[i], "the plan itself");
  for (uint32_t i = 0; i < q->patch_count; i++)
    account_patch(&x, i);
  account_places(&x);
  account_runbooks(&x);
}
