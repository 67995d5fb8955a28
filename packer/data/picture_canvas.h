// An RGBA picture that operations work on, with memory of its own for their results.
#ifndef MINNOW_PACKER_PICTURE_CANVAS_H_
#define MINNOW_PACKER_PICTURE_CANVAS_H_

#include "../pk_error.h"
#include "data_random.h"

typedef struct pk_canvas {
  uint32_t width, height;  // at least 1
  uint8_t *rgba, *spare;   // room for max_pixels * 4 bytes each; owned
  size_t max_pixels;
} pk_canvas;  // all zero: closed

bool pk_canvas_open(pk_canvas *canvas, size_t max_pixels, pk_error *error);
void pk_canvas_close(pk_canvas *canvas);

// Loads a picture of 1 (grey) or 4 channels, each `factor` x `factor` pixels averaged to one; what
// is left over at the right and bottom edge is dropped.
void pk_canvas_load(pk_canvas *canvas, const uint8_t *pixels, uint32_t width, uint32_t height,
                    uint32_t channels, uint32_t factor);

// From places in the new picture to places in the old one, in pixels, pixel centres at halves:
// x' = xx x + xy y + x0, y' = yx x + yy y + y0.
typedef struct pk_affine {
  double xx, xy, x0, yx, yy, y0;
} pk_affine;

// The new picture, of the same size, bilinearly sampled; outside the old one is `fill` (4 bytes),
// or what stands at its edge for NULL.
void pk_canvas_warp(pk_canvas *canvas, const pk_affine *affine, const uint8_t *fill);

// Gaussian blur of `sigma` pixels, at most 8; edges are clamped.
void pk_canvas_blur(pk_canvas *canvas, float sigma);

// Thickens bright strokes (amount 0 … 1: share of the brightest of the 3 x 3 neighbours), or
// thins them (-1 … 0: of the darkest).
void pk_canvas_stroke(pk_canvas *canvas, float amount);

// Cuts into a grid of count x count tiles and shuffles them.
void pk_canvas_shuffle(pk_canvas *canvas, uint32_t count, pk_random *random);

#endif  // MINNOW_PACKER_PICTURE_CANVAS_H_
