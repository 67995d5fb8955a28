#include "float_constant.h"

#include <string.h>

#include "../../core/base/bytes.h"

static float half_to_float(uint16_t half) {
  const uint32_t sign = (uint32_t)(half & 0x8000) << 16, fraction = half & 0x3ff;
  const uint32_t exponent = half >> 10 & 31;
  uint32_t bits = sign | (exponent + 112) << 23 | fraction << 13;
  float value;
  if (exponent == 31) bits = sign | 0x7f800000u | fraction << 13;
  if (exponent == 0) {  // subnormal: fraction * 2^-24
    value = (float)fraction * 0x1p-24f;
    return sign ? -value : value;
  }
  memcpy(&value, &bits, sizeof value);
  return value;
}

bool pk_is_float_convertible(const pk_tensor *tensor) {
  const bool is_quantized = (tensor->dtype == PK_DTYPE_S8 || tensor->dtype == PK_DTYPE_U8 ||
                             tensor->dtype == PK_DTYPE_S32 || tensor->dtype == PK_DTYPE_S16) &&
                            tensor->quantization.count > 0;
  return tensor->data && (tensor->dtype == PK_DTYPE_F16 || is_quantized);
}

// Elements of the axis that has a scale for each index, and how many values stand between two.
static bool scale_steps(const pk_tensor *tensor, size_t *count, size_t *stride, pk_error *error) {
  const pk_quantization *q = &tensor->quantization;
  *count = *stride = 1;
  if (q->count <= 1) return true;
  if (q->axis < 0 || q->axis >= tensor->rank || (size_t)tensor->dims[q->axis] != q->count) {
    return pk_fail(error, PK_BAD_MODEL, "constant \"%s\" of shape %s has %zu scales along axis %d",
                   tensor->name, pk_tensor_shape_text(tensor).text, q->count, q->axis);
  }
  *count = q->count;
  for (int i = q->axis + 1; i < tensor->rank; i++) *stride *= (size_t)tensor->dims[i];
  return true;
}

static int32_t load_integer(const uint8_t *data, pk_dtype dtype, size_t index) {
  switch (dtype) {
    case PK_DTYPE_S8:
      return (int8_t)data[index];
    case PK_DTYPE_S16:
      return (int16_t)(data[2 * index] | data[2 * index + 1] << 8);
    case PK_DTYPE_S32:
      return (int32_t)mnw_load_u32(data + 4 * index);
    default:
      return data[index];
  }
}

// The grid of 8-bit numbers, as int8. False: error filled.
static bool keep_grid(pk_graph *graph, pk_tensor *tensor, pk_error *error) {
  if (tensor->dtype != PK_DTYPE_S8 && tensor->dtype != PK_DTYPE_U8) return true;
  const pk_quantization *q = &tensor->quantization;
  int32_t *points = pk_arena_copy(&graph->arena, q->zero_points, q->count, sizeof *points, error);
  if (!points) return false;
  for (size_t i = 0; i < q->count; i++) points[i] -= tensor->dtype == PK_DTYPE_U8 ? 128 : 0;
  tensor->grid = *q;
  tensor->grid.zero_points = points;
  return true;
}

int32_t pk_graph_float_constant(pk_graph *graph, int32_t number, pk_error *error) {
  pk_tensor tensor = graph->tensors[number];
  const int64_t elements = pk_tensor_elements(&tensor);
  const size_t bytes = (size_t)pk_dtype_bits(tensor.dtype) / 8;
  size_t scale_count, stride;
  if (tensor.data && tensor.dtype == PK_DTYPE_F32) return number;
  if (elements < 0 || !pk_is_float_convertible(&tensor) ||
      tensor.data_bytes != bytes * (size_t)elements) {
    pk_fail(error, PK_BAD_MODEL,
            "constant \"%s\" (%s %s, %zu bytes) cannot be read as real numbers", tensor.name,
            pk_dtype_name(tensor.dtype), pk_tensor_shape_text(&tensor).text, tensor.data_bytes);
    return -1;
  }
  if (!scale_steps(&tensor, &scale_count, &stride, error)) return -1;
  float *values = pk_arena_alloc(&graph->arena, (size_t)elements, sizeof *values, error);
  if (!values) return -1;
  const pk_quantization *q = &tensor.quantization;
  for (size_t i = 0; i < (size_t)elements; i++) {
    if (tensor.dtype == PK_DTYPE_F16) {
      values[i] = half_to_float((uint16_t)(tensor.data[2 * i] | tensor.data[2 * i + 1] << 8));
    } else {
      const size_t scale = i / stride % scale_count;
      const int64_t value =
          (int64_t)load_integer(tensor.data, tensor.dtype, i) - q->zero_points[scale];
      values[i] = q->scales[scale] * (float)value;
    }
  }
  if (!keep_grid(graph, &tensor, error)) return -1;
  tensor.dtype = PK_DTYPE_F32;
  tensor.quantization = (pk_quantization){.count = 0};
  tensor.data = (const uint8_t *)values;
  tensor.data_bytes = (size_t)elements * sizeof *values;
  return pk_graph_add_tensor(graph, &tensor, error);
}
