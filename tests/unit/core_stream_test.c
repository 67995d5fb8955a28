// Reading packages: pushes cut anywhere, rewinding, running before all is in, Huffman blocks, and
// bytes that lie.
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "format/symbol_decode.h"
#include "kernels/packed_layout.h"
#include "ops/op_params.h"
#include "package_builder.h"
#include "test_random.h"

enum { CHANNELS = 40, LAYERS = 3 };

static package_builder builder;
static int8_t weights[LAYERS][CHANNELS * CHANNELS];
static int32_t bias[LAYERS][CHANNELS];
static float multiplier[LAYERS][CHANNELS];

// Three fully connected layers of 40 x 40.
static void build_chain(size_t block_bytes, size_t blocks_per_shard) {
  uint32_t seed = 77;
  const int32_t dims[] = {1, CHANNELS}, w_dims[] = {CHANNELS, CHANNELS}, padded[] = {CHANNELS};
  const int32_t params[] = {0, 8, -128, 127};
  builder_init(&builder);
  int32_t x = builder_tensor(&builder, MNW_DTYPE_S8, 0, 2, dims, 1, 0, NULL, 0);
  int32_t first = x;
  for (int layer = 0; layer < LAYERS; layer++) {
    random_bytes(&seed, weights[layer], sizeof weights[layer]);
    for (int o = 0; o < CHANNELS; o++) {
      bias[layer][o] = random_between(&seed, -999, 999);
      multiplier[layer][o] = 0.004f;
    }
    const int32_t inputs[] = {x,
                              builder_tensor(&builder, MNW_DTYPE_S8, MNW_LAYOUT_TILE_8X4, 2, w_dims,
                                             0, 0, weights[layer], sizeof weights[layer]),
                              builder_tensor(&builder, MNW_DTYPE_S32, 0, 1, padded, 0, 0,
                                             bias[layer], sizeof bias[layer]),
                              builder_tensor(&builder, MNW_DTYPE_F32, 0, 1, padded, 0, 0,
                                             multiplier[layer], sizeof multiplier[layer])};
    x = builder_tensor(&builder, MNW_DTYPE_S8, 0, 2, dims, 1, 0, NULL, 0);
    builder_op(&builder, MNW_OP_FULLY_CONNECTED, 4, inputs, x, 4, params);
  }
  builder_input(&builder, first);
  builder_output(&builder, x);
  builder_finish(&builder, block_bytes, blocks_per_shard);
}

static void run_chain(int8_t *output, mnw_session *session) {
  int8_t *input = mnw_session_input(session, 0);
  for (int i = 0; i < CHANNELS; i++) input[i] = (int8_t)(3 * i - 60);
  assert_int_equal(mnw_session_run(session, NULL), MNW_STATUS_OK);
  memcpy(output, mnw_session_output(session, 0), CHANNELS);
}

static void every_cut_gives_the_same_model(void **state) {
  int8_t expected[CHANNELS], got[CHANNELS];
  const size_t pushes[] = {1, 2, 3, 7, 16, 100, 1000, 4096};
  (void)state;
  build_chain(300, 2);
  loaded_package whole = builder_load(&builder, mnw_kernels_get(0), 0);
  run_chain(expected, whole.session);
  loaded_free(&whole);
  for (size_t i = 0; i < sizeof pushes / sizeof pushes[0]; i++) {
    loaded_package cut = builder_load(&builder, mnw_kernels_get(0), pushes[i]);
    run_chain(got, cut.session);
    assert_memory_equal(got, expected, CHANNELS);
    loaded_free(&cut);
  }
}

typedef struct open_model {
  mnw_model *model;
  void *memory;
} open_model;

static open_model open_chain(void) {
  mnw_package_info info;
  open_model opened;
  assert_int_equal(mnw_package_peek(&info, builder.bytes, builder.size_bytes, NULL), MNW_STATUS_OK);
  opened.memory = aligned_alloc(MNW_ALIGNMENT, mnw_round_up(info.model_bytes, MNW_ALIGNMENT));
  assert_int_equal(mnw_model_init(&opened.model, opened.memory, info.model_bytes, &info,
                                  mnw_kernels_get(0), NULL),
                   MNW_STATUS_OK);
  return opened;
}

