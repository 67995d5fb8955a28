#include "generate_image.h"

#include <math.h>
#include <string.h>

static const double tau = 6.28318530717958647692;

typedef struct colours {
  float back[3], front[3];
} colours;

static void draw_colour(float *colour, bool is_grey, double low, double high, pk_random *random) {
  for (int c = 0; c < 3; c++) {
    colour[c] = is_grey && c > 0 ? colour[0] : (float)pk_random_between(random, low, high);
  }
}

// The shade 0 … 1 between the two colours.
static void put(pk_canvas *canvas, uint32_t x, uint32_t y, const colours *pair, float shade) {
  uint8_t *p = canvas->rgba + ((size_t)y * canvas->width + x) * 4;
  for (int c = 0; c < 3; c++) {
    const float value = pair->back[c] + (pair->front[c] - pair->back[c]) * shade;
    p[c] = (uint8_t)fminf(fmaxf(value, 0.0f), 255.0f);
  }
  p[3] = 255;
}

static void noise(pk_canvas *canvas, const colours *pair, pk_random *random) {
  for (uint32_t y = 0; y < canvas->height; y++) {
    for (uint32_t x = 0; x < canvas->width; x++) {
      put(canvas, x, y, pair, (float)pk_random_unit(random));
    }
  }
  if (pk_random_chance(random, 0.5)) {
    pk_canvas_blur(canvas, (float)pk_random_between(random, 0.3, 4.0));
  }
}

// A gradient; stripes and checkers are its sharp and crossed kin.
static void waves(pk_canvas *canvas, const colours *pair, int kind, pk_random *random) {
  const double angle = pk_random_between(random, 0.0, tau),
               count = pk_random_between(random, 1.0, 9.0);
  const double phase = pk_random_unit(random), side = canvas->width + canvas->height;
  for (uint32_t y = 0; y < canvas->height; y++) {
    for (uint32_t x = 0; x < canvas->width; x++) {
      const double u = (x * cos(angle) + y * sin(angle)) / side;
      const double v = (y * cos(angle) - x * sin(angle)) / side;
      const double along = sin(tau * (2.0 * count * u + phase)),
                   across = sin(tau * 2.0 * count * v);
      const double shade = kind == 0   ? u + 0.5
                           : kind == 1 ? 0.5 + 0.5 * tanh(4.0 * along)
                                       : 0.5 + 0.5 * tanh(8.0 * along * across);
      put(canvas, x, y, pair, (float)shade);
    }
  }
}

static void flood(pk_canvas *canvas, const colours *pair) {
  for (uint32_t y = 0; y < canvas->height; y++) {
    for (uint32_t x = 0; x < canvas->width; x++) put(canvas, x, y, pair, 0.0f);
  }
}

// Fills a box or an ellipse around (x, y), cut at the edges.
static void stamp(pk_canvas *canvas, const colours *pair, double x, double y, double half_width,
                  double half_height, bool is_box) {
  const double left = fmax(0.0, x - half_width), top = fmax(0.0, y - half_height);
  for (uint32_t row = (uint32_t)top; row < canvas->height && row <= y + half_height; row++) {
    for (uint32_t at = (uint32_t)left; at < canvas->width && at <= x + half_width; at++) {
      const double u = (at - x) / half_width, v = (row - y) / half_height;
      if (is_box || u * u + v * v <= 1.0) put(canvas, at, row, pair, 1.0f);
    }
  }
}

static void shapes(pk_canvas *canvas, colours *pair, bool is_grey, bool is_soft,
                   pk_random *random) {
  const double width = canvas->width, height = canvas->height;
  const size_t count = 1 + pk_random_below(random, 8);
  flood(canvas, pair);
  for (size_t i = 0; i < count; i++) {
    draw_colour(pair->front, is_grey, 0.0, 255.0, random);
    const double x = pk_random_between(random, 0.0, width);
    const double y = pk_random_between(random, 0.0, height);
    const double half_width = 1.0 + pk_random_between(random, 0.02, 0.3) * width;
    const double half_height = 1.0 + pk_random_between(random, 0.02, 0.3) * height;
    stamp(canvas, pair, x, y, half_width, half_height, !is_soft && pk_random_chance(random, 0.5));
  }
  pk_canvas_blur(canvas,
                 (float)pk_random_between(random, is_soft ? 3.0 : 0.0, is_soft ? 8.0 : 2.0));
}

static void scribble(pk_canvas *canvas, const colours *pair, pk_random *random) {
  const double width = canvas->width, height = canvas->height, side = fmin(width, height);
  const double radius = 0.5 + pk_random_between(random, 0.01, 0.04) * side;
  const size_t strokes = 1 + pk_random_below(random, 5);
  flood(canvas, pair);
  for (size_t stroke = 0; stroke < strokes; stroke++) {
    double x = pk_random_between(random, 0.1, 0.9) * width;
    double y = pk_random_between(random, 0.1, 0.9) * height;
    double angle = pk_random_between(random, 0.0, tau);
    const double bend = pk_random_between(random, 0.0, 0.5);
    const size_t steps = 5 + pk_random_below(random, 40);
    for (size_t i = 0; i < steps; i++) {
      angle += bend * (double)pk_random_near_normal(random);
      x = fmin(fmax(x + cos(angle) * 0.03 * side, 0.0), width - 1.0);
      y = fmin(fmax(y + sin(angle) * 0.03 * side, 0.0), height - 1.0);
      stamp(canvas, pair, x, y, radius, radius, false);
    }
  }
  pk_canvas_blur(canvas, 0.4f);
}

void pk_image_generate(pk_canvas *canvas, bool is_drawing, pk_random *random) {
  colours pair = {{0}, {0}};
  const size_t kind = pk_random_below(random, 7);
  if (!is_drawing) draw_colour(pair.back, false, 0.0, 255.0, random);
  draw_colour(pair.front, is_drawing, is_drawing ? 100.0 : 0.0, 255.0, random);
  if (kind == 0) noise(canvas, &pair, random);
  if (kind >= 1 && kind <= 3) waves(canvas, &pair, (int)kind - 1, random);
  if (kind == 4 || kind == 5) shapes(canvas, &pair, is_drawing, kind == 4, random);
  if (kind == 6) scribble(canvas, &pair, random);
}

void pk_image_cut(pk_canvas *canvas, pk_random *random) {
  if (pk_random_chance(random, 0.5)) {
    pk_canvas_shuffle(canvas, 3 + (uint32_t)pk_random_below(random, 3), random);
    return;
  }
  const double share = pk_random_between(random, 0.15, 0.35);
  const pk_affine affine = {
      share, 0.0,   pk_random_between(random, 0.0, 1.0 - share) * canvas->width,
      0.0,   share, pk_random_between(random, 0.0, 1.0 - share) * canvas->height};
  pk_canvas_warp(canvas, &affine, NULL);
}
