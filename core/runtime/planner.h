// Where activations stand in memory: a pure function from lifetimes to offsets.
#ifndef MINNOW_RUNTIME_PLANNER_H_
#define MINNOW_RUNTIME_PLANNER_H_

#include <stddef.h>
#include <stdint.h>

// A buffer that is alive from step `first` to step `last`, both included.
typedef struct mnw_plan_item {
  uint32_t size_bytes;
  uint32_t first, last;
  uint32_t offset_bytes;  // result, a multiple of 16
} mnw_plan_item;

// Gives each item an offset so that items alive at the same step do not overlap: the lowest gap
// that fits, item by item, once from the largest to the smallest (Pisarchyk and Lee, "Efficient
// Memory Management for Deep Neural Net Inference", 2020) and once in order of their first step;
// the smaller plan wins. `order` has room for 2 * count numbers and is overwritten. Returns the
// peak in bytes, or SIZE_MAX where it would pass 2^32 - 1.
size_t mnw_plan_memory(mnw_plan_item *items, uint32_t count, uint32_t *order);

#endif  // MINNOW_RUNTIME_PLANNER_H_
