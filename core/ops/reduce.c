// Reduction over any set of axes. Up to 16 sums run side by side: those of neighbouring outputs
// when the innermost axis is kept, else those of every 16th element of a run, which are brought
// together at the end. Floats are summed in double, integers modulo 2^64; the order is fixed.
#include "../base/bytes.h"
#include "../base/float_math_f32.h"
#include "axis_common.h"

enum { LANES = 16, SUM_EXP = 100 };  // SUM_EXP: of e^(x - shift), the second pass of LOG_SUM_EXP

typedef struct lane_values {
  double real[LANES], shift[LANES];
  uint64_t whole[LANES];
} lane_values;

typedef struct reduce_job {
  mnw_dtype dtype;
  int32_t function;
  const void *x;
  double count;            // of elements per output
  mnw_nd_iter kept, gone;  // operand 0: x
} reduce_job;

static bool is_dtype_supported(mnw_dtype dtype, int32_t function) {
  if (function < MNW_REDUCE_SUM || function > MNW_REDUCE_LOG_SUM_EXP) return false;
  if (dtype == MNW_DTYPE_F32 || function == MNW_REDUCE_MAX || function == MNW_REDUCE_MIN) {
    return true;
  }
  return (dtype == MNW_DTYPE_S32 || dtype == MNW_DTYPE_S64) &&
         (function <= MNW_REDUCE_L1 || function == MNW_REDUCE_SUM_SQUARE);
}

mnw_status mnw_reduce_prepare(const mnw_op_context *context, size_t *scratch_bytes) {
  const int32_t *params = context->node->params;
  const mnw_status status = mnw_nd_check_operands(context, 1, 1);
  if (status != MNW_STATUS_OK) return status;
  const mnw_tensor *x = mnw_op_input(context, 0), *y = mnw_op_output(context, 0);
  *scratch_bytes = 0;
  if (!is_dtype_supported((mnw_dtype)x->dtype, params[MNW_REDUCE_FUNCTION])) {
    return mnw_op_refuse(context, "operator %0 cannot reduce dtype %1 by function %2", x->dtype,
                         params[MNW_REDUCE_FUNCTION]);
  }
  const mnw_status same = mnw_nd_check_same_kind(context, x, y);
  if (same != MNW_STATUS_OK) return same;
  return mnw_axis_check_reduced(context, x, y, (uint32_t)params[MNW_REDUCE_AXES]);
}

// The axes of x that are in the mask (or are not, when `is_in` is 0).
static void pick_axes(mnw_nd_iter *it, const mnw_tensor *x, uint32_t mask, uint32_t is_in) {
  ptrdiff_t strides[MNW_MAX_RANK];
  mnw_nd_init(it, x, 1);
  mnw_nd_dense_strides(strides, x);
  it->rank = 0;
  for (uint32_t i = 0; i < x->rank; i++) {
    if ((mask >> i & 1) != is_in) continue;
    it->dims[it->rank] = x->dims[i];
    it->strides[0][it->rank++] = strides[i];
  }
  mnw_nd_start(it);
}

static void start_lanes(lane_values *acc, int32_t function, mnw_dtype dtype) {
  const double infinity = (double)mnw_float_from_bits(0x7f800000);
  double real = 0.0;
  uint64_t whole = 0;
  if (function == MNW_REDUCE_MAX) {
    real = -infinity;
    whole = dtype == MNW_DTYPE_F32 ? 0 : (uint64_t)INT64_MIN;
  } else if (function == MNW_REDUCE_MIN) {
    real = infinity;
    whole = (uint64_t)INT64_MAX;
  } else if (function == MNW_REDUCE_PROD) {
    real = 1.0;
    whole = 1;
  }
  for (size_t i = 0; i < LANES; i++) {
    acc->real[i] = real;
    acc->whole[i] = whole;
  }
}

// NaN wins over every number, as numpy has it.
static double larger(double a, double b) {
  return b > a || b != b ? b : a;
}
static double smaller(double a, double b) {
  return b < a || b != b ? b : a;
}

static void add_reals(lane_values *acc, int32_t function, const float *x, size_t count) {
  double *sum = acc->real;
  switch (function) {
    case MNW_REDUCE_MAX:
      for (size_t i = 0; i < count; i++) sum[i] = larger(sum[i], (double)x[i]);
      break;
    case MNW_REDUCE_MIN:
      for (size_t i = 0; i < count; i++) sum[i] = smaller(sum[i], (double)x[i]);
      break;
    case MNW_REDUCE_PROD:
      for (size_t i = 0; i < count; i++) sum[i] *= (double)x[i];
      break;
    case MNW_REDUCE_L1:
      for (size_t i = 0; i < count; i++) sum[i] += __builtin_fabs((double)x[i]);
      break;
    case MNW_REDUCE_L2:
    case MNW_REDUCE_SUM_SQUARE:
      for (size_t i = 0; i < count; i++) sum[i] += (double)x[i] * (double)x[i];
      break;
    case SUM_EXP:
      for (size_t i = 0; i < count; i++)
        sum[i] += (double)mnw_exp_f32((float)((double)x[i] - acc->shift[i]));
      break;
    default:
      for (size_t i = 0; i < count; i++) sum[i] += (double)x[i];
  }
}

static void add_whole(uint64_t *sum, int32_t function, uint64_t value) {
  switch (function) {
    case MNW_REDUCE_MAX:
      if ((int64_t)value > (int64_t)*sum) *sum = value;
      break;
    case MNW_REDUCE_MIN:
      if ((int64_t)value < (int64_t)*sum) *sum = value;
      break;
    case MNW_REDUCE_PROD:
      *sum *= value;
      break;
    case MNW_REDUCE_L1:
      *sum += (int64_t)value < 0 ? 0 - value : value;
      break;
    case MNW_REDUCE_SUM_SQUARE:
      *sum += value * value;
      break;
    default:
      *sum += value;
  }
}

