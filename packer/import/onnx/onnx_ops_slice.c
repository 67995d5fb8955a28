// Operators that cut pieces out or put edges around.
#include <string.h>

#include "onnx_build.h"

static bool done(pk_onnx *o, size_t output, pk_value value) {
  const pk_value x = pk_onnx_input(o, 0);
  if (value < 0 || x < 0) return false;
  return pk_onnx_set_typed_output(o, output, value, pk_onnx_type(o, x));
}

typedef struct range {
  int64_t start, end, step;
} range;

// The first element and the number of elements of a Python slice.
static int64_t clamp_to(int64_t value, int64_t low, int64_t high) {
  return value < low ? low : value > high ? high : value;
}

static void resolve_range(const range *r, int32_t dim, int32_t *start, int32_t *count) {
  const bool forward = r->step > 0;
  const int64_t first =
      clamp_to(r->start < 0 ? r->start + dim : r->start, 0, forward ? dim : dim - 1);
  const int64_t end =
      clamp_to(r->end < 0 ? r->end + dim : r->end, forward ? 0 : -1, forward ? dim : dim - 1);
  const int64_t span = forward ? end - first : first - end;
  *start = (int32_t)first;
  *count = span <= 0 ? 0 : (int32_t)((span - 1) / (forward ? r->step : -r->step) + 1);
}

bool pk_onnx_op_slice_range(pk_onnx *o) {
  const pk_value x = pk_onnx_required(o, 0);
  pk_onnx_ints starts, ends, axes, steps;
  if (x < 0 || !pk_onnx_parameter_ints(o, "starts", 1, &starts) ||
      !pk_onnx_parameter_ints(o, "ends", 2, &ends) ||
      !pk_onnx_parameter_ints(o, "axes", 3, &axes) ||
      !pk_onnx_parameter_ints(o, "steps", 4, &steps)) {
    return false;
  }
  const pk_tensor in = *pk_onnx_tensor(o, x);
  int32_t first[PK_MAX_RANK] = {0}, step[PK_MAX_RANK], count[PK_MAX_RANK];
  for (int i = 0; i < in.rank; i++) step[i] = 1, count[i] = in.dims[i];
  if (starts.count != ends.count || (axes.is_given && axes.count != starts.count) ||
      (steps.is_given && steps.count != starts.count) || starts.count > (size_t)in.rank) {
    return pk_onnx_broken(o, "its starts, ends, axes and steps differ in length");
  }
  for (size_t i = 0; i < starts.count; i++) {
    int64_t axis = axes.is_given ? axes.values[i] : (int64_t)i;
    range r = {starts.values[i], ends.values[i], steps.is_given ? steps.values[i] : 1};
    if (!pk_onnx_axis(o, &axis, in.rank)) return false;
    if (r.step == 0 || r.step == INT64_MIN) return pk_onnx_broken(o, "one of its steps is 0");
    if (r.step > 1 << 24) r.step = 1 << 24;
    if (r.step < -(1 << 24)) r.step = -(1 << 24);
    resolve_range(&r, in.dims[axis], &first[axis], &count[axis]);
    step[axis] = (int32_t)r.step;
    if (count[axis] == 1) step[axis] = 1;
  }
  bool is_empty = false;
  for (int i = 0; i < in.rank; i++) is_empty |= count[i] == 0;
  if (is_empty && pk_onnx_is_constant(o, x)) {
    return done(o, 0, pk_onnx_constant(o, in.dtype, in.rank, count, in.data));
  }
  return done(o, 0, pk_onnx_slice(o, x, first, step, count));
}

bool pk_onnx_op_split(pk_onnx *o) {
  const pk_value x = pk_onnx_required(o, 0);
  pk_onnx_ints sizes;
  if (x < 0 || !pk_onnx_parameter_ints(o, "split", 1, &sizes)) return false;
  const pk_tensor in = *pk_onnx_tensor(o, x);
  int64_t axis = pk_onnx_attribute_int(o, "axis", 0);
  if (!pk_onnx_axis(o, &axis, in.rank)) return false;
  const int64_t parts = (int64_t)o->node->n_output, dim = in.dims[axis];
  const int64_t even = parts ? (dim + parts - 1) / parts : 0;
  if (sizes.is_given && (int64_t)sizes.count != parts) {
    return pk_onnx_broken(o, "it has %zu sizes for %lld outputs", sizes.count, (long long)parts);
  }
  int64_t at = 0;
  for (int64_t i = 0; i < parts; i++) {
    int64_t size = sizes.is_given ? sizes.values[i] : even < dim - at ? even : dim - at;
    if (size < 0 || size > dim - at)
      return pk_onnx_broken(o, "its sizes do not fit %lld elements", (long long)dim);
    if (size == 0) return pk_onnx_refuse(o, "into empty tensors");
    if (!done(o, (size_t)i, pk_onnx_part(o, x, (int)axis, (int32_t)at, (int32_t)size)))
      return false;
    at += size;
  }
  return at == dim ||
         pk_onnx_broken(o, "its sizes leave %lld elements over", (long long)(dim - at));
}

