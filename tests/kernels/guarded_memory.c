// Memory for kernel checks. Natively each slot is a mapping of its own between two inaccessible
// pages, so that any byte touched beyond a block that ends (or begins) there faults, in every build
// and without a sanitizer. In wasm there are no pages to protect; writes are still seen.
#define _DEFAULT_SOURCE  // MAP_ANONYMOUS
#include <string.h>

#include "kernel_check.h"

#ifdef __wasm__

static _Alignas(64) uint8_t slots[GUARDED_SLOTS][GUARDED_SLOT_BYTES];

static uint8_t *slot_memory(int slot) {
  return slots[slot];
}

#else

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

static uint8_t *slot_memory(int slot) {
  static uint8_t *slots[GUARDED_SLOTS];
  if (slots[slot] == NULL) {
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    uint8_t *mapped =
        mmap(NULL, GUARDED_SLOT_BYTES + 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (mapped == MAP_FAILED ||
        mprotect(mapped + page, GUARDED_SLOT_BYTES, PROT_READ | PROT_WRITE) != 0) {
      perror("guarded memory");
      abort();
    }
    slots[slot] = mapped + page;
  }
  return slots[slot];
}

#endif

enum { WATCHED_BYTES = 256, WATCH_BYTE = 0xA5 };

typedef struct watched_block {
  size_t begin, end;
} watched_block;

static watched_block blocks[GUARDED_SLOTS];

void *guarded_block(int slot, size_t size_bytes, bool at_end) {
  uint8_t *memory = slot_memory(slot);
  if (size_bytes > GUARDED_SLOT_BYTES) {
    return NULL;
  }
  const size_t begin = at_end ? GUARDED_SLOT_BYTES - size_bytes : 0;
  const size_t end = begin + size_bytes;
  const size_t before = begin < WATCHED_BYTES ? begin : WATCHED_BYTES;
  const size_t after =
      GUARDED_SLOT_BYTES - end < WATCHED_BYTES ? GUARDED_SLOT_BYTES - end : WATCHED_BYTES;
  memset(memory + begin - before, WATCH_BYTE, before);
  memset(memory + end, WATCH_BYTE, after);
  blocks[slot] = (watched_block){begin, end};
  return memory + begin;
}

bool guarded_block_is_violated(int slot) {
  const uint8_t *memory = slot_memory(slot);
  const watched_block block = blocks[slot];
  for (size_t i = 1; i <= WATCHED_BYTES; i++) {
    if (block.begin >= i && memory[block.begin - i] != WATCH_BYTE) {
      return true;
    }
    if (block.end + i <= GUARDED_SLOT_BYTES && memory[block.end + i - 1] != WATCH_BYTE) {
      return true;
    }
  }
  return false;
}
