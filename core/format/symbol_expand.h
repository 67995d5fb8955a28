// What stands between decoded symbols and a tensor's bytes, in place: symbols stand at the end of
// the room that what they expand to fills, so that writing does not overtake reading.
#ifndef MINNOW_FORMAT_SYMBOL_EXPAND_H_
#define MINNOW_FORMAT_SYMBOL_EXPAND_H_

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// The last `count` of `size` bytes are what the set bits of `mask`, lowest first, stand for: writes
// all `size`, 0 where a bit is not set. False if there are not exactly `count` set bits; what was
// written by then is undefined.
bool mnw_expand_mask(uint8_t *bytes, size_t size, size_t count, const uint8_t *mask);

// The last `count` of 4 * count bytes are numbers of words in `codebook`, 256 of 4 bytes.
void mnw_expand_codebook(uint8_t *bytes, size_t count, const uint8_t *codebook);

// How 4-byte numbers stand behind their symbols.
typedef struct mnw_word_form {
  bool is_float;
  const uint8_t *multipliers;  // count of 4 bytes; NULL: none
} mnw_word_form;

// What is taken off the biased exponent of a float32, so that seven bits hold it.
enum { MNW_FLOAT_EXPONENT_BASE = 64, MNW_FLOAT_FRACTION_BITS = 23 };

// The last `count` of 4 * count bytes are symbols of 4-byte numbers, the rest of which is `bits`:
// first a byte z, then bits of each number, lowest first, filled up with 0 to a whole byte.
//
// Two's complement: the symbol is 0 for the number 0, else 2 l where it is positive and 2 l - 1
// where it is negative, l being the bits of its magnitude, 1 … 32; the l - 1 bits below the highest
// one follow, and all are shifted to the left by z, with `multipliers` by mnw_spare_bits() of its
// own as well, together by 31 at most.
//
// float32: the symbol is 2 l, or 2 l + 1 where the sign is set, l being the biased exponent less
// 64, or 0 for 0 and -0; but for these the highest 23 - z bits of the fraction follow, the others
// are 0.
//
// False where symbols and bits are others than that; what was written by then is undefined.
bool mnw_expand_words(uint8_t *bytes, size_t count, const uint8_t *bits, size_t size,
                      mnw_word_form form);

// How many low bits of a bias say no more than half a step of the output, into which the float32 of
// these bits, a positive one, takes it; at most 15.
static inline uint32_t mnw_spare_bits(uint32_t multiplier) {
  enum { EXPONENT_AT = 23, EXPONENT_OF_QUARTER = 125, MOST = 15 };
  const uint32_t exponent = multiplier >> EXPONENT_AT;
  if (exponent >= EXPONENT_OF_QUARTER) return 0;
  return exponent + MOST > EXPONENT_OF_QUARTER ? EXPONENT_OF_QUARTER - exponent : MOST;
}

#endif  // MINNOW_FORMAT_SYMBOL_EXPAND_H_
