// What the task makes of the outputs. The fields are checked here and carried along as they are:
// only JavaScript reads them.
#include <string.h>

#include "manifest_frontend.h"

#define COUNT(rules) (sizeof(rules) / sizeof *(rules))

enum { MAX_CLASSES = 65536, MAX_LIST = 32, LAST_OUTPUT = 254 };

static const char *const task_names[] = {"tensors",
                                         "image-classification",
                                         "object-detection",
                                         "image-segmentation",
                                         "audio-classification",
                                         "text-classification",
                                         "text-embedding",
                                         NULL};

const char *pk_task_name(pk_task task) {
  return task_names[task];
}

// Members of one object; which output is which is checked against their number.
typedef struct head_words {
  uint32_t kind, boxes, scores, classes, count, other, form, flag, output;
  float threshold;
} head_words;

static const char *const kind_names[] = {"tflite-postprocess", "boxes-scores", "ssd-anchors",
                                         "yolo", NULL};
static const char *const form_names[] = {"xyxy", "yxyx", "cxcywh", "cycxhw", NULL};
static const char *const layout_names[] = {"nhwc", "nchw", NULL};
static const char *const pooling_names[] = {"none", "mean", "cls", NULL};

#define FIELD(name, kind, required, member, minimum, maximum, names) \
  { name, kind, required, offsetof(head_words, member), minimum, maximum, names }
static const pk_field_rule detection_rules[] = {
    FIELD("kind", PK_FIELD_NAME, true, kind, 0, 0, kind_names),
    FIELD("boxes", PK_FIELD_INTEGER, true, boxes, 0, LAST_OUTPUT, NULL),
    FIELD("scores", PK_FIELD_INTEGER, false, scores, 0, LAST_OUTPUT, NULL),
    FIELD("classes", PK_FIELD_INTEGER, false, classes, 0, LAST_OUTPUT, NULL),
    FIELD("count", PK_FIELD_INTEGER, false, count, 0, LAST_OUTPUT, NULL),
    FIELD("backgroundClass", PK_FIELD_INTEGER, false, other, 0, MAX_CLASSES, NULL),
    FIELD("scoreThreshold", PK_FIELD_NUMBER, false, threshold, 0, 1, NULL),
    FIELD("iouThreshold", PK_FIELD_NUMBER, false, threshold, 0, 1, NULL),
    FIELD("maxDetections", PK_FIELD_INTEGER, false, other, 1, MAX_CLASSES, NULL),
    FIELD("boxForm", PK_FIELD_NAME, false, form, 0, 0, form_names),
    FIELD("normalized", PK_FIELD_BOOLEAN, false, flag, 0, 1, NULL),
    FIELD("sigmoid", PK_FIELD_BOOLEAN, false, flag, 0, 1, NULL),
    FIELD("objectness", PK_FIELD_BOOLEAN, false, flag, 0, 1, NULL),
    FIELD("keypoints", PK_FIELD_INTEGER, false, other, 0, 256, NULL),
};
static const char *const detection_others[] = {"anchors", NULL};

static const pk_field_rule anchor_rules[] = {
    FIELD("minScale", PK_FIELD_NUMBER, false, threshold, 0, 1e6, NULL),
    FIELD("maxScale", PK_FIELD_NUMBER, false, threshold, 0, 1e6, NULL),
    FIELD("interpolatedAspectRatio", PK_FIELD_NUMBER, false, threshold, 0, 1e6, NULL),
    FIELD("reduceLowestLayer", PK_FIELD_BOOLEAN, false, flag, 0, 1, NULL),
    FIELD("fixedSize", PK_FIELD_BOOLEAN, false, flag, 0, 1, NULL),
    FIELD("exponential", PK_FIELD_BOOLEAN, false, flag, 0, 1, NULL),
};
static const char *const anchor_lists[] = {"strides", "aspectRatios", "boxScale", NULL};

static const pk_field_rule segmentation_rules[] = {
    FIELD("output", PK_FIELD_INTEGER, true, output, 0, LAST_OUTPUT, NULL),
    FIELD("classes", PK_FIELD_INTEGER, true, other, 1, 256, NULL),
    FIELD("argmax", PK_FIELD_BOOLEAN, false, flag, 0, 1, NULL),
    FIELD("layout", PK_FIELD_NAME, false, form, 0, 0, layout_names),
    FIELD("threshold", PK_FIELD_NUMBER, false, threshold, -1e30, 1e30, NULL),
};

static const pk_field_rule embedding_rules[] = {
    FIELD("output", PK_FIELD_INTEGER, true, output, 0, LAST_OUTPUT, NULL),
    FIELD("pooling", PK_FIELD_NAME, true, form, 0, 0, pooling_names),
    FIELD("normalize", PK_FIELD_BOOLEAN, true, flag, 0, 1, NULL),
};
#undef FIELD

