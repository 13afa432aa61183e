/* YAML text -> the JSON that it stands for.
 * Needs libyaml. Guarantees: no anchors and aliases (nobody's API writes them, and bombs are made of them), bounded depth, and that
 * plain scalars mean what YAML 1.2 says. */
#include "world/import.h"

#include <stdlib.h>
#include <string.h>
#include <yaml.h>

enum { DEPTH_MOST = 100 };

struct loader {
  struct import *im;
  yaml_parser_t parser;
  yaml_event_t event;
};

static bool next(struct loader *l) {
  yaml_event_delete(&l->event);
  if (yaml_parser_parse(&l->parser, &l->event)) return true;
  const char *problem = l->parser.problem ? l->parser.problem : "it cannot be read";
  return import_fail(l->im, (uint32_t)l->parser.problem_mark.line + 1, (uint32_t)l->parser.problem_mark.column + 1, "this is no YAML: %s", problem);
}

static bool refuse(struct loader *l, const char *why) {
  return import_fail(l->im, (uint32_t)l->event.start_mark.line + 1, (uint32_t)l->event.start_mark.column + 1, "%s", why);
}

static json_t *number(const char *text) {
  char *end;
  size_t digits = strspn(text + (*text == '-'), "0123456789");
  if (!digits || strlen(text) > 40) return NULL;
  if (!text[digits + (*text == '-')] && digits < 19) return json_integer(strtoll(text, &end, 10));
  if (strspn(text, "+-0123456789.eE") != strlen(text)) return NULL;
  double d = strtod(text, &end);
  return *end ? NULL : json_real(d);
}

static json_t *scalar(struct loader *l) {
  const char *text = (const char *)l->event.data.scalar.value;
  size_t n = l->event.data.scalar.length;
  json_t *v = NULL;
  if (l->event.data.scalar.style == YAML_PLAIN_SCALAR_STYLE && strlen(text) == n) {
    if (!n || !strcmp(text, "~") || !strcmp(text, "null")) v = json_null();
    else if (!strcmp(text, "true")) v = json_true();
    else if (!strcmp(text, "false")) v = json_false();
    else v = number(text);
  }
  if (!v) v = json_stringn(text, n);
  if (!v) refuse(l, "this text is no UTF-8");
  return v;
}

static json_t *node(struct loader *l, unsigned depth);

static json_t *sequence(struct loader *l, unsigned depth) {
  json_t *list = json_array();
  while (next(l) && l->event.type != YAML_SEQUENCE_END_EVENT) {
    json_t *item = node(l, depth);
    if (!item || json_array_append_new(list, item)) break;
  }
  if (l->event.type == YAML_SEQUENCE_END_EVENT && !l->im->error) return list;
  json_decref(list);
  return NULL;
}

static json_t *mapping(struct loader *l, unsigned depth) {
  json_t *map = json_object();
  while (next(l) && l->event.type != YAML_MAPPING_END_EVENT) {
    if (l->event.type != YAML_SCALAR_EVENT) {
      refuse(l, l->event.type == YAML_ALIAS_EVENT ? "anchors and aliases are not read" : "the key of a mapping is no text");
      break;
    }
    char *key = arena_copy(l->im->arena, (const char *)l->event.data.scalar.value, l->event.data.scalar.length);
    if (!next(l)) break;
    json_t *value = node(l, depth);
    if (!value) break;
    if (json_object_set_new(map, key, value)) {
      refuse(l, "the key of this value is no UTF-8");
      break;
    }
  }
  if (l->event.type == YAML_MAPPING_END_EVENT && !l->im->error) return map;
  json_decref(map);
  return NULL;
}

/* The value that starts with the present event. */
static json_t *node(struct loader *l, unsigned depth) {
  const yaml_event_t *e = &l->event;
  const yaml_char_t *anchor = e->type == YAML_SCALAR_EVENT ? e->data.scalar.anchor
                            : e->type == YAML_SEQUENCE_START_EVENT ? e->data.sequence_start.anchor
                            : e->type == YAML_MAPPING_START_EVENT ? e->data.mapping_start.anchor : NULL;
  if (anchor || e->type == YAML_ALIAS_EVENT) refuse(l, "anchors and aliases are not read");
  else if (depth > DEPTH_MOST) refuse(l, "the YAML is nested too deeply");
  else if (e->type == YAML_SCALAR_EVENT) return scalar(l);
  else if (e->type == YAML_SEQUENCE_START_EVENT) return sequence(l, depth + 1);
  else if (e->type == YAML_MAPPING_START_EVENT) return mapping(l, depth + 1);
  else refuse(l, "a value was expected here");
  return NULL;
}

json_t *import_yaml(struct import *im, const char *text, size_t n) {
  struct loader l = {.im = im};
  json_t *documents = json_array();
  if (!yaml_parser_initialize(&l.parser)) {
    json_decref(documents);
    import_fail(im, 0, 0, "out of memory");
    return NULL;
  }
  yaml_parser_set_input_string(&l.parser, (const unsigned char *)text, n);
  while (next(&l) && l.event.type != YAML_STREAM_END_EVENT) {
    if (l.event.type != YAML_DOCUMENT_START_EVENT) continue;
    json_t *document = next(&l) ? node(&l, 0) : NULL;
    if (!document || json_array_append_new(documents, document)) break;
  }
  yaml_event_delete(&l.event);
  yaml_parser_delete(&l.parser);
  if (!im->error) return documents;
  json_decref(documents);
  return NULL;
}
