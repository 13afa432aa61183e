/* Modules: the plan's file and all that it uses -> syntax trees, in order of use.
 * Guarantees: each file once; a cycle is one finding; what could be read is there all the same. */
#include "model/elaborate.h"

#include "base/embedded.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { MODULE_DEPTH_MAX = 64 };

struct loader {
  struct elaboration *e;
  struct index states;         /* name of a module or path -> 0 being read, 1 done */
  uint32_t stack[MODULE_DEPTH_MAX]; /* names, outermost first */
  uint32_t depth;
};

static void load_uses(struct loader *l, uint32_t file);

static void parse(struct loader *l, uint32_t source) {
  uint32_t file = syntax_parse(l->e->tree, source);
  array_push(&l->e->c->arena, &l->e->files, file);
  load_uses(l, file);
}

/* Folders and names with `.` and `x/..` taken out, so that one file has one name. */
static const char *normalized(struct arena *arena, const char *folder, size_t folder_length, const char *path) {
  char *whole = path[0] == '/' ? arena_copy(arena, path, strlen(path)) : arena_print(arena, "%.*s%s", (int)folder_length, folder, path);
  char *out = arena_array(arena, char, strlen(whole) + 2);
  size_t n = 0;
  for (const char *p = whole; *p;) {
    size_t part = strcspn(p, "/");
    bool up = part == 2 && p[0] == '.' && p[1] == '.';
    size_t last = n;
    while (last && out[last - 1] != '/') last--;
    if (up && n > 1 && !(n >= 3 && !strncmp(out + n - 3, "../", 3))) {
      for (n--; n && out[n - 1] != '/';) n--;
    } else if (part && !(part == 1 && p[0] == '.')) {
      memcpy(out + n, p, part);
      n += part;
      if (p[part] == '/') out[n++] = '/';
    } else if (!part && p == whole) out[n++] = '/';
    p += part;
    if (*p == '/') p++;
  }
  out[n] = '\0';
  return out;
}

/* Is the module being read already? Then it uses itself. */
static bool cycle(struct loader *l, uint32_t name, struct span at) {
  for (uint32_t i = 0; i < l->depth; i++) {
    if (l->stack[i] != name) continue;
    struct text chain = {.arena = &l->e->c->arena};
    for (uint32_t k = i; k < l->depth; k++) text_print(&chain, "`%s` uses ", name_text(&l->e->c->names, l->stack[k]));
    text_print(&chain, "`%s`", name_text(&l->e->c->names, name));
    struct finding *f = finding_add(l->e->c, CODE_006, at, "`%s` is used by what it uses itself", name_text(&l->e->c->names, name));
    finding_remark(l->e->c, f, REMARK_NOTE, "%s", text_done(&chain));
    finding_remark(l->e->c, f, REMARK_HELP, "move what both need into a file that uses neither");
    return true;
  }
  return false;
}

static void unknown_module(struct loader *l, const char *module, struct span at) {
  struct finding *f = finding_add(l->e->c, CODE_004, at, "there is no module `%s` in the standard library", module);
  size_t count;
  const struct embedded *all = embedded_all(&count);
  const char **known = arena_array(&l->e->c->arena, const char *, count + 1);
  uint32_t n = 0;
  for (size_t i = 0; i < count; i++)
    if (!strncmp(all[i].name, "std/", 4)) known[n++] = all[i].name;
  suggest(l->e, f, module, known, n);
}

static bool enter(struct loader *l, uint32_t name, struct span at) {
  if (cycle(l, name, at) || index_get(&l->states, name) != NONE) return false;
  if (l->depth == MODULE_DEPTH_MAX) {
    finding_add(l->e->c, CODE_005, at, "files use each other more than %d levels deep", MODULE_DEPTH_MAX);
    return false;
  }
  index_put(&l->e->c->arena, &l->states, name, 1);
  return true;
}

static void use_module(struct loader *l, uint32_t name, struct span at) {
  const char *module = name_text(&l->e->c->names, name);
  const struct embedded *found = strncmp(module, "std/", 4) ? NULL : embedded_find(module);
  if (!found) {
    unknown_module(l, module, at);
    return;
  }
  if (!enter(l, name, at)) return;
  l->stack[l->depth++] = name;
  parse(l, source_add(l->e->c, module, found->text, found->length, true));
  l->depth--;
}

static void use_file(struct loader *l, uint32_t text, struct span at) {
  const char *path = name_text(&l->e->c->names, text), *user = l->e->c->sources.at[at.source].path;
  if (l->e->c->sources.at[at.source].library) {
    finding_add(l->e->c, CODE_004, at, "a module of the standard library cannot use the file `%s`", path);
    return;
  }
  if (strlen(path) != name_length(&l->e->c->names, text)) {
    finding_add(l->e->c, CODE_004, at, "this is no name of a file: it has a NUL byte in it");
    return;
  }
  const char *slash = strrchr(user, '/');
  path = normalized(&l->e->c->arena, user, slash ? (size_t)(slash - user) + 1 : 0, path);
  uint32_t name = known_name(l->e, path);
  if (!enter(l, name, at)) return;
  uint32_t source;
  if (!source_read(l->e->c, path, &source)) {
    finding_add(l->e->c, CODE_004, at, "`%s` cannot be read: %s", path, strerror(errno));
    return;
  }
  l->stack[l->depth++] = name;
  parse(l, source);
  l->depth--;
}

/* What the file declares, but for its resources. */
static void outline(struct elaboration *e, uint32_t file) {
  for (uint32_t i = NODE(e, file)->child; i; i = NODE(e, i)->next) {
    uint8_t type = NODE(e, i)->type;
    if (type != N_PLAIN && type != N_RESOURCE) array_push(&e->c->arena, &e->headings, i);
    e->written += type == N_PLAIN || type == N_RESOURCE;
    e->written_out += type == N_RESOURCE;
  }
}

static void load_uses(struct loader *l, uint32_t file) {
  struct elaboration *e = l->e;
  uint32_t first = e->headings.n;
  outline(e, file);
  for (uint32_t i = first, end = e->headings.n; i < end; i++) {
    uint32_t use = e->headings.at[i];
    if (NODE(e, use)->type != N_USE) continue;
    struct span at = node_span(e->tree, use);
    if (NODE(e, use)->op) use_file(l, NODE(e, use)->text, at);
    else use_module(l, NODE(e, use)->text, at);
  }
}

void modules_load_source(struct elaboration *e, uint32_t source) {
  struct loader l = {.e = e};
  parse(&l, source);
}

bool modules_load(struct elaboration *e, const char *path) {
  struct loader l = {.e = e};
  uint32_t source;
  if (!source_read(e->c, path, &source)) {
    finding_add(e->c, CODE_004, NOWHERE, "`%s` cannot be read: %s", path, strerror(errno));
    return false;
  }
  uint32_t name = known_name(e, strcmp(path, "-") ? normalized(&e->c->arena, "", 0, path) : "-");
  index_put(&e->c->arena, &l.states, name, 1);
  l.stack[l.depth++] = name;
  parse(&l, source);
  return true;
}
