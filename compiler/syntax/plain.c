/* Resources that say nothing but plain values, which in a large plan are nearly all: text -> their nodes, without a token
 * and a dozen reductions for each word. Where no value changes only the place of the text is kept, and the nodes are made for who asks.
 * Needs a parser between two declarations. Guarantees the nodes that the grammar would make, or none: whatever is not certain
 * within its line, a word of the language, an operator, a mistake, is left to the grammar. */
#include "syntax/parse.h"
#include "cut.tab.h"

#include <string.h>

enum { SHAPE_NAMES = 24, SHAPES_MOST = 256 }; /* what has more attributes, or looks like no other, gets its nodes at once */
enum { LETTER = 1, DIGIT = 2, NAME = LETTER | DIGIT, BLANK = 4, ENDS = 8 };
#define L LETTER
#define D DIGIT
static const uint8_t classes[256] = {
    ['0'] = D, D, D, D, D, D, D, D, D, D,
    ['A'] = L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L,
    ['a'] = L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, ['_'] = L,
    [' '] = BLANK | ENDS, ['\t'] = BLANK | ENDS, ['\r'] = BLANK | ENDS, ['\n'] = ENDS, [','] = ENDS, [']'] = ENDS};
#undef L
#undef D

struct reader {
  struct parser *p;
  const char *s;        /* the next byte */
  uint32_t line_start, first_at; /* as in the parser */
  uint32_t place;       /* of p->usual: grows with each word */
  bool glance;          /* is it plain? Nodes and values are counted and not made, names not looked up */
  bool arrow;           /* a value changes */
  uint32_t nodes, values;
  uint32_t n, names[SHAPE_NAMES]; /* of the attributes so far */
  uint32_t id, label;   /* the resource's name, and where it stands */
};

static uint8_t class(char c) { return classes[(unsigned char)c]; }
static bool blank(char c) { return class(c) & BLANK; }
/* What may follow a value: nothing that a longer token goes on with. */
static bool ends(char c) { return class(c) & ENDS; }
static uint32_t offset(const struct reader *r, const char *s) { return (uint32_t)(s - r->p->text); }
static struct range from(const struct reader *r, const char *start) { return range_of(offset(r, start), offset(r, r->s)); }
static uint32_t node(struct reader *r, enum node_type type, uint32_t text, uint32_t child, const char *start) {
  struct tree *t = r->p->tree;
  r->nodes++;
  if (r->glance) return 1;
  array_push(&r->p->c->arena, &t->nodes,
             (struct node){.type = (uint8_t)type, .source = (uint16_t)r->p->source, .start = offset(r, start), .end = offset(r, r->s), .text = text, .child = child});
  return t->nodes.n - 1;
}
static uint32_t literal(struct reader *r, struct value *v, const char *start) {
  struct tree *t = r->p->tree;
  r->values++;
  if (r->glance) return node(r, N_LITERAL, 0, 0, start);
  v->at = span_of(r->p, from(r, start));
  array_push(&r->p->c->arena, &t->values, (struct guarded){*v, 0});
  return node(r, N_LITERAL, t->values.n - 1, 0, start);
}
static uint32_t text_literal(struct reader *r, uint32_t name, const char *start) {
  return literal(r, &(struct value){.type = V_STRING, .name = name}, start);
}
static void chain(struct reader *r, uint32_t last, uint32_t next) {
  if (!r->glance) r->p->tree->nodes.at[last].next = next;
}
static void blanks(struct reader *r) {
  while (blank(*r->s)) r->s++;
}

