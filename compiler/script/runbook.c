/* A model and its proof -> what the runbook has to do, as data.
 * Needs a model without errors and the proven order. Guarantees: units and sequences in the order of the runbook; each
 * block evaluated in the state of the order in which it runs. */
#include "script/emit.h"

#include <stdlib.h>
#include <string.h>

struct builder {
  struct runbook *b;
  struct arena *arena, scratch, block; /* for looking at one command, and at one kept block */
  bool *secret_seen;
  const bool *done; /* the state at hand */
  uint32_t *first;  /* of each step, the sequence of its do */
  uint32_t *lock_of;             /* of each resource, its state lock; NONE */
  ARRAY(struct text) lock_steps; /* per lock */
};

static void block_secrets(struct builder *u, const struct command *c);

/* ── Secrets, each after those that fetching it takes ──────────────────────── */

static void secret_used(struct builder *u, uint32_t secret) {
  struct model *m = u->b->m;
  if (secret >= m->secrets.n || u->secret_seen[secret]) return;
  u->secret_seen[secret] = true;
  bool *start = proof_done(m, u->b->p, 0);
  struct block fetch = secret_fetch(m, secret, start);
  for (uint32_t i = 0; i < fetch.n; i++) block_secrets(u, &fetch.at[i]);
  array_push(u->arena, &u->b->secrets, secret);
}

typedef void secret_visitor(void *data, uint32_t secret);

static void visit_pieces(const struct pieces *p, secret_visitor *visit, void *data) {
  for (uint32_t i = 0; i < p->n; i++)
    if (p->at[i].type == PIECE_SECRET) visit(data, p->at[i].secret);
}

static void visit_secrets(const struct command *c, secret_visitor *visit, void *data) {
  const struct pieces *const all[] = {&c->line, &c->input, &c->url, &c->bearer, &c->basic, &c->body};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) visit_pieces(all[i], visit, data);
  for (uint32_t i = 0; i < c->env_count; i++) visit_pieces(&c->env[i].value, visit, data);
  for (uint32_t i = 0; i < c->header_count; i++) visit_pieces(&c->headers[i].value, visit, data);
}

static void used_by_block(void *data, uint32_t secret) { secret_used(data, secret); }
static void block_secrets(struct builder *u, const struct command *c) { visit_secrets(c, used_by_block, u); }

struct at_use {
  struct model *m;
  ARRAY(uint32_t) found;
};
static void collect_at_use(void *data, uint32_t secret) {
  struct at_use *a = data;
  if (secret >= a->m->secrets.n || !a->m->secrets.at[secret].at_use) return;
  for (uint32_t i = 0; i < a->found.n; i++)
    if (a->found.at[i] == secret) return;
  array_push(&a->m->c->arena, &a->found, secret);
}

/* ── Tools ─────────────────────────────────────────────────────────────────── */

struct tool_search {
  struct builder *u;
  const char *dir;
};

static void add_tool(struct builder *u, const char *name, const char *dir) {
  struct runbook *b = u->b;
  if (strchr(name, '/') == NULL) dir = NULL;
  for (uint32_t i = 0; i < b->tools.n; i++) {
    const struct tool_use *t = &b->tools.at[i];
    if (strcmp(t->name, name) == 0 && (t->dir == NULL) == (dir == NULL) && (dir == NULL || strcmp(t->dir, dir) == 0)) return;
  }
  const char *kept = arena_copy(u->arena, name, strlen(name));
  array_push(u->arena, &b->tools, (struct tool_use){kept, dir == NULL ? NULL : arena_copy(u->arena, dir, strlen(dir))});
}

static void tool_found(void *data, const char *name) {
  struct tool_search *s = data;
  add_tool(s->u, name, s->dir);
}

static void command_tools(struct builder *u, const struct command *c) {
  if (c->type == CMD_RUN) {
    struct tool_search s = {u, c->dir.n > 0 ? pieces_text(&u->scratch, &c->dir, ".", ".") : "."};
    line_tools(&u->scratch, &c->line, tool_found, &s);
    arena_reset(&u->scratch);
  }
  if (c->type == CMD_HTTP || c->type == CMD_TCP) add_tool(u, "curl", NULL);
  if (c->type == CMD_DNS) add_tool(u, "dig", NULL);
  for (uint32_t i = 0; i < c->observe_count; i++)
    if (c->observes[i].filter != NULL) add_tool(u, "jq", NULL);
}

