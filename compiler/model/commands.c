/* Which text is a step's do, undo and verify, and what it comes to in a state.
 * Needs the names of steps and attributes evaluated. Guarantees: an undo that is not written is the `do` with old and new
 * swapped where that is an inverse, and nothing where it is none; covering steps give their parts in order, undos in reverse. */
#include "model/commands.h"

#include <string.h>

/* ── States ────────────────────────────────────────────────────────────────── */

static void put_hops(const struct model *m, const struct step *s, bool *done, bool value) {
  for (uint32_t i = 0; i < s->hop_count; i++) {
    const struct attribute *a = &m->attributes.at[s->hops[i].attribute];
    for (uint32_t k = 0; k < s->hops[i].index && k < a->hop_count; k++) {
      done[a->steps[k]] = value;
      if (m->steps.at[a->steps[k]].part_count > 0) state_complete(m, done);
    }
  }
}

void state_before(const struct model *m, uint32_t step, bool *done) { put_hops(m, &m->steps.at[step], done, true); }

void state_leave(const struct model *m, uint32_t step, bool *done) {
  const struct step *s = &m->steps.at[step];
  put_hops(m, s, done, false);
  done[step] = false;
  if (s->part_count > 0) state_complete(m, done);
}

/* ── Does a block speak of what changes ────────────────────────────────────── */

struct listening {
  struct elaboration *e;
  struct scope scope;
  uint32_t step;
  bool heard;
};

static bool changes_in(const struct elaboration *e, uint32_t attribute, uint32_t step) {
  if (attribute == NONE) return false;
  const struct attribute *a = &e->m->attributes.at[attribute];
  for (uint32_t i = 0; i < a->hop_count; i++)
    if (a->steps[i] == step) return true;
  for (uint32_t i = 0; i < a->cases.n && a->hop_count == 0; i++) { /* it follows something that changes */
    const struct guard *g = &e->m->guards.at[a->cases.at[i].guard];
    for (uint32_t k = 0; k < g->n; k++) {
      uint32_t mark = g->steps[k] >> 1;
      if (mark == step || (mark >= e->m->steps.n && e->m->parts.at[mark - e->m->steps.n].step == step)) return true;
    }
  }
  return false;
}

/* The attribute that `a`, `via.a`, `r.a` or `a.b` speaks of, as far as names tell. */
static void listen_ref(struct listening *l, uint32_t node) {
  struct elaboration *e = l->e;
  const char *first = node_name(e, node);
  if (strcmp(first, "old") == 0 || strcmp(first, "new") == 0) {
    l->heard = true;
    return;
  }
  uint32_t resource = l->scope.self, name = NODE(e, node)->text, member = NODE(e, node)->child;
  if (resource == NONE || attribute_index(e, resource, name) == NONE) {
    resource = strcmp(first, "via") == 0 ? l->scope.via : index_get(&e->resource_index, name);
    if (resource == NONE || member == 0) return;
    name = NODE(e, member)->text;
    member = NODE(e, member)->next;
  }
  for (unsigned hops = 0; resource != NONE && hops < 8; hops++) {
    uint32_t attribute = attribute_index(e, resource, name);
    if (attribute == NONE) return;
    if (changes_in(e, attribute, l->step)) l->heard = true;
    const struct cases *cases = attribute_cases(e, attribute);
    if (member == 0 || l->heard || cases->n == 0 || cases->at[0].value.type != V_RESOURCE) return;
    resource = cases->at[0].value.id;
    name = NODE(e, member)->text;
    member = NODE(e, member)->next;
  }
}

static void listen_all(struct listening *l, uint32_t first, unsigned depth);

static void listen(struct listening *l, uint32_t node, unsigned depth) {
  const struct node *n = NODE(l->e, node);
  if (l->heard || depth > 128) return;
  if (n->type == N_REF) listen_ref(l, node);
  if (n->type == N_CALL && (strcmp(node_name(l->e, node), "old") == 0 || strcmp(node_name(l->e, node), "new") == 0)) l->heard = true;
  if (n->type != N_WHEN) {
    listen_all(l, n->child, depth + 1);
    return;
  }
  struct condition c = eval_plain_condition(l->e, &l->scope, n->child);
  bool taken = false;
  for (uint32_t i = 0; i < c.yes.n; i++) taken = taken || guard_holds(l->e->m, c.yes.at[i].guard, l->scope.done);
  listen(l, n->child, depth + 1);
  if (taken) listen_all(l, NODE(l->e, n->child)->next, depth + 1);
}

static void listen_all(struct listening *l, uint32_t first, unsigned depth) {
  for (uint32_t i = first; i != 0; i = NODE(l->e, i)->next) listen(l, i, depth);
}

