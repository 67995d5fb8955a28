// Writes Huffman tables and blocks as docs/FORMAT.md describes them, and tells exactly how many
// bytes they take before anything is written.
#ifndef MINNOW_PACKER_HUFFMAN_ENCODE_H_
#define MINNOW_PACKER_HUFFMAN_ENCODE_H_

#include "byte_buffer.h"
#include "huffman_build.h"

// Counts the symbols (byte + 128, modulo 256) of `bytes`; counts is overwritten.
void pk_huffman_count(uint64_t counts[PK_HUFFMAN_SYMBOLS], const uint8_t *bytes, size_t size_bytes);

// Payload of a HUFFMAN_TABLE chunk. The code must have a used symbol.
size_t pk_huffman_table_bytes(const pk_huffman_code *code);
void pk_huffman_write_table(pk_bytes *out, const pk_huffman_code *code);

// The Huffman part of a BLOCK (three stream sizes, four streams) for 1 … 65536 bytes. SIZE_MAX when
// the code lacks a symbol of `bytes`, which must then not be written with it.
size_t pk_huffman_block_bytes(const pk_huffman_code *code, const uint8_t *bytes, size_t size_bytes);
void pk_huffman_write_block(pk_bytes *out, const pk_huffman_code *code, const uint8_t *bytes,
                            size_t size_bytes);

#endif  // MINNOW_PACKER_HUFFMAN_ENCODE_H_
