// Constants of TFLite files that are stored without their zeros, or in four bits: the model must
// become what it becomes with the same numbers dense. Hostile index lists get typed errors.
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
// cmocka.h needs the headers above.
#include <cmocka.h>

#include "import_case.h"
#include "sparse_encoder.h"

enum { DENSE = PK_TFLITE_DIMENSION_DENSE, CSR = PK_TFLITE_DIMENSION_SPARSE_CSR };

static sparse_constant encoded;

// Every form stores a matrix of 8 x 32, or (the last) a filter of 4 x 3 x 3 x 8.
static const sparse_form forms[] = {
    {.rank = 2, .dims = {8, 32}, .traversal_order = {0, 1}, .is_sparse = {DENSE, CSR}},
    {.rank = 2, .dims = {8, 32}, .traversal_order = {0, 1}, .is_sparse = {CSR, CSR}},
    {.rank = 2, .dims = {8, 32}, .traversal_order = {0, 1}, .is_sparse = {CSR, DENSE}},
    {.rank = 2, .dims = {8, 32}, .traversal_order = {0, 1}, .is_sparse = {DENSE, DENSE}},
    {.rank = 2, .dims = {8, 32}, .traversal_order = {1, 0}, .is_sparse = {DENSE, CSR}},
    {.rank = 2,
     .dims = {8, 32},
     .block_count = 1,
     .block_map = {1},
     .block_sizes = {4},
     .traversal_order = {0, 1, 2},
     .is_sparse = {DENSE, CSR, DENSE}},
    {.rank = 2,
     .dims = {8, 32},
     .block_count = 1,
     .block_map = {1},
     .block_sizes = {16},
     .traversal_order = {0, 1, 2},
     .is_sparse = {DENSE, CSR, DENSE}},
    {.rank = 2,
     .dims = {8, 32},
     .block_count = 1,
     .block_map = {0},
     .block_sizes = {4},
     .traversal_order = {1, 0, 2},
     .is_sparse = {CSR, CSR, DENSE}},
    {.rank = 2,
     .dims = {8, 32},
     .block_count = 2,
     .block_map = {0, 1},
     .block_sizes = {2, 4},
     .traversal_order = {0, 1, 2, 3},
     .is_sparse = {DENSE, CSR, DENSE, DENSE}},
    {.rank = 2,
     .dims = {8, 32},
     .block_count = 2,
     .block_map = {0, 1},
     .block_sizes = {2, 4},
     .traversal_order = {1, 0, 3, 2},
     .is_sparse = {DENSE, CSR, DENSE, DENSE}},
    {.rank = 4,
     .dims = {4, 3, 3, 8},
     .traversal_order = {0, 1, 2, 3},
     .is_sparse = {DENSE, DENSE, DENSE, CSR}},
    {.rank = 4,
     .dims = {4, 3, 3, 8},
     .block_count = 1,
     .block_map = {3},
     .block_sizes = {4},
     .traversal_order = {3, 0, 1, 2, 4},
     .is_sparse = {CSR, CSR, DENSE, CSR, DENSE}}};
enum { FORM_COUNT = sizeof forms / sizeof *forms };

// Mostly zeros, whole blocks of them, and some rows of nothing else.
static int level_at(int i) {
  const int hash = (int)((uint32_t)i * 2654435761u >> 16),
            block = (int)((uint32_t)(i / 4) * 40503u);
  if (i / 32 == 3 || (block >> 3 & 3) != 0) return 0;
  return hash % 3 == 0 ? 0 : hash % 15 - 7;
}

static size_t count_of(const sparse_form *form) {
  size_t count = 1;
  for (int i = 0; i < form->rank; i++) count *= (size_t)form->dims[i];
  return count;
}

