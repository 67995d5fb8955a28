// Forms of constants: what the packer makes of them expands to the same bytes in the core.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
// cmocka needs those above
#include <cmocka.h>

#include "../../packer/compress/trellis_round.h"
#include "../../packer/encode/constant_forms.h"
#include "core/base/bytes.h"
#include "core/format/symbol_expand.h"
#include "core/format/trellis.h"
#include "core/kernels/packed_layout.h"
#include "scaled_biases.h"
#include "test_random.h"

enum { MAX_BYTES = 1 << 15, CHANNELS = 45 };

static uint32_t codings_of(const pk_constant_forms *forms) {
  uint32_t all = 0;
  for (size_t i = 0; i < forms->count; i++) all |= forms->items[i].coding;
  return all;
}

// Decodes bytes offset … offset + size of a form behind its symbols' code, as the reader does.
static void expand(uint8_t *out, const pk_constant_form *form, const pk_constant_forms *forms,
                   const pk_lowered_tensor *tensor, size_t offset, size_t size) {
  const mnw_word_form words = {form->coding == MNW_CODING_FLOAT_WORDS,
                               form->multipliers ? form->multipliers + offset : NULL};
  static uint8_t symbols[MNW_BLOCK_MAX_BYTES];
  const size_t count = pk_form_symbols(symbols, form, offset, size);
  const size_t expanded = size / form->element_bytes, channels = (size_t)tensor->dims[0];
  uint8_t *end = out + offset + size;
  assert_true(count <= expanded);
  memcpy(end - count, symbols, count);
  if (form->coding & MNW_CODING_MASK) {
    uint8_t mask[MNW_BLOCK_MAX_BYTES / 8];
    assert_int_equal(pk_form_mask(mask, form, offset, size), (expanded + 7) / 8);
    assert_true(mnw_expand_mask(end - expanded, expanded, count, mask));
  }
  if (pk_form_is_of_numbers(form)) {
    static uint8_t bits[PK_FORM_MAX_BITS_BYTES];
    const size_t bits_bytes = pk_form_bits(bits, form, offset, size);
    assert_false(mnw_expand_words(end - size, expanded, bits, bits_bytes - 1, words));
    memcpy(end - count, symbols, count);
    assert_true(mnw_expand_words(end - size, expanded, bits, bits_bytes, words));
  }
  if (form->coding & MNW_CODING_CODEBOOK) {
    mnw_expand_codebook(end - size, expanded, forms->codebook);
  }
  if (!(form->coding & MNW_CODING_TRELLIS)) return;
  if (tensor->layout == MNW_LAYOUT_ROW_MAJOR) {
    mnw_trellis_expand_rows(out, offset, size, tensor->data_bytes / channels);
  } else {
    mnw_trellis_expand_tiles(out, offset, size, tensor->data_bytes / mnw_round_up(channels, 8));
  }
}

// All forms, in blocks of `block` bytes, give the tensor's bytes.
static uint32_t check_forms_behind(const pk_lowered_tensor *before, const pk_lowered_tensor *tensor,
                                   size_t block) {
  static uint8_t out[MAX_BYTES];
  pk_constant_forms forms;
  pk_error error = {0};
  assert_true(pk_constant_forms_init(&forms, tensor, before, &error));
  for (size_t i = 0; i < forms.count; i++) {
    memset(out, 0xa5, sizeof out);
    for (size_t at = 0; at < tensor->data_bytes; at += block) {
      const size_t left = tensor->data_bytes - at;
      expand(out, &forms.items[i], &forms, tensor, at, left < block ? left : block);
    }
    assert_memory_equal(out, tensor->data, tensor->data_bytes);
  }
  const uint32_t codings = codings_of(&forms);
  pk_constant_forms_free(&forms);
  return codings;
}

static uint32_t check_forms(const pk_lowered_tensor *tensor, size_t block) {
  return check_forms_behind(NULL, tensor, block);
}

