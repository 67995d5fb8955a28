// Operators that rearrange elements.
#include <string.h>

#include "onnx_build.h"

// Sets output 0 with the type of input 0.
static bool done(pk_onnx *o, pk_value value) {
  const pk_value x = pk_onnx_input(o, 0);
  if (value < 0 || x < 0) return false;
  return pk_onnx_set_typed_output(o, 0, value, pk_onnx_type(o, x));
}

bool pk_onnx_op_identity(pk_onnx *o) {
  return done(o, pk_onnx_required(o, 0));
}

// At inference nothing is dropped; the mask, if asked for, is all true.
bool pk_onnx_op_dropout(pk_onnx *o) {
  const pk_value x = pk_onnx_required(o, 0), training = pk_onnx_input(o, 2);
  pk_onnx_ints flag;
  if (x < 0 || !pk_onnx_constant_ints(o, training, &flag)) return false;
  const float *ratio = NULL;
  size_t ratio_count = 0;
  if (flag.count == 1 && flag.values[0] != 0) {
    if (pk_onnx_input(o, 1) == PK_ABSENT) return pk_onnx_refuse(o, "in training mode");
    if (!pk_onnx_constant_floats(o, pk_onnx_input(o, 1), &ratio, &ratio_count)) return false;
    if (ratio_count != 1 || ratio[0] != 0.0f) return pk_onnx_refuse(o, "in training mode");
  }
  if (pk_onnx_has_output(o, 1)) {
    const pk_tensor in = *pk_onnx_tensor(o, x);
    pk_value mask = pk_onnx_expand(o, pk_onnx_scalar(o, PK_DTYPE_BOOL, 1), in.rank, in.dims);
    // Masks were of the data's type before opset 10.
    if (o->opset < 10) mask = pk_onnx_cast(o, mask, in.dtype);
    if (!pk_onnx_set_output(o, 1, mask)) return false;
  }
  return done(o, x);
}

bool pk_onnx_op_reshape_to(pk_onnx *o) {
  const pk_value x = pk_onnx_required(o, 0);
  pk_onnx_ints shape;
  if (x < 0 || !pk_onnx_parameter_ints(o, "shape", 1, &shape)) return false;
  const pk_tensor in = *pk_onnx_tensor(o, x);
  const bool allow_zero = pk_onnx_attribute_int(o, "allowzero", 0) != 0;
  if (shape.count > PK_MAX_RANK) return pk_onnx_refuse(o, "to %zu axes", shape.count);
  int32_t dims[PK_MAX_RANK] = {0};
  int64_t known = 1, wanted = pk_onnx_elements(o, x);
  int open = -1;
  for (size_t i = 0; i < shape.count; i++) {
    int64_t dim = shape.values[i];
    if (dim == 0 && !allow_zero) dim = i < (size_t)in.rank ? in.dims[i] : -2;
    if (dim == -1 && open < 0) {
      open = (int)i;
      continue;
    }
    if (dim < 0 || dim > INT32_MAX || (dim > 0 && known > ((int64_t)1 << 40) / dim)) {
      return pk_onnx_broken(o, "its shape has %lld at %zu", (long long)shape.values[i], i);
    }
    dims[i] = (int32_t)dim;
    known *= dim;
  }
  if (open >= 0 && known > 0 && wanted % known == 0 && wanted / known <= INT32_MAX) {
    dims[open] = (int32_t)(wanted / known);
    known *= dims[open];
  }
  if (known != wanted) {
    return pk_onnx_broken(o, "%s does not have as many elements as its shape asks for",
                          pk_tensor_shape_text(&in).text);
  }
  return done(o, pk_onnx_reshape(o, x, (int)shape.count, dims));
}

bool pk_onnx_op_flatten(pk_onnx *o) {
  const pk_value x = pk_onnx_required(o, 0);
  if (x < 0) return false;
  const pk_tensor in = *pk_onnx_tensor(o, x);
  int64_t axis = pk_onnx_attribute_int(o, "axis", 1);
  if (axis != in.rank && !pk_onnx_axis(o, &axis, in.rank)) return false;
  int64_t sides[2] = {1, 1};
  for (int i = 0; i < in.rank; i++) sides[i >= axis] *= in.dims[i];
  const int32_t dims[2] = {(int32_t)sides[0], (int32_t)sides[1]};
  return done(o, pk_onnx_reshape(o, x, 2, dims));
}

