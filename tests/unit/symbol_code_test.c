// Tables and blocks of both codes against the runtime's own decoders; what ANS takes against the
// entropy; damaged tables and blocks.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/format/symbol_decode.h"
#include "encode/symbol_code.h"
#include "test_random.h"

static const mnw_symbol_code kinds[] = {MNW_SYMBOL_CODE_HUFFMAN, MNW_SYMBOL_CODE_ANS};

typedef enum shape { SHAPE_BELL, SHAPE_UNIFORM, SHAPE_CONSTANT, SHAPE_TWO, SHAPE_COUNT } shape;

static void fill(uint8_t *bytes, size_t size, shape kind, uint32_t *seed) {
  random_bytes(seed, bytes, size);
  for (size_t i = 0; i < size; i++) {
    int32_t sum = 0;
    if (kind == SHAPE_CONSTANT) bytes[i] = 0x80;
    if (kind == SHAPE_TWO) bytes[i] = bytes[i] < 3 ? 127 : 0xff;
    for (int k = 0; kind == SHAPE_BELL && k < 6; k++) sum += random_between(seed, -9, 9);
    if (kind == SHAPE_BELL) bytes[i] = (uint8_t)sum;
  }
}

static mnw_status read_table(mnw_symbol_table *table, mnw_symbol_code kind,
                             const pk_bytes *payload) {
  return kind == MNW_SYMBOL_CODE_ANS
             ? mnw_ans_read_table(table, payload->data, payload->size, NULL)
             : mnw_huffman_read_table(table, payload->data, payload->size, NULL);
}

// Returns what the block takes.
static size_t check_block(mnw_symbol_code kind, const uint8_t *bytes, size_t size) {
  static mnw_symbol_table table;
  static uint8_t decoded[MNW_BLOCK_MAX_BYTES + 16];
  uint64_t counts[MNW_SYMBOLS];
  pk_symbol_code code;
  pk_bytes payload = {0}, block = {0};
  pk_huffman_count(counts, bytes, size);
  pk_symbol_code_build(&code, kind, counts);
  pk_symbol_code_write_table(&payload, &code);
  assert_int_equal(payload.size, pk_symbol_code_table_bytes(&code));
  assert_int_equal(read_table(&table, kind, &payload), MNW_STATUS_OK);
  assert_int_equal(table.code, kind);
  // A byte in front: the block must not depend on where in the buffer it is written.
  pk_bytes_append(&block, "x", 1);
  pk_symbol_code_write_block(&block, &code, bytes, size);
  assert_false(block.failed);
  const size_t block_bytes = block.size - 1;
  assert_int_equal(block_bytes, pk_symbol_code_block_bytes(&code, bytes, size));
  uint8_t *exact = malloc(block_bytes);  // so that a sanitizer sees a read past the end
  memcpy(exact, block.data + 1, block_bytes);
  memset(decoded, 0x55, sizeof decoded);
  assert_int_equal(mnw_symbols_decode(decoded, size, &table, exact, block_bytes, NULL),
                   MNW_STATUS_OK);
  assert_memory_equal(decoded, bytes, size);
  assert_int_equal(decoded[size], 0x55);
  assert_int_not_equal(mnw_symbols_decode(decoded, size, &table, exact, block_bytes - 1, NULL),
                       MNW_STATUS_OK);
  free(exact);
  pk_bytes_free(&payload);
  pk_bytes_free(&block);
  return block_bytes;
}

static void blocks_decode_to_what_was_encoded(void **state) {
  static const size_t sizes[] = {1,  2,  3,   4,    5,     6,     7,     8,     9,    13,
                                 31, 63, 257, 1000, 65533, 65534, 65535, 65536, 4096, 40000};
  static uint8_t bytes[MNW_BLOCK_MAX_BYTES];
  uint32_t seed = 99;
  (void)state;
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    for (int shape_number = 0; shape_number < SHAPE_COUNT; shape_number++) {
      fill(bytes, sizes[i], (shape)shape_number, &seed);
      for (int kind = 0; kind < 2; kind++) check_block(kinds[kind], bytes, sizes[i]);
    }
  }
}

static void frequencies_fill_the_slots_and_cost_what_entropy_does(void **state) {
  enum { SIZE = 50000 };
  static uint8_t bytes[SIZE];
  uint32_t seed = 5;
  (void)state;
  for (int round = 0; round < 40; round++) {
    uint64_t counts[MNW_SYMBOLS];
    pk_ans_code code;
    uint32_t sum = 0;
    const int spread = random_between(&seed, 1, 40);
    for (size_t i = 0; i < SIZE; i++) {
      bytes[i] = (uint8_t)(random_between(&seed, -spread, spread) * random_between(&seed, 0, 3));
    }
    pk_huffman_count(counts, bytes, SIZE);
    assert_true(pk_ans_build(&code, counts));
    for (size_t s = 0; s < MNW_SYMBOLS; s++) {
      if (counts[s] > 0) assert_int_equal(code.starts[s], sum);
      assert_int_equal(counts[s] > 0, code.frequencies[s] > 0);
      sum += code.frequencies[s];
    }
    assert_int_equal(sum, MNW_SYMBOL_TABLE_ENTRIES);
    const double entropy = pk_entropy_bits(counts) * SIZE / 8.0;
    const size_t taken = check_block(MNW_SYMBOL_CODE_ANS, bytes, SIZE);
    assert_true((double)taken >= entropy);
    assert_true((double)taken <= 1.002 * entropy + 20.0);
    assert_true(taken <= check_block(MNW_SYMBOL_CODE_HUFFMAN, bytes, SIZE) + 8);
  }
}

