// What the files of a folder hold.
#ifndef MINNOW_PACKER_DATA_LOAD_H_
#define MINNOW_PACKER_DATA_LOAD_H_

#include "data_store.h"

// Reads the files of the set's items from `first` on, which have names and nothing else yet.
// `seconds` above 0: longer sounds are cut into pieces of that length; those behind the first
// become items at the end of the set, with the same part, and a rest of less than half a piece is
// left out. Errors: IO, BAD_IMAGE, BAD_SOUND, OUT_OF_MEMORY.
bool pk_data_load(pk_data_set *set, size_t first, double seconds, pk_error *error);

#endif  // MINNOW_PACKER_DATA_LOAD_H_
