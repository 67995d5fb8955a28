#include "constant_forms.h"

#include <stdlib.h>
#include <string.h>

#include "bit_writer.h"
#include "core/base/bytes.h"
#include "core/format/symbol_expand.h"
#include "core/kernels/packed_layout.h"

enum {
  CODEBOOK_MIN_BYTES = 64,  // of a constant that is worth a codebook
  WORD_SLOTS = 1024,        // of the hash table, at most a quarter full
  TILE_STEP = MNW_TILE_CHANNELS * MNW_TILE_K
};
static const double zeros_for_mask = 0.3;  // share below which a mask cannot pay

static const uint32_t lowest_bits = 0x01010101u;

// --- the trellis ---

// The levels of `channels_back` channels before the one at `at`, four products at a time.
static uint32_t levels_before(const uint8_t *data, size_t at, size_t channels_back, size_t tile) {
  const size_t channel = at % TILE_STEP / MNW_TILE_K, base = at - at % TILE_STEP;
  if (channel >= channels_back) return mnw_load_u32(data + at - channels_back * MNW_TILE_K);
  if (base < tile) return 0;
  return mnw_load_u32(data + base - tile +
                      (MNW_TILE_CHANNELS + channel - channels_back) * MNW_TILE_K);
}

static bool suits_trellis(const pk_lowered_tensor *tensor) {
  return tensor->layout == MNW_LAYOUT_TILE_8X4 ||
         (tensor->layout == MNW_LAYOUT_ROW_MAJOR && tensor->dtype == MNW_DTYPE_S8 &&
          tensor->rank >= 2);
}

static bool halve_rows(uint8_t *halves, const pk_lowered_tensor *tensor) {
  const uint8_t *data = tensor->data;
  const size_t k = tensor->data_bytes / (size_t)tensor->dims[0];
  for (size_t at = 0; at < tensor->data_bytes; at++) {
    const unsigned parity = (at < k ? 0 : data[at - k] >> 1) ^ (at < 2 * k ? 0 : data[at - 2 * k]) ^
                            (at < 3 * k ? 0 : data[at - 3 * k]);
    if ((data[at] ^ parity) & 1) return false;
    halves[at] = (uint8_t)(data[at] >> 1 | (data[at] & 128));
  }
  return true;
}

// Half of each level, where all parities are what a decoder expects (core/format/trellis.h).
static bool halve_levels(uint8_t *halves, const pk_lowered_tensor *tensor) {
  if (tensor->layout == MNW_LAYOUT_ROW_MAJOR) return halve_rows(halves, tensor);
  const uint8_t *data = tensor->data;
  const size_t channels = mnw_round_up((size_t)tensor->dims[0], MNW_TILE_CHANNELS);
  const size_t tile = tensor->data_bytes / channels * MNW_TILE_CHANNELS;
  for (size_t at = 0; at < tensor->data_bytes; at += MNW_TILE_K) {
    const uint32_t level = mnw_load_u32(data + at);
    const uint32_t parity = levels_before(data, at, 1, tile) >> 1 ^
                            levels_before(data, at, 2, tile) ^ levels_before(data, at, 3, tile);
    if ((level ^ parity) & lowest_bits) return false;
    // Each byte is shifted as a signed number: its highest bit stays.
    mnw_store_u32(halves + at, (level >> 1 & ~(lowest_bits << 7)) | (level & lowest_bits << 7));
  }
  return true;
}

// --- the codebook ---

typedef struct word_count {
  uint32_t word;
  uint8_t first;  // number by first appearance
  size_t count;
} word_count;

typedef struct word_table {
  uint32_t words[WORD_SLOTS];
  int16_t numbers[WORD_SLOTS];  // -1: free
} word_table;

// The slot of `word`, or the free one where it belongs.
static size_t find_slot(const word_table *table, uint32_t word) {
  size_t slot = word * 2654435761u >> 22;
  while (table->numbers[slot] >= 0 && table->words[slot] != word) slot = (slot + 1) % WORD_SLOTS;
  return slot;
}

