/* The plan's commands -> what each is to the simulated world.
 * Needs runbook_build's result. Guarantees: a plan whose shell lines would run a program past PATH, or write outside of the
 * folder they run in, is refused before anything runs. */
#include "script/rehearse.h"

#include <regex.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ── Shell text -> simple commands, those in substitutions too ─────────────── */

struct simple {
  const char *text;        /* its words without quotes and blanks */
  const char *first, *second;
  const char *target;      /* where its output goes to, NULL */
  char before[3];          /* the operator before it, "" */
  bool nested;             /* in a substitution */
};
struct splitter {
  struct arena *arena;
  const char *at;
  unsigned depth;
  ARRAY(struct simple) all;
};

static const char *line_text(struct arena *arena, const struct pieces *p) {
  struct text t = {.arena = arena};
  for (uint32_t i = 0; i < p->n; i++) {
    const struct piece *x = &p->at[i];
    enum piece_type type = (enum piece_type)x->type;
    if (type == PIECE_SHELL) text_puts(&t, x->text);
    else if (type == PIECE_RUN || type == PIECE_WORK) text_puts(&t, "@");
    else if (x->in_quotes) quote_in_double(&t, x->text);
    else quote_word(&t, x->text);
  }
  return text_done(&t);
}

static void split(struct splitter *s, char closing, bool nested);

/* What stands behind `$`: a substitution is looked into, the rest is left out. */
static void dollar(struct splitter *s) {
  char closing = s->at[1] == '(' && s->at[2] != '(' ? ')' : s->at[1] == '{' ? '}' : '\0';
  if (closing == ')' && s->depth < 32) {
    s->at += 2;
    s->depth++;
    split(s, ')', true);
    s->depth--;
  } else if (closing != '\0') {
    while (*s->at != '\0' && *s->at != closing) s->at++;
    if (*s->at != '\0') s->at++;
  } else {
    s->at++;
  }
}

static void quoted(struct splitter *s, struct text *word) {
  char quote = *s->at++;
  while (*s->at != '\0' && *s->at != quote) {
    if (quote == '"' && *s->at == '$') {
      dollar(s);
      continue;
    }
    if (quote == '"' && *s->at == '`' && s->depth < 32) {
      s->at++;
      s->depth++;
      split(s, '`', true);
      s->depth--;
      continue;
    }
    if (quote == '"' && *s->at == '\\' && s->at[1] != '\0') s->at++;
    text_putc(word, *s->at++);
  }
  if (*s->at != '\0') s->at++;
}

static const char *take_word(struct splitter *s) {
  struct text word = {.arena = s->arena};
  while (*s->at != '\0' && strchr(" \t\n|&;<>()", *s->at) == NULL) {
    if (*s->at == '\'' || *s->at == '"') quoted(s, &word);
    else if (*s->at == '$') dollar(s);
    else if (*s->at == '`') break;
    else if (*s->at == '\\' && s->at[1] != '\0') text_putc(&word, s->at[1]), s->at += 2;
    else text_putc(&word, *s->at++);
  }
  return text_done(&word);
}

static bool among(const char *list, const char *word) {
  size_t n = strlen(word);
  for (const char *at = list; n > 0 && (at = strstr(at, word)) != NULL; at += n)
    if ((at == list || at[-1] == ' ') && (at[n] == ' ' || at[n] == '\0')) return true;
  return false;
}

static const char closing_words[] = "done fi esac } in";
static const char leading_words[] = "if then elif else while until do { ! time";

struct building {
  struct simple c;
  struct text text;
  char redirection; /* the next word is a target: '>', '<' */
};

static void flush(struct splitter *s, struct building *b, const char *operator, bool nested) {
  if (b->c.first != NULL || b->c.target != NULL) {
    b->c.text = text_done(&b->text);
    if (b->c.first == NULL) b->c.first = "";
    b->c.nested = nested;
    array_push(s->arena, &s->all, b->c);
  }
  *b = (struct building){.text = {.arena = s->arena}};
  memcpy(b->c.before, operator, strlen(operator) + 1);
}

