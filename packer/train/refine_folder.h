// Refinement from nothing but the folder of samples that a compression calibrates with.
#ifndef MINNOW_PACKER_TRAIN_REFINE_FOLDER_H_
#define MINNOW_PACKER_TRAIN_REFINE_FOLDER_H_

#include "refine.h"

typedef struct pk_folder_refinement {
  const char *folder;
  size_t steps;
  uint64_t seed;
  pk_progress_fn *progress;
} pk_folder_refinement;

// A pk_refine_fn; `user` is a pk_folder_refinement. Models of pictures learn from the folder's
// pictures, moved, enlarged, mirrored and toned at random; others from the tensor files as they
// are. A fifth of the files is not learnt from: it judges. Errors: as pk_refine(), IO, BAD_IMAGE.
pk_refine_fn pk_refine_from_folder;

#endif  // MINNOW_PACKER_TRAIN_REFINE_FOLDER_H_
