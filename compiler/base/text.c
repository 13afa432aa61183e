/* Text that is being built, in an arena.
 * Needs text.arena set. Guarantees a NUL behind the last byte and amortised O(1) per byte. */
#include "base/base.h"

#include <stdio.h>
#include <string.h>

static void room(struct text *t, size_t more) {
  if (t->cap - t->n > more && t->at)
    return;
  size_t cap = t->cap ? t->cap : 32; /* grows in place while nothing else is made */

  while (cap - t->n <= more)
    cap *= 2;
  if (t->at && cap <= UINT32_MAX / 2) {
    uint32_t was = (uint32_t)t->cap;

    t->at = arena_grow(t->arena, t->at, (uint32_t)t->n + 1, &was, (uint32_t)cap, 1);
    t->cap = was;
    return;
  }
  char *at = arena_alloc(t->arena, cap, 1);

  if (t->n)
    memcpy(at, t->at, t->n);
  t->at = at;
  t->cap = cap;
}

void text_add(struct text *t, const char *bytes, size_t n) {
  room(t, n);
  if (n)
    memcpy(t->at + t->n, bytes, n);
  t->n += n;
  t->at[t->n] = 0;
}

void text_puts(struct text *t, const char *s) {
  text_add(t, s, strlen(s));
}

void text_putc(struct text *t, char c) {
  if (!t->at || t->cap - t->n <= 1)
    room(t, 1);
  t->at[t->n++] = c;
  t->at[t->n] = 0;
}

void text_print(struct text *t, const char *format, ...) {
  va_list args, again;

  va_start(args, format);
  va_copy(again, args);
  int n = vsnprintf(NULL, 0, format, args);

  va_end(args);
  if (n > 0) {
    room(t, (size_t)n);
    vsnprintf(t->at + t->n, (size_t)n + 1, format, again);
    t->n += (size_t)n;
  }
  va_end(again);
}

const char *text_done(struct text *t) {
  return t->at ? t->at : "";
}
