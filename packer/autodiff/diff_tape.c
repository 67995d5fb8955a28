// One run of a net: values, gradients, and the walk over the operators.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../../core/base/bytes.h"
#include "diff_net.h"
#include "diff_ops.h"

static bool out_of_memory(pk_error *error) {
  return pk_fail(error, PK_OUT_OF_MEMORY, "out of memory while computing gradients");
}

bool pk_diff_tape_init(pk_diff_tape *tape, const pk_diff_net *net, pk_error *error) {
  *tape = (pk_diff_tape){.net = net};
  tape->values = calloc(net->tensor_count + 1, sizeof *tape->values);
  tape->grads = calloc(net->tensor_count + 1, sizeof *tape->grads);
  if (tape->values && tape->grads) return true;
  pk_diff_tape_deinit(tape);
  return out_of_memory(error);
}

void pk_diff_tape_deinit(pk_diff_tape *tape) {
  for (size_t i = 0; tape->values && i < tape->net->tensor_count; i++) free(tape->values[i]);
  for (size_t i = 0; tape->grads && i < tape->net->tensor_count; i++) free(tape->grads[i]);
  free(tape->values);
  free(tape->grads);
  free(tape->scratch);
  *tape = (pk_diff_tape){0};
}

// Zeroed floats from the start of a cache line on, which wide loads and stores then seldom cross.
static float *alloc_floats(size_t elements) {
  enum { LINE_FLOATS = 16 };
  const size_t lines = elements / LINE_FLOATS + 1;
  float *floats = aligned_alloc(LINE_FLOATS * sizeof *floats, lines * LINE_FLOATS * sizeof *floats);
  if (floats) memset(floats, 0, lines * LINE_FLOATS * sizeof *floats);
  return floats;
}

const float *pk_diff_value(const pk_diff_tape *tape, int32_t tensor) {
  return tape->values[tensor] ? tape->values[tensor] : tape->net->constants[tensor];
}

static float *value_of(pk_diff_tape *tape, int32_t tensor, pk_error *error) {
  if (!tape->values[tensor]) {
    tape->values[tensor] = alloc_floats(tape->net->elements[tensor]);
    if (!tape->values[tensor]) out_of_memory(error);
  }
  return tape->values[tensor];
}

bool pk_diff_set_input(pk_diff_tape *tape, size_t index, const void *bytes, pk_error *error) {
  const int32_t number = tape->net->graph->inputs[index];
  const pk_tensor *tensor = &tape->net->graph->tensors[number];
  const size_t elements = tape->net->elements[number];
  const float scale = tensor->quantization.count ? pk_tensor_scale(tensor) : 1.0f;
  const int32_t zero_point = pk_tensor_zero_point(tensor);
  const uint8_t *source = bytes;
  float *values = value_of(tape, number, error);
  if (!values) return false;
  switch (tensor->dtype) {
    case PK_DTYPE_F32:
      memcpy(values, bytes, elements * sizeof *values);
      return true;
    case PK_DTYPE_S8:
      for (size_t i = 0; i < elements; i++) {
        values[i] = scale * (float)((int8_t)source[i] - zero_point);
      }
      return true;
    case PK_DTYPE_U8:
      for (size_t i = 0; i < elements; i++) values[i] = scale * (float)(source[i] - zero_point);
      return true;
    case PK_DTYPE_S32:
      for (size_t i = 0; i < elements; i++) {
        values[i] = (float)(int32_t)mnw_load_u32(source + 4 * i);
      }
      return true;
    case PK_DTYPE_S64:
      for (size_t i = 0; i < elements; i++) {
        values[i] = (float)(int64_t)mnw_load_u64(source + 8 * i);
      }
      return true;
    default:
      return pk_fail(error, PK_UNSUPPORTED, "input \"%s\" is %s, which cannot be differentiated by",
                     tensor->name, pk_dtype_name(tensor->dtype));
  }
}

// --- fused activations and rounding ---

static void activation_bounds(float *low, float *high, pk_activation activation) {
  *low = activation == PK_ACTIVATION_NONE           ? -INFINITY
         : activation == PK_ACTIVATION_RELU_N1_TO_1 ? -1.0f
                                                    : 0.0f;
  *high = activation == PK_ACTIVATION_RELU6          ? 6.0f
          : activation == PK_ACTIVATION_RELU_N1_TO_1 ? 1.0f
                                                     : INFINITY;
}

static void activate(float *y, size_t elements, pk_activation activation) {
  float low, high;
  if (activation == PK_ACTIVATION_NONE) return;
  activation_bounds(&low, &high, activation);
  for (size_t i = 0; i < elements; i++) {
    const float value = y[i] > low ? y[i] : low;
    y[i] = value < high ? value : high;
  }
}

// Where the output stands at a bound, nothing passes.
static void mask_gradient(float *dy, const float *y, size_t elements, pk_activation activation) {
  float low, high;
  if (activation == PK_ACTIVATION_NONE) return;
  activation_bounds(&low, &high, activation);
  for (size_t i = 0; i < elements; i++) dy[i] = y[i] > low && y[i] < high ? dy[i] : 0.0f;
}

static void round_to_grid(float *y, size_t elements, const pk_tensor *tensor) {
  const float to_nearest = 12582912.0f;  // 1.5 * 2^23: adding it drops the fraction, ties to even
  const float scale = pk_tensor_scale(tensor), zero_point = (float)pk_tensor_zero_point(tensor);
  const float inverse = 1.0f / scale, low = -128.0f - zero_point, high = 127.0f - zero_point;
  for (size_t i = 0; i < elements; i++) {
    float level = y[i] * inverse;
    level = level > low ? level : low;
    level = level < high ? level : high;
    y[i] = scale * ((level + to_nearest) - to_nearest);
  }
}

