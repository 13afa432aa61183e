/* Who mentions an address or a name in the files of a tree. Knows nothing of plans: what to look for, where, and what is
 * accounted for comes in as a query; model/retired.h makes one of a plan. */
#ifndef CUTC_REFS_H
#define CUTC_REFS_H

#include "base/base.h"

struct refs_ports { uint32_t from, to; };
struct refs_target {
  bool is_name;
  struct address address;
  const char *name;                  /* lower case, no final dot */
  bool partly;                       /* only these ports: a mention with another port is none, one without a port is `bare` */
  const struct refs_ports *ports; uint32_t port_count;
};
/* A place that somebody sees to: a path below the base (`*`, `**` and `?` as git reads them), a folder with all below it. */
struct refs_account { const char *path; uint32_t line; /* 0: any */ const char *by; };
/* A patch to files below `folder`: the lines it takes away are accounted for. */
struct refs_patch { const char *folder, *file, *by; };

struct refs_query {
  const char *base;                  /* folder that the roots are relative to; "" or "." is the one we are in */
  const char *const *roots; uint32_t root_count;
  const struct refs_target *targets; uint32_t target_count;
  const struct refs_account *accounts; uint32_t account_count;
  const struct refs_patch *patches; uint32_t patch_count;
  const char *const *own; uint32_t own_count; /* files of the plan itself */
  uint32_t threads;                  /* 0: one per processor */
};

enum refs_place { REFS_CODE, REFS_COMMENT, REFS_DOCUMENT };
struct refs_hit {
  const char *path;                  /* from where we are: base, root and what is below; any bytes but NUL and / */
  uint32_t line, column, length;     /* from 1; bytes */
  uint32_t target;
  uint32_t port;                     /* written with it, or said by the scheme of its URL; NONE */
  uint8_t place;                     /* enum refs_place */
  const char *text; uint32_t text_length;
  uint32_t text_column;              /* of the text's first byte: 1 unless the line is long */
  const char *accounted;             /* by what, or NULL */
  uint64_t device, inode;
};
struct refs_note { const char *path, *why; };
struct refs_found {
  ARRAY(struct refs_hit) hits;       /* by folder, file, line, column; each once */
  ARRAY(struct refs_note) notes;     /* what could not be looked at, by path */
  ARRAY(uint32_t) missing;           /* roots that are not there */
  ARRAY(uint32_t) misplaced;         /* patches that cannot be read, or do not fit the file they change */
  uint64_t files, bytes, binary, ignored;
  uint64_t more;                     /* mentions past the most that are kept */
  const char *problem;               /* why nothing could be searched at all, or NULL */
};

/* Looks through all of it, with threads. Never fails: what it could not look at is in the notes. O(bytes). */
struct refs_found *refs_find(struct arena *arena, const struct refs_query *query);

#endif
