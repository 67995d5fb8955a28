#include "batch_hooks.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../pk_random.h"

enum { ROWS_AT_A_TIME = 128 };  // float sums of more rows would lose digits

// sums[c] += a[r][c] * b[r][c] over all rows; b NULL: 1.
static void sum_columns(double *sums, const float *a, const float *b, size_t rows, size_t channels,
                        float *partial) {
  for (size_t from = 0; from < rows; from += ROWS_AT_A_TIME) {
    const size_t to = from + ROWS_AT_A_TIME < rows ? from + ROWS_AT_A_TIME : rows;
    memset(partial, 0, channels * sizeof *partial);
    for (size_t r = from; r < to; r++) {
      const float *row = a + r * channels, *other = b ? b + r * channels : NULL;
      for (size_t c = 0; !other && c < channels; c++) partial[c] += row[c];
      for (size_t c = 0; other && c < channels; c++) partial[c] += row[c] * other[c];
    }
    for (size_t c = 0; c < channels; c++) sums[c] += (double)partial[c];
  }
}

typedef struct column_sums {
  double *first, *second;
  float *partial;
} column_sums;

static bool sums_init(column_sums *s, size_t channels, pk_error *error) {
  *s = (column_sums){calloc(channels, sizeof(double)), calloc(channels, sizeof(double)),
                     malloc(channels * sizeof(float))};
  return (s->first && s->second && s->partial) ||
         pk_fail(error, PK_OUT_OF_MEMORY, "no memory to normalise a batch");
}

static void sums_deinit(column_sums *s) {
  free(s->first);
  free(s->second);
  free(s->partial);
}

static bool normalize(pk_batch_hooks *h, size_t op, float *y, pk_error *error) {
  const pk_norm_statistic *norm = h->norms[op].norm;
  const size_t channels = norm->channels;
  const size_t elements = h->net->elements[h->net->graph->ops[op].output];
  const size_t rows = elements / channels;
  const float *scale = h->values + norm->scale, *shift = h->values + norm->shift;
  float *mean = h->statistics + norm->offset, *variance = mean + channels;
  float *inverse = h->inverses + norm->offset, *out = h->norms[op].normalized;
  column_sums sums;
  const bool ok = sums_init(&sums, channels, error);
  if (ok) {
    sum_columns(sums.first, y, NULL, rows, channels, sums.partial);
    for (size_t c = 0; c < channels; c++) mean[c] = (float)(sums.first[c] / (double)rows);
    for (size_t r = 0; r < rows; r++) {
      for (size_t c = 0; c < channels; c++) out[r * channels + c] = y[r * channels + c] - mean[c];
    }
    sum_columns(sums.second, out, out, rows, channels, sums.partial);
    for (size_t c = 0; c < channels; c++) {
      variance[c] = (float)(sums.second[c] / (double)rows);
      inverse[c] = 1.0f / sqrtf(variance[c] + pk_norm_epsilon);
    }
    for (size_t r = 0; r < rows; r++) {
      for (size_t c = 0; c < channels; c++) {
        float *normalized = &out[r * channels + c];
        *normalized *= inverse[c];
        y[r * channels + c] = scale[c] * *normalized + shift[c];
      }
    }
  }
  sums_deinit(&sums);
  return ok;
}

static bool normalize_back(pk_batch_hooks *h, size_t op, float *dy, pk_error *error) {
  const pk_norm_statistic *norm = h->norms[op].norm;
  const size_t channels = norm->channels;
  const size_t elements = h->net->elements[h->net->graph->ops[op].output];
  const size_t rows = elements / channels;
  const float *scale = h->values + norm->scale, *inverse = h->inverses + norm->offset;
  const float *normalized = h->norms[op].normalized;
  column_sums sums;
  const bool ok = sums_init(&sums, channels, error);
  if (ok) {
    sum_columns(sums.first, dy, NULL, rows, channels, sums.partial);
    sum_columns(sums.second, dy, normalized, rows, channels, sums.partial);
    for (size_t c = 0; c < channels; c++) {
      h->gradients[norm->shift + c] += (float)sums.first[c];
      h->gradients[norm->scale + c] += (float)sums.second[c];
      sums.partial[c] = scale[c] * inverse[c];
      sums.first[c] /= (double)rows;
      sums.second[c] /= (double)rows;
    }
    for (size_t r = 0; r < rows; r++) {
      for (size_t c = 0; c < channels; c++) {
        const size_t i = r * channels + c;
        dy[i] = sums.partial[c] *
                (dy[i] - (float)sums.first[c] - normalized[i] * (float)sums.second[c]);
      }
    }
  }
  sums_deinit(&sums);
  return ok;
}

// Drawn from the batch's seed and the place, so that the way back meets the same values.
static void drop(const pk_batch_hooks *h, size_t op, float *values) {
  const float share = h->notes[op].dropout, keep = 1.0f / (1.0f - share);
  const size_t elements = h->net->elements[h->net->graph->ops[op].output];
  pk_random random = pk_random_of(h->dropout_seed, op);
  for (size_t i = 0; i < elements; i++) {
    values[i] *= pk_random_unit(&random) < (double)share ? 0.0f : keep;
  }
}

static bool drops(const pk_batch_hooks *h, size_t op) {
  return h->notes[op].dropout > 0.0f && !h->keeps_all;
}

static bool forward(void *user, size_t op, float *y, pk_error *error) {
  pk_batch_hooks *h = user;
  if (h->norms[op].norm && !normalize(h, op, y, error)) return false;
  if (drops(h, op)) drop(h, op, y);
  return true;
}

static bool backward(void *user, size_t op, float *dy, pk_error *error) {
  pk_batch_hooks *h = user;
  if (drops(h, op)) drop(h, op, dy);
  return !h->norms[op].norm || normalize_back(h, op, dy, error);
}

bool pk_batch_hooks_init(pk_batch_hooks *hooks, const pk_diff_net *net,
                         const pk_network_note *notes, const pk_parameters *parameters,
                         pk_error *error) {
  const size_t ops = net->graph->op_count;
  *hooks = (pk_batch_hooks){.net = net, .notes = notes, .parameters = parameters};
  hooks->hooks = (pk_diff_hooks){forward, backward, hooks};
  hooks->norms = calloc(ops + 1, sizeof *hooks->norms);
  hooks->inverses = calloc(parameters->statistics_total + 1, sizeof *hooks->inverses);
  hooks->statistics = calloc(parameters->statistics_total + 1, sizeof *hooks->statistics);
  hooks->gradients = calloc(parameters->total + 1, sizeof *hooks->gradients);
  bool ok = hooks->norms && hooks->inverses && hooks->statistics && hooks->gradients;
  for (size_t i = 0; ok && i < parameters->norm_count; i++) {
    const pk_norm_statistic *norm = &parameters->norms[i];
    const size_t elements = net->elements[net->graph->ops[norm->op].output];
    hooks->norms[norm->op] = (pk_batch_norm){norm, malloc(elements * sizeof(float))};
    ok = hooks->norms[norm->op].normalized != NULL;
  }
  if (!ok) {
    pk_batch_hooks_deinit(hooks);
    return pk_fail(error, PK_OUT_OF_MEMORY, "no memory for batch normalisation");
  }
  return true;
}

void pk_batch_hooks_deinit(pk_batch_hooks *hooks) {
  for (size_t i = 0; hooks->norms && i < hooks->net->graph->op_count; i++) {
    free(hooks->norms[i].normalized);
  }
  free(hooks->norms);
  free(hooks->inverses);
  free(hooks->statistics);
  free(hooks->gradients);
  *hooks = (pk_batch_hooks){0};
}
