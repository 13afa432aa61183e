/* What `cutc refs` prints, and the findings of a search. */
#ifndef CUTC_REPORT_REFS_H
#define CUTC_REPORT_REFS_H

#include "report/report.h"
#include "world/refs_plan.h"

/* Findings for what a search found: E292 in code, E293 in comments and documents, E294 for what could not be looked at. At most
 * `most` of each (0: all), and then one that counts the rest. `p` may be NULL. */
void word_refs(struct model *m, const struct proof *p, const struct refs_search *s, uint32_t most);

/* What was asked for and found, for people or as JSON ("cutc-refs/1"). `m` and `p` may be NULL: then nothing is said of a plan. */
struct refs_report {
  struct compilation *c;
  struct model *m;
  const struct proof *p;
  const struct refs_search *s;
  bool verbose, colour, quiet;
};
void report_refs(struct text *out, const struct refs_report *r);
void report_refs_json(struct text *out, const struct refs_report *r);

/* "10.0.20.200", "10.0.20.200:443", "[2001:db8::1]:443", "old.example.net". */
const char *refs_target_text(struct arena *a, const struct refs_target *t, uint32_t port);
/* "80 and 443", "49152-49252" */
const char *refs_ports_text(struct arena *a, const struct port_range *ports, uint32_t n);
const char *refs_place_text(uint8_t place); /* "code", "comment", "document" */

#endif
