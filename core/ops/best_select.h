// The best few of many: a heap keeps the best k so far with the worst of them on top; taking the
// worst off again and again then sorts them. Of equal elements the one with the lower index is
// better, so the order is total and the result stable.
#ifndef MINNOW_OPS_BEST_SELECT_H_
#define MINNOW_OPS_BEST_SELECT_H_

#include <stddef.h>
#include <stdint.h>

typedef struct mnw_candidate {
  int64_t key;  // larger is better
  size_t index;
} mnw_candidate;

// Offers a candidate to a heap of `count` that has room for `capacity`; returns the new count.
size_t mnw_best_offer(mnw_candidate *heap, size_t count, size_t capacity, mnw_candidate candidate);

// Turns the heap into a list, best first.
void mnw_best_sort(mnw_candidate *heap, size_t count);

#endif  // MINNOW_OPS_BEST_SELECT_H_
