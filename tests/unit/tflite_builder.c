#include "tflite_builder.h"

#include <stdlib.h>
#include <string.h>

// --- flatbuffer: tables are written front to back, so that every reference leads forwards ---

enum { MAX_SLOTS = 16 };

// A table being described; `references` get their targets after the table is written.
typedef struct table_writer {
  uint8_t sizes[MAX_SLOTS];  // 0: absent
  uint64_t values[MAX_SLOTS];
  bool is_reference[MAX_SLOTS];
  size_t positions[MAX_SLOTS];  // of the fields, once written
} table_writer;

static void put_bytes(tflite_builder *b, const void *bytes, size_t count) {
  if (b->size + count > b->capacity) {
    b->capacity = 2 * (b->size + count) + 256;
    b->bytes = realloc(b->bytes, b->capacity);
    if (!b->bytes) abort();
  }
  if (count) memcpy(b->bytes + b->size, bytes, count);
  b->size += count;
}

static void put_number(tflite_builder *b, uint64_t value, size_t count) {
  uint8_t bytes[8];
  for (size_t i = 0; i < count; i++) bytes[i] = (uint8_t)(value >> (8 * i));
  put_bytes(b, bytes, count);
}

static void align(tflite_builder *b, size_t alignment) {
  while (b->size % alignment) put_number(b, 0, 1);
}

static void patch_u32(tflite_builder *b, size_t position, uint32_t value) {
  for (int i = 0; i < 4; i++) b->bytes[position + (size_t)i] = (uint8_t)(value >> (8 * i));
}

// Makes the reference stored at `position` lead to what is written next.
static void point_here(tflite_builder *b, size_t position) {
  align(b, 8);
  patch_u32(b, position, (uint32_t)(b->size - position));
}

static void set_scalar(table_writer *t, int slot, int size_bytes, uint64_t value) {
  t->sizes[slot] = (uint8_t)size_bytes;
  t->values[slot] = value;
}

static void set_reference(table_writer *t, int slot) {
  t->sizes[slot] = 4;
  t->is_reference[slot] = true;
}

static void write_table(tflite_builder *b, table_writer *t) {
  uint16_t offsets[MAX_SLOTS] = {0};
  size_t inline_bytes = 4;
  for (int size = 8; size >= 1; size /= 2) {
    for (int i = 0; i < MAX_SLOTS; i++) {
      if (t->sizes[i] != size) continue;
      inline_bytes = (inline_bytes + (size_t)size - 1) / (size_t)size * (size_t)size;
      offsets[i] = (uint16_t)inline_bytes;
      inline_bytes += (size_t)size;
    }
  }
  const size_t table = b->size;
  put_number(b, 0, 4);  // distance to the vtable, patched below
  while (b->size < table + inline_bytes) put_number(b, 0, 1);
  for (int i = 0; i < MAX_SLOTS; i++) {
    t->positions[i] = table + offsets[i];
    for (int j = 0; j < t->sizes[i]; j++) {
      b->bytes[table + offsets[i] + (size_t)j] = (uint8_t)(t->values[i] >> (8 * j));
    }
  }
  align(b, 2);
  patch_u32(b, table, (uint32_t)(table - b->size));
  put_number(b, 4 + 2 * MAX_SLOTS, 2);
  put_number(b, inline_bytes, 2);
  for (int i = 0; i < MAX_SLOTS; i++) put_number(b, offsets[i], 2);
}

// Where the target of a reference is to be patched in.
static void begin_target(tflite_builder *b, const table_writer *t, int slot) {
  point_here(b, t->positions[slot]);
}

static void write_vector(tflite_builder *b, const table_writer *t, int slot, const void *elements,
                         size_t count, size_t element_bytes) {
  if (!t->is_reference[slot]) return;
  begin_target(b, t, slot);
  put_number(b, count, 4);
  put_bytes(b, elements, count * element_bytes);
}

