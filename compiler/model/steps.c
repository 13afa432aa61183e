/* Which steps there are: attributes with arrows, created and deleted resources, `step`s -> the step table, sorted by
 * source position, with the hops of each and what guards call them.
 * Needs declarations. Guarantees: every hop belongs to exactly one step; chains and first and last hops are edges. */
#include "model/elaborate.h"
#include "model/steps.h"

#include <stdlib.h>
#include <string.h>

#define CHAIN_MAX 256u

/* ── Arrows in expressions ─────────────────────────────────────────────────── */

static bool bound(const struct binding *b, uint32_t name) {
  for (; b; b = b->outer)
    if (b->name == name) return true;
  return false;
}

static uint32_t let_behind(struct elaboration *e, uint32_t node, const struct binding *bindings) {
  if (NODE(e, node)->type != N_REF || NODE(e, node)->child || bound(bindings, NODE(e, node)->text)) return NONE;
  uint32_t let = index_get(&e->let_index, NODE(e, node)->text);
  return let == NONE || e->let_states.at[let] == LAZY_RUNNING ? NONE : let;
}

uint32_t chain_node(struct elaboration *e, uint32_t node, const struct binding *bindings) {
  if (!node || NODE(e, node)->type == N_LITERAL || e->depth >= DEPTH_MAX) return 0;
  if (NODE(e, node)->type == N_TRANSITION) return node;
  uint32_t found = 0, let = let_behind(e, node, bindings);
  e->depth++;
  if (let != NONE) {
    uint8_t before = e->let_states.at[let];
    e->let_states.at[let] = LAZY_RUNNING;
    found = chain_node(e, NODE(e, e->lets.at[let].node)->child, e->lets.at[let].bindings);
    e->let_states.at[let] = before;
  }
  for (uint32_t i = NODE(e, node)->child; i && !found; i = NODE(e, i)->next) found = chain_node(e, i, bindings);
  e->depth--;
  return found;
}

uint32_t chain_values(struct elaboration *e, uint32_t node, const struct binding *bindings, struct span at) {
  if (!node || NODE(e, node)->type == N_LITERAL || e->depth >= DEPTH_MAX) return 1;
  uint32_t n = 0, most = 1, let = let_behind(e, node, bindings);
  bool arrow = NODE(e, node)->type == N_TRANSITION;
  e->depth++;
  if (let != NONE) {
    uint8_t before = e->let_states.at[let];
    e->let_states.at[let] = LAZY_RUNNING;
    most = chain_values(e, NODE(e, e->lets.at[let].node)->child, e->lets.at[let].bindings, at);
    e->let_states.at[let] = before;
  }
  for (uint32_t i = NODE(e, node)->child; i; i = NODE(e, i)->next) {
    uint32_t inner = chain_values(e, i, bindings, at);
    n++;
    if (inner > 1 && arrow) finding_add(e->c, CODE_111, node_span(e->tree, i), "an arrow stands within an arrow");
    else if (inner > 1 && most > 1 && inner != most)
      finding_add(e->c, CODE_111, at, "the arrows of one value are made together, and here one has %u values and another %u", most, inner);
    if (!arrow && inner > most) most = inner;
  }
  e->depth--;
  return arrow ? n : most;
}

/* Where the values of a chain stand: that of the attribute itself, or one behind a constant. */
static void hop_spans(struct elaboration *e, uint32_t attribute, bool written, uint32_t values, struct span *at) {
  const struct attribute *a = &e->m->attributes.at[attribute];
  uint32_t n = 0;
  if (written && attribute_links(e, attribute, NULL) == values) {
    (void)attribute_links(e, attribute, at);
    return;
  }
  if (written) {
    struct opened o = attribute_open(e, attribute);
    uint32_t chain = chain_node(e, o.node, resource_rare(e, a->owner)->bindings);
    for (uint32_t i = chain ? NODE(e, chain)->child : 0; i && n < values; i = NODE(e, i)->next) at[n++] = node_span(e->tree, i);
    attribute_close(e, &o);
  }
  while (n < values) at[n++] = a->at;
}

