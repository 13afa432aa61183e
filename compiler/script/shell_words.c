/* The words of a shell command -> what it runs, behind sudo, env, timeout, xargs and the like.
 * Needs the tree of the text. Guarantees that a name it can't tell is said to be hidden, never taken for harmless. */
#include "script/shell.h"

#include <string.h>

static const char *base(const char *path) {
  const char *slash = strrchr(path, '/');
  return slash ? slash + 1 : path;
}

/* Thousands of words are none of these. */
static bool same(const char *known, const char *name) {
  return known[0] == name[0] && (known[0] == '\0' || known[1] == name[1]) && strcmp(known, name) == 0;
}

const struct tool *shell_holder(const struct shell *s, const char *name) {
  for (uint32_t i = 0; s->m != NULL && i < s->m->tools.n; i++) {
    const struct tool *t = &s->m->tools.at[i];
    if ((t->locks || t->never_pipe) && strcmp(name_text(&s->c->names, t->name), name) == 0) return t;
  }
  for (uint32_t i = 0; i < s->functions.n; i++)
    if (s->functions.at[i].holds && strcmp(s->functions.at[i].name, name) == 0) return s->functions.at[i].holds;
  return NULL;
}

/* ── Words ─────────────────────────────────────────────────────────────────── */

/* Appends a literal word's text without quotes and backslashes; false when it has an expansion in it. */
static bool literal(struct shell *s, TSNode node, struct text *out) {
  const char *type = ts_node_type(node), *at = s->text + ts_node_start_byte(node);
  uint32_t n = ts_node_end_byte(node) - ts_node_start_byte(node);
  if (strcmp(type, "word") == 0 || strcmp(type, "string_content") == 0 || strcmp(type, "extglob_pattern") == 0) {
    bool quoted = type[0] == 's';
    for (uint32_t i = 0; i < n; i++) {
      if (at[i] == '\\' && i + 1 < n && (!quoted || strchr("$`\"\\\n", at[i + 1]))) i++;
      if (at[i] != '\n' || quoted) text_putc(out, at[i]);
    }
    return true;
  }
  if (strcmp(type, "number") == 0 && ts_node_named_child_count(node) == 0) return text_add(out, at, n), true;
  if (strcmp(type, "raw_string") == 0 && n >= 2) return text_add(out, at + 1, n - 2), true;
  if (strcmp(type, "ansi_c_string") == 0) return false;
  if (strcmp(type, "string") == 0 || strcmp(type, "concatenation") == 0 || strcmp(type, "command_name") == 0 ||
      strcmp(type, "translated_string") == 0) {
    TSNode *children;
    uint32_t count = shell_children(s, node, &children);
    for (uint32_t i = 0; i < count; i++)
      if (ts_node_is_named(children[i]) && !literal(s, children[i], out)) return false;
    return true;
  }
  return false;
}

static struct shell_word word_of(struct shell *s, TSNode node) {
  struct text t = {.arena = &s->c->arena};
  struct shell_word w = {node, NULL, ts_node_start_byte(node), ts_node_end_byte(node)};
  if (literal(s, node, &t)) w.text = text_done(&t);
  return w;
}

static bool a_word(TSNode node) {
  static const char *const others[] = {"variable_assignment", "file_redirect", "herestring_redirect", "heredoc_redirect",
                                       "ERROR"};
  if (!ts_node_is_named(node)) return false;
  for (size_t i = 0; i < sizeof others / sizeof *others; i++)
    if (shell_is(node, others[i])) return false;
  return true;
}

/* ── What stands before a command ──────────────────────────────────────────── */

static const struct prefix {
  const char *name;
  const char *with_value; /* short options that take a word */
  unsigned operands;      /* words before the command */
  bool assignments;
} prefixes[] = {
    {"sudo", "ugphrtCDRT", 0, true},  {"doas", "uC", 0, true},
    {"env", "uCS", 0, true},          {"nice", "n", 0, false},
    {"ionice", "cnpPu", 0, false},    {"nohup", "", 0, false},
    {"time", "fo", 0, false},         {"exec", "a", 0, false},
    {"command", "", 0, false},        {"builtin", "", 0, false},
    {"timeout", "ks", 1, false},      {"stdbuf", "ioe", 0, false},
    {"setsid", "", 0, false},         {"unbuffer", "", 0, false},
    {"chrt", "", 1, false},           {"xargs", "adEIiLlnPsS", 0, false},
    {"flock", "wE", 1, false},        {"chronic", "", 0, false},
    {"busybox", "", 0, false},        {"script", "", 0, false},
    {"strace", "eopsuEPS", 0, false}, {"watch", "nd", 0, false},
    {"catchsegv", "", 0, false},      {"taskset", "", 1, false},
};
static const char *const shells[] = {"sh", "bash", "dash", "ash", "ksh", "mksh", "zsh", "yash"};

