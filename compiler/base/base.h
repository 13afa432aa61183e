/* The ground floor: memory, interned names, source text with spans, values.
 *
 * One arena per compilation, zeroed on allocation and freed as a whole; nothing
 * else in the compiler calls malloc for data that outlives a function. */
#ifndef CUTC_BASE_H
#define CUTC_BASE_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define NONE UINT32_MAX /* no such id */

/* ── Arena ─────────────────────────────────────────────────────────────────── */

struct arena {
  struct arena_block *blocks;
  unsigned char *next, *end;
  size_t total; /* bytes handed out */
};

/* Zeroed memory aligned for a pointer or a 64-bit number, valid until arena_free. Out of memory (or a
 * size that overflows) ends the process with a message and exit status 2. */
void *arena_alloc(struct arena *a, size_t count, size_t size);
/* The same for a table of hashes, whose slots are read before they are written, in no order: its pages are obtained at once. One by
 * one, each would be mapped twice, and the second time all processors of the program be interrupted. */
void *arena_table(struct arena *a, size_t count, size_t size);
/* Grows an array in place or by copy; the checked growth of every ARRAY. */
void *arena_grow(struct arena *a, void *old, uint32_t used, uint32_t *cap, uint32_t want, size_t size);
char *arena_copy(struct arena *a, const char *text, size_t length); /* NUL-terminated copy */
char *arena_print(struct arena *a, const char *format, ...) __attribute__((format(printf, 2, 3)));
void arena_free(struct arena *a);
/* Gives back what was handed out, and keeps the memory for what comes next: for work that is done thousands of times. */
void arena_reset(struct arena *a);
void arena_adopt(struct arena *a, struct arena *other); /* takes over all that the other has handed out, and leaves it empty */

#define arena_new(a, type) ((type *)arena_alloc((a), 1, sizeof(type)))
#define arena_array(a, type, n) ((type *)arena_alloc((a), (n), sizeof(type)))

/* An array of T in an arena: struct { T *at; uint32_t n, cap; }. */
#define ARRAY(T)                                                                                   \
  struct {                                                                                         \
    T *at;                                                                                         \
    uint32_t n, cap;                                                                               \
  }
/* Appends a value; amortised O(1). */
#define array_push(a, array, ...)                                                                  \
  ((array)->n == (array)->cap                                                                      \
       ? (void)((array)->at = arena_grow((a), (array)->at, (array)->n, &(array)->cap,              \
                                         (array)->n + 1, sizeof *(array)->at))                     \
       : (void)0,                                                                                  \
   (void)((array)->at[(array)->n++] = (__VA_ARGS__)))

/* ── Text that is being built ──────────────────────────────────────────────── */

struct text {
  struct arena *arena;
  char *at; /* NUL-terminated when not NULL */
  size_t n, cap;
};
/* A part of a text, which need not end with a NUL byte. */
struct slice {
  const char *at;
  size_t n;
};
void text_grow(struct text *t, size_t more); /* so that `more` bytes and a NUL have room */
static inline void text_room(struct text *t, size_t more) {
  if (t->cap - t->n <= more) text_grow(t, more);
}
static inline void text_add(struct text *t, const char *bytes, size_t n) {
  text_room(t, n);
  if (n) memcpy(t->at + t->n, bytes, n);
  t->n += n;
  t->at[t->n] = 0;
}
static inline void text_puts(struct text *t, const char *s) { text_add(t, s, strlen(s)); }
static inline void text_putc(struct text *t, char c) {
  text_room(t, 1);
  t->at[t->n++] = c;
  t->at[t->n] = 0;
}
void text_number(struct text *t, uint64_t n); /* in decimal */
/* A text as a part of a URL has it (RFC 3986, 2.1): all but letters, digits and the bytes of `plain` as %XX. */
void text_percent(struct text *t, const char *s, const char *plain);
#define URL_UNRESERVED "-._~"
void text_print(struct text *t, const char *format, ...) __attribute__((format(printf, 2, 3)));
void text_format(struct text *t, const char *format, va_list args) __attribute__((format(printf, 2, 0)));
const char *text_done(struct text *t); /* never NULL */

