// Fills a graph's constants from BLOCK chunks, which come in ascending order of tensor and offset,
// and from the chunks of tables and codebooks that they need.
#ifndef MINNOW_FORMAT_WEIGHT_READER_H_
#define MINNOW_FORMAT_WEIGHT_READER_H_

#include "graph.h"
#include "symbol_table.h"

// Everything before (tensor, offset_bytes) has arrived; tensor is a constant or the tensor count
// when all have.
typedef struct mnw_weight_cursor {
  uint32_t tensor;
  uint32_t offset_bytes;  // of its levels, where it is coded by these
  uint32_t levels;        // MNW_CODING_LEVELS where it is
} mnw_weight_cursor;

// What earlier chunks of the same shard say about coding.
typedef struct mnw_weight_tables {
  mnw_symbol_table symbols, masks;           // masks: also symbols that stand for 4 bytes
  uint8_t mask[MNW_BLOCK_MAX_BYTES / 8];     // of the block being read
  uint8_t codebook[4 * MNW_CODEBOOK_WORDS];  // words that the chunk does not give are 0
  bool has_codebook;
} mnw_weight_tables;

void mnw_weight_tables_clear(mnw_weight_tables *tables);

// Reads the payload of a HUFFMAN_TABLE, MASK_TABLE, CODEBOOK, ANS_TABLE or ANS_MASK_TABLE chunk.
// Errors: CORRUPT, TRUNCATED.
mnw_status mnw_weight_tables_read(mnw_weight_tables *tables, uint32_t type, const uint8_t *payload,
                                  size_t payload_bytes, mnw_error *error);

void mnw_weight_cursor_start(mnw_weight_cursor *cursor, const mnw_graph *graph);

// Reads the payload of a BLOCK chunk into its tensor and moves the cursor. Errors: CORRUPT,
// TRUNCATED.
mnw_status mnw_weight_block_read(mnw_weight_cursor *cursor, const mnw_graph *graph,
                                 mnw_weight_tables *tables, const uint8_t *payload,
                                 size_t payload_bytes, mnw_error *error);

// Moves the cursor back to where it was before; what is then partly there stands as it stood.
void mnw_weight_cursor_rewind(mnw_weight_cursor *cursor, mnw_weight_cursor to,
                              const mnw_graph *graph);

#endif  // MINNOW_FORMAT_WEIGHT_READER_H_
