#include "best_select.h"

#include <stdbool.h>

static bool is_worse(const mnw_candidate *a, const mnw_candidate *b) {
  return a->key < b->key || (a->key == b->key && a->index > b->index);
}

// Lets `moved` sink from the root to its place in a heap of `count`.
static void heap_sink(mnw_candidate *heap, size_t count, mnw_candidate moved) {
  size_t at = 0;
  for (size_t child = 1; child < count; child = 2 * at + 1) {
    if (child + 1 < count && is_worse(&heap[child + 1], &heap[child])) child++;
    if (!is_worse(&heap[child], &moved)) break;
    heap[at] = heap[child];
    at = child;
  }
  heap[at] = moved;
}

size_t mnw_best_offer(mnw_candidate *heap, size_t count, size_t capacity, mnw_candidate candidate) {
  if (count == capacity) {
    if (count > 0 && is_worse(&heap[0], &candidate)) heap_sink(heap, count, candidate);
    return count;
  }
  size_t at = count;
  while (at > 0 && is_worse(&candidate, &heap[(at - 1) / 2])) {
    heap[at] = heap[(at - 1) / 2];
    at = (at - 1) / 2;
  }
  heap[at] = candidate;
  return count + 1;
}

void mnw_best_sort(mnw_candidate *heap, size_t count) {
  for (size_t left = count; left-- > 1;) {
    const mnw_candidate worst = heap[0];
    heap_sink(heap, left, heap[left]);
    heap[left] = worst;
  }
}
