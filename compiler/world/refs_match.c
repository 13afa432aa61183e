/* Text -> mentions of addresses and names.
 * Needs Hyperscan (or Vectorscan, the same library for other processors), which is loaded when somebody searches: at start it
 * would cost every other subcommand its 5 ms. Guarantees that what lies inside a longer address or name is no mention, that
 * an IPv6 address is found in whatever way it is written, and each mention once. */
#define _GNU_SOURCE 1
#include "world/refs_parts.h"

#include <arpa/inet.h>
#include <dlfcn.h>
#include <hs/hs.h>
#include <stdlib.h>
#include <string.h>

#define MOST 10000u /* mentions kept of one file */
#define V6_LONGEST 45u

enum form { FORM_PLAIN, FORM_ESCAPED /* 10\.0\.0\.1 */, FORM_REVERSE /* in-addr.arpa */, FORM_V6 };
struct pattern { uint32_t target, length; uint8_t form; };

struct matcher {
  void *library;
  hs_error_t (*compile)(const char *const *, const unsigned *, const unsigned *, const size_t *, unsigned, unsigned,
                        const hs_platform_info_t *, hs_database_t **, hs_compile_error_t **);
  hs_error_t (*free_error)(hs_compile_error_t *);
  hs_error_t (*free_database)(hs_database_t *);
  hs_error_t (*scratch)(const hs_database_t *, hs_scratch_t **);
  hs_error_t (*free_scratch)(hs_scratch_t *);
  hs_error_t (*scan)(const hs_database_t *, const char *, unsigned, unsigned, hs_scratch_t *, match_event_handler, void *);
  hs_database_t *database;
  const struct refs_target *targets;
  ARRAY(struct pattern) patterns;
  ARRAY(const char *) texts;
};
struct scan {
  struct matcher *m;
  hs_scratch_t *scratch;
  const char *text;
  size_t n;
  struct matches *out;
  struct match *room;
  uint32_t cap;
};

/* ── Patterns ──────────────────────────────────────────────────────────────── */

static bool is_v4(const struct address *a) {
  static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

  return memcmp(a->bytes, mapped, sizeof mapped) == 0;
}

static void pattern(struct arena *a, struct matcher *m, uint32_t target, enum form form, const char *text) {
  array_push(a, &m->patterns, (struct pattern){target, (uint32_t)strlen(text), (uint8_t)form});
  array_push(a, &m->texts, text);
}

static const char *escaped(struct arena *a, const char *text) {
  struct text out = {.arena = a};

  for (; *text; text++) {
    if (*text == '.')
      text_putc(&out, '\\');
    text_putc(&out, *text);
  }
  return text_done(&out);
}

/* The group of an IPv6 address with the most digits: whatever the rest looks like, this one is written out. */
static const char *anchor(struct arena *a, const struct address *address) {
  unsigned best = 0;

  for (unsigned i = 0; i < 8; i++) {
    unsigned group = (unsigned)address->bytes[2 * i] << 8 | address->bytes[2 * i + 1];

    if (group > best)
      best = group;
  }
  return best ? arena_print(a, "%x", best) : "::";
}

static void patterns_of(struct arena *a, struct matcher *m, uint32_t target) {
  const struct refs_target *t = &m->targets[target];

  if (t->is_name) {
    pattern(a, m, target, FORM_PLAIN, t->name);
    if (strchr(t->name, '.'))
      pattern(a, m, target, FORM_ESCAPED, escaped(a, t->name));
  } else if (is_v4(&t->address)) {
    const uint8_t *b = t->address.bytes + 12;
    const char *plain = arena_print(a, "%u.%u.%u.%u", b[0], b[1], b[2], b[3]);

    pattern(a, m, target, FORM_PLAIN, plain);
    pattern(a, m, target, FORM_ESCAPED, escaped(a, plain));
    pattern(a, m, target, FORM_REVERSE, arena_print(a, "%u.%u.%u.%u.in-addr.arpa", b[3], b[2], b[1], b[0]));
  } else {
    struct text reverse = {.arena = a};

    for (unsigned i = 16; i-- > 0;)
      text_print(&reverse, "%x.%x.", t->address.bytes[i] & 15u, t->address.bytes[i] >> 4);
    text_puts(&reverse, "ip6.arpa");
    pattern(a, m, target, FORM_REVERSE, text_done(&reverse));
    pattern(a, m, target, FORM_V6, anchor(a, &t->address));
  }
}

/* ── The library ───────────────────────────────────────────────────────────── */

static bool load(struct matcher *m) {
  const struct { const char *name; void *to; } symbols[] = {
      {"hs_compile_lit_multi", &m->compile}, {"hs_free_compile_error", &m->free_error}, {"hs_free_database", &m->free_database},
      {"hs_alloc_scratch", &m->scratch},     {"hs_free_scratch", &m->free_scratch},     {"hs_scan", &m->scan},
  };

  m->library = dlopen("libhs.so.5", RTLD_NOW | RTLD_LOCAL);
  for (size_t i = 0; m->library && i < sizeof symbols / sizeof *symbols; i++) {
    void *at = dlsym(m->library, symbols[i].name);

    memcpy(symbols[i].to, &at, sizeof at);
    if (!at)
      return false;
  }
  return m->library != NULL;
}

