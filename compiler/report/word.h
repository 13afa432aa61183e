/* What the files that word a proof share. Private to report/. */
#ifndef CUTC_WORD_H
#define CUTC_WORD_H

#include "report/report.h"
#include "report/words.h"

struct wording {
  struct compilation *c;
  struct model *m;
  const struct proof *p;
};

void word_stale(struct wording *w, const struct breach *b);     /* E201 */
void word_dangling(struct wording *w, const struct breach *b);  /* E202, E206 */
void word_mended(struct wording *w, const struct breach *b);    /* E203 */
void word_clash(struct wording *w, const struct breach *b);     /* E251, E252, E253 */
void word_circular(struct wording *w, const struct breach *b);  /* E211, E212, E231 */
void word_kept(struct wording *w, const struct breach *b);      /* E213, E214, E235 */
void word_promise(struct wording *w, const struct breach *b);   /* E221, E222, E223, E224, E225 */
void word_way_back(struct wording *w, const struct breach *b);  /* E232, E233, E234 */
void word_conflict(struct wording *w, const struct breach *b);  /* E241, E261 */
void word_probe(struct wording *w, const struct breach *b);     /* E301, E302, E303 */
void word_cold(struct wording *w, const struct breach *b);      /* E204 */

/* ── Shared phrases ── */

/* Labels the hops of a step with what they do: "step 4 moves `traefik` from 10.0.20.200 to 10.0.20.203". */
void label_step(struct wording *w, struct finding *f, uint32_t step);
/* Remarks what is down: the promises' texts with the states. */
void remark_down(struct wording *w, struct finding *f, const struct breach *b);
/* The chain before and after, as remarks, where there are any. */
void remark_chain(struct wording *w, struct finding *f, const struct breach *b);
/* One remark for each mend. */
void remark_mends(struct wording *w, struct finding *f, const struct breach *b);
/* The value of a fact's attribute as it would be written with another target. */
const char *retargeted(struct wording *w, const struct fact *fact, const struct target *to);
const char *attribute_name(const struct model *m, uint32_t attribute); /* "origin"; "value" for NONE */
const char *kind_name(const struct model *m, uint32_t resource);
struct span step_span(const struct model *m, uint32_t step);
const char *step_id(const struct model *m, uint32_t step);

#endif
