// Which tensors of a float graph share their channels, and taking channels out of all of them.
//
// Operators that handle each channel on its own (pools, activations, depthwise convolutions) hand
// channels on; elementwise operators on tensors of equal shape (the sums of residual networks) tie
// those of both operands together. What is so tied is a group, whose channels can only go together:
// from the convolutions and fully connected operators that write its tensors, from what lies
// between, and from those that read them, whose biases take over what a channel contributed. A
// group that anything else reads or writes, or that is an input or output of the graph, is none.
#ifndef MINNOW_PACKER_CHANNEL_GROUPS_H_
#define MINNOW_PACKER_CHANNEL_GROUPS_H_

#include "../import/source_graph.h"

enum { PK_NO_GROUP = -1 };

typedef struct pk_channel_groups {
  int32_t *group_of;  // by tensor: number of its group, or PK_NO_GROUP
  size_t count;
  size_t *channels;   // by group
  bool **is_gone;     // by group: [channels], those to take out; initially none
} pk_channel_groups;  // all zero: empty

// Finds the groups of a float32 graph whose weighted operators all have a bias
// (pk_add_missing_biases). Errors: OUT_OF_MEMORY.
bool pk_channel_groups_init(pk_channel_groups *groups, const pk_graph *graph, pk_error *error);
void pk_channel_groups_deinit(pk_channel_groups *groups);

// The group whose channels the products of this operator read, or PK_NO_GROUP where it is no
// convolution or fully connected operator that mixes them all.
int32_t pk_channel_group_read(const pk_channel_groups *groups, const pk_graph *graph,
                              const pk_op *op);

// Takes the channels marked in is_gone out of the graph, but for what they contributed, and adds
// their number to *removed. At least one of each group must stay.
bool pk_channel_groups_cut(pk_graph *graph, const pk_channel_groups *groups, size_t *removed,
                           pk_error *error);

// The last dimension of a tensor; 0 of a scalar.
size_t pk_tensor_channels(const pk_tensor *tensor);

#endif  // MINNOW_PACKER_CHANNEL_GROUPS_H_
