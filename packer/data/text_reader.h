// Texts of a data set into text inputs.
#ifndef MINNOW_PACKER_TEXT_READER_H_
#define MINNOW_PACKER_TEXT_READER_H_

#include "data_random.h"
#include "data_store.h"

typedef struct pk_text_reader pk_text_reader;

bool pk_text_reader_open(pk_text_reader **reader, const pk_data_set *set, const pk_manifest *inputs,
                         const json_t *augment, pk_error *error);
void pk_text_reader_close(pk_text_reader *reader);

// Writes all inputs behind each other. `altered` is what changes are drawn from (NULL: none).
bool pk_text_reader_fill(pk_text_reader *reader, const pk_data_item *item, pk_random *altered,
                         uint8_t *inputs, pk_error *error);

#endif  // MINNOW_PACKER_TEXT_READER_H_
