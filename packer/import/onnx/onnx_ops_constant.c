// Operators whose result is known while importing.
#include <string.h>

#include "onnx_build.h"

enum { MOST_ELEMENTS = 1 << 24 };

static pk_value tensor_constant(pk_onnx *o, const Onnx__TensorProto *source) {
  pk_tensor tensor = {.name = o->node_name};
  if (pk_onnx_type_dtype(source->data_type) == PK_DTYPE_OTHER) {
    pk_onnx_refuse(o, "of %s", pk_onnx_type_name(source->data_type));
    return PK_FAILED;
  }
  if (!pk_onnx_tensor_data(&tensor, &o->graph->arena, source,
                           o->options ? o->options->folder : NULL, o->error)) {
    return PK_FAILED;
  }
  const pk_value value = pk_onnx_constant(o, tensor.dtype, tensor.rank, tensor.dims, tensor.data);
  if (value >= 0) o->types[value] = (uint8_t)source->data_type;
  return value;
}

bool pk_onnx_op_constant_value(pk_onnx *o) {
  const Onnx__AttributeProto *a;
  pk_value value = PK_FAILED;
  if ((a = pk_onnx_attribute(o, "value")) != NULL && a->t) {
    value = tensor_constant(o, a->t);
  } else if ((a = pk_onnx_attribute(o, "value_float")) != NULL && a->has_f) {
    value = pk_onnx_scalar(o, PK_DTYPE_F32, (double)a->f);
  } else if ((a = pk_onnx_attribute(o, "value_int")) != NULL && a->has_i) {
    value = pk_onnx_constant(o, PK_DTYPE_S64, 0, NULL, &a->i);
  } else if ((a = pk_onnx_attribute(o, "value_ints")) != NULL) {
    value = pk_onnx_int_list(o, a->ints, a->n_ints);
  } else if ((a = pk_onnx_attribute(o, "value_floats")) != NULL) {
    const int32_t dims[1] = {(int32_t)a->n_floats};
    value = pk_onnx_constant(o, PK_DTYPE_F32, 1, dims, a->floats);
  } else {
    return pk_onnx_refuse(o, "sparse or of strings");
  }
  return pk_onnx_set_output(o, 0, value);
}

bool pk_onnx_op_shape_of(pk_onnx *o) {
  const pk_value x = pk_onnx_required(o, 0);
  if (x < 0) return false;
  const pk_tensor in = *pk_onnx_tensor(o, x);
  int64_t start = pk_onnx_attribute_int(o, "start", 0);
  int64_t end = pk_onnx_attribute_int(o, "end", in.rank);
  if (start < 0) start += in.rank;
  if (end < 0) end += in.rank;
  start = start < 0 ? 0 : start > in.rank ? in.rank : start;
  end = end < start ? start : end > in.rank ? in.rank : end;
  int64_t dims[PK_MAX_RANK] = {0};
  for (int64_t i = start; i < end; i++) dims[i - start] = in.dims[i];
  return pk_onnx_set_output(o, 0, pk_onnx_int_list(o, dims, (size_t)(end - start)));
}

bool pk_onnx_op_size_of(pk_onnx *o) {
  const pk_value x = pk_onnx_required(o, 0);
  if (x < 0) return false;
  const int64_t elements = pk_onnx_elements(o, x);
  return pk_onnx_set_output(o, 0, pk_onnx_constant(o, PK_DTYPE_S64, 0, NULL, &elements));
}

bool pk_onnx_op_constant_of_shape(pk_onnx *o) {
  pk_onnx_ints shape;
  if (!pk_onnx_constant_ints(o, pk_onnx_required(o, 0), &shape)) return false;
  const Onnx__AttributeProto *a = pk_onnx_attribute(o, "value");
  if (shape.count > PK_MAX_RANK) return pk_onnx_refuse(o, "%zu axes", shape.count);
  int32_t dims[PK_MAX_RANK];
  int64_t elements = 1;
  for (size_t i = 0; i < shape.count; i++) {
    if (shape.values[i] < 0 || shape.values[i] > MOST_ELEMENTS) {
      return pk_onnx_broken(o, "its shape has %lld at %zu", (long long)shape.values[i], i);
    }
    dims[i] = (int32_t)shape.values[i];
    elements *= dims[i];
    if (elements > MOST_ELEMENTS) return pk_onnx_broken(o, "its result is too large");
  }
  pk_value value = a && a->t ? tensor_constant(o, a->t) : pk_onnx_scalar(o, PK_DTYPE_F32, 0.0);
  if (value < 0) return false;
  const int type = pk_onnx_type(o, value);
  const pk_dtype dtype = pk_onnx_tensor(o, value)->dtype;
  if (pk_onnx_elements(o, value) != 1) return pk_onnx_broken(o, "its value is not one element");
  if (elements == 0) {
    value = pk_onnx_constant(o, dtype, (int)shape.count, dims, NULL);
  } else {
    value = pk_onnx_expand(o, pk_onnx_reshape(o, value, 0, NULL), (int)shape.count, dims);
  }
  return pk_onnx_set_typed_output(o, 0, value, type);
}

