/* Findings are data: passes queue them, report/ prints them. */
#ifndef CUTC_FINDINGS_H
#define CUTC_FINDINGS_H

#include "base/base.h"

enum severity { SEV_NOTE, SEV_WARNING, SEV_ERROR };

/* Codes, their default severities and titles: base/codes.def, one list for the enum and the names. */
enum code {
#define CODE(number, severity, title) CODE_##number,
#include "base/codes.def"
#undef CODE
  CODE_COUNT
};

struct label {
  struct span at;
  const char *text; /* may be "" */
};
enum remark_type { REMARK_DOWN, REMARK_ALSO, REMARK_HELP, REMARK_NOTE };
struct remark {
  enum remark_type type;
  const char *text;
};

struct finding {
  enum code code;
  enum severity severity;
  uint32_t rule;       /* name id of the rule that speaks, 0 for none; shown instead of the code */
  struct span at;      /* the one place; .source NONE when there is none */
  const char *message; /* one sentence, no final dot */
  const char *label;   /* under the caret of `at` */
  ARRAY(struct label) labels;
  ARRAY(struct remark) remarks;
  uint32_t resource;   /* name id of the resource it speaks of, 0 for none (waivers) */
  const char *waived;  /* the reason of the `allow` that covers it, else NULL */
  uint32_t serial;     /* order of arrival, the last key when sorting */
};

/* Everything one run of the compiler shares. */
struct compilation {
  struct arena arena;
  struct names names;
  ARRAY(struct source) sources;
  ARRAY(struct finding *) findings;
  uint32_t errors, warnings; /* not waived */
  bool verbose;              /* -v */
  bool each_alone;           /* each step is looked at as if there were no other of its kind: for comparing */
  const struct compilation *texts; /* a run before this one: its files are not read again; NULL */
};

struct compilation *compilation_new(void);
void compilation_free(struct compilation *c); /* and all that was allocated in it; NULL is allowed */

/* Queues a finding with its default severity and returns it, for labels and remarks. The message is formatted
 * into the arena. Never returns NULL. */
struct finding *finding_add(struct compilation *c, enum code code, struct span at, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
void finding_label(struct compilation *c, struct finding *f, struct span at, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
void finding_remark(struct compilation *c, struct finding *f, enum remark_type type, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* Sets the text under the caret. */
void finding_caret(struct compilation *c, struct finding *f, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* Sorted by severity (errors first), then what the world says (E4..) first, then source in order of use, then byte, then code, then arrival; equal ones
 * (same code, place and message) are merged. Counts are taken anew; waived ones count nothing. */
void findings_sort(struct compilation *c);
const char *code_text(enum code code);  /* "E201" (always E, whatever the severity) */
const char *code_title(enum code code);
enum severity code_severity(enum code code);
enum code code_find(const char *text);  /* CODE_COUNT when there is no such code */

/* Adds a source; text is copied. The id is its index in c->sources. */
uint32_t source_add(struct compilation *c, const char *path, const char *text, size_t length, bool library);
/* A part of a line of a file; places in it are those of the file. Line and column of its first byte, from 1. */
uint32_t source_excerpt(struct compilation *c, const char *path, uint32_t line, uint32_t column, const char *text, size_t length);
/* Reads a file, or standard input for "-". False with errno when it can't; more than 1 GiB is EFBIG. */
bool source_read(struct compilation *c, const char *path, uint32_t *id);
struct place source_place(struct compilation *c, uint32_t source, uint32_t offset); /* O(log lines) */
uint32_t source_line_at(struct compilation *c, uint32_t source, uint32_t offset); /* its line alone; O(1) */
/* Where a line of the text begins, counted from 1; its length when there is no such line. O(log lines). */
uint32_t source_line(struct compilation *c, uint32_t source, uint32_t line);
#define NOWHERE ((struct span){NONE, 0, 0})

#endif
