/* What the world was seen to have -> the baseline's values, in place of what the plan says.
 * Guarantees: only cases that hold before the first step are touched, so that every arrow still leads where the plan says. */
#include "model/elaborate.h"

#include <string.h>

/* ── As a value of a type ──────────────────────────────────────────────────── */

static const struct type *bare(const struct type *t) {
  while (t != NULL && t->tag == T_OPTIONAL) t = t->of[0];
  return t;
}

static bool wants_word(const struct type *t, uint32_t name) {
  t = bare(t);
  return t != NULL && (t->tag == T_LIST ? wants_word(t->of[0], name) : type_has_word(t, name));
}

/* A resource of the plan that has this name in the world and fits: an alias, a tunnel. */
static bool by_world_name(struct elaboration *e, uint32_t name, const struct type *want, struct value *out) {
  for (uint32_t i = 0; i < e->m->resources.n; i++) {
    struct value v = value_resource(i, out->at);
    if (resource_world_name(e->m, i) != name) continue;
    if (value_fits(e, &v, want, out)) return true;
  }
  return false;
}

static bool text_fits(struct elaboration *e, const char *text, const struct type *want, struct span at, struct value *out) {
  struct value v = value_text_of(e, text, at);
  struct value word = v;
  word.type = V_WORD;
  out->at = at;
  if (wants_word(want, v.name) && value_fits(e, &word, want, out)) return true;
  struct value fitted = {.at = at};
  bool fits = value_fits(e, &v, want, &fitted);
  /* An address is an address before it is anybody's name; a name may be that of a resource. */
  if ((!fits || fitted.type == V_STRING) && bare(want)->tag != T_STRING && by_world_name(e, v.name, want, out)) return true;
  *out = fitted;
  return fits;
}

static bool fits_type(struct elaboration *e, const struct seen *s, const struct type *want, struct span at, struct value *out) {
  struct value v = {.at = at};
  switch ((enum seen_type)s->type) {
  case SEEN_UNKNOWN: return false;
  case SEEN_NONE: return (want->tag == T_OPTIONAL || want->tag == T_ANY) && value_fits(e, &v, want, out); /* V_NONE */
  case SEEN_BOOL:
  case SEEN_NUMBER:
    v.type = s->type == SEEN_BOOL ? V_BOOL : V_NUMBER;
    v.number = s->number;
    if (value_fits(e, &v, want, out)) return true;
    return s->type == SEEN_NUMBER && text_fits(e, arena_print(&e->c->arena, "%lld", (long long)s->number), want, at, out);
  case SEEN_TEXT: return text_fits(e, s->text, want, at, out);
  case SEEN_LIST: break;
  }
  const struct type *list = bare(want), *item = NULL;
  for (uint32_t i = 0; list->tag == T_ONE_OF && i < list->n; i++)
    if (list->of[i]->tag == T_LIST) item = list->of[i]->of[0];
  if (list->tag == T_LIST) item = list->of[0];
  if (item == NULL && s->count == 1) return fits_type(e, &s->items[0], want, at, out);
  if (item == NULL) return false;
  struct value *items = arena_array(&e->c->arena, struct value, (size_t)s->count + 1);
  for (uint32_t i = 0; i < s->count; i++)
    if (s->items[i].type == SEEN_LIST || !fits_type(e, &s->items[i], item, at, &items[i])) return false;
  v = (struct value){.type = V_LIST, .items = items, .count = s->count, .at = at};
  return value_fits(e, &v, want, out);
}

bool seen_value(const struct model *m, uint32_t resource, uint32_t attribute_name, const struct seen *s, struct value *out) {
  struct elaboration *e = m->elaboration;
  uint32_t attribute = attribute_index(e, resource, attribute_name);
  return attribute != NONE && fits_type(e, s, attribute_wants(e, attribute), e->m->attributes.at[attribute].at, out);
}

/* ── In its place ──────────────────────────────────────────────────────────── */

/* Nothing is done yet. */
static bool holds_at_first(const struct model *m, uint32_t guard) {
  const struct guard *g = &m->guards.at[guard];
  for (uint32_t i = 0; i < g->n; i++)
    if ((g->steps[i] & 1) == 0) return false;
  return true;
}

static const struct seen *seen_of(const struct elaboration *e, const struct attribute *a) {
  const char *resource = name_text(&e->c->names, e->m->resources.at[a->owner].name), *name = name_text(&e->c->names, a->name);
  for (uint32_t i = 0; i < e->seen->n; i++)
    if (strcmp(e->seen->at[i].resource, resource) == 0 && strcmp(e->seen->at[i].attribute, name) == 0) return &e->seen->at[i];
  return NULL;
}

void seen_apply(struct elaboration *e, uint32_t attribute, struct cases *c) {
  const struct seen *s = seen_of(e, &e->m->attributes.at[attribute]);
  if (s == NULL) return;
  struct value v = {.at = c->at[0].value.at};
  if (!fits_type(e, s, attribute_wants(e, attribute), v.at, &v)) v = (struct value){.type = V_UNKNOWN, .at = v.at};
  struct cases out = {c->n, arena_alloc(&e->c->arena, c->n, sizeof *c->at)};
  for (uint32_t i = 0; i < c->n; i++) {
    out.at[i] = c->at[i];
    if (holds_at_first(e->m, c->at[i].guard)) out.at[i].value = v;
  }
  *c = out;
}
