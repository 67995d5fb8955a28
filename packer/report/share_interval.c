#include "share_interval.h"

#include <math.h>

pk_interval pk_share_interval(double share, size_t total) {
  const double z = 1.959964, n = (double)total, scale = 1.0 + z * z / n;
  const double middle = (share + z * z / (2.0 * n)) / scale;
  const double half = z / scale * sqrt(share * (1.0 - share) / n + z * z / (4.0 * n * n));
  return (pk_interval){fmax(middle - half, 0.0), fmin(middle + half, 1.0)};
}
