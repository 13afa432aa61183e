/* Source text: reads it, keeps it, and turns byte offsets into lines and columns.
 * Needs a compilation. Guarantees two NUL bytes behind each text; lines are counted at the first question. */
#include "base/findings.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LARGEST ((size_t)1 << 30)
#define PART 256u /* bytes of which only the number of lines that end there is kept */

/* The text stays where it is, with two NUL bytes behind it. */
static uint32_t source_keep(struct compilation *c, const char *path, const char *text, size_t length, bool library) {
  struct source s = {.path = arena_copy(&c->arena, path, strlen(path)), .text = text, .library = library};

  s.length = (uint32_t)length;
  array_push(&c->arena, &c->sources, s);
  return c->sources.n - 1;
}

uint32_t source_add(struct compilation *c, const char *path, const char *text, size_t length, bool library) {
  char *copy = arena_alloc(&c->arena, length + 2, 1);

  if (length)
    memcpy(copy, text, length);
  return source_keep(c, path, copy, length, library);
}

uint32_t source_excerpt(struct compilation *c, const char *path, uint32_t line, uint32_t column, const char *text, size_t length) {
  uint32_t id = source_add(c, path, text, length, false);

  c->sources.at[id].excerpt = true;
  c->sources.at[id].line = line ? line - 1 : 0;
  c->sources.at[id].column = column ? column - 1 : 0;
  return id;
}

/* Reads a descriptor to its end, into room that a file fills at once and a pipe makes twice as large again and again. False with
 * errno. */
static bool slurp(struct arena *a, int fd, char **text, size_t *length) {
  struct stat st;
  size_t cap = 64 << 10, n = 0;

  if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode)) {
    if ((uint64_t)st.st_size > LARGEST) {
      errno = EFBIG;
      return false;
    }
    cap = (size_t)st.st_size + 3; /* one byte to see the end by, two for flex */
  }
  char *at = arena_alloc(a, cap, 1);

  for (;;) {
    ssize_t got = read(fd, at + n, cap - 2 - n);

    if (got == 0)
      break;
    if (got < 0 && errno == EINTR)
      continue;
    if (got < 0)
      return false;
    n += (size_t)got;
    if (n > LARGEST) {
      errno = EFBIG;
      return false;
    }
    if (n == cap - 2) {
      char *more = arena_alloc(a, cap *= 2, 1);

      at = memcpy(more, at, n);
    }
  }
  *text = at;
  *length = n;
  return true;
}

bool source_read(struct compilation *c, const char *path, uint32_t *id) {
  for (uint32_t i = 0; c->texts != NULL && i < c->texts->sources.n; i++) {
    const struct source *s = &c->texts->sources.at[i];

    if (!s->library && strcmp(s->path, path) == 0) {
      *id = source_add(c, path, s->text, s->length, false);
      return true;
    }
  }
  bool in = strcmp(path, "-") == 0;
  int fd = in ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
  char *text = NULL;
  size_t length = 0;

  if (fd < 0)
    return false;
  bool ok = slurp(&c->arena, fd, &text, &length);
  int why = errno;

  if (!in)
    close(fd);
  if (ok)
    *id = source_keep(c, path, text, length, false);
  errno = why;
  return ok;
}

static void count_lines(struct compilation *c, struct source *s) {
  uint32_t parts = s->length / PART, n = 0;

  if (s->ends.n)
    return;
  s->ends.at = arena_grow(&c->arena, NULL, 0, &s->ends.cap, parts + 1, sizeof *s->ends.at);
  for (const char *at = s->text; s->ends.n < parts; at += PART) {
    array_push(&c->arena, &s->ends, n);
    for (uint32_t i = 0; i < PART; i++)
      n += at[i] == '\n';
  }
  array_push(&c->arena, &s->ends, n);
}

/* The byte behind the n-th line end. */
static uint32_t behind(const struct source *s, uint32_t n) {
  uint32_t low = 0, high = s->ends.n;

  if (!n)
    return 0;
  while (high - low > 1) {
    uint32_t middle = low + (high - low) / 2;

    if (s->ends.at[middle] < n)
      low = middle;
    else
      high = middle;
  }
  uint32_t at = low * PART;

  for (uint32_t seen = s->ends.at[low]; at < s->length && seen < n; at++)
    seen += s->text[at] == '\n';
  return at;
}

uint32_t source_line(struct compilation *c, uint32_t source, uint32_t line) {
  struct source *s = &c->sources.at[source];

  count_lines(c, s);
  return behind(s, line - 1);
}

uint32_t source_line_at(struct compilation *c, uint32_t source, uint32_t offset) {
  struct source *s = &c->sources.at[source];

  count_lines(c, s);
  if (offset > s->length)
    offset = s->length;
  uint32_t part = offset / PART, ended = s->ends.at[part];

  for (uint32_t i = part * PART; i < offset; i++)
    ended += s->text[i] == '\n';
  return ended + 1 + s->line;
}

struct place source_place(struct compilation *c, uint32_t source, uint32_t offset) {
  struct source *s = &c->sources.at[source];

  count_lines(c, s);
  if (offset > s->length)
    offset = s->length;
  uint32_t part = offset / PART * PART, start = offset, ended = s->ends.at[offset / PART];

  while (start > part && s->text[start - 1] != '\n')
    start--;
  for (uint32_t i = part; i < start; i++)
    ended += s->text[i] == '\n';
  if (start == part)
    start = behind(s, ended);
  return (struct place){ended + 1 + s->line, offset - start + 1 + (ended ? 0 : s->column)};
}
