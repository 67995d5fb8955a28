#include "package_builder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "format/package_format.h"

void builder_init(package_builder *builder) {
  memset(builder, 0, sizeof *builder);
}

static void push_word(uint32_t *words, size_t *count, uint32_t word) {
  assert_true(*count < BUILDER_MAX_WORDS);
  words[(*count)++] = word;
}

int32_t builder_tensor(package_builder *b, mnw_dtype dtype, int layout, uint32_t rank,
                       const int32_t *dims, float scale, int32_t zero_point, const void *data,
                       size_t data_bytes) {
  uint32_t scale_bits;
  memcpy(&scale_bits, &scale, sizeof scale_bits);
  const uint32_t kind = data ? MNW_KIND_CONSTANT : MNW_KIND_ACTIVATION;
  assert_true(b->tensor_count < BUILDER_MAX_TENSORS);
  push_word(b->tensor_words, &b->tensor_word_count,
            (uint32_t)dtype | rank << 8 | kind << 16 | (uint32_t)layout << 24);
  for (uint32_t i = 0; i < rank; i++) {
    push_word(b->tensor_words, &b->tensor_word_count, (uint32_t)dims[i]);
  }
  push_word(b->tensor_words, &b->tensor_word_count, scale_bits);
  push_word(b->tensor_words, &b->tensor_word_count, (uint32_t)zero_point);
  if (data) {
    push_word(b->tensor_words, &b->tensor_word_count, (uint32_t)data_bytes);
    b->weight_bytes += (data_bytes + 15) / 16 * 16;
  }
  b->data[b->tensor_count] = data;
  b->data_bytes[b->tensor_count] = data_bytes;
  return (int32_t)b->tensor_count++;
}

void builder_op(package_builder *b, uint32_t code, uint32_t input_count, const int32_t *inputs,
                int32_t output, uint32_t param_count, const int32_t *params) {
  push_word(b->op_words, &b->op_word_count, code | input_count << 16 | 1u << 24);
  for (uint32_t i = 0; i < input_count; i++) {
    push_word(b->op_words, &b->op_word_count, (uint32_t)inputs[i]);
  }
  push_word(b->op_words, &b->op_word_count, (uint32_t)output);
  for (uint32_t i = 0; i < param_count; i++) {
    push_word(b->op_words, &b->op_word_count, (uint32_t)params[i]);
  }
  b->op_count++;
}

void builder_input(package_builder *b, int32_t tensor) {
  b->io_words[b->io_word_count++] = (uint32_t)tensor;
  b->input_count++;
}

void builder_output(package_builder *b, int32_t tensor) {
  b->io_words[b->io_word_count++] = (uint32_t)tensor;
  b->output_count++;
}

static void put_bytes(package_builder *b, const void *bytes, size_t count) {
  assert_true(b->size_bytes + count <= BUILDER_MAX_BYTES);
  memcpy(b->bytes + b->size_bytes, bytes, count);
  b->size_bytes += count;
}

static void put_word(package_builder *b, uint32_t word) {
  const uint8_t bytes[] = {word & 255, word >> 8 & 255, word >> 16 & 255, (uint8_t)(word >> 24)};
  put_bytes(b, bytes, sizeof bytes);
}

static void set_word(package_builder *b, size_t offset, uint32_t word) {
  const size_t end = b->size_bytes;
  b->size_bytes = offset;
  put_word(b, word);
  b->size_bytes = end;
}

static void start_shard(package_builder *b) {
  b->shard_starts[b->shard_count] = b->size_bytes;
  put_word(b, MNW_SHARD_MAGIC);
  put_word(b, MNW_FORMAT_VERSION | b->shard_count << 16);
  put_word(b, 0);
  put_word(b, 0);
  b->shard_count++;
}

static void end_shard(package_builder *b) {
  const size_t start = b->shard_starts[b->shard_count - 1];
  set_word(b, start + 8, (uint32_t)(b->size_bytes - start));
}

static void put_words(package_builder *b, const uint32_t *words, size_t count) {
  for (size_t i = 0; i < count; i++) put_word(b, words[i]);
}

static void put_block(package_builder *b, uint32_t tensor, size_t offset, size_t bytes) {
  put_word(b, MNW_CHUNK_BLOCK);
  put_word(b, (uint32_t)(MNW_BLOCK_HEADER_BYTES + bytes));
  put_word(b, tensor);
  put_word(b, (uint32_t)offset);
  put_word(b, (uint32_t)bytes);
  put_word(b, MNW_CODING_RAW);
  put_bytes(b, (const uint8_t *)b->data[tensor] + offset, bytes);
}