static bool read_anchors(const pk_field_reader *r, const json_t *anchors) {
  static const char where[] = "detection.anchors";
  head_words words = {0};
  if (!pk_field_read_rules(&words, anchor_rules, COUNT(anchor_rules), anchor_lists, r, anchors,
                           where)) {
    return false;
  }
  for (size_t i = 0; anchor_lists[i]; i++) {
    const json_t *list = json_object_get(anchors, anchor_lists[i]);
    const size_t count = json_array_size(list);
    if (!list && i > 0) continue;
    bool ok = count >= 1 && count <= MAX_LIST;
    for (size_t n = 0; n < count; n++) ok &= json_number_value(json_array_get(list, n)) > 0.0;
    if (!ok) return pk_field_bad(r, where, anchor_lists[i], "a list of 1 to 32 numbers above 0");
  }
  return true;
}

static bool check_outputs(const head_words *words, size_t output_count, const pk_field_reader *r,
                          const char *where) {
  const uint32_t numbers[] = {words->boxes, words->scores, words->classes, words->count,
                              words->output};
  for (size_t i = 0; i < COUNT(numbers); i++) {
    if (numbers[i] >= output_count) {
      return pk_field_bad(r, where, "", "about outputs that the model has, counted from 0");
    }
  }
  return true;
}

static bool read_detection(const pk_manifest *manifest, const pk_field_reader *r,
                           const json_t *json) {
  enum { POSTPROCESS = 0, ANCHORS = 2, YOLO = 3 };
  static const char where[] = "detection";
  head_words words = {0};
  const json_t *anchors = json_object_get(json, "anchors");
  if (!pk_field_read_rules(&words, detection_rules, COUNT(detection_rules), detection_others, r,
                           json, where) ||
      !check_outputs(&words, manifest->output_count, r, where)) {
    return false;
  }
  if (words.kind != YOLO && !json_object_get(json, "scores")) {
    return pk_field_bad(r, where, "scores", "an output's number");
  }
  if (words.kind == POSTPROCESS && !json_object_get(json, "classes")) {
    return pk_field_bad(r, where, "classes", "an output's number");
  }
  if (words.kind == ANCHORS && !anchors) return pk_field_bad(r, where, "anchors", "an object");
  return !anchors || read_anchors(r, anchors);
}

static bool read_head(json_t **kept, const pk_manifest *manifest, const pk_field_reader *r,
                      const json_t *root, const char *field, const pk_field_rule *rules,
                      size_t rule_count) {
  json_t *json = json_object_get(root, field);
  head_words words = {0};
  if (!json) return true;
  if (rules == detection_rules
          ? !read_detection(manifest, r, json)
          : !pk_field_read_rules(&words, rules, rule_count, NULL, r, json, field) ||
                !check_outputs(&words, manifest->output_count, r, field)) {
    return false;
  }
  json_decref(*kept);
  *kept = json_incref(json);
  return true;
}

// What the task needs and lacks; NULL: nothing.
static const char *missing(const pk_manifest *m) {
  const pk_manifest_tensor *first = &m->inputs[0];
  switch (m->task) {
    case PK_TASK_TENSORS:
      return NULL;
    case PK_TASK_OBJECT_DETECTION:
      if (!m->detection) return "tensors, unless there is a detection field";
      break;
    case PK_TASK_IMAGE_SEGMENTATION:
      if (!m->segmentation) return "tensors, unless there is a segmentation field";
      break;
    case PK_TASK_TEXT_EMBEDDING:
      if (!m->embedding) return "tensors, unless there is an embedding field";
      break;
    case PK_TASK_IMAGE_CLASSIFICATION:
    case PK_TASK_AUDIO_CLASSIFICATION:
    case PK_TASK_TEXT_CLASSIFICATION:
      if (m->output_count != 1) return "tensors, unless there is one output";
      break;
  }
  if (m->task == PK_TASK_AUDIO_CLASSIFICATION) {
    return m->input_count == 1 && first->is_audio ? NULL
                                                  : "tensors, unless there is one audio input";
  }
  if (m->task != PK_TASK_TEXT_CLASSIFICATION && m->task != PK_TASK_TEXT_EMBEDDING) {
    return m->input_count == 1 && first->is_image
               ? NULL
               : "tensors, unless there is one image input and what else the task needs";
  }
  for (size_t i = 0; i < m->input_count; i++) {
    const pk_manifest_tensor *input = &m->inputs[i];
    if (!input->is_text) return "tensors, unless every input has a text field";
    if (memcmp(&input->text.options, &first->text.options, sizeof first->text.options) != 0) {
      return "tensors, unless all inputs have the same text fields but for their role";
    }
  }
  return NULL;
}

