// Constants become blocks, blocks fill shards front to back. Because no state crosses shards, a
// table must be repeated in each shard that uses it; so the coding of a constant is chosen anew, by
// exact bytes, for what is left of it at the start of each shard: raw, or one of its forms with the
// latest table of the shard or a table of its own. Within that choice a single block is still
// written raw where that is smaller.
#include "shard_encode.h"

#include <stdlib.h>

#include "constant_forms.h"
#include "core/base/bytes.h"
#include "core/kernels/packed_layout.h"
#include "graph_encode.h"
#include "symbol_code.h"

enum {
  BLOCK_OVERHEAD_BYTES = MNW_CHUNK_HEADER_BYTES + MNW_BLOCK_HEADER_BYTES,
  TABLE_MAX_BYTES = MNW_CHUNK_HEADER_BYTES + 2 + MNW_SYMBOLS,
  CODEBOOK_MAX_BYTES = MNW_CHUNK_HEADER_BYTES + 4 * MNW_CODEBOOK_WORDS,
  BLOCK_MULTIPLE = MNW_TILE_CHANNELS * MNW_TILE_K,  // what a trellis's blocks must be
  MASK_HEAD_BYTES = 8,
  WORDS_HEAD_BYTES = 4,
  PACKAGE_WORDS_AT = MNW_SHARD_HEADER_BYTES + MNW_CHUNK_HEADER_BYTES
};
_Static_assert(PK_SHARD_BYTES_MIN > 2 * (MNW_SHARD_HEADER_BYTES + 2 * TABLE_MAX_BYTES +
                                         CODEBOOK_MAX_BYTES + BLOCK_OVERHEAD_BYTES),
               "a shard must hold a block");

// A constant on its way into blocks.
typedef struct constant {
  uint32_t number;
  pk_constant_forms forms;
} constant;

// How the rest of a constant is coded.
typedef struct coding_choice {
  const pk_constant_form *form;  // NULL: raw
  bool has_own_table;
  pk_symbol_code code, mask_code;
  size_t head_bytes;  // chunks of the tables and the codebook
} coding_choice;

typedef struct shard_writer {
  pk_shards *shards;
  size_t shard_bytes;        // target
  size_t block_bytes;        // decoded bytes of a block at most: any block fits into an empty shard
  pk_symbol_code latest[2];  // of the current shard: by table_of()
  pk_bytes scratch;          // payload of the block being written
  uint8_t *symbols;          // of a block: room for MNW_BLOCK_MAX_BYTES
  uint8_t *mask;             // of a block: room for an eighth of that
  uint8_t *bits;             // of a block: room for PK_FORM_MAX_BITS_BYTES
} shard_writer;

static bool open_writer(shard_writer *writer, pk_error *error) {
  const size_t symbols = MNW_BLOCK_MAX_BYTES, masks = MNW_BLOCK_MAX_BYTES / 8;
  writer->symbols = malloc(symbols + masks + PK_FORM_MAX_BITS_BYTES);
  if (!writer->symbols) return pk_fail(error, PK_OUT_OF_MEMORY, "no memory for a block");
  writer->mask = writer->symbols + symbols;
  writer->bits = writer->mask + masks;
  return true;
}

static void close_writer(shard_writer *writer) {
  pk_bytes_free(&writer->scratch);
  free(writer->symbols);
}

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
  writer->latest[0].kind = writer->latest[1].kind = MNW_SYMBOL_CODE_NONE;
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

// What a block takes behind its header.
static size_t coded_bytes(const shard_writer *writer, const coding_choice *choice, size_t offset,
                          size_t size) {
  const pk_constant_form *form = choice->form;
  const size_t count = pk_form_symbols(writer->symbols, form, offset, size);
  const size_t masks = pk_form_mask(writer->mask, form, offset, size);
  const size_t bits = pk_form_bits(writer->bits, form, offset, size);
  const size_t bytes = pk_symbol_code_block_bytes(&choice->code, writer->symbols, count);
  if (bytes == SIZE_MAX) return bytes;
  if (bits > 0) return WORDS_HEAD_BYTES + bytes + bits;
  if (masks == 0) return bytes;
  return MASK_HEAD_BYTES + bytes +
         pk_symbol_code_block_bytes(&choice->mask_code, writer->mask, masks);
}

