/* Shell text -> findings E281 … E289, by a real parser (tree-sitter-bash): lock holders in pipes, in the background, in
 * `$( )`, killed; text that hides what it runs; unquoted expansions; errors and output thrown away.
 * Needs the model's tools. Guarantees that what the parser can't read is said to be unverified, never passed as clean, and
 * that no nesting of the text leads to recursion here beyond SHELL_NESTING. */
#include "script/shell.h"

#include <string.h>

const TSLanguage *tree_sitter_bash(void);

/* What lies around a node. */
enum around {
  PIPED = 1,       /* writes into a pipe */
  SUBSTITUTED = 2, /* within $( ) or ` ` */
  PROCESS = 4,     /* within <( ) */
  BACKGROUND = 8,
  FORGIVEN = 16,    /* || true */
  DISCARDED = 32,   /* > /dev/null */
  ARGUMENTS = 64,   /* the words of a command: an expansion here is split */
  TO_PROCESS = 128, /* > >( ) */
};
struct frame {
  unsigned around;
  uint32_t function; /* index of the function around it, NONE */
  uint32_t end;
  bool pipeline;
};

bool shell_is(TSNode node, const char *type) { return strcmp(ts_node_type(node), type) == 0; }

uint32_t shell_children(struct shell *s, TSNode node, TSNode **out) {
  uint32_t n = ts_node_child_count(node), i = 0;
  *out = arena_array(&s->c->arena, TSNode, n + 1);
  if (n == 0) return 0;
  TSTreeCursor cursor = ts_tree_cursor_new(node);
  if (ts_tree_cursor_goto_first_child(&cursor)) {
    do (*out)[i++] = ts_tree_cursor_current_node(&cursor);
    while (i < n && ts_tree_cursor_goto_next_sibling(&cursor));
  }
  ts_tree_cursor_delete(&cursor);
  return i;
}

/* ── Findings ──────────────────────────────────────────────────────────────── */

static struct finding *say(struct shell *s, enum code code, uint32_t start, uint32_t end, const char *message) {
  s->found++;
  if (s->hit == NULL) s->hit = message;
  if (s->quiet) return NULL;
  return finding_add(s->c, code, s->place(s->data, start, end), "%s", message);
}

static void help(struct shell *s, struct finding *f, enum remark_type type, const char *text) {
  if (f != NULL) finding_remark(s->c, f, type, "%s", text);
}

static const char log_help[] = "write its output to a file, `>log 2>&1`, and read the file when it has ended";

static void say_around(struct shell *s, const struct shell_command *k, unsigned around, uint32_t start, uint32_t end) {
  struct arena *a = &s->c->arena;
  struct finding *f;
  if (around & (PIPED | PROCESS | TO_PROCESS)) {
    f = say(s, CODE_281, start, end,
            arena_print(a,
                        "`%s` writes into a pipe: when its reader ends early, it dies half-way and the state of what it "
                        "has done is lost",
                        k->by));
    help(s, f, REMARK_NOTE, "behind a wrapper it lives on without a terminal, and holds its lock until someone finds it");
    help(s, f, REMARK_HELP, log_help);
  } else if (k->tool->locks && around & SUBSTITUTED) {
    f = say(s, CODE_283, start, end,
            arena_print(a,
                        "`%s` runs within `$( )`: whoever ends the shell leaves it behind, with its lock and without a "
                        "reader for its output",
                        k->by));
    help(s, f, REMARK_HELP, log_help);
  } else if (k->tool->locks && around & BACKGROUND) {
    f = say(s, CODE_282, start, end,
            arena_print(a,
                        "`%s` runs in the background: Ctrl-C does not reach it there, and when the shell ends it lives on "
                        "and holds its lock",
                        k->by));
    help(s, f, REMARK_HELP, "run it in the foreground, with its output in a file");
  }
}

