#include <math.h>
#include <string.h>

#include "augment.h"

static uint8_t to_byte(float value) {
  return value <= 0.0f ? 0 : value >= 255.0f ? 255 : (uint8_t)(value + 0.5f);
}

// --- warp ---

typedef struct affine {
  float xx, xy, x0, yx, yy, y0;  // source = matrix * target + offset
} affine;

static affine draw_warp(const pk_picture *p, const pk_picture_augment *a, pk_random *random) {
  const float to_radians = 0.017453293f, w = (float)p->width, h = (float)p->height;
  const float scale = 1.0f / pk_draw(random, a->scale.low, a->scale.high);
  const float angle = to_radians * pk_draw(random, -a->rotate, a->rotate);
  const float shear = tanf(to_radians * pk_draw(random, -a->shear, a->shear));
  const float dx = w * pk_draw(random, -a->shift, a->shift);
  const float dy = h * pk_draw(random, -a->shift, a->shift);
  const float side = a->mirror && pk_draw_share(random, 0.5f) ? -1.0f : 1.0f;
  const float c = scale * cosf(angle), s = scale * sinf(angle);
  affine m = {.xx = side * c, .xy = side * (c * shear - s), .yx = s, .yy = s * shear + c};
  const float cx = 0.5f * (w - 1.0f), cy = 0.5f * (h - 1.0f);
  m.x0 = cx - m.xx * (cx + dx) - m.xy * (cy + dy);
  m.y0 = cy - m.yx * (cx + dx) - m.yy * (cy + dy);
  return m;
}

static void warp(pk_picture *out, const pk_picture *source, const affine *m) {
  const float right = (float)(source->width - 1), bottom = (float)(source->height - 1);
  const size_t stride = 4 * (size_t)source->width;
  for (uint32_t y = 0; y < out->height; y++) {
    uint8_t *to = out->rgba + 4 * (size_t)y * out->width;
    for (uint32_t x = 0; x < out->width; x++, to += 4) {
      const float sx = m->xx * (float)x + m->xy * (float)y + m->x0;
      const float sy = m->yx * (float)x + m->yy * (float)y + m->y0;
      const float px = fminf(fmaxf(sx, 0.0f), right), py = fminf(fmaxf(sy, 0.0f), bottom);
      const uint32_t ix = (uint32_t)px, iy = (uint32_t)py;
      const float fx = px - (float)ix, fy = py - (float)iy;
      const uint8_t *at = source->rgba + iy * stride + 4 * (size_t)ix;
      const size_t dx = ix + 1 < source->width ? 4 : 0, dy = iy + 1 < source->height ? stride : 0;
      for (int i = 0; i < 3; i++) {
        const float top = (float)at[i] + fx * (float)(at[i + dx] - at[i]);
        const float low = (float)at[i + dy] + fx * (float)(at[i + dx + dy] - at[i + dy]);
        to[i] = (uint8_t)(top + fy * (low - top) + 0.5f);
      }
      to[3] = 255;
    }
  }
}

// --- colour ---

static void recolour(pk_picture *p, const pk_picture_augment *a, pk_random *random) {
  uint8_t table[256];
  const float bright = 255.0f * pk_draw(random, -a->brightness, a->brightness);
  const float contrast = pk_draw(random, 1.0f - a->contrast, 1.0f + a->contrast);
  const float gamma = expf(pk_draw(random, -a->gamma, a->gamma));
  const float saturation = pk_draw(random, 1.0f - a->saturation, 1.0f + a->saturation);
  const size_t pixels = (size_t)p->width * p->height;
  for (int i = 0; i < 256; i++) {
    const float bent = 255.0f * powf((float)i / 255.0f, gamma);
    table[i] = to_byte((bent - 127.5f) * contrast + 127.5f + bright);
  }
  for (size_t i = 0; i < pixels; i++) {
    uint8_t *c = p->rgba + 4 * i;
    const float grey = 0.299f * (float)c[0] + 0.587f * (float)c[1] + 0.114f * (float)c[2];
    for (int k = 0; k < 3; k++) {
      c[k] = table[to_byte(grey + saturation * ((float)c[k] - grey))];
    }
  }
}

