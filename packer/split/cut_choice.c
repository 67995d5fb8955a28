// The tables first: who reads what last, what passes each cut, what each constant costs. Then, for
// each end of a part, its begin moves towards the front, and the part's constants, inputs and
// outputs are kept up to date operator by operator; so every possible part is looked at once.
#include "cut_choice.h"

#include <math.h>
#include <stdlib.h>

#include "../encode/shard_encode.h"
#include "core/format/graph.h"

enum { MAX_PASSING = 255 };  // tensors: inputs of a package

// An operator's use of a constant.
typedef struct constant_use {
  uint64_t coded_bytes;
  size_t next;  // operator that uses it next; op_count: none
} constant_use;

typedef struct cut_tables {
  const pk_lowered_graph *graph;
  size_t part_count;
  double share;       // W
  size_t *first_use;  // op_count + 1: an operator's first entry in `uses`
  constant_use *uses;
  size_t *earliest_source;  // op_count: 1 + the first operator it reads an activation of, 0 for an
                            // input of the graph; SIZE_MAX: it reads none
  size_t *last_reader;      // op_count: of its outputs; op_count for an output of the graph
  int64_t *passing_bytes;   // op_count + 1: by cut
  int64_t *passing_count;
  double *best;   // [parts][end], the least cost of the operators in front of `end`
  size_t *begin;  // [parts][end], where the last of those parts begins
} cut_tables;

uint64_t pk_lowered_tensor_bytes(const pk_lowered_tensor *tensor) {
  uint64_t bytes = mnw_dtype_bytes(tensor->dtype);
  for (uint32_t i = 0; i < tensor->rank; i++) bytes *= (uint64_t)tensor->dims[i];
  return bytes;
}

static void free_tables(cut_tables *tables) {
  free(tables->first_use);
  free(tables->uses);
  free(tables->earliest_source);
  free(tables->last_reader);
  free(tables->passing_bytes);
  free(tables->passing_count);
  free(tables->best);
  free(tables->begin);
}

static bool allocate_tables(cut_tables *tables) {
  const size_t ops = tables->graph->op_count, cells = (tables->part_count + 1) * (ops + 1);
  size_t slots = 1;
  for (size_t i = 0; i < ops; i++) slots += (size_t)tables->graph->ops[i].input_count;
  tables->first_use = calloc(ops + 1, sizeof *tables->first_use);
  tables->uses = calloc(slots, sizeof *tables->uses);
  tables->earliest_source = calloc(ops + 1, sizeof *tables->earliest_source);
  tables->last_reader = calloc(ops + 1, sizeof *tables->last_reader);
  tables->passing_bytes = calloc(ops + 2, sizeof *tables->passing_bytes);
  tables->passing_count = calloc(ops + 2, sizeof *tables->passing_count);
  tables->best = calloc(cells, sizeof *tables->best);
  tables->begin = calloc(cells, sizeof *tables->begin);
  return tables->first_use && tables->uses && tables->earliest_source && tables->last_reader &&
         tables->passing_bytes && tables->passing_count && tables->best && tables->begin;
}

// Backwards over the operators, so that `next` is known. A constant that an operator reads twice
// has itself as the next user of one of both reads, which then counts nowhere.
static void list_uses(cut_tables *tables, size_t *next_user) {
  const pk_lowered_graph *graph = tables->graph;
  uint64_t total = 0;
  size_t count = 0;
  for (size_t i = 0; i < graph->op_count; i++) {
    tables->first_use[i] = count;
    for (int k = 0; k < graph->ops[i].input_count; k++) {
      const int32_t t = graph->ops[i].inputs[k];
      count += t != MNW_NO_TENSOR && graph->tensors[t].data != NULL;
    }
  }
  tables->first_use[graph->op_count] = count;
  for (size_t t = 0; t < graph->tensor_count; t++) next_user[t] = graph->op_count;
  for (size_t i = graph->op_count; i-- > 0;) {
    constant_use *use = &tables->uses[tables->first_use[i]];
    for (int k = 0; k < graph->ops[i].input_count; k++) {
      const int32_t t = graph->ops[i].inputs[k];
      if (t == MNW_NO_TENSOR || !graph->tensors[t].data) continue;
      const uint64_t coded = pk_coded_bytes(graph, (size_t)t);
      if (next_user[t] == graph->op_count) total += coded;
      *use++ = (constant_use){coded, next_user[t]};
      next_user[t] = i;
    }
  }
  tables->share = fmax(1.0, (double)total / (double)tables->part_count);
}

