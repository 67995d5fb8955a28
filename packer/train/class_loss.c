#include "class_loss.h"

#include <math.h>

typedef struct softened {
  float largest, log_sum, inverse;  // of scores / temperature
} softened;

static softened soften(const float *scores, size_t classes, float temperature) {
  const float inverse = 1.0f / temperature;
  float largest = scores[0], sum = 0.0f;
  for (size_t i = 1; i < classes; i++) largest = scores[i] > largest ? scores[i] : largest;
  for (size_t i = 0; i < classes; i++) sum += expf((scores[i] - largest) * inverse);
  return (softened){largest, logf(sum), inverse};
}

static float log_share(const softened *s, float score) {
  return (score - s->largest) * s->inverse - s->log_sum;
}

// Cross-entropy of targets against softmax(logits / temperature); gradient times `weight`.
float pk_class_loss_row(float *gradient, const float *logits, const float *teacher, int32_t label,
                        size_t classes, const pk_class_loss *loss, float weight) {
  const float of_teacher = !teacher ? 0.0f : label < 0 ? 1.0f : loss->teacher_share;
  const float of_label = label < 0 ? 0.0f : 1.0f - of_teacher;
  float total = 0.0f;
  if (of_label > 0.0f) {
    const softened student = soften(logits, classes, 1.0f);
    const float spread = loss->smoothing / (float)classes;
    for (size_t i = 0; i < classes; i++) {
      const float target = spread + ((int32_t)i == label ? 1.0f - loss->smoothing : 0.0f);
      const float share = log_share(&student, logits[i]);
      total -= of_label * target * share;
      gradient[i] += weight * of_label * (expf(share) - target);
    }
  }
  if (teacher && of_teacher > 0.0f) {
    total += of_teacher * pk_class_divergence_row(gradient, logits, teacher, classes,
                                                  loss->temperature, weight * of_teacher);
  }
  return total;
}

float pk_class_divergence_row(float *gradient, const float *logits, const float *teacher,
                              size_t classes, float temperature, float weight) {
  const softened student = soften(logits, classes, temperature);
  const softened other = soften(teacher, classes, temperature);
  float sum = 0.0f;
  for (size_t i = 0; i < classes; i++) {
    const float wanted = log_share(&other, teacher[i]), share = log_share(&student, logits[i]);
    sum += expf(wanted) * (wanted - share);
    if (gradient) gradient[i] += weight * temperature * (expf(share) - expf(wanted));
  }
  return temperature * temperature * sum;
}

size_t pk_class_best(const float *scores, size_t classes) {
  size_t best = 0;
  for (size_t i = 1; i < classes; i++) {
    if (scores[i] > scores[best]) best = i;
  }
  return best;
}
