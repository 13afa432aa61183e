/* Filters in jq's language over answers that nobody has looked at yet.
 *
 * A process of its own runs them: a filter that does not end, or an answer that makes libjq fail, costs a filter and not the
 * compiler. All filters are compiled there at once, since compiling one takes libjq as long as compiling all. */
#ifndef CUTC_FILTER_H
#define CUTC_FILTER_H

#include "base/base.h"

enum filter_outcome {
  FILTER_GAVE,      /* `values` are what it gave */
  FILTER_FAILED,    /* it raised an error, or is none: `why` */
  FILTER_TOO_MUCH   /* it took too long or too much memory: `why` */
};
struct filter_result {
  enum filter_outcome outcome;
  const char *values;  /* a JSON array of what it gave, in the arena */
  size_t length;
  const char *why;     /* no answer's text in it */
};

struct filters;
/* `milliseconds`: what one filter may take. Texts have to live as long as this. */
struct filters *filters_open(struct arena *arena, const char *const *texts, uint32_t n, int64_t milliseconds);
/* Runs a filter over a JSON text; `path` and `field` are $path and $field, NULL where there are none. */
struct filter_result filters_run(struct filters *f, uint32_t filter, const char *json, size_t length, const char *path, const char *field);
/* What is wrong with each text as a filter: one entry per filter, NULL where nothing is. */
const char **filters_wrong(struct filters *f);
void filters_close(struct filters *f);

#endif
