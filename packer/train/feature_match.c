#include "feature_match.h"

#include <stdlib.h>
#include <string.h>

#include "../import/network/network_graph.h"
#include "attention.h"

enum { MAPS = 2 };  // of a worker: the target, and one that is used for whatever is at work

static bool bad(const pk_field_reader *reader, const char *layer, const char *expected) {
  return pk_field_bad(reader, "distill.features", layer, expected);
}

static size_t positions_of(const pk_tensor *tensor) {
  size_t positions = 1;
  for (int i = 1; i + 1 < tensor->rank; i++) positions *= (size_t)tensor->dims[i];
  return positions;
}

static bool has_same_map(const pk_tensor *a, const pk_tensor *b) {
  return a->rank == b->rank &&
         memcmp(a->dims + 1, b->dims + 1, (size_t)(a->rank - 2) * sizeof *a->dims) == 0;
}

static bool find_teachers(pk_feature_match *match, pk_feature_pair *pair, const char *layer,
                          const char *of_teacher, const pk_field_reader *reader) {
  const pk_tensor *student = &match->graph->tensors[pair->student];
  for (size_t i = 0; i < match->teacher_count; i++) {
    const pk_teacher *teacher = &match->teachers[i];
    if (!teacher->has_layers) {
      return bad(reader, layer,
                 "left out: a teacher that minnow train did not make names no layers");
    }
    pair->teacher[i] = pk_network_layer_output(&teacher->graph, of_teacher);
    if (pair->teacher[i] == PK_NO_TENSOR) {
      return bad(reader, layer, "the name, or the place, of a layer of every teacher");
    }
    if (!has_same_map(student, &teacher->graph.tensors[pair->teacher[i]])) {
      return bad(reader, layer, "a teacher's layer of the same height and width");
    }
  }
  return true;
}

static bool add_pair(pk_feature_match *match, const char *layer, const json_t *value,
                     const pk_field_reader *reader) {
  pk_feature_pair *pair = &match->pairs[match->count++];
  const char *of_teacher = json_string_value(value);
  pair->student = pk_network_layer_output(match->graph, layer);
  pair->teacher = calloc(match->teacher_count + 1, sizeof *pair->teacher);
  if (!pair->teacher) {
    return pk_fail(reader->error, PK_OUT_OF_MEMORY, "no memory to match features");
  }
  if (pair->student == PK_NO_TENSOR) {
    return bad(reader, layer, "left out: the network has no layer of this name or place");
  }
  if (!of_teacher) return bad(reader, layer, "the name, or the place, of a teacher's layer");
  const pk_tensor *tensor = &match->graph->tensors[pair->student];
  pair->positions = positions_of(tensor);
  if (tensor->rank < 3 || pair->positions < 2) {
    return bad(reader, layer, "left out: this layer's result has no height and width");
  }
  return find_teachers(match, pair, layer, of_teacher, reader);
}

static bool make_maps(pk_feature_match *match, const pk_field_reader *reader) {
  size_t most = 0;
  bool ok = true;
  for (size_t i = 0; i < match->count; i++) {
    most = match->pairs[i].positions > most ? match->pairs[i].positions : most;
  }
  for (size_t w = 0; w < PK_WORKERS; w++) {
    match->maps[w] = calloc(MAPS * most + 1, sizeof *match->maps[w]);
    ok = ok && match->maps[w];
  }
  return ok || pk_fail(reader->error, PK_OUT_OF_MEMORY, "no memory to match features");
}

bool pk_feature_match_init(pk_feature_match *match, const json_t *features, const pk_graph *graph,
                           pk_teacher *teachers, size_t teacher_count,
                           const pk_field_reader *reader) {
  const char *layer;
  json_t *value;
  *match = (pk_feature_match){.graph = graph, .teachers = teachers, .teacher_count = teacher_count};
  if (!features) return true;
  if (!json_is_object(features)) return bad(reader, "", "an object: layers and a teacher's layers");
  match->pairs = calloc(json_object_size(features) + 1, sizeof *match->pairs);
  bool ok = match->pairs != NULL;
  if (!ok) pk_fail(reader->error, PK_OUT_OF_MEMORY, "no memory to match features");
  json_object_foreach((json_t *)features, layer, value) {
    ok = ok && add_pair(match, layer, value, reader);
  }
  ok = ok && make_maps(match, reader);
  if (!ok) pk_feature_match_deinit(match);
  return ok;
}

void pk_feature_match_deinit(pk_feature_match *match) {
  for (size_t i = 0; match->pairs && i < match->count; i++) free(match->pairs[i].teacher);
  for (size_t w = 0; w < PK_WORKERS; w++) free(match->maps[w]);
  free(match->pairs);
  *match = (pk_feature_match){0};
}

// The mean map of the teachers for one example.
static void make_target(float *target, float *map, const pk_feature_match *match,
                        const pk_feature_pair *pair, size_t worker, size_t example) {
  memset(target, 0, pair->positions * sizeof *target);
  for (size_t t = 0; t < match->teacher_count; t++) {
    const pk_teacher *teacher = &match->teachers[t];
    const pk_tensor *tensor = &teacher->graph.tensors[pair->teacher[t]];
    const size_t channels = (size_t)tensor->dims[tensor->rank - 1];
    const float *values = pk_diff_value(&teacher->tapes[worker], pair->teacher[t]);
    pk_attention_map(map, values + example * pair->positions * channels, pair->positions, channels);
    for (size_t i = 0; i < pair->positions; i++) {
      target[i] += map[i] / (float)match->teacher_count;
    }
  }
}

double pk_feature_match_seed(const pk_feature_match *match, pk_diff_tape *student, size_t worker,
                             float weight, pk_error *error) {
  double loss = 0.0;
  for (size_t p = 0; p < match->count; p++) {
    const pk_feature_pair *pair = &match->pairs[p];
    const pk_tensor *tensor = &match->graph->tensors[pair->student];
    const size_t channels = (size_t)tensor->dims[tensor->rank - 1];
    const size_t each = pair->positions * channels;
    float *target = match->maps[worker], *map = target + pair->positions;
    const float *values = pk_diff_value(student, pair->student);
    float *gradient = pk_diff_grad(student, pair->student, error);
    if (!gradient) return -1.0;
    for (size_t i = 0; i < (size_t)tensor->dims[0]; i++) {
      make_target(target, map, match, pair, worker, i);
      loss += (double)pk_attention_loss(gradient + i * each, values + i * each, target,
                                        pair->positions, channels, weight, map);
    }
  }
  return loss;
}
