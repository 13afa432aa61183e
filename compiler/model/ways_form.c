/* The blocks of one step of a way -> what its texts read, and from there the blocks of all its steps.
 * Needs a way that is known, and blocks that no state has a say in. Guarantees: what is filled in is what evaluating the block gives;
 * a resource that lacks what is read, or has a list of another length, is left to be evaluated. */
#include "model/ways.h"

#include "model/eval.h"

#include <string.h>

enum { TRIES = 3 }; /* steps of a way that are looked at for its form */

/* ── Reading ───────────────────────────────────────────────────────────────── */

/* The value on one side of a step: of an attribute that stays, or that this step alone changes. */
static const struct value *value_beside(const struct model *m, const struct cases *c, uint32_t step, bool after) {
  if (c->n == 1) return c->at[0].guard == GUARD_ALWAYS ? &c->at[0].value : NULL;
  const struct value *found = NULL;
  for (uint32_t i = 0; i < c->n; i++) {
    const struct guard *g = &m->guards.at[c->at[i].guard];
    if (c->n != 2 || g->n != 1 || g->steps[0] >> 1 != step) return NULL;
    if (after == !(g->steps[0] & 1u)) found = &c->at[i].value;
  }
  return found;
}

/* The attribute that is read, NONE. */
static uint32_t attribute_of(const struct elaboration *e, uint32_t step, const struct reading *r) {
  const struct step *s = &e->m->steps.at[step];
  switch ((enum reading_type)r->type) {
  case READ_NAME: return attribute_index(e, s->resource, e->words->name);
  case READ_ID: return NONE;
  case READ_FIELD: return attributes_unread(e->m, s->resource).at + r->field;
  case READ_HOP: return s->hop_count == 1 ? s->hops[0].attribute : NONE;
  }
  return NONE;
}

static const struct value *value_read(const struct elaboration *e, uint32_t attribute, uint32_t step, const struct reading *r) {
  return value_beside(e->m, attribute_cases(e->m->elaboration, attribute), step, r->after);
}

/* Has it one text wherever it stands? */
static bool textual(const struct value *v, bool resources) {
  switch ((int)v->type) {
  case V_NONE: case V_UNKNOWN: case V_LIST: case V_MAP: case V_CALL: case V_SECRET: return false;
  case V_RESOURCE: return resources;
  default: return true;
  }
}

static bool readable(const struct elaboration *e, uint32_t step, const struct reading *r, bool *changes) {
  uint32_t attribute = attribute_of(e, step, r);
  if (attribute == NONE) return r->type != READ_HOP;
  const struct value *v = value_read(e, attribute, step, r);
  if (!v) return false;
  *changes = *changes || (r->speaks && e->m->attributes.at[attribute].cases.n > 1);
  if (r->count == NONE) return textual(v, r->resources);
  if (v->type != V_LIST || v->count != r->count) return false;
  for (uint32_t i = 0; i < v->count; i++)
    if (!textual(&v->items[i], r->resources)) return false;
  return true;
}

bool way_fits(const struct elaboration *e, const struct way *w, uint32_t step) {
  bool changes = false;
  for (uint32_t i = 0; i < w->reading_count; i++)
    if (!readable(e, step, &w->readings[i], &changes)) return false;
  return changes || !w->listens;
}

const char *fill_text(struct arena *a, const struct elaboration *e, uint32_t step, const struct fill *f) {
  uint32_t resource = e->m->steps.at[step].resource;
  bool named = f->from.type == READ_ID || (f->from.type == READ_NAME && resource_world_name(e->m, resource) == e->m->resources.at[resource].name);
  uint32_t attribute = named ? NONE : attribute_of(e, step, &f->from);
  if (attribute == NONE) return name_text(&e->c->names, e->m->resources.at[resource].name); /* without a `name`, that of the world is the identifier */
  const struct value *v = value_read(e, attribute, step, &f->from);
  if (f->from.count != NONE) v = &v->items[f->item];
  if (v->type == V_STRING || v->type == V_WORD || v->type == V_URL || v->type == V_VERSION) return name_text(&e->c->names, v->name);
  if (v->type == V_ADDRESS) return address_text(a, &v->from);
  struct text text = {.arena = a};
  value_interpolate((struct elaboration *)e, &text, v, false);
  return text_done(&text);
}

