#include "judgement.h"

#include <math.h>
#include <stdlib.h>

bool pk_judgement_init(pk_judgement *judgement, size_t classes, pk_error *error) {
  *judgement = (pk_judgement){.classes = classes};
  if (classes > 0 && classes <= SIZE_MAX / classes) {
    judgement->confusion = calloc(classes * classes, sizeof *judgement->confusion);
  }
  return judgement->confusion != NULL ||
         pk_fail(error, PK_OUT_OF_MEMORY, "no memory to count the answers of %zu classes", classes);
}

void pk_judgement_deinit(pk_judgement *judgement) {
  free(judgement->confusion);
  *judgement = (pk_judgement){0};
}

void pk_judgement_add(pk_judgement *judgement, size_t label, size_t answer) {
  judgement->confusion[label * judgement->classes + answer]++;
  judgement->examples++;
  judgement->right += label == answer;
}

size_t pk_judgement_count(const pk_judgement *judgement, size_t label, size_t answer) {
  return judgement->confusion[label * judgement->classes + answer];
}

static double share(size_t part, size_t whole) {
  return whole > 0 ? (double)part / (double)whole : NAN;
}

pk_class_judgement pk_judgement_of_class(const pk_judgement *judgement, size_t index) {
  pk_class_judgement c = {.right = pk_judgement_count(judgement, index, index)};
  for (size_t i = 0; i < judgement->classes; i++) {
    c.examples += pk_judgement_count(judgement, index, i);
    c.answers += pk_judgement_count(judgement, i, index);
  }
  c.precision = share(c.right, c.answers);
  c.recall = share(c.right, c.examples);
  c.f1 = share(2 * c.right, c.examples + c.answers);
  return c;
}

double pk_judgement_macro_f1(const pk_judgement *judgement) {
  double sum = 0.0;
  size_t count = 0;
  for (size_t i = 0; i < judgement->classes; i++) {
    const pk_class_judgement c = pk_judgement_of_class(judgement, i);
    if (c.examples == 0) continue;
    sum += c.f1;
    count++;
  }
  return count > 0 ? sum / (double)count : NAN;
}
