#include "weight_reader.h"

#include <string.h>

#include "../base/bytes.h"
#include "../base/error.h"
#include "../kernels/packed_layout.h"
#include "levels.h"
#include "symbol_decode.h"
#include "symbol_expand.h"
#include "trellis.h"
#include "value_range.h"

static void skip_to_constant(mnw_weight_cursor *cursor, const mnw_graph *graph) {
  while (cursor->tensor < graph->tensor_count &&
         graph->tensors[cursor->tensor].kind != MNW_KIND_CONSTANT) {
    cursor->tensor++;
  }
}

void mnw_weight_cursor_start(mnw_weight_cursor *cursor, const mnw_graph *graph) {
  cursor->tensor = 0;
  cursor->offset_bytes = 0;
  skip_to_constant(cursor, graph);
}

void mnw_weight_tables_clear(mnw_weight_tables *tables) {
  tables->symbols.code = tables->masks.code = MNW_SYMBOL_CODE_NONE;
  tables->has_codebook = false;
}

static mnw_status read_codebook(mnw_weight_tables *tables, const uint8_t *payload,
                                size_t payload_bytes, mnw_error *error) {
  if (payload_bytes % 4 != 0 || payload_bytes > sizeof tables->codebook) {
    return mnw_bad_table(MNW_STATUS_CORRUPT, payload_bytes, error);
  }
  memset(tables->codebook, 0, sizeof tables->codebook);
  memcpy(tables->codebook, payload, payload_bytes);
  tables->has_codebook = true;
  return MNW_STATUS_OK;
}

mnw_status mnw_weight_tables_read(mnw_weight_tables *tables, uint32_t type, const uint8_t *payload,
                                  size_t payload_bytes, mnw_error *error) {
  if (type == MNW_CHUNK_CODEBOOK) return read_codebook(tables, payload, payload_bytes, error);
  const bool is_of_masks = type == MNW_CHUNK_MASK_TABLE || type == MNW_CHUNK_ANS_MASK_TABLE;
  mnw_symbol_table *table = is_of_masks ? &tables->masks : &tables->symbols;
  return type < MNW_CHUNK_ANS_TABLE ? mnw_huffman_read_table(table, payload, payload_bytes, error)
                                    : mnw_ans_read_table(table, payload, payload_bytes, error);
}

// Kernels rely on the bits that an operator says its weights have.
static mnw_status check_values(const mnw_tensor *tensor, uint32_t number, size_t offset,
                               size_t bytes, mnw_error *error) {
  if (tensor->value_min == INT8_MIN && tensor->value_max == INT8_MAX) return MNW_STATUS_OK;
  const int8_t low = tensor->value_min, high = tensor->value_max;
  if (mnw_values_within((const int8_t *)tensor->data + offset, bytes, low, high)) {
    return MNW_STATUS_OK;
  }
  return mnw_fail(
      error, MNW_STATUS_CORRUPT,
      "tensor %0 has values outside of %1 to %2, more than its operator allows: pack the "
      "model again",
      number, low, high);
}

// A coded block whose bytes go to `offset` of the tensor, or of its levels.
typedef struct coded_block {
  const mnw_tensor *tensor, *before;  // before: a float32 constant that precedes it, or NULL
  uint32_t number, offset, bytes, coding;
} coded_block;

static mnw_status bad_block(const coded_block *block, mnw_error *error) {
  return mnw_fail(error, MNW_STATUS_CORRUPT,
                  "weight block of %0 bytes for tensor %1 does not fit its coding, %2",
                  block->bytes, block->number, block->coding);
}

// Symbols to levels. False where the tensor is none that a trellis can code.
static bool expand_trellis(const coded_block *block) {
  const mnw_tensor *tensor = block->tensor;
  const uint32_t step = MNW_TILE_CHANNELS * MNW_TILE_K;
  const size_t channels = tensor->rank > 0 ? (size_t)tensor->dims[0] : 1;
  if (tensor->layout == MNW_LAYOUT_ROW_MAJOR && tensor->dtype == MNW_DTYPE_S8) {
    mnw_trellis_expand_rows(tensor->data, block->offset, block->bytes,
                            tensor->size_bytes / channels);
    return true;
  }
  if (tensor->layout != MNW_LAYOUT_TILE_8X4 || block->offset % step || block->bytes % step) {
    return false;
  }
  mnw_trellis_expand_tiles(tensor->data, block->offset, block->bytes,
                           tensor->size_bytes / mnw_round_up(channels, MNW_TILE_CHANNELS));
  return true;
}

