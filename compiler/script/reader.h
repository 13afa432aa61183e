/* Shell text read back: functions, statements, words with their quotes undone. Private to script/.
 *
 * A statement is one string: its tokens with SEP between them, each told by its first byte. A word is its bytes after all
 * quoting is undone; what the shell would still expand is marked, so that "a quoted star" and "a star" differ. */
#ifndef CUTC_READER_H
#define CUTC_READER_H

#include "script/emit.h"

#define SEP '\x1f'      /* between tokens */
#define MARK_ACTIVE '\x01'   /* then: a pattern's character or a leading tilde */
#define MARK_VARIABLE '\x02' /* then: 'q' (in double quotes) or 'u', the name, MARK_END */
#define MARK_COMMAND '\x04'  /* then: 'q' or 'u', the statements inside of $( ), MARK_END */
#define MARK_END '\x03'
#define MARK_RAW '\x05'      /* then: a backquoted command as written, MARK_END */
#define MARK_LITERAL '\x06'  /* then: one byte that would look like a mark */
#define TOKEN_IS_WORD 'w'
#define TOKEN_IS_OPERATOR 'o'

struct statement {
  const char *text;
  uint32_t start, end; /* bytes in the script */
};
struct function {
  const char *name; /* "" for what stands outside of functions */
  uint32_t start, end;
  uint32_t first, count; /* statements */
};
struct script {
  ARRAY(struct function) functions; /* in order; statements outside of functions make a function of their own each */
  ARRAY(struct statement) statements;
  uint32_t broken; /* the byte where reading ended too early (an unclosed quote, a `}` too many), NONE */
};

/* The same, one statement after the other. */
struct reading {
  struct arena *arena;
  const char *text;
  size_t n, at;
  unsigned depth;
  bool broken;
};
/* The next statement that is not empty, into `out`, which is emptied first; false at the end. */
bool reading_next(struct reading *r, struct text *out);
/* The same for who knows what comes next. Each takes it and says true, or takes nothing but what comes before the next token: then it is
 * another, or one that has to be read to tell. */
bool reading_word(struct reading *r, bool first, const char *bytes, size_t n);  /* first: of a statement */
bool reading_known(struct reading *r, bool first, const char *bytes, size_t n); /* of bytes that stand for themselves, and no digit first */
bool reading_assign(struct reading *r, const char *name, const char *value);    /* NAME=VALUE, the first; a known name */
bool reading_operator(struct reading *r, const char *bytes, size_t n);
bool reading_opens(struct reading *r, const char *name); /* NAME() {, a statement; a known name */
bool reading_closes(struct reading *r);                  /* }, a statement */
bool reading_ends(struct reading *r);                    /* the end of a statement */
/* What is left of a statement, with its end, into `out`, which is emptied first. */
void reading_rest(struct reading *r, struct text *out);
/* The name in `NAME() {`, with its length; NULL for any other statement. */
const char *statement_opens(const struct text *statement, size_t *length);
bool statement_closes(const struct text *statement); /* `}` */

/* Reads shell text of the subset that runbooks use; bytes count from `from`. Never fails: see broken. */
void script_read(struct arena *arena, struct script *s, const char *text, size_t length, uint32_t from);
/* The statements of a piece of shell text, with ';' operators between them. */
const char *statement_read(struct arena *arena, const char *text, size_t length);
/* A statement for people, as shell. */
const char *statement_show(struct arena *arena, const char *statement);

/* What a function has to be. */
struct expected {
  const char *name;
  const char *what; /* "step 2 `traefik`, do" */
  uint32_t first, count; /* statements */
};
struct expectations {
  ARRAY(struct expected) functions;
  ARRAY(const char *) statements;
};
/* From the model alone, by the meaning of its commands. */
struct expectations expectations_build(const struct runbook *b);
/* Is a text that, as far as it is about some sequences, statement by statement, and no more? For text just written, since nothing is
 * kept: whether, but not where. `units`: as stretch_units() has them, or NULL. */
bool expectations_met(const struct runbook *b, const char *text, size_t length, struct stretch at, const struct unit *const *units);
/* The same of what a step says of itself, and of one sequence, by whatever name. What it takes meanwhile is used again. */
struct checking { struct arena own, lines; };
bool step_met(const struct runbook *b, const struct step_said *s, struct slice text, struct checking *c);
bool sequence_met(const struct runbook *b, const struct sequence *s, const char *name, const struct unit *units, struct slice text, struct checking *c);
void checking_free(struct checking *c);

#endif
