#include "data_reader.h"

#include <stdlib.h>
#include <string.h>

#include "../../core/format/graph.h"

enum { NOISE_SIDE = 96 };

mnw_tensor_info pk_reader_tensor(const pk_manifest_tensor *tensor) {
  mnw_tensor_info info = {.dtype = tensor->dtype,
                          .rank = tensor->rank,
                          .scale = tensor->scale,
                          .zero_point = tensor->zero_point};
  memcpy(info.dims, tensor->dims, sizeof info.dims);
  info.size_bytes = (size_t)pk_manifest_tensor_elements(tensor) * mnw_dtype_bytes(tensor->dtype);
  return info;
}

const pk_data_item *pk_reader_draw(const pk_data_reader *reader, pk_data_part part,
                                   pk_random *random) {
  const pk_data_set *set = reader->set;
  const size_t drawn = pk_random_below(random, set->stored_counts[part]);
  return &set->items[set->stored[part][drawn]];
}

// --- pictures ---

static bool open_pictures(pk_data_reader *reader, pk_error *error) {
  const pk_data_set *set = reader->set;
  size_t most = (size_t)NOISE_SIDE * NOISE_SIDE;
  for (size_t i = 0; i < set->count; i++) {
    const size_t pixels = (size_t)set->items[i].picture.width * set->items[i].picture.height;
    if (pixels > most) most = pixels;
  }
  reader->picture.rgba = malloc(4 * most);
  return reader->picture.rgba ||
         pk_fail(error, PK_OUT_OF_MEMORY, "no memory to read pictures with");
}

static void make_picture(pk_data_reader *reader, const pk_data_item *item, pk_random *random) {
  pk_picture *out = &reader->picture;
  if (item->kind == PK_ITEM_PIECES) {
    const pk_picture *source = &pk_reader_draw(reader, item->part, random)->picture;
    out->width = source->width;
    out->height = source->height;
    pk_picture_make_pieces(out, source, random);
  } else {
    out->width = out->height = NOISE_SIDE;
    pk_picture_make_noise(out, random);
  }
}

bool pk_reader_fill_picture(pk_data_reader *reader, const pk_data_item *item, uint64_t seed,
                            void *inputs, pk_error *error) {
  const pk_picture *picture = &item->picture;
  pk_random random = pk_random_of(seed, item->seed);
  if (item->kind != PK_ITEM_STORED) {
    make_picture(reader, item, &random);
    picture = &reader->picture;
  } else if (seed && reader->alters) {
    pk_picture_augment_apply(&reader->picture, picture, &reader->augment.picture, &random);
    picture = &reader->picture;
  }
  return pk_picture_to_input(inputs, &reader->inputs->inputs[0], picture, item->name, error);
}

// --- opening and filling ---

static bool check_inputs(const pk_data_set *set, const pk_manifest *inputs, pk_error *error) {
  static const char *const wanted[] = {"pictures", "sounds", "texts"};
  bool fits = inputs->input_count == 1 || set->format == PK_DATA_TEXTS;
  for (size_t i = 0; i < inputs->input_count; i++) {
    const pk_manifest_tensor *input = &inputs->inputs[i];
    fits = fits && (set->format == PK_DATA_PICTURES ? input->is_image
                    : set->format == PK_DATA_SOUNDS ? input->is_audio
                                                    : input->is_text);
  }
  return fits || pk_fail(error, PK_USAGE,
                         "the data are %s, but the model's front end does not take them; look at "
                         "the front end's file",
                         wanted[set->format]);
}

bool pk_data_reader_open(pk_data_reader **reader, const pk_data_set *set, const pk_manifest *inputs,
                         const json_t *augment, pk_error *error) {
  pk_data_reader *r = calloc(1, sizeof *r);
  *reader = NULL;
  if (!r) return pk_fail(error, PK_OUT_OF_MEMORY, "no memory for a reader");
  r->set = set;
  r->inputs = inputs;
  r->alters = augment != NULL;
  const bool ok = check_inputs(set, inputs, error) &&
                  pk_augment_read(&r->augment, augment, set->format, error) &&
                  (set->format == PK_DATA_PICTURES ? open_pictures(r, error)
                   : set->format == PK_DATA_SOUNDS ? pk_reader_open_sound(r, error)
                                                   : pk_reader_open_text(r, error));
  if (!ok) pk_data_reader_close(r);
  if (ok) *reader = r;
  return ok;
}

void pk_data_reader_close(pk_data_reader *reader) {
  if (!reader) return;
  free(reader->picture.rgba);
  free(reader->memory);
  free(reader->samples);
  free(reader->scratch);
  free(reader->letters);
  free(reader);
}

bool pk_data_reader_fill(pk_data_reader *reader, pk_data_part part, size_t index, uint64_t seed,
                         void *inputs, pk_error *error) {
  const pk_data_set *set = reader->set;
  const pk_data_item *item = &set->items[set->parts[part][index]];
  switch (set->format) {
    case PK_DATA_PICTURES:
      return pk_reader_fill_picture(reader, item, seed, inputs, error);
    case PK_DATA_SOUNDS:
      return pk_reader_fill_sound(reader, item, seed, inputs, error);
    default:
      return pk_reader_fill_text(reader, item, seed, inputs, error);
  }
}
