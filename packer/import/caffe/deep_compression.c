#include "deep_compression.h"

#include <math.h>
#include <string.h>

#include "../../../core/base/bytes.h"

enum { CODEBOOK_VALUES = 256 };

static const char remedy[] = "; the graph is another model's, or the file is broken";

static float load_f32(const uint8_t *at) {
  const uint32_t bits = mnw_load_u32(at);
  float value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

static bool load_floats(float *values, const uint8_t *at, size_t count, const char *what,
                        const char *name, pk_error *error) {
  for (size_t i = 0; i < count; i++) {
    values[i] = load_f32(at + 4 * i);
    if (isfinite(values[i])) continue;
    return pk_fail(error, PK_BAD_MODEL, "layer \"%s\": value %zu of its %s is no number%s", name, i,
                   what, remedy);
  }
  return true;
}

bool pk_deep_compression_open(pk_deep_compression *reader, const uint8_t *bytes, size_t size_bytes,
                              size_t layer_count, pk_error *error) {
  *reader = (pk_deep_compression){
      .bytes = bytes, .size_bytes = size_bytes, .at = 4 * layer_count, .layer_count = layer_count};
  return size_bytes / 4 >= layer_count ||
         pk_fail(error, PK_BAD_MODEL,
                 "the file has %zu bytes, less than the list of the graph's %zu layers%s",
                 size_bytes, layer_count, remedy);
}

// Puts the entries in their places.
static bool spread(float *weights, size_t weight_count, const float *codebook,
                   const uint8_t *symbols, size_t entries, const char *name, pk_error *error) {
  const uint8_t *gaps = symbols + entries;
  size_t next = 0;  // the first place that is still free
  for (size_t i = 0; i < entries; i++) {
    const size_t place = next + (gaps[i / 2] >> (i % 2 * 4) & 15);
    if (place >= weight_count) {
      return pk_fail(error, PK_BAD_MODEL, "layer \"%s\": entry %zu lies behind its %zu weights%s",
                     name, i, weight_count, remedy);
    }
    weights[place] = codebook[symbols[i]];
    next = place + 1;
  }
  return true;
}

bool pk_deep_compression_read(pk_deep_compression *reader, float *weights, size_t weight_count,
                              float *bias, size_t bias_count, const char *name, pk_error *error) {
  float codebook[CODEBOOK_VALUES];
  const size_t entries = mnw_load_u32(reader->bytes + 4 * reader->next_layer++);
  const size_t left = reader->size_bytes - reader->at, fixed = 4 * (CODEBOOK_VALUES + bias_count);
  const uint8_t *at = reader->bytes + reader->at;
  if (left < fixed || left - fixed < entries || left - fixed - entries < (entries + 1) / 2) {
    return pk_fail(error, PK_BAD_MODEL,
                   "layer \"%s\" has %zu entries and %zu biases, but %zu bytes are left for them%s",
                   name, entries, bias_count, left, remedy);
  }
  if (!load_floats(codebook, at, CODEBOOK_VALUES, "codebook", name, error) ||
      !load_floats(bias, at + 4 * CODEBOOK_VALUES, bias_count, "bias", name, error)) {
    return false;
  }
  if (codebook[0] != 0.0f) {
    return pk_fail(error, PK_BAD_MODEL, "layer \"%s\": its codebook begins with %g instead of 0%s",
                   name, (double)codebook[0], remedy);
  }
  reader->at += fixed + entries + (entries + 1) / 2;
  return spread(weights, weight_count, codebook, at + fixed, entries, name, error);
}

bool pk_deep_compression_close(const pk_deep_compression *reader, pk_error *error) {
  if (reader->at == reader->size_bytes) return true;
  return pk_fail(error, PK_BAD_MODEL, "%zu bytes are left behind the last of the %zu layers%s",
                 reader->size_bytes - reader->at, reader->layer_count, remedy);
}
