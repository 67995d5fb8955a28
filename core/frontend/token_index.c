#include "token_index.h"

#include <string.h>

bool mnw_lines_next(const uint8_t **line, uint32_t *length, mnw_lines *lines) {
  if (lines->at == lines->end) return false;
  const uint8_t *newline = memchr(lines->at, '\n', (size_t)(lines->end - lines->at));
  const uint8_t *end = newline ? newline : lines->end;
  *line = lines->at;
  lines->at = newline ? newline + 1 : lines->end;
  if (end > *line && end[-1] == '\r') end--;
  *length = (uint32_t)(end - *line);
  return true;
}

uint32_t mnw_slot_count(uint32_t entries) {
  uint32_t slots = 16;
  while (slots < entries + entries / 2) slots *= 2;
  return slots;
}

void mnw_token_index_lay_out(mnw_token_index *index, mnw_arena *arena, uint32_t count) {
  const uint32_t slots = mnw_slot_count(count);
  *index = (mnw_token_index){.count = count, .slot_mask = slots - 1};
  index->starts = mnw_arena_take(arena, count, sizeof(uint32_t));
  index->lengths = mnw_arena_take(arena, count, sizeof(uint32_t));
  index->slots = mnw_arena_take(arena, slots, sizeof(uint32_t));
}

static uint32_t hash_of(const uint8_t *bytes, uint32_t length) {
  uint32_t hash = MNW_FNV_START;
  for (uint32_t i = 0; i < length; i++) hash = mnw_fnv_add(hash, bytes[i]);
  return hash;
}

// Where the token stands, or the free slot where it would.
static uint32_t slot_of(const mnw_token_index *index, uint32_t hash, const uint8_t *prefix,
                        uint32_t prefix_length, const uint8_t *bytes, uint32_t length) {
  uint32_t slot = (hash ^ hash >> 15) & index->slot_mask;
  for (; index->slots[slot] != 0; slot = (slot + 1) & index->slot_mask) {
    const uint32_t token = index->slots[slot] - 1;
    const uint8_t *spelt = index->text + index->starts[token];
    if (index->lengths[token] == prefix_length + length &&
        memcmp(spelt, prefix, prefix_length) == 0 &&
        memcmp(spelt + prefix_length, bytes, length) == 0) {
      break;
    }
  }
  return slot;
}

void mnw_token_index_fill(mnw_token_index *index, mnw_lines *lines) {
  const uint8_t *line;
  uint32_t length;
  index->text = lines->at;
  memset(index->slots, 0, ((size_t)index->slot_mask + 1) * sizeof(uint32_t));
  for (uint32_t token = 0; token < index->count && mnw_lines_next(&line, &length, lines); token++) {
    index->starts[token] = (uint32_t)(line - index->text);
    index->lengths[token] = length;
    index->slots[slot_of(index, hash_of(line, length), line, 0, line, length)] = token + 1;
  }
}

int32_t mnw_token_find(const mnw_token_index *index, uint32_t hash, const uint8_t *prefix,
                       uint32_t prefix_length, const uint8_t *bytes, uint32_t length) {
  const uint32_t slot = slot_of(index, hash, prefix, prefix_length, bytes, length);
  return (int32_t)index->slots[slot] - 1;
}
