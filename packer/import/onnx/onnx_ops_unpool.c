// Windows put back where they came from.
#include <string.h>

#include "onnx_build.h"

enum { MOST_AXES = 3, MOST_NUMBERS = 1 << 24 };

// Attribute `name` of one number an axis, or `fallback` for each.
static bool per_axis(pk_onnx *o, const char *name, int count, int64_t fallback, int64_t *values) {
  pk_onnx_ints ints;
  if (!pk_onnx_attribute_ints(o, name, &ints)) return false;
  if (ints.is_given && ints.count != (size_t)count) {
    return pk_onnx_broken(o, "%s has %zu numbers", name, ints.count);
  }
  for (int i = 0; i < count; i++) {
    values[i] = ints.is_given ? ints.values[i] : fallback;
    if (values[i] < 0 || values[i] > 1 << 20) return pk_onnx_broken(o, "%s is out of range", name);
  }
  return true;
}

// The indices count elements of the tensor that the kernel and strides give; a larger shape that
// is asked for is padded.
bool pk_onnx_op_max_unpool(pk_onnx *o) {
  const pk_value x = pk_onnx_required(o, 0), places = pk_onnx_required(o, 1);
  pk_onnx_ints shape;
  if (x < 0 || places < 0 || !pk_onnx_constant_ints(o, pk_onnx_input(o, 2), &shape)) return false;
  const pk_tensor in = *pk_onnx_tensor(o, x);
  const int axes = in.rank - 2;
  int64_t kernel[PK_MAX_RANK], stride[PK_MAX_RANK], pads[2 * PK_MAX_RANK], total = 1;
  if (axes < 1 || in.dtype != PK_DTYPE_F32) return pk_onnx_refuse(o, "on this tensor");
  if (!per_axis(o, "kernel_shape", axes, 0, kernel) || !per_axis(o, "strides", axes, 1, stride) ||
      !per_axis(o, "pads", 2 * axes, 0, pads)) {
    return false;
  }
  int32_t dims[PK_MAX_RANK] = {in.dims[0], in.dims[1]};
  int32_t before[PK_MAX_RANK] = {0}, after[PK_MAX_RANK] = {0};
  for (int i = 0; i < axes; i++) {
    const int64_t dim = (in.dims[2 + i] - 1) * stride[i] + kernel[i] - pads[i] - pads[axes + i];
    if (dim < 1 || dim > MOST_NUMBERS) return pk_onnx_broken(o, "its result has no size");
    dims[2 + i] = (int32_t)dim;
  }
  for (int i = 0; i < in.rank; i++) {
    total *= dims[i];
    if (total > MOST_NUMBERS) return pk_onnx_refuse(o, "to more than 2^24 elements");
    if (!shape.is_given) continue;
    const int64_t asked = shape.count == (size_t)in.rank ? shape.values[i] : 0;
    if (asked < dims[i] || asked > MOST_NUMBERS) return pk_onnx_refuse(o, "to a smaller shape");
    after[i] = (int32_t)asked - dims[i];
  }
  const int32_t all[1] = {(int32_t)total}, own[1] = {(int32_t)pk_onnx_elements(o, x)};
  const pk_op like = {.attributes.words.words = {0, 0}};
  const pk_value inputs[3] = {pk_onnx_expand(o, pk_onnx_scalar(o, PK_DTYPE_F32, 0.0), 1, all),
                              pk_onnx_reshape(o, places, 1, own), pk_onnx_reshape(o, x, 1, own)};
  pk_value y = pk_onnx_emit(o, PK_OP_SCATTER_ELEMENTS, inputs, 3, PK_DTYPE_F32, 1, all, &like);
  y = pk_onnx_reshape(o, y, in.rank, dims);
  return pk_onnx_set_output(o, 0, pk_onnx_pad(o, y, before, after, 0.0, 0));
}

typedef struct columns {
  int axes;
  int64_t image[MOST_AXES], block[MOST_AXES], grid[MOST_AXES];
  int64_t stride[MOST_AXES], dilation[MOST_AXES], pads[2 * MOST_AXES];
  int64_t positions, taps, steps;  // products of image, block and grid
} columns;

