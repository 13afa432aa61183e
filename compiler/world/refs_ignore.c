/* .gitignore files -> which paths are left out, as git reads them (gitignore(5), git's dir.c).
 * Needs paths from the top of the work tree, and a walk that does not go below a folder that is left out. Guarantees that
 * the last rule that matches decides, the nearest file first; time linear in rules times path, whatever the pattern. */
#define _GNU_SOURCE 1
#include "world/refs_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LARGEST ((size_t)8 << 20) /* of a file of rules */

enum { RULE_LITERAL, RULE_ENDING, RULE_PATTERN };

/* ── Patterns ──────────────────────────────────────────────────────────────── */

/* The end of the bracket that begins at p, its `]`; NULL when nothing closes it. */
static const char *bracket(const char *p) {
  const char *q = p + 1;

  q += *q == '!' || *q == '^';
  q += *q == ']';
  for (; *q && *q != ']'; q++) {
    if (*q == '\\' && q[1]) {
      q++;
    } else if (*q == '[' && q[1] == ':') {
      const char *end = strstr(q + 2, ":]");

      if (end)
        q = end + 1;
    }
  }
  return *q ? q : NULL;
}

/* The end of the component at p: a slash in a bracket is none between components. A bracket that nothing closes matches nothing,
 * while fnmatch would take it for itself: *sound is then false. */
static const char *component_end(const char *p, const char *end, bool *sound) {
  *sound = true;
  for (; p < end && *p != '/'; p++) {
    const char *close = *p == '[' ? bracket(p) : NULL;

    if (*p == '[' && !close)
      *sound = false;
    if (close && close < end)
      p = close;
    else if (*p == '\\' && p + 1 < end && p[1] != '/')
      p++;
  }
  return p;
}

/* One component; longer ones than a file's name can be match nothing. */
static bool component(const char *pattern, size_t n, const char *name, size_t length) {
  char p[512], s[512];

  if (n >= sizeof p || length >= sizeof s)
    return false;
  memcpy(p, pattern, n);
  memcpy(s, name, length);
  p[n] = s[length] = 0;
  return fnmatch(p, s, 0) == 0;
}

/* `**` as a component stands for any number of them. As with a star in a name, only the last
 * one seen has ever to be tried again. */
bool ignore_glob(const char *pattern, size_t n, const char *path) {
  const char *p = pattern, *end = pattern + n, *s = path, *again_p = NULL, *again_s = NULL;

  for (;;) {
    bool sound;
    const char *p_end = component_end(p, end, &sound), *s_end = strchrnul(s, '/');

    if (p_end - p == 2 && p[0] == '*' && p[1] == '*') {
      if (p_end == end)
        return true;
      again_p = p = p_end + 1;
      again_s = s;
      continue;
    }
    if (sound && component(p, (size_t)(p_end - p), s, (size_t)(s_end - s)) && (p_end == end) == (*s_end == 0)) {
      if (p_end == end)
        return true;
      p = p_end + 1;
      s = s_end + 1;
      continue;
    }
    if (!again_p || !*(again_s = strchrnul(again_s, '/')))
      return false;
    s = ++again_s;
    p = again_p;
  }
}

/* Bytes before the first that is special. */
static size_t plain(const char *s, size_t n) {
  size_t i = 0;

  while (i < n && !strchr("*?[\\", s[i]))
    i++;
  return i;
}

static bool special(const char *s, size_t n) { return plain(s, n) < n; }

/* ── Files of rules ────────────────────────────────────────────────────────── */

static size_t trimmed(const char *s, size_t n) {
  size_t blank = n;
  bool in = false;

  for (size_t i = 0; i < n; i++) {
    if (s[i] == ' ') {
      blank = in ? blank : i;
      in = true;
    } else {
      in = false;
      if (s[i] == '\\' && ++i == n)
        return n;
    }
  }
  return in ? blank : n;
}

static bool rule(struct arena *a, const char *s, size_t n, struct ignore_rule *r) {
  *r = (struct ignore_rule){0};
  if (n && s[n - 1] == '\r')
    n--;
  n = trimmed(s, n);
  if (!n || *s == '#' || memchr(s, 0, n))
    return false;
  if (*s == '!') {
    r->negated = true;
    s++;
    n--;
  }
  if (n && s[n - 1] == '/') {
    r->folders = true;
    n--;
  }
  if (!n)
    return false;
  r->anchored = memchr(s, '/', n) != NULL;
  if (*s == '/') {
    s++;
    n--;
  }
  r->type = !special(s, n) ? RULE_LITERAL : !r->anchored && *s == '*' && !special(s + 1, n - 1) ? RULE_ENDING : RULE_PATTERN;
  if (r->type == RULE_ENDING) {
    s++;
    n--;
  }
  r->text = arena_copy(a, s, n);
  r->length = (uint32_t)n;
  return true;
}

