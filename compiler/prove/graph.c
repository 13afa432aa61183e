/* Questions as nodes: matches each distinct question against the facts once, whatever their guards.
 * Needs the tables of index.c. Guarantees that a node's entries hold every fact that can decide it in some state, in the
 * order of 'Match' in the definitions, and that all it can lead to is expanded when node_of returns. */
#include "prove/index.h"

#include <string.h>

/* ── Nodes ─────────────────────────────────────────────────────────────────── */

void link_add(struct state *s, uint32_t *head, uint32_t to)
{
  if (*head != END && s->links.at[*head].to == to)
    return;
  array_push(s->arena, &s->links, (struct link_to){to, *head});
  *head = s->links.n - 1;
}

uint32_t *nodes_of_fact(struct state *s, uint32_t fact)
{
  uint32_t low = 0, high = s->guarded.n;

  while (low + 1 < high) {
    uint32_t middle = low + (high - low) / 2;

    if (s->guarded.at[middle] <= fact)
      low = middle;
    else
      high = middle;
  }
  return &s->fact_nodes[low];
}

struct key key_reach(uint32_t zone, uint32_t dns, const struct host *host, uint32_t port, uint8_t proto, uint32_t vhost)
{
  struct key k;

  memset(&k, 0, sizeof k);
  k.type = QUESTION_REACH;
  k.proto = port == NONE ? PROTO_ANY : proto; /* a bare host: whatever answers there */
  k.zone = zone;
  k.resource = NONE;
  k.port = port;
  k.vhost = vhost;
  k.host_type = host->type;
  if (host->type == HOST_ADDRESS) {
    k.address = host->from;
    k.dns = NONE; /* an address asks nobody for its name */
  } else {
    k.name = host->name;
    k.dns = dns;
  }
  return k;
}

struct host host_of_key(const struct key *k)
{
  return (struct host){.type = k->host_type, .name = k->name, .from = k->address, .to = k->address};
}

static struct key key_resource(enum question_type type, uint32_t resource, uint32_t port, uint8_t proto, uint32_t vhost)
{
  struct key k;

  memset(&k, 0, sizeof k);
  k.type = (uint8_t)type;
  k.proto = proto;
  k.zone = k.dns = NONE;
  k.resource = resource;
  k.port = port;
  k.vhost = vhost;
  return k;
}

struct key key_arrive(uint32_t resource, uint32_t port, uint8_t proto, uint32_t vhost)
{
  return key_resource(QUESTION_ARRIVE, resource, port, proto, vhost);
}

static uint64_t mix(uint64_t h, uint64_t v)
{
  h = (h ^ v) * 0xd6e8feb86659fd93u;
  return h ^ h >> 32;
}

static uint32_t hash(const struct key *k)
{
  uint64_t words[2];

  memcpy(words, k->address.bytes, sizeof words);
  uint64_t h = mix(words[0], words[1]);

  h = mix(h, (uint64_t)k->type << 16 | (uint64_t)k->proto << 8 | k->host_type);
  h = mix(h, (uint64_t)k->zone << 32 | k->dns);
  h = mix(h, (uint64_t)k->resource << 32 | k->port);
  h = mix(h, (uint64_t)k->vhost << 32 | k->name);
  return (uint32_t)h;
}

static bool same(const struct key *a, const struct key *b)
{
  return a->type == b->type && a->proto == b->proto && a->host_type == b->host_type && a->name == b->name &&
         a->zone == b->zone && a->dns == b->dns && a->resource == b->resource && a->port == b->port &&
         a->vhost == b->vhost && address_compare(&a->address, &b->address) == 0;
}

/* Room for about what those who are sure to ask will ask. */
static void begin(struct state *s)
{
  uint64_t asking = (uint64_t)s->m->promises.n + s->asking.n;
  uint32_t few = asking < 1u << 20 ? (uint32_t)asking + 8 : 1u << 20;

  list_room(s, &s->nodes, 6 * few);
  list_room(s, &s->entries, 10 * few);
  list_room(s, &s->answers, 4 * few);
  list_room(s, &s->leads, 4 * few);
  list_room(s, &s->links, 14 * few);
  for (s->node_slot_count = 128; s->node_slot_count < 6 * few;)
    s->node_slot_count *= 2;
}

static void grow(struct state *s)
{
  if (!s->node_slot_count)
    begin(s);
  s->node_slot_count *= 2;
  s->node_slots = arena_array(s->arena, uint32_t, s->node_slot_count); /* node + 1 */
  for (uint32_t i = 0; i < s->nodes.n; i++) {
    uint32_t at = hash(&s->nodes.at[i].key) & (s->node_slot_count - 1);

    while (s->node_slots[at])
      at = (at + 1) & (s->node_slot_count - 1);
    s->node_slots[at] = i + 1;
  }
}

