// Real numbers into tensors of any element type that a front end fills.
#ifndef MINNOW_FRONTEND_TENSOR_STORE_H_
#define MINNOW_FRONTEND_TENSOR_STORE_H_

#include "../base/error.h"

// Whether the tensor has `elements` elements of float32, or of uint8 or int8 with a scale.
// `what` (%0: the tensor's elements, %1: `elements`) tells INVALID_ARGUMENT.
mnw_status mnw_store_check(const mnw_tensor_info *info, size_t elements, const char *what,
                           mnw_error *error);

// Element `index` becomes `real`, quantised to nearest (ties to even) and clamped.
void mnw_store_real(void *tensor, const mnw_tensor_info *info, size_t index, float real);

size_t mnw_store_elements(const mnw_tensor_info *info);

#endif  // MINNOW_FRONTEND_TENSOR_STORE_H_