static void rare_symbols_keep_a_slot_and_single_ones_take_nothing(void **state) {
  uint64_t counts[MNW_SYMBOLS] = {0};
  pk_ans_code code;
  (void)state;
  assert_false(pk_ans_build(&code, counts));
  for (size_t s = 0; s < MNW_SYMBOLS; s++) counts[s] = 1;
  counts[7] = UINT64_C(1) << 40;
  assert_true(pk_ans_build(&code, counts));
  for (size_t s = 0; s < MNW_SYMBOLS; s++) {
    assert_int_equal(code.frequencies[s], s == 7 ? MNW_SYMBOL_TABLE_ENTRIES - 255 : 1);
  }
  const uint8_t same[1000] = {0};
  assert_int_equal(check_block(MNW_SYMBOL_CODE_ANS, same, sizeof same), 12 + 4 * 2);
}

static void a_code_without_a_symbol_is_not_offered(void **state) {
  const uint8_t known[] = {1, 2, 3, 1, 1}, unknown[] = {1, 2, 4};
  uint64_t counts[MNW_SYMBOLS];
  (void)state;
  pk_huffman_count(counts, known, sizeof known);
  for (int kind = 0; kind < 2; kind++) {
    pk_symbol_code code;
    pk_symbol_code_build(&code, kinds[kind], counts);
    assert_true(pk_symbol_code_block_bytes(&code, known, sizeof known) < 100);
    assert_true(pk_symbol_code_block_bytes(&code, unknown, sizeof unknown) == SIZE_MAX);
  }
}

static void bad_ans_tables_are_refused(void **state) {
  static mnw_symbol_table table;
  // One symbol: 13 bits, of which the highest is not written, make 4096.
  const uint8_t single[] = {10, 10, 0x0d, 0x00}, too_long[] = {10, 10, 0x0e, 0x00};
  const uint8_t too_many[] = {10, 10, 0x1d, 0x00}, too_few[] = {10, 10, 0x0c, 0x00};
  const uint8_t reversed[] = {11, 10, 0x0d, 0x00}, longer[] = {10, 10, 0x0d, 0x00, 0x00};
  (void)state;
  assert_int_equal(mnw_ans_read_table(&table, single, 4, NULL), MNW_STATUS_OK);
  assert_int_equal(table.code, MNW_SYMBOL_CODE_ANS);
  assert_int_equal(mnw_ans_read_table(&table, single, 3, NULL), MNW_STATUS_CORRUPT);
  assert_int_equal(table.code, MNW_SYMBOL_CODE_NONE);
  assert_int_equal(mnw_ans_read_table(&table, single, 1, NULL), MNW_STATUS_CORRUPT);
  assert_int_equal(mnw_ans_read_table(&table, too_long, 4, NULL), MNW_STATUS_CORRUPT);
  assert_int_equal(mnw_ans_read_table(&table, too_many, 4, NULL), MNW_STATUS_CORRUPT);
  assert_int_equal(mnw_ans_read_table(&table, too_few, 4, NULL), MNW_STATUS_CORRUPT);
  assert_int_equal(mnw_ans_read_table(&table, reversed, 4, NULL), MNW_STATUS_CORRUPT);
  assert_int_equal(mnw_ans_read_table(&table, longer, 5, NULL), MNW_STATUS_CORRUPT);
}

// Every bit of a block counts: changed anywhere, it is refused or gives other bytes.
static void damaged_ans_blocks_never_pass_for_whole(void **state) {
  enum { SIZE = 500 };
  static mnw_symbol_table table;
  uint8_t bytes[SIZE], out[SIZE];
  uint64_t counts[MNW_SYMBOLS];
  pk_ans_code code;
  pk_bytes payload = {0}, block = {0};
  uint32_t seed = 77;
  (void)state;
  fill(bytes, SIZE, SHAPE_BELL, &seed);
  pk_huffman_count(counts, bytes, SIZE);
  assert_true(pk_ans_build(&code, counts));
  pk_ans_write_table(&payload, &code);
  pk_ans_write_block(&block, &code, bytes, SIZE);
  assert_int_equal(mnw_ans_read_table(&table, payload.data, payload.size, NULL), MNW_STATUS_OK);
  for (size_t bit = 0; bit < 8 * block.size; bit++) {
    block.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
    const mnw_status status = mnw_symbols_decode(out, SIZE, &table, block.data, block.size, NULL);
    assert_true(status != MNW_STATUS_OK || memcmp(out, bytes, SIZE) != 0);
    block.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
  }
  for (size_t size = 0; size < block.size; size++) {
    assert_int_not_equal(mnw_symbols_decode(out, SIZE, &table, block.data, size, NULL),
                         MNW_STATUS_OK);
  }
  memset(block.data, 0, 12);  // streams without a byte
  assert_int_not_equal(mnw_symbols_decode(out, SIZE, &table, block.data, block.size, NULL),
                       MNW_STATUS_OK);
  pk_bytes_free(&payload);
  pk_bytes_free(&block);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(blocks_decode_to_what_was_encoded),
      cmocka_unit_test(frequencies_fill_the_slots_and_cost_what_entropy_does),
      cmocka_unit_test(rare_symbols_keep_a_slot_and_single_ones_take_nothing),
      cmocka_unit_test(a_code_without_a_symbol_is_not_offered),
      cmocka_unit_test(bad_ans_tables_are_refused),
      cmocka_unit_test(damaged_ans_blocks_never_pass_for_whole),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
