/* Ways to mend a stale target: each is tried by proving the plan with it.
 * Needs the E201 of a proof. Guarantees an offered mend leaves no error that the plan has not already; what was tried and does
 * not do says which promise breaks then. */
#include "prove/asked.h"
#include "prove/index.h"

#include <string.h>

enum { TRIALS = 16, TRIALS_EACH = 4, TRIAL_FACTS = 20000 };

/* A stale fact (one that leads on, or a need), and who answered behind it while it held. */
struct patient {
  struct model *m;
  struct state *s;
  const struct fact *fact;
  uint32_t id, resource, port; /* who answered, and the port it was asked on */
  uint32_t left;
  ARRAY(struct target) candidates;
  ARRAY(struct mend) mends;
};

/* Does the fact lead to a host? What needs a resource by its name has none (fact_size). */
static bool has_host(const struct fact *f) { return f->type != FACT_NEEDS || f->need.type != NEED_RESOURCE; }

/* Where a fact leads, or what it needs. */
static struct host *host_of(struct fact *f)
{
  return f->type == FACT_NEEDS ? &f->need.host : &f->to.host;
}

static struct target target_of(const struct fact *f)
{
  if (f->type != FACT_NEEDS)
    return f->to;
  return (struct target){.type = TARGET_HOST, .host = f->need.host, .port = f->need.port, .zone = f->need.zone, .resource = NONE};
}

/* ── What it could lead to instead ─────────────────────────────────────────── */

static bool find_resource(struct patient *x, const struct trace *before)
{
  bool past = x->fact->type == FACT_NEEDS;

  for (uint32_t i = 0; i < before->n; i++) {
    const struct link *l = &before->at[i];

    if (past && l->type == LINK_SERVES) {
      x->resource = l->resource;
      x->port = l->port;
      return true;
    }
    past = past || (l->fact != NONE && root_key(x->s, l->fact) == root_key(x->s, x->id));
  }
  return false;
}

static bool sees(const struct model *m, uint32_t from, uint32_t zone)
{
  for (uint32_t n = 0; from < m->zones.n && n <= m->zones.n; n++, from = m->zones.at[from].inside)
    if (from == zone)
      return true;
  return false;
}

static bool same_host(const struct host *a, const struct host *b)
{
  return a->type == b->type && (a->type == HOST_NAME ? a->name == b->name : address_compare(&a->from, &b->from) == 0);
}

/* Where the resource answers at the end: by a name that never changes first, then by address. */
static void find_candidates(struct patient *x, enum host_type type)
{
  uint32_t zone = x->fact->type == FACT_FORWARDS ? x->fact->to.zone : x->fact->zone, dns;

  if (x->fact->type == FACT_NEEDS)
    need_place(x->s, x->fact->by, &x->fact->need, &zone, &dns);
  for (uint32_t i = 0; i < x->s->fact_count; i++) {
    if (slot_asleep(x->s->facts[i]) && (slot_on(x->s->facts[i]) != NONE || slot_by(x->s->facts[i]) != x->resource))
      continue;
    const struct fact *f = state_fact(x->s, i);
    struct target t = target_of(x->fact);
    bool known = false;

    if (f->type != FACT_SERVES || f->by != x->resource || f->host.type != type || same_host(&f->host, &t.host) ||
        port_rank(f, x->port) > 2 || !fact_in_force(x->s, i))
      continue;
    if (type == HOST_NAME ? f->guard != GUARD_ALWAYS || !sees(x->m, zone, f->zone)
                          : x->fact->type != FACT_NAMES && !sees(x->m, zone, f->zone))
      continue;
    t.host = f->host;
    for (uint32_t k = 0; k < x->candidates.n && !known; k++)
      known = same_host(&x->candidates.at[k].host, &t.host);
    if (!known && x->candidates.n < TRIALS_EACH)
      array_push(&x->m->c->arena, &x->candidates, t);
  }
}

/* ── Trying it ─────────────────────────────────────────────────────────────── */

static uint32_t step_of(const struct model *m, uint32_t resource)
{
  for (uint32_t i = 0; i < m->steps.n; i++)
    if (m->steps.at[i].resource == resource && m->steps.at[i].hop_count)
      return i;
  return NONE;
}

/* What its provider takes: to be up, and to be reached. */
static void give_needs(struct model *fork, struct step *step, uint32_t via)
{
  ARRAY(struct need) needs = {0};

  if (via == NONE)
    return;
  array_push(&fork->c->arena, &needs,
             (struct need){.type = NEED_RESOURCE, .on = via, .secret = NONE, .zone = NONE, .dns = NONE, .port = NONE, .at = step->at});
  for (uint32_t i = 0; i < fork->asks.n; i++)
    if (fork->asks.at[i].type == ASK_PROVIDER && fork->asks.at[i].resource == via)
      array_push(&fork->c->arena, &needs, fork->asks.at[i].endpoint);
  step->needs = step->undo_needs = needs.at;
  step->needs_count = step->undo_needs_count = needs.n;
}

