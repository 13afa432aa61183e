/* Private to shell*.c: shell text as tree-sitter sees it, and what its commands run. */
#ifndef CUTC_SHELL_H
#define CUTC_SHELL_H

#include "script/script.h"

#include <tree_sitter/api.h>

/* Text given to `sh -c`, `eval`, `ssh` is looked through again, so deep. */
#define SHELL_NESTING 8

struct shell_function {
  const char *name;
  const struct tool *holds; /* the lock holder that its body runs, NULL */
};
/* Which function calls which command, collected before any is judged. */
struct shell_call {
  uint32_t inside;          /* index of the function around it, NONE */
  const char *name;         /* what it calls */
};

struct shell {
  struct compilation *c;
  const struct model *m;
  const char *text;
  uint32_t length;
  struct span (*place)(void *data, uint32_t start, uint32_t end);
  void *data;
  uint32_t found;
  unsigned nesting;
  const struct tool *holds;  /* the first lock holder seen; for nested text */
  const char *hit;           /* nested text: what is wrong in it, first finding's words; NULL */
  const char *secret;        /* the secret on standard input, NULL */
  bool sh;                   /* sh runs it: what only bash knows is a finding; nested text has a shell of its own */
  bool quiet;                /* nested text: findings are counted, not queued */
  ARRAY(struct shell_function) functions;
  ARRAY(struct shell_call) calls;
};

/* One word of a command: its text when it is literal, else NULL. */
struct shell_word {
  TSNode node;
  const char *text;
  uint32_t start, end;
};

/* What a command comes to when what stands before it (sudo, timeout, …) is taken off. */
struct shell_command {
  const struct shell_word *words;
  uint32_t n;
  const struct tool *tool;       /* the lock holder it runs, NULL */
  const char *by;                /* the name written there: the tool's, or the function's that runs it */
  const char *name;              /* the command's basename; NULL when it can't be told */
  bool hidden;                   /* its name comes from an expansion */
  bool killed, impatient;        /* `timeout -s KILL`; `timeout -k` with less than the tool's grace */
  int64_t patience;              /* of `timeout -k`, milliseconds */
  const char *nested;            /* what is wrong in the text it hands to a shell, NULL */
  bool unread;                   /* it hands a shell text that is not literal, or uses eval or alias */
};

bool shell_is(TSNode node, const char *type);
/* The children of a node, anonymous ones too; O(children). */
uint32_t shell_children(struct shell *s, TSNode node, TSNode **out);
/* What bash knows at this node and POSIX sh does not, as written; NULL. O(children). */
const char *shell_beyond(struct shell *s, TSNode node);
struct shell_command shell_command(struct shell *s, TSNode node);
/* Looks through literal text that a command hands to a shell. Returns the lock holder it runs, and in *hit what is wrong. */
const struct tool *shell_nested(struct shell *s, const char *text, const char **hit);
/* May it make a difference to what is found which word this is, where it stands as a word of its own? No for nearly all names and
 * addresses. */
bool shell_told(const struct model *m, const char *word);
const struct tool *shell_holder(const struct shell *s, const char *name); /* tool or function by name, NULL */

#endif
