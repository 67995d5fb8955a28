#include "import_arena.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK_BYTES = 1 << 16, ALIGNMENT = 16 };

struct pk_arena_block {
  _Alignas(ALIGNMENT) pk_arena_block *next;
  size_t used_bytes, capacity_bytes;
};

void pk_arena_init(pk_arena *arena, size_t limit_bytes) {
  *arena = (pk_arena){.limit_bytes = limit_bytes};
}

void pk_arena_deinit(pk_arena *arena) {
  while (arena->blocks) {
    pk_arena_block *next = arena->blocks->next;
    free(arena->blocks);
    arena->blocks = next;
  }
  arena->used_bytes = 0;
}

static pk_arena_block *add_block(pk_arena *arena, size_t bytes) {
  const size_t capacity_bytes = bytes > BLOCK_BYTES ? bytes : BLOCK_BYTES;
  pk_arena_block *block = malloc(sizeof *block + capacity_bytes);
  if (!block) return NULL;
  block->used_bytes = 0;
  block->capacity_bytes = capacity_bytes;
  block->next = arena->blocks;
  arena->blocks = block;
  return block;
}

void *pk_arena_alloc(pk_arena *arena, size_t count, size_t size_bytes, pk_error *error) {
  const size_t left_bytes = arena->limit_bytes - arena->used_bytes;
  if (size_bytes != 0 && count > left_bytes / size_bytes) {
    pk_fail(error, PK_BAD_MODEL,
            "the model refers to the same data so often that importing it would take more than "
            "%zu MiB; such a file is broken or hostile",
            arena->limit_bytes >> 20);
    return NULL;
  }
  size_t bytes = (count * size_bytes + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
  if (bytes == 0) bytes = ALIGNMENT;
  pk_arena_block *block = arena->blocks;
  if (!block || block->capacity_bytes - block->used_bytes < bytes) block = add_block(arena, bytes);
  if (!block) {
    pk_fail(error, PK_OUT_OF_MEMORY, "out of memory while importing the model");
    return NULL;
  }
  void *memory = (uint8_t *)(block + 1) + block->used_bytes;
  block->used_bytes += bytes;
  arena->used_bytes += bytes < left_bytes ? bytes : left_bytes;
  return memset(memory, 0, bytes);
}

void *pk_arena_copy(pk_arena *arena, const void *source, size_t count, size_t size_bytes,
                    pk_error *error) {
  void *copy = pk_arena_alloc(arena, count, size_bytes, error);
  if (copy && count * size_bytes != 0) memcpy(copy, source, count * size_bytes);
  return copy;
}

void *pk_arena_grow(pk_arena *arena, void *array, size_t count, size_t *capacity, size_t size_bytes,
                    pk_error *error) {
  if (count < *capacity) return array;
  const size_t wider = *capacity ? *capacity * 2 : 16;
  void *moved = pk_arena_alloc(arena, wider, size_bytes, error);
  if (!moved) return NULL;
  if (count) memcpy(moved, array, count * size_bytes);
  *capacity = wider;
  return moved;
}

char *pk_arena_text(pk_arena *arena, pk_error *error, const char *format, ...) {
  char text[512];
  va_list args;
  va_start(args, format);
  const int written = vsnprintf(text, sizeof text, format, args);
  va_end(args);
  const size_t length = written < 0 ? 0 : strlen(text);
  return pk_arena_copy(arena, text, length + 1, 1, error);
}
