/* How text looks on a terminal: colours, display width, and nothing that could steer the terminal. */
#ifndef CUTC_PAINT_H
#define CUTC_PAINT_H

#include "base/base.h"

enum style { STYLE_PLAIN, STYLE_BOLD, STYLE_ERROR, STYLE_WARNING, STYLE_NOTE, STYLE_GUTTER, STYLE_GOOD, STYLE_DIM };

/* Starts a style; STYLE_PLAIN ends it. Adds nothing without colour. */
void paint_style(struct text *out, enum style style, bool colour);
/* Text as it may be shown: bytes that are no UTF-8, control characters and those that turn the direction of writing become
 * visible stand-ins. A tab becomes blanks up to a multiple of 4, counted from `column`. Returns the columns it takes. */
unsigned paint_text(struct text *out, const char *bytes, size_t n, unsigned column);
void paint_puts(struct text *out, const char *s);
/* The columns that paint_text would take. */
unsigned paint_width(const char *bytes, size_t n, unsigned column);
void paint_repeat(struct text *out, const char *s, unsigned times);
/* Text wrapped at blanks to a width; lines after the first start with `indent` blanks. Returns the column it ends in. */
unsigned paint_wrap(struct text *out, const char *s, unsigned indent, unsigned width);

#endif
