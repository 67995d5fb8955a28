// TFLite_Detection_PostProcess: boxes decoded by anchors, then either suppressed once by their best
// class ("fast") or class by class ("regular"). One of its four outputs; rows left over hold 0.
#include <string.h>

#include "../base/bytes.h"
#include "../base/checked.h"
#include "../base/float_math_f32.h"
#include "axis_common.h"
#include "box_suppression.h"

enum { OUTPUT_BOXES, OUTPUT_CLASSES, OUTPUT_SCORES, OUTPUT_COUNT };

typedef struct detector {
  const float *scores;
  size_t boxes, classes, stride, offset;  // class c of box i: scores[i * stride + offset + c]
  size_t detections, per_detection, per_class;
  float score_threshold, overlap_threshold;
  // Scratch.
  mnw_candidate *candidates, *best;  // [boxes], [detections]
  float *corners;                    // [boxes][4]
} detector;

static bool is_positive(int32_t bits) {
  const float value = mnw_float_from_bits((uint32_t)bits);
  return value > 0.0f && value < 1e9f;
}

static mnw_status check_params(const mnw_op_context *context) {
  const int32_t *params = context->node->params;
  const mnw_tensor *y = mnw_op_output(context, 0);
  const int32_t detections = params[MNW_DETECTION_DETECTIONS];
  const int32_t per_detection = params[MNW_DETECTION_CLASSES_PER_DETECTION];
  const int32_t output = params[MNW_DETECTION_OUTPUT], limit = 1 << 16;
  for (int i = MNW_DETECTION_SCALE_Y; i <= MNW_DETECTION_SCALE_W; i++) {
    if (!is_positive(params[i])) {
      return mnw_op_refuse(context, "operator %0: scale %1 of its boxes is not positive", i, 0);
    }
  }
  if (detections < 1 || detections > limit || per_detection < 1 || per_detection > limit ||
      params[MNW_DETECTION_DETECTIONS_PER_CLASS] < 1 || output < OUTPUT_BOXES ||
      output > OUTPUT_COUNT) {
    return mnw_op_refuse(context, "operator %0: %1 detections of %2 classes each are out of range",
                         detections, per_detection);
  }
  const uint64_t rows = (uint64_t)detections * (uint64_t)per_detection;
  const uint64_t elements = output == OUTPUT_COUNT ? 1 : output == OUTPUT_BOXES ? 4 * rows : rows;
  if (mnw_tensor_elements(y) != elements) {
    return mnw_op_refuse(context, "operator %0 gives %1 values, its output has %2",
                         (int64_t)elements, (int64_t)mnw_tensor_elements(y));
  }
  return MNW_STATUS_OK;
}

mnw_status mnw_detection_post_process_prepare(const mnw_op_context *context,
                                              size_t *scratch_bytes) {
  const int32_t *params = context->node->params;
  mnw_status status = mnw_nd_check_operands(context, 3, 3);
  for (uint32_t i = 0; i < 3 && status == MNW_STATUS_OK; i++) {
    status = mnw_op_check_dtype(context, mnw_op_input(context, i), MNW_DTYPE_F32);
  }
  if (status != MNW_STATUS_OK) return status;
  status = mnw_op_check_dtype(context, mnw_op_output(context, 0), MNW_DTYPE_F32);
  if (status != MNW_STATUS_OK) return status;
  const mnw_tensor *boxes = mnw_op_input(context, 0), *scores = mnw_op_input(context, 1),
                   *anchors = mnw_op_input(context, 2);
  if (boxes->rank != 3 || scores->rank != 3 || anchors->rank != 2 || boxes->dims[0] != 1 ||
      scores->dims[0] != 1 || boxes->dims[2] < 4 || anchors->dims[1] != 4 ||
      boxes->dims[1] != scores->dims[1] || boxes->dims[1] != anchors->dims[0]) {
    return mnw_op_refuse(context,
                         "operator %0 needs boxes [1,N,4], scores [1,N,C] and anchors [N,4], not N "
                         "of %1 and %2",
                         boxes->rank == 3 ? boxes->dims[1] : 0, anchors->dims[0]);
  }
  if (params[MNW_DETECTION_CLASSES] < 1 || params[MNW_DETECTION_CLASSES] > scores->dims[2]) {
    return mnw_op_refuse(context, "operator %0: %1 classes where there are %2 scores",
                         params[MNW_DETECTION_CLASSES], scores->dims[2]);
  }
  status = check_params(context);
  if (status != MNW_STATUS_OK) return status;
  const size_t per_box = sizeof(mnw_candidate) + 4 * sizeof(float);
  const size_t best = (size_t)params[MNW_DETECTION_DETECTIONS] * sizeof(mnw_candidate);
  if (!mnw_checked_mul(scratch_bytes, (size_t)boxes->dims[1], per_box) ||
      !mnw_checked_add(scratch_bytes, *scratch_bytes, best)) {
    return mnw_fail(context->error, MNW_STATUS_LIMIT_EXCEEDED, "operator %0 has %1 boxes",
                    context->node_number, boxes->dims[1], 0);
  }
  return MNW_STATUS_OK;
}

