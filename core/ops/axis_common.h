// What operators along an axis and operators that take indices share. Indices come from packages
// and from users: they are clamped where they are read, never trusted.
#ifndef MINNOW_OPS_AXIS_COMMON_H_
#define MINNOW_OPS_AXIS_COMMON_H_

#include "nd_iter.h"
#include "op.h"

// A row-major tensor cut at an axis: element (o, i, n) stands at (o * extent + i) * inner + n.
typedef struct mnw_axis_cut {
  size_t outer, extent, inner;
} mnw_axis_cut;

mnw_axis_cut mnw_axis_cut_at(const mnw_tensor *tensor, uint32_t axis);

// Product of the dimensions first … last - 1.
size_t mnw_axis_product(const mnw_tensor *tensor, uint32_t first, uint32_t last);

// Refuses an axis outside 0 … rank - 1.
mnw_status mnw_axis_check(const mnw_op_context *context, int32_t axis, uint32_t rank);
// Refuses dtypes other than int32 and int64.
mnw_status mnw_axis_check_indices(const mnw_op_context *context, const mnw_tensor *indices);
// Refuses unless `count` dimensions of a from `first_a` equal those of b from `first_b`.
mnw_status mnw_axis_check_dims(const mnw_op_context *context, const mnw_tensor *a, uint32_t first_a,
                               const mnw_tensor *b, uint32_t first_b, uint32_t count);
// Refuses unless y has the shape of x without the axes of the mask, or with 1 in their place.
mnw_status mnw_axis_check_reduced(const mnw_op_context *context, const mnw_tensor *x,
                                  const mnw_tensor *y, uint32_t mask);

// Element `at` of an integer or bool tensor.
int64_t mnw_load_integer(mnw_dtype dtype, const void *data, size_t at);
// Stores the low bits of value (two's complement).
void mnw_store_integer(mnw_dtype dtype, void *data, size_t at, int64_t value);

// A number that orders elements as their values do, for every dtype; -0 equals 0, NaN is largest.
int64_t mnw_order_key(mnw_dtype dtype, const void *data, size_t at);

// Index `at` of int32 or int64 indices into `extent` elements: negative ones count from the end,
// the rest is clamped.
size_t mnw_load_index(const mnw_tensor *indices, const void *data, size_t at, int32_t extent);

// An index for each element, along an axis of x (GATHER_ELEMENTS, SCATTER_ELEMENTS): walks the
// indices in their order.
typedef struct mnw_element_walk {
  mnw_nd_iter it;  // operand 0: indices, operand 1: x without the axis
  const mnw_tensor *indices;
  const void *index_data;
  int32_t extent;
  ptrdiff_t axis_stride;
} mnw_element_walk;

// Refuses indices whose other axes are longer than those of x.
mnw_status mnw_element_walk_check(const mnw_op_context *context, const mnw_tensor *x,
                                  const mnw_tensor *indices, int32_t axis);
void mnw_element_walk_start(mnw_element_walk *walk, const mnw_tensor *x, const mnw_tensor *indices,
                            const void *index_data, int32_t axis);
// Which element of x element i of the current run means.
size_t mnw_element_walk_at(const mnw_element_walk *walk, ptrdiff_t i);

// Index tuples in the last axis of indices (GATHER_ND, SCATTER_ND): each picks a slice of x by its
// axes from first_axis on.
mnw_status mnw_tuples_check(const mnw_op_context *context, const mnw_tensor *x, uint32_t first_axis,
                            const mnw_tensor *indices);
// Where the slice of tuple number `at` starts, in elements from the start of the batch.
size_t mnw_tuple_offset(const mnw_tensor *x, uint32_t first_axis, const mnw_tensor *indices,
                        const void *index_data, size_t at);

#endif  // MINNOW_OPS_AXIS_COMMON_H_
