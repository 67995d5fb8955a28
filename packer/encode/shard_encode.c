// Constants become blocks, blocks fill shards front to back. Because no state crosses shards, a
// table must be repeated in each shard that uses it; so the coding of a constant is chosen anew, by
// exact bytes, for what is left of it at the start of each shard: raw, or one of its forms with the
// latest table of the shard or a table of its own. Within that choice a single block is still
// written raw where that is smaller.
#include "shard_encode.h"

#include <stdlib.h>

#include "constant_forms.h"
#include "core/kernels/packed_layout.h"
#include "graph_encode.h"
#include "huffman_encode.h"

enum {
  BLOCK_OVERHEAD_BYTES = MNW_CHUNK_HEADER_BYTES + MNW_BLOCK_HEADER_BYTES,
  TABLE_MAX_BYTES = MNW_CHUNK_HEADER_BYTES + 2 + PK_HUFFMAN_SYMBOLS / 2,
  CODEBOOK_MAX_BYTES = MNW_CHUNK_HEADER_BYTES + 4 * MNW_CODEBOOK_WORDS,
  BLOCK_MULTIPLE = MNW_TILE_CHANNELS * MNW_TILE_K,  // what a trellis's blocks must be
  PACKAGE_WORDS_AT = MNW_SHARD_HEADER_BYTES + MNW_CHUNK_HEADER_BYTES
};
_Static_assert(PK_SHARD_BYTES_MIN > 2 * (MNW_SHARD_HEADER_BYTES + TABLE_MAX_BYTES +
                                         CODEBOOK_MAX_BYTES + BLOCK_OVERHEAD_BYTES),
               "a shard must hold a block");

// A constant on its way into blocks.
typedef struct constant {
  uint32_t number;
  const uint8_t *data;
  size_t size;
  pk_constant_forms forms;
} constant;

// How the rest of a constant is coded.
typedef struct coding_choice {
  const pk_constant_form *form;  // NULL: raw
  bool has_own_table;
  pk_huffman_code code;
  size_t head_bytes;  // chunks of the table and the codebook
} coding_choice;

typedef struct shard_writer {
  pk_shards *shards;
  size_t shard_bytes;      // target
  size_t block_bytes;      // decoded bytes of a block at most: any block fits into an empty shard
  bool has_table;          // in the current shard
  pk_huffman_code latest;  // that table
  pk_bytes scratch;        // payload of the block being written
  uint8_t *symbols;        // of a block: room for MNW_BLOCK_MAX_BYTES
} shard_writer;

void pk_shards_free(pk_shards *shards) {
  for (size_t i = 0; i < shards->count; i++) pk_bytes_free(&shards->items[i]);
  free(shards->items);
  *shards = (pk_shards){0};
}

static pk_bytes *current_shard(const shard_writer *writer) {
  return &writer->shards->items[writer->shards->count - 1];
}

static bool open_shard(shard_writer *writer, pk_error *error) {
  pk_shards *shards = writer->shards;
  if (shards->count == MNW_MAX_SHARDS) {
    return pk_fail(error, PK_UNSUPPORTED,
                   "the model needs more than %d shards of %zu bytes: give a larger --shard-size",
                   MNW_MAX_SHARDS, writer->shard_bytes);
  }
  pk_bytes *items = realloc(shards->items, (shards->count + 1) * sizeof *items);
  if (!items) return pk_fail(error, PK_OUT_OF_MEMORY, "no memory for shard %zu", shards->count);
  shards->items = items;
  items[shards->count] = (pk_bytes){0};
  pk_bytes *shard = &items[shards->count];
  pk_bytes_append_u32(shard, MNW_SHARD_MAGIC);
  pk_bytes_append_u32(shard, MNW_FORMAT_VERSION | (uint32_t)shards->count << 16);
  pk_bytes_append_u32(shard, 0);  // bytes of the shard: finish_shards()
  pk_bytes_append_u32(shard, 0);
  shards->count++;
  writer->has_table = false;
  return true;
}

static void append_chunk_header(shard_writer *writer, uint32_t type, size_t payload_bytes) {
  pk_bytes *shard = current_shard(writer);
  pk_bytes_append_u32(shard, type);
  pk_bytes_append_u32(shard, (uint32_t)payload_bytes);
  if (payload_bytes > writer->shards->max_chunk_bytes) {
    writer->shards->max_chunk_bytes = (uint32_t)payload_bytes;
  }
}

static size_t block_size(const shard_writer *writer, size_t left) {
  return left < writer->block_bytes ? left : writer->block_bytes;
}

// What a block of `count` symbols takes behind its header.
static size_t coded_bytes(const pk_constant_form *form, const pk_huffman_code *code,
                          const uint8_t *symbols, size_t count) {
  const size_t bytes = pk_huffman_block_bytes(code, symbols, count);
  return bytes == SIZE_MAX || !(form->coding & MNW_CODING_RUNS) ? bytes : bytes + 4;
}