static bool pad_value(pk_onnx *o, pk_dtype dtype, double *value) {
  const pk_value input = pk_onnx_input(o, 2);
  *value = (double)pk_onnx_attribute_float(o, "value", 0.0f);
  if (input == PK_ABSENT) return true;
  if (dtype == PK_DTYPE_F32) {
    const float *floats;
    size_t count;
    if (!pk_onnx_constant_floats(o, input, &floats, &count)) return false;
    if (count > 0) *value = (double)floats[0];
    return true;
  }
  pk_onnx_ints ints;
  if (!pk_onnx_constant_ints(o, input, &ints)) return false;
  if (ints.count > 0) *value = (double)ints.values[0];
  return true;
}

bool pk_onnx_op_pad_edges(pk_onnx *o) {
  pk_value x = pk_onnx_required(o, 0);
  pk_onnx_ints pads, axes = {.is_given = false};
  double value;
  if (x < 0) return false;
  const pk_tensor in = *pk_onnx_tensor(o, x);
  const char *name = pk_onnx_attribute(o, "paddings") ? "paddings" : "pads";
  if (!pk_onnx_parameter_ints(o, name, 1, &pads) || !pad_value(o, in.dtype, &value) ||
      !pk_onnx_constant_ints(o, pk_onnx_input(o, 3), &axes)) {
    return false;
  }
  const size_t count = axes.is_given ? axes.count : (size_t)in.rank;
  const int mode = pk_onnx_attribute_is(o, "mode", "reflect", "constant") ? 1
                   : pk_onnx_attribute_is(o, "mode", "edge", "constant")  ? 2
                   : pk_onnx_attribute_is(o, "mode", "wrap", "constant")  ? 3
                                                                          : 0;
  if (pads.count != 2 * count) return pk_onnx_broken(o, "it has %zu pads", pads.count);
  int32_t before[PK_MAX_RANK] = {0}, after[PK_MAX_RANK] = {0};
  int32_t first[PK_MAX_RANK] = {0}, step[PK_MAX_RANK], kept[PK_MAX_RANK];
  for (int i = 0; i < in.rank; i++) step[i] = 1, kept[i] = in.dims[i];
  for (size_t i = 0; i < count; i++) {
    int64_t axis = axes.is_given ? axes.values[i] : (int64_t)i;
    const int64_t low = pads.values[i], high = pads.values[count + i];
    if (!pk_onnx_axis(o, &axis, in.rank)) return false;
    const int32_t dim = in.dims[axis];
    if (low > 1 << 24 || high > 1 << 24 || low < -(1 << 24) || high < -(1 << 24)) {
      return pk_onnx_broken(o, "it pads by %lld and %lld", (long long)low, (long long)high);
    }
    // Negative pads cut off.
    if (low < 0) first[axis] = (int32_t)-low, kept[axis] += (int32_t)low;
    if (high < 0) kept[axis] += (int32_t)high;
    if (kept[axis] < 1) return pk_onnx_broken(o, "it cuts off all of %d elements", dim);
    before[axis] = low > 0 ? (int32_t)low : 0;
    after[axis] = high > 0 ? (int32_t)high : 0;
    const bool too_far = mode == 1 && (before[axis] >= kept[axis] || after[axis] >= kept[axis]);
    if (too_far) return pk_onnx_refuse(o, "reflection past the other end");
  }
  x = pk_onnx_slice(o, x, first, step, kept);
  return done(o, 0, pk_onnx_pad(o, x, before, after, value, mode));
}

bool pk_onnx_op_center_crop_pad(pk_onnx *o) {
  pk_value x = pk_onnx_required(o, 0);
  pk_onnx_ints shape, axes;
  if (x < 0 || !pk_onnx_constant_ints(o, pk_onnx_required(o, 1), &shape) ||
      !pk_onnx_attribute_ints(o, "axes", &axes)) {
    return false;
  }
  const pk_tensor in = *pk_onnx_tensor(o, x);
  if (shape.count != (axes.is_given ? axes.count : (size_t)in.rank)) {
    return pk_onnx_broken(o, "its shape has %zu numbers", shape.count);
  }
  int32_t before[PK_MAX_RANK] = {0}, after[PK_MAX_RANK] = {0};
  int32_t first[PK_MAX_RANK] = {0}, step[PK_MAX_RANK], kept[PK_MAX_RANK];
  for (int i = 0; i < in.rank; i++) step[i] = 1, kept[i] = in.dims[i];
  for (size_t i = 0; i < shape.count; i++) {
    int64_t axis = axes.is_given ? axes.values[i] : (int64_t)i;
    if (!pk_onnx_axis(o, &axis, in.rank)) return false;
    if (shape.values[i] < 1 || shape.values[i] > 1 << 24) {
      return pk_onnx_broken(o, "its shape has %lld", (long long)shape.values[i]);
    }
    const int32_t wanted = (int32_t)shape.values[i], dim = in.dims[axis];
    if (wanted < dim) {
      first[axis] = (dim - wanted) / 2;
      kept[axis] = wanted;
    } else {
      before[axis] = (wanted - dim) / 2;
      after[axis] = wanted - dim - before[axis];
    }
  }
  x = pk_onnx_slice(o, x, first, step, kept);
  return done(o, 0, pk_onnx_pad(o, x, before, after, 0.0, 0));
}
