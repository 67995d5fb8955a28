#include "element_ranges.h"

#include <math.h>
#include <stdlib.h>

static const double least_share = 0.1;  // of the mean width

bool pk_element_ranges_init(pk_element_ranges *ranges, size_t count, pk_error *error) {
  *ranges = (pk_element_ranges){.count = count};
  ranges->low = malloc((count + 1) * sizeof *ranges->low);
  ranges->high = malloc((count + 1) * sizeof *ranges->high);
  ranges->width = calloc(count + 1, sizeof *ranges->width);
  if (!ranges->low || !ranges->high || !ranges->width) {
    pk_element_ranges_deinit(ranges);
    return pk_fail(error, PK_OUT_OF_MEMORY, "no memory for the ranges of outputs");
  }
  for (size_t i = 0; i < count; i++) {
    ranges->low[i] = INFINITY;
    ranges->high[i] = -INFINITY;
  }
  return true;
}

void pk_element_ranges_deinit(pk_element_ranges *ranges) {
  free(ranges->low);
  free(ranges->high);
  free(ranges->width);
  *ranges = (pk_element_ranges){0};
}

void pk_element_ranges_see(pk_element_ranges *ranges, const float *values) {
  for (size_t i = 0; i < ranges->count; i++) {
    ranges->low[i] = fminf(ranges->low[i], values[i]);
    ranges->high[i] = fmaxf(ranges->high[i], values[i]);
  }
}

void pk_element_ranges_finish(pk_element_ranges *ranges) {
  double squares = 0.0;
  for (size_t i = 0; i < ranges->count; i++) {
    const double width = (double)ranges->high[i] - (double)ranges->low[i];
    ranges->width[i] = width > 0.0 ? (float)width : 0.0f;
    squares += (double)ranges->width[i] * (double)ranges->width[i];
  }
  const float least = (float)(least_share * sqrt(squares / fmax((double)ranges->count, 1.0)));
  for (size_t i = 0; i < ranges->count; i++) {
    ranges->width[i] = fmaxf(ranges->width[i], least);
  }
}
