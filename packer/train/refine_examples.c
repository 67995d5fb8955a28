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

// Those of the validation part judge, or, where it is empty, of the train part every fifth.
static void count_examples(pk_refine_examples *examples) {
  const pk_data_set *data = examples->options->data;
  const size_t train = pk_data_set_count(data, PK_DATA_TRAIN);
  const size_t validation = pk_data_set_count(data, PK_DATA_VALIDATION);
  examples->shares_train = validation == 0;
  examples->held_examples = examples->shares_train ? train / HELD_SHARE : validation;
  examples->learnt_count = examples->shares_train ? train - examples->held_examples : train;
  examples->held_count =
      HELD_VIEWS * (examples->held_examples < HELD_MOST ? examples->held_examples : HELD_MOST);
}

// Where the train part is shared, the last of five is held back; what is left over behind the last
// five is learnt from.
static size_t learnt_example(const pk_refine_examples *examples, size_t index) {
  if (!examples->shares_train) return index;
  const size_t five = index / (HELD_SHARE - 1);
  return index + (five < examples->held_examples ? five : examples->held_examples);
}

// Spread over all that are held back, where not all of them judge.
static size_t held_example(const pk_refine_examples *examples, size_t index) {
  const size_t judging = examples->held_count / HELD_VIEWS;
  const size_t held = index * examples->held_examples / judging;
  return examples->shares_train ? held * HELD_SHARE + HELD_SHARE - 1 : held;
}

static bool open_data(pk_refine_examples *examples, const pk_manifest *inputs, pk_error *error) {
  const pk_refine_options *o = examples->options;
  size_t bytes = 0;
  for (size_t i = 0; i < inputs->input_count; i++) {
    bytes += pk_manifest_tensor_bytes(&inputs->inputs[i]);
  }
  count_examples(examples);
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
    if (samples->items[i].file % HELD_SHARE == HELD_SHARE - 1) {
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
  const size_t index = pk_random_below(&random, examples->learnt_count);
  const uint64_t seed = pk_random_next(&random) | 1;
  uint8_t *inputs = examples->inputs[worker];
  if (!o->data) return examples->samples->items[examples->learnt[index]].bytes;
  return pk_data_reader_fill(examples->readers[worker], PK_DATA_TRAIN,
                             learnt_example(examples, index), seed, inputs, error)
             ? inputs
             : NULL;
}

const uint8_t *pk_refine_held(pk_refine_examples *examples, size_t worker, size_t index,
                              pk_error *error) {
  const pk_refine_options *o = examples->options;
  uint8_t *inputs = examples->inputs[worker];
  if (!o->data) return examples->samples->items[examples->held[index]].bytes;
  const pk_data_part part = examples->shares_train ? PK_DATA_TRAIN : PK_DATA_VALIDATION;
  return pk_data_reader_fill(examples->readers[worker], part,
                             held_example(examples, index / HELD_VIEWS), index % HELD_VIEWS, inputs,
                             error)
             ? inputs
             : NULL;
}
