#include "planner.h"

// The order in which items are placed decides how good the plan gets; neither of these is always
// better.
typedef int goes_before_fn(const mnw_plan_item *items, uint32_t a, uint32_t b);

// Ties go by number, so that the plan is the same everywhere.
static int larger_first(const mnw_plan_item *items, uint32_t a, uint32_t b) {
  if (items[a].size_bytes != items[b].size_bytes) return items[a].size_bytes > items[b].size_bytes;
  return a < b;
}

static int earlier_first(const mnw_plan_item *items, uint32_t a, uint32_t b) {
  if (items[a].first != items[b].first) return items[a].first < items[b].first;
  return larger_first(items, a, b);
}

// Heap sort: in place, and no input makes it slow.
static void sift_down(uint32_t *heap, uint32_t start, uint32_t count, const mnw_plan_item *items,
                      goes_before_fn *goes_before) {
  uint32_t parent = start;
  for (;;) {
    uint32_t child = 2 * parent + 1;
    if (child >= count) return;
    if (child + 1 < count && goes_before(items, heap[child], heap[child + 1])) child++;
    if (!goes_before(items, heap[parent], heap[child])) return;
    const uint32_t swapped = heap[parent];
    heap[parent] = heap[child];
    heap[child] = swapped;
    parent = child;
  }
}

static void sort_items(uint32_t *order, uint32_t count, const mnw_plan_item *items,
                       goes_before_fn *goes_before) {
  for (uint32_t i = 0; i < count; i++) order[i] = i;
  for (uint32_t i = count / 2; i-- > 0;) sift_down(order, i, count, items, goes_before);
  for (uint32_t left = count; left > 1;) {
    const uint32_t last = order[--left];
    order[left] = order[0];
    order[0] = last;
    sift_down(order, 0, left, items, goes_before);
  }
}

static uint64_t aligned_size(const mnw_plan_item *item) {
  return ((uint64_t)item->size_bytes + 15) & ~(uint64_t)15;
}

// The lowest gap that fits between the placed items that live at the same time. `placed` is sorted
// by offset.
static uint64_t find_gap(const mnw_plan_item *items, const mnw_plan_item *item,
                         const uint32_t *placed, uint32_t placed_count) {
  uint64_t candidate = 0;
  for (uint32_t i = 0; i < placed_count; i++) {
    const mnw_plan_item *other = &items[placed[i]];
    if (other->last < item->first || item->last < other->first) continue;
    if (candidate + aligned_size(item) <= other->offset_bytes) break;
    const uint64_t end = other->offset_bytes + aligned_size(other);
    if (end > candidate) candidate = end;
  }
  return candidate;
}

static size_t place_items(mnw_plan_item *items, uint32_t count, uint32_t *order,
                          goes_before_fn *goes_before) {
  uint32_t *const placed = order + count;
  uint64_t peak = 0;
  sort_items(order, count, items, goes_before);
  for (uint32_t i = 0; i < count; i++) {
    mnw_plan_item *item = &items[order[i]];
    const uint64_t offset = find_gap(items, item, placed, i);
    const uint64_t end = offset + aligned_size(item);
    if (end > UINT32_MAX) return SIZE_MAX;
    item->offset_bytes = (uint32_t)offset;
    if (end > peak) peak = end;
    uint32_t slot = i;
    for (; slot > 0 && items[placed[slot - 1]].offset_bytes > item->offset_bytes; slot--) {
      placed[slot] = placed[slot - 1];
    }
    placed[slot] = order[i];
  }
  return (size_t)peak;
}

size_t mnw_plan_memory(mnw_plan_item *items, uint32_t count, uint32_t *order) {
  const size_t by_size = place_items(items, count, order, larger_first);
  const size_t by_step = place_items(items, count, order, earlier_first);
  return by_step <= by_size ? by_step : place_items(items, count, order, larger_first);
}