// Bytes of all blocks from `offset` on, each raw or, where it is smaller, as `choice` says.
static size_t blocks_cost(const shard_writer *writer, const constant *c, size_t offset,
                          const coding_choice *choice) {
  size_t cost = 0;
  for (size_t at = offset; at < c->forms.size;) {
    const size_t raw = block_size(writer, c->forms.size - at);
    const size_t coded = choice->form ? coded_bytes(writer, choice, at, raw) : raw;
    cost += BLOCK_OVERHEAD_BYTES + (coded < raw ? coded : raw);
    at += raw;
  }
  return cost;
}

typedef size_t symbols_fn(uint8_t *out, const pk_constant_form *form, size_t offset, size_t size);

// How often each symbol occurs in what `symbols_of` says of all blocks from `offset` on.
static void count_symbols(uint64_t all[MNW_SYMBOLS], const shard_writer *writer, const constant *c,
                          size_t offset, const pk_constant_form *form, symbols_fn *symbols_of) {
  for (size_t s = 0; s < MNW_SYMBOLS; s++) all[s] = 0;
  for (size_t at = offset; at < c->forms.size;) {
    uint64_t counts[MNW_SYMBOLS];
    const size_t raw = block_size(writer, c->forms.size - at);
    pk_huffman_count(counts, writer->symbols, symbols_of(writer->symbols, form, at, raw));
    for (size_t s = 0; s < MNW_SYMBOLS; s++) all[s] += counts[s];
    at += raw;
  }
}

static size_t table_bytes(const pk_symbol_code *code) {
  return MNW_CHUNK_HEADER_BYTES + pk_symbol_code_table_bytes(code);
}

// Which table codes the symbols of a form: 1, which codes masks too, where they stand for 4 bytes.
static size_t table_of(const pk_constant_form *form) {
  return form->coding & MNW_CODING_WORDS ? 1 : 0;
}

// Bytes of the chunks that must stand before the blocks.
static size_t head_bytes(const constant *c, const coding_choice *choice) {
  const uint32_t coding = choice->form->coding;
  size_t bytes = choice->has_own_table ? table_bytes(&choice->code) : 0;
  if (coding & MNW_CODING_MASK) bytes += table_bytes(&choice->mask_code);
  if (coding & MNW_CODING_CODEBOOK) bytes += MNW_CHUNK_HEADER_BYTES + c->forms.codebook_bytes;
  return bytes;
}

// Decoding ANS takes about a sixth longer than Huffman codes: of a large constant it must save a
// hundredth.
enum { LARGE_BYTES = 1 << 15, MIN_SHARE_SAVED = 100 };

// The smallest coding so far.
typedef struct coding_search {
  const shard_writer *writer;
  const constant *constant;
  size_t offset;
  coding_choice best;
  size_t least;
} coding_search;

static void try_choice(coding_search *search, coding_choice *choice) {
  choice->head_bytes = head_bytes(search->constant, choice);
  const size_t cost =
      choice->head_bytes + blocks_cost(search->writer, search->constant, search->offset, choice);
  if (cost >= search->least) return;
  search->least = cost;
  search->best = *choice;
}

// The latest table, and a table of its own of each kind.
static void try_codes(coding_search *search, coding_choice *choice) {
  static const mnw_symbol_code kinds[] = {MNW_SYMBOL_CODE_HUFFMAN, MNW_SYMBOL_CODE_ANS};
  const shard_writer *writer = search->writer;
  uint64_t counts[MNW_SYMBOLS];
  choice->has_own_table = false;
  choice->code = writer->latest[table_of(choice->form)];
  if (choice->code.kind != MNW_SYMBOL_CODE_NONE) try_choice(search, choice);
  choice->has_own_table = true;
  count_symbols(counts, writer, search->constant, search->offset, choice->form, pk_form_symbols);
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
    pk_symbol_code_build(&choice->code, kinds[i], counts);
    try_choice(search, choice);
  }
}

