#include "axis_common.h"

#include <string.h>

size_t mnw_axis_product(const mnw_tensor *tensor, uint32_t first, uint32_t last) {
  size_t product = 1;
  for (uint32_t i = first; i < last; i++) product *= (size_t)tensor->dims[i];
  return product;
}

mnw_axis_cut mnw_axis_cut_at(const mnw_tensor *tensor, uint32_t axis) {
  return (mnw_axis_cut){mnw_axis_product(tensor, 0, axis), (size_t)tensor->dims[axis],
                        mnw_axis_product(tensor, axis + 1, tensor->rank)};
}

mnw_status mnw_axis_check(const mnw_op_context *context, int32_t axis, uint32_t rank) {
  if (axis < 0 || (uint32_t)axis >= rank) {
    return mnw_op_refuse(context, "operator %0 works along axis %1 of a tensor of rank %2", axis,
                         rank);
  }
  return MNW_STATUS_OK;
}

mnw_status mnw_axis_check_indices(const mnw_op_context *context, const mnw_tensor *indices) {
  if (indices->dtype != MNW_DTYPE_S32 && indices->dtype != MNW_DTYPE_S64) {
    return mnw_op_refuse(context, "operator %0 needs int32 or int64 indices, not dtype %1",
                         indices->dtype, 0);
  }
  return MNW_STATUS_OK;
}

mnw_status mnw_axis_check_dims(const mnw_op_context *context, const mnw_tensor *a, uint32_t first_a,
                               const mnw_tensor *b, uint32_t first_b, uint32_t count) {
  if (first_a + count > a->rank || first_b + count > b->rank) {
    return mnw_op_refuse(context, "operator %0: ranks %1 and %2 do not fit together", a->rank,
                         b->rank);
  }
  for (uint32_t i = 0; i < count; i++) {
    if (a->dims[first_a + i] != b->dims[first_b + i]) {
      return mnw_op_refuse(context, "operator %0: dimensions %1 and %2 should be equal",
                           a->dims[first_a + i], b->dims[first_b + i]);
    }
  }
  return MNW_STATUS_OK;
}

mnw_status mnw_axis_check_reduced(const mnw_op_context *context, const mnw_tensor *x,
                                  const mnw_tensor *y, uint32_t mask) {
  const bool keeps = y->rank == x->rank;
  uint32_t at = 0;
  bool fits = mask >> x->rank == 0;
  for (uint32_t i = 0; i < x->rank && fits; i++) {
    const bool is_reduced = mask >> i & 1;
    if (is_reduced && !keeps) continue;
    fits = at < y->rank && y->dims[at] == (is_reduced ? 1 : x->dims[i]);
    at++;
  }
  if (!fits || at != y->rank) {
    return mnw_op_refuse(context,
                         "operator %0: its output of rank %1 is not its input without the axes of "
                         "mask %2",
                         y->rank, mask);
  }
  return MNW_STATUS_OK;
}

int64_t mnw_load_integer(mnw_dtype dtype, const void *data, size_t at) {
  switch (dtype) {
    case MNW_DTYPE_S64:
      return ((const int64_t *)data)[at];
    case MNW_DTYPE_S32:
      return ((const int32_t *)data)[at];
    case MNW_DTYPE_S16:
      return ((const int16_t *)data)[at];
    case MNW_DTYPE_S8:
      return ((const int8_t *)data)[at];
    default:
      return ((const uint8_t *)data)[at];
  }
}

void mnw_store_integer(mnw_dtype dtype, void *data, size_t at, int64_t value) {
  const uint64_t bits = (uint64_t)value;
  switch (dtype) {
    case MNW_DTYPE_S64:
      ((uint64_t *)data)[at] = bits;
      break;
    case MNW_DTYPE_S32:
      ((uint32_t *)data)[at] = (uint32_t)bits;
      break;
    case MNW_DTYPE_S16:
      ((uint16_t *)data)[at] = (uint16_t)bits;
      break;
    default:
      ((uint8_t *)data)[at] = (uint8_t)bits;
  }
}

