// Copies the patches under output pixels into rows of a matrix.
#ifndef MINNOW_OPS_PATCH_GATHER_H_
#define MINNOW_OPS_PATCH_GATHER_H_

#include "picture.h"

// One picture and what of it is copied. Sizes are in bytes, so that it serves every dtype.
typedef struct mnw_patch_source {
  const void *picture;  // at the first channel that is copied
  const mnw_window *window;
  size_t pixel_bytes;   // of all channels
  size_t copied_bytes;  // of a pixel
  int32_t padding;      // every byte outside the picture
} mnw_patch_source;

// `count` patches from output pixel `first` (row-major) on, patch_stride bytes apart, each
// kernel_h * kernel_w * copied_bytes.
void mnw_patches_gather(void *patches, size_t patch_stride, const mnw_patch_source *source,
                        size_t first, size_t count);

#endif  // MINNOW_OPS_PATCH_GATHER_H_
