// Coded blocks through the core's reader: right ones give the constant's bytes, damaged ones an
// error or other bytes, but never a step outside (the sanitizers watch).
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
#include "../../packer/encode/symbol_code.h"
#include "core/format/weight_reader.h"
#include "core/kernels/packed_layout.h"
#include "scaled_biases.h"
#include "test_random.h"

enum { CHANNELS = 24, K = 20, DAMAGES = 3000 };

// A constant, number 1, behind `before` or an activation.
typedef struct placed_constant {
  const pk_lowered_tensor *before, *tensor;
} placed_constant;

// Its only block in one form, with what must come before it.
typedef struct coded_constant {
  pk_bytes table, mask_table, block;
} coded_constant;

static void add_table(pk_bytes *payload, const uint8_t *symbols, size_t count, mnw_symbol_code kind,
                      pk_symbol_code *code) {
  uint64_t counts[MNW_SYMBOLS];
  pk_huffman_count(counts, symbols, count);
  counts[0]++, counts[255]++;  // so that damaged payloads find codes of every kind
  pk_symbol_code_build(code, kind, counts);
  pk_symbol_code_write_table(payload, code);
}

static coded_constant encode(const pk_lowered_tensor *tensor, const pk_constant_form *form,
                             mnw_symbol_code kind) {
  static uint8_t symbols[MNW_BLOCK_MAX_BYTES], mask[MNW_BLOCK_MAX_BYTES / 8];
  static uint8_t bits[PK_FORM_MAX_BITS_BYTES];
  coded_constant coded = {{0}, {0}, {0}};
  pk_symbol_code code, mask_code;
  const size_t size = tensor->data_bytes;
  const size_t count = pk_form_symbols(symbols, form, 0, size);
  const size_t masks = pk_form_mask(mask, form, 0, size);
  const size_t bits_bytes = pk_form_bits(bits, form, 0, size);
  add_table(&coded.table, symbols, count, kind, &code);
  const uint32_t head[4] = {1, 0, (uint32_t)size, form->coding};
  for (int i = 0; i < 4; i++) pk_bytes_append_u32(&coded.block, head[i]);
  if (masks > 0) {
    add_table(&coded.mask_table, mask, masks, kind, &mask_code);
    const size_t mask_bytes = pk_symbol_code_block_bytes(&mask_code, mask, masks);
    pk_bytes_append_u32(&coded.block, (uint32_t)count);
    pk_bytes_append_u32(&coded.block, (uint32_t)mask_bytes);
    pk_symbol_code_write_block(&coded.block, &mask_code, mask, masks);
  }
  if (bits_bytes > 0) {
    const size_t symbol_bytes = pk_symbol_code_block_bytes(&code, symbols, count);
    pk_bytes_append_u32(&coded.block, (uint32_t)symbol_bytes);
  }
  pk_symbol_code_write_block(&coded.block, &code, symbols, count);
  pk_bytes_append(&coded.block, bits, bits_bytes);
  return coded;
}

static void free_coded(coded_constant *coded) {
  pk_bytes_free(&coded->table);
  pk_bytes_free(&coded->mask_table);
  pk_bytes_free(&coded->block);
}

static mnw_tensor runtime_tensor(const pk_lowered_tensor *source, uint8_t *bytes) {
  mnw_tensor tensor = {.dtype = (uint8_t)source->dtype,
                       .rank = (uint8_t)source->rank,
                       .kind = MNW_KIND_CONSTANT,
                       .layout = (uint8_t)source->layout,
                       .value_min = INT8_MIN,
                       .value_max = INT8_MAX,
                       .size_bytes = (uint32_t)source->data_bytes,
                       .data = bytes};
  for (uint32_t i = 0; i < source->rank; i++) tensor.dims[i] = source->dims[i];
  return tensor;
}

// Reads the block into memory of just the tensor's size.
static mnw_status read(uint8_t *bytes, const placed_constant *constant, mnw_weight_tables *tables,
                       const uint8_t *block, size_t block_bytes) {
  mnw_error error;
  mnw_weight_cursor cursor = {.tensor = 1};
  mnw_tensor tensors[2] = {{.kind = MNW_KIND_ACTIVATION}, runtime_tensor(constant->tensor, bytes)};
  const mnw_graph graph = {.tensors = tensors, .tensor_count = 2};
  if (constant->before) tensors[0] = runtime_tensor(constant->before, constant->before->data);
  return mnw_weight_block_read(&cursor, &graph, tables, block, block_bytes, &error);
}