const struct ignore_rules *ignore_read(struct arena *a, const char *text, size_t n, const struct ignore_rules *outer, uint32_t base) {
  ARRAY(struct ignore_rule) list = {0};
  size_t i = n >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;

  while (i < n) {
    const char *end = memchr(text + i, '\n', n - i);
    size_t length = end ? (size_t)(end - text) - i : n - i;
    struct ignore_rule r;

    if (rule(a, text + i, length, &r))
      array_push(a, &list, r);
    i += length + 1;
  }
  if (!list.n)
    return outer;
  struct ignore_rules *rules = arena_new(a, struct ignore_rules);

  *rules = (struct ignore_rules){outer, list.at, list.n, base};
  return rules;
}

static bool applies(const struct ignore_rule *r, const char *path, size_t n, const char *name, size_t length, bool folder) {
  if (r->folders && !folder)
    return false;
  if (r->anchored) {
    if (r->type == RULE_LITERAL)
      return n == r->length && memcmp(path, r->text, n) == 0;
    /* As git does: what is plain is compared first, and the pattern begins behind it. So `a**` followed by a slash is not a star
     * in a name, as the manual has it, but any number of folders whose first begins with an a. */
    size_t prefix = plain(r->text, r->length);

    return prefix <= n && memcmp(r->text, path, prefix) == 0 && ignore_glob(r->text + prefix, r->length - prefix, path + prefix);
  }
  switch (r->type) {
  case RULE_LITERAL: return length == r->length && memcmp(name, r->text, length) == 0;
  case RULE_ENDING: return length >= r->length && memcmp(name + length - r->length, r->text, r->length) == 0;
  default: return ignore_glob(r->text, r->length, name);
  }
}

bool ignore_matches(const struct ignore_rules *rules, const char *path, bool folder) {
  size_t n = strlen(path);
  const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
  size_t length = n - (size_t)(name - path);

  for (const struct ignore_rules *l = rules; l; l = l->outer)
    for (uint32_t i = l->n; l->base <= n && i-- > 0;)
      if (applies(&l->at[i], path + l->base, n - l->base, name, length, folder))
        return !l->at[i].negated;
  return false;
}

/* ── Where rules come from ─────────────────────────────────────────────────── */

char *ignore_slurp(struct arena *a, int folder, const char *path, bool follow, size_t *n) {
  int fd = openat(folder, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | (follow ? 0 : O_NOFOLLOW));
  struct stat st;

  *n = 0;
  if (fd < 0)
    return NULL;
  if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || (uint64_t)st.st_size > LARGEST) {
    close(fd);
    return NULL;
  }
  size_t size = (size_t)st.st_size;
  char *text = arena_alloc(a, size + 1, 1);

  while (*n < size) {
    ssize_t got = read(fd, text + *n, size - *n);

    if (got < 0 && errno == EINTR)
      continue;
    if (got <= 0)
      break;
    *n += (size_t)got;
  }
  close(fd);
  text[*n] = 0;
  return text;
}

/* `key` of [core] in a git configuration, the last one that is given; quotes and backslashes taken off. */
static const char *core_value(struct arena *a, const char *path, const char *key, const char *before) {
  size_t n, length = strlen(key);
  char *text = ignore_slurp(a, AT_FDCWD, path, true, &n), *rest = NULL;
  bool core = false;

  for (char *line = text ? strtok_r(text, "\n", &rest) : NULL; line; line = strtok_r(NULL, "\n", &rest)) {
    line += strspn(line, " \t");
    if (*line == '[') {
      core = strncasecmp(line, "[core]", 6) == 0;
      line += strcspn(line, "]");
      line += *line == ']';
      line += strspn(line, " \t");
    }
    if (!core || strncasecmp(line, key, length) != 0)
      continue;
    line += length + strspn(line + length, " \t");
    if (*line != '=')
      continue;
    line += 1 + strspn(line + 1, " \t");
    char *out = arena_alloc(a, strlen(line) + 1, 1), *o = out;
    bool quoted = false;

    for (; *line && *line != '\r' && (quoted || !strchr("#;", *line)); line++) {
      if (*line == '"')
        quoted = !quoted;
      else
        *o++ = *line == '\\' && line[1] ? *++line : *line;
    }
    while (o > out && (o[-1] == ' ' || o[-1] == '\t'))
      o--;
    *o = 0;
    before = out;
  }
  return before;
}

