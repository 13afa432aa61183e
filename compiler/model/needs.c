/* Needs: values and statements -> what must be up or reached, under its guards. */
#include "model/elaborate.h"
#include "model/eval.h"

#include <string.h>

uint32_t name_lower(struct elaboration *e, uint32_t name) {
  const char *text = name_text(&e->c->names, name);
  size_t n = name_length(&e->c->names, name);
  bool same = true;
  for (size_t i = 0; i < n; i++) same = same && !(text[i] >= 'A' && text[i] <= 'Z');
  if (same && (n == 0 || text[n - 1] != '.')) return name;
  char *copy = arena_copy(&e->c->arena, text, n);
  for (size_t i = 0; i < n; i++)
    if (copy[i] >= 'A' && copy[i] <= 'Z') copy[i] = (char)(copy[i] - 'A' + 'a');
  if (n && copy[n - 1] == '.') n--;
  return name_of(&e->c->names, copy, n);
}

static void host_named(struct elaboration *e, uint32_t name, struct host *out) {
  name = name_lower(e, name);
  const char *text = name_text(&e->c->names, name);
  out->type = HOST_NAME;
  out->name = name;
  if (strncmp(text, "*.", 2)) return;
  out->type = HOST_PATTERN;
  out->name = known_name(e, text + 2);
}

bool host_of_value(struct elaboration *e, const struct value *v, struct host *out) {
  struct value parsed = *v;
  *out = (struct host){.type = HOST_ADDRESS};
  if (v->type == V_STRING) (void)value_fits(e, v, type_plain(T_HOST), &parsed);
  switch ((int)parsed.type) {
  case V_UNKNOWN: out->type = HOST_UNKNOWN; return true;
  case V_ADDRESS: out->from = out->to = parsed.from; return true;
  case V_RANGE:
  case V_CIDR:
    out->type = memcmp(&parsed.from, &parsed.to, sizeof parsed.from) ? HOST_RANGE : HOST_ADDRESS;
    out->from = parsed.from;
    out->to = parsed.to;
    return true;
  case V_STRING: host_named(e, parsed.name, out); return name_length(&e->c->names, out->name) > 0;
  case V_ENDPOINT:
  case V_URL:
    if (parsed.literal_host) out->from = out->to = parsed.from;
    else host_named(e, parsed.host, out);
    return true;
  default: return false;
  }
}

bool host_is_hosted(const struct elaboration *e, uint32_t name) {
  if (index_get(&e->hosted, name) != NONE) return true;
  const char *text = name_text(&e->c->names, name);
  while ((text = strchr(text, '.')) != NULL) {
    text++;
    uint32_t below = name_find(&e->c->names, text, strlen(text));
    if (below != NONE && index_get(&e->hosted_below, below) != NONE) return true;
  }
  return false;
}

struct need need_empty(void) {
  return (struct need){.on = NONE, .port = NONE, .zone = NONE, .dns = NONE, .secret = NONE};
}

bool need_of_value(struct elaboration *e, const struct value *v, struct need *out) {
  struct value parsed = *v;
  *out = need_empty();
  out->type = NEED_ENDPOINT;
  out->at = v->at;
  if (v->type == V_STRING && !value_fits(e, v, type_plain(T_URL), &parsed)) (void)value_fits(e, v, type_plain(T_ENDPOINT), &parsed);
  if (parsed.type == V_RANGE || parsed.type == V_CIDR || !host_of_value(e, &parsed, &out->host) || out->host.type == HOST_PATTERN) return false;
  if (parsed.type == V_URL || parsed.type == V_ENDPOINT) {
    out->proto = parsed.proto;
    out->port = parsed.lo;
  }
  if (parsed.type == V_URL) out->vhost = out->host.type == HOST_NAME ? out->host.name : known_name(e, address_text(&e->c->arena, &out->host.from));
  if (parsed.type == V_ENDPOINT && out->host.type == HOST_NAME && host_is_hosted(e, out->host.name)) out->vhost = out->host.name;
  return true;
}

/* ── Operands ──────────────────────────────────────────────────────────────── */

static void push(struct elaboration *e, struct need_list *out, struct need need, uint32_t guard) {
  need.guard = guard;
  if (guard != NONE) array_push(&e->c->arena, out, need);
}

