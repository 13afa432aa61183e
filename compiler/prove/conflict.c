/* Two resources that answer the same question: pairs of facts, found by sorting, and what is said of them.
 * Needs facts and guards; the check needs an order. Guarantees O(facts log facts + pairs), pairs in the order of the facts.
 * A fact is compared with at most PAIRS_MAX others that overlap it. */
#include "prove/index.h"
#include "prove/prove.h"

#include <stdlib.h>
#include <string.h>

enum { PAIRS_MAX = 512 };

/* ── Pairs ─────────────────────────────────────────────────────────────────── */

enum class { CLASS_ENDPOINT, CLASS_NAME, CLASS_HOSTS };
struct record {
  uint8_t class, host_type, rank;
  uint32_t place;          /* zone, or the resource that hosts are at */
  uint32_t name;
  struct address size, from, to;
  uint32_t low, high;      /* ports */
  uint32_t fact;
};

static struct record record_of(const struct state *s, uint32_t i, bool *fits)
{
  const struct fact *f = state_fact(s, i);
  struct record r = {.host_type = f->host.type, .fact = i, .place = f->zone};

  *fits = r.host_type != HOST_NONE && r.host_type != HOST_UNKNOWN;
  switch ((enum fact_type)f->type) {
  case FACT_SERVES:
  case FACT_FORWARDS:
    r.class = CLASS_ENDPOINT;
    break;
  case FACT_NAMES:
    r.class = CLASS_NAME;
    break;
  case FACT_HOSTS:
    r.class = CLASS_HOSTS;
    r.place = f->at;
    break;
  case FACT_OWNS:
  case FACT_NEEDS:
    *fits = false;
    return r;
  }
  if (f->host.type == HOST_ADDRESS || f->host.type == HOST_RANGE) {
    r.from = f->host.from;
    r.to = f->host.type == HOST_ADDRESS ? f->host.from : f->host.to;
    r.size = address_distance(&r.from, &r.to);
  } else {
    r.name = f->host.name;
  }
  r.rank = (uint8_t)(r.class == CLASS_NAME ? 2 : port_rank(f, NONE));
  r.high = r.rank == 2 ? 65535 : r.rank == 0 ? f->port : f->port_end;
  r.low = r.rank == 2 ? 0 : f->port;
  return r;
}

#define COMPARE(x, y) if ((x) != (y)) return (x) < (y) ? -1 : 1

/* Facts that can be equally specific for one question: same class, place, kind and size of host, rank of port. */
static int compare_kin(const struct record *a, const struct record *b)
{
  COMPARE(a->class, b->class);
  COMPARE(a->place, b->place);
  COMPARE(a->host_type, b->host_type);
  COMPARE(a->rank, b->rank);
  COMPARE(a->name, b->name);
  return address_compare(&a->size, &b->size);
}

static int compare_records(const void *x, const void *y)
{
  const struct record *a = x, *b = y;
  int c = compare_kin(a, b);

  if (c || (c = address_compare(&a->from, &b->from)) != 0)
    return c;
  COMPARE(a->low, b->low);
  COMPARE(a->fact, b->fact);
  return 0;
}

static int compare_conflicts(const void *x, const void *y)
{
  const struct conflict *a = x, *b = y;

  COMPARE(a->fact, b->fact);
  COMPARE(a->other, b->other);
  return 0;
}

/* b comes after a and nothing further on can overlap a. */
static bool past(const struct record *a, const struct record *b)
{
  if (compare_kin(a, b) != 0 || address_compare(&b->from, &a->to) > 0)
    return true;
  return a->host_type != HOST_RANGE && b->low > a->high;
}

static bool protos_meet(const struct fact *a, const struct fact *b)
{
  return a->type == FACT_NAMES || a->type == FACT_HOSTS || a->proto == PROTO_ANY || b->proto == PROTO_ANY ||
         a->proto == b->proto;
}

static void pair(struct state *s, const struct record *a, const struct record *b)
{
  const struct fact *f = state_fact(s, a->fact), *g = state_fact(s, b->fact);

  if (f->by == g->by || b->low > a->high || a->low > b->high || !protos_meet(f, g) || index_team(s, f->by, g->by))
    return;
  uint32_t guard = guard_and(s->m, f->guard, g->guard);

  if (guard == NONE)
    return;
  bool ordered = a->fact < b->fact;

  array_push(s->arena, &s->conflicts,
             (struct conflict){ordered ? a->fact : b->fact, ordered ? b->fact : a->fact, guard});
}

