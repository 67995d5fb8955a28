// minnow keygen: a new pair of keys as two files.
#ifndef MINNOW_PACKER_KEY_FILES_H_
#define MINNOW_PACKER_KEY_FILES_H_

#include "sign_key.h"

// Draws a seed from the system's random numbers, writes NAME.key (mode 0600) and NAME.pub, each one
// line of base64, and gives the public key's text. Where one of the files is there already it fails
// with PK_IO and writes nothing, unless `overwrites`: who loses a secret key can never again sign
// for the pages that trust its public key.
bool pk_key_files_make(char public_text[PK_KEY_TEXT_BYTES], const char *name, bool overwrites,
                       pk_error *error);

#endif  // MINNOW_PACKER_KEY_FILES_H_