/* The node of a question, which waits to be expanded when it is new. */
static uint32_t node_find(struct state *s, const struct key *k)
{
  if (2 * s->nodes.n >= s->node_slot_count)
    grow(s);
  uint32_t at = hash(k) & (s->node_slot_count - 1);

  for (; s->node_slots[at]; at = (at + 1) & (s->node_slot_count - 1))
    if (same(&s->nodes.at[s->node_slots[at] - 1].key, k))
      return s->node_slots[at] - 1;
  array_push(s->arena, &s->nodes,
             (struct question){.key = *k, .bound = NONE, .pass = NONE, .callers = END, .asking = END});
  s->node_slots[at] = s->nodes.n;
  array_push(s->arena, &s->unexpanded, s->nodes.n - 1);
  return s->nodes.n - 1;
}

/* ── Groups of facts ───────────────────────────────────────────────────────── */

static bool always(const struct state *s, uint32_t fact)
{
  return state_fact(s, fact)->guard == GUARD_ALWAYS;
}

static void lead(struct state *s, uint32_t node, const struct key *k)
{
  uint32_t to = node_find(s, k);

  array_push(s->arena, &s->leads, to);
  link_add(s, &s->nodes.at[to].callers, node);
}

static void lead_target(struct state *s, uint32_t node, const struct fact *f, const struct target *t)
{
  const struct key k = s->nodes.at[node].key;
  uint32_t vhost = f->vhost_type == VHOST_KEEP ? k.vhost : f->vhost_type == VHOST_NONE ? 0 : f->vhost;
  uint32_t port = t->port == NONE ? k.port : t->port;
  uint32_t zone = t->zone != NONE ? t->zone : f->zone != NONE ? f->zone : k.zone;
  struct host host;
  struct key next;

  switch ((enum target_type)t->type) {
  case TARGET_HOST:
    next = key_reach(zone, zone, &t->host, port, k.proto, vhost);
    break;
  case TARGET_RESOURCE:
    next = key_arrive(t->resource, port, k.proto, vhost);
    break;
  case TARGET_ROUTE:
    if (k.type != QUESTION_REACH)
      return; /* what arrives without an address has none to keep */
    host = host_of_key(&k);
    next = key_reach(zone, zone, &host, k.port, k.proto, vhost);
    break;
  case TARGET_NONE:
  default:
    return;
  }
  lead(s, node, &next);
}

/* Adds a fact to the group being made at `node`, with all it leads to. */
static void answer(struct state *s, uint32_t node, uint32_t fact)
{
  const struct fact *f = state_fact(s, fact);
  const struct key k = s->nodes.at[node].key;
  struct answer a = {fact, f->by, f->guard, f->type == FACT_NAMES, f->unknown, s->leads.n, 0};
  struct key next;

  switch ((enum fact_type)f->type) {
  case FACT_SERVES:
    next = key_arrive(f->by, k.port, k.proto, k.vhost);
    lead(s, node, &next);
    break;
  case FACT_NAMES:
    if (f->to.type == TARGET_RESOURCE)
      next = key_arrive(f->to.resource, k.port, k.proto, k.vhost);
    else
      next = key_reach(k.zone, k.dns, &f->to.host, k.port, k.proto, k.vhost);
    if (f->to.type == TARGET_RESOURCE || f->to.type == TARGET_HOST)
      lead(s, node, &next);
    break;
  case FACT_FORWARDS:
    if (!f->any_count)
      lead_target(s, node, f, &f->to);
    for (uint32_t i = 0; i < f->any_count; i++)
      lead_target(s, node, f, &f->any_of[i]);
    break;
  case FACT_HOSTS:
    next = key_resource(QUESTION_PASS, f->by, k.port, k.proto, k.vhost);
    lead(s, node, &next);
    break;
  case FACT_OWNS:
  case FACT_NEEDS:
    break;
  }
  a.count = s->leads.n - a.first;
  array_push(s->arena, &s->answers, a);
  link_add(s, &s->up_nodes[f->by], node);
  if (!always(s, fact))
    link_add(s, nodes_of_fact(s, fact), node);
}

/* Closes the group that began at `first`; true when one of its facts is always in force, so that nothing after it counts. */
static bool group(struct state *s, uint32_t first, bool bare)
{
  bool ends = false;

  if (s->answers.n == first)
    return false;
  array_push(s->arena, &s->entries,
             (struct entry){ENTRY_GROUP, bare, NONE, first, s->answers.n - first});
  for (uint32_t i = first; i < s->answers.n; i++)
    ends |= s->answers.at[i].guard == GUARD_ALWAYS;
  return ends;
}

