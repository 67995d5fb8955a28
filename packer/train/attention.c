#include "attention.h"

#include <math.h>

float pk_attention_map(float *map, const float *values, size_t positions, size_t channels) {
  double squares = 0.0;
  for (size_t i = 0; i < positions; i++) {
    const float *row = values + i * channels;
    float sum = 0.0f;
    for (size_t c = 0; c < channels; c++) sum += row[c] * row[c];
    map[i] = sum;
    squares += (double)sum * (double)sum;
  }
  const float length = (float)sqrt(squares);
  for (size_t i = 0; i < positions && length > 0.0f; i++) map[i] /= length;
  return length;
}

float pk_attention_loss(float *gradient, const float *values, const float *target, size_t positions,
                        size_t channels, float weight, float *scratch) {
  float *map = scratch, loss = 0.0f, along = 0.0f;
  const float length = pk_attention_map(map, values, positions, channels);
  for (size_t i = 0; i < positions; i++) {
    const float off = map[i] - target[i];
    loss += off * off;
    along += 2.0f * off * map[i];
  }
  // Scaling to the length 1 takes out of the slope what points along the map.
  for (size_t i = 0; i < positions && length > 0.0f; i++) {
    const float slope = (2.0f * (map[i] - target[i]) - along * map[i]) / length;
    for (size_t c = 0; c < channels; c++) {
      gradient[i * channels + c] += weight * slope * 2.0f * values[i * channels + c];
    }
  }
  return loss;
}
