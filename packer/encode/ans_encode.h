// Writes ANS tables and blocks as docs/FORMAT.md describes them, and tells exactly how many bytes
// they take before anything is written.
#ifndef MINNOW_PACKER_ANS_ENCODE_H_
#define MINNOW_PACKER_ANS_ENCODE_H_

#include "byte_buffer.h"
#include "core/format/symbol_table.h"

typedef struct pk_ans_code {
  uint16_t frequencies[MNW_SYMBOLS];  // of MNW_SYMBOL_TABLE_ENTRIES; 0: unused
  // The states that symbol s owns, upwards: states[starts[s]] … states[starts[s] + frequencies[s] -
  // 1].
  uint16_t starts[MNW_SYMBOLS];
  uint16_t states[MNW_SYMBOL_TABLE_ENTRIES];
} pk_ans_code;

// Frequencies that code symbols of these counts in the fewest bits. False when no symbol is used.
bool pk_ans_build(pk_ans_code *code, const uint64_t counts[MNW_SYMBOLS]);

// Payload of an ANS_TABLE chunk. The code must have a used symbol.
size_t pk_ans_table_bytes(const pk_ans_code *code);
void pk_ans_write_table(pk_bytes *out, const pk_ans_code *code);

// The symbols' part of a BLOCK for 0 … 65536 bytes, a symbol each: byte + 128, modulo 256. SIZE_MAX
// when the code lacks a symbol of `bytes`, which must then not be written with it.
size_t pk_ans_block_bytes(const pk_ans_code *code, const uint8_t *bytes, size_t size_bytes);
void pk_ans_write_block(pk_bytes *out, const pk_ans_code *code, const uint8_t *bytes,
                        size_t size_bytes);

#endif  // MINNOW_PACKER_ANS_ENCODE_H_
