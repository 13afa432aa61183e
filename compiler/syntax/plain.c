/* Resources that say nothing but plain values, which in a large plan are nearly all: text -> their nodes, without a token
 * and a dozen reductions for each word. Only the place of the text is kept, and the nodes are made for who asks.
 * Needs a parser between two declarations. Guarantees the nodes that the grammar would make, or none: whatever is not certain
 * within its line, a word of the language, an operator, a mistake, is left to the grammar. */
#include "syntax/plain.h"
#include "cut.tab.h"

#include <string.h>

static uint32_t offset(const struct reader *r, const char *s) { return (uint32_t)(s - r->p->text); }
static struct range from(const struct reader *r, const char *start) { return range_of(offset(r, start), offset(r, r->s)); }
static uint32_t node_made(struct reader *r, enum node_type type, uint32_t text, uint32_t child, const char *start) {
  struct tree *t = r->p->tree;
  array_push(&r->p->c->arena, &t->nodes,
             (struct node){.type = (uint8_t)type, .source = (uint16_t)r->p->source, .start = offset(r, start), .end = offset(r, r->s), .text = text, .child = child});
  return t->nodes.n - 1;
}
static inline uint32_t node(struct reader *r, enum node_type type, uint32_t text, uint32_t child, const char *start) {
  r->nodes++;
  return r->glance ? 1 : node_made(r, type, text, child, start);
}
static uint32_t literal_glanced(struct reader *r) {
  r->values++;
  r->nodes++;
  return 1;
}
static uint32_t literal(struct reader *r, struct value *v, const char *start) {
  struct tree *t = r->p->tree;
  if (r->glance) return literal_glanced(r);
  r->values++;
  v->at = span_of(r->p, from(r, start));
  array_push(&r->p->c->arena, &t->values, (struct guarded){*v, 0});
  return node(r, N_LITERAL, t->values.n - 1, 0, start);
}
static uint32_t text_literal(struct reader *r, uint32_t name, const char *start) {
  return r->glance ? literal_glanced(r) : literal(r, &(struct value){.type = V_STRING, .name = name}, start);
}
static void chain(struct reader *r, uint32_t last, uint32_t next) {
  if (!r->glance) r->p->tree->nodes.at[last].next = next;
}
static void blanks(struct reader *r) {
  while (blank(*r->s)) r->s++;
}

bool plain_space(struct reader *r) {
  for (;; r->s++) {
    if (*r->s == '\n') {
      r->s++;
      r->line_start = offset(r, r->s);
      blanks(r);
      r->first_at = offset(r, r->s--);
    } else if (*r->s == '#') {
      if (r->s[1] == '#') return false;
      while (r->s[1] != '\n' && r->s[1] != '\0') r->s++;
    } else if (!blank(*r->s)) return *r->s != '\0';
  }
}

/* ── Words ─────────────────────────────────────────────────────────────────── */

/* The name of a text. One resource says much the same as the one before, in the same order: that name is tried first. */
static uint32_t name(struct reader *r, const char *s, size_t n) {
  const struct names *names = &r->p->c->names;
  uint32_t *usual = &r->p->usual[r->place++ % PLAIN_USUAL];
  if (name_length(names, *usual) != n || memcmp(name_text(names, *usual), s, n) != 0) *usual = name_of(&r->p->c->names, s, n);
  return *usual;
}

static bool truth(const char *s, size_t n) { return (n == 3 && !memcmp(s, "yes", 3)) || (n == 2 && !memcmp(s, "no", 2)); }

/* A word that is none of the language's, 0. */
static uint32_t free_word(struct reader *r, size_t n) {
  if (n == 0 || truth(r->s, n)) return 0;
  uint32_t id = name(r, r->s, n);
  if (keyword_token(r->p, id) != 0) return 0;
  r->s += n;
  return id;
}

static bool never_name(int token) {
  switch (token) {
  case T_FOR: case T_IN: case T_IS: case T_AND: case T_OR: case T_NOT: case T_ELSE: case T_WHEN: case T_NONE_WORD: case T_AS:
  case T_WITHIN: case T_LITERAL: return true;
  default: return false;
  }
}

/* ── Values ────────────────────────────────────────────────────────────────── */

