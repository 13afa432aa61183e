/* Facts by what they answer for: hash tables over (zone, name or address), intervals for ranges.
 * Needs the facts of a model; guards play no part here. Guarantees O(facts log facts) to build, lists in the order of
 * the facts, and look-ups that touch only what matches. */
#include "prove/index.h"

#include <stdlib.h>
#include <string.h>

/* ── Lists and the hash table ──────────────────────────────────────────────── */

static uint64_t mix(uint64_t h, uint64_t v)
{
  h ^= v;
  h = (h ^ h >> 32) * 0xd6e8feb86659fd93u;
  return h ^ h >> 32;
}

/* The slot of a key, or the empty one where it belongs; the hash in *hash. */
static struct bucket_slot *slot_of(const struct state *s, enum table table, uint32_t a, uint32_t b, uint32_t *hash)
{
  uint64_t h = mix(mix(table, a), b);

  *hash = (uint32_t)(h >> 32);
  for (uint32_t i = (uint32_t)h & (s->bucket_slots - 1);; i = (i + 1) & (s->bucket_slots - 1)) {
    struct bucket_slot *slot = &s->slots[i];

    if (!slot->bucket)
      return slot;
    const struct bucket *x = slot->hash == *hash ? &s->buckets[slot->bucket - 1] : NULL;

    if (x && x->table == table && x->a == a && x->b == b)
      return slot;
  }
}

uint32_t index_first(const struct state *s, enum table table, uint32_t a, uint32_t b)
{
  uint32_t hash, bucket = b == NONE ? 0 : slot_of(s, table, a, b, &hash)->bucket;

  return bucket ? s->buckets[bucket - 1].first : END;
}

void index_append(struct state *s, uint32_t *first, uint32_t *last, uint32_t to)
{
  array_push(s->arena, &s->listed, (struct link_to){to, END});
  if (*first == END)
    *first = s->listed.n - 1;
  else
    s->listed.at[*last].next = s->listed.n - 1;
  *last = s->listed.n - 1;
}

static void put(struct state *s, enum table table, uint32_t a, uint32_t b, uint32_t fact)
{
  uint32_t hash;
  struct bucket_slot *slot = slot_of(s, table, a, b, &hash);
  bool known = slot->bucket;

  if (!known)
    *slot = (struct bucket_slot){hash, ++s->bucket_count};
  struct bucket *x = &s->buckets[slot->bucket - 1];

  if (!known)
    *x = (struct bucket){.table = (uint8_t)table, .a = a, .b = b, .first = END};
  else if (x->first == x->last) /* no longer alone */
    array_push(s->arena, &s->meeting, s->listed.at[x->first].to);
  if (known)
    array_push(s->arena, &s->meeting, fact);
  index_append(s, &x->first, &x->last, fact);
}

/* ── Addresses ─────────────────────────────────────────────────────────────── */

int address_compare(const struct address *a, const struct address *b)
{
  return memcmp(a->bytes, b->bytes, sizeof a->bytes);
}

struct address address_distance(const struct address *a, const struct address *b)
{
  struct address d;
  unsigned borrow = 0;

  for (unsigned i = 16; i-- > 0;) {
    unsigned take = a->bytes[i] + borrow;

    borrow = b->bytes[i] < take;
    d.bytes[i] = (uint8_t)(b->bytes[i] + 256u - take);
  }
  return d;
}

/* The facts of a zone whose host is a range, sorted by first address, read as an implicit balanced tree: `most` is the
 * greatest last address of the subtree whose root is the middle of [low, high). */
struct by_from { struct address from; uint32_t fact; };

static int compare_from(const void *a, const void *b)
{
  const struct by_from *x = a, *y = b;
  int c = address_compare(&x->from, &y->from);

  return c ? c : x->fact < y->fact ? -1 : x->fact > y->fact;
}

static struct address fill_most(struct state *s, struct ranges *r, uint32_t low, uint32_t high)
{
  uint32_t middle = low + (high - low) / 2;
  struct address most = state_fact(s, r->facts[middle])->host.to;

  for (unsigned side = 0; side < 2; side++) {
    uint32_t from = side ? middle + 1 : low, to = side ? high : middle;

    if (from < to) {
      struct address other = fill_most(s, r, from, to);

      if (address_compare(&other, &most) > 0)
        most = other;
    }
  }
  return r->most[middle] = most;
}