static coding_choice choose_coding(const shard_writer *writer, const constant *c, size_t offset) {
  coding_search search = {.writer = writer, .constant = c, .offset = offset};
  search.least = blocks_cost(writer, c, offset, &search.best);
  for (size_t i = 0; i < c->forms.count; i++) {
    coding_choice choice = {.form = &c->forms.items[i]};
    if (choice.form->coding & MNW_CODING_MASK) {
      uint64_t counts[MNW_SYMBOLS];
      count_symbols(counts, writer, c, offset, choice.form, pk_form_mask);
      pk_symbol_code_build(&choice.mask_code, MNW_SYMBOL_CODE_ANS, counts);
    }
    try_codes(&search, &choice);
  }
  return search.best;
}

static const pk_lowered_tensor *tensor_before(const pk_lowered_graph *graph, size_t number) {
  return number > 0 ? &graph->tensors[number - 1] : NULL;
}

uint64_t pk_coded_bytes(const pk_lowered_graph *graph, size_t number) {
  const pk_lowered_tensor *tensor = &graph->tensors[number];
  constant c = {0};
  shard_writer writer = {.block_bytes = MNW_BLOCK_MAX_BYTES};
  uint64_t bytes = tensor->data_bytes;
  pk_error ignored = {0};
  if (!open_writer(&writer, &ignored)) return bytes;
  if (pk_constant_forms_init(&c.forms, tensor, tensor_before(graph, number), &ignored)) {
    const coding_choice choice = choose_coding(&writer, &c, 0);
    bytes = choice.head_bytes + blocks_cost(&writer, &c, 0, &choice);
  }
  pk_constant_forms_free(&c.forms);
  close_writer(&writer);
  return bytes;
}

static void append_table(shard_writer *writer, const pk_symbol_code *code, size_t table) {
  append_chunk_header(writer, pk_symbol_code_chunk(code, table == 1),
                      pk_symbol_code_table_bytes(code));
  pk_symbol_code_write_table(current_shard(writer), code);
  writer->latest[table] = *code;
}

static void append_head(shard_writer *writer, const constant *c, const coding_choice *choice) {
  const uint32_t coding = choice->form->coding;
  if (coding & MNW_CODING_CODEBOOK) {
    append_chunk_header(writer, MNW_CHUNK_CODEBOOK, c->forms.codebook_bytes);
    pk_bytes_append(current_shard(writer), c->forms.codebook, c->forms.codebook_bytes);
  }
  if (coding & MNW_CODING_MASK) append_table(writer, &choice->mask_code, 1);
  if (choice->has_own_table) append_table(writer, &choice->code, table_of(choice->form));
}

// The mask's part of a block, with how many symbols there are and how long it is.
static void append_mask(shard_writer *writer, const coding_choice *choice, size_t count,
                        size_t masks) {
  const pk_symbol_code *code = &choice->mask_code;
  pk_bytes *scratch = &writer->scratch;
  pk_bytes_append_u32(scratch, (uint32_t)count);
  pk_bytes_append_u32(scratch, (uint32_t)pk_symbol_code_block_bytes(code, writer->mask, masks));
  pk_symbol_code_write_block(scratch, code, writer->mask, masks);
}

// Makes the block's payload in the scratch buffer.
static void encode_block(shard_writer *writer, const constant *c, const coding_choice *choice,
                         size_t offset, size_t size) {
  const pk_constant_form *form = choice->form;
  const bool is_coded = form && coded_bytes(writer, choice, offset, size) < size;
  pk_bytes *scratch = &writer->scratch;
  pk_bytes_clear(scratch);
  pk_bytes_append_u32(scratch, c->number);
  pk_bytes_append_u32(scratch, (uint32_t)offset);
  pk_bytes_append_u32(scratch, (uint32_t)size);
  pk_bytes_append_u32(scratch, is_coded ? form->coding : c->forms.raw_coding);
  if (!is_coded) {
    pk_bytes_append(scratch, c->forms.data + offset, size);
    return;
  }
  const size_t count = pk_form_symbols(writer->symbols, form, offset, size);
  const size_t masks = pk_form_mask(writer->mask, form, offset, size);
  const size_t bits = pk_form_bits(writer->bits, form, offset, size);
  if (masks > 0) append_mask(writer, choice, count, masks);
  if (bits > 0) {
    const size_t bytes = pk_symbol_code_block_bytes(&choice->code, writer->symbols, count);
    pk_bytes_append_u32(scratch, (uint32_t)bytes);
  }
  pk_symbol_code_write_block(scratch, &choice->code, writer->symbols, count);
  pk_bytes_append(scratch, writer->bits, bits);
}

