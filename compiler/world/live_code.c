/* What the code of an owner would make of the resources that it owns.
 * `terraform plan` (or what the stack's `command` is) in the owner's folder, without taking its lock, and `show -json` of what it
 * plans: a change whose `before` has a value of the resource, and whose `after` has another, is what the next apply would do to it.
 * Guarantees: the saved plan lies in a folder of its own that only we can read, and is removed, also when somebody
 * stops us; nothing is applied. */
#include "world/live_inside.h"

#include <ctype.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PLANNING = 180000, SHOWING = 60000 /* ms */, DEPTH = 64, CHANGES_MOST = 8, WORDS = 8 };

static const char *name_at(const struct asking *a, uint32_t id) { return name_text(&a->m->c->names, id); }

static const struct value *value_of(const struct asking *a, uint32_t resource, const char *name) {
  uint32_t id = name_find(&a->m->c->names, name, strlen(name));

  return id == NONE ? NULL : attribute_value(a->m, resource, id, a->done);
}

static const char *text_of(const struct asking *a, uint32_t resource, const char *name) {
  const struct value *v = value_of(a, resource, name);

  return v == NULL || (v->type != V_STRING && v->type != V_WORD) ? NULL : name_text(&a->m->c->names, v->name);
}

/* ── Values of a resource, and where a change touches them ─────────────────── */

struct change { const char *address, *path, *before, *after; };

/* Does a text name this value, and not a longer one? */
static bool names_value(const char *text, const char *value) {
  size_t n = strlen(value);

  for (const char *at = text; n >= 4 && (at = strstr(at, value)) != NULL; at++) {
    char front = at > text ? at[-1] : ' ', back = at[n];

    if (!isalnum((unsigned char)front) && front != '.' && front != '-' && !isalnum((unsigned char)back) && back != '-' && !(back == '.' && isalnum((unsigned char)at[n + 1]))) return true;
  }
  return false;
}

/* A change's two ends at one place, and Terraform's marks: what is only known later, and what is sensitive at either end. A mark is
 * `true` for all below it, else it has the shape of what it marks. */
struct ends { const json_t *before, *after, *unknown, *hidden_before, *hidden_after; };

static const json_t *below(const json_t *v, const char *key, size_t i) { return key != NULL ? json_object_get(v, key) : json_array_get(v, i); }

static const json_t *mark_below(const json_t *mark, const char *key, size_t i) { return json_is_true(mark) ? mark : below(mark, key, i); }

static struct ends ends_below(const struct ends *e, const char *key, size_t i) {
  return (struct ends){below(e->before, key, i), below(e->after, key, i), mark_below(e->unknown, key, i), mark_below(e->hidden_before, key, i), mark_below(e->hidden_after, key, i)};
}

static const char *leaf(struct arena *arena, const json_t *v, bool unknown, bool hidden) {
  if (unknown) return "something that is only known at the apply";
  if (hidden && v != NULL && !json_is_null(v)) return "something that Terraform marks as sensitive";
  if (json_is_string(v)) return http_shown(arena, json_string_value(v), json_string_length(v), 120);
  return v == NULL || json_is_null(v) ? "nothing" : "something else";
}

static bool walk(struct asking *a, struct ends e, const char *value, const char *path, unsigned depth, struct change *out) {
  const char *key;
  json_t *one;
  size_t i;

  if (depth > DEPTH) return false;
  if (json_is_string(e.before)) {
    if (!names_value(json_string_value(e.before), value) || (json_is_string(e.after) && names_value(json_string_value(e.after), value))) return false;
    out->path = path;
    out->before = leaf(a->arena, e.before, false, json_is_true(e.hidden_before));
    out->after = leaf(a->arena, e.after, json_is_true(e.unknown), json_is_true(e.hidden_after));
    return true;
  }
  json_object_foreach((json_t *)(uintptr_t)e.before, key, one)
    if (walk(a, ends_below(&e, key, 0), value, *path == '\0' ? arena_print(a->arena, "%s", key) : arena_print(a->arena, "%s.%s", path, key), depth + 1, out)) return true;
  json_array_foreach(e.before, i, one)
    if (walk(a, ends_below(&e, NULL, i), value, arena_print(a->arena, "%s[%zu]", path, i), depth + 1, out)) return true;
  return false;
}

