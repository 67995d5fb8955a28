// What every fuzz target defines; libFuzzer calls it, or fuzz_replay.c over a kept corpus.
#ifndef MINNOW_TESTS_FUZZ_TARGET_H_
#define MINNOW_TESTS_FUZZ_TARGET_H_

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes);

#endif  // MINNOW_TESTS_FUZZ_TARGET_H_
