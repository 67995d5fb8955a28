// Between float32 and 8-bit or int16, and between 8-bit scales (uint8 and int8 alike, through a
// table of all 256 values).
#include "../base/float_math.h"
#include "op.h"

static bool is_8_bit(const mnw_tensor *t) {
  return t->dtype == MNW_DTYPE_S8 || t->dtype == MNW_DTYPE_U8;
}

static int32_t lowest(const mnw_tensor *t) {
  return t->dtype == MNW_DTYPE_U8 ? 0 : -128;
}

// int16 goes with float32 only, and has one scale; between integers stands RESCALE.
static mnw_status check_s16(const mnw_op_context *context, const mnw_tensor *real,
                            const mnw_tensor *quantized) {
  if (!(quantized->scale > 0.0f) || quantized->zero_point != 0) {
    return mnw_op_refuse(context,
                         "operator %0: int16 needs a positive scale and zero point 0, this has %1",
                         quantized->zero_point, 0);
  }
  const mnw_status status = mnw_op_check_arity(context, 1, 1);
  return status == MNW_STATUS_OK ? mnw_op_check_dtype(context, real, MNW_DTYPE_F32) : status;
}

mnw_status mnw_quantize_prepare(const mnw_op_context *context, size_t *scratch_bytes) {
  mnw_status status = mnw_op_check_arity(context, 1, 1);
  if (status != MNW_STATUS_OK) return status;
  const mnw_tensor *x = mnw_op_input(context, 0), *y = mnw_op_output(context, 0);
  status =
      y->dtype == MNW_DTYPE_S16 ? check_s16(context, x, y) : mnw_op_check_quantized(context, y);
  if (status == MNW_STATUS_OK && x->dtype != MNW_DTYPE_F32)
    status = mnw_op_check_quantized(context, x);
  if (status == MNW_STATUS_OK) status = mnw_op_check_same_shape(context, x, y);
  *scratch_bytes = 256;
  return status;
}

// real / scale, rounded to even, in the range of y.
static uint8_t quantize_value(float steps, const mnw_tensor *y) {
  const float low = (float)(lowest(y) - y->zero_point), high = low + 255.0f;
  const float safe = steps == steps ? steps : 0.0f;  // NaN becomes the zero point
  return (uint8_t)(mnw_round_even(mnw_clamp_float(safe, low, high)) + y->zero_point);
}

static void quantize_s16(int16_t *out, const float *in, float scale, size_t count) {
  const float inverse = 1.0f / scale;
  for (size_t i = 0; i < count; i++) {
    const float steps = in[i] * inverse;
    const float safe = steps == steps ? steps : 0.0f;
    out[i] = (int16_t)mnw_round_even(mnw_clamp_float(safe, -32768.0f, 32767.0f));
  }
}

enum { FLIP = 0x80, ELEMENT_OPERATIONS = 4 };

// Fills the table of all 8-bit values. True where each only has its highest bit flipped, as between
// uint8 and int8 of the same scale.
static bool make_table(uint8_t *table, const mnw_tensor *x, const mnw_tensor *y) {
  const float ratio = x->scale / y->scale;
  bool only_flips = true;
  for (int32_t i = 0; i < 256; i++) {
    const int32_t value = x->dtype == MNW_DTYPE_U8 || i < 128 ? i : i - 256;
    table[i] = quantize_value((float)(value - x->zero_point) * ratio, y);
    only_flips = only_flips && table[i] == (i ^ FLIP);
  }
  return only_flips;
}

typedef struct quantize_job {
  const mnw_op_context *context;
  bool only_flips;
} quantize_job;

