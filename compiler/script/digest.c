/* Bytes -> SHA-256 as hexadecimal text, by nettle. */
#include "script/emit.h"

#include <nettle/sha2.h>

const char *digest_sha256(struct arena *arena, const char *text, size_t length) {
  struct sha256_ctx ctx;
  uint8_t digest[SHA256_DIGEST_SIZE];
  struct text out = {.arena = arena};
  sha256_init(&ctx);
  sha256_update(&ctx, length, (const uint8_t *)text);
  sha256_digest(&ctx, sizeof digest, digest);
  for (size_t i = 0; i < sizeof digest; i++) text_print(&out, "%02x", digest[i]);
  return text_done(&out);
}
