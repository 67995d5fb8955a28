#include "gradual_prune.h"

#include <math.h>
#include <stdlib.h>

enum { STEPS_BETWEEN = 16 };  // thresholds are found anew that often

float pk_prune_share_at(const pk_gradual_prune *prune, size_t step, size_t steps) {
  const float done = (float)step / (float)(steps ? steps : 1);
  if (prune->share <= 0.0f || done < prune->from) return 0.0f;
  const float span = prune->to > prune->from ? prune->to - prune->from : 1e-6f;
  const float left = fmaxf(0.0f, 1.0f - (done - prune->from) / span);
  return prune->share * (1.0f - left * left * left);
}

static bool is_prunable(const pk_parameters *parameters, size_t index) {
  size_t last = 0;
  for (size_t i = 0; i < parameters->count; i++) {
    if (parameters->items[i].kind == PK_PARAMETER_WEIGHTS) last = i;
  }
  return parameters->items[index].kind == PK_PARAMETER_WEIGHTS && index > 0 && index < last;
}

static int compare_floats(const void *a, const void *b) {
  const float left = *(const float *)a, right = *(const float *)b;
  return left < right ? -1 : left > right;
}

// `absent` NULL: none.
static void raise_zeros(bool *masked, const float *values, const bool *absent, size_t count,
                        float share, float *scratch) {
  size_t present = 0;
  for (size_t i = 0; i < count; i++) {
    if (!absent || !absent[i]) scratch[present++] = fabsf(values[i]);
  }
  const size_t wanted = (size_t)(share * (float)present);
  qsort(scratch, present, sizeof *scratch, compare_floats);
  const float limit = wanted > 0 ? scratch[wanted - 1] : -1.0f;
  for (size_t i = 0; i < count; i++) masked[i] = masked[i] || fabsf(values[i]) <= limit;
}

bool pk_prune_is_due(const pk_optimizer *optimizer) {
  return optimizer->step % STEPS_BETWEEN == 0 || optimizer->step == optimizer->options.steps;
}

bool pk_prune_gradually(pk_optimizer *optimizer, bool *masked, const bool *absent,
                        const pk_gradual_prune *prune, pk_error *error) {
  const pk_parameters *parameters = optimizer->parameters;
  const float share = pk_prune_share_at(prune, optimizer->step, optimizer->options.steps);
  if (share <= 0.0f) return true;
  float *scratch = malloc((parameters->total + 1) * sizeof *scratch);
  if (!scratch) return pk_fail(error, PK_OUT_OF_MEMORY, "no memory to prune");
  for (size_t i = 0; i < parameters->count; i++) {
    const pk_parameter *p = &parameters->items[i];
    if (!is_prunable(parameters, i)) continue;
    if (pk_prune_is_due(optimizer)) {
      raise_zeros(masked + p->offset, optimizer->values + p->offset,
                  absent ? absent + p->offset : NULL, p->count, share, scratch);
    }
    for (size_t j = p->offset; j < p->offset + p->count; j++) {
      if (!masked[j]) continue;
      optimizer->values[j] = optimizer->averages[j] = 0.0f;
      optimizer->momentum[j] = optimizer->squares[j] = 0.0f;
    }
  }
  free(scratch);
  return true;
}

void pk_prune_find_mask(bool *masked, const pk_optimizer *optimizer) {
  const pk_parameters *parameters = optimizer->parameters;
  for (size_t i = 0; i < parameters->count; i++) {
    const pk_parameter *p = &parameters->items[i];
    for (size_t j = p->offset; is_prunable(parameters, i) && j < p->offset + p->count; j++) {
      masked[j] = optimizer->values[j] == 0.0f;
    }
  }
}
