// Names of kernels in one instruction set. A set is compiled with MNW_ISA defined as its name
// (scalar, simd128, relaxed); this header gives its functions their names and declares them all,
// so that a definition which strays from kernel_table.inc does not compile.
#ifndef MINNOW_KERNELS_KERNEL_ISA_H_
#define MINNOW_KERNELS_KERNEL_ISA_H_

#include "kernels.h"

#define MNW_JOIN_ISA_(kernel, isa) mnw_##kernel##__##isa
#define MNW_JOIN_ISA(kernel, isa) MNW_JOIN_ISA_(kernel, isa)

// MNW_ISA_NAME(gemm_s8) is mnw_gemm_s8__simd128 when MNW_ISA is simd128.
#define MNW_ISA_NAME(kernel) MNW_JOIN_ISA(kernel, MNW_ISA)

#define MNW_KERNEL(kernel, summary) mnw_##kernel##_fn MNW_ISA_NAME(kernel);
#include "kernel_table.inc"
#undef MNW_KERNEL

extern const struct mnw_kernels MNW_ISA_NAME(kernels);

#endif  // MINNOW_KERNELS_KERNEL_ISA_H_
