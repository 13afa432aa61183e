/* Values -> text as written in a plan.
 * Needs values as value.c and model/ make them. Guarantees that a literal's text reads back as an equal value. */
#include "base/base.h"

#include <inttypes.h>
#include <string.h>

static bool is_ipv4(const struct address *a) {
  static const uint8_t prefix[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  return memcmp(a->bytes, prefix, 12) == 0;
}

/* RFC 5952: lower case, no leading zeros, the longest run of two or more zero groups as `::`, the first of equals. */
static void print_ipv6(struct text *out, const uint8_t *b) {
  unsigned best = 8, best_length = 1;
  for (unsigned i = 0; i < 8; i++) {
    unsigned n = 0;
    while (i + n < 8 && b[2 * (i + n)] == 0 && b[2 * (i + n) + 1] == 0) n++;
    if (n > best_length) best = i, best_length = n;
  }
  for (unsigned i = 0; i < 8; i++) {
    if (i == best) {
      text_puts(out, "::");
      i += best_length - 1;
      continue;
    }
    if (i > 0 && i != best + best_length) text_putc(out, ':');
    text_print(out, "%x", (unsigned)b[2 * i] << 8 | b[2 * i + 1]);
  }
}

/* At most 15 bytes; the end of them. */
static char *put_ipv4(char *at, const uint8_t *b) {
  for (unsigned i = 0; i < 4; i++) {
    unsigned n = b[i];
    if (n >= 100) *at++ = (char)('0' + n / 100);
    if (n >= 10) *at++ = (char)('0' + n / 10 % 10);
    *at++ = (char)('0' + n % 10);
    if (i < 3) *at++ = '.';
  }
  return at;
}

static void print_address(struct text *out, const struct address *a) {
  char digits[16];
  if (is_ipv4(a)) text_add(out, digits, (size_t)(put_ipv4(digits, a->bytes + 12) - digits));
  else print_ipv6(out, a->bytes);
}

const char *address_text(struct arena *arena, const struct address *a) {
  if (is_ipv4(a)) {
    char *digits = arena_alloc(arena, 16, 1);
    *put_ipv4(digits, a->bytes + 12) = '\0';
    return digits;
  }
  struct text t = {.arena = arena};
  print_address(&t, a);
  return text_done(&t);
}

const char *proto_text(enum proto p) {
  static const char *const names[] = {"tcp", "udp", "sctp", "any"};
  return names[p];
}

const char *value_type_text(enum value_type t) {
  static const char *const names[] = {
      [V_NONE] = "nothing",      [V_UNKNOWN] = "an unknown value", [V_BOOL] = "true or false", [V_NUMBER] = "a number",
      [V_DURATION] = "a duration", [V_VERSION] = "a version",      [V_STRING] = "a string",    [V_WORD] = "a word",
      [V_ADDRESS] = "an address", [V_RANGE] = "a range of addresses", [V_CIDR] = "a network",  [V_PORT] = "a port",
      [V_ENDPOINT] = "an endpoint", [V_URL] = "a URL",             [V_LIST] = "a list",        [V_MAP] = "a map",
      [V_CALL] = "a call",       [V_RESOURCE] = "a resource",      [V_ZONE] = "a zone",        [V_KIND] = "a kind",
      [V_SECRET] = "a secret",   [V_STEP] = "a step",              [V_TOOL] = "a tool",
  };
  return names[t];
}

static void print_ports(struct text *out, const struct value *v) {
  if (v->lo == 0 && v->hi == 65535) text_puts(out, "any");
  else {
    text_number(out, v->lo);
    if (v->lo == v->hi) return;
    text_putc(out, '-');
    text_number(out, v->hi);
  }
}

static void print_duration(struct text *out, int64_t milliseconds, uint8_t form) {
  static const struct unit {
    const char *name;
    int64_t milliseconds;
  } units[] = {{"d", 86400000}, {"h", 3600000}, {"m", 60000}, {"s", 1000}, {"ms", 1}};
  if (milliseconds == 0) text_puts(out, "0s");
  if (milliseconds < 0) text_putc(out, '-');
  uint64_t rest = milliseconds < 0 ? 0 - (uint64_t)milliseconds : (uint64_t)milliseconds;
  bool short_one = rest > 0 && rest < 120000 && rest % 1000 == 0 && rest != 60000; /* 90s, as most people write it */
  if (rest > 0 && (form == FORM_SECONDS || (form == FORM_COMPUTED && short_one))) {
    text_number(out, rest / 1000);
    text_putc(out, 's');
    return;
  }
  for (unsigned i = 0; i < 5; i++) {
    uint64_t unit = (uint64_t)units[i].milliseconds;
    if (rest >= unit) {
      text_number(out, rest / unit);
      text_puts(out, units[i].name);
    }
    rest %= unit;
  }
}

static void print_string(struct text *out, const char *s) {
  text_putc(out, '"');
  for (; *s != '\0'; s++) {
    if (*s == '"' || *s == '\\') text_putc(out, '\\');
    if (*s == '\n') text_puts(out, "\\n");
    else if (*s == '\t') text_puts(out, "\\t");
    else if (*s == '$' && s[1] == '{') text_puts(out, "$$");
    else text_putc(out, *s);
  }
  text_putc(out, '"');
}

static void print_items(struct text *out, const struct names *names, const struct value *v) {
  bool map = v->type == V_MAP;
  text_puts(out, map ? (v->count ? "{ " : "{") : v->type == V_LIST ? "[" : "(");
  for (uint32_t i = 0; i < v->count; i++) {
    if (i > 0) text_puts(out, ", ");
    if (map) text_print(out, "%s = ", name_text(names, v->keys[i]));
    value_print(out, names, &v->items[i]);
  }
  text_puts(out, map ? (v->count ? " }" : "}") : v->type == V_LIST ? "]" : ")");
}

static void print_endpoint(struct text *out, const struct names *names, const struct value *v) {
  if (!v->literal_host) {
    text_puts(out, name_text(names, v->host));
  } else if (is_ipv4(&v->from)) {
    print_address(out, &v->from);
  } else {
    text_putc(out, '[');
    print_address(out, &v->from);
    text_putc(out, ']');
  }
  text_putc(out, ':');
  print_ports(out, v);
  if (v->proto != PROTO_TCP) text_print(out, "/%s", proto_text(v->proto));
}

void value_print(struct text *out, const struct names *names, const struct value *v) {
  switch ((enum value_type)v->type) {
  case V_NONE: text_puts(out, "none"); break;
  case V_UNKNOWN: text_puts(out, "unknown"); break;
  case V_BOOL: text_puts(out, v->number ? "true" : "false"); break;
  case V_NUMBER: text_print(out, "%" PRId64, v->number); break;
  case V_DURATION: print_duration(out, v->number, v->prefix); break;
  case V_VERSION:
  case V_WORD:
  case V_URL: text_puts(out, name_text(names, v->name)); break;
  case V_STRING: print_string(out, name_text(names, v->name)); break;
  case V_ADDRESS: print_address(out, &v->from); break;
  case V_RANGE:
    print_address(out, &v->from);
    text_putc(out, '-');
    print_address(out, &v->to);
    break;
  case V_CIDR:
    print_address(out, &v->from);
    text_print(out, "/%u", (unsigned)v->prefix);
    break;
  case V_PORT:
    print_ports(out, v);
    text_putc(out, '/');
    text_puts(out, proto_text(v->proto));
    break;
  case V_ENDPOINT: print_endpoint(out, names, v); break;
  case V_LIST:
  case V_MAP: print_items(out, names, v); break;
  case V_CALL:
    text_puts(out, name_text(names, v->name));
    if (v->count != 1) {
      print_items(out, names, v);
      break;
    }
    text_putc(out, ' ');
    value_print(out, names, &v->items[0]);
    break;
  case V_RESOURCE:
  case V_ZONE:
  case V_KIND:
  case V_SECRET:
  case V_STEP:
  case V_TOOL: /* `name` where model/ keeps it with the id */
    text_puts(out, v->name ? name_text(names, v->name) : value_type_text(v->type));
    break;
  }
}
