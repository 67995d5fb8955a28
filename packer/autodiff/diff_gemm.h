// Products of row-major matrices, by OpenBLAS.
#ifndef MINNOW_PACKER_DIFF_GEMM_H_
#define MINNOW_PACKER_DIFF_GEMM_H_

#include <stddef.h>

// y[rows][o] += x[rows][k] * w[o][k]^T; rows of y and x lie `…_stride` floats apart.
void pk_diff_multiply(float *y, size_t y_stride, const float *x, size_t x_stride, const float *w,
                      size_t rows, size_t o, size_t k);

// dx[rows][k] = dy[rows][o] * w[o][k], added to dx where `beta` is 1.
void pk_diff_multiply_back(float *dx, float beta, const float *dy, size_t dy_stride, const float *w,
                           size_t rows, size_t o, size_t k);

// dw[o][k] += dy[rows][o]^T * x[rows][k]
void pk_diff_weight_gradient(float *dw, const float *dy, size_t dy_stride, const float *x,
                             size_t rows, size_t o, size_t k);

#endif  // MINNOW_PACKER_DIFF_GEMM_H_
