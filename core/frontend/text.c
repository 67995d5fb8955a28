// Text → token numbers: one of three tokenizers over a vocabulary that the caller keeps.
#include <string.h>

#include "../base/arena.h"
#include "../base/error.h"
#include "tensor_store.h"
#include "text_bpe.h"
#include "text_words.h"
#include "token_index.h"

enum { MAX_TEXT_TOKENS = 1 << 16, MAX_BUCKETS = 1 << 24, MAX_NGRAM = 16 };

struct mnw_text {
  mnw_text_options options;
  mnw_token_index tokens;
  mnw_words words;
  mnw_bpe bpe;
  int32_t *ids;  // max_tokens
  uint32_t count;
  uint32_t *counts;  // HASH: buckets
};

typedef struct vocabulary_size {
  uint32_t tokens, merges;
} vocabulary_size;

static const char *check_options(const mnw_text_options *o) {
  const uint32_t special = (o->cls_id >= 0) + (o->sep_id >= 0);
  if ((uint32_t)o->tokenizer > MNW_TEXT_HASH) return "unknown tokenizer";
  if (o->max_tokens <= special || o->max_tokens > MAX_TEXT_TOKENS) {
    return "max_tokens must be 1 to 65536, besides cls and sep";
  }
  if (o->cls_id < MNW_TEXT_NO_TOKEN || o->sep_id < MNW_TEXT_NO_TOKEN || o->pad_id < 0 ||
      o->unk_id < MNW_TEXT_NO_TOKEN) {
    return "token numbers must be 0 or above, cls, sep and unk also -1 for none";
  }
  if (o->tokenizer == MNW_TEXT_BPE && (o->is_lowercase || o->strips_accents)) {
    return "byte pair encoding takes text as it is: no lowercase, no stripping of accents";
  }
  if (o->tokenizer != MNW_TEXT_HASH) return NULL;
  if (o->buckets < 1 || o->buckets > MAX_BUCKETS) return "buckets must be 1 to 2^24";
  if (o->ngram_min < 1 || o->ngram_min > o->ngram_max || o->ngram_max > MAX_NGRAM) {
    return "n-grams must be 1 to 16 bytes, ngram_min not above ngram_max";
  }
  return NULL;
}

static mnw_lines lines_of(const void *vocabulary, size_t vocabulary_bytes) {
  const uint8_t *bytes = vocabulary;
  return (mnw_lines){bytes, bytes + vocabulary_bytes};
}

// A merge list as published begins with a line "#version: …".
static bool is_version_line(const uint8_t *line, uint32_t length) {
  static const char version[] = "#version";
  return length >= sizeof version - 1 && memcmp(line, version, sizeof version - 1) == 0;
}

// Leaves `merges` at the first merge.
static const char *measure_vocabulary(vocabulary_size *size, mnw_lines *merges,
                                      const mnw_text_options *o, const void *vocabulary,
                                      size_t vocabulary_bytes) {
  const uint8_t *line;
  uint32_t length;
  *size = (vocabulary_size){0};
  if (o->tokenizer == MNW_TEXT_HASH) {
    return vocabulary_bytes == 0 ? NULL : "hashed n-grams take no vocabulary";
  }
  if (!vocabulary || vocabulary_bytes == 0) return "the tokenizer needs a vocabulary";
  if (vocabulary_bytes > INT32_MAX) return "the vocabulary is larger than 2 GiB";
  mnw_lines lines = lines_of(vocabulary, vocabulary_bytes);
  while (size->tokens <= MNW_MAX_TOKENS && mnw_lines_next(&line, &length, &lines)) {
    if (o->tokenizer == MNW_TEXT_BPE && length == 0) break;
    size->tokens++;
  }
  *merges = lines;
  mnw_lines rest = lines;
  while (o->tokenizer == MNW_TEXT_BPE && size->merges <= MNW_MAX_TOKENS &&
         mnw_lines_next(&line, &length, &rest)) {
    if (size->merges == 0 && is_version_line(line, length)) {
      *merges = rest;
    } else {
      size->merges++;
    }
  }
  if (size->tokens > MNW_MAX_TOKENS || size->merges > MNW_MAX_TOKENS) {
    return "the vocabulary has more than 2^21 lines";
  }
  return NULL;
}

static mnw_text *lay_out(mnw_arena *arena, const mnw_text_options *options,
                         const vocabulary_size *size, mnw_text *measured) {
  mnw_text *taken = mnw_arena_take(arena, 1, sizeof(mnw_text));
  mnw_text *text = taken ? taken : measured;
  memset(text, 0, sizeof *text);
  text->options = *options;
  text->ids = mnw_arena_take(arena, options->max_tokens, sizeof(int32_t));
  if (options->tokenizer == MNW_TEXT_HASH) {
    text->counts = mnw_arena_take(arena, options->buckets, sizeof(uint32_t));
  } else {
    mnw_token_index_lay_out(&text->tokens, arena, size->tokens);
  }
  if (options->tokenizer == MNW_TEXT_BPE) mnw_bpe_lay_out(&text->bpe, arena, size->merges);
  return taken;
}