/* ── What a text reads ─────────────────────────────────────────────────────── */

struct expressed { uint32_t node; struct reading reading; };
struct forming {
  struct elaboration *e;
  struct scope s;
  uint32_t step;
  bool speaks;              /* of a do that is read the other way round */
  bool old_or_new;          /* and it speaks of these */
  ARRAY(struct expressed) places;
};

/* What an expression reads from the resource, as far as its names tell. */
static bool reading_of(struct forming *f, uint32_t node, bool after, struct reading *r) {
  const struct elaboration *e = f->e;
  const struct node *n = NODE(e, node);
  if (n->type != N_REF || n->child || (f->s.via != NONE && n->text == e->words->via)) return false;
  *r = (struct reading){.type = READ_FIELD, .after = after, .speaks = f->speaks, .count = NONE};
  r->field = kind_field(&e->kinds.at[e->m->resources.at[f->s.self].kind_id], n->text);
  if (r->field != NONE) return true;
  r->field = 0;
  r->after = false;
  if (n->text == e->words->name) r->type = READ_NAME;
  else if (n->text == e->words->id) r->type = READ_ID;
  else return false;
  return true;
}

static bool end_of(struct forming *f, uint32_t node, struct reading *r) {
  const struct elaboration *e = f->e;
  const struct node *n = NODE(e, node);
  bool forward = f->s.leads == LEADS_FORWARD, is_old = n->text == e->words->old;
  if ((n->type != N_CALL && n->type != N_REF) || (!is_old && n->text != e->words->new)) return reading_of(f, node, forward, r);
  if (n->type == N_CALL) return n->child && !NODE(e, n->child)->next && reading_of(f, n->child, forward != is_old, r);
  if (reading_of(f, node, forward, r)) return true; /* a field of that name */
  if (n->child || f->s.hop == NONE) return false;
  r->type = READ_HOP;
  r->after = forward != is_old;
  r->field = 0;
  return true;
}

/* `run` and `work`, which only a run knows. */
static bool of_the_run(const struct forming *f, uint32_t node) {
  const struct node *n = NODE(f->e, node);
  if (n->type != N_REF || n->child || (n->text != f->e->words->run && n->text != f->e->words->work)) return false;
  return kind_field(&f->e->kinds.at[f->e->m->resources.at[f->s.self].kind_id], n->text) == NONE;
}

static bool expression(struct forming *f, uint32_t node) {
  struct expressed p = {.node = node};
  bool changes = false;
  if (of_the_run(f, node) || way_fixed(f->e, &f->s, node)) return true;
  if (!end_of(f, node, &p.reading)) return false;
  p.reading.resources = !type_wants_address(type_of(f->e, &f->s, node));
  uint32_t attribute = attribute_of(f->e, f->step, &p.reading);
  const struct value *v = attribute == NONE ? NULL : value_read(f->e, attribute, f->step, &p.reading);
  if (v && v->type == V_LIST) p.reading.count = v->count;
  if (!readable(f->e, f->step, &p.reading, &changes)) return false;
  array_push(&f->e->c->arena, &f->places, p);
  return true;
}

static bool text(struct forming *f, uint32_t node, unsigned depth) {
  const struct node *n = NODE(f->e, node);
  if (!node || depth > 64) return false;
  if (n->type != N_STRING) return expression(f, node);
  for (uint32_t i = n->child; i; i = NODE(f->e, i)->next)
    if (!text(f, i, depth + 1)) return false;
  return true;
}