/* ── Attributes that change ────────────────────────────────────────────────── */

static const char *resource_name(const struct elaboration *e, uint32_t r) { return name_text(&e->c->names, e->m->resources.at[r].name); }

static bool may_change(struct elaboration *e, uint32_t attribute) {
  struct model *m = e->m;
  struct attribute *a = &m->attributes.at[attribute];
  const char *name = name_text(&e->c->names, a->name);
  uint32_t kind = e->m->resources.at[a->owner].kind_id;
  bool field = kind != NONE && kind_field(&e->kinds.at[kind], a->name) != NONE;
  struct finding *f;
  if (!field && a->name != e->words->exists && a->name != e->words->needs && universal_type(e, a->name)) {
    f = finding_add(e->c, CODE_111, a->at, "`%s` of `%s` says how the plan is carried out, and can't change within it", name, resource_name(e, a->owner));
  } else if (NODE(e, m->resources.at[a->owner].node)->op && a->name != e->words->exists) {
    bool create = NODE(e, m->resources.at[a->owner].node)->op == 1;
    f = finding_add(e->c, CODE_111, a->at, "`%s` of `%s` changes, and `%s` is %s by this plan", name, resource_name(e, a->owner),
                    resource_name(e, a->owner), create ? "created" : "deleted");
    finding_remark(e->c, f, REMARK_HELP, create ? "give it the value it is created with" : "give it the value it has now");
  } else return true;
  f->resource = m->resources.at[a->owner].name;
  return false;
}

/* `exists` of what the plan creates or deletes. */
static bool made(const struct elaboration *e, uint32_t attribute) {
  return resource_rare(e, e->m->attributes.at[attribute].owner)->exists == attribute && !e->lazies.at[attribute].node;
}

/* How many values an attribute has one after the other; 1 when it stays. */
static uint32_t values_of(struct elaboration *e, uint32_t a) {
  const struct lazy_attribute *lazy = &e->lazies.at[a];
  const struct attribute *attribute = &e->m->attributes.at[a];
  if (made(e, a)) return 2;
  if (lazy->preset || !lazy->node || lazy->node == NONE) return 1;
  uint32_t values = 1;
  if (!node_is_text(lazy->node) || e->lets.n) {
    struct opened o = attribute_open(e, a);
    values = chain_values(e, o.node, resource_rare(e, attribute->owner)->bindings, attribute->at);
    attribute_close(e, &o);
  } else values = attribute_links(e, a, NULL); /* no word stands for another chain */
  if (values < 2 || !may_change(e, a)) return 1;
  if (values <= CHAIN_MAX) return values;
  finding_add(e->c, CODE_113, attribute->at, "`%s` of `%s` changes more than %u times", name_text(&e->c->names, attribute->name),
              resource_name(e, attribute->owner), CHAIN_MAX - 1);
  return 1;
}

/* What is kept of all chains, one after the other. */
static void arrows(struct elaboration *e, struct step_table *t) {
  ARRAY(struct chain) chains = {0};
  struct model *m = e->m;
  uint32_t values = 0;
  for (uint32_t a = 0; a < m->attributes.n; a++) {
    uint32_t n = values_of(e, a);
    if (n < 2) continue;
    m->attributes.at[a].hop_count = (n - 1) & 0x7fffffff;
    values += n;
    array_push(&e->c->arena, &chains, (struct chain){a, m->attributes.at[a].owner, n - 1});
  }
  struct span *spans = arena_array(&e->c->arena, struct span, values + 1u);
  uint32_t *steps = arena_array(&e->c->arena, uint32_t, values + 1u);
  for (uint32_t c = 0; c < chains.n; c++) {
    struct attribute *a = &m->attributes.at[chains.at[c].attribute];
    if (c + 8 < chains.n) attribute_expect(e, chains.at[c + 8].attribute);
    hop_spans(e, chains.at[c].attribute, !made(e, chains.at[c].attribute), a->hop_count + 1, spans);
    a->hops = spans;
    a->steps = steps;
    spans += a->hop_count + 1;
    steps += a->hop_count;
  }
  t->chains = chains.at;
  t->chain_count = chains.n;
  t->owner = e->steps.n ? arena_array(&e->c->arena, uint32_t *, chains.n + 1u) : NULL;
  t->hop_count = values - chains.n;
}

