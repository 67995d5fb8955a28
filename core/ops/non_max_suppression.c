// ONNX's NonMaxSuppression with a fixed number of rows [batch, class, box]: those that are left
// over hold -1.
#include "../base/bytes.h"
#include "../base/checked.h"
#include "axis_common.h"
#include "box_suppression.h"

enum { ROW = 3 };

mnw_status mnw_non_max_suppression_prepare(const mnw_op_context *context, size_t *scratch_bytes) {
  const int32_t *params = context->node->params;
  const mnw_status status = mnw_nd_check_operands(context, 2, 2);
  if (status != MNW_STATUS_OK) return status;
  const mnw_tensor *boxes = mnw_op_input(context, 0), *scores = mnw_op_input(context, 1),
                   *y = mnw_op_output(context, 0);
  if (boxes->dtype != MNW_DTYPE_F32 || scores->dtype != MNW_DTYPE_F32 || boxes->rank != 3 ||
      scores->rank != 3 || boxes->dims[2] != 4 || boxes->dims[0] != scores->dims[0] ||
      boxes->dims[1] != scores->dims[2]) {
    return mnw_op_refuse(context,
                         "operator %0 needs float32 boxes [B,N,4] and scores [B,C,N], not ranks %1 "
                         "and %2",
                         boxes->rank, scores->rank);
  }
  const mnw_status is_index = mnw_axis_check_indices(context, y);
  if (is_index != MNW_STATUS_OK) return is_index;
  if (y->rank != 2 || y->dims[1] != ROW || params[MNW_NON_MAX_SUPPRESSION_PER_CLASS] < 0) {
    return mnw_op_refuse(context, "operator %0 needs an output [rows,3], not one of rank %1",
                         y->rank, 0);
  }
  const size_t per_box = sizeof(mnw_candidate) + 4 * sizeof(float);
  if (!mnw_checked_mul(scratch_bytes, (size_t)boxes->dims[1], per_box)) {
    return mnw_fail(context->error, MNW_STATUS_LIMIT_EXCEEDED, "operator %0 has %1 boxes",
                    context->node_number, boxes->dims[1], 0);
  }
  return MNW_STATUS_OK;
}

// To corners, from [x, y, width, height] about the centre where is_centred.
static void read_boxes(float *corners, const float *boxes, size_t count, bool is_centred) {
  for (size_t i = 0; i < 4 * count; i += 4) {
    for (size_t k = 0; k < 2; k++) {
      const float half = boxes[i + 2 + k] / 2.0f;
      corners[i + k] = is_centred ? boxes[i + k] - half : boxes[i + k];
      corners[i + 2 + k] = is_centred ? boxes[i + k] + half : boxes[i + 2 + k];
    }
  }
}

void mnw_non_max_suppression_eval(const mnw_op_context *context) {
  const int32_t *params = context->node->params;
  const mnw_tensor *scores = mnw_op_input(context, 1), *y = mnw_op_output(context, 0);
  const size_t classes = (size_t)scores->dims[1], boxes = (size_t)scores->dims[2];
  const size_t rows = (size_t)y->dims[0], batches = (size_t)scores->dims[0];
  const float iou = mnw_float_from_bits((uint32_t)params[MNW_NON_MAX_SUPPRESSION_IOU]);
  const float score = mnw_float_from_bits((uint32_t)params[MNW_NON_MAX_SUPPRESSION_SCORE]);
  const float *box_data = mnw_op_input_data(context, 0),
              *score_data = mnw_op_input_data(context, 1);
  mnw_candidate *candidates = context->scratch;
  float *corners = (float *)(candidates + boxes);
  void *out = mnw_op_output_data(context, 0);
  size_t row = 0;
  for (size_t i = 0; i < ROW * rows; i++) mnw_store_integer((mnw_dtype)y->dtype, out, i, -1);
  for (size_t b = 0; b < batches && row < rows; b++) {
    read_boxes(corners, box_data + 4 * b * boxes, boxes,
               params[MNW_NON_MAX_SUPPRESSION_CENTRED] != 0);
    for (size_t c = 0; c < classes && row < rows; c++, score_data += boxes) {
      size_t count = 0;
      for (size_t i = 0; i < boxes; i++) {
        if (!(score_data[i] > score)) continue;
        const int64_t key = mnw_order_key(MNW_DTYPE_F32, score_data, i);
        count = mnw_best_offer(candidates, count, boxes, (mnw_candidate){key, i});
      }
      mnw_best_sort(candidates, count);
      count = mnw_box_suppress(candidates, count, corners, iou,
                               (size_t)params[MNW_NON_MAX_SUPPRESSION_PER_CLASS]);
      for (size_t i = 0; i < count && row < rows; i++, row++) {
        mnw_store_integer((mnw_dtype)y->dtype, out, ROW * row, (int64_t)b);
        mnw_store_integer((mnw_dtype)y->dtype, out, ROW * row + 1, (int64_t)c);
        mnw_store_integer((mnw_dtype)y->dtype, out, ROW * row + 2, (int64_t)candidates[i].index);
      }
    }
  }
}