// Symbols that a mask spreads, to the last `expanded` bytes before `end`: the payload is their
// number, the bytes of the mask's own part, that part, and theirs.
static mnw_status read_masked(const coded_block *block, uint8_t *end, size_t expanded,
                              mnw_weight_tables *tables, const uint8_t *payload,
                              size_t payload_bytes, mnw_error *error) {
  enum { HEAD = 8 };
  const size_t count = payload_bytes < HEAD ? SIZE_MAX : mnw_load_u32(payload);
  const size_t mask_bytes = payload_bytes < HEAD ? 0 : mnw_load_u32(payload + 4);
  if (count > expanded || mask_bytes > payload_bytes - HEAD) return bad_block(block, error);
  mnw_status status = mnw_symbols_decode(tables->mask, (expanded + 7) / 8, &tables->masks,
                                         payload + HEAD, mask_bytes, error);
  if (status != MNW_STATUS_OK) return status;
  status = mnw_symbols_decode(end - count, count, &tables->symbols, payload + HEAD + mask_bytes,
                              payload_bytes - HEAD - mask_bytes, error);
  if (status != MNW_STATUS_OK) return status;
  return mnw_expand_mask(end - expanded, expanded, count, tables->mask) ? MNW_STATUS_OK
                                                                        : bad_block(block, error);
}

// The part of the tensor before that goes with a block; NULL: it is not of multipliers.
static const uint8_t *multipliers_of(const coded_block *block) {
  const bool fits = block->before && block->before->size_bytes == block->tensor->size_bytes;
  return fits ? block->before->data + block->offset : NULL;
}

// 4-byte numbers from their lengths: the payload is the bytes of the symbols' part, that part, and
// the numbers' bits.
static mnw_status read_words(const coded_block *block, mnw_weight_tables *tables,
                             const uint8_t *payload, size_t payload_bytes, mnw_error *error) {
  enum { HEAD = 4 };
  const size_t count = block->bytes / 4;
  uint8_t *out = block->tensor->data + block->offset;
  if (block->bytes % 4 != 0 || payload_bytes < HEAD) return bad_block(block, error);
  mnw_word_form form = {block->coding == MNW_CODING_FLOAT_WORDS, NULL};
  if (block->coding > MNW_CODING_FLOAT_WORDS) return bad_block(block, error);
  if (block->coding & MNW_CODING_SCALED) {
    form.multipliers = multipliers_of(block);
    if (!form.multipliers) return bad_block(block, error);
  }
  const size_t symbol_bytes = mnw_load_u32(payload);
  if (symbol_bytes > payload_bytes - HEAD) return bad_block(block, error);
  const mnw_status status = mnw_symbols_decode(out + 3 * count, count, &tables->masks,
                                               payload + HEAD, symbol_bytes, error);
  if (status != MNW_STATUS_OK) return status;
  const uint8_t *bits = payload + HEAD + symbol_bytes;
  return mnw_expand_words(out, count, bits, payload_bytes - HEAD - symbol_bytes, form)
             ? MNW_STATUS_OK
             : bad_block(block, error);
}

static mnw_status read_coded(const coded_block *block, mnw_weight_tables *tables,
                             const uint8_t *payload, size_t payload_bytes, mnw_error *error) {
  const uint32_t coding = block->coding;
  const bool has_words = (coding & MNW_CODING_WORDS) != 0;
  const bool has_codebook = (coding & MNW_CODING_CODEBOOK) != 0;
  const size_t expanded = has_codebook ? block->bytes / 4 : block->bytes;
  uint8_t *end = block->tensor->data + block->offset + block->bytes;
  if (has_words && (coding & (MNW_CODING_MASK | MNW_CODING_TRELLIS))) {
    return bad_block(block, error);
  }
  if (has_words && !has_codebook) return read_words(block, tables, payload, payload_bytes, error);
  if (coding & (MNW_CODING_SCALED | MNW_CODING_FLOATS)) return bad_block(block, error);
  if (has_codebook && (!tables->has_codebook || block->bytes % 4 != 0)) {
    return bad_block(block, error);
  }
  const mnw_status status =
      coding & MNW_CODING_MASK
          ? read_masked(block, end, expanded, tables, payload, payload_bytes, error)
          : mnw_symbols_decode(end - expanded, expanded,
                               has_words ? &tables->masks : &tables->symbols, payload,
                               payload_bytes, error);
  if (status != MNW_STATUS_OK) return status;
  if (has_codebook) mnw_expand_codebook(end - block->bytes, expanded, tables->codebook);
  if ((coding & MNW_CODING_TRELLIS) && !expand_trellis(block)) return bad_block(block, error);
  return MNW_STATUS_OK;
}

