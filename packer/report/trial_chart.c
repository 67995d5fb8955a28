#include "trial_chart.h"

#include <math.h>
#include <stdio.h>

#include "scatter_chart.h"

void pk_chart_append(pk_bytes *page, const pk_trials *trials, pk_chart_limits limits) {
  pk_scatter_point points[PK_MAX_TRIALS];
  char description[256];
  const bool has_target = limits.target_bytes > 0.0;
  for (size_t i = 0; i < trials->count; i++) {
    const pk_trial *trial = &trials->items[i];
    points[i] = (pk_scatter_point){(double)trial->package_bytes / 1e3, trial->quality.drop,
                                   trial->is_on_front, i == trials->chosen};
  }
  snprintf(description, sizeof description,
           "Bytes of the package against the drop in points for %zu trials; the line joins those "
           "that no other beats, the ring is the one taken, the dashed line the limit.",
           trials->count);
  const pk_scatter scatter = {
      .points = points,
      .count = trials->count,
      .x_title = "package, kB",
      .y_title = "drop, points",
      .title = "Trials of the search",
      .description = description,
      .x_limit = has_target ? limits.target_bytes / 1e3 : (double)NAN,
      .y_limit = !has_target && limits.max_drop > 0.0 ? limits.max_drop : (double)NAN};
  pk_scatter_append(page, &scatter);
}
