/* What commands*.c, secrets.c and asks.c offer to the rest of model/. Private to this folder.
 *
 * Who fills what of a step: steps_build its own terms and needs that kinds and plans write down; asks_build, the last
 * pass, what only its evaluated commands tell: `commands`, `manual`, `no_inverse`, `secrets`, and, in `needs` and
 * `undo_needs`, the sources of secrets that are fetched at use (need.secret set). steps_build need not touch those. */
#ifndef CUTC_COMMANDS_H
#define CUTC_COMMANDS_H

#include "model/elaborate.h"

/* ── Statements to commands (commands_eval.c) ──────────────────────────────── */

enum block_place { PLACE_DO, PLACE_UNDO, PLACE_VERIFY, PLACE_OBSERVE, PLACE_FETCH };
struct command_list { struct command *at; uint32_t n, cap; };
struct statements {
  struct elaboration *e;
  struct arena *arena;      /* of the commands and their pieces; what evaluating them takes is in the compilation's */
  struct scope scope;       /* done, step, leads set */
  enum block_place place;
  uint32_t resource;        /* whose attributes `observe` looks at; NONE */
  struct command_list out;
  const char *unreliable;
  uint32_t node;            /* the expression whose value becomes pieces now; 0 */
  bool incomplete;          /* the text read last lacks a piece, which was said */
  uint32_t silent;          /* 1 + a resource whose `do` comes to no command at all; 0 */
};
/* Appends the commands of a block (N_DO, N_UNDO, N_VERIFY, N_OBSERVE, N_FETCH) in the state scope.done. */
void statements_evaluate(struct statements *b, uint32_t block);
/* Text as pieces, for texts that are no `$` line. */
struct pieces pieces_of_text(struct arena *a, const char *text, struct span at);
bool type_wants_address(const struct type *t); /* an address, and nothing else */
/* A value as it stands in a URL behind what is before it (url_text.c): what cannot stand there is written as RFC 3986 has it, and in the
 * value of a parameter what would end it (`&`, `+`), too. A value at the very front is the URL's own beginning, and stays as it is. */
const char *url_text(struct arena *arena, struct pieces before, const char *text);

/* ── Blocks (commands.c) ───────────────────────────────────────────────────── */

/* A step's do, undo or verify, evaluated in a state; *silent: a resource that its `do` changes without any command, NONE. */
struct block step_evaluate(struct elaboration *e, struct arena *a, uint32_t step, enum block_type type, const bool *done, uint32_t *silent);
/* Can a step with commands be taken back: an undo, a `do` that can be read the other way round, or a reason why not? */
bool step_way_back(struct elaboration *e, uint32_t step, const bool *done);
/* A state in which the step can run as far as its own chains go; `done` has steps.n + parts.n flags, all false before.
 * state_leave makes them false again. */
void state_before(const struct model *m, uint32_t step, bool *done);
void state_leave(const struct model *m, uint32_t step, bool *done);

/* ── Blocks that every state gives alike (commands_kept.c) ─────────────────── */

/* Room for those of all steps. */
void blocks_keep(struct elaboration *e);
/* Keeps what a block came to, whatever arena it is in. */
void block_keep(struct elaboration *e, uint32_t step, enum block_type type, const struct block *b);
/* The same as the first of a shape of its own. */
void block_keep_apart(struct elaboration *e, uint32_t step, enum block_type type, const struct block *b);
/* Those of a step whose way has a form: nothing is kept but that. */
struct kept_step;
void step_keep(struct elaboration *e, uint32_t step, const struct kept_step *form);
bool step_filled(const struct model *m, uint32_t step); /* is it kept so? */

/* ── What commands tell of steps (commands_steps.c) ────────────────────────── */

/* Evaluates every do, undo and verify once; sets commands, manual, no_inverse, secrets; adds needs of secrets at use. */
void steps_look(struct elaboration *e);
/* E291: values changed past the stack that owns them. */
void owners_check(struct elaboration *e);

/* ── Secrets (secrets.c) ───────────────────────────────────────────────────── */

/* The scope in which a secret's source says how it is fetched, and the N_FETCH; 0 when it has none. */
uint32_t secret_fetch_block(struct elaboration *e, uint32_t secret, struct scope *s);
/* Needs of every secret's source, and lifetimes against the plan's length (after clients and steps). */
void secrets_finish(struct elaboration *e);
/* A secret stands where it may not: E271 (arguments, URLs, names of files), E272 (kept files, messages, logs). */
void secret_misplaced(struct elaboration *e, enum code code, uint32_t secret, struct span at, const char *where, const char *mend);

#endif
