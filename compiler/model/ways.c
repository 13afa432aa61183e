/* Steps -> the ways that they go, and what all steps of a way have in common: which texts say how they are changed, the terms that these
 * give, and whether they need or ask for anything.
 * Needs attributes evaluated and resources related. Guarantees: what is known of a way is what looking at each of its steps gives. */
#include "model/ways.h"

#include "model/eval.h"
#include "model/steps.h"

enum comes { STAYS, COMES, GOES };
enum state { WAY_SEEN, WAY_KNOWN, WAY_OPEN };

struct met {
  uint8_t state;      /* enum state */
  struct way *way;    /* WAY_KNOWN */
};
struct way_table {
  struct index *by_via;  /* per kind, and enum comes: the provider + 1 -> met */
  ARRAY(struct met) met;
  uint32_t *of_step;     /* into met, NONE */
  uint32_t step_count;
};

/* ── What is the same for all ──────────────────────────────────────────────── */

static bool plain_type(uint8_t type) {
  switch ((int)type) {
  case V_UNKNOWN: case V_LIST: case V_MAP: case V_CALL: case V_RESOURCE: case V_KIND: case V_STEP: case V_TOOL: return false;
  default: return true;
  }
}

/* `exists`, which is a part of the way, and attributes of the provider that don't change. */
static bool fixed_ref(struct elaboration *e, const struct scope *s, uint32_t node) {
  uint32_t name = NODE(e, node)->text, member = NODE(e, node)->child;
  if (kind_field(&e->kinds.at[e->m->resources.at[s->self].kind_id], name) != NONE) return false;
  if (!member) return name == e->words->exists;
  if (name != e->words->via || s->via == NONE || NODE(e, member)->next) return false;
  uint32_t attribute = attribute_index(e, s->via, NODE(e, member)->text);
  if (attribute == NONE) return false;
  const struct cases *c = attribute_cases(e, attribute);
  return c->n == 1 && c->at[0].guard == GUARD_ALWAYS && plain_type(c->at[0].value.type);
}

static bool known_call(const struct elaboration *e, uint32_t name) {
  const struct word_table *w = e->words;
  return name == w->old || name == w->new || name == w->host || name == w->port || name == w->join || name == w->length || name == w->basename ||
         name == w->seconds || name == w->ssh || name == w->file || name == w->env || name == w->jq || name == w->prompt;
}

static bool fixed_within(struct elaboration *e, const struct scope *s, uint32_t node, unsigned depth);

static bool all_within(struct elaboration *e, const struct scope *s, uint32_t first, unsigned depth) {
  for (uint32_t i = first; i; i = NODE(e, i)->next)
    if (!fixed_within(e, s, i, depth)) return false;
  return true;
}

static bool fixed_within(struct elaboration *e, const struct scope *s, uint32_t node, unsigned depth) {
  const struct node *n = NODE(e, node);
  if (depth > 64) return false;
  switch ((int)n->type) {
  case N_LITERAL: return n->op != 1;
  case N_REF: return fixed_ref(e, s, node);
  case N_SECRET: return n->child ? fixed_ref(e, s, node) : secret_find(e, n->text) != NONE;
  case N_CALL: return known_call(e, n->text) && all_within(e, s, n->child, depth + 1);
  case N_STRING: case N_LIST: case N_MAP: case N_ENTRY: case N_BINARY: case N_NOT: case N_OPTIONS: case N_OPTION:
    return all_within(e, s, n->child, depth + 1);
  default: return false;
  }
}

bool way_fixed(struct elaboration *e, const struct scope *s, uint32_t node) { return node && fixed_within(e, s, node, 0); }

bool way_all_fixed(struct elaboration *e, const struct scope *s, uint32_t first) { return all_within(e, s, first, 0); }

bool way_taken(struct elaboration *e, const struct scope *s, uint32_t condition) {
  struct condition c = eval_plain_condition(e, s, condition);
  return c.yes.n > 0;
}

/* ── Which texts, and what they need ───────────────────────────────────────── */

