#include "trial_chart.h"

#include <math.h>
#include <stdlib.h>

#include "html_text.h"

enum { WIDTH = 640, HEIGHT = 320, LEFT = 56, RIGHT = 16, TOP = 16, BOTTOM = 44, TICKS = 5 };

typedef struct axis {
  double low, high, step;  // step between ticks
} axis;

static axis make_axis(double low, double high) {
  const double span = fmax(high - low, 1e-9), raw = span / TICKS;
  const double unit = pow(10.0, floor(log10(raw)));
  const double step = unit * (raw / unit > 5.0 ? 10.0 : raw / unit > 2.0 ? 5.0 : 2.0);
  return (axis){floor(low / step) * step, ceil((high + 1e-9) / step) * step, step};
}

// Steps from end to end.
static int ticks_of(const axis *a) {
  return (int)lround((a->high - a->low) / a->step);
}

static double place_x(const axis *x, double value) {
  return LEFT + (value - x->low) / (x->high - x->low) * (WIDTH - LEFT - RIGHT);
}

static double place_y(const axis *y, double value) {
  return HEIGHT - BOTTOM - (value - y->low) / (y->high - y->low) * (HEIGHT - TOP - BOTTOM);
}

static void append_axes(pk_bytes *page, const axis *x, const axis *y) {
  for (int i = 0; i <= ticks_of(x); i++) {
    const double value = x->low + i * x->step, at = place_x(x, value);
    pk_html(page, "<path d=\"M%.1f %dV%d\" stroke=\"var(--line)\"/>", at, TOP, HEIGHT - BOTTOM);
    pk_html(page, "<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%.4g</text>", at,
            HEIGHT - BOTTOM + 18, value / 1e3);
  }
  for (int i = 0; i <= ticks_of(y); i++) {
    const double value = y->low + i * y->step, at = place_y(y, value);
    pk_html(page, "<path d=\"M%d %.1fH%d\" stroke=\"var(--line)\"/>", LEFT, at, WIDTH - RIGHT);
    pk_html(page, "<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%.3g</text>", LEFT - 8, at + 4.0,
            value);
  }
  pk_html(page, "<text x=\"%d\" y=\"%d\" text-anchor=\"middle\">package, kB</text>",
          (LEFT + WIDTH - RIGHT) / 2, HEIGHT - 6);
  pk_html(page,
          "<text transform=\"translate(14 %d) rotate(-90)\" text-anchor=\"middle\">drop, "
          "points</text>",
          (TOP + HEIGHT - BOTTOM) / 2);
}

typedef struct chart_point {
  double bytes, drop;
} chart_point;

static int compare_points(const void *left, const void *right) {
  const chart_point *a = left, *b = right;
  return (a->bytes > b->bytes) - (a->bytes < b->bytes);
}

static void append_front(pk_bytes *page, const pk_trials *trials, const axis *x, const axis *y) {
  chart_point front[PK_MAX_TRIALS];
  size_t count = 0;
  for (size_t i = 0; i < trials->count; i++) {
    const pk_trial *trial = &trials->items[i];
    if (!trial->is_on_front) continue;
    front[count++] = (chart_point){(double)trial->package_bytes, trial->quality.drop};
  }
  qsort(front, count, sizeof *front, compare_points);
  pk_html(page, "<path fill=\"none\" stroke=\"var(--mark)\" stroke-width=\"2\" d=\"");
  for (size_t i = 0; i < count; i++) {
    pk_html(page, "%s%.1f %.1f", i == 0 ? "M" : "L", place_x(x, front[i].bytes),
            place_y(y, front[i].drop));
  }
  pk_html(page, "\"/>");
}

static void append_limits(pk_bytes *page, pk_chart_limits limits, const axis *x, const axis *y) {
  if (limits.target_bytes > 0.0) {
    pk_html(page, "<path d=\"M%.1f %dV%d\" stroke=\"var(--ink)\" stroke-dasharray=\"5 4\"/>",
            place_x(x, limits.target_bytes), TOP, HEIGHT - BOTTOM);
  } else if (limits.max_drop > 0.0) {
    pk_html(page, "<path d=\"M%d %.1fH%d\" stroke=\"var(--ink)\" stroke-dasharray=\"5 4\"/>", LEFT,
            place_y(y, limits.max_drop), WIDTH - RIGHT);
  }
}

void pk_chart_append(pk_bytes *page, const pk_trials *trials, pk_chart_limits limits) {
  double least = limits.target_bytes > 0.0 ? limits.target_bytes : INFINITY, most = 0.0;
  double worst = limits.target_bytes > 0.0 ? 0.0 : limits.max_drop, best = 0.0;
  most = limits.target_bytes;
  for (size_t i = 0; i < trials->count; i++) {
    least = fmin(least, (double)trials->items[i].package_bytes);
    most = fmax(most, (double)trials->items[i].package_bytes);
    worst = fmax(worst, trials->items[i].quality.drop);
    best = fmin(best, trials->items[i].quality.drop);
  }
  const axis x = make_axis(least, most), y = make_axis(best, worst);
  pk_html(page,
          "<svg viewBox=\"0 0 %d %d\" role=\"img\" aria-labelledby=\"chart-title chart-text\">"
          "<title id=\"chart-title\">Trials of the search</title><desc id=\"chart-text\">Bytes of "
          "the package against the drop in points for %zu trials; the line joins those that no "
          "other beats, the ring is the one taken, the dashed line the limit.</desc>",
          WIDTH, HEIGHT, trials->count);
  append_axes(page, &x, &y);
  append_limits(page, limits, &x, &y);
  append_front(page, trials, &x, &y);
  for (size_t i = 0; i < trials->count; i++) {
    const pk_trial *trial = &trials->items[i];
    const double cx = place_x(&x, (double)trial->package_bytes);
    const double cy = place_y(&y, trial->quality.drop);
    pk_html(page, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"4\" fill=\"var(--%s)\"/>", cx, cy,
            trial->is_on_front ? "mark" : "ink");
    if (i != trials->chosen) continue;
    pk_html(page,
            "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"8\" fill=\"none\" stroke=\"var(--mark)\" "
            "stroke-width=\"2\"/>",
            cx, cy);
  }
  pk_html(page, "</svg>");
}
