// Builds small packages byte by byte for tests, independently of the packer.
#ifndef MINNOW_TESTS_PACKAGE_BUILDER_H_
#define MINNOW_TESTS_PACKAGE_BUILDER_H_

#include <minnow/minnow.h>

enum { BUILDER_MAX_WORDS = 4096, BUILDER_MAX_TENSORS = 64, BUILDER_MAX_BYTES = 1 << 20 };

typedef struct package_builder {
  uint32_t tensor_words[BUILDER_MAX_WORDS], op_words[BUILDER_MAX_WORDS];
  uint32_t io_words[BUILDER_MAX_TENSORS];
  size_t tensor_word_count, op_word_count, io_word_count;
  uint32_t tensor_count, op_count, input_count, output_count;
  const void *data[BUILDER_MAX_TENSORS];
  size_t data_bytes[BUILDER_MAX_TENSORS];
  size_t weight_bytes;
  uint8_t bytes[BUILDER_MAX_BYTES];  // the finished package: all shards one after the other
  size_t size_bytes;
  size_t shard_starts[BUILDER_MAX_TENSORS];
  uint32_t shard_count;
} package_builder;

void builder_init(package_builder *builder);
// Returns the tensor's number. `data` NULL: an activation; else a constant whose bytes are used at
// builder_finish().
int32_t builder_tensor(package_builder *builder, mnw_dtype dtype, int layout, uint32_t rank,
                       const int32_t *dims, float scale, int32_t zero_point, const void *data,
                       size_t data_bytes);
void builder_op(package_builder *builder, uint32_t code, uint32_t input_count,
                const int32_t *inputs, int32_t output, uint32_t param_count, const int32_t *params);
// Graph inputs first, then outputs.
void builder_input(package_builder *builder, int32_t tensor);
void builder_output(package_builder *builder, int32_t tensor);
// Writes the package: PACKAGE, GRAPH, then raw blocks of at most `block_bytes`, a new shard every
// `blocks_per_shard`.
void builder_finish(package_builder *builder, size_t block_bytes, size_t blocks_per_shard);

// Loads the package in pushes of at most `push_bytes` (0: whole), fails the test on any error.
// Memory comes from malloc and is put into *memory; free both blocks.
typedef struct loaded_package {
  mnw_model *model;
  mnw_session *session;
  void *model_memory, *session_memory;
} loaded_package;

loaded_package builder_load(const package_builder *builder, const mnw_kernels *kernels,
                            size_t push_bytes);
void loaded_free(loaded_package *loaded);

#endif  // MINNOW_TESTS_PACKAGE_BUILDER_H_
