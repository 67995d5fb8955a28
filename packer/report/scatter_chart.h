// Points in a plane as an SVG element, those that no other beats joined by a line.
#ifndef MINNOW_PACKER_SCATTER_CHART_H_
#define MINNOW_PACKER_SCATTER_CHART_H_

#include "../encode/byte_buffer.h"

typedef struct pk_scatter_point {
  double x, y;
  bool is_on_front, is_chosen;
} pk_scatter_point;

typedef struct pk_scatter {
  const pk_scatter_point *points;
  size_t count;
  const char *x_title, *y_title, *title, *description;  // harmless markup
  double x_limit, y_limit;                              // dashed lines; NaN: none
} pk_scatter;

// Appends the element. Colours come from the page's custom properties --ink, --line and --mark.
void pk_scatter_append(pk_bytes *page, const pk_scatter *scatter);

#endif  // MINNOW_PACKER_SCATTER_CHART_H_
