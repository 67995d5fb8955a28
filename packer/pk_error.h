// One error for the whole tool: a code for machines, a message for people that names the thing and
// the remedy.
#ifndef MINNOW_PACKER_PK_ERROR_H_
#define MINNOW_PACKER_PK_ERROR_H_

#include <minnow/minnow.h>
#include <stdbool.h>

typedef enum pk_code {
  PK_OK = 0,
  PK_USAGE = 64,        // the command line
  PK_BAD_MODEL = 65,    // hostile or broken .tflite
  PK_UNSUPPORTED = 66,  // valid, but an operator, dtype or form that is not implemented
  PK_IO = 74,           // files
  PK_BAD_IMAGE = 75,    // a picture that cannot be read
  PK_BAD_PACKAGE = 76,  // manifest or shards; core_status tells more
  PK_OUT_OF_MEMORY = 77,
  PK_BAD_SOUND = 78,      // a sound that cannot be read
  PK_BAD_TEXT = 79,       // a file of texts that cannot be read
  PK_BAD_KEY = 80,        // a key to sign or verify with that is none
  PK_BAD_SIGNATURE = 81,  // a package without a signature, or with one that does not hold
  PK_OLD_RELEASE = 82     // a package whose release is below the one asked for
} pk_code;                // also the tool's exit status

typedef struct pk_error {
  pk_code code;
  mnw_status core_status;  // where the core refused something, else MNW_STATUS_OK
  char message[4096];
} pk_error;

const char *pk_code_name(pk_code code);  // "USAGE", "BAD_MODEL", …

// Fills `error` (the first failure wins: a filled error is kept) and returns false, so that callers
// can `return pk_fail(…)`.
bool pk_fail(pk_error *error, pk_code code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif  // MINNOW_PACKER_PK_ERROR_H_
