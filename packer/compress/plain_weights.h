// Fewer bits for weights without any samples: what a type of number holds of each, and no more.
#ifndef MINNOW_PACKER_PLAIN_WEIGHTS_H_
#define MINNOW_PACKER_PLAIN_WEIGHTS_H_

#include "../import/source_graph.h"

typedef enum pk_plain_weights {
  PK_PLAIN_FLOAT16,  // eleven significant bits, as float16 has, but no overflow: 0 below 2^-25,
                     // float32's exponents above. The other bits become zeros, which cost nothing
                     // in a package; the runtime computes as before
  PK_PLAIN_INT8,     // -127 … 127 of a step for each output channel
  PK_PLAIN_INT4      // -7 … 7
} pk_plain_weights;
extern const char *const pk_plain_weight_names[];  // by value; ends with NULL

typedef struct pk_plain_report {
  size_t constants, numbers;  // that were rounded
} pk_plain_report;            // all zero: nothing was

// Rounds the float32 constants that operators learn: weights of convolutions, fully connected and
// recurrent operators, constant matrices, tables of embeddings; not biases and scales. Steps:
// channel_levels.h. What cannot have steps of its own (tables, matrices, what several operators
// share) gets 255 values for a tensor by PK_PLAIN_INT8 and PK_PLAIN_INT4. Errors: UNSUPPORTED
// (there is no such constant), OUT_OF_MEMORY.
bool pk_round_plain(pk_graph *graph, pk_plain_report *report, pk_plain_weights weights,
                    pk_error *error);

#endif  // MINNOW_PACKER_PLAIN_WEIGHTS_H_