const struct conflict *state_conflicts(struct state *s, uint32_t *n)
{
  if (!s->conflicts_found) {
    struct arena scratch = {0};
    ARRAY(struct record) records = {0};

    s->conflicts_found = true;
    for (uint32_t k = 0; k < s->answering.n; k++) {
      uint32_t i = s->answering.at[k];
      bool fits;

      if (s->kept[i] == 1) /* nearly all: nobody else answers for this host */
        continue;
      struct record r = record_of(s, i, &fits);

      if (fits)
        array_push(&scratch, &records, r);
    }
    if (records.n)
      qsort(records.at, records.n, sizeof *records.at, compare_records);
    for (uint32_t i = 0; i < records.n; i++)
      for (uint32_t k = i + 1; k < records.n && k - i <= PAIRS_MAX && !past(&records.at[i], &records.at[k]); k++)
        pair(s, &records.at[i], &records.at[k]);
    arena_free(&scratch);
    if (s->conflicts.n)
      qsort(s->conflicts.at, s->conflicts.n, sizeof *s->conflicts.at, compare_conflicts);
  }
  *n = s->conflicts.n;
  return s->conflicts.at;
}

/* ── What is said ──────────────────────────────────────────────────────────── */

struct range_of_states { uint32_t first, last; bool ever, at_start, at_end; };

/* Pairs of the same two resources for the same host, wherever their ports: one finding. */
struct told { struct conflict c; uint32_t by, other_by; };

static int compare_told(const void *x, const void *y)
{
  const struct told *a = x, *b = y;

  COMPARE(a->by, b->by);
  COMPARE(a->other_by, b->other_by);
  return compare_conflicts(&a->c, &b->c);
}

static bool same_question(const struct state *s, const struct told *a, const struct told *b)
{
  const struct fact *f = state_fact(s, a->c.fact), *g = state_fact(s, b->c.fact);

  return a->by == b->by && a->other_by == b->other_by && f->type == g->type && f->zone == g->zone && (f->type != FACT_HOSTS || f->at == g->at) &&
         f->host.type == g->host.type && f->host.name == g->host.name &&
         address_compare(&f->host.from, &g->host.from) == 0;
}

/* E241: fact and other_fact answer the same question (their hosts and ports say which); resource is the `by` of
 *   the first; first_state..last_state: the first and last state in which both are in force; step: the step that brings
 *   it about (NONE: it is so from the start). Error: it holds in the last state, or in between only.
 * E203 (mended): fact, other_fact, first_state 0, last_state; step: the step after which it is gone. */
static void tell(struct model *m, struct proof *p, const struct told *t, struct range_of_states r)
{
  bool mended = r.at_start && !r.at_end;
  struct breach b = breach_new(mended ? CODE_203 : CODE_241);

  b.fact = t->c.fact;
  b.other_fact = t->c.other;
  b.resource = t->by;
  b.first_state = r.first;
  b.last_state = r.last;
  b.mended = mended;
  if (mended)
    b.step = p->order.at[r.last];
  else if (r.first > 0)
    b.step = p->order.at[r.first - 1];
  breach_add(m, p, b);
}

void check_conflict(struct model *m, struct proof *p, struct state *s)
{
  uint32_t n;
  const struct conflict *conflicts = state_conflicts(s, &n);
  struct told *told = arena_array(s->arena, struct told, n);

  for (uint32_t i = 0; i < n; i++) {
    uint32_t a = state_fact(s, conflicts[i].fact)->by, b = state_fact(s, conflicts[i].other)->by;

    told[i] = (struct told){conflicts[i], a, b};
  }
  if (n)
    qsort(told, n, sizeof *told, compare_told);
  for (uint32_t i = 0, k; i < n; i = k) {
    struct range_of_states r = {NONE, 0, false, false, false};

    for (k = i; k < n && same_question(s, &told[i], &told[k]); k++) {
      uint32_t first, last;

      if (!guard_states(m, p, told[k].c.guard, &first, &last))
        continue;
      r.ever = true;
      r.first = first < r.first ? first : r.first;
      r.last = last > r.last ? last : r.last;
      r.at_start |= first == 0;
      r.at_end |= last == p->order.n;
    }
    if (r.ever)
      tell(m, p, &told[i], r);
  }
}
