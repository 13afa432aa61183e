/* Kinds: `kind NAME { … }` -> struct kind with typed fields.
 * Needs all files loaded. Guarantees: every field has a type (T_ANY after a finding); nodes are sorted by purpose. */
#include "model/elaborate.h"

#include <string.h>

static const struct type plain[] = {
    [T_ANY] = {.tag = T_ANY},           [T_STRING] = {.tag = T_STRING},     [T_NUMBER] = {.tag = T_NUMBER},
    [T_BOOL] = {.tag = T_BOOL},         [T_DURATION] = {.tag = T_DURATION}, [T_VERSION] = {.tag = T_VERSION},
    [T_ADDRESS] = {.tag = T_ADDRESS},   [T_RANGE] = {.tag = T_RANGE},       [T_CIDR] = {.tag = T_CIDR},
    [T_PORT] = {.tag = T_PORT},         [T_ENDPOINT] = {.tag = T_ENDPOINT}, [T_URL] = {.tag = T_URL},
    [T_HOST] = {.tag = T_HOST},         [T_ZONE] = {.tag = T_ZONE},         [T_RESOURCE] = {.tag = T_RESOURCE, .kind = NONE},
    [T_SECRET] = {.tag = T_SECRET},     [T_KIND] = {.tag = T_KIND},         [T_STEP] = {.tag = T_STEP},
};
static const struct {
  const char *text;
  enum type_tag tag;
} plain_names[] = {
    {"string", T_STRING},   {"number", T_NUMBER}, {"bool", T_BOOL},   {"duration", T_DURATION}, {"version", T_VERSION},
    {"address", T_ADDRESS}, {"range", T_RANGE},   {"cidr", T_CIDR},   {"port", T_PORT},         {"endpoint", T_ENDPOINT},
    {"url", T_URL},         {"host", T_HOST},     {"zone", T_ZONE},   {"resource", T_RESOURCE}, {"secret", T_SECRET},
    {"any", T_ANY},         {"kind", T_KIND},
};
#define PLAIN_NAMES (sizeof plain_names / sizeof plain_names[0])

const struct type *type_plain(enum type_tag tag) { return &plain[tag]; }

#define LIST_OF(t) [t] = {.tag = T_LIST, .of = (const struct type *const[]){&plain[t]}, .n = 1}
static const struct type plain_lists[] = {
    LIST_OF(T_ANY),  LIST_OF(T_STRING), LIST_OF(T_ADDRESS), LIST_OF(T_RANGE),    LIST_OF(T_PORT), LIST_OF(T_ENDPOINT),
    LIST_OF(T_HOST), LIST_OF(T_ZONE),   LIST_OF(T_URL),     LIST_OF(T_RESOURCE), LIST_OF(T_SECRET),
};
const struct type *type_list_plain(enum type_tag tag) { return &plain_lists[tag]; }

static const struct type *maybe_disrupts[] = {&plain[T_BOOL], &plain_lists[T_RESOURCE]};
static const struct type disrupts_type = {.tag = T_ONE_OF, .of = maybe_disrupts, .n = 2};

const struct type *universal_type(struct elaboration *e, uint32_t name) {
  const struct word_table *w = e->words;
  if (name == w->name || name == w->irreversible || name == w->code || name == w->patch || name == w->atomic ||
      name == w->unreliable)
    return &plain[T_STRING];
  if (name == w->via || name == w->observe_via || name == w->owner) return &plain[T_RESOURCE];
  if (name == w->takes || name == w->lag) return &plain[T_DURATION];
  if (name == w->early || name == w->exists) return &plain[T_BOOL];
  if (name == w->disrupts) return &disrupts_type;
  if (name == w->accounts) return &plain_lists[T_STRING];
  if (name == w->needs || name == w->after) return &plain[T_ANY];
  return NULL;
}

uint32_t kind_field(const struct kind *k, uint32_t name) {
  for (uint32_t i = 0; i < k->field_count; i++)
    if (k->fields[i].name == name) return i;
  return NONE;
}

/* ── Types ─────────────────────────────────────────────────────────────────── */

static struct type *compound(struct elaboration *e, enum type_tag tag, uint32_t n) {
  struct type *t = arena_new(&e->c->arena, struct type);
  t->tag = (uint8_t)tag;
  t->kind = NONE;
  t->n = n;
  t->of = arena_array(&e->c->arena, const struct type *, n ? n : 1);
  return t;
}

