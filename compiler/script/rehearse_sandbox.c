/* A rehearsal's folders: stand-ins, links to the basic programs, the runbook, and a tree per run.
 * Needs roles_build's result. Guarantees: no program is reachable by name but stand-ins and the basic ones; what it makes
 * lies in two folders of its own, which sandbox_remove removes. */
#include "script/rehearse.h"

#include "base/embedded.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* ── Trees ─────────────────────────────────────────────────────────────────── */

bool tree_walk(const char *path, unsigned depth, bool (*visit)(void *data, const char *path, bool folder), void *data) {
  struct stat st;
  if (lstat(path, &st) != 0) return true;
  if (!S_ISDIR(st.st_mode)) return visit(data, path, false);
  DIR *folder = depth > 0 ? opendir(path) : NULL;
  bool more = true;
  for (struct dirent *e; more && folder != NULL && (e = readdir(folder)) != NULL;) {
    if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0) continue;
    char below[4096];
    int n = snprintf(below, sizeof below, "%s/%s", path, e->d_name);
    if (n > 0 && (size_t)n < sizeof below) more = tree_walk(below, depth - 1, visit, data);
  }
  if (folder != NULL) closedir(folder);
  return more && visit(data, path, true);
}

static bool remove_one(void *data, const char *path, bool folder) {
  (void)data;
  if (folder) rmdir(path);
  else unlink(path);
  return true;
}

void tree_remove(const char *path) { tree_walk(path, 64, remove_one, NULL); }

/* Makes a folder and those above it. */
static bool make_path(char *path) {
  for (char *slash = strchr(path + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
    *slash = '\0';
    if (mkdir(path, 0700) != 0 && errno != EEXIST) return false;
    *slash = '/';
  }
  return mkdir(path, 0700) == 0 || errno == EEXIST;
}

/* `a/./b/../c` -> `a/c`, in place. */
static void normalise(char *path) {
  char *out = path, *in = path;
  while (*in != '\0') {
    size_t n = strcspn(in, "/");
    bool here = n == 0 || (n == 1 && in[0] == '.'), up = n == 2 && in[0] == '.' && in[1] == '.';
    if (up) {
      while (out > path && *--out != '/') continue;
    } else if (!here) {
      *out++ = '/';
      memmove(out, in, n);
      out += n;
    }
    in += n;
    while (*in == '/') in++;
  }
  *out = '\0';
}

static bool copy_file(const char *from, const char *to) {
  char bytes[65536];
  int in = open(from, O_RDONLY | O_CLOEXEC), out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0700);
  ssize_t n = 0;
  bool ok = in >= 0 && out >= 0;
  while (ok && (n = read(in, bytes, sizeof bytes)) > 0) ok = write(out, bytes, (size_t)n) == n;
  if (in >= 0) close(in);
  if (out >= 0 && close(out) != 0) ok = false;
  return ok && n == 0;
}

static bool write_file(const char *path, const char *text, size_t n) {
  int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0700);
  bool ok = fd >= 0 && write(fd, text, n) == (ssize_t)n;
  if (fd >= 0 && close(fd) != 0) ok = false;
  return ok;
}

/* ── Programs ──────────────────────────────────────────────────────────────── */

/* What a runtime may use, and nothing that reaches beyond files, text and its own processes. */
static const char *const basics[] = {
    "sh",    "awk",   "sed",   "grep",    "cat",      "cut",     "tr",        "head", "tail",   "wc",     "sort",   "uniq", "find",  "stat",     "df",  "du",   "id",
    "uname", "mkdir", "rmdir", "rm",      "mv",       "cp",      "ln",        "ls",   "chmod",  "touch",  "mktemp", "tee",  "env",   "expr",     "ps",  "test", "[",
    "true",  "false", "stty",  "tput",    "tty",      "timeout", "nohup",     "comm", "setsid", "base64", "cmp",    "diff", "xargs", "basename", "seq", "jq",   "dirname",
    "sleep", "date",  "sync",  "printf",  "readlink", "realpath", "sha256sum", "od",  "kill",   "mkfifo"};
