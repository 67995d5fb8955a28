// Any options, vocabulary and text.
#include <minnow/minnow.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz_target.h"

enum { MAX_MEMORY = 1 << 22 };  // larger front ends are only measured

static void encode(const mnw_text_options *options, const uint8_t *vocabulary,
                   size_t vocabulary_bytes, const uint8_t *utf8, size_t size_bytes) {
  mnw_text *text;
  const size_t text_bytes = mnw_text_bytes(options, vocabulary, vocabulary_bytes);
  if (text_bytes == 0 || text_bytes > MAX_MEMORY) return;
  void *memory = aligned_alloc(MNW_ALIGNMENT, text_bytes);
  int32_t *tensor = malloc(options->max_tokens * sizeof *tensor);
  if (memory && tensor &&
      mnw_text_init(&text, memory, text_bytes, options, vocabulary, vocabulary_bytes, NULL) ==
          MNW_STATUS_OK) {
    const mnw_tensor_info info = {
        .dtype = MNW_DTYPE_S32, .rank = 1, .dims = {(int32_t)options->max_tokens}};
    if (mnw_text_encode(text, utf8, size_bytes) > options->max_tokens ||
        mnw_text_write(text, MNW_TEXT_IDS, tensor, &info, NULL) != MNW_STATUS_OK) {
      abort();
    }
  }
  free(tensor);
  free(memory);
}

// mnw_text_options, the vocabulary's length in two bytes, the vocabulary, the text. Copies of
// their own length make reading behind either end visible.
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes) {
  mnw_text_options options;
  const size_t head = sizeof options + 2;
  if (size_bytes < head) return 0;
  memcpy(&options, bytes, sizeof options);
  const size_t told = bytes[head - 2] | (size_t)bytes[head - 1] << 8;
  const size_t left = size_bytes - head;
  const size_t vocabulary_bytes = told < left ? told : left;
  uint8_t *vocabulary = malloc(vocabulary_bytes + 1), *utf8 = malloc(left - vocabulary_bytes + 1);
  uint8_t *vocabulary_end = vocabulary ? vocabulary + 1 : NULL;
  if (vocabulary && utf8) {
    memcpy(vocabulary_end, bytes + head, vocabulary_bytes);
    memcpy(utf8 + 1, bytes + head + vocabulary_bytes, left - vocabulary_bytes);
    encode(&options, vocabulary_bytes > 0 ? vocabulary_end : NULL, vocabulary_bytes, utf8 + 1,
           left - vocabulary_bytes);
  }
  free(vocabulary);
  free(utf8);
  return 0;
}
