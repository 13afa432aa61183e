/* The model as JSON, "cutc-model/1": what an independent checker needs to follow the proof.
 * Needs a model (and, for order, timeline and outages, its proof; NULL leaves them empty).
 * Guarantees valid JSON in UTF-8 whatever bytes names hold, keys in the order of the manual, the same bytes each time. */
#include "model/json.h"
#include "prove/proof.h"

#include <stdlib.h>

/* ── Sections ──────────────────────────────────────────────────────────────── */

/* The line break, indent and comma before entry i of a section. */
static void entry(struct text *t, uint32_t i) { text_puts(t, i == 0 ? "\n    {" : ",\n    {"); }

static void close_section(struct text *t, uint32_t n) { text_puts(t, n == 0 ? "],\n" : "\n  ],\n"); }

static void zones(struct text *t, const struct model *m) {
  text_puts(t, "  \"zones\": [");
  for (uint32_t i = 0; i < m->zones.n; i++) {
    entry(t, i);
    text_puts(t, "\"name\": ");
    json_zone(t, m, i);
    text_puts(t, ", \"inside\": ");
    json_zone(t, m, m->zones.at[i].inside);
    text_putc(t, '}');
  }
  close_section(t, m->zones.n);
}

static void clients(struct text *t, const struct model *m) {
  text_puts(t, "  \"clients\": [");
  for (uint32_t i = 0; i < m->clients.n; i++) {
    const struct client *c = &m->clients.at[i];
    entry(t, i);
    text_puts(t, "\"name\": ");
    json_resource(t, m, c->resource);
    text_puts(t, ", \"zone\": ");
    json_zone(t, m, c->zone);
    text_puts(t, ", \"dns\": [");
    for (uint32_t k = 0; k < c->count; k++) {
      const struct client_dns *d = &m->client_dns.at[c->first + k];
      text_puts(t, k == 0 ? "{\"zone\": " : ", {\"zone\": ");
      json_zone(t, m, d->zone);
      text_puts(t, ", ");
      json_guard(t, m, d->guard);
      text_putc(t, '}');
    }
    text_puts(t, "]}");
  }
  close_section(t, m->clients.n);
}

static void place(struct text *t, const struct model *m, struct span at) {
  if (at.source >= m->c->sources.n) {
    text_puts(t, "null");
    return;
  }
  struct place p = source_place(m->c, at.source, at.start);
  json_words(t, arena_print(&m->c->arena, "%s:%u:%u", m->c->sources.at[at.source].path, p.line, p.column));
}

static void resources(struct text *t, const struct model *m) {
  text_puts(t, "  \"resources\": [");
  for (uint32_t i = 0; i < m->resources.n; i++) {
    const struct resource *r = &m->resources.at[i];
    bool first = true;
    entry(t, i);
    text_puts(t, "\"name\": ");
    json_name(t, m, r->name);
    text_puts(t, ", \"kind\": ");
    json_name(t, m, r->kind);
    text_puts(t, ", \"at\": ");
    place(t, m, resource_span(m, i));
    text_puts(t, ", \"attributes\": {");
    struct attribute_range own = attributes_of(m, i);
    for (uint32_t k = own.at; k < own.end; k++) {
      const struct attribute *a = &m->attributes.at[k];
      if (!a->written && (a->cases.n == 0 || (a->cases.n == 1 && a->cases.at[0].value.type == V_NONE))) continue;
      if (!first) text_puts(t, ", ");
      first = false;
      json_name(t, m, a->name);
      text_puts(t, ": [");
      for (uint32_t j = 0; j < a->cases.n; j++) {
        if (j > 0) text_puts(t, ", ");
        json_value(t, m, &a->cases.at[j].value, 0);
      }
      text_putc(t, ']');
    }
    text_puts(t, "}}");
  }
  close_section(t, m->resources.n);
}

/* ── Facts ─────────────────────────────────────────────────────────────────── */