// Bytes of all blocks from `offset` on, each raw or, where it is smaller, in `form` with `code`.
static size_t blocks_cost(const shard_writer *writer, const constant *c, size_t offset,
                          const pk_constant_form *form, const pk_huffman_code *code) {
  size_t cost = 0;
  for (size_t at = offset; at < c->size;) {
    const size_t raw = block_size(writer, c->size - at);
    const size_t count = form ? pk_form_symbols(writer->symbols, form, at, raw) : 0;
    const size_t coded = form ? coded_bytes(form, code, writer->symbols, count) : raw;
    cost += BLOCK_OVERHEAD_BYTES + (coded < raw ? coded : raw);
    at += raw;
  }
  return cost;
}

// The best code for all blocks of `form` from `offset` on.
static void own_code(pk_huffman_code *code, const shard_writer *writer, const constant *c,
                     size_t offset, const pk_constant_form *form) {
  uint64_t all[PK_HUFFMAN_SYMBOLS] = {0};
  for (size_t at = offset; at < c->size;) {
    uint64_t counts[PK_HUFFMAN_SYMBOLS];
    const size_t raw = block_size(writer, c->size - at);
    pk_huffman_count(counts, writer->symbols, pk_form_symbols(writer->symbols, form, at, raw));
    for (size_t s = 0; s < PK_HUFFMAN_SYMBOLS; s++) all[s] += counts[s];
    at += raw;
  }
  pk_huffman_build(code, all);
}

static coding_choice choose_coding(const shard_writer *writer, const constant *c, size_t offset) {
  coding_choice best = {.form = NULL};
  size_t least = blocks_cost(writer, c, offset, NULL, NULL);
  for (size_t i = 0; i < c->forms.count; i++) {
    const pk_constant_form *form = &c->forms.items[i];
    const bool has_book = (form->coding & MNW_CODING_CODEBOOK) != 0;
    coding_choice choice = {.form = form, .code = writer->latest};
    for (int own = writer->has_table ? 0 : 1; own < 2; own++) {
      choice.has_own_table = own == 1;
      choice.head_bytes = has_book ? MNW_CHUNK_HEADER_BYTES + c->forms.codebook_bytes : 0;
      if (choice.has_own_table) {
        own_code(&choice.code, writer, c, offset, form);
        choice.head_bytes += MNW_CHUNK_HEADER_BYTES + pk_huffman_table_bytes(&choice.code);
      }
      const size_t cost = choice.head_bytes + blocks_cost(writer, c, offset, form, &choice.code);
      if (cost >= least) continue;
      least = cost;
      best = choice;
    }
  }
  return best;
}

static void append_head(shard_writer *writer, const constant *c, const coding_choice *choice) {
  if (choice->form->coding & MNW_CODING_CODEBOOK) {
    append_chunk_header(writer, MNW_CHUNK_CODEBOOK, c->forms.codebook_bytes);
    pk_bytes_append(current_shard(writer), c->forms.codebook, c->forms.codebook_bytes);
  }
  if (!choice->has_own_table) return;
  append_chunk_header(writer, MNW_CHUNK_HUFFMAN_TABLE, pk_huffman_table_bytes(&choice->code));
  pk_huffman_write_table(current_shard(writer), &choice->code);
  writer->latest = choice->code;
  writer->has_table = true;
}

// Makes the block's payload in the scratch buffer.
static void encode_block(shard_writer *writer, const constant *c, const coding_choice *choice,
                         size_t offset, size_t size) {
  const pk_constant_form *form = choice->form;
  const size_t count = form ? pk_form_symbols(writer->symbols, form, offset, size) : 0;
  const bool is_coded = form && coded_bytes(form, &choice->code, writer->symbols, count) < size;
  pk_bytes *scratch = &writer->scratch;
  pk_bytes_clear(scratch);
  pk_bytes_append_u32(scratch, c->number);
  pk_bytes_append_u32(scratch, (uint32_t)offset);
  pk_bytes_append_u32(scratch, (uint32_t)size);
  pk_bytes_append_u32(scratch, is_coded ? form->coding : MNW_CODING_RAW);
  if (!is_coded) {
    pk_bytes_append(scratch, c->data + offset, size);
    return;
  }
  if (form->coding & MNW_CODING_RUNS) pk_bytes_append_u32(scratch, (uint32_t)count);
  pk_huffman_write_block(scratch, &choice->code, writer->symbols, count);
}

