// Cuts the concatenation of a package's shards, pushed in pieces of any size, into whole chunks.
#ifndef MINNOW_FORMAT_CHUNK_STREAM_H_
#define MINNOW_FORMAT_CHUNK_STREAM_H_

#include <minnow/minnow.h>

// Called with each whole chunk; `payload` is valid during the call only.
typedef mnw_status mnw_chunk_fn(void *user, uint32_t type, const uint8_t *payload,
                                size_t payload_bytes, mnw_error *error);

// What the stream is collecting just now.
typedef enum mnw_chunk_phase {
  MNW_CHUNK_PHASE_SHARD_HEADER,
  MNW_CHUNK_PHASE_CHUNK_HEADER,
  MNW_CHUNK_PHASE_PAYLOAD
} mnw_chunk_phase;

typedef struct mnw_chunk_stream {
  uint8_t
      *staging;  // for pieces that do not hold a whole item; capacity_bytes ≥ the largest payload
  size_t capacity_bytes;
  size_t staged_bytes;
  uint32_t shard_count;
  uint32_t shard;          // now being read; shard_count when all are in
  uint32_t left_in_shard;  // bytes
  uint32_t type;           // of the chunk whose payload is collected
  uint32_t needed_bytes;   // of the current phase
  mnw_chunk_phase phase;
} mnw_chunk_stream;

void mnw_chunk_stream_init(mnw_chunk_stream *stream, uint8_t *staging, size_t capacity_bytes,
                           uint32_t shard_count);

// Goes to the first byte of shard `shard`.
void mnw_chunk_stream_rewind(mnw_chunk_stream *stream, uint32_t shard);

// Errors: NOT_A_PACKAGE, UNSUPPORTED_VERSION, CORRUPT, LIMIT_EXCEEDED and what `on_chunk` returns.
mnw_status mnw_chunk_stream_push(mnw_chunk_stream *stream, const uint8_t *bytes, size_t size_bytes,
                                 mnw_chunk_fn *on_chunk, void *user, mnw_error *error);

// Checks the 16 bytes of a shard header and gives the shard's size.
mnw_status mnw_shard_header_read(uint32_t *shard_bytes, const uint8_t *header, uint32_t shard,
                                 mnw_error *error);

#endif  // MINNOW_FORMAT_CHUNK_STREAM_H_
