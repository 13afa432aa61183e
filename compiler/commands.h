/* Subcommands that have a file of their own, and what they share with those of main.c. */
#ifndef CUTC_COMMANDS_H
#define CUTC_COMMANDS_H

#include "cutc.h"
#include "options.h"

enum { EXIT_CLEAN, EXIT_FINDINGS, EXIT_USAGE, EXIT_UNASKED /* the world could not be asked */ };

int command_refs(struct options *o); /* refs.c */

#endif
