/* Fits values to the types that their places want.
 * A value and a type -> the value as that type, or one finding and a poisoned value. */
#include "model/elaborate.h"

#include <string.h>

struct value value_poison(struct span at) { return (struct value){.type = V_UNKNOWN, .id = NONE, .at = at}; }
bool value_poisoned(const struct value *v) { return v->type == V_UNKNOWN && v->id == NONE; }
bool cases_poisoned(const struct cases *c) {
  for (uint32_t i = 0; i < c->n; i++)
    if (value_poisoned(&c->at[i].value)) return true;
  return false;
}
struct value value_resource(uint32_t resource, struct span at) {
  return (struct value){.type = V_RESOURCE, .id = resource, .at = at};
}
struct value value_text_of(struct elaboration *e, const char *text, struct span at) {
  return (struct value){.type = V_STRING, .name = known_name(e, text), .at = at};
}

/* Does a field of type `t` always give what `want` asks for? For resources that stand for a field. */
static bool type_gives(const struct type *t, const struct type *want) {
  if (t->tag == T_ANY) return true;
  if (t->tag == T_OPTIONAL) return type_gives(t->of[0], want);
  if (t->tag == T_ONE_OF) {
    for (uint32_t i = 0; i < t->n; i++)
      if (type_gives(t->of[i], want)) return true;
    return false;
  }
  if (want->tag == T_HOST) return t->tag == T_ADDRESS || t->tag == T_HOST || t->tag == T_STRING;
  if (want->tag == T_RANGE) return t->tag == T_ADDRESS || t->tag == T_CIDR || t->tag == T_RANGE;
  return t->tag == want->tag;
}

static const struct kind *kind_of(const struct elaboration *e, const struct value *v) {
  uint32_t kind = e->m->resources.at[v->id].kind_id;
  return kind == NONE ? NULL : &e->kinds.at[kind];
}



/* A string where a type with a text form is wanted. */
static bool parse(struct elaboration *e, const struct value *v, enum type_tag tag, struct value *out, const char **why) {
  const char *text = name_text(&e->c->names, v->name);
  size_t n = name_length(&e->c->names, v->name);
  struct value parsed = {0};
  bool fits = false;
  switch ((int)tag) {
  case T_ADDRESS: fits = value_address(text, n, &parsed, why); break;
  case T_RANGE:
    fits = value_range(text, n, &parsed, why) || value_cidr(text, n, &parsed, why) || value_address(text, n, &parsed, why);
    break;
  case T_CIDR: fits = value_cidr(text, n, &parsed, why); break;
  case T_PORT: fits = value_port(text, n, &parsed, why); break;
  case T_DURATION: fits = value_duration(text, n, &parsed, why); break;
  case T_ENDPOINT: fits = value_endpoint(&e->c->names, text, n, &parsed, why); break;
  case T_URL: fits = value_url(&e->c->names, text, n, &parsed, why); break;
  default: break;
  }
  if (!fits) return false;
  *out = parsed;
  out->at = v->at;
  return true;
}

static bool host_name(struct elaboration *e, const struct value *v, struct value *out, const char **why) {
  if (parse(e, v, T_ADDRESS, out, why)) return true;
  const char *text = name_text(&e->c->names, v->name);
  *why = NULL;
  if (!*text) return *why = "it is empty", false;
  for (const char *p = text; *p; p++)
    if ((unsigned char)*p <= ' ' || strchr("/:\"'`$;&|<>(){}[]\\", *p)) return *why = "a host name has only letters, digits, `-` and dots", false;
  *out = *v;
  return true;
}

struct fitting {
  struct elaboration *e;
  bool strict;     /* no conversions */
  uint32_t depth;
  const char *why; /* static text, when a conversion said more */
};
static bool fit(struct fitting *f, const struct value *v, const struct type *want, struct value *out);

