/* pfSense: its config.xml and the answers of its REST API -> aliases and port forwards, with the filter rules linked to them.
 * Needs bytes. Guarantees: no entity is expanded, no DTD read, nothing fetched; of a backup that is full of passwords only the host's
 * name, the interfaces' addresses, aliases and these two kinds of rules are looked at. */
#include "world/import.h"

#include <libxml/parser.h>
#include <libxml/tree.h>
#include <stdlib.h>
#include <string.h>

/* A forward as both of them say it. NULL or "": not said. */
struct forward {
  const char *name, *interface, *protocol, *source, *source_port, *destination, *port, *target, *local, *link;
  const char *filter;          /* what the linked rule lets through */
  const char *path, *gate, *wan; /* the document; its firewall's name and fixed WAN address, NULL */
  bool disabled, inverted, unlinked;
};
struct linked { const char *id, *address; };
/* Of all documents: forwards and the rules they are linked to may come in answers of their own. */
struct firewall {
  struct import *im;
  const char *host, *name;     /* of the firewall whose document is read; NULL */
  const char *wan;             /* its address, when that is fixed */
  ARRAY(struct forward) forwards;
  ARRAY(struct linked) rules;
  bool has_rules;
};

/* ── Aliases ───────────────────────────────────────────────────────────────── */

static const char *alias_key(struct import *im, const char *name) { return arena_print(im->arena, "alias %s", name); }

static void alias(struct import *im, const char *name, const char *type, const struct plan_list *values) {
  const char *what = arena_print(im->arena, "alias %s", name);
  bool fit = type && (!strcmp(type, "host") || !strcmp(type, "network"));
  const char *one = values->items.n == 1 ? values->items.at[0] : NULL, *range = plan_range(im, one);
  if (fit && range && !strchr(range, '-')) {
    struct thing *t = thing_new(im, IMPORT_ALIAS, alias_key(im, name), name, what);
    thing_set(im, t, "value", range);
    thing_refer(im, t, "via", "provider pfsense", "%s", NULL);
    return;
  }
  struct text all = {.arena = im->arena};
  for (uint32_t i = 0; i < values->items.n && i < 5; i++) text_print(&all, "%s%.60s", i ? ", " : "", values->items.at[i]);
  if (fit && one) import_left(im, IMPORT_ALIAS, "alias of a name", "alias %s stands for %s, which is no address", name, one);
  else if (fit) import_left(im, IMPORT_ALIAS, "alias of several addresses", "alias %s stands for %u addresses: %s%s", name, values->items.n, text_done(&all), values->items.n > 5 ? ", …" : "");
  else import_left(im, IMPORT_ALIAS, arena_print(im->arena, "alias of type %.20s", type ? shown(im, type) : "?"), "alias %s: %s", name, text_done(&all));
}

static void words(struct import *im, const char *text, struct plan_list *out) {
  while (text && *text) {
    size_t n = strcspn(text, " \t\n");
    if (n && out->items.n < 10000) array_push(im->arena, &out->items, arena_copy(im->arena, text, n));
    text += n;
    text += strspn(text, " \t\n");
  }
}

/* ── Forwards ──────────────────────────────────────────────────────────────── */

/* "443", "8000-8010", "8000:8010". False when it is none of them. */
static bool port_range(const char *text, int64_t *from, int64_t *to) {
  char *end;
  if (!text || *text < '0' || *text > '9') return false;
  *from = *to = strtol(text, &end, 10);
  if (*end == '-' || *end == ':') {
    if (end[1] < '0' || end[1] > '9') return false;
    *to = strtol(end + 1, &end, 10);
  }
  return !*end && *from >= 1 && *to <= 65535 && *from <= *to;
}

static const char *ports_of(struct import *im, const struct forward *f, int64_t from, int64_t to) {
  struct plan_list list = {0};
  bool both = f->protocol && !strcmp(f->protocol, "tcp/udp");
  if (both || (f->protocol && !strcmp(f->protocol, "tcp"))) plan_list_add(im, &list, plan_port(im, from, to, "tcp"));
  if (both || (f->protocol && !strcmp(f->protocol, "udp"))) plan_list_add(im, &list, plan_port(im, from, to, "udp"));
  return plan_list(im, &list, true);
}