// Three passes of neighbours along each axis come near a Gaussian of one pixel.
static void blur(pk_picture *p, int passes) {
  const size_t w = p->width, h = p->height;
  for (int pass = 0; pass < 2 * passes; pass++) {
    const bool along_x = pass % 2 == 0;
    const size_t lines = along_x ? h : w, length = along_x ? w : h;
    const size_t step = along_x ? 4 : 4 * w, line_step = along_x ? 4 * w : 4;
    for (size_t l = 0; l < lines; l++) {
      for (int k = 0; k < 3; k++) {
        uint8_t *at = p->rgba + l * line_step + (size_t)k;
        int before = at[0];
        for (size_t i = 0; i < length; i++, at += step) {
          const int here = at[0], after = i + 1 < length ? at[step] : here;
          at[0] = (uint8_t)((before + 2 * here + after + 2) / 4);
          before = here;
        }
      }
    }
  }
}

static void add_noise(pk_picture *p, float deviation, pk_random *random) {
  const size_t pixels = (size_t)p->width * p->height;
  for (size_t i = 0; i < pixels; i++) {
    // Four uniform numbers are near enough to normal.
    const uint64_t bits = pk_random_next(random);
    const int sum = (int)(bits & 255) + (int)(bits >> 8 & 255) + (int)(bits >> 16 & 255) +
                    (int)(bits >> 24 & 255) - 510;
    const float off = deviation * (float)sum / 147.8f;
    for (int k = 0; k < 3; k++)
      p->rgba[4 * i + (size_t)k] = to_byte((float)p->rgba[4 * i + (size_t)k] + off);
  }
}

static void fill_rectangle(pk_picture *p, float x, float y, float w, float h,
                           const uint8_t colour[3]) {
  const size_t left = (size_t)fmaxf(x, 0.0f), top = (size_t)fmaxf(y, 0.0f);
  for (size_t row = top; row < p->height && (float)row < y + h; row++) {
    for (size_t column = left; column < p->width && (float)column < x + w; column++) {
      memcpy(p->rgba + 4 * (row * p->width + column), colour, 3);
    }
  }
}

static void draw_colour(uint8_t colour[3], pk_random *random) {
  const uint64_t bits = pk_random_next(random);
  for (int k = 0; k < 3; k++) colour[k] = (uint8_t)(bits >> (8 * k));
}

static void erase(pk_picture *p, const pk_picture_augment *a, pk_random *random) {
  uint8_t colour[3];
  const float w = (float)p->width * pk_draw(random, a->erase_size.low, a->erase_size.high);
  const float h = (float)p->height * pk_draw(random, a->erase_size.low, a->erase_size.high);
  draw_colour(colour, random);
  fill_rectangle(p, pk_draw(random, 0.0f, (float)p->width - w),
                 pk_draw(random, 0.0f, (float)p->height - h), w, h, colour);
}

void pk_picture_augment_apply(pk_picture *out, const pk_picture *source,
                              const pk_picture_augment *augment, pk_random *random) {
  const pk_picture_augment *a = augment;
  out->width = source->width;
  out->height = source->height;
  const affine m = draw_warp(source, a, random);
  warp(out, source, &m);
  if (a->brightness + a->contrast + a->gamma + a->saturation > 0.0f) recolour(out, a, random);
  if (a->blur > 0.0f) blur(out, (int)pk_draw(random, 0.0f, 2.0f * a->blur * a->blur));
  if (a->noise > 0.0f) add_noise(out, 255.0f * pk_draw(random, 0.0f, a->noise), random);
  if (pk_draw_share(random, a->erase_share)) erase(out, a, random);
}

// --- made-up pictures ---

static void make_gradient(pk_picture *p, pk_random *random) {
  uint8_t from[3], to[3];
  const float angle = pk_draw(random, 0.0f, 6.2831853f), wave = pk_draw(random, 0.0f, 12.0f);
  const bool waves = pk_draw_share(random, 0.5f);
  draw_colour(from, random);
  draw_colour(to, random);
  for (size_t y = 0; y < p->height; y++) {
    for (size_t x = 0; x < p->width; x++) {
      const float along = cosf(angle) * ((float)x / (float)p->width - 0.5f) +
                          sinf(angle) * ((float)y / (float)p->height - 0.5f);
      const float t = waves ? 0.5f + 0.5f * sinf(6.2831853f * wave * along) : 0.5f + 0.7f * along;
      uint8_t *c = p->rgba + 4 * (y * p->width + x);
      for (int k = 0; k < 3; k++) {
        c[k] = to_byte((float)from[k] + t * ((float)to[k] - (float)from[k]));
      }
      c[3] = 255;
    }
  }
}

