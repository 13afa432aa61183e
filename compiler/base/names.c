/* Texts as numbers: the same bytes always have the same id.
 * Open addressing with linear probing; a slot holds all of a short text, and of a longer one enough that a probe reads no other
 * memory unless it is most likely that. Ids count up from 0, which is the empty text. */
#include "base/base.h"

#include <string.h>

enum { SHORT = 8, LONGER = SHORT + 1, LENGTH_BITS = 4, LEAST_PIECE = 4096 };

struct name_slot {
  uint32_t key[2]; /* of a text of up to eight bytes these, load(); else the hash and the last four bytes */
  uint32_t name;   /* the id plus one; in its last four bits the length, LONGER for all longer ones. 0: an empty slot */
};

/* The first eight bytes, without a byte behind them being read: shorter ones as halves that overlap. */
static uint64_t load(const char *p, size_t n) {
  uint64_t v;
  uint32_t low, high;

  if (n >= 8) {
    memcpy(&v, p, 8);
    return v;
  }
  if (n >= 4) {
    memcpy(&low, p, 4);
    memcpy(&high, p + n - 4, 4);
    return low | (uint64_t)high << 32;
  }
  if (!n)
    return 0;
  return (uint64_t)(unsigned char)p[0] | (uint64_t)(unsigned char)p[n / 2] << 8 | (uint64_t)(unsigned char)p[n - 1] << 16;
}

#define HASH_START 0x9e3779b97f4a7c15u
#define HASH_STEP 0xd6e8feb86659fd93u

static uint32_t hash_end(uint64_t h, uint64_t last) {
  h = (h ^ last) * HASH_STEP;
  h ^= h >> 32;
  return (uint32_t)((h * HASH_STEP) >> 32);
}

uint32_t name_hash(const char *text, size_t n) {
  uint64_t h = HASH_START ^ n;

  for (; n > 8; text += 8, n -= 8) {
    h = (h ^ load(text, 8)) * HASH_STEP;
    h ^= h >> 32;
  }
  return hash_end(h, load(text, n));
}

/* What a slot says of a text. */
static struct name_slot slot_for(const char *text, size_t n, uint32_t h) {
  struct name_slot s = {{h, 0}, n > SHORT ? LONGER : (uint32_t)n};
  uint64_t all = n > SHORT ? 0 : load(text, n);

  if (n > SHORT)
    memcpy(&s.key[1], text + n - sizeof s.key[1], sizeof s.key[1]);
  else
    memcpy(s.key, &all, sizeof s.key);
  return s;
}

/* And the hash of that text. */
static uint32_t hash_of(const struct name_slot *s) {
  uint32_t n = s->name & ((1u << LENGTH_BITS) - 1);
  uint64_t all;

  memcpy(&all, s->key, sizeof all);
  return n == LONGER ? s->key[0] : hash_end(HASH_START ^ n, all);
}

/* Where it belongs: the table has as many slots as are wanted, not a power of two. */
static uint32_t home(const struct names *t, uint32_t h) {
  return (uint32_t)((uint64_t)h * t->slot_count >> 32);
}

static uint32_t behind(const struct names *t, uint32_t slot) {
  return slot + 1 == t->slot_count ? 0 : slot + 1;
}

/* The slot of a text, or the empty one where it belongs. The table is never full. */
static struct name_slot *find(const struct names *t, const char *text, size_t n, uint32_t h) {
  struct name_slot want = slot_for(text, n, h);

  for (uint32_t i = home(t, h);; i = behind(t, i)) {
    struct name_slot *s = &t->slots[i];

    if (!s->name)
      return s;
    if (s->key[0] != want.key[0] || s->key[1] != want.key[1] || ((s->name ^ want.name) & ((1u << LENGTH_BITS) - 1)))
      continue;
    if (n <= SHORT)
      return s;
    uint32_t id = (s->name >> LENGTH_BITS) - 1;

    if (name_length(t, id) == n && memcmp(name_text(t, id), text, n) == 0)
      return s;
  }
}