static void no_need(struct elaboration *e, const struct value *v) {
  struct finding *f = finding_add(e->c, CODE_105, v->at, "%s: what is needed is a resource, an endpoint, a URL or a condition", value_described(e, v));
  if (v->type == V_PORT) finding_remark(e->c, f, REMARK_HELP, "an endpoint has a host: `10.0.20.10:443`");
}

/* at least N of [a, b, c] */
static void count_needed(struct elaboration *e, const struct value *v, uint32_t guard, struct need_list *out) {
  struct value list = value_coerce(e, &v->items[1], type_list_plain(T_RESOURCE), "`of`");
  if (list.type != V_LIST) return;
  struct need need = need_empty();
  need.type = NEED_COUNT;
  need.at = v->at;
  if (v->items[0].number < 1 || v->items[0].number > (int64_t)list.count) {
    finding_add(e->c, CODE_107, v->at, "at least %lld of %u: it has to be between 1 and %u", (long long)v->items[0].number, list.count, list.count);
    return;
  }
  need.least = (uint32_t)v->items[0].number;
  uint32_t *of = arena_array(&e->c->arena, uint32_t, list.count + 1u);
  for (uint32_t i = 0; i < list.count; i++) {
    if (list.items[i].type != V_RESOURCE) return;
    of[i] = list.items[i].id;
  }
  need.of = of;
  need.of_count = list.count;
  push(e, out, need, guard);
}

bool resource_stands(const struct elaboration *e, uint32_t resource) {
  uint32_t kind = e->m->resources.at[resource].kind_id;
  return kind != NONE && e->kinds.at[kind].stands != NONE;
}

void needs_of_value(struct elaboration *e, const struct scope *s, const struct value *v, uint32_t guard, struct need_list *out) {
  struct need need = need_empty();
  need.at = v->at;
  if (guard == NONE || v->type == V_NONE || value_poisoned(v)) return;
  switch ((int)v->type) {
  case V_BOOL:
    need.type = NEED_NEVER;
    if (!v->number) push(e, out, need, guard);
    return;
  case V_RESOURCE:
    if (resource_stands(e, v->id) && e->depth < DEPTH_MAX) {
      struct cases c = value_stand(e, s, v);
      e->depth++;
      for (uint32_t i = 0; i < c.n; i++)
        if (c.at[i].value.type != V_RESOURCE) needs_of_value(e, s, &c.at[i].value, guard_and(e->m, guard, c.at[i].guard), out);
      e->depth--;
      return;
    }
    need.type = NEED_RESOURCE;
    need.on = v->id;
    push(e, out, need, guard);
    return;
  case V_LIST:
    for (uint32_t i = 0; i < v->count && e->depth < DEPTH_MAX; i++) {
      e->depth++;
      needs_of_value(e, s, &v->items[i], guard, out);
      e->depth--;
    }
    return;
  case V_CALL:
    if (v->name == e->words->at_least || v->name == e->words->any_of) count_needed(e, v, guard, out);
    else no_need(e, v);
    return;
  default:
    if (need_of_value(e, v, &need)) push(e, out, need, guard);
    else no_need(e, v);
  }
}

void needs_of_operand(struct elaboration *e, const struct scope *s, uint32_t node, uint32_t guard, struct need_list *out) {
  if (NODE(e, node)->type == N_LIST && e->depth < DEPTH_MAX) { /* each under its own guards, not under those of all */
    e->depth++;
    for (uint32_t i = NODE(e, node)->child; i; i = NODE(e, i)->next) needs_of_operand(e, s, i, guard, out);
    e->depth--;
    return;
  }
  struct cases c = eval_node(e, s, node, NULL);
  for (uint32_t i = 0; i < c.n; i++) needs_of_value(e, s, &c.at[i].value, guard_and(e->m, guard, c.at[i].guard), out);
}

/* ── Statements ────────────────────────────────────────────────────────────── */

static uint32_t option(const struct elaboration *e, uint32_t statement, const char *name) {
  for (uint32_t i = NODE(e, statement)->child; i; i = NODE(e, i)->next)
    for (uint32_t o = NODE(e, i)->type == N_OPTIONS ? NODE(e, i)->child : 0; o; o = NODE(e, o)->next)
      if (!strcmp(node_name(e, o), name)) return o;
  return 0;
}

