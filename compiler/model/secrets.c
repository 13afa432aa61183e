/* Secrets: `secret NAME { … }` -> where each comes from, what it takes to fetch it, and whether it lives long enough.
 * Needs resources declared (secrets_build); clients, steps and their commands (secrets_finish).
 * Guarantees: model.secrets has one entry per declared secret, in order, whatever is wrong with it. */
#include "model/commands.h"

#include <string.h>

void secret_misplaced(struct elaboration *e, enum code code, uint32_t secret, struct span at, const char *where, const char *mend) {
  struct finding *f = finding_add(e->c, code, at, "secret `%s` would become %s", name_text(&e->c->names, e->secrets.at[secret].name), where);
  finding_label(e->c, f, e->secrets.at[secret].at, "the secret");
  finding_remark(e->c, f, REMARK_HELP, "%s", mend);
}

/* ── Declarations ──────────────────────────────────────────────────────────── */

static const char *name_at(const struct elaboration *e, uint32_t id) { return name_text(&e->c->names, id); }

/* `prompt` alone, or a word with a meaning here: no name to look up. */
static bool is_word(const struct elaboration *e, uint32_t node, const char *word) {
  const struct node *n = NODE(e, node);
  return n->type == N_REF && n->child == 0 && strcmp(node_name(e, node), word) == 0;
}

static uint32_t attr_value(const struct elaboration *e, uint32_t node, const char *name) {
  uint32_t attr = node_attr(e, node, name);
  return attr == 0 ? 0 : NODE(e, attr)->child;
}

static bool stores(const struct elaboration *e, uint32_t resource) {
  uint32_t kind = e->m->resources.at[resource].kind_id;
  return kind != NONE && e->kinds.at[kind].fetch != 0;
}

static void from_resource(struct elaboration *e, struct secret *s, const struct value *v, uint32_t node) {
  if (stores(e, v->id)) {
    s->source = SECRET_STORE;
    s->store = v->id;
    return;
  }
  const struct resource *r = &e->m->resources.at[v->id];
  struct finding *f = finding_add(e->c, CODE_105, node_span(e->tree, node), "`%s` hands out no secrets: its kind `%s` has no `fetch`",
                                  name_at(e, r->name), name_at(e, r->kind));
  finding_remark(e->c, f, REMARK_HELP, "a secret comes from a store, `env \"NAME\"`, `file \"PATH\"` or `prompt`");
}

static void from_call(struct elaboration *e, struct secret *s, const struct value *v, uint32_t node) {
  static const struct { const char *name; enum secret_source source; } sources[] = {
      {"env", SECRET_ENV}, {"file", SECRET_FILE}, {"prompt", SECRET_PROMPT}};
  for (size_t i = 0; i < sizeof sources / sizeof *sources; i++)
    if (strcmp(name_at(e, v->name), sources[i].name) == 0) {
      s->source = (uint8_t)sources[i].source;
      if (v->count > 0 && v->items[0].type == V_STRING) s->argument = v->items[0].name;
      return;
    }
  finding_add(e->c, CODE_105, node_span(e->tree, node), "a secret does not come from `%s`", name_at(e, v->name));
}

static void read_from(struct elaboration *e, const struct scope *scope, struct secret *s, uint32_t node) {
  s->source = SECRET_PROMPT;
  if (node == 0) {
    struct finding *f = finding_add(e->c, CODE_108, s->at, "secret `%s` does not say where it comes from", name_at(e, s->name));
    finding_remark(e->c, f, REMARK_HELP, "add `from = ` and a store, `env \"NAME\"`, `file \"PATH\"` or `prompt`");
    return;
  }
  if (is_word(e, node, "prompt")) return;
  struct value v = eval_constant(e, scope, node, NODE(e, node)->type == N_REF ? type_plain(T_RESOURCE) : NULL, "where a secret comes from");
  if (value_poisoned(&v)) return;
  if (v.type == V_RESOURCE) from_resource(e, s, &v, node);
  else if (v.type == V_CALL) from_call(e, s, &v, node);
  else {
    struct finding *f = finding_add(e->c, CODE_105, node_span(e->tree, node), "a secret does not come from %s", value_type_text((enum value_type)v.type));
    finding_remark(e->c, f, REMARK_HELP, "a secret comes from a store, `env \"NAME\"`, `file \"PATH\"` or `prompt`");
  }
}

static uint32_t read_text(struct elaboration *e, const struct scope *scope, uint32_t node, const char *what) {
  if (node == 0) return 0;
  struct value v = eval_constant(e, scope, node, type_plain(T_STRING), what);
  return v.type == V_STRING ? v.name : 0;
}

