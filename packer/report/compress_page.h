// The report of a compression as one HTML page that needs nothing else: no script, no request.
#ifndef MINNOW_PACKER_COMPRESS_PAGE_H_
#define MINNOW_PACKER_COMPRESS_PAGE_H_

#include "../compress/compress_model.h"

typedef struct pk_page_subject {
  const char *name;  // of the model
  const pk_compress_report *report;
  const pk_compress_options *options;
  const pk_bytes *labels;  // class names, one a line; NULL: classes have numbers
  uint64_t br_bytes;       // of the package's shards; 0: not known
} pk_page_subject;

// Appends the whole page. Pictures whose answers changed are read again from the samples' folder;
// one that cannot be is shown by its name only. Check page->failed at the end.
void pk_compress_page(pk_bytes *page, const pk_page_subject *subject);

#endif  // MINNOW_PACKER_COMPRESS_PAGE_H_
