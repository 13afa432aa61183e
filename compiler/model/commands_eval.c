/* Statements -> commands: every interpolation done, for one state of the plan.
 * Needs a scope with `done` set (and step and leads for a do or undo). Guarantees: a value that has no text, or a secret where
 * none may stand, is one finding and no piece; what is poisoned is left out without a word. */
#include "model/commands.h"

#include <string.h>

enum context { IN_LINE, IN_URL, IN_NAME, IN_MESSAGE, IN_EXPECTATION, IN_PRIVATE /* env, stdin, header, body: secrets are fine */ };
struct piece_list { struct piece *at; uint32_t n, cap; };

static struct arena *arena_of(struct statements *b) { return b->arena; }

static struct span at_of(struct statements *b, uint32_t node) { return node_span(b->e->tree, node); }

/* ── Pieces ────────────────────────────────────────────────────────────────── */

static void add(struct statements *b, struct piece_list *p, enum piece_type type, bool quoted, const char *text, struct span at) {
  array_push(arena_of(b), p, (struct piece){.type = (uint8_t)type, .in_quotes = quoted, .node = b->node, .text = text, .secret = NONE, .at = at});
}

/* What is there as it is written, whatever the values around it are. */
static void add_written(struct statements *b, struct piece_list *p, bool quoted, const char *text, struct span at) {
  array_push(arena_of(b), p, (struct piece){.type = PIECE_VALUE, .in_quotes = quoted, .written = true, .text = text, .secret = NONE, .at = at});
}

static struct pieces pieces(const struct piece_list *p) { return (struct pieces){p->at, p->n}; }

struct pieces pieces_of_text(struct arena *a, const char *text, struct span at) {
  struct piece *p = arena_new(a, struct piece);
  *p = (struct piece){.type = PIECE_VALUE, .text = text, .secret = NONE, .at = at};
  return (struct pieces){p, 1};
}

static void secret_piece(struct statements *b, struct piece_list *p, uint32_t secret, bool quoted, enum context in, struct span at) {
  static const char *const arguments = "hand it over with `stdin`, `env NAME = secret …` or, for a request, `bearer` or `header`";
  b->incomplete = b->incomplete || in != IN_PRIVATE;
  switch (in) {
  case IN_LINE:
    secret_misplaced(b->e, CODE_271, secret, at, "an argument of a command, which every user of the machine can list", arguments);
    return;
  case IN_URL:
    secret_misplaced(b->e, CODE_271, secret, at, "a URL, which proxies and servers write to their logs", "hand it over with `bearer`, `header` or `body`");
    return;
  case IN_NAME:
    secret_misplaced(b->e, CODE_271, secret, at, "a name of a file, a host or a folder, which shows in the list of processes", arguments);
    return;
  case IN_MESSAGE:
    secret_misplaced(b->e, CODE_272, secret, at, "a message, which stays on the terminal and in its log", "say where the reader finds it instead");
    return;
  case IN_EXPECTATION:
    secret_misplaced(b->e, CODE_272, secret, at, "an expectation, which is printed when it is not met", "compare something that is no secret");
    return;
  case IN_PRIVATE: break;
  }
  array_push(arena_of(b), p, (struct piece){.type = PIECE_SECRET, .in_quotes = quoted, .text = "", .secret = secret, .at = at});
}

/* What a value is called in a message: the expression as written. */
static const char *written(struct statements *b, struct span at) {
  if (at.source >= b->e->c->sources.n) return "a value";
  const struct source *s = &b->e->c->sources.at[at.source];
  uint32_t n = at.end > at.start && at.end <= s->length ? at.end - at.start : 0;
  if (n == 0 || n > 80 || memchr(s->text + at.start, '\n', n) != NULL) return "this value";
  return arena_print(arena_of(b), "`%.*s`", (int)n, s->text + at.start);
}

static const char *whose(struct statements *b) {
  if (b->resource == NONE) return "";
  return arena_print(arena_of(b), " of `%s`", name_text(&b->e->c->names, b->e->m->resources.at[b->resource].name));
}

