// What a network sees of a picture or a sound, as a picture for people.
#ifndef MINNOW_PACKER_TENSOR_PICTURE_H_
#define MINNOW_PACKER_TENSOR_PICTURE_H_

#include "../package/manifest.h"
#include "../picture/picture_file.h"

// Makes a picture of an input tensor from its bytes, its smallest value black and its largest
// white: pictures as they are, spectra with time from left to right and high bands at the top.
// False where the tensor is neither (waveforms, texts, tensors of other shapes), and where memory
// is short.
bool pk_tensor_picture(pk_picture *picture, const pk_manifest_tensor *tensor, const void *bytes);

#endif  // MINNOW_PACKER_TENSOR_PICTURE_H_