// Numbers words by their first appearance, 0 first; returns how many, 0 where there are too many.
static size_t number_words(word_count *found, uint8_t *numbers, const pk_lowered_tensor *tensor) {
  word_table table;
  size_t used = 0;
  memset(table.numbers, -1, sizeof table.numbers);
  for (size_t i = 0; i <= tensor->data_bytes / 4; i++) {
    const uint32_t word = i == 0 ? 0 : mnw_load_u32(tensor->data + 4 * (i - 1));
    const size_t slot = find_slot(&table, word);
    if (table.numbers[slot] < 0) {
      if (used == MNW_CODEBOOK_WORDS) return 0;
      table.words[slot] = word;
      table.numbers[slot] = (int16_t)used;
      found[used] = (word_count){.word = word, .first = (uint8_t)used};
      used++;
    }
    if (i == 0) continue;
    numbers[i - 1] = (uint8_t)table.numbers[slot];
    found[table.numbers[slot]].count++;
  }
  return used;
}

static int compare_counts(const void *left, const void *right) {
  const word_count *a = left, *b = right;
  if (a->count != b->count) return a->count > b->count ? -1 : 1;
  return a->first < b->first ? -1 : a->first > b->first;
}

// Fills the codebook: 0 in place 0, whose number a mask tells, then by falling count.
static bool make_codebook(pk_constant_forms *forms, const pk_lowered_tensor *tensor) {
  word_count found[MNW_CODEBOOK_WORDS] = {{0}};
  uint8_t places[MNW_CODEBOOK_WORDS] = {0};
  const size_t used = number_words(found, forms->words, tensor);
  if (used == 0) return false;
  qsort(found + 1, used - 1, sizeof *found, compare_counts);
  memset(forms->codebook, 0, sizeof forms->codebook);
  for (size_t rank = 0; rank < used; rank++) {
    places[found[rank].first] = (uint8_t)rank;
    mnw_store_u32(forms->codebook + 4 * rank, found[rank].word);
  }
  forms->codebook_bytes = 4 * used;
  for (size_t i = 0; i < tensor->data_bytes / 4; i++) forms->words[i] = places[forms->words[i]];
  return true;
}

// --- forms ---

// Of a float32; those of numbers that are too small or too large, and of what is no number, are
// above 255.
static uint32_t float_symbol(uint32_t word) {
  if (word << 1 == 0) return word >> 31;
  const uint32_t exponent = word << 1 >> (MNW_FLOAT_FRACTION_BITS + 1);
  if (exponent <= MNW_FLOAT_EXPONENT_BASE) return UINT32_MAX;
  return 2 * (exponent - MNW_FLOAT_EXPONENT_BASE) + (word >> 31);
}

// Of number `index`; `multipliers` NULL: 0.
static uint32_t spare_bits_of(const uint8_t *multipliers, size_t index) {
  return multipliers ? mnw_spare_bits(mnw_load_u32(multipliers + 4 * index)) : 0;
}

static bool has_many_zeros(const uint8_t *symbols, size_t count) {
  size_t zeros = 0;
  for (size_t i = 0; i < count; i++) zeros += symbols[i] == 0;
  return (double)zeros >= zeros_for_mask * (double)count;
}

static void add_form(pk_constant_forms *forms, uint32_t coding, const uint8_t *symbols,
                     size_t count, size_t element_bytes) {
  const uint32_t words = element_bytes == 4 ? MNW_CODING_WORDS : 0;
  forms->items[forms->count++] =
      (pk_constant_form){MNW_CODING_SYMBOLS | coding | words, symbols, element_bytes, NULL};
  if (!has_many_zeros(symbols, count)) return;
  forms->items[forms->count++] = (pk_constant_form){MNW_CODING_SYMBOLS | coding | MNW_CODING_MASK,
                                                    symbols, element_bytes, NULL};
}