static uint32_t number(struct reader *r) {
  const char *start = r->s, *why;
  size_t n;
  struct value v;
  struct plain_value usual;
  if ((n = usual_number(start, &usual)) != 0) {
    r->s += n;
    if (r->glance) return literal_glanced(r);
    v = (struct value){.type = usual.type};
    if (usual.type == V_ADDRESS) v.from = v.to = address_v4(usual.number);
    else v.proto = usual.proto, v.lo = v.hi = usual.number;
    return literal(r, &v, start);
  }
  enum value_type type = number_type(start, &n);
  if (type == V_NONE || !literal_read(&r->p->c->names, type, start, n, &v, &why)) return 0;
  r->s += n;
  return literal(r, &v, start);
}

static uint32_t string(struct reader *r) {
  const char *start = r->s++;
  while (!(class(*r->s) & STOPS)) r->s++;
  if (*r->s != '"') return 0;
  size_t n = (size_t)(r->s++ - start - 1);
  uint32_t text = r->glance ? 0 : name(r, start + 1, n);
  return ends(*r->s) ? text_literal(r, text, start) : 0;
}

static uint32_t reference(struct reader *r) {
  const char *start = r->s;
  size_t n = word_length(start);
  if (!ends(start[n])) return 0;
  if (r->glance && class(start[n - 1]) == DIGIT) { /* no word of the language ends so */
    r->s += n;
    r->nodes++;
    return 1;
  }
  bool yes = n == 4 && !memcmp(start, "true", 4);
  if (yes || (n == 5 && !memcmp(start, "false", 5))) {
    r->s += n;
    return literal(r, &(struct value){.type = V_BOOL, .number = yes}, start);
  }
  uint32_t id = free_word(r, n);
  return id ? node(r, N_REF, id, 0, start) : 0;
}

static uint32_t single(struct reader *r) {
  uint8_t is = class(*r->s);
  return is == DIGIT ? number(r) : is == LETTER ? reference(r) : *r->s == '"' ? string(r) : 0;
}

/* A list on one line. */
static uint32_t list(struct reader *r) {
  const char *start = r->s++;
  uint32_t first = 0, last = 0;
  for (blanks(r); *r->s != ']'; blanks(r)) {
    uint32_t item = single(r);
    if (item == 0) return 0;
    if (last == 0) first = item;
    else chain(r, last, item);
    last = item;
    blanks(r);
    if (*r->s == ',') r->s++;
    else if (*r->s != ']') return 0;
  }
  r->s++;
  return node(r, N_LIST, 0, first, start);
}

/* One of an attribute: the first has its name. */
static uint32_t link(struct reader *r, uint32_t name) {
  const char *start = r->s;
  uint32_t made = *start == '[' ? list(r) : single(r);
  if (r->n < SHAPE_NAMES) {
    r->names[r->n] = name;
    r->values_at[r->n] = from(r, start);
  }
  r->n++;
  return made;
}

/* What the grammar calls a transition. */
static uint32_t value(struct reader *r, uint32_t name) {
  const char *start = r->s, *end;
  uint32_t first = link(r, name), last = first, links = 1;
  for (end = r->s, blanks(r); last && r->s[0] == '-' && r->s[1] == '>'; end = r->s, blanks(r), links++) {
    r->s += 2;
    blanks(r);
    uint32_t next = link(r, 0);
    chain(r, last, next);
    last = next;
  }
  r->s = end;
  return last == 0 || links == 1 ? last : node(r, N_TRANSITION, 0, first, start);
}

/* ── Resources ─────────────────────────────────────────────────────────────── */

static uint32_t attribute(struct reader *r) {
  const char *start = r->s;
  size_t n = word_length(start);
  if (n == 0) return 0;
  uint32_t id = name(r, start, n);
  r->s += n;
  blanks(r);
  if (r->s[0] != '=' || r->s[1] == '=' || r->s[1] == '>' || never_name(keyword_token(r->p, id))) return 0;
  r->s++;
  blanks(r);
  uint32_t child = value(r, id), made = child ? node(r, N_ATTR, id, child, start) : 0;
  blanks(r); /* up to the end of the line or of the resource */
  return *r->s == '\n' || *r->s == '#' || *r->s == '}' ? made : 0;
}

/* The name of a resource. At a glance it is not looked up: its hash tells where it will be when all else has been read. */
static bool named(struct reader *r) {
  const struct names *names = &r->p->c->names;
  const char *word = r->s;
  size_t n = word_length(word);
  if (n == 0 || truth(word, n)) return false;
  r->label = offset(r, word);
  r->label_length = (uint32_t)n;
  r->hash = name_hash(word, n);
  r->s += n;
  if (!r->glance) return keyword_token(r->p, r->id = name_of_hashed(&r->p->c->names, word, n, r->hash)) == 0;
  name_expect_hashed(names, r->hash);
  return class(word[n - 1]) == DIGIT || keyword_token(r->p, name_find_hashed(names, word, n, r->hash)) == 0;
}

