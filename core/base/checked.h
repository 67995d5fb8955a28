// Arithmetic on sizes that come from untrusted bytes: false where the result does not fit.
#ifndef MINNOW_BASE_CHECKED_H_
#define MINNOW_BASE_CHECKED_H_

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

static inline bool mnw_checked_add(size_t *sum, size_t a, size_t b) {
  *sum = a + b;
  return *sum >= a;
}

static inline bool mnw_checked_mul(size_t *product, size_t a, size_t b) {
  if (b != 0 && a > SIZE_MAX / b) return false;
  *product = a * b;
  return true;
}

// value rounded up to a multiple of 16 (MNW_ALIGNMENT).
static inline bool mnw_checked_align(size_t *aligned, size_t value) {
  if (!mnw_checked_add(aligned, value, 15)) return false;
  *aligned &= ~(size_t)15;
  return true;
}

#endif  // MINNOW_BASE_CHECKED_H_