static bool fit_list(struct fitting *f, const struct value *v, const struct type *want, struct value *out) {
  if (v->type != V_LIST) {
    if (v->type == V_NONE) return false;
    struct value *one = arena_new(&f->e->c->arena, struct value);
    if (!fit(f, v, want->of[0], one)) return false;
    *out = (struct value){.type = V_LIST, .items = one, .count = 1, .at = v->at};
    return true;
  }
  struct value *items = NULL, one; /* a list of its own from the first item that is not as it is wanted */
  for (uint32_t i = 0; i < v->count; i++) {
    if (!fit(f, &v->items[i], want->of[0], &one)) return false;
    if (!items && memcmp(&one, &v->items[i], sizeof one) != 0) {
      items = arena_array(&f->e->c->arena, struct value, v->count);
      memcpy(items, v->items, i * sizeof one);
    }
    if (items) items[i] = one;
  }
  *out = *v;
  if (items) out->items = items;
  return true;
}

static bool fit_map(struct fitting *f, const struct value *v, const struct type *want, struct value *out) {
  if (v->type != V_MAP) return false;
  struct value *items = arena_array(&f->e->c->arena, struct value, v->count + 1u);
  for (uint32_t i = 0; i < v->count; i++)
    if (!fit(f, &v->items[i], want->of[0], &items[i])) return false;
  *out = *v;
  out->items = items;
  return true;
}

static bool fit_one_of(struct fitting *f, const struct value *v, const struct type *want, struct value *out) {
  bool strict = f->strict;
  f->strict = true;
  for (uint32_t i = 0; i < want->n; i++)
    if (fit(f, v, want->of[i], out)) return f->strict = strict, true;
  f->strict = strict;
  for (uint32_t i = 0; !strict && i < want->n; i++)
    if (fit(f, v, want->of[i], out)) return true;
  return false;
}

static bool fit_resource(struct fitting *f, const struct value *v, const struct type *want, struct value *out) {
  const struct kind *k = kind_of(f->e, v);
  *out = *v;
  if (!k) {
    *out = value_poison(v->at);
    return true;
  }
  if (want->tag == T_RESOURCE) return want->kind == NONE || f->e->m->resources.at[v->id].kind_id == want->kind;
  return k->stands != NONE && type_gives(k->fields[k->stands].type, want);
}

static bool fit_plain(struct fitting *f, const struct value *v, const struct type *want, struct value *out) {
  static const uint8_t same[] = {[T_STRING] = V_STRING, [T_NUMBER] = V_NUMBER,     [T_BOOL] = V_BOOL, [T_DURATION] = V_DURATION,
                                 [T_VERSION] = V_VERSION, [T_ADDRESS] = V_ADDRESS, [T_RANGE] = V_RANGE, [T_CIDR] = V_CIDR,
                                 [T_PORT] = V_PORT,     [T_ENDPOINT] = V_ENDPOINT, [T_URL] = V_URL,   [T_ZONE] = V_ZONE,
                                 [T_SECRET] = V_SECRET, [T_KIND] = V_KIND,         [T_STEP] = V_STEP};
  *out = *v;
  if (want->tag == T_HOST) {
    if (v->type == V_ADDRESS) return true;
    return v->type == V_STRING && host_name(f->e, v, out, &f->why);
  }
  if (want->tag == T_WORD) return v->type == V_WORD && v->name == want->name;
  if (v->type == same[want->tag]) return true;
  if (want->tag == T_RANGE && (v->type == V_CIDR || v->type == V_ADDRESS)) return true;
  if (want->tag == T_STRING && v->type == V_WORD) return out->type = V_STRING, !f->strict;
  return !f->strict && v->type == V_STRING && parse(f->e, v, (enum type_tag)want->tag, out, &f->why);
}

