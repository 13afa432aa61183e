/* Values: text of literals and back, equality, order, containment; the nearest word. */
#include "base/findings.h"
#include "base/literals.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static struct names *names(void **state) { return &((struct compilation *)*state)->names; }

enum form { ADDRESS, RANGE, CIDR, PORT, DURATION, ENDPOINT, URL, NUMBER, VERSION };

static bool read(void **state, enum form form, const char *s, struct value *v, const char **why) {
  size_t n = strlen(s);
  switch (form) {
  case ADDRESS: return value_address(s, n, v, why);
  case RANGE: return value_range(s, n, v, why);
  case CIDR: return value_cidr(s, n, v, why);
  case PORT: return value_port(s, n, v, why);
  case DURATION: return value_duration(s, n, v, why);
  case ENDPOINT: return value_endpoint(names(state), s, n, v, why);
  case URL: return value_url(names(state), s, n, v, why);
  case NUMBER: return value_number(s, n, v, why);
  case VERSION: return value_version(names(state), s, n, v, why);
  }
  return false;
}

static struct value of(void **state, enum form form, const char *s) {
  struct value v;
  const char *why = "";
  if (!read(state, form, s, &v, &why)) fail_msg("%s: %s", s, why);
  return v;
}

static void reads(void **state, enum form form, const char *s, const char *printed) {
  struct value v = of(state, form, s);
  struct text t = {.arena = &((struct compilation *)*state)->arena};
  value_print(&t, names(state), &v);
  assert_string_equal(text_done(&t), printed);
}

static void refuses(void **state, enum form form, const char *s) {
  struct value v;
  const char *why = NULL;
  if (read(state, form, s, &v, &why)) fail_msg("`%s` was taken", s);
  assert_non_null(why);
}

static void test_addresses(void **state) {
  reads(state, ADDRESS, "10.0.20.200", "10.0.20.200");
  reads(state, ADDRESS, "255.255.255.255", "255.255.255.255");
  reads(state, ADDRESS, "2001:DB8:0:0:1:0:0:1", "2001:db8::1:0:0:1");
  reads(state, ADDRESS, "2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1");
  reads(state, ADDRESS, "::", "::");
  reads(state, ADDRESS, "::1", "::1");
  reads(state, ADDRESS, "1::", "1::");
  reads(state, ADDRESS, "1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0");
  reads(state, ADDRESS, "64:ff9b::192.0.2.1", "64:ff9b::c000:201");
  reads(state, ADDRESS, "::ffff:192.0.2.1", "192.0.2.1"); /* the same address */
  static const char *const bad[] = {"", "1", "1.2.3", "1.2.3.4.5", "256.0.0.1", "01.2.3.4", "1.2.3.a", "1.2.3.4 ", "1..2.3", ".1.2.3",
                                    "1.2.3.", ":", ":::", "1:", ":1", "1::2::3", "1:2:3:4:5:6:7:8:9", "12345::", "g::", "1:2:3:4:5:6:7",
                                    "1.2.3.4::", "::1.2.3", "1:2:3:4:5:6:7:1.2.3.4", "1::2:3:4:5:6:7:8", "4294967297.0.0.1"};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) refuses(state, ADDRESS, bad[i]);
}

static void test_ranges(void **state) {
  reads(state, RANGE, "10.0.20.200-10.0.20.220", "10.0.20.200-10.0.20.220");
  reads(state, RANGE, "::1-::2", "::1-::2");
  refuses(state, RANGE, "10.0.20.220-10.0.20.200");
  refuses(state, RANGE, "10.0.20.220");
  refuses(state, RANGE, "10.0.20.220-");
  refuses(state, RANGE, "10.0.0.1-::1");
  reads(state, CIDR, "10.0.0.0/8", "10.0.0.0/8");
  reads(state, CIDR, "0.0.0.0/0", "0.0.0.0/0");
  reads(state, CIDR, "10.0.0.1/32", "10.0.0.1/32");
  reads(state, CIDR, "2001:db8::/32", "2001:db8::/32");
  refuses(state, CIDR, "10.0.0.0/33");
  refuses(state, CIDR, "10.0.0.1/24");
  refuses(state, CIDR, "10.0.0.0/");
  refuses(state, CIDR, "10.0.0.0/8x");
  refuses(state, CIDR, "2001:db8::/129");
}

