#include "symbol_code.h"

static bool build(pk_symbol_code *code, const uint64_t counts[MNW_SYMBOLS]) {
  return code->kind == MNW_SYMBOL_CODE_ANS ? pk_ans_build(&code->of.ans, counts)
                                           : pk_huffman_build(&code->of.huffman, counts);
}

void pk_symbol_code_build(pk_symbol_code *code, mnw_symbol_code kind,
                          const uint64_t counts[MNW_SYMBOLS]) {
  static const uint64_t of_nothing[MNW_SYMBOLS] = {[MNW_SYMBOLS / 2] = 1};
  *code = (pk_symbol_code){.kind = kind};
  if (!build(code, counts)) build(code, of_nothing);
}

uint32_t pk_symbol_code_chunk(const pk_symbol_code *code, bool is_of_masks) {
  if (code->kind == MNW_SYMBOL_CODE_ANS) {
    return is_of_masks ? MNW_CHUNK_ANS_MASK_TABLE : MNW_CHUNK_ANS_TABLE;
  }
  return is_of_masks ? MNW_CHUNK_MASK_TABLE : MNW_CHUNK_HUFFMAN_TABLE;
}

size_t pk_symbol_code_table_bytes(const pk_symbol_code *code) {
  return code->kind == MNW_SYMBOL_CODE_ANS ? pk_ans_table_bytes(&code->of.ans)
                                           : pk_huffman_table_bytes(&code->of.huffman);
}

void pk_symbol_code_write_table(pk_bytes *out, const pk_symbol_code *code) {
  if (code->kind == MNW_SYMBOL_CODE_ANS) {
    pk_ans_write_table(out, &code->of.ans);
  } else {
    pk_huffman_write_table(out, &code->of.huffman);
  }
}

size_t pk_symbol_code_block_bytes(const pk_symbol_code *code, const uint8_t *bytes,
                                  size_t size_bytes) {
  return code->kind == MNW_SYMBOL_CODE_ANS
             ? pk_ans_block_bytes(&code->of.ans, bytes, size_bytes)
             : pk_huffman_block_bytes(&code->of.huffman, bytes, size_bytes);
}

void pk_symbol_code_write_block(pk_bytes *out, const pk_symbol_code *code, const uint8_t *bytes,
                                size_t size_bytes) {
  if (code->kind == MNW_SYMBOL_CODE_ANS) {
    pk_ans_write_block(out, &code->of.ans, bytes, size_bytes);
  } else {
    pk_huffman_write_block(out, &code->of.huffman, bytes, size_bytes);
  }
}