// Numbers by their lengths, and where the tensor before has multipliers of them, scaled.
static void add_numbers(pk_constant_forms *forms, const pk_lowered_tensor *tensor,
                        const pk_lowered_tensor *before) {
  pk_constant_form form = {MNW_CODING_SYMBOLS | MNW_CODING_WORDS, tensor->data, 4, NULL};
  forms->items[forms->count++] = form;
  if (!before || !before->data || before->dtype != MNW_DTYPE_F32 ||
      before->data_bytes != tensor->data_bytes) {
    return;
  }
  form.coding |= MNW_CODING_SCALED;
  form.multipliers = before->data;
  for (size_t i = 0; i < tensor->data_bytes / 4; i++) {
    const uint32_t spare = spare_bits_of(form.multipliers, i);
    if (mnw_load_u32(tensor->data + 4 * i) & ((1u << spare) - 1)) return;
  }
  forms->items[forms->count++] = form;
}

// float32 by their exponents, where all are numbers whose symbols fit into a byte.
static void add_floats(pk_constant_forms *forms, const pk_lowered_tensor *tensor) {
  for (size_t i = 0; i < tensor->data_bytes / 4; i++) {
    const uint32_t word = mnw_load_u32(tensor->data + 4 * i);
    if (float_symbol(word) > UINT8_MAX) return;
  }
  forms->items[forms->count++] = (pk_constant_form){MNW_CODING_FLOAT_WORDS, tensor->data, 4, NULL};
}

// What blocks hold of a constant: itself, or its levels as a tensor of their own.
static pk_lowered_tensor coded_tensor(const pk_lowered_tensor *tensor) {
  pk_lowered_tensor coded = *tensor;
  if (!tensor->levels) return coded;
  coded.dtype = MNW_DTYPE_S8;
  coded.layout = MNW_LAYOUT_ROW_MAJOR;
  coded.data = (uint8_t *)tensor->levels;
  coded.data_bytes = tensor->level_count;
  return coded;
}

bool pk_constant_forms_init(pk_constant_forms *forms, const pk_lowered_tensor *tensor,
                            const pk_lowered_tensor *before, pk_error *error) {
  const pk_lowered_tensor coded = coded_tensor(tensor);
  const uint32_t levels = tensor->levels ? MNW_CODING_LEVELS : 0;
  const size_t size = coded.data_bytes;
  const bool has_levels = suits_trellis(&coded);
  const bool has_words =
      (coded.dtype == MNW_DTYPE_F32 || coded.dtype == MNW_DTYPE_S32) && size >= CODEBOOK_MIN_BYTES;
  *forms = (pk_constant_forms){.data = coded.data, .size = size, .raw_coding = levels};
  if (has_levels) forms->halves = malloc(size);
  if (has_words) forms->words = malloc(size / 4);
  if ((has_levels && !forms->halves) || (has_words && !forms->words)) {
    pk_constant_forms_free(forms);
    return pk_fail(error, PK_OUT_OF_MEMORY, "no memory to code a constant of %zu bytes", size);
  }
  add_form(forms, levels, coded.data, size, 1);
  if (has_levels && halve_levels(forms->halves, &coded)) {
    add_form(forms, levels | MNW_CODING_TRELLIS, forms->halves, size, 1);
  }
  if (has_words && make_codebook(forms, &coded)) {
    add_form(forms, MNW_CODING_CODEBOOK, forms->words, size / 4, 4);
  }
  if (coded.dtype == MNW_DTYPE_S32) add_numbers(forms, &coded, before);
  if (coded.dtype == MNW_DTYPE_F32) add_floats(forms, &coded);
  return true;
}

void pk_constant_forms_free(pk_constant_forms *forms) {
  free(forms->halves);
  free(forms->words);
  *forms = (pk_constant_forms){0};
}

// --- 4-byte numbers ---

// A block's words, and their part of the multipliers.
typedef struct word_block {
  const uint8_t *words, *multipliers;
  size_t count;
  bool is_float;
} word_block;

// The rest of a number beside its symbol.
typedef struct number_rest {
  uint32_t bits, count;
} number_rest;

static word_block block_of(const pk_constant_form *form, size_t offset, size_t size) {
  const uint8_t *multipliers = form->multipliers ? form->multipliers + offset : NULL;
  return (word_block){form->symbols + offset, multipliers, size / 4,
                      form->coding == MNW_CODING_FLOAT_WORDS};
}

