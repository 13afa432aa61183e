/* A model and its proof -> what the runbook has to do, as data.
 * Needs a model without errors and the proven order. Guarantees: units and sequences in the order of the runbook; each
 * block evaluated in the state of the order in which it runs. */
#include "script/emit.h"

#include <stdlib.h>
#include <string.h>

struct builder {
  struct runbook *b;
  struct arena *arena, scratch; /* scratch: for looking at one command */
  bool *secret_seen;
  const bool *done; /* the state at hand */
  uint32_t *first;  /* of each step, the sequence of its do */
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

static struct sequence *add_sequence(struct builder *u, enum sequence_type type, const char *name, struct block block) {
  struct runbook *b = u->b;
  struct sequence s = {.type = (uint8_t)type, .name = name, .first = b->units.n, .count = block.n, .step = NONE, .resource = NONE, .secret = NONE, .made_by = NONE};
  for (uint32_t i = 0; i < block.n; i++) {
    const struct command *c = &block.at[i];
    struct at_use at_use = {.m = b->m};
    visit_secrets(c, collect_at_use, &at_use);
    struct unit unit = {.name = arena_print(u->arena, "%s_%u", name, i + 1), .command = c, .at_use = at_use.found.at, .at_use_count = at_use.found.n};
    array_push(u->arena, &b->units, unit);
    block_secrets(u, c);
    command_tools(u, c);
  }
  array_push(u->arena, &b->sequences, s);
  return &b->sequences.at[b->sequences.n - 1];
}

static bool exists_in(const struct model *m, uint32_t resource, const bool *done) {
  uint32_t name = name_find(&m->c->names, "exists", 6);
  const struct value *v = name == NONE ? NULL : attribute_value(m, resource, name, done);
  return v == NULL || v->type != V_BOOL || v->number != 0;
}

static bool only_http(struct block b) {
  for (uint32_t i = 0; i < b.n; i++)
    if (b.at[i].type != CMD_HTTP) return false;
  return b.n > 0;
}

/* How to look at the resource of a step in the state at hand; empty when it has no observation or does not exist. */
static struct block observe_step(struct builder *u, uint32_t step, uint32_t *resource) {
  const struct step *s = &u->b->m->steps.at[step];
  *resource = s->resource;
  if (s->resource == NONE || !exists_in(u->b->m, s->resource, u->done)) return (struct block){0};
  return resource_observe(u->b->m, s->resource, u->done);
}

static void add_step(struct builder *u, uint32_t k) {
  struct model *m = u->b->m;
  uint32_t step = u->b->p->order.at[k];
  const char *base = arena_print(u->arena, "step_%u", k + 1);
  u->done = proof_flags(m, u->b->p, k);
  u->first[k] = u->b->sequences.n;
  add_sequence(u, SEQ_DO, arena_print(u->arena, "%s_do", base), step_block(m, step, BLOCK_DO, u->done))->step = k;
  uint32_t resource;
  struct block was = observe_step(u, step, &resource);
  bool before_absent = resource != NONE && !exists_in(m, resource, u->done);
  u->done = proof_flags(m, u->b->p, k + 1);
  struct sequence *undo = add_sequence(u, SEQ_UNDO, arena_print(u->arena, "%s_undo", base), step_block(m, step, BLOCK_UNDO, u->done));
  undo->step = k;
  if (undo->count == 0 && m->steps.at[step].undo_none != 0) undo->note = name_text(&m->c->names, m->steps.at[step].undo_none);
  struct block verify = step_block(m, step, BLOCK_VERIFY, u->done);
  bool looks = verify.n == 0;
  if (looks) verify = observe_step(u, step, &resource);
  struct sequence *s = add_sequence(u, SEQ_VERIFY, arena_print(u->arena, "%s_verify", base), verify);
  s->step = k;
  if (looks) s->resource = resource;
  /* Whether what was made is gone again is asked of an API, whose answer tells that from a failure. */
  bool makes = false;
  if (was.n == 0 && resource != NONE && before_absent && exists_in(m, resource, u->done)) {
    was = resource_observe(m, resource, u->done);
    makes = only_http(was);
    if (!makes) was = (struct block){0};
  }
  s = add_sequence(u, SEQ_WAS, arena_print(u->arena, "%s_was", base), was);
  s->step = k;
  s->resource = resource;
  if (makes) s->made_by = k;
}

/* ── Probes ────────────────────────────────────────────────────────────────── */

static bool same_dns(const struct model *m, const struct client *a, const struct client *b) {
  if (a->count != b->count) return false;
  for (uint32_t i = 0; i < a->count; i++) {
    const struct client_dns *x = &m->client_dns.at[a->first + i], *y = &m->client_dns.at[b->first + i];
    if (x->zone != y->zone || x->guard != y->guard) return false;
  }
  return true;
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
  if (p->type == PROMISE_CONDITION) probe.blind = "a condition on the plan's own values: the steps' verifies look at it";
  else if (p->type == PROMISE_COUNT) probe.blind = "resources, not an endpoint: the steps' verifies look at them";
  if (probe.blind != NULL) return probe;
  const struct client *c = &m->clients.at[p->client];
  const char *who = name_text(&m->c->names, m->resources.at[c->resource].name);
  probe.target = promised_url(u, p);
  if (p->endpoint.proto == PROTO_UDP || p->endpoint.proto == PROTO_SCTP) {
    probe.blind = arena_print(u->arena, "%s cannot be probed with curl", proto_text((enum proto)p->endpoint.proto));
    return probe;
  }
  if (p->endpoint.host.type != HOST_ADDRESS && p->endpoint.host.type != HOST_NAME) {
    probe.blind = "its host is not known";
    return probe;
  }
  if (p->endpoint.host.type == HOST_ADDRESS) probe.address = address_text(u->arena, &p->endpoint.host.from);
  else probe.address = name_text(&m->c->names, p->endpoint.host.name);
  if (strchr(probe.address, ':') != NULL) probe.address = arena_print(u->arena, "[%s]", probe.address);
  if (c->probe.type == V_CALL && c->probe.count > 0) {
    probe.host = value_plain(m, &c->probe.items[0]);
    return probe;
  }
  const struct client *op = m->operator_client < m->clients.n ? &m->clients.at[m->operator_client] : NULL;
  if (op == NULL) probe.blind = "the plan does not say from where the runbook is run (operator)";
  else if (op == c) return probe;
  else if (op->zone != c->zone) probe.blind = arena_print(u->arena, "%s is elsewhere, and has no probe", who);
  else if (p->endpoint.host.type != HOST_ADDRESS && !same_dns(m, op, c))
    probe.blind = arena_print(u->arena, "%s asks other name servers than the operator, and has no probe", who);
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

struct endpoint_key { struct address address; uint32_t port, resource; bool before; };

static int by_endpoint(const void *a, const void *b) {
  const struct endpoint_key *x = a, *y = b;
  int order = memcmp(&x->address, &y->address, sizeof x->address);
  if (order != 0) return order;
  if (x->port != y->port) return x->port < y->port ? -1 : 1;
  if (x->before != y->before) return x->before ? -1 : 1;
  return x->resource < y->resource ? -1 : x->resource > y->resource;
}

static bool sees(const struct model *m, uint32_t zone) {
  if (m->operator_client >= m->clients.n) return false;
  uint32_t at = m->clients.at[m->operator_client].zone;
  for (uint32_t depth = 0; at != NONE && depth <= m->zones.n; depth++, at = m->zones.at[at].inside)
    if (at == zone) return true;
  return false;
}

/* tcp endpoints that something serves at the end and nothing at the start, neither by address nor by forwarding. */
static void add_unused(struct builder *u) {
  struct model *m = u->b->m;
  const bool *start = proof_done(m, u->b->p, 0), *end = proof_done(m, u->b->p, u->b->p->order.n);
  ARRAY(struct endpoint_key) keys = {0};
  for (uint32_t i = 0; i < m->facts.n; i++) {
    const struct fact *f = &m->facts.at[i];
    if ((f->type != FACT_SERVES && f->type != FACT_FORWARDS) || f->host.type != HOST_ADDRESS || f->proto != PROTO_TCP) continue;
    if (f->unknown || f->port_end != NONE || !sees(m, f->zone)) continue;
    bool before = guard_holds(m, f->guard, start), after = guard_holds(m, f->guard, end);
    if (before || (after && f->type == FACT_SERVES)) array_push(u->arena, &keys, (struct endpoint_key){f->host.from, f->port, f->by, before});
  }
  if (keys.n > 0) qsort(keys.at, keys.n, sizeof *keys.at, by_endpoint);
  for (uint32_t i = 0; i < keys.n; i++) {
    const struct endpoint_key *k = &keys.at[i], *last = i > 0 ? &keys.at[i - 1] : NULL;
    bool same = last != NULL && memcmp(&last->address, &k->address, sizeof k->address) == 0 && last->port == k->port;
    if (!same && !k->before)
      array_push(u->arena, &u->b->unused, (struct unused){address_text(u->arena, &k->address), k->port, k->resource});
  }
  if (u->b->unused.n > 0) add_tool(u, "curl", NULL);
}

/* ── State locks ───────────────────────────────────────────────────────────── */

static const struct value *field(const struct builder *u, uint32_t resource, const char *name) {
  uint32_t id = name_find(&u->b->m->c->names, name, strlen(name));
  return id == NONE ? NULL : attribute_value(u->b->m, resource, id, proof_done(u->b->m, u->b->p, 0));
}

static const char *field_text(const struct builder *u, uint32_t resource, const char *name) {
  const struct value *v = field(u, resource, name);
  return v != NULL && v->type == V_STRING ? value_plain(u->b->m, v) : NULL;
}

static const struct pieces *connection_of(const struct command *c, const struct names *names) {
  for (uint32_t i = 0; i < c->env_count; i++)
    if (strcmp(name_text(names, c->env[i].name), "PG_CONN_STR") == 0) return &c->env[i].value;
  return NULL;
}

/* The lock of the stack that a step goes through: what has a `schema` and a `workspace`. One without PG_CONN_STR counts when it
 * says where its state is. */
static void step_lock(struct builder *u, uint32_t k) {
  struct runbook *b = u->b;
  const struct step *s = &b->m->steps.at[b->p->order.at[k]];
  uint32_t stack = s->resource == NONE ? NONE : b->m->resources.at[s->resource].via;
  if (stack == NONE) return;
  struct state_lock lock = {stack, NULL, field_text(u, stack, "schema"), field_text(u, stack, "workspace"), arena_print(u->arena, "%u", k + 1)};
  if (lock.schema == NULL || lock.workspace == NULL) return;
  const struct sequence *q = &b->sequences.at[u->first[k]];
  for (uint32_t n = 0; n < q->count && lock.connection == NULL; n++)
    lock.connection = connection_of(b->units.at[q->first + n].command, &b->m->c->names);
  const struct value *state = field(u, stack, "state");
  if (lock.connection == NULL && (state == NULL || state->type == V_NONE)) return;
  for (uint32_t i = 0; i < b->locks.n; i++) {
    if (b->locks.at[i].stack != stack) continue;
    if (b->locks.at[i].connection == NULL) b->locks.at[i].connection = lock.connection;
    b->locks.at[i].steps = arena_print(u->arena, "%s %u", b->locks.at[i].steps, k + 1);
    return;
  }
  array_push(u->arena, &b->locks, lock);
}

/* ── What is there, and what may not be ────────────────────────────────────── */

/* What exists at the start is looked at as it is there; what a step creates, as it is at the end: it may not answer yet. */
static void add_observations(struct builder *u) {
  struct runbook *b = u->b;
  struct model *m = b->m;
  bool *there = arena_array(u->arena, bool, m->resources.n + 1);
  u->done = proof_flags(m, b->p, 0);
  for (uint32_t i = 0; i < m->resources.n; i++) {
    there[i] = exists_in(m, i, u->done);
    struct block look = there[i] ? resource_observe(m, i, u->done) : (struct block){0};
    if (look.n > 0) add_sequence(u, SEQ_OBSERVE, arena_print(u->arena, "observe_%u", b->sequences.n + 1), look)->resource = i;
  }
  uint32_t exists = name_find(&m->c->names, "exists", 6);
  u->done = proof_flags(m, b->p, b->p->order.n);
  for (uint32_t k = 0; k < b->p->order.n; k++) {
    const struct step *s = &m->steps.at[b->p->order.at[k]];
    for (uint32_t h = 0; h < s->hop_count; h++) {
      const struct attribute *a = &m->attributes.at[s->hops[h].attribute];
      if (a->name != exists || there[a->owner] || s->hops[h].index > 0 || !exists_in(m, a->owner, u->done)) continue;
      struct block look = resource_observe(m, a->owner, u->done);
      if (look.n == 0) continue;
      struct sequence *q = add_sequence(u, SEQ_OBSERVE, arena_print(u->arena, "observe_%u", b->sequences.n + 1), look);
      q->resource = a->owner;
      q->made_by = k;
    }
  }
}

/* ── All of it ─────────────────────────────────────────────────────────────── */

/* For each step of the order, the next one of the same resource: it overtakes what the earlier one verified. */
static const uint32_t *overtaking(struct builder *u) {
  const struct runbook *b = u->b;
  uint32_t n = b->p->order.n;
  uint32_t *newer = arena_array(u->arena, uint32_t, n + 1), *next = arena_array(u->arena, uint32_t, b->m->resources.n + 1);
  for (uint32_t i = 0; i < b->m->resources.n; i++) next[i] = NONE;
  for (uint32_t k = n; k-- > 0;) {
    const struct step *s = &b->m->steps.at[b->p->order.at[k]];
    newer[k] = s->resource == NONE ? NONE : next[s->resource];
    if (s->resource != NONE) next[s->resource] = k;
    for (uint32_t i = 0; i < s->part_count; i++) next[s->parts[i]] = k;
  }
  return newer;
}

struct runbook *runbook_build(struct model *m, const struct proof *p) {
  struct arena *arena = &m->c->arena;
  struct runbook *b = arena_new(arena, struct runbook);
  struct builder u = {.b = b, .arena = arena, .secret_seen = arena_array(arena, bool, m->secrets.n + 1),
                      .first = arena_array(arena, uint32_t, p->order.n + 1)};
  *b = (struct runbook){.m = m, .p = p};
  b->newer = overtaking(&u);
  add_observations(&u);
  for (uint32_t k = 0; k < p->order.n; k++) add_step(&u, k);
  for (uint32_t k = 0; k < p->order.n; k++) step_lock(&u, k);
  add_probes(&u);
  add_unused(&u);
  u.done = proof_flags(m, p, 0);
  /* By now all secrets are known; their own commands come last. */
  for (uint32_t i = 0; i < b->secrets.n; i++) {
    uint32_t secret = b->secrets.at[i];
    struct block fetch = secret_fetch(m, secret, u.done);
    add_sequence(&u, SEQ_FETCH, arena_print(arena, "secret_%u", i + 1), fetch)->secret = secret;
    if (fetch.n > 0) add_tool(&u, "jq", NULL);
  }
  arena_free(&u.scratch);
  return b;
}