static bool speaks(struct elaboration *e, const struct scope *s, uint32_t block, uint32_t step) {
  struct listening l = {.e = e, .scope = *s, .step = step};
  listen_all(&l, NODE(e, block)->child, 0);
  return l.heard;
}

/* ── One resource's block in a step ────────────────────────────────────────── */

/* Commands that were evaluated apart: taken over as they lie where they are the first. */
static void append(struct statements *to, const struct command *at, uint32_t n) {
  for (uint32_t i = 0; i < n; i++) array_push(to->arena, &to->out, at[i]);
}

static void append_all(struct statements *to, const struct statements *from) {
  if (to->out.n) append(to, from->out.at, from->out.n);
  else memcpy(&to->out, &from->out, sizeof to->out);
}

static struct statements statements_new(struct elaboration *e, struct arena *a, const struct scope *s, uint32_t resource, enum block_place place) {
  return (struct statements){.e = e, .arena = a, .scope = *s, .resource = resource, .place = place};
}

/* The step in which the code of its owner changes along: that of the first attribute which ends elsewhere than it began. */
static uint32_t code_step(const struct model *m, uint32_t resource) {
  struct attribute_range own = attributes_unread(m, resource);
  for (uint32_t i = own.at; i < own.end; i++) {
    const struct attribute *a = &m->attributes.at[i];
    if (a->hop_count > 0 && !value_equal(&a->cases.at[0].value, &a->cases.at[a->cases.n - 1].value)) return a->steps[a->hop_count - 1];
  }
  return NONE;
}

/* `git apply` of the patch to the owner's code: done and undone any number of times with the same result. */
static void code_patch(struct elaboration *e, uint32_t resource, bool undo, struct statements *to) {
  uint32_t owner = resource_owner(e->m, resource);
  const struct value *patch = attribute_constant(e, resource, "code");
  if (owner == NONE || patch == NULL || patch->type != V_STRING) return;
  const struct value *repo = attribute_constant(e, owner, "repo");
  struct piece *p = arena_array(to->arena, struct piece, 4);
  for (uint32_t i = 0; i < 4; i++) p[i] = (struct piece){.type = i % 2 == 0 ? PIECE_SHELL : PIECE_VALUE, .secret = NONE, .at = patch->at};
  p[0].text = undo ? "git apply --check " : "git apply --reverse --check ";
  p[2].text = undo ? " || git apply --reverse " : " || git apply ";
  p[1].text = p[3].text = name_text(&e->c->names, patch->name);
  struct command c = {.type = CMD_RUN, .changes = true, .line = {p, 4}, .endpoint = need_empty(), .at = patch->at};
  if (repo != NULL && repo->type == V_STRING) c.dir = pieces_of_text(to->arena, name_text(&e->c->names, repo->name), repo->at);
  append(to, &c, 1);
}

static uint32_t child_of_type(const struct elaboration *e, uint32_t node, enum node_type type) {
  for (uint32_t i = NODE(e, node)->child; i != 0; i = NODE(e, i)->next)
    if (NODE(e, i)->type == type) return i;
  return 0;
}

enum way { WAY_IS, WAY_IS_NOT, WAY_NONE_SAID };

/* The undo of a resource in a step, or its do to be read the other way round; 0 when there is neither. */
static uint32_t undo_for(struct elaboration *e, uint32_t resource, uint32_t step, const bool *done, struct scope *s, enum way *way) {
  uint32_t node = e->m->resources.at[resource].node;
  bool own_do = child_of_type(e, node, N_DO) != 0, own_undo = child_of_type(e, node, N_UNDO) != 0;
  uint32_t block = own_do && !own_undo ? 0 : block_for(e, resource, N_UNDO, done, s);
  *way = WAY_IS;
  if (block != 0 && NODE(e, block)->op == 1) {
    *way = WAY_NONE_SAID;
    return 0;
  }
  if (block == 0) {
    block = block_for(e, resource, N_DO, done, s);
    scope_step(e, s, resource, step, LEADS_BACK);
    s->done = done;
    if (block != 0 && !speaks(e, s, block, step)) block = 0;
  }
  if (block == 0) *way = WAY_IS_NOT;
  scope_step(e, s, resource, step, LEADS_BACK);
  s->done = done;
  return block;
}