// The values in the type's bytes; float16 by way of the levels -7 … 7.
static size_t fill(uint8_t *bytes, int type, size_t count) {
  const size_t width = type == TFLITE_FLOAT32 ? 4 : type == TFLITE_FLOAT16 ? 2 : 1;
  static const uint16_t halves[8] = {0, 0x3c00, 0x4000, 0x4200, 0x4400, 0x4500, 0x4600, 0x4700};
  for (size_t i = 0; i < count; i++) {
    const int level = level_at((int)i);
    const float real = (float)level / 4;
    const uint16_t half = (uint16_t)(halves[abs(level)] | (level < 0 ? 0x8000 : 0));
    const int8_t byte = (int8_t)level;
    memcpy(bytes + i * width,
           type == TFLITE_FLOAT32   ? (const void *)&real
           : type == TFLITE_FLOAT16 ? (const void *)&half
                                    : (const void *)&byte,
           width);
  }
  return width;
}

// FULLY_CONNECTED or CONV_2D with these weights, in float32 but where they are int8; float16 goes
// through DENSIFY and DEQUANTIZE.
static void describe(const sparse_form *form, int type, const void *data, size_t bytes,
                     const tflite_sparsity *sparsity) {
  const int real = type == TFLITE_INT8 || type == TFLITE_INT4 ? TFLITE_INT8 : TFLITE_FLOAT32;
  const bool is_matrix = form->rank == 2;
  const int32_t *d = form->dims;
  tflite_builder_init(&import_case_builder);
  const int x = is_matrix ? import_case_add_tensor(real, 2, 1, d[1], 0, 0)
                          : import_case_add_picture(real, 5, 5, d[3]);
  const int y = is_matrix ? import_case_add_tensor(real, 2, 1, d[0], 0, 0)
                          : import_case_add_picture(real, 3, 3, d[0]);
  int w = import_case_add_constant(type, form->rank, d[0], d[1], d[2], d[3], data, bytes);
  import_case_builder.tensors[w].scale = real == TFLITE_INT8 ? 0.25f : 0.0f;
  import_case_builder.tensors[w].zero_point = 0;
  import_case_builder.tensors[w].sparsity = sparsity;
  if (sparsity && type != TFLITE_INT8) {
    const int whole = import_case_add_tensor(type, form->rank, d[0], d[1], d[2], d[3]);
    import_case_add_operator(PK_TFLITE_DENSIFY, w, -1, -1, whole);
    w = whole;
  }
  if (type == TFLITE_FLOAT16) {
    const int wide = import_case_add_tensor(TFLITE_FLOAT32, form->rank, d[0], d[1], d[2], d[3]);
    import_case_add_operator(PK_TFLITE_DEQUANTIZE, w, -1, -1, wide);
    w = wide;
  }
  tflite_operator_spec *op = import_case_add_operator(
      is_matrix ? PK_TFLITE_FULLY_CONNECTED : PK_TFLITE_CONV_2D, x, w, -1, y);
  if (!is_matrix) tflite_set_conv_options(op, PK_TFLITE_PADDING_VALID, 1, 1, 0);
  tflite_set_ends(&import_case_builder, x, y);
}

static void assert_same(const pk_lowered_graph *a, const pk_lowered_graph *b) {
  assert_int_equal(a->op_count, b->op_count);
  assert_int_equal(a->tensor_count, b->tensor_count);
  for (size_t i = 0; i < a->tensor_count; i++) {
    assert_int_equal(a->tensors[i].data_bytes, b->tensors[i].data_bytes);
    if (!a->tensors[i].data) continue;
    assert_memory_equal(a->tensors[i].data, b->tensors[i].data, a->tensors[i].data_bytes);
  }
}

static void test_forms(void **state) {
  static const int types[] = {TFLITE_FLOAT32, TFLITE_FLOAT16, TFLITE_INT8};
  uint8_t dense[4 * SPARSE_MAX_ENTRIES];
  (void)state;
  for (int f = 0; f < FORM_COUNT; f++) {
    for (int t = 0; t < 3; t++) {
      for (int indices = PK_TFLITE_INDICES_S32; indices <= PK_TFLITE_INDICES_U8; indices++) {
        sparse_form form = forms[f];
        pk_lowered_graph whole, sparse;
        const size_t count = count_of(&form), width = fill(dense, types[t], count);
        form.index_type = indices;
        describe(&form, types[t], dense, count * width, NULL);
        import_case_ok(&whole);
        sparse_encode(&encoded, &form, dense, width);
        describe(&form, types[t], encoded.values, encoded.value_bytes, &encoded.sparsity);
        import_case_ok(&sparse);
        assert_same(&whole, &sparse);
        if (f != 3) assert_true(encoded.value_bytes < count * width);
        pk_lowered_graph_free(&whole);
        pk_lowered_graph_free(&sparse);
      }
    }
  }
}

