// Any bytes as a Huffman table and a block coded with it.
#include <stdlib.h>

#include "format/symbol_decode.h"
#include "fuzz_target.h"

// Byte 0: bytes of the table; bytes 1, 2: decoded size; then table, then block.
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes) {
  static mnw_symbol_table table;
  mnw_error error;
  if (size_bytes < 3) return 0;
  const size_t out_bytes = 1 + (bytes[1] | (size_t)bytes[2] << 8);
  const size_t left = size_bytes - 3;
  const size_t table_bytes = bytes[0] < left ? bytes[0] : left;
  uint8_t *out = malloc(out_bytes);
  if (mnw_huffman_read_table(&table, bytes + 3, table_bytes, &error) == MNW_STATUS_OK) {
    (void)mnw_symbols_decode(out, out_bytes, &table, bytes + 3 + table_bytes, left - table_bytes,
                             &error);
  }
  free(out);
  return 0;
}
