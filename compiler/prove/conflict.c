/* Two resources that answer the same question: pairs of facts, found by sorting, and what is said of them.
 * Needs facts and guards; the check needs an order. Guarantees pairs in the order of the facts, and none left out unsaid. Of facts that
 * answer exactly the same question each is compared with the first alone wherever that says as much: a thousand hosts at one address are
 * 999 pairs. O(facts log facts), and of others that overlap PAIRS_MAX comparisons for a fact on average. */
#include "prove/index.h"
#include "prove/prove.h"

#include <stdlib.h>
#include <string.h>

enum { PAIRS_MAX = 512, FEW = 2048 }; /* few facts are compared each with all */

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

/* Both answer exactly the same questions, protocols aside. */
static bool twins(const struct record *a, const struct record *b)
{
  return compare_kin(a, b) == 0 && address_compare(&a->from, &b->from) == 0 && a->low == b->low && a->high == b->high;
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
             (struct conflict){ordered ? a->fact : b->fact, ordered ? b->fact : a->fact, guard, NONE, false});
}

/* Whoever is in conflict with b is so with a, which is about whenever b is. */
static bool speaks_for(const struct state *s, const struct record *a, const struct record *b)
{
  const struct fact *f = state_fact(s, a->fact), *g = state_fact(s, b->fact);

  return (f->guard == GUARD_ALWAYS || f->guard == g->guard) && f->by != g->by && !index_team(s, f->by, g->by);
}

static void pairs(struct state *s, const struct record *r, uint32_t n)
{
  enum { PROTOS = PROTO_ANY + 1 };
  uint32_t first[PROTOS]; /* per protocol: the one that speaks for the others of its twins */
  uint64_t left = (uint64_t)PAIRS_MAX * ((uint64_t)n + 2 * FEW);

  for (uint32_t p = 0; p < PROTOS; p++)
    first[p] = NONE;
  for (uint32_t i = 0; i < n; i++) {
    uint32_t *f = &first[state_fact(s, r[i].fact)->proto < PROTOS ? state_fact(s, r[i].fact)->proto : PROTO_ANY];
    bool same = *f != NONE && twins(&r[*f], &r[i]);

    if (same && speaks_for(s, &r[*f], &r[i]))
      continue;
    if (!same || state_fact(s, r[i].fact)->guard == GUARD_ALWAYS)
      *f = i;
    for (uint32_t k = i + 1; k < n && !past(&r[i], &r[k]); k++) {
      if (left == 0 && !(*f == i && twins(&r[i], &r[k]))) {
        s->conflict_missed = r[i].fact;
        break;
      }
      pair(s, &r[i], &r[k]);
      left -= left > 0;
    }
  }
}

/* ── The same conflict at different times ──────────────────────────────────── */

struct keyed { const struct fact *f, *g; uint32_t at; };

static int compare_questions(const struct fact *a, const struct fact *b)
{
  int c;

  COMPARE(a->type, b->type);
  COMPARE(a->zone, b->zone);
  COMPARE(a->type == FACT_HOSTS ? a->at : 0, b->type == FACT_HOSTS ? b->at : 0);
  COMPARE(a->host.type, b->host.type);
  COMPARE(a->host.name, b->host.name);
  if ((c = address_compare(&a->host.from, &b->host.from)) != 0 || (c = address_compare(&a->host.to, &b->host.to)) != 0)
    return c;
  COMPARE(a->port, b->port);
  COMPARE(a->port_end, b->port_end);
  COMPARE(a->proto, b->proto);
  return 0;
}

static int compare_keyed(const void *x, const void *y)
{
  const struct keyed *a = x, *b = y;
  int c;

  COMPARE(a->f->by, b->f->by);
  COMPARE(a->g->by, b->g->by);
  if ((c = compare_questions(a->f, b->f)) != 0 || (c = compare_questions(a->g, b->g)) != 0)
    return c;
  COMPARE(a->at, b->at);
  return 0;
}

/* Two resources that answer the same question before one step and after another are one conflict. */
static void join(struct state *s)
{
  struct arena scratch = {0};
  uint32_t n = s->conflicts.n;
  struct keyed *keys = arena_array(&scratch, struct keyed, n);

  for (uint32_t i = 0; i < n; i++) {
    struct conflict *c = &s->conflicts.at[i];
    const struct fact *f = state_fact(s, c->fact), *g = state_fact(s, c->other);

    keys[i] = f->by < g->by ? (struct keyed){f, g, i} : (struct keyed){g, f, i};
  }
  qsort(keys, n, sizeof *keys, compare_keyed);
  for (uint32_t i = 1; i < n; i++) {
    const struct keyed *a = &keys[i - 1], *b = &keys[i];

    if (a->f->by != b->f->by || a->g->by != b->g->by || compare_questions(a->f, b->f) != 0 || compare_questions(a->g, b->g) != 0)
      continue;
    s->conflicts.at[a->at].next = b->at;
    s->conflicts.at[b->at].again = true;
  }
  arena_free(&scratch);
}

bool conflict_holds(const struct model *m, const struct conflict *conflicts, uint32_t i, const bool *done)
{
  for (; i != NONE; i = conflicts[i].next)
    if (guard_holds(m, conflicts[i].guard, done))
      return true;
  return false;
}