/* ── Sequences ─────────────────────────────────────────────────────────────── */

static bool compares(struct block block) {
  for (uint32_t i = 0; i < block.n; i++)
    for (uint32_t k = 0; k < block.at[i].expect_count; k++)
      if (block.at[i].expects[k].type == EXPECT_UNCHANGED) return true;
  return false;
}

static bool by_hand(struct block block) {
  for (uint32_t i = 0; i < block.n; i++)
    if (block.at[i].type == CMD_MANUAL) return true;
  return false;
}

static struct at_use at_use_of(struct model *m, const struct command *c) {
  struct at_use at_use = {.m = m};
  visit_secrets(c, collect_at_use, &at_use);
  return at_use;
}

/* NAME_1, NAME_2 …, with something behind the number. */
static const char *numbered(struct arena *a, const char *name, uint32_t i, const char *behind) {
  size_t n = strlen(name), m = strlen(behind), digits = 1;
  for (uint32_t rest = i; rest >= 10; rest /= 10) digits++;
  char *out = arena_alloc(a, n + digits + m + 2, 1);
  memcpy(out, name, n);
  out[n] = '_';
  memcpy(out + n + digits + 1, behind, m);
  for (size_t k = n + digits; k > n; k--, i /= 10) out[k] = (char)('0' + i % 10);
  return out;
}

static const char *unit_name(struct arena *a, const char *name, uint32_t i) { return numbered(a, name, i, ""); }

static struct sequence *push_sequence(struct builder *u, struct sequence s) {
  array_push(u->arena, &u->b->sequences, s);
  u->b->unchanged = u->b->unchanged || s.unchanged;
  return &u->b->sequences.at[u->b->sequences.n - 1];
}

const char *sequence_numbered(struct arena *a, enum sequence_type type, uint32_t number) {
  static const char *const of_step[] = {[SEQ_DO] = "_do", [SEQ_UNDO] = "_undo", [SEQ_VERIFY] = "_verify", [SEQ_WAS] = "_was"};
  if (type == SEQ_OBSERVE || type == SEQ_FETCH) return numbered(a, type == SEQ_OBSERVE ? "observe" : "secret", number, "");
  return numbered(a, "step", number, of_step[type]);
}

/* Of a step's, `number` is its index in the order; of the others their own. */
static const char *name_of_type(struct arena *a, enum sequence_type type, uint32_t number) { return sequence_numbered(a, type, number + 1); }

const char *sequence_name(const struct runbook *b, const struct sequence *s, struct arena *a) {
  uint32_t i = (uint32_t)(s - b->sequences.at);
  return name_of_type(a, (enum sequence_type)s->type, s->type == SEQ_OBSERVE ? i : s->type == SEQ_FETCH ? i - b->observations - 4 * b->p->order.n : s->step);
}

const char *sequence_note(const struct runbook *b, const struct sequence *s) {
  uint32_t none = s->type == SEQ_UNDO && s->count == 0 ? b->m->steps.at[b->p->order.at[s->step]].undo_none : 0;
  return none == 0 ? NULL : name_text(&b->m->c->names, none);
}

static struct sequence *add_sequence(struct builder *u, enum sequence_type type, uint32_t number, struct block block) {
  struct runbook *b = u->b;
  const char *name = block.n > 0 ? name_of_type(u->arena, type, number) : "";
  struct sequence s = {.type = (uint8_t)type, .unchanged = compares(block), .by_hand = by_hand(block), .first = b->units.n,
                       .count = block.n, .step = NONE, .resource = NONE, .secret = NONE, .made_by = NONE};
  for (uint32_t i = 0; i < block.n; i++) {
    const struct command *c = &block.at[i];
    struct at_use at_use = at_use_of(b->m, c);
    struct unit unit = {.name = unit_name(u->arena, name, i + 1), .command = c, .at_use = at_use.found.at, .at_use_count = at_use.found.n};
    array_push(u->arena, &b->units, unit);
    block_secrets(u, c);
    command_tools(u, c);
  }
  return push_sequence(u, s);
}

/* ── Sequences of kept blocks ──────────────────────────────────────────────── */

static const uint8_t blocks[] = {[SEQ_DO] = BLOCK_DO, [SEQ_UNDO] = BLOCK_UNDO, [SEQ_VERIFY] = BLOCK_VERIFY};

