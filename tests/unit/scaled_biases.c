#include "scaled_biases.h"

#include <math.h>

#include "core/base/bytes.h"
#include "core/format/symbol_expand.h"
#include "test_random.h"

void scaled_biases_fill(scaled_biases *sample, uint32_t seed) {
  *sample = (scaled_biases){.before = {.dtype = MNW_DTYPE_F32}, .tensor = {.dtype = MNW_DTYPE_S32}};
  sample->before.data = (uint8_t *)sample->multipliers;
  sample->tensor.data = (uint8_t *)sample->biases;
  sample->before.rank = sample->tensor.rank = 1;
  sample->before.dims[0] = sample->tensor.dims[0] = SCALED_BIASES;
  sample->before.data_bytes = sizeof sample->multipliers;
  sample->tensor.data_bytes = sizeof sample->biases;
  for (size_t i = 0; i < SCALED_BIASES; i++) {
    const double mantissa = i % 7 ? 1.0 + random_between(&seed, 1, 255) / 256.0 : 1.0;
    const int32_t exponent = random_between(&seed, -24, 2);
    sample->multipliers[i] = i % 50 ? (float)ldexp(mantissa, exponent) : 0.0f;
    const uint32_t spare = mnw_spare_bits(mnw_float_bits(sample->multipliers[i]));
    sample->biases[i] = (uint32_t)random_between(&seed, -9000, 9000) << spare;
    if (spare > 0) sample->spared = i;
  }
}
