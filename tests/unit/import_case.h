// What the tests of the TFLite importer share: building small models by hand, importing them,
// looking at the result.
#ifndef MINNOW_TESTS_IMPORT_CASE_H_
#define MINNOW_TESTS_IMPORT_CASE_H_

#include "import/import.h"
#include "tflite_builder.h"

extern tflite_builder import_case_builder;  // the model being built

extern float import_case_weights[1024];  // made-up values, after import_case_fill_weights()
extern const float import_case_biases[16];
void import_case_fill_weights(void);

int import_case_add_tensor(int type, int rank, int32_t a, int32_t b, int32_t c, int32_t d);
int import_case_add_picture(int type, int32_t h, int32_t w, int32_t c);
int import_case_add_constant(int type, int rank, int32_t a, int32_t b, int32_t c, int32_t d,
                             const void *data, size_t bytes);
int import_case_add_list(const int32_t *values, int count);
tflite_operator_spec *import_case_add_operator(int builtin, int a, int b, int c, int output);
void import_case_set_option(tflite_operator_spec *spec, int type, int slot, int size_bytes,
                            uint32_t bits);
bool import_case_built(pk_lowered_graph *graph, pk_error *error);
void import_case_ok(pk_lowered_graph *graph);
void import_case_assert_codes(const pk_lowered_graph *graph, const int *codes, size_t count);
void import_case_assert_dims(const pk_lowered_tensor *tensor, uint32_t rank, const int32_t *dims);
const pk_lowered_tensor *import_case_input_of(const pk_lowered_graph *graph, size_t op, int index);
const pk_lowered_tensor *import_case_output_of(const pk_lowered_graph *graph, size_t op);
float import_case_float_at(const pk_lowered_tensor *tensor, size_t index);
float import_case_float_of(int32_t bits);

#endif  // MINNOW_TESTS_IMPORT_CASE_H_