static const char *seconds(struct shell *s, int64_t milliseconds) {
  struct text t = {.arena = &s->c->arena};
  struct value v = {.type = V_DURATION, .number = milliseconds};
  value_print(&t, &s->c->names, &v);
  return text_done(&t);
}

static void say_holder(struct shell *s, const struct shell_command *k, unsigned around, uint32_t start, uint32_t end) {
  struct arena *a = &s->c->arena;
  const struct tool *t = k->tool;
  struct finding *f;
  if (s->holds == NULL) s->holds = t;
  say_around(s, k, around, start, end);
  if (!t->locks) return;
  if (k->killed) {
    f = say(s, CODE_284, start, end,
            arena_print(
                a,
                "`timeout` kills `%s` outright: the state of what it has done is not saved, and what it started lives on",
                k->by));
    help(s, f, REMARK_HELP, "leave the signal out: TERM lets it finish what it is at, save its state and free its lock");
  } else if (k->impatient) {
    f = say(s, CODE_284, start, end,
            arena_print(a, "`timeout -k` gives `%s` %s to stop; it may need %s to save its state and free its lock", k->by,
                        seconds(s, k->patience), seconds(s, t->grace)));
    help(s, f, REMARK_HELP, "give it at least that long, or leave `-k` out");
  }
  if (around & FORGIVEN) {
    f = say(s, CODE_288, start, end,
            arena_print(a, "`|| true` hides that `%s` failed: the step counts as done, whatever state it left", k->by));
    help(s, f, REMARK_HELP, "leave it out; a step that may fail says so in its `verify`");
  }
  if (around & DISCARDED) {
    f = say(s, CODE_289, start, end,
            arena_print(
                a,
                "the output of `%s` is thrown away: when it fails, nobody can say what it had done and who holds the lock",
                k->by));
    help(s, f, REMARK_HELP, log_help);
  }
}

/* kill -9 PID, pkill -9 tg. */
static void look_at_kill(struct shell *s, const struct shell_command *k, uint32_t start, uint32_t end) {
  bool kill = strcmp(k->name, "kill") == 0, named = false;
  const char *outright = NULL;
  if (!kill && strcmp(k->name, "pkill") != 0 && strcmp(k->name, "killall") != 0) return;
  for (uint32_t i = 1; i < k->n; i++) {
    const char *w = k->words[i].text;
    if (w == NULL) {
      named = true;
      continue;
    }
    const char *signal = strncmp(w, "-s", 2) == 0 ? (w[2]           ? w + 2
                                                     : i + 1 < k->n ? k->words[i + 1].text
                                                                    : "")
                         : *w == '-'              ? w + 1
                                                  : NULL;
    if (signal && strncmp(signal, "-signal=", 8) == 0) signal += 8;
    if (signal && strncmp(signal, "SIG", 3) == 0) signal += 3;
    if (signal && (strcmp(signal, "9") == 0 || strcmp(signal, "KILL") == 0)) outright = strcmp(w, "-s") == 0 ? "-s KILL" : w;
    if (*w != '-' && (kill || shell_holder(s, w))) named = true;
  }
  bool lockers = false;
  for (uint32_t i = 0; s->m != NULL && i < s->m->tools.n; i++) lockers |= s->m->tools.at[i].locks;
  if (outright == NULL || !named || !lockers) return;
  struct finding *f =
      say(s, CODE_284, start, end,
          arena_print(&s->c->arena,
                      "`%s %s` gives a lock holder no time to save its state, and what it started lives on with the lock",
                      k->name, outright));
  help(s, f, REMARK_HELP, "send INT or TERM and wait until it has ended");
}

static void look_at_set(struct shell *s, const struct shell_command *k, uint32_t start, uint32_t end) {
  if (strcmp(k->name, "set") != 0) return;
  for (uint32_t i = 1; i < k->n; i++) {
    const char *w = k->words[i].text;
    if (w == NULL || w[0] != '+') continue;
    bool off = strchr(w, 'e') != NULL || (strcmp(w, "+o") == 0 && i + 1 < k->n && k->words[i + 1].text &&
                                          strcmp(k->words[i + 1].text, "errexit") == 0);
    if (!off) continue;
    struct finding *f =
        say(s, CODE_288, start, end, "`set +e` lets the commands behind it fail unseen: the step counts as done");
    help(s, f, REMARK_HELP, "leave it out; what may fail is said in `verify`");
    return;
  }
}

