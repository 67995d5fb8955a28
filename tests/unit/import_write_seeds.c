// Writes the fuzzer's seeds: import_write_seeds FOLDER. With --check it compares the folder's files
// with what it would write, so that the corpus stays what the samples are.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "import_samples.h"

static bool handle(const char *path, const uint8_t *bytes, size_t size, bool check) {
  FILE *file = fopen(path, check ? "rb" : "wb");
  if (!file) return false;
  bool ok;
  if (check) {
    uint8_t *found = malloc(size + 1);
    ok = found && fread(found, 1, size + 1, file) == size && memcmp(found, bytes, size) == 0;
    free(found);
  } else {
    ok = fwrite(bytes, 1, size, file) == size;
  }
  return fclose(file) == 0 && ok;
}

int main(int argc, char **argv) {
  static tflite_builder builder;
  const bool check = argc == 3 && strcmp(argv[1], "--check") == 0;
  if (argc != (check ? 3 : 2)) {
    fprintf(stderr, "usage: %s [--check] FOLDER\n", argv[0]);
    return 2;
  }
  for (int i = 0; i < IMPORT_SAMPLE_COUNT; i++) {
    char path[4096];
    size_t size;
    snprintf(path, sizeof path, "%s/sample_%s.tflite", argv[argc - 1], import_samples[i].name);
    import_samples[i].describe(&builder);
    uint8_t *bytes = tflite_build(&builder, &size);
    const bool ok = handle(path, bytes, size, check);
    free(bytes);
    if (!ok) {
      fprintf(stderr, "%s: %s\n", path,
              check ? "differs from the sample; run import_write_seeds" : "cannot be written");
      return 1;
    }
  }
  return 0;
}