// Writes as much of the constant from *offset on as fits into the current shard, in one coding.
static void fill_shard(shard_writer *writer, size_t *offset, const constant *c) {
  const coding_choice choice = choose_coding(writer, c, *offset);
  size_t head_bytes = choice.head_bytes;
  while (*offset < c->size) {
    const size_t block = block_size(writer, c->size - *offset);
    encode_block(writer, c, &choice, *offset, block);
    const size_t needed = head_bytes + MNW_CHUNK_HEADER_BYTES + writer->scratch.size;
    if (current_shard(writer)->size + needed > writer->shard_bytes || writer->scratch.failed) {
      return;
    }
    if (head_bytes > 0) append_head(writer, c, &choice);
    head_bytes = 0;
    append_chunk_header(writer, MNW_CHUNK_BLOCK, writer->scratch.size);
    pk_bytes_append(current_shard(writer), writer->scratch.data, writer->scratch.size);
    *offset += block;
  }
}

static bool write_constant(shard_writer *writer, uint32_t number, const pk_lowered_tensor *tensor,
                           pk_error *error) {
  constant c = {.number = number, .data = tensor->data, .size = tensor->data_bytes};
  size_t offset = 0;
  bool ok = pk_constant_forms_init(&c.forms, tensor, error);
  while (ok && offset < c.size) {
    fill_shard(writer, &offset, &c);
    if (writer->scratch.failed) ok = pk_fail(error, PK_OUT_OF_MEMORY, "no memory for a block");
    ok = ok && (offset == c.size || open_shard(writer, error));
  }
  pk_constant_forms_free(&c.forms);
  return ok;
}

static bool write_head(shard_writer *writer, const pk_lowered_graph *graph, pk_error *error) {
  pk_bytes words = {0}, header = {0};
  bool ok = pk_encode_graph(&words, graph, error);
  if (ok && words.size > MNW_MAX_CHUNK_BYTES) {
    ok = pk_fail(error, PK_UNSUPPORTED, "the graph takes %zu bytes; at most %d are supported",
                 words.size, MNW_MAX_CHUNK_BYTES);
  }
  if (ok && pk_encode_package_header(&header, graph, words.size / 4, error)) {
    append_chunk_header(writer, MNW_CHUNK_PACKAGE, header.size);
    pk_bytes_append(current_shard(writer), header.data, header.size);
    append_chunk_header(writer, MNW_CHUNK_GRAPH, words.size);
    pk_bytes_append(current_shard(writer), words.data, words.size);
  } else {
    ok = false;
  }
  pk_bytes_free(&words);
  pk_bytes_free(&header);
  return ok;
}

// Fills in what is known only at the end.
static bool finish_shards(const pk_shards *shards, pk_error *error) {
  for (size_t i = 0; i < shards->count; i++) {
    if (shards->items[i].failed)
      return pk_fail(error, PK_OUT_OF_MEMORY, "no memory for shard %zu", i);
    pk_store_u32(shards->items[i].data + 8, (uint32_t)shards->items[i].size);
  }
  uint8_t *words = shards->items[0].data + PACKAGE_WORDS_AT;
  pk_store_u32(words + 4 * MNW_PACKAGE_SHARD_COUNT, (uint32_t)shards->count);
  pk_store_u32(words + 4 * MNW_PACKAGE_MAX_CHUNK_BYTES, shards->max_chunk_bytes);
  return true;
}

bool pk_encode_shards(pk_shards *shards, const pk_lowered_graph *graph, size_t shard_bytes,
                      pk_error *error) {
  const size_t overhead =
      MNW_SHARD_HEADER_BYTES + TABLE_MAX_BYTES + CODEBOOK_MAX_BYTES + BLOCK_OVERHEAD_BYTES;
  shard_writer writer = {.shards = shards, .shard_bytes = shard_bytes};
  *shards = (pk_shards){0};
  if (shard_bytes < PK_SHARD_BYTES_MIN || shard_bytes > PK_SHARD_BYTES_MAX) {
    return pk_fail(error, PK_USAGE, "a shard size of %zu bytes is out of range: %d to %d",
                   shard_bytes, PK_SHARD_BYTES_MIN, PK_SHARD_BYTES_MAX);
  }
  writer.block_bytes = shard_bytes - overhead;
  if (writer.block_bytes > MNW_BLOCK_MAX_BYTES) writer.block_bytes = MNW_BLOCK_MAX_BYTES;
  writer.block_bytes -= writer.block_bytes % BLOCK_MULTIPLE;
  writer.symbols = malloc(MNW_BLOCK_MAX_BYTES);
  if (!writer.symbols) return pk_fail(error, PK_OUT_OF_MEMORY, "no memory for a block");

  bool ok = open_shard(&writer, error) && write_head(&writer, graph, error);
  for (size_t i = 0; ok && i < graph->tensor_count; i++) {
    const pk_lowered_tensor *tensor = &graph->tensors[i];
    if (!tensor->data) continue;
    ok = write_constant(&writer, (uint32_t)i, tensor, error);
  }
  ok = ok && finish_shards(shards, error);
  pk_bytes_free(&writer.scratch);
  free(writer.symbols);
  if (!ok) pk_shards_free(shards);
  return ok;
}