/* What the rehearsal itself has to see. */
static const char *const watched[] = {"date", "sleep", "sync", "curl", "ssh", "dig", "jq"};

static const char *search(struct arena *arena, const char *name) {
  const char *path = getenv("PATH");
  struct text all = {.arena = arena};
  text_print(&all, "%s:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", path != NULL ? path : "");
  for (const char *at = text_done(&all); *at != '\0';) {
    size_t n = strcspn(at, ":");
    const char *found = arena_print(arena, "%.*s/%s", (int)n, at, name);
    if (n > 0 && at[0] == '/' && access(found, X_OK) == 0) return found;
    at += n;
    if (*at == ':') at++;
  }
  return NULL;
}

const char *sandbox_real(const struct sandbox *s, const char *name) {
  for (uint32_t i = 0; i < s->reals.n; i++)
    if (strcmp(s->reals.at[i].name, name) == 0) return s->reals.at[i].path;
  return NULL;
}

static bool stands_in(const struct sandbox *s, const char *name) {
  for (uint32_t i = 0; i < s->names.n; i++)
    if (strcmp(s->names.at[i], name) == 0) return true;
  for (size_t i = 0; i < sizeof watched / sizeof *watched; i++)
    if (strcmp(watched[i], name) == 0) return true;
  return false;
}

/* Those that the stand-in knows how to be. */
static bool is_light(const char *name) {
  static const char *const light[] = {"cat", "rm", "cp", "mkdir", "printf", "setsid", "env"};
  for (size_t i = 0; i < sizeof light / sizeof *light; i++)
    if (strcmp(light[i], name) == 0) return true;
  return false;
}

static bool make_programs(struct sandbox *s, const char **why) {
  const char *self = arena_print(s->arena, "%s/standin", s->base), *basic = arena_print(s->arena, "%s/" STANDIN_BASIC, s->base);
  const char *links = arena_print(s->arena, "%s/" STANDIN_REALS, s->base);
  const struct embedded *program = embedded_find("standin");
  if (!write_file(self, program->text, program->length) || !write_file(basic, program->text, program->length) || mkdir(links, 0700) != 0) {
    *why = arena_print(s->arena, "%s cannot be written: %s", s->base, strerror(errno));
    return false;
  }
  for (size_t i = 0; i < sizeof basics / sizeof *basics; i++) {
    const char *real = search(s->arena, basics[i]);
    if (real == NULL) continue;
    array_push(s->arena, &s->reals, (struct real){basics[i], real});
    symlink(real, arena_print(s->arena, "%s/%s", links, basics[i]));
    if (!stands_in(s, basics[i])) symlink(is_light(basics[i]) ? basic : real, arena_print(s->arena, "%s/%s", s->bin, basics[i]));
  }
  for (uint32_t i = 0; i < s->names.n; i++) symlink(self, arena_print(s->arena, "%s/%s", s->bin, s->names.at[i]));
  for (size_t i = 0; i < sizeof watched / sizeof *watched; i++) symlink(self, arena_print(s->arena, "%s/%s", s->bin, watched[i]));
  return true;
}

static bool find_shell(struct sandbox *s, const char **why) {
  ARRAY(char *) words = {0};
  for (const char *at = s->o->shell; *at != '\0';) {
    size_t n = strcspn(at, " ");
    if (n > 0) array_push(s->arena, &words, arena_copy(s->arena, at, n));
    at += n + (at[n] == ' ');
  }
  const char *real = words.n == 0 ? NULL : strchr(words.at[0], '/') != NULL ? words.at[0] : search(s->arena, words.at[0]);
  if (real == NULL || access(real, X_OK) != 0) {
    *why = arena_print(s->arena, "there is no shell `%s` here", s->o->shell);
    return false;
  }
  words.at[0] = arena_print(s->arena, "%s", real);
  array_push(s->arena, &words, NULL);
  s->shell = words.at;
  return true;
}

/* Does the shell take a program that is called by its name from the PATH? One that has it built in (`sleep`) does not, and
 * would be out of the world's sight. */