// A vector of references; returns the position of the first.
static size_t write_references(tflite_builder *b, const table_writer *t, int slot, int count) {
  begin_target(b, t, slot);
  put_number(b, (uint64_t)count, 4);
  const size_t first = b->size;
  for (int i = 0; i < count; i++) put_number(b, 0, 4);
  return first;
}

// --- the schema's tables ---

static void write_quantization(tflite_builder *b, const tflite_tensor_spec *spec) {
  const int count = spec->scales ? spec->scale_count : 1;
  table_writer t = {.sizes = {0}};
  set_reference(&t, PK_TFLITE_QUANTIZATION_SCALE);
  set_reference(&t, PK_TFLITE_QUANTIZATION_ZERO_POINT);
  set_scalar(&t, PK_TFLITE_QUANTIZATION_DIMENSION, 4, (uint32_t)spec->axis);
  write_table(b, &t);
  write_vector(b, &t, PK_TFLITE_QUANTIZATION_SCALE, spec->scales ? spec->scales : &spec->scale,
               (size_t)count, 4);
  begin_target(b, &t, PK_TFLITE_QUANTIZATION_ZERO_POINT);
  put_number(b, (uint64_t)count, 4);
  for (int i = 0; i < count; i++) put_number(b, (uint64_t)spec->zero_point, 8);
}

static void write_index_list(tflite_builder *b, const table_writer *owner, int slot, int type,
                             const int32_t *values, int count) {
  static const size_t widths[] = {4, 4, 2, 1};
  table_writer t = {.sizes = {0}};
  begin_target(b, owner, slot);
  set_reference(&t, 0);
  write_table(b, &t);
  begin_target(b, &t, 0);
  put_number(b, (uint64_t)count, 4);
  for (int i = 0; i < count; i++) put_number(b, (uint32_t)values[i], widths[type & 3]);
}

static void write_sparse_level(tflite_builder *b, const tflite_sparse_level *level) {
  const int segments = PK_TFLITE_DIMENSION_SEGMENTS, indices = PK_TFLITE_DIMENSION_INDICES;
  table_writer t = {.sizes = {0}};
  set_scalar(&t, PK_TFLITE_DIMENSION_FORMAT, 1, (uint64_t)level->format);
  set_scalar(&t, PK_TFLITE_DIMENSION_DENSE_SIZE, 4, (uint32_t)level->dense_size);
  if (level->format != PK_TFLITE_DIMENSION_DENSE) {
    set_scalar(&t, segments, 1, (uint64_t)level->index_type);
    set_scalar(&t, indices, 1, (uint64_t)level->index_type);
    set_reference(&t, segments + 1);
    set_reference(&t, indices + 1);
  }
  write_table(b, &t);
  if (level->format == PK_TFLITE_DIMENSION_DENSE) return;
  write_index_list(b, &t, segments + 1, level->index_type, level->segments, level->segment_count);
  write_index_list(b, &t, indices + 1, level->index_type, level->indices, level->index_count);
}

static void write_sparsity(tflite_builder *b, const tflite_sparsity *sparsity) {
  table_writer t = {.sizes = {0}};
  for (int slot = 0; slot <= PK_TFLITE_SPARSITY_DIM_METADATA; slot++) set_reference(&t, slot);
  write_table(b, &t);
  write_vector(b, &t, PK_TFLITE_SPARSITY_TRAVERSAL_ORDER, sparsity->traversal_order,
               (size_t)sparsity->order_count, 4);
  write_vector(b, &t, PK_TFLITE_SPARSITY_BLOCK_MAP, sparsity->block_map,
               (size_t)sparsity->block_count, 4);
  const size_t levels =
      write_references(b, &t, PK_TFLITE_SPARSITY_DIM_METADATA, sparsity->level_count);
  for (int i = 0; i < sparsity->level_count; i++) {
    point_here(b, levels + 4 * (size_t)i);
    write_sparse_level(b, &sparsity->levels[i]);
  }
}

