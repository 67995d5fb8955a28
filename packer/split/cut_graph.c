#include "cut_graph.h"

#include <stdlib.h>
#include <string.h>

// Part numbers of sources; NOBODY gives a tensor out so far.
enum { UNKNOWN = -1, FROM_CALLER = PK_SOURCE_INPUT, NOBODY = FROM_CALLER - 1 };

typedef struct cutter {
  const pk_lowered_graph *graph;
  const bool *is_handed_on;
  pk_manifest_source *homes;  // of each tensor: who gives it out
  size_t *last_part;          // of each tensor: the last part that reads it; SIZE_MAX: the caller
  int32_t *numbers;           // of each tensor in the part being made
} cutter;

// NULL where `bytes` is or where memory is short.
static void *copy_bytes(const void *bytes, size_t size) {
  void *copy = bytes ? malloc(size) : NULL;
  if (copy) memcpy(copy, bytes, size);
  return copy;
}

static char *copy_text(const char *text) {
  return copy_bytes(text, text ? strlen(text) + 1 : 0);
}

void pk_cut_graph_free(pk_cut_graph *cut) {
  for (size_t p = 0; p < cut->part_count; p++) {
    pk_lowered_graph_free(&cut->parts[p].graph);
    free(cut->parts[p].inputs);
  }
  free(cut->results);
  *cut = (pk_cut_graph){0};
}

// Room for all that the operators begin … end − 1 may mention, and for steps.
static bool allocate_part(pk_cut_part *part, const pk_lowered_graph *graph, size_t begin,
                          size_t end) {
  size_t mentions = graph->output_count + graph->input_count + 1;
  for (size_t i = begin; i < end; i++) {
    mentions += 2 * (size_t)graph->ops[i].input_count + (size_t)graph->ops[i].output_count;
  }
  pk_lowered_graph *g = &part->graph;
  g->name = copy_text(graph->name);
  g->source_file = copy_text(graph->source_file);
  g->tensors = calloc(mentions, sizeof *g->tensors);
  g->ops = calloc(end - begin, sizeof *g->ops);
  g->inputs = calloc(mentions, sizeof *g->inputs);
  g->outputs = calloc(mentions, sizeof *g->outputs);
  part->inputs = calloc(mentions, sizeof *part->inputs);
  return g->tensors && g->ops && g->inputs && g->outputs && part->inputs;
}

// Takes the tensor in with a copy of its bytes, steps of levels before these.
static bool take_tensor(cutter *c, pk_lowered_graph *part, int32_t t) {
  const pk_lowered_tensor *from = &c->graph->tensors[t];
  if (from->levels && !take_tensor(c, part, t - 1)) return false;
  pk_lowered_tensor *to = &part->tensors[part->tensor_count];
  *to = *from;
  to->name = copy_text(from->name);
  to->data = copy_bytes(from->data, from->data_bytes);
  to->levels = copy_bytes(from->levels, from->level_count);
  c->numbers[t] = (int32_t)part->tensor_count++;
  return (to->data || !from->data) && (to->levels || !from->levels);
}

// The tensor's number in the part.
static bool number_of(int32_t *number, cutter *c, pk_lowered_graph *part, int32_t t) {
  if (c->numbers[t] == UNKNOWN && !take_tensor(c, part, t)) return false;
  *number = c->numbers[t];
  return true;
}

// An activation that is new to the part and not written in it is one of its inputs.
static bool take_input(cutter *c, pk_cut_part *part, int32_t t) {
  int32_t number;
  const bool is_new = c->numbers[t] == UNKNOWN;
  if (!number_of(&number, c, &part->graph, t)) return false;
  if (!is_new || c->graph->tensors[t].data) return true;
  part->inputs[part->graph.input_count] = c->homes[t];
  part->graph.inputs[part->graph.input_count++] = number;
  return true;
}

static bool add_ops(cutter *c, pk_cut_part *part, size_t begin, size_t end) {
  for (size_t i = begin; i < end; i++) {
    const pk_lowered_op *from = &c->graph->ops[i];
    pk_lowered_op *to = &part->graph.ops[part->graph.op_count++];
    *to = *from;
    to->name = copy_text(from->name);
    for (int k = 0; k < from->input_count; k++) {
      const int32_t t = from->inputs[k];
      if (t == MNW_NO_TENSOR) continue;
      if (!take_input(c, part, t)) return false;
      to->inputs[k] = c->numbers[t];
    }
    for (int k = 0; k < from->output_count; k++) {
      if (!number_of(&to->outputs[k], c, &part->graph, from->outputs[k])) return false;
    }
  }
  return true;
}

