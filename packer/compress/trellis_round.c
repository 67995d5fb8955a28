#include "trellis_round.h"

#include <math.h>

enum { SUBSETS = 4 };

// The nearest level of each subset, and what it costs.
typedef struct candidates {
  int8_t levels[SUBSETS];
  float costs[SUBSETS];
} candidates;

static candidates nearest_levels(float target, float weight, int limit) {
  candidates found;
  for (int subset = 0; subset < SUBSETS; subset++) {
    float level = 4.0f * rintf((target - (float)subset) * 0.25f) + (float)subset;
    while (level > (float)limit) level -= 4.0f;
    while (level < (float)-limit) level += 4.0f;
    const float error = level - target;
    found.levels[subset] = (int8_t)level;
    found.costs[subset] = weight * error * error;
  }
  return found;
}

// The bit of a level above its parity that leads from `state` to a state of parity `next`.
static unsigned chosen_bit(unsigned state, unsigned next) {
  return (next ^ state >> 1 ^ state >> 2) & 1;
}

// A state's predecessors are the two that differ in what drops out.
static unsigned predecessor(unsigned state, unsigned dropped) {
  return state >> 1 | dropped << 2;
}

static unsigned subset_between(unsigned from, unsigned to) {
  return (from & 1) | chosen_bit(from, to & 1) << 1;
}

// One position: paths[to] is the dropped bit of the better predecessor.
static void extend(float *costs, uint8_t *paths, const candidates *found) {
  float extended[PK_TRELLIS_STATES];
  for (unsigned to = 0; to < PK_TRELLIS_STATES; to++) {
    const unsigned first = predecessor(to, 0), second = predecessor(to, 1);
    const float a = costs[first] + found->costs[subset_between(first, to)];
    const float b = costs[second] + found->costs[subset_between(second, to)];
    paths[to] = b < a;
    extended[to] = b < a ? b : a;
  }
  for (unsigned to = 0; to < PK_TRELLIS_STATES; to++) costs[to] = extended[to];
}

void pk_trellis_round(int8_t *levels, const float *targets, const float *weights, size_t count,
                      int limit, bool returns, uint8_t *paths) {
  float costs[PK_TRELLIS_STATES] = {0.0f};
  unsigned state = 0;
  for (unsigned s = 1; s < PK_TRELLIS_STATES; s++) costs[s] = INFINITY;
  for (size_t i = 0; i < count; i++) {
    const candidates found = nearest_levels(targets[i], weights[i], limit);
    extend(costs, paths + i * PK_TRELLIS_STATES, &found);
  }
  for (unsigned s = 1; !returns && s < PK_TRELLIS_STATES; s++) {
    if (costs[s] < costs[state]) state = s;
  }
  for (size_t i = count; i-- > 0;) {
    const unsigned from = predecessor(state, paths[i * PK_TRELLIS_STATES + state]);
    levels[i] = nearest_levels(targets[i], weights[i], limit).levels[subset_between(from, state)];
    state = from;
  }
}
