#include "fold_norms.h"

#include <math.h>
#include <string.h>

#include "batch_hooks.h"

void pk_constants_raw(pk_diff_net *net, const pk_parameters *parameters, const float *values) {
  for (size_t i = 0; i < parameters->count; i++) {
    const pk_parameter *p = &parameters->items[i];
    if (p->tensor == PK_NO_TENSOR) continue;
    memcpy(net->constants[p->tensor], values + p->offset, p->count * sizeof *values);
  }
}

static void fold(pk_diff_net *net, const pk_norm_statistic *norm, const float *values,
                 const float *statistics) {
  const pk_op *op = &net->graph->ops[norm->op];
  const size_t channels = norm->channels, count = net->elements[op->inputs[PK_INPUT_WEIGHTS]];
  const bool is_innermost = op->kind == PK_OP_DEPTHWISE_CONV_2D;
  const float *mean = statistics + norm->offset, *variance = mean + channels;
  float *weights = net->constants[op->inputs[PK_INPUT_WEIGHTS]];
  float *bias = net->constants[op->inputs[PK_INPUT_BIAS]];
  for (size_t c = 0; c < channels; c++) {
    const float scale = values[norm->scale + c] / sqrtf(variance[c] + pk_norm_epsilon);
    bias[c] = values[norm->shift + c] - mean[c] * scale;
    const size_t first = is_innermost ? c : c * (count / channels);
    const size_t step = is_innermost ? channels : 1;
    for (size_t i = 0; i < count / channels; i++) weights[first + i * step] *= scale;
  }
}

void pk_constants_folded(pk_diff_net *net, const pk_parameters *parameters, const float *values,
                         const float *statistics) {
  pk_constants_raw(net, parameters, values);
  for (size_t i = 0; i < parameters->norm_count; i++) {
    fold(net, &parameters->norms[i], values, statistics);
  }
  for (size_t i = 0; i < parameters->count; i++) {
    const pk_parameter *p = &parameters->items[i];
    for (size_t j = p->count - p->led; j < p->count; j++) net->constants[p->tensor][j] += p->lead;
  }
}