/* A command of a kind wants an attribute that the resource leaves out: said once, of the resource. */
static bool left_out(struct statements *b, struct span at) {
  struct elaboration *e = b->e;
  if (b->resource == NONE || at.source >= e->c->sources.n || at.end <= at.start || at.end > e->c->sources.at[at.source].length) return false;
  const struct resource *r = &e->m->resources.at[b->resource];
  uint32_t name = name_find(&e->c->names, e->c->sources.at[at.source].text + at.start, at.end - at.start);
  uint32_t attribute = name == NONE ? NONE : attribute_index(e, b->resource, name);
  struct span own = node_span(e->tree, r->node);
  if (name == NONE || (own.source == at.source && at.start >= own.start && at.end <= own.end)) return false;
  if (attribute == NONE ? universal_type(e, name) == NULL : e->m->attributes.at[attribute].written || attribute_cases(e, attribute)->n > 1) return false;
  const char *word = name_text(&e->c->names, name), *who = name_text(&e->c->names, r->name);
  const char *key = arena_print(arena_of(b), "\2%s:%s", who, word);
  if (name_find(&e->c->names, key, strlen(key)) != NONE) return true;
  name_str(&e->c->names, key);
  struct finding *f = finding_add(e->c, CODE_108, resource_span(e->m, b->resource), "`%s` does not say its `%s`, which the commands that change it need", who, word);
  f->resource = r->name;
  finding_label(e->c, f, at, "needed here");
  finding_remark(e->c, f, REMARK_HELP, "add `%s = …`", word);
  return true;
}

static void no_text(struct statements *b, const struct value *v, struct span at) {
  struct finding *f;
  b->incomplete = true;
  if (v->type == V_NONE && left_out(b, at)) return;
  if (v->type == V_NONE)
    f = finding_add(b->e->c, CODE_105, at, "%s%s is `none` when this command runs, which has no text", written(b, at), whose(b));
  else if (v->type == V_UNKNOWN)
    f = finding_add(b->e->c, CODE_105, at, "nobody knows %s%s, but this command needs it", written(b, at), whose(b));
  else
    f = finding_add(b->e->c, CODE_105, at, "%s%s is %s, which can't stand in a command", written(b, at), whose(b),
                    value_type_text((enum value_type)v->type));
  if (v->type == V_NONE) finding_remark(b->e->c, f, REMARK_HELP, "put the command into `when … is not none { … }`");
  if (b->resource != NONE) f->resource = b->e->m->resources.at[b->resource].name;
}

static void value_piece(struct statements *b, struct piece_list *p, const struct value *v, bool quoted, enum context in, struct span at,
                        unsigned depth) {
  if (value_poisoned(v) || depth > 64) {
    b->incomplete = true;
    return;
  }
  if (v->type == V_SECRET) {
    secret_piece(b, p, v->id, quoted, in, at);
    return;
  }
  if (v->type == V_LIST) {
    bool words = in == IN_LINE && !quoted;
    for (uint32_t i = 0; i < v->count; i++) {
      if (i > 0 && words) add(b, p, PIECE_SHELL, quoted, " ", at);
      else if (i > 0) add_written(b, p, quoted, ",", at);
      value_piece(b, p, &v->items[i], quoted, in, at, depth + 1);
    }
    return;
  }
  struct text text = {.arena = arena_of(b)};
  if (value_interpolate(b->e, &text, v, b->scope.for_people)) {
    text_done(&text);
    add(b, p, PIECE_VALUE, quoted, in == IN_URL ? url_text(arena_of(b), pieces(p), text.at) : text.at, at);
  }
  else no_text(b, v, at);
}

/* The value of an expression as pieces. */
static void expression_pieces(struct statements *b, struct piece_list *p, const struct value *v, uint32_t node, bool quoted, enum context in) {
  b->node = node;
  value_piece(b, p, v, quoted, in, at_of(b, node), 0);
  b->node = 0;
}

