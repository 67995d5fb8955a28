// Builtin operators that move elements without changing them. Those with several outputs become one
// operator for each.
#include <string.h>

#include "../../core/ops/op_params.h"
#include "tflite_ops.h"

bool pk_tflite_import_concatenation(pk_tflite_import *import, const pk_tflite_operator *source,
                                    pk_op *op) {
  op->kind = PK_OP_CONCAT;
  if (!pk_tflite_check_options(import, source, PK_TFLITE_OPTIONS_CONCATENATION) ||
      !pk_tflite_require_inputs(import, op, op->input_count > 0 ? op->input_count : 1)) {
    return false;
  }
  int64_t axis = pk_fb_s32(source->options, PK_TFLITE_CONCATENATION_AXIS, 0, "axis");
  if (!pk_tflite_fix_axis(import, &axis, pk_op_input(import->graph, op, 0)->rank)) return false;
  op->attributes.words.words[MNW_CONCAT_AXIS] = (int32_t)axis;
  return pk_tflite_set_activation(
      import, source, op,
      pk_fb_u8(source->options, PK_TFLITE_CONCATENATION_ACTIVATION, 0, "activation"));
}

bool pk_tflite_import_transpose(pk_tflite_import *import, const pk_tflite_operator *source,
                                pk_op *op) {
  int64_t perm[PK_MAX_RANK];
  size_t count = 0;
  op->kind = PK_OP_TRANSPOSE;
  if (!pk_tflite_require_inputs(import, op, 2)) return false;
  if (pk_tflite_is_computed(import, op, 1)) {
    return pk_tflite_report(import, op, source, "with a computed permutation");
  }
  if (!pk_tflite_read_integers(import, op, 1, perm, PK_MAX_RANK, &count)) return false;
  const int rank = pk_op_input(import->graph, op, 0)->rank;
  if (count != (size_t)rank) {
    return pk_fb_fail(&import->model.file, "its permutation has %zu axes for rank %d", count, rank);
  }
  for (size_t i = 0; i < count; i++) {
    if (!pk_tflite_fix_axis(import, &perm[i], rank)) return false;
    op->attributes.words.words[MNW_TRANSPOSE_PERM + i] = (int32_t)perm[i];
  }
  op->input_count = 1;
  return true;
}

// The words of a SLICE that takes everything. `rank` may be too large for the runtime, which is
// told by the check of the tensor.
static void start_slice(int32_t *words) {
  memset(words, 0, 16 * sizeof *words);
  for (int i = 0; i < MNW_MAX_RANK; i++) words[MNW_SLICE_STEP + i] = 1;
}

static bool check_slice_rank(pk_tflite_import *import, int rank) {
  if (rank >= 1 && rank <= MNW_MAX_RANK) return true;
  return pk_fb_fail(&import->model.file, "it cuts a tensor of %d axes; 1 to %d are supported", rank,
                    MNW_MAX_RANK);
}

bool pk_tflite_import_slice(pk_tflite_import *import, const pk_tflite_operator *source, pk_op *op) {
  int64_t starts[PK_MAX_RANK];
  size_t count = 0;
  op->kind = PK_OP_SLICE;
  if (!pk_tflite_require_inputs(import, op, 3)) return false;
  if (pk_tflite_is_computed(import, op, 1) || pk_tflite_is_computed(import, op, 2)) {
    return pk_tflite_report(import, op, source, "with computed bounds");
  }
  if (!pk_tflite_read_integers(import, op, 1, starts, PK_MAX_RANK, &count)) return false;
  const pk_tensor *input = pk_op_input(import->graph, op, 0);
  if (!check_slice_rank(import, input->rank)) return false;
  if (count != (size_t)input->rank) {
    return pk_fb_fail(&import->model.file, "it has %zu starts for rank %d", count, input->rank);
  }
  start_slice(op->attributes.words.words);
  for (size_t i = 0; i < count; i++) {
    if (starts[i] < 0 || starts[i] >= input->dims[i]) {
      return pk_fb_fail(&import->model.file, "start %lld of axis %zu is out of range",
                        (long long)starts[i], i);
    }
    op->attributes.words.words[MNW_SLICE_START + i] = (int32_t)starts[i];
  }
  op->input_count = 1;
  return true;
}

