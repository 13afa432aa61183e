/* The sorted findings of a compilation -> JSON, SARIF 2.1.0, GitHub annotations.
 * Needs findings_sort to have run. Guarantees valid UTF-8 (bytes of a plan that are none become U+FFFD) and the same bytes
 * for the same findings. Library: jansson; its objects are freed before returning. */
#include "report/live.h"
#include "report/machine.h"
#include "report/paint.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#define SARIF_SCHEMA "https://json.schemastore.org/sarif-2.1.0.json"

/* ── Small helpers ─────────────────────────────────────────────────────────── */

/* A string of any bytes; line ends and tabs stay. */
static json_t *string(struct compilation *c, const char *s) {
  json_t *j = json_string(s);

  if (j)
    return j;
  struct text clean = {.arena = &c->arena};

  paint_puts(&clean, s);
  return json_string(text_done(&clean));
}

static void dump(struct text *out, json_t *root) {
  char *s = json_dumps(root, JSON_INDENT(2) | JSON_PRESERVE_ORDER);

  if (s) {
    text_puts(out, s);
    text_putc(out, '\n');
  }
  free(s);
  json_decref(root);
}

/* The column of a byte in UTF-16 units, from 1. */
static json_int_t utf16_column(const struct compilation *c, uint32_t source, uint32_t offset, uint32_t column) {
  const struct source *s = &c->sources.at[source];
  uint32_t first = column > offset + 1 ? s->column : 0; /* an excerpt: what is before it counts as bytes */
  uint32_t end = offset < s->length ? offset : s->length, i = offset + 1 - (column - first);
  json_int_t units = 1 + (json_int_t)first;

  for (; i < end; i++) {
    unsigned char b = (unsigned char)s->text[i];

    units += (b & 0xc0) != 0x80;
    units += b >= 0xf0;
  }
  return units;
}

/* ── JSON ──────────────────────────────────────────────────────────────────── */

static json_t *place_json(struct compilation *c, struct span at, const char *label) {
  if (at.source >= c->sources.n)
    return json_null();
  struct place from = source_place(c, at.source, at.start), to = source_place(c, at.source, at.end > at.start ? at.end : at.start);
  json_t *o = json_object();

  json_object_set_new(o, "file", string(c, c->sources.at[at.source].path));
  json_object_set_new(o, "line", json_integer(from.line));
  json_object_set_new(o, "column", json_integer(from.column));
  json_object_set_new(o, "end_line", json_integer(to.line));
  json_object_set_new(o, "end_column", json_integer(to.column));
  json_object_set_new(o, "label", string(c, label ? label : ""));
  return o;
}

json_t *machine_finding(struct compilation *c, const struct finding *f) {
  json_t *o = json_object(), *labels = json_array(), *remarks = json_array();

  json_object_set_new(o, "code", json_string(code_text(f->code)));
  json_object_set_new(o, "rule", f->rule ? string(c, name_text(&c->names, f->rule)) : json_null());
  json_object_set_new(o, "severity", json_string(severity_text(f->severity)));
  json_object_set_new(o, "message", string(c, f->message));
  json_object_set_new(o, "at", place_json(c, f->at, f->label));
  for (uint32_t i = 0; i < f->labels.n; i++)
    json_array_append_new(labels, place_json(c, f->labels.at[i].at, f->labels.at[i].text));
  json_object_set_new(o, "labels", labels);
  for (uint32_t i = 0; i < f->remarks.n; i++) {
    json_t *r = json_object();

    json_object_set_new(r, "type", json_string(remark_text(f->remarks.at[i].type)));
    json_object_set_new(r, "text", string(c, f->remarks.at[i].text));
    json_array_append_new(remarks, r);
  }
  json_object_set_new(o, "remarks", remarks);
  json_object_set_new(o, "resource", f->resource ? string(c, name_text(&c->names, f->resource)) : json_null());
  json_object_set_new(o, "waived", f->waived ? string(c, f->waived) : json_null());
  return o;
}

static json_t *findings_json(struct compilation *c) {
  json_t *root = json_object(), *list = json_array();

  json_object_set_new(root, "format", json_string("cutc-findings/1"));
  json_object_set_new(root, "errors", json_integer(c->errors));
  json_object_set_new(root, "warnings", json_integer(c->warnings));
  for (uint32_t i = 0; i < c->findings.n; i++)
    json_array_append_new(list, machine_finding(c, c->findings.at[i]));
  json_object_set_new(root, "findings", list);
  return root;
}

void machine_json(struct text *out, struct compilation *c) { dump(out, findings_json(c)); }