static bool changes(const json_t *change) {
  const json_t *actions = json_object_get(change, "actions");
  const char *first = json_string_value(json_array_get(actions, 0));

  return first != NULL && strcmp(first, "no-op") != 0 && strcmp(first, "read") != 0;
}

static bool touched(struct asking *a, const json_t *plan, const char *value, struct change *out) {
  size_t i;
  json_t *one;

  json_array_foreach(json_object_get(plan, "resource_changes"), i, one) {
    const json_t *change = json_object_get(one, "change");
    struct ends e = {json_object_get(change, "before"), json_object_get(change, "after"), json_object_get(change, "after_unknown"), json_object_get(change, "before_sensitive"),
                     json_object_get(change, "after_sensitive")};

    if (!changes(change) || !walk(a, e, value, "", 0, out)) continue;
    const char *address = json_string_value(json_object_get(one, "address"));

    out->address = address == NULL ? "a resource" : http_shown(a->arena, address, strlen(address), 120);
    return true;
  }
  return false;
}

static struct look *look_new(struct asking *a, uint32_t resource, const char *part, struct span at, const char *declared) {
  struct look look = {.verdict = LOOK_UNKNOWN, .resource = resource, .attribute = NONE, .name = name_at(a, a->m->resources.at[resource].name), .part = part, .declared = declared,
                      .at = at, .code = true};

  array_push(a->arena, &a->live->looks, look);
  return &a->live->looks.at[a->live->looks.n - 1];
}

/* The values of what it owns that have a form of their own: addresses, endpoints, URLs. */
static void compare(struct asking *a, uint32_t owner, const json_t *plan, const char *where) {
  uint32_t found = 0;

  for (uint32_t i = 0; i < a->m->resources.n && found < CHANGES_MOST; i++) {
    if (resource_owner(a->m, i) != owner) continue;
    struct attribute_range own = attributes_of(a->m, i);
    for (uint32_t k = own.at; k < own.end && found < CHANGES_MOST; k++) {
      const struct attribute *x = &a->m->attributes.at[k];
      const struct value *v = attribute_value(a->m, i, x->name, a->done);
      const char *text = NULL;
      struct change c = {0};

      for (uint32_t l = 0; l < a->live->looks.n; l++) {
        const struct look *seen = &a->live->looks.at[l];

        if (seen->resource == i && seen->attribute == x->name && seen->verdict != LOOK_UNKNOWN && !seen->absent) text = seen->seen;
      }
      if (v == NULL || (v->type != V_URL && v->type != V_ADDRESS && v->type != V_ENDPOINT && v->type != V_CIDR && v->type != V_RANGE)) continue;
      if (text == NULL) text = value_plain(&a->m->c->arena, a->m, v);
      if (!touched(a, plan, text, &c)) continue;
      struct look *look = look_new(a, i, name_at(a, x->name), x->written ? x->at : resource_span(a->m, i), text);

      look->verdict = LOOK_DIFFERENT;
      look->seen = c.after;
      look->where = arena_print(a->arena, "%s: %s of %s goes from %s to %s", where, c.path, c.address, c.before, c.after);
      look->server = name_at(a, a->m->resources.at[owner].name);
      if (credentials_within(a->credentials, look->where)) look->where = where, look->seen = "something that holds a secret";
      found++;
    }
  }
  if (found == 0) {
    struct look *look = look_new(a, owner, "code", resource_span(a->m, owner), "leaves what it owns as it is");

    look->verdict = LOOK_DECLARED;
    look->seen = look->declared;
  }
}

/* ── Terraform ─────────────────────────────────────────────────────────────── */

static const char **environment(struct asking *a, uint32_t owner, const char **why) {
  const struct value *env = value_of(a, owner, "env");
  uint32_t count = env == NULL || env->type != V_MAP ? 0 : env->count;
  const char **out = arena_array(a->arena, const char *, (size_t)count + 3);
  uint32_t n = 0;

  for (uint32_t i = 0; i < count; i++) {
    struct piece piece = {.type = env->items[i].type == V_SECRET ? PIECE_SECRET : PIECE_VALUE, .secret = env->items[i].id, .text = value_plain(&a->m->c->arena, a->m, &env->items[i])};
    struct pieces p = {&piece, 1};
    const char *value;

    if (env->items[i].type == V_NONE) continue;
    if (credentials_fill(a->credentials, &p, &value, why) != READY) {
      if (*why == NULL) *why = "a secret in its `env` could not be had";
      return NULL;
    }
    out[n++] = arena_print(a->arena, "%s=%s", name_at(a, env->keys[i]), value);
  }
  out[n++] = "TF_IN_AUTOMATION=1";
  out[n++] = "TF_INPUT=0";
  return out;
}