bool pk_frontend_read_task(pk_manifest *manifest, const pk_field_reader *r, const json_t *root) {
  const char *task = json_string_value(json_object_get(root, "task"));
  if (!read_head(&manifest->detection, manifest, r, root, "detection", detection_rules,
                 COUNT(detection_rules)) ||
      !read_head(&manifest->segmentation, manifest, r, root, "segmentation", segmentation_rules,
                 COUNT(segmentation_rules)) ||
      !read_head(&manifest->embedding, manifest, r, root, "embedding", embedding_rules,
                 COUNT(embedding_rules))) {
    return false;
  }
  bool is_known = !json_object_get(root, "task") && r->refuses_unknown;
  for (size_t i = 0; task && task_names[i]; i++) {
    if (strcmp(task, task_names[i]) != 0) continue;
    manifest->task = (pk_task)i;
    is_known = true;
  }
  if (!is_known) {
    return pk_field_bad(r, "", "task",
                        "tensors, image-classification, object-detection, image-segmentation, "
                        "audio-classification, text-classification or text-embedding");
  }
  const char *lack = missing(manifest);
  return !lack || pk_field_bad(r, "", "task", lack);
}

void pk_frontend_write_task(json_t *root, const pk_manifest *manifest) {
  if (manifest->detection) json_object_set(root, "detection", manifest->detection);
  if (manifest->segmentation) json_object_set(root, "segmentation", manifest->segmentation);
  if (manifest->embedding) json_object_set(root, "embedding", manifest->embedding);
}

// The task that the front end's fields and the outputs speak for, where the file names none.
static pk_task guess_task(const pk_manifest *manifest) {
  const pk_manifest_tensor *scores = &manifest->outputs[0];
  bool is_row = manifest->output_count == 1 && scores->rank > 0;
  for (uint32_t i = 0; is_row && i + 1 < scores->rank; i++) is_row = scores->dims[i] == 1;
  if (manifest->detection) return PK_TASK_OBJECT_DETECTION;
  if (manifest->segmentation) return PK_TASK_IMAGE_SEGMENTATION;
  if (manifest->embedding) return PK_TASK_TEXT_EMBEDDING;
  if (manifest->inputs[0].is_audio && is_row) return PK_TASK_AUDIO_CLASSIFICATION;
  if (manifest->inputs[0].is_text && is_row) return PK_TASK_TEXT_CLASSIFICATION;
  if (manifest->task == PK_TASK_IMAGE_CLASSIFICATION && !manifest->inputs[0].is_image) {
    return PK_TASK_TENSORS;
  }
  return manifest->task;
}

static bool apply_root(pk_manifest *manifest, const pk_field_reader *r, const json_t *root) {
  static const char *const known[] = {"inputs",       "task",      "detection",
                                      "segmentation", "embedding", NULL};
  static const char *const input_fields[] = {"image", "audio", "text", NULL};
  head_words none = {0};
  char where[32];
  const json_t *inputs = json_object_get(root, "inputs");
  if (!pk_field_read_rules(&none, NULL, 0, known, r, root, "")) return false;
  if (inputs && json_array_size(inputs) != manifest->input_count) {
    return pk_field_bad(r, "", "inputs", "a list with an object for each input of the model");
  }
  for (size_t i = 0; inputs && i < manifest->input_count; i++) {
    const json_t *input = json_array_get(inputs, i);
    snprintf(where, sizeof where, "inputs[%zu]", i);
    if (!pk_field_read_rules(&none, NULL, 0, input_fields, r, input, where) ||
        !pk_frontend_read_input(&manifest->inputs[i], r, input, where)) {
      return false;
    }
  }
  if (json_object_get(root, "task")) return pk_frontend_read_task(manifest, r, root);
  const pk_task told = manifest->task;
  manifest->task = PK_TASK_TENSORS;
  if (!pk_frontend_read_task(manifest, r, root)) return false;
  manifest->task = told;
  manifest->task = guess_task(manifest);
  const char *lack = missing(manifest);
  return !lack || pk_field_bad(r, "", "task", lack);
}

bool pk_frontend_apply(pk_manifest *manifest, const char *text, size_t size_bytes,
                       const char *source, pk_error *error) {
  const pk_field_reader r = {.source = source,
                             .remedy = "docs/FORMAT.md tells what each field means",
                             .code = PK_USAGE,
                             .refuses_unknown = true,
                             .error = error};
  json_error_t json_error;
  json_t *root = json_loadb(text, size_bytes, JSON_REJECT_DUPLICATES, &json_error);
  if (!root) {
    return pk_fail(error, PK_USAGE, "%s is not valid JSON: line %d: %s", source, json_error.line,
                   json_error.text);
  }
  const bool ok = apply_root(manifest, &r, root);
  json_decref(root);
  return ok;
}