static mnw_status push_shard(mnw_model *model, uint32_t shard, mnw_error *error) {
  const size_t start = builder.shard_starts[shard];
  const size_t end =
      shard + 1 < builder.shard_count ? builder.shard_starts[shard + 1] : builder.size_bytes;
  return mnw_model_push(model, builder.bytes + start, end - start, error);
}

static void a_broken_shard_is_pushed_again_after_rewind(void **state) {
  int8_t expected[CHANNELS], got[CHANNELS];
  mnw_error error;
  (void)state;
  build_chain(300, 2);
  loaded_package whole = builder_load(&builder, mnw_kernels_get(0), 0);
  run_chain(expected, whole.session);
  loaded_free(&whole);
  for (uint32_t broken = 0; broken < builder.shard_count; broken++) {
    open_model opened = open_chain();
    for (uint32_t shard = 0; shard < broken; shard++) {
      assert_int_equal(push_shard(opened.model, shard, NULL), MNW_STATUS_OK);
    }
    // Half of the shard, then bytes of something else.
    assert_int_equal(
        mnw_model_push(opened.model, builder.bytes + builder.shard_starts[broken], 120, NULL),
        MNW_STATUS_OK);
    uint8_t garbage[2000];
    memset(garbage, 0xff, sizeof garbage);
    assert_int_not_equal(mnw_model_push(opened.model, garbage, sizeof garbage, &error),
                         MNW_STATUS_OK);
    assert_int_equal(push_shard(opened.model, broken, &error), MNW_STATUS_INVALID_ARGUMENT);
    assert_int_equal(mnw_model_rewind(opened.model, builder.shard_count, &error),
                     MNW_STATUS_INVALID_ARGUMENT);
    assert_int_equal(mnw_model_rewind(opened.model, broken, &error), MNW_STATUS_OK);
    for (uint32_t shard = broken; shard < builder.shard_count; shard++) {
      assert_int_equal(push_shard(opened.model, shard, NULL), MNW_STATUS_OK);
    }
    assert_true(mnw_model_is_ready(opened.model));
    mnw_session_plan_info plan;
    mnw_session *session;
    assert_int_equal(mnw_session_plan(&plan, opened.model, NULL, NULL), MNW_STATUS_OK);
    void *memory = aligned_alloc(MNW_ALIGNMENT, mnw_round_up(plan.session_bytes, MNW_ALIGNMENT));
    assert_int_equal(
        mnw_session_init(&session, opened.model, NULL, memory, plan.session_bytes, NULL),
        MNW_STATUS_OK);
    run_chain(got, session);
    assert_memory_equal(got, expected, CHANNELS);
    free(memory);
    free(opened.memory);
  }
}

static void a_run_waits_for_weights_and_goes_on(void **state) {
  int8_t expected[CHANNELS];
  mnw_error error;
  mnw_session_plan_info plan;
  mnw_session *session;
  int waits = 0;
  (void)state;
  build_chain(300, 1);
  loaded_package whole = builder_load(&builder, mnw_kernels_get(0), 0);
  run_chain(expected, whole.session);
  loaded_free(&whole);
  open_model opened = open_chain();
  assert_int_equal(mnw_session_plan(&plan, opened.model, NULL, &error), MNW_STATUS_NOT_READY);
  assert_int_equal(push_shard(opened.model, 0, NULL), MNW_STATUS_OK);
  assert_int_equal(mnw_session_plan(&plan, opened.model, NULL, &error), MNW_STATUS_OK);
  void *memory = aligned_alloc(MNW_ALIGNMENT, mnw_round_up(plan.session_bytes, MNW_ALIGNMENT));
  assert_int_equal(
      mnw_session_init(&session, opened.model, NULL, memory, plan.session_bytes - 16, &error),
      MNW_STATUS_OUT_OF_MEMORY);
  assert_int_equal(
      mnw_session_init(&session, opened.model, NULL, memory, plan.session_bytes, &error),
      MNW_STATUS_OK);
  int8_t *input = mnw_session_input(session, 0);
  for (int i = 0; i < CHANNELS; i++) input[i] = (int8_t)(3 * i - 60);
  for (uint32_t shard = 1; mnw_session_run(session, &error) == MNW_STATUS_NOT_READY; shard++) {
    waits++;
    assert_int_equal(push_shard(opened.model, shard, NULL), MNW_STATUS_OK);
  }
  assert_true(waits >= LAYERS);
  assert_memory_equal(mnw_session_output(session, 0), expected, CHANNELS);
  free(memory);
  free(opened.memory);
}

