/* A TTL that is lowered ahead of the change, as a way out: what a record would do with a chain for its TTL is tried.
 * Needs a plan. Guarantees that the steps of the chain have what the record's own steps have: what they come after, and need. */
#include "prove/ways_out.h"

/* Seconds that are usual, the most patient first. */
static const uint32_t usual[] = {60, 30, 15, 5};

struct record {
  const struct attribute *ttl;
  uint32_t resource, fact; /* one of its answers */
  uint32_t now;            /* the TTL to be lowered, in seconds: the only one, or the lower one of a chain */
  uint32_t own, covering;  /* a step of its own, a step that covers a hop of it; NONE */
};

/* ── Whose TTL can be lowered ────────────────────────────────────────────────────────────────────────────────────── */

static const struct attribute *ttl_of(struct model *m, uint32_t resource) {
  uint32_t name = name_str(&m->c->names, "ttl");
  struct attribute_range own = attributes_of(m, resource);
  for (uint32_t i = own.at; i < own.end; i++) {
    const struct attribute *a = &m->attributes.at[i];
    if (a->name != name || a->cases.n == 0) continue;
    for (uint32_t k = 0; k < a->cases.n; k++)
      if (a->cases.at[k].value.type != V_DURATION) return NULL;
    return a;
  }
  return NULL;
}

static int64_t length_at(const struct attribute *ttl, uint32_t i) { return ttl->cases.at[i].value.number; }

/* One TTL all the time, or one that is lowered in between. */
static bool read_ttl(struct record *r) {
  const struct attribute *ttl = r->ttl;
  uint32_t middle = ttl->cases.n / 2;
  bool one = ttl->cases.n == 1 && ttl->hop_count == 0;
  bool chain = ttl->cases.n == 3 && ttl->hop_count == 2 && length_at(ttl, 1) < length_at(ttl, 0) && length_at(ttl, 1) < length_at(ttl, 2);
  r->now = (uint32_t)(length_at(ttl, middle) / 1000);
  return (one || chain) && length_at(ttl, middle) < (int64_t)NONE * 1000;
}

/* Nothing that it answers has another TTL. What its steps are. */
static bool read_record(struct model *m, uint32_t fact, struct record *r) {
  *r = (struct record){.resource = fact_at(m, fact)->by, .fact = fact, .own = NONE, .covering = NONE};
  r->ttl = ttl_of(m, r->resource);
  if (r->ttl == NULL || !read_ttl(r)) return false;
  for (uint32_t i = 0; i < m->facts.n; i++) {
    const struct fact *f = fact_at(m, i);
    if (f->type != FACT_NAMES || f->by != r->resource) continue;
    bool said = false;
    for (uint32_t k = 0; k < r->ttl->cases.n; k++) said = said || (int64_t)f->ttl * 1000 == length_at(r->ttl, k);
    if (!said) return false;
  }
  for (uint32_t i = 0; i < m->steps.n - m->wait_count; i++) {
    const struct step *s = &m->steps.at[i];
    if (s->resource == r->resource && s->node == m->resources.at[r->resource].node) r->own = i;
    else if (s->resource == r->resource) r->covering = i;
  }
  for (uint32_t i = 0; i < m->parts.n; i++)
    if (m->parts.at[i].resource == r->resource) r->covering = m->parts.at[i].step;
  return true;
}

/* ── Trying it ───────────────────────────────────────────────────────────────────────────────────────────────────── */

static bool is_of(const struct model *m, const struct record *r, uint32_t step) {
  const struct step *s = &m->steps.at[step];
  for (uint32_t i = 0; i < s->part_count; i++)
    if (s->parts[i] == r->resource) return true;
  return s->resource == r->resource;
}

static bool waits_for(const struct model *m, const struct record *r, uint32_t step) {
  for (uint32_t i = 0; i < m->steps.at[step].after_count; i++)
    if (is_of(m, r, m->steps.at[step].after[i])) return true;
  return false;
}

