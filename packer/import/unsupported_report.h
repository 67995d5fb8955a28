// Collects everything in a model that is valid but not implemented, so that one error names it all.
#ifndef MINNOW_PACKER_IMPORT_UNSUPPORTED_REPORT_H_
#define MINNOW_PACKER_IMPORT_UNSUPPORTED_REPORT_H_

#include <stddef.h>
#include <stdint.h>

#include "../pk_error.h"

enum { PK_REPORT_MAX_GROUPS = 48 };

typedef struct pk_report_group {
  char what[96];     // "RESIZE_BILINEAR"
  const char *noun;  // static: "operator" or "tensor"
  char where[200];   // the first operators, by number and name
  size_t use_count;  // all of them
} pk_report_group;

typedef struct pk_report {
  pk_report_group groups[PK_REPORT_MAX_GROUPS];
  size_t group_count;
  size_t dropped_count;  // uses in groups for which there was no room
  bool has_float;        // some arithmetic is in floating point
} pk_report;

// Adds one use of `what` by the operator or tensor (`noun`, a static text) of that number and name.
void pk_report_add(pk_report *report, const char *what, const char *noun, size_t number,
                   const char *name);

bool pk_report_is_empty(const pk_report *report);

// Fills `error` (PK_UNSUPPORTED) with the whole list and the remedy. Returns false.
bool pk_report_fail(const pk_report *report, pk_error *error);

#endif  // MINNOW_PACKER_IMPORT_UNSUPPORTED_REPORT_H_