static void stab(struct state *s, const struct ranges *r, uint32_t low, uint32_t high, const struct address *address)
{
  while (low < high) {
    uint32_t middle = low + (high - low) / 2;
    const struct host *h = &state_fact(s, r->facts[middle])->host;

    if (address_compare(&r->most[middle], address) < 0)
      return;
    stab(s, r, low, middle, address);
    if (address_compare(&h->from, address) > 0)
      return;
    if (address_compare(&h->to, address) >= 0)
      array_push(s->arena, &s->stabbed, r->facts[middle]);
    low = middle + 1;
  }
}

/* By size of the range, then fact. */
static bool wider(const struct state *s, uint32_t a, uint32_t b)
{
  const struct host *x = &state_fact(s, a)->host, *y = &state_fact(s, b)->host;
  struct address p = address_distance(&x->from, &x->to), q = address_distance(&y->from, &y->to);
  int c = address_compare(&p, &q);

  return c ? c > 0 : a > b;
}

static void sift(struct state *s, uint32_t *at, uint32_t i, uint32_t n)
{
  for (uint32_t child; (child = 2 * i + 1) < n; i = child) {
    if (child + 1 < n && wider(s, at[child + 1], at[child]))
      child++;
    if (!wider(s, at[child], at[i]))
      return;
    uint32_t swapped = at[i];

    at[i] = at[child];
    at[child] = swapped;
  }
}

void index_stab(struct state *s, uint32_t zone, const struct address *address)
{
  s->stabbed.n = 0;
  if (s->ranges[zone].n)
    stab(s, &s->ranges[zone], 0, s->ranges[zone].n, address);
  /* Heap sort: qsort has no place for the facts. */
  for (uint32_t i = s->stabbed.n / 2; i-- > 0;)
    sift(s, s->stabbed.at, i, s->stabbed.n);
  for (uint32_t n = s->stabbed.n; n > 1; n--) {
    uint32_t last = s->stabbed.at[n - 1];

    s->stabbed.at[n - 1] = s->stabbed.at[0];
    s->stabbed.at[0] = last;
    sift(s, s->stabbed.at, 0, n - 1);
  }
}

static void ranges_build(struct state *s)
{
  const struct model *m = s->m;
  uint32_t *count = arena_array(s->arena, uint32_t, m->zones.n + 1);
  struct by_from **lists = arena_array(s->arena, struct by_from *, m->zones.n + 1);

  for (unsigned pass = 0; pass < 2; pass++) {
    for (uint32_t k = 0; k < s->ranged.n; k++) {
      uint32_t i = s->ranged.at[k];
      const struct fact *f = state_fact(s, i);

      if (pass)
        lists[f->zone][s->ranges[f->zone].n++] = (struct by_from){f->host.from, i};
      else
        count[f->zone]++;
    }
    for (uint32_t z = 0; z < m->zones.n && !pass; z++)
      lists[z] = arena_array(s->arena, struct by_from, count[z]);
  }
  for (uint32_t z = 0; z < m->zones.n; z++) {
    struct ranges *r = &s->ranges[z];

    if (!r->n)
      continue;
    qsort(lists[z], r->n, sizeof *lists[z], compare_from);
    r->facts = arena_array(s->arena, uint32_t, r->n);
    r->most = arena_array(s->arena, struct address, r->n);
    for (uint32_t i = 0; i < r->n; i++)
      r->facts[i] = lists[z][i].fact;
    fill_most(s, r, 0, r->n);
  }
}

/* ── Matching ──────────────────────────────────────────────────────────────── */

unsigned port_rank(const struct fact *f, uint32_t port)
{
  bool any = f->port == NONE || (f->port == 0 && f->port_end == 65535);
  unsigned rank = any ? 2 : f->port_end == NONE || f->port_end == f->port ? 0 : 1;

  if (port == NONE || any)
    return rank;
  if (rank == 0)
    return f->port == port ? 0 : 3;
  return f->port <= port && port <= f->port_end ? 1 : 3;
}

bool proto_matches(const struct fact *f, uint32_t port, uint8_t proto)
{
  if (f->proto == PROTO_ANY || proto == PROTO_ANY || f->proto == proto)
    return true;
  /* `hosts` of a URL bind 443 for QUIC too, and any port is any protocol's. */
  return f->type == FACT_HOSTS && (port_rank(f, port) == 2 || (f->port == 443 && proto != PROTO_SCTP));
}

