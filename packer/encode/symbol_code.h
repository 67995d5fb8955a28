// One code of symbols, whichever kind it is: Huffman or ANS.
#ifndef MINNOW_PACKER_SYMBOL_CODE_H_
#define MINNOW_PACKER_SYMBOL_CODE_H_

#include "ans_encode.h"
#include "huffman_encode.h"

typedef struct pk_symbol_code {
  mnw_symbol_code kind;
  union {
    pk_huffman_code huffman;
    pk_ans_code ans;
  } of;
} pk_symbol_code;  // all zero: none

// The best code of a kind for symbols of these counts. Counts of nothing give a code of symbol 0,
// so that a table can be written.
void pk_symbol_code_build(pk_symbol_code *code, mnw_symbol_code kind,
                          const uint64_t counts[MNW_SYMBOLS]);

// The chunk that says the code: its type, for masks or other symbols, and its payload.
uint32_t pk_symbol_code_chunk(const pk_symbol_code *code, bool is_of_masks);
size_t pk_symbol_code_table_bytes(const pk_symbol_code *code);
void pk_symbol_code_write_table(pk_bytes *out, const pk_symbol_code *code);

// The symbols' part of a BLOCK. SIZE_MAX when the code lacks a symbol of `bytes`.
size_t pk_symbol_code_block_bytes(const pk_symbol_code *code, const uint8_t *bytes,
                                  size_t size_bytes);
void pk_symbol_code_write_block(pk_bytes *out, const pk_symbol_code *code, const uint8_t *bytes,
                                size_t size_bytes);

#endif  // MINNOW_PACKER_SYMBOL_CODE_H_
