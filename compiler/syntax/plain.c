/* Resources that say nothing but plain values, which in a large plan are nearly all: text -> their nodes, without a token
 * and a dozen reductions for each word. Where no value changes only the place of the text is kept, and the nodes are made for who asks.
 * Needs a parser between two declarations. Guarantees the nodes that the grammar would make, or none: whatever is not certain
 * within its line, a word of the language, an operator, a mistake, is left to the grammar. */
#include "syntax/parse.h"
#include "cut.tab.h"

#include <string.h>

enum { SHAPE_NAMES = 24, SHAPES_MOST = 256 }; /* what has more attributes, or looks like no other, gets its nodes at once */
enum { LAYOUTS_MOST = 256, LAYOUTS_TRIED = 4 };
enum { LETTER = 1, DIGIT = 2, NAME = LETTER | DIGIT, BLANK = 4, ENDS = 8, STOPS = 16 /* a string, or what makes it more than its bytes */ };
#define L LETTER
#define D DIGIT
static const uint8_t classes[256] = {
    ['0'] = D, D, D, D, D, D, D, D, D, D,
    ['A'] = L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L,
    ['a'] = L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, ['_'] = L,
    [' '] = BLANK | ENDS, ['\t'] = BLANK | ENDS, ['\r'] = BLANK | ENDS, ['\n'] = ENDS | STOPS, [','] = ENDS, [']'] = ENDS,
    ['"'] = STOPS, ['\\'] = STOPS, ['$'] = STOPS, ['\0'] = STOPS};
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
  struct range values_at[SHAPE_NAMES];
  uint32_t id, label, brace; /* the resource's name, and where it and the `{` stand */
};