static json_t *look_json(struct compilation *c, const struct look *k) {
  static const char *const verdicts[] = {[LOOK_DECLARED] = "declared", [LOOK_DIFFERENT] = "different", [LOOK_LEARNT] = "learnt", [LOOK_UNKNOWN] = "unknown"};
  json_t *o = json_object();

  json_object_set_new(o, "resource", string(c, k->name));
  json_object_set_new(o, "attribute", string(c, k->part));
  json_object_set_new(o, "verdict", json_string(verdicts[k->verdict]));
  json_object_set_new(o, "declared", string(c, k->declared));
  json_object_set_new(o, "seen", k->seen ? string(c, k->seen) : json_null());
  json_object_set_new(o, "there", k->verdict == LOOK_UNKNOWN ? json_null() : json_boolean(!k->absent));
  json_object_set_new(o, "asked", k->where ? string(c, k->where) : json_null());
  json_object_set_new(o, "reason", k->reason ? string(c, k->reason) : json_null());
  return o;
}

void report_live_json(struct text *out, struct compilation *c, const struct live *l) {
  json_t *root = findings_json(c), *world = json_object(), *looks = json_array(), *secrets = json_array();

  for (uint32_t i = 0; i < l->looks.n; i++)
    json_array_append_new(looks, look_json(c, &l->looks.at[i]));
  for (uint32_t i = 0; i < l->secrets.n; i++) {
    json_t *o = json_object();

    json_object_set_new(o, "secret", string(c, l->secrets.at[i].name));
    json_object_set_new(o, "there", json_boolean(l->secrets.at[i].there));
    json_object_set_new(o, "reason", l->secrets.at[i].there ? json_null() : string(c, l->secrets.at[i].reason));
    json_array_append_new(secrets, o);
  }
  json_object_set_new(world, "compared_with", json_string(l->target ? "target" : "baseline"));
  json_object_set_new(world, "looks", looks);
  json_object_set_new(world, "secrets", secrets);
  json_object_set_new(root, "world", world);
  dump(out, root);
}

/* ── SARIF ─────────────────────────────────────────────────────────────────── */

static json_t *message_json(struct compilation *c, const char *text) {
  json_t *o = json_object();

  json_object_set_new(o, "text", string(c, text));
  return o;
}

/* A path as the relative reference that SARIF wants: percent-encoded but for what may stand in one. */
static json_t *uri(struct compilation *c, const struct source *s) {
  struct text out = {.arena = &c->arena};

  if (s->library)
    text_puts(&out, "cutc:");
  else if (s->path[0] == '/')
    text_puts(&out, "file://");
  text_percent(&out, strcmp(s->path, "-") == 0 ? "stdin" : s->path, "/" URL_UNRESERVED);
  return json_string(text_done(&out));
}

static json_t *location_json(struct compilation *c, struct span at, const char *label) {
  json_t *o = json_object(), *physical = json_object(), *artifact = json_object(), *region = json_object();
  uint32_t end = at.end > at.start ? at.end : at.start;
  struct place from = source_place(c, at.source, at.start), to = source_place(c, at.source, end);

  json_object_set_new(artifact, "uri", uri(c, &c->sources.at[at.source]));
  json_object_set_new(physical, "artifactLocation", artifact);
  json_object_set_new(region, "startLine", json_integer(from.line));
  json_object_set_new(region, "startColumn", json_integer(utf16_column(c, at.source, at.start, from.column)));
  json_object_set_new(region, "endLine", json_integer(to.line));
  json_object_set_new(region, "endColumn", json_integer(utf16_column(c, at.source, end, to.column)));
  json_object_set_new(physical, "region", region);
  json_object_set_new(o, "physicalLocation", physical);
  if (label && *label)
    json_object_set_new(o, "message", message_json(c, label));
  return o;
}

static json_t *result_json(struct compilation *c, const struct finding *f, json_int_t rule) {
  static const char *const levels[] = {[SEV_NOTE] = "note", [SEV_WARNING] = "warning", [SEV_ERROR] = "error"};
  json_t *o = json_object(), *locations = json_array(), *related = json_array();
  struct text message = {.arena = &c->arena};

  text_puts(&message, f->message);
  for (uint32_t i = 0; i < f->remarks.n; i++)
    text_print(&message, "\n%s: %s", remark_text(f->remarks.at[i].type), f->remarks.at[i].text);
  json_object_set_new(o, "ruleId", string(c, finding_id(c, f)));
  json_object_set_new(o, "ruleIndex", json_integer(rule));
  json_object_set_new(o, "level", json_string(levels[f->severity]));
  json_object_set_new(o, "message", message_json(c, text_done(&message)));
  if (f->at.source < c->sources.n)
    json_array_append_new(locations, location_json(c, f->at, f->label));
  json_object_set_new(o, "locations", locations);
  for (uint32_t i = 0; i < f->labels.n; i++)
    if (f->labels.at[i].at.source < c->sources.n)
      json_array_append_new(related, location_json(c, f->labels.at[i].at, f->labels.at[i].text));
  json_object_set_new(o, "relatedLocations", related);
  if (f->waived) {
    json_t *list = json_array(), *s = json_object();

    json_object_set_new(s, "kind", json_string("inSource"));
    json_object_set_new(s, "justification", string(c, f->waived));
    json_array_append_new(list, s);
    json_object_set_new(o, "suppressions", list);
  }
  return o;
}

