/* The blocks of steps that every state of the plan gives alike -> kept until they are checked and written.
 * Needs evaluated blocks. Guarantees: what is given out is what was kept, down to the places; thousands of steps that one text of
 * a kind changes take one block, their shape, and the texts of their values. */
#include "model/commands.h"
#include "model/ways.h"

#include <string.h>

struct shape {
  struct block block;
  struct slot *slots;       /* the pieces that are values, and the expressions whose they are */
  uint32_t *nodes;
  uint32_t slot_count;
};
struct kept_blocks {
  ARRAY(struct shape) shapes;
  struct index latest;      /* where a block begins -> the last shape that began there */
  const struct kept_step **steps; /* NULL: none of its blocks is kept */
  uint32_t step_count;
};

/* ── The pieces of a command, one after the other ──────────────────────────── */

#define AT(member) offsetof(struct command, member)
static const uint16_t fixed[] = {AT(line), AT(dir),     AT(input),  AT(url),      AT(bearer),       AT(basic),     AT(body),
                                 AT(save), AT(resolve), AT(cacert), AT(dns_name), AT(dns_expected), AT(dns_server)};
enum { PIECES_FIXED = sizeof fixed / sizeof *fixed };

static const struct pieces *pieces_at(const struct command *c, uint32_t i) {
  if (i < PIECES_FIXED) return (const struct pieces *)(const void *)((const char *)c + fixed[i]);
  if ((i -= PIECES_FIXED) < c->env_count) return &c->env[i].value;
  if ((i -= c->env_count) < 2 * c->header_count) return i % 2 == 0 ? &c->headers[i / 2].name : &c->headers[i / 2].value;
  return &c->expects[i - 2 * c->header_count].operand;
}

static uint32_t pieces_count(const struct command *c) { return PIECES_FIXED + c->env_count + 2 * c->header_count + c->expect_count; }

/* ── Alike but for the texts of values ─────────────────────────────────────── */

static bool same_span(struct span a, struct span b) { return a.source == b.source && a.start == b.start && a.end == b.end; }

static bool same_text(const char *a, const char *b) { return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0); }

static bool same_pieces(const struct pieces *a, const struct pieces *b) {
  if (a->n != b->n) return false;
  for (uint32_t i = 0; i < a->n; i++) {
    const struct piece *x = &a->at[i], *y = &b->at[i];
    if (x->type != y->type || x->in_quotes != y->in_quotes || x->written != y->written || x->secret != y->secret || !same_span(x->at, y->at)) return false;
    if ((x->type != PIECE_VALUE || x->written) && !same_text(x->text, y->text)) return false;
  }
  return true;
}

static bool same_need(const struct need *a, const struct need *b) {
  return a->type == b->type && a->proto == b->proto && a->on == b->on && a->least == b->least && a->of_count == b->of_count && a->of == b->of &&
         a->host.type == b->host.type && a->host.name == b->host.name && memcmp(&a->host.from, &b->host.from, sizeof a->host.from) == 0 &&
         memcmp(&a->host.to, &b->host.to, sizeof a->host.to) == 0 && a->port == b->port && a->vhost == b->vhost && a->zone == b->zone &&
         a->dns == b->dns && a->guard == b->guard && a->secret == b->secret && same_span(a->at, b->at);
}

static bool same_command(const struct command *a, const struct command *b) {
  if (a->type != b->type || a->changes != b->changes || a->has_input != b->has_input || a->within != b->within || a->wait != b->wait ||
      a->method != b->method || a->body_is_file != b->body_is_file || a->env_count != b->env_count || a->header_count != b->header_count ||
      a->expect_count != b->expect_count || a->observe_count > 0 || b->observe_count > 0 || a->status_count != b->status_count ||
      !same_span(a->at, b->at) || !same_need(&a->endpoint, &b->endpoint) || memcmp(a->status, b->status, sizeof a->status) != 0)
    return false;
  for (uint32_t i = 0; i < a->env_count; i++)
    if (a->env[i].name != b->env[i].name) return false;
  for (uint32_t i = 0; i < a->expect_count; i++) {
    const struct expectation *x = &a->expects[i], *y = &b->expects[i];
    if (x->type != y->type || x->within != y->within || !same_span(x->at, y->at)) return false;
  }
  for (uint32_t i = 0, n = pieces_count(a); i < n; i++)
    if (!same_pieces(pieces_at(a, i), pieces_at(b, i))) return false;
  return true;
}