struct matcher *matcher_new(struct arena *a, const struct refs_target *targets, uint32_t n, const char **why) {
  struct matcher *m = arena_new(a, struct matcher);
  hs_compile_error_t *error = NULL;

  m->targets = targets;
  if (!load(m)) {
    *why = "the library libhs.so.5 (Hyperscan or Vectorscan) cannot be loaded";
    matcher_free(m);
    return NULL;
  }
  for (uint32_t i = 0; i < n; i++)
    patterns_of(a, m, i);
  uint32_t count = m->patterns.n;
  unsigned *flags = arena_array(a, unsigned, count), *ids = arena_array(a, unsigned, count);
  size_t *lengths = arena_array(a, size_t, count);

  for (uint32_t i = 0; i < count; i++) {
    flags[i] = targets[m->patterns.at[i].target].is_name || m->patterns.at[i].form >= FORM_REVERSE ? HS_FLAG_CASELESS : 0;
    ids[i] = i;
    lengths[i] = m->patterns.at[i].length;
  }
  if (m->compile(m->texts.at, flags, ids, lengths, count, HS_MODE_BLOCK, NULL, &m->database, &error) != HS_SUCCESS) {
    *why = error && error->message ? arena_print(a, "the patterns cannot be compiled: %s", error->message) : "the patterns cannot be compiled";
    m->free_error(error);
    m->database = NULL;
    matcher_free(m);
    return NULL;
  }
  return m;
}

void matcher_free(struct matcher *m) {
  if (!m)
    return;
  if (m->database)
    m->free_database(m->database);
  if (m->library)
    dlclose(m->library);
}

struct scan *scan_new(struct matcher *m) {
  struct scan *s = calloc(1, sizeof *s);

  if (s)
    s->m = m;
  if (s && m->scratch(m->database, &s->scratch) != HS_SUCCESS) {
    free(s);
    return NULL;
  }
  return s;
}

void scan_free(struct scan *s) {
  if (!s)
    return;
  s->m->free_scratch(s->scratch);
  free(s->room);
  free(s);
}

/* ── Where a mention begins and ends ───────────────────────────────────────── */

static bool digit(char c) { return c >= '0' && c <= '9'; }
static bool letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
static bool hex(char c) { return digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }
static bool label(char c) { return digit(c) || letter(c) || c == '-' || c == '_' || (unsigned char)c >= 0x80; }

/* The character before a place, past the backslashes of an escaped dot; 0 at the start. */
static char before(const struct scan *s, size_t at, size_t *where) {
  while (at && s->text[at - 1] == '\\')
    at--;
  *where = at ? at - 1 : 0;
  return at ? s->text[at - 1] : '\0';
}

static char after(const struct scan *s, size_t at, size_t *where) {
  while (at < s->n && s->text[at] == '\\' && at + 1 < s->n && s->text[at + 1] == '.')
    at++;
  *where = at;
  return at < s->n ? s->text[at] : '\0';
}

/* No digit beside it, and no further part of a longer one. */
static bool address_ends(const struct scan *s, size_t start, size_t end) {
  size_t at, next;
  char c = start ? s->text[start - 1] : '\0';

  if (digit(c))
    return false;
  if (c == '.' && digit(before(s, start - 1, &at)))
    return false;
  c = after(s, end, &at);
  return !(digit(c) && at == end) && !(c == '.' && digit(after(s, at + 1, &next)) && next == at + 1);
}

/* `\n`, `\t`, `\r` as written in a string are no part of the name behind them. */
static bool in_name(const struct scan *s, size_t at) {
  char c = s->text[at];

  if ((c == 'n' || c == 't' || c == 'r') && at && s->text[at - 1] == '\\')
    return false;
  return label(c);
}

static bool name_ends(const struct scan *s, size_t start, size_t end) {
  size_t at;
  char c = start ? s->text[start - 1] : '\0';

  if (start && in_name(s, start - 1))
    return false;
  if (c == '.') {
    char more = before(s, start - 1, &at);

    if (more == '*' || (start > 1 && label(more)))
      return false;
  }
  c = after(s, end, &at);
  if (label(c) && at == end)
    return false;
  return !(c == '.' && at + 1 < s->n && label(s->text[at + 1]));
}

