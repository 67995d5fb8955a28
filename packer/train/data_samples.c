#include "data_samples.h"

#include <stdlib.h>
#include <string.h>

static bool fill(pk_sample_set *samples, pk_data_reader *reader, const pk_data_set *data,
                 pk_data_part part, pk_error *error) {
  const size_t count = pk_data_set_count(data, part), wanted = samples->file_count;
  for (size_t i = 0; i < wanted; i++) {
    const size_t index = i * count / wanted;
    const pk_data_example example = pk_data_set_example(data, part, index);
    pk_sample *sample = &samples->items[i];
    *sample = (pk_sample){.label = example.label, .file = i};
    sample->bytes = malloc(samples->bytes_each + 1);
    samples->files[i] = strdup(example.name);
    samples->count = i + 1;
    if (!sample->bytes || !samples->files[i]) {
      return pk_fail(error, PK_OUT_OF_MEMORY, "no memory for %zu samples", wanted);
    }
    if (!pk_data_reader_fill(reader, part, index, 0, sample->bytes, error)) return false;
  }
  samples->labelled_count = wanted;
  return true;
}

bool pk_data_samples(pk_sample_set *samples, const pk_data_set *data, pk_data_part part,
                     size_t most, const pk_manifest *manifest, pk_error *error) {
  const size_t count = pk_data_set_count(data, part);
  pk_data_reader *reader = NULL;
  *samples = (pk_sample_set){.file_count = count < most ? count : most};
  for (size_t i = 0; i < manifest->input_count; i++) {
    samples->bytes_each += pk_manifest_tensor_bytes(&manifest->inputs[i]);
  }
  samples->items = calloc(samples->file_count + 1, sizeof *samples->items);
  samples->files = calloc(samples->file_count + 1, sizeof *samples->files);
  bool ok = samples->items && samples->files;
  if (!ok) pk_fail(error, PK_OUT_OF_MEMORY, "no memory for samples");
  ok = ok && pk_data_reader_open(&reader, data, manifest, NULL, error) &&
       fill(samples, reader, data, part, error);
  pk_data_reader_close(reader);
  if (!ok) pk_sample_set_free(samples);
  return ok;
}