// The block's bytes into its tensor.
static mnw_status read_block(const coded_block *block, mnw_weight_tables *tables,
                             const uint8_t *payload, size_t payload_bytes, mnw_error *error) {
  const mnw_tensor *tensor = block->tensor;
  const uint32_t offset = block->offset, bytes = block->bytes, coding = block->coding;
  if (bytes == 0 || bytes > MNW_BLOCK_MAX_BYTES || bytes > tensor->size_bytes - offset) {
    return mnw_fail(error, MNW_STATUS_CORRUPT,
                    "weight block of %0 bytes does not fit into tensor %1 at byte %2", bytes,
                    block->number, offset);
  }
  if (coding == MNW_CODING_RAW) {
    if (payload_bytes != bytes) return bad_block(block, error);
    memcpy(tensor->data + offset, payload, bytes);
  } else if ((coding & MNW_CODING_SYMBOLS) && coding < MNW_CODING_LEVELS) {
    const mnw_status status = read_coded(block, tables, payload, payload_bytes, error);
    if (status != MNW_STATUS_OK) return status;
  } else {
    return mnw_fail(error, MNW_STATUS_UNSUPPORTED_VERSION,
                    "weight block of tensor %0 has coding %1, which this runtime does not know: "
                    "update the runtime",
                    block->number, coding, 0);
  }
  return check_values(tensor, block->number, offset, bytes, error);
}

// NULL where the tensor before cannot be steps or multipliers.
static const mnw_tensor *float_before(const mnw_graph *graph, uint32_t number) {
  const mnw_tensor *before = number > 0 ? &graph->tensors[number - 1] : NULL;
  const bool is_float =
      before && before->kind == MNW_KIND_CONSTANT && before->dtype == MNW_DTYPE_F32;
  return is_float ? before : NULL;
}

mnw_status mnw_weight_block_read(mnw_weight_cursor *cursor, const mnw_graph *graph,
                                 mnw_weight_tables *tables, const uint8_t *payload,
                                 size_t payload_bytes, mnw_error *error) {
  if (payload_bytes < MNW_BLOCK_HEADER_BYTES) {
    return mnw_fail(error, MNW_STATUS_TRUNCATED, "weight block of %0 bytes", (int64_t)payload_bytes,
                    0, 0);
  }
  const uint32_t number = mnw_load_u32(payload), offset = mnw_load_u32(payload + 4);
  const uint32_t bytes = mnw_load_u32(payload + 8), coding = mnw_load_u32(payload + 12);
  if (number != cursor->tensor || number >= graph->tensor_count || offset != cursor->offset_bytes) {
    return mnw_fail(error, MNW_STATUS_CORRUPT,
                    "weight block for tensor %0 from byte %1 comes out of order: tensor %2 is due",
                    number, offset, cursor->tensor);
  }
  if (offset == 0) cursor->levels = coding & MNW_CODING_LEVELS;
  const mnw_tensor *tensor = &graph->tensors[number];
  coded_block block = {tensor, float_before(graph, number), number, offset,
                       bytes,  coding ^ cursor->levels};
  mnw_tensor levels;
  if (cursor->levels) {
    if (!block.before || !mnw_levels_have_steps(tensor, block.before)) {
      return bad_block(&block, error);
    }
    levels = mnw_levels_of(tensor);
    block.tensor = &levels;
  }
  const mnw_status status = read_block(&block, tables, payload + MNW_BLOCK_HEADER_BYTES,
                                       payload_bytes - MNW_BLOCK_HEADER_BYTES, error);
  if (status != MNW_STATUS_OK) return status;
  cursor->offset_bytes += bytes;
  if (cursor->offset_bytes == block.tensor->size_bytes) {
    if (cursor->levels && !mnw_levels_expand(tensor, block.before)) {
      return bad_block(&block, error);
    }
    cursor->offset_bytes = 0;
    cursor->tensor++;
    skip_to_constant(cursor, graph);
  }
  return MNW_STATUS_OK;
}

void mnw_weight_cursor_rewind(mnw_weight_cursor *cursor, mnw_weight_cursor to,
                              const mnw_graph *graph) {
  const mnw_tensor *tensor = &graph->tensors[to.tensor];
  if (to.levels && to.offset_bytes > 0 && cursor->tensor != to.tensor) {
    mnw_levels_collapse(tensor, tensor - 1);
  }
  *cursor = to;
}