const struct conflict *state_conflicts(struct state *s, uint32_t *n)
{
  if (!s->conflicts_found) {
    struct arena scratch = {0};
    ARRAY(struct record) records = {0};

    s->conflicts_found = true;
    s->conflict_missed = NONE;
    for (uint32_t k = 0; k < s->meeting.n; k++) { /* few: of nearly all nobody else answers for the host */
      bool fits;
      struct record r = record_of(s, s->meeting.at[k], &fits);

      if (fits)
        array_push(&scratch, &records, r);
    }
    if (records.n)
      qsort(records.at, records.n, sizeof *records.at, compare_records);
    pairs(s, records.at, records.n);
    arena_free(&scratch);
    if (s->conflicts.n) {
      qsort(s->conflicts.at, s->conflicts.n, sizeof *s->conflicts.at, compare_conflicts);
      join(s);
    }
  }
  *n = s->conflicts.n;
  return s->conflicts.at;
}

/* ── What is said ──────────────────────────────────────────────────────────── */

struct range_of_states { uint32_t first, last; bool ever, at_start, at_end; };

/* Pairs of the same two resources for the same host, wherever their ports: one finding. */
struct told { struct conflict c; const struct fact *f; uint32_t by, other_by; };

/* Hosts of one question: ports and protocols aside. */
static int compare_hosts(const struct fact *f, const struct fact *g)
{
  int c;

  COMPARE(f->type, g->type);
  COMPARE(f->zone, g->zone);
  COMPARE(f->type == FACT_HOSTS ? f->at : 0, g->type == FACT_HOSTS ? g->at : 0);
  COMPARE(f->host.type, g->host.type);
  COMPARE(f->host.name, g->host.name);
  return (c = address_compare(&f->host.from, &g->host.from)) != 0 ? c : address_compare(&f->host.to, &g->host.to);
}

static int compare_told(const void *x, const void *y)
{
  const struct told *a = x, *b = y;
  int c = compare_hosts(a->f, b->f);

  if (c)
    return c;
  COMPARE(a->by, b->by);
  COMPARE(a->other_by, b->other_by);
  return compare_conflicts(&a->c, &b->c);
}

/* What was told of a resource last: its conflict with the first of those at its place. */
struct against { uint32_t place, with; struct range_of_states r; };

static bool mends(const struct range_of_states *r) { return r->at_start && !r->at_end; }
static bool covers(const struct range_of_states *a, const struct range_of_states *b) { return a->first <= b->first && a->last >= b->last; }

static bool told_by_the_first(struct against *of, uint32_t place, const struct told *t, struct range_of_states r)
{
  struct against *a = &of[t->by], *b = &of[t->other_by];
  bool both = a->place == place && b->place == place && a->with == b->with;

  if (both && (mends(&r) ? mends(&a->r) && mends(&b->r) : !mends(&a->r) && !mends(&b->r) && covers(&a->r, &r) && covers(&b->r, &r)))
    return true;
  if (b->place != place || (mends(&b->r) && !mends(&r))) /* the worse of them counts */
    *b = (struct against){place, t->by, r};
  return false;
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

static void tell_missed(struct model *m, const struct fact *f)
{
  struct finding *said = finding_add(m->c, CODE_113, f->span, "too many answer for this and for what overlaps it: not each pair of them was compared");

  finding_remark(m->c, said, REMARK_HELP, "give them hosts or ports that do not overlap, or split the plan");
}

/* Of many at one place each is told with the first of them alone. */
void check_conflict(struct model *m, struct proof *p, struct state *s)
{
  uint32_t n, place = 0;
  const struct conflict *conflicts = state_conflicts(s, &n);
  struct told *told = arena_array(s->arena, struct told, n);
  struct against *against = n ? arena_array(s->arena, struct against, m->resources.n) : NULL;

  for (uint32_t i = 0; i < n; i++) {
    const struct fact *f = state_fact(s, conflicts[i].fact);

    told[i] = (struct told){conflicts[i], f, f->by, state_fact(s, conflicts[i].other)->by};
  }
  if (s->conflict_missed != NONE && !p->proving->quiet)
    tell_missed(m, state_fact(s, s->conflict_missed));
  if (n)
    qsort(told, n, sizeof *told, compare_told);
  for (uint32_t i = 0, k; i < n; i = k) {
    struct range_of_states r = {NONE, 0, false, false, false};

    if (i == 0 || compare_hosts(told[i - 1].f, told[i].f) != 0)
      place++;
    for (k = i; k < n && told[k].by == told[i].by && told[k].other_by == told[i].other_by && compare_hosts(told[k].f, told[i].f) == 0; k++) {
      uint32_t first, last;

      if (!guard_states(m, p, told[k].c.guard, &first, &last))
        continue;
      r.ever = true;
      r.first = first < r.first ? first : r.first;
      r.last = last > r.last ? last : r.last;
      r.at_start |= first == 0;
      r.at_end |= last == p->order.n;
    }
    if (r.ever && !told_by_the_first(against, place, &told[i], r))
      tell(m, p, &told[i], r);
  }
}
