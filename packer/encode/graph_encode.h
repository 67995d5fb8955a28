// The payloads of the PACKAGE and GRAPH chunks.
#ifndef MINNOW_PACKER_GRAPH_ENCODE_H_
#define MINNOW_PACKER_GRAPH_ENCODE_H_

#include <stdbool.h>

#include "../lowered_graph.h"
#include "../pk_error.h"
#include "byte_buffer.h"

// Parameter words of an operator, from the operator table; negative for an unknown code.
int pk_op_param_words(int code);
const char *pk_op_name(int code);  // "CONV_2D"; "UNKNOWN" for an unknown code

// Appends the GRAPH payload. Fails, naming tensor or operator, on what the format cannot hold.
bool pk_encode_graph(pk_bytes *payload, const pk_lowered_graph *graph, pk_error *error);

// Appends the PACKAGE payload; shard count and largest chunk are filled in by the shard writer.
bool pk_encode_package_header(pk_bytes *payload, const pk_lowered_graph *graph, size_t graph_words,
                              pk_error *error);

#endif  // MINNOW_PACKER_GRAPH_ENCODE_H_
