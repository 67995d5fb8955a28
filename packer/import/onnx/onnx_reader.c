#include "onnx_reader.h"

#include <stdbool.h>
#include <string.h>

// Honest models nest graph, node, attribute, graph … a few times.
enum { MAX_NESTING = 40 };

enum { WIRE_VARINT = 0, WIRE_64_BIT = 1, WIRE_BYTES = 2, WIRE_32_BIT = 5 };

typedef struct span {
  const uint8_t *at, *end;
} span;

static bool take_varint(span *bytes, uint64_t *value) {
  *value = 0;
  for (int shift = 0; shift < 70 && bytes->at < bytes->end; shift += 7) {
    const uint8_t byte = *bytes->at++;
    if (shift < 64) *value |= (uint64_t)(byte & 127) << shift;
    if (byte < 128) return true;
  }
  return false;
}

static bool skip(span *bytes, uint64_t count) {
  if (count > (uint64_t)(bytes->end - bytes->at)) return false;
  bytes->at += count;
  return true;
}

// Walks over the messages in `bytes` as their descriptor tells, without keeping anything.
static bool check_nesting(span bytes, const ProtobufCMessageDescriptor *message, int depth) {
  if (depth > MAX_NESTING) return false;
  while (bytes.at < bytes.end) {
    uint64_t key, value;
    if (!take_varint(&bytes, &key)) return false;
    switch (key & 7) {
      case WIRE_VARINT:
        if (!take_varint(&bytes, &value)) return false;
        break;
      case WIRE_64_BIT:
        if (!skip(&bytes, 8)) return false;
        break;
      case WIRE_32_BIT:
        if (!skip(&bytes, 4)) return false;
        break;
      case WIRE_BYTES: {
        if (!take_varint(&bytes, &value)) return false;
        span inner = {bytes.at, bytes.at};
        if (!skip(&bytes, value)) return false;
        inner.end = bytes.at;
        const ProtobufCFieldDescriptor *field =
            key >> 3 <= UINT32_MAX
                ? protobuf_c_message_descriptor_get_field(message, (unsigned)(key >> 3))
                : NULL;
        if (field && field->type == PROTOBUF_C_TYPE_MESSAGE &&
            !check_nesting(inner, field->descriptor, depth + 1)) {
          return false;
        }
        break;
      }
      default:
        return false;
    }
  }
  return true;
}

typedef struct arena_allocator {
  pk_arena *arena;
  pk_error *error;
} arena_allocator;

static void *allocate(void *data, size_t size_bytes) {
  arena_allocator *allocator = data;
  return pk_arena_alloc(allocator->arena, 1, size_bytes, allocator->error);
}

static void release(void *data, void *memory) {
  (void)data, (void)memory;  // all of the arena goes at once
}

static ProtobufCMessage *read_message(pk_arena *arena, const ProtobufCMessageDescriptor *descriptor,
                                      const uint8_t *bytes, size_t size_bytes, pk_error *error) {
  arena_allocator data = {arena, error};
  ProtobufCAllocator allocator = {allocate, release, &data};
  const span all = {bytes, bytes + size_bytes};
  ProtobufCMessage *message = NULL;
  if (size_bytes > 0 && check_nesting(all, descriptor, 0)) {
    message = protobuf_c_message_unpack(descriptor, &allocator, size_bytes, bytes);
  }
  // The allocator's own error, if there is one, came first and stays.
  if (!message) {
    pk_fail(error, PK_BAD_MODEL,
            "the file is no ONNX protobuf: its fields are cut off, malformed or nested deeper than "
            "%d; export the model again",
            MAX_NESTING);
  }
  return message;
}

Onnx__ModelProto *pk_onnx_read_model(pk_arena *arena, const uint8_t *bytes, size_t size_bytes,
                                     pk_error *error) {
  return (Onnx__ModelProto *)read_message(arena, &onnx__model_proto__descriptor, bytes, size_bytes,
                                          error);
}

Onnx__TensorProto *pk_onnx_read_tensor(pk_arena *arena, const uint8_t *bytes, size_t size_bytes,
                                       pk_error *error) {
  return (Onnx__TensorProto *)read_message(arena, &onnx__tensor_proto__descriptor, bytes,
                                           size_bytes, error);
}