static void read_terms(struct elaboration *e, const struct scope *scope, struct secret *s, uint32_t node) {
  uint32_t fetch = attr_value(e, node, "fetch"), lifetime = attr_value(e, node, "lifetime");
  s->path = read_text(e, scope, attr_value(e, node, "path"), "the path of a secret");
  s->field = read_text(e, scope, attr_value(e, node, "field"), "the field of a secret");
  if (fetch != 0 && is_word(e, fetch, "at-use")) s->at_use = true;
  else if (fetch != 0 && !is_word(e, fetch, "once")) {
    struct finding *f = finding_add(e->c, CODE_105, node_span(e->tree, fetch), "`fetch` is `once`, before the first step, or `at-use`");
    finding_remark(e->c, f, REMARK_HELP, "leave it out, unless the secret can't be kept");
  }
  s->lifetime = -1;
  if (lifetime == 0) return;
  struct value v = eval_constant(e, scope, lifetime, type_plain(T_DURATION), "the lifetime of a secret");
  if (v.type == V_DURATION && v.number > 0) s->lifetime = v.number;
  else if (v.type == V_DURATION) finding_add(e->c, CODE_107, node_span(e->tree, lifetime), "a secret that lives no time at all is of no use");
}

static void check_items(struct elaboration *e, uint32_t node) {
  static const char *const known[] = {"from", "path", "field", "fetch", "lifetime"};
  for (uint32_t i = NODE(e, node)->child; i != 0; i = NODE(e, i)->next) {
    bool found = NODE(e, i)->type != N_ATTR;
    for (size_t k = 0; k < sizeof known / sizeof *known && !found; k++) found = strcmp(node_name(e, i), known[k]) == 0;
    if (found) continue;
    struct finding *f = finding_add(e->c, CODE_102, node_span(e->tree, i), "a secret has no `%s`", node_name(e, i));
    suggest(e, f, node_name(e, i), known, sizeof known / sizeof *known);
  }
}

/* Does a block mention a name, as itself or as `$name` in a filter? */
static bool mentions(const struct elaboration *e, uint32_t node, const char *name, unsigned depth) {
  for (uint32_t i = NODE(e, node)->child; i != 0 && depth < 128; i = NODE(e, i)->next) {
    const struct node *n = NODE(e, i);
    if (n->type == N_REF && strcmp(node_name(e, i), name) == 0) return true;
    if (n->type == N_LITERAL && e->tree->values.at[n->text].value.type == V_STRING) {
      const char *s = name_at(e, e->tree->values.at[n->text].value.name);
      for (const char *d = strchr(s, '$'); d != NULL; d = strchr(d + 1, '$'))
        if (strncmp(d + 1, name, strlen(name)) == 0) return true;
    }
    if (mentions(e, i, name, depth + 1)) return true;
  }
  return false;
}

static void check_complete(struct elaboration *e, const struct secret *s) {
  static const char *const parts[] = {"path", "field"};
  if (s->source != SECRET_STORE) return;
  uint32_t block = e->kinds.at[e->m->resources.at[s->store].kind_id].fetch;
  for (size_t i = 0; i < 2; i++) {
    if (node_attr(e, s->node, parts[i]) != 0 || !mentions(e, block, parts[i], 0)) continue;
    struct finding *f = finding_add(e->c, CODE_108, s->at, "secret `%s` has no `%s`, without which `%s` can't hand it out", name_at(e, s->name),
                                    parts[i], name_at(e, e->m->resources.at[s->store].name));
    finding_label(e->c, f, node_span(e->tree, block), "how it is fetched");
  }
}

void secrets_build(struct elaboration *e) {
  for (uint32_t i = 0; i < e->secrets.n; i++) {
    const struct declared *d = &e->secrets.at[i];
    struct scope scope = scope_plan(d->bindings);
    struct secret s = {.name = d->name, .store = NONE, .lifetime = -1, .at = d->at, .node = d->node};
    check_items(e, d->node);
    read_from(e, &scope, &s, attr_value(e, d->node, "from"));
    read_terms(e, &scope, &s, d->node);
    check_complete(e, &s);
    array_push(&e->c->arena, &e->m->secrets, s);
  }
}

/* ── What a source takes ───────────────────────────────────────────────────── */

uint32_t secret_fetch_block(struct elaboration *e, uint32_t secret, struct scope *s) {
  const struct secret *x = &e->m->secrets.at[secret];
  if (x->source != SECRET_STORE || x->store == NONE) return 0;
  struct binding *b = arena_array(&e->c->arena, struct binding, 2);
  b[0] = (struct binding){.name = name_str(&e->c->names, "path"), .value = {.type = V_STRING, .name = x->path, .at = x->at}, .outer = NULL};
  b[1] = (struct binding){.name = name_str(&e->c->names, "field"), .value = {.type = V_STRING, .name = x->field, .at = x->at}, .outer = &b[0]};
  *s = scope_resource(e, x->store, false);
  s->bindings = &b[1];
  return e->kinds.at[e->m->resources.at[x->store].kind_id].fetch;
}

