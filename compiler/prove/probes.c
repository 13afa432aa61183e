/* Checks that say nothing: what cannot pass where it runs, what cannot fail, and promises that nobody looks at.
 * Needs an order. Guarantees what facts alone can tell, of DNS answers too; what other commands print is for script/. */
#include "prove/asked.h"

#include <string.h>

/* Does it stop where a finding about what leads there says so already? Then that is to be mended, and not the check. */
static bool led_astray(const struct proof *p, struct state *s, const struct trace *after)
{
  struct root root = root_of(s, after);

  for (uint32_t i = 0; root.fact != NONE && i < p->breaches.n; i++) {
    const struct breach *b = &p->breaches.at[i];

    if ((b->code == CODE_201 || b->code == CODE_202) && b->fact != NONE && root_key(s, b->fact) == root_key(s, root.fact))
      return true;
  }
  return false;
}

/* E301: ask (of m->asks), asked, step (after which the check runs), resource (whose check it is), after: where its chain
 *   stops; first_state = last_state: the state after the step. */
static void check_passes(struct model *m, struct proof *p, struct state *s)
{
  for (uint32_t i = 0; i < m->asks.n; i++) {
    const struct ask *a = &m->asks.at[i];
    struct breach b = breach_new(CODE_301);

    if (a->type == ASK_PROVIDER || a->step == NONE)
      continue;
    uint32_t k = p->proving->position[a->step] + 1;

    goto_state(m, p, s, k);
    if (state_need(s, NONE, &a->endpoint, &b.after) == UP || led_astray(p, s, &b.after))
      continue;
    b.ask = i;
    b.asked = &a->endpoint;
    b.step = a->step;
    b.resource = a->resource;
    b.first_state = b.last_state = k;
    breach_add(m, p, b);
  }
}

static bool always_true(const struct model *m, const struct promise *p)
{
  if (p->type == PROMISE_COUNT)
    return p->endpoint.type == NEED_COUNT && p->endpoint.least == 0;
  for (uint32_t i = 0; p->type == PROMISE_CONDITION && i < p->guard_count; i++)
    if (m->guards.at[p->guards[i]].n == 0)
      return true;
  return false;
}

static bool same_dns(const struct model *m, const struct client *a, const struct client *b)
{
  if (a->count != b->count)
    return false;
  for (uint32_t i = 0; i < a->count; i++) {
    const struct client_dns *x = &m->client_dns.at[a->first + i], *y = &m->client_dns.at[b->first + i];

    if (x->zone != y->zone || x->guard != y->guard)
      return false;
  }
  return true;
}

enum unseen promise_unseen(const struct model *m, uint32_t promise)
{
  const struct promise *p = &m->promises.at[promise];

  if (p->type != PROMISE_ENDPOINT || p->client >= m->clients.n)
    return UNSEEN_NO_ENDPOINT;
  const struct client *c = &m->clients.at[p->client], *operator = m->operator_client < m->clients.n ? &m->clients.at[m->operator_client] : NULL;

  if (p->endpoint.proto == PROTO_UDP || p->endpoint.proto == PROTO_SCTP)
    return UNSEEN_PROTOCOL;
  if (p->endpoint.host.type != HOST_ADDRESS && p->endpoint.host.type != HOST_NAME)
    return UNSEEN_HOST;
  if (c->probe.type == V_CALL && c->probe.count > 0)
    return UNSEEN_NOT;
  if (!operator)
    return UNSEEN_NO_OPERATOR;
  if (operator == c)
    return UNSEEN_NOT;
  if (operator->zone != c->zone)
    return UNSEEN_ZONE;
  return p->endpoint.host.type == HOST_ADDRESS || same_dns(m, operator, c) ? UNSEEN_NOT : UNSEEN_DNS;
}

/* E302: promise: a condition that is true whatever is done, or at least none of them.
 * E225: promise, client: nobody can look from where that client stands (promise_unseen says why), as the runbook's header says. */
