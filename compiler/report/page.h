/* What `check` prints below the findings. Private to report/check*.c. */
#ifndef CUTC_PAGE_H
#define CUTC_PAGE_H

#include "report/paint.h"
#include "report/report.h"
#include "report/words.h"

struct page {
  struct text *out;
  struct model *m;
  const struct proof *p;
  struct arena *arena; /* of whoever writes */
  bool colour, verbose;
  unsigned width;
};

static inline const char *page_name(const struct page *g, uint32_t id) { return name_text(&g->m->c->names, id); }

void page_styled(const struct page *g, enum style style, const char *s);
/* Text cut to some columns, and padded to them. */
void page_cell(struct text *out, const char *s, unsigned width, bool right);
const char *page_where(const struct page *g, struct span at);
unsigned page_widest(unsigned a, const char *s);
/* The order, step by step. Reads the model alone, of the proof the order: beside others who do no more, in an arena of its own. */
void page_order(const struct page *g);

#endif
