/* What only its evaluated commands tell of a step: how many there are, whether one is done by hand, which secrets they use,
 * whether there is a way back, and whether the change lasts with the stack that owns the value.
 * Needs steps, clients and secrets. Guarantees: every do, undo and verify of the plan is evaluated once, so that what is wrong
 * with its text is found whatever the proof looks at. */
#include "model/commands.h"
#include "model/ways.h"

#include <stdlib.h>
#include <string.h>

static const char *name_at(const struct elaboration *e, uint32_t id) { return name_text(&e->c->names, id); }

/* ── Secrets of a block ────────────────────────────────────────────────────── */

struct silence { uint32_t resource, step; };
/* What a step with secrets uses: [0] its do and verify, [1] its undo and verify; each sorted. */
struct use { uint32_t step; struct { const uint32_t *at; uint32_t n; } halves[2]; };

struct users {
  struct elaboration *e;
  uint32_t *last;   /* per secret: the step that was seen to use it last, + 1 */
  uint32_t step;
  ARRAY(uint32_t) used;
  ARRAY(struct silence) silent; /* changes without a command */
  ARRAY(struct use) uses;
  struct arena scratch;         /* the blocks of the step at hand */
};

static void use_pieces(struct users *u, struct pieces p) {
  for (uint32_t i = 0; i < p.n; i++) {
    if (p.at[i].type != PIECE_SECRET || u->last[p.at[i].secret] == u->step + 1) continue;
    u->last[p.at[i].secret] = u->step + 1;
    array_push(&u->e->c->arena, &u->used, p.at[i].secret);
  }
}

static void use_block(struct users *u, const struct block *b) {
  for (uint32_t i = 0; i < b->n; i++) {
    const struct command *c = &b->at[i];
    use_pieces(u, c->input);
    use_pieces(u, c->bearer);
    use_pieces(u, c->basic);
    use_pieces(u, c->body);
    for (uint32_t k = 0; k < c->env_count; k++) use_pieces(u, c->env[k].value);
    for (uint32_t k = 0; k < c->header_count; k++) use_pieces(u, c->headers[k].value);
  }
}

static int by_id(const void *a, const void *b) {
  uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
  return x < y ? -1 : x > y;
}

/* ── One step ──────────────────────────────────────────────────────────────── */

static void count(struct step *s, const struct block *b) {
  for (uint32_t i = 0; i < b->n; i++) {
    if (b->at[i].changes) s->commands++;
    if (b->at[i].type == CMD_MANUAL) s->manual = true;
  }
}

/* How long it takes to do nothing but wait: milliseconds; -1 for a block that does more. */
static int64_t waited(const struct block *b) {
  int64_t sum = 0;
  for (uint32_t i = 0; i < b->n; i++)
    if (b->at[i].type != CMD_WAIT || __builtin_add_overflow(sum, b->at[i].wait, &sum)) return -1;
  return b->n > 0 ? sum : -1;
}

/* A change that every `when` of its kind leaves out. */
static void nothing_done(struct elaboration *e, uint32_t step, uint32_t resource) {
  const struct step *s = &e->m->steps.at[step];
  const struct resource *r = &e->m->resources.at[resource];
  const struct attribute *a = NULL;
  for (uint32_t i = 0; i < s->hop_count && a == NULL; i++)
    if (e->m->attributes.at[s->hops[i].attribute].owner == resource) a = &e->m->attributes.at[s->hops[i].attribute];
  struct scope scope;
  struct finding *f = finding_add(e->c, CODE_108, a != NULL ? a->at : resource_span(e->m, resource), "nothing says how `%s` is changed: for this change its `do` has no command", name_at(e, r->name));
  f->resource = r->name;
  uint32_t block = block_for(e, resource, N_DO, NULL, &scope);
  if (a != NULL) finding_caret(e->c, f, "this changes");
  struct span at = block != 0 ? node_span(e->tree, block) : NOWHERE;
  bool empty = block != 0 && e->tree->nodes.at[block].child == 0;
  if (!empty && at.source != NONE && at.end > at.start + 2) at.end = at.start + 2;
  if (block != 0) finding_label(e->c, f, at, empty ? "this is empty" : "no `when` in here speaks of it");
  finding_remark(e->c, f, REMARK_HELP, "say how in the resource itself: `do { … }`, or `do { manual \"…\" }` for a step by hand");
}

