// The descent of single numbers by their gradients (Adam, Kingma and Ba 2015).
#ifndef MINNOW_PACKER_TRAIN_DESCENT_H_
#define MINNOW_PACKER_TRAIN_DESCENT_H_

#include <stddef.h>

typedef struct pk_descent {
  float rate;           // what the caller multiplies its unit by
  float first, second;  // undo the moments' start at 0
} pk_descent;

// Of step number `count`, from 1 on.
pk_descent pk_descent_at(size_t count, float rate);

// The step of one number, to be subtracted times the rate; both moments start at 0 and go along.
float pk_descend(const pk_descent *descent, float *momentum, float *square, float gradient);

#endif  // MINNOW_PACKER_TRAIN_DESCENT_H_
