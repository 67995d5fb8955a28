// Class names that a TFLite file carries in itself: the "associated files" of TFLite Metadata are a
// zip archive behind the flatbuffer
// (https://ai.google.dev/edge/litert/conversion/tensorflow/metadata).
#ifndef MINNOW_PACKER_METADATA_LABELS_H_
#define MINNOW_PACKER_METADATA_LABELS_H_

#include "../encode/byte_buffer.h"

// Fills `labels` with the first text file of the archive; leaves it empty where the model has no
// archive, the archive is damaged or holds no text file. To be freed with pk_bytes_free().
void pk_metadata_labels_read(pk_bytes *labels, const char *model_path);

#endif  // MINNOW_PACKER_METADATA_LABELS_H_
