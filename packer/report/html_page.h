// The frame of every report: one HTML page that needs nothing else, no script, no request.
#ifndef MINNOW_PACKER_HTML_PAGE_H_
#define MINNOW_PACKER_HTML_PAGE_H_

#include "html_text.h"

// Everything up to the page's first own element; `title` may be any text.
void pk_html_page_begin(pk_bytes *page, const char *title);
void pk_html_page_end(pk_bytes *page);

#endif  // MINNOW_PACKER_HTML_PAGE_H_
