#include "range_candidates.h"

#include <math.h>

enum { CUTS = 48, LEVELS = 256 };

void pk_range_quantization(float *scale, int32_t *zero_point, pk_range range) {
  const float low = fminf(range.low, 0.0f), high = fmaxf(range.high, 0.0f);
  *scale = fmaxf((high - low) / 255.0f, 1e-12f);
  *zero_point = (int32_t)fmaxf(-128.0f, fminf(127.0f, rintf(-128.0f - low / *scale)));
}

float pk_range_error(float scale, int32_t zero_point, float value) {
  const float level = rintf(value / scale) + (float)zero_point;
  return scale * (fmaxf(-128.0f, fminf(127.0f, level)) - (float)zero_point) - value;
}

// Mean squared error, times the count, of rounding to 256 levels of low … high and cutting off what
// lies beyond.
static double squared_error(const uint32_t *bins, size_t count, pk_range seen, pk_range range) {
  const double low = (double)range.low, high = (double)range.high;
  const double width = ((double)seen.high - (double)seen.low) / (double)count;
  const double step = (high - low) / 255.0;
  double error = 0.0;
  for (size_t i = 0; i < count; i++) {
    const double value = (double)seen.low + ((double)i + 0.5) * width;
    const double beyond = value < low ? low - value : value > high ? value - high : 0.0;
    error += (double)bins[i] * (beyond > 0.0 ? beyond * beyond : step * step / 12.0);
  }
  return error;
}

// The bin of a value, cut to those there are.
static size_t bin_of(size_t count, pk_range seen, float value) {
  const float place = (value - seen.low) / (seen.high - seen.low) * (float)count;
  return place >= (float)count ? count - 1 : (size_t)fmaxf(place, 0.0f);
}

// Divergence of the distribution cut to `range`, whose tails stand in its last bins, from the one
// that 256 levels make of it.
static double divergence(const uint32_t *bins, size_t count, pk_range seen, pk_range range) {
  const size_t first = bin_of(count, seen, range.low), last = bin_of(count, seen, range.high);
  double total = 0.0, below = 0.0, above = 0.0, sum = 0.0;
  for (size_t i = 0; i < count; i++) {
    total += (double)bins[i];
    if (i < first) below += (double)bins[i];
    if (i > last) above += (double)bins[i];
  }
  for (size_t level = 0; level < LEVELS; level++) {
    const size_t start = first + level * (last + 1 - first) / LEVELS;
    const size_t end = first + (level + 1) * (last + 1 - first) / LEVELS;
    double mass = 0.0, used = 0.0;
    for (size_t i = start; i < end; i++) {
      mass += (double)bins[i];
      used += bins[i] > 0;
    }
    // A level spreads what fell to it evenly over the bins that had anything.
    for (size_t i = start; i < end; i++) {
      const double p = (double)bins[i] + (i == first ? below : 0.0) + (i == last ? above : 0.0);
      const double q = bins[i] > 0 ? mass / used : 0.0;
      if (p > 0.0) sum += p * log(p / fmax(q, 1e-3));
    }
  }
  return sum / total;
}

typedef double range_cost_fn(const uint32_t *bins, size_t count, pk_range seen, pk_range range);

// Of cuts at both ends and at either, the one of least cost.
static pk_range least_cost(range_cost_fn *cost, const uint32_t *bins, size_t count, pk_range seen) {
  pk_range best = seen;
  double least = cost(bins, count, seen, seen);
  for (int cut = 1; cut < CUTS; cut++) {
    const float share = 1.0f - (float)cut / (float)CUTS;
    const pk_range cuts[3] = {{share * seen.low, share * seen.high},
                              {seen.low, share * seen.high},
                              {share * seen.low, seen.high}};
    for (int i = 0; i < 3; i++) {
      const double value = cost(bins, count, seen, cuts[i]);
      if (value >= least) continue;
      least = value;
      best = cuts[i];
    }
  }
  return best;
}

// All but `share` of the values at each end.
static pk_range percentile(const uint32_t *bins, size_t count, pk_range seen, double share) {
  const float width = (seen.high - seen.low) / (float)count;
  double total = 0.0, below = 0.0, above = 0.0;
  size_t first = 0, last = count - 1;
  for (size_t i = 0; i < count; i++) total += (double)bins[i];
  while (first < last && (below += (double)bins[first]) <= share * total) first++;
  while (last > first && (above += (double)bins[last]) <= share * total) last--;
  return (pk_range){fminf(seen.low + (float)first * width, 0.0f),
                    fmaxf(seen.low + (float)(last + 1) * width, 0.0f)};
}

pk_range pk_range_by_rule(pk_range_rule rule, const uint32_t *bins, size_t count, pk_range seen) {
  if (!(seen.high > seen.low)) return seen;
  switch (rule) {
    case PK_RANGE_SQUARED_ERROR:
      return least_cost(squared_error, bins, count, seen);
    case PK_RANGE_9999:
      return percentile(bins, count, seen, 1e-4);
    case PK_RANGE_999:
      return percentile(bins, count, seen, 1e-3);
    case PK_RANGE_DIVERGENCE:
      return least_cost(divergence, bins, count, seen);
    default:
      return seen;
  }
}
