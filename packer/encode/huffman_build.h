// Optimal length-limited Huffman codes from symbol counts, in the canonical form of docs/FORMAT.md.
#ifndef MINNOW_PACKER_HUFFMAN_BUILD_H_
#define MINNOW_PACKER_HUFFMAN_BUILD_H_

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PK_HUFFMAN_SYMBOLS = 256 };

typedef struct pk_huffman_code {
  uint8_t lengths[PK_HUFFMAN_SYMBOLS];  // in bits, at most MNW_SYMBOL_TABLE_BITS; 0: unused
  uint16_t bits[PK_HUFFMAN_SYMBOLS];    // reversed: the first bit of the code is the lowest
} pk_huffman_code;

// Code lengths of least total cost sum(counts[s] * lengths[s]) among all prefix codes of at most
// `max_bits` bits. `count` symbols, `count` <= 256 and <= 2^max_bits; symbols with count 0 get
// length 0. A single used symbol gets length 1. False when no symbol is used.
bool pk_huffman_lengths(uint8_t *lengths, const uint64_t *counts, size_t count, int max_bits);

// Lengths limited to MNW_SYMBOL_TABLE_BITS and their canonical codes. False when no symbol is used.
bool pk_huffman_build(pk_huffman_code *code, const uint64_t counts[PK_HUFFMAN_SYMBOLS]);

// Order-0 entropy in bits per symbol; 0 without symbols.
double pk_entropy_bits(const uint64_t counts[PK_HUFFMAN_SYMBOLS]);

#endif  // MINNOW_PACKER_HUFFMAN_BUILD_H_
