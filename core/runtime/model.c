#include <string.h>

#include "../base/arena.h"
#include "../base/bytes.h"
#include "../base/error.h"
#include "model_internal.h"

static mnw_status check_limit(uint32_t value, uint32_t minimum, uint32_t maximum, uint32_t word,
                              mnw_error *error) {
  if (value >= minimum && value <= maximum) return MNW_STATUS_OK;
  return mnw_fail(error, MNW_STATUS_LIMIT_EXCEEDED,
                  "package header: word %0 is %1, the runtime accepts at most %2", word, value,
                  maximum);
}

static mnw_status check_package_words(const uint32_t *words, mnw_error *error) {
  static const struct {
    uint32_t word, minimum, maximum;
  } limits[] = {
      {MNW_PACKAGE_SHARD_COUNT, 1, MNW_MAX_SHARDS},
      {MNW_PACKAGE_TENSOR_COUNT, 1, MNW_MAX_TENSORS},
      {MNW_PACKAGE_OP_COUNT, 0, MNW_MAX_OPS},
      {MNW_PACKAGE_INPUT_COUNT, 0, MNW_MAX_TENSORS},
      {MNW_PACKAGE_OUTPUT_COUNT, 1, MNW_MAX_TENSORS},
      {MNW_PACKAGE_GRAPH_WORDS, 1, MNW_MAX_CHUNK_BYTES / 4},
      {MNW_PACKAGE_WEIGHT_BYTES, 0, MNW_MAX_TENSOR_BYTES},
      {MNW_PACKAGE_MAX_CHUNK_BYTES, 4 * MNW_PACKAGE_WORDS, MNW_MAX_CHUNK_BYTES},
  };
  const uint32_t version = words[MNW_PACKAGE_FORMAT_VERSION];
  if (version == 0 || version > MNW_FORMAT_VERSION) {
    return mnw_fail(error, MNW_STATUS_UNSUPPORTED_VERSION,
                    "package has format version %0, this runtime reads up to %1: pack the model "
                    "again or update the runtime",
                    version, MNW_FORMAT_VERSION, 0);
  }
  for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
    const mnw_status status = check_limit(words[limits[i].word], limits[i].minimum,
                                          limits[i].maximum, limits[i].word, error);
    if (status != MNW_STATUS_OK) return status;
  }
  for (size_t i = MNW_PACKAGE_RESERVED0; i < MNW_PACKAGE_WORDS; i++) {
    if (words[i] != 0) {
      return mnw_fail(error, MNW_STATUS_UNSUPPORTED_VERSION,
                      "package header: reserved word %0 is %1: update the runtime", (int64_t)i,
                      words[i], 0);
    }
  }
  return MNW_STATUS_OK;
}

// Lays the model's parts out behind each other; with a measuring arena it only adds up their sizes.
static mnw_model *lay_out(mnw_arena *arena, const uint32_t *words, mnw_model *measured) {
  const size_t tensors = words[MNW_PACKAGE_TENSOR_COUNT], nodes = words[MNW_PACKAGE_OP_COUNT];
  mnw_model *taken = mnw_arena_take(arena, 1, sizeof(mnw_model));
  mnw_model *model = taken ? taken : measured;
  memset(model, 0, sizeof *model);
  memcpy(model->header, words, sizeof model->header);
  model->graph_words = mnw_arena_take(arena, words[MNW_PACKAGE_GRAPH_WORDS], 4);
  model->graph.tensors = mnw_arena_take(arena, tensors, sizeof(mnw_tensor));
  model->graph.nodes = mnw_arena_take(arena, nodes, sizeof(mnw_node));
  model->plan = mnw_arena_take(arena, tensors + nodes, sizeof(mnw_plan_item));
  model->plan_order = mnw_arena_take(arena, 2 * (tensors + nodes), sizeof(uint32_t));
  model->roots = mnw_arena_take(arena, tensors, sizeof(uint32_t));
  model->shard_starts =
      mnw_arena_take(arena, words[MNW_PACKAGE_SHARD_COUNT], sizeof(mnw_weight_cursor));
  model->tables = mnw_arena_take(arena, 1, sizeof(mnw_weight_tables));
  model->weights = mnw_arena_take(arena, words[MNW_PACKAGE_WEIGHT_BYTES], 1);
  model->stream.staging = mnw_arena_take(arena, words[MNW_PACKAGE_MAX_CHUNK_BYTES], 1);
  return taken;
}

static size_t model_bytes(const uint32_t *words) {
  mnw_arena arena;
  mnw_model measured;
  mnw_arena_init(&arena, NULL, 0);
  lay_out(&arena, words, &measured);
  return mnw_arena_overflowed(&arena) ? SIZE_MAX : arena.used_bytes;
}

