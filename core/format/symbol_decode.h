// Decoding symbols by a table, four streams at a time.
#ifndef MINNOW_FORMAT_SYMBOL_DECODE_H_
#define MINNOW_FORMAT_SYMBOL_DECODE_H_

#include "symbol_table.h"

// Decodes the symbols' part of a BLOCK (three stream sizes, then the streams) to exactly out_bytes
// bytes. Errors: CORRUPT; what was written by then is undefined.
mnw_status mnw_symbols_decode(uint8_t *out, size_t out_bytes, const mnw_symbol_table *table,
                              const uint8_t *payload, size_t payload_bytes, mnw_error *error);

#endif  // MINNOW_FORMAT_SYMBOL_DECODE_H_