static void add_ellipse(pk_picture *p, pk_random *random) {
  uint8_t colour[3];
  const float w = (float)p->width, h = (float)p->height;
  const float cx = pk_draw(random, 0.0f, w), cy = pk_draw(random, 0.0f, h);
  const float rx = pk_draw(random, 0.03f, 0.4f) * w, ry = pk_draw(random, 0.03f, 0.4f) * h;
  draw_colour(colour, random);
  for (size_t y = 0; y < p->height; y++) {
    for (size_t x = 0; x < p->width; x++) {
      const float dx = ((float)x - cx) / rx, dy = ((float)y - cy) / ry;
      if (dx * dx + dy * dy < 1.0f) memcpy(p->rgba + 4 * (y * p->width + x), colour, 3);
    }
  }
}

static void add_rectangle(pk_picture *p, pk_random *random) {
  uint8_t colour[3];
  const float w = (float)p->width, h = (float)p->height;
  draw_colour(colour, random);
  fill_rectangle(p, pk_draw(random, -0.2f, 0.9f) * w, pk_draw(random, -0.2f, 0.9f) * h,
                 pk_draw(random, 0.02f, 0.6f) * w, pk_draw(random, 0.02f, 0.6f) * h, colour);
}

void pk_picture_make_noise(pk_picture *out, pk_random *random) {
  make_gradient(out, random);
  const uint64_t shapes = pk_random_below(random, 8);
  for (uint64_t i = 0; i < shapes; i++) {
    if (pk_draw_share(random, 0.5f)) {
      add_ellipse(out, random);
    } else {
      add_rectangle(out, random);
    }
  }
  blur(out, (int)pk_random_below(random, 6));
  add_noise(out, pk_draw(random, 0.0f, pk_draw_share(random, 0.2f) ? 120.0f : 12.0f), random);
}

static void enlarge(pk_picture *out, const pk_picture *source, pk_random *random) {
  const float share = pk_draw(random, 0.12f, 0.3f), w = (float)source->width;
  const float h = (float)source->height;
  // The corners show hands least.
  const float x = pk_draw_share(random, 0.5f) ? 0.0f : 1.0f - share;
  const float y = pk_draw_share(random, 0.5f) ? 0.0f : 1.0f - share;
  const affine m = {.xx = share * w / (float)out->width,
                    .x0 = x * w,
                    .yy = share * h / (float)out->height,
                    .y0 = y * h};
  warp(out, source, &m);
}

static void shuffle_tiles(pk_picture *out, const pk_picture *source, pk_random *random) {
  enum { MOST = 6 };
  const size_t n = 3 + pk_random_below(random, MOST - 2);
  size_t order[MOST * MOST];
  for (size_t i = 0; i < n * n; i++) order[i] = i;
  for (size_t i = n * n; i > 1; i--) {
    const size_t j = pk_random_below(random, i), kept = order[i - 1];
    order[i - 1] = order[j];
    order[j] = kept;
  }
  for (size_t y = 0; y < out->height; y++) {
    for (size_t x = 0; x < out->width; x++) {
      const size_t tile = order[y * n / out->height * n + x * n / out->width];
      const size_t in_x = (x * n % out->width) * source->width / out->width;
      const size_t in_y = (y * n % out->height) * source->height / out->height;
      const size_t sx = (tile % n * source->width + in_x) / n;
      const size_t sy = (tile / n * source->height + in_y) / n;
      memcpy(out->rgba + 4 * (y * out->width + x), source->rgba + 4 * (sy * source->width + sx), 4);
    }
  }
}

void pk_picture_make_pieces(pk_picture *out, const pk_picture *source, pk_random *random) {
  if (pk_draw_share(random, 0.5f)) {
    enlarge(out, source, random);
  } else {
    shuffle_tiles(out, source, random);
  }
}