bool pk_onnx_op_squeeze(pk_onnx *o) {
  const pk_value x = pk_onnx_required(o, 0);
  pk_onnx_ints axes;
  uint32_t mask;
  if (x < 0 || !pk_onnx_parameter_ints(o, "axes", 1, &axes)) return false;
  const pk_tensor in = *pk_onnx_tensor(o, x);
  if (!pk_onnx_axis_mask(o, &axes, in.rank, &mask)) return false;
  int32_t dims[PK_MAX_RANK];
  int rank = 0;
  for (int i = 0; i < in.rank; i++) {
    const bool goes = axes.is_given ? mask >> i & 1 : in.dims[i] == 1;
    if (goes && in.dims[i] != 1) {
      return pk_onnx_broken(o, "axis %d has %d elements, not one", i, in.dims[i]);
    }
    if (!goes) dims[rank++] = in.dims[i];
  }
  return done(o, pk_onnx_reshape(o, x, rank, dims));
}

bool pk_onnx_op_unsqueeze(pk_onnx *o) {
  const pk_value x = pk_onnx_required(o, 0);
  pk_onnx_ints axes;
  uint32_t mask;
  if (x < 0 || !pk_onnx_parameter_ints(o, "axes", 1, &axes)) return false;
  const pk_tensor in = *pk_onnx_tensor(o, x);
  if ((size_t)in.rank + axes.count > PK_MAX_RANK) return pk_onnx_refuse(o, "to more than 8 axes");
  const int rank = in.rank + (int)axes.count;
  if (!pk_onnx_axis_mask(o, &axes, rank, &mask)) return false;
  int32_t dims[PK_MAX_RANK];
  for (int i = 0, from = 0; i < rank; i++) dims[i] = mask >> i & 1 ? 1 : in.dims[from++];
  return done(o, pk_onnx_reshape(o, x, rank, dims));
}

bool pk_onnx_op_transpose_axes(pk_onnx *o) {
  const pk_value x = pk_onnx_required(o, 0);
  pk_onnx_ints given;
  uint32_t mask;
  if (x < 0 || !pk_onnx_attribute_ints(o, "perm", &given)) return false;
  const int rank = pk_onnx_tensor(o, x)->rank;
  int perm[PK_MAX_RANK];
  if (given.is_given &&
      (given.count != (size_t)rank || !pk_onnx_axis_mask(o, &given, rank, &mask))) {
    return pk_onnx_broken(o, "its perm does not fit %d axes", rank);
  }
  for (int i = 0; i < rank; i++) {
    int64_t axis = given.is_given ? given.values[i] : rank - 1 - i;
    if (!pk_onnx_axis(o, &axis, rank)) return false;
    perm[i] = (int)axis;
  }
  return done(o, pk_onnx_transpose(o, x, perm));
}

bool pk_onnx_op_concat_axis(pk_onnx *o) {
  const pk_value first = pk_onnx_required(o, 0);
  if (first < 0) return false;
  int64_t axis = pk_onnx_attribute_int(o, "axis", 1);
  if (!pk_onnx_axis(o, &axis, pk_onnx_tensor(o, first)->rank)) return false;
  pk_value *inputs =
      pk_arena_alloc(&o->graph->arena, pk_onnx_input_count(o), sizeof *inputs, o->error);
  if (!inputs) return false;
  size_t count = 0;
  for (size_t i = 0; i < pk_onnx_input_count(o); i++) {
    const pk_value x = pk_onnx_required(o, i);
    if (x < 0) return false;
    // Empty pieces of shapes are common and add nothing.
    if (!pk_onnx_is_constant(o, x) || pk_onnx_tensor(o, x)->data_bytes > 0) inputs[count++] = x;
    if (pk_onnx_tensor(o, x)->rank <= axis) return pk_onnx_broken(o, "its inputs differ in rank");
  }
  return done(o, count ? pk_onnx_concat(o, inputs, count, (int)axis) : first);
}

bool pk_onnx_op_expand_to(pk_onnx *o) {
  const pk_value x = pk_onnx_required(o, 0);
  pk_onnx_ints shape;
  if (x < 0 || !pk_onnx_constant_ints(o, pk_onnx_required(o, 1), &shape)) return false;
  const pk_tensor in = *pk_onnx_tensor(o, x);
  if (shape.count > PK_MAX_RANK) return pk_onnx_refuse(o, "to %zu axes", shape.count);
  const int given = (int)shape.count, rank = given > in.rank ? given : in.rank;
  int32_t dims[PK_MAX_RANK];
  for (int i = 0; i < rank; i++) {
    const int ix = i - (rank - in.rank), is = i - (rank - given);
    const int64_t own = ix < 0 ? 1 : in.dims[ix], asked = is < 0 ? 1 : shape.values[is];
    if ((own != asked && own != 1 && asked != 1) || asked < 0 || asked > INT32_MAX) {
      return pk_onnx_broken(o, "%s cannot be expanded to %lld along axis %d",
                            pk_tensor_shape_text(&in).text, (long long)asked, i);
    }
    dims[i] = (int32_t)(own == 1 ? asked : own);
  }
  return done(o, pk_onnx_expand(o, x, rank, dims));
}

