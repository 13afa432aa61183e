/* Things: what readers have found -> merged, named, joined by their keys.
 * Needs the readers. Guarantees: equal keys are one thing, names are valid, unique and the same for the same things; the first
 * document that says something is kept where two differ, and the difference is said. */
#include "world/import.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct import_kind_row rows[IMPORT_KINDS] = {
    [IMPORT_SECRET] = {"secret", NULL, "The ways things are changed", "_secret", false},
    [IMPORT_KUBERNETES] = {"kubernetes", "std/kubernetes", "The ways things are changed", "_cluster", false},
    [IMPORT_CLOUDFLARE] = {"cloudflare", "std/cloudflare", "The ways things are changed", "_account", false},
    [IMPORT_TECHNITIUM] = {"technitium", "std/technitium", "The ways things are changed", "_dns", false},
    [IMPORT_PFSENSE] = {"pfsense", "std/pfsense", "The ways things are changed", "_firewall", false},
    [IMPORT_ADDRESS] = {"address", "std/net", "Addresses", "_address", false},
    [IMPORT_POOL] = {"ip_pool", "std/kubernetes", "Address pools", "_pool", true},
    [IMPORT_LB] = {"lb_service", "std/kubernetes", "Services with an address of their own", "_lb", true},
    [IMPORT_SERVICE] = {"cluster_service", "std/kubernetes", "Services inside the cluster", "_service", true},
    [IMPORT_HOST] = {"host", "std/net", "Machines", "_host", false},
    [IMPORT_APP] = {"app", "std/net", "Virtual hosts", "_app", false},
    [IMPORT_RECORD] = {"dns_record", "std/net", "DNS", "_record", false},
    [IMPORT_TUNNEL] = {"tunnel", "std/cloudflare", "Tunnels", "_tunnel", false},
    [IMPORT_PROXIED] = {"proxied_record", "std/cloudflare", "Names that lead into tunnels", "_proxied", false},
    [IMPORT_ROUTE] = {"tunnel_route", "std/cloudflare", "Tunnel routes", "_route", false},
    [IMPORT_ALIAS] = {"alias", "std/pfsense", "Firewall aliases", "_alias", true},
    [IMPORT_NAT] = {"nat_rule", "std/pfsense", "Port forwards", "_nat", true},
};

const struct import_kind_row *import_kind_row(enum import_kind kind) { return &rows[kind]; }

/* ── Making them ───────────────────────────────────────────────────────────── */

struct thing *thing_new(struct import *im, enum import_kind kind, const char *key, const char *name, const char *what) {
  struct thing *t = arena_new(im->arena, struct thing);
  t->kind = kind;
  t->key = key;
  t->name = name;
  t->serial = im->things.n;
  const char *origin = what && im->path ? arena_print(im->arena, "%s: %s", im->path, shown(im, what)) : what ? what : im->path;
  if (origin) array_push(im->arena, &t->origins, origin);
  array_push(im->arena, &im->things, t);
  return t;
}

static struct import_attribute *attribute_of(struct thing *t, const char *name) {
  for (uint32_t i = 0; i < t->attributes.n; i++)
    if (!strcmp(t->attributes.at[i].name, name)) return &t->attributes.at[i];
  return NULL;
}

static void put(struct import *im, struct thing *t, struct import_attribute a) {
  struct import_attribute *old = attribute_of(t, a.name);
  if (old) *old = a;
  else array_push(im->arena, &t->attributes, a);
}

void thing_set(struct import *im, struct thing *t, const char *attribute, const char *text) {
  if (text) put(im, t, (struct import_attribute){.name = attribute, .text = text});
}

void thing_refer(struct import *im, struct thing *t, const char *attribute, const char *key, const char *format, const char *otherwise) {
  put(im, t, (struct import_attribute){.name = attribute, .ref = key, .format = format, .otherwise = otherwise});
}

const char *thing_get(const struct thing *t, const char *attribute) {
  for (uint32_t i = 0; i < t->attributes.n; i++)
    if (!strcmp(t->attributes.at[i].name, attribute)) return t->attributes.at[i].text;
  return NULL;
}

enum { SAID_MOST = 20 }; /* of one thing: the answer that says it a million times is no answer */

static void once(struct import *im, struct said *list, const char *text) {
  for (uint32_t i = 0; i < list->n; i++)
    if (!strcmp(list->at[i], text)) return;
  if (list->n < SAID_MOST) array_push(im->arena, list, text);
  else if (list->n == SAID_MOST) array_push(im->arena, list, "and more of the kind");
}