static bool given(const char *text) { return text && *text; }

/* Where it leads, as an alias, an address or a name, with a port when that changes on the way. */
static void target(struct import *im, struct thing *t, const char *attribute, const char *to, int64_t port) {
  const char *address = plan_address(im, to), *name = address ? NULL : plan_host(im, to);
  bool ipv6 = address && strchr(address, ':');
  if (address && port) thing_set(im, t, attribute, arena_print(im->arena, ipv6 ? "[%s]:%d" : "%s:%d", address, (int)port));
  else if (address) thing_set(im, t, attribute, address);
  else if (port) thing_refer(im, t, attribute, alias_key(im, to), arena_print(im->arena, "\"${%%s.value}:%d\"", (int)port), name ? plan_string(im, arena_print(im->arena, "%s:%d", name, (int)port)) : NULL);
  else thing_refer(im, t, attribute, alias_key(im, to), "%s", name ? plan_string(im, name) : NULL);
}

/* The address that is listened on; NULL when no kind expresses it. */
static const char *listens(struct import *im, const struct forward *f) {
  const char *address = plan_address(im, f->destination);
  if (address) return address;
  if (!given(f->destination) || strcmp(f->destination, "wanip")) return NULL;
  return "wan";
}

/* Can a plan say where it leads: an address, a name, or an alias that was imported? */
static bool leads(struct import *im, const char *to) {
  const char *key = alias_key(im, to);
  if (plan_address(im, to) || plan_host(im, to)) return true;
  for (uint32_t i = 0; i < im->things.n; i++)
    if (im->things.at[i]->kind == IMPORT_ALIAS && !strcmp(im->things.at[i]->key, key)) return true;
  return false;
}

static const char *reason(struct import *im, const struct forward *f, int64_t *from, int64_t *to, int64_t *local) {
  int64_t end = 0;
  *local = 0;
  if (f->disabled) return "port forward that is disabled";
  if (f->inverted) return "port forward for every other address";
  if (!given(f->interface) || (strcmp(f->interface, "wan") && strcmp(f->interface, "lan"))) return "port forward of a further interface";
  if (!listens(im, f)) return "port forward of another address";
  if (!port_range(f->port, from, to)) return "port forward whose ports are no numbers";
  if (!ports_of(im, f, *from, *to)) return "port forward of another protocol";
  if (!given(f->target)) return "port forward without a target";
  if (!leads(im, f->target)) return "port forward to what is no address";
  if (given(f->local) && !port_range(f->local, local, &end)) return "port forward whose ports are no numbers";
  if (*local && *local != *from && *from != *to) return "port forward that moves a range of ports";
  if (*local == *from) *local = 0;
  return NULL;
}

static void forward(struct import *im, const struct forward *f) {
  int64_t from = 0, to = 0, local;
  const char *name = given(f->name) ? f->name : arena_print(im->arena, "%s to %s", given(f->port) ? f->port : "?", given(f->target) ? f->target : "?");
  const char *why = reason(im, f, &from, &to, &local);
  if (why) {
    import_left(im, IMPORT_NAT, why, "port forward %s (%s %s %s to %s)", name, given(f->interface) ? f->interface : "?", given(f->protocol) ? f->protocol : "?",
                given(f->port) ? f->port : "?", given(f->target) ? f->target : "?");
    return;
  }
  const char *ports = ports_of(im, f, from, to), *at = listens(im, f);
  struct thing *t = thing_new(im, IMPORT_NAT, arena_print(im->arena, "nat %s %s %s", f->interface, at, ports), name, arena_print(im->arena, "port forward %s", name));
  t->address = f->gate;
  if (!strcmp(at, "wan") && f->wan) thing_set(im, t, "wan", f->wan);
  else if (!strcmp(at, "wan")) thing_refer(im, t, "wan", "wan", "%s", NULL);
  else thing_set(im, t, "wan", at);
  thing_set(im, t, "ports", ports);
  target(im, t, "target", f->target, local);
  if (given(f->filter) && strcmp(f->filter, f->target)) {
    if (leads(im, f->filter)) target(im, t, "filter", f->filter, local);
    else thing_remark(im, t, "what a linked filter rule lets through", "the filter rule that it is linked to lets through %s", f->filter);
  }
  if (!strcmp(f->interface, "lan")) thing_set(im, t, "outside", "lan");
  thing_refer(im, t, "via", "provider pfsense", "%s", NULL);
  if (!plan_address(im, f->target)) t->group = alias_key(im, f->target);
  if (given(f->source) && strcmp(f->source, "any")) thing_remark(im, t, "source that a port forward is limited to", "only for %s", f->source);
  if (!plan_exact(name)) thing_remark(im, t, "name with characters that no plan has", "in the world its name has characters that are left out here: rename the rule before it is looked for by its name");
  if (f->unlinked) thing_remark(im, t, "filter rule that is not there", "the filter rule that it is linked to is not there");
}

