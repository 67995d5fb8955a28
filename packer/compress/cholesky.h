// Positive definite systems by Cholesky's factors, for covariances of a few thousand products.
#ifndef MINNOW_PACKER_CHOLESKY_H_
#define MINNOW_PACKER_CHOLESKY_H_

#include <stddef.h>

// Replaces the lower triangle of a positive definite matrix [n][n] by its lower factor. Pivots that
// rounding made negative count as tiny.
void pk_cholesky_factor(double *matrix, size_t n);

// Solves for x [n], which holds the right side before.
void pk_cholesky_solve(double *x, const double *factor, size_t n);

// The inverse [n][n] of the factored matrix.
void pk_cholesky_invert(double *inverse, const double *factor, size_t n);

#endif  // MINNOW_PACKER_CHOLESKY_H_