static void named_by_value(void *data, const char *name) {
  bool *value = data;
  *value = *value || strchr(name, '\1') != NULL;
}

/* A program with a path is looked for from the folder. */
static void placed_by_value(void *data, const char *name) {
  bool *value = data;
  *value = *value || strpbrk(name, "\1/") != NULL;
}

static bool has_value(const struct pieces *p) {
  for (uint32_t i = 0; i < p->n; i++)
    if (p->at[i].type == PIECE_VALUE) return true;
  return false;
}

/* Do a command's values tell nothing of the programs it runs, nor of the folder it runs them in? */
static bool tools_told(struct builder *u, const struct command *c) {
  if (c->type != CMD_RUN) return true;
  struct piece *at = arena_array(&u->scratch, struct piece, c->line.n + 1u);
  struct pieces line = {at, c->line.n};
  bool value = false;
  for (uint32_t i = 0; i < line.n; i++) {
    at[i] = c->line.at[i];
    if (at[i].type == PIECE_VALUE) at[i].text = "\1";
  }
  line_tools(&u->scratch, &line, has_value(&c->dir) ? placed_by_value : named_by_value, &value);
  arena_reset(&u->scratch);
  return !value;
}

static void look_at_shape(struct builder *u, struct shape_use *x, struct block block) {
  struct unit *units = arena_array(u->arena, struct unit, block.n + 1u);
  *x = (struct shape_use){.seen = true, .unchanged = compares(block), .by_hand = by_hand(block), .told = true, .count = block.n, .units = units};
  for (uint32_t i = 0; i < block.n; i++) {
    struct at_use at_use = at_use_of(u->b->m, &block.at[i]);
    units[i] = (struct unit){.at_use = at_use.found.at, .at_use_count = at_use.found.n, .place = place_text(u->arena, u->b->m, block.at[i].at)};
    block_secrets(u, &block.at[i]);
    x->told = x->told && tools_told(u, &block.at[i]);
  }
}

/* A block of the k-th step. Of a kept one only its shape is looked at, and its commands where their values tell something. */
static struct sequence *add_block(struct builder *u, enum sequence_type type, uint32_t k) {
  struct model *m = u->b->m;
  uint32_t step = u->b->p->order.at[k], shape = step_shape(m, step, blocks[type]);
  if (shape == NONE) return add_sequence(u, type, k, step_block(m, step, blocks[type], u->done));
  struct shape_use *x = &u->b->shapes[shape];
  bool first = !x->seen;
  uint32_t used = x->used + 1;
  if (first || !x->told) {
    struct block block = step_kept(&u->block, m, step, blocks[type]);
    if (first) look_at_shape(u, x, block);
    for (uint32_t i = 0; i < block.n; i++) command_tools(u, &block.at[i]);
    arena_reset(&u->block);
  }
  x->used = used;
  return push_sequence(u, (struct sequence){.type = (uint8_t)type, .unchanged = x->unchanged, .by_hand = x->by_hand, .first = NONE, .count = x->count,
                                            .step = NONE, .resource = NONE, .secret = NONE, .made_by = NONE});
}

enum block_type sequence_block(const struct sequence *s) { return (enum block_type)blocks[s->type]; }

uint32_t sequence_kept_shape(const struct runbook *b, const struct sequence *s) { return step_shape(b->m, b->p->order.at[s->step], sequence_block(s)); }

struct shape_use *sequence_shape(const struct runbook *b, const struct sequence *s) {
  return s->first != NONE ? NULL : &b->shapes[sequence_kept_shape(b, s)];
}

struct block sequence_kept(const struct runbook *b, const struct sequence *s, struct arena *a) {
  return step_kept(a, b->m, b->p->order.at[s->step], blocks[s->type]);
}

bool sequence_lines_say(const struct runbook *b, const struct sequence *s, struct arena *a, bool (*look)(const void *data, const char *text), const void *data) {
  return step_lines_say(a, b->m, b->p->order.at[s->step], blocks[s->type], look, data);
}

const struct unit *sequence_units_as(const struct runbook *b, const struct sequence *s, const char *name, struct block block, struct arena *a) {
  struct unit *units = arena_array(a, struct unit, s->count);
  const struct shape_use *x = sequence_shape(b, s);
  for (uint32_t i = 0; i < s->count; i++) {
    units[i] = x->units[i];
    units[i].name = unit_name(a, name, i + 1);
    units[i].command = &block.at[i];
  }
  return units;
}

