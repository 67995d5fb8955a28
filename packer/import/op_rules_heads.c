// The rules of recurrent nets and of detectors' heads, which carry the runtime's parameter words as
// op_rules_words.c has it: shapes follow from inputs and words, the runtime checks the rest.
#include "../../core/ops/op_params.h"
#include "op_rules.h"

static bool check_float_inputs(const pk_graph *graph, const pk_op *op, int count, int rank,
                               pk_error *error) {
  for (int i = 0; i < count; i++) {
    const pk_tensor *tensor = pk_op_input(graph, op, i);
    if (tensor->dtype == PK_DTYPE_F32 && (tensor->rank == rank || rank == 0)) continue;
    return pk_op_fail(op, error, PK_UNSUPPORTED,
                      "its input \"%s\" is %s of shape %s, which is not float32 of the rank that "
                      "the operator needs",
                      tensor->name, pk_dtype_name(tensor->dtype),
                      pk_tensor_shape_text(tensor).text);
  }
  return true;
}

static bool check_output(const pk_graph *graph, const pk_op *op, const pk_tensor *expected,
                         pk_error *error) {
  const pk_tensor *output = pk_op_output(graph, op);
  if (pk_tensor_same_shape(output, expected)) return true;
  return pk_op_fail(op, error, PK_BAD_MODEL, "its output \"%s\" has shape %s, but it computes %s",
                    output->name, pk_tensor_shape_text(output).text,
                    pk_tensor_shape_text(expected).text);
}

static bool check_float_output(const pk_graph *graph, const pk_op *op, pk_error *error) {
  const pk_tensor *output = pk_op_output(graph, op);
  if (output->dtype == PK_DTYPE_F32) return true;
  return pk_op_fail(op, error, PK_BAD_MODEL, "its output \"%s\" is %s instead of float32",
                    output->name, pk_dtype_name(output->dtype));
}

bool pk_check_recurrent(const pk_graph *graph, const pk_op *op, pk_error *error) {
  if (!check_float_inputs(graph, op, 3, 3, error)) return false;
  const pk_tensor *x = pk_op_input(graph, op, 0), *weights = pk_op_input(graph, op, 2);
  pk_tensor shape = {.rank = 3, .dims = {weights->dims[0], x->dims[1], weights->dims[2]}};
  if (op->attributes.words.words[MNW_RECURRENT_OUTPUT] == 0) {
    shape = (pk_tensor){.rank = 4,
                        .dims = {x->dims[0], weights->dims[0], x->dims[1], weights->dims[2]}};
  }
  return check_float_output(graph, op, error) && check_output(graph, op, &shape, error);
}

bool pk_check_non_max_suppression(const pk_graph *graph, const pk_op *op, pk_error *error) {
  if (!check_float_inputs(graph, op, 2, 3, error)) return false;
  const pk_tensor *output = pk_op_output(graph, op);
  const pk_tensor shape = {.rank = 2, .dims = {output->dims[0], 3}};
  if (output->dtype != PK_DTYPE_S64 && output->dtype != PK_DTYPE_S32) {
    return pk_op_fail(op, error, PK_BAD_MODEL, "its output \"%s\" is %s instead of int64 or int32",
                      output->name, pk_dtype_name(output->dtype));
  }
  return check_output(graph, op, &shape, error);
}

bool pk_check_detection_post_process(const pk_graph *graph, const pk_op *op, pk_error *error) {
  const int32_t *words = op->attributes.words.words;
  const int64_t rows =
      (int64_t)words[MNW_DETECTION_DETECTIONS] * words[MNW_DETECTION_CLASSES_PER_DETECTION];
  const int32_t kind = words[MNW_DETECTION_OUTPUT];
  const pk_tensor *output = pk_op_output(graph, op);
  if (!check_float_inputs(graph, op, 3, 0, error) || !check_float_output(graph, op, error)) {
    return false;
  }
  if (pk_tensor_elements(output) != (kind == 3 ? 1 : kind == 0 ? 4 * rows : rows)) {
    return pk_op_fail(op, error, PK_BAD_MODEL,
                      "its output \"%s\" has shape %s, which does not hold %lld detections",
                      output->name, pk_tensor_shape_text(output).text, (long long)rows);
  }
  return true;
}
