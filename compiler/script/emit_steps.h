/* The steps of a runbook, one after the other, as text that reads back. Private to script/. */
#ifndef CUTC_EMIT_STEPS_H
#define CUTC_EMIT_STEPS_H

#include "script/form.h"
#include "script/reader.h"

enum shape_state { SHAPE_NEW, SHAPE_FORMED, SHAPE_ODD };
struct shape_form {
  uint8_t state, type; /* enum shape_state, enum sequence_type */
  bool in_lines;       /* all its values are in `$` lines */
  uint32_t values;
  struct form form;
};

/* What a thread has to itself. */
struct step_writer {
  const struct runbook *b;
  struct arena kept, scratch; /* forms; what one step takes */
  struct checking checking;
  struct form head;           /* of what a step says of itself */
  struct shape_form empty[4]; /* of a sequence of nothing, by type */
  struct shape_form *shapes;  /* by step_shape() */
  struct slice *values;       /* of the form at hand */
  const char **texts;
  struct text words, first_words; /* numbers and quoted words of the step at hand */
};
void steps_begin(struct step_writer *w, const struct runbook *b);
void steps_end(struct step_writer *w);
/* Is all of the k-th step of some form, so that it reads back however often it is written? */
bool step_formed(struct step_writer *w, uint32_t k);
/* Appends the k-th step, whose place is in that line, and its sequences. False: it does not read back as what it has to be. */
bool step_write(struct step_writer *w, struct text *out, uint32_t k, uint32_t line);
/* The same of one sequence. */
bool sequence_write(struct step_writer *w, struct text *out, const struct sequence *s);

#endif
