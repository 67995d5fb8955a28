#include "import_case.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
// cmocka.h needs the headers above.
#include <cmocka.h>

#include "import_invariants.h"

tflite_builder import_case_builder;

float import_case_weights[1024];
const float import_case_biases[16] = {0.5f, 1.5f, 2.5f, 3.5f, 4.5f, 5.5f};

void import_case_fill_weights(void) {
  for (int i = 0; i < 1024; i++) import_case_weights[i] = (float)i + 0.25f;
}

int import_case_add_tensor(int type, int rank, int32_t a, int32_t b, int32_t c, int32_t d) {
  static char names[TFLITE_MAX_TENSORS][4];
  char *name = names[import_case_builder.tensor_count];
  name[0] = 't';
  name[1] = (char)('0' + import_case_builder.tensor_count / 10);
  name[2] = (char)('0' + import_case_builder.tensor_count % 10);
  const bool is_s8 = type == TFLITE_INT8;
  return tflite_add_tensor(&import_case_builder,
                           &(tflite_tensor_spec){.name = name,
                                                 .type = type,
                                                 .rank = rank,
                                                 .dims = {a, b, c, d},
                                                 .scale = is_s8 ? 0.5f : 0.0f,
                                                 .zero_point = is_s8 ? 3 : 0});
}

int import_case_add_picture(int type, int32_t h, int32_t w, int32_t c) {
  return import_case_add_tensor(type, 4, 1, h, w, c);
}

int import_case_add_constant(int type, int rank, int32_t a, int32_t b, int32_t c, int32_t d,
                             const void *data, size_t bytes) {
  const int number = import_case_add_tensor(type, rank, a, b, c, d);
  import_case_builder.tensors[number].data = data;
  import_case_builder.tensors[number].data_bytes = bytes;
  return number;
}

int import_case_add_list(const int32_t *values, int count) {
  return import_case_add_constant(TFLITE_INT32, 1, count, 0, 0, 0, values, 4 * (size_t)count);
}

tflite_operator_spec *import_case_add_operator(int builtin, int a, int b, int c, int output) {
  tflite_add_operator(&import_case_builder, &(tflite_operator_spec){.builtin = builtin,
                                                                    .input_count = c >= 0   ? 3
                                                                                   : b >= 0 ? 2
                                                                                            : 1,
                                                                    .inputs = {a, b, c},
                                                                    .output = output});
  return &import_case_builder.operators[import_case_builder.operator_count - 1];
}

void import_case_set_option(tflite_operator_spec *spec, int type, int slot, int size_bytes,
                            uint32_t bits) {
  spec->options_type = type;
  spec->options[spec->option_count++] = (tflite_option){slot, size_bytes, bits};
}

bool import_case_built(pk_lowered_graph *graph, pk_error *error) {
  size_t size;
  uint8_t *bytes = tflite_build(&import_case_builder, &size);
  *error = (pk_error){.code = PK_OK};
  const bool ok = pk_import_tflite(graph, bytes, size, "m.tflite", error);
  free(bytes);
  return ok;
}

void import_case_ok(pk_lowered_graph *graph) {
  pk_error error;
  if (!import_case_built(graph, &error)) fail_msg("%s", error.message);
  const char *broken = import_broken_invariant(graph);
  if (broken) fail_msg("%s", broken);
}

void import_case_assert_codes(const pk_lowered_graph *graph, const int *codes, size_t count) {
  assert_int_equal(graph->op_count, count);
  for (size_t i = 0; i < count; i++) assert_int_equal(graph->ops[i].code, codes[i]);
}

void import_case_assert_dims(const pk_lowered_tensor *tensor, uint32_t rank, const int32_t *dims) {
  assert_int_equal(tensor->rank, rank);
  for (uint32_t i = 0; i < rank; i++) assert_int_equal(tensor->dims[i], dims[i]);
}

const pk_lowered_tensor *import_case_input_of(const pk_lowered_graph *graph, size_t op, int index) {
  return &graph->tensors[graph->ops[op].inputs[index]];
}

const pk_lowered_tensor *import_case_output_of(const pk_lowered_graph *graph, size_t op) {
  return &graph->tensors[graph->ops[op].outputs[0]];
}

float import_case_float_at(const pk_lowered_tensor *tensor, size_t index) {
  float value;
  memcpy(&value, tensor->data + 4 * index, sizeof value);
  return value;
}

float import_case_float_of(int32_t bits) {
  float value;
  memcpy(&value, &bits, sizeof value);
  return value;
}