bool pk_onnx_op_range(pk_onnx *o) {
  pk_value inputs[3];
  for (size_t i = 0; i < 3; i++) {
    inputs[i] = pk_onnx_required(o, i);
    if (inputs[i] < 0 || !pk_onnx_need_constant(o, inputs[i])) return false;
    if (pk_onnx_elements(o, inputs[i]) != 1) return pk_onnx_broken(o, "its limits are no scalars");
  }
  const pk_dtype dtype = pk_onnx_tensor(o, inputs[0])->dtype;
  const int type = pk_onnx_type(o, inputs[0]);
  double limits[3];
  int64_t whole[3] = {0};
  for (size_t i = 0; i < 3; i++) {
    const float *real;
    pk_onnx_ints ints;
    size_t count;
    if (dtype == PK_DTYPE_F32) {
      if (!pk_onnx_constant_floats(o, inputs[i], &real, &count)) return false;
      limits[i] = (double)real[0];
    } else {
      if (!pk_onnx_constant_ints(o, inputs[i], &ints)) return false;
      whole[i] = ints.values[0];
      limits[i] = (double)whole[i];
    }
  }
  const double count = ceil((limits[1] - limits[0]) / limits[2]);
  if (!(limits[2] != 0.0) || !(count <= MOST_ELEMENTS)) {
    return pk_onnx_broken(o, "its limits give no list of a sensible length");
  }
  const int32_t dims[1] = {count < 1.0 ? 0 : (int32_t)count};
  float *reals = pk_arena_alloc(&o->graph->arena, (size_t)dims[0], sizeof *reals, o->error);
  int64_t *ints = pk_arena_alloc(&o->graph->arena, (size_t)dims[0], sizeof *ints, o->error);
  if (!reals || !ints) return false;
  for (int32_t i = 0; i < dims[0]; i++) {
    reals[i] = (float)(limits[0] + i * limits[2]);
    ints[i] = (int64_t)((uint64_t)whole[0] + (uint64_t)i * (uint64_t)whole[2]);
  }
  const bool is_real = dtype == PK_DTYPE_F32;
  pk_value value = is_real
                       ? pk_onnx_constant(o, dtype, 1, dims, reals)
                       : pk_onnx_cast(o, pk_onnx_constant(o, PK_DTYPE_S64, 1, dims, ints), dtype);
  return pk_onnx_set_typed_output(o, 0, value, type);
}

bool pk_onnx_op_eye_like(pk_onnx *o) {
  const pk_value x = pk_onnx_required(o, 0);
  if (x < 0) return false;
  const pk_tensor in = *pk_onnx_tensor(o, x);
  const int type = (int)pk_onnx_attribute_int(o, "dtype", pk_onnx_type(o, x));
  const int64_t k = pk_onnx_attribute_int(o, "k", 0);
  const pk_dtype dtype = pk_onnx_type_dtype(type);
  if (dtype == PK_DTYPE_OTHER) return pk_onnx_refuse(o, "of %s", pk_onnx_type_name(type));
  if (in.rank != 2) return pk_onnx_broken(o, "%d axes are no matrix", in.rank);
  if ((int64_t)in.dims[0] * in.dims[1] > MOST_ELEMENTS) return pk_onnx_refuse(o, "of this size");
  const size_t count = (size_t)in.dims[0] * (size_t)in.dims[1];
  float *values = pk_arena_alloc(&o->graph->arena, count, sizeof *values, o->error);
  if (!values) return false;
  for (int64_t row = 0; row < in.dims[0]; row++) {
    if (k > in.dims[1] || k < -(int64_t)in.dims[0]) break;
    const int64_t column = row + k;
    if (column >= 0 && column < in.dims[1]) values[row * in.dims[1] + column] = 1.0f;
  }
  const pk_value eye = pk_onnx_constant(o, PK_DTYPE_F32, 2, in.dims, values);
  return pk_onnx_set_typed_output(o, 0, pk_onnx_cast(o, eye, dtype), type);
}