// A path for each product along the channels; absent channels of tiles are 0.
static void fill_trellis(uint8_t *data, size_t k, bool has_tiles, uint32_t *seed) {
  for (size_t j = 0; j < k; j++) {
    float targets[CHANNELS], prices[CHANNELS];
    int8_t levels[CHANNELS];
    uint8_t paths[CHANNELS * PK_TRELLIS_STATES];
    for (size_t o = 0; o < CHANNELS; o++) {
      targets[o] = (float)random_between(seed, -2100, 2100) / 16.0f;
      prices[o] = 1.0f;
    }
    pk_trellis_round(levels, targets, prices, CHANNELS, 127, true, paths);
    for (size_t o = 0; o < CHANNELS; o++) {
      data[has_tiles ? mnw_tile_8x4_index(o, j, k) : o * k + j] = (uint8_t)levels[o];
    }
  }
}

static void test_trellis_forms(void **state) {
  (void)state;
  uint32_t seed = 11;
  for (size_t k = 1; k < 40; k++) {
    for (int has_tiles = 0; has_tiles < 2; has_tiles++) {
      uint8_t data[MAX_BYTES] = {0};
      const pk_lowered_tensor tensor = {
          .dtype = MNW_DTYPE_S8,
          .rank = 2,
          .dims = {CHANNELS, (int32_t)k},
          .layout = has_tiles ? MNW_LAYOUT_TILE_8X4 : MNW_LAYOUT_ROW_MAJOR,
          .data = data,
          .data_bytes = has_tiles ? mnw_tile_8x4_bytes(CHANNELS, k) : CHANNELS * k};
      fill_trellis(data, k, has_tiles, &seed);
      assert_true(check_forms(&tensor, has_tiles ? 96 : 37) & MNW_CODING_TRELLIS);
      data[has_tiles ? mnw_tile_8x4_index(7, k - 1, k) : 7 * k + k - 1] ^= 1;  // off the path
      assert_false(check_forms(&tensor, 4096) & MNW_CODING_TRELLIS);
    }
  }
}

static void test_masks(void **state) {
  (void)state;
  uint32_t seed = 5;
  for (int share = 0; share <= 100; share += 4) {
    uint8_t data[5000];
    const pk_lowered_tensor tensor = {.dtype = MNW_DTYPE_U8,
                                      .rank = 1,
                                      .dims = {sizeof data},
                                      .data = data,
                                      .data_bytes = sizeof data};
    for (size_t i = 0; i < sizeof data; i++) {
      const bool is_zero = random_between(&seed, 0, 99) < share;
      data[i] = is_zero ? 0 : (uint8_t)random_between(&seed, -128, 127);
    }
    const uint32_t codings = check_forms(&tensor, 1 + (size_t)share * 7);
    if (share >= 36) assert_true(codings & MNW_CODING_MASK);
    if (share <= 24) assert_false(codings & MNW_CODING_MASK);
  }
}

static void test_hostile_masks(void **state) {
  (void)state;
  const uint8_t mask[2] = {0x86, 0x01}, expected[10] = {0, 5, 6, 0, 0, 0, 0, 7, 8, 0};
  uint8_t bytes[10] = {1, 1, 1, 1, 1, 1, 5, 6, 7, 8};
  assert_true(mnw_expand_mask(bytes, 10, 4, mask));
  assert_memory_equal(bytes, expected, 10);
  assert_false(mnw_expand_mask(bytes, 10, 3, mask));
  assert_false(mnw_expand_mask(bytes, 10, 5, mask));
}

static void test_codebook(void **state) {
  (void)state;
  uint32_t seed = 8;
  float data[1000], words[256];
  pk_lowered_tensor tensor = {.dtype = MNW_DTYPE_F32,
                              .rank = 1,
                              .dims = {1000},
                              .data = (uint8_t *)data,
                              .data_bytes = sizeof data};
  words[0] = 0.0f;
  for (int i = 1; i < 256; i++) words[i] = (float)i * 0.37f - 40.0f;
  for (int distinct = 1; distinct <= 256; distinct += 51) {
    for (size_t i = 0; i < 1000; i++) data[i] = words[random_between(&seed, 0, distinct - 1)];
    assert_true(check_forms(&tensor, 512) & MNW_CODING_CODEBOOK);
  }
  for (size_t i = 0; i < 1000; i++) data[i] = (float)(i % 257) + 1.0f;
  assert_false(check_forms(&tensor, 512) & MNW_CODING_CODEBOOK);
}

