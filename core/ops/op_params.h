// Operator codes and the meaning of each operator's parameter words (int32), shared with the
// packer.
#ifndef MINNOW_OPS_OP_PARAMS_H_
#define MINNOW_OPS_OP_PARAMS_H_

typedef enum mnw_op_code {
#define MNW_OP(code, name, lower, words) MNW_OP_##name = (code),
#include "op_table.inc"
#undef MNW_OP
} mnw_op_code;

// CONV_2D, DEPTHWISE_CONV_2D: inputs x, weights, bias, multiplier; float32: x, weights, bias.
// Padding at the bottom and on the right follows from the output's shape.
enum {
  MNW_CONV_KERNEL_H,
  MNW_CONV_KERNEL_W,
  MNW_CONV_STRIDE_H,
  MNW_CONV_STRIDE_W,
  MNW_CONV_DILATION_H,
  MNW_CONV_DILATION_W,
  MNW_CONV_PAD_TOP,
  MNW_CONV_PAD_LEFT,
  MNW_CONV_WEIGHT_ZERO_POINT,  // -128..127
  MNW_CONV_WEIGHT_BITS,  // 1..8: every weight - zero point lies in -2^(bits - 1) .. 2^(bits - 1) -
                         // 1
  MNW_CONV_CLAMP_MIN,    // of the quantised output, fused activation included; float32: bits of the
                         // bound, of -inf and +inf for none
  MNW_CONV_CLAMP_MAX,
  MNW_CONV_GROUPS  // 1, but for float32 CONV_2D
};

// FULLY_CONNECTED: inputs x, weights, bias, multiplier; float32: x, weights, bias, clamps as bits.
enum {
  MNW_FULLY_CONNECTED_WEIGHT_ZERO_POINT,
  MNW_FULLY_CONNECTED_WEIGHT_BITS,
  MNW_FULLY_CONNECTED_CLAMP_MIN,
  MNW_FULLY_CONNECTED_CLAMP_MAX
};

enum { MNW_ADD_CLAMP_MIN, MNW_ADD_CLAMP_MAX };
#define MNW_ADD_RATIO_LIMIT 65536.0f  // which an input's scale by the output's stays below

// AVERAGE_POOL_2D, MAX_POOL_2D
enum {
  MNW_POOL_FILTER_H,
  MNW_POOL_FILTER_W,
  MNW_POOL_STRIDE_H,
  MNW_POOL_STRIDE_W,
  MNW_POOL_PAD_TOP,
  MNW_POOL_PAD_LEFT,
  MNW_POOL_CLAMP_MIN,
  MNW_POOL_CLAMP_MAX,
  MNW_POOL_TIES_UP  // averages only: 1 for models that came as uint8, whose halves TFLite rounds up
};

enum { MNW_MEAN_AXES };  // bit i set: axis i is averaged away

// PAD: elements before the start of each axis (those after the end follow from the output's shape),
// then the value.
enum {
  MNW_PAD_BEFORE,
  MNW_PAD_VALUE = 6,
  MNW_PAD_MODE = 7
};  // value: integer or float32 bits; mode 0 constant, 1 reflect, 2 edge, 3 wrap

enum { MNW_SOFTMAX_BETA };  // float32 bits

// UNARY: y = function(x), alpha and beta as float32 bits. float32; int32 and int64 for ABS, NEG,
// SIGN; quantised int8 (through a table) for every function with a float result; IS_NAN and IS_INF
// give bool; NOT takes bool.
enum { MNW_UNARY_FUNCTION, MNW_UNARY_ALPHA, MNW_UNARY_BETA };