/* ── The table ─────────────────────────────────────────────────────────────── */

struct seed { /* one step to be */
  uint32_t source, start, iteration, hop; /* its position; hop: of longer chains, counted from 1 over all of a resource; else 0 */
  uint32_t of;                            /* its chain, or the first of a resource's with a single hop; from chain_count on N_STEPs */
};

static int by_position(const void *x, const void *y) {
  const struct seed *a = x, *b = y;
  if (a->source != b->source) return a->source < b->source ? -1 : 1;
  if (a->start != b->start) return a->start < b->start ? -1 : 1;
  if (a->iteration != b->iteration) return a->iteration < b->iteration ? -1 : 1;
  return a->hop < b->hop ? -1 : a->hop > b->hop;
}

static uint32_t covering(const struct step_table *t, uint32_t chain, uint32_t hop) {
  return t->owner && t->owner[chain] ? t->owner[chain][hop] : NONE;
}

/* With room for all. */
struct seeds { struct seed *at; uint32_t n; bool sorted; };

static void seed_push(struct elaboration *e, struct seeds *seeds, uint32_t node, uint32_t iteration, uint32_t hop, uint32_t of) {
  struct span at = node_span(e->tree, node);
  struct seed *s = &seeds->at[seeds->n];
  *s = (struct seed){at.source, at.start, iteration, hop, of};
  seeds->sorted = seeds->sorted && (seeds->n == 0 || by_position(s - 1, s) <= 0);
  seeds->n++;
}

static void seed_all(struct elaboration *e, const struct step_table *t, struct seeds *seeds) {
  uint32_t last = NONE, hop = 1;
  for (uint32_t c = 0; c < t->chain_count; c++) {
    const struct chain *x = &t->chains[c];
    uint32_t node = e->m->resources.at[x->owner].node, iteration = resource_rare(e, x->owner)->iteration;
    if (c == 0 || x[-1].owner != x->owner) hop = 1;
    if (x->hops == 1 && covering(t, c, 0) == NONE && last != x->owner) {
      seed_push(e, seeds, node, iteration, 0, c);
      last = x->owner;
    }
    for (uint32_t h = 0; x->hops > 1 && h < x->hops; h++, hop++)
      if (covering(t, c, h) == NONE) seed_push(e, seeds, node, iteration, hop, c);
  }
  for (uint32_t d = 0; d < e->steps.n; d++) seed_push(e, seeds, e->steps.at[d].node, e->steps.at[d].iteration, 0, t->chain_count + d);
  if (!seeds->sorted) qsort(seeds->at, seeds->n, sizeof *seeds->at, by_position);
}

/* The hop of a chain that a seed was made for: counted over the resource's longer chains. */
static uint32_t hop_within(const struct step_table *t, const struct seed *s) {
  uint32_t before = 1;
  for (uint32_t c = s->of; c-- > 0 && t->chains[c].owner == t->chains[s->of].owner;)
    if (t->chains[c].hops > 1) before += t->chains[c].hops;
  return s->hop - before;
}

/* In the room for all of them. A resource's own step is found by the resource. */
static struct step *step_push(struct elaboration *e, uint32_t resource, uint32_t node, uint32_t name, struct span at) {
  uint32_t step = e->m->steps.n++;
  struct step *s = &e->m->steps.at[step];
  *s = (struct step){.name = name, .resource = resource, .node = node, .at = at, .takes = -1, .first_position = step};
  if (resource == NONE || e->m->resources.at[resource].name != name || index_get(&e->resource_index, name) != resource)
    index_put(&e->c->arena, &e->step_names, name, step);
  return s;
}