static bool same_shape(const struct block *a, const struct block *b) {
  if (a->n != b->n || !same_text(a->unreliable, b->unreliable)) return false;
  for (uint32_t i = 0; i < a->n; i++)
    if (!same_command(&a->at[i], &b->at[i])) return false;
  return true;
}

/* ── Copies ────────────────────────────────────────────────────────────────── */

static void *copy(struct arena *a, const void *from, size_t n, size_t size) {
  if (n == 0) return NULL;
  void *to = arena_alloc(a, n, size);
  memcpy(to, from, n * size);
  return to;
}

/* Arrays of a command that hold pieces, as its own. */
static void own_lists(struct arena *a, struct command *c) {
  c->env = copy(a, c->env, c->env_count, sizeof *c->env);
  c->headers = copy(a, c->headers, c->header_count, sizeof *c->headers);
  c->expects = copy(a, c->expects, c->expect_count, sizeof *c->expects);
}

/* Of a command whose lists are its own. */
static struct piece *own_pieces(struct arena *a, const struct command *c, uint32_t i) {
  struct pieces *p = (struct pieces *)pieces_at(c, i);
  struct piece *at = copy(a, p->at, p->n, sizeof *at);
  p->at = at;
  return at;
}

static const char *kept_text(struct arena *a, const char *text) { return text == NULL ? NULL : arena_copy(a, text, strlen(text)); }

static struct shape shape_of(struct arena *a, const struct block *b) {
  ARRAY(struct slot) slots = {0};
  ARRAY(uint32_t) nodes = {0};
  struct command *all = copy(a, b->at, b->n, sizeof *all);
  for (uint32_t i = 0; i < b->n; i++) {
    own_lists(a, &all[i]);
    for (uint32_t k = 0, n = pieces_count(&all[i]); k < n; k++) {
      struct piece *at = own_pieces(a, &all[i], k);
      for (uint32_t x = 0; x < pieces_at(&all[i], k)->n; x++) {
        at[x].text = kept_text(a, at[x].text);
        if (at[x].type != PIECE_VALUE || at[x].written) continue;
        array_push(a, &slots, ((struct slot){i, k, x}));
        array_push(a, &nodes, at[x].node);
      }
    }
  }
  return (struct shape){{all, b->n, kept_text(a, b->unreliable)}, slots.at, nodes.at, slots.n};
}

static const char *slot_text(const struct block *b, const struct slot *s) { return pieces_at(&b->at[s->command], s->pieces)->at[s->piece].text; }

/* ── In and out ────────────────────────────────────────────────────────────── */

void blocks_keep(struct elaboration *e) {
  struct arena *a = &e->c->arena;
  struct kept_blocks *k = arena_new(a, struct kept_blocks);
  k->step_count = e->m->steps.n;
  k->steps = arena_array(a, const struct kept_step *, k->step_count + 1u);
  e->kept = k;
}

void step_keep(struct elaboration *e, uint32_t step, const struct kept_step *form) { e->kept->steps[step] = form; }

/* The step's own. */
static struct kept_block *own_block(struct elaboration *e, uint32_t step, enum block_type type) {
  struct kept_blocks *k = e->kept;
  if (k->steps[step] == NULL) {
    struct kept_step *own = arena_new(&e->c->arena, struct kept_step);
    for (uint32_t t = 0; t < 3; t++) own->blocks[t].shape = NONE;
    k->steps[step] = own;
  }
  return (struct kept_block *)&k->steps[step]->blocks[type];
}