// A constant of nothing but zeros has no values at all.
static void test_all_zero(void **state) {
  static const uint8_t zeros[8 * 32];
  (void)state;
  pk_lowered_graph graph;
  sparse_form form = forms[0];
  form.index_type = PK_TFLITE_INDICES_U8;
  sparse_encode(&encoded, &form, zeros, 1);
  assert_int_equal(encoded.value_bytes, 0);
  describe(&form, TFLITE_INT8, NULL, 0, &encoded.sparsity);
  import_case_ok(&graph);
  const pk_lowered_tensor *weights = import_case_input_of(&graph, 0, 1);
  for (size_t i = 0; i < weights->data_bytes; i++) assert_int_equal(weights->data[i], 0);
  pk_lowered_graph_free(&graph);
}

// --- hostile ---

typedef void damage_fn(sparse_constant *c);

static void rank_too_high(sparse_constant *c) {
  c->sparsity.order_count = 1;
}
static void level_missing(sparse_constant *c) {
  c->sparsity.level_count = 2;
}
static void order_twice(sparse_constant *c) {
  static const int32_t order[3] = {0, 0, 2};
  c->sparsity.traversal_order = order;
}
static void order_far(sparse_constant *c) {
  static const int32_t order[3] = {0, 1, 0x7fffffff};
  c->sparsity.traversal_order = order;
}
static void block_far(sparse_constant *c) {
  static const int32_t map[1] = {2};
  c->sparsity.block_map = map;
}
static void block_uneven(sparse_constant *c) {
  c->levels[2].dense_size = 5;
}
static void block_zero(sparse_constant *c) {
  c->levels[2].dense_size = 0;
}
static void block_sparse(sparse_constant *c) {
  c->levels[2].format = CSR;
  c->levels[2].index_count = 0;
}
static void dense_size_wrong(sparse_constant *c) {
  c->levels[0].dense_size = 0x7fffffff;
}
static void format_unknown(sparse_constant *c) {
  c->levels[1].format = 2;
}
static void type_none(sparse_constant *c) {
  c->levels[1].index_type = 0;
}
static void type_unknown(sparse_constant *c) {
  c->levels[1].index_type = 4;
}
static void segments_short(sparse_constant *c) {
  c->levels[1].segment_count--;
}
static void segments_backwards(sparse_constant *c) {
  c->segments[1][2] = c->segments[1][1] - 1;
}
static void segments_far(sparse_constant *c) {
  c->segments[1][8] = 0x7fffffff;
}
static void segments_negative(sparse_constant *c) {
  c->segments[1][0] = -1;
}
static void index_far(sparse_constant *c) {
  c->indices[1][0] = 8;
}
static void index_negative(sparse_constant *c) {
  c->indices[1][0] = -1;
}
static void index_twice(sparse_constant *c) {
  c->indices[1][1] = c->indices[1][0];
}
static void values_short(sparse_constant *c) {
  c->value_bytes -= 4;
}
static void values_long(sparse_constant *c) {
  c->value_bytes += 4;
}
static void values_cut(sparse_constant *c) {
  c->value_bytes -= 1;
}