uint32_t step_named(const struct elaboration *e, uint32_t name) {
  uint32_t step = index_get(&e->step_names, name), resource = index_get(&e->resource_index, name);
  if (resource == NONE || !e->m->steps.n || resource_asleep(e->m, resource)) return step;
  struct attribute_range own = attributes_of(e->m, resource);
  for (uint32_t i = own.at; i < own.end; i++) {
    const struct attribute *a = &e->m->attributes.at[i];
    if (a->hop_count == 1 && a->steps[0] < step && e->m->steps.at[a->steps[0]].name == name) step = a->steps[0];
  }
  return step;
}

/* The single hops of a resource belong to one step. */
static void number_single(struct elaboration *e, const struct step_table *t, const struct seed *s, uint32_t step) {
  uint32_t owner = t->chains[s->of].owner;
  for (uint32_t c = s->of; c < t->chain_count && t->chains[c].owner == owner; c++)
    if (t->chains[c].hops == 1 && covering(t, c, 0) == NONE) ((uint32_t *)e->m->attributes.at[t->chains[c].attribute].steps)[0] = step;
}

static void number(struct elaboration *e, struct step_table *t, const struct seeds *seeds) {
  struct model *m = e->m;
  m->steps.at = arena_array(&e->c->arena, struct step, m->steps.cap = seeds->n + 1u);
  for (uint32_t i = 0; i < seeds->n; i++) {
    const struct seed *s = &seeds->at[i];
    if (s->of >= t->chain_count) {
      const struct declared *d = &e->steps.at[s->of - t->chain_count];
      t->declared[s->of - t->chain_count] = i;
      step_push(e, NONE, d->node, d->name, d->at);
      continue;
    }
    uint32_t owner = t->chains[s->of].owner;
    const struct resource *r = &m->resources.at[owner];
    if (s->hop == 0) {
      number_single(e, t, s, i);
      step_push(e, owner, r->node, r->name, resource_span(m, owner));
    } else {
      struct attribute *a = &m->attributes.at[t->chains[s->of].attribute];
      uint32_t h = hop_within(t, s);
      ((uint32_t *)a->steps)[h] = i;
      const char *id = arena_print(&e->c->arena, "%s.%s.%u", resource_name(e, owner), name_text(&e->c->names, a->name), h + 1);
      step_push(e, owner, r->node, known_name(e, id), a->hops[h + 1]);
    }
  }
}

static void parts(struct elaboration *e, struct step_table *t) {
  for (uint32_t d = 0; d < e->steps.n; d++) {
    struct covered *c = &t->covers[d];
    if (!c->node) continue;
    struct step *s = &e->m->steps.at[t->declared[d]];
    if (c->resources.n == 1) s->resource = c->resources.at[0];
    if (c->resources.n < 2) continue;
    s->parts = c->resources.at;
    s->part_count = c->resources.n;
    for (uint32_t i = 0; i < c->resources.n; i++)
      array_push(&e->c->arena, &e->m->parts, (struct part){t->declared[d], c->resources.at[i]});
  }
}

/* What guards call a resource's hops in a step: the step, or the part of it. */
static uint32_t mark_of(struct elaboration *e, const struct index *first_part, uint32_t step, uint32_t resource) {
  const struct step *s = &e->m->steps.at[step];
  if (!s->part_count) return step;
  uint32_t declared = index_get(&e->step_index, s->name);
  return e->m->steps.n + index_get(first_part, step) + index_get(&e->table->covers[declared].places, resource);
}

/* What guards call the hops: their steps, where no step has parts. */
static void mark_all(struct elaboration *e, const struct step_table *t) {
  struct model *m = e->m;
  struct index first_part = {0};
  if (!m->parts.n) return;
  for (uint32_t p = 0; p < m->parts.n; p++) index_put(&e->c->arena, &first_part, m->parts.at[p].step, p);
  for (uint32_t c = 0; c < t->chain_count; c++) {
    const struct attribute *a = &m->attributes.at[t->chains[c].attribute];
    index_put(&e->c->arena, &e->marks_of, t->chains[c].attribute, e->marks.n);
    for (uint32_t h = 0; h < a->hop_count; h++) array_push(&e->c->arena, &e->marks, mark_of(e, &first_part, a->steps[h], a->owner));
  }
}