struct finishing {
  struct elaboration *e;
  const bool *baseline;
  uint8_t *states; /* enum lazy */
};

static void finish(struct finishing *f, uint32_t secret);

static void needs_of_pieces(struct finishing *f, struct pieces p, struct need_list *out) {
  for (uint32_t i = 0; i < p.n; i++) {
    if (p.at[i].type != PIECE_SECRET) continue;
    finish(f, p.at[i].secret);
    const struct secret *s = &f->e->m->secrets.at[p.at[i].secret];
    for (uint32_t k = 0; k < s->needs_count; k++) array_push(&f->e->c->arena, out, s->needs[k]);
  }
}

/* Secrets that a fetch hands over are fetched first. */
static void needs_of_commands(struct finishing *f, const struct block *b, struct need_list *out) {
  for (uint32_t i = 0; i < b->n; i++) {
    const struct command *c = &b->at[i];
    for (uint32_t k = 0; k < c->env_count; k++) needs_of_pieces(f, c->env[k].value, out);
    for (uint32_t k = 0; k < c->header_count; k++) needs_of_pieces(f, c->headers[k].value, out);
    needs_of_pieces(f, c->input, out);
    needs_of_pieces(f, c->bearer, out);
    needs_of_pieces(f, c->basic, out);
    needs_of_pieces(f, c->body, out);
  }
}

static void finish(struct finishing *f, uint32_t secret) {
  struct elaboration *e = f->e;
  struct secret *s = &e->m->secrets.at[secret];
  if (f->states[secret] == LAZY_RUNNING) {
    finding_add(e->c, CODE_109, s->at, "secret `%s` is needed to fetch itself", name_at(e, s->name));
    return;
  }
  if (f->states[secret] == LAZY_DONE) return;
  f->states[secret] = LAZY_RUNNING;
  struct scope scope;
  struct need_list needs = {0};
  uint32_t block = e->depth < DEPTH_MAX ? secret_fetch_block(e, secret, &scope) : 0;
  if (block != 0) {
    e->depth++;
    needs_of_statements(e, &scope, block, GUARD_ALWAYS, &needs);
    needs_from_operator(e, &needs, 0);
    struct block b = secret_fetch(e->m, secret, f->baseline);
    if (b.n == 0)
      finding_add(e->c, CODE_114, node_span(e->tree, block), "this `fetch` runs nothing that could hand out a secret");
    needs_of_commands(f, &b, &needs);
    e->depth--;
  }
  for (uint32_t i = 0; i < needs.n; i++) {
    needs.at[i].secret = secret;
    needs.at[i].at = s->at;
  }
  s->needs = needs.at;
  s->needs_count = needs.n;
  f->states[secret] = LAZY_DONE;
}

/* ── Lifetimes ─────────────────────────────────────────────────────────────── */

static const char *time_text(struct elaboration *e, int64_t ms) {
  struct text t = {.arena = &e->c->arena};
  struct value v = {.type = V_DURATION, .number = ms};
  value_print(&t, &e->c->names, &v);
  return text_done(&t);
}

static void check_lifetime(struct elaboration *e, const struct secret *s, int64_t plan, bool open) {
  if (s->lifetime < 0 || s->lifetime >= plan) return;
  uint32_t attr = node_attr(e, s->node, "lifetime");
  struct finding *f = finding_add(e->c, CODE_273, node_span(e->tree, attr), "secret `%s` lives %s, but the plan takes %s%s, and the way back may need it at the end",
                                  name_at(e, s->name), time_text(e, s->lifetime), open ? "more than " : "", time_text(e, plan));
  finding_remark(e->c, f, REMARK_HELP, "get one that lives longer, split the plan, or say `fetch = at-use`");
}

void secrets_finish(struct elaboration *e) {
  struct model *m = e->m;
  struct finishing f = {.e = e, .baseline = state_new_flags(e, false), .states = arena_array(&e->c->arena, uint8_t, (size_t)m->secrets.n + 1)};
  bool *used = arena_array(&e->c->arena, bool, (size_t)m->secrets.n + 1);
  int64_t plan = 0;
  bool open = false;
  for (uint32_t i = 0; i < m->secrets.n; i++) finish(&f, i);
  for (uint32_t i = 0; i < m->steps.n; i++) {
    if (m->steps.at[i].takes < 0) open = true;
    else plan += m->steps.at[i].takes;
    for (uint32_t k = 0; k < m->steps.at[i].secret_count; k++) used[m->steps.at[i].secrets[k]] = true;
  }
  for (uint32_t i = 0; i < m->secrets.n; i++)
    if (used[i] && !m->secrets.at[i].at_use) check_lifetime(e, &m->secrets.at[i], plan, open);
}
