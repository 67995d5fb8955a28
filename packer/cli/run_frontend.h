// Sounds and texts on their way into a package's inputs, by the core's front ends.
#ifndef MINNOW_PACKER_RUN_FRONTEND_H_
#define MINNOW_PACKER_RUN_FRONTEND_H_

#include "../package/package_chain.h"

// Called with the chain's inputs filled. False: the error is filled, and nothing more is read.
typedef bool pk_inputs_ready_fn(void *user, pk_error *error);

// Reads the WAV file and calls `ready` for each window of it that is due, as the page does: what is
// shorter than a window is followed by silence. Errors: IO, BAD_SOUND, USAGE for a package whose
// only input is no sound, BAD_PACKAGE, OUT_OF_MEMORY.
bool pk_run_sound(pk_chain *chain, const char *path, pk_inputs_ready_fn *ready, void *user,
                  pk_error *error);

// A tokenizer with its vocabulary, for any number of texts.
typedef struct pk_text_frontend {
  mnw_text *text;
  void *memory;
  pk_bytes vocabulary;
} pk_text_frontend;  // all zero: closed

// Of a package whose inputs are all texts. Errors: USAGE, BAD_PACKAGE, OUT_OF_MEMORY.
bool pk_text_frontend_open(pk_text_frontend *frontend, const pk_chain *chain, pk_error *error);
void pk_text_frontend_close(pk_text_frontend *frontend);

// Fills all inputs of the chain.
bool pk_text_frontend_fill(pk_text_frontend *frontend, pk_chain *chain, const char *utf8,
                           pk_error *error);

#endif  // MINNOW_PACKER_RUN_FRONTEND_H_
