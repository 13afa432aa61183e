/* Facts of the world as a plan's source: saved answers and live ones -> things -> text. Private to the importers, but for import_run.
 *
 * Readers (import_kubernetes.c …) turn one document into things: a kind, what it is called there, attributes as they are
 * written in a plan, and keys of other things. import_things.c merges and names them, import_link.c joins what one document says with what
 * another does, import_write.c prints. What a reader does not express it says with thing_remark or import_left: nothing is dropped
 * silently, and nothing is printed that a reader did not pick. */
#ifndef CUTC_IMPORT_H
#define CUTC_IMPORT_H

#include "base/findings.h"

#include <jansson.h>

enum import_source { SOURCE_NONE, SOURCE_KUBERNETES, SOURCE_CLOUDFLARE, SOURCE_TECHNITIUM, SOURCE_ZONE, SOURCE_PFSENSE, SOURCE_TERRAFORM, SOURCE_COUNT };

/* In the order in which they are printed. */
enum import_kind {
  IMPORT_SECRET, IMPORT_KUBERNETES, IMPORT_CLOUDFLARE, IMPORT_TECHNITIUM, IMPORT_PFSENSE,
  IMPORT_ADDRESS, IMPORT_POOL, IMPORT_LB, IMPORT_SERVICE, IMPORT_HOST, IMPORT_APP, IMPORT_RECORD,
  IMPORT_TUNNEL, IMPORT_PROXIED, IMPORT_ROUTE, IMPORT_ALIAS, IMPORT_NAT, IMPORT_KINDS
};
struct import_kind_row {
  const char *name, *module, *title; /* "lb_service", "std/kubernetes", the section's heading */
  const char *suffix;                /* of an identifier that something else has */
  bool named;                        /* its name in the world is said when it is not the identifier */
};
const struct import_kind_row *import_kind_row(enum import_kind kind);

struct thing;
struct import_attribute {
  const char *name, *text;  /* as written in a plan; NULL with a reference */
  const char *ref, *format; /* key of a thing, and how its identifier is written: "%s" */
  const char *otherwise;    /* text when there is no such thing; NULL: left out */
  const struct thing *to;   /* set by things_link */
};
struct thing {
  enum import_kind kind;
  const char *key;          /* equal keys are one thing, whichever document says it */
  const char *name;         /* in the world; NULL: as `fallback` */
  const char *fallback, *qualifier; /* what to call it without a name, and what tells it from its namesakes; may be NULL */
  const char *id;           /* set by things_name */
  uint32_t serial;
  bool assumed, dropped;
  const char *address, *entrance, *group; /* IMPORT_APP: where its ingress is, of which class; the namespace of a Service */
  ARRAY(struct import_attribute) attributes;
  struct said { const char **at; uint32_t n, cap; } origins, remarks;
};
struct import_left { enum import_kind kind; const char *what, *text; uint32_t serial; };
struct import_note { const char *what; bool assumed; uint32_t n; };
struct import_promise { const char *client, *endpoint; bool strong, down; const struct thing *of; /* whose way it asks through */ };
/* One resource record of a DNS, whoever says it. */
struct import_record {
  const char *host, *type, *value; /* lower case, no final dot; value: an address or a name, NULL for what is not expressed */
  int64_t ttl;                     /* seconds, -1 automatic */
  bool proxied;
  const char *id, *zone_id, *origin;
};

struct import {
  struct compilation *c;
  struct arena *arena;
  const char *path;          /* the document that is read, as shown */
  const char *zone;          /* that DNS documents speak of, or NULL: by their addresses */
  const char *error;         /* the first, whole: "FILE:3:4: …" */
  const char *account, *zone_id; /* of the URL that is read, or NULL */
  ARRAY(struct thing *) things;
  ARRAY(struct import_left) left;
  ARRAY(struct import_note) notes; /* by id in note_names; n 0: none */
  struct names note_names;
  ARRAY(struct import_promise) promises;
  ARRAY(struct import_record) records; /* of the document that is read */
  ARRAY(json_t *) kept;      /* documents, whose texts things point into; released at the end */
  struct firewall *firewall; /* import_pfsense.c's own */
  ARRAY(const char *) wans;  /* addresses that the internet knows us by, as other documents say */
};

struct import_argument { enum import_source source; const char *path; };
struct import_options { const struct import_argument *arguments; uint32_t count; const char *zone; bool facts; };
/* All of it: reads, merges, links, prints into `out` and the notes into `notes`. Returns the exit status (0, 2, 3); `notes` then
 * ends with the sentence that says why. */
int import_run(struct text *out, struct text *notes, struct compilation *c, const struct import_options *options);
enum import_source import_source_named(const char *word); /* SOURCE_NONE */

/* ── For readers ───────────────────────────────────────────────────────────── */

