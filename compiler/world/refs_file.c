/* A file -> its mentions, with line, column and the text around them.
 * Needs a folder's descriptor and a name. Guarantees that nothing but a regular file is read, that memory is bounded (a file
 * larger than a window is read in windows that end between lines), and that a file which changes while it is read does no harm. */
#define _GNU_SOURCE 1
#include "world/refs_walk.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define WINDOW ((size_t)16 << 20)
#define FIRST ((size_t)64 << 10)
#define CARRY ((size_t)4 << 10)   /* of a line that does not end within a window */
#define SNIFFED ((size_t)8000)    /* bytes in which a NUL makes a file binary, as for git */
#define SHOWN 160u                /* bytes of a line on either side of a mention */

/* Where in the file a window begins. */
struct position {
  uint32_t line;       /* of its first byte, from 0 */
  uint64_t line_start; /* offset in the file where that line begins */
  uint64_t offset;     /* of its first byte */
  size_t known;        /* bytes at its front that were searched with the last one */
};

static bool grow(char **buffer, size_t *cap, size_t want) {
  if (want <= *cap)
    return true;
  char *more = realloc(*buffer, want + 1);

  if (!more)
    return false;
  *buffer = more;
  *cap = want;
  return true;
}

static const char *keep_text(struct worker *w, const char *text, size_t n, const struct match *m, size_t line, struct refs_hit *h) {
  const char *newline = memchr(text + m->start, '\n', n - m->start);
  size_t from = line, to = newline ? (size_t)(newline - text) : n;

  if (to && to > m->start && text[to - 1] == '\r')
    to--;
  if (m->start - from > SHOWN)
    from = m->start - SHOWN;
  if (to > m->start + m->length + SHOWN)
    to = m->start + m->length + SHOWN;
  if (to < m->start + m->length)
    to = m->start + m->length;
  h->text_length = (uint32_t)(to - from);
  h->text_column = h->column - (uint32_t)(m->start - from);
  return arena_copy(&w->arena, text + from, to - from);
}

static uint32_t clamped(uint64_t n) { return n > UINT32_MAX ? UINT32_MAX : (uint32_t)n; }

static void keep(struct worker *w, const char *path, const char *name, const struct stat *st, const char *text, size_t n,
                 const struct position *at, const struct matches *found) {
  uint8_t *places = arena_array(&w->arena, uint8_t, found->n);
  uint32_t line = at->line;
  size_t start = 0, seen = 0;
  bool whole = at->offset == at->line_start;

  language_comments(language_of(name, text, n), text, n, found->at, found->n, places);
  for (uint32_t i = 0; i < found->n; i++) {
    const struct match *m = &found->at[i];
    const char *p;

    while (seen < m->start && (p = memchr(text + seen, '\n', m->start - seen)) != NULL) {
      seen = start = (size_t)(p - text) + 1;
      line++;
      whole = true;
    }
    if ((size_t)m->start + m->length <= at->known)
      continue;
    struct refs_hit h = {.path = path, .line = clamped((uint64_t)line + 1), .length = m->length, .target = m->target, .port = m->port,
                         .place = places[i], .device = (uint64_t)st->st_dev, .inode = (uint64_t)st->st_ino};

    h.column = whole ? m->start - (uint32_t)start + 1 : clamped(at->offset + m->start - at->line_start + 1);
    h.text = keep_text(w, text, n, m, start, &h);
    array_push(&w->arena, &w->hits, h);
  }
}

/* Text of two-byte units as one byte for each, so that columns count characters; what is no ASCII becomes a `?`. */
static const char *narrowed(struct worker *w, const char *text, size_t *n) {
  bool big = (unsigned char)text[0] == 0xfe;
  size_t units = *n / 2 - 1;

  if (!grow(&w->other, &w->other_cap, units))
    return NULL;
  for (size_t i = 0; i < units; i++) {
    unsigned char high = (unsigned char)text[2 * i + 2 + !big], low = (unsigned char)text[2 * i + 2 + big];

    w->other[i] = !high && low < 0x80 ? (char)low : '?';
  }
  *n = units;
  return w->other;
}

