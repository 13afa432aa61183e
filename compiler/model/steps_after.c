/* What a step comes after: `after`, the creation of what it names, the deletion of what it leaves; and its title. */
#include "model/elaborate.h"
#include "model/eval.h"
#include "model/steps.h"

#include <stdlib.h>

static const char *resource_name(const struct elaboration *e, uint32_t r) { return name_text(&e->c->names, e->m->resources.at[r].name); }

/* ── after ─────────────────────────────────────────────────────────────────── */

struct waiting { /* who says `after` */
  const uint32_t *steps;
  uint32_t n;
  uint32_t resource, declared; /* one of them NONE */
  const struct binding *bindings;
};

static void after_one(struct elaboration *e, const struct waiting *w, uint32_t element) {
  struct hop_list hops = {0};
  uint32_t declared, resource;
  struct span at = node_span(e->tree, element);
  if (!hops_named(e, element, w->bindings, &hops, &declared, &resource)) return;
  if ((declared != NONE && declared == w->declared) || (resource != NONE && resource == w->resource)) {
    finding_add(e->c, CODE_112, at, "this would wait for itself");
    return;
  }
  if (declared == NONE && !hops.n) {
    struct finding *f = finding_add(e->c, CODE_112, at, "`%s` does not change in this plan, so nothing can come after it", resource_name(e, resource));
    finding_label(e->c, f, resource_span(e->m, resource), "no arrow in here");
    return;
  }
  for (uint32_t i = 0; i < w->n; i++) {
    if (declared != NONE) edge_add(e, w->steps[i], e->table->declared[declared]);
    for (uint32_t k = 0; k < hops.n; k++) edge_add(e, w->steps[i], e->m->attributes.at[hops.at[k].attribute].steps[hops.at[k].index]);
  }
}

static void after_all(struct elaboration *e, const struct waiting *w, uint32_t item) {
  uint32_t list = item ? NODE(e, item)->child : 0;
  if (!list) return;
  if (NODE(e, list)->type != N_LIST) {
    after_one(e, w, list);
    return;
  }
  for (uint32_t i = NODE(e, list)->child; i; i = NODE(e, i)->next) after_one(e, w, i);
}

/* ── Creation ──────────────────────────────────────────────────────────────── */

struct creation { uint32_t step; bool created; };

/* The step that creates or deletes a resource; false for one that always exists, or comes and goes more than once. */
static bool creation_of(const struct elaboration *e, uint32_t resource, struct creation *out) {
  uint32_t exists = resource_rare(e, resource)->exists;
  if (exists == NONE || e->m->attributes.at[exists].hop_count != 1) return false;
  const struct cases *c = &e->m->attributes.at[exists].cases;
  if (c->n != 2 || c->at[0].value.type != V_BOOL) return false;
  *out = (struct creation){e->m->attributes.at[exists].steps[0], !c->at[0].value.number};
  return true;
}

struct naming { /* a value of an attribute that names resources */
  uint32_t attribute, index;
};

static void names_one(struct elaboration *e, const struct naming *n, uint32_t resource) {
  struct creation c;
  const struct attribute *a = &e->m->attributes.at[n->attribute];
  if (resource == a->owner || !creation_of(e, resource, &c)) return;
  uint32_t at = n->index;
  if (c.created && at > 0) edge_add(e, a->steps[at - 1], c.step);
  else if (!c.created && at < a->hop_count) edge_add(e, c.step, a->steps[at]);
  else {
    struct finding *f = finding_add(e->c, CODE_111, a->hops[at], c.created ? "`%s` begins with `%s`, which this plan creates only" : "`%s` ends with `%s`, which this plan deletes",
                                    name_text(&e->c->names, a->name), resource_name(e, resource));
    f->resource = e->m->resources.at[a->owner].name;
    finding_label(e->c, f, resource_span(e->m, resource), c.created ? "created here" : "deleted here");
  }
}