// --- the walk ---

static pk_diff_call make_call(pk_diff_tape *tape, const pk_op *op, pk_error *error) {
  const pk_graph *graph = tape->net->graph;
  return (pk_diff_call){.tape = tape,
                        .graph = graph,
                        .op = op,
                        .x_tensor = &graph->tensors[op->inputs[0]],
                        .y_tensor = &graph->tensors[op->output],
                        .x = pk_diff_value(tape, op->inputs[0]),
                        .error = error};
}

bool pk_diff_forward_op(pk_diff_tape *tape, size_t index, pk_error *error) {
  const pk_op *op = &tape->net->graph->ops[index];
  pk_diff_call call = make_call(tape, op, error);
  const size_t elements = tape->net->elements[op->output];
  call.y = value_of(tape, op->output, error);
  if (!call.y || !pk_diff_find(op->kind)->forward(&call)) return false;
  if (tape->hooks && !tape->hooks->forward(tape->hooks->user, index, call.y, error)) return false;
  activate(call.y, elements, op->activation);
  const pk_tensor *y = call.y_tensor;
  if (tape->net->simulates_int8 && y->dtype == PK_DTYPE_S8 && y->quantization.count == 1) {
    round_to_grid(call.y, elements, y);
  }
  return true;
}

bool pk_diff_forward(pk_diff_tape *tape, pk_error *error) {
  bool ok = true;
  for (size_t i = 0; ok && i < tape->net->graph->op_count; i++) {
    ok = pk_diff_forward_op(tape, i, error);
  }
  return ok;
}

void pk_diff_release_behind(pk_diff_tape *tape, size_t op) {
  for (size_t i = 0; i < tape->net->tensor_count; i++) {
    if (!tape->values[i] || tape->net->last_use[i] > (int32_t)op) continue;
    free(tape->values[i]);
    tape->values[i] = NULL;
  }
}

float *pk_diff_grad(pk_diff_tape *tape, int32_t tensor, pk_error *error) {
  if (!tape->grads[tensor]) {
    tape->grads[tensor] = alloc_floats(tape->net->elements[tensor]);
    if (!tape->grads[tensor]) out_of_memory(error);
  }
  return tape->grads[tensor];
}

void pk_diff_clear_grads(pk_diff_tape *tape) {
  for (size_t i = 0; i < tape->net->tensor_count; i++) {
    if (tape->grads[i]) memset(tape->grads[i], 0, tape->net->elements[i] * sizeof(float));
  }
}

static bool backward_op(pk_diff_tape *tape, size_t index, pk_error *error) {
  const pk_op *op = &tape->net->graph->ops[index];
  pk_diff_call call = make_call(tape, op, error);
  float *dy = tape->grads[op->output];
  for (int i = 0; i < op->input_count; i++) {
    const int32_t number = op->inputs[i];
    if (number != PK_NO_TENSOR && tape->net->wants_grad[number] &&
        !pk_diff_grad(tape, number, error)) {
      return false;
    }
  }
  call.y = tape->values[op->output];
  call.dx = pk_diff_input_grad(&call, 0);
  mask_gradient(dy, call.y, tape->net->elements[op->output], op->activation);
  if (tape->hooks && !tape->hooks->backward(tape->hooks->user, index, dy, error)) return false;
  call.dy = dy;
  return pk_diff_find(op->kind)->backward(&call);
}

bool pk_diff_backward(pk_diff_tape *tape, pk_error *error) {
  bool ok = true;
  for (size_t i = tape->net->graph->op_count; ok && i-- > 0;) {
    const pk_op *op = &tape->net->graph->ops[i];
    if (tape->grads[op->output] && tape->net->wants_grad[op->output]) {
      ok = backward_op(tape, i, error);
    }
  }
  return ok;
}

// --- for the operators ---

const float *pk_diff_input(const pk_diff_call *call, int index) {
  return pk_diff_value(call->tape, call->op->inputs[index]);
}

size_t pk_diff_input_elements(const pk_diff_call *call, int index) {
  return call->tape->net->elements[call->op->inputs[index]];
}

size_t pk_diff_output_elements(const pk_diff_call *call) {
  return call->tape->net->elements[call->op->output];
}

float *pk_diff_input_grad(const pk_diff_call *call, int index) {
  const int32_t number = call->op->inputs[index];
  return number != PK_NO_TENSOR && call->tape->net->wants_grad[number] ? call->tape->grads[number]
                                                                       : NULL;
}

float *pk_diff_scratch(pk_diff_call *call, size_t elements) {
  pk_diff_tape *tape = call->tape;
  if (elements > tape->scratch_elements) {
    free(tape->scratch);
    tape->scratch = alloc_floats(elements);
    tape->scratch_elements = tape->scratch ? elements : 0;
    if (!tape->scratch) out_of_memory(call->error);
  }
  return tape->scratch;
}

const pk_diff_row *pk_diff_find(pk_op_kind kind) {
  static const pk_diff_row rows[PK_OP_COUNT] = {
#define PK_DIFF_OP(kind, name) \
  [PK_OP_##kind] = {pk_diff_##name##_forward, pk_diff_##name##_backward},
#include "diff_ops.inc"
#undef PK_DIFF_OP
  };
  return rows[kind].forward ? &rows[kind] : NULL;
}