/* ── What is not expressed ─────────────────────────────────────────────────── */

void import_note(struct import *im, const char *what, bool assumed, uint32_t n) {
  uint32_t id = name_str(&im->note_names, arena_print(im->arena, "%c%s", assumed ? '+' : '-', what));
  while (im->notes.n <= id) array_push(im->arena, &im->notes, (struct import_note){shown(im, what), assumed, 0});
  im->notes.at[id].n += n;
}

static const char *print(struct import *im, const char *format, va_list args) {
  va_list again;
  va_copy(again, args);
  int n = vsnprintf(NULL, 0, format, again);
  va_end(again);
  char *text = arena_alloc(im->arena, n > 0 ? (size_t)n + 1 : 1, 1);
  if (n > 0) vsnprintf(text, (size_t)n + 1, format, args);
  return shown(im, text);
}

void thing_remark(struct import *im, struct thing *t, const char *what, const char *format, ...) {
  va_list args;
  va_start(args, format);
  const char *text = print(im, format, args);
  va_end(args);
  once(im, &t->remarks, text);
  if (what) import_note(im, what, false, 1);
}

void import_left(struct import *im, enum import_kind kind, const char *what, const char *format, ...) {
  va_list args;
  va_start(args, format);
  const char *text = print(im, format, args);
  va_end(args);
  if (im->path) text = arena_print(im->arena, "not expressed, from %s: %s", im->path, text);
  array_push(im->arena, &im->left, (struct import_left){kind, what, text, im->left.n});
  import_note(im, what, false, 1);
}

/* ── One thing for each key ────────────────────────────────────────────────── */

static int by_key(const void *x, const void *y) {
  const struct thing *a = *(struct thing *const *)x, *b = *(struct thing *const *)y;
  int order = strcmp(a->key, b->key);
  return order ? order : a->serial < b->serial ? -1 : 1;
}

static bool same_text(const char *a, const char *b) { return a == b || (a && b && !strcmp(a, b)); }

static void merge(struct import *im, struct thing *into, const struct thing *t) {
  const char *origin = t->origins.n ? t->origins.at[0] : "another";
  if (!into->name) into->name = t->name;
  if (!into->address) into->address = t->address;
  if (rows[t->kind].named && into->name && t->name && strcmp(into->name, t->name))
    thing_remark(im, into, "thing that two answers say differently", "%s calls it %s", origin, t->name);
  if (into->kind != t->kind)
    thing_remark(im, into, "thing that two answers say differently", "%s has it as a %s", origin, rows[t->kind].name);
  for (uint32_t i = 0; i < t->attributes.n && into->kind == t->kind; i++) {
    const struct import_attribute *a = &t->attributes.at[i];
    struct import_attribute *old = attribute_of(into, a->name);
    if (!old) array_push(im->arena, &into->attributes, *a);
    else if (!same_text(old->text, a->text) || !same_text(old->ref, a->ref))
      thing_remark(im, into, "thing that two answers say differently", "%s says otherwise: %s = %s", origin, a->name, a->text ? a->text : a->ref);
  }
  for (uint32_t i = 0; i < t->origins.n; i++) once(im, &into->origins, t->origins.at[i]);
  for (uint32_t i = 0; i < t->remarks.n; i++) once(im, &into->remarks, t->remarks.at[i]);
}

void things_merge(struct import *im) {
  uint32_t n = 0;
  if (im->things.n) qsort(im->things.at, im->things.n, sizeof *im->things.at, by_key);
  for (uint32_t i = 0; i < im->things.n; i++) {
    struct thing *t = im->things.at[i];
    if (n && !strcmp(im->things.at[n - 1]->key, t->key)) merge(im, im->things.at[n - 1], t);
    else im->things.at[n++] = t;
  }
  im->things.n = n;
}

const struct thing *thing_find(const struct import *im, const char *key) {
  uint32_t low = 0, high = im->things.n;
  while (low < high) {
    uint32_t middle = low + (high - low) / 2;
    int order = strcmp(im->things.at[middle]->key, key);
    if (!order) return im->things.at[middle]->dropped ? NULL : im->things.at[middle];
    if (order < 0) low = middle + 1;
    else high = middle;
  }
  return NULL;
}