static void key(struct text *t, const char *text) {
  text_puts(t, ", \"");
  text_puts(t, text);
  text_puts(t, "\": ");
}

/* The body of a need, without braces; `secret` when it stands for one's source. */
static void need_body(struct text *t, const struct model *m, const struct need *n) {
  switch ((enum need_type)n->type) {
  case NEED_RESOURCE:
    text_puts(t, "\"on\": ");
    json_resource(t, m, n->on);
    break;
  case NEED_COUNT:
    text_print(t, "\"at_least\": %u, \"of\": ", n->least);
    json_list(t, m, n->of, n->of_count, json_resource);
    break;
  case NEED_ENDPOINT:
    text_puts(t, "\"zone\": ");
    json_zone(t, m, n->zone);
    if (n->dns != NONE) {
      key(t, "dns");
      json_zone(t, m, n->dns);
    }
    key(t, "host");
    json_host(t, m, &n->host);
    key(t, "port");
    json_port(t, n->port, n->port);
    text_puts(t, ", ");
    json_protocol(t, n->proto);
    if (n->vhost != 0 && n->vhost != NONE) {
      key(t, "vhost");
      json_name(t, m, n->vhost);
    }
    break;
  case NEED_NEVER: text_puts(t, "\"never\": true"); break;
  }
}

static void need_list(struct text *t, const struct model *m, const struct need *needs, uint32_t n) {
  text_putc(t, '[');
  for (uint32_t i = 0; i < n; i++) {
    text_puts(t, i == 0 ? "{" : ", {");
    need_body(t, m, &needs[i]);
    if (needs[i].secret < m->secrets.n) {
      key(t, "secret");
      json_name(t, m, m->secrets.at[needs[i].secret].name);
    }
    if (needs[i].guard != GUARD_ALWAYS) {
      text_puts(t, ", ");
      json_guard(t, m, needs[i].guard);
    }
    text_putc(t, '}');
  }
  text_putc(t, ']');
}

static void alternatives(struct text *t, const struct model *m, const struct fact *f) {
  text_putc(t, '[');
  for (uint32_t i = 0; i < f->any_count; i++) {
    const struct target *g = &f->any_of[i];
    if (i > 0) text_puts(t, ", ");
    if (g->type == TARGET_RESOURCE) {
      json_resource(t, m, g->resource);
    } else {
      text_puts(t, "{\"zone\": ");
      json_zone(t, m, g->zone);
      key(t, "host");
      json_host(t, m, &g->host);
      key(t, "port");
      json_port(t, g->port, g->port);
      text_putc(t, '}');
    }
  }
  text_putc(t, ']');
}

static void forwards(struct text *t, const struct model *m, const struct fact *f) {
  const struct target *g = &f->to;
  bool to_host = g->type == TARGET_HOST, away = to_host || g->type == TARGET_ROUTE;
  key(t, "to_zone");
  json_zone(t, m, away ? g->zone : NONE);
  key(t, "to_host");
  if (to_host) json_host(t, m, &g->host);
  else text_puts(t, "null");
  key(t, "to_port");
  json_port(t, to_host ? g->port : NONE, NONE);
  key(t, "to");
  json_resource(t, m, g->type == TARGET_RESOURCE ? g->resource : NONE);
  key(t, "vhost");
  switch ((enum vhost_type)f->vhost_type) {
  case VHOST_KEEP: text_puts(t, "\"keep\""); break;
  case VHOST_NONE: text_puts(t, "null"); break;
  case VHOST_NAME: json_name(t, m, f->vhost); break;
  }
  key(t, "any_of");
  if (f->any_count > 0) alternatives(t, m, f);
  else text_puts(t, "null");
}

/* "port", "port_end": a null end is one port, or `any`. */
static void ports(struct text *t, const struct fact *f) {
  text_puts(t, "\"port\": ");
  json_port(t, f->port, f->port_end);
  if (f->port_end == NONE || f->port == NONE || (f->port == 0 && f->port_end == 65535) || f->port_end == f->port)
    text_puts(t, ", \"port_end\": null");
  else text_print(t, ", \"port_end\": %u", f->port_end);
}

