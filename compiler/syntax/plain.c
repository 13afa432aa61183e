/* Resources that say nothing but plain values, which in a large plan are nearly all: text -> their nodes, without a token
 * and a dozen reductions for each word.
 * Needs a parser between two declarations. Guarantees the nodes that the grammar would make, or none: whatever is not certain
 * within its line, a word of the language, an operator, a mistake, is left to the grammar. */
#include "syntax/parse.h"
#include "cut.tab.h"

#include <string.h>

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
};

static uint8_t class(char c) { return classes[(unsigned char)c]; }
static bool blank(char c) { return class(c) & BLANK; }
/* What may follow a value: nothing that a longer token goes on with. */
static bool ends(char c) { return class(c) & ENDS; }
static uint32_t offset(const struct reader *r, const char *s) { return (uint32_t)(s - r->p->text); }
static struct range from(const struct reader *r, const char *start) { return range_of(offset(r, start), offset(r, r->s)); }
static uint32_t node(struct reader *r, enum node_type type, uint32_t text, uint32_t child, const char *start) {
  struct tree *t = r->p->tree;
  array_push(&r->p->c->arena, &t->nodes,
             (struct node){.type = (uint8_t)type, .source = (uint16_t)r->p->source, .start = offset(r, start), .end = offset(r, r->s), .text = text, .child = child});
  return t->nodes.n - 1;
}
static uint32_t literal(struct reader *r, struct value *v, const char *start) {
  struct tree *t = r->p->tree;
  v->at = span_of(r->p, from(r, start));
  array_push(&r->p->c->arena, &t->values, (struct guarded){*v, 0});
  return node(r, N_LITERAL, t->values.n - 1, 0, start);
}
static uint32_t text_literal(struct reader *r, uint32_t name, const char *start) {
  return literal(r, &(struct value){.type = V_STRING, .name = name}, start);
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
  uint32_t text = name(r, start + 1, (size_t)(r->s++ - start - 1));
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
    else r->p->tree->nodes.at[last].next = item;
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
    r->p->tree->nodes.at[last].next = next;
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
  uint32_t child = value(r);
  return child ? node(r, N_ATTR, id, child, start) : 0;
}

/* `KIND NAME {`, its attributes and `}`. */
static uint32_t resource(struct reader *r, uint32_t *brace) {
  const char *start = r->s;
  uint32_t kind = free_word(r);
  if (kind == 0 || !blank(*r->s)) return 0;
  blanks(r);
  const char *word = r->s;
  size_t n = word_length(word);
  if (n == 0 || truth(word, n)) return 0;
  uint32_t id = name_of(&r->p->c->names, word, n);
  if (keyword_token(r->p, id) != 0) return 0;
  r->s += n;
  uint32_t last = text_literal(r, id, word), label = last;
  blanks(r);
  *brace = offset(r, r->s);
  if (*r->s++ != '{') return 0;
  while (space(r) && *r->s != '}') {
    uint32_t item = attribute(r);
    if (item == 0) return 0;
    r->p->tree->nodes.at[last].next = item;
    last = item;
  }
  if (*r->s != '}') return 0;
  r->s++;
  return node(r, N_RESOURCE, kind, label, start);
}

bool plain_resource(struct parser *p, struct token *t, struct part *out) {
  struct reader r = {.p = p, .s = p->text + p->scanned, .line_start = p->line_start, .first_at = p->first_at};
  uint32_t nodes = p->tree->nodes.n, values = p->tree->values.n, brace = 0;
  if (!space(&r)) return false;
  const char *start = r.s;
  uint32_t made = resource(&r, &brace);
  if (made == 0) {
    p->tree->nodes.n = nodes;
    p->tree->values.n = values;
    return false;
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
