/* What the JSON of a model is made of: strings, times, names, guards, hosts, ports, values.
 * Guarantees valid JSON in UTF-8 whatever bytes names hold. */
#include "model/json.h"

#include <string.h>

/* ── Scalars ───────────────────────────────────────────────────────────────── */

/* Length of the well-formed UTF-8 sequence at s (of n bytes), 0 when there is none. */
static size_t sequence(const unsigned char *s, size_t n) {
  size_t want = s[0] < 0x80 ? 1 : s[0] >= 0xC2 && s[0] < 0xE0 ? 2 : s[0] >= 0xE0 && s[0] < 0xF0 ? 3 : s[0] >= 0xF0 && s[0] < 0xF5 ? 4 : 0;
  if (want == 0 || want > n) return 0;
  for (size_t i = 1; i < want; i++)
    if ((s[i] & 0xC0) != 0x80) return 0;
  if (s[0] == 0xE0 && s[1] < 0xA0) return 0; /* overlong */
  if (s[0] == 0xED && s[1] > 0x9F) return 0; /* surrogate */
  if (s[0] == 0xF0 && s[1] < 0x90) return 0;
  if (s[0] == 0xF4 && s[1] > 0x8F) return 0;
  return want;
}

static void string_bytes(struct text *t, const char *bytes, size_t n) {
  const unsigned char *s = (const unsigned char *)bytes;
  text_putc(t, '"');
  for (size_t i = 0; i < n;) {
    size_t k = sequence(s + i, n - i);
    if (k == 0) {
      text_puts(t, "\\ufffd"); /* a byte that is no text */
      i++;
    } else if (k > 1) {
      text_add(t, bytes + i, k);
      i += k;
    } else {
      unsigned char c = s[i++];
      if (c == '"' || c == '\\') text_putc(t, '\\'), text_putc(t, (char)c);
      else if (c == '\n') text_puts(t, "\\n");
      else if (c == '\t') text_puts(t, "\\t");
      else if (c == '\r') text_puts(t, "\\r");
      else if (c < 0x20 || c == 0x7F) text_print(t, "\\u%04x", c);
      else text_putc(t, (char)c);
    }
  }
  text_putc(t, '"');
}

void json_words(struct text *t, const char *s) { string_bytes(t, s, strlen(s)); }

void json_name(struct text *t, const struct model *m, uint32_t id) {
  string_bytes(t, name_text(&m->c->names, id), name_length(&m->c->names, id));
}

void json_name_or_null(struct text *t, const struct model *m, uint32_t id) {
  if (id == 0 || id == NONE) text_puts(t, "null");
  else json_name(t, m, id);
}

/* Milliseconds as seconds, with as many decimals as it takes. */
void json_seconds(struct text *t, int64_t ms) {
  if (ms < 0) text_puts(t, "null");
  else if (ms % 1000 == 0) text_print(t, "%lld", (long long)(ms / 1000));
  else {
    int width = 3;
    long long rest = ms % 1000;
    for (; rest % 10 == 0; rest /= 10) width--;
    text_print(t, "%lld.%0*lld", (long long)(ms / 1000), width, rest);
  }
}

void json_resource(struct text *t, const struct model *m, uint32_t id) {
  if (id == NONE) text_puts(t, "null");
  else json_name(t, m, m->resources.at[id].name);
}

void json_zone(struct text *t, const struct model *m, uint32_t id) {
  if (id == NONE) text_puts(t, "null");
  else json_name(t, m, m->zones.at[id].name);
}

/* A step's id, or STEP/RESOURCE for the part of a covering step: other hops of that resource may be a step of its name. */
void json_step(struct text *t, const struct model *m, uint32_t id) {
  if (id == NONE) text_puts(t, "null");
  else if (id < m->steps.n) json_name(t, m, m->steps.at[id].name);
  else {
    const struct part *part = &m->parts.at[id - m->steps.n];
    json_words(t, arena_print(&m->c->arena, "%s/%s", name_text(&m->c->names, m->steps.at[part->step].name),
                              name_text(&m->c->names, m->resources.at[part->resource].name)));
  }
}

void json_list(struct text *t, const struct model *m, const uint32_t *ids, uint32_t n,
                 void (*one)(struct text *, const struct model *, uint32_t)) {
  text_putc(t, '[');
  for (uint32_t i = 0; i < n; i++) {
    if (i > 0) text_puts(t, ", ");
    one(t, m, ids[i]);
  }
  text_putc(t, ']');
}

static void guard_half(struct text *t, const struct model *m, const struct guard *g, uint32_t sign) {
  bool first = true;
  text_putc(t, '[');
  for (uint32_t i = 0; i < g->n; i++)
    if ((g->steps[i] & 1) == sign) {
      if (!first) text_puts(t, ", ");
      first = false;
      json_step(t, m, g->steps[i] >> 1);
    }
  text_putc(t, ']');
}

