/* Resource records, whoever says them -> dns_records of one zone; and Technitium's answers, which hold such records.
 * Needs a document's records. Guarantees one thing for each name, the same whatever the order of its records. */
#include "world/import.h"

#include <stdlib.h>
#include <string.h>

void record_add(struct import *im, struct import_record record) { array_push(im->arena, &im->records, record); }

static int by_host(const void *x, const void *y) {
  const struct import_record *a = x, *b = y;
  int order = strcmp(a->host, b->host);
  if (!order) order = strcmp(a->type, b->type);
  if (!order) order = strcmp(a->value ? a->value : "", b->value ? b->value : "");
  return order ? order : a->ttl < b->ttl ? -1 : a->ttl > b->ttl;
}

static int by_type(const void *x, const void *y) {
  const struct import_record *a = x, *b = y;
  int order = strcmp(a->type, b->type);
  return order ? order : strcmp(a->host, b->host);
}

/* One comment for each type that no kind expresses, with the first few names. */
static void left(struct import *im, struct import_record *at, uint32_t n) {
  if (n) qsort(at, n, sizeof *at, by_type);
  for (uint32_t i = 0, end; i < n; i = end) {
    struct text names = {.arena = im->arena};
    for (end = i; end < n && !strcmp(at[end].type, at[i].type); end++)
      if (end - i < 5) text_print(&names, "%s%.80s", end > i ? ", " : "", at[end].host);
    if (end - i > 5) text_print(&names, " and %u more", end - i - 5);
    const char *what = arena_print(im->arena, "record of type %.20s", shown(im, at[i].type));
    import_left(im, IMPORT_RECORD, what, "%u of type %.20s: %s", end - i, at[i].type, text_done(&names));
    import_note(im, what, false, end - i - 1);
  }
}

/* The records of one name. */
static void one_name(struct import *im, const struct import_record *at, uint32_t n, const char *zone) {
  const char *host = at->host;
  struct thing *t = thing_new(im, IMPORT_RECORD, arena_print(im->arena, "record %s %s", zone, host), NULL, at->origin);
  struct plan_list values = {0};
  int64_t ttl = -1;
  bool mixed = false;
  t->fallback = arena_print(im->arena, "%s_%s", *host == '*' ? arena_print(im->arena, "any%s", host + 1) : host, zone);
  thing_set(im, t, "zone", zone);
  thing_set(im, t, "host", plan_string(im, host));
  for (uint32_t i = 0; i < n; i++) {
    bool name = !strcmp(at[i].type, "CNAME");
    if (values.items.n < 500) plan_list_add(im, &values, name ? plan_string(im, at[i].value) : at[i].value);
    mixed |= i && at[i].ttl != at[0].ttl;
    ttl = i && ttl >= 0 && ttl < at[i].ttl ? ttl : at[i].ttl;
    if (at[i].proxied) thing_remark(im, t, "record that Cloudflare answers for itself", "proxied: clients get Cloudflare's addresses, and Cloudflare connects to this one");
  }
  thing_set(im, t, "value", plan_list(im, &values, false));
  thing_set(im, t, "ttl", plan_seconds(im, ttl < 0 ? 300 : ttl));
  if (ttl < 0) thing_remark(im, t, NULL, "the TTL is automatic: five minutes");
  if (!plan_seconds(im, ttl < 0 ? 300 : ttl)) thing_remark(im, t, "TTL that is none", "its TTL is said to be %lld", (long long)ttl);
  if (mixed) thing_remark(im, t, "further TTL of a name", "its records have several TTLs: this is the least");
}

void records_done(struct import *im, const char *zone) {
  struct import_record *all = im->records.at;
  uint32_t n = im->records.n, kept = 0, out = 0;
  bool private = false;
  struct import_record *others = arena_array(im->arena, struct import_record, n + 1u);
  for (uint32_t i = 0; i < n; i++) {
    private |= address_private(all[i].value);
    if (all[i].value && all[i].host) all[kept++] = all[i];
    else others[out++] = all[i];
  }
  if (!zone) zone = private ? "lan" : "internet";
  if (kept) qsort(all, kept, sizeof *all, by_host);
  for (uint32_t i = 0, end; i < kept; i = end) {
    for (end = i + 1; end < kept && !strcmp(all[end].host, all[i].host);) end++;
    one_name(im, all + i, end - i, zone);
  }
  left(im, others, out);
  im->records.n = 0;
}

/* ── Technitium ────────────────────────────────────────────────────────────── */

static void technitium_record(struct import *im, const json_t *one) {
  const char *name = member_text(one, "name"), *type = member_text(one, "type"), *host = plan_host(im, name);
  if (!name || !type) {
    import_left(im, IMPORT_RECORD, "record without a name or a type", "a record without a name or a type");
    return;
  }
  struct import_record r = {.host = host ? host : shown(im, name), .type = type, .origin = arena_print(im->arena, "%s %s", type, name)};
  if (json_is_true(member(one, "disabled"))) r.type = arena_print(im->arena, "%s, disabled", type);
  else if (!host) r.value = NULL;
  else if (!strcmp(type, "A") || !strcmp(type, "AAAA")) r.value = plan_address(im, member_text(one, "rData/ipAddress"));
  else if (!strcmp(type, "CNAME")) r.value = plan_host(im, member_text(one, "rData/cname"));
  r.ttl = member_number(one, "ttl");
  record_add(im, r);
}

bool import_technitium(struct import *im, const json_t *document) {
  const char *status = member_text(document, "status");
  json_t *records = member(document, "response/records"), *zones = member(document, "response/zones"), *one;
  size_t i;
  if (!status) return import_fail(im, 0, 0, "this is no answer of Technitium's API: it has no `status`");
  if (strcmp(status, "ok"))
    return import_fail(im, 0, 0, "Technitium answered with an error: %s", member_text(document, "errorMessage") ? shown(im, member_text(document, "errorMessage")) : shown(im, status));
  json_array_foreach(records, i, one) technitium_record(im, one);
  records_done(im, im->zone);
  json_array_foreach(zones, i, one)
    if (member_text(one, "name")) import_left(im, IMPORT_RECORD, "zone of which only the name is known", "the zone %s, of which this answer only has the name", member_text(one, "name"));
  if (!records && !zones) return import_fail(im, 0, 0, "this answer of Technitium's has neither records nor zones");
  return true;
}