static void hops(struct elaboration *e, struct step_table *t) {
  struct model *m = e->m;
  for (uint32_t c = 0; c < t->chain_count; c++) {
    uint32_t *steps = (uint32_t *)m->attributes.at[t->chains[c].attribute].steps;
    for (uint32_t h = 0; h < t->chains[c].hops; h++) {
      if (covering(t, c, h) != NONE) steps[h] = t->declared[covering(t, c, h)];
      m->steps.at[steps[h]].hop_count++;
    }
  }
  struct hop *at = arena_array(&e->c->arena, struct hop, t->hop_count + 1u);
  for (uint32_t s = 0; s < m->steps.n; s++) {
    m->steps.at[s].hops = at;
    at += m->steps.at[s].hop_count;
    m->steps.at[s].hop_count = 0;
  }
  for (uint32_t c = 0; c < t->chain_count; c++) {
    const uint32_t *steps = m->attributes.at[t->chains[c].attribute].steps;
    for (uint32_t h = 0; h < t->chains[c].hops; h++) {
      struct step *s = &m->steps.at[steps[h]];
      ((struct hop *)s->hops)[s->hop_count++] = (struct hop){t->chains[c].attribute, h};
    }
  }
  mark_all(e, t);
}

/* ── Order within a resource ───────────────────────────────────────────────── */

void edge_add(struct elaboration *e, uint32_t step, uint32_t after) {
  if (step != after) array_push(&e->c->arena, &e->table->edges, (struct edge){step, after});
}

bool chain_returns(struct elaboration *e, uint32_t attribute) {
  const struct attribute *a = &e->m->attributes.at[attribute];
  if (a->hop_count < 2) return false;
  struct cases first = attribute_value_at(e, attribute, 0), last = attribute_value_at(e, attribute, a->hop_count);
  return first.n == 1 && last.n == 1 && value_equal(&first.at[0].value, &last.at[0].value);
}

/* The hops of one resource: chains in their order, those that return around all others. */
static void order_within(struct elaboration *e, const struct chain *chains, uint32_t n) {
  struct model *m = e->m;
  uint32_t longest = 1;
  for (uint32_t i = 0; i < n; i++)
    if (chains[i].hops > longest) longest = chains[i].hops;
  if (longest == 1) return;
  bool *around = arena_array(&e->c->arena, bool, n);
  for (uint32_t i = 0; i < n; i++) {
    const struct attribute *a = &m->attributes.at[chains[i].attribute];
    around[i] = chain_returns(e, chains[i].attribute);
    for (uint32_t h = 1; h < a->hop_count; h++) edge_add(e, a->steps[h], a->steps[h - 1]);
  }
  for (uint32_t i = 0; i < n; i++)
    for (uint32_t k = 0; around[i] && k < n; k++) {
      const struct attribute *a = &m->attributes.at[chains[i].attribute], *b = &m->attributes.at[chains[k].attribute];
      if (k == i) continue;
      for (uint32_t h = around[k] ? 1 : 0; h < b->hop_count; h++) edge_add(e, b->steps[h], a->steps[0]);
      for (uint32_t h = 0; h + (around[k] ? 1 : 0) < b->hop_count; h++) edge_add(e, a->steps[a->hop_count - 1], b->steps[h]);
    }
}

/* ── What is done whenever a step is ───────────────────────────────────────── */

struct adjacency { uint32_t *first, *to; };

static struct adjacency adjacent(struct elaboration *e, const struct step_table *t) {
  struct adjacency a = {arena_array(&e->c->arena, uint32_t, e->m->steps.n + 2u), arena_array(&e->c->arena, uint32_t, t->edges.n + 1u)};
  for (uint32_t i = 0; i < t->edges.n; i++) a.first[t->edges.at[i].step + 2]++;
  for (uint32_t s = 2; s < e->m->steps.n + 2; s++) a.first[s] += a.first[s - 1];
  for (uint32_t i = 0; i < t->edges.n; i++) a.to[a.first[t->edges.at[i].step + 1]++] = t->edges.at[i].after;
  return a;
}

