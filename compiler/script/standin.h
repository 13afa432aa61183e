/* What passes between a stand-in (standin.c, a program of its own) and the world of its run (rehearse_run.c), over a socket. */
#ifndef CUTC_STANDIN_H
#define CUTC_STANDIN_H

#include <stdint.h>

#define STANDIN_VARIABLE "CUTC_STANDIN" /* the environment variable with the path of the socket */
#define STANDIN_BASIC "basic"           /* its name when it does the work of a basic program, without a question */
#define STANDIN_REALS "real"            /* the folder beside it with links to the real basic programs */

/* A call is: uint32_t length of the rest, then the process, the number of words, and the words, each with its NUL byte. */
#define STANDIN_LONGEST (4u << 20)

enum standin_action {
  STANDIN_EXIT, /* print, then end with `status` */
  STANDIN_EXEC, /* become the program whose path follows */
  STANDIN_DIE,  /* kill -9 itself */
  STANDIN_DEAF  /* ignore INT, TERM and HUP, and wait for the next reply */
};
struct standin_reply { uint32_t action, length; int32_t status; }; /* followed by `length` bytes */

#endif
