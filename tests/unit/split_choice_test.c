// The choice of cuts against trying all of them, and the parts' graphs against the whole by values
// that stand for what each operator would compute.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/format/package_format.h"
#include "dense_graph.h"
#include "encode/shard_encode.h"
#include "made_graph.h"
#include "split/cut_graph.h"

enum { GRAPHS = 150, MAX_OPS = 11 };

static size_t writer_of(const pk_lowered_graph *graph, int32_t tensor) {
  for (size_t i = 0; i < graph->op_count; i++) {
    for (int k = 0; k < graph->ops[i].output_count; k++) {
      if (graph->ops[i].outputs[k] == tensor) return i;
    }
  }
  return SIZE_MAX;
}

static bool reads(const pk_lowered_graph *graph, size_t begin, size_t end, int32_t tensor) {
  for (size_t i = begin; i < end; i++) {
    for (int k = 0; k < graph->ops[i].input_count; k++) {
      if (graph->ops[i].inputs[k] == tensor) return true;
    }
  }
  return false;
}

static bool is_output(const pk_lowered_graph *graph, int32_t tensor) {
  for (size_t i = 0; i < graph->output_count; i++) {
    if (graph->outputs[i] == tensor) return true;
  }
  return false;
}

// Coded bytes of the constants that the operators read, plainly.
static double part_bytes(const pk_lowered_graph *graph, size_t begin, size_t end) {
  double bytes = 0.0;
  for (size_t t = 0; t < graph->tensor_count; t++) {
    const pk_lowered_tensor *tensor = &graph->tensors[t];
    if (!tensor->data || !reads(graph, begin, end, (int32_t)t)) continue;
    bytes += (double)pk_coded_bytes(graph, t);
  }
  return bytes;
}

static double passing_bytes(const pk_lowered_graph *graph, size_t cut) {
  double bytes = 0.0;
  for (size_t t = 0; t < graph->tensor_count; t++) {
    const size_t writer = writer_of(graph, (int32_t)t);
    if (writer < cut && reads(graph, cut, graph->op_count, (int32_t)t)) {
      bytes += (double)pk_lowered_tensor_bytes(&graph->tensors[t]);
    }
  }
  return bytes;
}

// INFINITY for a part that takes or gives nothing.
static double part_cost(const pk_lowered_graph *graph, size_t begin, size_t end, double share) {
  bool takes = false, gives = false;
  for (size_t t = 0; t < graph->tensor_count; t++) {
    const size_t writer = writer_of(graph, (int32_t)t);
    const bool is_mine = writer >= begin && writer < end;
    if (graph->tensors[t].data) continue;
    takes |= !is_mine && reads(graph, begin, end, (int32_t)t);
    gives |=
        is_mine && (is_output(graph, (int32_t)t) || reads(graph, end, graph->op_count, (int32_t)t));
  }
  const double off = part_bytes(graph, begin, end) - share;
  return takes && gives ? off * off / share : INFINITY;
}

// The least cost of the operators from `begin` on in so many parts, by trying all.
static double least_cost(const pk_lowered_graph *graph, size_t begin, size_t parts, double share) {
  const double passing = begin > 0 ? passing_bytes(graph, begin) : 0.0;
  double least = INFINITY;
  if (parts == 1) return passing + part_cost(graph, begin, graph->op_count, share);
  for (size_t end = begin + 1; end < graph->op_count; end++) {
    const double cost =
        passing + part_cost(graph, begin, end, share) + least_cost(graph, end, parts - 1, share);
    if (cost < least) least = cost;
  }
  return least;
}

static void assert_near(double a, double b) {
  if (!(fabs(a - b) <= 1e-9 * fmax(1.0, fabs(b)))) fail_msg("%g instead of %g", a, b);
}

