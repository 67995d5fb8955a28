// Sounds from WAV files, as mono float32.
#ifndef MINNOW_PACKER_WAV_FILE_H_
#define MINNOW_PACKER_WAV_FILE_H_

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../pk_error.h"

enum { PK_MAX_SOUND_FILE_BYTES = 512 << 20, PK_MAX_SOUND_CHANNELS = 32 };

typedef struct pk_sound {
  float *samples;  // -1 … 1, finite, channels averaged; heap memory
  size_t count;    // at least 1
  uint32_t rate;   // Hz, 1000 … 768000
} pk_sound;        // all zero: empty

void pk_sound_free(pk_sound *sound);

// Reads RIFF WAVE with PCM of 8, 16, 24 or 32 bits or float32 samples, plain or extensible
// (Microsoft, "Multimedia Programming Interface and Data Specifications 1.0"). Samples that are not
// finite become 0. `path` names the file in messages. Errors: BAD_SOUND, OUT_OF_MEMORY.
bool pk_wav_parse(pk_sound *sound, const void *bytes, size_t size_bytes, const char *path,
                  pk_error *error);
bool pk_wav_read(pk_sound *sound, const char *path, pk_error *error);  // also IO

#endif  // MINNOW_PACKER_WAV_FILE_H_
