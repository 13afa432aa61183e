/* The command line: options, the table of subcommands, exit statuses. */
#include <stdio.h>
#include <string.h>

int main(int argc, char **argv)
{
  if (argc == 2 && strcmp(argv[1], "--version") == 0) {
    puts("cutc " CUTC_VERSION);
    return 0;
  }
  fputs("usage: cutc --version\n", stderr);
  return 2;
}
