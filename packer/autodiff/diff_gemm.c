#include "diff_gemm.h"

#include <cblas.h>

void pk_diff_multiply(float *y, size_t y_stride, const float *x, size_t x_stride, const float *w,
                      size_t rows, size_t o, size_t k) {
  cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, (int)rows, (int)o, (int)k, 1.0f, x,
              (int)x_stride, w, (int)k, 1.0f, y, (int)y_stride);
}

void pk_diff_multiply_back(float *dx, float beta, const float *dy, size_t dy_stride, const float *w,
                           size_t rows, size_t o, size_t k) {
  cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, (int)rows, (int)k, (int)o, 1.0f, dy,
              (int)dy_stride, w, (int)k, beta, dx, (int)k);
}

void pk_diff_weight_gradient(float *dw, const float *dy, size_t dy_stride, const float *x,
                             size_t rows, size_t o, size_t k) {
  cblas_sgemm(CblasRowMajor, CblasTrans, CblasNoTrans, (int)o, (int)k, (int)rows, 1.0f, dy,
              (int)dy_stride, x, (int)k, 1.0f, dw, (int)k);
}