static uint8_t class(char c) { return classes[(unsigned char)c]; }
static bool blank(char c) { return class(c) & BLANK; }
/* What may follow a value: nothing that a longer token goes on with. */
static bool ends(char c) { return class(c) & ENDS; }
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
static uint32_t free_word(struct reader *r, size_t n) {
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

/* What most that begins with a digit is, an address of four numbers or a port: its length, 0 when it is none or may have a mistake. */
static size_t usual_number(const char *s, struct plain_value *out) {
  const char *p = s;
  uint32_t all = 0;
  for (unsigned dots = 0;; dots++, p++) {
    const char *from = p;
    uint32_t part = 0;
    while (class(*p) == DIGIT && p - from < 6) part = part * 10 + (uint32_t)(*p++ - '0');
    if (p == from || (*from == '0' && p - from > 1)) return 0;
    if (dots == 0 && p[0] == '/' && part - 1 < 65535) {
      bool tcp = p[1] == 't' && p[2] == 'c' && p[3] == 'p', udp = p[1] == 'u' && p[2] == 'd' && p[3] == 'p';
      *out = (struct plain_value){.type = V_PORT, .read = true, .number = part, .proto = tcp ? PROTO_TCP : PROTO_UDP};
      return (tcp || udp) && ends(p[4]) ? (size_t)(p + 4 - s) : 0;
    }
    if (part > 255) return 0;
    all = all << 8 | part;
    if (dots == 3) {
      *out = (struct plain_value){.type = V_ADDRESS, .read = true, .number = all};
      return ends(*p) ? (size_t)(p - s) : 0;
    }
    if (*p != '.') return 0;
  }
}

static uint32_t number(struct reader *r) {
  const char *start = r->s, *why;
  size_t n;
  struct value v;
  struct plain_value usual;
  if (r->glance && (n = usual_number(start, &usual)) != 0) {
    r->s += n;
    return literal_glanced(r);
  }
  enum value_type type = number_type(start, &n);
  if (type == V_NONE || !literal_read(r->p, type, start, n, &v, &why)) return 0;
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
  bool yes = n == 4 && !memcmp(start, "true", 4);
  if (!ends(start[n])) return 0;
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

/* What the grammar calls a transition, up to the end of its line or its resource. */
static uint32_t value(struct reader *r) {
  const char *start = r->s;
  uint32_t first = *start == '[' ? list(r) : single(r), last = first;
  const char *end = r->s;
  for (blanks(r); last && r->s[0] == '-' && r->s[1] == '>'; blanks(r)) {
    r->arrow = true;
    if (r->glance) return 0; /* it is not to sleep */
    r->s += 2;
    blanks(r);
    uint32_t next = *r->s == '[' ? list(r) : single(r);
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
  const char *from_here = r->s;
  uint32_t child = value(r);
  if (r->n <= SHAPE_NAMES) r->values_at[r->n - 1] = from(r, from_here);
  return child ? node(r, N_ATTR, id, child, start) : 0;
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
  n = word_length(word);
  if (n == 0 || truth(word, n)) return 0;
  r->label = offset(r, word);
  if (r->glance) name_expect(&r->p->c->names, word, n); /* looked up when all else has been read */
  else if (keyword_token(r->p, r->id = name_of(&r->p->c->names, word, n)) != 0) return 0;
  r->s += n;
  uint32_t last = text_literal(r, r->id, word), label = last;
  blanks(r);
  r->brace = offset(r, r->s);
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

/* Keeps what stands between the values of this one; 0 when there are too many such already, or its lines end somewhere else. */
static uint32_t layout_new(const struct reader *r, uint32_t shape, const char *start) {
  struct tree *t = r->p->tree;
  uint32_t begin = offset(r, start), end = offset(r, r->s), at = r->label + name_length(&t->c->names, r->id);
  uint32_t behind = r->n ? r->values_at[r->n - 1].end : at;
  bool one_line = r->line_start <= begin;
  if (t->layouts.n >= LAYOUTS_MOST || (!one_line && r->line_start < behind)) return 0;
  struct plain_gap *gaps = arena_array(&t->c->arena, struct plain_gap, r->n + 1u);
  for (uint32_t i = 0; i < r->n; at = r->values_at[i++].end) gaps[i] = (struct plain_gap){at - begin, r->values_at[i].start - at};
  gaps[r->n] = (struct plain_gap){at - begin, end - at};
  array_push(&t->c->arena, &t->layouts,
             ((struct plain_layout){shape, start, r->label - begin, r->brace - r->label - name_length(&t->c->names, r->id), gaps, one_line ? 0 : end - r->line_start, one_line ? 0 : end - r->first_at}));
  return r->p->usual_layout = t->layouts.n;
}

static bool same(struct reader *r, const char *text, uint32_t n) {
  if (r->p->length - offset(r, r->s) < n || memcmp(r->s, text, n) != 0) return false;
  r->s += n;
  return true;
}

/* A resource that says the same as another but for its name and its values. */
static bool alike(struct reader *r, const struct plain_layout *x) {
  struct names *names = &r->p->c->names;
  if (!same(r, x->text, x->head)) return false;
  const char *word = r->s;
  size_t length = word_length(word);
  if (length == 0 || truth(word, length)) return false;
  name_expect(names, word, length);
  r->label = offset(r, word);
  r->s += length;
  r->brace = offset(r, r->s) + x->brace;
  r->n = r->p->tree->shapes.at[x->shape].n;
  for (uint32_t i = 0; i < r->n; i++)
    if (!same(r, x->text + x->gaps[i].at, x->gaps[i].n) || (*r->s == '[' ? list(r) : single(r)) == 0) return false;
  if (!same(r, x->text + x->gaps[r->n].at, x->gaps[r->n].n)) return false;
  r->nodes += r->n + 2; /* the attributes, the label, the resource */
  r->values++;
  if (x->line) {
    r->line_start = offset(r, r->s) - x->line;
    r->first_at = offset(r, r->s) - x->first;
  }
  r->id = name_of(names, word, length);
  return keyword_token(r->p, r->id) == 0;
}

/* The layout of the resource that begins here, plus one, when it is one of those that were seen; 0. */
static uint32_t layout_seen(struct reader *r) {
  const struct tree *t = r->p->tree;
  const struct reader before = *r;
  for (uint32_t i = 0; i < t->layouts.n && i < LAYOUTS_TRIED; i++) {
    uint32_t at = (r->p->usual_layout + t->layouts.n - 1 - i) % t->layouts.n;
    if (alike(r, &t->layouts.at[at])) return r->p->usual_layout = at + 1;
    *r = before;
  }
  return 0;
}

/* The node of a resource that nothing changes. */
static uint32_t asleep(struct reader *r, uint32_t shape, uint32_t layout, const char *start) {
  struct tree *t = r->p->tree;
  uint32_t made = r->nodes - 1; /* that of the resource is there already */
  array_push(&t->c->arena, &t->plains, ((struct plain){r->id, r->label, shape, layout}));
  t->asleep_nodes += made;
  t->asleep_values += r->values;
  r->glance = false;
  uint32_t id = node(r, N_PLAIN, t->shapes.at[shape].kind, 0, start);
  t->nodes.at[id].doc = t->plains.n - 1;
  return id;
}

bool plain_resource(struct parser *p, struct token *t, struct part *out) {
  struct reader r = {.p = p, .s = p->text + p->scanned, .line_start = p->line_start, .first_at = p->first_at, .glance = true};
  if (!space(&r)) return false;
  struct reader again = r;
  const char *start = r.s;
  uint32_t layout = layout_seen(&r), made;
  if (layout != 0) {
    made = asleep(&r, p->tree->layouts.at[layout - 1].shape, layout, start);
  } else {
    uint32_t kind = resource(&r), shape = kind == 0 ? NONE : shape_of(&r, kind), nodes = p->tree->nodes.n, values = p->tree->values.n;
    if (kind == 0 && !r.arrow) return false;
    if (shape != NONE) {
      made = asleep(&r, shape, layout_new(&r, shape, start), start);
    } else {
      r = again;
      r.glance = false;
      made = resource(&r);
      if (made == 0) { /* plain up to its first arrow */
        p->tree->nodes.n = nodes;
        p->tree->values.n = values;
        return false;
      }
    }
  }
  *t = (struct token){T_PLAIN, from(&r, start), NONE};
  *out = (struct part){made, made, 0};
  scanner_seek(p->scanner, t->at.end);
  p->line_start = r.line_start;
  p->first_at = r.first_at;
  if (p->first_token == NONE) p->first_token = t->at.start;
  p->before = p->last;
  p->last = (struct token){T_RBRACE, range_of(t->at.end - 1, t->at.end), r.brace}; /* as the scanner would leave it */
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
  uint32_t made = resource(&r);
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
  out->read = false;
  if (is == DIGIT) {
    if ((n = usual_number(s, out)) == 0) *out = (struct plain_value){.type = (uint8_t)number_type(s, &n)};
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
  const char *text = tree->c->sources.at[n->source].text, *s = text + p->label + name_length(&tree->c->names, p->name);
  const struct plain_gap *gaps = p->layout ? tree->layouts.at[p->layout - 1].gaps : NULL;
  for (uint32_t i = 0; gaps != NULL && i < tree->shapes.at[p->shape].n; i++) s = glanced(text, s + gaps[i].n, &out[i]);
  if (gaps != NULL) return;
  s = strchr(s, '{') + 1;
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
