// The report of an evaluation as one HTML page that needs nothing else: no script, no request.
#ifndef MINNOW_PACKER_EVAL_PAGE_H_
#define MINNOW_PACKER_EVAL_PAGE_H_

#include "../encode/byte_buffer.h"
#include "../eval/evaluate.h"

typedef struct pk_eval_subject {
  const char *name;  // of the package
  const char *data;  // what it was judged on, in words
  const pk_evaluation *evaluation;
  const pk_manifest *manifest;
  const pk_data_set *set;
  pk_data_part part;
  const char *const *labels;  // of each class
  // The text of example `index`, appended to `text`; false: it is no text. NULL: none is.
  bool (*text_of)(void *user, size_t index, pk_bytes *text);
  void *user;
} pk_eval_subject;

enum { PK_EVAL_PAGE_MISTAKES = 120, PK_EVAL_PAGE_MATRIX = 40 };  // shown at most; classes

// Appends the whole page: figures, the classes, what is taken for what (a matrix, or for more than
// PK_EVAL_PAGE_MATRIX classes the most frequent pairs), and the mistakes that the package is surest
// of, read again and shown as the network sees them. Errors: those of the reader. Check
// page->failed at the end.
bool pk_eval_page(pk_bytes *page, const pk_eval_subject *subject, pk_error *error);

#endif  // MINNOW_PACKER_EVAL_PAGE_H_