mnw_status mnw_package_peek(mnw_package_info *info, const void *bytes, size_t size_bytes,
                            mnw_error *error) {
  const uint8_t *head = bytes;
  const uint8_t *chunk = head + MNW_SHARD_HEADER_BYTES;
  uint32_t shard_bytes;
  _Static_assert(MNW_SHARD_HEADER_BYTES + MNW_CHUNK_HEADER_BYTES + 4 * MNW_PACKAGE_WORDS ==
                     MNW_PACKAGE_PEEK_BYTES,
                 "the public constant must match the format");
  if (size_bytes < MNW_PACKAGE_PEEK_BYTES) {
    return mnw_fail(error, MNW_STATUS_TRUNCATED, "a package has at least %0 bytes, these are %1",
                    MNW_PACKAGE_PEEK_BYTES, (int64_t)size_bytes, 0);
  }
  memset(info, 0, sizeof *info);
  mnw_status status = mnw_shard_header_read(&shard_bytes, head, 0, error);
  if (status != MNW_STATUS_OK) return status;
  if (mnw_load_u32(chunk) != MNW_CHUNK_PACKAGE ||
      mnw_load_u32(chunk + 4) != 4 * MNW_PACKAGE_WORDS || shard_bytes < MNW_PACKAGE_PEEK_BYTES) {
    return mnw_fail(error, MNW_STATUS_CORRUPT, "shard 0 does not start with a package header", 0, 0,
                    0);
  }
  for (size_t i = 0; i < MNW_PACKAGE_WORDS; i++) {
    info->words[i] = mnw_load_u32(chunk + MNW_CHUNK_HEADER_BYTES + 4 * i);
  }
  status = check_package_words(info->words, error);
  if (status != MNW_STATUS_OK) return status;
  info->format_version = info->words[MNW_PACKAGE_FORMAT_VERSION];
  info->shard_count = info->words[MNW_PACKAGE_SHARD_COUNT];
  info->tensor_count = info->words[MNW_PACKAGE_TENSOR_COUNT];
  info->op_count = info->words[MNW_PACKAGE_OP_COUNT];
  info->weight_bytes = info->words[MNW_PACKAGE_WEIGHT_BYTES];
  info->model_bytes = model_bytes(info->words);
  return MNW_STATUS_OK;
}

mnw_status mnw_model_init(mnw_model **model, void *memory, size_t memory_bytes,
                          const mnw_package_info *info, const mnw_kernels *kernels,
                          mnw_error *error) {
  mnw_arena arena;
  *model = NULL;
  if (!memory || !kernels || (uintptr_t)memory % MNW_ALIGNMENT != 0) {
    return mnw_fail(error, MNW_STATUS_INVALID_ARGUMENT,
                    "model needs kernels and memory aligned to %0 bytes", MNW_ALIGNMENT, 0, 0);
  }
  const mnw_status status = check_package_words(info->words, error);
  if (status != MNW_STATUS_OK) return status;
  if (memory_bytes < model_bytes(info->words)) {
    return mnw_fail(error, MNW_STATUS_OUT_OF_MEMORY, "model needs %0 bytes, %1 were handed in",
                    (int64_t)model_bytes(info->words), (int64_t)memory_bytes, 0);
  }
  mnw_arena_init(&arena, memory, memory_bytes);
  mnw_model *made = lay_out(&arena, info->words, NULL);
  made->kernels = kernels;
  mnw_weight_tables_clear(made->tables);
  mnw_chunk_stream_init(&made->stream, made->stream.staging,
                        info->words[MNW_PACKAGE_MAX_CHUNK_BYTES],
                        info->words[MNW_PACKAGE_SHARD_COUNT]);
  *model = made;
  return MNW_STATUS_OK;
}

static mnw_status prepare_nodes(mnw_model *model, mnw_error *error) {
  for (uint32_t n = 0; n < model->graph.node_count; n++) {
    mnw_node *node = &model->graph.nodes[n];
    const mnw_op_context context = {.graph = &model->graph,
                                    .node = node,
                                    .kernels = model->kernels,
                                    .node_number = n,
                                    .error = error};
    size_t scratch_bytes = 0;
    const mnw_status status = mnw_op_find(node->code)->prepare(&context, &scratch_bytes);
    if (status != MNW_STATUS_OK) return status;
    if (scratch_bytes > MNW_MAX_TENSOR_BYTES) {
      return mnw_fail(error, MNW_STATUS_LIMIT_EXCEEDED, "operator %0 needs %1 bytes of scratch", n,
                      (int64_t)scratch_bytes, 0);
    }
    node->scratch_bytes = (uint32_t)scratch_bytes;
  }
  return MNW_STATUS_OK;
}

