/* Bytes -> SHA-256 as hexadecimal text, by nettle. */
#include "script/emit.h"

#include <nettle/sha2.h>

#include <string.h>

static const char *finish(struct arena *arena, struct sha256_ctx *ctx) {
  static const char hex[] = "0123456789abcdef";
  uint8_t digest[SHA256_DIGEST_SIZE];
  char *out = arena_alloc(arena, 2 * sizeof digest + 1, 1);
  sha256_digest(ctx, sizeof digest, digest);
  for (size_t i = 0; i < sizeof digest; i++) {
    out[2 * i] = hex[digest[i] >> 4];
    out[2 * i + 1] = hex[digest[i] & 15];
  }
  return out;
}

const char *digest_sha256(struct arena *arena, const char *text, size_t length) {
  struct sha256_ctx ctx;
  sha256_init(&ctx);
  sha256_update(&ctx, length, (const uint8_t *)text);
  return finish(arena, &ctx);
}

/* Over each file of the plan: its path as shown, its length and its text. The library goes by the compiler's version. */
const char *digest_plan(struct model *m, uint32_t script) {
  struct arena *arena = &m->c->arena;
  struct sha256_ctx ctx;
  sha256_init(&ctx);
  sha256_update(&ctx, strlen(CUTC_VERSION), (const uint8_t *)CUTC_VERSION);
  for (uint32_t i = 0; i < m->c->sources.n; i++) {
    const struct source *s = &m->c->sources.at[i];
    if (s->library || s->excerpt || i == script) continue;
    const char *head = arena_print(arena, "\n%s %u\n", place_text(arena, m, (struct span){i, 0, 0}), s->length);
    sha256_update(&ctx, strlen(head), (const uint8_t *)head);
    sha256_update(&ctx, s->length, (const uint8_t *)s->text);
  }
  return finish(arena, &ctx);
}