static void say_copy(struct shell *s, const struct shell_command *k, uint32_t start, uint32_t end) {
  struct finding *f = say(s, CODE_272, start, end,
                          arena_print(&s->c->arena, "`%s` writes out what it reads, and it reads the secret `%s`: that stays in the file or the log", k->name, s->secret));
  help(s, f, REMARK_HELP, "hand the secret to the program that uses it: with `stdin`, `env NAME = secret …` or, for a request, `bearer` or `header`");
}

/* cat > file, tee file, dd of=file: what they are handed stays there, or in the step's log. */
static void look_at_copy(struct shell *s, const struct shell_command *k, unsigned around, uint32_t start, uint32_t end) {
  bool cat = strcmp(k->name, "cat") == 0, dd = strcmp(k->name, "dd") == 0, reads = true;
  if (s->secret == NULL || around & PIPED || (!cat && !dd && strcmp(k->name, "tee") != 0)) return;
  for (uint32_t i = 1; i < k->n; i++) {
    const char *w = k->words[i].text;
    if (cat && (w == NULL || *w != '-')) reads = false;
    if (cat && w != NULL && strcmp(w, "-") == 0) return say_copy(s, k, start, end);
    if (dd && w != NULL && strncmp(w, "if=", 3) == 0) reads = false;
  }
  if (reads) say_copy(s, k, start, end);
}

static void look_at_command(struct shell *s, TSNode node, unsigned around) {
  struct shell_command k = shell_command(s, node);
  struct arena *a = &s->c->arena;
  uint32_t start = ts_node_start_byte(node), end = ts_node_end_byte(node);
  struct finding *f;
  if (k.n > 0 && k.words[0].text == NULL && shell_is(k.words[0].node, "command_name")) start = k.words[0].start;
  if (k.hidden) {
    f = say(s, CODE_286, start, end,
            "the name of this command comes from an expansion: nobody can tell beforehand what runs");
    help(s, f, REMARK_HELP, "write the name out");
    return;
  }
  if (k.tool != NULL && k.nested == NULL) say_holder(s, &k, around, start, end);
  if (k.name == NULL) return;
  if (k.nested != NULL) {
    f = say(s, CODE_286, start, end, arena_print(a, "in the text that `%s` runs: %s", k.name, k.nested));
    help(s, f, REMARK_HELP, "write it out as a line of its own");
    if (k.tool != NULL && s->holds == NULL) s->holds = k.tool;
  } else if (k.unread) {
    bool alias = strcmp(k.name, "alias") == 0;
    f = say(
        s, CODE_286, start, end,
        arena_print(a, alias ? "an `%s` hides what runs behind its name" : "`%s` runs text that nobody can read beforehand",
                    k.name));
    help(s, f, REMARK_HELP, "write the command out");
  }
  look_at_kill(s, &k, start, end);
  look_at_copy(s, &k, around, start, end);
  look_at_set(s, &k, start, end);
}

/* ── Expansions ────────────────────────────────────────────────────────────── */

/* $# $? $$ $! are numbers, $(( )) too. */
static bool splits(const struct shell *s, TSNode node) {
  if (shell_is(node, "command_substitution") || shell_is(node, "expansion")) {
    const char *at = s->text + ts_node_start_byte(node);
    return strncmp(at, "${#", 3) != 0;
  }
  if (!shell_is(node, "simple_expansion")) return false;
  uint32_t start = ts_node_start_byte(node);
  return start + 1 >= s->length || strchr("#?$!-", s->text[start + 1]) == NULL;
}