enum {
  MNW_UNARY_ABS = 1,
  MNW_UNARY_NEG = 2,
  MNW_UNARY_SIGN = 3,
  MNW_UNARY_CEIL = 4,
  MNW_UNARY_FLOOR = 5,
  MNW_UNARY_ROUND = 6,  // halves to even
  MNW_UNARY_SQRT = 7,
  MNW_UNARY_RECIPROCAL = 8,
  MNW_UNARY_EXP = 9,
  MNW_UNARY_LOG = 10,
  MNW_UNARY_SIN = 11,
  MNW_UNARY_COS = 12,
  MNW_UNARY_TAN = 13,
  MNW_UNARY_ASIN = 14,
  MNW_UNARY_ACOS = 15,
  MNW_UNARY_ATAN = 16,
  MNW_UNARY_SINH = 17,
  MNW_UNARY_COSH = 18,
  MNW_UNARY_TANH = 19,
  MNW_UNARY_ASINH = 20,
  MNW_UNARY_ACOSH = 21,
  MNW_UNARY_ATANH = 22,
  MNW_UNARY_ERF = 23,
  MNW_UNARY_SIGMOID = 24,
  MNW_UNARY_CLIP = 25,        // to alpha … beta
  MNW_UNARY_LEAKY_RELU = 26,  // alpha * x below 0
  MNW_UNARY_ELU = 27,         // alpha * (e^x - 1) below 0
  MNW_UNARY_SELU = 28,        // beta * (x above 0, else alpha * (e^x - 1))
  MNW_UNARY_CELU = 29,        // max(0, x) + min(0, alpha * (e^(x / alpha) - 1))
  MNW_UNARY_GELU = 30,        // by erf
  MNW_UNARY_GELU_TANH = 31,   // by tanh
  MNW_UNARY_SOFTPLUS = 32,
  MNW_UNARY_SOFTSIGN = 33,
  MNW_UNARY_HARD_SIGMOID = 34,  // max(0, min(1, alpha * x + beta))
  MNW_UNARY_HARD_SWISH = 35,
  MNW_UNARY_MISH = 36,
  MNW_UNARY_SWISH = 37,             // x * sigmoid(alpha * x)
  MNW_UNARY_THRESHOLDED_RELU = 38,  // x above alpha, else 0
  MNW_UNARY_SHRINK = 39,            // alpha = lambd, beta = bias
  MNW_UNARY_RSQRT = 40,
  MNW_UNARY_SQUARE = 41,
  MNW_UNARY_NOT = 42,
  MNW_UNARY_IS_NAN = 43,
  MNW_UNARY_IS_INF =
      44,  // alpha != 0: negative infinity counts, beta != 0: positive infinity counts
  MNW_UNARY_ROUND_TO = 45  // alpha bits of mantissa, exponents from beta on; halves to even
};

// BINARY: y = function(a, b), numpy broadcasting; results in real numbers are then clamped (float32
// bits; of -inf and +inf for no clamp). a and b have one dtype: float32, int32, int64; uint8 and
// int8 without quantisation; quantised 8-bit tensors, which compute in real numbers. Comparisons
// give bool and take bool too, logical functions take and give bool.
enum { MNW_BINARY_FUNCTION, MNW_BINARY_CLAMP_MIN, MNW_BINARY_CLAMP_MAX };

enum {
  MNW_BINARY_ADD = 1,
  MNW_BINARY_SUB = 2,
  MNW_BINARY_MUL = 3,
  MNW_BINARY_DIV = 4,  // integers: towards zero; by 0: 0
  MNW_BINARY_MIN = 5,
  MNW_BINARY_MAX = 6,
  MNW_BINARY_POW = 7,
  MNW_BINARY_MOD = 8,   // sign of b (Python)
  MNW_BINARY_FMOD = 9,  // sign of a (C)
  MNW_BINARY_PRELU = 10,
  MNW_BINARY_SQUARED_DIFFERENCE = 11,
  MNW_BINARY_EQUAL = 20,
  MNW_BINARY_NOT_EQUAL = 21,
  MNW_BINARY_LESS = 22,
  MNW_BINARY_LESS_EQUAL = 23,
  MNW_BINARY_GREATER = 24,
  MNW_BINARY_GREATER_EQUAL = 25,
  MNW_BINARY_AND = 30,
  MNW_BINARY_OR = 31,
  MNW_BINARY_XOR = 32,
  MNW_BINARY_BITWISE_AND = 40,  // these five: integers only
  MNW_BINARY_BITWISE_OR = 41,
  MNW_BINARY_BITWISE_XOR = 42,
  MNW_BINARY_SHIFT_LEFT = 43,  // by 64 bits and more: 0
  MNW_BINARY_SHIFT_RIGHT = 44  // logical, of the 64-bit number
};

enum { MNW_TRANSPOSE_PERM };  // 6 words: output axis i is input axis perm[i]

enum { MNW_CONCAT_AXIS };

// SLICE: 6 starts, 6 steps (not 0; negative walks backwards); counts follow from the output's
// shape.
enum { MNW_SLICE_START, MNW_SLICE_STEP = 6 };

enum {
  MNW_GATHER_AXIS
};  // GATHER, GATHER_ELEMENTS; indices int32 or int64, negative ones count from the end, out of
    // range: clamped
enum { MNW_GATHER_ND_BATCH_DIMS };

// REDUCE over the axes of a mask (bit i: axis i); the output may keep them as 1 or drop them.
enum { MNW_REDUCE_FUNCTION, MNW_REDUCE_AXES };