static bool line(struct forming *f, uint32_t node) {
  for (uint32_t i = NODE(f->e, node)->child; i; i = NODE(f->e, i)->next) {
    const struct node *n = NODE(f->e, i);
    if (n->type == N_SHELL) continue;
    if (n->type == N_OPTIONS ? !way_fixed(f->e, &f->s, i) : !expression(f, n->type == N_STRING && n->child ? n->child : i)) return false;
  }
  return true;
}

static bool statement(struct forming *f, uint32_t node, unsigned depth);

static bool statements(struct forming *f, uint32_t first, unsigned depth) {
  for (uint32_t i = first; i; i = NODE(f->e, i)->next)
    if (!statement(f, i, depth)) return false;
  return true;
}

static bool statement(struct forming *f, uint32_t node, unsigned depth) {
  const struct node *n = NODE(f->e, node);
  uint32_t child = n->child;
  if (depth > 64) return false;
  switch ((int)n->type) {
  case N_RUN: return line(f, node);
  case N_MANUAL: return text(f, child, 0);
  case N_NEEDS: return true;
  case N_IN: return child && way_fixed(f->e, &f->s, child) && statements(f, NODE(f->e, child)->next, depth + 1);
  case N_WHEN:
    if (!child || !way_fixed(f->e, &f->s, child)) return false;
    return !way_taken(f->e, &f->s, child) || statements(f, NODE(f->e, child)->next, depth + 1);
  case N_EXPECT:
    if (n->op == EXPECT_STATUS || n->op == EXPECT_UNCHANGED) return way_all_fixed(f->e, &f->s, child);
    return child && text(f, child, 0) && way_all_fixed(f->e, &f->s, NODE(f->e, child)->next);
  case N_WAIT: case N_HTTP: case N_TCP: case N_DNS: case N_SET: case N_ATTR: return way_all_fixed(f->e, &f->s, child);
  default: return false;
  }
}

/* Is there an `old` or `new` in what of a block is done? */
static bool old_or_new(struct elaboration *e, const struct scope *s, uint32_t first, unsigned depth) {
  for (uint32_t i = first; i && depth < 64; i = NODE(e, i)->next) {
    const struct node *n = NODE(e, i);
    if ((n->type == N_CALL || n->type == N_REF) && (n->text == e->words->old || n->text == e->words->new)) return true;
    if (n->type != N_WHEN) {
      if (old_or_new(e, s, n->child, depth + 1)) return true;
      continue;
    }
    uint32_t condition = n->child, body = NODE(e, condition)->next;
    if (old_or_new(e, s, NODE(e, condition)->child, depth + 1)) return true;
    if (way_taken(e, s, condition) && old_or_new(e, s, body, depth + 1)) return true;
  }
  return false;
}

/* ── The form of a way ─────────────────────────────────────────────────────── */

static bool same_reading(const struct reading *a, const struct reading *b) {
  return a->type == b->type && a->after == b->after && a->resources == b->resources && a->speaks == b->speaks && a->field == b->field && a->count == b->count;
}

static void read_also(struct way *w, struct reading *all, const struct reading *r) {
  for (uint32_t i = 0; i < w->reading_count; i++)
    if (same_reading(&all[i], r)) return;
  all[w->reading_count++] = *r;
}

/* The place of what an expression reads; NONE: it is the same for all. */
static uint32_t place_read(const struct forming *f, uint32_t node) {
  for (uint32_t k = 0; k < f->places.n; k++)
    if (f->places.at[k].node == node) return k;
  return NONE;
}

/* What is the same for all who go this way is written in its shape. One text serves several ways, and what is read from a provider is
 * another in each: then the shape that they have in common is not theirs. */
static void shape_own(struct forming *f, enum block_type type, const struct block *block) {
  struct kept_slots slots = step_slots(f->e, f->step, type);
  bool apart = false;
  for (uint32_t i = 0; i < slots.n; i++) apart = apart || (place_read(f, slots.nodes[i]) == NONE && step_says_else(f->e, f->step, type, i));
  if (apart) block_keep_apart(f->e, f->step, type, block);
}