static void look_at_expansion(struct shell *s, TSNode node) {
  uint32_t start = ts_node_start_byte(node), end = ts_node_end_byte(node);
  int shown = end - start > 40 ? 40 : (int)(end - start);
  struct finding *f = say(s, CODE_287, start, end,
                          arena_print(&s->c->arena,
                                      "`%.*s` stands without quotes: when its value has a blank, a `*` or nothing in it, "
                                      "the command gets other words than were meant",
                                      shown, s->text + start));
  if (f && shown < 40) finding_remark(s->c, f, REMARK_HELP, "write \"%.*s\"", shown, s->text + start);
}

/* ── The walk ──────────────────────────────────────────────────────────────── */

static bool backgrounded(const struct shell *s, TSNode node) {
  uint32_t i = ts_node_end_byte(node);
  while (i < s->length && (s->text[i] == ' ' || s->text[i] == '\t')) i++;
  return i < s->length && s->text[i] == '&' && (i + 1 == s->length || (s->text[i + 1] != '&' && s->text[i + 1] != '>'));
}

/* What the redirections of a statement do to what it runs. */
static unsigned redirected(struct shell *s, TSNode node) {
  TSNode *children, *parts;
  unsigned around = 0;
  for (uint32_t i = 0, n = shell_children(s, node, &children); i < n; i++) {
    if (!shell_is(children[i], "file_redirect")) continue;
    uint32_t count = shell_children(s, children[i], &parts);
    TSNode last = parts[count ? count - 1 : 0];
    const char *to = s->text + ts_node_start_byte(last);
    bool output = false;
    for (uint32_t k = 0; k < count; k++)
      output |= strchr(ts_node_type(parts[k]), '>') != NULL && !ts_node_is_named(parts[k]);
    if (count == 0 || !output) continue;
    if (ts_node_end_byte(last) - ts_node_start_byte(last) == 9 && memcmp(to, "/dev/null", 9) == 0) around |= DISCARDED;
    if (shell_is(last, "process_substitution") && *to == '>') around |= TO_PROCESS;
  }
  return around;
}

/* LEFT || true, LEFT || : */
static bool forgiven(struct shell *s, TSNode list) {
  TSNode *children;
  uint32_t n = shell_children(s, list, &children);
  if (n < 3 || !shell_is(children[n - 2], "||")) return false;
  const char *right = s->text + ts_node_start_byte(children[n - 1]);
  uint32_t length = ts_node_end_byte(children[n - 1]) - ts_node_start_byte(children[n - 1]);
  return (length == 4 && memcmp(right, "true", 4) == 0) || (length == 1 && *right == ':');
}

static uint32_t function_of(struct shell *s, TSNode node) {
  TSNode name = ts_node_child_by_field_name(node, "name", 4);
  if (ts_node_is_null(name)) return NONE;
  struct shell_function f = {
      arena_copy(&s->c->arena, s->text + ts_node_start_byte(name), ts_node_end_byte(name) - ts_node_start_byte(name)),
      NULL};
  for (uint32_t i = 0; i < s->functions.n; i++)
    if (strcmp(s->functions.at[i].name, f.name) == 0) return i;
  array_push(&s->c->arena, &s->functions, f);
  return s->functions.n - 1;
}

