#include "error_feedback.h"

#include <cblas.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/kernels/packed_layout.h"
#include "trellis_round.h"

enum { BLOCK = 32 };
static const float step_ratios = 4.0f;  // wider steps in an octave
static const double damping = 1e-3;     // of the mean variance, added to the diagonal

// C = M D M^T from the last place to the first; `matrix` [k][k] in double is used up.
static void factor(double *matrix, float *factors, float *costs, size_t k, double least) {
  for (size_t j = k; j-- > 0;) {
    const double *last = matrix + j * k;  // the lower triangle is kept: rows are contiguous
    const double cost = fmax(last[j], least);
    costs[j] = (float)cost;
    // A pivot below what damping left is rounding error, and so is what stands beside it.
    if (last[j] < least) continue;
    for (size_t i = 0; i < j; i++) factors[j * k + i] = (float)(last[i] / cost);
    for (size_t i = 0; i < j; i++) {
      const double scale = last[i] / cost;
      double *row = matrix + i * k;
      for (size_t l = 0; l <= i; l++) row[l] -= scale * last[l];
    }
  }
}

// Places by falling variance; equal ones in their own order.
typedef struct place {
  float variance;
  uint32_t product;
} place;

static int compare_places(const void *left, const void *right) {
  const place *a = left, *b = right;
  if (a->variance != b->variance) return a->variance > b->variance ? -1 : 1;
  return a->product < b->product ? -1 : a->product > b->product;
}

static void factor_group(const pk_feedback *feedback, const pk_layer *layer, size_t g,
                         place *places, double *matrix) {
  const size_t k = layer->k;
  const float *covariance = layer->covariance + g * k * k;
  uint32_t *order = feedback->order + g * k;
  for (size_t j = 0; j < k; j++) places[j] = (place){covariance[j * k + j], (uint32_t)j};
  qsort(places, k, sizeof *places, compare_places);
  for (size_t j = 0; j < k; j++) order[j] = places[j].product;
  const double added = damping * pk_layer_variance(layer, g) / (double)k + 1e-30;
  for (size_t i = 0; i < k; i++) {
    for (size_t j = 0; j < k; j++) {
      matrix[i * k + j] = (double)covariance[order[i] * k + order[j]] + (i == j ? added : 0.0);
    }
  }
  factor(matrix, feedback->factors + g * k * k, feedback->costs + g * k, k, 0.5 * added);
}

bool pk_feedback_init(pk_feedback *feedback, const pk_layer *layer, pk_error *error) {
  const size_t groups = layer->groups, k = layer->k;
  feedback->order = calloc(groups * k, sizeof *feedback->order);
  feedback->factors = calloc(groups * k * k, sizeof *feedback->factors);
  feedback->costs = calloc(groups * k, sizeof *feedback->costs);
  place *places = calloc(k, sizeof *places);
  double *matrix = calloc(k * k, sizeof *matrix);
  const bool ok = feedback->order && feedback->factors && feedback->costs && places && matrix;
  for (size_t g = 0; ok && g < groups; g++) factor_group(feedback, layer, g, places, matrix);
  free(places);
  free(matrix);
  if (ok) return true;
  pk_feedback_deinit(feedback);
  return pk_fail(error, PK_OUT_OF_MEMORY, "no memory for a layer's covariance");
}

void pk_feedback_deinit(pk_feedback *feedback) {
  free(feedback->order);
  free(feedback->factors);
  free(feedback->costs);
  *feedback = (pk_feedback){0};
}

bool pk_layer_suits_trellis(const pk_layer *layer) {
  return layer->groups == 1 && !layer->is_depthwise && !layer->is_pruned;
}

float pk_output_step(const pk_layer *layer, size_t o, float step) {
  const float *row = layer->weights + o * layer->k;
  float most = 0.0f;
  for (size_t i = 0; i < layer->k; i++) most = fmaxf(most, fabsf(row[i]));
  if (most <= step * (float)PK_LEVEL_MAX) return step;
  if (step == 0.0f) return most / (float)PK_LEVEL_MAX;
  // Few different steps make few different multipliers, which code well.
  const float ratio = most / ((float)PK_LEVEL_MAX * step);
  return step * exp2f(ceilf(step_ratios * log2f(ratio)) / step_ratios);
}

// One group's rows; errors stand by place.
typedef struct group_walk {
  size_t rows, k;
  const float *weights, *factors, *costs, *steps;
  const uint32_t *order;
  const bool *is_pruned;  // [rows][k] by product; NULL: none
  float *errors;          // [rows][k]
  float *targets;  // [rows][BLOCK]: weights of the block less what earlier blocks' errors ask for
  int8_t *levels;  // [rows][k] by product
  float *column, *prices;  // [rows], for a trellis: targets in steps, cost of a squared error
  uint8_t *paths;          // [rows][PK_TRELLIS_STATES]
  int8_t *column_levels;   // [rows]
  const pk_grid *grid;
} group_walk;

// The weight at place j of a row less what the errors from place `first` on ask for.
static float place_target(const group_walk *walk, size_t row, size_t first, size_t j) {
  const float *errors = walk->errors + row * walk->k, *factors = walk->factors + j * walk->k;
  float target = walk->targets[row * BLOCK + j - first];
  for (size_t i = first; i < j; i++) target -= errors[i] * factors[i];
  return target;
}

