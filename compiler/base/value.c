/* Text of literals -> values: addresses, ranges, CIDRs, ports, durations, endpoints and URLs.
 * Needs text of any bytes, without a final NUL. Guarantees that a value it returns is whole and within its range. */
#include "base/base.h"
#include "base/literals.h"

#include <string.h>

static bool digit(char c) { return c >= '0' && c <= '9'; }
static char lower(char c) { return (char)(c >= 'A' && c <= 'Z' ? c + 32 : c); }

/* A decimal number of at most `limit`; the number of digits read, 0 when there is none or it is too big (then
 * *out is limit + 1). */
static size_t number(const char *text, size_t n, uint64_t limit, uint64_t *out) {
  uint64_t v = 0;
  size_t i = 0;
  for (; i < n && digit(text[i]); i++) {
    v = v * 10 + (uint64_t)(text[i] - '0');
    if (v > limit) {
      *out = limit + 1;
      return 0;
    }
  }
  *out = v;
  return i;
}

bool value_number(const char *text, size_t n, struct value *out, const char **why) {
  uint64_t v;
  size_t used = number(text, n, (uint64_t)INT64_MAX, &v);
  if (used != n || n == 0) {
    *why = n > 0 && digit(text[0]) ? "a number is at most 9223372036854775807" : "a number is written in digits";
    return false;
  }
  *out = (struct value){.type = V_NUMBER, .number = (int64_t)v};
  return true;
}

/* ── Addresses ─────────────────────────────────────────────────────────────── */

static bool ipv4(const char *text, size_t n, uint8_t out[4], const char **why) {
  size_t i = 0;
  for (unsigned part = 0; part < 4; part++) {
    uint64_t v;
    size_t used = number(text + i, n - i, 255, &v);
    if (used == 0) {
      *why = v > 255 ? "a part of an IPv4 address is at most 255" : "an IPv4 address has four numbers with dots between";
      return false;
    }
    if (used > 1 && text[i] == '0') {
      *why = "a part of an IPv4 address has no leading zero";
      return false;
    }
    out[part] = (uint8_t)v;
    i += used;
    if (part < 3 && (i == n || text[i++] != '.')) {
      *why = "an IPv4 address has four numbers with dots between";
      return false;
    }
  }
  if (i != n) *why = "an IPv4 address has four numbers with dots between";
  return i == n;
}