static bool give_out(cutter *c, pk_cut_part *part, size_t p, int32_t t) {
  int32_t number;
  if (!number_of(&number, c, &part->graph, t)) return false;
  c->homes[t] = (pk_manifest_source){(int32_t)p, (int32_t)part->graph.output_count};
  part->graph.outputs[part->graph.output_count++] = number;
  return true;
}

// Gives out what the part wrote and later parts or the caller want, in the order of writing; before
// that, inputs that are handed on.
static bool add_outputs(cutter *c, pk_cut_part *part, size_t p, size_t begin, size_t end) {
  const pk_lowered_graph *graph = c->graph;
  for (size_t i = 0; i < graph->input_count; i++) {
    const int32_t t = graph->inputs[i];
    const bool is_mine = c->numbers[t] != UNKNOWN && c->homes[t].part == FROM_CALLER;
    if (c->is_handed_on[i] && is_mine && c->last_part[t] > p && !give_out(c, part, p, t)) {
      return false;
    }
  }
  for (size_t i = begin; i < end; i++) {
    for (int k = 0; k < graph->ops[i].output_count; k++) {
      const int32_t t = graph->ops[i].outputs[k];
      if (c->last_part[t] > p && !give_out(c, part, p, t)) return false;
    }
  }
  return true;
}

static void find_readers(cutter *c, const pk_cut_choice *choice) {
  const pk_lowered_graph *graph = c->graph;
  for (size_t t = 0; t < graph->tensor_count; t++) {
    c->homes[t] = (pk_manifest_source){NOBODY, 0};
    c->last_part[t] = 0;
  }
  for (size_t p = 0; p < choice->part_count; p++) {
    for (size_t i = choice->begins[p]; i < choice->begins[p + 1]; i++) {
      for (int k = 0; k < graph->ops[i].input_count; k++) {
        const int32_t t = graph->ops[i].inputs[k];
        if (t != MNW_NO_TENSOR) c->last_part[t] = p;
      }
    }
  }
  for (size_t i = graph->input_count; i-- > 0;) {
    c->homes[graph->inputs[i]] = (pk_manifest_source){FROM_CALLER, (int32_t)i};
  }
  for (size_t i = 0; i < graph->output_count; i++) {
    const int32_t t = graph->outputs[i];
    if (c->homes[t].part == NOBODY) c->last_part[t] = SIZE_MAX;
  }
}

// Where the whole graph's outputs come from. An output that nothing writes is a constant: the last
// part gives it out.
static bool find_results(cutter *c, pk_cut_graph *cut) {
  const size_t last = cut->part_count - 1;
  for (size_t i = 0; i < c->graph->output_count; i++) {
    const int32_t t = c->graph->outputs[i];
    if (c->homes[t].part == NOBODY && !give_out(c, &cut->parts[last], last, t)) return false;
    cut->results[i] = c->homes[t];
  }
  return true;
}

static bool make_parts(cutter *c, pk_cut_graph *cut, const pk_cut_choice *choice) {
  find_readers(c, choice);
  for (size_t p = 0; p < choice->part_count; p++) {
    const size_t begin = choice->begins[p], end = choice->begins[p + 1];
    pk_cut_part *part = &cut->parts[p];
    for (size_t t = 0; t < c->graph->tensor_count; t++) c->numbers[t] = UNKNOWN;
    if (!allocate_part(part, c->graph, begin, end) || !add_ops(c, part, begin, end) ||
        !add_outputs(c, part, p, begin, end)) {
      return false;
    }
  }
  return find_results(c, cut);
}

bool pk_graph_cut(pk_cut_graph *cut, const pk_lowered_graph *graph, const pk_cut_choice *choice,
                  const bool *is_handed_on, pk_error *error) {
  cutter c = {.graph = graph, .is_handed_on = is_handed_on};
  *cut = (pk_cut_graph){.part_count = choice->part_count};
  c.homes = calloc(graph->tensor_count + 1, sizeof *c.homes);
  c.last_part = calloc(graph->tensor_count + 1, sizeof *c.last_part);
  c.numbers = calloc(graph->tensor_count + 1, sizeof *c.numbers);
  cut->results = calloc(graph->output_count + 1, sizeof *cut->results);
  const bool ok =
      (c.homes && c.last_part && c.numbers && cut->results && make_parts(&c, cut, choice)) ||
      pk_fail(error, PK_OUT_OF_MEMORY, "no memory to cut %s into %zu parts", graph->source_file,
              choice->part_count);
  free(c.homes);
  free(c.last_part);
  free(c.numbers);
  if (!ok) pk_cut_graph_free(cut);
  return ok;
}
