/* The bytes of plain values: where they end and what they are, and what those of a resource that sleeps say.
 * Needs text with a NUL byte behind it; of one that sleeps, that it is plain. Guarantees that what might be a mistake, or a longer token, is
 * none. */
#include "syntax/plain.h"

#include <string.h>

#define L LETTER
#define D DIGIT
const uint8_t plain_classes[256] = {
    ['0'] = D, D, D, D, D, D, D, D, D, D,
    ['A'] = L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L,
    ['a'] = L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, ['_'] = L,
    [' '] = BLANK | ENDS, ['\t'] = BLANK | ENDS, ['\r'] = BLANK | ENDS, ['\n'] = ENDS | STOPS, [','] = ENDS, [']'] = ENDS,
    ['"'] = STOPS, ['\\'] = STOPS, ['$'] = STOPS, ['\0'] = STOPS};
#undef L
#undef D

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

enum value_type number_type(const char *s, size_t *length) {
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

size_t usual_number(const char *s, struct plain_value *out) {
  const char *p = s;
  uint32_t all = 0;
  for (unsigned dots = 0;; dots++, p++) {
    const char *from = p;
    uint32_t part = (uint32_t)*p - '0', digit;
    if (part > 9) return 0;
    for (p++; (digit = (uint32_t)*p - '0') <= 9 && p - from < 6; p++) part = part * 10 + digit;
    if (*from == '0' && p - from > 1) return 0;
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

/* ── Those that sleep ──────────────────────────────────────────────────────── */

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

/* The same of a list whose elements are wanted; *n: how many there are. */
static const char *listed(const char *text, const char *s, struct plain_value *out, struct plain_value *items, uint32_t room, uint32_t *n) {
  struct plain_value beyond;
  *out = (struct plain_value){.type = V_LIST, .start = (uint32_t)(s - text)};
  for (s++;; (*n)++) {
    while (blank(*s) || *s == ',') s++;
    if (*s == ']') break;
    s = glanced(text, s, *n < room ? &items[*n] : &beyond);
  }
  out->end = (uint32_t)(++s - text);
  return s;
}

void plain_read(const struct tree *tree, uint32_t node, struct plain_value *out) { (void)plain_read_list(tree, node, out, NONE, NULL, 0); }

uint32_t plain_read_list(const struct tree *tree, uint32_t node, struct plain_value *out, uint32_t list, struct plain_value *items, uint32_t room) {
  const struct node *n = &tree->nodes.at[node];
  struct plain plain = plain_of(tree, node), *p = &plain;
  const char *text = tree->c->sources.at[n->source].text, *s = text + p->label + name_length(&tree->c->names, p->name);
  const struct plain_gap *gaps = p->layout ? tree->layouts.at[p->layout - 1].gaps : NULL;
  uint32_t found = 0, all = tree->shapes.at[p->shape].n;
  for (uint32_t i = 0; gaps != NULL && i < all; i++) {
    s += gaps[i].n;
    s = i == list && *s == '[' ? listed(text, s, &out[i], items, room, &found) : glanced(text, s, &out[i]);
  }
  if (gaps != NULL) return found;
  s = strchr(s, '{') + 1;
  for (uint32_t i = 0; i < all; i++) {
    uint32_t name = tree->shapes.at[p->shape].names[i];
    while (name != 0 && class(*s) != LETTER) {
      if (*s == '#') s = strchr(s, '\n');
      else s++;
    }
    s += name_length(&tree->c->names, name);
    while (*s != (name != 0 ? '=' : '>')) s++;
    for (s++; blank(*s);) s++;
    s = i == list && *s == '[' ? listed(text, s, &out[i], items, room, &found) : glanced(text, s, &out[i]);
  }
  return found;
}

/* The value behind the arrow that follows. */
static const char *behind_arrow(const char *s) {
  while (*s != '>') s++;
  for (s++; blank(*s);) s++;
  return s;
}

bool plain_link(const struct tree *tree, struct span at, uint32_t nth, struct plain_value *out) {
  const char *text = tree->c->sources.at[at.source].text, *s = glanced(text, text + at.start, out);
  for (; nth > 0 && s < text + at.end; nth--) s = glanced(text, behind_arrow(s), out);
  return nth == 0;
}

void plain_links(const struct tree *tree, struct span at, struct span *out) {
  const char *text = tree->c->sources.at[at.source].text, *s = text + at.start;
  struct plain_value v;
  for (;; s = behind_arrow(s)) {
    s = glanced(text, s, &v);
    *out++ = (struct span){at.source, v.start, v.end};
    if (s == text + at.end) break;
  }
}

bool plain_literal(const struct tree *tree, uint32_t source, const struct plain_value *v, struct value *out) {
  const char *s = tree->c->sources.at[source].text + v->start, *why;
  size_t n = v->end - v->start;
  *out = (struct value){.type = v->type};
  if (v->type == V_WORD || v->type == V_LIST) return false;
  if (v->type == V_STRING) out->name = name_of(&tree->c->names, s + 1, n - 2);
  else if (v->type == V_BOOL) out->number = *s == 't';
  else if (v->read && v->type == V_ADDRESS) out->from = out->to = address_v4(v->number);
  else if (v->read) out->proto = v->proto, out->lo = out->hi = v->number;
  else if (!literal_read(&tree->c->names, (enum value_type)v->type, s, n, out, &why)) return false;
  out->at = (struct span){source, v->start, v->end};
  return true;
}

bool plain_element(const struct tree *tree, uint32_t source, uint32_t *at, struct plain_value *out) {
  const char *text = tree->c->sources.at[source].text, *s = text + *at;
  while (blank(*s) || *s == ',' || *s == '[') s++;
  if (*s == ']') return false;
  *at = (uint32_t)(glanced(text, s, out) - text);
  return true;
}