/* Each reads one document; false after import_fail. */
bool import_kubernetes(struct import *im, const json_t *document);
bool import_cloudflare(struct import *im, const json_t *document);
bool import_technitium(struct import *im, const json_t *document);
void pfsense_done(struct import *im); /* when all documents are read: forwards, with the rules they are linked to */
bool import_pfsense_rest(struct import *im, const json_t *document);
bool import_terraform(struct import *im, const json_t *document);
bool import_pfsense(struct import *im, const char *text, size_t n);
bool import_zone(struct import *im, const char *file, const char *text, size_t n);
/* One document of its kind, also for terraform's state. `what`: "kubernetes_service.traefik", or NULL for what the object says. */
void kubernetes_object(struct import *im, const char *kind, const json_t *object, const char *what);
void cloudflare_record(struct import *im, const json_t *record, const char *what);
void cloudflare_tunnel(struct import *im, const json_t *tunnel, const char *what);
void cloudflare_configuration(struct import *im, const json_t *configuration, const char *what);

/* A URL (http or https): asked, and what is answered read as documents. On failure *status is 3 when the world could not be asked. */
bool import_live(struct import *im, enum import_source source, const char *url, int *status);
bool import_document(struct import *im, enum import_source source, const char *file, const char *text, size_t n);

/* Says what is wrong with the document, at a place (line 0: none), and returns false. The first one counts. */
bool import_fail(struct import *im, uint32_t line, uint32_t column, const char *format, ...) __attribute__((format(printf, 4, 5)));
/* JSON text: one value, or several behind each other; the next one, NULL at the end (*at == n) or after import_fail. */
json_t *import_json(struct import *im, const char *text, size_t n, size_t *at);
json_t *import_yaml(struct import *im, const char *text, size_t n); /* an array of the documents; NULL after import_fail */

/* Keeps a value until all is written, and gives it back: what is read from it lives as long. */
json_t *import_keep(struct import *im, json_t *value);
/* A member by its path ("spec/ports"), NULL. */
json_t *member(const json_t *object, const char *path);
const char *member_text(const json_t *object, const char *path); /* NULL when it is no string, or empty */
int64_t member_number(const json_t *object, const char *path);   /* 0 when it is no number */

/* A new thing of the document that is read; `what` says which part of it. */
struct thing *thing_new(struct import *im, enum import_kind kind, const char *key, const char *name, const char *what);
void thing_set(struct import *im, struct thing *t, const char *attribute, const char *text);
void thing_refer(struct import *im, struct thing *t, const char *attribute, const char *key, const char *format, const char *otherwise);
const char *thing_get(const struct thing *t, const char *attribute); /* its text, NULL */
/* A comment at the thing; `what`, when not NULL, counts it among what is not expressed. */
void thing_remark(struct import *im, struct thing *t, const char *what, const char *format, ...) __attribute__((format(printf, 4, 5)));
/* Something that is not expressed at all: a comment where things of that kind stand, and counted. */
void import_left(struct import *im, enum import_kind kind, const char *what, const char *format, ...) __attribute__((format(printf, 4, 5)));
void import_note(struct import *im, const char *what, bool assumed, uint32_t n);

void record_add(struct import *im, struct import_record record);
/* The records so far as things of one zone; NULL: `lan` when one of the addresses is private, else `internet`. */
void records_done(struct import *im, const char *zone);

/* ── Texts of a plan ───────────────────────────────────────────────────────── */

/* NULL when the text is none; else as written in a plan. */
const char *plan_address(struct import *im, const char *text);
const char *plan_range(struct import *im, const char *text);    /* an address, CIDR or range */
const char *plan_host(struct import *im, const char *text);     /* a name in lower case, no final dot, perhaps `*.`; unquoted */
const char *plan_port(struct import *im, int64_t from, int64_t to, const char *proto);
const char *plan_url(struct import *im, const char *text);
const char *plan_string(struct import *im, const char *text);
bool plan_exact(const char *text); /* does a plan's string say it as it is? */
const char *plan_seconds(struct import *im, int64_t seconds);
/* "[a, b]", or just "a". */
struct plan_list { ARRAY(const char *) items; };
void plan_list_add(struct import *im, struct plan_list *list, const char *item); /* once */
const char *plan_list(struct import *im, const struct plan_list *list, bool brackets);
/* Text from an answer, in one line: without what is no UTF-8, control characters and those that turn the text's direction. */
const char *shown(struct import *im, const char *text);
bool address_private(const char *text);
bool thing_serves(const struct thing *t, const char *port); /* a port as written in a plan, among its `ports` */

/* ── After reading ─────────────────────────────────────────────────────────── */

void things_merge(struct import *im);
void things_name(struct import *im);
const struct thing *thing_find(const struct import *im, const char *key); /* after things_merge */
void things_link(struct import *im);
void import_join(struct import *im);   /* apps to their entrances, the WAN address, the API server, short names of Services */
void import_promises(struct import *im);
/* Proves what would be written: what a way leads to and nobody has said is assumed, promises that do not hold are marked. */
void import_settle(struct import *im);
void import_write(struct text *out, struct import *im, bool facts, bool all_promises);

#endif
