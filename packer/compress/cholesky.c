#include "cholesky.h"

#include <math.h>
#include <string.h>

void pk_cholesky_factor(double *matrix, size_t n) {
  for (size_t i = 0; i < n; i++) {
    double *row = matrix + i * n;
    for (size_t j = 0; j <= i; j++) {
      const double *other = matrix + j * n;
      double sum = row[j];
      for (size_t l = 0; l < j; l++) sum -= row[l] * other[l];
      row[j] = j < i ? sum / other[j] : sqrt(fmax(sum, 1e-30));
    }
  }
}

void pk_cholesky_solve(double *x, const double *factor, size_t n) {
  for (size_t i = 0; i < n; i++) {
    for (size_t l = 0; l < i; l++) x[i] -= factor[i * n + l] * x[l];
    x[i] /= factor[i * n + i];
  }
  for (size_t i = n; i-- > 0;) {
    x[i] /= factor[i * n + i];
    for (size_t l = 0; l < i; l++) x[l] -= factor[i * n + l] * x[i];
  }
}

void pk_cholesky_invert(double *inverse, const double *factor, size_t n) {
  memset(inverse, 0, n * n * sizeof *inverse);
  for (size_t i = 0; i < n; i++) {
    inverse[i * n + i] = 1.0;
    pk_cholesky_solve(inverse + i * n, factor, n);
  }
}