static const struct type *type_named(struct elaboration *e, uint32_t node, bool may_be_word) {
  const char *text = node_name(e, node);
  for (size_t i = 0; i < PLAIN_NAMES; i++)
    if (!strcmp(text, plain_names[i].text)) return &plain[plain_names[i].tag];
  uint32_t kind = kind_find(e, NODE(e, node)->text);
  if (kind != NONE) return e->kinds.at[kind].type;
  if (may_be_word) {
    struct type *t = compound(e, T_WORD, 0);
    t->name = NODE(e, node)->text;
    return t;
  }
  struct finding *f = finding_add(e->c, CODE_101, node_span(e->tree, node), "there is no type and no kind `%s`", text);
  ARRAY(const char *) known = {0};
  for (size_t i = 0; i < PLAIN_NAMES; i++) array_push(&e->c->arena, &known, plain_names[i].text);
  for (uint32_t i = 0, n = suggest_among(e, e->kinds.n); i < n; i++) array_push(&e->c->arena, &known, name_text(&e->c->names, e->kinds.at[i].name));
  suggest(e, f, text, known.at, known.n);
  return &plain[T_ANY];
}

static const struct type *type_of_node(struct elaboration *e, uint32_t node, bool may_be_word) {
  if (!node || NODE(e, node)->type != N_TYPE) return &plain[T_ANY];
  if (e->depth >= DEPTH_MAX) return &plain[T_ANY]; /* the parser has limited it already */
  enum type_form form = (enum type_form)NODE(e, node)->op;
  if (form == TYPE_NAME) return type_named(e, node, may_be_word);
  uint32_t n = 0;
  for (uint32_t i = NODE(e, node)->child; i; i = NODE(e, i)->next) n++;
  enum type_tag tag = form == TYPE_LIST ? T_LIST : form == TYPE_MAP ? T_MAP : form == TYPE_OPTIONAL ? T_OPTIONAL : T_ONE_OF;
  struct type *t = compound(e, tag, n);
  const struct type **of = (const struct type **)t->of;
  e->depth++;
  uint32_t k = 0;
  for (uint32_t i = NODE(e, node)->child; i; i = NODE(e, i)->next)
    of[k++] = type_of_node(e, i, may_be_word || form == TYPE_ONE_OF);
  e->depth--;
  return n ? t : &plain[T_ANY];
}

static void type_print(struct elaboration *e, struct text *out, const struct type *t, bool plural) {
  static const char *const one[] = {
      [T_ANY] = "a value", [T_STRING] = "a string", [T_NUMBER] = "a number", [T_BOOL] = "`true` or `false`",
      [T_DURATION] = "a duration such as `90s` or `10m`", [T_VERSION] = "a version", [T_ADDRESS] = "an address",
      [T_RANGE] = "a range of addresses", [T_CIDR] = "a network such as `10.0.0.0/8`", [T_PORT] = "a port such as `443/tcp`",
      [T_ENDPOINT] = "an endpoint such as `10.0.20.10:443`", [T_URL] = "a URL", [T_HOST] = "an address or a host name",
      [T_ZONE] = "a zone", [T_RESOURCE] = "a resource", [T_SECRET] = "a secret", [T_KIND] = "a kind", [T_STEP] = "a step"};
  static const char *const many[] = {
      [T_ANY] = "values", [T_STRING] = "strings", [T_NUMBER] = "numbers", [T_BOOL] = "truth values",
      [T_DURATION] = "durations", [T_VERSION] = "versions", [T_ADDRESS] = "addresses", [T_RANGE] = "ranges of addresses",
      [T_CIDR] = "networks", [T_PORT] = "ports such as `443/tcp`", [T_ENDPOINT] = "endpoints", [T_URL] = "URLs",
      [T_HOST] = "addresses or host names", [T_ZONE] = "zones", [T_RESOURCE] = "resources", [T_SECRET] = "secrets",
      [T_KIND] = "kinds", [T_STEP] = "steps"};
  switch ((enum type_tag)t->tag) {
  case T_WORD: text_print(out, "`%s`", name_text(&e->c->names, t->name)); return;
  case T_RESOURCE:
    if (t->kind == NONE) text_puts(out, plural ? many[T_RESOURCE] : one[T_RESOURCE]);
    else text_print(out, plural ? "resources of kind `%s`" : "a resource of kind `%s`", name_text(&e->c->names, e->kinds.at[t->kind].name));
    return;
  case T_LIST: text_puts(out, plural ? "lists of " : "a list of "); type_print(e, out, t->of[0], true); return;
  case T_MAP: text_puts(out, plural ? "maps of " : "a map of "); type_print(e, out, t->of[0], true); return;
  case T_OPTIONAL: type_print(e, out, t->of[0], plural); text_puts(out, " or `none`"); return;
  case T_ONE_OF:
    for (uint32_t i = 0; i < t->n; i++) {
      if (i) text_puts(out, i + 1 == t->n ? " or " : ", ");
      type_print(e, out, t->of[i], plural);
    }
    return;
  case T_ANY: case T_STRING: case T_NUMBER: case T_BOOL: case T_DURATION: case T_VERSION: case T_ADDRESS: case T_RANGE:
  case T_CIDR: case T_PORT: case T_ENDPOINT: case T_URL: case T_HOST: case T_ZONE: case T_SECRET: case T_KIND: case T_STEP:
    text_puts(out, plural ? many[t->tag] : one[t->tag]);
  }
}