// Writes as much of the constant from *offset on as fits into the current shard, in one coding.
static void fill_shard(shard_writer *writer, size_t *offset, const constant *c) {
  const coding_choice choice = choose_coding(writer, c, *offset);
  size_t head = choice.head_bytes;
  while (*offset < c->forms.size) {
    const size_t block = block_size(writer, c->forms.size - *offset);
    encode_block(writer, c, &choice, *offset, block);
    const size_t needed = head + MNW_CHUNK_HEADER_BYTES + writer->scratch.size;
    if (current_shard(writer)->size + needed > writer->shard_bytes || writer->scratch.failed) {
      return;
    }
    if (head > 0) append_head(writer, c, &choice);
    head = 0;
    append_chunk_header(writer, MNW_CHUNK_BLOCK, writer->scratch.size);
    pk_bytes_append(current_shard(writer), writer->scratch.data, writer->scratch.size);
    *offset += block;
  }
}

static bool write_constant(shard_writer *writer, const pk_lowered_graph *graph, size_t number,
                           pk_error *error) {
  const pk_lowered_tensor *tensor = &graph->tensors[number];
  constant c = {.number = (uint32_t)number};
  size_t offset = 0;
  bool ok = pk_constant_forms_init(&c.forms, tensor, tensor_before(graph, number), error);
  while (ok && offset < c.forms.size) {
    fill_shard(writer, &offset, &c);
    if (writer->scratch.failed) ok = pk_fail(error, PK_OUT_OF_MEMORY, "no memory for a block");
    ok = ok && (offset == c.forms.size || open_shard(writer, error));
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
    mnw_store_u32(shards->items[i].data + 8, (uint32_t)shards->items[i].size);
  }
  uint8_t *words = shards->items[0].data + PACKAGE_WORDS_AT;
  mnw_store_u32(words + 4 * MNW_PACKAGE_SHARD_COUNT, (uint32_t)shards->count);
  mnw_store_u32(words + 4 * MNW_PACKAGE_MAX_CHUNK_BYTES, shards->max_chunk_bytes);
  return true;
}

bool pk_encode_shards(pk_shards *shards, const pk_lowered_graph *graph, size_t shard_bytes,
                      pk_error *error) {
  const size_t overhead =
      MNW_SHARD_HEADER_BYTES + 2 * TABLE_MAX_BYTES + CODEBOOK_MAX_BYTES + BLOCK_OVERHEAD_BYTES;
  shard_writer writer = {.shards = shards, .shard_bytes = shard_bytes};
  *shards = (pk_shards){0};
  if (shard_bytes < PK_SHARD_BYTES_MIN || shard_bytes > PK_SHARD_BYTES_MAX) {
    return pk_fail(error, PK_USAGE, "a shard size of %zu bytes is out of range: %d to %d",
                   shard_bytes, PK_SHARD_BYTES_MIN, PK_SHARD_BYTES_MAX);
  }
  writer.block_bytes = shard_bytes - overhead;
  if (writer.block_bytes > MNW_BLOCK_MAX_BYTES) writer.block_bytes = MNW_BLOCK_MAX_BYTES;
  writer.block_bytes -= writer.block_bytes % BLOCK_MULTIPLE;
  if (!open_writer(&writer, error)) return false;

  bool ok = open_shard(&writer, error) && write_head(&writer, graph, error);
  for (size_t i = 0; ok && i < graph->tensor_count; i++) {
    if (graph->tensors[i].data) ok = write_constant(&writer, graph, i, error);
  }
  ok = ok && finish_shards(shards, error);
  close_writer(&writer);
  if (!ok) pk_shards_free(shards);
  return ok;
}
