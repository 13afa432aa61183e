/* Files that are part of the binary: the standard library as "std/NAME", the pages of the findings as "findings/E201",
 * the fixed part of a runbook as "runtime". Written by tools/embed.c while building. */
#ifndef CUTC_EMBEDDED_H
#define CUTC_EMBEDDED_H

#include <stddef.h>

struct embedded {
  const char *name;
  const char *text; /* a NUL byte follows */
  size_t length;
};

/* The file of a name, or NULL. O(log files). */
const struct embedded *embedded_find(const char *name);
/* All of them, sorted by name. */
const struct embedded *embedded_all(size_t *count);

#endif
