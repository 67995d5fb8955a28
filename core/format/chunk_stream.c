#include "chunk_stream.h"

#include <string.h>

#include "../base/bytes.h"
#include "../base/error.h"
#include "package_format.h"

static void expect(mnw_chunk_stream *stream, mnw_chunk_phase phase, uint32_t needed_bytes) {
  stream->phase = phase;
  stream->needed_bytes = needed_bytes;
  stream->staged_bytes = 0;
}

void mnw_chunk_stream_init(mnw_chunk_stream *stream, uint8_t *staging, size_t capacity_bytes,
                           uint32_t shard_count) {
  *stream = (mnw_chunk_stream){
      .staging = staging, .capacity_bytes = capacity_bytes, .shard_count = shard_count};
  mnw_chunk_stream_rewind(stream, 0);
}

void mnw_chunk_stream_rewind(mnw_chunk_stream *stream, uint32_t shard) {
  stream->shard = shard;
  expect(stream, MNW_CHUNK_PHASE_SHARD_HEADER, MNW_SHARD_HEADER_BYTES);
}

mnw_status mnw_shard_header_read(uint32_t *shard_bytes, const uint8_t *header, uint32_t shard,
                                 mnw_error *error) {
  const uint32_t version = mnw_load_u32(header + 4) & 0xffff;
  const uint32_t index = mnw_load_u32(header + 4) >> 16;
  if (mnw_load_u32(header) != MNW_SHARD_MAGIC) {
    return mnw_fail(error, MNW_STATUS_NOT_A_PACKAGE,
                    "shard %0 does not start with \"MNWS\": these bytes are something else", shard,
                    0, 0);
  }
  if (version == 0 || version > MNW_FORMAT_VERSION) {
    return mnw_fail(error, MNW_STATUS_UNSUPPORTED_VERSION,
                    "shard %0 has format version %1, this runtime reads up to %2: pack the model "
                    "again or update the runtime",
                    shard, version, MNW_FORMAT_VERSION);
  }
  *shard_bytes = mnw_load_u32(header + 8);
  if (index != shard || *shard_bytes < MNW_SHARD_HEADER_BYTES || mnw_load_u32(header + 12) != 0) {
    return mnw_fail(
        error, MNW_STATUS_CORRUPT,
        "shard %0: its header says index %1 and %2 bytes: pushed out of order or damaged", shard,
        index, *shard_bytes);
  }
  return MNW_STATUS_OK;
}

// Decides what comes after an item that ended inside the current shard.
static void expect_next(mnw_chunk_stream *stream) {
  if (stream->left_in_shard > 0) {
    expect(stream, MNW_CHUNK_PHASE_CHUNK_HEADER, MNW_CHUNK_HEADER_BYTES);
  } else {
    stream->shard++;
    expect(stream, MNW_CHUNK_PHASE_SHARD_HEADER, MNW_SHARD_HEADER_BYTES);
  }
}

static mnw_status finish_chunk_header(mnw_chunk_stream *stream, const uint8_t *item,
                                      mnw_error *error) {
  const uint32_t payload_bytes = mnw_load_u32(item + 4);
  stream->type = mnw_load_u32(item);
  stream->left_in_shard -= MNW_CHUNK_HEADER_BYTES;
  if (payload_bytes > stream->left_in_shard) {
    return mnw_fail(error, MNW_STATUS_CORRUPT,
                    "shard %0: a chunk of %1 bytes runs over the shard's end, %2 bytes ahead",
                    stream->shard, payload_bytes, stream->left_in_shard);
  }
  if (payload_bytes > stream->capacity_bytes) {
    return mnw_fail(error, MNW_STATUS_LIMIT_EXCEEDED,
                    "shard %0: a chunk has %1 bytes, the package's header allows %2", stream->shard,
                    payload_bytes, (int64_t)stream->capacity_bytes);
  }
  expect(stream, MNW_CHUNK_PHASE_PAYLOAD, payload_bytes);
  return MNW_STATUS_OK;
}

// Handles the whole item of the current phase.
static mnw_status finish_item(mnw_chunk_stream *stream, const uint8_t *item, mnw_chunk_fn *on_chunk,
                              void *user, mnw_error *error) {
  mnw_status status = MNW_STATUS_OK;
  switch (stream->phase) {
    case MNW_CHUNK_PHASE_SHARD_HEADER:
      status = mnw_shard_header_read(&stream->left_in_shard, item, stream->shard, error);
      if (status != MNW_STATUS_OK) return status;
      stream->left_in_shard -= MNW_SHARD_HEADER_BYTES;
      expect_next(stream);
      return MNW_STATUS_OK;
    case MNW_CHUNK_PHASE_CHUNK_HEADER:
      if (stream->left_in_shard < MNW_CHUNK_HEADER_BYTES) {
        return mnw_fail(error, MNW_STATUS_CORRUPT, "shard %0 ends inside a chunk header",
                        stream->shard, 0, 0);
      }
      return finish_chunk_header(stream, item, error);
    case MNW_CHUNK_PHASE_PAYLOAD:
      status = on_chunk(user, stream->type, item, stream->needed_bytes, error);
      if (status != MNW_STATUS_OK) return status;
      stream->left_in_shard -= stream->needed_bytes;
      expect_next(stream);
      return MNW_STATUS_OK;
  }
  return MNW_STATUS_CORRUPT;
}

mnw_status mnw_chunk_stream_push(mnw_chunk_stream *stream, const uint8_t *bytes, size_t size_bytes,
                                 mnw_chunk_fn *on_chunk, void *user, mnw_error *error) {
  for (;;) {
    if (stream->shard == stream->shard_count) {
      if (size_bytes == 0) return MNW_STATUS_OK;
      return mnw_fail(error, MNW_STATUS_CORRUPT, "%0 bytes follow the last shard",
                      (int64_t)size_bytes, 0, 0);
    }
    const size_t missing = stream->needed_bytes - stream->staged_bytes;
    const uint8_t *item = bytes;
    if (size_bytes < missing || stream->staged_bytes > 0) {
      const size_t taken = size_bytes < missing ? size_bytes : missing;
      if (taken > 0) memcpy(stream->staging + stream->staged_bytes, bytes, taken);
      stream->staged_bytes += taken;
      if (taken < missing) return MNW_STATUS_OK;
      item = stream->staging;
    }
    if (missing > 0) {
      bytes += missing;
      size_bytes -= missing;
    }
    const mnw_status status = finish_item(stream, item, on_chunk, user, error);
    if (status != MNW_STATUS_OK) return status;
  }
}