static void quantize_part(void *argument, size_t begin, size_t end, uint32_t thread) {
  const quantize_job *job = argument;
  const mnw_op_context *context = job->context;
  const mnw_tensor *x = mnw_op_input(context, 0), *y = mnw_op_output(context, 0);
  const uint8_t *in = mnw_op_input_data(context, 0), *table = context->scratch;
  uint8_t *out = mnw_op_output_data(context, 0);
  (void)thread;
  if (y->dtype == MNW_DTYPE_S16) {
    quantize_s16((int16_t *)out + begin, (const float *)in + begin, y->scale, end - begin);
  } else if (!is_8_bit(x)) {
    const float *real = (const float *)in;
    const float inverse = 1.0f / y->scale;
    for (size_t i = begin; i < end; i++) out[i] = quantize_value(real[i] * inverse, y);
  } else if (job->only_flips) {
    for (size_t i = begin; i < end; i++) out[i] = in[i] ^ FLIP;
  } else {
    for (size_t i = begin; i < end; i++) out[i] = table[in[i]];
  }
}

void mnw_quantize_eval(const mnw_op_context *context) {
  const mnw_tensor *x = mnw_op_input(context, 0), *y = mnw_op_output(context, 0);
  quantize_job job = {.context = context};
  if (is_8_bit(x) && is_8_bit(y)) job.only_flips = make_table(context->scratch, x, y);
  mnw_team_split(context->team, quantize_part, &job, mnw_tensor_elements(y),
                 mnw_op_grain(ELEMENT_OPERATIONS, MNW_ALIGNMENT));
}

// The factors of channels: [C] of the last axis, [O, 1] of the first axes. NULL: x's scale is for
// all.
static const mnw_tensor *channel_factors(const mnw_op_context *context) {
  return context->node->input_count == 2 ? mnw_op_input(context, 1) : NULL;
}

// As many as divide the elements, else one for each.
static mnw_status check_factors(const mnw_op_context *context, const mnw_tensor *factors) {
  const size_t channels = mnw_tensor_elements(factors);
  const size_t elements = mnw_tensor_elements(mnw_op_input(context, 0));
  return mnw_op_check_constant(context, 1, MNW_DTYPE_F32, MNW_LAYOUT_ROW_MAJOR,
                               elements % channels ? elements : channels);
}

mnw_status mnw_dequantize_prepare(const mnw_op_context *context, size_t *scratch_bytes) {
  const mnw_tensor *factors = channel_factors(context);
  mnw_status status = mnw_op_check_arity(context, factors ? 2 : 1, 1);
  if (status == MNW_STATUS_OK && factors) status = check_factors(context, factors);
  if (status != MNW_STATUS_OK) return status;
  const mnw_tensor *x = mnw_op_input(context, 0), *y = mnw_op_output(context, 0);
  status =
      x->dtype == MNW_DTYPE_S16 ? check_s16(context, y, x) : mnw_op_check_quantized(context, x);
  if (status == MNW_STATUS_OK) status = mnw_op_check_dtype(context, y, MNW_DTYPE_F32);
  if (status == MNW_STATUS_OK) status = mnw_op_check_same_shape(context, x, y);
  *scratch_bytes = 0;
  return status;
}

void mnw_dequantize_eval(const mnw_op_context *context) {
  const mnw_tensor *x = mnw_op_input(context, 0), *factors = channel_factors(context);
  const float *scales = factors ? mnw_op_input_data(context, 1) : &x->scale;
  const size_t count = mnw_tensor_elements(x);
  const size_t channels = factors ? mnw_tensor_elements(factors) : 1;
  const size_t run = factors && factors->rank == 1 ? 1 : count / channels;
  const uint8_t *in = mnw_op_input_data(context, 0);
  float *out = mnw_op_output_data(context, 0);
  if (x->dtype == MNW_DTYPE_S16) {
    const int16_t *wide = mnw_op_input_data(context, 0);
    for (size_t i = 0; i < count; i++) out[i] = (float)wide[i] * x->scale;
    return;
  }
  // int8 counts from -128 on as uint8 does from 0.
  const int32_t flip = x->dtype == MNW_DTYPE_U8 ? 0 : FLIP;
  for (size_t i = 0, c = 0; i < count; c = c + 1 < channels ? c + 1 : 0) {
    for (const size_t end = i + run; i < end; i++) {
      out[i] = (float)((in[i] ^ flip) - flip - x->zero_point) * scales[c];
    }
  }
}
