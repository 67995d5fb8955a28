// A reader's state, and the ways of its three formats.
#ifndef MINNOW_PACKER_DATA_DATA_READER_H_
#define MINNOW_PACKER_DATA_DATA_READER_H_

#include "augment.h"

struct pk_data_reader {
  const pk_data_set *set;
  const pk_manifest *inputs;
  pk_augment augment;
  bool alters;         // there is something to augment
  pk_picture picture;  // room for the largest picture of the set
  void *memory;        // of the front end
  mnw_audio *audio;
  size_t window;  // samples that the sound front end takes for one input
  float *samples, *scratch;
  mnw_text *text;
  char *letters;
  size_t letter_capacity;
};

bool pk_reader_open_sound(pk_data_reader *reader, pk_error *error);
bool pk_reader_open_text(pk_data_reader *reader, pk_error *error);

// `seed` 0: the item as it is.
bool pk_reader_fill_picture(pk_data_reader *reader, const pk_data_item *item, uint64_t seed,
                            void *inputs, pk_error *error);
bool pk_reader_fill_sound(pk_data_reader *reader, const pk_data_item *item, uint64_t seed,
                          void *inputs, pk_error *error);
bool pk_reader_fill_text(pk_data_reader *reader, const pk_data_item *item, uint64_t seed,
                         void *inputs, pk_error *error);

// A stored item of the same part, drawn.
const pk_data_item *pk_reader_draw(const pk_data_reader *reader, pk_data_part part,
                                   pk_random *random);

mnw_tensor_info pk_reader_tensor(const pk_manifest_tensor *tensor);

#endif  // MINNOW_PACKER_DATA_DATA_READER_H_
