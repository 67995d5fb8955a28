#include "descent.h"

#include <math.h>

static const float beta1 = 0.9f, beta2 = 0.99f, epsilon = 1e-12f;

pk_descent pk_descent_at(size_t count, float rate) {
  return (pk_descent){rate, (float)(1.0 / (1.0 - pow((double)beta1, (double)count))),
                      (float)(1.0 / (1.0 - pow((double)beta2, (double)count)))};
}

float pk_descend(const pk_descent *descent, float *momentum, float *square, float gradient) {
  *momentum = beta1 * *momentum + (1.0f - beta1) * gradient;
  *square = beta2 * *square + (1.0f - beta2) * gradient * gradient;
  return descent->first * *momentum / (sqrtf(descent->second * *square) + epsilon);
}
