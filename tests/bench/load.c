/* Loads a JSON file and does nothing with it: what it costs to have the same content in memory at all. load FILE */
#include <jansson.h>
#include <stdio.h>

int main(int argc, char **argv) {
  json_error_t why;
  json_t *all = argc == 2 ? json_load_file(argv[1], 0, &why) : NULL;
  if (!all) {
    fprintf(stderr, "load: %s\n", argc == 2 ? why.text : "load FILE");
    return 1;
  }
  printf("%zu\n", json_array_size(all));
  json_decref(all);
  return 0;
}