// Lengths and bits of numbers, in blocks of which each has a shift of its own.
static void test_words(void **state) {
  (void)state;
  uint32_t seed = 13;
  for (int spread = 1; spread < 30; spread++) {
    uint32_t data[900];
    const pk_lowered_tensor tensor = {.dtype = MNW_DTYPE_S32,
                                      .rank = 1,
                                      .dims = {900},
                                      .data = (uint8_t *)data,
                                      .data_bytes = sizeof data};
    for (size_t i = 0; i < 900; i++) {
      const uint32_t word = random_next(&seed) >> (32 - spread) << i / 200;
      data[i] = i % 2 ? word : 0u - word;
    }
    assert_true(check_forms(&tensor, 256) & MNW_CODING_WORDS);
  }
}

// Of all precisions and signs, with zeros of both, at both ends of the exponents; one number beyond
// them, and the form is not there.
static void test_float_words(void **state) {
  (void)state;
  enum { COUNT = 900, AT = 137 };
  uint32_t seed = 17;
  for (uint32_t kept = 0; kept <= MNW_FLOAT_FRACTION_BITS; kept++) {
    uint32_t data[COUNT];
    const pk_lowered_tensor tensor = {.dtype = MNW_DTYPE_F32,
                                      .rank = 1,
                                      .dims = {COUNT},
                                      .data = (uint8_t *)data,
                                      .data_bytes = sizeof data};
    for (size_t i = 0; i < COUNT; i++) {
      const uint32_t exponent = i < 300 ? 65 + random_next(&seed) % 127 : 110 + i % 8;
      const uint32_t fraction = random_next(&seed) >> 9 >> (MNW_FLOAT_FRACTION_BITS - kept)
                                                               << (MNW_FLOAT_FRACTION_BITS - kept);
      data[i] = (random_next(&seed) >> 31 << 31) | (i % 11 ? exponent << 23 | fraction : 0);
    }
    assert_true(check_forms(&tensor, 256) & MNW_CODING_FLOATS);
    static const uint32_t beyond[] = {64u << 23, 1, 192u << 23, 255u << 23, 0x7fc00000u};
    data[AT] = beyond[kept % 5];
    assert_false(check_forms(&tensor, 256) & MNW_CODING_FLOATS);
  }
}

// One bit more than multipliers leave, and numbers cannot be scaled by them.
static void test_scaled_words(void **state) {
  (void)state;
  scaled_biases sample;
  scaled_biases_fill(&sample, 17);
  for (size_t i = 0; i < SCALED_BIASES; i++) {
    const uint32_t spare = mnw_spare_bits(mnw_float_bits(sample.multipliers[i]));
    // Never more than is worth half a step.
    if (spare > 0) assert_true(ldexp(sample.multipliers[i], (int)spare) <= 0.5);
  }
  assert_true(check_forms_behind(&sample.before, &sample.tensor, 512) & MNW_CODING_SCALED);
  assert_false(check_forms(&sample.tensor, 512) & MNW_CODING_SCALED);
  sample.biases[sample.spared] |= 1;
  assert_false(check_forms_behind(&sample.before, &sample.tensor, 512) & MNW_CODING_SCALED);
}