static bool fit(struct fitting *f, const struct value *v, const struct type *want, struct value *out) {
  *out = *v;
  if (!want || want->tag == T_ANY || v->type == V_UNKNOWN) return true;
  if (f->depth >= DEPTH_MAX) return true;
  f->depth++;
  bool fits;
  switch ((int)want->tag) {
  case T_OPTIONAL: fits = v->type == V_NONE || fit(f, v, want->of[0], out); break;
  case T_LIST: fits = fit_list(f, v, want, out); break;
  case T_MAP: fits = fit_map(f, v, want, out); break;
  case T_ONE_OF: fits = fit_one_of(f, v, want, out); break;
  default: fits = v->type == V_RESOURCE ? fit_resource(f, v, want, out) : fit_plain(f, v, want, out);
  }
  f->depth--;
  return fits;
}

/* ── What to say when it does not fit ──────────────────────────────────────── */

/* The value as a person wrote it, not too long, with its type: "`443/tcp` is a port". */
const char *value_described(struct elaboration *e, const struct value *v) {
  struct text out = {.arena = &e->c->arena};
  if (v->type == V_RESOURCE) {
    const struct kind *k = kind_of(e, v);
    text_print(&out, "`%s` is a resource of kind `%s`", name_text(&e->c->names, e->m->resources.at[v->id].name),
               k ? name_text(&e->c->names, k->name) : "?");
  } else if (v->type == V_ZONE) text_print(&out, "`%s` is a zone", name_text(&e->c->names, e->m->zones.at[v->id].name));
  else if (v->type == V_KIND) text_print(&out, "`%s` is a kind", name_text(&e->c->names, e->kinds.at[v->id].name));
  else if (v->type == V_STEP) text_print(&out, "`%s` is a step", name_text(&e->c->names, e->steps.at[v->id].name));
  else if (v->type == V_SECRET) text_print(&out, "`secret %s` is a secret", name_text(&e->c->names, e->secrets.at[v->id].name));
  else if (v->type == V_LIST || v->type == V_MAP || v->type == V_CALL || v->type == V_NONE)
    text_print(&out, "this is %s", v->type == V_NONE ? "`none`" : value_type_text((enum value_type)v->type));
  else {
    struct text shown = {.arena = &e->c->arena};
    value_print(&shown, &e->c->names, v);
    const char *text = text_done(&shown);
    text_print(&out, strlen(text) > 60 ? "`%.57s…` is %s" : "`%s` is %s", text, value_type_text((enum value_type)v->type));
  }
  return text_done(&out);
}

static void help_resource(struct elaboration *e, struct finding *f, const struct value *v, const struct type *want) {
  const struct kind *k = kind_of(e, v);
  for (uint32_t i = 0; k && want->tag != T_RESOURCE && i < k->field_count; i++)
    if (k->fields[i].type->tag != T_ANY && type_gives(k->fields[i].type, want)) {
      finding_remark(e->c, f, REMARK_HELP, "write `%s.%s`", name_text(&e->c->names, e->m->resources.at[v->id].name),
                     name_text(&e->c->names, k->fields[i].name));
      return;
    }
}

static void help(struct elaboration *e, struct finding *f, const struct value *v, const struct type *want) {
  if (v->type == V_RESOURCE) help_resource(e, f, v, want);
  else if (v->type == V_VERSION && (type_wants(want, T_ADDRESS) || type_wants(want, T_HOST)))
    finding_remark(e->c, f, REMARK_HELP, "`%s` is a version; an address has four parts", name_text(&e->c->names, v->name));
  else if (v->type == V_NUMBER && type_wants(want, T_PORT))
    finding_remark(e->c, f, REMARK_HELP, "a port says its protocol: `%lld/tcp` or `%lld/udp`", (long long)v->number, (long long)v->number);
  else if (v->type == V_NUMBER && type_wants(want, T_DURATION))
    finding_remark(e->c, f, REMARK_HELP, "a duration says its unit: `%llds` or `%lldm`", (long long)v->number, (long long)v->number);
  else if (v->type == V_STRING && type_has_word(want, v->name))
    finding_remark(e->c, f, REMARK_HELP, "write it without quotes: `%s`", name_text(&e->c->names, v->name));
  else if (v->type == V_ADDRESS && type_wants(want, T_ENDPOINT))
    finding_remark(e->c, f, REMARK_HELP, "an endpoint is an address and a port, such as `%s:443`", address_text(&e->c->arena, &v->from));
  else if (type_wants(want, T_STRING) && v->type != V_NONE && v->type != V_LIST && v->type != V_MAP && v->type != V_SECRET && v->type != V_CALL)
    finding_remark(e->c, f, REMARK_HELP, "put it between quotes to make it a string");
}