/* ── Names: one id for equal texts ─────────────────────────────────────────── */

struct names {
  struct arena *arena;
  struct name_slot *slots;
  uint32_t slot_count;
  ARRAY(uint32_t) texts;  /* by id: where it stands, the piece above NAMES_PIECE bits of place; id 0 is "" */
  ARRAY(char *) pieces;   /* each text has its length before it and a NUL byte behind it */
  uint32_t used, room;    /* bytes of the last piece */
  void (*alone)(void *data); void *alone_data; /* called before a name is added: another thread reads names until it returns */
};
#define NAMES_PIECE 20u
/* The id of a text, the same for the same bytes; O(length). */
uint32_t name_of(struct names *t, const char *text, size_t length);
uint32_t name_str(struct names *t, const char *text);
/* The id if the text is known, else NONE; adds nothing. */
uint32_t name_find(const struct names *t, const char *text, size_t length);
/* It will be asked for soon: the memory where it stands is fetched meanwhile. */
void name_expect(const struct names *t, const char *text, size_t length);
/* The same for who needs a text twice, or knows it before its turn has come: what all of them make of a text first. */
uint32_t name_hash(const char *text, size_t length);
uint32_t name_of_hashed(struct names *t, const char *text, size_t length, uint32_t hash);
uint32_t name_find_hashed(const struct names *t, const char *text, size_t length, uint32_t hash);
void name_expect_hashed(const struct names *t, uint32_t hash);
static inline const char *name_text(const struct names *t, uint32_t id) { /* NUL-terminated, and stays where it is */
  return id < t->texts.n ? t->pieces.at[t->texts.at[id] >> NAMES_PIECE] + (t->texts.at[id] & ((1u << NAMES_PIECE) - 1)) : "";
}
static inline uint32_t name_length(const struct names *t, uint32_t id) {
  const char *text = name_text(t, id);
  uint32_t n = id < t->texts.n ? (unsigned char)text[-1] : 0;

  if (n == UINT8_MAX)
    memcpy(&n, text - 1 - sizeof n, sizeof n);
  return n;
}
/* Room for so many more, so that the table is not built anew as they come. */
void names_room(struct names *t, uint32_t more);

/* ── Source text ───────────────────────────────────────────────────────────── */

/* Bytes [start, end) of a source. Line and column are computed when printing. */
struct span {
  uint32_t source, start, end;
};
struct source {
  const char *path; /* as shown to people: "plan.cut", "std/net", "-" */
  const char *text; /* with two NUL bytes behind it, for flex */
  uint32_t length;
  bool library;     /* embedded in the binary */
  bool excerpt;     /* a part of a file that is shown, and no part of the plan */
  bool plain;       /* nothing but ASCII, and no NUL byte */
  const uint32_t *ended; /* how many lines have ended before every so many bytes */
  uint32_t line, column; /* of an excerpt: how many lines, and bytes of its first line, come before it in the file */
};
struct place {
  uint32_t line, column; /* from 1; column in bytes */
};

/* ── Values ────────────────────────────────────────────────────────────────── */

enum proto { PROTO_TCP, PROTO_UDP, PROTO_SCTP, PROTO_ANY };