// One axis of a STRIDED_SLICE, as numpy cuts it.
typedef struct cut {
  int64_t start, step, count;
} cut;

static int64_t limit(int64_t value, int64_t low, int64_t high) {
  return value < low ? low : value > high ? high : value;
}

static cut cut_axis(int64_t begin, int64_t end, int64_t step, int64_t size, bool from_edge,
                    bool to_edge) {
  const int64_t low = step > 0 ? 0 : -1, high = step > 0 ? size : size - 1;
  if (begin < 0) begin += size;
  if (end < 0) end += size;
  begin = from_edge ? (step > 0 ? 0 : size - 1) : limit(begin, low, high);
  end = to_edge ? (step > 0 ? size : -1) : limit(end, low, high);
  const int64_t span = step > 0 ? end - begin : begin - end, stride = step > 0 ? step : -step;
  return (cut){begin, step, span <= 0 ? 0 : (span + stride - 1) / stride};
}

typedef struct slice_masks {
  uint32_t begin, end, shrink;
} slice_masks;

// Fills the words and the counts of all axes; those that are not named are taken whole.
static bool cut_axes(pk_tflite_import *import, pk_op *op, slice_masks masks, int32_t *dims) {
  int64_t begin[PK_MAX_RANK], end[PK_MAX_RANK], step[PK_MAX_RANK];
  size_t count = 0, end_count = 0, step_count = 0;
  const pk_tensor *input = pk_op_input(import->graph, op, 0);
  int32_t *words = op->attributes.words.words;
  if (!pk_tflite_read_integers(import, op, 1, begin, PK_MAX_RANK, &count) ||
      !pk_tflite_read_integers(import, op, 2, end, PK_MAX_RANK, &end_count) ||
      !pk_tflite_read_integers(import, op, 3, step, PK_MAX_RANK, &step_count) ||
      !check_slice_rank(import, input->rank)) {
    return false;
  }
  if (count != end_count || count != step_count || count > (size_t)input->rank) {
    return pk_fb_fail(&import->model.file,
                      "it has %zu begins, %zu ends and %zu strides for rank %d", count, end_count,
                      step_count, input->rank);
  }
  start_slice(words);
  for (int i = 0; i < input->rank; i++) dims[i] = input->dims[i];
  for (size_t i = 0; i < count; i++) {
    const bool shrinks = masks.shrink >> i & 1;
    if (step[i] == 0 || step[i] > INT32_MAX || step[i] < -INT32_MAX) {
      return pk_fb_fail(&import->model.file, "stride %lld is out of range", (long long)step[i]);
    }
    cut axis = cut_axis(begin[i], end[i], step[i], input->dims[i], masks.begin >> i & 1,
                        masks.end >> i & 1);
    if (shrinks) {
      const int64_t index = begin[i] < 0 ? begin[i] + input->dims[i] : begin[i];
      axis = (cut){index, 1, index >= 0 && index < input->dims[i]};
    }
    if (axis.count < 1) {
      return pk_fb_fail(&import->model.file, "nothing is left of axis %zu of \"%s\" %s", i,
                        input->name, pk_tensor_shape_text(input).text);
    }
    words[MNW_SLICE_START + i] = (int32_t)axis.start;
    words[MNW_SLICE_STEP + i] = (int32_t)axis.step;
    dims[i] = (int32_t)axis.count;
  }
  return true;
}

