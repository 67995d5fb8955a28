// A package that runs: an ordinary one, or the parts of a split one after the other. All parts are
// loaded at once; pages, which have less memory, load them in turn
// (wasm_glue/src/chain/model_chain.js).
#ifndef MINNOW_PACKER_PACKAGE_CHAIN_H_
#define MINNOW_PACKER_PACKAGE_CHAIN_H_

#include "package_load.h"

typedef struct pk_chain_part {
  pk_loaded_package package;  // empty for an ordinary package, which is `whole` itself
  const pk_core_model *core;
  mnw_session *session;
  void *session_memory;
} pk_chain_part;

typedef struct pk_chain {
  pk_loaded_package whole;  // manifest and labels; of an ordinary package all of it
  pk_chain_part parts[PK_MAX_PARTS];
  size_t part_count;  // 1: an ordinary package
  const char *folder;
  void *inputs[UINT8_MAX];  // of the whole
} pk_chain;                 // all zero: closed

// Loads the package in `folder` (referred to). Fails with PK_BAD_PACKAGE for a damaged one or one
// whose parts do not fit together, naming the file or the part, and with the errors of threads.
bool pk_chain_open(pk_chain *chain, const char *folder, const mnw_kernels *kernels,
                   uint32_t threads, pk_error *error);
void pk_chain_close(pk_chain *chain);

// Memory of input `index` of the whole, to be filled before each run, and its bytes.
void *pk_chain_input(const pk_chain *chain, size_t index);
size_t pk_chain_input_bytes(const pk_chain *chain, size_t index);

// Fails with PK_BAD_PACKAGE where the runtime does.
bool pk_chain_run(pk_chain *chain, pk_error *error);

// Output `index` of the whole, valid until the next run; *size_bytes receives its size.
const void *pk_chain_output(const pk_chain *chain, size_t index, size_t *size_bytes);

#endif  // MINNOW_PACKER_PACKAGE_CHAIN_H_
