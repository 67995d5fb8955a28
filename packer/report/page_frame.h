// What all reports share: the page around them, its style, text and figures.
#ifndef MINNOW_PACKER_PAGE_FRAME_H_
#define MINNOW_PACKER_PAGE_FRAME_H_

#include "../encode/byte_buffer.h"

// The page up to its content (any text as the title), and behind it. It has no script and makes no
// request.
void pk_page_begin(pk_bytes *page, const char *title);
void pk_page_end(pk_bytes *page);

void pk_page_text(pk_bytes *page, const char *text);  // escaped

// One figure of a <dl>; `format` takes the value, name and remark are known to be harmless.
void pk_page_fact(pk_bytes *page, const char *name, const char *format, double value,
                  const char *remark);

#endif  // MINNOW_PACKER_PAGE_FRAME_H_
