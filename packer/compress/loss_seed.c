#include "loss_seed.h"

#include <math.h>
#include <stdlib.h>

#include "../pk_random.h"

static const float temperature = 3.0f;
static const float deviation_of_range = 0.05f;

static const pk_op *writer_of(const pk_graph *graph, int32_t tensor) {
  for (size_t i = 0; i < graph->op_count; i++) {
    if (graph->ops[i].output == tensor) return &graph->ops[i];
  }
  return NULL;
}

// A softmax whose scores the operator sums by classes: the logits are in front of it.
static const pk_op *summed_softmax(const pk_graph *graph, const pk_op *op) {
  const pk_op *before = op->kind == PK_OP_FULLY_CONNECTED ? writer_of(graph, op->inputs[0]) : NULL;
  while (before && (before->kind == PK_OP_QUANTIZE || before->kind == PK_OP_DEQUANTIZE)) {
    before = writer_of(graph, before->inputs[0]);
  }
  return before && before->kind == PK_OP_SOFTMAX ? before : NULL;
}

// Back over operators that keep the values to a softmax.
static pk_loss_output find_output(const pk_graph *graph, int32_t tensor) {
  const pk_loss_output plain = {.tensor = tensor, .low = INFINITY, .high = -INFINITY};
  for (const pk_op *op = writer_of(graph, tensor); op; op = writer_of(graph, tensor)) {
    if (summed_softmax(graph, op)) op = summed_softmax(graph, op);
    tensor = op->inputs[0];
    if (op->kind == PK_OP_SOFTMAX) return (pk_loss_output){.tensor = tensor, .is_softmax = true};
    if (op->kind != PK_OP_QUANTIZE && op->kind != PK_OP_DEQUANTIZE && op->kind != PK_OP_RESHAPE) {
      break;
    }
  }
  return plain;
}

bool pk_loss_init(pk_loss *loss, const pk_graph *graph, pk_error *error) {
  *loss = (pk_loss){.outputs = calloc(graph->output_count + 1, sizeof *loss->outputs)};
  if (!loss->outputs) return pk_fail(error, PK_OUT_OF_MEMORY, "no memory for the outputs");
  for (size_t i = 0; i < graph->output_count; i++) {
    loss->outputs[loss->count++] = find_output(graph, graph->outputs[i]);
  }
  return true;
}

void pk_loss_deinit(pk_loss *loss) {
  for (size_t i = 0; i < loss->count; i++) pk_element_ranges_deinit(&loss->outputs[i].elements);
  free(loss->outputs);
  *loss = (pk_loss){0};
}

bool pk_loss_weigh_elements(pk_loss *loss, const pk_diff_net *net, pk_error *error) {
  for (size_t i = 0; i < loss->count; i++) {
    pk_loss_output *output = &loss->outputs[i];
    if (!output->is_softmax &&
        !pk_element_ranges_init(&output->elements, net->elements[output->tensor], error)) {
      return false;
    }
  }
  return true;
}

void pk_loss_finish_ranges(pk_loss *loss) {
  for (size_t i = 0; i < loss->count; i++) pk_element_ranges_finish(&loss->outputs[i].elements);
}

void pk_loss_see_range(pk_loss *loss, const pk_diff_tape *tape) {
  for (size_t i = 0; i < loss->count; i++) {
    pk_loss_output *output = &loss->outputs[i];
    const float *values = pk_diff_value(tape, output->tensor);
    for (size_t j = 0; j < tape->net->elements[output->tensor]; j++) {
      output->low = fminf(output->low, values[j]);
      output->high = fmaxf(output->high, values[j]);
    }
    pk_element_ranges_see(&output->elements, values);
  }
}

static void seed_row(float *gradient, const float *logits, size_t width, float weight,
                     pk_random *random) {
  float most = logits[0];
  double sum = 0.0;
  for (size_t i = 1; i < width; i++) most = fmaxf(most, logits[i]);
  for (size_t i = 0; i < width; i++) sum += exp((double)(logits[i] - most) / (double)temperature);
  double left = pk_random_unit(random) * sum;
  size_t drawn = width - 1;
  for (size_t i = 0; i < width; i++) {
    const double share = exp((double)(logits[i] - most) / (double)temperature);
    gradient[i] += weight * (float)(share / sum);
    if (left >= 0.0 && left < share) drawn = i;
    left -= share;
  }
  gradient[drawn] -= weight;
}

static float deviation_of(float range) {
  return range > 0.0f ? deviation_of_range * range : INFINITY;
}

float pk_loss_deviation(const pk_loss_output *output) {
  return deviation_of(output->high - output->low);
}

bool pk_loss_seed(const pk_loss *loss, pk_diff_tape *tape, uint64_t seed, pk_error *error) {
  pk_random random = {seed * 0xd1342543de82ef95u + 1};
  pk_diff_clear_grads(tape);
  for (size_t i = 0; i < loss->count; i++) {
    const pk_loss_output *output = &loss->outputs[i];
    const pk_tensor *tensor = &tape->net->graph->tensors[output->tensor];
    const size_t elements = tape->net->elements[output->tensor];
    const size_t width = output->is_softmax ? (size_t)tensor->dims[tensor->rank - 1] : 1;
    const float *values = pk_diff_value(tape, output->tensor);
    float *gradient = pk_diff_grad(tape, output->tensor, error);
    if (!gradient) return false;
    const size_t rows = elements / width;
    const float share = 1.0f / sqrtf((float)rows);
    const float deviation = pk_loss_deviation(output);
    const float *own = output->elements.width;
    for (size_t at = 0; output->is_softmax && at < elements; at += width) {
      seed_row(gradient + at, values + at, width, share / temperature, &random);
    }
    for (size_t at = 0; !output->is_softmax && at < elements; at++) {
      const float sign = pk_random_next(&random) >> 63 ? 1.0f : -1.0f;
      gradient[at] += sign * share / (own ? deviation_of(own[at]) : deviation);
    }
  }
  return true;
}