// `source`: of each tensor, as earliest_source has it.
static void follow_activations(cut_tables *tables, size_t *source) {
  const pk_lowered_graph *graph = tables->graph;
  const size_t ops = graph->op_count;
  for (size_t i = 0; i < graph->tensor_count; i++) source[i] = 0;
  for (size_t i = 0; i < ops; i++) {
    const pk_lowered_op *op = &graph->ops[i];
    tables->earliest_source[i] = SIZE_MAX;
    for (int k = 0; k < op->output_count; k++) source[op->outputs[k]] = i + 1;
    for (int k = 0; k < op->input_count; k++) {
      const int32_t t = op->inputs[k];
      if (t == MNW_NO_TENSOR || graph->tensors[t].data) continue;
      if (source[t] < tables->earliest_source[i]) tables->earliest_source[i] = source[t];
      if (source[t] > 0) tables->last_reader[source[t] - 1] = i;
    }
  }
}

// What passes each cut: a tensor passes those from behind its writer to in front of its last
// reader.
static void sum_passing(cut_tables *tables, size_t *last_read) {
  const pk_lowered_graph *graph = tables->graph;
  for (size_t t = 0; t < graph->tensor_count; t++) last_read[t] = 0;
  for (size_t i = 0; i < graph->op_count; i++) {
    for (int k = 0; k < graph->ops[i].input_count; k++) {
      const int32_t t = graph->ops[i].inputs[k];
      if (t != MNW_NO_TENSOR) last_read[t] = i;
    }
  }
  for (size_t i = 0; i < graph->op_count; i++) {
    for (int k = 0; k < graph->ops[i].output_count; k++) {
      const int32_t t = graph->ops[i].outputs[k];
      const int64_t bytes = (int64_t)pk_lowered_tensor_bytes(&graph->tensors[t]);
      if (last_read[t] <= i) continue;
      tables->passing_bytes[i + 1] += bytes;
      tables->passing_bytes[last_read[t] + 1] -= bytes;
      tables->passing_count[i + 1]++;
      tables->passing_count[last_read[t] + 1]--;
    }
  }
  for (size_t c = 1; c <= graph->op_count; c++) {
    tables->passing_bytes[c] += tables->passing_bytes[c - 1];
    tables->passing_count[c] += tables->passing_count[c - 1];
  }
}

static bool fill_tables(cut_tables *tables) {
  const pk_lowered_graph *graph = tables->graph;
  size_t *by_tensor = calloc(graph->tensor_count + 1, sizeof *by_tensor);
  const bool ok = by_tensor && allocate_tables(tables);
  if (ok) {
    list_uses(tables, by_tensor);
    follow_activations(tables, by_tensor);
    for (size_t i = 0; i < graph->output_count; i++) {
      const size_t source = by_tensor[graph->outputs[i]];
      if (source > 0) tables->last_reader[source - 1] = graph->op_count;
    }
    sum_passing(tables, by_tensor);
  }
  free(by_tensor);
  return ok;
}

// Coded bytes that the part needs more when it begins with operator `begin` instead of the next
// one.
static uint64_t added_bytes(const cut_tables *tables, size_t begin, size_t end) {
  uint64_t bytes = 0;
  for (size_t u = tables->first_use[begin]; u < tables->first_use[begin + 1]; u++) {
    if (tables->uses[u].next >= end) bytes += tables->uses[u].coded_bytes;
  }
  return bytes;
}