// A SLICE that keeps all axes and a RESHAPE that drops the ones that shrink.
bool pk_tflite_import_strided_slice(pk_tflite_import *import, const pk_tflite_operator *source,
                                    pk_op *op) {
  const pk_fb_table options = source->options;
  int32_t dims[PK_MAX_RANK];
  if (!pk_tflite_check_options(import, source, PK_TFLITE_OPTIONS_STRIDED_SLICE) ||
      !pk_tflite_require_inputs(import, op, 4)) {
    return false;
  }
  const slice_masks masks = {
      .begin = (uint32_t)pk_fb_s32(options, PK_TFLITE_STRIDED_SLICE_BEGIN_MASK, 0, "begin_mask"),
      .end = (uint32_t)pk_fb_s32(options, PK_TFLITE_STRIDED_SLICE_END_MASK, 0, "end_mask"),
      .shrink = (uint32_t)pk_fb_s32(options, PK_TFLITE_STRIDED_SLICE_SHRINK_AXIS_MASK, 0,
                                    "shrink_axis_mask")};
  if (pk_fb_s32(options, PK_TFLITE_STRIDED_SLICE_ELLIPSIS_MASK, 0, "ellipsis_mask") != 0 ||
      pk_fb_s32(options, PK_TFLITE_STRIDED_SLICE_NEW_AXIS_MASK, 0, "new_axis_mask") != 0 ||
      pk_fb_u8(options, PK_TFLITE_STRIDED_SLICE_OFFSET, 0, "offset") != 0) {
    return pk_tflite_report(import, op, source, "with ellipsis, new axes or offsets");
  }
  for (int i = 1; i < 4; i++) {
    if (pk_tflite_is_computed(import, op, i)) {
      return pk_tflite_report(import, op, source, "with computed bounds");
    }
  }
  if (!cut_axes(import, op, masks, dims)) return false;
  const int rank = pk_op_input(import->graph, op, 0)->rank;
  const int32_t whole = pk_tflite_add_value(import, op->output, "(all axes)", rank, dims);
  if (!pk_tflite_add_step(import, op, PK_OP_SLICE, op->attributes.words.words, op->inputs, 1,
                          whole)) {
    return false;
  }
  op->kind = PK_OP_RESHAPE;
  op->input_count = 1;
  op->inputs[0] = whole;
  return true;
}

// SPLIT has its axis first; SPLIT_V has data, sizes and axis. The outputs' shapes tell the sizes.
bool pk_tflite_import_split(pk_tflite_import *import, const pk_tflite_operator *source, pk_op *op) {
  const bool has_sizes = source->builtin == PK_TFLITE_SPLIT_V;
  const int axis_input = has_sizes ? 2 : 0, data_input = has_sizes ? 0 : 1;
  int64_t axis;
  size_t count = 0;
  if (!pk_tflite_require_inputs(import, op, has_sizes ? 3 : 2)) return false;
  if (pk_tflite_is_computed(import, op, axis_input)) {
    return pk_tflite_report(import, op, source, "with a computed axis");
  }
  if (!pk_tflite_read_integers(import, op, axis_input, &axis, 1, &count)) return false;
  if (count != 1) return pk_fb_fail(&import->model.file, "its axis is missing");
  const int rank = pk_op_input(import->graph, op, data_input)->rank;
  if (!check_slice_rank(import, rank) || !pk_tflite_fix_axis(import, &axis, rank)) return false;
  int32_t words[16];
  int64_t start = 0;
  for (size_t i = 0; i < source->outputs.count; i++) {
    const int32_t output = pk_fb_list_s32(source->outputs, i);
    const pk_tensor *part = &import->graph->tensors[output];
    start_slice(words);
    words[MNW_SLICE_START + axis] = (int32_t)start;
    if (part->rank != rank || part->dims[axis] < 1 || start + part->dims[axis] > INT32_MAX) {
      return pk_fb_fail(&import->model.file, "its output \"%s\" has shape %s", part->name,
                        pk_tensor_shape_text(part).text);
    }
    start += part->dims[axis];
    if (!pk_tflite_add_step(import, op, PK_OP_SLICE, words, &op->inputs[data_input], 1, output)) {
      return false;
    }
  }
  op->is_removed = true;
  return true;
}

// `shape` with an axis of 1 put in at `axis`.
static void insert_axis(int32_t *dims, const pk_tensor *shape, int64_t axis) {
  for (int i = 0, j = 0; i <= shape->rank; i++) dims[i] = i == axis ? 1 : shape->dims[j++];
}