static const struct prefix *prefix_of(const char *name) {
  for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++)
    if (same(prefixes[i].name, name)) return &prefixes[i];
  return NULL;
}

static bool is_kill(const char *signal) {
  if (signal == NULL) return false;
  if (strncmp(signal, "SIG", 3) == 0 || strncmp(signal, "sig", 3) == 0) signal += 3;
  return strcmp(signal, "KILL") == 0 || strcmp(signal, "kill") == 0 || strcmp(signal, "9") == 0;
}

/* `5`, `5s`, `1.5m`: what timeout takes, in milliseconds; -1 for none. */
static int64_t patience(const char *s) {
  int64_t whole = 0, part = 0, scale = 1;
  if (s == NULL || *s < '0' || *s > '9') return -1;
  for (; *s >= '0' && *s <= '9' && whole < 1000000000; s++) whole = whole * 10 + (*s - '0');
  if (*s == '.')
    for (s++; *s >= '0' && *s <= '9' && scale < 1000; s++) part = part * 10 + (*s - '0'), scale *= 10;
  int64_t unit = *s == 'm' ? 60000 : *s == 'h' ? 3600000 : *s == 'd' ? 86400000 : 1000;
  return whole * unit + part * unit / scale;
}

static void timeout_option(struct shell_command *k, char option, const char *value) {
  if (option == 's') k->killed |= is_kill(value);
  if (option == 'k') k->patience = patience(value);
}

/* The options of a prefix; returns the index of the first word behind them. */
static uint32_t options(struct shell_command *k, const struct prefix *p, uint32_t i) {
  bool timeout = strcmp(p->name, "timeout") == 0;
  for (; i < k->n; i++) {
    const char *w = k->words[i].text;
    if (w == NULL || w[0] != '-' || w[1] == '\0') break;
    if (strcmp(w, "--") == 0) return i + 1;
    if (w[1] == '-') {
      const char *value = strchr(w, '=');
      if (timeout && strncmp(w, "--signal", 8) == 0)
        timeout_option(k, 's', value ? value + 1 : i + 1 < k->n ? k->words[++i].text : NULL);
      else if (timeout && strncmp(w, "--kill-after", 12) == 0)
        timeout_option(k, 'k', value ? value + 1 : i + 1 < k->n ? k->words[++i].text : NULL);
      continue;
    }
    for (const char *o = w + 1; *o != '\0'; o++) {
      if (strchr(p->with_value, *o) == NULL) continue;
      const char *value = o[1] != '\0' ? o + 1 : i + 1 < k->n ? k->words[i + 1].text : NULL;
      if (o[1] == '\0') i++;
      if (timeout) timeout_option(k, *o, value);
      break;
    }
  }
  return i;
}

/* `command -v tg` and `sudo -l` run nothing. */
static bool only_asks(const struct shell_command *k, uint32_t i, const char *name) {
  const char *w = i < k->n ? k->words[i].text : NULL;
  return w != NULL && strcmp(name, "command") == 0 && (strcmp(w, "-v") == 0 || strcmp(w, "-V") == 0);
}

/* ── Text for other shells ─────────────────────────────────────────────────── */

/* The words from the i-th on as one text; NULL when one is not literal. */
static const char *joined(struct shell *s, const struct shell_command *k, uint32_t i) {
  struct text t = {.arena = &s->c->arena};
  for (; i < k->n; i++) {
    if (k->words[i].text == NULL) return NULL;
    if (t.n > 0) text_putc(&t, ' ');
    text_puts(&t, k->words[i].text);
  }
  return text_done(&t);
}

static void hand_over(struct shell *s, struct shell_command *k, const char *text) {
  if (text == NULL) {
    k->unread = true;
    return;
  }
  k->tool = shell_nested(s, text, &k->nested);
  if (k->tool) k->by = name_text(&s->c->names, k->tool->name);
}

