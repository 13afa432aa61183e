/* Source text: reads it, keeps it, and turns byte offsets into lines and columns.
 * Needs a compilation. Guarantees two NUL bytes behind each text, and that nothing is found out at the first question: threads may ask. */
#include "base/beside.h"
#include "base/findings.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LARGEST ((size_t)1 << 30)
#define PART 256u /* bytes of which only the number of lines that end there is kept */
#define PIECE ((size_t)256 << 10) /* is read at once, and looked at while it is at hand */
#define HALVES ((uint32_t)1 << 20) /* bytes from which on two threads read them */

/* ── What is seen in each byte ─────────────────────────────────────────────── */

/* Few at a time, so that a byte counts the lines among them and many are looked at side by side. */
static unsigned char few(const char *at, unsigned n, uint32_t *lines) {
  unsigned char high = 0, nul = 0, ended = 0;

  for (unsigned i = 0; i < n; i++) {
    unsigned char c = (unsigned char)at[i];

    high |= c;
    nul |= (unsigned char)(c == 0);
    ended = (unsigned char)(ended + (c == '\n'));
  }
  *lines += ended;
  return (unsigned char)((high & 0x80) | nul);
}

/* The bytes from a multiple of PART on: the lines that end in each part, one entry behind its own. Are all of them ASCII, and none NUL? */
static bool look(const char *text, size_t from, size_t to, uint32_t *ended) {
  unsigned char odd = 0;
  uint32_t rest = 0;

  for (; to - from >= PART; from += PART) {
    uint32_t lines = 0;

    odd |= few(text + from, PART / 2, &lines);
    odd |= few(text + from + PART / 2, PART / 2, &lines);
    ended[from / PART + 1] = lines;
  }
  for (; from < to; from++)
    odd |= few(text + from, 1, &rest);
  return odd == 0;
}

/* Entry i: how many lines end before the i-th part. */
static uint32_t *parts_of(struct compilation *c, size_t length) {
  return arena_array(&c->arena, uint32_t, length / PART + 1);
}

/* The text stays where it is, with two NUL bytes behind it. `ended` is what look() has seen of it. */
static uint32_t source_keep(struct compilation *c, const char *path, const char *text, size_t length, uint32_t *ended, bool plain) {
  struct source s = {.path = arena_copy(&c->arena, path, strlen(path)), .text = text, .ended = ended, .plain = plain};

  s.length = (uint32_t)length;
  for (uint32_t i = 1; i <= s.length / PART; i++)
    ended[i] += ended[i - 1];
  array_push(&c->arena, &c->sources, s);
  return c->sources.n - 1;
}

uint32_t source_add(struct compilation *c, const char *path, const char *text, size_t length, bool library) {
  char *copy = arena_alloc(&c->arena, length + 2, 1);
  uint32_t *ended = parts_of(c, length);

  if (length)
    memcpy(copy, text, length);
  bool plain = look(copy, 0, length, ended);
  uint32_t id = source_keep(c, path, copy, length, ended, plain);

  c->sources.at[id].library = library;
  return id;
}

uint32_t source_excerpt(struct compilation *c, const char *path, uint32_t line, uint32_t column, const char *text, size_t length) {
  uint32_t id = source_add(c, path, text, length, false);

  c->sources.at[id].excerpt = true;
  c->sources.at[id].line = line ? line - 1 : 0;
  c->sources.at[id].column = column ? column - 1 : 0;
  return id;
}

/* ── Reading ───────────────────────────────────────────────────────────────── */

struct half {
  int fd;
  char *text;
  size_t from, to;
  uint32_t *ended;
  bool plain;
};

/* False when it does not come to its end. */
static bool half_read(void *data) {
  struct half *h = data;

  h->plain = true;
  for (size_t at = h->from, next; at < h->to; at = next) {
    next = h->to - at < PIECE ? h->to : at + PIECE;
    for (size_t got = at; got < next;) {
      ssize_t n = pread(h->fd, h->text + got, next - got, (off_t)got);

      if (n <= 0 && !(n < 0 && errno == EINTR))
        return false;
      got += n < 0 ? 0 : (size_t)n;
    }
    h->plain &= look(h->text, at, next, h->ended);
  }
  return true;
}

/* A large file, by two threads. False when that is not worth it, or it is not as long as it was said to be: nothing has happened then. */
static bool read_halves(struct compilation *c, const char *path, int fd, uint32_t *id) {
  struct stat st;
  char more;

  if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_size <= 0 || (uint64_t)st.st_size > LARGEST || lseek(fd, 0, SEEK_CUR) != 0 ||
      !beside_worth((uint32_t)st.st_size, HALVES))
    return false;
  size_t length = (size_t)st.st_size, middle = length / PIECE / 2 * PIECE;
  struct half first = {.fd = fd, .text = arena_alloc(&c->arena, length + 2, 1), .to = middle, .ended = parts_of(c, length)}, second = first;
  struct beside b;

  second.from = middle;
  second.to = length;
  beside_start(&b, half_read, &second);
  bool whole = half_read(&first);

  if (!beside_join(&b) || !whole || pread(fd, &more, 1, (off_t)length) != 0)
    return false;
  *id = source_keep(c, path, first.text, length, first.ended, first.plain && second.plain);
  return true;
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
  bool halves = read_halves(c, path, fd, id), ok = halves || slurp(&c->arena, fd, &text, &length);
  int why = errno;

  if (!in)
    close(fd);
  if (ok && !halves) {
    uint32_t *ended = parts_of(c, length);
    bool plain = look(text, 0, length, ended);

    *id = source_keep(c, path, text, length, ended, plain);
  }
  errno = why;
  return ok;
}

/* ── Lines ─────────────────────────────────────────────────────────────────── */

/* The byte behind the n-th line end. */
static uint32_t behind(const struct source *s, uint32_t n) {
  uint32_t low = 0, high = s->length / PART + 1;

  if (!n)
    return 0;
  while (high - low > 1) {
    uint32_t middle = low + (high - low) / 2;

    if (s->ended[middle] < n)
      low = middle;
    else
      high = middle;
  }
  uint32_t at = low * PART;

  for (uint32_t seen = s->ended[low]; at < s->length && seen < n; at++)
    seen += s->text[at] == '\n';
  return at;
}

uint32_t source_line(struct compilation *c, uint32_t source, uint32_t line) {
  struct source *s = &c->sources.at[source];

  return behind(s, line - 1);
}

uint32_t source_line_at(struct compilation *c, uint32_t source, uint32_t offset) {
  struct source *s = &c->sources.at[source];

  if (offset > s->length)
    offset = s->length;
  uint32_t part = offset / PART, n = offset % PART;
  const char *text = s->text + (size_t)part * PART;
  unsigned char ended = 0; /* fewer than PART bytes: a byte counts them, many at a time */

  for (uint32_t i = 0; i < n; i++)
    ended = (unsigned char)(ended + (text[i] == '\n'));
  return s->ended[part] + ended + 1 + s->line;
}

struct place source_place(struct compilation *c, uint32_t source, uint32_t offset) {
  struct source *s = &c->sources.at[source];

  if (offset > s->length)
    offset = s->length;
  uint32_t part = offset / PART * PART, start = offset, ended = s->ended[offset / PART];

  while (start > part && s->text[start - 1] != '\n')
    start--;
  for (uint32_t i = part; i < start; i++)
    ended += s->text[i] == '\n';
  if (start == part)
    start = behind(s, ended);
  return (struct place){ended + 1 + s->line, offset - start + 1 + (ended ? 0 : s->column)};
}
