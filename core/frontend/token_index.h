// Tokens by their text: the lines of a vocabulary in an open hash table.
#ifndef MINNOW_FRONTEND_TOKEN_INDEX_H_
#define MINNOW_FRONTEND_TOKEN_INDEX_H_

#include <stdbool.h>

#include "../base/arena.h"

enum { MNW_TOKEN_NONE = -1, MNW_MAX_TOKENS = 1 << 21 };

// FNV-1a, 32 bits, www.isthe.com/chongo/tech/comp/fnv.
static inline uint32_t mnw_fnv_add(uint32_t hash, uint8_t byte) {
  return (hash ^ byte) * 16777619u;
}
enum { MNW_FNV_START = 0x811c9dc5 };

typedef struct mnw_lines {
  const uint8_t *at, *end;  // the rest
} mnw_lines;

// The next line without its "\n" or "\r\n"; false behind the last.
bool mnw_lines_next(const uint8_t **line, uint32_t *length, mnw_lines *lines);

typedef struct mnw_token_index {
  const uint8_t *text;
  uint32_t *starts, *lengths;  // of each token in `text`
  uint32_t count;
  uint32_t *slots;  // token number + 1; 0: free
  uint32_t slot_mask;
} mnw_token_index;

// A power of two that leaves a third of the slots free at least.
uint32_t mnw_slot_count(uint32_t entries);

void mnw_token_index_lay_out(mnw_token_index *index, mnw_arena *arena, uint32_t count);

// Takes index->count lines. Of equal lines the last one counts.
void mnw_token_index_fill(mnw_token_index *index, mnw_lines *lines);

// The token that is spelt `length` bytes with this FNV-1a hash: those of `prefix`, then `bytes`.
int32_t mnw_token_find(const mnw_token_index *index, uint32_t hash, const uint8_t *prefix,
                       uint32_t prefix_length, const uint8_t *bytes, uint32_t length);

#endif  // MINNOW_FRONTEND_TOKEN_INDEX_H_