void fork_step(struct model *fork, uint32_t id, uint32_t resource)
{
  struct step *step = &fork->steps.at[id];
  const struct resource *r = &fork->resources.at[resource];
  uint32_t takes = name_str(&fork->c->names, "takes");

  step->name = step->title = r->name;
  step->resource = resource;
  step->at = resource_span(fork, resource);
  step->commands = 1;
  struct attribute_range own = attributes_of(fork, resource);
  for (uint32_t i = own.at; i < own.end; i++) {
    const struct attribute *a = &fork->attributes.at[i];

    if (a->name == takes && a->cases.n && a->cases.at[0].value.type == V_DURATION)
      step->takes = a->cases.at[0].value.number;
  }
  give_needs(fork, step, resource_via(fork, resource));
}

static void hold_under(struct fact *f, uint32_t guard)
{
  f->guard = guard;
  if (f->type == FACT_NEEDS)
    f->need.guard = guard;
}

/* The plan in which the fact, and all that comes from the same value, leads to `to` from its resource's step on. */
static struct model *treat(const struct patient *x, const struct target *to)
{
  uint32_t step = step_of(x->m, x->fact->by);
  struct model *fork = model_fork(x->m, step == NONE);

  if (step == NONE) {
    step = fork->steps.n - 1;
    fork_step(fork, step, x->fact->by);
  }
  uint32_t before = guard_of(fork, &(uint32_t){step << 1 | 1}, 1), after = guard_of(fork, &(uint32_t){step << 1}, 1);

  for (uint32_t i = 0; i < x->m->facts.n; i++) {
    struct fact *old = fact_at(fork, i);
    struct host host = target_of(x->fact).host;
    uint32_t early = guard_and(fork, old->guard, before), late = guard_and(fork, old->guard, after);

    if (old->type != x->fact->type || root_key(x->s, i) != root_key(x->s, x->id) || !has_host(old) || !same_host(host_of(old), &host))
      continue;
    struct fact *moved = fact_copy(&fork->c->arena, old);

    *host_of(moved) = to->host;
    if (moved->type == FACT_NEEDS && moved->need.vhost) /* a URL asks for the host it names */
      moved->need.vhost = to->host.type == HOST_NAME
                            ? to->host.name : name_str(&fork->c->names, address_text(&fork->c->arena, &to->host.from));
    hold_under(moved, late);
    if (early == NONE) { /* after its own step only */
      fork->facts.at[i] = slot_of_fact(moved);
      continue;
    }
    hold_under(old, early);
    if (late != NONE)
      array_push(&fork->c->arena, &fork->facts, slot_of_fact(moved));
  }
  return fork;
}

static void try_all(struct patient *x, const struct proof *p, uint32_t breach)
{
  for (uint32_t i = 0; i < x->candidates.n && x->left && trials_affordable(p); i++) {
    const struct target *to = &x->candidates.at[i];
    uint32_t owner = resource_owner(x->m, x->fact->by);
    struct mend mend = {.type = MEND_TARGET, .to = *to, .by_name = to->host.type == HOST_NAME, .because = NONE, .owner = owner,
                        .fact = x->id, .step = NONE, .promise = NONE};

    x->left--;
    mend.works = trial_holds(p, treat(x, to), breach, &mend.because);
    array_push(&x->m->c->arena, &x->mends, mend);
  }
}

/* E201 gets mends: type MEND_TARGET, fact (the stale one), to, by_name (it never changes, else an address), works, because (the
 * promise that breaks with it, NONE when it is something else; works 0), owner (whose code has to change too). */
void check_mends(struct model *m, struct proof *p, struct state *s)
{
  uint32_t left = TRIALS;

  if (m->facts.n > TRIAL_FACTS)
    return;
  goto_state(m, p, s, p->order.n);
  for (uint32_t i = 0; i < p->breaches.n && left; i++) {
    const struct breach b = p->breaches.at[i];
    struct patient x = {.m = m, .s = s, .id = b.fact, .left = left < TRIALS_EACH ? left : TRIALS_EACH};

    if (b.code != CODE_201 || b.fact == NONE)
      continue;
    x.fact = fact_at(m, b.fact);
    if (x.fact->type == FACT_HOSTS || (x.fact->type == FACT_NEEDS && x.fact->need.type != NEED_ENDPOINT) ||
        target_of(x.fact).type != TARGET_HOST || !find_resource(&x, &b.before))
      continue;
    find_candidates(&x, HOST_NAME);
    find_candidates(&x, HOST_ADDRESS);
    uint32_t had = x.left;

    try_all(&x, p, i);
    left -= had - x.left;
    p->breaches.at[i].mends = x.mends.at;
    p->breaches.at[i].mend_count = x.mends.n;
  }
}