static void steps_run_one_operator_each(void **state) {
  (void)state;
  int8_t expected[CHANNELS];
  mnw_operator_info info;
  mnw_error error = {0};
  build_chain(700, 1);
  loaded_package whole = builder_load(&builder, mnw_kernels_get(0), 0);
  run_chain(expected, whole.session);
  assert_int_equal(mnw_model_operator_count(whole.model), LAYERS);
  for (size_t i = 0; i < LAYERS; i++) {
    assert_int_equal(mnw_model_operator_info(&info, whole.model, i), MNW_STATUS_OK);
    assert_string_equal(info.name, "FULLY_CONNECTED");
    assert_int_equal(info.multiply_adds, CHANNELS * CHANNELS);
    assert_int_equal(info.activation_bytes, 2 * CHANNELS);
    assert_int_equal(info.constant_bytes, CHANNELS * (CHANNELS + 8));
    assert_int_equal(info.dims[1], CHANNELS);
  }
  assert_int_equal(mnw_model_operator_info(&info, whole.model, LAYERS),
                   MNW_STATUS_INVALID_ARGUMENT);
  for (int round = 0; round < 2; round++) {
    int8_t *input = mnw_session_input(whole.session, 0);
    for (int i = 0; i < CHANNELS; i++) input[i] = (int8_t)(3 * i - 60);
    for (size_t i = 0; i < LAYERS; i++) {
      size_t op_index = LAYERS;
      assert_int_equal(mnw_session_step(whole.session, &op_index, &error), MNW_STATUS_OK);
      assert_int_equal(op_index, i);
    }
    assert_memory_equal(mnw_session_output(whole.session, 0), expected, CHANNELS);
  }
  loaded_free(&whole);
}

// Pushes damaged bytes; whatever happens must be a typed error or a model that runs.
static void feed(const uint8_t *bytes, size_t size_bytes) {
  mnw_package_info info;
  mnw_error error = {0};
  mnw_model *model;
  char text[MNW_ERROR_MESSAGE_BYTES];
  mnw_status status = mnw_package_peek(&info, bytes, size_bytes, &error);
  if (status == MNW_STATUS_OK && info.model_bytes < 1 << 24) {
    void *memory = aligned_alloc(MNW_ALIGNMENT, mnw_round_up(info.model_bytes, MNW_ALIGNMENT));
    assert_int_equal(
        mnw_model_init(&model, memory, info.model_bytes, &info, mnw_kernels_get(0), &error),
        MNW_STATUS_OK);
    status = mnw_model_push(model, bytes, size_bytes, &error);
    free(memory);
  }
  if (status != MNW_STATUS_OK) {
    assert_true(error.status == status);
    assert_true(mnw_error_message(&error, text, sizeof text) > 10);
  }
}

static void damaged_packages_give_typed_errors(void **state) {
  static uint8_t damaged[BUILDER_MAX_BYTES];
  uint32_t seed = 5;
  (void)state;
  build_chain(300, 2);
  for (int round = 0; round < 3000; round++) {
    memcpy(damaged, builder.bytes, builder.size_bytes);
    size_t size = builder.size_bytes;
    const int flips = random_between(&seed, 1, 3);
    for (int i = 0; i < flips; i++) {
      const size_t reach = round % 2 ? 700 : size;
      damaged[random_next(&seed) % reach] ^= (uint8_t)(1u << random_between(&seed, 0, 7));
    }
    if (round % 5 == 0) size = random_next(&seed) % size;
    feed(damaged, size);
  }
}

static mnw_status status_after(size_t offset, uint32_t word, const char **what) {
  static uint8_t damaged[BUILDER_MAX_BYTES];
  mnw_package_info info;
  mnw_error error = {0};
  mnw_model *model;
  memcpy(damaged, builder.bytes, builder.size_bytes);
  for (int i = 0; i < 4; i++) damaged[offset + (size_t)i] = (uint8_t)(word >> (8 * i));
  mnw_status status = mnw_package_peek(&info, damaged, builder.size_bytes, &error);
  if (status == MNW_STATUS_OK) {
    void *memory = aligned_alloc(MNW_ALIGNMENT, mnw_round_up(info.model_bytes, MNW_ALIGNMENT));
    assert_int_equal(
        mnw_model_init(&model, memory, info.model_bytes, &info, mnw_kernels_get(0), &error),
        MNW_STATUS_OK);
    status = mnw_model_push(model, damaged, builder.size_bytes, &error);
    free(memory);
  }
  *what = error.what;
  return status;
}

