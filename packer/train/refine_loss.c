#include "refine_loss.h"

#include "class_loss.h"

bool pk_refine_loss_init(pk_refine_loss *loss, const pk_diff_net *student,
                         const pk_diff_net *teacher, float temperature, pk_error *error) {
  *loss = (pk_refine_loss){.temperature = temperature};
  if (!pk_loss_init(&loss->student, student->graph, error) ||
      !pk_loss_init(&loss->teacher, teacher->graph, error)) {
    return false;
  }
  bool fits = loss->student.count == loss->teacher.count;
  for (size_t i = 0; fits && i < loss->student.count; i++) {
    const pk_loss_output *own = &loss->student.outputs[i], *other = &loss->teacher.outputs[i];
    fits = own->is_softmax == other->is_softmax &&
           student->elements[own->tensor] == teacher->elements[other->tensor];
  }
  return fits || pk_fail(error, PK_UNSUPPORTED,
                         "the network to refine and the one it came from have other outputs");
}

void pk_refine_loss_deinit(pk_refine_loss *loss) {
  pk_loss_deinit(&loss->student);
  pk_loss_deinit(&loss->teacher);
}

void pk_refine_loss_see_range(pk_refine_loss *loss, const pk_diff_tape *teacher) {
  pk_loss_see_range(&loss->teacher, teacher);
}

static double add_squares(float *gradient, const float *values, const float *wanted, size_t count,
                          float deviation, float weight) {
  double sum = 0.0;
  for (size_t i = 0; i < count; i++) {
    const float off = (values[i] - wanted[i]) / deviation;
    if (gradient) gradient[i] += weight * off / deviation / (float)count;
    sum += 0.5 * (double)off * (double)off;
  }
  return sum / (double)count;
}

static double add_rows(float *gradient, const float *values, const float *wanted, size_t count,
                       size_t width, float temperature, float weight) {
  const size_t rows = count / width;
  double sum = 0.0;
  for (size_t at = 0; at < count; at += width) {
    sum += (double)pk_class_divergence_row(gradient ? gradient + at : NULL, values + at,
                                           wanted + at, width, temperature, weight / (float)rows);
  }
  return sum / (double)rows;
}

bool pk_refine_loss_add(double *sum, const pk_refine_loss *loss, pk_diff_tape *student,
                        const pk_diff_tape *teacher, float weight, pk_error *error) {
  for (size_t i = 0; i < loss->student.count; i++) {
    const pk_loss_output *own = &loss->student.outputs[i], *other = &loss->teacher.outputs[i];
    const pk_tensor *tensor = &student->net->graph->tensors[own->tensor];
    const size_t count = student->net->elements[own->tensor];
    const float *values = pk_diff_value(student, own->tensor);
    const float *wanted = pk_diff_value(teacher, other->tensor);
    float *gradient = weight > 0.0f ? pk_diff_grad(student, own->tensor, error) : NULL;
    if (weight > 0.0f && !gradient) return false;
    if (own->is_softmax) {
      *sum += add_rows(gradient, values, wanted, count, (size_t)tensor->dims[tensor->rank - 1],
                       loss->temperature, weight);
    } else {
      *sum += add_squares(gradient, values, wanted, count, pk_loss_deviation(other), weight);
    }
  }
  return true;
}
