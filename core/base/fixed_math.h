// Logistic function and hyperbolic tangent of int16 numbers, integer to the last bit as gemmlowp
// defines them for quantised LSTMs: the exponential of a quarter's remainder by a polynomial, its
// power by a chain of constants, the division by three Newton steps.
#ifndef MINNOW_BASE_FIXED_MATH_H_
#define MINNOW_BASE_FIXED_MATH_H_

#include <stdint.h>

// x has 12 fractional bits, the result 15.
int16_t mnw_fixed_sigmoid(int16_t x);

// x has 15 - integer_bits fractional bits (integer_bits: 0 … 6), the result 15.
int16_t mnw_fixed_tanh(int16_t x, int32_t integer_bits);

#endif  // MINNOW_BASE_FIXED_MATH_H_
