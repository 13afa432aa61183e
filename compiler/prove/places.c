/* Facts by the address that they are about: a table of hashes, in which nearly every address has one fact alone.
 * Needs the facts in their order. Guarantees the facts about an address in that order. Those that sleep go on sleeping: one is looked
 * at when another has the same hash, or somebody asks. */
#include "prove/index.h"

/* An empty place is 0; that of a fact alone its id, plus one, times two; of several 1 and twice their number in state.crowds. */
enum { LINE = 4 /* places side by side, as long as a run of hashes that follow each other */, ROOM = 7 /* places for four facts */ };

void places_new(struct state *s, uint32_t facts)
{
  s->place_lines = (uint32_t)((uint64_t)facts * ROOM / 4 / LINE) + 2;
  s->places = arena_table(s->arena, (size_t)s->place_lines * LINE, sizeof *s->places);
}

static bool about(const struct state *s, uint32_t fact, uint32_t zone, const struct address *address)
{
  const struct fact *f = state_fact(s, fact);

  return f->zone == zone && address_compare(&f->host.from, address) == 0;
}

static uint32_t first_at(const struct state *s, const struct address_slot *p)
{
  return p->is & 1 ? s->listed.at[s->crowds.at[p->is >> 1].first].to : (p->is >> 1) - 1;
}

/* The next place of that hash, from `at` on, or an empty one. */
static struct address_slot *next_place(const struct state *s, uint32_t hash, uint32_t *at)
{
  uint32_t all = s->place_lines * LINE;

  for (;; *at = *at + 1 == all ? 0 : *at + 1)
    if (!s->places[*at].is || s->places[*at].hash == hash)
      return &s->places[*at];
}

static uint32_t place_of(const struct state *s, uint32_t hash)
{
  return (uint32_t)((uint64_t)(hash >> 2) * s->place_lines >> 28) * LINE + (hash & 3);
}

/* The place of an address, or the empty one where it belongs. */
static struct address_slot *find(const struct state *s, uint32_t hash, uint32_t zone, const struct address *address)
{
  uint32_t at = place_of(s, hash), all = s->place_lines * LINE;
  struct address_slot *p;

  while ((p = next_place(s, hash, &at))->is && !about(s, first_at(s, p), zone, address))
    at = at + 1 == all ? 0 : at + 1;
  return p;
}

static void crowd(struct state *s, struct address_slot *p)
{
  uint32_t alone = (p->is >> 1) - 1;
  struct crowd c = {END, END};

  index_append(s, &c.first, &c.last, alone);
  array_push(s->arena, &s->crowds, c);
  p->is = (s->crowds.n - 1) << 1 | 1;
}

void place_put(struct state *s, uint32_t fact, uint32_t hash)
{
  uint32_t at = place_of(s, hash);
  struct address_slot *p = next_place(s, hash, &at);

  if (p->is && s->asleep) {
    array_push(s->arena, &s->unplaced, fact);
    return;
  }
  if (p->is) {
    const struct fact *f = state_fact(s, fact);

    p = find(s, hash, f->zone, &f->host.from);
  }
  if (!p->is) {
    *p = (struct address_slot){hash, (fact + 1) << 1};
    return;
  }
  if (!(p->is & 1)) {
    array_push(s->arena, &s->meeting, (p->is >> 1) - 1);
    crowd(s, p);
  }
  struct crowd *c = &s->crowds.at[p->is >> 1];

  array_push(s->arena, &s->meeting, fact);
  index_append(s, &c->first, &c->last, fact);
}

void places_finish(struct state *s)
{
  s->asleep = false;
  for (uint32_t i = 0; i < s->unplaced.n; i++) {
    uint32_t fact = s->unplaced.at[i], hash = slot_hash(s->facts[fact]);

    place_put(s, fact, hash != NONE ? hash : endpoint_hash(state_fact(s, fact)->zone, &state_fact(s, fact)->host.from));
  }
}

uint32_t place_first(struct state *s, uint32_t zone, const struct address *address)
{
  struct address_slot *p = find(s, endpoint_hash(zone, address), zone, address);

  if (!p->is)
    return END;
  if (!(p->is & 1))
    crowd(s, p);
  return s->crowds.at[p->is >> 1].first;
}