static struct value eval(struct statements *b, uint32_t node, const struct type *want) {
  return eval_in_state(b->e, &b->scope, node, want, b->scope.done);
}

/* Is an address, and nothing else, wanted here? Then what stands for one is its value. */
bool type_wants_address(const struct type *t) {
  while (t != NULL && (t->tag == T_OPTIONAL || t->tag == T_LIST)) t = t->of[0];
  return t != NULL && t->tag == T_ADDRESS;
}

static struct value eval_text(struct statements *b, uint32_t node) {
  struct value v = eval(b, node, NULL);
  if ((v.type != V_RESOURCE && v.type != V_LIST) || !type_wants_address(type_of(b->e, &b->scope, node))) return v;
  struct cases c = eval_standing(b->e, &b->scope, node, NULL);
  return c.n > 0 ? c.at[0].value : v;
}

/* `run` and `work`, unless the resource has an attribute of that name. */
static bool special(struct statements *b, uint32_t node, enum piece_type *type) {
  const struct node *n = NODE(b->e, node);
  if (n->type != N_REF || n->child != 0) return false;
  const char *text = node_name(b->e, node);
  bool run = strcmp(text, "run") == 0;
  if (!run && strcmp(text, "work") != 0) return false;
  if (b->scope.self != NONE && attribute_index(b->e, b->scope.self, n->text) != NONE) return false;
  *type = run ? PIECE_RUN : PIECE_WORK;
  return true;
}

static const char *literal_text(struct statements *b, uint32_t node) {
  return name_text(&b->e->c->names, b->e->tree->values.at[NODE(b->e, node)->text].value.name);
}

static void node_pieces(struct statements *b, struct piece_list *p, uint32_t node, bool quoted, enum context in, unsigned depth) {
  const struct node *n = NODE(b->e, node);
  enum piece_type type;
  if (node == 0 || depth > 64) return;
  if (n->type == N_LITERAL && b->e->tree->values.at[n->text].value.type == V_STRING) {
    add_written(b, p, quoted, literal_text(b, node), at_of(b, node));
  } else if (n->type == N_STRING) {
    for (uint32_t i = n->child; i != 0; i = NODE(b->e, i)->next) node_pieces(b, p, i, true, in, depth + 1);
  } else if (special(b, node, &type)) {
    add(b, p, type, quoted, "", at_of(b, node));
  } else {
    struct value v = eval_text(b, node);
    expression_pieces(b, p, &v, node, quoted, in);
  }
}

/* A text that is no shell line; nothing when the node is missing. */
static struct pieces text_of(struct statements *b, uint32_t node, enum context in) {
  struct piece_list p = {0};
  node_pieces(b, &p, node, true, in, 0);
  for (uint32_t i = 0; i < p.n; i++) p.at[i].in_quotes = false;
  return pieces(&p);
}

/* The text of pieces, with stand-ins for what only a run knows. */
static const char *flat(struct statements *b, struct pieces p) {
  struct text t = {.arena = arena_of(b)};
  for (uint32_t i = 0; i < p.n; i++) text_puts(&t, p.at[i].type == PIECE_VALUE || p.at[i].type == PIECE_SHELL ? p.at[i].text : "x");
  return text_done(&t);
}

/* ── `$` lines ─────────────────────────────────────────────────────────────── */

/* Follows quotes through shell text: bare, "…", '…', `$(…)` within either. */
struct quotes {
  uint8_t stack[64]; /* '"' or '(' */
  uint32_t depth;
  bool single;
  char before; /* the character before, also across pieces */
};

static bool in_double(const struct quotes *q) { return q->depth > 0 && q->stack[q->depth - 1] == '"'; }

static void push(struct quotes *q, uint8_t what) {
  if (q->depth < sizeof q->stack) q->stack[q->depth++] = what;
}

