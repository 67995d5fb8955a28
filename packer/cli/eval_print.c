#include "eval_print.h"

#include <math.h>
#include <stdio.h>

#include "../report/share_interval.h"

enum { MAX_PRINTED_MATRIX = 16, MAX_JSON_MATRIX = 100 };

static void print_share(double share) {
  if (isnan(share)) {
    printf("        –");
  } else {
    printf("  %6.1f%%", 100.0 * share);
  }
}

static void print_classes(const pk_eval_result *result) {
  const pk_judgement *j = &result->evaluation->judgement;
  printf("\nexamples  answers  precision  recall     F1  class\n");
  for (size_t i = 0; i < j->classes; i++) {
    const pk_class_judgement c = pk_judgement_of_class(j, i);
    if (c.examples + c.answers == 0) continue;
    printf("%8zu %8zu  ", c.examples, c.answers);
    print_share(c.precision);
    print_share(c.recall);
    printf("  %5.3f  %s\n", c.f1, result->labels[i]);
  }
}

static void print_matrix(const pk_eval_result *result) {
  const pk_judgement *j = &result->evaluation->judgement;
  if (j->classes > MAX_PRINTED_MATRIX) return;
  printf("\ntaken for (rows: true class; columns: answer, in the same order)\n");
  for (size_t i = 0; i < j->classes; i++) {
    for (size_t k = 0; k < j->classes; k++) printf(" %6zu", pk_judgement_count(j, i, k));
    printf("  %s\n", result->labels[i]);
  }
}

void pk_eval_print(const pk_eval_result *result) {
  const pk_judgement *j = &result->evaluation->judgement;
  const double accuracy = (double)j->right / (double)j->examples;
  const pk_interval range = pk_share_interval(accuracy, j->examples);
  printf("%s on %s\n%zu of %zu right: %.1f%% (95%% interval %.1f to %.1f%%), macro F1 %.3f\n",
         result->name, result->data, j->right, j->examples, 100.0 * accuracy, 100.0 * range.low,
         100.0 * range.high, pk_judgement_macro_f1(j));
  print_classes(result);
  print_matrix(result);
}

static json_t *share_json(double share) {
  return isnan(share) ? json_null() : json_real(share);
}

static json_t *classes_json(const pk_eval_result *result) {
  const pk_judgement *j = &result->evaluation->judgement;
  json_t *classes = json_array();
  for (size_t i = 0; i < j->classes; i++) {
    const pk_class_judgement c = pk_judgement_of_class(j, i);
    json_array_append_new(
        classes,
        json_pack("{s:s, s:I, s:I, s:o, s:o, s:o}", "label", result->labels[i], "examples",
                  (json_int_t)c.examples, "answers", (json_int_t)c.answers, "precision",
                  share_json(c.precision), "recall", share_json(c.recall), "f1", share_json(c.f1)));
  }
  return classes;
}

static json_t *confusion_json(const pk_judgement *j) {
  json_t *rows = json_array();
  for (size_t i = 0; i < j->classes; i++) {
    json_t *row = json_array();
    for (size_t k = 0; k < j->classes; k++) {
      json_array_append_new(row, json_integer((json_int_t)pk_judgement_count(j, i, k)));
    }
    json_array_append_new(rows, row);
  }
  return rows;
}

static json_t *mistakes_json(const pk_eval_result *result) {
  json_t *mistakes = json_array();
  for (size_t i = 0; i < result->evaluation->count; i++) {
    const pk_example_answer *answer = &result->evaluation->answers[i];
    if (answer->label == answer->answer) continue;
    json_t *name = json_string(pk_example_name(result->set, result->part, i));
    json_array_append_new(
        mistakes, json_pack("{s:o, s:s, s:s, s:f}", "example", name ? name : json_null(), "label",
                            result->labels[answer->label], "answer", result->labels[answer->answer],
                            "score", answer->score));
  }
  return mistakes;
}

json_t *pk_eval_json(const pk_eval_result *result) {
  const pk_judgement *j = &result->evaluation->judgement;
  const double accuracy = (double)j->right / (double)j->examples;
  const pk_interval range = pk_share_interval(accuracy, j->examples);
  json_t *object =
      json_pack("{s:s, s:s, s:I, s:I, s:f, s:[f, f], s:o, s:o}", "package", result->name, "data",
                result->data, "examples", (json_int_t)j->examples, "right", (json_int_t)j->right,
                "accuracy", accuracy, "interval", range.low, range.high, "macroF1",
                share_json(pk_judgement_macro_f1(j)), "classes", classes_json(result));
  if (object && j->classes <= MAX_JSON_MATRIX) {
    json_object_set_new(object, "confusion", confusion_json(j));
  }
  if (object) json_object_set_new(object, "mistakes", mistakes_json(result));
  return object;
}