/* `KIND NAME {`, its attributes and `}`. */
static uint32_t resource(struct reader *r) {
  const char *start = r->s;
  size_t n = word_length(start);
  if (n == 0 || truth(start, n) || !blank(start[n])) return 0;
  uint32_t kind = name(r, start, n);
  if (keyword_token(r->p, kind) != 0) return 0;
  r->s += n;
  blanks(r);
  const char *word = r->s;
  if (!named(r)) return 0;
  uint32_t last = text_literal(r, r->id, word), label = last;
  blanks(r);
  r->brace = offset(r, r->s);
  if (*r->s++ != '{') return 0;
  while (plain_space(r) && *r->s != '}') {
    uint32_t item = attribute(r);
    if (item == 0) return 0;
    chain(r, last, item);
    last = item;
  }
  if (*r->s != '}') return 0;
  r->s++;
  if (!r->glance) return node(r, N_RESOURCE, kind, label, start);
  r->nodes++;
  return kind;
}

/* Which shape this is: one known, or a new one. NONE when there are too many. */
static uint32_t shape_of(const struct reader *r, uint32_t kind) {
  struct tree *t = r->p->tree;
  uint32_t *usual = &r->p->usual_shape;
  if (r->n > SHAPE_NAMES) return NONE;
  for (uint32_t i = 0; i < t->shapes.n; i++) {
    uint32_t at = (*usual + i) % t->shapes.n;
    const struct plain_shape *x = &t->shapes.at[at];
    if (x->kind == kind && x->n == r->n && memcmp(x->names, r->names, r->n * sizeof *r->names) == 0) return *usual = at;
  }
  if (t->shapes.n >= SHAPES_MOST) return NONE;
  uint32_t *names = arena_array(&t->c->arena, uint32_t, r->n + 1u);
  struct plain_shape shape = {.kind = kind, .n = r->n, .names = names, .nodes = 2 /* the label, the resource */};
  memcpy(names, r->names, r->n * sizeof *names);
  for (uint32_t i = 0; i < r->n; i++) {
    shape.changes = shape.changes || names[i] == 0;
    shape.nodes += names[i] != 0 || names[i - 1] != 0; /* an attribute; a transition */
  }
  array_push(&t->c->arena, &t->shapes, shape);
  return *usual = t->shapes.n - 1;
}

bool layout_same(const struct plain_layout *x, const struct plain_layout *y, uint32_t n) {
  if (x->head != y->head || x->brace != y->brace || x->line != y->line || x->first != y->first || memcmp(x->text, y->text, x->head) != 0) return false;
  for (uint32_t i = 0; i <= n; i++)
    if (x->gaps[i].n != y->gaps[i].n || memcmp(x->text + x->gaps[i].at, y->text + y->gaps[i].at, x->gaps[i].n) != 0) return false;
  return true;
}

/* It was met: its place among those that are tried. */
static void layout_met(struct parser *p, uint32_t layout) {
  uint32_t i = p->layout_count < LAYOUTS_USUAL ? p->layout_count++ : LAYOUTS_USUAL - 1;
  p->layouts[i] = (struct usual_layout){layout, 1};
}

/* Keeps what stands between the values of this one, where no other had the same; 0 when there are too many such already, or its lines end
 * somewhere else. */
static uint32_t layout_new(const struct reader *r, uint32_t shape, const char *start) {
  struct tree *t = r->p->tree;
  uint32_t begin = offset(r, start), end = offset(r, r->s), last = r->label + r->label_length, at = 0;
  uint32_t behind = r->n ? r->values_at[r->n - 1].end : last;
  bool one_line = r->line_start <= begin;
  if (!one_line && r->line_start < behind) return 0;
  struct plain_gap gaps[SHAPE_NAMES + 1];
  for (uint32_t i = 0; i < r->n; last = r->values_at[i++].end) gaps[i] = (struct plain_gap){last - begin, r->values_at[i].start - last};
  gaps[r->n] = (struct plain_gap){last - begin, end - last};
  struct plain_layout made = {shape, start, r->label - begin, r->brace - r->label - r->label_length, gaps, one_line ? 0 : end - r->line_start, one_line ? 0 : end - r->first_at};
  while (at < t->layouts.n && (t->layouts.at[at].shape != shape || !layout_same(&t->layouts.at[at], &made, r->n))) at++;
  if (at == LAYOUTS_MOST) return 0;
  if (at == t->layouts.n) {
    made.gaps = memcpy(arena_array(&t->c->arena, struct plain_gap, r->n + 1u), gaps, (r->n + 1u) * sizeof *gaps);
    array_push(&t->c->arena, &t->layouts, made);
  }
  layout_met(r->p, at);
  return at + 1;
}