static void resource_block(struct elaboration *e, uint32_t resource, uint32_t step, enum block_type type, const bool *done,
                           struct statements *to) {
  static const enum block_place places[] = {PLACE_DO, PLACE_UNDO, PLACE_VERIFY, PLACE_OBSERVE};
  bool code = code_step(e->m, resource) == step;
  struct scope s;
  uint32_t block;
  enum way way;
  if (type == BLOCK_UNDO) {
    if (code) code_patch(e, resource, true, to);
    block = undo_for(e, resource, step, done, &s, &way);
  } else {
    block = block_for(e, resource, type == BLOCK_DO ? N_DO : N_VERIFY, done, &s);
    if (block != 0) scope_step(e, &s, resource, step, type == BLOCK_DO || done[step] ? LEADS_FORWARD : LEADS_BACK);
    s.done = done;
  }
  if (block != 0) {
    struct statements one = statements_new(e, to->arena, &s, resource, places[type]);
    statements_evaluate(&one, block);
    append_all(to, &one);
    if (one.unreliable != NULL) to->unreliable = one.unreliable;
    if (type == BLOCK_DO && one.out.n == 0 && to->silent == 0) to->silent = resource + 1;
  }
  if (code && type == BLOCK_DO) code_patch(e, resource, false, to);
}

/* ── A step that the plan writes itself ────────────────────────────────────── */

static struct scope step_scope(struct elaboration *e, uint32_t step, enum leads leads, const bool *done) {
  uint32_t declared = index_get(&e->step_index, e->m->steps.at[step].name);
  struct scope s = scope_plan(declared == NONE ? NULL : e->steps.at[declared].bindings);
  s.step = step;
  s.leads = (uint8_t)leads;
  s.done = done;
  if (e->m->steps.at[step].hop_count == 1) s.hop = e->m->steps.at[step].hops[0].attribute;
  return s;
}

/* The N_DO, N_UNDO, N_VERIFY written in a `step`, 0; an undo may be its do the other way round. */
static uint32_t own_block(struct elaboration *e, uint32_t step, enum block_type type, const bool *done, struct scope *s) {
  const struct step *t = &e->m->steps.at[step];
  *s = step_scope(e, step, type == BLOCK_DO || (type == BLOCK_VERIFY && done[step]) ? LEADS_FORWARD : LEADS_BACK, done);
  if (NODE(e, t->node)->type != N_STEP) return 0;
  uint32_t block = child_of_type(e, t->node, type == BLOCK_DO ? N_DO : type == BLOCK_UNDO ? N_UNDO : N_VERIFY);
  if (block != 0) return block;
  if (type != BLOCK_UNDO) return 0;
  block = child_of_type(e, t->node, N_DO);
  return block != 0 && speaks(e, s, block, step) ? block : 0;
}

static void write_step(struct elaboration *e, uint32_t step, enum block_type type, const bool *done, struct statements *to) {
  const struct step *t = &e->m->steps.at[step];
  struct scope s;
  bool written = NODE(e, t->node)->type == N_STEP && child_of_type(e, t->node, N_DO) != 0;
  uint32_t own = own_block(e, step, type, done, &s);
  if (!(written && (type == BLOCK_DO || type == BLOCK_UNDO)) && !(own != 0 && type == BLOCK_UNDO)) {
    if (t->part_count == 0 && t->resource != NONE) resource_block(e, t->resource, step, type, done, to);
    for (uint32_t i = 0; i < t->part_count; i++)
      resource_block(e, t->parts[type == BLOCK_UNDO ? t->part_count - 1 - i : i], step, type, done, to);
  }
  if (own == 0 || NODE(e, own)->op == 1) return;
  static const enum block_place places[] = {PLACE_DO, PLACE_UNDO, PLACE_VERIFY, PLACE_OBSERVE};
  struct statements one = statements_new(e, to->arena, &s, t->resource, places[type]);
  statements_evaluate(&one, own);
  append_all(to, &one);
  if (one.unreliable != NULL) to->unreliable = one.unreliable;
}

bool step_way_back(struct elaboration *e, uint32_t step, const bool *done) {
  const struct step *t = &e->m->steps.at[step];
  struct scope s;
  enum way way;
  if (t->undo_none != 0 || t->irreversible != 0) return true;
  if (NODE(e, t->node)->type == N_STEP && (child_of_type(e, t->node, N_DO) != 0 || child_of_type(e, t->node, N_UNDO) != 0))
    return own_block(e, step, BLOCK_UNDO, done, &s) != 0;
  if (t->part_count == 0 && t->resource != NONE) {
    (void)undo_for(e, t->resource, step, done, &s, &way);
    return way != WAY_IS_NOT;
  }
  for (uint32_t i = 0; i < t->part_count; i++) {
    (void)undo_for(e, t->parts[i], step, done, &s, &way);
    if (way == WAY_IS_NOT) return false;
  }
  return true;
}

/* ── What others ask for ───────────────────────────────────────────────────── */

static bool elaborated(const struct model *m) { return m->elaboration != NULL && m->tree != NULL && m->tree->nodes.n > 1; }

static struct block block_of(const struct statements *b) { return (struct block){b->out.at, b->out.n, b->unreliable}; }

