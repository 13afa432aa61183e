/* Looks files up among those that are part of the binary.
 * Needs the table that tools/embed.c wrote, sorted by name. */
#include "base/embedded.h"

#include <string.h>

extern const struct embedded embedded_files[];
extern const size_t embedded_count;

const struct embedded *embedded_find(const char *name) {
  size_t low = 0, high = embedded_count;

  while (low < high) {
    size_t middle = low + (high - low) / 2;
    int d = strcmp(name, embedded_files[middle].name);

    if (d == 0)
      return &embedded_files[middle];
    if (d < 0)
      high = middle;
    else
      low = middle + 1;
  }
  return NULL;
}

const struct embedded *embedded_all(size_t *count) {
  *count = embedded_count;
  return embedded_files;
}