// Whether so many tensors can pass the cut besides the graph's inputs or outputs.
static bool is_cut_possible(const cut_tables *tables, size_t cut) {
  const pk_lowered_graph *graph = tables->graph;
  const size_t ends =
      graph->input_count > graph->output_count ? graph->input_count : graph->output_count;
  return cut == 0 || (size_t)tables->passing_count[cut] + ends <= MAX_PASSING;
}

// Costs of all ways to end a part in front of operator `end`.
static void find_best(cut_tables *tables, size_t end) {
  const size_t row = tables->graph->op_count + 1;
  size_t earliest_source = SIZE_MAX, last_reader = 0;
  uint64_t coded = 0;
  for (size_t parts = 0; parts <= tables->part_count; parts++) {
    tables->best[parts * row + end] = INFINITY;
  }
  for (size_t begin = end; begin-- > 0;) {
    coded += added_bytes(tables, begin, end);
    if (tables->earliest_source[begin] < earliest_source) {
      earliest_source = tables->earliest_source[begin];
    }
    if (tables->last_reader[begin] > last_reader) last_reader = tables->last_reader[begin];
    const bool has_input = earliest_source <= begin, has_output = last_reader >= end;
    if (!has_input || !has_output || !is_cut_possible(tables, begin)) continue;
    const double off = (double)coded - tables->share;
    const double cost = off * off / tables->share + (double)tables->passing_bytes[begin];
    for (size_t parts = 1; parts <= tables->part_count; parts++) {
      const double sum = tables->best[(parts - 1) * row + begin] + cost;
      if (sum < tables->best[parts * row + end]) {
        tables->best[parts * row + end] = sum;
        tables->begin[parts * row + end] = begin;
      }
    }
  }
}

static void read_choice(pk_cut_choice *choice, const cut_tables *tables) {
  const size_t row = tables->graph->op_count + 1;
  size_t end = tables->graph->op_count;
  choice->cost = tables->best[tables->part_count * row + end];
  choice->begins[tables->part_count] = end;
  for (size_t p = tables->part_count; p-- > 0;) {
    const size_t begin = tables->begin[(p + 1) * row + end];
    choice->begins[p] = begin;
    choice->passing_bytes[p] = (uint64_t)tables->passing_bytes[begin];
    for (size_t i = end; i-- > begin;) choice->coded_bytes[p] += added_bytes(tables, i, end);
    end = begin;
  }
}

bool pk_cuts_choose(pk_cut_choice *choice, const pk_lowered_graph *graph, size_t part_count,
                    pk_error *error) {
  cut_tables tables = {.graph = graph, .part_count = part_count};
  *choice = (pk_cut_choice){.part_count = part_count};
  if (part_count > graph->op_count) {
    return pk_fail(error, PK_USAGE,
                   "%s has %zu operators once it is packed, so it cannot be cut into %zu parts: "
                   "give at most that many with --split",
                   graph->source_file, graph->op_count, part_count);
  }
  if (!fill_tables(&tables) || !tables.best) {
    free_tables(&tables);
    return pk_fail(error, PK_OUT_OF_MEMORY, "no memory to look for %zu parts", part_count);
  }
  for (size_t parts = 1; parts <= part_count; parts++) {
    tables.best[parts * (graph->op_count + 1)] = INFINITY;
  }
  for (size_t end = 1; end <= graph->op_count; end++) find_best(&tables, end);
  read_choice(choice, &tables);
  free_tables(&tables);
  if (isfinite(choice->cost)) return true;
  return pk_fail(error, PK_UNSUPPORTED,
                 "%s cannot be cut into %zu parts that each take and give 1 to %d tensors: give a "
                 "smaller number with --split",
                 graph->source_file, part_count, MAX_PASSING);
}