/* Blanks, line ends and comments; false before a `##` text and at the end. */
static bool space(struct reader *r) {
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

static size_t digits(const char *s) {
  size_t n = 0;
  while (class(s[n]) == DIGIT) n++;
  return n;
}

/* ── Words ─────────────────────────────────────────────────────────────────── */

static size_t word_length(const char *s) {
  size_t n = 1;
  if (class(*s) != LETTER) return 0;
  for (;; n += 2) {
    while (class(s[n]) & NAME) n++;
    if (s[n] != '-' || !(class(s[n + 1]) & NAME)) return n;
  }
}

/* The name of a text. One resource says much the same as the one before, in the same order: that name is tried first. */
static uint32_t name(struct reader *r, const char *s, size_t n) {
  const struct names *names = &r->p->c->names;
  uint32_t *usual = &r->p->usual[r->place++ % PLAIN_USUAL];
  if (name_length(names, *usual) != n || memcmp(name_text(names, *usual), s, n) != 0) *usual = name_of(&r->p->c->names, s, n);
  return *usual;
}

static bool truth(const char *s, size_t n) { return (n == 3 && !memcmp(s, "yes", 3)) || (n == 2 && !memcmp(s, "no", 2)); }

/* A word that is none of the language's, 0. */
static uint32_t free_word(struct reader *r) {
  size_t n = word_length(r->s);
  if (n == 0 || truth(r->s, n)) return 0;
  if (r->glance && class(r->s[n - 1]) == DIGIT) { /* no word of the language ends so */
    r->s += n;
    return 1;
  }
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

/* `443/tcp`, `:443`, `:1-9/udp`: what follows a host or stands alone. Bytes, 0 when it is none. */
static size_t ports(const char *s, bool proto) {
  size_t n = digits(s);
  if (n == 0) return 0;
  if (s[n] == '-') {
    size_t more = digits(s + n + 1);
    if (more == 0) return 0;
    n += 1 + more;
  }
  if (s[n] != '/') return proto ? 0 : n;
  n++;
  if (!strncmp(s + n, "tcp", 3) || !strncmp(s + n, "udp", 3)) return n + 3;
  return strncmp(s + n, "sctp", 4) ? 0 : n + 4;
}

static size_t duration(const char *s) {
  size_t n = 0;
  while (class(s[n]) == DIGIT) {
    n += digits(s + n);
    if (s[n] == 'm' && s[n + 1] == 's') n += 2;
    else if (s[n] == 's' || s[n] == 'm' || s[n] == 'h' || s[n] == 'd') n++;
    else return 0;
  }
  return n;
}

/* What begins with a digit, and its length; V_NONE when it is for the scanner to say. */
static enum value_type number_type(const char *s, size_t *length) {
  size_t n = digits(s), dots = 0, more;
  while (s[n] == '.' && class(s[n + 1]) == DIGIT) {
    n += 1 + digits(s + n + 1);
    dots++;
  }
  *length = n;
  if (ends(s[n])) return dots == 3 ? V_ADDRESS : dots == 0 ? V_NUMBER : V_VERSION;
  if (dots == 0) {
    if ((*length = ports(s, true)) != 0 && ends(s[*length])) return V_PORT;
    return (*length = duration(s)) != 0 && ends(s[*length]) ? V_DURATION : V_NONE;
  }
  if (dots != 3) return V_NONE;
  more = s[n] == ':' ? ports(s + n + 1, false) : s[n] == '/' ? digits(s + n + 1) : 0;
  *length = n + 1 + more;
  if (more == 0 || !ends(s[*length])) return V_NONE;
  return s[n] == ':' ? V_ENDPOINT : V_CIDR;
}

static uint32_t number(struct reader *r) {
  const char *start = r->s, *why;
  size_t n;
  struct value v;
  enum value_type type = number_type(start, &n);
  if (type == V_NONE || !literal_read(r->p, type, start, n, &v, &why)) return 0;
  r->s += n;
  return literal(r, &v, start);
}

static uint32_t string(struct reader *r) {
  const char *start = r->s++;
  while (*r->s != '"') {
    if (*r->s == '\\' || *r->s == '$' || *r->s == '\n' || *r->s == '\0') return 0;
    r->s++;
  }
  size_t n = (size_t)(r->s++ - start - 1);
  uint32_t text = r->glance ? 0 : name(r, start + 1, n);
  return ends(*r->s) ? text_literal(r, text, start) : 0;
}

static uint32_t reference(struct reader *r) {
  const char *start = r->s;
  size_t n = word_length(start);
  bool yes = n == 4 && !memcmp(start, "true", 4);
  if (!ends(start[n])) return 0;
  if (yes || (n == 5 && !memcmp(start, "false", 5))) {
    r->s += n;
    return literal(r, &(struct value){.type = V_BOOL, .number = yes}, start);
  }
  uint32_t id = free_word(r);
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

/* What the grammar calls a transition, up to the end of its line or its resource. */
static uint32_t value(struct reader *r) {
  const char *start = r->s;
  uint32_t first = *start == '[' ? list(r) : single(r), last = first;
  const char *end = r->s;
  for (blanks(r); last && r->s[0] == '-' && r->s[1] == '>'; blanks(r)) {
    r->s += 2;
    blanks(r);
    uint32_t next = *r->s == '[' ? list(r) : single(r);
    r->arrow = true;
    chain(r, last, next);
    last = next;
    end = r->s;
  }
  if (last == 0 || (*r->s != '\n' && *r->s != '#' && *r->s != '}')) return 0;
  r->s = end;
  return first == last ? first : node(r, N_TRANSITION, 0, first, start);
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
  if (r->n < SHAPE_NAMES) r->names[r->n] = id;
  r->n++;
  uint32_t child = value(r);
  return child ? node(r, N_ATTR, id, child, start) : 0;
}

/* `KIND NAME {`, its attributes and `}`. */
static uint32_t resource(struct reader *r, uint32_t *brace) {
  const char *start = r->s;
  size_t n = word_length(start);
  if (n == 0 || truth(start, n) || !blank(start[n])) return 0;
  uint32_t kind = name(r, start, n);
  if (keyword_token(r->p, kind) != 0) return 0;
  r->s += n;
  blanks(r);
  const char *word = r->s;
  n = word_length(word);
  if (n == 0 || truth(word, n)) return 0;
  r->label = offset(r, word);
  if (r->glance) name_expect(&r->p->c->names, word, n); /* looked up when all else has been read */
  else r->id = name_of(&r->p->c->names, word, n);
  r->s += n;
  uint32_t last = text_literal(r, r->id, word), label = last;
  blanks(r);
  *brace = offset(r, r->s);
  if (*r->s++ != '{') return 0;
  while (space(r) && *r->s != '}') {
    uint32_t item = attribute(r);
    if (item == 0) return 0;
    chain(r, last, item);
    last = item;
  }
  if (*r->s != '}') return 0;
  r->s++;
  if (r->glance) {
    r->nodes++;
    r->id = name_of(&r->p->c->names, word, n);
    return keyword_token(r->p, r->id) ? 0 : kind;
  }
  return node(r, N_RESOURCE, kind, label, start);
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
  memcpy(names, r->names, r->n * sizeof *names);
  array_push(&t->c->arena, &t->shapes, ((struct plain_shape){kind, r->n, names}));
  return *usual = t->shapes.n - 1;
}

/* The node of a resource that nothing changes; 0 for one that is to be read at once. */
static uint32_t asleep(struct reader *r, uint32_t kind, const char *start) {
  struct tree *t = r->p->tree;
  uint32_t shape = r->arrow ? NONE : shape_of(r, kind);
  if (shape == NONE) return 0;
  uint32_t made = r->nodes - 1; /* that of the resource is there already */
  array_push(&t->c->arena, &t->plains, ((struct plain){r->id, r->label, shape}));
  t->asleep_nodes += made;
  t->asleep_values += r->values;
  r->glance = false;
  uint32_t id = node(r, N_PLAIN, kind, 0, start);
  t->nodes.at[id].doc = t->plains.n - 1;
  return id;
}

bool plain_resource(struct parser *p, struct token *t, struct part *out) {
  struct reader r = {.p = p, .s = p->text + p->scanned, .line_start = p->line_start, .first_at = p->first_at, .glance = true};
  uint32_t brace = 0;
  if (!space(&r)) return false;
  struct reader again = r;
  const char *start = r.s;
  uint32_t kind = resource(&r, &brace), made = kind == 0 ? 0 : asleep(&r, kind, start);
  if (kind == 0) return false;
  if (made == 0) {
    r = again;
    r.glance = false;
    made = resource(&r, &brace);
  }
  *t = (struct token){T_PLAIN, from(&r, start), NONE};
  *out = (struct part){made, made, 0};
  scanner_seek(p->scanner, t->at.end);
  p->line_start = r.line_start;
  p->first_at = r.first_at;
  if (p->first_token == NONE) p->first_token = t->at.start;
  p->before = p->last;
  p->last = (struct token){T_RBRACE, range_of(t->at.end - 1, t->at.end), brace}; /* as the scanner would leave it */
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

void tree_wake(struct tree *tree, uint32_t node) {
  const struct node n = tree->nodes.at[node];
  if (n.type != N_PLAIN) return;
  struct parser p = {.c = tree->c, .tree = tree, .source = n.source, .text = tree->c->sources.at[n.source].text};
  struct reader r = {.p = &p, .s = p.text + n.start};
  uint32_t brace, made = resource(&r, &brace);
  tree->asleep_nodes -= r.nodes - 1;
  tree->asleep_values -= r.values;
  struct node *slot = &tree->nodes.at[node];
  slot->type = N_RESOURCE;
  slot->child = tree->nodes.at[made].child;
  slot->doc = 0;
  tree->nodes.n--; /* its own is the one that slept */
}

/* What begins here, in a text that is known to be plain. */
static const char *glanced(const char *text, const char *s, struct plain_value *out) {
  const char *start = s;
  uint8_t is = class(*s);
  size_t n = 0;
  if (is == DIGIT) {
    out->type = (uint8_t)number_type(s, &n);
    s += n;
  } else if (is == LETTER) {
    s += word_length(s);
    n = (size_t)(s - start);
    out->type = (n == 4 && !memcmp(start, "true", 4)) || (n == 5 && !memcmp(start, "false", 5)) ? V_BOOL : V_WORD;
  } else if (*s == '"') {
    out->type = V_STRING;
    s = strchr(s + 1, '"') + 1;
  } else {
    out->type = V_LIST; /* a string in it may hold a bracket */
    for (s++; *s != ']'; s++)
      if (*s == '"') s = strchr(s + 1, '"');
    s++;
  }
  out->start = (uint32_t)(start - text);
  out->end = (uint32_t)(s - text);
  return s;
}

void plain_read(const struct tree *tree, uint32_t node, struct plain_value *out) {
  const struct node *n = &tree->nodes.at[node];
  const struct plain *p = &tree->plains.at[n->doc];
  const char *text = tree->c->sources.at[n->source].text, *s = strchr(text + p->label, '{') + 1;
  for (uint32_t i = 0; i < tree->shapes.at[p->shape].n; i++) {
    while (class(*s) != LETTER) {
      if (*s == '#') s = strchr(s, '\n');
      else s++;
    }
    s += name_length(&tree->c->names, tree->shapes.at[p->shape].names[i]);
    while (*s != '=') s++;
    for (s++; blank(*s);) s++;
    s = glanced(text, s, &out[i]);
  }
}

bool plain_element(const struct tree *tree, uint32_t source, uint32_t *at, struct plain_value *out) {
  const char *text = tree->c->sources.at[source].text, *s = text + *at;
  while (blank(*s) || *s == ',' || *s == '[') s++;
  if (*s == ']') return false;
  *at = (uint32_t)(glanced(text, s, out) - text);
  return true;
}
