// Samples to calibrate and to judge with: pictures of a folder as the runtime's input bytes.
#ifndef MINNOW_PACKER_SAMPLE_SET_H_
#define MINNOW_PACKER_SAMPLE_SET_H_

#include "../encode/byte_buffer.h"
#include "../encode/package_writer.h"
#include "../package/manifest.h"

enum { PK_NO_CLASS = -1 };

typedef struct pk_sample {
  uint8_t *bytes;  // of all input tensors behind each other, row-major
  int32_t label;   // class, or PK_NO_CLASS
  size_t file;     // number of the file it comes from
} pk_sample;

typedef struct pk_sample_set {
  pk_sample *items;
  size_t count, bytes_each;
  char **files;                       // names in the folder, owned
  size_t file_count, labelled_count;  // files, and those whose class is known
} pk_sample_set;                      // all zero: empty

typedef struct pk_sample_options {
  const char *folder;
  const pk_bytes *labels;  // class names, one a line; NULL: no classes are known
  size_t max_files;        // evenly spaced ones of more
  pk_progress_fn *progress;
  void *progress_user;
} pk_sample_options;

// Reads the folder's pictures in name order. Each gives two samples: the view that the model is
// used with, and a mirrored closer view that widens the statistics. A file's class is known where
// its name, without a leading identifier and with blanks for underscores, is a class name
// ("n01440764_tench.JPEG"). For a model whose input is no picture the folder holds tensor files
// (*.bin, the bytes of one run), one sample each, whose class is a number before the ending
// ("tst_000_yes_3.bin"). Errors: IO, BAD_IMAGE, UNSUPPORTED, OUT_OF_MEMORY.
bool pk_sample_set_read(pk_sample_set *set, const pk_manifest *manifest,
                        const pk_sample_options *options, pk_error *error);
void pk_sample_set_free(pk_sample_set *set);

// The class that a file name tells, or PK_NO_CLASS. `labels`: one name a line.
int32_t pk_class_of_file(const char *file, const pk_bytes *labels);

#endif  // MINNOW_PACKER_SAMPLE_SET_H_