static int by_id(const void *x, const void *y) {
  const struct linked *a = x, *b = y;
  int order = strcmp(a->id, b->id);
  return order ? order : strcmp(a->address ? a->address : "", b->address ? b->address : "");
}

static const struct linked *rule_of(const struct firewall *w, const char *id) {
  uint32_t low = 0, high = w->rules.n;
  while (low < high) {
    uint32_t middle = low + (high - low) / 2;
    if (strcmp(w->rules.at[middle].id, id) < 0) low = middle + 1;
    else high = middle;
  }
  return low < w->rules.n && !strcmp(w->rules.at[low].id, id) ? &w->rules.at[low] : NULL;
}

static struct firewall *firewall_of(struct import *im) {
  if (!im->firewall) im->firewall = arena_new(im->arena, struct firewall);
  im->firewall->im = im;
  im->firewall->host = im->firewall->name = im->firewall->wan = NULL;
  return im->firewall;
}

static void forward_add(struct firewall *w, struct forward f) {
  f.path = w->im->path;
  f.gate = w->name;
  f.wan = w->wan;
  if (f.target && !strcmp(f.target, "lanip") && w->host) f.target = w->host;
  array_push(w->im->arena, &w->forwards, f);
}

void pfsense_done(struct import *im) {
  struct firewall *w = im->firewall;
  if (!w) return;
  if (w->rules.n) qsort(w->rules.at, w->rules.n, sizeof *w->rules.at, by_id);
  for (uint32_t i = 0; i < w->forwards.n; i++) {
    struct forward *f = &w->forwards.at[i];
    const struct linked *rule = given(f->link) ? rule_of(w, f->link) : NULL;
    if (rule) f->filter = rule->address;
    f->unlinked = w->has_rules && given(f->link) && strcmp(f->link, "pass") && !rule;
    im->path = f->path;
    forward(im, f);
  }
}

/* The firewall itself, when it says where its pages are. */
static void provider(struct firewall *w) {
  if (!w->host) return;
  struct thing *t = thing_new(w->im, IMPORT_PFSENSE, "provider pfsense", w->name ? w->name : "firewall", "the firewall's own LAN address");
  thing_set(w->im, t, "host", w->host);
}

/* ── config.xml ────────────────────────────────────────────────────────────── */

static xmlNode *child(const xmlNode *of, const char *name) {
  for (xmlNode *n = of ? of->children : NULL; n; n = n->next)
    if (n->type == XML_ELEMENT_NODE && !strcmp((const char *)n->name, name)) return n;
  return NULL;
}

/* The text of a child, NULL without that child. */
static const char *text_of(struct import *im, const xmlNode *of, const char *name) {
  const xmlNode *n = child(of, name);
  struct text out = {.arena = im->arena};
  if (!n) return NULL;
  for (const xmlNode *k = n->children; k; k = k->next)
    if ((k->type == XML_TEXT_NODE || k->type == XML_CDATA_SECTION_NODE) && k->content) text_puts(&out, (const char *)k->content);
  return text_done(&out);
}

