// The graph of a package in memory: what the GRAPH chunk says, bounds-checked. It lives in the
// model's memory and is immutable once read, but for the constants' bytes that blocks fill in.
#ifndef MINNOW_FORMAT_GRAPH_H_
#define MINNOW_FORMAT_GRAPH_H_

#include <minnow/minnow.h>

#include "../base/arena.h"
#include "package_format.h"

typedef struct mnw_tensor {
  uint8_t dtype, rank, kind, layout;
  int32_t dims[MNW_MAX_RANK];
  float scale;
  int32_t zero_point;
  int8_t value_min, value_max;  // of an int8 constant, which its operators' prepare may narrow: a
                                // package whose bytes lie beyond is refused
  uint32_t size_bytes;          // in its layout
  uint8_t *data;                // constants: size_bytes in the model's memory; NULL for activations
} mnw_tensor;

typedef struct mnw_node {
  uint16_t code;
  uint8_t input_count, output_count;
  const int32_t *inputs, *outputs;  // tensor numbers, in range; an input may be MNW_NO_TENSOR
  const int32_t *params;
  uint32_t scratch_bytes;  // filled by prepare
  int32_t last_constant;   // highest constant it reads, or MNW_NO_TENSOR: ready when that one is in
  bool runs_with_next;     // by the plan: evaluated together with the node behind it
} mnw_node;

typedef struct mnw_graph {
  mnw_tensor *tensors;
  mnw_node *nodes;
  const int32_t *inputs, *outputs;
  uint32_t tensor_count, node_count, input_count, output_count;
} mnw_graph;

// How many parameter words operators of this code have; negative for a code that is not in this
// build, and then *why_missing_text is a literal for mnw_fail(): %0 the operator's number, %1 its
// code.
typedef int mnw_param_words_fn(uint32_t code, const char **why_missing_text);

// Reads a GRAPH payload that stands 4-aligned in memory as long as the graph is used (lists and
// parameters point into it). `header` are the PACKAGE words; tensors and nodes have room for their
// counts; constants are laid out in `weights` (weight bytes of the header). Errors: CORRUPT,
// TRUNCATED, LIMIT_EXCEEDED, UNSUPPORTED_OPERATOR, INVALID_GRAPH.
mnw_status mnw_graph_read(mnw_graph *graph, const uint32_t *header, int32_t *words,
                          mnw_param_words_fn *param_words, uint8_t *weights, mnw_error *error);

size_t mnw_dtype_bytes(mnw_dtype dtype);               // 0: no such dtype
size_t mnw_tensor_elements(const mnw_tensor *tensor);  // product of the dimensions

#endif  // MINNOW_FORMAT_GRAPH_H_
