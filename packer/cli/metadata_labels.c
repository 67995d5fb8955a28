#include "metadata_labels.h"

#include <string.h>
#include <zip.h>

#include "../package/manifest.h"

static bool is_text_file(const char *name) {
  const size_t length = name ? strlen(name) : 0;
  return length > 4 && strcmp(name + length - 4, ".txt") == 0;
}

static void read_entry(pk_bytes *labels, zip_t *archive, zip_uint64_t index, size_t size) {
  zip_file_t *file = zip_fopen_index(archive, index, 0);
  uint8_t *room = file ? pk_bytes_reserve(labels, size) : NULL;
  if (room && zip_fread(file, room, size) == (zip_int64_t)size) labels->size += size;
  if (file) zip_fclose(file);
}

void pk_metadata_labels_read(pk_bytes *labels, const char *model_path) {
  zip_t *archive = zip_open(model_path, ZIP_RDONLY, NULL);
  *labels = (pk_bytes){0};
  if (!archive) return;
  const zip_int64_t count = zip_get_num_entries(archive, 0);
  for (zip_int64_t i = 0; i < count && labels->size == 0; i++) {
    zip_stat_t status;
    const zip_uint64_t needed = ZIP_STAT_NAME | ZIP_STAT_SIZE;
    if (zip_stat_index(archive, (zip_uint64_t)i, 0, &status) == 0 &&
        (status.valid & needed) == needed && is_text_file(status.name) && status.size > 0 &&
        status.size <= PK_MAX_LABELS_BYTES) {
      read_entry(labels, archive, (zip_uint64_t)i, (size_t)status.size);
    }
  }
  zip_discard(archive);
}