static void test_ports(void **state) {
  reads(state, PORT, "443/tcp", "443/tcp");
  reads(state, PORT, "49152-49252/udp", "49152-49252/udp");
  refuses(state, PORT, "0/tcp");
  refuses(state, PORT, "65536/tcp");
  refuses(state, PORT, "9-1/tcp");
  refuses(state, PORT, "443/tpc");
  refuses(state, PORT, "443");
  refuses(state, PORT, "/tcp");
  reads(state, ENDPOINT, "10.0.20.200:5432", "10.0.20.200:5432");
  reads(state, ENDPOINT, "[2001:db8::1]:80", "[2001:db8::1]:80");
  reads(state, ENDPOINT, "Immich.Example.net.:443/udp", "immich.example.net:443/udp");
  reads(state, ENDPOINT, "localhost:80", "localhost:80"); /* from a string */
  refuses(state, ENDPOINT, "10.0.20.300:5432");
  refuses(state, ENDPOINT, "2001:db8::1:80");
  refuses(state, ENDPOINT, "10.0.20.200");
  refuses(state, ENDPOINT, "10.0.20.200:");
  refuses(state, ENDPOINT, "a b:80");
  refuses(state, ENDPOINT, ":80");
  refuses(state, ENDPOINT, "[]:80");
  refuses(state, ENDPOINT, "");
}

static void test_urls(void **state) {
  struct value v = of(state, URL, "https://User:pw@Vault.Example.net/x/y?z");
  assert_int_equal(v.lo, 443);
  assert_string_equal(name_text(names(state), v.host), "vault.example.net");
  assert_string_equal(name_text(names(state), v.name), "https://User:pw@Vault.Example.net/x/y?z");
  v = of(state, URL, "https://[2001:db8::1]:8443/a:b");
  assert_true(v.literal_host);
  assert_int_equal(v.lo, 8443);
  v = of(state, URL, "postgres://10.0.20.200/terraform");
  assert_int_equal(v.hi, 5432);
  v = of(state, URL, "oci://registry.example.net:5000");
  assert_int_equal(v.lo, 5000);
  v = of(state, URL, "https://*.example.net");
  assert_string_equal(name_text(names(state), v.host), "*.example.net");
  refuses(state, URL, "oci://registry.example.net");
  refuses(state, URL, "https://");
  refuses(state, URL, "https:/x");
  refuses(state, URL, "://x");
  refuses(state, URL, "https://a:99999");
  refuses(state, URL, "https://300.1.1.1");
}

static void test_times(void **state) {
  reads(state, DURATION, "90s", "90s");
  reads(state, DURATION, "1h30m", "1h30m");
  reads(state, DURATION, "250ms", "250ms");
  reads(state, DURATION, "1m30s", "1m30s");
  reads(state, DURATION, "1m", "1m");
  reads(state, DURATION, "60s", "60s");
  reads(state, DURATION, "3600s", "3600s");
  reads(state, DURATION, "90m", "1h30m");
  reads(state, DURATION, "60m", "1h");
  reads(state, DURATION, "0s", "0s");
  assert_int_equal(of(state, DURATION, "1d").number, 86400000);
  assert_int_equal(of(state, DURATION, "2m3ms").number, 120003);
  refuses(state, DURATION, "");
  refuses(state, DURATION, "90");
  refuses(state, DURATION, "90x");
  refuses(state, DURATION, "s");
  refuses(state, DURATION, "99999999999999999999d");
  refuses(state, DURATION, "999999999999d");
  assert_int_equal(of(state, DURATION, "36500d").number, INT64_C(36500) * 86400000); /* so many that sums of them can be counted */
  refuses(state, DURATION, "36501d");
  refuses(state, DURATION, "36500d1ms");
  reads(state, NUMBER, "9223372036854775807", "9223372036854775807");
  refuses(state, NUMBER, "9223372036854775808");
  reads(state, VERSION, "0.16.2", "0.16.2");
  refuses(state, VERSION, "1.");
  refuses(state, VERSION, "1..2");
  refuses(state, VERSION, "1");
}

static int order(void **state, enum form form, const char *a, const char *b) {
  struct value x = of(state, form, a), y = of(state, form, b);
  return value_compare(names(state), &x, &y);
}

