// Resize and its predecessor Upsample.
#include <string.h>

#include "onnx_build.h"

typedef struct resize {
  pk_tensor in;
  float scales[PK_MAX_RANK];
  int32_t dims[PK_MAX_RANK];
} resize;

static int32_t float_word(float value) {
  int32_t word;
  memcpy(&word, &value, sizeof word);
  return word;
}

// The axis that entry `i` of scales or sizes is about.
static bool axis_of(pk_onnx *o, const pk_onnx_ints *axes, size_t i, int rank, int64_t *axis) {
  *axis = axes->is_given ? axes->values[i] : (int64_t)i;
  return pk_onnx_axis(o, axis, rank);
}

static bool read_scales(pk_onnx *o, resize *r, const float *scales, size_t count,
                        const pk_onnx_ints *axes) {
  for (size_t i = 0; i < count; i++) {
    int64_t axis;
    if (!axis_of(o, axes, i, r->in.rank, &axis)) return false;
    const double size = floor((double)r->in.dims[axis] * (double)scales[i]);
    if (!(scales[i] > 0.0f) || !(size >= 1.0) || size > 1 << 24) {
      return pk_onnx_broken(o, "scale %g does not fit %d elements", (double)scales[i],
                            r->in.dims[axis]);
    }
    r->scales[axis] = scales[i];
    r->dims[axis] = (int32_t)size;
  }
  return true;
}

static bool read_sizes(pk_onnx *o, resize *r, const pk_onnx_ints *sizes, const pk_onnx_ints *axes) {
  const bool not_larger =
      pk_onnx_attribute_is(o, "keep_aspect_ratio_policy", "not_larger", "stretch");
  const bool not_smaller =
      pk_onnx_attribute_is(o, "keep_aspect_ratio_policy", "not_smaller", "stretch");
  double common = not_larger ? INFINITY : 0.0;
  for (size_t i = 0; i < sizes->count; i++) {
    int64_t axis;
    if (!axis_of(o, axes, i, r->in.rank, &axis)) return false;
    if (sizes->values[i] < 1 || sizes->values[i] > 1 << 24) {
      return pk_onnx_broken(o, "size %lld is out of range", (long long)sizes->values[i]);
    }
    const double scale = (double)sizes->values[i] / (double)r->in.dims[axis];
    common = not_larger ? fmin(common, scale) : fmax(common, scale);
    r->dims[axis] = (int32_t)sizes->values[i];
    r->scales[axis] = (float)scale;
  }
  for (size_t i = 0; (not_larger || not_smaller) && i < sizes->count; i++) {
    int64_t axis;
    if (!axis_of(o, axes, i, r->in.rank, &axis)) return false;
    const double size = floor(common * (double)r->in.dims[axis] + 0.5);
    if (!(size >= 1.0) || size > 1 << 24) return pk_onnx_broken(o, "its sizes are out of range");
    r->dims[axis] = (int32_t)size;
    r->scales[axis] = (float)common;
  }
  return true;
}

static bool read_extents(pk_onnx *o, resize *r) {
  const bool is_upsample = strcmp(o->node->op_type, "Upsample") == 0;
  const size_t scales_at = is_upsample || o->opset < 11 ? 1 : 2;
  const Onnx__AttributeProto *attribute = pk_onnx_attribute(o, "scales");
  const float *scales = attribute ? attribute->floats : NULL;
  size_t count = attribute ? attribute->n_floats : 0;
  pk_onnx_ints axes, sizes = {.is_given = false};
  pk_onnx_attribute_ints(o, "axes", &axes);
  const pk_value scales_input = pk_onnx_input(o, scales_at);
  const pk_value sizes_input = scales_at == 2 ? pk_onnx_input(o, 3) : PK_ABSENT;
  if (!attribute && scales_input != PK_ABSENT &&
      !pk_onnx_constant_floats(o, scales_input, &scales, &count)) {
    return false;
  }
  if (!pk_onnx_constant_ints(o, sizes_input, &sizes)) return false;
  const size_t wanted = axes.is_given ? axes.count : (size_t)r->in.rank;
  if ((count > 0 ? count : sizes.count) != wanted) {
    return pk_onnx_broken(o, "its scales or sizes do not fit %d axes", r->in.rank);
  }
  return count > 0 ? read_scales(o, r, scales, count, &axes) : read_sizes(o, r, &sizes, &axes);
}

