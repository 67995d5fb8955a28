// How texts are altered at random.
#ifndef MINNOW_PACKER_AUGMENT_TEXT_H_
#define MINNOW_PACKER_AUGMENT_TEXT_H_

#include "augment_fields.h"

typedef struct pk_text_augment {
  float dropout, swap, typos;  // of each word
  float change_case;           // of the whole text
} pk_text_augment;

// Reads `augment` of texts; NULL: nothing is altered. Errors: USAGE.
bool pk_text_augment_read(pk_text_augment *augment, const json_t *json, pk_error *error);

// Bytes that an altered text of `size` bytes may take, and those of the scratch memory.
size_t pk_text_altered_bytes(size_t size);
size_t pk_text_scratch_bytes(size_t size);

// Writes the altered UTF-8 text to `out` and returns its size. Words stand between blanks; in
// scripts without blanks (from U+2E80 on: Chinese, Japanese, Korean) each character is one. At
// least one word stays. Without effect of the draws, the text comes out byte for byte. `scratch` is
// aligned to 8 bytes.
size_t pk_text_alter(char *out, const char *text, size_t size, void *scratch,
                     const pk_text_augment *augment, pk_random *random);

#endif  // MINNOW_PACKER_AUGMENT_TEXT_H_