void json_guard(struct text *t, const struct model *m, uint32_t id) {
  const struct guard *g = &m->guards.at[id];
  text_puts(t, "\"after\": ");
  guard_half(t, m, g, 0);
  text_puts(t, ", \"before\": ");
  guard_half(t, m, g, 1);
}

/* ── Hosts and ports ───────────────────────────────────────────────────────── */

static bool is_v4(const struct address *a) {
  static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};
  return memcmp(a->bytes, mapped, sizeof mapped) == 0;
}

static unsigned bit(const struct address *a, unsigned i) { return a->bytes[i / 8] >> (7 - i % 8) & 1u; }

/* Bits of the prefix when from..to is exactly one CIDR block, else -1. */
static int prefix_of(const struct address *from, const struct address *to) {
  unsigned n = 0;
  while (n < 128 && bit(from, n) == bit(to, n)) n++;
  for (unsigned i = n; i < 128; i++)
    if (bit(from, i) != 0 || bit(to, i) != 1) return -1;
  return (int)n;
}

void json_host(struct text *t, const struct model *m, const struct host *h) {
  struct arena *arena = &m->c->arena;
  struct text pattern = {.arena = arena};
  switch ((enum host_type)h->type) {
  case HOST_NONE: text_puts(t, "null"); return;
  case HOST_UNKNOWN: text_puts(t, "\"unknown\""); return;
  case HOST_NAME: json_name(t, m, h->name); return;
  case HOST_PATTERN:
    text_puts(&pattern, "*.");
    text_puts(&pattern, name_text(&m->c->names, h->name));
    json_words(t, text_done(&pattern));
    return;
  case HOST_ADDRESS: json_words(t, address_text(arena, &h->from)); return;
  case HOST_RANGE: break;
  }
  int bits = prefix_of(&h->from, &h->to);
  bool v4 = is_v4(&h->from) && is_v4(&h->to);
  text_print(t, "\"%s", address_text(arena, &h->from));
  if (bits >= 0) text_print(t, "/%d\"", v4 ? bits - 96 : bits);
  else text_print(t, "-%s\"", address_text(arena, &h->to));
}

void json_port(struct text *t, uint32_t lo, uint32_t hi) {
  if (lo == NONE) text_puts(t, "null");
  else if (lo == 0 && hi == 65535) text_puts(t, "\"any\"");
  else text_print(t, "%u", lo);
}

void json_protocol(struct text *t, uint8_t proto) {
  text_print(t, "\"proto\": \"%s\"", proto == PROTO_ANY ? "any" : proto_text((enum proto)proto));
}

/* ── Values ────────────────────────────────────────────────────────────────── */

void json_value(struct text *t, const struct model *m, const struct value *v, unsigned depth);

static void value_items(struct text *t, const struct model *m, const struct value *v, unsigned depth) {
  bool map = v->type == V_MAP;
  text_putc(t, map ? '{' : '[');
  for (uint32_t i = 0; i < v->count && depth < 64; i++) {
    if (i > 0) text_puts(t, ", ");
    if (map) {
      json_name(t, m, v->keys[i]);
      text_puts(t, ": ");
    }
    json_value(t, m, &v->items[i], depth + 1);
  }
  text_putc(t, map ? '}' : ']');
}

static void value_words(struct text *t, const struct model *m, const struct value *v) {
  struct text words = {.arena = &m->c->arena};
  value_print(&words, &m->c->names, v);
  json_words(t, text_done(&words));
}

void json_value(struct text *t, const struct model *m, const struct value *v, unsigned depth) {
  switch ((enum value_type)v->type) {
  case V_NONE: text_puts(t, "null"); return;
  case V_UNKNOWN: text_puts(t, "\"unknown\""); return;
  case V_BOOL: text_puts(t, v->number != 0 ? "true" : "false"); return;
  case V_NUMBER: text_print(t, "%lld", (long long)v->number); return;
  case V_DURATION: json_seconds(t, v->number); return;
  case V_STRING:
  case V_WORD: json_name(t, m, v->name); return;
  case V_LIST:
  case V_MAP: value_items(t, m, v, depth); return;
  case V_RESOURCE: json_resource(t, m, v->id < m->resources.n ? v->id : NONE); return;
  case V_ZONE: json_zone(t, m, v->id < m->zones.n ? v->id : NONE); return;
  case V_SECRET: json_name_or_null(t, m, v->id < m->secrets.n ? m->secrets.at[v->id].name : NONE); return;
  case V_STEP: json_step(t, m, v->id < m->steps.n ? v->id : NONE); return;
  case V_TOOL: json_name_or_null(t, m, v->id < m->tools.n ? m->tools.at[v->id].name : NONE); return;
  case V_KIND:
  case V_VERSION:
  case V_ADDRESS:
  case V_RANGE:
  case V_CIDR:
  case V_PORT:
  case V_ENDPOINT:
  case V_URL:
  case V_CALL: value_words(t, m, v); return;
  }
}