/* As the record's own, and after the same of others. */
static void chain_step(struct model *fork, const struct record *r, uint32_t id) {
  struct step *s = &fork->steps.at[id];
  uint32_t as = r->own != NONE ? r->own : r->covering;
  if (r->own != NONE) *s = fork->steps.at[r->own];
  else {
    s->takes = -1; /* nobody says how long, unless the record does */
    fork_step(fork, id, r->resource);
  }
  s->first_position = id;
  s->after_count = 0;
  for (uint32_t i = 0; as != NONE && i < fork->steps.at[as].after_count; i++)
    if (!is_of(fork, r, fork->steps.at[as].after[i])) fork_after(fork, id, fork->steps.at[as].after[i]);
}

/* Its first hop before, and its last after, every other of the record; who waits for the record waits for both. */
static void chain(struct model *fork, const struct record *r, uint32_t low, uint32_t high) {
  chain_step(fork, r, low);
  chain_step(fork, r, high);
  fork_after(fork, high, low);
  for (uint32_t i = 0; i < low; i++) {
    if (is_of(fork, r, i)) {
      fork_after(fork, i, low);
      fork_after(fork, high, i);
    } else if (waits_for(fork, r, i)) {
      fork_after(fork, i, low);
      fork_after(fork, i, high);
    }
  }
}

static struct model *with_chain(struct model *m, const struct record *r, uint32_t seconds) {
  struct model *fork = model_fork(m, 2);
  uint32_t low = fork->steps.n - 2, high = low + 1, n = fork->facts.n;
  uint32_t before = guard_of(fork, &(uint32_t){low << 1 | 1}, 1), after = guard_of(fork, &(uint32_t){high << 1}, 1);
  uint32_t within = guard_of(fork, (uint32_t[]){low << 1, high << 1 | 1}, 2);
  chain(fork, r, low, high);
  for (uint32_t i = 0; i < n; i++) {
    struct fact *f = fact_at(fork, i);
    if (f->type != FACT_NAMES || f->by != r->resource) continue;
    uint32_t guard = f->guard;
    struct fact *later = fact_copy(&fork->c->arena, f), *lower = fact_copy(&fork->c->arena, f);
    f->guard = guard_and(fork, guard, before);
    later->guard = guard_and(fork, guard, after);
    array_push(&fork->c->arena, &fork->facts, slot_of_fact(later));
    lower->guard = guard_and(fork, guard, within);
    lower->ttl = seconds;
    array_push(&fork->c->arena, &fork->facts, slot_of_fact(lower));
  }
  return fork;
}

/* Its chain is there, and goes lower. */
static struct model *further(struct model *m, const struct record *r, uint32_t seconds) {
  struct model *fork = model_fork(m, 0);
  for (uint32_t i = 0; i < fork->facts.n; i++) {
    struct fact *f = fact_at(fork, i);
    if (f->type == FACT_NAMES && f->by == r->resource && f->ttl == r->now) f->ttl = seconds;
  }
  return fork;
}

static bool lower_to(struct ways *w, const struct record *r, uint32_t seconds) {
  bool there = r->ttl->cases.n > 1;
  if (r->now <= seconds || way_mended(w, there ? further(w->m, r, seconds) : with_chain(w->m, r, seconds)) == NULL) return false;
  struct mend *mend = way_add(w, MEND_TTL);
  mend->fact = r->fact;
  mend->time = (int64_t)seconds * 1000;
  mend->first = length_at(r->ttl, 0);
  mend->last = length_at(r->ttl, r->ttl->cases.n - 1);
  mend->further = there;
  mend->step = there ? NONE : r->covering;
  return true;
}

void way_lower(struct ways *w) {
  for (size_t k = 0; k < sizeof usual / sizeof *usual; k++)
    for (uint32_t i = 0, last = NONE; i < w->m->facts.n && way_may_try(w); i++) {
      struct record r;
      const struct fact *f = fact_at(w->m, i);
      if (f->type != FACT_NAMES || f->guard == GUARD_ALWAYS || f->by == last) continue; /* some step changes what it answers */
      last = f->by;
      if (read_record(w->m, i, &r) && lower_to(w, &r, usual[k])) return;
    }
}
