// Sounds from WAV files: PCM of 8 to 32 bits or float32, any number of channels.
#ifndef MINNOW_PACKER_DATA_WAV_FILE_H_
#define MINNOW_PACKER_DATA_WAV_FILE_H_

#include <stddef.h>
#include <stdint.h>

#include "../pk_error.h"

typedef struct pk_sound {
  float *samples;  // one channel, the mean of the file's; -1 … 1; owned
  size_t count;
  uint32_t rate;  // Hz
} pk_sound;

// Reads a file's bytes. Source: Microsoft, "Multimedia Programming Interface and Data
// Specifications 1.0", WAVE. Errors: BAD_SOUND, naming the file and what is wrong; OUT_OF_MEMORY.
bool pk_wav_read(pk_sound *sound, const uint8_t *bytes, size_t size_bytes, const char *file,
                 pk_error *error);
void pk_sound_free(pk_sound *sound);

// The sound at another rate, by a windowed sinc (Hann, 16 zero crossings to each side of the lower
// rate). Returns new samples, to be freed; NULL: out of memory, error filled. The rates may be any
// positive numbers: their ratio also plays a sound faster or slower.
float *pk_sound_resample(size_t *count, const float *samples, size_t source_count,
                         double source_rate, double rate, pk_error *error);

#endif  // MINNOW_PACKER_DATA_WAV_FILE_H_