static void endpoint_of_fact(struct text *t, const struct model *m, const struct fact *f) {
  key(t, "zone");
  json_zone(t, m, f->host.type == HOST_NONE ? NONE : f->zone);
  key(t, "host");
  json_host(t, m, &f->host);
  text_puts(t, ", ");
  if (f->host.type == HOST_NONE) text_puts(t, "\"port\": null, \"port_end\": null, \"proto\": null");
  else {
    ports(t, f);
    text_puts(t, ", ");
    json_protocol(t, f->proto);
  }
}

static void answer(struct text *t, const struct model *m, const struct fact *f) {
  key(t, "zone");
  json_zone(t, m, f->zone);
  key(t, "name");
  json_host(t, m, &f->host);
  key(t, "value");
  if (f->to.type == TARGET_HOST) json_host(t, m, &f->to.host);
  else text_puts(t, "null");
  key(t, "to");
  json_resource(t, m, f->to.type == TARGET_RESOURCE ? f->to.resource : NONE);
  if (f->ttl == NONE) text_puts(t, ", \"ttl\": null");
  else text_print(t, ", \"ttl\": %u", f->ttl);
}

static void virtual_host(struct text *t, const struct model *m, const struct fact *f) {
  key(t, "host");
  json_host(t, m, &f->host);
  key(t, "port");
  json_port(t, f->port, f->port_end);
  if (f->port != NONE && f->port_end != NONE && f->port_end != f->port && !(f->port == 0 && f->port_end == 65535))
    text_print(t, ", \"port_end\": %u", f->port_end);
  key(t, "at");
  json_resource(t, m, f->at);
}

static void fact(struct text *t, const struct model *m, const struct fact *f) {
  static const char *const types[] = {[FACT_SERVES] = "serves", [FACT_FORWARDS] = "forwards", [FACT_NAMES] = "names",
                                      [FACT_OWNS] = "owns",     [FACT_HOSTS] = "hosts",       [FACT_NEEDS] = "needs"};
  text_print(t, "\"fact\": \"%s\", \"by\": ", types[f->type]);
  json_resource(t, m, f->by);
  switch ((enum fact_type)f->type) {
  case FACT_SERVES: endpoint_of_fact(t, m, f); break;
  case FACT_FORWARDS:
    endpoint_of_fact(t, m, f);
    forwards(t, m, f);
    break;
  case FACT_NAMES: answer(t, m, f); break;
  case FACT_OWNS:
    key(t, "zone");
    json_zone(t, m, f->zone);
    key(t, "name");
    json_host(t, m, &f->host);
    text_print(t, ", \"negative_ttl\": %u", f->ttl == NONE ? 3600u : f->ttl);
    break;
  case FACT_HOSTS: virtual_host(t, m, f); break;
  case FACT_NEEDS:
    text_puts(t, ", ");
    need_body(t, m, &f->need);
    break;
  }
  if (f->unknown) text_puts(t, ", \"unknown\": true");
  text_puts(t, ", ");
  json_guard(t, m, f->guard);
}

static void facts(struct text *t, const struct model *m) {
  text_puts(t, "  \"facts\": [");
  for (uint32_t i = 0; i < m->facts.n; i++) {
    entry(t, i);
    fact(t, m, fact_at(m, i));
    text_putc(t, '}');
  }
  close_section(t, m->facts.n);
}

/* ── Rules, steps, promises ────────────────────────────────────────────────── */

static void hairpins(struct text *t, const struct model *m, const struct forbidden *f) {
  key(t, "hairpins");
  text_putc(t, '[');
  for (uint32_t i = 0; i < f->hairpin_count; i++) {
    text_puts(t, i == 0 ? "{\"client\": " : ", {\"client\": ");
    json_resource(t, m, m->clients.at[f->hairpins[i].client].resource);
    key(t, "resource");
    json_resource(t, m, f->hairpins[i].resource);
    text_puts(t, f->hairpins[i].is ? ", \"is\": true}" : ", \"is\": false}");
  }
  text_putc(t, ']');
}