static bool shell_text(struct shell *s, struct shell_command *k, uint32_t i) {
  bool shell = false;
  for (size_t x = 0; x < sizeof shells / sizeof *shells; x++) shell |= strcmp(shells[x], k->name) == 0;
  if (shell) {
    for (uint32_t o = i + 1; o < k->n; o++) {
      const char *w = k->words[o].text;
      if (w == NULL || (w[0] != '-' && w[0] != '+')) return true;
      if (w[0] != '-' || w[1] == '-' || strchr(w, 'c') == NULL) continue;
      if (o + 1 < k->n) hand_over(s, k, k->words[o + 1].text);
      return true;
    }
    return true;
  }
  if (strcmp(k->name, "ssh") == 0) { /* options, host, then text for the shell there */
    static const struct prefix ssh = {"ssh", "BbcDEeFIiJLlmOopQRSWw", 1, false};
    uint32_t first = options(k, &ssh, i + 1) + 1;
    if (first < k->n) hand_over(s, k, joined(s, k, first));
    return true;
  }
  if (strcmp(k->name, "eval") == 0) {
    hand_over(s, k, joined(s, k, i + 1));
    k->unread = true;
    return true;
  }
  return false;
}

/* `find … -exec COMMAND`. */
static uint32_t find_exec(const struct shell_command *k, uint32_t i) {
  for (i++; i < k->n; i++) {
    const char *w = k->words[i].text;
    if (w && (strcmp(w, "-exec") == 0 || strcmp(w, "-execdir") == 0 || strcmp(w, "-ok") == 0 || strcmp(w, "-okdir") == 0))
      return i + 1;
  }
  return i;
}

/* ── Words that make no difference ─────────────────────────────────────────── */

static bool known_word(const char *word, const char *name) {
  static const char *const others[] = {"ssh", "eval", "alias", "find", "kill", "pkill", "killall", "set", "cat", "tee", "dd", "true", "errexit", "KILL", "SIGKILL"};
  if (strcmp(word, "/dev/null") == 0 || prefix_of(name) != NULL) return true;
  for (size_t i = 0; i < sizeof shells / sizeof *shells; i++)
    if (same(shells[i], name)) return true;
  for (size_t i = 0; i < sizeof others / sizeof *others; i++)
    if (same(others[i], name)) return true;
  return false;
}

bool shell_told(const struct model *m, const char *word) {
  const char *name = base(word);
  size_t dots = 0, digits = 0;
  if (word[0] == '\0' || word[0] == '-' || word[0] == '+') return true;
  for (; (word[digits] >= '0' && word[digits] <= '9') || word[digits] == '.'; digits++) dots += word[digits] == '.';
  if (digits > 0 && dots < 2) return true; /* a length, a signal */
  bool address = digits > 0 && word[digits] == '\0'; /* none of what follows but a tool of the plan */
  if (!address && known_word(word, name)) return true;
  for (uint32_t i = 0; m != NULL && i < m->tools.n; i++)
    if (same(name_text(&m->c->names, m->tools.at[i].name), name)) return true;
  return false;
}

/* ── The command ───────────────────────────────────────────────────────────── */

static void resolve(struct shell *s, struct shell_command *k) {
  for (uint32_t i = 0; i < k->n;) {
    const char *w = k->words[i].text;
    if (w == NULL) {
      k->hidden = true;
      k->name = NULL;
      return;
    }
    k->name = base(w);
    k->tool = shell_holder(s, k->name);
    if (k->tool != NULL) {
      k->by = k->name;
      k->impatient = k->patience >= 0 && k->tool->grace >= 0 && k->patience < k->tool->grace;
      return;
    }
    if (shell_text(s, k, i)) return;
    if (strcmp(k->name, "alias") == 0) k->unread = k->n > i + 1;
    const struct prefix *p = prefix_of(k->name);
    if (strcmp(k->name, "find") == 0) {
      i = find_exec(k, i);
      continue;
    }
    if (p == NULL || only_asks(k, i + 1, k->name)) return;
    uint32_t next = options(k, p, i + 1);
    while (p->assignments && next < k->n && k->words[next].text && strchr(k->words[next].text, '=')) next++;
    next += p->operands;
    if (strcmp(p->name, "flock") == 0 && next < k->n && k->words[next].text && strcmp(k->words[next].text, "-c") == 0) {
      hand_over(s, k, joined(s, k, next + 1));
      return;
    }
    if (next >= k->n) return;
    i = next;
  }
}

struct shell_command shell_command(struct shell *s, TSNode node) {
  struct shell_command k = {.patience = -1};
  TSNode *children;
  uint32_t count = shell_children(s, node, &children);
  struct shell_word *words = arena_array(&s->c->arena, struct shell_word, count + 1);
  for (uint32_t i = 0; i < count; i++)
    if (a_word(children[i])) words[k.n++] = word_of(s, children[i]);
  k.words = words;
  resolve(s, &k);
  return k;
}