static void the_cuts_are_the_best_there_are(void **state) {
  (void)state;
  for (uint32_t seed = 1; seed <= GRAPHS; seed++) {
    pk_lowered_graph graph = made_graph(seed, 4 + seed % (MAX_OPS - 3), 1 + seed % 3);
    for (size_t parts = 2; parts <= 4; parts++) {
      pk_cut_choice choice;
      pk_error error = {0};
      const double share = part_bytes(&graph, 0, graph.op_count) / (double)parts;
      const double least = least_cost(&graph, 0, parts, fmax(1.0, share));
      if (!pk_cuts_choose(&choice, &graph, parts, &error)) {
        assert_int_equal(error.code, PK_UNSUPPORTED);
        assert_true(isinf(least));
        continue;
      }
      assert_near(choice.cost, least);
      assert_int_equal(choice.begins[0], 0);
      assert_int_equal(choice.begins[parts], graph.op_count);
      for (size_t p = 0; p < parts; p++) {
        assert_true(choice.begins[p] < choice.begins[p + 1]);
        assert_near((double)choice.coded_bytes[p],
                    part_bytes(&graph, choice.begins[p], choice.begins[p + 1]));
        if (p == 0) continue;
        assert_near((double)choice.passing_bytes[p], passing_bytes(&graph, choice.begins[p]));
      }
    }
    pk_lowered_graph_free(&graph);
  }
}

static uint64_t mix(uint64_t hash, uint64_t value) {
  return (hash ^ value) * 0x9E3779B97F4A7C15u + (hash >> 29);
}

// Of each tensor what stands for its value: inputs are given, 0 is "not there". Fails where an
// operator reads what is not there.
static uint64_t *evaluate(const pk_lowered_graph *graph, const uint64_t *inputs) {
  uint64_t *values = calloc(graph->tensor_count, sizeof *values);
  for (size_t t = 0; t < graph->tensor_count; t++) {
    const pk_lowered_tensor *tensor = &graph->tensors[t];
    if (tensor->data) values[t] = 1;
    for (size_t i = 0; i < tensor->data_bytes; i++) values[t] = mix(values[t], tensor->data[i]);
  }
  for (size_t i = 0; i < graph->input_count; i++) values[graph->inputs[i]] = inputs[i];
  for (size_t i = 0; i < graph->op_count; i++) {
    const pk_lowered_op *op = &graph->ops[i];
    uint64_t value = mix(7, (uint64_t)op->params[0]);
    for (int k = 0; k < op->input_count; k++) {
      const bool is_absent = op->inputs[k] == MNW_NO_TENSOR;
      assert_true(is_absent || values[op->inputs[k]] != 0);
      value = mix(value, is_absent ? 3 : values[op->inputs[k]]);
    }
    for (int k = 0; k < op->output_count; k++) {
      assert_int_equal(values[op->outputs[k]], 0);
      values[op->outputs[k]] = mix(value, (uint64_t)k + 1) | 1;
    }
  }
  return values;
}

// Runs the parts one after the other as the sources say, and compares with the whole.
static void compare_with_whole(const pk_cut_graph *cut, const pk_lowered_graph *whole) {
  uint64_t inputs[16], given[PK_MAX_PARTS][64], taken[64];
  for (size_t i = 0; i < whole->input_count; i++) inputs[i] = 1000 + i;
  uint64_t *expected = evaluate(whole, inputs);
  for (size_t p = 0; p < cut->part_count; p++) {
    const pk_lowered_graph *part = &cut->parts[p].graph;
    assert_in_range(part->input_count, 1, 64);
    assert_in_range(part->output_count, 1, 64);
    for (size_t i = 0; i < part->input_count; i++) {
      const pk_manifest_source s = cut->parts[p].inputs[i];
      assert_true(s.part < (int32_t)p);
      taken[i] = s.part == PK_SOURCE_INPUT ? inputs[s.index] : given[s.part][s.index];
    }
    uint64_t *values = evaluate(part, taken);
    for (size_t i = 0; i < part->output_count; i++) given[p][i] = values[part->outputs[i]];
    free(values);
  }
  for (size_t i = 0; i < whole->output_count; i++) {
    const pk_manifest_source s = cut->results[i];
    assert_int_equal(s.part == PK_SOURCE_INPUT ? inputs[s.index] : given[s.part][s.index],
                     expected[whole->outputs[i]]);
  }
  free(expected);
}