/* The pieces of a kept block that what is read fills; false when that would not give the texts that it has. */
static bool fill_in(struct forming *f, enum block_type type, const struct block *block, struct kept_block *out) {
  struct elaboration *e = f->e;
  ARRAY(struct fill) fills = {0};
  shape_own(f, type, block);
  struct kept_slots slots = step_slots(e, f->step, type);
  uint32_t item = 0;
  for (uint32_t i = 0; i < slots.n; i++) {
    const struct slot *x = &slots.at[i];
    uint32_t node = slots.nodes[i], k = place_read(f, node);
    bool goes_on = i > 0 && slots.nodes[i - 1] == node && x[-1].command == x->command && x[-1].pieces == x->pieces;
    item = goes_on ? item + 1 : 0;
    if (k == NONE) continue;
    struct fill one = {*x, f->places.at[k].reading, item};
    if (one.from.count == NONE ? item > 0 : item >= one.from.count) return false;
    if (strcmp(fill_text(&e->c->arena, e, f->step, &one), slots.texts[i])) return false;
    array_push(&e->c->arena, &fills, one);
  }
  *out = (struct kept_block){.shape = step_shape(e->m, f->step, type), .fill_count = fills.n, .is.fills = fills.at};
  return true;
}

/* The other blocks of a way hang on its name and values alone. */
static bool form_block(struct elaboration *e, const struct way *w, uint32_t step, enum block_type type, struct forming *f) {
  uint32_t resource = e->m->steps.at[step].resource, block = w->blocks[type];
  bool reversed = type == BLOCK_UNDO && !block;
  if (reversed) block = w->blocks[BLOCK_DO];
  *f = (struct forming){.e = e, .s = scope_resource(e, resource, false), .step = step, .speaks = reversed};
  f->s.via = w->via;
  scope_step(e, &f->s, resource, step, type == BLOCK_UNDO ? LEADS_BACK : LEADS_FORWARD);
  if (!block || (type == BLOCK_UNDO && !reversed && NODE(e, block)->op == 1)) return true;
  if (!statements(f, NODE(e, block)->child, 0)) return false;
  f->old_or_new = reversed && old_or_new(e, &f->s, NODE(e, block)->child, 0);
  return true;
}

/* All that the blocks of a step read, each once. */
static void readings(struct elaboration *e, struct way *w, const struct forming f[3]) {
  uint32_t most = 0;
  for (uint32_t t = 0; t < 3; t++) most += f[t].places.n;
  struct reading *all = arena_array(&e->c->arena, struct reading, most + 1);
  w->reading_count = 0;
  for (uint32_t t = 0; t < 3; t++)
    for (uint32_t i = 0; i < f[t].places.n; i++) read_also(w, all, &f[t].places.at[i].reading);
  w->readings = all;
}

void way_form(struct elaboration *e, struct way *w, uint32_t step, const struct block blocks[3]) {
  struct forming f[3];
  uint32_t findings = e->c->findings.n;
  if (w->form || w->tries == TRIES || blocks[BLOCK_DO].n == 0 || e->m->steps.at[step].secret_count > 0) return;
  w->tries++;
  for (uint32_t t = 0; t < 3; t++)
    if (step_shape(e->m, step, (enum block_type)t) == NONE || !form_block(e, w, step, (enum block_type)t, &f[t])) return;
  if (e->c->findings.n != findings) return;
  w->listens = !w->blocks[BLOCK_UNDO] && !f[BLOCK_UNDO].old_or_new;
  readings(e, w, f);
  if (!way_fits(e, w, step)) return;
  struct kept_step *form = arena_new(&e->c->arena, struct kept_step);
  for (uint32_t t = 0; t < 3; t++)
    if (!fill_in(&f[t], (enum block_type)t, &blocks[t], &form->blocks[t])) return;
  w->commands = e->m->steps.at[step].commands;
  w->manual = e->m->steps.at[step].manual;
  w->form = form;
}