static void forbidden(struct text *t, const struct model *m) {
  static const char *const severities[] = {[SEV_NOTE] = "note", [SEV_WARNING] = "warning", [SEV_ERROR] = "error"};
  text_puts(t, "  \"forbidden\": [");
  for (uint32_t i = 0; i < m->forbidden.n; i++) {
    const struct forbidden *f = &m->forbidden.at[i];
    entry(t, i);
    text_puts(t, "\"rule\": ");
    json_name(t, m, f->rule);
    text_print(t, ", \"severity\": \"%s\", ", severities[f->severity]);
    json_guard(t, m, f->guard);
    key(t, "during");
    json_step(t, m, f->during);
    key(t, "up");
    json_list(t, m, f->up, f->up_count, json_resource);
    key(t, "down");
    json_list(t, m, f->down, f->down_count, json_resource);
    if (f->not_during_count > 0) {
      key(t, "not_during");
      json_list(t, m, f->not_during, f->not_during_count, json_step);
    }
    if (f->hairpin_count > 0) hairpins(t, m, f);
    text_putc(t, '}');
  }
  close_section(t, m->forbidden.n);
}

static void step(struct text *t, const struct model *m, uint32_t id) {
  const struct step *s = &m->steps.at[id];
  text_puts(t, "\"id\": ");
  json_step(t, m, id);
  key(t, "takes");
  json_seconds(t, s->takes);
  if (s->wait) text_puts(t, ", \"wait\": true");
  key(t, "after");
  json_list(t, m, s->after, s->after_count, json_step);
  key(t, "disrupts");
  json_list(t, m, s->disrupts, s->disrupts_count, json_resource);
  key(t, "irreversible");
  json_name_or_null(t, m, s->irreversible);
  if (s->undo_none != 0) {
    key(t, "undo_none");
    json_name(t, m, s->undo_none);
  }
  if (s->no_inverse) text_puts(t, ", \"no_inverse\": true");
  text_print(t, ", \"early\": %s, \"commands\": %u", s->early ? "true" : "false", s->commands);
  key(t, "parts");
  json_list(t, m, s->parts, s->part_count, json_resource);
  key(t, "atomic");
  json_name_or_null(t, m, s->atomic);
  key(t, "needs");
  need_list(t, m, s->needs, s->needs_count);
  key(t, "undo_needs");
  need_list(t, m, s->undo_needs, s->undo_needs_count);
}

static int by_key(const void *a, const void *b) {
  uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
  return x < y ? -1 : x > y;
}

/* In order of position, which is what orders are compared by. */
static void steps(struct text *t, const struct model *m) {
  uint32_t n = m->steps.n;
  uint64_t *keys = arena_array(&m->c->arena, uint64_t, n + 1);
  for (uint32_t i = 0; i < n; i++) keys[i] = (uint64_t)m->steps.at[i].first_position << 32 | i;
  qsort(keys, n, sizeof *keys, by_key);
  text_puts(t, "  \"steps\": [");
  for (uint32_t i = 0; i < n; i++) {
    entry(t, i);
    step(t, m, (uint32_t)keys[i]);
    text_putc(t, '}');
  }
  close_section(t, n);
}

