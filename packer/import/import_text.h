// Names from model files are untrusted bytes that end up in terminals and JSON.
#ifndef MINNOW_PACKER_IMPORT_IMPORT_TEXT_H_
#define MINNOW_PACKER_IMPORT_IMPORT_TEXT_H_

#include <stddef.h>
#include <stdint.h>

enum { PK_NAME_MAX_BYTES = 200 };

// Writes at most PK_NAME_MAX_BYTES bytes and a NUL: valid UTF-8 as it is, control characters,
// double quotes, backslashes and invalid bytes as '?'. Never cuts a character. Returns the length.
size_t pk_text_clean(char *name, const uint8_t *bytes, size_t size_bytes);

// Length of the longest prefix of at most `max_bytes` bytes that cuts no character of valid UTF-8.
size_t pk_text_prefix(const char *text, size_t max_bytes);

#endif  // MINNOW_PACKER_IMPORT_IMPORT_TEXT_H_