enum {
  MNW_REDUCE_SUM = 1,
  MNW_REDUCE_MEAN = 2,
  MNW_REDUCE_MAX = 3,
  MNW_REDUCE_MIN = 4,
  MNW_REDUCE_PROD = 5,
  MNW_REDUCE_L1 = 6,
  MNW_REDUCE_L2 = 7,
  MNW_REDUCE_SUM_SQUARE = 8,
  MNW_REDUCE_LOG_SUM = 9,
  MNW_REDUCE_LOG_SUM_EXP = 10
};

enum { MNW_ARG_REDUCE_AXIS, MNW_ARG_REDUCE_IS_MIN, MNW_ARG_REDUCE_LAST };  // output int64 or int32

enum { MNW_MATMUL_TRANSPOSE_A, MNW_MATMUL_TRANSPOSE_B };  // of the last two axes; batches broadcast

// NORMALIZE over the axes from AXIS to the last: inputs x, scale (optional), bias (optional), both
// of the normalised shape. Kind 0: layer norm, 1: RMS norm, 2: log-softmax over the last axis (no
// scale, bias, epsilon).
enum { MNW_NORMALIZE_AXIS, MNW_NORMALIZE_EPSILON, MNW_NORMALIZE_KIND };

// RESIZE of height and width of NHWC: y pixel -> x by COORDINATES; scales are float32 bits of
// output / input extent.
enum {
  MNW_RESIZE_MODE,         // 0 nearest, 1 linear, 2 cubic
  MNW_RESIZE_COORDINATES,  // 0 half_pixel, 1 asymmetric, 2 align_corners, 3 pytorch_half_pixel, 4
                           // half_pixel_symmetric
  MNW_RESIZE_NEAREST,      // 0 round_prefer_floor, 1 round_prefer_ceil, 2 floor, 3 ceil
  MNW_RESIZE_SCALE_H,
  MNW_RESIZE_SCALE_W,
  MNW_RESIZE_CUBIC_A,
  MNW_RESIZE_EXCLUDE_OUTSIDE
};

// CONV_TRANSPOSE_2D float32: inputs x, weights [KH,KW,O,I / groups] row-major, bias [O].
enum {
  MNW_CONV_TRANSPOSE_KERNEL_H,
  MNW_CONV_TRANSPOSE_KERNEL_W,
  MNW_CONV_TRANSPOSE_STRIDE_H,
  MNW_CONV_TRANSPOSE_STRIDE_W,
  MNW_CONV_TRANSPOSE_DILATION_H,
  MNW_CONV_TRANSPOSE_DILATION_W,
  MNW_CONV_TRANSPOSE_PAD_TOP,
  MNW_CONV_TRANSPOSE_PAD_LEFT,
  MNW_CONV_TRANSPOSE_GROUPS,
  MNW_CONV_TRANSPOSE_CLAMP_MIN,
  MNW_CONV_TRANSPOSE_CLAMP_MAX
};

enum {
  MNW_SCATTER_ELEMENTS_AXIS,
  MNW_SCATTER_ELEMENTS_FUNCTION
};  // 0 replace, else MNW_BINARY_ADD, MUL, MIN, MAX
enum { MNW_SCATTER_ND_FUNCTION };
enum {
  MNW_TOP_K_AXIS,
  MNW_TOP_K_LARGEST,
  MNW_TOP_K_WANTS_INDICES,
  MNW_TOP_K_K
};  // one output: values or int64 indices
enum { MNW_CUM_SUM_AXIS, MNW_CUM_SUM_EXCLUSIVE, MNW_CUM_SUM_REVERSE };
enum { MNW_ONE_HOT_AXIS };  // inputs indices, values [off, on]; depth follows from the output
enum { MNW_TRILU_UPPER, MNW_TRILU_K };

// RECURRENT: float32 x [T,B,I], weights [D,G*H,I], recurrent weights [D,G*H,H], then, each
// optional: bias [D,2*G*H] (input's, state's), lengths [B] (int32 or int64), initial h [D,B,H] and
// for LSTM initial c and peepholes [D,3*H] (i, o, f). D directions, G gates in ONNX's order: LSTM
// i, o, f, c; GRU z, r, h. Activations are the default ones.
enum {
  MNW_RECURRENT_CELL,                 // 0 RNN, 1 GRU, 2 LSTM
  MNW_RECURRENT_DIRECTION,            // 0 forward, 1 reverse, 2 both
  MNW_RECURRENT_OUTPUT,               // 0 every h [T,D,B,H], 1 the last h, 2 the last c [D,B,H]
  MNW_RECURRENT_LINEAR_BEFORE_RESET,  // GRU
  MNW_RECURRENT_RELU                  // RNN: 1 relu instead of tanh
};

