// Helpers of the operators' import functions. Values travel through them like through expressions:
// every helper returns PK_FAILED for a PK_FAILED operand, so that only the end needs a check. An
// operator whose inputs are all constant is evaluated at once.
#ifndef MINNOW_PACKER_IMPORT_ONNX_BUILD_H_
#define MINNOW_PACKER_IMPORT_ONNX_BUILD_H_

#include <math.h>

#include "../../../core/ops/op_params.h"
#include "onnx_import.h"

// Reports o->node as unsupported ("Conv: <why>"). False.
bool pk_onnx_refuse(pk_onnx *o, const char *format, ...) __attribute__((format(printf, 2, 3)));
pk_value pk_onnx_refuse_value(pk_onnx *o, const char *why);
// BAD_MODEL with the node's number and name. False.
bool pk_onnx_broken(pk_onnx *o, const char *format, ...) __attribute__((format(printf, 2, 3)));

// --- inputs and outputs of o->node ---
pk_value pk_onnx_input(pk_onnx *o, size_t index);     // PK_ABSENT: left out
pk_value pk_onnx_required(pk_onnx *o, size_t index);  // left out: BAD_MODEL
size_t pk_onnx_input_count(const pk_onnx *o);
bool pk_onnx_has_output(const pk_onnx *o, size_t index);
bool pk_onnx_set_output(pk_onnx *o, size_t index, pk_value value);
// The same with the ONNX type of the result, cut to its range where the operator may leave it.
bool pk_onnx_set_typed_output(pk_onnx *o, size_t index, pk_value value, int type);

// Brings an integer that is carried in a wider type back into its own range, as overflow would.
pk_value pk_onnx_wrap(pk_onnx *o, pk_value value, int type);

const pk_tensor *pk_onnx_tensor(const pk_onnx *o, pk_value value);  // valid until the next is added
int pk_onnx_type(const pk_onnx *o, pk_value value);
bool pk_onnx_is_constant(const pk_onnx *o, pk_value value);
int64_t pk_onnx_elements(const pk_onnx *o, pk_value value);  // 0 for an empty one

// --- attributes ---
const Onnx__AttributeProto *pk_onnx_attribute(const pk_onnx *o, const char *name);
int64_t pk_onnx_attribute_int(const pk_onnx *o, const char *name, int64_t fallback);
float pk_onnx_attribute_float(const pk_onnx *o, const char *name, float fallback);
bool pk_onnx_attribute_is(const pk_onnx *o, const char *name, const char *text,
                          const char *fallback);

typedef struct pk_onnx_ints {
  int64_t *values;
  size_t count;
  bool is_given;
} pk_onnx_ints;
bool pk_onnx_attribute_ints(pk_onnx *o, const char *name, pk_onnx_ints *ints);
// A value that must be known while importing. PK_ABSENT gives is_given = false.
bool pk_onnx_constant_ints(pk_onnx *o, pk_value value, pk_onnx_ints *ints);
bool pk_onnx_constant_floats(pk_onnx *o, pk_value value, const float **floats, size_t *count);
// Attribute `name` (older opsets), else input `index`.
bool pk_onnx_parameter_ints(pk_onnx *o, const char *name, size_t index, pk_onnx_ints *ints);
bool pk_onnx_need_constant(pk_onnx *o, pk_value value);  // false and the error where it is none
// Puts a negative axis right; false with the error where it is out of range.
bool pk_onnx_axis(pk_onnx *o, int64_t *axis, int rank);
bool pk_onnx_axis_mask(pk_onnx *o, const pk_onnx_ints *axes, int rank, uint32_t *mask);

// An operator of the table built for another one: `inputs` stand for its inputs, o->node for its
// attributes. Returns its first output.
typedef struct pk_onnx_call {
  const pk_onnx_op_row *row;
  const pk_value *inputs;
  size_t input_count;
  pk_value output;
} pk_onnx_call;
pk_value pk_onnx_apply(pk_onnx *o, const char *name, const pk_value *inputs, size_t count);