size_t mnw_text_bytes(const mnw_text_options *options, const void *vocabulary,
                      size_t vocabulary_bytes) {
  mnw_arena arena;
  mnw_text measured;
  vocabulary_size size;
  mnw_lines merges;
  if (check_options(options) ||
      measure_vocabulary(&size, &merges, options, vocabulary, vocabulary_bytes)) {
    return 0;
  }
  mnw_arena_init(&arena, NULL, 0);
  lay_out(&arena, options, &size, &measured);
  return arena.used_bytes;
}

mnw_status mnw_text_init(mnw_text **text, void *memory, size_t memory_bytes,
                         const mnw_text_options *options, const void *vocabulary,
                         size_t vocabulary_bytes, mnw_error *error) {
  mnw_arena arena;
  mnw_text measured;
  vocabulary_size size;
  mnw_lines merges;
  *text = NULL;
  const char *problem = check_options(options);
  if (!problem) {
    problem = measure_vocabulary(&size, &merges, options, vocabulary, vocabulary_bytes);
  }
  if (!problem && (!memory || (uintptr_t)memory % MNW_ALIGNMENT != 0)) {
    problem = "memory must be aligned to 16 bytes";
  }
  if (problem) return mnw_fail(error, MNW_STATUS_INVALID_ARGUMENT, problem, 0, 0, 0);
  mnw_arena_init(&arena, memory, memory_bytes);
  if (!lay_out(&arena, options, &size, &measured) || mnw_arena_overflowed(&arena)) {
    return mnw_fail(error, MNW_STATUS_OUT_OF_MEMORY, "text needs %0 bytes, %1 were handed in",
                    (int64_t)mnw_text_bytes(options, vocabulary, vocabulary_bytes),
                    (int64_t)memory_bytes, 0);
  }
  mnw_text *made = memory;
  if (options->tokenizer != MNW_TEXT_HASH) {
    mnw_lines lines = lines_of(vocabulary, vocabulary_bytes);
    mnw_token_index_fill(&made->tokens, &lines);
  }
  if (options->tokenizer == MNW_TEXT_BPE) {
    const mnw_status status = mnw_bpe_fill(&made->bpe, &made->tokens, &merges, error);
    if (status != MNW_STATUS_OK) return status;
  }
  *text = made;
  return MNW_STATUS_OK;
}

// Tokens of the text itself may fill the ids up to here.
static uint32_t body_end(const mnw_text_options *o) {
  return o->max_tokens - (o->sep_id >= 0);
}

static bool put(mnw_text *text, int32_t id) {
  if (text->count == body_end(&text->options)) return false;
  text->ids[text->count++] = id;
  return true;
}

// The longest token at `bytes`, with "##" in front inside a word; its length in *length.
static int32_t longest_token(const mnw_text *text, uint32_t *length, const uint8_t *bytes,
                             uint32_t size, bool is_inside) {
  static const uint8_t mark[2] = {'#', '#'};
  const uint32_t mark_length = is_inside ? 2 : 0;
  uint32_t hash = MNW_FNV_START;
  int32_t best = MNW_TOKEN_NONE;
  for (uint32_t i = 0; i < mark_length; i++) hash = mnw_fnv_add(hash, mark[i]);
  for (uint32_t end = 1; end <= size; end++) {
    hash = mnw_fnv_add(hash, bytes[end - 1]);
    if (end < size && (bytes[end] & 0xc0) == 0x80) continue;
    const int32_t token = mnw_token_find(&text->tokens, hash, mark, mark_length, bytes, end);
    if (token == MNW_TOKEN_NONE) continue;
    best = token;
    *length = end;
  }
  return best;
}

// A word that cannot be spelt to its end is unk as a whole.
static bool put_word_pieces(mnw_text *text, const mnw_words *words) {
  int32_t pieces[MNW_MAX_WORD_BYTES];
  uint32_t count = 0, at = 0;
  const int32_t unk = text->options.unk_id;
  bool is_known = words->word_chars <= MNW_MAX_WORD_CHARS;
  while (is_known && at < words->word_bytes) {
    uint32_t length = 0;
    const int32_t piece =
        longest_token(text, &length, words->word + at, words->word_bytes - at, at > 0);
    is_known = piece != MNW_TOKEN_NONE;
    pieces[count++] = piece;
    at += length;
  }
  if (!is_known) return unk == MNW_TEXT_NO_TOKEN || put(text, unk);
  for (uint32_t i = 0; i < count; i++) {
    if (!put(text, pieces[i])) return false;
  }
  return true;
}

static void encode_words(mnw_text *text, const void *utf8, size_t size_bytes) {
  mnw_words_start(&text->words, &text->options, utf8, size_bytes);
  while (mnw_words_next(&text->words) && put_word_pieces(text, &text->words)) {
  }
}

static void encode_bytes(mnw_text *text, const uint8_t *bytes, size_t size) {
  while (size > 0) {
    const size_t whole = mnw_bpe_piece(bytes, size);
    const size_t piece = whole < MNW_BPE_MAX_PIECE ? whole : MNW_BPE_MAX_PIECE;
    const uint32_t count = mnw_bpe_encode(&text->bpe, bytes, (uint32_t)piece);
    for (uint32_t i = 0; i < count; i++) {
      if (!put(text, text->bpe.symbols[i])) return;
    }
    bytes += piece;
    size -= piece;
  }
}