static bool read_columns(pk_onnx *o, columns *c) {
  pk_onnx_ints image, block;
  if (!pk_onnx_constant_ints(o, pk_onnx_required(o, 1), &image) ||
      !pk_onnx_constant_ints(o, pk_onnx_required(o, 2), &block)) {
    return false;
  }
  c->axes = (int)image.count;
  if (image.count < 1 || image.count > MOST_AXES || block.count != image.count) {
    return pk_onnx_refuse(o, "of %zu axes", image.count);
  }
  if (!per_axis(o, "strides", c->axes, 1, c->stride) ||
      !per_axis(o, "dilations", c->axes, 1, c->dilation) ||
      !per_axis(o, "pads", 2 * c->axes, 0, c->pads)) {
    return false;
  }
  for (int i = 0; i < c->axes; i++) {
    c->image[i] = image.values[i];
    c->block[i] = block.values[i];
    const bool is_sane = c->image[i] > 0 && c->image[i] <= 1 << 20 && c->block[i] > 0 &&
                         c->block[i] <= 1 << 20 && c->stride[i] > 0 && c->dilation[i] > 0;
    const int64_t room = is_sane ? c->image[i] + c->pads[i] + c->pads[c->axes + i] -
                                       c->dilation[i] * (c->block[i] - 1) - 1
                                 : -1;
    if (room < 0) return pk_onnx_broken(o, "its blocks do not fit the image");
    c->grid[i] = room / c->stride[i] + 1;
    c->positions *= c->image[i];
    c->taps *= c->block[i];
    c->steps *= c->grid[i];
    if (c->positions > MOST_NUMBERS || c->taps > MOST_NUMBERS || c->steps > MOST_NUMBERS ||
        c->taps * c->steps > MOST_NUMBERS) {
      return pk_onnx_refuse(o, "of this size");
    }
  }
  return true;
}

// Where tap `tap` of block `step` lies in the image; behind its end for the padding.
static int64_t position_of(const columns *c, int64_t tap, int64_t step) {
  int64_t position = 0, scale = 1;
  for (int i = c->axes - 1; i >= 0; i--) {
    const int64_t at =
        step % c->grid[i] * c->stride[i] + tap % c->block[i] * c->dilation[i] - c->pads[i];
    if (at < 0 || at >= c->image[i]) return c->positions;
    position += at * scale;
    scale *= c->image[i];
    step /= c->grid[i];
    tap /= c->block[i];
  }
  return position;
}

// Adds the columns [N, C * taps, steps] up in rows of one position each.
bool pk_onnx_op_col2im(pk_onnx *o) {
  const pk_value x = pk_onnx_required(o, 0);
  columns c = {.positions = 1, .taps = 1, .steps = 1, .block = {1, 1, 1}, .grid = {1, 1, 1}};
  if (x < 0 || !read_columns(o, &c)) return false;
  const pk_tensor in = *pk_onnx_tensor(o, x);
  if (in.rank != 3 || in.dtype != PK_DTYPE_F32 || c.taps < 1 || in.dims[1] % c.taps != 0 ||
      in.dims[2] != c.steps) {
    return pk_onnx_broken(o, "columns %s do not fit its blocks", pk_tensor_shape_text(&in).text);
  }
  const int32_t batches = in.dims[0], channels = (int32_t)(in.dims[1] / c.taps);
  const int32_t rows = (int32_t)(c.taps * c.steps), positions = (int32_t)c.positions;
  int64_t *table = pk_arena_alloc(&o->graph->arena, (size_t)rows, sizeof *table, o->error);
  if (!table) return false;
  for (int64_t i = 0; i < rows; i++) table[i] = position_of(&c, i / c.steps, i % c.steps);
  const int32_t width = batches * channels;
  const int32_t four[4] = {batches, channels, (int32_t)c.taps, (int32_t)c.steps};
  const pk_value updates =
      pk_onnx_transpose(o, pk_onnx_reshape(o, x, 4, four), (const int[]){2, 3, 0, 1});
  const int32_t target[2] = {positions + 1, width};  // the last row takes the padding
  const pk_op like = {.attributes.words.words = {MNW_BINARY_ADD}};
  const pk_value inputs[3] = {
      pk_onnx_expand(o, pk_onnx_scalar(o, PK_DTYPE_F32, 0.0), 2, target),
      pk_onnx_constant(o, PK_DTYPE_S64, 2, (const int32_t[]){rows, 1}, table),
      pk_onnx_reshape(o, updates, 2, (const int32_t[]){rows, width})};
  pk_value y = pk_onnx_emit(o, PK_OP_SCATTER_ND, inputs, 3, PK_DTYPE_F32, 2, target, &like);
  y = pk_onnx_transpose(o, pk_onnx_part(o, y, 0, 0, positions), (const int[]){1, 0});
  int32_t dims[2 + MOST_AXES] = {batches, channels};
  for (int i = 0; i < c.axes; i++) dims[2 + i] = (int32_t)c.image[i];
  return pk_onnx_set_output(o, 0, pk_onnx_reshape(o, y, 2 + c.axes, dims));
}
