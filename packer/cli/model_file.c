#include "model_file.h"

#include "../package/file_io.h"

enum { MAX_MODEL_BYTES = 1 << 30 };

bool pk_model_read(pk_lowered_graph *graph, const char *path, pk_error *error) {
  return pk_model_read_edited(graph, path, NULL, error);
}

bool pk_model_read_edited(pk_lowered_graph *graph, const char *path, const pk_graph_edit *edit,
                          pk_error *error) {
  pk_bytes bytes;
  if (!pk_file_read(&bytes, path, MAX_MODEL_BYTES, error)) return false;
  const bool ok = pk_import_model_edited(graph, bytes.data, bytes.size, path, edit, error);
  pk_bytes_free(&bytes);
  return ok;
}
