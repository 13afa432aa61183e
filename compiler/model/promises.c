/* Promises: what must hold -> endpoints, counts and guards. Needs facts, since an endpoint may ask for a virtual host. */
#include "model/elaborate.h"
#include "model/eval.h"

static const char *source_text(struct elaboration *e, uint32_t node) {
  struct span at = node_span(e->tree, node);
  struct text out = {.arena = &e->c->arena};
  bool blank = false;
  for (uint32_t i = at.start; i < at.end; i++) { /* on one line */
    char c = e->c->sources.at[at.source].text[i];
    bool space = c == ' ' || c == '\n' || c == '\t' || c == '\r';
    if (!space || !blank) text_putc(&out, space ? ' ' : c);
    blank = space;
  }
  return text_done(&out);
}

static void hold(struct elaboration *e, const struct scope *s, uint32_t node, struct promise *p) {
  p->limit = -1;
  if (!node || NODE(e, node)->type != N_HOLD) return;
  p->hold = NODE(e, node)->op;
  if (p->hold != HOLD_AT_MOST || !NODE(e, node)->child) return;
  struct value v = eval_constant(e, s, NODE(e, node)->child, type_plain(T_DURATION), "how long a promise may be down");
  if (v.type == V_DURATION) p->limit = v.number, p->limit_form = v.prefix;
}

static bool client_of(struct elaboration *e, const struct scope *s, uint32_t node, struct promise *p) {
  struct value v = eval_constant(e, s, node, type_plain(T_RESOURCE), "the client of a promise");
  if (v.type != V_RESOURCE) return false;
  if (resource_rare(e, v.id)->client) return p->client = resource_rare(e, v.id)->client - 1, true;
  if (client_is_broken(e, v.id)) return false;
  struct finding *f = finding_add(e->c, CODE_105, node_span(e->tree, node), "a promise wants a client that reaches something, and %s", value_described(e, &v));
  finding_remark(e->c, f, REMARK_HELP, "declare one where it stands: `client NAME { zone = lan }`");
  return false;
}

static bool reaches(struct elaboration *e, const struct scope *s, uint32_t node, struct promise *p) {
  uint32_t client = node_child(e, node, 0), endpoint = node_child(e, node, 1);
  if (!client || !endpoint) return false;
  bool known = client_of(e, s, client, p);
  struct cases c = eval_standing(e, s, endpoint, NULL);
  struct span at = node_span(e->tree, endpoint);
  if (c.n != 1) {
    finding_add(e->c, CODE_111, at, "what a promise reaches must not change, and this does: promise the name or address that people use");
    return false;
  }
  struct value v = c.at[0].value, parsed;
  if (value_poisoned(&v)) return false;
  if (v.type == V_STRING && (value_fits(e, &v, type_plain(T_URL), &parsed) || value_fits(e, &v, type_plain(T_ENDPOINT), &parsed))) v = parsed;
  v.at = at;
  if ((v.type != V_URL && v.type != V_ENDPOINT) || !need_of_value(e, &v, &p->endpoint)) {
    struct finding *f = finding_add(e->c, CODE_105, at, "a promise reaches an endpoint or a URL, and %s", value_described(e, &v));
    if (v.type == V_RESOURCE) finding_remark(e->c, f, REMARK_HELP, "`promise %s up always` promises that it is up", name_text(&e->c->names, e->m->resources.at[v.id].name));
    else finding_remark(e->c, f, REMARK_HELP, "say the port: `10.0.20.10:443`, `name.example.net:443/udp`");
    return false;
  }
  if (!known) return false;
  struct text text = {.arena = &e->c->arena};
  text_print(&text, "%s reaches ", name_text(&e->c->names, e->m->resources.at[e->m->clients.at[p->client].resource].name));
  value_print(&text, &e->c->names, &v);
  p->text = known_name(e, text_done(&text));
  p->type = PROMISE_ENDPOINT;
  return true;
}

static bool true_when(struct elaboration *e, const struct scope *s, uint32_t node, struct promise *p) {
  uint32_t condition = node_child(e, node, 0);
  if (!condition) return false;
  struct condition c = eval_plain_condition(e, s, condition);
  if (c.poisoned) return false;
  uint32_t *guards = arena_array(&e->c->arena, uint32_t, c.yes.n + 1u);
  for (uint32_t i = 0; i < c.yes.n; i++) guards[i] = c.yes.at[i].guard;
  p->type = PROMISE_CONDITION;
  p->guards = guards;
  p->guard_count = c.yes.n;
  p->text = known_name(e, source_text(e, condition));
  return true;
}

static bool is_up(struct elaboration *e, const struct scope *s, uint32_t node, struct promise *p) {
  uint32_t what = node_child(e, node, 0);
  if (!what) return false;
  struct value v = eval_constant(e, s, what, NULL, "what a promise wants up");
  if (value_poisoned(&v)) return false;
  struct need_list list = {0};
  if (v.type == V_CALL) needs_of_value(e, s, &v, GUARD_ALWAYS, &list);
  else {
    struct value all = value_coerce(e, &v, type_list_plain(T_RESOURCE), "`up`");
    if (all.type != V_LIST || !all.count) return false;
    uint32_t *of = arena_array(&e->c->arena, uint32_t, all.count);
    for (uint32_t i = 0; i < all.count; i++) {
      if (all.items[i].type != V_RESOURCE) return false;
      of[i] = all.items[i].id;
    }
    struct need need = need_empty();
    need.type = NEED_COUNT;
    need.least = all.count;
    need.of = of;
    need.of_count = all.count;
    array_push(&e->c->arena, &list, need);
  }
  if (list.n != 1 || list.at[0].type != NEED_COUNT) return false;
  p->type = PROMISE_COUNT;
  p->endpoint = list.at[0];
  p->endpoint.at = node_span(e->tree, what);
  p->text = known_name(e, arena_print(&e->c->arena, "%s up", source_text(e, what)));
  return true;
}

void promises_build(struct elaboration *e) {
  uint32_t count = 0;
  for (uint32_t i = 0; i < e->promises.n; i++) {
    const struct declared *d = &e->promises.at[i];
    if (NODE(e, d->node)->type != N_PROMISE) continue;
    struct scope s = scope_plan(d->bindings);
    struct promise p = {.client = NONE, .endpoint = need_empty(), .at = d->at};
    enum promise_form form = (enum promise_form)NODE(e, d->node)->op;
    p.id = known_name(e, arena_print(&e->c->arena, "p%u", ++count));
    hold(e, &s, node_child(e, d->node, form == PROMISE_REACHES ? 2 : 1), &p);
    bool fine = form == PROMISE_REACHES ? reaches(e, &s, d->node, &p) : form == PROMISE_TRUE ? true_when(e, &s, d->node, &p) : is_up(e, &s, d->node, &p);
    if (fine) array_push(&e->c->arena, &e->m->promises, p);
  }
}