static bool finds(const struct sandbox *s, const char *name) {
  const char *program = arena_print(s->arena, "%s/%s", s->bin, name), *script = arena_print(s->arena, "command -v %s", name);
  ARRAY(char *) words = {0};
  char found[4096];
  int ends[2];
  for (char **word = s->shell; *word != NULL; word++) array_push(s->arena, &words, *word);
  array_push(s->arena, &words, arena_print(s->arena, "-c"));
  array_push(s->arena, &words, arena_print(s->arena, "%s", script));
  array_push(s->arena, &words, NULL);
  char *environment[] = {arena_print(s->arena, "PATH=%s", s->bin), arena_print(s->arena, "ENV=%s/" SANDBOX_RC, s->base), NULL};
  if (pipe(ends) != 0) return false;
  pid_t pid = fork();
  if (pid == 0) {
    int nothing = open("/dev/null", O_RDWR);
    if (dup2(nothing, STDIN_FILENO) < 0 || dup2(ends[1], STDOUT_FILENO) < 0 || dup2(nothing, STDERR_FILENO) < 0) _exit(126);
    close(ends[0]);
    close(ends[1]);
    execve(words.at[0], words.at, environment);
    _exit(126);
  }
  close(ends[1]);
  size_t n = 0;
  for (ssize_t got; n < sizeof found - 1 && (got = read(ends[0], found + n, sizeof found - 1 - n)) > 0;) n += (size_t)got;
  close(ends[0]);
  while (n > 0 && found[n - 1] == '\n') n--;
  found[n] = '\0';
  return pid > 0 && waitpid(pid, NULL, 0) == pid && strcmp(found, program) == 0;
}

static const char *built_in(const struct sandbox *s) {
  for (size_t i = 0; i < sizeof watched / sizeof *watched; i++)
    if (!finds(s, watched[i])) return watched[i];
  return NULL;
}

/* Sees to it that the shell finds what the rehearsal has to see. ksh93 forgets what it has built in when it is told so, in a
 * file that it reads first with the option -E. */
static bool shell_looks(struct sandbox *s, const char **why) {
  if (built_in(s) == NULL) return true;
  ARRAY(char *) words = {0};
  struct text forget = {.arena = s->arena};
  for (char **word = s->shell; *word != NULL; word++) array_push(s->arena, &words, *word);
  array_push(s->arena, &words, arena_print(s->arena, "-E"));
  array_push(s->arena, &words, NULL);
  for (size_t i = 0; i < sizeof watched / sizeof *watched; i++) text_print(&forget, "builtin -d %s 2>/dev/null || :\n", watched[i]);
  s->shell = words.at;
  bool written = write_file(arena_print(s->arena, "%s/" SANDBOX_RC, s->base), text_done(&forget), forget.n);
  const char *name = written ? built_in(s) : "sleep";
  if (name != NULL) *why = arena_print(s->arena, "`%s` has `%s` built in and does not look for it on the PATH, so that no stand-in can take its place", s->o->shell, name);
  return name == NULL;
}

/* ── The rehearsal's own folders ───────────────────────────────────────────── */

/* What the shell may open is small: the plan's own files. */
#define MOST_FILES 400
#define MOST_LOOKED_AT 10000
#define LARGEST_FILE (256u << 10)

struct listing { struct sandbox *s; uint32_t seen; };

static bool list_one(void *data, const char *path, bool folder) {
  struct listing *l = data;
  struct stat st;
  bool takes = !folder && strstr(path + strlen(l->s->folder), "/.") == NULL && stat(path, &st) == 0 && S_ISREG(st.st_mode) && st.st_size <= (off_t)LARGEST_FILE;
  if (takes) array_push(l->s->arena, &l->s->files, arena_print(l->s->arena, "%s", path));
  return l->s->files.n < MOST_FILES && ++l->seen < MOST_LOOKED_AT;
}