uint32_t name_parent(const struct state *s, uint32_t name, uint32_t n, bool *more)
{
  const char *text = name_text(&s->m->c->names, name), *end = text + name_length(&s->m->c->names, name);

  for (; n > 0; n--) {
    const char *dot = memchr(text, '.', (size_t)(end - text));

    if (!dot || dot + 1 == end) {
      *more = false;
      return NONE;
    }
    text = dot + 1;
  }
  *more = true;
  return name_find(&s->m->c->names, text, (size_t)(end - text));
}

bool index_team(const struct state *s, uint32_t a, uint32_t b)
{
  for (uint32_t i = s->teams[a]; i != END; i = s->listed.at[i].next)
    for (uint32_t j = s->teams[b]; j != END; j = s->listed.at[j].next)
      if (s->listed.at[i].to == s->listed.at[j].to)
        return true;
  return false;
}

/* ── Building ──────────────────────────────────────────────────────────────── */

/* False when it is not in a table: others are found by walking through all of those. */
static bool put_host(struct state *s, const struct fact *f, uint32_t i)
{
  if (f->zone >= s->m->zones.n)
    return false;
  switch ((enum host_type)f->host.type) {
  case HOST_ADDRESS:
    return true; /* places.c */
  case HOST_NAME:
    put(s, TABLE_NAME, f->zone, f->host.name, i);
    return true;
  case HOST_PATTERN:
    put(s, TABLE_PATTERN, f->zone, f->host.name, i);
    return true;
  case HOST_RANGE:
    if (f->type != FACT_NAMES)
      array_push(s->arena, &s->ranged, i);
    break;
  case HOST_NONE:
  case HOST_UNKNOWN:
    break;
  }
  return false;
}

/* What a virtual host is asked for by; https://10.0.0.1 asks for the address as text. */
static uint32_t hosted_name(struct state *s, const struct host *h)
{
  return h->type == HOST_ADDRESS ? name_str(&s->m->c->names, address_text(s->arena, &h->from)) : h->name;
}

static bool put_fact(struct state *s, uint32_t i, uint32_t *last)
{
  const struct fact *f = state_fact(s, i);

  switch ((enum fact_type)f->type) {
  case FACT_SERVES:
    return put_host(s, f, i);
  case FACT_FORWARDS:
    if (f->host.type == HOST_NONE && !s->passing)
      s->passing = arena_array(s->arena, uint32_t, s->m->resources.n);
    if (f->host.type == HOST_NONE)
      index_append(s, &s->passing[f->by], &last[f->by], i);
    return f->host.type == HOST_NONE || put_host(s, f, i);
  case FACT_NAMES:
    return put_host(s, f, i);
  case FACT_OWNS:
    if (f->zone < s->m->zones.n && (f->host.type == HOST_NAME || f->host.type == HOST_PATTERN))
      put(s, TABLE_OWNS, f->zone, f->host.name, i);
    return true; /* nobody is in conflict with it */
  case FACT_HOSTS:
    if (f->at == NONE || f->host.type == HOST_NONE || f->host.type == HOST_UNKNOWN)
      break;
    index_append(s, &s->bound_at[f->at], &last[s->m->resources.n + f->at], i);
    put(s, f->host.type == HOST_PATTERN ? TABLE_HOSTS_PATTERN : TABLE_HOSTS, f->at, hosted_name(s, &f->host), i);
    return true;
  case FACT_NEEDS:
    return true;
  }
  return false;
}

void index_build(struct state *s)
{
  const struct model *m = s->m;
  uint32_t *last = arena_array(s->arena, uint32_t, 3 * (size_t)m->resources.n);

  s->bucket_slots = 16;
  while (s->bucket_slots / 2 <= s->named)
    s->bucket_slots *= 2;
  s->slots = arena_array(s->arena, struct bucket_slot, s->bucket_slots);
  s->buckets = arena_array(s->arena, struct bucket, s->named + 1);
  s->ranges = arena_array(s->arena, struct ranges, m->zones.n + 1);
  s->bound_at = arena_array(s->arena, uint32_t, m->resources.n);
  s->teams = arena_array(s->arena, uint32_t, m->resources.n);
  for (uint32_t n = 0; n < s->indexed.n; n++) {
    uint32_t i = s->indexed.at[n];
    const struct fact *f = state_fact(s, i);

    if (!put_fact(s, i, last))
      array_push(s->arena, &s->meeting, i);
    for (uint32_t k = 0; k < f->any_count; k++)
      if (f->any_of[k].type == TARGET_RESOURCE)
        index_append(s, &s->teams[f->any_of[k].resource], &last[2 * m->resources.n + f->any_of[k].resource], i);
  }
  ranges_build(s);
}
