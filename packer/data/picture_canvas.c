#include "picture_canvas.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_TAPS = 17, MAX_TILES = 8 };

bool pk_canvas_open(pk_canvas *canvas, size_t max_pixels, pk_error *error) {
  *canvas = (pk_canvas){.width = 1,
                        .height = 1,
                        .rgba = calloc(max_pixels, 4),
                        .spare = calloc(max_pixels, 4),
                        .max_pixels = max_pixels};
  if (canvas->rgba && canvas->spare) return true;
  pk_canvas_close(canvas);
  return pk_fail(error, PK_OUT_OF_MEMORY, "no memory to alter pictures of %zu pixels", max_pixels);
}

void pk_canvas_close(pk_canvas *canvas) {
  free(canvas->rgba);
  free(canvas->spare);
  *canvas = (pk_canvas){0};
}

static void turn(pk_canvas *canvas) {
  uint8_t *done = canvas->spare;
  canvas->spare = canvas->rgba;
  canvas->rgba = done;
}

static void average(uint8_t *out, const uint8_t *from, size_t row_bytes, uint32_t channels,
                    uint32_t factor) {
  const uint32_t area = factor * factor;
  uint32_t sums[4] = {0};
  for (uint32_t y = 0; y < factor; y++) {
    for (uint32_t x = 0; x < factor; x++) {
      const uint8_t *p = from + y * row_bytes + (size_t)x * channels;
      for (uint32_t c = 0; c < channels; c++) sums[c] += p[c];
    }
  }
  for (uint32_t c = 0; c < 4; c++) {
    out[c] = (uint8_t)((sums[channels == 1 ? 0 : c] + area / 2) / area);
  }
  if (channels == 1) out[3] = 255;
}

void pk_canvas_load(pk_canvas *canvas, const uint8_t *pixels, uint32_t width, uint32_t height,
                    uint32_t channels, uint32_t factor) {
  canvas->width = width / factor;
  canvas->height = height / factor;
  if (factor == 1 && channels == 4) {
    memcpy(canvas->rgba, pixels, (size_t)width * height * 4);
    return;
  }
  const size_t row_bytes = (size_t)width * channels;
  uint8_t *out = canvas->rgba;
  for (uint32_t y = 0; y < canvas->height; y++) {
    for (uint32_t x = 0; x < canvas->width; x++, out += 4) {
      average(out, pixels + (size_t)y * factor * row_bytes + (size_t)x * factor * channels,
              row_bytes, channels, factor);
    }
  }
}

static const uint8_t *pixel_at(const pk_canvas *canvas, int64_t x, int64_t y, const uint8_t *fill) {
  const int64_t right = (int64_t)canvas->width - 1, bottom = (int64_t)canvas->height - 1;
  if (fill && (x < 0 || y < 0 || x > right || y > bottom)) return fill;
  x = x < 0 ? 0 : x > right ? right : x;
  y = y < 0 ? 0 : y > bottom ? bottom : y;
  return canvas->rgba + ((size_t)y * canvas->width + (size_t)x) * 4;
}

void pk_canvas_warp(pk_canvas *canvas, const pk_affine *affine, const uint8_t *fill) {
  uint8_t *out = canvas->spare;
  const int64_t step_x = llround(affine->xx * 65536.0), step_y = llround(affine->yx * 65536.0);
  for (uint32_t row = 0; row < canvas->height; row++) {
    const double y = row + 0.5;
    const double left_x = affine->xx * 0.5 + affine->xy * y + affine->x0 - 0.5;
    const double left_y = affine->yx * 0.5 + affine->yy * y + affine->y0 - 0.5;
    int64_t at_x = llround(left_x * 65536.0), at_y = llround(left_y * 65536.0);
    for (uint32_t i = 0; i < canvas->width; i++, out += 4, at_x += step_x, at_y += step_y) {
      const int64_t x = at_x >> 16, y0 = at_y >> 16;
      const uint32_t right = (uint32_t)(at_x >> 8 & 255), below = (uint32_t)(at_y >> 8 & 255);
      const uint8_t *p00 = pixel_at(canvas, x, y0, fill), *p01 = pixel_at(canvas, x + 1, y0, fill);
      const uint8_t *p10 = pixel_at(canvas, x, y0 + 1, fill);
      const uint8_t *p11 = pixel_at(canvas, x + 1, y0 + 1, fill);
      for (int c = 0; c < 4; c++) {
        const uint32_t top = p00[c] * (256 - right) + p01[c] * right;
        const uint32_t bottom = p10[c] * (256 - right) + p11[c] * right;
        out[c] = (uint8_t)((top * (256 - below) + bottom * below + 32768) >> 16);
      }
    }
  }
  turn(canvas);
}

