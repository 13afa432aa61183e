/* What http.c, http_judge.c and http_pages.c share. Private to them. */
#ifndef CUTC_HTTP_INSIDE_H
#define CUTC_HTTP_INSIDE_H

#include "world/http.h"

#include <jansson.h>

/* Any JSON value, or NULL. The caller's to release. */
json_t *http_json(const char *body, size_t length);
const char *http_complaint_in(struct arena *arena, unsigned status, const json_t *answer);

/* A reason without what the request was sent with: a server may say in its answer what it was sent. */
const char *http_covered(struct arena *arena, const struct http_request *r, const char *text);

/* A list that comes in pages, as far as it is known. Zeroed is empty. */
struct pages {
  json_t *all;          /* the first answer, with the items of the others appended */
  unsigned n;
};
enum { PAGES_MOST = 1000 };
/* Takes a page in (the reference is taken over). Returns the URL of the next one, NULL when this was the last; *wrong is then
 * NULL or why the list cannot be followed to its end. `first` is the URL of the list, `link` the header of that name or NULL. */
const char *pages_take(struct pages *p, struct arena *arena, json_t *page, const char *first, const char *link, const char **wrong);

#endif
