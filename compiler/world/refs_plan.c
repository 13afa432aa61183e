/* The model -> a query: targets from what it gives up, roots from `search`, places from `accounts`, `patch` and `code`.
 * Needs a model that is not broken. Guarantees that a patch is looked for where the runbook looks for it: below the `repo` of
 * the stack that carries it, as seen from the plan's folder. */
#include "world/refs_plan.h"
#include "world/refs_parts.h"

#include <stdlib.h>
#include <string.h>

struct planning {
  struct model *m;
  struct arena *a;
  struct refs_search *search;
  const char *folder;             /* of the plan */
};

static const char *text_of(const struct planning *x, uint32_t name) { return name_text(&x->m->c->names, name); }

static uint32_t name_id(const struct planning *x, const char *text) { return name_find(&x->m->c->names, text, strlen(text)); }

/* ── What to look for ──────────────────────────────────────────────────────── */

static const struct refs_ports *ports_of(const struct planning *x, const struct retired *r) {
  struct refs_ports *ports = arena_array(x->a, struct refs_ports, r->port_count + 1);

  for (uint32_t i = 0; i < r->port_count; i++)
    ports[i] = (struct refs_ports){r->ports[i].from, r->ports[i].to};
  return ports;
}

static void targets_of(struct planning *x) {
  struct refs_search *s = x->search;

  s->retired = model_retired(x->m);
  struct refs_target *targets = arena_array(x->a, struct refs_target, s->retired.n + 1);

  for (uint32_t i = 0; i < s->retired.n; i++) {
    const struct retired *r = &s->retired.at[i];

    targets[i] = (struct refs_target){.is_name = r->is_name, .address = r->address, .name = text_of(x, r->name), .partly = r->partly,
                                      .ports = ports_of(x, r), .port_count = r->port_count};
  }
  s->query.targets = targets;
  s->query.target_count = s->retired.n;
}

/* ── Where ─────────────────────────────────────────────────────────────────── */

static void roots_of(struct planning *x) {
  uint32_t n = x->m->search.n;
  const char **roots = arena_array(x->a, const char *, n + 1);
  struct span *at = arena_array(x->a, struct span, n + 1);

  for (uint32_t i = 0; i < n; i++) {
    roots[i] = text_of(x, x->m->search.at[i].name);
    at[i] = x->m->search.at[i].at;
  }
  if (!n) {
    roots[0] = ".";
    at[0] = NOWHERE;
  }
  x->search->query.roots = roots;
  x->search->query.root_count = n ? n : 1;
  x->search->searched = at;
}

/* ── What is seen to ───────────────────────────────────────────────────────── */

struct accounts { struct refs_account *at; uint32_t n, cap; };

/* "path", or "path:line". */
static void account(struct planning *x, struct accounts *list, uint32_t name, const char *by) {
  const char *text = text_of(x, name), *colon = strrchr(text, ':');
  struct refs_account a = {text, 0, by};

  if (colon && colon != text && colon[1] >= '1' && colon[1] <= '9' && strspn(colon + 1, "0123456789") == strlen(colon + 1)) {
    unsigned long line = strtoul(colon + 1, NULL, 10);

    a.path = arena_copy(x->a, text, (size_t)(colon - text));
    a.line = line < UINT32_MAX ? (uint32_t)line : UINT32_MAX;
  }
  array_push(x->a, list, a);
}

static void accounts_of(struct planning *x) {
  const struct model *m = x->m;
  struct accounts list = {0};
  uint32_t name = name_id(x, "accounts");

  for (uint32_t i = 0; i < m->accounts.n; i++)
    account(x, &list, m->accounts.at[i].name, "`accounts` of the plan");
  for (uint32_t i = 0; name != NONE && i < m->attributes.n; i++) {
    const struct attribute *a = &m->attributes.at[i];

    if (a->name != name)
      continue;
    const char *by = arena_print(x->a, "`accounts` of `%s`", text_of(x, m->resources.at[a->owner].name));

    for (uint32_t k = 0; k < a->cases.n; k++)
      for (uint32_t j = 0; a->cases.at[k].value.type == V_LIST && j < a->cases.at[k].value.count; j++)
        if (a->cases.at[k].value.items[j].type == V_STRING)
          account(x, &list, a->cases.at[k].value.items[j].name, by);
  }
  x->search->query.accounts = list.at;
  x->search->query.account_count = list.n;
}

static const char *repository(const struct planning *x, uint32_t stack) {
  uint32_t name = name_id(x, "repo");
  const struct attribute *a = stack < x->m->resources.n && name != NONE ? attribute_find(x->m, stack, name) : NULL;
  const struct value *v = a && a->cases.n ? &a->cases.at[0].value : NULL;

  return path_join(x->a, x->folder, v && v->type == V_STRING ? text_of(x, v->name) : ".");
}

static void patches_of(struct planning *x) {
  const struct model *m = x->m;
  ARRAY(struct refs_patch) list = {0};
  ARRAY(uint32_t) attributes = {0};
  uint32_t patch = name_id(x, "patch"), code = name_id(x, "code");

  for (uint32_t i = 0; i < m->attributes.n; i++) {
    const struct attribute *a = &m->attributes.at[i];
    const struct resource *r = &m->resources.at[a->owner];

    if (!a->written || (a->name != patch && a->name != code))
      continue;
    (void)attributes_of(m, a->owner); /* reads them */
    for (uint32_t k = 0; k < a->cases.n; k++) {
      const struct value *v = &a->cases.at[k].value;

      if (v->type != V_STRING)
        continue;
      array_push(x->a, &list, (struct refs_patch){repository(x, a->name == patch ? resource_via(m, a->owner) : resource_owner(m, a->owner)), text_of(x, v->name),
                                                  arena_print(x->a, "`%s` of `%s`", a->name == patch ? "patch" : "code", text_of(x, r->name))});
      array_push(x->a, &attributes, i);
    }
  }
  x->search->query.patches = list.at;
  x->search->query.patch_count = list.n;
  x->search->patches = attributes.at;
}

static void own_files(struct planning *x) {
  const struct compilation *c = x->m->c;
  ARRAY(const char *) list = {0};

  for (uint32_t i = 0; i < c->sources.n; i++)
    if (!c->sources.at[i].library && !c->sources.at[i].excerpt && strcmp(c->sources.at[i].path, "-") != 0)
      array_push(x->a, &list, c->sources.at[i].path);
  x->search->query.own = list.at;
  x->search->query.own_count = list.n;
}

struct refs_search *refs_search_plan(struct model *m, const char *path, const char *root, const struct refs_target *targets, uint32_t count) {
  struct arena *a = &m->c->arena;
  struct refs_search *s = arena_new(a, struct refs_search);
  const char *slash = strrchr(path, '/');
  struct planning x = {m, a, s, slash ? arena_copy(a, path, slash == path ? 1 : (size_t)(slash - path)) : "."};

  s->query.base = root ? root : x.folder;
  s->asked = count > 0;
  if (count) {
    s->query.targets = targets;
    s->query.target_count = count;
  } else {
    targets_of(&x);
  }
  roots_of(&x);
  accounts_of(&x);
  patches_of(&x);
  own_files(&x);
  s->found = refs_find(a, &s->query);
  return s;
}
