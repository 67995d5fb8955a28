#include <stdlib.h>
#include <string.h>

#include "../package/core_model.h"
#include "data_random.h"
#include "data_store.h"
#include "picture_reader.h"
#include "sound_reader.h"
#include "text_reader.h"

struct pk_data_reader {
  const pk_data_set *set;
  bool alters;  // there is an `augment`
  pk_picture_reader *pictures;
  pk_sound_reader *sounds;
  pk_text_reader *texts;
  void *tensor;  // of pictures and sounds: an aligned place for the input
  size_t tensor_bytes;
};

// Whether the front ends of all inputs take this kind of data.
static bool check_inputs(const pk_data_set *set, const pk_manifest *inputs, pk_error *error) {
  static const char *const kinds[] = {"pictures", "sounds", "texts"};
  static const char *const fronts[] = {"image", "audio", "text"};
  bool ok = inputs->input_count == 1 || (set->kind == PK_DATA_TEXTS && inputs->input_count > 0);
  for (size_t i = 0; ok && i < inputs->input_count; i++) {
    const pk_manifest_tensor *input = &inputs->inputs[i];
    ok = set->kind == PK_DATA_PICTURES ? input->is_image
         : set->kind == PK_DATA_SOUNDS ? input->is_audio
                                       : input->is_text;
  }
  return ok ||
         pk_fail(error, PK_USAGE,
                 "the data are %s, and the model does not take %s by an %s front end; give "
                 "its input one by --frontend",
                 kinds[set->kind], set->kind == PK_DATA_TEXTS ? "all its inputs" : "one input",
                 fronts[set->kind]);
}

static bool open_tensor(pk_data_reader *r, const pk_manifest_tensor *input, pk_error *error) {
  r->tensor_bytes = pk_manifest_tensor_bytes(input);
  r->tensor = pk_aligned_alloc(r->tensor_bytes);
  return r->tensor || pk_fail(error, PK_OUT_OF_MEMORY, "no memory for an input");
}

bool pk_data_reader_open(pk_data_reader **reader, const pk_data_set *set, const pk_manifest *inputs,
                         const json_t *augment, pk_error *error) {
  bool ok = false;
  *reader = NULL;
  if (!check_inputs(set, inputs, error)) return false;
  pk_data_reader *r = calloc(1, sizeof *r);
  if (!r) return pk_fail(error, PK_OUT_OF_MEMORY, "no memory to read examples");
  r->set = set;
  r->alters = augment != NULL;
  switch (set->kind) {
    case PK_DATA_PICTURES:
      ok = open_tensor(r, inputs->inputs, error) &&
           pk_picture_reader_open(&r->pictures, set, inputs->inputs, augment, error);
      break;
    case PK_DATA_SOUNDS:
      ok = open_tensor(r, inputs->inputs, error) &&
           pk_sound_reader_open(&r->sounds, set, inputs->inputs, augment, error);
      break;
    case PK_DATA_TEXTS:
      ok = pk_text_reader_open(&r->texts, set, inputs, augment, error);
      break;
  }
  if (ok) *reader = r;
  if (!ok) pk_data_reader_close(r);
  return ok;
}

void pk_data_reader_close(pk_data_reader *reader) {
  if (!reader) return;
  pk_picture_reader_close(reader->pictures);
  pk_sound_reader_close(reader->sounds);
  pk_text_reader_close(reader->texts);
  free(reader->tensor);
  free(reader);
}

bool pk_data_reader_fill(pk_data_reader *reader, pk_data_part part, size_t index, uint64_t seed,
                         void *inputs, pk_error *error) {
  const pk_data_item *item = pk_data_find(reader->set, part, index);
  pk_random made = pk_random_start(seed, item->number);
  pk_random changes = pk_random_start(seed, ((uint64_t)part << 56) + index + 1);
  pk_random *altered = seed != 0 && reader->alters ? &changes : NULL;
  if (reader->texts) return pk_text_reader_fill(reader->texts, item, altered, inputs, error);
  const bool ok =
      reader->pictures
          ? pk_picture_reader_fill(reader->pictures, item, &made, altered, reader->tensor, error)
          : pk_sound_reader_fill(reader->sounds, item, &made, altered, reader->tensor, error);
  if (ok) memcpy(inputs, reader->tensor, reader->tensor_bytes);
  return ok;
}
