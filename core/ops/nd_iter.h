// Walks up to four tensors of different strides over one shape, an innermost run at a time. Axes
// that lie one behind the other in every operand are merged first, so most walks have a single run.
//
//   mnw_nd_iter it;
//   mnw_nd_init(&it, y, 2);                 // the shape of y, operand 0 = y, dense
//   mnw_nd_broadcast(&it, 1, x);            // x by numpy's rules (see mnw_nd_check_broadcast)
//   mnw_nd_start(&it);
//   do {
//     for (size_t i = 0; i < it.count; i++)
//       y[it.offset[0] + i * it.step[0]] = f(x[it.offset[1] + i * it.step[1]]);
//   } while (mnw_nd_next(&it));
//
// Offsets and strides count elements. The step of operand 0 is 1 unless its strides were changed.
#ifndef MINNOW_OPS_ND_ITER_H_
#define MINNOW_OPS_ND_ITER_H_

#include "op.h"

enum { MNW_ND_OPERANDS = 4 };

typedef struct mnw_nd_iter {
  uint32_t rank, operands;
  ptrdiff_t dims[MNW_MAX_RANK];
  ptrdiff_t strides[MNW_ND_OPERANDS][MNW_MAX_RANK];
  ptrdiff_t start[MNW_ND_OPERANDS];   // offset of the first element
  ptrdiff_t offset[MNW_ND_OPERANDS];  // of the current run
  ptrdiff_t step[MNW_ND_OPERANDS];    // between elements of a run
  ptrdiff_t count;                    // elements of a run
  ptrdiff_t position[MNW_MAX_RANK];
} mnw_nd_iter;

// Strides of a row-major tensor.
void mnw_nd_dense_strides(ptrdiff_t strides[MNW_MAX_RANK], const mnw_tensor *tensor);

// The shape to walk is that of `shape`; operand 0 has its dense strides, the others 0.
void mnw_nd_init(mnw_nd_iter *it, const mnw_tensor *shape, uint32_t operands);

// Gives the operand the strides of a tensor that mnw_nd_check_broadcast() accepted against `shape`.
void mnw_nd_broadcast(mnw_nd_iter *it, uint32_t operand, const mnw_tensor *tensor);

// After dims, strides and start stand: merges axes and goes to the first run (there always is one).
void mnw_nd_start(mnw_nd_iter *it);
bool mnw_nd_next(mnw_nd_iter *it);

// Checks for prepare. Refuses unless the tensor stretches to `shape` by numpy's rules.
mnw_status mnw_nd_check_broadcast(const mnw_op_context *context, const mnw_tensor *tensor,
                                  const mnw_tensor *shape);
// One output, `min_inputs` … `max_inputs` inputs, all present and row-major.
mnw_status mnw_nd_check_operands(const mnw_op_context *context, uint32_t min_inputs,
                                 uint32_t max_inputs);
// Same dtype, and the same scale and zero point: elements can be copied.
mnw_status mnw_nd_check_same_kind(const mnw_op_context *context, const mnw_tensor *a,
                                  const mnw_tensor *b);

// Copies the elements (1, 4 or 8 bytes each) of operand 1 to operand 0 in the iterator's order;
// calls mnw_nd_start() itself.
void mnw_nd_copy(mnw_nd_iter *it, void *out, const void *in, size_t element_bytes);

#endif  // MINNOW_OPS_ND_ITER_H_
