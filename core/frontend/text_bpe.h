// Byte-level byte pair encoding as in GPT-2.
#ifndef MINNOW_FRONTEND_TEXT_BPE_H_
#define MINNOW_FRONTEND_TEXT_BPE_H_

#include <minnow/minnow.h>

#include "token_index.h"

enum { MNW_BPE_MAX_PIECE = 256 };  // bytes; longer pieces of text are cut there

typedef struct mnw_merge {
  int32_t left, right, merged;
} mnw_merge;

typedef struct mnw_bpe {
  mnw_merge *merges;  // best first
  uint32_t merge_count;
  uint32_t *slots;  // merge number + 1; 0: free
  uint32_t slot_mask;
  int32_t byte_ids[256];
  int32_t symbols[MNW_BPE_MAX_PIECE];
} mnw_bpe;

void mnw_bpe_lay_out(mnw_bpe *bpe, mnw_arena *arena, uint32_t merge_count);
// Errors: INVALID_ARGUMENT (a merge, counted from 1, or a byte that is no token).
mnw_status mnw_bpe_fill(mnw_bpe *bpe, const mnw_token_index *tokens, mnw_lines *lines,
                        mnw_error *error);

// The length of the next piece of text (GPT-2's pattern), at least 1; size > 0.
size_t mnw_bpe_piece(const uint8_t *bytes, size_t size);
// Merges a piece of at most MNW_BPE_MAX_PIECE bytes; returns how many of bpe->symbols it became.
uint32_t mnw_bpe_encode(mnw_bpe *bpe, const uint8_t *piece, uint32_t length);

#endif  // MINNOW_FRONTEND_TEXT_BPE_H_