const struct unit *sequence_units(const struct runbook *b, const struct sequence *s, struct arena *a) {
  if (s->count == 0) return NULL;
  if (s->first != NONE) return &b->units.at[s->first];
  return sequence_units_as(b, s, sequence_name(b, s, a), sequence_kept(b, s, a), a);
}

const struct unit **stretch_units(const struct runbook *b, struct stretch at, struct arena *a) {
  const struct unit **units = arena_array(a, const struct unit *, at.end - at.first + 1u);
  for (uint32_t i = at.first; i < at.end; i++) units[i - at.first] = sequence_units(b, &b->sequences.at[i], a);
  return units;
}

void runbook_whole(struct runbook *b) {
  struct runbook all = *b;
  memset(&all.units, 0, sizeof all.units);
  for (uint32_t i = 0; i < b->sequences.n; i++) {
    struct sequence *s = &b->sequences.at[i];
    const struct unit *units = sequence_units(b, s, &b->m->c->arena);
    s->first = all.units.n;
    for (uint32_t k = 0; k < s->count; k++) array_push(&b->m->c->arena, &all.units, units[k]);
  }
  memcpy(&b->units, &all.units, sizeof b->units);
}

/* ── Steps ─────────────────────────────────────────────────────────────────── */

static bool exists_in(const struct model *m, uint32_t resource, const bool *done) {
  const struct value *v = resource_existence(m, resource, done);
  return v == NULL || v->type != V_BOOL || v->number != 0;
}

/* How to look at the resource of a step in the state at hand; empty when it has no observation or does not exist. */
static struct block observe_step(struct builder *u, uint32_t step, uint32_t *resource) {
  const struct step *s = &u->b->m->steps.at[step];
  *resource = s->resource;
  if (s->resource == NONE || !resource_observes(u->b->m, s->resource) || !exists_in(u->b->m, s->resource, u->done)) return (struct block){0};
  return resource_observe(u->b->m, s->resource, u->done);
}

static void add_step(struct builder *u, uint32_t k) {
  struct model *m = u->b->m;
  uint32_t step = u->b->p->order.at[k];
  u->done = proof_flags(m, u->b->p, k);
  u->first[k] = u->b->sequences.n;
  add_block(u, SEQ_DO, k)->step = k;
  uint32_t resource;
  struct block was = observe_step(u, step, &resource);
  bool before_absent = resource != NONE && resource_observes(m, resource) && !exists_in(m, resource, u->done);
  u->done = proof_flags(m, u->b->p, k + 1);
  add_block(u, SEQ_UNDO, k)->step = k;
  struct sequence *s = add_block(u, SEQ_VERIFY, k);
  if (s->count == 0) {
    u->b->sequences.n--;
    s = add_sequence(u, SEQ_VERIFY, k, observe_step(u, step, &resource));
    s->resource = resource;
  }
  s->step = k;
  /* Of what was made, whether it is gone again. */
  bool makes = was.n == 0 && resource != NONE && before_absent && exists_in(m, resource, u->done);
  if (makes) was = resource_observe(m, resource, u->done);
  s = add_sequence(u, SEQ_WAS, k, was);
  s->step = k;
  s->resource = resource;
  if (makes && was.n > 0) s->made_by = k;
}

/* ── Probes ────────────────────────────────────────────────────────────────── */

/* Why nobody looks; NULL when somebody does. */
static const char *blindness(struct builder *u, const struct promise *p, enum unseen unseen) {
  const struct model *m = u->b->m;
  const char *who = p->client < m->clients.n ? name_text(&m->c->names, m->resources.at[m->clients.at[p->client].resource].name) : "";
  switch (unseen) {
  case UNSEEN_NOT: break;
  case UNSEEN_NO_ENDPOINT:
    return p->type == PROMISE_COUNT ? "resources, not an endpoint: the steps' verifies look at them" : "a condition on the plan's own values: the steps' verifies look at it";
  case UNSEEN_PROTOCOL: return arena_print(u->arena, "%s cannot be probed with curl", proto_text((enum proto)p->endpoint.proto));
  case UNSEEN_HOST: return "its host is not known";
  case UNSEEN_NO_OPERATOR: return "the plan does not say from where the runbook is run (operator)";
  case UNSEEN_ZONE: return arena_print(u->arena, "%s is elsewhere, and has no probe", who);
  case UNSEEN_DNS: return arena_print(u->arena, "%s asks other name servers than the operator, and has no probe", who);
  }
  return NULL;
}

