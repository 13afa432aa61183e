/* Writes files as C arrays, for the binary to carry: embed FILE… > embedded.c
 * The name of a file is its path without stdlib/, docs/ or compiler/script/ in front and .cut or .md behind; of one that is
 * made, below build/, the last part of it.
 * Guarantees a table sorted by name and the same output for the same files in any order. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct file {
  const char *path;
  char *name;
};

static char *name_of(const char *path) {
  static const char *const fronts[] = {"stdlib/", "docs/", "compiler/script/"};
  static const char *const ends[] = {".cut", ".md"};

  for (size_t i = 0; i < sizeof fronts / sizeof *fronts; i++)
    if (strncmp(path, fronts[i], strlen(fronts[i])) == 0) {
      path += strlen(fronts[i]);
      break;
    }
  if (strncmp(path, "build/", 6) == 0)
    path = strrchr(path, '/') + 1;
  char *name = strdup(path);

  if (!name)
    exit(2);
  for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
    size_t n = strlen(name), m = strlen(ends[i]);

    if (n > m && strcmp(name + n - m, ends[i]) == 0) {
      name[n - m] = 0;
      break;
    }
  }
  return name;
}

static int by_name(const void *a, const void *b) {
  return strcmp(((const struct file *)a)->name, ((const struct file *)b)->name);
}

/* Writes the bytes of a file as a string literal, a line of C per line of text. Returns their number. */
static size_t write_bytes(FILE *in) {
  size_t n = 0;
  int c, open = 0;

  while ((c = getc(in)) != EOF) {
    n++;
    if (!open)
      fputs("  \"", stdout);
    open = 1;
    if (c == '\n') {
      fputs("\\n\"\n", stdout);
      open = 0;
    } else if (c == '"' || c == '\\' || c == '?') {
      printf("\\%c", c);
    } else if (c < 32 || c > 126) {
      printf("\\%03o", (unsigned)c);
    } else {
      putchar(c);
    }
  }
  if (open)
    fputs("\"\n", stdout);
  if (!n)
    fputs("  \"\"\n", stdout);
  return n;
}

int main(int argc, char **argv) {
  size_t count = (size_t)argc - 1;
  struct file *files = calloc(count + 1, sizeof *files);
  size_t *lengths = calloc(count + 1, sizeof *lengths);

  if (!files || !lengths)
    return 2;
  for (size_t i = 0; i < count; i++)
    files[i] = (struct file){argv[i + 1], name_of(argv[i + 1])};
  qsort(files, count, sizeof *files, by_name);
  puts("#include \"base/embedded.h\"\n");
  for (size_t i = 0; i < count; i++) {
    FILE *in = fopen(files[i].path, "rb");

    if (!in) {
      fprintf(stderr, "embed: %s: %s\n", files[i].path, strerror(errno));
      return 1;
    }
    printf("static const char file_%zu[] =\n", i);
    lengths[i] = write_bytes(in);
    puts("  ;");
    fclose(in);
  }
  puts("\nextern const struct embedded embedded_files[];\nextern const size_t embedded_count;");
  puts("const struct embedded embedded_files[] = {");
  for (size_t i = 0; i < count; i++)
    printf("  {\"%s\", file_%zu, %zu},\n", files[i].name, i, lengths[i]);
  printf("  {0, 0, 0},\n};\nconst size_t embedded_count = %zu;\n", count);
  for (size_t i = 0; i < count; i++)
    free(files[i].name);
  free(files);
  free(lengths);
  return ferror(stdout) || fclose(stdout) ? 1 : 0;
}