static void names_in(struct elaboration *e, const struct value *v, const struct naming *n, uint32_t step) {
  if (v->type == V_RESOURCE && n) names_one(e, n, v->id);
  else if (v->type == V_RESOURCE) { /* what is created names it: it has to be there first */
    struct creation mine, other;
    uint32_t owner = step;
    if (v->id == owner || !creation_of(e, owner, &mine) || !creation_of(e, v->id, &other) || mine.created != other.created) return;
    if (mine.created) edge_add(e, mine.step, other.step);
    else edge_add(e, other.step, mine.step);
  }
  bool many = v->type == V_LIST || v->type == V_MAP || v->type == V_CALL;
  for (uint32_t i = 0; many && i < v->count && e->depth < DEPTH_MAX; i++) {
    e->depth++;
    names_in(e, &v->items[i], n, step);
    e->depth--;
  }
}

/* Does anything come or go? */
static bool any_creation(const struct elaboration *e) {
  const struct step_table *t = e->table;
  for (uint32_t c = 0; c < t->chain_count; c++)
    if (resource_rare(e, t->chains[c].owner)->exists == t->chains[c].attribute) return true;
  return false;
}

static void creations(struct elaboration *e) {
  const struct step_table *t = e->table;
  struct model *m = e->m;
  if (!any_creation(e)) return;
  for (uint32_t c = 0; c < t->chain_count; c++) {
    const struct attribute *a = &m->attributes.at[t->chains[c].attribute];
    for (uint32_t i = 0; i <= a->hop_count; i++) {
      struct cases values = attribute_value_at(e, t->chains[c].attribute, i);
      struct naming n = {t->chains[c].attribute, i};
      for (uint32_t k = 0; k < values.n; k++) names_in(e, &values.at[k].value, &n, NONE);
    }
    struct creation provider;
    uint32_t via = resource_via(m, a->owner);
    if (via != NONE && creation_of(e, via, &provider))
      for (uint32_t h = 0; h < a->hop_count; h++) {
        if (provider.created) edge_add(e, a->steps[h], provider.step);
        else edge_add(e, provider.step, a->steps[h]);
      }
  }
  for (uint32_t r = 0; r < m->resources.n; r++) {
    if (resource_rare(e, r)->exists == NONE) continue;
    struct attribute_range own = attributes_of(m, r);
    for (uint32_t i = own.at; i < own.end; i++) {
      const struct attribute *a = &m->attributes.at[i];
      for (uint32_t k = 0; k < a->cases.n && !a->hop_count; k++) names_in(e, &a->cases.at[k].value, NULL, r);
    }
  }
}

/* ── Into the steps ────────────────────────────────────────────────────────── */

static int by_step(const void *x, const void *y) {
  const struct edge *a = x, *b = y;
  if (a->step != b->step) return a->step < b->step ? -1 : 1;
  return a->after < b->after ? -1 : a->after > b->after;
}

static void hand_out(struct elaboration *e) {
  struct step_table *t = e->table;
  if (!t->edges.n) return;
  qsort(t->edges.at, t->edges.n, sizeof *t->edges.at, by_step);
  uint32_t *after = arena_array(&e->c->arena, uint32_t, t->edges.n), used = 0;
  for (uint32_t i = 0; i < t->edges.n;) {
    struct step *s = &e->m->steps.at[t->edges.at[i].step];
    uint32_t first = used, from = i;
    for (; i < t->edges.n && t->edges.at[i].step == t->edges.at[from].step; i++)
      if (used == first || after[used - 1] != t->edges.at[i].after) after[used++] = t->edges.at[i].after;
    s->after = &after[first];
    s->after_count = used - first;
  }
}

/* ── Chains that return ────────────────────────────────────────────────────── */

/* The first hop of such a chain, or its last: what surrounds others is within none of them. */
static bool surrounds(struct elaboration *e, uint32_t step) {
  const struct step *s = &e->m->steps.at[step];
  for (uint32_t i = 0; i < s->hop_count; i++) {
    uint32_t hops = e->m->attributes.at[s->hops[i].attribute].hop_count, index = s->hops[i].index;
    if (hops > 1 && (index == 0 || index + 1 == hops) && chain_returns(e, s->hops[i].attribute)) return true;
  }
  return false;
}

