// Reverse-mode differentiation of a source graph: real values forward, gradients backward.
//
// A net is the graph with its constants as real numbers; it is shared by any number of tapes, one
// for each thread or sample. A tape holds one run: the value of every tensor, and behind
// pk_diff_backward() the gradient of a scalar loss by every tensor that wants one. The loss itself
// stays with the caller, who seeds the gradients of tensors.
//
// The graph is one behind the passes (graph_passes.h): paddings are explicit. Quantised graphs are
// computed in real numbers; with `simulates_int8` every quantised activation is rounded and cut as
// the runtime does, and gradients pass through the rounding unchanged (the straight-through
// estimator, Bengio et al. 2013).
#ifndef MINNOW_PACKER_DIFF_NET_H_
#define MINNOW_PACKER_DIFF_NET_H_

#include "../import/source_graph.h"

typedef struct pk_diff_net {
  const pk_graph *graph;  // must stand as long as the net
  size_t tensor_count;
  size_t *elements;   // by tensor
  float **constants;  // by tensor: its real values, owned; NULL: an activation or an index
  bool *wants_grad;   // by tensor; initially weights, biases and what is computed from them
  int32_t *last_use;  // by tensor: the last operator that reads it; -1: none; op_count: an output
  bool simulates_int8;
} pk_diff_net;  // all zero: empty

// Errors: UNSUPPORTED, naming the operator that cannot be differentiated; OUT_OF_MEMORY.
bool pk_diff_net_init(pk_diff_net *net, const pk_graph *graph, pk_error *error);
void pk_diff_net_deinit(pk_diff_net *net);

// Whether the operator has weights that can be learnt, in input 1 (PK_INPUT_WEIGHTS).
bool pk_diff_has_weights(const pk_op *op);

// Whether a constant that is input `input` of the operator is learnt: its wants_grad starts true.
bool pk_diff_learns(const pk_op *op, int input);

// What a trainer does to an operator's result in front of its fused activation, as batch
// normalisation: `forward` changes y, `backward` turns the gradient by the changed y into the one
// by the plain y. Called for every operator; false with the error filled ends the run.
typedef struct pk_diff_hooks {
  bool (*forward)(void *user, size_t op, float *y, pk_error *error);
  bool (*backward)(void *user, size_t op, float *dy, pk_error *error);
  void *user;
} pk_diff_hooks;

typedef struct pk_diff_tape {
  const pk_diff_net *net;
  const pk_diff_hooks *hooks;  // NULL: none
  float **values;              // by tensor: activations; NULL: not computed
  float **grads;               // by tensor; NULL: none yet
  float *scratch;
  size_t scratch_elements;
} pk_diff_tape;  // all zero: empty

bool pk_diff_tape_init(pk_diff_tape *tape, const pk_diff_net *net, pk_error *error);
void pk_diff_tape_deinit(pk_diff_tape *tape);

// The tensor's values on this tape: an activation's or the net's constant.
const float *pk_diff_value(const pk_diff_tape *tape, int32_t tensor);

// Sets input `index` of the graph from its bytes as the runtime takes them. Integers without a
// scale (token numbers) keep their values, exactly up to 2^24.
bool pk_diff_set_input(pk_diff_tape *tape, size_t index, const void *bytes, pk_error *error);

// Computes operator `op` alone; its inputs must have values.
bool pk_diff_forward_op(pk_diff_tape *tape, size_t op, pk_error *error);
bool pk_diff_forward(pk_diff_tape *tape, pk_error *error);

// Drops the values of tensors that no operator behind `op` reads, to save memory.
void pk_diff_release_behind(pk_diff_tape *tape, size_t op);

// The tensor's gradient, zeroed when it is asked for first. NULL: out of memory.
float *pk_diff_grad(pk_diff_tape *tape, int32_t tensor, pk_error *error);
void pk_diff_clear_grads(pk_diff_tape *tape);

// From the seeded gradients (pk_diff_grad) back to the constants. The gradient of an operator's
// output becomes the one in front of its fused activation.
bool pk_diff_backward(pk_diff_tape *tape, pk_error *error);

#endif  // MINNOW_PACKER_DIFF_NET_H_
