// TFLite_Detection_PostProcess. Each of its four outputs becomes an operator; their shapes, which
// TFLite finds when it runs the model, follow from the options.
#include <string.h>

#include "../../core/ops/op_params.h"
#include "flexbuffer_reader.h"
#include "tflite_ops.h"

enum { INPUTS = 3, OUTPUTS = 4, MAX_DETECTIONS = 1 << 16 };

static int32_t float_bits(double number) {
  const float value = (float)number;
  int32_t bits;
  memcpy(&bits, &value, sizeof bits);
  return bits;
}

// Numbers out of range become -1, which the checks refuse.
static int32_t integer(double number) {
  return number >= 0.0 && number <= 2147483647.0 ? (int32_t)number : -1;
}

static void read_words(const pk_flex_map *map, int32_t *words) {
  words[MNW_DETECTION_DETECTIONS] = integer(pk_flex_number(map, "max_detections", -1));
  words[MNW_DETECTION_CLASSES_PER_DETECTION] =
      integer(pk_flex_number(map, "max_classes_per_detection", -1));
  words[MNW_DETECTION_DETECTIONS_PER_CLASS] =
      integer(pk_flex_number(map, "detections_per_class", 100));
  words[MNW_DETECTION_REGULAR] = pk_flex_number(map, "use_regular_nms", 0) != 0;
  words[MNW_DETECTION_CLASSES] = integer(pk_flex_number(map, "num_classes", -1));
  words[MNW_DETECTION_SCORE] = float_bits(pk_flex_number(map, "nms_score_threshold", 0));
  words[MNW_DETECTION_IOU] = float_bits(pk_flex_number(map, "nms_iou_threshold", 0.5));
  words[MNW_DETECTION_SCALE_Y] = float_bits(pk_flex_number(map, "y_scale", 0));
  words[MNW_DETECTION_SCALE_X] = float_bits(pk_flex_number(map, "x_scale", 0));
  words[MNW_DETECTION_SCALE_H] = float_bits(pk_flex_number(map, "h_scale", 0));
  words[MNW_DETECTION_SCALE_W] = float_bits(pk_flex_number(map, "w_scale", 0));
}

// Quantised inputs, which TFLite's operator takes as well, become real numbers first.
static bool make_real(pk_tflite_import *import, const pk_op *op, int32_t *input) {
  const pk_tensor tensor = import->graph->tensors[*input];
  if (tensor.dtype == PK_DTYPE_F32) return true;
  const int32_t real = pk_tflite_add_value(import, *input, "dequantized", tensor.rank, tensor.dims);
  if (real < 0) return false;
  import->graph->tensors[real].dtype = PK_DTYPE_F32;
  import->graph->tensors[real].quantization = (pk_quantization){.count = 0};
  if (!pk_tflite_add_step(import, op, PK_OP_DEQUANTIZE, NULL, input, 1, real)) return false;
  *input = real;
  return true;
}

bool pk_tflite_import_detection(pk_tflite_import *import, const pk_tflite_operator *source,
                                pk_op *op) {
  int32_t words[16] = {0}, inputs[INPUTS];
  pk_flex_map map;
  if (!pk_tflite_require_inputs(import, op, INPUTS)) return false;
  if (source->outputs.count != OUTPUTS ||
      !pk_flex_open(&map, pk_fb_list_bytes(source->custom_options), source->custom_options.count)) {
    return pk_fb_fail(&import->model.file, "its options or its %zu outputs are broken",
                      source->outputs.count);
  }
  read_words(&map, words);
  const int32_t detections = words[MNW_DETECTION_DETECTIONS];
  const int32_t per_detection = words[MNW_DETECTION_CLASSES_PER_DETECTION];
  if (detections < 1 || per_detection < 1 || detections > MAX_DETECTIONS / per_detection) {
    return pk_fb_fail(&import->model.file, "it gives %d detections of %d classes", detections,
                      per_detection);
  }
  const int32_t rows = detections * per_detection;
  for (int i = 0; i < INPUTS; i++) {
    inputs[i] = op->inputs[i];
    if (!make_real(import, op, &inputs[i])) return false;
  }
  for (int i = 0; i < OUTPUTS; i++) {
    const int32_t output = pk_fb_list_s32(source->outputs, (size_t)i);
    pk_tensor *tensor = &import->graph->tensors[output];
    tensor->rank = i == 0 ? 3 : i == 3 ? 1 : 2;
    memcpy(tensor->dims, (const int32_t[]){1, rows, 4}, 3 * sizeof *tensor->dims);
    words[MNW_DETECTION_OUTPUT] = i;
    if (!pk_tflite_add_step(import, op, PK_OP_DETECTION_POST_PROCESS, words, inputs, INPUTS,
                            output)) {
      return false;
    }
  }
  op->is_removed = true;
  return true;
}