bool pk_tflite_import_pack(pk_tflite_import *import, const pk_tflite_operator *source, pk_op *op) {
  int32_t dims[PK_MAX_RANK + 1];
  op->kind = PK_OP_CONCAT;
  if (!pk_tflite_check_options(import, source, PK_TFLITE_OPTIONS_PACK) ||
      !pk_tflite_require_inputs(import, op, op->input_count > 0 ? op->input_count : 1)) {
    return false;
  }
  int64_t axis = pk_fb_s32(source->options, PK_TFLITE_PACK_AXIS, 0, "axis");
  if (!pk_tflite_fix_axis(import, &axis, pk_op_input(import->graph, op, 0)->rank + 1)) return false;
  for (int i = 0; i < op->input_count; i++) {
    const pk_tensor *input = pk_op_input(import->graph, op, i);
    insert_axis(dims, input, axis);
    const int32_t part =
        pk_tflite_add_value(import, op->inputs[i], "(with axis)", input->rank + 1, dims);
    if (!pk_tflite_add_step(import, op, PK_OP_RESHAPE, NULL, &op->inputs[i], 1, part)) return false;
    op->inputs[i] = part;
  }
  op->attributes.words.words[MNW_CONCAT_AXIS] = (int32_t)axis;
  return true;
}

bool pk_tflite_import_unpack(pk_tflite_import *import, const pk_tflite_operator *source,
                             pk_op *op) {
  if (!pk_tflite_check_options(import, source, PK_TFLITE_OPTIONS_UNPACK) ||
      !pk_tflite_require_inputs(import, op, 1)) {
    return false;
  }
  const pk_tensor data = *pk_op_input(import->graph, op, 0);
  int64_t axis = pk_fb_s32(source->options, PK_TFLITE_PACK_AXIS, 0, "axis");
  int32_t words[16], dims[PK_MAX_RANK];
  if (!check_slice_rank(import, data.rank) || !pk_tflite_fix_axis(import, &axis, data.rank)) {
    return false;
  }
  memcpy(dims, data.dims, sizeof dims);
  dims[axis] = 1;
  for (size_t i = 0; i < source->outputs.count; i++) {
    const int32_t output = pk_fb_list_s32(source->outputs, i);
    const int32_t part = pk_tflite_add_value(import, output, "(with axis)", data.rank, dims);
    start_slice(words);
    words[MNW_SLICE_START + axis] = (int32_t)i;
    if (!pk_tflite_add_step(import, op, PK_OP_SLICE, words, op->inputs, 1, part) ||
        !pk_tflite_add_step(import, op, PK_OP_RESHAPE, NULL, &part, 1, output)) {
      return false;
    }
  }
  op->is_removed = true;
  return true;
}

bool pk_tflite_import_gather(pk_tflite_import *import, const pk_tflite_operator *source,
                             pk_op *op) {
  op->kind = PK_OP_GATHER;
  if (!pk_tflite_check_options(import, source, PK_TFLITE_OPTIONS_GATHER) ||
      !pk_tflite_require_inputs(import, op, 2)) {
    return false;
  }
  int64_t axis = pk_fb_s32(source->options, PK_TFLITE_GATHER_AXIS, 0, "axis");
  if (!pk_tflite_fix_axis(import, &axis, pk_op_input(import->graph, op, 0)->rank)) return false;
  if (pk_fb_s32(source->options, PK_TFLITE_GATHER_BATCH_DIMS, 0, "batch_dims") != 0) {
    return pk_tflite_report(import, op, source, "with batch dimensions");
  }
  op->attributes.words.words[MNW_GATHER_AXIS] = (int32_t)axis;
  return true;
}

bool pk_tflite_import_reverse(pk_tflite_import *import, const pk_tflite_operator *source,
                              pk_op *op) {
  uint32_t axes;
  op->kind = PK_OP_SLICE;
  if (!pk_tflite_require_inputs(import, op, 2)) return false;
  if (pk_tflite_is_computed(import, op, 1)) {
    return pk_tflite_report(import, op, source, "with computed axes");
  }
  const pk_tensor *input = pk_op_input(import->graph, op, 0);
  if (!check_slice_rank(import, input->rank) || !pk_tflite_read_axes(import, op, 1, &axes)) {
    return false;
  }
  int32_t *words = op->attributes.words.words;
  start_slice(words);
  for (int i = 0; i < input->rank; i++) {
    if (!(axes >> i & 1)) continue;
    words[MNW_SLICE_START + i] = input->dims[i] - 1;
    words[MNW_SLICE_STEP + i] = -1;
  }
  op->input_count = 1;
  return true;
}