static void add_lanes(const reduce_job *job, lane_values *acc, int32_t function, ptrdiff_t at,
                      size_t count) {
  if (job->dtype == MNW_DTYPE_F32) {
    add_reals(acc, function, (const float *)job->x + at, count);
    return;
  }
  for (size_t i = 0; i < count; i++) {
    add_whole(&acc->whole[i], function,
              (uint64_t)mnw_load_integer(job->dtype, job->x, (size_t)at + i));
  }
}

// Brings all lanes together in lane 0.
static void fold_lanes(lane_values *acc, int32_t function) {
  const bool is_max = function == MNW_REDUCE_MAX, is_min = function == MNW_REDUCE_MIN;
  const bool is_product = function == MNW_REDUCE_PROD;
  const int32_t join = is_max || is_min || is_product ? function : MNW_REDUCE_SUM;
  for (size_t half = LANES / 2; half > 0; half /= 2) {
    for (size_t i = 0; i < half; i++) {
      const double a = acc->real[i], b = acc->real[i + half];
      acc->real[i] = is_max ? larger(a, b) : is_min ? smaller(a, b) : is_product ? a * b : a + b;
      add_whole(&acc->whole[i], join, acc->whole[i + half]);
    }
  }
}

// Reduces for `lanes` neighbouring outputs whose first elements stand at `base`.
static void run_lanes(reduce_job *job, lane_values *acc, int32_t function, ptrdiff_t base,
                      size_t lanes) {
  mnw_nd_iter *gone = &job->gone;
  const bool runs_are_dense = lanes == 1 && gone->step[0] == 1;
  start_lanes(acc, function, job->dtype);
  do {  // the walk ends where it started, ready for the next outputs
    const ptrdiff_t first = base + gone->offset[0];
    const ptrdiff_t step = runs_are_dense ? LANES : 1;
    for (ptrdiff_t i = 0; i < gone->count; i += step) {
      const ptrdiff_t left = gone->count - i;
      const size_t dense = left < LANES ? (size_t)left : LANES;
      add_lanes(job, acc, function, first + i * gone->step[0], runs_are_dense ? dense : lanes);
    }
  } while (mnw_nd_next(gone));
  if (lanes == 1) fold_lanes(acc, function);
}

static void log_sum_exp(reduce_job *job, lane_values *acc, ptrdiff_t base, size_t lanes) {
  const double infinity = (double)mnw_float_from_bits(0x7f800000);
  run_lanes(job, acc, MNW_REDUCE_MAX, base, lanes);
  for (size_t i = 0; i < LANES; i++) acc->shift[i] = acc->real[lanes == 1 ? 0 : i];
  run_lanes(job, acc, SUM_EXP, base, lanes);
  for (size_t i = 0; i < lanes; i++) {
    const double shift = acc->shift[i];
    const bool is_finite = shift > -infinity && shift < infinity;
    acc->real[i] = is_finite ? shift + mnw_log(acc->real[i]) : shift;
  }
}

static float finish_real(const reduce_job *job, double value) {
  switch (job->function) {
    case MNW_REDUCE_MEAN:
      return (float)(value / job->count);
    case MNW_REDUCE_L2:
      return (float)__builtin_sqrt(value);
    case MNW_REDUCE_LOG_SUM:
      return (float)mnw_log(value);
    default:
      return (float)value;
  }
}

static void store(const reduce_job *job, const lane_values *acc, void *y, size_t at, size_t lanes) {
  for (size_t i = 0; i < lanes; i++) {
    if (job->dtype == MNW_DTYPE_F32) {
      ((float *)y)[at + i] = finish_real(job, acc->real[i]);
      continue;
    }
    int64_t value = (int64_t)acc->whole[i];
    if (job->function == MNW_REDUCE_MEAN) value /= (int64_t)job->count;
    mnw_store_integer(job->dtype, y, at + i, value);
  }
}

void mnw_reduce_eval(const mnw_op_context *context) {
  const mnw_tensor *x = mnw_op_input(context, 0), *y = mnw_op_output(context, 0);
  const uint32_t mask = (uint32_t)context->node->params[MNW_REDUCE_AXES];
  const size_t count = mnw_tensor_elements(x) / mnw_tensor_elements(y);
  reduce_job job = {.dtype = (mnw_dtype)x->dtype,
                    .function = context->node->params[MNW_REDUCE_FUNCTION],
                    .x = mnw_op_input_data(context, 0),
                    .count = (double)count};
  void *out = mnw_op_output_data(context, 0);
  lane_values acc;
  size_t at = 0;
  pick_axes(&job.kept, x, mask, 0);
  pick_axes(&job.gone, x, mask, 1);
  const size_t width = job.kept.step[0] == 1 ? LANES : 1;
  do {
    for (size_t i = 0, lanes; i < (size_t)job.kept.count; i += lanes, at += lanes) {
      const size_t left = (size_t)job.kept.count - i;
      const ptrdiff_t base = job.kept.offset[0] + (ptrdiff_t)i * job.kept.step[0];
      lanes = left < width ? left : width;
      if (job.function == MNW_REDUCE_LOG_SUM_EXP) {
        log_sum_exp(&job, &acc, base, lanes);
      } else {
        run_lanes(&job, &acc, job.function, base, lanes);
      }
      store(&job, &acc, out, at, lanes);
    }
  } while (mnw_nd_next(&job.kept));
}