// The last bytes of the words joined by single spaces.
typedef struct ngram_window {
  uint8_t bytes[MAX_NGRAM];
  uint32_t count;
} ngram_window;

// Hashes every n-gram that ends in `byte`, the shortest first.
static void take_byte(mnw_text *text, ngram_window *window, uint8_t byte) {
  const mnw_text_options *o = &text->options;
  if (window->count == MAX_NGRAM) memmove(window->bytes, window->bytes + 1, --window->count);
  window->bytes[window->count++] = byte;
  for (uint32_t n = o->ngram_min; n <= o->ngram_max && n <= window->count; n++) {
    uint32_t hash = MNW_FNV_START;
    for (uint32_t i = window->count - n; i < window->count; i++) {
      hash = mnw_fnv_add(hash, window->bytes[i]);
    }
    text->counts[hash % o->buckets]++;
    put(text, (int32_t)(hash % o->buckets));
  }
}

static void encode_ngrams(mnw_text *text, const void *utf8, size_t size_bytes) {
  ngram_window window = {.count = 0};
  memset(text->counts, 0, text->options.buckets * sizeof(uint32_t));
  mnw_words_start(&text->words, &text->options, utf8, size_bytes);
  while (mnw_words_next(&text->words)) {
    if (window.count == 0) take_byte(text, &window, ' ');
    for (uint32_t i = 0; i < text->words.word_bytes; i++) {
      take_byte(text, &window, text->words.word[i]);
    }
    take_byte(text, &window, ' ');
  }
}

size_t mnw_text_encode(mnw_text *text, const void *utf8, size_t size_bytes) {
  const mnw_text_options *o = &text->options;
  text->count = 0;
  if (o->cls_id >= 0) text->ids[text->count++] = o->cls_id;
  if (o->tokenizer == MNW_TEXT_WORDPIECE) encode_words(text, utf8, size_bytes);
  if (o->tokenizer == MNW_TEXT_BPE) encode_bytes(text, utf8, size_bytes);
  if (o->tokenizer == MNW_TEXT_HASH) encode_ngrams(text, utf8, size_bytes);
  if (o->sep_id >= 0) text->ids[text->count++] = o->sep_id;
  return text->count;
}

const int32_t *mnw_text_ids(const mnw_text *text) {
  return text->ids;
}

static int32_t value_at(const mnw_text *text, mnw_text_role role, uint32_t index) {
  const bool is_token = index < text->count;
  if (role == MNW_TEXT_COUNTS) return (int32_t)text->counts[index];
  if (role == MNW_TEXT_IDS) return is_token ? text->ids[index] : text->options.pad_id;
  return role == MNW_TEXT_MASK && is_token;
}

static bool can_hold(const mnw_tensor_info *info, mnw_text_role role) {
  switch (info->dtype) {
    case MNW_DTYPE_F32:
    case MNW_DTYPE_S32:
    case MNW_DTYPE_S64:
      return true;
    case MNW_DTYPE_U8:
    case MNW_DTYPE_S8:
      return role != MNW_TEXT_IDS && (role != MNW_TEXT_COUNTS || info->scale > 0.0f);
    case MNW_DTYPE_BOOL:
      return role == MNW_TEXT_MASK || role == MNW_TEXT_TYPES;
    case MNW_DTYPE_S16:
      return false;
  }
  return false;
}

static void store(void *tensor, const mnw_tensor_info *info, mnw_text_role role, uint32_t index,
                  int32_t value) {
  if (info->dtype == MNW_DTYPE_S64) {
    ((int64_t *)tensor)[index] = value;
  } else if (info->dtype == MNW_DTYPE_S32) {
    ((int32_t *)tensor)[index] = value;
  } else if (info->dtype == MNW_DTYPE_F32 || role == MNW_TEXT_COUNTS) {
    mnw_store_real(tensor, info, index, (float)value);
  } else {
    ((uint8_t *)tensor)[index] = (uint8_t)value;
  }
}

mnw_status mnw_text_write(const mnw_text *text, mnw_text_role role, void *tensor,
                          const mnw_tensor_info *info, mnw_error *error) {
  const mnw_text_options *o = &text->options;
  const bool is_counts = role == MNW_TEXT_COUNTS;
  const uint32_t elements = is_counts ? o->buckets : o->max_tokens;
  if ((uint32_t)role > MNW_TEXT_COUNTS || (is_counts && o->tokenizer != MNW_TEXT_HASH) ||
      mnw_store_elements(info) != elements || !can_hold(info, role)) {
    return mnw_fail(error, MNW_STATUS_INVALID_ARGUMENT,
                    "an input of %0 elements cannot take %1 numbers of text, or not in its element "
                    "type or role",
                    (int64_t)mnw_store_elements(info), elements, 0);
  }
  for (uint32_t i = 0; i < elements; i++) store(tensor, info, role, i, value_at(text, role, i));
  return MNW_STATUS_OK;
}