static void promise(struct text *t, const struct model *m, const struct promise *p) {
  static const char *const holds[] = {[HOLD_ALWAYS] = "always", [HOLD_AT_MOST] = "at_most", [HOLD_FINALLY] = "finally"};
  const struct need *e = &p->endpoint;
  text_puts(t, "\"id\": ");
  json_name(t, m, p->id);
  switch ((enum promise_type)p->type) {
  case PROMISE_ENDPOINT:
    key(t, "client");
    json_resource(t, m, p->client < m->clients.n ? m->clients.at[p->client].resource : NONE);
    key(t, "host");
    json_host(t, m, &e->host);
    key(t, "vhost");
    json_name_or_null(t, m, e->vhost);
    key(t, "port");
    json_port(t, e->port, e->port);
    text_puts(t, ", ");
    json_protocol(t, e->proto);
    break;
  case PROMISE_COUNT:
    if (e->type == NEED_RESOURCE) {
      text_puts(t, ", \"at_least\": 1, \"of\": ");
      json_list(t, m, &e->on, 1, json_resource);
    } else {
      text_print(t, ", \"at_least\": %u, \"of\": ", e->least);
      json_list(t, m, e->of, e->of_count, json_resource);
    }
    break;
  case PROMISE_CONDITION:
    key(t, "true");
    text_putc(t, '[');
    for (uint32_t i = 0; i < p->guard_count; i++) {
      text_puts(t, i == 0 ? "{" : ", {");
      json_guard(t, m, p->guards[i]);
      text_putc(t, '}');
    }
    text_putc(t, ']');
    break;
  }
  text_print(t, ", \"hold\": \"%s\"", holds[p->hold]);
  if (p->hold == HOLD_AT_MOST) {
    key(t, "limit");
    json_seconds(t, p->limit);
  }
}

/* ── The proof ─────────────────────────────────────────────────────────────── */

static void timeline(struct text *t, const struct model *m, const struct proof *p) {
  static const char *const verdicts[] = {[UP] = "up", [DOWN] = "down", [UNKNOWN] = "unknown", [MAYBE] = "maybe"};
  bool any = p != NULL && p->timeline != NULL && m->promises.n > 0;
  text_puts(t, "  \"timeline\": {");
  for (uint32_t i = 0; any && i < m->promises.n; i++) {
    text_puts(t, i == 0 ? "\n    " : ",\n    ");
    json_name(t, m, m->promises.at[i].id);
    text_puts(t, ": [");
    for (uint32_t k = 0; p->timeline[i].states.n > 0 && k <= p->order.n; k++)
      text_print(t, k == 0 ? "\"%s\"" : ", \"%s\"", verdicts[timeline_at(&p->timeline[i], k)]);
    text_putc(t, ']');
  }
  text_puts(t, any ? "\n  },\n" : "},\n");
}

static void outages(struct text *t, const struct model *m, const struct proof *p) {
  bool first = true;
  text_puts(t, "  \"outages\": {");
  for (uint32_t i = 0; p != NULL && p->timeline != NULL && i < m->promises.n; i++) {
    const struct timeline *l = &p->timeline[i];
    if (l->outage <= 0 && !l->outage_open) continue;
    if (!first) text_puts(t, ", ");
    first = false;
    json_name(t, m, m->promises.at[i].id);
    text_puts(t, ": ");
    json_seconds(t, l->outage_open ? -1 : l->outage); /* null: a step without known length is in it */
  }
  text_puts(t, "}\n");
}

void model_json(struct text *out, const struct model *m, const struct proof *p) {
  text_puts(out, "{ \"format\": \"cutc-model/1\", \"plan\": ");
  json_name(out, m, m->plan);
  text_puts(out, ", \"window\": ");
  json_seconds(out, m->window);
  text_puts(out, ",\n");
  zones(out, m);
  clients(out, m);
  resources(out, m);
  facts(out, m);
  forbidden(out, m);
  steps(out, m);
  text_puts(out, "  \"promises\": [");
  for (uint32_t i = 0; i < m->promises.n; i++) {
    entry(out, i);
    promise(out, m, &m->promises.at[i]);
    text_putc(out, '}');
  }
  close_section(out, m->promises.n);
  text_puts(out, "  \"order\": ");
  json_list(out, m, p == NULL ? NULL : p->order.at, p == NULL ? 0 : p->order.n, json_step);
  text_puts(out, ",\n");
  timeline(out, m, p);
  outages(out, m, p);
  text_puts(out, "}\n");
}