static void parts_compute_what_the_whole_does(void **state) {
  (void)state;
  size_t handed_on = 0;
  for (uint32_t seed = 1; seed <= 4 * GRAPHS; seed++) {
    const bool is_handed_on[3] = {seed % 2, seed % 3 == 0, false};
    pk_lowered_graph graph = made_graph(seed, 3 + seed % 17, 1 + seed % 3);
    pk_cut_choice choice;
    pk_cut_graph cut;
    pk_error error = {0};
    const size_t parts = 2 + seed % 4;
    if (parts <= graph.op_count && pk_cuts_choose(&choice, &graph, parts, &error)) {
      if (!pk_graph_cut(&cut, &graph, &choice, is_handed_on, &error)) fail_msg("%s", error.message);
      compare_with_whole(&cut, &graph);
      for (size_t p = 1; p < parts; p++) {
        for (size_t i = 0; i < cut.parts[p].graph.input_count; i++) {
          const pk_manifest_source s = cut.parts[p].inputs[i];
          handed_on += s.part != PK_SOURCE_INPUT && cut.parts[s.part].graph.outputs[s.index] ==
                                                        cut.parts[s.part].graph.inputs[0];
        }
      }
      pk_cut_graph_free(&cut);
    }
    pk_lowered_graph_free(&graph);
  }
  assert_true(handed_on > 10);
}

static void cut_tensors_keep_what_they_are(void **state) {
  static const dense_layer layers[] = {{40, DENSE_BELL}, {40, DENSE_BELL}};
  static const bool is_handed_on[1] = {false};
  pk_lowered_graph graph = dense_graph(4, layers, 2);
  pk_cut_choice choice = {.part_count = 2, .begins = {0, 1, 3}};
  pk_cut_graph cut;
  pk_error error = {0};
  (void)state;
  assert_true(pk_graph_cut(&cut, &graph, &choice, is_handed_on, &error));
  const pk_lowered_graph *front = &cut.parts[0].graph, *back = &cut.parts[1].graph;
  const pk_lowered_tensor *given = &front->tensors[front->outputs[0]];
  const pk_lowered_tensor *taken = &back->tensors[back->inputs[0]];
  assert_int_equal(given->dtype, MNW_DTYPE_S8);
  assert_int_equal(given->rank, 2);
  assert_int_equal(given->dims[1], 40);
  assert_true(given->scale == 0.05f && given->scale == taken->scale);
  assert_int_equal(taken->dtype, MNW_DTYPE_S8);
  assert_string_equal(given->name, taken->name);
  assert_int_equal(back->tensor_count, 6);
  pk_cut_graph_free(&cut);
  pk_lowered_graph_free(&graph);
}

static void what_cannot_be_cut_is_told(void **state) {
  static const dense_layer layers[] = {{10, DENSE_BELL}, {10, DENSE_BELL}};
  pk_cut_choice choice;
  pk_error error = {0};
  (void)state;
  pk_lowered_graph graph = dense_graph(4, layers, 2);
  assert_true(pk_cuts_choose(&choice, &graph, 3, &error));
  assert_false(pk_cuts_choose(&choice, &graph, 4, &error));
  assert_int_equal(error.code, PK_USAGE);
  assert_non_null(strstr(error.message, "3 operators"));
  assert_non_null(strstr(error.message, "--split"));
  // The second layer reads a constant in place of the first one's result: it takes nothing.
  graph.ops[1].inputs[0] = graph.ops[1].inputs[1];
  error = (pk_error){0};
  assert_false(pk_cuts_choose(&choice, &graph, 3, &error));
  assert_int_equal(error.code, PK_UNSUPPORTED);
  pk_lowered_graph_free(&graph);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_cuts_are_the_best_there_are),
      cmocka_unit_test(parts_compute_what_the_whole_does),
      cmocka_unit_test(cut_tensors_keep_what_they_are),
      cmocka_unit_test(what_cannot_be_cut_is_told),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
