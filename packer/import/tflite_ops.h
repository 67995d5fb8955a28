// What the files that import builtin operators have in common. Each importer is declared here and
// stands in the table of import_tflite_ops.c.
#ifndef MINNOW_PACKER_IMPORT_TFLITE_OPS_H_
#define MINNOW_PACKER_IMPORT_TFLITE_OPS_H_

#include "import_tflite.h"

// The importer for an operator on int16 activations, which TFLite defines in fixed point; NULL
// where the ordinary one serves.
pk_tflite_op_importer *pk_tflite_find_fixed_importer(const pk_graph *graph,
                                                     const pk_tflite_operator *source,
                                                     const pk_op *op);

// Writes `real` as multiplier / 2^31 * 2^shift, a multiplier of 31 bits, into two words.
bool pk_tflite_set_factor(pk_tflite_import *import, int32_t *words, double real);

// Marks the operator as one that needs something that is not implemented. True.
bool pk_tflite_report(pk_tflite_import *import, pk_op *op, const pk_tflite_operator *source,
                      const char *what);

// Options of another operator would be read as nonsense; absent ones mean defaults.
bool pk_tflite_check_options(pk_tflite_import *import, const pk_tflite_operator *source, int type);

bool pk_tflite_require_inputs(pk_tflite_import *import, const pk_op *op, int count);
bool pk_tflite_set_activation(pk_tflite_import *import, const pk_tflite_operator *source, pk_op *op,
                              uint8_t activation);
bool pk_tflite_set_padding(pk_tflite_import *import, pk_padding *padding, uint8_t value);

// Whether the input is there but is computed, so that it cannot become an attribute.
bool pk_tflite_is_computed(const pk_tflite_import *import, const pk_op *op, int input);

// Reads an int32 or int64 constant of at most `max` elements.
bool pk_tflite_read_integers(pk_tflite_import *import, const pk_op *op, int input, int64_t *values,
                             size_t max, size_t *count);

// Reads constant axes of input 0 as a mask, negative ones counted from the end.
bool pk_tflite_read_axes(pk_tflite_import *import, const pk_op *op, int input, uint32_t *mask);

// Brings an axis into 0 … rank - 1.
bool pk_tflite_fix_axis(pk_tflite_import *import, int64_t *axis, int rank);

// A new activation with the dtype and quantisation of tensor `like`. Negative: error filled.
int32_t pk_tflite_add_value(pk_tflite_import *import, int32_t like, const char *suffix, int rank,
                            const int32_t *dims);

// Appends an operator that stands beside the one under way: same name and number. `words` (16, or
// NULL) are its parameters.
bool pk_tflite_add_step(pk_tflite_import *import, const pk_op *op, pk_op_kind kind,
                        const int32_t *words, const int32_t *inputs, int input_count,
                        int32_t output);

// float32 data with weights of 8 bits or float16: the weights become float32 constants.
bool pk_tflite_widen_weights(pk_tflite_import *import, pk_op *op);

pk_tflite_op_importer pk_tflite_import_unary, pk_tflite_import_binary, pk_tflite_import_select,
    pk_tflite_import_cast, pk_tflite_import_reduce, pk_tflite_import_arg_reduce,
    pk_tflite_import_batch_matmul, pk_tflite_import_log_softmax, pk_tflite_import_cum_sum;
pk_tflite_op_importer pk_tflite_import_concatenation, pk_tflite_import_transpose,
    pk_tflite_import_slice, pk_tflite_import_strided_slice, pk_tflite_import_split,
    pk_tflite_import_pack, pk_tflite_import_unpack, pk_tflite_import_gather,
    pk_tflite_import_reverse, pk_tflite_import_broadcast_to, pk_tflite_import_shape,
    pk_tflite_import_top_k;
pk_tflite_op_importer pk_tflite_import_resize, pk_tflite_import_transpose_conv,
    pk_tflite_import_transpose_conv_bias, pk_tflite_import_mirror_pad, pk_tflite_import_depth_space,
    pk_tflite_import_densify, pk_tflite_import_dequantize, pk_tflite_import_detection,
    pk_tflite_import_lstm;

#endif  // MINNOW_PACKER_IMPORT_TFLITE_OPS_H_
