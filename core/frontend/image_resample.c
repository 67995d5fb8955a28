// From rows of RGBA bytes to an input tensor, a few rows at a time.
//
// Idea: each source row is first brought to the target's width (as float values of red, green and
// blue), then rows are combined to the target's height. Shrinking an axis takes the exact area
// average: output i covers the source interval [i * s, (i + 1) * s), s = source / target, and a
// source sample counts with the length of its overlap. Growing an axis interpolates linearly
// between sample centres. Only sums over the current output row and, for growing, the previous
// source row are kept, so a 12-megapixel photo needs a few KiB here.
//
// Everything is float32 in a fixed order without fused operations: the same bytes natively and in
// wasm.
#include <string.h>

#include "../base/arena.h"
#include "../base/error.h"

enum { RGB = 3, RGBA = 4, MAX_SOURCE = 1 << 15, MAX_TARGET = 1 << 13 };

struct mnw_image {
  mnw_image_options options;  // with crop and box filled in
  void *tensor;
  float *row;       // the current source row at target width: box_width * RGB
  float *previous;  // the one before it
  float *sums;      // the output row being averaged
  uint32_t pushed_rows, done_rows;
};

// The centred rectangle with the aspect of width : height, `share` times the largest that fits.
static void centre(uint32_t area[4], uint32_t outer_width, uint32_t outer_height, double width,
                   double height, double share) {
  const double across = outer_height * width / height, down = outer_width * height / width;
  const double sides[2] = {outer_width < across ? outer_width : across,
                           outer_height < down ? outer_height : down};
  const uint32_t outer[2] = {outer_width, outer_height};
  for (int i = 0; i < 2; i++) {
    const uint32_t side = (uint32_t)(sides[i] * share + 0.5);
    area[2 + i] = side > 1 ? side : 1;
    area[i] = (outer[i] - area[2 + i]) / 2;
  }
}

void mnw_image_fit_to(mnw_image_options *o, mnw_image_fit fit, double crop) {
  uint32_t source[4] = {0, 0, o->source_width, o->source_height};
  uint32_t box[4] = {0, 0, o->width, o->height};
  const bool has_area = source[2] > 0 && source[3] > 0 && box[2] > 0 && box[3] > 0;
  if (has_area && fit == MNW_IMAGE_CROP && crop > 0.0 && crop <= 1.0) {
    centre(source, source[2], source[3], box[2], box[3], crop);
  } else if (has_area && fit == MNW_IMAGE_LETTERBOX) {
    centre(box, box[2], box[3], source[2], source[3], 1.0);
  }
  o->crop_x = source[0];
  o->crop_y = source[1];
  o->crop_width = source[2];
  o->crop_height = source[3];
  o->box_x = box[0];
  o->box_y = box[1];
  o->box_width = box[2];
  o->box_height = box[3];
}

static bool fill_areas(mnw_image_options *o) {
  if (o->crop_width == 0 && o->crop_height == 0 && o->crop_x == 0 && o->crop_y == 0) {
    o->crop_width = o->source_width;
    o->crop_height = o->source_height;
  }
  if (o->box_width == 0 && o->box_height == 0 && o->box_x == 0 && o->box_y == 0) {
    o->box_width = o->width;
    o->box_height = o->height;
  }
  return o->source_width >= 1 && o->source_width <= MAX_SOURCE && o->source_height >= 1 &&
         o->source_height <= MAX_SOURCE && o->crop_width >= 1 && o->crop_height >= 1 &&
         o->crop_x < o->source_width && o->crop_y < o->source_height &&
         o->crop_width <= o->source_width - o->crop_x &&
         o->crop_height <= o->source_height - o->crop_y && o->width >= 1 &&
         o->width <= MAX_TARGET && o->height >= 1 && o->height <= MAX_TARGET && o->box_width >= 1 &&
         o->box_height >= 1 && o->box_x < o->width && o->box_y < o->height &&
         o->box_width <= o->width - o->box_x && o->box_height <= o->height - o->box_y &&
         (o->channels == 1 || o->channels == RGB) &&
         (o->dtype == MNW_DTYPE_S8 || o->dtype == MNW_DTYPE_U8 || o->dtype == MNW_DTYPE_F32);
}

static mnw_image *lay_out(mnw_arena *arena, const mnw_image_options *options, mnw_image *measured) {
  mnw_image *taken = mnw_arena_take(arena, 1, sizeof(mnw_image));
  mnw_image *image = taken ? taken : measured;
  memset(image, 0, sizeof *image);
  image->options = *options;
  image->row = mnw_arena_take(arena, (size_t)options->box_width * RGB, sizeof(float));
  image->previous = mnw_arena_take(arena, (size_t)options->box_width * RGB, sizeof(float));
  image->sums = mnw_arena_take(arena, (size_t)options->box_width * RGB, sizeof(float));
  return taken;
}

