/* Findings for programs. */
#ifndef CUTC_MACHINE_H
#define CUTC_MACHINE_H

#include "base/findings.h"

/* "cutc-findings/1": an object with `findings`, `errors` and `warnings`; shapes in docs/cli.md. */
void machine_json(struct text *out, struct compilation *c);
/* SARIF 2.1.0: one run, a rule per code that occurs, columns in UTF-16 units as the format wants. */
void machine_sarif(struct text *out, struct compilation *c);
/* GitHub workflow commands, one line a finding. */
void machine_github(struct text *out, struct compilation *c);

/* One finding as "cutc-findings/1" has it: a jansson value, the caller's. */
struct json_t;
struct json_t *machine_finding(struct compilation *c, const struct finding *f);

/* "E201", or the name of the rule that speaks. */
const char *finding_id(const struct compilation *c, const struct finding *f);
const char *severity_text(enum severity s);
const char *remark_text(enum remark_type t);

#endif