// Returns D_j times the squared residual.
static double set_level(const group_walk *walk, size_t row, size_t j, float target, float level) {
  const size_t at = row * walk->k + walk->order[j];
  const double residual = (double)(level * walk->steps[row] - target);
  walk->levels[at] = (int8_t)level;
  walk->errors[row * walk->k + j] = level * walk->steps[row] - walk->weights[at];
  return (double)walk->costs[j] * residual * residual;
}

// Places first … last of one row. Returns the sum of D_j times the squared residual.
static double round_row(const group_walk *walk, size_t row, size_t first, size_t last) {
  double cost = 0.0;
  for (size_t j = first; j < last; j++) {
    const float target = place_target(walk, row, first, j);
    const bool is_pruned = walk->is_pruned && walk->is_pruned[row * walk->k + walk->order[j]];
    const float level = is_pruned ? 0.0f : pk_grid_level(walk->grid, target / walk->steps[row]);
    cost += set_level(walk, row, j, target, level);
  }
  return cost;
}

// Place j of all rows, a path through the trellis. Returns what it costs.
static double round_column(const group_walk *walk, const float *sensitivity, size_t first,
                           size_t j) {
  double cost = 0.0;
  for (size_t row = 0; row < walk->rows; row++) {
    walk->column[row] = place_target(walk, row, first, j) / walk->steps[row];
    walk->prices[row] = walk->steps[row] * walk->steps[row];
  }
  // Channels that only fill up the last tile hold zeros.
  pk_trellis_round(walk->column_levels, walk->column, walk->prices, walk->rows, PK_LEVEL_MAX,
                   walk->rows % MNW_TILE_CHANNELS != 0, walk->paths);
  for (size_t row = 0; row < walk->rows; row++) {
    cost += (double)sensitivity[row] * set_level(walk, row, j, walk->column[row] * walk->steps[row],
                                                 (float)walk->column_levels[row]);
  }
  return cost;
}

static double round_group(const group_walk *walk, const float *sensitivity) {
  const size_t k = walk->k;
  double cost = 0.0;
  for (size_t first = 0; first < k; first += BLOCK) {
    const size_t last = first + BLOCK < k ? first + BLOCK : k;
    for (size_t row = 0; row < walk->rows; row++) {
      for (size_t j = first; j < last; j++) {
        walk->targets[row * BLOCK + j - first] = walk->weights[row * k + walk->order[j]];
      }
    }
    if (first > 0) {
      cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, (int)walk->rows, (int)(last - first),
                  (int)first, -1.0f, walk->errors, (int)k, walk->factors + first * k, (int)k, 1.0f,
                  walk->targets, BLOCK);
    }
    for (size_t j = first; walk->grid->has_trellis && j < last; j++) {
      cost += round_column(walk, sensitivity, first, j);
    }
    for (size_t row = 0; !walk->grid->has_trellis && row < walk->rows; row++) {
      cost += (double)sensitivity[row] * round_row(walk, row, first, last);
    }
  }
  return cost;
}

// `memory` holds the rows' errors, targets, columns and steps; `bytes` their levels and paths.
static double round_groups(int8_t *levels, const pk_layer *layer, const pk_feedback *feedback,
                           const pk_grid *grid, float *memory, uint8_t *bytes) {
  const size_t rows = layer->rows, k = layer->k, outputs = pk_layer_outputs(layer);
  float *errors = memory, *targets = errors + rows * k, *column = targets + rows * BLOCK;
  float *prices = column + rows, *steps = prices + rows;
  double cost = 0.0;
  for (size_t o = 0; o < outputs; o++) {
    steps[o] = pk_output_step(layer, o, grid->step);
  }
  for (size_t g = 0; g < layer->groups; g++) {
    const size_t first = g * rows;
    const group_walk walk = {.rows = rows,
                             .k = k,
                             .weights = layer->weights + first * k,
                             .factors = feedback->factors + g * k * k,
                             .costs = feedback->costs + g * k,
                             .steps = steps + first,
                             .order = feedback->order + g * k,
                             .is_pruned = layer->is_pruned ? layer->is_pruned + first * k : NULL,
                             .errors = errors,
                             .targets = targets,
                             .levels = levels + first * k,
                             .column = column,
                             .prices = prices,
                             .paths = bytes + rows,
                             .column_levels = (int8_t *)bytes,
                             .grid = grid};
    cost += round_group(&walk, layer->sensitivity + first);
  }
  return cost;
}

double pk_feedback_round(int8_t *levels, const pk_layer *layer, const pk_feedback *feedback,
                         const pk_grid *grid) {
  const size_t row_floats = layer->rows * (layer->k + BLOCK + 2);
  float *memory = calloc(row_floats + pk_layer_outputs(layer) + 1, sizeof *memory);
  uint8_t *bytes = malloc(layer->rows * (1 + PK_TRELLIS_STATES) + 1);
  const double cost =
      memory && bytes ? round_groups(levels, layer, feedback, grid, memory, bytes) : (double)NAN;
  free(memory);
  free(bytes);
  return cost;
}
