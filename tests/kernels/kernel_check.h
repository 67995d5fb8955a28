// Holds one kernel of one set against the scalar specification on a random case, integer kernels
// bit for bit, float32 kernels within the rounding of their sums. The same code runs natively under
// cmocka and in the wasm variants under Node.
#ifndef MINNOW_TESTS_KERNELS_KERNEL_CHECK_H_
#define MINNOW_TESTS_KERNELS_KERNEL_CHECK_H_

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kernels/kernels.h"

extern const struct mnw_kernels mnw_kernels__scalar;

// The sets to check, NULL past the end: those of this build, then relaxed_sdot and relaxed_udot,
// which are relaxed with its weights in the forms for machines whose dot product keeps an eighth
// bit.
const struct mnw_kernels *checked_set(size_t index);

// Where memory of a case comes from: exact-size blocks with nothing to touch around them.
// Implemented by guarded_memory.c.
enum { GUARDED_SLOTS = 12, GUARDED_SLOT_BYTES = 1 << 19 };

// Bytes of slot `slot`, at the very end of its memory or at its start. Natively the next byte
// beyond faults; in wasm it is only watched for writes.
void *guarded_block(int slot, size_t size_bytes, bool at_end);
// Whether bytes of the slot around its latest block were written to.
bool guarded_block_is_violated(int slot);

typedef struct kernel_mismatch {
  bool found;
  bool wrote_outside;
  uint32_t index;            // of the element of y that differs
  int32_t expected, actual;  // of float32 kernels the bits
  uint32_t shape[6];         // as the kernel's check says
} kernel_mismatch;

// `seed` alone decides the case. shape is rows, k, o_count, x_stride, weight_bits,
// weight_zero_point for products; rows, pixels, channels, kernel_h, kernel_w, weight_zero_point for
// dwconv; count for add_s8.
#define MNW_KERNEL(kernel, summary) \
  void check_##kernel(kernel_mismatch *mismatch, const struct mnw_kernels *set, uint32_t seed);
#include "kernels/kernel_table.inc"
#undef MNW_KERNEL

#endif  // MINNOW_TESTS_KERNELS_KERNEL_CHECK_H_
