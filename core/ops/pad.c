// Pads any dtype. Trailing axes that are not padded make up one unit that is copied whole; the
// axis before them is filled unit by unit, the outer axes say from which row of the input. Outside
// it stands a value, or what the mode finds inside.
#include <string.h>

#include "op.h"
#include "pad_source.h"

mnw_status mnw_pad_prepare(const mnw_op_context *context, size_t *scratch_bytes) {
  const int32_t *params = context->node->params;
  mnw_status status = mnw_op_check_arity(context, 1, 1);
  if (status != MNW_STATUS_OK) return status;
  const mnw_tensor *x = mnw_op_input(context, 0), *y = mnw_op_output(context, 0);
  status = mnw_op_check_dtype(context, y, (mnw_dtype)x->dtype);
  if (status != MNW_STATUS_OK) return status;
  if (x->rank != y->rank || x->rank == 0 || x->layout != MNW_LAYOUT_ROW_MAJOR) {
    return mnw_op_refuse(context, "operator %0: padding changes the rank from %1 to %2", x->rank,
                         y->rank);
  }
  for (uint32_t i = 0; i < x->rank; i++) {
    if (params[i] < 0 || (int64_t)params[i] + x->dims[i] > y->dims[i]) {
      return mnw_op_refuse(context, "operator %0: axis %1 cannot be padded by %2 in front", i,
                           params[i]);
    }
  }
  if (params[MNW_PAD_MODE] < MNW_PAD_CONSTANT || params[MNW_PAD_MODE] > MNW_PAD_WRAP) {
    return mnw_op_refuse(context, "operator %0: padding mode %1 is unknown", params[MNW_PAD_MODE],
                         0);
  }
  *scratch_bytes = 0;
  return x->dtype == MNW_DTYPE_S8 ? mnw_op_check_clamp(context, params[MNW_PAD_VALUE], 127)
                                  : MNW_STATUS_OK;
}

// The value's bytes, repeated through `bytes` bytes.
static void fill(uint8_t *out, size_t bytes, const uint8_t *value, size_t element_bytes) {
  if (element_bytes == 1) {
    memset(out, *value, bytes);
    return;
  }
  for (size_t i = 0; i < bytes; i += element_bytes) memcpy(out + i, value, element_bytes);
}

typedef struct pad_walk {
  const mnw_tensor *x, *y;
  const int32_t *before;
  int32_t mode;
  uint32_t axis;  // the last padded one
  size_t element_bytes, unit_bytes;
  uint8_t value[8];
} pad_walk;

static void set_value(pad_walk *walk, int32_t value) {
  const int64_t wide = value;
  if (walk->element_bytes == sizeof wide) {
    memcpy(walk->value, &wide, sizeof wide);
  } else if (walk->element_bytes == sizeof value) {
    memcpy(walk->value, &value, sizeof value);
  } else if (walk->element_bytes == sizeof(int16_t)) {
    const int16_t narrow = (int16_t)(uint16_t)(uint32_t)value;
    memcpy(walk->value, &narrow, sizeof narrow);
  } else {
    walk->value[0] = (uint8_t)value;
  }
}

// The units of one position of the outer axes; `in` is NULL where an outer axis is outside.
static void pad_row(uint8_t *out, const uint8_t *in, const pad_walk *walk) {
  const int32_t extent = walk->x->dims[walk->axis], padded = walk->y->dims[walk->axis];
  const int32_t before = walk->before[walk->axis];
  const size_t unit = walk->unit_bytes;
  if (!in) {
    fill(out, (size_t)padded * unit, walk->value, walk->element_bytes);
    return;
  }
  for (int32_t i = 0; i < padded; i++) {
    const int32_t source = mnw_pad_source(i - before, extent, walk->mode);
    if (source < 0) {
      fill(out + (size_t)i * unit, unit, walk->value, walk->element_bytes);
    } else if (i == before) {
      memcpy(out + (size_t)i * unit, in, (size_t)extent * unit);
      i += extent - 1;
    } else {
      memcpy(out + (size_t)i * unit, in + (size_t)source * unit, unit);
    }
  }
}

void mnw_pad_eval(const mnw_op_context *context) {
  const int32_t *params = context->node->params;
  pad_walk walk = {.x = mnw_op_input(context, 0),
                   .y = mnw_op_output(context, 0),
                   .before = params + MNW_PAD_BEFORE,
                   .mode = params[MNW_PAD_MODE]};
  walk.element_bytes = walk.unit_bytes = mnw_dtype_bytes((mnw_dtype)walk.x->dtype);
  walk.axis = walk.x->rank - 1;
  while (walk.axis > 0 && walk.x->dims[walk.axis] == walk.y->dims[walk.axis]) {
    walk.unit_bytes *= (size_t)walk.x->dims[walk.axis--];
  }
  set_value(&walk, params[MNW_PAD_VALUE]);
  const uint8_t *in = mnw_op_input_data(context, 0);
  uint8_t *out = mnw_op_output_data(context, 0);
  const size_t row_bytes = (size_t)walk.y->dims[walk.axis] * walk.unit_bytes;
  int32_t position[MNW_MAX_RANK] = {0};
  for (size_t rows = walk.y->size_bytes / row_bytes; rows > 0; rows--, out += row_bytes) {
    size_t row = 0;
    bool is_inside = true;
    for (uint32_t i = 0; i < walk.axis; i++) {
      const int32_t source =
          mnw_pad_source(position[i] - walk.before[i], walk.x->dims[i], walk.mode);
      is_inside = is_inside && source >= 0;
      row = row * (size_t)walk.x->dims[i] + (size_t)(source < 0 ? 0 : source);
    }
    const size_t offset = row * (size_t)walk.x->dims[walk.axis] * walk.unit_bytes;
    pad_row(out, is_inside ? in + offset : NULL, &walk);
    for (uint32_t i = walk.axis; i-- > 0;) {
      if (++position[i] < walk.y->dims[i]) break;
      position[i] = 0;
    }
  }
}
