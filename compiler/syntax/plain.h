/* Private to plain*.c and ahead.c: what the bytes of plain values are, and one who reads resources of them. */
#ifndef CUTC_PLAIN_H
#define CUTC_PLAIN_H

#include "syntax/parse.h"

/* What has more values, or looks like no other, gets its nodes at once. */
enum { SHAPE_NAMES = PLAIN_VALUES, SHAPES_MOST = 256, LAYOUTS_MOST = 256 };
enum { LETTER = 1, DIGIT = 2, NAME = LETTER | DIGIT, BLANK = 4, ENDS = 8, STOPS = 16 /* a string, or what makes it more than its bytes */ };
extern const uint8_t plain_classes[256];

static inline uint8_t class(char c) { return plain_classes[(unsigned char)c]; }
static inline bool blank(char c) { return class(c) & BLANK; }
/* What may follow a value: nothing that a longer token goes on with. */
static inline bool ends(char c) { return class(c) & ENDS; }
static inline size_t digits(const char *s) {
  size_t n = 0;
  while (class(s[n]) == DIGIT) n++;
  return n;
}
/* Of the word that begins here, 0 when none does. */
static inline size_t word_length(const char *s) {
  size_t n = 1;
  if (class(*s) != LETTER) return 0;
  for (;; n += 2) {
    while (class(s[n]) & NAME) n++;
    if (s[n] != '-' || !(class(s[n + 1]) & NAME)) return n;
  }
}
/* What begins with a digit, and its length; V_NONE when it is for the scanner to say. */
enum value_type number_type(const char *s, size_t *length);
/* What most that begins with a digit is, an address of four numbers or a port: its length, 0 when it is none or may have a mistake. */
size_t usual_number(const char *s, struct plain_value *out);

struct reader {
  struct parser *p;
  const char *s;        /* the next byte */
  uint32_t line_start, first_at; /* as in the parser */
  uint32_t place;       /* of p->usual: grows with each word */
  bool glance;          /* is it plain? Nodes and values are counted and not made, names not looked up */
  uint32_t nodes, values;
  uint32_t id, label, label_length, brace; /* the resource's name, and where it and the `{` stand */
  uint32_t hash;        /* of its name */
  uint32_t n, names[SHAPE_NAMES]; /* of the values so far, as in a shape */
  struct range values_at[SHAPE_NAMES];
};
/* Blanks, line ends and comments; false before a `##` text and at the end. */
bool plain_space(struct reader *r);
/* Is what begins here a resource of plain values? Then the reader stands behind it; its shape, NONE when there are too many,
 * and its layout, plus one, 0 when no other has it. Nothing is made but these, and of its name nothing but the hash. */
bool plain_glance(struct reader *r, uint32_t *shape, uint32_t *layout);

/* The same between the values, and so the same names there as well: of two with as many values. */
bool layout_same(const struct plain_layout *x, const struct plain_layout *y, uint32_t n);

/* ── ahead.c: a second thread that glances meanwhile ───────────────────────── */

struct glimpse {        /* a resource that has been found plain */
  uint32_t start, end, hash;
  uint16_t label_length, layout, nodes, values;
};
struct ahead;
/* NULL where it is not worth a thread. */
struct ahead *ahead_start(struct parser *p);
/* What was seen of the resource that begins here, NULL; its layout, plus one, in the parser's tree, 0 when that has none like it yet. Asked for places
 * one behind the other. */
const struct glimpse *ahead_at(struct ahead *a, uint32_t at, uint32_t *layout);
void ahead_stop(struct ahead *a); /* NULL is allowed */

#endif
