/* The pipeline once more, with the world in it. */
#ifndef CUTC_CHECK_LIVE_H
#define CUTC_CHECK_LIVE_H

#include "cutc.h"
#include "report/live.h"

/* Looks at the world and compiles the text again on what is there. `written` stays the caller's, and has to live as long as the
 * looks. It has a proof. */
struct compiled check_live(struct compiled *written, const char *path, const struct outside *w, const struct live_options *o, struct live **live);

#endif