/* What lies around a node, given what lies around its parent. */
static struct frame enter(struct shell *s, TSNode node, const struct frame *parent) {
  struct frame f = {parent->around, parent->function, ts_node_end_byte(node), false};
  const char *type = ts_node_type(node);
  if (parent->pipeline && f.end < parent->end) f.around |= PIPED;
  f.around &= ~(unsigned)ARGUMENTS;
  if (strcmp(type, "command") == 0) f.around |= ARGUMENTS;
  else if (strcmp(type, "concatenation") == 0 || strcmp(type, "array") == 0) f.around |= parent->around & ARGUMENTS;
  else if (strcmp(type, "test_command") == 0) f.around |= s->text[ts_node_start_byte(node) + 1] == '[' ? 0 : ARGUMENTS;
  else if (strcmp(type, "binary_expression") == 0 || strcmp(type, "unary_expression") == 0)
    f.around |= parent->around & ARGUMENTS;
  else if (strcmp(type, "pipeline") == 0) f.pipeline = true;
  else if (strcmp(type, "command_substitution") == 0) f.around = SUBSTITUTED;
  else if (strcmp(type, "process_substitution") == 0) f.around = s->text[ts_node_start_byte(node)] == '<' ? PROCESS : 0;
  else if (strcmp(type, "redirected_statement") == 0) f.around |= redirected(s, node);
  else if (strcmp(type, "list") == 0) f.around |= forgiven(s, node) ? FORGIVEN : 0;
  else if (strcmp(type, "function_definition") == 0) f = (struct frame){0, function_of(s, node), f.end, false};
  if (ts_node_is_named(node) && type[0] != '"' && backgrounded(s, node)) f.around |= BACKGROUND;
  return f;
}

/* Calls `visit` for each node, with what lies around it; parents first, in order. */
static void walk(struct shell *s, TSNode root,
                 void (*visit)(struct shell *, TSNode, const struct frame *own, const struct frame *parent)) {
  ARRAY(struct frame) frames = {0};
  struct frame own = {0, NONE, ts_node_end_byte(root), false};
  TSTreeCursor cursor = ts_tree_cursor_new(root);
  bool more = true;
  while (more) {
    if (ts_tree_cursor_goto_first_child(&cursor)) {
      array_push(&s->c->arena, &frames, own);
    } else {
      while (more && !ts_tree_cursor_goto_next_sibling(&cursor)) {
        more = frames.n > 1 && ts_tree_cursor_goto_parent(&cursor);
        frames.n--;
        if (frames.n == 0) more = false;
      }
      if (!more) break;
    }
    TSNode node = ts_tree_cursor_current_node(&cursor);
    const struct frame *parent = &frames.at[frames.n - 1];
    own = enter(s, node, parent);
    visit(s, node, &own, parent);
  }
  ts_tree_cursor_delete(&cursor);
}

/* First pass: who calls whom. */
static void collect(struct shell *s, TSNode node, const struct frame *own, const struct frame *parent) {
  (void)parent;
  if (own->function == NONE || !shell_is(node, "command")) return;
  struct shell_command k = shell_command(s, node);
  if (k.tool != NULL && s->functions.at[own->function].holds == NULL) s->functions.at[own->function].holds = k.tool;
  struct shell_call call = {own->function, k.name};
  if (k.name != NULL) array_push(&s->c->arena, &s->calls, call);
}

/* A function that calls a holder holds as well. */
static void spread(struct shell *s) {
  enum { ROUNDS = 64 }; /* one is enough where each is defined before it is called */
  bool more = true;
  for (int round = 0; more; round++) {
    if (round == ROUNDS) {
      say(s, CODE_285, 0, s->length, "this shell text cannot be verified: its functions call each other too deep");
      return;
    }
    more = false;
    for (uint32_t i = 0; i < s->calls.n; i++) {
      struct shell_function *f = &s->functions.at[s->calls.at[i].inside];
      if (f->holds != NULL) continue;
      f->holds = shell_holder(s, s->calls.at[i].name);
      more |= f->holds != NULL;
    }
  }
}

static void look_beyond(struct shell *s, TSNode node) {
  const char *what = s->sh ? shell_beyond(s, node) : NULL;
  if (what == NULL) return;
  struct finding *f = say(s, CODE_290, ts_node_start_byte(node), ts_node_end_byte(node),
                          arena_print(&s->c->arena, "`%s` is bash's own: sh, which runs the runbook, does not know it", what));
  help(s, f, REMARK_HELP, "say it as sh has it, or run it with `bash -c '…'`");
}

