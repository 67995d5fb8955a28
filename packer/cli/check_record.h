// One data set of a conformance case in a single file, so that other engines can run what the tool
// ran. Little-endian words: "MCR1", number of shards, inputs and outputs; then, each a word of
// length and its bytes: the shards, the inputs as the package takes them, and for each output what
// the native run gave and what the case expects, as the package's type.
#ifndef MINNOW_PACKER_CHECK_RECORD_H_
#define MINNOW_PACKER_CHECK_RECORD_H_

#include "../encode/package_writer.h"

// Appending to a record that is NULL does nothing.
void pk_check_record_begin(pk_bytes *record, const pk_shards *shards, size_t input_count,
                           size_t output_count);
void pk_check_record_append(pk_bytes *record, const void *data, size_t size_bytes);
// Writes FOLDER/<name>-<number>.case; the folder must be there.
bool pk_check_record_store(const pk_bytes *record, const char *folder, const char *name,
                           size_t number, pk_error *error);

#endif  // MINNOW_PACKER_CHECK_RECORD_H_
