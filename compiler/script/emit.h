/* The runbook as data, between the model and its text. Private to script/.
 *
 * runbook_build() lists what the runbook has to do; runbook_print() writes it as shell; runbook_read() reads shell back
 * and compares it with the list, by a way of its own (reader.c shares no code with the printing). */
#ifndef CUTC_EMIT_H
#define CUTC_EMIT_H

#include "script/script.h"

#define RUNTIME_FIRST "# == Runtime of cutc runbooks: the same in every runbook, of no interest to a reviewer of this one =="
#define LOCK_BLIND "its env has no PG_CONN_STR"
#define RUNTIME_LAST "# == End of the runtime =="
/* From so many steps or observations on, these stand in parts of so many, below the call of cut_main: the shell reads no
 * further than that, and the runtime takes a part from the file when it needs it. */
#define LONG_FROM 201u
#define PART_SIZE 100u
#define PART_MARK "# == Part "
/* A list of more lines is a function for each so many: some shells go down one level for each line of a function. */
#define LIST_SIZE 1000u

/* One command of the plan: a function of the runbook, but for WAIT and MANUAL, which are lines of their sequence. */
struct unit {
  const char *name; /* "step_2_do_1" */
  const struct command *command;
  const uint32_t *at_use;
  uint32_t at_use_count; /* secrets to fetch right before it */
  const char *place;     /* as place_text() has it; NULL: not known yet */
};

enum sequence_type { SEQ_DO, SEQ_UNDO, SEQ_VERIFY, SEQ_WAS, SEQ_OBSERVE, SEQ_FETCH };
/* A function that runs units one after the other. */
struct sequence {
  uint8_t type;
  bool unchanged;        /* some unit's output has to be as it was */
  bool by_hand;          /* some unit is done by a person */
  bool plain;            /* the values in `$` lines of a kept block are words of letters, digits, `.`, `-`, `/` and `_` */
  uint32_t first, count; /* units; first NONE: a kept block of the step, see sequence_units() */
  uint32_t step;         /* index in the order, NONE */
  uint32_t resource;     /* observe, was: whose attributes; NONE */
  uint32_t secret;       /* fetch */
  uint32_t made_by;      /* observe, was: the step, an index in the order, that creates what must not be there before it; NONE */
};

struct probe {
  uint32_t promise;
  const char *blind; /* why nobody looks; NULL when somebody does */
  const char *host;  /* ssh destination, NULL for here */
  const char *target;/* URL; NULL for tcp */
  const char *address;
  uint32_t port;
};

struct tool_use {
  const char *name, *dir; /* dir NULL: anywhere on PATH */
};
struct unused {
  struct address address;
  uint32_t port, resource;
};

/* The lock of a Terraform workspace in PostgreSQL: a stack whose commands run with PG_CONN_STR. */
struct state_lock {
  uint32_t stack;                  /* resource */
  const struct pieces *connection; /* NULL: the plan does not say it */
  const char *schema, *workspace;
  const char *steps;               /* those that go through it, as numbers with blanks between */
};

/* Sequences from one to before another, with what stands above all of them, and below. */
struct stretch { uint32_t first, end; bool top, bottom; };

/* What the commands of one shape have in common. */
struct shape_use {
  bool seen, unchanged, by_hand;
  bool clean;        /* nothing was found in one whose values are plain */
  bool told;         /* the programs they run and their folders are the same, whatever the values are */
  uint32_t count, used;
  const struct unit *units; /* with at_use and place alone */
};

/* What the first function of a step says of it. */
struct step_said {
  uint32_t number, of, newer; /* newer: a number too, 0 none */
  int64_t takes;              /* milliseconds, -1 not known */
  const char *name, *place, *title, *final, *hand;
};

