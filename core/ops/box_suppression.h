// Greedy non-maximum suppression of boxes, as detectors' heads share it.
#ifndef MINNOW_OPS_BOX_SUPPRESSION_H_
#define MINNOW_OPS_BOX_SUPPRESSION_H_

#include "best_select.h"

// Intersection over union of two boxes given by any two opposite corners (y, x, y, x); 0 where one
// has no area.
float mnw_box_overlap(const float a[4], const float b[4]);

// Goes through candidates, best first, whose indices number the boxes; keeps up to `limit` that
// overlap no kept one by more than `threshold`. The kept ones move to the front; returns how many.
size_t mnw_box_suppress(mnw_candidate *candidates, size_t count, const float *boxes,
                        float threshold, size_t limit);

#endif  // MINNOW_OPS_BOX_SUPPRESSION_H_