static const struct ignore_rules *from_file(struct arena *a, const char *path, const struct ignore_rules *outer, uint32_t base) {
  size_t n;
  const char *text = path ? ignore_slurp(a, AT_FDCWD, path, true, &n) : NULL;

  return text ? ignore_read(a, text, n, outer, base) : outer;
}

/* core.excludesFile, else git/ignore in the user's configuration. */
static const struct ignore_rules *users(struct arena *a, const char *git, uint32_t base) {
  const char *home = getenv("HOME"), *config = getenv("XDG_CONFIG_HOME"), *key = "excludesfile", *found;
  const char *global = getenv("GIT_CONFIG_GLOBAL");

  if (!config || !*config)
    config = home ? path_join(a, home, ".config") : NULL;
  found = core_value(a, "/etc/gitconfig", key, NULL);
  if (global) {
    found = core_value(a, global, key, found);
  } else {
    if (config)
      found = core_value(a, path_join(a, config, "git/config"), key, found);
    if (home)
      found = core_value(a, path_join(a, home, ".gitconfig"), key, found);
  }
  found = core_value(a, path_join(a, git, "config"), key, found);
  if (found && found[0] == '~' && found[1] == '/')
    found = home ? path_join(a, home, found + 2) : NULL;
  if (!found && config)
    found = path_join(a, config, "git/ignore");
  return from_file(a, found, NULL, base);
}

/* The repository's folder behind a work tree's .git, which in a work tree beside the first is a file that says where; NULL. */
static const char *folder_behind(struct arena *a, const char *top) {
  const char *git = path_join(a, top, ".git");
  struct stat st;
  size_t n;

  if (stat(git, &st) != 0)
    return NULL;
  if (S_ISDIR(st.st_mode))
    return git;
  char *text = ignore_slurp(a, AT_FDCWD, git, true, &n);

  if (!text || strncmp(text, "gitdir: ", 8) != 0)
    return NULL;
  text[strcspn(text, "\r\n")] = 0;
  const char *there = text[8] == '/' ? text + 8 : path_join(a, top, text + 8);
  char *common = ignore_slurp(a, AT_FDCWD, path_join(a, there, "commondir"), true, &n);

  if (!common)
    return there;
  common[strcspn(common, "\r\n")] = 0;
  return common[0] == '/' ? common : path_join(a, there, common);
}

/* The same for one that git would take for a repository. */
static const char *repository(struct arena *a, const char *top) {
  const char *git = folder_behind(a, top);

  return git && access(path_join(a, git, "HEAD"), F_OK) == 0 ? git : NULL;
}

static const struct ignore_rules *of_repository(struct arena *a, const char *git, uint32_t base) {
  return from_file(a, path_join(a, git, "info/exclude"), users(a, git, base), base);
}

const struct ignore_rules *ignore_above(struct arena *a, const char *folder, const char **prefix) {
  char *full = realpath(folder, NULL);

  *prefix = "";
  if (!full)
    return NULL;
  const char *path = arena_copy(a, full, strlen(full)), *git = NULL;
  char *top = arena_copy(a, full, strlen(full));

  free(full);
  for (;;) {
    git = repository(a, top);
    char *slash = strrchr(top, '/');

    if (git || !slash || slash == top)
      break;
    *slash = 0;
  }
  if (!git)
    return NULL;
  size_t n = strlen(top);
  const char *below = path[n] ? path + n + 1 : "";
  const struct ignore_rules *rules = of_repository(a, git, 0);

  *prefix = *below ? arena_print(a, "%s/", below) : "";
  /* The files above the folder; its own is read when it is walked. */
  for (const char *p = below;; p++) {
    const char *end = strchrnul(p, '/');

    if (!*p)
      break;
    size_t base = (size_t)(p - below);

    rules = from_file(a, path_join(a, top, arena_print(a, "%.*s.gitignore", (int)base, below)), rules, (uint32_t)base);
    p = end;
    if (!*p)
      break;
  }
  return rules;
}

const struct ignore_rules *ignore_top(struct arena *a, int folder, const struct ignore_rules *outer, uint32_t base) {
  const char *git = repository(a, arena_print(a, "/proc/self/fd/%d", folder));

  return git ? of_repository(a, git, base) : outer;
}