/* The `when`s around the texts of a change: none, or of a resource that stays, such as hold for all or for none. */
static bool chosen_alike(struct elaboration *e, const struct scope *s, uint32_t first, bool stays, unsigned depth) {
  for (uint32_t i = first; i; i = NODE(e, i)->next) {
    if (NODE(e, i)->type != N_WHEN) continue;
    uint32_t condition = NODE(e, i)->child;
    if (!stays || depth > 16 || !way_fixed(e, s, condition) || !chosen_alike(e, s, NODE(e, condition)->next, stays, depth + 1)) return false;
  }
  return true;
}

/* Do statements ask for nothing, whoever's they are? */
static bool quiet(struct elaboration *e, const struct scope *s, uint32_t first, unsigned depth) {
  if (depth > 64) return false;
  for (uint32_t i = first; i; i = NODE(e, i)->next) {
    uint32_t child = NODE(e, i)->child;
    switch ((int)NODE(e, i)->type) {
    case N_NEEDS: case N_HTTP: case N_TCP: case N_DNS: return false;
    case N_IN:
      if (child && !quiet(e, s, NODE(e, child)->next, depth + 1)) return false;
      break;
    case N_WHEN: {
      if (!child || !way_fixed(e, s, child)) return false;
      struct condition c = eval_plain_condition(e, s, child);
      if (c.yes.n + c.unknown.n && !quiet(e, s, NODE(e, child)->next, depth + 1)) return false;
      break;
    }
    default: break;
    }
  }
  return true;
}

static bool quiet_block(struct elaboration *e, const struct scope *s, uint32_t block) { return !block || quiet(e, s, NODE(e, block)->child, 0); }

uint8_t way_term(const struct elaboration *e, uint32_t name) {
  const struct word_table *w = e->words;
  if (name == w->takes) return TERM_TAKES;
  if (name == w->disrupts) return TERM_DISRUPTS;
  if (name == w->early) return TERM_EARLY;
  if (name == w->irreversible) return TERM_IRREVERSIBLE;
  return name == w->atomic ? TERM_ATOMIC : 0;
}

/* The terms that a change gives; does it give needs? */
static bool terms(struct elaboration *e, const struct scope *s, struct way *w) {
  bool needs = false;
  w->takes = -1;
  for (uint32_t i = w->change ? NODE(e, w->change)->child : 0; i; i = NODE(e, i)->next) {
    uint32_t value = NODE(e, i)->child;
    if (NODE(e, i)->type != N_ATTR || !value) continue;
    uint8_t term = way_term(e, NODE(e, i)->text);
    needs = needs || NODE(e, i)->text == e->words->needs;
    if (term == TERM_TAKES && !(w->says & TERM_TAKES)) {
      struct value v = {0};
      if (NODE(e, value)->type == N_LITERAL) v = eval_constant(e, s, value, universal_type(e, NODE(e, i)->text), node_name(e, i));
      if (v.type == V_DURATION) w->takes = v.number;
      else w->says |= TERM_TAKES_EACH;
    }
    w->says |= term;
  }
  return needs;
}

static bool learn(struct elaboration *e, struct way *w, uint32_t step, enum comes comes) {
  static const enum node_type types[] = {N_DO, N_UNDO, N_VERIFY};
  uint32_t resource = e->m->steps.at[step].resource;
  struct scope s = scope_resource(e, resource, false), own;
  w->change = change_for(e, resource, &w->via);
  s.via = w->via;
  uint32_t items = w->change ? NODE(e, w->change)->child : 0;
  if (!chosen_alike(e, &s, items, comes == STAYS, 0)) return false;
  bool needs = terms(e, &s, w);
  for (uint32_t t = 0; t < 3; t++) w->blocks[t] = block_for(e, resource, types[t], NULL, &own);
  if (!w->blocks[BLOCK_DO]) return false;
  w->undo_none = w->blocks[BLOCK_UNDO] && NODE(e, w->blocks[BLOCK_UNDO])->op == 1;
  w->askless = quiet_block(e, &s, w->blocks[BLOCK_VERIFY]);
  for (uint32_t back = 0; back < 2; back++) {
    uint32_t block = back && w->blocks[BLOCK_UNDO] ? w->blocks[BLOCK_UNDO] : w->blocks[BLOCK_DO];
    scope_step(e, &s, resource, step, back ? LEADS_BACK : LEADS_FORWARD);
    w->needless[back] = !needs && quiet_block(e, &s, w->change) && quiet_block(e, &s, block);
  }
  return true;
}

