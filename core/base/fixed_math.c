#include "fixed_math.h"

enum { ONE = 32767, ONE_OF_2_BITS = 1 << 13 };  // 1.0 with 15 and with 13 fractional bits

static int16_t wrap(int32_t x) {
  return (int16_t)(uint16_t)(uint32_t)x;
}

static int16_t saturate(int32_t x) {
  return x > INT16_MAX ? INT16_MAX : x < INT16_MIN ? INT16_MIN : (int16_t)x;
}

// a * b / 2^15, halves away from zero (towards plus infinity below 0).
static int16_t multiply(int16_t a, int16_t b) {
  const int32_t product = a * b, nudge = product >= 0 ? 1 << 14 : 1 - (1 << 14);
  return saturate((product + nudge) / (1 << 15));
}

static int16_t shift_left(int16_t x, int32_t bits) {
  return saturate(x * (1 << bits));
}

static int16_t shift_right(int16_t x, int32_t bits) {
  const int32_t mask = (1 << bits) - 1;
  return (int16_t)((x >> bits) + ((x & mask) > (mask >> 1) + (x < 0)));
}

// e^x for x in [-1/4, 0), 15 fractional bits in and out: Taylor's series about -1/8.
static int16_t exp_in_quarter(int16_t x) {
  const int16_t exp_of_eighth = 28918, third = 10923;
  const int16_t d = wrap(x + (1 << 12));
  const int16_t d2 = multiply(d, d), d3 = multiply(d2, d), d4 = multiply(d2, d2);
  const int16_t high = wrap(multiply(wrap(shift_right(d4, 2) + d3), third) + d2);
  return saturate(exp_of_eighth + multiply(exp_of_eighth, wrap(d + shift_right(high, 1))));
}

// e^x for x <= 0 with 15 - integer_bits fractional bits; 15 in the result.
static int16_t exp_negative(int16_t x, int32_t integer_bits) {
  static const int16_t powers[] = {25520, 19875, 12055, 4435, 600, 11, 0};  // e^-(2^k), k from -2
  const int32_t fractional_bits = 15 - integer_bits, quarter = 1 << (fractional_bits - 2);
  const int32_t in_quarter = (x & (quarter - 1)) - quarter, rest = in_quarter - x;
  if (x == 0) return ONE;
  int16_t result = exp_in_quarter(shift_left((int16_t)in_quarter, integer_bits));
  for (int32_t k = -2; k <= 4 && k < integer_bits; k++) {
    if (rest >> (fractional_bits + k) & 1) result = multiply(result, powers[k + 2]);
  }
  return integer_bits > 5 && x < -(1 << (fractional_bits + 5)) ? 0 : result;
}

// 2 / (1 + x) for x in [0, 1] of 15 fractional bits; 13 in the result. Newton's steps from 48/17 -
// 32/17 d for d = (1 + x) / 2.
static int16_t reciprocal(int16_t x) {
  const int16_t half = (int16_t)((x + ONE + 1) / 2);
  int16_t y = wrap(23130 + multiply(half, -15420));
  for (int i = 0; i < 3; i++) {
    const int16_t error = wrap(ONE_OF_2_BITS - multiply(half, y));
    y = wrap(y + shift_left(multiply(y, error), 2));
  }
  return y;
}

int16_t mnw_fixed_sigmoid(int16_t x) {
  if (x == 0) return 1 << 14;
  const int16_t positive = shift_left(reciprocal(exp_negative(x > 0 ? (int16_t)-x : x, 3)), 1);
  return x > 0 ? positive : (int16_t)(ONE - positive);
}

int16_t mnw_fixed_tanh(int16_t x, int32_t integer_bits) {
  if (x == 0) return 0;
  // Read with one more integer bit, the same bits are twice the number.
  const int16_t twice = reciprocal(exp_negative(x > 0 ? (int16_t)-x : x, integer_bits + 1));
  const int16_t positive = shift_left(wrap(twice - ONE_OF_2_BITS), 2);
  return x > 0 ? positive : wrap(-positive);
}