/* IPv4 as ::ffff:a.b.c.d, so that comparing bytes orders them. */
struct address {
  uint8_t bytes[16];
};
static inline struct address address_v4(uint32_t n) {
  return (struct address){{[10] = 0xff, 0xff, (uint8_t)(n >> 24), (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n}};
}

enum value_type {
  V_NONE, V_UNKNOWN, V_BOOL, V_NUMBER, V_DURATION, V_VERSION, V_STRING,
  V_WORD,     /* a bare word that its place has made an enum value */
  V_ADDRESS, V_RANGE, V_CIDR, V_PORT, V_ENDPOINT, V_URL, V_LIST, V_MAP,
  V_CALL,     /* ssh "x", file "x", env "X", jq '…', prompt "…" */
  V_RESOURCE, V_ZONE, V_KIND, V_SECRET, V_STEP, V_TOOL
};

/* How a duration was written: it is quoted as people have it in their plan. */
enum duration_form { FORM_COMPUTED, FORM_SECONDS /* 90s */, FORM_UNITS /* 1m30s */ };

/* 56 bytes, of which a plan of many resources has millions: what only some types have shares its place. */
struct value {
  uint8_t type;
  uint8_t proto;      /* V_PORT, V_ENDPOINT, V_URL: enum proto */
  uint8_t prefix;     /* V_CIDR: bits, counted in the address's own family; V_DURATION: enum duration_form */
  bool literal_host;  /* V_ENDPOINT, V_URL: the host is an address (from); else `host` */
  uint32_t name;      /* V_STRING, V_WORD, V_VERSION, V_URL (as written), V_CALL (function); V_ENDPOINT with a
                         host name: that name, lower case, without a final dot */
  struct span at;     /* where it was written */
  union {
    uint32_t id;      /* V_RESOURCE, V_ZONE, V_KIND, V_SECRET, V_STEP, V_TOOL */
    uint32_t count;   /* V_LIST, V_MAP, V_CALL */
  };
  union {
    int64_t number;   /* V_BOOL, V_NUMBER; V_DURATION in milliseconds */
    struct {
      struct address from; /* V_ADDRESS, V_RANGE, V_CIDR; V_ENDPOINT, V_URL with a literal host */
      union {
        struct address to; /* V_ADDRESS (as from), V_RANGE, V_CIDR: the last */
        struct {
          uint32_t lo, hi; /* V_PORT, V_ENDPOINT, V_URL: port, or range of ports; 0..65535 with `any` */
          uint32_t host;   /* V_URL, V_ENDPOINT: host name id, lower case; 0 with a literal host */
        };
      };
    };
    struct {
      const struct value *items; /* V_LIST, V_MAP, V_CALL: arguments */
      const uint32_t *keys;      /* V_MAP: name of each item */
    };
  };
};

/* A value and the guard (model/model.h) under which it holds: 0 is always. */
struct guarded {
  struct value value;
  uint32_t guard;
};

/* Parse the text of a literal token. Return false when it is not one, with a sentence in *why (static text). */
bool value_address(const char *text, size_t n, struct value *out, const char **why);
bool value_range(const char *text, size_t n, struct value *out, const char **why);
bool value_cidr(const char *text, size_t n, struct value *out, const char **why);
bool value_port(const char *text, size_t n, struct value *out, const char **why);     /* 443/tcp, 1-9/udp */
bool value_duration(const char *text, size_t n, struct value *out, const char **why); /* 1h30m, 250ms */
bool value_endpoint(struct names *names, const char *text, size_t n, struct value *out, const char **why);
/* scheme://host[:port][/…]; the port is the scheme's when left out (http, https, ws, wss, ssh, ldap, ldaps,
 * postgres, postgresql, mysql, redis, amqp), else an error. */
bool value_url(struct names *names, const char *text, size_t n, struct value *out, const char **why);
/* The port that a URL of this scheme means when it names none, 0 for a scheme not known. */
uint32_t value_scheme_port(const char *text, size_t n);
/* Equal in meaning: same type and content, wherever written; names of hosts without regard to case. */
bool value_equal(const struct value *a, const struct value *b);
/* Less, equal, greater (-1, 0, 1) for numbers, durations, versions (by parts), addresses, ports, strings;
 * 2 when the two can't be ordered. */
int value_compare(const struct names *names, const struct value *a, const struct value *b);
/* True when `inner` (address, CIDR, range) lies in `outer` (address, CIDR, range). */
bool value_within(const struct value *inner, const struct value *outer);
bool value_overlaps(const struct value *a, const struct value *b);
/* As written in a plan. */
void value_print(struct text *out, const struct names *names, const struct value *v);
const char *address_text(struct arena *arena, const struct address *a);
const char *proto_text(enum proto p);
const char *value_type_text(enum value_type t); /* "an address", "a list", … */

/* The nearest of `n` candidates to a misspelt word (Damerau-Levenshtein, at most a third of its length off),
 * or NONE: an index into the list. Ties go to the first. O(n · length²). */
uint32_t nearest(const char *word, const char *const *candidates, uint32_t n);

#endif