static void follow(struct quotes *q, const char *s) {
  for (; *s != '\0'; s++) {
    char now = *s, before = q->before;
    q->before = now;
    if (q->single) q->single = now != '\'';
    else if (before == '\\') q->before = ' '; /* escaped: it means nothing, and escapes nothing */
    else if (now == '\'' && !in_double(q)) q->single = true;
    else if (now == '"' && in_double(q)) q->depth--;
    else if (now == '"') push(q, '"');
    else if (now == '(' && (!in_double(q) || before == '$')) push(q, '(');
    else if (now == ')' && q->depth > 0 && !in_double(q)) q->depth--;
  }
}

static struct pieces line_of(struct statements *b, uint32_t node) {
  struct piece_list p = {0};
  struct quotes q = {.depth = 0};
  for (uint32_t i = NODE(b->e, node)->child; i != 0; i = NODE(b->e, i)->next) {
    const struct node *n = NODE(b->e, i);
    enum piece_type type;
    if (n->type == N_OPTIONS) continue;
    if (n->type == N_SHELL) {
      follow(&q, literal_text(b, i));
      add(b, &p, PIECE_SHELL, false, literal_text(b, i), at_of(b, i));
      continue;
    }
    uint32_t inner = n->type == N_STRING && n->child != 0 ? n->child : i; /* the parser wraps each interpolation */
    q.before = ' ';
    if (special(b, inner, &type)) {
      add(b, &p, type, in_double(&q), "", at_of(b, i));
    } else {
      struct value v = eval_text(b, inner);
      expression_pieces(b, &p, &v, inner, in_double(&q), IN_LINE);
    }
  }
  return pieces(&p);
}

/* ── Options ───────────────────────────────────────────────────────────────── */

struct gathered {
  ARRAY(struct environment) env;
  ARRAY(struct header) headers;
};

static int64_t duration(struct statements *b, uint32_t node) {
  if (node == 0) return 0;
  struct value v = eval(b, node, type_plain(T_DURATION));
  return v.type == V_DURATION ? v.number : 0;
}

/* Is the option's value `none`? Then it is as if it were not written. */
static bool absent(struct statements *b, uint32_t node) {
  enum piece_type type;
  const struct node *n = NODE(b->e, node);
  if (node == 0) return true;
  if ((n->type != N_REF && n->type != N_CALL && n->type != N_LITERAL) || special(b, node, &type)) return false;
  struct value v = eval(b, node, NULL);
  return v.type == V_NONE;
}

static void environment(struct statements *b, struct gathered *g, uint32_t first) {
  uint32_t second = NODE(b->e, first)->next;
  if (second != 0) {
    if (absent(b, second)) return;
    array_push(arena_of(b), &g->env, (struct environment){name_str(&b->e->c->names, literal_text(b, first)), text_of(b, second, IN_PRIVATE)});
    return;
  }
  struct value v = eval(b, first, NULL);
  if (value_poisoned(&v) || v.type == V_NONE) return;
  if (v.type != V_MAP) {
    finding_add(b->e->c, CODE_105, at_of(b, first), "`env` takes `NAME = value` or a map, not %s", value_type_text((enum value_type)v.type));
    return;
  }
  for (uint32_t i = 0; i < v.count; i++) {
    struct piece_list p = {0};
    if (v.items[i].type == V_NONE) continue;
    value_piece(b, &p, &v.items[i], true, IN_PRIVATE, v.items[i].at, 0);
    for (uint32_t k = 0; k < p.n; k++) p.at[k].in_quotes = false;
    array_push(arena_of(b), &g->env, (struct environment){v.keys[i], pieces(&p)});
  }
}

static void one_status(struct statements *b, struct command *c, uint32_t node) {
  struct value v = eval(b, node, NULL);
  const struct value *items = v.type == V_LIST ? v.items : &v;
  for (uint32_t i = 0; i < (v.type == V_LIST ? v.count : 1); i++) {
    if (value_poisoned(&items[i])) continue;
    if (items[i].type != V_NUMBER || items[i].number < 100 || items[i].number > 599)
      finding_add(b->e->c, CODE_107, at_of(b, node), "an HTTP status is a number from 100 to 599");
    else if (c->status_count < sizeof c->status / sizeof *c->status) c->status[c->status_count++] = (uint32_t)items[i].number;
    else finding_add(b->e->c, CODE_107, at_of(b, node), "more than %zu statuses are expected here", sizeof c->status / sizeof *c->status);
  }
}

