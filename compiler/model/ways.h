/* What the changes of thousands of resources have in common that are of one kind and go one way: the texts of the kind, which say the
 * same of each but for its name and its values. Private to this folder.
 *
 * A way is a kind, a provider and whether the resource stays, comes or goes. The first step of a way is looked at by itself; at the
 * second it is looked whether the text of the way hangs on nothing but these three, and then the others are not looked at again. */
#ifndef CUTC_WAYS_H
#define CUTC_WAYS_H

#include "model/commands.h"
#include "model/elaborate.h"

enum { TERM_TAKES = 1, TERM_DISRUPTS = 2, TERM_EARLY = 4, TERM_IRREVERSIBLE = 8, TERM_ATOMIC = 16, TERM_TAKES_EACH = 32 /* may differ */ };

/* What a text of a kind reads from the resource that changes. */
enum reading_type { READ_NAME, READ_ID, READ_FIELD, READ_HOP /* the one attribute that changes */ };
struct reading {
  uint8_t type;    /* enum reading_type */
  bool after;      /* the value after the step; else before */
  bool resources;  /* a resource in it is called by its name */
  bool speaks;     /* where the undo is the do read the other way round: this is a part of it */
  uint32_t field;  /* of the kind */
  uint32_t count;  /* so many items; NONE: it is no list */
};
struct slot { uint32_t command, pieces, piece; }; /* of which command, which of its texts, which piece */
/* A value's piece: an item of what is read. */
struct fill { struct slot slot; struct reading from; uint32_t item; };

/* Of a block that is kept. */
struct kept_block {
  uint32_t shape;             /* NONE: not kept */
  uint32_t fill_count;        /* NONE: texts */
  union {
    const char *const *texts; /* one for each slot of the shape */
    const struct fill *fills;
  } is;
};
struct kept_step { struct kept_block blocks[3]; }; /* do, undo, verify */

struct way {
  uint8_t says;               /* terms that the change itself gives a value */
  bool needless[2];           /* the do needs nothing but its provider; the undo */
  bool askless;               /* the verify asks for nothing */
  bool undo_none;             /* the undo is `undo none` */
  bool manual;                /* of its form: a command by hand */
  bool listens;               /* it can be taken back where something that it reads changes; else it can always */
  uint8_t tries;              /* steps that were looked at for its form */
  int64_t takes;              /* milliseconds, of TERM_TAKES */
  int64_t waits;              /* milliseconds, of its form when that does nothing but wait; else -1 */
  uint32_t change, via;       /* N_CHANGE or N_CARRY, 0; the provider */
  uint32_t blocks[3];         /* N_DO, N_UNDO, N_VERIFY; 0 */
  uint32_t commands;          /* of its form */
  const struct kept_step *form;    /* the blocks of each of its steps; NULL */
  const struct reading *readings;  /* all that these read */
  uint32_t reading_count;
};

/* Room for all steps. */
void ways_begin(struct elaboration *e);
/* The way of a step that is looked at now, where it is the second or a later one, and the way is known; else NULL. Once for each step. */
const struct way *way_enter(struct elaboration *e, uint32_t step);
/* The same later; NULL. */
struct way *way_of(const struct elaboration *e, uint32_t step);

/* The TERM_… of a word, 0. */
uint8_t way_term(const struct elaboration *e, uint32_t name);
/* Is an expression of a way's text the same for all who go it? */
bool way_fixed(struct elaboration *e, const struct scope *s, uint32_t node);
/* The first of some nodes and what follows: each of them. */
bool way_all_fixed(struct elaboration *e, const struct scope *s, uint32_t first);
/* Does a condition of that kind hold? */
bool way_taken(struct elaboration *e, const struct scope *s, uint32_t condition);

/* ── ways_form.c ───────────────────────────────────────────────────────────── */

/* Finds out what the blocks of a way read, from one step of it in which nothing was found: `blocks` are its, and kept. */
void way_form(struct elaboration *e, struct way *w, uint32_t step, const struct block blocks[3]);
/* What of a step's kept block is the value of an expression: where it is, the expression, the text. */
struct kept_slots { const struct slot *at; const uint32_t *nodes; const char *const *texts; uint32_t n; };
struct kept_slots step_slots(struct elaboration *e, uint32_t step, enum block_type type); /* commands_kept.c */
/* Does it say there what the first block of its shape does not? */
bool step_says_else(const struct elaboration *e, uint32_t step, enum block_type type, uint32_t slot);
/* Does a step's resource have what its way reads? Then its blocks are those of the form. */
bool way_fits(const struct elaboration *e, const struct way *w, uint32_t step);
/* An item of what is read, as it stands in a text. Changes nothing but the arena. */
const char *fill_text(struct arena *a, const struct elaboration *e, uint32_t step, const struct fill *f);

#endif
