#include "sparse_encoder.h"

#include <stdlib.h>
#include <string.h>

typedef struct encoder {
  sparse_constant *result;
  const sparse_form *form;
  const uint8_t *dense;
  size_t element_bytes;
  int level_count;
  int32_t sizes[SPARSE_MAX_LEVELS];   // by level
  size_t strides[SPARSE_MAX_LEVELS];  // elements, by level
} encoder;

static bool is_zero(const encoder *e, int level, size_t offset) {
  static const uint8_t zeros[8] = {0};
  if (level == e->level_count) {
    return memcmp(e->dense + offset * e->element_bytes, zeros, e->element_bytes) == 0;
  }
  for (int32_t i = 0; i < e->sizes[level]; i++) {
    if (!is_zero(e, level + 1, offset + (size_t)i * e->strides[level])) return false;
  }
  return true;
}

static void encode(encoder *e, int level, size_t offset) {
  sparse_constant *r = e->result;
  if (level == e->level_count) {
    memcpy(r->values + r->value_bytes, e->dense + offset * e->element_bytes, e->element_bytes);
    r->value_bytes += e->element_bytes;
    return;
  }
  const bool is_sparse = e->form->is_sparse[level];
  tflite_sparse_level *l = &r->levels[level];
  for (int32_t i = 0; i < e->sizes[level]; i++) {
    const size_t at = offset + (size_t)i * e->strides[level];
    if (is_sparse && is_zero(e, level + 1, at)) continue;
    if (is_sparse) r->indices[level][l->index_count++] = i;
    encode(e, level + 1, at);
  }
  if (is_sparse) r->segments[level][l->segment_count++] = l->index_count;
}

void sparse_encode(sparse_constant *result, const sparse_form *form, const void *dense,
                   size_t element_bytes) {
  encoder e = {.result = result,
               .form = form,
               .dense = dense,
               .element_bytes = element_bytes,
               .level_count = form->rank + form->block_count};
  memset(result, 0, sizeof *result);
  for (int i = 0; i < e.level_count; i++) {
    const int dim = form->traversal_order[i];
    const int cut = dim < form->rank ? dim : form->block_map[dim - form->rank];
    int32_t block = 1;
    for (int b = 0; b < form->block_count; b++) {
      if (form->block_map[b] == cut) block = form->block_sizes[b];
    }
    e.strides[i] = dim < form->rank ? (size_t)block : 1;
    for (int d = cut + 1; d < form->rank; d++) e.strides[i] *= (size_t)form->dims[d];
    e.sizes[i] = dim < form->rank ? form->dims[cut] / block : block;
    result->levels[i] = (tflite_sparse_level){.format = form->is_sparse[i],
                                              .dense_size = form->is_sparse[i] ? 0 : e.sizes[i],
                                              .index_type = form->index_type,
                                              .segments = result->segments[i],
                                              .indices = result->indices[i],
                                              .segment_count = 1};
  }
  encode(&e, 0, 0);
  result->sparsity = (tflite_sparsity){.traversal_order = form->traversal_order,
                                       .block_map = form->block_map,
                                       .levels = result->levels,
                                       .order_count = e.level_count,
                                       .block_count = form->block_count,
                                       .level_count = e.level_count};
}
