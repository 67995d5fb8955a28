#include "tflite_sparsity.h"

#include <string.h>

#include "tflite_schema.h"

enum { MOST_LEVELS = 2 * PK_MAX_RANK };

typedef struct index_list {
  const uint8_t *bytes;
  size_t count, width;
} index_list;

typedef struct level {
  bool is_sparse;
  int64_t size;    // of the dimension
  int64_t stride;  // elements of the tensor between two indices
  index_list segments, indices;
  // While walking: the entries at work, and the place of the first among all of a dense level.
  int64_t at, end, first;
  int64_t offset;  // elements, of the levels before
} level;

typedef struct sparse_reader {
  pk_flatbuffer *file;
  level levels[MOST_LEVELS];
  size_t count;
  const pk_tensor *tensor;
  size_t element_bytes, stored, used;  // values
  uint8_t *dense;
} sparse_reader;

static int64_t index_at(const index_list *list, int64_t i) {
  const uint8_t *p = list->bytes + (size_t)i * list->width;
  uint32_t value = 0;
  for (size_t j = 0; j < list->width; j++) value |= (uint32_t)p[j] << (8 * j);
  return (int32_t)value;
}

static bool read_indices(sparse_reader *r, index_list *list, pk_fb_table metadata, uint32_t slot,
                         const char *name) {
  static const size_t widths[] = {0, 4, 2, 1};
  const uint8_t type = pk_fb_u8(metadata, slot, 0, name);
  if (type == 0 || type >= sizeof widths / sizeof *widths) {
    return pk_fb_fail(r->file, "\"%s\": its %s are of type %d", r->tensor->name, name, type);
  }
  const pk_fb_table table = pk_fb_child(metadata, slot + 1, name);
  const pk_fb_vector values = pk_fb_list(table, 0, widths[type], name);
  *list = (index_list){pk_fb_list_bytes(values), values.count, widths[type]};
  return !r->file->failed;
}

// Format, size and lists of level `number`; of a sparse level the size is not known yet.
static bool read_level(sparse_reader *r, size_t number, pk_fb_vector metadata) {
  level *l = &r->levels[number];
  const pk_fb_table table = pk_fb_list_table(metadata, number, "dim_metadata");
  const uint8_t format = pk_fb_u8(table, PK_TFLITE_DIMENSION_FORMAT, 0, "format");
  l->is_sparse = format == PK_TFLITE_DIMENSION_SPARSE_CSR;
  l->size = pk_fb_s32(table, PK_TFLITE_DIMENSION_DENSE_SIZE, 0, "dense_size");
  if (format > PK_TFLITE_DIMENSION_SPARSE_CSR) {
    return pk_fb_fail(r->file, "\"%s\": level %zu has the format %d", r->tensor->name, number,
                      format);
  }
  if (!l->is_sparse) return !r->file->failed;
  return read_indices(r, &l->segments, table, PK_TFLITE_DIMENSION_SEGMENTS, "array_segments") &&
         read_indices(r, &l->indices, table, PK_TFLITE_DIMENSION_INDICES, "array_indices");
}

// Which level stands for which dimension. False: no permutation.
static bool read_order(sparse_reader *r, size_t *level_of, pk_fb_vector order) {
  bool is_taken[MOST_LEVELS] = {false};
  for (size_t i = 0; i < r->count; i++) {
    const int32_t dim = pk_fb_list_s32(order, i);
    if (dim < 0 || (size_t)dim >= r->count || is_taken[dim]) {
      return pk_fb_fail(r->file, "\"%s\": its traversal_order is no permutation of %zu dimensions",
                        r->tensor->name, r->count);
    }
    is_taken[dim] = true;
    level_of[dim] = i;
  }
  return true;
}

// Sizes and strides: a dimension that is cut into blocks counts those, its block's level counts
// inside.
static bool set_strides(sparse_reader *r, const size_t *level_of, pk_fb_vector block_map) {
  const size_t rank = (size_t)r->tensor->rank;
  int64_t strides[PK_MAX_RANK], blocks[PK_MAX_RANK], stride = 1;
  for (size_t i = rank; i-- > 0;) {
    strides[i] = stride;
    stride *= r->tensor->dims[i];
    blocks[i] = 1;
  }
  for (size_t b = 0; b < block_map.count; b++) {
    level *inside = &r->levels[level_of[rank + b]];
    const int32_t dim = pk_fb_list_s32(block_map, b);
    if (dim < 0 || (size_t)dim >= rank || blocks[dim] != 1 || inside->is_sparse ||
        inside->size < 1 || r->tensor->dims[dim] % inside->size != 0) {
      return pk_fb_fail(r->file, "\"%s\": block %zu does not fit shape %s", r->tensor->name, b,
                        pk_tensor_shape_text(r->tensor).text);
    }
    blocks[dim] = inside->size;
    inside->stride = strides[dim];
  }
  for (size_t i = 0; i < rank; i++) {
    level *l = &r->levels[level_of[i]];
    const int64_t size = r->tensor->dims[i] / blocks[i];
    if (!l->is_sparse && l->size != size) {
      return pk_fb_fail(r->file, "\"%s\": dimension %zu has the dense_size %lld instead of %lld",
                        r->tensor->name, i, (long long)l->size, (long long)size);
    }
    l->size = size;
    l->stride = strides[i] * blocks[i];
  }
  return true;
}