static void test_hostile(void **state) {
  static const struct {
    damage_fn *damage;
    const char *words;
  } rows[] = {{rank_too_high, "1 levels with 3 descriptions"},
              {level_missing, "3 levels with 2 descriptions"},
              {order_twice, "no permutation of 3 dimensions"},
              {order_far, "no permutation of 3 dimensions"},
              {block_far, "block 0 does not fit shape [8,32]"},
              {block_uneven, "block 0 does not fit shape [8,32]"},
              {block_zero, "block 0 does not fit shape [8,32]"},
              {block_sparse, "block 0 does not fit shape [8,32]"},
              {dense_size_wrong, "dimension 0 has the dense_size 2147483647 instead of 8"},
              {format_unknown, "level 1 has the format 2"},
              {type_none, "its array_segments are of type 0"},
              {type_unknown, "its array_segments are of type 4"},
              {segments_short, "the array_segments of level 1 do not fit"},
              {segments_backwards, "the array_segments of level 1 do not fit"},
              {segments_far, "the array_segments of level 1 do not fit"},
              {segments_negative, "the array_segments of level 1 do not fit"},
              {index_far, "the array_indices of level 1 do not rise below 8"},
              {index_negative, "the array_indices of level 1 do not rise below 8"},
              {index_twice, "the array_indices of level 1 do not rise below 8"},
              {values_short, "values, less than its indices need"},
              {values_long, "1 of its"},
              {values_cut, "is sparse, but of shape [8,32] and type float32 with"}};
  uint8_t dense[4 * SPARSE_MAX_ENTRIES];
  (void)state;
  sparse_form form = forms[5];
  form.index_type = PK_TFLITE_INDICES_S32;
  fill(dense, TFLITE_FLOAT32, 256);
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    pk_lowered_graph graph;
    pk_error error;
    sparse_encode(&encoded, &form, dense, 4);
    rows[i].damage(&encoded);
    describe(&form, TFLITE_FLOAT32, encoded.values, encoded.value_bytes, &encoded.sparsity);
    assert_false(import_case_built(&graph, &error));
    assert_int_equal(error.code, PK_BAD_MODEL);
    if (!strstr(error.message, rows[i].words)) {
      fail_msg("\"%s\" lacks \"%s\"", error.message, rows[i].words);
    }
  }
}

// DENSIFY of a computed tensor is nothing that can be packed.
static void test_densify_computed(void **state) {
  (void)state;
  pk_lowered_graph graph;
  pk_error error;
  tflite_builder_init(&import_case_builder);
  const int x = import_case_add_tensor(TFLITE_FLOAT32, 2, 1, 4, 0, 0);
  const int y = import_case_add_tensor(TFLITE_FLOAT32, 2, 1, 4, 0, 0);
  import_case_add_operator(PK_TFLITE_DENSIFY, x, -1, -1, y);
  tflite_set_ends(&import_case_builder, x, y);
  assert_false(import_case_built(&graph, &error));
  assert_int_equal(error.code, PK_UNSUPPORTED);
  assert_non_null(strstr(error.message, "DENSIFY of a computed tensor"));
}

// --- int4 ---

static void test_int4(void **state) {
  (void)state;
  static const sparse_form shapes[2] = {{.rank = 2, .dims = {5, 31}},
                                        {.rank = 4, .dims = {4, 3, 3, 8}}};
  for (int s = 0; s < 2; s++) {
    int8_t levels[512];
    uint8_t packed[256] = {0};
    pk_lowered_graph whole, small;
    pk_error error;
    const size_t count = count_of(&shapes[s]);
    for (size_t i = 0; i < count; i++) {
      levels[i] = (int8_t)((int)(i * 7 % 16) - 8);
      packed[i / 2] |= (uint8_t)((levels[i] & 15) << (i % 2 * 4));
    }
    describe(&shapes[s], TFLITE_INT8, levels, count, NULL);
    import_case_ok(&whole);
    describe(&shapes[s], TFLITE_INT4, packed, (count + 1) / 2, NULL);
    import_case_ok(&small);
    assert_same(&whole, &small);
    pk_lowered_graph_free(&whole);
    pk_lowered_graph_free(&small);
    describe(&shapes[s], TFLITE_INT4, packed, (count + 1) / 2 - 1, NULL);
    assert_false(import_case_built(&small, &error));
    assert_int_equal(error.code, PK_BAD_MODEL);
    assert_non_null(strstr(error.message, "bytes of int4 numbers"));
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_forms),   cmocka_unit_test(test_all_zero),
      cmocka_unit_test(test_hostile), cmocka_unit_test(test_densify_computed),
      cmocka_unit_test(test_int4),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