static void add_word(struct building *b, const char *word) {
  if (b->redirection != '\0') {
    if (b->redirection == '>') b->c.target = word;
    b->redirection = '\0';
    return;
  }
  bool assigned = b->c.first == NULL && word[0] != '=' && word[strspn(word, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789")] == '=';
  if (assigned || (b->c.first == NULL && among(leading_words, word))) return;
  if (b->c.first == NULL) b->c.first = word;
  else if (b->c.second == NULL) b->c.second = word;
  for (const char *c = word; *c != '\0'; c++)
    if (strchr(" \t\n'\"\\", *c) == NULL) text_putc(&b->text, *c);
}

static void split(struct splitter *s, char closing, bool nested) {
  struct building b = {.text = {.arena = s->arena}};
  while (*s->at != '\0' && *s->at != closing) {
    char c = *s->at;
    if (c == ' ' || c == '\t') {
      s->at++;
    } else if (c == '<' || c == '>') {
      b.redirection = c;
      while (*s->at != '\0' && strchr("<>&|", *s->at) != NULL) s->at++;
    } else if (strchr("|&;\n()", c) != NULL) {
      char operator[3] = {c, '\0', '\0'};
      if (c != '(' && c != ')' && s->at[1] == c) operator[1] = *++s->at;
      s->at++;
      flush(s, &b, operator, nested);
    } else if (c == '`') {
      s->at++;
      if (s->depth < 32) {
        s->depth++;
        split(s, '`', true);
        s->depth--;
      }
    } else {
      const char *from = s->at, *word = take_word(s);
      if (s->at == from) s->at++;
      bool number = *word != '\0' && word[strspn(word, "0123456789")] == '\0' && (*s->at == '<' || *s->at == '>');
      if (!number) add_word(&b, word);
    }
  }
  flush(s, &b, "", nested);
  if (*s->at != '\0') s->at++;
}

/* ── What may not be rehearsed ─────────────────────────────────────────────── */

static const char *unsafe(struct arena *arena, const struct simple *c) {
  const char *name = c->first;
  if (among("exec command builtin eval time", name) && c->second != NULL) name = c->second;
  if (name[0] == '/') return arena_print(arena, "it runs `%s` by its whole path, where no stand-in can take its place: name it without the folder", name);
  if (name[0] == '~') return arena_print(arena, "it runs `%s` from the home folder, where no stand-in can take its place", name);
  if (among(". source eval kill alias", name)) return arena_print(arena, "it uses the shell's own `%s`, which no stand-in can take the place of", name);
  if (strcmp(name, "cd") == 0 && c->second != NULL && c->second[0] == '/') return arena_print(arena, "it goes to `%s`, outside of the plan's folder", c->second);
  if (c->target != NULL && c->target[0] == '/' && strncmp(c->target, "/dev/", 5) != 0)
    return arena_print(arena, "it writes to `%s` itself: a rehearsal can only let it write below the plan's folder", c->target);
  return NULL;
}

/* ── Output that an expectation is met by ──────────────────────────────────── */

struct sampler { const char *at; struct text *out; unsigned depth; };
static void sample_either(struct sampler *s);

static void sample_class(struct sampler *s) {
  const char *from = ++s->at;
  bool inverse = *s->at == '^';
  if (inverse) from = ++s->at;
  if (*s->at == ']') s->at++;
  while (*s->at != '\0' && *s->at != ']') s->at += s->at[0] == '[' && s->at[1] == ':' ? strcspn(s->at, "]") + 1 : 1;
  size_t n = (size_t)(s->at - from);
  char picked = from[0];
  if (n > 2 && strncmp(from, "[:", 2) == 0) picked = strncmp(from, "[:digit", 7) == 0 || strncmp(from, "[:xdigit", 8) == 0 || strncmp(from, "[:alnum", 7) == 0 ? '1' : strncmp(from, "[:space", 7) == 0 || strncmp(from, "[:blank", 7) == 0 ? ' ' : 'a';
  if (inverse)
    for (picked = 'a'; picked < 'z' && memchr(from, picked, n) != NULL; picked++) continue;
  text_putc(s->out, picked);
  if (*s->at == ']') s->at++;
}

static void sample_atom(struct sampler *s) {
  char c = *s->at;
  if (c == '(' && s->depth < 64) {
    s->at++;
    s->depth++;
    sample_either(s);
    s->depth--;
    if (*s->at == ')') s->at++;
  } else if (c == '[') {
    sample_class(s);
  } else if (c == '\\' && s->at[1] != '\0') {
    if (s->at[1] == 'd' || s->at[1] == 'w') text_putc(s->out, '1');
    else if (s->at[1] != 'b') text_putc(s->out, s->at[1] == 's' ? ' ' : s->at[1]);
    s->at += 2;
  } else {
    if (c == '.') text_putc(s->out, 'x');
    else if (c != '^' && c != '$') text_putc(s->out, c);
    s->at++;
  }
}

static void sample_row(struct sampler *s) {
  while (*s->at != '\0' && *s->at != '|' && *s->at != ')') {
    size_t start = s->out->n;
    sample_atom(s);
    if (*s->at == '*' || *s->at == '?') {
      s->out->n = start;
      s->at++;
    } else if (*s->at == '+') {
      s->at++;
    } else if (*s->at == '{') {
      unsigned long times = strtoul(s->at + 1, NULL, 10);
      size_t n = s->out->n - start;
      if (times == 0) s->out->n = start;
      for (unsigned long i = 1; i < times && i < 256; i++) text_add(s->out, arena_copy(s->out->arena, s->out->at + start, n), n);
      s->at += strcspn(s->at, "}");
      if (*s->at == '}') s->at++;
    }
  }
}

static void sample_either(struct sampler *s) {
  sample_row(s);
  struct text waste = {.arena = s->out->arena};
  struct text *out = s->out;
  while (*s->at == '|') {
    s->at++;
    s->out = &waste;
    sample_row(s);
  }
  s->out = out;
}

static bool matches(const char *pattern, const char *text) {
  regex_t regex;
  if (regcomp(&regex, pattern, REG_EXTENDED | REG_NOSUB | REG_NEWLINE) != 0) return false;
  bool found = regexec(&regex, text, 0, NULL, 0) == 0;
  regfree(&regex);
  return found;
}

const char *regex_sample(struct arena *arena, const char *pattern) {
  struct text out = {.arena = arena};
  struct sampler s = {pattern, &out, 0};
  text_puts(&out, "");
  sample_either(&s);
  const char *tries[] = {arena_copy(arena, text_done(&out), out.n), "1", "ok", "true", "yes", "0", ""};
  for (size_t i = 0; i < sizeof tries / sizeof *tries; i++)
    if (matches(pattern, tries[i])) return tries[i];
  return NULL;
}

static bool meets(struct arena *arena, const struct command *c, const char *text) {
  for (uint32_t i = 0; i < c->expect_count; i++) {
    const char *want = pieces_text(arena, &c->expects[i].operand, "@run@", "@work@");
    switch ((enum expect)c->expects[i].type) {
    case EXPECT_EQUAL: if (strcmp(text, want) != 0) return false; break;
    case EXPECT_CONTAINS: if (strstr(text, want) == NULL) return false; break;
    case EXPECT_WITHOUT: if (strstr(text, want) != NULL) return false; break;
    case EXPECT_MATCHES: if (!matches(want, text)) return false; break;
    case EXPECT_UNCHANGED:
    case EXPECT_STATUS: break;
    }
  }
  return true;
}

static void answers(struct arena *arena, const struct command *c, struct role *r) {
  struct text pass = {.arena = arena};
  bool said = false, unchanged = false;
  const char *without = "not yet";
  for (uint32_t i = 0; i < c->expect_count; i++) {
    enum expect type = (enum expect)c->expects[i].type;
    const char *want = pieces_text(arena, &c->expects[i].operand, "@run@", "@work@");
    unchanged = unchanged || type == EXPECT_UNCHANGED;
    said = said || type != EXPECT_STATUS;
    if (type == EXPECT_WITHOUT) without = want;
    if (type == EXPECT_MATCHES) want = regex_sample(arena, want);
    if (type != EXPECT_EQUAL && type != EXPECT_CONTAINS && type != EXPECT_MATCHES) continue;
    if (pass.n > 0 && want != NULL && strstr(pass.at, want) == NULL) text_putc(&pass, '\n');
    if (want != NULL && (pass.n == 0 || strstr(pass.at, want) == NULL)) text_puts(&pass, want);
  }
  if (!said) return;
  if (unchanged && pass.n == 0) text_puts(&pass, "as it was");
  r->pass = text_done(&pass);
  const char *const tries[] = {"not yet", "", "0", without, "false", "x"};
  for (size_t i = 0; i < sizeof tries / sizeof *tries && r->fail == NULL; i++)
    if (!meets(arena, c, tries[i])) r->fail = tries[i];
  if (r->fail == NULL) r->fail = r->pass; /* `unchanged` alone: nothing to tell by */
}

/* ── Roles ─────────────────────────────────────────────────────────────────── */

/* Programs that only work on files and text of the run itself. */
static const char local_tools[] = "jq yq rm test [ grep egrep fgrep cat tail head sed awk cp mv mkdir rmdir true false : printf echo cut tr sort uniq wc sleep touch ls find "
                                  "diff cmp base64 sha256sum md5sum tee date sync cd export set read wait mktemp stat id basename dirname seq umask expr chmod";
/* Those of the shell itself: no stand-in is called. */
static const char own_tools[] = "test [ true false : printf echo cd export set read wait umask unset shift return exit trap ulimit type local";

static void add_once(struct sandbox *s, const char *name, bool path) {
  for (uint32_t i = 0; i < (path ? s->tools.n : s->names.n); i++)
    if (strcmp(path ? s->tools.at[i] : s->names.at[i], name) == 0) return;
  if (path) array_push(s->arena, &s->tools, name);
  else array_push(s->arena, &s->names, name);
}

static const char *base_name(const char *path) {
  const char *slash = strrchr(path, '/');
  return slash != NULL ? slash + 1 : path;
}

static void role_of_line(struct sandbox *s, struct role *r, const struct splitter *parts) {
  struct text names = {.arena = s->arena};
  uint32_t tail = NONE, same = 0;
  text_putc(&names, ' ');
  for (uint32_t i = 0; i < parts->all.n; i++) {
    const struct simple *c = &parts->all.at[i];
    const char *name = base_name(c->first);
    if (*name == '\0' || among(closing_words, name)) continue;
    text_print(&names, "%s ", name);
    if (strchr(c->first, '/') == NULL) add_once(s, name, false);
    if (!c->nested && (tail == NONE || !among(own_tools, name))) tail = i;
    if (!c->nested) r->forgives = among(own_tools, name) && !among("test [ cd read", name);
  }
  r->names = text_done(&names);
  if (tail == NONE) return;
  r->tail = parts->all.at[tail].text;
  r->tool = base_name(parts->all.at[tail].first);
  for (uint32_t i = 0; i < parts->all.n; i++) {
    same += strcmp(base_name(parts->all.at[i].first), r->tool) == 0;
    r->asks_first = r->asks_first || (!parts->all.at[i].nested && strcmp(parts->all.at[i].before, "||") == 0 && i <= tail);
  }
  r->alone = same == 1;
}

static bool role_of_run(struct sandbox *s, struct role *r, const struct command *c, const char **why) {
  struct splitter parts = {.arena = s->arena, .at = line_text(s->arena, &c->line)};
  while (*parts.at != '\0') split(&parts, '\0', false);
  for (uint32_t i = 0; i < parts.all.n; i++) {
    const char *reason = unsafe(s->arena, &parts.all.at[i]);
    if (reason != NULL) {
      *why = arena_print(s->arena, "%s: %s", place_text(s->arena, s->b->m, c->at), reason);
      return false;
    }
  }
  const char *dir = c->dir.n > 0 ? pieces_text(s->arena, &c->dir, "", "") : ".";
  if (dir[0] == '/' || dir[0] == '~') {
    *why = arena_print(s->arena, "%s: it runs in `%s`, outside of the plan's folder", place_text(s->arena, s->b->m, c->at), dir);
    return false;
  }
  array_push(s->arena, &s->dirs, dir);
  for (uint32_t i = 0; i < parts.all.n; i++)
    if (strchr(parts.all.at[i].first, '/') != NULL) add_once(s, arena_print(s->arena, "%s/%s", dir, parts.all.at[i].first), true);
  role_of_line(s, r, &parts);
  return true;
}

static bool reaches_out(const struct sandbox *s, const struct role *r, const struct command *c) {
  if (c->type == CMD_MANUAL) return true;
  if (c->type == CMD_RUN) return r->tool != NULL && !among(local_tools, r->tool);
  if (c->type != CMD_HTTP) return false;
  const char *method = name_text(&s->b->m->c->names, c->method);
  return strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0;
}

/* Which units of a do or undo change the world; without one that reaches out, those that run anything. */
static bool mark_effective(struct sandbox *s, const struct sequence *q) {
  const struct runbook *b = s->b;
  uint32_t last = NONE;
  for (int any = 0; any < 2 && last == NONE; any++) {
    for (uint32_t i = q->first; i < q->first + q->count; i++) {
      const struct command *c = b->units.at[i].command;
      struct role *r = &s->roles[i];
      r->effective = any == 0 ? reaches_out(s, r, c) : c->changes && r->tool != NULL && !among(own_tools, r->tool);
      if (r->effective) last = i;
    }
  }
  if (last != NONE) s->roles[last].last = true;
  return last != NONE;
}

static void plant(struct sandbox *s) {
  struct model *m = s->b->m;
  s->planted = arena_array(s->arena, const char *, m->secrets.n + 1);
  for (uint32_t i = 0; i < m->secrets.n; i++)
    s->planted[i] = arena_print(s->arena, "rehearsed-%s-%lx-s3cret", name_text(&m->c->names, m->secrets.at[i].name), (unsigned long)getpid());
  for (uint32_t i = 0; i < s->b->secrets.n; i++) s->terminal = s->terminal || m->secrets.at[s->b->secrets.at[i]].source == SECRET_PROMPT;
}

bool roles_build(struct sandbox *s, const char **why) {
  const struct runbook *b = s->b;
  s->roles = arena_array(s->arena, struct role, b->units.n + 1);
  s->changes = arena_array(s->arena, bool, b->p->order.n + 1);
  s->returns = arena_array(s->arena, bool, b->p->order.n + 1);
  s->seen = arena_array(s->arena, bool, b->units.n + 1);
  s->waits = arena_array(s->arena, bool, 2 * b->p->order.n + 1);
  for (uint32_t i = 0; i < b->sequences.n; i++) {
    const struct sequence *q = &b->sequences.at[i];
    for (uint32_t k = q->first; k < q->first + q->count; k++) {
      const struct command *c = b->units.at[k].command;
      s->roles[k].sequence = i;
      if (c->type == CMD_RUN && !role_of_run(s, &s->roles[k], c, why)) return false;
      s->terminal = s->terminal || c->type == CMD_MANUAL;
      answers(s->arena, c, &s->roles[k]);
    }
    if (q->type == SEQ_DO) s->changes[q->step] = mark_effective(s, q);
    if (q->type == SEQ_UNDO) s->returns[q->step] = mark_effective(s, q) || b->m->steps.at[b->p->order.at[q->step]].irreversible != 0;
  }
  plant(s);
  return true;
}