const char *type_text(struct elaboration *e, const struct type *t) {
  struct text out = {.arena = &e->c->arena};
  type_print(e, &out, t, false);
  return text_done(&out);
}

/* ── Items ─────────────────────────────────────────────────────────────────── */

bool node_arrows(struct elaboration *e, uint32_t node) {
  if (!node || e->depth >= DEPTH_MAX) return false;
  if (NODE(e, node)->type == N_TRANSITION) return true;
  e->depth++;
  bool any = false;
  for (uint32_t i = NODE(e, node)->child; i && !any; i = NODE(e, i)->next) any = node_arrows(e, i);
  e->depth--;
  return any;
}

static void malformed_field(struct elaboration *e, uint32_t kind, uint32_t node, const char *text) {
  struct span at = node_span(e->tree, node);
  const char *name = name_text(&e->c->names, kind);
  if (universal_type(e, NODE(e, node)->text))
    finding_add(e->c, CODE_114, at, "kind `%s` declares `%s`, which every resource has already", name, text);
  uint32_t preset = node_child(e, node, 1);
  if (preset && node_arrows(e, preset))
    finding_add(e->c, CODE_114, node_span(e->tree, preset), "the default of `%s` changes, and a default has one value", text);
}

static void fields(struct elaboration *e, struct kind *k) {
  ARRAY(struct field) list = {0};
  struct index seen = {0};
  for (uint32_t i = NODE(e, k->node)->child; i; i = NODE(e, i)->next) {
    if (NODE(e, i)->type != N_FIELD) continue;
    uint32_t first = index_put(&e->c->arena, &seen, NODE(e, i)->text, list.n);
    if (first != list.n) {
      struct finding *f = finding_add(e->c, CODE_106, node_span(e->tree, i), "kind `%s` declares `%s` twice",
                                      name_text(&e->c->names, k->name), node_name(e, i));
      finding_label(e->c, f, node_span(e->tree, list.at[first].node), "first here");
      continue;
    }
    malformed_field(e, k->name, i, node_name(e, i));
    uint32_t preset = node_child(e, i, 1);
    if (preset && node_arrows(e, preset)) preset = 0;
    array_push(&e->c->arena, &list,
               (struct field){NODE(e, i)->text, i, preset, type_of_node(e, NODE(e, i)->child, false)});
  }
  k->fields = list.at;
  k->field_count = list.n;
}

static void stands(struct elaboration *e, struct kind *k, uint32_t node) {
  uint32_t ref = NODE(e, node)->child;
  const char *kind = name_text(&e->c->names, k->name);
  uint32_t field = ref ? kind_field(k, NODE(e, ref)->text) : NONE;
  if (k->stands != NONE) finding_add(e->c, CODE_114, node_span(e->tree, node), "kind `%s` says twice what it stands for", kind);
  else if (field == NONE)
    finding_add(e->c, CODE_114, node_span(e->tree, node), "kind `%s` stands for `%s`, which is not among its attributes", kind,
                ref ? node_name(e, ref) : "");
  else k->stands = field;
}

static void once(struct elaboration *e, const struct kind *k, uint32_t *slot, uint32_t node, const char *what) {
  if (!*slot) {
    *slot = node;
    return;
  }
  struct finding *f = finding_add(e->c, CODE_114, node_span(e->tree, node), "kind `%s` has two `%s`", name_text(&e->c->names, k->name), what);
  finding_label(e->c, f, node_span(e->tree, *slot), "the first");
}

