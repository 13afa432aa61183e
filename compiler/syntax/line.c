/* Within `$` lines: where the shell's text ends and interpolations stand between quotes.
 * Needs the scanner's mode for `$` lines. Guarantees that each line ends, at the latest with its line end, and that its
 * raw text is handed out as it stands; what the shell makes of it is script/'s business. */
#include "syntax/parse.h"
#include "cut.tab.h"

#include <string.h>

static bool blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\f' || c == '\v' || c == '\0'; }

void shell_start(struct parser *p, uint32_t after) {
  while (p->text[after] == ' ' || p->text[after] == '\t') after++;
  p->shell_from = after;
  p->quote_at = p->stray = NONE;
  p->groups = p->parens = 0;
  p->command_next = true;
}

/* The raw text before `at`; carriage returns before line ends are not the shell's. A quote that is never closed has been complained
 * of, and is a blank to the shell. */
int scan_shell_text(struct parser *p, struct range *at, struct part *out) {
  struct range r = {p->shell_from, at->start};
  const char *s = p->text + r.start;
  size_t n = r.end - r.start;
  struct value v = {.type = V_STRING, .at = span_of(p, r)};
  if (memchr(s, '\r', n) != NULL || (p->stray != NONE && r.start <= p->stray && p->stray < r.end)) {
    struct text t = {.arena = &p->c->arena};
    for (size_t i = 0; i < n; i++)
      if (r.start + i == p->stray) text_putc(&t, ' ');
      else if (s[i] != '\r' || i + 1 == n || s[i + 1] != '\n') text_putc(&t, s[i]);
    v.name = name_of(&p->c->names, text_done(&t), t.n);
  } else {
    v.name = name_of(&p->c->names, s, n);
  }
  out->node = out->last = node_new(p, N_SHELL, 0, tree_value(p->tree, v), 0, r);
  out->depth = 1;
  p->shell_from = at->start;
  *at = r;
  return T_SHELL;
}

/* Behind these a command starts. */
void shell_word(struct parser *p, struct range at) {
  static const char *const before[] = {"!", "if", "then", "else", "elif", "while", "until", "do"};
  size_t n = at.end - at.start;
  bool first = p->command_next;
  p->command_next = false;
  if (!first || n > 5 || p->quote_at != NONE) return;
  for (size_t i = 0; i < sizeof before / sizeof *before; i++)
    if (strlen(before[i]) == n && memcmp(p->text + at.start, before[i], n) == 0) p->command_next = true;
}

static void quote_unclosed(struct parser *p, uint32_t at) {
  struct finding *f = complain(p, CODE_003, range_of(at, at + 1), "this quote is not closed on its line");
  if (f) finding_caret(p->c, f, "opened here");
  remark(p, f, "a command goes on on the next line after `\\`");
}

/* Taken for no quote, so that what stands behind it still is what it looks like. */
static void ignore_quote(struct parser *p, uint32_t at) {
  if (p->stray != NONE) return;
  p->stray = at;
  quote_unclosed(p, at);
}

bool single_quotes(struct parser *p, struct range at) {
  p->command_next = false;
  if (at.end - at.start > 1 && p->text[at.end - 1] == '\'') return true;
  ignore_quote(p, at.start);
  return false;
}

/* Is there another one on this line, or on those that it goes on on? */
static bool quoted_again(const struct parser *p, uint32_t at) {
  for (at++; at < p->length && p->text[at] != '\n'; at++) {
    if (p->text[at] == '"') return true;
    if (p->text[at] == '\\' && at + 1 < p->length) at += p->text[at + 1] == '\r' ? 2 : 1;
  }
  return false;
}

void double_quote(struct parser *p, uint32_t at) {
  p->command_next = false;
  if (p->quote_at != NONE) p->quote_at = NONE;
  else if (quoted_again(p, at)) p->quote_at = at;
  else ignore_quote(p, at);
}

static bool whole_word(const struct parser *p, struct range at) {
  return p->quote_at == NONE && blank(p->text[at.end]) && (at.start == 0 || blank(p->text[at.start - 1]));
}

/* Where a command may start, `{` groups commands for the shell. */
bool shell_brace(struct parser *p, struct range at) {
  bool word = whole_word(p, at);
  if (!word || p->parens > 0) {
    if (word && p->command_next) p->groups++;
    else if (p->quote_at == NONE) p->command_next = false;
    return false;
  }
  if (!p->command_next) return true;
  p->groups++;
  return false;
}

bool shell_closed(struct parser *p, struct range at) {
  bool before = at.start == 0 || blank(p->text[at.start - 1]) || p->text[at.start - 1] == ';';
  if (p->groups > 0 && before && p->quote_at == NONE && (blank(p->text[at.end]) || strchr(";|&)>", p->text[at.end]))) {
    p->groups--;
    p->command_next = false;
    return false;
  }
  if (whole_word(p, at)) return true;
  if (p->quote_at == NONE) p->command_next = false;
  return false;
}

bool shell_comment(struct parser *p, struct range at) {
  if (p->quote_at == NONE && blank(p->text[at.start - 1])) return true;
  if (p->quote_at == NONE) p->command_next = false;
  return false;
}

void shell_operator(struct parser *p, struct range at) {
  char c = p->text[at.start];
  if (p->quote_at != NONE) return;
  if (c == '(') p->parens++;
  if (c == ')' && p->parens > 0) p->parens--;
  p->command_next = true;
}

int shell_end(struct parser *p, struct range *at, struct part *out) {
  uint32_t end = at->start;
  at->end = at->start;
  while (end > p->shell_from && strchr(" \t\r", p->text[end - 1])) end--;
  if (end > p->shell_from) {
    uint32_t here = at->start;
    at->start = end;
    int token = scan_shell_text(p, at, out);
    p->shell_from = here;
    return token;
  }
  if (p->quote_at != NONE) {
    quote_unclosed(p, p->quote_at);
    p->quote_at = NONE;
  }
  return T_LINE_END;
}
