// How far each element of an output moves from sample to sample.
//
// Elements of one output may mean very different things: the corners that a detector gives for its
// small anchors move by a few pixels, those of its large ones by a hundred, and an error that is
// nothing to the latter is everything to the former.
#ifndef MINNOW_PACKER_ELEMENT_RANGES_H_
#define MINNOW_PACKER_ELEMENT_RANGES_H_

#include <stddef.h>

#include "../pk_error.h"

typedef struct pk_element_ranges {
  float *low, *high;  // by element, of what was seen
  float *width;       // by element, after pk_element_ranges_finish()
  size_t count;
} pk_element_ranges;  // all zero: empty

bool pk_element_ranges_init(pk_element_ranges *ranges, size_t count, pk_error *error);
void pk_element_ranges_deinit(pk_element_ranges *ranges);

// Widens the ranges by one sample's values [count].
void pk_element_ranges_see(pk_element_ranges *ranges, const float *values);

// Fills `width`: an element's own range, but no less than a tenth of what they are in the mean
// (root mean square), because few samples do not move every element. All 0 where nothing moves.
void pk_element_ranges_finish(pk_element_ranges *ranges);

#endif  // MINNOW_PACKER_ELEMENT_RANGES_H_