static mnw_status read_graph(mnw_model *model, const uint8_t *payload, size_t payload_bytes,
                             mnw_error *error) {
  const size_t words = model->header[MNW_PACKAGE_GRAPH_WORDS];
  if (payload_bytes != 4 * words) {
    return mnw_fail(error, MNW_STATUS_CORRUPT, "graph of %0 bytes, the header gives %1",
                    (int64_t)payload_bytes, (int64_t)(4 * words), 0);
  }
  for (size_t i = 0; i < words; i++) {
    model->graph_words[i] = (int32_t)mnw_load_u32(payload + 4 * i);
  }
  mnw_status status = mnw_graph_read(&model->graph, model->header, model->graph_words,
                                     mnw_op_param_words, model->weights, error);
  if (status == MNW_STATUS_OK) status = prepare_nodes(model, error);
  if (status == MNW_STATUS_OK) status = mnw_model_plan_memory(model, error);
  if (status != MNW_STATUS_OK) return status;
  mnw_weight_cursor_start(&model->cursor, &model->graph);
  model->has_graph = true;
  return MNW_STATUS_OK;
}

static mnw_status check_package_chunk(mnw_model *model, const uint8_t *payload,
                                      size_t payload_bytes, mnw_error *error) {
  bool is_same = payload_bytes == 4 * MNW_PACKAGE_WORDS;
  for (size_t i = 0; is_same && i < MNW_PACKAGE_WORDS; i++) {
    is_same = mnw_load_u32(payload + 4 * i) == model->header[i];
  }
  if (!is_same || model->has_package) {
    return mnw_fail(error, MNW_STATUS_CORRUPT,
                    "package header comes twice or is another one than was peeked", 0, 0, 0);
  }
  model->has_package = true;
  return MNW_STATUS_OK;
}

// Tables serve the rest of its own shard only.
static void note_shard_start(mnw_model *model) {
  while (model->shards_started <= model->stream.shard) {
    model->shard_starts[model->shards_started++] = model->cursor;
    mnw_weight_tables_clear(model->tables);
  }
}

static mnw_status on_chunk(void *user, uint32_t type, const uint8_t *payload, size_t payload_bytes,
                           mnw_error *error) {
  mnw_model *model = user;
  if (type == MNW_CHUNK_PACKAGE) return check_package_chunk(model, payload, payload_bytes, error);
  if (type == MNW_CHUNK_GRAPH && model->has_package && !model->has_graph) {
    return read_graph(model, payload, payload_bytes, error);
  }
  if (!model->has_graph || type < MNW_CHUNK_HUFFMAN_TABLE || type > MNW_CHUNK_ANS_MASK_TABLE) {
    return mnw_fail(error, MNW_STATUS_CORRUPT, "chunk of type %0 out of place in shard %1", type,
                    model->stream.shard, 0);
  }
  note_shard_start(model);
  if (type == MNW_CHUNK_BLOCK) {
    return mnw_weight_block_read(&model->cursor, &model->graph, model->tables, payload,
                                 payload_bytes, error);
  }
  return mnw_weight_tables_read(model->tables, type, payload, payload_bytes, error);
}

mnw_status mnw_model_push(mnw_model *model, const void *bytes, size_t size_bytes,
                          mnw_error *error) {
  if (model->has_failed) {
    return mnw_fail(error, MNW_STATUS_INVALID_ARGUMENT,
                    "an earlier push failed: rewind to shard %0 first", model->stream.shard, 0, 0);
  }
  mnw_status status =
      mnw_chunk_stream_push(&model->stream, bytes, size_bytes, on_chunk, model, error);
  if (status == MNW_STATUS_OK && model->stream.shard == model->stream.shard_count &&
      !(model->has_graph && model->cursor.tensor == model->graph.tensor_count)) {
    status =
        mnw_fail(error, MNW_STATUS_TRUNCATED, "the last shard is in, but tensor %0 is not complete",
                 model->cursor.tensor, 0, 0);
  }
  model->has_failed = status != MNW_STATUS_OK;
  return status;
}

mnw_status mnw_model_rewind(mnw_model *model, uint32_t shard, mnw_error *error) {
  if (shard > model->stream.shard || shard >= model->stream.shard_count) {
    return mnw_fail(error, MNW_STATUS_INVALID_ARGUMENT,
                    "cannot rewind to shard %0: shard %1 is next", shard, model->stream.shard, 0);
  }
  if (shard == 0) {
    model->has_package = model->has_graph = false;
    model->shards_started = 0;
  } else if (shard < model->shards_started) {
    mnw_weight_cursor_rewind(&model->cursor, model->shard_starts[shard], &model->graph);
    model->shards_started = shard;
  }
  mnw_weight_tables_clear(model->tables);
  model->has_failed = false;
  mnw_chunk_stream_rewind(&model->stream, shard);
  return MNW_STATUS_OK;
}

bool mnw_model_has_graph(const mnw_model *model) {
  return model->has_graph;
}

bool mnw_model_is_ready(const mnw_model *model) {
  return model->has_graph && !model->has_failed && model->stream.shard == model->stream.shard_count;
}
