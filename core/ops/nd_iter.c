#include "nd_iter.h"

#include <string.h>

void mnw_nd_dense_strides(ptrdiff_t strides[MNW_MAX_RANK], const mnw_tensor *tensor) {
  ptrdiff_t stride = 1;
  for (uint32_t i = tensor->rank; i-- > 0;) {
    strides[i] = stride;
    stride *= tensor->dims[i];
  }
}

void mnw_nd_init(mnw_nd_iter *it, const mnw_tensor *shape, uint32_t operands) {
  memset(it, 0, sizeof *it);
  it->operands = operands;
  it->rank = shape->rank;
  for (uint32_t i = 0; i < shape->rank; i++) it->dims[i] = shape->dims[i];
  mnw_nd_dense_strides(it->strides[0], shape);
}

void mnw_nd_broadcast(mnw_nd_iter *it, uint32_t operand, const mnw_tensor *tensor) {
  ptrdiff_t strides[MNW_MAX_RANK];
  const uint32_t missing = it->rank - tensor->rank;
  mnw_nd_dense_strides(strides, tensor);
  for (uint32_t i = 0; i < it->rank; i++) {
    const bool is_stretched = i < missing || tensor->dims[i - missing] == 1;
    it->strides[operand][i] = is_stretched ? 0 : strides[i - missing];
  }
}

// Whether the outer axis of every operand continues where the inner one ends.
static bool continues(const mnw_nd_iter *it, uint32_t outer, uint32_t inner) {
  for (uint32_t k = 0; k < it->operands; k++) {
    if (it->strides[k][outer] != it->strides[k][inner] * it->dims[inner]) return false;
  }
  return true;
}

void mnw_nd_start(mnw_nd_iter *it) {
  // Axes are rewritten from the innermost outwards, into slots 5, 4, …, then moved down.
  uint32_t first = MNW_MAX_RANK;
  for (uint32_t i = it->rank; i-- > 0;) {
    if (it->dims[i] == 1) continue;
    if (first < MNW_MAX_RANK && continues(it, i, first)) {
      it->dims[first] *= it->dims[i];
      continue;
    }
    first--;
    it->dims[first] = it->dims[i];
    for (uint32_t k = 0; k < it->operands; k++) it->strides[k][first] = it->strides[k][i];
  }
  const uint32_t rank = MNW_MAX_RANK - first;
  for (uint32_t i = 0; i < rank; i++) {
    it->dims[i] = it->dims[first + i];
    for (uint32_t k = 0; k < it->operands; k++) it->strides[k][i] = it->strides[k][first + i];
  }
  it->rank = rank;
  it->count = rank > 0 ? it->dims[rank - 1] : 1;
  memset(it->position, 0, sizeof it->position);
  for (uint32_t k = 0; k < it->operands; k++) {
    it->offset[k] = it->start[k];
    it->step[k] = rank > 0 ? it->strides[k][rank - 1] : 1;
  }
}

bool mnw_nd_next(mnw_nd_iter *it) {
  for (uint32_t i = it->rank > 0 ? it->rank - 1 : 0; i-- > 0;) {
    for (uint32_t k = 0; k < it->operands; k++) it->offset[k] += it->strides[k][i];
    if (++it->position[i] < it->dims[i]) return true;
    it->position[i] = 0;
    for (uint32_t k = 0; k < it->operands; k++) {
      it->offset[k] -= it->strides[k][i] * it->dims[i];
    }
  }
  return false;
}

mnw_status mnw_nd_check_broadcast(const mnw_op_context *context, const mnw_tensor *tensor,
                                  const mnw_tensor *shape) {
  if (tensor->rank > shape->rank) {
    return mnw_op_refuse(context, "operator %0: an input of rank %1 does not stretch to rank %2",
                         tensor->rank, shape->rank);
  }
  const uint32_t missing = shape->rank - tensor->rank;
  for (uint32_t i = 0; i < tensor->rank; i++) {
    if (tensor->dims[i] != 1 && tensor->dims[i] != shape->dims[i + missing]) {
      return mnw_op_refuse(context, "operator %0: a dimension of %1 does not stretch to %2",
                           tensor->dims[i], shape->dims[i + missing]);
    }
  }
  return MNW_STATUS_OK;
}

mnw_status mnw_nd_check_operands(const mnw_op_context *context, uint32_t min_inputs,
                                 uint32_t max_inputs) {
  const mnw_node *node = context->node;
  const uint32_t inputs = node->input_count < min_inputs   ? min_inputs
                          : node->input_count > max_inputs ? max_inputs
                                                           : node->input_count;
  const mnw_status status = mnw_op_check_arity(context, inputs, 1);
  if (status != MNW_STATUS_OK) return status;
  for (uint32_t i = 0; i < inputs; i++) {
    if (mnw_op_input(context, i)->layout != MNW_LAYOUT_ROW_MAJOR) {
      return mnw_op_refuse(context, "operator %0: input %1 is packed for another operator", i, 0);
    }
  }
  return MNW_STATUS_OK;
}

mnw_status mnw_nd_check_same_kind(const mnw_op_context *context, const mnw_tensor *a,
                                  const mnw_tensor *b) {
  if (a->dtype != b->dtype) {
    return mnw_op_refuse(context, "operator %0 copies, but from dtype %1 to %2", a->dtype,
                         b->dtype);
  }
  if (a->scale != b->scale || a->zero_point != b->zero_point) {
    return mnw_op_refuse(context,
                         "operator %0 copies, but scales differ or zero points do (%1 and %2)",
                         a->zero_point, b->zero_point);
  }
  return MNW_STATUS_OK;
}

static void copy_run(const mnw_nd_iter *it, uint8_t *out, const uint8_t *in, size_t element_bytes) {
  const ptrdiff_t bytes = (ptrdiff_t)element_bytes;
  out += it->offset[0] * bytes;
  in += it->offset[1] * bytes;
  if (it->step[0] == 1 && it->step[1] == 1) {
    memcpy(out, in, (size_t)it->count * element_bytes);
    return;
  }
  const ptrdiff_t out_step = it->step[0] * bytes, in_step = it->step[1] * bytes;
  for (ptrdiff_t i = 0; i < it->count; i++) {
    // Sizes that the compiler knows become plain loads and stores.
    if (bytes == 4) {
      memcpy(out + i * out_step, in + i * in_step, 4);
    } else if (bytes == 1) {
      out[i * out_step] = in[i * in_step];
    } else if (bytes == 2) {
      memcpy(out + i * out_step, in + i * in_step, 2);
    } else {
      memcpy(out + i * out_step, in + i * in_step, 8);
    }
  }
}

void mnw_nd_copy(mnw_nd_iter *it, void *out, const void *in, size_t element_bytes) {
  mnw_nd_start(it);
  do {
    copy_run(it, out, in, element_bytes);
  } while (mnw_nd_next(it));
}
