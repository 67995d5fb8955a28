#include "refine_examples.h"

#include <stdlib.h>

#include "../pk_random.h"

enum {
  HELD_SHARE = 5,  // every so-manieth file of samples, or training example, is held back
  HELD_VIEWS = 4,  // of an example that is held back: as it is, and altered
  HELD_MOST = 200  // examples of a data set that judge, for their time
};

static bool no_memory(pk_error *error) {
  return pk_fail(error, PK_OUT_OF_MEMORY, "no memory for examples to refine with");
}

static bool allocate_numbers(pk_refine_examples *examples, size_t count, pk_error *error) {
  examples->learnt = calloc(count + 1, sizeof *examples->learnt);
  examples->held = calloc(count + 1, sizeof *examples->held);
  return (examples->learnt && examples->held) || no_memory(error);
}

static void add_number(pk_refine_examples *examples, size_t number, bool is_held) {
  if (is_held) {
    examples->held[examples->held_count++] = number;
  } else {
    examples->learnt[examples->learnt_count++] = number;
  }
}

static bool is_one_of_share(size_t number) {
  return number % HELD_SHARE == HELD_SHARE - 1;
}

static bool divide_samples(pk_refine_examples *examples, pk_error *error) {
  const pk_sample_set *samples = examples->samples;
  if (!allocate_numbers(examples, samples->count, error)) return false;
  for (size_t i = 0; i < samples->count; i++) {
    add_number(examples, i, is_one_of_share(samples->items[i].file));
  }
  return true;
}

// The validation part judges, or, where it is empty, of the train part every fifth example.
static bool divide_data(pk_refine_examples *examples, pk_error *error) {
  const pk_data_set *data = examples->options->data;
  const size_t train = pk_data_set_count(data, PK_DATA_TRAIN);
  const size_t validation = pk_data_set_count(data, PK_DATA_VALIDATION);
  examples->held_part = validation > 0 ? PK_DATA_VALIDATION : PK_DATA_TRAIN;
  if (!allocate_numbers(examples, train + validation, error)) return false;
  for (size_t i = 0; i < train; i++) {
    add_number(examples, i, validation == 0 && is_one_of_share(i));
  }
  for (size_t i = 0; i < validation; i++) add_number(examples, i, true);
  // Spread over all that are held back, where not all of them judge.
  const size_t held = examples->held_count, judging = held < HELD_MOST ? held : HELD_MOST;
  for (size_t i = 0; i < judging; i++) examples->held[i] = examples->held[i * held / judging];
  examples->held_count = HELD_VIEWS * judging;
  return true;
}

static bool open_data(pk_refine_examples *examples, const pk_manifest *inputs, pk_error *error) {
  const pk_refine_options *o = examples->options;
  size_t bytes = 0;
  for (size_t i = 0; i < inputs->input_count; i++) {
    bytes += pk_manifest_tensor_bytes(&inputs->inputs[i]);
  }
  for (size_t i = 0; i < PK_WORKERS; i++) {
    examples->inputs[i] = malloc(bytes + 1);
    if (!examples->inputs[i]) return no_memory(error);
    if (!pk_data_reader_open(&examples->readers[i], o->data, inputs, o->augment, error)) {
      return false;
    }
  }
  return divide_data(examples, error);
}

bool pk_refine_examples_open(pk_refine_examples *examples, const pk_refine_options *options,
                             const pk_refine_subject *subject, pk_error *error) {
  *examples = (pk_refine_examples){.options = options, .samples = subject->samples};
  const bool ok =
      options->data ? open_data(examples, subject->inputs, error) : divide_samples(examples, error);
  const bool is_enough = examples->learnt_count > 0 && examples->held_count > 0;
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
  const size_t index = examples->learnt[pk_random_below(&random, examples->learnt_count)];
  const uint64_t seed = pk_random_next(&random) | 1;
  uint8_t *inputs = examples->inputs[worker];
  if (!o->data) return examples->samples->items[index].bytes;
  return pk_data_reader_fill(examples->readers[worker], PK_DATA_TRAIN, index, seed, inputs, error)
             ? inputs
             : NULL;
}

const uint8_t *pk_refine_held(pk_refine_examples *examples, size_t worker, size_t index,
                              pk_error *error) {
  const pk_refine_options *o = examples->options;
  uint8_t *inputs = examples->inputs[worker];
  if (!o->data) return examples->samples->items[examples->held[index]].bytes;
  return pk_data_reader_fill(examples->readers[worker], examples->held_part,
                             examples->held[index / HELD_VIEWS], index % HELD_VIEWS, inputs, error)
             ? inputs
             : NULL;
}