/* Blocks that look alike begin at one place of one text; others may share a number, and are told apart where they are compared. */
static uint32_t place_of(const struct block *b, enum block_type type) {
  return b->n == 0 ? (uint32_t)type : b->at[0].at.source * 0x9e3779b1u + b->at[0].at.start * 4 + (uint32_t)type;
}

/* A block of that shape: what it says in its own words. */
static void take_texts(struct elaboration *e, uint32_t step, enum block_type type, uint32_t shape, const struct block *b) {
  struct arena *a = &e->c->arena;
  const struct shape *s = &e->kept->shapes.at[shape];
  const char **texts = s->slot_count ? arena_array(a, const char *, s->slot_count) : NULL;
  for (uint32_t i = 0; i < s->slot_count; i++) {
    const char *text = slot_text(b, &s->slots[i]), *same = slot_text(&s->block, &s->slots[i]);
    texts[i] = strcmp(text, same) == 0 ? same : arena_copy(a, text, strlen(text));
  }
  *own_block(e, step, type) = (struct kept_block){.shape = shape, .fill_count = NONE, .is.texts = texts};
}

void block_keep(struct elaboration *e, uint32_t step, enum block_type type, const struct block *b) {
  struct kept_blocks *k = e->kept;
  struct arena *a = &e->c->arena;
  for (uint32_t i = 0; i < b->n; i++)
    if (b->at[i].observe_count > 0) return;
  uint32_t place = place_of(b, type), shape = index_get(&k->latest, place);
  if (shape == NONE || !same_shape(&k->shapes.at[shape].block, b)) {
    if (shape == NONE) index_put(a, &k->latest, place, k->shapes.n);
    else index_set(&k->latest, place, k->shapes.n);
    shape = k->shapes.n;
    array_push(a, &k->shapes, shape_of(a, b));
  }
  take_texts(e, step, type, shape, b);
}

void block_keep_apart(struct elaboration *e, uint32_t step, enum block_type type, const struct block *b) {
  array_push(&e->c->arena, &e->kept->shapes, shape_of(&e->c->arena, b));
  take_texts(e, step, type, e->kept->shapes.n - 1, b);
}

/* NULL when it is not. */
static const struct kept_block *kept(const struct model *m, uint32_t step, enum block_type type) {
  const struct kept_blocks *k = m->elaboration != NULL ? m->elaboration->kept : NULL;
  if (k == NULL || step >= k->step_count || type > BLOCK_VERIFY || k->steps[step] == NULL) return NULL;
  const struct kept_block *b = &k->steps[step]->blocks[type];
  return b->shape == NONE ? NULL : b;
}

uint32_t step_shape(const struct model *m, uint32_t step, enum block_type type) {
  const struct kept_block *b = kept(m, step, type);
  return b == NULL ? NONE : b->shape;
}

uint32_t shape_count(const struct model *m) { return m->elaboration != NULL && m->elaboration->kept != NULL ? m->elaboration->kept->shapes.n : 0; }

struct kept_slots step_slots(struct elaboration *e, uint32_t step, enum block_type type) {
  const struct kept_block *b = kept(e->m, step, type);
  const struct shape *s = &e->kept->shapes.at[b->shape];
  return (struct kept_slots){s->slots, s->nodes, b->is.texts, s->slot_count};
}

bool step_says_else(const struct elaboration *e, uint32_t step, enum block_type type, uint32_t slot) {
  const struct kept_block *b = kept(e->m, step, type);
  const struct shape *s = &e->kept->shapes.at[b->shape];
  return strcmp(b->is.texts[slot], slot_text(&s->block, &s->slots[slot])) != 0;
}

bool step_filled(const struct model *m, uint32_t step) {
  const struct kept_block *b = kept(m, step, BLOCK_DO);
  return b != NULL && b->fill_count != NONE;
}