void things_link(struct import *im) {
  for (uint32_t i = 0; i < im->things.n; i++) {
    struct thing *t = im->things.at[i];
    uint32_t kept = 0;
    for (uint32_t k = 0; k < t->attributes.n; k++) {
      struct import_attribute a = t->attributes.at[k];
      if (a.ref && !(a.to = thing_find(im, a.ref))) {
        a.text = a.otherwise;
        a.ref = NULL;
      }
      if (a.text || a.ref) t->attributes.at[kept++] = a;
    }
    t->attributes.n = kept;
  }
}

/* ── Names ─────────────────────────────────────────────────────────────────── */

/* Words that are no names, or mean an attribute where a thing is referred to. */
static bool reserved(const char *word) {
  static const char *const words[] = {
      "about", "account", "address", "after", "allow", "and", "any", "api", "as", "atomic", "backend", "ca", "code", "connector", "create",
      "delete", "disrupts", "do", "early", "else", "exists", "false", "filter", "for", "host", "id", "in", "ingress", "inside", "irreversible",
      "is", "key", "kind", "lag", "let", "name", "namespace", "needs", "new", "none", "not", "of", "old", "operator", "or", "origin", "outside",
      "owner", "patch", "policy", "ports", "promise", "public", "range", "record", "rest", "rule", "secret", "selector", "server", "settle",
      "sharing", "ssh", "step", "takes", "target", "to", "token", "true", "ttl", "tunnel", "undo", "unknown", "url", "value", "verify", "via",
      "wan", "when", "within", "zone", "zone_id"};
  for (size_t i = 0; i < sizeof words / sizeof *words; i++)
    if (!strcmp(words[i], word)) return true;
  return false;
}

static bool plain(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); }

/* Letters, digits, `_`, and `-` between two of these. */
static const char *identifier(struct import *im, const char *text) {
  size_t n = strlen(text), k = 0;
  char *out = arena_alloc(im->arena, n + 2, 1);
  if (*text >= '0' && *text <= '9') out[k++] = '_';
  for (size_t i = 0; i < n; i++) {
    char c = text[i];
    if (plain(c)) out[k++] = c;
    else if (k && plain(out[k - 1])) out[k++] = c == '-' && plain(text[i + 1]) ? '-' : '_';
  }
  while (k && out[k - 1] == '_') k--;
  out[k] = '\0';
  return out;
}

static const char *called(const struct thing *t) { return t->name ? t->name : t->fallback ? t->fallback : ""; }

static int by_kind(const void *x, const void *y) {
  const struct thing *a = *(struct thing *const *)x, *b = *(struct thing *const *)y;
  int order = a->kind != b->kind ? (a->kind < b->kind ? -1 : 1) : strcmp(called(a), called(b));
  if (!order && a->qualifier && b->qualifier) order = strcmp(a->qualifier, b->qualifier);
  return order ? order : strcmp(a->key, b->key);
}

static bool take(struct names *used, struct thing *t, const char *id) {
  if (!*id || reserved(id) || name_find(used, id, strlen(id)) != NONE) return false;
  name_str(used, id);
  t->id = id;
  return true;
}

struct namer { struct names used; const char *last; uint32_t next; };

static void name(struct import *im, struct namer *namer, struct thing *t, bool namesakes) {
  struct names *used = &namer->used;
  const char *base = identifier(im, called(t)), *kind = rows[t->kind].name;
  if (!*base) base = kind;
  if (namesakes && t->qualifier) base = identifier(im, arena_print(im->arena, "%s_%s", base, t->qualifier));
  if (take(used, t, base)) return;
  base = arena_print(im->arena, "%s%s", base, rows[t->kind].suffix);
  if (take(used, t, base)) return;
  if (!namer->last || strcmp(namer->last, base)) namer->next = 2;
  namer->last = base;
  while (!take(used, t, arena_print(im->arena, "%s_%u", base, namer->next++))) continue;
}

void things_name(struct import *im) {
  struct thing **sorted = arena_array(im->arena, struct thing *, im->things.n + 1u);
  struct namer namer = {.used = {.arena = im->arena}};
  uint32_t n = 0;
  for (uint32_t i = 0; i < im->things.n; i++)
    if (!im->things.at[i]->dropped) sorted[n++] = im->things.at[i];
  if (n) qsort(sorted, n, sizeof *sorted, by_kind);
  for (uint32_t i = 0; i < n; i++) {
    struct thing *t = sorted[i];
    bool before = i > 0 && sorted[i - 1]->kind == t->kind && same_text(called(sorted[i - 1]), called(t));
    bool after = i + 1 < n && sorted[i + 1]->kind == t->kind && same_text(called(sorted[i + 1]), called(t));
    name(im, &namer, t, before || after);
  }
}