/* What is wrong with the text of a command is said when the command itself is evaluated, and only then. */
static void asked(struct elaboration *e, const struct scope *s, uint32_t node, enum type_tag tag, uint32_t guard, uint32_t resolve, struct need_list *out) {
  uint32_t findings = e->c->findings.n;
  struct cases parts[2] = {eval_standing(e, s, node, type_plain(tag))};
  bool elsewhere = resolve && NODE(e, resolve)->child;
  if (elsewhere) parts[1] = eval_standing(e, s, NODE(e, resolve)->child, type_plain(T_ADDRESS));
  struct combos combos = combos_of(e, parts, elsewhere ? 2 : 1, node_span(e->tree, node));
  for (uint32_t i = 0; i < combos.n; i++) {
    const struct value *v = combo_value(&combos, i, parts, 0);
    struct need need;
    if (v->type == V_NONE || value_poisoned(v) || !need_of_value(e, v, &need)) continue;
    need.at = node_span(e->tree, node);
    if (elsewhere) (void)host_of_value(e, combo_value(&combos, i, parts, 1), &need.host);
    if (tag == T_HOST) need.port = 53, need.proto = PROTO_UDP, need.vhost = 0;
    push(e, out, need, guard_and(e->m, guard, combos.at[i].guard));
  }
  e->c->findings.n = findings;
}

static void statements(struct elaboration *e, const struct scope *s, uint32_t first, uint32_t guard, struct need_list *out);

static void conditional(struct elaboration *e, const struct scope *s, uint32_t when, uint32_t guard, struct need_list *out) {
  uint32_t condition = NODE(e, when)->child;
  struct condition c = eval_plain_condition(e, s, condition);
  cubes_append(e, &c.yes, &c.unknown);
  for (uint32_t i = 0; i < c.yes.n; i++) {
    struct scope there = *s;
    there.guard = guard_and(e->m, s->guard, c.yes.at[i].guard);
    if (there.guard != NONE) statements(e, &there, NODE(e, condition)->next, guard_and(e->m, guard, c.yes.at[i].guard), out);
  }
}

static void statements(struct elaboration *e, const struct scope *s, uint32_t first, uint32_t guard, struct need_list *out) {
  if (guard == NONE || e->depth >= DEPTH_MAX) return;
  e->depth++;
  for (uint32_t i = first; i; i = NODE(e, i)->next) {
    uint32_t child = NODE(e, i)->child;
    if (!child) continue;
    switch ((int)NODE(e, i)->type) {
    case N_IN: statements(e, s, NODE(e, child)->next, guard, out); break;
    case N_WHEN: conditional(e, s, i, guard, out); break;
    case N_NEEDS: needs_of_operand(e, s, child, guard, out); break;
    case N_HTTP: asked(e, s, child, T_URL, guard, option(e, i, "resolve"), out); break;
    case N_TCP: asked(e, s, child, T_ENDPOINT, guard, 0, out); break;
    case N_DNS:
      if (node_child(e, i, 1)) asked(e, s, node_child(e, i, 1), T_HOST, guard, 0, out);
      break;
    default: break;
    }
  }
  e->depth--;
}

void needs_of_statements(struct elaboration *e, const struct scope *s, uint32_t block, uint32_t guard, struct need_list *out) {
  if (block) statements(e, s, NODE(e, block)->child, guard, out);
}

void needs_of_provider(struct elaboration *e, uint32_t provider, uint32_t guard, struct span at, struct need_list *out) {
  struct need need = need_empty();
  need.type = NEED_RESOURCE;
  need.on = provider;
  need.at = at;
  push(e, out, need, guard);
}

void needs_from_operator(struct elaboration *e, struct need_list *out, uint32_t from) {
  const struct model *m = e->m;
  if (m->operator_client == NONE) return;
  const struct client *c = &m->clients.at[m->operator_client];
  for (uint32_t i = from, n = out->n; i < n; i++) {
    if (out->at[i].type != NEED_ENDPOINT || out->at[i].zone != NONE) continue;
    struct need need = out->at[i];
    bool first = true;
    for (uint32_t d = 0; d < c->count; d++) {
      struct need one = need;
      one.zone = c->zone;
      one.dns = m->client_dns.at[c->first + d].zone;
      one.guard = guard_and(e->m, need.guard, m->client_dns.at[c->first + d].guard);
      if (one.guard == NONE) continue;
      if (first) out->at[i] = one;
      else array_push(&e->c->arena, out, one);
      first = false;
    }
  }
}