static void write_tensor(tflite_builder *b, const tflite_tensor_spec *spec, int index) {
  const bool quantized = spec->scale != 0 || spec->scales;
  int32_t signature[9];
  table_writer t = {.sizes = {0}};
  set_reference(&t, PK_TFLITE_TENSOR_SHAPE);
  set_scalar(&t, PK_TFLITE_TENSOR_TYPE, 1, (uint64_t)spec->type);
  // Buffer 0 is the empty one; constants have their own.
  set_scalar(&t, PK_TFLITE_TENSOR_BUFFER, 4, spec->data ? (uint64_t)index + 1 : 0);
  set_reference(&t, PK_TFLITE_TENSOR_NAME);
  if (quantized) set_reference(&t, PK_TFLITE_TENSOR_QUANTIZATION);
  if (spec->is_variable) set_scalar(&t, PK_TFLITE_TENSOR_IS_VARIABLE, 1, 1);
  if (spec->open_batch) set_reference(&t, PK_TFLITE_TENSOR_SHAPE_SIGNATURE);
  if (spec->sparsity) set_reference(&t, PK_TFLITE_TENSOR_SPARSITY);
  write_table(b, &t);
  write_vector(b, &t, PK_TFLITE_TENSOR_SHAPE, spec->dims, (size_t)spec->rank, 4);
  write_vector(b, &t, PK_TFLITE_TENSOR_NAME, spec->name, strlen(spec->name), 1);
  put_number(b, 0, 1);
  memcpy(signature, spec->dims, sizeof signature);
  signature[0] = -1;
  write_vector(b, &t, PK_TFLITE_TENSOR_SHAPE_SIGNATURE, signature, (size_t)spec->rank, 4);
  if (spec->sparsity) {
    begin_target(b, &t, PK_TFLITE_TENSOR_SPARSITY);
    write_sparsity(b, spec->sparsity);
  }
  if (!quantized) return;
  begin_target(b, &t, PK_TFLITE_TENSOR_QUANTIZATION);
  write_quantization(b, spec);
}

static void write_operator(tflite_builder *b, const tflite_operator_spec *spec, int index) {
  table_writer t = {.sizes = {0}}, options = {.sizes = {0}};
  set_scalar(&t, PK_TFLITE_OPERATOR_CODE, 4, (uint64_t)index);
  set_reference(&t, PK_TFLITE_OPERATOR_INPUTS);
  set_reference(&t, PK_TFLITE_OPERATOR_OUTPUTS);
  if (spec->options_type) {
    set_scalar(&t, PK_TFLITE_OPERATOR_OPTIONS_TYPE, 1, (uint64_t)spec->options_type);
    set_reference(&t, PK_TFLITE_OPERATOR_OPTIONS);
  }
  if (spec->custom_options) set_reference(&t, PK_TFLITE_OPERATOR_CUSTOM_OPTIONS);
  write_table(b, &t);
  if (spec->custom_options) {
    write_vector(b, &t, PK_TFLITE_OPERATOR_CUSTOM_OPTIONS, spec->custom_options,
                 spec->custom_option_bytes, 1);
  }
  write_vector(b, &t, PK_TFLITE_OPERATOR_INPUTS, spec->inputs, (size_t)spec->input_count, 4);
  const int32_t *more = spec->extra_outputs;
  const int32_t outputs[] = {spec->output, more[0], more[1], more[2]};
  write_vector(b, &t, PK_TFLITE_OPERATOR_OUTPUTS, outputs,
               spec->output == -2 ? 0 : 1 + (size_t)spec->extra_output_count, 4);
  if (!spec->options_type) return;
  for (int i = 0; i < spec->option_count; i++) {
    set_scalar(&options, spec->options[i].slot, spec->options[i].size_bytes, spec->options[i].bits);
  }
  begin_target(b, &t, PK_TFLITE_OPERATOR_OPTIONS);
  write_table(b, &options);
}