static int hex(char c) {
  c = lower(c);
  return digit(c) ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* RFC 4291, section 2.2, the form with a dotted end included. */
static bool ipv6(const char *text, size_t n, uint8_t out[16], const char **why) {
  uint8_t head[16] = {0};
  size_t used = 0, i = 0;
  size_t gap = SIZE_MAX; /* bytes before the `::` */
  *why = "an IPv6 address has eight groups of hex digits, or `::` for those that are zero";
  if (n >= 2 && text[0] == ':' && text[1] == ':') gap = 0, i = 2;
  while (i < n) {
    size_t end = i;
    bool dotted = false;
    while (end < n && text[end] != ':') dotted |= text[end++] == '.';
    if (dotted) {
      if (end != n || used > 12 || !ipv4(text + i, n - i, head + used, why)) return false;
      used += 4;
      i = n;
      break;
    }
    if (end == i || end - i > 4 || used > 14) return false;
    unsigned v = 0;
    for (; i < end; i++) {
      if (hex(text[i]) < 0) return false;
      v = v << 4 | (unsigned)hex(text[i]);
    }
    head[used++] = (uint8_t)(v >> 8);
    head[used++] = (uint8_t)(v & 255);
    if (i == n) break;
    if (++i == n) return false; /* a single `:` at the end */
    if (text[i] != ':') continue;
    if (gap != SIZE_MAX) return false;
    gap = used;
    i++;
  }
  if (gap == SIZE_MAX ? used != 16 : used > 14) return false;
  memset(out, 0, 16);
  if (gap == SIZE_MAX) gap = used;
  memcpy(out, head, gap);
  memcpy(out + 16 - (used - gap), head + gap, used - gap);
  return true;
}

static bool is_ipv4(const struct address *a) {
  static const uint8_t prefix[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  return memcmp(a->bytes, prefix, 12) == 0;
}

static bool address(const char *text, size_t n, struct address *out, const char **why) {
  if (n > 64) {
    *why = "an address is shorter than this";
    return false;
  }
  if (memchr(text, ':', n) != NULL) return ipv6(text, n, out->bytes, why);
  memset(out->bytes, 0, 10);
  out->bytes[10] = out->bytes[11] = 0xff;
  return ipv4(text, n, out->bytes + 12, why);
}

bool value_address(const char *text, size_t n, struct value *out, const char **why) {
  struct address a;
  if (!address(text, n, &a, why)) return false;
  *out = (struct value){.type = V_ADDRESS, .from = a, .to = a};
  return true;
}

bool value_range(const char *text, size_t n, struct value *out, const char **why) {
  const char *dash = n ? memchr(text, '-', n) : NULL;
  struct address from, to;
  if (dash == NULL) {
    *why = "a range is two addresses with `-` between";
    return false;
  }
  size_t left = (size_t)(dash - text);
  if (!address(text, left, &from, why) || !address(dash + 1, n - left - 1, &to, why)) return false;
  if (is_ipv4(&from) != is_ipv4(&to)) {
    *why = "a range lies within IPv4 or within IPv6";
    return false;
  }
  if (memcmp(from.bytes, to.bytes, 16) > 0) {
    *why = "this range ends before it begins";
    return false;
  }
  *out = (struct value){.type = V_RANGE, .from = from, .to = to};
  return true;
}

bool value_cidr(const char *text, size_t n, struct value *out, const char **why) {
  const char *slash = n ? memchr(text, '/', n) : NULL;
  struct address from, to;
  uint64_t prefix;
  if (slash == NULL) {
    *why = "a network is an address, `/` and the length of its prefix";
    return false;
  }
  size_t left = (size_t)(slash - text);
  if (!address(text, left, &from, why)) return false;
  unsigned bits = is_ipv4(&from) && memchr(text, ':', left) == NULL ? 32 : 128;
  size_t used = number(slash + 1, n - left - 1, bits, &prefix);
  if (used == 0 || used != n - left - 1) {
    *why = prefix <= bits   ? "a network is an address, `/` and the length of its prefix"
           : bits == 32 ? "the prefix of an IPv4 network is at most 32"
                        : "the prefix of an IPv6 network is at most 128";
    return false;
  }
  to = from;
  for (unsigned bit = 128 - bits + (unsigned)prefix; bit < 128; bit++) {
    uint8_t mask = (uint8_t)(0x80 >> (bit & 7));
    if (from.bytes[bit >> 3] & mask) {
      *why = "this address has bits set behind the prefix: a network is written with its first address";
      return false;
    }
    to.bytes[bit >> 3] |= mask;
  }
  *out = (struct value){.type = V_CIDR, .prefix = (uint8_t)prefix, .from = from, .to = to};
  return true;
}

/* ── Ports, endpoints, URLs ────────────────────────────────────────────────── */

static const char no_port[] = "a port is a number from 1 to 65535";

/* N or N-N, all of the text. */
static bool ports(const char *text, size_t n, uint32_t *lo, uint32_t *hi, const char **why) {
  uint64_t a, b;
  size_t used = number(text, n, 65535, &a);
  *why = no_port;
  if (used == 0 || a == 0) return false;
  b = a;
  if (used < n) {
    if (text[used] != '-') return false;
    size_t more = number(text + used + 1, n - used - 1, 65535, &b);
    if (more == 0 || used + 1 + more != n) return false;
    if (b < a) {
      *why = "this range of ports ends before it begins";
      return false;
    }
  }
  *lo = (uint32_t)a;
  *hi = (uint32_t)b;
  return true;
}

static bool protocol(const char *text, size_t n, uint8_t *out, const char **why) {
  static const char *const names[] = {"tcp", "udp", "sctp"};
  for (unsigned i = 0; i < 3; i++) {
    if (n != strlen(names[i]) || memcmp(text, names[i], n) != 0) continue;
    *out = (uint8_t)i;
    return true;
  }
  *why = "a protocol is `tcp`, `udp` or `sctp`";
  return false;
}

bool value_port(const char *text, size_t n, struct value *out, const char **why) {
  struct value v = {.type = V_PORT};
  const char *slash = n ? memchr(text, '/', n) : NULL;
  if (slash == NULL) {
    *why = "a port is a number, `/` and a protocol: 443/tcp";
    return false;
  }
  size_t left = (size_t)(slash - text);
  if (!ports(text, left, &v.lo, &v.hi, why) || !protocol(slash + 1, n - left - 1, &v.proto, why)) return false;
  *out = v;
  return true;
}

/* A host: an address, one in brackets, or a name of letters, digits, `-`, `_`, `.` and a leading `*.`; lower case. */
static bool host(struct names *names, const char *text, size_t n, struct value *v, const char **why) {
  if (n >= 2 && text[0] == '[' && text[n - 1] == ']') {
    v->literal_host = true;
    if (!ipv6(text + 1, n - 2, v->from.bytes, why)) return false;
    return true;
  }
  bool numeric = n > 0;
  for (size_t i = 0; i < n; i++) numeric &= digit(text[i]) || text[i] == '.';
  if (numeric) {
    v->literal_host = true;
    if (!address(text, n, &v->from, why)) return false;
    return true;
  }
  char small[254];
  while (n > 0 && text[n - 1] == '.') n--;
  if (n == 0 || n > 253) {
    *why = n == 0 ? "the host is missing" : "the name of a host has at most 253 characters";
    return false;
  }
  *why = "a host's name is made of letters, digits, `-`, `_` and dots between";
  for (size_t i = 0; i < n; i++) {
    char c = lower(text[i]);
    bool star = c == '*' && i == 0 && n > 2 && text[1] == '.';
    bool dot = c == '.' && i > 0 && text[i - 1] != '.';
    if (!star && !dot && !digit(c) && !(c >= 'a' && c <= 'z') && c != '-' && c != '_') return false;
    small[i] = c;
  }
  v->host = name_of(names, small, n);
  return true;
}

bool value_endpoint(struct names *names, const char *text, size_t n, struct value *out, const char **why) {
  struct value v = {.type = V_ENDPOINT};
  size_t end = n, colon;
  *why = "an endpoint is a host, `:` and a port: 10.0.20.200:443 or example.net:443/udp";
  if (n == 0) return false;
  for (size_t i = n; i-- > 0 && text[i] != ':';) {
    if (text[i] != '/') continue;
    if (!protocol(text + i + 1, n - i - 1, &v.proto, why)) return false;
    end = i;
    break;
  }
  for (colon = end; colon > 0 && text[colon - 1] != ':' && text[colon - 1] != ']';) colon--;
  if (colon == 0 || text[colon - 1] != ':') return false;
  if (text[0] != '[' && memchr(text, ':', colon - 1) != NULL) {
    *why = "an IPv6 address with a port stands in brackets: [2001:db8::1]:443";
    return false;
  }
  if (!ports(text + colon, end - colon, &v.lo, &v.hi, why) || !host(names, text, colon - 1, &v, why)) return false;
  v.name = v.host;
  *out = v;
  return true;
}

static const struct scheme {
  const char *name;
  uint32_t port;
} schemes[] = {
    {"http", 80},     {"https", 443},       {"ws", 80},     {"wss", 443},   {"ssh", 22},    {"ldap", 389},
    {"ldaps", 636},   {"postgres", 5432},   {"postgresql", 5432}, {"mysql", 3306}, {"redis", 6379}, {"amqp", 5672},
};

uint32_t value_scheme_port(const char *text, size_t n) {
  for (size_t s = 0; s < sizeof schemes / sizeof *schemes; s++) {
    size_t i = 0;
    while (i < n && schemes[s].name[i] != '\0' && lower(text[i]) == schemes[s].name[i]) i++;
    if (i == n && schemes[s].name[i] == '\0') return schemes[s].port;
  }
  return 0;
}

/* RFC 3986, section 3, as far as hosts and ports go. */
bool value_url(struct names *names, const char *text, size_t n, struct value *out, const char **why) {
  struct value v = {.type = V_URL, .proto = PROTO_TCP};
  size_t scheme = 0;
  while (scheme + 2 < n && memcmp(text + scheme, "://", 3) != 0) scheme++;
  if (scheme == 0 || scheme + 2 >= n || !((lower(text[0]) >= 'a') && lower(text[0]) <= 'z')) {
    *why = "a URL begins with a scheme and `://`: https://example.net";
    return false;
  }
  size_t start = scheme + 3, end = start;
  while (end < n && text[end] != '/' && text[end] != '?' && text[end] != '#') end++;
  for (size_t i = end; i-- > start;)
    if (text[i] == '@') {
      start = i + 1;
      break;
    }
  size_t host_end = end;
  for (size_t i = end; i-- > start && text[i] != ']';)
    if (text[i] == ':') {
      host_end = i;
      break;
    }
  v.lo = v.hi = value_scheme_port(text, scheme);
  if (host_end + 1 < end) {
    if (!ports(text + host_end + 1, end - host_end - 1, &v.lo, &v.hi, why)) return false;
    if (v.lo != v.hi) {
      *why = no_port;
      return false;
    }
  } else if (v.lo == 0) {
    *why = "nobody knows the port of this URL's scheme: write it behind the host";
    return false;
  }
  if (!host(names, text + start, host_end - start, &v, why)) return false;
  v.name = name_of(names, text, n);
  *out = v;
  return true;
}

/* ── Durations, versions ───────────────────────────────────────────────────── */

/* A hundred years, so that whatever sum of them a plan asks for can be counted. */
static const int64_t longest_duration = 36500 * INT64_C(86400000);

bool value_duration(const char *text, size_t n, struct value *out, const char **why) {
  static const struct unit {
    const char *name;
    int64_t milliseconds;
  } units[] = {{"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}, {"d", 86400000}};
  static const char *const too_long = "this duration is too long: the longest is 36500d, a hundred years";
  int64_t total = 0;
  bool seconds = true;
  size_t i = 0;
  *why = "a duration is numbers with `ms`, `s`, `m`, `h` or `d` behind: 90s, 1h30m";
  if (n == 0) return false;
  while (i < n) {
    uint64_t v;
    size_t used = number(text + i, n - i, 1000000000000u, &v), unit = 0;
    if (used == 0) {
      if (v > 1000000000000u) *why = too_long;
      return false;
    }
    i += used;
    for (; unit < 5; unit++) {
      size_t length = strlen(units[unit].name);
      if (n - i < length || memcmp(text + i, units[unit].name, length) != 0) continue;
      if (i + length < n && !digit(text[i + length])) continue;
      i += length;
      break;
    }
    if (unit == 5) return false;
    seconds = seconds && unit == 1;
    if ((int64_t)v > (longest_duration - total) / units[unit].milliseconds) {
      *why = too_long;
      return false;
    }
    total += (int64_t)v * units[unit].milliseconds;
  }
  *out = (struct value){.type = V_DURATION, .prefix = seconds ? FORM_SECONDS : FORM_UNITS, .number = total};
  return true;
}

bool value_version(struct names *names, const char *text, size_t n, struct value *out, const char **why) {
  size_t dots = 0;
  bool fits = n > 0;
  for (size_t i = 0; i < n; i++) {
    if (text[i] == '.') dots++, fits &= i > 0 && i + 1 < n && text[i - 1] != '.';
    else fits &= digit(text[i]);
  }
  if (!fits || dots == 0) {
    *why = "a version is numbers with dots between: 0.16.2";
    return false;
  }
  *out = (struct value){.type = V_VERSION, .name = name_of(names, text, n)};
  return true;
}