static struct block evaluate(struct users *u, uint32_t step, enum block_type type, const bool *done) {
  uint64_t asked = u->e->asked;
  uint32_t silent;
  struct block b = step_evaluate(u->e, &u->scratch, step, type, done, &silent);
  if (type == BLOCK_DO && silent != NONE) array_push(&u->e->c->arena, &u->silent, ((struct silence){silent, step}));
  if (u->e->asked == asked) block_keep(u->e, step, type, &b);
  return b;
}

/* The secrets of some blocks, sorted; `mark` is another for each call. */
static void find_used(struct users *u, uint32_t mark, const struct block *blocks, const uint8_t *which, uint32_t n) {
  u->step = mark;
  u->used.at = NULL, u->used.n = u->used.cap = 0;
  for (uint32_t i = 0; i < n; i++) use_block(u, &blocks[which[i]]);
  if (u->used.n > 1) qsort(u->used.at, u->used.n, sizeof *u->used.at, by_id);
}

static void find_uses(struct users *u, uint32_t step, const struct block blocks[3]) {
  static const uint8_t all[] = {BLOCK_DO, BLOCK_UNDO, BLOCK_VERIFY}, halves[2][2] = {{BLOCK_DO, BLOCK_VERIFY}, {BLOCK_UNDO, BLOCK_VERIFY}};
  struct step *s = &u->e->m->steps.at[step];
  struct use use = {.step = step};
  find_used(u, step, blocks, all, 3);
  s->secrets = u->used.at;
  s->secret_count = u->used.n;
  if (u->used.n == 0) return;
  for (uint32_t half = 0; half < 2; half++) {
    find_used(u, u->e->m->steps.n + 1 + step * 2 + half, blocks, halves[half], 2);
    use.halves[half].at = u->used.at;
    use.halves[half].n = u->used.n;
  }
  array_push(&u->e->c->arena, &u->uses, use);
}

/* A step that does what others of its way do. */
static bool look_alike(struct elaboration *e, uint32_t step) {
  const struct way *w = way_of(e, step);
  struct step *s = &e->m->steps.at[step];
  if (w == NULL || w->form == NULL || !way_fits(e, w, step)) return false;
  s->commands = w->commands;
  s->manual = w->manual;
  s->no_inverse = false;
  if (s->takes < 0) s->takes = w->waits;
  step_keep(e, step, w->form);
  return true;
}

/* The blocks of a step in a state where it can run; `done` is all false before and after. */
static void look(struct users *u, uint32_t step, bool *done) {
  struct model *m = u->e->m;
  struct step *s = &m->steps.at[step];
  struct block blocks[3];
  uint32_t findings = u->e->c->findings.n, silent = u->silent.n;
  state_before(m, step, done);
  blocks[BLOCK_DO] = evaluate(u, step, BLOCK_DO, done);
  s->commands = 0;
  count(s, &blocks[BLOCK_DO]);
  int64_t waits = waited(&blocks[BLOCK_DO]);
  if (s->takes < 0) s->takes = waits;
  bool back = step_way_back(u->e, step, done);
  s->no_inverse = s->commands > 0 && !back;
  done[step] = true;
  if (s->part_count > 0) state_complete(m, done);
  blocks[BLOCK_UNDO] = evaluate(u, step, BLOCK_UNDO, done);
  blocks[BLOCK_VERIFY] = evaluate(u, step, BLOCK_VERIFY, done);
  state_leave(m, step, done);
  find_uses(u, step, blocks);
  struct way *w = way_of(u->e, step);
  if (w != NULL) w->waits = waits;
  if (w != NULL && u->e->c->findings.n == findings && u->silent.n == silent) way_form(u->e, w, step, blocks);
  arena_reset(&u->scratch);
}

/* ── Secrets fetched at use ────────────────────────────────────────────────── */

static void add_needs(struct elaboration *e, const struct need **needs, uint32_t *count_of, const struct secret *s) {
  if (s->needs_count == 0) return;
  struct need *all = arena_array(&e->c->arena, struct need, (size_t)*count_of + s->needs_count);
  if (*count_of > 0) memcpy(all, *needs, *count_of * sizeof *all);
  memcpy(all + *count_of, s->needs, s->needs_count * sizeof *all);
  *needs = all;
  *count_of += s->needs_count;
}

static void needs_at_use(struct elaboration *e, const struct use *u) {
  struct step *s = &e->m->steps.at[u->step];
  for (uint32_t half = 0; half < 2; half++) {
    for (uint32_t i = 0; i < u->halves[half].n; i++) {
      const struct secret *x = &e->m->secrets.at[u->halves[half].at[i]];
      if (!x->at_use) continue;
      if (half == 0) add_needs(e, &s->needs, &s->needs_count, x);
      else if (s->irreversible == 0 && s->undo_none == 0) add_needs(e, &s->undo_needs, &s->undo_needs_count, x);
    }
  }
}