static void each_kind_of_damage_is_named(void **state) {
  enum { PACKAGE = 24, GRAPH = 88 };  // offsets of the payloads of shard 0's first chunks
  const char *what;
  (void)state;
  build_chain(300, 100);
  const size_t ops = GRAPH + 4 * builder.tensor_word_count;
  assert_int_equal(status_after(0, 0x4d4f4f42, &what), MNW_STATUS_NOT_A_PACKAGE);
  assert_int_equal(status_after(4, 0, &what), MNW_STATUS_UNSUPPORTED_VERSION);
  assert_int_equal(status_after(4, MNW_FORMAT_VERSION + 1, &what), MNW_STATUS_UNSUPPORTED_VERSION);
  assert_int_equal(status_after(PACKAGE + 4 * MNW_PACKAGE_SHARD_COUNT, 0, &what),
                   MNW_STATUS_LIMIT_EXCEEDED);
  assert_int_equal(status_after(PACKAGE + 4 * MNW_PACKAGE_TENSOR_COUNT, 1u << 30, &what),
                   MNW_STATUS_LIMIT_EXCEEDED);
  assert_int_equal(status_after(PACKAGE + 4 * MNW_PACKAGE_RESERVED0, 1, &what),
                   MNW_STATUS_UNSUPPORTED_VERSION);
  assert_int_equal(status_after(GRAPH, 0x02 | 9 << 8, &what), MNW_STATUS_INVALID_GRAPH);
  assert_non_null(strstr(what, "rank"));
  assert_int_equal(status_after(GRAPH + 4, 0xffffffff, &what), MNW_STATUS_LIMIT_EXCEEDED);
  assert_int_equal(status_after(ops, 999 | 4u << 16 | 1u << 24, &what),
                   MNW_STATUS_UNSUPPORTED_OPERATOR);
  assert_int_equal(status_after(ops + 4, 77, &what), MNW_STATUS_INVALID_GRAPH);
  assert_int_equal(status_after(ops + 4, 4, &what), MNW_STATUS_INVALID_GRAPH);
  assert_non_null(strstr(what, "before anything writes it"));
}

// ---- Huffman blocks

typedef struct bit_writer {
  uint8_t bytes[70000];
  size_t bit_count;
} bit_writer;

static void write_code(bit_writer *writer, uint32_t code, uint32_t length) {
  for (uint32_t i = length; i-- > 0; writer->bit_count++) {
    if ((code >> i) & 1)
      writer->bytes[writer->bit_count / 8] |= (uint8_t)(1u << (writer->bit_count % 8));
  }
}

// A code whose lengths are 1, 2, … 11, 12, 12 for symbols 120 … 132 (bytes -8 … 4).
enum { FIRST_SYMBOL = 120, SYMBOLS = 13 };

static uint32_t code_length(uint32_t symbol) {
  const uint32_t i = symbol - FIRST_SYMBOL;
  return i < 11 ? i + 1 : 12;
}

static uint32_t code_bits(uint32_t symbol) {
  const uint32_t length = code_length(symbol);
  return symbol == FIRST_SYMBOL + SYMBOLS - 1 ? (1u << 12) - 1 : ((1u << length) - 2);
}

static size_t make_table(uint8_t *payload) {
  memset(payload, 0, 2 + (SYMBOLS + 1) / 2);
  payload[0] = FIRST_SYMBOL;
  payload[1] = FIRST_SYMBOL + SYMBOLS - 1;
  for (uint32_t i = 0; i < SYMBOLS; i++) {
    payload[2 + i / 2] |= (uint8_t)(code_length(FIRST_SYMBOL + i) << (4 * (i % 2)));
  }
  return 2 + (SYMBOLS + 1) / 2;
}