/* The URL in the text of a promise, or NULL. */
static const char *promised_url(struct builder *u, const struct promise *p) {
  const char *text = name_text(&u->b->m->c->names, p->text), *mark = strstr(text, "://");
  if (mark == NULL) return NULL;
  while (mark > text && mark[-1] != ' ') mark--;
  return arena_copy(u->arena, mark, strcspn(mark, " "));
}

static struct probe probe_of(struct builder *u, uint32_t promise) {
  struct model *m = u->b->m;
  const struct promise *p = &m->promises.at[promise];
  struct probe probe = {.promise = promise, .port = p->endpoint.port};
  enum unseen unseen = promise_unseen(m, promise);
  probe.blind = blindness(u, p, unseen);
  if (unseen == UNSEEN_NO_ENDPOINT) return probe;
  const struct client *c = &m->clients.at[p->client];
  probe.target = promised_url(u, p);
  if (unseen == UNSEEN_PROTOCOL || unseen == UNSEEN_HOST) return probe;
  if (p->endpoint.host.type == HOST_ADDRESS) probe.address = address_text(u->arena, &p->endpoint.host.from);
  else probe.address = name_text(&m->c->names, p->endpoint.host.name);
  if (strchr(probe.address, ':') != NULL) probe.address = arena_print(u->arena, "[%s]", probe.address);
  if (c->probe.type == V_CALL && c->probe.count > 0) probe.host = value_plain(u->arena, m, &c->probe.items[0]);
  return probe;
}

static void add_probes(struct builder *u) {
  struct model *m = u->b->m;
  for (uint32_t i = 0; i < m->promises.n; i++) {
    struct probe probe = probe_of(u, i);
    if (probe.blind == NULL) add_tool(u, probe.host != NULL ? "ssh" : "curl", NULL);
    array_push(u->arena, &u->b->probes, probe);
  }
}

/* ── Addresses that nobody may answer on yet ───────────────────────────────── */

struct endpoint_key { struct address address; uint32_t port, resource; };

static int by_endpoint(const void *a, const void *b) {
  const struct endpoint_key *x = a, *y = b;
  int order = memcmp(&x->address, &y->address, sizeof x->address);
  if (order != 0) return order;
  if (x->port != y->port) return x->port < y->port ? -1 : 1;
  return x->resource < y->resource ? -1 : x->resource > y->resource;
}

static bool is_endpoint(const struct fact *f) {
  return (f->type == FACT_SERVES || f->type == FACT_FORWARDS) && f->host.type == HOST_ADDRESS && f->proto == PROTO_TCP && !f->unknown &&
         f->port_end == NONE;
}

/* Where the operator looks first, then in the zone around that, and so on; NONE. */
static uint32_t operator_zone(const struct model *m) { return m->operator_client < m->clients.n ? m->clients.at[m->operator_client].zone : NONE; }

static bool sees(const struct model *m, uint32_t zone) {
  uint32_t at = operator_zone(m);
  for (uint32_t depth = 0; at != NONE && depth <= m->zones.n; depth++, at = m->zones.at[at].inside)
    if (at == zone) return true;
  return false;
}

/* Does something answer there for the operator in that state? */
static bool answered(const struct runbook *b, const struct endpoint_key *k, const bool *done) {
  const struct model *m = b->m;
  uint32_t zone = operator_zone(m);
  for (uint32_t depth = 0; zone != NONE && depth <= m->zones.n; depth++, zone = m->zones.at[zone].inside)
    for (uint32_t at = 0, fact; (fact = proof_answer(b->p, zone, &k->address, &at)) != NONE;) {
      const struct fact *f = fact_at(m, fact);
      if (is_endpoint(f) && f->port == k->port && guard_holds(m, f->guard, done)) return true;
    }
  return false;
}