static inline bool equal(const char *a, const char *b, uint32_t n) {
  uint64_t x[2], y[2];
  if (n < 8 || n > 16) return memcmp(a, b, n) == 0;
  memcpy(&x[0], a, 8);
  memcpy(&x[1], a + n - 8, 8);
  memcpy(&y[0], b, 8);
  memcpy(&y[1], b + n - 8, 8);
  return x[0] == y[0] && x[1] == y[1];
}

static inline bool same(struct reader *r, const char *text, uint32_t n) {
  if (r->p->length - offset(r, r->s) < n || !equal(r->s, text, n)) return false;
  r->s += n;
  return true;
}

/* A resource that says the same as another but for its name and its values. */
static bool alike(struct reader *r, const struct plain_layout *x) {
  if (!same(r, x->text, x->head) || !named(r)) return false;
  r->brace = offset(r, r->s) + x->brace;
  const struct plain_shape *shape = &r->p->tree->shapes.at[x->shape];
  r->n = shape->n;
  for (uint32_t i = 0; i < shape->n; i++)
    if (!same(r, x->text + x->gaps[i].at, x->gaps[i].n) || (*r->s == '[' ? list(r) : single(r)) == 0) return false;
  r->nodes += shape->nodes;
  r->values++;
  return same(r, x->text + x->gaps[shape->n].at, x->gaps[shape->n].n);
}

/* Where the line at hand and its first token begin, behind a resource of a layout. */
static void lines_behind(struct reader *r, const struct plain_layout *x) {
  if (!x->line) return;
  r->line_start = offset(r, r->s) - x->line;
  r->first_at = offset(r, r->s) - x->first;
}

static void begin(struct reader *r, const char *start, bool glance) {
  r->s = start;
  r->glance = glance;
  r->place = r->nodes = r->values = r->n = 0;
}

/* The layout of the resource that begins here, plus one, when it is one of those that were seen; 0. */
static uint32_t layout_seen(struct reader *r) {
  const struct tree *t = r->p->tree;
  const char *start = r->s;
  for (uint32_t i = 0; i < r->p->layout_count; i++) {
    struct usual_layout *usual = &r->p->layouts[i], met = *usual;
    const struct plain_layout *x = &t->layouts.at[met.layout];
    if (alike(r, x)) {
      usual->met = ++met.met;
      if (i > 0 && usual[-1].met < met.met) *usual = usual[-1], usual[-1] = met;
      lines_behind(r, x);
      return met.layout + 1;
    }
    begin(r, start, true);
  }
  return 0;
}

bool plain_glance(struct reader *r, uint32_t *shape, uint32_t *layout) {
  const char *start = r->s;
  begin(r, start, true);
  if ((*layout = layout_seen(r)) != 0) {
    *shape = r->p->tree->layouts.at[*layout - 1].shape;
    return true;
  }
  uint32_t kind = resource(r);
  if (kind == 0) return false;
  *shape = shape_of(r, kind);
  *layout = *shape == NONE ? 0 : layout_new(r, *shape, start);
  return true;
}

/* The node of a resource, for as long as nobody asks for more. */
static uint32_t asleep(struct reader *r, uint32_t shape, uint32_t layout, const char *start) {
  struct tree *t = r->p->tree;
  uint32_t made = r->nodes - 1; /* that of the resource is there already */
  if (layout == 0) array_push(&t->c->arena, &t->plains, ((struct plain){r->id, r->label, shape, 0}));
  t->asleep_nodes += made;
  t->asleep_values += r->values;
  t->changing += t->shapes.at[shape].changes;
  r->glance = false;
  uint32_t id = node(r, N_PLAIN, layout ? layout - 1 : PLAIN_ALONE | (t->plains.n - 1), 0, start);
  t->nodes.at[id].doc = layout ? r->id : 0;
  return id;
}

