#include "scatter_chart.h"

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

static void append_axes(pk_bytes *page, const pk_scatter *scatter, const axis *x, const axis *y) {
  for (int i = 0; i <= ticks_of(x); i++) {
    const double value = x->low + i * x->step, at = place_x(x, value);
    pk_html(page, "<path d=\"M%.1f %dV%d\" stroke=\"var(--line)\"/>", at, TOP, HEIGHT - BOTTOM);
    pk_html(page, "<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%.4g</text>", at,
            HEIGHT - BOTTOM + 18, value);
  }
  for (int i = 0; i <= ticks_of(y); i++) {
    const double value = y->low + i * y->step, at = place_y(y, value);
    pk_html(page, "<path d=\"M%d %.1fH%d\" stroke=\"var(--line)\"/>", LEFT, at, WIDTH - RIGHT);
    pk_html(page, "<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%.3g</text>", LEFT - 8, at + 4.0,
            value);
  }
  pk_html(page, "<text x=\"%d\" y=\"%d\" text-anchor=\"middle\">%s</text>",
          (LEFT + WIDTH - RIGHT) / 2, HEIGHT - 6, scatter->x_title);
  pk_html(page, "<text transform=\"translate(14 %d) rotate(-90)\" text-anchor=\"middle\">%s</text>",
          (TOP + HEIGHT - BOTTOM) / 2, scatter->y_title);
}

static int compare_points(const void *left, const void *right) {
  const pk_scatter_point *a = left, *b = right;
  return (a->x > b->x) - (a->x < b->x);
}

static void append_front(pk_bytes *page, const pk_scatter *scatter, const axis *x, const axis *y) {
  pk_scatter_point *front = calloc(scatter->count + 1, sizeof *front);
  size_t count = 0;
  if (!front) {
    page->failed = true;
    return;
  }
  for (size_t i = 0; i < scatter->count; i++) {
    if (scatter->points[i].is_on_front) front[count++] = scatter->points[i];
  }
  qsort(front, count, sizeof *front, compare_points);
  pk_html(page, "<path fill=\"none\" stroke=\"var(--mark)\" stroke-width=\"2\" d=\"");
  for (size_t i = 0; i < count; i++) {
    pk_html(page, "%s%.1f %.1f", i == 0 ? "M" : "L", place_x(x, front[i].x),
            place_y(y, front[i].y));
  }
  pk_html(page, "\"/>");
  free(front);
}

static void append_limits(pk_bytes *page, const pk_scatter *scatter, const axis *x, const axis *y) {
  if (!isnan(scatter->x_limit)) {
    pk_html(page, "<path d=\"M%.1f %dV%d\" stroke=\"var(--ink)\" stroke-dasharray=\"5 4\"/>",
            place_x(x, scatter->x_limit), TOP, HEIGHT - BOTTOM);
  }
  if (!isnan(scatter->y_limit)) {
    pk_html(page, "<path d=\"M%d %.1fH%d\" stroke=\"var(--ink)\" stroke-dasharray=\"5 4\"/>", LEFT,
            place_y(y, scatter->y_limit), WIDTH - RIGHT);
  }
}

static void append_points(pk_bytes *page, const pk_scatter *scatter, const axis *x, const axis *y) {
  for (size_t i = 0; i < scatter->count; i++) {
    const pk_scatter_point *point = &scatter->points[i];
    const double cx = place_x(x, point->x), cy = place_y(y, point->y);
    pk_html(page, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"4\" fill=\"var(--%s)\"/>", cx, cy,
            point->is_on_front ? "mark" : "ink");
    if (!point->is_chosen) continue;
    pk_html(page,
            "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"8\" fill=\"none\" stroke=\"var(--mark)\" "
            "stroke-width=\"2\"/>",
            cx, cy);
  }
}

void pk_scatter_append(pk_bytes *page, const pk_scatter *scatter) {
  // fmin and fmax pass over a NaN.
  double left = scatter->x_limit, right = scatter->x_limit;
  double bottom = scatter->y_limit, top = scatter->y_limit;
  for (size_t i = 0; i < scatter->count; i++) {
    left = fmin(left, scatter->points[i].x);
    right = fmax(right, scatter->points[i].x);
    bottom = fmin(bottom, scatter->points[i].y);
    top = fmax(top, scatter->points[i].y);
  }
  if (isnan(left) || isnan(bottom)) left = right = bottom = top = 0.0;
  const axis x = make_axis(left, right), y = make_axis(bottom, top);
  pk_html(page,
          "<svg viewBox=\"0 0 %d %d\" role=\"img\" aria-labelledby=\"chart-title chart-text\">"
          "<title id=\"chart-title\">%s</title><desc id=\"chart-text\">%s</desc>",
          WIDTH, HEIGHT, scatter->title, scatter->description);
  append_axes(page, scatter, &x, &y);
  append_limits(page, scatter, &x, &y);
  append_front(page, scatter, &x, &y);
  append_points(page, scatter, &x, &y);
  pk_html(page, "</svg>");
}
