// Constants of the package format, shared by the reader and the packer. The prose is
// docs/FORMAT.md.
#ifndef MINNOW_FORMAT_PACKAGE_FORMAT_H_
#define MINNOW_FORMAT_PACKAGE_FORMAT_H_

#include <stdint.h>

enum {
  MNW_FORMAT_VERSION = 2,  // 1 has neither ANS tables nor WORDS; it is read as well

  MNW_SHARD_MAGIC = 0x53574e4d,  // "MNWS" little-endian
  MNW_SHARD_HEADER_BYTES =
      16,                      // magic, version | index << 16, shard bytes (whole file), reserved 0
  MNW_CHUNK_HEADER_BYTES = 8,  // type, payload bytes

  MNW_SYMBOL_TABLE_BITS = 12,   // longest Huffman code; frequencies of ANS add up to 2 to this
  MNW_SYMBOL_STREAMS = 4,       // interleaved streams or states of a block
  MNW_BLOCK_MAX_BYTES = 65536,  // decoded bytes of a block
  MNW_BLOCK_HEADER_BYTES =
      16,  // tensor, offset, decoded bytes, coding; then the coding's own header

  MNW_MAX_TENSORS = 16384,
  MNW_MAX_OPS = 16384,
  MNW_MAX_SHARDS = 4096,
  MNW_MAX_CHUNK_BYTES = 1 << 24,
  MNW_MAX_TENSOR_BYTES = 1 << 30,
  MNW_NO_TENSOR = -1
};

// Chunk types.
enum {
  MNW_CHUNK_PACKAGE = 1,
  MNW_CHUNK_GRAPH = 2,
  MNW_CHUNK_HUFFMAN_TABLE = 3,
  MNW_CHUNK_BLOCK = 4,
  MNW_CHUNK_CODEBOOK = 5,
  MNW_CHUNK_MASK_TABLE = 6,
  MNW_CHUNK_ANS_TABLE = 7,
  MNW_CHUNK_ANS_MASK_TABLE = 8
};

// How a block is coded: raw, or as symbols coded by the latest table, with what is done to them
// afterwards, in this order.
enum {
  MNW_CODING_RAW = 0,
  MNW_CODING_SYMBOLS = 1,
  MNW_CODING_MASK = 2,      // a bit for each symbol tells the zeros, the others follow
  MNW_CODING_TRELLIS = 4,   // symbols are those of trellis-coded levels: format/trellis.h
  MNW_CODING_CODEBOOK = 8,  // symbols are numbers of words of the shard's latest codebook
  MNW_CODING_WORDS = 16,  // symbols stand for 4 bytes, and are coded by the table of masks: numbers
                          // of words with CODEBOOK, else lengths of numbers, whose bits follow
  MNW_CODING_SCALED = 32,  // such numbers are multiples of what the tensor before, multipliers of
                           // the same size, tells: format/symbol_expand.h
  MNW_CODING_FLOATS = 64,  // such numbers are float32, and symbols tell their exponents
  MNW_CODING_FLOAT_WORDS = MNW_CODING_SYMBOLS | MNW_CODING_WORDS | MNW_CODING_FLOATS,
  MNW_CODING_LEVELS = 128  // added to any of these sums, or to RAW: the block is one of the int8
                           // levels that the tensor before, steps, makes real: format/levels.h
};

enum { MNW_CODEBOOK_WORDS = 256 };

// Words of the PACKAGE chunk's payload.
enum {
  MNW_PACKAGE_FORMAT_VERSION,
  MNW_PACKAGE_SHARD_COUNT,
  MNW_PACKAGE_TENSOR_COUNT,
  MNW_PACKAGE_OP_COUNT,
  MNW_PACKAGE_INPUT_COUNT,
  MNW_PACKAGE_OUTPUT_COUNT,
  MNW_PACKAGE_GRAPH_WORDS,      // payload of the GRAPH chunk
  MNW_PACKAGE_WEIGHT_BYTES,     // sum over constants of their size rounded up to MNW_ALIGNMENT
  MNW_PACKAGE_MAX_CHUNK_BYTES,  // largest payload in the package, GRAPH included
  MNW_PACKAGE_RESERVED0,        // 0
  MNW_PACKAGE_WORDS = 14        // up to here reserved words are 0
};

// How a tensor comes to its bytes.
enum { MNW_KIND_ACTIVATION = 0, MNW_KIND_CONSTANT = 1 };

// Memory layout of a tensor's bytes.
enum {
  MNW_LAYOUT_ROW_MAJOR = 0,
  MNW_LAYOUT_TILE_8X4 = 1,       // conv and fully connected weights: see kernels/packed_layout.h
  MNW_LAYOUT_DEPTHWISE_8X2 = 2,  // depthwise weights: see kernels/packed_layout.h
  MNW_LAYOUT_TILE_8_F32 =
      3  // float32 conv and fully connected weights: see kernels/packed_layout.h
};

#endif  // MINNOW_FORMAT_PACKAGE_FORMAT_H_