bool pk_onnx_op_tile(pk_onnx *o) {
  pk_value x = pk_onnx_required(o, 0);
  pk_onnx_ints repeats;
  if (x < 0 || !pk_onnx_constant_ints(o, pk_onnx_required(o, 1), &repeats)) return false;
  const int rank = pk_onnx_tensor(o, x)->rank;
  if (repeats.count != (size_t)rank) return pk_onnx_broken(o, "it has %zu repeats", repeats.count);
  for (int i = 0; i < rank; i++) {
    const int64_t times = repeats.values[i];
    if (times < 1 || times > 1 << 24) return pk_onnx_refuse(o, "%lld times", (long long)times);
    if (times == 1) continue;
    // [outer, inner] -> [outer, times, inner] -> back in shape
    if (x < 0) return false;
    const pk_tensor in = *pk_onnx_tensor(o, x);
    int32_t flat[3] = {1, 1, 1}, dims[PK_MAX_RANK];
    for (int j = 0; j < rank; j++) flat[j < i ? 0 : 2] *= in.dims[j], dims[j] = in.dims[j];
    x = pk_onnx_reshape(o, x, 3, flat);
    flat[1] = (int32_t)times;
    x = pk_onnx_expand(o, x, 3, flat);
    if ((int64_t)dims[i] * times > 1 << 24) return pk_onnx_broken(o, "its result is too large");
    dims[i] *= (int32_t)times;
    x = pk_onnx_reshape(o, x, rank, dims);
  }
  return done(o, x);
}

// Shared by both directions: pictures [N,C,H,W] as six axes, permuted.
static bool shuffle(pk_onnx *o, const int32_t *six, const int *perm, const int32_t *four) {
  pk_value x = pk_onnx_reshape(o, pk_onnx_required(o, 0), 6, six);
  return done(o, pk_onnx_reshape(o, pk_onnx_transpose(o, x, perm), 4, four));
}

static bool block_size(pk_onnx *o, int32_t *block, pk_tensor *in) {
  const pk_value x = pk_onnx_required(o, 0);
  const int64_t size = pk_onnx_attribute_int(o, "blocksize", 0);
  if (x < 0) return false;
  *in = *pk_onnx_tensor(o, x);
  *block = (int32_t)size;
  return (in->rank == 4 && size > 0 && size < 1 << 12) ||
         pk_onnx_broken(o, "block size %lld does not fit %s", (long long)size,
                        pk_tensor_shape_text(in).text);
}

bool pk_onnx_op_depth_to_space(pk_onnx *o) {
  pk_tensor in;
  int32_t b;
  if (!block_size(o, &b, &in)) return false;
  const int32_t n = in.dims[0], c = in.dims[1] / (b * b), h = in.dims[2], w = in.dims[3];
  if (in.dims[1] % (b * b)) return pk_onnx_broken(o, "%d channels are no blocks", in.dims[1]);
  const int32_t four[4] = {n, c, h * b, w * b};
  if (pk_onnx_attribute_is(o, "mode", "CRD", "DCR")) {
    return shuffle(o, (const int32_t[]){n, c, b, b, h, w}, (const int[]){0, 1, 4, 2, 5, 3}, four);
  }
  return shuffle(o, (const int32_t[]){n, b, b, c, h, w}, (const int[]){0, 3, 4, 1, 5, 2}, four);
}

bool pk_onnx_op_space_to_depth(pk_onnx *o) {
  pk_tensor in;
  int32_t b;
  if (!block_size(o, &b, &in)) return false;
  const int32_t n = in.dims[0], c = in.dims[1], h = in.dims[2] / b, w = in.dims[3] / b;
  if (in.dims[2] % b || in.dims[3] % b) return pk_onnx_broken(o, "the picture is no blocks");
  return shuffle(o, (const int32_t[]){n, c, h, b, w, b}, (const int[]){0, 3, 5, 1, 2, 4},
                 (const int32_t[]){n, c * b * b, h, w});
}