static void statuses(struct statements *b, struct command *c, uint32_t first) {
  for (; first != 0; first = NODE(b->e, first)->next) one_status(b, c, first);
}

static bool is_call(struct statements *b, uint32_t node, const char *name) {
  return node != 0 && NODE(b->e, node)->type == N_CALL && strcmp(node_name(b->e, node), name) == 0;
}

static void body(struct statements *b, struct command *c, uint32_t node) {
  c->body_is_file = is_call(b, node, "file");
  c->body = c->body_is_file ? text_of(b, NODE(b->e, node)->child, IN_NAME) : text_of(b, node, IN_PRIVATE);
}

static void http_option(struct statements *b, struct command *c, struct gathered *g, uint32_t option, const char *name) {
  uint32_t first = NODE(b->e, option)->child, second = first == 0 ? 0 : NODE(b->e, first)->next;
  if (strcmp(name, "status") == 0) statuses(b, c, first);
  else if (strcmp(name, "header") == 0) {
    if (second != 0 && !absent(b, second))
      array_push(arena_of(b), &g->headers, (struct header){text_of(b, first, IN_NAME), text_of(b, second, IN_PRIVATE)});
  } else if (absent(b, first)) return;
  else if (strcmp(name, "bearer") == 0) c->bearer = text_of(b, first, IN_PRIVATE);
  else if (strcmp(name, "basic") == 0) c->basic = text_of(b, first, IN_PRIVATE);
  else if (strcmp(name, "body") == 0) body(b, c, first);
  else if (strcmp(name, "save") == 0) c->save = text_of(b, first, IN_NAME);
  else if (strcmp(name, "resolve") == 0) c->resolve = text_of(b, first, IN_NAME);
  else if (strcmp(name, "cacert") == 0) c->cacert = text_of(b, first, IN_NAME);
}

static bool one_of(const char *name, const char *const *names, uint32_t n) {
  for (uint32_t i = 0; i < n; i++)
    if (strcmp(name, names[i]) == 0) return true;
  return false;
}

static void options(struct statements *b, struct command *c, uint32_t list) {
  static const char *const of_run[] = {"stdin", "env", "within"};
  static const char *const of_http[] = {"bearer", "header", "basic", "body", "save", "status", "resolve", "cacert", "within"};
  bool http = c->type == CMD_HTTP;
  const char *const *known = http ? of_http : of_run;
  uint32_t known_count = http ? sizeof of_http / sizeof *of_http : sizeof of_run / sizeof *of_run;
  struct gathered g = {0};
  for (uint32_t i = list == 0 ? 0 : NODE(b->e, list)->child; i != 0; i = NODE(b->e, i)->next) {
    const char *name = node_name(b->e, i);
    uint32_t first = NODE(b->e, i)->child;
    if (NODE(b->e, i)->type != N_OPTION) continue;
    if (!one_of(name, known, known_count)) {
      struct finding *f = finding_add(b->e->c, CODE_102, at_of(b, i), "%s has no option `%s`", http ? "`http`" : "a `$` line", name);
      suggest(b->e, f, name, known, known_count);
    } else if (strcmp(name, "within") == 0) c->within = duration(b, first);
    else if (http) http_option(b, c, &g, i, name);
    else if (strcmp(name, "env") == 0) environment(b, &g, first);
    else if (!absent(b, first)) c->input = text_of(b, first, IN_PRIVATE), c->has_input = true;
  }
  c->env = g.env.at, c->env_count = g.env.n;
  c->headers = g.headers.at, c->header_count = g.headers.n;
}

/* ── Commands ──────────────────────────────────────────────────────────────── */

