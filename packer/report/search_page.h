// The report of an architecture search as one HTML page.
#ifndef MINNOW_PACKER_SEARCH_PAGE_H_
#define MINNOW_PACKER_SEARCH_PAGE_H_

#include "../search/search_run.h"

// Appends the whole page. Check page->failed at the end.
void pk_search_page(pk_bytes *page, const pk_search_result *result);

#endif  // MINNOW_PACKER_SEARCH_PAGE_H_
