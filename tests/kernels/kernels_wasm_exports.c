// What check_kernels_wasm.js calls in the wasm build of the kernel checks.
#include "kernel_check.h"
#include "minnow/minnow.h"

#define CHECK_EXPORT(name) __attribute__((export_name(#name))) name

typedef void check_fn(kernel_mismatch *mismatch, const struct mnw_kernels *set, uint32_t seed);

static const struct {
  const char *name;
  check_fn *check;
} kKernels[] = {
#define MNW_KERNEL(kernel, summary) {#kernel, check_##kernel},
#include "kernels/kernel_table.inc"
#undef MNW_KERNEL
};

static kernel_mismatch mismatch;

uint32_t CHECK_EXPORT(check_kernel_count)(void);
uint32_t CHECK_EXPORT(check_kernel_count)(void) {
  return sizeof kKernels / sizeof kKernels[0];
}

const char *CHECK_EXPORT(check_kernel_name)(uint32_t kernel);
const char *CHECK_EXPORT(check_kernel_name)(uint32_t kernel) {
  return kKernels[kernel].name;
}

uint32_t CHECK_EXPORT(check_set_count)(void);
uint32_t CHECK_EXPORT(check_set_count)(void) {
  uint32_t count = 0;
  while (checked_set(count) != NULL) {
    count++;
  }
  return count;
}

const char *CHECK_EXPORT(check_set_name)(uint32_t set);
const char *CHECK_EXPORT(check_set_name)(uint32_t set) {
  return mnw_kernels_name(checked_set(set));
}

// Of the sets, those that the real module would have.
uint32_t CHECK_EXPORT(check_listed_set_count)(void);
uint32_t CHECK_EXPORT(check_listed_set_count)(void) {
  uint32_t count = 0;
  while (mnw_kernels_get(count) != NULL) {
    count++;
  }
  return count;
}

// Seeds 1 .. cases; the first seed that fails, or 0. The words of check_mismatch() then tell how.
uint32_t CHECK_EXPORT(check_run)(uint32_t set, uint32_t kernel, uint32_t cases);
uint32_t CHECK_EXPORT(check_run)(uint32_t set, uint32_t kernel, uint32_t cases) {
  for (uint32_t seed = 1; seed <= cases; seed++) {
    kKernels[kernel].check(&mismatch, checked_set(set), seed);
    if (mismatch.found) {
      return seed;
    }
  }
  return 0;
}

const kernel_mismatch *CHECK_EXPORT(check_mismatch)(void);
const kernel_mismatch *CHECK_EXPORT(check_mismatch)(void) {
  return &mismatch;
}