// --- constants and inputs ---
pk_value pk_onnx_add_tensor(pk_onnx *o, const pk_tensor *tensor);  // a constant
pk_value pk_onnx_add_input(pk_onnx *o, const pk_tensor *tensor);   // of the graph
pk_value pk_onnx_constant(pk_onnx *o, pk_dtype dtype, int rank, const int32_t *dims,
                          const void *data);
pk_value pk_onnx_scalar(pk_onnx *o, pk_dtype dtype, double value);
pk_value pk_onnx_int_list(pk_onnx *o, const int64_t *values, size_t count);

// --- operators ---
// The general form: `like` gives activation and attributes and may be NULL.
pk_value pk_onnx_emit(pk_onnx *o, pk_op_kind kind, const pk_value *inputs, int input_count,
                      pk_dtype dtype, int rank, const int32_t *dims, const pk_op *like);
pk_value pk_onnx_unary(pk_onnx *o, int function, pk_value x, float alpha, float beta);
pk_value pk_onnx_binary(pk_onnx *o, int function, pk_value a, pk_value b);
pk_value pk_onnx_binary_scalar(pk_onnx *o, int function, pk_value a, double b);
pk_value pk_onnx_cast(pk_onnx *o, pk_value x, pk_dtype dtype);
// Casts floats that are whole numbers in the type's range; a cast back to float32 gives x itself.
pk_value pk_onnx_whole(pk_onnx *o, pk_value x, pk_dtype dtype);
void pk_onnx_set_float_twin(pk_onnx *o, pk_value value, pk_value twin);
// Rounds float32 to what a narrower float type can hold, by o->node's attributes (saturate).
pk_value pk_onnx_round_float(pk_onnx *o, pk_value x, int type);
pk_value pk_onnx_reshape(pk_onnx *o, pk_value x, int rank, const int32_t *dims);
pk_value pk_onnx_transpose(pk_onnx *o, pk_value x, const int *perm);
pk_value pk_onnx_expand(pk_onnx *o, pk_value x, int rank, const int32_t *dims);
pk_value pk_onnx_slice(pk_onnx *o, pk_value x, const int32_t *starts, const int32_t *steps,
                       const int32_t *counts);
// Elements first … first + count - 1 along one axis.
pk_value pk_onnx_part(pk_onnx *o, pk_value x, int axis, int32_t first, int32_t count);
pk_value pk_onnx_concat(pk_onnx *o, const pk_value *inputs, size_t count, int axis);
pk_value pk_onnx_reduce(pk_onnx *o, int function, pk_value x, uint32_t axes, bool keep);
pk_value pk_onnx_pad(pk_onnx *o, pk_value x, const int32_t *before, const int32_t *after,
                     double value, int mode);
pk_value pk_onnx_matmul(pk_onnx *o, pk_value a, pk_value b, bool transpose_a, bool transpose_b);
// kind as in op_params.h; scale and bias may be PK_ABSENT.
pk_value pk_onnx_normalize(pk_onnx *o, pk_value x, pk_value scale, pk_value bias, int axis,
                           float epsilon, int kind);
pk_value pk_onnx_softmax(pk_onnx *o, pk_value x);  // along the last axis
pk_value pk_onnx_arg_reduce(pk_onnx *o, pk_value x, int axis, bool is_min, bool last, bool keep);
pk_value pk_onnx_gather(pk_onnx *o, pk_value x, pk_value indices, int axis);
// Swaps axis `axis` with the last one (its own inverse).
pk_value pk_onnx_swap_last(pk_onnx *o, pk_value x, int axis);
// N,C,spatial… -> N,spatial…,C and back.
pk_value pk_onnx_channels_last(pk_onnx *o, pk_value x);
pk_value pk_onnx_channels_first(pk_onnx *o, pk_value x);
// The channel vector [C] for use beside a channels-first tensor of this rank: [C,1,…].
pk_value pk_onnx_per_channel(pk_onnx *o, pk_value vector, int rank);

#endif  // MINNOW_PACKER_IMPORT_ONNX_BUILD_H_
