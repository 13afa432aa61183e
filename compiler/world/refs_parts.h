/* What the files of the search share. Private to world/refs*.c. */
#ifndef CUTC_REFS_PARTS_H
#define CUTC_REFS_PARTS_H

#include "world/refs.h"

/* ── Ignore rules (refs_ignore.c) ──────────────────────────────────────────── */

struct ignore_rule {
  const char *text;
  uint32_t length;
  uint8_t type;              /* literal, ending, pattern: of the last component, or of the whole path when `anchored` */
  bool negated, folders, anchored;
};
/* The rules of one file, and those that speak when it does not. */
struct ignore_rules {
  const struct ignore_rules *outer;
  const struct ignore_rule *at;
  uint32_t n;
  uint32_t base;             /* bytes of a path before what the rules speak of: the folder of their file, with its slash */
};
/* Rules from the text of a .gitignore; `outer` itself when it has none. */
const struct ignore_rules *ignore_read(struct arena *a, const char *text, size_t n, const struct ignore_rules *outer, uint32_t base);
/* Is a path (from the top of the work tree) left out, itself? Whoever walks does not go below one that is. */
bool ignore_matches(const struct ignore_rules *rules, const char *path, bool folder);
/* Does a pattern of components, with a NUL behind its n bytes, match a path as a whole? */
bool ignore_glob(const char *pattern, size_t n, const char *path);
/* The rules that hold at a folder from above: the user's, the repository's, and those of the folders around it up to the top of
 * the work tree. *prefix is the folder's path from there, with a slash, or "". Reads files; a missing one is none. */
const struct ignore_rules *ignore_above(struct arena *a, const char *folder, const char **prefix);
/* The same for a folder that has a .git of its own, `base` bytes into the paths: when that is a repository, nothing from above
 * holds in it; else `outer`. */
const struct ignore_rules *ignore_top(struct arena *a, int folder, const struct ignore_rules *outer, uint32_t base);
/* A small file whole, NULL when there is none. `folder` may be AT_FDCWD; links are followed only when `follow`. */
char *ignore_slurp(struct arena *a, int folder, const char *path, bool follow, size_t *n);

/* ── Matching (refs_match.c) ───────────────────────────────────────────────── */

struct match { uint32_t target, start, length, port; };
struct matches { struct match *at; uint32_t n, cap; uint64_t more; };
struct matcher;                      /* of all threads */
struct scan;                         /* one thread's */
/* NULL with a sentence in *why. */
struct matcher *matcher_new(struct arena *a, const struct refs_target *targets, uint32_t n, const char **why);
void matcher_free(struct matcher *m);
struct scan *scan_new(struct matcher *m); /* NULL without memory */
void scan_free(struct scan *s);
/* The mentions in a text, by place; m->n counts them, m->more what was past the most of a file. */
void scan_text(struct scan *s, const char *text, size_t n, struct matches *m);

/* ── Comments and documents (refs_place.c) ─────────────────────────────────── */

struct language;
/* By the name of a file, and the first line of its text where the name says nothing. NULL: a document. */
const struct language *language_of(const char *name, const char *text, size_t n);
/* Which of some ascending offsets lie in a comment. O(text up to the last). */
void language_comments(const struct language *l, const char *text, size_t n, const struct match *at, uint32_t count, uint8_t *place);

/* ── What is accounted for (refs_account.c) ────────────────────────────────── */

void account_hits(struct arena *a, const struct refs_query *q, struct refs_found *found);
/* dir + "/" + name, without what says nothing. */
const char *path_join(struct arena *a, const char *folder, const char *name);

#endif
