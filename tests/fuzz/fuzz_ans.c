// Any bytes as an ANS table and a block coded with it.
#include <stdlib.h>

#include "format/symbol_decode.h"
#include "fuzz_target.h"

// Bytes 0, 1: bytes of the table; bytes 2, 3: decoded size; then table, then block.
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes) {
  static mnw_symbol_table table;
  mnw_error error;
  if (size_bytes < 4) return 0;
  const size_t wanted = bytes[0] | (size_t)bytes[1] << 8, left = size_bytes - 4;
  const size_t out_bytes = 1 + (bytes[2] | (size_t)bytes[3] << 8);
  const size_t table_bytes = wanted < left ? wanted : left;
  uint8_t *out = malloc(out_bytes);
  if (mnw_ans_read_table(&table, bytes + 4, table_bytes, &error) == MNW_STATUS_OK) {
    (void)mnw_symbols_decode(out, out_bytes, &table, bytes + 4 + table_bytes, left - table_bytes,
                             &error);
  }
  free(out);
  return 0;
}