static void grow(struct names *t, uint32_t slots) {
  struct name_slot *old = t->slots;
  uint32_t count = t->slot_count;

  t->slot_count = slots;
  t->slots = arena_table(t->arena, t->slot_count, sizeof *t->slots);
  for (uint32_t i = 0; i < count; i++) {
    if (!old[i].name)
      continue;
    uint32_t j = home(t, hash_of(&old[i]));

    while (t->slots[j].name)
      j = behind(t, j);
    t->slots[j] = old[i];
  }
}

/* A place for so many bytes: the last piece's rest, or a piece more. */
static uint32_t place(struct names *t, size_t n) {
  if (t->room - t->used < n || t->used + 1 + sizeof(uint32_t) >= 1u << NAMES_PIECE) { /* what it can be called is less than a piece */
    size_t size = t->room < LEAST_PIECE ? LEAST_PIECE : t->room < 1u << NAMES_PIECE ? 2u * t->room : 1u << NAMES_PIECE;

    if (t->pieces.n == UINT32_MAX >> NAMES_PIECE)
      arena_alloc(t->arena, SIZE_MAX, 2); /* says that there is no more memory */
    size = n > size ? n : size;
    array_push(t->arena, &t->pieces, arena_alloc(t->arena, size, 1));
    t->used = 0;
    t->room = (uint32_t)size;
  }
  return (t->pieces.n - 1) << NAMES_PIECE | t->used;
}

static uint32_t add(struct names *t, struct name_slot *slot, const char *text, size_t n, uint32_t h) {
  bool longer = n >= UINT8_MAX;
  uint32_t before = longer ? 1 + sizeof(uint32_t) : 1, length = (uint32_t)n, at;

  if (n >= UINT32_MAX - 8 || t->texts.n >= (UINT32_MAX >> LENGTH_BITS) - 1)
    arena_alloc(t->arena, SIZE_MAX, 2);
  at = place(t, before + n + 1);
  char *to = t->pieces.at[at >> NAMES_PIECE] + t->used;

  if (longer)
    memcpy(to, &length, sizeof length);
  to += before;
  to[-1] = (char)(longer ? UINT8_MAX : length);
  if (n)
    memcpy(to, text, n);
  t->used += before + length + 1;
  array_push(t->arena, &t->texts, at + before);
  *slot = slot_for(text, n, h);
  slot->name |= t->texts.n << LENGTH_BITS;
  return t->texts.n - 1;
}

uint32_t name_of_hashed(struct names *t, const char *text, size_t length, uint32_t h) {
  if (!t->texts.n) {
    grow(t, 1024);
    uint32_t empty = name_hash("", 0);
    add(t, find(t, "", 0, empty), "", 0, empty);
  }
  struct name_slot *slot = find(t, text, length, h);

  if (slot->name)
    return (slot->name >> LENGTH_BITS) - 1;
  if (t->alone)
    t->alone(t->alone_data);
  if (t->texts.n < t->slot_count / 4 * 3)
    return add(t, slot, text, length, h);
  grow(t, t->slot_count * 2);
  return add(t, find(t, text, length, h), text, length, h);
}

uint32_t name_of(struct names *t, const char *text, size_t length) {
  return name_of_hashed(t, text, length, name_hash(text, length));
}

void names_room(struct names *t, uint32_t more) {
  uint32_t all = t->texts.n + more;

  if (t->texts.n && all < UINT32_MAX / 4 && all + all / 2 > t->slot_count)
    grow(t, all + all / 2);
}

uint32_t name_str(struct names *t, const char *text) {
  return name_of(t, text, strlen(text));
}

void name_expect_hashed(const struct names *t, uint32_t h) {
  if (t->slot_count)
    __builtin_prefetch(&t->slots[home(t, h)]);
}

void name_expect(const struct names *t, const char *text, size_t length) {
  name_expect_hashed(t, name_hash(text, length));
}

uint32_t name_find_hashed(const struct names *t, const char *text, size_t length, uint32_t h) {
  if (!t->slot_count)
    return length ? NONE : 0;
  struct name_slot *slot = find(t, text, length, h);

  return slot->name ? (slot->name >> LENGTH_BITS) - 1 : NONE;
}

uint32_t name_find(const struct names *t, const char *text, size_t length) {
  return name_find_hashed(t, text, length, name_hash(text, length));
}
