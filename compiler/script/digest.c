/* Bytes -> SHA-256 as hexadecimal text, by nettle.
 * Needs for the sum of a plan that its sources stay. Guarantees the same sum with a second thread and without. */
#include "script/emit.h"

#include "base/beside.h"

#include <nettle/sha2.h>

#include <string.h>

struct digest { struct sha256_ctx ctx; };

struct digest *digest_begin(struct arena *arena) {
  struct digest *d = arena_new(arena, struct digest);
  sha256_init(&d->ctx);
  return d;
}

void digest_add(struct digest *d, const char *text, size_t length) { sha256_update(&d->ctx, length, (const uint8_t *)text); }

const char *digest_end(struct arena *arena, struct digest *d) {
  static const char hex[] = "0123456789abcdef";
  uint8_t digest[SHA256_DIGEST_SIZE];
  char *out = arena_alloc(arena, 2 * sizeof digest + 1, 1);
  sha256_digest(&d->ctx, sizeof digest, digest);
  for (size_t i = 0; i < sizeof digest; i++) {
    out[2 * i] = hex[digest[i] >> 4];
    out[2 * i + 1] = hex[digest[i] & 15];
  }
  return out;
}

const char *digest_sha256(struct arena *arena, const char *text, size_t length) {
  struct digest *d = digest_begin(arena);
  digest_add(d, text, length);
  return digest_end(arena, d);
}

/* ── The plan's files ──────────────────────────────────────────────────────── */

/* Over each file of the plan: its path as shown, its length and its text. The library goes by the compiler's version. */
struct digesting {
  struct arena own;
  struct beside beside;
  bool apart;
  const char *text;
  ARRAY(struct slice) parts; /* of what is summed, one after the other */
};

static bool sum_parts(void *data) {
  struct digesting *g = data;
  struct digest *d = digest_begin(&g->own);
  for (uint32_t i = 0; i < g->parts.n; i++) digest_add(d, g->parts.at[i].at, g->parts.at[i].n);
  g->text = digest_end(&g->own, d);
  return true;
}

static void add_part(struct digesting *g, const char *at, size_t n) { array_push(&g->own, &g->parts, (struct slice){at, n}); }

static struct digesting *collect(struct model *m, uint32_t script) {
  struct digesting *g = arena_new(&m->c->arena, struct digesting);
  add_part(g, CUTC_VERSION, strlen(CUTC_VERSION));
  for (uint32_t i = 0; i < m->c->sources.n; i++) {
    const struct source *s = &m->c->sources.at[i];
    if (s->library || s->excerpt || i == script) continue;
    const char *head = arena_print(&g->own, "\n%s %u\n", place_text(&g->own, m, (struct span){i, 0, 0}), s->length);
    add_part(g, head, strlen(head));
    add_part(g, s->text, s->length);
  }
  return g;
}

struct digesting *digest_start(struct model *m) {
  enum { WORTH = 1 << 20 }; /* bytes */
  struct digesting *g = collect(m, NONE);
  size_t all = 0;
  for (uint32_t i = 0; i < g->parts.n; i++) all += g->parts.at[i].n;
  g->apart = beside_worth(all < UINT32_MAX ? (uint32_t)all : UINT32_MAX, WORTH);
  if (g->apart) beside_start(&g->beside, sum_parts, g);
  return g;
}

static const char *taken_over(struct model *m, struct digesting *g) {
  const char *text = arena_copy(&m->c->arena, g->text, strlen(g->text));
  arena_free(&g->own);
  return text;
}

const char *digest_done(struct model *m, struct digesting *g) {
  if (g->apart) beside_join(&g->beside);
  else sum_parts(g);
  return taken_over(m, g);
}

const char *digest_plan(struct model *m, uint32_t script) {
  struct digesting *g = collect(m, script);
  sum_parts(g);
  return taken_over(m, g);
}
