// Constants become blocks, blocks fill shards front to back. Because no state crosses shards, a
// table must be repeated in each shard that uses it; so the coding of a constant is chosen anew, by
// exact bytes, for what is left of it at the start of each shard: raw, the latest table of the
// shard, or a table of its own. Within that choice a single block is still written raw where that
// is smaller.
#include "shard_encode.h"

#include <stdlib.h>

#include "core/format/package_format.h"
#include "graph_encode.h"
#include "huffman_encode.h"

enum {
  BLOCK_OVERHEAD_BYTES = MNW_CHUNK_HEADER_BYTES + MNW_BLOCK_HEADER_BYTES,
  TABLE_MAX_BYTES = MNW_CHUNK_HEADER_BYTES + 2 + PK_HUFFMAN_SYMBOLS / 2,
  PACKAGE_WORDS_AT = MNW_SHARD_HEADER_BYTES + MNW_CHUNK_HEADER_BYTES
};
_Static_assert(PK_SHARD_BYTES_MIN >
                   2 * (MNW_SHARD_HEADER_BYTES + TABLE_MAX_BYTES + BLOCK_OVERHEAD_BYTES),
               "a shard must hold a block");

typedef enum coding_choice { CODE_RAW, CODE_LATEST_TABLE, CODE_OWN_TABLE } coding_choice;

typedef struct shard_writer {
  pk_shards *shards;
  size_t shard_bytes;      // target
  size_t block_bytes;      // decoded bytes of a block at most: any block fits into an empty shard
  bool has_table;          // in the current shard
  pk_huffman_code latest;  // that table
  pk_bytes scratch;        // payload of the block being written
} shard_writer;

void pk_shards_free(pk_shards *shards) {
  for (size_t i = 0; i < shards->count; i++) pk_bytes_free(&shards->items[i]);
  free(shards->items);
  *shards = (pk_shards){0};
}

static pk_bytes *current_shard(const shard_writer *writer) {
  return &writer->shards->items[writer->shards->count - 1];
}

static bool open_shard(shard_writer *writer, pk_error *error) {
  pk_shards *shards = writer->shards;
  if (shards->count == MNW_MAX_SHARDS) {
    return pk_fail(error, PK_UNSUPPORTED,
                   "the model needs more than %d shards of %zu bytes: give a larger --shard-size",
                   MNW_MAX_SHARDS, writer->shard_bytes);
  }
  pk_bytes *items = realloc(shards->items, (shards->count + 1) * sizeof *items);
  if (!items) return pk_fail(error, PK_OUT_OF_MEMORY, "no memory for shard %zu", shards->count);
  shards->items = items;
  items[shards->count] = (pk_bytes){0};
  pk_bytes *shard = &items[shards->count];
  pk_bytes_append_u32(shard, MNW_SHARD_MAGIC);
  pk_bytes_append_u32(shard, MNW_FORMAT_VERSION | (uint32_t)shards->count << 16);
  pk_bytes_append_u32(shard, 0);  // bytes of the shard: finish_shards()
  pk_bytes_append_u32(shard, 0);
  shards->count++;
  writer->has_table = false;
  return true;
}

static void append_chunk_header(shard_writer *writer, uint32_t type, size_t payload_bytes) {
  pk_bytes *shard = current_shard(writer);
  pk_bytes_append_u32(shard, type);
  pk_bytes_append_u32(shard, (uint32_t)payload_bytes);
  if (payload_bytes > writer->shards->max_chunk_bytes) {
    writer->shards->max_chunk_bytes = (uint32_t)payload_bytes;
  }
}

static size_t block_size(const shard_writer *writer, size_t left) {
  return left < writer->block_bytes ? left : writer->block_bytes;
}

// Bytes of all blocks for `size` bytes, each raw or, where `code` makes it smaller, Huffman-coded.
static size_t blocks_cost(const shard_writer *writer, const pk_huffman_code *code,
                          const uint8_t *data, size_t size) {
  size_t cost = 0;
  for (size_t at = 0; at < size;) {
    const size_t raw = block_size(writer, size - at);
    const size_t coded = code ? pk_huffman_block_bytes(code, data + at, raw) : raw;
    cost += BLOCK_OVERHEAD_BYTES + (coded < raw ? coded : raw);
    at += raw;
  }
  return cost;
}