static void write_operator_code(tflite_builder *b, const tflite_operator_spec *spec) {
  table_writer t = {.sizes = {0}};
  const int old_builtin = spec->builtin < 127 ? spec->builtin : 127;
  set_scalar(&t, PK_TFLITE_CODE_DEPRECATED_BUILTIN, 1, (uint64_t)old_builtin);
  set_scalar(&t, PK_TFLITE_CODE_BUILTIN, 4, (uint64_t)spec->builtin);
  if (spec->custom_name) set_reference(&t, PK_TFLITE_CODE_CUSTOM);
  write_table(b, &t);
  if (!spec->custom_name) return;
  write_vector(b, &t, PK_TFLITE_CODE_CUSTOM, spec->custom_name, strlen(spec->custom_name), 1);
}

// Returns where the offset of data stored outside is to be patched in, 0 if there is none.
static size_t write_buffer(tflite_builder *b, const tflite_tensor_spec *spec) {
  table_writer t = {.sizes = {0}};
  if (spec && spec->data && spec->is_outside) {
    set_scalar(&t, PK_TFLITE_BUFFER_OFFSET, 8, 0);
    set_scalar(&t, PK_TFLITE_BUFFER_SIZE, 8, spec->data_bytes);
  } else if (spec && spec->data) {
    set_reference(&t, PK_TFLITE_BUFFER_DATA);
  }
  write_table(b, &t);
  if (!spec || !spec->data) return 0;
  if (spec->is_outside) return t.positions[PK_TFLITE_BUFFER_OFFSET];
  write_vector(b, &t, PK_TFLITE_BUFFER_DATA, spec->data, spec->data_bytes, 1);
  return 0;
}

static void write_subgraph(tflite_builder *b) {
  table_writer t = {.sizes = {0}};
  for (int slot = 0; slot <= PK_TFLITE_SUBGRAPH_OPERATORS; slot++) set_reference(&t, slot);
  write_table(b, &t);
  const size_t tensors = write_references(b, &t, PK_TFLITE_SUBGRAPH_TENSORS, b->tensor_count);
  for (int i = 0; i < b->tensor_count; i++) {
    point_here(b, tensors + 4 * (size_t)i);
    write_tensor(b, &b->tensors[i], i);
  }
  write_vector(b, &t, PK_TFLITE_SUBGRAPH_INPUTS, b->inputs, (size_t)b->input_count, 4);
  write_vector(b, &t, PK_TFLITE_SUBGRAPH_OUTPUTS, b->outputs, (size_t)b->output_count, 4);
  const size_t operators = write_references(b, &t, PK_TFLITE_SUBGRAPH_OPERATORS, b->operator_count);
  for (int i = 0; i < b->operator_count; i++) {
    point_here(b, operators + 4 * (size_t)i);
    write_operator(b, &b->operators[i], i);
  }
}

static void write_buffers(tflite_builder *b, const table_writer *model) {
  size_t outside[TFLITE_MAX_TENSORS + 1] = {0};
  const size_t buffers = write_references(b, model, PK_TFLITE_MODEL_BUFFERS, b->tensor_count + 1);
  for (int i = 0; i <= b->tensor_count; i++) {
    point_here(b, buffers + 4 * (size_t)i);
    outside[i] = write_buffer(b, i ? &b->tensors[i - 1] : NULL);
  }
  for (int i = 1; i <= b->tensor_count; i++) {
    if (!outside[i]) continue;
    align(b, 16);
    patch_u32(b, outside[i], (uint32_t)b->size);
    put_bytes(b, b->tensors[i - 1].data, b->tensors[i - 1].data_bytes);
  }
}

uint8_t *tflite_build(tflite_builder *b, size_t *size_bytes) {
  table_writer model = {.sizes = {0}};
  b->bytes = NULL;
  b->size = b->capacity = 0;
  put_number(b, 0, 4);
  put_bytes(b, "TFL3", 4);
  point_here(b, 0);
  set_scalar(&model, PK_TFLITE_MODEL_VERSION, 4, b->version);
  set_reference(&model, PK_TFLITE_MODEL_OPERATOR_CODES);
  set_reference(&model, PK_TFLITE_MODEL_SUBGRAPHS);
  set_reference(&model, PK_TFLITE_MODEL_BUFFERS);
  write_table(b, &model);
  const size_t codes =
      write_references(b, &model, PK_TFLITE_MODEL_OPERATOR_CODES, b->operator_count);
  for (int i = 0; i < b->operator_count; i++) {
    point_here(b, codes + 4 * (size_t)i);
    write_operator_code(b, &b->operators[i]);
  }
  const size_t subgraphs = write_references(b, &model, PK_TFLITE_MODEL_SUBGRAPHS, 1);
  point_here(b, subgraphs);
  write_subgraph(b);
  write_buffers(b, &model);
  *size_bytes = b->size;
  return b->bytes;
}