/* Runs the command; its output, or NULL with a look that says why. `program`: it is not there at all. */
static const char *run(struct asking *a, uint32_t owner, const char *dir, const char *const *words, const char *const *env, int64_t within, size_t *length) {
  struct run_request r = {.words = words, .env = env, .dir = dir, .within = within};
  struct run_answer answer;

  a->live->asked++;
  a->w->run(a->w->data, &r, &answer);
  if (answer.status == 0) {
    *length = answer.length;
    return answer.out;
  }
  const char *why = answer.status < 0 ? answer.reason : *answer.last != '\0' ? answer.last : arena_print(a->arena, "exit status %d", answer.status);
  struct look *look = look_new(a, owner, "code", resource_span(a->m, owner), "leaves what it owns as it is");

  if (credentials_within(a->credentials, why)) why = "what it says holds a secret";
  look->reason = arena_print(a->arena, "`%s %s` in %s: %s", words[0], words[1], dir, why);
  look->failed = answer.status >= 0 || strcmp(why, "it is not here") != 0;
  return NULL;
}

static void planned(struct asking *a, uint32_t owner, const char *dir, const char *command, const char *const *env, const char *saved) {
  const char *plan[WORDS] = {command, "plan", "-input=false", "-lock=false", "-no-color", arena_print(a->arena, "-out=%s", saved), NULL};
  const char *show[WORDS] = {command, "show", "-json", saved, NULL}, *text;
  size_t length = 0;

  if (run(a, owner, dir, plan, env, PLANNING, &length) == NULL) return;
  if ((text = run(a, owner, dir, show, env, SHOWING, &length)) == NULL) return;
  json_error_t error;
  json_t *j = json_loadb(text, length, JSON_ALLOW_NUL, &error);

  if (j == NULL) j = json_loadb(text, length, JSON_ALLOW_NUL | JSON_DECODE_INT_AS_REAL, &error);
  if (!json_is_array(json_object_get(j, "resource_changes")) && json_object_get(j, "format_version") == NULL) {
    struct look *look = look_new(a, owner, "code", resource_span(a->m, owner), "leaves what it owns as it is");

    look->reason = arena_print(a->arena, "`%s show -json` in %s gives no plan", command, dir);
    look->failed = true;
  } else {
    compare(a, owner, j, arena_print(a->arena, "`%s plan` in %s", command, dir));
  }
  json_decref(j);
}

static void look_at(struct asking *a, uint32_t owner, const char *dir, const char *command) {
  const char *repo = text_of(a, owner, "repo"), *why = NULL, *memory = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
  const char *where = repo == NULL || strcmp(repo, ".") == 0 ? dir : arena_print(a->arena, "%s/%s", repo, dir);
  const char **env = environment(a, owner, &why);

  if (env == NULL) {
    struct look *look = look_new(a, owner, "code", resource_span(a->m, owner), "leaves what it owns as it is");

    look->reason = why;
    look->failed = true;
    return;
  }
  char *folder = arena_print(a->arena, "%s/cutc-XXXXXX", memory);
  sigset_t before;

  run_guard(&before);
  if (mkdtemp(folder) != NULL) {
    const char *saved = arena_print(a->arena, "%s/plan", folder);

    planned(a, owner, where, command, env, saved);
    unlink(saved);
    rmdir(folder);
  }
  run_unguard(&before);
}

void live_code(struct asking *a) {
  bool *done = arena_array(a->arena, bool, (size_t)a->m->resources.n + 1);

  for (uint32_t i = 0; a->w->run != NULL && i < a->m->resources.n; i++) {
    uint32_t owner = resource_owner(a->m, i);

    if (owner == NONE || done[owner]) continue;
    done[owner] = true;
    const char *dir = text_of(a, owner, "dir"), *command = text_of(a, owner, "command");

    if (dir != NULL && command != NULL) look_at(a, owner, dir, command);
  }
}