static void imply(struct elaboration *e, const struct step_table *t) {
  struct model *m = e->m;
  if (!t->edges.n && !m->parts.n) return;
  struct adjacency a = adjacent(e, t);
  uint32_t *seen = arena_array(&e->c->arena, uint32_t, m->steps.n + 1u);
  struct index first_part = {0};
  for (uint32_t p = 0; p < m->parts.n; p++) index_put(&e->c->arena, &first_part, m->parts.at[p].step, p);
  for (uint32_t s = 0; s < m->steps.n; s++) {
    if (a.first[s] == a.first[s + 1] && !m->steps.at[s].part_count) continue;
    ARRAY(uint32_t) reached = {0}, marks = {0};
    seen[s] = s + 1;
    for (uint32_t i = a.first[s]; i < a.first[s + 1]; i++) array_push(&e->c->arena, &reached, a.to[i]);
    for (uint32_t i = 0; i < reached.n && i < 4096; i++) {
      uint32_t other = reached.at[i];
      if (seen[other] == s + 1) continue;
      seen[other] = s + 1;
      array_push(&e->c->arena, &marks, other);
      for (uint32_t k = 0; k < m->steps.at[other].part_count; k++)
        array_push(&e->c->arena, &marks, m->steps.n + index_get(&first_part, other) + k);
      for (uint32_t k = a.first[other]; k < a.first[other + 1]; k++) array_push(&e->c->arena, &reached, a.to[k]);
    }
    for (uint32_t k = 0; k < m->steps.at[s].part_count; k++) { /* parts are made in order */
      uint32_t part = m->steps.n + index_get(&first_part, s) + k, *copy = arena_array(&e->c->arena, uint32_t, marks.n + 1u);
      if (marks.n) memcpy(copy, marks.at, marks.n * sizeof *copy);
      guards_imply(e, part, copy, marks.n);
      array_push(&e->c->arena, &marks, part);
    }
    if (marks.n) guards_imply(e, s, marks.at, marks.n);
  }
}

const uint32_t *steps_of_resource(struct elaboration *e, uint32_t resource, uint32_t *n) {
  ARRAY(uint32_t) list = {0};
  struct attribute_range own = attributes_of(e->m, resource);
  for (uint32_t i = own.at; i < own.end; i++) {
    const struct attribute *a = &e->m->attributes.at[i];
    for (uint32_t h = 0; h < a->hop_count; h++) {
      uint32_t k = 0;
      while (k < list.n && list.at[k] != a->steps[h]) k++;
      if (k == list.n) array_push(&e->c->arena, &list, a->steps[h]);
    }
  }
  for (uint32_t i = 1; i < list.n; i++) /* a handful */
    for (uint32_t k = i; k && list.at[k - 1] > list.at[k]; k--) {
      uint32_t swap = list.at[k];
      list.at[k] = list.at[k - 1];
      list.at[k - 1] = swap;
    }
  *n = list.n;
  return list.at;
}

void steps_name(struct elaboration *e) {
  struct step_table *t = e->table = arena_new(&e->c->arena, struct step_table);
  t->declared = arena_array(&e->c->arena, uint32_t, e->steps.n + 1u);
  t->covers = arena_array(&e->c->arena, struct covered, e->steps.n + 1u);
  arrows(e, t);
  covers_resolve(e);
  struct arena own = {0};
  struct seeds seeds = {.at = arena_array(&own, struct seed, t->hop_count + e->steps.n + 1u), .sorted = true};
  seed_all(e, t, &seeds);
  number(e, t, &seeds);
  arena_free(&own);
  parts(e, t);
  hops(e, t);
  for (uint32_t c = 0, from = 0; c < t->chain_count; c++) {
    bool last = c + 1 == t->chain_count || t->chains[c + 1].owner != t->chains[c].owner;
    if (!last) continue;
    order_within(e, &t->chains[from], c + 1 - from);
    from = c + 1;
  }
  imply(e, t);
  e->naming = false;
}
