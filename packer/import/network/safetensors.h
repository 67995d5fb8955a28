// The safetensors format: named tensors and texts about them in one file. Trained models and the
// states of trainings are kept in it, so that other tools can open them.
//
// Source: github.com/huggingface/safetensors, "Format": 8 bytes length N of the header,
// little-endian; N bytes JSON { "name": { "dtype", "shape", "data_offsets": [begin, end] }, …,
// "__metadata__": { text: text } }; the bytes of all tensors without gaps. Here: dtype F32 only.
#ifndef MINNOW_PACKER_IMPORT_NETWORK_SAFETENSORS_H_
#define MINNOW_PACKER_IMPORT_NETWORK_SAFETENSORS_H_

#include <jansson.h>
#include <stdint.h>

#include "../../pk_error.h"

enum { PK_SAFETENSORS_MAX_HEADER = 16 << 20 };

// Whether the bytes begin like such a file.
bool pk_is_safetensors(const uint8_t *bytes, size_t size_bytes);

typedef struct pk_safetensors {
  json_t *header;
  const uint8_t *data;  // of the tensors; the caller's bytes
  size_t data_bytes;
} pk_safetensors;  // all zero: empty

// Reads and checks the header; the bytes must stand as long as `out`. Errors: BAD_MODEL.
bool pk_safetensors_open(pk_safetensors *out, const uint8_t *bytes, size_t size_bytes,
                         pk_error *error);
void pk_safetensors_close(pk_safetensors *file);

// A text of __metadata__; NULL: there is none.
const char *pk_safetensors_text(const pk_safetensors *file, const char *name);

// Copies the `count` float32 numbers of a tensor. Errors: BAD_MODEL (it is missing, or has another
// number of elements).
bool pk_safetensors_read(float *values, const pk_safetensors *file, const char *name, size_t count,
                         pk_error *error);

// A file under construction: texts and tensors, whose values must stand until it is written.
typedef struct pk_safetensors_writer {
  json_t *header;
  const float **values;
  size_t *counts;
  size_t tensor_count, capacity, data_bytes;
  bool failed;            // out of memory
} pk_safetensors_writer;  // all zero: empty

void pk_safetensors_put_text(pk_safetensors_writer *writer, const char *name, const char *text);
void pk_safetensors_put(pk_safetensors_writer *writer, const char *name, const float *values,
                        const int32_t *dims, int rank);
// The file's bytes, to be freed by the caller, and their number; NULL with the error filled when
// out of memory. Empties the writer in any case.
uint8_t *pk_safetensors_finish(pk_safetensors_writer *writer, size_t *size_bytes, pk_error *error);

#endif  // MINNOW_PACKER_IMPORT_NETWORK_SAFETENSORS_H_
