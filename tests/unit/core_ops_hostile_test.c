// Whatever prepare accepts, eval survives: every operator of the table on random shapes, dtypes,
// parameters and bytes. Tensors are blocks of their own with nothing behind them, so the sanitizers
// see each step too far.
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ops/op.h"
#include "test_random.h"

enum { TRIES = 6000, MAX_INPUTS = 5, MAX_PARAMS = 32 };

static int32_t random_word(uint32_t *seed) {
  static const int32_t words[] = {INT_MIN,    INT_MAX,    -129,       127,       1 << 24,
                                  0x3f800000, 0x7f800000, 0x7fc00000, -0x800000, 0x3f000000};
  const int32_t kind = random_between(seed, 0, 9);
  if (kind == 0) return words[random_between(seed, 0, 9)];
  return kind < 3 ? random_between(seed, -3, 45) : random_between(seed, 0, 2);
}

// One in how many properties differs from those of the other tensors: half of the tries stay close
// to what operators accept.
static bool differs(uint32_t *seed, int32_t rarity) {
  return random_between(seed, 1, rarity) == 1;
}

static void random_tensor(uint32_t *seed, mnw_tensor *t, const mnw_tensor *like, int32_t rarity) {
  *t = *like;
  if (differs(seed, rarity)) t->dtype = (uint8_t)random_between(seed, 1, 7);
  if (differs(seed, rarity)) t->scale = differs(seed, 9) ? 1e-45f : 0.5f;
  if (differs(seed, 3 * rarity)) t->zero_point = random_between(seed, -128, 255);
  if (differs(seed, 3 * rarity)) t->rank = (uint8_t)random_between(seed, 0, 6);
  for (uint32_t i = 0; i < MNW_MAX_RANK; i++) {
    if (differs(seed, 3 * rarity)) t->dims[i] = 1;
    if (differs(seed, 3 * rarity) || t->dims[i] == 0) t->dims[i] = random_between(seed, 1, 7);
    if (i >= t->rank) t->dims[i] = 0;
  }
  t->kind = differs(seed, 3) ? MNW_KIND_CONSTANT : MNW_KIND_ACTIVATION;
  t->size_bytes = (uint32_t)(mnw_tensor_elements(t) * mnw_dtype_bytes((mnw_dtype)t->dtype));
}

static uint8_t *random_block(uint32_t *seed, size_t bytes) {
  uint8_t *block = malloc(bytes > 0 ? bytes : 1);
  assert_non_null(block);
  random_bytes(seed, block, bytes);
  // Half of the blocks have small numbers: the indices and lengths that some operators read.
  if (random_between(seed, 0, 1)) {
    for (size_t i = 0; i < bytes; i++) block[i] = i % 4 == 0 ? block[i] % 8 : 0;
  }
  return block;
}

static bool try_once(uint32_t *seed, const mnw_op *op) {
  mnw_tensor tensors[MAX_INPUTS + 1], like = {.dtype = (uint8_t)random_between(seed, 1, 7)};
  uint8_t *data[MAX_INPUTS + 1] = {NULL};
  int32_t inputs[MAX_INPUTS], params[MAX_PARAMS];
  const int32_t output = MAX_INPUTS;
  size_t scratch_bytes = 0;
  mnw_error error;
  if (random_between(seed, 0, 1)) like.dtype = MNW_DTYPE_F32;
  like.rank = (uint8_t)random_between(seed, 0, 6);
  const bool is_square = differs(seed, 2);  // transposes and index lists then fit
  for (uint32_t i = 0; i < like.rank; i++) {
    like.dims[i] = is_square && i > 0 ? like.dims[0] : random_between(seed, 1, 4);
  }
  mnw_node node = {.code = op->code,
                   .input_count = (uint8_t)random_between(seed, 0, MAX_INPUTS),
                   .output_count = 1,
                   .inputs = inputs,
                   .outputs = &output,
                   .params = params};
  if (random_between(seed, 0, 1)) node.input_count = (uint8_t)random_between(seed, 1, 3);
  if (differs(seed, 3)) like.scale = 0.25f;
  const int32_t rarity = differs(seed, 2) ? 3 : 15;
  for (int32_t i = 0; i <= MAX_INPUTS; i++) random_tensor(seed, &tensors[i], &like, rarity);
  // Masks and indices.
  if (differs(seed, 4)) tensors[differs(seed, 2)].dtype = MNW_DTYPE_BOOL;
  if (differs(seed, 4)) tensors[1].dtype = MNW_DTYPE_S32;
  for (int32_t i = 0; i < 2; i++) {
    mnw_tensor *t = &tensors[i];
    t->size_bytes = (uint32_t)(mnw_tensor_elements(t) * mnw_dtype_bytes((mnw_dtype)t->dtype));
  }
  tensors[output].kind = MNW_KIND_ACTIVATION;
  for (int32_t i = 0; i < MAX_INPUTS; i++) {
    inputs[i] = random_between(seed, 0, 30) == 0 ? MNW_NO_TENSOR : i;
  }
  for (uint32_t i = 0; i < MAX_PARAMS; i++) params[i] = random_word(seed);
  const mnw_graph graph = {.tensors = tensors, .nodes = &node, .tensor_count = MAX_INPUTS + 1};
  for (int32_t i = 0; i <= MAX_INPUTS; i++) {
    data[i] = random_block(seed, tensors[i].size_bytes);
    if (tensors[i].kind == MNW_KIND_CONSTANT) tensors[i].data = data[i];
  }
  mnw_op_context context = {
      .graph = &graph, .node = &node, .kernels = mnw_kernels_get(0), .error = &error};
  const mnw_status status = op->prepare(&context, &scratch_bytes);
  if (status == MNW_STATUS_OK) {
    context.data = data;
    context.scratch = random_block(seed, scratch_bytes);
    op->eval(&context);
    free(context.scratch);
  } else {
    assert_true(status == MNW_STATUS_INVALID_GRAPH || status == MNW_STATUS_LIMIT_EXCEEDED);
  }
  for (int32_t i = 0; i <= MAX_INPUTS; i++) free(data[i]);
  return status == MNW_STATUS_OK;
}

static void eval_survives_what_prepare_accepts(void **state) {
  static const uint8_t codes[] = {
#define MNW_OP(code, name, lower, words) (code),
#include "ops/op_table.inc"
#undef MNW_OP
  };
  uint32_t seed = 4711;
  (void)state;
  for (size_t i = 0; i < sizeof codes; i++) {
    const mnw_op *op = mnw_op_find(codes[i]);
    int accepted = 0;
    assert_true(op->param_words <= MAX_PARAMS);
    for (int try = 0; try < TRIES; try++) accepted += try_once(&seed, op);
    print_message("%-20s accepted %d of %d\n", op->name, accepted, TRIES);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(eval_survives_what_prepare_accepts)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
