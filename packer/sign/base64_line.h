// Keys and signatures as text: one line of base64 (RFC 4648, 4: standard alphabet, with padding).
#ifndef MINNOW_PACKER_BASE64_LINE_H_
#define MINNOW_PACKER_BASE64_LINE_H_

#include <stddef.h>
#include <stdint.h>

#include "../pk_error.h"

enum {
  PK_BASE64_LINE_MAX = 256,  // characters that are looked at; nothing of ours is as long
  PK_KEY_TEXT_BYTES = 45,    // 32 bytes as base64, and the final 0
  PK_SIGNATURE_TEXT_BYTES = 89
};

// Reads exactly `count` bytes from one line of base64; white space may follow it. `what` names the
// text, `kind` what it should be ("an Ed25519 public key"), in messages that never repeat the text
// itself. Fails with `code` for anything else: other characters, missing or wrong padding, bits
// left over, other lengths.
bool pk_base64_line_read(uint8_t *bytes, size_t count, const char *text, size_t text_bytes,
                         const char *what, const char *kind, pk_code code, pk_error *error);

// The text of `count` bytes with a final 0 and without a newline; text_bytes must be enough for it.
void pk_base64_line_write(char *text, size_t text_bytes, const uint8_t *bytes, size_t count);

#endif  // MINNOW_PACKER_BASE64_LINE_H_