/* The place of a finding's rule in the list of rules, where it is put the first time. */
static json_int_t rule_of(struct compilation *c, const struct finding *f, json_t *rules, json_t *known) {
  const char *id = finding_id(c, f);
  json_t *place = json_object_get(known, id);

  if (place)
    return json_integer_value(place);
  json_int_t n = (json_int_t)json_array_size(rules);
  json_t *rule = json_object();

  json_object_set_new(rule, "id", string(c, id));
  json_object_set_new(rule, "shortDescription", message_json(c, f->rule ? "a rule of the plan or the library" : code_title(f->code)));
  json_object_set_new(rule, "help", message_json(c, arena_print(&c->arena, "cutc explain %s", code_text(f->code))));
  json_array_append_new(rules, rule);
  json_object_set_new(known, id, json_integer(n));
  return n;
}

void machine_sarif(struct text *out, struct compilation *c) {
  json_t *root = json_object(), *runs = json_array(), *run = json_object(), *tool = json_object(), *driver = json_object();
  json_t *rules = json_array(), *results = json_array(), *known = json_object();

  for (uint32_t i = 0; i < c->findings.n; i++) {
    const struct finding *f = c->findings.at[i];

    json_array_append_new(results, result_json(c, f, rule_of(c, f, rules, known)));
  }
  json_decref(known);
  json_object_set_new(driver, "name", json_string("cutc"));
  json_object_set_new(driver, "version", json_string(CUTC_VERSION));
  json_object_set_new(driver, "rules", rules);
  json_object_set_new(tool, "driver", driver);
  json_object_set_new(run, "tool", tool);
  json_object_set_new(run, "columnKind", json_string("utf16CodeUnits"));
  json_object_set_new(run, "results", results);
  json_array_append_new(runs, run);
  json_object_set_new(root, "$schema", json_string(SARIF_SCHEMA));
  json_object_set_new(root, "version", json_string("2.1.0"));
  json_object_set_new(root, "runs", runs);
  dump(out, root);
}

/* ── GitHub ────────────────────────────────────────────────────────────────── */

/* As the runner decodes it: % and line ends everywhere, : and , in properties too. */
static void escape(struct text *out, const char *s, bool property) {
  for (; *s; s++) {
    if (*s == '%' || *s == '\r' || *s == '\n' || (property && (*s == ':' || *s == ',')))
      text_print(out, "%%%02X", (unsigned char)*s);
    else
      text_putc(out, *s);
  }
}

void machine_github(struct text *out, struct compilation *c) {
  static const char *const levels[] = {[SEV_NOTE] = "notice", [SEV_WARNING] = "warning", [SEV_ERROR] = "error"};

  for (uint32_t i = 0; i < c->findings.n; i++) {
    const struct finding *f = c->findings.at[i];
    struct text clean = {.arena = &c->arena};

    if (f->waived)
      continue;
    text_print(out, "::%s ", levels[f->severity]);
    if (f->at.source < c->sources.n) {
      struct place from = source_place(c, f->at.source, f->at.start), to = source_place(c, f->at.source, f->at.end);

      text_puts(out, "file=");
      escape(out, c->sources.at[f->at.source].path, true);
      text_print(out, ",line=%u,col=%u,", from.line, from.column);
      if (to.line == from.line && to.column > from.column)
        text_print(out, "endLine=%u,endColumn=%u,", to.line, to.column);
    }
    text_puts(out, "title=");
    escape(out, finding_id(c, f), true);
    text_puts(out, "::");
    paint_puts(&clean, f->message);
    for (uint32_t j = 0; j < f->remarks.n; j++) {
      text_print(&clean, "\n%s: ", remark_text(f->remarks.at[j].type));
      paint_puts(&clean, f->remarks.at[j].text);
    }
    escape(out, text_done(&clean), false);
    text_putc(out, '\n');
  }
}