/* What the second thread has seen of the one that begins here; 0 when that is nothing. */
static uint32_t taken_over(struct reader *r) {
  uint32_t layout;
  const struct glimpse *g = ahead_at(r->p->ahead, offset(r, r->s), &layout);
  if (g == NULL || layout == 0) return 0;
  const struct plain_layout *x = &r->p->tree->layouts.at[layout - 1];
  const char *start = r->s;
  r->label = g->start + x->head;
  r->label_length = g->label_length;
  r->brace = r->label + g->label_length + x->brace;
  r->nodes = g->nodes;
  r->values = g->values;
  r->id = name_of_hashed(&r->p->c->names, r->p->text + r->label, g->label_length, g->hash);
  r->s = r->p->text + g->end;
  lines_behind(r, x);
  return asleep(r, x->shape, layout, start);
}

/* The resource that begins here: its node, 0 when it is none of plain values. */
static uint32_t next(struct reader *r) {
  const char *start = r->s;
  uint32_t line_start = r->line_start, first_at = r->first_at, shape, layout, made;
  if (r->p->ahead != NULL && (made = taken_over(r)) != 0) return made;
  if (!plain_glance(r, &shape, &layout)) return 0;
  r->id = name_of_hashed(&r->p->c->names, r->p->text + r->label, r->label_length, r->hash);
  if (shape != NONE) return asleep(r, shape, layout, start);
  begin(r, start, false);
  r->line_start = line_start;
  r->first_at = first_at;
  return resource(r);
}

bool plain_resources(struct parser *p, struct token *t, struct part *out) {
  struct reader r = {.p = p, .s = p->text + p->scanned, .line_start = p->line_start, .first_at = p->first_at};
  *out = (struct part){0, 0, 0};
  while (plain_space(&r)) {
    uint32_t start = offset(&r, r.s), made = next(&r);
    if (made == 0) break;
    if (out->node == 0) {
      out->node = made;
      t->at.start = start;
    } else p->tree->nodes.at[out->last].next = made;
    out->last = made;
    t->at.end = offset(&r, r.s);
    p->line_start = r.line_start;
    p->first_at = r.first_at;
    p->before = p->last;
    p->last = (struct token){T_RBRACE, range_of(t->at.end - 1, t->at.end), r.brace}; /* as the scanner would leave it */
  }
  if (out->node == 0) return false;
  t->type = T_PLAIN;
  t->opener = NONE;
  scanner_seek(p->scanner, t->at.end);
  if (p->first_token == NONE) p->first_token = t->at.start;
  return true;
}

/* ── Those that sleep ──────────────────────────────────────────────────────── */

void tree_room_to_wake(struct tree *tree, uint32_t more_nodes, uint32_t more_values) {
  struct arena *a = &tree->c->arena;
  uint32_t nodes = tree->nodes.n + tree->asleep_nodes + more_nodes, values = tree->values.n + tree->asleep_values + more_values;
  if (tree->nodes.cap < nodes) tree->nodes.at = arena_grow(a, tree->nodes.at, tree->nodes.n, &tree->nodes.cap, nodes, sizeof *tree->nodes.at);
  if (tree->values.cap < values)
    tree->values.at = arena_grow(a, tree->values.at, tree->values.n, &tree->values.cap, values, sizeof *tree->values.at);
}

/* Who reads again from here on. The names that stood in these places before are the first to be tried. */
static struct reader reader_again(struct tree *tree, uint32_t source, uint32_t start) {
  if (tree->again == NULL) {
    tree->again = arena_new(&tree->c->arena, struct parser);
    *tree->again = (struct parser){.c = tree->c, .tree = tree};
  }
  tree->again->source = source;
  tree->again->text = tree->c->sources.at[source].text;
  return (struct reader){.p = tree->again, .s = tree->again->text + start};
}

uint32_t plain_nodes(struct tree *tree, struct span at) {
  struct reader r = reader_again(tree, at.source, at.start);
  return value(&r, 0);
}

void tree_wake(struct tree *tree, uint32_t node) {
  const struct node n = tree->nodes.at[node];
  if (n.type != N_PLAIN) return;
  struct reader r = reader_again(tree, n.source, n.start);
  uint32_t made = resource(&r);
  tree->asleep_nodes -= r.nodes - 1;
  tree->asleep_values -= r.values;
  struct node *slot = &tree->nodes.at[node];
  slot->type = N_RESOURCE;
  slot->text = tree->nodes.at[made].text;
  slot->child = tree->nodes.at[made].child;
  slot->doc = 0;
  tree->nodes.n--; /* its own is the one that slept */
}