static void damage(uint8_t *block, size_t *size, uint32_t *seed) {
  const int changes = random_between(seed, 1, 4);
  for (int i = 0; i < changes; i++) {
    // Mostly in what tells sizes and codings.
    const int32_t reach = random_between(seed, 0, 3) > 0 ? 40 : (int32_t)*size - 1;
    block[random_between(seed, 8, reach < (int32_t)*size ? reach : (int32_t)*size - 1)] =
        (uint8_t)random_between(seed, 0, 255);
  }
  if (random_between(seed, 0, 4) == 0) *size = (size_t)random_between(seed, 0, (int32_t)*size);
}

static void check_form(const placed_constant *constant, const pk_constant_forms *forms,
                       const pk_constant_form *form, mnw_symbol_code kind, uint32_t *seed) {
  const pk_lowered_tensor *tensor = constant->tensor;
  const bool is_ans = kind == MNW_SYMBOL_CODE_ANS;
  const uint32_t type = is_ans ? MNW_CHUNK_ANS_TABLE : MNW_CHUNK_HUFFMAN_TABLE;
  const uint32_t mask_type = is_ans ? MNW_CHUNK_ANS_MASK_TABLE : MNW_CHUNK_MASK_TABLE;
  coded_constant coded = encode(tensor, form, kind);
  mnw_weight_tables *tables = calloc(1, sizeof *tables);
  uint8_t *bytes = malloc(tensor->data_bytes), *block = malloc(coded.block.size);
  mnw_error error;
  mnw_weight_tables_clear(tables);
  // Without its tables the block is refused.
  assert_int_not_equal(read(bytes, constant, tables, coded.block.data, coded.block.size),
                       MNW_STATUS_OK);
  assert_int_equal(mnw_weight_tables_read(tables, type, coded.table.data, coded.table.size, &error),
                   MNW_STATUS_OK);
  if (form->coding & MNW_CODING_WORDS) {
    assert_int_equal(
        mnw_weight_tables_read(tables, mask_type, coded.table.data, coded.table.size, &error),
        MNW_STATUS_OK);
  }
  if (coded.mask_table.size > 0) {
    assert_int_equal(mnw_weight_tables_read(tables, mask_type, coded.mask_table.data,
                                            coded.mask_table.size, &error),
                     MNW_STATUS_OK);
  }
  assert_int_equal(mnw_weight_tables_read(tables, MNW_CHUNK_CODEBOOK, forms->codebook,
                                          forms->codebook_bytes, &error),
                   MNW_STATUS_OK);
  assert_int_equal(read(bytes, constant, tables, coded.block.data, coded.block.size),
                   MNW_STATUS_OK);
  assert_memory_equal(bytes, tensor->data, tensor->data_bytes);
  for (int i = 0; i < DAMAGES; i++) {
    size_t size = coded.block.size;
    memcpy(block, coded.block.data, size);
    damage(block, &size, seed);
    read(bytes, constant, tables, block, size);
  }
  assert_int_equal(mnw_weight_tables_read(tables, MNW_CHUNK_CODEBOOK, block, 3, &error),
                   MNW_STATUS_CORRUPT);
  assert_int_equal(mnw_weight_tables_read(tables, MNW_CHUNK_CODEBOOK, block, 1028, &error),
                   MNW_STATUS_CORRUPT);
  free(bytes);
  free(block);
  free(tables);
  free_coded(&coded);
}

static void check_placed(const placed_constant *constant, uint32_t wanted) {
  pk_constant_forms forms;
  pk_error error = {0};
  uint32_t seen = 0, seed = 41;
  assert_true(pk_constant_forms_init(&forms, constant->tensor, constant->before, &error));
  for (size_t i = 0; i < forms.count; i++) {
    check_form(constant, &forms, &forms.items[i], MNW_SYMBOL_CODE_HUFFMAN, &seed);
    check_form(constant, &forms, &forms.items[i], MNW_SYMBOL_CODE_ANS, &seed);
    seen |= forms.items[i].coding;
  }
  assert_int_equal(seen & wanted, wanted);
  pk_constant_forms_free(&forms);
}

