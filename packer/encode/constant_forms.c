#include "constant_forms.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/bytes.h"
#include "core/kernels/packed_layout.h"

enum {
  CODEBOOK_MIN_BYTES = 2048,  // of a constant that is worth a codebook
  WORD_SLOTS = 1024,          // of the hash table, at most a quarter full
  TILE_STEP = MNW_TILE_CHANNELS * MNW_TILE_K
};
static const double zeros_for_runs = 0.4;  // share below which runs cannot pay

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

// Numbers words by their first appearance; false where there are too many.
static bool number_words(pk_constant_forms *forms, const pk_lowered_tensor *tensor) {
  word_table table;
  size_t used = 0;
  memset(table.numbers, -1, sizeof table.numbers);
  // 0 first, whose symbol then is the one that runs are made of.
  table.words[find_slot(&table, 0)] = 0;
  table.numbers[find_slot(&table, 0)] = (int16_t)used++;
  memset(forms->codebook, 0, sizeof forms->codebook);
  for (size_t i = 0; i < tensor->data_bytes / 4; i++) {
    const uint32_t word = mnw_load_u32(tensor->data + 4 * i);
    const size_t slot = find_slot(&table, word);
    if (table.numbers[slot] < 0) {
      if (used == MNW_CODEBOOK_WORDS) return false;
      table.words[slot] = word;
      table.numbers[slot] = (int16_t)used;
      mnw_store_u32(forms->codebook + 4 * used++, word);
    }
    forms->words[i] = (uint8_t)table.numbers[slot];
  }
  forms->codebook_bytes = 4 * used;
  return true;
}

// --- forms ---

static bool can_have_runs(const uint8_t *symbols, size_t count) {
  size_t zeros = 0;
  for (size_t i = 0; i < count; i++) {
    if ((size_t)(symbols[i] - MNW_RUN_FIRST) < MNW_RUN_SYMBOLS) return false;
    zeros += symbols[i] == 0;
  }
  return (double)zeros >= zeros_for_runs * (double)count;
}

static void add_form(pk_constant_forms *forms, uint32_t coding, const uint8_t *symbols,
                     size_t count, size_t element_bytes) {
  const pk_constant_form form = {MNW_CODING_HUFFMAN | coding, symbols, element_bytes};
  forms->items[forms->count++] = form;
  if (!can_have_runs(symbols, count)) return;
  forms->items[forms->count] = form;
  forms->items[forms->count++].coding |= MNW_CODING_RUNS;
}

bool pk_constant_forms_init(pk_constant_forms *forms, const pk_lowered_tensor *tensor,
                            pk_error *error) {
  const size_t size = tensor->data_bytes;
  const bool has_levels = suits_trellis(tensor);
  const bool has_words = (tensor->dtype == MNW_DTYPE_F32 || tensor->dtype == MNW_DTYPE_S32) &&
                         size >= CODEBOOK_MIN_BYTES;
  *forms = (pk_constant_forms){0};
  if (has_levels) forms->halves = malloc(size);
  if (has_words) forms->words = malloc(size / 4);
  if ((has_levels && !forms->halves) || (has_words && !forms->words)) {
    pk_constant_forms_free(forms);
    return pk_fail(error, PK_OUT_OF_MEMORY, "no memory to code a constant of %zu bytes", size);
  }
  add_form(forms, 0, tensor->data, size, 1);
  if (has_levels && halve_levels(forms->halves, tensor)) {
    add_form(forms, MNW_CODING_TRELLIS, forms->halves, size, 1);
  }
  if (has_words && number_words(forms, tensor)) {
    add_form(forms, MNW_CODING_CODEBOOK, forms->words, size / 4, 4);
  }
  return true;
}

void pk_constant_forms_free(pk_constant_forms *forms) {
  free(forms->halves);
  free(forms->words);
  *forms = (pk_constant_forms){0};
}

// The longest run that `zeros` hold; its number, or -1 where there is none.
static int longest_run(size_t zeros) {
  for (int run = MNW_RUN_SYMBOLS; run-- > 0;) {
    if (mnw_run_length((uint32_t)run) <= zeros) return run;
  }
  return -1;
}

size_t pk_form_symbols(uint8_t *out, const pk_constant_form *form, size_t offset, size_t size) {
  const uint8_t *symbols = form->symbols + offset / form->element_bytes;
  const size_t count = size / form->element_bytes;
  size_t written = 0;
  if (!(form->coding & MNW_CODING_RUNS)) {
    memcpy(out, symbols, count);
    return count;
  }
  for (size_t i = 0; i < count;) {
    size_t zeros = 0;
    while (i + zeros < count && symbols[i + zeros] == 0) zeros++;
    const int run = longest_run(zeros);
    out[written++] = run < 0 ? symbols[i] : (uint8_t)(MNW_RUN_FIRST + run);
    i += run < 0 ? 1 : mnw_run_length((uint32_t)run);
  }
  return written;
}