/* tcp endpoints that something serves at the end and nothing at the start, neither by address nor by forwarding. */
static void add_unused(struct builder *u) {
  struct model *m = u->b->m;
  const bool *start = proof_done(m, u->b->p, 0), *end = proof_done(m, u->b->p, u->b->p->order.n);
  ARRAY(struct endpoint_key) keys = {0};
  uint32_t n;
  const uint32_t *some = proof_guarded(u->b->p, &n);
  for (uint32_t i = 0; i < n; i++) {
    const struct fact *f = fact_at(m, some[i]);
    if (f->type == FACT_SERVES && is_endpoint(f) && sees(m, f->zone) && guard_holds(m, f->guard, end) && !guard_holds(m, f->guard, start))
      array_push(&u->scratch, &keys, (struct endpoint_key){f->host.from, f->port, f->by});
  }
  if (keys.n > 1) qsort(keys.at, keys.n, sizeof *keys.at, by_endpoint);
  for (uint32_t i = 0; i < keys.n; i++) {
    const struct endpoint_key *k = &keys.at[i], *last = i > 0 ? k - 1 : NULL;
    if (last != NULL && k->port == last->port && memcmp(&k->address, &last->address, sizeof k->address) == 0) continue;
    if (!answered(u->b, k, start)) array_push(u->arena, &u->b->unused, (struct unused){k->address, k->port, k->resource});
  }
  arena_reset(&u->scratch);
  if (u->b->unused.n > 0) add_tool(u, "curl", NULL);
}

/* ── State locks ───────────────────────────────────────────────────────────── */

static const struct value *field(const struct builder *u, uint32_t resource, const char *name) {
  uint32_t id = name_find(&u->b->m->c->names, name, strlen(name));
  return id == NONE ? NULL : attribute_value(u->b->m, resource, id, proof_done(u->b->m, u->b->p, 0));
}

static const char *field_text(const struct builder *u, uint32_t resource, const char *name) {
  const struct value *v = field(u, resource, name);
  return v != NULL && v->type == V_STRING ? value_plain(u->arena, u->b->m, v) : NULL;
}

static const struct pieces *connection_of(const struct command *c, const struct names *names) {
  for (uint32_t i = 0; i < c->env_count; i++)
    if (strcmp(name_text(names, c->env[i].name), "PG_CONN_STR") == 0) return &c->env[i].value;
  return NULL;
}

static uint32_t stack_of(const struct runbook *b, uint32_t k) {
  uint32_t resource = b->m->steps.at[b->p->order.at[k]].resource;
  return resource == NONE ? NONE : resource_via(b->m, resource);
}

/* The lock of the stack that a step goes through: what has a `schema` and a `workspace`. One without PG_CONN_STR counts when it
 * says where its state is. */
static void step_lock(struct builder *u, uint32_t k) {
  struct runbook *b = u->b;
  uint32_t stack = stack_of(b, k);
  if (stack == NONE) return;
  uint32_t known = u->lock_of[stack];
  if (known != NONE && b->locks.at[known].connection != NULL) {
    text_print(&u->lock_steps.at[known], " %u", k + 1);
    return;
  }
  struct state_lock lock = {stack, NULL, field_text(u, stack, "schema"), field_text(u, stack, "workspace"), NULL};
  if (lock.schema == NULL || lock.workspace == NULL) return;
  const struct sequence *q = &b->sequences.at[u->first[k]];
  const struct unit *units = sequence_units(b, q, u->arena);
  for (uint32_t n = 0; n < q->count && lock.connection == NULL; n++) lock.connection = connection_of(units[n].command, &b->m->c->names);
  const struct value *state = field(u, stack, "state");
  if (lock.connection == NULL && (state == NULL || state->type == V_NONE)) return;
  if (known != NONE) {
    b->locks.at[known].connection = lock.connection;
    text_print(&u->lock_steps.at[known], " %u", k + 1);
    return;
  }
  u->lock_of[stack] = b->locks.n;
  array_push(u->arena, &b->locks, lock);
  array_push(u->arena, &u->lock_steps, (struct text){.arena = u->arena});
  text_print(&u->lock_steps.at[u->lock_steps.n - 1], "%u", k + 1);
}

static void add_locks(struct builder *u) {
  struct runbook *b = u->b;
  uint32_t first = 0;
  while (first < b->p->order.n && stack_of(b, first) == NONE) first++;
  if (first == b->p->order.n) return;
  u->lock_of = arena_array(&u->scratch, uint32_t, b->m->resources.n + 1);
  for (uint32_t i = 0; i < b->m->resources.n; i++) u->lock_of[i] = NONE;
  for (uint32_t k = first; k < b->p->order.n; k++) step_lock(u, k);
  for (uint32_t i = 0; i < b->locks.n; i++) b->locks.at[i].steps = text_done(&u->lock_steps.at[i]);
}

