// Windows of clips.
#ifndef MINNOW_PACKER_SOUND_WINDOW_H_
#define MINNOW_PACKER_SOUND_WINDOW_H_

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct pk_clip {
  const float *samples;
  size_t count;
  uint32_t rate;  // Hz
  bool
      is_mirrored;  // what stands around it is the clip itself, backwards and forwards, not silence
} pk_clip;

// Where a window of `count` samples (of the clip's rate) begins, in samples of the clip: the clip
// stands in its middle, where it is shorter (below 0 then); else the window with the most energy,
// to 5 ms.
double pk_clip_window(const pk_clip *clip, size_t count);

// Reads `count` samples from `start` on, `step` samples of the clip apart. Between samples a cubic
// (Catmull-Rom) is taken.
void pk_clip_read(float *out, size_t count, const pk_clip *clip, double start, double step);

double pk_sound_level(const float *samples, size_t count);  // root mean square

#endif  // MINNOW_PACKER_SOUND_WINDOW_H_
