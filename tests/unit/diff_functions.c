#include "diff_functions.h"

#include "../../core/ops/op_params.h"

const diff_function diff_unary_functions[] = {
    {MNW_UNARY_ABS, .low = -2.0f, .high = 2.0f},
    {MNW_UNARY_NEG, .low = -2.0f, .high = 2.0f},
    {MNW_UNARY_SQRT, .low = 0.5f, .high = 4.0f},
    {MNW_UNARY_RECIPROCAL, .low = 0.5f, .high = 3.0f},
    {MNW_UNARY_EXP, .low = -2.0f, .high = 2.0f},
    {MNW_UNARY_LOG, .low = 0.5f, .high = 4.0f},
    {MNW_UNARY_TANH, .low = -3.0f, .high = 3.0f},
    {MNW_UNARY_SIGMOID, .low = -6.0f, .high = 6.0f},
    {MNW_UNARY_CLIP, .low = -3.0f, .high = 3.0f, .alpha = -1.0f, .beta = 2.0f},
    {MNW_UNARY_LEAKY_RELU, .low = -2.0f, .high = 2.0f, .alpha = 0.3f},
    {MNW_UNARY_ELU, .low = -2.0f, .high = 2.0f, .alpha = 0.7f},
    {MNW_UNARY_SOFTPLUS, .low = -5.0f, .high = 5.0f},
    {MNW_UNARY_HARD_SIGMOID, .low = -4.0f, .high = 4.0f, .alpha = 0.2f, .beta = 0.5f},
    {MNW_UNARY_HARD_SWISH, .low = -5.0f, .high = 5.0f},
    {MNW_UNARY_SWISH, .low = -5.0f, .high = 5.0f, .alpha = 1.5f},
    {MNW_UNARY_RSQRT, .low = 0.5f, .high = 4.0f},
    {MNW_UNARY_SQUARE, .low = -2.0f, .high = 2.0f},
    {MNW_UNARY_SIN, .low = -3.0f, .high = 3.0f},
    {MNW_UNARY_COS, .low = -3.0f, .high = 3.0f},
    {MNW_UNARY_TAN, .low = -1.0f, .high = 1.0f},
    {MNW_UNARY_ASIN, .low = -0.8f, .high = 0.8f},
    {MNW_UNARY_ACOS, .low = -0.8f, .high = 0.8f},
    {MNW_UNARY_ATAN, .low = -3.0f, .high = 3.0f},
    {MNW_UNARY_SINH, .low = -2.0f, .high = 2.0f},
    {MNW_UNARY_COSH, .low = -2.0f, .high = 2.0f},
    {MNW_UNARY_ASINH, .low = -3.0f, .high = 3.0f},
    {MNW_UNARY_ACOSH, .low = 1.5f, .high = 4.0f},
    {MNW_UNARY_ATANH, .low = -0.7f, .high = 0.7f},
    {MNW_UNARY_ERF, .low = -3.0f, .high = 3.0f},
    {MNW_UNARY_SELU, .low = -3.0f, .high = 3.0f, .alpha = 1.6733f, .beta = 1.0507f},
    {MNW_UNARY_CELU, .low = -3.0f, .high = 3.0f, .alpha = 0.6f},
    {MNW_UNARY_GELU, .low = -4.0f, .high = 4.0f},
    {MNW_UNARY_GELU_TANH, .low = -4.0f, .high = 4.0f},
    {MNW_UNARY_SOFTSIGN, .low = -3.0f, .high = 3.0f},
    {MNW_UNARY_MISH, .low = -5.0f, .high = 5.0f},
    {MNW_UNARY_THRESHOLDED_RELU, .low = -3.0f, .high = 3.0f, .alpha = 0.5f},
    {MNW_UNARY_SHRINK, .low = -3.0f, .high = 3.0f, .alpha = 0.7f, .beta = 0.2f},
};
const size_t diff_unary_function_count = sizeof diff_unary_functions / sizeof *diff_unary_functions;

const diff_function diff_binary_functions[] = {
    {MNW_BINARY_ADD, .low = -2.0f, .high = 2.0f, .low_b = -2.0f, .high_b = 2.0f},
    {MNW_BINARY_SUB, .low = -2.0f, .high = 2.0f, .low_b = -2.0f, .high_b = 2.0f},
    {MNW_BINARY_MUL, .low = -2.0f, .high = 2.0f, .low_b = -2.0f, .high_b = 2.0f},
    {MNW_BINARY_DIV, .low = -2.0f, .high = 2.0f, .low_b = 0.7f, .high_b = 3.0f},
    {MNW_BINARY_MIN, .low = -2.0f, .high = 2.0f, .low_b = -2.0f, .high_b = 2.0f},
    {MNW_BINARY_MAX, .low = -2.0f, .high = 2.0f, .low_b = -2.0f, .high_b = 2.0f},
    {MNW_BINARY_PRELU, .low = -2.0f, .high = 2.0f, .low_b = 0.1f, .high_b = 0.9f},
    {MNW_BINARY_POW, .low = 0.5f, .high = 2.0f, .low_b = -1.5f, .high_b = 2.0f},
    {MNW_BINARY_SQUARED_DIFFERENCE, .low = -2.0f, .high = 2.0f, .low_b = -2.0f, .high_b = 2.0f},
};
const size_t diff_binary_function_count =
    sizeof diff_binary_functions / sizeof *diff_binary_functions;
