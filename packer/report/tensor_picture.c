#include "tensor_picture.h"

#include <math.h>
#include <stdlib.h>

#include "../package/real_value.h"

enum { MAX_SIDE = 4096 };

// Where pixel (x, y) and colour c of the picture stand in the tensor.
typedef struct tensor_view {
  size_t width, height, colours;
  size_t x_step, y_step, colour_step;
  bool is_upside_down;
} tensor_view;

// Extents without those of 1, of which there must be `count`; false: another number.
static bool long_axes(size_t *extents, size_t count, const pk_manifest_tensor *tensor) {
  size_t found = 0;
  for (uint32_t i = 0; i < tensor->rank; i++) {
    if (tensor->dims[i] == 1) continue;
    if (found < count) extents[found] = (size_t)tensor->dims[i];
    found++;
  }
  return found == count;
}

static bool view_of(tensor_view *view, const pk_manifest_tensor *tensor) {
  size_t axes[2];
  if (tensor->is_audio && long_axes(axes, 2, tensor)) {  // [frames][bands]
    *view = (tensor_view){axes[0], axes[1], 1, axes[1], 1, 0, true};
  } else if (tensor->is_image && tensor->rank == 4) {
    const int first = tensor->is_planar ? 2 : 1;
    const size_t height = (size_t)tensor->dims[first], width = (size_t)tensor->dims[first + 1];
    const size_t colours = (size_t)tensor->dims[tensor->is_planar ? 1 : 3];
    *view = tensor->is_planar
                ? (tensor_view){width, height, colours, 1, width, width * height, false}
                : (tensor_view){width, height, colours, colours, width * colours, 1, false};
  } else {
    return false;
  }
  return view->width > 0 && view->height > 0 && view->width <= MAX_SIDE &&
         view->height <= MAX_SIDE && (view->colours == 1 || view->colours == 3);
}

static double value_at(const pk_manifest_tensor *tensor, const void *bytes, size_t index) {
  return pk_real_value(tensor->dtype, tensor->scale, tensor->zero_point, bytes, index);
}

bool pk_tensor_picture(pk_picture *picture, const pk_manifest_tensor *tensor, const void *bytes) {
  tensor_view v;
  if (!view_of(&v, tensor)) return false;
  double low = INFINITY, high = -INFINITY;
  for (size_t i = 0; i < v.width * v.height * v.colours; i++) {
    const double value = value_at(tensor, bytes, i);
    low = fmin(low, value);
    high = fmax(high, value);
  }
  const double scale = high > low && isfinite(high - low) ? 255.0 / (high - low) : 0.0;
  *picture = (pk_picture){(uint32_t)v.width, (uint32_t)v.height, malloc(4 * v.width * v.height)};
  if (!picture->rgba) return false;
  for (size_t y = 0; y < v.height; y++) {
    const size_t row = v.is_upside_down ? v.height - 1 - y : y;
    for (size_t x = 0; x < v.width; x++) {
      uint8_t *pixel = picture->rgba + 4 * (y * v.width + x);
      for (size_t c = 0; c < 3; c++) {
        const size_t colour = v.colours == 1 ? 0 : tensor->is_bgr ? 2 - c : c;
        const size_t at = x * v.x_step + row * v.y_step + colour * v.colour_step;
        const double level = scale > 0.0 ? (value_at(tensor, bytes, at) - low) * scale : 0.0;
        pixel[c] = level > 0.0 ? (uint8_t)lrint(level) : 0;
      }
      pixel[3] = 255;
    }
  }
  return true;
}