static void test_hostile_words(void **state) {
  (void)state;
  const float half = 0.5f, tiny = 0x1p-30f;
  const uint8_t shifted[] = {17, 0};
  uint8_t bytes[4] = {0, 0, 0, 4};
  const mnw_word_form plain = {false, NULL}, floats = {true, NULL};
  const mnw_word_form by_half = {false, (const uint8_t *)&half};
  const mnw_word_form by_tiny = {false, (const uint8_t *)&tiny};
  assert_true(mnw_expand_words(bytes, 1, shifted, 2, by_half));
  bytes[3] = 4;
  assert_false(mnw_expand_words(bytes, 1, shifted, 2, by_tiny));  // 17 + 15 bits
  bytes[3] = 65;
  assert_false(mnw_expand_words(bytes, 1, shifted, 2, plain));
  bytes[3] = 65;
  assert_true(mnw_expand_words(bytes, 1, shifted, 2, floats));
  assert_int_equal(mnw_load_u32(bytes),
                   (1u << 31) | (96u << 23));  // -2^-31: six bits of a fraction
  const uint8_t too_far[] = {24};
  bytes[3] = 65;
  assert_false(mnw_expand_words(bytes, 1, too_far, 1, floats));
}

// The path is the best of all: compared with every sequence of a few levels.
static void test_viterbi(void **state) {
  (void)state;
  enum { COUNT = 5, REACH = 6 };
  uint32_t seed = 3;
  for (int round = 0; round < 20; round++) {
    float targets[COUNT], prices[COUNT];
    int8_t levels[COUNT];
    uint8_t paths[COUNT * PK_TRELLIS_STATES];
    double best = INFINITY, cost = 0.0;
    for (size_t i = 0; i < COUNT; i++) {
      targets[i] = (float)random_between(&seed, -300, 300) / 100.0f;
      prices[i] = (float)random_between(&seed, 1, 9);
    }
    pk_trellis_round(levels, targets, prices, COUNT, 127, false, paths);
    for (long n = 0; n < lround(pow(2 * REACH + 1, COUNT)); n++) {
      int path[COUNT + 3] = {0};
      double sum = 0.0;
      bool is_path = true;
      for (size_t i = 0, rest = (size_t)n; i < COUNT; i++, rest /= 2 * REACH + 1) {
        const int level = (int)(rest % (2 * REACH + 1)) - REACH;
        const int parity = (path[i + 2] >> 1 ^ path[i + 1] ^ path[i]) & 1;
        is_path = is_path && (level & 1) == parity;
        path[i + 3] = level;
        sum += (double)prices[i] * pow((double)level - (double)targets[i], 2.0);
      }
      if (is_path) best = fmin(best, sum);
    }
    for (size_t i = 0; i < COUNT; i++) {
      cost += (double)prices[i] * pow((double)levels[i] - (double)targets[i], 2.0);
    }
    assert_true(fabs(cost - best) < 1e-5 * best);
  }
}

// What the trellis is for: less error than plain rounding has with symbols of twice the step.
static void test_gain(void **state) {
  (void)state;
  enum { COUNT = 20000 };
  uint32_t seed = 77;
  float *targets = calloc(2 * COUNT, sizeof *targets), *prices = targets + COUNT;
  int8_t *levels = calloc(COUNT, 1);
  uint8_t *paths = calloc(COUNT, PK_TRELLIS_STATES);
  double plain = 0.0, path = 0.0;
  for (size_t i = 0; i < COUNT; i++) {
    targets[i] = (float)random_between(&seed, -16000, 16000) / 1000.0f;
    prices[i] = 1.0f;
    plain += pow((double)(targets[i] - 2.0f * rintf(targets[i] / 2.0f)), 2.0);
  }
  pk_trellis_round(levels, targets, prices, COUNT, 127, false, paths);
  for (size_t i = 0; i < COUNT; i++) path += pow((double)targets[i] - levels[i], 2.0);
  // Granular gain of eight states: 0.9 to 1.1 dB.
  assert_true(10.0 * log10(plain / path) > 0.85 && 10.0 * log10(plain / path) < 1.25);
  free(targets);
  free(levels);
  free(paths);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_trellis_forms), cmocka_unit_test(test_masks),
      cmocka_unit_test(test_hostile_masks), cmocka_unit_test(test_codebook),
      cmocka_unit_test(test_words),         cmocka_unit_test(test_float_words),
      cmocka_unit_test(test_scaled_words),  cmocka_unit_test(test_hostile_words),
      cmocka_unit_test(test_viterbi),       cmocka_unit_test(test_gain),
  };
  return cmocka_run_group_tests_name("encode_forms", tests, NULL, NULL);
}
