// How far a share that was counted may be from the true one.
#ifndef MINNOW_PACKER_SHARE_INTERVAL_H_
#define MINNOW_PACKER_SHARE_INTERVAL_H_

#include <stddef.h>

typedef struct pk_interval {
  double low, high;  // 0 … 1
} pk_interval;

// The 95 % interval of a share of `total` (Wilson, "Probable inference, the law of succession, and
// statistical inference", 1927). `total` is not 0.
pk_interval pk_share_interval(double share, size_t total);

#endif  // MINNOW_PACKER_SHARE_INTERVAL_H_