int64_t mnw_order_key(mnw_dtype dtype, const void *data, size_t at) {
  if (dtype != MNW_DTYPE_F32) return mnw_load_integer(dtype, data, at);
  const float value = ((const float *)data)[at] + 0.0f;  // -0 becomes 0
  int32_t bits;
  memcpy(&bits, &value, sizeof bits);
  if (value != value) return INT32_MAX;
  return bits < 0 ? -(int64_t)(bits & INT32_MAX) : bits;
}

size_t mnw_load_index(const mnw_tensor *indices, const void *data, size_t at, int32_t extent) {
  int64_t index = mnw_load_integer((mnw_dtype)indices->dtype, data, at);
  if (index < 0) index += extent;
  return index < 0 ? 0 : index >= extent ? (size_t)extent - 1 : (size_t)index;
}

mnw_status mnw_element_walk_check(const mnw_op_context *context, const mnw_tensor *x,
                                  const mnw_tensor *indices, int32_t axis) {
  mnw_status status = mnw_axis_check(context, axis, x->rank);
  if (status == MNW_STATUS_OK) status = mnw_axis_check_indices(context, indices);
  if (status != MNW_STATUS_OK) return status;
  if (indices->rank != x->rank) {
    return mnw_op_refuse(context, "operator %0 has indices of rank %1 for a tensor of rank %2",
                         indices->rank, x->rank);
  }
  for (uint32_t i = 0; i < x->rank; i++) {
    if (i != (uint32_t)axis && indices->dims[i] > x->dims[i]) {
      return mnw_op_refuse(context, "operator %0 has %1 indices along an axis of %2",
                           indices->dims[i], x->dims[i]);
    }
  }
  return MNW_STATUS_OK;
}

void mnw_element_walk_start(mnw_element_walk *walk, const mnw_tensor *x, const mnw_tensor *indices,
                            const void *index_data, int32_t axis) {
  walk->indices = indices;
  walk->index_data = index_data;
  walk->extent = x->dims[axis];
  mnw_nd_init(&walk->it, indices, 2);
  mnw_nd_dense_strides(walk->it.strides[1], x);
  walk->axis_stride = walk->it.strides[1][axis];
  walk->it.strides[1][axis] = 0;
  mnw_nd_start(&walk->it);
}

size_t mnw_element_walk_at(const mnw_element_walk *walk, ptrdiff_t i) {
  const mnw_nd_iter *it = &walk->it;
  const size_t index = mnw_load_index(walk->indices, walk->index_data,
                                      (size_t)(it->offset[0] + i * it->step[0]), walk->extent);
  return (size_t)(it->offset[1] + i * it->step[1] + (ptrdiff_t)index * walk->axis_stride);
}

mnw_status mnw_tuples_check(const mnw_op_context *context, const mnw_tensor *x, uint32_t first_axis,
                            const mnw_tensor *indices) {
  const mnw_status status = mnw_axis_check_indices(context, indices);
  if (status != MNW_STATUS_OK) return status;
  const int32_t length = indices->rank > 0 ? indices->dims[indices->rank - 1] : 0;
  if (length < 1 || (int64_t)first_axis + length > x->rank) {
    return mnw_op_refuse(context, "operator %0 has tuples of %1 indices for a tensor of rank %2",
                         length, x->rank);
  }
  return MNW_STATUS_OK;
}

size_t mnw_tuple_offset(const mnw_tensor *x, uint32_t first_axis, const mnw_tensor *indices,
                        const void *index_data, size_t at) {
  const uint32_t length = (uint32_t)indices->dims[indices->rank - 1];
  size_t offset = 0;
  for (uint32_t i = 0; i < length; i++) {
    const int32_t extent = x->dims[first_axis + i];
    offset = offset * (size_t)extent + mnw_load_index(indices, index_data, at * length + i, extent);
  }
  return offset * mnw_axis_product(x, first_axis + length, x->rank);
}
