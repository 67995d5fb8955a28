// The function table of one instruction set; compiled once per set. A kernel that the set lacks is
// a link error, a row that misses in either table a failed assertion.
#include "kernel_isa.h"

#define MNW_TEXT_(text) #text
#define MNW_TEXT(text) MNW_TEXT_(text)

enum {
#define MNW_KERNEL(kernel, summary) COUNT_UP_TO_##kernel,
#include "kernel_table.inc"
#undef MNW_KERNEL
  KERNEL_COUNT
};

_Static_assert(sizeof(struct mnw_kernels) ==
                   sizeof(char *) + KERNEL_COUNT * sizeof(mnw_gemm_s8_fn *),
               "mnw_kernels holds its name and one function for each row of kernel_table.inc");

const struct mnw_kernels MNW_ISA_NAME(kernels) = {
    .name = MNW_TEXT(MNW_ISA),
#define MNW_KERNEL(kernel, summary) .kernel = MNW_ISA_NAME(kernel),
#include "kernel_table.inc"
#undef MNW_KERNEL
};