/* pfSense writes entities inside of CDATA: what XML has read is decoded once more. */
static const char *decoded(struct import *im, const char *text) {
  static const char *const names[] = {"&amp;", "&lt;", "&gt;", "&quot;", "&#039;", "&#39;", "&apos;"};
  static const char means[] = {'&', '<', '>', '"', '\'', '\'', '\''};
  struct text out = {.arena = im->arena};
  for (const char *p = text; p && *p;) {
    size_t i = 0;
    while (i < sizeof means && strncmp(p, names[i], strlen(names[i]))) i++;
    text_putc(&out, i < sizeof means ? means[i] : *p);
    p += i < sizeof means ? strlen(names[i]) : 1;
  }
  return text_done(&out);
}

/* <any>, <network> or <address>. */
static const char *end_of(struct import *im, const xmlNode *of, bool *inverted) {
  if (!of) return NULL;
  if (inverted && child(of, "not")) *inverted = true;
  if (child(of, "any")) return "any";
  return child(of, "network") ? text_of(im, of, "network") : text_of(im, of, "address");
}

static void xml_forward(struct firewall *w, const xmlNode *rule) {
  struct import *im = w->im;
  struct forward f = {.name = decoded(im, text_of(im, rule, "descr")), .interface = text_of(im, rule, "interface"), .protocol = text_of(im, rule, "protocol")};
  f.source = end_of(im, child(rule, "source"), NULL);
  if (child(child(rule, "source"), "not")) f.source = arena_print(im->arena, "everybody but %s", f.source ? f.source : "?");
  f.destination = end_of(im, child(rule, "destination"), &f.inverted);
  f.port = text_of(im, child(rule, "destination"), "port");
  f.target = text_of(im, rule, "target");
  f.local = text_of(im, rule, "local-port");
  f.link = text_of(im, rule, "associated-rule-id");
  f.disabled = child(rule, "disabled") != NULL || child(rule, "nordr") != NULL;
  forward_add(w, f);
}

static void xml_read(struct firewall *w, const xmlNode *root) {
  struct import *im = w->im;
  const xmlNode *interfaces = child(root, "interfaces"), *aliases = child(root, "aliases"), *nat = child(root, "nat"), *filter = child(root, "filter");
  w->host = plan_address(im, text_of(im, child(interfaces, "lan"), "ipaddr"));
  w->wan = plan_address(im, text_of(im, child(interfaces, "wan"), "ipaddr"));
  w->name = text_of(im, child(root, "system"), "hostname");
  for (const xmlNode *n = aliases ? aliases->children : NULL; n; n = n->next) {
    const char *name = n->type == XML_ELEMENT_NODE && !strcmp((const char *)n->name, "alias") ? text_of(im, n, "name") : NULL;
    struct plan_list values = {0};
    if (!given(name)) continue;
    words(im, text_of(im, n, "address"), &values);
    alias(im, name, text_of(im, n, "type"), &values);
  }
  for (const xmlNode *n = nat ? nat->children : NULL; n; n = n->next)
    if (n->type == XML_ELEMENT_NODE && !strcmp((const char *)n->name, "rule")) xml_forward(w, n);
  for (const xmlNode *n = filter ? filter->children : NULL; n; n = n->next) {
    const char *id = n->type == XML_ELEMENT_NODE && !strcmp((const char *)n->name, "rule") ? text_of(im, n, "associated-rule-id") : NULL;
    if (given(id)) array_push(im->arena, &w->rules, (struct linked){id, end_of(im, child(n, "destination"), NULL)});
  }
  w->has_rules |= filter != NULL;
}

/* A document type: entities could be declared in it. The parser goes no further. */
static void stop(void *data, const xmlChar *name, const xmlChar *external, const xmlChar *system) {
  xmlParserCtxt *x = data;
  (void)name, (void)external, (void)system;
  x->_private = x;
  xmlStopParser(x);
}