static void test_order(void **state) {
  assert_int_equal(order(state, VERSION, "0.9", "0.16"), -1);
  assert_int_equal(order(state, VERSION, "1.0", "1.0.0"), -1);
  assert_int_equal(order(state, VERSION, "1.02", "1.2"), 0);
  assert_int_equal(order(state, VERSION, "10.0.0", "9.9.9"), 1);
  assert_int_equal(order(state, VERSION, "1.99999999999999999999999", "1.100000000000000000000000"), -1);
  assert_int_equal(order(state, ADDRESS, "9.0.0.1", "10.0.0.1"), -1);
  assert_int_equal(order(state, DURATION, "60s", "1m"), 0);
  assert_int_equal(order(state, PORT, "80/tcp", "443/tcp"), -1);
  assert_int_equal(order(state, CIDR, "10.0.0.0/8", "10.0.0.0/8"), 2);
  struct value a = of(state, ENDPOINT, "A.example.net:80"), b = of(state, ENDPOINT, "a.EXAMPLE.net.:80/tcp");
  assert_true(value_equal(&a, &b));
  struct value unknown = {.type = V_UNKNOWN}, none = {.type = V_NONE};
  assert_false(value_equal(&unknown, &unknown));
  assert_true(value_equal(&none, &none));
  struct value items[] = {a, b}, one = {.type = V_LIST, .items = items, .count = 2}, two = one;
  assert_true(value_equal(&one, &two));
  two.count = 1;
  assert_false(value_equal(&one, &two));
  uint32_t keys[] = {5, 6}, other[] = {6, 5};
  struct value left = {.type = V_MAP, .items = items, .keys = keys, .count = 2}, right = left;
  right.keys = other;
  assert_true(value_equal(&left, &right));
}

static bool within(void **state, enum form f, const char *a, enum form g, const char *b) {
  struct value x = of(state, f, a), y = of(state, g, b);
  return value_within(&x, &y);
}
static bool overlaps(void **state, enum form f, const char *a, enum form g, const char *b) {
  struct value x = of(state, f, a), y = of(state, g, b);
  assert_int_equal(value_overlaps(&x, &y), value_overlaps(&y, &x));
  return value_overlaps(&x, &y);
}

static void test_within(void **state) {
  assert_true(within(state, ADDRESS, "10.0.20.203", RANGE, "10.0.20.200-10.0.20.220"));
  assert_true(within(state, ADDRESS, "10.0.20.220", RANGE, "10.0.20.200-10.0.20.220"));
  assert_false(within(state, ADDRESS, "10.0.20.221", RANGE, "10.0.20.200-10.0.20.220"));
  assert_true(within(state, CIDR, "10.1.0.0/16", CIDR, "10.0.0.0/8"));
  assert_false(within(state, CIDR, "10.0.0.0/8", CIDR, "10.1.0.0/16"));
  assert_false(within(state, ADDRESS, "::1", CIDR, "0.0.0.0/0"));
  assert_false(within(state, PORT, "1/tcp", PORT, "1/tcp"));
  assert_true(overlaps(state, RANGE, "10.0.0.1-10.0.0.9", RANGE, "10.0.0.9-10.0.0.20"));
  assert_false(overlaps(state, RANGE, "10.0.0.1-10.0.0.8", RANGE, "10.0.0.9-10.0.0.20"));
  assert_true(overlaps(state, PORT, "1-10/tcp", PORT, "10/tcp"));
  assert_false(overlaps(state, PORT, "1-10/tcp", PORT, "10/udp"));
}

static void test_nearest(void **state) {
  static const char *const words[] = {"address", "ports", "namespace", "policy", "Local", "a", ""};
  (void)state;
  assert_int_equal(nearest("adress", words, 7), 0);
  assert_int_equal(nearest("addrses", words, 7), 0);
  assert_int_equal(nearest("prots", words, 7), 1);
  assert_int_equal(nearest("local", words, 7), 4);
  assert_int_equal(nearest("NAMESPACE", words, 7), 2);
  assert_int_equal(nearest("zone", words, 7), NONE);
  assert_int_equal(nearest("b", words, 7), NONE);
  assert_int_equal(nearest("", words, 7), NONE);
  assert_int_equal(nearest("xddress", words, 7), 0);
}

static int start(void **state) { return (*state = compilation_new()) == NULL; }
static int end(void **state) { return compilation_free(*state), 0; }

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_addresses), cmocka_unit_test(test_ranges), cmocka_unit_test(test_ports),
      cmocka_unit_test(test_urls),      cmocka_unit_test(test_times),  cmocka_unit_test(test_order),
      cmocka_unit_test(test_within),    cmocka_unit_test(test_nearest),
  };
  return cmocka_run_group_tests(tests, start, end);
}