// --- describing a model ---

void tflite_builder_init(tflite_builder *b) {
  memset(b, 0, sizeof *b);
  b->version = PK_TFLITE_SCHEMA_VERSION;
}

int tflite_add_tensor(tflite_builder *b, const tflite_tensor_spec *spec) {
  if (b->tensor_count == TFLITE_MAX_TENSORS) abort();
  b->tensors[b->tensor_count] = *spec;
  return b->tensor_count++;
}

void tflite_add_operator(tflite_builder *b, const tflite_operator_spec *spec) {
  if (b->operator_count == TFLITE_MAX_OPERATORS) abort();
  b->operators[b->operator_count++] = *spec;
}

void tflite_set_ends(tflite_builder *b, int32_t input, int32_t output) {
  b->inputs[0] = input;
  b->outputs[0] = output;
  b->input_count = b->output_count = 1;
}

static void add_option(tflite_operator_spec *spec, int slot, int size_bytes, uint32_t bits) {
  spec->options[spec->option_count++] = (tflite_option){slot, size_bytes, bits};
}

void tflite_set_conv_options(tflite_operator_spec *spec, int padding, int stride, int dilation,
                             int activation) {
  const bool depthwise = spec->builtin == PK_TFLITE_DEPTHWISE_CONV_2D;
  spec->options_type = depthwise ? PK_TFLITE_OPTIONS_DEPTHWISE_CONV_2D : PK_TFLITE_OPTIONS_CONV_2D;
  add_option(spec, PK_TFLITE_CONV_PADDING, 1, (uint32_t)padding);
  add_option(spec, PK_TFLITE_CONV_STRIDE_W, 4, (uint32_t)stride);
  add_option(spec, PK_TFLITE_CONV_STRIDE_H, 4, (uint32_t)stride);
  add_option(spec, depthwise ? PK_TFLITE_DEPTHWISE_ACTIVATION : PK_TFLITE_CONV_ACTIVATION, 1,
             (uint32_t)activation);
  add_option(spec, depthwise ? PK_TFLITE_DEPTHWISE_DILATION_W : PK_TFLITE_CONV_DILATION_W, 4,
             (uint32_t)dilation);
  add_option(spec, depthwise ? PK_TFLITE_DEPTHWISE_DILATION_H : PK_TFLITE_CONV_DILATION_H, 4,
             (uint32_t)dilation);
}

void tflite_set_pool_options(tflite_operator_spec *spec, int padding, int stride, int filter,
                             int activation) {
  spec->options_type = PK_TFLITE_OPTIONS_POOL_2D;
  add_option(spec, PK_TFLITE_POOL_PADDING, 1, (uint32_t)padding);
  add_option(spec, PK_TFLITE_POOL_STRIDE_W, 4, (uint32_t)stride);
  add_option(spec, PK_TFLITE_POOL_STRIDE_H, 4, (uint32_t)stride);
  add_option(spec, PK_TFLITE_POOL_FILTER_W, 4, (uint32_t)filter);
  add_option(spec, PK_TFLITE_POOL_FILTER_H, 4, (uint32_t)filter);
  add_option(spec, PK_TFLITE_POOL_ACTIVATION, 1, (uint32_t)activation);
}

void tflite_set_softmax_options(tflite_operator_spec *spec, float beta) {
  uint32_t bits;
  memcpy(&bits, &beta, sizeof bits);
  spec->options_type = PK_TFLITE_OPTIONS_SOFTMAX;
  add_option(spec, PK_TFLITE_SOFTMAX_BETA, 4, bits);
}
