// The trials of a search as a chart: bytes to the right, loss upwards.
#ifndef MINNOW_PACKER_TRIAL_CHART_H_
#define MINNOW_PACKER_TRIAL_CHART_H_

#include "../compress/rate_search.h"

// What was asked for, to be marked; 0: not asked.
typedef struct pk_chart_limits {
  double max_drop;  // points
  double target_bytes;
} pk_chart_limits;

// Appends an SVG element. Colours come from the page's custom properties --ink, --line and --mark.
void pk_chart_append(pk_bytes *page, const pk_trials *trials, pk_chart_limits limits);

#endif  // MINNOW_PACKER_TRIAL_CHART_H_
