// The best classes of a model's output.
#ifndef MINNOW_PACKER_CLASS_SCORES_H_
#define MINNOW_PACKER_CLASS_SCORES_H_

#include "package_load.h"

typedef struct pk_class_score {
  size_t index;
  double score;  // real value: dequantised, a probability after a softmax
} pk_class_score;

// Whether the package has one output, a single row of scores.
bool pk_has_class_scores(const pk_manifest *manifest);

// The best `max_count` scores of the row, best first; equal scores in the order of their classes.
// `top` has room for max_count. Returns how many there are.
size_t pk_top_classes(pk_class_score *top, size_t max_count, const pk_manifest_tensor *tensor,
                      const void *scores);

// The label of class `index`, or "class <index>" written into `text`.
const char *pk_class_label(const pk_loaded_package *package, size_t index, char *text,
                           size_t text_bytes);

#endif  // MINNOW_PACKER_CLASS_SCORES_H_