bool pk_tflite_import_broadcast_to(pk_tflite_import *import, const pk_tflite_operator *source,
                                   pk_op *op) {
  (void)source;
  op->kind = PK_OP_EXPAND;
  if (!pk_tflite_require_inputs(import, op, 1)) return false;
  op->input_count = 1;
  return true;
}

// Shapes are known when the model is packed: the result is a constant.
bool pk_tflite_import_shape(pk_tflite_import *import, const pk_tflite_operator *source, pk_op *op) {
  if (!pk_tflite_require_inputs(import, op, 1)) return false;
  const pk_tensor *input = pk_op_input(import->graph, op, 0);
  pk_tensor *output = pk_op_output(import->graph, op);
  const size_t bytes = output->dtype == PK_DTYPE_S64 ? 8 : 4;
  if ((output->dtype != PK_DTYPE_S32 && output->dtype != PK_DTYPE_S64) || output->data ||
      pk_tensor_elements(output) != input->rank) {
    return pk_fb_fail(&import->model.file, "its output \"%s\" is no list of %d integers",
                      output->name, input->rank);
  }
  for (int i = 0; i < input->rank; i++) {
    if (input->dims[i] < 1) return pk_tflite_report(import, op, source, "of an open shape");
  }
  uint8_t *data = pk_arena_alloc(&import->graph->arena, (size_t)input->rank, bytes, import->error);
  if (!data) return false;
  for (int i = 0; i < input->rank; i++) {
    for (size_t j = 0; j < 4; j++) {
      data[(size_t)i * bytes + j] = (uint8_t)((uint32_t)input->dims[i] >> (8 * j));
    }
  }
  output->data = data;
  output->data_bytes = (size_t)input->rank * bytes;
  op->is_removed = true;
  return true;
}

// Values and int32 indices; the runtime gives one of them at a time, indices as int64.
bool pk_tflite_import_top_k(pk_tflite_import *import, const pk_tflite_operator *source, pk_op *op) {
  int64_t k;
  size_t count = 0;
  if (!pk_tflite_require_inputs(import, op, 2)) return false;
  if (pk_tflite_is_computed(import, op, 1)) {
    return pk_tflite_report(import, op, source, "with a computed k");
  }
  if (!pk_tflite_read_integers(import, op, 1, &k, 1, &count)) return false;
  const int rank = pk_op_input(import->graph, op, 0)->rank;
  if (count != 1 || k < 1 || k > INT32_MAX || rank < 1 || source->outputs.count != 2) {
    return pk_fb_fail(&import->model.file,
                      "its k, its input or its outputs are not as they must be");
  }
  int32_t words[16] = {
      [MNW_TOP_K_AXIS] = rank - 1, [MNW_TOP_K_LARGEST] = 1, [MNW_TOP_K_K] = (int32_t)k};
  const int32_t indices = pk_fb_list_s32(source->outputs, 1);
  if (!pk_tflite_add_step(import, op, PK_OP_TOP_K, words, op->inputs, 1, op->output)) return false;
  const pk_tensor like = import->graph->tensors[indices];
  const int32_t wide = pk_tflite_add_value(import, indices, "(int64)", like.rank, like.dims);
  if (wide < 0) return false;
  import->graph->tensors[wide].dtype = PK_DTYPE_S64;
  words[MNW_TOP_K_WANTS_INDICES] = 1;
  op->is_removed = true;
  return pk_tflite_add_step(import, op, PK_OP_TOP_K, words, op->inputs, 1, wide) &&
         pk_tflite_add_step(import, op, PK_OP_CAST, NULL, &wide, 1, indices);
}
