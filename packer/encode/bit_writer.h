// Bits behind each other, the first in the lowest bit of the first byte.
#ifndef MINNOW_PACKER_BIT_WRITER_H_
#define MINNOW_PACKER_BIT_WRITER_H_

#include <stdint.h>

typedef struct pk_bit_writer {
  uint8_t *at;  // where the next byte goes
  uint64_t pending;
  uint32_t count;  // of pending bits
} pk_bit_writer;

// The `count` lowest bits of `bits`, at most 32; those above must be 0.
static inline void pk_put_bits(pk_bit_writer *writer, uint32_t bits, uint32_t count) {
  writer->pending |= (uint64_t)bits << writer->count;
  writer->count += count;
  for (; writer->count >= 8; writer->count -= 8, writer->pending >>= 8) {
    *writer->at++ = (uint8_t)writer->pending;
  }
}

// Fills up the last byte with zeros; returns where the bytes end.
static inline uint8_t *pk_end_bits(pk_bit_writer *writer) {
  if (writer->count > 0) *writer->at++ = (uint8_t)writer->pending;
  return writer->at;
}

// Bits of a number up to its highest one; of 0: 0.
static inline uint32_t pk_bit_length(uint32_t number) {
  uint32_t length = 0;
  while (length < 32 && number >> length) length++;
  return length;
}

#endif  // MINNOW_PACKER_BIT_WRITER_H_
