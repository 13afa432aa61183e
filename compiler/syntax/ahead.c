/* A second thread that reads ahead: text -> where its plain resources are, of which the parser then only looks up the name.
 * Needs a text that nobody changes. Guarantees the same tree with it and without: what it has seen counts only where the parser comes to the
 * very place between two declarations, and all that it made on the way is its own.
 *
 * The text is in pieces. The parser takes them from the front and the second thread from the back, until they meet: neither waits for the
 * other, and what the parser comes to first it reads itself. */
#include "syntax/plain.h"
#include "base/beside.h"

#include <stdatomic.h>
#include <string.h>

enum { PIECE = 32 << 10, LEAST = 256 << 10 /* bytes */, EXPECTED = 8 /* names that are fetched meanwhile */, TRIES = 3 };
enum { FREE, BUSY, SEEN, TAKEN };

struct piece {
  _Atomic unsigned char state;
  ARRAY(struct glimpse) seen; /* the parser's once it is SEEN */
};
struct ahead {
  struct parser *p;
  struct beside beside;
  atomic_bool stop;
  uint32_t piece_size, piece_count;
  struct piece *pieces;
  /* the second thread's */
  struct compilation *c;
  struct tree tree;
  struct parser own;
  /* the parser's */
  uint32_t at, next, count;   /* the piece that it is in, and of those seen there the next */
  const struct glimpse *seen;
  struct { uint32_t layout, tries; } known[LAYOUTS_MOST]; /* by layout here: that of the parser's tree, plus one */
};

/* ── The second thread ─────────────────────────────────────────────────────── */

/* A line after `s` that begins with a word; NULL when there is none before `end`. */
static const char *next_line(const char *s, const char *end) {
  while (s < end && (s = memchr(s, '\n', (size_t)(end - s))) != NULL)
    if (class(*++s) == LETTER) return s < end ? s : NULL;
  return NULL;
}

static void keep(struct ahead *a, struct piece *piece, const struct reader *r, uint32_t start, uint32_t layout) {
  uint32_t end = (uint32_t)(r->s - r->p->text);
  if (layout == 0 || r->label_length > UINT16_MAX || r->nodes > UINT16_MAX || r->values > UINT16_MAX) return;
  array_push(&a->c->arena, &piece->seen,
             ((struct glimpse){.start = start, .end = end, .hash = r->hash, .label_length = (uint16_t)r->label_length, .layout = (uint16_t)(layout - 1),
                               .nodes = (uint16_t)r->nodes, .values = (uint16_t)r->values}));
}

static void look(struct ahead *a, uint32_t nth) {
  const char *text = a->own.text, *end = text + a->own.length, *s = text + (size_t)nth * a->piece_size;
  const char *stop = (size_t)(end - s) > a->piece_size ? s + a->piece_size : end;
  struct reader r = {.p = &a->own, .s = nth == 0 && class(*s) == LETTER ? s : next_line(nth == 0 ? s : s - 1, stop)};
  uint32_t shape, layout;
  while (r.s != NULL && r.s < stop) {
    const char *start = r.s;
    r.line_start = r.first_at = (uint32_t)(start - text); /* of one that is all on one line they are the parser's to say */
    while (plain_space(&r) && r.s < stop) {
      start = r.s;
      if (!plain_glance(&r, &shape, &layout)) break;
      keep(a, &a->pieces[nth], &r, (uint32_t)(start - text), layout);
    }
    if (r.s < stop) r.s = next_line(start, stop);
  }
}

static bool look_all(void *data) {
  struct ahead *a = data;
  for (uint32_t i = a->piece_count; i-- > 0 && !atomic_load_explicit(&a->stop, memory_order_relaxed);) {
    unsigned char is = FREE;
    if (!atomic_compare_exchange_strong(&a->pieces[i].state, &is, BUSY)) break; /* here they meet */
    look(a, i);
    is = BUSY;
    if (!atomic_compare_exchange_strong(&a->pieces[i].state, &is, SEEN)) break;
  }
  return true;
}

/* ── The parser ────────────────────────────────────────────────────────────── */

struct ahead *ahead_start(struct parser *p) {
  bool all = p->tree->ahead_first;
  if (p->tree->by_grammar || p->length == 0 || (!all && !beside_worth(p->length, LEAST))) return NULL;
  struct compilation *c = compilation_new();
  struct ahead *a = arena_new(&c->arena, struct ahead);
  a->p = p;
  a->c = c;
  a->piece_size = all ? 64 : PIECE;
  a->piece_count = (p->length - 1) / a->piece_size + 1;
  a->pieces = arena_array(&c->arena, struct piece, a->piece_count);
  a->at = NONE;
  a->tree.c = c;
  /* None of these moves: the parser looks at those that a piece it has taken speaks of. */
  a->tree.shapes.at = arena_grow(&c->arena, NULL, 0, &a->tree.shapes.cap, SHAPES_MOST, sizeof *a->tree.shapes.at);
  a->tree.layouts.at = arena_grow(&c->arena, NULL, 0, &a->tree.layouts.cap, LAYOUTS_MOST, sizeof *a->tree.layouts.at);
  a->own = (struct parser){.c = c, .tree = &a->tree, .source = p->source, .text = p->text, .length = p->length};
  keywords_load(&a->own);
  beside_start(&a->beside, look_all, a);
  if (all) (void)beside_join(&a->beside);
  return a;
}

void ahead_stop(struct ahead *a) {
  if (a == NULL) return;
  atomic_store(&a->stop, true);
  if (!a->p->tree->ahead_first) (void)beside_join(&a->beside);
  compilation_free(a->c);
}

static uint32_t layout_known(struct ahead *a, uint32_t layout) {
  const struct tree *t = a->p->tree;
  const struct plain_layout *x = &a->tree.layouts.at[layout];
  uint32_t n = a->tree.shapes.at[x->shape].n;
  if (a->known[layout].layout == 0 && a->known[layout].tries < TRIES) {
    a->known[layout].tries++;
    for (uint32_t i = 0; i < t->layouts.n && a->known[layout].layout == 0; i++)
      if (t->shapes.at[t->layouts.at[i].shape].n == n && layout_same(x, &t->layouts.at[i], n)) a->known[layout].layout = i + 1;
  }
  return a->known[layout].layout;
}

static void enter(struct ahead *a, uint32_t piece) {
  struct piece *x = &a->pieces[piece];
  bool seen = atomic_exchange(&x->state, TAKEN) == SEEN;
  a->at = piece;
  a->next = 0;
  a->seen = seen ? x->seen.at : NULL;
  a->count = seen ? x->seen.n : 0;
}

const struct glimpse *ahead_at(struct ahead *a, uint32_t at, uint32_t *layout) {
  if (at / a->piece_size != a->at) enter(a, at / a->piece_size);
  while (a->next < a->count && a->seen[a->next].start < at) a->next++;
  if (a->next == a->count || a->seen[a->next].start != at) return NULL;
  const struct glimpse *g = &a->seen[a->next++];
  if (a->next + EXPECTED < a->count) name_expect_hashed(&a->p->c->names, g[EXPECTED].hash);
  *layout = layout_known(a, g->layout);
  return g;
}