static void via_kind(struct elaboration *e, const struct kind *k, uint32_t node, const char *what) {
  uint32_t name = NODE(e, node)->text;
  if (!name || kind_find(e, name) != NONE) return;
  struct finding *f = finding_add(e->c, CODE_101, node_span(e->tree, node), "`%s via %s` in kind `%s` names a kind that does not exist",
                                  what, name_text(&e->c->names, name), name_text(&e->c->names, k->name));
  ARRAY(const char *) known = {0};
  for (uint32_t i = 0, n = suggest_among(e, e->kinds.n); i < n; i++) array_push(&e->c->arena, &known, name_text(&e->c->names, e->kinds.at[i].name));
  suggest(e, f, name_text(&e->c->names, name), known.at, known.n);
}

static void preset(struct elaboration *e, struct kind *k, uint32_t node) {
  const char *kind = name_text(&e->c->names, k->name), *name = node_name(e, node);
  if (!universal_type(e, NODE(e, node)->text))
    finding_add(e->c, CODE_114, node_span(e->tree, node),
                "kind `%s` gives `%s` a value without declaring it: write `%s : TYPE = …`", kind, name, name);
  else if (node_arrows(e, NODE(e, node)->child))
    finding_add(e->c, CODE_114, node_span(e->tree, node), "the default of `%s` in kind `%s` changes, and a default has one value", name, kind);
  else array_push(&e->c->arena, &k->presets, node);
}

static void items(struct elaboration *e, struct kind *k) {
  k->stands = NONE;
  for (uint32_t i = NODE(e, k->node)->child; i; i = NODE(e, i)->next) {
    switch ((int)NODE(e, i)->type) {
    case N_STANDS: stands(e, k, i); break;
    case N_ASKS: once(e, k, &k->asks, i, "asks"); break;
    case N_VERIFY: once(e, k, &k->verify, i, "verify"); break;
    case N_FETCH: once(e, k, &k->fetch, i, "fetch"); break;
    case N_CHANGE: via_kind(e, k, i, "change"); array_push(&e->c->arena, &k->changes, i); break;
    case N_CARRY: k->has_carry = true; array_push(&e->c->arena, &k->carries, i); break;
    case N_OBSERVE: via_kind(e, k, i, "observe"); array_push(&e->c->arena, &k->observes, i); break;
    case N_ATTR: preset(e, k, i); break;
    default: break; /* fields, facts, requirements, documentation */
    }
  }
}

void kinds_collect(struct elaboration *e) {
  for (uint32_t h = 0; h < e->headings.n; h++) {
    uint32_t i = e->headings.at[h];
    if (NODE(e, i)->type != N_KIND) continue;
    uint32_t first = index_put(&e->c->arena, &e->kind_index, NODE(e, i)->text, e->kinds.n);
    if (first == e->kinds.n) {
      struct type *type = compound(e, T_RESOURCE, 0);
      type->kind = e->kinds.n;
      array_push(&e->c->arena, &e->kinds, (struct kind){.name = NODE(e, i)->text, .node = i, .stands = NONE, .type = type});
      continue;
    }
    struct finding *finding = finding_add(e->c, CODE_106, node_span(e->tree, i), "kind `%s` is declared twice", node_name(e, i));
    finding_label(e->c, finding, node_span(e->tree, e->kinds.at[first].node), "first here");
  }
  for (uint32_t k = 0; k < e->kinds.n; k++) fields(e, &e->kinds.at[k]);
  for (uint32_t k = 0; k < e->kinds.n; k++) items(e, &e->kinds.at[k]);
  for (uint32_t k = 0; k < e->kinds.n; k++)
    for (uint32_t i = 0; i < e->kinds.at[k].changes.n + e->kinds.at[k].observes.n; i++) {
      const struct kind *kind = &e->kinds.at[k];
      uint32_t node = i < kind->changes.n ? kind->changes.at[i] : kind->observes.at[i - kind->changes.n];
      uint32_t via = NODE(e, node)->text ? kind_find(e, NODE(e, node)->text) : NONE;
      if (via != NONE) e->kinds.at[via].provider = true;
    }
  for (uint32_t k = 0; k < e->kinds.n; k++)
    if (e->kinds.at[k].has_carry || e->kinds.at[k].fetch) e->kinds.at[k].provider = true;
}
