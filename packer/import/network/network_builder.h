// What the layers of a network description share while they become operators.
#ifndef MINNOW_PACKER_IMPORT_NETWORK_NETWORK_BUILDER_H_
#define MINNOW_PACKER_IMPORT_NETWORK_NETWORK_BUILDER_H_

#include "../../package/manifest_fields.h"
#include "network_graph.h"

enum { PK_NETWORK_MAX_WIDTH = 1 << 16, PK_NETWORK_PATH_BYTES = 160 };

typedef struct pk_network_builder {
  pk_graph *graph;
  pk_field_reader reader;
  const json_t *widths;    // of layers by name, instead of their own; NULL: none
  pk_network_note *notes;  // by operator
  size_t note_capacity;
} pk_network_builder;

// One layer of the description: `where` is its place for messages ("layers.4.residual.0"), `name`
// what its tensors are called by.
typedef struct pk_network_layer {
  const json_t *json;
  const char *where, *name;
} pk_network_layer;

// Adds the layer's operators behind tensor `x` and returns its result; negative: error filled.
typedef int32_t pk_network_layer_fn(pk_network_builder *b, const pk_network_layer *layer,
                                    int32_t x);

// The layer kinds with weights or windows (network_layers.c), each named by the field that makes it
// one.
typedef struct pk_network_kind {
  const char *field;
  pk_network_layer_fn *add;
} pk_network_kind;
extern const pk_network_kind pk_network_kinds[];  // ends with field NULL

pk_network_layer_fn pk_network_add_gru;  // network_recurrent.c

// Adds operator `op` (its inputs may be the caller's array) with a new float32 result of that
// shape. Returns the result's tensor; negative: error filled.
int32_t pk_network_emit(pk_network_builder *b, const pk_op *op, int rank, const int32_t *dims,
                        const char *name);

// "activation", "norm" and "dropout" of a layer whose last operator has just been emitted.
// `default_norm`: where "norm" is not given. Returns the layer's result.
int32_t pk_network_finish(pk_network_builder *b, const pk_network_layer *layer, int32_t x,
                          bool default_norm);

// A constant of zeros, or that of the layer named by "like".
int32_t pk_network_constant(pk_network_builder *b, const pk_network_layer *layer,
                            const char *suffix, int rank, const int32_t *dims);

// A field that is a number or a pair [height, width].
bool pk_network_pair(int32_t pair[2], const pk_network_builder *b, const pk_network_layer *layer,
                     const char *field, int32_t default_value);

// Refuses fields that neither `known` (NULL-terminated) nor every layer has.
bool pk_network_check_fields(const pk_network_builder *b, const pk_network_layer *layer,
                             const char *const *known);

#endif  // MINNOW_PACKER_IMPORT_NETWORK_NETWORK_BUILDER_H_
