// What a training leaves behind: the network as it is used, in a file (trained_model.h).
#ifndef MINNOW_PACKER_TRAIN_TRAINED_FILE_H_
#define MINNOW_PACKER_TRAIN_TRAINED_FILE_H_

#include "train_session.h"

// Folded weights under their tensors' names, and the network's description. Channels that have gone
// are left out of the weights, and "channels" of the description says how many each layer has
// left. To be freed by the caller; NULL with the error filled: OUT_OF_MEMORY.
uint8_t *pk_trained_bytes(pk_train_session *session, size_t *size_bytes, pk_error *error);

#endif  // MINNOW_PACKER_TRAIN_TRAINED_FILE_H_
