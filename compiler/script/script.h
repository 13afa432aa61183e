/* The runbook: one POSIX shell script, and the proof that it says what the plan says. */
#ifndef CUTC_SCRIPT_H
#define CUTC_SCRIPT_H

#include "prove/proof.h"

struct runbook; /* what the runbook has to do, as data */

/* Checks every command of a model (lines of do, undo, verify, observe) in the states they run in. Returns what the runbook has
 * to do, NULL without a proof. */
struct runbook *script_check_commands(struct model *m, const struct proof *p);
/* The sum of the plan's files (SHA-256, hexadecimal), which a second thread takes meanwhile where there are many bytes. The sources
 * of the plan stay as they are until it is asked for, which is done once. */
struct digesting;
struct digesting *digest_start(struct model *m);
const char *digest_done(struct model *m, struct digesting *g);
/* The runbook of a proven plan, known to read back as the plan; NULL when it does not, which is a finding. Same plan, same bytes.
 * `digest`: the sum of the plan's files, NULL: not taken yet. */
struct written;
struct written *script_check(struct runbook *b, const char *digest);
/* Writes it part by part, each when the one before it has been taken, by one thread or another. False: one was not taken, or does not read
 * back after all (a defect of cutc), and what has been written is not all. Once. */
bool script_write(struct written *s, bool (*take)(void *data, struct slice part), void *data);
void script_free(struct written *s); /* or NULL */
/* The same as one text. */
void script_emit(struct text *out, struct runbook *b);
/* Compares a script with a proven plan: the same steps in the proven order, the same commands, no more and no less.
 * Differences are findings E311 whose place is in the source `script`. Returns their number. */
uint32_t script_verify(struct compilation *c, uint32_t script, struct runbook *b);

/* The commands of the steps of a proven order as lines for people, without what depends on their place in it. */
struct listings;
struct command_lines { ARRAY(const char *) lines; };
struct listings *script_listings(struct model *m, const struct proof *p);
struct command_lines script_listing(struct listings *l, uint32_t k, enum block_type type); /* k: index in the order */

/* Shell text, by a real parser (tree-sitter-bash). */
struct shell_tools { const struct tool *tools; uint32_t n; };
/* Looks through shell text (a `$` line, or a whole script) and queues findings E281 … E289; `offsets` maps a byte of `text`
 * to a span of the plan. A text the parser cannot read is E285. Returns the number of findings. */
uint32_t shell_check(struct compilation *c, const char *text, size_t length, const struct model *m,
                     struct span (*place)(void *data, uint32_t start, uint32_t end), void *data);
/* The same of text that sh runs, as `$` lines are: E290 too. `secret`: what its standard input is, NULL: E272 for a program
 * that only hands its input on. */
uint32_t shell_check_sh(struct compilation *c, const char *text, size_t length, const struct model *m, const char *secret,
                        struct span (*place)(void *data, uint32_t start, uint32_t end), void *data);

/* Shell quoting, the only place that does it. */
size_t quote_needless(const char *text);                  /* so many bytes, from its start on, that any shell takes as they stand */
bool quote_reserved(const char *text, size_t n);          /* a word that means something to some shell where a command begins */
void quote_word(struct text *out, const char *text);      /* as one word, in single quotes when needed */
void quote_in_double(struct text *out, const char *text); /* as the inside of "…" */

#endif
