// The compiler extensions of this folder.
#ifndef MINNOW_PACKER_DIFF_WIDE_H_
#define MINNOW_PACKER_DIFF_WIDE_H_

// In front of a function that loops over floats: it is compiled for AVX2 as well, and the machine
// decides. Both give the same bits, since nothing is contracted or summed in another order.
// Sanitizers are not ready when such a function is chosen.
#if defined(__x86_64__) && defined(__gnu_linux__) && defined(__GNUC__) && !defined(__clang__) && \
    !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define PK_DIFF_WIDE __attribute__((target_clones("avx2", "default")))
#else
#define PK_DIFF_WIDE
#endif

// What such a function calls must become part of it, or it is not compiled for AVX2.
#define PK_DIFF_INLINE static inline __attribute__((always_inline))

// Eight floats at any address, for loops whose sums must stay in registers.
enum { PK_DIFF_LANES = 8 };
typedef float pk_diff_lanes
    __attribute__((vector_size(PK_DIFF_LANES * sizeof(float)), aligned(4), may_alias));
#define PK_DIFF_LANES_AT(floats) (*(pk_diff_lanes *)(floats))
#define PK_DIFF_CONST_LANES_AT(floats) (*(const pk_diff_lanes *)(floats))

#endif  // MINNOW_PACKER_DIFF_WIDE_H_