/* What is wrong with an `observe` shows in the first resource of its kind, and in those that change. */
static void observes_look(struct elaboration *e, const bool *baseline) {
  for (uint32_t k = 0; k < e->kinds.n; k++)
    if (e->kinds.at[k].observes.n > 0 && e->kinds.at[k].resources.n > 0) (void)resource_observe(e->m, e->kinds.at[k].resources.at[0], baseline);
  for (uint32_t i = 0; i < e->m->steps.n; i++)
    if (e->m->steps.at[i].resource != NONE) (void)resource_observe(e->m, e->m->steps.at[i].resource, baseline);
}

void steps_look(struct elaboration *e) {
  struct model *m = e->m;
  struct users u = {.e = e, .last = arena_array(&e->c->arena, uint32_t, (size_t)m->secrets.n + 1)};
  bool *done = state_new_flags(e, false);
  blocks_keep(e);
  for (uint32_t i = 0; i < m->steps.n; i++)
    if (!look_alike(e, i)) look(&u, i, done);
  arena_free(&u.scratch);
  const bool *doubtful = u.silent.n > 0 ? model_doubtful(m) : NULL;
  for (uint32_t i = 0; i < u.silent.n; i++)
    if (!doubtful[u.silent.at[i].resource]) nothing_done(e, u.silent.at[i].step, u.silent.at[i].resource);
  observes_look(e, done);
  secrets_finish(e);
  for (uint32_t i = 0; i < u.uses.n; i++) needs_at_use(e, &u.uses.at[i]);
}

/* ── The stack that owns a value ───────────────────────────────────────────── */

static bool goes_through(const struct model *m, uint32_t via, uint32_t owner) {
  for (unsigned hops = 0; via != NONE && hops < 16; hops++) {
    if (via == owner) return true;
    via = resource_via(m, via);
  }
  return false;
}

static const char *text_of_value(struct elaboration *e, const struct value *v) {
  struct text t = {.arena = &e->c->arena};
  if (v->type == V_NONE) return "`none`";
  if (!value_interpolate(e, &t, v, true)) return "what it was";
  return text_done(&t);
}

static void changed_past(struct elaboration *e, uint32_t resource, const struct attribute *a) {
  const struct resource *r = &e->m->resources.at[resource];
  const struct value *first = &a->cases.at[0].value, *last = &a->cases.at[a->cases.n - 1].value;
  const char *owner = name_at(e, e->m->resources.at[resource_owner(e->m, resource)].name), *name = name_at(e, r->name);
  struct finding *f;
  if (strcmp(name_at(e, a->name), "exists") == 0)
    f = finding_add(e->c, CODE_291, a->at, "the code of `%s` does not know that `%s` %s: its next apply would undo that", owner, name,
                    last->number != 0 ? "is created" : "is deleted");
  else
    f = finding_add(e->c, CODE_291, a->at, "the next apply of `%s` would put `%s` of `%s` back to %s", owner, name_at(e, a->name), name,
                    text_of_value(e, first));
  f->resource = r->name;
  if (strcmp(name_at(e, a->name), "exists") != 0) finding_caret(e->c, f, "set to %s past the stack that owns it", text_of_value(e, last));
  uint32_t attr = node_attr(e, r->node, "owner");
  if (attr != 0) finding_label(e->c, f, node_span(e->tree, attr), "the source of truth for it");
  finding_remark(e->c, f, REMARK_HELP, "add `code = \"…\"`, the patch to the code of `%s` that says the same, or change it with `via = %s`", owner, owner);
}

/* Values that a change leaves other than their owner's code has them. */
static void owner_check(struct elaboration *e, uint32_t resource) {
  uint32_t owner = resource_owner(e->m, resource);
  if (owner == NONE || goes_through(e->m, resource_via(e->m, resource), owner) || attribute_constant(e, resource, "code") != NULL) return;
  struct attribute_range own = attributes_of(e->m, resource);
  for (uint32_t i = own.at; i < own.end; i++) {
    const struct attribute *a = &e->m->attributes.at[i];
    if (a->hop_count == 0 || cases_poisoned(&a->cases) || value_equal(&a->cases.at[0].value, &a->cases.at[a->cases.n - 1].value)) continue;
    changed_past(e, resource, a);
    return; /* one finding per resource: the mend is the same for all its values */
  }
}

void owners_check(struct elaboration *e) {
  for (uint32_t i = 0; i < e->m->resources.n; i++) owner_check(e, i);
}