static bool fits(const struct fact *f, const struct key *k, bool names, unsigned rank)
{
  if (names)
    return f->type == FACT_NAMES;
  if (f->type == FACT_NAMES || !proto_matches(f, k->port, k->proto))
    return false;
  return k->port == NONE ? rank == 0 : port_rank(f, k->port) == rank;
}

/* Facts of one specificity of host, as groups: endpoints by port, then names. `list` in s->listed. */
static bool groups_of_list(struct state *s, uint32_t node, uint32_t list)
{
  const struct key k = s->nodes.at[node].key;

  for (unsigned rank = 0; rank < 4; rank++) {
    uint32_t first = s->answers.n;

    for (uint32_t i = list; i != END; i = s->listed.at[i].next)
      if (fits(state_fact(s, s->listed.at[i].to), &k, rank == 3, rank))
        answer(s, node, s->listed.at[i].to);
    if (group(s, first, rank < 3 && k.port == NONE))
      return true;
  }
  return false;
}

/* An entry that stops something when one of a list of facts is in force; 1 when one always is. */
static bool blocker(struct state *s, uint32_t node, enum entry_type type, uint32_t first)
{
  bool ends = false;

  if (s->blockers.n == first)
    return false;
  array_push(s->arena, &s->entries, (struct entry){(uint8_t)type, false, NONE, first, s->blockers.n - first});
  for (uint32_t i = first; i < s->blockers.n; i++) {
    uint32_t fact = s->blockers.at[i];

    ends |= always(s, fact);
    if (!always(s, fact))
      link_add(s, nodes_of_fact(s, fact), node);
  }
  return ends;
}

static void blockers_of_list(struct state *s, uint32_t list)
{
  for (uint32_t i = list; i != END; i = s->listed.at[i].next)
    array_push(s->arena, &s->blockers, s->listed.at[i].to);
}

/* ── Expanding ─────────────────────────────────────────────────────────────── */

static void zone_entry(struct state *s, uint32_t zone)
{
  array_push(s->arena, &s->entries, (struct entry){ENTRY_ZONE, false, zone, 0, 0});
}

/* True when one of these facts always decides, so that no further zone is asked. A pattern that is always there decides only
 * where no name before it is in force. */
static bool name_in_zone(struct state *s, uint32_t node, uint32_t zone)
{
  uint32_t host = s->nodes.at[node].key.name;
  bool more = true, blockable = false;

  zone_entry(s, zone);
  for (uint32_t n = 0; more; n++) {
    uint32_t name = n ? name_parent(s, host, n, &more) : host;

    if (name == NONE)
      continue;
    uint32_t exact = index_first(s, TABLE_NAME, zone, name);

    if (groups_of_list(s, node, n ? index_first(s, TABLE_PATTERN, zone, name) : exact)) {
      if (!blockable)
        return true;
      break;
    }
    uint32_t first = s->blockers.n;

    blockers_of_list(s, exact);
    if (blocker(s, node, ENTRY_BLOCK, first))
      break;
    blockable = blockable || s->blockers.n > first;
  }
  uint32_t first = s->blockers.n;

  more = true;
  for (uint32_t n = 0; more; n++) {
    uint32_t name = n ? name_parent(s, host, n, &more) : host;

    if (name != NONE)
      blockers_of_list(s, index_first(s, TABLE_OWNS, zone, name));
  }
  return blocker(s, node, ENTRY_OWNS, first);
}

static bool same_size(const struct fact *a, const struct fact *b)
{
  struct address x = address_distance(&a->host.from, &a->host.to), y = address_distance(&b->host.from, &b->host.to);

  return address_compare(&x, &y) == 0;
}

static bool address_in_zone(struct state *s, uint32_t node, uint32_t zone)
{
  const struct key k = s->nodes.at[node].key;

  zone_entry(s, zone);
  if (groups_of_list(s, node, place_first(s, zone, &k.address)))
    return true;
  index_stab(s, zone, &k.address);
  for (uint32_t from = 0, to; from < s->stabbed.n; from = to) {
    const struct fact *f = state_fact(s, s->stabbed.at[from]);

    for (to = from + 1; to < s->stabbed.n && same_size(f, state_fact(s, s->stabbed.at[to]));)
      to++;
    for (unsigned rank = 0; rank < 3; rank++) {
      uint32_t first = s->answers.n;

      for (uint32_t i = from; i < to; i++)
        if (fits(state_fact(s, s->stabbed.at[i]), &k, false, rank))
          answer(s, node, s->stabbed.at[i]);
      if (group(s, first, k.port == NONE))
        return true;
    }
  }
  return false;
}

