#include "teacher.h"

#include "../compress/loss_seed.h"
#include "../import/import.h"
#include "../import/network/trained_model.h"
#include "../package/file_io.h"

static const size_t max_file_bytes = (size_t)1 << 30;

static bool read_graph(pk_teacher *t, const char *path, size_t batch, pk_error *error) {
  if (!pk_file_read(&t->file, path, max_file_bytes, error)) return false;
  t->has_layers = pk_is_safetensors(t->file.data, t->file.size);
  t->rows = t->has_layers ? batch : 1;
  if (t->has_layers) {
    const pk_trained_options options = {.batch = (int32_t)batch};
    pk_graph_init(&t->graph, max_file_bytes);
    return pk_trained_to_graph(&t->graph, t->file.data, t->file.size, &options, error);
  }
  pk_lowered_graph unused = {0};
  const pk_graph_edit edit = {.taken = &t->graph};
  const bool ok = pk_import_model_edited(&unused, t->file.data, t->file.size, path, &edit, error);
  pk_lowered_graph_free(&unused);
  return ok;
}

static bool find_logits(pk_teacher *t, const char *path, size_t input_elements, size_t classes,
                        pk_error *error) {
  pk_loss outputs = {0};
  if (!pk_loss_init(&outputs, &t->graph, error)) return false;
  bool ok = t->graph.input_count == 1 && outputs.count == 1 &&
            t->graph.tensors[t->graph.inputs[0]].dtype == PK_DTYPE_F32;
  if (ok) {
    t->logits = outputs.outputs[0].tensor;
    t->classes = t->net.elements[t->logits] / t->rows;
    t->input_elements = t->net.elements[t->graph.inputs[0]] / t->rows;
    ok = t->classes == classes && t->input_elements == input_elements;
  }
  pk_loss_deinit(&outputs);
  return ok || pk_fail(error, PK_USAGE,
                       "%s cannot teach: it takes %zu numbers and gives %zu class scores, the "
                       "student %zu and %zu",
                       path, t->input_elements, t->classes, input_elements, classes);
}

bool pk_teacher_open(pk_teacher *teacher, const char *path, size_t batch, size_t input_elements,
                     size_t classes, pk_error *error) {
  pk_teacher *t = teacher;
  *t = (pk_teacher){0};
  bool ok = read_graph(t, path, batch, error) && pk_diff_net_init(&t->net, &t->graph, error) &&
            find_logits(t, path, input_elements, classes, error);
  for (size_t i = 0; ok && i < PK_WORKERS; i++) {
    ok = pk_diff_tape_init(&t->tapes[i], &t->net, error);
  }
  if (!ok) pk_teacher_close(t);
  return ok;
}

void pk_teacher_close(pk_teacher *teacher) {
  for (size_t i = 0; i < PK_WORKERS; i++) {
    if (teacher->tapes[i].net) pk_diff_tape_deinit(&teacher->tapes[i]);
  }
  pk_diff_net_deinit(&teacher->net);
  pk_graph_deinit(&teacher->graph);
  pk_bytes_free(&teacher->file);
  *teacher = (pk_teacher){0};
}

bool pk_teacher_add(float *scores, pk_teacher *teacher, size_t worker, const float *inputs,
                    size_t batch, float share, pk_error *error) {
  pk_diff_tape *tape = &teacher->tapes[worker];
  const size_t row = teacher->rows * teacher->classes;
  for (size_t at = 0; at < batch; at += teacher->rows) {
    if (!pk_diff_set_input(tape, 0, inputs + at * teacher->input_elements, error) ||
        !pk_diff_forward(tape, error)) {
      return false;
    }
    const float *logits = pk_diff_value(tape, teacher->logits);
    for (size_t i = 0; i < row; i++) scores[at * teacher->classes + i] += share * logits[i];
  }
  return true;
}
