/* The one arena of a compilation: zeroed memory that is freed as a whole.
 * Needs nothing. Guarantees alignment to eight bytes, checked sizes, and no return without memory: running out ends
 * the process with a message and exit status 2. Under AddressSanitizer each allocation is a block of its own, so
 * that an overrun is seen. */
#define _GNU_SOURCE /* MAP_ANONYMOUS, madvise, mremap */
#include "base/base.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#if defined(__SANITIZE_ADDRESS__)
#define SEPARATE 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SEPARATE 1
#endif
#endif
#ifndef SEPARATE
#define SEPARATE 0
#endif
#if SEPARATE
#include <sanitizer/asan_interface.h>
#endif

#define ALIGN ((size_t)8)
#define BLOCK_FIRST ((size_t)4 << 10) /* many arenas live for a moment, and each byte of them is cleared */
#define BLOCK_LARGEST ((size_t)32 << 20)
#define LARGE ((size_t)256 << 10) /* has a block to itself, which grows by moving its pages: no copy is left behind */
#define PAGES ((size_t)64 << 10)
#define PAGE ((uintptr_t)4 << 10)
#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

struct arena_block {
  struct arena_block *next;
  size_t size;
  size_t mapped; /* bytes to give back to the system; 0: from malloc */
  bool own;      /* holds one array alone */
  _Alignas(16) unsigned char bytes[];
};

_Noreturn static void fail(const char *why) {
  fprintf(stderr, "cutc: %s\n", why);
  exit(2);
}

/* Large blocks are mapped, so that they can grow by moving their pages. They are left on small ones: where the kernel has to find
 * and clear huge ones, it took three times as long as all the trips to it for small ones (virtual machine, 600 MB). */
static struct arena_block *obtain(size_t size) {
  size_t bytes = sizeof(struct arena_block) + size;
  struct arena_block *b;

  if (SEPARATE || bytes < LARGE) {
    b = calloc(1, bytes);
  } else {
    size_t mapped = (bytes + PAGES - 1) & ~(PAGES - 1);

    b = mmap(NULL, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (b == MAP_FAILED)
      fail("out of memory");
    b->mapped = mapped;
  }
  if (!b)
    fail("out of memory");
  b->size = size;
  return b;
}

static struct arena_block *block_new(struct arena *a, size_t size) {
  struct arena_block *b = obtain(size);

