#include "op_case.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "package_builder.h"

static package_builder builder;  // large

static size_t dtype_bytes(mnw_dtype dtype) {
  return dtype == MNW_DTYPE_S64                             ? 8
         : dtype == MNW_DTYPE_F32 || dtype == MNW_DTYPE_S32 ? 4
         : dtype == MNW_DTYPE_S16                           ? 2
                                                            : 1;
}

size_t op_tensor_elements(const op_tensor *tensor) {
  size_t elements = 1;
  for (uint32_t i = 0; i < tensor->rank; i++) elements *= (size_t)tensor->dims[i];
  return elements;
}

size_t op_tensor_bytes(const op_tensor *tensor) {
  return op_tensor_elements(tensor) * dtype_bytes(tensor->dtype);
}

static int32_t add_tensor(const op_tensor *t, bool is_constant) {
  const size_t bytes = t->data_bytes > 0 ? t->data_bytes : op_tensor_bytes(t);
  return builder_tensor(&builder, t->dtype, t->layout, t->rank, t->dims, t->scale, t->zero_point,
                        is_constant ? t->data : NULL, is_constant ? bytes : 0);
}

static void build(const op_case *test) {
  int32_t inputs[OP_CASE_INPUTS];
  builder_init(&builder);
  for (uint32_t i = 0; i < test->input_count; i++) {
    const op_tensor *input = &test->inputs[i];
    inputs[i] = input->data ? add_tensor(input, input->is_constant) : -1;
    if (input->data && !input->is_constant) builder_input(&builder, inputs[i]);
  }
  const int32_t output = add_tensor(&test->output, false);
  builder_op(&builder, test->code, test->input_count, inputs, output, test->param_count,
             test->params);
  builder_output(&builder, output);
  builder_finish(&builder, 65536, 1000);
}

bool op_case_run(const op_case *test, size_t kernel_set, void *output) {
  const mnw_kernels *kernels = mnw_kernels_get(kernel_set);
  if (!kernels) return false;
  build(test);
  loaded_package loaded = builder_load(&builder, kernels, 0);
  for (int run = 0; run < 2; run++) {
    mnw_error error;
    size_t slot = 0;
    for (uint32_t i = 0; i < test->input_count; i++) {
      const op_tensor *input = &test->inputs[i];
      if (!input->data || input->is_constant) continue;
      memcpy(mnw_session_input(loaded.session, slot++), input->data, op_tensor_bytes(input));
    }
    assert_int_equal(mnw_session_run(loaded.session, &error), MNW_STATUS_OK);
  }
  memcpy(output, mnw_session_output(loaded.session, 0), op_tensor_bytes(&test->output));
  loaded_free(&loaded);
  return true;
}

mnw_status op_case_load(const op_case *test, mnw_error *error) {
  mnw_package_info info;
  mnw_model *model;
  build(test);
  mnw_status status = mnw_package_peek(&info, builder.bytes, builder.size_bytes, error);
  assert_int_equal(status, MNW_STATUS_OK);
  void *memory = aligned_alloc(MNW_ALIGNMENT, (info.model_bytes + 15) / 16 * 16);
  assert_non_null(memory);
  status = mnw_model_init(&model, memory, info.model_bytes, &info, mnw_kernels_get(0), error);
  assert_int_equal(status, MNW_STATUS_OK);
  status = mnw_model_push(model, builder.bytes, builder.size_bytes, error);
  free(memory);
  return status;
}