/* Where the operator stands; a need is looked up from there. */
static void stand(struct statements *b, struct need *n) {
  const struct model *m = b->e->m;
  if (m->operator_client == NONE || n->type != NEED_ENDPOINT) return;
  const struct client *c = &m->clients.at[m->operator_client];
  n->zone = c->zone;
  n->dns = c->zone;
  for (uint32_t i = 0; i < c->count; i++)
    if (guard_holds(m, m->client_dns.at[c->first + i].guard, b->scope.done)) {
      n->dns = m->client_dns.at[c->first + i].zone;
      return;
    }
}

static struct need endpoint_of(struct statements *b, const struct value *v, struct span at) {
  struct need n = need_empty();
  if (value_poisoned(v) || !need_of_value(b->e, v, &n)) n = need_empty(), n.type = NEED_NEVER;
  n.at = at;
  n.guard = GUARD_ALWAYS;
  stand(b, &n);
  return n;
}

static void http(struct statements *b, struct command *c, uint32_t node) {
  uint32_t url = NODE(b->e, node)->child;
  static const char *const reading[] = {"GET", "HEAD"};
  c->type = CMD_HTTP;
  c->method = NODE(b->e, node)->text;
  c->changes = !one_of(name_text(&b->e->c->names, c->method), reading, 2);
  b->incomplete = false;
  c->url = text_of(b, url, IN_URL);
  struct value v;
  const char *text = flat(b, c->url), *why = "";
  if (b->incomplete || !value_url(&b->e->c->names, text, strlen(text), &v, &why)) {
    if (!b->incomplete) finding_add(b->e->c, CODE_105, at_of(b, url), "`http` asks a URL, and `%s` is none: %s", text, why);
    v = value_poison(at_of(b, url));
  }
  c->endpoint = endpoint_of(b, &v, at_of(b, url));
  options(b, c, NODE(b->e, url)->next);
}

static void dns(struct statements *b, struct command *c, uint32_t node) {
  uint32_t name = node_child(b->e, node, 0), server = node_child(b->e, node, 1), expected = node_child(b->e, node, 2);
  c->type = CMD_DNS;
  c->dns_name = text_of(b, name, IN_NAME);
  c->dns_server = text_of(b, server, IN_NAME);
  if (!absent(b, expected)) {
    struct cases standing = eval_standing(b->e, &b->scope, expected, NULL);
    struct piece_list p = {0};
    if (standing.n > 0) value_piece(b, &p, &standing.at[0].value, true, IN_EXPECTATION, at_of(b, expected), 0);
    for (uint32_t i = 0; i < p.n; i++) p.at[i].in_quotes = false;
    c->dns_expected = pieces(&p);
  }
  c->within = duration(b, node_child(b->e, node, 3));
  struct cases s = eval_standing(b->e, &b->scope, server, NULL);
  struct value v = s.n > 0 ? s.at[0].value : value_poison(at_of(b, server));
  c->endpoint = endpoint_of(b, &v, at_of(b, server));
  if (c->endpoint.type == NEED_ENDPOINT && c->endpoint.port == NONE) c->endpoint.port = 53, c->endpoint.proto = PROTO_UDP;
  if (c->endpoint.type != NEED_ENDPOINT && !value_poisoned(&v))
    finding_add(b->e->c, CODE_105, at_of(b, server), "a DNS server is an address, a name or an endpoint, not %s", value_type_text((enum value_type)v.type));
}

static void tcp(struct statements *b, struct command *c, uint32_t node) {
  uint32_t first = NODE(b->e, node)->child;
  struct value v = eval(b, first, type_plain(T_ENDPOINT));
  c->type = CMD_TCP;
  c->endpoint = endpoint_of(b, &v, at_of(b, first));
  c->url = text_of(b, first, IN_NAME);
  c->within = duration(b, NODE(b->e, first)->next);
}