static void check_constant(const pk_lowered_tensor *tensor, uint32_t wanted) {
  const placed_constant constant = {.tensor = tensor};
  check_placed(&constant, wanted);
}

static void test_trellis(void **state) {
  (void)state;
  uint32_t seed = 7;
  for (int has_tiles = 0; has_tiles < 2; has_tiles++) {
    uint8_t data[CHANNELS * K];
    const pk_lowered_tensor tensor = {
        .dtype = MNW_DTYPE_S8,
        .rank = 2,
        .dims = {CHANNELS, K},
        .layout = has_tiles ? MNW_LAYOUT_TILE_8X4 : MNW_LAYOUT_ROW_MAJOR,
        .data = data,
        .data_bytes = sizeof data};
    for (size_t j = 0; j < K; j++) {
      float targets[CHANNELS], prices[CHANNELS];
      int8_t levels[CHANNELS];
      uint8_t paths[CHANNELS * PK_TRELLIS_STATES];
      for (size_t o = 0; o < CHANNELS; o++) {
        targets[o] = (float)random_between(&seed, -20, 20) / 8.0f;
        prices[o] = 1.0f;
      }
      pk_trellis_round(levels, targets, prices, CHANNELS, 127, true, paths);
      for (size_t o = 0; o < CHANNELS; o++) {
        data[has_tiles ? mnw_tile_8x4_index(o, j, K) : o * K + j] = (uint8_t)levels[o];
      }
    }
    check_constant(&tensor, MNW_CODING_TRELLIS | MNW_CODING_MASK);
  }
}

static void test_codebook(void **state) {
  (void)state;
  uint32_t seed = 9;
  float data[700];
  for (size_t i = 0; i < 700; i++) {
    data[i] = random_between(&seed, 0, 2) > 0 ? 0.0f : (float)random_between(&seed, 1, 200) / 9.0f;
  }
  const pk_lowered_tensor tensor = {.dtype = MNW_DTYPE_F32,
                                    .rank = 1,
                                    .dims = {700},
                                    .data = (uint8_t *)data,
                                    .data_bytes = sizeof data};
  check_constant(&tensor, MNW_CODING_CODEBOOK | MNW_CODING_MASK);
}

// Numbers of every length, both signs and the extremes, shifted alike.
static void test_words(void **state) {
  (void)state;
  uint32_t seed = 31;
  for (uint32_t shift = 0; shift < 32; shift += 7) {
    uint32_t data[300] = {0, UINT32_MAX << shift, INT32_MAX, 1, 0x80000000u};
    for (size_t i = 5; i < 300; i++) data[i] = random_next(&seed) >> random_between(&seed, 0, 31);
    for (size_t i = 5; i < 300; i += 3) data[i] = 0u - data[i];
    for (size_t i = 0; i < 300; i++) data[i] = data[i] >> shift << shift;
    const pk_lowered_tensor tensor = {.dtype = MNW_DTYPE_S32,
                                      .rank = 1,
                                      .dims = {300},
                                      .data = (uint8_t *)data,
                                      .data_bytes = sizeof data};
    check_constant(&tensor, MNW_CODING_WORDS);
  }
}