/* ── What is there, and what may not be ────────────────────────────────────── */

/* What exists at the start is looked at as it is there; what a step creates, as it is at the end: it may not answer yet. */
static void add_observations(struct builder *u) {
  struct runbook *b = u->b;
  struct model *m = b->m;
  if (!model_observes(m)) return;
  struct arena own = {0};
  bool *there = arena_array(&own, bool, m->resources.n + 1);
  u->done = proof_flags(m, b->p, 0);
  for (uint32_t i = 0; i < m->resources.n; i++) {
    if (!resource_observes(m, i)) continue;
    there[i] = exists_in(m, i, u->done);
    struct block look = there[i] ? resource_observe(m, i, u->done) : (struct block){0};
    if (look.n > 0) add_sequence(u, SEQ_OBSERVE, b->sequences.n, look)->resource = i;
  }
  uint32_t exists = name_find(&m->c->names, "exists", 6);
  u->done = proof_flags(m, b->p, b->p->order.n);
  for (uint32_t k = 0; k < b->p->order.n; k++) {
    const struct step *s = &m->steps.at[b->p->order.at[k]];
    for (uint32_t h = 0; h < s->hop_count; h++) {
      const struct attribute *a = &m->attributes.at[s->hops[h].attribute];
      if (a->name != exists || !resource_observes(m, a->owner) || there[a->owner] || s->hops[h].index > 0 || !exists_in(m, a->owner, u->done)) continue;
      struct block look = resource_observe(m, a->owner, u->done);
      if (look.n == 0) continue;
      struct sequence *q = add_sequence(u, SEQ_OBSERVE, b->sequences.n, look);
      q->resource = a->owner;
      q->made_by = k;
    }
  }
  arena_free(&own);
}

/* ── All of it ─────────────────────────────────────────────────────────────── */

/* For each step of the order, the next one of the same resource: it overtakes what the earlier one verified. */
static const uint32_t *overtaking(struct builder *u) {
  const struct runbook *b = u->b;
  uint32_t n = b->p->order.n;
  struct arena own = {0};
  uint32_t *newer = arena_array(u->arena, uint32_t, n + 1), *next = arena_array(&own, uint32_t, b->m->resources.n + 1);
  for (uint32_t i = 0; i < b->m->resources.n; i++) next[i] = NONE;
  for (uint32_t k = n; k-- > 0;) {
    const struct step *s = &b->m->steps.at[b->p->order.at[k]];
    newer[k] = s->resource == NONE ? NONE : next[s->resource];
    if (s->resource != NONE) next[s->resource] = k;
    for (uint32_t i = 0; i < s->part_count; i++) next[s->parts[i]] = k;
  }
  arena_free(&own);
  return newer;
}

struct runbook *runbook_build(struct model *m, const struct proof *p) {
  struct arena *arena = &m->c->arena;
  struct runbook *b = arena_new(arena, struct runbook);
  struct builder u = {.b = b, .arena = arena, .secret_seen = arena_array(arena, bool, m->secrets.n + 1),
                      .first = arena_array(arena, uint32_t, p->order.n + 1)};
  *b = (struct runbook){.m = m, .p = p, .shapes = arena_array(arena, struct shape_use, shape_count(m) + 1u)};
  b->newer = overtaking(&u);
  b->sequences.at = arena_grow(arena, NULL, 0, &b->sequences.cap, 4 * p->order.n + 1, sizeof *b->sequences.at);
  add_observations(&u);
  b->observations = b->sequences.n;
  for (uint32_t k = 0; k < p->order.n; k++) add_step(&u, k);
  add_locks(&u);
  add_probes(&u);
  add_unused(&u);
  u.done = proof_flags(m, p, 0);
  /* By now all secrets are known; their own commands come last. */
  for (uint32_t i = 0; i < b->secrets.n; i++) {
    uint32_t secret = b->secrets.at[i];
    struct block fetch = secret_fetch(m, secret, u.done);
    add_sequence(&u, SEQ_FETCH, i, fetch)->secret = secret;
    if (fetch.n > 0) add_tool(&u, "jq", NULL);
  }
  arena_free(&u.scratch);
  arena_free(&u.block);
  return b;
}