static void command(struct statements *b, uint32_t node, struct pieces dir) {
  struct command c = {.dir = dir, .at = at_of(b, node)};
  c.endpoint = need_empty();
  switch (NODE(b->e, node)->type) {
  case N_HTTP: http(b, &c, node); break;
  case N_TCP: tcp(b, &c, node); break;
  case N_DNS: dns(b, &c, node); break;
  case N_WAIT:
    c.type = CMD_WAIT;
    c.wait = duration(b, NODE(b->e, node)->child);
    break;
  case N_MANUAL:
    c.type = CMD_MANUAL;
    c.changes = true;
    c.line = text_of(b, NODE(b->e, node)->child, IN_MESSAGE);
    break;
  default:
    c.type = CMD_RUN;
    c.changes = true;
    c.line = line_of(b, node);
    for (uint32_t i = NODE(b->e, node)->child; i != 0; i = NODE(b->e, i)->next)
      if (NODE(b->e, i)->type == N_OPTIONS) options(b, &c, i);
    break;
  }
  array_push(arena_of(b), &b->out, c);
}

/* ── What follows a command ────────────────────────────────────────────────── */

static struct command *last_output(struct statements *b, uint32_t from, uint32_t node, const char *what) {
  struct command *c = b->out.n > from ? &b->out.at[b->out.n - 1] : NULL;
  if (c != NULL && (c->type == CMD_RUN || c->type == CMD_HTTP)) return c;
  struct finding *f = finding_add(b->e->c, CODE_001, at_of(b, node), "no command before this has an output to %s", what);
  finding_remark(b->e->c, f, REMARK_HELP, "put it behind the `$` line or `http` that it speaks of");
  return NULL;
}

static void expectation(struct statements *b, uint32_t from, uint32_t node) {
  enum expect type = (enum expect)NODE(b->e, node)->op;
  uint32_t first = NODE(b->e, node)->child, within = type == EXPECT_UNCHANGED ? first : first == 0 ? 0 : NODE(b->e, first)->next;
  struct command *c = last_output(b, from, node, "expect anything of");
  if (c == NULL) return;
  if (type == EXPECT_STATUS) {
    if (c->type == CMD_HTTP) statuses(b, c, first);
    else finding_add(b->e->c, CODE_001, at_of(b, node), "only `http` has a status");
    return;
  }
  struct expectation x = {.type = (uint8_t)type, .at = at_of(b, node)};
  if (type != EXPECT_UNCHANGED) x.operand = text_of(b, first, IN_EXPECTATION);
  x.within = duration(b, within);
  struct expectation *grown = arena_array(arena_of(b), struct expectation, (size_t)c->expect_count + 1);
  if (c->expect_count > 0) memcpy(grown, c->expects, c->expect_count * sizeof *grown);
  grown[c->expect_count++] = x;
  c->expects = grown;
}

/* jq 'FILTER', jq "…${x}…", or `output` as it is. False after a finding. */
static bool filter_of(struct statements *b, uint32_t node, const char **filter) {
  *filter = NULL;
  if (NODE(b->e, node)->type == N_REF && NODE(b->e, node)->child == 0 && strcmp(node_name(b->e, node), "output") == 0) return true;
  if (!is_call(b, node, "jq") || NODE(b->e, node)->child == 0) {
    struct finding *f = finding_add(b->e->c, CODE_105, at_of(b, node), "what is observed is a part of the command's output");
    finding_remark(b->e->c, f, REMARK_HELP, "write `= jq '.path.to.it'`, or `= output` for all of it");
    return false;
  }
  *filter = flat(b, text_of(b, NODE(b->e, node)->child, IN_NAME));
  return true;
}

