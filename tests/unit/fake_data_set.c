#include "fake_data_set.h"

#include <stdlib.h>
#include <string.h>

struct pk_data_reader {
  const pk_data_set *set;
};

size_t pk_data_set_count(const pk_data_set *set, pk_data_part part) {
  return part == PK_DATA_TEST ? set->count : 0;
}

pk_data_example pk_data_set_example(const pk_data_set *set, pk_data_part part, size_t index) {
  (void)part;
  return (pk_data_example){set->examples[index].label, set->examples[index].name};
}

bool pk_data_reader_open(pk_data_reader **reader, const pk_data_set *set, const pk_manifest *inputs,
                         const json_t *augment, pk_error *error) {
  (void)inputs, (void)augment;
  *reader = malloc(sizeof **reader);
  if (!*reader) return pk_fail(error, PK_OUT_OF_MEMORY, "no memory");
  (*reader)->set = set;
  return true;
}

void pk_data_reader_close(pk_data_reader *reader) {
  free(reader);
}

bool pk_data_reader_fill(pk_data_reader *reader, pk_data_part part, size_t index, uint64_t seed,
                         void *inputs, pk_error *error) {
  (void)part, (void)seed;
  if (index == reader->set->broken) return pk_fail(error, PK_IO, "example %zu is broken", index);
  memcpy(inputs, reader->set->examples[index].inputs, reader->set->input_bytes);
  return true;
}