size_t mnw_image_bytes(const mnw_image_options *options) {
  mnw_arena arena;
  mnw_image measured;
  mnw_image_options filled = *options;
  if (!fill_areas(&filled)) return 0;
  mnw_arena_init(&arena, NULL, 0);
  lay_out(&arena, &filled, &measured);
  return arena.used_bytes;
}

// Where output position i samples when growing: between sample `first` and the next, `fraction` of
// the way.
typedef struct sample_point {
  uint32_t first;
  float fraction;
} sample_point;

static sample_point sample_between(uint32_t i, uint32_t source, uint32_t target) {
  const float centre = ((float)i + 0.5f) * (float)source / (float)target - 0.5f;
  if (centre <= 0.0f) return (sample_point){0, 0.0f};
  const uint32_t first = (uint32_t)centre;
  if (first + 1 >= source) return (sample_point){source - 1, 0.0f};
  return (sample_point){first, centre - (float)first};
}

static void grow_row(float *row, const uint8_t *rgba, uint32_t source, uint32_t target) {
  for (uint32_t i = 0; i < target; i++) {
    const sample_point point = sample_between(i, source, target);
    const uint8_t *a = rgba + (size_t)point.first * RGBA;
    const uint8_t *b = point.fraction > 0.0f ? a + RGBA : a;
    for (int c = 0; c < RGB; c++) {
      row[i * RGB + (uint32_t)c] = (float)a[c] + ((float)b[c] - (float)a[c]) * point.fraction;
    }
  }
}

// The overlap of source sample j with output interval i, in units of 1 / target of a sample: exact
// integers.
static uint32_t overlap(uint32_t j, uint32_t i, uint32_t source, uint32_t target) {
  const uint32_t low = j * target > i * source ? j * target : i * source;
  const uint32_t high = (j + 1) * target < (i + 1) * source ? (j + 1) * target : (i + 1) * source;
  return high > low ? high - low : 0;
}

static void shrink_row(float *row, const uint8_t *rgba, uint32_t source, uint32_t target) {
  for (uint32_t i = 0; i < target; i++) {
    const uint32_t first = i * source / target, last = ((i + 1) * source - 1) / target;
    uint32_t sums[RGB] = {0};
    for (uint32_t j = first; j <= last; j++) {
      const uint32_t weight = overlap(j, i, source, target);
      for (int c = 0; c < RGB; c++) sums[c] += weight * rgba[(size_t)j * RGBA + (size_t)c];
    }
    for (int c = 0; c < RGB; c++) row[i * RGB + (uint32_t)c] = (float)sums[c] / (float)source;
  }
}

static void store(const mnw_image *image, size_t index, uint32_t channel, float value) {
  const mnw_image_options *o = &image->options;
  if (o->dtype == MNW_DTYPE_F32) {
    ((float *)image->tensor)[index] = value * o->scale[channel] + o->offset[channel];
    return;
  }
  const int32_t rounded = (int32_t)(value + 0.5f);
  const int32_t byte = rounded > 255 ? 255 : rounded;
  ((uint8_t *)image->tensor)[index] = (uint8_t)(o->dtype == MNW_DTYPE_S8 ? byte - 128 : byte);
}

// Stores a pixel of red, green and blue at column x and row y of the tensor.
static void store_pixel(const mnw_image *image, uint32_t x, uint32_t y, const float *rgb) {
  const mnw_image_options *o = &image->options;
  const size_t pixel = (size_t)y * o->width + x;
  if (o->channels == 1) {
    store(image, pixel, 0, rgb[0] * 0.299f + rgb[1] * 0.587f + rgb[2] * 0.114f);
    return;
  }
  const size_t first = o->is_planar ? pixel : pixel * RGB;
  const size_t step = o->is_planar ? (size_t)o->width * o->height : 1;
  for (uint32_t c = 0; c < RGB; c++) {
    store(image, first + c * step, c, rgb[o->is_bgr ? RGB - 1 - c : c]);
  }
}

// The bars around the box.
static void fill_bars(const mnw_image *image) {
  const mnw_image_options *o = &image->options;
  const float grey[RGB] = {o->pad, o->pad, o->pad};
  for (uint32_t y = 0; y < o->height; y++) {
    const bool crosses = y >= o->box_y && y < o->box_y + o->box_height;
    for (uint32_t x = 0; x < o->width; x++) {
      if (crosses && x == o->box_x) x += o->box_width;
      if (x < o->width) store_pixel(image, x, y, grey);
    }
  }
}

