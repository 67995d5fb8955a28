#include "model_file.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../package/file_io.h"

enum { MAX_MODEL_BYTES = 1 << 30, MAX_PROTOTXT_BYTES = 1 << 20 };

static bool ends_with(const char *name, const char *ending) {
  const size_t length = strlen(name), tail = strlen(ending);
  return length > tail && strcmp(name + length - tail, ending) == 0;
}

// The folder's only .prototxt, to be freed; NULL and how many there are.
static char *only_prototxt(const char *folder, int *count, pk_error *error) {
  DIR *files = opendir(folder);
  char *found = NULL;
  *count = 0;
  for (struct dirent *entry; files && (entry = readdir(files)) != NULL;) {
    if (!ends_with(entry->d_name, ".prototxt")) continue;
    free(found);
    found = pk_path_join(folder, entry->d_name, error);
    ++*count;
  }
  if (files) closedir(files);
  if (*count == 1) return found;
  free(found);
  return NULL;
}

// The .prototxt beside the weights, to be freed. NULL: error filled.
static char *find_prototxt(const char *weights, pk_error *error) {
  const size_t length = (size_t)(pk_path_base(weights) - weights);
  char *folder = malloc(length + 2);
  int count = 0;
  if (!folder) {
    pk_fail(error, PK_OUT_OF_MEMORY, "no memory for a path");
    return NULL;
  }
  snprintf(folder, length + 2, "%.*s", length > 0 ? (int)length : 1, length > 0 ? weights : ".");
  char *found = only_prototxt(folder, &count, error);
  free(folder);
  if (count != 1) {
    pk_fail(error, PK_USAGE,
            "%s holds weights without a graph, and %s .prototxt stands beside it: give the "
            "network's deploy.prototxt with --prototxt",
            pk_path_base(weights), count == 0 ? "no" : "more than one");
  }
  return found;
}

static bool read_caffe(pk_lowered_graph *graph, const char *path, const char *prototxt,
                       const pk_graph_edit *edit, pk_error *error) {
  pk_bytes weights = {0}, text = {0};
  char *found = prototxt ? NULL : find_prototxt(path, error);
  const char *text_path = prototxt ? prototxt : found;
  const bool is_read = text_path && pk_file_read(&weights, path, MAX_MODEL_BYTES, error) &&
                       pk_file_read(&text, text_path, MAX_PROTOTXT_BYTES, error);
  const pk_caffe_files files = {.weights = weights.data,
                                .weights_bytes = weights.size,
                                .weights_name = path,
                                .prototxt = text.data,
                                .prototxt_bytes = text.size,
                                .prototxt_name = text_path ? pk_path_base(text_path) : ""};
  const bool ok = is_read && pk_import_caffe(graph, &files, edit, error);
  pk_bytes_free(&weights);
  pk_bytes_free(&text);
  free(found);
  return ok;
}

bool pk_model_read(pk_lowered_graph *graph, const char *path, pk_error *error) {
  return pk_model_read_edited(graph, path, NULL, error);
}

bool pk_model_read_edited(pk_lowered_graph *graph, const char *path, const pk_graph_edit *edit,
                          pk_error *error) {
  const char *prototxt = edit && edit->inputs ? edit->inputs->prototxt : NULL;
  if (prototxt || ends_with(path, ".net")) return read_caffe(graph, path, prototxt, edit, error);
  pk_bytes bytes;
  if (!pk_file_read(&bytes, path, MAX_MODEL_BYTES, error)) return false;
  const bool ok = pk_import_model_edited(graph, bytes.data, bytes.size, path, edit, error);
  pk_bytes_free(&bytes);
  return ok;
}
