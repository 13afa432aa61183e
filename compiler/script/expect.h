/* What the halves of the expectations share: statements are made token by token. Private to script/expect*.c. */
#ifndef CUTC_EXPECT_H
#define CUTC_EXPECT_H

#include "script/reader.h"

struct expecting {
  const struct runbook *b;
  struct arena *arena;
  struct expectations out;
  struct text line;
  uint32_t count;          /* statements of the function at hand */
  struct reading *against; /* compared with what is read there, and not kept; NULL: kept */
  struct text read;
  bool open, differs;
  bool begun;              /* the statement's first words were as expected, and are not in `line` */
};

static inline const char *expect_name(const struct expecting *e, uint32_t id) { return name_text(&e->b->m->c->names, id); }

/* Begins a function; its statements follow. `what` is what a finding calls it. */
void expect_function(struct expecting *e, const char *name, const char *what);
/* Compares where a function ends, and where the next begins, with what is read; "": none comes any more. */
void expect_opens(struct expecting *e, const char *name);
/* Tokens of the statement at hand: expect_tokens.c. */
void expect_word(struct expecting *e, const char *text);
void expect_known(struct expecting *e, const char *text); /* of bytes that stand for themselves, and no digit first */
bool expect_plain_line(struct expecting *e, const struct pieces *p); /* all of one, but for its end */
void expect_number(struct expecting *e, int64_t n);
void expect_operator(struct expecting *e, const char *text);
void expect_pieces(struct expecting *e, const struct pieces *p); /* one word */
void expect_inside(struct text *t, const struct pieces *p);      /* within a word that the caller begins and ends */
void expect_compose(struct expecting *e, const struct pieces *p); /* `text …` and `secret NAME` in turn */
/* Ends the statement at hand, as it is or with `|| return`. */
void expect_end(struct expecting *e);
void expect_or_return(struct expecting *e);
/* A statement of its own: NAME=VALUE. */
void expect_assign(struct expecting *e, const char *name, const char *value);

/* The plan's tables: expect_tables.c. */
void expect_constants(struct expecting *e);
void expect_lists(struct expecting *e);
void expect_step(struct expecting *e, const struct step_said *s);
void expect_promise(struct expecting *e, uint32_t i);

#endif