bool import_pfsense(struct import *im, const char *text, size_t n) {
  struct firewall *w = firewall_of(im);
  size_t skip = strspn(text, " \t\r\n");
  if (!strncmp(text + skip, "---- BEGIN", 10)) return import_fail(im, 1, 1, "this backup is encrypted: export it without encryption, or decrypt it first");
  xmlParserCtxt *x = xmlNewParserCtxt();
  if (!x) return import_fail(im, 0, 0, "out of memory");
  x->sax->internalSubset = stop;
  x->sax->externalSubset = stop;
  xmlDoc *doc = xmlCtxtReadMemory(x, text, (int)n, NULL, NULL, XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
  const xmlNode *root = doc ? xmlDocGetRootElement(doc) : NULL;
  const xmlError *e = xmlCtxtGetLastError(x);
  if (x->_private) {
    import_fail(im, 1, 1, "this file declares a document type, which no backup of pfSense does: it is not read");
  } else if (!root) {
    const char *message = e && e->message ? shown(im, e->message) : "it ends too early ";
    size_t length = strlen(message);
    import_fail(im, e && e->line > 0 ? (uint32_t)e->line : 1, e && e->int2 > 0 ? (uint32_t)e->int2 : 1, "this is no XML: %.*s", (int)(length ? length - 1 : 0), message);
  } else if (strcmp((const char *)root->name, "pfsense")) {
    import_fail(im, 1, 1, "this is no backup of pfSense: its outermost element is <%.40s>", shown(im, (const char *)root->name));
  } else {
    xml_read(w, root);
    provider(w);
  }
  if (doc) xmlFreeDoc(doc);
  xmlFreeParserCtxt(x);
  return !im->error;
}

/* ── The REST API ──────────────────────────────────────────────────────────── */

/* "wan:ip" -> "wanip", as the file says it. */
static const char *rest_end(struct import *im, const char *text, bool *inverted) {
  if (!text) return NULL;
  if (*text == '!') {
    *inverted = true;
    text++;
  }
  size_t n = strlen(text);
  if (n > 3 && !strcmp(text + n - 3, ":ip")) return arena_print(im->arena, "%.*sip", (int)(n - 3), text);
  return text;
}

static void rest_one(struct firewall *w, const json_t *one) {
  struct import *im = w->im;
  bool ignored = false;
  if (json_is_array(member(one, "address"))) {
    struct plan_list values = {0};
    json_t *value;
    size_t i;
    json_array_foreach(member(one, "address"), i, value)
      if (json_string_value(value) && values.items.n < 10000) array_push(im->arena, &values.items, json_string_value(value));
    if (member_text(one, "name")) alias(im, member_text(one, "name"), member_text(one, "type"), &values);
  } else if (member(one, "target") || member(one, "local_port")) {
    const json_t *interface = member(one, "interface");
    struct forward f = {.name = member_text(one, "descr"), .protocol = member_text(one, "protocol"), .port = member_text(one, "destination_port"),
                        .target = member_text(one, "target"), .local = member_text(one, "local_port"), .link = member_text(one, "associated_rule_id"),
                        .source = rest_end(im, member_text(one, "source"), &ignored), .disabled = json_is_true(member(one, "disabled")) || json_is_true(member(one, "nordr"))};
    f.interface = json_is_array(interface) ? json_string_value(json_array_get(interface, 0)) : json_string_value(interface);
    f.destination = rest_end(im, member_text(one, "destination"), &f.inverted);
    f.target = rest_end(im, f.target, &ignored);
    forward_add(w, f);
  } else if (member(one, "tracker") || member_text(one, "associated_rule_id")) {
    w->has_rules = true;
    const char *id = member_text(one, "associated_rule_id");
    if (id) array_push(im->arena, &w->rules, (struct linked){id, rest_end(im, member_text(one, "destination"), &ignored)});
  } else {
    import_left(im, IMPORT_NAT, "answer of another kind", "something that is no alias, port forward or filter rule");
  }
}

bool import_pfsense_rest(struct import *im, const json_t *document) {
  struct firewall *w = firewall_of(im);
  json_t *data = member(document, "data"), *one;
  int64_t code = member_number(document, "code");
  size_t i;
  if (!member(document, "response_id") || !data) return import_fail(im, 0, 0, "this is no answer of pfSense's REST API: it has no `response_id` and `data`");
  if (code >= 400) return import_fail(im, 0, 0, "pfSense answered with an error: %s", member_text(document, "message") ? shown(im, member_text(document, "message")) : "no reason given");
  if (json_is_array(data)) json_array_foreach(data, i, one) rest_one(w, one);
  else rest_one(w, data);
  return true;
}
