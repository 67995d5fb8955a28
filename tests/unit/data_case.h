// Data sets and readers from JSON text, and small files to make them of. In JSON text, ' stands for
// ".
#ifndef MINNOW_TESTS_DATA_CASE_H_
#define MINNOW_TESTS_DATA_CASE_H_

#include "data/data_set.h"

typedef struct data_case {
  pk_data_set *set;
  pk_data_reader *reader;
  pk_manifest inputs;
  size_t input_bytes;
} data_case;

// `labels` is NULL-terminated.
bool data_case_try_open(data_case *c, const char *description, const char *root,
                        const char *const *labels, pk_error *error);
void data_case_open(data_case *c, const char *description, const char *root,
                    const char *const *labels);
void data_case_close(data_case *c);

// Opens a reader instead of the case's last one. `front` is what --frontend takes; `augment` may be
// NULL.
bool data_case_try_read(data_case *c, const pk_manifest_tensor *inputs, size_t count,
                        const char *front, const char *augment, pk_error *error);
void data_case_read(data_case *c, const pk_manifest_tensor *inputs, size_t count, const char *front,
                    const char *augment);

// Reads an example; the test fails where that does not work.
void data_case_fill(data_case *c, pk_data_part part, size_t index, uint64_t seed, void *bytes);

// The folder that a path's last part stands in must be there.
void data_case_make_folder(const char *path);
// PCM of 16 bits.
void data_case_write_wav(const char *path, const int16_t *samples, size_t frames, uint32_t rate,
                         uint32_t channels);
// Grey (1 channel) or RGB.
void data_case_write_png(const char *path, const uint8_t *pixels, uint32_t width, uint32_t height,
                         uint32_t channels);
// uint8 [count, side, side]
void data_case_write_npy(const char *path, const uint8_t *pixels, size_t count, uint32_t side);
void data_case_write_text(const char *path, const char *text);

#endif  // MINNOW_TESTS_DATA_CASE_H_
