/* Output for people and tools. Decides nothing. */
#ifndef CUTC_REPORT_H
#define CUTC_REPORT_H

#include "prove/proof.h"
#include <stdio.h>

enum format { FORMAT_TEXT, FORMAT_JSON, FORMAT_SARIF, FORMAT_GITHUB };

/* Words: turns the breaches of a proof into findings with messages, labels, remarks and mends. */
void word_proof(struct model *m, const struct proof *p);

/* The findings of a compilation, sorted before; with `quiet`, no notes and no waived ones in text. Text ends with a line
 * of counts and is empty without findings. */
void report_findings(struct text *out, struct compilation *c, enum format format, bool quiet, bool colour);
/* What `check` prints besides findings: order, timeline, what the result rests on; `width` in columns; with `verbose` the
 * search and its numbers. */
void report_check(struct text *out, struct model *m, const struct proof *p, bool colour, unsigned width, bool verbose);
/* What a change to a plan changes: steps, their order, outages, findings; as text or JSON (any other format is text). With
 * `quiet`, no notes. Returns whether the new plan has errors (or, with `warnings`, warnings) that the old one has not. */
struct side { const char *path; struct compilation *c; struct model *m; const struct proof *p; /* NULL: not understood */ };
bool report_diff(struct text *out, const struct side *old, const struct side *new, enum format format, bool quiet, bool warnings,
                 bool colour, unsigned width);
/* The chain from a client (its identifier) to an endpoint or URL in each state of the order, equal neighbours together.
 * False when there is no such client or endpoint; *why is then a sentence. */
bool report_why(struct text *out, struct model *m, const struct proof *p, const char *client, const char *endpoint, bool colour,
                const char **why);
/* The graph of a state, or what differs between two: states are "baseline", "target", a number of steps done, or the id of
 * the step that leads to it. `to` NULL: the state `from`; both NULL: from the baseline to the target. */
bool report_graph_dot(struct text *out, struct model *m, const struct proof *p, const char *from, const char *to, const char **why);
/* Runs Graphviz' dot over it. False with a sentence when it is missing or fails. */
bool report_graph_svg(struct text *out, const char *dot, const char **why);
/* A code's page or a kind's; false when there is neither (then did-you-mean is in *nearest, or NULL). */
bool report_explain(struct text *out, struct compilation *c, const char *what, bool colour, const char **nearest);

#endif
