// From a lowered graph to the plain bytes of its shards.
#ifndef MINNOW_PACKER_SHARD_ENCODE_H_
#define MINNOW_PACKER_SHARD_ENCODE_H_

#include <stdbool.h>

#include "../lowered_graph.h"
#include "../pk_error.h"
#include "byte_buffer.h"

enum {
  PK_SHARD_BYTES_MIN = 8 * 1024,
  PK_SHARD_BYTES_DEFAULT = 256 * 1024,
  PK_SHARD_BYTES_MAX = 16 * 1024 * 1024
};

typedef struct pk_shards {
  pk_bytes *items;
  size_t count;
  uint32_t max_chunk_bytes;  // largest payload of a chunk
} pk_shards;                 // all zero: none

void pk_shards_free(pk_shards *shards);

// Encodes the graph (ordered by pk_order_tensors()) into shards of at most `shard_bytes`, except
// that the graph description is never cut and may make shard 0 larger.
bool pk_encode_shards(pk_shards *shards, const pk_lowered_graph *graph, size_t shard_bytes,
                      pk_error *error);

// What constant `number` takes in a shard of its own, with its tables and headers, in the smallest
// coding; its plain bytes where there is no memory to find out.
uint64_t pk_coded_bytes(const pk_lowered_graph *graph, size_t number);

#endif  // MINNOW_PACKER_SHARD_ENCODE_H_