/* ── Which step goes which way ─────────────────────────────────────────────── */

static bool comes_of(const struct elaboration *e, uint32_t resource, uint32_t step, enum comes *out) {
  uint32_t exists = resource_rare(e, resource)->exists, op = NODE(e, e->m->resources.at[resource].node)->op;
  *out = STAYS;
  if (exists == NONE) return true;
  const struct attribute *a = &e->m->attributes.at[exists];
  if (e->lazies.at[exists].node || a->hop_count != 1 || a->steps[0] != step || (op != 1 && op != 2)) return false;
  *out = op == 1 ? COMES : GOES;
  return true;
}

/* A step of one resource that says nothing of how it is changed, and makes no hop of a longer chain. */
static bool goes_with_others(const struct elaboration *e, uint32_t step) {
  const struct step *s = &e->m->steps.at[step];
  if (s->wait || s->resource == NONE || s->part_count || !s->hop_count || NODE(e, s->node)->type == N_STEP) return false;
  const struct resource *r = &e->m->resources.at[s->resource];
  if (e->m->resources.at[s->resource].kind_id == NONE || resource_owner(e->m, s->resource) != NONE) return false;
  for (uint32_t i = 0; i < s->hop_count; i++) {
    const struct attribute *a = &e->m->attributes.at[s->hops[i].attribute];
    if (a->owner != s->resource || a->hop_count != 1) return false;
  }
  for (uint32_t i = NODE(e, r->node)->child; i; i = NODE(e, i)->next)
    if (NODE(e, i)->type == N_DO || NODE(e, i)->type == N_UNDO || NODE(e, i)->type == N_VERIFY) return false;
  return true;
}

void ways_begin(struct elaboration *e) {
  struct arena *a = &e->c->arena;
  struct way_table *t = e->ways = arena_new(a, struct way_table);
  t->step_count = e->m->steps.n;
  t->of_step = arena_array(a, uint32_t, t->step_count + 1u);
  t->by_via = arena_array(a, struct index, (size_t)e->kinds.n * 3 + 1);
  for (uint32_t i = 0; i < t->step_count; i++) t->of_step[i] = NONE;
}

const struct way *way_enter(struct elaboration *e, uint32_t step) {
  struct way_table *t = e->ways;
  enum comes comes;
  uint32_t resource = e->m->steps.at[step].resource;
  if (e->c->each_alone || !goes_with_others(e, step) || !comes_of(e, resource, step, &comes)) return NULL;
  uint32_t at = index_put(&e->c->arena, &t->by_via[e->m->resources.at[resource].kind_id * 3 + (uint32_t)comes], resource_via(e->m, resource) + 1u, t->met.n);
  t->of_step[step] = at;
  if (at == t->met.n) {
    array_push(&e->c->arena, &t->met, (struct met){0});
    return NULL;
  }
  struct met *met = &t->met.at[at];
  if (met->state == WAY_SEEN) {
    uint32_t findings = e->c->findings.n;
    struct way *w = arena_new(&e->c->arena, struct way);
    bool known = learn(e, w, step, comes) && e->c->findings.n == findings;
    *met = (struct met){known ? WAY_KNOWN : WAY_OPEN, known ? w : NULL};
  }
  return met->way;
}

struct way *way_of(const struct elaboration *e, uint32_t step) {
  const struct way_table *t = e->ways;
  return t && step < t->step_count && t->of_step[step] != NONE ? t->met.at[t->of_step[step]].way : NULL;
}
