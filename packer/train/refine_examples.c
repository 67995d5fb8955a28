#include "refine_examples.h"

#include <stdlib.h>

#include "../pk_random.h"

enum {
  HELD_SHARE = 5,  // every so-manieth file of samples is held back
  HELD_VIEWS = 4   // of an example that is held back: as it is, and altered
};

static bool no_memory(pk_error *error) {
  return pk_fail(error, PK_OUT_OF_MEMORY, "no memory for examples to refine with");
}

static bool open_data(pk_refine_examples *examples, const pk_manifest *inputs, pk_error *error) {
  const pk_refine_options *o = examples->options;
  size_t bytes = 0;
  for (size_t i = 0; i < inputs->input_count; i++) {
    bytes += pk_manifest_tensor_bytes(&inputs->inputs[i]);
  }
  examples->learnt_count = pk_data_set_count(o->data, PK_DATA_TRAIN);
  if (o->holds_back) {
    examples->held_count = HELD_VIEWS * pk_data_set_count(o->data, PK_DATA_VALIDATION);
  }
  for (size_t i = 0; i < PK_WORKERS; i++) {
    examples->inputs[i] = malloc(bytes + 1);
    if (!examples->inputs[i]) return no_memory(error);
    if (!pk_data_reader_open(&examples->readers[i], o->data, inputs, o->augment, error)) {
      return false;
    }
  }
  return true;
}

static bool divide_samples(pk_refine_examples *examples, pk_error *error) {
  const pk_sample_set *samples = examples->samples;
  examples->learnt = calloc(samples->count + 1, sizeof *examples->learnt);
  examples->held = calloc(samples->count + 1, sizeof *examples->held);
  if (!examples->learnt || !examples->held) return no_memory(error);
  for (size_t i = 0; i < samples->count; i++) {
    if (examples->options->holds_back && samples->items[i].file % HELD_SHARE == HELD_SHARE - 1) {
      examples->held[examples->held_count++] = i;
    } else {
      examples->learnt[examples->learnt_count++] = i;
    }
  }
  return true;
}

bool pk_refine_examples_open(pk_refine_examples *examples, const pk_refine_options *options,
                             const pk_refine_subject *subject, pk_error *error) {
  *examples = (pk_refine_examples){.options = options, .samples = subject->samples};
  const bool ok =
      options->data ? open_data(examples, subject->inputs, error) : divide_samples(examples, error);
  const bool is_enough =
      examples->learnt_count > 0 && (examples->held_count > 0 || !options->holds_back);
  return ok && (is_enough || pk_fail(error, PK_USAGE,
                                     "too few samples to refine with: some must be left to judge "
                                     "it; give a hundred, or do without refinement"));
}

void pk_refine_examples_close(pk_refine_examples *examples) {
  for (size_t i = 0; i < PK_WORKERS; i++) {
    pk_data_reader_close(examples->readers[i]);
    free(examples->inputs[i]);
  }
  free(examples->learnt);
  free(examples->held);
  *examples = (pk_refine_examples){0};
}

const uint8_t *pk_refine_drawn(pk_refine_examples *examples, size_t worker, uint64_t number,
                               pk_error *error) {
  const pk_refine_options *o = examples->options;
  pk_random random = pk_random_of(o->seed, number);
  const size_t index = pk_random_below(&random, examples->learnt_count);
  const uint64_t seed = pk_random_next(&random) | 1;
  uint8_t *inputs = examples->inputs[worker];
  if (!o->data) return examples->samples->items[examples->learnt[index]].bytes;
  return pk_data_reader_fill(examples->readers[worker], PK_DATA_TRAIN, index, seed, inputs, error)
             ? inputs
             : NULL;
}

const uint8_t *pk_refine_held(pk_refine_examples *examples, size_t worker, size_t index,
                              pk_error *error) {
  const pk_refine_options *o = examples->options;
  uint8_t *inputs = examples->inputs[worker];
  if (!o->data) return examples->samples->items[examples->held[index]].bytes;
  return pk_data_reader_fill(examples->readers[worker], PK_DATA_VALIDATION, index / HELD_VIEWS,
                             index % HELD_VIEWS, inputs, error)
             ? inputs
             : NULL;
}
