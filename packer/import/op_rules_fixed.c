// What the fixed-point operators demand: the importer computed their words from these tensors, so
// shapes, constants and dtypes are left to check.
#include "../../core/ops/op_params.h"
#include "op_rules.h"

static bool check_dtype(const pk_graph *graph, const pk_op *op, int input, pk_dtype dtype,
                        pk_error *error) {
  const pk_tensor *tensor = input < 0 ? pk_op_output(graph, op) : pk_op_input(graph, op, input);
  if (tensor->dtype == dtype) return true;
  return pk_op_fail(op, error, PK_UNSUPPORTED, "its tensor \"%s\" is %s, but must be %s",
                    tensor->name, pk_dtype_name(tensor->dtype), pk_dtype_name(dtype));
}

bool pk_check_rescale(const pk_graph *graph, const pk_op *op, pk_error *error) {
  const pk_tensor *input = pk_op_input(graph, op, 0), *output = pk_op_output(graph, op);
  if (pk_tensor_same_shape(input, output)) return true;
  return pk_op_fail(op, error, PK_BAD_MODEL, "its output \"%s\" has shape %s, but it computes %s",
                    output->name, pk_tensor_shape_text(output).text,
                    pk_tensor_shape_text(input).text);
}

bool pk_check_fixed_binary(const pk_graph *graph, const pk_op *op, pk_error *error) {
  return pk_check_binary(graph, op, error);
}

// The importer made all constants to fit; the sequences are left.
bool pk_check_fixed_lstm(const pk_graph *graph, const pk_op *op, pk_error *error) {
  const pk_tensor *input = pk_op_input(graph, op, 0), *weights = pk_op_input(graph, op, 1);
  const pk_tensor *output = pk_op_output(graph, op);
  if (!check_dtype(graph, op, 0, PK_DTYPE_S8, error) ||
      !check_dtype(graph, op, -1, PK_DTYPE_S8, error)) {
    return false;
  }
  if (input->rank == 3 && output->rank == 3 && input->dims[0] == output->dims[0] &&
      input->dims[1] == output->dims[1] && input->dims[2] == weights->dims[2] &&
      output->dims[2] == weights->dims[1]) {
    return true;
  }
  return pk_op_fail(op, error, PK_BAD_MODEL, "its input %s and output %s do not fit its weights %s",
                    pk_tensor_shape_text(input).text, pk_tensor_shape_text(output).text,
                    pk_tensor_shape_text(weights).text);
}

bool pk_check_fixed_conv_2d(const pk_graph *graph, const pk_op *op, pk_error *error) {
  const pk_tensor *input = pk_op_input(graph, op, PK_INPUT_DATA);
  const pk_tensor *weights = pk_op_input(graph, op, PK_INPUT_WEIGHTS);
  const pk_tensor *bias = pk_op_input(graph, op, PK_INPUT_BIAS), *output = pk_op_output(graph, op);
  const int32_t groups = op->attributes.words.words[MNW_FIXED_CONV_GROUPS];
  if (!check_dtype(graph, op, PK_INPUT_DATA, PK_DTYPE_S16, error) ||
      !check_dtype(graph, op, PK_INPUT_WEIGHTS, PK_DTYPE_S8, error) ||
      !check_dtype(graph, op, PK_INPUT_BIAS,
                   bias->dtype == PK_DTYPE_S64 ? PK_DTYPE_S64 : PK_DTYPE_S32, error) ||
      !check_dtype(graph, op, -1, PK_DTYPE_S16, error)) {
    return false;
  }
  if (!weights->data || !bias->data) {
    return pk_op_fail(op, error, PK_UNSUPPORTED,
                      "its weights or its bias are computed; only constants can be packed");
  }
  if (weights->rank != 4 || input->rank != 4 || output->rank != 4 || groups < 1 ||
      (int64_t)groups * weights->dims[3] != input->dims[3] || weights->dims[0] % groups != 0 ||
      output->dims[3] != weights->dims[0] || output->dims[0] != input->dims[0] ||
      pk_tensor_elements(bias) != weights->dims[0]) {
    return pk_op_fail(
        op, error, PK_BAD_MODEL,
        "its weights \"%s\" of shape %s do not fit its input %s, output %s and bias %s",
        weights->name, pk_tensor_shape_text(weights).text, pk_tensor_shape_text(input).text,
        pk_tensor_shape_text(output).text, pk_tensor_shape_text(bias).text);
  }
  return true;
}
