/* Output for people and tools. Decides nothing. */
#ifndef CUTC_REPORT_H
#define CUTC_REPORT_H

#include "prove/proof.h"
#include <stdio.h>

enum format { FORMAT_TEXT, FORMAT_JSON, FORMAT_SARIF, FORMAT_GITHUB };

/* Words: turns the breaches of a proof into findings with messages, labels, remarks and mends. */
void word_proof(struct model *m, const struct proof *p);

void report_findings(struct text *out, struct compilation *c, enum format format, bool colour);
/* What `check` prints besides findings: order, timeline, what the result rests on. */
void report_check(struct text *out, struct model *m, const struct proof *p, bool colour, unsigned width);
void report_why(struct text *out, struct model *m, const struct proof *p, uint32_t client, const struct need *endpoint, bool colour);
/* state NONE: the difference between first and last. */
void report_graph_dot(struct text *out, struct model *m, const struct proof *p, uint32_t state);
bool report_graph_svg(struct text *out, const char *dot, const char **why);
/* A code's page or a kind's; false when there is neither (then did-you-mean is in *nearest). */
bool report_explain(struct text *out, struct compilation *c, const char *what, bool colour, const char **nearest);

#endif