static void expand_reach(struct state *s, uint32_t node)
{
  const struct key k = s->nodes.at[node].key;
  bool name = k.host_type == HOST_NAME;
  uint32_t zone = name ? k.dns : k.zone;

  if (!name && k.host_type != HOST_ADDRESS)
    return;
  for (uint32_t n = 0; zone < s->m->zones.n && n <= s->m->zones.n; n++, zone = s->m->zones.at[zone].inside)
    if (name ? name_in_zone(s, node, zone) : address_in_zone(s, node, zone))
      return;
}

/* Virtual hosts at the resource, the best match of the name first. */
static void expand_hosted(struct state *s, uint32_t node)
{
  const struct key k = s->nodes.at[node].key;
  bool more = true;

  for (uint32_t n = 0; more; n++) {
    uint32_t name = n ? name_parent(s, k.vhost, n, &more) : k.vhost;

    if (name == NONE)
      continue;
    uint32_t list = index_first(s, n ? TABLE_HOSTS_PATTERN : TABLE_HOSTS, k.resource, name);

    for (unsigned rank = 0; rank < 3; rank++) {
      uint32_t first = s->answers.n;

      for (uint32_t i = list; i != END; i = s->listed.at[i].next)
        if (fits(state_fact(s, s->listed.at[i].to), &k, false, rank))
          answer(s, node, s->listed.at[i].to);
      if (group(s, first, k.port == NONE))
        return;
    }
  }
}

static void expand_arrive(struct state *s, uint32_t node)
{
  const struct key k = s->nodes.at[node].key;
  struct key next = key_resource(QUESTION_PASS, k.resource, k.port, k.proto, k.vhost);
  uint32_t to = node_find(s, &next);

  s->nodes.at[node].pass = to;
  link_add(s, &s->nodes.at[to].callers, node);
  link_add(s, &s->up_nodes[k.resource], node);
  if (!k.vhost || s->bound_at[k.resource] == END)
    return;
  next = key_resource(QUESTION_BOUND, k.resource, k.port, k.proto, 0);
  to = node_find(s, &next);
  s->nodes.at[node].bound = to;
  link_add(s, &s->nodes.at[to].callers, node);
  expand_hosted(s, node);
}

static void expand_bound(struct state *s, uint32_t node)
{
  const struct key k = s->nodes.at[node].key;
  uint32_t first = s->blockers.n;

  for (uint32_t i = s->bound_at[k.resource]; i != END; i = s->listed.at[i].next) {
    const struct fact *f = state_fact(s, s->listed.at[i].to);

    if (port_rank(f, k.port) > 2 || !proto_matches(f, k.port, k.proto))
      continue;
    if (always(s, s->listed.at[i].to))
      s->blockers.n = first; /* this one decides */
    array_push(s->arena, &s->blockers, s->listed.at[i].to);
    if (always(s, s->listed.at[i].to))
      break;
  }
  blocker(s, node, ENTRY_BLOCK, first);
}

static void expand_pass(struct state *s, uint32_t node)
{
  uint32_t first = s->answers.n;

  for (uint32_t i = s->passing ? s->passing[s->nodes.at[node].key.resource] : END; i != END; i = s->listed.at[i].next)
    answer(s, node, s->listed.at[i].to);
  group(s, first, false);
}

static void expand(struct state *s, uint32_t node)
{
  uint32_t first = s->entries.n;

  switch ((enum question_type)s->nodes.at[node].key.type) {
  case QUESTION_REACH:
    expand_reach(s, node);
    break;
  case QUESTION_ARRIVE:
    expand_arrive(s, node);
    break;
  case QUESTION_BOUND:
    expand_bound(s, node);
    break;
  case QUESTION_PASS:
    expand_pass(s, node);
    break;
  }
  s->nodes.at[node].first = first;
  s->nodes.at[node].count = s->entries.n - first;
}

uint32_t node_of(struct state *s, const struct key *k)
{
  uint32_t node = node_find(s, k);

  while (s->unexpanded.n)
    expand(s, s->unexpanded.at[--s->unexpanded.n]);
  return node;
}

bool need_of_hosts(const struct model *m, const struct fact *f, struct need *ask)
{
  uint32_t name = f->host.name;

  if ((f->host.type != HOST_NAME && f->host.type != HOST_ADDRESS) || port_rank(f, NONE) != 0 || f->unknown ||
      (f->proto != PROTO_TCP && f->proto != PROTO_ANY))
    return false;
  if (f->host.type == HOST_ADDRESS) {
    const char *text = address_text(&m->c->arena, &f->host.from);

    name = name_str(&m->c->names, text);
  }
  *ask = (struct need){.type = NEED_ENDPOINT, .proto = PROTO_TCP, .on = NONE, .host = f->host, .port = f->port,
                       .vhost = name, .zone = NONE, .dns = NONE, .guard = f->guard, .secret = NONE, .at = f->span};
  return true;
}
