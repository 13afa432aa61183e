/* How things of a model are called in messages. Everything returned lives in the compilation's arena. */
#ifndef CUTC_WORDS_H
#define CUTC_WORDS_H

#include "prove/proof.h"

/* "`proxied_apps`" by resource id; NONE gives "something". */
const char *words_resource(const struct model *m, uint32_t resource);
/* "step 4 (`traefik`)" by the step's place in the order; without a proof's order "step `traefik`". */
const char *words_step(const struct model *m, const struct proof *p, uint32_t step);
/* "10.0.20.200:443/tcp", "https://home.example.net", "`vault`", "at least 2 of `a`, `b`". */
const char *words_need(const struct model *m, const struct need *need);
const char *words_host(const struct model *m, const struct host *host);
/* "10.0.20.203:443", "`cloudflared`": what a forward or a name leads to. */
const char *words_target(const struct model *m, const struct target *target);
/* The links of a chain in one line: "`proxied` answers → `cloudflared` → …: nobody answers 10.0.20.200:443/tcp". */
const char *words_trace(const struct model *m, const struct trace *trace);
/* Why a chain stops: "nobody answers 10.0.20.200:443/tcp in `lan`"; for one that holds, what answers. */
const char *words_stop(const struct model *m, const struct trace *trace);
/* "3m 40s", "1h 2s", "250ms": exactly as long. */
const char *words_time(struct arena *arena, int64_t milliseconds);
/* "`a`, `b` and `c`" of resources, at most eight and "3 more". */
const char *words_resources(const struct model *m, const uint32_t *resources, uint32_t n);
const char *words_resources_in(struct arena *a, const struct model *m, const uint32_t *resources, uint32_t n);
/* "in the baseline", "after step 4 (`traefik`)", "from step 4 (`traefik`) on", "from step 4 to step 6". */
const char *words_states(const struct model *m, const struct proof *p, uint32_t first, uint32_t last);
/* "`public reaches https://home.example.net always`" */
const char *words_promise(const struct model *m, uint32_t promise);

#endif