  b->next = a->blocks;
  a->blocks = b;
  return b;
}

void *arena_alloc(struct arena *a, size_t count, size_t size) {
  size_t bytes;

  if (__builtin_mul_overflow(count, size, &bytes) || bytes > SIZE_MAX / 4)
    fail("the input asks for more memory than there is");
  a->total += bytes;
  bytes += !bytes;
  if (SEPARATE)
    return block_new(a, bytes)->bytes;
  bytes = (bytes + ALIGN - 1) & ~(ALIGN - 1);
  if (bytes >= LARGE || (size_t)(a->end - a->next) < bytes) {
    size_t want = a->blocks ? a->blocks->size * 2 : BLOCK_FIRST;

    if (want > BLOCK_LARGEST)
      want = BLOCK_LARGEST;
    if (bytes > want / 4 || bytes >= LARGE) {
      /* A large one gets a block of its own, behind the one that is being filled. */
      struct arena_block *b = obtain(bytes);

      b->own = true;
      if (a->blocks) {
        b->next = a->blocks->next;
        a->blocks->next = b;
      } else {
        a->blocks = b;
        a->next = a->end = b->bytes + bytes;
      }
      return b->bytes;
    }
    a->next = block_new(a, want)->bytes;
    a->end = a->next + want;
  }
  void *p = a->next;

  a->next += bytes;
  return p;
}

void *arena_table(struct arena *a, size_t count, size_t size) {
  unsigned char *p = arena_alloc(a, count, size);
  unsigned char *first = (unsigned char *)(((uintptr_t)p + PAGE - 1) & ~(PAGE - 1)), *end = p + count * size;

  if (end > first + PAGES)
    (void)madvise(first, (size_t)(end - first), MADV_POPULATE_WRITE); /* an older kernel does not know it, and is slower */
  return p;
}

/* A large array that has a block to itself grows by moving its pages: no copy, and the old ones are not left behind. NULL
 * when it has none. */
static void *regrow(struct arena *a, void *old, size_t size) {
  struct arena_block **link = &a->blocks;

  while (*link && !((*link)->own && (*link)->mapped && (void *)(*link)->bytes == old))
    link = &(*link)->next;
  if (!*link)
    return NULL;
  struct arena_block *b = *link;
  size_t mapped = (sizeof *b + size + PAGES - 1) & ~(PAGES - 1);

  if (mapped > b->mapped) {
    bool last = a->end == b->bytes + b->size; /* nothing else was ever taken from here */

    b = mremap(b, b->mapped, mapped, MREMAP_MAYMOVE);
    if (b == MAP_FAILED)
      fail("out of memory");
    b->mapped = mapped;
    *link = b;
    if (last)
      a->next = a->end = NULL;
  }
  a->total += size - b->size;
  b->size = size;
  return b->bytes;
}

void *arena_grow(struct arena *a, void *old, uint32_t used, uint32_t *cap, uint32_t want, size_t size) {
  uint32_t n = *cap;

  if (want == 0 || want > UINT32_MAX / 2)
    fail("the input asks for more memory than there is");
  while (n < want)
    n = n ? n * 2 : size > 256 ? 1 : size > 32 ? 2 : 8; /* most arrays of large things stay small */
  if (!SEPARATE && old && *cap) {
    size_t was = ((size_t)*cap * size + ALIGN - 1) & ~(ALIGN - 1);
    size_t now = ((size_t)n * size + ALIGN - 1) & ~(ALIGN - 1);

    if ((unsigned char *)old + was == a->next && now - was <= (size_t)(a->end - a->next)) {
      a->next += now - was;
      a->total += now - was;
      *cap = n;
      return old;
    }
  }
  if (!SEPARATE && (size_t)*cap * size >= LARGE && n <= SIZE_MAX / 4 / size) {
    void *moved = regrow(a, old, (n * size + ALIGN - 1) & ~(ALIGN - 1));

    if (moved) {
      *cap = n;
      return moved;
    }
  }
  void *p = arena_alloc(a, n, size);

  if (used)
    memcpy(p, old, (size_t)used * size);
#if SEPARATE
  /* Whoever still reads the old place would read what has gone, were the array large. */
  if (old && *cap)
    __asan_poison_memory_region(old, (size_t)*cap * size);
#endif
  *cap = n;
  return p;
}

char *arena_copy(struct arena *a, const char *text, size_t length) {
  char *p = arena_alloc(a, length + 1, 1);

  if (length)
    memcpy(p, text, length);
  return p;
}

char *arena_print(struct arena *a, const char *format, ...) {
  struct text t = {.arena = a};
  va_list args;

  va_start(args, format);
  text_format(&t, format, args);
  va_end(args);
  if (!t.at)
    return arena_copy(a, "", 0);
  /* What the text did not take goes back, where nothing came behind it. */
  size_t all = (t.cap + ALIGN - 1) & ~(ALIGN - 1), used = (t.n + ALIGN) & ~(ALIGN - 1);

  if (!SEPARATE && (unsigned char *)t.at + all == a->next && used < all) {
    memset(t.at + t.n, 0, all - t.n);
    a->next -= all - used;
    a->total -= all - used;
  }
  return t.at;
}

void arena_reset(struct arena *a) {
  struct arena_block *kept = a->blocks;

  if (SEPARATE || !kept || kept->own || a->next < kept->bytes || a->next > kept->bytes + kept->size) {
    arena_free(a);
    return;
  }
  a->blocks = kept->next;
  kept->next = NULL;
  unsigned char *next = a->next, *end = a->end;

  arena_free(a);
  memset(kept->bytes, 0, (size_t)(next - kept->bytes));
  *a = (struct arena){.blocks = kept, .next = kept->bytes, .end = end};
}

void arena_adopt(struct arena *a, struct arena *other) {
  struct arena_block *last = other->blocks;

  if (!a->blocks) {
    *a = *other;
  } else if (last) {
    while (last->next)
      last = last->next;
    last->next = a->blocks->next; /* behind the one that is being filled */
    a->blocks->next = other->blocks;
    a->total += other->total;
  }
  *other = (struct arena){0};
}

void arena_free(struct arena *a) {
  for (struct arena_block *b = a->blocks, *next; b; b = next) {
    next = b->next;
    if (b->mapped)
      munmap(b, b->mapped);
    else
      free(b);
  }
  memset(a, 0, sizeof *a);
}