struct runbook {
  struct model *m;
  const struct proof *p;
  struct shape_use *shapes;        /* by step_shape() */
  ARRAY(struct unit) units;
  ARRAY(struct sequence) sequences;
  ARRAY(struct probe) probes;      /* one per promise */
  ARRAY(struct tool_use) tools;
  ARRAY(uint32_t) secrets;         /* those used, each after those it needs */
  ARRAY(struct state_lock) locks;  /* of the stacks that steps go through, in the order of the steps */
  ARRAY(struct unused) unused;     /* addresses that nobody may answer on before the run */
  uint32_t observations;           /* sequences that observe; they come first */
  bool unchanged;                  /* some unit's output has to be as it was */
  const uint32_t *newer;           /* per index in the order: the next step of the same resource, NONE */
  const char *digest;              /* sha256 of the plan's files, hexadecimal */
};

/* Is it that of a wait of the order, which keeps its deadline across a stop? */
static inline bool sequence_waits(const struct runbook *b, const struct sequence *s) {
  return s->step != NONE && (s->type == SEQ_DO || s->type == SEQ_VERIFY) && b->m->steps.at[b->p->order.at[s->step]].wait;
}

/* Is it one whose steps stand in parts? */
static inline bool runbook_long(const struct runbook *b) { return b->p->order.n >= LONG_FROM || b->observations >= LONG_FROM; }

/* All but the digest, which only those need who print or read. Kept blocks are not among the units. */
struct runbook *runbook_build(struct model *m, const struct proof *p);
/* Puts those of kept blocks among the units too, in the order of the sequences: for who goes by their numbers. */
void runbook_whole(struct runbook *b);
/* The shape of a kept block, NULL of any other. */
struct shape_use *sequence_shape(const struct runbook *b, const struct sequence *s);
/* Its function in the script: "step_2_do", "observe_1", "secret_1"; a sequence of b->sequences. */
const char *sequence_name(const struct runbook *b, const struct sequence *s, struct arena *a);
/* The same by its type and number, which begins with 1. */
const char *sequence_numbered(struct arena *a, enum sequence_type type, uint32_t number);
/* What is said instead of commands (undo none); NULL. */
const char *sequence_note(const struct runbook *b, const struct sequence *s);
/* That shape, and which block of the step it is. */
uint32_t sequence_kept_shape(const struct runbook *b, const struct sequence *s);
enum block_type sequence_block(const struct sequence *s);
/* The commands of a kept block, in `a`. */
struct block sequence_kept(const struct runbook *b, const struct sequence *s, struct arena *a);
/* The texts of its values in `$` lines, as step_lines_say() has them. */
bool sequence_lines_say(const struct runbook *b, const struct sequence *s, struct arena *a, bool (*look)(const void *data, const char *text), const void *data);
/* The units of a sequence; those of a kept block are made, in `a`. */
const struct unit *sequence_units(const struct runbook *b, const struct sequence *s, struct arena *a);
/* Those of a kept block by another name and with other commands. */
const struct unit *sequence_units_as(const struct runbook *b, const struct sequence *s, const char *name, struct block block, struct arena *a);
/* Those of each sequence in a stretch. */
const struct unit **stretch_units(const struct runbook *b, struct stretch at, struct arena *a);
/* `script`: a source that is no part of the plan (the script being verified), NONE. */
const char *digest_plan(struct model *m, uint32_t script);
void runbook_print(struct text *out, const struct runbook *b);
/* What it consists of, by who writes one part after the other: what stands between the header's steps and the sequences, which returns
 * where the plan's own part begins; the line that a part begins with; sums, and what the manifest counts of some steps. */