/* To wait, and to look whether it has been waited long enough, are the same: the journal has the deadline. */
static struct block wait_block(struct arena *a, const struct model *m, uint32_t step, enum block_type type) {
  if (type != BLOCK_DO && type != BLOCK_VERIFY) return (struct block){0};
  struct command *c = arena_new(a, struct command);
  *c = (struct command){.type = CMD_WAIT, .wait = m->steps.at[step].takes, .at = m->steps.at[step].at};
  return (struct block){.at = c, .n = 1};
}

struct block step_evaluate(struct elaboration *e, struct arena *a, uint32_t step, enum block_type type, const bool *done, uint32_t *silent) {
  struct statements b = {.e = e, .arena = a, .resource = NONE};
  if (!e->m->steps.at[step].wait) write_step(e, step, type, done, &b);
  *silent = b.silent == 0 ? NONE : b.silent - 1;
  return block_of(&b);
}

static struct block observe_in(struct model *m, struct arena *a, uint32_t resource, const bool *done) {
  struct scope s;
  uint32_t block = elaborated(m) ? observe_for(m->elaboration, resource, &s) : 0;
  if (block == 0) return (struct block){0};
  s.done = done;
  struct statements b = statements_new(m->elaboration, a, &s, resource, PLACE_OBSERVE);
  statements_evaluate(&b, block);
  return block_of(&b);
}

bool resource_observes(const struct model *m, uint32_t resource) {
  uint32_t kind = elaborated(m) ? m->resources.at[resource].kind_id : NONE;
  return kind != NONE && m->elaboration->kinds.at[kind].observes.n > 0;
}

bool model_observes(const struct model *m) {
  const struct elaboration *e = m->elaboration;
  for (uint32_t i = 0; elaborated(m) && i < e->kinds.n; i++)
    if (e->kinds.at[i].observes.n > 0 && e->kinds.at[i].resources.n > 0) return true;
  return false;
}

struct block resource_observe(struct model *m, uint32_t resource, const bool *done) {
  return resource_observes(m, resource) ? observe_in(m, &m->c->arena, resource, done) : (struct block){0};
}

static struct block step_observe(struct model *m, struct arena *a, uint32_t step, const bool *done) {
  const struct step *t = &m->steps.at[step];
  struct statements b = {.e = m->elaboration, .arena = a, .resource = NONE};
  if (t->part_count == 0) return t->resource == NONE ? (struct block){0} : observe_in(m, a, t->resource, done);
  for (uint32_t i = 0; i < t->part_count; i++) {
    struct block one = observe_in(m, a, t->parts[i], done);
    append(&b, one.at, one.n);
  }
  return block_of(&b);
}

struct block step_block_in(struct arena *a, struct model *m, uint32_t step, enum block_type type, const bool *done) {
  uint32_t silent;
  if (!elaborated(m)) return (struct block){0};
  if (m->steps.at[step].wait) return wait_block(a, m, step, type);
  if (type == BLOCK_OBSERVE) return step_observe(m, a, step, done);
  if (step_shape(m, step, type) != NONE && (type != BLOCK_VERIFY || done[step])) return step_kept(a, m, step, type);
  return step_evaluate(m->elaboration, a, step, type, done, &silent);
}

struct block step_block(struct model *m, uint32_t step, enum block_type type, const bool *done) {
  return step_block_in(&m->c->arena, m, step, type, done);
}

/* Only what gives the value; commands that say nothing of it are left out. */
static struct block values_only(struct model *m, struct block b) {
  uint32_t value = name_find(&m->c->names, "value", 5), n = 0;
  struct command *at = arena_array(&m->c->arena, struct command, b.n + 1u);
  for (uint32_t i = 0; i < b.n; i++) {
    struct observation *kept = arena_array(&m->c->arena, struct observation, b.at[i].observe_count + 1u);
    uint32_t k = 0;
    for (uint32_t o = 0; o < b.at[i].observe_count; o++)
      if (b.at[i].observes[o].attribute == value) kept[k++] = b.at[i].observes[o];
    if (k == 0 && b.at[i].observe_count > 0) continue;
    at[n] = b.at[i];
    at[n].observes = kept;
    at[n++].observe_count = k;
  }
  return (struct block){at, n, b.unreliable};
}

struct block secret_fetch(struct model *m, uint32_t secret, const bool *done) { return values_only(m, secret_fetch_whole(m, secret, done)); }

struct block secret_fetch_whole(struct model *m, uint32_t secret, const bool *done) {
  struct scope s;
  uint32_t block = elaborated(m) ? secret_fetch_block(m->elaboration, secret, &s) : 0;
  if (block == 0) return (struct block){0};
  s.done = done;
  struct statements b = statements_new(m->elaboration, &m->c->arena, &s, m->secrets.at[secret].store, PLACE_FETCH);
  statements_evaluate(&b, block);
  return block_of(&b);
}