static void look(struct shell *s, TSNode node, const struct frame *own, const struct frame *parent) {
  look_beyond(s, node);
  if (shell_is(node, "command")) look_at_command(s, node, own->around);
  else if (parent->around & ARGUMENTS && splits(s, node)) look_at_expansion(s, node);
}

static bool has_functions(const char *text, uint32_t n) {
  for (uint32_t i = 0; i + 1 < n; i++) {
    if (text[i] == '(' && (text[i + 1] == ')' || text[i + 1] == ' ')) return true;
    if (text[i] == 'f' && n - i > 9 && memcmp(text + i, "function ", 9) == 0) return true;
  }
  return false;
}

/* ── Texts ─────────────────────────────────────────────────────────────────── */

/* The first place that the parser could not make sense of. */
static void unreadable(struct shell *s, TSNode root) {
  uint32_t start = 0, end = s->length;
  TSTreeCursor cursor = ts_tree_cursor_new(root);
  for (bool more = ts_node_has_error(root); more;) {
    TSNode node = ts_tree_cursor_current_node(&cursor);
    if (shell_is(node, "ERROR") || ts_node_is_missing(node)) {
      start = ts_node_start_byte(node);
      end = ts_node_end_byte(node);
      break;
    }
    if (ts_node_has_error(node) && ts_tree_cursor_goto_first_child(&cursor)) continue;
    while (more && !ts_tree_cursor_goto_next_sibling(&cursor)) more = ts_tree_cursor_goto_parent(&cursor);
  }
  ts_tree_cursor_delete(&cursor);
  struct finding *f =
      say(s, CODE_285, start, end, "this shell text cannot be verified: the shell's parser does not understand it here");
  help(s, f, REMARK_HELP, "close what is open, or write it more simply; what is not understood may run anything");
}

static void check(struct shell *s) {
  enum { LIMIT_MICROSECONDS = 5000000 };
  TSParser *parser = ts_parser_new();
  if (!ts_parser_set_language(parser, tree_sitter_bash())) {
    say(s, CODE_285, 0, s->length, "this shell text cannot be verified: the shell's parser does not fit its library");
    ts_parser_delete(parser);
    return;
  }
  ts_parser_set_timeout_micros(parser, LIMIT_MICROSECONDS);
  TSTree *tree = ts_parser_parse_string(parser, NULL, s->text, s->length);
  if (tree == NULL) {
    say(s, CODE_285, 0, s->length, "this shell text cannot be verified: reading it takes too long");
  } else {
    TSNode root = ts_tree_root_node(tree);
    if (has_functions(s->text, s->length)) {
      walk(s, root, collect);
      spread(s);
    }
    walk(s, root, look);
    if (ts_node_has_error(root)) unreadable(s, root);
    ts_tree_delete(tree);
  }
  ts_parser_delete(parser);
}

const struct tool *shell_nested(struct shell *s, const char *text, const char **hit) {
  *hit = NULL;
  if (s->nesting >= SHELL_NESTING) {
    *hit = "shells within shells, too deep to be verified";
    return NULL;
  }
  struct shell inner = {
      .c = s->c, .m = s->m, .text = text, .length = (uint32_t)strlen(text), .quiet = true, .nesting = s->nesting + 1};
  check(&inner);
  *hit = inner.hit;
  return inner.holds;
}

uint32_t shell_check_sh(struct compilation *c, const char *text, size_t length, const struct model *m, const char *secret,
                        struct span (*place)(void *data, uint32_t start, uint32_t end), void *data) {
  struct shell s = {.c = c, .m = m, .text = text, .length = (uint32_t)length, .place = place, .data = data, .sh = true, .secret = secret};
  check(&s);
  return s.found;
}

uint32_t shell_check(struct compilation *c, const char *text, size_t length, const struct model *m,
                     struct span (*place)(void *data, uint32_t start, uint32_t end), void *data) {
  struct shell s = {.c = c, .m = m, .text = text, .length = (uint32_t)length, .place = place, .data = data};
  check(&s);
  return s.found;
}
