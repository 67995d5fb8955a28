// The model's memory, shared by the files of core/runtime.
#ifndef MINNOW_RUNTIME_MODEL_INTERNAL_H_
#define MINNOW_RUNTIME_MODEL_INTERNAL_H_

#include "../format/chunk_stream.h"
#include "../format/weight_reader.h"
#include "../ops/op.h"
#include "planner.h"

struct mnw_model {
  uint32_t header[MNW_PACKAGE_WORDS];
  const mnw_kernels *kernels;
  mnw_graph graph;
  int32_t *graph_words;
  uint8_t *weights;
  mnw_chunk_stream stream;
  mnw_weight_cursor cursor;
  mnw_weight_cursor *shard_starts;  // the cursor at the start of each shard reached so far
  mnw_weight_tables *tables;
  mnw_plan_item
      *plan;  // one item per tensor (unused ones have size 0), then one per node for scratch
  uint32_t *plan_order;  // room for the planner
  uint32_t *roots;       // by tensor: the tensor whose buffer it shares (RESHAPE copies nothing)
  size_t activation_bytes;
  uint32_t shards_started;
  bool has_package, has_graph, has_failed;
};

// Fills model->plan, roots and activation_bytes from the graph. Errors: LIMIT_EXCEEDED.
mnw_status mnw_model_plan_memory(mnw_model *model, mnw_error *error);

#endif  // MINNOW_RUNTIME_MODEL_INTERNAL_H_
