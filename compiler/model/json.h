/* Between the files that write a model as JSON. Every function appends one JSON value (ids out of range are null). */
#ifndef CUTC_JSON_H
#define CUTC_JSON_H

#include "model/model.h"

void json_words(struct text *t, const char *s);
void json_name(struct text *t, const struct model *m, uint32_t id);         /* a name id */
void json_name_or_null(struct text *t, const struct model *m, uint32_t id); /* null for 0 and NONE */
void json_seconds(struct text *t, int64_t ms);                              /* null when negative */
void json_resource(struct text *t, const struct model *m, uint32_t id);     /* its identifier */
void json_zone(struct text *t, const struct model *m, uint32_t id);
void json_step(struct text *t, const struct model *m, uint32_t id);         /* a step's id, or STEP/RESOURCE of a part */
void json_list(struct text *t, const struct model *m, const uint32_t *ids, uint32_t n, void (*one)(struct text *, const struct model *, uint32_t));
void json_guard(struct text *t, const struct model *m, uint32_t id);        /* "after": […], "before": […] */
void json_host(struct text *t, const struct model *m, const struct host *h);
void json_port(struct text *t, uint32_t lo, uint32_t hi);                   /* a number, "any" for all of them, null for NONE */
void json_protocol(struct text *t, uint8_t proto);                          /* "proto": … */
void json_value(struct text *t, const struct model *m, const struct value *v, unsigned depth);

#endif
