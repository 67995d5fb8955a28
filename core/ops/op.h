// What an operator is to the runtime: prepare checks everything about shapes, dtypes and parameters
// once, eval computes and may rely on what prepare accepted. An operator's file holds both and
// nothing else knows its parameters.
#ifndef MINNOW_OPS_OP_H_
#define MINNOW_OPS_OP_H_

#include "../base/error.h"
#include "../base/team.h"
#include "../format/graph.h"
#include "../kernels/kernels.h"
#include "op_params.h"

typedef struct mnw_op_context {
  const mnw_graph *graph;
  const mnw_node *node;
  const mnw_kernels *kernels;
  uint32_t node_number;
  uint8_t *const *data;         // eval: by tensor number; NULL in prepare
  void *scratch;                // eval: 16-aligned, as many bytes as prepare asked for
  mnw_team *team;               // eval: who shares the work; NULL for this thread alone
  uint8_t *helper_scratch;      // eval: as much again for each further thread of the team,
  size_t helper_scratch_bytes;  // so far apart
  mnw_error *error;
} mnw_op_context;

// Checks the node and says how much scratch its eval needs. Errors: INVALID_GRAPH, LIMIT_EXCEEDED.
typedef mnw_status mnw_op_prepare_fn(const mnw_op_context *context, size_t *scratch_bytes);
typedef void mnw_op_eval_fn(const mnw_op_context *context);

typedef struct mnw_op {
  uint16_t code;
  uint16_t param_words;
  const char *name;
  mnw_op_prepare_fn *prepare;
  mnw_op_eval_fn *eval;
} mnw_op;

const mnw_op *mnw_op_find(uint32_t code);  // NULL for a code that is not in this build
// An mnw_param_words_fn: negative for such a code, with the reason and the remedy.
int mnw_op_param_words(uint32_t code, const char **why_missing_text);

#define MNW_OP(code, name, lower, words)   \
  mnw_op_prepare_fn mnw_##lower##_prepare; \
  mnw_op_eval_fn mnw_##lower##_eval;
#include "op_table.inc"
#undef MNW_OP

// Shorthands; `index` counts the node's inputs or outputs. NULL for an absent input.
const mnw_tensor *mnw_op_input(const mnw_op_context *context, uint32_t index);
const mnw_tensor *mnw_op_output(const mnw_op_context *context, uint32_t index);
const void *mnw_op_input_data(const mnw_op_context *context, uint32_t index);
void *mnw_op_output_data(const mnw_op_context *context, uint32_t index);
// The scratch of one thread of the team; thread 0's is context->scratch.
void *mnw_op_thread_scratch(const mnw_op_context *context, uint32_t thread);
// The least part of a job that is worth handing to another thread: a multiple of `multiple`
// elements, each of which costs about `operations` multiply-adds, or four of those in bytes moved.
size_t mnw_op_grain(size_t operations, size_t multiple);

// Checks for prepare. Each refuses with a message that names the operator's number and says what is
// expected.
mnw_status mnw_op_check_arity(const mnw_op_context *context, uint32_t inputs, uint32_t outputs);
mnw_status mnw_op_check_dtype(const mnw_op_context *context, const mnw_tensor *tensor,
                              mnw_dtype dtype);
mnw_status mnw_op_check_quantized(const mnw_op_context *context, const mnw_tensor *tensor);
// int8 with a scale and zero point in range.
mnw_status mnw_op_check_s8(const mnw_op_context *context, const mnw_tensor *tensor);
mnw_status mnw_op_check_same_shape(const mnw_op_context *context, const mnw_tensor *a,
                                   const mnw_tensor *b);
mnw_status mnw_op_check_clamp(const mnw_op_context *context, int32_t clamp_min, int32_t clamp_max);
// A constant of this dtype and layout with exactly `elements` elements (any when 0).
mnw_status mnw_op_check_constant(const mnw_op_context *context, uint32_t input, mnw_dtype dtype,
                                 int layout, size_t elements);
// INVALID_GRAPH with `what`, in which %0 is the operator's number.
mnw_status mnw_op_refuse(const mnw_op_context *context, const char *what, int64_t b, int64_t c);

#endif  // MINNOW_OPS_OP_H_