size_t top_print(struct text *out, const struct runbook *b);
void mark_print(struct text *out, const struct runbook *b, const char *name, uint32_t first, uint32_t n);
void runtime_sum_print(struct text *out);
void plan_sum_print(struct text *out, const char *digest);
void counts_print(struct text *out, const struct runbook *b, uint32_t first, uint32_t end);
/* Its parts: the plan's tables (emit_tables.c), and commands (emit.c). */
void constants_print(struct text *out, const struct runbook *b);
void lists_print(struct text *out, const struct runbook *b);
struct step_said step_said(const struct runbook *b, uint32_t k); /* but for its place */
void step_print(struct text *out, const struct step_said *s);
void promises_print(struct text *out, const struct runbook *b);
void compose_print(struct text *out, const struct runbook *b, const struct pieces *p); /* operands of cut_compose */
/* The runtime: its files, runtime-1-base.sh and so on, one after the other. */
const char *runtime_text(size_t *length);
const char *runtime_digest(void); /* sha256 of that, hexadecimal */
/* Comment lines, without the line `#!`: what comes before the steps, the steps in the order from one to before another, each with the
 * line that its place is in, and what comes behind them; and all of it. */
void header_open(struct text *out, const struct runbook *b);
void header_step(struct text *out, const struct runbook *b, uint32_t k, uint32_t line);
void header_close(struct text *out, const struct runbook *b);
void runbook_header(struct text *out, const struct runbook *b);
/* The line of the k-th step's place, and its file; "". */
uint32_t step_line(const struct runbook *b, uint32_t k);
const char *step_path(const struct runbook *b, uint32_t k);
void unit_print(struct text *out, const struct runbook *b, const struct unit *u);
void sequence_print(struct text *out, const struct runbook *b, const struct sequence *s, const char *name, const struct unit *units);

/* Reads a script and compares it with what it has to be; differences are findings E311 in `source`, or, with source
 * NONE, only counted. Returns their number. */
uint32_t runbook_read(struct compilation *c, const struct runbook *b, const char *text, size_t length, uint32_t source);

/* Is that the runbook, as far as it is about some of its sequences, with its header and the runtime? Without a word about what is not. */
bool runbook_met(const struct runbook *b, const char *text, size_t length, struct stretch at);

/* The shell text of a `$` line, laid out, each value quoted, secrets and names of the run as variables; several lines where
 * the plan wrote `;`. Indented by two. */
void line_print(struct text *out, const struct pieces *line);
/* Names of the programs a line starts, in order (words at the place of a command that are literal). */
void line_tools(struct arena *arena, const struct pieces *line, void (*found)(void *data, const char *name), void *data);

/* The first `;` that parts two simple commands of a line, whose first one may fail unseen: its piece and byte. False when there
 * is none, or the line has a compound command or a `set`. */
bool line_separator(struct arena *arena, const struct pieces *line, uint32_t *piece, uint32_t *byte);

void pieces_word(struct text *out, struct arena *arena, const struct pieces *p);        /* one shell word */
const char *pieces_text(struct arena *arena, const struct pieces *p, const char *run, const char *work); /* flat */
/* A value as the world says it, for comparing with what is observed; lists sorted, "?" for unknown. */
const char *value_plain(struct arena *arena, const struct model *m, const struct value *v);
/* "plan.cut:12" for a place in the plan's own folder, "std/net:3" in the library. */
const char *place_text(struct arena *arena, struct model *m, struct span at);
void place_print(struct text *out, struct model *m, struct span at);
void place_print_at(struct text *out, struct model *m, struct span at, uint32_t line); /* whose line is known */
/* A part of a long text that was made, with all it took, in an arena of its own, which is used again. */
void text_take(struct text *out, struct text *part);
const char *digest_sha256(struct arena *arena, const char *text, size_t length); /* 64 hexadecimal digits */
/* The same of a text that comes in parts. */
struct digest;
struct digest *digest_begin(struct arena *arena);
void digest_add(struct digest *d, const char *text, size_t length);
const char *digest_end(struct arena *arena, struct digest *d);
const char *state_word(enum verdict v);
/* "1h2s", "250ms": exactly as long. */
const char *seconds_text(struct arena *arena, int64_t milliseconds);
/* Seconds, rounded up. */
int64_t whole_seconds(int64_t milliseconds);

#endif
