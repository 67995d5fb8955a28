// The reference is encoder.py of openai/gpt-2: text is cut into pieces by
//   's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
// and in each piece, beginning with single bytes, the best ranked neighbours are merged until no
// merge is left.
#include "text_bpe.h"

#include <string.h>

#include "../base/error.h"
#include "unicode.h"

void mnw_bpe_lay_out(mnw_bpe *bpe, mnw_arena *arena, uint32_t merge_count) {
  const uint32_t slots = mnw_slot_count(merge_count);
  bpe->merge_count = merge_count;
  bpe->slot_mask = slots - 1;
  bpe->merges = mnw_arena_take(arena, merge_count, sizeof(mnw_merge));
  bpe->slots = mnw_arena_take(arena, slots, sizeof(uint32_t));
}

static int32_t find(const mnw_token_index *tokens, const uint8_t *left, uint32_t left_length,
                    const uint8_t *right, uint32_t right_length) {
  uint32_t hash = MNW_FNV_START;
  for (uint32_t i = 0; i < left_length; i++) hash = mnw_fnv_add(hash, left[i]);
  for (uint32_t i = 0; i < right_length; i++) hash = mnw_fnv_add(hash, right[i]);
  return mnw_token_find(tokens, hash, left, left_length, right, right_length);
}

// GPT-2 spells bytes that are no printable Latin-1 characters as U+0100 and following.
static mnw_status fill_bytes(mnw_bpe *bpe, const mnw_token_index *tokens, mnw_error *error) {
  uint32_t unprintable = 0x100;
  for (uint32_t byte = 0; byte < 256; byte++) {
    uint8_t spelt[MNW_UTF8_MAX];
    const bool is_printable = (byte >= 0x21 && byte < 0x7f) || (byte >= 0xa1 && byte != 0xad);
    const uint32_t length = mnw_utf8_put(spelt, is_printable ? byte : unprintable++);
    bpe->byte_ids[byte] = find(tokens, spelt, 0, spelt, length);
    if (bpe->byte_ids[byte] == MNW_TOKEN_NONE) {
      return mnw_fail(error, MNW_STATUS_INVALID_ARGUMENT,
                      "the vocabulary has no token for byte %0: it is no byte-level one", byte, 0,
                      0);
    }
  }
  return MNW_STATUS_OK;
}

// The merge of two tokens, or the free slot where it would stand.
static uint32_t slot_of(const mnw_bpe *bpe, int32_t left, int32_t right) {
  const uint32_t hash = (uint32_t)left * 0x9e3779b1u ^ (uint32_t)right * 0x85ebca6bu;
  uint32_t slot = (hash ^ hash >> 15) & bpe->slot_mask;
  for (; bpe->slots[slot] != 0; slot = (slot + 1) & bpe->slot_mask) {
    const mnw_merge *merge = &bpe->merges[bpe->slots[slot] - 1];
    if (merge->left == left && merge->right == right) break;
  }
  return slot;
}

mnw_status mnw_bpe_fill(mnw_bpe *bpe, const mnw_token_index *tokens, mnw_lines *lines,
                        mnw_error *error) {
  const uint8_t *line;
  uint32_t length;
  const mnw_status status = fill_bytes(bpe, tokens, error);
  if (status != MNW_STATUS_OK) return status;
  memset(bpe->slots, 0, ((size_t)bpe->slot_mask + 1) * sizeof(uint32_t));
  for (uint32_t i = 0; i < bpe->merge_count && mnw_lines_next(&line, &length, lines); i++) {
    const uint8_t *space = memchr(line, ' ', length);
    const uint32_t left = space ? (uint32_t)(space - line) : 0;
    const uint8_t *right = line + left + 1;
    mnw_merge *merge = &bpe->merges[i];
    *merge = (mnw_merge){MNW_TOKEN_NONE, MNW_TOKEN_NONE, MNW_TOKEN_NONE};
    if (space) {
      const uint32_t rest = length - left - 1;
      *merge = (mnw_merge){find(tokens, line, 0, line, left), find(tokens, right, 0, right, rest),
                           find(tokens, line, left, right, rest)};
    }
    if (merge->left < 0 || merge->right < 0 || merge->merged < 0) {
      return mnw_fail(error, MNW_STATUS_INVALID_ARGUMENT,
                      "merge %0 of the vocabulary is not two tokens that make a third", i + 1, 0,
                      0);
    }
    const uint32_t slot = slot_of(bpe, merge->left, merge->right);
    if (bpe->slots[slot] == 0) bpe->slots[slot] = i + 1;
  }
  return MNW_STATUS_OK;
}

static size_t contraction(const uint8_t *bytes, size_t size) {
  static const char endings[][3] = {"s", "t", "re", "ve", "m", "ll", "d"};
  if (bytes[0] != '\'') return 0;
  for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
    const size_t length = strlen(endings[i]);
    if (size > length && memcmp(bytes + 1, endings[i], length) == 0) return length + 1;
  }
  return 0;
}

// Letters, numbers, white space and all the rest.
static mnw_char_class kind_at(size_t *at, const uint8_t *bytes, size_t size) {
  const mnw_char_class kind = mnw_char_class_of(mnw_utf8_next(at, bytes, size));
  const bool stays = kind == MNW_CHAR_LETTER || kind == MNW_CHAR_NUMBER || kind == MNW_CHAR_SPACE;
  return stays ? kind : MNW_CHAR_OTHER;
}

size_t mnw_bpe_piece(const uint8_t *bytes, size_t size) {
  const size_t short_form = contraction(bytes, size);
  if (short_form > 0) return short_form;
  size_t end = 0, before_last = 0;
  mnw_char_class kind = kind_at(&end, bytes, size);
  if (bytes[0] == ' ' && end < size) {
    size_t second = end;
    const mnw_char_class next = kind_at(&second, bytes, size);
    if (next != MNW_CHAR_SPACE) {
      kind = next;
      end = second;
    }
  }
  while (end < size) {
    size_t next = end;
    if (kind_at(&next, bytes, size) != kind) break;
    before_last = end;
    end = next;
  }
  // White space in front of a word leaves its last character to the word.
  return kind == MNW_CHAR_SPACE && end < size && before_last > 0 ? before_last : end;
}

uint32_t mnw_bpe_encode(mnw_bpe *bpe, const uint8_t *piece, uint32_t length) {
  int32_t *symbols = bpe->symbols;
  uint32_t count = length;
  for (uint32_t i = 0; i < length; i++) symbols[i] = bpe->byte_ids[piece[i]];
  while (count > 1) {
    uint32_t best = 0;  // merge number + 1
    for (uint32_t i = 0; i + 1 < count; i++) {
      const uint32_t merge = bpe->slots[slot_of(bpe, symbols[i], symbols[i + 1])];
      if (merge != 0 && (best == 0 || merge < best)) best = merge;
    }
    if (best == 0) break;
    const mnw_merge *merge = &bpe->merges[best - 1];
    uint32_t kept = 0;
    for (uint32_t i = 0; i < count; kept++) {
      const bool merges =
          i + 1 < count && symbols[i] == merge->left && symbols[i + 1] == merge->right;
      symbols[kept] = merges ? merge->merged : symbols[i];
      i += merges ? 2 : 1;
    }
    count = kept;
  }
  return count;
}