mnw_status mnw_image_init(mnw_image **image, void *memory, size_t memory_bytes,
                          const mnw_image_options *options, void *tensor, mnw_error *error) {
  mnw_arena arena;
  mnw_image_options filled = *options;
  *image = NULL;
  if (!fill_areas(&filled) || !memory || !tensor || (uintptr_t)memory % MNW_ALIGNMENT != 0) {
    return mnw_fail(error, MNW_STATUS_INVALID_ARGUMENT,
                    "a picture of %0 x %1 pixels with this crop, target or memory cannot be read",
                    options->source_width, options->source_height, 0);
  }
  if (memory_bytes < mnw_image_bytes(&filled)) {
    return mnw_fail(error, MNW_STATUS_OUT_OF_MEMORY, "picture needs %0 bytes, %1 were handed in",
                    (int64_t)mnw_image_bytes(&filled), (int64_t)memory_bytes, 0);
  }
  mnw_arena_init(&arena, memory, memory_bytes);
  *image = lay_out(&arena, &filled, NULL);
  (*image)->tensor = tensor;
  memset((*image)->sums, 0, (size_t)filled.box_width * RGB * sizeof(float));
  if (filled.box_width != filled.width || filled.box_height != filled.height) fill_bars(*image);
  return MNW_STATUS_OK;
}

// Writes output row done_rows from `values`.
static void emit_row(mnw_image *image, const float *values) {
  const mnw_image_options *o = &image->options;
  for (uint32_t i = 0; i < o->box_width; i++, values += RGB) {
    store_pixel(image, o->box_x + i, o->box_y + image->done_rows, values);
  }
  image->done_rows++;
}

// Adds source row j to the output rows it overlaps; a row is written when its last source row is
// in.
static void shrink_column(mnw_image *image, uint32_t j) {
  const mnw_image_options *o = &image->options;
  const uint32_t source = o->crop_height, target = o->box_height;
  const size_t values = (size_t)o->box_width * RGB;
  while (image->done_rows < target) {
    const uint32_t i = image->done_rows;
    const float weight = (float)overlap(j, i, source, target) / (float)source;
    for (size_t v = 0; v < values; v++) image->sums[v] += image->row[v] * weight;
    if ((i + 1) * source > (j + 1) * target) return;
    emit_row(image, image->sums);
    memset(image->sums, 0, values * sizeof(float));
    if ((i + 1) * source == (j + 1) * target) return;
  }
}

// Writes every output row that lies between source rows j - 1 and j (after the last one: also those
// beyond its centre).
static void grow_column(mnw_image *image, uint32_t j) {
  const mnw_image_options *o = &image->options;
  const size_t values = (size_t)o->box_width * RGB;
  while (image->done_rows < o->box_height) {
    const sample_point point = sample_between(image->done_rows, o->crop_height, o->box_height);
    const uint32_t needed = point.fraction > 0.0f ? point.first + 1 : point.first;
    if (needed > j) return;
    if (needed == point.first) {
      emit_row(image, point.first == j ? image->row : image->previous);
      continue;
    }
    for (size_t v = 0; v < values; v++) {
      image->sums[v] = image->previous[v] + (image->row[v] - image->previous[v]) * point.fraction;
    }
    emit_row(image, image->sums);
  }
}

static void take_row(mnw_image *image, const uint8_t *rgba) {
  const mnw_image_options *o = &image->options;
  const uint32_t j = image->pushed_rows - o->crop_y;
  const uint8_t *cropped = rgba + (size_t)o->crop_x * RGBA;
  float *const swapped = image->previous;
  image->previous = image->row;
  image->row = swapped;
  if (o->box_width > o->crop_width) {
    grow_row(image->row, cropped, o->crop_width, o->box_width);
  } else {
    shrink_row(image->row, cropped, o->crop_width, o->box_width);
  }
  if (o->box_height > o->crop_height) {
    grow_column(image, j);
  } else {
    shrink_column(image, j);
  }
}

mnw_status mnw_image_push_rows(mnw_image *image, const uint8_t *rgba, uint32_t row_count,
                               mnw_error *error) {
  const mnw_image_options *o = &image->options;
  if (row_count > o->source_height - image->pushed_rows) {
    return mnw_fail(error, MNW_STATUS_INVALID_ARGUMENT,
                    "%0 rows pushed to a picture of %1 rows that has %2 already", row_count,
                    o->source_height, image->pushed_rows);
  }
  for (uint32_t r = 0; r < row_count; r++, rgba += (size_t)o->source_width * RGBA) {
    if (image->pushed_rows >= o->crop_y && image->pushed_rows < o->crop_y + o->crop_height) {
      take_row(image, rgba);
    }
    image->pushed_rows++;
  }
  return MNW_STATUS_OK;
}

bool mnw_image_is_complete(const mnw_image *image) {
  return image->done_rows == image->options.box_height;
}
