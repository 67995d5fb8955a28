// Texts through a tokenizer into one or several inputs.
#include <stdlib.h>

#include "../package/core_model.h"
#include "data_reader.h"

static const size_t max_letters = (size_t)1 << 20;

bool pk_reader_open_text(pk_data_reader *reader, pk_error *error) {
  const mnw_text_options *options = &reader->inputs->inputs[0].text.options;
  mnw_error cause = {0};
  if (options->tokenizer != MNW_TEXT_HASH) {
    return pk_fail(error, PK_UNSUPPORTED,
                   "only texts whose tokenizer is hash can be read here; the others need a "
                   "vocabulary");
  }
  const size_t bytes = mnw_text_bytes(options, NULL, 0);
  reader->memory = bytes ? pk_aligned_alloc(bytes) : NULL;
  for (size_t i = 0; i < reader->set->count; i++) {
    const size_t own = 2 * reader->set->items[i].text_bytes + 16;
    if (own > reader->letter_capacity && own < max_letters) reader->letter_capacity = own;
  }
  reader->letters = malloc(reader->letter_capacity + 1);
  if (!bytes) return pk_fail(error, PK_USAGE, "the options of the text front end are not usable");
  if (!reader->memory || !reader->letters) {
    return pk_fail(error, PK_OUT_OF_MEMORY, "no memory to read texts with");
  }
  return mnw_text_init(&reader->text, reader->memory, bytes, options, NULL, 0, &cause) ==
             MNW_STATUS_OK ||
         pk_core_fail(error, &cause, "the text front end");
}

bool pk_reader_fill_text(pk_data_reader *reader, const pk_data_item *item, uint64_t seed,
                         void *inputs, pk_error *error) {
  const char *text = item->text;
  size_t bytes = item->text_bytes;
  uint8_t *at = inputs;
  mnw_error cause = {0};
  if (seed && reader->alters) {
    pk_random random = pk_random_of(seed, item->seed);
    bytes = pk_text_augment_apply(reader->letters, reader->letter_capacity, text, bytes,
                                  &reader->augment.text, &random);
    text = reader->letters;
  }
  mnw_text_encode(reader->text, text, bytes);
  for (size_t i = 0; i < reader->inputs->input_count; i++) {
    const mnw_tensor_info info = pk_reader_tensor(&reader->inputs->inputs[i]);
    if (mnw_text_write(reader->text, reader->inputs->inputs[i].text.role, at, &info, &cause) !=
        MNW_STATUS_OK) {
      return pk_core_fail(error, &cause, "the text front end");
    }
    at += info.size_bytes;
  }
  return true;
}