// The number of a text attribute among `names`; -1: none of them.
static int choose(pk_onnx *o, const char *attribute, const char *fallback, const char *const *names,
                  int count) {
  for (int i = 0; i < count; i++) {
    if (pk_onnx_attribute_is(o, attribute, names[i], fallback)) return i;
  }
  return -1;
}

bool pk_onnx_op_resize(pk_onnx *o) {
  static const char *const modes[] = {"nearest", "linear", "cubic"};
  static const char *const coordinates[] = {"half_pixel", "asymmetric", "align_corners",
                                            "pytorch_half_pixel", "half_pixel_symmetric"};
  static const char *const roundings[] = {"round_prefer_floor", "round_prefer_ceil", "floor",
                                          "ceil"};
  pk_value x = pk_onnx_required(o, 0);
  if (x < 0) return false;
  resize r = {.in = *pk_onnx_tensor(o, x)};
  for (int i = 0; i < r.in.rank; i++) r.scales[i] = 1.0f, r.dims[i] = r.in.dims[i];
  const bool is_old = o->opset < 11 || strcmp(o->node->op_type, "Upsample") == 0;
  int mode = choose(o, "mode", "nearest", modes, 3);
  const int where =
      is_old ? 1 : choose(o, "coordinate_transformation_mode", "half_pixel", coordinates, 5);
  const int rounding = is_old ? 2 : choose(o, "nearest_mode", "round_prefer_floor", roundings, 4);
  if (mode < 0 && pk_onnx_attribute_is(o, "mode", "bilinear", "nearest")) mode = 1;
  if (mode < 0 || where < 0 || rounding < 0) return pk_onnx_refuse(o, "in this mode");
  if (r.in.rank != 3 && r.in.rank != 4) return pk_onnx_refuse(o, "on %d axes", r.in.rank);
  if (r.in.dtype != PK_DTYPE_F32) return pk_onnx_refuse(o, "on %s", pk_dtype_name(r.in.dtype));
  if (!read_extents(o, &r)) return false;
  const int last = r.in.rank - 1;
  for (int i = 0; i < 2; i++) {
    if (r.dims[i] != r.in.dims[i]) return pk_onnx_refuse(o, "of batch or channels");
  }
  const bool shrinks = r.scales[last] < 1.0f || (last == 3 && r.scales[2] < 1.0f);
  if (pk_onnx_attribute_int(o, "antialias", 0) != 0 && mode != 0 && shrinks) {
    return pk_onnx_refuse(o, "with antialiasing");
  }
  pk_op like = {.kind = PK_OP_RESIZE};
  int32_t *words = like.attributes.words.words;
  words[MNW_RESIZE_MODE] = mode;
  words[MNW_RESIZE_COORDINATES] = where;
  words[MNW_RESIZE_NEAREST] = rounding;
  words[MNW_RESIZE_SCALE_H] = float_word(last == 3 ? r.scales[2] : 1.0f);
  words[MNW_RESIZE_SCALE_W] = float_word(r.scales[last]);
  words[MNW_RESIZE_CUBIC_A] = float_word(pk_onnx_attribute_float(o, "cubic_coeff_a", -0.75f));
  words[MNW_RESIZE_EXCLUDE_OUTSIDE] = pk_onnx_attribute_int(o, "exclude_outside", 0) != 0;
  x = pk_onnx_channels_last(o, x);
  const int32_t n = r.in.dims[0], c = r.in.dims[1], h = last == 3 ? r.dims[2] : 1, w = r.dims[last];
  if (last == 2) x = pk_onnx_reshape(o, x, 4, (const int32_t[]){n, 1, r.in.dims[2], c});
  pk_value y =
      pk_onnx_emit(o, PK_OP_RESIZE, &x, 1, PK_DTYPE_F32, 4, (const int32_t[]){n, h, w, c}, &like);
  if (last == 2) y = pk_onnx_reshape(o, y, 3, (const int32_t[]){n, w, c});
  return pk_onnx_set_output(o, 0, pk_onnx_channels_first(o, y));
}
