// Text for an HTML page: what comes from files is escaped, what the page says itself is not.
#ifndef MINNOW_PACKER_HTML_TEXT_H_
#define MINNOW_PACKER_HTML_TEXT_H_

#include "../encode/byte_buffer.h"

// Markup as it is, formatted as by printf; strings among the arguments must be known to be
// harmless.
void pk_html(pk_bytes *page, const char *format, ...) __attribute__((format(printf, 2, 3)));

// Text of any bytes: <, >, &, quotes and control characters become references or blanks.
void pk_html_escaped(pk_bytes *page, const char *text, size_t size);

#endif  // MINNOW_PACKER_HTML_TEXT_H_
