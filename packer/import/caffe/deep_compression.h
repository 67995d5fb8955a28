// Weights as Deep Compression leaves them (S. Han, H. Mao, W. Dally, "Deep Compression", ICLR 2016;
// the file of SqueezeNet-Deep-Compression): pruned, and the rest shared through 256 values a layer.
// Little-endian, no header:
//
//   uint32  entries[layers]            of each layer, the fillers included
//   then for each layer:
//   float32 codebook[256]              codebook[0] is 0
//   float32 bias[outputs]
//   uint8   symbol[entries]            which value of the codebook
//   uint8   gap[(entries + 1) / 2]     4 bits each, the first in the low ones
//
// The weights, flat and all 0 at first: each entry stands gap + 1 behind the one before. Longer
// runs of zeros are bridged by fillers, entries of symbol 0.
#ifndef MINNOW_PACKER_IMPORT_DEEP_COMPRESSION_H_
#define MINNOW_PACKER_IMPORT_DEEP_COMPRESSION_H_

#include <stddef.h>
#include <stdint.h>

#include "../../pk_error.h"

typedef struct pk_deep_compression {
  const uint8_t *bytes;  // the file, the caller's
  size_t size_bytes, at;
  size_t layer_count, next_layer;
} pk_deep_compression;

// Starts to read a file that must hold `layer_count` layers. BAD_MODEL where it is too short.
bool pk_deep_compression_open(pk_deep_compression *reader, const uint8_t *bytes, size_t size_bytes,
                              size_t layer_count, pk_error *error);

// The next layer: `weights`, zeroed, gets `weight_count` values, `bias` `bias_count`. `name` is for
// errors (BAD_MODEL).
bool pk_deep_compression_read(pk_deep_compression *reader, float *weights, size_t weight_count,
                              float *bias, size_t bias_count, const char *name, pk_error *error);

// BAD_MODEL where something is left behind the last layer.
bool pk_deep_compression_close(const pk_deep_compression *reader, pk_error *error);

#endif  // MINNOW_PACKER_IMPORT_DEEP_COMPRESSION_H_