static void search(struct worker *w, const char *folder, const char *name, const struct stat *st, const char *text, size_t n,
                   const struct position *at, const char **path) {
  struct matches found;

  if (n >= 2 && at->offset == 0 && (memcmp(text, "\xff\xfe", 2) == 0 || memcmp(text, "\xfe\xff", 2) == 0)) {
    text = narrowed(w, text, &n);
    if (!text)
      return;
  }
  scan_text(w->scan, text, n, &found);
  w->more += found.more;
  if (!found.n)
    return;
  if (!*path)
    *path = *folder ? path_join(&w->arena, folder, name) : name;
  const char *slash = strrchr(name, '/');

  keep(w, *path, slash ? slash + 1 : name, st, text, n, at, &found);
}

/* Moves past a window: its last line, or the end of one that does not end in it, is looked at again with the next. */
static size_t advance(struct position *at, const char *text, size_t n) {
  const char *newline = memrchr(text, '\n', n);
  size_t used = newline ? (size_t)(newline - text) + 1 : n > CARRY ? n - CARRY : 0;

  if (n - used > n / 2)
    used = n - CARRY;
  for (size_t i = 0; i < used;) {
    const char *p = memchr(text + i, '\n', used - i);

    if (!p)
      break;
    i = (size_t)(p - text) + 1;
    at->line++;
    at->line_start = at->offset + i;
  }
  at->offset += used;
  at->known = n - used;
  return used;
}

static bool is_binary(const char *text, size_t n) {
  if (n >= 2 && (memcmp(text, "\xff\xfe", 2) == 0 || memcmp(text, "\xfe\xff", 2) == 0))
    return false;
  return memchr(text, 0, n < SNIFFED ? n : SNIFFED) != NULL;
}

static void windows(struct worker *w, int fd, const struct stat *st, const char *folder, const char *name) {
  struct position at = {0};
  const char *path = NULL;
  size_t n = 0, size = st->st_size > 0 && (uint64_t)st->st_size < WINDOW ? (size_t)st->st_size + 1 : st->st_size > 0 ? WINDOW : FIRST;

  if (!grow(&w->buffer, &w->cap, size < FIRST ? FIRST : size)) {
    worker_note(w, path_join(&w->arena, folder, name), strerror(ENOMEM));
    return;
  }
  for (;;) {
    ssize_t got = read(fd, w->buffer + n, w->cap - n);

    if (got < 0 && errno == EINTR)
      continue;
    if (got < 0) {
      if (errno != EISDIR)
        worker_note(w, *folder ? path_join(&w->arena, folder, name) : name, strerror(errno));
      return;
    }
    w->bytes += (uint64_t)got;
    n += (size_t)got;
    bool end = got == 0 || (at.offset == 0 && n == (uint64_t)st->st_size);

    if (!end && n < w->cap)
      continue;
    if (!end && at.offset == 0 && w->cap < WINDOW && grow(&w->buffer, &w->cap, w->cap * 4 < WINDOW ? w->cap * 4 : WINDOW))
      continue;
    if (at.offset == 0 && is_binary(w->buffer, n)) {
      w->binary++;
      return;
    }
    search(w, folder, name, st, w->buffer, n, &at, &path);
    if (end)
      return;
    size_t used = advance(&at, w->buffer, n);

    memmove(w->buffer, w->buffer + used, n - used);
    n -= used;
  }
}

void search_file(struct worker *w, int folder, const char *name, const char *path) {
  int fd = openat(folder, name, O_RDONLY | (folder == AT_FDCWD ? 0 : O_NOFOLLOW) | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  struct stat st;

  if (fd < 0) {
    if (errno != ENOENT && errno != ELOOP && errno != ENXIO)
      worker_note(w, *path ? path_join(&w->arena, path, name) : name, strerror(errno));
    return;
  }
  if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode)) {
    w->files++;
    windows(w, fd, &st, path, name);
  }
  close(fd);
}