bool sandbox_make(struct sandbox *s, const char *script, size_t length, const char **why) {
  const char *tmp = getenv("TMPDIR"), *runtime = getenv("XDG_RUNTIME_DIR");
  if (tmp == NULL || tmp[0] != '/' || strlen(tmp) > 60) tmp = "/tmp";
  char *base = arena_print(s->arena, "%s/cutc-rehearse.XXXXXX", tmp);
  bool own = runtime != NULL && (strncmp(runtime, "/run/", 5) == 0 || strncmp(runtime, "/dev/shm/", 9) == 0) && access(runtime, W_OK) == 0;
  char *memory = arena_print(s->arena, "%s/cutc-rehearse.XXXXXX", own ? runtime : access("/dev/shm", W_OK) == 0 ? "/dev/shm" : tmp);
  if (!find_shell(s, why)) return false;
  if (mkdtemp(base) == NULL) {
    *why = arena_print(s->arena, "no folder can be made in %s: %s", tmp, strerror(errno));
    return false;
  }
  s->base = base;
  if (mkdtemp(memory) == NULL) {
    *why = arena_print(s->arena, "no folder for secrets can be made: %s", strerror(errno));
    return false;
  }
  s->memory = memory;
  s->bin = arena_print(s->arena, "%s/bin", base);
  s->book = arena_print(s->arena, "%s/runbook.sh", base);
  if (mkdir(s->bin, 0700) != 0 || !write_file(s->book, script, length)) {
    *why = arena_print(s->arena, "%s cannot be written: %s", base, strerror(errno));
    return false;
  }
  tree_walk(s->folder, 8, list_one, &(struct listing){s, 0});
  return make_programs(s, why) && shell_looks(s, why);
}

void sandbox_remove(const struct sandbox *s) {
  if (s->base != NULL) tree_remove(s->base);
  if (s->memory != NULL) tree_remove(s->memory);
}

/* ── The tree of a run ─────────────────────────────────────────────────────── */

static void copy(const struct sandbox *s, const char *root, const char *path) {
  char to[4096];
  if (snprintf(to, sizeof to, "%s%s", root, path + strlen(s->folder)) >= (int)sizeof to) return;
  char *slash = strrchr(to, '/');
  *slash = '\0';
  if (!make_path(to)) return;
  *slash = '/';
  copy_file(path, to);
}

static bool put_tool(const struct sandbox *s, const char *root, const char *tool) {
  char path[4096];
  size_t top = strlen(root) - strlen(TREE_DEPTH) + strlen("tree/");
  if (snprintf(path, sizeof path, "%s/%s", root, tool) >= (int)sizeof path) return false;
  normalise(path);
  if (strncmp(path, root, top) != 0) return false;
  char *slash = strrchr(path, '/');
  *slash = '\0';
  bool made = make_path(path);
  *slash = '/';
  unlink(path);
  return made && symlink(arena_print(s->arena, "%s/standin", s->base), path) == 0;
}

bool sandbox_tree(const struct sandbox *s, const char *run) {
  char root[4096], dir[8192];
  snprintf(root, sizeof root, "%s/" TREE_DEPTH, run);
  if (!make_path(root)) return false;
  for (uint32_t i = 0; i < s->files.n; i++) copy(s, root, s->files.at[i]);
  for (uint32_t i = 0; i < s->dirs.n; i++) {
    if (snprintf(dir, sizeof dir, "%s/%s", root, s->dirs.at[i]) >= (int)sizeof dir) return false;
    normalise(dir);
    if (strncmp(dir, run, strlen(run)) != 0 || !make_path(dir)) return false;
  }
  for (uint32_t i = 0; i < s->tools.n; i++)
    if (!put_tool(s, root, s->tools.at[i])) return false;
  const struct model *m = s->b->m;
  for (uint32_t i = 0; i < s->b->secrets.n; i++) {
    const struct secret *x = &m->secrets.at[s->b->secrets.at[i]];
    const char *name = name_text(&m->c->names, x->argument);
    if (x->source != SECRET_FILE || name[0] == '/') continue;
    if (snprintf(dir, sizeof dir, "%s/%s", root, name) >= (int)sizeof dir) return false;
    normalise(dir);
    char *slash = strrchr(dir, '/');
    *slash = '\0';
    if (strncmp(dir, run, strlen(run)) != 0 || !make_path(dir)) return false;
    *slash = '/';
    unlink(dir);
    if (!write_file(dir, s->planted[s->b->secrets.at[i]], strlen(s->planted[s->b->secrets.at[i]]))) return false;
  }
  return true;
}
