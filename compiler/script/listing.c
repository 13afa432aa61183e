/* A step's commands as lines for people: what the runbook runs, without the runbook's own names and numbers.
 * Needs the order. Guarantees the same lines for the same commands, wherever in the order the step is. */
#include "script/emit.h"
#include "script/script.h"

#include <string.h>

struct listings {
  struct runbook *b;
  uint32_t first; /* sequence of the first step: what preflight looks at comes before */
};

struct listings *script_listings(struct model *m, const struct proof *p) {
  struct listings *l = arena_new(&m->c->arena, struct listings);
  l->b = runbook_build(m, p);
  while (l->first < l->b->sequences.n && l->b->sequences.at[l->first].type == SEQ_OBSERVE) l->first++;
  return l;
}

static const struct sequence *find(const struct listings *l, uint32_t k, enum sequence_type type) {
  for (uint32_t i = l->first + 4 * k; i < l->b->sequences.n && i < l->first + 4 * k + 4; i++) /* four of each step, in the order's order */
    if (l->b->sequences.at[i].type == type && l->b->sequences.at[i].step == k) return &l->b->sequences.at[i];
  return NULL;
}

/* A line without its indentation and what the runbook does when it fails. */
static const char *tidy(struct arena *a, const char *line, size_t n) {
  static const char tail[] = " || return";
  for (; n > 0 && *line == ' '; line++) n--;
  if (n >= sizeof tail - 1 && strncmp(line + n - (sizeof tail - 1), tail, sizeof tail - 1) == 0) n -= sizeof tail - 1;
  return arena_print(a, "%.*s", (int)n, line);
}

/* What a text printed for the runbook says inside of its first braces, line by line. */
static void add_body(struct command_lines *l, struct arena *a, const char *text) {
  const char *at = strstr(text, "{");
  at = at == NULL ? NULL : strchr(at, '\n');
  while (at != NULL && *++at != '\0' && strncmp(at, "}\n", 2) != 0) {
    size_t n = strcspn(at, "\n");
    array_push(a, &l->lines, tidy(a, at, n));
    at = strchr(at, '\n');
  }
}

/* " timeout 60 within 30 contains x" behind `cut_run step_2_do_1`, as a line of its own. */
static void add_terms(struct command_lines *l, struct arena *a, const struct unit *u, const char *head) {
  const char *call = arena_print(a, "  cut_run %s", u->name), *at = strstr(head, call);
  for (; at != NULL; at = strstr(at + 1, call)) {
    const char *rest = at + strlen(call);
    size_t n = strcspn(rest, "\n");
    if (*rest != ' ' || strncmp(rest, " || return", 10) == 0) continue;
    array_push(a, &l->lines, arena_print(a, "# %s", tidy(a, rest, n)));
    return;
  }
}

struct command_lines script_listing(struct listings *l, uint32_t k, enum block_type type) {
  static const uint8_t types[] = {[BLOCK_DO] = SEQ_DO, [BLOCK_UNDO] = SEQ_UNDO, [BLOCK_VERIFY] = SEQ_VERIFY, [BLOCK_OBSERVE] = SEQ_WAS};
  struct arena *a = &l->b->m->c->arena;
  const struct sequence *s = find(l, k, (enum sequence_type)types[type]);
  struct command_lines out = {0};
  if (s == NULL) return out;
  const struct unit *units = sequence_units(l->b, s, a);
  struct text head = {.arena = a};
  sequence_print(&head, l->b, s, sequence_name(l->b, s, a), units);
  for (uint32_t i = 0; i < s->count; i++) {
    const struct unit *u = &units[i];
    struct text body = {.arena = a};
    if (u->command->type == CMD_MANUAL) {
      array_push(a, &out.lines, arena_print(a, "by hand: %s", pieces_text(a, &u->command->line, "${run}", "${work}")));
    } else if (u->command->type == CMD_WAIT) {
      array_push(a, &out.lines, arena_print(a, "wait %s", seconds_text(a, 1000 * whole_seconds(u->command->wait))));
    } else {
      unit_print(&body, l->b, u);
      add_body(&out, a, text_done(&body));
      add_terms(&out, a, u, text_done(&head));
    }
  }
  if (sequence_note(l->b, s) != NULL) array_push(a, &out.lines, arena_print(a, "nothing to undo: %s", sequence_note(l->b, s)));
  return out;
}
