#include "box_suppression.h"

static float smaller(float a, float b) {
  return a < b ? a : b;
}
static float larger(float a, float b) {
  return a > b ? a : b;
}

float mnw_box_overlap(const float a[4], const float b[4]) {
  float sides[2], a_area = 1.0f, b_area = 1.0f;
  for (int axis = 0; axis < 2; axis++) {
    const float a_low = smaller(a[axis], a[axis + 2]), a_high = larger(a[axis], a[axis + 2]);
    const float b_low = smaller(b[axis], b[axis + 2]), b_high = larger(b[axis], b[axis + 2]);
    sides[axis] = smaller(a_high, b_high) - larger(a_low, b_low);
    a_area *= a_high - a_low;
    b_area *= b_high - b_low;
  }
  if (!(a_area > 0.0f) || !(b_area > 0.0f) || !(sides[0] > 0.0f) || !(sides[1] > 0.0f)) return 0.0f;
  const float common = sides[0] * sides[1];
  return common / (a_area + b_area - common);
}

size_t mnw_box_suppress(mnw_candidate *candidates, size_t count, const float *boxes,
                        float threshold, size_t limit) {
  size_t kept = 0;
  for (size_t i = 0; i < count && kept < limit; i++) {
    const float *box = boxes + 4 * candidates[i].index;
    size_t other = 0;
    while (other < kept &&
           !(mnw_box_overlap(box, boxes + 4 * candidates[other].index) > threshold)) {
      other++;
    }
    if (other == kept) candidates[kept++] = candidates[i];
  }
  return kept;
}
