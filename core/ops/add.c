// Both inputs are brought to the output's scale by integer multipliers with one common shift and
// rounded once (the scheme of XNNPACK's quantised addition). The larger multiplier has 21 bits, so
// the sum of both products fits an int32.
#include "../base/float_math.h"
#include "op.h"

enum { MULTIPLIER_BITS = 20, MAX_SHIFT = 30 };

static int32_t exponent_of(float value) {
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  return (int32_t)(bits >> 23) - 127;
}

static float power_of_two(int32_t exponent) {
  const uint32_t bits = (uint32_t)(exponent + 127) << 23;
  float value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

static int32_t common_shift(float a_ratio, float b_ratio) {
  const int32_t shift = MULTIPLIER_BITS - exponent_of(a_ratio > b_ratio ? a_ratio : b_ratio);
  return shift > MAX_SHIFT ? MAX_SHIFT : shift;
}

mnw_status mnw_add_prepare(const mnw_op_context *context, size_t *scratch_bytes) {
  const int32_t *params = context->node->params;
  mnw_status status = mnw_op_check_arity(context, 2, 1);
  if (status != MNW_STATUS_OK) return status;
  const mnw_tensor *tensors[] = {mnw_op_input(context, 0), mnw_op_input(context, 1),
                                 mnw_op_output(context, 0)};
  for (size_t i = 0; i < 3 && status == MNW_STATUS_OK; i++) {
    status = mnw_op_check_s8(context, tensors[i]);
    if (status == MNW_STATUS_OK) status = mnw_op_check_same_shape(context, tensors[i], tensors[2]);
  }
  if (status != MNW_STATUS_OK) return status;
  const float a_ratio = tensors[0]->scale / tensors[2]->scale;
  const float b_ratio = tensors[1]->scale / tensors[2]->scale;
  if (!(a_ratio < MNW_ADD_RATIO_LIMIT && b_ratio < MNW_ADD_RATIO_LIMIT)) {
    return mnw_op_refuse(
        context, "operator %0: an input's scale is more than 65536 times the output's", 0, 0);
  }
  *scratch_bytes = 0;
  return mnw_op_check_clamp(context, params[MNW_ADD_CLAMP_MIN], params[MNW_ADD_CLAMP_MAX]);
}

enum { ELEMENT_OPERATIONS = 8 };

typedef struct add_job {
  const mnw_op_context *context;
  const mnw_add_params *params;
} add_job;

static void add_part(void *argument, size_t begin, size_t end, uint32_t thread) {
  const add_job *job = argument;
  const mnw_op_context *context = job->context;
  const int8_t *a = mnw_op_input_data(context, 0), *b = mnw_op_input_data(context, 1);
  (void)thread;
  context->kernels->add_s8((int8_t *)mnw_op_output_data(context, 0) + begin, a + begin, b + begin,
                           end - begin, job->params);
}

void mnw_add_eval(const mnw_op_context *context) {
  const mnw_tensor *a = mnw_op_input(context, 0), *b = mnw_op_input(context, 1);
  const mnw_tensor *y = mnw_op_output(context, 0);
  const float a_ratio = a->scale / y->scale, b_ratio = b->scale / y->scale;
  const int32_t shift = common_shift(a_ratio, b_ratio);
  mnw_add_params params = {.a_multiplier = mnw_round_even(a_ratio * power_of_two(shift)),
                           .b_multiplier = mnw_round_even(b_ratio * power_of_two(shift)),
                           .shift = shift,
                           .zero_point = y->zero_point,
                           .clamp_min = context->node->params[MNW_ADD_CLAMP_MIN],
                           .clamp_max = context->node->params[MNW_ADD_CLAMP_MAX]};
  params.bias = (1 << (shift - 1)) - params.a_multiplier * a->zero_point -
                params.b_multiplier * b->zero_point;
  add_job job = {context, &params};
  mnw_team_split(context->team, add_part, &job, mnw_tensor_elements(y),
                 mnw_op_grain(ELEMENT_OPERATIONS, MNW_ALIGNMENT));
}