static void observe(struct statements *b, uint32_t from, uint32_t node) {
  struct observation o = {.attribute = NODE(b->e, node)->text, .at = at_of(b, node)};
  if (b->place == PLACE_OBSERVE && attribute_index(b->e, b->resource, o.attribute) == NONE) {
    const char *name = node_name(b->e, node), *kind = name_text(&b->e->c->names, b->e->m->resources.at[b->resource].kind);
    finding_add(b->e->c, CODE_102, at_of(b, node), "kind `%s` has no attribute `%s` that could be observed", kind, name);
    return;
  }
  struct command *c = last_output(b, from, node, "take a value from");
  if (c == NULL || !filter_of(b, NODE(b->e, node)->child, &o.filter)) return;
  if (b->place == PLACE_OBSERVE) {
    const struct value *v = attribute_value(b->e->m, b->resource, o.attribute, b->scope.done);
    if (v != NULL) o.declared = *v;
    if (v != NULL && type_wants_address(attribute_wants(b->e, attribute_index(b->e, b->resource, o.attribute)))) {
      struct cases standing = value_stand(b->e, &b->scope, v);
      if (standing.n > 0) o.declared = standing.at[0].value;
    }
  }
  struct observation *grown = arena_array(arena_of(b), struct observation, (size_t)c->observe_count + 1);
  if (c->observe_count > 0) memcpy(grown, c->observes, c->observe_count * sizeof *grown);
  grown[c->observe_count++] = o;
  c->observes = grown;
}

static void set(struct statements *b, uint32_t from, uint32_t node) {
  const char *name = node_name(b->e, node);
  if (b->place == PLACE_OBSERVE || b->place == PLACE_FETCH) {
    observe(b, from, node);
  } else if (b->place == PLACE_VERIFY && strcmp(name, "unreliable") == 0) {
    b->unreliable = flat(b, text_of(b, NODE(b->e, node)->child, IN_MESSAGE));
  } else {
    struct finding *f = finding_add(b->e->c, CODE_102, at_of(b, node), "`%s = …` says nothing in a `%s`", name,
                                    b->place == PLACE_VERIFY ? "verify" : b->place == PLACE_UNDO ? "undo" : "do");
    finding_remark(b->e->c, f, REMARK_HELP, "attributes stand beside the block, observed values in an `observe`");
  }
}

/* ── Blocks ────────────────────────────────────────────────────────────────── */

static struct pieces folder(struct statements *b, struct pieces outer, uint32_t node) {
  struct pieces inner = text_of(b, node, IN_NAME);
  if (outer.n == 0 || inner.n == 0 || inner.at[0].type == PIECE_WORK || (inner.at[0].text != NULL && inner.at[0].text[0] == '/')) return inner;
  struct piece *both = arena_array(arena_of(b), struct piece, (size_t)outer.n + inner.n + 1);
  memcpy(both, outer.at, outer.n * sizeof *both);
  both[outer.n] = (struct piece){.type = PIECE_VALUE, .written = true, .text = "/", .secret = NONE, .at = inner.at[0].at};
  memcpy(both + outer.n + 1, inner.at, inner.n * sizeof *both);
  return (struct pieces){both, outer.n + inner.n + 1};
}

static bool holds(struct statements *b, uint32_t condition) {
  struct condition c = eval_plain_condition(b->e, &b->scope, condition);
  for (uint32_t i = 0; i < c.yes.n; i++)
    if (guard_holds(b->e->m, c.yes.at[i].guard, b->scope.done)) return true;
  return false;
}

static void statements(struct statements *b, uint32_t first, struct pieces dir, unsigned depth) {
  uint32_t from = b->out.n;
  if (depth > 64) return;
  for (uint32_t i = first; i != 0; i = NODE(b->e, i)->next) {
    uint32_t child = NODE(b->e, i)->child;
    switch (NODE(b->e, i)->type) {
    case N_RUN:
    case N_HTTP:
    case N_MANUAL:
    case N_WAIT:
    case N_TCP:
    case N_DNS: command(b, i, dir); break;
    case N_IN: statements(b, NODE(b->e, child)->next, folder(b, dir, child), depth + 1); break;
    case N_WHEN:
      if (holds(b, child)) statements(b, NODE(b->e, child)->next, dir, depth + 1);
      break;
    case N_EXPECT: expectation(b, from, i); break;
    case N_SET:
    case N_ATTR: set(b, from, i); break;
    default: break; /* `needs`, errors of the parser */
    }
  }
}

void statements_evaluate(struct statements *b, uint32_t block) { statements(b, NODE(b->e, block)->child, (struct pieces){0}, 0); }