/* The whole IPv6 address around an anchor; false when it is another one, or none. */
static bool v6_around(const struct scan *s, const struct address *want, size_t *start, size_t *end) {
  char text[V6_LONGEST + 1];
  uint8_t bytes[16];
  size_t from = *start, to = *end;

  while (from && *start - from <= V6_LONGEST && (hex(s->text[from - 1]) || s->text[from - 1] == ':' || s->text[from - 1] == '.'))
    from--;
  while (to < s->n && to - *end <= V6_LONGEST && (hex(s->text[to]) || s->text[to] == ':' || s->text[to] == '.'))
    to++;
  /* The end of a sentence, or of `address: …`. */
  while (to > *end && (s->text[to - 1] == '.' || (s->text[to - 1] == ':' && !(to - from > 1 && s->text[to - 2] == ':'))))
    to--;
  if (to - from > V6_LONGEST || (from && label(s->text[from - 1])) || (to < s->n && label(s->text[to])))
    return false;
  memcpy(text, s->text + from, to - from);
  text[to - from] = 0;
  if (inet_pton(AF_INET6, text, bytes) != 1 || memcmp(bytes, want->bytes, 16) != 0)
    return false;
  *start = from;
  *end = to;
  return true;
}

/* ── Ports ─────────────────────────────────────────────────────────────────── */

/* The port of the scheme whose URL begins with the host at `start`; NONE. */
static uint32_t scheme(const struct scan *s, size_t start) {
  size_t at = start, limit = start > 256 ? start - 256 : 0;

  if (at > limit && s->text[at - 1] == '[')
    at--;
  if (at > limit && s->text[at - 1] == '@')
    while (at > limit && s->text[at - 1] != '/' && (unsigned char)s->text[at - 1] > ' ')
      at--;
  if (at < limit + 3 || memcmp(s->text + at - 3, "://", 3) != 0)
    return NONE;
  size_t end = at - 3;

  for (at = end; at > limit && (letter(s->text[at - 1]) || digit(s->text[at - 1])); at--) {}
  uint32_t port = value_scheme_port(s->text + at, end - at);

  return port ? port : NONE;
}

static uint32_t port_of(const struct scan *s, size_t start, size_t end) {
  uint32_t port = 0;

  if (end < s->n && s->text[end] == ']')
    end++;
  if (end + 1 < s->n && s->text[end] == ':' && digit(s->text[end + 1])) {
    for (end++; end < s->n && digit(s->text[end]) && port <= 65535; end++)
      port = port * 10 + (uint32_t)(s->text[end] - '0');
    if (port >= 1 && port <= 65535)
      return port;
    return NONE;
  }
  return scheme(s, start);
}

static bool wanted(const struct refs_target *t, uint32_t port) {
  if (!t->partly || port == NONE)
    return true;
  for (uint32_t i = 0; i < t->port_count; i++)
    if (port >= t->ports[i].from && port <= t->ports[i].to)
      return true;
  return false;
}

/* ── Scanning ──────────────────────────────────────────────────────────────── */

static void keep(struct scan *s, struct match match) {
  struct matches *m = s->out;

  for (uint32_t i = m->n; i-- > 0 && m->at[i].start + V6_LONGEST >= match.start;)
    if (m->at[i].target == match.target && m->at[i].start == match.start)
      return;
  if (m->n == MOST) {
    m->more++;
    return;
  }
  if (m->n == s->cap) {
    uint32_t cap = s->cap ? 2 * s->cap : 64;
    struct match *room = realloc(s->room, cap * sizeof *room);

    if (!room) {
      m->more++;
      return;
    }
    s->room = m->at = room;
    s->cap = cap;
  }
  m->at[m->n++] = match;
}

static int seen(unsigned id, unsigned long long from, unsigned long long to, unsigned flags, void *context) {
  struct scan *s = context;
  const struct pattern *p = &s->m->patterns.at[id];
  const struct refs_target *t = &s->m->targets[p->target];
  size_t end = (size_t)to, start = end - p->length;

  (void)from;
  (void)flags;
  if (p->form == FORM_V6) {
    if (!v6_around(s, &t->address, &start, &end))
      return 0;
  } else if (t->is_name || p->form == FORM_REVERSE ? !name_ends(s, start, end) : !address_ends(s, start, end)) {
    return 0;
  }
  uint32_t port = p->form == FORM_REVERSE ? NONE : port_of(s, start, end);

  if (wanted(t, port))
    keep(s, (struct match){p->target, (uint32_t)start, (uint32_t)(end - start), port});
  return 0;
}

static int by_start(const void *x, const void *y) {
  const struct match *a = x, *b = y;

  if (a->start != b->start)
    return a->start < b->start ? -1 : 1;
  return a->target < b->target ? -1 : a->target > b->target;
}

void scan_text(struct scan *s, const char *text, size_t n, struct matches *m) {
  s->text = text;
  s->n = n;
  s->out = m;
  *m = (struct matches){.at = s->room};
  if (n)
    s->m->scan(s->m->database, text, (unsigned)n, 0, s->scratch, seen, s);
  if (m->n > 1)
    qsort(m->at, m->n, sizeof *m->at, by_start);
}
