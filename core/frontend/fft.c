// A real signal of N samples is one complex signal of N / 2, even samples as real and odd ones as
// imaginary parts. Its transform Z (radix 2, decimation in time) gives that of the real signal:
// X[k] = E + W^k O and X[N / 2 - k] = conj(E - W^k O), where E = (Z[k] + conj Z[N / 2 - k]) / 2 and
// O = (Z[k] - conj Z[N / 2 - k]) / 2i belong to the even and odd samples and W = e^(-2 pi i / N).
// One table of W^k serves all: the inner transforms use every second, fourth, … entry.
#include "fft.h"

#include "../base/float_math.h"

mnw_turn mnw_turn_of(uint32_t numerator, uint32_t denominator) {
  const double two_pi = 6.28318530717958647693;
  // In eighths of a turn: the rest is -1/16 … 1/16 of a turn, where the series is exact enough.
  const uint64_t eighths = (uint64_t)(numerator % denominator) * 8;
  const uint32_t octant = (uint32_t)((eighths + denominator / 2) / denominator);
  const double rest = ((double)eighths - (double)octant * denominator) / denominator / 8.0;
  const mnw_sincos_result small = mnw_sincos((float)(rest * two_pi));
  static const double root_half = 0.707106781186547524401;
  static const double cosines[8] = {1, root_half, 0, -root_half, -1, -root_half, 0, root_half};
  const double c = cosines[octant & 7], s = cosines[(octant + 6) & 7];
  return (mnw_turn){(float)(c * small.cos - s * small.sin), (float)(s * small.cos + c * small.sin)};
}

void mnw_fft_init(mnw_turn *turns, uint32_t length) {
  for (uint32_t k = 0; k < length / 2; k++) turns[k] = mnw_turn_of(k, length);
}

static void swap_bit_reversed(mnw_turn *z, uint32_t count) {
  for (uint32_t i = 1, j = 0; i < count; i++) {
    uint32_t bit = count >> 1;
    for (; j & bit; bit >>= 1) j ^= bit;
    j ^= bit;
    if (i < j) {
      const mnw_turn swapped = z[i];
      z[i] = z[j];
      z[j] = swapped;
    }
  }
}

static void transform(mnw_turn *z, const mnw_turn *turns, uint32_t count) {
  swap_bit_reversed(z, count);
  for (uint32_t half = 1; half < count; half *= 2) {
    const uint32_t stride = count / half;  // of the table of twice as many turns
    for (uint32_t begin = 0; begin < count; begin += 2 * half) {
      mnw_turn *a = z + begin, *b = a + half;
      for (uint32_t k = 0; k < half; k++) {
        const mnw_turn w = turns[k * stride];
        const float re = b[k].cos * w.cos + b[k].sin * w.sin;
        const float im = b[k].sin * w.cos - b[k].cos * w.sin;
        b[k] = (mnw_turn){a[k].cos - re, a[k].sin - im};
        a[k] = (mnw_turn){a[k].cos + re, a[k].sin + im};
      }
    }
  }
}

void mnw_fft_power(float *power, float *signal, const mnw_turn *turns, uint32_t length) {
  const uint32_t count = length / 2;
  mnw_turn *z = (mnw_turn *)signal;
  transform(z, turns, count);
  const float low = z[0].cos + z[0].sin, high = z[0].cos - z[0].sin;
  power[0] = low * low;
  power[count] = high * high;
  for (uint32_t k = 1; k <= count / 2; k++) {
    const mnw_turn a = z[k], b = z[count - k], w = turns[k];
    const float even_re = 0.5f * (a.cos + b.cos), even_im = 0.5f * (a.sin - b.sin);
    const float odd_re = 0.5f * (a.sin + b.sin), odd_im = 0.5f * (b.cos - a.cos);
    const float re = odd_re * w.cos + odd_im * w.sin, im = odd_im * w.cos - odd_re * w.sin;
    const float sum_re = even_re + re, sum_im = even_im + im;
    const float rest_re = even_re - re, rest_im = even_im - im;
    power[k] = sum_re * sum_re + sum_im * sum_im;
    power[count - k] = rest_re * rest_re + rest_im * rest_im;
  }
}
