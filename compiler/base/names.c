/* Texts as numbers: the same bytes always have the same id.
 * Open addressing with linear probing; a slot holds the first bytes of its text beside the hash, so that a probe
 * reads no other memory unless both agree. Ids count up from 0, which is the empty text. */
#include "base/base.h"

#include <string.h>

struct name_slot {
  uint64_t first; /* load() of it: with the length, all of a text of up to eight bytes */
  uint32_t hash;  /* its last four bits are the length, 9 for all that are longer than eight */
  uint32_t id; /* plus one; 0 is an empty slot */
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

uint32_t name_hash(const char *text, size_t n) {
  uint64_t h = 0x9e3779b97f4a7c15u ^ n;

  for (; n > 8; text += 8, n -= 8) {
    h = (h ^ load(text, 8)) * 0xd6e8feb86659fd93u;
    h ^= h >> 32;
  }
  h = (h ^ load(text, n)) * 0xd6e8feb86659fd93u;
  h ^= h >> 32;
  h *= 0xd6e8feb86659fd93u;
  return (uint32_t)(h >> 32);
}

/* What a slot calls it: one read tells a short text from all others. */
static uint32_t mark(uint32_t h, size_t n) {
  return (h & ~15u) | (n > 8 ? 9 : (uint32_t)n);
}

/* Where it belongs, by what its slot calls it: the table has as many slots as are wanted, not a power of two. */
static uint32_t home(const struct names *t, uint32_t h) {
  return (uint32_t)((uint64_t)(h & ~15u) * t->slot_count >> 32);
}

static uint32_t behind(const struct names *t, uint32_t slot) {
  return slot + 1 == t->slot_count ? 0 : slot + 1;
}

/* The slot of a text, or the empty one where it belongs. The table is never full. */
static struct name_slot *find(const struct names *t, const char *text, size_t n, uint32_t h) {
  uint64_t first = load(text, n);
  uint32_t marked = mark(h, n);

  for (uint32_t i = home(t, h);; i = behind(t, i)) {
    struct name_slot *s = &t->slots[i];

    if (!s->id)
      return s;
    if (s->hash == marked && s->first == first) {
      if (n <= 8)
        return s;
      const struct name_text *x = &t->texts.at[s->id - 1];

      if (x->n == n && memcmp(x->at, text, n) == 0)
        return s;
    }
  }
}

static void grow(struct names *t, uint32_t slots) {
  struct name_slot *old = t->slots;
  uint32_t count = t->slot_count;

  t->slot_count = slots;
  t->slots = arena_table(t->arena, t->slot_count, sizeof *t->slots);
  for (uint32_t i = 0; i < count; i++) {
    if (!old[i].id)
      continue;
    uint32_t j = home(t, old[i].hash);

    while (t->slots[j].id)
      j = behind(t, j);
    t->slots[j] = old[i];
  }
}

static uint32_t add(struct names *t, struct name_slot *slot, const char *text, size_t n, uint32_t h) {
  slot->first = load(text, n);
  slot->hash = mark(h, n);
  array_push(t->arena, &t->texts, (struct name_text){arena_copy(t->arena, text, n), (uint32_t)n});
  slot->id = t->texts.n;
  return slot->id - 1;
}

uint32_t name_of_hashed(struct names *t, const char *text, size_t length, uint32_t h) {
  if (!t->texts.n) {
    grow(t, 1024);
    uint32_t empty = name_hash("", 0);
    add(t, find(t, "", 0, empty), "", 0, empty);
  }
  struct name_slot *slot = find(t, text, length, h);

  if (slot->id)
    return slot->id - 1;
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

  if (t->texts.n && all < UINT32_MAX / 4 && all + all / 4 * 3 > t->slot_count)
    grow(t, all + all / 4 * 3);
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

  return slot->id ? slot->id - 1 : NONE;
}

uint32_t name_find(const struct names *t, const char *text, size_t length) {
  return name_find_hashed(t, text, length, name_hash(text, length));
}
