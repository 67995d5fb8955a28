// Networks that a student learns from: their class scores before the softmax, averaged.
#ifndef MINNOW_PACKER_TRAIN_TEACHER_H_
#define MINNOW_PACKER_TRAIN_TEACHER_H_

#include "../autodiff/diff_net.h"
#include "../compress/worker_pair.h"
#include "../encode/byte_buffer.h"

typedef struct pk_teacher {
  pk_bytes file;
  pk_graph graph;  // for `rows` examples at a time
  pk_diff_net net;
  pk_diff_tape tapes[PK_WORKERS];
  int32_t logits;  // tensor
  size_t rows, classes, input_elements;
  bool has_layers;  // a trained file: its layers are known by name (pk_network_layer_output)
} pk_teacher;       // all zero: empty

// Reads any importable model with one float32 input and one row of class scores. A trained file
// (trained_model.h) runs on `batch` examples at once, others on one. Errors: USAGE (inputs or
// classes of another number than the student's), those of imports. It must not move afterwards.
bool pk_teacher_open(pk_teacher *teacher, const char *path, size_t batch, size_t input_elements,
                     size_t classes, pk_error *error);
void pk_teacher_close(pk_teacher *teacher);

// Adds `share` of the logits of `batch` examples to scores [batch][classes]; `inputs` [batch][input
// elements]. `batch` as it was opened with. Each worker has a tape of its own.
bool pk_teacher_add(float *scores, pk_teacher *teacher, size_t worker, const float *inputs,
                    size_t batch, float share, pk_error *error);

#endif  // MINNOW_PACKER_TRAIN_TEACHER_H_
