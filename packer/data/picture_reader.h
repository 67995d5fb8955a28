// Pictures of a data set into an image input.
#ifndef MINNOW_PACKER_PICTURE_READER_H_
#define MINNOW_PACKER_PICTURE_READER_H_

#include "data_random.h"
#include "data_store.h"

typedef struct pk_picture_reader pk_picture_reader;

bool pk_picture_reader_open(pk_picture_reader **reader, const pk_data_set *set,
                            const pk_manifest_tensor *input, const json_t *augment,
                            pk_error *error);
void pk_picture_reader_close(pk_picture_reader *reader);

// `made` is what generated pictures are drawn from, `altered` what changes are (NULL: none).
bool pk_picture_reader_fill(pk_picture_reader *reader, const pk_data_item *item, pk_random *made,
                            pk_random *altered, void *tensor, pk_error *error);

#endif  // MINNOW_PACKER_PICTURE_READER_H_
