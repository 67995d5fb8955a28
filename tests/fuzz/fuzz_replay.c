// Replays a corpus folder through a fuzz target: fuzz_<target>_replay FOLDER. Fails on an empty
// folder.
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz_target.h"

static int replay_file(const char *path) {
  FILE *file = fopen(path, "rb");
  if (!file || fseek(file, 0, SEEK_END) != 0) return 0;
  const long size = ftell(file);
  rewind(file);
  uint8_t *bytes = malloc(size > 0 ? (size_t)size : 1);
  const size_t read = fread(bytes, 1, (size_t)size, file);
  fclose(file);
  LLVMFuzzerTestOneInput(bytes, read);
  free(bytes);
  return read == (size_t)size;
}

int main(int argc, char **argv) {
  char path[4096];
  int files = 0;
  DIR *folder = argc == 2 ? opendir(argv[1]) : NULL;
  if (!folder) {
    fprintf(stderr, "usage: %s FOLDER\n", argv[0]);
    return 2;
  }
  for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
    if (entry->d_name[0] == '.') continue;
    snprintf(path, sizeof path, "%s/%s", argv[1], entry->d_name);
    if (!replay_file(path)) {
      fprintf(stderr, "cannot read %s\n", path);
      return 1;
    }
    files++;
  }
  closedir(folder);
  printf("%d files replayed\n", files);
  return files > 0 ? 0 : 1;
}