/* The hops that a resource has by reference are within a chain that returns, as its own are. */
static void surround(struct elaboration *e, uint32_t chain) {
  const struct model *m = e->m;
  const struct attribute *a = &m->attributes.at[chain];
  struct attribute_range own = attributes_of(m, a->owner);
  for (uint32_t i = own.at; i < own.end; i++) {
    const struct cases *c = m->attributes.at[i].hop_count == 0 ? attribute_cases(e, i) : NULL;
    for (uint32_t k = 0; c != NULL && c->n > 1 && k < c->n; k++) {
      const struct guard *g = &m->guards.at[c->at[k].guard];
      for (uint32_t l = 0; l < g->n; l++) {
        uint32_t step = g->steps[l] >> 1;
        if (step >= m->steps.n) step = m->parts.at[step - m->steps.n].step;
        if (surrounds(e, step)) continue;
        edge_add(e, step, a->steps[0]);
        edge_add(e, a->steps[a->hop_count - 1], step);
      }
    }
  }
}

void steps_after(struct elaboration *e) {
  struct model *m = e->m;
  const struct step_table *t = e->table;
  for (uint32_t c = 0; c < t->chain_count; c++)
    if (t->chains[c].hops > 1 && chain_returns(e, t->chains[c].attribute)) surround(e, t->chains[c].attribute);
  for (uint32_t i = 0; i < e->afters.n; i++) {
    uint32_t owner = e->afters.at[i];
    struct waiting w = {.resource = owner, .declared = NONE, .bindings = resource_rare(e, owner)->bindings};
    w.steps = steps_of_resource(e, owner, &w.n);
    after_all(e, &w, node_attr(e, m->resources.at[owner].node, "after"));
  }
  for (uint32_t d = 0; d < e->steps.n; d++) {
    struct waiting w = {.steps = &t->declared[d], .n = 1, .resource = NONE, .declared = d, .bindings = e->steps.at[d].bindings};
    after_all(e, &w, node_attr(e, e->steps.at[d].node, "after"));
  }
  creations(e);
  hand_out(e);
}

/* ── Titles ────────────────────────────────────────────────────────────────── */

/* The index-th value of what changes. Without arrows within others, what stands there is that of the attribute's case. */
static const struct value *value_at(struct elaboration *e, uint32_t attribute, uint32_t index, struct cases *room) {
  const struct attribute *a = &e->m->attributes.at[attribute];
  if (!e->seen && a->cases.n == a->hop_count + 1u && attribute_literal(e, attribute, index)) return &a->cases.at[index].value;
  *room = attribute_value_at(e, attribute, index);
  return &room->at[0].value;
}

static void hop_title(struct elaboration *e, struct text *out, const struct hop *hop, bool first) {
  const struct attribute *a = &e->m->attributes.at[hop->attribute];
  uint32_t node = e->m->resources.at[a->owner].node;
  struct cases room;
  if (!first) text_puts(out, ", ");
  if (a->name == e->words->exists) {
    const struct value *v = value_at(e, hop->attribute, hop->index + 1, &room);
    bool created = v->type == V_BOOL && v->number;
    text_puts(out, created ? "create " : "delete ");
    text_puts(out, name_text(&e->c->names, NODE(e, node)->text));
    return;
  }
  text_puts(out, name_text(&e->c->names, a->name));
  text_putc(out, ' ');
  for (uint32_t i = 0; i < 2; i++) {
    const struct value *v = value_at(e, hop->attribute, hop->index + i, &room);
    if (i) text_puts(out, " -> ");
    size_t from = out->n;
    if (v->type == V_LIST && !v->count) text_puts(out, "nothing");
    else if (!value_interpolate(e, out, v, true)) {
      out->n = from;
      value_print(out, &e->c->names, v);
    }
  }
}

uint32_t step_title(struct elaboration *e, uint32_t step) {
  const struct step *s = &e->m->steps.at[step];
  struct text *out = &e->table->title;
  uint32_t last = NONE;
  if (!s->hop_count) return s->name;
  out->n = 0;
  for (uint32_t i = 0; i < s->hop_count && i < 16; i++) {
    uint32_t owner = e->m->attributes.at[s->hops[i].attribute].owner;
    if (owner != last) {
      if (last != NONE) text_puts(out, "; ");
      text_puts(out, resource_name(e, owner));
      text_puts(out, ": ");
    }
    hop_title(e, out, &s->hops[i], owner != last);
    last = owner;
  }
  if (s->hop_count > 16) text_print(out, " and %u more", s->hop_count - 16);
  return name_of(&e->c->names, text_done(out), out->n);
}
