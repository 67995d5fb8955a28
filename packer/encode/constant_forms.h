// The forms in which a constant's bytes can be coded: as they are, as the symbols of a trellis, as
// numbers of a codebook's words, each with or without a mask of those that are 0, as 4-byte
// numbers, scaled or not, of which the lengths are symbols, or as float32 by their exponents. Of a
// constant that has levels these are coded, as int8. Every form decodes to the same bytes; which
// one is smallest is for the shard's writer to weigh.
#ifndef MINNOW_PACKER_CONSTANT_FORMS_H_
#define MINNOW_PACKER_CONSTANT_FORMS_H_

#include "../lowered_graph.h"
#include "../pk_error.h"
#include "core/format/package_format.h"

enum { PK_MAX_FORMS = 8, PK_FORM_MAX_BITS_BYTES = MNW_BLOCK_MAX_BYTES + 1 };

typedef struct pk_constant_form {
  uint32_t coding;             // MNW_CODING_*
  const uint8_t *symbols;      // one for each element; of numbers the constant's bytes
  size_t element_bytes;        // what a symbol stands for: 1, with a codebook or of numbers 4
  const uint8_t *multipliers;  // of scaled numbers: bytes of the tensor before, else NULL
} pk_constant_form;

// Whether symbols tell lengths or exponents of 4-byte numbers.
static inline bool pk_form_is_of_numbers(const pk_constant_form *form) {
  return (form->coding & (MNW_CODING_WORDS | MNW_CODING_CODEBOOK)) == MNW_CODING_WORDS;
}

typedef struct pk_constant_forms {
  pk_constant_form items[PK_MAX_FORMS];
  size_t count;
  const uint8_t *data;  // what blocks hold: the constant's bytes, or its levels
  size_t size;
  uint32_t raw_coding;  // of blocks that hold them as they are
  uint8_t codebook[4 * MNW_CODEBOOK_WORDS];
  size_t codebook_bytes;  // 0: there is none
  uint8_t *halves, *words;
} pk_constant_forms;  // all zero: empty

// `tensor` is a constant, `before` (NULL: none) the tensor that it follows; both outlive the forms.
// Errors: OUT_OF_MEMORY.
bool pk_constant_forms_init(pk_constant_forms *forms, const pk_lowered_tensor *tensor,
                            const pk_lowered_tensor *before, pk_error *error);
void pk_constant_forms_free(pk_constant_forms *forms);

// The symbols of the bytes offset … offset + size, whole elements, into `out`, which has
// room for MNW_BLOCK_MAX_BYTES; with a mask only those that are not 0. Returns how many.
size_t pk_form_symbols(uint8_t *out, const pk_constant_form *form, size_t offset, size_t size);

// The bytes of their mask, the first symbol in the lowest bit of the first, into `out`, which has
// room for an eighth of that. Returns how many; 0 where the form has none.
size_t pk_form_mask(uint8_t *out, const pk_constant_form *form, size_t offset, size_t size);

// What numbers are beside their symbols (core/format/symbol_expand.h), into `out`, which has room
// for PK_FORM_MAX_BITS_BYTES. Returns how many bytes; 0 for other forms.
size_t pk_form_bits(uint8_t *out, const pk_constant_form *form, size_t offset, size_t size);

#endif  // MINNOW_PACKER_CONSTANT_FORMS_H_
