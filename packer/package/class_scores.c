#include "class_scores.h"

#include <stdio.h>
#include <string.h>

#include "real_value.h"

bool pk_has_class_scores(const pk_manifest *manifest) {
  const pk_manifest_tensor *tensor = &manifest->outputs[0];
  if (manifest->output_count != 1 || tensor->rank == 0) return false;
  for (uint32_t i = 0; i + 1 < tensor->rank; i++) {
    if (tensor->dims[i] != 1) return false;
  }
  return true;
}

size_t pk_top_classes(pk_class_score *top, size_t max_count, const pk_manifest_tensor *tensor,
                      const void *scores) {
  const size_t classes = (size_t)tensor->dims[tensor->rank - 1];
  size_t count = 0;
  for (size_t i = 0; i < classes; i++) {
    const pk_class_score entry = {
        i, pk_real_value(tensor->dtype, tensor->scale, tensor->zero_point, scores, i)};
    size_t at = count;
    while (at > 0 && entry.score > top[at - 1].score) at--;
    if (at == max_count) continue;
    if (count < max_count) count++;
    memmove(&top[at + 1], &top[at], (count - 1 - at) * sizeof *top);
    top[at] = entry;
  }
  return count;
}

const char *pk_class_label(const pk_loaded_package *package, size_t index, char *text,
                           size_t text_bytes) {
  if (index < package->label_count) return package->labels[index];
  snprintf(text, text_bytes, "class %zu", index);
  return text;
}
