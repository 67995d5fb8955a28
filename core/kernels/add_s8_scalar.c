// The quantised addition's specification. The shift is arithmetic: it rounds down, and the rounding
// half stands in the bias.
#include "kernel_isa.h"

void MNW_ISA_NAME(add_s8)(int8_t *y, const int8_t *a, const int8_t *b, size_t count,
                          const mnw_add_params *params) {
  for (size_t i = 0; i < count; i++) {
    const uint32_t sum = (uint32_t)params->bias + (uint32_t)a[i] * (uint32_t)params->a_multiplier +
                         (uint32_t)b[i] * (uint32_t)params->b_multiplier;
    int32_t value = ((int32_t)sum >> params->shift) + params->zero_point;
    value = value < params->clamp_min ? params->clamp_min : value;
    value = value > params->clamp_max ? params->clamp_max : value;
    y[i] = (int8_t)value;
  }
}
