/* Names: tables from name ids to declarations, and what to say of a name that is none.
 * Needs interned names. Guarantees: one finding per unknown name and place, with the nearest known one. */
#include "model/elaborate.h"

#include <string.h>

#define SUGGESTED_MAX 2000000u /* names looked at for did-you-mean in all: a thousand typos in a large plan stay quick */

uint32_t index_get(const struct index *t, uint32_t key) {
  if (t->dense) return key < t->dense_cap ? t->dense[key] - 1u : NONE;
  if (!t->cap) return NONE;
  for (uint32_t i = (key * 2654435769u >> 7) & (t->cap - 1); t->keys[i]; i = (i + 1) & (t->cap - 1))
    if (t->keys[i] == key + 1) return t->values[i];
  return NONE;
}

void index_dense(struct arena *a, struct index *t, uint32_t keys) { t->dense = arena_array(a, uint32_t, t->dense_cap = keys + 1u); }

static uint32_t put_dense(struct arena *a, struct index *t, uint32_t key, uint32_t value) {
  if (key >= t->dense_cap) t->dense = arena_grow(a, t->dense, t->dense_cap, &t->dense_cap, key + 1, sizeof *t->dense);
  if (t->dense[key]) return t->dense[key] - 1u;
  t->dense[key] = value + 1;
  t->n++;
  return value;
}

static void enlarge(struct arena *a, struct index *t) {
  struct index old = *t;
  t->cap = old.cap ? old.cap * 2 : 32;
  t->keys = arena_array(a, uint32_t, t->cap);
  t->values = arena_array(a, uint32_t, t->cap);
  t->n = 0;
  for (uint32_t i = 0; i < old.cap; i++)
    if (old.keys[i]) index_put(a, t, old.keys[i] - 1, old.values[i]);
}

uint32_t index_put(struct arena *a, struct index *t, uint32_t key, uint32_t value) {
  if (t->dense) return put_dense(a, t, key, value);
  if ((t->n + 1) * 2 > t->cap) enlarge(a, t);
  uint32_t i = (key * 2654435769u >> 7) & (t->cap - 1);
  for (; t->keys[i]; i = (i + 1) & (t->cap - 1))
    if (t->keys[i] == key + 1) return t->values[i];
  t->keys[i] = key + 1;
  t->values[i] = value;
  t->n++;
  return value;
}

void index_set(struct index *t, uint32_t key, uint32_t value) {
  if (t->dense) {
    t->dense[key] = value + 1;
    return;
  }
  for (uint32_t i = (key * 2654435769u >> 7) & (t->cap - 1); t->keys[i]; i = (i + 1) & (t->cap - 1))
    if (t->keys[i] == key + 1) t->values[i] = value;
}

/* ── The tree ──────────────────────────────────────────────────────────────── */

const char *node_name(const struct elaboration *e, uint32_t node) { return name_text(&e->c->names, NODE(e, node)->text); }

uint32_t node_child(const struct elaboration *e, uint32_t node, uint32_t n) {
  uint32_t child = NODE(e, node)->child;
  while (child && n--) child = NODE(e, child)->next;
  return child;
}

uint32_t node_attr(const struct elaboration *e, uint32_t node, const char *name) {
  for (uint32_t i = NODE(e, node)->child; i; i = NODE(e, i)->next)
    if (NODE(e, i)->type == N_ATTR && !strcmp(node_name(e, i), name)) return i;
  return 0;
}

uint32_t known_name(struct elaboration *e, const char *text) { return name_str(&e->c->names, text); }

void words_know(struct elaboration *e) {
  struct word_table *w = e->words = arena_new(&e->c->arena, struct word_table);
#define WORD(x) w->x = known_name(e, #x);
  WORDS(WORD)
#undef WORD
}

/* ── Look-up ───────────────────────────────────────────────────────────────── */

uint32_t kind_find(const struct elaboration *e, uint32_t name) { return index_get(&e->kind_index, name); }
uint32_t zone_find(const struct elaboration *e, uint32_t name) { return index_get(&e->zone_index, name); }
uint32_t secret_find(const struct elaboration *e, uint32_t name) { return index_get(&e->secret_index, name); }

bool type_wants(const struct type *t, enum type_tag tag) {
  if (!t) return false;
  if (t->tag == tag) return true;
  for (uint32_t i = 0; i < t->n; i++)
    if ((t->tag == T_OPTIONAL || t->tag == T_ONE_OF || t->tag == T_LIST) && type_wants(t->of[i], tag)) return true;
  return false;
}

bool type_has_word(const struct type *t, uint32_t name) {
  if (!t) return false;
  if (t->tag == T_WORD) return t->name == name;
  for (uint32_t i = 0; i < t->n; i++)
    if (t->tag != T_MAP && type_has_word(t->of[i], name)) return true;
  return false;
}

