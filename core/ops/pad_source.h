// What stands outside of a tensor that PAD makes larger.
#ifndef MINNOW_OPS_PAD_SOURCE_H_
#define MINNOW_OPS_PAD_SOURCE_H_

#include <stdint.h>

// Values of MNW_PAD_MODE, as ONNX defines them.
enum { MNW_PAD_CONSTANT, MNW_PAD_REFLECT, MNW_PAD_EDGE, MNW_PAD_WRAP };

// Which of the `extent` positions inside stands at `position`, negative for the value.
static inline int32_t mnw_pad_source(int32_t position, int32_t extent, int32_t mode) {
  if (position >= 0 && position < extent) return position;
  if (mode == MNW_PAD_CONSTANT) return -1;
  if (mode == MNW_PAD_EDGE || extent == 1) return position < 0 ? 0 : extent - 1;
  const int32_t period = mode == MNW_PAD_WRAP ? extent : 2 * (extent - 1);
  const int32_t remainder = position % period;
  const int32_t phase = remainder < 0 ? remainder + period : remainder;
  return phase < extent ? phase : period - phase;
}

#endif  // MINNOW_OPS_PAD_SOURCE_H_