static uint32_t magnitude_of(const word_block *block, size_t index) {
  const uint32_t word = mnw_load_u32(block->words + 4 * index);
  return (word >> 31 ? 0u - word : word) >> spare_bits_of(block->multipliers, index);
}

static uint32_t fraction_of(const word_block *block, size_t index) {
  return mnw_load_u32(block->words + 4 * index) & ((1u << MNW_FLOAT_FRACTION_BITS) - 1);
}

// How many bits at the low end of all numbers, or of all fractions, are 0 beside their own.
static uint32_t shift_of(const word_block *block) {
  uint32_t all = block->is_float ? 1u << MNW_FLOAT_FRACTION_BITS : 0, shift = 0;
  for (size_t i = 0; i < block->count; i++) {
    all |= block->is_float ? fraction_of(block, i) : magnitude_of(block, i);
  }
  while (all != 0 && !(all >> shift & 1)) shift++;
  return shift;
}

static uint32_t symbol_of(const word_block *block, size_t index, uint32_t shift) {
  const uint32_t word = mnw_load_u32(block->words + 4 * index);
  if (block->is_float) return float_symbol(word);
  return 2 * pk_bit_length(magnitude_of(block, index) >> shift) - (word >> 31);
}

static void word_symbols(uint8_t *out, const word_block *block) {
  const uint32_t shift = shift_of(block);
  for (size_t i = 0; i < block->count; i++) {
    out[i] = (uint8_t)symbol_of(block, i, shift);
  }
}

static number_rest rest_of(const word_block *block, size_t index, uint32_t shift) {
  if (block->is_float) {
    const bool is_zero = mnw_load_u32(block->words + 4 * index) << 1 == 0;
    const uint32_t count = is_zero ? 0 : MNW_FLOAT_FRACTION_BITS - shift;
    return (number_rest){fraction_of(block, index) >> shift, count};
  }
  const uint32_t magnitude = magnitude_of(block, index) >> shift;
  const uint32_t below = magnitude == 0 ? 0 : pk_bit_length(magnitude) - 1;
  return (number_rest){magnitude & ((1u << below) - 1), below};
}

size_t pk_form_bits(uint8_t *out, const pk_constant_form *form, size_t offset, size_t size) {
  if (!pk_form_is_of_numbers(form)) return 0;
  const word_block block = block_of(form, offset, size);
  const uint32_t shift = shift_of(&block);
  pk_bit_writer bits = {.at = out};
  pk_put_bits(&bits, shift, 8);
  for (size_t i = 0; i < block.count; i++) {
    const number_rest rest = rest_of(&block, i, shift);
    if (rest.count > 0) pk_put_bits(&bits, rest.bits, rest.count);
  }
  return (size_t)(pk_end_bits(&bits) - out);
}

// --- symbols ---

size_t pk_form_symbols(uint8_t *out, const pk_constant_form *form, size_t offset, size_t size) {
  if (pk_form_is_of_numbers(form)) {
    const word_block block = block_of(form, offset, size);
    word_symbols(out, &block);
    return block.count;
  }
  const uint8_t *symbols = form->symbols + offset / form->element_bytes;
  const size_t count = size / form->element_bytes;
  size_t written = 0;
  for (size_t i = 0; i < count; i++) {
    if (symbols[i] != 0 || !(form->coding & MNW_CODING_MASK)) out[written++] = symbols[i];
  }
  return written;
}

size_t pk_form_mask(uint8_t *out, const pk_constant_form *form, size_t offset, size_t size) {
  const uint8_t *symbols = form->symbols + offset / form->element_bytes;
  const size_t count = size / form->element_bytes, bytes = (count + 7) / 8;
  if (!(form->coding & MNW_CODING_MASK)) return 0;
  memset(out, 0, bytes);
  for (size_t i = 0; i < count; i++) out[i / 8] |= (uint8_t)((symbols[i] != 0) << i % 8);
  return bytes;
}