/* ── Did you mean ──────────────────────────────────────────────────────────── */

struct candidates {
  struct arena *arena;
  ARRAY(const char *) list;
};

static void candidate(struct candidates *c, const struct elaboration *e, uint32_t name) {
  array_push(c->arena, &c->list, name_text(&e->c->names, name));
}

static void candidate_words(struct candidates *c, const struct elaboration *e, const struct type *t) {
  if (!t) return;
  if (t->tag == T_WORD) candidate(c, e, t->name);
  for (uint32_t i = 0; i < t->n; i++) candidate_words(c, e, t->of[i]);
}

static void candidate_attributes(struct candidates *c, const struct elaboration *e, uint32_t self) {
  if (self == NONE) return;
  struct attribute_range own = attributes_unread(e->m, self);
  for (uint32_t i = own.at; i < own.end; i++) candidate(c, e, e->m->attributes.at[i].name);
}

uint32_t suggest_among(struct elaboration *e, uint32_t n) {
  uint32_t left = SUGGESTED_MAX - e->suggested, few = n < left ? n : left;
  e->suggested += few;
  return few;
}

void suggest(struct elaboration *e, struct finding *f, const char *word, const char *const *candidates, uint32_t n) {
  uint32_t best = n ? nearest(word, candidates, n) : NONE;
  if (best != NONE) finding_remark(e->c, f, REMARK_HELP, "did you mean `%s`?", candidates[best]);
}

/* What the place wanted, as a code and a noun. */
static enum code wanted(const struct type *want, const char **noun) {
  while (want && (want->tag == T_OPTIONAL || want->tag == T_LIST)) want = want->of[0];
  if (want && want->tag == T_ZONE) return *noun = "zone", CODE_104;
  if (want && want->tag == T_KIND) return *noun = "kind", CODE_101;
  if (want && want->tag == T_STEP) return *noun = "step or resource", CODE_103;
  if (want && want->tag == T_RESOURCE) return *noun = "resource", CODE_103;
  return *noun = NULL, CODE_103;
}

static bool word_of_a_kind(const struct elaboration *e, uint32_t name) {
  for (uint32_t k = 0; k < e->kinds.n; k++)
    for (uint32_t i = 0; i < e->kinds.at[k].field_count; i++)
      if (type_has_word(e->kinds.at[k].fields[i].type, name)) return true;
  return false;
}

struct value name_unknown(struct elaboration *e, const struct scope *s, uint32_t node, const struct type *want) {
  if (want && want->tag == T_ANY) want = NULL;
  if (e->unasked && !NODE(e, node)->child && word_of_a_kind(e, NODE(e, node)->text)) return value_poison(node_span(e->tree, node));
  const char *noun, *word = node_name(e, node);
  enum code code = wanted(want, &noun);
  struct candidates c = {.arena = &e->c->arena};
  for (const struct binding *b = s->bindings; b; b = b->outer) candidate(&c, e, b->name);
  candidate_words(&c, e, want);
  candidate_attributes(&c, e, s->self);
  for (uint32_t k = 0; e->unasked && k < e->kinds.n; k++)
    for (uint32_t i = 0; i < e->kinds.at[k].field_count; i++) candidate_words(&c, e, e->kinds.at[k].fields[i].type);
  if (!want || type_wants(want, T_ZONE) || !noun)
    for (uint32_t i = 0, n = suggest_among(e, e->m->zones.n); i < n; i++) candidate(&c, e, e->m->zones.at[i].name);
  if (code == CODE_101)
    for (uint32_t i = 0, n = suggest_among(e, e->kinds.n); i < n; i++) candidate(&c, e, e->kinds.at[i].name);
  if (code == CODE_103) {
    for (uint32_t i = 0, n = suggest_among(e, e->m->resources.n); i < n; i++) candidate(&c, e, e->m->resources.at[i].name);
    for (uint32_t i = 0, n = suggest_among(e, e->lets.n); i < n; i++) candidate(&c, e, e->lets.at[i].name);
    for (uint32_t i = 0, n = suggest_among(e, e->steps.n); i < n; i++) candidate(&c, e, e->steps.at[i].name);
  }
  struct span at = node_span(e->tree, node);
  struct finding *f;
  if (noun) f = finding_add(e->c, code, at, "there is no %s `%s`", noun, word);
  else if (want) f = finding_add(e->c, code, at, "nothing here is called `%s`; wanted is %s", word, type_text(e, want));
  else f = finding_add(e->c, code, at, "nothing here is called `%s`", word);
  if (s->self != NONE) f->resource = e->m->resources.at[s->self].name;
  if (!strcmp(word, "yes") || !strcmp(word, "no"))
    finding_remark(e->c, f, REMARK_HELP, "the two truth values are `true` and `false`");
  else suggest(e, f, word, c.list.at, c.list.n);
  return value_poison(at);
}