struct value value_coerce(struct elaboration *e, const struct value *v, const struct type *want, const char *what) {
  struct fitting fitting = {.e = e};
  struct value out;
  if (fit(&fitting, v, want, &out)) return out;
  const struct value *wrong = v;
  const struct type *wanted = want;
  while (wanted->tag == T_OPTIONAL || wanted->tag == T_LIST) {
    if (wanted->tag == T_LIST && wrong->type == V_LIST) {
      struct value ignored;
      uint32_t i = 0;
      while (i + 1 < wrong->count && fit(&fitting, &wrong->items[i], wanted->of[0], &ignored)) i++;
      if (i >= wrong->count) break;
      wrong = &wrong->items[i];
    } else if (wanted->tag == T_LIST && wrong->type == V_NONE) break;
    wanted = wanted->of[0];
  }
  struct finding *f =
      what ? finding_add(e->c, CODE_105, wrong->at, "%s wants %s, and %s", what, type_text(e, wanted), value_described(e, wrong))
           : finding_add(e->c, CODE_105, wrong->at, "wanted is %s, and %s", type_text(e, wanted), value_described(e, wrong));
  if (fitting.why && wrong->type == V_STRING) finding_remark(e->c, f, REMARK_NOTE, "%s", fitting.why);
  help(e, f, wrong, wanted);
  return value_poison(v->at);
}

bool value_fits(struct elaboration *e, const struct value *v, const struct type *want, struct value *out) {
  struct fitting fitting = {.e = e};
  return fit(&fitting, v, want, out);
}

/* ── As text ───────────────────────────────────────────────────────────────── */

static bool interpolate_list(struct elaboration *e, struct text *out, const struct value *v, bool for_people) {
  for (uint32_t i = 0; i < v->count; i++) {
    if (i) text_puts(out, ", ");
    if (v->items[i].type == V_LIST || !value_interpolate(e, out, &v->items[i], for_people)) return false;
  }
  return true;
}

bool value_interpolate(struct elaboration *e, struct text *out, const struct value *v, bool for_people) {
  const struct names *names = &e->c->names;
  switch ((enum value_type)v->type) {
  case V_NONE:
  case V_UNKNOWN:
    if (for_people) text_puts(out, v->type == V_NONE ? "none" : "unknown");
    return for_people;
  case V_MAP:
  case V_SECRET:
  case V_CALL: return false;
  case V_STRING:
  case V_WORD: text_puts(out, name_text(names, v->name)); return true;
  case V_RESOURCE: {
    const struct resource *r = &e->m->resources.at[v->id];
    text_puts(out, name_text(names, for_people ? r->name : resource_world_name(e->m, v->id)));
    return true;
  }
  case V_ZONE: text_puts(out, name_text(names, e->m->zones.at[v->id].name)); return true;
  case V_KIND: text_puts(out, name_text(names, e->kinds.at[v->id].name)); return true;
  case V_STEP: text_puts(out, name_text(names, e->steps.at[v->id].name)); return true;
  case V_TOOL: text_puts(out, name_text(names, e->tools.at[v->id].name)); return true;
  case V_LIST: return interpolate_list(e, out, v, for_people);
  case V_BOOL: case V_NUMBER: case V_DURATION: case V_VERSION: case V_ADDRESS: case V_RANGE: case V_CIDR: case V_PORT:
  case V_ENDPOINT: case V_URL: value_print(out, names, v); return true;
  }
  return false;
}