void builder_finish(package_builder *b, size_t block_bytes, size_t blocks_per_shard) {
  const size_t graph_words = b->tensor_word_count + b->op_word_count + b->io_word_count;
  const size_t header = MNW_SHARD_HEADER_BYTES + MNW_CHUNK_HEADER_BYTES;
  size_t blocks = 0;
  size_t max_chunk = 4 * graph_words > block_bytes + MNW_BLOCK_HEADER_BYTES
                         ? 4 * graph_words
                         : block_bytes + MNW_BLOCK_HEADER_BYTES;
  if (max_chunk < 4 * MNW_PACKAGE_WORDS) max_chunk = 4 * MNW_PACKAGE_WORDS;
  const uint32_t words[MNW_PACKAGE_WORDS] = {MNW_FORMAT_VERSION,    0,
                                             b->tensor_count,       b->op_count,
                                             b->input_count,        b->output_count,
                                             (uint32_t)graph_words, (uint32_t)b->weight_bytes,
                                             (uint32_t)max_chunk};
  b->size_bytes = b->shard_count = 0;
  start_shard(b);
  put_word(b, MNW_CHUNK_PACKAGE);
  put_word(b, 4 * MNW_PACKAGE_WORDS);
  put_words(b, words, MNW_PACKAGE_WORDS);
  put_word(b, MNW_CHUNK_GRAPH);
  put_word(b, (uint32_t)(4 * graph_words));
  put_words(b, b->tensor_words, b->tensor_word_count);
  put_words(b, b->op_words, b->op_word_count);
  put_words(b, b->io_words, b->io_word_count);
  for (uint32_t t = 0; t < b->tensor_count; t++) {
    for (size_t offset = 0; offset < b->data_bytes[t] && b->data[t]; blocks++) {
      const size_t left = b->data_bytes[t] - offset;
      const size_t bytes = left < block_bytes ? left : block_bytes;
      if (blocks > 0 && blocks % blocks_per_shard == 0) {
        end_shard(b);
        start_shard(b);
      }
      put_block(b, t, offset, bytes);
      offset += bytes;
    }
  }
  end_shard(b);
  set_word(b, header + 4 * MNW_PACKAGE_SHARD_COUNT, b->shard_count);
}

static void *aligned_block(size_t bytes) {
  void *block =
      aligned_alloc(MNW_ALIGNMENT, (bytes + MNW_ALIGNMENT - 1) / MNW_ALIGNMENT * MNW_ALIGNMENT);
  assert_non_null(block);
  memset(block, 0xa5, bytes);
  return block;
}

static void expect_ok(mnw_status status, const mnw_error *error) {
  char text[MNW_ERROR_MESSAGE_BYTES];
  if (status == MNW_STATUS_OK) return;
  mnw_error_message(error, text, sizeof text);
  fail_msg("%s", text);
}

loaded_package builder_load(const package_builder *b, const mnw_kernels *kernels,
                            size_t push_bytes) {
  mnw_package_info info;
  mnw_session_plan_info plan;
  mnw_error error;
  loaded_package loaded;
  expect_ok(mnw_package_peek(&info, b->bytes, b->size_bytes, &error), &error);
  loaded.model_memory = aligned_block(info.model_bytes);
  expect_ok(
      mnw_model_init(&loaded.model, loaded.model_memory, info.model_bytes, &info, kernels, &error),
      &error);
  if (push_bytes == 0) push_bytes = b->size_bytes;
  for (size_t done = 0; done < b->size_bytes;) {
    const size_t left = b->size_bytes - done, bytes = left < push_bytes ? left : push_bytes;
    expect_ok(mnw_model_push(loaded.model, b->bytes + done, bytes, &error), &error);
    done += bytes;
  }
  assert_true(mnw_model_is_ready(loaded.model));
  expect_ok(mnw_session_plan(&plan, loaded.model, NULL, &error), &error);
  loaded.session_memory = aligned_block(plan.session_bytes);
  expect_ok(mnw_session_init(&loaded.session, loaded.model, NULL, loaded.session_memory,
                             plan.session_bytes, &error),
            &error);
  return loaded;
}

void loaded_free(loaded_package *loaded) {
  free(loaded->model_memory);
  free(loaded->session_memory);
}