// Weights of one side, in 65536ths of the whole; the middle takes what is left.
static int make_taps(uint32_t *taps, float sigma) {
  const float limited = fminf(sigma, (float)(MAX_TAPS - 1) / 2.0f);
  const int reach = (int)fminf(ceilf(2.5f * limited), (float)MAX_TAPS - 1.0f);
  float weights[MAX_TAPS], total = 1.0f;
  uint32_t sides = 0;
  for (int i = 1; i <= reach; i++) {
    weights[i] = expf(-0.5f * (float)(i * i) / (limited * limited));
    total += 2.0f * weights[i];
  }
  for (int i = 1; i <= reach; i++) {
    taps[i] = (uint32_t)(weights[i] / total * 65536.0f);
    sides += 2 * taps[i];
  }
  taps[0] = 65536 - sides;
  return reach;
}

static void blur_lines(pk_canvas *canvas, const uint32_t *taps, int reach, bool is_vertical) {
  const size_t width = canvas->width, height = canvas->height;
  const int64_t length = (int64_t)(is_vertical ? height : width);
  const size_t stride = is_vertical ? width * 4 : 4;
  for (size_t y = 0; y < height; y++) {
    for (size_t x = 0; x < width; x++) {
      const int64_t at = (int64_t)(is_vertical ? y : x);
      const uint8_t *p = canvas->rgba + (y * width + x) * 4;
      const uint8_t *line = p - (size_t)at * stride;
      uint8_t *out = canvas->spare + (y * width + x) * 4;
      uint32_t sums[4] = {p[0] * taps[0], p[1] * taps[0], p[2] * taps[0], p[3] * taps[0]};
      for (int i = 1; i <= reach; i++) {
        const int64_t before = at - i < 0 ? 0 : at - i;
        const int64_t after = at + i >= length ? length - 1 : at + i;
        const uint8_t *a = line + (size_t)before * stride, *b = line + (size_t)after * stride;
        for (int c = 0; c < 4; c++) sums[c] += (uint32_t)(a[c] + b[c]) * taps[i];
      }
      for (int c = 0; c < 4; c++) out[c] = (uint8_t)((sums[c] + 32768) >> 16);
    }
  }
  turn(canvas);
}

void pk_canvas_blur(pk_canvas *canvas, float sigma) {
  uint32_t taps[MAX_TAPS];
  if (!(sigma > 0.05f)) return;
  const int reach = make_taps(taps, sigma);
  blur_lines(canvas, taps, reach, false);
  blur_lines(canvas, taps, reach, true);
}

void pk_canvas_stroke(pk_canvas *canvas, float amount) {
  const int32_t share = (int32_t)lrintf(fabsf(amount) * 256.0f);
  uint8_t *out = canvas->spare;
  for (uint32_t y = 0; y < canvas->height; y++) {
    for (uint32_t x = 0; x < canvas->width; x++, out += 4) {
      const uint8_t *p = pixel_at(canvas, x, y, NULL);
      memcpy(out, p, 4);
      for (int c = 0; c < 3; c++) {
        int32_t found = p[c];
        for (int n = 0; n < 9; n++) {
          const int32_t near =
              pixel_at(canvas, (int64_t)x + n % 3 - 1, (int64_t)y + n / 3 - 1, NULL)[c];
          if (amount > 0.0f ? near > found : near < found) found = near;
        }
        out[c] = (uint8_t)(p[c] + (found - p[c]) * share / 256);
      }
    }
  }
  turn(canvas);
}

void pk_canvas_shuffle(pk_canvas *canvas, uint32_t count, pk_random *random) {
  uint32_t order[MAX_TILES * MAX_TILES];
  const uint32_t shorter = canvas->width < canvas->height ? canvas->width : canvas->height;
  uint32_t side = count < MAX_TILES ? count : MAX_TILES;
  side = side < shorter ? side : shorter;
  const uint32_t tiles = side * side;
  const size_t width = canvas->width / side, height = canvas->height / side;
  for (uint32_t i = 0; i < tiles; i++) order[i] = i;
  for (uint32_t i = tiles; i-- > 1;) {
    const size_t other = pk_random_below(random, i + 1);
    const uint32_t kept = order[i];
    order[i] = order[other];
    order[other] = kept;
  }
  for (uint32_t i = 0; i < tiles; i++) {
    const size_t from_x = order[i] % side * width, from_y = order[i] / side * height;
    const size_t to_x = i % side * width, to_y = i / side * height;
    for (size_t row = 0; row < height; row++) {
      memcpy(canvas->spare + ((to_y + row) * width * side + to_x) * 4,
             canvas->rgba + ((from_y + row) * canvas->width + from_x) * 4, width * 4);
    }
  }
  canvas->width = (uint32_t)(width * side);
  canvas->height = (uint32_t)(height * side);
  turn(canvas);
}
