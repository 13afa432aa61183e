/* `cutc import`: documents -> which system each is from -> things -> a plan's source.
 * Needs files or URLs. Guarantees that nothing is written unless everything was read, and that the same documents give the same bytes. */
#include "world/import.h"

#include <errno.h>
#include <string.h>

#define LARGEST ((size_t)256 << 20)

static const struct source_row { const char *name; const char *is; } sources[SOURCE_COUNT] = {
    [SOURCE_NONE] = {"", "something that is not known"},
    [SOURCE_KUBERNETES] = {"kubernetes", "Kubernetes"},
    [SOURCE_CLOUDFLARE] = {"cloudflare", "Cloudflare's API"},
    [SOURCE_TECHNITIUM] = {"technitium", "Technitium's API"},
    [SOURCE_ZONE] = {"zone", "a zone file"},
    [SOURCE_PFSENSE] = {"pfsense", "pfSense"},
    [SOURCE_TERRAFORM] = {"terraform", "`terraform show -json`"},
};

enum import_source import_source_named(const char *word) {
  for (int i = SOURCE_NONE + 1; i < SOURCE_COUNT; i++)
    if (!strcmp(sources[i].name, word)) return (enum import_source)i;
  return SOURCE_NONE;
}

/* ── Which system has written it ───────────────────────────────────────────── */

static enum import_source source_of(const json_t *document) {
  if (member(document, "response_id")) return SOURCE_PFSENSE;
  if (member(document, "apiVersion") && member(document, "kind")) return SOURCE_KUBERNETES;
  if (member(document, "success")) return SOURCE_CLOUDFLARE;
  if (member(document, "format_version")) return SOURCE_TERRAFORM;
  if (member_text(document, "status")) return SOURCE_TECHNITIUM;
  return SOURCE_NONE;
}

static bool value_read(struct import *im, enum import_source source, const json_t *document) {
  enum import_source is = source_of(document);
  if (source == SOURCE_NONE) source = is;
  if (is != SOURCE_NONE && is != source) return import_fail(im, 0, 0, "this comes from %s, and %s was announced", sources[is].is, sources[source].is);
  switch (source) {
  case SOURCE_KUBERNETES: return import_kubernetes(im, document);
  case SOURCE_CLOUDFLARE: return import_cloudflare(im, document);
  case SOURCE_TECHNITIUM: return import_technitium(im, document);
  case SOURCE_PFSENSE: return import_pfsense_rest(im, document);
  case SOURCE_TERRAFORM: return import_terraform(im, document);
  case SOURCE_ZONE: return import_fail(im, 0, 0, "this is JSON, and a zone file was announced");
  case SOURCE_NONE:
  case SOURCE_COUNT: break;
  }
  return import_fail(im, 0, 0, "this JSON is from none of the systems that are known: say which one, as in `cutc import kubernetes FILE`");
}

static bool json_read(struct import *im, enum import_source source, const char *text, size_t n) {
  for (size_t at = 0; at < n || !at;) {
    json_t *document = import_keep(im, import_json(im, text, n, &at));
    if (!document) return !im->error;
    if (!value_read(im, source, document)) return false;
  }
  return true;
}

static bool yaml_read(struct import *im, const char *text, size_t n) {
  json_t *documents = import_keep(im, import_yaml(im, text, n)), *one;
  size_t i;
  bool ok = documents != NULL;
  if (ok && !json_array_size(documents)) ok = import_fail(im, 0, 0, "there is nothing in it: Kubernetes objects as JSON or YAML were expected");
  json_array_foreach(documents, i, one)
    if (ok && !json_is_null(one)) ok = import_kubernetes(im, one);
  return ok;
}

static bool begins(const char *text, const char *with) { return !strncmp(text, with, strlen(with)); }

/* By its first line that is no comment: YAML of Kubernetes begins with a member. */
static bool looks_like_yaml(const char *text) {
  while (*text == '#' || *text == '\n' || *text == '\r' || *text == ' ') text += *text == '#' ? strcspn(text, "\n") : 1;
  return begins(text, "---") || begins(text, "apiVersion:") || begins(text, "kind:") || begins(text, "items:");
}

bool import_document(struct import *im, enum import_source source, const char *file, const char *text, size_t n) {
  size_t skip = n >= 3 && !memcmp(text, "\xef\xbb\xbf", 3) ? 3 : 0; /* a mark that some editors put in front */
  text += skip;
  n -= skip;
  const char *start = text + strspn(text, " \t\r\n");
  bool json = *start == '{' || *start == '[', markup = *start == '<', backup = begins(start, "---- BEGIN");
  bool html = markup && (!strncmp(start, "<!DOCTYPE html", 14) || !strncmp(start, "<!doctype html", 14) || !strncmp(start, "<html", 5));
  if (n > LARGEST) return import_fail(im, 0, 0, "this is larger than 256 MiB, and not read");
  if (!*start && strlen(text) == n) return import_fail(im, 0, 0, "there is nothing in it");
  if (html) return import_fail(im, 1, 1, "this is a page of HTML: a proxy or a login page has answered instead of the API");
  if (json && source != SOURCE_ZONE) return json_read(im, source, text, n);
  if (source == SOURCE_PFSENSE || (source == SOURCE_NONE && (markup || backup))) return import_pfsense(im, text, n);
  if (source == SOURCE_ZONE) return import_zone(im, file, text, n);
  if (source == SOURCE_KUBERNETES || (source == SOURCE_NONE && looks_like_yaml(start))) return yaml_read(im, text, n);
  if (source == SOURCE_NONE) return import_zone(im, file, text, n);
  return json_read(im, source, text, n);
}

/* ── All of it ─────────────────────────────────────────────────────────────── */

static bool is_url(const char *path) { return begins(path, "http://") || begins(path, "https://"); }

static bool argument(struct import *im, const struct import_argument *a, int *status) {
  uint32_t source;
  im->path = shown(im, a->path);
  if (is_url(a->path)) return import_live(im, a->source, a->path, status);
  if (source_read(im->c, a->path, &source))
    return import_document(im, a->source, a->path, im->c->sources.at[source].text, im->c->sources.at[source].length);
  return import_fail(im, 0, 0, "cannot be read: %s", strerror(errno));
}

static void notes(struct text *out, const struct import *im) {
  for (uint32_t i = 0; i < im->notes.n; i++)
    if (im->notes.at[i].n) text_print(out, "cutc: note: %s: %s (%u)\n", im->notes.at[i].assumed ? "assumed" : "not expressed", im->notes.at[i].what, im->notes.at[i].n);
}

int import_run(struct text *out, struct text *said, struct compilation *c, const struct import_options *options) {
  struct import im = {.c = c, .arena = &c->arena, .zone = options->zone, .note_names = {.arena = &c->arena}};
  int status = 2;
  bool ok = true;
  for (uint32_t i = 0; i < options->count && ok; i++) ok = argument(&im, &options->arguments[i], &status);
  if (ok) {
    pfsense_done(&im);
    things_merge(&im);
    import_join(&im);
    import_promises(&im);
    import_settle(&im);
    import_write(out, &im, options->facts, true);
    notes(said, &im);
  } else {
    text_print(said, "cutc: %s\n", im.error);
  }
  for (uint32_t i = 0; i < im.kept.n; i++) json_decref(im.kept.at[i]);
  return ok ? 0 : status;
}