static bool same_slot(const struct slot *a, const struct slot *b) { return a->command == b->command && a->pieces == b->pieces && a->piece == b->piece; }

bool step_lines_say(struct arena *a, const struct model *m, uint32_t step, enum block_type type, bool (*look)(const void *data, const char *text), const void *data) {
  const struct kept_block *k = kept(m, step, type);
  const struct shape *s = &m->elaboration->kept->shapes.at[k->shape];
  for (uint32_t i = 0, fill = 0; i < s->slot_count; i++) {
    const struct slot *x = &s->slots[i];
    bool filled = k->fill_count != NONE && fill < k->fill_count && same_slot(&k->is.fills[fill].slot, x);
    fill += filled;
    if (x->pieces != 0 || s->block.at[x->command].type != CMD_RUN) continue;
    const char *text = filled ? fill_text(a, m->elaboration, step, &k->is.fills[fill - 1]) : k->fill_count == NONE ? k->is.texts[i] : slot_text(&s->block, x);
    if (!look(data, text)) return false;
  }
  return true;
}

struct block step_kept(struct arena *a, const struct model *m, uint32_t step, enum block_type type) {
  const struct kept_block *k = kept(m, step, type);
  const struct shape *s = &m->elaboration->kept->shapes.at[k->shape];
  bool filled = k->fill_count != NONE;
  struct command *all = copy(a, s->block.at, s->block.n, sizeof *all);
  struct piece *at = NULL;
  const struct slot *last = NULL;
  for (uint32_t i = 0, n = filled ? k->fill_count : s->slot_count; i < n; i++) {
    const struct slot *x = filled ? &k->is.fills[i].slot : &s->slots[i];
    if (x->pieces >= PIECES_FIXED && (last == NULL || last->command != x->command || last->pieces < PIECES_FIXED)) own_lists(a, &all[x->command]);
    if (last == NULL || last->command != x->command || last->pieces != x->pieces) at = own_pieces(a, &all[x->command], x->pieces);
    at[x->piece].text = filled ? fill_text(a, m->elaboration, step, &k->is.fills[i]) : k->is.texts[i];
    last = x;
  }
  return (struct block){all, s->block.n, s->block.unreliable};
}

/* ── A shape and the texts of its values, by themselves ────────────────────── */

static const struct shape *shape_at(const struct model *m, uint32_t shape) { return &m->elaboration->kept->shapes.at[shape]; }

uint32_t shape_values(const struct model *m, uint32_t shape) { return shape_at(m, shape)->slot_count; }

void step_values(struct arena *a, const struct model *m, uint32_t step, enum block_type type, const char **texts) {
  const struct kept_block *k = kept(m, step, type);
  const struct shape *s = shape_at(m, k->shape);
  for (uint32_t i = 0, fill = 0; i < s->slot_count; i++) {
    if (k->fill_count == NONE) texts[i] = k->is.texts[i];
    else if (fill < k->fill_count && same_slot(&k->is.fills[fill].slot, &s->slots[i])) texts[i] = fill_text(a, m->elaboration, step, &k->is.fills[fill++]);
    else texts[i] = slot_text(&s->block, &s->slots[i]);
  }
}

struct block shape_block(struct arena *a, const struct model *m, uint32_t shape, const char *const *texts) {
  const struct shape *s = shape_at(m, shape);
  struct command *all = copy(a, s->block.at, s->block.n, sizeof *all);
  for (uint32_t i = 0; i < s->block.n; i++) own_lists(a, &all[i]);
  for (uint32_t i = 0; i < s->slot_count; i++) {
    const struct slot *x = &s->slots[i], *last = i > 0 ? x - 1 : NULL;
    if (last == NULL || last->command != x->command || last->pieces != x->pieces) own_pieces(a, &all[x->command], x->pieces);
    ((struct piece *)pieces_at(&all[x->command], x->pieces)->at)[x->piece].text = texts[i];
  }
  return (struct block){all, s->block.n, s->block.unreliable};
}