// Starts level `number` at place `place` of the levels before it. A sparse level's segments may not
// run backwards, so that no entry is met twice and the walk takes no longer than the tensor is
// large.
static bool enter(sparse_reader *r, size_t number, int64_t place, int64_t offset) {
  level *l = &r->levels[number];
  l->offset = offset;
  l->at = l->first = l->is_sparse ? 0 : place * l->size;
  l->end = l->first + l->size;
  if (!l->is_sparse) return true;
  if (place + 1 < (int64_t)l->segments.count) {
    l->at = index_at(&l->segments, place);
    l->end = index_at(&l->segments, place + 1);
  }
  if (place + 1 < (int64_t)l->segments.count && l->at >= 0 && l->at <= l->end &&
      l->end <= (int64_t)l->indices.count) {
    return true;
  }
  return pk_fb_fail(r->file, "\"%s\": the array_segments of level %zu do not fit its indices",
                    r->tensor->name, number);
}

// The index that level `number` is at. Indices of a segment rise. Negative: error filled.
static int64_t current_index(sparse_reader *r, size_t number) {
  const level *l = &r->levels[number];
  if (!l->is_sparse) return l->at - l->first;
  const int64_t index = index_at(&l->indices, l->at);
  const int64_t next = l->at + 1 < l->end ? index_at(&l->indices, l->at + 1) : l->size;
  if (index >= 0 && index < next && next <= l->size) return index;
  pk_fb_fail(r->file, "\"%s\": the array_indices of level %zu do not rise below %lld",
             r->tensor->name, number, (long long)l->size);
  return -1;
}

static bool store_value(sparse_reader *r, int64_t place) {
  if (r->used == r->stored) {
    return pk_fb_fail(r->file, "\"%s\": it has %zu values, less than its indices need",
                      r->tensor->name, r->stored);
  }
  memcpy(r->dense + (size_t)place * r->element_bytes, r->tensor->data + r->used * r->element_bytes,
         r->element_bytes);
  r->used++;
  return true;
}

static bool walk(sparse_reader *r) {
  size_t depth = 0;
  if (!enter(r, 0, 0, 0)) return false;
  for (;;) {
    level *l = &r->levels[depth];
    if (l->at == l->end) {
      if (depth == 0) break;
      r->levels[--depth].at++;
      continue;
    }
    const int64_t index = current_index(r, depth);
    if (index < 0) return false;
    const int64_t place = l->offset + index * l->stride;
    if (depth + 1 < r->count) {
      if (!enter(r, ++depth, l->at, place)) return false;
    } else {
      if (!store_value(r, place)) return false;
      l->at++;
    }
  }
  return r->used == r->stored || pk_fb_fail(r->file, "\"%s\": %zu of its %zu values have no index",
                                            r->tensor->name, r->stored - r->used, r->stored);
}

static bool read_levels(sparse_reader *r, pk_fb_table sparsity) {
  const pk_fb_vector order =
      pk_fb_list(sparsity, PK_TFLITE_SPARSITY_TRAVERSAL_ORDER, 4, "traversal_order");
  const pk_fb_vector block_map = pk_fb_list(sparsity, PK_TFLITE_SPARSITY_BLOCK_MAP, 4, "block_map");
  const pk_fb_vector metadata =
      pk_fb_list(sparsity, PK_TFLITE_SPARSITY_DIM_METADATA, 4, "dim_metadata");
  size_t level_of[MOST_LEVELS] = {0};
  const size_t rank = (size_t)r->tensor->rank;
  if (r->file->failed) return false;
  if (rank == 0 || block_map.count > rank || order.count != rank + block_map.count ||
      metadata.count != order.count) {
    return pk_fb_fail(r->file,
                      "\"%s\": %zu levels with %zu descriptions and %zu blocks do not fit shape %s",
                      r->tensor->name, order.count, metadata.count, block_map.count,
                      pk_tensor_shape_text(r->tensor).text);
  }
  r->count = order.count;
  for (size_t i = 0; i < r->count; i++) {
    if (!read_level(r, i, metadata)) return false;
  }
  return read_order(r, level_of, order) && set_strides(r, level_of, block_map);
}

bool pk_tflite_densify(pk_tensor *tensor, pk_fb_table sparsity, pk_arena *arena) {
  sparse_reader r = {.file = sparsity.buffer, .tensor = tensor};
  const int64_t elements = pk_tensor_elements(tensor);
  r.element_bytes = (size_t)pk_dtype_bits(tensor->dtype) / 8;
  if (elements < 0 || r.element_bytes == 0 || tensor->data_bytes % r.element_bytes != 0) {
    return pk_fb_fail(r.file, "\"%s\" is sparse, but of shape %s and type %s with %zu bytes",
                      tensor->name, pk_tensor_shape_text(tensor).text, pk_dtype_name(tensor->dtype),
                      tensor->data_bytes);
  }
  r.stored = tensor->data_bytes / r.element_bytes;
  if (!read_levels(&r, sparsity)) return false;
  r.dense = pk_arena_alloc(arena, (size_t)elements, r.element_bytes, r.file->error);
  if (!r.dense || !walk(&r)) return false;
  tensor->data = r.dense;
  tensor->data_bytes = (size_t)elements * r.element_bytes;
  return true;
}