// NON_MAX_SUPPRESSION: float32 boxes [B,N,4], scores [B,C,N]; output int64 or int32 rows [batch,
// class, box], as many as its shape says; rows left over hold -1. Thresholds are float32 bits; only
// scores above theirs count.
enum {
  MNW_NON_MAX_SUPPRESSION_PER_CLASS,  // at most so many boxes of a batch and class
  MNW_NON_MAX_SUPPRESSION_IOU,
  MNW_NON_MAX_SUPPRESSION_SCORE,
  MNW_NON_MAX_SUPPRESSION_CENTRED  // boxes are [x, y, width, height] about the centre, not corners
};

// DETECTION_POST_PROCESS: float32 boxes [1,N,4 or more] coded relative to anchors [N,4], scores
// [1,N,C] (inputs in the order boxes, scores, anchors); the last CLASSES scores count. Rows are
// DETECTIONS * CLASSES_PER_DETECTION, those left over hold 0. Thresholds and scales: float32 bits.
enum {
  MNW_DETECTION_OUTPUT,  // 0 boxes [rows,4] as y, x, y, x, 1 classes, 2 scores, 3 number of boxes
  MNW_DETECTION_DETECTIONS,
  MNW_DETECTION_CLASSES_PER_DETECTION,
  MNW_DETECTION_DETECTIONS_PER_CLASS,  // regular suppression only
  MNW_DETECTION_REGULAR,               // 1: class by class, 0: once, by the best class of each box
  MNW_DETECTION_CLASSES,
  MNW_DETECTION_SCORE,
  MNW_DETECTION_IOU,
  MNW_DETECTION_SCALE_Y,
  MNW_DETECTION_SCALE_X,
  MNW_DETECTION_SCALE_H,
  MNW_DETECTION_SCALE_W
};

// Fixed point: a factor is two words, a multiplier with 31 fractional bits and a shift to the left.
// RESCALE: integers of one scale to those of another.
enum {
  MNW_RESCALE_FACTOR,
  MNW_RESCALE_FACTOR_BELOW = 2,  // for values below the zero point (leaky relu)
  MNW_RESCALE_CLAMP_MIN = 4,
  MNW_RESCALE_CLAMP_MAX
};

// FIXED_BINARY: int16 a and b, broadcast. Sums: both terms, 15 bits up, times their factors, then
// the result's; MUL has the last one only.
enum {
  MNW_FIXED_BINARY_FUNCTION,  // MNW_BINARY_ADD, SUB or MUL
  MNW_FIXED_BINARY_FACTOR_A,
  MNW_FIXED_BINARY_FACTOR_B = 3,
  MNW_FIXED_BINARY_FACTOR_Y = 5,
  MNW_FIXED_BINARY_CLAMP_MIN = 7,
  MNW_FIXED_BINARY_CLAMP_MAX
};

// FIXED_CONV_2D: int16 x, int8 weights [O,KH,KW,I / groups] row-major, bias [O] int64 (scaled in
// one rounding) or int32 (in two), factors int32 [2,O]: multipliers, then shifts.
enum {
  MNW_FIXED_CONV_STRIDE_H,
  MNW_FIXED_CONV_STRIDE_W,
  MNW_FIXED_CONV_DILATION_H,
  MNW_FIXED_CONV_DILATION_W,
  MNW_FIXED_CONV_PAD_TOP,
  MNW_FIXED_CONV_PAD_LEFT,
  MNW_FIXED_CONV_GROUPS,
  MNW_FIXED_CONV_IS_TRANSPOSED,
  MNW_FIXED_CONV_CLAMP_MIN,
  MNW_FIXED_CONV_CLAMP_MAX
};

// FIXED_LSTM: int8 x [B,T,I] or [T,B,I], weights [4,H,I] and recurrent weights [4,H,H] int8, bias
// int32 [2,4,H] (input's, state's), factors int32 [9,2] (input's four, state's four, the output's):
// gates in TFLite's order, input, forget, cell, output. Output: every state, int8.
enum {
  MNW_FIXED_LSTM_TIME_MAJOR,
  MNW_FIXED_LSTM_CELL_BITS,  // integer bits of the int16 cell, 0 … 6
  MNW_FIXED_LSTM_CELL_CLIP   // in the cell's steps; 0: none
};

#endif  // MINNOW_OPS_OP_PARAMS_H_