static void check_promise(struct model *m, struct proof *p, uint32_t id)
{
  const struct promise *promise = &m->promises.at[id];
  struct breach b = breach_new(CODE_302);

  b.promise = id;
  if (always_true(m, promise)) {
    breach_add(m, p, b);
    return;
  }
  enum unseen unseen = promise_unseen(m, id);

  if (unseen == UNSEEN_NOT || unseen == UNSEEN_NO_ENDPOINT)
    return;
  b = breach_new(CODE_225);
  b.promise = id;
  b.client = promise->client;
  breach_add(m, p, b);
}

/* The text of an operand; NULL when it holds what only the run knows. */
static const char *text_of(const struct model *m, const struct pieces *pieces)
{
  struct text out = {.arena = &m->c->arena};

  for (uint32_t i = 0; i < pieces->n; i++) {
    if (pieces->at[i].type != PIECE_SHELL && pieces->at[i].type != PIECE_VALUE)
      return NULL;
    text_puts(&out, pieces->at[i].text ? pieces->at[i].text : "");
  }
  return text_done(&out);
}

/* The zone whose DNS a server speaks for: where it answers. NONE when it is not reached. */
static uint32_t zone_of_server(struct state *s, const struct need *server)
{
  struct trace t;

  if (state_need(s, NONE, server, &t) != UP)
    return NONE;
  for (uint32_t i = t.n; i-- > 0;)
    if (t.at[i].type == LINK_SERVES)
      return t.at[i].zone;
  return NONE;
}

/* E301 with other_fact: the check of step asks a DNS server and expects the address `asked` (its place: the command), and the
 *   fact other_fact (`names`: its host is the name, or what that leads to) answers another; step, resource, first_state =
 *   last_state as above; ask NONE, no chain. */
static void check_dns(struct model *m, struct proof *p, struct state *s, uint32_t step, uint32_t k, const struct command *c)
{
  const char *name = text_of(m, &c->dns_name), *expected = text_of(m, &c->dns_expected), *why;
  struct breach b = breach_new(CODE_301);
  struct host host = {.type = HOST_NAME};
  struct value address;

  if (!name || !expected || !value_address(expected, strlen(expected), &address, &why))
    return;
  size_t length = strlen(name);

  host.name = name_find(&m->c->names, name, length && name[length - 1] == '.' ? length - 1 : length);
  goto_state(m, p, s, k);
  uint32_t zone = zone_of_server(s, &c->endpoint);

  if (host.name == NONE || zone == NONE || state_gives(s, zone, &host, &address.from, &b.other_fact) != DOWN || b.other_fact == NONE)
    return;
  struct need *asked = arena_new(&m->c->arena, struct need);

  *asked = c->endpoint;
  asked->host = (struct host){.type = HOST_ADDRESS, .from = address.from, .to = address.from};
  asked->port = NONE;
  asked->at = c->at;
  b.asked = asked;
  b.step = step;
  b.resource = m->steps.at[step].resource;
  b.first_state = b.last_state = k;
  breach_add(m, p, b);
}

/* E303: step whose verify says of itself that it is unreliable (step_block gives the reason), resource; first_state. */
static void check_verify(struct model *m, struct proof *p, struct state *s, uint32_t k, struct arena *scratch)
{
  uint32_t step = p->order.at[k - 1];
  struct breach b = breach_new(CODE_303);
  struct block verify = step_block_in(scratch, m, step, BLOCK_VERIFY, proof_flags(m, p, k));

  for (uint32_t i = 0; i < verify.n; i++)
    if (verify.at[i].type == CMD_DNS)
      check_dns(m, p, s, step, k, &verify.at[i]);
  if (!verify.unreliable)
    return;
  b.step = step;
  b.resource = m->steps.at[step].resource;
  b.first_state = b.last_state = k;
  breach_add(m, p, b);
}

void check_probes(struct model *m, struct proof *p, struct state *s)
{
  check_passes(m, p, s);
  for (uint32_t i = 0; i < m->promises.n; i++)
    check_promise(m, p, i);
  struct arena scratch = {0};

  for (uint32_t k = 1; k <= p->order.n && !p->proving->quiet; k++) {
    if (m->steps.at[p->order.at[k - 1]].node) /* read from JSON, it has no text */
      check_verify(m, p, s, k, &scratch);
    arena_reset(&scratch);
  }
  arena_free(&scratch);
}
