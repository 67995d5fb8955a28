#include "check_record.h"

#include <stdio.h>
#include <stdlib.h>

#include "../package/file_io.h"

enum { MAGIC = 0x3152434d };  // "MCR1"

void pk_check_record_begin(pk_bytes *record, const pk_shards *shards, size_t input_count,
                           size_t output_count) {
  if (!record) return;
  pk_bytes_clear(record);
  pk_bytes_append_u32(record, MAGIC);
  pk_bytes_append_u32(record, (uint32_t)shards->count);
  pk_bytes_append_u32(record, (uint32_t)input_count);
  pk_bytes_append_u32(record, (uint32_t)output_count);
  for (size_t i = 0; i < shards->count; i++) {
    pk_check_record_append(record, shards->items[i].data, shards->items[i].size);
  }
}

void pk_check_record_append(pk_bytes *record, const void *data, size_t size_bytes) {
  if (!record) return;
  pk_bytes_append_u32(record, (uint32_t)size_bytes);
  pk_bytes_append(record, data, size_bytes);
}

bool pk_check_record_store(const pk_bytes *record, const char *folder, const char *name,
                           size_t number, pk_error *error) {
  char file[320];
  snprintf(file, sizeof file, "%s-%zu.case", name, number);
  if (record->failed) return pk_fail(error, PK_OUT_OF_MEMORY, "out of memory for %s", file);
  char *path = pk_path_join(folder, file, error);
  const bool ok = path && pk_file_write(path, record->data, record->size, error);
  free(path);
  return ok;
}
