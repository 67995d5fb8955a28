#include "symbol_expand.h"

#include <string.h>

#include "package_format.h"

bool mnw_expand_runs(uint8_t *bytes, size_t size, size_t count) {
  const uint8_t *next = bytes + size - count, *end = bytes + size;
  uint8_t *out = bytes;
  while (next < end) {
    const uint8_t symbol = *next++;
    const unsigned run = symbol - MNW_RUN_FIRST;  // wraps for what is no run
    const size_t length = run < MNW_RUN_SYMBOLS ? mnw_run_length(run) : 1;
    if (length > (size_t)(next - out)) return false;
    if (run < MNW_RUN_SYMBOLS) {
      memset(out, 0, length);
    } else {
      *out = symbol;
    }
    out += length;
  }
  return out == end;
}

void mnw_expand_codebook(uint8_t *bytes, size_t count, const uint8_t *codebook) {
  const uint8_t *next = bytes + 3 * count;
  for (size_t i = 0; i < count; i++) memcpy(bytes + 4 * i, codebook + (size_t)4 * next[i], 4);
}
