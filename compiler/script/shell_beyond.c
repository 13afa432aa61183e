/* A node of the shell parser -> what bash knows there and POSIX sh does not.
 * The parser reads bash; a runbook is run by sh, on machines where that is dash. Nothing here looks at what commands run. */
#include "script/shell.h"

#include <string.h>

static bool begins(const struct shell *s, TSNode node, const char *with) {
  uint32_t start = ts_node_start_byte(node);
  size_t n = strlen(with);
  return start + n <= s->length && memcmp(s->text + start, with, n) == 0;
}

/* ${x/a/b}, ${x:1:2}, ${x^^}, ${!x}; what POSIX has begins with %, #, :-, :=, :? or :+. */
static bool own_expansion(struct shell *s, TSNode node) {
  static const char *const own[] = {"/", "//", "/#", "/%", "^", "^^", ",", ",,", ":", "!", "@"};
  TSNode *children;
  uint32_t n = shell_children(s, node, &children);
  for (uint32_t i = 0; i < n; i++)
    for (size_t k = 0; k < sizeof own / sizeof *own && !ts_node_is_named(children[i]); k++)
      if (shell_is(children[i], own[k])) return true;
  return false;
}

const char *shell_beyond(struct shell *s, TSNode node) {
  static const struct { const char *type, *shown; } always[] = {
      {"herestring_redirect", "<<<"}, {"ansi_c_string", "$'…'"}, {"translated_string", "$\"…\""}, {"array", "=( … )"},
      {"c_style_for_statement", "for (( ))"}, {"&>", "&>"}, {"&>>", "&>>"}, {"|&", "|&"}};
  for (size_t i = 0; i < sizeof always / sizeof *always; i++)
    if (shell_is(node, always[i].type)) return always[i].shown;
  if (shell_is(node, "process_substitution")) return begins(s, node, "<") ? "<( )" : ">( )";
  if (shell_is(node, "test_command") && begins(s, node, "[[")) return "[[ ]]";
  if (shell_is(node, "test_command") && begins(s, node, "((")) return "(( ))";
  if (shell_is(node, "compound_statement") && begins(s, node, "((")) return "(( ))";
  if (shell_is(node, "function_definition") && begins(s, node, "function")) return "function";
  if (shell_is(node, "expansion") && own_expansion(s, node)) return "${…}";
  return NULL;
}
