#include "model_file.h"

#include "../import/import.h"
#include "../package/file_io.h"

enum { MAX_MODEL_BYTES = 1 << 30 };

bool pk_model_read(pk_lowered_graph *graph, const char *path, pk_error *error) {
  pk_bytes bytes;
  if (!pk_file_read(&bytes, path, MAX_MODEL_BYTES, error)) return false;
  const bool ok = pk_import_model(graph, bytes.data, bytes.size, path, error);
  pk_bytes_free(&bytes);
  return ok;
}