static size_t make_block(uint8_t *payload, const uint8_t *symbols, size_t count) {
  static bit_writer writers[4];
  const size_t quarter = (count + 3) / 4;
  size_t size = 12;
  memset(writers, 0, sizeof writers);
  for (size_t i = 0; i < count; i++)
    write_code(&writers[i / quarter], code_bits(symbols[i]), code_length(symbols[i]));
  for (int s = 0; s < 4; s++) {
    const size_t bytes = (writers[s].bit_count + 7) / 8;
    if (s < 3) {
      const uint8_t words[] = {bytes & 255, bytes >> 8 & 255, bytes >> 16 & 255, 0};
      memcpy(payload + 4 * s, words, 4);
    }
    memcpy(payload + size, writers[s].bytes, bytes);
    size += bytes;
  }
  return size;
}

static void huffman_blocks_of_every_length_decode(void **state) {
  static uint8_t symbols[65536], payload[100000], out[65536];
  static mnw_symbol_table table;
  uint8_t table_bytes[16];
  uint32_t seed = 3;
  (void)state;
  const size_t table_size = make_table(table_bytes);
  assert_int_equal(mnw_huffman_read_table(&table, table_bytes, table_size, NULL), MNW_STATUS_OK);
  for (size_t count = 1; count <= 65536; count += count < 200 ? 1 : 4099 + count / 3) {
    for (size_t i = 0; i < count; i++) {
      const uint32_t skewed = (uint32_t)__builtin_ctz(random_next(&seed) | 1u << 12);
      symbols[i] = (uint8_t)(FIRST_SYMBOL + (count % 3 ? skewed : random_next(&seed) % SYMBOLS));
    }
    const size_t size = make_block(payload, symbols, count);
    uint8_t *exact = malloc(size);  // so that a sanitizer sees a read past the end
    memcpy(exact, payload, size);
    assert_int_equal(mnw_symbols_decode(out, count, &table, exact, size, NULL), MNW_STATUS_OK);
    for (size_t i = 0; i < count; i++) assert_int_equal(out[i], (uint8_t)(symbols[i] + 128));
    mnw_error error;
    assert_int_not_equal(mnw_symbols_decode(out, count, &table, exact, size - 1, &error),
                         MNW_STATUS_OK);
    if (count > 8) {
      assert_int_not_equal(mnw_symbols_decode(out, count - 8, &table, exact, size, &error),
                           MNW_STATUS_OK);
    }
    free(exact);
  }
}

static void bad_huffman_tables_are_refused(void **state) {
  static mnw_symbol_table table;
  const uint8_t over_full[] = {10, 12, 0x11, 0x01}, incomplete[] = {10, 11, 0x22};
  const uint8_t too_long[] = {10, 11, 0xd1}, reversed[] = {12, 10, 0x11}, single[] = {10, 10, 0x01};
  (void)state;
  assert_int_equal(mnw_huffman_read_table(&table, over_full, 4, NULL), MNW_STATUS_CORRUPT);
  assert_int_equal(mnw_huffman_read_table(&table, incomplete, 3, NULL), MNW_STATUS_CORRUPT);
  assert_int_equal(mnw_huffman_read_table(&table, too_long, 3, NULL), MNW_STATUS_CORRUPT);
  assert_int_equal(mnw_huffman_read_table(&table, reversed, 3, NULL), MNW_STATUS_CORRUPT);
  assert_int_equal(mnw_huffman_read_table(&table, single, 1, NULL), MNW_STATUS_TRUNCATED);
  assert_int_equal(mnw_huffman_read_table(&table, single, 3, NULL), MNW_STATUS_OK);
  const uint8_t block[] = {1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0};
  uint8_t out[4];
  assert_int_equal(mnw_symbols_decode(out, 4, &table, block, sizeof block, NULL), MNW_STATUS_OK);
  assert_int_equal(out[3], (10 + 128) & 255);
  assert_int_equal(table.code, MNW_SYMBOL_CODE_HUFFMAN);
  assert_int_equal(mnw_huffman_read_table(&table, incomplete, 3, NULL), MNW_STATUS_CORRUPT);
  assert_int_equal(table.code, MNW_SYMBOL_CODE_NONE);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_cut_gives_the_same_model),
      cmocka_unit_test(a_broken_shard_is_pushed_again_after_rewind),
      cmocka_unit_test(a_run_waits_for_weights_and_goes_on),
      cmocka_unit_test(steps_run_one_operator_each),
      cmocka_unit_test(damaged_packages_give_typed_errors),
      cmocka_unit_test(each_kind_of_damage_is_named),
      cmocka_unit_test(huffman_blocks_of_every_length_decode),
      cmocka_unit_test(bad_huffman_tables_are_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
