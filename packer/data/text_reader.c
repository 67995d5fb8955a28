#include "text_reader.h"

#include <stdlib.h>
#include <string.h>

#include "../package/core_model.h"
#include "augment_text.h"

typedef struct text_front {
  mnw_tensor_info info;
  mnw_text_role role;
  size_t encoder;  // input whose tokens this one writes too
  mnw_text *text;  // of that encoder
  void *memory;    // of this input's own encoder, NULL where it has none
} text_front;

struct pk_text_reader {
  const pk_manifest *inputs;
  pk_text_augment augment;
  text_front *fronts;  // input_count
  char *altered;
  void *scratch, *tensor;  // tensor: an aligned place for the largest input
};

static bool open_encoder(text_front *fronts, size_t index, const pk_manifest *inputs,
                         pk_error *error) {
  const pk_manifest_tensor *input = &inputs->inputs[index];
  const mnw_text_options *options = &input->text.options;
  text_front *front = &fronts[index];
  mnw_error core_error = {0};
  if (options->tokenizer != MNW_TEXT_HASH) {
    return pk_fail(error, PK_USAGE,
                   "input %zu takes words by a vocabulary, which data sets do not read; use the "
                   "tokenizer hash",
                   index);
  }
  for (front->encoder = 0; front->encoder < index; front->encoder++) {
    const mnw_text_options *other = &inputs->inputs[front->encoder].text.options;
    if (memcmp(options, other, sizeof *options) == 0) {
      front->text = fronts[front->encoder].text;
      return true;
    }
  }
  const size_t bytes = mnw_text_bytes(options, NULL, 0);
  front->memory = pk_aligned_alloc(bytes + 1);
  if (!front->memory) return pk_fail(error, PK_OUT_OF_MEMORY, "no memory to read texts");
  if (mnw_text_init(&front->text, front->memory, bytes, options, NULL, 0, &core_error) ==
      MNW_STATUS_OK) {
    return true;
  }
  return pk_core_fail(error, &core_error, input->name ? input->name : "text input");
}

static size_t open_tensor(text_front *front, const pk_manifest_tensor *input) {
  front->role = input->text.role;
  front->info = pk_manifest_tensor_info(input);
  return front->info.size_bytes;
}

bool pk_text_reader_open(pk_text_reader **reader, const pk_data_set *set, const pk_manifest *inputs,
                         const json_t *augment, pk_error *error) {
  pk_text_reader *r = *reader = calloc(1, sizeof *r);
  size_t longest = 0, largest = 1;
  if (!r) return pk_fail(error, PK_OUT_OF_MEMORY, "no memory to read texts");
  r->inputs = inputs;
  r->fronts = calloc(inputs->input_count, sizeof *r->fronts);
  if (!r->fronts) return pk_fail(error, PK_OUT_OF_MEMORY, "no memory to read texts");
  for (size_t i = 0; i < inputs->input_count; i++) {
    if (!open_encoder(r->fronts, i, inputs, error)) return false;
    const size_t bytes = open_tensor(&r->fronts[i], &inputs->inputs[i]);
    if (bytes > largest) largest = bytes;
  }
  for (size_t i = 0; i < set->item_count; i++) {
    if (set->items[i].count > longest) longest = set->items[i].count;
  }
  r->altered = malloc(pk_text_altered_bytes(longest));
  r->scratch = malloc(pk_text_scratch_bytes(longest));
  r->tensor = pk_aligned_alloc(largest);
  if (!r->altered || !r->scratch || !r->tensor) {
    return pk_fail(error, PK_OUT_OF_MEMORY, "no memory for texts of %zu bytes", longest);
  }
  return pk_text_augment_read(&r->augment, augment, error);
}

void pk_text_reader_close(pk_text_reader *reader) {
  if (!reader) return;
  for (size_t i = 0; reader->fronts && i < reader->inputs->input_count; i++) {
    free(reader->fronts[i].memory);
  }
  free(reader->fronts);
  free(reader->altered);
  free(reader->scratch);
  free(reader->tensor);
  free(reader);
}

bool pk_text_reader_fill(pk_text_reader *reader, const pk_data_item *item, pk_random *altered,
                         uint8_t *inputs, pk_error *error) {
  const char *text = item->content;
  size_t size = item->count;
  mnw_error core_error = {0};
  if (altered) {
    size = pk_text_alter(reader->altered, text, size, reader->scratch, &reader->augment, altered);
    text = reader->altered;
  }
  for (size_t i = 0; i < reader->inputs->input_count; i++) {
    text_front *front = &reader->fronts[i];
    if (front->encoder == i) mnw_text_encode(front->text, text, size);
    if (mnw_text_write(front->text, front->role, reader->tensor, &front->info, &core_error) !=
        MNW_STATUS_OK) {
      return pk_core_fail(error, &core_error, item->name);
    }
    memcpy(inputs, reader->tensor, front->info.size_bytes);
    inputs += front->info.size_bytes;
  }
  return true;
}