// Encoded as [y, x, height, width] relative to the anchor; to corners.
static void decode_boxes(const mnw_op_context *context, detector *detect) {
  const int32_t *scales = context->node->params + MNW_DETECTION_SCALE_Y;
  const float *codes = mnw_op_input_data(context, 0), *anchors = mnw_op_input_data(context, 2);
  const size_t stride = (size_t)mnw_op_input(context, 0)->dims[2];
  for (size_t i = 0; i < detect->boxes; i++) {
    const float *code = codes + i * stride, *anchor = anchors + 4 * i;
    for (size_t k = 0; k < 2; k++) {
      const float shift = code[k] / mnw_float_from_bits((uint32_t)scales[k]);
      const float growth = code[2 + k] / mnw_float_from_bits((uint32_t)scales[2 + k]);
      const float centre = shift * anchor[2 + k] + anchor[k];
      const float half = 0.5f * mnw_exp_f32(growth) * anchor[2 + k];
      detect->corners[4 * i + k] = centre - half;
      detect->corners[4 * i + 2 + k] = centre + half;
    }
  }
}

static float score_of(const detector *detect, size_t box, size_t class_number) {
  return detect->scores[box * detect->stride + detect->offset + class_number];
}

// How many boxes `limit` leaves of those whose score (of a class, or of their best class when
// `classes` > 1) is high enough; they stand in candidates, best first.
static size_t suppress(detector *detect, size_t first_class, size_t classes, size_t limit) {
  size_t count = 0;
  for (size_t i = 0; i < detect->boxes; i++) {
    float score = score_of(detect, i, first_class);
    for (size_t c = first_class + 1; c < first_class + classes; c++) {
      const float other = score_of(detect, i, c);
      if (other > score) score = other;
    }
    if (!(score >= detect->score_threshold)) continue;
    const mnw_candidate candidate = {mnw_order_key(MNW_DTYPE_F32, &score, 0), i};
    count = mnw_best_offer(detect->candidates, count, detect->boxes, candidate);
  }
  mnw_best_sort(detect->candidates, count);
  return mnw_box_suppress(detect->candidates, count, detect->corners, detect->overlap_threshold,
                          limit);
}

static void write_row(const mnw_op_context *context, const detector *detect, size_t row, size_t box,
                      size_t class_number) {
  float *out = mnw_op_output_data(context, 0);
  switch (context->node->params[MNW_DETECTION_OUTPUT]) {
    case OUTPUT_BOXES:
      memcpy(out + 4 * row, detect->corners + 4 * box, 4 * sizeof(float));
      break;
    case OUTPUT_CLASSES:
      out[row] = (float)class_number;
      break;
    case OUTPUT_SCORES:
      out[row] = score_of(detect, box, class_number);
      break;
    default:
      break;
  }
}

// The best classes of each box that is left, best first.
static size_t run_fast(const mnw_op_context *context, detector *detect) {
  const size_t count = suppress(detect, 0, detect->classes, detect->detections);
  const size_t columns =
      detect->per_detection < detect->classes ? detect->per_detection : detect->classes;
  for (size_t i = 0; i < count; i++) {
    const size_t box = detect->candidates[i].index;
    mnw_candidate last = {INT64_MAX, 0};
    for (size_t column = 0; column < columns; column++) {
      mnw_candidate next = {INT64_MIN, 0};
      for (size_t c = 0; c < detect->classes; c++) {  // the best one behind `last`
        const float score = score_of(detect, box, c);
        const int64_t key = mnw_order_key(MNW_DTYPE_F32, &score, 0);
        const bool is_behind = key < last.key || (key == last.key && c > last.index);
        if (is_behind && key > next.key) next = (mnw_candidate){key, c};
      }
      write_row(context, detect, i * detect->per_detection + column, box, next.index);
      last = next;
    }
  }
  return count;
}

static size_t run_regular(const mnw_op_context *context, detector *detect) {
  size_t count = 0;
  for (size_t c = 0; c < detect->classes; c++) {
    const size_t kept = suppress(detect, c, 1, detect->per_class);
    for (size_t i = 0; i < kept; i++) {
      const mnw_candidate found = {detect->candidates[i].key,
                                   c * detect->boxes + detect->candidates[i].index};
      count = mnw_best_offer(detect->best, count, detect->detections, found);
    }
  }
  mnw_best_sort(detect->best, count);
  for (size_t i = 0; i < count; i++) {
    const size_t index = detect->best[i].index;
    write_row(context, detect, i, index % detect->boxes, index / detect->boxes);
  }
  return count;
}

void mnw_detection_post_process_eval(const mnw_op_context *context) {
  const int32_t *params = context->node->params;
  const mnw_tensor *scores = mnw_op_input(context, 1), *y = mnw_op_output(context, 0);
  float *out = mnw_op_output_data(context, 0);
  detector detect = {.scores = mnw_op_input_data(context, 1),
                     .boxes = (size_t)scores->dims[1],
                     .classes = (size_t)params[MNW_DETECTION_CLASSES],
                     .stride = (size_t)scores->dims[2],
                     .offset = (size_t)(scores->dims[2] - params[MNW_DETECTION_CLASSES]),
                     .detections = (size_t)params[MNW_DETECTION_DETECTIONS],
                     .per_detection = (size_t)params[MNW_DETECTION_CLASSES_PER_DETECTION],
                     .per_class = (size_t)params[MNW_DETECTION_DETECTIONS_PER_CLASS],
                     .score_threshold = mnw_float_from_bits((uint32_t)params[MNW_DETECTION_SCORE]),
                     .overlap_threshold = mnw_float_from_bits((uint32_t)params[MNW_DETECTION_IOU]),
                     .candidates = context->scratch};
  detect.best = detect.candidates + detect.boxes;
  detect.corners = (float *)(detect.best + detect.detections);
  memset(out, 0, y->size_bytes);
  decode_boxes(context, &detect);
  const size_t count =
      params[MNW_DETECTION_REGULAR] ? run_regular(context, &detect) : run_fast(context, &detect);
  if (params[MNW_DETECTION_OUTPUT] == OUTPUT_COUNT) out[0] = (float)count;
}