static coding_choice choose_coding(const shard_writer *writer, pk_huffman_code *own,
                                   const uint8_t *data, size_t size) {
  uint64_t counts[PK_HUFFMAN_SYMBOLS];
  coding_choice choice = CODE_RAW;
  size_t best = blocks_cost(writer, NULL, data, size);
  if (writer->has_table) {
    const size_t cost = blocks_cost(writer, &writer->latest, data, size);
    if (cost < best) {
      best = cost;
      choice = CODE_LATEST_TABLE;
    }
  }
  pk_huffman_count(counts, data, size);
  pk_huffman_build(own, counts);
  const size_t table = MNW_CHUNK_HEADER_BYTES + pk_huffman_table_bytes(own);
  if (table + blocks_cost(writer, own, data, size) < best) choice = CODE_OWN_TABLE;
  return choice;
}

uint64_t pk_coded_bytes(const uint8_t *data, size_t size_bytes) {
  const shard_writer writer = {.block_bytes = MNW_BLOCK_MAX_BYTES};
  uint64_t counts[PK_HUFFMAN_SYMBOLS];
  pk_huffman_code own;
  const size_t raw = blocks_cost(&writer, NULL, data, size_bytes);
  pk_huffman_count(counts, data, size_bytes);
  if (!pk_huffman_build(&own, counts)) return raw;
  const size_t coded = MNW_CHUNK_HEADER_BYTES + pk_huffman_table_bytes(&own) +
                       blocks_cost(&writer, &own, data, size_bytes);
  return coded < raw ? coded : raw;
}

static void append_table(shard_writer *writer, const pk_huffman_code *code) {
  append_chunk_header(writer, MNW_CHUNK_HUFFMAN_TABLE, pk_huffman_table_bytes(code));
  pk_huffman_write_table(current_shard(writer), code);
  writer->latest = *code;
  writer->has_table = true;
}

// Makes the block's payload in the scratch buffer.
static void encode_block(shard_writer *writer, const pk_huffman_code *code, uint32_t tensor,
                         size_t offset, const uint8_t *data, size_t size) {
  const bool is_coded = code && pk_huffman_block_bytes(code, data, size) < size;
  pk_bytes *scratch = &writer->scratch;
  pk_bytes_clear(scratch);
  pk_bytes_append_u32(scratch, tensor);
  pk_bytes_append_u32(scratch, (uint32_t)offset);
  pk_bytes_append_u32(scratch, (uint32_t)size);
  pk_bytes_append_u32(scratch, is_coded ? MNW_CODING_HUFFMAN : MNW_CODING_RAW);
  if (is_coded) {
    pk_huffman_write_block(scratch, code, data, size);
  } else {
    pk_bytes_append(scratch, data, size);
  }
}

// Writes as much of data[*offset … size) as fits into the current shard, in one coding.
static void fill_shard(shard_writer *writer, size_t *offset, uint32_t tensor, const uint8_t *data,
                       size_t size) {
  pk_huffman_code own;
  const coding_choice choice = choose_coding(writer, &own, data + *offset, size - *offset);
  const pk_huffman_code *code = choice == CODE_RAW            ? NULL
                                : choice == CODE_LATEST_TABLE ? &writer->latest
                                                              : &own;
  size_t table_bytes =
      choice == CODE_OWN_TABLE ? MNW_CHUNK_HEADER_BYTES + pk_huffman_table_bytes(&own) : 0;
  while (*offset < size) {
    const size_t block = block_size(writer, size - *offset);
    encode_block(writer, code, tensor, *offset, data + *offset, block);
    const size_t needed = table_bytes + MNW_CHUNK_HEADER_BYTES + writer->scratch.size;
    if (current_shard(writer)->size + needed > writer->shard_bytes || writer->scratch.failed) {
      return;
    }
    if (table_bytes > 0) append_table(writer, &own);
    table_bytes = 0;
    append_chunk_header(writer, MNW_CHUNK_BLOCK, writer->scratch.size);
    pk_bytes_append(current_shard(writer), writer->scratch.data, writer->scratch.size);
    *offset += block;
  }
}