// float32 by exponents; with flags that do not go with it the block is refused.
static void test_floats(void **state) {
  (void)state;
  uint32_t seed = 5;
  float data[600];
  for (size_t i = 0; i < 600; i++) data[i] = ldexpf((float)random_between(&seed, -2047, 2047), -9);
  const pk_lowered_tensor tensor = {.dtype = MNW_DTYPE_F32,
                                    .rank = 1,
                                    .dims = {600},
                                    .data = (uint8_t *)data,
                                    .data_bytes = sizeof data};
  const placed_constant constant = {.tensor = &tensor};
  check_constant(&tensor, MNW_CODING_FLOATS);

  pk_constant_forms forms;
  pk_error error = {0};
  assert_true(pk_constant_forms_init(&forms, &tensor, NULL, &error));
  const pk_constant_form *form = &forms.items[forms.count - 1];
  assert_int_equal(form->coding, MNW_CODING_FLOAT_WORDS);
  coded_constant coded = encode(&tensor, form, MNW_SYMBOL_CODE_ANS);
  mnw_weight_tables *tables = calloc(1, sizeof *tables);
  uint8_t *bytes = malloc(tensor.data_bytes);
  mnw_error ignored;
  mnw_weight_tables_clear(tables);
  const uint32_t types[] = {MNW_CHUNK_ANS_MASK_TABLE, MNW_CHUNK_ANS_TABLE};
  for (size_t i = 0; i < 2; i++) {
    assert_int_equal(
        mnw_weight_tables_read(tables, types[i], coded.table.data, coded.table.size, &ignored),
        MNW_STATUS_OK);
  }
  const uint32_t others[] = {MNW_CODING_SCALED, MNW_CODING_CODEBOOK, MNW_CODING_MASK,
                             MNW_CODING_TRELLIS};
  for (size_t i = 0; i < 4; i++) {
    coded.block.data[12] = (uint8_t)(MNW_CODING_FLOAT_WORDS | others[i]);
    assert_int_equal(read(bytes, &constant, tables, coded.block.data, coded.block.size),
                     MNW_STATUS_CORRUPT);
  }
  coded.block.data[12] = MNW_CODING_FLOATS | MNW_CODING_SYMBOLS;
  assert_int_equal(read(bytes, &constant, tables, coded.block.data, coded.block.size),
                   MNW_STATUS_CORRUPT);
  coded.block.data[12] = MNW_CODING_LEVELS | MNW_CODING_SYMBOLS;  // of no steps
  assert_int_equal(read(bytes, &constant, tables, coded.block.data, coded.block.size),
                   MNW_STATUS_CORRUPT);
  coded.block.data[12] = MNW_CODING_SYMBOLS;
  coded.block.data[13] = 1;
  assert_int_equal(read(bytes, &constant, tables, coded.block.data, coded.block.size),
                   MNW_STATUS_UNSUPPORTED_VERSION);
  free(bytes);
  free(tables);
  free_coded(&coded);
  pk_constant_forms_free(&forms);
}

// Biases in units that multipliers tell; where those are not there the block is refused.
static void test_scaled_words(void **state) {
  (void)state;
  scaled_biases sample;
  scaled_biases_fill(&sample, 37);
  const placed_constant constant = {&sample.before, &sample.tensor};
  check_placed(&constant, MNW_CODING_SCALED);

  pk_constant_forms forms;
  pk_error error = {0};
  assert_true(pk_constant_forms_init(&forms, &sample.tensor, &sample.before, &error));
  coded_constant coded = encode(&sample.tensor, &forms.items[forms.count - 1], MNW_SYMBOL_CODE_ANS);
  mnw_weight_tables *tables = calloc(1, sizeof *tables);
  pk_lowered_tensor integers = sample.before, shorter = sample.before;
  const pk_lowered_tensor *others[] = {NULL, &integers, &shorter};
  integers.dtype = MNW_DTYPE_S32;
  shorter.data_bytes -= 4;
  mnw_weight_tables_clear(tables);
  mnw_error ignored;
  assert_int_equal(mnw_weight_tables_read(tables, MNW_CHUNK_ANS_MASK_TABLE, coded.table.data,
                                          coded.table.size, &ignored),
                   MNW_STATUS_OK);
  uint8_t bytes[sizeof sample.biases];
  for (size_t i = 0; i < 3; i++) {
    const placed_constant misplaced = {others[i], &sample.tensor};
    assert_int_equal(read(bytes, &misplaced, tables, coded.block.data, coded.block.size),
                     MNW_STATUS_CORRUPT);
  }
  assert_int_equal(read(bytes, &constant, tables, coded.block.data, coded.block.size),
                   MNW_STATUS_OK);
  assert_memory_equal(bytes, sample.biases, sizeof bytes);
  free(tables);
  free_coded(&coded);
  pk_constant_forms_free(&forms);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_trellis),      cmocka_unit_test(test_codebook),
      cmocka_unit_test(test_words),        cmocka_unit_test(test_floats),
      cmocka_unit_test(test_scaled_words),
  };
  return cmocka_run_group_tests_name("weight_coding", tests, NULL, NULL);
}