static bool write_constant(shard_writer *writer, uint32_t tensor, const uint8_t *data, size_t size,
                           pk_error *error) {
  size_t offset = 0;
  while (offset < size) {
    fill_shard(writer, &offset, tensor, data, size);
    if (writer->scratch.failed) return pk_fail(error, PK_OUT_OF_MEMORY, "no memory for a block");
    if (offset < size && !open_shard(writer, error)) return false;
  }
  return true;
}

static bool write_head(shard_writer *writer, const pk_lowered_graph *graph, pk_error *error) {
  pk_bytes words = {0}, header = {0};
  bool ok = pk_encode_graph(&words, graph, error);
  if (ok && words.size > MNW_MAX_CHUNK_BYTES) {
    ok = pk_fail(error, PK_UNSUPPORTED, "the graph takes %zu bytes; at most %d are supported",
                 words.size, MNW_MAX_CHUNK_BYTES);
  }
  if (ok && pk_encode_package_header(&header, graph, words.size / 4, error)) {
    append_chunk_header(writer, MNW_CHUNK_PACKAGE, header.size);
    pk_bytes_append(current_shard(writer), header.data, header.size);
    append_chunk_header(writer, MNW_CHUNK_GRAPH, words.size);
    pk_bytes_append(current_shard(writer), words.data, words.size);
  } else {
    ok = false;
  }
  pk_bytes_free(&words);
  pk_bytes_free(&header);
  return ok;
}

// Fills in what is known only at the end.
static bool finish_shards(const pk_shards *shards, pk_error *error) {
  for (size_t i = 0; i < shards->count; i++) {
    if (shards->items[i].failed)
      return pk_fail(error, PK_OUT_OF_MEMORY, "no memory for shard %zu", i);
    pk_store_u32(shards->items[i].data + 8, (uint32_t)shards->items[i].size);
  }
  uint8_t *words = shards->items[0].data + PACKAGE_WORDS_AT;
  pk_store_u32(words + 4 * MNW_PACKAGE_SHARD_COUNT, (uint32_t)shards->count);
  pk_store_u32(words + 4 * MNW_PACKAGE_MAX_CHUNK_BYTES, shards->max_chunk_bytes);
  return true;
}

bool pk_encode_shards(pk_shards *shards, const pk_lowered_graph *graph, size_t shard_bytes,
                      pk_error *error) {
  const size_t overhead = MNW_SHARD_HEADER_BYTES + TABLE_MAX_BYTES + BLOCK_OVERHEAD_BYTES;
  shard_writer writer = {.shards = shards, .shard_bytes = shard_bytes};
  *shards = (pk_shards){0};
  if (shard_bytes < PK_SHARD_BYTES_MIN || shard_bytes > PK_SHARD_BYTES_MAX) {
    return pk_fail(error, PK_USAGE, "a shard size of %zu bytes is out of range: %d to %d",
                   shard_bytes, PK_SHARD_BYTES_MIN, PK_SHARD_BYTES_MAX);
  }
  writer.block_bytes = shard_bytes - overhead;
  if (writer.block_bytes > MNW_BLOCK_MAX_BYTES) writer.block_bytes = MNW_BLOCK_MAX_BYTES;

  bool ok = open_shard(&writer, error) && write_head(&writer, graph, error);
  for (size_t i = 0; ok && i < graph->tensor_count; i++) {
    const pk_lowered_tensor *tensor = &graph->tensors[i];
    if (!tensor->data) continue;
    ok = write_constant(&writer, (uint32_t)i, tensor->data, tensor->data_bytes, error);
  }
  ok = ok && finish_shards(shards, error);
  pk_bytes_free(&writer.scratch);
  if (!ok) pk_shards_free(shards);
  return ok;
}
